//! Requests that are read from JSON.

use super::*;

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

/// A misspelt member would be dropped, and a receipt can never be changed. What the service adds to one is dropped.
#[test]
fn a_receipt_is_read_with_no_unknown_field_at_any_depth_and_as_the_api_sends_it() {
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
        let error = serde_json::from_value::<Receipt>(receipt.clone()).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("unknown field `totalTaxAmuont`, expected "),
            "{place}: {text}"
        );

        let whole = json!({"receipt": receipt, "more": 1}).to_string();
        let server = RawServer::start([json_reply(&whole), json_reply(&receipt.to_string())]);
        let session = session_builder(&server.url()).build().unwrap();
        let order = order_management::get_order(&session, &order()).unwrap();
        assert_eq!(order.receipt.as_ref(), Some(&good), "{place}");
        let receipt = v1::get_receipt(&session, &order_id(ORDER)).unwrap();
        assert_eq!(receipt, good, "{place}");
    }
}

/// The identifiers of a reply are taken as they come; those of a file are checked where they are read.
#[test]
fn reading_what_is_to_be_sent_checks_as_making_it_does() {
    fn refusal<T: DeserializeOwned + Debug>(value: Value) -> String {
        serde_json::from_value::<T>(value).unwrap_err().to_string()
    }

    let mut category = sample_category();
    category["imageId"] = json!("b c");
    category["orderDetailsUrl"] = json!("a");
    let image = "imageId: must be 1 to 128 letters, digits, -, _ and ., not \"b c\"";
    assert_eq!(
        refusal::<Category>(category),
        format!(
            "invalid input: orderDetailsUrl, imageId: orderDetailsUrl: {NO_ADDRESS} \"a\"; {image}"
        )
    );
    let mut link = sample_add_category();
    link["orderId"] = json!("d/e");
    assert_eq!(
        refusal::<AddCategory>(link),
        "invalid input: orderId: must be letters, digits, -, _ and ., not \"d/e\""
    );
    assert_eq!(
        refusal::<OrderRef>(json!({"paymentType": "ECOM", "orderId": "d/e"})),
        "invalid input: orderId: must be letters, digits, -, _ and ., not \"d/e\""
    );
}
