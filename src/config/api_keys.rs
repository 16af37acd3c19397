use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::Error;
use crate::transport::{HeaderValue, header_value};

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
}

impl ApiKeys {
    /// Sales unit keys or partner keys: the token comes from `POST /accesstoken/get`, and the subscription key (the primary or the
    /// secondary one) goes with every call.
    #[must_use]
    pub fn standard(
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        subscription_key: impl Into<String>,
    ) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            subscription_key: Some(subscription_key.into()),
        }
    }

    /// A partner's management keys: the token comes from `POST /miami/v1/token`, and no subscription key is sent, there or with any call.
    #[must_use]
    pub fn management(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            subscription_key: None,
        }
    }

    /// The keys as header values, checked.
    pub(crate) fn credentials(&self) -> Result<Credentials, Error> {
        let client_id = key("client_id", &self.client_id)?;
        let client_secret = secret("client_secret", &self.client_secret)?;
        let Some(subscription_key) = &self.subscription_key else {
            if self.client_id.contains(':') {
                // Basic authentication ends the user name at the first colon.
                return Err(Error::config(
                    "client_id",
                    "must not hold a colon if the keys are management keys",
                ));
            }
            let basic = self.basic();
            return Ok(Credentials::Management {
                authorization: secret("client_secret", &format!("Basic {basic}"))?,
            });
        };
        Ok(Credentials::Standard {
            client_id,
            client_secret,
            subscription_key: secret("subscription_key", subscription_key)?,
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

/// What the token requests send.
pub(crate) enum Credentials {
    Standard {
        client_id: HeaderValue,
        client_secret: HeaderValue,
        subscription_key: HeaderValue,
    },
    Management {
        authorization: HeaderValue,
    },
}

fn key(setting: &str, value: &str) -> Result<HeaderValue, Error> {
    header_value(setting, value).map_err(|reason| Error::config(setting, reason))
}

fn secret(setting: &str, value: &str) -> Result<HeaderValue, Error> {
    let mut value = key(setting, value)?;
    value.set_sensitive(true);
    Ok(value)
}
