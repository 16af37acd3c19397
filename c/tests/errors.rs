//! Errors in C carry all that the crate's errors do.

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;

use serde_json::{Value, json};

use vipps::sandbox::{Fault, Sandbox};
use vipps::{Delivery, Error, RetryPolicy};

use crate::error::*;
use crate::request::vipps_request;
use crate::tests::handles::Session;
use crate::tests::support::config;

const OK: vipps_status = vipps_status::VIPPS_OK;

/// What the functions of an error return.
#[derive(Debug, PartialEq)]
struct Fields {
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

fn rust_fields(error: &Error) -> Fields {
    Fields {
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

/// Reads an error from C, and frees it.
fn c_fields(error: *mut vipps_error) -> (Fields, Value) {
    let text = |read: unsafe extern "C" fn(_, _) -> vipps_status| {
        let mut text: *const c_char = ptr::null();
        // SAFETY: the error outlives its text.
        unsafe {
            assert_eq!(read(error.cast_const(), &raw mut text), OK);
            (!text.is_null()).then(|| CStr::from_ptr(text).to_str().unwrap().to_owned())
        }
    };
    let mut status = OK;
    let mut delivery = vipps_delivery::VIPPS_ANSWERED;
    let mut http_status = -7;
    let (mut is_retryable, mut retry_after_ms) = (false, -7);
    // SAFETY: as above.
    unsafe {
        assert_eq!(vipps_error_status(error, &raw mut status), OK);
        assert_eq!(vipps_error_http_status(error, &raw mut http_status), OK);
        assert_eq!(vipps_error_delivery(error, &raw mut delivery), OK);
        assert_eq!(vipps_error_is_retryable(error, &raw mut is_retryable), OK);
        assert_eq!(
            vipps_error_retry_after_ms(error, &raw mut retry_after_ms),
            OK
        );
    }
    let whole = text(vipps_error_json).unwrap();
    let fields = Fields {
        status: status as c_int,
        kind_name: text(vipps_error_kind_name),
        message: text(vipps_error_message),
        method: text(vipps_error_method),
        path: text(vipps_error_path),
        http_status,
        code: text(vipps_error_code),
        trace_id: text(vipps_error_trace_id),
        delivery: delivery as c_int,
        is_retryable,
        retry_after_ms,
        field_problems: text(vipps_error_field_problems),
    };
    // SAFETY: it is freed once, and not used after that.
    unsafe { vipps_error_free(error) };
    (fields, serde_json::from_str(&whole).unwrap())
}

/// An error as one JSON object.
fn whole(error: &Error) -> Value {
    json!({
        "status": error.kind() as c_int,
        "kind": error.kind().as_str(),
        "message": error.to_string(),
        "method": error.method(),
        "path": error.path(),
        "http_status": error.status(),
        "delivery": error.delivery(),
        "attempts": error.attempts(),
        "is_timeout": error.is_timeout(),
        "is_retryable": error.is_retryable(),
        "retry_after_ms": error.retry_after().map(|wait| u64::try_from(wait.as_millis()).unwrap()),
        "trace_id": error.trace_id(),
        "code": error.code(),
        "problem": error.problem().map(|problem| json!({
            "type": problem.problem_type,
            "title": problem.title,
            "detail": problem.detail,
            "instance": problem.instance,
            "body": problem.body,
        })),
        "field_problems": error.field_problems(),
    })
}

#[test]
fn errors_are_the_same_in_c_and_rust() {
    let sandbox = Sandbox::start().unwrap();
    let rust = sandbox.session_builder().unwrap();
    let rust = rust.retry(RetryPolicy::none()).build().unwrap();
    rust.access_token().unwrap();
    let mut settings: Value = serde_json::from_str(&config(&sandbox)).unwrap();
    settings["retry"] = json!({"max_attempts": 1});
    let c = Session::new(&settings.to_string()).unwrap();

    let problem = r#"{
        "type": "about:blank",
        "title": "Bad",
        "detail": "Two fields",
        "code": "E7",
        "traceId": "abc-1",
        "invalidParams": [{"name": "a", "reason": "is \"b\""}, {"name": "c", "reason": "is d"}]
    }"#;
    let cases = [
        ("GET", "/x?y=1", None, Fault::json(400, problem)),
        ("POST", "/x", Some(c"{}"), Fault::json(422, problem)),
        ("GET", "/busy", None, Fault::status_retry_after(429, "90")),
        ("DELETE", "/x", None, Fault::status_retry_after(503, "0")),
        ("POST", "/x", Some(c"{}"), Fault::LoseReply),
        ("GET", "/x", None, Fault::LoseReply),
        ("PUT", "/x", Some(c"{}"), Fault::HtmlBadGateway),
    ];
    let mut all = Vec::new();
    for (method, path, body, fault) in cases {
        sandbox.fault(&format!("{method} *"), 2, fault);
        let request = rust.request(method, path);
        let request = match body {
            Some(body) => request.body("application/json", body.to_bytes()),
            None => request,
        };
        let expected = request.send().unwrap_err();

        let (c_method, c_path) = (CString::new(method).unwrap(), CString::new(path).unwrap());
        let length = body.map_or(0, CStr::count_bytes);
        let body = body.map_or(ptr::null(), |body| body.as_ptr().cast());
        let (method_text, path_text) = (c_method.as_ptr(), c_path.as_ptr());
        let (mut reply, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the strings outlive the call.
        let status = unsafe {
            let (reply, error) = (&raw mut reply, &raw mut error);
            vipps_request(
                c.0,
                method_text,
                path_text,
                ptr::null(),
                body,
                length,
                reply,
                error,
            )
        };
        assert!(reply.is_null());
        assert_eq!(status as c_int, expected.kind() as c_int, "{method} {path}");
        let (fields, document) = c_fields(error);
        assert_eq!(fields, rust_fields(&expected), "{method} {path}");
        assert_eq!(document, whole(&expected), "{method} {path}");
        all.push(fields);
    }
    // Each field is set in some case.
    assert!(all.iter().any(|fields| fields.code.is_some()));
    assert!(all.iter().any(|fields| fields.trace_id.is_some()));
    assert!(
        all.iter()
            .any(|fields| fields.delivery == 1 && fields.is_retryable)
    );
    assert!(
        all.iter()
            .any(|fields| fields.delivery == 1 && !fields.is_retryable)
    );
    assert!(all.iter().any(|fields| fields.retry_after_ms == 90_000));
    assert!(
        all.iter()
            .any(|fields| fields.field_problems.as_deref() != Some("[]"))
    );
}

#[test]
fn messages_have_no_names_of_rust() {
    let output = include_str!("calls.txt").lines();
    for message in output.filter(|line| line.starts_with("    ")) {
        for word in message.split_whitespace() {
            let is_function = word.contains("()") && !word.contains("vipps_");
            let is_rust = word.contains("::") || ["builder", "crate", "i64"].contains(&word);
            assert!(!is_function && !is_rust, "{message}");
        }
    }
}
