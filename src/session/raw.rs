//! What `Session::raw` accepts.

use serde_json::Value;

use crate::error::Error;
use crate::http::{Method, Request};

pub(super) fn request(method: &str, path: &str, body: Option<&Value>) -> Result<Request, Error> {
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
    if body.is_some() && [Method::GET, Method::DELETE].contains(&method) {
        return Err(Error::input("body", format!("must be none for {method}")));
    }
    check_path(path)?;
    let request = Request::new(method, path.to_owned());
    match body {
        Some(body) => request.json(body),
        None => Ok(request),
    }
}

fn check_path(path: &str) -> Result<(), Error> {
    let wrong = |rule| Err(Error::invalid("path", rule, path));
    if !path.starts_with('/') || path.starts_with("//") {
        return wrong("must begin with one slash");
    }
    if !path.bytes().all(|b| b.is_ascii_graphic()) || path.contains('#') {
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
