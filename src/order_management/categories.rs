use serde::{Deserialize, Serialize};

use super::images::ImageId;
use super::order_ref::{OrderId, OrderRef, PaymentType};
use crate::model::identifier::{identifier, is_uuid};
use crate::model::open_enum::open_enum;
use crate::model::url::url_problem;
use crate::request::RequestBuilder;
use crate::{Error, Session};

/// Sets the category of an order: a URL that the app shows with the payment.
///
/// Replaces any earlier category. Returns the API's reply, a UUID.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::order_management::{Category, CategoryType, OrderRef, put_category};
///
/// let order = OrderRef::ecom("order-123".parse()?);
/// let url = "https://example.com/track/123";
/// let tracking = Category::new(CategoryType::Delivery, url);
/// put_category(&session, &order, &tracking)?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `PUT /order-management/v2/{paymentType}/categories/{orderId}` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) if the API rejects the category, for example
/// because its image does not exist.
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

/// Adds a category to an order, which can have several, and returns its id.
///
/// This endpoint takes no idempotency key. If the outcome is unknown, check with
/// [`list_categories`] whether the category was added; [`AddCategory`] has an example.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::order_management::{
///     AddCategory, CategoryType, OrderRef, add_category,
/// };
///
/// let order = OrderRef::ecom("order-123".parse()?);
/// let url = "https://example.com/ticket/7";
/// let ticket = AddCategory::new(order, CategoryType::Ticket, url);
/// let id = add_category(&session, &ticket)?;
/// println!("{id}");
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `POST /order-management/v3/categories` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) if the API rejects the category, for example
/// because its image does not exist.
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
/// use vipps::order_management::list_categories;
///
/// for category in list_categories(&session, &"order-123".parse()?)? {
///     println!("{:?} {:?}", category.category, category.url);
/// }
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /order-management/v3/categories?orderId=` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
pub fn list_categories(session: &Session, order: &OrderId) -> Result<Vec<OrderCategory>, Error> {
    request(session, "GET")
        .query("orderId", order.as_str())
        .send()?
        .list("a list of categories", "categories")
}

/// Gets a category by the id that [`add_category`] returned.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # use vipps::order_management::*;
/// # let order = OrderRef::ecom("order-123".parse()?);
/// # let ticket = AddCategory::new(order, CategoryType::Ticket, "https://example.com/ticket/7");
/// # let id = add_category(&session, &ticket)?;
/// use vipps::order_management::get_category;
///
/// let category = get_category(&session, &id)?;
/// println!("{:?}", category.url);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /order-management/v3/categories/{categoryId}` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the category does not exist.
pub fn get_category(session: &Session, id: &CategoryId) -> Result<OrderCategory, Error> {
    request(session, "GET")
        .segment("categoryId", id)
        .send()?
        .json()
}

/// Deletes a category by the id that [`add_category`] returned.
///
/// After an attempt with an unknown outcome (no reply, a 408 or a 5xx), a 404 from the API to a
/// retry counts as success: the category is gone.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # use vipps::order_management::*;
/// # let order = OrderRef::ecom("order-123".parse()?);
/// # let ticket = AddCategory::new(order, CategoryType::Ticket, "https://example.com/ticket/7");
/// # let id = add_category(&session, &ticket)?;
/// use vipps::order_management::delete_category;
///
/// delete_category(&session, &id)?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `DELETE /order-management/v3/categories/{categoryId}` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the category does not exist.
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
    /// The type of a category: what its URL leads to.
    ///
    /// Source: the schema `CategoryEnum` of the
    /// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
    pub enum CategoryType {
        field: "category",
        /// Anything else.
        General = "GENERAL",
        /// A receipt.
        Receipt = "RECEIPT",
        /// An order confirmation.
        OrderConfirmation = "ORDER_CONFIRMATION",
        /// Delivery tracking.
        Delivery = "DELIVERY",
        /// A ticket.
        Ticket = "TICKET",
        /// A booking.
        Booking = "BOOKING",
    }
}

/// The category to [set](put_category) for an order: a URL, its type, and an image.
///
/// ```
/// use vipps::order_management::{Category, CategoryType, ImageId};
///
/// let url = "https://example.com/track/123";
/// let tracking = Category::new(CategoryType::Delivery, url)
///     .image_id(ImageId::new("socks-orange-123")?);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Read from JSON, such as a message from the shop:
///
/// ```
/// use vipps::order_management::{Category, CategoryType};
///
/// let tracking: Category = serde_json::from_str(
///     r#"{
///         "category": "DELIVERY",
///         "orderDetailsUrl": "https://example.com/track/123"
///     }"#,
/// )?;
/// assert_eq!(tracking.category(), &CategoryType::Delivery);
/// assert_eq!(tracking.order_details_url(), "https://example.com/track/123");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Deserializing rejects unknown fields but does not validate; sending does.
///
/// Source: the schema `Order` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
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
    /// A category of this type with this URL.
    pub fn new(category: CategoryType, order_details_url: impl Into<String>) -> Self {
        Self {
            category,
            order_details_url: order_details_url.into(),
            image_id: None,
        }
    }

    /// The category's type.
    pub fn category(&self) -> &CategoryType {
        &self.category
    }

    /// The category's URL.
    pub fn order_details_url(&self) -> &str {
        &self.order_details_url
    }

    /// An image that was [uploaded](super::add_image) before.
    #[doc(alias = "imageId")]
    pub fn image_id(mut self, id: impl Into<Option<ImageId>>) -> Self {
        self.image_id = id.into();
        self
    }

    /// Checks for what the API would refuse.
    ///
    /// [`put_category`] does this before sending.
    ///
    /// ```
    /// use vipps::order_management::{Category, CategoryType};
    ///
    /// let category = Category::new(CategoryType::Delivery, "track/123");
    /// let error = category.validate().unwrap_err();
    /// assert_eq!(error.field_problems()[0].name, "orderDetailsUrl");
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming every invalid field.
    pub fn validate(&self) -> Result<(), Error> {
        let problem = url_problem("orderDetailsUrl", &self.order_details_url);
        let image = self.image_id.as_ref().and_then(|id| id.problem("imageId"));
        Error::from_problems(problem.into_iter().chain(image).collect())
    }
}

/// A category to [add](add_category) to an order, which can have several.
///
/// ```
/// use vipps::order_management::{AddCategory, CategoryType, ImageId, OrderRef};
///
/// let order = OrderRef::ecom("order-123".parse()?);
/// let url = "https://example.com/ticket/7";
/// let ticket = AddCategory::new(order, CategoryType::Ticket, url)
///     .image_id(ImageId::new("ticket-image-1")?);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Checking whether an attempt with an unknown outcome has added it:
///
/// ```
/// use vipps::order_management::{AddCategory, add_category, list_categories};
/// use vipps::{Delivery, Error, Session};
///
/// fn is_added(session: &Session, wanted: &AddCategory) -> Result<bool, Error> {
///     let all = list_categories(session, wanted.order_id())?;
///     Ok(all.iter().any(|found| {
///         found.payment_type.as_ref() == Some(wanted.payment_type())
///             && found.category.as_ref() == Some(wanted.category())
///             && found.url.as_deref() == Some(wanted.url())
///     }))
/// }
///
/// # use vipps::order_management::{CategoryType, OrderRef};
/// # use vipps::sandbox::{Fault, Sandbox};
/// # let sandbox = Sandbox::start()?;
/// # let session = sandbox.session();
/// # let order = OrderRef::ecom("order-123".parse()?);
/// # let ticket = AddCategory::new(order, CategoryType::Ticket, "https://example.com/ticket/7");
/// # assert!(!is_added(&session, &ticket)?);
/// # sandbox.fault("POST /order-management/v3/categories", 1, Fault::LoseReply);
/// if let Err(error) = add_category(&session, &ticket) {
///     assert_eq!(error.delivery(), Delivery::Unknown);
///     assert!(is_added(&session, &ticket)?);
/// }
/// # assert_eq!(sandbox.unused_faults(), []);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Deserializing rejects unknown fields but does not validate; sending does.
///
/// Source: the schema `AddCategoryRequest` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    expecting = "a category",
    rename_all = "camelCase",
    deny_unknown_fields
)]
#[non_exhaustive]
#[doc(alias = "AddCategoryRequest")]
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
    /// A category of this type with this URL, for this order.
    pub fn new(order: OrderRef, category: CategoryType, url: impl Into<String>) -> Self {
        Self {
            order_id: order.order_id,
            payment_type: order.payment_type,
            category,
            url: url.into(),
            image_id: None,
        }
    }

    /// The order that the category is added to.
    pub fn order_id(&self) -> &OrderId {
        &self.order_id
    }

    /// The order's payment type.
    pub fn payment_type(&self) -> &PaymentType {
        &self.payment_type
    }

    /// The category's type.
    pub fn category(&self) -> &CategoryType {
        &self.category
    }

    /// The category's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// An image that was [uploaded](super::add_image) before.
    #[doc(alias = "imageId")]
    pub fn image_id(mut self, id: impl Into<Option<ImageId>>) -> Self {
        self.image_id = id.into();
        self
    }

    /// Checks for what the API would refuse.
    ///
    /// [`add_category`] does this before sending.
    ///
    /// ```
    /// use vipps::order_management::{AddCategory, CategoryType, OrderRef};
    ///
    /// let order = OrderRef::ecom("order-123".parse()?);
    /// let ticket = AddCategory::new(order, CategoryType::Ticket, "ticket 7");
    /// let error = ticket.validate().unwrap_err();
    /// assert_eq!(error.field_problems()[0].name, "url");
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming every invalid field.
    pub fn validate(&self) -> Result<(), Error> {
        let mut problems = Vec::from_iter(self.order_id.problem("orderId"));
        problems.extend(self.payment_type.problem());
        problems.extend(url_problem("url", &self.url));
        problems.extend(self.image_id.as_ref().and_then(|id| id.problem("imageId")));
        Error::from_problems(problems)
    }
}

/// A category of an order, as [`get_category`] and [`list_categories`] return it.
///
/// Source: the schema `Category` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderCategory {
    /// The category's id.
    #[doc(alias = "categoryId")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_id: Option<CategoryId>,
    /// The order that the category belongs to.
    #[doc(alias = "orderId")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The order's payment type.
    #[doc(alias = "paymentType")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_type: Option<PaymentType>,
    /// The category's type. `type` on the wire.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub category: Option<CategoryType>,
    /// The category's URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The category's image.
    #[doc(alias = "imageId")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<ImageId>,
}

identifier! {
    /// The id of a category, a UUID.
    ///
    /// ```
    /// use vipps::order_management::CategoryId;
    ///
    /// let id: CategoryId = "7a1b2c3d-0000-4000-8000-0123456789ab".parse()?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// Source: the schema `CategoryId` of the
    /// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
    pub struct CategoryId {
        field: "categoryId",
        check: is_uuid,
        rule: "a UUID (8-4-4-4-12 hexadecimal digits)"
    }
}
