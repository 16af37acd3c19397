//! Probable mistakes in a receipt.

use std::collections::HashMap;

use super::bottom_line::BottomLine;
use super::order_line::{OrderLine, UnitInfo};
use super::totals;
use crate::error::problem::FieldProblem;
use crate::model::money::divide;

pub(super) fn of(lines: &[OrderLine], bottom_line: &BottomLine) -> Vec<FieldProblem> {
    let mut warnings = Vec::new();
    let mut first_with: HashMap<&str, usize> = HashMap::new();
    for (nth, line) in lines.iter().enumerate() {
        let first = *first_with.entry(&line.id).or_insert(nth);
        if first != nth {
            let reason = format!("{:?} is also the id of orderLines[{first}]", line.id);
            warnings.push(FieldProblem::new(format!("orderLines[{nth}].id"), reason));
        }
        let before_discount =
            i128::from(line.total_amount) + i128::from(line.discount.unwrap_or(0));
        if let Some(unit_info) = &line.unit_info {
            let at = format!("orderLines[{nth}].unitInfo");
            warnings.extend(units(&at, unit_info, before_discount));
        }
    }
    warnings.extend(payment_sources(lines, bottom_line));
    warnings
}

fn units(at: &str, unit_info: &UnitInfo, before_discount: i128) -> Option<FieldProblem> {
    let (digits, scale) = unit_info.quantity.parts()?;
    if digits == 0 {
        return Some(FieldProblem::new(format!("{at}.quantity"), "is 0"));
    }
    let price = unit_info.unit_price?;
    let exact = i128::from(price) * digits;
    // However the merchant rounds, the difference is less than one minor unit.
    if (exact - before_discount * scale).abs() < scale {
        return None;
    }
    let (quantity, product) = (&unit_info.quantity, divide(exact, scale));
    let reason = format!(
        "{price} times {quantity} is {product}, but totalAmount plus discount is {before_discount}"
    );
    Some(FieldProblem::new(at, reason))
}

fn payment_sources(lines: &[OrderLine], bottom_line: &BottomLine) -> Option<FieldProblem> {
    let sources = bottom_line.payment_sources.clone().unwrap_or_default();
    let amounts = [
        bottom_line.gift_cards(),
        sources.card,
        sources.voucher,
        sources.cash,
    ];
    let paid: i128 = amounts.into_iter().flatten().map(i128::from).sum();
    let tip = i128::from(bottom_line.tip_amount.unwrap_or(0));
    let total = i128::from(totals::of(lines).ok()?.total_amount) + tip;
    if paid <= 0 || paid <= total {
        return None;
    }
    let reason = format!("add up to {paid}, more than {total}, the sum of all lines and the tip");
    Some(FieldProblem::new("bottomLine.paymentSources", reason))
}
