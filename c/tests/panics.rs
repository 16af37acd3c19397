//! What no caller in C can cause, or should: a panic inside the library, and a `release` that goes back into it.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use vipps::sandbox::Sandbox;

use crate::builder::{
    vipps_session_builder, vipps_session_builder_build, vipps_session_builder_free,
    vipps_session_builder_new_from_json, vipps_session_builder_no_retry,
    vipps_session_builder_observer, vipps_session_builder_timeout_ms,
};
use crate::endpoints::{vipps_delete_product_order, vipps_list_sales_units};
use crate::error::{
    vipps_error_delivery, vipps_error_field_problems, vipps_error_free, vipps_error_kind_name,
    vipps_error_message,
};
use crate::session::vipps_session_free;
use crate::settings::vipps_attempt;
use crate::string::vipps_string_free;

/// What the observer's user pointer points to.
#[derive(Default)]
struct Watch {
    panics: AtomicBool,
    attempts: AtomicUsize,
    released: AtomicUsize,
}

unsafe extern "C-unwind" fn watch(user: *mut c_void, attempt: *const vipps_attempt) {
    // SAFETY: the pointer of the test below, and of the library.
    let (watch, attempt) = unsafe { (&*user.cast::<Watch>(), attempt.as_ref()) };
    assert!(attempt.is_some());
    watch.attempts.fetch_add(1, Ordering::SeqCst);
    if watch.panics.load(Ordering::SeqCst) {
        panic!("deliberate, with a secret");
    }
}

unsafe extern "C-unwind" fn release(user: *mut c_void) {
    // SAFETY: as above.
    let watch = unsafe { &*user.cast::<Watch>() };
    watch.released.fetch_add(1, Ordering::SeqCst);
}

#[test]
fn a_panic_is_a_status_and_the_session_goes_on() {
    let sandbox = Sandbox::start().unwrap();
    let watched = Watch::default();
    let user = (&raw const watched).cast_mut().cast();
    let builder = builder(&sandbox);
    let mut session = ptr::null_mut();
    let (mut json, mut error) = (ptr::null_mut(), ptr::null_mut());

    // SAFETY: every pointer is one of the library's or of this test's, and is freed once.
    unsafe {
        let none = ptr::null_mut();
        assert_eq!(
            vipps_session_builder_observer(builder, Some(watch), user, Some(release), none),
            0
        );
        assert_eq!(
            vipps_session_builder_build(builder, &raw mut session, none),
            0
        );
        // Too late for another observer: its pointer is not taken, and so not given back.
        let again = vipps_session_builder_observer(builder, Some(watch), user, Some(release), none);
        assert_eq!((again, watched.released.load(Ordering::SeqCst)), (2, 0));
        vipps_session_builder_free(builder);
        assert_eq!(
            vipps_list_sales_units(session, &raw mut json, &raw mut error),
            0
        );
        vipps_string_free(json);
        assert_eq!(watched.attempts.load(Ordering::SeqCst), 2);

        watched.panics.store(true, Ordering::SeqCst);
        assert_eq!(
            vipps_list_sales_units(session, &raw mut json, &raw mut error),
            -3
        );
        assert!(json.is_null());
        let text = |read: unsafe extern "C" fn(*const _, *mut *const c_char) -> i32| {
            let mut text = ptr::null();
            assert_eq!(read(error, &raw mut text), 0);
            CStr::from_ptr(text).to_str().unwrap().to_owned()
        };
        assert_eq!(text(vipps_error_kind_name), "Panic");
        // The panic's own words are not in it.
        assert_eq!(
            text(vipps_error_message),
            "a panic, which is a bug in this library"
        );
        assert_eq!(text(vipps_error_field_problems), "[]");
        let mut delivery = -1;
        assert_eq!(vipps_error_delivery(error, &raw mut delivery), 0);
        assert_eq!(delivery, 1);
        vipps_error_free(error);
        let id = c"00000000-0000-4000-8000-000000000001";
        assert_eq!(vipps_delete_product_order(session, id.as_ptr(), none), -3);

        watched.panics.store(false, Ordering::SeqCst);
        assert_eq!(
            vipps_list_sales_units(session, &raw mut json, &raw mut error),
            0
        );
        assert!(!json.is_null() && error.is_null());
        vipps_string_free(json);
        assert_eq!(watched.released.load(Ordering::SeqCst), 0);
        vipps_session_free(session);
    }
    assert_eq!(watched.released.load(Ordering::SeqCst), 1);
    assert_eq!(watched.attempts.load(Ordering::SeqCst), 5);
}

unsafe extern "C-unwind" fn release_and_panic(user: *mut c_void) {
    // SAFETY: as above.
    unsafe { release(user) };
    panic!("deliberate");
}

#[test]
fn a_panic_in_a_free_stays_there() {
    let sandbox = Sandbox::start().unwrap();
    let watched = Watch::default();
    let user = (&raw const watched).cast_mut().cast();
    let none = ptr::null_mut();
    let released = || watched.released.load(Ordering::SeqCst);
    // SAFETY: as above.
    unsafe {
        let builder = builder(&sandbox);
        let observe = |release: unsafe extern "C-unwind" fn(*mut c_void)| {
            vipps_session_builder_observer(builder, Some(watch), user, Some(release), none)
        };
        assert_eq!(observe(release_and_panic), 0);
        // The end of the first one is nothing that the second could have failed with.
        assert_eq!((observe(release_and_panic), released()), (0, 1));
        let mut session = ptr::null_mut();
        let status = vipps_session_builder_build(builder, &raw mut session, none);
        assert_eq!(status, 0);
        vipps_session_builder_free(builder);
        assert_eq!(released(), 1);
        vipps_session_free(session);
        assert_eq!(released(), 2);
    }
    // SAFETY: as above.
    unsafe {
        let builder = builder(&sandbox);
        let release = Some(release_and_panic as unsafe extern "C-unwind" fn(*mut c_void));
        let status = vipps_session_builder_observer(builder, Some(watch), user, release, none);
        assert_eq!(status, 0);
        vipps_session_builder_free(builder);
        assert_eq!(released(), 3);
    }
}

/// What the user pointer of a `release` that uses the builder points to.
struct Reentry {
    builder: *mut vipps_session_builder,
    /// What the builder answered.
    statuses: Mutex<Vec<c_int>>,
}

impl Reentry {
    fn statuses(&self) -> Vec<c_int> {
        self.statuses.lock().unwrap().clone()
    }
}

unsafe extern "C-unwind" fn release_and_use(user: *mut c_void) {
    // SAFETY: the pointer of the test below, whose builder is there.
    unsafe {
        let reentry = &*user.cast::<Reentry>();
        let status = vipps_session_builder_no_retry(reentry.builder, ptr::null_mut());
        reentry.statuses.lock().unwrap().push(status);
    }
}

/// The header forbids it; the builder is whole and not borrowed all the same.
#[test]
fn a_release_runs_when_the_builder_is_at_rest() {
    let sandbox = Sandbox::start().unwrap();
    let none = ptr::null_mut();
    // SAFETY: every pointer is one of the library's or of this test's, and the builder is freed once.
    unsafe {
        let builder = builder(&sandbox);
        let new = || Reentry {
            builder,
            statuses: Mutex::default(),
        };
        let (first, second) = (new(), new());
        let observe = |callback, of: &Reentry| {
            let user = ptr::from_ref(of).cast_mut().cast();
            vipps_session_builder_observer(builder, callback, user, Some(release_and_use), none)
        };
        assert_eq!(observe(Some(watch), &first), 0);
        // One that is not taken is not given back.
        assert_eq!(observe(None, &second), -1);
        assert_eq!((first.statuses(), second.statuses()), (vec![], vec![]));
        assert_eq!(observe(Some(watch), &second), 0);
        assert_eq!((first.statuses(), second.statuses()), (vec![0], vec![]));

        // It is given back by a build that fails, too.
        assert_eq!(vipps_session_builder_timeout_ms(builder, 0, none), 0);
        let mut session = ptr::null_mut();
        let status = vipps_session_builder_build(builder, &raw mut session, none);
        assert_eq!((status, session.is_null()), (1, true));
        assert_eq!((first.statuses(), second.statuses()), (vec![0], vec![2]));
        vipps_session_builder_free(builder);
        assert_eq!((first.statuses(), second.statuses()), (vec![0], vec![2]));
    }
}

fn builder(sandbox: &Sandbox) -> *mut vipps_session_builder {
    let config = CString::new(crate::tests::support::config(sandbox)).unwrap();
    let mut builder = ptr::null_mut();
    // SAFETY: the text outlives the call.
    let status = unsafe {
        vipps_session_builder_new_from_json(config.as_ptr(), &raw mut builder, ptr::null_mut())
    };
    assert_eq!(status, 0);
    builder
}
