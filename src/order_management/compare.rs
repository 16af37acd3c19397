#![allow(deprecated)] // Existing receipts may have deprecated fields.

use super::bottom_line::BottomLine;
use super::order_line::{OrderLine, QuantityUnit, UnitInfo};
use super::receipts::Receipt;
use crate::error::problem::FieldProblem;

/// The fields in which an order's receipt differs from the expected one.
///
/// Amounts, names and the kind of a line must agree. Defaults that the API fills in (a discount of
/// 0), other ways to write a number, and missing display fields are not differences.
pub(super) fn differences(found: &Receipt, expected: &Receipt) -> Vec<FieldProblem> {
    let mut diffs = Vec::new();
    let (lines_found, lines_expected) = (found.order_lines.len(), expected.order_lines.len());
    if lines_found != lines_expected {
        let reason = format!("expected length {lines_expected}, found {lines_found}");
        diffs.push(FieldProblem::new("orderLines", reason));
    }
    let lines = found.order_lines.iter().zip(&expected.order_lines);
    for (nth, (found, expected)) in lines.enumerate() {
        line(&mut diffs, &format!("orderLines[{nth}]"), found, expected);
    }
    bottom_line(&mut diffs, &found.bottom_line, &expected.bottom_line);
    diffs
}

fn bottom_line(diffs: &mut Vec<FieldProblem>, found: &BottomLine, expected: &BottomLine) {
    let texts = |of: &BottomLine| {
        let barcode = of.barcode.as_ref();
        [
            of.currency.as_ref().map(|it| it.as_str().to_owned()),
            of.pos_id.clone(),
            of.receipt_number.clone(),
            barcode.and_then(|it| Some(it.format.as_ref()?.as_str().to_owned())),
            barcode.and_then(|it| it.data.clone()),
        ]
    };
    let names = [
        "currency",
        "posId",
        "receiptNumber",
        "barcode.format",
        "barcode.data",
    ];
    for ((name, found), expected) in names.into_iter().zip(texts(found)).zip(texts(expected)) {
        if let (Some(found), Some(expected)) = (found, expected) {
            differ(diffs, &format!("bottomLine.{name}"), &found, &expected);
        }
    }
    let amounts = |of: &BottomLine| {
        let sources = of.payment_sources.clone().unwrap_or_default();
        [
            of.tip_amount,
            of.gift_cards(),
            sources.card,
            sources.voucher,
            sources.cash,
        ]
        .map(|amount| amount.unwrap_or(0))
    };
    let names = [
        "tipAmount",
        "paymentSources.giftCard",
        "paymentSources.card",
        "paymentSources.voucher",
        "paymentSources.cash",
    ];
    for ((name, found), expected) in names.into_iter().zip(amounts(found)).zip(amounts(expected)) {
        differ(diffs, &format!("bottomLine.{name}"), &found, &expected);
    }
}

fn line(diffs: &mut Vec<FieldProblem>, at: &str, found: &OrderLine, expected: &OrderLine) {
    let field = |name: &str| format!("{at}.{name}");
    differ(diffs, &field("name"), &found.name, &expected.name);
    differ(diffs, &field("id"), &found.id, &expected.id);
    for (name, found, expected) in [
        ("totalAmount", found.total_amount, expected.total_amount),
        (
            "totalAmountExcludingTax",
            found.total_amount_excluding_tax,
            expected.total_amount_excluding_tax,
        ),
        (
            "totalTaxAmount",
            found.total_tax_amount,
            expected.total_tax_amount,
        ),
        (
            "discount",
            found.discount.unwrap_or(0),
            expected.discount.unwrap_or(0),
        ),
    ] {
        differ(diffs, &field(name), &found, &expected);
    }
    let rates = (
        found.tax_rate_or_percentage(),
        expected.tax_rate_or_percentage(),
    );
    if let (Some(found), Some(expected)) = rates {
        differ(
            diffs,
            &field("taxRate"),
            &found.basis_points(),
            &expected.basis_points(),
        );
    }
    let is = |flag: Option<bool>| flag.unwrap_or(false);
    differ(
        diffs,
        &field("isReturn"),
        &is(found.is_return),
        &is(expected.is_return),
    );
    differ(
        diffs,
        &field("isShipping"),
        &is(found.is_shipping),
        &is(expected.is_shipping),
    );
    if let (Some(found), Some(expected)) = (&found.product_url, &expected.product_url) {
        differ(diffs, &field("productUrl"), found, expected);
    }
    if let (Some(found), Some(expected)) = (&found.unit_info, &expected.unit_info) {
        units(diffs, &field("unitInfo"), found, expected);
    }
}

fn units(diffs: &mut Vec<FieldProblem>, at: &str, found: &UnitInfo, expected: &UnitInfo) {
    if let (Some(found), Some(expected)) = (found.unit_price, expected.unit_price) {
        differ(diffs, &format!("{at}.unitPrice"), &found, &expected);
    }
    // 2.5 and 2.50 are equal.
    let are_equal = match (found.quantity.parts(), expected.quantity.parts()) {
        (Some((a, of_a)), Some((b, of_b))) => a * of_b == b * of_a,
        _ => found.quantity == expected.quantity,
    };
    if !are_equal {
        let (found, expected) = (found.quantity.as_str(), expected.quantity.as_str());
        differ(diffs, &format!("{at}.quantity"), &found, &expected);
    }
    let unit = |units: &UnitInfo| units.quantity_unit.clone().unwrap_or(QuantityUnit::Pcs);
    let (found, expected) = (unit(found), unit(expected));
    differ(
        diffs,
        &format!("{at}.quantityUnit"),
        &found.as_str(),
        &expected.as_str(),
    );
}

fn differ<T: PartialEq + std::fmt::Debug>(
    diffs: &mut Vec<FieldProblem>,
    field: &str,
    found: &T,
    expected: &T,
) {
    if found != expected {
        let reason = format!("expected {expected:?}, found {found:?}");
        diffs.push(FieldProblem::new(field, reason));
    }
}
