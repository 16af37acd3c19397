//! Who waits for what: all workers for the service, a failed call for its next time, and nobody for what will not come.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use vipps::management::list_sales_units;
use vipps::sandbox::{Fault, Sandbox};

use super::super::{Directory, Killed, Lines, PATIENCE, command, eventually, vars};
use super::{DETAILS, assert_export, begin, export, rows, three_rows};

#[path = "../../../../examples/sales_units_export/attempts.rs"]
mod attempts;
#[path = "../../../../examples/sales_units_export/workers.rs"]
mod workers;

use attempts::{Again, Attempts};

#[test]
fn all_workers_wait_when_one_is_asked_to() {
    let directory = Directory::new("gate");
    let file = directory.0.join("units.csv");
    let sandbox = Sandbox::start().unwrap().with_sales_units(40);
    let mut command = command("sales_units_export", &vars(&sandbox));
    command.arg("--output").arg(&file);
    let (_program, _lines) = closed_gate(&sandbox, command);
    sandbox.close_connections();
    // What they got before is there. The next of each would come now.
    eventually(|| fs::read_to_string(&file).is_ok_and(|text| text.lines().count() == 5));
    spend_time(&sandbox);
    assert_eq!(sandbox.count(DETAILS), 5);
}

#[test]
fn nobody_waits_for_the_api_when_rows_cannot_be_written() {
    let sandbox = Sandbox::start().unwrap().with_sales_units(40);
    let mut command = command("sales_units_export", &vars(&sandbox));
    command.stdout(Stdio::piped());
    let (mut program, lines) = closed_gate(&sandbox, command);
    drop(program.0.stdout.take());
    sandbox.close_connections();
    assert_eq!(program.code(), Some(2));
    let line = lines.next();
    let start = "sales_units_export: cannot write to standard output: ";
    assert!(line.starts_with(start), "{line}");
    assert_eq!(sandbox.count(DETAILS), 5);
}

#[test]
fn the_gate_opens_when_the_time_is_up() {
    let sandbox = Sandbox::start().unwrap().with_sales_units(12);
    sandbox.fault(
        "GET /management/v1/sales-units/1000003",
        1,
        Fault::status_retry_after(429, "1"),
    );
    let output = export(&sandbox, &["--workers", "1"]);
    let stderr = "asked to wait (429): no request for 1 s\n12 sales units, 0 failed\n";
    assert_export(&output, 0, &rows(12), stderr);
    assert_eq!(sandbox.count(DETAILS), 13);
}

#[test]
fn a_refusal_is_no_attempt_and_takes_a_second_at_least() {
    let sandbox = Sandbox::start().unwrap();
    let list = "GET /management/v1/sales-units";
    sandbox.fault(list, 1, Fault::status_retry_after(429, "0"));
    let output = export(&sandbox, &["--attempts", "1"]);
    let stderr = "asked to wait (429): no request for 1 s\n3 sales units, 0 failed\n";
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
        let mut attempts = Attempts::new(1, 0);
        let again = attempts.again(Some(429), retry_after, 1);
        assert_eq!(again, Some(Again::All(waits[0])), "{retry_after:?}");
        for nth in 1..20 {
            let expected = waits.get(nth - 1).unwrap_or(&waits[8]);
            let again = attempts.again(Some(429), retry_after, 1);
            assert_eq!(again, Some(Again::All(*expected)), "{retry_after:?} {nth}");
        }
        // As long as others get through, it is only its turn that has not come.
        for successes in 2..100 {
            let again = attempts.again(Some(429), retry_after, successes);
            assert_eq!(again, Some(Again::All(waits[8])), "{retry_after:?}");
        }
        assert_eq!(attempts.again(Some(429), retry_after, 99), None);
    }
}

#[test]
fn failures_are_answered_with_longer_waits_of_one_or_of_all() {
    let millis = Duration::from_millis;
    for status in [None, Some(500), Some(503)] {
        let mut attempts = Attempts::new(4, 7);
        // Not counted among these.
        let again = attempts.again(Some(429), None, 7);
        assert_eq!(again, Some(Again::All(millis(1000))));
        for wait in [200, 400, 800] {
            let again = attempts.again(status, None, 8);
            assert_eq!(again, Some(Again::Alone(millis(wait))));
        }
        assert_eq!(attempts.again(status, None, 8), None);
    }
    let mut attempts = Attempts::new(4, 7);
    for (asked_for, wait) in [(0, 200), (3000, 3000), (500, 800)] {
        let again = attempts.again(Some(503), Some(millis(asked_for)), 7);
        assert_eq!(again, Some(Again::All(millis(wait))));
    }
    assert_eq!(attempts.again(Some(503), Some(millis(0)), 7), None);
}

#[test]
fn workers_do_not_run_ahead_of_one_that_is_slow() {
    let directory = Directory::new("ahead");
    let file = directory.0.join("units.csv");
    let sandbox = Sandbox::start().unwrap().with_sales_units(200);
    sandbox.fault("GET /management/v1/sales-units/1000000", 1, Fault::Hold);
    let mut program = begin(&sandbox, &file, &["--workers", "2"]);
    assert!(sandbox.wait_for(DETAILS, 128));
    spend_time(&sandbox);
    assert_eq!(sandbox.count(DETAILS), 128);
    assert_eq!(fs::read_to_string(&file).unwrap(), rows(0));
    sandbox.release();
    assert_eq!(program.code(), Some(0));
    assert_eq!(fs::read_to_string(&file).unwrap(), rows(200));
}

#[test]
fn nobody_waits_for_a_row_that_cannot_be_written() {
    let sandbox = Sandbox::start().unwrap().with_sales_units(200);
    sandbox.fault("GET /management/v1/sales-units/1000000", 1, Fault::Hold);
    let mut command = command("sales_units_export", &vars(&sandbox));
    command.args(["--workers", "2"]).stdout(Stdio::piped());
    let mut program = Killed(command.stderr(Stdio::null()).spawn().unwrap());
    assert!(sandbox.wait_for(DETAILS, 128));
    spend_time(&sandbox);
    drop(program.0.stdout.take());
    sandbox.release();
    assert_eq!(program.code(), Some(2));
    assert_eq!(sandbox.count(DETAILS), 128);
}

#[test]
fn a_worker_that_panics_stops_the_others() {
    let (is_first, stopped) = (AtomicBool::new(true), (Mutex::new(false), Condvar::new()));
    let work = || {
        assert!(!is_first.swap(false, Ordering::Relaxed), "on purpose");
        let waiting = stopped.0.lock().unwrap();
        let waited = stopped
            .1
            .wait_timeout_while(waiting, PATIENCE, |stopped| !*stopped);
        assert!(*waited.unwrap().0, "nobody told it");
        Ok(())
    };
    let stop = || {
        *stopped.0.lock().unwrap() = true;
        stopped.1.notify_all();
    };
    let error = workers::run(3, work, stop).unwrap_err();
    assert_eq!(error.to_string(), "a worker panicked");
    assert!(*stopped.0.lock().unwrap());
}

/// Four workers, one of which has been asked to wait for an hour with the fifth request. The others hang in theirs until their connections are
/// broken.
fn closed_gate(sandbox: &Sandbox, mut command: Command) -> (Killed, Lines) {
    sandbox.fault("GET /management/v1/sales-units/1000003", 1, Fault::Hold);
    sandbox.fault(DETAILS, 3, Fault::Delay(100 * PATIENCE));
    command.args(["--workers", "4", "--attempts", "1"]);
    command.stderr(Stdio::piped());
    let mut program = Killed(command.spawn().unwrap());
    let lines = program.stderr_lines();
    assert!(sandbox.wait_for(DETAILS, 4));
    sandbox.fault(DETAILS, 1, Fault::status_retry_after(429, "3600"));
    sandbox.release();
    assert_eq!(lines.next(), "asked to wait (429): no request for 3600 s");
    (program, lines)
}

/// More than a worker needs for its next request, if it makes one.
fn spend_time(sandbox: &Sandbox) {
    let session = sandbox.session();
    for _ in 0..20 {
        list_sales_units(&session).unwrap();
    }
}
