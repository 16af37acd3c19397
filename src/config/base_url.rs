use std::net::{Ipv4Addr, Ipv6Addr};

use ureq::http::Uri;

use crate::Error;
use crate::model::header::MAX_PATH_BYTES;

/// Checks a base URL and returns it without a trailing slash. `setting` is where it came from.
///
/// Parsed here because the HTTP library ignores an invalid port such as 99999 and sends user
/// information.
pub(crate) fn checked(setting: &str, url: &str, allow_plain_http: bool) -> Result<String, Error> {
    let wrong = |reason: &str| Err(Error::config(setting, reason));

    // User information may be a password, so the message shows no part of the URL.
    if url.contains('@') {
        return wrong("must not contain user information; pass the keys as ApiKeys");
    }
    if let Some(c) = url.chars().find(|c| !c.is_ascii_graphic()) {
        return wrong(&format!("must be visible ASCII, but contains {c:?}"));
    }
    if url.len() > MAX_PATH_BYTES {
        return wrong(&format!("must be at most {MAX_PATH_BYTES} bytes"));
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return wrong("must begin with https://");
    };
    if rest.contains('?') {
        return wrong("must not have a query");
    }
    if rest.contains('#') {
        return wrong("must not have a fragment");
    }
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let (host, _port) = split_port(authority);
    if host.is_empty() {
        return wrong("must have a host");
    }
    if !has_good_port(authority) {
        return wrong("must have a port from 1 to 65535, or none");
    }
    match scheme.to_ascii_lowercase().as_str() {
        "https" => {}
        "http" if allow_plain_http || is_loopback(host) => {}
        "http" => {
            return wrong(
                "must be https, since http would send keys and tokens in the clear; \
                 http is allowed for loopback hosts, or for any host with allow_plain_http()",
            );
        }
        _ => return wrong("must begin with https://"),
    }
    let path = path.trim_end_matches('/');
    let first_of_an_api = ["management", "order-management", "accesstoken", "miami"];
    if let Some(part) = path.split('/').find(|part| first_of_an_api.contains(part)) {
        return wrong(&format!(
            "must not contain the path /{part}, which each call adds"
        ));
    }
    let url = format!("{}://{authority}{path}", scheme.to_ascii_lowercase());
    match url.parse::<Uri>() {
        Ok(_) => Ok(url),
        Err(error) => wrong(&format!("is not a valid URL: {error}")),
    }
}

/// Whether `host:port` has a valid port or none.
pub(crate) fn has_good_port(authority: &str) -> bool {
    let (_host, port) = split_port(authority);
    port.is_none_or(|port| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

/// Splits `host:port`, `[::1]:port` and `host`.
pub(crate) fn split_port(authority: &str) -> (&str, Option<&str>) {
    let after_brackets = authority.rfind(']').map_or(0, |at| at + 1);
    let colon = authority
        .get(after_brackets..)
        .and_then(|rest| rest.find(':'))
        .map(|at| at + after_brackets);
    match colon.and_then(|at| Some((authority.get(..at)?, authority.get(at + 1..)?))) {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    }
}

/// Whether a host is `localhost` or a loopback address. No name is looked up.
pub(crate) fn is_loopback(host: &str) -> bool {
    if let Some(v6) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return v6.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback());
    }
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}
