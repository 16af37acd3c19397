//! Requests of the Order Management API: their values, what is refused before sending, and that the
//! sandbox accepts them.
#![allow(deprecated)] // The tests cover version 1 too.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use vipps::order_management::{
    self, AddCategory, BarcodeFormat, BottomLine, Category, CategoryId, CategoryType, Currency,
    ImageId, Order, OrderCategory, OrderDetails, OrderId, OrderRef, PaymentType, QuantityUnit,
    Receipt, v1,
};
use vipps::sandbox::Sandbox;
use vipps::{Delivery, Error, ErrorKind, Session};

use crate::support::{
    ADDED, CATEGORY_ID, IMAGE_ID, RawServer, assert_get, call, category, json_reply, receipt,
    reply, sample_add_category, sample_category, sample_order_category, sample_receipt,
    sample_v1_order, session_builder, small_image, small_image_body, to_json, unchecked, unwanted,
    wire,
};

mod reading;
mod replies;

const ORDER: &str = "acme-shop-123-order123abc";
fn order() -> OrderRef {
    OrderRef::ecom(ORDER.parse().unwrap())
}

fn order_id(id: &str) -> OrderId {
    id.parse().unwrap()
}

fn add_category(order: OrderRef) -> AddCategory {
    AddCategory::new(order, CategoryType::Ticket, "https://example.com/2")
}

#[track_caller]
fn assert_same<T: Serialize + DeserializeOwned + Debug>(sample: &Value) -> T {
    let value: T = serde_json::from_value(sample.clone()).unwrap();
    assert_eq!(serde_json::to_value(&value).unwrap(), *sample);
    value
}

#[test]
fn invalid_order_ids_are_refused_on_construction() {
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
                "invalid input: categoryId: must be a UUID (8-4-4-4-12 hexadecimal digits), \
                 not {bad:?}"
            )
        );
    }
}

/// The pattern sets no maximum length. An id that overflows the buffers is an input error, and
/// nothing was sent.
#[test]
fn an_excessively_long_id_is_refused() {
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
fn payment_types_are_read_in_any_case_and_written_in_upper_case() {
    for (text, expected) in [
        ("ecom", PaymentType::Ecom),
        ("ECOM", PaymentType::Ecom),
        ("recurring", PaymentType::Recurring),
        ("RECURRING", PaymentType::Recurring),
    ] {
        assert_eq!(text.parse::<PaymentType>().unwrap(), expected);
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

/// Other clients sent product names, but the API knows two payment types only.
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
        order.payment_type = PaymentType::Other(bad.to_owned());
        let message =
            format!("invalid input: paymentType: must be one of ECOM, RECURRING, not {bad:?}");
        assert_eq!(bad.parse::<PaymentType>().unwrap_err().to_string(), message);
        let json = json!({"paymentType": bad, "orderId": ORDER});
        assert_eq!(unchecked::<OrderRef>(json), order);
        for error in [
            order_management::put_category(&session, &order, &category()).unwrap_err(),
            order_management::add_receipt(&session, &order, &receipt()).unwrap_err(),
            order_management::ensure_receipt(&session, &order, &receipt()).unwrap_err(),
            order_management::get_order(&session, &order).unwrap_err(),
            order_management::add_category(&session, &add_category(order.clone())).unwrap_err(),
            order.validate().unwrap_err(),
        ] {
            assert_eq!(error.to_string(), message);
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn category_types_are_spelled_as_in_the_specification() {
    for (value, wire) in [
        (CategoryType::General, "GENERAL"),
        // Not RECIEPT, as in another client.
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
        let category = AddCategory::new(order(), value.clone(), "https://example.com/1");
        assert_eq!(
            serde_json::to_value(&category).unwrap()["type"],
            json!(wire)
        );
        assert_eq!(unchecked::<CategoryType>(wire), value);
    }
}

#[test]
fn receipt_values_have_their_documented_names() {
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

#[test]
fn the_documented_samples_round_trip() {
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
fn the_documented_samples_are_sent_unchanged() {
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
            .image_id(ImageId::new("socks-orange-123").unwrap());
        order_management::put_category(session, &order(), &category)
    });
    assert_sent(&sample_receipt(), json!(ADDED), |session| {
        order_management::add_receipt(session, &order(), &unchecked(sample_receipt()))
    });
    let answer = json!({"categoryId": "337f5e5d-288b-40d5-be14-901cc3acacc0"});
    assert_sent(&sample_add_category(), answer, |session| {
        let order = OrderRef::ecom(order_id("PaymentReference123"));
        let category = AddCategory::new(order, CategoryType::Receipt, "https://www.example.com")
            .image_id(ImageId::new(IMAGE_ID).unwrap());
        order_management::add_category(session, &category).map(|id| id.as_str().to_owned())
    });
}

const NO_ADDRESS: &str = "must be a URL such as https://example.com/order/1, not";

#[test]
fn urls_are_validated() {
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
        let category = AddCategory::new(order(), CategoryType::General, good);
        category.validate().unwrap();
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
        let category = AddCategory::new(order(), CategoryType::General, bad);
        assert_eq!(
            category.validate().unwrap_err().to_string(),
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
fn categories_have_an_optional_image_and_accessors() {
    let category = Category::new(CategoryType::Ticket, "https://example.com/1");
    assert_eq!(category.category(), &CategoryType::Ticket);
    assert_eq!(category.order_details_url(), "https://example.com/1");
    let with_image = category.clone().image_id(Some(ImageId::new("a").unwrap()));
    assert_eq!(to_json(&with_image)["imageId"], "a");
    assert_eq!(with_image.image_id(None), category);

    let category = AddCategory::new(order(), CategoryType::Ticket, "https://example.com/2");
    assert_eq!(
        (category.order_id(), category.payment_type()),
        (&order_id(ORDER), &PaymentType::Ecom)
    );
    assert_eq!(
        (category.category(), category.url()),
        (&CategoryType::Ticket, "https://example.com/2")
    );
    let with_image = category.clone().image_id(Some(ImageId::new("a").unwrap()));
    assert_eq!(to_json(&with_image)["imageId"], "a");
    assert_eq!(with_image.image_id(None), category);
}

#[test]
fn validate_names_every_problem_and_nothing_is_sent() {
    let category = Category::new(CategoryType::General, "a").image_id(unchecked::<ImageId>("b c"));
    let wrong_image = "imageId: must be 1 to 128 letters, digits, -, _ and ., not \"b c\"";
    let expected = format!("invalid input: orderDetailsUrl: {NO_ADDRESS} \"a\"; {wrong_image}");
    let mut order = order();
    order.payment_type = PaymentType::Other("eCom".to_owned());
    order.order_id = unchecked("d/e");
    let new_category =
        AddCategory::new(order, CategoryType::General, "a").image_id(unchecked::<ImageId>("b c"));
    let expected_of_new_category = format!(
        "invalid input: orderId: must be letters, digits, -, _ \
         and ., not \"d/e\"; paymentType: must be one of ECOM, RECURRING, not \"eCom\"; url: \
         {NO_ADDRESS} \"a\"; {wrong_image}"
    );
    assert_eq!(category.validate().unwrap_err().to_string(), expected);
    assert_eq!(
        new_category.validate().unwrap_err().to_string(),
        expected_of_new_category
    );

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
            order_management::add_category(&session, &new_category).map(drop),
            &expected_of_new_category,
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

fn listed_categories(sandbox: &Sandbox) -> Vec<OrderCategory> {
    order_management::list_categories(&sandbox.session(), &order_id(ORDER)).unwrap()
}

/// The whole API as a shop would use it, against a sandbox that knows the rules but not the crate's
/// types.
#[test]
fn the_sandbox_accepts_and_returns_what_is_sent() {
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

    let added = add_category(order()).image_id(image);
    let id = order_management::add_category(&session, &added).unwrap();
    let found = order_management::get_category(&session, &id).unwrap();
    let mut expected = serde_json::to_value(&added).unwrap();
    expected["categoryId"] = json!(id);
    assert_eq!(serde_json::to_value(&found).unwrap(), expected);
    assert_eq!(listed_categories(&sandbox), [found]);
    order_management::delete_category(&session, &id).unwrap();
    assert_eq!(listed_categories(&sandbox), []);

    let id = order_id("v1-1");
    v1::put_order(&session, &id, &category()).unwrap();
    v1::add_receipt(&session, &id, &receipt()).unwrap();
    let info = v1::get_order(&session, &id).unwrap();
    assert_eq!(info.category, Some(CategoryType::Receipt));
    assert_eq!(v1::get_receipt(&session, &id).unwrap(), receipt());
}
