//! The Management API's part of the sandbox.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde_json::{Value, json};

use super::message::{Answer, ReceivedRequest, bad_header};
use super::prefill_rules;
use crate::Clock;
use crate::management::ProductOrderStatus;
use crate::model::identifier::IdempotencyKey;

pub(super) struct Management {
    clock: Clock,
    merchants: Vec<Merchant>,
    sales_units: Vec<SalesUnit>,
    /// By their numbers, which their ids are made of.
    orders: BTreeMap<u64, ProductOrder>,
    orders_made: u64,
    answered: HashMap<String, (Vec<u8>, Answer)>,
}

struct Merchant {
    scheme: &'static str,
    id: &'static str,
    name: &'static str,
    country: &'static str,
    is_active: bool,
}

struct SalesUnit {
    msn: String,
    name: String,
    scheme: String,
    id: String,
    is_active: bool,
}

struct ProductOrder {
    business_identifier: Value,
    product_type: Value,
    name: Option<String>,
    status: ProductOrderStatus,
    made_at: Duration,
    sales_unit: Option<Value>,
}

/// For how long a merchant can submit an order.
const ORDER_LIFETIME: Duration = Duration::from_secs(14 * 24 * 60 * 60);

impl Management {
    pub(super) fn new(clock: Clock) -> Self {
        let merchant = |scheme, id, name, country, is_active| Merchant {
            scheme,
            id,
            name,
            country,
            is_active,
        };
        let unit = |msn: &str, name: &str, scheme: &str, id: &str, is_active| SalesUnit {
            msn: msn.to_owned(),
            name: name.to_owned(),
            scheme: scheme.to_owned(),
            id: id.to_owned(),
            is_active,
        };
        let [no, dk, fi] = ["business:NO:ORG", "business:DK:CVR", "business:FI:Y-tunnus"];
        Self {
            clock,
            merchants: vec![
                merchant(no, "987654321", "ACME AS", "NO", true),
                merchant(dk, "12345678", "ACME ApS", "DK", true),
                merchant(fi, "1234567-8", "ACME Oy", "FI", true),
                merchant(no, "999999999", "Closed AS", "NO", false),
            ],
            sales_units: vec![
                unit("123456", "ACME Fitness", no, "987654321", true),
                unit("654321", "ACME Web Shop", no, "987654321", true),
                unit("10012345", "ACME Sauna", fi, "1234567-8", true),
                unit("999999", "ACME Closed", no, "987654321", false),
            ],
            orders: BTreeMap::new(),
            orders_made: 0,
            answered: HashMap::new(),
        }
    }

    pub(super) fn set_sales_units(&mut self, n: usize) {
        self.sales_units = (0..n)
            .map(|nth| SalesUnit {
                msn: (1_000_000 + nth).to_string(),
                name: format!("Sales unit {nth}"),
                scheme: "business:NO:ORG".to_owned(),
                id: "987654321".to_owned(),
                is_active: true,
            })
            .collect();
    }

    pub(super) fn set_order_status(&mut self, id: &str, status: &ProductOrderStatus) -> bool {
        let Some(number) = self.order_number(id) else {
            return false;
        };
        let msn = (20_000_000 + number).to_string();
        let Some(order) = self.orders.get_mut(&number) else {
            return false;
        };
        order.status = status.clone();
        if *status == ProductOrderStatus::Completed && order.sales_unit.is_none() {
            let name = order.name.clone();
            let name = name.unwrap_or_else(|| format!("Sales unit of order {number}"));
            order.sales_unit = Some(json!({"msn": msn, "name": name}));
            let text = |member: &str| {
                let text = order.business_identifier.get(member);
                text.and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            self.sales_units.push(SalesUnit {
                msn,
                name,
                scheme: text("scheme"),
                id: text("id"),
                is_active: true,
            });
        }
        true
    }

    pub(super) fn answer(
        &mut self,
        method: &str,
        path: &[&str],
        query: &str,
        request: &ReceivedRequest,
    ) -> Answer {
        match (method, path) {
            ("GET", ["v1", "sales-units"]) => self.list_sales_units(|_| true),
            ("GET", ["v1", "sales-units", msn]) => self.get_sales_unit(msn),
            ("GET", ["v1", "merchants", scheme, id]) => self.get_merchant(scheme, id),
            ("GET", ["v1", "merchants", scheme, id, "sales-units"]) => {
                if self.merchant(scheme, id).is_none() {
                    return not_found("merchant");
                }
                self.list_sales_units(|unit| unit.scheme == *scheme && unit.id == *id)
            }
            ("GET", ["v2", "product-orders"]) => self.list_orders(query),
            ("POST", ["v1", "product-orders"]) => self.prefill(request),
            ("GET", ["v2", "product-orders", id, "details"]) => {
                match self
                    .order_number(id)
                    .and_then(|number| self.order_json(number))
                {
                    Some(order) => Answer::json(200, &order),
                    None => not_found("product order"),
                }
            }
            ("DELETE", ["v1", "product-orders", id]) => self.delete_order(id),
            ("GET", ["v1", "partners", "price-packages"]) => Answer::json(200, &price_packages()),
            _ => Answer::problem(404, "Not Found", "There is no such endpoint."),
        }
    }

    fn list_sales_units(&self, wanted: impl Fn(&SalesUnit) -> bool) -> Answer {
        let units = self.sales_units.iter();
        let units: Vec<Value> = units
            .filter(|unit| unit.is_active && wanted(unit))
            .map(|unit| json!({"msn": unit.msn, "name": unit.name}))
            .collect();
        Answer::json(200, &Value::Array(units))
    }

    fn get_sales_unit(&self, msn: &str) -> Answer {
        let mut units = self.sales_units.iter();
        let Some(unit) = units.find(|unit| unit.is_active && unit.msn == msn) else {
            return not_found("sales unit");
        };
        Answer::json(
            200,
            &json!({
                "msn": unit.msn,
                "name": unit.name,
                "businessIdentifier": {"scheme": unit.scheme, "id": unit.id},
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
        )
    }

    fn merchant(&self, scheme: &str, id: &str) -> Option<&Merchant> {
        let mut merchants = self.merchants.iter().filter(|merchant| merchant.is_active);
        merchants.find(|merchant| merchant.scheme == scheme && merchant.id == id)
    }

    fn get_merchant(&self, scheme: &str, id: &str) -> Answer {
        let Some(merchant) = self.merchant(scheme, id) else {
            return not_found("merchant");
        };
        let address = json!({
            "lines": ["Main Street 5"],
            "postCode": "0154",
            "city": "Capital",
            "countryCode": merchant.country,
        });
        Answer::json(
            200,
            &json!({
                "businessIdentifier": {"scheme": scheme, "id": id},
                "name": merchant.name,
                "status": "ACTIVE",
                "createdAt": "2022-09-02T06:45:25.921251Z",
                "updatedAt": "2023-01-15T12:00:00Z",
                "countryCode": merchant.country,
                "businessAddress": address,
                "businessPostAddress": null,
            }),
        )
    }

    fn list_orders(&self, query: &str) -> Answer {
        let include_expired = query.split('&').any(|part| part == "includeExpired=true");
        let numbers = self.orders.keys();
        let orders = numbers
            .filter(|number| include_expired || !self.is_expired(**number))
            .filter_map(|number| self.order_json(*number))
            .collect();
        Answer::json(200, &Value::Array(orders))
    }

    fn prefill(&mut self, request: &ReceivedRequest) -> Answer {
        let Some(key) = request.header("idempotency-key") else {
            return bad_header("Idempotency-Key", "must be there");
        };
        if IdempotencyKey::new(key).is_err() {
            return bad_header("Idempotency-Key", "must match ^[a-zA-Z0-9-]{1,50}$");
        }
        if request.media_type() != Some("application/json") {
            return Answer::problem(415, "Unsupported Media Type", "The body must be JSON.");
        }
        if let Some((body, answer)) = self.answered.get(key) {
            return if *body == request.body {
                answer.clone()
            } else {
                let detail = "The idempotency key was used for another order.";
                Answer::problem(409, "Conflict", detail)
            };
        }
        let answer = match prefill_rules::check(&request.body) {
            Ok(order) => self.make_order(&order),
            Err(fields) => {
                let detail = "The product order has fields that are wrong.";
                Answer::problem_with(400, "Bad Request", detail, &fields)
            }
        };
        let entry = (request.body.clone(), answer.clone());
        self.answered.insert(key.to_owned(), entry);
        answer
    }

    fn make_order(&mut self, order: &Value) -> Answer {
        let member = |name: &str| order.get(name).cloned().unwrap_or_default();
        self.orders_made += 1;
        let number = self.orders_made;
        let product_order = ProductOrder {
            business_identifier: member("businessIdentifier"),
            product_type: member("productType"),
            name: member("salesUnitName").as_str().map(str::to_owned),
            status: ProductOrderStatus::Received,
            made_at: self.clock.now(),
            sales_unit: None,
        };
        self.orders.insert(number, product_order);
        Answer::json(
            201,
            &json!({"prefilledOrderId": order_id(number), "prefillUrl": order_url(number)}),
        )
    }

    fn delete_order(&mut self, id: &str) -> Answer {
        let Some(number) = self.order_number(id) else {
            return not_found("product order");
        };
        let status = self.order_status(number);
        let open = [
            ProductOrderStatus::Received,
            ProductOrderStatus::MerchantViewed,
        ];
        if !status.is_some_and(|status| open.contains(&status)) {
            let detail = "An order can be deleted only before it is submitted.";
            return Answer::problem(409, "Conflict", detail);
        }
        self.orders.remove(&number);
        Answer::empty(200)
    }

    /// The number of an order that exists.
    fn order_number(&self, id: &str) -> Option<u64> {
        let mut numbers = self.orders.keys();
        numbers.find(|number| order_id(**number) == id).copied()
    }

    fn order_status(&self, number: u64) -> Option<ProductOrderStatus> {
        let order = self.orders.get(&number)?;
        let open = [
            ProductOrderStatus::Received,
            ProductOrderStatus::MerchantViewed,
        ];
        let is_old = self.clock.now() >= order.made_at + ORDER_LIFETIME;
        if is_old && open.contains(&order.status) {
            return Some(ProductOrderStatus::Expired);
        }
        Some(order.status.clone())
    }

    fn is_expired(&self, number: u64) -> bool {
        self.order_status(number) == Some(ProductOrderStatus::Expired)
    }

    fn order_json(&self, number: u64) -> Option<Value> {
        let order = self.orders.get(&number)?;
        Some(json!({
            "productOrderType": "PREFILL",
            "productOrderId": order_id(number),
            "productType": order.product_type,
            "status": self.order_status(number)?.as_str(),
            "businessIdentifier": order.business_identifier,
            "productOrderUrl": order_url(number),
            "salesUnit": order.sales_unit,
        }))
    }
}

fn not_found(what: &str) -> Answer {
    let detail = format!("There is no such {what}, or it is not active.");
    Answer::problem(404, "Not Found", &detail)
}

fn order_id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
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
            "pricePackageId": "8a11afb7-c223-48ed-8ca6-4722b97261aa",
            "name": "POS standard",
            "description": "2.99%",
            "visibleInSignupForm": true,
            "productType": "PAYMENT_INTEGRATION",
            "market": "NO",
            "commission": "30 %",
        },
        {
            "pricePackageId": "8a11afb7-c223-48ed-8ca6-4722b97261ab",
            "name": "Checkout",
            "description": "1.75%",
            "visibleInSignupForm": true,
            "productType": "CHECKOUT",
            "market": "DK",
            "commission": null,
        },
        {
            "pricePackageId": "8a11afb7-c223-48ed-8ca6-4722b97261ac",
            "name": "Login",
            "description": "0.5%",
            "visibleInSignupForm": false,
            "productType": "LOGIN",
            "market": "FI",
        },
    ])
}
