use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::{Method, StatusCode};

#[cfg(feature = "sandbox")]
mod for_tests;
mod kind;
mod message;
pub(crate) mod problem;

pub use kind::{Delivery, ErrorKind};
use problem::{FieldProblem, Problem};

/// The error of a failed call: why it failed, and whether it may have taken effect
/// ([`delivery`](Self::delivery)).
///
/// `Display` prints one complete line with the method, path, status and the API's own message;
/// [`source`](std::error::Error::source) is always `None`. Branch on [`kind`](Self::kind),
/// [`status`](Self::status) and [`code`](Self::code), never on the message: the API rewords its
/// texts over time. If a reply echoes a key or a token, the error shows `[redacted]` in its place,
/// and never 8 or more consecutive bytes of it.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::{Delivery, ErrorKind, management};
///
/// let unit = management::get_sales_unit(&session, &"999999".parse()?);
/// let error = unit.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.status(), Some(404));
/// assert_eq!(error.delivery(), Delivery::Answered);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// A log line with named values, for operations to search and to alert on:
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # sandbox.serve("GET /management/v1/sales-units", |_| {
/// #     let body = serde_json::json!({"errorCode": "busy", "traceId": "0af76519"});
/// #     vipps::sandbox::Answer::json(429, &body).header("Retry-After", "25")
/// # });
/// # let session = sandbox.session();
/// use vipps::{Error, management};
///
/// fn log_line(error: &Error) -> String {
///     // These usually pass without anyone having to act.
///     let is_minor = error.is_timeout() || error.is_retryable();
///     let level = if is_minor { "WARN" } else { "ERROR" };
///     let method = error.method().unwrap_or("-");
///     let path = error.path().unwrap_or("-");
///     let attempts = error.attempts();
///     let code = error.code().unwrap_or("-");
///     let trace_id = error.trace_id().unwrap_or("-");
///     let wait = error.retry_after().unwrap_or_default().as_secs();
///     format!(
///         "{level} {method} {path} attempts={attempts} code={code} \
///          trace_id={trace_id} retry_after={wait}"
///     )
/// }
///
/// let error = management::list_sales_units(&session).unwrap_err();
/// assert_eq!(
///     log_line(&error),
///     "WARN GET /management/v1/sales-units attempts=3 code=busy \
///      trace_id=0af76519 retry_after=25"
/// );
/// # Ok::<(), vipps::Error>(())
/// ```
#[derive(Clone, thiserror::Error)]
#[error("{0}")]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    delivery: Delivery,
    retryable: bool,
    attempts: u32,
    /// Some of the request was sent, but not all of it.
    partly_sent: bool,
    /// The token request failed; `delivery` is that of the call that needed the token.
    for_token: bool,
    /// Shared by all calls that waited for the same token.
    cause: Arc<Cause>,
}

enum Cause {
    /// Invalid settings or input, found before sending.
    Input(Vec<FieldProblem>),
    /// The server answered with a status other than 2xx.
    Answer {
        request: RequestLine,
        status: StatusCode,
        problem: Problem,
        retry_after: Option<Duration>,
    },
    /// No reply arrived, or an unusable one.
    Failure {
        request: RequestLine,
        status: Option<StatusCode>,
        reason: String,
        retry_after: Option<Duration>,
    },
}

impl TryFrom<i32> for ErrorKind {
    type Error = Error;

    /// The kind with this number, such as one that a C program or an exit code passed on.
    fn try_from(number: i32) -> Result<Self, Error> {
        let kind = kind::ALL.into_iter().find(|kind| *kind as i32 == number);
        kind.ok_or_else(|| {
            let last = kind::ALL.len();
            Error::input("kind", format!("must be 1 to {last}, not {number}"))
        })
    }
}

impl Error {
    /// The kind of error, to match on.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status, if the server answered.
    pub fn status(&self) -> Option<u16> {
        self.status_code().map(|status| status.as_u16())
    }

    /// The method of the failed request. `None` for a configuration or input error.
    pub fn method(&self) -> Option<&str> {
        self.request().map(|request| request.method.as_str())
    }

    /// The path and query of the failed request. `None` for a configuration or input error.
    pub fn path(&self) -> Option<&str> {
        self.request().map(|request| request.path.as_str())
    }

    /// Whether the call may have taken effect, over all its attempts.
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// The number of attempts made: 0 if nothing was tried, more than 1 after retries.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether the call timed out, as a whole or in one of its phases.
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// Whether the same call may succeed later and is safe to retry.
    ///
    /// The session has already retried it as often as its [`RetryPolicy`](crate::RetryPolicy)
    /// allows.
    #[doc(alias = "retry")]
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// How long the server asked to wait before a retry (`Retry-After`), or what is left of that.
    #[doc(alias = "Retry-After")]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.cause.retry_after()
    }

    /// The trace id of the failed request, to quote to Vipps MobilePay support.
    #[doc(alias = "traceId")]
    pub fn trace_id(&self) -> Option<&str> {
        self.problem()?.trace_id.as_deref()
    }

    /// The API's own error code, such as `invalid_client`, if the reply had one.
    #[doc(alias = "errorCode")]
    pub fn code(&self) -> Option<&str> {
        self.problem()?.code.as_deref()
    }

    /// The contents of the error reply, whatever its format. `None` if the server did not answer.
    #[doc(alias = "ProblemDetails")]
    pub fn problem(&self) -> Option<&Problem> {
        match &*self.0.cause {
            Cause::Answer { problem, .. } => Some(problem),
            Cause::Input(_) | Cause::Failure { .. } => None,
        }
    }

    /// The fields or settings that are wrong, as reported by the API or found by this crate before
    /// sending.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use vipps::order_management::{
    ///     BottomLine, Currency, OrderRef, Receipt, add_receipt,
    /// };
    ///
    /// let order = OrderRef::ecom("order-1".parse()?);
    /// let receipt = Receipt::new(BottomLine::new(Currency::Nok));
    /// let error = add_receipt(&session, &order, &receipt).unwrap_err();
    /// for problem in error.field_problems() {
    ///     eprintln!("{}: {}", problem.name, problem.reason);
    /// }
    /// # assert_eq!(error.field_problems()[0].name, "orderLines");
    /// # Ok::<(), vipps::Error>(())
    /// ```
    #[doc(alias = "invalidParams")]
    #[doc(alias = "extraDetails")]
    pub fn field_problems(&self) -> &[FieldProblem] {
        match &*self.0.cause {
            Cause::Input(fields) => fields,
            Cause::Answer { problem, .. } => &problem.fields,
            Cause::Failure { .. } => &[],
        }
    }

    fn request(&self) -> Option<&RequestLine> {
        match &*self.0.cause {
            Cause::Answer { request, .. } | Cause::Failure { request, .. } => Some(request),
            Cause::Input(_) => None,
        }
    }

    fn status_code(&self) -> Option<StatusCode> {
        match *self.0.cause {
            Cause::Answer { status, .. } => Some(status),
            Cause::Failure { status, .. } => status,
            Cause::Input(_) => None,
        }
    }

    fn new(kind: ErrorKind, delivery: Delivery, cause: Cause) -> Self {
        Self(Box::new(Inner {
            kind,
            delivery,
            retryable: false,
            attempts: 0,
            partly_sent: false,
            for_token: false,
            cause: Arc::new(cause),
        }))
    }

    fn before_sending(kind: ErrorKind, fields: Vec<FieldProblem>) -> Self {
        Self::new(kind, Delivery::NotSent, Cause::Input(fields))
    }

    pub(crate) fn config(setting: &str, reason: impl Into<String>) -> Self {
        Self::settings(vec![FieldProblem::new(setting, reason)])
    }

    pub(crate) fn settings(problems: Vec<FieldProblem>) -> Self {
        Self::before_sending(ErrorKind::Config, problems)
    }

    pub(crate) fn input(field: impl Into<String>, reason: impl Into<String>) -> Self {
        let problem = FieldProblem::new(field, reason);
        Self::before_sending(ErrorKind::InvalidInput, vec![problem])
    }

    /// Invalid input, with the value in the message.
    pub(crate) fn invalid(field: &str, rule: &str, value: &str) -> Self {
        let problem = FieldProblem::invalid(field, rule, value);
        Self::before_sending(ErrorKind::InvalidInput, vec![problem])
    }

    /// One error for all `problems`, with one entry per field; `Ok` if there are none.
    pub(crate) fn from_problems(problems: Vec<FieldProblem>) -> Result<(), Self> {
        let mut entries: Vec<FieldProblem> = Vec::new();
        for problem in problems {
            match entries.iter_mut().find(|entry| entry.name == problem.name) {
                Some(entry) => entry.reason = format!("{}, and {}", entry.reason, problem.reason),
                None => entries.push(problem),
            }
        }
        if entries.is_empty() {
            return Ok(());
        }
        Err(Self::before_sending(ErrorKind::InvalidInput, entries))
    }

    /// The server answered with a status other than 2xx.
    pub(crate) fn answered(
        request: &RequestLine,
        status: StatusCode,
        problem: Problem,
        retry_after: Option<Duration>,
    ) -> Self {
        let kind = match status.as_u16() {
            401 => ErrorKind::Unauthorized,
            403 => ErrorKind::Forbidden,
            404 => ErrorKind::NotFound,
            407 => ErrorKind::Proxy,
            409 => ErrorKind::Conflict,
            429 => ErrorKind::RateLimited,
            408 | 500.. => ErrorKind::Server,
            400..500 => ErrorKind::Rejected,
            _ => ErrorKind::UnexpectedStatus,
        };
        let delivery = match kind {
            // A server behind the one that answered may have carried out the request.
            ErrorKind::Server => Delivery::Unknown,
            _ => Delivery::Answered,
        };
        let cause = Cause::Answer {
            request: request.clone(),
            status,
            problem,
            retry_after,
        };
        Self::new(kind, delivery, cause)
    }

    /// No reply arrived, or an unusable one.
    pub(crate) fn failed(
        request: &RequestLine,
        status: Option<StatusCode>,
        kind: ErrorKind,
        delivery: Delivery,
        reason: impl Into<String>,
    ) -> Self {
        let cause = Cause::Failure {
            request: request.clone(),
            status,
            reason: reason.into(),
            retry_after: None,
        };
        Self::new(kind, delivery, cause)
    }

    /// Not sent: the reply to another request asked for a wait longer than the call's remaining
    /// time.
    pub(crate) fn rate_limited(request: &RequestLine, wait: Duration) -> Self {
        let cause = Cause::Failure {
            request: request.clone(),
            status: None,
            reason: "rate limited by the reply to an earlier call".to_owned(),
            retry_after: Some(wait),
        };
        Self::new(ErrorKind::RateLimited, Delivery::NotSent, cause)
    }

    /// Replaces the reply's fields with those in which the order's existing receipt differs.
    pub(crate) fn conflicting(self, detail: &str, fields: Vec<FieldProblem>) -> Self {
        let Some(request) = self.request().cloned() else {
            return self;
        };
        let mut problem = self.problem().cloned().unwrap_or_default();
        problem.detail = Some(detail.to_owned());
        problem.fields = fields;
        let cause = Cause::Answer {
            request,
            status: StatusCode::CONFLICT,
            problem,
            retry_after: None,
        };
        Self::new(ErrorKind::AlreadyExists, Delivery::Answered, cause)
            .with_attempts(self.attempts())
    }

    /// Turns the error of a token request into that of the call that needed the token, which was
    /// not sent.
    pub(crate) fn of_token_request(mut self) -> Self {
        self.0.for_token = true;
        if self.problem().is_some() && self.kind() != ErrorKind::Proxy {
            self.0.kind = ErrorKind::Auth;
        }
        self.with_delivery(Delivery::NotSent)
    }

    pub(crate) fn with_partly_sent(mut self, partly_sent: bool) -> Self {
        self.0.partly_sent = partly_sent;
        self
    }

    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn with_delivery(mut self, delivery: Delivery) -> Self {
        self.0.delivery = delivery;
        self
    }

    /// A reply that cannot be decoded is never retryable: the next one would be the same.
    pub(crate) fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable && self.0.kind != ErrorKind::Decode;
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }
}

/// The single place that decides what a failed attempt says about itself and about earlier ones.
impl Error {
    /// Whether the failed attempt may have taken effect. One with a 2xx status and a lost body did.
    pub(crate) fn leaves_doubt(&self) -> bool {
        let is_success = self.status_code().is_some_and(|status| status.is_success());
        self.delivery() == Delivery::Unknown || is_success && !self.0.for_token
    }

    /// The error of a whole call; `in_doubt` says that an earlier attempt may have taken effect.
    pub(crate) fn after_doubt(self, in_doubt: bool) -> Self {
        if in_doubt && !self.settles_doubt() {
            self.with_delivery(Delivery::Unknown)
        } else {
            self
        }
    }

    /// Whether the server asks for a wait before any request to the same route.
    pub(crate) fn asks_to_wait(&self) -> bool {
        matches!(self.status(), Some(423 | 429))
    }

    /// Whether the API itself, not a gateway, reports that the resource does not exist.
    pub(crate) fn is_no_such_resource(&self) -> bool {
        self.status() == Some(404) && self.settles_doubt()
    }

    /// Whether this is the API's reply to a DELETE of a resource that is already deleted.
    pub(crate) fn is_already_deleted(&self) -> bool {
        self.is_delete() && self.is_no_such_resource()
    }

    /// Whether the API itself answered, and would have answered every attempt the same way.
    fn settles_doubt(&self) -> bool {
        let is_of_gateway = self.problem().is_some_and(Problem::is_of_gateway);
        if self.0.for_token || is_of_gateway || self.kind() == ErrorKind::Proxy {
            return false;
        }
        match self.status() {
            Some(200..300 | 400 | 404 | 410 | 422) => true,
            // For other methods the conflict may be with the earlier attempt.
            Some(409) => self.is_delete(),
            _ => false,
        }
    }

    fn is_delete(&self) -> bool {
        self.request()
            .is_some_and(|request| request.method == Method::DELETE)
    }
}

impl Cause {
    fn retry_after(&self) -> Option<Duration> {
        match *self {
            Self::Answer { retry_after, .. } | Self::Failure { retry_after, .. } => retry_after,
            Self::Input(_) => None,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut error = f.debug_struct("Error");
        error
            .field("kind", &self.kind())
            .field("message", &self.to_string())
            .field("delivery", &self.delivery())
            .field("retryable", &self.is_retryable())
            .field("attempts", &self.attempts())
            .field("retry_after", &self.retry_after());
        if let Some(problem) = self.problem() {
            error.field("problem", problem);
        }
        error.finish()
    }
}

/// Identifies a request in errors, observers and rate-limit gates.
#[derive(Clone)]
pub(crate) struct RequestLine {
    pub(crate) method: Method,
    /// Percent-encoded, with the query.
    pub(crate) path: String,
    /// The path with `{names}` instead of values, without the query.
    pub(crate) route: String,
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
