//! The sandbox's Order Management API. Each sales unit has its own data.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::answer::{Answer, Api, TRACE};
use super::message::Call;

#[derive(Default)]
pub(super) struct OrderManagement {
    /// MSN and image id. The images themselves cannot be read back.
    images: HashSet<(String, String)>,
    categories: HashMap<Order, Value>,
    receipts: HashMap<Order, Value>,
    /// MSN and category of version 3.
    added: Vec<(String, Value)>,
    ids_made: u64,
}

/// MSN, payment type and order id.
#[derive(PartialEq, Eq, Hash)]
struct Order(String, String, String);

impl OrderManagement {
    pub(super) fn add_image(&mut self, call: &Call<'_>) -> Answer {
        let id = call.text("imageId").unwrap_or_default();
        if !self.images.insert((msn(call), id.to_owned())) {
            let detail = "An image with this id already exists.";
            return Api::OrderManagement.error(409, detail, &[]);
        }
        Answer::json(200, &json!({"imageId": id}))
    }

    pub(super) fn put_category(&mut self, call: &Call<'_>) -> Answer {
        let id = self.keep_category(order(call), call);
        Answer::json(200, &id)
    }

    pub(super) fn add_receipt(&mut self, call: &Call<'_>) -> Answer {
        match self.keep_receipt(order(call), call) {
            Ok(id) => Answer::json(201, &id),
            Err(conflict) => conflict,
        }
    }

    pub(super) fn get_order(&mut self, call: &Call<'_>) -> Answer {
        let key = order(call);
        let parts = [
            ("category", self.categories.get(&key)),
            ("receipt", self.receipts.get(&key)),
        ];
        let parts = parts.into_iter();
        let parts = parts.filter_map(|(name, part)| Some((name.to_owned(), part?.clone())));
        let order: Map<String, Value> = parts.collect();
        match order.is_empty() {
            true => not_found(),
            false => Answer::json(200, &order.into()),
        }
    }

    pub(super) fn add_category(&mut self, call: &Call<'_>) -> Answer {
        let id = json!({"categoryId": self.next_id()});
        let mut category = call.body.clone();
        if let (Some(category), Some(id)) = (category.as_object_mut(), id.as_object()) {
            category.extend(id.clone());
        }
        self.added.push((msn(call), category));
        Answer::json(201, &id)
    }

    /// Without `orderId`, lists the categories of all orders.
    pub(super) fn list_categories(&mut self, call: &Call<'_>) -> Answer {
        let order = call.query("orderId");
        let msn = msn(call);
        let added = self.added.iter().filter(|(of, _)| *of == msn);
        let wanted = added
            .map(|(_, category)| category)
            .filter(|category| order.is_none() || category["orderId"].as_str() == order.as_deref());
        Answer::json(200, &json!({"categories": wanted.collect::<Vec<_>>()}))
    }

    pub(super) fn get_category(&mut self, call: &Call<'_>) -> Answer {
        match self.added.iter().find(|added| is(added, call)) {
            Some((_, category)) => Answer::json(200, category),
            None => not_found(),
        }
    }

    pub(super) fn delete_category(&mut self, call: &Call<'_>) -> Answer {
        match self.added.iter().position(|added| is(added, call)) {
            Some(at) => {
                self.added.remove(at);
                Answer::empty(200)
            }
            None => not_found(),
        }
    }

    pub(super) fn put_v1_order(&mut self, call: &Call<'_>) -> Answer {
        self.keep_category(v1_order(call), call);
        Answer::empty(200)
    }

    pub(super) fn get_v1_order(&mut self, call: &Call<'_>) -> Answer {
        let category = self.categories.get(&v1_order(call));
        category.map_or_else(not_found, |category| Answer::json(200, category))
    }

    pub(super) fn add_v1_receipt(&mut self, call: &Call<'_>) -> Answer {
        match self.keep_receipt(v1_order(call), call) {
            Ok(_) => Answer::empty(200),
            Err(conflict) => conflict,
        }
    }

    pub(super) fn get_v1_receipt(&mut self, call: &Call<'_>) -> Answer {
        let receipt = self.receipts.get(&v1_order(call));
        receipt.map_or_else(not_found, |receipt| Answer::json(200, receipt))
    }

    fn keep_category(&mut self, order: Order, call: &Call<'_>) -> Value {
        self.categories.insert(order, call.body.clone());
        self.next_id()
    }

    fn keep_receipt(&mut self, order: Order, call: &Call<'_>) -> Result<Value, Answer> {
        if self.receipts.contains_key(&order) {
            // As from the live API: with a status but no type.
            let body = json!({
                "title": "Conflicting receipt",
                "status": 409,
                "detail": "Receipt already exists",
                "instance": TRACE,
            });
            return Err(Answer::new(409, "application/json", body.to_string()));
        }
        self.receipts.insert(order, call.body.clone());
        Ok(self.next_id())
    }

    fn next_id(&mut self) -> Value {
        self.ids_made += 1;
        format!("00000000-0000-4000-9000-{:012x}", self.ids_made).into()
    }
}

fn msn(call: &Call<'_>) -> String {
    let msn = call.request.header("merchant-serial-number");
    msn.unwrap_or_default().to_owned()
}

fn order(call: &Call<'_>) -> Order {
    let payment_type = call.param(0).to_ascii_lowercase();
    Order(msn(call), payment_type, call.param(1).to_owned())
}

/// Version 1 has no payment types.
fn v1_order(call: &Call<'_>) -> Order {
    Order(msn(call), "v1".to_owned(), call.param(0).to_owned())
}

fn is((of, category): &(String, Value), call: &Call<'_>) -> bool {
    *of == msn(call) && category["categoryId"].as_str() == Some(call.param(0))
}

fn not_found() -> Answer {
    Api::OrderManagement.error(404, "Resource not found.", &[])
}
