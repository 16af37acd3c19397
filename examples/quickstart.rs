//! The ten calls of the Management API's quick start, each with its requests and its result.
//!
//! ```sh
//! cargo run --example quickstart
//! ```
//!
//! Without `VIPPS_*` in the environment it makes all calls against its own sandbox. With them it
//! reads from the API, and prefills and deletes a product order only if `--write` is given.

use std::process::ExitCode;

use vipps::management::{
    self, ListProductOrders, PrefillProductOrder, PrefillResponse, ProductType,
};
use vipps::sandbox::Sandbox;
use vipps::{Attempt, Session};

mod common;

use common::arguments::Arguments;
use common::{Failure, Program, fit, print, server};

const PROGRAM: Program = Program {
    name: "quickstart",
    help: "\
Makes the ten calls of the Management API's quick start.

usage: quickstart [--write]

  --write   also prefill a product order for the merchant of the first
            sales unit, and delete it again

With VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET and VIPPS_SUBSCRIPTION_KEY in
the environment it calls the API, and only reads unless --write is given.
Without any VIPPS_* it makes all ten calls against its own sandbox.

Exit codes: 0 done, 1 a call failed, 2 wrong arguments or settings.
",
    options: &["--write"],
    ..Program::PLAIN
};

fn main() -> ExitCode {
    PROGRAM.main(run)
}

fn run(arguments: &Arguments) -> Result<u8, Failure> {
    // The sandbox lives until the end of this function.
    let (builder, sandbox) = server::session_builder("quickstart", Sandbox::builder())?;
    let observer = |attempt: &Attempt| {
        let status = attempt.status().map_or("---".to_owned(), |s| s.to_string());
        // If nobody reads it, the next line ends the program.
        drop(line(&format!(
            "{} {} {status}",
            attempt.method(),
            attempt.route()
        )));
    };
    let session = builder.observer(observer).build()?;
    let writes = sandbox.is_some() || arguments.has("--write");
    print(&match &sandbox {
        Some(sandbox) => format!("Against its own sandbox at {}.", sandbox.url()),
        None if writes => format!("Against {}, with both writes.", session.base_url()),
        None => format!("Against {}, reading only.", session.base_url()),
    })?;

    print(" 1  access token")?;
    let token = session.access_token()?;
    let minutes = (token.expires_in().as_secs() + 30) / 60;
    line(&format!("valid for {minutes} minutes"))?;

    print(" 2  all sales units")?;
    let units = management::list_sales_units(&session)?;
    let names: Vec<_> = units.iter().map(|unit| unit.name.as_str()).collect();
    line(&format!("{}: {}", units.len(), names.join(", ")))?;
    let Some(first) = units.first() else {
        print("These keys have no sales unit, so there is nothing more to read.")?;
        return Ok(0);
    };

    print(" 3  one sales unit")?;
    let unit = management::get_sales_unit(&session, &first.msn)?;
    let capture = unit.configuration.capture_type.as_ref();
    let capture = capture.map_or("no capture type", |capture| capture.as_str());
    line(&format!("{} {}, {capture}", unit.msn, unit.name))?;
    let merchant = &unit.business_identifier;

    print(" 4  a merchant's sales units")?;
    let units = management::list_merchant_sales_units(&session, merchant)?;
    line(&units.len().to_string())?;

    print(" 5  one merchant")?;
    let details = management::get_merchant(&session, merchant)?;
    line(&format!("{}, {}", details.name, details.status))?;

    print(" 6  all product orders")?;
    let orders = management::list_product_orders(&session, &ListProductOrders::new())?;
    line(&orders.len().to_string())?;

    if writes {
        print(" 7  prefill a product order")?;
        let order = PrefillProductOrder::new(merchant.clone(), ProductType::Checkout);
        let prefilled = management::prefill_product_order(&session, &order)?;
        let details = show(&session, &prefilled);
        // The order is deleted whatever happened since.
        management::delete_product_order(&session, &prefilled.prefilled_order_id)?;
        details?;
        line("deleted")?;
    } else {
        print(" 7, 8, 9  prefill, get and delete a product order: only with --write")?;
    }

    print("10  price packages")?;
    let packages = management::list_price_packages(&session)?;
    let found = packages
        .iter()
        .map(|package| format!("{} {}", package.name, package.description));
    line(&found.collect::<Vec<_>>().join(", "))?;
    Ok(0)
}

/// Gets a new product order, and announces that it is deleted.
fn show(session: &Session, prefilled: &PrefillResponse) -> Result<(), Failure> {
    line(prefilled.prefilled_order_id.as_str())?;
    print(" 8  one product order")?;
    let details = management::get_product_order(session, &prefilled.prefilled_order_id)?;
    line(details.status.as_str())?;
    print(" 9  delete the product order")
}

fn line(text: &str) -> Result<(), Failure> {
    print(&fit(&format!("      {text}"), 80))
}
