//! `ensure_image`: one image and its id, whatever the network and the API do in between.

use std::time::Duration;

use vipps::order_management::{ImageId, add_image, ensure_image};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{Delivery, Error, ErrorKind, RetryPolicy, Session};

use crate::support::{RawServer, json_reply, reply, session_builder, small_image};

const POST: &str = "POST /order-management/v1/images";
const ID: &str = "picture-1";
const LOST: &str = "POST /order-management/v1/images: the connection was closed before a reply \
                    arrived (the server may have carried it out)";

struct Shop {
    sandbox: Sandbox,
    session: Session,
}

impl Shop {
    fn open() -> Self {
        Self::with(RetryPolicy::default())
    }

    fn with(retry: RetryPolicy) -> Self {
        let sandbox = Sandbox::start().unwrap();
        let builder = sandbox.session_builder().unwrap().retry(retry);
        let session = builder.max_response_bytes(64 * 1024).build().unwrap();
        Self { sandbox, session }
    }

    /// Calls `ensure_image` and checks the number of uploads.
    #[track_caller]
    fn ensure(&self, uploads: usize) -> Result<ImageId, Error> {
        let before = self.sandbox.count(POST);
        let result = ensure_image(&self.session, &small_image(ID));
        assert_eq!(self.sandbox.count(POST) - before, uploads);
        result
    }

    /// Checks whether the image was added. Images cannot be read, but adding one under an existing
    /// id is a conflict. Afterwards the image exists.
    #[track_caller]
    fn assert_exists(&self, is_there: bool) {
        self.sandbox.clear_faults();
        let added = add_image(&self.sandbox.session(), &small_image(ID));
        let kind = added.err().map(|error| error.kind());
        assert_eq!(kind, is_there.then_some(ErrorKind::AlreadyExists));
    }
}

#[test]
fn an_image_is_added_once_and_its_id_returned_every_time() {
    let shop = Shop::open();
    for _ in 0..3 {
        assert_eq!(shop.ensure(1).unwrap(), ID);
        shop.assert_exists(true);
    }
    let error = add_image(&shop.session, &small_image(ID)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(shop.sandbox.clock().now(), Duration::ZERO);
}

#[test]
fn the_id_is_from_the_reply_or_else_from_the_request() {
    let duplicate = r#"{"title": "Bad Request", "status": 400, "detail": "Duplicate image id"}"#;
    let replies = [
        json_reply(r#"{"imageId": "another-1"}"#),
        json_reply("{}"),
        reply(
            "409 Conflict",
            &[],
            r#"{"title": "Conflict", "status": 409}"#,
        ),
        reply("409 Conflict", &[], ""),
        reply("400 Bad Request", &[], duplicate),
    ];
    let server = RawServer::start(replies);
    let session = session_builder(&server.url()).build().unwrap();
    for expected in ["another-1", ID, ID, ID, ID] {
        assert_eq!(ensure_image(&session, &small_image(ID)).unwrap(), expected);
    }
}

#[test]
fn an_upload_of_unknown_outcome_is_retried() {
    for fault in [
        Fault::LoseReply,
        Fault::CutReply,
        Fault::Garbage,
        Fault::CloseAfterReading,
        Fault::CloseBeforeReading,
        Fault::HtmlBadGateway,
        Fault::status(408),
        Fault::status(500),
        Fault::status(503),
        Fault::json(201, "{"),
    ] {
        for times in [1, 2] {
            let shop = Shop::open();
            shop.sandbox.fault(POST, times, fault.clone());
            // If the first upload was carried out, the second is a conflict, whose status is
            // enough.
            let id = shop.ensure(match fault {
                Fault::CutReply => 2,
                _ => times + 1,
            });
            assert_eq!(id.unwrap(), ID, "{fault:?}");
            shop.assert_exists(true);
        }
    }
}

#[test]
fn a_refusal_is_final() {
    for (fault, kind) in [
        (Fault::status(400), ErrorKind::Rejected),
        (Fault::status(403), ErrorKind::Forbidden),
        (Fault::status(413), ErrorKind::Rejected),
        // The API does not report an existing image with an HTML page.
        (page(), ErrorKind::AlreadyExists),
    ] {
        let shop = Shop::open();
        shop.sandbox.fault(POST, 1, fault);
        let error = shop.ensure(1).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.delivery(), Delivery::Answered);
        assert!(!error.is_retryable());
        shop.assert_exists(false);
    }
}

#[test]
fn an_unsettled_upload_stays_of_unknown_outcome() {
    let shop = Shop::open();
    shop.sandbox.fault(POST, 1, Fault::LoseReply);
    shop.sandbox.fault(POST, 2, page());
    let error = shop.ensure(3).unwrap_err();
    assert_eq!(
        (error.status(), error.delivery()),
        (Some(409), Delivery::Unknown)
    );
    assert!(error.is_retryable());
    // The next run finds it.
    assert_eq!(shop.ensure(1).unwrap(), ID);

    let shop = Shop::open();
    shop.sandbox.fault(POST, 1, Fault::CloseAfterReading);
    shop.sandbox.fault(POST, 1, Fault::status(400));
    let error = shop.ensure(2).unwrap_err();
    assert_eq!(
        (error.status(), error.delivery()),
        (Some(400), Delivery::Answered)
    );
    assert!(!error.is_retryable());
}

#[test]
fn attempts_are_limited() {
    let shop = Shop::open();
    shop.sandbox.fault(POST, 9, Fault::CloseAfterReading);
    let error = shop.ensure(3).unwrap_err();
    assert_eq!(error.to_string(), LOST);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(error.is_retryable());
    shop.assert_exists(false);

    let shop = Shop::with(RetryPolicy::none());
    shop.sandbox.fault(POST, 1, Fault::LoseReply);
    let error = shop.ensure(1).unwrap_err();
    assert_eq!(error.to_string(), LOST);
    assert!(error.is_retryable());
    assert_eq!(shop.ensure(1).unwrap(), ID);
}

#[test]
fn all_attempts_share_one_deadline() {
    let sandbox = Sandbox::start().unwrap();
    let builder = sandbox.session_builder().unwrap();
    let session = builder.timeout(Duration::from_secs(10)).build().unwrap();
    // Six seconds fit into the timeout; another six would not.
    sandbox.fault(POST, 1, Fault::status_retry_after(429, "6"));
    sandbox.fault(POST, 1, Fault::LoseReply);
    sandbox.fault(POST, 1, Fault::status_retry_after(429, "6"));
    let error = ensure_image(&session, &small_image(ID)).unwrap_err();
    assert_eq!((error.status(), sandbox.count(POST)), (Some(429), 3));
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(error.is_retryable());
    let waited = sandbox.clock().now();
    assert!(waited < Duration::from_secs(10), "{waited:?}");
}

/// A reply from something in front of the API.
fn page() -> Fault {
    let body = "<html>Conflict</html>";
    let headers = ["Content-Type: text/html", "Connection: close"];
    Fault::Raw(reply("409 Conflict", &headers, body))
}
