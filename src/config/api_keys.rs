use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ureq::http::header::AUTHORIZATION;
use ureq::http::{HeaderName, HeaderValue};

use crate::Error;
use crate::model::header::header_value;

/// The API keys of a sales unit or of a partner.
///
/// Which of the two kinds they are decides how the session fetches its token and whether a subscription key goes with each call. The
/// keys are checked when the session is [built](crate::SessionBuilder::build), and are never printed, by `Debug` either.
///
/// Source: the vendor's pages "API keys" and "Access Token API".
#[derive(Clone)]
pub struct ApiKeys {
    client_id: String,
    client_secret: String,
    /// `None` for management keys, which must not send one.
    subscription_key: Option<String>,
    /// What errors call them.
    names: KeyNames,
}

impl ApiKeys {
    /// Sales unit keys or partner keys: the token comes from `POST /accesstoken/get`, and the subscription key (the primary or the
    /// secondary one) goes with every call.
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

    /// A partner's management keys: the token comes from `POST /miami/v1/token`, and no subscription key is sent, there or with any call.
    pub fn management(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            subscription_key: None,
            names: KeyNames::default(),
        }
    }

    /// The same keys, called as the environment variables that they came from.
    pub(crate) fn named_as_variables(mut self) -> Self {
        self.names = KeyNames {
            client_id: "VIPPS_CLIENT_ID",
            client_secret: "VIPPS_CLIENT_SECRET",
            subscription_key: "VIPPS_SUBSCRIPTION_KEY",
        };
        self
    }

    /// The keys as what is sent, checked.
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

    /// Every text that must not be seen in an error, in a log or on a screen.
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

/// What is sent of the keys.
pub(crate) struct Credentials {
    /// The token request, a POST.
    pub(crate) token_path: &'static str,
    pub(crate) token_form: Option<&'static str>,
    pub(crate) token_headers: Vec<(HeaderName, HeaderValue)>,
    /// Goes with every request, the token request included.
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
