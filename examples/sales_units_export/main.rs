//! Every sales unit that the keys give access to, with its details, as CSV or JSON lines.
//!
//! ```sh
//! cargo run --example sales_units_export            # from its own sandbox
//! cargo run --example sales_units_export -- --workers 16 --output units.csv
//! ```
//!
//! With `VIPPS_*` in the environment it reads from the API. The list is one request; the details
//! are one per sales unit, sent by `--workers` threads over one session. Rows are in the list's
//! order.
//!
//! - A file appears under its name once it is whole: until then it is `NAME.PID.partial` beside it,
//!   which only a kill or Ctrl-C leaves behind. What is not a regular file is written to directly,
//!   as is standard output: each row whole and at once.
//! - A sales unit whose details cannot be fetched is a row with its error, and the exit code is 1.
//!   Exit code 2: wrong arguments, no list, an output that cannot be written, or a panic. When the
//!   reader of the output is gone (`| head`) the program ends quietly, with 0.
//! - A call gets `--attempts` attempts, 429s included. After a 429 or 423 all workers wait, as long
//!   as `Retry-After` says or the backoff is. A call takes half an hour at most, and fails at once
//!   when it would have to wait longer.
//! - At most 64 rows per worker wait for one that is slow. The list is all that grows in memory.
//!
//! CSV has a column for each field of [`vipps::management::SalesUnit`], named as in JSON, and
//! `error`. Names are the merchants' choice, so what a spreadsheet would take for a formula gets an
//! apostrophe, also where the spreadsheet splits rows at another separator. `csv-excel` is for
//! Excel where it splits at semicolons: texts that it would change, such as `05304012345`, are
//! written as `="05304012345"`. A JSON line is the object with the fields that this crate knows, or
//! `{"msn", "name", "error": {"kind", "status", "message", "traceId"}}`. On a terminal, control
//! characters are escaped.
//!
//! How long 10,000 sales units take at 20 ms each, where 16 workers need 12.5 s at best:
//!
//! ```sh
//! cargo run --release --example sales_units_export -- \
//!     --demo-units 10000 --demo-latency-ms 20 --workers 16 --output /dev/null
//! ```

use std::io::{self, Write, stdout};
use std::process::ExitCode;
use std::time::Duration;

use vipps::management::{self, SalesUnitSummary};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{RetryPolicy, Session};

#[path = "../common/flags.rs"]
mod arguments;
mod options;
mod output;
mod progress;
mod rows;
#[path = "../common/server.rs"]
mod server;
mod waits;
mod workers;

use options::Options;
use output::Output;
use progress::{Progress, say};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let options = match Options::read() {
        Ok(Some(options)) => options,
        Ok(None) => {
            drop(stdout().write_all(options::HELP.as_bytes()));
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            say(format_args!("sales_units_export: {error}"));
            say("Try --help.");
            return ExitCode::from(2);
        }
    };
    let progress = Progress::new();
    // Returning ends workers that still wait for the API.
    match run(&options, &progress) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            progress.clear();
            let error_kind = error.downcast_ref().map(io::Error::kind);
            if error_kind == Some(io::ErrorKind::BrokenPipe) {
                return ExitCode::SUCCESS;
            }
            say(format_args!("sales_units_export: {error}"));
            ExitCode::from(2)
        }
    }
}

/// Exports all sales units; gives how many failed.
fn run(options: &Options, progress: &Progress) -> Result<usize, AnyError> {
    // The sandbox lives until the end of this function.
    let (session, _sandbox) = session(options, progress)?;
    let units = match &options.merchant {
        Some(merchant) => management::list_merchant_sales_units(&session, merchant)?,
        None => management::list_sales_units(&session)?,
    };
    let total = units.len();
    let mut output = Output::open(options.output.as_deref(), progress)?;
    if let Some(header) = options.format.header() {
        output.write(&header)?;
    }
    progress.start(total);
    let get = move |unit: SalesUnitSummary| {
        let details = management::get_sales_unit(&session, &unit.msn);
        (unit, details)
    };
    let mut failed = 0;
    workers::run(options.workers, units, get, |(unit, details)| {
        failed += usize::from(details.is_err());
        output.write(&options.format.row(&unit, details)?)?;
        progress.one_done();
        Ok(())
    })?;
    output.finish()?;
    progress.finish(failed, options.least_time(total));
    Ok(failed)
}

/// A session with the API, or with a sandbox as the demo wants it.
fn session(options: &Options, progress: &Progress) -> Result<(Session, Option<Sandbox>), AnyError> {
    let data = match options.demo_units {
        Some(units) => Sandbox::builder().sales_units(units),
        None => Sandbox::builder(),
    };
    let (builder, sandbox) = server::session_builder("sales-units-export", data)?;
    match (&sandbox, options.demo_units, options.demo_latency) {
        (None, None, None) => {}
        (None, ..) => return Err("--demo-... is for the sandbox, and VIPPS_* are set".into()),
        (Some(sandbox), _, latency) => {
            say(format_args!("Against a sandbox at {}.", sandbox.url()));
            if let Some(latency) = latency {
                let route = "GET /management/v1/sales-units/*";
                sandbox.fault(route, usize::MAX, Fault::Delay(latency));
            }
        }
    }
    let retry = RetryPolicy::default()
        .max_attempts(options.attempts)
        .initial_backoff(Duration::from_millis(500))
        .max_backoff(Duration::from_secs(10));
    let progress = progress.clone();
    let session = builder
        .retry(retry)
        .timeout(Duration::from_secs(30 * 60))
        .stall_timeout(Duration::from_secs(30))
        .observer(move |attempt| progress.observe(attempt))
        .build()?;
    Ok((session, sandbox))
}
