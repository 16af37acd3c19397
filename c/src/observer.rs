//! The caller's functions that a session calls, and what they are told.

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::Arc;
use std::time::SystemTime;

use vipps::{AccessToken, Attempt, SessionBuilder};

use crate::error::{status, vipps_status};
use crate::string::c_string;

/// One attempt of a call. It and its texts live as long as the call of on_attempt.
#[repr(C)]
pub struct vipps_attempt {
    /// Such as "GET".
    pub method: *const c_char,
    /// The path and the query.
    pub path: *const c_char,
    /// The path with names in place of values, for metrics: "/management/v1/sales-units/{msn}".
    pub route: *const c_char,
    /// The sales unit that the call was made for, or NULL.
    pub merchant_serial_number: *const c_char,
    /// The trace id of an error's reply, or NULL.
    pub trace_id: *const c_char,
    /// How the attempt failed; VIPPS_OK for a success.
    pub status: vipps_status,
    /// The HTTP status, or 0 if there was no answer.
    pub http_status: c_int,
    /// Which attempt of its call it was, 1 for the first.
    pub number: u32,
    /// How long it took, in microseconds.
    pub elapsed_us: u64,
    /// How long the call waits before the next attempt, or -1 if this was the last.
    pub retry_in_ms: i64,
}

/// Functions that a session calls with `user`, each optional. The struct is copied; `user` must
/// live until `release` is called.
///
/// They are called on the thread that makes the call, several threads at once. They must not call
/// this library with the same session, nor throw, nor leave by longjmp().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vipps_observer {
    /// Passed to the functions, never looked at.
    pub user: *mut c_void,
    /// After every attempt of every call, token requests included.
    pub on_attempt:
        Option<unsafe extern "C-unwind" fn(user: *mut c_void, attempt: *const vipps_attempt)>,
    /// After a new access token was fetched, for programs that keep it for their next run. `token`
    /// is a secret, and lives as long as the call; `expires_at` is in seconds since 1970.
    pub on_new_token: Option<
        unsafe extern "C-unwind" fn(user: *mut c_void, token: *const c_char, expires_at: i64),
    >,
    /// Once, on any thread, when the others will not be called any more: after the last
    /// vipps_session_free(), or before the function that was to make the session returns an error.
    pub release: Option<unsafe extern "C-unwind" fn(user: *mut c_void)>,
}

/// The caller's functions, which are released when this is dropped.
struct Observer(vipps_observer);

// SAFETY: the header asks for functions and a pointer that any thread may use.
unsafe impl Send for Observer {}
// SAFETY: as above, at the same time.
unsafe impl Sync for Observer {}

impl Drop for Observer {
    fn drop(&mut self) {
        if let Some(release) = self.0.release {
            // SAFETY: the promise at `Watch::new`; nobody calls the others any more.
            unsafe { release(self.0.user) }
        }
    }
}

/// An observer that may be there, released with this unless a session has got it.
pub(crate) struct Watch(Option<Arc<Observer>>);

impl Watch {
    /// `observer` is NULL or points to functions that any thread may call with its `user` until
    /// `release` was.
    pub(crate) unsafe fn new(observer: *const vipps_observer) -> Self {
        // SAFETY: the caller's promise.
        let observer = unsafe { observer.as_ref() };
        Self(observer.map(|observer| Arc::new(Observer(*observer))))
    }

    /// Has a session's attempts and tokens told to the observer.
    pub(crate) fn attach(self, mut builder: SessionBuilder) -> SessionBuilder {
        let Some(observer) = self.0 else {
            return builder;
        };
        if observer.0.on_attempt.is_some() {
            let observer = observer.clone();
            builder = builder.observer(move |attempt| observer.attempt(attempt));
        }
        // Attached also where it has nothing to call: it is released with the session.
        builder.on_new_token(move |token| observer.new_token(token))
    }
}

impl Observer {
    fn attempt(&self, attempt: &Attempt) {
        let Some(on_attempt) = self.0.on_attempt else {
            return;
        };
        let pointer =
            |text: &Option<CString>| text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        let (method, path) = (c_string(attempt.method()), c_string(attempt.path()));
        let route = c_string(attempt.route());
        let msn = attempt.merchant_serial_number();
        let msn = msn.map(|msn| c_string(msn.as_str()));
        let trace_id = attempt.trace_id().map(c_string);
        let retry_in = attempt.retry_in();
        let seen = vipps_attempt {
            method: method.as_ptr(),
            path: path.as_ptr(),
            route: route.as_ptr(),
            merchant_serial_number: pointer(&msn),
            trace_id: pointer(&trace_id),
            status: attempt.error_kind().map_or(vipps_status::VIPPS_OK, status),
            http_status: attempt.status().map_or(0, c_int::from),
            number: attempt.number(),
            elapsed_us: u64::try_from(attempt.elapsed().as_micros()).unwrap_or(u64::MAX),
            retry_in_ms: retry_in.map_or(-1, |wait| {
                i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
            }),
        };
        // SAFETY: the promise at `Watch::new`; `seen` outlives the call.
        unsafe { on_attempt(self.0.user, &raw const seen) }
    }

    fn new_token(&self, token: &AccessToken) {
        let Some(on_new_token) = self.0.on_new_token else {
            return;
        };
        let secret = c_string(token.secret());
        let since_1970 = token.expires_at().duration_since(SystemTime::UNIX_EPOCH);
        let seconds = since_1970.map_or(0, |time| time.as_secs());
        let expires_at = i64::try_from(seconds).unwrap_or(i64::MAX);
        // SAFETY: the promise at `Watch::new`; the text outlives the call.
        unsafe { on_new_token(self.0.user, secret.as_ptr(), expires_at) }
    }
}
