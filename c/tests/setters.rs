//! Sessions with setters: what is refused, in which words, and what goes out.

use std::ffi::CString;
use std::ptr;

use vipps::sandbox::{Fault, Sandbox};

use crate::builder::*;
use crate::settings::vipps_system_info;
use crate::tests::handles::{Builder, asked_of_a_proxy, call, list};

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
    sandbox.fault("GET *", 1, Fault::status(503));
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
    sandbox.fault("GET *", 1, Fault::status(503));
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
            refused("token: must be visible ASCII, and has a line break at 14")
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
            "timeout: 60s, retry: RetryPolicy { max_attempts: 2, initial_backoff: 3ms, max_backoff: 5ms, seed: None }, .. }"
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
