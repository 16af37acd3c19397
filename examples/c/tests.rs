//! The C ABI as C sees it: programs are compiled against the header and run against a sandbox.
//!
//! With `VIPPS_C_RUNNER` set, the programs are run by what it says, such as `valgrind --error-exitcode=99`.
#![cfg(unix)]
#![allow(non_camel_case_types)] // The names are the header's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

// The library itself, for what no program in C can do.
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

#[path = "tests/config.rs"]
mod config;
#[path = "tests/errors.rs"]
mod errors;
#[path = "tests/fork.rs"]
mod fork;
#[path = "tests/handles.rs"]
mod handles;
#[path = "tests/header.rs"]
mod header;
#[path = "tests/panics.rs"]
mod panics;
#[path = "tests/programs.rs"]
mod programs;
#[path = "tests/setters.rs"]
mod setters;
#[path = "tests/support.rs"]
mod support;
