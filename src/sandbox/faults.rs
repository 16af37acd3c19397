use std::fmt;
use std::time::Duration;

use super::endpoints;
use super::message::split_query;

/// A fault of the API or the network, to inject with [`Sandbox::fault`](super::Sandbox::fault).
///
/// ```
/// use vipps::sandbox::{Fault, Sandbox};
///
/// let sandbox = Sandbox::start()?;
/// sandbox.fault("GET *", 1, Fault::status_retry_after(429, "30"));
/// sandbox.fault("POST *", 1, Fault::LoseReply);
/// sandbox.fault("*", 1, Fault::json(400, r#"{"title": "Bad Request"}"#));
/// sandbox.fault("*", 1, Fault::reply(500, "text/html", "<h1>Oops</h1>"));
/// # Ok::<(), vipps::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Replies with this status and an error in the API's format, without carrying out the request.
    /// 204 and 304 have no body.
    #[non_exhaustive]
    Status {
        /// The HTTP status.
        status: u16,
        /// The value of a `Retry-After` header: seconds or an HTTP date.
        retry_after: Option<String>,
    },
    /// Delays the normal reply by this duration.
    Delay(Duration),
    /// Holds the normal reply until [`Sandbox::release`](super::Sandbox::release) is called.
    Hold,
    /// Closes the connection after reading only the request's head, without carrying it out.
    CloseBeforeReading,
    /// Closes the connection after reading the whole request, without carrying it out.
    CloseAfterReading,
    /// Carries out the request, then closes the connection without a reply.
    LoseReply,
    /// Carries out the request, then closes the connection in the middle of the reply's body.
    CutReply,
    /// Replies with bytes that are not HTTP, without carrying out the request.
    Garbage,
    /// Replies 200 with a body that never ends, without carrying out the request.
    EndlessBody,
    /// Replies 502 with a gateway's HTML page, without carrying out the request.
    HtmlBadGateway,
    /// Replies with this status and body, without carrying out the request.
    #[non_exhaustive]
    Reply {
        /// The HTTP status.
        status: u16,
        /// The `Content-Type` header.
        content_type: String,
        /// The body.
        body: Vec<u8>,
    },
    /// Sends these bytes and closes the connection, without carrying out the request.
    Raw(Vec<u8>),
}

impl Fault {
    /// A [`Status`](Self::Status) without `Retry-After`.
    pub fn status(status: u16) -> Self {
        Self::Status {
            status,
            retry_after: None,
        }
    }

    /// A [`Status`](Self::Status) with a `Retry-After` header of seconds or an HTTP date.
    pub fn status_retry_after(status: u16, retry_after: impl Into<String>) -> Self {
        Self::Status {
            status,
            retry_after: Some(retry_after.into()),
        }
    }

    /// A [`Reply`](Self::Reply) with a JSON body.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Reply {
            status,
            content_type: "application/json".to_owned(),
            body: body.into(),
        }
    }

    /// A [`Reply`](Self::Reply) with a body of any content type.
    pub fn reply(status: u16, content_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self::Reply {
            status,
            content_type: content_type.into(),
            body: body.into(),
        }
    }
}

/// The requests that a fault or a count applies to.
#[derive(Debug)]
pub(super) struct Route {
    method: String,
    path: String,
    query: Option<String>,
    /// Whether the path is one of the sandbox's own endpoints, not one added by a test.
    is_endpoint: bool,
}

impl Route {
    /// Refuses a route that no request can match. `is_served` tells whether a test has added it.
    pub(super) fn parse(
        route: &str,
        is_served: impl Fn(&str, &str) -> bool,
    ) -> Result<Self, &'static str> {
        let (method, path) = route.split_once(' ').unwrap_or(("*", route));
        let (path, query) = split_query(path);
        if method != "*" && !method.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err("the method must be upper case or *");
        }
        if path != "*" && !path.starts_with('/') {
            return Err("the path must be * or start with /");
        }
        let is_endpoint = path == "*" || endpoints::is_route(method, path);
        if !is_endpoint && !is_served(method, path) {
            return Err("no endpoint has this method and path");
        }
        Ok(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.map(str::to_owned),
            is_endpoint,
        })
    }

    pub(super) fn matches(&self, method: &str, path_and_query: &str) -> bool {
        let (path, query) = split_query(path_and_query);
        let is_at = match self.is_endpoint {
            true => self.path == "*" || endpoints::is_same(&self.path, path),
            false => path_fits(&self.path, path),
        };
        is_at
            && (self.method == "*" || self.method == method)
            && (self.query.is_none() || self.query.as_deref() == query)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        match &self.query {
            Some(query) => write!(f, "?{query}"),
            None => Ok(()),
        }
    }
}

/// Whether a path matches a pattern, in which `*` matches any segment.
pub(super) fn path_fits(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut segments) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), segments.next()) {
            (None, None) => return true,
            (Some(wanted), Some(segment)) if wanted == "*" || wanted == segment => {}
            _ => return false,
        }
    }
}
