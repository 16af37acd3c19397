//! Adds the receipts and categories of a directory of orders, as a shop's cron job would.
//!
//! `cargo run --example receipts` sends `orders` to its own sandbox; see `--help`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use vipps::order_management::{
    BottomLine, Category, CategoryType, Currency, OrderId, OrderLine, OrderRef, PaymentType,
    Quantity, QuantityUnit, Receipt, ReceiptOutcome, TaxRate, UnitInfo, ensure_receipt,
    format_minor_units, minor_units, put_category,
};
use vipps::sandbox::Sandbox;
use vipps::{Error, FieldProblem, Session};

#[path = "../common/mod.rs"]
mod common;

use common::{Failure, Program, fit, from_json, print, print_text, server, wrap};

const PROGRAM: Program = Program {
    name: "receipts",
    help: concat!(
        "\
Adds the receipts and categories of a shop's orders.

usage: receipts [DIRECTORY]

  DIRECTORY   holds one JSON file per order, by default
              examples/receipts/orders; hidden files are skipped

With VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET, VIPPS_SUBSCRIPTION_KEY and
VIPPS_MERCHANT_SERIAL_NUMBER it sends them to the API, without any VIPPS_*
to its own sandbox. It can be stopped and run again at any time: an order
never gets a second receipt. Warnings are printed and do not stop it.

Exit codes: 0 all have their receipts, 1 an order failed or nobody reads the
output: run it again, 2 wrong arguments, settings or directory: nothing sent.

Prices include tax, tax is in percent, and both can be strings or numbers.
An order's own discount is split over the lines that are not returns. An
order with everything that it can hold:

",
        include_str!("order.json")
    ),
    operands: 1,
    reader_gone: 1,
    ..Program::PLAIN
};

/// An order as the shop exports it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShopOrder {
    order: Parsed<OrderId>,
    payment: Parsed<PaymentType>,
    currency: Parsed<Currency>,
    lines: Vec<ShopLine>,
    discount: Option<Parsed<Money>>,
    receipt_number: Option<String>,
    category: Option<ShopCategory>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShopLine {
    sku: String,
    name: String,
    price: Parsed<Money>,
    quantity: Option<Parsed<Quantity>>,
    unit: Option<Parsed<QuantityUnit>>,
    tax: Parsed<TaxRate>,
    discount: Option<Parsed<Money>>,
    url: Option<String>,
    shipping: Option<bool>,
    r#return: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShopCategory {
    r#type: Parsed<CategoryType>,
    url: String,
}

/// A value that is checked as it is read, from a string or from the digits of a number.
struct Parsed<T>(T);

impl<'de, T: FromStr<Err = Error>> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            // The shortest text that is this number, which is what was exported.
            Value::Number(number) => number.to_string(),
            _ => return Err(D::Error::custom("must be a string or a number")),
        };
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

/// `199.00` in minor units.
struct Money(i64);

impl FromStr for Money {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        minor_units(text).map(Self)
    }
}

fn main() -> ExitCode {
    PROGRAM.main(|arguments| {
        let default = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/receipts/orders");
        let directory = arguments.operands.first().map_or(default, String::as_str);
        // The sandbox lives until the end of this function.
        let (builder, sandbox) = server::session_builder("receipts", Sandbox::builder())?;
        let session = builder.build()?;
        if session.merchant_serial_number().is_none() {
            return Err(Failure::setup("VIPPS_MERCHANT_SERIAL_NUMBER is not set"));
        }
        let files = files(directory)?;
        if let Some(sandbox) = &sandbox {
            print_text(&format!("Against its own sandbox at {}.\n", sandbox.url()))?;
        }
        print(&row("file", "order", "total", "tax", "receipt"))?;
        let (mut added, mut existing, mut failed) = (0, 0, 0);
        for file in &files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            match send(&session, file, &name) {
                Ok(true) => added += 1,
                Ok(false) => existing += 1,
                // If it is the output that failed, so does the next line.
                Err(failure) => {
                    failed += 1;
                    print(&row(&name, "", "", "", "FAILED"))?;
                    print_text(&wrap(&format!("    {failure}")))?;
                }
            }
        }
        let summary = format!("{added} added, {existing} already there, {failed} failed");
        print_text(&format!("\n{summary}"))?;
        Ok(u8::from(failed > 0))
    })
}

fn row(file: &str, order: &str, total: &str, tax: &str, outcome: &str) -> String {
    let (file, order) = (fit(file, 20), fit(order, 20));
    format!("{file:20} {order:20} {total:>12} {tax:>10}  {outcome}")
}

/// The order files, sorted by name.
fn files(directory: &str) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| Failure::setup(format!("cannot read {directory}: {error}"));
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_order = name.to_ascii_lowercase().ends_with(".json") && !name.starts_with('.');
        if is_order && !path.is_dir() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Failure::setup(format!("no .json files in {directory}")));
    }
    files.sort();
    Ok(files)
}

/// Sends the order of a file, and prints its row. Returns whether its receipt is new.
fn send(session: &Session, file: &Path, name: &str) -> Result<bool, Failure> {
    let text = fs::read_to_string(file).map_err(|error| Failure::passing(error.to_string()))?;
    let order: ShopOrder = from_json(&text).map_err(Failure::passing)?;
    let mut id = OrderRef::ecom(order.order.0);
    id.payment_type = order.payment.0;
    let bottom_line = BottomLine::new(order.currency.0).receipt_number(order.receipt_number);
    let mut receipt = Receipt::new(bottom_line);
    for line in order.lines {
        receipt = receipt.line(order_line(line)?);
    }
    if let Some(Parsed(Money(discount))) = order.discount {
        receipt = receipt.apply_discount(discount)?;
    }
    let totals = receipt.totals()?;
    let category = order.category.map(|it| Category::new(it.r#type.0, it.url));
    category.as_ref().map_or(Ok(()), Category::validate)?;
    let is_new = ensure_receipt(session, &id, &receipt)? != ReceiptOutcome::AlreadyThere;
    // The receipt first: it cannot be changed, and a category can be replaced any time.
    if let Some(category) = &category {
        put_category(session, &id, category)?;
    }
    let total = format_minor_units(totals.total_amount);
    let tax = format_minor_units(totals.total_tax_amount);
    let outcome = if is_new { "added" } else { "already there" };
    print(&row(name, id.order_id.as_str(), &total, &tax, outcome))?;
    for FieldProblem { name, reason, .. } in receipt.warnings() {
        print_text(&wrap(&format!("    warning: {name}: {reason}")))?;
    }
    Ok(is_new)
}

fn order_line(line: ShopLine) -> Result<OrderLine, Error> {
    let (Parsed(Money(price)), Parsed(rate)) = (line.price, line.tax);
    let mut built = match line.quantity {
        Some(Parsed(quantity)) => {
            let unit = line.unit.map(|unit| unit.0);
            let units = UnitInfo::new(price, quantity).quantity_unit(unit);
            OrderLine::from_units(line.name, line.sku, units, rate)?
        }
        None => OrderLine::from_gross(line.name, line.sku, price, rate)?,
    };
    if let Some(Parsed(Money(discount))) = line.discount {
        built = built.apply_discount(discount)?;
    }
    Ok(built
        .product_url(line.url)
        .is_shipping(line.shipping)
        .is_return(line.r#return))
}
