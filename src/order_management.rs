//! The Order Management API: images, categories, receipts and orders.
//!
//! | function | request, under `/order-management` |
//! |---|---|
//! | [`add_image`] | `POST /v1/images` |
//! | [`put_category`] | `PUT /v2/{paymentType}/categories/{orderId}` |
//! | [`add_receipt`] | `POST /v2/{paymentType}/receipts/{orderId}` |
//! | [`ensure_receipt`] | the same, and `GET /v2/{paymentType}/{orderId}` where that leaves a doubt |
//! | [`get_order`] | `GET /v2/{paymentType}/{orderId}` |
//! | [`add_category`] | `POST /v3/categories` |
//! | [`list_categories`] | `GET /v3/categories?orderId=` |
//! | [`get_category`] | `GET /v3/categories/{categoryId}` |
//! | [`delete_category`] | `DELETE /v3/categories/{categoryId}` |
//!
//! [`v1`] has the four endpoints that the vendor no longer offers.
//!
//! Every call needs a merchant serial number: [`SessionBuilder::merchant_serial_number`](crate::SessionBuilder::merchant_serial_number) or
//! [`Session::for_sales_unit`]. The service does not check that the order exists: its data may be added before or after the payment.
//!
//! Money is in minor units (øre, cents) as `i64`, and tax rates are in basis points ([`TaxRate`]). Nothing is computed in floating point.
//!
//! Source: the vendor's "Order Management API" guide and its specification, versions 2.0 and 2.1.

mod categories;
mod images;
mod orders;
mod receipts;
pub mod v1;

pub use categories::{
    AddCategory, Category, CategoryId, CategoryType, OrderCategory, add_category, delete_category,
    get_category, list_categories, put_category,
};
pub use images::{AddImage, ImageId, add_image};
pub use orders::{Order, OrderDetails, get_order};
pub use receipts::{
    Barcode, BarcodeFormat, BottomLine, Currency, OrderLine, PaymentSources, Quantity,
    QuantityUnit, Receipt, ReceiptOutcome, ShippingInfo, TaxRate, TaxTotal, Totals, UnitInfo,
    add_receipt, allocate, ensure_receipt,
};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::FieldProblem;
use crate::http::Path;
use crate::ids::identifier;
use crate::open_enum::open_enum;
use crate::{Error, Session};

open_enum! {
    /// The kind of payment that an order is paid with.
    pub enum PaymentType {
        /// A single payment by the eCom or the ePayment API. `ecom` in paths.
        Ecom = "ECOM" | "ecom",
        /// A charge of a recurring agreement. `recurring` in paths.
        Recurring = "RECURRING" | "recurring",
    }
}

identifier! {
    /// The id of an order, which is the reference of its payment: letters, digits and `-`, `_`, `.`, `^[0-9A-Za-z-_\.]+$`.
    ///
    /// The pattern allows `.` and `..`, which would make another path: a call with one of them is refused.
    pub struct OrderId { field: "orderId", check: is_order_id, rule: "letters, digits, -, _ and ." }
}

/// An order: the kind of its payment and its id.
///
/// ```
/// use vipps::order_management::OrderRef;
///
/// let order = OrderRef::ecom("acme-shop-123-order123abc".parse()?);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Reading one from JSON checks the id and the payment type, and refuses unknown fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderRef {
    /// The kind of payment.
    pub payment_type: PaymentType,
    /// The order's id.
    pub order_id: OrderId,
}

impl OrderRef {
    /// An order that is paid with a single payment, by the eCom or the ePayment API.
    #[must_use]
    pub fn ecom(order_id: OrderId) -> Self {
        let payment_type = PaymentType::Ecom;
        Self {
            payment_type,
            order_id,
        }
    }

    /// An order that is paid with a charge of a recurring agreement.
    #[must_use]
    pub fn recurring(order_id: OrderId) -> Self {
        let payment_type = PaymentType::Recurring;
        Self {
            payment_type,
            order_id,
        }
    }

    fn path(&self, session: &Session, resource: &'static str) -> Result<Path, Error> {
        session.require_msn()?;
        Path::new("/order-management/v2")
            .fixed(self.payment_type.in_path()?)
            .fixed(resource)
            .segment("orderId", self.order_id.as_str())
    }
}

impl<'de> Deserialize<'de> for OrderRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(expecting = "an order", rename_all = "camelCase", deny_unknown_fields)]
        struct Members {
            payment_type: PaymentType,
            order_id: OrderId,
        }

        let Members {
            payment_type,
            order_id,
        } = Members::deserialize(deserializer)?;
        payment_type.in_path().map_err(D::Error::custom)?;
        let order_id = OrderId::new(order_id.as_str()).map_err(D::Error::custom)?;
        Ok(Self {
            payment_type,
            order_id,
        })
    }
}

impl PaymentType {
    fn in_path(&self) -> Result<&'static str, Error> {
        match self {
            Self::Ecom => Ok("/ecom"),
            Self::Recurring => Ok("/recurring"),
            Self::Other(other) => {
                let rule = "must be ECOM or RECURRING";
                Err(Error::invalid("paymentType", rule, other))
            }
        }
    }
}

fn is_order_id(value: &str) -> bool {
    crate::ids::is_made_of(value, 1, usize::MAX, is_id_byte)
}

fn is_id_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')
}

/// What is wrong with an address, if anything: it needs a scheme, and a host where it is of the web.
fn url_problem(field: impl Into<String>, url: &str) -> Option<FieldProblem> {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    };
    let has_no_gaps = !url.chars().any(|c| c.is_whitespace() || c.is_control());
    let is_url = url.split_once(':').is_some_and(|(scheme, rest)| {
        let is_web = ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str());
        let host = rest.strip_prefix("//").unwrap_or_default();
        let host = host.split(['/', '?', '#']).next().unwrap_or_default();
        is_scheme(scheme)
            && if is_web {
                !host.is_empty()
            } else {
                !rest.is_empty()
            }
    });
    if has_no_gaps && is_url {
        return None;
    }
    let rule = "must be an address such as https://example.com/order/1";
    Some(FieldProblem::invalid(field, rule, url))
}
