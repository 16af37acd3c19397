//! Which calls are retried, when, with what, and what an error says about all attempts together.

use crate::support::CallAny as _;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Barrier, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;
use vipps::management::{self, ListProductOrders, ProductOrderId, ProductOrderStatus};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{Clock, Delivery, Error, ErrorKind, IdempotencyKey, RetryPolicy, Session};

use crate::support::{
    ClosedPort, RawServer, at_once, builder_without_token, close, json_reply, prefill,
    read_request, reply, rows, session_builder, with_limits,
};
use crate::tokens::sequence;

mod gates;
mod idempotency_keys;
mod observer;
mod outcomes;
mod waits;
mod writes;

const UNITS: &str = "GET /management/v1/sales-units";
const PREFILL: &str = "POST /management/v1/product-orders";
const DELETE: &str = "DELETE /management/v1/product-orders/*";

const SECOND: Duration = Duration::from_secs(1);
const ORDER_ID: &str = "00000000-0000-4000-8000-000000000001";

/// One call for each case in the rules.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Get,
    Put,
    Delete,
    PostWithKey,
    PlainPost,
    Patch,
}

use Kind::{Delete, Get, Patch, PlainPost, PostWithKey, Put};

const KINDS: [Kind; 6] = [Get, Put, Delete, PostWithKey, PlainPost, Patch];

impl Kind {
    fn may_be_retried(self) -> bool {
        match self {
            Get | Put | Delete | PostWithKey => true,
            PlainPost | Patch => false,
        }
    }

    fn call(self, session: &Session) -> Result<(), Error> {
        let body = json!({"any": "thing"});
        match self {
            Get => management::list_sales_units(session).map(drop),
            Put => session.call_any("PUT", "/any/thing", Some(&body)).map(drop),
            Delete => management::delete_product_order(session, &order_id(ORDER_ID)),
            PostWithKey => management::prefill_product_order(session, &prefill()).map(drop),
            PlainPost => session
                .call_any("POST", "/any/thing", Some(&body))
                .map(drop),
            Patch => session
                .call_any("PATCH", "/any/thing", Some(&body))
                .map(drop),
        }
    }

    /// A reply that counts as a success for each of them.
    fn success(self) -> Vec<u8> {
        match self {
            PostWithKey => json_reply(&format!(
                r#"{{"prefilledOrderId": "{ORDER_ID}", "prefillUrl": "https://example.com/1"}}"#
            )),
            _ => json_reply("[]"),
        }
    }
}

fn order_id(id: &str) -> ProductOrderId {
    id.parse().unwrap()
}

/// Uses the default policy, on a clock that only moves while waiting.
fn session(url: &str) -> (Session, Clock) {
    let clock = Clock::manual();
    let builder = session_builder(url).clock(clock.clone());
    let session = builder.retry(RetryPolicy::default()).build().unwrap();
    (session, clock)
}

fn status(status: &str) -> Vec<u8> {
    reply(status, &[], "")
}

/// The connection ends before the head of the reply is complete.
fn lost() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n".to_vec()
}

/// The connection ends within the body of the reply.
fn cut() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\n[1".to_vec()
}

fn token() -> Vec<u8> {
    json_reply(r#"{"access_token": "t0ken-2", "expires_in": "3600"}"#)
}

#[test]
fn a_server_error_is_retried_where_safe() {
    let statuses = [
        "408 Request Timeout",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
    ];
    let mut failures = statuses.map(status).to_vec();
    failures.extend([lost(), cut()]);
    for kind in KINDS {
        for failure in &failures {
            let what = format!("{kind:?} {}", String::from_utf8_lossy(failure));
            let replies = [failure.clone(), failure.clone(), kind.success()];
            let server = RawServer::start(replies);
            let (session, clock) = session(&server.url());
            let result = kind.call(&session);
            let requests = server.requests();
            if kind == Delete && *failure == cut() {
                // The status is enough.
                result.unwrap();
                assert_eq!(requests.len(), 1, "{what}");
            } else if kind.may_be_retried() {
                result.unwrap();
                assert_eq!(requests.len(), 3, "{what}");
                // The same headers, the same key, the same bytes.
                assert_eq!(requests[0], requests[1], "{what}");
                assert_eq!(requests[0], requests[2], "{what}");
                assert!(clock.now() < 1500 * SECOND / 1000, "{what}");
            } else {
                let error = result.unwrap_err();
                assert_eq!(requests.len(), 1, "{what}");
                assert!(!error.is_retryable(), "{what}");
                assert_eq!(clock.now(), Duration::ZERO, "{what}");
            }
        }
    }
}

#[test]
fn any_rate_limited_request_is_retried() {
    for kind in KINDS {
        let limited = || reply("429 Too Many Requests", &["Retry-After: 3"], "");
        let server = RawServer::start([limited(), limited(), kind.success()]);
        let (session, clock) = session(&server.url());
        kind.call(&session).unwrap();
        let requests = server.requests();
        assert_eq!(requests.len(), 3, "{kind:?}");
        assert_eq!(requests[0], requests[1], "{kind:?}");
        assert_eq!(requests[0], requests[2], "{kind:?}");
        assert_eq!(clock.now(), 6 * SECOND, "{kind:?}");
    }
}

#[test]
fn other_statuses_are_not_retried() {
    let statuses = [
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
        "400 Bad Request",
        "402 Payment Required",
        "403 Forbidden",
        "404 Not Found",
        "405 Method Not Allowed",
        "409 Conflict",
        "410 Gone",
        "411 Length Required",
        "413 Payload Too Large",
        "415 Unsupported Media Type",
        "422 Unprocessable Entity",
        "425 Too Early",
        "451 Unavailable For Legal Reasons",
        "499 ",
        "501 Not Implemented",
        "505 HTTP Version Not Supported",
        "511 Network Authentication Required",
    ];
    for kind in KINDS {
        for line in statuses {
            // Retry-After makes no difference.
            let refused = reply(line, &["Retry-After: 1"], "");
            let server = RawServer::start([refused, kind.success()]);
            let (session, clock) = session(&server.url());
            let error = kind.call(&session).unwrap_err();
            let number: u16 = line[..3].parse().unwrap();
            assert_eq!(error.status(), Some(number), "{kind:?}");
            let delivery = match number {
                500.. => Delivery::Unknown,
                _ => Delivery::Answered,
            };
            assert_eq!(error.delivery(), delivery, "{kind:?} {line}");
            assert!(!error.is_retryable(), "{kind:?} {line}");
            assert_eq!(server.requests().len(), 1, "{kind:?} {line}");
            assert_eq!(clock.now(), Duration::ZERO, "{kind:?} {line}");
        }
    }
}

#[test]
fn any_unsent_request_is_retried() {
    let closed = ClosedPort::new();
    for kind in KINDS {
        let attempts = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&attempts);
        let session = session_builder(&closed.url())
            .clock(Clock::manual())
            .retry(RetryPolicy::default())
            .observer(move |exchange| {
                let attempt = (exchange.number(), exchange.status());
                seen.lock().unwrap().push(attempt);
            })
            .build()
            .unwrap();
        let error = kind.call(&session).unwrap_err();
        let expected = [(1, None), (2, None), (3, None)];
        assert_eq!(*attempts.lock().unwrap(), expected, "{kind:?}");
        assert_eq!(error.kind(), ErrorKind::Connect, "{kind:?}");
        assert_eq!(error.delivery(), Delivery::NotSent, "{kind:?}");
        assert!(error.is_retryable(), "{kind:?}");
    }
}

#[test]
fn without_a_policy_nothing_is_retried() {
    let faults = [
        Fault::status(429),
        Fault::status(500),
        Fault::status(503),
        Fault::LoseReply,
        Fault::CutReply,
        Fault::Garbage,
        Fault::CloseBeforeReading,
        Fault::CloseAfterReading,
        Fault::HtmlBadGateway,
    ];
    for fault in faults {
        let sandbox = Sandbox::start().unwrap();
        let builder = sandbox.session_builder().unwrap();
        let session = builder.retry(RetryPolicy::none()).build().unwrap();
        sandbox.fault(UNITS, 1, fault.clone());
        management::list_sales_units(&session).unwrap_err();
        assert_eq!(sandbox.count(UNITS), 1, "{fault:?}");
        assert_eq!(sandbox.clock().now(), Duration::ZERO, "{fault:?}");
        management::list_sales_units(&session).unwrap();
    }
}

#[test]
fn the_policy_limits_the_attempts() {
    for (attempts, expected) in [(0, 1), (1, 1), (2, 2), (3, 3), (7, 7)] {
        let sandbox = Sandbox::start().unwrap();
        let policy = RetryPolicy::default().max_attempts(attempts);
        let builder = sandbox.session_builder().unwrap();
        let session = builder.retry(policy).build().unwrap();
        sandbox.fault(UNITS, 100, Fault::status(503));
        let error = management::list_sales_units(&session).unwrap_err();
        assert_eq!(error.status(), Some(503));
        assert!(error.is_retryable());
        assert_eq!(sandbox.count(UNITS), expected);
    }
}

#[test]
fn the_error_is_from_the_last_attempt() {
    let problem = |line: &str, title: &str| {
        let json = "Content-Type: application/problem+json";
        let title = json!({"title": title, "traceId": "0af7651916cd43dd8448eb211c80319c"});
        reply(line, &[json], &title.to_string())
    };
    let server = RawServer::start([
        problem("500 Internal Server Error", "First"),
        problem("502 Bad Gateway", "Second"),
        problem("503 Service Unavailable", "Third"),
    ]);
    let (session, _clock) = session(&server.url());
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /management/v1/sales-units: 503 Service Unavailable: Third \
         [trace 0af7651916cd43dd8448eb211c80319c] (3 attempts)"
    );
    assert_eq!(error.status(), Some(503));
    assert_eq!(error.kind(), ErrorKind::Server);
}

#[test]
fn a_401_between_retries_costs_one_token_request_for_the_whole_call() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    sandbox.fault(UNITS, 1, Fault::LoseReply);
    sandbox.fault(UNITS, 1, Fault::status(401));
    sandbox.fault(UNITS, 1, Fault::status(401));
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    let token = "POST /accesstoken/get";
    let expected = [
        token,
        &format!("{UNITS} #1"),
        &format!("{UNITS} #1"),
        token,
        &format!("{UNITS} #2"),
    ];
    assert_eq!(sequence(&sandbox), expected);
}

/// An expired token is no failure of the API, so it does not use up the policy's attempts.
#[test]
fn a_401_does_not_count_as_an_attempt_of_the_policy() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    sandbox.fault(UNITS, 1, Fault::status(401));
    sandbox.fault(UNITS, 2, Fault::status(503));
    assert_eq!(management::list_sales_units(&session).unwrap().len(), 3);
    assert_eq!(sandbox.count(UNITS), 4);

    sandbox.fault(UNITS, 1, Fault::status(401));
    sandbox.fault(UNITS, 3, Fault::status(503));
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert_eq!(sandbox.count(UNITS), 8);
}
