//! The baseline for the measurements: the shortest expert code on plain ureq that makes the same
//! calls.

use std::io::Read;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use ureq::Agent;
use ureq::http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use vipps::{AccessToken, ApiKeys, RetryPolicy, Session, SystemInfo};

const KEY: &str = "0123456789abcdef0123456789abcdef";
const MSN: &str = "123456";

/// A session with a token of typical length.
pub(crate) fn session(url: &str) -> Session {
    let keys = ApiKeys::standard("client-id", "client-secret", KEY);
    let system = SystemInfo::new("acme", "3.1.2").unwrap();
    let system = system.plugin("acme-webshop", "4.5.6").unwrap();
    let token = AccessToken::new(&token(), Duration::from_secs(3600)).unwrap();
    Session::builder(keys, system)
        .base_url(url)
        .merchant_serial_number(MSN.parse().unwrap())
        .access_token(token)
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

fn token() -> String {
    "t".repeat(1200)
}

/// The headers of every request.
pub(crate) fn headers() -> [(HeaderName, String); 10] {
    [
        (USER_AGENT, "vipps-rust/0.1.0".to_owned()),
        (ACCEPT, "application/json".to_owned()),
        (ACCEPT_ENCODING, "identity".to_owned()),
        (name("vipps-system-name"), "acme".to_owned()),
        (name("vipps-system-version"), "3.1.2".to_owned()),
        (name("vipps-system-plugin-name"), "acme-webshop".to_owned()),
        (name("vipps-system-plugin-version"), "4.5.6".to_owned()),
        (name("merchant-serial-number"), MSN.to_owned()),
        (name("ocp-apim-subscription-key"), KEY.to_owned()),
        (AUTHORIZATION, format!("Bearer {}", token())),
    ]
}

/// Uses the same settings as the crate and sends the same headers.
pub(crate) struct ByHand {
    agent: Agent,
    url: String,
    headers: HeaderMap,
}

impl ByHand {
    pub(crate) fn new(url: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(60)))
            .timeout_resolve(Some(Duration::from_secs(10)))
            .timeout_connect(Some(Duration::from_secs(10)))
            .max_response_header_size(32 * 1024)
            .input_buffer_size(64 * 1024)
            .output_buffer_size(32 * 1024)
            .max_idle_connections(64)
            .max_idle_connections_per_host(64);
        let value = |value: String| HeaderValue::try_from(value).unwrap();
        Self {
            agent: config.build().new_agent(),
            url: url.to_owned(),
            headers: headers().map(|(n, v)| (n, value(v))).into_iter().collect(),
        }
    }

    pub(crate) fn get_sales_unit(&self, msn: &str) -> SalesUnit {
        let uri = format!("{}/management/v1/sales-units/{msn}", self.url);
        serde_json::from_slice(&self.get(uri)).unwrap()
    }

    pub(crate) fn list_sales_units(&self) -> Vec<SalesUnitSummary> {
        let uri = format!("{}/management/v1/sales-units", self.url);
        serde_json::from_slice(&self.get(uri)).unwrap()
    }

    /// Encodes the base64 straight into the body.
    pub(crate) fn add_image(&self, image_id: &str, picture: &[u8]) -> Added {
        let before = format!(r#"{{"imageId":"{image_id}","src":""#);
        let after = r#"","type":"base64"}"#;
        let length = before.len() + picture.len().div_ceil(3) * 4 + after.len();
        let mut body = String::with_capacity(length);
        body.push_str(&before);
        BASE64_STANDARD.encode_string(picture, &mut body);
        body.push_str(after);

        let uri = format!("{}/order-management/v1/images", self.url);
        let mut request = Request::new(body.as_bytes());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::try_from(uri).unwrap();
        *request.headers_mut() = self.headers.clone();
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let reply = read(self.agent.run(request).unwrap());
        serde_json::from_slice(&reply).unwrap()
    }

    fn get(&self, uri: String) -> Vec<u8> {
        let mut request = Request::new(());
        *request.uri_mut() = Uri::try_from(uri).unwrap();
        *request.headers_mut() = self.headers.clone();
        read(self.agent.run(request).unwrap())
    }
}

/// Reads into a buffer of the announced length.
fn read(response: Response<ureq::Body>) -> Vec<u8> {
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    let length = body.content_length().unwrap();
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap());
    body.as_reader().read_to_end(&mut bytes).unwrap();
    bytes
}

fn name(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

/// The fields of the crate's types, with the simplest types that fit.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
pub(crate) struct SalesUnit {
    pub(crate) msn: String,
    name: String,
    business_identifier: SchemeAndId,
    settlement_bank_account: Option<SchemeAndId>,
    configuration: Configuration,
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct SchemeAndId {
    scheme: String,
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct Configuration {
    payment_allowed: Option<bool>,
    capture_type: Option<CaptureType>,
    skip_landing_page_allowed: Option<bool>,
    recurring_allowed: Option<bool>,
    partial_capture_allowed: Option<bool>,
    late_capture_allowed: Option<bool>,
    landing_page_phone_number_locked: Option<bool>,
    long_living_payment_allowed: Option<bool>,
    credit_card_payment_allowed: Option<bool>,
}

#[derive(Deserialize)]
#[allow(clippy::enum_variant_names)]
enum CaptureType {
    ReserveCapture,
    DirectCapture,
    NotApplicable,
}

#[derive(Deserialize)]
#[allow(dead_code)]
pub(crate) struct SalesUnitSummary {
    pub(crate) msn: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Added {
    pub(crate) image_id: String,
}
