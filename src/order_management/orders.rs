use serde::{Deserialize, Serialize};

use super::categories::CategoryType;
use super::images::ImageId;
use super::order_ref::OrderRef;
use super::receipts::Receipt;
use crate::config::deadline::Deadline;
use crate::{Error, Session};

/// Gets the category and the receipt of an order.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # use vipps::order_management::*;
/// # let category = Category::new(CategoryType::General, "https://example.com/1");
/// # put_category(&session, &OrderRef::ecom("order-123".parse()?), &category)?;
/// use vipps::order_management::{OrderRef, get_order};
///
/// let order = get_order(&session, &OrderRef::ecom("order-123".parse()?))?;
/// match order.receipt {
///     Some(receipt) => println!("{} lines", receipt.order_lines.len()),
///     None => println!("no receipt"),
/// }
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /order-management/v2/{paymentType}/{orderId}` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the order has neither a category nor a
/// receipt.
pub fn get_order(session: &Session, order: &OrderRef) -> Result<Order, Error> {
    get_order_by(session, order, &session.deadline())
}

/// [`get_order`] as part of a call that must end by `deadline`.
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

/// The category and the receipt of an order, as [`get_order`] returns them. Either may be missing.
///
/// Source: the schema `OrderV2Response` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
#[doc(alias = "OrderV2Response")]
pub struct Order {
    /// The category, as last set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<OrderDetails>,
    /// The receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

/// The category of an order, as [`get_order`] returns it.
///
/// Source: the schema `Order` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderDetails {
    /// The category's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<CategoryType>,
    /// The category's URL.
    #[doc(alias = "orderDetailsUrl")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_details_url: Option<String>,
    /// The category's image.
    #[doc(alias = "imageId")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<ImageId>,
}
