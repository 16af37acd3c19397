//! Deprecated version 1 endpoints of the Order Management API, which are no longer available.
//!
//! They are here for completeness only: the API refuses them.
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
use crate::model::lenient::{optional_short_list, optional_whole};
use crate::request::RequestBuilder;
use crate::{Error, Session};

/// Sets the category of a payment by its transaction id.
///
/// ```
/// # #![allow(deprecated)]
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # sandbox.enable_v1();
/// # let session = sandbox.session();
/// use vipps::order_management::{Category, CategoryType, v1};
///
/// let url = "https://example.com/track/123";
/// let tracking = Category::new(CategoryType::Delivery, url);
/// v1::put_order(&session, &"5001419121".parse()?, &tracking)?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `PUT /order-management/v1/orders/{transactionId}` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[deprecated(note = "no longer available: use order_management::put_category")]
pub fn put_order(
    session: &Session,
    transaction_id: &OrderId,
    category: &Category,
) -> Result<(), Error> {
    category.validate()?;
    request(session, "PUT", "orders", transaction_id)
        .json(category)
        .send()?
        .done()
}

/// Gets the category of a payment by its transaction id.
///
/// ```
/// # #![allow(deprecated)]
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # sandbox.enable_v1();
/// # let session = sandbox.session();
/// # use vipps::order_management::{Category, CategoryType};
/// # let tracking = Category::new(CategoryType::Delivery, "https://example.com/track/123");
/// # v1::put_order(&session, &"5001419121".parse()?, &tracking)?;
/// use vipps::order_management::v1;
///
/// let order = v1::get_order(&session, &"5001419121".parse()?)?;
/// println!("{:?}", order.category);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /order-management/v1/orders/{transactionId}` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[deprecated(note = "no longer available: use order_management::get_order")]
pub fn get_order(session: &Session, transaction_id: &OrderId) -> Result<OrderInfo, Error> {
    request(session, "GET", "orders", transaction_id)
        .send()?
        .json()
}

/// Adds a receipt to a payment by its transaction id.
///
/// ```
/// # #![allow(deprecated)]
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # sandbox.enable_v1();
/// # let session = sandbox.session();
/// use vipps::order_management::{
///     BottomLine, Currency, OrderLine, Receipt, TaxRate, v1,
/// };
///
/// let socks = OrderLine::from_gross("Socks", "1", 100_00, TaxRate::percent(25))?;
/// let receipt = Receipt::new(BottomLine::new(Currency::Nok)).line(socks);
/// v1::add_receipt(&session, &"5001419121".parse()?, &receipt)?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `POST /order-management/v1/receipts/{transactionId}` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[deprecated(note = "no longer available: use order_management::add_receipt")]
pub fn add_receipt(
    session: &Session,
    transaction_id: &OrderId,
    receipt: &Receipt,
) -> Result<(), Error> {
    receipt.validate()?;
    request(session, "POST", "receipts", transaction_id)
        .conflict_means_exists()
        .json(receipt)
        .send()?
        .done()
}

/// Gets the receipt of a payment by its transaction id.
///
/// ```
/// # #![allow(deprecated)]
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # sandbox.enable_v1();
/// # let session = sandbox.session();
/// # use vipps::order_management::{BottomLine, Currency, OrderLine, Receipt, TaxRate};
/// # let socks = OrderLine::from_gross("Socks", "1", 100_00, TaxRate::percent(25))?;
/// # let receipt = Receipt::new(BottomLine::new(Currency::Nok)).line(socks);
/// # v1::add_receipt(&session, &"5001419121".parse()?, &receipt)?;
/// use vipps::order_management::v1;
///
/// let receipt = v1::get_receipt(&session, &"5001419121".parse()?)?;
/// println!("{} lines", receipt.order_lines.len());
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /order-management/v1/receipts/{transactionId}` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[deprecated(note = "no longer available: use order_management::get_order")]
pub fn get_receipt(session: &Session, transaction_id: &OrderId) -> Result<Receipt, Error> {
    request(session, "GET", "receipts", transaction_id)
        .send()?
        .json()
}

fn request<'a>(
    session: &'a Session,
    method: &str,
    resource: &str,
    transaction_id: &OrderId,
) -> RequestBuilder<'a> {
    session
        .request(method, &format!("/order-management/v1/{resource}"))
        .needs_msn()
        .segment("transactionId", transaction_id)
}

/// The category of a payment, as version 1 of the API returns it.
///
/// Source: the sample of `GET /v1/orders/{transactionId}` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderInfo {
    /// The category's type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<CategoryType>,
    /// The category's URL.
    #[doc(alias = "orderDetailsUrl")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_details_url: Option<String>,
    /// The category's image, if the reply has only one.
    #[doc(alias = "imageId")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<ImageId>,
    /// The category's images, if the reply has a list.
    #[doc(alias = "imageIds")]
    #[serde(
        default,
        deserialize_with = "optional_short_list",
        skip_serializing_if = "Option::is_none"
    )]
    pub image_ids: Option<Vec<SortedImage>>,
}

/// An image of a category and its position in the list.
///
/// Source: the sample of `GET /v1/orders/{transactionId}` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SortedImage {
    /// The image's id.
    pub id: ImageId,
    /// The position, starting at 1.
    #[doc(alias = "sortOrder")]
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub sort_order: Option<i64>,
}
