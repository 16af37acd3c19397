//! Endpoints of version 1 that the vendor marks deprecated and no longer available. They are here for completeness; the service refuses them.
//!
//! | function | request, under `/order-management` | instead |
//! |---|---|---|
//! | [`put_order`] | `PUT /v1/orders/{transactionId}` | [`put_category`](super::put_category) |
//! | [`get_order`] | `GET /v1/orders/{transactionId}` | [`get_order`](super::get_order) |
//! | [`add_receipt`] | `POST /v1/receipts/{transactionId}` | [`add_receipt`](super::add_receipt) |
//! | [`get_receipt`] | `GET /v1/receipts/{transactionId}` | [`get_order`](super::get_order) |
#![allow(deprecated)]

use serde::{Deserialize, Serialize};

use super::categories::{Category, CategoryType};
use super::images::ImageId;
use super::order_ref::OrderId;
use super::receipts::Receipt;
use crate::transport::{Method, Path, Request};
use crate::{Error, Session};

/// Puts a link on the page of a payment.
///
/// `PUT /order-management/v1/orders/{transactionId}`
///
/// # Errors
///
/// As for any call.
#[deprecated(note = "the service no longer offers it: use order_management::put_category")]
pub fn put_order(
    session: &Session,
    transaction_id: &OrderId,
    category: &Category,
) -> Result<(), Error> {
    category.validate()?;
    let path = path(session, "/order-management/v1/orders", transaction_id)?;
    let request = Request::new(Method::PUT, path).json(category)?;
    session.send(&request)?.done(&request)
}

/// Gets the link of a payment.
///
/// `GET /order-management/v1/orders/{transactionId}`
///
/// # Errors
///
/// As for any call.
#[deprecated(note = "the service no longer offers it: use order_management::get_order")]
pub fn get_order(session: &Session, transaction_id: &OrderId) -> Result<OrderInfo, Error> {
    let path = path(session, "/order-management/v1/orders", transaction_id)?;
    session.call(&Request::get(path))
}

/// Adds a receipt to a payment.
///
/// `POST /order-management/v1/receipts/{transactionId}`
///
/// # Errors
///
/// As for any call.
#[deprecated(note = "the service no longer offers it: use order_management::add_receipt")]
pub fn add_receipt(
    session: &Session,
    transaction_id: &OrderId,
    receipt: &Receipt,
) -> Result<(), Error> {
    receipt.validate()?;
    let path = path(session, "/order-management/v1/receipts", transaction_id)?;
    let request = Request::new(Method::POST, path).json(receipt)?;
    let reply = session.send(&request).map_err(Error::or_already_exists)?;
    reply.done(&request)
}

/// Gets the receipt of a payment.
///
/// `GET /order-management/v1/receipts/{transactionId}`
///
/// # Errors
///
/// As for any call.
#[deprecated(note = "the service no longer offers it: use order_management::get_order")]
pub fn get_receipt(session: &Session, transaction_id: &OrderId) -> Result<Receipt, Error> {
    let path = path(session, "/order-management/v1/receipts", transaction_id)?;
    session.call(&Request::get(path))
}

fn path(session: &Session, start: &'static str, transaction_id: &OrderId) -> Result<Path, Error> {
    session.require_msn()?;
    Path::new(start).segment("transactionId", transaction_id.as_str())
}

/// The link of a payment, as version 1 has it.
///
/// Source: the sample of `GET /v1/orders/{transactionId}` of the Order Management API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderInfo {
    /// What it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<CategoryType>,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_details_url: Option<String>,
    /// Its picture, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<ImageId>,
    /// Its pictures, where there is a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_ids: Option<Vec<SortedImage>>,
}

/// A picture and its place among others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SortedImage {
    /// The picture's id.
    pub id: ImageId,
    /// Its place, 1 for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_order: Option<i64>,
}
