//! Failed calls, wrong arguments and outputs that nobody reads.

use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};

use vipps::sandbox::{Fault, Sandbox};

use super::super::{Killed, NO_VARS, assert_output, command};
use super::{DETAILS, REST, assert_export, export, rows, three_rows};

const UNIT: &str = "GET /management/v1/sales-units/654321";
const ASKED_FOR: &str = "Injected fault [trace 0af7651916cd43dd8448eb211c80319c]";

#[test]
fn a_unit_that_fails_is_a_row_with_its_error() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault(UNIT, usize::MAX, Fault::status(404));
    let output = export(&sandbox, &[]);
    let row = format!("654321,ACME Web Shop,business:NO:ORG,987654321,{REST}");
    let failed = format!("654321,ACME Web Shop,,,,,,,,,,,,,,{UNIT}: 404 Not Found: {ASKED_FOR}\n");
    let expected = three_rows().replace(&row, &failed);
    assert_export(&output, 1, &expected, "exported 2, failed 1\n");
    // A 404 is not retried.
    assert_eq!(sandbox.count(UNIT), 1);

    let output = export(&sandbox, &["--format", "jsonl"]);
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        lines.lines().nth(1).unwrap(),
        format!(
            "{{\"msn\":\"654321\",\"name\":\"ACME Web Shop\",\"error\":{{\
             \"kind\":\"NotFound\",\"message\":\"{UNIT}: 404 Not Found: {ASKED_FOR}\",\
             \"status\":404,\"traceId\":\"0af7651916cd43dd8448eb211c80319c\"}}}}"
        )
    );
    assert_eq!(lines.lines().count(), 3);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_may_pass_is_tried_as_often_as_allowed() {
    for (times, asked, code) in [(1, 2, 0), (2, 2, 1)] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.fault(UNIT, times, Fault::status(503));
        let output = export(&sandbox, &["--attempts", "2"]);
        assert_eq!(sandbox.count(UNIT), asked);
        assert_eq!(output.status.code(), Some(code));
        let has_error = String::from_utf8_lossy(&output.stdout).contains("503 Service Unavailable");
        assert_eq!(has_error, code == 1);
    }
    // The list is retried too, and so is a reply that is not HTTP.
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault("GET /management/v1/sales-units", 1, Fault::status(500));
    sandbox.fault(UNIT, 1, Fault::Garbage);
    let output = export(&sandbox, &["--attempts", "2"]);
    assert_export(&output, 0, &three_rows(), "exported 3, failed 0\n");
}

#[test]
fn an_error_without_an_answer_has_no_status() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault(UNIT, usize::MAX, Fault::CloseAfterReading);
    let output = export(&sandbox, &["--format", "jsonl", "--attempts", "1"]);
    assert_eq!(output.status.code(), Some(1));
    let lines = String::from_utf8(output.stdout).unwrap();
    let line: Value = serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap();
    let message = line["error"]["message"].as_str().unwrap();
    assert!(message.starts_with(&format!("{UNIT}: ")), "{message}");
    assert_eq!(
        line,
        json!({
            "msn": "654321", "name": "ACME Web Shop",
            "error": {"kind": "Network", "status": null, "message": message, "traceId": null}
        })
    );
}

// ---- Arguments and settings

#[test]
fn arguments_that_are_wrong() {
    let sandbox = Sandbox::start().unwrap();
    for (arguments, expected) in [
        (
            vec!["--workers", "0"],
            "--workers must be 1 to 64, not \"0\"",
        ),
        (
            vec!["--workers", "65"],
            "--workers must be 1 to 64, not \"65\"",
        ),
        (
            vec!["--workers", "two"],
            "--workers must be 1 to 64, not \"two\"",
        ),
        (vec!["--workers"], "--workers needs a value"),
        (
            vec!["--attempts", "0"],
            "--attempts must be 1 to 100, not \"0\"",
        ),
        (
            vec!["--format", "xml"],
            "--format must be one of csv, csv-excel, jsonl, not \"xml\"",
        ),
        (
            vec!["--format", "csv", "--format", "csv"],
            "--format is given twice",
        ),
        (
            vec!["--merchant", "987654321"],
            "--merchant must be like business:NO:ORG/987654321: invalid input: \
             businessIdentifier.scheme: must be 10 to 30 characters such as business:NO:ORG, \
             not \"987654321\"",
        ),
        (
            vec!["--merchant", "business:NO:ORG/abc"],
            "--merchant must be like business:NO:ORG/987654321: invalid input: \
             businessIdentifier.id: must be 4 to 50 digits and hyphens, not \"abc\"",
        ),
        (
            vec!["--demo-units", "-1"],
            "--demo-units must be 0 to 1000000, not \"-1\"",
        ),
        (vec!["--verbose"], "unknown option \"--verbose\""),
        (vec!["units.csv"], "unexpected argument \"units.csv\""),
    ] {
        let output = export(&sandbox, &arguments);
        let stderr = format!("sales_units_export: {expected}\nTry --help.\n");
        assert_output(&output, 2, "", &stderr);
    }
    let output = export(&sandbox, &["--demo-units", "5"]);
    let stderr = "sales_units_export: --demo-... works only without VIPPS_*\n\
                  Try --help.\n";
    assert_output(&output, 2, "", stderr);
    assert_eq!(sandbox.count("*"), 0);
}

#[test]
fn help() {
    let source = include_str!("../../../../examples/sales_units_export/main.rs");
    let (_, text) = source.split_once("help: \"\\\n").unwrap();
    let (text, _) = text.split_once("\",\n").unwrap();
    assert!(text.lines().all(|line| line.len() <= 80));
    let sandbox = Sandbox::start().unwrap();
    for arguments in [&["--help"][..], &["--workers", "3", "-h"]] {
        assert_output(&export(&sandbox, arguments), 0, text, "");
    }
    assert_eq!(sandbox.count("*"), 0);
}

#[test]
fn keys_that_are_not_there() {
    let mut command = command("sales_units_export", &[("VIPPS_KEYS", "standard")]);
    let output = command.output().unwrap();
    let stderr = "sales_units_export: configuration: \
                  VIPPS_CLIENT_ID: not set in the environment; \
                  VIPPS_CLIENT_SECRET: not set in the environment; \
                  VIPPS_SUBSCRIPTION_KEY: not set in the environment\n";
    assert_output(&output, 2, "", stderr);
}

// ---- Outputs that nobody reads

/// Like `| head`.
#[test]
fn a_reader_that_is_gone_ends_it_quietly() {
    for format in ["csv", "jsonl"] {
        let sandbox = Sandbox::builder().sales_units(1000).start().unwrap();
        sandbox.fault(DETAILS, 8, Fault::Hold);
        let mut command = command("sales_units_export", &sandbox.env());
        command.args(["--format", format]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut program = Killed(command.spawn().unwrap());
        let lines = program.stderr_lines();
        assert!(sandbox.wait_for(DETAILS, 8));
        drop(program.0.stdout.take());
        sandbox.release();
        assert_eq!(program.code(), Some(0));
        assert_eq!(lines.0.iter().collect::<Vec<_>>(), [""; 0]);
        assert!(sandbox.count(DETAILS) < 1000);
    }
}

#[test]
fn without_anybody_who_reads_its_messages_it_goes_on() {
    let sandbox = Sandbox::builder().sales_units(400).start().unwrap();
    sandbox.fault("GET /management/v1/sales-units", 1, Fault::Hold);
    let mut command = command("sales_units_export", &sandbox.env());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = command.spawn().unwrap();
    assert!(sandbox.wait_for("GET /management/v1/sales-units", 1));
    drop(program.stderr.take());
    sandbox.release();
    let output = program.wait_with_output().unwrap();
    assert_output(&output, 0, &rows(400), "");
}

#[cfg(target_os = "linux")]
#[test]
fn no_message_that_cannot_be_written_is_a_panic() {
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    for (arguments, code, stdout) in [
        (&["--demo-units", "100"][..], 0, rows(100)),
        (&["--workers", "0"], 2, String::new()),
        (&["--output", "/dev/full/units.csv"], 2, String::new()),
    ] {
        let mut command = command("sales_units_export", NO_VARS);
        let output = command.args(arguments).stderr(full()).output().unwrap();
        assert_output(&output, code, &stdout, "");
    }
    let mut command = command("sales_units_export", NO_VARS);
    let output = command.arg("--help").stdout(full()).output().unwrap();
    let stderr = "sales_units_export: cannot write to standard output: \
                  No space left on device (os error 28)\n";
    assert_output(&output, 1, "", stderr);
}
