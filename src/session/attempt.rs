use std::fmt;
use std::time::Duration;

use crate::error::{At, Error};

/// One attempt, as an [observer](crate::SessionBuilder::observer) sees it: enough for logs and metrics, and never a header or a body.
#[derive(Clone)]
pub struct Attempt {
    at: At,
    status: Option<u16>,
    attempt: u32,
    elapsed: Duration,
    trace_id: Option<String>,
}

impl Attempt {
    pub(crate) fn new(
        at: At,
        attempt: u32,
        elapsed: Duration,
        result: Result<u16, &Error>,
    ) -> Self {
        let error = result.err();
        Self {
            at,
            status: result.ok().or_else(|| error.and_then(Error::status)),
            attempt,
            elapsed,
            trace_id: error.and_then(Error::trace_id).map(str::to_owned),
        }
    }

    /// The request's method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.at.method.as_str()
    }

    /// The request's path and query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.at.path
    }

    /// The HTTP status; `None` if no answer came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// Which attempt of its call it was, 1 for the first. The repetition after a 401 counts as one too.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// How long the attempt took.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The trace id, where an error's reply held one.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("method", &self.method())
            .field("path", &self.path())
            .field("status", &self.status)
            .field("attempt", &self.attempt)
            .field("elapsed", &self.elapsed)
            .field("trace_id", &self.trace_id)
            .finish()
    }
}
