//! The request builder that every call goes through, and the reply.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed};
use ureq::http::header::{ACCEPT, CONTENT_TYPE};
use ureq::http::{HeaderMap, HeaderName, Method};

use crate::config::deadline::Deadline;
use crate::error::problem::FieldProblem;
use crate::error::{Error, ErrorKind, RequestLine};
use crate::model::header::{MAX_PATH_BYTES, header_value};
use crate::model::identifier::IdempotencyKey;
use crate::model::json_path;
use crate::model::lenient::{List, OrDefault, without_bom};
use crate::session::Session;
use crate::transport::{self, Response, compressed};

impl Session {
    /// Starts a request to any endpoint, including those without a function in this crate.
    ///
    /// Token, headers, retries, timeouts and errors are the same as for any other call. `method` is
    /// GET, POST, PUT, PATCH or DELETE; `path` starts with a slash, is percent-encoded, and may
    /// have a query. If the request is invalid, [`send`](RequestBuilder::send) returns the error
    /// and sends nothing.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// let unit: serde_json::Value = session
    ///     .request("GET", "/management/v1/sales-units")
    ///     .segment("msn", "123456")
    ///     .send()?
    ///     .json()?;
    /// assert_eq!(unit["msn"], "123456");
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder<'_> {
        let mut problems = Vec::new();
        let method = match method {
            "GET" => Method::GET,
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "PATCH" => Method::PATCH,
            "DELETE" => Method::DELETE,
            other => {
                let rule = "must be GET, POST, PUT, PATCH or DELETE";
                problems.push(FieldProblem::invalid("method", rule, other));
                Method::GET
            }
        };
        problems.extend(path_problem(path));
        let route = path.split('?').next().unwrap_or_default().to_owned();
        RequestBuilder {
            session: self,
            line: RequestLine {
                method,
                path: path.to_owned(),
                route,
            },
            headers: HeaderMap::new(),
            body: None,
            with_keys: false,
            needs_msn: false,
            conflict: Conflict::Plain,
            deadline: None,
            problems,
        }
    }
}

/// A request under construction, made by [`Session::request`] and sent by [`send`](Self::send).
///
/// A request may be retried after an unknown outcome if it is a GET, PUT or DELETE, or has an
/// [idempotency key](Self::idempotency_key). A POST or PATCH without a body is sent with an empty
/// one.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # sandbox.serve("POST /epayment/v1/payments", |_| {
/// #     vipps::sandbox::Answer::json(201, &json!({"reference": "order-1"}))
/// # });
/// # let session = sandbox.session();
/// use serde_json::{Value, json};
/// use vipps::IdempotencyKey;
///
/// let payment = json!({
///     "reference": "order-1",
///     "amount": {"currency": "NOK", "value": 49_900},
/// });
/// let created: Value = session
///     .request("POST", "/epayment/v1/payments")
///     .header("X-Request-Source", "till-7")
///     .idempotency_key(&IdempotencyKey::random())
///     .json(&payment)
///     .send()?
///     .json()?;
/// assert_eq!(created["reference"], "order-1");
/// # Ok::<(), vipps::Error>(())
/// ```
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder<'a> {
    pub(crate) session: &'a Session,
    pub(crate) line: RequestLine,
    /// Headers in addition to, or instead of, the session's.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Cow<'a, [u8]>>,
    /// A token request: sent with the keys instead of a token. It may be retried, since any number
    /// of tokens can be valid at once.
    pub(crate) with_keys: bool,
    needs_msn: bool,
    conflict: Conflict,
    /// The deadline of the call that this request is part of; `None` for a call of its own.
    pub(crate) deadline: Option<Deadline>,
    problems: Vec<FieldProblem>,
}

/// What a 409 means at an endpoint.
#[derive(Clone, Copy, PartialEq)]
enum Conflict {
    /// A conflict of any kind.
    Plain,
    /// The resource already exists.
    Exists,
    /// The resource already exists, also for a 400 that mentions a duplicate. At other endpoints
    /// the word may refer to anything.
    ExistsOrDuplicate,
}

impl<'a> RequestBuilder<'a> {
    /// Appends `/` and a percent-encoded value to the path.
    ///
    /// `name` stands for the value in errors and in [`Attempt::route`](crate::Attempt::route). An
    /// empty value, `.` and `..` are refused, since they would change the path.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # sandbox.serve("GET /report/v2/ledgers/*/funds/dates/*", |_| {
    /// #     vipps::sandbox::Answer::new(200, "application/json", "{}")
    /// # });
    /// # let session = sandbox.session();
    /// let funds = session
    ///     .request("GET", "/report/v2/ledgers")
    ///     .segment("ledgerId", "302321")
    ///     .path("/funds/dates")
    ///     .segment("ledgerDate", "2026-11-26")
    ///     .send()?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn segment(mut self, name: &str, value: impl AsRef<str>) -> Self {
        let value = value.as_ref();
        if matches!(value, "" | "." | "..") {
            return self.problem(name, format!("{value:?} cannot be a path segment"));
        }
        self.line.route.push_str(&format!("/{{{name}}}"));
        self.line.path.push('/');
        push_encoded(&mut self.line.path, value);
        self.before_query()
    }

    /// Appends a fixed part to the path, such as `/details`, after a [`segment`](Self::segment).
    pub fn path(mut self, part: &str) -> Self {
        self.problems.extend(path_problem(part));
        self.line.route.push_str(part);
        self.line.path.push_str(part);
        self.before_query()
    }

    /// Appends a percent-encoded parameter to the query. `None` adds nothing.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// # let cursor: Option<&str> = None;
    /// let orders = session
    ///     .request("GET", "/management/v2/product-orders")
    ///     .query("includeExpired", "true")
    ///     .query("cursor", cursor)
    ///     .send()?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn query<'v>(mut self, name: &str, value: impl Into<Option<&'v str>>) -> Self {
        if let Some(value) = value.into() {
            let separator = if self.line.path.contains('?') {
                '&'
            } else {
                '?'
            };
            self.line.path.push(separator);
            push_encoded(&mut self.line.path, name);
            self.line.path.push('=');
            push_encoded(&mut self.line.path, value);
        }
        self
    }

    /// Sets a header, overriding the session's header of that name.
    ///
    /// `Authorization`, `Ocp-Apim-Subscription-Key`, `Host`, `Connection`, `Content-Length` and
    /// `Transfer-Encoding` are always set by the session and are refused.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        const RESERVED: [&str; 6] = [
            "authorization",
            "connection",
            "content-length",
            "host",
            "ocp-apim-subscription-key",
            "transfer-encoding",
        ];
        let Ok(header) = HeaderName::try_from(name) else {
            return self.problem("header", format!("{name:?} is not a valid header name"));
        };
        if RESERVED.contains(&header.as_str()) {
            return self.problem(name, "must not be set: the session sets it".to_owned());
        }
        match header_value(value) {
            Ok(value) => {
                self.headers.insert(header, value);
                self
            }
            Err(reason) => self.problem(name, reason),
        }
    }

    /// Sets the `Accept` header to a media type such as `text/csv`. The default is
    /// `application/json`.
    pub fn accept(self, media_type: &str) -> Self {
        self.header(ACCEPT.as_str(), media_type)
    }

    /// Sets the `Idempotency-Key` header, which makes it safe to retry a POST or PATCH.
    #[doc(alias = "Idempotency-Key")]
    pub fn idempotency_key(self, key: &IdempotencyKey) -> Self {
        self.header("Idempotency-Key", key.as_str())
    }

    /// Sets the body to a value serialized as JSON, with `Content-Type: application/json`.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.body("application/json", bytes),
            Err(error) => self.problem("body", format!("cannot be serialized as JSON: {error}")),
        }
    }

    /// Sets the body to bytes that are sent unchanged, with their `Content-Type`.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// let category = br#"{
    ///     "category": "RECEIPT",
    ///     "orderDetailsUrl": "https://example.com/orders/1"
    /// }"#;
    /// session
    ///     .request("PUT", "/order-management/v2/ecom/categories")
    ///     .segment("orderId", "order-1")
    ///     .body("application/json", category)
    ///     .send()?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    #[doc(alias = "Content-Type")]
    pub fn body(mut self, content_type: &str, bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        self.body = Some(bytes.into());
        self.header(CONTENT_TYPE.as_str(), content_type)
    }

    pub(crate) fn with_keys(mut self) -> Self {
        self.with_keys = true;
        self
    }

    /// Refuses the call if the session has no MSN.
    pub(crate) fn needs_msn(mut self) -> Self {
        self.needs_msn = true;
        self
    }

    /// A 409 means that the resource already exists.
    pub(crate) fn conflict_means_exists(mut self) -> Self {
        self.conflict = Conflict::Exists;
        self
    }

    /// A 409, or a 400 that mentions a duplicate, means that the resource already exists.
    pub(crate) fn duplicate_means_exists(mut self) -> Self {
        self.conflict = Conflict::ExistsOrDuplicate;
        self
    }

    /// Makes the request part of a call with this deadline.
    pub(crate) fn deadline(mut self, deadline: &Deadline) -> Self {
        self.deadline = Some(deadline.clone());
        self
    }

    fn before_query(self) -> Self {
        match self.line.path.contains('?') {
            true => self.problem("path", "segments must be added before the query".to_owned()),
            false => self,
        }
    }

    fn problem(mut self, field: &str, reason: String) -> Self {
        self.problems.push(FieldProblem::new(field, reason));
        self
    }

    /// Completes the request and checks that it can be sent.
    pub(crate) fn checked(mut self) -> Result<Self, Error> {
        let is_without_body = [Method::GET, Method::DELETE].contains(&self.line.method);
        if is_without_body && self.body.is_some() {
            let reason = format!("must not be set for a {}", self.line.method);
            self.problems.push(FieldProblem::new("body", reason));
        }
        let length = self.line.path.len();
        if length > MAX_PATH_BYTES {
            let reason = format!("must be at most {MAX_PATH_BYTES} bytes, not {length}");
            self.problems.push(FieldProblem::new("path", reason));
        }
        const MSN: HeaderName = HeaderName::from_static("merchant-serial-number");
        if let Some(msn) = self.session.merchant_serial_number() {
            match header_value(msn.as_str()) {
                Ok(value) => {
                    self.headers.entry(MSN).or_insert(value);
                }
                Err(reason) => self.problems.push(FieldProblem::new("msn", reason)),
            }
        }
        Error::from_problems(std::mem::take(&mut self.problems))?;
        if self.needs_msn && !self.headers.contains_key(MSN) {
            return Err(Error::config(
                "merchant_serial_number",
                "must be set for the Order Management API, on the builder or with for_sales_unit()",
            ));
        }
        if !is_without_body {
            // Without one ureq sends a chunked body, which gateways refuse with 411.
            self.body.get_or_insert_default();
        }
        Ok(self)
    }

    /// Whether the request may be sent again although an earlier attempt may have taken effect.
    pub(crate) fn is_idempotent(&self) -> bool {
        let by_method = [Method::GET, Method::PUT, Method::DELETE].contains(&self.line.method);
        by_method || self.with_keys || self.headers.contains_key("idempotency-key")
    }

    /// Sets the kind of an error to what its status means at this endpoint.
    pub(crate) fn name_conflict(&self, error: Error) -> Error {
        let means_exists = match error.status() {
            Some(409) => self.conflict != Conflict::Plain,
            Some(400) => {
                let problem = error.problem();
                self.conflict == Conflict::ExistsOrDuplicate
                    && problem.is_some_and(|problem| problem.mentions("duplicate"))
            }
            _ => false,
        };
        if means_exists {
            error.with_kind(ErrorKind::AlreadyExists)
        } else {
            error
        }
    }
}

/// The reply to a request, with a 2xx status. Other statuses are errors.
///
/// Its errors name the request that it belongs to.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// let reply = session.request("GET", "/management/v1/sales-units").send()?;
/// println!("{} {:?}", reply.status(), reply.header("Content-Type"));
/// let units: Vec<serde_json::Value> = reply.json()?;
/// # assert_eq!(units.len(), 3);
/// # Ok::<(), vipps::Error>(())
/// ```
pub struct Reply {
    line: RequestLine,
    response: Response,
}

impl Reply {
    pub(crate) fn new(line: RequestLine, response: Response) -> Self {
        Self { line, response }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.response.status.as_u16()
    }

    /// The value of a header, by its case-insensitive name. `None` if it is absent or not visible
    /// ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers.get(name)?.to_str().ok()
    }

    /// The decompressed body.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # sandbox.serve("GET /report/v2/statements/*", |_| {
    /// #     vipps::sandbox::Answer::new(200, "application/pdf", "%PDF-1.7")
    /// # });
    /// # let session = sandbox.session();
    /// # let path = std::env::temp_dir().join(format!("{}.pdf", std::process::id()));
    /// let statement = session
    ///     .request("GET", "/report/v2/statements")
    ///     .segment("statementId", "2026-11")
    ///     .accept("application/pdf")
    ///     .send()?;
    /// std::fs::write(&path, statement.bytes())?;
    /// # assert_eq!(std::fs::read(&path)?, b"%PDF-1.7");
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bytes(&self) -> &[u8] {
        &self.response.body
    }

    /// Whether the body is empty or only white space.
    ///
    /// For example, for an endpoint that replies 204 if there is nothing to return:
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # sandbox.serve("GET /report/v2/latest", |_| vipps::sandbox::Answer::empty(204));
    /// # let session = sandbox.session();
    /// use serde_json::Value;
    ///
    /// let reply = session.request("GET", "/report/v2/latest").send()?;
    /// let latest: Option<Value> = match reply.is_empty() {
    ///     true => None,
    ///     false => Some(reply.json()?),
    /// };
    /// assert_eq!(latest, None);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.content().trim_ascii().is_empty()
    }

    /// Reads the body as text, without a byte order mark.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # sandbox.serve("GET /report/v2/ledgers", |_| {
    /// #     vipps::sandbox::Answer::new(200, "text/csv", "ledgerId\n302321\n")
    /// # });
    /// # let session = sandbox.session();
    /// let csv = session
    ///     .request("GET", "/report/v2/ledgers")
    ///     .accept("text/csv")
    ///     .send()?
    ///     .text()?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] if it is not UTF-8.
    pub fn text(mut self) -> Result<String, Error> {
        let bytes = std::mem::take(&mut self.response.body);
        let start = bytes.len() - without_bom(&bytes).len();
        match String::from_utf8(bytes) {
            Ok(mut text) => {
                text.drain(..start);
                Ok(text)
            }
            Err(error) => {
                self.response.body = error.into_bytes();
                Err(self.unreadable("the reply is not valid UTF-8"))
            }
        }
    }

    /// Deserializes the body from JSON.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// #[derive(serde::Deserialize)]
    /// struct Unit {
    ///     msn: String,
    /// }
    ///
    /// let reply = session.request("GET", "/management/v1/sales-units").send()?;
    /// for unit in reply.json::<Vec<Unit>>()? {
    ///     println!("{}", unit.msn);
    /// }
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] if it is not JSON or does not match the type. The message names the
    /// place, such as `[1].name`, but never shows a value.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.read(|| PhantomData::<T>)
    }

    /// Like [`json`](Self::json), but reads an empty body and `null` as the default value.
    pub(crate) fn json_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, Error> {
        self.read_or_default(|| PhantomData::<T>)
    }

    /// Reads the body as a list, bare or as a member of an object. An empty body and `null` are the
    /// empty list.
    pub(crate) fn list<T: DeserializeOwned>(
        &self,
        what: &'static str,
        member: impl Into<Option<&'static str>>,
    ) -> Result<Vec<T>, Error> {
        let (length, member) = (self.response.body.len(), member.into());
        self.read_or_default(|| List::of_text(length, what, member))
    }

    fn read_or_default<'a, S>(&'a self, seed: impl Fn() -> S) -> Result<S::Value, Error>
    where
        S: DeserializeSeed<'a, Value: Default>,
    {
        match self.is_empty() {
            true => Ok(S::Value::default()),
            false => self.read(|| OrDefault(seed())),
        }
    }

    fn read<'a, S: DeserializeSeed<'a>>(&'a self, seed: impl Fn() -> S) -> Result<S::Value, Error> {
        json_path::read(self.content(), seed).map_err(|reason| match self.is_empty() {
            true => self.unreadable("the reply has no body"),
            false => self.unreadable(format!("the reply cannot be read: {reason}")),
        })
    }

    /// Reads the body as one string: the value of a JSON string, nothing for `null`, otherwise the
    /// text itself, unless it is an HTML page or a malformed JSON string.
    pub(crate) fn string(self) -> Result<String, Error> {
        let error = match self.json_or_default() {
            Ok(text) => return Ok(text),
            Err(error) => error,
        };
        let is_plain = compressed(&self.response.headers, &self.response.body).is_none();
        if self.content().trim_ascii_start().starts_with(b"\"") || !is_plain {
            return Err(error);
        }
        self.not_a_page()?;
        Ok(String::from_utf8_lossy(self.content()).trim().to_owned())
    }

    /// Ignores the body of a call that returns nothing, unless it is an HTML page.
    pub(crate) fn done(self) -> Result<(), Error> {
        self.not_a_page()
    }

    /// A server that answers a request for JSON with HTML is not the API, and has done nothing.
    fn not_a_page(&self) -> Result<(), Error> {
        match self.content().trim_ascii_start().starts_with(b"<") {
            true => Err(self.unreadable("the reply is an HTML page, not the API's")),
            false => Ok(()),
        }
    }

    /// The body without a byte order mark.
    pub(crate) fn content(&self) -> &[u8] {
        without_bom(&self.response.body)
    }

    /// The error of a body that is not what was expected.
    pub(crate) fn unreadable(&self, reason: impl Into<String>) -> Error {
        let compressed = compressed(&self.response.headers, &self.response.body);
        let reason = compressed.unwrap_or_else(|| reason.into());
        transport::unreadable(&self.line, self.response.status, reason)
    }
}

/// Omits headers and body, which may contain personal data.
impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("request", &format_args!("{}", self.line))
            .field("status", &self.status())
            .field("bytes", &self.response.body.len())
            .finish_non_exhaustive()
    }
}

/// Omits headers and body, which may contain personal data.
impl std::fmt::Debug for RequestBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestBuilder")
            .field("request", &format_args!("{}", self.line))
            .finish_non_exhaustive()
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

/// What is wrong with a path or a part of one, if anything.
fn path_problem(path: &str) -> Option<FieldProblem> {
    const DOTS: [&str; 6] = [".", "%2e", "..", ".%2e", "%2e.", "%2e%2e"];
    let is_dots = |segment: &str| DOTS.iter().any(|dots| segment.eq_ignore_ascii_case(dots));
    let (segments, _query) = path.split_once('?').unwrap_or((path, ""));
    let rule = if !path.starts_with('/') || path.starts_with("//") {
        "must begin with a single slash"
    } else if !is_percent_encoded(path) {
        "must be percent-encoded and have no fragment"
    } else if segments.split('/').any(is_dots) {
        "must not contain . or .. segments"
    } else {
        return None;
    };
    Some(FieldProblem::invalid("path", rule, path))
}

/// Whether `path` contains only what RFC 3986 allows in a path and query, or the square brackets
/// that many servers expect in a query.
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
