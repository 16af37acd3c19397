use serde::{Deserialize, Serialize};

use super::merchants::BusinessIdentifier;
use super::sales_units::SalesUnitSummary;
use crate::model::identifier::{identifier, is_uuid};
use crate::model::open_enum::open_enum;
use crate::{Error, Session};

/// Lists the product orders that are connected to a partner, without expired ones unless asked for.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::management::{ListProductOrders, list_product_orders};
///
/// for order in list_product_orders(&session, &ListProductOrders::new().include_expired(true))? {
///     println!("{:?} {}", order.product_order_id, order.status);
/// }
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /management/v2/product-orders?includeExpired=` of the [Management API](https://developer.vippsmobilepay.com/api/management/).
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

/// Gets a product order with its status.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # use vipps::management::*;
/// # let merchant = BusinessIdentifier::norway("987654321")?;
/// # let order = PrefillProductOrder::new(merchant, ProductType::PaymentIntegration);
/// # let prefilled = prefill_product_order(&session, &order)?;
/// let order = vipps::management::get_product_order(&session, &prefilled.prefilled_order_id)?;
/// println!("{:?}", order.status);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /management/v2/product-orders/{productOrderId}/details` of the [Management API](https://developer.vippsmobilepay.com/api/management/).
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) for an order that does not exist or was deleted.
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
/// If an earlier attempt of the call may have been carried out (no answer, a 408 or a status from 500), a 404
/// of the API is a success: the order is gone, whichever attempt deleted it.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # use vipps::management::*;
/// # let merchant = BusinessIdentifier::norway("987654321")?;
/// # let order = PrefillProductOrder::new(merchant, ProductType::PaymentIntegration);
/// # let prefilled = prefill_product_order(&session, &order)?;
/// vipps::management::delete_product_order(&session, &prefilled.prefilled_order_id)?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `DELETE /management/v1/product-orders/{productOrderId}` of the [Management API](https://developer.vippsmobilepay.com/api/management/).
///
/// # Errors
///
/// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) for an order that does not exist.
pub fn delete_product_order(session: &Session, id: &ProductOrderId) -> Result<(), Error> {
    session
        .request("DELETE", "/management/v1/product-orders")
        .segment("productOrderId", id)
        .send()?
        .done()
}

/// Which product orders [`list_product_orders`] lists.
///
/// Source: the parameters of `GET /management/v2/product-orders`.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct ListProductOrders {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    include_expired: Option<bool>,
}

impl ListProductOrders {
    /// Those that the service lists by itself: not the expired ones.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether those with status `EXPIRED` are listed too.
    pub fn include_expired(mut self, include: impl Into<Option<bool>>) -> Self {
        self.include_expired = include.into();
        self
    }
}

/// A product order.
///
/// Source: the schema `ProductOrderDetailsV2` of the Management API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProductOrder {
    /// How it came about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_order_type: Option<ProductOrderType>,
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_order_id: Option<ProductOrderId>,
    /// The product. Old orders have types that are not ordered any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_type: Option<ProductType>,
    /// How far it has come.
    pub status: ProductOrderStatus,
    /// The merchant that it is for.
    pub business_identifier: BusinessIdentifier,
    /// Where the merchant reviews and submits it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_order_url: Option<String>,
    /// The sales unit that came of it; `None` until it is completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sales_unit: Option<SalesUnitSummary>,
}

identifier! {
    /// The id of a product order: a UUID.
    pub struct ProductOrderId { field: "productOrderId", check: is_uuid, rule: "a UUID (8-4-4-4-12 hexadecimal digits)" }
}

open_enum! {
    /// How far a product order has come.
    pub enum ProductOrderStatus {
        field: "status",
        /// It was made.
        Received = "RECEIVED",
        /// The merchant has opened the link.
        MerchantViewed = "MERCHANT_VIEWED",
        /// The merchant has submitted it, and it can no longer be deleted.
        OrderSubmitted = "ORDER_SUBMITTED",
        /// The sales unit is there.
        Completed = "COMPLETED",
        /// It was refused.
        Rejected = "REJECTED",
        /// The merchant did not submit it within 14 days.
        Expired = "EXPIRED",
    }
}

impl ProductOrderStatus {
    /// Whether it will not change any more: completed, rejected or expired. A status that this crate does not know is taken for one that
    /// may change.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Rejected | Self::Expired)
    }
}

open_enum! {
    /// How a product order came about.
    pub enum ProductOrderType {
        field: "productOrderType",
        /// By a [prefill](super::prefill_product_order).
        Prefill = "PREFILL",
        /// From a template.
        Template = "TEMPLATE",
        /// By hand.
        Manual = "MANUAL",
    }
}

open_enum! {
    /// A product that can be ordered.
    pub enum ProductType {
        field: "productType",
        /// Payments in the merchant's own solution.
        PaymentIntegration = "PAYMENT_INTEGRATION",
        /// Payments at a till.
        Cashier = "CASHIER",
        /// The vendor's checkout.
        Checkout = "CHECKOUT",
        /// Logging in.
        Login = "LOGIN",
        /// Donations.
        Donations = "DONATIONS",
    }
}

open_enum! {
    /// Where a product is used.
    ///
    /// The fields of an order that belong to a use case may be left out: the merchant then fills
    /// them in. A point of sale is [`Unknown`](Self::Unknown).
    pub enum ProductUseCase {
        field: "productUseCase",
        /// A website: see [`website`](super::PrefillProductOrder::website).
        Website = "Website",
        /// A website that has a test site: see
        /// [`test_website_url`](super::Website::test_website_url).
        WebsiteWithTest = "WebsiteWithTest",
        /// An app: see [`app`](super::PrefillProductOrder::app).
        App = "App",
        /// None of the others, such as a point of sale.
        Unknown = "Unknown",
    }
}
