use serde::{Deserialize, Serialize};

use super::images::ImageId;
use super::order_ref::{OrderId, OrderRef, PaymentType};
use crate::model::identifier::{identifier, is_uuid};
use crate::model::open_enum::open_enum;
use crate::model::url::url_problem;
use crate::request::RequestBuilder;
use crate::{Error, Session};

/// Puts a category on an order, replacing the one it has: a link that the app shows with the payment.
///
/// Gives the API's answer, which is a UUID.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::order_management::{Category, CategoryType, OrderRef, put_category};
///
/// let tracking = Category::new(CategoryType::Delivery, "https://example.com/track/123");
/// put_category(&session, &OrderRef::ecom("order-123".parse()?), &tracking)?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `PUT /order-management/v2/{paymentType}/categories/{orderId}` of the [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected), also for an image id that the API does not have.
pub fn put_category(
    session: &Session,
    order: &OrderRef,
    category: &Category,
) -> Result<String, Error> {
    category.validate()?;
    order
        .request(session, "PUT", "/categories")?
        .json(category)
        .send()?
        .string()
}

/// Adds a category to an order, which can have several.
///
/// The API takes no idempotency key here: where the outcome is unknown, [`list_categories`] tells whether the
/// category was added.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::order_management::{AddCategory, CategoryType, OrderRef, add_category};
///
/// let order = OrderRef::ecom("order-123".parse()?);
/// let ticket = AddCategory::new(order, CategoryType::Ticket, "https://example.com/ticket/7");
/// let id = add_category(&session, &ticket)?;
/// println!("{id}");
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `POST /order-management/v3/categories` of the [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected), also for an image id that the API does not have.
pub fn add_category(session: &Session, category: &AddCategory) -> Result<CategoryId, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Added {
        category_id: CategoryId,
    }

    category.validate()?;
    request(session, "POST")
        .json(category)
        .send()?
        .json()
        .map(|added: Added| added.category_id)
}

/// Lists the categories of an order.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// for category in vipps::order_management::list_categories(&session, &"order-123".parse()?)? {
///     println!("{:?}", category.url);
/// }
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /order-management/v3/categories?orderId=` of the [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
pub fn list_categories(session: &Session, order: &OrderId) -> Result<Vec<OrderCategory>, Error> {
    request(session, "GET")
        .query("orderId", order.as_str())
        .send()?
        .list("a list of categories", "categories")
}

/// Gets a category by the id that it got when it was added.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # use vipps::order_management::*;
/// # let order = OrderRef::ecom("order-123".parse()?);
/// # let ticket = AddCategory::new(order, CategoryType::Ticket, "https://example.com/ticket/7");
/// # let id = add_category(&session, &ticket)?;
/// let category = vipps::order_management::get_category(&session, &id)?;
/// println!("{:?}", category.url);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /order-management/v3/categories/{categoryId}` of the [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) for a category that does not exist.
pub fn get_category(session: &Session, id: &CategoryId) -> Result<OrderCategory, Error> {
    request(session, "GET")
        .segment("categoryId", id)
        .send()?
        .json()
}

/// Deletes a category.
///
/// If an earlier attempt of the call may have been carried out (no answer, a 408 or a status from 500), a 404
/// of the API is a success: the category is gone, whichever attempt deleted it.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # use vipps::order_management::*;
/// # let order = OrderRef::ecom("order-123".parse()?);
/// # let ticket = AddCategory::new(order, CategoryType::Ticket, "https://example.com/ticket/7");
/// # let id = add_category(&session, &ticket)?;
/// vipps::order_management::delete_category(&session, &id)?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `DELETE /order-management/v3/categories/{categoryId}` of the [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) for a category that does not exist.
pub fn delete_category(session: &Session, id: &CategoryId) -> Result<(), Error> {
    request(session, "DELETE")
        .segment("categoryId", id)
        .send()?
        .done()
}

fn request<'a>(session: &'a Session, method: &str) -> RequestBuilder<'a> {
    session
        .request(method, "/order-management/v3/categories")
        .needs_msn()
}

open_enum! {
    /// What a link leads to.
    pub enum CategoryType {
        field: "category",
        /// Anything.
        General = "GENERAL",
        /// A receipt.
        Receipt = "RECEIPT",
        /// The confirmation of an order.
        OrderConfirmation = "ORDER_CONFIRMATION",
        /// The tracking of a delivery.
        Delivery = "DELIVERY",
        /// A ticket.
        Ticket = "TICKET",
        /// A booking.
        Booking = "BOOKING",
    }
}

/// The link of an order.
///
/// ```
/// use vipps::order_management::{Category, CategoryType, ImageId};
///
/// let category = Category::new(CategoryType::Delivery, "https://example.com/track/123")
///     .image_id(ImageId::new("socks-orange-123")?);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Reading one from JSON refuses unknown fields and does not validate it; sending it validates it.
///
/// Source: the schema `Order` of the Order Management API.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    expecting = "a category",
    rename_all = "camelCase",
    deny_unknown_fields
)]
#[non_exhaustive]
pub struct Category {
    category: CategoryType,
    order_details_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image_id: Option<ImageId>,
}

impl Category {
    /// What the link leads to, and its address.
    pub fn new(category: CategoryType, order_details_url: impl Into<String>) -> Self {
        Self {
            category,
            order_details_url: order_details_url.into(),
            image_id: None,
        }
    }

    /// What the link leads to.
    pub fn category(&self) -> &CategoryType {
        &self.category
    }

    /// The address that it leads to.
    pub fn order_details_url(&self) -> &str {
        &self.order_details_url
    }

    /// A picture that was [added](super::add_image) before.
    pub fn image_id(mut self, id: impl Into<Option<ImageId>>) -> Self {
        self.image_id = id.into();
        self
    }

    /// Checks what the service would refuse. [`put_category`] does so first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming the fields.
    pub fn validate(&self) -> Result<(), Error> {
        let problem = url_problem("orderDetailsUrl", &self.order_details_url);
        let image = self.image_id.as_ref().and_then(|id| id.problem("imageId"));
        Error::from_problems(problem.into_iter().chain(image).collect())
    }
}

/// A link to [add](add_category) to an order.
///
/// Reading one from JSON refuses unknown fields and does not validate it; sending it validates it.
///
/// Source: the schema `AddCategoryRequest` of the Order Management API.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    expecting = "a category",
    rename_all = "camelCase",
    deny_unknown_fields
)]
#[non_exhaustive]
pub struct AddCategory {
    order_id: OrderId,
    payment_type: PaymentType,
    #[serde(rename = "type")]
    category: CategoryType,
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image_id: Option<ImageId>,
}

impl AddCategory {
    /// The order, what the link leads to, and its address.
    pub fn new(order: OrderRef, category: CategoryType, url: impl Into<String>) -> Self {
        Self {
            order_id: order.order_id,
            payment_type: order.payment_type,
            category,
            url: url.into(),
            image_id: None,
        }
    }

    /// The order that the link is added to.
    pub fn order_id(&self) -> &OrderId {
        &self.order_id
    }

    /// The kind of the order's payment.
    pub fn payment_type(&self) -> &PaymentType {
        &self.payment_type
    }

    /// What the link leads to.
    pub fn category(&self) -> &CategoryType {
        &self.category
    }

    /// The address that it leads to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A picture that was [added](super::add_image) before.
    pub fn image_id(mut self, id: impl Into<Option<ImageId>>) -> Self {
        self.image_id = id.into();
        self
    }

    /// Checks what the service would refuse. [`add_category`] does so first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming the fields.
    pub fn validate(&self) -> Result<(), Error> {
        let mut problems = Vec::from_iter(self.order_id.problem("orderId"));
        problems.extend(self.payment_type.problem());
        problems.extend(url_problem("url", &self.url));
        problems.extend(self.image_id.as_ref().and_then(|id| id.problem("imageId")));
        Error::from_problems(problems)
    }
}

/// A link of an order, as the service has it.
///
/// Source: the schema `Category` of the Order Management API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderCategory {
    /// The link's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_id: Option<CategoryId>,
    /// The order that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The kind of payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_type: Option<PaymentType>,
    /// What it leads to. `type` on the wire.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub category: Option<CategoryType>,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<ImageId>,
}

identifier! {
    /// The id of a link: a UUID.
    pub struct CategoryId { field: "categoryId", check: is_uuid, rule: "a UUID (8-4-4-4-12 hexadecimal digits)" }
}
