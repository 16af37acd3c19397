//! Minimal JSON access for C programs without a JSON library.

use std::ffi::c_char;

use serde_json::Value;

use crate::boundary::{Out, answer, give, guard, text};
use crate::error::{Failure, vipps_error, vipps_status};
use crate::strict::any_json;
use crate::string::vipps_string;

/// Gets a value from a JSON document by JSON pointer (RFC 6901), such as "/0/msn". Strings are
/// returned as plain text, with NUL replaced by U+FFFD; other values as JSON, with members sorted
/// by name.
///
/// Every call parses the whole document. Use a JSON library for long lists.
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

/// Counts the items of an array or the members of an object in a JSON document. The pointer ""
/// refers to the whole document.
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
                    let reason = "must refer to an array or an object";
                    return Err(Failure::input("pointer", reason));
                }
            });
            Ok(())
        })
    }
}

/// Quotes and escapes a text as a JSON string, for use in a request.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_json_quote(
    plain: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe { answer(out_json, error, || text(plain, "plain")) }
}

fn parse(json: &str) -> Result<Value, Failure> {
    any_json(json, "json")
}

fn at<'a>(document: &'a Value, pointer: &str) -> Result<&'a Value, Failure> {
    document.pointer(pointer).ok_or_else(|| {
        let reason = format!("must refer to a value in the document, not {pointer:?}");
        Failure::input("pointer", &reason)
    })
}
