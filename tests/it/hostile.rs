//! Replies that no server should send, to every function: a value or an error with path and status, and never a panic.
#![allow(deprecated)] // Version 1 is called as well.

use std::io::Write;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use vipps::management::{self, BusinessIdentifier, ListProductOrders};
use vipps::order_management::{
    self, AddCategory, BottomLine, Category, CategoryType, Currency, OrderLine, OrderRef, Receipt,
    TaxRate, v1,
};
use vipps::{AccessToken, ApiKeys, Error, RetryPolicy, Session};

use crate::images::small_image;
use crate::support::{session_builder, system};
use crate::transport::{Peer, delete, post, read_request};

const ID: &str = "880f5088-7708-4a5a-87d9-31e83aacc035";

/// A function, with a reply of the kind that the specification shows.
struct Endpoint {
    line: &'static str,
    sample: Value,
    call: fn(&Session) -> Result<(), Error>,
}

fn merchant() -> BusinessIdentifier {
    BusinessIdentifier::norway("987654321").unwrap()
}

fn order() -> OrderRef {
    OrderRef::ecom("acme-1".parse().unwrap())
}

fn category() -> Category {
    Category::new(CategoryType::Receipt, "https://example.com/1")
}

fn receipt() -> Receipt {
    let line = OrderLine::from_gross("Socks", "1", 1000, TaxRate::percent(25)).unwrap();
    Receipt::new(BottomLine::new(Currency::Nok)).line(line)
}

fn endpoints() -> Vec<Endpoint> {
    let identifier = json!({"scheme": "business:NO:ORG", "id": "987654321"});
    let units = json!([{"msn": "123456", "name": "ACME"}]);
    let product_order = json!({
        "productOrderType": "PREFILL", "productOrderId": ID, "productType": "CHECKOUT",
        "status": "COMPLETED", "businessIdentifier": identifier,
        "productOrderUrl": "https://example.com/1", "salesUnit": units[0]
    });
    let address = json!({
        "lines": ["Street 1"], "city": "Oslo", "postCode": "0154", "countryCode": "NO"
    });
    let category = json!({
        "orderId": "acme-1", "paymentType": "ECOM", "type": "RECEIPT",
        "url": "https://example.com", "imageId": "socks", "categoryId": ID
    });
    let receipt = json!({
        "orderLines": [{
            "name": "socks", "id": "1", "totalAmount": 1000, "totalAmountExcludingTax": 800,
            "totalTaxAmount": 200, "taxPercentage": 25, "discount": 0, "isReturn": false,
            "unitInfo": {"unitPrice": 400, "quantity": "2.5", "quantityUnit": "KG"},
            "productUrl": "https://example.com/socks", "isShipping": false
        }],
        "bottomLine": {
            "currency": "NOK", "tipAmount": 0, "posId": "pos_1", "receiptNumber": "1",
            "paymentSources": {"giftCard": 0, "card": 0, "voucher": 0, "cash": 0},
            "barcode": {"format": "CODE 39", "data": "SC0527013501 "}
        }
    });
    let put = json!({
        "category": "GENERAL", "orderDetailsUrl": "https://example.com", "imageId": "socks"
    });
    let endpoint = |line, sample: &Value, call| Endpoint {
        line,
        sample: sample.clone(),
        call,
    };
    vec![
        endpoint("GET /management/v1/sales-units", &units, |s| {
            management::list_sales_units(s).map(drop)
        }),
        endpoint(
            "GET /management/v1/sales-units/123456",
            &json!({
                "msn": "123456", "name": "ACME", "businessIdentifier": identifier,
                "settlementBankAccount": {"scheme": "BBAN:NO", "id": "86011117947"},
                "configuration": {"paymentAllowed": true, "captureType": "ReserveCapture"}
            }),
            |s| management::get_sales_unit(s, &"123456".parse().unwrap()).map(drop),
        ),
        endpoint(
            "GET /management/v1/merchants/business:NO:ORG/987654321/sales-units",
            &json!({"salesUnits": units}),
            |s| management::list_merchant_sales_units(s, &merchant()).map(drop),
        ),
        endpoint(
            "GET /management/v1/merchants/business:NO:ORG/987654321",
            &json!({
                "name": "ACME", "status": "ACTIVE", "businessIdentifier": identifier,
                "businessAddress": address, "businessPostAddress": {"lines": []}, "countryCode": "NO",
                "createdAt": "2022-09-02T06:45:25.921251Z", "updatedAt": "2022-09-02T06:45:25.921251Z"
            }),
            |s| management::get_merchant(s, &merchant()).map(drop),
        ),
        endpoint(
            "GET /management/v2/product-orders",
            &json!([product_order]),
            |s| management::list_product_orders(s, &ListProductOrders::new()).map(drop),
        ),
        endpoint(
            "POST /management/v1/product-orders",
            &json!({"prefilledOrderId": ID, "prefillUrl": "https://example.com/1"}),
            |s| post(s).map(drop),
        ),
        endpoint(
            "GET /management/v2/product-orders/880f5088-7708-4a5a-87d9-31e83aacc035/details",
            &product_order,
            |s| {
                let id = management::ProductOrderId::new(ID).unwrap();
                management::get_product_order(s, &id).map(drop)
            },
        ),
        endpoint("DELETE /management/v1/product-orders/", &json!({}), delete),
        endpoint(
            "GET /management/v1/partners/price-packages",
            &json!([{
                "pricePackageId": ID, "name": "POS", "description": "2.99%", "market": "NO",
                "visibleInSignupForm": true, "productType": "CHECKOUT", "commission": "30 %"
            }]),
            |s| management::list_price_packages(s).map(drop),
        ),
        endpoint(
            "POST /order-management/v1/images",
            &json!({"imageId": "socks"}),
            |s| order_management::add_image(s, &small_image("socks")).map(drop),
        ),
        endpoint(
            "PUT /order-management/v2/ecom/categories/acme-1",
            &json!(ID),
            |s| order_management::put_category(s, &order(), &self::category()).map(drop),
        ),
        endpoint(
            "POST /order-management/v2/ecom/receipts/acme-1",
            &json!(ID),
            |s| order_management::add_receipt(s, &order(), &self::receipt()).map(drop),
        ),
        endpoint(
            "GET /order-management/v2/ecom/acme-1",
            &json!({"category": put, "receipt": receipt}),
            |s| order_management::get_order(s, &order()).map(drop),
        ),
        endpoint(
            "POST /order-management/v3/categories",
            &json!({"categoryId": ID}),
            |s| {
                let link = AddCategory::new(order(), CategoryType::Ticket, "https://example.com/2");
                order_management::add_category(s, &link).map(drop)
            },
        ),
        endpoint(
            "GET /order-management/v3/categories",
            &json!({"categories": [category]}),
            |s| order_management::list_categories(s, &order().order_id).map(drop),
        ),
        endpoint(
            "GET /order-management/v3/categories/880f5088-7708-4a5a-87d9-31e83aacc035",
            &category,
            |s| order_management::get_category(s, &ID.parse().unwrap()).map(drop),
        ),
        endpoint(
            "DELETE /order-management/v3/categories/880f5088-7708-4a5a-87d9-31e83aacc035",
            &json!({}),
            |s| order_management::delete_category(s, &ID.parse().unwrap()),
        ),
        endpoint("PUT /order-management/v1/orders/acme-1", &json!({}), |s| {
            v1::put_order(s, &order().order_id, &self::category())
        }),
        endpoint(
            "GET /order-management/v1/orders/acme-1",
            &json!({
                "category": "TICKET", "orderDetailsUrl": "https://example.com",
                "imageIds": [{"id": "socks", "sortOrder": 1}]
            }),
            |s| v1::get_order(s, &order().order_id).map(drop),
        ),
        endpoint(
            "POST /order-management/v1/receipts/acme-1",
            &json!({}),
            |s| v1::add_receipt(s, &order().order_id, &self::receipt()),
        ),
        endpoint("GET /order-management/v1/receipts/acme-1", &receipt, |s| {
            v1::get_receipt(s, &order().order_id).map(drop)
        }),
    ]
}

/// A server that answers whatever is asked with the reply of the moment, on connections that stay.
struct Hostile {
    answer: Arc<Mutex<Vec<u8>>>,
    peer: Peer,
}

impl Hostile {
    fn start() -> Self {
        let answer = Arc::new(Mutex::new(Vec::new()));
        let next = Arc::clone(&answer);
        let peer = Peer::start(move |mut stream| {
            while read_request(&mut stream).is_some() {
                let answer = next.lock().unwrap().clone();
                stream.write_all(&answer).unwrap();
            }
        });
        Self { answer, peer }
    }

    fn answer(&self, status: u16, body: &[u8]) {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Status\r\nContent-Length: {length}\r\n\r\n");
        *self.answer.lock().unwrap() = [head.as_bytes(), body].concat();
    }

    /// A value, or an error that says where and with what status. Gives back which.
    #[track_caller]
    fn check(&self, session: &Session, endpoint: &Endpoint, status: u16, body: &[u8]) -> bool {
        self.answer(status, body);
        let result = (endpoint.call)(session);
        assert_result(result, endpoint.line, status, body)
    }
}

#[track_caller]
fn assert_result(result: Result<(), Error>, line: &str, status: u16, body: &[u8]) -> bool {
    let shown = String::from_utf8_lossy(&body[..body.len().min(300)]);
    match result {
        Ok(()) => {
            assert!((200..300).contains(&status), "{line}: {status} {shown}");
            true
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains(line), "{text} without {line} for {shown}");
            assert_eq!(error.status(), Some(status), "{text} for {shown}");
            assert!(text.contains(&status.to_string()), "{text} for {shown}");
            assert!(text.len() < 8 * 1024, "{text} for {shown}");
            false
        }
    }
}

/// The places of a value, as JSON pointers.
fn places(value: &Value, at: &str, places: &mut Vec<String>) {
    places.push(at.to_owned());
    match value {
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                self::places(item, &format!("{at}/{n}"), places);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                self::places(member, &format!("{at}/{name}"), places);
            }
        }
        _ => {}
    }
}

/// A sample with everything wrong with it that can be, one thing at a time.
fn mutations(sample: &Value) -> Vec<Vec<u8>> {
    let digits = "9".repeat(400);
    let others = [
        "null",
        "true",
        "0",
        "-1",
        "0.5",
        "1e999",
        "-1e-999",
        &digits,
        "9223372036854775808",
        "\"\"",
        "\"text\"",
        "\"\\ud800\"",
        "\"\u{1}\"",
        "[]",
        "[[]]",
        "[null]",
        "{}",
        "{\"new\":[1]}",
    ];
    let mut found = Vec::new();
    let mut all = Vec::new();
    places(sample, "", &mut all);
    for place in &all {
        let mut marked = sample.clone();
        *marked.pointer_mut(place).unwrap() = json!("@@");
        let marked = marked.to_string();
        let with = |other: &str| marked.replace("\"@@\"", other).into_bytes();
        found.extend(others.map(with));
        // Bytes that are no UTF-8, in a string.
        let mut bytes = with("\"@@\"");
        let at = bytes.windows(2).position(|two| two == b"@@").unwrap();
        bytes[at] = 0xff;
        found.push(bytes);
        if let Some((parent, name)) = place.rsplit_once('/') {
            let mut without = sample.clone();
            if let Value::Object(members) = without.pointer_mut(parent).unwrap() {
                members.remove(name).unwrap();
                found.push(without.to_string().into_bytes());
                // The same member twice.
                found.push(with(&format!("1,\"{name}\":null")));
            }
        }
    }
    let text = sample.to_string().into_bytes();
    found.extend((0..text.len()).map(|end| text[..end].to_vec()));
    found
}

/// Deeper than serde_json goes, and deeper than a stack does.
fn deep() -> Vec<Vec<u8>> {
    let mut deep = Vec::new();
    for depth in [127, 128, 200, 100_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("{\"errors\":[", "]}")] {
            let (open, close) = (open.repeat(depth), close.repeat(depth));
            deep.push(format!("{{\"new\":{open}1{close}}}").into_bytes());
            if depth <= 200 {
                deep.push(format!("{open}{close}").into_bytes());
                deep.push(format!("{open}1{close}").into_bytes());
            }
            deep.push(open.into_bytes());
        }
    }
    deep
}

/// What the service says when something is wrong.
fn problems() -> [Value; 4] {
    [
        json!({
            "type": "https://example.com/p", "title": "Bad", "status": 400, "detail": "Worse",
            "instance": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "traceId": "1", "invalidParams": [{"name": "msn", "reason": "No"}]
        }),
        json!({"extraDetails": [{"key": "a", "value": "b"}], "errors": {"name": ["required"]}}),
        json!({"responseInfo": {"responseCode": 401, "responseMessage": "No"}, "result": {"message": "x"}}),
        json!([{"code": "1", "message": "No", "contextId": "2"}]),
    ]
}

fn session(hostile: &Hostile) -> Session {
    session_builder(&hostile.peer.url()).build().unwrap()
}

#[test]
fn a_sample_is_taken_and_what_is_wrong_with_it_is_a_value_or_an_error() {
    let hostile = Hostile::start();
    let session = session(&hostile);
    for endpoint in endpoints() {
        let sample = endpoint.sample.to_string();
        assert!(
            hostile.check(&session, &endpoint, 200, sample.as_bytes()),
            "{}: {sample}",
            endpoint.line
        );
        for body in mutations(&endpoint.sample).iter().chain(&deep()) {
            hostile.check(&session, &endpoint, 200, body);
        }
    }
    // All of it was read to its end, so that one connection was enough.
    assert_eq!(hostile.peer.connections(), 1);
}

#[test]
fn whatever_an_error_says_its_status_stays() {
    let hostile = Hostile::start();
    let session = session(&hostile);
    let endpoints = endpoints();
    let mut all = endpoints.iter().cycle();
    for body in deep() {
        hostile.check(&session, all.next().unwrap(), 400, &body);
    }
    for problem in problems() {
        for (n, body) in mutations(&problem).iter().enumerate() {
            let status = [400, 403, 404, 409, 500, 502][n % 6];
            hostile.check(&session, all.next().unwrap(), status, body);
        }
    }
}

#[test]
fn any_bytes_are_a_value_or_an_error() {
    let hostile = Hostile::start();
    let session = session(&hostile);
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(150)
    };
    for endpoint in endpoints() {
        let sample = endpoint.sample.to_string().into_bytes();
        let noise = proptest::collection::vec(any::<u8>(), 0..200);
        // Of what JSON is made of, so that more than the first byte is looked at.
        let pieces = proptest::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"msn\"", "1", "-", "1e999", "null", " ",
            "\\u", "\\", "\u{feff}", "\0",
        ]);
        let json = proptest::collection::vec(pieces, 0..40).prop_map(|p| p.concat().into_bytes());
        let spoilt = (any::<proptest::sample::Index>(), any::<u8>()).prop_map(move |(at, byte)| {
            let mut bytes = sample.clone();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        });
        let bodies = prop_oneof![noise, json, spoilt];
        let statuses = proptest::sample::select(vec![200, 201, 400, 404, 409, 500, 503]);
        let mut runner = TestRunner::new(config.clone());
        let property = runner.run(&(statuses, bodies), |(status, body)| {
            hostile.check(&session, &endpoint, status, &body);
            Ok(())
        });
        property.unwrap();
    }
}

#[test]
fn a_token_reply_is_a_token_or_an_error() {
    let hostile = Hostile::start();
    let sample = json!({
        "token_type": "Bearer", "expires_in": "3599", "ext_expires_in": "3599",
        "expires_on": "1700000000", "access_token": "a-token-of-this-test"
    });
    let standard = ApiKeys::standard("test-id", "test-secret", "test-key");
    let management = ApiKeys::management("test-id", "test-secret");
    for (keys, line) in [
        (standard, "POST /accesstoken/get"),
        (management, "POST /miami/v1/token"),
    ] {
        let new = || {
            let builder = Session::builder(keys.clone(), system()).base_url(hostile.peer.url());
            builder.retry(RetryPolicy::none()).build().unwrap()
        };
        let mut session = new();
        let mut tokens = 0;
        let whole = sample.to_string().into_bytes();
        for (status, body) in mutations(&sample)
            .iter()
            .chain(&deep())
            .chain([&whole])
            .flat_map(|body| [(200, body), (400, body)])
        {
            hostile.answer(status, body);
            let result = session.access_token();
            let text = format!("{result:?}");
            assert!(!text.contains("a-token-of-this-test"), "{text}");
            let result = result.map(|token: AccessToken| {
                assert!(!token.secret().is_empty());
            });
            if assert_result(result, line, status, body) {
                tokens += 1;
                // This one has a token now.
                session = new();
            }
        }
        assert!(tokens > 0, "{line}");
    }
}
