//! Tests of the C API: compiles programs with the header and runs them against a sandbox.
//!
//! `VIPPS_C_RUNNER` is a command to run the programs with, such as `valgrind --error-exitcode=99`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod config;
mod endpoints;
mod errors;
mod foreign;
mod fork;
mod handles;
mod header;
mod host;
mod panics;
mod programs;
mod support;
