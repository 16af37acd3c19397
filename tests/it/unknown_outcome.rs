//! What an error says when an earlier attempt may have been carried out: only the API itself
//! settles that.

use vipps::management::{self, ProductOrderId};
use vipps::order_management::{self, OrderRef, ReceiptOutcome};
use vipps::{Delivery, Error, ErrorKind, RetryPolicy, Session};

use crate::support::{
    ClosedPort, PRODUCT_ORDER_ID, RawServer, json_reply, prefill, receipt, reply, sample_receipt,
    session_builder,
};

const PAGE: &str = "<html><head><title>Not here</title></head></html>";

/// A 404 in the gateway's own format.
const OF_GATEWAY: &str = r#"{"statusCode":404,"message":"Resource not found"}"#;

/// A session whose retries do not wait.
fn session(server: &RawServer) -> Session {
    session_to(&server.url())
}

fn session_to(url: &str) -> Session {
    let policy = RetryPolicy::default().initial_backoff(std::time::Duration::ZERO);
    session_builder(url).retry(policy).build().unwrap()
}

fn status(status: &str) -> Vec<u8> {
    problem(status, r#"{"title":"Says the API"}"#)
}

fn problem(status: &str, body: &str) -> Vec<u8> {
    reply(status, &["Content-Type: application/problem+json"], body)
}

fn page(status: &str) -> Vec<u8> {
    reply(status, &["Content-Type: text/html"], PAGE)
}

fn order() -> OrderRef {
    OrderRef::ecom("order-1".parse().unwrap())
}

fn delete(session: &Session) -> Result<(), Error> {
    let id = ProductOrderId::new(PRODUCT_ORDER_ID).unwrap();
    management::delete_product_order(session, &id)
}

/// Kind, status, delivery and whether a retry is safe.
fn facts(error: &Error) -> (ErrorKind, Option<u16>, Delivery, bool) {
    let (kind, status) = (error.kind(), error.status());
    (kind, status, error.delivery(), error.is_retryable())
}

/// nginx answers a DELETE with a 502 and, after a reload, with its own 404 page.
#[test]
fn a_404_page_does_not_confirm_a_delete() {
    for in_between in [page("404 Not Found"), problem("404 Not Found", OF_GATEWAY)] {
        let server = RawServer::start([
            page("502 Bad Gateway"),
            in_between.clone(),
            in_between.clone(),
        ]);
        let error = delete(&session(&server)).unwrap_err();
        let expected = (ErrorKind::NotFound, Some(404), Delivery::Unknown, true);
        assert_eq!(facts(&error), expected);
        assert_eq!(error.attempts(), 3);
        assert_eq!(server.requests().len(), 3);
    }
}

#[test]
fn a_404_from_the_api_confirms_a_delete_of_unknown_outcome() {
    for unknown in [page("502 Bad Gateway"), status("408 Request Timeout")] {
        let server = RawServer::start([unknown, status("404 Not Found")]);
        delete(&session(&server)).unwrap();
        assert_eq!(server.requests().len(), 2);
    }
    // An empty body shows no sign of a gateway.
    let server = RawServer::start([page("504 Gateway Timeout"), reply("404 Not Found", &[], "")]);
    delete(&session(&server)).unwrap();
}

/// The earlier attempts sent nothing, so the 404 is about the order itself.
#[test]
fn a_404_after_unsent_attempts_is_not_found() {
    for refused in ["429 Too Many Requests", "423 Locked"] {
        let server = RawServer::start([status(refused), status("404 Not Found")]);
        let error = delete(&session(&server)).unwrap_err();
        let expected = (ErrorKind::NotFound, Some(404), Delivery::Answered, false);
        assert_eq!(facts(&error), expected);
        assert_eq!(server.requests().len(), 2);
    }
    // Nothing listens on this port.
    let closed = ClosedPort::new();
    let error = delete(&session_to(&closed.url())).unwrap_err();
    assert_eq!(
        facts(&error),
        (ErrorKind::Connect, None, Delivery::NotSent, true)
    );
    assert_eq!(error.attempts(), 3);
}

/// The order was carried out after the gateway timed out, and the retry got the gateway's own page.
#[test]
fn a_gateway_page_does_not_settle_an_earlier_attempt() {
    for of_gateway in [
        "403 Forbidden",
        "404 Not Found",
        "405 Method Not Allowed",
        "407 Proxy Authentication Required",
        "413 Content Too Large",
        "421 Misdirected Request",
        "425 Too Early",
        "451 Unavailable For Legal Reasons",
    ] {
        let server = RawServer::start([
            page("504 Gateway Timeout"),
            page(of_gateway),
            page(of_gateway),
        ]);
        let error = management::prefill_product_order(&session(&server), &prefill()).unwrap_err();
        let code = of_gateway.split(' ').next().unwrap().parse().ok();
        assert_eq!(error.status(), code);
        assert_eq!(
            (error.delivery(), error.is_retryable()),
            (Delivery::Unknown, true),
            "{error}"
        );
        // A proxy that wants credentials asks every time: the caller has to act first.
        let attempts = if code == Some(407) { 2 } else { 3 };
        let text = error.to_string();
        let end = format!(" ({attempts} attempts; the server may have carried it out)");
        assert!(text.ends_with(&end), "{text}");
        assert_eq!(server.requests().len(), attempts, "{of_gateway}");
    }
}

/// An answer that the API would have given to every attempt applies to all of them.
#[test]
fn only_the_apis_own_answer_settles_the_outcome() {
    use Delivery::{Answered, Unknown};

    for (last, delivery) in [
        ("400 Bad Request", Answered),
        ("404 Not Found", Answered),
        ("410 Gone", Answered),
        ("422 Unprocessable Content", Answered),
        // About the keys, the rate, an intermediary, or a conflict with the earlier attempt.
        ("401 Unauthorized", Unknown),
        ("402 Payment Required", Unknown),
        ("403 Forbidden", Unknown),
        ("405 Method Not Allowed", Unknown),
        ("409 Conflict", Unknown),
        ("413 Content Too Large", Unknown),
        ("429 Too Many Requests", Unknown),
        ("302 Found", Unknown),
        ("501 Not Implemented", Unknown),
    ] {
        // After a 401 the token endpoint answers first.
        let token = r#"{"access_token":"t","expires_in":3600}"#;
        let answers = match last.starts_with("401") {
            true => vec![status(last), json_reply(token), status(last)],
            false => vec![status(last), status(last)],
        };
        let before = page("502 Bad Gateway");
        let server = RawServer::start([before].into_iter().chain(answers));
        let error = management::prefill_product_order(&session(&server), &prefill()).unwrap_err();
        assert_eq!(error.delivery(), delivery, "{error}");
        // Without an unknown outcome each of them counts as an answer, except server failures.
        let server = RawServer::start([status(last), json_reply(token), status(last)]);
        let error = management::prefill_product_order(&session(&server), &prefill()).unwrap_err();
        let alone = if last.starts_with('5') {
            Unknown
        } else {
            Answered
        };
        match last {
            "429 Too Many Requests" => {}
            _ => assert_eq!(error.delivery(), alone, "{error}"),
        }
    }
    // A DELETE cannot conflict with another DELETE.
    let server = RawServer::start([page("502 Bad Gateway"), status("409 Conflict")]);
    let error = delete(&session(&server)).unwrap_err();
    let expected = (ErrorKind::Conflict, Some(409), Answered, false);
    assert_eq!(facts(&error), expected);
}

/// On its own or after other failures.
#[test]
fn a_server_error_leaves_the_outcome_unknown() {
    for failure in [
        "408 Request Timeout",
        "500 Internal Server Error",
        "501 Not Implemented",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
        "599 Whatever",
    ] {
        let server = RawServer::start([status(failure)]);
        let error = order_management::add_receipt(&session(&server), &order(), &receipt());
        let error = error.unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery(), error.is_retryable()),
            (ErrorKind::Server, Delivery::Unknown, false)
        );
        assert_eq!(error.attempts(), 1);
        assert_eq!(server.requests().len(), 1);
    }
}

/// Locked: a request with the same key is being processed.
#[test]
fn a_423_is_retried_like_a_429() {
    let prefilled = concat!(
        r#"{"prefilledOrderId":"81b83246-5c19-7b94-875b-ea6d1114f099","#,
        r#""prefillUrl":"https://example.com"}"#
    );
    let server = RawServer::start([status("423 Locked"), json_reply(prefilled)]);
    management::prefill_product_order(&session(&server), &prefill()).unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0], requests[1]);

    // Without a key too, because it was refused, and up to the policy's limit.
    let server = RawServer::start([const { "423 Locked" }; 3].map(status));
    let error = order_management::add_receipt(&session(&server), &order(), &receipt());
    let expected = (ErrorKind::Rejected, Some(423), Delivery::Answered, true);
    assert_eq!(facts(&error.unwrap_err()), expected);
    assert_eq!(server.requests().len(), 3);
}

/// The same flag and rule apply when a receipt is read back.
#[test]
fn ensure_receipt_shares_the_rule() {
    let none = || json_reply("{}");
    let shown = || json_reply(&format!(r#"{{"receipt":{}}}"#, sample_receipt()));

    // A page after a lost attempt is no refusal: the order is read back and the receipt sent again.
    let server = RawServer::start([
        page("504 Gateway Timeout"),
        none(),
        page("403 Forbidden"),
        none(),
        json_reply(r#""id""#),
    ]);
    let outcome = order_management::ensure_receipt(&session(&server), &order(), &receipt());
    assert_eq!(outcome.unwrap(), ReceiptOutcome::Added("id".to_owned()));
    assert_eq!(server.requests().len(), 5);

    // A page in reply to the read does not mean that the order has no receipt.
    let server = RawServer::start([page("504 Gateway Timeout"), page("404 Not Found")]);
    let error = order_management::ensure_receipt(&session(&server), &order(), &receipt());
    let expected = (ErrorKind::Server, Some(504), Delivery::Unknown, true);
    assert_eq!(facts(&error.unwrap_err()), expected);

    // A refusal by the API applies to the lost attempt too.
    let server = RawServer::start([
        page("504 Gateway Timeout"),
        status("404 Not Found"),
        status("400 Bad Request"),
    ]);
    let error = order_management::ensure_receipt(&session(&server), &order(), &receipt());
    let expected = (ErrorKind::Rejected, Some(400), Delivery::Answered, false);
    assert_eq!(facts(&error.unwrap_err()), expected);

    // A different receipt settles it as well.
    let server = RawServer::start([page("504 Gateway Timeout"), shown()]);
    let error = order_management::ensure_receipt(&session(&server), &order(), &receipt());
    let expected = (
        ErrorKind::AlreadyExists,
        Some(409),
        Delivery::Answered,
        false,
    );
    assert_eq!(facts(&error.unwrap_err()), expected);
}
