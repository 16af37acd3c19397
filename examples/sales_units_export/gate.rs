use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use vipps::Error;

use crate::progress::Progress;

/// What every request goes through. When the service asks one worker to wait, it is closed to all.
pub(crate) struct Gate {
    state: Mutex<State>,
    /// Nobody signals it: those who wait look at the time.
    time: Condvar,
    workers: usize,
    attempts: u32,
    /// How many calls got through.
    successes: AtomicUsize,
}

#[derive(Default)]
struct State {
    opens_at: Option<Instant>,
    waiting: usize,
    all_were_waiting: bool,
}

/// How often a call may be refused with a 429. While others get through it was only its bad luck, and does not count: among many workers
/// one may be unlucky for long.
const MAX_REFUSALS: u32 = 20;

/// Before the second attempt, doubled for each that follows.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// For a 429 that does not say how long, doubled for each that follows.
const FIRST_REFUSAL_WAIT: Duration = Duration::from_secs(1);

/// Whatever is asked for, after a day it is worth a try.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

impl Gate {
    /// A gate for this many workers. A call that fails in a way that may pass is made `attempts` times.
    pub(crate) fn new(workers: usize, attempts: u32) -> Self {
        Self {
            state: Mutex::default(),
            time: Condvar::new(),
            workers,
            attempts,
            successes: AtomicUsize::new(0),
        }
    }

    /// Makes a call, and makes it again where that may help.
    pub(crate) fn call<T>(
        &self,
        progress: &Progress,
        call: impl Fn() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (mut failures, mut refusals) = (0, 0);
        loop {
            self.pass(progress);
            let successes = self.successes.load(Ordering::Relaxed);
            let error = match call() {
                Ok(found) => {
                    self.successes.fetch_add(1, Ordering::Relaxed);
                    return Ok(found);
                }
                Err(error) => error,
            };
            if !error.is_retryable() {
                return Err(error);
            }
            if error.status() == Some(429) {
                if self.successes.load(Ordering::Relaxed) == successes {
                    refusals += 1;
                }
                if refusals == MAX_REFUSALS {
                    return Err(error);
                }
                let wait = error.retry_after();
                let wait = wait.unwrap_or_else(|| doubled(FIRST_REFUSAL_WAIT, refusals));
                self.close(wait, &error, progress);
                continue;
            }
            failures += 1;
            if failures == self.attempts {
                return Err(error);
            }
            match error.retry_after() {
                Some(wait) => self.close(wait, &error, progress),
                None => thread::sleep(doubled(FIRST_WAIT, failures)),
            }
        }
    }

    /// Waits until it is open.
    fn pass(&self, progress: &Progress) {
        let mut state = self.lock();
        state.waiting += 1;
        while let Some(left) = state.time_left() {
            if state.waiting == self.workers && !state.all_were_waiting {
                state.all_were_waiting = true;
                progress.say("all workers wait");
            }
            let waited = self.time.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.waiting -= 1;
    }

    /// Lets nobody through for this long from now, or longer if it is closed for longer already.
    fn close(&self, wait: Duration, error: &Error, progress: &Progress) {
        let wait = wait.min(LONGEST_WAIT);
        let mut state = self.lock();
        if state.time_left().is_none() {
            state.all_were_waiting = false;
            let status = error.status().unwrap_or_default();
            let seconds = wait.as_secs();
            progress.say(&format!(
                "asked to wait ({status}): no request for {seconds} s"
            ));
        }
        let opens_at = Instant::now() + wait;
        state.opens_at = state.opens_at.max(Some(opens_at));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How long it stays closed, if it is.
    fn time_left(&self) -> Option<Duration> {
        let left = self.opens_at?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }
}

fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(1 << times.saturating_sub(1).min(16))
}
