use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::config::clock::Clock;
use crate::error::{At, CallError, Delivery, Error, ErrorKind};
use crate::transport::{HeaderValue, MAX_TOKEN_BYTES, Reply, Request, header_value};

mod copies;

use copies::Copies;

/// A bearer token with its remaining lifetime. It never prints itself: [`secret`](Self::secret) is the only way to see it.
///
/// A session fetches and renews its token by itself. This type is for programs that keep a token between runs
/// ([`SessionBuilder::access_token`](crate::SessionBuilder::access_token)) or hand it to code that makes its own requests.
///
/// Source: the vendor's page "Access Token API".
#[derive(Clone)]
pub struct AccessToken {
    token: Arc<Token>,
}

/// In cache lines of its own, as its copies are for threads that run at once.
#[derive(Clone)]
#[repr(align(128))]
struct Token {
    /// `Bearer` and the token.
    authorization: HeaderValue,
    /// It is late when less than this is left.
    reserve: Duration,
    /// On `clock`.
    expires_at: Duration,
    clock: Clock,
}

impl AccessToken {
    /// A token that was fetched elsewhere, with the time for which it is still good.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] if the token is empty, not visible ASCII, or longer than 16 KiB.
    pub fn new(token: &str, expires_in: Duration) -> Result<Self, Error> {
        Self::on_clock(token, expires_in, &Clock::system())
            .map_err(|reason| Error::input("access_token", reason))
    }

    /// The token itself, for an `Authorization: Bearer` header. Keep it out of logs.
    #[must_use]
    pub fn secret(&self) -> &str {
        let value = self.token.authorization.to_str().unwrap_or_default();
        value.strip_prefix("Bearer ").unwrap_or_default()
    }

    /// For how long it is still good; nothing when it has expired.
    #[must_use]
    pub fn expires_in(&self) -> Duration {
        self.token.expires_at.saturating_sub(self.token.clock.now())
    }

    pub(crate) fn authorization(&self) -> &HeaderValue {
        &self.token.authorization
    }

    /// The same token with its lifetime counted on another clock.
    pub(crate) fn moved_to(self, clock: &Clock) -> Self {
        Self::from(Token {
            expires_at: clock.now().saturating_add(self.expires_in()),
            clock: clock.clone(),
            ..Token::clone(&self.token)
        })
    }

    fn on_clock(token: &str, lifetime: Duration, clock: &Clock) -> Result<Self, String> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(format!("must be at most {MAX_TOKEN_BYTES} bytes"));
        }
        header_value("access_token", token)?;
        let mut authorization = header_value("authorization", &format!("Bearer {token}"))?;
        authorization.set_sensitive(true);
        Ok(Self::from(Token {
            authorization,
            reserve: lifetime / 10,
            expires_at: clock.now().saturating_add(lifetime),
            clock: clock.clone(),
        }))
    }

    fn is_good(&self, now: Duration) -> bool {
        now < self.token.expires_at
    }

    fn is_late(&self, now: Duration) -> bool {
        self.token.expires_at.saturating_sub(now) < self.token.reserve
    }

    fn is_same(&self, other: &Self) -> bool {
        self.token.authorization == other.token.authorization
    }

    /// The same token in memory of its own.
    fn copied(&self) -> Self {
        Self::from(Token::clone(&self.token))
    }
}

impl From<Token> for AccessToken {
    fn from(token: Token) -> Self {
        Self {
            token: Arc::new(token),
        }
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken([redacted])")
    }
}

/// Reads the reply of either token endpoint. No message shows anything of it.
pub(crate) fn from_reply(
    reply: &Reply,
    request: &Request<'_>,
    clock: &Clock,
) -> Result<AccessToken, Error> {
    let unreadable = |reason: &str| reply.unreadable(request, format!("the token reply {reason}"));

    // The text of serde's error may hold a piece of the reply. Everything but these two is optional, and numbers may be strings.
    let body = reply.json::<Value>(request).unwrap_or_default();
    let (Some(token), Some(expires_in)) = (body.get("access_token"), body.get("expires_in")) else {
        return Err(unreadable(
            "is not an object with access_token and expires_in",
        ));
    };
    let Value::String(secret) = token else {
        return Err(unreadable("has an access_token that is not a string"));
    };
    let expires_in = match expires_in {
        Value::Number(seconds) => seconds.as_u64(),
        Value::String(seconds) => seconds.trim().parse().ok(),
        _ => None,
    };
    let Some(expires_in) = expires_in else {
        return Err(unreadable(
            "has an expires_in that is not a whole number of seconds",
        ));
    };
    AccessToken::on_clock(secret, Duration::from_secs(expires_in), clock)
        .map_err(|reason| unreadable(&format!("has an unusable access_token: it {reason}")))
}

/// The one token of a session. At any time at most one thread fetches; nobody waits while the old token is good.
pub(crate) struct TokenCache {
    state: Mutex<State>,
    /// Copies of the state's token, which change with it.
    token: Copies<Option<AccessToken>>,
    fetched: Condvar,
    clock: Clock,
    /// Whoever has less time left than this is in haste.
    haste: Duration,
}

#[derive(Default)]
struct State {
    token: Option<AccessToken>,
    /// The last one that the service did not take.
    refused: Option<AccessToken>,
    fetching: bool,
    /// Threads that wait for the request in flight.
    waiting: usize,
    /// Counts the requests that ended, and holds what the last one came to.
    ended: u64,
    last: Option<Result<AccessToken, Error>>,
    /// It failed for a caller in haste, in a way that may pass: it says nothing to those who wait with more time.
    last_in_haste: bool,
    /// No early renewal before this time: the last one failed.
    no_renewal_before: Duration,
}

/// What a thread that wants a token has to do.
pub(crate) enum Lease {
    /// Use this one.
    Ready(AccessToken),
    /// Use this one, and have somebody fetch the next.
    ReadyAndRenew(AccessToken, FetchDuty),
    /// Fetch one: everybody else waits.
    Fetch(FetchDuty),
}

/// The duty to fetch. There is one at a time; dropping it undone is the answer of those who wait.
#[must_use]
pub(crate) struct FetchDuty {
    /// Of a caller with little time left.
    in_haste: bool,
}

impl TokenCache {
    /// `timeout` is what each call has.
    pub(crate) fn new(clock: Clock, timeout: Duration, seed: Option<AccessToken>) -> Self {
        let cache = Self {
            state: Mutex::default(),
            token: Copies::new(),
            fetched: Condvar::new(),
            clock,
            haste: timeout / 2,
        };
        let seed = seed.map(|token| token.moved_to(&cache.clock));
        cache.replace(&mut cache.lock(), seed);
        cache
    }

    /// A good token that need not be renewed yet, as there is one nearly always.
    pub(crate) fn fresh(&self) -> Option<AccessToken> {
        let now = self.clock.now();
        let token = self.token.read()?;
        (token.is_good(now) && !token.is_late(now)).then_some(token)
    }

    /// A good token, or the duty to fetch one. Waits for a request in flight if there is nothing else, until `deadline`.
    pub(crate) fn lease(&self, at: &At, deadline: Duration) -> Result<Lease, Error> {
        let mut state = self.lock();
        let seen = state.ended;
        loop {
            let now = self.clock.now();
            if let Some(token) = state.token.as_ref().filter(|token| token.is_good(now)) {
                let token = token.clone();
                if token.is_late(now) && !state.fetching && now >= state.no_renewal_before {
                    state.fetching = true;
                    return Ok(Lease::ReadyAndRenew(token, FetchDuty { in_haste: false }));
                }
                return Ok(Lease::Ready(token));
            }
            let in_haste = deadline.saturating_sub(now) < self.haste;
            let is_mine = state.ended != seen && (in_haste || !state.last_in_haste);
            if let Some(last) = state.last.as_ref().filter(|_| is_mine) {
                // The request that this thread waited for has ended: its result is everybody's, a failure too, and so is a
                // token that is already over.
                return last.clone().map(Lease::Ready);
            }
            if !state.fetching {
                state.fetching = true;
                return Ok(Lease::Fetch(FetchDuty { in_haste }));
            }
            let Some(left) = deadline.checked_sub(now).filter(|left| !left.is_zero()) else {
                return Err(timed_out(at));
            };
            state.waiting += 1;
            let waited = self.fetched.wait_timeout(state, left);
            let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = guard;
            state.waiting -= 1;
            if timeout.timed_out() && state.ended == seen && state.fetching {
                return Err(timed_out(at));
            }
        }
    }

    /// Does the duty. A panic of `fetch` goes on to the caller, and leaves the cache as after a failure.
    pub(crate) fn fetch(
        &self,
        duty: FetchDuty,
        at: &At,
        fetch: impl FnOnce() -> Result<AccessToken, Error>,
    ) -> Result<AccessToken, Error> {
        let result = catch_unwind(AssertUnwindSafe(fetch));
        let shared = match &result {
            Ok(result) => result.clone(),
            Err(_) => Err(call_error(
                at,
                ErrorKind::Network,
                "the thread that fetched the token panicked",
            )),
        };
        self.end(duty, shared);
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Ends an early renewal that could not be begun: its duty is gone with the thread that was to do it.
    pub(crate) fn give_up(&self, at: &At) {
        let error = call_error(at, ErrorKind::Network, "no thread to fetch the token with");
        self.end(FetchDuty { in_haste: false }, Err(error));
    }

    /// Drops a token that the service refused, unless another has taken its place already.
    pub(crate) fn drop_refused(&self, refused: &AccessToken) {
        let mut state = self.lock();
        let token = state.token.take().filter(|token| !token.is_same(refused));
        self.replace(&mut state, token);
        state.refused = Some(refused.clone());
        // Nor is it given to those who waited for it and have not woken yet.
        let is_refused = |last: &Result<AccessToken, Error>| match last {
            Ok(token) => token.is_same(refused),
            Err(_) => false,
        };
        state.last = state.last.take().filter(|last| !is_refused(last));
    }

    /// The tokens that a server may repeat: the one that calls are made with, good or not, and the one before it.
    pub(crate) fn known(&self) -> [Option<AccessToken>; 2] {
        let state = self.lock();
        [state.token.clone(), state.refused.clone()]
    }

    fn end(&self, duty: FetchDuty, result: Result<AccessToken, Error>) {
        let mut state = self.lock();
        let now = self.clock.now();
        match &result {
            Ok(token) => {
                self.replace(&mut state, Some(token.clone()));
                state.no_renewal_before = Duration::ZERO;
            }
            Err(_) => {
                // Not again on every call, but a few times while the old token lasts.
                let left = state
                    .token
                    .as_ref()
                    .map_or(Duration::ZERO, AccessToken::expires_in);
                state.no_renewal_before = now.saturating_add(left / 4);
            }
        }
        state.fetching = false;
        state.ended += 1;
        state.last_in_haste =
            duty.in_haste && matches!(&result, Err(error) if error.is_retryable());
        state.last = Some(result);
        drop(state);
        self.fetched.notify_all();
    }

    fn replace(&self, state: &mut State, token: Option<AccessToken>) {
        self.token.write(|| token.as_ref().map(AccessToken::copied));
        state.token = token;
    }

    /// No code of others runs under this lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

fn timed_out(at: &At) -> Error {
    call_error(
        at,
        ErrorKind::Timeout,
        "timed out while another thread fetched the token",
    )
}

/// A token that another thread was to fetch did not come. The next call may well get one.
fn call_error(at: &At, kind: ErrorKind, reason: &str) -> Error {
    let (at, delivery) = (at.clone(), Delivery::NotSent);
    Error::Transport(CallError::new(at, None, kind, delivery, reason))
        .into_auth()
        .with_retryable(true)
}
