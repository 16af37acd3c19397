#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! - [`Session`], [`SessionBuilder`], [`ApiKeys`], [`SystemInfo`], [`RetryPolicy`]: what a program sets up once.
//! - [`management`]: the endpoints of the Management API with their types.
//! - [`order_management`]: those of the Order Management API, and receipts that add up.
//! - [`RequestBuilder`] and [`Reply`]: calls to endpoints that have no function here.
//! - [`Error`], [`Problem`], [`Delivery`]: what went wrong, and what may have happened.
//! - `sandbox` (with the feature `sandbox`): a local stand-in for the service.
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
