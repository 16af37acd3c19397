use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use ureq::http::HeaderValue;

use crate::config::clock::Clock;
use crate::config::deadline::Deadline;
use crate::error::{Delivery, Error, ErrorKind, RequestLine};
use crate::model::header::{MAX_TOKEN_BYTES, header_value};
use crate::model::lenient::whole_seconds;

/// An access token with its remaining lifetime, redacted in `Debug` output.
///
/// A session fetches and renews its token automatically. This type is for programs that save the
/// token for the next run ([`SessionBuilder::on_new_token`](crate::SessionBuilder::on_new_token)
/// and [`SessionBuilder::access_token`](crate::SessionBuilder::access_token)) or pass it to other
/// code ([`Session::access_token`](crate::Session::access_token)).
///
/// ```
/// use std::time::Duration;
/// use vipps::AccessToken;
///
/// let token = AccessToken::new("eyJ0eXAi", Duration::from_secs(3600))?;
/// assert_eq!(token.secret(), "eyJ0eXAi");
/// assert!(token.expires_in() > Duration::from_secs(3590));
/// assert_eq!(format!("{token:?}"), "AccessToken([redacted])");
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Source: [Access Token API](https://developer.vippsmobilepay.com/docs/APIs/access-token-api/).
#[doc(alias = "access_token")]
#[doc(alias = "Bearer")]
#[derive(Clone)]
pub struct AccessToken {
    /// `Bearer` and the token.
    authorization: HeaderValue,
    /// The token is renewed when less than this is left.
    reserve: Duration,
    /// On `clock`.
    expires_at: Duration,
    clock: Clock,
}

impl AccessToken {
    /// Creates a token that was fetched elsewhere, with its remaining lifetime.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let lifetime = Duration::from_secs(3600);
    /// let token = vipps::AccessToken::new("eyJ0eXAi", lifetime)?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if the token is empty, not visible ASCII, or longer than 16 KiB.
    pub fn new(secret: &str, expires_in: Duration) -> Result<Self, Error> {
        Self::on_clock(secret, expires_in, &Clock::system())
            .map_err(|reason| Error::input("access_token", reason))
    }

    /// Creates a token that an earlier run saved, with the time at which it
    /// [expires](Self::expires_at).
    ///
    /// If it has already expired, the session replaces it before the first call.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    ///
    /// let expires_at = UNIX_EPOCH + Duration::from_secs(1_577_836_800);
    /// let token = vipps::AccessToken::valid_until("eyJ0eXAi", expires_at)?;
    /// assert!(token.expires_in().is_zero());
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`new`](Self::new).
    pub fn valid_until(secret: &str, expires_at: SystemTime) -> Result<Self, Error> {
        let expires_in = expires_at.duration_since(SystemTime::now());
        Self::new(secret, expires_in.unwrap_or_default())
    }

    /// The token itself, for an `Authorization: Bearer` header. Keep it out of logs.
    pub fn secret(&self) -> &str {
        let value = self.authorization.to_str().unwrap_or_default();
        value.strip_prefix("Bearer ").unwrap_or_default()
    }

    /// The remaining lifetime; zero if the token has expired.
    pub fn expires_in(&self) -> Duration {
        self.expires_at.saturating_sub(self.clock.now())
    }

    /// When the token expires, by this machine's wall clock, to save along with the token.
    pub fn expires_at(&self) -> SystemTime {
        let now = SystemTime::now();
        now.checked_add(self.expires_in()).unwrap_or(now)
    }

    pub(crate) fn authorization(&self) -> &HeaderValue {
        &self.authorization
    }

    /// The same token with its lifetime measured by another clock.
    fn moved_to(self, clock: &Clock) -> Self {
        Self {
            expires_at: clock.now().saturating_add(self.expires_in()),
            clock: clock.clone(),
            ..self
        }
    }

    fn on_clock(secret: &str, lifetime: Duration, clock: &Clock) -> Result<Self, String> {
        if secret.len() > MAX_TOKEN_BYTES {
            return Err(format!("must be at most {MAX_TOKEN_BYTES} bytes"));
        }
        header_value(secret)?;
        let mut authorization = header_value(&format!("Bearer {secret}"))?;
        authorization.set_sensitive(true);
        Ok(Self {
            authorization,
            reserve: lifetime / 10,
            expires_at: clock.now().saturating_add(lifetime),
            clock: clock.clone(),
        })
    }

    fn is_good(&self, now: Duration) -> bool {
        now < self.expires_at
    }

    fn is_late(&self, now: Duration) -> bool {
        self.expires_at.saturating_sub(now) < self.reserve
    }

    fn is_same(&self, other: &Self) -> bool {
        self.authorization == other.authorization
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken([redacted])")
    }
}

/// Parses the reply of either token endpoint. The error says what is wrong without showing any of
/// it.
pub(crate) fn read(reply: &[u8], clock: &Clock) -> Result<AccessToken, String> {
    #[derive(Deserialize)]
    struct TokenReply {
        access_token: String,
        #[serde(deserialize_with = "whole_seconds")]
        expires_in: u64,
    }

    // serde also reads an array as the fields in order, and its errors may quote the reply.
    let is_object = reply.trim_ascii_start().starts_with(b"{");
    let read = serde_json::from_slice::<TokenReply>(reply).ok();
    let reply = read.filter(|_| is_object).ok_or(
        "the token reply is not a JSON object with access_token, a string, and expires_in, a \
         number of seconds",
    )?;
    let lifetime = Duration::from_secs(reply.expires_in);
    AccessToken::on_clock(&reply.access_token, lifetime, clock)
        .map_err(|reason| format!("the token reply has an unusable access_token: it {reason}"))
}

/// How long a 401 is final after a token was rejected, unless the API accepts its replacement: a
/// revoked key must not turn every call into a token request.
const REFUSALS_ARE_FINAL_FOR: Duration = Duration::from_secs(60);

/// The token of a session. At most one thread fetches at a time; the others wait only if the old
/// token is no longer valid.
pub(crate) struct TokenCache {
    state: Mutex<State>,
    fetched: Condvar,
    clock: Clock,
    /// The request that fetches tokens, for errors.
    line: RequestLine,
}

#[derive(Default)]
struct State {
    token: Option<AccessToken>,
    /// The last token that was rejected or forgotten.
    refused: Option<AccessToken>,
    refusals_are_final_until: Duration,
    fetching: bool,
    /// The number of threads waiting for the request in flight.
    waiting: usize,
    /// The number of requests that have ended.
    ended: u64,
    /// The error of the last request, if it failed.
    failure: Option<Error>,
    /// No early renewal before this time, because the last one failed.
    no_renewal_before: Duration,
}

/// What a thread that needs a token does next.
enum Next {
    Use(AccessToken),
    /// Fetch a token. The old one, if any, is still valid.
    Fetch(Option<AccessToken>),
}

impl TokenCache {
    pub(crate) fn new(clock: Clock, line: RequestLine, seed: Option<AccessToken>) -> Self {
        let token = seed.map(|token| token.moved_to(&clock));
        Self {
            state: Mutex::new(State {
                token,
                ..State::default()
            }),
            fetched: Condvar::new(),
            clock,
            line,
        }
    }

    /// A valid token. `fetch` gets one within a deadline, if it is this thread's turn.
    pub(crate) fn get(
        &self,
        deadline: &Deadline,
        fetch: impl FnOnce(&Deadline) -> Result<AccessToken, Error>,
    ) -> Result<AccessToken, Error> {
        let old = match self.next(deadline)? {
            Next::Use(token) => return Ok(token),
            Next::Fetch(old) => old,
        };
        let turn = Turn {
            cache: self,
            result: None,
        };
        let Some(old) = old else {
            return turn.end(fetch(deadline));
        };
        // An early renewal leaves time for the call itself, and does not fail it.
        let renewed = turn.end(fetch(&deadline.half()));
        Ok(renewed.unwrap_or(old))
    }

    /// Waits until `deadline` for a request in flight if there is no valid token.
    fn next(&self, deadline: &Deadline) -> Result<Next, Error> {
        let mut state = self.lock();
        let seen = state.ended;
        loop {
            let now = self.clock.now();
            if let Some(token) = state.token.clone().filter(|token| token.is_good(now)) {
                if token.is_late(now) && !state.fetching && now >= state.no_renewal_before {
                    state.fetching = true;
                    return Ok(Next::Fetch(Some(token)));
                }
                return Ok(Next::Use(token));
            }
            if state.ended != seen {
                // The request that this thread waited for has ended: share its result, even a token
                // that has already expired.
                match (&state.failure, &state.token) {
                    (Some(failure), _) => return Err(failure.clone()),
                    (None, Some(token)) => return Ok(Next::Use(token.clone())),
                    (None, None) => {}
                }
            }
            if !state.fetching {
                state.fetching = true;
                return Ok(Next::Fetch(None));
            }
            let timed_out = "timed out waiting for another thread to fetch the token";
            let left = deadline.time_left();
            if left.is_zero() {
                return Err(self.failed(ErrorKind::Timeout, timed_out));
            }
            state.waiting += 1;
            let waited = self.fetched.wait_timeout(state, left);
            let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = guard;
            state.waiting -= 1;
            if timeout.timed_out() && state.ended == seen && state.fetching {
                return Err(self.failed(ErrorKind::Timeout, timed_out));
            }
        }
    }

    /// Drops a token that the API rejected, unless it has already been replaced. `false` if the 401
    /// is final: the token itself replaced one that was rejected within the last minute.
    pub(crate) fn refuse(&self, refused: &AccessToken) -> bool {
        let mut state = self.lock();
        let now = self.clock.now();
        if state
            .token
            .as_ref()
            .is_some_and(|token| token.is_same(refused))
        {
            if now < state.refusals_are_final_until {
                return false;
            }
            state.token = None;
            state.refusals_are_final_until = now.saturating_add(REFUSALS_ARE_FINAL_FOR);
        }
        state.refused = Some(refused.clone());
        true
    }

    /// The API accepted the replacement of a rejected token: a later 401 is not final.
    pub(crate) fn accept(&self) {
        self.lock().refusals_are_final_until = Duration::ZERO;
    }

    /// Drops the token.
    pub(crate) fn forget(&self) {
        let mut state = self.lock();
        state.refused = state.token.take().or(state.refused.take());
        state.refusals_are_final_until = Duration::ZERO;
    }

    /// The tokens that a server may echo: the cached one, valid or not, and the rejected one.
    pub(crate) fn known(&self) -> [Option<AccessToken>; 2] {
        let state = self.lock();
        [state.token.clone(), state.refused.clone()]
    }

    /// The error of a token that another thread failed to fetch. The next call may get one.
    fn failed(&self, kind: ErrorKind, reason: &str) -> Error {
        Error::failed(&self.line, None, kind, Delivery::NotSent, reason)
            .of_token_request()
            .with_retryable(true)
    }

    /// No foreign code runs under this lock, so its state is consistent even if poisoned.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The turn to fetch, held by one thread at a time. Dropping it wakes the waiting threads, also if
/// the thread panics.
struct Turn<'a> {
    cache: &'a TokenCache,
    result: Option<Result<AccessToken, Error>>,
}

impl Turn<'_> {
    fn end(mut self, result: Result<AccessToken, Error>) -> Result<AccessToken, Error> {
        self.result = Some(result.clone());
        result
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let result = self.result.take().unwrap_or_else(|| {
            let reason = "the thread fetching the token panicked";
            Err(self.cache.failed(ErrorKind::Network, reason))
        });
        let mut state = self.cache.lock();
        match result {
            Ok(token) => {
                state.token = Some(token);
                state.failure = None;
                state.no_renewal_before = Duration::ZERO;
            }
            Err(failure) => {
                // Retry a few times while the old token lasts, not on every call.
                let left = state.token.as_ref().map(AccessToken::expires_in);
                let pause = left.unwrap_or_default() / 4;
                state.no_renewal_before = self.cache.clock.now().saturating_add(pause);
                state.failure = Some(failure);
            }
        }
        state.fetching = false;
        state.ended += 1;
        drop(state);
        self.cache.fetched.notify_all();
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        let left = state.token.as_ref().map(AccessToken::expires_in);
        match left.filter(|left| !left.is_zero()) {
            Some(left) => write!(f, "good for {left:?}")?,
            None => f.write_str("none")?,
        }
        if state.fetching {
            write!(f, ", being fetched, {} waiting", state.waiting)?;
        }
        Ok(())
    }
}
