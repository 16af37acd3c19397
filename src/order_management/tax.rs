//! Tax rates, and tax computed with integers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::model::lenient::whole;
use crate::model::money::{divide, hundredths, narrow};

/// A tax rate in basis points (hundredths of a per cent): 2500 is 25 %, 2550 is 25.5 %.
///
/// ```
/// use vipps::order_management::TaxRate;
///
/// assert_eq!(TaxRate::percent(25), TaxRate::from_basis_points(2500));
/// assert_eq!("25.5".parse::<TaxRate>()?, TaxRate::from_basis_points(2550));
/// assert_eq!(TaxRate::from_basis_points(2550).to_string(), "25.5 %");
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Source: the field `taxRate` of the schema `OrderLine` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaxRate(#[serde(deserialize_with = "whole")] i64);

impl TaxRate {
    /// No tax.
    pub const ZERO: Self = Self(0);

    /// A rate in whole per cent, 0 to 100. Higher rates are refused when used.
    pub const fn percent(percent: u8) -> Self {
        Self(percent as i64 * 100)
    }

    /// A rate in basis points, 0 to 10 000. Higher rates are refused when used.
    pub const fn from_basis_points(basis_points: u16) -> Self {
        Self(basis_points as i64)
    }

    /// The rate in basis points.
    ///
    /// ```
    /// use vipps::order_management::TaxRate;
    ///
    /// // As text in the shop's settings, as an integer in its database.
    /// let rate: TaxRate = "25.5 %".parse()?;
    /// assert_eq!(rate.basis_points(), 2550);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub const fn basis_points(self) -> i64 {
        self.0
    }

    /// The rate of an older `taxPercentage`.
    pub(super) fn from_tax_percentage(percent: i64) -> Self {
        Self(percent.saturating_mul(100))
    }

    pub(super) fn is_valid(self) -> bool {
        (0..=10_000).contains(&self.0)
    }
}

/// Parses a rate in per cent, 0 to 100 with at most two decimals, with or without a percent sign:
/// `25`, `25.5`, `25 %` or `25%`. Note that `0.25` is a quarter of one per cent.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `taxRate`.
impl FromStr for TaxRate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let number = text.strip_suffix('%').map_or(text, str::trim_end);
        let rate = hundredths(number).map(Self);
        let rule = "must be 0 to 100 per cent with at most two decimals, such as 25 or 25.5";
        rate.filter(|rate| rate.is_valid())
            .ok_or_else(|| Error::invalid("taxRate", rule, text))
    }
}

/// Formats the rate in per cent: `25 %`, `25.5 %`, `0.05 %`.
impl fmt::Display for TaxRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let basis_points = self.0.unsigned_abs();
        let (whole, hundredths) = (basis_points / 100, basis_points % 100);
        match (hundredths, hundredths % 10) {
            (0, _) => write!(f, "{sign}{whole} %"),
            (_, 0) => write!(f, "{sign}{whole}.{} %", hundredths / 10),
            _ => write!(f, "{sign}{whole}.{hundredths:02} %"),
        }
    }
}

/// An amount without the tax it includes, rounded to a minor unit, half away from zero.
pub(super) fn excluding_tax(total: i64, rate: TaxRate) -> i64 {
    let with_tax = 10_000 + i128::from(rate.0);
    // Fits in an `i64`: callers have checked that the rate is not negative.
    narrow(divide(i128::from(total) * 10_000, with_tax))
}

/// The tax on an amount that excludes it, rounded to a minor unit, half away from zero.
pub(super) fn tax_on(net: i64, rate: TaxRate) -> i64 {
    narrow(divide(i128::from(net) * i128::from(rate.0), 10_000))
}
