//! Compares the sandbox with the APIs' descriptions: which bodies it accepts, and what it replies.

use super::description::{Operation, copied, described, fits, operations};
use super::*;
use crate::support::{Effect, Ids, endpoints, token_endpoints};

/// Why the sandbox refuses a body that fits its description, and a predicate for such bodies.
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
        let line = &body["orderLines"][0];
        line.is_object() && line["taxRate"].is_null() && line["taxPercentage"].is_null()
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

/// Texts that match or violate each pattern, format and enumeration.
#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "", " ", "x", "0", "1", "4", "7", "10", "15", "100", "110", "0822", "594", "5942", "59420",
    "594a", "12345678", "123456789", "12-34", "1234567-8", "1234567890", "12345678901", "12.5",
    "1.5",
    "1,5", ".5", "1.", "-1", "1.2.3", "1.12345678", "1.123456789", EAN_13, "4006381333932",
    "a b", "a/b", "a\tb", "a_b-c.d", "A&B", "ACME A/S", "Shop @ Oslo", "A, B", "(x)", "`", "Løyly",
    "e\u{301}", "٣ 24", "½", "²", "⅓", "③", "!", "'", "\"", "#", "$", "%", "{", "~",
    "business:NO:ORG", "business:", "BBAN:NO", "true", "null", "no base64", "bm8gUE5H", "bm8=",
    "https://example.com/1?a=b", "http://example.com", "https://", "HTTPS://EXAMPLE.COM", "/p/1",
    "https://example.com/a b", "www.example.com/p/1", "mailto:a@example.com", "1:2", ":",
    "8a11afb7-c223-48ed-8ca6-4722b97261aa", "8a11afb7c22348ed8ca64722b97261aa",
    "8a11afb7-c223-48ed-8ca6-4722b97261ag", "receipt", "RECIEPT", "Recurring", "ecom", "nok", "SEK",
    "pcs", "QR",
];

/// Each body differs in one place from one with all fields. Where two endpoints take the same body,
/// it is varied for one of them.
#[test]
fn bodies_are_accepted_and_refused_as_described() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.enable_v1();
    let mut client = Client::new(&sandbox);
    let mut valid = 0;
    let mut invalid = 0;
    let mut excepted = vec![0; EXCEPTIONS.len()];
    let mut mistakes = Vec::new();
    let mut varied: Vec<&Value> = Vec::new();
    let operations = operations();
    for operation in operations.iter().filter(|one| !one.body.is_null()) {
        let schema = &operation.body;
        let all = sample(schema, true);
        let mut bodies = vec![all.clone(), sample(schema, false)];
        if varied.contains(&schema) {
            bodies.push(json!({}));
        } else {
            varied.push(schema);
            vary(schema, &all, &mut |body| bodies.push(body));
        }
        for body in bodies {
            let exception = EXCEPTIONS.iter().position(|(_, is_one)| is_one(&body));
            match (fits(schema, &body), exception) {
                (true, None) => valid += 1,
                (true, Some(exception)) => excepted[exception] += 1,
                (false, _) => invalid += 1,
            }
            let is_good = fits(schema, &body) && exception.is_none();
            let answer = client.send(&operation.line, &body);
            assert_described(operation, &answer);
            // The image id may have been used before.
            if [200, 201, 409].contains(&answer.status) != is_good {
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
        assert!(bodies > 0, "unused exception: {reason}");
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

    /// Each request is for a new order with a new key.
    #[track_caller]
    fn send(&mut self, line: &str, body: &Value) -> Answer {
        self.sent += 1;
        let id = self.sent.to_string();
        let line = line.replace("{paymentType}", "ecom");
        let line = line.replace("{orderId}", &id);
        let line = line.replace("{transactionId}", &id);
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

/// A valid value, with all fields or without the optional ones.
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
            let fields = fields.filter(|(name, _)| is_in(name));
            let fields = fields.map(|(name, field)| (name.clone(), sample(field, all)));
            fields.collect()
        }
        "array" => json!([sample(&schema["items"], all)]),
        // A barcode's data, for example.
        "string" => json!(EAN_13),
        "integer" => json!(1),
        "boolean" => json!(true),
        other => panic!("{other}"),
    }
}

/// Yields variants of `sample` that differ in one place, with every possible replacement for every
/// place.
fn vary(schema: &Value, sample: &Value, give: &mut dyn FnMut(Value)) {
    for value in ["null", "true", "1.5", "{}", "[]", "[1]"] {
        give(serde_json::from_str(value).unwrap());
    }
    match (schema["type"].as_str().unwrap(), sample) {
        ("object", Value::Object(members)) => {
            for (name, member) in members {
                let mut without = members.clone();
                without.remove(name);
                give(Value::Object(without));
                let field = &schema["properties"][name];
                let mut give = |member| give(with_member(sample, name, member));
                vary(field, member, &mut give);
            }
            give(with_member(sample, "unknown", json!("x")));
        }
        ("array", Value::Array(items)) => {
            vary(&schema["items"], &items[0], &mut |item| give(json!([item])));
            give(json!([items[0], {}]));
        }
        ("integer", _) => {
            give(json!("1"));
            give(json!(u64::MAX));
            for limit in [0, i64::MAX, schema["maximum"].as_i64().unwrap_or(0)] {
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
                let limit = usize::try_from(limit).unwrap();
                for length in limit - 1..=limit + 1 {
                    for text in ["1", "a", "ø"] {
                        give(json!(text.repeat(length)));
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

/// Checks that the operation's description has a reply with this status, content type and form.
#[track_caller]
fn assert_described(operation: &Operation, answer: &Answer) {
    let described = |status: &str| operation.replies.iter().find(|reply| reply.0 == status);
    let described = described(&answer.status.to_string()).or_else(|| described("default"));
    let (_, kind, schema) = described.expect(&operation.line);
    let is_success = answer.status < 300;
    if !kind.is_empty() {
        let kind = kind.split(';').next().unwrap();
        let charset = if is_success { ";charset=UTF-8" } else { "" };
        assert_eq!(answer.headers, [format!("content-type: {kind}{charset}")]);
        assert!(
            fits(schema, &answer.json()),
            "{}: {answer:?}",
            operation.line
        );
    } else if is_success {
        let nothing = Answer {
            status: answer.status,
            headers: Vec::new(),
            body: String::new(),
        };
        assert_eq!(*answer, nothing);
    }
}

/// Covers each endpoint with an existing resource and a missing one, and without a token.
#[test]
fn replies_are_as_described() {
    let operations = operations();
    let mut seen = Vec::new();
    for endpoint in endpoints().iter().chain(&token_endpoints()) {
        let ids = Ids::default();
        let (line, request) = (endpoint.line(&ids), endpoint.request(&ids));
        let route = endpoint.route.split('?').next().unwrap();
        let operation = operations.iter().find(|operation| operation.line == route);
        let operation = operation.expect(route);
        seen.push(&operation.line);
        for is_there in [true, false] {
            let sandbox = Sandbox::start().unwrap();
            sandbox.enable_v1();
            match endpoint.effect {
                Effect::Reads { prepare } | Effect::Deletes { prepare, .. } if is_there => {
                    prepare(&sandbox.session(), &ids);
                }
                _ => {}
            }
            let token = standard_token(&sandbox);
            let mut headers = vec![
                ("Authorization", token.as_str()),
                ("Merchant-Serial-Number", "123456"),
                ("Idempotency-Key", "key-1"),
                KEY,
                JSON,
            ];
            let (_, mut body) = request.split_once("\n\n").unwrap();
            match route {
                "POST /accesstoken/get" => headers.extend([ID, SECRET, EMPTY]),
                "POST /miami/v1/token" => {
                    headers = vec![BASIC, FORM];
                    body = "grant_type=client_credentials";
                }
                _ => {}
            }
            let good = ask(&sandbox, &line, &headers, body);
            assert!(!is_there || good.status < 300, "{line}: {good:?}");
            let again = ask(&sandbox, &line, &headers, body);
            let refused = ask(&sandbox, &line, &[EMPTY], "");
            for answer in [good, again, refused] {
                assert_described(operation, &answer);
            }
        }
    }
    for operation in &operations {
        assert!(seen.contains(&&operation.line), "{}", operation.line);
    }
}

#[test]
fn the_copies_match_the_descriptions() {
    if let Some(described) = described() {
        assert_eq!(copied(), described);
    }
}
