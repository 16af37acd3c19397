//! Settings that are refused when the session is built, and the effect of valid ones.

use std::time::Duration;

use vipps::AccessToken;

use super::{assert_config, builder, get};
use crate::support::{RawServer, json_reply};

/// Nothing listens here, and nothing is sent.
const NOWHERE: &str = "http://127.0.0.1:1";

#[test]
fn an_invalid_user_agent_is_refused() {
    let cases = [
        ("", "must not be empty"),
        (" acme", "must not begin or end with a space"),
        ("acme ", "must not begin or end with a space"),
        // ureq panics on these.
        (
            "acme\r\nX-Injected: yes",
            "must be visible ASCII, but has a line break at position 5",
        ),
        (
            "acme\n",
            "must be visible ASCII, but has a line break at position 5",
        ),
        (
            "acme\r",
            "must be visible ASCII, but has a line break at position 5",
        ),
        (
            "ac\tme",
            "must be visible ASCII, but has a control character at position 3",
        ),
        (
            "acme\u{0}",
            "must be visible ASCII, but has a control character at position 5",
        ),
        (
            "\u{c6}cme",
            "must be visible ASCII, but has a character outside ASCII at position 1",
        ),
    ];
    for (suffix, reason) in cases {
        let built = builder(NOWHERE).user_agent_suffix(suffix).build();
        assert_config(built, &format!("user_agent_suffix: {reason}"));
    }
}

#[test]
fn the_user_agent_names_this_crate_and_the_caller() {
    let version = env!("CARGO_PKG_VERSION");
    let suffix = "acme-billing/2.1 (+https://example.com; cron)";
    for (suffix, agent) in [
        (None, format!("vipps-rust/{version}")),
        (Some(suffix), format!("vipps-rust/{version} {suffix}")),
    ] {
        let server = RawServer::start([json_reply("[]")]);
        let mut builder = builder(&server.url());
        if let Some(suffix) = suffix {
            builder = builder.user_agent_suffix(suffix);
        }
        get(&builder.build().unwrap()).unwrap();
        let request = &server.requests()[0];
        let agents: Vec<&str> = request
            .lines()
            .filter(|line| line.to_ascii_lowercase().starts_with("user-agent:"))
            .collect();
        assert_eq!(agents, [format!("user-agent: {agent}")]);
    }
}

#[test]
fn timeouts_must_be_within_limits() {
    let day = Duration::from_secs(24 * 60 * 60);
    let cases = [
        (Duration::ZERO, "0ns"),
        (Duration::from_micros(999), "999µs"),
        (day + Duration::from_nanos(1), "86400.000000001s"),
        (Duration::MAX, "18446744073709551615.999999999s"),
    ];
    for (time, shown) in cases {
        let reason = format!("must be from 1 millisecond to 24 hours, not {shown}");
        let built = builder(NOWHERE).timeout(time).build();
        assert_config(built, &format!("timeout: {reason}"));
        let built = builder(NOWHERE).connect_timeout(time).build();
        assert_config(built, &format!("connect_timeout: {reason}"));
        let built = builder(NOWHERE).stall_timeout(time).build();
        assert_config(built, &format!("stall_timeout: {reason}"));
    }
    for time in [Duration::from_millis(1), day] {
        let builder = builder(NOWHERE).timeout(time).connect_timeout(time);
        let builder = builder.stall_timeout(time);
        assert!(builder.build().is_ok(), "{time:?}");
    }
}

#[test]
fn a_cap_of_zero_is_refused() {
    let built = builder(NOWHERE).max_response_bytes(0).build();
    assert_config(built, "max_response_bytes: must be at least 1");
    assert!(builder(NOWHERE).max_response_bytes(1).build().is_ok());
}

#[test]
fn the_longest_token_goes_through_in_one_header() {
    let token = "t".repeat(16 * 1024);
    let server = RawServer::start([json_reply("[]")]);
    let long = AccessToken::new(&token, Duration::from_secs(3600)).unwrap();
    get(&builder(&server.url()).access_token(long).build().unwrap()).unwrap();
    let request = &server.requests()[0];
    let sent: Vec<&str> = request
        .lines()
        .filter(|line| line.contains("Bearer"))
        .collect();
    assert_eq!(sent, [format!("authorization: Bearer {token}")]);
}

#[test]
fn a_key_that_is_too_long_for_a_header_is_refused() {
    let long = "k".repeat(24 * 1024 + 1);
    let keys = [
        ("client_id", vipps::ApiKeys::standard(&long, "s", "k")),
        ("client_secret", vipps::ApiKeys::standard("i", &long, "k")),
        (
            "subscription_key",
            vipps::ApiKeys::standard("i", "s", &long),
        ),
        ("client_secret", vipps::ApiKeys::management("i", &long)),
    ];
    for (setting, keys) in keys {
        let builder = vipps::Session::builder(keys, crate::support::system()).base_url(NOWHERE);
        let text = format!("{setting}: must be at most 24576 bytes");
        assert_config(builder.build(), &text);
    }
}
