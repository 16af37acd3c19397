//! Requests that are read from JSON.

use super::*;

#[test]
fn requests_with_unknown_fields_are_not_deserialized() {
    let mut category = sample_category();
    category["imageID"] = json!("1");
    assert_eq!(
        serde_json::from_value::<Category>(category)
            .unwrap_err()
            .to_string(),
        "unknown field `imageID`, expected one of `category`, `orderDetailsUrl`, `imageId`"
    );
    let mut category = sample_add_category();
    category["category"] = json!("RECEIPT");
    assert_eq!(
        serde_json::from_value::<AddCategory>(category)
            .unwrap_err()
            .to_string(),
        "unknown field `category`, expected one of `orderId`, `paymentType`, `type`, `url`, \
         `imageId`"
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
        let mut category = sample_add_category();
        category.as_object_mut().unwrap().remove(missing);
        let error = serde_json::from_value::<AddCategory>(category).unwrap_err();
        assert_eq!(error.to_string(), format!("missing field `{missing}`"));
    }
}

/// A receipt also appears in replies, to which the API may add members.
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

/// Requests read from a file are validated when sent.
#[test]
fn requests_are_validated_when_sent_and_not_when_read() {
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
            format!("invalid input: orderDetailsUrl: {NO_ADDRESS} \"a\"; {image}")
        );
    }
    let mut category = sample_add_category();
    category["orderId"] = json!("d/e");
    let category: AddCategory = unchecked(category);
    let order: OrderRef = unchecked(json!({"paymentType": "ECOM", "orderId": "d/e"}));
    for refused in [
        category.validate(),
        order_management::add_category(&session, &category).map(drop),
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
        "invalid input: paymentType: must be one of ECOM, RECURRING, not \
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
