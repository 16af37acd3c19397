//! Requests as the sandbox receives them.

use serde_json::Value;

/// A request that the sandbox received.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use serde_json::json;
///
/// sandbox.serve("POST /ping", |request| {
///     assert_eq!(request.header("content-type"), Some("application/json"));
///     assert_eq!(request.json(), Some(json!({"ping": 1})));
///     vipps::sandbox::Answer::empty(204)
/// });
/// session.request("POST", "/ping").json(&json!({"ping": 1})).send()?;
/// # Ok::<(), vipps::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// The method, such as `POST`.
    pub method: String,
    /// The path and query, as sent.
    pub path: String,
    /// The names (in lower case) and values of the headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body, as sent.
    pub body: Vec<u8>,
}

impl ReceivedRequest {
    /// The value of a header. Names match in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let header = headers.find(|(header, _)| header.eq_ignore_ascii_case(name))?;
        Some(&header.1)
    }

    /// The body as JSON, or `None` if it is not JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether the `Content-Type` without its parameters is this media type.
    pub(super) fn has_media_type(&self, wanted: &str) -> bool {
        let value = self.header("content-type").unwrap_or_default();
        let media_type = value.split(';').next().unwrap_or_default();
        media_type.trim().eq_ignore_ascii_case(wanted)
    }

    pub(super) fn path_and_query(&self) -> (&str, Option<&str>) {
        split_query(&self.path)
    }
}

/// A request to an endpoint whose token, headers and body have been checked.
pub(super) struct Call<'a> {
    pub(super) request: &'a ReceivedRequest,
    /// The values of the path parameters, in order.
    pub(super) params: Vec<String>,
    /// Null for an endpoint without a request body.
    pub(super) body: Value,
}

impl Call<'_> {
    pub(super) fn param(&self, nth: usize) -> &str {
        self.params.get(nth).map_or("", String::as_str)
    }

    pub(super) fn query(&self, name: &str) -> Option<String> {
        let mut pairs = pairs(self.request.path_and_query().1?);
        Some(pairs.find(|(key, _)| key == name)?.1)
    }

    /// A string field of the body.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name)?.as_str()
    }
}

pub(super) fn split_query(path: &str) -> (&str, Option<&str>) {
    match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    }
}

/// The names and values of a query or form.
pub(super) fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decoded(name), percent_decoded(value))
    })
}

pub(super) fn percent_decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        // `from_str_radix` would also accept a sign.
        let hex = part.split_at_checked(2);
        let hex = hex.filter(|(hex, _)| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        let byte = hex.and_then(|(hex, rest)| Some((u8::from_str_radix(hex, 16).ok()?, rest)));
        let (byte, rest) = byte.unwrap_or((b'%', part));
        decoded.push(byte);
        decoded.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
