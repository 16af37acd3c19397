//! Request routing, and the checks that all endpoints share.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::answer::{Answer, Api};
use super::data::Data;
use super::endpoints::{self, Endpoint, Handler};
use super::management::Management;
use super::message::{Call, ReceivedRequest};
use super::order_management::OrderManagement;
use super::rules::{Form, Kind, digits, of_form, text};
use super::served::Served;
use super::tokens::Tokens;
use crate::Clock;

pub(super) struct Service {
    pub(super) tokens: Tokens,
    pub(super) management: Management,
    orders: OrderManagement,
    pub(super) has_v1: bool,
    pub(super) served: Served,
    /// The body's hash and the reply, by idempotency key.
    replies: HashMap<String, (u64, Answer)>,
}

impl Service {
    pub(super) fn new(clock: Clock, data: Data) -> Self {
        Self {
            tokens: Tokens::new(clock.clone()),
            management: Management::new(clock, data),
            orders: OrderManagement::default(),
            has_v1: false,
            served: Served::default(),
            replies: HashMap::new(),
        }
    }

    pub(super) fn answer(&mut self, request: &ReceivedRequest) -> Answer {
        let (path, _) = request.path_and_query();
        let api = Api::of(path);
        if let Some(handle) = self.served.find(&request.method, path) {
            return match self.tokens.check(api.unwrap_or(Api::Management), request) {
                Ok(()) => handle(request),
                Err(refusal) => refusal,
            };
        }
        match endpoints::find(&request.method, path) {
            Ok((endpoint, params)) => {
                let result = self.call(endpoint, params, api, request);
                result.unwrap_or_else(|refusal| refusal)
            }
            Err(status) => {
                let detail = match status {
                    405 => "Method not allowed for this endpoint.",
                    _ => "Endpoint not found.",
                };
                api.map_or_else(
                    || Answer::gateway(status, detail),
                    |api| api.error(status, detail, &[]),
                )
            }
        }
    }

    fn call(
        &mut self,
        endpoint: &'static Endpoint,
        params: Vec<String>,
        api: Option<Api>,
        request: &ReceivedRequest,
    ) -> Result<Answer, Answer> {
        if let Some(api) = api {
            self.tokens.check(api, request)?;
        }
        let api = api.unwrap_or(Api::Management);
        check_headers(api, endpoint, request)?;
        if matches!(endpoint.handler, Handler::OrdersV1(_)) && !self.has_v1 {
            return Err(api.error(410, "Version 1 is no longer available.", &[]));
        }
        if endpoint.body.is_some() && !request.has_media_type("application/json") {
            return Err(api.error(415, "The body must be JSON.", &[]));
        }
        let carry_out = || {
            let body = checked_body(api, endpoint, request)?;
            let call = Call {
                request,
                params,
                body,
            };
            Ok(match endpoint.handler {
                Handler::Tokens(answer) => answer(&mut self.tokens, request),
                Handler::Management(answer) | Handler::Keyed(answer) => {
                    answer(&mut self.management, &call)
                }
                Handler::Orders(answer) | Handler::OrdersV1(answer) => {
                    answer(&mut self.orders, &call)
                }
            })
        };
        let Handler::Keyed(_) = endpoint.handler else {
            return carry_out();
        };
        // A hash is enough: bodies can hold images.
        let mut hasher = DefaultHasher::new();
        request.body.hash(&mut hasher);
        let hash = hasher.finish();
        let key = request.header("idempotency-key").unwrap_or_default();
        match self.replies.get(key) {
            Some((first, answer)) if *first == hash => Ok(answer.clone()),
            Some(_) => {
                let detail = "The idempotency key was used with a different body.";
                Err(api.error(409, detail, &[]))
            }
            None => {
                let answer = carry_out().unwrap_or_else(|refusal| refusal);
                self.replies.insert(key.to_owned(), (hash, answer.clone()));
                Ok(answer)
            }
        }
    }
}

fn checked_body(api: Api, endpoint: &Endpoint, request: &ReceivedRequest) -> Result<Value, Answer> {
    let Some(rules) = endpoint.body else {
        return Ok(Value::Null);
    };
    let wrong = match request.json() {
        Some(body) if body.is_object() => {
            let wrong = rules.check(&body);
            if wrong.is_empty() {
                return Ok(body);
            }
            wrong
        }
        _ => vec![("body".to_owned(), "must be a JSON object".to_owned())],
    };
    Err(api.error(400, "The body has invalid fields.", &wrong))
}

fn check_headers(api: Api, endpoint: &Endpoint, request: &ReceivedRequest) -> Result<(), Answer> {
    let mut wrong = Vec::new();
    let longest = match api {
        Api::Management => 30,
        Api::OrderManagement => 100,
    };
    let system = |(name, _): &&(String, String)| name.starts_with("vipps-system-");
    for (name, value) in request.headers.iter().filter(system) {
        text(0, longest).check(name, &value.as_str().into(), &mut wrong);
    }
    let mut check = |name: &str, rule: Kind, is_required: bool| match request
        .header(&name.to_ascii_lowercase())
    {
        Some(value) => rule.check(name, &value.into(), &mut wrong),
        None if is_required => wrong.push((name.to_owned(), "is missing".to_owned())),
        None => {}
    };
    check(
        "Merchant-Serial-Number",
        digits(4, 10),
        api == Api::OrderManagement,
    );
    if matches!(endpoint.handler, Handler::Keyed(_)) {
        check(
            "Idempotency-Key",
            of_form(1, 50, LETTERS_DIGITS_HYPHENS),
            true,
        );
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(api.error(400, "The request has invalid headers.", &wrong)),
    }
}

const LETTERS_DIGITS_HYPHENS: Form = ("letters, digits and hyphens", |text| {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
});
