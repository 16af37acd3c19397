use std::time::Duration;

use crate::error::{Delivery, ErrorKind};
use crate::model::identifier::random_u64;

/// How often and how soon failed calls are retried.
///
/// A call is retried only if that cannot take effect twice:
///
/// - any request that was not fully sent, or was answered with 429 (too many requests) or 423 (the
///   same request is in progress);
/// - a GET, PUT, DELETE, or a request with an idempotency key, if the outcome is unknown or the API
///   failed (408, 500, 502, 503, 504).
///
/// A retry sends the same idempotency key and the same body. All attempts and the waits between
/// them share the session's [`timeout`](crate::SessionBuilder::timeout).
///
/// The wait before attempt `n` is random between zero and `initial_backoff * 2^(n - 2)`, at most
/// `max_backoff` ("full jitter"), or the `Retry-After` of the reply if that is longer.
///
/// The wait after a 429 or 423 applies to all calls of the session to the same endpoint, for at
/// most an hour. A call without time for it fails immediately with
/// [`RateLimited`](crate::ErrorKind::RateLimited), [`NotSent`](crate::Delivery::NotSent) and
/// [`retry_after`](crate::Error::retry_after).
///
/// ```
/// use std::time::Duration;
/// use vipps::RetryPolicy;
///
/// let patient = RetryPolicy::default()
///     .max_attempts(5)
///     .initial_backoff(Duration::from_secs(1))
///     .max_backoff(Duration::from_secs(20));
/// # let keys = vipps::ApiKeys::management("client-id", "client-secret");
/// # let system = vipps::SystemInfo::new("acme", "3.1.2")?;
/// let session = vipps::Session::builder(keys, system).retry(patient).build()?;
/// # Ok::<(), vipps::Error>(())
/// ```
#[doc(alias = "backoff")]
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    initial_backoff: Duration,
    max_backoff: Duration,
    seed: Option<u64>,
}

impl RetryPolicy {
    /// Creates a policy that never retries, except once with a new token after a 401.
    ///
    /// For example, if a job queue around the call does the retries:
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let builder = sandbox.session_builder()?;
    /// # sandbox.fault("GET *", 1, vipps::sandbox::Fault::status(503));
    /// use vipps::{RetryPolicy, management};
    ///
    /// let session = builder.retry(RetryPolicy::none()).build()?;
    /// if let Err(error) = management::list_sales_units(&session) {
    ///     assert_eq!(error.attempts(), 1);
    ///     assert!(error.is_retryable()); // so the job goes back to the queue
    /// }
    /// # assert_eq!(sandbox.count("GET *"), 1);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// Sets the number of attempts, including the first one; 0 counts as 1. The default is 3.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the longest wait before the second attempt, doubled for each one after it. The default
    /// is 0.5 s.
    pub fn initial_backoff(mut self, wait: Duration) -> Self {
        self.initial_backoff = wait;
        self
    }

    /// Sets the longest wait before any attempt, apart from `Retry-After`. The default is 8 s.
    pub fn max_backoff(mut self, wait: Duration) -> Self {
        self.max_backoff = wait;
        self
    }

    /// Sets a seed that makes the waits the same in every run, for tests.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// use std::time::Duration;
    /// use vipps::sandbox::Fault;
    /// use vipps::{Clock, Error, RetryPolicy, management};
    ///
    /// let waited = || -> Result<Duration, Error> {
    ///     let clock = Clock::manual();
    ///     let session = sandbox
    ///         .session_builder()?
    ///         .retry(RetryPolicy::default().seed(7))
    ///         .clock(clock.clone())
    ///         .build()?;
    ///     sandbox.fault("GET *", 2, Fault::status(503));
    ///     management::list_sales_units(&session)?;
    ///     Ok(clock.now())
    /// };
    /// assert_eq!(waited()?, waited()?);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// A random number for one wait, the same for the same seed and attempt.
    pub(crate) fn random(&self, attempt: u32) -> u64 {
        match self.seed {
            Some(seed) => split_mix(seed.wrapping_add(u64::from(attempt))),
            None => random_u64(),
        }
    }
}

impl Default for RetryPolicy {
    /// 3 attempts, with waits of up to 0.5 s, doubling up to 8 s.
    fn default() -> Self {
        Self {
            max_attempts: 3,
            initial_backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(8),
            seed: None,
        }
    }
}

/// Everything that the decision to retry depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedAttempt {
    pub(crate) kind: ErrorKind,
    /// Whether any attempt so far may have taken effect.
    pub(crate) delivery: Delivery,
    pub(crate) status: Option<u16>,
    /// Whether the request may be sent again although an earlier attempt may have taken effect: a
    /// GET, PUT, DELETE, token request, or one with an idempotency key.
    pub(crate) is_idempotent: bool,
    /// From 1.
    pub(crate) number: u32,
    pub(crate) time_left: Duration,
    pub(crate) retry_after: Option<Duration>,
    /// The source of the jitter.
    pub(crate) random: u64,
}

impl FailedAttempt {
    /// Whether a retry may help and cannot take effect twice.
    pub(crate) fn is_retryable(&self) -> bool {
        match (self.kind, self.status) {
            // Another attempt would have the same result.
            (ErrorKind::Tls | ErrorKind::Decode | ErrorKind::UnexpectedStatus, _)
            | (_, Some(401 | 409)) => false,
            // The request was refused and had no effect.
            (_, Some(423 | 429)) => true,
            // If a proxy could not connect, nothing was sent to the server.
            (_, Some(408 | 500 | 502 | 503 | 504)) => {
                self.delivery == Delivery::NotSent || self.is_idempotent
            }
            (ErrorKind::Server, _) => false,
            // No reply, or one that was cut off: its status only says that it was carried out.
            (ErrorKind::Timeout | ErrorKind::Connect | ErrorKind::Network, _) => {
                self.delivery == Delivery::NotSent || self.is_idempotent
            }
            // A reply that says nothing about an earlier attempt.
            _ => self.delivery == Delivery::Unknown && self.is_idempotent,
        }
    }
}

/// How long to wait before the next attempt; `None` if there is none. A pure function.
pub(crate) fn next_wait(policy: &RetryPolicy, attempt: &FailedAttempt) -> Option<Duration> {
    if !attempt.is_retryable() || attempt.number >= policy.max_attempts {
        return None;
    }
    // The proxy would ask for credentials again.
    if attempt.status == Some(407) {
        return None;
    }
    let backoff = backoff(policy, attempt.number, attempt.random);
    let wait = backoff.max(attempt.retry_after.unwrap_or_default());
    // Leave time for the attempt itself.
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

/// SplitMix64: spreads adjacent seeds over the whole range.
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

    /// A first attempt with a minute left, whose jitter is half of the longest wait.
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

        // Whether it is retried if idempotent, and if not.
        const NEVER: [bool; 2] = [false, false];
        const IDEMPOTENT: [bool; 2] = [true, false];
        const ALWAYS: [bool; 2] = [true, true];

        let mut table = vec![
            (attempt(Connect, NotSent, None), ALWAYS),
            (attempt(Timeout, NotSent, None), ALWAYS),
            (attempt(Network, NotSent, None), ALWAYS),
            (attempt(Timeout, Unknown, None), IDEMPOTENT),
            (attempt(Network, Unknown, None), IDEMPOTENT),
            // A 2xx reply that was cut off.
            (attempt(Network, Answered, Some(200)), IDEMPOTENT),
            (attempt(Timeout, Answered, Some(201)), IDEMPOTENT),
            // The next attempt would fail the same way.
            (attempt(Tls, NotSent, None), NEVER),
            // Refused by a proxy.
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
        // In doubt about an earlier attempt, about which these replies say nothing. A 401 or 409
        // would come again.
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
                // The caller has to fix a 407, even if a retry is safe.
                let is_retried = expected && attempt.status != Some(407);
                assert_eq!(wait, is_retried.then_some(SECOND / 4), "{attempt:?}");
            }
        }
    }

    #[test]
    fn retries_are_limited_by_attempts_and_time() {
        let s = Duration::from_secs;
        let unavailable = status(503);
        let limited = status(429);
        let not_sent = attempt(ErrorKind::Connect, Delivery::NotSent, None);
        let lost = attempt(ErrorKind::Network, Delivery::Unknown, None);
        let three = RetryPolicy::default();
        let none = RetryPolicy::none();
        // Policy, attempt, its number, milliseconds left, Retry-After, wait.
        let table = [
            // Half of 0.5 s, then half of 1 s.
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
            // A wait must leave time for the attempt.
            (&three, unavailable, 1, 251, None, ms(250)),
            (&three, unavailable, 1, 250, None, None),
            (&three, unavailable, 1, 0, None, None),
            (&three, not_sent, 1, 0, None, None),
            // Retry-After is a lower bound that the policy does not cap.
            (&three, limited, 1, 60_000, Some(s(0)), ms(250)),
            (&three, limited, 1, 60_000, ms(249), ms(250)),
            (&three, limited, 1, 60_000, Some(s(1)), ms(1000)),
            (&three, limited, 2, 60_000, Some(s(30)), ms(30_000)),
            (&three, unavailable, 1, 60_000, Some(s(9)), ms(9000)),
            (&three, limited, 1, 60_001, Some(s(60)), ms(60_000)),
            (&three, limited, 1, 60_000, Some(s(60)), None),
            (&three, limited, 1, 60_000, Some(s(3600)), None),
            (&three, limited, 1, u64::MAX, Some(Duration::MAX), None),
            // Retry-After does not make an error retryable.
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
    fn waits_double_up_to_the_maximum_with_full_jitter() {
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
    fn extreme_policies_do_not_overflow() {
        let cases = [
            // An initial backoff longer than the maximum.
            (9 * SECOND, 8 * SECOND, 1, 4 * SECOND),
            (Duration::ZERO, 8 * SECOND, 9, Duration::ZERO),
            (SECOND, Duration::ZERO, 9, Duration::ZERO),
            // 2^31 s.
            (SECOND, Duration::MAX, 32, SECOND * (1 << 30)),
            (SECOND, Duration::MAX, u32::MAX, SECOND * (1 << 30)),
            // The longest wait is 584 years.
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
    fn zero_attempts_count_as_one() {
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
