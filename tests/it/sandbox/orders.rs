//! The sandbox's rules for the Order Management API, tested with HTTP only.

use super::*;
use crate::support::{Ids, of_orders};

mod refusals;

const IMAGES: &str = "/order-management/v1/images";
const CATEGORY: &str = "/order-management/v2/ecom/categories/order-1";
const RECEIPT: &str = "/order-management/v2/ecom/receipts/order-1";
const ORDER: &str = "/order-management/v2/ecom/order-1";
const CATEGORIES_V3: &str = "/order-management/v3/categories";

const MSN: (&str, &str) = ("Merchant-Serial-Number", "123456");

/// One request over its own connection, with the length of its body.
fn exchange(sandbox: &Sandbox, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let body = std::str::from_utf8(body).unwrap();
    let empty = body.is_empty().then_some(EMPTY);
    let headers: Vec<_> = headers.iter().copied().chain(empty).collect();
    ask(sandbox, line, &headers, body)
}

/// A client with a token.
struct Program<'a> {
    sandbox: &'a Sandbox,
    authorization: String,
    msn: &'a str,
}

impl<'a> Program<'a> {
    fn new(sandbox: &'a Sandbox) -> Self {
        let authorization = standard_token(sandbox);
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

    fn send(&self, line: &str, body: Option<&Value>) -> Answer {
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

    fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path}"), None)
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(&format!("POST {path}"), Some(body))
    }

    fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(&format!("PUT {path}"), Some(body))
    }

    fn delete(&self, path: &str) -> Answer {
        self.send(&format!("DELETE {path}"), None)
    }
}

#[track_caller]
fn assert_json(reply: &Answer, status: u16, body: &Value) {
    assert_eq!(reply.json(), *body);
    assert_eq!(reply.status, status);
    let charset = match status {
        200 | 201 => ";charset=UTF-8",
        _ => "",
    };
    assert_eq!(
        reply.headers,
        [format!("content-type: application/json{charset}")]
    );
}

#[track_caller]
fn assert_empty(reply: &Answer, status: u16) {
    assert_eq!((reply.status, reply.body.as_str()), (status, ""));
    assert!(reply.headers.is_empty(), "{reply:?}");
}

/// This API's errors have no status in the body, the trace in `instance`, and fields in
/// `invalidParams`.
#[track_caller]
fn assert_error(reply: &Answer, status: u16, title: &str, detail: &str) {
    let body = json!({
        "type": format!("https://sandbox.invalid/problem/{status}"),
        "title": title,
        "detail": detail,
        "instance": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    });
    assert_json(reply, status, &body);
}

#[track_caller]
fn assert_not_found(reply: &Answer) {
    assert_error(reply, 404, "Not Found", "Resource not found.");
}

#[track_caller]
fn assert_no_method(reply: &Answer) {
    let detail = "Method not allowed for this endpoint.";
    assert_error(reply, 405, "Method Not Allowed", detail);
}

#[track_caller]
fn assert_invalid(reply: &Answer, params: &[(&str, &str)]) {
    assert_wrong(reply, "The body has invalid fields.", params);
}

#[track_caller]
fn assert_wrong(reply: &Answer, detail: &str, params: &[(&str, &str)]) {
    let params: Vec<Value> = params
        .iter()
        .map(|(name, reason)| json!({"name": name, "reason": reason}))
        .collect();
    let body = json!({
        "type": "https://sandbox.invalid/problem/400",
        "title": "Bad Request",
        "detail": detail,
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

fn category_v3() -> Value {
    json!({
        "orderId": "order-1", "paymentType": "ECOM", "type": "TICKET",
        "url": "https://example.com/2",
    })
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

/// `object` with the value at a JSON pointer replaced.
fn with(mut object: Value, place: &str, value: Value) -> Value {
    let (parent, name) = place.rsplit_once('/').unwrap();
    object.pointer_mut(parent).unwrap()[name] = value;
    object
}

fn is_uuid(value: &Value) -> bool {
    let lengths: Vec<usize> = value.as_str().unwrap().split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
}

/// Each endpoint, with a valid body.
fn endpoints() -> Vec<(String, Option<Value>)> {
    // `ensure_receipt` and `ensure_image` use the endpoints for adding.
    let rows = of_orders().filter(|row| !row.is_ensured());
    rows.map(|row| {
        let request = row.request(&Ids::default());
        let (_, body) = request.split_once("\n\n").unwrap();
        (row.line(&Ids::default()), serde_json::from_str(body).ok())
    })
    .collect()
}

#[test]
fn every_endpoint_requires_token_key_and_msn() {
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
        let wrong_headers = "The request has invalid headers.";
        let no_msn = [("Merchant-Serial-Number", "is missing")];
        assert_wrong(&send(&[token, KEY]), wrong_headers, &no_msn);
        for (headers, detail) in [
            (
                vec![KEY, MSN],
                "The Authorization header must hold a bearer token.",
            ),
            (
                vec![
                    ("Authorization", &program.authorization["Bearer ".len()..]),
                    KEY,
                    MSN,
                ],
                "The Authorization header must hold a bearer token.",
            ),
            (
                vec![("Authorization", "Bearer x"), KEY, MSN],
                "The token is unknown.",
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
            // The gateway's format.
            let expected = json!({"statusCode": 401, "message": message});
            assert_json(&send(&headers), 401, &expected);
        }
        for msn in ["123", "12345678901", "12345a", ""] {
            let reply = send(&[token, KEY, ("Merchant-Serial-Number", msn)]);
            let wrong = [(
                "Merchant-Serial-Number",
                "must be a string of 4 to 10 characters (digits)",
            )];
            assert_wrong(&reply, wrong_headers, &wrong);
        }
    }
    // None of it was carried out.
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
fn both_subscription_keys_are_valid_and_a_token_expires() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    let headers = [
        ("Authorization", program.authorization.as_str()),
        MSN,
        ("Ocp-Apim-Subscription-Key", "sandbox-key-2"),
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

/// Partners' management keys need no subscription key anywhere.
#[test]
fn a_management_token_needs_no_subscription_key() {
    let sandbox = Sandbox::start().unwrap();
    let token = management_token(&sandbox);
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
            "An image with this id already exists.",
        );
    }
    // The same image under other ids; ids are case-sensitive.
    for id in ["socks-2", "Socks", ".", &"a".repeat(128)] {
        assert_json(
            &program.post(IMAGES, &image(id)),
            200,
            &json!({"imageId": id}),
        );
    }
}

#[test]
fn a_category_replaces_the_previous_one() {
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
fn categories_are_added_listed_read_and_deleted() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    program.post(IMAGES, &image("socks"));
    let with_image = with(category_v3(), "/imageId", json!("socks"));
    let recurring = with(category_v3(), "/paymentType", json!("RECURRING"));
    let other = with(category_v3(), "/orderId", json!("order-2"));
    let added: Vec<Value> = [category_v3(), with_image, recurring, other]
        .into_iter()
        .map(|category| {
            let reply = program.post(CATEGORIES_V3, &category);
            let id = reply.json()["categoryId"].clone();
            assert!(is_uuid(&id), "{id}");
            assert_json(&reply, 201, &json!({"categoryId": id}));
            with(category, "/categoryId", id)
        })
        .collect();
    let [first, second, third, other] = added.as_slice() else {
        panic!("{added:?}")
    };
    let list = |order: &str| program.get(&format!("{CATEGORIES_V3}?orderId={order}"));
    assert_json(
        &list("order-1"),
        200,
        &json!({"categories": [first, second, third]}),
    );
    // The id may be percent-encoded.
    assert_json(&list("order%2D2"), 200, &json!({"categories": [other]}));
    assert_json(&list("order-3"), 200, &json!({"categories": []}));
    // The description does not require it.
    assert_json(
        &program.get(CATEGORIES_V3),
        200,
        &json!({"categories": added}),
    );

    let path = |category: &Value| {
        format!(
            "{CATEGORIES_V3}/{}",
            category["categoryId"].as_str().unwrap()
        )
    };
    assert_json(&program.get(&path(second)), 200, second);
    assert_empty(&program.delete(&path(second)), 200);
    assert_not_found(&program.get(&path(second)));
    assert_not_found(&program.delete(&path(second)));
    assert_json(
        &list("order-1"),
        200,
        &json!({"categories": [first, third]}),
    );
    assert_not_found(&program.get(&format!(
        "{CATEGORIES_V3}/00000000-0000-4000-9000-00000000ffff"
    )));
    // Version 3 keeps its categories separate from those in the order.
    assert_not_found(&program.get(ORDER));
}

#[test]
fn a_receipt_is_never_changed() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    let reply = program.post(RECEIPT, &receipt());
    assert_eq!(reply.status, 201);
    assert_json(&reply, 201, &reply.json());
    assert!(is_uuid(&reply.json()));
    let other = with(receipt(), "/bottomLine/currency", json!("DKK"));
    for again in [receipt(), other] {
        let reply = program.post(RECEIPT, &again);
        // As the live API answers: with the status in the body and without a type.
        let expected = json!({
            "title": "Conflicting receipt",
            "status": 409,
            "detail": "Receipt already exists",
            "instance": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        });
        assert_eq!(reply.status, 409);
        assert_eq!(reply.headers, ["content-type: application/json"]);
        assert_eq!(reply.json(), expected);
    }
    assert_json(&program.get(ORDER), 200, &json!({"receipt": receipt()}));
    for (method, path) in [("PUT", RECEIPT), ("DELETE", RECEIPT), ("GET", RECEIPT)] {
        let body = (method == "PUT").then(receipt);
        assert_no_method(&program.send(&format!("{method} {path}"), body.as_ref()));
    }
    assert_json(&program.get(ORDER), 200, &json!({"receipt": receipt()}));

    // A category can be added too, in either order.
    assert_eq!(program.put(CATEGORY, &category()).status, 200);
    let both = json!({"category": category(), "receipt": receipt()});
    assert_json(&program.get(ORDER), 200, &both);
}

/// Values that the sandbox does not know are kept unchanged.
#[test]
fn a_receipt_is_returned_as_it_was_sent() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    let mut receipt = receipt();
    receipt["orderLines"][0]["unitInfo"] =
        json!({"unitPrice": 400, "quantity": "2.50", "quantityUnit": "KG"});
    receipt["orderLines"][0]["isReturn"] = Value::Null;
    receipt["orderLines"][1]["new"] = json!({"nested": [1]});
    receipt["bottomLine"]["barcode"] = json!({"format": "EAN-13", "data": "4006381333931"});
    receipt["bottomLine"]["paymentSources"] = json!({"giftCard": 100});
    receipt["bottomLine"]["posId"] = json!("");
    receipt["bottomLine"]["shippingInfo"] =
        json!({"amount": 1, "amountExcludingTax": 1, "taxAmount": 0, "taxPercentage": 0});
    assert_eq!(program.post(RECEIPT, &receipt).status, 201);
    assert_json(&program.get(ORDER), 200, &json!({"receipt": receipt}));
}

#[test]
fn each_payment_type_and_sales_unit_has_its_own_orders() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    assert_eq!(program.post(RECEIPT, &receipt()).status, 201);
    assert_eq!(program.put(CATEGORY, &category()).status, 200);
    // The newer specification also lists the names in upper case, with the same meaning.
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
        let reply = program.post(CATEGORIES_V3, &category_v3()).json();
        format!("{CATEGORIES_V3}/{}", reply["categoryId"].as_str().unwrap())
    };
    assert_not_found(&other.get(&link_path));
    assert_not_found(&other.delete(&link_path));
    let list = other.get(&format!("{CATEGORIES_V3}?orderId=order-1"));
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
fn version_1_is_gone_unless_enabled() {
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
    // Images are not deprecated.
    assert_json(
        &program.post(IMAGES, &image("socks")),
        200,
        &json!({"imageId": "socks"}),
    );

    sandbox.enable_v1();
    // Refused requests were not stored.
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
    let wrong = with(receipt(), "/bottomLine/currency", json!("SEK"));
    let reply = program.post("/order-management/v1/receipts/2", &wrong);
    let reason = "must be one of the strings NOK, DKK, EUR";
    assert_invalid(&reply, &[("bottomLine.currency", reason)]);
    // A transaction is not an order of version 2.
    assert_not_found(&program.get(ORDER));
}
