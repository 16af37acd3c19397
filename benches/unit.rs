use std::time::Duration;

use vipps::management::get_sales_unit as get;
use vipps::{Msn, Session};

use crate::by_hand::{ByHand, session};
use crate::measure::{Effort, Rounds, by_threads, by_turns, heap, threads_started};
use crate::raw::Raw;
use crate::server::Server;
use crate::table::{Figure, Table};

pub(crate) const UNIT: &str = concat!(
    r#"{"msn":"123456","name":"ACME Fantastic Fitness DK","#,
    r#""businessIdentifier":{"scheme":"business:DK:CVR","id":"12345678"},"#,
    r#""settlementBankAccount":{"scheme":"BBAN:DK","id":"12345678901234"},"#,
    r#""configuration":{"paymentAllowed":true,"captureType":"ReserveCapture","#,
    r#""skipLandingPageAllowed":false,"recurringAllowed":true,"#,
    r#""partialCaptureAllowed":true,"lateCaptureAllowed":false,"#,
    r#""landingPagePhoneNumberLocked":false,"longLivingPaymentAllowed":true,"#,
    r#""creditCardPaymentAllowed":false}}"#
);

const MSN: &str = "123456";

/// Over kept-alive connections.
pub(crate) fn get_sales_unit(effort: Effort, table: &mut Table) {
    let server = Server::start(UNIT, Duration::ZERO);
    for (how, url) in [
        ("by address", server.url.clone()),
        ("by name", server.url_by_name()),
    ] {
        let sides = &Sides::new(&url);
        let [mut ours, mut by_hand, mut raw] = Sides::CALLS.map(|call| move || call(sides));
        let rounds = by_turns(effort, [&mut ours, &mut by_hand, &mut raw]);
        compare(table, how, &rounds, 1.8);
        let rounds = sides.at_once(effort);
        compare(table, &format!("{how}, {THREADS} threads"), &rounds, 2.0);
    }

    let sides = Sides::new(&server.url);
    let ours = heap(|| sides.ours()).allocations;
    let by_hand = heap(|| sides.by_hand()).allocations;
    let of = format!("({ours}, by hand {by_hand})");
    let figure = Figure::new(ours - by_hand, of);
    // The path, the route and the headers.
    table.at_most("get_sales_unit, extra allocations", figure, 4.0, "");

    let what = "get_sales_unit, 1000 calls, threads started";
    let ours = threads_started(|| (0..1_000).for_each(|_| sides.ours()));
    table.promise(what, ours, 0);
    let by_hand = threads_started(|| (0..1_000).for_each(|_| sides.by_hand()));
    table.note(&format!("{what} by hand"), by_hand);
}

const THREADS: usize = 8;

struct Sides {
    session: Session,
    hand: ByHand,
    raw: Raw,
    msn: Msn,
}

impl Sides {
    const CALLS: [fn(&Self); 3] = [Self::ours, Self::by_hand, Self::raw];

    fn new(url: &str) -> Self {
        Self {
            session: session(url),
            hand: ByHand::new(url),
            raw: Raw::new(url),
            msn: MSN.parse().unwrap(),
        }
    }

    fn ours(&self) {
        let unit = get(&self.session, &self.msn).unwrap();
        assert_eq!(unit.msn, self.msn);
    }

    fn by_hand(&self) {
        assert_eq!(self.hand.get_sales_unit(MSN).msn, MSN);
    }

    fn raw(&self) {
        assert_eq!(self.raw.get_sales_unit(MSN).msn, MSN);
    }

    /// The time of a call while several threads make calls at once.
    fn at_once(&self, effort: Effort) -> Rounds<3> {
        let calls = match effort {
            Effort::Full => 200,
            Effort::Once => 1,
        };
        let by_threads = |call: fn(&Self)| {
            let time = by_threads(THREADS, || (0..calls).for_each(|_| call(self)));
            time.as_secs_f64() / calls as f64
        };
        let round = || Self::CALLS.map(by_threads);
        // After the first round every thread has its connection.
        round();
        Rounds((0..effort.rounds()).map(|_| round()).collect())
    }
}

/// ureq without timeouts takes 1.5 times as long as a raw socket. The rest of `most_to_raw` is for
/// the crate itself.
fn compare(table: &mut Table, how: &str, rounds: &Rounds<3>, most_to_raw: f64) {
    for (other, name, target) in [(1, "by hand", 0.50), (2, "a raw socket", most_to_raw)] {
        let (ours, theirs) = (rounds.time(0), rounds.time(other));
        let of = format!("({ours:.1?}, {name} {theirs:.1?})");
        let what = format!("get_sales_unit {how}, time vs. {name}");
        table.at_most(&what, Figure::new(rounds.ratio(0, other), of), target, " x");
    }
}
