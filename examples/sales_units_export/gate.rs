use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use vipps::Error;

use crate::attempts::{Again, Attempts};
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

impl Gate {
    /// A gate for this many workers. A call that fails in a way that may pass is made `attempts` times, 429s aside.
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
        let mut attempts = Attempts::new(self.attempts);
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
            let others_got_through = self.successes.load(Ordering::Relaxed) != successes;
            match attempts.again(error.status(), error.retry_after(), others_got_through) {
                Some(Again::All(wait)) => self.close(wait, &error, progress),
                Some(Again::Alone(wait)) => thread::sleep(wait),
                None => return Err(error),
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
        let mut state = self.lock();
        if state.time_left().is_none() {
            state.all_were_waiting = false;
            let status = error.status().unwrap_or_default();
            let seconds = wait.as_secs_f64().ceil();
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
