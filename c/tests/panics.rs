//! Panics in the library, and the release of observers.

use std::ffi::{CStr, c_char, c_void};
use std::panic::panic_any;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use vipps::sandbox::Sandbox;

use crate::boundary::guard;
use crate::endpoints::{vipps_delete_product_order, vipps_list_sales_units};
use crate::error::*;
use crate::observer::{vipps_attempt, vipps_observer};
use crate::session::{vipps_session_free, vipps_session_new};
use crate::string::vipps_string_free;
use crate::tests::handles::Session;
use crate::tests::support::config;

const OK: vipps_status = vipps_status::VIPPS_OK;
const PANIC: vipps_status = vipps_status::VIPPS_PANIC;

/// What the observer's user pointer points to.
#[derive(Default)]
struct Watch {
    panics: AtomicBool,
    attempts: AtomicUsize,
    tokens: AtomicUsize,
    expires_at: AtomicI64,
    released: AtomicUsize,
}

impl Watch {
    fn observer(&self) -> vipps_observer {
        vipps_observer {
            user: ptr::from_ref(self).cast_mut().cast(),
            on_attempt: Some(on_attempt),
            on_new_token: Some(on_new_token),
            release: Some(release),
        }
    }

    fn attempts(&self) -> usize {
        self.attempts.load(Ordering::SeqCst)
    }

    fn released(&self) -> usize {
        self.released.load(Ordering::SeqCst)
    }
}

unsafe extern "C-unwind" fn on_attempt(user: *mut c_void, attempt: *const vipps_attempt) {
    // SAFETY: `user` is the `Watch` of a test, and `attempt` comes from the library.
    let (watch, attempt) = unsafe { (&*user.cast::<Watch>(), attempt.as_ref()) };
    assert!(attempt.is_some());
    watch.attempts.fetch_add(1, Ordering::SeqCst);
    if watch.panics.load(Ordering::SeqCst) {
        panic!("deliberate, with a secret");
    }
}

unsafe extern "C-unwind" fn on_new_token(user: *mut c_void, token: *const c_char, at: i64) {
    // SAFETY: as above.
    let (watch, token) = unsafe { (&*user.cast::<Watch>(), CStr::from_ptr(token)) };
    assert!(token.count_bytes() > 8);
    watch.tokens.fetch_add(1, Ordering::SeqCst);
    watch.expires_at.store(at, Ordering::SeqCst);
}

unsafe extern "C-unwind" fn release(user: *mut c_void) {
    // SAFETY: as above.
    let watch = unsafe { &*user.cast::<Watch>() };
    watch.released.fetch_add(1, Ordering::SeqCst);
}

unsafe extern "C-unwind" fn release_and_panic(user: *mut c_void) {
    // SAFETY: as above.
    unsafe { release(user) };
    panic_any(PanicsWhenDropped);
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("deliberate, on drop");
    }
}

#[test]
fn a_panic_is_a_status_and_the_session_goes_on() {
    let sandbox = Sandbox::start().unwrap();
    let watched = Watch::default();
    let observer = watched.observer();
    let session = Session::observed(&config(&sandbox), &raw const observer).unwrap();
    let (mut json, mut error) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: all pointers come from the library or this test, and are freed once.
    unsafe {
        let list = vipps_list_sales_units;
        assert_eq!(list(session.0, &raw mut json, &raw mut error), OK);
        vipps_string_free(json);
        assert_eq!(watched.attempts(), 2);
        assert_eq!(watched.tokens.load(Ordering::SeqCst), 1);
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let left = watched.expires_at.load(Ordering::SeqCst) - now.as_secs() as i64;
        assert!((3000..=3600).contains(&left), "{left}");

        watched.panics.store(true, Ordering::SeqCst);
        assert_eq!(list(session.0, &raw mut json, &raw mut error), PANIC);
        assert!(json.is_null());
        let text = |read: unsafe extern "C" fn(*const _, *mut *const c_char) -> vipps_status| {
            let mut text = ptr::null();
            assert_eq!(read(error, &raw mut text), OK);
            CStr::from_ptr(text).to_str().unwrap().to_owned()
        };
        assert_eq!(text(vipps_error_kind_name), "Panic");
        // The message of the panic is not shown.
        let message = "internal error: a bug in this library";
        assert_eq!(text(vipps_error_message), message);
        assert!(!text(vipps_error_json).contains("secret"));
        assert_eq!(text(vipps_error_field_problems), "[]");
        let mut delivery = vipps_delivery::VIPPS_ANSWERED;
        assert_eq!(vipps_error_delivery(error, &raw mut delivery), OK);
        assert_eq!(delivery, vipps_delivery::VIPPS_DELIVERY_UNKNOWN);
        vipps_error_free(error);
        let id = c"00000000-0000-4000-8000-000000000001";
        let none = ptr::null_mut();
        let delete = vipps_delete_product_order;
        assert_eq!(delete(session.0, id.as_ptr(), none), PANIC);

        watched.panics.store(false, Ordering::SeqCst);
        assert_eq!(list(session.0, &raw mut json, &raw mut error), OK);
        assert!(!json.is_null() && error.is_null());
        vipps_string_free(json);
    }
    assert_eq!(watched.released(), 0);
    drop(session);
    assert_eq!(watched.released(), 1);
    assert_eq!(watched.attempts(), 5);
}

#[test]
fn a_panic_whose_payload_panics_when_dropped_is_a_status_too() {
    // SAFETY: `error` may be NULL.
    let status = unsafe { guard(ptr::null_mut(), || panic_any(PanicsWhenDropped)) };
    assert_eq!(status, PANIC);
}

#[test]
fn a_panic_in_a_free_stays_there() {
    let sandbox = Sandbox::start().unwrap();
    let watched = Watch::default();
    let mut observer = watched.observer();
    observer.release = Some(release_and_panic);
    let session = Session::observed(&config(&sandbox), &raw const observer).unwrap();
    drop(session);
    assert_eq!(watched.released(), 1);
}

/// So that a wrapper can pass ownership of its pointer whether or not the call succeeds.
#[test]
fn an_observer_is_released_once_even_on_failure() {
    let watched = Watch::default();
    let mut observer = watched.observer();
    let none = ptr::null_mut();
    let mut session = ptr::null_mut();
    let null = vipps_status::VIPPS_NULL_ARGUMENT;
    // SAFETY: the pointers are valid during the calls.
    unsafe {
        let status = vipps_session_new(ptr::null(), &raw const observer, &raw mut session, none);
        assert_eq!((status, watched.released()), (null, 1));
        let status = vipps_session_new(c"{}".as_ptr(), &raw const observer, none.cast(), none);
        assert_eq!((status, watched.released()), (null, 2));
        let status = vipps_session_new(c"{}".as_ptr(), &raw const observer, &raw mut session, none);
        assert_eq!(
            (status, watched.released()),
            (vipps_status::VIPPS_CONFIG, 3)
        );
        // NULL callbacks are not called.
        observer.on_attempt = None;
        observer.on_new_token = None;
        let sandbox = Sandbox::start().unwrap();
        let session = Session::observed(&config(&sandbox), &raw const observer).unwrap();
        assert_eq!(crate::tests::handles::list(&session).0, 0);
        drop(session);
        assert_eq!((watched.attempts(), watched.released()), (0, 4));
        vipps_session_free(ptr::null_mut());
    }
}
