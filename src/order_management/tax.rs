//! Tax and shares in whole numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::model::lenient::whole;

/// A tax rate in basis points, hundredths of a per cent: 2500 is 25 %, 2550 is 25.5 %.
///
/// ```
/// use vipps::order_management::TaxRate;
///
/// assert_eq!(TaxRate::percent(25), TaxRate::from_basis_points(2500));
/// assert_eq!(TaxRate::from_basis_points(2550).to_string(), "25.5 %");
/// ```
///
/// Source: the field `taxRate` of the schema `OrderLine`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaxRate(#[serde(deserialize_with = "whole")] i64);

impl TaxRate {
    /// No tax.
    pub const ZERO: Self = Self(0);

    /// A rate in whole per cent, 0 to 100. A higher one is refused where it is used.
    pub const fn percent(percent: u8) -> Self {
        Self(percent as i64 * 100)
    }

    /// A rate in basis points, 0 to 10 000. A higher one is refused where it is used.
    pub const fn from_basis_points(basis_points: u16) -> Self {
        Self(basis_points as i64)
    }

    /// The rate in basis points.
    pub const fn basis_points(self) -> i64 {
        self.0
    }

    /// The rate that an older `taxPercentage` says.
    pub(super) fn from_tax_percentage(percent: i64) -> Self {
        Self(percent.saturating_mul(100))
    }

    pub(super) fn is_valid(self) -> bool {
        (0..=10_000).contains(&self.0)
    }
}

/// `25 %`, `25.5 %`, `0.05 %`.
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

/// The part of an amount with tax that is not tax, to the nearest minor unit, a half away from zero.
pub(super) fn excluding_tax(total: i64, rate: TaxRate) -> i64 {
    let with_tax = 10_000 + i128::from(rate.0);
    // A part of an i64, as the rate is not negative where this is called.
    narrow(divide(i128::from(total) * 10_000, with_tax))
}

/// The tax on an amount without it, to the nearest minor unit, a half away from zero.
pub(super) fn tax_on(net: i64, rate: TaxRate) -> i64 {
    narrow(divide(i128::from(net) * i128::from(rate.0), 10_000))
}

/// `numerator / denominator` to the nearest whole number, a half away from zero. The denominator is positive.
pub(super) fn divide(numerator: i128, denominator: i128) -> i128 {
    let half = denominator / 2;
    // An odd denominator has no exact half, and rounding its half down is right.
    let away = if numerator < 0 { -half } else { half };
    (numerator + away) / denominator
}

pub(super) fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// Splits an amount over weights so that no minor unit is lost: the shares add up to the amount, and each is less than one unit away from
/// its exact share (the largest remainder rule). Among equal remainders the earlier weight gets the unit.
///
/// For a discount on a whole order, the weights are the totals of its lines, and 0 for a line that is a return:
///
/// ```
/// use vipps::order_management::{OrderLine, TaxRate, allocate};
///
/// let lines = [
///     OrderLine::from_gross("Wool socks", "1", 19_900, TaxRate::percent(25))?,
///     OrderLine::from_gross("Bread", "2", 4_550, TaxRate::percent(15))?,
///     OrderLine::from_gross("Newspaper", "3", 3_900, TaxRate::ZERO)?,
/// ];
/// let totals: Vec<i64> = lines.iter().map(|line| line.total_amount).collect();
/// let shares = allocate(1_000, &totals)?;
/// assert_eq!(shares, [702, 160, 138]);
///
/// let discounted = lines
///     .into_iter()
///     .zip(shares)
///     .map(|(line, share)| line.apply_discount(share))
///     .collect::<Result<Vec<_>, _>>()?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `weights` if one is negative, or if all are zero, or there are none, for an amount other than zero.
pub fn allocate(amount: i64, weights: &[i64]) -> Result<Vec<i64>, Error> {
    if let Some(negative) = weights.iter().find(|weight| **weight < 0) {
        let reason = format!("must not be negative, not {negative}");
        return Err(Error::input("weights", reason));
    }
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if sum == 0 {
        return match amount {
            0 => Ok(vec![0; weights.len()]),
            _ => {
                let reason = format!("must have one above zero to split {amount} over");
                Err(Error::input("weights", reason))
            }
        };
    }
    // Whole shares towards zero, with what is left of each.
    let exact = weights
        .iter()
        .map(|weight| i128::from(amount) * i128::from(*weight));
    let (mut shares, remainders): (Vec<i128>, Vec<i128>) = exact
        .map(|exact| (exact / sum, (exact % sum).abs()))
        .unzip();
    let left = i128::from(amount) - shares.iter().sum::<i128>();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    // A stable sort: equal remainders stay in their order.
    order.sort_by_key(|at| std::cmp::Reverse(remainders.get(*at).copied()));
    for at in order.into_iter().zip(0..left.abs()).map(|(at, _)| at) {
        if let Some(share) = shares.get_mut(at) {
            *share += left.signum();
        }
    }
    Ok(shares.into_iter().map(narrow).collect())
}
