use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::optional_text::OptionalText;

/// The app that an ordered product is used in.
///
/// ```
/// use vipps::management::{
///     App, BusinessIdentifier, PrefillProductOrder, ProductType, ProductUseCase,
/// };
///
/// let merchant = BusinessIdentifier::norway("987654321")?;
/// let order = PrefillProductOrder::new(merchant, ProductType::PaymentIntegration)
///     .product_use_case(ProductUseCase::App)
///     .app(App::new("ACME Fitness"));
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Read from JSON, such as a submitted form:
///
/// ```
/// use vipps::management::App;
///
/// let app: App = serde_json::from_str(r#"{"appName": "ACME Fitness"}"#)?;
/// println!("an order for the app {}", app.app_name());
/// # assert_eq!(app.app_name(), "ACME Fitness");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Source: the field `app` of the schema `ProductOrderRequest` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct App {
    pub(super) app_name: String,
}

impl App {
    /// An app with this name.
    pub fn new(app_name: impl Into<String>) -> Self {
        let app_name = app_name.into();
        Self { app_name }
    }

    /// The app's name.
    pub fn app_name(&self) -> &str {
        &self.app_name
    }
}

/// The website that an ordered product is used on. All URLs must be `https`.
///
/// ```
/// use vipps::management::Website;
///
/// let website = Website::new("https://example.com", "https://example.com/terms")
///     .test_website_url("https://test.example.com")
///     .test_website_username("tester")
///     .test_website_password("test-password");
/// assert!(!format!("{website:?}").contains("test-password"));
/// ```
///
/// A rule of your own, before the merchant's data is sent:
///
/// ```
/// use vipps::management::Website;
///
/// fn has_own_terms(website: &Website) -> bool {
///     website.terms_url().starts_with(website.url())
/// }
///
/// let shop = Website::new("https://example.com", "https://example.com/terms");
/// assert!(has_own_terms(&shop));
/// ```
///
/// Source: the field `website` of the schema `ProductOrderRequest` of the
/// [Management API](https://developer.vippsmobilepay.com/api/management/).
#[must_use]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Website {
    pub(super) url: String,
    pub(super) terms_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) test_website_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) test_website_username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) test_website_password: Option<String>,
}

impl Website {
    /// A website by its URL and the URL of its terms and conditions.
    pub fn new(url: impl Into<String>, terms_url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            terms_url: terms_url.into(),
            test_website_url: None,
            test_website_username: None,
            test_website_password: None,
        }
    }

    /// The website's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL of the terms and conditions.
    pub fn terms_url(&self) -> &str {
        &self.terms_url
    }

    /// The URL of the test website, for the use case
    /// [`WebsiteWithTest`](crate::management::ProductUseCase::WebsiteWithTest).
    #[doc(alias = "testWebsiteUrl")]
    pub fn test_website_url(mut self, url: impl OptionalText) -> Self {
        self.test_website_url = url.into_text();
        self
    }

    /// The user name for the test website.
    #[doc(alias = "testWebsiteUsername")]
    pub fn test_website_username(mut self, username: impl OptionalText) -> Self {
        self.test_website_username = username.into_text();
        self
    }

    /// The password for the test website. It is redacted in `Debug` output.
    #[doc(alias = "testWebsitePassword")]
    pub fn test_website_password(mut self, password: impl OptionalText) -> Self {
        self.test_website_password = password.into_text();
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
