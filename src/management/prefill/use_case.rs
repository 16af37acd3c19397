use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::optional_text::OptionalText;

/// The app that a product is used in.
///
/// Source: the field `app` of the schema `ProductOrderRequest`.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct App {
    pub(super) app_name: String,
}

impl App {
    /// An app by its name.
    pub fn new(app_name: impl Into<String>) -> Self {
        let app_name = app_name.into();
        Self { app_name }
    }

    /// The app's name.
    pub fn app_name(&self) -> &str {
        &self.app_name
    }
}

/// The website that a product is used on. All its addresses are `https`.
///
/// Source: the field `website` of the schema `ProductOrderRequest`.
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
    /// A website and its page of terms and conditions.
    pub fn new(url: impl Into<String>, terms_url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            terms_url: terms_url.into(),
            test_website_url: None,
            test_website_username: None,
            test_website_password: None,
        }
    }

    /// The website's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address of its terms and conditions.
    pub fn terms_url(&self) -> &str {
        &self.terms_url
    }

    /// Where the website can be tried, an `https` address, for the use case
    /// [`WebsiteWithTest`](crate::management::ProductUseCase::WebsiteWithTest).
    pub fn test_website_url(mut self, url: impl OptionalText) -> Self {
        self.test_website_url = url.into_text();
        self
    }

    /// The user name for the test site.
    pub fn test_website_username(mut self, username: impl OptionalText) -> Self {
        self.test_website_username = username.into_text();
        self
    }

    /// The password for the test site. `Debug` does not show it.
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
