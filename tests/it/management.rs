//! Replies of the Management API: the documented samples as typed values, and the variations that
//! the API may send.

use serde::Serialize;
use serde_json::{Value, json};
use vipps::management::{
    self, CaptureType, ListProductOrders, Market, MerchantStatus, ProductOrderStatus,
    ProductOrderType, ProductType,
};
use vipps::{Error, Session};

use crate::support::{
    Ids, PRODUCT_ORDER_ID, assert_get, call, json_reply, sample_merchant, sample_price_packages,
    sample_product_order, sample_sales_unit,
};

/// The result of a call that gets this reply.
#[track_caller]
fn read<T>(reply: &Value, get: impl FnOnce(&Session) -> Result<T, Error>) -> T {
    let (_, result) = call(json_reply(&reply.to_string()), get);
    result.unwrap()
}

fn get_sales_unit(session: &Session) -> Result<management::SalesUnit, Error> {
    management::get_sales_unit(session, &Ids::default().msn)
}

fn get_merchant(session: &Session) -> Result<management::Merchant, Error> {
    management::get_merchant(session, &Ids::default().merchant)
}

fn get_product_order(session: &Session) -> Result<management::ProductOrder, Error> {
    management::get_product_order(session, &Ids::default().product_order)
}

fn json_of(value: impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn sales_units_may_be_wrapped_and_an_msn_may_be_a_number() {
    let one = json!([{"msn": "123456", "name": "A"}]);
    for (body, expected) in [
        (json!([]), json!([])),
        (json!([{"msn": 123456, "name": "A"}]), one.clone()),
        (
            json!({"salesUnits": [{"msn": 123456, "name": "A"}], "total": 1}),
            one.clone(),
        ),
        (
            json!([{"msn": "123456", "name": "A", "new": {"nested": [1]}}]),
            one,
        ),
    ] {
        let units = read(&body, management::list_sales_units);
        assert_eq!(json_of(units), expected, "{body}");
        let units = read(&body, |session| {
            management::list_merchant_sales_units(session, &Ids::default().merchant)
        });
        assert_eq!(json_of(units), expected, "{body}");
    }
}

#[test]
fn the_fields_of_a_sales_unit_have_their_types() {
    let unit = read(&sample_sales_unit(), get_sales_unit);
    assert_eq!(unit.msn.as_str(), "12345678");
    assert_eq!(unit.configuration.payment_allowed, Some(true));
    assert_eq!(unit.configuration.recurring_allowed, Some(false));
    let capture = Some(CaptureType::ReserveCapture);
    assert_eq!(unit.configuration.capture_type, capture);
    assert_eq!(unit.business_identifier.scheme(), "business:NO:ORG");
    assert_eq!(unit.business_identifier.id(), "9876543221");
    assert_eq!(unit.settlement_bank_account.unwrap().id(), "86011117947");
}

#[test]
fn absent_configuration_is_not_false() {
    let mut sample = sample_sales_unit();
    sample["settlementBankAccount"] = Value::Null;
    for configuration in [json!({}), json!({"captureType": null}), Value::Null] {
        sample["configuration"] = configuration;
        let unit = read(&sample, get_sales_unit);
        assert_eq!(unit.configuration.payment_allowed, None);
        assert_eq!(unit.configuration.capture_type, None);
        assert_eq!(unit.settlement_bank_account, None);
    }
}

#[test]
fn unknown_values_and_fields_never_fail_an_object() {
    let mut sample = sample_sales_unit();
    sample["configuration"]["captureType"] = json!("PartialCapture");
    sample["configuration"]["tippingAllowed"] = json!({"max": 15});
    sample["opened"] = json!(["2024-01-01", null]);
    let unit = read(&sample, get_sales_unit);
    let capture = unit.configuration.capture_type.unwrap();
    assert_eq!(capture, CaptureType::Other("PartialCapture".to_owned()));
    assert_eq!(capture.as_str(), "PartialCapture");

    // A legacy product type, and a status that does not exist yet.
    let mut sample = sample_product_order();
    sample["productType"] = json!("VIPPS_PA_NETT");
    sample["status"] = json!("ON_HOLD");
    sample["salesUnit"] = Value::Null;
    let order = read(&sample, get_product_order);
    assert_eq!(order.product_type.unwrap().as_str(), "VIPPS_PA_NETT");
    assert!(!order.status.is_terminal());
    let on_hold = ProductOrderStatus::Other("ON_HOLD".to_owned());
    assert_eq!(order.status, on_hold);
    assert_eq!(order.sales_unit, None);
}

#[test]
fn a_merchant_may_be_inactive_and_without_addresses() {
    let details = read(&sample_merchant(), get_merchant);
    assert!(details.is_active());
    assert_eq!(details.status, MerchantStatus::Active);
    let city = details.business_address.unwrap().city;
    assert_eq!(city.as_deref(), Some("Oslo"));
    assert_eq!(details.business_post_address.unwrap().post_code, None);

    let mut inactive = sample_merchant();
    inactive["status"] = json!("DEACTIVATED");
    inactive["businessAddress"] = Value::Null;
    inactive["businessPostAddress"] = json!({"lines": null, "city": null});
    let details = read(&inactive, get_merchant);
    assert!(!details.is_active());
    assert_eq!(details.business_address, None);
    assert!(details.business_post_address.unwrap().lines.is_empty());
}

#[test]
fn include_expired_is_sent_only_if_set() {
    let mut waiting = sample_product_order();
    waiting["status"] = json!("MERCHANT_VIEWED");
    waiting.as_object_mut().unwrap().remove("salesUnit");
    let sample = json!([sample_product_order(), waiting]);
    let all = ListProductOrders::new;
    for (request, query) in [
        (all(), ""),
        (all().include_expired(Some(true)), "?includeExpired=true"),
        (all().include_expired(None), ""),
        (all().include_expired(false), "?includeExpired=false"),
    ] {
        let path = format!("/management/v2/product-orders{query}");
        let orders = assert_get(&path, &sample, |session| {
            management::list_product_orders(session, &request)
        });
        assert_eq!(orders[0].status, ProductOrderStatus::Completed);
        assert!(orders[0].status.is_terminal());
        let prefill = Some(ProductOrderType::Prefill);
        assert_eq!(orders[0].product_order_type, prefill);
        let unit = orders[0].sales_unit.as_ref().unwrap();
        assert_eq!(unit.msn.as_str(), "12345678");
        assert!(!orders[1].status.is_terminal());
    }
}

#[test]
fn the_fields_of_product_orders_and_price_packages_have_their_types() {
    let order = read(&sample_product_order(), get_product_order);
    let id = order.product_order_id.unwrap();
    assert_eq!(id.as_str(), PRODUCT_ORDER_ID);
    assert_eq!(order.product_type, Some(ProductType::PaymentIntegration));

    let packages = read(&sample_price_packages(), management::list_price_packages);
    assert_eq!(packages[0].market, Some(Market::Norway));
    assert_eq!(packages[1].commission, None);
}
