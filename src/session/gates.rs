//! Rate-limit gates: when a reply asks one call to wait, all calls to that route wait.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::RequestLine;

/// The routes that are closed, and until when by the session's clock.
#[derive(Default)]
pub(super) struct Gates(Mutex<Vec<Gate>>);

struct Gate {
    line: RequestLine,
    opens_at: Duration,
}

/// A longer `Retry-After` closes a route for this long only.
const MAX_CLOSED: Duration = Duration::from_secs(60 * 60);

impl Gates {
    /// Closes this route for `wait` from now, unless it is closed for longer already.
    pub(super) fn close(&self, line: &RequestLine, wait: Duration, now: Duration) {
        let opens_at = now.saturating_add(wait.min(MAX_CLOSED));
        let mut gates = self.lock();
        gates.retain(|gate| gate.opens_at > now);
        match gates.iter_mut().find(|gate| gate.is_for(line)) {
            Some(gate) => gate.opens_at = gate.opens_at.max(opens_at),
            None => gates.push(Gate {
                line: line.clone(),
                opens_at,
            }),
        }
    }

    /// How much longer this route is closed; `None` if it is open.
    pub(super) fn wait(&self, line: &RequestLine, now: Duration) -> Option<Duration> {
        let gates = self.lock();
        let gate = gates.iter().find(|gate| gate.is_for(line))?;
        Some(gate.opens_at.saturating_sub(now)).filter(|wait| !wait.is_zero())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Gate>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gate {
    fn is_for(&self, line: &RequestLine) -> bool {
        self.line.route == line.route && self.line.method == line.method
    }
}
