//! The orders as the shop exports them. Decimal numbers are read digit by digit, and never become floating point sums.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use vipps::order_management::{
    CategoryType, Currency, PaymentType, QuantityUnit, TaxRate, minor_units,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    pub(crate) order: String,
    pub(crate) payment: PaymentType,
    pub(crate) currency: Currency,
    pub(crate) lines: Vec<Line>,
    pub(crate) discount: Option<Money>,
    pub(crate) receipt_number: Option<String>,
    pub(crate) category: Option<Link>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) price: Money,
    pub(crate) quantity: Option<String>,
    pub(crate) unit: Option<QuantityUnit>,
    pub(crate) tax: Percent,
    pub(crate) discount: Option<Money>,
    pub(crate) url: Option<String>,
    #[serde(default)]
    pub(crate) shipping: bool,
    #[serde(default)]
    pub(crate) r#return: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Link {
    pub(crate) r#type: CategoryType,
    pub(crate) url: String,
}

/// `199.00` in minor units.
pub(crate) struct Money(pub(crate) i64);

/// `25.5` as a rate.
pub(crate) struct Percent(pub(crate) TaxRate);

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = text(&Value::deserialize(deserializer)?).map_err(D::Error::custom)?;
        minor_units(&text).map(Self).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = text(&Value::deserialize(deserializer)?).map_err(D::Error::custom)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        // The shortest text that is this number, which is what was exported.
        Value::Number(number) => Ok(number.to_string()),
        other => Err(format!("must be a decimal number, not {other}")),
    }
}
