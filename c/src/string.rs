//! `vipps_string`: a text that the caller owns.

use std::ffi::{CString, c_char};
use std::ptr;

use serde::Serialize;

use crate::boundary::{free, read};
use crate::error::{Failure, vipps_status};

/// A text that the library made: JSON, unless something else is said.
pub struct vipps_string(CString);

/// The text, with a NUL at its end. It lives until vipps_string_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_string_text(
    string: *const vipps_string,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { read(string, out_text, ptr::null(), |string| string.0.as_ptr()) }
}

/// The number of bytes before the NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_string_length(
    string: *const vipps_string,
    out_length: *mut usize,
) -> vipps_status {
    unsafe { read(string, out_length, 0, |string| string.0.as_bytes().len()) }
}

/// Frees a string. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_string_free(string: *mut vipps_string) {
    unsafe { free(string) }
}

impl vipps_string {
    /// A text on the heap, for the caller to free.
    pub(crate) fn text(text: &str) -> *mut Self {
        Box::into_raw(Box::new(Self(c_string(text))))
    }

    /// [`text`](Self::text) of a value as JSON.
    pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Result<*mut Self, Failure> {
        let json = serde_json::to_string(value);
        let json = json.map_err(|error| Failure::input("out_json", &error.to_string()))?;
        Ok(Self::text(&json))
    }
}

/// A text for C, where NUL is its end: one in the text, which a server may send, becomes U+FFFD.
/// JSON has none, it escapes them.
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text)
        .or_else(|_| CString::new(text.replace('\0', "\u{fffd}")))
        .unwrap_or_default()
}
