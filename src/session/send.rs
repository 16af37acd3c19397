//! The loop that every call goes through: get a token, make an attempt, then return or retry.

use std::cell::OnceCell;
use std::time::{Duration, Instant};

use ureq::http::StatusCode;
use ureq::http::header::AUTHORIZATION;

use super::{Attempt, Session, Shared};
use crate::config::deadline::Deadline;
use crate::config::retry::{FailedAttempt, next_wait};
use crate::error::{Delivery, Error, ErrorKind};
use crate::redact::Redactor;
use crate::request::{Reply, RequestBuilder};
use crate::token::{self, AccessToken};
use crate::transport::{Message, Response};

impl Session {
    /// Returns the cached access token, or fetches a new one if there is none or it has nearly
    /// expired.
    ///
    /// Calls do this automatically. It is meant for checking the API keys, and for requests made by
    /// other code.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// let token = session.access_token()?;
    /// let authorization = format!("Bearer {}", token.secret());
    /// # assert!(authorization.len() > 10);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// `POST /accesstoken/get` of the
    /// [Access Token API](https://developer.vippsmobilepay.com/docs/APIs/access-token-api/), or
    /// `POST /miami/v1/token` for [management keys](crate::ApiKeys::management).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Auth`] if the token endpoint rejects the keys.
    pub fn access_token(&self) -> Result<AccessToken, Error> {
        self.token(&self.deadline())
    }

    /// A valid token: the cached one, or one that this or another thread fetches now.
    fn token(&self, deadline: &Deadline) -> Result<AccessToken, Error> {
        let shared = &self.shared;
        let mut fetched = None;
        let token = shared.tokens.get(deadline, |deadline| {
            let token = self.fetch_token(deadline)?;
            fetched = Some(token.clone());
            Ok(token)
        })?;
        // After caching, so that a panic in the callback does not lose the token.
        if let (Some(fetched), Some(keep)) = (fetched, &shared.on_new_token) {
            keep(&fetched);
        }
        Ok(token)
    }

    fn fetch_token(&self, deadline: &Deadline) -> Result<AccessToken, Error> {
        let shared = &self.shared;
        let credentials = &shared.credentials;
        let session = Self {
            msn: shared.token_msn.clone(),
            ..self.clone()
        };
        let mut request = session.request("POST", credentials.token_path);
        if let Some(form) = credentials.token_form {
            request = request.body("application/x-www-form-urlencoded", form.as_bytes());
        }
        let reply = request.with_keys().deadline(deadline).send();
        let reply = reply.map_err(Error::of_token_request)?;
        let token = token::read(reply.content(), &shared.clock);
        token.map_err(|reason| reply.unreadable(reason).of_token_request())
    }

    /// Waits before a call that consists of several requests starts over. `false` if the policy or
    /// the deadline does not allow it.
    pub(crate) fn back_off(&self, number: u32, deadline: &Deadline, error: &Error) -> bool {
        let failed = FailedAttempt {
            // Whatever the error was, the caller knows that a retry is safe.
            kind: ErrorKind::Network,
            status: None,
            ..self.failed_attempt(error, true, number, deadline)
        };
        let wait = next_wait(&self.shared.retry, &failed);
        if let Some(wait) = wait {
            deadline.sleep(wait);
        }
        wait.is_some()
    }

    fn failed_attempt(
        &self,
        error: &Error,
        is_idempotent: bool,
        number: u32,
        deadline: &Deadline,
    ) -> FailedAttempt {
        let shared = &self.shared;
        FailedAttempt {
            kind: error.kind(),
            delivery: error.delivery(),
            status: error.status(),
            is_idempotent,
            number,
            time_left: deadline.time_left(),
            retry_after: error.retry_after(),
            random: shared.retry.random(number),
        }
    }
}

impl RequestBuilder<'_> {
    /// Sends the request with a token, retries and the session's timeout, and reads the whole
    /// reply.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// let reply = session.request("GET", "/management/v1/sales-units").send()?;
    /// assert_eq!(reply.status(), 200);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] if the request is invalid, with an entry for each reason in
    /// [`field_problems`](Error::field_problems); otherwise any kind of error.
    pub fn send(self) -> Result<Reply, Error> {
        let request = self.checked()?;
        let session = request.session;
        let deadline = request.deadline.clone();
        let deadline = deadline.unwrap_or_else(|| session.deadline());
        let response = request.run(&deadline)?;
        Ok(Reply::new(request.line, response))
    }

    fn run(&self, deadline: &Deadline) -> Result<Response, Error> {
        let session = self.session;
        let shared = &*session.shared;
        let mut number = 0;
        // Whether an earlier attempt may have taken effect.
        let mut in_doubt = false;
        let mut token_replaced = false;
        loop {
            self.pass_gate(deadline).map_err(|error| {
                let is_safe = !in_doubt || self.is_idempotent();
                let error = error.after_doubt(in_doubt).with_retryable(is_safe);
                error.with_attempts(number)
            })?;
            let token = match self.with_keys {
                true => None,
                false => Some(
                    session
                        .token(deadline)
                        .map_err(|error| error.after_doubt(in_doubt).with_attempts(number))?,
                ),
            };
            let time_left = deadline.time_left();
            if time_left.is_zero() {
                let (kind, delivery) = (ErrorKind::Timeout, Delivery::NotSent);
                let reason = "timed out before the request was sent";
                let error = Error::failed(&self.line, None, kind, delivery, reason);
                let is_safe = !in_doubt || self.is_idempotent();
                let error = error.after_doubt(in_doubt).with_retryable(is_safe);
                return Err(error.with_attempts(number));
            }
            number += 1;
            // Not the session's clock, which may be a manual one.
            let began = Instant::now();
            let result = self.attempt(token.as_ref(), time_left);
            let observe = |result, retry_in| {
                if let Some(observer) = &shared.observer {
                    let elapsed = began.elapsed();
                    let msn = session.merchant_serial_number();
                    observer(&Attempt::new(
                        &self.line, msn, number, elapsed, result, retry_in,
                    ));
                }
            };
            let status = match &result {
                Ok(response) => Some(response.status.as_u16()),
                // A status from a proxy says nothing about the token.
                Err(error) => error.status().filter(|_| error.kind() != ErrorKind::Proxy),
            };
            if token_replaced && status.is_some_and(|status| status != 401) {
                shared.tokens.accept();
            }
            let error = match result {
                Ok(response) => {
                    observe(Ok(&response), None);
                    return Ok(response);
                }
                Err(error) => self.name_conflict(error).with_attempts(number),
            };

            if let Some(token) = token.filter(|_| status == Some(401)) {
                let is_replaced = shared.tokens.refuse(&token);
                if is_replaced && !token_replaced {
                    observe(Err(&error), Some(Duration::ZERO));
                    token_replaced = true;
                    continue;
                }
            }
            if in_doubt && error.is_already_deleted() {
                observe(Err(&error), None);
                return Ok(Response::empty(StatusCode::NO_CONTENT));
            }

            let error = error.after_doubt(in_doubt);
            // The retry with a new token does not count against the policy.
            let tried = number - u32::from(token_replaced);
            let failed = session.failed_attempt(&error, self.is_idempotent(), tried, deadline);
            let error = error.with_retryable(failed.is_retryable());
            let wait = next_wait(&shared.retry, &failed);
            if let Some(closed) = wait
                .or(error.retry_after())
                .filter(|_| error.asks_to_wait())
            {
                shared.gates.close(&self.line, closed, deadline.now());
            }
            observe(Err(&error), wait);
            let Some(wait) = wait else {
                return Err(error);
            };
            in_doubt |= error.leaves_doubt();
            deadline.sleep(wait);
        }
    }

    /// Waits until the gate of this route opens.
    fn pass_gate(&self, deadline: &Deadline) -> Result<(), Error> {
        let shared = &self.session.shared;
        loop {
            let Some(wait) = shared.gates.wait(&self.line, deadline.now()) else {
                return Ok(());
            };
            if wait >= deadline.time_left() {
                return Err(Error::rate_limited(&self.line, wait));
            }
            deadline.sleep(wait);
        }
    }

    fn attempt(&self, token: Option<&AccessToken>, time_left: Duration) -> Result<Response, Error> {
        let shared = &*self.session.shared;
        let mut headers = shared.headers.clone();
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        match token {
            Some(token) => {
                headers.insert(AUTHORIZATION, token.authorization().clone());
            }
            None => headers.extend(shared.credentials.token_headers.iter().cloned()),
        }
        let message = Message {
            line: &self.line,
            headers,
            body: self.body.as_deref(),
            for_token: self.with_keys,
        };
        // Only errors need it.
        let redactor = OnceCell::new();
        let scrub = |text: &str| {
            let redactor = redactor.get_or_init(|| shared.redactor(token));
            redactor.redact(text)
        };
        let limits = self.session.limits(time_left);
        shared.client.exchange(message, limits, &scrub)
    }
}

impl Shared {
    /// Redacts all secrets of the session: the keys, its known tokens, and `token`.
    fn redactor(&self, token: Option<&AccessToken>) -> Redactor {
        let known = self.tokens.known();
        let tokens = known.iter().flatten().chain(token);
        let keys = self.secrets.iter().map(String::as_str);
        Redactor::new(keys.chain(tokens.map(AccessToken::secret)))
    }
}
