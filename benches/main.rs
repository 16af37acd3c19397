//! Measures the overhead of the crate over hand-written ureq code on loopback, and prints a table.
//!
//! `cargo bench` runs everything, `cargo bench -- list` what has `list` in its name. "By hand" is
//! `by_hand.rs`: the same agent settings, headers built once, and bodies read into a buffer of
//! their length. The two sides alternate call by call, so that other load on the machine affects
//! both. A figure is the median of the rounds. A missed target fails nothing, because machines
//! differ; a broken promise does.
//!
//! `cargo bench --bench calls -- soak 600` makes calls for ten minutes to check that nothing leaks:
//! see `soak.rs`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod by_hand;
mod image;
mod list;
mod lookups;
mod measure;
mod raw;
mod sandboxes;
mod server;
mod soak;
mod table;
mod threads;
mod token;
mod unit;

use std::process::ExitCode;

use measure::Effort;
use table::Table;

type Bench = fn(Effort, &mut Table);

const BENCHES: [(&str, Bench); 8] = [
    ("get_sales_unit", unit::get_sales_unit),
    ("lookups", lookups::by_name),
    ("list_sales_units", list::list_sales_units),
    ("add_image", image::add_image),
    ("access_token", token::access_token),
    ("cold start", threads::cold_start),
    ("threads", threads::throughput),
    ("sandboxes", sandboxes::start),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Cargo passes this for `cargo bench` but not for `cargo test --benches`, where one run is
    // enough.
    let effort = if arguments.iter().any(|argument| argument == "--bench") {
        Effort::Full
    } else {
        Effort::Once
    };
    if lookups::measured_here(effort) {
        return ExitCode::SUCCESS;
    }
    let mut words = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'));
    let part = words.next().map_or("", String::as_str);
    match part {
        "soak" => return soak::soak(words.next().map_or(600, |seconds| seconds.parse().unwrap())),
        soak::SERVE => return soak::serve(),
        _ => {}
    }
    let mut wanted = BENCHES.to_vec();
    wanted.retain(|(name, _)| name.contains(part));
    if wanted.is_empty() {
        let names = BENCHES.map(|(name, _)| name).join(", ");
        eprintln!("no benchmark has {part} in its name: {names}");
        return ExitCode::FAILURE;
    }
    let mut table = Table::begin(effort);
    for (_, bench) in wanted {
        bench(effort, &mut table);
    }
    table.end()
}
