//! Waiting for what other threads do, and doing things at once. No test takes a time for a sign of anything.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// How long a test may take before it counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something holds, 10 s at the most.
#[track_caller]
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < end, "it never came to this: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Does it in so many threads, which start at once, and gives their results.
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

/// Runs a test with all its cases at once: where it waits for the time to pass, it does so once.
pub(crate) fn all_at_once<T: Send>(cases: impl IntoIterator<Item = T>, test: impl Fn(T) + Sync) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| test(case));
        }
    });
}

/// Runs a test with a limit that is over soon, and with longer ones as long as it says that the machine was too busy: a request that
/// has not arrived within its time shows nothing.
#[track_caller]
pub(crate) fn with_limits(in_time: impl Fn(Duration) -> bool) {
    let limits = (0..6).map(|doublings| Duration::from_millis(200 << doublings));
    assert!({ limits }.any(in_time), "with no limit anything arrived");
}

/// Runs a test on a thread of its own, so that one that hangs fails.
#[track_caller]
pub(crate) fn within_bounds(test: impl FnOnce() + Send + 'static) {
    let (ended, end) = mpsc::channel();
    let thread = thread::spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(test));
        // Nobody listens any more if it took too long.
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
