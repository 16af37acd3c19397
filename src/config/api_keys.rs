use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ureq::http::header::AUTHORIZATION;
use ureq::http::{HeaderName, HeaderValue};

use crate::Error;
use crate::model::header::header_value;

/// The API keys of a sales unit or partner, redacted in `Debug` output.
///
/// The kind of keys decides how the session fetches its token, and whether each call sends a
/// subscription key. The keys are checked when the session is
/// [built](crate::SessionBuilder::build).
///
/// ```
/// use vipps::ApiKeys;
///
/// let keys = ApiKeys::standard("client-id", "client-secret", "subscription-key");
/// assert_eq!(format!("{keys:?}"), "ApiKeys::standard([redacted])");
/// ```
///
/// Source: [API keys](https://developer.vippsmobilepay.com/docs/knowledge-base/api-keys/) and
/// [Access Token API](https://developer.vippsmobilepay.com/docs/APIs/access-token-api/).
#[doc(alias = "client_id")]
#[doc(alias = "client_secret")]
#[doc(alias = "Ocp-Apim-Subscription-Key")]
#[derive(Clone)]
pub struct ApiKeys {
    client_id: String,
    client_secret: String,
    /// `None` for management keys, which must be used without one.
    subscription_key: Option<String>,
    /// The names of the keys in errors.
    names: KeyNames,
}

impl ApiKeys {
    /// Creates the keys of a sales unit, or a partner's partner keys.
    ///
    /// The token comes from `POST /accesstoken/get`, and every call sends the subscription key. The
    /// primary and the secondary subscription key both work.
    ///
    /// ```
    /// # use vipps::ApiKeys;
    /// let keys =
    ///     ApiKeys::standard("client-id", "client-secret", "subscription-key");
    /// ```
    #[doc(alias = "accesstoken/get")]
    #[doc(alias = "Ocp-Apim-Subscription-Key")]
    pub fn standard(
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        subscription_key: impl Into<String>,
    ) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            subscription_key: Some(subscription_key.into()),
            names: KeyNames::default(),
        }
    }

    /// Creates a partner's management keys.
    ///
    /// The token comes from `POST /miami/v1/token`, and no request sends a subscription key.
    ///
    /// ```
    /// # use vipps::ApiKeys;
    /// let keys = ApiKeys::management("client-id", "client-secret");
    /// ```
    #[doc(alias = "miami/v1/token")]
    pub fn management(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            subscription_key: None,
            names: KeyNames::default(),
        }
    }

    /// The same keys, named in errors after the environment variables that they came from.
    pub(crate) fn named_as_variables(mut self) -> Self {
        self.names = KeyNames {
            client_id: "VIPPS_CLIENT_ID",
            client_secret: "VIPPS_CLIENT_SECRET",
            subscription_key: "VIPPS_SUBSCRIPTION_KEY",
        };
        self
    }

    /// Checks the keys and turns them into headers.
    pub(crate) fn credentials(&self) -> Result<Credentials, Error> {
        let client_id = key(self.names.client_id, &self.client_id)?;
        let client_secret = secret(self.names.client_secret, &self.client_secret)?;
        let Some(subscription_key) = &self.subscription_key else {
            if self.client_id.contains(':') {
                // In basic authentication the first colon ends the user name.
                let reason = "must not contain a colon, since management keys are sent with basic \
                              authentication";
                return Err(Error::config(self.names.client_id, reason));
            }
            let basic = secret(self.names.client_secret, &format!("Basic {}", self.basic()))?;
            return Ok(Credentials {
                token_path: "/miami/v1/token",
                token_form: Some("grant_type=client_credentials"),
                token_headers: vec![(AUTHORIZATION, basic)],
                subscription_key: None,
            });
        };
        let subscription_key = secret(self.names.subscription_key, subscription_key)?;
        Ok(Credentials {
            token_path: "/accesstoken/get",
            token_form: None,
            token_headers: vec![
                (HeaderName::from_static("client_id"), client_id),
                (HeaderName::from_static("client_secret"), client_secret),
            ],
            subscription_key: Some(subscription_key),
        })
    }

    /// The texts to redact from errors.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut secrets = vec![self.client_secret.clone(), self.basic()];
        secrets.extend(self.subscription_key.clone());
        secrets
    }

    fn basic(&self) -> String {
        BASE64_STANDARD.encode(format!("{}:{}", self.client_id, self.client_secret))
    }
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subscription_key {
            Some(_) => f.write_str("ApiKeys::standard([redacted])"),
            None => f.write_str("ApiKeys::management([redacted])"),
        }
    }
}

/// The keys as they are sent.
pub(crate) struct Credentials {
    /// The path of the token request, a POST.
    pub(crate) token_path: &'static str,
    pub(crate) token_form: Option<&'static str>,
    pub(crate) token_headers: Vec<(HeaderName, HeaderValue)>,
    /// Sent with every request, including the token request.
    pub(crate) subscription_key: Option<HeaderValue>,
}

#[derive(Clone, Copy)]
struct KeyNames {
    client_id: &'static str,
    client_secret: &'static str,
    subscription_key: &'static str,
}

impl Default for KeyNames {
    fn default() -> Self {
        Self {
            client_id: "client_id",
            client_secret: "client_secret",
            subscription_key: "subscription_key",
        }
    }
}

fn key(setting: &str, value: &str) -> Result<HeaderValue, Error> {
    header_value(value).map_err(|reason| Error::config(setting, reason))
}

fn secret(setting: &str, value: &str) -> Result<HeaderValue, Error> {
    let mut value = key(setting, value)?;
    value.set_sensitive(true);
    Ok(value)
}
