//! The table of endpoints, which every test that covers all of them reads. A new endpoint is a row
//! of [`endpoints`].
#![allow(deprecated)] // Version 1 is called as well.

use serde_json::{Value, json};
use vipps::management::{self, BusinessIdentifier, ListProductOrders, ProductOrderId};
use vipps::order_management::{
    self, AddCategory, CategoryId, CategoryType, OrderRef, PaymentType, ReceiptOutcome, v1,
};
use vipps::{Error, ErrorKind, Msn, Session};

use super::fixtures::*;
use super::requests::wire_with;

/// An endpoint function, and everything that the tests need to know about it.
pub(crate) struct Endpoint {
    /// Its name, with `v1::` if it is of version 1.
    pub(crate) name: &'static str,
    /// Method and path as the API's specification writes them: [`Ids`] fills the `{names}`.
    pub(crate) route: &'static str,
    pub(crate) call: fn(&Session, &Ids) -> Result<Value, Error>,
    /// The request body, with `{names}` too, or empty.
    pub(crate) body: String,
    pub(crate) idempotency_key: Option<&'static str>,
    /// A successful reply of the API.
    pub(crate) reply: Value,
    /// What the function returns for that reply.
    pub(crate) result: Value,
    pub(crate) needs: Needs,
    pub(crate) retry: Retry,
    pub(crate) needs_msn: bool,
    /// The error kind of a 409.
    pub(crate) conflict: ErrorKind,
    pub(crate) deprecated: bool,
    pub(crate) effect: Effect,
}

/// What the body of a successful reply must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Needs {
    /// JSON that fits the type.
    Json,
    /// JSON that fits the type, or nothing.
    JsonOrNothing,
    /// Any text.
    Text,
    /// Nothing is read, and the API sends no body.
    Nothing,
}

/// Whether a request is retried if its outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Retry {
    /// GET, PUT, a POST with an idempotency key, and a token request.
    Safe,
    /// A DELETE: safe too, and its success needs no body.
    Delete,
    /// A POST without a key.
    Never,
    /// A POST without a key, whose result is read back.
    ReadBack,
    /// A POST without a key that is sent again, and succeeds if the resource already exists.
    Again,
}

type Prepare = fn(&Session, &Ids);
type There = fn(&Session, &Ids) -> Vec<Value>;

/// What a sandbox contains after the call was carried out, and after it was not.
#[derive(Clone, Copy)]
pub(crate) enum Effect {
    /// The resource that `prepare` creates, in both cases.
    Reads { prepare: Prepare },
    /// One resource, or none. `named` says whether the result identifies it.
    Makes {
        there: There,
        named: fn(&Value, &Value) -> bool,
    },
    /// None, or the resource that `prepare` creates.
    Deletes { prepare: Prepare, there: There },
    /// No resource: a token request.
    Nothing,
}

/// The identifiers of a call, by default those of a new sandbox.
#[derive(Clone)]
pub(crate) struct Ids {
    pub(crate) msn: Msn,
    pub(crate) merchant: BusinessIdentifier,
    pub(crate) product_order: ProductOrderId,
    pub(crate) order: OrderRef,
    pub(crate) category: CategoryId,
}

impl Default for Ids {
    fn default() -> Self {
        Self {
            msn: "123456".parse().unwrap(),
            merchant: merchant(),
            product_order: "00000000-0000-4000-8000-000000000001".parse().unwrap(),
            order: OrderRef::ecom("order-1".parse().unwrap()),
            category: "00000000-0000-4000-9000-000000000001".parse().unwrap(),
        }
    }
}

impl Ids {
    pub(crate) fn of_order(order: OrderRef) -> Self {
        Self {
            order,
            ..Self::default()
        }
    }

    fn fill(&self, template: &str, write: fn(&str) -> String) -> String {
        let kind = match self.order.payment_type {
            PaymentType::Ecom => "ECOM",
            _ => "RECURRING",
        };
        [
            ("{msn}", self.msn.as_str()),
            ("{scheme}", self.merchant.scheme()),
            ("{id}", self.merchant.id()),
            ("{productOrderId}", self.product_order.as_str()),
            ("{paymentType}", &kind.to_ascii_lowercase()),
            ("{PAYMENT_TYPE}", kind),
            ("{orderId}", self.order.order_id.as_str()),
            ("{transactionId}", self.order.order_id.as_str()),
            ("{categoryId}", self.category.as_str()),
        ]
        .iter()
        .fold(template.to_owned(), |text, (name, value)| {
            text.replace(name, &write(value))
        })
    }
}

/// Percent-encodes a path segment.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

impl Endpoint {
    /// Method, path and query, as they are sent.
    pub(crate) fn line(&self, ids: &Ids) -> String {
        ids.fill(self.route, encoded)
    }

    /// The route with the default identifiers, for the sandbox's counts and faults.
    pub(crate) fn sandbox_route(&self) -> String {
        let line = self.line(&Ids::default());
        line.split('?').next().unwrap().to_owned()
    }

    /// Whether it is an `ensure_*` function, which may be called again after any failure.
    pub(crate) fn is_ensured(&self) -> bool {
        matches!(self.retry, Retry::ReadBack | Retry::Again)
    }

    /// The whole request, as the tests' sessions send it.
    pub(crate) fn request(&self, ids: &Ids) -> String {
        let key = self
            .idempotency_key
            .map(|k| format!("idempotency-key: {k}"));
        let body = ids.fill(&self.body, str::to_owned);
        wire_with(&self.line(ids), key.as_deref(), &body)
    }
}

#[track_caller]
pub(crate) fn endpoint(name: &str) -> Endpoint {
    let mut all = endpoints().into_iter();
    all.find(|endpoint| endpoint.name == name).expect("a row")
}

/// Every function of the Order Management API, including version 1.
pub(crate) fn of_orders() -> impl Iterator<Item = Endpoint> {
    let all = endpoints().into_iter();
    all.filter(|endpoint| endpoint.route.contains("/order-management/"))
}

/// A GET of the Management API that needs no resource.
fn get() -> Endpoint {
    Endpoint {
        name: "",
        route: "",
        call: |_, _| Ok(Value::Null),
        body: String::new(),
        idempotency_key: None,
        reply: Value::Null,
        result: Value::Null,
        needs: Needs::Json,
        retry: Retry::Safe,
        needs_msn: false,
        conflict: ErrorKind::Conflict,
        deprecated: false,
        effect: Effect::Reads { prepare: |_, _| {} },
    }
}

fn order_get(prepare: Prepare) -> Endpoint {
    Endpoint {
        needs_msn: true,
        effect: Effect::Reads { prepare },
        ..get()
    }
}

fn order_post(there: There, named: fn(&Value, &Value) -> bool) -> Endpoint {
    Endpoint {
        retry: Retry::Never,
        effect: Effect::Makes { there, named },
        ..order_get(|_, _| {})
    }
}

fn v1_get(prepare: Prepare) -> Endpoint {
    Endpoint {
        deprecated: true,
        ..order_get(prepare)
    }
}

pub(crate) fn endpoints() -> Vec<Endpoint> {
    let units = json!([
        {"msn": "12345678", "name": "ACME Fantastic Fitness"},
        {"msn": "12345", "name": "Five digits"}
    ]);
    let order = json!({"category": sample_category(), "receipt": sample_receipt()});
    let with_receipt: There = |s, ids| found(order_management::get_order(s, &ids.order));
    vec![
        Endpoint {
            name: "list_sales_units",
            route: "GET /management/v1/sales-units",
            call: |s, _| management::list_sales_units(s).map(to_json),
            reply: units.clone(),
            result: units.clone(),
            needs: Needs::JsonOrNothing,
            ..get()
        },
        Endpoint {
            name: "get_sales_unit",
            route: "GET /management/v1/sales-units/{msn}",
            call: |s, ids| management::get_sales_unit(s, &ids.msn).map(to_json),
            reply: sample_sales_unit(),
            result: sample_sales_unit(),
            ..get()
        },
        Endpoint {
            name: "list_merchant_sales_units",
            route: "GET /management/v1/merchants/{scheme}/{id}/sales-units",
            call: |s, ids| management::list_merchant_sales_units(s, &ids.merchant).map(to_json),
            // The API's documentation shows both forms of a list.
            reply: json!({"salesUnits": units}),
            result: units,
            needs: Needs::JsonOrNothing,
            ..get()
        },
        Endpoint {
            name: "get_merchant",
            route: "GET /management/v1/merchants/{scheme}/{id}",
            call: |s, ids| management::get_merchant(s, &ids.merchant).map(to_json),
            reply: sample_merchant(),
            result: sample_merchant(),
            ..get()
        },
        Endpoint {
            name: "list_product_orders",
            route: "GET /management/v2/product-orders",
            call: |s, _| management::list_product_orders(s, &ListProductOrders::new()).map(to_json),
            reply: json!([sample_product_order()]),
            result: json!([sample_product_order()]),
            effect: Effect::Reads {
                prepare: put_product_order,
            },
            needs: Needs::JsonOrNothing,
            ..get()
        },
        Endpoint {
            name: "prefill_product_order",
            route: "POST /management/v1/product-orders",
            call: |s, ids| {
                let order = management::PrefillProductOrder::new(
                    ids.merchant.clone(),
                    management::ProductType::Login,
                )
                .idempotency_key("49ca711a-acee-4d01-993b-9487112e1def".parse().unwrap())
                .sales_unit_name("ACME Fitness");
                management::prefill_product_order(s, &order).map(to_json)
            },
            body: concat!(
                r#"{"businessIdentifier":{"scheme":"{scheme}","id":"{id}"},"#,
                r#""productType":"LOGIN","salesUnitName":"ACME Fitness"}"#
            )
            .to_owned(),
            idempotency_key: Some("49ca711a-acee-4d01-993b-9487112e1def"),
            reply: sample_prefill_response(),
            result: sample_prefill_response(),
            effect: Effect::Makes {
                there: product_orders,
                named: |made, there| {
                    made["prefilledOrderId"] == there["productOrderId"]
                        && made["prefillUrl"] == there["productOrderUrl"]
                },
            },
            ..get()
        },
        Endpoint {
            name: "get_product_order",
            route: "GET /management/v2/product-orders/{productOrderId}/details",
            call: |s, ids| management::get_product_order(s, &ids.product_order).map(to_json),
            reply: sample_product_order(),
            result: sample_product_order(),
            effect: Effect::Reads {
                prepare: put_product_order,
            },
            ..get()
        },
        Endpoint {
            name: "delete_product_order",
            route: "DELETE /management/v1/product-orders/{productOrderId}",
            call: |s, ids| management::delete_product_order(s, &ids.product_order).map(to_json),
            reply: Value::Null,
            needs: Needs::Nothing,
            retry: Retry::Delete,
            effect: Effect::Deletes {
                prepare: put_product_order,
                there: product_orders,
            },
            ..get()
        },
        Endpoint {
            name: "list_price_packages",
            route: "GET /management/v1/partners/price-packages",
            call: |s, _| management::list_price_packages(s).map(to_json),
            reply: sample_price_packages(),
            result: sample_price_packages(),
            needs: Needs::JsonOrNothing,
            ..get()
        },
        Endpoint {
            name: "add_image",
            route: "POST /order-management/v1/images",
            call: |s, _| order_management::add_image(s, &small_image("picture-1")).map(to_json),
            body: small_image_body("picture-1"),
            reply: json!({"imageId": "socks-orange-123"}),
            result: json!("socks-orange-123"),
            needs: Needs::JsonOrNothing,
            conflict: ErrorKind::AlreadyExists,
            ..order_post(image, |id, there| id == there)
        },
        Endpoint {
            name: "ensure_image",
            route: "POST /order-management/v1/images",
            call: |s, _| order_management::ensure_image(s, &small_image("picture-1")).map(to_json),
            body: small_image_body("picture-1"),
            reply: json!({"imageId": "socks-orange-123"}),
            result: json!("socks-orange-123"),
            needs: Needs::JsonOrNothing,
            retry: Retry::Again,
            conflict: ErrorKind::AlreadyExists,
            ..order_post(image, |id, there| id == there)
        },
        Endpoint {
            name: "put_category",
            route: "PUT /order-management/v2/{paymentType}/categories/{orderId}",
            call: |s, ids| order_management::put_category(s, &ids.order, &category()).map(to_json),
            body: CATEGORY_BODY.to_owned(),
            reply: json!(ADDED),
            result: json!(ADDED),
            needs: Needs::Text,
            retry: Retry::Safe,
            ..order_post(with_receipt, is_uuid)
        },
        Endpoint {
            name: "add_receipt",
            route: "POST /order-management/v2/{paymentType}/receipts/{orderId}",
            call: |s, ids| order_management::add_receipt(s, &ids.order, &receipt()).map(to_json),
            body: RECEIPT_BODY.to_owned(),
            reply: json!(ADDED),
            result: json!(ADDED),
            needs: Needs::Text,
            conflict: ErrorKind::AlreadyExists,
            ..order_post(with_receipt, is_uuid)
        },
        Endpoint {
            name: "ensure_receipt",
            route: "POST /order-management/v2/{paymentType}/receipts/{orderId}",
            call: |s, ids| match order_management::ensure_receipt(s, &ids.order, &receipt())? {
                ReceiptOutcome::Added(id) => Ok(json!({ "added": id })),
                ReceiptOutcome::AlreadyThere => Ok(json!("there")),
                other => panic!("{other:?}"),
            },
            body: RECEIPT_BODY.to_owned(),
            reply: json!(ADDED),
            result: json!({"added": ADDED}),
            needs: Needs::Text,
            retry: Retry::ReadBack,
            conflict: ErrorKind::AlreadyExists,
            ..order_post(with_receipt, |outcome, there| {
                outcome == "there" || is_uuid(&outcome["added"], there)
            })
        },
        Endpoint {
            name: "get_order",
            route: "GET /order-management/v2/{paymentType}/{orderId}",
            call: |s, ids| order_management::get_order(s, &ids.order).map(to_json),
            reply: order.clone(),
            result: order,
            needs: Needs::JsonOrNothing,
            ..order_get(|s, ids| drop((endpoint("add_receipt").call)(s, ids).unwrap()))
        },
        Endpoint {
            name: "add_category",
            route: "POST /order-management/v3/categories",
            call: |s, ids| {
                let url = "https://example.com/2";
                let category = AddCategory::new(ids.order.clone(), CategoryType::Ticket, url);
                order_management::add_category(s, &category).map(to_json)
            },
            body: concat!(
                r#"{"orderId":"{orderId}","paymentType":"{PAYMENT_TYPE}","#,
                r#""type":"TICKET","url":"https://example.com/2"}"#
            )
            .to_owned(),
            reply: json!({"categoryId": CATEGORY_ID}),
            result: json!(CATEGORY_ID),
            ..order_post(categories, |id, there| *id == there["categoryId"])
        },
        Endpoint {
            name: "list_categories",
            route: "GET /order-management/v3/categories?orderId={orderId}",
            call: |s, ids| order_management::list_categories(s, &ids.order.order_id).map(to_json),
            reply: json!({"categories": [sample_order_category()]}),
            result: json!([sample_order_category()]),
            needs: Needs::JsonOrNothing,
            ..order_get(put_category)
        },
        Endpoint {
            name: "get_category",
            route: "GET /order-management/v3/categories/{categoryId}",
            call: |s, ids| order_management::get_category(s, &ids.category).map(to_json),
            reply: sample_order_category(),
            result: sample_order_category(),
            ..order_get(put_category)
        },
        Endpoint {
            name: "delete_category",
            route: "DELETE /order-management/v3/categories/{categoryId}",
            call: |s, ids| order_management::delete_category(s, &ids.category).map(to_json),
            needs: Needs::Nothing,
            retry: Retry::Delete,
            effect: Effect::Deletes {
                prepare: put_category,
                there: categories,
            },
            ..order_get(|_, _| {})
        },
        Endpoint {
            name: "v1::put_order",
            route: "PUT /order-management/v1/orders/{transactionId}",
            call: |s, ids| v1::put_order(s, &ids.order.order_id, &category()).map(to_json),
            body: CATEGORY_BODY.to_owned(),
            needs: Needs::Nothing,
            retry: Retry::Safe,
            deprecated: true,
            ..order_post(
                |s, ids| found(v1::get_order(s, &ids.order.order_id)),
                |_, _| true,
            )
        },
        Endpoint {
            name: "v1::get_order",
            route: "GET /order-management/v1/orders/{transactionId}",
            call: |s, ids| v1::get_order(s, &ids.order.order_id).map(to_json),
            reply: sample_v1_order(),
            result: sample_v1_order(),
            ..v1_get(|s, ids| v1::put_order(s, &ids.order.order_id, &category()).unwrap())
        },
        Endpoint {
            name: "v1::add_receipt",
            route: "POST /order-management/v1/receipts/{transactionId}",
            call: |s, ids| v1::add_receipt(s, &ids.order.order_id, &receipt()).map(to_json),
            body: RECEIPT_BODY.to_owned(),
            needs: Needs::Nothing,
            conflict: ErrorKind::AlreadyExists,
            deprecated: true,
            ..order_post(
                |s, ids| found(v1::get_receipt(s, &ids.order.order_id)),
                |_, _| true,
            )
        },
        Endpoint {
            name: "v1::get_receipt",
            route: "GET /order-management/v1/receipts/{transactionId}",
            call: |s, ids| v1::get_receipt(s, &ids.order.order_id).map(to_json),
            reply: sample_receipt(),
            result: sample_receipt(),
            ..v1_get(|s, ids| v1::add_receipt(s, &ids.order.order_id, &receipt()).unwrap())
        },
    ]
}

/// The token requests of both kinds of keys.
pub(crate) fn token_endpoints() -> [Endpoint; 2] {
    let row = |name, route, expires_in: Value| Endpoint {
        name,
        route,
        call: |s, _| {
            let token = s.access_token()?;
            Ok(json!(!token.secret().is_empty()))
        },
        // From the Access Token API's specification: the lifetime is a string in one reply and a
        // number in the other.
        reply: json!({
            "token_type": "Bearer", "expires_in": expires_in, "ext_expires_in": "3599",
            "expires_on": "1700000000", "access_token": "a-token-of-this-test"
        }),
        result: json!(true),
        effect: Effect::Nothing,
        ..get()
    };
    [
        row("access_token", "POST /accesstoken/get", json!("3599")),
        row(
            "access_token, management keys",
            "POST /miami/v1/token",
            json!(900),
        ),
    ]
}

// Resources in a sandbox.

/// A resource that may not exist.
#[track_caller]
fn found<T: serde::Serialize>(result: Result<T, Error>) -> Vec<Value> {
    match result {
        Ok(value) => vec![to_json(value)],
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => panic!("{error}"),
    }
}

fn is_uuid(result: &Value, _: &Value) -> bool {
    result.as_str().is_some_and(|text| text.len() == 36)
}

fn product_orders(session: &Session, _: &Ids) -> Vec<Value> {
    let all = management::list_product_orders(session, &ListProductOrders::new()).unwrap();
    all.into_iter().map(to_json).collect()
}

pub(crate) fn categories(session: &Session, ids: &Ids) -> Vec<Value> {
    let all = order_management::list_categories(session, &ids.order.order_id).unwrap();
    all.into_iter().map(to_json).collect()
}

/// Images cannot be listed, but an id that is in use is refused.
fn image(session: &Session, _: &Ids) -> Vec<Value> {
    match order_management::add_image(session, &small_image("picture-1")) {
        Ok(_) => Vec::new(),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => vec![json!("picture-1")],
        Err(error) => panic!("{error}"),
    }
}

fn put_product_order(session: &Session, ids: &Ids) {
    let made = (endpoint("prefill_product_order").call)(session, ids).unwrap();
    assert_eq!(made["prefilledOrderId"], ids.product_order.as_str());
}

fn put_category(session: &Session, ids: &Ids) {
    let made = (endpoint("add_category").call)(session, ids).unwrap();
    assert_eq!(made, ids.category.as_str());
}
