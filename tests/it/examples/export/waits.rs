//! Who waits for what: all workers for the service, a failed call for its next time.

use std::time::Duration;

use vipps::sandbox::{Fault, Sandbox};

use super::{assert_export, export, three_rows};

#[path = "../../../../examples/sales_units_export/attempts.rs"]
mod attempts;

use attempts::{Again, Attempts};

#[test]
fn a_refusal_is_no_attempt_and_takes_a_second_at_least() {
    let sandbox = Sandbox::start().unwrap();
    let list = "GET /management/v1/sales-units";
    sandbox.fault(list, 1, Fault::status_retry_after(429, "0"));
    let output = export(&sandbox, &["--attempts", "1"]);
    let stderr =
        "asked to wait (429): no request for 1 s\nall workers wait\n3 sales units, 0 failed\n";
    assert_export(&output, 0, &three_rows(), stderr);
    assert_eq!(sandbox.count(list), 2);
}

#[test]
fn refusals_are_answered_with_longer_waits_until_it_is_given_up() {
    let seconds = Duration::from_secs;
    let day = seconds(24 * 60 * 60);
    for (retry_after, waits) in [
        // What the service says nothing about, or nothing of use.
        (None, [1, 2, 4, 8, 16, 32, 60, 60, 60].map(seconds)),
        (
            Some(seconds(0)),
            [1, 2, 4, 8, 16, 32, 60, 60, 60].map(seconds),
        ),
        (
            Some(seconds(5)),
            [5, 5, 5, 8, 16, 32, 60, 60, 60].map(seconds),
        ),
        (Some(seconds(3600)), [seconds(3600); 9]),
        (Some(2 * day), [day; 9]),
    ] {
        let mut attempts = Attempts::new(1);
        let again = attempts.again(Some(429), retry_after, true);
        assert_eq!(again, Some(Again::All(waits[0])), "{retry_after:?}");
        for nth in 1..20 {
            let expected = waits.get(nth - 1).unwrap_or(&waits[8]);
            let again = attempts.again(Some(429), retry_after, false);
            assert_eq!(again, Some(Again::All(*expected)), "{retry_after:?} {nth}");
        }
        // As long as others get through, it is only its turn that has not come.
        for _ in 0..100 {
            let again = attempts.again(Some(429), retry_after, true);
            assert_eq!(again, Some(Again::All(waits[8])), "{retry_after:?}");
        }
        assert_eq!(attempts.again(Some(429), retry_after, false), None);
    }
}

#[test]
fn failures_are_answered_with_longer_waits_of_one_or_of_all() {
    let millis = Duration::from_millis;
    for status in [None, Some(500), Some(503)] {
        let mut attempts = Attempts::new(4);
        // Not counted among these.
        let again = attempts.again(Some(429), None, false);
        assert_eq!(again, Some(Again::All(millis(1000))));
        for wait in [200, 400, 800] {
            let again = attempts.again(status, None, true);
            assert_eq!(again, Some(Again::Alone(millis(wait))));
        }
        assert_eq!(attempts.again(status, None, true), None);
    }
    let mut attempts = Attempts::new(4);
    for (asked_for, wait) in [(0, 200), (3000, 3000), (500, 800)] {
        let again = attempts.again(Some(503), Some(millis(asked_for)), true);
        assert_eq!(again, Some(Again::All(millis(wait))));
    }
    assert_eq!(attempts.again(Some(503), Some(millis(0)), true), None);
}
