//! The effect of a resolver that takes 5 ms. It is preloaded into a separate process, which does
//! the measuring.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use vipps::management::get_sales_unit;

use crate::by_hand::{ByHand, session};
use crate::measure::{Effort, compare};
use crate::server::Server;
use crate::table::{Figure, Table};
use crate::unit::UNIT;

/// In the measuring process, names the file that gets one byte per lookup.
const LOG: &str = "BENCH_LOOKUPS";

const CALLS: usize = 100;

pub(crate) fn by_name(effort: Effort, table: &mut Table) {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (library, log) = (directory.join("slow_lookup.so"), directory.join("lookups"));
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&library);
    compiler.arg(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/benches/slow_lookup.c"
    ));
    let is_built =
        cfg!(target_os = "linux") && compiler.arg("-ldl").status().is_ok_and(|s| s.success());
    if !is_built {
        let reason = "skipped: needs Linux and a C compiler";
        table.note("get_sales_unit, 5 ms per lookup", reason);
        return;
    }
    fs::write(&log, "").unwrap();
    let mut child = Command::new(env::current_exe().unwrap());
    child.env("LD_PRELOAD", &library).env(LOG, &log);
    if effort == Effort::Full {
        child.arg("--bench");
    }
    let output = child.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let figures: Vec<f64> = text.split(' ').map(|n| n.trim().parse().unwrap()).collect();
    let [ours, by_hand, our_lookups, lookups_by_hand] = figures[..] else {
        panic!("{text}");
    };

    let [our_time, time_by_hand] = [ours, by_hand].map(Duration::from_secs_f64);
    let of = format!("({our_time:.1?}, by hand {time_by_hand:.1?})");
    let what = "get_sales_unit, 5 ms per lookup, time vs. by hand";
    table.at_most(what, Figure::new(ours / by_hand, of), 0.05, " x");
    let what = format!("get_sales_unit, {CALLS} calls, lookups");
    table.promise(&what, our_lookups as usize, 0);
    let what = format!("{what} by hand");
    table.note(&what, lookups_by_hand);
}

/// Runs in the process with the slow resolver. Returns whether this is that process.
pub(crate) fn measured_here(effort: Effort) -> bool {
    let Some(log) = env::var_os(LOG) else {
        return false;
    };
    let server = Server::start(UNIT, Duration::ZERO);
    let url = server.url_by_name();
    let (session, hand) = (session(&url), ByHand::new(&url));
    let msn = "123456".parse().unwrap();
    let ours = || assert_eq!(get_sales_unit(&session, &msn).unwrap().msn, msn);
    let by_hand = || assert_eq!(hand.get_sales_unit("123456").msn, "123456");
    let time = compare(effort, ours, by_hand);
    let count = |call: &dyn Fn()| {
        let before = fs::metadata(&log).unwrap().len();
        (0..CALLS).for_each(|_| call());
        fs::metadata(&log).unwrap().len() - before
    };
    println!(
        "{} {} {} {}",
        time.ours.as_secs_f64(),
        time.by_hand.as_secs_f64(),
        count(&ours),
        count(&by_hand),
    );
    true
}
