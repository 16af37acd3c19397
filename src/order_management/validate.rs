#![allow(deprecated)] // Deprecated fields are validated too.

use super::bottom_line::{BarcodeFormat, BottomLine};
use super::order_line::OrderLine;
use crate::error::problem::FieldProblem;
use crate::model::identifier::is_made_of;

/// Everything that the API would refuse or that does not add up, in the receipt's order.
pub(super) fn problems(lines: &[OrderLine], bottom_line: &BottomLine) -> Vec<FieldProblem> {
    let mut problems = Problems(Vec::new());
    if lines.is_empty() {
        problems.add("orderLines", "must hold at least one line");
    }
    for (nth, line) in lines.iter().enumerate() {
        problems.line(&format!("orderLines[{nth}]"), line);
    }
    problems.bottom_line(bottom_line);
    problems.0
}

struct Problems(Vec<FieldProblem>);

impl Problems {
    fn add(&mut self, field: impl Into<String>, reason: impl Into<String>) {
        self.0.push(FieldProblem::new(field, reason));
    }

    fn not_negative(&mut self, field: String, amount: Option<i64>) {
        if let Some(amount) = amount.filter(|amount| *amount < 0) {
            self.add(field, format!("must be at least 0, not {amount}"));
        }
    }

    fn line(&mut self, at: &str, line: &OrderLine) {
        for (field, text) in [("name", &line.name), ("id", &line.id)] {
            if text.trim().is_empty() {
                self.add(format!("{at}.{field}"), "must not be empty");
            }
        }
        let (total, excluding, tax) = (
            line.total_amount,
            line.total_amount_excluding_tax,
            line.total_tax_amount,
        );
        for (field, amount) in [
            ("totalAmount", Some(total)),
            ("totalAmountExcludingTax", Some(excluding)),
            ("totalTaxAmount", Some(tax)),
            ("discount", line.discount),
        ] {
            self.not_negative(format!("{at}.{field}"), amount);
        }
        let sum = i128::from(excluding) + i128::from(tax);
        if sum != i128::from(total) {
            let reason = format!(
                "must be the sum of totalAmountExcludingTax and totalTaxAmount, \
                 {excluding} + {tax} = {sum}, not {total}"
            );
            self.add(format!("{at}.totalAmount"), reason);
        }
        self.tax_rate(at, line);
        if let Some(unit_info) = &line.unit_info {
            self.not_negative(format!("{at}.unitInfo.unitPrice"), unit_info.unit_price);
            let quantity = format!("{at}.unitInfo.quantity");
            self.0.extend(unit_info.quantity.problem(quantity));
        }
    }

    fn tax_rate(&mut self, at: &str, line: &OrderLine) {
        if line.tax_rate_or_percentage().is_none() {
            self.add(format!("{at}.taxRate"), "must be set, in basis points");
        }
        if let Some(rate) = line.tax_rate.filter(|rate| !rate.is_valid()) {
            let reason = format!(
                "must be 0 to 10000 basis points, not {}",
                rate.basis_points()
            );
            self.add(format!("{at}.taxRate"), reason);
        }
        self.percentage(format!("{at}.taxPercentage"), line.tax_percentage);
    }

    fn percentage(&mut self, field: String, percent: Option<i64>) {
        if let Some(percent) = percent.filter(|percent| !(0..=100).contains(percent)) {
            self.add(field, format!("must be 0 to 100 per cent, not {percent}"));
        }
    }

    fn bottom_line(&mut self, bottom_line: &BottomLine) {
        if bottom_line.currency.is_none() {
            self.add("bottomLine.currency", "must be set, such as NOK");
        }
        for (field, amount) in [
            ("tipAmount", bottom_line.tip_amount),
            ("giftCardAmount", bottom_line.gift_card_amount),
            ("totalTax", bottom_line.total_tax),
            ("totalDiscount", bottom_line.total_discount),
            ("shippingAmount", bottom_line.shipping_amount),
        ] {
            self.not_negative(format!("bottomLine.{field}"), amount);
        }
        if let Some(info) = &bottom_line.shipping_info {
            let at = "bottomLine.shippingInfo";
            self.not_negative(format!("{at}.amount"), info.amount);
            self.not_negative(
                format!("{at}.amountExcludingTax"),
                info.amount_excluding_tax,
            );
            self.not_negative(format!("{at}.taxAmount"), info.tax_amount);
            self.percentage(format!("{at}.taxPercentage"), info.tax_percentage);
        }
        if let Some(barcode) = &bottom_line.barcode {
            if barcode.format.is_none() {
                self.add("bottomLine.barcode.format", "must be set, such as EAN-13");
            }
            let data = barcode.data.as_deref().unwrap_or_default();
            if data.is_empty() {
                self.add("bottomLine.barcode.data", "must not be empty");
            } else if barcode.format == Some(BarcodeFormat::Ean13) && !is_ean_13(data) {
                let rule = "must be 12 digits and their EAN-13 check digit";
                let problem = FieldProblem::invalid("bottomLine.barcode.data", rule, data);
                self.0.push(problem);
            }
        }
    }
}

/// 13 digits whose sum, weighted alternately by 1 and 3, is a multiple of ten.
fn is_ean_13(data: &str) -> bool {
    let weighted = data.bytes().zip([1, 3].into_iter().cycle());
    let weighted = weighted.map(|(digit, weight)| u32::from(digit - b'0') * weight);
    is_made_of(data, 13, 13, |b| b.is_ascii_digit()) && weighted.sum::<u32>() % 10 == 0
}
