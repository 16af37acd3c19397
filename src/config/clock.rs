use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The clock of a [`Session`](crate::Session), for token lifetimes, timeouts and waits between
/// retries.
///
/// A clock is monotonic and independent of the wall clock. Clones share their time. Programs use
/// the default, [`Clock::system`]; tests may use [`Clock::manual`].
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
    /// `None` for a manual clock.
    start: Option<Instant>,
    time: Arc<Mutex<Time>>,
}

/// The time added to a clock.
#[derive(Clone, Copy, Default)]
pub(crate) struct Time {
    /// Added by [`Clock::advance`].
    pub(crate) advanced: Duration,
    /// Added by waiting calls on a manual clock. Concurrent waits count once.
    pub(crate) waited: Duration,
}

/// The latest time that a clock can be advanced to.
const END: Duration = Duration::from_nanos(u64::MAX);

impl Clock {
    /// Creates a clock that follows the machine's monotonic clock. [`advance`](Self::advance) moves
    /// it ahead.
    pub fn system() -> Self {
        Self {
            start: Some(Instant::now()),
            time: Arc::default(),
        }
    }

    /// Creates a clock that stands still until it is [advanced](Self::advance), for tests.
    ///
    /// A wait between two attempts advances the clock and returns immediately. Calls on several
    /// threads wait independently, and none uses up the time of another. Network timeouts still run
    /// in real time.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// use std::time::Duration;
    /// use vipps::{Clock, management};
    ///
    /// let clock = Clock::manual();
    /// let session = sandbox.session_builder()?.clock(clock.clone()).build()?;
    /// management::list_sales_units(&session)?;
    /// // The access token has expired by now, so the next call fetches another.
    /// clock.advance(Duration::from_secs(24 * 60 * 60));
    /// management::list_sales_units(&session)?;
    /// # assert_eq!(sandbox.count("POST /accesstoken/get"), 2);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn manual() -> Self {
        Self {
            start: None,
            time: Arc::default(),
        }
    }

    /// The time since the clock was created.
    pub fn now(&self) -> Duration {
        let time = *self.time();
        let added = time.advanced.saturating_add(time.waited).min(END);
        match self.start {
            Some(start) => start.elapsed().saturating_add(added),
            None => added,
        }
    }

    /// Moves the clock and all its clones forward, at most to 584 years so that deadlines cannot
    /// overflow.
    pub fn advance(&self, by: Duration) {
        let mut time = self.time();
        time.advanced = time.advanced.saturating_add(by).min(END);
    }

    /// The time added to a manual clock; `None` for a system clock.
    pub(crate) fn manual_time(&self) -> Option<Time> {
        let is_manual = self.start.is_none();
        is_manual.then(|| *self.time())
    }

    /// Moves a manual clock at least as far as a call has waited.
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
