//! Which calls are repeated, when, with what, and what an error says of all its attempts together.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;
use vipps::management::{self, ListProductOrders, ProductOrderId, ProductOrderStatus};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{Clock, Delivery, Error, ErrorKind, IdempotencyKey, RetryPolicy, Session};

use crate::support::{
    ClosedPort, RawServer, at_once, json_reply, prefill, read_request, reply, rows,
    session_builder, with_limits,
};
use crate::tokens::sequence;

const UNITS: &str = "GET /management/v1/sales-units";
const PREFILL: &str = "POST /management/v1/product-orders";
const DELETE: &str = "DELETE /management/v1/product-orders/*";

const SECOND: Duration = Duration::from_secs(1);
const ORDER_ID: &str = "00000000-0000-4000-8000-000000000001";

/// A call of each kind that the rules tell apart.
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
    fn is_repeatable(self) -> bool {
        match self {
            Get | Put | Delete | PostWithKey => true,
            PlainPost | Patch => false,
        }
    }

    fn call(self, session: &Session) -> Result<(), Error> {
        let body = json!({"any": "thing"});
        match self {
            Get => management::list_sales_units(session).map(drop),
            Put => session.raw("PUT", "/any/thing", Some(&body)).map(drop),
            Delete => management::delete_product_order(session, &order_id(ORDER_ID)),
            PostWithKey => management::prefill_product_order(session, &prefill()).map(drop),
            PlainPost => session.raw("POST", "/any/thing", Some(&body)).map(drop),
            Patch => session.raw("PATCH", "/any/thing", Some(&body)).map(drop),
        }
    }

    /// A reply that each of them takes for a success.
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

/// With the default policy, on a clock that only moves by waiting.
fn session(url: &str) -> (Session, Clock) {
    let clock = Clock::manual();
    let builder = session_builder(url).clock(clock.clone());
    let session = builder.retry(RetryPolicy::default()).build().unwrap();
    (session, clock)
}

fn status(status: &str) -> Vec<u8> {
    reply(status, &[], "")
}

/// The connection ends before the head of the reply does.
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

// What is repeated.

#[test]
fn a_service_that_fails_is_asked_again_where_that_is_safe() {
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
                // Its status says it all.
                result.unwrap();
                assert_eq!(requests.len(), 1, "{what}");
            } else if kind.is_repeatable() {
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
fn what_was_refused_for_its_rate_is_repeated_whatever_it_is() {
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
fn other_statuses_are_returned_at_once() {
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
            // Retry-After changes nothing about it.
            let refused = reply(line, &["Retry-After: 1"], "");
            let server = RawServer::start([refused, kind.success()]);
            let (session, clock) = session(&server.url());
            let error = kind.call(&session).unwrap_err();
            let number: u16 = line[..3].parse().unwrap();
            assert_eq!(error.status(), Some(number), "{kind:?}");
            assert_eq!(error.delivery(), Delivery::Answered, "{kind:?} {line}");
            assert!(!error.is_retryable(), "{kind:?} {line}");
            assert_eq!(server.requests().len(), 1, "{kind:?} {line}");
            assert_eq!(clock.now(), Duration::ZERO, "{kind:?} {line}");
        }
    }
}

#[test]
fn a_call_that_cannot_be_sent_is_repeated_whatever_it_is() {
    let closed = ClosedPort::new();
    for kind in KINDS {
        let attempts = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&attempts);
        let session = session_builder(&closed.url())
            .clock(Clock::manual())
            .retry(RetryPolicy::default())
            .observer(move |exchange| {
                let attempt = (exchange.attempt(), exchange.status());
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
fn no_policy_repeats_nothing() {
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
fn the_number_of_attempts_is_the_policys() {
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
fn the_error_is_that_of_the_last_attempt() {
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
        "GET /management/v1/sales-units: 503 Service Unavailable: Third [trace 0af7651916cd43dd8448eb211c80319c]"
    );
    assert_eq!(error.status(), Some(503));
    assert_eq!(error.kind(), ErrorKind::Server);
}

// When.

#[test]
fn retry_after_is_waited_for() {
    let date = "Date: Tue, 01 Feb 2022 23:59:50 GMT";
    let nothing = Duration::ZERO;
    let cases: [(&[&str], Duration, Option<Duration>); 10] = [
        (&[], nothing, None),
        (&["Retry-After: 7"], 7 * SECOND, Some(7 * SECOND)),
        (&["retry-after:  7 "], 7 * SECOND, Some(7 * SECOND)),
        (&["Retry-After: 0"], nothing, Some(nothing)),
        // As a date, it is measured by the server's own clock.
        (
            &["Retry-After: Wed, 02 Feb 2022 00:00:20 GMT", date],
            30 * SECOND,
            Some(30 * SECOND),
        ),
        (
            &[date, "Retry-After: Tue, 01 Feb 2022 23:59:50 GMT"],
            nothing,
            Some(nothing),
        ),
        (
            &[date, "Retry-After: Tue, 01 Feb 2022 23:00:00 GMT"],
            nothing,
            Some(nothing),
        ),
        (
            &["Retry-After: Tue, 01 Feb 2022 23:59:50 GMT"],
            nothing,
            Some(nothing),
        ),
        // What is neither is as good as none.
        (&["Retry-After: soon"], nothing, None),
        (&["Retry-After: -5"], nothing, None),
    ];
    for (headers, wait, retry_after) in cases {
        for line in ["429 Too Many Requests", "503 Service Unavailable"] {
            let failure = || reply(line, headers, "");
            let server = RawServer::start([failure(), json_reply("[]"), failure()]);
            let clock = Clock::manual();
            let builder = session_builder(&server.url()).clock(clock.clone());
            // No jitter, so that the wait is exact.
            let policy = RetryPolicy::default().initial_backoff(Duration::ZERO);
            let session = builder.retry(policy.max_attempts(2)).build().unwrap();
            management::list_sales_units(&session).unwrap();
            assert_eq!(clock.now(), wait, "{headers:?}");
            assert_eq!(server.requests().len(), 2, "{headers:?}");

            let again = session_builder(&server.url()).build().unwrap();
            let error = management::list_sales_units(&again).unwrap_err();
            assert_eq!(error.retry_after(), retry_after, "{headers:?}");
        }
    }
}

#[test]
fn a_retry_after_that_does_not_fit_in_the_time_left_is_the_callers() {
    // The session's timeout is a minute.
    let cases = [
        ("59", 2),
        ("60", 1),
        ("61", 1),
        ("99999999999999999999999", 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 1),
    ];
    for (retry_after, requests) in cases {
        let sandbox = Sandbox::start().unwrap();
        let session = sandbox.session();
        let fault = Fault::status_retry_after(429, retry_after);
        sandbox.fault(UNITS, 1, fault);
        let result = management::list_sales_units(&session);
        assert_eq!(sandbox.count(UNITS), requests, "{retry_after}");
        if requests == 2 {
            result.unwrap();
            assert_eq!(sandbox.clock().now(), 59 * SECOND);
        } else {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RateLimited, "{retry_after}");
            assert!(error.retry_after() >= Some(60 * SECOND), "{retry_after}");
            assert!(error.is_retryable(), "{retry_after}");
            assert_eq!(error.delivery(), Delivery::Answered, "{retry_after}");
            assert_eq!(sandbox.clock().now(), Duration::ZERO, "{retry_after}");
        }
    }
}

/// The jitter of the seed is the start of the published SplitMix64: 0.8833... of 0.5 s, and 0.5665... of 1 s.
#[test]
fn a_seed_makes_the_waits_the_same() {
    for _ in 0..2 {
        let sandbox = Sandbox::start().unwrap();
        let policy = RetryPolicy::default().seed(u64::MAX);
        let builder = sandbox.session_builder().unwrap();
        let session = builder.retry(policy).build().unwrap();
        sandbox.fault(UNITS, 1, Fault::status(503));
        management::list_sales_units(&session).unwrap();
        let first = Duration::from_nanos(441_655_404);
        assert_eq!(sandbox.clock().now(), first);
        sandbox.fault(UNITS, 2, Fault::LoseReply);
        management::list_sales_units(&session).unwrap();
        let second = Duration::from_nanos(566_561_575);
        assert_eq!(sandbox.clock().now(), first + first + second);
    }
}

#[test]
fn waits_on_the_machines_clock_take_time() {
    let sandbox = Sandbox::start().unwrap();
    let policy = RetryPolicy::default().seed(u64::MAX);
    let session = sandbox
        .session_builder()
        .unwrap()
        .clock(Clock::system())
        .retry(policy.initial_backoff(Duration::from_millis(20)))
        .build()
        .unwrap();
    sandbox.fault(UNITS, 1, Fault::status(503));
    let began = Instant::now();
    management::list_sales_units(&session).unwrap();
    assert!(began.elapsed() >= Duration::from_millis(17));
}

#[test]
fn all_attempts_and_waits_share_the_calls_time() {
    let sandbox = Sandbox::start().unwrap();
    let builder = sandbox.session_builder().unwrap().timeout(10 * SECOND);
    let session = builder.build().unwrap();
    sandbox.fault(UNITS, 3, Fault::status_retry_after(503, "6"));
    let error = management::list_sales_units(&session).unwrap_err();
    // After the first wait 4 s are left, which is less than the second.
    assert_eq!(sandbox.clock().now(), 6 * SECOND);
    assert_eq!(sandbox.count(UNITS), 2);
    assert_eq!(error.status(), Some(503));
    assert_eq!(error.retry_after(), Some(6 * SECOND));
    assert!(error.is_retryable());

    // The next call has all of its time.
    management::list_sales_units(&session).unwrap();
    assert_eq!(sandbox.clock().now(), 12 * SECOND);
}

#[test]
fn a_repetition_has_only_the_time_that_is_left() {
    with_limits(|left| {
        let sandbox = Sandbox::start().unwrap();
        let session = sandbox
            .session_builder()
            .unwrap()
            .timeout(59 * SECOND + left)
            .retry(RetryPolicy::default().max_attempts(2))
            .build()
            .unwrap();
        sandbox.fault(UNITS, 1, Fault::status_retry_after(429, "59"));
        sandbox.fault(UNITS, 1, Fault::Hold);
        let error = management::list_sales_units(&session).unwrap_err();
        if sandbox.count(UNITS) < 2 {
            return false;
        }
        assert_eq!(
            error.to_string(),
            format!(
                "GET /management/v1/sales-units: timed out after {left:.1?} while waiting for an answer (the server may have carried it out)"
            )
        );
        assert!(error.is_timeout());
        assert!(error.is_retryable());
        true
    });
}

// What an error says of all attempts together.

#[test]
fn what_the_attempts_may_have_done_is_told_of_all_together() {
    let reply_of = |word: &str| match word {
        "lost" => lost(),
        "cut" => cut(),
        "token" => token(),
        "nonsense" => json_reply("no JSON"),
        number => status(&format!("{number} Status")),
    };
    // What comes, and what the error says: of a token request where its answer is the last.
    for [replies, delivery, last] in rows(
        "
        lost lost lost    | Unknown  | none
        lost 400          | Answered | 400
        // It may be the lost attempt that is in the way.
        lost 409          | Unknown  | 409
        409               | Answered | 409
        // So may one whose answer left open what it did, and a refusal of something else does not close that.
        503 409           | Unknown  | 409
        503 302           | Unknown  | 302
        503 503 429       | Unknown  | 429
        503 401 token 401 | Unknown  | 401
        503 408 503       | Answered | 503
        lost nonsense     | Answered | 200
        // That the API fails now says nothing of the attempt whose answer was lost, and a redirect and a refusal do not either.
        lost 503 503      | Unknown  | 503
        lost 429 429      | Unknown  | 429
        503 lost 503      | Unknown  | 503
        lost lost 408     | Unknown  | 408
        lost 302          | Unknown  | 302
        lost 401 token 401 | Unknown | 401
        lost 401 400      | Unknown  | 400
        503 401 400       | Unknown  | 400
        429 401 400       | NotSent  | 400
        // Every attempt was answered, and the error holds the last answer: as if there had been no retry.
        503 503 503       | Answered | 503
        429 429 429       | Answered | 429
        503 400           | Answered | 400
        cut cut cut       | Answered | 200
        lost cut cut      | Answered | 200
        cut 503 503       | Unknown  | 503
        ",
    ) {
        let answers: Vec<Vec<u8>> = replies.split(' ').map(reply_of).collect();
        let server = RawServer::start(answers.clone());
        let (session, _clock) = session(&server.url());
        let error = management::list_sales_units(&session).unwrap_err();
        assert_eq!(server.requests().len(), answers.len(), "{replies}");
        assert_eq!(error.status(), last.parse().ok(), "{replies}");
        assert_eq!(format!("{:?}", error.delivery()), delivery, "{replies}");
    }
}

#[test]
fn a_server_that_goes_away_leaves_what_it_may_have_done() {
    let closing = |line| reply(line, &["Connection: close"], "");
    let busy = || closing("503 Service Unavailable");
    let limited = || closing("429 Too Many Requests");
    let cases = [
        (vec![lost()], Delivery::Unknown),
        (vec![cut()], Delivery::Unknown),
        (vec![busy()], Delivery::Unknown),
        (vec![limited()], Delivery::NotSent),
        (vec![lost(), limited()], Delivery::Unknown),
        (vec![busy(), limited()], Delivery::Unknown),
    ];
    for (replies, delivery) in cases {
        let what = format!("{:?}", replies.last().map(|r| String::from_utf8_lossy(r)));
        let server = Leaving::start(replies);
        let (session, _clock) = session(&server.url);
        let error = management::list_sales_units(&session).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{what}");
        assert_eq!(error.delivery(), delivery, "{what}");
        let says = match delivery {
            Delivery::Unknown => "(the server may have carried it out)",
            _ => "(nothing was sent)",
        };
        assert!(error.to_string().ends_with(says), "{error}");
    }
}

#[test]
fn only_what_is_of_use_and_safe_is_retryable() {
    let policies = [RetryPolicy::none(), RetryPolicy::default()];
    for policy in policies {
        for kind in KINDS {
            let yes_if_safe = kind.is_repeatable();
            let cases = [
                (status("429 Too Many Requests"), true),
                (status("503 Service Unavailable"), yes_if_safe),
                (status("408 Request Timeout"), yes_if_safe),
                (lost(), yes_if_safe),
                (status("400 Bad Request"), false),
                (status("409 Conflict"), false),
                (status("404 Not Found"), false),
                (status("501 Not Implemented"), false),
            ];
            for (failure, retryable) in cases {
                let what = format!("{kind:?} {}", String::from_utf8_lossy(&failure));
                let server = RawServer::start([failure.clone(), failure.clone(), failure.clone()]);
                let session = session_builder(&server.url())
                    .clock(Clock::manual())
                    .retry(policy.clone())
                    .build()
                    .unwrap();
                let error = kind.call(&session).unwrap_err();
                assert_eq!(error.is_retryable(), retryable, "{what}");
            }
        }
    }
    let server = RawServer::start([json_reply("no JSON")]);
    let (session, _clock) = session(&server.url());
    let error = management::list_sales_units(&session).unwrap_err();
    assert!(!error.is_retryable());
}

// POST and DELETE.

#[test]
fn the_callers_own_idempotency_key_wins() {
    let sandbox = Sandbox::start().unwrap();
    let key = IdempotencyKey::new("acme-order-0001").unwrap();
    // Set before or after the other fields.
    let orders = [
        prefill()
            .idempotency_key(key.clone())
            .sales_unit_name("ACME"),
        prefill().sales_unit_name("ACME").idempotency_key(key),
    ];
    sandbox.fault(PREFILL, 1, Fault::LoseReply);
    for order in orders {
        management::prefill_product_order(&sandbox.session(), &order).unwrap();
    }
    let requests = sandbox.requests();
    let keys: Vec<_> = requests[1..]
        .iter()
        .map(|request| request.header("idempotency-key"))
        .collect();
    assert_eq!(keys, [Some("acme-order-0001"); 3]);
    // One header, not two.
    for request in &requests {
        let keys = request
            .headers
            .iter()
            .filter(|(n, _)| n == "idempotency-key");
        assert!(keys.count() <= 1, "{request:?}");
    }
}

fn with_order() -> (Sandbox, Session, ProductOrderId) {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let made = management::prefill_product_order(&session, &prefill()).unwrap();
    sandbox.clear_requests();
    (sandbox, session, made.prefilled_order_id)
}

#[test]
fn a_delete_whose_answer_was_lost_takes_404_for_done() {
    let cases: [&[Fault]; 5] = [
        &[Fault::LoseReply],
        &[Fault::LoseReply, Fault::status(503)],
        &[Fault::LoseReply, Fault::status(429)],
        &[Fault::LoseReply, Fault::status(401)],
        // A gateway that gave up on a service that did its work.
        &[Fault::status(504), Fault::status(404)],
    ];
    for faults in cases {
        let (sandbox, session, id) = with_order();
        for fault in faults {
            sandbox.fault(DELETE, 1, fault.clone());
        }
        management::delete_product_order(&session, &id).unwrap();
        let attempts = sandbox.count(DELETE);
        assert!(attempts >= 2, "{faults:?}");
        // It is gone, and deleting it is an error from now on.
        if faults[0] == Fault::LoseReply {
            let error = management::delete_product_order(&session, &id).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{faults:?}");
            assert_eq!(sandbox.count(DELETE), attempts + 1, "{faults:?}");
        }
    }
}

#[test]
fn a_404_that_no_attempt_of_this_call_can_have_made_is_an_error() {
    let not_done: [&[Fault]; 3] = [
        &[],
        // The service says that it did not carry these out.
        &[Fault::status(429)],
        &[Fault::status(401)],
    ];
    for faults in not_done {
        let sandbox = Sandbox::start().unwrap();
        for fault in faults {
            sandbox.fault(DELETE, 1, fault.clone());
        }
        let session = sandbox.session();
        let id = order_id("00000000-0000-4000-8000-00000000ffff");
        let error = management::delete_product_order(&session, &id).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{faults:?}");
        assert_eq!(error.delivery(), Delivery::Answered, "{faults:?}");
        assert_eq!(sandbox.count(DELETE), faults.len() + 1);
    }
    // Only a DELETE takes a 404 so.
    let sandbox = Sandbox::start().unwrap();
    let route = "GET /management/v1/sales-units/*";
    sandbox.fault(route, 1, Fault::LoseReply);
    let msn = "111111".parse().unwrap();
    let error = management::get_sales_unit(&sandbox.session(), &msn).unwrap_err();
    assert_eq!(
        (error.kind(), sandbox.count(route)),
        (ErrorKind::NotFound, 2)
    );
}

#[test]
fn a_delete_that_comes_too_late_is_an_error_after_a_repetition_too() {
    let (sandbox, session, id) = with_order();
    let submitted = ProductOrderStatus::OrderSubmitted;
    sandbox.set_product_order_status(&id, submitted).unwrap();
    sandbox.fault(DELETE, 1, Fault::LoseReply);
    let error = management::delete_product_order(&session, &id).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.delivery(), Delivery::Answered);
    assert_eq!(sandbox.count(DELETE), 2);
}

#[test]
fn a_401_between_repetitions_costs_one_token_request_for_the_whole_call() {
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

// The observer.

#[test]
fn an_observer_sees_every_attempt_and_no_more_of_it_than_this() {
    let sandbox = Sandbox::start().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let exchanges = Arc::clone(&seen);
    let session = sandbox
        .session_builder()
        .unwrap()
        .observer(move |exchange| exchanges.lock().unwrap().push(exchange.clone()))
        .build()
        .unwrap();
    sandbox.fault("POST /accesstoken/get", 1, Fault::status(503));
    sandbox.fault(PREFILL, 1, Fault::status(401));
    sandbox.fault(PREFILL, 1, Fault::LoseReply);
    management::prefill_product_order(&session, &prefill()).unwrap();
    let all = ListProductOrders::new().include_expired(true);
    management::list_product_orders(&session, &all).unwrap();

    let token = r#"method: "POST", path: "/accesstoken/get""#;
    let prefill = r#"method: "POST", path: "/management/v1/product-orders""#;
    let list = r#"method: "GET", path: "/management/v2/product-orders?includeExpired=true""#;
    let trace = r#"Some("0af7651916cd43dd8448eb211c80319c")"#;
    let expected: Vec<String> = [
        (token, "Some(503)", 1, trace),
        (token, "Some(200)", 2, "None"),
        (prefill, "Some(401)", 1, trace),
        (token, "Some(200)", 1, "None"),
        (prefill, "None", 2, "None"),
        (prefill, "Some(201)", 3, "None"),
        (list, "Some(200)", 1, "None"),
    ]
    .iter()
    .map(|(request, status, attempt, trace)| {
        format!(
            "Attempt {{ {request}, status: {status}, attempt: {attempt}, elapsed: 0ns, trace_id: {trace} }}"
        )
    })
    .collect();
    let seen = seen.lock().unwrap();
    let debug: Vec<String> = seen
        .iter()
        .map(|exchange| format!("{exchange:?}"))
        .collect();
    assert_eq!(debug, expected);

    // The same by its methods.
    let refused = &seen[2];
    assert_eq!(refused.method(), "POST");
    assert_eq!(refused.path(), "/management/v1/product-orders");
    assert_eq!(refused.status(), Some(401));
    assert_eq!(refused.attempt(), 1);
    assert_eq!(refused.elapsed(), Duration::ZERO);
    assert_eq!(refused.trace_id(), Some("0af7651916cd43dd8448eb211c80319c"));
    assert_eq!((seen[4].status(), seen[4].trace_id()), (None, None));
}

#[test]
fn an_observer_sees_how_long_an_attempt_took_without_the_wait_before_it() {
    let sandbox = Sandbox::start().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let times = Arc::clone(&seen);
    let session = sandbox
        .session_builder()
        .unwrap()
        .observer(move |exchange| times.lock().unwrap().push(exchange.elapsed()))
        .build()
        .unwrap();
    session.access_token().unwrap();
    sandbox.fault(UNITS, 1, Fault::status_retry_after(503, "9"));
    sandbox.fault(UNITS, 1, Fault::Hold);
    thread::scope(|scope| {
        scope.spawn(|| management::list_sales_units(&session).unwrap());
        assert!(sandbox.wait_for(UNITS, 2));
        sandbox.advance(5 * SECOND);
        sandbox.release();
    });
    let expected = [Duration::ZERO, Duration::ZERO, 5 * SECOND];
    assert_eq!(*seen.lock().unwrap(), expected);
}

// Idempotency keys.

#[test]
fn random_idempotency_keys_never_collide() {
    let threads = 4;
    let keys = at_once(threads, || {
        let keys = (0..25_000).map(|_| IdempotencyKey::random());
        keys.collect::<Vec<_>>()
    });
    let keys: Vec<IdempotencyKey> = keys.into_iter().flatten().collect();
    for key in &keys {
        let key = key.as_str();
        // xxxxxxxx-xxxx-4xxx-[89ab]xxx-xxxxxxxxxxxx
        let fits = |(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => byte == b'4',
            19 => b"89ab".contains(&byte),
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        };
        assert!(
            key.len() == 36 && key.bytes().enumerate().all(fits),
            "{key}"
        );
    }
    // Every bit is used, but for those that make it a UUID of version 4.
    let bits = keys
        .iter()
        .map(|key| u128::from_str_radix(&key.as_str().replace('-', ""), 16).unwrap());
    let (always, ever) = bits.fold((u128::MAX, 0), |(and, or), key| (and & key, or | key));
    assert_eq!(format!("{always:032x}"), "00000000000040008000000000000000");
    assert_eq!(format!("{ever:032x}"), "ffffffffffff4fffbfffffffffffffff");
    // Not even their halves collide: neither is a constant or a counter of few bits.
    for half in [0..18, 19..36] {
        let mut halves: Vec<&str> = keys.iter().map(|key| &key.as_str()[half.clone()]).collect();
        halves.sort_unstable();
        halves.dedup();
        assert_eq!(halves.len(), 100_000, "{half:?}");
    }
}

// Servers.

/// A server that gives each of its replies on a connection of its own, and is gone before the last one is out.
struct Leaving {
    url: String,
    thread: Option<JoinHandle<ClosedPort>>,
}

impl Leaving {
    fn start(replies: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let thread = thread::spawn(move || {
            let (last, others) = replies.split_last().unwrap();
            for reply in others {
                let mut stream = accept_request(&listener);
                stream.write_all(reply).unwrap();
            }
            let mut stream = accept_request(&listener);
            let closed = ClosedPort::close(listener);
            stream.write_all(last).unwrap();
            closed
        });
        let thread = Some(thread);
        Self { url, thread }
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        drop(self.thread.take().unwrap().join().unwrap());
    }
}

fn accept_request(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    read_request(&mut stream).unwrap();
    stream
}

/// A token that was over is nothing that the service did wrong: the policy's attempts are left for what it does.
#[test]
fn a_401_takes_nothing_from_the_attempts_of_the_policy() {
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
