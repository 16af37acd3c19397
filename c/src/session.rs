//! `vipps_session`.

use std::ffi::c_char;
use std::ptr;
use std::time::Duration;

use vipps::{IdempotencyKey, Session, SessionBuilder};

use crate::boundary::{Out, free, give, guard, object, parse, text};
use crate::config;
use crate::error::{Failure, vipps_error, vipps_status};
use crate::observer::{Watch, vipps_observer};
use crate::string::vipps_string;

/// The keys, the token, the connections and the settings. Made once and shared by all threads.
pub struct vipps_session(pub(crate) Session);

impl vipps_session {
    fn new(session: Session) -> *mut Self {
        Box::into_raw(Box::new(Self(session)))
    }
}

/// Creates a session. Sends nothing. `config_json` is an object of settings:
///
/// - "client_id", "client_secret", "subscription_key", "system": {"name", "version"}: required.
/// - "keys": "management" for a partner's management keys, which have no subscription key.
/// - "system" may have "plugin_name" and "plugin_version". Each is 1 to 30 visible ASCII
///   characters.
/// - "merchant_serial_number": 4 to 10 digits. The Order Management API needs it.
/// - "environment": "production", the default, or "test"; "base_url": another server.
/// - "allow_plain_http": true for http to other hosts than loopback.
/// - "timeout_ms": 60000 for a whole call; "connect_timeout_ms": 10000; "stall_timeout_ms": how
///   long an attempt may receive nothing, half of timeout_ms.
/// - "retry": {"max_attempts": 3, "initial_backoff_ms": 500, "max_backoff_ms": 8000}; 1 is no
///   retry.
/// - "proxy": "http://host:port"; "proxy_from_env": true for that of the environment.
/// - "tls_backend": "rustls" or "native-tls"; "root_certificates": PEM, for the built-in roots.
/// - "max_response_bytes": 67108864; "user_agent_suffix": such as "acme-billing/2.1".
/// - "access_token": {"secret", "expires_at"}, as on_new_token got them in an earlier run.
///
/// What is wrong is VIPPS_CONFIG with the path of the setting, such as retry.max_attempts; unknown
/// and duplicated settings are refused. No error shows a key, a token or a password.
///
/// `observer` is optional. Its `release` is called also if this fails.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_session_new(
    config_json: *const c_char,
    observer: *const vipps_observer,
    out_session: *mut *mut vipps_session,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe { new(config::from_json, config_json, observer, out_session, error) }
}

/// Creates a session with the keys of the environment: VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET and
/// VIPPS_SUBSCRIPTION_KEY, or VIPPS_KEYS=management without the subscription key; optionally
/// VIPPS_MERCHANT_SERIAL_NUMBER and VIPPS_BASE_URL. Sends nothing. `config_json` is as for
/// vipps_session_new() but without keys, has "system" at least, and overrides the environment.
///
/// No other thread may change the environment meanwhile. The error names every variable that is
/// missing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_session_from_env(
    config_json: *const c_char,
    observer: *const vipps_observer,
    out_session: *mut *mut vipps_session,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe { new(config::from_env, config_json, observer, out_session, error) }
}

unsafe fn new(
    read: fn(&str) -> Result<SessionBuilder, Failure>,
    config_json: *const c_char,
    observer: *const vipps_observer,
    out_session: *mut *mut vipps_session,
    error: *mut *mut vipps_error,
) -> vipps_status {
    // SAFETY: the caller's promise.
    unsafe {
        // First of all, so that it is released whatever is wrong.
        let watch = Watch::new(observer);
        give(out_session, "out_session", error, || {
            let builder = watch.attach(read(text(config_json, "config_json")?)?);
            Ok(vipps_session::new(config::build(builder)?))
        })
    }
}

/// Another handle of the same session: same token, connections and settings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_session_clone(
    session: *const vipps_session,
    out_session: *mut *mut vipps_session,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_session, "out_session", error, || {
            let session = &object(session, "session")?.0;
            Ok(vipps_session::new(session.clone()))
        })
    }
}

/// The same session for another sales unit: same token and connections, another
/// Merchant-Serial-Number header. `msn` is 4 to 10 digits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_session_for_sales_unit(
    session: *const vipps_session,
    msn: *const c_char,
    out_session: *mut *mut vipps_session,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_session, "out_session", error, || {
            let session = &object(session, "session")?.0;
            Ok(vipps_session::new(
                session.for_sales_unit(&parse(msn, "msn")?),
            ))
        })
    }
}

/// The same session with another time for each call, at most 24 hours: same token and connections.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_session_with_timeout(
    session: *const vipps_session,
    timeout_ms: u64,
    out_session: *mut *mut vipps_session,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_session, "out_session", error, || {
            let session = &object(session, "session")?.0;
            let timeout = Duration::from_millis(timeout_ms);
            Ok(vipps_session::new(session.with_timeout(timeout)))
        })
    }
}

/// A valid token, fetched if need be, and for how long it is valid. It is a secret: keep it out of
/// logs.
///
/// POST /accesstoken/get, or POST /miami/v1/token with management keys
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_session_access_token(
    session: *const vipps_session,
    out_token: *mut *mut vipps_string,
    out_expires_in_ms: *mut u64,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        guard(error, || {
            // Both are written before either may be missing.
            let out_token = Out::new(out_token, ptr::null_mut(), "out_token");
            let out_expires_in_ms = Out::new(out_expires_in_ms, 0, "out_expires_in_ms");
            let (out_token, out_expires_in_ms) = (out_token?, out_expires_in_ms?);
            let token = object(session, "session")?.0.access_token()?;
            let expires_in = token.expires_in().as_millis();
            out_expires_in_ms.set(u64::try_from(expires_in).unwrap_or(u64::MAX));
            out_token.set(vipps_string::text(token.secret()));
            Ok(())
        })
    }
}

/// Drops the session's token: the next call fetches another.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_session_forget_token(
    session: *const vipps_session,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        guard(error, || {
            object(session, "session")?.0.forget_token();
            Ok(())
        })
    }
}

/// Frees a handle of a session. NULL is fine. Its clones and what was made of it live on; the last
/// one closes the connections.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_session_free(session: *mut vipps_session) {
    unsafe { free(session) }
}

/// A new idempotency key that no other call, thread or process makes: 36 characters of plain text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_idempotency_key_new(
    out_key: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_key, "out_key", error, || {
            Ok(vipps_string::text(IdempotencyKey::random().as_str()))
        })
    }
}

/// The version of the library, such as "0.1.0"; VIPPS_VERSION is that of the header. It is never
/// freed.
#[unsafe(no_mangle)]
pub extern "C" fn vipps_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}
