use std::time::Duration;

use crate::error::{Delivery, ErrorKind};
use crate::model::identifier::random_u64;

/// How often and how soon a failed call is retried.
///
/// Only what cannot do a thing twice is retried: a request that was not sent whole, one that was refused
/// for its rate (429) or because another is under way (423), and, where the outcome is unknown or the API
/// failed, a GET, PUT, DELETE or a POST with an idempotency key. A retry sends the same key and the same
/// bytes. All attempts and the waits between them share the session's
/// [`timeout`](crate::SessionBuilder::timeout).
///
/// The wait before attempt *n* is random between nothing and `initial_backoff` doubled *n* - 2 times ("full
/// jitter"), `max_backoff` at the most, or what `Retry-After` asks for where that is longer.
///
/// The wait after a 429 or 423 holds for all calls of the session to the same endpoint, but for no more
/// than an hour. A call that has no time for it fails at once:
/// [`RateLimited`](crate::ErrorKind::RateLimited) and [`NotSent`](crate::Delivery::NotSent), with
/// [`retry_after`](crate::Error::retry_after).
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    initial_backoff: Duration,
    max_backoff: Duration,
    seed: Option<u64>,
}

impl RetryPolicy {
    /// Never retries a call. A call refused with 401 is retried with a new token all the same, once.
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// At most this many attempts, the first included; 0 is taken for 1. The default is 3.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// The longest wait before the second attempt, doubled for each that follows. The default is 0.5 s.
    pub fn initial_backoff(mut self, wait: Duration) -> Self {
        self.initial_backoff = wait;
        self
    }

    /// The longest wait before any attempt, `Retry-After` aside. The default is 8 s.
    pub fn max_backoff(mut self, wait: Duration) -> Self {
        self.max_backoff = wait;
        self
    }

    /// Makes the waits the same in every run, for tests.
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
            initial_backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(8),
            seed: None,
        }
    }
}

/// All that the decision depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedAttempt {
    pub(crate) kind: ErrorKind,
    /// What all attempts so far may have done.
    pub(crate) delivery: Delivery,
    pub(crate) status: Option<u16>,
    /// Whether the request may be sent again when the first one may have been carried out: a GET, a PUT, a DELETE, a token request, or one
    /// with an idempotency key.
    pub(crate) is_idempotent: bool,
    /// 1 for the first.
    pub(crate) number: u32,
    pub(crate) time_left: Duration,
    pub(crate) retry_after: Option<Duration>,
    /// What the jitter is made of.
    pub(crate) random: u64,
}

impl FailedAttempt {
    /// Whether a retry may help and cannot do a thing twice.
    pub(crate) fn is_retryable(&self) -> bool {
        match (self.kind, self.status) {
            // Another attempt would find the same.
            (ErrorKind::Tls | ErrorKind::Decode | ErrorKind::UnexpectedStatus, _)
            | (_, Some(401 | 409)) => false,
            // It was refused, and nothing else.
            (_, Some(423 | 429)) => true,
            // A proxy that could not connect has sent nothing.
            (_, Some(408 | 500 | 502 | 503 | 504)) => {
                self.delivery == Delivery::NotSent || self.is_idempotent
            }
            (ErrorKind::Server, _) => false,
            // No answer, or one that broke off: its status says only that it was carried out.
            (ErrorKind::Timeout | ErrorKind::Connect | ErrorKind::Network, _) => {
                self.delivery == Delivery::NotSent || self.is_idempotent
            }
            // An answer that says nothing about the attempt before.
            _ => self.delivery == Delivery::Unknown && self.is_idempotent,
        }
    }
}

/// How long to wait before the next attempt, or `None` if there is to be none. Looks at nothing but its arguments.
pub(crate) fn next_wait(policy: &RetryPolicy, attempt: &FailedAttempt) -> Option<Duration> {
    if !attempt.is_retryable() || attempt.number >= policy.max_attempts {
        return None;
    }
    // A proxy that asks for a password asks again.
    if attempt.status == Some(407) {
        return None;
    }
    let backoff = backoff(policy, attempt.number, attempt.random);
    let wait = backoff.max(attempt.retry_after.unwrap_or_default());
    // It has to leave time for the attempt.
    (wait < attempt.time_left).then_some(wait)
}

fn backoff(policy: &RetryPolicy, number: u32, random: u64) -> Duration {
    let doublings = number.saturating_sub(1).min(31);
    let cap = policy
        .initial_backoff
        .saturating_mul(1 << doublings)
        .min(policy.max_backoff);
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const HALF: u64 = 1 << 63;

    const fn ms(millis: u64) -> Option<Duration> {
        Some(Duration::from_millis(millis))
    }

    /// A first attempt with a minute left, and half of the longest wait as its jitter.
    fn attempt(kind: ErrorKind, delivery: Delivery, status: Option<u16>) -> FailedAttempt {
        FailedAttempt {
            kind,
            delivery,
            status,
            is_idempotent: true,
            number: 1,
            time_left: 60 * SECOND,
            retry_after: None,
            random: HALF,
        }
    }

    fn status(status: u16) -> FailedAttempt {
        let (kind, delivery) = match status {
            408 | 500.. => (ErrorKind::Server, Delivery::Unknown),
            _ => (ErrorKind::Rejected, Delivery::Answered),
        };
        attempt(kind, delivery, Some(status))
    }

    #[test]
    fn a_failed_attempt_is_retried_only_where_that_is_safe() {
        use Delivery::{Answered, NotSent, Unknown};
        use ErrorKind::{Connect, Decode, Network, Proxy, Timeout, Tls};

        // What is retried: nothing, what is idempotent, anything.
        const NEVER: [bool; 2] = [false, false];
        const IDEMPOTENT: [bool; 2] = [true, false];
        const ALWAYS: [bool; 2] = [true, true];

        let mut table = vec![
            (attempt(Connect, NotSent, None), ALWAYS),
            (attempt(Timeout, NotSent, None), ALWAYS),
            (attempt(Network, NotSent, None), ALWAYS),
            (attempt(Timeout, Unknown, None), IDEMPOTENT),
            (attempt(Network, Unknown, None), IDEMPOTENT),
            // A success whose reply broke off.
            (attempt(Network, Answered, Some(200)), IDEMPOTENT),
            (attempt(Timeout, Answered, Some(201)), IDEMPOTENT),
            // No safe connection, and a reply that another attempt would get again.
            (attempt(Tls, NotSent, None), NEVER),
            // A proxy that refused.
            (attempt(Proxy, NotSent, Some(407)), NEVER),
            (attempt(Proxy, NotSent, Some(403)), NEVER),
            (attempt(Proxy, NotSent, Some(502)), ALWAYS),
            (attempt(Proxy, NotSent, Some(429)), ALWAYS),
            (attempt(Decode, Answered, Some(200)), NEVER),
        ];
        for retried in [423, 429] {
            table.push((status(retried), ALWAYS));
        }
        for failed in [408, 500, 502, 503, 504] {
            table.push((status(failed), IDEMPOTENT));
        }
        for last in [
            100, 301, 302, 304, 400, 401, 402, 403, 404, 405, 407, 409, 410, 411, 412, 413,
        ] {
            table.push((status(last), NEVER));
        }
        for last in [
            415, 421, 422, 425, 428, 431, 451, 499, 501, 505, 507, 511, 520, 599,
        ] {
            table.push((status(last), NEVER));
        }
        // In doubt about an attempt before, as the answer says nothing about that one; a 401 and a 409 would be given again.
        for of_gateway in [403, 404, 405, 407, 413, 421, 425, 451] {
            let in_doubt = FailedAttempt {
                delivery: Unknown,
                ..status(of_gateway)
            };
            table.push((in_doubt, IDEMPOTENT));
        }
        for last in [401, 409] {
            let in_doubt = FailedAttempt {
                delivery: Unknown,
                ..status(last)
            };
            table.push((in_doubt, NEVER));
        }
        for (attempt, expected) in table {
            for (is_idempotent, expected) in [true, false].into_iter().zip(expected) {
                let attempt = FailedAttempt {
                    is_idempotent,
                    ..attempt
                };
                assert_eq!(attempt.is_retryable(), expected, "{attempt:?}");
                let wait = next_wait(&RetryPolicy::default(), &attempt);
                // A 407 is for the caller to mend, though a retry may be safe.
                let is_retried = expected && attempt.status != Some(407);
                assert_eq!(wait, is_retried.then_some(SECOND / 4), "{attempt:?}");
            }
        }
    }

    #[test]
    fn attempts_and_time_bound_the_retries() {
        let s = Duration::from_secs;
        let unavailable = status(503);
        let limited = status(429);
        let not_sent = attempt(ErrorKind::Connect, Delivery::NotSent, None);
        let lost = attempt(ErrorKind::Network, Delivery::Unknown, None);
        let three = RetryPolicy::default();
        let none = RetryPolicy::none();
        // Policy, attempt, its number, milliseconds left, Retry-After, wait.
        let table = [
            // 0.5 s, then 1 s, half of each.
            (&three, unavailable, 1, 60_000, None, ms(250)),
            (&three, unavailable, 2, 60_000, None, ms(500)),
            (&three, unavailable, 3, 60_000, None, None),
            (&three, unavailable, u32::MAX, 60_000, None, None),
            (&three, not_sent, 3, 60_000, None, None),
            (&three, lost, 3, 60_000, None, None),
            (&three, limited, 3, 60_000, Some(s(1)), None),
            (&none, unavailable, 1, 60_000, None, None),
            (&none, limited, 1, 60_000, Some(s(0)), None),
            (&none, not_sent, 1, 60_000, None, None),
            // A wait has to leave time for the attempt.
            (&three, unavailable, 1, 251, None, ms(250)),
            (&three, unavailable, 1, 250, None, None),
            (&three, unavailable, 1, 0, None, None),
            (&three, not_sent, 1, 0, None, None),
            // Retry-After is a lower bound for any retry, and not capped by the policy.
            (&three, limited, 1, 60_000, Some(s(0)), ms(250)),
            (&three, limited, 1, 60_000, ms(249), ms(250)),
            (&three, limited, 1, 60_000, Some(s(1)), ms(1000)),
            (&three, limited, 2, 60_000, Some(s(30)), ms(30_000)),
            (&three, unavailable, 1, 60_000, Some(s(9)), ms(9000)),
            (&three, limited, 1, 60_001, Some(s(60)), ms(60_000)),
            (&three, limited, 1, 60_000, Some(s(60)), None),
            (&three, limited, 1, 60_000, Some(s(3600)), None),
            (&three, limited, 1, u64::MAX, Some(Duration::MAX), None),
            // What is not retried is not retried after any time.
            (&three, status(400), 1, 60_000, Some(s(1)), None),
            (&three, status(409), 1, 60_000, Some(s(1)), None),
            (&none, status(400), 1, 60_000, None, None),
        ];
        for (row, (policy, attempt, number, left, retry_after, expected)) in
            table.into_iter().enumerate()
        {
            let attempt = FailedAttempt {
                number,
                time_left: Duration::from_millis(left),
                retry_after,
                ..attempt
            };
            assert_eq!(
                next_wait(policy, &attempt),
                expected,
                "row {row}: {attempt:?}"
            );
        }
    }

    #[test]
    fn waits_double_to_the_longest_one_with_jitter_over_all_of_it() {
        let policy = RetryPolicy::default().max_attempts(u32::MAX);
        // Attempt, and the longest wait that may follow it in milliseconds.
        let table = [
            (1, 500),
            (2, 1000),
            (3, 2000),
            (4, 4000),
            (5, 8000),
            (6, 8000),
            (32, 8000),
            (33, 8000),
            (1_000_000, 8000),
        ];
        for (number, longest) in table {
            let longest = Duration::from_millis(longest);
            let nearly = longest - Duration::from_nanos(1);
            for (random, expected) in [(0, Duration::ZERO), (HALF, longest / 2), (u64::MAX, nearly)]
            {
                let attempt = FailedAttempt {
                    number,
                    random,
                    ..status(503)
                };
                assert_eq!(next_wait(&policy, &attempt), Some(expected), "{number}");
            }
        }
    }

    #[test]
    fn absurd_policies_do_not_overflow() {
        let cases = [
            // A first wait that is longer than the longest.
            (9 * SECOND, 8 * SECOND, 1, 4 * SECOND),
            (Duration::ZERO, 8 * SECOND, 9, Duration::ZERO),
            (SECOND, Duration::ZERO, 9, Duration::ZERO),
            // 2^31 s.
            (SECOND, Duration::MAX, 32, SECOND * (1 << 30)),
            (SECOND, Duration::MAX, u32::MAX, SECOND * (1 << 30)),
            // Some 584 years are the longest wait that there is.
            (
                Duration::from_secs(100_000_000_000),
                Duration::MAX,
                1,
                Duration::from_nanos(u64::MAX),
            ),
            (
                Duration::MAX,
                Duration::MAX,
                1,
                Duration::from_nanos(u64::MAX),
            ),
            (
                Duration::MAX,
                Duration::MAX,
                u32::MAX,
                Duration::from_nanos(u64::MAX),
            ),
        ];
        for (first, longest, number, expected) in cases {
            let policy = RetryPolicy::default()
                .max_attempts(u32::MAX)
                .initial_backoff(first)
                .max_backoff(longest);
            assert_eq!(
                backoff(&policy, number, HALF),
                expected,
                "{policy:?}, {number}"
            );
        }
    }

    #[test]
    fn zero_attempts_are_one() {
        assert_eq!(RetryPolicy::default().max_attempts(0), RetryPolicy::none());
    }

    #[test]
    fn a_seed_gives_the_same_waits() {
        let policy = RetryPolicy::default().seed(7);
        let waits = |policy: &RetryPolicy| [1, 2, 3, 4].map(|number| policy.random(number));
        let [first, second, third, fourth] = waits(&policy);
        assert_eq!(waits(&policy), waits(&policy.clone()));
        assert_ne!(waits(&policy), waits(&RetryPolicy::default().seed(8)));
        assert!(first != second && second != third && third != fourth);

        let unseeded = RetryPolicy::default();
        assert_ne!(waits(&unseeded), waits(&unseeded));
    }

    /// The first outputs of the published SplitMix64 for the states 0 and 1234567.
    #[test]
    fn seeds_are_spread_by_split_mix_64() {
        let random = |seed, attempt| RetryPolicy::default().seed(seed).random(attempt);
        assert_eq!(random(u64::MAX, 1), 0xe220_a839_7b1d_cdaf);
        assert_eq!(random(1_234_560, 7), 6_457_827_717_110_365_317);
    }
}
