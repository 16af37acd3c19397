//! The C ABI of `vipps`: `vipps.h` says what each function does, who owns what, and what threads may do.
//!
//! ```sh
//! cargo build --release -p vipps-capi
//! ```
//!
//! A function takes its arguments apart, calls the crate, and puts the result together, in three steps that are written once
//! (`boundary.rs`). `unsafe` is here and nowhere else in the package.
#![allow(non_camel_case_types)] // The names are the header's.

mod boundary;
mod builder;
mod endpoints;
mod error;
mod json;
mod names;
mod receipts;
mod request;
mod session;
mod settings;
mod string;

#[cfg(all(test, unix))]
#[path = "../tests/main.rs"]
mod tests;
