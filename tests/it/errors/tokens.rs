//! Errors from refused and unreadable token requests. No message may quote a token reply.

use std::time::Duration;

use vipps::sandbox::{Fault, Sandbox};
use vipps::{ApiKeys, Delivery, Error, ErrorKind, RetryPolicy, Session, management};

use super::{Facts, answered, everything, facts, raw_reply, some};
use crate::support::{builder_without_token, system};

const STANDARD: &str = "POST /accesstoken/get";
const MANAGEMENT: &str = "POST /miami/v1/token";

/// Both flows, each with a session that has no token yet.
fn flows(sandbox: &Sandbox) -> [(&'static str, Session); 2] {
    let with = |keys| {
        let builder = Session::builder(keys, system()).base_url(sandbox.url());
        let builder = builder.clock(sandbox.clock().clone());
        builder.retry(RetryPolicy::none()).build().unwrap()
    };
    [
        (STANDARD, with(sandbox.api_keys())),
        (MANAGEMENT, with(sandbox.management_keys())),
    ]
}

/// The error of an API call whose token request gets this reply, for both flows. The call itself
/// must not have been sent.
#[track_caller]
fn refused(fault: &Fault, check: impl Fn(&'static str, &Error)) {
    let sandbox = Sandbox::start().unwrap();
    for (route, session) in flows(&sandbox) {
        sandbox.fault(route, 2, fault.clone());
        let by_call = management::list_sales_units(&session).unwrap_err();
        let by_itself = session.access_token().unwrap_err();
        sandbox.clear_faults();
        for error in [by_call, by_itself] {
            assert_eq!(error.delivery(), Delivery::NotSent);
            check(route, &error);
        }
    }
    assert_eq!(sandbox.count("GET *"), 0);
}

fn not_sent(status: u16, display: &str) -> Facts {
    Facts {
        delivery: Delivery::NotSent,
        ..answered(ErrorKind::Auth, status, display)
    }
}

#[test]
fn a_refusal_is_an_auth_error_with_all_its_details() {
    let oauth = concat!(
        r#"{"error":"invalid_client","error_description":"S1: "#,
        r#"The secret is wrong.","error_codes":[7000215],"trace_id":"t-1"}"#
    );
    refused(&Fault::json(401, oauth), |route, error| {
        let display = format!(
            "no access token: {route}: 401 Unauthorized: invalid_client: S1: The secret is wrong \
             [trace t-1]"
        );
        let says = Facts {
            code: some("invalid_client"),
            detail: some("S1: The secret is wrong."),
            trace_id: some("t-1"),
            ..not_sent(401, &display)
        };
        assert_eq!(facts(error), says);
    });
    let gateway = r#"{"statusCode":401,"message":"The key is wrong."}"#;
    refused(&Fault::json(401, gateway), |route, error| {
        let display = format!("no access token: {route}: 401 Unauthorized: The key is wrong");
        let says = Facts {
            detail: some("The key is wrong."),
            ..not_sent(401, &display)
        };
        assert_eq!(facts(error), says);
    });
    let problem = r#"{"type":"t","title":"No","status":403,"detail":"Not you","instance":"i"}"#;
    let problem = Fault::reply(403, "application/problem+json", problem);
    refused(&problem, |route, error| {
        let display = format!("no access token: {route}: 403 Forbidden: No: Not you");
        let says = Facts {
            problem_type: some("t"),
            title: some("No"),
            detail: some("Not you"),
            instance: some("i"),
            ..not_sent(403, &display)
        };
        assert_eq!(facts(error), says);
    });
}

/// Whether retrying the call makes sense does not depend on whose fault the failure was.
#[test]
fn a_failing_token_endpoint_is_a_retryable_auth_error() {
    refused(&Fault::HtmlBadGateway, |route, error| {
        let page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad \
                    Gateway</h1></body></html>";
        let display =
            format!("no access token: {route}: 502 Bad Gateway: an HTML page: 502 Bad Gateway");
        let says = Facts {
            body: some(page),
            retryable: true,
            ..not_sent(502, &display)
        };
        assert_eq!(facts(error), says);
    });
    let fault = raw_reply(&["HTTP/1.1 429 Slow", "Retry-After: 7"], b"");
    refused(&fault, |route, error| {
        let display = format!("no access token: {route}: 429 Too Many Requests (retry after 7 s)");
        let says = Facts {
            retry_after: Some(Duration::from_secs(7)),
            retryable: true,
            ..not_sent(429, &display)
        };
        assert_eq!(facts(error), says);
    });
}

#[test]
fn a_redirected_token_request_is_an_auth_error() {
    let fault = raw_reply(&["HTTP/1.1 307 Go", "Location: https://example.com/t"], b"");
    refused(&fault, |route, error| {
        let display = format!(
            "no access token: {route}: 307 Temporary Redirect: redirect to https://example.com/t \
             not followed"
        );
        let says = Facts {
            detail: some("redirect to https://example.com/t not followed"),
            ..not_sent(307, &display)
        };
        assert_eq!(facts(error), says);
    });
}

/// A gateway may put an error status on a reply that contains a token.
#[test]
fn an_error_that_may_hold_a_token_is_not_shown() {
    for body in [
        r#"{"message":"m","access_token":"s3cret-token"}"#,
        "<html><title>Access_Token=s3cret-token</title></html>",
        r#"{"access_token":"s3cret-to"#,
    ] {
        refused(&Fault::json(500, body), |route, error| {
            let display = format!(
                "no access token: {route}: 500 Internal Server Error: body not shown: it may \
                 contain a token"
            );
            let says = Facts {
                detail: some("body not shown: it may contain a token"),
                retryable: true,
                ..not_sent(500, &display)
            };
            assert_eq!(facts(error), says);
            assert!(!everything(error).contains("s3cret"));
        });
    }
}

#[test]
fn an_unreadable_token_reply_is_a_decode_error_that_quotes_nothing() {
    const OTHER: &str =
        "is not a JSON object with access_token, a string, and expires_in, a number of seconds";
    let token = |token: &str, expires_in: &str| {
        format!(r#"{{"token_type":"Bearer","access_token":{token},"expires_in":{expires_in}}}"#)
    };
    let good = r#""s3cret-token""#;
    let long = format!(r#""{}""#, "s3cret-token".repeat(20 * 1024 / 12));
    for (body, reason) in [
        (String::new(), OTHER),
        ("s3cret".to_owned(), OTHER),
        ("null".to_owned(), OTHER),
        (r#""s3cret""#.to_owned(), OTHER),
        ("{}".to_owned(), OTHER),
        (r#"{"access_token":"s3cret-token"}"#.to_owned(), OTHER),
        (r#"{"expires_in":"s3cret"}"#.to_owned(), OTHER),
        (
            r#"{"accessToken":"s3cret-token","expiresIn":900}"#.to_owned(),
            OTHER,
        ),
        (r#"{"access_token":"s3cret-to"#.to_owned(), OTHER),
        ("<html><title>s3cret</title></html>".to_owned(), OTHER),
        (token(good, "900") + "s3cret", OTHER),
        (token("{\"s3cret\":1}", "900"), OTHER),
        (token("53237", "900"), OTHER),
        (token("null", "900"), OTHER),
        (token(good, r#""s3cret""#), OTHER),
        (token(good, "null"), OTHER),
        (token(good, "-1"), OTHER),
        (token(good, r#""-1""#), OTHER),
        (token(good, "899.5"), OTHER),
        (token(good, r#""""#), OTHER),
        (token(good, r#"["s3cret"]"#), OTHER),
        (token(good, "53237532375323753237532375323753237"), OTHER),
        (
            token(r#""""#, "900"),
            "has an unusable access_token: it must not be empty",
        ),
        (
            token(r#""s3cret\r\ns3cret""#, "900"),
            "has an unusable access_token: it must be visible ASCII, but has a line break at \
             position 7",
        ),
        (
            token(r#""s3cret\u0000s3cret""#, "900"),
            "has an unusable access_token: it must be visible ASCII, but has a control character \
             at position 7",
        ),
        (
            token(r#""s3cret-ø""#, "900"),
            "has an unusable access_token: it must be visible ASCII, but has a character outside \
             ASCII at position 8",
        ),
        (
            token(r#"" s3cret""#, "900"),
            "has an unusable access_token: it must not begin or end with a space",
        ),
        (
            token(&long, "900"),
            "has an unusable access_token: it must be at most 16384 bytes",
        ),
    ] {
        refused(&Fault::json(200, body.as_str()), |route, error| {
            assert_eq!(error.kind(), ErrorKind::Decode, "{error:?}");
            assert_eq!(
                error.to_string(),
                format!("no access token: {route}: 200 OK, but the token reply {reason}")
            );
            let known = (error.kind(), error.status(), error.is_retryable());
            assert_eq!(known, (ErrorKind::Decode, Some(200), false));
            let all = everything(error);
            assert!(!all.contains("s3cret") && !all.contains("53237"), "{all}");
        });
    }
}

#[test]
fn a_token_reply_that_is_too_large_or_cut_is_not_shown() {
    let sandbox = Sandbox::start().unwrap();
    let body = r#"{"access_token":"s3cret-token","expires_in":900}"#;
    sandbox.fault(STANDARD, 1, Fault::json(200, body));
    let builder = Session::builder(sandbox.api_keys(), system()).base_url(sandbox.url());
    let session = builder.max_response_bytes(40).retry(RetryPolicy::none());
    let error = session.build().unwrap().access_token().unwrap_err();
    assert_eq!(
        error.to_string(),
        "no access token: POST /accesstoken/get: 200 OK, but the reply is larger than \
         max_response_bytes, 40"
    );
    assert!(!everything(&error).contains("s3cret"));

    let cut = format!("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{body}");
    refused(&Fault::Raw(cut.into()), |route, error| {
        assert_eq!(error.kind(), ErrorKind::Network, "{error:?}");
        assert_eq!(
            error.to_string(),
            format!(
                "no access token: {route}: 200 OK, but the connection was closed in the middle of \
                 the reply"
            )
        );
        assert!(!everything(error).contains("s3cret"));
    });
}

/// The call was not sent but the token request was, so the message must not say that nothing was.
#[test]
fn a_lost_token_request_is_not_reported_as_unsent() {
    refused(&Fault::CloseAfterReading, |route, error| {
        assert_eq!(error.kind(), ErrorKind::Network, "{error:?}");
        assert_eq!(
            error.to_string(),
            format!("no access token: {route}: the connection was closed before a reply arrived")
        );
        let known = (error.kind(), error.status(), error.is_retryable());
        assert_eq!(known, (ErrorKind::Network, None, true));
    });
}

#[test]
fn an_unreachable_token_endpoint_is_named() {
    let closed = crate::support::ClosedPort::new();
    let url = format!("http://{}", closed.address());
    let session = builder_without_token(&url).build().unwrap();
    let error = management::list_sales_units(&session).unwrap_err();
    let display = error.to_string();
    assert!(
        display.starts_with("no access token: POST /accesstoken/get: "),
        "{display}"
    );
    let known = (error.kind(), error.delivery(), error.is_retryable());
    assert_eq!(known, (ErrorKind::Connect, Delivery::NotSent, true));
}

/// Another sandbox's keys are refused without any fault.
#[test]
fn the_sandbox_refuses_wrong_keys() {
    let sandbox = Sandbox::start().unwrap();
    let [key, wrong] = ["sandbox-key-1", "another-key"];
    for (keys, display) in [
        (
            ApiKeys::standard("another-id", wrong, key),
            "no access token: POST /accesstoken/get: 400 Bad Request: unauthorized_client: The \
             client id is unknown",
        ),
        (
            ApiKeys::standard("sandbox-client-id", wrong, key),
            "no access token: POST /accesstoken/get: 401 Unauthorized: invalid_client: The \
             client secret is wrong",
        ),
        (
            ApiKeys::standard("sandbox-client-id", wrong, wrong),
            "no access token: POST /accesstoken/get: 401 Unauthorized: The subscription key is \
             not valid",
        ),
        (
            ApiKeys::management("another-id", wrong),
            "no access token: POST /miami/v1/token: 401 Unauthorized: invalid_client: Client \
             authentication failed",
        ),
    ] {
        let builder = Session::builder(keys, system()).base_url(sandbox.url());
        let error = builder.build().unwrap().access_token().unwrap_err();
        assert_eq!(error.to_string(), display);
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Auth, Delivery::NotSent)
        );
    }
}
