use std::borrow::Cow;

use serde::Serialize;

use super::{HeaderValue, MAX_LINE, MAX_PATH_BYTES, Method};
use crate::error::{At, Error};
use crate::model::identifier::IdempotencyKey;

/// A request, complete but for the headers that the session adds. It is the same for every attempt.
pub(crate) struct Request<'a> {
    pub(super) method: Method,
    pub(super) path: Cow<'static, str>,
    pub(super) payload: Option<Payload<'a>>,
    pub(super) idempotency_key: Option<HeaderValue>,
    /// A token request: it sends the keys instead of a token, and may be repeated, as any number of tokens may be valid.
    pub(crate) for_token: bool,
}

pub(super) struct Payload<'a> {
    pub(super) content_type: Option<&'static str>,
    pub(super) bytes: Cow<'a, [u8]>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(method: Method, path: impl Into<Cow<'static, str>>) -> Self {
        Self {
            method,
            path: path.into(),
            payload: None,
            idempotency_key: None,
            for_token: false,
        }
    }

    pub(crate) fn get(path: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn json<T: Serialize + ?Sized>(self, value: &T) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(value)
            .map_err(|error| Error::input("body", format!("is not JSON: {error}")))?;
        Ok(self.json_bytes(bytes))
    }

    /// A body that is JSON already. A borrowed one is sent from where it is.
    pub(crate) fn json_bytes(mut self, bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        self.payload = Some(Payload {
            content_type: Some("application/json"),
            bytes: bytes.into(),
        });
        self
    }

    /// An explicitly empty body. Without it ureq sends a chunked one, which gateways answer with 411.
    pub(crate) fn empty_body(mut self) -> Self {
        self.payload = Some(Payload {
            content_type: None,
            bytes: Cow::default(),
        });
        self
    }

    pub(crate) fn idempotency_key(mut self, key: &IdempotencyKey) -> Result<Self, Error> {
        let value = header_value("Idempotency-Key", key.as_str())
            .map_err(|reason| Error::input("Idempotency-Key", reason))?;
        self.idempotency_key = Some(value);
        Ok(self)
    }

    /// A token request with a form as its body, or with an explicitly empty one: gateways answer 411 without a length.
    pub(crate) fn for_token(path: &'static str, form: Option<&'static str>) -> Self {
        Self {
            payload: Some(Payload {
                content_type: form.map(|_| "application/x-www-form-urlencoded"),
                bytes: form.unwrap_or_default().as_bytes().into(),
            }),
            for_token: true,
            ..Self::new(Method::POST, path)
        }
    }

    /// Whether it may be sent again when the first one may have been carried out.
    pub(crate) fn is_repeatable(&self) -> bool {
        let by_method = [Method::GET, Method::PUT, Method::DELETE].contains(&self.method);
        by_method || self.idempotency_key.is_some() || self.for_token
    }

    /// Whether its first line can be sent at all.
    pub(crate) fn check_path(&self) -> Result<(), Error> {
        match self.path.len() {
            0..=MAX_PATH_BYTES => Ok(()),
            length => {
                let reason = format!("must be at most {MAX_PATH_BYTES} bytes, not {length}");
                Err(Error::input("path", reason))
            }
        }
    }

    pub(crate) fn is_delete(&self) -> bool {
        self.method == Method::DELETE
    }

    pub(crate) fn at(&self) -> At {
        At {
            method: self.method.clone(),
            path: self.path.clone(),
        }
    }
}

/// A path of fixed parts and encoded segments.
pub(crate) struct Path(String);

impl Path {
    pub(crate) fn new(start: &'static str) -> Self {
        // Room for the segments of nearly all paths.
        let mut path = String::with_capacity(start.len() + 80);
        path.push_str(start);
        Self(path)
    }

    /// Adds `/` and a value, percent-encoded but for what RFC 3986 allows in a segment.
    ///
    /// Empty values, `.` and `..` would make another path, and are refused however they came about.
    pub(crate) fn segment(mut self, field: &str, value: &str) -> Result<Self, Error> {
        if matches!(value, "" | "." | "..") {
            let reason = format!("{value:?} cannot be part of a path");
            return Err(Error::input(field, reason));
        }
        self.0.push('/');
        push_encoded(&mut self.0, value);
        Ok(self)
    }

    /// Adds a query of one parameter.
    pub(crate) fn query(mut self, name: &'static str, value: &str) -> Self {
        self.0.push('?');
        self.0.push_str(name);
        self.0.push('=');
        push_encoded(&mut self.0, value);
        self
    }

    pub(crate) fn fixed(mut self, part: &'static str) -> Self {
        self.0.push_str(part);
        self
    }
}

fn push_encoded(path: &mut String, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                path.push(char::from(byte));
            }
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
}

impl From<Path> for Cow<'static, str> {
    fn from(path: Path) -> Self {
        Self::Owned(path.0)
    }
}

/// A header's value: visible ASCII with single spaces between, not empty, and not too long to be sent. The error does not repeat it, as it
/// may be a secret.
pub(crate) fn header_value(setting: &str, value: &str) -> Result<HeaderValue, String> {
    if value.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if value.len() > MAX_LINE {
        return Err(format!("must be at most {MAX_LINE} bytes"));
    }
    if value.starts_with(' ') || value.ends_with(' ') {
        return Err("must not begin or end with a space".to_owned());
    }
    for (at, c) in value.chars().enumerate() {
        let wrong = match c {
            ' '..='~' => continue,
            '\r' | '\n' => "a line break",
            c if c.is_control() => "a control character",
            _ => "a character outside ASCII",
        };
        let place = at + 1;
        return Err(format!("must be visible ASCII, and has {wrong} at {place}"));
    }
    HeaderValue::from_str(value).map_err(|_| format!("cannot be a value of {setting}"))
}
