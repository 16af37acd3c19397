//! Rules for JSON as it came in, which know nothing of the crate's own types: a mistake in those must not get past its own tests.

use serde_json::{Map, Value};

pub(super) struct Field {
    pub(super) name: &'static str,
    is_required: bool,
    rule: Rule,
}

pub(super) enum Rule {
    Text {
        min: usize,
        max: usize,
    },
    /// `^[\p{L}\p{M}\d\\\(\)-_\+\s\.\`]+$`
    Name {
        max: usize,
    },
    Digits {
        min: usize,
        max: usize,
        hyphens: bool,
    },
    OneOf(&'static [&'static str]),
    Whole {
        max: u64,
    },
    Flag,
    Uuid,
    Url,
    HttpsUrl,
    Base64,
    /// Letters, digits, `-`, `_` and `.`.
    Id {
        max: usize,
    },
    /// A decimal number as a string.
    Quantity,
    Object(&'static [Field]),
    /// At least one object.
    List(&'static [Field]),
}

pub(super) const fn required(name: &'static str, rule: Rule) -> Field {
    let is_required = true;
    Field {
        name,
        is_required,
        rule,
    }
}

pub(super) const fn optional(name: &'static str, rule: Rule) -> Field {
    let is_required = false;
    Field {
        name,
        is_required,
        rule,
    }
}

pub(super) const ANY_TEXT: Rule = Rule::Text {
    min: 0,
    max: 10_000,
};

pub(super) const SOME_TEXT: Rule = Rule::Text {
    min: 1,
    max: 10_000,
};

pub(super) const fn digits(min: usize, max: usize) -> Rule {
    let hyphens = false;
    Rule::Digits { min, max, hyphens }
}

/// Names and reasons of what is wrong.
pub(super) struct Wrong {
    pub(super) found: Vec<(String, String)>,
    /// Whether a field that is not known is wrong.
    refuse_unknown: bool,
}

impl Wrong {
    pub(super) fn new(refuse_unknown: bool) -> Self {
        let found = Vec::new();
        Self {
            found,
            refuse_unknown,
        }
    }

    pub(super) fn add(&mut self, name: String, reason: impl Into<String>) {
        self.found.push((name, reason.into()));
    }

    pub(super) fn members(&mut self, parent: &str, object: &Map<String, Value>, fields: &[Field]) {
        for name in object.keys() {
            if self.refuse_unknown && !fields.iter().any(|field| field.name == name) {
                self.add(format!("{parent}{name}"), "is not known");
            }
        }
        for field in fields {
            let name = format!("{parent}{}", field.name);
            match object.get(field.name) {
                None | Some(Value::Null) if field.is_required => self.add(name, "must be there"),
                None | Some(Value::Null) => {}
                Some(value) => self.member(name, value, &field.rule),
            }
        }
    }

    fn member(&mut self, name: String, value: &Value, rule: &Rule) {
        let text = value.as_str();
        let fits = |min: usize, max: usize| {
            text.is_some_and(|text| (min..=max).contains(&text.chars().count()))
        };
        match rule {
            Rule::Text { min, max } if !fits(*min, *max) => {
                self.add(
                    name,
                    format!("must be a string of {min} to {max} characters"),
                );
            }
            Rule::Name { max } if !fits(1, *max) || !text.is_some_and(is_name) => {
                let rule = r"letters, digits, whitespace and the signs from ( to `";
                self.add(name, format!("must be a string of 1 to {max} {rule}"));
            }
            Rule::Digits { min, max, hyphens } => {
                let digits = |b: u8| b.is_ascii_digit() || (*hyphens && b == b'-');
                if !fits(*min, *max) || !text.is_some_and(|text| text.bytes().all(digits)) {
                    self.add(name, format!("must be a string of {min} to {max} digits"));
                }
            }
            Rule::OneOf(values) if !text.is_some_and(|text| values.contains(&text)) => {
                self.add(
                    name,
                    format!("must be one of the strings {}", values.join(", ")),
                );
            }
            Rule::Whole { max } if value.as_u64().is_none_or(|number| number > *max) => {
                self.add(name, format!("must be a whole number of 0 to {max}"));
            }
            Rule::Flag if !value.is_boolean() => self.add(name, "must be true or false"),
            Rule::Uuid if !text.is_some_and(crate::model::identifier::is_uuid) => {
                self.add(name, "must be a UUID");
            }
            Rule::HttpsUrl if !text.is_some_and(is_https) => {
                self.add(name, "must be an https address");
            }
            Rule::Url if !text.is_some_and(|text| text.contains(':')) => {
                self.add(name, "must be an address");
            }
            Rule::Base64 if !text.is_some_and(is_base64) => self.add(name, "must be base64"),
            Rule::Id { max } if !fits(1, *max) || !text.is_some_and(is_id) => {
                self.add(
                    name,
                    format!("must be 1 to {max} letters, digits, -, _ and ."),
                );
            }
            Rule::Quantity if !text.is_some_and(is_quantity) => {
                self.add(name, "must be a decimal number as a string");
            }
            Rule::List(fields) => match value.as_array().map(Vec::as_slice) {
                None | Some([]) => self.add(name, "must be a list of at least one"),
                Some(items) => {
                    for (nth, item) in items.iter().enumerate() {
                        let name = format!("{name}[{nth}]");
                        match item {
                            Value::Object(object) => {
                                self.members(&format!("{name}."), object, fields);
                            }
                            _ => self.add(name, "must be an object"),
                        }
                    }
                }
            },
            Rule::Object(fields) => match value {
                Value::Object(object) => self.members(&format!("{name}."), object, fields),
                _ => self.add(name, "must be an object"),
            },
            _ => {}
        }
    }
}

fn is_base64(text: &str) -> bool {
    use base64::Engine;

    base64::prelude::BASE64_STANDARD.decode(text).is_ok()
}

/// `\)-_` is a range. The signs of Latin-1 are enough to tell: no program means to have others in a
/// name.
fn is_name(text: &str) -> bool {
    text.chars().all(|c| match c {
        '('..='z' => true,
        '\0'..='\u{bf}' | '×' | '÷' => c.is_alphabetic() || c.is_whitespace(),
        _ => true,
    })
}

fn is_https(url: &str) -> bool {
    let scheme = url.get(..8).unwrap_or_default();
    scheme.eq_ignore_ascii_case("https://") && url.len() > scheme.len()
}

fn is_id(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// `^\d+([\.]\d{1,8})?$`, at most 10 characters.
fn is_quantity(text: &str) -> bool {
    let mut parts = text.split('.');
    let number = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let whole = number(parts.next());
    let decimals = match parts.next() {
        None => true,
        Some(decimals) => decimals.len() <= 8 && number(Some(decimals)),
    };
    whole && decimals && parts.next().is_none() && text.len() <= 10
}
