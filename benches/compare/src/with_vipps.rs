//! This crate.

use std::hint::black_box;

use vipps::order_management::{AddImage, ImageId};
use vipps::{ApiKeys, Msn, Session, SystemInfo, management, order_management};

use crate::Result;
use crate::api::{CLIENT_ID, CLIENT_SECRET, MSN, SUBSCRIPTION_KEY, SYSTEM};

pub struct Client {
    session: Session,
}

impl crate::Client for Client {
    fn new(base_url: &str) -> Result<Self> {
        let keys = ApiKeys::standard(CLIENT_ID, CLIENT_SECRET, SUBSCRIPTION_KEY);
        let [name, version, plugin_name, plugin_version] = SYSTEM.map(|(_, value)| value);
        let system = SystemInfo::new(name, version)?.plugin(plugin_name, plugin_version)?;
        let session = Session::builder(keys, system)
            .base_url(base_url)
            .merchant_serial_number(Msn::new(MSN)?)
            .build()?;
        Ok(Self { session })
    }

    fn fetch_token(&mut self) -> Result<()> {
        black_box(self.session.access_token()?);
        Ok(())
    }

    fn sales_unit(&mut self, msn: &str) -> Result<String> {
        let unit = management::get_sales_unit(&self.session, &Msn::new(msn)?)?;
        black_box(&unit);
        Ok(unit.name)
    }

    fn sales_units(&mut self) -> Result<usize> {
        let units = management::list_sales_units(&self.session)?;
        black_box(&units);
        Ok(units.len())
    }

    fn add_image(&mut self, image_id: &str, picture: &[u8]) -> Result<String> {
        let image = AddImage::from_bytes(ImageId::new(image_id)?, picture)?;
        let id = order_management::add_image(&self.session, &image)?;
        Ok(id.as_str().to_owned())
    }
}
