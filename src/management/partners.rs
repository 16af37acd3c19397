use serde::{Deserialize, Serialize};

use super::product_orders::ProductType;
use crate::model::identifier::{identifier, is_uuid};
use crate::model::lenient::null_as_default;
use crate::model::open_enum::open_enum;
use crate::{Error, Session};

/// Lists the price packages that a partner can offer to merchants.
///
/// Requires a partner's keys.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// for package in vipps::management::list_price_packages(&session)? {
///     println!("{} {}", package.price_package_id, package.name);
/// }
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `GET /management/v1/partners/price-packages` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
pub fn list_price_packages(session: &Session) -> Result<Vec<PricePackage>, Error> {
    session
        .request("GET", "/management/v1/partners/price-packages")
        .send()?
        .list("a list of price packages", None)
}

/// A price package that a partner can offer to merchants.
///
/// Its id goes into [`PrefillProductOrder::price_package_id`].
///
/// [`PrefillProductOrder::price_package_id`]: super::PrefillProductOrder::price_package_id
///
/// Source: the schema `PricePackage` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PricePackage {
    /// The price package's id.
    #[doc(alias = "pricePackageId")]
    pub price_package_id: PricePackageId,
    /// The name, at most 30 characters. Empty if there is none.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// The price as short text, such as `2.99%`. Empty if there is none.
    #[serde(default, deserialize_with = "null_as_default")]
    pub description: String,
    /// Whether merchants see the price package in the sign-up form.
    #[doc(alias = "visibleInSignupForm")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_in_signup_form: Option<bool>,
    /// The product that the price package applies to.
    #[doc(alias = "productType")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_type: Option<ProductType>,
    /// The country that the price package applies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<Market>,
    /// The partner's commission as text, such as `30 %`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commission: Option<String>,
}

identifier! {
    /// The id of a price package, a UUID.
    ///
    /// Source: the field `pricePackageId` of the schema `PricePackage` of the
    /// [Management API](https://developer.vippsmobilepay.com/api/management/).
    pub struct PricePackageId {
        field: "pricePackageId",
        check: is_uuid,
        rule: "a UUID (8-4-4-4-12 hexadecimal digits)"
    }
}

open_enum! {
    /// The country that a price package applies to.
    ///
    /// Source: the field `market` of the schema `PricePackage` of the
    /// [Management API](https://developer.vippsmobilepay.com/api/management/).
    pub enum Market {
        field: "market",
        /// Denmark.
        Denmark = "DK",
        /// Norway.
        Norway = "NO",
        /// Finland.
        Finland = "FI",
    }
}
