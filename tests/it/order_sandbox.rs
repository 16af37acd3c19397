//! The sandbox's rules for Order Management, seen by a program that knows HTTP and nothing of this crate.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use vipps::sandbox::Sandbox;

use crate::support::{Ids, Retry, of_orders, rows};

const IMAGES: &str = "/order-management/v1/images";
const CATEGORY: &str = "/order-management/v2/ecom/categories/order-1";
const RECEIPT: &str = "/order-management/v2/ecom/receipts/order-1";
const ORDER: &str = "/order-management/v2/ecom/order-1";
const LINKS: &str = "/order-management/v3/categories";

/// The headers of a program with the sandbox's standard keys, the token aside.
const KEY: (&str, &str) = ("Ocp-Apim-Subscription-Key", "sandbox-subscription-key-1");
const MSN: (&str, &str) = ("Merchant-Serial-Number", "123456");

#[derive(Debug, PartialEq)]
struct Reply {
    status: u16,
    content_type: Option<String>,
    body: Vec<u8>,
}

impl Reply {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// One request over a connection of its own.
fn exchange(sandbox: &Sandbox, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let address = sandbox.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = body.len();
    let head =
        format!("{line} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n{headers}\r\n");
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();

    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let header = |name: &str| {
        let mut lines = head.lines();
        lines.find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
    };
    let length = header("Content-Length").unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    Reply {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        content_type: header("Content-Type"),
        body,
    }
}

/// A program with a token.
struct Program<'a> {
    sandbox: &'a Sandbox,
    authorization: String,
    msn: &'a str,
}

impl<'a> Program<'a> {
    fn new(sandbox: &'a Sandbox) -> Self {
        let keys = [
            ("client_id", "sandbox-client-id"),
            ("client_secret", "sandbox-client-secret"),
            KEY,
        ];
        let reply = exchange(sandbox, "POST /accesstoken/get", &keys, b"");
        let token = reply.json()["access_token"].as_str().unwrap().to_owned();
        let authorization = format!("Bearer {token}");
        let msn = MSN.1;
        Self {
            sandbox,
            authorization,
            msn,
        }
    }

    fn for_sales_unit(&self, msn: &'a str) -> Self {
        let authorization = self.authorization.clone();
        Self {
            sandbox: self.sandbox,
            authorization,
            msn,
        }
    }

    fn send(&self, line: &str, body: Option<&Value>) -> Reply {
        let mut headers = vec![
            ("Authorization", self.authorization.as_str()),
            ("Merchant-Serial-Number", self.msn),
            KEY,
        ];
        let body = body.map(Value::to_string);
        headers.extend(body.as_ref().map(|_| ("Content-Type", "application/json")));
        exchange(
            self.sandbox,
            line,
            &headers,
            body.unwrap_or_default().as_bytes(),
        )
    }

    fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET {path}"), None)
    }

    fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(&format!("POST {path}"), Some(body))
    }

    fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(&format!("PUT {path}"), Some(body))
    }

    fn delete(&self, path: &str) -> Reply {
        self.send(&format!("DELETE {path}"), None)
    }
}

#[track_caller]
fn assert_json(reply: &Reply, status: u16, body: &Value) {
    assert_eq!(reply.json(), *body);
    assert_eq!(reply.status, status);
    assert_eq!(reply.content_type.as_deref(), Some("application/json"));
}

#[track_caller]
fn assert_empty(reply: &Reply, status: u16) {
    let content_type = None;
    let body = vec![];
    assert_eq!(
        *reply,
        Reply {
            status,
            content_type,
            body
        }
    );
}

/// This API's errors: no status in the body, the trace in `instance`, and fields as `invalidParams`.
#[track_caller]
fn assert_error(reply: &Reply, status: u16, title: &str, detail: &str) {
    let body = json!({
        "type": format!("https://sandbox.invalid/problem/{status}"),
        "title": title,
        "detail": detail,
        "instance": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    });
    assert_json(reply, status, &body);
}

#[track_caller]
fn assert_not_found(reply: &Reply) {
    assert_error(reply, 404, "Not Found", "There is nothing here.");
}

#[track_caller]
fn assert_invalid(reply: &Reply, params: &[(&str, &str)]) {
    let params: Vec<Value> = params
        .iter()
        .map(|(name, reason)| json!({"name": name, "reason": reason}))
        .collect();
    let body = json!({
        "type": "https://sandbox.invalid/problem/400",
        "title": "Bad Request",
        "detail": "The request has values that are wrong.",
        "instance": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "invalidParams": params
    });
    assert_json(reply, 400, &body);
}

fn image(id: &str) -> Value {
    json!({"imageId": id, "src": "aGVsbG8=", "type": "base64"})
}

fn category() -> Value {
    json!({"category": "RECEIPT", "orderDetailsUrl": "https://example.com/1"})
}

fn link() -> Value {
    json!({"orderId": "order-1", "paymentType": "ECOM", "type": "TICKET", "url": "https://example.com/2"})
}

fn line(id: &str) -> Value {
    json!({
        "name": "Socks",
        "id": id,
        "totalAmount": 1000,
        "totalAmountExcludingTax": 800,
        "totalTaxAmount": 200,
        "taxRate": 2500
    })
}

fn receipt() -> Value {
    json!({"orderLines": [line("1"), line("2"), line("3")], "bottomLine": {"currency": "NOK"}})
}

/// `object` with one value put in the place that a JSON pointer names.
fn with(mut object: Value, place: &str, value: Value) -> Value {
    let (parent, name) = place.rsplit_once('/').unwrap();
    object.pointer_mut(parent).unwrap()[name] = value;
    object
}

fn is_uuid(value: &Value) -> bool {
    let lengths: Vec<usize> = value.as_str().unwrap().split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
}

/// Each endpoint, with a body that it takes.
fn endpoints() -> Vec<(String, Option<Value>)> {
    // What ensures a receipt sends what adds one.
    let rows = of_orders().filter(|row| row.retry != Retry::ReadBack);
    rows.map(|row| {
        let request = row.request(&Ids::default());
        let (_, body) = request.split_once("\n\n").unwrap();
        (row.line(&Ids::default()), serde_json::from_str(body).ok())
    })
    .collect()
}

#[test]
fn every_endpoint_wants_token_key_and_msn() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.enable_v1();
    let program = Program::new(&sandbox);
    let token = ("Authorization", program.authorization.as_str());
    let json_body = ("Content-Type", "application/json");
    for (line, body) in endpoints() {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let send = |headers: &[(&str, &str)]| {
            let headers = [headers, &[json_body]].concat();
            exchange(&sandbox, &line, &headers, body.as_bytes())
        };
        assert_invalid(
            &send(&[token, KEY]),
            &[("Merchant-Serial-Number", "must be there")],
        );
        for (headers, detail) in [
            (
                vec![KEY, MSN],
                "The Authorization header must be Bearer and a token.",
            ),
            (
                vec![
                    ("Authorization", &program.authorization["Bearer ".len()..]),
                    KEY,
                    MSN,
                ],
                "The Authorization header must be Bearer and a token.",
            ),
            (
                vec![("Authorization", "Bearer x"), KEY, MSN],
                "The token is not known.",
            ),
        ] {
            let reply = send(&headers);
            assert_eq!(reply.status, 401, "{line}");
            assert_eq!(reply.json()["detail"], json!(detail));
        }
        for (headers, message) in [
            (vec![token, MSN], "The subscription key is missing."),
            (
                vec![token, ("Ocp-Apim-Subscription-Key", "x"), MSN],
                "The subscription key is not valid.",
            ),
        ] {
            // The gateway's form.
            let expected = json!({"statusCode": 401, "message": message});
            assert_json(&send(&headers), 401, &expected);
        }
        for msn in ["123", "12345678901", "12345a", ""] {
            let reply = send(&[token, KEY, ("Merchant-Serial-Number", msn)]);
            assert_eq!(reply.status, 400, "{line} {msn}");
            let field = &reply.json()["extraDetails"][0]["name"];
            assert_eq!(*field, json!("merchant-serial-number"));
        }
    }
    // Nothing of it was carried out.
    assert_not_found(&program.get(ORDER));
    assert_not_found(&program.get("/order-management/v1/orders/order-1"));
    assert_json(
        &program.post(IMAGES, &image("picture-1")),
        200,
        &json!({"imageId": "picture-1"}),
    );
    let list = program.get("/order-management/v3/categories?orderId=order-1");
    assert_json(&list, 200, &json!({"categories": []}));
}

#[test]
fn either_subscription_key_is_good_and_a_token_expires() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    let headers = [
        ("Authorization", program.authorization.as_str()),
        MSN,
        ("Ocp-Apim-Subscription-Key", "sandbox-subscription-key-2"),
    ];
    let get = || exchange(&sandbox, "GET /order-management/v2/ecom/1", &headers, b"");
    assert_not_found(&get());
    sandbox.advance(Duration::from_secs(3599));
    assert_not_found(&get());
    sandbox.advance(Duration::from_secs(1));
    let reply = get();
    assert_eq!(reply.status, 401);
    assert_eq!(reply.json()["detail"], json!("The token has expired."));
}

/// Partners' management keys go without a subscription key everywhere.
#[test]
fn a_management_token_goes_without_a_subscription_key() {
    let sandbox = Sandbox::start().unwrap();
    let basic = "Basic c2FuZGJveC1tYW5hZ2VtZW50LWlkOnNhbmRib3gtbWFuYWdlbWVudC1zZWNyZXQ=";
    let headers = [
        ("Authorization", basic),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let form = b"grant_type=client_credentials";
    let reply = exchange(&sandbox, "POST /miami/v1/token", &headers, form);
    let token = format!("Bearer {}", reply.json()["access_token"].as_str().unwrap());
    let token = ("Authorization", token.as_str());
    let line = "GET /order-management/v2/ecom/1";
    assert_not_found(&exchange(&sandbox, line, &[token, MSN], b""));
    let reply = exchange(&sandbox, line, &[token, MSN, KEY], b"");
    assert_eq!(reply.status, 401);
}

#[test]
fn an_image_is_never_changed() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    assert_json(
        &program.post(IMAGES, &image("socks")),
        200,
        &json!({"imageId": "socks"}),
    );
    for again in [image("socks"), with(image("socks"), "/src", json!("AAAA"))] {
        let reply = program.post(IMAGES, &again);
        assert_error(
            &reply,
            409,
            "Conflict",
            "An image with this id exists already.",
        );
    }
    // Another id, the same picture; and ids differ by their capitals.
    for id in ["socks-2", "Socks", ".", &"a".repeat(128)] {
        assert_json(
            &program.post(IMAGES, &image(id)),
            200,
            &json!({"imageId": id}),
        );
    }
}

#[test]
fn a_wrong_image_is_refused_by_the_field() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    let wrong_id = "must be 1 to 128 letters, digits, -, _ and .";
    for (place, value, reason) in [
        ("/imageId", json!(""), wrong_id),
        ("/imageId", json!("a b"), wrong_id),
        ("/imageId", json!("a/b"), wrong_id),
        ("/imageId", json!("a".repeat(129)), wrong_id),
        ("/imageId", json!(1), wrong_id),
        ("/imageId", Value::Null, "must be there"),
        ("/src", json!("not base64!"), "must be base64"),
        ("/src", json!("https://example.com/a.png"), "must be base64"),
        ("/src", json!("A".repeat(2_796_208)), "must be at most 2 MB"),
        ("/src", Value::Null, "must be there"),
        ("/type", json!("url"), "must be one of the strings base64"),
        ("/type", Value::Null, "must be there"),
    ] {
        let reply = program.post(IMAGES, &with(image("a"), place, value));
        assert_invalid(&reply, &[(&place[1..], reason)]);
    }
    let none = [
        ("imageId", "must be there"),
        ("src", "must be there"),
        ("type", "must be there"),
    ];
    assert_invalid(&program.post(IMAGES, &json!({})), &none);
    // None of them was kept; 2 MB in base64 are not too large.
    let largest = with(image("a"), "/src", json!("A".repeat(2_796_204)));
    assert_json(
        &program.post(IMAGES, &largest),
        200,
        &json!({"imageId": "a"}),
    );
}

#[test]
fn a_body_is_a_json_object_and_says_so() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.enable_v1();
    let program = Program::new(&sandbox);
    for (line, body) in endpoints() {
        let Some(body) = body else { continue };
        let headers = [("Authorization", program.authorization.as_str()), MSN, KEY];
        let no_type = exchange(&sandbox, &line, &headers, body.to_string().as_bytes());
        assert_error(
            &no_type,
            415,
            "Unsupported Media Type",
            "The body must be JSON.",
        );
        let wrong = [headers.as_slice(), &[("Content-Type", "text/json")]].concat();
        let wrong = exchange(&sandbox, &line, &wrong, body.to_string().as_bytes());
        assert_eq!(wrong, no_type);
        // As libraries in other languages write it.
        let json_type = ("Content-Type", "application/json; charset=utf-8");
        let headers = [headers.as_slice(), &[json_type]].concat();
        for wrong in ["", "null", "[]", "\"text\"", "{", "{} {}"] {
            let reply = exchange(&sandbox, &line, &headers, wrong.as_bytes());
            assert_invalid(&reply, &[("body", "must be a JSON object")]);
        }
        let good = exchange(&sandbox, &line, &headers, body.to_string().as_bytes());
        assert!([200, 201].contains(&good.status), "{line}: {}", good.status);
    }
}

#[test]
fn a_category_is_replaced_by_the_next() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    program.post(IMAGES, &image("socks"));
    let with_image = with(category(), "/imageId", json!("socks"));
    let ticket = with(category(), "/category", json!("TICKET"));
    let mut ids = Vec::new();
    for category in [category(), with_image, ticket.clone(), ticket] {
        let reply = program.put(CATEGORY, &category);
        assert_eq!(reply.status, 200);
        let id = reply.json();
        assert!(is_uuid(&id), "{id}");
        assert!(!ids.contains(&id));
        ids.push(id);
        assert_json(&program.get(ORDER), 200, &json!({"category": category}));
    }
}

#[test]
fn an_image_that_is_not_there_is_refused_in_a_category() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.enable_v1();
    let program = Program::new(&sandbox);
    let unknown = [("imageId", "there is no such image")];
    let category = with(category(), "/imageId", json!("socks"));
    let link = with(link(), "/imageId", json!("socks"));
    let v1 = "/order-management/v1/orders/order-1";
    program.post(IMAGES, &image("hat"));
    assert_invalid(&program.put(CATEGORY, &category), &unknown);
    assert_invalid(&program.put(v1, &category), &unknown);
    assert_invalid(&program.post(LINKS, &link), &unknown);
    assert_not_found(&program.get(ORDER));
    assert_not_found(&program.get(v1));
    let list = program.get("/order-management/v3/categories?orderId=order-1");
    assert_json(&list, 200, &json!({"categories": []}));

    // It is there, but another merchant's.
    program
        .for_sales_unit("654321")
        .post(IMAGES, &image("socks"));
    assert_invalid(&program.put(CATEGORY, &category), &unknown);
    program.post(IMAGES, &image("socks"));
    assert_eq!(program.put(CATEGORY, &category).status, 200);
    assert_eq!(program.put(v1, &category).status, 200);
    assert_eq!(program.post(LINKS, &link).status, 201);
}

#[test]
fn a_wrong_category_is_refused_by_the_field() {
    const TYPES: &str = "must be one of the strings GENERAL, RECEIPT, ORDER_CONFIRMATION, DELIVERY, TICKET, BOOKING";
    const ID: &str = "must be 1 to 128 letters, digits, -, _ and .";

    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    for (place, value, reason) in [
        ("/category", json!("RECIEPT"), TYPES),
        ("/category", json!("receipt"), TYPES),
        ("/category", Value::Null, "must be there"),
        (
            "/orderDetailsUrl",
            json!("example.com"),
            "must be an address",
        ),
        ("/orderDetailsUrl", json!(""), "must be an address"),
        ("/orderDetailsUrl", Value::Null, "must be there"),
        ("/imageId", json!("a b"), ID),
        ("/imageId", json!(""), ID),
    ] {
        let reply = program.put(CATEGORY, &with(category(), place, value));
        assert_invalid(&reply, &[(&place[1..], reason)]);
    }
    let types = "must be one of the strings ECOM, RECURRING";
    for (place, value, reason) in [
        ("/type", json!("RECIEPT"), TYPES),
        ("/type", Value::Null, "must be there"),
        ("/paymentType", json!("ecom"), types),
        ("/paymentType", json!("eCom"), types),
        ("/paymentType", json!("ePayment"), types),
        ("/paymentType", Value::Null, "must be there"),
        (
            "/orderId",
            json!("a/b"),
            "must be 1 to 10000 letters, digits, -, _ and .",
        ),
        (
            "/orderId",
            json!(1),
            "must be 1 to 10000 letters, digits, -, _ and .",
        ),
        ("/url", json!("example"), "must be an address"),
        ("/url", Value::Null, "must be there"),
        ("/imageId", json!("a".repeat(129)), ID),
    ] {
        let reply = program.post(LINKS, &with(link(), place, value));
        assert_invalid(&reply, &[(&place[1..], reason)]);
    }
    assert_not_found(&program.get(ORDER));
    // All that is wrong is said at once; null is as good as absent for what may be absent.
    let none = [
        ("category", "must be there"),
        ("orderDetailsUrl", "must be there"),
    ];
    assert_invalid(&program.put(CATEGORY, &json!({"imageId": null})), &none);
    let reply = program.put(CATEGORY, &with(category(), "/imageId", Value::Null));
    assert_eq!(reply.status, 200);
}

#[test]
fn links_are_added_listed_read_and_deleted() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    program.post(IMAGES, &image("socks"));
    let with_image = with(link(), "/imageId", json!("socks"));
    let recurring = with(link(), "/paymentType", json!("RECURRING"));
    let other = with(link(), "/orderId", json!("order-2"));
    let added: Vec<Value> = [link(), with_image, recurring, other]
        .into_iter()
        .map(|link| {
            let reply = program.post(LINKS, &link);
            let id = reply.json()["categoryId"].clone();
            assert!(is_uuid(&id), "{id}");
            assert_json(&reply, 201, &json!({"categoryId": id}));
            with(link, "/categoryId", id)
        })
        .collect();
    let [first, second, third, other] = added.as_slice() else {
        panic!("{added:?}")
    };
    let list = |order: &str| program.get(&format!("{LINKS}?orderId={order}"));
    assert_json(
        &list("order-1"),
        200,
        &json!({"categories": [first, second, third]}),
    );
    // However it is written.
    assert_json(&list("order%2D2"), 200, &json!({"categories": [other]}));
    assert_json(&list("order-3"), 200, &json!({"categories": []}));
    for query in ["", "?orderid=order-1", "?order=order-1"] {
        let reply = program.get(&format!("{LINKS}{query}"));
        assert_invalid(&reply, &[("orderId", "must be there")]);
    }

    let path = |link: &Value| format!("{LINKS}/{}", link["categoryId"].as_str().unwrap());
    assert_json(&program.get(&path(second)), 200, second);
    assert_empty(&program.delete(&path(second)), 200);
    assert_not_found(&program.get(&path(second)));
    assert_not_found(&program.delete(&path(second)));
    assert_json(
        &list("order-1"),
        200,
        &json!({"categories": [first, third]}),
    );
    assert_not_found(&program.get(&format!("{LINKS}/00000000-0000-4000-9000-00000000ffff")));
    // A link is no category of the older kind, and is not in the order.
    assert_not_found(&program.get(ORDER));
}

#[test]
fn a_receipt_is_never_changed() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    let reply = program.post(RECEIPT, &receipt());
    assert_eq!(reply.status, 201);
    assert_eq!(reply.content_type.as_deref(), Some("application/json"));
    assert!(is_uuid(&reply.json()));
    let other = with(receipt(), "/bottomLine/currency", json!("DKK"));
    for again in [receipt(), other] {
        let reply = program.post(RECEIPT, &again);
        // As the live service answers: with the status in the body, and without a type.
        let expected = json!({
            "title": "Conflicting receipt",
            "status": 409,
            "detail": "Receipt already exists",
            "instance": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        });
        assert_eq!(reply.status, 409);
        assert_eq!(
            reply.content_type.as_deref(),
            Some("application/problem+json")
        );
        assert_eq!(reply.json(), expected);
    }
    assert_json(&program.get(ORDER), 200, &json!({"receipt": receipt()}));
    for (method, path) in [("PUT", RECEIPT), ("DELETE", RECEIPT), ("GET", RECEIPT)] {
        let body = (method == "PUT").then(receipt);
        assert_not_found(&program.send(&format!("{method} {path}"), body.as_ref()));
    }
    assert_json(&program.get(ORDER), 200, &json!({"receipt": receipt()}));

    // A category is added beside it, and each may come first.
    assert_eq!(program.put(CATEGORY, &category()).status, 200);
    let both = json!({"category": category(), "receipt": receipt()});
    assert_json(&program.get(ORDER), 200, &both);
}

/// What the service may know that the sandbox does not is kept as it is.
#[test]
fn a_receipt_comes_back_as_it_was_sent() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    let mut receipt = receipt();
    receipt["orderLines"][0]["unitInfo"] =
        json!({"unitPrice": 400, "quantity": "2.50", "quantityUnit": "KG"});
    receipt["orderLines"][0]["isReturn"] = Value::Null;
    receipt["orderLines"][1]["new"] = json!({"nested": [1]});
    receipt["bottomLine"]["barcode"] = json!({"format": "EAN-13", "data": "7031234567890"});
    receipt["bottomLine"]["paymentSources"] = json!({"giftCard": 100});
    receipt["bottomLine"]["posId"] = json!("");
    receipt["bottomLine"]["shippingInfo"] =
        json!({"amount": 1, "amountExcludingTax": 1, "taxAmount": 0, "taxPercentage": 0});
    assert_eq!(program.post(RECEIPT, &receipt).status, 201);
    assert_json(&program.get(ORDER), 200, &json!({"receipt": receipt}));
}

#[test]
fn a_wrong_receipt_is_refused_by_line_and_field() {
    const AMOUNT: &str = "must be a whole number of 0 to 9223372036854775807";
    const TEXT: &str = "must be a string of 1 to 10000 characters";

    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    for [place, value, name, reason] in rows(
        r#"
        /orderLines | [] | orderLines | must be a list of at least one
        /orderLines | {} | orderLines | must be a list of at least one
        /orderLines | null | orderLines | must be there
        /orderLines/1/name | "" | orderLines[1].name | must be a string of 1 to 10000 characters
        /orderLines/1/name | null | orderLines[1].name | must be there
        /orderLines/2/id | "" | orderLines[2].id | must be a string of 1 to 10000 characters
        /orderLines/0/id | 1 | orderLines[0].id | must be a string of 1 to 10000 characters
        /orderLines/0/totalAmount | -1 | orderLines[0].totalAmount | must be a whole number of 0 to 9223372036854775807
        /orderLines/0/totalAmount | 10.5 | orderLines[0].totalAmount | must be a whole number of 0 to 9223372036854775807
        /orderLines/0/totalAmount | "1000" | orderLines[0].totalAmount | must be a whole number of 0 to 9223372036854775807
        /orderLines/0/totalAmountExcludingTax | -800 | orderLines[0].totalAmountExcludingTax | must be a whole number of 0 to 9223372036854775807
        /orderLines/0/totalTaxAmount | null | orderLines[0].totalTaxAmount | must be there
        /orderLines/0/discount | -1 | orderLines[0].discount | must be a whole number of 0 to 9223372036854775807
        /orderLines/0/taxRate | 10001 | orderLines[0].taxRate | must be a whole number of 0 to 10000
        /orderLines/0/taxPercentage | 101 | orderLines[0].taxPercentage | must be a whole number of 0 to 100
        // Neither the rate nor the percentage.
        /orderLines/2/taxRate | null | orderLines[2].taxRate | must be there
        /orderLines/0/unitInfo | "3 pieces" | orderLines[0].unitInfo | must be an object
        /orderLines/0/unitInfo | {} | orderLines[0].unitInfo.quantity | must be there
        /orderLines/0/unitInfo | {"unitPrice":100,"quantity":3} | orderLines[0].unitInfo.quantity | must be a decimal number as a string
        /orderLines/0/unitInfo | {"unitPrice":100,"quantity":""} | orderLines[0].unitInfo.quantity | must be a decimal number as a string
        /orderLines/0/unitInfo | {"unitPrice":100,"quantity":"1,5"} | orderLines[0].unitInfo.quantity | must be a decimal number as a string
        /orderLines/0/unitInfo | {"unitPrice":100,"quantity":".5"} | orderLines[0].unitInfo.quantity | must be a decimal number as a string
        /orderLines/0/unitInfo | {"unitPrice":100,"quantity":"1."} | orderLines[0].unitInfo.quantity | must be a decimal number as a string
        /orderLines/0/unitInfo | {"unitPrice":100,"quantity":"-1"} | orderLines[0].unitInfo.quantity | must be a decimal number as a string
        /orderLines/0/unitInfo | {"unitPrice":100,"quantity":"1.2.3"} | orderLines[0].unitInfo.quantity | must be a decimal number as a string
        // Eleven characters, and nine decimals.
        /orderLines/0/unitInfo | {"unitPrice":100,"quantity":"12345678901"} | orderLines[0].unitInfo.quantity | must be a decimal number as a string
        /orderLines/0/unitInfo | {"unitPrice":100,"quantity":"1.123456789"} | orderLines[0].unitInfo.quantity | must be a decimal number as a string
        /orderLines/0/unitInfo | {"quantity": "1", "unitPrice": -1} | orderLines[0].unitInfo.unitPrice | must be a whole number of 0 to 9223372036854775807
        /orderLines/0/unitInfo | {"quantity": "1", "unitPrice": 1, "quantityUnit": "TONNE"} | orderLines[0].unitInfo.quantityUnit | must be one of the strings PCS, KG, KM, MINUTE, LITRE, KWH
        /orderLines/1/productUrl | "socks" | orderLines[1].productUrl | must be an address
        /orderLines/1/isReturn | "true" | orderLines[1].isReturn | must be true or false
        /orderLines/1/isShipping | 1 | orderLines[1].isShipping | must be true or false
        /bottomLine | null | bottomLine | must be there
        /bottomLine | {} | bottomLine.currency | must be there
        /bottomLine/currency | "SEK" | bottomLine.currency | must be one of the strings NOK, DKK, EUR
        /bottomLine/tipAmount | -1 | bottomLine.tipAmount | must be a whole number of 0 to 9223372036854775807
        /bottomLine/barcode | {"format": "QR", "data": "1"} | bottomLine.barcode.format | must be one of the strings EAN-13, CODE 39, CODE 128
        "#,
    ) {
        let value = serde_json::from_str(&value).unwrap();
        let wrong = with(receipt(), &place, value);
        assert_invalid(&program.post(RECEIPT, &wrong), &[(&name, &reason)]);
    }
    let wrong = with(receipt(), "/orderLines", json!([line("1"), "socks"]));
    let no_object = [("orderLines[1]", "must be an object")];
    assert_invalid(&program.post(RECEIPT, &wrong), &no_object);
    // All that is wrong is said at once, in the order of the specification.
    let mut wrong = receipt();
    wrong["orderLines"][0]["name"] = json!("");
    wrong["orderLines"][2]["totalAmount"] = json!(-1);
    wrong["bottomLine"]["currency"] = json!("nok");
    assert_invalid(
        &program.post(RECEIPT, &wrong),
        &[
            ("orderLines[0].name", TEXT),
            ("orderLines[2].totalAmount", AMOUNT),
            (
                "bottomLine.currency",
                "must be one of the strings NOK, DKK, EUR",
            ),
        ],
    );
    // None of them was kept, and the percentage alone is enough.
    assert_not_found(&program.get(ORDER));
    let mut percentage = receipt();
    percentage["orderLines"][2]["taxRate"] = Value::Null;
    percentage["orderLines"][2]["taxPercentage"] = json!(25);
    assert_eq!(program.post(RECEIPT, &percentage).status, 201);
}

#[test]
fn payment_types_and_sales_units_have_orders_of_their_own() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    assert_eq!(program.post(RECEIPT, &receipt()).status, 201);
    assert_eq!(program.put(CATEGORY, &category()).status, 200);
    // The newer specification lists the names in capitals too: they are the same.
    let order = json!({"category": category(), "receipt": receipt()});
    assert_json(
        &program.get("/order-management/v2/ECOM/order-1"),
        200,
        &order,
    );
    let again = "/order-management/v2/ECOM/receipts/order-1";
    assert_eq!(program.post(again, &receipt()).status, 409);

    assert_not_found(&program.get("/order-management/v2/recurring/order-1"));
    for path in [
        "recurring/receipts/order-1",
        "ecom/receipts/Order-1",
        "ecom/receipts/order-1.",
    ] {
        let path = format!("/order-management/v2/{path}");
        assert_eq!(program.post(&path, &receipt()).status, 201, "{path}");
    }

    let other = program.for_sales_unit("654321");
    assert_not_found(&other.get(ORDER));
    assert_eq!(other.post(RECEIPT, &receipt()).status, 201);
    assert_eq!(other.post(RECEIPT, &receipt()).status, 409);
    assert_json(&other.get(ORDER), 200, &json!({"receipt": receipt()}));

    let link_path = {
        let reply = program.post(LINKS, &link()).json();
        format!("{LINKS}/{}", reply["categoryId"].as_str().unwrap())
    };
    assert_not_found(&other.get(&link_path));
    assert_not_found(&other.delete(&link_path));
    let list = other.get(&format!("{LINKS}?orderId=order-1"));
    assert_json(&list, 200, &json!({"categories": []}));
    assert_eq!(program.get(&link_path).status, 200);
    assert_json(
        &other.post(IMAGES, &image("a")),
        200,
        &json!({"imageId": "a"}),
    );
    assert_json(
        &program.post(IMAGES, &image("a")),
        200,
        &json!({"imageId": "a"}),
    );
}

#[test]
fn paths_that_are_none_are_not_found() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    // The names that other clients took for payment types.
    for payment_type in [
        "ePayment",
        "eCom",
        "Ecom",
        "epayment",
        "Recurring",
        "e%63o",
        "",
    ] {
        let start = format!("/order-management/v2/{payment_type}");
        assert_not_found(&program.get(&format!("{start}/order-1")));
        assert_not_found(&program.put(&format!("{start}/categories/order-1"), &category()));
        assert_not_found(&program.post(&format!("{start}/receipts/order-1"), &receipt()));
    }
    for order in ["a%20b", "a%2Fb", "%C3%B8", ""] {
        assert_not_found(&program.get(&format!("/order-management/v2/ecom/{order}")));
        let path = format!("/order-management/v2/ecom/categories/{order}");
        assert_not_found(&program.put(&path, &category()));
        let path = format!("/order-management/v2/ecom/receipts/{order}");
        assert_not_found(&program.post(&path, &receipt()));
    }
    for line in [
        "GET /order-management",
        "GET /order-management/v1/images",
        "GET /order-management/v1/images/a",
        "GET /order-management/v2/ecom/categories/order-1",
        "DELETE /order-management/v2/ecom/order-1",
        "DELETE /order-management/v1/orders/order-1",
        "GET /order-management/v4/categories",
    ] {
        assert_not_found(&program.send(line, None));
    }
    // A path may be written in more than one way.
    assert_eq!(program.put(CATEGORY, &category()).status, 200);
    assert_json(
        &program.get("/order-management/v2/%65com/order%2D1"),
        200,
        &json!({"category": category()}),
    );
}

#[test]
fn version_1_is_gone_unless_it_is_switched_on() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    let order = "/order-management/v1/orders/order-1";
    let receipts = "/order-management/v1/receipts/order-1";
    for reply in [
        program.put(order, &category()),
        program.get(order),
        program.post(receipts, &receipt()),
        program.get(receipts),
    ] {
        assert_error(&reply, 410, "Gone", "Version 1 is no longer available.");
    }
    // Images are current.
    assert_json(
        &program.post(IMAGES, &image("socks")),
        200,
        &json!({"imageId": "socks"}),
    );

    sandbox.enable_v1();
    // Nothing was kept of what was refused.
    assert_not_found(&program.get(order));
    assert_not_found(&program.get(receipts));
    let category = with(category(), "/imageId", json!("socks"));
    assert_empty(&program.put(order, &category), 200);
    assert_json(&program.get(order), 200, &category);
    assert_empty(&program.post(receipts, &receipt()), 200);
    assert_json(&program.get(receipts), 200, &receipt());
    let again = program.post(receipts, &receipt());
    assert_eq!(again.status, 409);
    assert_eq!(again.json()["detail"], json!("Receipt already exists"));
    let wrong = with(receipt(), "/bottomLine/currency", Value::Null);
    let reply = program.post("/order-management/v1/receipts/2", &wrong);
    assert_invalid(&reply, &[("bottomLine.currency", "must be there")]);
    // A transaction is no order of version 2.
    assert_not_found(&program.get(ORDER));
}
