//! The crate's tests: one binary, one module per subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod api;
mod config;
mod ensure_image;
mod ensure_receipt;
mod errors;
mod examples;
mod hostile;
mod images;
mod management;
mod matrix;
mod money;
mod order_management;
mod places;
mod prefill;
mod receipts;
mod replies;
mod request_builder;
mod requests;
mod retries;
mod sandbox;
mod secrets;
mod support;
mod threads;
mod tls;
mod token_refusals;
mod tokens;
mod transport;
mod unknown_outcome;
