//! The ten calls of the Management API's quick start, in its order, each with its request and what came back.
//!
//! ```sh
//! cargo run --example quickstart
//! ```
//!
//! runs against a sandbox of its own. With `VIPPS_CLIENT_ID`, `VIPPS_CLIENT_SECRET` and `VIPPS_SUBSCRIPTION_KEY` in the environment the
//! same calls go to the service. They prefill a product order for the merchant of the first sales unit, and delete it again.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vipps::management::{self, ListProductOrders, PrefillProductOrder, ProductType};
use vipps::sandbox::Sandbox;
use vipps::{Attempt, Error};

#[path = "common/server.rs"]
mod server;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Error> {
    // The sandbox lives until the end of this function.
    let (builder, sandbox) = server::session_builder("quickstart", Sandbox::builder())?;
    match &sandbox {
        Some(sandbox) => println!("Against a sandbox at {}.\n", sandbox.url()),
        None => println!("Against the service that VIPPS_* name.\n"),
    }
    let table = Table::default();
    let watcher = table.clone();
    let session = builder
        .observer(move |attempt| watcher.request(attempt))
        .build()?;

    let token = session.access_token()?;
    // To the nearest: a moment of it is gone already.
    let minutes = (token.expires_in().as_secs() + 30) / 60;
    table.row("access token", &format!("good for {minutes} minutes"));

    let units = management::list_sales_units(&session)?;
    let names: Vec<&str> = units
        .iter()
        .take(3)
        .map(|unit| unit.name.as_str())
        .collect();
    let more = if units.len() > 3 { ", ..." } else { "" };
    let found = format!("{}: {}{more}", units.len(), names.join(", "));
    table.row("all sales units", &found);
    let Some(first) = units.first() else {
        println!("\nThe keys give access to no sales unit: there is nothing to go on with.");
        return Ok(());
    };

    let unit = management::get_sales_unit(&session, &first.msn)?;
    let capture = unit.configuration.capture_type.as_ref();
    let capture = capture.map_or("not said", |capture| capture.as_str());
    table.row(
        "one sales unit",
        &format!("{}, capture: {capture}", unit.name),
    );
    let merchant = &unit.business_identifier;

    let units = management::list_merchant_sales_units(&session, merchant)?;
    table.row("a merchant's sales units", &units.len().to_string());

    let details = management::get_merchant(&session, merchant)?;
    table.row(
        "one merchant",
        &format!("{}, {}", details.name, details.status),
    );

    let orders = management::list_product_orders(&session, &ListProductOrders::new())?;
    table.row("all product orders", &orders.len().to_string());

    let order = PrefillProductOrder::new(merchant.clone(), ProductType::Checkout);
    let prefilled = management::prefill_product_order(&session, &order)?;
    table.row("prefill a product order", &prefilled.prefill_url);
    let id = &prefilled.prefilled_order_id;

    // Whatever becomes of the next call, the order is not left behind.
    let details = management::get_product_order(&session, id);
    if let Ok(details) = &details {
        table.row("one product order", details.status.as_str());
    }
    let deleted = management::delete_product_order(&session, id);
    details?;
    deleted?;
    table.row("delete the product order", "deleted");

    let packages = management::list_price_packages(&session)?;
    let found: Vec<String> = packages
        .iter()
        .map(|package| format!("{} {}", package.name, package.description))
        .collect();
    table.row("price packages", &found.join(", "));
    Ok(())
}

/// Prints a row for each step, with the requests that it took.
#[derive(Clone, Default)]
struct Table {
    requests: Arc<Mutex<Vec<String>>>,
    step: Arc<Mutex<u32>>,
}

impl Table {
    fn request(&self, attempt: &Attempt) {
        let status = attempt.status().map_or("---".to_owned(), |s| s.to_string());
        let line = format!("{:6} {:77} {status}", attempt.method(), attempt.path());
        lock(&self.requests).push(line);
    }

    fn row(&self, title: &str, found: &str) {
        let mut step = lock(&self.step);
        *step += 1;
        let requests = std::mem::take(&mut *lock(&self.requests));
        let Some((last, before)) = requests.split_last() else {
            return;
        };
        for attempt in before {
            println!("{:2}  {title:24}  {attempt}", *step);
        }
        println!("{:2}  {title:24}  {last}  {found}", *step);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
