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

/// Why a call failed, and what it may have done all the same: see [`delivery`](Self::delivery).
///
/// `Display` is one complete line with method, path, status and what the API said, so there is no
/// [`source`](std::error::Error::source) to follow. Programs branch on [`kind`](Self::kind), [`status`](Self::status) and
/// [`code`](Self::code), as the texts of the API are reworded over time. Where a reply repeats a key or a token, the error says
/// `[redacted]`: no 8 consecutive bytes of it are shown.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::{Delivery, ErrorKind, management};
///
/// let error = management::get_sales_unit(&session, &"999999".parse()?).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.status(), Some(404));
/// assert_eq!(error.delivery(), Delivery::Answered);
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
    /// A connection took some of the request, and not all of it.
    partly_sent: bool,
    /// The token request failed; `delivery` is that of the call that wanted the token.
    for_token: bool,
    /// Shared by all the calls that waited for one token.
    cause: Arc<Cause>,
}

enum Cause {
    /// The crate found this wrong with settings or input.
    Input(Vec<FieldProblem>),
    /// The server answered with a status that is no success.
    Answer {
        request: RequestLine,
        status: StatusCode,
        problem: Problem,
        retry_after: Option<Duration>,
    },
    /// No answer came, or none that can be used.
    Failure {
        request: RequestLine,
        status: Option<StatusCode>,
        reason: String,
        retry_after: Option<Duration>,
    },
}

impl Error {
    /// The kind of error, for a `match` or, as a number, for C.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status, where the server answered.
    pub fn status(&self) -> Option<u16> {
        self.status_code().map(|status| status.as_u16())
    }

    /// The method of the request that failed, where there was one to send.
    pub fn method(&self) -> Option<&str> {
        self.request().map(|request| request.method.as_str())
    }

    /// The path and the query of the request that failed, where there was one to send.
    pub fn path(&self) -> Option<&str> {
        self.request().map(|request| request.path.as_str())
    }

    /// What the call may have done, all its attempts taken together.
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// How many attempts of the call were made: 0 if nothing was tried, and more than 1 after retries.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether the call timed out: the session's total timeout or one of its phases.
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// Whether the same call may succeed later, and can be retried without doing a thing twice.
    ///
    /// The session has by then retried it as often as its [`RetryPolicy`](crate::RetryPolicy) allows.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// How long the server asked to wait (`Retry-After`), or what is left of that, where it did.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.cause.retry_after()
    }

    /// The trace id of the failed request, for Vipps MobilePay's support.
    pub fn trace_id(&self) -> Option<&str> {
        self.problem()?.trace_id.as_deref()
    }

    /// The API's own error code, such as `invalid_client`, where it gave one.
    pub fn code(&self) -> Option<&str> {
        self.problem()?.code.as_deref()
    }

    /// What the server said, whatever form its body had. `None` if it gave no answer.
    pub fn problem(&self) -> Option<&Problem> {
        match &*self.0.cause {
            Cause::Answer { problem, .. } => Some(problem),
            Cause::Input(_) | Cause::Failure { .. } => None,
        }
    }

    /// What is wrong with single fields or settings, one entry each: as the API said or as this crate found before sending.
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

    /// An invalid input whose value is shown.
    pub(crate) fn invalid(field: &str, rule: &str, value: &str) -> Self {
        let problem = FieldProblem::invalid(field, rule, value);
        Self::before_sending(ErrorKind::InvalidInput, vec![problem])
    }

    /// One error for all of `problems`, with an entry for each field, or `Ok` if there are none.
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

    /// The server answered with a status that is no success.
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
            // Something behind whatever answered may have carried the request out.
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

    /// No answer came, or none that can be used.
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

    /// Not sent, as the answer to another request asked for a wait that the call has no time for.
    pub(crate) fn rate_limited(request: &RequestLine, wait: Duration) -> Self {
        let cause = Cause::Failure {
            request: request.clone(),
            status: None,
            reason: "rate limited by the reply to an earlier call".to_owned(),
            retry_after: Some(wait),
        };
        Self::new(ErrorKind::RateLimited, Delivery::NotSent, cause)
    }

    /// The same failure with another answer in its place: what the order's receipt has instead.
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

    /// The token request's failure, seen from the call that wanted the token and has not been sent.
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

    /// What cannot be read now will not be read the next time either.
    pub(crate) fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable && self.0.kind != ErrorKind::Decode;
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }
}

/// The one rule for doubt: what a failed attempt says about itself, and about those before it.
impl Error {
    /// Whether the attempt that failed like this may have been carried out. A success whose reply was lost certainly was.
    pub(crate) fn leaves_doubt(&self) -> bool {
        let is_success = self.status_code().is_some_and(|status| status.is_success());
        self.delivery() == Delivery::Unknown || is_success && !self.0.for_token
    }

    /// The same error at the end of a call of which an earlier attempt may have been carried out.
    pub(crate) fn after_doubt(self, in_doubt: bool) -> Self {
        if in_doubt && !self.settles_doubt() {
            self.with_delivery(Delivery::Unknown)
        } else {
            self
        }
    }

    /// Whether the server turned the request away for now, and others to the same route with it.
    pub(crate) fn asks_to_wait(&self) -> bool {
        matches!(self.status(), Some(423 | 429))
    }

    /// Whether the API itself says that there is no such resource.
    pub(crate) fn is_no_such_resource(&self) -> bool {
        self.status() == Some(404) && self.settles_doubt()
    }

    /// Whether this is how the API answers a DELETE of what an earlier attempt has deleted.
    pub(crate) fn is_already_deleted(&self) -> bool {
        self.is_delete() && self.is_no_such_resource()
    }

    /// Whether the API itself answered, and would have answered every attempt like this.
    fn settles_doubt(&self) -> bool {
        let is_of_gateway = self.problem().is_some_and(Problem::is_of_gateway);
        if self.0.for_token || is_of_gateway || self.kind() == ErrorKind::Proxy {
            return false;
        }
        match self.status() {
            Some(200..300 | 400 | 404 | 410 | 422) => true,
            // Otherwise the conflict may be one with the earlier attempt.
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

/// Which request it was.
#[derive(Clone)]
pub(crate) struct RequestLine {
    pub(crate) method: Method,
    /// Percent-encoded, with the query.
    pub(crate) path: String,
    /// The path with `{names}` in place of values, without the query.
    pub(crate) route: String,
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
