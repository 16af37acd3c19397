//! The Management API's part of the sandbox.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::answer::{Answer, Api};
use super::message::Call;
use crate::Clock;
use crate::management::ProductOrderStatus;

pub(super) struct Management {
    clock: Clock,
    merchants: Vec<Merchant>,
    sales_units: Vec<SalesUnit>,
    /// By their numbers, which their ids are made of.
    orders: BTreeMap<u64, ProductOrder>,
    orders_made: u64,
}

struct Merchant {
    scheme: &'static str,
    id: &'static str,
    name: &'static str,
    is_active: bool,
}

impl Merchant {
    fn new(scheme: &'static str, id: &'static str, name: &'static str, is_active: bool) -> Self {
        Self {
            scheme,
            id,
            name,
            is_active,
        }
    }
}

struct SalesUnit {
    msn: String,
    name: String,
    /// Scheme and id.
    merchant: [String; 2],
    is_active: bool,
}

impl SalesUnit {
    fn new(msn: impl Into<String>, name: impl Into<String>, merchant: [&str; 2]) -> Self {
        Self {
            msn: msn.into(),
            name: name.into(),
            merchant: merchant.map(str::to_owned),
            is_active: true,
        }
    }
}

struct ProductOrder {
    business_identifier: Value,
    product_type: Value,
    name: Option<String>,
    status: ProductOrderStatus,
    made_at: Duration,
    sales_unit: Option<Value>,
}

/// Scheme and id of the merchant that has most of the sales units.
const ACME_NO: [&str; 2] = ["business:NO:ORG", "987654321"];

/// For how long a merchant can submit an order.
const ORDER_LIFETIME: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// An order that the merchant has not submitted.
const OPEN: [ProductOrderStatus; 2] = [
    ProductOrderStatus::Received,
    ProductOrderStatus::MerchantViewed,
];

impl Management {
    pub(super) fn new(clock: Clock) -> Self {
        let [no, dk, fi] = ["business:NO:ORG", "business:DK:CVR", "business:FI:Y-tunnus"];
        Self {
            clock,
            merchants: vec![
                Merchant::new(no, "987654321", "ACME AS", true),
                Merchant::new(dk, "12345678", "ACME ApS", true),
                Merchant::new(fi, "1234567-8", "ACME Oy", true),
                Merchant::new(no, "999999999", "Closed AS", false),
            ],
            sales_units: vec![
                SalesUnit::new("123456", "ACME Fitness", ACME_NO),
                SalesUnit::new("654321", "ACME Web Shop", ACME_NO),
                SalesUnit::new("10012345", "ACME Sauna", [fi, "1234567-8"]),
                SalesUnit {
                    is_active: false,
                    ..SalesUnit::new("999999", "ACME Closed", ACME_NO)
                },
            ],
            orders: BTreeMap::new(),
            orders_made: 0,
        }
    }

    pub(super) fn set_sales_units(&mut self, n: usize) {
        let unit = |nth: usize| {
            let msn = (1_000_000 + nth).to_string();
            SalesUnit::new(msn, format!("Sales unit {nth}"), ACME_NO)
        };
        self.sales_units = (0..n).map(unit).collect();
    }

    pub(super) fn set_order_status(&mut self, id: &str, status: &ProductOrderStatus) -> bool {
        let Some((number, order)) = number_of(id).and_then(|n| Some((n, self.orders.get_mut(&n)?)))
        else {
            return false;
        };
        order.status = status.clone();
        if *status == ProductOrderStatus::Completed && order.sales_unit.is_none() {
            let msn = (20_000_000 + number).to_string();
            let name = order.name.clone();
            let name = name.unwrap_or_else(|| format!("Sales unit of order {number}"));
            order.sales_unit = Some(json!({"msn": msn, "name": name}));
            let merchant = ["scheme", "id"].map(|member| {
                let text = order.business_identifier.get(member);
                text.and_then(Value::as_str).unwrap_or_default()
            });
            self.sales_units.push(SalesUnit::new(msn, name, merchant));
        }
        true
    }

    pub(super) fn list_sales_units(&mut self, _: &Call<'_>) -> Answer {
        self.sales_units_where(|_| true)
    }

    pub(super) fn list_merchant_sales_units(&mut self, call: &Call<'_>) -> Answer {
        if self.merchant(call).is_none() {
            return not_found("merchant");
        }
        self.sales_units_where(|unit| unit.merchant == [call.param(0), call.param(1)])
    }

    fn sales_units_where(&self, wanted: impl Fn(&SalesUnit) -> bool) -> Answer {
        let units = self.sales_units.iter();
        let units = units.filter(|unit| unit.is_active && wanted(unit));
        let units = units.map(|unit| json!({"msn": unit.msn, "name": unit.name}));
        Answer::json(200, &units.collect())
    }

    pub(super) fn get_sales_unit(&mut self, call: &Call<'_>) -> Answer {
        let mut units = self.sales_units.iter();
        let Some(unit) = units.find(|unit| unit.is_active && unit.msn == call.param(0)) else {
            return not_found("sales unit");
        };
        let unit = json!({
            "msn": unit.msn,
            "name": unit.name,
            "businessIdentifier": {"scheme": unit.merchant[0], "id": unit.merchant[1]},
            "settlementBankAccount": {"scheme": "BBAN:NO", "id": "86011117947"},
            "configuration": {
                "paymentAllowed": true, "captureType": "ReserveCapture",
                "skipLandingPageAllowed": false, "recurringAllowed": false,
                "partialCaptureAllowed": true, "lateCaptureAllowed": true,
                "landingPagePhoneNumberLocked": false, "longLivingPaymentAllowed": false,
                "creditCardPaymentAllowed": true,
            },
        });
        Answer::json(200, &unit)
    }

    fn merchant(&self, call: &Call<'_>) -> Option<&Merchant> {
        let mut merchants = self.merchants.iter().filter(|merchant| merchant.is_active);
        let is_it =
            |merchant: &&Merchant| merchant.scheme == call.param(0) && merchant.id == call.param(1);
        merchants.find(is_it)
    }

    pub(super) fn get_merchant(&mut self, call: &Call<'_>) -> Answer {
        let Some(merchant) = self.merchant(call) else {
            return not_found("merchant");
        };
        let country = merchant.scheme.split(':').nth(1);
        let merchant = json!({
            "businessIdentifier": {"scheme": merchant.scheme, "id": merchant.id},
            "name": merchant.name,
            "status": "ACTIVE",
            "createdAt": "2022-09-02T06:45:25.921251Z",
            "updatedAt": "2023-01-15T12:00:00Z",
            "countryCode": country,
            "businessAddress": {
                "lines": ["Main Street 5"], "postCode": "0154", "city": "Capital",
                "countryCode": country,
            },
            "businessPostAddress": null,
        });
        Answer::json(200, &merchant)
    }

    pub(super) fn list_orders(&mut self, call: &Call<'_>) -> Answer {
        let include_expired = call.query("includeExpired").as_deref() == Some("true");
        let orders = self.orders.iter().filter(|(_, order)| {
            include_expired || self.status_of(order) != ProductOrderStatus::Expired
        });
        let orders = orders.map(|(number, order)| self.order_json(*number, order));
        Answer::json(200, &orders.collect())
    }

    pub(super) fn get_order(&mut self, call: &Call<'_>) -> Answer {
        match self.order(call.param(0)) {
            Some((number, order)) => Answer::json(200, &self.order_json(number, order)),
            None => no_order(),
        }
    }

    pub(super) fn prefill_order(&mut self, call: &Call<'_>) -> Answer {
        let member = |name: &str| call.body.get(name).cloned().unwrap_or_default();
        self.orders_made += 1;
        let number = self.orders_made;
        let order = ProductOrder {
            business_identifier: member("businessIdentifier"),
            product_type: member("productType"),
            name: call.text("salesUnitName").map(str::to_owned),
            status: ProductOrderStatus::Received,
            made_at: self.clock.now(),
            sales_unit: None,
        };
        self.orders.insert(number, order);
        Answer::json(
            201,
            &json!({"prefilledOrderId": order_id(number), "prefillUrl": order_url(number)}),
        )
    }

    pub(super) fn delete_order(&mut self, call: &Call<'_>) -> Answer {
        let Some((number, order)) = self.order(call.param(0)) else {
            return no_order();
        };
        if !OPEN.contains(&self.status_of(order)) {
            let detail = "An order can be deleted only before it is submitted.";
            return Api::Management.error(409, detail, &[]);
        }
        self.orders.remove(&number);
        Answer::empty(200)
    }

    fn order(&self, id: &str) -> Option<(u64, &ProductOrder)> {
        let number = number_of(id)?;
        Some((number, self.orders.get(&number)?))
    }

    fn status_of(&self, order: &ProductOrder) -> ProductOrderStatus {
        let is_old = self.clock.now() >= order.made_at + ORDER_LIFETIME;
        if is_old && OPEN.contains(&order.status) {
            return ProductOrderStatus::Expired;
        }
        order.status.clone()
    }

    fn order_json(&self, number: u64, order: &ProductOrder) -> Value {
        json!({
            "productOrderType": "PREFILL",
            "productOrderId": order_id(number),
            "productType": order.product_type,
            "status": self.status_of(order).as_str(),
            "businessIdentifier": order.business_identifier,
            "productOrderUrl": order_url(number),
            "salesUnit": order.sales_unit,
        })
    }

    pub(super) fn list_price_packages(&mut self, _: &Call<'_>) -> Answer {
        Answer::json(200, &price_packages())
    }
}

fn not_found(what: &str) -> Answer {
    let detail = format!("There is no such {what}, or it is not active.");
    Api::Management.error(404, &detail, &[])
}

/// The one error that the description has as plain JSON.
fn no_order() -> Answer {
    Answer {
        headers: vec![("Content-Type", "application/json".to_owned())],
        ..not_found("product order")
    }
}

const ORDER_ID: &str = "00000000-0000-4000-8000-";

fn order_id(number: u64) -> String {
    format!("{ORDER_ID}{number:012x}")
}

fn number_of(id: &str) -> Option<u64> {
    let number = u64::from_str_radix(id.strip_prefix(ORDER_ID)?, 16).ok()?;
    (order_id(number) == id).then_some(number)
}

fn order_url(number: u64) -> String {
    format!(
        "https://portal.sandbox.invalid/register/prefilled/{}",
        order_id(number)
    )
}

fn price_packages() -> Value {
    json!([
        {
            "pricePackageId": "8a11afb7-c223-48ed-8ca6-4722b97261aa", "name": "POS standard",
            "description": "2.99%", "visibleInSignupForm": true,
            "productType": "PAYMENT_INTEGRATION", "market": "NO", "commission": "30 %",
        },
        {
            "pricePackageId": "8a11afb7-c223-48ed-8ca6-4722b97261ab", "name": "Checkout",
            "description": "1.75%", "visibleInSignupForm": true, "productType": "CHECKOUT",
            "market": "DK", "commission": null,
        },
        {
            "pricePackageId": "8a11afb7-c223-48ed-8ca6-4722b97261ac", "name": "Login",
            "description": "0.5%", "visibleInSignupForm": false, "productType": "LOGIN",
            "market": "FI",
        },
    ])
}
