//! How long it waits. Nothing here does.

use std::time::Duration;

use vipps::sandbox::Fault;

use super::{ASKED_FOR, Desk, ID, LOOK, POST};

#[path = "../../../../examples/onboard/intervals.rs"]
mod intervals;

#[test]
fn each_wait_is_longer_than_the_last_and_as_long_as_was_asked_for() {
    for (first, nth, asked_for, expected) in [
        // By half, in milliseconds.
        (1000, 0, None, 1000),
        (1000, 1, None, 1500),
        (1000, 2, None, 2250),
        (1000, 3, None, 3375),
        (100, 4, None, 506),
        // Up to five minutes,
        (1000, 14, None, 291_929),
        (1000, 15, None, 300_000),
        (1000, u32::from(u16::MAX), None, 300_000),
        // or what it began with.
        (3_600_000, 0, None, 3_600_000),
        (3_600_000, 1, None, 3_600_000),
        // Not less than what was asked for, and not more than an hour of that.
        (1000, 1, Some(0), 1500),
        (1000, 1, Some(1499), 1500),
        (1000, 1, Some(1501), 1501),
        (1000, 99, Some(400_000), 400_000),
        (1000, 0, Some(3_600_000), 3_600_000),
        (1000, 0, Some(3_601_000), 3_600_000),
        // A sandbox of its own is asked without a pause.
        (0, 0, None, 0),
        (0, 9, None, 0),
    ] {
        let asked = asked_for.map(Duration::from_millis);
        let wait = intervals::wait(Duration::from_millis(first), nth, asked);
        assert_eq!(wait.as_millis(), expected, "{first} {nth} {asked_for:?}");
    }
}

/// Each says how long it is going to wait, and is stopped when it waits for an hour.
#[test]
fn the_waits_are_those() {
    let desk = Desk::new("waits");
    let (an_hour, at_once) = (
        Fault::status_retry_after(429, "3600"),
        Fault::status_retry_after(429, "0"),
    );
    let too_many = format!("429 Too Many Requests: {ASKED_FOR}");

    // Sending.
    desk.sandbox.fault(POST, 2, at_once.clone());
    desk.sandbox.fault(POST, 1, an_hour.clone());
    let mut program = desk.begin_order();
    let lines = program.stderr_lines();
    for (notes, wait) in [
        ("", "100.0ms"),
        ("", "150.0ms"),
        (" (retry after 3600 s)", "3600.0s"),
    ] {
        let expected = format!("onboard: {POST}: {too_many}{notes}; it is sent again in {wait}");
        assert_eq!(lines.next(), expected);
    }
    drop(program);

    // Following, and anew after a change, which the second look sees.
    desk.sandbox.fault(LOOK, 1, at_once.clone());
    desk.sandbox.fault(LOOK, 1, Fault::Delay(Duration::ZERO));
    desk.sandbox.fault(LOOK, 1, at_once);
    desk.sandbox.fault(LOOK, 1, an_hour);
    let mut program = desk.begin_order();
    let lines = program.stderr_lines();
    let look = LOOK.replace('*', ID);
    for (notes, wait) in [
        ("", "100.0ms"),
        ("", "150.0ms"),
        (" (retry after 3600 s)", "3600.0s"),
    ] {
        let expected = format!("onboard: {look}: {too_many}{notes}; it is asked again in {wait}");
        assert_eq!(lines.next(), expected);
    }
}
