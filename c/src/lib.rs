//! The C library of `vipps`. Its header, `include/vipps.h`, is generated from the docs in this
//! package.
//!
//! Each function converts its arguments, calls the crate and converts the result, with the helpers
//! in `boundary.rs`. This package is the only one in the repository that uses `unsafe`.
#![allow(non_camel_case_types)] // C names.
#![allow(unreachable_pub)] // cbindgen only finds `pub` items.
#![allow(clippy::missing_safety_doc)] // The header's preamble covers all functions.

mod boundary;
mod config;
mod endpoints;
mod error;
mod json;
mod observer;
mod receipts;
mod request;
mod session;
mod strict;
mod string;

#[cfg(all(test, unix))]
#[path = "../tests/main.rs"]
mod tests;
