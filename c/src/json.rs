//! As much of JSON as a C program without a library for it needs.

use std::ffi::c_char;

use serde_json::Value;

use crate::boundary::{Out, answer, give, guard, text, vipps_status};
use crate::error::{Failure, vipps_error};
use crate::string::vipps_string;

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_json_get(
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

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_json_count(
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

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_json_quote(
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
