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
    time: Arc<Mutex<Time>>,
}

/// What was added to a clock.
#[derive(Clone, Copy, Default)]
pub(crate) struct Time {
    /// By a test.
    pub(crate) advanced: Duration,
    /// By the waits of calls, on a manual clock. Waits at the same time count once.
    pub(crate) waited: Duration,
}

/// The last time that a clock can be advanced to.
const END: Duration = Duration::from_nanos(u64::MAX);

impl Clock {
    /// A clock that runs with the machine's monotonic clock. [`advance`](Self::advance) makes it run ahead.
    pub fn system() -> Self {
        Self {
            start: Some(Instant::now()),
            time: Arc::default(),
        }
    }

    /// A clock that stands still until it is [advanced](Self::advance).
    ///
    /// Waiting on it costs no time: a wait between two attempts moves the clock and returns at once. Calls
    /// on several threads wait each for itself, and none uses up the time of another.
    /// Timeouts of the network itself go by the machine's clock all the same.
    pub fn manual() -> Self {
        Self {
            start: None,
            time: Arc::default(),
        }
    }

    /// The time since the clock was made.
    pub fn now(&self) -> Duration {
        let time = *self.time();
        let added = time.advanced.saturating_add(time.waited).min(END);
        match self.start {
            Some(start) => start.elapsed().saturating_add(added),
            None => added,
        }
    }

    /// Moves the clock forward, for all its clones. It stops at the end of time, some 584 years on, so that deadlines after it do not overflow.
    pub fn advance(&self, by: Duration) {
        let mut time = self.time();
        time.advanced = time.advanced.saturating_add(by).min(END);
    }

    /// What was added to a manual clock. `None` for one that runs by itself.
    pub(crate) fn manual_time(&self) -> Option<Time> {
        let is_manual = self.start.is_none();
        is_manual.then(|| *self.time())
    }

    /// A call on a manual clock has waited: the clock has moved that far at least.
    pub(crate) fn waited_until(&self, waited: Duration) {
        let mut time = self.time();
        time.waited = time.waited.max(waited).min(END);
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
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
