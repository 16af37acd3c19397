use std::time::Duration;

use vipps::management::list_sales_units as list;

use crate::by_hand::{ByHand, session};
use crate::measure::{Effort, compare, heap};
use crate::server::Server;
use crate::table::{Figure, Table};

/// Compared with the same read and `serde_json::from_slice` into the same fields.
pub(crate) fn list_sales_units(effort: Effort, table: &mut Table) {
    let mut each = Vec::new();
    for units in [10, 1_000, 100_000] {
        let body = body(units);
        let server = Server::start(&body, Duration::ZERO);
        let (session, hand) = (session(&server.url), ByHand::new(&server.url));
        let ours = || assert_eq!(list(&session).unwrap().len(), units);
        let by_hand = || assert_eq!(hand.list_sales_units().len(), units);

        let time = compare(effort, ours, by_hand);
        let what = format!("list_sales_units, {units}");
        let of = format!("({:.1?}, by hand {:.1?})", time.ours, time.by_hand);
        let figure = Figure::new(time.ratio, of);
        table.at_most(&format!("{what}, time vs. by hand"), figure, 1.10, " x");

        let memory = heap(|| list(&session).unwrap());
        let by_hand = heap(|| hand.list_sales_units());
        if units == 10 {
            // For so few units, most of this is the fixed cost of a request.
            let figure = format!("{} B, by hand {} B", memory.peak, by_hand.peak);
            table.note(&format!("{what}, peak heap"), figure);
        } else {
            let needed = body.len() as f64 + memory.result;
            let figure = memory.peak / needed;
            let of = format!("(by hand {:.3} x)", by_hand.peak / needed);
            let what = format!("{what}, peak heap vs. body and result");
            table.at_most(&what, Figure::new(figure, of), 1.10, " x");
        }
        let per_unit = |figure: f64| figure / units as f64;
        let times = [time.ours, time.by_hand].map(|time| per_unit(time.as_secs_f64()));
        each.push((times, [memory.peak, by_hand.peak].map(per_unit)));
    }

    // Linear growth is a factor of 1 per unit, or less where the fixed cost of a call is spread
    // over few units. Small caches and doubling arrays add a little; sorting, searching or copying
    // would add more.
    let [_, thousand, hundred_thousand] = each[..] else {
        return;
    };
    for (what, few, many) in [
        ("time", thousand.0, hundred_thousand.0),
        ("peak heap", thousand.1, hundred_thousand.1),
    ] {
        let [ours, hand] = [many[0] / few[0], many[1] / few[1]];
        let of = format!("(by hand {hand:.3} x)");
        let what = format!("list_sales_units, growth of {what} per unit");
        table.at_most(&what, Figure::new(ours, of), 1.25, " x");
    }
}

fn body(units: usize) -> String {
    let unit = |n| {
        format!(
            r#"{{"msn":"{}","name":"ACME Fantastic Fitness {n}"}}"#,
            100_000 + n
        )
    };
    let units: Vec<String> = (0..units).map(unit).collect();
    format!("[{}]", units.join(","))
}
