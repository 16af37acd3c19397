//! What several subjects need: the one table of endpoints, the raw server, fixtures, waits, and requests compared whole.

mod endpoints;
mod fixtures;
mod raw_server;
mod requests;
mod waits;

pub(crate) use endpoints::*;
pub(crate) use fixtures::*;
pub(crate) use raw_server::*;
pub(crate) use requests::*;
pub(crate) use waits::*;
