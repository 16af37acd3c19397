//! Sessions from JSON: what is refused, in which words, and what goes out.

use std::ffi::CString;
use std::ptr;

use serde_json::{Value, json};

use vipps::sandbox::{Fault, Sandbox};

use crate::builder::vipps_session_builder_new_from_json;
use crate::endpoints::vipps_raw;
use crate::tests::handles::{Builder, Session, asked_of_a_proxy, call, list};
use crate::tests::support::config;

#[test]
fn a_wrong_setting_is_named_and_its_value_is_not_shown() {
    let sandbox = Sandbox::start().unwrap();
    let secret = "s3cret-s3cret";
    for (changes, message) in [
        (json!({"clientId": null}), "clientId: must be set"),
        (json!({"clientSecret": null}), "clientSecret: must be set"),
        (
            json!({"clientSecret": [secret]}),
            "clientSecret: must be a string",
        ),
        (
            json!({"clientSecret": format!("{secret}\n")}),
            "clientSecret: must be visible ASCII, and has a line break at 14",
        ),
        (
            json!({"subscriptionKey": null}),
            "subscriptionKey: must be set",
        ),
        (
            json!({"subscriptionKey": {"key": secret}}),
            "subscriptionKey: must be a string",
        ),
        (
            json!({"keys": secret}),
            "keys: must be `standard` or `management`",
        ),
        (
            json!({"keys": "management"}),
            "subscriptionKey: must not be set for management keys: the token endpoint refuses it",
        ),
        (json!({"systemName": null}), "systemName: must be set"),
        (
            json!({"systemVersion": 3}),
            "systemVersion: must be a string",
        ),
        (
            json!({"systemVersion": ""}),
            "systemVersion: must not be empty",
        ),
        (
            json!({"systemPluginName": "acme-webshop"}),
            "systemPluginVersion: must be set: a plugin has both a name and a version",
        ),
        (
            json!({"systemPluginVersion": "4.5.6"}),
            "systemPluginName: must be set: a plugin has both a name and a version",
        ),
        (
            json!({"systemPluginName": "a\tb", "systemPluginVersion": "4.5.6"}),
            "systemPluginName: must be visible ASCII, and has a control character at 2",
        ),
        (
            json!({"environment": "prod"}),
            "environment: must be `production` or `test`",
        ),
        (
            json!({"baseUrl": "http://example.com"}),
            "baseUrl: must be https: keys and tokens would cross the network in the clear. http is for loopback addresses, and others with \"allowPlainHttp\": true",
        ),
        (
            json!({"baseUrl": format!("https://acme:{secret}@example.com")}),
            "baseUrl: must not hold user information; keys are settings of their own",
        ),
        (
            json!({"allowPlainHttp": "yes"}),
            "allowPlainHttp: must be true or false",
        ),
        (
            json!({"merchantSerialNumber": "12"}),
            "merchantSerialNumber: must be 4 to 10 digits",
        ),
        (
            json!({"merchantSerialNumber": 123456}),
            "merchantSerialNumber: must be a string",
        ),
        (
            json!({"timeoutMs": -1}),
            "timeoutMs: must be a whole number, and not negative",
        ),
        (
            json!({"timeoutMs": 0}),
            "timeoutMs: must be from 1 millisecond to 24 hours, not 0ns",
        ),
        (
            json!({"timeoutMs": 86_400_001}),
            "timeoutMs: must be from 1 millisecond to 24 hours, not 86400.001s",
        ),
        (
            json!({"connectTimeoutMs": 0}),
            "connectTimeoutMs: must be from 1 millisecond to 24 hours, not 0ns",
        ),
        (
            json!({"connectTimeoutMs": 86_400_001}),
            "connectTimeoutMs: must be from 1 millisecond to 24 hours, not 86400.001s",
        ),
        (
            json!({"connectTimeoutMs": "1"}),
            "connectTimeoutMs: must be a whole number, and not negative",
        ),
        (json!({"retry": 3}), "retry: must be an object"),
        (
            json!({"retry": {"maxAttempts": 1.5}}),
            "retry.maxAttempts: must be a whole number, and not negative",
        ),
        (
            json!({"retry": {"attempts": 1}}),
            "retry.attempts: is not a setting",
        ),
        (
            json!({"proxy": "socks5://127.0.0.1:1"}),
            "proxy: must be an http or https proxy; SOCKS is not supported",
        ),
        (
            json!({"proxy": "http://proxy.example.com:8080"}),
            "proxy: must be on this machine where baseUrl is plain http: keys and tokens would cross the network in the clear. It may be elsewhere with \"allowPlainHttp\": true",
        ),
        (
            json!({"tlsBackend": "openssl"}),
            "tlsBackend: must be `rustls` or `native-tls`",
        ),
        (
            json!({"rootCertificates": secret}),
            "rootCertificates: must hold at least one PEM certificate (-----BEGIN CERTIFICATE-----)",
        ),
        (
            json!({"maxResponseBytes": 0}),
            "maxResponseBytes: must be at least 1",
        ),
        (
            json!({"userAgentSuffix": "a\tb"}),
            "userAgentSuffix: must be visible ASCII, and has a control character at 2",
        ),
        (
            json!({"accessToken": {"token": "", "expiresInMs": 1}}),
            "accessToken.token: must not be empty",
        ),
        (
            json!({"accessToken": {"token": secret}}),
            "accessToken.expiresInMs: must be set",
        ),
        (
            json!({"accessToken": {"token": secret, "expiresIn": 1, "expiresInMs": 1}}),
            "accessToken.expiresIn: is not a setting",
        ),
        (
            json!({"clientsecret": secret}),
            "clientsecret: is not a setting",
        ),
    ] {
        let expected = format!("configuration: {message}");
        let result = Session::from_json(&changed(&sandbox, changes)).map(drop);
        assert_eq!(result, Err((1, expected)));
    }
    for (twice, name) in [
        (r#", "clientSecret": "s3cret-s3cret""#, "clientSecret"),
        (r#", "timeoutMs": 1, "timeoutMs": null"#, "timeoutMs"),
        (r#", "proxy": null, "proxy": null"#, "proxy"),
        (
            r#", "retry": {"maxAttempts": 1, "maxAttempts": 2}"#,
            "retry.maxAttempts",
        ),
    ] {
        let good = config(&sandbox);
        let config = format!("{}{twice}}}", good.strip_suffix('}').unwrap());
        let why = format!("configuration: {name}: must be there once, and is there again");
        let result = Session::from_json(&config).map(drop);
        assert_eq!(result, Err((1, why)));
    }
    let broken = format!("{{\"clientSecret\": \"{secret}\n");
    let why = "configuration: config_json: must be JSON, and is not at line 2 column 0";
    assert_eq!(
        Session::from_json(&broken).map(drop),
        Err((1, why.to_owned()))
    );
    let why = "configuration: config_json: must be an object";
    assert_eq!(Session::from_json("[]").map(drop), Err((1, why.to_owned())));
    assert_eq!(sandbox.requests().len(), 0);
}

#[test]
fn what_json_sets_is_seen_in_the_requests() {
    let sandbox = Sandbox::start().unwrap();
    let more = json!({
        "systemPluginName": "acme-webshop",
        "systemPluginVersion": "4.5.6",
        "retry": {"maxAttempts": 2, "initialBackoffMs": 0, "maxBackoffMs": 0},
        "maxResponseBytes": 100_000,
        "userAgentSuffix": "acme-billing/2.1",
        "accessToken": {"token": "kept", "expiresInMs": 3_600_000},
    });
    let session = Session::from_json(&changed(&sandbox, more)).unwrap();
    // The kept token is not the sandbox's: a new one is fetched, and the call is repeated.
    sandbox.fault("GET *", 1, Fault::status(503));
    sandbox.fault("GET *", 1, Fault::status(401));
    assert_eq!(list(&session), (0, String::new()));
    let requests = sandbox.requests();
    let lines: Vec<String> = requests
        .iter()
        .map(|request| {
            let token = request.header("authorization").unwrap_or("none");
            let token = if token == "Bearer kept" {
                "kept"
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
            format!("{get} kept"),
            format!("{get} kept"),
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

    let small = Session::from_json(&changed(&sandbox, json!({"maxResponseBytes": 10}))).unwrap();
    let (status, message) = list(&small);
    assert_eq!(status, 17, "{message}");

    let once = json!({"retry": {"maxAttempts": 1}});
    let once = Session::from_json(&changed(&sandbox, once)).unwrap();
    sandbox.clear_requests();
    sandbox.fault("GET *", 1, Fault::status(503));
    assert_eq!(list(&once).0, 11);
    assert_eq!(sandbox.count("GET *"), 1);

    let keys = json!({
        "keys": "management",
        "clientId": "sandbox-management-id",
        "clientSecret": "sandbox-mgmt-secret",
        "subscriptionKey": null,
        "proxy": null,
    });
    sandbox.clear_requests();
    let management = Session::from_json(&changed(&sandbox, keys)).unwrap();
    assert_eq!(list(&management), (0, String::new()));
    assert_eq!(sandbox.requests()[0].path, "/miami/v1/token");
}

/// What no request shows.
#[test]
fn what_json_sets_beside_the_requests_has_its_effect() {
    let sandbox = Sandbox::start().unwrap();
    let from_json = |changes: Value| Session::from_json(&changed(&sandbox, changes)).map(drop);
    for at_most in [
        json!({"timeoutMs": 86_400_000}),
        json!({"connectTimeoutMs": 86_400_000}),
        json!({"baseUrl": "http://example.com", "allowPlainHttp": true}),
    ] {
        assert_eq!(from_json(at_most), Ok(()));
    }
    for (backend, is_there, name) in [
        ("rustls", cfg!(feature = "rustls"), "rustls"),
        ("native-tls", cfg!(feature = "native-tls"), "native-tls"),
    ] {
        let why = format!(
            "configuration: tlsBackend: \"{name}\" needs the feature `{name}` of the vipps crate, which is not compiled in"
        );
        let expected = if is_there { Ok(()) } else { Err((1, why)) };
        assert_eq!(from_json(json!({"tlsBackend": backend})), expected);
    }
    for (environment, host) in [("production", "api.vipps.no"), ("test", "apitest.vipps.no")] {
        let asked = asked_of_a_proxy(|proxy| {
            let settings = json!({"baseUrl": null, "environment": environment, "proxy": proxy, "retry": {"maxAttempts": 1}});
            Session::from_json(&changed(&sandbox, settings))
        });
        assert_eq!(asked, format!("CONNECT {host}:443 HTTP/1.1"));
    }

    let settings = json!({
        "timeoutMs": 20_000,
        "retry": {"maxAttempts": 2, "initialBackoffMs": 3, "maxBackoffMs": 5},
    });
    let settings = CString::new(changed(&sandbox, settings)).unwrap();
    let mut builder = ptr::null_mut();
    // SAFETY: the text outlives the call; the builder is freed once, by what is made of it.
    let result = call(|error| unsafe {
        vipps_session_builder_new_from_json(settings.as_ptr(), &raw mut builder, error)
    });
    assert_eq!(result, (0, String::new()));
    assert_eq!(
        Builder(builder).settings(),
        "timeout: 20s, retry: RetryPolicy { max_attempts: 2, initial_backoff: 3ms, max_backoff: 5ms, seed: None }, .. }"
    );
}

/// What a server repeats of a secret does not get into C either.
#[test]
fn errors_and_json_of_c_hold_no_secret() {
    let sandbox = Sandbox::start().unwrap();
    let session = Session::from_json(&config(&sandbox)).unwrap();
    let body = r#"{"title":"No","detail":"sandbox-client-secret and sandbox-key-1"}"#;
    sandbox.fault("GET *", 1, Fault::json(400, body));
    let mut json = ptr::null_mut();
    // SAFETY: the session is there.
    let result = call(|error| unsafe {
        let (method, path) = (c"GET".as_ptr(), c"/x".as_ptr());
        vipps_raw(session.0, method, path, ptr::null(), &raw mut json, error)
    });
    assert!(json.is_null());
    assert_eq!(
        result,
        (
            9,
            "GET /x: 400 Bad Request: No: [redacted] and [redacted]".to_owned()
        )
    );
}

/// The settings of a sandbox with some changed; `null` takes one out.
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
