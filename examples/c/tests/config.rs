//! Sessions from JSON and with setters: what is refused, in which words, and what goes out.

use std::ffi::{CStr, CString, c_char, c_int};
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::{ptr, thread};

use serde_json::{Value, json};

use vipps::sandbox::Sandbox;

use crate::builder::*;
use crate::endpoints::{vipps_list_sales_units, vipps_raw};
use crate::error::{vipps_error, vipps_error_free, vipps_error_message};
use crate::session::{vipps_session, vipps_session_free, vipps_session_new_from_json};
use crate::settings::vipps_system_info;
use crate::support::config;

type ErrorOut = *mut *mut vipps_error;

/// What a call returns, with its error's message.
fn call(call: impl FnOnce(ErrorOut) -> c_int) -> (c_int, String) {
    let mut error = ptr::null_mut();
    let status = call(&raw mut error);
    let mut message: *const c_char = ptr::null();
    // SAFETY: the error is the library's, or NULL.
    let message = unsafe {
        vipps_error_message(error, &raw mut message);
        let text = match message.is_null() {
            true => String::new(),
            false => CStr::from_ptr(message).to_str().unwrap().to_owned(),
        };
        vipps_error_free(error);
        text
    };
    (status, message)
}

/// A session of these settings that lives as long as this.
struct Session(*mut vipps_session);

impl Session {
    fn from_json(config: &str) -> Result<Self, (c_int, String)> {
        let config = CString::new(config).unwrap();
        let mut session = ptr::null_mut();
        // SAFETY: the pointers live as long as the call.
        let result = call(|error| unsafe {
            vipps_session_new_from_json(config.as_ptr(), &raw mut session, error)
        });
        match result.0 {
            0 => Ok(Self(session)),
            _ => Err(result),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: it is freed once.
        unsafe { vipps_session_free(self.0) }
    }
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
        "retry": {"maxAttempts": 2, "firstWaitMs": 0, "longestWaitMs": 0},
        "maxResponseBytes": 100_000,
        "userAgentSuffix": "acme-billing/2.1",
        "accessToken": {"token": "kept", "expiresInMs": 3_600_000},
    });
    let session = Session::from_json(&changed(&sandbox, more)).unwrap();
    // The kept token is not the sandbox's: a new one is fetched, and the call is repeated.
    sandbox.fault("GET *", 1, vipps::sandbox::Fault::status(503));
    sandbox.fault("GET *", 1, vipps::sandbox::Fault::status(401));
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
    sandbox.fault("GET *", 1, vipps::sandbox::Fault::status(503));
    assert_eq!(list(&once).0, 11);
    assert_eq!(sandbox.count("GET *"), 1);

    let keys = json!({
        "keys": "management",
        "clientId": "sandbox-management-id",
        "clientSecret": "sandbox-management-secret",
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
        "retry": {"maxAttempts": 2, "firstWaitMs": 3, "longestWaitMs": 5},
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
        "timeout: 20s, retry: RetryPolicy { max_attempts: 2, first_wait: 3ms, longest_wait: 5ms, seed: None }, .. }"
    );
}

/// The first line that a session with this proxy sends to it.
fn asked_of_a_proxy(session: impl FnOnce(&str) -> Result<Session, (c_int, String)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let session = session(&format!("http://{address}")).map_err(|(_, message)| message);
    let session = session.unwrap();
    let proxy = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line
    });
    assert_ne!(list(&session).0, 0);
    // For a session that asked nothing of it.
    drop(TcpStream::connect(address));
    proxy.join().unwrap().trim_end().to_owned()
}

fn list(session: &Session) -> (c_int, String) {
    let mut json = ptr::null_mut();
    // SAFETY: the session is there, and the string is freed once.
    call(|error| unsafe {
        let status = vipps_list_sales_units(session.0, &raw mut json, error);
        crate::string::vipps_string_free(json);
        status
    })
}

/// A builder that is freed with this.
struct Builder(*mut vipps_session_builder);

impl Builder {
    fn new() -> Self {
        let system = system_info();
        let mut builder = ptr::null_mut();
        let (id, secret) = (c"sandbox-client-id", c"sandbox-client-secret");
        let key = c"sandbox-subscription-key-1";
        // SAFETY: the texts outlive the call.
        let result = call(|error| unsafe {
            let (id, secret, key) = (id.as_ptr(), secret.as_ptr(), key.as_ptr());
            vipps_session_builder_new(id, secret, key, &raw const system, &raw mut builder, error)
        });
        assert_eq!(result, (0, String::new()));
        Self(builder)
    }

    /// A new one with one more setting.
    fn with(set: impl FnOnce(*mut vipps_session_builder, ErrorOut) -> c_int) -> Self {
        let builder = Self::new();
        assert_eq!(call(|error| set(builder.0, error)), (0, String::new()));
        builder
    }

    /// Of what it shows of itself, the end.
    fn settings(&self) -> String {
        // SAFETY: the builder is there.
        let shown = unsafe { format!("{:?}", (*self.0).settings.as_ref().unwrap()) };
        shown[shown.find("timeout: ").unwrap()..].to_owned()
    }

    fn build(&self) -> Result<Session, (c_int, String)> {
        let mut session = ptr::null_mut();
        // SAFETY: the builder is there.
        let result =
            call(|error| unsafe { vipps_session_builder_build(self.0, &raw mut session, error) });
        match result.0 {
            0 => Ok(Session(session)),
            _ => Err(result),
        }
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        // SAFETY: it is freed once.
        unsafe { vipps_session_builder_free(self.0) }
    }
}

fn system_info() -> vipps_system_info {
    vipps_system_info {
        name: c"acme".as_ptr(),
        version: c"3.1.2".as_ptr(),
        plugin_name: c"acme-webshop".as_ptr(),
        plugin_version: c"4.5.6".as_ptr(),
    }
}

#[test]
fn what_setters_set_is_seen_in_the_requests() {
    let sandbox = Sandbox::start().unwrap();
    let url = CString::new(sandbox.url()).unwrap();
    let done = (0, String::new());
    let builder = Builder::new();
    let b = builder.0;
    // SAFETY: the builder is there, and the texts outlive their calls.
    unsafe {
        assert_eq!(
            call(|e| vipps_session_builder_base_url(b, url.as_ptr(), e)),
            done
        );
        assert_eq!(
            call(|e| vipps_session_builder_merchant_serial_number(b, c"654321".as_ptr(), e)),
            done
        );
        assert_eq!(call(|e| vipps_session_builder_retry(b, 2, 0, 0, e)), done);
        assert_eq!(
            call(|e| vipps_session_builder_max_response_bytes(b, 100_000, e)),
            done
        );
        assert_eq!(
            call(|e| vipps_session_builder_user_agent_suffix(b, c"acme-billing/2.1".as_ptr(), e)),
            done
        );
        assert_eq!(
            call(|e| vipps_session_builder_access_token(b, c"kept".as_ptr(), 3_600_000, e)),
            done
        );
    }
    let session = builder.build().map_err(|(_, message)| message).unwrap();
    sandbox.fault("GET *", 1, vipps::sandbox::Fault::status(503));
    assert_eq!(list(&session), done);
    let requests = sandbox.requests();
    assert_eq!(requests.len(), 4);
    assert_eq!(requests[0].header("authorization"), Some("Bearer kept"));
    assert_eq!(requests[3].header("merchant-serial-number"), Some("654321"));
    assert_eq!(
        requests[3].header("vipps-system-plugin-name"),
        Some("acme-webshop")
    );
    let user_agent = format!("vipps-rust/{} acme-billing/2.1", env!("CARGO_PKG_VERSION"));
    assert_eq!(requests[3].header("user-agent"), Some(user_agent.as_str()));

    // Once repeated is all that was asked for, and then not even that.
    let builder = Builder::new();
    // SAFETY: as above.
    unsafe {
        assert_eq!(
            call(|e| vipps_session_builder_base_url(builder.0, url.as_ptr(), e)),
            done
        );
        assert_eq!(call(|e| vipps_session_builder_no_retry(builder.0, e)), done);
    }
    let session = builder.build().map_err(|(_, message)| message).unwrap();
    sandbox.clear_requests();
    sandbox.fault("GET *", 1, vipps::sandbox::Fault::status(503));
    assert_eq!(list(&session).0, 11);
    assert_eq!(sandbox.count("GET *"), 1);
}

#[test]
fn a_setter_that_fails_leaves_the_builder_as_it_was() {
    let sandbox = Sandbox::start().unwrap();
    let url = CString::new(sandbox.url()).unwrap();
    let builder = Builder::new();
    let b = builder.0;
    let refused = |message: &str| (2, format!("invalid input: {message}"));
    // SAFETY: the builder is there, and the texts outlive their calls.
    unsafe {
        assert_eq!(
            call(|e| vipps_session_builder_base_url(b, url.as_ptr(), e)).0,
            0
        );
        assert_eq!(
            call(|e| vipps_session_builder_environment(b, 2, e)),
            refused("environment: must be VIPPS_PRODUCTION or VIPPS_TEST, not 2")
        );
        assert_eq!(
            call(|e| vipps_session_builder_tls_backend(b, -1, e)),
            refused("backend: must be VIPPS_RUSTLS or VIPPS_NATIVE_TLS, not -1")
        );
        assert_eq!(
            call(|e| vipps_session_builder_merchant_serial_number(b, c"12".as_ptr(), e)),
            refused("msn: must be 4 to 10 digits, not \"12\"")
        );
        assert_eq!(
            call(|e| vipps_session_builder_access_token(b, c"s3cret s3cret\n".as_ptr(), 1, e)),
            refused("access_token: must be visible ASCII, and has a line break at 14")
        );
    }
    let session = builder.build().map_err(|(_, message)| message).unwrap();
    assert_eq!(list(&session), (0, String::new()));

    // It is spent.
    let spent = refused("builder: has been built already: make a new one");
    assert_eq!(builder.build().map(drop), Err(spent.clone()));
    // SAFETY: as above.
    unsafe {
        assert_eq!(call(|e| vipps_session_builder_no_retry(b, e)), spent);
        assert_eq!(call(|e| vipps_session_builder_tls_backend(b, 0, e)), spent);
        assert_eq!(call(|e| vipps_session_builder_proxy_from_env(b, e)), spent);
    }
}

/// What no request shows: each setter by itself, with a value that only the build can refuse.
#[test]
fn what_setters_set_beside_the_requests_has_its_effect() {
    let built = |builder: Builder| builder.build().map(drop);
    let refused = |message: &str| Err((1, format!("configuration: {message}")));
    let plain = c"http://example.com".as_ptr();
    // SAFETY: the builder is there, and the texts outlive their calls.
    unsafe {
        assert_eq!(
            built(Builder::with(|b, e| vipps_session_builder_base_url(
                b, plain, e
            ))),
            refused(
                "base_url: must be https: keys and tokens would cross the network in the clear. http is for loopback addresses, and others with vipps_session_builder_allow_plain_http()"
            )
        );
        let allowed = Builder::with(|b, e| vipps_session_builder_base_url(b, plain, e));
        assert_eq!(
            vipps_session_builder_allow_plain_http(allowed.0, ptr::null_mut()),
            0
        );
        assert_eq!(built(allowed), Ok(()));
        for (time, shown) in [
            (0, Some("0ns")),
            (86_400_000, None),
            (86_400_001, Some("86400.001s")),
        ] {
            let expected = |setting| match shown {
                Some(shown) => refused(&format!(
                    "{setting}: must be from 1 millisecond to 24 hours, not {shown}"
                )),
                None => Ok(()),
            };
            let builder = Builder::with(|b, e| vipps_session_builder_timeout_ms(b, time, e));
            assert_eq!(built(builder), expected("timeout_ms"));
            let builder =
                Builder::with(|b, e| vipps_session_builder_connect_timeout_ms(b, time, e));
            assert_eq!(built(builder), expected("connect_timeout_ms"));
        }
        assert_eq!(
            built(Builder::with(|b, e| {
                vipps_session_builder_max_response_bytes(b, 0, e)
            })),
            refused("max_response_bytes: must be at least 1")
        );
        assert_eq!(
            built(Builder::with(|b, e| {
                vipps_session_builder_root_certificates(b, b"none".as_ptr(), 4, e)
            })),
            refused(
                "root_certificates: must hold at least one PEM certificate (-----BEGIN CERTIFICATE-----)"
            )
        );
        assert_eq!(
            built(Builder::with(|b, e| vipps_session_builder_proxy(
                b,
                c"ftp://proxy".as_ptr(),
                e
            ))),
            refused("proxy: must be an address such as http://proxy.example.com:8080")
        );
        for (backend, is_there, constant, feature) in [
            (RUSTLS, cfg!(feature = "rustls"), "VIPPS_RUSTLS", "rustls"),
            (
                NATIVE_TLS,
                cfg!(feature = "native-tls"),
                "VIPPS_NATIVE_TLS",
                "native-tls",
            ),
        ] {
            let why = format!(
                "tls_backend: {constant} needs the feature `{feature}` of the vipps crate, which is not compiled in"
            );
            let expected = if is_there { Ok(()) } else { refused(&why) };
            assert_eq!(
                built(Builder::with(|b, e| vipps_session_builder_tls_backend(
                    b, backend, e
                ))),
                expected
            );
        }
        for (environment, host) in [(PRODUCTION, "api.vipps.no"), (TEST, "apitest.vipps.no")] {
            let asked = asked_of_a_proxy(|proxy| {
                let proxy = CString::new(proxy).unwrap();
                let builder =
                    Builder::with(|b, e| vipps_session_builder_environment(b, environment, e));
                let none = ptr::null_mut();
                assert_eq!(
                    vipps_session_builder_proxy(builder.0, proxy.as_ptr(), none),
                    0
                );
                assert_eq!(vipps_session_builder_no_retry(builder.0, none), 0);
                builder.build()
            });
            assert_eq!(asked, format!("CONNECT {host}:443 HTTP/1.1"));
        }
        let builder = Builder::with(|b, e| vipps_session_builder_retry(b, 2, 3, 5, e));
        assert_eq!(
            builder.settings(),
            "timeout: 60s, retry: RetryPolicy { max_attempts: 2, first_wait: 3ms, longest_wait: 5ms, seed: None }, .. }"
        );
    }
}

/// The members of the C struct are the headers of the same names.
#[test]
fn a_wrong_calling_system_is_named_as_in_the_struct() {
    let good = || c"acme".as_ptr();
    let bad = || c"a\tb".as_ptr();
    let none = ptr::null();
    let wrong = |member: &str| {
        let what = "must be visible ASCII, and has a control character at 2";
        (1, format!("configuration: system.{member}: {what}"))
    };
    let missing = |member: &str| {
        (
            -1,
            format!("invalid input: system.{member}: must not be NULL"),
        )
    };
    for ([name, version, plugin_name, plugin_version], expected) in [
        ([bad(), good(), good(), good()], wrong("name")),
        ([good(), bad(), good(), good()], wrong("version")),
        ([good(), good(), bad(), good()], wrong("plugin_name")),
        ([good(), good(), good(), bad()], wrong("plugin_version")),
        ([none, good(), good(), good()], missing("name")),
        ([good(), none, good(), good()], missing("version")),
        ([good(), good(), none, good()], missing("plugin_name")),
        ([good(), good(), good(), none], missing("plugin_version")),
        ([good(), good(), none, none], (0, String::new())),
    ] {
        let system = vipps_system_info {
            name,
            version,
            plugin_name,
            plugin_version,
        };
        let mut builder = ptr::null_mut();
        // SAFETY: the texts outlive the call, and the builder is freed once.
        let result = call(|error| unsafe {
            let (id, secret) = (c"id".as_ptr(), c"secret".as_ptr());
            let system = &raw const system;
            let status =
                vipps_session_builder_new_management(id, secret, system, &raw mut builder, error);
            vipps_session_builder_free(builder);
            status
        });
        assert_eq!(result, expected);
    }
}

/// What a server repeats of a secret does not get into C either.
#[test]
fn errors_and_json_of_c_hold_no_secret() {
    let sandbox = Sandbox::start().unwrap();
    let session = Session::from_json(&config(&sandbox)).unwrap();
    let body = r#"{"title":"No","detail":"sandbox-client-secret and sandbox-subscription-key-1"}"#;
    sandbox.fault("GET *", 1, vipps::sandbox::Fault::json(400, body));
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
