#![allow(deprecated)] // Receipts that are there may have the deprecated fields.

use super::bottom_line::BottomLine;
use super::order_line::{OrderLine, QuantityUnit, UnitInfo};
use super::receipts::Receipt;
use crate::error::problem::FieldProblem;

/// Where the receipt that is there is not the wanted one.
///
/// Money, names and what a line counts as have to agree. A service that fills in what was left out (a discount of 0), writes a number in
/// another way, or leaves out what is only shown, has the same receipt.
pub(super) fn differences(there: &Receipt, wanted: &Receipt) -> Vec<FieldProblem> {
    let mut found = Vec::new();
    let (lines_there, lines_wanted) = (there.order_lines.len(), wanted.order_lines.len());
    if lines_there != lines_wanted {
        let reason = format!("are {lines_there} there, and {lines_wanted} here");
        found.push(FieldProblem::new("orderLines", reason));
    }
    let lines = there.order_lines.iter().zip(&wanted.order_lines);
    for (nth, (there, wanted)) in lines.enumerate() {
        line(&mut found, &format!("orderLines[{nth}]"), there, wanted);
    }
    bottom_line(&mut found, &there.bottom_line, &wanted.bottom_line);
    found
}

fn bottom_line(found: &mut Vec<FieldProblem>, there: &BottomLine, wanted: &BottomLine) {
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
    for ((name, there), wanted) in names.into_iter().zip(texts(there)).zip(texts(wanted)) {
        if let (Some(there), Some(wanted)) = (there, wanted) {
            differ(found, &format!("bottomLine.{name}"), &there, &wanted);
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
    for ((name, there), wanted) in names.into_iter().zip(amounts(there)).zip(amounts(wanted)) {
        differ(found, &format!("bottomLine.{name}"), &there, &wanted);
    }
}

fn line(found: &mut Vec<FieldProblem>, at: &str, there: &OrderLine, wanted: &OrderLine) {
    let field = |name: &str| format!("{at}.{name}");
    differ(found, &field("name"), &there.name, &wanted.name);
    differ(found, &field("id"), &there.id, &wanted.id);
    for (name, there, wanted) in [
        ("totalAmount", there.total_amount, wanted.total_amount),
        (
            "totalAmountExcludingTax",
            there.total_amount_excluding_tax,
            wanted.total_amount_excluding_tax,
        ),
        (
            "totalTaxAmount",
            there.total_tax_amount,
            wanted.total_tax_amount,
        ),
        (
            "discount",
            there.discount.unwrap_or(0),
            wanted.discount.unwrap_or(0),
        ),
    ] {
        differ(found, &field(name), &there, &wanted);
    }
    let rates = (
        there.tax_rate_or_percentage(),
        wanted.tax_rate_or_percentage(),
    );
    if let (Some(there), Some(wanted)) = rates {
        differ(
            found,
            &field("taxRate"),
            &there.basis_points(),
            &wanted.basis_points(),
        );
    }
    let is = |flag: Option<bool>| flag.unwrap_or(false);
    differ(
        found,
        &field("isReturn"),
        &is(there.is_return),
        &is(wanted.is_return),
    );
    differ(
        found,
        &field("isShipping"),
        &is(there.is_shipping),
        &is(wanted.is_shipping),
    );
    if let (Some(there), Some(wanted)) = (&there.product_url, &wanted.product_url) {
        differ(found, &field("productUrl"), there, wanted);
    }
    if let (Some(there), Some(wanted)) = (&there.unit_info, &wanted.unit_info) {
        units(found, &field("unitInfo"), there, wanted);
    }
}

fn units(found: &mut Vec<FieldProblem>, at: &str, there: &UnitInfo, wanted: &UnitInfo) {
    if let (Some(there), Some(wanted)) = (there.unit_price, wanted.unit_price) {
        differ(found, &format!("{at}.unitPrice"), &there, &wanted);
    }
    // 2.5 is 2.50.
    let are_equal = match (there.quantity.parts(), wanted.quantity.parts()) {
        (Some((a, of_a)), Some((b, of_b))) => a * of_b == b * of_a,
        _ => there.quantity == wanted.quantity,
    };
    if !are_equal {
        let (there, wanted) = (there.quantity.as_str(), wanted.quantity.as_str());
        differ(found, &format!("{at}.quantity"), &there, &wanted);
    }
    let unit = |units: &UnitInfo| units.quantity_unit.clone().unwrap_or(QuantityUnit::Pcs);
    let (there, wanted) = (unit(there), unit(wanted));
    differ(
        found,
        &format!("{at}.quantityUnit"),
        &there.as_str(),
        &wanted.as_str(),
    );
}

fn differ<T: PartialEq + std::fmt::Debug>(
    found: &mut Vec<FieldProblem>,
    field: &str,
    there: &T,
    wanted: &T,
) {
    if there != wanted {
        let reason = format!("is {there:?} there, and {wanted:?} here");
        found.push(FieldProblem::new(field, reason));
    }
}
