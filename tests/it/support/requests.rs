//! Requests as text for whole comparison, and helpers that return the request and the result of a
//! call.

use serde::Serialize;
use serde_json::Value;
use vipps::sandbox::{ReceivedRequest, Sandbox};
use vipps::{Error, Session};

use super::fixtures::session_builder;
use super::raw_server::{RawServer, json_reply};

/// The headers of a request, sorted by name, one `name: value` per line, without the host's port.
pub(crate) fn sorted_headers(request: &ReceivedRequest) -> Vec<String> {
    let mut headers: Vec<String> = request
        .headers
        .iter()
        .map(|(name, value)| match name.as_str() {
            "host" => "host: (the server)".to_owned(),
            _ => format!("{name}: {value}"),
        })
        .collect();
    headers.sort();
    headers
}

/// The last request that a sandbox received.
#[track_caller]
pub(crate) fn last_request(sandbox: &Sandbox) -> ReceivedRequest {
    sandbox.requests().pop().expect("a request")
}

/// A request as text for whole comparison: method and path, headers sorted by name, an empty line,
/// the body.
pub(crate) fn whole(request: &ReceivedRequest) -> String {
    let headers = sorted_headers(request).join("\n");
    let body = String::from_utf8_lossy(&request.body);
    format!("{} {}\n{headers}\n\n{body}", request.method, request.path)
}

/// The `Accept-Encoding` of the compiled features.
pub(crate) const ENCODING: &str = if cfg!(feature = "gzip") {
    "gzip"
} else {
    "identity"
};

/// The headers of every call of the tests' sessions, sorted, including `more` that the call adds.
pub(crate) fn call_headers(more: &[&str]) -> String {
    let encoding = format!("accept-encoding: {ENCODING}");
    let user_agent = concat!("user-agent: vipps-rust/", env!("CARGO_PKG_VERSION"));
    let mut headers = vec![
        "accept: application/json",
        &encoding,
        "authorization: Bearer test-token",
        "host: (the server)",
        "merchant-serial-number: 123456",
        "ocp-apim-subscription-key: test-subscription-key",
        user_agent,
        "vipps-system-name: acme",
        "vipps-system-plugin-name: acme-webshop",
        "vipps-system-plugin-version: 4.5.6",
        "vipps-system-version: 3.1.2",
    ];
    headers.extend(more);
    headers.sort_unstable();
    headers.join("\n")
}

/// A raw request in the form of [`whole`].
pub(crate) fn whole_wire(request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").expect("a complete head");
    let (line, headers) = head.split_once("\r\n").expect("a request line");
    let line = line.strip_suffix(" HTTP/1.1").expect("HTTP/1.1");
    let mut headers: Vec<&str> = headers
        .split("\r\n")
        .map(|header| match header.starts_with("host: ") {
            true => "host: (the server)",
            false => header,
        })
        .collect();
    headers.sort_unstable();
    format!("{line}\n{}\n\n{body}", headers.join("\n"))
}

/// Makes one call against a server that sends `answer`. Returns the request as received and the
/// result.
#[track_caller]
pub(crate) fn call<T>(
    answer: Vec<u8>,
    call: impl FnOnce(&Session) -> Result<T, Error>,
) -> (String, Result<T, Error>) {
    let server = RawServer::start([answer]);
    let session = session_builder(&server.url()).build().unwrap();
    let result = call(&session);
    let requests = server.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    (whole_wire(&requests[0]), result)
}

/// Checks a GET of `path` with the headers of every call, and that the reply round-trips through
/// the crate.
#[track_caller]
pub(crate) fn assert_get<T: Serialize>(
    path: &str,
    sample: &Value,
    get: impl FnOnce(&Session) -> Result<T, Error>,
) -> T {
    let (request, result) = call(json_reply(&sample.to_string()), get);
    assert_eq!(request, wire(&format!("GET {path}"), ""));
    let value = result.unwrap();
    assert_eq!(serde_json::to_value(&value).unwrap(), *sample);
    value
}

/// A request of the tests' sessions in the form of [`whole_wire`]: `PUT /path`, the headers of
/// every call, and those of a JSON body, if any.
pub(crate) fn wire(line: &str, body: &str) -> String {
    wire_with(line, None, body)
}

/// [`wire`] with one more header.
pub(crate) fn wire_with(line: &str, header: Option<&str>, body: &str) -> String {
    let length = format!("content-length: {}", body.len());
    let mut more = match body {
        "" => vec![],
        _ => vec!["content-type: application/json", &length],
    };
    more.extend(header);
    format!("{line}\n{}\n\n{body}", call_headers(&more))
}

/// Checks the promise for any text that a server influenced: no 8 consecutive bytes of a secret.
#[track_caller]
pub(crate) fn assert_no_secret(text: &str, secrets: &[&str]) {
    for secret in secrets {
        for window in secret.as_bytes().windows(8) {
            let window = std::str::from_utf8(window).unwrap();
            assert!(!text.contains(window), "{window} of {secret} is in {text}");
        }
    }
}
