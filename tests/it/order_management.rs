//! Each endpoint of the Order Management API: the whole request, what becomes of the replies that the specification shows, and what is
//! refused before anything is sent.
#![allow(deprecated)] // Version 1 is called as well.

use crate::support::Raw as _;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use vipps::order_management::{
    self, AddCategory, BarcodeFormat, BottomLine, Category, CategoryId, CategoryType, Currency,
    ImageId, Order, OrderCategory, OrderDetails, OrderId, OrderRef, PaymentType, QuantityUnit,
    Receipt, v1,
};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{AccessToken, ApiKeys, Delivery, Error, ErrorKind, RetryPolicy, Session};

use crate::images::{small_image, small_image_body};
use crate::support::{
    RawServer, assert_get, call, json_reply, reply, sample_receipt, session_builder, system,
    whole_wire, wire,
};

const ORDER: &str = "acme-shop-123-order123abc";
const CATEGORY_ID: &str = "880f5088-7708-4a5a-87d9-31e83aacc035";
const IMAGE_ID: &str = "f09c6aeb-442e-4da1-b36a-d8f613edc6c9";
/// What the service answers to a category or a receipt.
const ADDED: &str = "16328cb8-d769-4c53-90ad-e19777823f0a";

fn order() -> OrderRef {
    OrderRef::ecom(ORDER.parse().unwrap())
}

fn order_id(id: &str) -> OrderId {
    id.parse().unwrap()
}

/// What a server or a file says, which is taken as it comes.
fn unchecked<T: DeserializeOwned>(value: impl Into<Value>) -> T {
    serde_json::from_value(value.into()).unwrap()
}

fn category() -> Category {
    Category::new(CategoryType::Receipt, "https://example.com/1")
}

const CATEGORY_BODY: &str = r#"{"category":"RECEIPT","orderDetailsUrl":"https://example.com/1"}"#;

fn add_category(order: OrderRef) -> AddCategory {
    AddCategory::new(order, CategoryType::Ticket, "https://example.com/2")
}

fn add_category_body(payment_type: &str, order: &str) -> String {
    let order = format!(r#""orderId":"{order}","paymentType":"{payment_type}""#);
    format!(r#"{{{order},"type":"TICKET","url":"https://example.com/2"}}"#)
}

fn receipt() -> Receipt {
    unchecked(serde_json::from_str::<Value>(RECEIPT_BODY).unwrap())
}

const RECEIPT_BODY: &str = concat!(
    r#"{"orderLines":[{"name":"Socks","id":"1","totalAmount":1000,"totalAmountExcludingTax":800,"#,
    r#""totalTaxAmount":200,"taxRate":2500}],"bottomLine":{"currency":"NOK"}}"#
);

type Call = Box<dyn Fn(&Session) -> Result<(), Error>>;

/// A function, what it sends, and the body of a reply that it takes.
struct Endpoint {
    line: &'static str,
    body: String,
    answer: String,
    call: Call,
}

/// Every function of the module's table and of version 1's.
fn endpoints() -> Vec<Endpoint> {
    let endpoint = |line, body: &str, answer: Value, call| Endpoint {
        line,
        body: body.to_owned(),
        answer: answer.to_string(),
        call,
    };
    vec![
        endpoint(
            "POST /order-management/v1/images",
            &small_image_body("socks"),
            json!({"imageId": "socks"}),
            Box::new(|s| order_management::add_image(s, &small_image("socks")).map(drop)),
        ),
        endpoint(
            "PUT /order-management/v2/ecom/categories/acme-shop-123-order123abc",
            CATEGORY_BODY,
            json!(ADDED),
            Box::new(|s| order_management::put_category(s, &order(), &category()).map(drop)),
        ),
        endpoint(
            "POST /order-management/v2/ecom/receipts/acme-shop-123-order123abc",
            RECEIPT_BODY,
            json!(ADDED),
            Box::new(|s| order_management::add_receipt(s, &order(), &receipt()).map(drop)),
        ),
        endpoint(
            "POST /order-management/v2/ecom/receipts/acme-shop-123-order123abc",
            RECEIPT_BODY,
            json!(ADDED),
            Box::new(|s| order_management::ensure_receipt(s, &order(), &receipt()).map(drop)),
        ),
        endpoint(
            "GET /order-management/v2/ecom/acme-shop-123-order123abc",
            "",
            json!({}),
            Box::new(|s| order_management::get_order(s, &order()).map(drop)),
        ),
        endpoint(
            "POST /order-management/v3/categories",
            &add_category_body("ECOM", ORDER),
            json!({"categoryId": CATEGORY_ID}),
            Box::new(|s| order_management::add_category(s, &add_category(order())).map(drop)),
        ),
        endpoint(
            "GET /order-management/v3/categories?orderId=acme-shop-123-order123abc",
            "",
            json!({"categories": []}),
            Box::new(|s| order_management::list_categories(s, &order_id(ORDER)).map(drop)),
        ),
        endpoint(
            "GET /order-management/v3/categories/880f5088-7708-4a5a-87d9-31e83aacc035",
            "",
            json!({}),
            Box::new(|s| {
                let id: CategoryId = CATEGORY_ID.parse().unwrap();
                order_management::get_category(s, &id).map(drop)
            }),
        ),
        endpoint(
            "DELETE /order-management/v3/categories/880f5088-7708-4a5a-87d9-31e83aacc035",
            "",
            json!({}),
            Box::new(|s| {
                let id: CategoryId = CATEGORY_ID.parse().unwrap();
                order_management::delete_category(s, &id)
            }),
        ),
        endpoint(
            "PUT /order-management/v1/orders/acme-shop-123-order123abc",
            CATEGORY_BODY,
            json!(""),
            Box::new(|s| v1::put_order(s, &order_id(ORDER), &category())),
        ),
        endpoint(
            "GET /order-management/v1/orders/acme-shop-123-order123abc",
            "",
            json!({}),
            Box::new(|s| v1::get_order(s, &order_id(ORDER)).map(drop)),
        ),
        endpoint(
            "POST /order-management/v1/receipts/acme-shop-123-order123abc",
            RECEIPT_BODY,
            json!(""),
            Box::new(|s| v1::add_receipt(s, &order_id(ORDER), &receipt())),
        ),
        endpoint(
            "GET /order-management/v1/receipts/acme-shop-123-order123abc",
            "",
            json!({"orderLines": [], "bottomLine": {}}),
            Box::new(|s| v1::get_receipt(s, &order_id(ORDER)).map(drop)),
        ),
    ]
}

/// A server for calls that send nothing: one that is sent all the same fails at once.
fn unwanted() -> RawServer {
    RawServer::start(std::iter::repeat_n(
        reply("500 Internal Server Error", &[], ""),
        100,
    ))
}

/// What [`wire`] gives, for another sales unit.
fn wire_for(msn: &str, line: &str, body: &str) -> String {
    let ours = "merchant-serial-number: 123456\n";
    let wire = wire(line, body);
    assert!(wire.contains(ours));
    wire.replace(ours, &format!("merchant-serial-number: {msn}\n"))
}

#[track_caller]
fn assert_same<T: Serialize + DeserializeOwned + Debug>(sample: &Value) -> T {
    let value: T = serde_json::from_value(sample.clone()).unwrap();
    assert_eq!(serde_json::to_value(&value).unwrap(), *sample);
    value
}

// The documented samples.

fn sample_category() -> Value {
    json!({
        "category": "GENERAL",
        "orderDetailsUrl": "https://example.com",
        "imageId": "socks-orange-123"
    })
}

fn sample_add_category() -> Value {
    json!({
        "orderId": "PaymentReference123",
        "paymentType": "ECOM",
        "type": "RECEIPT",
        "url": "https://www.example.com",
        "imageId": IMAGE_ID
    })
}

fn sample_order_category() -> Value {
    let mut sample = sample_add_category();
    sample["categoryId"] = json!(CATEGORY_ID);
    sample
}

fn sample_v1_order() -> Value {
    json!({
        "category": "TICKET",
        "orderDetailsUrl": "https://example.com",
        "imageIds": [{"id": "socks-orange-123", "sortOrder": 1}]
    })
}

#[test]
fn every_function_sends_exactly_this() {
    for endpoint in endpoints() {
        let (request, result) = call(json_reply(&endpoint.answer), endpoint.call);
        assert_eq!(request, wire(endpoint.line, &endpoint.body));
        result.unwrap();
    }
}

#[test]
fn recurring_is_written_in_small_letters_in_paths_and_in_capitals_in_bodies() {
    let order = OrderRef::recurring(order_id("A.b-c_1"));
    let (request, _) = call(json_reply("{}"), |session| {
        order_management::get_order(session, &order)
    });
    let line = "GET /order-management/v2/recurring/A.b-c_1";
    assert_eq!(request, wire(line, ""));
    let (request, _) = call(json_reply("\"\""), |session| {
        order_management::put_category(session, &order, &category())
    });
    let line = "PUT /order-management/v2/recurring/categories/A.b-c_1";
    assert_eq!(request, wire(line, CATEGORY_BODY));
    let (request, _) = call(json_reply("\"\""), |session| {
        order_management::add_receipt(session, &order, &receipt())
    });
    let line = "POST /order-management/v2/recurring/receipts/A.b-c_1";
    assert_eq!(request, wire(line, RECEIPT_BODY));
    let (request, _) = call(json_reply(r#"{"categoryId":""}"#), |session| {
        order_management::add_category(session, &add_category(order.clone()))
    });
    let body = add_category_body("RECURRING", "A.b-c_1");
    assert_eq!(request, wire("POST /order-management/v3/categories", &body));
}

/// A POST is answered with 201, and nothing depends on it.
#[test]
fn created_is_as_good_as_ok() {
    for endpoint in endpoints() {
        let headers = ["Content-Type: application/json; charset=utf-8"];
        let (_, result) = call(
            reply("201 Created", &headers, &endpoint.answer),
            endpoint.call,
        );
        result.unwrap();
    }
}

#[test]
fn every_function_needs_an_msn_before_anything_is_sent() {
    let server = unwanted();
    let session = without_msn(&server.url());
    for endpoint in endpoints() {
        let error = (endpoint.call)(&session).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{}", endpoint.line);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(
            error.to_string(),
            "configuration: merchant_serial_number: must be set for the Order Management API, on \
             the builder or with for_sales_unit()"
        );
    }
    assert_eq!(server.connections(), 0);
}

fn without_msn(url: &str) -> Session {
    let keys = ApiKeys::standard(
        "test-client-id",
        "test-client-secret",
        "test-subscription-key",
    );
    let hour = std::time::Duration::from_secs(3600);
    let token = AccessToken::new("test-token", hour).unwrap();
    let builder = Session::builder(keys, system()).base_url(url);
    let builder = builder.retry(RetryPolicy::none()).access_token(token);
    builder.build().unwrap()
}

#[test]
fn every_function_takes_the_msn_of_for_sales_unit() {
    for endpoint in endpoints() {
        let server = RawServer::start([json_reply(&endpoint.answer), json_reply(&endpoint.answer)]);
        let msn = "10012345".parse().unwrap();
        let with_another = session_builder(&server.url()).build().unwrap();
        (endpoint.call)(&with_another.for_sales_unit(&msn)).unwrap();
        (endpoint.call)(&without_msn(&server.url()).for_sales_unit(&msn)).unwrap();
        let expected = wire_for("10012345", endpoint.line, &endpoint.body);
        let requests: Vec<String> = server.requests().iter().map(|r| whole_wire(r)).collect();
        assert_eq!(requests, [expected.clone(), expected]);
    }
}

#[test]
fn raw_reaches_every_endpoint_too() {
    for endpoint in endpoints() {
        let (method, path) = endpoint.line.split_once(' ').unwrap();
        let body: Option<Value> = serde_json::from_str(&endpoint.body).ok();
        let (request, result) = call(json_reply(&endpoint.answer), |session| {
            session.raw(method, path, body.as_ref())
        });
        // The order of a JSON object's members is another here.
        let expected = wire(endpoint.line, &endpoint.body);
        let (head, sent) = request.split_once("\n\n").unwrap();
        assert_eq!(Some(head), expected.split("\n\n").next());
        assert_eq!(serde_json::from_str(sent).ok(), body);
        assert_eq!(result.unwrap().to_string(), endpoint.answer);
    }
}

#[test]
fn a_404_of_every_function_keeps_method_path_and_problem() {
    for endpoint in endpoints() {
        // The form of this API's errors.
        let problem = json!({
            "type": "https://example.com/problem/not-found",
            "title": "Not Found",
            "detail": "There is no such order.",
            "instance": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "invalidParams": [{"name": "orderId", "reason": "is not known"}]
        });
        let headers = ["Content-Type: application/json"];
        let answer = reply("404 Not Found", &headers, &problem.to_string());
        let (_, result) = call(answer, endpoint.call);
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(
            error.to_string(),
            format!(
                "{}: 404 Not Found: Not Found: There is no such order (orderId: is not known) \
                 [trace 4bf92f3577b34da6a3ce929d0e0e4736]",
                endpoint.line
            )
        );
        assert_eq!(error.trace_id(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    }
}

// Identifiers and payment types.

/// The functions with an order's id in their path, and the path's beginning.
fn calls_with_an_id(id: &OrderId) -> Vec<(&'static str, String, Call)> {
    let order = OrderRef::ecom(id.clone());
    let (o, p, q, r) = (order.clone(), order.clone(), order.clone(), order);
    let (i, j, k, l) = (id.clone(), id.clone(), id.clone(), id.clone());
    let calls: [(&str, &str, Call); 8] = [
        (
            "PUT /order-management/v2/ecom/categories/",
            CATEGORY_BODY,
            Box::new(move |s| order_management::put_category(s, &o, &category()).map(drop)),
        ),
        (
            "POST /order-management/v2/ecom/receipts/",
            RECEIPT_BODY,
            Box::new(move |s| order_management::add_receipt(s, &p, &receipt()).map(drop)),
        ),
        (
            "POST /order-management/v2/ecom/receipts/",
            RECEIPT_BODY,
            Box::new(move |s| order_management::ensure_receipt(s, &q, &receipt()).map(drop)),
        ),
        (
            "GET /order-management/v2/ecom/",
            "",
            Box::new(move |s| order_management::get_order(s, &r).map(drop)),
        ),
        (
            "PUT /order-management/v1/orders/",
            CATEGORY_BODY,
            Box::new(move |s| v1::put_order(s, &i, &category())),
        ),
        (
            "GET /order-management/v1/orders/",
            "",
            Box::new(move |s| v1::get_order(s, &j).map(drop)),
        ),
        (
            "POST /order-management/v1/receipts/",
            RECEIPT_BODY,
            Box::new(move |s| v1::add_receipt(s, &k, &receipt())),
        ),
        (
            "GET /order-management/v1/receipts/",
            "",
            Box::new(move |s| v1::get_receipt(s, &l).map(drop)),
        ),
    ];
    calls
        .into_iter()
        .map(|(start, body, call)| (start, body.to_owned(), call))
        .collect()
}

#[test]
fn every_order_id_of_the_pattern_reaches_the_service_as_it_is() {
    let all = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    for id in [
        all,
        "0",
        "-",
        "_",
        "...",
        ".a",
        "a.",
        "a..b",
        "-_.",
        &"x".repeat(8000),
    ] {
        let id: OrderId = id.parse().unwrap();
        for (start, body, make_call) in calls_with_an_id(&id) {
            let answer = json_reply(r#"{"orderLines":[],"bottomLine":{}}"#);
            let (request, result) = call(answer, make_call);
            assert_eq!(request, wire(&format!("{start}{id}"), &body));
            result.unwrap();
        }
    }
}

/// A path that holds them is another path: `/v2/ecom/..` is `/v2`.
#[test]
fn dots_are_refused_in_paths_and_sent_elsewhere() {
    for dots in [".", ".."] {
        let id: OrderId = dots.parse().unwrap();
        let server = unwanted();
        let session = session_builder(&server.url()).build().unwrap();
        for (start, _, make_call) in calls_with_an_id(&id) {
            let field = if start.contains("/v1/") {
                "transactionId"
            } else {
                "orderId"
            };
            assert_eq!(
                make_call(&session).unwrap_err().to_string(),
                format!("invalid input: {field}: {dots:?} cannot be part of a path")
            );
        }
        for dots in ["", ".", ".."] {
            let id: CategoryId = unchecked(dots);
            for error in [
                order_management::get_category(&session, &id).unwrap_err(),
                order_management::delete_category(&session, &id).unwrap_err(),
            ] {
                assert_eq!(
                    error.to_string(),
                    format!("invalid input: categoryId: {dots:?} cannot be part of a path")
                );
            }
        }
        assert_eq!(server.connections(), 0);

        let (request, result) = call(json_reply("{}"), |session| {
            order_management::list_categories(session, &id)
        });
        let line = format!("GET /order-management/v3/categories?orderId={dots}");
        assert_eq!(request, wire(&line, ""));
        assert_eq!(result.unwrap(), []);
        let answer = json!({"categoryId": CATEGORY_ID}).to_string();
        let (request, result) = call(json_reply(&answer), |session| {
            order_management::add_category(session, &add_category(OrderRef::ecom(id.clone())))
        });
        let body = add_category_body("ECOM", dots);
        assert_eq!(request, wire("POST /order-management/v3/categories", &body));
        assert_eq!(result.unwrap().as_str(), CATEGORY_ID);
    }
}

#[test]
fn other_order_ids_are_refused_where_they_are_made() {
    for bad in [
        "", " ", "a b", "a/b", "../a", "a%2Fb", "a?b", "a#b", "a+b", "ø", "a\n", "\0",
    ] {
        assert_eq!(
            bad.parse::<OrderId>().unwrap_err().to_string(),
            format!("invalid input: orderId: must be letters, digits, -, _ and ., not {bad:?}")
        );
    }
    for bad in [
        "",
        "880f5088",
        "880f5088-7708-4a5a-87d9-31e83aacc03",
        "880f5088-7708-4a5a-87d9-31e83aacc03g",
    ] {
        assert_eq!(
            bad.parse::<CategoryId>().unwrap_err().to_string(),
            format!(
                "invalid input: categoryId: must be a UUID (8-4-4-4-12 hexadecimal digits), not {bad:?}"
            )
        );
    }
}

#[test]
fn an_id_that_a_server_sent_stays_one_segment() {
    let id: OrderId = unchecked("../a/b?c=d&e#f%2Fg h");
    let encoded = "..%2Fa%2Fb%3Fc%3Dd%26e%23f%252Fg%20h";
    let server = unwanted();
    let session = session_builder(&server.url()).build().unwrap();
    for (start, body, make_call) in calls_with_an_id(&id) {
        if start.contains("/v2/") {
            // An OrderRef is validated.
            let error = make_call(&session).unwrap_err().to_string();
            let rule = "must be letters, digits, -, _ and .";
            assert_eq!(
                error,
                format!("invalid input: orderId: {rule}, not {:?}", id.as_str())
            );
            continue;
        }
        let answer = json_reply(r#"{"orderLines":[],"bottomLine":{}}"#);
        let (request, _) = call(answer, make_call);
        assert_eq!(request, wire(&format!("{start}{encoded}"), &body));
    }
    assert_eq!(server.connections(), 0);
    let (request, _) = call(json_reply("{}"), |session| {
        order_management::list_categories(session, &id)
    });
    let line = format!("GET /order-management/v3/categories?orderId={encoded}");
    assert_eq!(request, wire(&line, ""));
    let id: CategoryId = unchecked("../a?b");
    let (request, _) = call(json_reply("{}"), |session| {
        order_management::get_category(session, &id)
    });
    assert_eq!(
        request,
        wire("GET /order-management/v3/categories/..%2Fa%3Fb", "")
    );
    let (request, _) = call(reply("200 OK", &[], ""), |session| {
        order_management::delete_category(session, &id)
    });
    assert_eq!(
        request,
        wire("DELETE /order-management/v3/categories/..%2Fa%3Fb", "")
    );
}

/// The pattern has no longest id. One that fills more than the buffers is an error of the caller's, and nothing that may have been sent.
#[test]
fn an_id_beyond_all_measure_is_refused() {
    const MAX_PATH: usize = 8192;
    let server = RawServer::start([json_reply("{}")]);
    let session = session_builder(&server.url()).build().unwrap();
    let get = |length: usize| {
        let order = OrderRef::ecom("x".repeat(length).parse().unwrap());
        order_management::get_order(&session, &order)
    };
    let longest = MAX_PATH - "/order-management/v2/ecom/".len();
    for length in [longest + 1, 40_000, 70_000] {
        let path = MAX_PATH - longest + length;
        let error = get(length).unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(
            error.to_string(),
            format!("invalid input: path: must be at most 8192 bytes, not {path}")
        );
    }
    assert_eq!(server.connections(), 0);
    get(longest).unwrap();
}

#[test]
fn payment_types_are_read_both_ways_and_written_in_capitals() {
    for (text, expected) in [
        ("ecom", PaymentType::Ecom),
        ("ECOM", PaymentType::Ecom),
        ("recurring", PaymentType::Recurring),
        ("RECURRING", PaymentType::Recurring),
    ] {
        assert_eq!(PaymentType::from(text), expected);
        assert_eq!(unchecked::<PaymentType>(text), expected);
        assert_eq!(expected.to_string(), text.to_ascii_uppercase());
        assert_eq!(
            serde_json::to_value(&expected).unwrap(),
            json!(text.to_ascii_uppercase())
        );
    }
    let order: OrderRef = unchecked(json!({"paymentType": "ecom", "orderId": "1"}));
    assert_eq!(order, OrderRef::ecom(order_id("1")));
    let order = OrderRef::recurring(order_id("1"));
    assert_same::<OrderRef>(&json!({"paymentType": "RECURRING", "orderId": "1"}));
    assert_eq!(order.payment_type, PaymentType::Recurring);
}

/// Other clients sent the names of the products: the service knows two kinds of payment.
#[test]
fn other_payment_types_are_not_sent() {
    let server = unwanted();
    let session = session_builder(&server.url()).build().unwrap();
    for bad in [
        "ePayment",
        "eCom",
        "EPAYMENT",
        "Recurring",
        "",
        "ecom/..",
        "epayment",
    ] {
        let mut order = order();
        order.payment_type = PaymentType::from(bad);
        let json = json!({"paymentType": bad, "orderId": ORDER});
        assert_eq!(unchecked::<OrderRef>(json), order);
        assert_eq!(order.payment_type, PaymentType::Other(bad.to_owned()));
        for error in [
            order_management::put_category(&session, &order, &category()).unwrap_err(),
            order_management::add_receipt(&session, &order, &receipt()).unwrap_err(),
            order_management::ensure_receipt(&session, &order, &receipt()).unwrap_err(),
            order_management::get_order(&session, &order).unwrap_err(),
            order_management::add_category(&session, &add_category(order.clone())).unwrap_err(),
            order.validate().unwrap_err(),
        ] {
            assert_eq!(
                error.to_string(),
                format!("invalid input: paymentType: must be ECOM or RECURRING, not {bad:?}")
            );
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn category_types_are_written_as_the_specification_does() {
    for (value, wire) in [
        (CategoryType::General, "GENERAL"),
        // And not RECIEPT, as another client had it.
        (CategoryType::Receipt, "RECEIPT"),
        (CategoryType::OrderConfirmation, "ORDER_CONFIRMATION"),
        (CategoryType::Delivery, "DELIVERY"),
        (CategoryType::Ticket, "TICKET"),
        (CategoryType::Booking, "BOOKING"),
        (CategoryType::Other("VOUCHER".to_owned()), "VOUCHER"),
    ] {
        let body = json!({"category": wire, "orderDetailsUrl": "https://example.com/1"});
        let category = Category::new(value.clone(), "https://example.com/1");
        assert_eq!(serde_json::to_value(&category).unwrap(), body);
        let link = AddCategory::new(order(), value.clone(), "https://example.com/1");
        assert_eq!(serde_json::to_value(&link).unwrap()["type"], json!(wire));
        assert_eq!(unchecked::<CategoryType>(wire), value);
    }
}

#[test]
fn the_values_of_a_receipt_are_known_by_their_documented_names() {
    for (wire, value) in [
        ("NOK", Currency::Nok),
        ("DKK", Currency::Dkk),
        ("EUR", Currency::Eur),
    ] {
        assert_eq!(unchecked::<Currency>(wire), value);
        assert_eq!(value.as_str(), wire);
    }
    for (wire, value) in [
        ("PCS", QuantityUnit::Pcs),
        ("KG", QuantityUnit::Kg),
        ("KM", QuantityUnit::Km),
        ("MINUTE", QuantityUnit::Minute),
        ("LITRE", QuantityUnit::Litre),
        ("KWH", QuantityUnit::Kwh),
    ] {
        assert_eq!(unchecked::<QuantityUnit>(wire), value);
        assert_eq!(value.as_str(), wire);
    }
    for (wire, value) in [
        ("EAN-13", BarcodeFormat::Ean13),
        ("CODE 39", BarcodeFormat::Code39),
        ("CODE 128", BarcodeFormat::Code128),
    ] {
        assert_eq!(unchecked::<BarcodeFormat>(wire), value);
        assert_eq!(value.as_str(), wire);
    }
}

// Replies.

#[test]
fn what_is_answered_to_a_category_or_a_receipt_is_given_as_a_text() {
    for (body, expected) in [
        (format!("\"{ADDED}\""), ADDED),
        (format!(" \"{ADDED}\"\r\n"), ADDED),
        (r#""a \"quoted\" word""#.to_owned(), r#"a "quoted" word"#),
        (ADDED.to_owned(), ADDED),
        (format!("{ADDED}\n"), ADDED),
        (r#"{"id":"1"}"#.to_owned(), r#"{"id":"1"}"#),
        (String::new(), ""),
        ("\"\"".to_owned(), ""),
        (" \r\n".to_owned(), ""),
        ("OK".to_owned(), "OK"),
    ] {
        for headers in [&["Content-Type: application/json"], [].as_slice()] {
            let (_, result) = call(reply("200 OK", headers, &body), |session| {
                order_management::put_category(session, &order(), &category())
            });
            assert_eq!(result.unwrap(), expected, "{body}");
            let (_, result) = call(reply("201 Created", headers, &body), |session| {
                order_management::add_receipt(session, &order(), &receipt())
            });
            assert_eq!(result.unwrap(), expected, "{body}");
        }
    }
}

#[test]
fn what_is_answered_where_nothing_is_promised_does_not_matter() {
    let id: CategoryId = CATEGORY_ID.parse().unwrap();
    for answer in [
        reply("200 OK", &[], ""),
        reply("200 OK", &["Content-Type: text/plain"], "deleted"),
        json_reply("{}"),
        b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
    ] {
        for make_call in [
            (&|s: &Session| order_management::delete_category(s, &id)) as &dyn Fn(&Session) -> _,
            &|s: &Session| v1::put_order(s, &order_id(ORDER), &category()),
            &|s: &Session| v1::add_receipt(s, &order_id(ORDER), &receipt()),
        ] {
            let (_, result) = call(answer.clone(), make_call);
            result.unwrap();
        }
    }
}

#[test]
fn the_image_id_to_use_is_the_one_that_is_answered() {
    for (answer, expected) in [
        (r#"{"imageId":"socks-orange-123"}"#, "socks-orange-123"),
        (
            r#"{"imageId":"f09c6aeb-442e-4da1-b36a-d8f613edc6c9","new":[1]}"#,
            IMAGE_ID,
        ),
        (r#"{"imageId":"as it/comes"}"#, "as it/comes"),
        (r#"{"imageId":4711}"#, "4711"),
        (r#"{"imageId":null}"#, "requested"),
        (r#"{"imageId":""}"#, "requested"),
        ("{}", "requested"),
        ("", "requested"),
        (" \r\n", "requested"),
    ] {
        let (request, result) = call(json_reply(answer), |session| {
            order_management::add_image(session, &small_image("requested"))
        });
        let body = small_image_body("requested");
        assert_eq!(request, wire("POST /order-management/v1/images", &body));
        assert_eq!(result.unwrap().as_str(), expected, "{answer}");
    }
}

#[test]
fn either_part_of_an_order_may_be_missing() {
    let path = "/order-management/v2/ecom/acme-shop-123-order123abc";
    let get = |session: &Session| order_management::get_order(session, &order());

    let both = json!({"category": sample_category(), "receipt": sample_receipt()});
    let found = assert_get(path, &both, get);
    assert_eq!(
        found.category.unwrap().category,
        Some(CategoryType::General)
    );
    assert_eq!(
        found.receipt.unwrap().bottom_line.currency,
        Some(Currency::Nok)
    );

    let found = assert_get(path, &json!({"category": sample_category()}), get);
    assert!(found.category.is_some() && found.receipt.is_none());
    let found = assert_get(path, &json!({"receipt": sample_receipt()}), get);
    assert!(found.category.is_none() && found.receipt.is_some());
    assert_eq!(assert_get(path, &json!({}), get), Order::default());

    for nulls in [
        r#"{"category":null,"receipt":null}"#,
        r#"{"category":null,"new":{}}"#,
    ] {
        let (_, found) = call(json_reply(nulls), get);
        assert_eq!(found.unwrap(), Order::default());
    }
}

#[test]
fn a_category_may_be_null_in_an_order() {
    let sample = json!({"category": {"orderDetailsUrl": "https://example.com"}});
    let mut with_nulls = sample.clone();
    with_nulls["category"]["category"] = Value::Null;
    with_nulls["category"]["imageId"] = Value::Null;
    let (_, found) = call(json_reply(&with_nulls.to_string()), |session| {
        order_management::get_order(session, &order())
    });
    let found = found.unwrap();
    let details = found.category.as_ref().unwrap();
    assert_eq!(details.category, None);
    assert_eq!(
        details.order_details_url.as_deref(),
        Some("https://example.com")
    );
    assert_eq!(details.image_id, None);
    assert_eq!(serde_json::to_value(&found).unwrap(), sample);
}

#[test]
fn links_are_listed_wrapped_or_bare_or_not_at_all() {
    let one = sample_order_category();
    let mut more = one.clone();
    more["new"] = json!({"nested": [1]});
    for (body, expected) in [
        (json!({"categories": [one, one]}), json!([one, one])),
        (json!([one, one]), json!([one, one])),
        (json!({"categories": [more], "total": 1}), json!([one])),
        (json!([{}]), json!([{}])),
        (json!({}), json!([])),
        (json!({"categories": null}), json!([])),
        (json!({"categories": []}), json!([])),
        (json!([]), json!([])),
    ] {
        let (_, list) = call(json_reply(&body.to_string()), |session| {
            order_management::list_categories(session, &order_id(ORDER))
        });
        assert_eq!(
            serde_json::to_value(list.unwrap()).unwrap(),
            expected,
            "{body}"
        );
    }
    for (body, reason) in [
        ("", "the reply has no body"),
        (
            "\"none\"",
            "the reply cannot be read: invalid type: string, expected a list of \
             categories at line 1 column 6",
        ),
        (
            r#"{"categories":[{"url":1}]}"#,
            "the reply cannot be read: invalid type: integer `1`, expected a string at line 1 \
             column 23",
        ),
    ] {
        let (_, list) = call(json_reply(body), |session| {
            order_management::list_categories(session, &order_id("1"))
        });
        let error = list.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert_eq!(
            error.to_string(),
            format!("GET /order-management/v3/categories?orderId=1: 200 OK, but {reason}")
        );
    }
}

#[test]
fn get_category() {
    let id: CategoryId = CATEGORY_ID.parse().unwrap();
    let path = "/order-management/v3/categories/880f5088-7708-4a5a-87d9-31e83aacc035";
    let link = assert_get(path, &sample_order_category(), |session| {
        order_management::get_category(session, &id)
    });
    assert_eq!(link.category_id, Some(id));
    assert_eq!(link.order_id, Some(order_id("PaymentReference123")));
    assert_eq!(link.payment_type, Some(PaymentType::Ecom));
    assert_eq!(link.category, Some(CategoryType::Receipt));
    assert_eq!(link.url.as_deref(), Some("https://www.example.com"));
    assert_eq!(link.image_id.as_ref().map(ImageId::as_str), Some(IMAGE_ID));
}

#[test]
fn a_link_without_an_id_is_a_decode_error_that_says_so() {
    let (_, added) = call(reply("201 Created", &[], "{}"), |session| {
        order_management::add_category(session, &add_category(order()))
    });
    let error = added.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(error.delivery(), Delivery::Answered);
    assert_eq!(
        error.to_string(),
        "POST /order-management/v3/categories: 201 Created, but the reply cannot be read: missing \
         field `categoryId` at line 1 column 2"
    );
}

#[test]
fn unknown_values_and_fields_never_fail_an_object() {
    let mut receipt = sample_receipt();
    receipt["orderLines"][0]["unitInfo"]["quantityUnit"] = json!("TONNE");
    receipt["bottomLine"]["currency"] = json!("SEK");
    receipt["bottomLine"]["barcode"]["format"] = json!("QR");
    let mut category = sample_category();
    category["category"] = json!("VOUCHER");
    let known = json!({"category": category, "receipt": receipt});

    let mut sample = known.clone();
    sample["new"] = json!([1]);
    for place in [
        "/category",
        "/receipt",
        "/receipt/orderLines/0",
        "/receipt/bottomLine",
    ] {
        sample.pointer_mut(place).unwrap()["new"] = json!({"nested": [null]});
    }
    let (_, found) = call(json_reply(&sample.to_string()), |session| {
        order_management::get_order(session, &order())
    });
    let found = found.unwrap();
    assert_eq!(serde_json::to_value(&found).unwrap(), known);
    let voucher = CategoryType::Other("VOUCHER".to_owned());
    assert_eq!(found.category.unwrap().category, Some(voucher));
    let currency = found.receipt.unwrap().bottom_line.currency;
    assert_eq!(currency, Some(Currency::Other("SEK".to_owned())));

    let mut link = sample_order_category();
    link["type"] = json!("PARKING");
    link["paymentType"] = json!("POS");
    let known = link.clone();
    link["new"] = Value::Null;
    let link: OrderCategory = unchecked(link);
    assert_eq!(
        link.category,
        Some(CategoryType::Other("PARKING".to_owned()))
    );
    assert_eq!(
        link.payment_type,
        Some(PaymentType::Other("POS".to_owned()))
    );
    assert_eq!(serde_json::to_value(&link).unwrap(), known);
}

#[test]
fn the_documented_samples_go_out_as_they_came_in() {
    assert_same::<Receipt>(&sample_receipt())
        .validate()
        .unwrap();
    assert_same::<Category>(&sample_category())
        .validate()
        .unwrap();
    assert_same::<OrderDetails>(&sample_category());
    assert_same::<AddCategory>(&sample_add_category())
        .validate()
        .unwrap();
    assert_same::<OrderCategory>(&sample_order_category());
    assert_same::<Order>(&json!({"category": sample_category(), "receipt": sample_receipt()}));
    assert_same::<v1::OrderInfo>(&sample_v1_order());
    assert_same::<v1::OrderInfo>(&sample_category());
}

#[test]
fn the_documented_samples_are_sent_as_they_are_shown() {
    #[track_caller]
    fn assert_sent(
        sample: &Value,
        answer: Value,
        send: impl Fn(&Session) -> Result<String, Error>,
    ) {
        let (request, result) = call(json_reply(&answer.to_string()), send);
        let (_, body) = request.split_once("\n\n").unwrap();
        assert_eq!(serde_json::from_str::<Value>(body).unwrap(), *sample);
        let answered = answer
            .as_object()
            .map_or(&answer, |object| object.values().next().unwrap());
        assert_eq!(json!(result.unwrap()), *answered);
    }

    assert_sent(&sample_category(), json!(ADDED), |session| {
        let category = Category::new(CategoryType::General, "https://example.com")
            .image_id("socks-orange-123".parse().unwrap());
        order_management::put_category(session, &order(), &category)
    });
    assert_sent(&sample_receipt(), json!(ADDED), |session| {
        order_management::add_receipt(session, &order(), &unchecked(sample_receipt()))
    });
    let answer = json!({"categoryId": "337f5e5d-288b-40d5-be14-901cc3acacc0"});
    assert_sent(&sample_add_category(), answer, |session| {
        let order = OrderRef::ecom(order_id("PaymentReference123"));
        let link = AddCategory::new(order, CategoryType::Receipt, "https://www.example.com")
            .image_id(IMAGE_ID.parse().unwrap());
        order_management::add_category(session, &link).map(|id| id.as_str().to_owned())
    });
}

#[test]
fn version_1_reads_what_the_specification_shows() {
    let path = "/order-management/v1/orders/acme-shop-123-order123abc";
    let info = assert_get(path, &sample_v1_order(), |session| {
        v1::get_order(session, &order_id(ORDER))
    });
    assert_eq!(info.category, Some(CategoryType::Ticket));
    let images = info.image_ids.unwrap();
    assert_eq!(images[0].id.as_str(), "socks-orange-123");
    assert_eq!(images[0].sort_order, Some(1));
    assert_eq!(info.image_id, None);

    let nulls = json!({"category": null, "orderDetailsUrl": null, "imageIds": null, "new": 1});
    let (_, info) = call(json_reply(&nulls.to_string()), |session| {
        v1::get_order(session, &order_id(ORDER))
    });
    assert_eq!(info.unwrap(), v1::OrderInfo::default());

    let path = "/order-management/v1/receipts/acme-shop-123-order123abc";
    let receipt = assert_get(path, &sample_receipt(), |session| {
        v1::get_receipt(session, &order_id(ORDER))
    });
    assert_eq!(receipt.order_lines.len(), 3);
}

// What is refused before anything is sent.

const NO_ADDRESS: &str = "must be an address such as https://example.com/order/1, not";

#[test]
fn addresses_are_checked() {
    for good in [
        "https://example.com",
        "HTTPS://EXAMPLE.COM",
        "http://localhost:8080/a?b=c#d",
        "https://bj\u{f8}rn.example/\u{f8}l",
        "https://user@example.com",
        "myshop://order/1",
        "mailto:post@example.com",
    ] {
        let category = Category::new(CategoryType::General, good);
        category.validate().unwrap();
        let link = AddCategory::new(order(), CategoryType::General, good);
        link.validate().unwrap();
    }
    for bad in [
        "",
        " ",
        "example.com",
        "www.example.com/order",
        "/order/1",
        "//example.com",
        "https:",
        "https://",
        "https:///order",
        "https://?a=b",
        "https://#a",
        "https:example.com",
        "https//example.com",
        "https://exam ple.com",
        " https://example.com",
        "https://example.com\n",
        "https://example.com/\0",
        "1https://example.com",
        "://example.com",
        "myshop:",
    ] {
        let category = Category::new(CategoryType::General, bad);
        assert_eq!(
            category.validate().unwrap_err().to_string(),
            format!("invalid input: orderDetailsUrl: {NO_ADDRESS} {bad:?}")
        );
        let link = AddCategory::new(order(), CategoryType::General, bad);
        assert_eq!(
            link.validate().unwrap_err().to_string(),
            format!("invalid input: url: {NO_ADDRESS} {bad:?}")
        );
    }
    let long = Category::new(CategoryType::General, "x".repeat(61));
    assert_eq!(
        long.validate().unwrap_err().to_string(),
        format!(
            "invalid input: orderDetailsUrl: {NO_ADDRESS} {:?}...",
            "x".repeat(60)
        )
    );
}

#[test]
fn validate_names_all_that_is_wrong_and_nothing_is_sent() {
    let category = Category::new(CategoryType::General, "a").image_id(unchecked("b c"));
    let wrong_image = "imageId: must be 1 to 128 letters, digits, -, _ and ., not \"b c\"";
    let expected = format!(
        "invalid input: orderDetailsUrl, imageId: orderDetailsUrl: {NO_ADDRESS} \"a\"; {wrong_image}"
    );
    let mut order = order();
    order.payment_type = PaymentType::from("eCom");
    order.order_id = unchecked("d/e");
    let link = AddCategory::new(order, CategoryType::General, "a").image_id(unchecked("b c"));
    let expected_of_link = format!(
        "invalid input: orderId, paymentType, url, imageId: orderId: must be letters, digits, -, _ \
         and ., not \"d/e\"; paymentType: must be ECOM or RECURRING, not \"eCom\"; url: \
         {NO_ADDRESS} \"a\"; {wrong_image}"
    );
    assert_eq!(category.validate().unwrap_err().to_string(), expected);
    assert_eq!(link.validate().unwrap_err().to_string(), expected_of_link);

    let server = unwanted();
    let session = session_builder(&server.url()).build().unwrap();
    let no_lines = Receipt::new(BottomLine::new(Currency::Nok));
    let id = order_id(ORDER);
    let order = self::order();
    let no_line = "invalid input: orderLines: must hold at least one line";
    for (result, expected) in [
        (
            order_management::put_category(&session, &order, &category).map(drop),
            expected.as_str(),
        ),
        (v1::put_order(&session, &id, &category), &expected),
        (
            order_management::add_category(&session, &link).map(drop),
            &expected_of_link,
        ),
        (
            order_management::add_receipt(&session, &order, &no_lines).map(drop),
            no_line,
        ),
        (
            order_management::ensure_receipt(&session, &order, &no_lines).map(drop),
            no_line,
        ),
        (v1::add_receipt(&session, &id, &no_lines), no_line),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn reading_what_is_to_be_sent_refuses_unknown_fields() {
    let mut category = sample_category();
    category["imageID"] = json!("1");
    assert_eq!(
        serde_json::from_value::<Category>(category)
            .unwrap_err()
            .to_string(),
        "unknown field `imageID`, expected one of `category`, `orderDetailsUrl`, `imageId`"
    );
    let mut link = sample_add_category();
    link["category"] = json!("RECEIPT");
    assert_eq!(
        serde_json::from_value::<AddCategory>(link)
            .unwrap_err()
            .to_string(),
        "unknown field `category`, expected one of `orderId`, `paymentType`, `type`, `url`, `imageId`"
    );
    assert_eq!(
        serde_json::from_value::<OrderRef>(json!({"paymentType": "ECOM", "orderId": "1", "id": 1}))
            .unwrap_err()
            .to_string(),
        "unknown field `id`, expected `paymentType` or `orderId`"
    );
    for missing in ["category", "orderDetailsUrl"] {
        let mut category = sample_category();
        category.as_object_mut().unwrap().remove(missing);
        let error = serde_json::from_value::<Category>(category).unwrap_err();
        assert_eq!(error.to_string(), format!("missing field `{missing}`"));
    }
    for missing in ["orderId", "paymentType", "type", "url"] {
        let mut link = sample_add_category();
        link.as_object_mut().unwrap().remove(missing);
        let error = serde_json::from_value::<AddCategory>(link).unwrap_err();
        assert_eq!(error.to_string(), format!("missing field `{missing}`"));
    }
}

/// A receipt comes in replies too, to which the service may add members.
#[test]
fn unknown_fields_of_a_receipt_are_ignored_at_any_depth() {
    let mut sample = sample_receipt();
    sample["bottomLine"]["paymentSources"] = json!({"card": 100});
    sample["bottomLine"]["shippingInfo"] = json!({"amount": 100});
    let good: Receipt = serde_json::from_value(sample.clone()).unwrap();
    for place in [
        "",
        "/orderLines/0",
        "/orderLines/0/unitInfo",
        "/bottomLine",
        "/bottomLine/paymentSources",
        "/bottomLine/barcode",
        "/bottomLine/shippingInfo",
    ] {
        let mut receipt = sample.clone();
        receipt.pointer_mut(place).unwrap()["totalTaxAmuont"] = json!(null);
        assert_eq!(unchecked::<Receipt>(receipt.clone()), good, "{place}");

        let whole = json!({"receipt": receipt, "more": 1}).to_string();
        let server = RawServer::start([json_reply(&whole), json_reply(&receipt.to_string())]);
        let session = session_builder(&server.url()).build().unwrap();
        let order = order_management::get_order(&session, &order()).unwrap();
        assert_eq!(order.receipt.as_ref(), Some(&good), "{place}");
        let receipt = v1::get_receipt(&session, &order_id(ORDER)).unwrap();
        assert_eq!(receipt, good, "{place}");
    }
}

/// What is read from a file is checked where it is sent.
#[test]
fn reading_what_is_to_be_sent_does_not_validate_it_and_sending_it_does() {
    let server = unwanted();
    let session = session_builder(&server.url()).build().unwrap();
    let mut category = sample_category();
    category["imageId"] = json!("b c");
    category["orderDetailsUrl"] = json!("a");
    let image = "imageId: must be 1 to 128 letters, digits, -, _ and ., not \"b c\"";
    let category: Category = unchecked(category);
    for refused in [
        category.validate(),
        order_management::put_category(&session, &order(), &category).map(drop),
    ] {
        assert_eq!(
            refused.unwrap_err().to_string(),
            format!(
                "invalid input: orderDetailsUrl, imageId: orderDetailsUrl: {NO_ADDRESS} \"a\"; {image}"
            )
        );
    }
    let mut link = sample_add_category();
    link["orderId"] = json!("d/e");
    let link: AddCategory = unchecked(link);
    let order: OrderRef = unchecked(json!({"paymentType": "ECOM", "orderId": "d/e"}));
    for refused in [
        link.validate(),
        order_management::add_category(&session, &link).map(drop),
        order.validate(),
        order_management::get_order(&session, &order).map(drop),
    ] {
        assert_eq!(
            refused.unwrap_err().to_string(),
            "invalid input: orderId: must be letters, digits, -, _ and ., not \"d/e\""
        );
    }
    let order: OrderRef = unchecked(json!({"paymentType": "eCom", "orderId": ""}));
    assert_eq!(
        order.validate().unwrap_err().to_string(),
        "invalid input: paymentType, orderId: paymentType: must be ECOM or RECURRING, not \
         \"eCom\"; orderId: must be letters, digits, -, _ and ., not \"\""
    );
    let receipt: Receipt = unchecked(json!({"orderLines": [], "bottomLine": {"currency": "NOK"}}));
    assert_eq!(
        order_management::add_receipt(&session, &self::order(), &receipt)
            .unwrap_err()
            .to_string(),
        "invalid input: orderLines: must hold at least one line"
    );
    assert_eq!(server.connections(), 0);
}

// What is there already.

/// The live service's answer to a second receipt: it has no type, and the trace id stands in `instance`.
const CONFLICTING_RECEIPT: &str = r#"{"title":"Conflicting receipt","status":409,"detail":"Receipt already exists","instance":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#;

#[test]
fn a_second_receipt_is_there_already() {
    let answer = reply(
        "409 Conflict",
        &["Content-Type: application/problem+json"],
        CONFLICTING_RECEIPT,
    );
    for (make_call, path) in [
        (
            (&|s: &Session| order_management::add_receipt(s, &order(), &receipt()).map(drop))
                as &dyn Fn(&Session) -> Result<(), Error>,
            "/order-management/v2/ecom/receipts/acme-shop-123-order123abc",
        ),
        (
            &|s: &Session| v1::add_receipt(s, &order_id(ORDER), &receipt()),
            "/order-management/v1/receipts/acme-shop-123-order123abc",
        ),
    ] {
        let (_, result) = call(answer.clone(), make_call);
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(error.status(), Some(409));
        assert_eq!(error.delivery(), Delivery::Answered);
        assert!(!error.is_retryable());
        assert_eq!(error.trace_id(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        assert_eq!(
            error.to_string(),
            format!(
                "POST {path}: 409 Conflict: Conflicting receipt: Receipt already exists [trace \
                 4bf92f3577b34da6a3ce929d0e0e4736]"
            )
        );
        let problem = error.problem().unwrap();
        assert_eq!(problem.problem_type, None);
        assert_eq!(problem.title.as_deref(), Some("Conflicting receipt"));
        assert_eq!(problem.detail.as_deref(), Some("Receipt already exists"));
    }
}

/// The service was seen to answer a second image with either status, in changing words.
#[test]
fn an_image_that_is_there_already_is_known_by_409_or_by_the_word_duplicate() {
    use ErrorKind::{AlreadyExists, Conflict, Rejected, Server};

    let title = r#"{"title":"Duplicate image"}"#;
    let reason = r#"{"title":"Bad Request","invalidParams":[{"name":"imageId","reason":"Is a duplicate."}]}"#;
    for (status, body, of_image, of_receipt, of_category) in [
        ("409 Conflict", "", AlreadyExists, AlreadyExists, Conflict),
        (
            "409 Conflict",
            CONFLICTING_RECEIPT,
            AlreadyExists,
            AlreadyExists,
            Conflict,
        ),
        (
            "409 Conflict",
            title,
            AlreadyExists,
            AlreadyExists,
            Conflict,
        ),
        // In a receipt or a category, two other things may be alike.
        ("400 Bad Request", title, AlreadyExists, Rejected, Rejected),
        (
            "400 Bad Request",
            r#"{"title":"Bad Request","detail":"DUPLICATE imageId"}"#,
            AlreadyExists,
            Rejected,
            Rejected,
        ),
        ("400 Bad Request", reason, AlreadyExists, Rejected, Rejected),
        (
            "400 Bad Request",
            "Duplicate key value",
            AlreadyExists,
            Rejected,
            Rejected,
        ),
        (
            "400 Bad Request",
            "\"duplicate\"",
            AlreadyExists,
            Rejected,
            Rejected,
        ),
        (
            "400 Bad Request",
            r#"{"title":"Bad Request"}"#,
            Rejected,
            Rejected,
            Rejected,
        ),
        ("400 Bad Request", "", Rejected, Rejected, Rejected),
        (
            "422 Unprocessable Content",
            title,
            Rejected,
            Rejected,
            Rejected,
        ),
        ("500 Internal Server Error", title, Server, Server, Server),
    ] {
        let answer = reply(status, &["Content-Type: application/json"], body);
        for (expected, make_call) in [
            (
                of_image,
                (&|s: &Session| order_management::add_image(s, &small_image("a")).map(drop))
                    as &dyn Fn(&Session) -> Result<(), Error>,
            ),
            (of_receipt, &|s: &Session| {
                order_management::add_receipt(s, &order(), &receipt()).map(drop)
            }),
            (of_receipt, &|s: &Session| {
                v1::add_receipt(s, &order_id(ORDER), &receipt())
            }),
            (of_category, &|s: &Session| {
                order_management::put_category(s, &order(), &category()).map(drop)
            }),
            (of_category, &|s: &Session| {
                order_management::add_category(s, &add_category(order())).map(drop)
            }),
        ] {
            let (request, result) = call(answer.clone(), make_call);
            let at = request.lines().next().unwrap();
            assert_eq!(
                result.unwrap_err().kind(),
                expected,
                "{at}: {status} {body}"
            );
        }
    }
}

// Repetitions, by a session that repeats.

fn links(sandbox: &Sandbox) -> Vec<OrderCategory> {
    order_management::list_categories(&sandbox.session(), &order_id(ORDER)).unwrap()
}

#[test]
fn a_delete_whose_reply_was_lost_takes_404_for_done() {
    const DELETE: &str = "DELETE /order-management/v3/categories/*";

    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let id = order_management::add_category(&session, &add_category(order())).unwrap();
    sandbox.fault(DELETE, 1, Fault::LoseReply);
    order_management::delete_category(&session, &id).unwrap();
    assert_eq!(sandbox.count(DELETE), 2);
    assert_eq!(links(&sandbox), []);

    // Without a lost reply there was nothing to delete.
    let error = order_management::delete_category(&session, &id).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(sandbox.count(DELETE), 3);
}

#[test]
fn a_post_whose_outcome_is_unknown_is_sent_once() {
    let calls: [(&str, Call); 4] = [
        (
            "POST /order-management/v1/images",
            Box::new(|s| order_management::add_image(s, &small_image("socks")).map(drop)),
        ),
        (
            "POST /order-management/v3/categories",
            Box::new(|s| order_management::add_category(s, &add_category(order())).map(drop)),
        ),
        (
            "POST /order-management/v2/ecom/receipts/acme-shop-123-order123abc",
            Box::new(|s| order_management::add_receipt(s, &order(), &receipt()).map(drop)),
        ),
        (
            "POST /order-management/v1/receipts/acme-shop-123-order123abc",
            Box::new(|s| v1::add_receipt(s, &order_id(ORDER), &receipt())),
        ),
    ];
    for (route, make_call) in calls {
        for fault in [Fault::LoseReply, Fault::CloseAfterReading] {
            let sandbox = Sandbox::start().unwrap();
            sandbox.enable_v1();
            let session = sandbox.session();
            sandbox.fault(route, 1, fault.clone());
            let error = make_call(&session).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Network);
            assert_eq!(error.delivery(), Delivery::Unknown);
            assert!(!error.is_retryable());
            assert_eq!(sandbox.count(route), 1);
            assert_eq!(
                error.to_string(),
                format!(
                    "{route}: the connection was closed before an answer came (the server may have \
                     carried it out)"
                )
            );

            // Only the caller can know what to make of it. Receipts and images say when they were there already; links do not.
            let again = make_call(&session).map_err(|error| error.kind());
            let was_done = fault == Fault::LoseReply;
            let expected = match was_done && !route.ends_with("categories") {
                true => Err(ErrorKind::AlreadyExists),
                false => Ok(()),
            };
            assert_eq!(again, expected, "{route}");
            if route.ends_with("categories") {
                assert_eq!(links(&sandbox).len(), 1 + usize::from(was_done));
            }
        }

        // The service may have failed after it was done.
        let sandbox = Sandbox::start().unwrap();
        sandbox.fault(route, 1, Fault::status(503));
        let error = make_call(&sandbox.session()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server);
        assert!(!error.is_retryable());
        assert_eq!(sandbox.count(route), 1);

        // A refusal for its rate is one of a request that was not carried out.
        let sandbox = Sandbox::start().unwrap();
        sandbox.enable_v1();
        sandbox.fault(route, 2, Fault::status_retry_after(429, "5"));
        make_call(&sandbox.session()).unwrap();
        assert_eq!(sandbox.count(route), 3);
        let requests = sandbox.requests();
        let mut bodies = requests.iter().filter(|request| !request.body.is_empty());
        let first = bodies.next().unwrap();
        assert!(bodies.all(|request| request.body == first.body));
    }
}

#[test]
fn what_may_be_done_twice_is_repeated() {
    let calls: [(&str, Call); 2] = [
        (
            "PUT /order-management/v2/ecom/categories/acme-shop-123-order123abc",
            Box::new(|s| order_management::put_category(s, &order(), &category()).map(drop)),
        ),
        (
            "PUT /order-management/v1/orders/acme-shop-123-order123abc",
            Box::new(|s| v1::put_order(s, &order_id(ORDER), &category())),
        ),
    ];
    for (route, make_call) in calls {
        for fault in [
            Fault::LoseReply,
            Fault::CloseAfterReading,
            Fault::status(503),
            Fault::HtmlBadGateway,
        ] {
            let sandbox = Sandbox::start().unwrap();
            sandbox.enable_v1();
            sandbox.fault(route, 2, fault);
            make_call(&sandbox.session()).unwrap();
            assert_eq!(sandbox.count(route), 3);
            let requests = sandbox.requests();
            let sent = requests.iter().filter(|request| request.method == "PUT");
            assert!(
                sent.clone()
                    .all(|request| request.body == CATEGORY_BODY.as_bytes())
            );
            assert_eq!(sent.count(), 3);
        }
    }
}

#[test]
fn a_conflict_is_not_repeated() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    sandbox.fault("PUT *", 1, Fault::json(409, r#"{"title":"Conflict"}"#));
    let error = order_management::put_category(&session, &order(), &category()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(sandbox.count("PUT *"), 1);
}

/// All of the API, as a shop uses it, against a sandbox that knows the rules and not the crate's types.
#[test]
fn the_sandbox_takes_what_is_sent_and_gives_it_back() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.enable_v1();
    let session = sandbox.session();
    let image = order_management::add_image(&session, &small_image("socks")).unwrap();
    let error = order_management::add_image(&session, &small_image("socks")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);

    for order in [order(), OrderRef::recurring(order_id(ORDER))] {
        let error = order_management::get_order(&session, &order).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let category = category().image_id(image.clone());
        order_management::put_category(&session, &order, &category).unwrap();
        let receipt: Receipt = unchecked(sample_receipt());
        order_management::add_receipt(&session, &order, &receipt).unwrap();
        let again = order_management::add_receipt(&session, &order, &receipt).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
        let found = order_management::get_order(&session, &order).unwrap();
        assert_eq!(found.receipt, Some(receipt));
        let details = found.category.unwrap();
        assert_eq!(details.category, Some(CategoryType::Receipt));
        assert_eq!(details.image_id.as_ref(), Some(&image));
    }

    let link = add_category(order()).image_id(image);
    let id = order_management::add_category(&session, &link).unwrap();
    let found = order_management::get_category(&session, &id).unwrap();
    let mut expected = serde_json::to_value(&link).unwrap();
    expected["categoryId"] = json!(id);
    assert_eq!(serde_json::to_value(&found).unwrap(), expected);
    assert_eq!(links(&sandbox), [found]);
    order_management::delete_category(&session, &id).unwrap();
    assert_eq!(links(&sandbox), []);

    let id = order_id("v1-1");
    v1::put_order(&session, &id, &category()).unwrap();
    v1::add_receipt(&session, &id, &receipt()).unwrap();
    let info = v1::get_order(&session, &id).unwrap();
    assert_eq!(info.category, Some(CategoryType::Receipt));
    assert_eq!(v1::get_receipt(&session, &id).unwrap(), receipt());
}

/// A gateway's log-in page is no receipt, whatever its status says.
#[test]
fn a_page_is_not_taken_for_the_services_answer() {
    let page = || Fault::reply(200, "text/html", "\n<!DOCTYPE html><title>Log in</title>");
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let order = OrderRef::ecom("acme-1".parse().unwrap());
    let category = Category::new(CategoryType::General, "https://example.com");
    sandbox.fault("PUT *", 1, page());
    let error = order_management::put_category(&session, &order, &category).unwrap_err();
    assert_eq!(
        error.to_string(),
        "PUT /order-management/v2/ecom/categories/acme-1: 200 OK, but the reply is a page and not the service's"
    );
    assert_eq!(error.kind(), ErrorKind::Decode);

    let id: CategoryId = CATEGORY_ID.parse().unwrap();
    sandbox.fault("DELETE *", 1, page());
    let error = order_management::delete_category(&session, &id).unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery(), error.status()),
        (ErrorKind::Decode, Delivery::Answered, Some(200))
    );

    let receipt: Receipt = serde_json::from_value(sample_receipt()).unwrap();
    sandbox.fault("POST /order-management/*/*/*/*", 1, page());
    let error = order_management::add_receipt(&session, &order, &receipt).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let outcome = order_management::ensure_receipt(&session, &order, &receipt).unwrap();
    assert!(
        matches!(outcome, order_management::ReceiptOutcome::Added(_)),
        "{outcome:?}: the page had added none"
    );
}
