//! The C library of `vipps`: `include/vipps.h`, which is made of the docs here, says what each
//! function does.
//!
//! A function takes its arguments apart, calls the crate, and puts the result together, in steps
//! that are written once (`boundary.rs`). `unsafe` is here and nowhere else in the repository.
#![allow(non_camel_case_types)] // The names are the header's.
#![allow(unreachable_pub)] // What the header declares has to be `pub` to be found by cbindgen.
#![allow(clippy::missing_safety_doc)] // The header says it once for all.

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
