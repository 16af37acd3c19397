//! No key or token appears in anything that is printed.

use std::sync::{Arc, Mutex};

use vipps::sandbox::{Fault, Sandbox};
use vipps::{AccessToken, ApiKeys, RetryPolicy, Session, management};

use crate::support::{assert_no_secret, system};

const CLIENT_SECRET: &str = "Y8Kteew6GE2ZmeycEt6egg==";
const SUBSCRIPTION_KEY: &str = "0f14ebcab0ec4b29ae0cb90d91b4a84a";
const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.invented.signature";
/// The base64 of `client-id` and the secret.
const BASIC: &str = "Y2xpZW50LWlkOlk4S3RlZXc2R0UyWm1leWNFdDZlZ2c9PQ==";

#[track_caller]
fn assert_clean(text: &str) {
    assert_no_secret(text, &[CLIENT_SECRET, SUBSCRIPTION_KEY, TOKEN, BASIC]);
}

#[test]
fn types_that_hold_secrets_do_not_print_them() {
    let standard = ApiKeys::standard("client-id", CLIENT_SECRET, SUBSCRIPTION_KEY);
    assert_eq!(format!("{standard:?}"), "ApiKeys::standard([redacted])");
    assert_eq!(format!("{standard:#?}"), "ApiKeys::standard([redacted])");
    let management = ApiKeys::management("client-id", CLIENT_SECRET);
    assert_eq!(format!("{management:?}"), "ApiKeys::management([redacted])");

    let token = AccessToken::new(TOKEN, std::time::Duration::from_secs(60)).unwrap();
    assert_eq!(format!("{token:?}"), "AccessToken([redacted])");
    assert_eq!(token.secret(), TOKEN);

    let builder = Session::builder(standard, system())
        .base_url("http://127.0.0.1:1")
        .clock(vipps::Clock::manual())
        .access_token(token);
    assert_clean(&format!("{builder:?} {builder:#?}"));
    let session = builder.build().unwrap();
    let shown = format!("{session:?}");
    assert!(shown.contains("access_token: good for "), "{shown}");
    assert_clean(&shown);
    assert_clean(&format!("{session:#?}"));
}

/// A server that echoes everything it was sent, in every kind of failure and for every kind of
/// request.
#[test]
fn echoed_secrets_reach_neither_errors_nor_observers() {
    let sandbox = Sandbox::start().unwrap();
    let seen = Arc::new(Mutex::new(String::new()));
    let keys = format!("{CLIENT_SECRET} {SUBSCRIPTION_KEY} {BASIC}");
    for (route, echo) in [
        // Each can echo what it is sent.
        ("POST /accesstoken/get", keys.clone()),
        ("POST /miami/v1/token", format!("{CLIENT_SECRET} {BASIC}")),
        ("GET *", format!("{keys} {TOKEN}")),
    ] {
        for fault in echoes(&echo) {
            sandbox.clear_faults();
            sandbox.fault(route, 2, fault);
            let keys = match route {
                "POST /miami/v1/token" => ApiKeys::management("client-id", CLIENT_SECRET),
                _ => ApiKeys::standard("client-id", CLIENT_SECRET, SUBSCRIPTION_KEY),
            };
            let log = Arc::clone(&seen);
            let mut builder = Session::builder(keys, system())
                .base_url(sandbox.url())
                .retry(RetryPolicy::none())
                .observer(move |exchange| {
                    let shown = format!("{exchange:?} {exchange:#?}");
                    log.lock().unwrap().push_str(&shown);
                });
            if route == "GET *" {
                let hour = std::time::Duration::from_secs(3600);
                builder = builder.access_token(AccessToken::new(TOKEN, hour).unwrap());
            }
            let session = builder.build().unwrap();
            let error = management::list_sales_units(&session).unwrap_err();
            assert_clean(&format!("{error} {error:?} {error:#?} {session:?}"));
        }
    }
    let seen = seen.lock().unwrap();
    assert!(
        seen.contains("/management/v1/sales-units"),
        "the observer was called"
    );
    assert_clean(&seen);
}

fn echoes(echo: &str) -> Vec<Fault> {
    vec![
        Fault::json(400, format!(r#"{{"title":"{echo}","detail":"{echo}"}}"#)),
        Fault::json(401, format!(r#"{{"statusCode":401,"message":"{echo}"}}"#)),
        Fault::json(
            403,
            format!(r#"{{"extraDetails":[{{"key":"{echo}","value":"{echo}"}}]}}"#),
        ),
        Fault::json(
            400,
            format!(r#"{{"error":"{echo}","error_description":"{echo}"}}"#),
        ),
        Fault::json(500, format!(r#"{{"headers":{{"all":"{echo}"}}}}"#)),
        Fault::json(200, format!(r#""{echo}""#)),
        Fault::json(
            200,
            format!(r#"{{"access_token":["{echo}"],"expires_in":"{echo}"}}"#),
        ),
        Fault::json(
            200,
            format!(r#"{{"access_token":"{TOKEN}","expires_in":"{TOKEN}"}}"#),
        ),
        Fault::json(
            500,
            format!(r#"{{"access_token":"{TOKEN}","expires_in":3600}}"#),
        ),
        Fault::reply(
            502,
            "text/html",
            format!("<html><title>{echo}</title>{echo}</html>"),
        ),
        Fault::reply(404, "text/plain", echo),
        Fault::Raw(format!("HTTP/1.1 302 Found\r\nLocation: https://x/{echo}\r\n\r\n").into()),
        Fault::Raw(format!("{echo}\r\n\r\n").into()),
        Fault::HtmlBadGateway,
        Fault::LoseReply,
        Fault::CutReply,
    ]
}

#[test]
fn redaction_leaves_the_rest_of_the_message() {
    let sandbox = Sandbox::start().unwrap();
    let body = format!(r#"{{"title":"The key {SUBSCRIPTION_KEY} is not valid"}}"#);
    sandbox.fault("*", 1, Fault::json(401, body));
    let keys = ApiKeys::standard("client-id", CLIENT_SECRET, SUBSCRIPTION_KEY);
    let session = Session::builder(keys, system()).base_url(sandbox.url());
    let error = session.build().unwrap().access_token().unwrap_err();
    assert_eq!(
        error.to_string(),
        "no access token: POST /accesstoken/get: 401 Unauthorized: The key [redacted] is not valid"
    );

    // A secret of 4 to 7 bytes is matched as a whole.
    let body = r#"{"title":"In abcde stands abc\\"}"#;
    sandbox.fault("*", 1, Fault::json(401, body));
    let keys = ApiKeys::standard("client-id", r"abc\", SUBSCRIPTION_KEY);
    let session = Session::builder(keys, system()).base_url(sandbox.url());
    let error = session.build().unwrap().access_token().unwrap_err();
    assert_eq!(
        error.to_string(),
        "no access token: POST /accesstoken/get: 401 Unauthorized: In abcde stands [redacted]"
    );
}

/// A token remains secret after it was refused.
#[test]
fn a_refused_token_stays_redacted() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let refused = session.access_token().unwrap();
    let body = format!(r#"{{"title":"No more of {}"}}"#, refused.secret());
    sandbox.fault("GET *", 1, Fault::status(401));
    sandbox.fault("GET *", 1, Fault::json(400, body));
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /management/v1/sales-units: 400 Bad Request: No more of [redacted] (2 attempts)"
    );
}
