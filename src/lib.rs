#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! - [`Session`], [`SessionBuilder`], [`ApiKeys`], [`SystemInfo`], [`RetryPolicy`]: what a program sets up once.
//! - [`management`]: the endpoints of the Management API with their types.
//! - [`order_management`]: those of the Order Management API, and receipts that add up.
//! - [`Error`], [`ApiError`], [`Delivery`]: what went wrong, and what may have happened.
//! - `sandbox` (with the feature `sandbox`): a local stand-in for the service.
#![forbid(unsafe_code)]

mod api_keys;
mod as_sent;
mod base_url;
mod clock;
mod error;
mod http;
mod http_date;
mod ids;
pub mod management;
mod open_enum;
pub mod order_management;
mod picture;
mod problem;
mod redact;
mod retry;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod session;
mod system_info;
mod tls;
mod token;

pub use api_keys::ApiKeys;
pub use clock::Clock;
pub use error::{ApiError, CallError, Delivery, Error, ErrorKind, FieldProblem};

pub use ids::{IdempotencyKey, Msn};
pub use retry::RetryPolicy;
pub use session::{Attempt, Environment, Session, SessionBuilder};
pub use system_info::SystemInfo;
pub use tls::TlsBackend;
pub use token::AccessToken;
