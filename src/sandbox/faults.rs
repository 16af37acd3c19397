use std::fmt;
use std::time::Duration;

use super::endpoints;
use super::message::split_query;

/// A way for the service, or the network to it, to fail. See
/// [`Sandbox::fault`](super::Sandbox::fault).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Answers with this status and an error in the form of the API, without carrying the request
    /// out. 204 and 304 have no body.
    #[non_exhaustive]
    Status {
        /// The HTTP status.
        status: u16,
        /// The value of a `Retry-After` header: seconds or an HTTP date.
        retry_after: Option<String>,
    },
    /// Answers as usual, this much later.
    Delay(Duration),
    /// Answers as usual once [`Sandbox::release`](super::Sandbox::release) is called.
    Hold,
    /// Reads the head only, carries nothing out, and closes the connection.
    CloseBeforeReading,
    /// Reads the whole request, carries nothing out, and closes the connection.
    CloseAfterReading,
    /// Carries the request out, and closes the connection without an answer.
    LoseReply,
    /// Carries the request out, and closes the connection in the middle of the reply's body.
    CutReply,
    /// Answers with what is not HTTP, without carrying the request out.
    Garbage,
    /// Answers 200 with a body that never ends, without carrying the request out.
    EndlessBody,
    /// Answers 502 with the HTML page of a gateway, without carrying the request out.
    HtmlBadGateway,
    /// Answers with this, without carrying the request out.
    #[non_exhaustive]
    Reply {
        /// The HTTP status.
        status: u16,
        /// The `Content-Type` header.
        content_type: String,
        /// The body.
        body: Vec<u8>,
    },
    /// Sends these bytes and closes the connection, without carrying the request out.
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

    /// A [`Reply`](Self::Reply) of JSON.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Reply {
            status,
            content_type: "application/json".to_owned(),
            body: body.into(),
        }
    }

    /// A [`Reply`](Self::Reply) of anything.
    pub fn reply(status: u16, content_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self::Reply {
            status,
            content_type: content_type.into(),
            body: body.into(),
        }
    }
}

/// Which requests a fault or a count is about.
#[derive(Debug)]
pub(super) struct Route {
    method: String,
    path: String,
    query: Option<String>,
    /// Of the sandbox's own, and not one that a test has added.
    is_endpoint: bool,
}

impl Route {
    /// Says what is wrong with a route that no request could fit. `is_served` knows the endpoints that a
    /// test has added.
    pub(super) fn parse(
        route: &str,
        is_served: impl Fn(&str, &str) -> bool,
    ) -> Result<Self, &'static str> {
        let (method, path) = route.split_once(' ').unwrap_or(("*", route));
        let (path, query) = split_query(path);
        if method != "*" && !method.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err("the method must be in capitals, or *");
        }
        if path != "*" && !path.starts_with('/') {
            return Err("the path must start with /, or be *");
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

/// Whether a path is one of a pattern's, in which `*` stands for any segment.
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
