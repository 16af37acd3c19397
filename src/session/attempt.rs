use std::fmt;
use std::time::Duration;

use crate::error::{Error, ErrorKind, RequestLine};
use crate::model::identifier::Msn;
use crate::transport::Response;

/// One attempt of a call, as passed to an [observer](crate::SessionBuilder::observer), for logs and
/// metrics.
///
/// It never contains a header or a body.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let builder = sandbox.session_builder()?;
/// # sandbox.fault("GET *", 1, vipps::sandbox::Fault::status(503));
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
/// use vipps::{Attempt, management};
///
/// fn log_line(attempt: &Attempt) -> String {
///     let msn = attempt.merchant_serial_number();
///     format!(
///         "{} {} msn={} attempt={} status={} trace_id={}",
///         attempt.method(),
///         attempt.path(),
///         msn.map_or("-", |msn| msn.as_str()),
///         attempt.number(),
///         attempt.status().unwrap_or(0),
///         attempt.trace_id().unwrap_or("-"),
///     )
/// }
///
/// let lines = Arc::new(Mutex::new(Vec::new()));
/// let logged = Arc::clone(&lines);
/// let session = builder
///     .observer(move |attempt| {
///         logged.lock().unwrap().push(log_line(attempt));
///         if attempt.elapsed() > Duration::from_secs(10) {
///             log::warn!("slow: {attempt:?}");
///         }
///     })
///     .build()?;
///
/// management::list_sales_units(&session)?;
/// let lines = lines.lock().unwrap();
/// assert_eq!(lines.len(), 3); // the token, a failed attempt, its retry
/// assert_eq!(
///     lines[1],
///     "GET /management/v1/sales-units msn=123456 attempt=1 status=503 \
///      trace_id=0af7651916cd43dd8448eb211c80319c"
/// );
/// # Ok::<(), vipps::Error>(())
/// ```
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

    /// The request method.
    pub fn method(&self) -> &str {
        self.line.method.as_str()
    }

    /// The request path and query.
    pub fn path(&self) -> &str {
        &self.line.path
    }

    /// The path with names instead of values, such as `/management/v1/sales-units/{msn}`, for
    /// metrics by endpoint.
    pub fn route(&self) -> &str {
        &self.line.route
    }

    /// The MSN of the sales unit that the call was made for, if the session has one.
    #[doc(alias = "msn")]
    pub fn merchant_serial_number(&self) -> Option<&Msn> {
        self.merchant_serial_number.as_ref()
    }

    /// The HTTP status; `None` without a reply.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The kind of error; `None` if the attempt succeeded.
    pub fn error_kind(&self) -> Option<ErrorKind> {
        self.error_kind
    }

    /// The number of the attempt within its call, from 1. The retry with a new token after a 401
    /// counts too.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// How long the attempt took, in real time even with a [manual clock](crate::Clock::manual).
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The wait before the next attempt; `None` if this was the last one.
    pub fn retry_in(&self) -> Option<Duration> {
        self.retry_in
    }

    /// The trace id, if an error reply had one.
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
