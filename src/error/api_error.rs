use std::fmt;
use std::time::Duration;

use ureq::http::StatusCode;

use super::{At, Delivery, ErrorKind, FieldProblem, StatusLine};
use crate::error::problem::Problem;

/// An error that the service answered with, whatever form its body had: RFC 9457 problems, the gateway's, OAuth's, plain text, HTML,
/// nothing at all.
#[derive(Clone)]
pub struct ApiError(pub(super) Box<Answer>);

#[derive(Clone)]
pub(super) struct Answer {
    pub(super) at: At,
    pub(super) status: StatusCode,
    pub(super) problem: Problem,
    pub(super) retry_after: Option<Duration>,
    pub(super) delivery: Delivery,
    pub(super) retryable: bool,
    /// An endpoint knows this answer to say that the thing is there already.
    pub(super) already_exists: bool,
}

impl ApiError {
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

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status.as_u16()
    }

    /// The problem's `type`, a URI.
    #[must_use]
    pub fn problem_type(&self) -> Option<&str> {
        self.0.problem.problem_type.as_deref()
    }

    /// The problem's `title`, or the message that other forms have instead.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.0.problem.title.as_deref()
    }

    /// The problem's `detail`.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.0.problem.detail.as_deref()
    }

    /// The problem's `instance`.
    #[must_use]
    pub fn instance(&self) -> Option<&str> {
        self.0.problem.instance.as_deref()
    }

    /// What was said about single fields, whatever the reply called them.
    #[must_use]
    pub fn field_problems(&self) -> &[FieldProblem] {
        &self.0.problem.fields
    }

    /// The service's own error code, such as `invalid_client`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.problem.code.as_deref()
    }

    /// The trace id: `traceId` or `trace_id` as it stands, or the trace part of an `instance` that is a W3C trace context.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.0.problem.trace_id.as_deref()
    }

    /// How long the service asked to wait (`Retry-After`).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What the call may have done, all its attempts taken together.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.0.delivery
    }

    /// Up to 4 KiB of the body, if it had none of the known forms.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.0.problem.body.as_deref()
    }

    /// The kind of error, by its status and by what the endpoint means with it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.status() {
            _ if self.0.already_exists => ErrorKind::AlreadyExists,
            401 => ErrorKind::Unauthorized,
            403 => ErrorKind::Forbidden,
            404 => ErrorKind::NotFound,
            409 => ErrorKind::Conflict,
            429 => ErrorKind::RateLimited,
            408 | 500.. => ErrorKind::Server,
            400..500 => ErrorKind::Rejected,
            _ => ErrorKind::UnexpectedStatus,
        }
    }

    pub(crate) fn new(
        at: At,
        status: StatusCode,
        problem: Problem,
        retry_after: Option<Duration>,
    ) -> Self {
        Self(Box::new(Answer {
            at,
            status,
            problem,
            retry_after,
            delivery: Delivery::Answered,
            retryable: false,
            already_exists: false,
        }))
    }

    /// Whether any of its texts has this word, in any capitals.
    pub(super) fn mentions(&self, word: &str) -> bool {
        let problem = &self.0.problem;
        let texts = [
            &problem.title,
            &problem.detail,
            &problem.code,
            &problem.body,
        ];
        let reasons = problem.fields.iter().map(|field| &field.reason);
        let mut texts = texts.into_iter().flatten().chain(reasons);
        texts.any(|text| text.to_ascii_lowercase().contains(word))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.at, StatusLine(self.0.status))?;
        self.0.problem.fmt(f)
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = &self.0.problem;
        f.debug_struct("ApiError")
            .field("method", &self.method())
            .field("path", &self.path())
            .field("status", &self.status())
            .field("problem_type", &problem.problem_type)
            .field("title", &problem.title)
            .field("detail", &problem.detail)
            .field("instance", &problem.instance)
            .field("field_problems", &problem.fields)
            .field("code", &problem.code)
            .field("trace_id", &problem.trace_id)
            .field("retry_after", &self.0.retry_after)
            .field("body", &problem.body)
            .field("delivery", &self.0.delivery)
            .finish()
    }
}
