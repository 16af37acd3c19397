//! reqwest's blocking client, either with its feature `rustls` or with ring and built-in roots,
//! like ureq.

use std::hint::black_box;

use reqwest::blocking::{ClientBuilder, Response};
use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use reqwest::redirect::Policy;
use serde::de::DeserializeOwned;

use crate::Result;
use crate::api::{
    self, AddedImage, CONNECT_TIMEOUT, MAX_IDLE_CONNECTIONS, SalesUnit, SalesUnitSummary, TIMEOUT,
    TokenReply,
};

pub struct Client {
    client: reqwest::blocking::Client,
    base_url: String,
    keys: HeaderMap,
    authorization: HeaderValue,
}

impl crate::Client for Client {
    fn new(base_url: &str) -> Result<Self> {
        let client = builder()?
            .redirect(Policy::none())
            .https_only(base_url.starts_with("https:"))
            .no_proxy()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
            .default_headers(header_map(api::headers()))
            .build()?;
        let mut keys = header_map(api::KEYS);
        keys.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        Ok(Self {
            client,
            base_url: base_url.to_owned(),
            keys,
            authorization: HeaderValue::from_static(""),
        })
    }

    fn fetch_token(&mut self) -> Result<()> {
        let request = self.client.post(self.url("/accesstoken/get"));
        let token: TokenReply = read(request.headers(self.keys.clone()).send()?)?;
        black_box(&token);
        self.authorization = HeaderValue::try_from(format!("Bearer {}", token.access_token))?;
        Ok(())
    }

    fn sales_unit(&mut self, msn: &str) -> Result<String> {
        let unit: SalesUnit = self.get(&format!("/management/v1/sales-units/{msn}"))?;
        black_box(&unit);
        Ok(unit.name)
    }

    fn sales_units(&mut self) -> Result<usize> {
        let units: Vec<SalesUnitSummary> = self.get("/management/v1/sales-units")?;
        black_box(&units);
        Ok(units.len())
    }

    fn add_image(&mut self, image_id: &str, picture: &[u8]) -> Result<String> {
        let request = self.client.post(self.url("/order-management/v1/images"));
        let response = request
            .header(AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(api::image_body(image_id, picture))
            .send()?;
        let added: AddedImage = read(response)?;
        Ok(added.image_id)
    }
}

impl Client {
    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let request = self.client.get(self.url(path));
        let authorization = self.authorization.clone();
        read(request.header(AUTHORIZATION, authorization).send()?)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }
}

#[cfg(not(feature = "reqwest-ring"))]
fn builder() -> Result<ClientBuilder> {
    Ok(ClientBuilder::new())
}

#[cfg(feature = "reqwest-ring")]
fn builder() -> Result<ClientBuilder> {
    use std::sync::Arc;

    use rustls::{ClientConfig, RootCertStore};

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(ClientBuilder::new().tls_backend_preconfigured(tls))
}

fn header_map(headers: impl IntoIterator<Item = (&'static str, &'static str)>) -> HeaderMap {
    let pair = |(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    headers.into_iter().map(pair).collect()
}

fn read<T: DeserializeOwned>(response: Response) -> Result<T> {
    let status = response.status();
    if !status.is_success() {
        return Err(format!("unexpected status {status}").into());
    }
    Ok(response.json()?)
}
