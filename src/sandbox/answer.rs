//! Replies, with errors in the format of the API that was called.

use serde_json::{Value, json};
use ureq::http::StatusCode;

/// The reply of a [`Sandbox::serve`](super::Sandbox::serve) handler.
///
/// ```
/// use serde_json::json;
/// use vipps::sandbox::Answer;
///
/// let created = Answer::json(201, &json!({"reference": "order-17"}))
///     .header("Location", "/epayment/v1/payments/order-17");
/// let csv = Answer::new(200, "text/csv", "reference,amount\norder-17,4900\n");
/// let deleted = Answer::empty(204);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// A reply with a body of any content type. An empty body has no `Content-Type`.
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

    /// A reply without a body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A reply with a JSON body.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json;charset=UTF-8", value.to_string())
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// An error in the format of the gateway in front of the APIs.
    pub(super) fn gateway(status: u16, message: &str) -> Self {
        let body = json!({"statusCode": status, "message": message});
        Self::new(status, "application/json", body.to_string())
    }

    /// An error in the format of the token endpoints.
    pub(super) fn oauth(status: u16, error: &str, description: &str) -> Self {
        let body = json!({
            "error": error,
            "error_description": description,
            "error_codes": [7_000_215],
        });
        Self::new(status, "application/json", body.to_string())
    }
}

/// The name of an invalid field or header, and the reason.
pub(super) type Wrong = (String, String);

/// An API with its own error format.
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

    /// An error whose title is the reason phrase of its status.
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

/// The trace id that Order Management puts into `instance`.
pub(super) const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
