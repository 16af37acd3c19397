//! One exchange: sends a request and returns a reply or an error. Only transport
//! uses ureq's agent.

use std::io::{self, Read};
use std::mem;

use ureq::http::header::{CONTENT_LENGTH, LOCATION};
use ureq::http::{self, HeaderMap, HeaderValue, Method, StatusCode, Uri};
use ureq::{Agent, Proxy, SendBody};

mod body;
mod connection;
mod failure;
mod lookup;
mod record;
mod retry_after;

pub(crate) use body::compressed;
use failure::{MAX_RESPONSE_HEAD, Peers};
use record::Exchange;
pub(crate) use record::Limits;

use crate::config::clock::Clock;
use crate::config::tls::Tls;
use crate::error::problem::Problem;
use crate::error::{Delivery, Error, ErrorKind, RequestLine};
use crate::model::header::OUTPUT_BUFFER;

/// A complete request.
pub(crate) struct Message<'a> {
    pub(crate) line: &'a RequestLine,
    pub(crate) headers: HeaderMap,
    /// An empty body is sent with its length: gateways answer 411 without one.
    pub(crate) body: Option<&'a [u8]>,
    /// The reply contains a token, so errors do not show it, and its size is limited.
    pub(crate) for_token: bool,
}

/// A reply with a 2xx status and its whole body.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The settings of a client.
pub(crate) struct Options {
    pub(crate) base_url: String,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) tls: Tls,
    pub(crate) max_response_bytes: u64,
    pub(crate) user_agent: String,
    /// Measures the age of cached addresses.
    pub(crate) clock: Clock,
}

impl Response {
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Vec::new(),
        }
    }
}

/// The connections to one server.
pub(crate) struct Client {
    agent: Agent,
    base_url: String,
    peers: Peers,
    max_response_bytes: u64,
}

/// How much of an error's body is read: more would not be readable as a message.
const MAX_ERROR_BYTES: u64 = 256 * 1024;

/// How much memory Content-Length alone can reserve. Longer bodies get more as they arrive.
const MAX_SET_ASIDE: u64 = 1024 * 1024;

/// The first allocation for a body without Content-Length.
const FIRST_ROOM: usize = 8 * 1024;

/// Far larger than any token reply.
const MAX_TOKEN_REPLY: u64 = 64 * 1024;

/// The most idle connections kept, enough for one per thread of a busy program.
const MAX_IDLE_CONNECTIONS: usize = 64;

impl Client {
    pub(crate) fn new(options: Options) -> Self {
        let base_url = options.base_url;
        let https = base_url.starts_with("https:");
        let proxy = options.proxy.as_ref();
        let authority = base_url.split('/').nth(2);
        let peers = Peers {
            server: authority.unwrap_or_default().to_owned(),
            proxy: proxy.map(|proxy| format!("{}:{}", proxy.host(), proxy.port())),
            https,
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // On a redirect ureq only strips `Authorization`, and would send the keys to the new
            // host.
            .max_redirects(0)
            .https_only(https)
            .proxy(options.proxy)
            .user_agent(&options.user_agent)
            .max_response_header_size(MAX_RESPONSE_HEAD)
            // ureq detects too large a head only if the buffer can hold more than the limit.
            .input_buffer_size(2 * MAX_RESPONSE_HEAD)
            .output_buffer_size(OUTPUT_BUFFER)
            .max_idle_connections(MAX_IDLE_CONNECTIONS)
            .max_idle_connections_per_host(MAX_IDLE_CONNECTIONS);
        Self {
            agent: connection::agent(options.tls.apply(config).build(), options.clock),
            base_url,
            peers,
            max_response_bytes: options.max_response_bytes,
        }
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Sends a request and reads the whole reply within `limits`, which include name resolution.
    /// `scrub` redacts the session's secrets from what an error shows.
    pub(crate) fn exchange(
        &self,
        mut message: Message<'_>,
        limits: Limits,
        scrub: &dyn Fn(&str) -> String,
    ) -> Result<Response, Error> {
        let wants_json = body::wants_json(&message.headers);
        let exchange = Exchange::begin(limits);
        match self.run(&mut message) {
            Ok(response) => self.read(&message, wants_json, response, limits, scrub),
            Err(error) => {
                let record = exchange.record();
                Err(failure::before_status(
                    message.line,
                    &error,
                    &record,
                    &self.peers,
                ))
            }
        }
    }

    fn run(&self, message: &mut Message<'_>) -> Result<http::Response<ureq::Body>, ureq::Error> {
        let url = format!("{}{}", self.base_url, message.line.path);
        let uri = Uri::try_from(url).map_err(|error| ureq::Error::BadUri(error.to_string()))?;
        let mut request = http::Request::new(());
        *request.method_mut() = message.line.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = mem::take(&mut message.headers);
        let Some(mut body) = message.body else {
            return self.agent.run(request);
        };
        let length = HeaderValue::from(body.len());
        request.headers_mut().insert(CONTENT_LENGTH, length);
        self.agent
            .run(request.map(|()| SendBody::from_reader(&mut body)))
    }

    fn read(
        &self,
        message: &Message<'_>,
        wants_json: bool,
        response: http::Response<ureq::Body>,
        limits: Limits,
        scrub: &dyn Fn(&str) -> String,
    ) -> Result<Response, Error> {
        let (head, mut body) = response.into_parts();
        let status = head.status;
        let cap = match status.is_success() {
            true if message.for_token => MAX_TOKEN_REPLY,
            true => u64::MAX,
            false => MAX_ERROR_BYTES,
        };
        let max = self.max_response_bytes.min(cap);
        // `None` for a body that ureq decompresses, which another crate in the program may enable.
        // The cap applies to the decompressed bytes.
        let length = body.content_length();
        let set_aside = length.unwrap_or(0).min(max).min(MAX_SET_ASIDE);
        let mut bytes = Vec::with_capacity(usize::try_from(set_aside).unwrap_or(0));
        let outcome = read_within(body.as_reader(), max, length, &mut bytes);
        let too_large = bytes.len() as u64 > max;

        if !status.is_success() {
            // The status counts even if the body could not be read.
            let problem = if status.is_redirection() {
                redirect_problem(&head.headers, scrub)
            } else if message.for_token && mentions_a_token(&bytes) {
                Problem::from_detail("body not shown: it may contain a token".to_owned())
            } else if let Some(reason) = compressed(&head.headers, &bytes) {
                Problem::from_detail(reason)
            } else {
                Problem::read(&bytes, scrub)
            };
            let retry_after = retry_after::read(&head.headers);
            return Err(Error::answered(message.line, status, problem, retry_after));
        }
        let method = &message.line.method;
        let outcome = match outcome {
            Ok(()) if wants_json && body::is_cut(method, status, &head.headers, &bytes) => {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            outcome => outcome,
        };
        let says_it_all = *method == Method::DELETE || status == StatusCode::NO_CONTENT;
        let response = |body| Response {
            status,
            headers: head.headers,
            body,
        };
        if too_large {
            let reason = match max {
                MAX_TOKEN_REPLY if message.for_token => {
                    format!("the token reply is larger than {max} bytes")
                }
                max => format!("the reply is larger than max_response_bytes, {max}"),
            };
            return Err(unreadable(message.line, status, reason));
        }
        match outcome {
            Ok(()) => Ok(response(bytes)),
            // The status is enough: a reply that was cut off still came from the API.
            Err(_) if says_it_all => Ok(response(Vec::new())),
            Err(error) => Err(failure::in_body(message.line, status, error, limits)),
        }
    }
}

/// Reads to the end, or to one byte more than `max`.
///
/// Reserves memory step by step up to `max` or `length`: `Vec` would double its capacity beyond
/// them.
fn read_within(
    reader: impl Read,
    max: u64,
    length: Option<u64>,
    bytes: &mut Vec<u8>,
) -> io::Result<()> {
    let mut reader = reader.take(max.saturating_add(1));
    loop {
        let room = bytes.capacity() - bytes.len();
        if reader.by_ref().take(room as u64).read_to_end(bytes)? < room {
            return Ok(());
        }
        // The buffer is full, possibly with all there is.
        let mut next = Vec::new();
        if reader.by_ref().take(1).read_to_end(&mut next)? == 0 {
            return Ok(());
        }
        let left = reader.limit().saturating_add(1);
        let left = length.map_or(left, |length| {
            left.min(length.saturating_sub(bytes.len() as u64))
        });
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        bytes.reserve_exact(bytes.len().max(FIRST_ROOM).min(left));
        bytes.append(&mut next);
    }
}

/// The error of a 2xx reply whose body is not what was expected.
pub(crate) fn unreadable(
    line: &RequestLine,
    status: StatusCode,
    reason: impl Into<String>,
) -> Error {
    let (kind, delivery) = (ErrorKind::Decode, Delivery::Answered);
    Error::failed(line, Some(status), kind, delivery, reason)
}

fn redirect_problem(headers: &HeaderMap, scrub: &dyn Fn(&str) -> String) -> Problem {
    let target = headers
        .get(LOCATION)
        .map(|location| String::from_utf8_lossy(location.as_bytes()));
    Problem::from_detail(match target {
        Some(target) => format!("redirect to {:.200} not followed", scrub(&target)),
        None => "redirect not followed".to_owned(),
    })
}

fn mentions_a_token(body: &[u8]) -> bool {
    String::from_utf8_lossy(body)
        .to_ascii_lowercase()
        .contains("access_token")
}
