//! What a caller can get wrong before anything is sent: keys, settings, identifiers, paths, the
//! environment.

use crate::support::CallAny as _;
use std::borrow::Borrow;
use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::process::Command;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use vipps::management::{
    self, BankAccount, BusinessIdentifier, PricePackageId, ProductOrderId, SalesUnitSummary,
};
use vipps::sandbox::Sandbox;
use vipps::{
    ApiKeys, Clock, Delivery, Error, ErrorKind, IdempotencyKey, Msn, Session, SessionBuilder,
    SystemInfo,
};

use crate::support::{last_request, system};

mod environment;
mod identifiers;

/// The complete message of an error that reports a mistake of the caller.
#[track_caller]
fn refusal<T: Debug>(result: Result<T, Error>) -> String {
    let error = result.expect_err("a refusal");
    let mistakes = [ErrorKind::Config, ErrorKind::InvalidInput];
    assert!(mistakes.contains(&error.kind()), "{error:?}");
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.status(), None);
    assert!(!error.is_retryable());
    error.to_string()
}

/// A JSON string as it may appear in a server's reply, deserialized without validation.
fn from_server<T: DeserializeOwned>(value: &str) -> T {
    serde_json::from_value(json!(value)).unwrap()
}

/// Invalid header values and what the error says about them.
const BAD_HEADER_VALUES: [(&str, &str); 9] = [
    ("", "must not be empty"),
    (" ", "must not begin or end with a space"),
    (" leading-space", "must not begin or end with a space"),
    ("trailing-space ", "must not begin or end with a space"),
    (
        "nøkkel",
        "must be visible ASCII, but has a character outside ASCII at position 2",
    ),
    (
        "split\nhere",
        "must be visible ASCII, but has a line break at position 6",
    ),
    (
        "split\r\nhere",
        "must be visible ASCII, but has a line break at position 6",
    ),
    (
        "a\ttab",
        "must be visible ASCII, but has a control character at position 2",
    ),
    (
        "del\u{7f}",
        "must be visible ASCII, but has a control character at position 4",
    ),
];

#[test]
fn a_bad_key_is_named_and_never_shown() {
    let sandbox = Sandbox::start().unwrap();
    let build = |keys| {
        Session::builder(keys, system())
            .base_url(sandbox.url())
            .build()
    };
    for (bad, reason) in BAD_HEADER_VALUES {
        let cases = [
            ("client_id", ApiKeys::standard(bad, "secret", "key")),
            ("client_secret", ApiKeys::standard("id", bad, "key")),
            ("subscription_key", ApiKeys::standard("id", "secret", bad)),
            ("client_id", ApiKeys::management(bad, "secret")),
            ("client_secret", ApiKeys::management("id", bad)),
        ];
        for (setting, keys) in cases {
            let error = build(keys).unwrap_err();
            // This is the complete message, so the value cannot be part of it.
            assert_eq!(
                error.to_string(),
                format!("configuration: {setting}: {reason}")
            );
            assert_eq!(error.kind(), ErrorKind::Config);
            if bad.trim().len() > 1 {
                assert!(!format!("{error:?}").contains(bad), "{error:?}");
            }
        }
    }
    assert_eq!(sandbox.requests(), []);
}

#[test]
fn a_colon_is_allowed_only_in_the_client_id_of_standard_keys() {
    let build = |keys| {
        let builder = Session::builder(keys, system());
        builder.base_url("http://127.0.0.1:1").build()
    };
    // In Basic authentication the user name ends at the first colon.
    assert_eq!(
        refusal(build(ApiKeys::management("a:b", "secret"))),
        "configuration: client_id: must not contain a colon, since management keys are sent with \
         basic authentication"
    );
    build(ApiKeys::management("a", "se:cret")).unwrap();
    build(ApiKeys::standard("a:b", "secret", "key")).unwrap();
}

#[test]
fn keys_with_spaces_and_symbols_are_sent_unchanged() {
    let sandbox = Sandbox::start().unwrap();
    let keys = ApiKeys::standard("id with space", "~!@#$%^&*()\"'\\", "key=;,");
    let session = Session::builder(keys, system()).base_url(sandbox.url());
    session.build().unwrap().access_token().unwrap_err();
    let request = last_request(&sandbox);
    assert_eq!(request.header("client_id"), Some("id with space"));
    assert_eq!(request.header("client_secret"), Some("~!@#$%^&*()\"'\\"));
    assert_eq!(request.header("ocp-apim-subscription-key"), Some("key=;,"));
}

#[test]
fn an_invalid_system_header_is_named() {
    let good = SystemInfo::new("acme", "1").unwrap();
    let thirty = "x".repeat(30);
    let long = "x".repeat(31);
    let too_long = "must be at most 30 characters, not 31";
    let bad = BAD_HEADER_VALUES.into_iter();
    for (value, reason) in bad.chain([(long.as_str(), too_long)]) {
        for (header, result) in [
            ("Vipps-System-Name", SystemInfo::new(value, "1")),
            ("Vipps-System-Version", SystemInfo::new("acme", value)),
            ("Vipps-System-Plugin-Name", good.clone().plugin(value, "1")),
            (
                "Vipps-System-Plugin-Version",
                good.clone().plugin("shop", value),
            ),
        ] {
            let expected = format!("configuration: {header}: {reason}");
            assert_eq!(refusal(result), expected);
        }
    }
    let longest = SystemInfo::new(&thirty, &thirty).unwrap();
    longest.plugin(&thirty, &thirty).unwrap();
}

/// A session for `system` and the request of one call on it, as received.
fn call_of(system: SystemInfo) -> vipps::sandbox::ReceivedRequest {
    let sandbox = Sandbox::start().unwrap();
    let session = Session::builder(sandbox.api_keys(), system).base_url(sandbox.url());
    management::list_sales_units(&session.build().unwrap()).unwrap();
    for request in sandbox.requests() {
        for (name, value) in &request.headers {
            // The API has rejected clients that send empty headers.
            assert!(!value.trim().is_empty(), "an empty {name}");
        }
    }
    last_request(&sandbox)
}

#[test]
fn plugin_headers_default_to_the_system() {
    let names = [
        "vipps-system-name",
        "vipps-system-version",
        "vipps-system-plugin-name",
        "vipps-system-plugin-version",
    ];
    let plain = SystemInfo::new("acme", "3.1.2").unwrap();
    let with_plugin = plain.clone().plugin("acme-webshop", "4.5.6").unwrap();
    for (system, expected) in [
        (plain, ["acme", "3.1.2", "acme", "3.1.2"]),
        (with_plugin, ["acme", "3.1.2", "acme-webshop", "4.5.6"]),
    ] {
        let request = call_of(system);
        assert_eq!(
            names.map(|name| request.header(name).unwrap_or("missing")),
            expected
        );
        // Without an MSN the header is not sent.
        assert_eq!(request.header("merchant-serial-number"), None);
    }
}

#[test]
fn building_a_session_sends_nothing() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session_builder().unwrap().clock(Clock::manual());
    let session = session.build().unwrap();
    let other = session.for_sales_unit(&Msn::new("654321").unwrap());
    drop((session.clone(), other));
    assert_eq!(sandbox.requests(), []);
}
