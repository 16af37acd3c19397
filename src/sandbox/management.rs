//! The sandbox's Management API.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::answer::{Answer, Api};
use super::data::Data;
use super::message::Call;
use crate::management::{Merchant, ProductOrderStatus, SalesUnit};
use crate::{Clock, Msn};

pub(super) struct Management {
    clock: Clock,
    pub(super) data: Data,
    /// By the number that the order's id ends with.
    orders: BTreeMap<u64, ProductOrder>,
    orders_made: u64,
}

struct ProductOrder {
    business_identifier: Value,
    product_type: Value,
    name: Option<String>,
    status: ProductOrderStatus,
    made_at: Duration,
    sales_unit: Option<Value>,
}

/// How long a merchant has to submit an order.
const ORDER_LIFETIME: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// The statuses of an order that the merchant has not submitted yet.
const OPEN: [ProductOrderStatus; 2] = [
    ProductOrderStatus::Received,
    ProductOrderStatus::MerchantViewed,
];

impl Management {
    pub(super) fn new(clock: Clock, data: Data) -> Self {
        Self {
            clock,
            data,
            orders: BTreeMap::new(),
            orders_made: 0,
        }
    }

    pub(super) fn set_order_status(&mut self, id: &str, status: &ProductOrderStatus) -> bool {
        let Some((number, order)) = number_of(id).and_then(|n| Some((n, self.orders.get_mut(&n)?)))
        else {
            return false;
        };
        order.status = status.clone();
        let merchant = serde_json::from_value(order.business_identifier.clone());
        let msn = Msn::new((20_000_000 + number).to_string());
        let is_new = *status == ProductOrderStatus::Completed && order.sales_unit.is_none();
        if let (true, Ok(merchant), Ok(msn)) = (is_new, merchant, msn) {
            let name = order.name.clone();
            let name = name.unwrap_or_else(|| format!("Sales unit of order {number}"));
            order.sales_unit = Some(json!({"msn": msn, "name": name}));
            self.data
                .put_sales_unit(SalesUnit::new(msn, name, merchant));
        }
        true
    }

    pub(super) fn list_sales_units(&mut self, _: &Call<'_>) -> Answer {
        self.sales_units_where(|_| true)
    }

    pub(super) fn list_merchant_sales_units(&mut self, call: &Call<'_>) -> Answer {
        match self.merchant(call) {
            Some(merchant) => {
                let owner = &merchant.business_identifier;
                self.sales_units_where(|unit| unit.business_identifier == *owner)
            }
            None => not_found("merchant"),
        }
    }

    fn sales_units_where(&self, wanted: impl Fn(&SalesUnit) -> bool) -> Answer {
        let units = self.data.sales_units.iter().filter(|unit| wanted(unit));
        let units = units.map(|unit| json!({"msn": unit.msn, "name": unit.name}));
        Answer::json(200, &units.collect())
    }

    pub(super) fn get_sales_unit(&mut self, call: &Call<'_>) -> Answer {
        let mut units = self.data.sales_units.iter();
        match units.find(|unit| unit.msn.as_str() == call.param(0)) {
            Some(unit) => Answer::json(200, &json!(unit)),
            None => not_found("sales unit"),
        }
    }

    fn merchant(&self, call: &Call<'_>) -> Option<&Merchant> {
        let is_it = |merchant: &&Merchant| {
            let id = &merchant.business_identifier;
            id.scheme() == call.param(0) && id.id() == call.param(1)
        };
        let found = self.data.merchants.iter().find(is_it);
        found.filter(|merchant| merchant.is_active())
    }

    pub(super) fn get_merchant(&mut self, call: &Call<'_>) -> Answer {
        match self.merchant(call) {
            Some(merchant) => Answer::json(200, &json!(merchant)),
            None => not_found("merchant"),
        }
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
        Answer::json(200, &json!(self.data.price_packages))
    }
}

fn not_found(what: &str) -> Answer {
    let detail = format!("The {what} does not exist or is not active.");
    Api::Management.error(404, &detail, &[])
}

/// The only error that the specification gives as plain JSON.
fn no_order() -> Answer {
    let answer = not_found("product order");
    Answer::new(answer.status, "application/json", answer.body)
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
