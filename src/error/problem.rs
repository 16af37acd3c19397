//! What an error's body says, in any of the forms that the service and what stands in front of it are known to use.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ureq::http::StatusCode;

use crate::model::lenient::without_bom;

/// What the body of an error said, in any of the forms that the API and the gateways in front of it use: RFC 9457 problems, OAuth
/// errors, lists, plain text, HTML, nothing at all.
///
/// Source: [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) and the schema `ProblemDetails` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The problem's `type`, a URI.
    pub problem_type: Option<String>,
    /// The problem's `title`, or the message that other forms have instead.
    pub title: Option<String>,
    /// The problem's `detail`.
    pub detail: Option<String>,
    /// The problem's `instance`.
    pub instance: Option<String>,
    /// What was said about single fields, whatever the body called them.
    pub fields: Vec<FieldProblem>,
    /// The API's own error code, such as `invalid_client`.
    pub code: Option<String>,
    /// The trace id: `traceId` or `trace_id` as it stands, or the trace part of an `instance` that is a W3C trace context.
    pub trace_id: Option<String>,
    /// Up to 4 KiB of the body, if it had none of the known forms.
    pub body: Option<String>,
    /// Something in front of the API answered: with a page, or in the gateway's own form.
    is_of_gateway: bool,
}

/// A problem with one field, as the service or a check of this crate named it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FieldProblem {
    /// The field; empty where the service named none.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

impl FieldProblem {
    pub(crate) fn new(name: impl Into<String>, reason: impl Into<String>) -> Self {
        let (name, reason) = (name.into(), reason.into());
        Self { name, reason }
    }

    /// One that shows the value that was given, or the start of it.
    pub(crate) fn invalid(name: impl Into<String>, rule: &str, value: &str) -> Self {
        const SHOWN: usize = 60;
        let (shown, more) = start_of(value, SHOWN);
        Self::new(name, format!("{rule}, not {shown:?}{more}"))
    }
}

/// A text's first characters, and dots if there are more.
pub(crate) fn start_of(text: &str, characters: usize) -> (&str, &'static str) {
    let end = text.char_indices().nth(characters).map(|(at, _)| at);
    match end.and_then(|end| text.get(..end)) {
        Some(start) => (start, "..."),
        None => (text, ""),
    }
}

/// How much of a text is kept, in bytes, before secrets are taken out of it.
const KEPT_BODY: usize = 4096;

/// How much of an unknown body is shown in a message, in characters.
const SHOWN_BODY: usize = 200;

impl Problem {
    /// Reads a body. `scrub` takes the session's secrets out of a text: a server may repeat what it was sent.
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

    /// Whether any of its texts has this word, in any case.
    pub(crate) fn mentions(&self, word: &str) -> bool {
        let texts = [&self.title, &self.detail, &self.code, &self.body];
        let reasons = self.fields.iter().map(|field| &field.reason);
        let mut texts = texts.into_iter().flatten().chain(reasons);
        texts.any(|text| text.to_ascii_lowercase().contains(word))
    }

    /// Whether something in front of the API answered, which says nothing about what the API did.
    pub(crate) fn is_of_gateway(&self) -> bool {
        self.is_of_gateway
    }

    /// A problem without a body: what is known is `detail`.
    pub(crate) fn from_detail(detail: String) -> Self {
        Self {
            detail: Some(detail),
            ..Self::default()
        }
    }

    fn read_object(&mut self, object: &Map<String, Value>) -> bool {
        let text = |names: &[&str]| names.iter().find_map(|name| text_of(object.get(*name)?));

        // RFC 9457, with the extra members that the service adds to it.
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

        // OAuth: {"error", "error_description"}, where `error` is an object in some.
        match object.get("error") {
            Some(Value::Object(error)) => {
                self.read_object(error);
            }
            Some(error) => set(&mut self.code, text_of(error)),
            None => {}
        }
        set(&mut self.detail, text(&["error_description"]));

        // {"errorInfo": {...}}, {"responseInfo": {...}, "result": {...}}, in both capitalisations.
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

        // The gateway's {"statusCode", "message"} and the older APIs' {"errorCode", "errorMessage"}.
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
                        // The first item that says something is the title, and all of them are field problems.
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

/// `: title: detail (name: reason; name: reason) [trace abc]`, in one line, or nothing at all.
impl Problem {
    /// The status is not said again, neither in words nor as a code.
    pub(super) fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        status: StatusCode,
        shown_fields: usize,
    ) -> fmt::Result {
        let code = self.code.as_ref().filter(|code| {
            // A code among the field problems is shown there.
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

/// `name: reason`, or whichever of the two there is.
fn shown_field(field: &FieldProblem) -> String {
    let (name, reason) = (one_line(&field.name), one_line(&field.reason));
    match (name.is_empty(), reason.is_empty()) {
        (true, _) => reason,
        (_, true) => name,
        _ => format!("{name}: {reason}"),
    }
}

/// A text of the server's without what could fake lines of a log or disguise them: line breaks, control characters, and those that turn the
/// direction of writing around.
fn one_line(text: &str) -> String {
    let breaks = |c: char| {
        let is_bidi_control = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        c.is_whitespace() || c.is_control() || is_bidi_control
    };
    let words = text.split(breaks).filter(|word| !word.is_empty());
    joined(words, " ")
}

/// `[_]::join` without a list, and less code.
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

/// A text or a number as text; nothing for an empty text.
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
    // It stands for whichever of the two is missing.
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

/// Whether an extra detail is a code for programs, such as `CustomErrorCode`.
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

/// The title of an HTML page, or as much as can be said without one.
fn html_title(body: &str) -> Option<&str> {
    let start = body.trim_start().get(..9)?.to_ascii_lowercase();
    if !(start.starts_with("<!doctype") || start.starts_with("<html")) {
        return None;
    }
    // ASCII lower case keeps every byte's place.
    let lower = body.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|tag| {
        let open = tag + lower.get(tag..)?.find('>')? + 1;
        let length = lower.get(open..)?.find("</title>")?;
        body.get(open..open + length)
    });
    let title = title.filter(|title| !title.trim().is_empty());
    Some(title.unwrap_or("no title"))
}

/// The start of a text that ends at a character, of `max` bytes at the most.
fn start_within(text: &str, max: usize) -> &str {
    let mut ends = (0..=max.min(text.len())).rev();
    ends.find_map(|end| text.get(..end)).unwrap_or_default()
}
