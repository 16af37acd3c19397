//! What all functions share: checking arguments, writing outputs, catching panics.

use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;
use std::{mem, ptr, slice};

use serde::Serialize;

use vipps::Error;

use crate::error::{Failure, vipps_error, vipps_status};
use crate::string::vipps_string;

/// Runs a function's body, turns a panic into a failure, and writes a failure to `error`.
///
/// `error` is NULL or valid for writes.
pub(crate) unsafe fn guard(
    error: *mut *mut vipps_error,
    body: impl FnOnce() -> Result<(), Failure>,
) -> vipps_status {
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(failure),
        Err(payload) => {
            // Dropping the payload could panic again.
            mem::forget(payload);
            Some(Failure::Panic)
        }
    };
    let status = failure
        .as_ref()
        .map_or(vipps_status::VIPPS_OK, Failure::status);
    if !error.is_null() {
        let boxed = failure.map_or(ptr::null_mut(), |failure| {
            Box::into_raw(Box::new(vipps_error::new(&failure)))
        });
        // SAFETY: the caller's promise.
        unsafe { error.write(boxed) };
    }
    status
}

/// [`guard`] for a function that returns a value as JSON.
///
/// `out_json` and `error` are NULL or valid for writes.
pub(crate) unsafe fn answer<T: Serialize>(
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
    body: impl FnOnce() -> Result<T, Failure>,
) -> vipps_status {
    // SAFETY: the caller's promise.
    unsafe { give(out_json, "out_json", error, || vipps_string::json(&body()?)) }
}

/// [`guard`] for a function that returns an object that the caller then owns.
///
/// `out` and `error` are NULL or valid for writes.
pub(crate) unsafe fn give<T>(
    out: *mut *mut T,
    name: &'static str,
    error: *mut *mut vipps_error,
    body: impl FnOnce() -> Result<*mut T, Failure>,
) -> vipps_status {
    // SAFETY: the caller's promise.
    unsafe {
        guard(error, || {
            let out = Out::new(out, ptr::null_mut(), name)?;
            out.set(body()?);
            Ok(())
        })
    }
}

/// An output that is not NULL. It may be uninitialised, so no reference to it is ever made.
pub(crate) struct Out<T>(*mut T);

impl<T> Out<T> {
    /// Writes `nothing` first, so that the caller can free the output even if the call fails.
    ///
    /// `out` is NULL, or valid for writes while this lives.
    pub(crate) unsafe fn new(out: *mut T, nothing: T, name: &'static str) -> Result<Self, Failure> {
        if out.is_null() {
            return Err(Failure::Null(name));
        }
        // SAFETY: the caller's promise.
        unsafe { out.write(nothing) };
        Ok(Self(out))
    }

    pub(crate) fn set(self, value: T) {
        // SAFETY: the caller's promise in `new`.
        unsafe { self.0.write(value) }
    }
}

/// Writes the result of `value` on an object, or `otherwise` if the object is NULL. For functions
/// that can only fail because of NULL.
///
/// `object` is NULL or an object of this library that was not freed; `out` is NULL or valid for
/// writes.
pub(crate) unsafe fn read<O, T>(
    object: *const O,
    out: *mut T,
    otherwise: T,
    value: impl FnOnce(&O) -> T,
) -> vipps_status {
    // SAFETY: the caller's promise.
    let object = unsafe { object.as_ref() };
    if out.is_null() {
        return vipps_status::VIPPS_NULL_ARGUMENT;
    }
    let status = match object {
        Some(_) => vipps_status::VIPPS_OK,
        None => vipps_status::VIPPS_NULL_ARGUMENT,
    };
    // SAFETY: the caller's promise.
    unsafe { out.write(object.map_or(otherwise, value)) };
    status
}

/// The object behind a pointer to an opaque type.
///
/// `pointer` is NULL or an object of this library that is not freed during the call.
pub(crate) unsafe fn object<'a, T>(
    pointer: *const T,
    name: &'static str,
) -> Result<&'a T, Failure> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_ref() }.ok_or(Failure::Null(name))
}

/// A string argument.
///
/// `pointer` is NULL or a NUL-terminated string that is valid during the call.
pub(crate) unsafe fn text<'a>(
    pointer: *const c_char,
    name: &'static str,
) -> Result<&'a str, Failure> {
    if pointer.is_null() {
        return Err(Failure::Null(name));
    }
    // SAFETY: the caller's promise.
    let bytes = unsafe { CStr::from_ptr(pointer) };
    bytes
        .to_str()
        .map_err(|error| Failure::Utf8(name, error.valid_up_to()))
}

/// [`text`], or `None` for NULL.
pub(crate) unsafe fn optional_text<'a>(
    pointer: *const c_char,
    name: &'static str,
) -> Result<Option<&'a str>, Failure> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    unsafe { text(pointer, name) }.map(Some)
}

/// A string argument parsed as a value. Errors name the argument.
///
/// `pointer` is as for [`text`].
pub(crate) unsafe fn parse<T: FromStr<Err = Error>>(
    pointer: *const c_char,
    name: &'static str,
) -> Result<T, Failure> {
    // SAFETY: the caller's promise.
    let text = unsafe { text(pointer, name) }?;
    text.parse()
        .map_err(|error: Error| Failure::from(error).renamed(|_| Some(name)))
}

/// An array argument.
///
/// `pointer` is NULL or points to `length` initialised items that are valid during the call.
pub(crate) unsafe fn items<'a, T>(
    pointer: *const T,
    length: usize,
    name: &'static str,
) -> Result<&'a [T], Failure> {
    if pointer.is_null() {
        return Err(Failure::Null(name));
    }
    if length.saturating_mul(size_of::<T>()) > isize::MAX.unsigned_abs() {
        return Err(Failure::input(
            name,
            "is too long: more than half of the address space",
        ));
    }
    // SAFETY: the caller's promise and the check of the length.
    Ok(unsafe { slice::from_raw_parts(pointer, length) })
}

/// Frees an object made with [`Box::into_raw`]. Does nothing for NULL.
///
/// `pointer` is NULL or an object of this library that was not freed.
pub(crate) unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: the caller's promise.
        let object = unsafe { Box::from_raw(pointer) };
        // A free function cannot report a panic.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(object))) {
            mem::forget(payload);
        }
    }
}
