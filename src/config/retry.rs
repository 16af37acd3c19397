use std::time::Duration;

use crate::model::identifier::random_u64;

/// How often and how soon a failed call is repeated.
///
/// Only what cannot do a thing twice is repeated: a request that cannot have been seen, one that was refused for its rate, and, where
/// the outcome is unknown or the service failed, a GET, PUT, DELETE or a POST with an idempotency key. A repetition sends the same key
/// and the same bytes. All attempts and the waits between them share the session's
/// [`timeout`](crate::SessionBuilder::timeout).
///
/// The wait before attempt *n* is random between nothing and `initial_backoff` doubled *n* - 2 times ("full jitter"), `max_backoff` at the
/// most, or what `Retry-After` asks for where that is longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    initial_backoff: Duration,
    max_backoff: Duration,
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
    pub fn initial_backoff(mut self, wait: Duration) -> Self {
        self.initial_backoff = wait;
        self
    }

    /// The longest wait before any attempt, `Retry-After` aside. The default is 8 s.
    #[must_use]
    pub fn max_backoff(mut self, wait: Duration) -> Self {
        self.max_backoff = wait;
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
            initial_backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(8),
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
pub(crate) struct FailedAttempt {
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
pub(crate) fn decide(policy: &RetryPolicy, attempt: &FailedAttempt) -> Decision {
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
    const STOP: Decision = Decision::Stop {
        why: Why::NotRetryable,
    };
    const OUT_OF_ATTEMPTS: Decision = Decision::Stop { why: Why::Attempts };
    const OUT_OF_TIME: Decision = Decision::Stop { why: Why::Time };

    const fn after(millis: u64) -> Decision {
        let after = Duration::from_millis(millis);
        Decision::Retry { after }
    }

    /// A first attempt with a minute left, and half of the longest wait as its jitter.
    fn attempt(repeatable: bool, outcome: Outcome) -> FailedAttempt {
        FailedAttempt {
            repeatable,
            outcome,
            number: 1,
            time_left: 60 * SECOND,
            retry_after: None,
            random: HALF,
        }
    }

    #[test]
    fn each_outcome_is_repeated_only_where_that_is_safe() {
        use Outcome::{Final, NotSent, Refused, Status, Unknown};

        let retry = after(250);
        // Outcome, decision for what may be repeated (GET, PUT, DELETE, a key, a token request), decision for a plain POST.
        let table = [
            (NotSent, retry, retry),
            (Refused, STOP, STOP),
            (Unknown, retry, STOP),
            (Final, STOP, STOP),
            (Status(100), STOP, STOP),
            (Status(301), STOP, STOP),
            (Status(302), STOP, STOP),
            (Status(304), STOP, STOP),
            (Status(400), STOP, STOP),
            (Status(401), STOP, STOP),
            (Status(402), STOP, STOP),
            (Status(403), STOP, STOP),
            (Status(404), STOP, STOP),
            (Status(405), STOP, STOP),
            (Status(407), STOP, STOP),
            (Status(408), retry, STOP),
            (Status(409), STOP, STOP),
            (Status(410), STOP, STOP),
            (Status(411), STOP, STOP),
            (Status(412), STOP, STOP),
            (Status(413), STOP, STOP),
            (Status(415), STOP, STOP),
            (Status(422), STOP, STOP),
            (Status(423), STOP, STOP),
            (Status(425), STOP, STOP),
            (Status(428), STOP, STOP),
            (Status(429), retry, retry),
            (Status(431), STOP, STOP),
            (Status(451), STOP, STOP),
            (Status(499), STOP, STOP),
            (Status(500), retry, STOP),
            (Status(501), STOP, STOP),
            (Status(502), retry, STOP),
            (Status(503), retry, STOP),
            (Status(504), retry, STOP),
            (Status(505), STOP, STOP),
            (Status(507), STOP, STOP),
            (Status(511), STOP, STOP),
            (Status(520), STOP, STOP),
            (Status(599), STOP, STOP),
        ];
        let policy = RetryPolicy::default();
        for (outcome, repeatable, plain) in table {
            for (is_repeatable, expected) in [(true, repeatable), (false, plain)] {
                let decision = decide(&policy, &attempt(is_repeatable, outcome));
                assert_eq!(
                    decision, expected,
                    "{outcome:?}, repeatable: {is_repeatable}"
                );
                let retryable = is_retryable(is_repeatable, outcome);
                assert_eq!(retryable, expected != STOP, "{outcome:?}");
            }
        }
    }

    #[test]
    fn attempts_and_time_bound_the_repetitions() {
        let [ms, s] = [Duration::from_millis, Duration::from_secs];
        let unavailable = Outcome::Status(503);
        let limited = Outcome::Status(429);
        let three = RetryPolicy::default();
        let none = RetryPolicy::none();
        // Policy, outcome, number, time left, Retry-After, decision.
        let table = [
            // 0.5 s, then 1 s, half of each.
            (&three, unavailable, 1, s(60), None, after(250)),
            (&three, unavailable, 2, s(60), None, after(500)),
            (&three, unavailable, 3, s(60), None, OUT_OF_ATTEMPTS),
            (&three, unavailable, u32::MAX, s(60), None, OUT_OF_ATTEMPTS),
            (&three, Outcome::NotSent, 3, s(60), None, OUT_OF_ATTEMPTS),
            (&three, Outcome::Unknown, 3, s(60), None, OUT_OF_ATTEMPTS),
            (&three, limited, 3, s(60), Some(s(1)), OUT_OF_ATTEMPTS),
            (&none, unavailable, 1, s(60), None, OUT_OF_ATTEMPTS),
            (&none, limited, 1, s(60), Some(s(0)), OUT_OF_ATTEMPTS),
            (&none, Outcome::NotSent, 1, s(60), None, OUT_OF_ATTEMPTS),
            // A wait has to leave time for the attempt.
            (&three, unavailable, 1, ms(251), None, after(250)),
            (&three, unavailable, 1, ms(250), None, OUT_OF_TIME),
            (&three, unavailable, 1, ms(0), None, OUT_OF_TIME),
            (&three, Outcome::NotSent, 1, ms(0), None, OUT_OF_TIME),
            // Retry-After is a lower bound, of any failure that is repeated, and not capped by the policy.
            (&three, limited, 1, s(60), Some(s(0)), after(250)),
            (&three, limited, 1, s(60), Some(ms(249)), after(250)),
            (&three, limited, 1, s(60), Some(s(1)), after(1000)),
            (&three, limited, 2, s(60), Some(s(30)), after(30_000)),
            (&three, unavailable, 1, s(60), Some(s(9)), after(9000)),
            (&three, limited, 1, ms(60_001), Some(s(60)), after(60_000)),
            (&three, limited, 1, s(60), Some(s(60)), OUT_OF_TIME),
            (&three, limited, 1, s(60), Some(s(3600)), OUT_OF_TIME),
            (
                &three,
                limited,
                1,
                Duration::MAX,
                Some(Duration::MAX),
                OUT_OF_TIME,
            ),
            // What is not repeated is not repeated after any time.
            (&three, Outcome::Status(400), 1, s(60), Some(s(1)), STOP),
            (&three, Outcome::Status(409), 1, s(60), Some(s(1)), STOP),
            (&none, Outcome::Status(400), 1, s(60), None, STOP),
        ];
        for (row, (policy, outcome, number, time_left, retry_after, expected)) in
            table.into_iter().enumerate()
        {
            let attempt = FailedAttempt {
                number,
                time_left,
                retry_after,
                ..attempt(true, outcome)
            };
            assert_eq!(decide(policy, &attempt), expected, "row {row}: {attempt:?}");
        }
    }

    #[test]
    fn waits_double_to_the_longest_one_with_jitter_over_all_of_it() {
        let policy = RetryPolicy::default().max_attempts(u32::MAX);
        // FailedAttempt, and the longest wait that may follow it in milliseconds.
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
        let wait = |number, random| {
            let attempt = FailedAttempt {
                number,
                random,
                ..attempt(true, Outcome::Unknown)
            };
            decide(&policy, &attempt)
        };
        for (number, longest) in table {
            let longest = Duration::from_millis(longest);
            let nearly = longest - Duration::from_nanos(1);
            assert_eq!(wait(number, 0), after(0), "{number}");
            assert_eq!(
                wait(number, HALF),
                Decision::Retry { after: longest / 2 },
                "{number}"
            );
            assert_eq!(
                wait(number, u64::MAX),
                Decision::Retry { after: nearly },
                "{number}"
            );
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
