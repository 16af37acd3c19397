//! The Order Management API: images, categories, receipts and orders.
//!
//! | function | request, under `/order-management` |
//! |---|---|
//! | [`add_image`] | `POST /v1/images` |
//! | [`ensure_image`] | `POST /v1/images`, unless the image already exists |
//! | [`put_category`] | `PUT /v2/{paymentType}/categories/{orderId}` |
//! | [`add_receipt`] | `POST /v2/{paymentType}/receipts/{orderId}` |
//! | [`ensure_receipt`] | the same, then `GET /v2/{paymentType}/{orderId}` if needed |
//! | [`get_order`] | `GET /v2/{paymentType}/{orderId}` |
//! | [`add_category`] | `POST /v3/categories` |
//! | [`list_categories`] | `GET /v3/categories?orderId=` |
//! | [`get_category`] | `GET /v3/categories/{categoryId}` |
//! | [`delete_category`] | `DELETE /v3/categories/{categoryId}` |
//!
//! [`v1`] has four deprecated endpoints that are no longer available.
//!
//! Every call needs a merchant serial number (MSN), set by
//! [`SessionBuilder::merchant_serial_number`](crate::SessionBuilder::merchant_serial_number) or
//! [`Session::for_sales_unit`](crate::Session::for_sales_unit). The API does not check that the
//! order exists: data can be added before or after the payment.
//!
//! Amounts are `i64` in minor units (øre, cents), and tax rates are basis points ([`TaxRate`]).
//! All computation uses integers.
//!
//! Source: the API's
//! [guide](https://developer.vippsmobilepay.com/docs/APIs/order-management-api/) and
//! [specification](https://developer.vippsmobilepay.com/api/order-management/), versions 2.0 and
//! 2.1.

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
