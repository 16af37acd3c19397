use serde::{Deserialize, Serialize};

use super::merchants::BusinessIdentifier;
use super::sales_units::SalesUnitSummary;
use crate::model::identifier::{identifier, is_uuid};
use crate::model::open_enum::open_enum;
use crate::{Error, Session};

/// Lists a partner's product orders, by default without expired ones.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::management::{ListProductOrders, list_product_orders};
///
/// let all = ListProductOrders::new().include_expired(true);
/// for order in list_product_orders(&session, &all)? {
///     println!("{:?} {}", order.product_order_id, order.status);
/// }
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /management/v2/product-orders?includeExpired=` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
pub fn list_product_orders(
    session: &Session,
    request: &ListProductOrders,
) -> Result<Vec<ProductOrder>, Error> {
    let include_expired = request.include_expired.map(|include| match include {
        true => "true",
        false => "false",
    });
    session
        .request("GET", "/management/v2/product-orders")
        .query("includeExpired", include_expired)
        .send()?
        .list("a list of product orders", None)
}

/// Gets the status and other details of a product order.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # use vipps::management::*;
/// # let merchant = BusinessIdentifier::norway("987654321")?;
/// # let order = PrefillProductOrder::new(merchant, ProductType::PaymentIntegration);
/// # let prefilled = prefill_product_order(&session, &order)?;
/// use vipps::management::get_product_order;
///
/// let order = get_product_order(&session, &prefilled.prefilled_order_id)?;
/// println!("{}", order.status);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /management/v2/product-orders/{productOrderId}/details` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the order does not exist or was deleted.
pub fn get_product_order(session: &Session, id: &ProductOrderId) -> Result<ProductOrder, Error> {
    session
        .request("GET", "/management/v2/product-orders")
        .segment("productOrderId", id)
        .path("/details")
        .send()?
        .json()
}

/// Deletes a product order that the merchant has not submitted yet.
///
/// After an attempt with an unknown outcome (no reply, a 408 or a 5xx), a 404 from the API to a
/// retry counts as success: the order is gone.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # use vipps::management::*;
/// # let merchant = BusinessIdentifier::norway("987654321")?;
/// # let order = PrefillProductOrder::new(merchant, ProductType::PaymentIntegration);
/// # let prefilled = prefill_product_order(&session, &order)?;
/// use vipps::management::delete_product_order;
///
/// delete_product_order(&session, &prefilled.prefilled_order_id)?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `DELETE /management/v1/product-orders/{productOrderId}` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the order does not exist.
pub fn delete_product_order(session: &Session, id: &ProductOrderId) -> Result<(), Error> {
    session
        .request("DELETE", "/management/v1/product-orders")
        .segment("productOrderId", id)
        .send()?
        .done()
}

/// The filter of [`list_product_orders`].
///
/// ```
/// use vipps::management::ListProductOrders;
///
/// let with_expired = ListProductOrders::new().include_expired(true);
/// # assert_ne!(with_expired, ListProductOrders::new());
/// ```
///
/// Source: the parameters of `GET /management/v2/product-orders` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct ListProductOrders {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    include_expired: Option<bool>,
}

impl ListProductOrders {
    /// All product orders that have not expired.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether to include orders with the status [`Expired`](ProductOrderStatus::Expired).
    #[doc(alias = "includeExpired")]
    pub fn include_expired(mut self, include: impl Into<Option<bool>>) -> Self {
        self.include_expired = include.into();
        self
    }
}

/// A product order with its status, as the API returns it.
///
/// Source: the schema `ProductOrderDetailsV2` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[doc(alias = "ProductOrderDetailsV2")]
pub struct ProductOrder {
    /// How the order was created.
    #[doc(alias = "productOrderType")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_order_type: Option<ProductOrderType>,
    /// The order's id.
    #[doc(alias = "productOrderId")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_order_id: Option<ProductOrderId>,
    /// The product. Old orders can have types that are no longer offered.
    #[doc(alias = "productType")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_type: Option<ProductType>,
    /// The order's status.
    pub status: ProductOrderStatus,
    /// The merchant that the product is ordered for.
    #[doc(alias = "businessIdentifier")]
    pub business_identifier: BusinessIdentifier,
    /// Where the merchant reviews and submits the order.
    #[doc(alias = "productOrderUrl")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_order_url: Option<String>,
    /// The sales unit that the order created; `None` until the order is completed.
    #[doc(alias = "salesUnit")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sales_unit: Option<SalesUnitSummary>,
}

identifier! {
    /// The id of a product order, a UUID.
    ///
    /// ```
    /// use vipps::management::ProductOrderId;
    ///
    /// let id: ProductOrderId = "7a1b2c3d-0000-4000-8000-0123456789ab".parse()?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// Source: the path parameter `productOrderId` of the
    /// [Management API](https://developer.vippsmobilepay.com/api/management/).
    pub struct ProductOrderId {
        field: "productOrderId",
        check: is_uuid,
        rule: "a UUID (8-4-4-4-12 hexadecimal digits)"
    }
}

open_enum! {
    /// The status of a product order.
    ///
    /// ```
    /// use vipps::management::ProductOrderStatus;
    ///
    /// // A status that the API added after this version of the crate.
    /// let status: ProductOrderStatus = serde_json::from_str("\"ON_HOLD\"")?;
    /// if !status.is_known() {
    ///     log::warn!("unknown status {status}: is there a newer vipps crate?");
    /// }
    /// assert_eq!(status.as_str(), "ON_HOLD");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// Source: the field `status` of the schema `ProductOrderDetailsV2` of the
    /// [Management API](https://developer.vippsmobilepay.com/api/management/).
    pub enum ProductOrderStatus {
        field: "status",
        /// The order was created.
        Received = "RECEIVED",
        /// The merchant has opened the form.
        MerchantViewed = "MERCHANT_VIEWED",
        /// The merchant has submitted the order. It can no longer be deleted.
        OrderSubmitted = "ORDER_SUBMITTED",
        /// The sales unit was created.
        Completed = "COMPLETED",
        /// The order was rejected.
        Rejected = "REJECTED",
        /// The merchant did not submit the order within 14 days.
        Expired = "EXPIRED",
    }
}

impl ProductOrderStatus {
    /// Whether the status is final: completed, rejected or expired.
    ///
    /// A status that this crate does not know counts as not final.
    ///
    /// ```
    /// use vipps::management::ProductOrderStatus;
    ///
    /// assert!(ProductOrderStatus::Completed.is_terminal());
    /// assert!(!ProductOrderStatus::OrderSubmitted.is_terminal());
    /// ```
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Rejected | Self::Expired)
    }
}

open_enum! {
    /// How a product order was created.
    ///
    /// Source: the field `productOrderType` of the schema `ProductOrderDetailsV2` of the
    /// [Management API](https://developer.vippsmobilepay.com/api/management/).
    pub enum ProductOrderType {
        field: "productOrderType",
        /// By [`prefill_product_order`](super::prefill_product_order).
        Prefill = "PREFILL",
        /// From a template.
        Template = "TEMPLATE",
        /// Manually.
        Manual = "MANUAL",
    }
}

open_enum! {
    /// A product that can be ordered.
    ///
    /// Source: the schema `ProductType` of the
    /// [Management API](https://developer.vippsmobilepay.com/api/management/).
    pub enum ProductType {
        field: "productType",
        /// Payments integrated into the merchant's own solution.
        PaymentIntegration = "PAYMENT_INTEGRATION",
        /// Payments at a cash register.
        Cashier = "CASHIER",
        /// Vipps MobilePay Checkout.
        Checkout = "CHECKOUT",
        /// Login for users.
        Login = "LOGIN",
        /// Donations.
        Donations = "DONATIONS",
    }
}

open_enum! {
    /// Where an ordered product is used.
    ///
    /// An order may leave out the fields of its use case: the merchant then fills them in.
    ///
    /// Source: the schema `ProductUseCase` of the
    /// [Management API](https://developer.vippsmobilepay.com/api/management/).
    pub enum ProductUseCase {
        field: "productUseCase",
        /// A website: see [`website`](super::PrefillProductOrder::website).
        Website = "Website",
        /// A website with a test version: see
        /// [`test_website_url`](super::Website::test_website_url).
        WebsiteWithTest = "WebsiteWithTest",
        /// An app: see [`app`](super::PrefillProductOrder::app).
        App = "App",
        /// Anything else, such as a point of sale.
        Unknown = "Unknown",
    }
}
