//! Each endpoint of the Management API: the whole request, and what becomes of the replies that the specification shows.

use serde_json::{Value, json};

use vipps::management::{
    self, BusinessIdentifier, CaptureType, ListProductOrders, Market, MerchantStatus,
    PrefillProductOrder, ProductOrderId, ProductOrderStatus, ProductOrderType, ProductType,
};
use vipps::{Error, ErrorKind, Msn, Session};

use crate::support::{assert_get, call, call_headers, json_reply, reply};

const ORDER_ID: &str = "81b83246-5c19-7b94-875b-ea6d1114f099";

fn norwegian() -> BusinessIdentifier {
    BusinessIdentifier::norway("9876543221").unwrap()
}

fn sales_unit() -> Value {
    json!({
        "msn": "12345678",
        "name": "ACME Fantastic Fitness",
        "businessIdentifier": {"scheme": "business:NO:ORG", "id": "9876543221"},
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
            "creditCardPaymentAllowed": true
        }
    })
}

fn product_order() -> Value {
    json!({
        "productOrderType": "PREFILL",
        "productOrderId": ORDER_ID,
        "productType": "PAYMENT_INTEGRATION",
        "status": "COMPLETED",
        "businessIdentifier": {"scheme": "business:NO:ORG", "id": "9876543221"},
        "productOrderUrl": format!("https://portal.vippsmobilepay.com/register/prefilled/{ORDER_ID}"),
        "salesUnit": {"msn": "12345678", "name": "ACME Fantastic Fitness"}
    })
}

#[test]
fn list_sales_units() {
    let sample = json!([
        {"msn": "12345678", "name": "ACME Fantastic Fitness"},
        {"msn": "12345", "name": "Five digits"}
    ]);
    let units = assert_get(
        "/management/v1/sales-units",
        &sample,
        management::list_sales_units,
    );
    assert_eq!(units[0].msn.as_str(), "12345678");
    assert_eq!(units[1].name, "Five digits");
}

#[test]
fn a_list_of_sales_units_may_be_empty_or_wrapped_and_an_msn_a_number() {
    for (body, expected) in [
        (json!([]), json!([])),
        (
            json!([{"msn": 123456, "name": "A"}]),
            json!([{"msn": "123456", "name": "A"}]),
        ),
        (
            json!({"salesUnits": [{"msn": 123456, "name": "A"}], "total": 1}),
            json!([{"msn": "123456", "name": "A"}]),
        ),
        (
            json!([{"msn": "123456", "name": "A", "new": {"nested": [1]}}]),
            json!([{"msn": "123456", "name": "A"}]),
        ),
    ] {
        let (_, units) = call(json_reply(&body.to_string()), management::list_sales_units);
        assert_eq!(
            serde_json::to_value(units.unwrap()).unwrap(),
            expected,
            "{body}"
        );
        let merchant = norwegian();
        let (_, units) = call(json_reply(&body.to_string()), |session| {
            management::list_merchant_sales_units(session, &merchant)
        });
        assert_eq!(
            serde_json::to_value(units.unwrap()).unwrap(),
            expected,
            "{body}"
        );
    }
}

#[test]
fn get_sales_unit() {
    let msn: Msn = "12345678".parse().unwrap();
    let path = "/management/v1/sales-units/12345678";
    let unit = assert_get(path, &sales_unit(), |session| {
        management::get_sales_unit(session, &msn)
    });
    assert_eq!(unit.msn, msn);
    assert_eq!(unit.configuration.payment_allowed, Some(true));
    assert_eq!(unit.configuration.recurring_allowed, Some(false));
    assert_eq!(
        unit.configuration.capture_type,
        Some(CaptureType::ReserveCapture)
    );
    assert_eq!(unit.business_identifier, norwegian());
    assert_eq!(unit.settlement_bank_account.unwrap().id(), "86011117947");
}

#[test]
fn absent_configuration_is_not_false() {
    let msn: Msn = "123456".parse().unwrap();
    let mut sample = sales_unit();
    sample["settlementBankAccount"] = Value::Null;
    for configuration in [json!({}), json!({"captureType": null}), Value::Null] {
        sample["configuration"] = configuration;
        let (_, unit) = call(json_reply(&sample.to_string()), |session| {
            management::get_sales_unit(session, &msn)
        });
        let unit = unit.unwrap();
        assert_eq!(unit.configuration.payment_allowed, None);
        assert_eq!(unit.configuration.capture_type, None);
        assert_eq!(unit.settlement_bank_account, None);
    }
}

#[test]
fn unknown_values_and_fields_never_fail_an_object() {
    let msn: Msn = "123456".parse().unwrap();
    let mut sample = sales_unit();
    sample["configuration"]["captureType"] = json!("PartialCapture");
    sample["configuration"]["tippingAllowed"] = json!({"max": 15});
    sample["opened"] = json!(["2024-01-01", null]);
    let (_, unit) = call(json_reply(&sample.to_string()), |session| {
        management::get_sales_unit(session, &msn)
    });
    let capture = unit.unwrap().configuration.capture_type.unwrap();
    assert_eq!(capture, CaptureType::Other("PartialCapture".to_owned()));
    assert_eq!(capture.as_str(), "PartialCapture");

    // An old product type, and a status that does not exist yet.
    let mut sample = product_order();
    sample["productType"] = json!("VIPPS_PA_NETT");
    sample["status"] = json!("ON_HOLD");
    sample["salesUnit"] = Value::Null;
    let id = ProductOrderId::new(ORDER_ID).unwrap();
    let (_, order) = call(json_reply(&sample.to_string()), |session| {
        management::get_product_order(session, &id)
    });
    let order = order.unwrap();
    assert_eq!(order.product_type.unwrap().as_str(), "VIPPS_PA_NETT");
    assert!(!order.status.is_terminal());
    assert_eq!(
        order.status,
        ProductOrderStatus::Other("ON_HOLD".to_owned())
    );
    assert_eq!(order.sales_unit, None);
}

#[test]
fn list_merchant_sales_units() {
    let sample = json!([{"msn": "12345678", "name": "ACME Fantastic Fitness"}]);
    for (merchant, path) in [
        (norwegian(), "business:NO:ORG/9876543221"),
        (
            BusinessIdentifier::denmark("12345678").unwrap(),
            "business:DK:CVR/12345678",
        ),
        (
            BusinessIdentifier::finland("1234567-8").unwrap(),
            "business:FI:Y-tunnus/1234567-8",
        ),
        (
            BusinessIdentifier::new("a/b?c#d%e&f", "----").unwrap(),
            "a%2Fb%3Fc%23d%25e%26f/----",
        ),
        (
            BusinessIdentifier::new("..........", "1234").unwrap(),
            "..........//1234",
        ),
    ] {
        let path = format!(
            "/management/v1/merchants/{}/sales-units",
            path.replace("//", "/")
        );
        assert_get(&path, &sample, |session| {
            management::list_merchant_sales_units(session, &merchant)
        });
    }
}

#[test]
fn get_merchant() {
    let address = json!({
        "lines": ["Robert Levins gate 5"],
        "postCode": "0154",
        "city": "Oslo",
        "countryCode": "NO"
    });
    let sample = json!({
        "businessIdentifier": {"scheme": "business:NO:ORG", "id": "9876543221"},
        "name": "ACME Fantastic Fitness",
        "status": "ACTIVE",
        "createdAt": "2022-09-02T06:45:25.921251Z",
        "updatedAt": "2022-09-02T06:45:25.921251Z",
        "countryCode": "NO",
        "businessAddress": address,
        "businessPostAddress": {"lines": []}
    });
    let merchant = norwegian();
    let path = "/management/v1/merchants/business:NO:ORG/9876543221";
    let details = assert_get(path, &sample, |session| {
        management::get_merchant(session, &merchant)
    });
    assert!(details.is_active());
    assert_eq!(details.status, MerchantStatus::Active);
    assert_eq!(
        details.business_address.unwrap().city.as_deref(),
        Some("Oslo")
    );
    assert_eq!(details.business_post_address.unwrap().post_code, None);

    let mut inactive = sample;
    inactive["status"] = json!("DEACTIVATED");
    inactive["businessAddress"] = Value::Null;
    inactive["businessPostAddress"] = json!({"lines": null, "city": null});
    let (_, details) = call(json_reply(&inactive.to_string()), |session| {
        management::get_merchant(session, &merchant)
    });
    let details = details.unwrap();
    assert!(!details.is_active());
    assert_eq!(details.business_address, None);
    assert!(details.business_post_address.unwrap().lines.is_empty());
}

#[test]
fn list_product_orders() {
    let mut waiting = product_order();
    waiting["status"] = json!("MERCHANT_VIEWED");
    waiting.as_object_mut().unwrap().remove("salesUnit");
    let sample = json!([product_order(), waiting]);
    for (request, query) in [
        (ListProductOrders::new(), ""),
        (
            ListProductOrders::new().include_expired(true),
            "?includeExpired=true",
        ),
        (
            ListProductOrders::new().include_expired(false),
            "?includeExpired=false",
        ),
    ] {
        let path = format!("/management/v2/product-orders{query}");
        let orders = assert_get(&path, &sample, |session| {
            management::list_product_orders(session, &request)
        });
        assert_eq!(orders[0].status, ProductOrderStatus::Completed);
        assert!(orders[0].status.is_terminal());
        assert_eq!(
            orders[0].product_order_type,
            Some(ProductOrderType::Prefill)
        );
        assert_eq!(
            orders[0].sales_unit.as_ref().unwrap().msn.as_str(),
            "12345678"
        );
        assert!(!orders[1].status.is_terminal());
    }
}

#[test]
fn prefill_product_order() {
    let sample = json!({
        "prefilledOrderId": ORDER_ID,
        "prefillUrl": format!("https://portal.vippsmobilepay.com/register/prefilled/{ORDER_ID}")
    });
    let answer = reply(
        "201 Created",
        &["Content-Type: application/json"],
        &sample.to_string(),
    );
    let order = PrefillProductOrder::new(norwegian(), ProductType::Checkout)
        .idempotency_key("49ca711a-acee-4d01-993b-9487112e1def".parse().unwrap());
    let (request, prefilled) = call(answer, |session| {
        management::prefill_product_order(session, &order)
    });
    let body = concat!(
        r#"{"businessIdentifier":{"scheme":"business:NO:ORG","id":"9876543221"},"#,
        r#""productType":"CHECKOUT"}"#
    );
    let headers = call_headers(&[
        "content-type: application/json",
        &format!("content-length: {}", body.len()),
        "idempotency-key: 49ca711a-acee-4d01-993b-9487112e1def",
    ]);
    assert_eq!(
        request,
        format!("POST /management/v1/product-orders\n{headers}\n\n{body}")
    );
    let prefilled = prefilled.unwrap();
    assert_eq!(prefilled.prefilled_order_id.as_str(), ORDER_ID);
    assert_eq!(serde_json::to_value(&prefilled).unwrap(), sample);
}

#[test]
fn get_product_order() {
    let id = ProductOrderId::new(ORDER_ID).unwrap();
    let path = format!("/management/v2/product-orders/{ORDER_ID}/details");
    let order = assert_get(&path, &product_order(), |session| {
        management::get_product_order(session, &id)
    });
    assert_eq!(order.product_order_id, Some(id));
    assert_eq!(order.product_type, Some(ProductType::PaymentIntegration));
}

#[test]
fn delete_product_order() {
    let id = ProductOrderId::new(ORDER_ID).unwrap();
    for answer in [
        reply("200 OK", &[], ""),
        reply("200 OK", &["Content-Type: text/plain"], "deleted"),
        b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
    ] {
        let (request, result) = call(answer, |session| {
            management::delete_product_order(session, &id)
        });
        let path = format!("/management/v1/product-orders/{ORDER_ID}");
        assert_eq!(request, format!("DELETE {path}\n{}\n\n", call_headers(&[])));
        result.unwrap();
    }
}

#[test]
fn list_price_packages() {
    let sample = json!([
        {
            "pricePackageId": "8a11afb7-c223-48ed-8ca6-4722b97261aa",
            "name": "POS standard",
            "description": "2.99%",
            "visibleInSignupForm": true,
            "productType": "PAYMENT_INTEGRATION",
            "market": "NO",
            "commission": "30 %"
        },
        {
            "pricePackageId": "8a11afb7-c223-48ed-8ca6-4722b97261ab",
            "name": "Only what is promised",
            "description": "1%"
        }
    ]);
    let path = "/management/v1/partners/price-packages";
    let packages = assert_get(path, &sample, management::list_price_packages);
    assert_eq!(packages[0].market, Some(Market::Norway));
    assert_eq!(packages[1].commission, None);
}

#[test]
fn a_404_of_every_endpoint_keeps_method_path_and_problem() {
    let msn: Msn = "123456".parse().unwrap();
    let id = ProductOrderId::new(ORDER_ID).unwrap();
    let merchant = norwegian();
    let order = PrefillProductOrder::new(norwegian(), ProductType::Checkout);
    type Call<'a> = Box<dyn Fn(&Session) -> Result<(), Error> + 'a>;
    let calls: [(&str, Call<'_>); 9] = [
        (
            "GET /management/v1/sales-units",
            Box::new(|s| management::list_sales_units(s).map(drop)),
        ),
        (
            "GET /management/v1/sales-units/123456",
            Box::new(|s| management::get_sales_unit(s, &msn).map(drop)),
        ),
        (
            "GET /management/v1/merchants/business:NO:ORG/9876543221/sales-units",
            Box::new(|s| management::list_merchant_sales_units(s, &merchant).map(drop)),
        ),
        (
            "GET /management/v1/merchants/business:NO:ORG/9876543221",
            Box::new(|s| management::get_merchant(s, &merchant).map(drop)),
        ),
        (
            "GET /management/v2/product-orders",
            Box::new(|s| management::list_product_orders(s, &ListProductOrders::new()).map(drop)),
        ),
        (
            "POST /management/v1/product-orders",
            Box::new(|s| management::prefill_product_order(s, &order).map(drop)),
        ),
        (
            "GET /management/v2/product-orders/81b83246-5c19-7b94-875b-ea6d1114f099/details",
            Box::new(|s| management::get_product_order(s, &id).map(drop)),
        ),
        (
            "DELETE /management/v1/product-orders/81b83246-5c19-7b94-875b-ea6d1114f099",
            Box::new(|s| management::delete_product_order(s, &id)),
        ),
        (
            "GET /management/v1/partners/price-packages",
            Box::new(|s| management::list_price_packages(s).map(drop)),
        ),
    ];
    for (request, make_call) in calls {
        let problem = json!({"title": "Not Found", "status": 404, "detail": "Not active."});
        let answer = reply(
            "404 Not Found",
            &["Content-Type: application/problem+json"],
            &problem.to_string(),
        );
        let (_, result) = call(answer, make_call);
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(
            error.to_string(),
            format!("{request}: 404 Not Found: Not Found: Not active")
        );
    }
}
