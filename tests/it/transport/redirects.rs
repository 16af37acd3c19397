//! When following a redirect, ureq only removes `Authorization`: the other keys would go to the
//! other host.

use vipps::{Delivery, ErrorKind};

use super::{GET, POST, assert_error, builder, get, post, session};
use crate::support::{RawServer, builder_without_token, json_reply, reply};

const STATUSES: [(u16, &str); 5] = [
    (301, "301 Moved Permanently"),
    (302, "302 Found"),
    (303, "303 See Other"),
    (307, "307 Temporary Redirect"),
    (308, "308 Permanent Redirect"),
];

#[test]
fn a_redirect_is_not_followed() {
    for (status, line) in STATUSES {
        // It would answer, so a call that followed the redirect would succeed.
        let other = RawServer::start([json_reply("[]"), json_reply("{}")]);
        let location = format!("Location: {}/elsewhere", other.url());
        let moved = || reply(line, &[&location], "moved");
        let server = RawServer::start([moved(), moved()]);
        let session = session(&server.url());
        let says = format!("{line}: redirect to {}/elsewhere not followed", other.url());
        let (kind, delivery) = (ErrorKind::UnexpectedStatus, Delivery::Answered);
        let text = format!("{GET}: {says}");
        assert_error(get(&session), &text, kind, delivery, Some(status));
        let text = format!("{POST}: {says}");
        assert_error(post(&session), &text, kind, delivery, Some(status));

        assert_eq!(server.requests().len(), 2, "{line}");
        assert_eq!(other.connections(), 0, "{line}");
    }
}

#[test]
fn a_redirected_token_request_keeps_its_keys() {
    for (status, line) in STATUSES {
        let token = r#"{"access_token": "from-elsewhere", "expires_in": 3600}"#;
        let other = RawServer::start([json_reply(token), json_reply("[]")]);
        let location = format!("Location: {}/accesstoken/get", other.url());
        let server = RawServer::start([reply(line, &[&location], "")]);
        let session = builder_without_token(&server.url()).build().unwrap();

        let text = format!(
            "no access token: POST /accesstoken/get: {line}: \
             redirect to {}/accesstoken/get not followed",
            other.url()
        );
        let (kind, delivery) = (ErrorKind::Auth, Delivery::NotSent);
        assert_error(get(&session), &text, kind, delivery, Some(status));
        assert_eq!(server.requests().len(), 1, "{line}");
        assert_eq!(other.connections(), 0, "{line}");
    }
}

#[test]
fn a_redirect_is_not_retried() {
    let server = RawServer::start([
        reply("302 Found", &["Location: /other"], ""),
        json_reply("[]"),
    ]);
    let session = builder(&server.url()).retry(vipps::RetryPolicy::default());
    get(&session.build().unwrap()).unwrap_err();
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_target_of_a_redirect_is_redacted_and_truncated() {
    let long = format!("Location: https://example.com/{}", "x".repeat(500));
    let cut = format!("https://example.com/{}", "x".repeat(180));
    let a_redirect_to = |target: &str| format!("redirect to {target} not followed");
    let cases: [(&[&str], String); 5] = [
        (&[], "redirect not followed".to_owned()),
        (&["Location: /elsewhere"], a_redirect_to("/elsewhere")),
        // An identity provider in front of the API echoes what it was sent.
        (
            &["Location: https://example.com/?k=test-subscription-key&t=test-token"],
            a_redirect_to("https://example.com/?k=[redacted]&t=[redacted]"),
        ),
        (&[&long], a_redirect_to(&cut)),
        (
            &["Location: https://example.com/\u{e6}"],
            a_redirect_to("https://example.com/\u{e6}"),
        ),
    ];
    for (headers, says) in cases {
        let server = RawServer::start([reply("302 Found", headers, "")]);
        let error = get(&session(&server.url())).unwrap_err();
        assert_eq!(error.to_string(), format!("{GET}: 302 Found: {says}"));
        assert!(!format!("{error:?}").contains("test-token"));
    }
}
