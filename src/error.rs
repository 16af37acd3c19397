use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use ureq::http::{Method, StatusCode};

use crate::error::problem::Problem;

mod api_error;
mod call_error;
pub(crate) mod problem;

pub use api_error::ApiError;
pub use call_error::CallError;

/// What went wrong with a call, and what may have happened all the same: see [`delivery`](Self::delivery).
///
/// `Display` is one line with method, path, status and what the service said; it is complete, so there is no
/// [`source`](std::error::Error::source) to follow. Programs branch on [`kind`](Self::kind), [`status`](Self::status) and
/// [`code`](Self::code); the vendor rewords its texts. No form of an error holds a key or a token: where a reply repeats one, the error
/// says `[redacted]`.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The session cannot be built like this, or has no merchant serial number for a call that needs one. Nothing was sent.
    #[error("configuration: {setting}: {reason}")]
    #[non_exhaustive]
    Config {
        /// The setting, as the builder's method, the header or the environment variable is called.
        setting: String,
        /// What is wrong with it and what would be right.
        reason: String,
    },
    /// A value that the service would refuse or silently drop. Nothing was sent.
    #[error("invalid input: {field}: {reason}")]
    #[non_exhaustive]
    InvalidInput {
        /// The field, as it is called on the wire; several are separated by `, `.
        field: String,
        /// What is wrong with it and what would be right.
        reason: String,
    },
    /// The token endpoint answered with an error. The attempt that wanted the token was not sent; [`delivery`](Self::delivery) says what
    /// those before it may have done.
    #[error("no access token: {0}")]
    Auth(ApiError),
    /// The service answered with an error.
    #[error("{0}")]
    Api(ApiError),
    /// No complete answer came: the network failed, or the time was up.
    #[error("{0}")]
    Transport(CallError),
    /// The service answered with success, but with a reply that cannot be read.
    #[error("{0}")]
    Decode(CallError),
}

/// What a failed call may have done. This is what decides whether it may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Delivery {
    /// The server cannot have seen the request: nothing happened.
    NotSent,
    /// The server may have seen it and carried it out. Read back, or repeat with the same idempotency key.
    Unknown,
    /// The server answered, and the error holds its answer. A 408 or a status from 500 leaves open whether it was carried out all the same;
    /// [`Error::is_retryable`] tells whether repeating is safe.
    Answered,
}

/// The kinds of error as numbers that never change and are never used again, for C and for exit codes. 0 is left for success, and negative
/// numbers for what a binding to another language has to add.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The session cannot be built like this, or has no merchant serial number for a call that needs one.
    Config = 1,
    /// A value was refused before anything was sent.
    InvalidInput = 2,
    /// The token endpoint answered with an error, whatever its status. [`Error::is_retryable`] tells a busy service from wrong keys.
    Auth = 3,
    /// 401: the service did not take the token or the subscription key, a new token included.
    Unauthorized = 4,
    /// 403: the keys are good, but not for this.
    Forbidden = 5,
    /// 404: there is no such thing, or it is not active, or it is not connected to these keys.
    NotFound = 6,
    /// 409: it collides with what is there, or an idempotency key came again with another body.
    Conflict = 7,
    /// What was to be made is there already.
    AlreadyExists = 8,
    /// 400, or another status from 402 to 499 that has no kind of its own: the request is wrong.
    Rejected = 9,
    /// 429: too many requests.
    RateLimited = 10,
    /// 408, or a status from 500: the service or something in front of it failed.
    Server = 11,
    /// A status below 400 that is not a success: a redirect, which is never followed.
    UnexpectedStatus = 12,
    /// The time was up.
    Timeout = 13,
    /// No connection: the name was not found, or nobody listened there.
    Connect = 14,
    /// No safe connection: the server's certificate was refused, or TLS failed in another way.
    Tls = 15,
    /// The connection broke, or what came over it was not HTTP.
    Network = 16,
    /// The reply cannot be read: not the JSON that was promised, or larger than allowed.
    Decode = 17,
}

impl ErrorKind {
    /// Its name, such as `InvalidInput`, which never changes: for logs and for JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "Config",
            Self::InvalidInput => "InvalidInput",
            Self::Auth => "Auth",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "NotFound",
            Self::Conflict => "Conflict",
            Self::AlreadyExists => "AlreadyExists",
            Self::Rejected => "Rejected",
            Self::RateLimited => "RateLimited",
            Self::Server => "Server",
            Self::UnexpectedStatus => "UnexpectedStatus",
            Self::Timeout => "Timeout",
            Self::Connect => "Connect",
            Self::Tls => "Tls",
            Self::Network => "Network",
            Self::Decode => "Decode",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Error {
    /// The kind of error, for a `match` or, as a number, for C.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Config { .. } => ErrorKind::Config,
            Self::InvalidInput { .. } => ErrorKind::InvalidInput,
            Self::Auth(_) => ErrorKind::Auth,
            Self::Api(error) => error.kind(),
            Self::Transport(error) => error.0.kind,
            Self::Decode(_) => ErrorKind::Decode,
        }
    }

    /// The HTTP status, where the service answered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Auth(error) | Self::Api(error) => Some(error.status()),
            Self::Transport(error) | Self::Decode(error) => error.status(),
            Self::Config { .. } | Self::InvalidInput { .. } => None,
        }
    }

    /// The method of the request that failed, where there was one to send.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        match self {
            Self::Auth(error) | Self::Api(error) => Some(error.method()),
            Self::Transport(error) | Self::Decode(error) => Some(error.method()),
            Self::Config { .. } | Self::InvalidInput { .. } => None,
        }
    }

    /// The path and the query of the request that failed, where there was one to send.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Auth(error) | Self::Api(error) => Some(error.path()),
            Self::Transport(error) | Self::Decode(error) => Some(error.path()),
            Self::Config { .. } | Self::InvalidInput { .. } => None,
        }
    }

    /// What the call may have done, all its attempts taken together.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::Config { .. } | Self::InvalidInput { .. } => Delivery::NotSent,
            Self::Auth(error) | Self::Api(error) => error.0.delivery,
            Self::Transport(error) | Self::Decode(error) => error.0.delivery,
        }
    }

    /// Whether the time was up: the session's total timeout or one of its phases.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// Whether the same call may succeed later and can be repeated without doing a thing twice.
    ///
    /// The session has by then repeated it as often as its [`RetryPolicy`](crate::RetryPolicy) allows.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Config { .. } | Self::InvalidInput { .. } | Self::Decode(_) => false,
            Self::Auth(error) | Self::Api(error) => error.0.retryable,
            Self::Transport(error) => error.0.retryable,
        }
    }

    /// How long the service asked to wait, where it did.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.api().and_then(|error| error.0.retry_after)
    }

    /// The trace id of the failed request, for the vendor's support.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.api().and_then(ApiError::trace_id)
    }

    /// The service's own error code, such as `invalid_client`, where it gave one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.api().and_then(ApiError::code)
    }

    /// What the service said about single fields, empty where it said nothing.
    #[must_use]
    pub fn field_problems(&self) -> &[FieldProblem] {
        self.api().map_or(&[], ApiError::field_problems)
    }

    fn api(&self) -> Option<&ApiError> {
        match self {
            Self::Auth(error) | Self::Api(error) => Some(error),
            _ => None,
        }
    }

    pub(crate) fn config(setting: &str, reason: impl Into<String>) -> Self {
        let (setting, reason) = (setting.to_owned(), reason.into());
        Self::Config { setting, reason }
    }

    pub(crate) fn input(field: impl Into<String>, reason: impl Into<String>) -> Self {
        let (field, reason) = (field.into(), reason.into());
        Self::InvalidInput { field, reason }
    }

    /// An [`InvalidInput`](Self::InvalidInput) that shows the value that was given.
    pub(crate) fn invalid(field: &str, rule: &str, value: &str) -> Self {
        let problem = FieldProblem::invalid(field, rule, value);
        Self::input(problem.name, problem.reason)
    }

    /// One error for all of `problems`, or `Ok` if there are none: `a: ...` for one, `a, b: a: ...; b: ...` for several.
    pub(crate) fn from_problems(problems: Vec<FieldProblem>) -> Result<(), Self> {
        let (mut field, mut reason) = (String::new(), String::new());
        for problem in &problems {
            if !field.is_empty() {
                field.push_str(", ");
                reason.push_str("; ");
            }
            field.push_str(&problem.name);
            if problems.len() > 1 {
                reason.push_str(&problem.name);
                reason.push_str(": ");
            }
            reason.push_str(&problem.reason);
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Self::input(field, reason))
        }
    }

    /// The token request's failure, seen from the call that wanted the token and has not been sent.
    pub(crate) fn into_auth(self) -> Self {
        let error = match self {
            Self::Api(error) => Self::Auth(error),
            Self::Transport(mut error) => {
                error.0.for_token = true;
                Self::Transport(error)
            }
            Self::Decode(mut error) => {
                error.0.for_token = true;
                Self::Decode(error)
            }
            other => other,
        };
        error.with_delivery(Delivery::NotSent)
    }

    /// Takes a 409 for [`ErrorKind::AlreadyExists`].
    pub(crate) fn or_already_exists(mut self) -> Self {
        if let Self::Api(error) = &mut self {
            error.0.already_exists |= error.status() == 409;
        }
        self
    }

    /// [`or_already_exists`](Self::or_already_exists) for the endpoint that also answers a 400 that speaks of a duplicate. Elsewhere the
    /// word may be about anything, such as two lines of a receipt.
    pub(crate) fn or_duplicate(mut self) -> Self {
        if let Self::Api(error) = &mut self {
            error.0.already_exists |= error.status() == 400 && error.mentions("duplicate");
        }
        self.or_already_exists()
    }

    /// The conflict with what is there, field by field: as the service answered it, or as a 409 where its answer was another or was lost.
    pub(crate) fn conflict(self, at: At, detail: &str, fields: Vec<FieldProblem>) -> Self {
        let mut error = match self {
            Self::Api(error) if error.kind() == ErrorKind::AlreadyExists => error,
            _ => ApiError::new(at, StatusCode::CONFLICT, Problem::default(), None),
        };
        error.0.problem.detail = Some(detail.to_owned());
        error.0.problem.fields = fields;
        Self::Api(error).or_already_exists()
    }

    /// Says what all attempts of the call taken together may have done.
    pub(crate) fn with_delivery(mut self, delivery: Delivery) -> Self {
        match &mut self {
            Self::Config { .. } | Self::InvalidInput { .. } => {}
            Self::Auth(error) | Self::Api(error) => error.0.delivery = delivery,
            Self::Transport(error) | Self::Decode(error) => error.0.delivery = delivery,
        }
        self
    }

    /// Says whether repeating the call is of use and safe.
    pub(crate) fn with_retryable(mut self, retryable: bool) -> Self {
        match &mut self {
            Self::Auth(error) | Self::Api(error) => error.0.retryable = retryable,
            Self::Transport(error) => error.0.retryable = retryable,
            Self::Config { .. } | Self::InvalidInput { .. } | Self::Decode(_) => {}
        }
        self
    }
}

/// A problem with one field, as the service or a check of this crate named it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FieldProblem {
    /// The field; empty where the service named none.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

impl FieldProblem {
    pub(crate) fn new(name: impl Into<String>, reason: impl Into<String>) -> Self {
        let (name, reason) = (name.into(), reason.into());
        Self { name, reason }
    }

    /// One that shows the value that was given, or the start of it.
    pub(crate) fn invalid(name: impl Into<String>, rule: &str, value: &str) -> Self {
        const SHOWN: usize = 60;
        let (shown, more) = start_of(value, SHOWN);
        Self::new(name, format!("{rule}, not {shown:?}{more}"))
    }
}

/// A text's first characters, and dots if there are more.
pub(crate) fn start_of(text: &str, characters: usize) -> (&str, &'static str) {
    let end = text.char_indices().nth(characters).map(|(at, _)| at);
    match end.and_then(|end| text.get(..end)) {
        Some(start) => (start, "..."),
        None => (text, ""),
    }
}

/// Which request it was: `GET /management/v1/sales-units`.
#[derive(Clone)]
pub(crate) struct At {
    pub(crate) method: Method,
    pub(crate) path: Cow<'static, str>,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// `404 Not Found`, or the bare number where it has no name.
struct StatusLine(StatusCode);

impl fmt::Display for StatusLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_u16())?;
        match self.0.canonical_reason() {
            Some(name) => write!(f, " {name}"),
            None => Ok(()),
        }
    }
}
