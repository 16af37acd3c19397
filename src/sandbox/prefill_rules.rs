//! What the service checks of a prefill, on the JSON as it came in: a mistake of the crate's own types must not get past its own tests.

use serde_json::{Map, Value};

/// The order, or the names and reasons of what is wrong with it.
pub(super) fn check(body: &[u8]) -> Result<Value, Vec<(String, String)>> {
    let Ok(Value::Object(order)) = serde_json::from_slice(body) else {
        return Err(vec![(
            "body".to_owned(),
            "must be a JSON object".to_owned(),
        )]);
    };
    let mut wrong = Wrong(Vec::new());
    wrong.members("", &order, FIELDS);
    wrong.use_case(&order);
    if wrong.0.is_empty() {
        Ok(Value::Object(order))
    } else {
        Err(wrong.0)
    }
}

struct Field {
    name: &'static str,
    is_required: bool,
    rule: Rule,
}

enum Rule {
    Text {
        min: usize,
        max: usize,
    },
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
    HttpsUrl,
    Png,
    Object(&'static [Field]),
}

const fn required(name: &'static str, rule: Rule) -> Field {
    let is_required = true;
    Field {
        name,
        is_required,
        rule,
    }
}

const fn optional(name: &'static str, rule: Rule) -> Field {
    let is_required = false;
    Field {
        name,
        is_required,
        rule,
    }
}

const ANY_TEXT: Rule = Rule::Text {
    min: 0,
    max: 10_000,
};

const fn digits(min: usize, max: usize) -> Rule {
    let hyphens = false;
    Rule::Digits { min, max, hyphens }
}

const FIELDS: &[Field] = &[
    required(
        "businessIdentifier",
        Rule::Object(&[
            required("scheme", Rule::Text { min: 10, max: 30 }),
            required(
                "id",
                Rule::Digits {
                    min: 4,
                    max: 50,
                    hyphens: true,
                },
            ),
        ]),
    ),
    required(
        "productType",
        Rule::OneOf(&[
            "PAYMENT_INTEGRATION",
            "CASHIER",
            "CHECKOUT",
            "LOGIN",
            "DONATIONS",
        ]),
    ),
    optional("salesUnitName", Rule::Name { max: 40 }),
    optional("salesUnitLogo", Rule::Png),
    optional(
        "settlementBankAccount",
        Rule::Object(&[
            required("scheme", Rule::Text { min: 5, max: 20 }),
            required("id", digits(9, 34)),
        ]),
    ),
    optional("pricePackageId", Rule::Uuid),
    optional(
        "productUseCase",
        Rule::OneOf(&["Website", "WebsiteWithTest", "App", "Unknown"]),
    ),
    optional("annualTurnover", Rule::Whole { max: 999_999_999 }),
    optional(
        "annualTurnoverPercentage",
        Rule::OneOf(&["10", "20", "30", "40", "50", "60", "70", "80", "90", "100"]),
    ),
    optional("intendedPurpose", ANY_TEXT),
    optional("app", Rule::Object(&[required("appName", ANY_TEXT)])),
    optional(
        "website",
        Rule::Object(&[
            required("url", Rule::HttpsUrl),
            required("termsUrl", Rule::HttpsUrl),
            optional("testWebsiteUrl", Rule::HttpsUrl),
            optional("testWebsiteUsername", ANY_TEXT),
            optional("testWebsitePassword", ANY_TEXT),
        ]),
    ),
    optional("hasRecurring", Rule::Flag),
    optional("merchantCategoryCode", digits(4, 4)),
];

struct Wrong(Vec<(String, String)>);

impl Wrong {
    fn add(&mut self, name: String, reason: impl Into<String>) {
        self.0.push((name, reason.into()));
    }

    fn members(&mut self, parent: &str, object: &Map<String, Value>, fields: &[Field]) {
        for name in object.keys() {
            if !fields.iter().any(|field| field.name == name) {
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
                let rule = r"letters, digits, whitespace and \ ( ) - _ + . `";
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
            Rule::Uuid if !text.is_some_and(crate::ids::is_uuid) => {
                self.add(name, "must be a UUID");
            }
            Rule::HttpsUrl if !text.is_some_and(is_https) => {
                self.add(name, "must be an https address");
            }
            // The service drops a picture that it cannot use without a word, but not one that is no base64.
            Rule::Png if !text.is_some_and(is_base64) => self.add(name, "must be base64"),
            Rule::Object(fields) => match value {
                Value::Object(object) => self.members(&format!("{name}."), object, fields),
                _ => self.add(name, "must be an object"),
            },
            _ => {}
        }
    }

    fn use_case(&mut self, order: &Map<String, Value>) {
        let has = |name: &str| order.get(name).is_some_and(Value::is_object);
        match order.get("productUseCase").and_then(Value::as_str) {
            Some("Website" | "WebsiteWithTest") if !has("website") => {
                self.add("website".to_owned(), "must be there for this use case");
            }
            Some("App") if !has("app") => {
                self.add("app".to_owned(), "must be there for this use case");
            }
            _ => {}
        }
    }
}

/// The signs of ASCII are enough to tell: no program means to have others in a name.
fn is_name(text: &str) -> bool {
    let is_fine = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || c.is_whitespace();
    text.chars().all(|c| is_fine(c) || r"\()-_+.`".contains(c))
}

fn is_https(url: &str) -> bool {
    let scheme = url.get(..8).unwrap_or_default();
    scheme.eq_ignore_ascii_case("https://") && url.len() > scheme.len()
}

fn is_base64(text: &str) -> bool {
    use base64::Engine;

    base64::prelude::BASE64_STANDARD.decode(text).is_ok()
}
