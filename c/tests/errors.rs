//! Errors: C is told all that Rust is told.

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;

use serde_json::json;

use vipps::sandbox::{Fault, Sandbox};
use vipps::{Delivery, Error, RetryPolicy};

use crate::builder::{
    vipps_session_builder_build, vipps_session_builder_free, vipps_session_builder_new_from_json,
    vipps_session_builder_no_retry,
};
use crate::endpoints::vipps_raw;
use crate::error::*;
use crate::session::vipps_session_free;
use crate::tests::support::config;

/// All that an error says, in one form for both.
#[derive(Debug, PartialEq)]
struct Told {
    status: c_int,
    kind_name: Option<String>,
    message: Option<String>,
    method: Option<String>,
    path: Option<String>,
    http_status: c_int,
    code: Option<String>,
    trace_id: Option<String>,
    delivery: c_int,
    is_retryable: bool,
    retry_after_ms: i64,
    field_problems: Option<String>,
}

fn told_to_rust(error: &Error) -> Told {
    Told {
        status: error.kind() as c_int,
        kind_name: Some(format!("{:?}", error.kind())),
        message: Some(error.to_string()),
        method: error.method().map(str::to_owned),
        path: error.path().map(str::to_owned),
        http_status: error.status().map_or(0, c_int::from),
        code: error.code().map(str::to_owned),
        trace_id: error.trace_id().map(str::to_owned),
        delivery: match error.delivery() {
            Delivery::NotSent => 0,
            Delivery::Unknown => 1,
            Delivery::Answered => 2,
            other => panic!("{other:?}"),
        },
        is_retryable: error.is_retryable(),
        retry_after_ms: error
            .retry_after()
            .map_or(-1, |wait| i64::try_from(wait.as_millis()).unwrap()),
        field_problems: Some(json!(error.field_problems()).to_string()),
    }
}

/// Reads an error and frees it.
fn told_to_c(error: *mut vipps_error) -> Told {
    let text = |read: unsafe extern "C" fn(_, _) -> c_int| {
        let mut text: *const c_char = ptr::null();
        // SAFETY: the error is there, and so is its text.
        unsafe {
            assert_eq!(read(error.cast_const(), &raw mut text), 0);
            (!text.is_null()).then(|| CStr::from_ptr(text).to_str().unwrap().to_owned())
        }
    };
    let (mut status, mut http_status, mut delivery) = (-7, -7, -7);
    let (mut is_retryable, mut retry_after_ms) = (false, -7);
    // SAFETY: as above; it is freed once, after it was read.
    unsafe {
        assert_eq!(vipps_error_status(error, &raw mut status), 0);
        assert_eq!(vipps_error_http_status(error, &raw mut http_status), 0);
        assert_eq!(vipps_error_delivery(error, &raw mut delivery), 0);
        assert_eq!(vipps_error_is_retryable(error, &raw mut is_retryable), 0);
        assert_eq!(
            vipps_error_retry_after_ms(error, &raw mut retry_after_ms),
            0
        );
    }
    let told = Told {
        status,
        kind_name: text(vipps_error_kind_name),
        message: text(vipps_error_message),
        method: text(vipps_error_method),
        path: text(vipps_error_path),
        http_status,
        code: text(vipps_error_code),
        trace_id: text(vipps_error_trace_id),
        delivery,
        is_retryable,
        retry_after_ms,
        field_problems: text(vipps_error_field_problems),
    };
    // SAFETY: as above.
    unsafe { vipps_error_free(error) };
    told
}

#[test]
fn an_error_tells_c_all_that_it_tells_rust() {
    let sandbox = Sandbox::start().unwrap();
    let rust = sandbox.session_builder().unwrap();
    let rust = rust.retry(RetryPolicy::none()).build().unwrap();
    rust.access_token().unwrap();
    let config = CString::new(config(&sandbox)).unwrap();
    let (mut builder, mut c) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the pointers are the library's or this test's, and are freed once.
    unsafe {
        let none = ptr::null_mut();
        let text = config.as_ptr();
        assert_eq!(
            vipps_session_builder_new_from_json(text, &raw mut builder, none),
            0
        );
        assert_eq!(vipps_session_builder_no_retry(builder, none), 0);
        assert_eq!(vipps_session_builder_build(builder, &raw mut c, none), 0);
        vipps_session_builder_free(builder);
    }

    let problem = r#"{"type":"about:blank","title":"Bad","detail":"Two fields","code":"E7","traceId":"abc-1","invalidParams":[{"name":"a","reason":"is \"b\""},{"name":"c","reason":"is d"}]}"#;
    let cases = [
        ("GET", "/x?y=1", None, Fault::json(400, problem)),
        ("POST", "/x", Some(c"{}"), Fault::json(422, problem)),
        ("GET", "/busy", None, Fault::status_retry_after(429, "90")),
        ("DELETE", "/x", None, Fault::status_retry_after(503, "0")),
        ("POST", "/x", Some(c"{}"), Fault::LoseReply),
        ("GET", "/x", None, Fault::LoseReply),
        ("PUT", "/x", Some(c"{}"), Fault::HtmlBadGateway),
        ("GET", "/x", None, Fault::json(200, "{\"a\": ")),
    ];
    let mut all = Vec::new();
    for (method, path, body, fault) in cases {
        sandbox.fault(&format!("{method} {path}"), 2, fault);
        let request = rust.request(method, path);
        let request = match body {
            Some(body) => request.body("application/json", body.to_bytes()),
            None => request,
        };
        let expected = request
            .send()
            .and_then(|reply| reply.json::<serde_json::Value>());
        let expected = expected.unwrap_err();

        let (c_method, c_path) = (CString::new(method).unwrap(), CString::new(path).unwrap());
        let body = body.map_or(ptr::null(), CStr::as_ptr);
        let (mut json, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the texts outlive the call.
        let status = unsafe {
            let (json, error) = (&raw mut json, &raw mut error);
            vipps_raw(c, c_method.as_ptr(), c_path.as_ptr(), body, json, error)
        };
        assert!(json.is_null());
        assert_eq!(status, expected.kind() as c_int, "{method} {path}");
        let told = told_to_c(error);
        assert_eq!(told, told_to_rust(&expected), "{method} {path}");
        all.push(told);
    }
    // Each has something to tell somewhere.
    assert!(all.iter().any(|told| told.code.is_some()));
    assert!(all.iter().any(|told| told.trace_id.is_some()));
    assert!(
        all.iter()
            .any(|told| told.delivery == 1 && told.is_retryable)
    );
    assert!(
        all.iter()
            .any(|told| told.delivery == 1 && !told.is_retryable)
    );
    assert!(all.iter().any(|told| told.retry_after_ms == 90_000));
    assert!(
        all.iter()
            .any(|told| told.field_problems.as_deref() != Some("[]"))
    );
    // SAFETY: it is freed once.
    unsafe { vipps_session_free(c) };
}
