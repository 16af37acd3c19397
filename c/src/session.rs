//! `vipps_session`, and functions that need no session.

use std::ffi::c_char;
use std::ptr;
use std::time::Duration;

use vipps::{IdempotencyKey, Session, SessionBuilder};

use crate::boundary::{Out, free, give, guard, object, parse, text};
use crate::config;
use crate::error::{Failure, vipps_error, vipps_status};
use crate::observer::{Watch, vipps_observer};
use crate::string::vipps_string;

/// A client with its keys, token, connections and settings. Create it once and share it between
/// threads.
pub struct vipps_session(pub(crate) Session);

impl vipps_session {
    fn new(session: Session) -> *mut Self {
        Box::into_raw(Box::new(Self(session)))
    }
}

/// Creates a session from a JSON object of settings, without sending anything. `config_json` has:
///
/// - "client_id", "client_secret", "subscription_key": required.
/// - "system": {"name", "version"}: your software, required. "plugin_name" and "plugin_version" are
///   optional. Each is 1 to 30 visible ASCII characters.
/// - "keys": "standard", the default, or "management" for a partner's management keys, which have
///   no subscription key.
/// - "merchant_serial_number": 4 to 10 digits. The Order Management API requires it.
/// - "environment": "production", the default, or "test". "base_url" overrides it.
/// - "allow_plain_http": true allows http to hosts other than loopback.
/// - "timeout_ms": limit for a whole call, 60000 by default; "connect_timeout_ms": 10000 by
///   default; "stall_timeout_ms": how long an attempt may receive no data, half of "timeout_ms" by
///   default.
/// - "retry": {"max_attempts": 3, "initial_backoff_ms": 500, "max_backoff_ms": 8000}, which are the
///   defaults. 1 attempt means no retries.
/// - "proxy": "http://host:port"; "proxy_from_env": true uses the environment's proxy variables.
/// - "tls_backend": "rustls" or "native-tls"; "root_certificates": PEM, replaces the built-in
///   roots.
/// - "max_response_bytes": 67108864 by default; "user_agent_suffix": such as "acme-billing/2.1".
/// - "access_token": {"secret", "expires_at"}: a token saved by on_new_token in an earlier run.
///
/// For an invalid, unknown or duplicated setting the error is VIPPS_CONFIG and names the setting by
/// its path, such as retry.max_attempts. Keys, tokens and passwords are never shown.
///
/// `observer` may be NULL. Its `release` is also called if this function fails.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_session_new(
    config_json: *const c_char,
    observer: *const vipps_observer,
    out_session: *mut *mut vipps_session,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe { new(config::from_json, config_json, observer, out_session, error) }
}

/// Creates a session with keys from the environment, without sending anything: VIPPS_CLIENT_ID,
/// VIPPS_CLIENT_SECRET and VIPPS_SUBSCRIPTION_KEY, or VIPPS_KEYS=management without the
/// subscription key. VIPPS_MERCHANT_SERIAL_NUMBER, VIPPS_ENVIRONMENT (production or test) and
/// VIPPS_BASE_URL are optional. `config_json` is as for vipps_session_new(), but without keys. It
/// overrides the environment, and "system" is required.
///
/// No other thread may change the environment during the call. The error names all missing
/// variables.
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
        // First, so that the observer is released whatever fails.
        let watch = Watch::new(observer);
        give(out_session, "out_session", error, || {
            let builder = watch.attach(read(text(config_json, "config_json")?)?);
            Ok(vipps_session::new(config::build(builder)?))
        })
    }
}

/// Creates another handle of a session, with the same token, connections and settings.
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

/// Creates a handle of a session for another sales unit: it sends `msn`, 4 to 10 digits, as
/// Merchant-Serial-Number, and shares the token and the connections.
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

/// Creates a handle of a session with another timeout per call, at most 24 hours. It shares the
/// token and the connections.
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

/// Gets a valid access token, and for how long it is valid. Fetches a token if the session has
/// none. The token is a secret: do not log it.
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
            // Both are written even if one of them is NULL.
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

/// Drops the session's access token. The next call fetches a new one.
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

/// Frees a handle of a session. NULL is allowed. Other handles of the session stay valid; freeing
/// the last one closes the connections.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_session_free(session: *mut vipps_session) {
    unsafe { free(session) }
}

/// Creates a unique idempotency key: 36 characters of plain text.
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

/// Returns the version of the library, such as "0.1.0". It is never freed. VIPPS_VERSION is the
/// version of the header.
#[unsafe(no_mangle)]
pub extern "C" fn vipps_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}
