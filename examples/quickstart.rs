//! The ten calls of the Management API's quick start, each with its requests and its result.
//!
//! ```sh
//! cargo run --example quickstart
//! ```
//!
//! Without `VIPPS_*` in the environment it makes all calls against its own sandbox. With them it
//! reads from the API, and prefills and deletes a product order only if `--write` is given.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use vipps::management::{self, ListProductOrders, PrefillProductOrder, ProductType};
use vipps::sandbox::Sandbox;

mod common;

use common::arguments::Arguments;
use common::{Failure, Program, fit, print, print_text, server};

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
    switches: &["--write"],
    ..Program::PLAIN
};

fn main() -> ExitCode {
    PROGRAM.main(run)
}

fn run(arguments: &Arguments) -> Result<u8, Failure> {
    // The sandbox lives until the end of this function.
    let (builder, sandbox) = server::session_builder("quickstart", Sandbox::builder())?;
    let steps = Steps::default();
    let requests = Arc::clone(&steps.requests);
    let session = builder
        .observer(move |attempt| {
            let status = attempt.status().map_or("---".to_owned(), |s| s.to_string());
            let line = format!("{status} {} {}", attempt.method(), attempt.route());
            requests
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line);
        })
        .build()?;
    let writes = sandbox.is_some() || arguments.has("--write");
    print_text(&match &sandbox {
        Some(sandbox) => format!("Against its own sandbox at {}.\n", sandbox.url()),
        None if writes => format!("Against {}, with both writes.\n", session.base_url()),
        None => format!("Against {}, reading only.\n", session.base_url()),
    })?;

    let token = session.access_token()?;
    let minutes = (token.expires_in().as_secs() + 30) / 60;
    steps.done(1, "access token", &format!("valid for {minutes} minutes"))?;

    let units = management::list_sales_units(&session)?;
    let names: Vec<_> = units.iter().map(|unit| unit.name.as_str()).collect();
    let found = format!("{}: {}", units.len(), names.join(", "));
    steps.done(2, "all sales units", &found)?;
    let Some(first) = units.first() else {
        print("These keys have no sales unit, so there is nothing more to read.")?;
        return Ok(0);
    };

    let unit = management::get_sales_unit(&session, &first.msn)?;
    let capture = unit.configuration.capture_type.as_ref();
    let capture = capture.map_or("no capture type", |capture| capture.as_str());
    let found = format!("{} {}, {capture}", unit.msn, unit.name);
    steps.done(3, "one sales unit", &found)?;
    let merchant = &unit.business_identifier;

    let units = management::list_merchant_sales_units(&session, merchant)?;
    steps.done(4, "a merchant's sales units", &units.len().to_string())?;

    let details = management::get_merchant(&session, merchant)?;
    let found = format!("{}, {}", details.name, details.status);
    steps.done(5, "one merchant", &found)?;

    let orders = management::list_product_orders(&session, &ListProductOrders::new())?;
    steps.done(6, "all product orders", &orders.len().to_string())?;

    if writes {
        let order = PrefillProductOrder::new(merchant.clone(), ProductType::Checkout);
        let prefilled = management::prefill_product_order(&session, &order)?;
        let id = &prefilled.prefilled_order_id;
        let printed = steps.done(7, "prefill a product order", id.as_str());
        // The order is deleted whatever happens in between.
        let details = management::get_product_order(&session, id);
        let shown = details
            .map_err(Failure::from)
            .and_then(|details| steps.done(8, "one product order", details.status.as_str()));
        management::delete_product_order(&session, id)?;
        printed.and(shown)?;
        steps.done(9, "delete the product order", "deleted")?;
    } else {
        print(" 7, 8, 9  prefill, get and delete a product order: only with --write")?;
    }

    let packages = management::list_price_packages(&session)?;
    let found: Vec<_> = packages
        .iter()
        .map(|package| format!("{} {}", package.name, package.description))
        .collect();
    steps.done(10, "price packages", &found.join(", "))?;
    Ok(0)
}

/// The requests since the last step that was printed.
#[derive(Default)]
struct Steps {
    requests: Arc<Mutex<Vec<String>>>,
}

impl Steps {
    /// Prints a step and the requests that it took.
    fn done(&self, step: u8, title: &str, found: &str) -> Result<(), Failure> {
        print(&fit(&format!("{step:2}  {title}: {found}"), 80))?;
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests
            .drain(..)
            .try_for_each(|request| print(&fit(&format!("      {request}"), 80)))
    }
}
