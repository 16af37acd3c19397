//! Replies of the token endpoints.

use super::*;

#[test]
fn the_lifetime_may_be_a_string_or_a_number() {
    let forever = Duration::from_secs(u64::MAX);
    let cases = [
        // POST /accesstoken/get, with numbers as strings.
        (
            r#"{"token_type": "Bearer", "expires_in": "86398", "ext_expires_in": "0",
                "expires_on": "1495271273", "not_before": "1495184574",
                "resource": "00000002-0000-0000-c000-000000000000", "access_token": "t0ken"}"#,
            86_398 * SECOND,
        ),
        // POST /miami/v1/token.
        (
            r#"{"access_token": "t0ken", "token_type": "Bearer", "expires_in": 900}"#,
            900 * SECOND,
        ),
        (
            r#"{"access_token": "t0ken", "expires_in": " 3599 "}"#,
            3599 * SECOND,
        ),
        (
            r#"{"access_token": "t0ken", "expires_in": 0}"#,
            Duration::ZERO,
        ),
        (
            r#"{"access_token": "t0ken", "expires_in": 18446744073709551615}"#,
            forever,
        ),
        (
            r#"{"access_token": "t0ken", "expires_in": "18446744073709551615"}"#,
            forever,
        ),
    ];
    for (body, expires_in) in cases {
        let server = RawServer::start([json_reply(body)]);
        let builder = builder_without_token(&server.url()).clock(Clock::manual());
        let token = builder.build().unwrap().access_token().unwrap();
        assert_eq!(token.secret(), "t0ken", "{body}");
        assert_eq!(token.expires_in(), expires_in, "{body}");
    }
}

#[test]
fn an_endless_lifetime_does_not_overflow() {
    let body = r#"{"access_token": "t0ken", "expires_in": 18446744073709551615}"#;
    let server = RawServer::start([json_reply(body), json_reply("[]"), json_reply("[]")]);
    let clock = Clock::manual();
    clock.advance(1000 * SECOND);
    let builder = builder_without_token(&server.url()).clock(clock.clone());
    let session = builder.build().unwrap();
    management::list_sales_units(&session).unwrap();
    clock.advance(Duration::MAX);
    management::list_sales_units(&session).unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn an_unusable_token_reply_says_why_and_is_not_quoted() {
    let secret = "5eCreT-t0ken";
    let other = "is not a JSON object with access_token, a string, and expires_in, a number of \
                 seconds";
    let cases = [
        ("".to_owned(), other),
        (format!("<html>{secret}</html>"), other),
        (format!("[\"{secret}\"]"), other),
        (format!("[\"{secret}\", 3600]"), other),
        (format!(r#"{{"access_token": "{secret}"}}"#), other),
        (r#"{"expires_in": 3600}"#.to_owned(), other),
        (
            r#"{"access_token": 5551234, "expires_in": 3600}"#.to_owned(),
            other,
        ),
        (
            format!(r#"{{"access_token": "{secret}", "expires_in": -1}}"#),
            other,
        ),
        (
            format!(r#"{{"access_token": "{secret}", "expires_in": "{secret}"}}"#),
            other,
        ),
        (
            format!(r#"{{"access_token": "{secret}", "expires_in": null}}"#),
            other,
        ),
        (
            r#"{"access_token": "", "expires_in": 3600}"#.to_owned(),
            "has an unusable access_token: it must not be empty",
        ),
        (
            format!(r#"{{"access_token": "{secret}\r\nX-Other: 1", "expires_in": 3600}}"#),
            "has an unusable access_token: it must be visible ASCII, but has a line break at \
             position 13",
        ),
        (
            format!(
                r#"{{"access_token": "{}", "expires_in": 3600}}"#,
                "a".repeat(16 * 1024 + 1)
            ),
            "has an unusable access_token: it must be at most 16384 bytes",
        ),
    ];
    for (body, reason) in cases {
        let server = RawServer::start([json_reply(&body)]);
        let session = builder_without_token(&server.url()).build().unwrap();
        let error = management::list_sales_units(&session).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("no access token: POST /accesstoken/get: 200 OK, but the token reply {reason}"),
        );
        let shown = format!("{error:?}");
        assert!(
            !shown.contains(secret) && !shown.contains("5551234"),
            "{shown}"
        );
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert_eq!(error.delivery(), Delivery::NotSent);
        // The unusable reply is not cached.
        assert!(format!("{session:?}").contains("access_token: none"));
    }
}

#[test]
fn a_token_of_the_largest_size_is_sent_whole() {
    let token = "a".repeat(16 * 1024);
    let body = format!(r#"{{"access_token": "{token}", "expires_in": "3600"}}"#);
    let server = RawServer::start([json_reply(&body), json_reply("[]")]);
    let session = builder_without_token(&server.url()).build().unwrap();
    management::list_sales_units(&session).unwrap();
    let requests = server.requests();
    let header = format!("authorization: Bearer {token}\r\n");
    assert!(requests[1].contains(&header), "{}", requests[1].len());
}

#[test]
fn a_token_without_a_lifetime_is_used_once() {
    let token = |n: u8| json_reply(&format!(r#"{{"access_token": "t{n}", "expires_in": 0}}"#));
    let units = || json_reply("[]");
    let server = RawServer::start([token(1), units(), token(2), units()]);
    let session = builder_without_token(&server.url()).build().unwrap();
    for _ in 0..2 {
        assert_eq!(management::list_sales_units(&session).unwrap(), []);
    }
    assert_eq!(server.lines(), [TOKEN, UNITS, TOKEN, UNITS]);
}

#[test]
fn a_token_without_a_lifetime_that_is_refused_does_not_loop() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.set_token_lifetime(Duration::ZERO);
    let error = management::list_sales_units(&sandbox.session()).unwrap_err();
    assert_eq!(error.status(), Some(401));
    assert_sent(&sandbox, "token units#1 token units#2");
}

#[test]
fn threads_that_waited_for_a_token_without_a_lifetime_share_it() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.set_token_lifetime(Duration::ZERO);
    let session = session(&sandbox);
    sandbox.fault(TOKEN, 1, Fault::Hold);
    let tokens = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| session.access_token().unwrap().secret().to_owned()))
            .collect();
        assert!(sandbox.wait_for(TOKEN, 1));
        until_debug_says(&session, "7 waiting");
        sandbox.release();
        let tokens: Vec<String> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        tokens
    });
    assert_eq!(tokens, ["sandbox-token-000001"; 8]);
    assert_eq!(sandbox.count(TOKEN), 1);
}
