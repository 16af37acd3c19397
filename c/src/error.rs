//! `vipps_error`: all that the crate's error says, and what only C can do wrong.

use std::ffi::{CString, c_char, c_int};
use std::ptr;

use serde_json::{Value, json};

use vipps::{Delivery, Error, ErrorKind, FieldProblem};

use crate::boundary::{free, read};
use crate::string::c_string;

/// The outcome of a call. The numbers never change and are never used again.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum vipps_status {
    /// Success.
    VIPPS_OK = 0,
    /// The session cannot be built like this, or has no merchant serial number for a call that
    /// needs one. Nothing was sent.
    VIPPS_CONFIG = 1,
    /// An argument that the API would refuse. Nothing was sent.
    VIPPS_INVALID_INPUT = 2,
    /// The token endpoint answered with an error; vipps_error_is_retryable() tells a busy service
    /// from wrong keys.
    VIPPS_AUTH = 3,
    /// 401: the API refused the token or the subscription key, also with a new token.
    VIPPS_UNAUTHORIZED = 4,
    /// 403: the keys are valid, but not for this.
    VIPPS_FORBIDDEN = 5,
    /// 404: not found, not active, or not connected to these keys.
    VIPPS_NOT_FOUND = 6,
    /// 409: a conflict with what exists, or an idempotency key that was used with another body.
    VIPPS_CONFLICT = 7,
    /// The resource already exists.
    VIPPS_ALREADY_EXISTS = 8,
    /// 400, or another status from 402 to 499 that has no status of its own here: the request is
    /// wrong.
    VIPPS_REJECTED = 9,
    /// 429: too many requests.
    VIPPS_RATE_LIMITED = 10,
    /// 408, or a status from 500: the API or a gateway in front of it failed.
    VIPPS_SERVER = 11,
    /// A status below 400 that is not a success: a redirect, which is never followed.
    VIPPS_UNEXPECTED_STATUS = 12,
    /// The call timed out.
    VIPPS_TIMEOUT = 13,
    /// No connection: the name was not found, or nothing listens there.
    VIPPS_CONNECT = 14,
    /// No secure connection: the certificate was refused, or TLS failed in another way.
    VIPPS_TLS = 15,
    /// The connection broke, or what came over it was not HTTP.
    VIPPS_NETWORK = 16,
    /// The reply cannot be read: not the JSON that was expected, or larger than allowed.
    VIPPS_DECODE = 17,
    /// The proxy refused; the error has its HTTP status. 407 asks for a user and a password, or for
    /// others.
    VIPPS_PROXY = 18,
    /// An argument is NULL that must not be. Nothing was sent.
    VIPPS_NULL_ARGUMENT = -1,
    /// An argument is not UTF-8. Nothing was sent.
    VIPPS_INVALID_UTF8 = -2,
    /// A bug in the library. What was sent is not known.
    VIPPS_PANIC = -3,
}

/// What a failed call may have done, all its attempts taken together: decides whether it may be
/// repeated.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum vipps_delivery {
    /// The server cannot have acted on the request.
    VIPPS_NOT_SENT = 0,
    /// The request may have been carried out. Read back, or retry with the same idempotency key.
    VIPPS_DELIVERY_UNKNOWN = 1,
    /// The API answered, and the error holds its answer.
    VIPPS_ANSWERED = 2,
}

/// Why a call failed. It holds no key and no token.
pub struct vipps_error {
    status: vipps_status,
    kind_name: CString,
    message: CString,
    method: Option<CString>,
    path: Option<CString>,
    http_status: c_int,
    code: Option<CString>,
    trace_id: Option<CString>,
    delivery: vipps_delivery,
    is_retryable: bool,
    retry_after_ms: i64,
    field_problems: CString,
    json: CString,
}

/// The status of the call that failed. VIPPS_OK if `error` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_status(
    error: *const vipps_error,
    out_status: *mut vipps_status,
) -> vipps_status {
    unsafe {
        read(error, out_status, vipps_status::VIPPS_OK, |error| {
            error.status
        })
    }
}

/// The status as a word, such as "InvalidInput". It never changes for one status. This and the
/// texts of the functions that follow live until vipps_error_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_kind_name(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| Some(&error.kind_name)) }
}

/// One line for people: method, path, HTTP status and what the API said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_message(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| Some(&error.message)) }
}

/// The HTTP status, or 0 if there was no answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_http_status(
    error: *const vipps_error,
    out_http_status: *mut c_int,
) -> vipps_status {
    unsafe { read(error, out_http_status, 0, |error| error.http_status) }
}

/// The method of the request that failed, or NULL if there was none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_method(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| error.method.as_ref()) }
}

/// The path and query of the request that failed, or NULL if there was none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_path(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| error.path.as_ref()) }
}

/// The API's own code, such as "invalid_client", or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_code(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| error.code.as_ref()) }
}

/// The trace id of the failed request, for the support of Vipps MobilePay, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_trace_id(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| error.trace_id.as_ref()) }
}

/// What the call may have done. VIPPS_DELIVERY_UNKNOWN if `error` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_delivery(
    error: *const vipps_error,
    out_delivery: *mut vipps_delivery,
) -> vipps_status {
    let unknown = vipps_delivery::VIPPS_DELIVERY_UNKNOWN;
    unsafe { read(error, out_delivery, unknown, |error| error.delivery) }
}

/// Whether the same call may succeed later, and can be made again without doing anything twice.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_is_retryable(
    error: *const vipps_error,
    out_is_retryable: *mut bool,
) -> vipps_status {
    unsafe { read(error, out_is_retryable, false, |error| error.is_retryable) }
}

/// How long the API asked to wait, or -1 if it did not or if `error` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_retry_after_ms(
    error: *const vipps_error,
    out_milliseconds: *mut i64,
) -> vipps_status {
    unsafe { read(error, out_milliseconds, -1, |error| error.retry_after_ms) }
}

/// What is wrong with single fields, arguments or settings, as JSON: [{"name": "...", "reason":
/// "..."}]. A field is named by its path in the JSON that was given, such as
/// orderLines[1].totalAmount.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_field_problems(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| Some(&error.field_problems)) }
}

/// The whole error as one JSON object: {"status", "kind", "message", "method", "path",
/// "http_status", "delivery": "not_sent", "unknown" or "answered", "attempts", "is_timeout",
/// "is_retryable", "retry_after_ms", "trace_id", "code", "problem": {"type", "title", "detail",
/// "instance", "body"}, "field_problems"}, null where there is nothing to say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_json(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| Some(&error.json)) }
}

/// Frees an error. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_free(error: *mut vipps_error) {
    unsafe { free(error) }
}

/// A text of an error; NULL where there is none.
unsafe fn text(
    error: *const vipps_error,
    out_text: *mut *const c_char,
    text: fn(&vipps_error) -> Option<&CString>,
) -> vipps_status {
    // SAFETY: the caller's promise.
    unsafe {
        read(error, out_text, ptr::null(), |error| {
            text(error).map_or(ptr::null(), |text| text.as_ptr())
        })
    }
}

/// Why a function did not do what it was called for.
pub(crate) enum Failure {
    /// The crate's own.
    Library(Error),
    /// Arguments, each by its name, with what is wrong.
    Input(Vec<Entry>),
    /// Settings of a session, each by its name, with what is wrong.
    Settings(Vec<Entry>),
    /// An argument must not be NULL.
    Null(&'static str),
    /// An argument is not UTF-8 from this byte on.
    Utf8(&'static str, usize),
    /// A bug in this library.
    Panic,
}

/// A name, and what is wrong there.
type Entry = (String, String);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Library(error)
    }
}

impl Failure {
    pub(crate) fn input(argument: &str, reason: &str) -> Self {
        Self::Input(vec![(argument.to_owned(), reason.to_owned())])
    }

    pub(crate) fn setting(setting: &str, reason: &str) -> Self {
        Self::Settings(vec![(setting.to_owned(), reason.to_owned())])
    }

    /// The same about settings.
    pub(crate) fn of_settings(self) -> Self {
        match self {
            Self::Input(entries) => Self::Settings(entries),
            other => other,
        }
    }

    /// What is wrong with input or a setting, under the names that it has in C. `None` keeps a
    /// name.
    pub(crate) fn renamed(self, name: impl Fn(&str) -> Option<&'static str>) -> Self {
        let Self::Library(error) = &self else {
            return self;
        };
        let problems = error.field_problems().iter();
        let renamed = problems.map(
            |FieldProblem {
                 name: old, reason, ..
             }| {
                let name = name(old).map_or_else(|| old.clone(), str::to_owned);
                (name, reason.clone())
            },
        );
        match error.kind() {
            ErrorKind::InvalidInput => Self::Input(renamed.collect()),
            ErrorKind::Config => Self::Settings(renamed.collect()),
            _ => self,
        }
    }

    pub(crate) fn status(&self) -> vipps_status {
        match self {
            Self::Library(error) => status(error.kind()),
            Self::Input(_) => vipps_status::VIPPS_INVALID_INPUT,
            Self::Settings(_) => vipps_status::VIPPS_CONFIG,
            Self::Null(_) => vipps_status::VIPPS_NULL_ARGUMENT,
            Self::Utf8(..) => vipps_status::VIPPS_INVALID_UTF8,
            Self::Panic => vipps_status::VIPPS_PANIC,
        }
    }

    fn kind_name(&self) -> &'static str {
        match self {
            Self::Library(error) => error.kind().as_str(),
            Self::Input(_) => ErrorKind::InvalidInput.as_str(),
            Self::Settings(_) => ErrorKind::Config.as_str(),
            Self::Null(_) => "NullArgument",
            Self::Utf8(..) => "InvalidUtf8",
            Self::Panic => "Panic",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Library(error) => error.to_string(),
            Self::Settings(entries) => format!("configuration: {}", joined(entries)),
            // Its message may hold anything.
            Self::Panic => "a panic, which is a bug in this library".to_owned(),
            _ => format!("invalid input: {}", joined(&self.entries())),
        }
    }

    fn entries(&self) -> Vec<Entry> {
        match self {
            Self::Library(error) => {
                let problems = error.field_problems().iter();
                problems
                    .map(|problem| (problem.name.clone(), problem.reason.clone()))
                    .collect()
            }
            Self::Input(entries) | Self::Settings(entries) => entries.clone(),
            Self::Null(argument) => vec![((*argument).to_owned(), "must not be NULL".to_owned())],
            Self::Utf8(argument, at) => {
                let reason = format!("must be UTF-8, and is not valid from byte {at} on");
                vec![((*argument).to_owned(), reason)]
            }
            Self::Panic => Vec::new(),
        }
    }

    fn library(&self) -> Option<&Error> {
        match self {
            Self::Library(error) => Some(error),
            _ => None,
        }
    }
}

fn joined(entries: &[Entry]) -> String {
    let entries = entries.iter();
    let entries: Vec<String> = entries
        .map(|(name, reason)| format!("{name}: {reason}"))
        .collect();
    entries.join("; ")
}

impl vipps_error {
    pub(crate) fn new(failure: &Failure) -> Self {
        let error = failure.library();
        let text = |of: fn(&Error) -> Option<&str>| error.and_then(of).map(c_string);
        let delivery = match failure {
            Failure::Library(error) => error.delivery(),
            // How far the call had come is not known.
            Failure::Panic => Delivery::Unknown,
            _ => Delivery::NotSent,
        };
        let retry_after_ms = error
            .and_then(Error::retry_after)
            .map(|wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
        let problems: Vec<Value> = failure
            .entries()
            .iter()
            .map(|(name, reason)| json!({"name": name, "reason": reason}))
            .collect();
        let problems = Value::Array(problems);
        let problem = error.and_then(Error::problem).map(|problem| {
            json!({
                "type": problem.problem_type,
                "title": problem.title,
                "detail": problem.detail,
                "instance": problem.instance,
                "body": problem.body,
            })
        });
        let whole = json!({
            "status": failure.status() as i32,
            "kind": failure.kind_name(),
            "message": failure.message(),
            "method": error.and_then(Error::method),
            "path": error.and_then(Error::path),
            "http_status": error.and_then(Error::status),
            "delivery": delivery,
            "attempts": error.map_or(0, Error::attempts),
            "is_timeout": error.is_some_and(Error::is_timeout),
            "is_retryable": error.is_some_and(Error::is_retryable),
            "retry_after_ms": retry_after_ms,
            "trace_id": error.and_then(Error::trace_id),
            "code": error.and_then(Error::code),
            "problem": problem,
            "field_problems": problems,
        });
        Self {
            status: failure.status(),
            kind_name: c_string(failure.kind_name()),
            message: c_string(&failure.message()),
            method: text(Error::method),
            path: text(Error::path),
            http_status: error.and_then(Error::status).map_or(0, c_int::from),
            code: text(Error::code),
            trace_id: text(Error::trace_id),
            delivery: match delivery {
                Delivery::NotSent => vipps_delivery::VIPPS_NOT_SENT,
                Delivery::Answered => vipps_delivery::VIPPS_ANSWERED,
                _ => vipps_delivery::VIPPS_DELIVERY_UNKNOWN,
            },
            is_retryable: error.is_some_and(Error::is_retryable),
            retry_after_ms: retry_after_ms.unwrap_or(-1),
            field_problems: c_string(&problems.to_string()),
            json: c_string(&whole.to_string()),
        }
    }
}

/// The status of a kind, which has the same number.
pub(crate) fn status(kind: ErrorKind) -> vipps_status {
    match kind {
        ErrorKind::Config => vipps_status::VIPPS_CONFIG,
        ErrorKind::InvalidInput => vipps_status::VIPPS_INVALID_INPUT,
        ErrorKind::Auth => vipps_status::VIPPS_AUTH,
        ErrorKind::Unauthorized => vipps_status::VIPPS_UNAUTHORIZED,
        ErrorKind::Forbidden => vipps_status::VIPPS_FORBIDDEN,
        ErrorKind::NotFound => vipps_status::VIPPS_NOT_FOUND,
        ErrorKind::Conflict => vipps_status::VIPPS_CONFLICT,
        ErrorKind::AlreadyExists => vipps_status::VIPPS_ALREADY_EXISTS,
        ErrorKind::Rejected => vipps_status::VIPPS_REJECTED,
        ErrorKind::RateLimited => vipps_status::VIPPS_RATE_LIMITED,
        ErrorKind::Server => vipps_status::VIPPS_SERVER,
        ErrorKind::UnexpectedStatus => vipps_status::VIPPS_UNEXPECTED_STATUS,
        ErrorKind::Timeout => vipps_status::VIPPS_TIMEOUT,
        ErrorKind::Connect => vipps_status::VIPPS_CONNECT,
        ErrorKind::Tls => vipps_status::VIPPS_TLS,
        ErrorKind::Network => vipps_status::VIPPS_NETWORK,
        ErrorKind::Decode => vipps_status::VIPPS_DECODE,
        ErrorKind::Proxy => vipps_status::VIPPS_PROXY,
        // A kind that was added to the crate and not here: a test tells.
        _ => vipps_status::VIPPS_PANIC,
    }
}
