//! The arithmetic of receipts.

use std::ffi::c_char;

use vipps::order_management::{OrderLine, Receipt, TaxRate, UnitInfo, allocate};

use crate::boundary::{answer, guard, items, text, vipps_status};
use crate::error::{Failure, vipps_error};
use crate::request::request;
use crate::string::vipps_string;

/// A way to make a line of an amount.
type Make = fn(&str, &str, i64, TaxRate) -> Result<OrderLine, vipps::Error>;

macro_rules! lines {
    ($($name:ident($amount:ident) => $make:expr;)*) => {
        $(
            #[unsafe(no_mangle)]
            pub(crate) unsafe extern "C" fn $name(
                name: *const c_char,
                id: *const c_char,
                $amount: i64,
                tax_rate: u16,
                out_json: *mut *mut vipps_string,
                error: *mut *mut vipps_error,
            ) -> vipps_status {
                let make: Make = $make;
                unsafe {
                    answer(out_json, error, || {
                        let rate = TaxRate::from_basis_points(tax_rate);
                        Ok(make(text(name, "name")?, text(id, "id")?, $amount, rate)?)
                    })
                }
            }
        )*
    };
}

lines! {
    vipps_order_line_from_gross(total_amount) => |name, id, amount, rate| OrderLine::from_gross(name, id, amount, rate);
    vipps_order_line_from_net(total_amount_excluding_tax) => |name, id, amount, rate| OrderLine::from_net(name, id, amount, rate);
    vipps_order_line_shipping(total_amount) => |name, id, amount, rate| OrderLine::shipping(name, id, amount, rate);
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_order_line_from_unit_price(
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
            let units = UnitInfo::new(unit_price, text(quantity, "quantity")?.parse()?);
            let rate = TaxRate::from_basis_points(tax_rate);
            Ok(OrderLine::from_units(name, id, units, rate)?)
        })
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_order_line_apply_discount(
    line_json: *const c_char,
    amount: i64,
    out_json: *mut *mut vipps_string,
    error: *mut *mut vipps_error,
) -> vipps_status {
    unsafe {
        answer(out_json, error, || {
            let line: OrderLine = request(text(line_json, "line_json")?, "line_json")?;
            Ok(line.apply_discount(amount)?)
        })
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_receipt_validate(
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

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_receipt_totals(
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

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn vipps_allocate(
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
