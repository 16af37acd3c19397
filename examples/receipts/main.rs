//! Adds the receipts and categories of a directory of orders, as a shop's cron job would.
//!
//! ```sh
//! cargo run --example receipts                # the orders beside this file, to its own sandbox
//! cargo run --example receipts -- DIRECTORY   # with VIPPS_* set: to the API
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use vipps::order_management::{
    self, BottomLine, Category, OrderId, OrderLine, OrderRef, PaymentType, Receipt, ReceiptOutcome,
    Totals, UnitInfo, ensure_receipt, format_minor_units,
};
use vipps::sandbox::Sandbox;
use vipps::{Error, FieldProblem, Session};

#[path = "../common/mod.rs"]
mod common;
mod shop;

use common::arguments::Arguments;
use common::{Failure, Program, fit, from_json, print, print_text, server, wrap};

const PROGRAM: Program = Program {
    name: "receipts",
    help: r#"Adds the receipts and categories of a shop's orders.

usage: receipts [DIRECTORY]

  DIRECTORY   holds one JSON file per order; hidden files are skipped.
              The default is examples/receipts/orders.

With VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET, VIPPS_SUBSCRIPTION_KEY and
VIPPS_MERCHANT_SERIAL_NUMBER in the environment it sends them to the API,
without any VIPPS_* to its own sandbox. It can be stopped and run again
at any time: an order never gets a second receipt. Warnings about a
receipt are printed, and it is sent all the same.

An order, with everything that it can hold:

    {
      "order": "shop-1001", "payment": "ecom", "currency": "NOK",
      "lines": [
        {"sku": "SOCK-1", "name": "Wool socks", "price": "199.00",
         "quantity": "2", "unit": "PCS", "tax": 25, "discount": "20.00",
         "url": "https://example.com/socks"},
        {"sku": "SHIP", "name": "Home delivery", "price": "99.00",
         "tax": 25, "shipping": true},
        {"sku": "SOCK-2", "name": "Cotton socks", "price": "99.00",
         "tax": 25, "return": true}
      ],
      "discount": "50.00",
      "receipt_number": "1001",
      "category": {"type": "DELIVERY", "url": "https://example.com/1001"}
    }

Prices include tax, tax is in percent, and both can be strings or numbers.
The order's own discount is split over the lines that are not returns.

Exit codes: 0 all orders have their receipts; 1 an order failed, or
nobody reads the output any more: run it again; 2 wrong arguments,
settings or directory, and nothing was sent.
"#,
    operands: 1,
    reader_gone: 1,
    ..Program::PLAIN
};

fn main() -> ExitCode {
    PROGRAM.main(run)
}

fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let directory = match arguments.operands.first() {
        Some(directory) => PathBuf::from(directory),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/receipts/orders"),
    };
    // The sandbox lives until the end of this function.
    let (builder, sandbox) = server::session_builder("receipts", Sandbox::builder())?;
    let session = builder.build()?;
    if session.merchant_serial_number().is_none() {
        return Err(Failure::setup("VIPPS_MERCHANT_SERIAL_NUMBER is not set"));
    }
    let files = files(&directory)?;
    if let Some(sandbox) = &sandbox {
        print_text(&format!("Against its own sandbox at {}.\n", sandbox.url()))?;
    }
    print(&row("file", "order", "total", "tax", "receipt"))?;
    let (mut added, mut existing, mut failed) = (0, 0, 0);
    for file in &files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        match send(&session, file) {
            Ok(sent) => {
                let (count, outcome) = match sent.outcome {
                    ReceiptOutcome::AlreadyThere => (&mut existing, "already there"),
                    _ => (&mut added, "added"),
                };
                *count += 1;
                let total = format_minor_units(sent.totals.total_amount);
                let tax = format_minor_units(sent.totals.total_tax_amount);
                print(&row(&name, sent.order.as_str(), &total, &tax, outcome))?;
                for FieldProblem { name, reason, .. } in sent.warnings {
                    print_text(&wrap(&format!("    warning: {name}: {reason}")))?;
                }
            }
            Err(error) => {
                failed += 1;
                print(&row(&name, "", "", "", "FAILED"))?;
                print_text(&wrap(&format!("    {error}")))?;
            }
        }
    }
    print_text(&format!(
        "\n{added} added, {existing} already there, {failed} failed"
    ))?;
    Ok(u8::from(failed > 0))
}

fn row(file: &str, order: &str, total: &str, tax: &str, outcome: &str) -> String {
    let (file, order) = (fit(file, 20), fit(order, 20));
    format!("{file:20} {order:20} {total:>12} {tax:>10}  {outcome}")
}

/// The order files, sorted by name.
fn files(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let shown = directory.display();
    let unreadable = |error| Failure::setup(format!("cannot read {shown}: {error}"));
    let mut files = Vec::new();
    for entry in directory.read_dir().map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_order = name.to_ascii_lowercase().ends_with(".json") && !name.starts_with('.');
        if is_order && !path.is_dir() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Failure::setup(format!("no .json files in {shown}")));
    }
    files.sort();
    Ok(files)
}

struct Sent {
    order: OrderId,
    totals: Totals,
    warnings: Vec<FieldProblem>,
    outcome: ReceiptOutcome,
}

fn send(session: &Session, file: &Path) -> Result<Sent, Box<dyn std::error::Error>> {
    let order: shop::Order = from_json(&fs::read_to_string(file)?)?;
    let receipt = receipt(&order)?;
    receipt.validate()?;
    let totals = receipt.totals()?;
    let category = order.category;
    let category = category.map(|category| Category::new(category.r#type.0, category.url));
    category.as_ref().map_or(Ok(()), Category::validate)?;
    let order = match order.payment.0 {
        PaymentType::Recurring => OrderRef::recurring(order.order.0),
        _ => OrderRef::ecom(order.order.0),
    };
    let outcome = ensure_receipt(session, &order, &receipt)?;
    // The receipt first: it cannot be changed, and a category can be replaced any time.
    if let Some(category) = &category {
        order_management::put_category(session, &order, category)?;
    }
    Ok(Sent {
        order: order.order_id,
        totals,
        warnings: receipt.warnings(),
        outcome,
    })
}

fn receipt(order: &shop::Order) -> Result<Receipt, Error> {
    let lines: Vec<OrderLine> = order.lines.iter().map(line).collect::<Result<_, _>>()?;
    let bottom_line =
        BottomLine::new(order.currency.0.clone()).receipt_number(&order.receipt_number);
    let receipt = Receipt::new(bottom_line).lines(lines);
    match &order.discount {
        Some(discount) => receipt.apply_discount(discount.0.0),
        None => Ok(receipt),
    }
}

fn line(line: &shop::Line) -> Result<OrderLine, Error> {
    let (price, rate) = (line.price.0.0, line.tax.0);
    let built = match &line.quantity {
        Some(quantity) => {
            let unit = line.unit.as_ref().map(|unit| unit.0.clone());
            let units = UnitInfo::new(price, quantity.0.clone()).quantity_unit(unit);
            OrderLine::from_units(&line.name, &line.sku, units, rate)?
        }
        None => OrderLine::from_gross(&line.name, &line.sku, price, rate)?,
    };
    let built = match &line.discount {
        Some(discount) => built.apply_discount(discount.0.0)?,
        None => built,
    };
    Ok(built
        .product_url(&line.url)
        .is_shipping(line.shipping.then_some(true))
        .is_return(line.r#return.then_some(true)))
}
