//! Each endpoint of the Order Management API: the whole request, what becomes of the replies that the specification shows, and what is
//! refused before anything is sent.
#![allow(deprecated)] // Version 1 is called as well.

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
    sample_v1_order, session_builder, small_image, small_image_body, unchecked, unwanted, wire,
};

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

// Identifiers and payment types.

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
        (
            "\"none\"",
            "the reply cannot be read: invalid type: string, expected a list of \
             categories",
        ),
        (
            r#"{"categories":[{"url":1}]}"#,
            "the reply cannot be read: categories[0].url: invalid type: integer, expected a string",
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
         field `categoryId`"
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

fn links(sandbox: &Sandbox) -> Vec<OrderCategory> {
    order_management::list_categories(&sandbox.session(), &order_id(ORDER)).unwrap()
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
