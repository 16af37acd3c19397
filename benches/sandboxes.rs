use std::time::Instant;

use vipps::sandbox::Sandbox;

use crate::measure::{Effort, median};
use crate::table::{Figure, Table};

/// As many as a test suite runs at once.
const SANDBOXES: usize = 20;

/// Tests start one each, so starting one must be cheap.
pub(crate) fn start(effort: Effort, table: &mut Table) {
    let rounds = (0..effort.rounds()).map(|_| {
        let began = Instant::now();
        let running: Vec<Sandbox> = (0..SANDBOXES).map(|_| Sandbox::start().unwrap()).collect();
        let millis = began.elapsed().as_secs_f64() * 1000.0;
        drop(running);
        millis
    });
    let what = format!("{SANDBOXES} sandboxes started");
    table.at_most(&what, Figure::new(median(rounds), ""), 100.0, " ms");
}
