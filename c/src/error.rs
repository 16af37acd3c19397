//! `vipps_error`: the crate's error, and the errors that only a C caller can make.

use std::ffi::{CString, c_char, c_int};
use std::ptr;

use serde_json::{Value, json};

use vipps::{Delivery, Error, ErrorKind, FieldProblem};

use crate::boundary::{free, read};
use crate::string::c_string;

/// The outcome of a call. Numbers never change and are never reused.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum vipps_status {
    /// The call succeeded.
    VIPPS_OK = 0,
    /// A setting of the session is invalid, or the session has no merchant serial number for a call
    /// that needs one. Nothing was sent.
    VIPPS_CONFIG = 1,
    /// An argument is invalid. Nothing was sent.
    VIPPS_INVALID_INPUT = 2,
    /// The token endpoint answered with an error, whatever its HTTP status. If
    /// vipps_error_is_retryable() is true, the failure is temporary; otherwise the keys are wrong.
    VIPPS_AUTH = 3,
    /// 401: the API rejected the subscription key, or the token even after a new one was fetched.
    VIPPS_UNAUTHORIZED = 4,
    /// 403: the keys are valid, but do not allow this call.
    VIPPS_FORBIDDEN = 5,
    /// 404: the resource does not exist, is not active, or is not accessible with these keys.
    VIPPS_NOT_FOUND = 6,
    /// 409: the request conflicts with existing data, or reuses an idempotency key with another
    /// body.
    VIPPS_CONFLICT = 7,
    /// The resource already exists.
    VIPPS_ALREADY_EXISTS = 8,
    /// 400, or an HTTP status from 402 to 499 without a vipps_status of its own: the request is
    /// invalid.
    VIPPS_REJECTED = 9,
    /// 429: too many requests. Without an HTTP status: not sent, because the wait that an earlier
    /// 429 or 423 asked for exceeds the call's timeout.
    VIPPS_RATE_LIMITED = 10,
    /// 408, or an HTTP status of 500 or above: the API, or a gateway in front of it, failed.
    VIPPS_SERVER = 11,
    /// An HTTP status below 400 other than 2xx, such as a redirect. Redirects are never followed.
    VIPPS_UNEXPECTED_STATUS = 12,
    /// The call timed out.
    VIPPS_TIMEOUT = 13,
    /// No connection: the host name was not found, or the connection was refused.
    VIPPS_CONNECT = 14,
    /// No secure connection: the certificate was rejected, or TLS failed in another way.
    VIPPS_TLS = 15,
    /// The connection broke, or the reply was not HTTP.
    VIPPS_NETWORK = 16,
    /// The reply cannot be read: it is not the expected JSON, or exceeds "max_response_bytes".
    VIPPS_DECODE = 17,
    /// The proxy refused the connection; the error has its HTTP status. 407: the proxy's user name
    /// and password are missing or wrong.
    VIPPS_PROXY = 18,
    /// A required argument is NULL. Nothing was sent.
    VIPPS_NULL_ARGUMENT = -1,
    /// An argument is not UTF-8. Nothing was sent.
    VIPPS_INVALID_UTF8 = -2,
    /// A bug in the library. The request may have been sent.
    VIPPS_PANIC = -3,
}

/// Whether a failed call may have taken effect, over all its attempts. Decides whether it is safe
/// to retry.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum vipps_delivery {
    /// The request cannot have taken effect.
    VIPPS_NOT_SENT = 0,
    /// The request may have taken effect. Read the data back, or retry with the same idempotency
    /// key.
    VIPPS_DELIVERY_UNKNOWN = 1,
    /// The API answered; the error holds its answer. A 4xx refused the request. A 2xx with an
    /// unreadable body carried it out.
    VIPPS_ANSWERED = 2,
}

/// Why a call failed. Keys and tokens are redacted.
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

/// Gets the status of the failed call. VIPPS_OK if `error` is NULL.
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

/// Gets the name of the error's status, such as "InvalidInput". Names never change.
///
/// This string, and those of the functions below, are valid until vipps_error_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_kind_name(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| Some(&error.kind_name)) }
}

/// Gets a one-line message: method, path, HTTP status and what the API said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_message(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| Some(&error.message)) }
}

/// Gets the HTTP status, or 0 if there was no reply.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_http_status(
    error: *const vipps_error,
    out_http_status: *mut c_int,
) -> vipps_status {
    unsafe { read(error, out_http_status, 0, |error| error.http_status) }
}

/// Gets the method of the failed request, or NULL if there was no request.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_method(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| error.method.as_ref()) }
}

/// Gets the path and query of the failed request, or NULL if there was no request.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_path(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| error.path.as_ref()) }
}

/// Gets the API's error code, such as "invalid_client", or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_code(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| error.code.as_ref()) }
}

/// Gets the trace id of the failed request, for Vipps MobilePay support, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_trace_id(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| error.trace_id.as_ref()) }
}

/// Gets whether the call may have taken effect. VIPPS_DELIVERY_UNKNOWN if `error` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_delivery(
    error: *const vipps_error,
    out_delivery: *mut vipps_delivery,
) -> vipps_status {
    let unknown = vipps_delivery::VIPPS_DELIVERY_UNKNOWN;
    unsafe { read(error, out_delivery, unknown, |error| error.delivery) }
}

/// Gets whether the call can be retried: it may succeed later and cannot take effect twice.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_is_retryable(
    error: *const vipps_error,
    out_is_retryable: *mut bool,
) -> vipps_status {
    unsafe { read(error, out_is_retryable, false, |error| error.is_retryable) }
}

/// Gets how long the server asked to wait, in milliseconds. -1 if it did not, or if `error` is
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_retry_after_ms(
    error: *const vipps_error,
    out_milliseconds: *mut i64,
) -> vipps_status {
    unsafe { read(error, out_milliseconds, -1, |error| error.retry_after_ms) }
}

/// Gets what is wrong with individual fields, arguments or settings, as JSON: [{"name": "...",
/// "reason": "..."}]. Fields are named by their path, such as orderLines[1].totalAmount.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_field_problems(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| Some(&error.field_problems)) }
}

/// Gets the whole error as a JSON object: {"status", "kind", "message", "method", "path",
/// "http_status", "delivery": "not_sent", "unknown" or "answered", "attempts", "is_timeout",
/// "is_retryable", "retry_after_ms", "trace_id", "code", "problem": {"type", "title", "detail",
/// "instance", "body"}, "field_problems"}. Values that are not known are null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_json(
    error: *const vipps_error,
    out_text: *mut *const c_char,
) -> vipps_status {
    unsafe { text(error, out_text, |error| Some(&error.json)) }
}

/// Frees an error. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_error_free(error: *mut vipps_error) {
    unsafe { free(error) }
}

/// Reads a string of an error, or NULL where it has none.
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

/// Why a function failed.
pub(crate) enum Failure {
    /// An error of the crate other than invalid input or settings.
    Library(Error),
    /// Invalid arguments.
    Input(Vec<Entry>),
    /// Invalid settings of a session.
    Settings(Vec<Entry>),
    /// This argument must not be NULL.
    Null(&'static str),
    /// This argument is not UTF-8, from this byte on.
    Utf8(&'static str, usize),
    /// A bug in this library.
    Panic,
}

/// The name of a field, argument or setting, and what is wrong with it.
type Entry = (String, String);

/// Names that the crate's messages use, and what they are called in C.
const C_NAMES: [(&str, &str); 9] = [
    ("allow_plain_http()", "allow_plain_http"),
    ("ApiKeys", "client_id and client_secret"),
    ("TlsBackend::Rustls", "\"rustls\""),
    ("TlsBackend::NativeTls", "\"native-tls\""),
    ("of the vipps crate", "of this library"),
    ("on the builder", "in config_json"),
    ("for_sales_unit()", "vipps_session_for_sales_unit()"),
    ("is_return", "isReturn"),
    (" i64 ", " int64_t "),
];

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let in_c = |reason: &str| {
            let names = C_NAMES.iter();
            names.fold(reason.to_owned(), |text, (rust, c)| text.replace(rust, c))
        };
        let entry = |problem: &FieldProblem| (problem.name.clone(), in_c(&problem.reason));
        match error.kind() {
            ErrorKind::InvalidInput => Self::Input(entries_of(&error, entry)),
            ErrorKind::Config => Self::Settings(entries_of(&error, entry)),
            _ => Self::Library(error),
        }
    }
}

fn entries_of(error: &Error, entry: impl Fn(&FieldProblem) -> Entry) -> Vec<Entry> {
    error.field_problems().iter().map(entry).collect()
}

impl Failure {
    pub(crate) fn input(argument: &str, reason: &str) -> Self {
        Self::Input(vec![(argument.to_owned(), reason.to_owned())])
    }

    pub(crate) fn setting(setting: &str, reason: &str) -> Self {
        Self::Settings(vec![(setting.to_owned(), reason.to_owned())])
    }

    /// Reports invalid arguments as invalid settings.
    pub(crate) fn of_settings(self) -> Self {
        match self {
            Self::Input(entries) => Self::Settings(entries),
            other => other,
        }
    }

    /// Gives invalid arguments or settings their names in C. `None` keeps a name.
    pub(crate) fn renamed(mut self, name: impl Fn(&str) -> Option<&'static str>) -> Self {
        if let Self::Input(entries) | Self::Settings(entries) = &mut self {
            for (old, _) in entries {
                if let Some(name) = name(old) {
                    name.clone_into(old);
                }
            }
        }
        self
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
            // The panic's own message may hold a secret.
            Self::Panic => "internal error: a bug in this library".to_owned(),
            _ => format!("invalid input: {}", joined(&self.entries())),
        }
    }

    fn entries(&self) -> Vec<Entry> {
        match self {
            Self::Library(error) => entries_of(error, |problem| {
                (problem.name.clone(), problem.reason.clone())
            }),
            Self::Input(entries) | Self::Settings(entries) => entries.clone(),
            Self::Null(argument) => vec![((*argument).to_owned(), "must not be NULL".to_owned())],
            Self::Utf8(argument, at) => {
                let reason = format!("must be UTF-8: invalid byte at offset {at}");
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
            // The panic may have come at any point of the call.
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

/// The status with the number of a kind.
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
        // A test fails if a kind of the crate is missing here.
        _ => vipps_status::VIPPS_PANIC,
    }
}
