//! What the service knows and answers: tokens, keys, headers, and which handler a path belongs to.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::management::Management;
use super::message::{Answer, ReceivedRequest, bad_header, percent_decoded};
use super::order_management::OrderManagement;
use crate::Clock;
use crate::management::ProductOrderStatus;

pub(super) const CLIENT_ID: &str = "sandbox-client-id";
pub(super) const CLIENT_SECRET: &str = "sandbox-client-secret";
/// The primary and the secondary one, either of which is good.
pub(super) const SUBSCRIPTION_KEYS: [&str; 2] = ["sandbox-key-1", "sandbox-key-2"];
pub(super) const MANAGEMENT_ID: &str = "sandbox-management-id";
pub(super) const MANAGEMENT_SECRET: &str = "sandbox-mgmt-secret";

pub(super) struct Service {
    clock: Clock,
    tokens: HashMap<String, Token>,
    token_lifetime: Option<Duration>,
    tokens_made: u64,
    management: Management,
    order_management: OrderManagement,
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

impl Service {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            management: Management::new(clock.clone()),
            order_management: OrderManagement::default(),
            clock,
            tokens: HashMap::new(),
            token_lifetime: None,
            tokens_made: 0,
        }
    }

    pub(super) fn set_sales_units(&mut self, n: usize) {
        self.management.set_sales_units(n);
    }

    pub(super) fn set_token_lifetime(&mut self, lifetime: Duration) {
        self.token_lifetime = Some(lifetime);
    }

    pub(super) fn enable_v1(&mut self) {
        self.order_management.enable_v1();
    }

    pub(super) fn revoke_tokens(&mut self) {
        self.tokens.clear();
    }

    pub(super) fn set_order_status(&mut self, id: &str, status: &ProductOrderStatus) -> bool {
        self.management.set_order_status(id, status)
    }

    pub(super) fn answer(&mut self, request: &ReceivedRequest) -> Answer {
        let (path, query) = match request.path.split_once('?') {
            Some((path, query)) => (path, query),
            None => (request.path.as_str(), ""),
        };
        let segments: Vec<String> = path.split('/').skip(1).map(percent_decoded).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        if let Some(refusal) = refuse_headers(request) {
            return refusal;
        }
        match (request.method.as_str(), segments.as_slice()) {
            ("POST", ["accesstoken", "get"]) => self.standard_token(request),
            ("POST", ["miami", "v1", "token"]) => self.management_token(request),
            (method, ["management", rest @ ..]) => match self.refuse_token(request) {
                Some(refusal) => refusal,
                None => self.management.answer(method, rest, query, request),
            },
            (method, ["order-management", rest @ ..]) => match self.refuse_token(request) {
                Some(refusal) => refusal,
                None => self.order_management.answer(method, rest, query, request),
            },
            _ => Answer::gateway(404, "Resource not found"),
        }
    }

    fn standard_token(&mut self, request: &ReceivedRequest) -> Answer {
        if request.header("content-length").is_none() {
            return Answer::new(
                411,
                "text/html",
                "<html><title>Length Required</title></html>",
            );
        }
        if let Some(refusal) = refuse_subscription_key(request) {
            return refusal;
        }
        if request.header("client_id") != Some(CLIENT_ID) {
            return Answer::oauth(400, "unauthorized_client", "The client id is not known.");
        }
        if request.header("client_secret") != Some(CLIENT_SECRET) {
            return Answer::oauth(401, "invalid_client", "The client secret is wrong.");
        }
        let (token, lifetime) = self.make_token(Flow::Standard, Duration::from_secs(3600));
        // Any moment will do: clients go by expires_in.
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

    fn management_token(&mut self, request: &ReceivedRequest) -> Answer {
        let basic = BASE64_STANDARD.encode(format!("{MANAGEMENT_ID}:{MANAGEMENT_SECRET}"));
        let is_known = request.header("authorization") == Some(&format!("Basic {basic}"));
        if !is_known || request.header("ocp-apim-subscription-key").is_some() {
            return Answer::oauth(401, "invalid_client", "Client authentication failed.");
        }
        let is_form = request.media_type() == Some("application/x-www-form-urlencoded");
        if !is_form || request.body != b"grant_type=client_credentials" {
            let description = "The form must be grant_type=client_credentials.";
            return Answer::oauth(400, "unsupported_grant_type", description);
        }
        let (token, lifetime) = self.make_token(Flow::Management, Duration::from_secs(900));
        Answer::json(
            200,
            &json!({"access_token": token, "token_type": "Bearer", "expires_in": lifetime}),
        )
    }

    fn make_token(&mut self, flow: Flow, lifetime: Duration) -> (String, u64) {
        let lifetime = self.token_lifetime.unwrap_or(lifetime);
        self.tokens_made += 1;
        let token = format!("sandbox-token-{:06}", self.tokens_made);
        let expires_at = self.clock.now().saturating_add(lifetime);
        self.tokens
            .insert(token.clone(), Token { flow, expires_at });
        (token, lifetime.as_secs())
    }

    fn refuse_token(&self, request: &ReceivedRequest) -> Option<Answer> {
        let unauthorized = |detail| Some(Answer::problem(401, "Unauthorized", detail));
        let header = request.header("authorization");
        let Some(token) = header.and_then(|header| header.strip_prefix("Bearer ")) else {
            return unauthorized("The Authorization header must be Bearer and a token.");
        };
        match self.tokens.get(token) {
            None => unauthorized("The token is not known."),
            Some(token) if token.expires_at <= self.clock.now() => {
                unauthorized("The token has expired.")
            }
            Some(token) if token.flow == Flow::Standard => refuse_subscription_key(request),
            Some(_) if request.header("ocp-apim-subscription-key").is_some() => Some(
                Answer::gateway(401, "Management tokens go without a subscription key."),
            ),
            Some(_) => None,
        }
    }
}

fn refuse_subscription_key(request: &ReceivedRequest) -> Option<Answer> {
    match request.header("ocp-apim-subscription-key") {
        Some(key) if SUBSCRIPTION_KEYS.contains(&key) => None,
        Some(_) => Some(Answer::gateway(401, "The subscription key is not valid.")),
        None => Some(Answer::gateway(401, "The subscription key is missing.")),
    }
}

/// The rules for headers that hold everywhere.
fn refuse_headers(request: &ReceivedRequest) -> Option<Answer> {
    for (name, value) in &request.headers {
        let is_ours = name.starts_with("vipps-system-")
            || ["merchant-serial-number", "idempotency-key"].contains(&name.as_str());
        if is_ours && value.is_empty() {
            return Some(bad_header(name, "must not be empty"));
        }
        if name.starts_with("vipps-system-") && value.len() > 30 {
            return Some(bad_header(name, "must be at most 30 characters"));
        }
        let is_msn = (4..=10).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
        if name == "merchant-serial-number" && !is_msn {
            return Some(bad_header(name, "must be 4 to 10 digits"));
        }
    }
    None
}
