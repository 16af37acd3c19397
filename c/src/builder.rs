//! `vipps_session_builder`: a session's settings, one by one or from JSON.

use std::ffi::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use vipps::{AccessToken, ApiKeys, Environment, RetryPolicy, Session, SessionBuilder, TlsBackend};

use crate::boundary::{free, give, guard, items, object, text, vipps_status};
use crate::error::{Failure, vipps_error};
use crate::names::Names;
use crate::session::vipps_session;
use crate::settings::{Observer, vipps_observer, vipps_release, vipps_system_info};

mod config;

pub(crate) use config::from_json;

pub(crate) const PRODUCTION: c_int = 0;
pub(crate) const TEST: c_int = 1;
pub(crate) const RUSTLS: c_int = 0;
pub(crate) const NATIVE_TLS: c_int = 1;

pub(crate) struct vipps_session_builder {
    /// `None` once the session was built: the settings have gone into it.
    pub(crate) settings: Option<SessionBuilder>,
    /// Beside the settings: what it gives back is the caller's to run, and must not run in the middle of a change.
    observer: Option<Observer>,
    names: Names,
}

impl vipps_session_builder {
    fn new(settings: SessionBuilder, names: Names) -> *mut Self {
        let (settings, observer) = (Some(settings), None);
        Box::into_raw(Box::new(Self {
            settings,
            observer,
            names,
        }))
    }

    /// What [`build`] takes, which leaves nothing behind.
    fn take(&mut self) -> Result<(SessionBuilder, Option<Observer>, Names), Failure> {
        let settings = self.settings.take().ok_or_else(spent)?;
        Ok((settings, self.observer.take(), self.names))
    }
}

fn spent() -> Failure {
    Failure::input("builder", "has been built already: make a new one")
}

/// The builder, whose settings have not gone into a session. It is borrowed as long as nobody else may run.
///
/// `builder` is NULL or one that this library gave and that was not freed.
unsafe fn unspent<'a>(
    builder: *mut vipps_session_builder,
) -> Result<&'a mut vipps_session_builder, Failure> {
    // SAFETY: the caller's promise.
    let builder = unsafe { builder.as_mut() }.ok_or(Failure::Null("builder"))?;
    match builder.settings {
        Some(_) => Ok(builder),
        None => Err(spent()),
    }
}

/// Makes a session of settings whose errors use these names.
pub(crate) fn build(settings: SessionBuilder, names: Names) -> Result<*mut vipps_session, Failure> {
    let session = settings.build();
    let session = session.map_err(|error| Failure::Library(error).named(names))?;
    Ok(vipps_session::new(session))
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_session_builder_new(
    client_id: *const c_char,
    client_secret: *const c_char,
    subscription_key: *const c_char,
    system: *const vipps_system_info,
    out_builder: *mut *mut vipps_session_builder,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_builder, "out_builder", error, || {
            let keys = ApiKeys::standard(
                text(client_id, "client_id")?,
                text(client_secret, "client_secret")?,
                text(subscription_key, "subscription_key")?,
            );
            let system = object(system, "system")?.read()?;
            let settings = Session::builder(keys, system);
            Ok(vipps_session_builder::new(settings, Names::Setters))
        })
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_session_builder_new_management(
    client_id: *const c_char,
    client_secret: *const c_char,
    system: *const vipps_system_info,
    out_builder: *mut *mut vipps_session_builder,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_builder, "out_builder", error, || {
            let keys = ApiKeys::management(
                text(client_id, "client_id")?,
                text(client_secret, "client_secret")?,
            );
            let system = object(system, "system")?.read()?;
            let settings = Session::builder(keys, system);
            Ok(vipps_session_builder::new(settings, Names::Setters))
        })
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_session_builder_new_from_json(
    config_json: *const c_char,
    out_builder: *mut *mut vipps_session_builder,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_builder, "out_builder", error, || {
            let settings = from_json(text(config_json, "config_json")?)?;
            Ok(vipps_session_builder::new(settings, Names::Json))
        })
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_session_builder_new_from_env(
    system: *const vipps_system_info,
    out_builder: *mut *mut vipps_session_builder,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_builder, "out_builder", error, || {
            let settings = SessionBuilder::from_env(object(system, "system")?.read()?)?;
            Ok(vipps_session_builder::new(settings, Names::Setters))
        })
    }
}

/// A function that sets one thing to what its arguments say.
macro_rules! setters {
    ($(fn $name:ident($($argument:ident: $type:ty),*) $body:block)*) => {
        $(
            #[unsafe(no_mangle)]
            pub(crate) unsafe extern "C" fn $name(
                builder: *mut vipps_session_builder,
                $($argument: $type,)*
                error: *mut *mut vipps_error,
            ) -> vipps_status {
                unsafe {
                    guard(error, || {
                        let builder = unspent(builder)?;
                        // The arguments are checked before the builder is touched: it is as it was if one is wrong.
                        let set = $body;
                        builder.settings = builder.settings.take().map(set);
                        Ok(())
                    })
                }
            }
        )*
    };
}

setters! {
    fn vipps_session_builder_environment(environment: c_int) {
        let environment = match environment {
            PRODUCTION => Environment::Production,
            TEST => Environment::Test,
            other => {
                let reason = format!("must be VIPPS_PRODUCTION or VIPPS_TEST, not {other}");
                return Err(Failure::input("environment", &reason));
            }
        };
        move |builder: SessionBuilder| builder.environment(environment)
    }

    fn vipps_session_builder_base_url(url: *const c_char) {
        let url = text(url, "url")?;
        move |builder: SessionBuilder| builder.base_url(url)
    }

    fn vipps_session_builder_allow_plain_http() {
        SessionBuilder::allow_plain_http
    }

    fn vipps_session_builder_merchant_serial_number(msn: *const c_char) {
        let msn = text(msn, "msn")?.parse()?;
        move |builder: SessionBuilder| builder.merchant_serial_number(msn)
    }

    fn vipps_session_builder_timeout_ms(milliseconds: u64) {
        move |builder: SessionBuilder| builder.timeout(Duration::from_millis(milliseconds))
    }

    fn vipps_session_builder_connect_timeout_ms(milliseconds: u64) {
        move |builder: SessionBuilder| builder.connect_timeout(Duration::from_millis(milliseconds))
    }

    fn vipps_session_builder_retry(max_attempts: u32, initial_backoff_ms: u64, max_backoff_ms: u64) {
        let policy = RetryPolicy::default()
            .max_attempts(max_attempts)
            .initial_backoff(Duration::from_millis(initial_backoff_ms))
            .max_backoff(Duration::from_millis(max_backoff_ms));
        move |builder: SessionBuilder| builder.retry(policy)
    }

    fn vipps_session_builder_no_retry() {
        move |builder: SessionBuilder| builder.retry(RetryPolicy::none())
    }

    fn vipps_session_builder_proxy(url: *const c_char) {
        let url = text(url, "url")?;
        move |builder: SessionBuilder| builder.proxy(url)
    }

    fn vipps_session_builder_proxy_from_env() {
        SessionBuilder::proxy_from_env
    }

    fn vipps_session_builder_tls_backend(backend: c_int) {
        let backend = match backend {
            RUSTLS => TlsBackend::Rustls,
            NATIVE_TLS => TlsBackend::NativeTls,
            other => {
                let reason = format!("must be VIPPS_RUSTLS or VIPPS_NATIVE_TLS, not {other}");
                return Err(Failure::input("backend", &reason));
            }
        };
        move |builder: SessionBuilder| builder.tls_backend(backend)
    }

    fn vipps_session_builder_root_certificates(pem: *const u8, length: usize) {
        let pem = items(pem, length, "pem")?;
        move |builder: SessionBuilder| builder.root_certificates(pem)
    }

    fn vipps_session_builder_max_response_bytes(bytes: u64) {
        move |builder: SessionBuilder| builder.max_response_bytes(bytes)
    }

    fn vipps_session_builder_user_agent_suffix(suffix: *const c_char) {
        let suffix = text(suffix, "suffix")?;
        move |builder: SessionBuilder| builder.user_agent_suffix(suffix)
    }

    fn vipps_session_builder_access_token(token: *const c_char, expires_in_ms: u64) {
        let expires_in = Duration::from_millis(expires_in_ms);
        let token = AccessToken::new(text(token, "token")?, expires_in);
        let token = token.map_err(|error| Failure::from(error).of_argument("token"))?;
        move |builder: SessionBuilder| builder.access_token(token)
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_session_builder_observer(
    builder: *mut vipps_session_builder,
    callback: vipps_observer,
    user: *mut c_void,
    release: vipps_release,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        guard(error, || {
            let before = {
                let builder = unspent(builder)?;
                let observer = Observer::new(callback, user, release)?;
                builder.observer.replace(observer)
            };
            // Its `release` is called here, where the builder is whole again and not borrowed. The new one is there whatever becomes of
            // that.
            drop(catch_unwind(AssertUnwindSafe(|| drop(before))));
            Ok(())
        })
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_session_builder_build(
    builder: *mut vipps_session_builder,
    out_session: *mut *mut vipps_session,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_session, "out_session", error, || {
            // The borrow ends with the line: an observer that is dropped because the settings are wrong is released after it.
            let (settings, observer, names) = unspent(builder)?.take()?;
            let settings = match observer {
                Some(observer) => settings.observer(move |attempt| observer.call(attempt)),
                None => settings,
            };
            build(settings, names)
        })
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_session_builder_free(builder: *mut vipps_session_builder) {
    unsafe { free(builder) }
}
