//! The deadline of a call.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::config::clock::Clock;

/// The deadline of one call. On a manual clock, the call's time is what the test has advanced plus
/// the call's own waits; those of other calls do not count.
#[derive(Clone)]
pub(crate) struct Deadline {
    clock: Clock,
    end: Duration,
    /// `None` on a system clock.
    own: Option<OwnTime>,
}

#[derive(Clone)]
struct OwnTime {
    began: Duration,
    advanced_before: Duration,
    waited_before: Duration,
    /// Shared by the requests of a call.
    waits: Arc<Mutex<Duration>>,
}

impl Deadline {
    /// The deadline of a call that begins now.
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

    /// A deadline for part of the call, after half of the remaining time.
    pub(crate) fn half(&self) -> Self {
        let half = self.time_left() / 2;
        Self {
            end: self.now().saturating_add(half),
            ..self.clone()
        }
    }

    /// The current time as seen by the call.
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

    /// Sleeps on a system clock; moves the call's time and the clock forward on a manual one.
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
