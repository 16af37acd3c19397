//! Discounts on a whole receipt.

use super::order_line::OrderLine;
use super::tax::TaxRate;
use super::totals;
use crate::Error;
use crate::error::problem::FieldProblem;
use crate::model::money::{allocate, divide};

/// Splits a discount over all lines except returns, in proportion to their totals.
pub(super) fn apply(lines: Vec<OrderLine>, amount: i64) -> Result<Vec<OrderLine>, Error> {
    let weights = weights(&lines)?;
    let total = sum(&weights);
    if !(0..=total).contains(&amount.into()) {
        let rule = format!("must be 0 to {total}, the total of all lines except returns");
        return Err(Error::input("discount", format!("{rule}, not {amount}")));
    }
    let shares = allocate(amount, &weights)?;
    let mut problems = Vec::new();
    let mut discounted = Vec::with_capacity(lines.len());
    for (nth, (line, share)) in lines.into_iter().zip(shares).enumerate() {
        // A line without a share is not checked either.
        let line = match share {
            0 => Ok(line),
            share => line.apply_discount(share),
        };
        match line {
            Ok(line) => discounted.push(line),
            Err(error) => problems.extend(error.field_problems().iter().map(|problem| {
                FieldProblem::new(
                    format!("orderLines[{nth}].{}", problem.name),
                    &problem.reason,
                )
            })),
        }
    }
    Error::from_problems(problems)?;
    Ok(discounted)
}

/// A percentage of the total of all lines except returns, rounded half up to a minor unit.
pub(super) fn of_rate(lines: &[OrderLine], rate: TaxRate) -> Result<i64, Error> {
    let basis_points = rate.basis_points();
    if !rate.is_valid() {
        let reason = format!("must be 0 to 10000 basis points, not {basis_points}");
        return Err(Error::input("rate", reason));
    }
    let total = sum(&weights(lines)?);
    totals::narrow(divide(total * i128::from(basis_points), 10_000))
}

/// The total of each line, or 0 for a return.
fn weights(lines: &[OrderLine]) -> Result<Vec<i64>, Error> {
    let weight = |line: &OrderLine| match line.is_return {
        Some(true) => 0,
        _ => line.total_amount,
    };
    let weights: Vec<i64> = lines.iter().map(weight).collect();
    let negative = weights
        .iter()
        .enumerate()
        .filter(|(_, weight)| **weight < 0);
    let problem = |(nth, weight)| {
        let reason = format!("must be at least 0, not {weight}");
        FieldProblem::new(format!("orderLines[{nth}].totalAmount"), reason)
    };
    Error::from_problems(negative.map(problem).collect())?;
    Ok(weights)
}

fn sum(weights: &[i64]) -> i128 {
    weights.iter().map(|weight| i128::from(*weight)).sum()
}
