//! The C ABI as C sees it: programs are compiled against the header and run against a sandbox.
//!
//! With `VIPPS_C_RUNNER` set, the programs are run by what it says, such as `valgrind
//! --error-exitcode=99`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod config;
mod errors;
mod foreign;
mod fork;
mod handles;
mod header;
mod host;
mod panics;
mod programs;
mod support;
