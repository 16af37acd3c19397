//! Rules for request bodies, written from the API specifications and independent of the crate's
//! types, so that a mistake in a type fails its test.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use super::answer::Wrong;

/// A JSON object, field by field.
#[derive(Clone, Copy)]
pub(super) struct Object {
    pub(super) fields: &'static [Field],
    /// Whether unknown fields are refused.
    pub(super) is_closed: bool,
    pub(super) also: Option<Also>,
}

/// A rule across fields: returns the invalid field and the reason.
type Also = fn(&Map<String, Value>) -> Option<(&'static str, &'static str)>;

#[derive(Clone, Copy)]
pub(super) struct Field {
    name: &'static str,
    is_required: bool,
    is_nullable: bool,
    kind: Kind,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text {
        min: usize,
        max: usize,
        form: Form,
    },
    Integer {
        min: i64,
        max: i64,
    },
    Boolean,
    OneOf(&'static [&'static str]),
    Object(&'static Object),
    /// At least one object.
    List(&'static Object),
}

/// A text format: its description, and whether a text matches it.
pub(super) type Form = (&'static str, fn(&str) -> bool);

pub(super) const fn object(fields: &'static [Field]) -> Object {
    Object {
        fields,
        is_closed: false,
        also: None,
    }
}

pub(super) const fn required(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        is_required: true,
        is_nullable: false,
        kind,
    }
}

pub(super) const fn optional(name: &'static str, kind: Kind) -> Field {
    Field {
        is_required: false,
        ..required(name, kind)
    }
}

impl Field {
    pub(super) const fn or_null(self) -> Self {
        Self {
            is_nullable: true,
            ..self
        }
    }
}

pub(super) const fn text(min: usize, max: usize) -> Kind {
    of_form(min, max, ("", |_| true))
}

pub(super) const fn digits(min: usize, max: usize) -> Kind {
    of_form(min, max, ("digits", is_digits))
}

pub(super) const fn of_form(min: usize, max: usize, form: Form) -> Kind {
    Kind::Text { min, max, form }
}

pub(super) const ANY_TEXT: Kind = text(0, usize::MAX);
pub(super) const AMOUNT: Kind = Kind::Integer {
    min: 0,
    max: i64::MAX,
};

pub(super) const ID: Form = ("letters, digits, -, _ and .", is_id);
pub(super) const UUID: Form = ("a UUID", is_uuid);
pub(super) const URI: Form = ("a URI", is_uri);
pub(super) const BASE64: Form = ("base64", |text| BASE64_STANDARD.decode(text).is_ok());

impl Object {
    /// The invalid fields and the reasons.
    pub(super) fn check(&'static self, value: &Value) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        Kind::Object(self).check("", value, &mut wrong);
        wrong
    }
}

impl Kind {
    /// Checks a value and adds what is wrong to `wrong`.
    pub(super) fn check(&self, name: &str, value: &Value, wrong: &mut Vec<Wrong>) {
        match (self, value) {
            (Self::Object(object), Value::Object(members)) => {
                let path = |field: &str| match name {
                    "" => field.to_owned(),
                    parent => format!("{parent}.{field}"),
                };
                let is_known = |member: &&String| object.fields.iter().any(|f| f.name == *member);
                if object.is_closed {
                    let unknown = members.keys().filter(|member| !is_known(member));
                    wrong.extend(unknown.map(|member| (path(member), "is unknown".to_owned())));
                }
                for field in object.fields {
                    match members.get(field.name) {
                        None if !field.is_required => {}
                        None => wrong.push((path(field.name), "is missing".to_owned())),
                        Some(Value::Null) if field.is_nullable => {}
                        Some(value) => field.kind.check(&path(field.name), value, wrong),
                    }
                }
                let also = object.also.and_then(|rule| rule(members));
                wrong.extend(also.map(|(field, reason)| (path(field), reason.to_owned())));
            }
            (Self::List(item), Value::Array(items)) if !items.is_empty() => {
                for (nth, value) in items.iter().enumerate() {
                    Self::Object(item).check(&format!("{name}[{nth}]"), value, wrong);
                }
            }
            _ if self.fits(value) => {}
            _ => wrong.push((name.to_owned(), format!("must be {}", self.expected()))),
        }
    }

    /// Whether a scalar value matches.
    fn fits(&self, value: &Value) -> bool {
        match self {
            Self::Text { min, max, form } => value
                .as_str()
                .is_some_and(|text| (*min..=*max).contains(&text.chars().count()) && form.1(text)),
            Self::Integer { min, max } => {
                value.as_i64().is_some_and(|n| (*min..=*max).contains(&n))
            }
            Self::Boolean => value.is_boolean(),
            Self::OneOf(values) => value.as_str().is_some_and(|text| values.contains(&text)),
            Self::Object(_) | Self::List(_) => false,
        }
    }

    fn expected(&self) -> String {
        match self {
            Self::Text { min, max, form } => {
                let length = match (min, max) {
                    (0, &usize::MAX) => String::new(),
                    (min, &usize::MAX) => format!(" of at least {min} characters"),
                    (0, max) => format!(" of at most {max} characters"),
                    (min, max) if min == max => format!(" of {max} characters"),
                    (min, max) => format!(" of {min} to {max} characters"),
                };
                let form = match form.0 {
                    "" => String::new(),
                    form => format!(" ({form})"),
                };
                format!("a string{length}{form}")
            }
            Self::Integer { min, max } => format!("an integer from {min} to {max}"),
            Self::Boolean => "true or false".to_owned(),
            Self::OneOf(values) => format!("one of the strings {}", values.join(", ")),
            Self::Object(_) => "an object".to_owned(),
            Self::List(_) => "a non-empty list".to_owned(),
        }
    }
}

pub(super) fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

pub(super) fn is_id(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    !text.is_empty() && text.bytes().all(fits)
}

fn is_uuid(text: &str) -> bool {
    let groups = text.split('-').map(str::len);
    let hex = |b: u8| b == b'-' || b.is_ascii_hexdigit();
    groups.eq([8, 4, 4, 4, 12]) && text.bytes().all(hex)
}

/// A scheme and no spaces: the live API is not known to check more.
fn is_uri(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    };
    let parts = text.split_once(':');
    let is_rest = |rest: &str| !rest.is_empty() && !rest.contains(char::is_whitespace);
    parts.is_some_and(|(scheme, rest)| is_scheme(scheme) && is_rest(rest))
}
