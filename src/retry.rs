use std::time::Duration;

use crate::ids::random_u64;

/// How often and how soon a failed call is repeated.
///
/// Only what cannot do a thing twice is repeated: a request that cannot have been seen, one that was refused for its rate, and, where
/// the outcome is unknown or the service failed, a GET, PUT, DELETE or a POST with an idempotency key. A repetition sends the same key
/// and the same bytes. All attempts and the waits between them share the session's
/// [`timeout`](crate::SessionBuilder::timeout).
///
/// The wait before attempt *n* is random between nothing and `first_wait` doubled *n* - 2 times ("full jitter"), `longest_wait` at the
/// most, or what `Retry-After` asks for where that is longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    first_wait: Duration,
    longest_wait: Duration,
    seed: Option<u64>,
}

impl RetryPolicy {
    /// Never repeats a call. A call refused with 401 is repeated with a new token all the same, once.
    #[must_use]
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// At most this many attempts, the first included; 0 is taken for 1. The default is 3.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// The longest wait before the second attempt, doubled for each that follows. The default is 0.5 s.
    #[must_use]
    pub fn first_wait(mut self, wait: Duration) -> Self {
        self.first_wait = wait;
        self
    }

    /// The longest wait before any attempt, `Retry-After` aside. The default is 8 s.
    #[must_use]
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }

    /// Makes the waits the same in every run, for tests.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The random part of one wait: any number, the same for the same seed and attempt.
    pub(crate) fn random(&self, attempt: u32) -> u64 {
        match self.seed {
            Some(seed) => split_mix(seed.wrapping_add(u64::from(attempt))),
            None => random_u64(),
        }
    }
}

impl Default for RetryPolicy {
    /// 3 attempts, waits of up to 0.5 s doubling to 8 s.
    fn default() -> Self {
        Self {
            max_attempts: 3,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(8),
            seed: None,
        }
    }
}

/// How an attempt failed, as far as repeating it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The server cannot have seen it.
    NotSent,
    /// No safe connection to the right server: another attempt would find the same.
    Refused,
    /// The server may have carried it out, or has and the reply was lost.
    Unknown,
    /// The server answered with this status.
    Status(u16),
    /// An answer that another attempt would get again.
    Final,
}

/// All that the decision depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    /// GET, PUT, DELETE, a POST with an idempotency key, or a token request.
    pub(crate) repeatable: bool,
    pub(crate) outcome: Outcome,
    /// 1 for the first.
    pub(crate) number: u32,
    pub(crate) time_left: Duration,
    pub(crate) retry_after: Option<Duration>,
    /// What the jitter is made of.
    pub(crate) random: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Retry { after: Duration },
    Stop { why: Why },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Repeating it is of no use or not safe.
    NotRetryable,
    /// It was tried as often as the policy allows.
    Attempts,
    /// The wait would not fit in the time left.
    Time,
}

/// Whether a failed attempt is repeated, and when. Looks at nothing but its arguments.
pub(crate) fn decide(policy: &RetryPolicy, attempt: &Attempt) -> Decision {
    if !is_retryable(attempt.repeatable, attempt.outcome) {
        return Decision::Stop {
            why: Why::NotRetryable,
        };
    }
    if attempt.number >= policy.max_attempts {
        return Decision::Stop { why: Why::Attempts };
    }
    let backoff = backoff(policy, attempt.number, attempt.random);
    let after = backoff.max(attempt.retry_after.unwrap_or_default());
    if after < attempt.time_left {
        Decision::Retry { after }
    } else {
        Decision::Stop { why: Why::Time }
    }
}

/// Whether repeating may help and cannot do a thing twice.
pub(crate) fn is_retryable(repeatable: bool, outcome: Outcome) -> bool {
    match outcome {
        Outcome::NotSent | Outcome::Status(429) => true,
        Outcome::Unknown | Outcome::Status(408 | 500 | 502 | 503 | 504) => repeatable,
        Outcome::Status(_) | Outcome::Refused | Outcome::Final => false,
    }
}

fn backoff(policy: &RetryPolicy, number: u32, random: u64) -> Duration {
    let doublings = number.saturating_sub(1).min(31);
    let cap = policy
        .first_wait
        .saturating_mul(1 << doublings)
        .min(policy.longest_wait);
    // cap * random / 2^64, in nanoseconds.
    let share = (cap.as_nanos().saturating_mul(u128::from(random))) >> 64;
    Duration::from_nanos(u64::try_from(share).unwrap_or(u64::MAX))
}

/// SplitMix64: spreads neighbouring seeds over all of `u64`.
fn split_mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
