//! What a client sends and what it is answered.

use serde_json::{Value, json};

/// A request as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// The method.
    pub method: String,
    /// The path and the query, as they were written.
    pub path: String,
    /// Names, in lower case, and values of the headers, in their order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl ReceivedRequest {
    /// The value of a header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let header = headers.find(|(header, _)| header == name)?;
        Some(&header.1)
    }

    /// The `Content-Type` without its parameters.
    pub(super) fn media_type(&self) -> Option<&str> {
        let value = self.header("content-type")?;
        Some(value.split(';').next()?.trim())
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

#[derive(Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn new(
        status: u16,
        content_type: impl Into<String>,
        body: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            status,
            content_type: content_type.into(),
            body: body.into(),
        }
    }

    pub(super) fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json", value.to_string())
    }

    pub(super) fn empty(status: u16) -> Self {
        Self::new(status, "", "")
    }

    pub(super) fn problem(status: u16, title: &str, detail: &str) -> Self {
        Self::problem_with(status, title, detail, &[])
    }

    /// RFC 9457, with the problems of single fields as the live service writes them.
    pub(super) fn problem_with(
        status: u16,
        title: &str,
        detail: &str,
        fields: &[(String, String)],
    ) -> Self {
        let details: Vec<Value> = fields
            .iter()
            .map(|(name, reason)| json!({"name": name, "reason": reason}))
            .collect();
        let mut problem = json!({
            "type": format!("https://sandbox.invalid/problem/{status}"),
            "title": title,
            "status": status,
            "detail": if detail.is_empty() { title } else { detail },
            "instance": "urn:uuid:00000000-0000-4000-8000-000000000000",
            "traceId": "0af7651916cd43dd8448eb211c80319c",
        });
        if let Some(problem) = problem.as_object_mut().filter(|_| !details.is_empty()) {
            problem.insert("extraDetails".to_owned(), Value::Array(details));
        }
        Self::new(status, "application/problem+json", problem.to_string())
    }

    /// As the gateway in front of the service refuses.
    pub(super) fn gateway(status: u16, message: &str) -> Self {
        Self::json(status, &json!({"statusCode": status, "message": message}))
    }

    /// As the token endpoints refuse.
    pub(super) fn oauth(status: u16, error: &str, description: &str) -> Self {
        let body = json!({
            "error": error,
            "error_description": description,
            "error_codes": [7_000_215],
        });
        Self::json(status, &body)
    }
}

pub(super) fn bad_header(name: &str, reason: &str) -> Answer {
    let field = [(name.to_owned(), reason.to_owned())];
    Answer::problem_with(400, "Bad Request", "A header is wrong.", &field)
}

pub(super) fn percent_decoded(segment: &str) -> String {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| tail.split_at_checked(2)).flatten();
        let byte = escaped.and_then(|(hex, tail)| {
            let hex = std::str::from_utf8(hex).ok()?;
            // Reading a number takes a sign too.
            hex.bytes().all(|b| b.is_ascii_hexdigit()).then_some(())?;
            Some((u8::from_str_radix(hex, 16).ok()?, tail))
        });
        let (byte, tail) = byte.unwrap_or((*first, tail));
        decoded.push(byte);
        rest = tail;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
