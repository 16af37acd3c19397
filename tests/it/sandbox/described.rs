//! The sandbox beside the APIs' descriptions: which bodies it takes, and what it replies.

use super::description::{Operation, copied, described, fits, operations};
use super::*;
use crate::support::{Effect, Ids, endpoints, token_endpoints};

/// A reason for the sandbox to refuse a body that fits its description, and whether a body is one.
type Exception = (&'static str, fn(&Value) -> bool);

const EXCEPTIONS: &[Exception] = &[
    (
        "the live API refuses an order line with an empty name",
        |body| body.pointer("/orderLines/0/name") == Some(&json!("")),
    ),
    (
        "the live API refuses negative amounts, where the description has no minimum",
        |body| {
            let line = ["totalAmount", "totalAmountExcludingTax", "totalTaxAmount"];
            let line = line.map(|name| format!("/orderLines/0/{name}"));
            let sources = ["giftCard", "card", "voucher", "cash"];
            let sources = sources.map(|name| format!("/bottomLine/paymentSources/{name}"));
            let mut places = line.iter().chain(&sources).map(String::as_str);
            let is_negative = |place: &str| {
                let amount = body.pointer(place).and_then(Value::as_i64);
                amount.is_some_and(|amount| amount < 0)
            };
            places.any(is_negative) || is_negative("/bottomLine/totalAmount")
        },
    ),
    ("an order line needs taxRate or taxPercentage", |body| {
        let has = |name| {
            body["orderLines"][0]
                .get(name)
                .is_some_and(|tax| !tax.is_null())
        };
        body.get("orderLines").is_some() && !has("taxRate") && !has("taxPercentage")
    }),
    ("the live API checks barcodes", |body| {
        let barcode = &body["bottomLine"]["barcode"];
        let data = barcode["data"].as_str();
        barcode["format"] == "EAN-13" && data.is_some_and(|data| data != EAN_13)
    }),
    ("an image is sent in base64, though as any string", |body| {
        let src = body["src"].as_str();
        src.is_some_and(|src| !fits(&json!({"type": "string", "format": "byte"}), &json!(src)))
    }),
    ("the website's address is https", |body| {
        let url = body["website"]["url"].as_str();
        url.is_some_and(|url| !url.to_ascii_lowercase().starts_with("https://"))
    }),
];

const EAN_13: &str = "4006381333931";

/// Texts on either side of every pattern, format and enumeration.
const TEXTS: &[&str] = &[
    "",
    " ",
    "x",
    "0",
    "1",
    "4",
    "7",
    "10",
    "15",
    "100",
    "110",
    "0822",
    "594",
    "5942",
    "59420",
    "594a",
    "12345678",
    "123456789",
    "12-34",
    "1234567-8",
    "12.5",
    "1.5",
    "1,5",
    ".5",
    "1.",
    "-1",
    "1.2.3",
    "1.12345678",
    "1.123456789",
    "1234567890",
    "12345678901",
    EAN_13,
    "4006381333932",
    "a b",
    "a/b",
    "a_b-c.d",
    "A&B",
    "ACME A/S",
    "Shop @ Oslo",
    "A, B",
    "Løyly \u{f6}",
    "e\u{301}",
    "½",
    "²",
    "!",
    "'",
    "\"",
    "#",
    "$",
    "%",
    "`",
    "(x)",
    "a\tb",
    "business:NO:ORG",
    "business:",
    "BBAN:NO",
    "true",
    "null",
    "no base64",
    "bm8gUE5H",
    "bm8=",
    "https://example.com/1?a=b",
    "http://example.com",
    "https://",
    "HTTPS://EXAMPLE.COM",
    "/p/1",
    "www.example.com/p/1",
    "mailto:a@example.com",
    "1:2",
    ":",
    "https://example.com/a b",
    "8a11afb7-c223-48ed-8ca6-4722b97261aa",
    "8a11afb7c22348ed8ca64722b97261aa",
    "8a11afb7-c223-48ed-8ca6-4722b97261ag",
    "receipt",
    "RECIEPT",
    "Recurring",
    "ecom",
    "nok",
    "SEK",
    "pcs",
    "QR",
];

/// Each body differs in one place from one that has all fields, or only those that are required.
#[test]
fn bodies_are_taken_and_refused_as_described() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.enable_v1();
    let mut client = Client::new(&sandbox);
    let mut valid = 0;
    let mut invalid = 0;
    let mut excepted = vec![0; EXCEPTIONS.len()];
    let mut mistakes = Vec::new();
    for operation in operations()
        .iter()
        .filter(|operation| !operation.body.is_null())
    {
        for body in bodies(&operation.body) {
            let exception = EXCEPTIONS.iter().position(|(_, is_one)| is_one(&body));
            let is_taken = match (fits(&operation.body, &body), exception) {
                (true, None) => {
                    valid += 1;
                    true
                }
                (true, Some(exception)) => {
                    excepted[exception] += 1;
                    false
                }
                (false, _) => {
                    invalid += 1;
                    false
                }
            };
            let answer = client.send(&operation.line, &body);
            assert_described(operation, &answer);
            // An image's id may have been used before.
            let was_taken = [200, 201, 409].contains(&answer.status);
            if was_taken != is_taken {
                let body: String = body.to_string().chars().take(900).collect();
                mistakes.push(format!("{} {body}: {answer:?}", operation.line));
            }
        }
    }
    println!(
        "{valid} valid, {invalid} invalid, {excepted:?} excepted, {} wrong",
        mistakes.len()
    );
    assert_eq!(mistakes, [""; 0]);
    for ((reason, _), bodies) in EXCEPTIONS.iter().zip(excepted) {
        assert!(bodies > 0, "of no use: {reason}");
    }
}

/// One connection for all bodies.
struct Client {
    wire: Wire,
    authorization: String,
    sent: usize,
}

impl Client {
    fn new(sandbox: &Sandbox) -> Self {
        Self {
            wire: Wire::open(sandbox),
            authorization: standard_token(sandbox),
            sent: 0,
        }
    }

    /// Each request is for an order of its own, with a key of its own.
    #[track_caller]
    fn send(&mut self, line: &str, body: &Value) -> Answer {
        self.sent += 1;
        let id = self.sent.to_string();
        let line = line.replace("{paymentType}", "ecom");
        let line = line
            .replace("{orderId}", &id)
            .replace("{transactionId}", &id);
        let headers = [
            ("Authorization", self.authorization.as_str()),
            ("Merchant-Serial-Number", "123456"),
            ("Idempotency-Key", &id),
            KEY,
            JSON,
        ];
        self.wire.send(request(&line, &headers, &body.to_string()));
        self.wire.answer()
    }
}

fn bodies(schema: &Value) -> Vec<Value> {
    let mut bodies = Vec::new();
    for sample in [sample(schema, true), sample(schema, false)] {
        vary(schema, &sample, &mut |part| bodies.push(part));
        bodies.push(sample);
    }
    bodies
}

/// A value that fits: with all fields, or without those that may be left out.
fn sample(schema: &Value, all: bool) -> Value {
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(values) = schema["enum"].as_array() {
        return values[0].clone();
    }
    match schema["type"].as_str().unwrap() {
        "object" => {
            let required = schema["required"].as_array();
            let is_in = |name: &str| all || required.is_some_and(|all| all.contains(&json!(name)));
            let fields = schema["properties"].as_object().unwrap().iter();
            let fields = fields.filter(|(name, _)| is_in(name) || *name == "taxRate");
            fields
                .map(|(name, field)| (name.clone(), sample(field, all)))
                .collect()
        }
        "array" => json!([sample(&schema["items"], all)]),
        "string" => json!(EAN_13),
        "integer" => json!(1),
        "boolean" => json!(true),
        other => panic!("{other}"),
    }
}

/// Gives `sample` with one place changed, for every place and all that may be there.
fn vary(schema: &Value, sample: &Value, give: &mut dyn FnMut(Value)) {
    for value in [
        json!(null),
        json!(true),
        json!(1.5),
        json!({}),
        json!([]),
        json!([1]),
    ] {
        give(value);
    }
    match (schema["type"].as_str().unwrap(), sample) {
        ("object", Value::Object(members)) => {
            for (name, member) in members {
                let mut without = members.clone();
                without.remove(name);
                give(Value::Object(without));
                let field = &schema["properties"][name];
                vary(field, member, &mut |member| {
                    give(with_member(sample, name, member))
                });
            }
            give(with_member(sample, "unknown", json!("x")));
        }
        ("array", Value::Array(items)) => {
            vary(&schema["items"], &items[0], &mut |item| give(json!([item])));
            let two = json!([items[0], {}]);
            give(two);
        }
        ("integer", _) => {
            give(json!("1"));
            give(json!(u64::MAX));
            for limit in [0, schema["minimum"].as_i64().unwrap_or(0), i64::MAX]
                .into_iter()
                .chain(schema["maximum"].as_i64())
            {
                for number in [limit.saturating_sub(1), limit, limit.saturating_add(1)] {
                    give(json!(number));
                }
            }
        }
        ("string", _) => {
            give(json!(1));
            let values = schema["enum"].as_array().into_iter().flatten();
            values.for_each(|value| give(value.clone()));
            TEXTS.iter().for_each(|text| give(json!(text)));
            for limit in ["minLength", "maxLength"] {
                let Some(limit) = schema[limit].as_u64() else {
                    continue;
                };
                for length in limit - 1..=limit + 1 {
                    for text in ["1", "a", "ø"] {
                        give(json!(text.repeat(usize::try_from(length).unwrap())));
                    }
                }
            }
        }
        _ => {}
    }
}

fn with_member(object: &Value, name: &str, member: Value) -> Value {
    let mut object = object.clone();
    object[name] = member;
    object
}

/// An answer with a status, content type and form that the operation is described with.
#[track_caller]
fn assert_described(operation: &Operation, answer: &Answer) {
    let described = |status: &str| operation.replies.iter().find(|reply| reply.0 == status);
    let Some((_, kind, schema)) =
        described(&answer.status.to_string()).or_else(|| described("default"))
    else {
        panic!("{}: {answer:?}", operation.line);
    };
    match kind.as_str() {
        "" if answer.status < 300 => {
            assert_eq!(
                (answer.headers.as_slice(), answer.body.as_str()),
                (&[][..], "")
            );
        }
        // A status without a form.
        "" => {}
        kind => {
            let charset = match answer.status {
                200..300 => ";charset=UTF-8",
                _ => "",
            };
            let kind = kind.split(';').next().unwrap();
            assert_eq!(answer.headers, [format!("content-type: {kind}{charset}")]);
            assert!(
                fits(schema, &answer.json()),
                "{}: {answer:?}",
                operation.line
            );
        }
    }
}

/// Of each endpoint: a success, a second one, a body that is wrong, and nothing there.
#[test]
fn replies_are_as_described() {
    let operations = operations();
    let mut seen = vec![0; operations.len()];
    for endpoint in endpoints().iter().chain(&token_endpoints()) {
        let of =
            |operation: &Operation| operation.line == endpoint.route.split('?').next().unwrap();
        let at = operations.iter().position(of).expect(endpoint.route);
        let ids = Ids::default();
        let (_, body) = endpoint
            .request(&ids)
            .split_once("\n\n")
            .map(|(h, b)| (h.to_owned(), b.to_owned()))
            .unwrap();
        for is_there in [true, false] {
            let sandbox = Sandbox::start().unwrap();
            sandbox.enable_v1();
            if let Effect::Reads { prepare } | Effect::Deletes { prepare, .. } = endpoint.effect {
                if is_there {
                    prepare(&sandbox.session(), &ids);
                }
            }
            let token = standard_token(&sandbox);
            let mut headers = vec![KEY, ("Merchant-Serial-Number", "123456")];
            let mut wrong_token = headers.clone();
            wrong_token.push(("Authorization", "Bearer x"));
            let (mut good, mut wrong) = (body.as_str(), "{}");
            match endpoint.route {
                "POST /accesstoken/get" => {
                    headers.extend([ID, SECRET, EMPTY]);
                    wrong_token.extend([ID, EMPTY]);
                }
                "POST /miami/v1/token" => {
                    headers = vec![BASIC, FORM];
                    wrong_token = vec![FORM];
                    (good, wrong) = ("grant_type=client_credentials", "grant_type=x");
                }
                _ => {
                    headers.push(("Authorization", &token));
                    headers.extend([JSON, ("Idempotency-Key", if is_there { "1" } else { "2" })]);
                }
            }
            let line = endpoint.line(&ids);
            let mut statuses = Vec::new();
            for (headers, body) in [(&headers, good), (&headers, good), (&wrong_token, good)] {
                let answer = ask(&sandbox, &line, headers, body);
                assert_described(&operations[at], &answer);
                statuses.push(answer.status);
            }
            if !body.is_empty() {
                let headers = headers.iter().copied();
                let other_key = |(name, value)| match name {
                    "Idempotency-Key" => (name, "3"),
                    _ => (name, value),
                };
                let headers: Vec<_> = headers.map(other_key).collect();
                let answer = ask(&sandbox, &line, &headers, wrong);
                assert_described(&operations[at], &answer);
                assert_eq!(answer.status, 400, "{line}");
            }
            assert!(!is_there || statuses[0] < 300, "{line}: {statuses:?}");
        }
        seen[at] += 1;
    }
    for (operation, seen) in operations.iter().zip(seen) {
        assert!(seen > 0, "{}", operation.line);
    }
}

#[test]
fn the_copies_say_what_the_descriptions_say() {
    if let Some(described) = described() {
        assert_eq!(copied(), described);
    }
}
