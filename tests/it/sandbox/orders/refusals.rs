//! What the sandbox refuses of Order Management, field by field.

use super::*;

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
        /orderLines/1/productUrl | 1 | orderLines[1].productUrl | must be a string of 0 to 10000 characters
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
