//! The orders as the shop exports them.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use vipps::Error;
use vipps::order_management::{
    CategoryType, Currency, OrderId, PaymentType, Quantity, QuantityUnit, TaxRate, minor_units,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    pub(crate) order: Parsed<OrderId>,
    pub(crate) payment: Parsed<PaymentType>,
    pub(crate) currency: Parsed<Currency>,
    pub(crate) lines: Vec<Line>,
    pub(crate) discount: Option<Parsed<Money>>,
    pub(crate) receipt_number: Option<String>,
    pub(crate) category: Option<Category>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) price: Parsed<Money>,
    pub(crate) quantity: Option<Parsed<Quantity>>,
    pub(crate) unit: Option<Parsed<QuantityUnit>>,
    pub(crate) tax: Parsed<TaxRate>,
    pub(crate) discount: Option<Parsed<Money>>,
    pub(crate) url: Option<String>,
    #[serde(default)]
    pub(crate) shipping: bool,
    #[serde(default)]
    pub(crate) r#return: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Category {
    pub(crate) r#type: Parsed<CategoryType>,
    pub(crate) url: String,
}

/// A value that is checked as it is read, from a string or from the digits of a number, which
/// never become floating-point sums.
pub(crate) struct Parsed<T>(pub(crate) T);

/// `199.00` in minor units.
pub(crate) struct Money(pub(crate) i64);

impl FromStr for Money {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        minor_units(text).map(Self)
    }
}

impl<'de, T: FromStr<Err = Error>> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            // The shortest text that is this number, which is what was exported.
            Value::Number(number) => number.to_string(),
            _ => return Err(D::Error::custom("must be a string or a number")),
        };
        text.parse().map(Self).map_err(D::Error::custom)
    }
}
