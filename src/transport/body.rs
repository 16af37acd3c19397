//! Checks of a reply's body: whether it is cut off, and whether it is compressed.

use serde::de::IgnoredAny;
use ureq::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use ureq::http::{HeaderMap, Method, StatusCode};

use crate::model::lenient::without_bom;

/// Whether a request with these headers asks for JSON.
pub(super) fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|a| a.to_str().ok());
    accept.is_some_and(|accept| accept.contains("json"))
}

/// Whether a JSON body that ends with the connection is cut off. Only its value can tell: ureq
/// takes a connection reset for the end as well.
pub(super) fn is_cut(
    method: &Method,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> bool {
    let has_end = headers.contains_key(CONTENT_LENGTH)
        || headers.contains_key(TRANSFER_ENCODING)
        || status == StatusCode::NO_CONTENT;
    if has_end {
        return false;
    }
    let text = without_bom(body).trim_ascii();
    match text.is_empty() {
        // A GET expects a value; other requests may be answered with an empty body.
        true => *method == Method::GET,
        false => ends_in_the_middle(text),
    }
}

fn ends_in_the_middle(text: &[u8]) -> bool {
    let is_start = |text: &[u8]| {
        let whole = serde_json::from_slice::<IgnoredAny>(text);
        whole.is_err_and(|error| error.is_eof())
    };
    // serde_json rejects a cut number such as `1.`, so check what precedes it. A number outside a
    // list or object may end there.
    let is_open = text.starts_with(b"[") || text.starts_with(b"{");
    let number = text
        .iter()
        .rev()
        .take_while(|b| b"+-.0123456789Ee".contains(b));
    let (before, _) = text.split_at(text.len() - number.count());
    is_start(text) || is_open && is_start(before)
}

/// Returns an error text if the body is compressed but the request did not accept that.
pub(crate) fn compressed(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let encoding = headers.get(CONTENT_ENCODING).map(|value| value.as_bytes());
    let encoding = encoding.unwrap_or_default().trim_ascii();
    let is_plain = encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity");
    if body.is_empty() || is_plain && !body.starts_with(b"\x1f\x8b") {
        return None;
    }
    let known = ["gzip", "br", "deflate", "zstd"];
    let mut known = known
        .into_iter()
        .filter(|name| encoding.eq_ignore_ascii_case(name.as_bytes()));
    let with = match known.next() {
        Some(name) => format!(" with {name}"),
        None if is_plain => " with gzip".to_owned(),
        None => String::new(),
    };
    Some(format!(
        "the reply is compressed{with}, which was not requested"
    ))
}
