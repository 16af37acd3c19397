//! Kinds, statuses, and the messages of errors without a reply.

use crate::support::CallAny as _;
use std::net::TcpStream;
use std::time::Duration;

use vipps::management::{self, BusinessIdentifier, PrefillProductOrder, ProductType};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{ApiKeys, Delivery, Error, ErrorKind, Msn, RetryPolicy, Session};

use super::{Facts, answered, error_of, facts, raw_reply, sandbox, some};
use crate::support::{session_builder, system};

/// C programs, exit codes and logs depend on these: add lines, but never change one.
#[test]
fn the_numbers_and_names_of_kinds_never_change() {
    let numbers = [
        (ErrorKind::Config, 1, "Config"),
        (ErrorKind::InvalidInput, 2, "InvalidInput"),
        (ErrorKind::Auth, 3, "Auth"),
        (ErrorKind::Unauthorized, 4, "Unauthorized"),
        (ErrorKind::Forbidden, 5, "Forbidden"),
        (ErrorKind::NotFound, 6, "NotFound"),
        (ErrorKind::Conflict, 7, "Conflict"),
        (ErrorKind::AlreadyExists, 8, "AlreadyExists"),
        (ErrorKind::Rejected, 9, "Rejected"),
        (ErrorKind::RateLimited, 10, "RateLimited"),
        (ErrorKind::Server, 11, "Server"),
        (ErrorKind::UnexpectedStatus, 12, "UnexpectedStatus"),
        (ErrorKind::Timeout, 13, "Timeout"),
        (ErrorKind::Connect, 14, "Connect"),
        (ErrorKind::Tls, 15, "Tls"),
        (ErrorKind::Network, 16, "Network"),
        (ErrorKind::Decode, 17, "Decode"),
        (ErrorKind::Proxy, 18, "Proxy"),
    ];
    for (kind, number, name) in numbers {
        assert_eq!(kind as i32, number, "{kind:?}");
        assert_eq!(ErrorKind::try_from(number).unwrap(), kind);
        assert_eq!(kind.as_str(), name);
        assert_eq!(format!("{kind:>17}"), format!("{name:>17}"));
    }
    for number in [i32::MIN, -1, 0, 19, i32::MAX] {
        let error = ErrorKind::try_from(number).unwrap_err();
        let expected = format!("invalid input: kind: must be 1 to 18, not {number}");
        assert_eq!(error.to_string(), expected);
    }
}

/// What a JSON log contains.
#[test]
fn the_names_of_delivery_never_change() {
    for (delivery, word) in [
        (Delivery::NotSent, "\"not_sent\""),
        (Delivery::Unknown, "\"unknown\""),
        (Delivery::Answered, "\"answered\""),
    ] {
        assert_eq!(serde_json::to_string(&delivery).unwrap(), word);
        assert_eq!(serde_json::from_str::<Delivery>(word).unwrap(), delivery);
    }
}

#[test]
fn errors_are_small_and_thread_safe() {
    fn assert_thread_safe<T: Send + Sync + Clone + std::fmt::Debug + 'static>() {}
    assert_thread_safe::<Error>();
    assert_eq!(size_of::<Error>(), 8);
}

#[test]
fn every_status_has_its_kind() {
    use ErrorKind::*;

    let (sandbox, session) = sandbox();
    for (status, kind, shown, retryable) in [
        (300, UnexpectedStatus, "300 Multiple Choices", false),
        (304, UnexpectedStatus, "304 Not Modified", false),
        (400, Rejected, "400 Bad Request", false),
        (401, Unauthorized, "401 Unauthorized", false),
        (402, Rejected, "402 Payment Required", false),
        (403, Forbidden, "403 Forbidden", false),
        (404, NotFound, "404 Not Found", false),
        (405, Rejected, "405 Method Not Allowed", false),
        (408, Server, "408 Request Timeout", true),
        (409, Conflict, "409 Conflict", false),
        (410, Rejected, "410 Gone", false),
        (411, Rejected, "411 Length Required", false),
        (413, Rejected, "413 Payload Too Large", false),
        (415, Rejected, "415 Unsupported Media Type", false),
        (418, Rejected, "418 I'm a teapot", false),
        (422, Rejected, "422 Unprocessable Entity", false),
        (429, RateLimited, "429 Too Many Requests", true),
        (499, Rejected, "499", false),
        (500, Server, "500 Internal Server Error", true),
        (501, Server, "501 Not Implemented", false),
        (502, Server, "502 Bad Gateway", true),
        (503, Server, "503 Service Unavailable", true),
        (504, Server, "504 Gateway Timeout", true),
        (505, Server, "505 HTTP Version Not Supported", false),
        (599, Server, "599", false),
        (600, Server, "600", false),
        (999, Server, "999", false),
    ] {
        // The body of a redirect is not used for the message.
        let (detail, end) = match status {
            // Retried with a new token.
            401 => (some("why"), ": why (2 attempts)"),
            300..=399 => (some("redirect not followed"), ": redirect not followed"),
            _ => (some("why"), ": why"),
        };
        let error = error_of(
            &sandbox,
            &session,
            Fault::json(status, r#"{"detail":"why"}"#),
        );
        let display = format!("GET /management/v1/sales-units: {shown}{end}");
        let says = Facts {
            detail,
            retryable,
            ..answered(kind, status, &display)
        };
        assert_eq!(facts(&error), says);
    }
}

/// The same statuses in reply to a request that must not be retried automatically.
#[test]
fn what_may_have_been_carried_out_is_not_retryable_without_a_key() {
    let (sandbox, session) = sandbox();
    for (status, retryable) in [(408, false), (429, true), (500, false), (503, false)] {
        sandbox.fault("POST *", 1, Fault::json(status, ""));
        let body = serde_json::json!({});
        let error = session
            .call_any("POST", "/management/v1/x", Some(&body))
            .unwrap_err();
        let known = (error.status(), error.is_retryable(), error.delivery());
        let delivery = match status {
            429 => Delivery::Answered,
            _ => Delivery::Unknown,
        };
        assert_eq!(known, (Some(status), retryable, delivery));
    }
}

#[test]
fn a_redirect_names_its_target_and_is_not_followed() {
    let (sandbox, session) = sandbox();
    let long = format!("https://example.com/{}", "x".repeat(300));
    for (status, location, target) in [
        (
            "301 Moved Permanently",
            "https://example.com/a?b=c",
            "https://example.com/a?b=c",
        ),
        ("302 Found", "/elsewhere", "/elsewhere"),
        ("303 See Other", "//example.com", "//example.com"),
        ("307 Temporary Redirect", "\t odd \t one ", "odd one"),
        ("308 Permanent Redirect", &long, &long[..200]),
    ] {
        sandbox.clear_requests();
        let status_line = format!("HTTP/1.1 {status}");
        let location_line = format!("Location: {location}");
        let fault = raw_reply(&[&status_line, &location_line], b"<html>moved</html>");
        let error = error_of(&sandbox, &session, fault);
        let display =
            format!("GET /management/v1/sales-units: {status}: redirect to {target} not followed");
        assert_eq!(error.to_string(), display);
        assert_eq!(error.kind(), ErrorKind::UnexpectedStatus);
        assert_eq!(error.delivery(), Delivery::Answered);
        assert_eq!(sandbox.requests().len(), 1);
    }
}

#[test]
fn an_error_names_its_request() {
    let (sandbox, session) = sandbox();
    sandbox.fault("PATCH *", 1, Fault::json(400, ""));
    let body = serde_json::json!({});
    let error = session
        .call_any("PATCH", "/management/v9/a?b=c%20d", Some(&body))
        .unwrap_err();
    assert_eq!(
        (error.method(), error.path()),
        (Some("PATCH"), Some("/management/v9/a?b=c%20d"))
    );
    assert_eq!(
        error.to_string(),
        "PATCH /management/v9/a?b=c%20d: 400 Bad Request"
    );
}

#[test]
fn debug_shows_every_field() {
    let (sandbox, session) = sandbox();
    let head = ["HTTP/1.1 409 Twice", "Retry-After: 5"];
    let body = br#"{"type":"t","title":"i","detail":"d","instance":"n",
        "code":"c","traceId":"r","errors":{"f":["w"]}}"#;
    let error = error_of(&sandbox, &session, raw_reply(&head, body));
    assert_eq!(
        format!("{error:?}"),
        concat!(
            r#"Error { kind: Conflict, message: "GET /management/v1/sales-units: 409 "#,
            r#"Conflict: c: i: d (f: w) [trace r] (retry after 5 s)", delivery: Answered, "#,
            r#"retryable: false, attempts: 1, retry_after: Some(5s), "#,
            r#"problem: Problem { problem_type: Some("t"), "#,
            r#"title: Some("i"), detail: Some("d"), instance: Some("n"), fields: "#,
            r#"[FieldProblem { name: "f", reason: "w" }], code: Some("c"), trace_id: Some("r"), "#,
            "body: None, is_of_gateway: false } }"
        )
    );
}

fn config_error(builder: vipps::SessionBuilder) -> Error {
    builder.build().unwrap_err()
}

#[test]
fn errors_before_sending_name_the_field_and_the_reason() {
    let keys = |id: &str, secret: &str| ApiKeys::standard(id, secret, "key");
    let builder = |keys| Session::builder(keys, system());
    let merchant = BusinessIdentifier::norway("987654321").unwrap();
    let order = PrefillProductOrder::new(merchant, ProductType::PaymentIntegration);
    let (_sandbox, session) = sandbox();
    for (error, kind, display) in [
        (
            config_error(builder(keys("id", "a\nb"))),
            ErrorKind::Config,
            "configuration: client_secret: must be visible ASCII, but has a line break at position \
             2",
        ),
        (
            config_error(builder(keys("", "secret"))),
            ErrorKind::Config,
            "configuration: client_id: must not be empty",
        ),
        (
            config_error(builder(keys("id", "secret")).base_url("ftp://example.com")),
            ErrorKind::Config,
            "configuration: base_url: must begin with https://",
        ),
        (
            config_error(builder(keys("id", "secret")).timeout(Duration::ZERO)),
            ErrorKind::Config,
            "configuration: timeout: must be from 1 millisecond to 24 hours, not 0ns",
        ),
        (
            Msn::new("12a456").unwrap_err(),
            ErrorKind::InvalidInput,
            "invalid input: msn: must be 4 to 10 digits, not \"12a456\"",
        ),
        (
            Msn::new("1\n2\u{202e}\"").unwrap_err(),
            ErrorKind::InvalidInput,
            "invalid input: msn: must be 4 to 10 digits, not \"1\\n2\\u{202e}\\\"\"",
        ),
        (
            Msn::new("é".repeat(61)).unwrap_err(),
            ErrorKind::InvalidInput,
            &format!(
                "invalid input: msn: must be 4 to 10 digits, not \"{}\"...",
                "é".repeat(60)
            ),
        ),
        (
            session
                .call_any("GET", "/a", Some(&serde_json::json!({})))
                .unwrap_err(),
            ErrorKind::InvalidInput,
            "invalid input: body: must not be set for a GET",
        ),
        (
            management::prefill_product_order(&session, &order.clone().merchant_category_code("x"))
                .unwrap_err(),
            ErrorKind::InvalidInput,
            "invalid input: merchantCategoryCode: must be four digits, not \"x\"",
        ),
        (
            management::prefill_product_order(
                &session,
                &order
                    .sales_unit_name("")
                    .annual_turnover_percentage(101)
                    .merchant_category_code("x"),
            )
            .unwrap_err(),
            ErrorKind::InvalidInput,
            "invalid input: salesUnitName: must be 1 to 40 characters, not 0; \
             annualTurnoverPercentage: must be a multiple of 10 from 10 to 100, not \"101\"; \
             merchantCategoryCode: must be four digits, not \"x\"",
        ),
    ] {
        assert_eq!(error.to_string(), display);
        assert_eq!(error.kind(), kind);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(
            (error.status(), error.code(), error.trace_id()),
            (None, None, None)
        );
        assert_eq!(error.retry_after(), None);
        // One entry each, as in the message.
        let entries = error.field_problems().iter();
        let entries: Vec<String> = entries
            .map(|entry| format!("{}: {}", entry.name, entry.reason))
            .collect();
        let (_, listed) = display.split_once(": ").unwrap();
        assert_eq!(entries.join("; "), listed);
        assert!(!error.is_retryable() && !error.is_timeout());
        assert!(std::error::Error::source(&error).is_none());
    }
}

#[test]
fn network_errors_report_their_delivery() {
    let closed = crate::support::ClosedPort::new();
    let address = closed.address();
    let refused = TcpStream::connect(address).unwrap_err();
    let session = session_builder(&format!("http://{address}"))
        .build()
        .unwrap();
    check_network(
        &management::list_sales_units(&session).unwrap_err(),
        ErrorKind::Connect,
        None,
        Delivery::NotSent,
        &format!("cannot connect to {address}: {refused}"),
        " (nothing was sent)",
    );

    let (sandbox, session) = sandbox();
    check_network(
        &error_of(&sandbox, &session, Fault::CloseAfterReading),
        ErrorKind::Network,
        None,
        Delivery::Unknown,
        "the connection was closed before a reply arrived",
        " (the server may have carried it out)",
    );
    check_network(
        &error_of(&sandbox, &session, Fault::CutReply),
        ErrorKind::Network,
        Some(200),
        Delivery::Answered,
        "the connection was closed in the middle of the reply",
        "",
    );
    check_network(
        &error_of(&sandbox, &session, Fault::Garbage),
        ErrorKind::Network,
        None,
        Delivery::Unknown,
        "the reply is not HTTP: http parse fail: invalid HTTP version; is this an https server?",
        " (the server may have carried it out)",
    );
}

#[track_caller]
fn check_network(
    error: &Error,
    kind: ErrorKind,
    status: Option<u16>,
    delivery: Delivery,
    reason: &str,
    end: &str,
) {
    assert!(error.problem().is_none(), "{error:?}");
    let but = status.map(|_| "200 OK, but ").unwrap_or_default();
    assert_eq!(
        error.to_string(),
        format!("GET /management/v1/sales-units: {but}{reason}{end}")
    );
    assert_eq!(
        (error.method(), error.path()),
        (Some("GET"), Some("/management/v1/sales-units"))
    );
    assert_eq!(error.status(), status);
    assert_eq!((error.kind(), error.delivery()), (kind, delivery));
    let message = error.to_string();
    assert_eq!(
        format!("{error:?}"),
        format!(
            "Error {{ kind: {kind:?}, message: {message:?}, delivery: {delivery:?}, \
             retryable: true, attempts: 1, retry_after: None }}"
        )
    );
    // A GET may always be retried.
    assert!(error.is_retryable() && !error.is_timeout());
    assert_eq!(
        (error.code(), error.trace_id(), error.retry_after()),
        (None, None, None)
    );
    assert_eq!(error.field_problems(), []);
}

/// The call times out while the token is fetched, so nothing is left for the call itself.
#[test]
fn a_timeout_during_the_token_request_is_a_timeout() {
    let sandbox = Sandbox::start().unwrap();
    let clock = sandbox.clock().clone();
    let builder = sandbox.session_builder().unwrap();
    let session = builder
        .retry(RetryPolicy::none())
        .observer(move |_| clock.advance(Duration::from_secs(60)))
        .build()
        .unwrap();
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /management/v1/sales-units: timed out before the request was sent (nothing was sent)"
    );
    assert!(error.is_timeout() && error.is_retryable());
    assert_eq!((error.kind(), error.status()), (ErrorKind::Timeout, None));
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(sandbox.requests().len(), 1);
}

/// Loggers that print the chain of sources print everything once.
#[test]
fn an_error_has_no_source_to_repeat_its_message() {
    let (sandbox, session) = sandbox();
    for fault in [
        Fault::status(400),
        Fault::CloseAfterReading,
        Fault::json(200, "<"),
    ] {
        let error = error_of(&sandbox, &session, fault);
        assert!(std::error::Error::source(&error).is_none(), "{error:?}");
        let copy = error.clone();
        assert_eq!(format!("{copy:?} {copy}"), format!("{error:?} {error}"));
    }
}

/// For programs that store or forward them as JSON.
#[test]
fn field_problems_round_trip_through_json() {
    let (sandbox, session) = sandbox();
    let body = r#"{"errors":[{"name":"msn","reason":"is short"},"odd"]}"#;
    let error = error_of(&sandbox, &session, Fault::json(400, body));
    let json = serde_json::to_string(error.field_problems()).unwrap();
    assert_eq!(
        json,
        r#"[{"name":"msn","reason":"is short"},{"name":"","reason":"odd"}]"#
    );
    let back: Vec<vipps::FieldProblem> = serde_json::from_str(&json).unwrap();
    assert_eq!(back, error.field_problems());
}

#[test]
fn every_error_names_its_request() {
    let (sandbox, session) = sandbox();
    let path = "/management/v1/sales-units";
    for fault in [Fault::status(500), Fault::LoseReply, Fault::json(200, "no")] {
        let error = error_of(&sandbox, &session, fault);
        assert_eq!((error.method(), error.path()), (Some("GET"), Some(path)));
    }
    let unsent = Msn::new("x").unwrap_err();
    assert_eq!((unsent.method(), unsent.path()), (None, None));
}

/// A test of a caller's code can query it like a real error.
#[test]
fn an_error_for_tests_has_the_requested_kind_and_status() {
    use Delivery::{Answered, NotSent, Unknown};
    use ErrorKind::*;

    for (kind, status, delivery, is_retryable) in [
        (Config, None, NotSent, false),
        (InvalidInput, None, NotSent, false),
        (NotFound, Some(404), Answered, false),
        (AlreadyExists, Some(409), Answered, false),
        (RateLimited, Some(429), Answered, true),
        (RateLimited, None, NotSent, true),
        (Server, Some(503), Unknown, true),
        (Server, Some(501), Unknown, false),
        (Timeout, None, Unknown, true),
        (Connect, None, NotSent, true),
        (Tls, None, NotSent, false),
        (Decode, Some(200), Answered, false),
        (Proxy, Some(407), Answered, false),
    ] {
        let error = Error::for_tests(kind, status);
        assert_eq!(error.kind(), kind);
        assert_eq!(error.status(), status);
        assert_eq!(error.delivery(), delivery, "{error}");
        assert_eq!(error.is_retryable(), is_retryable, "{error}");
    }
}
