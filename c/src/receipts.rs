//! Arithmetic for receipts and money.

use std::ffi::c_char;

use vipps::order_management::{
    OrderLine, Receipt, TaxRate, UnitInfo, allocate, format_minor_units, minor_units,
};

use crate::boundary::{Out, answer, give, guard, items, parse, text};
use crate::error::{Failure, vipps_error, vipps_status};
use crate::strict::request;
use crate::string::vipps_string;

/// Creates an order line from an amount that includes tax. Total, net and tax of a line always add
/// up.
///
/// Here and below, amounts are in minor units (oere, cents) and `tax_rate` is in basis points, 0 to
/// 10000: 2500 is 25 %.
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

/// Creates an order line from an amount that excludes tax.
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

/// Creates the order line for shipping from an amount that includes tax.
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

/// Creates an order line from a unit price that includes tax and a quantity. The total is rounded
/// to the nearest minor unit. `quantity` is a decimal number such as "3" or "0.822", with a decimal
/// point in any locale.
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

/// Subtracts a discount from an order line and recomputes its tax.
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

/// Splits a discount over the order lines of a receipt in proportion to their totals. The shares
/// add up exactly.
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

/// Validates a receipt, as vipps_add_receipt() does before sending. The error names every invalid
/// field.
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

/// Lists probable mistakes in a receipt that the API accepts, such as two lines with the same id:
/// [{"name", "reason"}].
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

/// Computes the totals of a receipt, which the app shows below its lines: {"totalAmount",
/// "totalAmountExcludingTax", "totalTaxAmount", "totalDiscount", "shippingAmount", "tax": [...]}.
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

/// Splits an amount in proportion to `count` weights. The shares add up exactly. `out_shares` has
/// room for `count` numbers and may be the same array as `weights`. Unlike other outputs, it is
/// unchanged if the function fails.
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
            // `weights` may be the same array, but is not used any more.
            out_shares.copy_from_nonoverlapping(shares.as_ptr(), shares.len());
            Ok(())
        })
    }
}

/// Converts a decimal amount to minor units: "199.90" to 19990. `amount` has a decimal point in any
/// locale, and at most two decimals.
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

/// Formats minor units as a decimal amount: 19990 as the plain text 199.90.
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

/// Names the arguments instead of the fields of the line.
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
