//! What every client sends, and the types that every client except vipps decodes into.

use std::time::Duration;

pub const CLIENT_ID: &str = "fb492b5e-7907-4d83-bc20-c7fb60ca35de";
pub const CLIENT_SECRET: &str = "Y8Kteew6GE3ZmeycEt6egg==";
pub const SUBSCRIPTION_KEY: &str = "0f14ebcab0eb4b29ae0cb90d91b4a84a";
pub const MSN: &str = "123456";
pub const SYSTEM: [(&str, &str); 4] = [
    ("vipps-system-name", "acme"),
    ("vipps-system-version", "3.1.2"),
    ("vipps-system-plugin-name", "acme-webshop"),
    ("vipps-system-plugin-version", "4.5.6"),
];

pub const TIMEOUT: Duration = Duration::from_secs(60);
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
pub const MAX_IDLE_CONNECTIONS: usize = 64;
pub const MAX_RESPONSE_BYTES: u64 = 64 * 1024 * 1024;

#[cfg(feature = "own-types")]
pub use own_types::*;

#[cfg(feature = "own-types")]
mod own_types {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use serde::Deserialize;

    use super::{CLIENT_ID, CLIENT_SECRET, MSN, SUBSCRIPTION_KEY, SYSTEM};

    pub const USER_AGENT: &str = "compare/0.1.0";

    /// The headers of every request.
    pub fn headers() -> impl Iterator<Item = (&'static str, &'static str)> {
        let others = [
            ("user-agent", USER_AGENT),
            ("accept", "application/json"),
            ("accept-encoding", "identity"),
            ("ocp-apim-subscription-key", SUBSCRIPTION_KEY),
            ("merchant-serial-number", MSN),
        ];
        others.into_iter().chain(SYSTEM)
    }

    /// The additional headers of a token request.
    pub const KEYS: [(&str, &str); 2] =
        [("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)];

    #[derive(Debug, Deserialize)]
    pub struct TokenReply {
        pub access_token: String,
        pub expires_in: String,
    }

    #[derive(Debug, Deserialize)]
    pub struct SalesUnitSummary {
        pub msn: String,
        pub name: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct SalesUnit {
        pub msn: String,
        pub name: String,
        pub business_identifier: BusinessIdentifier,
        pub settlement_bank_account: Option<BankAccount>,
        pub configuration: Configuration,
    }

    #[derive(Debug, Deserialize)]
    pub struct BusinessIdentifier {
        pub scheme: String,
        pub id: String,
    }

    #[derive(Debug, Deserialize)]
    pub struct BankAccount {
        pub scheme: String,
        pub id: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Configuration {
        pub payment_allowed: Option<bool>,
        pub capture_type: Option<String>,
        pub skip_landing_page_allowed: Option<bool>,
        pub recurring_allowed: Option<bool>,
        pub partial_capture_allowed: Option<bool>,
        pub late_capture_allowed: Option<bool>,
        pub landing_page_phone_number_locked: Option<bool>,
        pub long_living_payment_allowed: Option<bool>,
        pub credit_card_payment_allowed: Option<bool>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct AddedImage {
        pub image_id: String,
    }

    /// The fastest way to build it: one buffer of the right size, written once.
    pub fn image_body(image_id: &str, picture: &[u8]) -> String {
        let before = format!(r#"{{"imageId":"{image_id}","src":""#);
        let after = r#"","type":"base64"}"#;
        let length = picture.len().div_ceil(3) * 4;
        let mut body = String::with_capacity(before.len() + length + after.len());
        body.push_str(&before);
        BASE64_STANDARD.encode_string(picture, &mut body);
        body.push_str(after);
        body
    }
}
