//! What an error says: its exact text and everything a program can query.

use std::time::Duration;

use vipps::sandbox::{Fault, Sandbox};
use vipps::{Delivery, Error, ErrorKind, Problem, RetryPolicy, Session, management};

mod bodies;
mod kinds;
mod messages;
mod retry_after;
mod secrets;
mod tokens;
mod unreadable;

const UNITS: &str = "GET /management/v1/sales-units";

/// Everything a program can query.
#[derive(Debug, PartialEq)]
struct Facts {
    display: String,
    kind: ErrorKind,
    status: Option<u16>,
    problem_type: Option<String>,
    title: Option<String>,
    detail: Option<String>,
    instance: Option<String>,
    fields: Vec<(String, String)>,
    code: Option<String>,
    trace_id: Option<String>,
    retry_after: Option<Duration>,
    body: Option<String>,
    delivery: Delivery,
    retryable: bool,
}

/// The facts of a reply that says nothing beyond its status. A case adds the rest.
fn answered(kind: ErrorKind, status: u16, display: &str) -> Facts {
    Facts {
        display: display.to_owned(),
        kind,
        status: Some(status),
        problem_type: None,
        title: None,
        detail: None,
        instance: None,
        fields: Vec::new(),
        code: None,
        trace_id: None,
        retry_after: None,
        body: None,
        delivery: match kind {
            ErrorKind::Server => Delivery::Unknown,
            _ => Delivery::Answered,
        },
        retryable: false,
    }
}

/// [`answered`] for a call that lists the sales units: `says` is the status with its name and the
/// part of the body that is shown.
fn says(kind: ErrorKind, says: &str) -> Facts {
    let status = says[..3].parse().unwrap();
    answered(kind, status, &format!("{UNITS}: {says}"))
}

macro_rules! setters {
    ($($name:ident),*) => {
        $(fn $name(self, text: &str) -> Self {
            Self { $name: some(text), ..self }
        })*
    };
}

impl Facts {
    setters!(problem_type, title, detail, instance, code, trace_id, body);

    fn fields(self, fields: &[(&str, &str)]) -> Self {
        let fields = self::fields(fields);
        Self { fields, ..self }
    }

    fn retryable(self) -> Self {
        let retryable = true;
        Self { retryable, ..self }
    }
}

fn facts(error: &Error) -> Facts {
    let problem = problem(error);
    // The error's accessors must agree with its problem.
    assert_eq!(error.code(), problem.code.as_deref());
    assert_eq!(error.trace_id(), problem.trace_id.as_deref());
    assert_eq!(error.field_problems(), problem.fields);
    assert!(!error.is_timeout());
    Facts {
        display: error.to_string(),
        kind: error.kind(),
        status: error.status(),
        problem_type: problem.problem_type.clone(),
        title: problem.title.clone(),
        detail: problem.detail.clone(),
        instance: problem.instance.clone(),
        fields: error
            .field_problems()
            .iter()
            .map(|field| (field.name.clone(), field.reason.clone()))
            .collect(),
        code: problem.code.clone(),
        trace_id: problem.trace_id.clone(),
        retry_after: error.retry_after(),
        body: problem.body.clone(),
        delivery: error.delivery(),
        retryable: error.is_retryable(),
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn fields(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, reason): &(&str, &str)| ((*name).to_owned(), (*reason).to_owned());
    fields.iter().map(own).collect()
}

/// A sandbox, and a session that has a token and does not retry.
fn sandbox() -> (Sandbox, Session) {
    let sandbox = Sandbox::start().unwrap();
    let builder = sandbox.session_builder().unwrap();
    let session = builder.retry(RetryPolicy::none()).build().unwrap();
    session.access_token().unwrap();
    (sandbox, session)
}

/// The error of a call that gets this reply.
#[track_caller]
fn error_of(sandbox: &Sandbox, session: &Session, fault: Fault) -> Error {
    // Twice, because a 401 leads to a new token and a second attempt.
    sandbox.fault(UNITS, 2, fault);
    let result = management::list_sales_units(session);
    sandbox.clear_faults();
    result.expect_err("an error")
}

/// The problem in an error, for all tests of it.
#[track_caller]
pub(crate) fn problem(error: &Error) -> &Problem {
    error.problem().expect("an answer")
}

/// `{}`, `{:?}`, `{:#?}` and the values of all accessors, as one text to search.
fn everything(error: &Error) -> String {
    let mut all = format!("{error}\n{error:?}\n{error:#?}\n");
    all += &format!("{:?} {:?}\n", error.method(), error.path());
    for field in error.field_problems() {
        all += &format!("{}\n{}\n", field.name, field.reason);
    }
    if let Some(problem) = error.problem() {
        all += &format!("{:#?}", facts(error));
        let texts = [
            &problem.title,
            &problem.detail,
            &problem.body,
            &problem.code,
        ];
        all.extend(texts.into_iter().flatten().map(String::as_str));
    }
    all
}

/// A reply with its own head. It announces that the connection closes, which the next request would
/// otherwise run into.
fn raw_reply(head: &[&str], body: &[u8]) -> Fault {
    let (head, length) = (head.join("\r\n"), body.len());
    let head = format!("{head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    Fault::Raw(bytes)
}
