//! The settings of a session in JSON.

use std::ffi::CStr;
use std::ptr;

use serde_json::{Value, json};

use vipps::sandbox::{Fault, Sandbox};

use crate::error::{vipps_error, vipps_error_message};
use crate::request::{vipps_reply, vipps_request};
use crate::tests::handles::{Session, call, list, sent_to_a_proxy};
use crate::tests::support::config;

#[test]
fn a_wrong_setting_is_named_and_its_value_is_not_shown() {
    let sandbox = Sandbox::start().unwrap();
    let secret = "s3cret-s3cret";
    for (changes, message) in [
        (json!({"client_id": null}), "client_id: must be set"),
        (json!({"client_secret": null}), "client_secret: must be set"),
        (
            json!({"client_secret": [secret]}),
            "client_secret: must be a string, not an array",
        ),
        (
            json!({"client_secret": format!("{secret}\n")}),
            "client_secret: must be visible ASCII, but has a line break at position 14",
        ),
        (
            json!({"subscription_key": null}),
            "subscription_key: must be set",
        ),
        (
            json!({"subscription_key": {"key": secret}}),
            "subscription_key: must be a string, not an object",
        ),
        (
            json!({"keys": secret}),
            "keys: must be \"standard\" or \"management\"",
        ),
        (
            json!({"keys": "management"}),
            "subscription_key: must not be set for management keys: the token endpoint refuses it",
        ),
        (json!({"system": null}), "system: must be set"),
        (json!({"system": [secret]}), "system: must be a JSON object"),
        (
            json!({"system": {"name": "acme"}}),
            "system.version: must be set",
        ),
        (
            json!({"system": {"name": "acme", "version": 3}}),
            "system.version: must be a string, not a whole number",
        ),
        (
            json!({"system": {"name": "acme", "version": ""}}),
            "system.version: must not be empty",
        ),
        (
            json!({"system": {"name": "acme", "version": "1", "plugin_name": "a"}}),
            "system.plugin_version: must be set",
        ),
        (
            json!({"system": {"name": "acme", "version": "1", "plugin_version": "1"}}),
            "system.plugin_name: must be set",
        ),
        (
            json!({"system": {
                "name": "a", "version": "1", "plugin_name": "a\tb", "plugin_version": "1",
            }}),
            "system.plugin_name: must be visible ASCII, but has a control character at position 2",
        ),
        (
            json!({"environment": "prod"}),
            "environment: must be \"production\" or \"test\"",
        ),
        (
            json!({"base_url": "http://example.com"}),
            "base_url: must be https, since http would send keys and tokens in the clear; http is \
             allowed for loopback hosts, or for any host with allow_plain_http",
        ),
        (
            json!({"base_url": format!("https://acme:{secret}@example.com")}),
            "base_url: must not contain user information; \
             pass the keys as client_id and client_secret",
        ),
        (
            json!({"allow_plain_http": "yes"}),
            "allow_plain_http: must be a boolean, not a string",
        ),
        (
            json!({"merchant_serial_number": "12"}),
            "merchant_serial_number: must be 4 to 10 digits",
        ),
        (
            json!({"merchant_serial_number": 123456}),
            "merchant_serial_number: must be a string, not a whole number",
        ),
        (
            json!({"timeout_ms": -1}),
            "timeout_ms: must be a non-negative whole number, not -1",
        ),
        (
            json!({"timeout_ms": 0}),
            "timeout_ms: must be 1 to 86400000 milliseconds (24 hours)",
        ),
        (
            json!({"timeout_ms": 86_400_001}),
            "timeout_ms: must be 1 to 86400000 milliseconds (24 hours)",
        ),
        (
            json!({"connect_timeout_ms": 0}),
            "connect_timeout_ms: must be 1 to 86400000 milliseconds (24 hours)",
        ),
        (
            json!({"connect_timeout_ms": 86_400_001}),
            "connect_timeout_ms: must be 1 to 86400000 milliseconds (24 hours)",
        ),
        (
            json!({"stall_timeout_ms": 0}),
            "stall_timeout_ms: must be 1 to 86400000 milliseconds (24 hours)",
        ),
        (
            json!({"connect_timeout_ms": "1"}),
            "connect_timeout_ms: must be a non-negative whole number, not a string",
        ),
        (json!({"retry": 3}), "retry: must be a JSON object"),
        (
            json!({"retry": {"max_attempts": 1.5}}),
            "retry.max_attempts: must be a non-negative whole number, \
             not a number with a fraction",
        ),
        (
            json!({"retry": {"attempts": 1}}),
            "retry.attempts: unknown field, \
             expected one of max_attempts, initial_backoff_ms, max_backoff_ms",
        ),
        (
            json!({"proxy": "socks5://127.0.0.1:1"}),
            "proxy: must be an http or https proxy; SOCKS is not supported",
        ),
        (
            json!({"proxy": "http://proxy.example.com:8080"}),
            "proxy: must have a loopback host if base_url is plain http, since keys and tokens \
             would be sent in the clear; any host is allowed with allow_plain_http",
        ),
        (
            json!({"tls_backend": "openssl"}),
            "tls_backend: must be \"rustls\" or \"native-tls\"",
        ),
        (
            json!({"root_certificates": secret}),
            "root_certificates: must contain at least one PEM certificate \
             (-----BEGIN CERTIFICATE-----)",
        ),
        (
            json!({"max_response_bytes": 0}),
            "max_response_bytes: must be at least 1",
        ),
        (
            json!({"user_agent_suffix": "a\tb"}),
            "user_agent_suffix: must be visible ASCII, but has a control character at position 2",
        ),
        (
            json!({"access_token": {"secret": "", "expires_at": 1}}),
            "access_token.secret: must not be empty",
        ),
        (
            json!({"access_token": {"secret": secret}}),
            "access_token.expires_at: must be set",
        ),
        (
            json!({"access_token": {"secret": secret, "expires_in": 1}}),
            "access_token.expires_in: unknown field, expected one of secret, expires_at",
        ),
        (
            json!({"clientsecret": secret}),
            "clientsecret: unknown field, expected one of keys, client_id, client_secret, \
             subscription_key, system, merchant_serial_number, environment, base_url, \
             allow_plain_http, timeout_ms, connect_timeout_ms, stall_timeout_ms, retry, proxy, \
             proxy_from_env, tls_backend, root_certificates, max_response_bytes, \
             user_agent_suffix, access_token",
        ),
    ] {
        let expected = format!("configuration: {message}");
        let result = Session::new(&changed(&sandbox, changes)).map(drop);
        assert_eq!(result, Err((1, expected)));
    }
    for (duplicate, name) in [
        (r#", "client_secret": "s3cret-s3cret""#, "client_secret"),
        (r#", "timeout_ms": 1, "timeout_ms": null"#, "timeout_ms"),
        (r#", "proxy": null, "proxy": null"#, "proxy"),
        (
            r#", "retry": {"max_attempts": 1, "max_attempts": 2}"#,
            "retry.max_attempts",
        ),
    ] {
        let good = config(&sandbox);
        let config = format!("{}{duplicate}}}", good.strip_suffix('}').unwrap());
        let expected = format!("configuration: {name}: is duplicated");
        let result = Session::new(&config).map(drop);
        assert_eq!(result, Err((1, expected)));
    }
    let broken = format!("{{\"client_secret\": \"{secret}\n");
    let expected = "configuration: config_json: is not valid JSON: control character \
                    (\\u0000-\\u001F) found while parsing a string at line 2 column 0";
    let result = Session::new(&broken).map(drop);
    assert_eq!(result, Err((1, expected.to_owned())));
    let expected = "configuration: config_json: must be a JSON object";
    let result = Session::new("[]").map(drop);
    assert_eq!(result, Err((1, expected.to_owned())));
    assert_eq!(sandbox.requests().len(), 0);
}

#[test]
fn settings_take_effect_in_requests() {
    let sandbox = Sandbox::start().unwrap();
    let more = json!({
        "system": {
            "name": "acme",
            "version": "3.1.2",
            "plugin_name": "acme-webshop",
            "plugin_version": "4.5.6",
        },
        "retry": {"max_attempts": 2, "initial_backoff_ms": 0, "max_backoff_ms": 0},
        "max_response_bytes": 100_000,
        "user_agent_suffix": "acme-billing/2.1",
        "access_token": {"secret": "saved", "expires_at": 4_102_444_800_u64},
    });
    let session = Session::new(&changed(&sandbox, more)).unwrap();
    // The 401 makes the session fetch a new token and retry.
    sandbox.fault("GET *", 1, Fault::status(503));
    sandbox.fault("GET *", 1, Fault::status(401));
    assert_eq!(list(&session), (0, String::new()));
    let requests = sandbox.requests();
    let lines: Vec<String> = requests
        .iter()
        .map(|request| {
            let token = request.header("authorization").unwrap_or("none");
            let token = if token == "Bearer saved" {
                "saved"
            } else {
                "other"
            };
            format!("{} {} {token}", request.method, request.path)
        })
        .collect();
    let get = "GET /management/v1/sales-units";
    assert_eq!(
        lines,
        [
            format!("{get} saved"),
            format!("{get} saved"),
            "POST /accesstoken/get other".to_owned(),
            format!("{get} other")
        ]
    );
    for (name, value) in [
        ("vipps-system-name", "acme"),
        ("vipps-system-version", "3.1.2"),
        ("vipps-system-plugin-name", "acme-webshop"),
        ("vipps-system-plugin-version", "4.5.6"),
        ("merchant-serial-number", "123456"),
    ] {
        assert_eq!(requests[3].header(name), Some(value));
    }
    let user_agent = format!("vipps-rust/{} acme-billing/2.1", env!("CARGO_PKG_VERSION"));
    assert_eq!(requests[3].header("user-agent"), Some(user_agent.as_str()));

    let small = Session::new(&changed(&sandbox, json!({"max_response_bytes": 10}))).unwrap();
    let (status, message) = list(&small);
    assert_eq!(status, 17, "{message}");

    let once = json!({"retry": {"max_attempts": 1}});
    let once = Session::new(&changed(&sandbox, once)).unwrap();
    sandbox.clear_requests();
    sandbox.fault("GET *", 1, Fault::status(503));
    assert_eq!(list(&once).0, 11);
    assert_eq!(sandbox.count("GET *"), 1);

    let keys = json!({
        "keys": "management",
        "client_id": "sandbox-management-id",
        "client_secret": "sandbox-mgmt-secret",
        "subscription_key": null,
        "proxy": null,
    });
    sandbox.clear_requests();
    let management = Session::new(&changed(&sandbox, keys)).unwrap();
    assert_eq!(list(&management), (0, String::new()));
    assert_eq!(sandbox.requests()[0].path, "/miami/v1/token");
}

#[test]
fn other_settings_take_effect() {
    let sandbox = Sandbox::start().unwrap();
    let from_json = |changes: Value| Session::new(&changed(&sandbox, changes)).map(drop);
    for valid in [
        json!({"timeout_ms": 86_400_000}),
        json!({"connect_timeout_ms": 86_400_000}),
        json!({"base_url": "http://example.com", "allow_plain_http": true}),
    ] {
        assert_eq!(from_json(valid), Ok(()));
    }
    for (backend, is_compiled_in) in [
        ("rustls", cfg!(feature = "rustls")),
        ("native-tls", cfg!(feature = "native-tls")),
    ] {
        let message = format!(
            "configuration: tls_backend: \"{backend}\" requires the feature `{backend}` \
             of this library, which is not enabled"
        );
        let expected = if is_compiled_in {
            Ok(())
        } else {
            Err((1, message))
        };
        assert_eq!(from_json(json!({"tls_backend": backend})), expected);
    }
    for (environment, host) in [("production", "api.vipps.no"), ("test", "apitest.vipps.no")] {
        let sent = sent_to_a_proxy(|proxy| {
            let settings = json!({
                "base_url": null,
                "environment": environment,
                "proxy": proxy,
                "retry": {"max_attempts": 1},
            });
            Session::new(&changed(&sandbox, settings))
        });
        assert_eq!(sent, format!("CONNECT {host}:443 HTTP/1.1"));
    }
}

#[test]
fn secrets_in_replies_are_redacted() {
    let sandbox = Sandbox::start().unwrap();
    let session = Session::new(&config(&sandbox)).unwrap();
    let body = r#"{"title":"No","detail":"sandbox-client-secret and sandbox-key-1"}"#;
    sandbox.fault("GET *", 1, Fault::json(400, body));
    let mut reply: *mut vipps_reply = ptr::null_mut();
    // SAFETY: the session and the strings outlive the call.
    let result = call(|error| unsafe {
        let (method, path) = (c"GET".as_ptr(), c"/x".as_ptr());
        let none = (ptr::null(), ptr::null());
        vipps_request(
            session.0,
            method,
            path,
            none.0,
            none.1,
            0,
            &raw mut reply,
            error,
        )
    });
    assert!(reply.is_null());
    assert_eq!(
        result,
        (
            9,
            "GET /x: 400 Bad Request: No: [redacted] and [redacted]".to_owned()
        )
    );
}

/// The settings for a sandbox with some changes; `null` removes a setting.
fn changed(sandbox: &Sandbox, changes: Value) -> String {
    let mut config: Value = serde_json::from_str(&config(sandbox)).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        config[name] = value.clone();
        if value.is_null() {
            config.as_object_mut().unwrap().remove(name);
        }
    }
    config.to_string()
}

#[test]
fn keys_from_the_environment_cannot_be_overridden() {
    let read = |json: &str| crate::config::from_env(json).map(drop);
    for (name, value) in [
        ("keys", json!("management")),
        ("client_id", json!("id")),
        ("client_secret", json!("secret")),
        ("subscription_key", json!("key")),
    ] {
        let config = json!({"system": {"name": "acme", "version": "1"}, name: value});
        let error = read(&config.to_string()).unwrap_err();
        let json = vipps_error::new(&error);
        let mut text = ptr::null();
        // SAFETY: `json` outlives its text.
        let message = unsafe {
            vipps_error_message(&raw const json, &raw mut text);
            CStr::from_ptr(text).to_str().unwrap()
        };
        let expected =
            format!("configuration: {name}: must not be set: keys are read from the environment");
        assert_eq!(message, expected);
    }
}
