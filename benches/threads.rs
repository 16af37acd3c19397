use std::hint::black_box;
use std::time::Duration;

use vipps::management::get_sales_unit;
use vipps::{ApiKeys, Msn, Session, SystemInfo};

use crate::by_hand::{ByHand, session};
use crate::measure::{Effort, by_threads, median};
use crate::server::Server;
use crate::table::{Figure, Table};
use crate::unit::UNIT;

/// Many threads at once on a session that has no token yet.
pub(crate) fn cold_start(effort: Effort, table: &mut Table) {
    const THREADS: usize = 64;

    let server = Server::start(UNIT, Duration::ZERO);
    let mut times = Vec::new();
    let most = (0..effort.rounds()).map(|_| {
        let before = server.token_requests();
        let keys = ApiKeys::standard("client-id", "client-secret", "key");
        let builder = Session::builder(keys, SystemInfo::new("acme", "3.1.2").unwrap());
        let session = builder.base_url(&server.url).build().unwrap();
        times.push(get(&session, THREADS, 1).as_secs_f64());
        server.token_requests() - before
    });
    let most = most.max().unwrap_or(0);
    let what = format!("cold start, {THREADS} threads, token requests");
    table.promise(&what, most, 1);
    let time = Duration::from_secs_f64(median(times));
    let what = format!("cold start, {THREADS} threads, until all have a reply");
    table.note(&what, format!("{time:.1?}"));
}

/// With a server that takes 20 ms, a thread can make 50 calls per second. What is missing by hand
/// too is due to the machine.
pub(crate) fn throughput(effort: Effort, table: &mut Table) {
    let calls = match effort {
        Effort::Full => 25,
        Effort::Once => 1,
    };
    let server = Server::start(UNIT, Duration::from_millis(20));
    let (session, hand) = (session(&server.url), ByHand::new(&server.url));
    let by_hand = |threads, calls| {
        by_threads(threads, || {
            for _ in 0..calls {
                black_box(hand.get_sales_unit("123456"));
            }
        })
    };
    // Opens a connection for every thread.
    get(&session, 16, 1);
    by_hand(16, 1);
    for threads in [1, 2, 4, 8, 16] {
        let rate = |time: Duration| (threads * calls) as f64 / time.as_secs_f64();
        let rounds: Vec<(f64, f64)> = (0..effort.rounds().min(9))
            .map(|_| {
                let ours = get(&session, threads, calls);
                (rate(ours), rate(by_hand(threads, calls)))
            })
            .collect();
        let ours = median(rounds.iter().map(|round| round.0));
        let by_hand = median(rounds.iter().map(|round| round.1));
        let ideal = threads as f64 * 50.0;
        let of = format!("({ours:.1} of {ideal} per second, by hand {by_hand:.1})");
        let missing = (1.0 - ours / ideal) * 100.0;
        let what = format!("threads, {threads}, missing throughput");
        table.at_most(&what, Figure::new(missing, of), 5.0, " %");
    }
}

fn get(session: &Session, threads: usize, calls: usize) -> Duration {
    let msn: Msn = "123456".parse().unwrap();
    by_threads(threads, || {
        for _ in 0..calls {
            get_sales_unit(session, &msn).unwrap();
        }
    })
}
