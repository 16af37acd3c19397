//! Money in whole minor units: text, shares and rounding.

use crate::Error;

/// Parses a decimal amount such as `199.90` into minor units (øre, cents): 19990.
///
/// Digits, and a point with one or two decimals if there are any; a `-` before a negative amount.
/// Commas and thousands separators are refused, as `1,000` means different amounts in different
/// countries. For text with decimal commas, pass `text.replace(',', ".")`.
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
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `amount`, also for an amount
/// that does not fit an `i64`.
pub fn minor_units(amount: &str) -> Result<i64, Error> {
    let rule = "must be an amount such as 199.90, with a point and at most two decimals";
    hundredths(amount).ok_or_else(|| Error::invalid("amount", rule, amount))
}

/// Formats an amount in minor units as a decimal number with two decimals: 19990 as `199.90`.
///
/// [`minor_units`] parses it back.
pub fn format_minor_units(amount: i64) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    let amount = amount.unsigned_abs();
    format!("{sign}{}.{:02}", amount / 100, amount % 100)
}

/// Splits an amount over weights so that no minor unit is lost: the shares add up to the amount,
/// and each is less than one unit away from its exact share (the largest remainder rule). Among
/// equal remainders the earlier weight gets the unit.
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
/// or if all are zero, or there are none, for an amount other than zero.
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
                let reason = format!("must have a positive weight to split {amount}");
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

/// A decimal number of at most two decimals, a hundred times over: `^-?\d+(\.\d{1,2})?$`.
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

/// `numerator / denominator` to the nearest whole number, a half away from zero. The denominator is
/// positive.
pub(crate) fn divide(numerator: i128, denominator: i128) -> i128 {
    let half = denominator / 2;
    // An odd denominator has no exact half, and rounding its half down is right.
    let away = if numerator < 0 { -half } else { half };
    (numerator + away) / denominator
}

/// A number that is known to fit.
pub(crate) fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}
