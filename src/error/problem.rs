//! Parses error bodies in all formats known to come from the APIs and the gateways in front of
//! them.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ureq::http::StatusCode;

use crate::model::lenient::without_bom;

/// The body of an error reply, in whatever format the API or a gateway in front of it sent it: RFC
/// 9457 problem, OAuth error, list, plain text, HTML or empty.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// let unit = vipps::management::get_sales_unit(&session, &"999999".parse()?);
/// let error = unit.unwrap_err();
/// if let Some(problem) = error.problem() {
///     println!("{:?} {:?}", problem.title, problem.detail);
///     println!("trace id for support: {:?}", problem.trace_id);
/// }
/// # assert!(error.problem().is_some());
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Source: [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) and the schema `ProblemDetails` of
/// the [Management API](https://developer.vippsmobilepay.com/api/management/).
#[doc(alias = "ProblemDetails")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The `type` of an RFC 9457 problem, a URI.
    #[doc(alias = "type")]
    pub problem_type: Option<String>,
    /// The `title` of an RFC 9457 problem, or the message in other formats.
    pub title: Option<String>,
    /// The `detail` of an RFC 9457 problem, or the description in other formats.
    #[doc(alias = "error_description")]
    pub detail: Option<String>,
    /// The `instance` of an RFC 9457 problem.
    pub instance: Option<String>,
    /// The invalid fields, whatever the body calls them: `invalidParams`, `extraDetails`, `errors`.
    #[doc(alias = "invalidParams")]
    #[doc(alias = "extraDetails")]
    pub fields: Vec<FieldProblem>,
    /// The API's own error code, such as `invalid_client`.
    #[doc(alias = "errorCode")]
    pub code: Option<String>,
    /// The trace id: `traceId` or `trace_id`, or the trace id in an `instance` that is a W3C trace
    /// context.
    #[doc(alias = "traceId")]
    pub trace_id: Option<String>,
    /// Up to 4 KiB of the body, if its format is unknown.
    pub body: Option<String>,
    /// Something in front of the API answered, with an HTML page or in the gateway's own format.
    is_of_gateway: bool,
}

/// A problem with one field or setting, reported by the API or found by this crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FieldProblem {
    /// The field or setting; empty if the API did not name one.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

impl FieldProblem {
    pub(crate) fn new(name: impl Into<String>, reason: impl Into<String>) -> Self {
        let (name, reason) = (name.into(), reason.into());
        Self { name, reason }
    }

    /// A problem that shows the given value, or its start.
    pub(crate) fn invalid(name: impl Into<String>, rule: &str, value: &str) -> Self {
        const SHOWN: usize = 60;
        let (shown, more) = start_of(value, SHOWN);
        Self::new(name, format!("{rule}, not {shown:?}{more}"))
    }
}

/// The first characters of a text, and `...` if there are more.
pub(crate) fn start_of(text: &str, characters: usize) -> (&str, &'static str) {
    let end = text.char_indices().nth(characters).map(|(at, _)| at);
    match end.and_then(|end| text.get(..end)) {
        Some(start) => (start, "..."),
        None => (text, ""),
    }
}

/// How many bytes of each text are kept; secrets are redacted after the cut.
const KEPT_BODY: usize = 4096;

/// How many characters of an unknown body a message shows.
const SHOWN_BODY: usize = 200;

impl Problem {
    /// Parses a body. `scrub` redacts the session's secrets: a server may echo what it was sent.
    pub(crate) fn read(body: &[u8], scrub: &dyn Fn(&str) -> String) -> Self {
        let mut problem = Self::default();
        let body = without_bom(body);
        problem.is_of_gateway = body.trim_ascii_start().starts_with(b"<");
        let known = match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(object)) => problem.read_object(&object),
            Ok(Value::Array(items)) => problem.read_array(&items),
            Ok(Value::String(text)) => {
                problem.detail = filled(&text);
                true
            }
            _ => false,
        };
        if !known {
            problem.body = filled(&String::from_utf8_lossy(body));
        }
        problem.each_text(&|text| scrub(start_within(text, KEPT_BODY)));
        problem
    }

    /// Whether any text contains `word`, which is lower case, ignoring case.
    pub(crate) fn mentions(&self, word: &str) -> bool {
        let texts = [&self.title, &self.detail, &self.code, &self.body];
        let reasons = self.fields.iter().map(|field| &field.reason);
        let mut texts = texts.into_iter().flatten().chain(reasons);
        texts.any(|text| text.to_ascii_lowercase().contains(word))
    }

    /// Whether something in front of the API answered, so the API may or may not have seen the
    /// request.
    pub(crate) fn is_of_gateway(&self) -> bool {
        self.is_of_gateway
    }

    /// A problem described by this crate instead of a body.
    pub(crate) fn from_detail(detail: String) -> Self {
        Self {
            detail: Some(detail),
            ..Self::default()
        }
    }

    fn read_object(&mut self, object: &Map<String, Value>) -> bool {
        let text = |names: &[&str]| names.iter().find_map(|name| text_of(object.get(*name)?));

        // RFC 9457, with the API's extension members.
        set(&mut self.problem_type, text(&["type"]));
        set(&mut self.title, text(&["title"]));
        set(&mut self.detail, text(&["detail"]));
        set(&mut self.instance, text(&["instance"]));
        set(&mut self.trace_id, text(&["traceId", "trace_id"]));
        let trace = self.instance.as_deref().and_then(w3c_trace);
        set(&mut self.trace_id, trace.map(str::to_owned));
        for list in ["invalidParams", "extraDetails", "errors"] {
            self.read_fields(object.get(list));
        }
        let code = self.fields.iter().find(|field| names_a_code(&field.name));
        set(&mut self.code, code.map(|field| field.reason.clone()));

        // OAuth: {"error", "error_description"}. Some servers make `error` an object.
        match object.get("error") {
            Some(Value::Object(error)) => {
                self.read_object(error);
            }
            Some(error) => set(&mut self.code, text_of(error)),
            None => {}
        }
        set(&mut self.detail, text(&["error_description"]));

        // {"errorInfo": {...}}, {"responseInfo": {...}, "result": {...}}, capitalised or not.
        for wrapper in [
            "errorInfo",
            "ErrorInfo",
            "responseInfo",
            "ResponseInfo",
            "result",
            "Result",
        ] {
            match object.get(wrapper) {
                Some(Value::Object(inner)) => {
                    self.read_object(inner);
                }
                Some(inner) => set(&mut self.detail, text_of(inner)),
                None => {}
            }
        }

        // The gateway's {"statusCode", "message"} and the older APIs' {"errorCode",
        // "errorMessage"}.
        self.is_of_gateway |= object.contains_key("statusCode") && object.contains_key("message");
        let code = [
            "errorCode",
            "ErrorCode",
            "code",
            "responseCode",
            "ResponseCode",
        ];
        set(&mut self.code, text(&code));
        set(
            &mut self.title,
            text(&["errorMessage", "ErrorMessage", "responseMessage"]),
        );
        set(&mut self.title, text(&["ResponseMessage"]));
        set(&mut self.detail, text(&["message", "Message"]));

        self.says_something()
    }

    fn read_array(&mut self, items: &[Value]) -> bool {
        if items.iter().all(Value::is_string) {
            let texts = items.iter().filter_map(Value::as_str);
            self.detail = filled(&joined(texts, "; "));
        } else {
            for item in items {
                match item {
                    Value::Object(object) => {
                        // The first item with content becomes the title; all become field problems.
                        if !self.says_something() {
                            self.read_object(object);
                        }
                        self.fields.extend(field_problem(object));
                    }
                    Value::String(_) => self.read_reason("", item),
                    _ => {}
                }
            }
        }
        self.says_something()
    }

    /// `[{name, reason}]`, `[{key, value}]`, `["text"]`, or `{"field": ["text"]}`.
    fn read_fields(&mut self, list: Option<&Value>) {
        match list {
            Some(Value::Array(items)) => {
                for item in items {
                    match item {
                        Value::Object(object) => self.fields.extend(field_problem(object)),
                        item => self.read_reason("", item),
                    }
                }
            }
            Some(Value::Object(fields)) => {
                for (name, reasons) in fields {
                    match reasons {
                        Value::Array(reasons) => {
                            for reason in reasons {
                                self.read_reason(name, reason);
                            }
                        }
                        reason => self.read_reason(name, reason),
                    }
                }
            }
            Some(item) => self.read_reason("", item),
            None => {}
        }
    }

    fn read_reason(&mut self, name: &str, reason: &Value) {
        if let Some(reason) = text_of(reason) {
            self.fields.push(FieldProblem::new(name, reason));
        }
    }

    fn says_something(&self) -> bool {
        self.title.is_some()
            || self.detail.is_some()
            || self.code.is_some()
            || !self.fields.is_empty()
    }

    fn each_text(&mut self, change: &dyn Fn(&str) -> String) {
        let options = [
            &mut self.problem_type,
            &mut self.title,
            &mut self.detail,
            &mut self.instance,
            &mut self.code,
            &mut self.trace_id,
            &mut self.body,
        ];
        let fields = self
            .fields
            .iter_mut()
            .flat_map(|f| [&mut f.name, &mut f.reason]);
        for text in options.into_iter().flatten().chain(fields) {
            *text = change(text);
        }
    }
}

impl Problem {
    /// Writes `: title: detail (name: reason; name: reason) [trace abc]` on one line, or nothing.
    ///
    /// Parts that only repeat the status, as a number or in words, are left out.
    pub(super) fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        status: StatusCode,
        shown_fields: usize,
    ) -> fmt::Result {
        let code = self.code.as_ref().filter(|code| {
            // A code that is among the field problems is shown there.
            let mut shown = self.fields.iter().take(shown_fields);
            !shown.any(|field| field.reason == **code)
        });
        let mut shown: Vec<String> = Vec::new();
        for part in [code, self.title.as_ref(), self.detail.as_ref()] {
            let part = part.map(|part| one_line(part)).unwrap_or_default();
            let part = part.trim_end_matches('.');
            let in_words = status.canonical_reason().unwrap_or_default();
            let is_status = part.eq_ignore_ascii_case(in_words) || part == status.as_str();
            if !part.is_empty() && !is_status && !shown.iter().any(|other| other == part) {
                write!(f, ": {part}")?;
                shown.push(part.to_owned());
            }
        }
        if let Some(body) = &self.body {
            match html_title(body) {
                Some(title) => write!(f, ": an HTML page: {}", one_line(title))?,
                None => {
                    let (start, more) = start_of(body, SHOWN_BODY);
                    write!(f, ": {}{more}", one_line(start))?;
                }
            }
        }
        let mut fields = self
            .fields
            .iter()
            .map(shown_field)
            .filter(|t| !t.is_empty());
        let shown = joined(fields.by_ref().take(shown_fields), "; ");
        if !shown.is_empty() {
            write!(f, " ({shown}")?;
            match fields.count() {
                0 => f.write_str(")")?,
                more => write!(f, "; and {more} more)")?,
            }
        }
        match self.trace_id.as_deref().map(one_line) {
            Some(trace_id) if !trace_id.is_empty() => write!(f, " [trace {trace_id}]"),
            _ => Ok(()),
        }
    }
}

/// `name: reason`, or the one that is not empty.
fn shown_field(field: &FieldProblem) -> String {
    let (name, reason) = (one_line(&field.name), one_line(&field.reason));
    match (name.is_empty(), reason.is_empty()) {
        (true, _) => reason,
        (_, true) => name,
        _ => format!("{name}: {reason}"),
    }
}

/// Replaces what could forge or disguise log lines with spaces: line breaks, control characters and
/// bidirectional formatting characters.
fn one_line(text: &str) -> String {
    let breaks = |c: char| {
        let is_bidi_control = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        c.is_whitespace() || c.is_control() || is_bidi_control
    };
    let words = text.split(breaks).filter(|word| !word.is_empty());
    joined(words, " ")
}

/// `[_]::join` for an iterator.
fn joined<T: AsRef<str>>(parts: impl Iterator<Item = T>, between: &str) -> String {
    let mut text = String::new();
    for (nth, part) in parts.enumerate() {
        if nth > 0 {
            text.push_str(between);
        }
        text.push_str(part.as_ref());
    }
    text
}

fn set(target: &mut Option<String>, value: Option<String>) {
    if target.is_none() {
        *target = value;
    }
}

/// The text of a string or number; `None` for an empty string.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => filled(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn field_problem(object: &Map<String, Value>) -> Option<FieldProblem> {
    let text = |names: &[&str]| names.iter().find_map(|name| text_of(object.get(*name)?));
    let name = text(&["name", "key", "field", "property", "path", "errorGroup"]);
    let reason = text(&[
        "reason",
        "value",
        "message",
        "detail",
        "description",
        "errorMessage",
    ]);
    // Stands in for whichever of the two is missing.
    let code = text(&["code", "errorCode"]);
    match (name, reason, code) {
        (Some(name), reason, code) => {
            let reason = reason.or(code).unwrap_or_default();
            Some(FieldProblem::new(name, reason))
        }
        (None, Some(reason), code) => Some(FieldProblem::new(code.unwrap_or_default(), reason)),
        (None, None, Some(code)) => Some(FieldProblem::new("", code)),
        (None, None, None) => None,
    }
}

/// Whether a field is an error code, such as `CustomErrorCode`.
fn names_a_code(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "code" || name.ends_with("errorcode")
}

/// The trace id of a W3C trace context, `00-<32 hexadecimal digits>-...`.
fn w3c_trace(instance: &str) -> Option<&str> {
    let mut parts = instance.split('-');
    let hex = |part: &&str, length: usize| {
        part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit())
    };
    parts.next().filter(|version| hex(version, 2))?;
    let trace = parts.next().filter(|trace| hex(trace, 32))?;
    parts.next().map(|_| trace)
}

/// The title of an HTML page, or `no title`; `None` if the body is not HTML.
fn html_title(body: &str) -> Option<&str> {
    let start = body.trim_start().get(..9)?.to_ascii_lowercase();
    if !(start.starts_with("<!doctype") || start.starts_with("<html")) {
        return None;
    }
    // ASCII lower case keeps byte positions.
    let lower = body.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|tag| {
        let open = tag + lower.get(tag..)?.find('>')? + 1;
        let length = lower.get(open..)?.find("</title>")?;
        body.get(open..open + length)
    });
    let title = title.filter(|title| !title.trim().is_empty());
    Some(title.unwrap_or("no title"))
}

/// The longest start of `text` with at most `max` bytes that ends at a character boundary.
fn start_within(text: &str, max: usize) -> &str {
    let mut ends = (0..=max.min(text.len())).rev();
    ends.find_map(|end| text.get(..end)).unwrap_or_default()
}
