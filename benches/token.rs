use std::hint::black_box;
use std::thread;
use std::time::Duration;

use vipps::Session;

use crate::by_hand::session;
use crate::measure::{Effort, by_threads, median};
use crate::table::{Figure, Table};

const THREADS: usize = 8;

/// Of a session that has one: no request is made.
///
/// With several threads it is the time that a call takes on its core: what all of them took together, times the cores that were busy,
/// by the number of calls.
pub(crate) fn access_token(effort: Effort, table: &mut Table) {
    let session = session("http://127.0.0.1:9");
    let calls = match effort {
        Effort::Full => 200_000,
        Effort::Once => 10,
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let busy = cores.min(THREADS);
    let rounds: Vec<(f64, f64)> = (0..effort.rounds())
        .map(|_| {
            let alone = get(&session, 1, calls).as_nanos() as f64;
            let together = get(&session, THREADS, calls).as_nanos() as f64;
            let all_calls = (calls * THREADS) as f64;
            (alone / calls as f64, together * busy as f64 / all_calls)
        })
        .collect();

    let alone = median(rounds.iter().map(|round| round.0));
    let figure = Figure::new(alone, "a call");
    table.at_most("access_token, warm, 1 thread", figure, 100.0, " ns");
    let together = median(rounds.iter().map(|round| round.1));
    let ratio = median(rounds.iter().map(|(alone, together)| together / alone));
    let what = format!("access_token, warm, {THREADS} threads on {busy} cores to 1");
    let of = format!("({together:.1} ns a call on its core)");
    table.at_most(&what, Figure::new(ratio, of), 2.0, " x");
}

fn get(session: &Session, threads: usize, calls: usize) -> Duration {
    by_threads(threads, || {
        for _ in 0..calls {
            black_box(session.access_token().unwrap());
        }
    })
}
