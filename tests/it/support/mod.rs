//! What several subjects need: the endpoint table, the raw server, fixtures, waits, and
//! whole-request comparison.

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

use serde_json::Value;
use vipps::{Error, Session};

/// Calls any endpoint whose reply is JSON or empty.
pub(crate) trait CallAny {
    fn call_any(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Error>;
}

impl CallAny for Session {
    fn call_any(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let request = self.request(method, path);
        let reply = match body {
            Some(body) => request.json(body),
            None => request,
        }
        .send()?;
        match reply.is_empty() {
            true => Ok(Value::Null),
            false => reply.json(),
        }
    }
}
