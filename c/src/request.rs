//! `vipps_request`, for endpoints without a function of their own.

use std::ffi::{c_char, c_int};
use std::ptr;

use serde::Deserialize;

use vipps::{IdempotencyKey, Reply};

use crate::boundary::{Out, free, give, guard, items, object, optional_text, read, text};
use crate::error::{Failure, vipps_error, vipps_status};
use crate::session::vipps_session;
use crate::strict;
use crate::string::vipps_string;

/// A successful reply to vipps_request().
pub struct vipps_reply(Reply);

/// The optional parts of a request.
#[derive(Default, Deserialize)]
struct Options {
    segments: Option<Vec<(String, String)>>,
    query: Option<Vec<(String, String)>>,
    headers: Option<Vec<(String, String)>>,
    idempotency_key: Option<String>,
    content_type: Option<String>,
}

/// Calls any endpoint, with the same token, headers, retries and errors as the other functions.
/// `method` is "GET", "POST", "PUT", "PATCH" or "DELETE"; `path` begins with a slash.
///
/// `options_json` may be NULL. Its members are optional:
///
/// - "segments": [["id", "a/b"]]: values to percent-encode and append to the path, each with its
///   name in vipps_attempt.route.
/// - "query": [["cursor", "1 2"]]: query parameters to percent-encode.
/// - "headers": [["X-Request-Source", "till-7"]].
/// - "idempotency_key": allows retries of a POST or PATCH that may have taken effect.
/// - "content_type": the type of the body, "application/json" by default.
///
/// `body` is `body_length` bytes, or NULL for no body.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_request(
    session: *const vipps_session,
    method: *const c_char,
    path: *const c_char,
    options_json: *const c_char,
    body: *const u8,
    body_length: usize,
    out_reply: *mut *mut vipps_reply,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_reply, "out_reply", error, || {
            let session = &object(session, "session")?.0;
            let (method, path) = (text(method, "method")?, text(path, "path")?);
            let options = match optional_text(options_json, "options_json")? {
                Some(options) => strict::request(options, "options_json")?,
                None => Options::default(),
            };
            let mut request = session.request(method, path);
            for (name, value) in options.segments.iter().flatten() {
                request = request.segment(name, value);
            }
            for (name, value) in options.query.iter().flatten() {
                request = request.query(name, value.as_str());
            }
            for (name, value) in options.headers.iter().flatten() {
                request = request.header(name, value);
            }
            if let Some(key) = options.idempotency_key {
                let key = IdempotencyKey::new(key)
                    .map_err(|error| Failure::from(error).renamed(|_| Some("idempotency_key")))?;
                request = request.idempotency_key(&key);
            }
            if !body.is_null() {
                let content_type = options.content_type.as_deref();
                let bytes = items(body, body_length, "body")?;
                request = request.body(content_type.unwrap_or("application/json"), bytes);
            }
            let reply = request.send().map_err(|error| {
                Failure::from(error).renamed(|name| (name == "header").then_some("headers"))
            })?;
            Ok(Box::into_raw(Box::new(vipps_reply(reply))))
        })
    }
}

/// Gets the HTTP status of a reply, 200 to 299.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_reply_status(
    reply: *const vipps_reply,
    out_http_status: *mut c_int,
) -> vipps_status {
    unsafe { read(reply, out_http_status, 0, |reply| reply.0.status().into()) }
}

/// Gets a header of a reply, or NULL if there is none. The case of `name` does not matter.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_reply_header(
    reply: *const vipps_reply,
    name: *const c_char,
    out_value: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_value, "out_value", error, || {
            let reply = &object(reply, "reply")?.0;
            let value = reply.header(text(name, "name")?);
            Ok(value.map_or(ptr::null_mut(), vipps_string::text))
        })
    }
}

/// Gets the body of a reply. It is not NUL-terminated, and valid until vipps_reply_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_reply_body(
    reply: *const vipps_reply,
    out_bytes: *mut *const u8,
    out_length: *mut usize,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        guard(error, || {
            // Both are written even if one of them is NULL.
            let out_bytes = Out::new(out_bytes, ptr::null(), "out_bytes");
            let out_length = Out::new(out_length, 0, "out_length");
            let (out_bytes, out_length) = (out_bytes?, out_length?);
            let bytes = object(reply, "reply")?.0.bytes();
            out_bytes.set(bytes.as_ptr());
            out_length.set(bytes.len());
            Ok(())
        })
    }
}

/// Frees a reply. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_reply_free(reply: *mut vipps_reply) {
    unsafe { free(reply) }
}
