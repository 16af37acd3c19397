//! Replies of the Order Management API.

use super::*;

#[test]
fn the_image_id_to_use_is_the_one_in_the_reply() {
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
fn category_lists_may_be_wrapped_bare_or_empty() {
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
    let category = assert_get(path, &sample_order_category(), |session| {
        order_management::get_category(session, &id)
    });
    assert_eq!(category.category_id, Some(id));
    assert_eq!(category.order_id, Some(order_id("PaymentReference123")));
    assert_eq!(category.payment_type, Some(PaymentType::Ecom));
    assert_eq!(category.category, Some(CategoryType::Receipt));
    assert_eq!(category.url.as_deref(), Some("https://www.example.com"));
    assert_eq!(
        category.image_id.as_ref().map(ImageId::as_str),
        Some(IMAGE_ID)
    );
}

#[test]
fn a_category_without_an_id_is_a_decode_error() {
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

    let mut category = sample_order_category();
    category["type"] = json!("PARKING");
    category["paymentType"] = json!("POS");
    let known = category.clone();
    category["new"] = Value::Null;
    let category: OrderCategory = unchecked(category);
    assert_eq!(
        category.category,
        Some(CategoryType::Other("PARKING".to_owned()))
    );
    assert_eq!(
        category.payment_type,
        Some(PaymentType::Other("POS".to_owned()))
    );
    assert_eq!(serde_json::to_value(&category).unwrap(), known);
}

#[test]
fn version_1_reads_the_specifications_sample() {
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
