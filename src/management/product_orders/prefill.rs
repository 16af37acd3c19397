use std::fmt;

use serde::de::Error as _;
use serde::de::value::MapDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ProductType, ProductUseCase, SalesUnitLogo};
use crate::Error;
use crate::error::FieldProblem;
use crate::ids::{IdempotencyKey, is_made_of, optional_text_or_number, text_or_number};
use crate::management::{BankAccount, BusinessIdentifier, PricePackageId};

/// A product order to [prefill](super::prefill_product_order) for a merchant.
///
/// It has one idempotency key from the moment it is made: however often it is sent, there is one order. As JSON the key is the member
/// `idempotencyKey` beside the service's fields, so that an order that was saved is still the same order when it is read back; the key is
/// not part of what is sent as the body.
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
/// Source: the schema `ProductOrderRequest` of the Management API.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PrefillProductOrder {
    body: Body,
    idempotency_key: IdempotencyKey,
}

/// What is sent. The service refuses unknown fields, and so does reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Body {
    #[serde(deserialize_with = "strict")]
    business_identifier: BusinessIdentifier,
    product_type: ProductType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sales_unit_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sales_unit_logo: Option<SalesUnitLogo>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_strict"
    )]
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
    /// Always `None` in what is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<IdempotencyKey>,
}

impl PrefillProductOrder {
    /// An order of a product for a merchant, with an idempotency key of its own.
    #[must_use]
    pub fn new(business_identifier: BusinessIdentifier, product_type: ProductType) -> Self {
        let body = Body {
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
            idempotency_key: None,
        };
        Self {
            body,
            idempotency_key: IdempotencyKey::random(),
        }
    }

    /// The caller's own idempotency key instead of the random one.
    #[must_use]
    pub fn idempotency_key(mut self, key: IdempotencyKey) -> Self {
        self.idempotency_key = key;
        self
    }

    /// The key that it is sent with.
    #[must_use]
    pub fn key(&self) -> &IdempotencyKey {
        &self.idempotency_key
    }

    /// The name of the sales unit, 1 to 40 characters: letters, digits, whitespace and ``\ ( ) - _ + . ` ``.
    #[must_use]
    pub fn sales_unit_name(mut self, name: impl Into<String>) -> Self {
        self.body.sales_unit_name = Some(name.into());
        self
    }

    /// The logo of the sales unit.
    #[must_use]
    pub fn sales_unit_logo(mut self, logo: SalesUnitLogo) -> Self {
        self.body.sales_unit_logo = Some(logo);
        self
    }

    /// Where the money is paid to.
    #[must_use]
    pub fn settlement_bank_account(mut self, account: BankAccount) -> Self {
        self.body.settlement_bank_account = Some(account);
        self
    }

    /// The price package, one of those of [`list_price_packages`](crate::management::list_price_packages).
    #[must_use]
    pub fn price_package_id(mut self, id: PricePackageId) -> Self {
        self.body.price_package_id = Some(id);
        self
    }

    /// Where the product is used. Each use case needs fields of its own, see [`ProductUseCase`].
    #[must_use]
    pub fn product_use_case(mut self, use_case: ProductUseCase) -> Self {
        self.body.product_use_case = Some(use_case);
        self
    }

    /// The expected turnover of a year in major units (kroner, euros), 0 to 999 999 999.
    #[must_use]
    pub fn annual_turnover(mut self, major_units: i64) -> Self {
        self.body.annual_turnover = Some(major_units);
        self
    }

    /// How much of the turnover comes through this product, in per cent: 10, 20 and so on to 100.
    #[must_use]
    pub fn annual_turnover_percentage(mut self, percent: u8) -> Self {
        self.body.annual_turnover_percentage = Some(percent.to_string());
        self
    }

    /// What it is to be used for, such as `Gym membership`.
    #[must_use]
    pub fn intended_purpose(mut self, purpose: impl Into<String>) -> Self {
        self.body.intended_purpose = Some(purpose.into());
        self
    }

    /// The app that it is used in.
    #[must_use]
    pub fn app(mut self, app: App) -> Self {
        self.body.app = Some(app);
        self
    }

    /// The website that it is used on.
    #[must_use]
    pub fn website(mut self, website: Website) -> Self {
        self.body.website = Some(website);
        self
    }

    /// Whether recurring payments are wanted.
    #[must_use]
    pub fn has_recurring(mut self, has: bool) -> Self {
        self.body.has_recurring = Some(has);
        self
    }

    /// The merchant category code (MCC) of ISO 18245: four digits, such as `5942`.
    #[must_use]
    pub fn merchant_category_code(mut self, code: impl Into<String>) -> Self {
        self.body.merchant_category_code = Some(code.into());
        self
    }

    /// Checks all that the service would refuse or silently drop. [`prefill_product_order`](super::prefill_product_order) does so first.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] naming every field that is wrong, with what would be right.
    pub fn validate(&self) -> Result<(), Error> {
        Error::from_problems(self.body.problems())
    }

    pub(super) fn body(&self) -> &Body {
        &self.body
    }
}

impl Serialize for PrefillProductOrder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = self.body.clone();
        body.idempotency_key = Some(self.idempotency_key.clone());
        body.serialize(serializer)
    }
}

/// Reading checks as [`validate`](PrefillProductOrder::validate) does, and refuses unknown fields.
impl<'de> Deserialize<'de> for PrefillProductOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut body = Body::deserialize(deserializer)?;
        let idempotency_key = match body.idempotency_key.take() {
            Some(key) => IdempotencyKey::new(key.as_str()).map_err(D::Error::custom)?,
            None => IdempotencyKey::random(),
        };
        let order = Self {
            body,
            idempotency_key,
        };
        order.validate().map_err(D::Error::custom)?;
        Ok(order)
    }
}

/// An object of `scheme` and `id` and of nothing else. As parts of a reply their types ignore what they do not know.
struct Strict<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Strict<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct SchemeAndId {
            scheme: String,
            #[serde(deserialize_with = "text_or_number")]
            id: String,
        }

        let SchemeAndId { scheme, id } = SchemeAndId::deserialize(deserializer)?;
        let members = [("scheme", scheme), ("id", id)].into_iter();
        T::deserialize(MapDeserializer::new(members)).map(Self)
    }
}

fn strict<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Strict::deserialize(deserializer)?.0)
}

fn optional_strict<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Option::<Strict<T>>::deserialize(deserializer)?;
    Ok(value.map(|value| value.0))
}

/// The app that a product is used in.
///
/// Source: the field `app` of the schema `ProductOrderRequest`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct App {
    app_name: String,
}

impl App {
    /// An app by its name, which must not be empty.
    #[must_use]
    pub fn new(app_name: impl Into<String>) -> Self {
        let app_name = app_name.into();
        Self { app_name }
    }
}

/// The website that a product is used on. All its addresses are `https`.
///
/// Source: the field `website` of the schema `ProductOrderRequest`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Website {
    url: String,
    terms_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_website_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_website_username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test_website_password: Option<String>,
}

impl Website {
    /// A website and its page of terms and conditions.
    #[must_use]
    pub fn new(url: impl Into<String>, terms_url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            terms_url: terms_url.into(),
            test_website_url: None,
            test_website_username: None,
            test_website_password: None,
        }
    }

    /// Where the website can be tried. [`ProductUseCase::WebsiteWithTest`] needs it.
    #[must_use]
    pub fn test_website_url(mut self, url: impl Into<String>) -> Self {
        self.test_website_url = Some(url.into());
        self
    }

    /// The user name for the test site.
    #[must_use]
    pub fn test_website_username(mut self, username: impl Into<String>) -> Self {
        self.test_website_username = Some(username.into());
        self
    }

    /// The password for the test site. `Debug` does not show it.
    #[must_use]
    pub fn test_website_password(mut self, password: impl Into<String>) -> Self {
        self.test_website_password = Some(password.into());
        self
    }
}

impl fmt::Debug for Website {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = self.test_website_password.as_ref();
        f.debug_struct("Website")
            .field("url", &self.url)
            .field("terms_url", &self.terms_url)
            .field("test_website_url", &self.test_website_url)
            .field("test_website_username", &self.test_website_username)
            .field("test_website_password", &password.map(|_| "[redacted]"))
            .finish()
    }
}

impl Body {
    fn problems(&self) -> Vec<FieldProblem> {
        let mut problems = Problems::default();
        let identifier = self.business_identifier.problem();
        let account = self.settlement_bank_account.as_ref();
        let account = account.and_then(BankAccount::problem);
        for (field, rule, value) in identifier.into_iter().chain(account) {
            problems.add(field, rule, value);
        }
        if self.product_type.as_str().is_empty() {
            problems.add("productType", "must not be empty", "");
        }
        if let Some(name) = &self.sales_unit_name {
            let length = name.chars().count();
            if !(1..=40).contains(&length) {
                problems.say(
                    "salesUnitName",
                    format!("must be 1 to 40 characters, not {length}"),
                );
            } else if let Some(c) = name.chars().find(|c| !is_name_character(*c)) {
                let rule = r"must be letters, digits, whitespace and \ ( ) - _ + . `";
                problems.add("salesUnitName", rule, &c.to_string());
            }
        }
        if let Some(id) = &self.price_package_id {
            if PricePackageId::new(id.as_str()).is_err() {
                problems.add("pricePackageId", "must be a UUID", id.as_str());
            }
        }
        if let Some(turnover) = self.annual_turnover {
            if !(0..=999_999_999).contains(&turnover) {
                problems.say(
                    "annualTurnover",
                    format!("must be 0 to 999999999 major units, not {turnover}"),
                );
            }
        }
        if let Some(percent) = &self.annual_turnover_percentage {
            let tens = ["10", "20", "30", "40", "50", "60", "70", "80", "90", "100"];
            if !tens.contains(&percent.as_str()) {
                let rule = "must be 10, 20 and so on to 100";
                problems.add("annualTurnoverPercentage", rule, percent);
            }
        }
        if let Some(code) = &self.merchant_category_code {
            if !is_made_of(code, 4, 4, |b| b.is_ascii_digit()) {
                problems.add("merchantCategoryCode", "must be four digits", code);
            }
        }
        if self
            .app
            .as_ref()
            .is_some_and(|app| app.app_name.trim().is_empty())
        {
            problems.add("app.appName", "must not be empty", "");
        }
        if let Some(website) = &self.website {
            let test_url = website.test_website_url.as_deref();
            problems.check_url("website.url", Some(&website.url));
            problems.check_url("website.termsUrl", Some(&website.terms_url));
            problems.check_url("website.testWebsiteUrl", test_url);
        }
        self.check_use_case(&mut problems);
        problems.0
    }

    fn check_use_case(&self, problems: &mut Problems) {
        let mut missing = |field: &str, use_case: &ProductUseCase| {
            let reason = format!("must be set for the use case {use_case}");
            problems.say(field, reason);
        };
        match (&self.product_use_case, &self.website) {
            (Some(case @ (ProductUseCase::Website | ProductUseCase::WebsiteWithTest)), None) => {
                missing("website", case);
            }
            (Some(case @ ProductUseCase::WebsiteWithTest), Some(website))
                if website.test_website_url.is_none() =>
            {
                missing("website.testWebsiteUrl", case);
            }
            (Some(case @ ProductUseCase::App), _) if self.app.is_none() => missing("app", case),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Problems(Vec<FieldProblem>);

impl Problems {
    fn add(&mut self, field: &str, rule: &str, value: &str) {
        self.0.push(match value {
            "" => FieldProblem::new(field, rule),
            value => FieldProblem::invalid(field, rule, value),
        });
    }

    fn say(&mut self, field: &str, reason: String) {
        self.0.push(FieldProblem::new(field, reason));
    }

    fn check_url(&mut self, field: &str, url: Option<&str>) {
        if let Some(url) = url.filter(|url| !is_https_url(url)) {
            self.add(
                field,
                "must be an https address such as https://example.com",
                url,
            );
        }
    }
}

fn is_https_url(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("https")
        && !host.is_empty()
        && !url.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// Letters, marks, digits, whitespace and a few signs. Without tables of Unicode it cannot be told a mark from every symbol: what is not
/// known to be a symbol passes, and the service has the last word.
fn is_name_character(c: char) -> bool {
    if c.is_alphanumeric() || c.is_whitespace() || r"\()-_+.`".contains(c) {
        return true;
    }
    let is_symbol = matches!(c,
        '\0'..='\u{bf}' | '×' | '÷'
        | '\u{200b}'..='\u{206f}'
        | '\u{20a0}'..='\u{20cf}'
        | '\u{2100}'..='\u{2bff}'
        | '\u{3001}'..='\u{3029}'
        | '\u{1f000}'..='\u{1faff}');
    !is_symbol
}
