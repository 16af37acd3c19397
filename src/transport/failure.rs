//! What the errors of ureq say about a request: how far it got, and in words.

use std::io;
use std::time::Duration;

use ureq::http::StatusCode;

use crate::error::{Delivery, Error, ErrorKind, RequestLine};

/// The longest head of a reply: what the API's own need, many times over.
pub(super) const MAX_RESPONSE_HEAD: usize = 32 * 1024;

/// Why no answer came.
pub(super) struct Failure {
    kind: ErrorKind,
    delivery: Delivery,
    reason: String,
}

impl Failure {
    fn new(kind: ErrorKind, delivery: Delivery, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            kind,
            delivery,
            reason,
        }
    }

    pub(super) fn into_error(self, line: &RequestLine, nothing_sent: bool) -> Error {
        let delivery = if nothing_sent {
            Delivery::NotSent
        } else {
            self.delivery
        };
        Error::failed(line, None, self.kind, delivery, self.reason)
    }
}

/// The failure of an exchange that ended before a status line came.
pub(super) fn before_status(error: &ureq::Error, https: bool, limit: Duration) -> Failure {
    use ureq::Timeout;

    match error {
        ureq::Error::Timeout(phase) => {
            let (delivery, doing) = match phase {
                Timeout::Resolve => (Delivery::NotSent, "looking up the host's name"),
                Timeout::Connect => (Delivery::NotSent, "connecting"),
                _ => (Delivery::Unknown, "waiting for an answer"),
            };
            let reason = match phase {
                Timeout::Resolve | Timeout::Connect => format!("timed out while {doing}"),
                _ => format!("timed out after {limit:.1?} while {doing}"),
            };
            Failure::new(ErrorKind::Timeout, delivery, reason)
        }
        ureq::Error::Io(io) => io_failure(io, https),
        ureq::Error::HostNotFound => not_connected("the host's name was not found"),
        ureq::Error::ConnectionFailed => not_connected("no connection could be made"),
        ureq::Error::ConnectProxyFailed(reason) => {
            // The status comes as `407/407`.
            let reason = reason.split('/').next().unwrap_or_default();
            not_connected(format!("no connection through the proxy: {reason}"))
        }
        ureq::Error::BadUri(reason) => {
            not_connected(format!("the request cannot be sent: {reason}"))
        }
        ureq::Error::Http(_) | ureq::Error::RequireHttpsOnly(_) => {
            not_connected(format!("the request cannot be sent: {error}"))
        }
        ureq::Error::Tls(_) | ureq::Error::TlsRequired => no_tls(error.to_string()),
        #[cfg(feature = "rustls")]
        ureq::Error::Rustls(error) => no_tls(error.to_string()),
        #[cfg(feature = "native-tls")]
        ureq::Error::NativeTls(error) => {
            let text = error.to_string();
            // OpenSSL's ways to say so.
            if text.contains("unexpected EOF") {
                not_connected(CLOSED_IN_HANDSHAKE)
            } else if text.contains("wrong version number") {
                no_tls(NOT_TLS.to_owned())
            } else {
                no_tls(text)
            }
        }
        #[cfg(feature = "native-tls")]
        ureq::Error::Der(error) => no_tls(error.to_string()),
        ureq::Error::LargeResponseHeader(..) => {
            let reason = format!("the head of the reply is larger than {MAX_RESPONSE_HEAD} bytes");
            Failure::new(ErrorKind::Network, Delivery::Unknown, reason)
        }
        ureq::Error::Protocol(error) => {
            let error = error.to_string();
            // What a TLS server answers is an alert.
            let hint = if !https && error.ends_with("invalid HTTP version") {
                "; is it an https server?"
            } else {
                ""
            };
            let reason = format!("the reply is not HTTP: {error}{hint}");
            Failure::new(ErrorKind::Network, Delivery::Unknown, reason)
        }
        other => Failure::new(ErrorKind::Network, Delivery::Unknown, other.to_string()),
    }
}

/// Unlike a refusal this may pass, as when a server is restarted.
const CLOSED_IN_HANDSHAKE: &str = "the connection was closed in the TLS handshake";

const NOT_TLS: &str = "the server does not speak TLS there";

/// Failures of DNS and of certificates come as plain I/O errors too.
fn io_failure(error: &io::Error, https: bool) -> Failure {
    let text = error.to_string();
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::AddrNotAvailable => {
            not_connected(format!("no connection could be made: {text}"))
        }
        _ if text.starts_with("failed to lookup address") => {
            not_connected(format!("the host's name was not found: {text}"))
        }
        // A certificate or a version that will not do: both come before the request.
        io::ErrorKind::InvalidData
            if text.starts_with("invalid peer certificate")
                || text.starts_with("peer is incompatible") =>
        {
            no_tls(text)
        }
        // The bare kind, with no text of its own, comes from a handshake only. Later ends have their own words.
        io::ErrorKind::UnexpectedEof
            if https && text == io::Error::from(io::ErrorKind::UnexpectedEof).to_string() =>
        {
            not_connected(CLOSED_IN_HANDSHAKE)
        }
        // Nobody but the two ends can tell whether this came before or after the request, so that only an unread body proves the first.
        io::ErrorKind::InvalidData if text.ends_with("InvalidContentType") => {
            let failure = no_tls(NOT_TLS.to_owned());
            Failure {
                delivery: Delivery::Unknown,
                ..failure
            }
        }
        // Alerts that can only come while the connection is being made.
        io::ErrorKind::InvalidData
            if [
                "HandshakeFailure",
                "ProtocolVersion",
                "UnrecognizedName",
                "UnrecognisedName",
            ]
            .iter()
            .any(|alert| text.ends_with(alert)) =>
        {
            no_tls(text)
        }
        _ => {
            let reason = match is_closed(error) {
                true => "the connection was closed before an answer came".to_owned(),
                false => format!("the connection broke: {text}"),
            };
            Failure::new(ErrorKind::Network, Delivery::Unknown, reason)
        }
    }
}

/// Which of these it is depends on what the system had sent when the server closed the connection.
fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

fn not_connected(reason: impl Into<String>) -> Failure {
    Failure::new(ErrorKind::Connect, Delivery::NotSent, reason)
}

fn no_tls(reason: String) -> Failure {
    let reason = format!("no safe connection: {reason}");
    Failure::new(ErrorKind::Tls, Delivery::NotSent, reason)
}

/// The error of a successful answer whose body did not come to its end.
pub(super) fn in_body(
    line: &RequestLine,
    status: StatusCode,
    error: io::Error,
    limit: Duration,
) -> Error {
    let error = match ureq::Error::from(error) {
        // What ends too early was cut, whoever notices it.
        #[cfg(feature = "gzip")]
        ureq::Error::Decompress(_, error) if is_closed(&error) => ureq::Error::Io(error),
        error => error,
    };
    let (kind, reason) = match error {
        ureq::Error::Timeout(_) => (
            ErrorKind::Timeout,
            format!("timed out after {limit:.1?} while reading the reply"),
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
            format!("the reply cannot be received: {error}"),
        ),
    };
    Error::failed(line, Some(status), kind, Delivery::Answered, reason)
}
