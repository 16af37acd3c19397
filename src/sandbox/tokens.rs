//! The token endpoints, and the checks of keys and tokens.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::answer::{Answer, Api};
use super::message::{ReceivedRequest, pairs};
use crate::Clock;

pub(super) const CLIENT_ID: &str = "sandbox-client-id";
pub(super) const CLIENT_SECRET: &str = "sandbox-client-secret";
/// The primary and the secondary key. Both are accepted.
pub(super) const SUBSCRIPTION_KEYS: [&str; 2] = ["sandbox-key-1", "sandbox-key-2"];
pub(super) const MANAGEMENT_ID: &str = "sandbox-management-id";
pub(super) const MANAGEMENT_SECRET: &str = "sandbox-mgmt-secret";

pub(super) struct Tokens {
    clock: Clock,
    live: HashMap<String, Token>,
    lifetime: Option<Duration>,
    made: u64,
}

#[derive(Clone, Copy)]
struct Token {
    flow: Flow,
    expires_at: Duration,
}

#[derive(Clone, Copy, PartialEq)]
enum Flow {
    Standard,
    Management,
}

impl Tokens {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            live: HashMap::new(),
            lifetime: None,
            made: 0,
        }
    }

    pub(super) fn set_lifetime(&mut self, lifetime: Duration) {
        self.lifetime = Some(lifetime);
    }

    pub(super) fn revoke(&mut self) {
        self.live.clear();
    }

    pub(super) fn standard(&mut self, request: &ReceivedRequest) -> Answer {
        if request.header("content-length").is_none() {
            let page = "<html><title>Length Required</title></html>";
            return Answer::new(411, "text/html", page);
        }
        if let Err(refusal) = check_subscription_key(request) {
            return refusal;
        }
        if request.header("client_id") != Some(CLIENT_ID) {
            return Answer::oauth(400, "unauthorized_client", "The client id is unknown.");
        }
        if request.header("client_secret") != Some(CLIENT_SECRET) {
            return Answer::oauth(401, "invalid_client", "The client secret is wrong.");
        }
        let (token, lifetime) = self.make(Flow::Standard, Duration::from_secs(3600));
        // An arbitrary epoch: clients use expires_in.
        let now = self.clock.now().as_secs().saturating_add(1_600_000_000);
        // This flow writes its numbers as strings.
        Answer::json(
            200,
            &json!({
                "token_type": "Bearer",
                "expires_in": lifetime.to_string(),
                "ext_expires_in": lifetime.to_string(),
                "expires_on": now.saturating_add(lifetime).to_string(),
                "not_before": now.to_string(),
                "resource": "00000002-0000-0000-c000-000000000000",
                "access_token": token,
            }),
        )
    }

    pub(super) fn management(&mut self, request: &ReceivedRequest) -> Answer {
        let basic = BASE64_STANDARD.encode(format!("{MANAGEMENT_ID}:{MANAGEMENT_SECRET}"));
        let is_known = request.header("authorization") == Some(&format!("Basic {basic}"));
        let is_form = request.has_media_type("application/x-www-form-urlencoded");
        let form = String::from_utf8_lossy(if is_form { &request.body } else { &[] });
        let grant_type = pairs(&form).find(|(name, _)| name == "grant_type");
        let Some((_, grant_type)) = grant_type.filter(|_| is_known && has_no_key(request)) else {
            return Answer::oauth(401, "invalid_client", "Client authentication failed.");
        };
        if grant_type != "client_credentials" {
            let description = "The grant_type must be client_credentials.";
            return Answer::oauth(400, "unsupported_grant_type", description);
        }
        if pairs(&form).any(|(name, _)| name != "grant_type" && name != "scope") {
            let description = "The form must hold a grant_type and may hold a scope.";
            return Answer::oauth(400, "invalid_request", description);
        }
        let (token, lifetime) = self.make(Flow::Management, Duration::from_secs(900));
        Answer::json(
            200,
            &json!({"access_token": token, "token_type": "Bearer", "expires_in": lifetime}),
        )
    }

    fn make(&mut self, flow: Flow, lifetime: Duration) -> (String, u64) {
        let lifetime = self.lifetime.unwrap_or(lifetime);
        self.made += 1;
        let token = format!("sandbox-token-{:06}", self.made);
        let expires_at = self.clock.now().saturating_add(lifetime);
        self.live.insert(token.clone(), Token { flow, expires_at });
        (token, lifetime.as_secs())
    }

    /// Checks a call's token and, for the standard flow, its subscription key.
    pub(super) fn check(&self, api: Api, request: &ReceivedRequest) -> Result<(), Answer> {
        let unauthorized = |detail| Err(api.error(401, detail, &[]));
        let header = request.header("authorization");
        let Some(token) = header.and_then(|header| header.strip_prefix("Bearer ")) else {
            return unauthorized("The Authorization header must hold a bearer token.");
        };
        match self.live.get(token) {
            None => unauthorized("The token is unknown."),
            Some(token) if token.expires_at <= self.clock.now() => {
                unauthorized("The token has expired.")
            }
            Some(token) if token.flow == Flow::Standard => check_subscription_key(request),
            Some(_) if has_no_key(request) => Ok(()),
            Some(_) => {
                let message = "A management token must be sent without a subscription key.";
                Err(Answer::gateway(401, message))
            }
        }
    }
}

fn has_no_key(request: &ReceivedRequest) -> bool {
    request.header("ocp-apim-subscription-key").is_none()
}

fn check_subscription_key(request: &ReceivedRequest) -> Result<(), Answer> {
    match request.header("ocp-apim-subscription-key") {
        Some(key) if SUBSCRIPTION_KEYS.contains(&key) => Ok(()),
        Some(_) => Err(Answer::gateway(401, "The subscription key is not valid.")),
        None => Err(Answer::gateway(401, "The subscription key is missing.")),
    }
}
