//! `ensure_image`: one picture and its id, whatever the network and the API do in between.

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

    /// With so many uploads.
    #[track_caller]
    fn ensure(&self, uploads: usize) -> Result<ImageId, Error> {
        let before = self.sandbox.count(POST);
        let result = ensure_image(&self.session, &small_image(ID));
        assert_eq!(self.sandbox.count(POST) - before, uploads);
        result
    }

    /// There is no way to ask for an image, but its id cannot be used again. One that is not there is
    /// there after this.
    #[track_caller]
    fn assert_there(&self, is_there: bool) {
        self.sandbox.clear_faults();
        let added = add_image(&self.sandbox.session(), &small_image(ID));
        let kind = added.err().map(|error| error.kind());
        assert_eq!(kind, is_there.then_some(ErrorKind::AlreadyExists));
    }
}

#[test]
fn an_image_is_added_once_and_its_id_given_every_time() {
    let shop = Shop::open();
    for _ in 0..3 {
        assert_eq!(shop.ensure(1).unwrap(), ID);
        shop.assert_there(true);
    }
    let error = add_image(&shop.session, &small_image(ID)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(shop.sandbox.clock().now(), Duration::ZERO);
}

#[test]
fn the_id_is_the_one_that_is_answered_or_the_images_own() {
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
fn an_upload_of_unknown_outcome_is_sent_again() {
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
            // What is there by the second upload is answered with a conflict, whose status is
            // enough.
            let id = shop.ensure(match fault {
                Fault::CutReply => 2,
                _ => times + 1,
            });
            assert_eq!(id.unwrap(), ID, "{fault:?}");
            shop.assert_there(true);
        }
    }
}

#[test]
fn a_refusal_is_final() {
    for (fault, kind) in [
        (Fault::status(400), ErrorKind::Rejected),
        (Fault::status(403), ErrorKind::Forbidden),
        (Fault::status(413), ErrorKind::Rejected),
        // A page is not how the API says that an image is there.
        (page(), ErrorKind::AlreadyExists),
    ] {
        let shop = Shop::open();
        shop.sandbox.fault(POST, 1, fault);
        let error = shop.ensure(1).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.delivery(), Delivery::Answered);
        assert!(!error.is_retryable());
        shop.assert_there(false);
    }
}

#[test]
fn what_settles_nothing_leaves_the_doubt() {
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
fn attempts_come_to_an_end() {
    let shop = Shop::open();
    shop.sandbox.fault(POST, 9, Fault::CloseAfterReading);
    let error = shop.ensure(3).unwrap_err();
    assert_eq!(error.to_string(), LOST);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(error.is_retryable());
    shop.assert_there(false);

    let shop = Shop::with(RetryPolicy::none());
    shop.sandbox.fault(POST, 1, Fault::LoseReply);
    let error = shop.ensure(1).unwrap_err();
    assert_eq!(error.to_string(), LOST);
    assert!(error.is_retryable());
    assert_eq!(shop.ensure(1).unwrap(), ID);
}

#[test]
fn all_of_it_shares_one_deadline() {
    let sandbox = Sandbox::start().unwrap();
    let builder = sandbox.session_builder().unwrap();
    let session = builder.timeout(Duration::from_secs(10)).build().unwrap();
    // Six seconds, and six more would be too many.
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

/// What something in front of the API answers.
fn page() -> Fault {
    let body = "<html>Conflict</html>";
    let headers = ["Content-Type: text/html", "Connection: close"];
    Fault::Raw(reply("409 Conflict", &headers, body))
}
