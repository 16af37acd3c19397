//! What a client is answered, in the form of the API that it called.

use serde_json::{Value, json};
use ureq::http::StatusCode;

/// What a handler of [`Sandbox::serve`](super::Sandbox::serve) answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// An answer of any content type. It has none if the body is empty.
    pub fn new(status: u16, content_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let content_type =
            (!body.is_empty()).then(|| ("Content-Type".to_owned(), content_type.into()));
        Self {
            status,
            headers: content_type.into_iter().collect(),
            body,
        }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// An answer of JSON.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json;charset=UTF-8", value.to_string())
    }

    /// The same answer with one header more.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// As the gateway in front of the APIs refuses.
    pub(super) fn gateway(status: u16, message: &str) -> Self {
        let body = json!({"statusCode": status, "message": message});
        Self::new(status, "application/json", body.to_string())
    }

    /// As the token endpoints refuse.
    pub(super) fn oauth(status: u16, error: &str, description: &str) -> Self {
        let body = json!({
            "error": error,
            "error_description": description,
            "error_codes": [7_000_215],
        });
        Self::new(status, "application/json", body.to_string())
    }
}

/// The name of a field or header, and what is wrong with it.
pub(super) type Wrong = (String, String);

/// An API with a form of its own for errors.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Api {
    Management,
    OrderManagement,
}

impl Api {
    pub(super) fn of(path: &str) -> Option<Self> {
        let first = path.split('/').nth(1)?;
        if first.eq_ignore_ascii_case("management") {
            Some(Self::Management)
        } else if first.eq_ignore_ascii_case("order-management") {
            Some(Self::OrderManagement)
        } else {
            None
        }
    }

    /// An error with the reason phrase of its status as the title.
    pub(super) fn error(self, status: u16, detail: &str, wrong: &[Wrong]) -> Answer {
        let title = StatusCode::from_u16(status).ok();
        let title = title.and_then(|status| status.canonical_reason());
        let (content_type, member, name, reason) = match self {
            Self::Management => ("application/problem+json", "extraDetails", "key", "value"),
            Self::OrderManagement => ("application/json", "invalidParams", "name", "reason"),
        };
        let mut body = json!({
            "type": format!("https://sandbox.invalid/problem/{status}"),
            "title": title.unwrap_or("Unknown"),
            "detail": detail,
            "instance": match self {
                Self::Management => "urn:uuid:00000000-0000-4000-8000-000000000000",
                Self::OrderManagement => TRACE,
            },
        });
        if let Some(body) = body.as_object_mut() {
            if self == Self::Management {
                body.insert("status".to_owned(), json!(status));
                body.insert(
                    "traceId".to_owned(),
                    json!("0af7651916cd43dd8448eb211c80319c"),
                );
            }
            if !wrong.is_empty() {
                let wrong = wrong
                    .iter()
                    .map(|(field, why)| json!({name: field, reason: why}));
                body.insert(member.to_owned(), wrong.collect());
            }
        }
        Answer::new(status, content_type, body.to_string())
    }
}

/// What Order Management writes into `instance`.
pub(super) const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
