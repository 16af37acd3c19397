//! `vipps_string`: a string that the caller owns.

use std::ffi::{CString, c_char};
use std::ptr;

use serde::Serialize;

use crate::boundary::{free, read};
use crate::error::{Failure, vipps_status};

/// A string returned by the library: JSON unless documented otherwise.
pub struct vipps_string(CString);

/// Gets the NUL-terminated text of a string. It is valid until vipps_string_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_string_text(
    string: *const vipps_string,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { read(string, out_text, ptr::null(), |string| string.0.as_ptr()) }
}

/// Gets the length of a string in bytes, without the NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_string_length(
    string: *const vipps_string,
    out_length: *mut usize,
) -> vipps_status {
    unsafe { read(string, out_length, 0, |string| string.0.as_bytes().len()) }
}

/// Frees a string. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_string_free(string: *mut vipps_string) {
    unsafe { free(string) }
}

impl vipps_string {
    /// Allocates a string for the caller to free.
    pub(crate) fn text(text: &str) -> *mut Self {
        Box::into_raw(Box::new(Self(c_string(text))))
    }

    /// Allocates a value as JSON for the caller to free.
    pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Result<*mut Self, Failure> {
        let json = serde_json::to_string(value);
        let json = json.map_err(|error| Failure::input("out_json", &error.to_string()))?;
        Ok(Self::text(&json))
    }
}

/// A C string. NUL, which a server may send, becomes U+FFFD; JSON escapes it anyway.
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text)
        .or_else(|_| CString::new(text.replace('\0', "\u{fffd}")))
        .unwrap_or_default()
}
