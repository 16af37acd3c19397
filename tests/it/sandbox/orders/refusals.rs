//! Requests to the Order Management API that the sandbox refuses.

use super::*;

#[test]
fn a_body_must_be_a_json_object_with_that_content_type() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.enable_v1();
    let program = Program::new(&sandbox);
    for (line, body) in endpoints() {
        let Some(body) = body else { continue };
        let headers = [("Authorization", program.authorization.as_str()), MSN, KEY];
        let no_type = exchange(&sandbox, &line, &headers, body.to_string().as_bytes());
        let detail = "The body must be JSON.";
        assert_error(&no_type, 415, "Unsupported Media Type", detail);
        let wrong = [headers.as_slice(), &[("Content-Type", "text/json")]].concat();
        let wrong = exchange(&sandbox, &line, &wrong, body.to_string().as_bytes());
        assert_eq!(wrong, no_type);
        // The form that libraries in other languages send.
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

/// One of each kind of rule; tests/it/sandbox/described.rs tests every rule on every field.
#[test]
fn problems_are_named_by_line_and_field() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    for [place, value, name, reason] in rows(
        r#"
        /orderLines | [] | orderLines | must be a non-empty list
        /orderLines/1 | "socks" | orderLines[1] | must be an object
        /orderLines/1/name | "" | orderLines[1].name | must be a string of at least 1 characters
        /orderLines/0/totalAmount | -1 | orderLines[0].totalAmount | \
            must be an integer from 0 to 9223372036854775807
        /orderLines/0/taxRate | 10001 | orderLines[0].taxRate | must be an integer from 0 to 10000
        /orderLines/2/taxRate | null | orderLines[2].taxRate | \
            is required unless taxPercentage is set
        /orderLines/0/unitInfo | {"quantity": "1"} | orderLines[0].unitInfo.unitPrice | is missing
        /orderLines/0/unitInfo | {"unitPrice": 1, "quantity": "1,5"} | \
            orderLines[0].unitInfo.quantity | \
            must be a string of 1 to 10 characters (a decimal number)
        /orderLines/1/isReturn | "true" | orderLines[1].isReturn | must be true or false
        /bottomLine/currency | "SEK" | bottomLine.currency | \
            must be one of the strings NOK, DKK, EUR
        /bottomLine/paymentSources | "abc" | bottomLine.paymentSources | must be an object
        /bottomLine/paymentSources | {"card": -1} | bottomLine.paymentSources.card | \
            must be an integer from 0 to 9223372036854775807
        /bottomLine/shippingInfo | 5 | bottomLine.shippingInfo | must be an object
        /bottomLine/terminalId | 7 | bottomLine.terminalId | must be a string
        /bottomLine/giftCardAmount | -1 | bottomLine.giftCardAmount | \
            must be an integer from 0 to 9223372036854775807
        /bottomLine/barcode | {"format": "EAN-13"} | bottomLine.barcode.data | is missing
        /bottomLine/barcode | {"format": "EAN-13", "data": "4006381333932"} | \
            bottomLine.barcode.data | must be 12 digits and their EAN-13 check digit
        "#,
    ) {
        let value = serde_json::from_str(&value).unwrap();
        let wrong = match place.rsplit_once('/').unwrap() {
            ("/orderLines", nth) => {
                let mut wrong = receipt();
                wrong["orderLines"][nth.parse::<usize>().unwrap()] = value;
                wrong
            }
            _ => with(receipt(), &place, value),
        };
        assert_invalid(&program.post(RECEIPT, &wrong), &[(&name, &reason)]);
    }
    // All problems are reported at once, in the order of the description.
    let mut wrong = receipt();
    wrong["orderLines"][2]["isReturn"] = json!(1);
    wrong["orderLines"][0]["discount"] = json!("1");
    wrong["bottomLine"]["posId"] = json!(1);
    let amount = "must be an integer from 0 to 9223372036854775807";
    assert_invalid(
        &program.post(RECEIPT, &wrong),
        &[
            ("orderLines[0].discount", amount),
            ("orderLines[2].isReturn", "must be true or false"),
            ("bottomLine.posId", "must be a string"),
        ],
    );
    // None of them was stored.
    assert_not_found(&program.get(ORDER));
}

#[test]
fn an_image_has_at_most_2_mb() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    let sized = |length| with(image("a"), "/src", json!("A".repeat(length)));
    let reason = "must be a string of at most 2796204 characters (base64)";
    assert_invalid(&program.post(IMAGES, &sized(2_796_208)), &[("src", reason)]);
    let id = json!({"imageId": "a"});
    assert_json(&program.post(IMAGES, &sized(2_796_204)), 200, &id);
}

#[track_caller]
fn assert_no_endpoint(reply: &Answer) {
    assert_error(reply, 404, "Not Found", "Endpoint not found.");
}

#[test]
fn paths_are_matched_as_the_gateway_matches_them() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    for payment_type in ["ecom", "ECOM", "eCom", "e%63om", "recurring", "Recurring"] {
        let start = format!("/Order-Management/V2/{payment_type}");
        let put = format!("{start}/Categories/order-1/");
        assert_eq!(program.put(&put, &category()).status, 200, "{put}");
        assert_eq!(program.get(&format!("{start}/order-1/")).status, 200);
        // Order ids are case-sensitive.
        assert_not_found(&program.get(&format!("{start}/Order-1")));
    }
    let images = "/order-management/v1/images/";
    assert_eq!(program.post(images, &image("a")).status, 200);
    let token = [ID, SECRET, KEY, EMPTY];
    assert_eq!(
        ask(&sandbox, "POST /accessToken/get", &token, "").status,
        200
    );
    assert_eq!(sandbox.count("POST /accesstoken/get"), 2);
    assert_eq!(get(&sandbox, "/Management/v1/Sales-Units/").status, 200);

    // What other clients mistook for payment types.
    for payment_type in ["ePayment", "e-com", "%20ecom", ""] {
        let start = format!("/order-management/v2/{payment_type}");
        assert_no_endpoint(&program.get(&format!("{start}/order-1")));
        assert_no_endpoint(&program.put(&format!("{start}/categories/order-1"), &category()));
        assert_no_endpoint(&program.post(&format!("{start}/receipts/order-1"), &receipt()));
    }
    for order in ["a%20b", "a%2Fb", "%C3%B8"] {
        assert_no_endpoint(&program.get(&format!("/order-management/v2/ecom/{order}")));
        let path = format!("/order-management/v2/ecom/categories/{order}");
        assert_no_endpoint(&program.put(&path, &category()));
        let path = format!("/order-management/v2/ecom/receipts/{order}");
        assert_no_endpoint(&program.post(&path, &receipt()));
    }
    for line in [
        "GET /order-management",
        "GET /order-management/v1/images/a",
        "GET /order-management/v2/ecom/",
        "GET /order-management/v2/ecom/order-1//",
        "GET /order-management/v4/categories",
    ] {
        assert_no_endpoint(&program.send(line, None));
    }
}

#[test]
fn a_known_path_with_another_method_is_405() {
    let sandbox = Sandbox::start().unwrap();
    let program = Program::new(&sandbox);
    for line in [
        "GET /order-management/v1/images",
        "GET /order-management/v2/ecom/categories/order-1",
        "DELETE /order-management/v2/ecom/order-1",
        "PATCH /order-management/v3/categories",
        "DELETE /order-management/v1/orders/order-1",
        "get /order-management/v2/ecom/order-1",
    ] {
        assert_no_method(&program.send(line, None));
    }
    let detail = "Method not allowed for this endpoint.";
    let answer = ask(&sandbox, "PUT /management/v1/sales-units", &[EMPTY], "");
    assert_eq!(answer.problem(), (405, detail.to_owned()));
    let answer = ask(&sandbox, "GET /accesstoken/get", &[], "");
    let expected = json!({"statusCode": 405, "message": detail});
    assert_eq!((answer.status, answer.json()), (405, expected));
}
