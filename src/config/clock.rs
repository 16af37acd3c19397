use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The time that a [`Session`](crate::Session) lives by: token lifetimes, call timeouts, waits between retries.
///
/// A clock only moves forward, and is not the wall clock: a clock that is set back or forward on the machine changes nothing.
/// Clones share their time. The default, [`Clock::system`], is what a program wants; [`Clock::manual`] is for tests.
///
/// ```
/// use std::time::Duration;
///
/// let clock = vipps::Clock::manual();
/// clock.advance(Duration::from_secs(90));
/// assert_eq!(clock.now(), Duration::from_secs(90));
/// ```
#[derive(Clone)]
pub struct Clock {
    /// `None` for a manual clock, which has no time of its own.
    start: Option<Instant>,
    advanced: Arc<Mutex<Duration>>,
}

/// The last time that a clock can be advanced to.
const END: Duration = Duration::from_nanos(u64::MAX);

impl Clock {
    /// A clock that runs with the machine's monotonic clock. [`advance`](Self::advance) makes it run ahead.
    pub fn system() -> Self {
        Self {
            start: Some(Instant::now()),
            advanced: Arc::default(),
        }
    }

    /// A clock that stands still until it is [advanced](Self::advance).
    ///
    /// Waiting on it costs no time: a wait between two attempts moves the clock and returns at once.
    /// Timeouts of the network itself go by the machine's clock all the same.
    pub fn manual() -> Self {
        Self {
            start: None,
            advanced: Arc::default(),
        }
    }

    /// The time since the clock was made.
    pub fn now(&self) -> Duration {
        let advanced = *self.advanced();
        match self.start {
            Some(start) => start.elapsed().saturating_add(advanced),
            None => advanced,
        }
    }

    /// Moves the clock forward, for all its clones. It stops at the end of time, some 584 years on, so that deadlines after it do not overflow.
    pub fn advance(&self, by: Duration) {
        let mut advanced = self.advanced();
        *advanced = advanced.saturating_add(by).min(END);
    }

    fn advanced(&self) -> MutexGuard<'_, Duration> {
        self.advanced.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for `time` to pass: really on a system clock, by moving the clock on a manual one.
    pub(crate) fn sleep(&self, time: Duration) {
        if self.start.is_some() {
            std::thread::sleep(time);
        } else {
            self.advance(time);
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.start {
            Some(_) => "Clock::system",
            None => "Clock::manual",
        };
        f.debug_tuple(name).field(&self.now()).finish()
    }
}
