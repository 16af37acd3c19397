use ureq::http::{Method, StatusCode};

use super::{Delivery, Error, ErrorKind, FieldProblem, Problem, RequestLine};

impl Error {
    /// Creates an error of a given kind and status, for testing your own error handling.
    ///
    /// Delivery and retryability are those of a GET that failed this way. For complete errors,
    /// inject a [fault](crate::sandbox::Sandbox::fault) into the sandbox.
    ///
    /// Requires the feature `sandbox`.
    ///
    /// ```
    /// use vipps::{Delivery, Error, ErrorKind};
    ///
    /// let busy = Error::for_tests(ErrorKind::Server, Some(503));
    /// assert_eq!(busy.to_string(), "GET /for-tests: 503 Service Unavailable");
    /// assert!(busy.is_retryable());
    /// let lost = Error::for_tests(ErrorKind::Network, None);
    /// assert_eq!(lost.delivery(), Delivery::Unknown);
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "sandbox")))]
    pub fn for_tests(kind: ErrorKind, status: Option<u16>) -> Self {
        let request = RequestLine {
            method: Method::GET,
            path: "/for-tests".to_owned(),
            route: "/for-tests".to_owned(),
        };
        let reason = "an error for tests";
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        let error = match (kind, status) {
            (ErrorKind::Config | ErrorKind::InvalidInput, _) => {
                return Self::before_sending(kind, vec![FieldProblem::new("for_tests", reason)]);
            }
            (ErrorKind::Decode, _) => {
                Self::failed(&request, status, kind, Delivery::Answered, reason)
            }
            (_, Some(status)) => Self::answered(&request, status, Problem::default(), None),
            (ErrorKind::Timeout | ErrorKind::Network, None) => {
                Self::failed(&request, None, kind, Delivery::Unknown, reason)
            }
            (_, None) => Self::failed(&request, None, kind, Delivery::NotSent, reason),
        };
        let is_retryable = match error.kind() {
            ErrorKind::RateLimited
            | ErrorKind::Timeout
            | ErrorKind::Connect
            | ErrorKind::Network => true,
            ErrorKind::Server => matches!(error.status(), Some(408 | 500 | 502 | 503 | 504)),
            _ => false,
        };
        error
            .with_kind(kind)
            .with_retryable(is_retryable)
            .with_attempts(1)
    }
}
