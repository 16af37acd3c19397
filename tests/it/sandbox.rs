//! The sandbox: seen over bare sockets, so that it is not our own client that says what is right, and through the crate where a program's
//! tests would use it.

use std::fmt::Write as _;
use std::io::{ErrorKind as IoErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use vipps::management::{
    self, BusinessIdentifier, ListProductOrders, PrefillProductOrder, ProductOrderId,
    ProductOrderStatus, ProductType,
};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{Clock, Delivery, ErrorKind, RetryPolicy, Session};

use crate::support::{rows, whole};

const PREFILL: &str = "POST /management/v1/product-orders";
const LIST: &str = "GET /management/v1/sales-units";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const ID: (&str, &str) = ("client_id", "sandbox-client-id");
const SECRET: (&str, &str) = ("client_secret", "sandbox-client-secret");
const KEY: (&str, &str) = ("Ocp-Apim-Subscription-Key", "sandbox-subscription-key-1");
const SECOND_KEY: (&str, &str) = ("Ocp-Apim-Subscription-Key", "sandbox-subscription-key-2");
const EMPTY: (&str, &str) = ("Content-Length", "0");
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("Content-Type", "application/json");
/// `sandbox-management-id:sandbox-management-secret`.
const BASIC: (&str, &str) = (
    "Authorization",
    "Basic c2FuZGJveC1tYW5hZ2VtZW50LWlkOnNhbmRib3gtbWFuYWdlbWVudC1zZWNyZXQ=",
);

/// A connection that knows as much of HTTP as it takes to find the end of a reply.
struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    /// In lower case, `Content-Length` left out.
    headers: Vec<String>,
    body: String,
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The problem's detail, once the rest is as every problem of the sandbox.
    #[track_caller]
    fn problem(&self) -> (u16, String) {
        assert_eq!(self.headers, ["content-type: application/problem+json"]);
        let mut problem = self.json();
        let problem = problem.as_object_mut().unwrap();
        let mut take = |name: &str| problem.remove(name).unwrap_or_default();
        assert_eq!(take("status"), json!(self.status));
        let kind = format!("https://sandbox.invalid/problem/{}", self.status);
        assert_eq!(take("type"), json!(kind));
        assert_eq!(
            take("instance"),
            json!("urn:uuid:00000000-0000-4000-8000-000000000000")
        );
        assert_eq!(take("traceId"), json!("0af7651916cd43dd8448eb211c80319c"));
        take("title");
        let mut text = take("detail").as_str().unwrap().to_owned();
        for field in take("extraDetails").as_array().unwrap_or(&Vec::new()) {
            let member = |name: &str| field[name].as_str().unwrap();
            write!(text, " {}: {};", member("name"), member("reason")).unwrap();
        }
        assert!(problem.is_empty(), "{problem:?}");
        (self.status, text)
    }
}

impl Wire {
    fn open(sandbox: &Sandbox) -> Self {
        let address = sandbox.url().strip_prefix("http://").unwrap();
        let stream = TcpStream::connect(address).unwrap();
        // So that a test that would hang fails.
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    #[track_caller]
    fn more(&mut self) {
        let mut chunk = [0; 4096];
        let read = self.stream.read(&mut chunk).unwrap();
        assert!(
            read > 0,
            "closed after {:?}",
            String::from_utf8_lossy(&self.buffer)
        );
        self.buffer.extend_from_slice(&chunk[..read]);
    }

    #[track_caller]
    fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = self.buffer.drain(..end + 4).take(end).collect();
                return String::from_utf8(head).unwrap();
            }
            self.more();
        }
    }

    #[track_caller]
    fn answer(&mut self) -> Answer {
        let head = self.head();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let mut length = 0;
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                name => headers.push(format!("{name}: {value}")),
            }
        }
        while self.buffer.len() < length {
            self.more();
        }
        let body = self.buffer.drain(..length).collect();
        Answer {
            status: status.parse().unwrap(),
            headers,
            body: String::from_utf8(body).unwrap(),
        }
    }

    /// All that comes until the server closes, or breaks, the connection.
    #[track_caller]
    fn rest(&mut self) -> String {
        let mut bytes = std::mem::take(&mut self.buffer);
        if let Err(error) = self.stream.read_to_end(&mut bytes) {
            assert_eq!(error.kind(), IoErrorKind::ConnectionReset);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn request(line: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut request = format!("{line} HTTP/1.1\r\nHost: sandbox\r\n");
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").unwrap();
    }
    if !body.is_empty() {
        write!(request, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    request + "\r\n" + body
}

#[track_caller]
fn ask(sandbox: &Sandbox, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut wire = Wire::open(sandbox);
    wire.send(request(line, headers, body));
    wire.answer()
}

/// The value of an `Authorization` header with a new token of the standard flow.
#[track_caller]
fn standard_token(sandbox: &Sandbox) -> String {
    let headers = [ID, SECRET, KEY, EMPTY];
    bearer(&ask(sandbox, "POST /accesstoken/get", &headers, ""))
}

#[track_caller]
fn management_token(sandbox: &Sandbox) -> String {
    let form = "grant_type=client_credentials";
    bearer(&ask(sandbox, "POST /miami/v1/token", &[BASIC, FORM], form))
}

#[track_caller]
fn bearer(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    format!("Bearer {}", answer.json()["access_token"].as_str().unwrap())
}

/// A GET with a token and the subscription key.
#[track_caller]
fn get(sandbox: &Sandbox, path: &str) -> Answer {
    let token = standard_token(sandbox);
    let headers = [("Authorization", token.as_str()), KEY];
    ask(sandbox, &format!("GET {path}"), &headers, "")
}

#[track_caller]
fn prefill(sandbox: &Sandbox, key: &str, body: &str) -> Answer {
    let token = standard_token(sandbox);
    let headers = [
        ("Authorization", token.as_str()),
        KEY,
        JSON,
        ("Idempotency-Key", key),
    ];
    ask(sandbox, PREFILL, &headers, body)
}

const GOOD_ORDER: &str =
    r#"{"businessIdentifier":{"scheme":"business:NO:ORG","id":"987654321"},"productType":"LOGIN"}"#;

#[track_caller]
fn make_order(sandbox: &Sandbox) -> ProductOrderId {
    let prefilled =
        management::prefill_product_order(&sandbox.session(), &crate::support::prefill());
    prefilled.unwrap().prefilled_order_id
}

/// A session that makes one attempt.
fn single(sandbox: &Sandbox) -> Session {
    let builder = sandbox.session_builder().unwrap();
    builder.retry(RetryPolicy::none()).build().unwrap()
}

#[test]
fn the_standard_flow_gives_numbers_as_strings() {
    let sandbox = Sandbox::start().unwrap();
    for (nth, key) in [KEY, SECOND_KEY].into_iter().enumerate() {
        let headers = [ID, SECRET, key, EMPTY];
        let answer = ask(&sandbox, "POST /accesstoken/get", &headers, "");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers, ["content-type: application/json"]);
        assert_eq!(
            answer.json(),
            json!({
                "token_type": "Bearer",
                "expires_in": "3600",
                "ext_expires_in": "3600",
                "expires_on": "1600003600",
                "not_before": "1600000000",
                "resource": "00000002-0000-0000-c000-000000000000",
                "access_token": format!("sandbox-token-00000{}", nth + 1),
            })
        );
    }
}

#[test]
fn the_management_flow_gives_a_number() {
    let sandbox = Sandbox::start().unwrap();
    let with_charset = (
        "Content-Type",
        "application/x-www-form-urlencoded; charset=utf-8",
    );
    for (nth, form) in [FORM, with_charset].into_iter().enumerate() {
        let body = "grant_type=client_credentials";
        let answer = ask(&sandbox, "POST /miami/v1/token", &[BASIC, form], body);
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.json(),
            json!({
                "access_token": format!("sandbox-token-00000{}", nth + 1),
                "token_type": "Bearer",
                "expires_in": 900,
            })
        );
    }
}

#[test]
fn token_requests_are_refused_as_the_service_refuses_them() {
    let sandbox = Sandbox::start().unwrap();
    let form = "grant_type=client_credentials";
    let standard = "POST /accesstoken/get";
    let management = "POST /miami/v1/token";
    let oauth = |error: &str, description: &str| {
        let codes = [7_000_215];
        json!({"error": error, "error_description": description, "error_codes": codes})
    };
    let gateway = |message: &str| json!({"statusCode": 401, "message": message});
    let wrong_client = oauth("invalid_client", "Client authentication failed.");
    let wrong_form = oauth(
        "unsupported_grant_type",
        "The form must be grant_type=client_credentials.",
    );
    for (line, headers, body, status, expected) in [
        (
            standard,
            [ID, SECRET, ("Ocp-Apim-Subscription-Key", "other"), EMPTY].as_slice(),
            "",
            401,
            gateway("The subscription key is not valid."),
        ),
        (
            standard,
            &[ID, SECRET, EMPTY],
            "",
            401,
            gateway("The subscription key is missing."),
        ),
        (
            standard,
            &[ID, ("client_secret", "other"), KEY, EMPTY],
            "",
            401,
            oauth("invalid_client", "The client secret is wrong."),
        ),
        (
            standard,
            &[ID, KEY, EMPTY],
            "",
            401,
            oauth("invalid_client", "The client secret is wrong."),
        ),
        (
            standard,
            &[("client_id", "other"), SECRET, KEY, EMPTY],
            "",
            400,
            oauth("unauthorized_client", "The client id is not known."),
        ),
        // The keys of one flow are no good in the other.
        (
            standard,
            &[
                ("client_id", "sandbox-management-id"),
                ("client_secret", "sandbox-management-secret"),
                KEY,
                EMPTY,
            ],
            "",
            400,
            oauth("unauthorized_client", "The client id is not known."),
        ),
        (management, &[FORM], form, 401, wrong_client.clone()),
        (
            management,
            &[("Authorization", "Basic b3RoZXI6b3RoZXI="), FORM],
            form,
            401,
            wrong_client.clone(),
        ),
        // With a subscription key even good keys are refused.
        (
            management,
            &[BASIC, FORM, KEY],
            form,
            401,
            wrong_client.clone(),
        ),
        (management, &[BASIC, JSON], form, 400, wrong_form.clone()),
        (
            management,
            &[BASIC, FORM],
            "grant_type=password",
            400,
            wrong_form.clone(),
        ),
        (management, &[BASIC, FORM, EMPTY], "", 400, wrong_form),
    ] {
        let answer = ask(&sandbox, line, headers, body);
        assert_eq!(answer.status, status, "{headers:?}");
        assert_eq!(answer.headers, ["content-type: application/json"]);
        assert_eq!(answer.json(), expected, "{headers:?}");
    }
    // Before anything else is looked at: there is no length.
    let answer = ask(&sandbox, standard, &[ID, SECRET, KEY], "");
    assert_eq!(answer.status, 411);
    assert_eq!(answer.headers, ["content-type: text/html"]);
    assert_eq!(answer.body, "<html><title>Length Required</title></html>");
}

#[test]
fn a_call_needs_a_good_token_and_the_keys_that_go_with_it() {
    let sandbox = Sandbox::start().unwrap();
    let (standard, management) = (standard_token(&sandbox), management_token(&sandbox));
    let good = ("Authorization", standard.as_str());
    let managing = ("Authorization", management.as_str());
    for headers in [&[good, KEY], &[good, SECOND_KEY], &[managing, ("X", "y")]] {
        assert_eq!(ask(&sandbox, LIST, headers, "").status, 200, "{headers:?}");
    }

    let form = "The Authorization header must be Bearer and a token.";
    for (headers, detail) in [
        ([KEY].as_slice(), form),
        (
            &[
                ("Authorization", standard.strip_prefix("Bearer ").unwrap()),
                KEY,
            ],
            form,
        ),
        (&[BASIC, KEY], form),
        (
            &[("Authorization", "Bearer other"), KEY],
            "The token is not known.",
        ),
        (&[("Authorization", "Bearer "), KEY], form),
    ] {
        let answer = ask(&sandbox, LIST, headers, "");
        assert_eq!(answer.problem(), (401, detail.to_owned()));
    }
    for (headers, message) in [
        ([good].as_slice(), "The subscription key is missing."),
        (
            &[good, ("Ocp-Apim-Subscription-Key", "other")],
            "The subscription key is not valid.",
        ),
        (
            &[managing, KEY],
            "Management tokens go without a subscription key.",
        ),
    ] {
        let answer = ask(&sandbox, LIST, headers, "");
        assert_eq!(
            answer.json(),
            json!({"statusCode": 401, "message": message})
        );
        assert_eq!(answer.status, 401);
    }
}

#[test]
fn tokens_expire_by_the_clock() {
    let sandbox = Sandbox::start().unwrap();
    let status = |token: &str, headers: &[(&str, &str)]| {
        let headers = [&[("Authorization", token)], headers].concat();
        ask(&sandbox, LIST, &headers, "")
    };
    let expired = (401, "The token has expired.".to_owned());
    for (lifetime, token, headers) in [
        (
            3600,
            standard_token as fn(&Sandbox) -> String,
            [KEY].as_slice(),
        ),
        (900, management_token, &[]),
    ] {
        let token = token(&sandbox);
        sandbox.advance(Duration::from_secs(lifetime - 1));
        assert_eq!(status(&token, headers).status, 200);
        sandbox.advance(Duration::from_secs(1));
        assert_eq!(status(&token, headers).problem(), expired);
    }

    // Tokens that were given keep the lifetime that they were given with.
    let hour = standard_token(&sandbox);
    sandbox.set_token_lifetime(Duration::from_secs(60));
    let minute = standard_token(&sandbox);
    let managing = management_token(&sandbox);
    sandbox.advance(Duration::from_secs(60));
    assert_eq!(status(&hour, &[KEY]).status, 200);
    assert_eq!(status(&minute, &[KEY]).problem(), expired);
    assert_eq!(status(&managing, &[]).problem(), expired);

    sandbox.revoke_tokens();
    let unknown = (401, "The token is not known.".to_owned());
    assert_eq!(status(&hour, &[KEY]).problem(), unknown);

    sandbox.set_token_lifetime(Duration::MAX);
    assert_eq!(status(&standard_token(&sandbox), &[KEY]).status, 200);
}

#[test]
fn a_session_of_the_sandbox_lives_by_its_clock() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    management::list_sales_units(&session).unwrap();
    // Sessions share a token with each other, and not with one that is built.
    management::list_sales_units(&sandbox.session()).unwrap();
    assert_eq!(sandbox.count("POST /accesstoken/get"), 1);
    management::list_sales_units(&single(&sandbox)).unwrap();
    assert_eq!(sandbox.count("POST /accesstoken/get"), 2);

    sandbox.advance(Duration::from_secs(3600));
    assert_eq!(sandbox.clock().now(), Duration::from_secs(3600));
    management::list_sales_units(&session).unwrap();
    assert_eq!(sandbox.count("POST /accesstoken/get"), 3);
    // It knew that its token was over: nothing was refused.
    assert_eq!(sandbox.count(LIST), 4);
    sandbox.revoke_tokens();
    management::list_sales_units(&session).unwrap();
    assert_eq!(sandbox.count(LIST), 6);

    let keys = sandbox.management_keys();
    let system = vipps::SystemInfo::new("acme", "1").unwrap();
    let session = Session::builder(keys, system)
        .base_url(sandbox.url())
        .build();
    assert_eq!(
        management::list_sales_units(&session.unwrap())
            .unwrap()
            .len(),
        3
    );
    assert_eq!(sandbox.count("POST /miami/v1/token"), 1);
}

#[test]
fn headers_are_checked_everywhere() {
    let sandbox = Sandbox::start().unwrap();
    let token = standard_token(&sandbox);
    let good = [("Authorization", token.as_str()), KEY];
    let (thirty, long) = ("x".repeat(30), "x".repeat(31));
    let names = [
        "vipps-system-name",
        "vipps-system-version",
        "vipps-system-plugin-name",
        "vipps-system-plugin-version",
    ];
    let mut cases = vec![
        ("merchant-serial-number", "", "must not be empty"),
        ("merchant-serial-number", "123", "must be 4 to 10 digits"),
        (
            "merchant-serial-number",
            "12345678901",
            "must be 4 to 10 digits",
        ),
        ("merchant-serial-number", "12a45", "must be 4 to 10 digits"),
        ("idempotency-key", "", "must not be empty"),
    ];
    for name in names {
        cases.push((name, "", "must not be empty"));
        cases.push((name, &long, "must be at most 30 characters"));
        let fine = [&good[..], &[(name, thirty.as_str())]].concat();
        assert_eq!(ask(&sandbox, LIST, &fine, "").status, 200);
    }
    for (name, value, reason) in cases {
        let headers = [&good[..], &[(name, value)]].concat();
        let problem = ask(&sandbox, LIST, &headers, "").problem();
        let expected = format!("A header is wrong. {name}: {reason};");
        assert_eq!(problem, (400, expected));
    }
}

#[test]
fn it_starts_with_what_its_documentation_says() {
    let sandbox = Sandbox::start().unwrap();
    let [fitness, shop, sauna] = [
        json!({"msn": "123456", "name": "ACME Fitness"}),
        json!({"msn": "654321", "name": "ACME Web Shop"}),
        json!({"msn": "10012345", "name": "ACME Sauna"}),
    ];
    let norway = "/management/v1/merchants/business:NO:ORG/987654321";
    for (path, expected) in [
        (
            "/management/v1/sales-units".to_owned(),
            json!([fitness, shop, sauna]),
        ),
        (format!("{norway}/sales-units"), json!([fitness, shop])),
        // However a client encodes it.
        (
            "/management/v1/merchants/business%3ANO%3aORG/%39876543%321/sales-units".to_owned(),
            json!([fitness, shop]),
        ),
        (
            "/management/v1/merchants/business:FI:Y-tunnus/1234567-8/sales-units".to_owned(),
            json!([sauna]),
        ),
        (
            "/management/v1/merchants/business:DK:CVR/12345678/sales-units".to_owned(),
            json!([]),
        ),
        ("/management/v2/product-orders".to_owned(), json!([])),
        (
            norway.to_owned(),
            json!({
                "businessIdentifier": {"scheme": "business:NO:ORG", "id": "987654321"},
                "name": "ACME AS",
                "status": "ACTIVE",
                "createdAt": "2022-09-02T06:45:25.921251Z",
                "updatedAt": "2023-01-15T12:00:00Z",
                "countryCode": "NO",
                "businessAddress": {
                    "lines": ["Main Street 5"],
                    "postCode": "0154",
                    "city": "Capital",
                    "countryCode": "NO",
                },
                "businessPostAddress": null,
            }),
        ),
        (
            "/management/v1/sales-units/10012345".to_owned(),
            json!({
                "msn": "10012345",
                "name": "ACME Sauna",
                "businessIdentifier": {"scheme": "business:FI:Y-tunnus", "id": "1234567-8"},
                "settlementBankAccount": {"scheme": "BBAN:NO", "id": "86011117947"},
                "configuration": {
                    "paymentAllowed": true,
                    "captureType": "ReserveCapture",
                    "skipLandingPageAllowed": false,
                    "recurringAllowed": false,
                    "partialCaptureAllowed": true,
                    "lateCaptureAllowed": true,
                    "landingPagePhoneNumberLocked": false,
                    "longLivingPaymentAllowed": false,
                    "creditCardPaymentAllowed": true,
                },
            }),
        ),
    ] {
        let answer = get(&sandbox, &path);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.json(), expected, "{path}");
    }
    let packages = management::list_price_packages(&sandbox.session()).unwrap();
    let markets: Vec<String> = packages
        .iter()
        .map(|package| package.market.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(markets, ["NO", "DK", "FI"]);
}

#[test]
fn what_is_inactive_is_not_found() {
    let sandbox = Sandbox::start().unwrap();
    let not_found = |what: &str| {
        (
            404,
            format!("There is no such {what}, or it is not active."),
        )
    };
    let none = (404, "There is no such endpoint.".to_owned());
    for (path, expected) in [
        ("sales-units/999999", not_found("sales unit")),
        ("sales-units/111111", not_found("sales unit")),
        ("merchants/business:NO:ORG/999999999", not_found("merchant")),
        (
            "merchants/business:NO:ORG/999999999/sales-units",
            not_found("merchant"),
        ),
        ("merchants/business:NO:ORG/111111111", not_found("merchant")),
        ("merchants/business:DK:CVR/987654321", not_found("merchant")),
        ("product-orders", none.clone()),
        ("nothing", none.clone()),
    ] {
        let answer = get(&sandbox, &format!("/management/v1/{path}"));
        assert_eq!(answer.problem(), expected, "{path}");
    }
    let order = "/management/v2/product-orders/00000000-0000-4000-8000-000000000001/details";
    assert_eq!(get(&sandbox, order).problem(), not_found("product order"));
    // Outside the API it is the gateway that answers, whoever asks.
    let answer = ask(&sandbox, "GET /other", &[], "");
    assert_eq!(
        answer.json(),
        json!({"statusCode": 404, "message": "Resource not found"})
    );
}

#[test]
fn it_has_as_many_sales_units_as_it_is_told_to() {
    for n in [0, 1, 1000] {
        let sandbox = Sandbox::start().unwrap().with_sales_units(n);
        let session = sandbox.session();
        let units = management::list_sales_units(&session).unwrap();
        assert_eq!(units.len(), n);
        let merchant = BusinessIdentifier::norway("987654321").unwrap();
        assert_eq!(
            management::list_merchant_sales_units(&session, &merchant).unwrap(),
            units
        );
        if let (Some(first), Some(last)) = (units.first(), units.last()) {
            assert_eq!(first.msn.as_str(), "1000000");
            assert_eq!(last.msn.as_str(), (999_999 + n).to_string());
            let details = management::get_sales_unit(&session, &last.msn).unwrap();
            assert_eq!(
                (details.msn, details.name),
                (last.msn.clone(), last.name.clone())
            );
        }
    }
}

#[test]
fn one_key_stands_for_one_order() {
    let sandbox = Sandbox::start().unwrap();
    let first = prefill(&sandbox, "key-1", GOOD_ORDER);
    assert_eq!(first.status, 201);
    assert_eq!(
        first.json(),
        json!({
            "prefilledOrderId": "00000000-0000-4000-8000-000000000001",
            "prefillUrl": "https://portal.sandbox.invalid/register/prefilled/00000000-0000-4000-8000-000000000001",
        })
    );
    assert_eq!(prefill(&sandbox, "key-1", GOOD_ORDER), first);
    let conflict = (
        409,
        "The idempotency key was used for another order.".to_owned(),
    );
    let other = GOOD_ORDER.replace("LOGIN", "CASHIER");
    assert_eq!(prefill(&sandbox, "key-1", &other).problem(), conflict);
    let second = prefill(&sandbox, "key-2", GOOD_ORDER);
    assert_eq!(
        second.json()["prefilledOrderId"],
        json!("00000000-0000-4000-8000-000000000002")
    );

    // What was refused stays refused, and the key is used up.
    let wrong = GOOD_ORDER.replace("LOGIN", "WRONG");
    let refused = prefill(&sandbox, "key-3", &wrong);
    assert_eq!(refused.status, 400);
    assert_eq!(prefill(&sandbox, "key-3", &wrong), refused);
    assert_eq!(prefill(&sandbox, "key-3", GOOD_ORDER).problem(), conflict);
    let orders = get(&sandbox, "/management/v2/product-orders").json();
    assert_eq!(orders.as_array().unwrap().len(), 2);
}

#[test]
fn a_prefill_needs_its_headers() {
    let sandbox = Sandbox::start().unwrap();
    let token = standard_token(&sandbox);
    let good = [("Authorization", token.as_str()), KEY];
    let key = ("Idempotency-Key", "key-1");
    let long = "k".repeat(51);
    let bad_key = "A header is wrong. Idempotency-Key: must match ^[a-zA-Z0-9-]{1,50}$;";
    let no_key = "A header is wrong. Idempotency-Key: must be there;";
    let no_json = "The body must be JSON.";
    for (more, expected) in [
        ([JSON].as_slice(), (400, no_key)),
        (&[JSON, ("Idempotency-Key", "a.b")], (400, bad_key)),
        (&[JSON, ("Idempotency-Key", "a_b")], (400, bad_key)),
        (&[JSON, ("Idempotency-Key", &long)], (400, bad_key)),
        (&[key], (415, no_json)),
        (&[key, ("Content-Type", "text/plain")], (415, no_json)),
    ] {
        let headers = [&good[..], more].concat();
        let (status, detail) = ask(&sandbox, PREFILL, &headers, GOOD_ORDER).problem();
        assert_eq!((status, detail.as_str()), expected);
    }
    // Most clients say more than is needed.
    let with_charset = ("Content-Type", "application/json; charset=utf-8");
    let headers = [&good[..], &[key, with_charset]].concat();
    assert_eq!(ask(&sandbox, PREFILL, &headers, GOOD_ORDER).status, 201);
}

#[test]
fn a_prefill_is_checked_by_every_rule_of_the_schema() {
    let sandbox = Sandbox::start().unwrap();
    for (nth, [field, value, reason]) in rows(
        r#"
        businessIdentifier | null | businessIdentifier: must be there
        businessIdentifier | "x"  | businessIdentifier: must be an object
        businessIdentifier | {}   | businessIdentifier.scheme: must be there; businessIdentifier.id: must be there
        businessIdentifier | {"scheme": "business:", "id": "123"} | businessIdentifier.scheme: must be a string of 10 to 30 characters; businessIdentifier.id: must be a string of 4 to 50 digits
        businessIdentifier | {"scheme": "business:NO:ORG", "id": "123"} | businessIdentifier.id: must be a string of 4 to 50 digits
        businessIdentifier | {"scheme": "business:NO:ORG", "id": 987654321} | businessIdentifier.id: must be a string of 4 to 50 digits
        businessIdentifier | {"scheme": "business:NO:ORG", "id": "987654321", "name": "x"} | businessIdentifier.name: is not known
        productType | null    | productType: must be there
        productType | "login" | productType: (products)
        productType | 1       | productType: (products)
        productUseCase | "Kiosk" | productUseCase: must be one of the strings Website, WebsiteWithTest, App, Unknown
        productUseCase | "Website"         | website: must be there for this use case
        productUseCase | "WebsiteWithTest" | website: must be there for this use case
        productUseCase | "App"             | app: must be there for this use case
        app | {} | app.appName: must be there
        app | [] | app: must be an object
        website | {} | website.url: must be there; website.termsUrl: must be there
        website | {"url": "http://a.example", "termsUrl": "https://", "testWebsiteUrl": 1} | website.url: (https); website.termsUrl: (https); website.testWebsiteUrl: (https)
        settlementBankAccount | {"scheme": "BBAN", "id": "NO9386011117947"} | settlementBankAccount.scheme: must be a string of 5 to 20 characters; settlementBankAccount.id: must be a string of 9 to 34 digits
        salesUnitName | "" | salesUnitName: (name)
        salesUnitName | "ååååååååååååååååååååååååååååååååååååååååå" | salesUnitName: (name)
        salesUnitName | "A&B" | salesUnitName: (name)
        salesUnitName | 1     | salesUnitName: (name)
        salesUnitLogo | "no base64" | salesUnitLogo: must be base64
        salesUnitLogo | 1           | salesUnitLogo: must be base64
        pricePackageId | "standard" | pricePackageId: must be a UUID
        pricePackageId | 1          | pricePackageId: must be a UUID
        annualTurnover | -1         | annualTurnover: must be a whole number of 0 to 999999999
        annualTurnover | 1000000000 | annualTurnover: must be a whole number of 0 to 999999999
        annualTurnover | 1.5        | annualTurnover: must be a whole number of 0 to 999999999
        annualTurnover | "1"        | annualTurnover: must be a whole number of 0 to 999999999
        annualTurnoverPercentage | "0"   | annualTurnoverPercentage: (percent)
        annualTurnoverPercentage | "15"  | annualTurnoverPercentage: (percent)
        annualTurnoverPercentage | "110" | annualTurnoverPercentage: (percent)
        annualTurnoverPercentage | 10    | annualTurnoverPercentage: (percent)
        hasRecurring | "true" | hasRecurring: must be true or false
        hasRecurring | 1      | hasRecurring: must be true or false
        merchantCategoryCode | "594"   | merchantCategoryCode: must be a string of 4 to 4 digits
        merchantCategoryCode | "59420" | merchantCategoryCode: must be a string of 4 to 4 digits
        merchantCategoryCode | "59a2"  | merchantCategoryCode: must be a string of 4 to 4 digits
        merchantCategoryCode | 5942    | merchantCategoryCode: must be a string of 4 to 4 digits
        intendedPurpose | 1 | intendedPurpose: must be a string of 0 to 10000 characters
        colour | "blue" | colour: is not known
        // The key belongs in a header.
        idempotencyKey | "x" | idempotencyKey: is not known
        "#,
    )
    .into_iter()
    .enumerate()
    {
        let reason = reason
            .replace("(https)", "must be an https address")
            .replace("(name)", "must be a string of 1 to 40 letters, digits, whitespace and \\ ( ) - _ + . `")
            .replace("(percent)", "must be one of the strings 10, 20, 30, 40, 50, 60, 70, 80, 90, 100")
            .replace("(products)", "must be one of the strings PAYMENT_INTEGRATION, CASHIER, CHECKOUT, LOGIN, DONATIONS");
        let mut body: Value = serde_json::from_str(GOOD_ORDER).unwrap();
        body[&field] = serde_json::from_str(&value).unwrap();
        let problem = prefill(&sandbox, &format!("key-{nth}"), &body.to_string()).problem();
        let expected = format!("The product order has fields that are wrong. {reason};");
        assert_eq!(problem, (400, expected), "{field} {value}");
    }
    for (nth, body) in ["[]", "\"x\"", "{", "<order/>"].into_iter().enumerate() {
        let problem = prefill(&sandbox, &format!("no-{nth}"), body).problem();
        let expected = "The product order has fields that are wrong. body: must be a JSON object;";
        assert_eq!(problem, (400, expected.to_owned()));
    }
    assert_eq!(
        get(&sandbox, "/management/v2/product-orders").json(),
        json!([])
    );

    // What may be null may be null, and a logo that the service drops is no error.
    let mut body: Value = serde_json::from_str(GOOD_ORDER).unwrap();
    for field in [
        "salesUnitName",
        "settlementBankAccount",
        "pricePackageId",
        "productUseCase",
        "annualTurnover",
        "annualTurnoverPercentage",
        "intendedPurpose",
        "app",
        "website",
        "hasRecurring",
        "merchantCategoryCode",
    ] {
        body[field] = Value::Null;
    }
    body["salesUnitLogo"] = json!("bm8gUE5H");
    assert_eq!(prefill(&sandbox, "nulls", &body.to_string()).status, 201);
}

#[test]
fn an_order_goes_through_its_states() {
    let sandbox = Sandbox::start().unwrap();
    let id = make_order(&sandbox);
    let details = format!("/management/v2/product-orders/{id}/details");
    for status in [
        ProductOrderStatus::Received,
        ProductOrderStatus::MerchantViewed,
        ProductOrderStatus::OrderSubmitted,
        ProductOrderStatus::Rejected,
        ProductOrderStatus::Other("NEW_STATUS".to_owned()),
    ] {
        if status != ProductOrderStatus::Received {
            sandbox
                .set_product_order_status(&id, status.clone())
                .unwrap();
        }
        let expected = json!({
            "productOrderType": "PREFILL",
            "productOrderId": id,
            "productType": "LOGIN",
            "status": status,
            "businessIdentifier": {"scheme": "business:NO:ORG", "id": "987654321"},
            "productOrderUrl": format!("https://portal.sandbox.invalid/register/prefilled/{id}"),
            "salesUnit": null,
        });
        assert_eq!(get(&sandbox, &details).json(), expected);
        assert_eq!(
            get(&sandbox, "/management/v2/product-orders").json(),
            json!([expected])
        );
    }

    let nobody: ProductOrderId = "00000000-0000-4000-8000-00000000ffff".parse().unwrap();
    let error = sandbox.set_product_order_status(&nobody, ProductOrderStatus::Received);
    assert_eq!(
        error.unwrap_err().to_string(),
        format!(
            "invalid input: productOrderId: must be the id of an order in the sandbox, not \"{nobody}\""
        )
    );
}

#[test]
fn a_completed_order_has_a_sales_unit() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let merchant = BusinessIdentifier::finland("1234567-8").unwrap();
    let named =
        PrefillProductOrder::new(merchant.clone(), ProductType::Login).sales_unit_name("Löyly");
    let named = management::prefill_product_order(&session, &named)
        .unwrap()
        .prefilled_order_id;
    let plain = make_order(&sandbox);
    for (id, msn, name, units) in [
        (named, "20000001", "Löyly", 4),
        (plain, "20000002", "Sales unit of order 2", 5),
    ] {
        // Once more changes nothing.
        for _ in 0..2 {
            sandbox
                .set_product_order_status(&id, ProductOrderStatus::Completed)
                .unwrap();
        }
        let order = management::get_product_order(&session, &id).unwrap();
        let unit = order.sales_unit.unwrap();
        assert_eq!((unit.msn.as_str(), unit.name.as_str()), (msn, name));
        let details = management::get_sales_unit(&session, &unit.msn).unwrap();
        assert_eq!(details.business_identifier, order.business_identifier);
        let all = management::list_sales_units(&session).unwrap();
        assert_eq!(all.len(), units);
        assert_eq!(all.last(), Some(&unit));
    }
    let units = management::list_merchant_sales_units(&session, &merchant).unwrap();
    assert_eq!(units.len(), 2);
}

#[test]
fn an_order_that_is_not_submitted_expires_after_14_days() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let [received, viewed, submitted] = [(); 3].map(|()| make_order(&sandbox));
    let set = |id, status| sandbox.set_product_order_status(id, status).unwrap();
    set(&viewed, ProductOrderStatus::MerchantViewed);
    set(&submitted, ProductOrderStatus::OrderSubmitted);
    let listed = |query: &str| {
        let orders = get(&sandbox, &format!("/management/v2/product-orders{query}")).json();
        let orders = orders.as_array().unwrap().iter();
        orders
            .map(|order| order["status"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    sandbox.advance(14 * DAY - Duration::from_secs(1));
    let all = ["RECEIVED", "MERCHANT_VIEWED", "ORDER_SUBMITTED"];
    assert_eq!(listed(""), all);
    sandbox.advance(Duration::from_secs(1));
    let expired = ["EXPIRED", "EXPIRED", "ORDER_SUBMITTED"];
    assert_eq!(listed(""), ["ORDER_SUBMITTED"]);
    assert_eq!(listed("?includeExpired=false"), ["ORDER_SUBMITTED"]);
    assert_eq!(listed("?includeExpired=true"), expired);
    assert_eq!(listed("?x=y&includeExpired=true"), expired);
    let with_expired = ListProductOrders::new().include_expired(true);
    assert_eq!(
        management::list_product_orders(&session, &with_expired)
            .unwrap()
            .len(),
        3
    );

    for id in [&received, &viewed] {
        let order = management::get_product_order(&session, id).unwrap();
        assert_eq!(order.status, ProductOrderStatus::Expired);
        assert_eq!(
            management::delete_product_order(&session, id)
                .unwrap_err()
                .kind(),
            ErrorKind::Conflict
        );
    }
    // A new one has its own 14 days.
    make_order(&sandbox);
    assert_eq!(listed(""), ["ORDER_SUBMITTED", "RECEIVED"]);
}

#[test]
fn an_order_can_be_deleted_until_it_is_submitted() {
    use ProductOrderStatus::{
        Completed, Expired, MerchantViewed, OrderSubmitted, Received, Rejected,
    };

    let sandbox = Sandbox::start().unwrap();
    let token = standard_token(&sandbox);
    let headers = [("Authorization", token.as_str()), KEY];
    let delete = |id: &ProductOrderId| {
        let line = format!("DELETE /management/v1/product-orders/{id}");
        ask(&sandbox, &line, &headers, "")
    };
    let not_found = (
        404,
        "There is no such product order, or it is not active.".to_owned(),
    );
    for status in [Received, MerchantViewed] {
        let id = make_order(&sandbox);
        sandbox.set_product_order_status(&id, status).unwrap();
        let empty = Answer {
            status: 200,
            headers: Vec::new(),
            body: String::new(),
        };
        assert_eq!(delete(&id), empty);
        assert_eq!(delete(&id).problem(), not_found);
        let details = get(
            &sandbox,
            &format!("/management/v2/product-orders/{id}/details"),
        );
        assert_eq!(details.problem(), not_found);
        sandbox
            .set_product_order_status(&id, Completed)
            .unwrap_err();
    }
    assert_eq!(
        get(&sandbox, "/management/v2/product-orders").json(),
        json!([])
    );
    for status in [OrderSubmitted, Completed, Rejected, Expired] {
        let id = make_order(&sandbox);
        sandbox.set_product_order_status(&id, status).unwrap();
        let detail = "An order can be deleted only before it is submitted.";
        assert_eq!(delete(&id).problem(), (409, detail.to_owned()));
    }
}

#[test]
fn the_log_holds_requests_as_they_came() {
    let sandbox = Sandbox::start().unwrap();
    assert_eq!(sandbox.requests(), []);
    let line = "PATCH /any%20where?x=%41#";
    let headers = [
        ("X-First", "1"),
        ("x-SECOND", "two  words"),
        ("X-First", "again"),
    ];
    ask(&sandbox, line, &headers, "body \u{e6}");
    let request = sandbox.requests().pop().unwrap();
    assert_eq!(
        whole(&request),
        "PATCH /any%20where?x=%41#\n\
         content-length: 7\n\
         host: (the server)\n\
         x-first: 1\n\
         x-first: again\n\
         x-second: two  words\n\
         \n\
         body \u{e6}"
    );
    let names: Vec<&str> = request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        ["host", "x-first", "x-second", "x-first", "content-length"]
    );
    assert_eq!(request.header("x-first"), Some("1"));
    assert_eq!(request.header("x-third"), None);
    assert_eq!(request.json(), None);

    management::list_sales_units(&sandbox.session()).unwrap();
    let paths: Vec<String> = sandbox
        .requests()
        .iter()
        .map(|request| format!("{} {}", request.method, request.path))
        .collect();
    assert_eq!(paths, [line, "POST /accesstoken/get", LIST]);
    sandbox.clear_requests();
    assert_eq!(sandbox.requests(), []);
    assert_eq!(sandbox.count("*"), 0);
}

#[test]
fn a_route_is_a_method_and_a_path() {
    let sandbox = Sandbox::start().unwrap();
    for line in [
        "GET /a",
        "POST /a",
        "GET /a/b",
        "GET /a/b/c",
        "GET /a/b%3Ac",
        "GET /a/b:c",
        "GET /a?x=1",
        "GET /a?x=2",
        "GET /",
    ] {
        ask(&sandbox, line, &[], "");
    }
    for (route, n) in [
        ("*", 9),
        ("* *", 9),
        ("GET *", 8),
        ("POST *", 1),
        ("PUT *", 0),
        ("/a", 4),
        ("* /a", 4),
        ("GET /a", 3),
        ("get /a", 0),
        ("GET /a?x=1", 1),
        ("GET /a?x=3", 0),
        ("GET *?x=2", 1),
        ("GET /*", 4),
        ("GET /a/*", 3),
        ("GET /*/b", 1),
        ("GET /*/*", 3),
        ("GET /*/*/*", 1),
        ("GET /a/", 0),
        ("GET /a/b:c", 2),
        ("GET /a/b%3ac", 2),
        ("GET /", 1),
    ] {
        assert_eq!(sandbox.count(route), n, "{route}");
    }
    assert!(sandbox.wait_for("GET /a", 3));
}

#[test]
fn faults_are_taken_in_order_and_used_up() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault("GET /a", 2, Fault::status(501));
    sandbox.fault("GET /b", 1, Fault::status(502));
    sandbox.fault("*", 0, Fault::status(500));
    sandbox.fault("GET /*", 2, Fault::status(503));
    sandbox.fault("GET /a", 1, Fault::status(504));
    let lines = [
        "GET /a", "POST /a", "GET /a", "GET /a", "GET /b", "GET /b", "GET /a", "GET /a",
    ];
    let statuses = lines.map(|line| ask(&sandbox, line, &[EMPTY], "").status);
    assert_eq!(statuses, [501, 404, 501, 503, 502, 503, 504, 404]);

    sandbox.fault("*", usize::MAX, Fault::status(500));
    for _ in 0..3 {
        assert_eq!(ask(&sandbox, "GET /a", &[], "").status, 500);
    }
    sandbox.clear_faults();
    assert_eq!(ask(&sandbox, "GET /a", &[], "").status, 404);
}

/// A fault for one prefill over a bare socket: all that comes back, and how many orders there are then.
#[track_caller]
fn prefill_with(fault: Fault) -> (String, usize) {
    let sandbox = Sandbox::start().unwrap();
    let token = standard_token(&sandbox);
    sandbox.fault(PREFILL, 1, fault);
    let headers = [
        ("Authorization", token.as_str()),
        KEY,
        JSON,
        ("Idempotency-Key", "key-1"),
        ("Connection", "close"),
    ];
    let mut wire = Wire::open(&sandbox);
    wire.send(request(PREFILL, &headers, GOOD_ORDER));
    let text = wire.rest();
    let logged = sandbox.requests().pop().unwrap();
    assert_eq!(logged.path, "/management/v1/product-orders");
    assert_eq!(logged.body, GOOD_ORDER.as_bytes());
    let orders = get(&sandbox, "/management/v2/product-orders").json();
    (text, orders.as_array().unwrap().len())
}

#[test]
fn each_fault_does_what_it_says() {
    let created = "{\"prefillUrl\":\"https://portal.sandbox.invalid/register/prefilled/00000000-0000-4000-8000-000000000001\",\
                   \"prefilledOrderId\":\"00000000-0000-4000-8000-000000000001\"}";
    let problem = |status: u16| {
        format!(
            "{{\"detail\":\"A fault that was asked for\",\"instance\":\"urn:uuid:00000000-0000-4000-8000-000000000000\",\
             \"status\":{status},\"title\":\"A fault that was asked for\",\"traceId\":\"0af7651916cd43dd8448eb211c80319c\",\
             \"type\":\"https://sandbox.invalid/problem/{status}\"}}"
        )
    };
    let reply = |status: &str, headers: &str, body: &str| {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
    };
    let page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
    let is_problem = "Content-Type: application/problem+json\r\n";
    let is_json = "Content-Type: application/json\r\n";
    let good = reply("201 Created", is_json, created);
    let (head, _) = good.split_once("\r\n\r\n").unwrap();
    let cut = format!("{head}\r\n\r\n{}", &created[..created.len() / 2]);
    for (fault, text, orders) in [
        (
            Fault::status(503),
            reply("503 Service Unavailable", is_problem, &problem(503)),
            0,
        ),
        (
            Fault::status(429),
            reply("429 Too Many Requests", is_problem, &problem(429)),
            0,
        ),
        (
            Fault::status_retry_after(429, "7"),
            reply(
                "429 Too Many Requests",
                &format!("{is_problem}Retry-After: 7\r\n"),
                &problem(429),
            ),
            0,
        ),
        (
            Fault::status_retry_after(503, "Sun, 06 Nov 1994 08:49:37 GMT"),
            reply(
                "503 Service Unavailable",
                &format!("{is_problem}Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
                &problem(503),
            ),
            0,
        ),
        (
            Fault::status(599),
            reply("599 Unknown", is_problem, &problem(599)),
            0,
        ),
        (Fault::status(204), reply("204 No Content", "", ""), 0),
        (Fault::status(304), reply("304 Not Modified", "", ""), 0),
        (Fault::Delay(Duration::ZERO), good.clone(), 1),
        (Fault::Delay(Duration::from_millis(1)), good.clone(), 1),
        (Fault::CloseAfterReading, String::new(), 0),
        (Fault::LoseReply, String::new(), 1),
        (Fault::CutReply, cut, 1),
        (
            Fault::Garbage,
            "\u{16}\u{3}\u{1} this is not HTTP\r\n\r\n".to_owned(),
            0,
        ),
        (
            Fault::HtmlBadGateway,
            reply("502 Bad Gateway", "Content-Type: text/html\r\n", page),
            0,
        ),
        (
            Fault::json(200, "{\"a\": 1}"),
            reply("200 OK", is_json, "{\"a\": 1}"),
            0,
        ),
        (
            Fault::reply(418, "text/plain", "short and stout"),
            reply(
                "418 I'm a teapot",
                "Content-Type: text/plain\r\n",
                "short and stout",
            ),
            0,
        ),
        (
            Fault::reply(200, "text/plain", ""),
            reply("200 OK", "", ""),
            0,
        ),
        (
            Fault::Raw(b"any\0thing".to_vec()),
            "any\0thing".to_owned(),
            0,
        ),
        (Fault::Raw(Vec::new()), String::new(), 0),
    ] {
        let got = prefill_with(fault.clone());
        assert_eq!(got, (text, orders), "{fault:?}");
    }
}

/// The same faults through the crate: what a program's tests see.
#[test]
fn each_fault_comes_through_the_crate() {
    let unknown = Delivery::Unknown;
    let answered = Delivery::Answered;
    for (fault, kind, status, delivery) in [
        (Fault::status(503), ErrorKind::Server, Some(503), answered),
        (
            Fault::status_retry_after(429, "7"),
            ErrorKind::RateLimited,
            Some(429),
            answered,
        ),
        (Fault::CloseBeforeReading, ErrorKind::Network, None, unknown),
        (Fault::CloseAfterReading, ErrorKind::Network, None, unknown),
        (Fault::LoseReply, ErrorKind::Network, None, unknown),
        (Fault::CutReply, ErrorKind::Network, Some(201), answered),
        (Fault::Garbage, ErrorKind::Network, None, unknown),
        (
            Fault::HtmlBadGateway,
            ErrorKind::Server,
            Some(502),
            answered,
        ),
        (
            Fault::json(200, "[]"),
            ErrorKind::Decode,
            Some(200),
            answered,
        ),
    ] {
        let sandbox = Sandbox::start().unwrap();
        let session = single(&sandbox);
        session.access_token().unwrap();
        sandbox.fault(PREFILL, 1, fault.clone());
        let error =
            management::prefill_product_order(&session, &crate::support::prefill()).unwrap_err();
        let got = (error.kind(), error.status(), error.delivery());
        assert_eq!(got, (kind, status, delivery), "{fault:?}: {error}");
        // One fault, and all is well again.
        management::prefill_product_order(&session, &crate::support::prefill()).unwrap();
    }
}

#[test]
fn an_answer_without_a_body_does_not_disturb_the_next_one() {
    let sandbox = Sandbox::start().unwrap();
    let mut wire = Wire::open(&sandbox);
    for status in [204, 304] {
        sandbox.fault("*", 1, Fault::status(status));
        wire.send(request("GET /x", &[], ""));
        assert_eq!(wire.answer().status, status);
    }
    wire.send(request("HEAD /x", &[], ""));
    let head = wire.answer();
    assert_eq!((head.status, head.body.as_str()), (404, ""));
    wire.send(request("GET /x", &[], ""));
    assert_eq!(wire.answer().json()["statusCode"], json!(404));
}

#[test]
fn close_before_reading_leaves_the_body_unread() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault("POST /x", 1, Fault::CloseBeforeReading);
    let mut wire = Wire::open(&sandbox);
    // The head alone is enough for it.
    wire.send("POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(wire.rest(), "");
    let request = sandbox.requests().pop().unwrap();
    assert_eq!((request.path.as_str(), request.body), ("/x", Vec::new()));
}

#[test]
fn an_endless_body_goes_on_until_the_client_has_enough() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault("GET /x", 1, Fault::EndlessBody);
    let mut wire = Wire::open(&sandbox);
    wire.send(request("GET /x", &[], ""));
    let head = wire.head();
    assert_eq!(
        head,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked"
    );
    while wire.buffer.len() < 1024 * 1024 {
        wire.more();
    }
    assert!(wire.buffer.starts_with(b"4000\r\n        "));
    drop(wire);

    let session = sandbox
        .session_builder()
        .unwrap()
        .max_response_bytes(100_000);
    sandbox.fault(LIST, 1, Fault::EndlessBody);
    let error = management::list_sales_units(&session.build().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
}

#[test]
fn a_held_request_waits_for_its_release() {
    let sandbox = Sandbox::start().unwrap();
    // More than once, as a release is not for what is held after it; and `clear_faults` releases too.
    for (round, release) in [Sandbox::release, Sandbox::release, Sandbox::clear_faults]
        .into_iter()
        .enumerate()
    {
        sandbox.fault("GET /held", 2, Fault::Hold);
        let mut held = [Wire::open(&sandbox), Wire::open(&sandbox)];
        for wire in &mut held {
            wire.send(request("GET /held", &[], ""));
        }
        assert!(sandbox.wait_for("GET /held", 2 * (round + 1)));
        // Others go on meanwhile.
        assert_eq!(ask(&sandbox, "GET /free", &[], "").status, 404);
        for wire in &mut held {
            wire.stream.set_nonblocking(true).unwrap();
            let error = wire.stream.read(&mut [0]).unwrap_err();
            assert_eq!(error.kind(), IoErrorKind::WouldBlock);
            wire.stream.set_nonblocking(false).unwrap();
        }
        // Once is enough, however soon after the request was seen.
        release(&sandbox);
        for wire in &mut held {
            assert_eq!(wire.answer().status, 404);
        }
    }
}

/// A test waits for a request and lets it go at once: the release must not fall between the log and the hold.
#[test]
fn a_release_is_never_missed() {
    let sandbox = Sandbox::start().unwrap();
    let mut wire = Wire::open(&sandbox);
    for n in 1..=200 {
        sandbox.fault("*", 1, Fault::Hold);
        wire.send(request("GET /held", &[], ""));
        assert!(sandbox.wait_for("*", n));
        sandbox.release();
        assert_eq!(wire.answer().status, 404);
    }
}

/// Does something that must come to an end, and fails where it does not.
#[track_caller]
fn ends(what: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let thread = thread::spawn(move || {
        what();
        let _ = done.send(());
    });
    let result = is_done.recv_timeout(Duration::from_secs(10));
    assert_ne!(result, Err(mpsc::RecvTimeoutError::Timeout), "does not end");
    thread.join().unwrap();
}

#[test]
fn it_stops_whatever_its_connections_are_doing() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault("GET /held", 1, Fault::Hold);
    sandbox.fault("GET /late", 1, Fault::Delay(Duration::from_secs(3600)));
    // Longer than any clock can tell.
    sandbox.fault("GET /later", 1, Fault::Delay(Duration::MAX));
    sandbox.fault("GET /endless", 1, Fault::EndlessBody);
    let mut idle = Wire::open(&sandbox);
    idle.send(request("GET /idle", &[], ""));
    assert_eq!(idle.answer().status, 404);
    let silent = Wire::open(&sandbox);
    let mut half = Wire::open(&sandbox);
    half.send("GET /half HTTP/1.1\r\nHo");
    let mut no_body = Wire::open(&sandbox);
    no_body.send("POST /no-body HTTP/1.1\r\nContent-Length: 10\r\n\r\n123");
    let mut waiting = ["held", "late", "later"].map(|path| {
        let mut wire = Wire::open(&sandbox);
        wire.send(request(&format!("GET /{path}"), &[], ""));
        assert!(sandbox.wait_for(&format!("GET /{path}"), 1));
        wire
    });
    let mut endless = Wire::open(&sandbox);
    endless.send(request("GET /endless", &[], ""));
    endless.head();
    // A session keeps connections of its own.
    let session = sandbox.session();
    management::list_sales_units(&session).unwrap();

    let address = sandbox.url().strip_prefix("http://").unwrap().to_owned();
    ends(move || drop(sandbox));
    for mut wire in [idle, silent, half, no_body] {
        assert_eq!(wire.rest(), "");
    }
    for wire in &mut waiting {
        // Nobody gets an answer that a test would take for the service's.
        assert_eq!(wire.rest(), "");
    }
    endless.rest();
    // The port is free, also for another sandbox, unless the system has given it to somebody else for a moment.
    let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
    let began = std::time::Instant::now();
    let again = loop {
        match Sandbox::builder().port(port).start() {
            Ok(sandbox) => break sandbox,
            Err(error) => assert!(began.elapsed() < Duration::from_secs(10), "{error}"),
        }
    };
    assert_eq!(again.url(), format!("http://{address}"));
    assert_eq!(management::list_sales_units(&session).unwrap().len(), 3);
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let sandbox = Sandbox::start().unwrap();
    let address = sandbox.url().strip_prefix("http://").unwrap();
    let taken = TcpListener::bind(address).unwrap_err();
    let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
    let error = Sandbox::builder().port(port).start().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("configuration: port: cannot be listened on: {taken}")
    );
}

#[test]
fn it_listens_on_loopback_only() {
    let sandbox = Sandbox::start().unwrap();
    let port = sandbox.url().strip_prefix("http://127.0.0.1:").unwrap();
    // On Linux all of 127.0.0.0/8 leads here: a server on every address would answer.
    let other = TcpStream::connect(format!("127.0.0.2:{port}"));
    assert!(other.is_err(), "{other:?}");
}

#[test]
fn connections_can_be_broken() {
    let sandbox = Sandbox::start().unwrap();
    let session = single(&sandbox);
    management::list_sales_units(&session).unwrap();
    let mut idle = Wire::open(&sandbox);
    idle.send(request("GET /x", &[], ""));
    idle.answer();
    sandbox.close_connections();
    assert_eq!(idle.rest(), "");
    // It goes on listening.
    assert_eq!(ask(&sandbox, "GET /x", &[], "").status, 404);
}

#[test]
fn it_waits_for_a_client_that_waits_for_it() {
    let sandbox = Sandbox::start().unwrap();
    let mut wire = Wire::open(&sandbox);
    wire.send("POST /x HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(wire.head(), "HTTP/1.1 100 Continue");
    wire.send("body");
    assert_eq!(wire.answer().status, 404);
    assert_eq!(sandbox.requests().pop().unwrap().body, b"body");
}

#[test]
fn requests_may_come_in_any_pieces() {
    let sandbox = Sandbox::start().unwrap();
    let requests: String = (0..3)
        .map(|nth| request(&format!("POST /{nth}"), &[], &format!("body {nth}")))
        .collect();
    // All at once, and one byte at a time.
    let mut wire = Wire::open(&sandbox);
    wire.send(&requests);
    for _ in 0..3 {
        assert_eq!(wire.answer().status, 404);
    }
    wire.stream.set_nodelay(true).unwrap();
    for byte in requests.bytes() {
        wire.send([byte]);
    }
    for _ in 0..3 {
        assert_eq!(wire.answer().status, 404);
    }
    let came: Vec<String> = sandbox
        .requests()
        .iter()
        .map(|request| {
            format!(
                "{} {}",
                request.path,
                String::from_utf8_lossy(&request.body)
            )
        })
        .collect();
    let sent = ["/0 body 0", "/1 body 1", "/2 body 2"];
    assert_eq!(came, [sent, sent].concat());
}

#[test]
fn a_body_in_chunks_is_put_together() {
    let sandbox = Sandbox::start().unwrap();
    let mut wire = Wire::open(&sandbox);
    for _ in 0..2 {
        wire.send("POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
        for piece in [
            "3\r\nabc",
            "\r\n",
            "A",
            "\r\n0123456789\r\n",
            "0\r\n",
            "\r\n",
        ] {
            wire.send(piece);
        }
        assert_eq!(wire.answer().status, 404);
        assert_eq!(sandbox.requests().pop().unwrap().body, b"abc0123456789");
    }
    // A length is required where it was before, all the same.
    let headers = [ID, SECRET, KEY, ("Transfer-Encoding", "chunked")];
    wire.send(request("POST /accesstoken/get", &headers, "") + "0\r\n\r\n");
    assert_eq!(wire.answer().status, 411);
}

#[test]
fn a_connection_is_closed_when_the_client_says_so() {
    let sandbox = Sandbox::start().unwrap();
    for head in [
        "GET /x HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET /x HTTP/1.1\r\nconnection: Close\r\n\r\n",
        "GET /x HTTP/1.0\r\n\r\n",
    ] {
        let mut wire = Wire::open(&sandbox);
        wire.send(head);
        assert_eq!(wire.answer().status, 404);
        assert_eq!(wire.rest(), "");
    }
}

#[test]
fn what_is_no_request_is_refused_and_the_next_client_served() {
    let sandbox = Sandbox::start().unwrap();
    let long_head = format!("GET /x HTTP/1.1\r\nX: {}", "x".repeat(70_000));
    let many_headers = format!("GET /x HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(100));
    let no_request = (400, "Not an HTTP request".to_owned());
    let no_length = (400, "Not a Content-Length".to_owned());
    let no_chunk = (400, "Not a chunk".to_owned());
    let too_large = (413, "Body too large".to_owned());
    for (bytes, expected) in [
        // The start of a TLS handshake: somebody wrote https.
        (b"\x16\x03\x01\x02\0\x01\0".to_vec(), no_request.clone()),
        (b"\0\0\0\0".to_vec(), no_request.clone()),
        (b"hello there\r\n\r\n".to_vec(), no_request.clone()),
        (b"GET /x HTTP/3.0\r\n\r\n".to_vec(), no_request.clone()),
        (long_head.into_bytes(), no_request.clone()),
        (many_headers.into_bytes(), no_request),
        (
            b"POST /x HTTP/1.1\r\nContent-Length: many\r\n\r\n".to_vec(),
            no_length.clone(),
        ),
        (
            b"POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\nx".to_vec(),
            no_length,
        ),
        (
            b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n".to_vec(),
            no_chunk,
        ),
        (
            b"POST /x HTTP/1.1\r\nContent-Length: 99999999\r\n\r\nstart".to_vec(),
            too_large.clone(),
        ),
        (
            b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\nx".to_vec(),
            too_large,
        ),
    ] {
        let mut wire = Wire::open(&sandbox);
        wire.send(&bytes);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        assert_eq!(wire.answer().problem(), expected, "{shown:?}");
        // What the client goes on to send does not break the connection before it has read the answer.
        wire.send(vec![b'x'; 100_000]);
        wire.stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(wire.rest(), "");
    }
    // Clients that leave in the middle.
    for bytes in [
        "",
        "GET",
        "GET /x HTTP/1.1\r\n",
        "POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\n12",
    ] {
        let mut wire = Wire::open(&sandbox);
        wire.send(bytes);
        wire.stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(wire.rest(), "");
    }
    assert_eq!(ask(&sandbox, "GET /x", &[], "").status, 404);
}

#[test]
fn many_connections_are_served_at_once() {
    const CLIENTS: usize = 64;
    let sandbox = Sandbox::start().unwrap();
    // All have their connection, and all their requests are held, before the first is answered.
    sandbox.fault("GET /all", CLIENTS, Fault::Hold);
    let all_connected = Barrier::new(CLIENTS);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut wire = Wire::open(&sandbox);
                all_connected.wait();
                wire.send(request("GET /all", &[], ""));
                assert_eq!(wire.answer().status, 404);
                wire.send(request(
                    "POST /accesstoken/get",
                    &[ID, SECRET, KEY, EMPTY],
                    "",
                ));
                let token = bearer(&wire.answer());
                wire.send(request(LIST, &[("Authorization", &token), KEY], ""));
                assert_eq!(wire.answer().json().as_array().unwrap().len(), 3);
            });
        }
        assert!(sandbox.wait_for("GET /all", CLIENTS));
        sandbox.release();
    });
    assert_eq!(sandbox.count("POST /accesstoken/get"), CLIENTS);
}

#[test]
fn sandboxes_know_nothing_of_each_other() {
    let (one, other) = (Sandbox::start().unwrap(), Sandbox::start().unwrap());
    make_order(&one);
    let token = standard_token(&one);
    let headers = [("Authorization", token.as_str()), KEY];
    assert_eq!(ask(&other, LIST, &headers, "").status, 401);
    one.fault("*", 1, Fault::status(500));
    one.advance(DAY);
    assert_eq!(
        get(&other, "/management/v2/product-orders").json(),
        json!([])
    );
    assert_eq!(other.clock().now(), Duration::ZERO);
}

#[test]
fn it_runs_on_the_clock_that_it_is_given() {
    let clock = Clock::manual();
    let sandbox = Sandbox::builder().clock(clock.clone()).start().unwrap();
    let token = standard_token(&sandbox);
    clock.advance(Duration::from_secs(3600));
    let headers = [("Authorization", token.as_str()), KEY];
    assert_eq!(ask(&sandbox, LIST, &headers, "").status, 401);
    let debug = format!("{sandbox:?}");
    assert_eq!(
        debug,
        format!(
            "Sandbox {{ url: {:?}, clock: Clock::manual(3600s), .. }}",
            sandbox.url()
        )
    );
}
