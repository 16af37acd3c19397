#![doc = include_str!("../README.md")]
//!
//! # Overview
//!
//! - [`Session`], [`SessionBuilder`], [`ApiKeys`], [`SystemInfo`], [`RetryPolicy`]: the setup, done
//!   once per program.
//! - [`management`]: the endpoints and types of the Management API.
//! - [`order_management`]: the endpoints and types of the Order Management API, and receipt
//!   arithmetic.
//! - [`RequestBuilder`] and [`Reply`]: requests to endpoints without a function in this crate.
//! - [`Error`], [`ErrorKind`], [`Delivery`], [`Problem`]: why a call failed and whether it may have
//!   taken effect.
#![cfg_attr(
    feature = "sandbox",
    doc = "- [`sandbox`]: a local server that stands in for both APIs in tests."
)]
#![cfg_attr(
    not(feature = "sandbox"),
    doc = "- `sandbox` (feature `sandbox`): a local server that stands in for both APIs in tests."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

mod config;
mod error;
pub mod management;
mod model;
pub mod order_management;
mod redact;
mod request;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod session;
mod token;
mod transport;

pub use config::api_keys::ApiKeys;
pub use config::clock::Clock;
pub use config::retry::RetryPolicy;
pub use config::system_info::SystemInfo;
pub use config::tls::TlsBackend;
pub use error::problem::{FieldProblem, Problem};
pub use error::{Delivery, Error, ErrorKind};
pub use model::identifier::{IdempotencyKey, Msn};
pub use model::optional_text::OptionalText;
pub use request::{Reply, RequestBuilder};
pub use session::{Attempt, Environment, Session, SessionBuilder};
pub use token::AccessToken;
