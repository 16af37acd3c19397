//! Money in minor units: parsing, formatting, allocation and rounding.

use crate::Error;

/// Parses a decimal amount such as `199.90` into minor units (øre, cents): 19990.
///
/// The amount is digits, optionally followed by a point and one or two decimals, with a leading `-`
/// if negative. Commas and thousands separators are refused, since `1,000` means different amounts
/// in different countries. For text with a decimal comma, pass `text.replace(',', ".")`.
///
/// ```
/// use vipps::order_management::{format_minor_units, minor_units};
///
/// assert_eq!(minor_units("199.90")?, 19_990);
/// assert_eq!(minor_units("-25")?, -2_500);
/// assert!(minor_units("1,000").is_err());
/// assert_eq!(format_minor_units(19_990), "199.90");
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Source: the amounts of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `amount`, also if it does not
/// fit in an `i64`.
#[doc(alias = "øre")]
#[doc(alias = "cents")]
pub fn minor_units(amount: &str) -> Result<i64, Error> {
    let rule = "must be an amount such as 199.90, with a point and at most two decimals";
    hundredths(amount).ok_or_else(|| Error::invalid("amount", rule, amount))
}

/// Formats an amount in minor units with two decimals: 19990 as `199.90`.
///
/// [`minor_units`] parses it back.
///
/// ```
/// use vipps::order_management::format_minor_units;
///
/// assert_eq!(format_minor_units(19_990), "199.90");
/// assert_eq!(format_minor_units(-5), "-0.05");
/// ```
pub fn format_minor_units(amount: i64) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    let amount = amount.unsigned_abs();
    format!("{sign}{}.{:02}", amount / 100, amount % 100)
}

/// Splits an amount in proportion to weights, into shares that add up exactly to the amount.
///
/// Uses the largest remainder method: each share is less than one minor unit away from its exact
/// value, and among equal remainders the earlier weight gets the unit.
///
/// ```
/// use vipps::order_management::allocate;
///
/// assert_eq!(allocate(1_000, &[19_900, 4_550, 3_900])?, [702, 160, 138]);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// [`Receipt::apply_discount`](crate::order_management::Receipt::apply_discount) splits a discount
/// over the lines of a receipt this way.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `weights` if one is negative,
/// or if none is positive and the amount is not zero.
pub fn allocate(amount: i64, weights: &[i64]) -> Result<Vec<i64>, Error> {
    if let Some(negative) = weights.iter().find(|weight| **weight < 0) {
        let reason = format!("must be at least 0, not {negative}");
        return Err(Error::input("weights", reason));
    }
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if sum == 0 {
        return match amount {
            0 => Ok(vec![0; weights.len()]),
            _ => {
                let reason = format!("at least one must be positive to split {amount}");
                Err(Error::input("weights", reason))
            }
        };
    }
    // Shares rounded towards zero, and their remainders.
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

/// Parses a number with at most two decimals, `^-?\d+(\.\d{1,2})?$`, as hundredths.
pub(crate) fn hundredths(text: &str) -> Option<i64> {
    let (sign, number) = match text.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", text),
    };
    let (whole, decimals) = match number.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (number, ""),
    };
    let is_number = [whole, decimals]
        .iter()
        .all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    if whole.is_empty() || decimals.len() > 2 || !is_number {
        return None;
    }
    format!("{sign}{whole}{decimals:0<2}").parse().ok()
}

/// `numerator / denominator` rounded to the nearest whole number, halves away from zero. The
/// denominator is positive.
pub(crate) fn divide(numerator: i128, denominator: i128) -> i128 {
    let half = denominator / 2;
    // For an odd denominator, whose half is not whole, rounding the half down is correct.
    let away = if numerator < 0 { -half } else { half };
    (numerator + away) / denominator
}

/// Narrows a number that is known to fit.
pub(crate) fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}
