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

/// Creates a product order: a prefilled form that the merchant then reviews and submits.
///
/// The order is [validated](PrefillProductOrder::validate) first. After a timeout or a network
/// failure, send the same value again: its idempotency key ensures that only one order is created.
/// The API remembers a refusal (4xx) for the key, so a corrected order needs
/// [a new key](PrefillProductOrder::idempotency_key).
///
/// Even after a success the form may be empty, if the API could not check a value right away.
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
/// println!("send this URL to the merchant: {}", prefilled.prefill_url);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `POST /management/v1/product-orders` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
///
/// # Errors
///
/// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) if the idempotency key was already used for
/// a different order.
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
/// [`new`](Self::new) gives each order a random idempotency key. However often the order is sent,
/// the API creates it once.
///
/// ```
/// use vipps::management::{
///     BankAccount, BusinessIdentifier, PrefillProductOrder, ProductType,
///     ProductUseCase, Website,
/// };
///
/// let merchant = BusinessIdentifier::norway("987654321")?;
/// let website =
///     Website::new("https://example.com", "https://example.com/terms");
/// let order = PrefillProductOrder::new(merchant, ProductType::PaymentIntegration)
///     .sales_unit_name("ACME Fantastic Fitness")
///     .settlement_bank_account(BankAccount::norway("8601 11 17947")?)
///     .product_use_case(ProductUseCase::Website)
///     .website(website)
///     .annual_turnover(100_000) // kroner
///     .annual_turnover_percentage(10)
///     .intended_purpose("Gym membership")
///     .has_recurring(true)
///     .merchant_category_code("7997"); // sports clubs
/// order.validate()?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Setters of optional fields also take an `Option`, for data with missing values:
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::management::{
///     BusinessIdentifier, PrefillProductOrder, ProductType, prefill_product_order,
/// };
///
/// // Name, merchant category code, annual turnover.
/// let shops = [
///     ("ACME Shop", Some("5942"), Some(250_000)),
///     ("ACME Kiosk", None, None),
/// ];
/// let merchant = BusinessIdentifier::norway("987654321")?;
/// for (name, category, turnover) in shops {
///     let product = ProductType::PaymentIntegration;
///     let order = PrefillProductOrder::new(merchant.clone(), product)
///         .sales_unit_name(name)
///         .merchant_category_code(category)
///         .annual_turnover(turnover);
///     println!("{}", prefill_product_order(&session, &order)?.prefill_url);
/// }
/// # assert_eq!(sandbox.count("POST /management/v1/product-orders"), 2);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// # JSON
///
/// The idempotency key is written as `idempotencyKey` beside the API's fields, so that a saved
/// order keeps its key. It is not part of the request body. Deserializing rejects unknown fields
/// but does not validate; sending does.
///
/// ```
/// use vipps::management::{PrefillProductOrder, ProductType};
///
/// let saved = r#"{
///     "businessIdentifier": {"scheme": "business:NO:ORG", "id": "987654321"},
///     "productType": "CHECKOUT",
///     "idempotencyKey": "crm-order-17"
/// }"#;
/// let order: PrefillProductOrder = serde_json::from_str(saved)?;
/// assert_eq!(order.business_identifier().id(), "987654321");
/// assert_eq!(order.product_type(), &ProductType::Checkout);
/// assert_eq!(order.key().as_str(), "crm-order-17");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Source: the schema `ProductOrderRequest` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[must_use]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
#[doc(alias = "ProductOrderRequest")]
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
    /// An order of this product for this merchant, with a new random idempotency key.
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

    /// The merchant that the product is ordered for.
    pub fn business_identifier(&self) -> &BusinessIdentifier {
        &self.business_identifier
    }

    /// The ordered product.
    pub fn product_type(&self) -> &ProductType {
        &self.product_type
    }

    /// Replaces the random idempotency key.
    ///
    /// Give an order that was refused [a new key](IdempotencyKey::random) before sending it again.
    ///
    /// A key from your own data keeps a program that starts over from creating a second order:
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use vipps::IdempotencyKey;
    /// use vipps::management::{
    ///     BusinessIdentifier, PrefillProductOrder, ProductType, prefill_product_order,
    /// };
    ///
    /// let merchant = BusinessIdentifier::norway("987654321")?;
    /// let order = PrefillProductOrder::new(merchant, ProductType::Checkout)
    ///     .idempotency_key(IdempotencyKey::new("crm-order-17")?);
    /// let first = prefill_product_order(&session, &order)?;
    /// let again = prefill_product_order(&session, &order)?;
    /// assert_eq!(first.prefilled_order_id, again.prefilled_order_id);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    #[doc(alias = "idempotencyKey")]
    #[doc(alias = "Idempotency-Key")]
    pub fn idempotency_key(mut self, key: IdempotencyKey) -> Self {
        self.idempotency_key = key;
        self
    }

    /// The idempotency key that the order is sent with.
    #[doc(alias = "Idempotency-Key")]
    pub fn key(&self) -> &IdempotencyKey {
        &self.idempotency_key
    }

    /// The name of the sales unit, 1 to 40 characters: letters, digits, whitespace and
    /// ``( ) * + , - . / : ; < = > ? @ [ \ ] ^ _ ` ``.
    #[doc(alias = "salesUnitName")]
    pub fn sales_unit_name(mut self, name: impl OptionalText) -> Self {
        self.sales_unit_name = name.into_text();
        self
    }

    /// The sales unit's logo.
    ///
    /// ```
    /// # let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x80\0\0\0\x80\x01\0\0\0\0\0\0\0\0\
    /// #     \0\0\0\0IEND\xae\x42\x60\x82";
    /// use vipps::management::{
    ///     BusinessIdentifier, PrefillProductOrder, ProductType, SalesUnitLogo,
    /// };
    ///
    /// let merchant = BusinessIdentifier::norway("987654321")?;
    /// let order = PrefillProductOrder::new(merchant, ProductType::Checkout)
    ///     .sales_unit_name("ACME Shop")
    ///     .sales_unit_logo(SalesUnitLogo::from_bytes(png)?);
    /// # order.validate()?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    #[doc(alias = "salesUnitLogo")]
    pub fn sales_unit_logo(mut self, logo: impl Into<Option<SalesUnitLogo>>) -> Self {
        self.sales_unit_logo = logo.into();
        self
    }

    /// The bank account that settlements are paid to.
    #[doc(alias = "settlementBankAccount")]
    pub fn settlement_bank_account(mut self, account: impl Into<Option<BankAccount>>) -> Self {
        self.settlement_bank_account = account.into();
        self
    }

    /// The price package, from [`list_price_packages`](crate::management::list_price_packages).
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let session = sandbox.session();
    /// use vipps::management::{
    ///     BusinessIdentifier, Market, PrefillProductOrder, ProductType,
    ///     list_price_packages,
    /// };
    ///
    /// let packages = list_price_packages(&session)?;
    /// let norwegian = packages
    ///     .into_iter()
    ///     .find(|package| package.market == Some(Market::Norway))
    ///     .map(|package| package.price_package_id);
    ///
    /// let merchant = BusinessIdentifier::norway("987654321")?;
    /// let product = ProductType::PaymentIntegration;
    /// let order =
    ///     PrefillProductOrder::new(merchant, product).price_package_id(norwegian);
    /// # assert!(format!("{order:?}").contains("price_package_id: Some"));
    /// # Ok::<(), vipps::Error>(())
    /// ```
    #[doc(alias = "pricePackageId")]
    pub fn price_package_id(mut self, id: impl Into<Option<PricePackageId>>) -> Self {
        self.price_package_id = id.into();
        self
    }

    /// Where the product is used, such as on a website.
    #[doc(alias = "productUseCase")]
    pub fn product_use_case(mut self, use_case: impl Into<Option<ProductUseCase>>) -> Self {
        self.product_use_case = use_case.into();
        self
    }

    /// The expected annual turnover in major units (kroner, euros), 0 to 999 999 999.
    #[doc(alias = "annualTurnover")]
    pub fn annual_turnover(mut self, major_units: impl Into<Option<i64>>) -> Self {
        self.annual_turnover = major_units.into();
        self
    }

    /// The share of the turnover that comes through this product, in per cent: 10, 20, ..., 100.
    #[doc(alias = "annualTurnoverPercentage")]
    pub fn annual_turnover_percentage(mut self, percent: impl Into<Option<u8>>) -> Self {
        self.annual_turnover_percentage = percent.into().map(|percent| percent.to_string());
        self
    }

    /// What customers pay for, such as `Gym membership`.
    #[doc(alias = "intendedPurpose")]
    pub fn intended_purpose(mut self, purpose: impl OptionalText) -> Self {
        self.intended_purpose = purpose.into_text();
        self
    }

    /// The app that the product is used in.
    pub fn app(mut self, app: impl Into<Option<App>>) -> Self {
        self.app = app.into();
        self
    }

    /// The website that the product is used on. If left out, the merchant fills it in.
    pub fn website(mut self, website: impl Into<Option<Website>>) -> Self {
        self.website = website.into();
        self
    }

    /// Whether the merchant wants recurring payments.
    #[doc(alias = "hasRecurring")]
    pub fn has_recurring(mut self, has: impl Into<Option<bool>>) -> Self {
        self.has_recurring = has.into();
        self
    }

    /// The ISO 18245 merchant category code (MCC): four digits, such as `5942`.
    #[doc(alias = "merchantCategoryCode")]
    pub fn merchant_category_code(mut self, code: impl OptionalText) -> Self {
        self.merchant_category_code = code.into_text();
        self
    }

    /// Checks for everything that the API would refuse or silently drop.
    ///
    /// [`prefill_product_order`] does this before sending.
    ///
    /// ```
    /// use vipps::management::{
    ///     BusinessIdentifier, PrefillProductOrder, ProductType,
    /// };
    ///
    /// let merchant = BusinessIdentifier::norway("987654321")?;
    /// let error = PrefillProductOrder::new(merchant, ProductType::Checkout)
    ///     .sales_unit_name("")
    ///     .annual_turnover_percentage(15)
    ///     .validate()
    ///     .unwrap_err();
    /// assert_eq!(error.field_problems()[0].name, "salesUnitName");
    /// assert_eq!(error.field_problems()[1].name, "annualTurnoverPercentage");
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming every invalid field and
    /// what it must be.
    pub fn validate(&self) -> Result<(), Error> {
        Error::from_problems(self.problems())
    }

    /// The request body: the key is sent as a header instead.
    fn body(&self) -> Self {
        self.clone().idempotency_key(IdempotencyKey::none())
    }
}

/// The reply of [`prefill_product_order`]: the order's id, and the URL for the merchant.
///
/// Source: the schema `ProductOrderResponse` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[doc(alias = "ProductOrderResponse")]
pub struct PrefillResponse {
    /// The product order's id.
    #[doc(alias = "prefilledOrderId")]
    pub prefilled_order_id: ProductOrderId,
    /// Where the merchant reviews and submits the order within 14 days.
    #[doc(alias = "prefillUrl")]
    pub prefill_url: String,
}

/// A missing or `null` key becomes a new random one.
fn key_or_random<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IdempotencyKey, D::Error> {
    let key = Option::deserialize(deserializer)?;
    Ok(key.unwrap_or_else(IdempotencyKey::random))
}
