//! The same four calls with each client.

use std::env;

pub mod api;
#[cfg(feature = "curl")]
pub mod with_curl;
#[cfg(any(feature = "reqwest", feature = "reqwest-ring"))]
pub mod with_reqwest;
#[cfg(feature = "ureq")]
pub mod with_ureq;
#[cfg(feature = "vipps")]
pub mod with_vipps;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The interface to compare. Every call checks the status and decodes the whole reply into types.
pub trait Client: Sized {
    /// Sends nothing.
    fn new(base_url: &str) -> Result<Self>;

    /// `POST /accesstoken/get`. Later calls send this token.
    fn fetch_token(&mut self) -> Result<()>;

    /// `GET /management/v1/sales-units/{msn}`. Returns its name.
    fn sales_unit(&mut self, msn: &str) -> Result<String>;

    /// `GET /management/v1/sales-units`. Returns how many there are.
    fn sales_units(&mut self) -> Result<usize>;

    /// `POST /order-management/v1/images` with the image as base64 in JSON. Returns the id in the
    /// reply.
    fn add_image(&mut self, image_id: &str, picture: &[u8]) -> Result<String>;
}

/// The program whose size, memory and run time are measured.
pub fn token_and_one_get<C: Client>() -> Result<()> {
    let base_url = env::args().nth(1).ok_or("usage: get-CLIENT URL")?;
    let mut client = C::new(&base_url)?;
    client.fetch_token()?;
    println!("{}", client.sales_unit(api::MSN)?);
    Ok(())
}
