use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use vipps::Session;

use crate::by_hand::session;
use crate::measure::{Effort, by_threads, median};
use crate::table::{Figure, Table};

const THREADS: usize = 8;

/// Measures a session that already has a token, so no request is made.
///
/// The time of a call is what it took with a core to run on, including waiting for a lock. The
/// number of cores and other load do not count.
pub(crate) fn access_token(effort: Effort, table: &mut Table) {
    let session = session("http://127.0.0.1:9");
    let calls = match effort {
        Effort::Full => 500_000,
        Effort::Once => 10,
    };
    let rounds: Vec<(f64, f64)> = (0..effort.rounds())
        .map(|_| (get(&session, 1, calls), get(&session, THREADS, calls)))
        .collect();

    let alone = median(rounds.iter().map(|round| round.0));
    let figure = Figure::new(alone, "per call");
    table.at_most("access_token, warm, 1 thread", figure, 500.0, " ns");
    let together = median(rounds.iter().map(|round| round.1));
    let ratio = median(rounds.iter().map(|(alone, together)| together / alone));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let what = format!("access_token, warm, {THREADS} threads on {cores} cores vs. 1");
    let of = match nanos_without_core() {
        Some(_) => format!("({together:.1} ns per call)"),
        None => format!("({together:.1} ns per call, including waits for a core)"),
    };
    // The threads share one lock, held for as long as a copy. An API call takes a hundred times as
    // long.
    table.at_most(&what, Figure::new(ratio, of), 5.0, " x");
}

/// Returns nanoseconds per call.
fn get(session: &Session, threads: usize, calls: usize) -> f64 {
    let all_times = AtomicU64::new(0);
    by_threads(threads, || {
        let (began, before) = (Instant::now(), nanos_without_core().unwrap_or(0));
        for _ in 0..calls {
            black_box(session.access_token().unwrap());
        }
        let waited = nanos_without_core().unwrap_or(0) - before;
        let time = u64::try_from(began.elapsed().as_nanos()).unwrap();
        all_times.fetch_add(time.saturating_sub(waited), Ordering::Relaxed);
    });
    all_times.into_inner() as f64 / (threads * calls) as f64
}

/// How long this thread was runnable without a core, according to Linux. Other systems do not
/// report it, and there the figures for more threads than cores mean little.
fn nanos_without_core() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').nth(1)?.parse().ok()
}
