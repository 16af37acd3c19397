//! Waiting for other threads, and running things concurrently. No test infers anything from elapsed
//! time.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// How long a test may take before it counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for a condition, for up to 10 s.
#[track_caller]
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < end, "timed out waiting until {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Runs it on this many threads, which start together, and returns their results.
pub(crate) fn at_once<T: Send>(threads: usize, work: impl Fn() -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        let start = || {
            barrier.wait();
            work()
        };
        let started: Vec<_> = (0..threads).map(|_| scope.spawn(start)).collect();
        let ended = started.into_iter().map(|thread| thread.join().unwrap());
        ended.collect()
    })
}

/// Runs all cases of a test in parallel, so that real-time waits overlap.
pub(crate) fn all_at_once<T: Send>(cases: impl IntoIterator<Item = T>, test: impl Fn(T) + Sync) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| test(case));
        }
    });
}

/// Runs a test with a short limit, and with longer ones while it reports that the machine was too
/// busy: a request that does not arrive in time proves nothing.
#[track_caller]
pub(crate) fn with_limits(in_time: impl Fn(Duration) -> bool) {
    let limits = (0..6).map(|doublings| Duration::from_millis(200 << doublings));
    assert!({ limits }.any(in_time), "no request arrived with any limit");
}

/// Runs a test on a separate thread, so that a hung test fails.
#[track_caller]
pub(crate) fn within_bounds(test: impl FnOnce() + Send + 'static) {
    let (ended, end) = mpsc::channel();
    let thread = thread::spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(test));
        // Nothing listens any more if it took too long.
        let _ = ended.send(());
        if let Err(panic) = result {
            resume_unwind(panic);
        }
    });
    assert!(end.recv_timeout(PATIENCE).is_ok(), "it hangs");
    if let Err(panic) = thread.join() {
        resume_unwind(panic);
    }
}
