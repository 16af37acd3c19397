use std::fmt;
use std::time::Duration;

use crate::error::{Error, ErrorKind, RequestLine};
use crate::model::identifier::Msn;
use crate::transport::Response;

/// One attempt, as an [observer](crate::SessionBuilder::observer) sees it: enough for logs and metrics, and never a header or a body.
#[derive(Clone)]
pub struct Attempt {
    line: RequestLine,
    merchant_serial_number: Option<Msn>,
    status: Option<u16>,
    error_kind: Option<ErrorKind>,
    number: u32,
    elapsed: Duration,
    retry_in: Option<Duration>,
    trace_id: Option<String>,
}

impl Attempt {
    pub(super) fn new(
        line: &RequestLine,
        merchant_serial_number: Option<&Msn>,
        number: u32,
        elapsed: Duration,
        result: Result<&Response, &Error>,
        retry_in: Option<Duration>,
    ) -> Self {
        let error = result.err();
        Self {
            line: line.clone(),
            merchant_serial_number: merchant_serial_number.cloned(),
            status: match result {
                Ok(response) => Some(response.status.as_u16()),
                Err(error) => error.status(),
            },
            error_kind: error.map(Error::kind),
            number,
            elapsed,
            retry_in,
            trace_id: error.and_then(Error::trace_id).map(str::to_owned),
        }
    }

    /// The request's method.
    pub fn method(&self) -> &str {
        self.line.method.as_str()
    }

    /// The request's path and query.
    pub fn path(&self) -> &str {
        &self.line.path
    }

    /// The path with names in place of values, such as `/management/v1/sales-units/{msn}`: for metrics by endpoint.
    pub fn route(&self) -> &str {
        &self.line.route
    }

    /// The sales unit that the call was made for, where the session has one.
    pub fn merchant_serial_number(&self) -> Option<&Msn> {
        self.merchant_serial_number.as_ref()
    }

    /// The HTTP status; `None` if no answer came.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// How the attempt failed; `None` for a success.
    pub fn error_kind(&self) -> Option<ErrorKind> {
        self.error_kind
    }

    /// Which attempt of its call it was, 1 for the first. The retry after a 401 counts as one too.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// How long the attempt took, by the machine's clock also where the session has a manual one.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How long the call waits before the next attempt; `None` if this was the last.
    pub fn retry_in(&self) -> Option<Duration> {
        self.retry_in
    }

    /// The trace id, where an error's reply held one.
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("method", &self.method())
            .field("path", &self.path())
            .field("route", &self.route())
            .field("merchant_serial_number", &self.merchant_serial_number)
            .field("status", &self.status)
            .field("error_kind", &self.error_kind)
            .field("number", &self.number)
            .field("elapsed", &self.elapsed)
            .field("retry_in", &self.retry_in)
            .field("trace_id", &self.trace_id)
            .finish()
    }
}
