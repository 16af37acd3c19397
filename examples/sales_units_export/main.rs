//! Exports every sales unit that the keys give access to, as CSV or JSON lines.
//!
//! ```sh
//! cargo run --example sales_units_export -- --workers 16 --output units.csv
//! ```
//!
//! CSV has a column for each field of [`vipps::management::SalesUnit`], and `error`. JSON lines are
//! `SalesUnit`s, or `{"msn", "name", "error": {"kind", "message", "status", "traceId"}}`. A file is
//! written as `NAME.PID.partial`, which Ctrl-C leaves behind, and renamed when it is complete.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::ProgressBar;
use vipps::RetryPolicy;
use vipps::management::{BusinessIdentifier, SalesUnitSummary};
use vipps::management::{get_sales_unit, list_merchant_sales_units, list_sales_units};
use vipps::sandbox::{Fault, Sandbox};

#[path = "../common/mod.rs"]
mod common;
mod output;
mod progress;
mod rows;
mod workers;

use common::arguments::Arguments;
use common::{Failure, Program, cannot_write, say, server};
use output::Output;
use rows::Format::{Csv, CsvExcel, Jsonl};

const PROGRAM: Program = Program {
    name: "sales_units_export",
    help: "\
Exports every sales unit with its details.

usage: sales_units_export [options]

  --output FILE         replaced once complete; standard output by default
  --format FORMAT       csv (the default), csv-excel (with semicolons, and
                        numbers such as 05304012345 kept as text) or jsonl
  --merchant SCHEME/ID  only its sales units, as in business:NO:ORG/987654321
  --workers N           concurrent requests, 1 to 64; 8 by default
  --attempts N          attempts per call, 1 to 100; 10 by default
  --demo-units N        sales units of its own sandbox, 0 to 1000000
  --demo-latency-ms N   time for each of them, 0 to 60000

With VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET and VIPPS_SUBSCRIPTION_KEY in the
environment it reads from the API, without any VIPPS_* from its own sandbox.

After a 429 or 423 all workers wait as long as Retry-After says, or for up to
0.5 s, doubling up to 8 s. A call that would wait half an hour fails at once.

Exit codes: 0 exported, or the reader of the output is gone; 1 exported, but
some rows have an error in place of details; 2 not exported.
",
    options: &[
        "--output=",
        "--format=",
        "--merchant=",
        "--workers=",
        "--attempts=",
        "--demo-units=",
        "--demo-latency-ms=",
    ],
    operands: 0,
    reader_gone: 0,
};

fn main() -> ExitCode {
    PROGRAM.main(|arguments| {
        let bar = ProgressBar::hidden();
        let exported = run(arguments, &bar);
        bar.finish_and_clear();
        // Workers that still wait for the API end with the process.
        match exported {
            Err(Failure::Exit(_, message)) => Err(Failure::setup(message)),
            exported => exported,
        }
    })
}

fn run(arguments: &Arguments, bar: &ProgressBar) -> Result<u8, Failure> {
    let formats = [("csv", Csv), ("csv-excel", CsvExcel), ("jsonl", Jsonl)];
    let format = arguments.choice("--format", &formats)?.unwrap_or(Csv);
    let merchant = arguments.text("--merchant").map(merchant).transpose()?;
    // A session keeps as many connections open as there may be workers.
    let workers = arguments.number("--workers", 1..=64)?.unwrap_or(8);
    let attempts = arguments.number("--attempts", 1..=100)?.unwrap_or(10);
    let latency = arguments.number("--demo-latency-ms", 0..=60_000)?;
    let latency = Duration::from_millis(latency.unwrap_or(0));
    let data = match arguments.number("--demo-units", 0..=1_000_000)? {
        Some(units) => Sandbox::builder().sales_units(units),
        None => Sandbox::builder(),
    };
    let is_demo = arguments.has("--demo-units") || arguments.has("--demo-latency-ms");
    if is_demo && server::is_in_environment() {
        return Err(Failure::usage(
            "--demo-... needs an environment without VIPPS_*",
        ));
    }

    // The sandbox lives until the end of this function.
    let (builder, sandbox) = server::session_builder("sales-units-export", data)?;
    if let Some(sandbox) = &sandbox {
        say(&format!("Against a sandbox at {}.", sandbox.url()));
        let route = "GET /management/v1/sales-units/*";
        sandbox.fault(route, usize::MAX, Fault::Delay(latency));
    }
    let session = builder
        .retry(RetryPolicy::default().max_attempts(attempts))
        .timeout(Duration::from_secs(30 * 60))
        .stall_timeout(Duration::from_secs(30))
        .observer(progress::observer(bar.clone()))
        .build()?;
    let units = match &merchant {
        Some(merchant) => list_merchant_sales_units(&session, merchant)?,
        None => list_sales_units(&session)?,
    };

    let path = arguments.text("--output");
    let cannot_write = |error| cannot_write(path.unwrap_or("standard output"), &error);
    let mut output = Output::open(path.map(Path::new), bar).map_err(cannot_write)?;
    if let Some(header) = format.header() {
        output.write(&header).map_err(cannot_write)?;
    }
    progress::start(bar, units.len());
    let (rounds, mut failed) = (units.len().div_ceil(workers), 0);
    let get = move |unit: SalesUnitSummary| (get_sales_unit(&session, &unit.msn), unit);
    for fetched in workers::run(workers, units, get).map_err(Failure::setup)? {
        let (details, unit) = fetched.map_err(Failure::setup)?;
        failed += u64::from(details.is_err());
        let row = format.row(&unit, &details);
        row.and_then(|row| output.write(&row))
            .map_err(cannot_write)?;
        progress::advance(bar);
    }
    output.finish().map_err(cannot_write)?;
    progress::finish(bar, failed, latency.as_secs_f64() * rounds as f64);
    Ok(u8::from(failed > 0))
}

fn merchant(text: &str) -> Result<BusinessIdentifier, Failure> {
    let Some((scheme, id)) = text.split_once('/') else {
        let message = format!("--merchant must be like business:NO:ORG/987654321, not {text:?}");
        return Err(Failure::usage(message));
    };
    let merchant = BusinessIdentifier::new(scheme, id);
    merchant.map_err(|error| Failure::usage(format!("--merchant: {error}")))
}
