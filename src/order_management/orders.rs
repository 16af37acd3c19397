use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::categories::CategoryType;
use super::images::ImageId;
use super::order_ref::OrderRef;
use super::receipts::Receipt;
use crate::{Error, Session};

/// Gets what was added to an order: its link and its receipt.
///
/// `GET /order-management/v2/{paymentType}/{orderId}`
///
/// # Errors
///
/// A 404 for an order to which nothing was added.
pub fn get_order(session: &Session, order: &OrderRef) -> Result<Order, Error> {
    get_order_by(session, order, session.deadline())
}

/// [`get_order`] as a part of a call that has to end by `deadline`.
pub(super) fn get_order_by(
    session: &Session,
    order: &OrderRef,
    deadline: Duration,
) -> Result<Order, Error> {
    order
        .request(session, "GET", "")?
        .deadline(deadline)
        .send()?
        .json_or_default()
}

/// What was added to an order. Either may be missing.
///
/// Source: the schema `OrderV2Response` of the Order Management API.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Order {
    /// The link, the latest one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<OrderDetails>,
    /// The receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

/// The link of an order, as the service has it.
///
/// Source: the schema `Order` of the Order Management API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderDetails {
    /// What it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<CategoryType>,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_details_url: Option<String>,
    /// Its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<ImageId>,
}
