//! The orders as the shop exports them. Decimal numbers are read digit by digit, and never become floating point sums.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use vipps::order_management::{CategoryType, Currency, PaymentType, QuantityUnit, TaxRate};

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
        hundredths(&Value::deserialize(deserializer)?)
            .map(Self)
            .map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let basis_points = hundredths(&Value::deserialize(deserializer)?);
        let basis_points = basis_points.map_err(D::Error::custom)?;
        match u16::try_from(basis_points) {
            Ok(basis_points) => Ok(Self(TaxRate::from_basis_points(basis_points))),
            Err(_) => Err(D::Error::custom("tax must be 0 to 100 per cent")),
        }
    }
}

/// A decimal number of at most two decimals, a hundred times over.
fn hundredths(value: &Value) -> Result<i64, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        // The shortest text that is this number, which is what was exported.
        Value::Number(number) => number.to_string(),
        other => return Err(format!("must be a decimal number, not {other}")),
    };
    let wrong = || format!("must be a decimal number such as 199.00, not {text}");
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let decimals = decimals.trim_end_matches('0');
    let digits = whole.bytes().chain(decimals.bytes());
    if whole.is_empty() || decimals.len() > 2 || !digits.clone().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    format!("{whole}{decimals:0<2}")
        .parse()
        .map_err(|_| wrong())
}

/// Minor units as people write them.
pub(crate) fn decimal(amount: i64) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    let amount = amount.unsigned_abs();
    format!("{sign}{}.{:02}", amount / 100, amount % 100)
}
