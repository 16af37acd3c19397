//! The crate's tests: one binary, a module for each subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod config;
mod errors;
mod management;
mod retries;
mod secrets;
mod support;
mod tls;
mod tokens;
mod transport;
