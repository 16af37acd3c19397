//! Sends the receipts and links of a directory of orders, as a cron job of a shop would.
//!
//! ```sh
//! cargo run --example receipts                # the orders beside this file, to a sandbox of its own
//! cargo run --example receipts -- DIRECTORY   # others
//! ```
//!
//! With `VIPPS_*` in the environment they go to the service; `VIPPS_MERCHANT_SERIAL_NUMBER` is needed. It may be run again at any time, and be
//! killed at any time: an order whose receipt is there already is left as it is. The exit code is not 0 if any order failed.
//!
//! An order is a JSON file. Prices are decimal numbers with tax, as strings or numbers; `tax` is in per cent. What is not said is left out.
//!
//! ```json
//! {
//!   "order": "shop-1001", "payment": "ecom", "currency": "NOK",
//!   "lines": [
//!     {"sku": "SOCK-1", "name": "Wool socks", "price": "199.00", "quantity": "2", "unit": "PCS", "tax": 25, "discount": "20.00",
//!      "url": "https://example.com/socks"},
//!     {"sku": "SHIP", "name": "Home delivery", "price": "99.00", "tax": 25, "shipping": true},
//!     {"sku": "SOCK-2", "name": "Cotton socks", "price": "99.00", "tax": 25, "return": true}
//!   ],
//!   "discount": "50.00",
//!   "receipt_number": "1001",
//!   "category": {"type": "DELIVERY", "url": "https://example.com/track/1001"}
//! }
//! ```
//!
//! The order's own `discount` is split over the lines that are not returns.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use vipps::order_management::{
    self, BottomLine, Category, OrderLine, OrderRef, PaymentType, Receipt, ReceiptOutcome,
    UnitInfo, ensure_receipt, format_minor_units,
};
use vipps::sandbox::Sandbox;
use vipps::{Error, Session};

#[path = "../common/server.rs"]
mod server;
mod shop;

fn main() -> ExitCode {
    let directory = match std::env::args_os().nth(1) {
        Some(directory) => PathBuf::from(directory),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/receipts/orders"),
    };
    match run(&directory) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("receipts: {error}");
            ExitCode::from(2)
        }
    }
}

/// Sends all orders; gives how many failed.
fn run(directory: &Path) -> Result<usize, Box<dyn std::error::Error>> {
    // The sandbox lives until the end of this function.
    let (builder, sandbox) = server::session_builder("receipts", Sandbox::builder())?;
    if let Some(sandbox) = &sandbox {
        println!("Against a sandbox at {}.\n", sandbox.url());
    }
    let session = builder.build()?;
    let files = files(directory)?;
    if files.is_empty() {
        return Err(format!("no .json files in {}", directory.display()).into());
    }
    println!(
        "{:24} {:20} {:>12} {:>10}  receipt",
        "file", "order", "total", "tax"
    );
    let (mut added, mut there, mut failed) = (0, 0, 0);
    for file in &files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        match send(&session, file) {
            Ok(sent) => {
                let outcome = match sent.outcome {
                    ReceiptOutcome::AlreadyThere => {
                        there += 1;
                        "already there"
                    }
                    _ => {
                        added += 1;
                        "added"
                    }
                };
                let (total, tax) = (format_minor_units(sent.total), format_minor_units(sent.tax));
                println!(
                    "{name:24} {:20} {total:>12} {tax:>10}  {outcome}",
                    sent.order
                );
            }
            Err(error) => {
                failed += 1;
                println!("{name:24} {:20} {:>12} {:>10}  FAILED: {error}", "", "", "");
            }
        }
    }
    println!("\n{added} added, {there} already there, {failed} failed");
    Ok(failed)
}

struct Sent {
    order: String,
    total: i64,
    tax: i64,
    outcome: ReceiptOutcome,
}

fn send(session: &Session, file: &Path) -> Result<Sent, Box<dyn std::error::Error>> {
    let order: shop::Order = serde_json::from_slice(&std::fs::read(file)?)?;
    let reference = match order.payment {
        PaymentType::Recurring => OrderRef::recurring(order.order.parse()?),
        PaymentType::Ecom => OrderRef::ecom(order.order.parse()?),
        other => return Err(format!("payment must be ecom or recurring, not {other}").into()),
    };
    let receipt = receipt(&order)?;
    receipt.validate()?;
    let totals = receipt.totals()?;
    let category = order.category;
    let category = category.map(|link| Category::new(link.r#type, link.url));
    if let Some(category) = &category {
        category.validate()?;
    }
    let outcome = ensure_receipt(session, &reference, &receipt)?;
    // The receipt first: it cannot be changed, and the link can be put any number of times.
    if let Some(category) = &category {
        order_management::put_category(session, &reference, category)?;
    }
    Ok(Sent {
        order: order.order,
        total: totals.total_amount,
        tax: totals.total_tax_amount,
        outcome,
    })
}

fn receipt(order: &shop::Order) -> Result<Receipt, Error> {
    let lines: Vec<OrderLine> = order.lines.iter().map(line).collect::<Result<_, _>>()?;
    let bottom_line = BottomLine::new(order.currency.clone()).receipt_number(&order.receipt_number);
    let receipt = Receipt::new(bottom_line).lines(lines);
    match &order.discount {
        Some(discount) => receipt.apply_discount(discount.0),
        None => Ok(receipt),
    }
}

fn line(line: &shop::Line) -> Result<OrderLine, Error> {
    let (price, rate) = (line.price.0, line.tax.0);
    let built = match &line.quantity {
        Some(quantity) => {
            let units = UnitInfo::new(price, quantity.parse()?).quantity_unit(line.unit.clone());
            OrderLine::from_units(&line.name, &line.sku, units, rate)?
        }
        None => OrderLine::from_gross(&line.name, &line.sku, price, rate)?,
    };
    let built = match &line.discount {
        Some(discount) => built.apply_discount(discount.0)?,
        None => built,
    };
    Ok(built
        .product_url(&line.url)
        .is_shipping(line.shipping.then_some(true))
        .is_return(line.r#return.then_some(true)))
}

/// The orders, in the order of their names.
fn files(directory: &Path) -> Result<Vec<PathBuf>, Box<dyn std::error::Error>> {
    let entries = std::fs::read_dir(directory)
        .map_err(|error| format!("cannot read {}: {error}", directory.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
