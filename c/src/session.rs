//! `vipps_session`.

use std::ffi::c_char;
use std::ptr;

use vipps::{IdempotencyKey, Session};

use crate::boundary::{Out, free, give, guard, object, text, vipps_status};
use crate::builder;
use crate::error::vipps_error;
use crate::names::Names;
use crate::settings::vipps_system_info;
use crate::string::vipps_string;

pub(crate) struct vipps_session(pub(crate) Session);

impl vipps_session {
    pub(crate) fn new(session: Session) -> *mut Self {
        Box::into_raw(Box::new(Self(session)))
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_session_new_from_json(
    config_json: *const c_char,
    out_session: *mut *mut vipps_session,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_session, "out_session", error, || {
            let settings = builder::from_json(text(config_json, "config_json")?)?;
            builder::build(settings, Names::Json)
        })
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_session_new_from_env(
    system: *const vipps_system_info,
    out_session: *mut *mut vipps_session,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_session, "out_session", error, || {
            let system = object(system, "system")?.read()?;
            Ok(vipps_session::new(Session::from_env(system)?))
        })
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_session_clone(
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

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_session_for_sales_unit(
    session: *const vipps_session,
    msn: *const c_char,
    out_session: *mut *mut vipps_session,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_session, "out_session", error, || {
            let session = &object(session, "session")?.0;
            let msn = text(msn, "msn")?.parse()?;
            Ok(vipps_session::new(session.for_sales_unit(&msn)))
        })
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_session_access_token(
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

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_session_free(session: *mut vipps_session) {
    unsafe { free(session) }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_idempotency_key_new(
    out_key: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_key, "out_key", error, || {
            Ok(vipps_string::text(IdempotencyKey::random().as_str()))
        })
    }
}

#[unsafe(no_mangle)]
pub(crate) extern "C" fn vipps_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}
