//! Maps ureq's errors to kinds and messages. The delivery comes from the record alone.

use std::io;
use std::time::Duration;

use ureq::Timeout;
use ureq::http::StatusCode;

use super::connection::is_closed;
use super::record::{Limits, Phase, Record};
use crate::error::{Delivery, Error, ErrorKind, RequestLine};

/// The largest head of a reply, many times the size of the API's own.
pub(super) const MAX_RESPONSE_HEAD: usize = 32 * 1024;

/// The hosts named in connection errors, without passwords.
pub(super) struct Peers {
    /// The host of the base URL, with its port if given.
    pub(super) server: String,
    /// `host:port`.
    pub(super) proxy: Option<String>,
    pub(super) https: bool,
}

impl Peers {
    /// The host that this phase deals with.
    fn of(&self, phase: Phase) -> String {
        match (&self.proxy, phase) {
            (None, _) | (_, Phase::Handshake | Phase::Send | Phase::Wait) => self.server.clone(),
            (Some(proxy), _) => format!("the proxy {proxy}"),
        }
    }
}

/// The error of an exchange that ended before a status line.
pub(super) fn before_status(
    line: &RequestLine,
    error: &ureq::Error,
    record: &Record,
    peers: &Peers,
) -> Error {
    let peer = peers.of(record.phase);
    let refusal = record
        .proxy_status
        .filter(|_| record.phase == Phase::Proxy)
        .filter(|status| *status != StatusCode::OK);
    let (kind, reason) = match (record.phase, error) {
        (phase, ureq::Error::Timeout(timeout)) => (
            ErrorKind::Timeout,
            timed_out(phase, *timeout, record.limits, &peer),
        ),
        (Phase::Start, error) => (ErrorKind::Connect, unsendable(error)),
        (Phase::Lookup, error) => {
            let reason = format!("cannot resolve {peer}: {}", words(error));
            (ErrorKind::Connect, reason)
        }
        (Phase::Connect, error) => {
            let reason = format!("cannot connect to {peer}: {}", words(error));
            (ErrorKind::Connect, reason)
        }
        (Phase::Proxy, _) if refusal.is_some() => (ErrorKind::Proxy, format!("{peer} answered")),
        (Phase::Proxy, error) => {
            let reason = format!("cannot connect through {peer}: {}", of_proxy(error));
            (ErrorKind::Connect, reason)
        }
        // Unlike an untrusted certificate this may be temporary, as when a server restarts.
        (Phase::ProxyHandshake | Phase::Handshake, _) if record.is_closed => (
            ErrorKind::Connect,
            format!("{peer} closed the connection during the TLS handshake"),
        ),
        (Phase::ProxyHandshake | Phase::Handshake, error) => {
            let reason = format!("TLS handshake with {peer} failed: {}", of_handshake(error));
            (ErrorKind::Tls, reason)
        }
        (Phase::Send | Phase::Wait, error) => (ErrorKind::Network, broken(error, peers.https)),
    };
    Error::failed(line, refusal, kind, record.delivery(), reason)
        .with_partly_sent(record.phase == Phase::Send)
}

fn timed_out(phase: Phase, timeout: Timeout, limits: Limits, peer: &str) -> String {
    let doing = match phase {
        Phase::Start | Phase::Lookup => return format!("timed out while looking up {peer}"),
        Phase::Connect | Phase::ProxyHandshake | Phase::Proxy | Phase::Handshake => {
            return format!("timed out while connecting to {peer}");
        }
        Phase::Send => "while sending the request",
        Phase::Wait => "while waiting for a reply",
    };
    format!("timed out after {} {doing}", time(timeout, limits))
}

fn time(timeout: Timeout, limits: Limits) -> String {
    match timeout {
        Timeout::PerRead => format!("{:.1?} without any data", limits.stall),
        _ => {
            // Rounded up: a running clock has used up some microseconds already.
            let millis = limits.total.as_micros().div_ceil(1000);
            let total = Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX));
            format!("{total:.1?}")
        }
    }
}

fn unsendable(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(reason) => format!("the request cannot be sent: {reason}"),
        error => format!("the request cannot be sent: {error}"),
    }
}

/// The system's own message, without ureq's prefix `io: `.
fn words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

fn of_proxy(error: &ureq::Error) -> String {
    match error {
        ureq::Error::ConnectProxyFailed(_) => "it closed the connection".to_owned(),
        error => broken(error, true),
    }
}

fn of_handshake(error: &ureq::Error) -> String {
    let text = words(error);
    // The messages of rustls and OpenSSL for bytes that are not TLS.
    if text.ends_with("InvalidContentType") || text.contains("wrong version number") {
        return "the server does not speak TLS on this port".to_owned();
    }
    text
}

fn broken(error: &ureq::Error, https: bool) -> String {
    match error {
        ureq::Error::Io(error) if is_closed(error) => {
            "the connection was closed before a reply arrived".to_owned()
        }
        ureq::Error::Io(error) => format!("the connection failed: {error}"),
        ureq::Error::LargeResponseHeader(..) => {
            format!("the reply's headers are larger than {MAX_RESPONSE_HEAD} bytes")
        }
        ureq::Error::Protocol(error) => {
            let error = error.to_string();
            // A TLS server answers plain HTTP with a TLS alert.
            let hint = if !https && error.ends_with("invalid HTTP version") {
                "; is this an https server?"
            } else {
                ""
            };
            format!("the reply is not HTTP: {error}{hint}")
        }
        other => other.to_string(),
    }
}

/// The error of a 2xx reply whose body could not be read to its end.
pub(super) fn in_body(
    line: &RequestLine,
    status: StatusCode,
    error: io::Error,
    limits: Limits,
) -> Error {
    let error = match ureq::Error::from(error) {
        // A compressed body that ends too early was cut off like any other.
        #[cfg(feature = "gzip")]
        ureq::Error::Decompress(_, error) if is_closed(&error) => ureq::Error::Io(error),
        error => error,
    };
    let (kind, reason) = match error {
        ureq::Error::Timeout(timeout) => (
            ErrorKind::Timeout,
            format!(
                "timed out after {} while reading the reply",
                time(timeout, limits)
            ),
        ),
        #[cfg(feature = "gzip")]
        error @ ureq::Error::Decompress(..) => (
            ErrorKind::Decode,
            format!("the reply cannot be read: {error}"),
        ),
        ureq::Error::Io(error) if is_closed(&error) => (
            ErrorKind::Network,
            "the connection was closed in the middle of the reply".to_owned(),
        ),
        error => (
            ErrorKind::Network,
            format!("the reply could not be received: {error}"),
        ),
    };
    Error::failed(line, Some(status), kind, Delivery::Answered, reason)
}
