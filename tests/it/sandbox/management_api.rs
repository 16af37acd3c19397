//! The sandbox's rules for the Management API.

use super::*;

#[test]
fn it_starts_with_the_documented_data() {
    let sandbox = Sandbox::start().unwrap();
    let [fitness, shop, sauna] = [
        json!({"msn": "123456", "name": "ACME Fitness"}),
        json!({"msn": "654321", "name": "ACME Web Shop"}),
        json!({"msn": "10012345", "name": "ACME Sauna"}),
    ];
    let norway = "/management/v1/merchants/business:NO:ORG/987654321";
    for (path, expected) in [
        (
            "/management/v1/sales-units".to_owned(),
            json!([fitness, shop, sauna]),
        ),
        (format!("{norway}/sales-units"), json!([fitness, shop])),
        // However a client encodes it.
        (
            "/management/v1/merchants/business%3ANO%3aORG/%39876543%321/sales-units".to_owned(),
            json!([fitness, shop]),
        ),
        (
            "/management/v1/merchants/business:FI:Y-tunnus/1234567-8/sales-units".to_owned(),
            json!([sauna]),
        ),
        (
            "/management/v1/merchants/business:DK:CVR/12345678/sales-units".to_owned(),
            json!([]),
        ),
        ("/management/v2/product-orders".to_owned(), json!([])),
        (
            norway.to_owned(),
            json!({
                "businessIdentifier": {"scheme": "business:NO:ORG", "id": "987654321"},
                "name": "ACME AS",
                "status": "ACTIVE",
                "createdAt": "2022-09-02T06:45:25.921251Z",
                "updatedAt": "2023-01-15T12:00:00Z",
                "countryCode": "NO",
                "businessAddress": {
                    "lines": ["Main Street 5"],
                    "postCode": "0154",
                    "city": "Capital",
                    "countryCode": "NO",
                },
            }),
        ),
        (
            "/management/v1/sales-units/10012345".to_owned(),
            json!({
                "msn": "10012345",
                "name": "ACME Sauna",
                "businessIdentifier": {"scheme": "business:FI:Y-tunnus", "id": "1234567-8"},
                "settlementBankAccount": {"scheme": "BBAN:NO", "id": "86011117947"},
                "configuration": {
                    "paymentAllowed": true,
                    "captureType": "ReserveCapture",
                    "skipLandingPageAllowed": false,
                    "recurringAllowed": false,
                    "partialCaptureAllowed": true,
                    "lateCaptureAllowed": true,
                    "landingPagePhoneNumberLocked": false,
                    "longLivingPaymentAllowed": false,
                    "creditCardPaymentAllowed": true,
                },
            }),
        ),
    ] {
        let answer = get(&sandbox, &path);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.json(), expected, "{path}");
    }
    let packages = management::list_price_packages(&sandbox.session()).unwrap();
    let markets: Vec<String> = packages
        .iter()
        .map(|package| package.market.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(markets, ["NO", "DK", "FI"]);
}

#[test]
fn inactive_merchants_are_not_found() {
    let sandbox = Sandbox::start().unwrap();
    let not_found = |what: &str| (404, format!("The {what} does not exist or is not active."));
    let none = (404, "Endpoint not found.".to_owned());
    let no_method = (405, "Method not allowed for this endpoint.".to_owned());
    for (path, expected) in [
        ("sales-units/999999", not_found("sales unit")),
        ("sales-units/111111", not_found("sales unit")),
        ("merchants/business:NO:ORG/999999999", not_found("merchant")),
        (
            "merchants/business:NO:ORG/999999999/sales-units",
            not_found("merchant"),
        ),
        ("merchants/business:NO:ORG/111111111", not_found("merchant")),
        ("merchants/business:DK:CVR/987654321", not_found("merchant")),
        ("product-orders", no_method),
        ("nothing", none.clone()),
    ] {
        let answer = get(&sandbox, &format!("/management/v1/{path}"));
        assert_eq!(answer.problem(), expected, "{path}");
    }
    let order = "/management/v2/product-orders/00000000-0000-4000-8000-000000000001/details";
    assert_eq!(no_order(&get(&sandbox, order)), not_found("product order"));
    // Outside of the API the gateway replies to everyone.
    let answer = ask(&sandbox, "GET /other", &[], "");
    assert_eq!(
        answer.json(),
        json!({"statusCode": 404, "message": "Endpoint not found."})
    );
}

/// The problem for a missing product order, which the description declares as plain JSON.
#[track_caller]
fn no_order(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.headers, ["content-type: application/json"]);
    let problem = answer.json();
    assert_eq!(problem["title"], json!("Not Found"));
    let detail = problem["detail"].as_str().unwrap();
    (answer.status, detail.to_owned())
}

#[test]
fn the_number_of_sales_units_can_be_set() {
    for n in [0, 1, 1000] {
        let sandbox = Sandbox::builder().sales_units(n).start().unwrap();
        let session = sandbox.session();
        let units = management::list_sales_units(&session).unwrap();
        assert_eq!(units.len(), n);
        let merchant = BusinessIdentifier::norway("987654321").unwrap();
        assert_eq!(
            management::list_merchant_sales_units(&session, &merchant).unwrap(),
            units
        );
        if let (Some(first), Some(last)) = (units.first(), units.last()) {
            assert_eq!(first.msn.as_str(), "1000000");
            assert_eq!(last.msn.as_str(), (999_999 + n).to_string());
            let details = management::get_sales_unit(&session, &last.msn).unwrap();
            assert_eq!(
                (details.msn, details.name),
                (last.msn.clone(), last.name.clone())
            );
        }
    }
}

#[test]
fn one_key_stands_for_one_order() {
    let sandbox = Sandbox::start().unwrap();
    let first = prefill(&sandbox, "key-1", GOOD_ORDER);
    assert_eq!(first.status, 201);
    assert_eq!(
        first.json(),
        json!({
            "prefilledOrderId": "00000000-0000-4000-8000-000000000001",
            "prefillUrl": "https://portal.sandbox.invalid/register/prefilled\
                           /00000000-0000-4000-8000-000000000001",
        })
    );
    assert_eq!(prefill(&sandbox, "key-1", GOOD_ORDER), first);
    let conflict = (
        409,
        "The idempotency key was used with a different body.".to_owned(),
    );
    let other = GOOD_ORDER.replace("LOGIN", "CASHIER");
    assert_eq!(prefill(&sandbox, "key-1", &other).problem(), conflict);
    let second = prefill(&sandbox, "key-2", GOOD_ORDER);
    assert_eq!(
        second.json()["prefilledOrderId"],
        json!("00000000-0000-4000-8000-000000000002")
    );

    // A refused order stays refused, and its key is used up.
    let wrong = GOOD_ORDER.replace("LOGIN", "WRONG");
    let refused = prefill(&sandbox, "key-3", &wrong);
    assert_eq!(refused.status, 400);
    assert_eq!(prefill(&sandbox, "key-3", &wrong), refused);
    assert_eq!(prefill(&sandbox, "key-3", GOOD_ORDER).problem(), conflict);
    let orders = get(&sandbox, "/management/v2/product-orders").json();
    assert_eq!(orders.as_array().unwrap().len(), 2);
}

#[test]
fn a_prefill_needs_its_headers() {
    let sandbox = Sandbox::start().unwrap();
    let token = standard_token(&sandbox);
    let good = [("Authorization", token.as_str()), KEY];
    let key = ("Idempotency-Key", "key-1");
    let long = "k".repeat(51);
    let bad_key = "The request has invalid headers. Idempotency-Key: must be a string of 1 to 50 \
        characters (letters, digits and hyphens);";
    let no_key = "The request has invalid headers. Idempotency-Key: is missing;";
    let no_json = "The body must be JSON.";
    for (more, expected) in [
        ([JSON].as_slice(), (400, no_key)),
        (&[JSON, ("Idempotency-Key", "")], (400, bad_key)),
        (&[JSON, ("Idempotency-Key", "a.b")], (400, bad_key)),
        (&[JSON, ("Idempotency-Key", "a_b")], (400, bad_key)),
        (&[JSON, ("Idempotency-Key", &long)], (400, bad_key)),
        (&[key], (415, no_json)),
        (&[key, ("Content-Type", "text/plain")], (415, no_json)),
    ] {
        let headers = [&good[..], more].concat();
        let (status, detail) = ask(&sandbox, PREFILL, &headers, GOOD_ORDER).problem();
        assert_eq!((status, detail.as_str()), expected);
    }
    // Most clients send more than is needed.
    let with_charset = ("Content-Type", "application/json; charset=utf-8");
    let headers = [&good[..], &[key, with_charset]].concat();
    assert_eq!(ask(&sandbox, PREFILL, &headers, GOOD_ORDER).status, 201);
}

/// One of each kind of rule; tests/it/sandbox/described.rs tests every rule on every field.
#[test]
fn problems_of_a_prefill_are_named() {
    let sandbox = Sandbox::start().unwrap();
    for (nth, [field, value, reason]) in rows(
        r#"
        businessIdentifier | null | businessIdentifier: must be an object
        businessIdentifier | {}   | \
            businessIdentifier.scheme: is missing; businessIdentifier.id: is missing
        businessIdentifier | {"scheme": "business:", "id": "12a4"} | \
            businessIdentifier.scheme: must be a string of 10 to 30 characters; \
            businessIdentifier.id: must be a string of 4 to 50 characters (digits and hyphens)
        productType | "login" | \
            productType: must be one of the strings PAYMENT_INTEGRATION, CASHIER, CHECKOUT, LOGIN, \
            DONATIONS
        website | {"url": "http://a.example", "testWebsiteUrl": 1} | \
            website.url: must be a string (starting with https://); website.termsUrl: is missing; \
            website.testWebsiteUrl: must be a string
        salesUnitName | "A&B" | \
            salesUnitName: must be a string of 1 to 40 characters (letters, digits, spaces, ` and \
            the characters from ( to _)
        salesUnitLogo | "no base64" | salesUnitLogo: must be a string (base64)
        pricePackageId | "standard" | pricePackageId: must be a string of 36 characters (a UUID)
        annualTurnover | -1 | annualTurnover: must be an integer from 0 to 999999999
        hasRecurring | "true" | hasRecurring: must be true or false
        merchantCategoryCode | 5942 | \
            merchantCategoryCode: must be a string of 4 characters (digits)
        // The key belongs in a header.
        idempotencyKey | "x" | idempotencyKey: is unknown
        "#,
    )
    .into_iter()
    .enumerate()
    {
        let mut body: Value = serde_json::from_str(GOOD_ORDER).unwrap();
        body[&field] = serde_json::from_str(&value).unwrap();
        let problem = prefill(&sandbox, &format!("key-{nth}"), &body.to_string()).problem();
        let expected = format!("The body has invalid fields. {reason};");
        assert_eq!(problem, (400, expected), "{field} {value}");
    }
    for (nth, body) in ["[]", "\"x\"", "{", "<order/>"].into_iter().enumerate() {
        let problem = prefill(&sandbox, &format!("no-{nth}"), body).problem();
        let expected = "The body has invalid fields. body: must be a JSON object;";
        assert_eq!(problem, (400, expected.to_owned()));
    }
    assert_eq!(
        get(&sandbox, "/management/v2/product-orders").json(),
        json!([])
    );
}

#[test]
fn an_order_passes_through_its_statuses() {
    let sandbox = Sandbox::start().unwrap();
    let id = make_order(&sandbox);
    let details = format!("/management/v2/product-orders/{id}/details");
    for status in [
        ProductOrderStatus::Received,
        ProductOrderStatus::MerchantViewed,
        ProductOrderStatus::OrderSubmitted,
        ProductOrderStatus::Rejected,
        ProductOrderStatus::Other("NEW_STATUS".to_owned()),
    ] {
        if status != ProductOrderStatus::Received {
            sandbox
                .set_product_order_status(&id, status.clone())
                .unwrap();
        }
        let expected = json!({
            "productOrderType": "PREFILL",
            "productOrderId": id,
            "productType": "LOGIN",
            "status": status,
            "businessIdentifier": {"scheme": "business:NO:ORG", "id": "987654321"},
            "productOrderUrl": format!("https://portal.sandbox.invalid/register/prefilled/{id}"),
            "salesUnit": null,
        });
        assert_eq!(get(&sandbox, &details).json(), expected);
        assert_eq!(
            get(&sandbox, "/management/v2/product-orders").json(),
            json!([expected])
        );
    }

    let unknown: ProductOrderId = "00000000-0000-4000-8000-00000000ffff".parse().unwrap();
    let error = sandbox.set_product_order_status(&unknown, ProductOrderStatus::Received);
    assert_eq!(
        error.unwrap_err().to_string(),
        format!(
            "invalid input: productOrderId: must be the id of a product order in the sandbox, not \
             \"{unknown}\""
        )
    );
}

#[test]
fn a_completed_order_has_a_sales_unit() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let merchant = BusinessIdentifier::finland("1234567-8").unwrap();
    let named =
        PrefillProductOrder::new(merchant.clone(), ProductType::Login).sales_unit_name("Löyly");
    let named = management::prefill_product_order(&session, &named)
        .unwrap()
        .prefilled_order_id;
    let plain = make_order(&sandbox);
    for (id, msn, name, units) in [
        (named, "20000001", "Löyly", 4),
        (plain, "20000002", "Sales unit of order 2", 5),
    ] {
        // The second time changes nothing.
        for _ in 0..2 {
            sandbox
                .set_product_order_status(&id, ProductOrderStatus::Completed)
                .unwrap();
        }
        let order = management::get_product_order(&session, &id).unwrap();
        let unit = order.sales_unit.unwrap();
        assert_eq!((unit.msn.as_str(), unit.name.as_str()), (msn, name));
        let details = management::get_sales_unit(&session, &unit.msn).unwrap();
        assert_eq!(details.business_identifier, order.business_identifier);
        let all = management::list_sales_units(&session).unwrap();
        assert_eq!(all.len(), units);
        assert_eq!(all.last(), Some(&unit));
    }
    let units = management::list_merchant_sales_units(&session, &merchant).unwrap();
    assert_eq!(units.len(), 2);
}

#[test]
fn an_order_that_is_not_submitted_expires_after_14_days() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let [received, viewed, submitted] = [(); 3].map(|()| make_order(&sandbox));
    let set = |id, status| sandbox.set_product_order_status(id, status).unwrap();
    set(&viewed, ProductOrderStatus::MerchantViewed);
    set(&submitted, ProductOrderStatus::OrderSubmitted);
    let listed = |query: &str| {
        let orders = get(&sandbox, &format!("/management/v2/product-orders{query}")).json();
        let orders = orders.as_array().unwrap().iter();
        orders
            .map(|order| order["status"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    sandbox.advance(14 * DAY - Duration::from_secs(1));
    let all = ["RECEIVED", "MERCHANT_VIEWED", "ORDER_SUBMITTED"];
    assert_eq!(listed(""), all);
    sandbox.advance(Duration::from_secs(1));
    let expired = ["EXPIRED", "EXPIRED", "ORDER_SUBMITTED"];
    assert_eq!(listed(""), ["ORDER_SUBMITTED"]);
    assert_eq!(listed("?includeExpired=false"), ["ORDER_SUBMITTED"]);
    assert_eq!(listed("?includeExpired=true"), expired);
    assert_eq!(listed("?x=y&includeExpired=true"), expired);
    let with_expired = ListProductOrders::new().include_expired(true);
    assert_eq!(
        management::list_product_orders(&session, &with_expired)
            .unwrap()
            .len(),
        3
    );

    for id in [&received, &viewed] {
        let order = management::get_product_order(&session, id).unwrap();
        assert_eq!(order.status, ProductOrderStatus::Expired);
        assert_eq!(
            management::delete_product_order(&session, id)
                .unwrap_err()
                .kind(),
            ErrorKind::Conflict
        );
    }
    // A new order has its own 14 days.
    make_order(&sandbox);
    assert_eq!(listed(""), ["ORDER_SUBMITTED", "RECEIVED"]);
}

#[test]
fn an_order_can_be_deleted_until_it_is_submitted() {
    use ProductOrderStatus::{
        Completed, Expired, MerchantViewed, OrderSubmitted, Received, Rejected,
    };

    let sandbox = Sandbox::start().unwrap();
    let token = standard_token(&sandbox);
    let headers = [("Authorization", token.as_str()), KEY];
    let delete = |id: &ProductOrderId| {
        let line = format!("DELETE /management/v1/product-orders/{id}");
        ask(&sandbox, &line, &headers, "")
    };
    let not_found = (
        404,
        "The product order does not exist or is not active.".to_owned(),
    );
    for status in [Received, MerchantViewed] {
        let id = make_order(&sandbox);
        sandbox.set_product_order_status(&id, status).unwrap();
        let empty = Answer {
            status: 200,
            headers: Vec::new(),
            body: String::new(),
        };
        assert_eq!(delete(&id), empty);
        assert_eq!(no_order(&delete(&id)), not_found);
        let details = get(
            &sandbox,
            &format!("/management/v2/product-orders/{id}/details"),
        );
        assert_eq!(no_order(&details), not_found);
        sandbox
            .set_product_order_status(&id, Completed)
            .unwrap_err();
    }
    assert_eq!(
        get(&sandbox, "/management/v2/product-orders").json(),
        json!([])
    );
    for status in [OrderSubmitted, Completed, Rejected, Expired] {
        let id = make_order(&sandbox);
        sandbox.set_product_order_status(&id, status).unwrap();
        let detail = "An order can be deleted only before it is submitted.";
        assert_eq!(delete(&id).problem(), (409, detail.to_owned()));
    }
}
