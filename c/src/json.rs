//! As much of JSON as a C program without a library for it needs.

use std::ffi::c_char;

use serde_json::Value;

use crate::boundary::{Out, answer, give, guard, text};
use crate::error::{Failure, vipps_error, vipps_status};
use crate::string::vipps_string;

/// A value in a document by its JSON pointer (RFC 6901), such as "/0/msn": a string as its plain
/// text, in which NUL becomes U+FFFD; anything else as JSON, with members sorted by name.
///
/// It reads the whole document each time: for long lists use a JSON library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_json_get(
    json: *const c_char,
    pointer: *const c_char,
    out_text: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_text, "out_text", error, || {
            let (json, pointer) = (text(json, "json")?, text(pointer, "pointer")?);
            Ok(match at(&parse(json)?, pointer)? {
                Value::String(text) => vipps_string::text(text),
                other => vipps_string::json(other)?,
            })
        })
    }
}

/// The number of items of an array, or of members of an object; "" points to the whole document.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_json_count(
    json: *const c_char,
    pointer: *const c_char,
    out_count: *mut usize,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        guard(error, || {
            let out_count = Out::new(out_count, 0, "out_count")?;
            let (json, pointer) = (text(json, "json")?, text(pointer, "pointer")?);
            out_count.set(match at(&parse(json)?, pointer)? {
                Value::Array(items) => items.len(),
                Value::Object(members) => members.len(),
                _ => {
                    let reason = "must be that of an array or an object";
                    return Err(Failure::input("pointer", reason));
                }
            });
            Ok(())
        })
    }
}

/// A text as a JSON string, with quotes and escapes, to be put into a request.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_json_quote(
    plain: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe { answer(out_json, error, || text(plain, "plain")) }
}

fn parse(json: &str) -> Result<Value, Failure> {
    serde_json::from_str(json).map_err(|error| Failure::input("json", &error.to_string()))
}

fn at<'a>(document: &'a Value, pointer: &str) -> Result<&'a Value, Failure> {
    document.pointer(pointer).ok_or_else(|| {
        let reason = format!("must be that of a value in the document, not {pointer:?}");
        Failure::input("pointer", &reason)
    })
}
