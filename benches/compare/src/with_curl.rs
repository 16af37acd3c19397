//! The curl crate, with one handle for all calls to keep connections alive.

use std::hint::black_box;
use std::io::Read;

use curl::easy::{Easy, List};
use serde::de::DeserializeOwned;

use crate::Result;
use crate::api::{
    self, AddedImage, CONNECT_TIMEOUT, SalesUnit, SalesUnitSummary, TIMEOUT, TokenReply,
};

pub struct Client {
    easy: Easy,
    base_url: String,
    /// Empty before the first token.
    authorization: String,
}

impl crate::Client for Client {
    fn new(base_url: &str) -> Result<Self> {
        let mut easy = Easy::new();
        easy.timeout(TIMEOUT)?;
        easy.connect_timeout(CONNECT_TIMEOUT)?;
        easy.noproxy("*")?;
        easy.signal(false)?;
        Ok(Self {
            easy,
            base_url: base_url.to_owned(),
            authorization: String::new(),
        })
    }

    fn fetch_token(&mut self) -> Result<()> {
        let mut headers = List::new();
        for (name, value) in api::KEYS {
            headers.append(&format!("{name}: {value}"))?;
        }
        // libcurl's default is the content type of a form.
        headers.append("content-type:")?;
        let token: TokenReply = self.send("/accesstoken/get", headers, Some(b""))?;
        black_box(&token);
        self.authorization = format!("authorization: Bearer {}", token.access_token);
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
        let mut headers = List::new();
        headers.append(&self.authorization)?;
        headers.append("content-type: application/json")?;
        // Otherwise libcurl waits for a `100 Continue` first.
        headers.append("expect:")?;
        let path = "/order-management/v1/images";
        let added: AddedImage = self.send(path, headers, Some(body.as_bytes()))?;
        Ok(added.image_id)
    }
}

impl Client {
    fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<T> {
        let mut headers = List::new();
        headers.append(&self.authorization)?;
        self.send(path, headers, None)
    }

    fn send<T: DeserializeOwned>(
        &mut self,
        path: &str,
        mut headers: List,
        body: Option<&[u8]>,
    ) -> Result<T> {
        for (name, value) in api::headers() {
            headers.append(&format!("{name}: {value}"))?;
        }
        self.easy.url(&format!("{}{path}", self.base_url))?;
        self.easy.http_headers(headers)?;
        let mut left = body.unwrap_or_default();
        match body {
            Some(body) => {
                self.easy.post(true)?;
                self.easy.post_field_size(body.len() as u64)?;
            }
            None => self.easy.get(true)?,
        }
        let mut bytes = Vec::new();
        let mut transfer = self.easy.transfer();
        transfer.read_function(|buffer| Ok(left.read(buffer).unwrap_or(0)))?;
        transfer.write_function(|data| {
            bytes.extend_from_slice(data);
            Ok(data.len())
        })?;
        transfer.perform()?;
        drop(transfer);
        let status = self.easy.response_code()?;
        if !(200..300).contains(&status) {
            return Err(format!("unexpected status {status}").into());
        }
        Ok(serde_json::from_slice(&bytes)?)
    }
}
