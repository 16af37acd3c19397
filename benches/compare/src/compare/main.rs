//! Measures the same calls with every client and prints the tables, as README.md describes.

use std::env;
use std::process::ExitCode;

use vipps_compare::Result;

mod latency;
mod programs;
mod server;
mod table;

/// How many times each program is run, and how many rounds each call is timed for.
const ROUNDS: usize = 15;

fn main() -> ExitCode {
    let outcome = match env::args().nth(1).as_deref() {
        None => both(),
        Some("programs") => programs::compare(),
        Some("calls") => latency::compare(),
        Some(other) => {
            Err(format!("{other}: must be `programs`, `calls`, or nothing for both").into())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn both() -> Result<()> {
    programs::compare()?;
    println!();
    latency::compare()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.get(values.len() / 2) {
        Some(&middle) if values.len() % 2 == 1 => middle,
        Some(&upper) => (values[values.len() / 2 - 1] + upper) / 2.0,
        None => f64::NAN,
    }
}
