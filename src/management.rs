//! The Management API: sales units, merchants, product orders and price packages.
//!
//! | function | request |
//! |---|---|
//! | [`list_sales_units`] | `GET /management/v1/sales-units` |
//! | [`get_sales_unit`] | `GET /management/v1/sales-units/{msn}` |
//! | [`list_merchant_sales_units`] | `GET /management/v1/merchants/{scheme}/{id}/sales-units` |
//! | [`get_merchant`] | `GET /management/v1/merchants/{scheme}/{id}` |
//! | [`list_product_orders`] | `GET /management/v2/product-orders` |
//! | [`prefill_product_order`] | `POST /management/v1/product-orders` |
//! | [`get_product_order`] | `GET /management/v2/product-orders/{id}/details` |
//! | [`delete_product_order`] | `DELETE /management/v1/product-orders/{id}` |
//! | [`list_price_packages`] | `GET /management/v1/partners/price-packages` |
//!
//! The API exists in production only. In tests, use the `sandbox` module instead.
//!
//! A 404 can also mean "not active": the API gives the same reply for a merchant or sales unit that
//! does not exist, is inactive or, with a partner's keys, is not connected to the partner.
//!
//! Response types have public fields and ignore fields that they do not know. An absent value is
//! `None`, which is not the same as `false`.
//!
//! Request types are built with `new` and setters, and validated before they are sent. A setter
//! takes a value or an `Option` of it, and `None` leaves the field out:
//!
//! ```
//! use vipps::management::{BusinessIdentifier, PrefillProductOrder, ProductType};
//!
//! struct Row {
//!     number: String,
//!     shop: Option<String>,
//!     turnover: Option<i64>,
//! }
//!
//! fn order(row: Row) -> Result<PrefillProductOrder, vipps::Error> {
//!     let merchant = BusinessIdentifier::norway(row.number)?;
//!     Ok(PrefillProductOrder::new(merchant, ProductType::Checkout)
//!         .sales_unit_name(row.shop)
//!         .annual_turnover(row.turnover))
//! }
//! ```
//!
//! Source: the API's [guide](https://developer.vippsmobilepay.com/docs/APIs/management-api/) and
//! [specification](https://developer.vippsmobilepay.com/api/management/), version 2.0.9.

mod merchants;
mod partners;
mod prefill;
mod product_orders;
mod sales_units;

pub use merchants::{Address, BusinessIdentifier, Merchant, MerchantStatus, get_merchant};
pub use partners::{Market, PricePackage, PricePackageId, list_price_packages};
pub use prefill::{
    App, PrefillProductOrder, PrefillResponse, SalesUnitLogo, Website, prefill_product_order,
};
pub use product_orders::{
    ListProductOrders, ProductOrder, ProductOrderId, ProductOrderStatus, ProductOrderType,
    ProductType, ProductUseCase, delete_product_order, get_product_order, list_product_orders,
};
pub use sales_units::{
    BankAccount, CaptureType, SalesUnit, SalesUnitConfiguration, SalesUnitSummary, get_sales_unit,
    list_merchant_sales_units, list_sales_units,
};
