use serde::de::DeserializeOwned;
use ureq::http::StatusCode;

use super::Request;
use crate::error::{CallError, Delivery, Error, ErrorKind};

/// A successful answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn empty() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: Vec::new(),
        }
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, request: &Request<'_>) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let reason = if self.is_empty() {
                "the reply has no body".to_owned()
            } else {
                let error = without_values(&error.to_string());
                format!("the reply cannot be read: {error}")
            };
            self.unreadable(request, reason)
        })
    }

    /// The body as a text: a JSON string as what it says, anything else as it stands, except for a page of something in between: whoever
    /// answers a request for JSON with HTML is not the service, and has done nothing.
    pub(crate) fn text(&self, request: &Request<'_>) -> Result<String, Error> {
        if let Ok(text) = serde_json::from_slice(&self.body) {
            return Ok(text);
        }
        self.done(request)?;
        Ok(String::from_utf8_lossy(&self.body).trim().to_owned())
    }

    /// Whether it is done, for a call whose reply says nothing: whatever the body is, if it is not a page.
    pub(crate) fn done(&self, request: &Request<'_>) -> Result<(), Error> {
        if self.body.trim_ascii_start().starts_with(b"<") {
            return Err(self.unreadable(request, "the reply is a page and not the service's"));
        }
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.body.iter().all(u8::is_ascii_whitespace)
    }

    pub(crate) fn unreadable(&self, request: &Request<'_>, reason: impl Into<String>) -> Error {
        let (at, status) = (request.at(), Some(self.status));
        Error::Decode(CallError::new(
            at,
            status,
            ErrorKind::Decode,
            Delivery::Answered,
            reason,
        ))
    }
}

/// serde's message without the text that it found: that may be a token or a person's name, and as long as the whole reply.
fn without_values(message: &str) -> String {
    const FOUND: &str = ": string ";
    let begin = message.find(FOUND).map(|at| at + FOUND.len() - 1);
    // The text is quoted, and quotes in it are escaped, so that the last of these is not its own.
    let end = message.rfind("\", expected ").map(|at| at + 1);
    let parts = begin
        .zip(end)
        .and_then(|(begin, end)| Some((message.get(..begin)?, message.get(end..)?)));
    match parts {
        Some((before, after)) => format!("{before}{after}"),
        None => message.to_owned(),
    }
}
