//! The Order Management API: images, categories, receipts and orders.
//!
//! | function | request, under `/order-management` |
//! |---|---|
//! | [`add_image`] | `POST /v1/images` |
//! | [`ensure_image`] | the same, and an image that exists is fine |
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
//! [`Session::for_sales_unit`](crate::Session::for_sales_unit). The service does not check that the order exists: its data may be added before or after the payment.
//!
//! Money is in minor units (øre, cents) as `i64`, and tax rates are in basis points ([`TaxRate`]). Nothing is computed in floating point.
//!
//! Source: the vendor's "Order Management API" guide and its specification, versions 2.0 and 2.1.

mod bottom_line;
mod categories;
mod compare;
mod discount;
mod ensure_receipt;
mod images;
mod order_line;
mod order_ref;
mod orders;
mod receipts;
mod tax;
mod totals;
pub mod v1;
mod validate;
mod warnings;

pub use bottom_line::{Barcode, BarcodeFormat, BottomLine, Currency, PaymentSources, ShippingInfo};
pub use categories::{
    AddCategory, Category, CategoryId, CategoryType, OrderCategory, add_category, delete_category,
    get_category, list_categories, put_category,
};
pub use ensure_receipt::{ReceiptOutcome, ensure_receipt};
pub use images::{AddImage, ImageId, add_image, ensure_image};
pub use order_line::{OrderLine, Quantity, QuantityUnit, UnitInfo};
pub use order_ref::{OrderId, OrderRef, PaymentType};
pub use orders::{Order, OrderDetails, get_order};
pub use receipts::{Receipt, add_receipt};
pub use tax::TaxRate;
pub use totals::{TaxTotal, Totals};

pub use crate::model::money::{allocate, format_minor_units, minor_units};
