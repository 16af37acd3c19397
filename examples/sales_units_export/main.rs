//! Exports every sales unit that the keys give access to, as CSV or JSON lines. See `--help`.
//!
//! CSV has a column for each field of [`vipps::management::SalesUnit`], and `error`. JSON lines are
//! `SalesUnit`s, or `{"msn", "name", "error": {"kind", "message", "status", "traceId"}}`.

use std::process::ExitCode;
use std::time::Duration;

use vipps::RetryPolicy;
use vipps::management::{self, BusinessIdentifier, SalesUnitSummary};
use vipps::sandbox::{Fault, Sandbox};

#[path = "../common/mod.rs"]
mod common;
mod output;
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

  --output FILE         replaced once complete, FILE.PID.partial until then
  --format FORMAT       csv (the default), csv-excel (with semicolons, and
                        numbers such as 05304012345 kept as text) or jsonl
  --merchant SCHEME/ID  only its sales units, as in business:NO:ORG/987654321
  --workers N           concurrent requests, 1 to 64; 8 by default
  --attempts N          attempts per call, 1 to 100; 10 by default
  --demo-units N        sales units of its own sandbox, 0 to 1000000
  --demo-latency-ms N   time for each of them, 0 to 60000

Reads from the API if VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET and
VIPPS_SUBSCRIPTION_KEY are set, from its own sandbox without any VIPPS_*.
After a 429 or 423 all workers wait as long as Retry-After says, or for up to
0.5 s, doubling up to 8 s. A call that would wait half an hour fails at once.

Exit codes: 0 exported, or nobody reads the output any more; 1 exported with an
error in place of the details in some rows; 2 not exported.
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
    ..Program::PLAIN
};

fn main() -> ExitCode {
    // Workers that still wait for the API end with the process.
    PROGRAM.main(|arguments| match run(arguments) {
        Err(Failure::Exit(_, message)) => Err(Failure::setup(message)),
        ended => ended,
    })
}

fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let path = arguments.text("--output");
    let formats = [("csv", Csv), ("csv-excel", CsvExcel), ("jsonl", Jsonl)];
    let format = arguments.choice("--format", &formats)?.unwrap_or(Csv);
    let merchant = arguments.text("--merchant").map(merchant).transpose()?;
    // A session keeps as many connections open as there may be workers.
    let workers = arguments.number("--workers", 1..=64)?.unwrap_or(8);
    let attempts = arguments.number("--attempts", 1..=100)?.unwrap_or(10);
    let latency = arguments.number("--demo-latency-ms", 0..=60_000)?;
    let demo = arguments.number("--demo-units", 0..=1_000_000)?;
    if server::is_in_environment() && (demo.is_some() || latency.is_some()) {
        return Err(Failure::usage("--demo-... works only without VIPPS_*"));
    }
    let latency = Duration::from_millis(latency.unwrap_or(0));
    let demo = demo.map_or_else(Sandbox::builder, |n| Sandbox::builder().sales_units(n));

    // The sandbox lives until the end of this function.
    let (builder, sandbox) = server::session_builder("sales-units-export", demo)?;
    if let Some(sandbox) = &sandbox {
        say(&format!("Against a sandbox at {}.", sandbox.url()));
        let route = "GET /management/v1/sales-units/*";
        sandbox.fault(route, usize::MAX, Fault::Delay(latency));
    }
    let cannot_write = |error| cannot_write(path.unwrap_or("standard output"), &error);
    let mut output = Output::open(path).map_err(cannot_write)?;
    let session = builder
        .retry(RetryPolicy::default().max_attempts(attempts))
        .timeout(Duration::from_secs(30 * 60))
        .stall_timeout(Duration::from_secs(30))
        .observer(output.observer())
        .build()?;
    let units = match &merchant {
        Some(merchant) => management::list_merchant_sales_units(&session, merchant)?,
        None => management::list_sales_units(&session)?,
    };

    if let Some(header) = format.header() {
        output.write(&header).map_err(cannot_write)?;
    }
    output.start(units.len());
    let least = latency.as_secs_f64() * units.len().div_ceil(workers) as f64;
    let get = move |unit: SalesUnitSummary| {
        management::get_sales_unit(&session, &unit.msn).map_err(|error| (unit, error))
    };
    let mut failed = 0;
    for fetched in workers::run(workers, units, get).map_err(Failure::setup)? {
        let fetched = fetched.map_err(Failure::setup)?;
        failed += u64::from(fetched.is_err());
        let row = format.row(&fetched)?;
        output.write(&row).map_err(cannot_write)?;
    }
    output.finish(failed, least).map_err(cannot_write)?;
    Ok(u8::from(failed > 0))
}

fn merchant(text: &str) -> Result<BusinessIdentifier, Failure> {
    let (scheme, id) = text.split_once('/').unwrap_or((text, ""));
    BusinessIdentifier::new(scheme, id).map_err(|error| {
        let message = format!("--merchant must be like business:NO:ORG/987654321: {error}");
        Failure::usage(message)
    })
}
