//! The Order Management API's part of the sandbox. Each sales unit has data of its own.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::answer::{Answer, Api, TRACE};
use super::message::Call;

#[derive(Default)]
pub(super) struct OrderManagement {
    /// MSN and id. The pictures themselves are never asked for.
    images: HashSet<(String, String)>,
    categories: HashMap<Order, Value>,
    receipts: HashMap<Order, Value>,
    /// Of version 3, by MSN.
    links: Vec<(String, Value)>,
    ids_made: u64,
}

/// MSN, payment type and order id.
#[derive(PartialEq, Eq, Hash)]
struct Order(String, String, String);

impl OrderManagement {
    pub(super) fn add_image(&mut self, call: &Call<'_>) -> Answer {
        let id = call.text("imageId").unwrap_or_default();
        if !self.images.insert((msn(call), id.to_owned())) {
            let detail = "An image with this id exists already.";
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
        let mut link = call.body.clone();
        if let (Some(link), Some(id)) = (link.as_object_mut(), id.as_object()) {
            link.extend(id.clone());
        }
        self.links.push((msn(call), link));
        Answer::json(201, &id)
    }

    /// Of all orders, where the query names none.
    pub(super) fn list_categories(&mut self, call: &Call<'_>) -> Answer {
        let order = call.query("orderId");
        let msn = msn(call);
        let links = self
            .links
            .iter()
            .filter(|(of, _)| *of == msn)
            .map(|(_, link)| link);
        let links =
            links.filter(|link| order.is_none() || link["orderId"].as_str() == order.as_deref());
        Answer::json(200, &json!({"categories": links.collect::<Vec<_>>()}))
    }

    pub(super) fn get_category(&mut self, call: &Call<'_>) -> Answer {
        match self.links.iter().find(|link| is(link, call)) {
            Some((_, link)) => Answer::json(200, link),
            None => not_found(),
        }
    }

    pub(super) fn delete_category(&mut self, call: &Call<'_>) -> Answer {
        match self.links.iter().position(|link| is(link, call)) {
            Some(at) => {
                self.links.remove(at);
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
            // As the live API writes it: with a status and without a type.
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

fn is((of, link): &(String, Value), call: &Call<'_>) -> bool {
    *of == msn(call) && link["categoryId"].as_str() == Some(call.param(0))
}

fn not_found() -> Answer {
    Api::OrderManagement.error(404, "There is nothing here.", &[])
}
