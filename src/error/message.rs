//! `Display` of an error: one line for people.

use std::fmt;
use std::time::Duration;

use ureq::http::{Method, StatusCode};

use super::{Cause, Delivery, ErrorKind, Inner};

impl fmt::Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.for_token {
            f.write_str("no access token: ")?;
        }
        match &*self.cause {
            Cause::Input(problems) => {
                f.write_str(match self.kind {
                    ErrorKind::Config => "configuration: ",
                    _ => "invalid input: ",
                })?;
                for (nth, problem) in problems.iter().enumerate() {
                    let separator = if nth > 0 { "; " } else { "" };
                    write!(f, "{separator}{}: {}", problem.name, problem.reason)?;
                }
                Ok(())
            }
            Cause::Answer {
                request,
                status,
                problem,
                ..
            } => {
                write!(f, "{request}: {}", StatusName(*status))?;
                let shown_fields = match self.kind {
                    ErrorKind::AlreadyExists => SHOWN_DIFFERENCES,
                    _ => SHOWN_FIELDS,
                };
                problem.write(f, *status, shown_fields)?;
                // A GET changes nothing, so its outcome does not matter.
                let is_get = request.method == Method::GET;
                self.write_notes(f, if is_get { "" } else { self.outcome() })
            }
            Cause::Failure {
                request,
                status,
                reason,
                ..
            } => {
                write!(f, "{request}: ")?;
                match (status, self.kind) {
                    (None, _) => f.write_str(reason)?,
                    (Some(status), ErrorKind::Proxy) => {
                        write!(f, "{reason} {}", StatusName(*status))?;
                    }
                    (Some(status), _) => write!(f, "{}, but {reason}", StatusName(*status))?,
                }
                self.write_notes(f, self.outcome())
            }
        }
    }
}

impl Inner {
    /// Writes the end of a message, such as ` (3 attempts; retry after 5 s; nothing was sent)`.
    fn write_notes(&self, f: &mut fmt::Formatter<'_>, outcome: &str) -> fmt::Result {
        let attempts = match self.attempts {
            0 | 1 => String::new(),
            attempts => format!("{attempts} attempts"),
        };
        let retry_after = match self.cause.retry_after() {
            Some(wait) if !wait.is_zero() => format!("retry after {} s", whole_seconds(wait)),
            _ => String::new(),
        };
        let notes = [&attempts, &retry_after, outcome];
        let notes: Vec<&str> = notes.into_iter().filter(|note| !note.is_empty()).collect();
        if notes.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", notes.join("; "))
    }

    /// The delivery in words.
    fn outcome(&self) -> &'static str {
        match self.delivery {
            // "no access token" implies it.
            Delivery::NotSent if self.for_token => "",
            Delivery::NotSent if self.partly_sent => "the request was not fully sent",
            Delivery::NotSent => "nothing was sent",
            Delivery::Unknown if self.for_token => {
                "the server may have carried out an earlier attempt"
            }
            Delivery::Unknown => "the server may have carried it out",
            Delivery::Answered => "",
        }
    }
}

/// `404 Not Found`, or the number alone if it has no name.
struct StatusName(StatusCode);

impl fmt::Display for StatusName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_u16())?;
        match self.0.canonical_reason() {
            Some(name) => write!(f, " {name}"),
            None => Ok(()),
        }
    }
}

/// Rounded up, so that a caller who waits that long does not retry too early.
fn whole_seconds(time: Duration) -> u64 {
    let is_more = time.subsec_nanos() > 0;
    time.as_secs().saturating_add(u64::from(is_more))
}

/// The most fields that a message lists.
const SHOWN_FIELDS: usize = 20;

/// The most fields listed that differ from an existing receipt: more would bury the first ones.
const SHOWN_DIFFERENCES: usize = 3;
