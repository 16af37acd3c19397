use serde::{Deserialize, Serialize};

use super::categories::CategoryType;
use super::images::ImageId;
use super::order_ref::OrderRef;
use super::receipts::Receipt;
use crate::config::deadline::Deadline;
use crate::{Error, Session};

/// Gets what was added to an order: its category and its receipt.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # use vipps::order_management::*;
/// # let link = Category::new(CategoryType::General, "https://example.com/1");
/// # put_category(&session, &OrderRef::ecom("order-123".parse()?), &link)?;
/// use vipps::order_management::{OrderRef, get_order};
///
/// let order = get_order(&session, &OrderRef::ecom("order-123".parse()?))?;
/// println!("has a receipt: {}", order.receipt.is_some());
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /order-management/v2/{paymentType}/{orderId}` of the [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) for an order to which nothing was added.
pub fn get_order(session: &Session, order: &OrderRef) -> Result<Order, Error> {
    get_order_by(session, order, &session.deadline())
}

/// [`get_order`] as a part of a call that has to end by `deadline`.
pub(super) fn get_order_by(
    session: &Session,
    order: &OrderRef,
    deadline: &Deadline,
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
