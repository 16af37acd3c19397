use std::time::Duration;

/// How often one call was tried, and whether it is tried again. Looks at no clock and waits for nothing itself.
pub(crate) struct Attempts {
    allowed: u32,
    failures: u32,
    refusals: u32,
    /// How many calls had got through when it was last refused, or when it began.
    successes: usize,
}

/// Who waits before a call is made again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// All workers: the service asks to.
    All(Duration),
    /// Only the one whose call failed.
    Alone(Duration),
}

/// How often a call may be refused with a 429. While others get through it was only its bad luck, and does not count: among many workers
/// one may be unlucky for long.
const MAX_REFUSALS: u32 = 20;

/// After the first 429, doubled for each that follows.
const FIRST_REFUSAL_WAIT: Duration = Duration::from_secs(1);

/// Where it is not asked for a longer one. All 19 waits together are 14 minutes.
const LONGEST_REFUSAL_WAIT: Duration = Duration::from_secs(60);

/// Before the second attempt, doubled for each that follows.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// Whatever is asked for, after a day it is worth a try.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

impl Attempts {
    /// Of a call that may fail `allowed` times, 429s aside, and that begins when so many others have got through.
    pub(crate) fn new(allowed: u32, successes: usize) -> Self {
        Self {
            allowed,
            successes,
            failures: 0,
            refusals: 0,
        }
    }

    /// Whether to make the call again now that it has failed, in a way that may pass, and so many others have got through. `None` if that
    /// was the last time.
    pub(crate) fn again(
        &mut self,
        status: Option<u16>,
        retry_after: Option<Duration>,
        successes: usize,
    ) -> Option<Again> {
        let is_refusal = status == Some(429);
        let wait = if is_refusal {
            self.refusals += u32::from(successes == self.successes);
            self.successes = successes;
            if self.refusals == MAX_REFUSALS {
                return None;
            }
            doubled(FIRST_REFUSAL_WAIT, self.refusals).min(LONGEST_REFUSAL_WAIT)
        } else {
            self.failures += 1;
            if self.failures == self.allowed {
                return None;
            }
            doubled(FIRST_WAIT, self.failures)
        };
        if !is_refusal && retry_after.is_none() {
            return Some(Again::Alone(wait));
        }
        // It may ask for 0 s, or for a moment that is over.
        let asked_for = retry_after.unwrap_or_default().min(LONGEST_WAIT);
        Some(Again::All(wait.max(asked_for)))
    }
}

fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(1 << times.saturating_sub(1).min(16))
}
