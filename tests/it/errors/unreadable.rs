//! Successful replies that cannot be read: the error keeps method, path and status.

use vipps::management::{self, ListProductOrders};
use vipps::sandbox::Fault;
use vipps::{Delivery, ErrorKind};

use super::{raw_reply, sandbox};

const ORDERS: &str = "GET /management/v2/product-orders";

#[test]
fn an_unreadable_reply_says_where_and_why() {
    let (sandbox, session) = sandbox();
    for (body, reason) in [
        (
            b"{}".as_slice(),
            "the reply cannot be read: invalid type: map, expected a list of product orders",
        ),
        (
            b"{\"a\":",
            "the reply cannot be read: invalid type: map, expected a list of product orders",
        ),
        (
            b"7",
            "the reply cannot be read: invalid type: integer, expected a list of product orders",
        ),
        (
            b"\"Kari \\\", expected Nordmann\"",
            "the reply cannot be read: invalid type: string, expected a list of product orders",
        ),
        (
            b"\"Kari: string Nordmann\"",
            "the reply cannot be read: invalid type: string, expected a list of product orders",
        ),
        (
            b"[",
            "the reply cannot be read: EOF while parsing a list at line 1 column 1",
        ),
        (
            b"[{\"status\":\"RECEIVED\"}]",
            "the reply cannot be read: [0]: missing field `businessIdentifier`",
        ),
        (
            b"[{\"status\":[]}]",
            "the reply cannot be read: [0].status: invalid type: sequence, expected a string",
        ),
        (
            b"[]]",
            "the reply cannot be read: trailing characters at line 1 column 3",
        ),
        (
            b"\r\n<html><title>hello</title>",
            "the reply cannot be read: expected value at line 2 column 1",
        ),
        (
            b"[{\"status\":\"\xff\"}]",
            "the reply cannot be read: invalid unicode code point at line 1 column 13",
        ),
        (
            b"\xfe\xff\0[\0]",
            "the reply cannot be read: expected value at line 1 column 1",
        ),
    ] {
        // The query is part of the request, as one would log it.
        sandbox.fault(ORDERS, 1, Fault::json(200, body));
        let request = ListProductOrders::new().include_expired(true);
        let error = management::list_product_orders(&session, &request).unwrap_err();
        let path = "/management/v2/product-orders?includeExpired=true";
        assert_eq!(
            error.to_string(),
            format!("GET {path}: 200 OK, but {reason}")
        );
        assert_eq!((error.method(), error.path()), (Some("GET"), Some(path)));
        assert!(error.problem().is_none(), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert_eq!(error.status(), Some(200));
        assert_eq!(error.delivery(), Delivery::Answered);
        assert!(!error.is_retryable() && !error.is_timeout());
        assert_eq!(
            (error.code(), error.trace_id(), error.retry_after()),
            (None, None, None)
        );
        assert_eq!(error.field_problems(), []);
    }
}

/// The reported status is the actual one, not 200.
#[test]
fn an_unreadable_reply_keeps_its_status() {
    let (sandbox, session) = sandbox();
    for (head, shown) in [
        ("HTTP/1.1 202 Fine", "202 Accepted"),
        ("HTTP/1.1 299 Fine", "299"),
    ] {
        sandbox.fault(ORDERS, 1, raw_reply(&[head], b"<"));
        let error = management::list_product_orders(&session, &ListProductOrders::new());
        assert_eq!(
            error.unwrap_err().to_string(),
            format!(
                "GET /management/v2/product-orders: {shown}, but the reply cannot be read: \
                 expected value at line 1 column 1"
            )
        );
    }
}

/// A mebibyte of text instead of a list must not end up in the message.
#[test]
fn an_unreadable_reply_is_not_quoted_at_length() {
    let (sandbox, session) = sandbox();
    let long = format!("\"{}\"", "x".repeat(1 << 20));
    sandbox.fault(ORDERS, 1, Fault::json(200, long));
    let error = management::list_product_orders(&session, &ListProductOrders::new());
    assert_eq!(
        error.unwrap_err().to_string(),
        "GET /management/v2/product-orders: 200 OK, but the reply cannot be read: invalid type: \
         string, expected a list of product orders"
    );
}
