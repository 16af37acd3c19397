use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::order_line::OrderLine;
use super::tax::TaxRate;
use crate::Error;

/// The totals of a receipt in minor units, as [`Receipt::totals`] computes them.
///
/// Returns are subtracted, with their tax and discount.
///
/// [`Receipt::totals`]: super::Receipt::totals
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Totals {
    /// The amount paid, including tax and shipping, after discounts and without the tip.
    pub total_amount: i64,
    /// The amount paid, excluding tax.
    pub total_amount_excluding_tax: i64,
    /// The tax included in the total.
    pub total_tax_amount: i64,
    /// The sum of all discounts.
    pub total_discount: i64,
    /// The shipping cost included in the total, with tax.
    pub shipping_amount: i64,
    /// Totals for each tax rate, highest rate first. Lines without a rate are left out.
    pub tax: Vec<TaxTotal>,
}

/// The totals of all lines with the same tax rate, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TaxTotal {
    /// The tax rate.
    pub tax_rate: TaxRate,
    /// The amount paid for the lines, including tax.
    pub total_amount: i64,
    /// The amount paid for the lines, excluding tax.
    pub total_amount_excluding_tax: i64,
    /// The tax included in the total.
    pub total_tax_amount: i64,
}

pub(super) fn of(lines: &[OrderLine]) -> Result<Totals, Error> {
    let mut all = Sum::default();
    let (mut discount, mut shipping) = (0, 0);
    let mut rates: BTreeMap<TaxRate, Sum> = BTreeMap::new();
    for line in lines {
        let sign = if line.is_return == Some(true) { -1 } else { 1 };
        all.add(line, sign);
        discount += sign * i128::from(line.discount.unwrap_or(0));
        if line.is_shipping == Some(true) {
            shipping += sign * i128::from(line.total_amount);
        }
        if let Some(rate) = line.tax_rate_or_percentage() {
            rates.entry(rate).or_default().add(line, sign);
        }
    }
    let highest_first = rates.into_iter().rev();
    let tax = highest_first.map(|(tax_rate, sum)| {
        Ok(TaxTotal {
            tax_rate,
            total_amount: narrow(sum.total)?,
            total_amount_excluding_tax: narrow(sum.excluding_tax)?,
            total_tax_amount: narrow(sum.tax)?,
        })
    });
    Ok(Totals {
        total_amount: narrow(all.total)?,
        total_amount_excluding_tax: narrow(all.excluding_tax)?,
        total_tax_amount: narrow(all.tax)?,
        total_discount: narrow(discount)?,
        shipping_amount: narrow(shipping)?,
        tax: tax.collect::<Result<_, Error>>()?,
    })
}

#[derive(Default)]
struct Sum {
    total: i128,
    excluding_tax: i128,
    tax: i128,
}

impl Sum {
    fn add(&mut self, line: &OrderLine, sign: i128) {
        self.total += sign * i128::from(line.total_amount);
        self.excluding_tax += sign * i128::from(line.total_amount_excluding_tax);
        self.tax += sign * i128::from(line.total_tax_amount);
    }
}

pub(super) fn narrow(sum: i128) -> Result<i64, Error> {
    let reason = "have a sum that does not fit in an i64";
    i64::try_from(sum).map_err(|_| Error::input("orderLines", reason))
}
