//! `vipps_error`: all that the crate's error says, and what only C can do wrong.

use std::ffi::{CString, c_char, c_int};
use std::ptr;

use serde_json::{Value, json};

use vipps::{Delivery, Error, ErrorKind};

use crate::boundary::{free, read, vipps_status};
use crate::names::Names;
use crate::string::c_string;

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

fn entries(error: &Error) -> Vec<Entry> {
    let problems = error.field_problems().iter();
    problems
        .map(|problem| (problem.name.clone(), problem.reason.clone()))
        .collect()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Library(error).named(Names::Setters)
    }
}

impl Failure {
    // Negative, so that no kind of error that is added to the crate can have the same number.
    pub(crate) const NULL: vipps_status = -1;
    const UTF8: vipps_status = -2;
    const PANIC: vipps_status = -3;

    pub(crate) fn input(argument: &str, reason: &str) -> Self {
        Self::Input(vec![(argument.to_owned(), reason.to_owned())])
    }

    pub(crate) fn setting(setting: &str, reason: &str) -> Self {
        Self::Settings(vec![(setting.to_owned(), reason.to_owned())])
    }

    /// A wrong value, named as the argument that it is here.
    pub(crate) fn of_argument(self, argument: &str) -> Self {
        match self {
            Self::Library(error) if error.kind() == ErrorKind::InvalidInput => {
                let entries = entries(&error).into_iter();
                Self::Input(
                    entries
                        .map(|(_, reason)| (argument.to_owned(), reason))
                        .collect(),
                )
            }
            other => other,
        }
    }

    /// A wrong setting in the words of whoever set it. Nothing else is changed.
    pub(crate) fn named(self, names: Names) -> Self {
        let entries = match self {
            Self::Library(error) if error.kind() == ErrorKind::Config => entries(&error),
            Self::Settings(entries) => entries,
            other => return other,
        };
        let entries = entries.into_iter();
        Self::Settings(
            entries
                .map(|(setting, reason)| names.translate(setting, reason))
                .collect(),
        )
    }

    pub(crate) fn status(&self) -> vipps_status {
        match self {
            Self::Library(error) => error.kind() as vipps_status,
            Self::Input(_) => ErrorKind::InvalidInput as vipps_status,
            Self::Settings(_) => ErrorKind::Config as vipps_status,
            Self::Null(_) => Self::NULL,
            Self::Utf8(..) => Self::UTF8,
            Self::Panic => Self::PANIC,
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
            Self::Input(entries) => format!("invalid input: {}", joined(entries)),
            Self::Settings(entries) => format!("configuration: {}", joined(entries)),
            Self::Null(argument) => format!("invalid input: {argument}: must not be NULL"),
            Self::Utf8(argument, at) => {
                format!(
                    "invalid input: {argument}: must be UTF-8, and is not valid from byte {at} on"
                )
            }
            // Its message may hold anything.
            Self::Panic => "a panic, which is a bug in this library".to_owned(),
        }
    }

    /// The API's, or those that the arguments of this call have.
    fn field_problems(&self) -> String {
        let problems = match self {
            Self::Library(error) => entries(error),
            Self::Input(entries) | Self::Settings(entries) => entries.clone(),
            Self::Null(argument) => vec![((*argument).to_owned(), "must not be NULL".to_owned())],
            Self::Utf8(argument, _) => vec![((*argument).to_owned(), "must be UTF-8".to_owned())],
            Self::Panic => Vec::new(),
        };
        let problems = problems.iter();
        let problems = problems.map(|(name, reason)| json!({"name": name, "reason": reason}));
        Value::Array(problems.collect()).to_string()
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

pub(crate) struct vipps_error {
    status: vipps_status,
    kind_name: CString,
    message: CString,
    method: Option<CString>,
    path: Option<CString>,
    http_status: c_int,
    code: Option<CString>,
    trace_id: Option<CString>,
    delivery: c_int,
    is_retryable: bool,
    retry_after_ms: i64,
    field_problems: CString,
}

impl vipps_error {
    pub(crate) fn new(failure: &Failure) -> Self {
        let error = failure.library();
        let text = |of: fn(&Error) -> Option<&str>| error.and_then(of).map(c_string);
        let retry_after = error.and_then(Error::retry_after);
        Self {
            status: failure.status(),
            kind_name: c_string(failure.kind_name()),
            message: c_string(&failure.message()),
            method: text(Error::method),
            path: text(Error::path),
            http_status: error.and_then(Error::status).map_or(0, c_int::from),
            code: text(Error::code),
            trace_id: text(Error::trace_id),
            delivery: match failure {
                Failure::Library(error) => number(error.delivery()),
                // How far the call had come is not known.
                Failure::Panic => number(Delivery::Unknown),
                _ => number(Delivery::NotSent),
            },
            is_retryable: error.is_some_and(Error::is_retryable),
            retry_after_ms: retry_after.map_or(-1, |wait| {
                i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
            }),
            field_problems: c_string(&failure.field_problems()),
        }
    }
}

/// A delivery as the header has it.
pub(crate) fn number(delivery: Delivery) -> c_int {
    match delivery {
        Delivery::NotSent => 0,
        Delivery::Answered => 2,
        _ => 1,
    }
}

/// A function for each text of an error; NULL where there is none.
macro_rules! texts {
    ($($name:ident => $text:expr;)*) => {
        $(
            #[unsafe(no_mangle)]
            pub(crate) unsafe extern "C" fn $name(
                error: *const vipps_error,
                out_text: *mut *const c_char,
            ) -> vipps_status {
                let text: fn(&vipps_error) -> Option<&CString> = $text;
                unsafe {
                    read(error, out_text, ptr::null(), |error| {
                        text(error).map_or(ptr::null(), |text| text.as_ptr())
                    })
                }
            }
        )*
    };
}

texts! {
    vipps_error_kind_name => |error| Some(&error.kind_name);
    vipps_error_message => |error| Some(&error.message);
    vipps_error_method => |error| error.method.as_ref();
    vipps_error_path => |error| error.path.as_ref();
    vipps_error_code => |error| error.code.as_ref();
    vipps_error_trace_id => |error| error.trace_id.as_ref();
    vipps_error_field_problems => |error| Some(&error.field_problems);
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_error_status(
    error: *const vipps_error,
    out_status: *mut vipps_status,
) -> vipps_status {
    unsafe { read(error, out_status, 0, |error| error.status) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_error_http_status(
    error: *const vipps_error,
    out_http_status: *mut c_int,
) -> vipps_status {
    unsafe { read(error, out_http_status, 0, |error| error.http_status) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_error_delivery(
    error: *const vipps_error,
    out_delivery: *mut c_int,
) -> vipps_status {
    unsafe {
        read(error, out_delivery, number(Delivery::Unknown), |error| {
            error.delivery
        })
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_error_is_retryable(
    error: *const vipps_error,
    out_is_retryable: *mut bool,
) -> vipps_status {
    unsafe { read(error, out_is_retryable, false, |error| error.is_retryable) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_error_retry_after_ms(
    error: *const vipps_error,
    out_milliseconds: *mut i64,
) -> vipps_status {
    unsafe { read(error, out_milliseconds, -1, |error| error.retry_after_ms) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_error_free(error: *mut vipps_error) {
    unsafe { free(error) }
}
