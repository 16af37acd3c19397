//! The Order Management API's part of the sandbox.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::message::{Answer, ReceivedRequest, percent_decoded};
use super::rules::{ANY_TEXT, Field, Rule, SOME_TEXT, Wrong, optional, required};

#[derive(Default)]
pub(super) struct OrderManagement {
    /// By MSN.
    sales_units: HashMap<String, SalesUnitData>,
    ids: Ids,
    has_v1: bool,
}

/// What was added for one sales unit. Another may use the same ids for its own.
#[derive(Default)]
struct SalesUnitData {
    images: HashSet<String>,
    /// By payment type and order id.
    categories: HashMap<(String, String), Value>,
    receipts: HashMap<(String, String), Value>,
    links: Vec<Value>,
}

/// How many ids were made, for all sales units.
#[derive(Default)]
struct Ids(u64);

impl Ids {
    fn next(&mut self) -> String {
        self.0 += 1;
        format!("00000000-0000-4000-9000-{:012x}", self.0)
    }
}

/// The payment type of what version 1 stores, which has none.
const V1: &str = "v1";

const MAX_IMAGE_BASE64: usize = (2 * 1024 * 1024_usize).div_ceil(3) * 4;

impl OrderManagement {
    pub(super) fn enable_v1(&mut self) {
        self.has_v1 = true;
    }

    pub(super) fn answer(
        &mut self,
        method: &str,
        path: &[&str],
        query: &str,
        request: &ReceivedRequest,
    ) -> Answer {
        let Some(msn) = request.header("merchant-serial-number") else {
            return invalid(&[(
                "Merchant-Serial-Number".to_owned(),
                "must be there".to_owned(),
            )]);
        };
        if let ("GET" | "PUT" | "POST", ["v1", "orders" | "receipts", _]) = (method, path) {
            if !self.has_v1 {
                return error(410, "Gone", "Version 1 is no longer available.", &[]);
            }
        }
        let data = self.sales_units.entry(msn.to_owned()).or_default();
        data.answer(method, path, query, request, &mut self.ids)
    }
}

impl SalesUnitData {
    fn answer(
        &mut self,
        method: &str,
        path: &[&str],
        query: &str,
        request: &ReceivedRequest,
        ids: &mut Ids,
    ) -> Answer {
        match (method, path) {
            ("POST", ["v1", "images"]) => self.add_image(request),
            ("PUT", ["v2", payment_type, "categories", order]) => match key(payment_type, order) {
                Some(key) => self.put_category(key, request, ids),
                None => not_found(),
            },
            ("POST", ["v2", payment_type, "receipts", order]) => match key(payment_type, order) {
                Some(key) => self.add_receipt(key, request, ids),
                None => not_found(),
            },
            ("GET", ["v2", payment_type, order]) => match key(payment_type, order) {
                Some(key) => self.get_order(&key),
                None => not_found(),
            },
            ("POST", ["v3", "categories"]) => self.add_link(request, ids),
            ("GET", ["v3", "categories"]) => self.list_links(query),
            ("GET", ["v3", "categories", id]) => {
                match self.links.iter().find(|link| is(link, id)) {
                    Some(link) => Answer::json(200, link),
                    None => not_found(),
                }
            }
            ("DELETE", ["v3", "categories", id]) => {
                let before = self.links.len();
                self.links.retain(|link| !is(link, id));
                if self.links.len() < before {
                    Answer::empty(200)
                } else {
                    not_found()
                }
            }
            ("PUT", ["v1", "orders", id]) => {
                let answer = self.put_category((V1.to_owned(), (*id).to_owned()), request, ids);
                if answer.status == 200 {
                    Answer::empty(200)
                } else {
                    answer
                }
            }
            ("GET", ["v1", "orders", id]) => {
                match self.categories.get(&(V1.to_owned(), (*id).to_owned())) {
                    Some(category) => Answer::json(200, category),
                    None => not_found(),
                }
            }
            ("POST", ["v1", "receipts", id]) => {
                let answer = self.add_receipt((V1.to_owned(), (*id).to_owned()), request, ids);
                if answer.status == 201 {
                    Answer::empty(200)
                } else {
                    answer
                }
            }
            ("GET", ["v1", "receipts", id]) => {
                match self.receipts.get(&(V1.to_owned(), (*id).to_owned())) {
                    Some(receipt) => Answer::json(200, receipt),
                    None => not_found(),
                }
            }
            _ => not_found(),
        }
    }

    fn add_image(&mut self, request: &ReceivedRequest) -> Answer {
        let image = match checked(request, IMAGE) {
            Ok(image) => image,
            Err(answer) => return answer,
        };
        let id = text(&image, "imageId");
        if text(&image, "src").len() > MAX_IMAGE_BASE64 {
            return invalid(&[("src".to_owned(), "must be at most 2 MB".to_owned())]);
        }
        if !self.images.insert(id.to_owned()) {
            return error(
                409,
                "Conflict",
                "An image with this id exists already.",
                &[],
            );
        }
        Answer::json(200, &json!({"imageId": id}))
    }

    fn put_category(
        &mut self,
        key: (String, String),
        request: &ReceivedRequest,
        ids: &mut Ids,
    ) -> Answer {
        let category = match checked(request, CATEGORY) {
            Ok(category) => category,
            Err(answer) => return answer,
        };
        if let Some(refusal) = self.refuse_image(&category) {
            return refusal;
        }
        self.categories.insert(key, Value::Object(category));
        Answer::json(200, &Value::String(ids.next()))
    }

    fn add_receipt(
        &mut self,
        key: (String, String),
        request: &ReceivedRequest,
        ids: &mut Ids,
    ) -> Answer {
        let receipt = match checked(request, RECEIPT) {
            Ok(receipt) => receipt,
            Err(answer) => return answer,
        };
        let lines = receipt.get("orderLines").and_then(Value::as_array);
        for (nth, line) in lines.into_iter().flatten().enumerate() {
            let has = |name: &str| line.get(name).is_some_and(|value| !value.is_null());
            if !has("taxRate") && !has("taxPercentage") {
                let name = format!("orderLines[{nth}].taxRate");
                return invalid(&[(name, "must be there".to_owned())]);
            }
        }
        if self.receipts.contains_key(&key) {
            // As the live service writes it: without a type.
            let body = json!({
                "title": "Conflicting receipt",
                "status": 409,
                "detail": "Receipt already exists",
                "instance": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            });
            return Answer::new(409, "application/problem+json", body.to_string());
        }
        self.receipts.insert(key, Value::Object(receipt));
        Answer::json(201, &Value::String(ids.next()))
    }

    fn get_order(&self, key: &(String, String)) -> Answer {
        let (category, receipt) = (self.categories.get(key), self.receipts.get(key));
        if category.is_none() && receipt.is_none() {
            return not_found();
        }
        let mut order = Map::new();
        order.extend(category.map(|category| ("category".to_owned(), category.clone())));
        order.extend(receipt.map(|receipt| ("receipt".to_owned(), receipt.clone())));
        Answer::json(200, &Value::Object(order))
    }

    fn add_link(&mut self, request: &ReceivedRequest, ids: &mut Ids) -> Answer {
        let mut link = match checked(request, LINK) {
            Ok(link) => link,
            Err(answer) => return answer,
        };
        if let Some(refusal) = self.refuse_image(&link) {
            return refusal;
        }
        let id = ids.next();
        link.insert("categoryId".to_owned(), Value::String(id.clone()));
        self.links.push(Value::Object(link));
        Answer::json(201, &json!({"categoryId": id}))
    }

    fn list_links(&self, query: &str) -> Answer {
        let order = query
            .split('&')
            .find_map(|part| part.strip_prefix("orderId="));
        let Some(order) = order.map(percent_decoded) else {
            return invalid(&[("orderId".to_owned(), "must be there".to_owned())]);
        };
        let of_order = |link: &&Value| link.get("orderId").and_then(Value::as_str) == Some(&order);
        let links: Vec<&Value> = self.links.iter().filter(of_order).collect();
        Answer::json(200, &json!({"categories": links}))
    }

    fn refuse_image(&self, object: &Map<String, Value>) -> Option<Answer> {
        let id = object.get("imageId").and_then(Value::as_str)?;
        let is_there = self.images.contains(id);
        let reason = "there is no such image".to_owned();
        (!is_there).then(|| invalid(&[("imageId".to_owned(), reason)]))
    }
}

/// Payment type and order id, if the path has them as it should.
fn key(payment_type: &str, order: &str) -> Option<(String, String)> {
    let payment_type = match payment_type {
        "ecom" | "ECOM" => "ecom",
        "recurring" | "RECURRING" => "recurring",
        _ => return None,
    };
    let is_id = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let is_order = !order.is_empty() && order.bytes().all(is_id);
    is_order.then(|| (payment_type.to_owned(), order.to_owned()))
}

fn checked(request: &ReceivedRequest, fields: &[Field]) -> Result<Map<String, Value>, Answer> {
    let media_type = request.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(error(
            415,
            "Unsupported Media Type",
            "The body must be JSON.",
            &[],
        ));
    }
    let Ok(Value::Object(object)) = serde_json::from_slice(&request.body) else {
        return Err(invalid(&[(
            "body".to_owned(),
            "must be a JSON object".to_owned(),
        )]));
    };
    let mut wrong = Wrong::new(false);
    wrong.members("", &object, fields);
    if wrong.found.is_empty() {
        Ok(object)
    } else {
        Err(invalid(&wrong.found))
    }
}

fn is(link: &Value, id: &str) -> bool {
    link.get("categoryId").and_then(Value::as_str) == Some(id)
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn not_found() -> Answer {
    error(404, "Not Found", "There is nothing here.", &[])
}

fn invalid(fields: &[(String, String)]) -> Answer {
    error(
        400,
        "Bad Request",
        "The request has values that are wrong.",
        fields,
    )
}

/// The form of this API's errors, with the trace in `instance`.
fn error(status: u16, title: &str, detail: &str, fields: &[(String, String)]) -> Answer {
    let fields: Vec<Value> = fields
        .iter()
        .map(|(name, reason)| json!({"name": name, "reason": reason}))
        .collect();
    let mut body = json!({
        "type": format!("https://sandbox.invalid/problem/{status}"),
        "title": title,
        "detail": detail,
        "instance": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    });
    if let Some(body) = body.as_object_mut().filter(|_| !fields.is_empty()) {
        body.insert("invalidParams".to_owned(), Value::Array(fields));
    }
    Answer::json(status, &body)
}

const AMOUNT: Rule = Rule::Whole {
    max: i64::MAX.unsigned_abs(),
};

/// The specification has no minimum, but the live service refuses an empty name.
const CATEGORY_TYPE: Rule = Rule::OneOf(&[
    "GENERAL",
    "RECEIPT",
    "ORDER_CONFIRMATION",
    "DELIVERY",
    "TICKET",
    "BOOKING",
]);

const IMAGE: &[Field] = &[
    required("imageId", Rule::Id { max: 128 }),
    required("src", Rule::Base64),
    required("type", Rule::OneOf(&["base64"])),
];

const CATEGORY: &[Field] = &[
    required("category", CATEGORY_TYPE),
    required("orderDetailsUrl", Rule::Url),
    optional("imageId", Rule::Id { max: 128 }),
];

const LINK: &[Field] = &[
    required("orderId", Rule::Id { max: 10_000 }),
    required("paymentType", Rule::OneOf(&["ECOM", "RECURRING"])),
    required("type", CATEGORY_TYPE),
    required("url", Rule::Url),
    optional("imageId", Rule::Id { max: 128 }),
];

const RECEIPT: &[Field] = &[
    required(
        "orderLines",
        Rule::List(&[
            required("name", SOME_TEXT),
            required("id", SOME_TEXT),
            required("totalAmount", AMOUNT),
            required("totalAmountExcludingTax", AMOUNT),
            required("totalTaxAmount", AMOUNT),
            optional("taxPercentage", Rule::Whole { max: 100 }),
            optional("taxRate", Rule::Whole { max: 10_000 }),
            optional(
                "unitInfo",
                Rule::Object(&[
                    optional("unitPrice", AMOUNT),
                    required("quantity", Rule::Quantity),
                    optional(
                        "quantityUnit",
                        Rule::OneOf(&["PCS", "KG", "KM", "MINUTE", "LITRE", "KWH"]),
                    ),
                ]),
            ),
            optional("discount", AMOUNT),
            optional("productUrl", ANY_TEXT),
            optional("isReturn", Rule::Flag),
            optional("isShipping", Rule::Flag),
        ]),
    ),
    required(
        "bottomLine",
        Rule::Object(&[
            required("currency", Rule::OneOf(&["NOK", "DKK", "EUR"])),
            optional("tipAmount", AMOUNT),
            optional("posId", ANY_TEXT),
            optional(
                "barcode",
                Rule::Object(&[
                    optional("format", Rule::OneOf(&["EAN-13", "CODE 39", "CODE 128"])),
                    optional("data", ANY_TEXT),
                ]),
            ),
            optional("receiptNumber", ANY_TEXT),
        ]),
    ),
];
