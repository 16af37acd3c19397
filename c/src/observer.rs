//! The callbacks of a session.

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::Arc;
use std::time::SystemTime;

use vipps::{AccessToken, Attempt, SessionBuilder};

use crate::error::{status, vipps_status};
use crate::string::c_string;

/// One attempt of a call. It and its strings are only valid during the on_attempt callback.
#[repr(C)]
pub struct vipps_attempt {
    /// The method, such as "GET".
    pub method: *const c_char,
    /// The path and the query.
    pub path: *const c_char,
    /// The path template, for metrics: "/management/v1/sales-units/{msn}".
    pub route: *const c_char,
    /// The merchant serial number that the call was made for, or NULL.
    pub merchant_serial_number: *const c_char,
    /// The trace id of an error reply, or NULL.
    pub trace_id: *const c_char,
    /// How the attempt failed, or VIPPS_OK.
    pub status: vipps_status,
    /// The HTTP status, or 0 if there was no reply.
    pub http_status: c_int,
    /// The number of the attempt within its call, starting at 1.
    pub number: u32,
    /// How long the attempt took, in microseconds.
    pub elapsed_us: u64,
    /// How long the call waits before its next attempt, in milliseconds, or -1 if this was the
    /// last.
    pub retry_in_ms: i64,
}

/// The callbacks of a session, each of which may be NULL. The struct is copied; `user` must stay
/// valid until `release` is called.
///
/// Callbacks run on the thread that made the call, and on several threads at once. They must not
/// use the same session, throw, or leave by longjmp().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct vipps_observer {
    /// Passed to each callback; the library does not use it.
    pub user: *mut c_void,
    /// Called after every attempt of every call, including token requests.
    pub on_attempt:
        Option<unsafe extern "C-unwind" fn(user: *mut c_void, attempt: *const vipps_attempt)>,
    /// Called after a new access token was fetched, for programs that save it for their next run.
    /// `token` is a secret and only valid during the callback; `expires_at` is in seconds since
    /// 1970.
    pub on_new_token: Option<
        unsafe extern "C-unwind" fn(user: *mut c_void, token: *const c_char, expires_at: i64),
    >,
    /// Called once, on any thread, when the other callbacks will not be called any more: when the
    /// last handle of the session is freed, or when the session cannot be created.
    pub release: Option<unsafe extern "C-unwind" fn(user: *mut c_void)>,
}

/// The caller's callbacks, released on drop.
struct Observer(vipps_observer);

// SAFETY: the header requires callbacks and a pointer that any thread may use.
unsafe impl Send for Observer {}
// SAFETY: as above, also concurrently.
unsafe impl Sync for Observer {}

impl Drop for Observer {
    fn drop(&mut self) {
        if let Some(release) = self.0.release {
            // SAFETY: the promise in `Watch::new`; the other callbacks are not called any more.
            unsafe { release(self.0.user) }
        }
    }
}

/// An optional observer, released on drop unless it was attached to a session.
pub(crate) struct Watch(Option<Arc<Observer>>);

impl Watch {
    /// `observer` is NULL or points to callbacks that any thread may call with its `user` until
    /// `release` is called.
    pub(crate) unsafe fn new(observer: *const vipps_observer) -> Self {
        // SAFETY: the caller's promise.
        let observer = unsafe { observer.as_ref() };
        Self(observer.map(|observer| Arc::new(Observer(*observer))))
    }

    /// Has the session report its attempts and tokens to the observer.
    pub(crate) fn attach(self, mut builder: SessionBuilder) -> SessionBuilder {
        let Some(observer) = self.0 else {
            return builder;
        };
        if observer.0.on_attempt.is_some() {
            let observer = observer.clone();
            builder = builder.observer(move |attempt| observer.attempt(attempt));
        }
        // Attached even without `on_new_token`, so that the session releases it.
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
        // SAFETY: the promise in `Watch::new`; `seen` outlives the call.
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
        // SAFETY: the promise in `Watch::new`; `secret` outlives the call.
        unsafe { on_new_token(self.0.user, secret.as_ptr(), expires_at) }
    }
}
