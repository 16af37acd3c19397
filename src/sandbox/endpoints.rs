//! The endpoint table: method, path, request body and handler.

use Handler::{Keyed, Management as Manage, Orders, OrdersV1, Tokens as Token};

use super::answer::Answer;
use super::bodies::{CATEGORY, IMAGE, NEW_CATEGORY, PRODUCT_ORDER, RECEIPT};
use super::management::Management;
use super::message::{Call, ReceivedRequest, percent_decoded};
use super::order_management::OrderManagement;
use super::rules::{Object, is_id};
use super::tokens::Tokens;

pub(super) struct Endpoint {
    method: &'static str,
    /// As in the API's specification.
    path: &'static str,
    pub(super) body: Option<&'static Object>,
    pub(super) handler: Handler,
}

#[derive(Clone, Copy)]
pub(super) enum Handler {
    Tokens(fn(&mut Tokens, &ReceivedRequest) -> Answer),
    Management(fn(&mut Management, &Call<'_>) -> Answer),
    /// Requires an idempotency key.
    Keyed(fn(&mut Management, &Call<'_>) -> Answer),
    Orders(fn(&mut OrderManagement, &Call<'_>) -> Answer),
    /// Version 1 endpoints, which the live API no longer offers.
    OrdersV1(fn(&mut OrderManagement, &Call<'_>) -> Answer),
}

#[rustfmt::skip]
static ENDPOINTS: &[Endpoint] = &[
    endpoint("POST", "/accesstoken/get", None, Token(Tokens::standard)),
    endpoint("POST", "/miami/v1/token", None, Token(Tokens::management)),

    endpoint("GET", "/management/v1/sales-units", None, Manage(Management::list_sales_units)),
    endpoint("GET", "/management/v1/sales-units/{msn}", None, Manage(Management::get_sales_unit)),
    endpoint("GET", "/management/v1/merchants/{scheme}/{id}", None,
        Manage(Management::get_merchant)),
    endpoint("GET", "/management/v1/merchants/{scheme}/{id}/sales-units", None,
        Manage(Management::list_merchant_sales_units)),
    endpoint("GET", "/management/v2/product-orders", None, Manage(Management::list_orders)),
    endpoint("POST", "/management/v1/product-orders", Some(&PRODUCT_ORDER),
        Keyed(Management::prefill_order)),
    endpoint("GET", "/management/v2/product-orders/{productOrderId}/details", None,
        Manage(Management::get_order)),
    endpoint("DELETE", "/management/v1/product-orders/{productOrderId}", None,
        Manage(Management::delete_order)),
    endpoint("GET", "/management/v1/partners/price-packages", None,
        Manage(Management::list_price_packages)),

    endpoint("POST", "/order-management/v1/images", Some(&IMAGE),
        Orders(OrderManagement::add_image)),
    endpoint("PUT", "/order-management/v2/{paymentType}/categories/{orderId}", Some(&CATEGORY),
        Orders(OrderManagement::put_category)),
    endpoint("POST", "/order-management/v2/{paymentType}/receipts/{orderId}", Some(&RECEIPT),
        Orders(OrderManagement::add_receipt)),
    endpoint("GET", "/order-management/v2/{paymentType}/{orderId}", None,
        Orders(OrderManagement::get_order)),
    endpoint("POST", "/order-management/v3/categories", Some(&NEW_CATEGORY),
        Orders(OrderManagement::add_category)),
    endpoint("GET", "/order-management/v3/categories", None,
        Orders(OrderManagement::list_categories)),
    endpoint("GET", "/order-management/v3/categories/{categoryId}", None,
        Orders(OrderManagement::get_category)),
    endpoint("DELETE", "/order-management/v3/categories/{categoryId}", None,
        Orders(OrderManagement::delete_category)),
    endpoint("PUT", "/order-management/v1/orders/{transactionId}", Some(&CATEGORY),
        OrdersV1(OrderManagement::put_v1_order)),
    endpoint("GET", "/order-management/v1/orders/{transactionId}", None,
        OrdersV1(OrderManagement::get_v1_order)),
    endpoint("POST", "/order-management/v1/receipts/{transactionId}", Some(&RECEIPT),
        OrdersV1(OrderManagement::add_v1_receipt)),
    endpoint("GET", "/order-management/v1/receipts/{transactionId}", None,
        OrdersV1(OrderManagement::get_v1_receipt)),
];

const fn endpoint(
    method: &'static str,
    path: &'static str,
    body: Option<&'static Object>,
    handler: Handler,
) -> Endpoint {
    Endpoint {
        method,
        path,
        body,
        handler,
    }
}

/// The endpoint and the values of its path parameters, or the status 404 or 405.
pub(super) fn find(method: &str, path: &str) -> Result<(&'static Endpoint, Vec<String>), u16> {
    let path = segments(path);
    let mut status = 404;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.is_at(&path)) {
        if endpoint.method == method {
            let values = endpoint.segments().zip(path);
            let params = values.filter(|(name, _)| is_param(name));
            return Ok((endpoint, params.map(|(_, value)| value).collect()));
        }
        status = 405;
    }
    Err(status)
}

/// Whether a route, in which `*` matches any method or segment, matches an endpoint.
pub(super) fn is_route(method: &str, path: &str) -> bool {
    let path = segments(path);
    let mut endpoints = ENDPOINTS.iter();
    endpoints.any(|endpoint| ["*", endpoint.method].contains(&method) && endpoint.fits(&path))
}

/// Whether a route's path matches a request's path.
pub(super) fn is_same(route: &str, path: &str) -> bool {
    let (route, path) = (segments(route), segments(path));
    let mut endpoints = ENDPOINTS.iter();
    endpoints.any(|endpoint| {
        let mut parts = endpoint.segments().zip(route.iter().zip(&path));
        endpoint.fits(&route)
            && endpoint.is_at(&path)
            && parts.all(|(name, (wanted, is))| match name {
                "{paymentType}" => wanted == "*" || wanted.eq_ignore_ascii_case(is),
                name => !is_param(name) || wanted == "*" || wanted == is,
            })
    })
}

impl Endpoint {
    fn segments(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.path.split('/').skip(1)
    }

    fn is_at(&self, path: &[String]) -> bool {
        self.is_made_of(path, takes)
    }

    fn fits(&self, route: &[String]) -> bool {
        self.is_made_of(route, |name, segment| {
            segment == "*" || takes(name, segment)
        })
    }

    fn is_made_of(&self, path: &[String], takes: fn(&str, &str) -> bool) -> bool {
        let mut parts = self.segments().zip(path);
        self.segments().count() == path.len() && parts.all(|(name, segment)| takes(name, segment))
    }
}

/// Whether a path segment is valid for this segment of the specification's path.
fn takes(name: &str, segment: &str) -> bool {
    let is = |fixed: &str| fixed.eq_ignore_ascii_case(segment);
    match name {
        "{paymentType}" => is("ecom") || is("recurring"),
        "{orderId}" => is_id(segment),
        _ if is_param(name) => !segment.is_empty(),
        fixed => is(fixed),
    }
}

fn is_param(name: &str) -> bool {
    name.starts_with('{')
}

/// The segments of a path, ignoring a trailing slash.
fn segments(path: &str) -> Vec<String> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let segments = path.split('/').skip(1);
    segments.map(percent_decoded).collect()
}
