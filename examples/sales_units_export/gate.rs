use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use vipps::Error;

use crate::attempts::{Again, Attempts};
use crate::progress::Progress;

/// What every request goes through. When the service asks one worker to wait, it is closed to all.
pub(crate) struct Gate {
    state: Mutex<State>,
    stopped: Condvar,
    attempts: u32,
    /// How many calls got through.
    successes: AtomicUsize,
}

/// By how much a wait has to be longer than another to be worth a word.
const NOTICEABLE: Duration = Duration::from_secs(1);

#[derive(Default)]
struct State {
    opens_at: Option<Instant>,
    stopped: bool,
}

impl Gate {
    /// A call that fails in a way that may pass is made `attempts` times, 429s aside.
    pub(crate) fn new(attempts: u32) -> Self {
        Self {
            state: Mutex::default(),
            stopped: Condvar::new(),
            attempts,
            successes: AtomicUsize::new(0),
        }
    }

    /// Makes a call, and makes it again where that may help. `None` if it was stopped before.
    pub(crate) fn call<T>(
        &self,
        progress: &Progress,
        call: impl Fn() -> Result<T, Error>,
    ) -> Option<Result<T, Error>> {
        let mut attempts = Attempts::new(self.attempts, self.successes());
        let mut not_before = None;
        while self.pass(not_before) {
            let error = match call() {
                Ok(found) => {
                    self.successes.fetch_add(1, Ordering::Relaxed);
                    return Some(Ok(found));
                }
                Err(error) => error,
            };
            if !error.is_retryable() {
                return Some(Err(error));
            }
            match attempts.again(error.status(), error.retry_after(), self.successes()) {
                Some(Again::All(wait)) => self.close(wait, &error, progress),
                Some(Again::Alone(wait)) => not_before = Some(Instant::now() + wait),
                None => return Some(Err(error)),
            }
        }
        None
    }

    /// Lets nobody through any more, and wakes those who wait.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
        self.stopped.notify_all();
    }

    /// Waits until it is open, and until this moment. Says whether to go on: not when it is stopped.
    fn pass(&self, not_before: Option<Instant>) -> bool {
        let mut state = self.lock();
        while !state.stopped {
            let Some(left) = time_left(state.opens_at.max(not_before)) else {
                return true;
            };
            let waited = self.stopped.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    /// Lets nobody through for this long from now, or longer if it is closed for longer already.
    fn close(&self, wait: Duration, error: &Error, progress: &Progress) {
        let mut state = self.lock();
        // Also of a wait that is longer than what was said before.
        if time_left(state.opens_at).is_none_or(|left| wait > left + NOTICEABLE) {
            let status = error.status().unwrap_or_default();
            let seconds = wait.as_secs_f64().ceil();
            progress.say(&format!(
                "asked to wait ({status}): no request for {seconds} s"
            ));
        }
        let opens_at = Instant::now() + wait;
        state.opens_at = state.opens_at.max(Some(opens_at));
    }

    fn successes(&self) -> usize {
        self.successes.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long it is until then, if that is not over.
fn time_left(until: Option<Instant>) -> Option<Duration> {
    let left = until?.saturating_duration_since(Instant::now());
    (!left.is_zero()).then_some(left)
}
