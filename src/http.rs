//! One exchange: a request out, a reply or an error back. The only file that names ureq's agent.

use std::borrow::Cow;
use std::io::{self, Read};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER};
use ureq::http::{self, HeaderMap, StatusCode, Uri};
use ureq::{Agent, AsSendBody, Proxy, RequestExt, SendBody};

pub(crate) use ureq::http::{HeaderName, HeaderValue, Method};

use crate::error::{ApiError, At, CallError, Delivery, Error, ErrorKind};
use crate::http_date;
use crate::ids::IdempotencyKey;
use crate::problem::Problem;
use crate::tls::Tls;

/// A request, complete but for the headers that the session adds. It is the same for every attempt.
pub(crate) struct Request<'a> {
    method: Method,
    path: Cow<'static, str>,
    payload: Option<Payload<'a>>,
    idempotency_key: Option<HeaderValue>,
    /// A token request: it sends the keys instead of a token, and may be repeated, as any number of tokens may be valid.
    pub(crate) for_token: bool,
}

struct Payload<'a> {
    content_type: Option<&'static str>,
    bytes: Cow<'a, [u8]>,
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

/// A successful answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    body: Vec<u8>,
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
        let text = String::from_utf8_lossy(&self.body).trim().to_owned();
        if text.starts_with('<') {
            return Err(self.unreadable(request, "the reply is a page and not the service's"));
        }
        Ok(text)
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

/// What the connection is made with.
pub(crate) struct Options {
    pub(crate) base_url: String,
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) tls: Tls,
    pub(crate) max_response_bytes: u64,
    pub(crate) user_agent: String,
}

/// The connections to one server.
pub(crate) struct Client {
    agent: Agent,
    base_url: String,
    timeout: Duration,
    connect_timeout: Duration,
    max_response_bytes: u64,
}

/// What the service's own replies need, many times over.
const MAX_RESPONSE_HEAD: usize = 32 * 1024;

/// How much of an error's body is read. What is more than this is no message for a person.
const MAX_ERROR_BYTES: u64 = 256 * 1024;

/// How much memory is set aside for a body on the word of its Content-Length. Longer ones get more as they come.
const MAX_SET_ASIDE: u64 = 1024 * 1024;

/// What a body without a Content-Length gets to begin with.
const FIRST_ROOM: usize = 8 * 1024;

/// Larger than the longest line of a request's head, for which it must have room: the one with the token, as a rule.
const OUTPUT_BUFFER: usize = 32 * 1024;

/// The longest value of a header.
const MAX_LINE: usize = OUTPUT_BUFFER / 4 * 3;

/// Longer tokens than this are refused.
pub(crate) const MAX_TOKEN_BYTES: usize = OUTPUT_BUFFER / 2;

/// Longer paths are refused, and longer base URLs: what servers commonly take, and what fits the output buffer together.
pub(crate) const MAX_PATH_BYTES: usize = OUTPUT_BUFFER / 4;

/// Idle connections that are kept: one for each of many threads.
const MAX_IDLE_CONNECTIONS: usize = 64;

impl Client {
    pub(crate) fn new(options: Options) -> Self {
        let connect = connect_limit(options.connect_timeout, options.timeout);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // On a redirect ureq strips `Authorization` only: the other keys would go to the other host.
            .max_redirects(0)
            .https_only(options.base_url.starts_with("https:"))
            .proxy(options.proxy)
            .user_agent(&options.user_agent)
            .timeout_global(Some(options.timeout))
            .timeout_resolve(Some(connect))
            .timeout_connect(Some(connect))
            .max_response_header_size(MAX_RESPONSE_HEAD)
            // ureq can only see that a head is too large if more than the largest one fits.
            .input_buffer_size(2 * MAX_RESPONSE_HEAD)
            .output_buffer_size(OUTPUT_BUFFER)
            .max_idle_connections(MAX_IDLE_CONNECTIONS)
            .max_idle_connections_per_host(MAX_IDLE_CONNECTIONS);
        Self {
            agent: options.tls.apply(config).build().new_agent(),
            base_url: options.base_url,
            timeout: options.timeout,
            connect_timeout: options.connect_timeout,
            max_response_bytes: options.max_response_bytes,
        }
    }

    /// The error of a request for which there is no time at all.
    pub(crate) fn no_time(request: &Request<'_>) -> Error {
        let reason = "timed out before the request was sent";
        let (kind, delivery) = (ErrorKind::Timeout, Delivery::NotSent);
        Error::Transport(CallError::new(request.at(), None, kind, delivery, reason))
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Sends a request and reads its answer to the end. `scrub` takes the session's secrets out of what an error shows.
    ///
    /// `time_left` bounds all of it, name resolution included; `None` stands for the session's whole timeout.
    pub(crate) fn exchange(
        &self,
        request: &Request<'_>,
        headers: HeaderMap,
        time_left: Option<Duration>,
        scrub: &dyn Fn(&str) -> String,
    ) -> Result<Reply, Error> {
        let mut upload = Upload::default();
        if let Some(payload) = &request.payload {
            upload.left = &payload.bytes;
        }
        match self.run(request, headers, time_left, &mut upload) {
            Ok(response) => self.read(request, response, time_left, scrub),
            Err(error) => {
                let limit = time_left.unwrap_or(self.timeout);
                // ureq looks at the body only after the head went out; without its body, no server acts on a request.
                let body_never_read = !upload.was_read && !upload.left.is_empty();
                let https = self.base_url.starts_with("https:");
                Err(before_status(
                    request,
                    &error,
                    https,
                    limit,
                    body_never_read,
                ))
            }
        }
    }

    fn run(
        &self,
        request: &Request<'_>,
        mut headers: HeaderMap,
        time_left: Option<Duration>,
        upload: &mut Upload<'_>,
    ) -> Result<http::Response<ureq::Body>, ureq::Error> {
        let url = format!("{}{}", self.base_url, request.path);
        let uri = Uri::try_from(url).map_err(|error| ureq::Error::BadUri(error.to_string()))?;
        if let Some(key) = &request.idempotency_key {
            headers.insert(HeaderName::from_static("idempotency-key"), key.clone());
        }
        if let Some(payload) = &request.payload {
            if let Some(content_type) = payload.content_type {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            }
            headers.insert(CONTENT_LENGTH, HeaderValue::from(payload.bytes.len()));
        }
        let mut message = http::Request::new(());
        *message.method_mut() = request.method.clone();
        *message.uri_mut() = uri;
        *message.headers_mut() = headers;
        match &request.payload {
            Some(_) => self.start(message.map(|()| SendBody::from_reader(upload)), time_left),
            None => self.start(message, time_left),
        }
    }

    fn start<B: AsSendBody>(
        &self,
        message: http::Request<B>,
        time_left: Option<Duration>,
    ) -> Result<http::Response<ureq::Body>, ureq::Error> {
        match time_left {
            // Settings for one request keep ureq from setting up the TLS configuration that all connections share, and with it from
            // resuming TLS sessions: they are for repetitions only.
            Some(time_left) => {
                let connect = connect_limit(self.connect_timeout, time_left);
                let message = message.with_agent(&self.agent).configure();
                message
                    .timeout_global(Some(time_left))
                    .timeout_resolve(Some(connect))
                    .timeout_connect(Some(connect))
                    .run()
            }
            None => self.agent.run(message),
        }
    }

    fn read(
        &self,
        request: &Request<'_>,
        response: http::Response<ureq::Body>,
        time_left: Option<Duration>,
        scrub: &dyn Fn(&str) -> String,
    ) -> Result<Reply, Error> {
        let (head, mut body) = response.into_parts();
        let status = head.status;
        let max = if status.is_success() {
            self.max_response_bytes
        } else {
            self.max_response_bytes.min(MAX_ERROR_BYTES)
        };
        let expected = body.content_length().unwrap_or(0);
        let expected = expected.min(max).min(MAX_SET_ASIDE);
        let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
        // The cap counts what comes out of a decompressor, which any crate in the program can switch on in ureq.
        let outcome = read_within(body.as_reader(), max, &mut bytes);
        let too_large = bytes.len() as u64 > max;

        if !status.is_success() {
            // The status is known whatever became of the body.
            let problem = if status.is_redirection() {
                redirect_problem(&head.headers, scrub)
            } else if request.for_token && mentions_a_token(&bytes) {
                Problem::from_detail("a body that is not shown, as it may hold a token".to_owned())
            } else {
                Problem::read(&bytes, scrub)
            };
            let retry_after = retry_after(&head.headers);
            return Err(Error::Api(ApiError::new(
                request.at(),
                status,
                problem,
                retry_after,
            )));
        }
        if request.is_delete() && (too_large || outcome.is_err()) {
            // The status says it all.
            return Ok(Reply::empty());
        }
        let reply = Reply {
            status,
            body: bytes,
        };
        if too_large {
            let reason = format!(
                "the reply is larger than max_response_bytes, {}",
                self.max_response_bytes
            );
            return Err(reply.unreadable(request, reason));
        }
        match outcome {
            Ok(_) => Ok(reply),
            Err(error) => {
                let limit = time_left.unwrap_or(self.timeout);
                Err(in_body(request, &reply, error, limit))
            }
        }
    }
}

/// Reads to the end, or to one byte more than `max`. `bytes` gets room for no more than that: by itself it would double beyond it.
fn read_within(reader: impl Read, max: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut reader = reader.take(max.saturating_add(1));
    loop {
        let room = bytes.capacity() - bytes.len();
        if reader.by_ref().take(room as u64).read_to_end(bytes)? < room {
            return Ok(());
        }
        // It is full. That may have been all.
        let mut next = Vec::new();
        if reader.by_ref().take(1).read_to_end(&mut next)? == 0 {
            return Ok(());
        }
        let left = usize::try_from(reader.limit()).unwrap_or(usize::MAX);
        bytes.reserve_exact(bytes.len().max(FIRST_ROOM).min(left.saturating_add(1)));
        bytes.append(&mut next);
    }
}

/// A body that knows whether anybody began to read it.
#[derive(Default)]
struct Upload<'a> {
    left: &'a [u8],
    was_read: bool,
}

impl Read for Upload<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.was_read = true;
        self.left.read(buffer)
    }
}

/// A path of fixed parts and encoded segments.
pub(crate) struct Path(String);

impl Path {
    pub(crate) fn new(start: &'static str) -> Self {
        Self(start.to_owned())
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

/// Connecting ends a little before the total time does, so that an error can tell what was not sent from what may have been.
fn connect_limit(connect_timeout: Duration, total: Duration) -> Duration {
    connect_timeout.min(total / 10 * 9)
}

/// The error of an exchange that ended before a status line came.
fn before_status(
    request: &Request<'_>,
    error: &ureq::Error,
    https: bool,
    limit: Duration,
    body_never_read: bool,
) -> Error {
    use ureq::Timeout;

    let (kind, delivery, reason) = match error {
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
            (ErrorKind::Timeout, delivery, reason)
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
            (ErrorKind::Network, Delivery::Unknown, reason)
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
            (ErrorKind::Network, Delivery::Unknown, reason)
        }
        other => (ErrorKind::Network, Delivery::Unknown, other.to_string()),
    };
    let delivery = if body_never_read {
        Delivery::NotSent
    } else {
        delivery
    };
    Error::Transport(CallError::new(request.at(), None, kind, delivery, reason))
}

/// Unlike a refusal this may pass, as when a server is restarted.
const CLOSED_IN_HANDSHAKE: &str = "the connection was closed in the TLS handshake";

const NOT_TLS: &str = "the server does not speak TLS there";

/// Failures of DNS and of certificates come as plain I/O errors too.
fn io_failure(error: &io::Error, https: bool) -> (ErrorKind, Delivery, String) {
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
            let (kind, _, reason) = no_tls(NOT_TLS.to_owned());
            (kind, Delivery::Unknown, reason)
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
        _ if is_closed(error) => (
            ErrorKind::Network,
            Delivery::Unknown,
            "the connection was closed before an answer came".to_owned(),
        ),
        _ => (
            ErrorKind::Network,
            Delivery::Unknown,
            format!("the connection broke: {text}"),
        ),
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

fn not_connected(reason: impl Into<String>) -> (ErrorKind, Delivery, String) {
    (ErrorKind::Connect, Delivery::NotSent, reason.into())
}

fn no_tls(reason: String) -> (ErrorKind, Delivery, String) {
    let reason = format!("no safe connection: {reason}");
    (ErrorKind::Tls, Delivery::NotSent, reason)
}

/// The error of a successful answer whose body did not come to its end.
fn in_body(request: &Request<'_>, reply: &Reply, error: io::Error, limit: Duration) -> Error {
    let (kind, reason) = match ureq::Error::from(error) {
        ureq::Error::Timeout(_) => (
            ErrorKind::Timeout,
            format!("timed out after {limit:.1?} while reading the reply"),
        ),
        #[cfg(feature = "gzip")]
        error @ ureq::Error::Decompress(..) => {
            return reply.unreadable(request, format!("the reply cannot be read: {error}"));
        }
        ureq::Error::Io(error) if is_closed(&error) => (
            ErrorKind::Network,
            "the connection was closed in the middle of the reply".to_owned(),
        ),
        error => (
            ErrorKind::Network,
            format!("the reply cannot be received: {error}"),
        ),
    };
    let delivery = Delivery::Answered;
    Error::Transport(CallError::new(
        request.at(),
        Some(reply.status),
        kind,
        delivery,
        reason,
    ))
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

fn redirect_problem(headers: &HeaderMap, scrub: &dyn Fn(&str) -> String) -> Problem {
    let target = headers
        .get(LOCATION)
        .map(|location| String::from_utf8_lossy(location.as_bytes()));
    Problem::from_detail(match target {
        Some(target) => format!(
            "a redirect to {:.200}, which is not followed",
            scrub(&target)
        ),
        None => "a redirect, which is not followed".to_owned(),
    })
}

fn mentions_a_token(body: &[u8]) -> bool {
    String::from_utf8_lossy(body)
        .to_ascii_lowercase()
        .contains("access_token")
}

/// `Retry-After` in seconds, or as a date that is measured against the reply's own `Date`, whose clock made it.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if value.bytes().all(|b| b.is_ascii_digit()) && !value.is_empty() {
        // A number too large to read is as good as for ever.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let at = http_date::parse(value)?;
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    let now = date.and_then(http_date::parse).or_else(|| {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Some(since_epoch.ok()?.as_secs())
    })?;
    Some(Duration::from_secs(at.saturating_sub(now)))
}
