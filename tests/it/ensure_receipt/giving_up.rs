//! When `ensure_receipt` gives up, and what its error says.

use super::*;

const LOST: &str = "POST /order-management/v2/ecom/receipts/order-1: the connection was closed \
                    before a reply arrived (the server may have carried it out)";
const FAULT: &str = "Injected fault [trace 4bf92f3577b34da6a3ce929d0e0e4736]";

#[test]
fn a_refusal_is_final() {
    for (status, kind) in [
        (400, ErrorKind::Rejected),
        (403, ErrorKind::Forbidden),
        (404, ErrorKind::NotFound),
        (410, ErrorKind::Rejected),
        (302, ErrorKind::UnexpectedStatus),
    ] {
        let shop = Shop::open();
        shop.sandbox.fault(POST, 1, Fault::status(status));
        let error = shop.ensure(1, 0).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.delivery(), Delivery::Answered);
        assert!(!error.is_retryable());
        shop.assert_missing();
    }
}

#[test]
fn attempts_are_limited() {
    for (fault, delivery, text) in [
        (Fault::CloseAfterReading, Delivery::Unknown, LOST.to_owned()),
        (
            Fault::status(503),
            Delivery::Unknown,
            format!(
                "POST /order-management/v2/ecom/receipts/order-1: 503 Service Unavailable: \
                 {FAULT} (the server may have carried it out)"
            ),
        ),
        (
            Fault::HtmlBadGateway,
            Delivery::Unknown,
            "POST /order-management/v2/ecom/receipts/order-1: 502 Bad Gateway: an HTML page: 502 \
             Bad Gateway (the server may have carried it out)"
                .to_owned(),
        ),
        (
            Fault::EndlessBody,
            Delivery::Answered,
            "POST /order-management/v2/ecom/receipts/order-1: 200 OK, but the reply is larger \
             than max_response_bytes, 65536"
                .to_owned(),
        ),
    ] {
        let shop = Shop::open();
        shop.sandbox.fault(POST, 9, fault.clone());
        let error = shop.ensure(3, 3).unwrap_err();
        assert_eq!(error.to_string(), text);
        assert_eq!(error.delivery(), delivery, "{fault:?}");
        // A reply that cannot be read will not be readable the next time.
        assert_eq!(
            error.is_retryable(),
            fault != Fault::EndlessBody,
            "{fault:?}"
        );
        shop.assert_missing();
        assert_eq!(shop.ensure(1, 0).unwrap(), added(1));
    }
}

#[test]
fn without_retries_the_order_is_still_read_back() {
    for (fault, there, delivery) in [
        (Fault::LoseReply, true, None),
        (Fault::CutReply, true, None),
        (Fault::CloseAfterReading, false, Some(Delivery::Unknown)),
        (Fault::status(500), false, Some(Delivery::Unknown)),
    ] {
        let shop = Shop::with(RetryPolicy::none(), Duration::from_secs(60));
        shop.sandbox.fault(POST, 1, fault.clone());
        match shop.ensure(1, 1) {
            Ok(outcome) => {
                assert_eq!(
                    (outcome, there),
                    (ReceiptOutcome::AlreadyThere, true),
                    "{fault:?}"
                );
            }
            Err(error) => {
                assert_eq!(
                    (Some(error.delivery()), there),
                    (delivery, false),
                    "{fault:?}"
                );
                assert!(error.is_retryable(), "{fault:?}");
            }
        }
        assert_eq!(shop.sandbox.clock().now(), Duration::ZERO);
    }
}

#[test]
fn if_reading_back_fails_the_lost_reply_is_the_error() {
    for (fault, gets) in [
        (Fault::status(500), 3),
        (Fault::CloseAfterReading, 3),
        (Fault::HtmlBadGateway, 3),
        (Fault::status(403), 1),
        (Fault::json(200, "[1]"), 1),
    ] {
        let shop = Shop::open();
        shop.sandbox.fault(POST, 1, Fault::LoseReply);
        shop.sandbox.fault(GET, 3, fault);
        let error = shop.ensure(1, gets).unwrap_err();
        assert_eq!(error.to_string(), LOST);
        assert_eq!(error.kind(), ErrorKind::Network);
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert!(error.is_retryable());
        shop.assert_exists();
    }
}

#[test]
fn if_an_existing_receipt_cannot_be_read_that_is_the_error() {
    for (fault, gets, kind, text) in [
        (
            Fault::status(500),
            3,
            ErrorKind::Server,
            format!("500 Internal Server Error: {FAULT} (3 attempts)"),
        ),
        (
            Fault::status(403),
            1,
            ErrorKind::Forbidden,
            format!("403 Forbidden: {FAULT}"),
        ),
        (
            Fault::CloseAfterReading,
            3,
            ErrorKind::Network,
            "the connection was closed before a reply arrived (3 attempts; the server may have \
             carried it out)"
                .to_owned(),
        ),
        (
            Fault::json(200, r#"{"receipt":{"orderLines":[],"bottomLine":7}}"#),
            1,
            ErrorKind::Decode,
            "200 OK, but the reply cannot be read: receipt.bottomLine: invalid type: integer, \
             expected struct BottomLine (the server may have carried it out)"
                .to_owned(),
        ),
    ] {
        let shop = Shop::open();
        shop.ensure(1, 0).unwrap();
        shop.sandbox.fault(GET, 3, fault);
        let error = shop.ensure(1, gets).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("GET /order-management/v2/ecom/order-1: {text}")
        );
        assert_eq!(error.kind(), kind);
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(error.is_retryable(), gets == 3);
        shop.assert_exists();
    }
}

#[test]
fn a_conflict_without_a_receipt_is_returned_unchanged() {
    for found in [
        Fault::status(404),
        Fault::json(
            200,
            r#"{"category":{"category":"GENERAL","orderDetailsUrl":"https://example.com"}}"#,
        ),
        Fault::json(200, r#"{"category":null,"receipt":null}"#),
        Fault::json(200, "{}"),
    ] {
        let shop = Shop::open();
        shop.ensure(1, 0).unwrap();
        shop.sandbox.fault(GET, 1, found);
        let error = shop.ensure(1, 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(error.field_problems(), []);
        assert_eq!(
            error.to_string(),
            "POST /order-management/v2/ecom/receipts/order-1: 409 Conflict: Conflicting receipt: \
             Receipt already exists [trace 4bf92f3577b34da6a3ce929d0e0e4736]"
        );
        assert_eq!(shop.sandbox.clock().now(), Duration::ZERO);
    }
}

#[test]
fn the_delivery_covers_all_attempts() {
    let step = |sandbox: &Sandbox, word: &str| match word {
        "lost" => sandbox.fault(POST, 1, Fault::CloseAfterReading),
        "refused-twice" => sandbox.fault(POST, 2, Fault::status(401)),
        // The token is refused and no new one is available, so the call was not sent.
        "no-token" => {
            sandbox.fault(POST, 1, Fault::status(401));
            sandbox.fault(TOKEN, 1, Fault::status(401));
        }
        status => sandbox.fault(POST, 1, Fault::status(status.parse().unwrap())),
    };
    // The replies, the outcome, and the number of receipts sent and orders read.
    for [steps, outcome, posts, gets] in rows(
        "
        no-token           | (Auth, NotSent)              | 1 | 0
        // The first attempt may still be carried out.
        lost 503 no-token  | (Auth, Unknown)              | 3 | 3
        lost 503 503       | (Server, Unknown)            | 3 | 3
        // What is refused now would have been refused before.
        lost 400           | (Rejected, Answered)         | 2 | 1
        503 400            | (Rejected, Answered)         | 2 | 1
        // A redirect or a refused token says nothing about the first attempt: the order is read,
        // and the receipt sent again.
        lost no-token      | added                        | 3 | 2
        504 no-token       | added                        | 3 | 2
        lost 302           | added                        | 3 | 2
        503 302            | added                        | 3 | 2
        lost refused-twice | added                        | 4 | 2
        503 302 302        | (UnexpectedStatus, Unknown)  | 3 | 3
        ",
    ) {
        let shop = Shop::open();
        let words: Vec<&str> = steps.split(' ').collect();
        for word in &words {
            step(&shop.sandbox, word);
        }
        match shop.ensure(posts.parse().unwrap(), gets.parse().unwrap()) {
            Ok(added) => {
                assert!(matches!(added, ReceiptOutcome::Added(_)), "{steps}");
                assert_eq!(outcome, "added", "{steps}");
                shop.assert_exists();
            }
            Err(error) => {
                let got = (error.kind(), error.delivery());
                assert_eq!(format!("{got:?}"), outcome, "{steps}");
                // After the order was read, nothing is done twice; before that, it could be.
                assert_eq!(error.is_retryable(), gets == "3", "{steps}");
            }
        }
    }
}

#[test]
fn a_receipt_that_is_not_yet_visible_may_be_the_lost_one() {
    let shop = Shop::open();
    shop.sandbox.fault(POST, 1, Fault::LoseReply);
    shop.sandbox.fault(GET, 2, Fault::status(404));
    let error = shop.ensure(2, 2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(error.is_retryable());
    shop.assert_exists();
}

// ---- a different receipt
