//! When a call has to end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::config::clock::Clock;

/// The end of one call. On a manual clock the call's time is what a test has advanced and its own waits:
/// those of other calls, on other threads, do not count.
#[derive(Clone)]
pub(crate) struct Deadline {
    clock: Clock,
    end: Duration,
    /// `None` on a clock that runs by itself.
    own: Option<OwnTime>,
}

#[derive(Clone)]
struct OwnTime {
    began: Duration,
    advanced_before: Duration,
    waited_before: Duration,
    /// Shared by the parts of a call.
    waits: Arc<Mutex<Duration>>,
}

impl Deadline {
    /// Of a call that begins now and may take so long.
    pub(crate) fn new(clock: &Clock, timeout: Duration) -> Self {
        let began = clock.now();
        let own = clock.manual_time().map(|time| OwnTime {
            began,
            advanced_before: time.advanced,
            waited_before: time.waited,
            waits: Arc::default(),
        });
        Self {
            clock: clock.clone(),
            end: began.saturating_add(timeout),
            own,
        }
    }

    /// Of a part of the call that may take half of what is left.
    pub(crate) fn half(&self) -> Self {
        let half = self.time_left() / 2;
        Self {
            end: self.now().saturating_add(half),
            ..self.clone()
        }
    }

    /// The time as the call sees it.
    pub(crate) fn now(&self) -> Duration {
        let own = self.own.as_ref().zip(self.clock.manual_time());
        match own {
            Some((own, time)) => {
                let advanced = time.advanced.saturating_sub(own.advanced_before);
                own.began
                    .saturating_add(advanced)
                    .saturating_add(own.waits())
            }
            None => self.clock.now(),
        }
    }

    pub(crate) fn time_left(&self) -> Duration {
        self.end.saturating_sub(self.now())
    }

    /// Waits: really on a system clock; on a manual one the call's time and the clock move on.
    pub(crate) fn sleep(&self, wait: Duration) {
        let Some(own) = &self.own else {
            return std::thread::sleep(wait);
        };
        let mut waits = own.waits.lock().unwrap_or_else(PoisonError::into_inner);
        *waits = waits.saturating_add(wait);
        self.clock
            .waited_until(own.waited_before.saturating_add(*waits));
    }
}

impl OwnTime {
    fn waits(&self) -> Duration {
        *self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
