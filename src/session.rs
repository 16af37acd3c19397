use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::HeaderMap;
use ureq::http::header::AUTHORIZATION;

use crate::config::clock::Clock;
use crate::config::retry::{self, Decision, FailedAttempt, Outcome, RetryPolicy};
use crate::error::{Delivery, Error, ErrorKind};
use crate::model::identifier::Msn;
use crate::redact::Redactor;
use crate::token::{self, AccessToken, FetchDuty, Lease, TokenCache};
use crate::transport::{Client, HeaderName, HeaderValue, Reply, Request, header_value};
use crate::{ApiKeys, SystemInfo};

mod attempt;
mod builder;
mod raw;

pub use attempt::Attempt;
pub use builder::{Environment, SessionBuilder};

/// What every call of an endpoint takes: the keys, the token, the connections and the settings.
///
/// Cheap to clone, and made to be shared: clones and threads use one token and one set of connections. Making a session sends
/// nothing; the first call fetches the token.
///
/// ```
/// # use vipps::sandbox::Sandbox;
/// # let sandbox = Sandbox::start()?;
/// use std::time::Duration;
/// use vipps::{ApiKeys, Session, SystemInfo, management};
///
/// let keys = ApiKeys::standard("client-id", "client-secret", "subscription-key");
/// let system = SystemInfo::new("acme", "3.1.2")?.plugin("acme-webshop", "4.5.6")?;
/// let session = Session::builder(keys, system)
///     .merchant_serial_number("123456".parse()?)
///     .timeout(Duration::from_secs(30))
///     .build()?;
/// # let session = sandbox.session();
/// for unit in management::list_sales_units(&session)? {
///     println!("{} {}", unit.msn, unit.name);
/// }
/// # Ok::<(), vipps::Error>(())
/// ```
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
    /// What goes with every call, the token aside.
    headers: Arc<HeaderMap>,
    msn: Option<Msn>,
}

/// What all clones share.
struct Inner {
    client: Client,
    token_request: Request<'static>,
    token_headers: HeaderMap,
    tokens: TokenCache,
    clock: Clock,
    timeout: Duration,
    retry: RetryPolicy,
    observer: Option<Observer>,
    /// Texts that no error may show.
    secrets: Vec<String>,
}

type Observer = Arc<dyn Fn(&Attempt) + Send + Sync>;

const MSN_HEADER: HeaderName = HeaderName::from_static("merchant-serial-number");

impl Session {
    /// Begins a session with these keys, for this calling system.
    pub fn builder(keys: ApiKeys, system: SystemInfo) -> SessionBuilder {
        SessionBuilder::new(keys, system)
    }

    /// A session from the environment.
    ///
    /// | variable | |
    /// |---|---|
    /// | `VIPPS_CLIENT_ID`, `VIPPS_CLIENT_SECRET` | required |
    /// | `VIPPS_SUBSCRIPTION_KEY` | required, unless `VIPPS_KEYS=management`: then it must not be set |
    /// | `VIPPS_KEYS` | `standard`, the default, or `management` |
    /// | `VIPPS_MERCHANT_SERIAL_NUMBER` | optional |
    /// | `VIPPS_BASE_URL` | optional; production otherwise |
    ///
    /// A variable that is set to nothing counts as not set.
    ///
    /// # Errors
    ///
    /// [`Error::Config`], which names every missing variable at once, or the one whose value is wrong.
    pub fn from_env(system: SystemInfo) -> Result<Self, Error> {
        SessionBuilder::from_env(system)?.build()
    }

    /// The same session for another sales unit: same token, same connections, another `Merchant-Serial-Number` header.
    #[must_use]
    pub fn for_sales_unit(&self, msn: &Msn) -> Self {
        let mut headers = HeaderMap::clone(&self.headers);
        headers.remove(MSN_HEADER);
        if let Ok(value) = msn_header(msn) {
            headers.insert(MSN_HEADER, value);
        }
        Self {
            inner: Arc::clone(&self.inner),
            headers: Arc::new(headers),
            msn: Some(msn.clone()),
        }
    }

    /// The server that calls go to, such as `https://api.vipps.no`, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.inner.client.base_url()
    }

    /// A token that is good now, fetched if need be.
    ///
    /// # Errors
    ///
    /// [`Error::Auth`] if the token endpoint refuses the keys, [`Error::Transport`] and [`Error::Decode`] as for any call.
    pub fn access_token(&self) -> Result<AccessToken, Error> {
        match self.inner.tokens.fresh() {
            Some(token) => Ok(token),
            None => self.inner.token(self.inner.deadline()),
        }
    }

    /// Calls an endpoint that this crate does not know yet, or one whose newest fields it does not know.
    ///
    /// Token, headers, retries and errors are as for every other call. `path` begins with a slash and may have a query; a reply without
    /// a body gives [`Value::Null`]. A POST is never repeated when its outcome is unknown, as it has no idempotency key here.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// let units = session.raw("GET", "/management/v1/sales-units", None)?;
    /// assert!(units.is_array());
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] for a method other than GET, POST, PUT, PATCH and DELETE, for a body with a GET or DELETE, and for a path
    /// that is not one: relative, with spaces, a fragment, or `.` and `..` segments. Otherwise as for any call.
    pub fn raw(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let request = raw::request(method, path, body)?;
        let reply = self.send(&request)?;
        if reply.is_empty() {
            return Ok(Value::Null);
        }
        reply.json(&request)
    }

    /// Sends a request with token and retries, and reads its reply.
    pub(crate) fn call<T: DeserializeOwned>(&self, request: &Request<'_>) -> Result<T, Error> {
        self.send(request)?.json(request)
    }

    /// Sends a request with token and retries.
    pub(crate) fn send(&self, request: &Request<'_>) -> Result<Reply, Error> {
        self.send_by(request, self.inner.deadline())
    }

    /// When a call that began now has to end.
    pub(crate) fn deadline(&self) -> Duration {
        self.inner.deadline()
    }

    /// Waits before a call of several requests begins again, as long as the service asked to; says no if the policy or the time does not
    /// allow it.
    pub(crate) fn back_off(
        &self,
        attempt: u32,
        deadline: Duration,
        retry_after: Option<Duration>,
    ) -> bool {
        let inner = &self.inner;
        let attempt = FailedAttempt {
            repeatable: true,
            outcome: Outcome::Unknown,
            number: attempt,
            time_left: deadline.saturating_sub(inner.clock.now()),
            retry_after,
            random: inner.retry.random(attempt),
        };
        match retry::decide(&inner.retry, &attempt) {
            Decision::Retry { after } => {
                inner.clock.sleep(after);
                true
            }
            Decision::Stop { .. } => false,
        }
    }

    /// The Order Management API wants to know for which sales unit each request is.
    pub(crate) fn require_msn(&self) -> Result<(), Error> {
        match self.msn {
            Some(_) => Ok(()),
            None => Err(Error::config(
                "merchant_serial_number",
                "must be set for the Order Management API, on the builder or with for_sales_unit()",
            )),
        }
    }

    /// [`send`](Self::send) as a part of a call that has to end by `deadline`.
    pub(crate) fn send_by(
        &self,
        request: &Request<'_>,
        deadline: Duration,
    ) -> Result<Reply, Error> {
        request.check_path()?;
        if let Some(msn) = &self.msn {
            // An Msn that a server sent is taken as it came, and need not make a header.
            if !self.headers.contains_key(MSN_HEADER) {
                msn_header(msn)?;
            }
        }
        self.inner.send(request, &self.headers, deadline)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("base_url", &self.inner.client.base_url())
            .field(
                "merchant_serial_number",
                &self.msn.as_ref().map(Msn::as_str),
            )
            .field("access_token", &self.inner.tokens)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn deadline(&self) -> Duration {
        self.clock.now().saturating_add(self.timeout)
    }

    /// The call's one loop: token, attempt, and what follows from its outcome.
    fn send(
        self: &Arc<Self>,
        request: &Request<'_>,
        headers: &HeaderMap,
        deadline: Duration,
    ) -> Result<Reply, Error> {
        let mut number = 0;
        let mut token_replaced = false;
        let mut before = Before::NothingDone;
        loop {
            let token = if request.for_token {
                None
            } else {
                let token = self.token(deadline);
                Some(token.map_err(|error| error.with_delivery(before.delivery()))?)
            };
            number += 1;
            let error = match self.attempt(request, headers, token.as_ref(), number, deadline) {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };

            if let Some(token) = token.filter(|_| error.status() == Some(401) && !token_replaced) {
                self.tokens.drop_refused(&token);
                token_replaced = true;
                continue;
            }
            let is_gone = error.status() == Some(404) && request.is_delete();
            if is_gone && before != Before::NothingDone {
                // An earlier attempt, whose outcome was not known, has deleted it.
                return Ok(Reply::empty());
            }

            let outcome = outcome(&error);
            let delivery = before.together_with(outcome, &error, request.is_delete());
            let attempt = FailedAttempt {
                repeatable: request.is_repeatable(),
                outcome,
                // The repetition with a new token is none of the policy's.
                number: number - u32::from(token_replaced),
                time_left: deadline.saturating_sub(self.clock.now()),
                retry_after: error.retry_after(),
                random: self.retry.random(number),
            };
            match retry::decide(&self.retry, &attempt) {
                Decision::Retry { after } => {
                    before = before.and(outcome);
                    self.clock.sleep(after);
                }
                Decision::Stop { .. } => {
                    let retryable = retry::is_retryable(attempt.repeatable, outcome);
                    return Err(error.with_delivery(delivery).with_retryable(retryable));
                }
            }
        }
    }

    fn attempt(
        &self,
        request: &Request<'_>,
        headers: &HeaderMap,
        token: Option<&AccessToken>,
        number: u32,
        deadline: Duration,
    ) -> Result<Reply, Error> {
        let began = self.clock.now();
        let time_left = deadline.saturating_sub(began);
        if time_left.is_zero() {
            return Err(Client::no_time(request));
        }
        let mut headers = headers.clone();
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, token.authorization().clone());
        }
        // Only an error needs it.
        let redactor = OnceCell::new();
        let scrub = |text: &str| redactor.get_or_init(|| self.redactor(token)).redact(text);
        // The session's own timeout is the rule; what earlier attempts, waits and other threads' token requests took is the exception.
        let own_limit = (time_left < self.timeout - self.timeout / 100).then_some(time_left);
        let result = self.client.exchange(request, headers, own_limit, &scrub);
        if let Some(observer) = &self.observer {
            let status = result.as_ref().map(|reply| reply.status.as_u16());
            let elapsed = self.clock.now().saturating_sub(began);
            observer(&Attempt::new(request.at(), number, elapsed, status));
        }
        result
    }

    /// A good token: the cached one, or one that this thread or another fetches now.
    fn token(self: &Arc<Self>, deadline: Duration) -> Result<AccessToken, Error> {
        if let Some(token) = self.tokens.fresh() {
            return Ok(token);
        }
        let at = self.token_request.at();
        match self.tokens.lease(&at, deadline)? {
            Lease::Ready(token) => Ok(token),
            Lease::ReadyAndRenew(token, duty) => {
                self.renew_aside(duty);
                Ok(token)
            }
            Lease::Fetch(duty) => self.tokens.fetch(duty, &at, || self.fetch_token(deadline)),
        }
    }

    /// Renews the token on a thread of its own, so that no call waits for it. Its failure is nobody's problem while the old token lasts.
    fn renew_aside(self: &Arc<Self>, duty: FetchDuty) {
        let inner = Arc::clone(self);
        let renewal = std::thread::Builder::new().name("vipps-token".to_owned());
        let started = renewal.spawn(move || {
            let at = inner.token_request.at();
            let fetch = || inner.fetch_token(inner.deadline());
            drop(inner.tokens.fetch(duty, &at, fetch));
        });
        if started.is_err() {
            self.tokens.give_up(&self.token_request.at());
        }
    }

    fn fetch_token(self: &Arc<Self>, deadline: Duration) -> Result<AccessToken, Error> {
        let request = &self.token_request;
        self.send(request, &self.token_headers, deadline)
            .and_then(|reply| token::from_reply(&reply, request, &self.clock))
            .map_err(Error::into_auth)
    }

    /// Of all that the session knows: the keys, its tokens, and the one that `token` is.
    fn redactor(&self, token: Option<&AccessToken>) -> Redactor {
        let known = self.tokens.known();
        let tokens = known.iter().flatten().chain(token);
        let keys = self.secrets.iter().map(String::as_str);
        Redactor::new(keys.chain(tokens.map(AccessToken::secret)))
    }
}

fn msn_header(msn: &Msn) -> Result<HeaderValue, Error> {
    header_value("msn", msn.as_str()).map_err(|reason| Error::input("msn", reason))
}

fn outcome(error: &Error) -> Outcome {
    match error {
        Error::Api(answer) => Outcome::Status(answer.status()),
        Error::Transport(_) if error.kind() == ErrorKind::Tls => Outcome::Refused,
        Error::Transport(_) => match error.delivery() {
            Delivery::NotSent => Outcome::NotSent,
            // A reply that was cut short is as good as a lost one.
            Delivery::Unknown | Delivery::Answered => Outcome::Unknown,
        },
        _ => Outcome::Final,
    }
}

/// What the attempts before this one may have done.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// None was carried out.
    NothingDone,
    /// All were answered, and the answers leave open whether one was carried out.
    Answered,
    /// One got no answer.
    Lost,
}

impl Before {
    fn and(self, outcome: Outcome) -> Self {
        match outcome {
            Outcome::Unknown => Self::Lost,
            Outcome::Status(408 | 500..) if self == Self::NothingDone => Self::Answered,
            _ => self,
        }
    }

    /// What they may have done, where no other attempt was sent.
    fn delivery(self) -> Delivery {
        match self {
            Self::NothingDone => Delivery::NotSent,
            Self::Answered | Self::Lost => Delivery::Unknown,
        }
    }

    /// What all attempts may have done, the last one included.
    fn together_with(self, outcome: Outcome, error: &Error, is_delete: bool) -> Delivery {
        // An answer that every attempt would have got, or a success, is the answer to the lost one too. A service that fails, a refusal
        // of the token or of the rate, and a redirect say nothing about it; and a conflict may be one with the lost attempt itself, but
        // for a DELETE, which cannot be in the way of another.
        let settles_it = match outcome {
            Outcome::Status(409) => is_delete,
            Outcome::Status(status) => {
                (400..500).contains(&status) && ![401, 408, 429].contains(&status)
            }
            Outcome::Unknown | Outcome::Final => error.delivery() == Delivery::Answered,
            Outcome::NotSent | Outcome::Refused => false,
        };
        let fails_too = matches!(outcome, Outcome::Status(408 | 500..));
        match error.delivery() {
            Delivery::NotSent => self.delivery(),
            _ if settles_it || self == Self::NothingDone => error.delivery(),
            // The error itself says of a failure of the service that it leaves open what was done.
            delivery if self == Self::Answered && fails_too => delivery,
            _ => Delivery::Unknown,
        }
    }
}
