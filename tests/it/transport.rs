//! What goes over the wire and comes back: connections, limits, timeouts, and what errors say about
//! them.

use std::time::Duration;

use vipps::management::{
    BusinessIdentifier, PrefillProductOrder, PrefillResponse, ProductOrderId, ProductType,
    SalesUnitSummary, delete_product_order, list_sales_units, prefill_product_order,
};
use vipps::{Clock, Delivery, Error, ErrorKind, Session, SessionBuilder};

use crate::support::session_builder;

mod base_url;
mod bodies;
mod connections;
mod delivery;
mod heads;
mod limits;
mod proxy;
mod redirects;
mod sent;
mod settings;
mod timeouts;

/// A session for one server on a stopped clock, so that errors report the same times in every run.
/// The stall timeout alone ends none of its attempts.
#[track_caller]
pub(crate) fn session(url: &str) -> Session {
    builder(url).build().unwrap()
}

pub(crate) fn builder(url: &str) -> SessionBuilder {
    let day = Duration::from_secs(24 * 60 * 60);
    session_builder(url)
        .clock(Clock::manual())
        .stall_timeout(day)
}

/// A GET without a body.
pub(crate) fn get(session: &Session) -> Result<Vec<SalesUnitSummary>, Error> {
    list_sales_units(session)
}

/// A POST with a body.
pub(crate) fn post(session: &Session) -> Result<PrefillResponse, Error> {
    let merchant = BusinessIdentifier::norway("987654321").unwrap();
    let order = PrefillProductOrder::new(merchant, ProductType::PaymentIntegration);
    let order = order.idempotency_key("a-key-of-this-test".parse().unwrap());
    prefill_product_order(session, &order)
}

/// A DELETE.
pub(crate) fn delete(session: &Session) -> Result<(), Error> {
    let id = ProductOrderId::new("81b83246-5c19-7b94-875b-ea6d1114f099").unwrap();
    delete_product_order(session, &id)
}

pub(crate) const GET: &str = "GET /management/v1/sales-units";
pub(crate) const DELETE: &str =
    "DELETE /management/v1/product-orders/81b83246-5c19-7b94-875b-ea6d1114f099";
pub(crate) const POST: &str = "POST /management/v1/product-orders";

/// What a program learns from a network error.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) text: String,
    pub(crate) kind: ErrorKind,
    pub(crate) delivery: Delivery,
    pub(crate) status: Option<u16>,
}

#[track_caller]
pub(crate) fn assert_error<T: std::fmt::Debug>(
    result: Result<T, Error>,
    text: &str,
    kind: ErrorKind,
    delivery: Delivery,
    status: Option<u16>,
) {
    let error = result.unwrap_err();
    let seen = Seen {
        text: error.to_string(),
        kind: error.kind(),
        delivery: error.delivery(),
        status: error.status(),
    };
    let expected = Seen {
        text: text.to_owned(),
        kind,
        delivery,
        status,
    };
    assert_eq!(seen, expected);
}

/// A configuration error, the only kind that `build` returns.
#[track_caller]
pub(crate) fn assert_config(result: Result<Session, Error>, text: &str) {
    let (kind, delivery) = (ErrorKind::Config, Delivery::NotSent);
    let text = format!("configuration: {text}");
    assert_error(result, &text, kind, delivery, None);
}
