//! What `Session::raw` accepts.

use serde_json::Value;

use crate::error::Error;
use crate::transport::{Method, Request};

pub(super) fn request(
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<Request<'static>, Error> {
    let method = match method {
        "GET" => Method::GET,
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        other => {
            let rule = "must be GET, POST, PUT, PATCH or DELETE";
            return Err(Error::invalid("method", rule, other));
        }
    };
    let is_without_body = [Method::GET, Method::DELETE].contains(&method);
    if body.is_some() && is_without_body {
        return Err(Error::input("body", format!("must be none for {method}")));
    }
    check_path(path)?;
    let request = Request::new(method, path.to_owned());
    match body {
        Some(body) => request.json(body),
        None if is_without_body => Ok(request),
        None => Ok(request.empty_body()),
    }
}

fn check_path(path: &str) -> Result<(), Error> {
    let wrong = |rule: &str| Err(Error::invalid("path", rule, path));
    if !path.starts_with('/') || path.starts_with("//") {
        return wrong("must begin with one slash");
    }
    if !is_percent_encoded(path) {
        return wrong("must be percent-encoded and have no fragment");
    }
    let (segments, _query) = path.split_once('?').unwrap_or((path, ""));
    let is_dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    };
    if segments.split('/').any(is_dots) {
        return wrong("must not have . and .. segments");
    }
    Ok(())
}

/// Whether there is nothing but what RFC 3986 allows in a path and a query, and the brackets that many servers want in a query. What is
/// not allowed would get as far as ureq, and be reported as a connection that failed.
fn is_percent_encoded(path: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || br"/?-._~:@!$&'()*+,;=[]".contains(&b);
    let mut parts = path.split('%');
    let first = parts.next().unwrap_or_default();
    first.bytes().all(is_allowed)
        && parts.all(|part| {
            let (hex, rest) = part.as_bytes().split_at_checked(2).unwrap_or_default();
            hex.len() == 2
                && hex.iter().all(u8::is_ascii_hexdigit)
                && rest.iter().copied().all(is_allowed)
        })
}
