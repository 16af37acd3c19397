use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::order_line::OrderLine;
use super::tax::TaxRate;
use crate::Error;

/// The sums of a receipt's lines, in minor units. Returns count negative, and so do their tax and their discount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Totals {
    /// All that is paid, with tax and shipping, after discounts. Tips are no part of it.
    pub total_amount: i64,
    /// The same without tax.
    pub total_amount_excluding_tax: i64,
    /// The tax in it.
    pub total_tax_amount: i64,
    /// What was taken off.
    pub total_discount: i64,
    /// The shipping in it, with tax.
    pub shipping_amount: i64,
    /// Amounts and tax for each rate, the highest rate first. Lines without a rate are not in it.
    pub tax: Vec<TaxTotal>,
}

/// The sums of the lines of one tax rate, in minor units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TaxTotal {
    /// The rate.
    pub tax_rate: TaxRate,
    /// What is paid for the lines.
    pub total_amount: i64,
    /// The same without tax.
    pub total_amount_excluding_tax: i64,
    /// The tax in it.
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
    i64::try_from(sum).map_err(|_| Error::input("orderLines", "add up to more than an i64 holds"))
}
