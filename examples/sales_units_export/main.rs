//! Every sales unit that the keys give access to, with its details, as CSV or JSON lines.
//!
//! ```sh
//! cargo run --example sales_units_export                                 # of a sandbox of its own
//! cargo run --example sales_units_export -- --workers 16 --output units.csv
//! ```
//!
//! With `VIPPS_*` in the environment they are the service's. The list is one request, the details are one for each sales unit, which
//! `--workers` threads make over one session. Rows are in the order of the list.
//!
//! - A sales unit whose details cannot be had is a row with its error, and the exit code is 1 in the end. 2 stands for arguments that are
//!   wrong, keys and a list that cannot be had, an output that cannot be written, and a worker that panicked.
//! - When the service asks to wait (a 429, or a 408, 500, 502, 503 or 504 with `Retry-After`), all workers wait, as long as it asks to. For
//!   that the session repeats nothing by itself: gate.rs does. A call that fails in another way that may pass is made `--attempts` times.
//!   429s do not count among these: a call is made again until it got 20 of them while no other call got through, after waits of 1 s,
//!   doubled each time up to 60 s, or of what `Retry-After` asks for where that is longer.
//! - A row is written whole, in one go, as soon as all rows before it are there. Whenever the program is stopped, what it wrote ends with a
//!   whole row, but where there is no room for the last. It does not take up where it was stopped: another run begins anew.
//! - Rows wait for one that is slow, 64 for each worker at the most, and the workers wait then too. When the program is stopped, these rows
//!   are not written.
//! - It holds the list, and nothing else that grows with it.
//! - When standard error is closed it says nothing, and goes on.
//!
//! CSV has a column for each field of [`vipps::management::SalesUnit`], named as in JSON, and `error`. What is not known is empty. A cell that
//! begins with `=`, `+`, `-`, `@`, a tab or a line end gets an apostrophe before it: spreadsheets take it for a formula otherwise, and names are
//! the merchants' to choose. A JSON line is the object with the fields that this crate knows, named as the service names them, or
//! `{"msn", "name", "error": {"kind", "status", "message", "traceId"}}`.
//!
//! How long 10,000 sales units take at 20 ms each, where 16 workers need 12.5 s at best, as it says itself:
//!
//! ```sh
//! cargo run --release --example sales_units_export -- --demo-units 10000 --demo-latency-ms 20 --workers 16 --output /dev/null
//! ```

use std::io::{Write, stdout};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use vipps::management::{self, SalesUnitSummary};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{RetryPolicy, Session};

#[path = "../common/arguments.rs"]
mod arguments;
mod attempts;
mod gate;
mod options;
mod output;
mod progress;
mod rows;
#[path = "../common/server.rs"]
mod server;
mod workers;

use gate::Gate;
use options::Options;
use output::Output;
use progress::{Progress, say};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// For each worker, how many rows may come before one that is slow: as many as it gets while that is tried again a few times.
const EARLY_ROWS: usize = 64;

fn main() -> ExitCode {
    let options = match Options::read() {
        Ok(Some(options)) => options,
        Ok(None) => {
            drop(stdout().write_all(options::HELP.as_bytes()));
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            say(format_args!("sales_units_export: {error}\nTry --help."));
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            say(format_args!("sales_units_export: {error}"));
            ExitCode::from(2)
        }
    }
}

/// Exports all sales units; gives how many failed.
fn run(options: &Options) -> Result<usize, AnyError> {
    // The sandbox lives until the end of this function.
    let (session, _sandbox) = session(options)?;
    let list = || match &options.merchant {
        Some(merchant) => management::list_merchant_sales_units(&session, merchant),
        None => management::list_sales_units(&session),
    };
    let gate = Gate::new(options.attempts);
    let units = gate.call(&Progress::none(), list).transpose()?;
    // Nobody has stopped it yet.
    let units = units.unwrap_or_default();
    // Not before there is something to write: an earlier export is worth more than an empty file.
    let output = Output::open(options.output.as_deref(), options.workers * EARLY_ROWS)?;
    output.write_header(&options.format.header()?)?;
    let progress = Progress::start(units.len(), options.output.is_some());
    let failed = export(&session, &units, options, &gate, &output, &progress)?;
    progress.finish(failed, options.least_time(units.len()));
    Ok(failed)
}

/// Gets the details of all units and writes a row for each.
fn export(
    session: &Session,
    units: &[SalesUnitSummary],
    options: &Options,
    gate: &Gate,
    output: &Output,
    progress: &Progress,
) -> Result<usize, AnyError> {
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || -> Result<(), AnyError> {
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            let Some(unit) = units.get(nth) else {
                return Ok(());
            };
            output.wait_for(nth);
            let get = || management::get_sales_unit(session, &unit.msn);
            let Some(details) = gate.call(progress, get) else {
                return Ok(());
            };
            if details.is_err() {
                failed.fetch_add(1, Ordering::Relaxed);
            }
            output.put(nth, options.format.row(unit, details)?, progress)?;
            progress.one_done();
        }
    };
    // Nobody goes on with what cannot be written. Who is woken by the output comes to the gate next, which has to be stopped by then.
    let stop = || {
        gate.stop();
        output.stop();
    };
    workers::run(options.workers.min(units.len()), work, stop)?;
    Ok(failed.into_inner())
}

/// A session with the service, or with a sandbox as the demo wants it.
fn session(options: &Options) -> Result<(Session, Option<Sandbox>), AnyError> {
    let (builder, sandbox) = server::session_builder("sales-units-export")?;
    let sandbox = match (sandbox, options.demo_units, options.demo_latency) {
        (None, None, None) => None,
        (None, ..) => return Err("--demo-... is for the sandbox, and VIPPS_* are set".into()),
        (Some(sandbox), units, latency) => {
            say(format_args!("Against a sandbox at {}.", sandbox.url()));
            if let Some(latency) = latency {
                let route = "GET /management/v1/sales-units/*";
                sandbox.fault(route, usize::MAX, Fault::Delay(latency));
            }
            Some(match units {
                Some(units) => sandbox.with_sales_units(units),
                None => sandbox,
            })
        }
    };
    let session = builder
        // A session that repeats a refused call keeps to itself that everybody should wait.
        .retry(RetryPolicy::none())
        .timeout(Duration::from_secs(30))
        .build()?;
    Ok((session, sandbox))
}
