use serde::{Deserialize, Deserializer, Serialize};

use super::product_orders::{ProductOrderId, ProductType, ProductUseCase};
use crate::management::{BankAccount, BusinessIdentifier, PricePackageId};
use crate::model::identifier::IdempotencyKey;
use crate::model::lenient::optional_text_or_number;
use crate::model::optional_text::OptionalText;
use crate::{Error, Session};

mod checks;
mod logo;
mod use_case;

pub use logo::SalesUnitLogo;
pub use use_case::{App, Website};

/// Orders a product for a merchant by filling in the form that the merchant then reviews and submits.
///
/// The order is [validated](PrefillProductOrder::validate) first. The same value may be sent again after any
/// failure: its idempotency key makes sure that there is one order. The API keeps a refusal (4xx) with the
/// key, so that a corrected order, or a new try after a refusal, needs
/// [a new key](PrefillProductOrder::idempotency_key). A success does not promise that the form is filled in:
/// it may come up empty if something cannot be checked at once.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::management::{
///     BusinessIdentifier, PrefillProductOrder, ProductType, prefill_product_order,
/// };
///
/// let merchant = BusinessIdentifier::norway("987654321")?;
/// let order = PrefillProductOrder::new(merchant, ProductType::PaymentIntegration)
///     .sales_unit_name("ACME Shop");
/// let prefilled = prefill_product_order(&session, &order)?;
/// println!("for the merchant to review and submit: {}", prefilled.prefill_url);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `POST /management/v1/product-orders` of the [Management API](https://developer.vippsmobilepay.com/api/management/).
///
/// # Errors
///
/// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) if its idempotency key was used for another order.
pub fn prefill_product_order(
    session: &Session,
    order: &PrefillProductOrder,
) -> Result<PrefillResponse, Error> {
    order.validate()?;
    session
        .request("POST", "/management/v1/product-orders")
        .idempotency_key(order.key())
        .json(&order.body())
        .send()?
        .json()
}

/// A product order to [prefill](prefill_product_order) for a merchant.
///
/// It has one idempotency key from the moment it is made: however often it is sent, there is one order. As JSON the key is the member
/// `idempotencyKey` beside the service's fields, so that an order that was saved is still the same order when it is read back; the key is
/// not part of what is sent as the body.
///
/// Reading one from JSON refuses unknown fields and does not validate it; sending it validates it.
///
/// ```
/// use vipps::management::{
///     BusinessIdentifier, PrefillProductOrder, ProductType, ProductUseCase, Website,
/// };
///
/// let order = PrefillProductOrder::new(
///         BusinessIdentifier::norway("987654321")?,
///         ProductType::PaymentIntegration,
///     )
///     .sales_unit_name("ACME Fantastic Fitness")
///     .product_use_case(ProductUseCase::Website)
///     .website(Website::new("https://example.com", "https://example.com/terms"))
///     .annual_turnover(100_000)
///     .annual_turnover_percentage(10)
///     .merchant_category_code("5942");
/// order.validate()?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Setters of what is optional take an `Option` as well, so that a row of a file needs no `if let`:
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::management::{BusinessIdentifier, PrefillProductOrder, ProductType, prefill_product_order};
///
/// let csv = "987654321,ACME Shop,5942,250000\n987654321,ACME Kiosk,,\n";
/// for row in csv.lines() {
///     let cells: Vec<Option<&str>> =
///         row.split(',').map(|cell| Some(cell).filter(|cell| !cell.is_empty())).collect();
///     let [Some(number), name, category, turnover] = cells[..] else {
///         panic!("{row}: must have an organization number and four columns");
///     };
///     let merchant = BusinessIdentifier::norway(number)?;
///     let order = PrefillProductOrder::new(merchant, ProductType::PaymentIntegration)
///         .sales_unit_name(name)
///         .merchant_category_code(category)
///         .annual_turnover(turnover.and_then(|turnover| turnover.parse().ok()));
///     println!("{}", prefill_product_order(&session, &order)?.prefill_url);
/// }
/// # assert_eq!(sandbox.count("POST /management/v1/product-orders"), 2);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Source: the schema `ProductOrderRequest` of the Management API.
#[must_use]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct PrefillProductOrder {
    business_identifier: BusinessIdentifier,
    product_type: ProductType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sales_unit_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sales_unit_logo: Option<SalesUnitLogo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settlement_bank_account: Option<BankAccount>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    price_package_id: Option<PricePackageId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    product_use_case: Option<ProductUseCase>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    annual_turnover: Option<i64>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_text_or_number"
    )]
    annual_turnover_percentage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intended_purpose: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app: Option<App>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    website: Option<Website>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    has_recurring: Option<bool>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_text_or_number"
    )]
    merchant_category_code: Option<String>,
    #[serde(
        default = "IdempotencyKey::random",
        deserialize_with = "key_or_random",
        skip_serializing_if = "IdempotencyKey::is_none"
    )]
    idempotency_key: IdempotencyKey,
}

impl PrefillProductOrder {
    /// An order of a product for a merchant, with an idempotency key of its own.
    pub fn new(business_identifier: BusinessIdentifier, product_type: ProductType) -> Self {
        Self {
            business_identifier,
            product_type,
            sales_unit_name: None,
            sales_unit_logo: None,
            settlement_bank_account: None,
            price_package_id: None,
            product_use_case: None,
            annual_turnover: None,
            annual_turnover_percentage: None,
            intended_purpose: None,
            app: None,
            website: None,
            has_recurring: None,
            merchant_category_code: None,
            idempotency_key: IdempotencyKey::random(),
        }
    }

    /// The merchant that the product is for.
    pub fn business_identifier(&self) -> &BusinessIdentifier {
        &self.business_identifier
    }

    /// The product.
    pub fn product_type(&self) -> &ProductType {
        &self.product_type
    }

    /// The caller's own idempotency key instead of the random one, or [a new one](IdempotencyKey::random) for an order that was refused.
    pub fn idempotency_key(mut self, key: IdempotencyKey) -> Self {
        self.idempotency_key = key;
        self
    }

    /// The key that it is sent with.
    pub fn key(&self) -> &IdempotencyKey {
        &self.idempotency_key
    }

    /// The name of the sales unit, 1 to 40 characters: letters, digits, whitespace and
    /// ``( ) * + , - . / : ; < = > ? @ [ \ ] ^ _ ` ``.
    pub fn sales_unit_name(mut self, name: impl OptionalText) -> Self {
        self.sales_unit_name = name.into_text();
        self
    }

    /// The logo of the sales unit.
    pub fn sales_unit_logo(mut self, logo: impl Into<Option<SalesUnitLogo>>) -> Self {
        self.sales_unit_logo = logo.into();
        self
    }

    /// Where the money is paid to.
    pub fn settlement_bank_account(mut self, account: impl Into<Option<BankAccount>>) -> Self {
        self.settlement_bank_account = account.into();
        self
    }

    /// The price package, one of those of [`list_price_packages`](crate::management::list_price_packages).
    pub fn price_package_id(mut self, id: impl Into<Option<PricePackageId>>) -> Self {
        self.price_package_id = id.into();
        self
    }

    /// Where the product is used.
    pub fn product_use_case(mut self, use_case: impl Into<Option<ProductUseCase>>) -> Self {
        self.product_use_case = use_case.into();
        self
    }

    /// The expected turnover of a year in major units (kroner, euros), 0 to 999 999 999.
    pub fn annual_turnover(mut self, major_units: impl Into<Option<i64>>) -> Self {
        self.annual_turnover = major_units.into();
        self
    }

    /// How much of the turnover comes through this product, in per cent: 10, 20 and so on to 100.
    pub fn annual_turnover_percentage(mut self, percent: impl Into<Option<u8>>) -> Self {
        self.annual_turnover_percentage = percent.into().map(|percent| percent.to_string());
        self
    }

    /// What it is to be used for, such as `Gym membership`.
    pub fn intended_purpose(mut self, purpose: impl OptionalText) -> Self {
        self.intended_purpose = purpose.into_text();
        self
    }

    /// The app that the product is used in.
    pub fn app(mut self, app: impl Into<Option<App>>) -> Self {
        self.app = app.into();
        self
    }

    /// The website that the product is used on. An order that leaves it out lets the merchant fill
    /// it in.
    pub fn website(mut self, website: impl Into<Option<Website>>) -> Self {
        self.website = website.into();
        self
    }

    /// Whether recurring payments are wanted.
    pub fn has_recurring(mut self, has: impl Into<Option<bool>>) -> Self {
        self.has_recurring = has.into();
        self
    }

    /// The merchant category code (MCC) of ISO 18245: four digits, such as `5942`.
    pub fn merchant_category_code(mut self, code: impl OptionalText) -> Self {
        self.merchant_category_code = code.into_text();
        self
    }

    /// Checks all that the service would refuse or silently drop. [`prefill_product_order`](prefill_product_order) does so first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming every field that is wrong, with what would be right.
    pub fn validate(&self) -> Result<(), Error> {
        Error::from_problems(self.problems())
    }

    /// What is sent as the body: the key is a header.
    fn body(&self) -> Self {
        self.clone().idempotency_key(IdempotencyKey::none())
    }
}

/// What a prefill gives back.
///
/// Source: the schema `ProductOrderResponse` of the Management API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PrefillResponse {
    /// The order's id.
    pub prefilled_order_id: ProductOrderId,
    /// Where the merchant reviews and submits the order, for 14 days.
    pub prefill_url: String,
}

/// Reads `null` as no key, and no key as a new one.
fn key_or_random<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IdempotencyKey, D::Error> {
    let key = Option::deserialize(deserializer)?;
    Ok(key.unwrap_or_else(IdempotencyKey::random))
}
