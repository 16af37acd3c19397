//! The arithmetic of receipts and money.

use std::ffi::c_char;

use vipps::order_management::{
    OrderLine, Receipt, TaxRate, UnitInfo, allocate, format_minor_units, minor_units,
};

use crate::boundary::{Out, answer, give, guard, items, parse, text};
use crate::error::{Failure, vipps_error, vipps_status};
use crate::strict::request;
use crate::string::vipps_string;

/// A line of a receipt whose amount includes tax. Amounts here and below are in minor units (oere,
/// cents), `tax_rate` in basis points, 0 to 10000 (2500 is 25 %). Total, net and tax of a line
/// always add up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_order_line_from_gross(
    name: *const c_char,
    id: *const c_char,
    total_amount: i64,
    tax_rate: u16,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let (name, id) = (text(name, "name")?, text(id, "id")?);
            let rate = TaxRate::from_basis_points(tax_rate);
            OrderLine::from_gross(name, id, total_amount, rate).map_err(of_arguments)
        })
    }
}

/// A line of a receipt whose amount excludes tax.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_order_line_from_net(
    name: *const c_char,
    id: *const c_char,
    total_amount_excluding_tax: i64,
    tax_rate: u16,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let (name, id) = (text(name, "name")?, text(id, "id")?);
            let rate = TaxRate::from_basis_points(tax_rate);
            OrderLine::from_net(name, id, total_amount_excluding_tax, rate).map_err(of_arguments)
        })
    }
}

/// The shipping, at an amount that includes tax.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_order_line_shipping(
    name: *const c_char,
    id: *const c_char,
    total_amount: i64,
    tax_rate: u16,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let (name, id) = (text(name, "name")?, text(id, "id")?);
            let rate = TaxRate::from_basis_points(tax_rate);
            OrderLine::shipping(name, id, total_amount, rate).map_err(of_arguments)
        })
    }
}

/// A line of so many units at a price with tax, rounded to the nearest minor unit. `quantity` is a
/// decimal number such as "3" or "0.822", with a point whatever the locale.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_order_line_from_unit_price(
    name: *const c_char,
    id: *const c_char,
    unit_price: i64,
    quantity: *const c_char,
    tax_rate: u16,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let (name, id) = (text(name, "name")?, text(id, "id")?);
            let units = UnitInfo::new(unit_price, parse(quantity, "quantity")?);
            let rate = TaxRate::from_basis_points(tax_rate);
            OrderLine::from_units(name, id, units, rate).map_err(of_arguments)
        })
    }
}

/// Takes a discount off a line: its total is less by it, and the tax is computed anew.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_order_line_apply_discount(
    line_json: *const c_char,
    amount: i64,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let line: OrderLine = request(text(line_json, "line_json")?, "line_json")?;
            line.apply_discount(amount).map_err(of_discount)
        })
    }
}

/// Splits a discount over the lines of a receipt in proportion to their totals, so that no minor
/// unit is lost, and gives the receipt with it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_receipt_apply_discount(
    receipt_json: *const c_char,
    amount: i64,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let receipt: Receipt = request(text(receipt_json, "receipt_json")?, "receipt_json")?;
            receipt.apply_discount(amount).map_err(of_discount)
        })
    }
}

/// Checks a receipt as vipps_add_receipt() does before it sends one. The error names every line and
/// field that is wrong.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_receipt_validate(
    receipt_json: *const c_char,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        guard(error, || {
            let receipt: Receipt = request(text(receipt_json, "receipt_json")?, "receipt_json")?;
            Ok(receipt.validate()?)
        })
    }
}

/// What is probably a mistake though the API accepts it, such as two lines with one id: [{"name",
/// "reason"}].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_receipt_warnings(
    receipt_json: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let receipt: Receipt = request(text(receipt_json, "receipt_json")?, "receipt_json")?;
            Ok(receipt.warnings())
        })
    }
}

/// What the app will show below the lines: {"totalAmount", "totalAmountExcludingTax",
/// "totalTaxAmount", "totalDiscount", "shippingAmount", "tax": [...]}.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_receipt_totals(
    receipt_json: *const c_char,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let receipt: Receipt = request(text(receipt_json, "receipt_json")?, "receipt_json")?;
            receipt.validate()?;
            Ok(receipt.totals()?)
        })
    }
}

/// Splits an amount over `count` weights so that no minor unit is lost. `out_shares` has room for
/// `count` numbers, and may be `weights`. Unlike other outputs it is left as it was if this fails.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_allocate(
    amount: i64,
    weights: *const i64,
    count: usize,
    out_shares: *mut i64,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        guard(error, || {
            let weights = items(weights, count, "weights")?;
            if out_shares.is_null() {
                return Err(Failure::Null("out_shares"));
            }
            let shares = allocate(amount, weights)?;
            // It may be the array of the weights, which are not needed any more.
            out_shares.copy_from_nonoverlapping(shares.as_ptr(), shares.len());
            Ok(())
        })
    }
}

/// A decimal amount such as "199.90" in minor units: 19990. It has a point whatever the locale, and
/// no more than two decimals.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_minor_units(
    amount: *const c_char,
    out_amount: *mut i64,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        guard(error, || {
            let out_amount = Out::new(out_amount, 0, "out_amount")?;
            out_amount.set(minor_units(text(amount, "amount")?)?);
            Ok(())
        })
    }
}

/// Minor units as a decimal amount: 19990 is the plain text 199.90.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vipps_format_minor_units(
    amount: i64,
    out_text: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        give(out_text, "out_text", error, || {
            Ok(vipps_string::text(&format_minor_units(amount)))
        })
    }
}

/// An error of a line under the names of the arguments.
fn of_arguments(error: vipps::Error) -> Failure {
    Failure::from(error).renamed(|field| match field {
        "totalAmount" => Some("total_amount"),
        "totalAmountExcludingTax" => Some("total_amount_excluding_tax"),
        "taxRate" => Some("tax_rate"),
        "unitInfo.unitPrice" | "unitPrice" => Some("unit_price"),
        "unitInfo.quantity" => Some("quantity"),
        _ => None,
    })
}

fn of_discount(error: vipps::Error) -> Failure {
    Failure::from(error).renamed(|field| (field == "discount").then_some("amount"))
}
