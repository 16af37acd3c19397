use std::fmt;

use ureq::http::StatusCode;

use super::{At, Delivery, ErrorKind, StatusLine};

/// A call that got no answer that can be used.
#[derive(Clone)]
pub struct CallError(pub(super) Box<Failure>);

#[derive(Clone)]
pub(super) struct Failure {
    pub(super) at: At,
    pub(super) status: Option<StatusCode>,
    pub(super) kind: ErrorKind,
    pub(super) reason: String,
    pub(super) delivery: Delivery,
    pub(super) retryable: bool,
    /// It was the token request that failed; `delivery` is the call's that wanted the token.
    pub(super) for_token: bool,
}

impl CallError {
    /// The request's method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.0.at.method.as_str()
    }

    /// The request's path and query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.at.path
    }

    /// The HTTP status, if the answer got that far.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status.map(|status| status.as_u16())
    }

    /// The kind of error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What the call may have done, all its attempts taken together.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// What went wrong.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    pub(crate) fn new(
        at: At,
        status: Option<StatusCode>,
        kind: ErrorKind,
        delivery: Delivery,
        reason: impl Into<String>,
    ) -> Self {
        let reason = reason.into();
        Self(Box::new(Failure {
            at,
            status,
            kind,
            reason,
            delivery,
            retryable: false,
            for_token: false,
        }))
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.for_token {
            f.write_str("no access token: ")?;
        }
        write!(f, "{}: ", self.0.at)?;
        if let Some(status) = self.0.status {
            write!(f, "{}, but ", StatusLine(status))?;
        }
        f.write_str(&self.0.reason)?;
        f.write_str(match self.0.delivery {
            Delivery::NotSent if self.0.for_token => "",
            Delivery::Unknown if self.0.for_token => {
                " (the server may have carried out an earlier attempt of the call)"
            }
            Delivery::NotSent => " (nothing was sent)",
            Delivery::Unknown => " (the server may have carried it out)",
            Delivery::Answered => "",
        })
    }
}

impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallError")
            .field("method", &self.method())
            .field("path", &self.path())
            .field("status", &self.status())
            .field("kind", &self.0.kind)
            .field("reason", &self.0.reason)
            .field("delivery", &self.0.delivery)
            .finish()
    }
}
