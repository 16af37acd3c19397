//! Minimal hand-written ureq code, as the lower bound. The agent has the crate's settings.

use std::hint::black_box;
use std::io::Read;

use serde::de::DeserializeOwned;
use ureq::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use ureq::{Agent, Body, SendBody};

use crate::Result;
use crate::api::{
    self, AddedImage, CONNECT_TIMEOUT, MAX_IDLE_CONNECTIONS, MAX_RESPONSE_BYTES, SalesUnit,
    SalesUnitSummary, TIMEOUT, TokenReply,
};

const MAX_RESPONSE_HEAD: usize = 32 * 1024;
const OUTPUT_BUFFER: usize = 32 * 1024;

pub struct Client {
    agent: Agent,
    base_url: String,
    /// Without `Authorization` before the first token.
    headers: HeaderMap,
    token_headers: HeaderMap,
}

impl crate::Client for Client {
    fn new(base_url: &str) -> Result<Self> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .https_only(base_url.starts_with("https:"))
            .proxy(None)
            .user_agent(api::USER_AGENT)
            .timeout_global(Some(TIMEOUT))
            .timeout_resolve(Some(CONNECT_TIMEOUT))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .max_response_header_size(MAX_RESPONSE_HEAD)
            .input_buffer_size(2 * MAX_RESPONSE_HEAD)
            .output_buffer_size(OUTPUT_BUFFER)
            .max_idle_connections(MAX_IDLE_CONNECTIONS)
            .max_idle_connections_per_host(MAX_IDLE_CONNECTIONS);
        let headers = header_map(api::headers());
        let mut token_headers = headers.clone();
        token_headers.extend(header_map(api::KEYS));
        token_headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        Ok(Self {
            agent: config.build().new_agent(),
            base_url: base_url.to_owned(),
            headers,
            token_headers,
        })
    }

    fn fetch_token(&mut self) -> Result<()> {
        let mut request = Request::new(SendBody::none());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri("/accesstoken/get")?;
        *request.headers_mut() = self.token_headers.clone();
        let token: TokenReply = read(self.agent.run(request)?)?;
        black_box(&token);
        let value = HeaderValue::try_from(format!("Bearer {}", token.access_token))?;
        self.headers.insert(AUTHORIZATION, value);
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
        let body = api::image_body(image_id, picture);
        let mut request = Request::new(body.as_bytes());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri("/order-management/v1/images")?;
        *request.headers_mut() = self.headers.clone();
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let added: AddedImage = read(self.agent.run(request)?)?;
        Ok(added.image_id)
    }
}

impl Client {
    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let mut request = Request::new(());
        *request.uri_mut() = self.uri(path)?;
        *request.headers_mut() = self.headers.clone();
        read(self.agent.run(request)?)
    }

    fn uri(&self, path: &str) -> Result<Uri> {
        Ok(Uri::try_from(format!("{}{path}", self.base_url))?)
    }
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

fn read<T: DeserializeOwned>(mut response: Response<Body>) -> Result<T> {
    let status = response.status();
    if !status.is_success() {
        return Err(format!("unexpected status {status}").into());
    }
    let body = response.body_mut();
    let length = body.content_length().unwrap_or(0).min(1024 * 1024);
    let mut bytes = Vec::with_capacity(usize::try_from(length)?);
    let mut reader = body.as_reader().take(MAX_RESPONSE_BYTES);
    reader.read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}
