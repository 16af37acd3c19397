use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use vipps::management::{get_sales_unit, list_sales_units};
use vipps::sandbox::{Fault, Sandbox};

use super::{Directory, Killed, NO_VARS, command, without_address};

mod cells;
mod failures;
mod files;
mod spreadsheet;
mod waits;

const DETAILS: &str = "GET /management/v1/sales-units/*";

const HEADER: &str = "msn,name,businessIdentifier.scheme,businessIdentifier.id,\
settlementBankAccount.scheme,settlementBankAccount.id,\
configuration.paymentAllowed,configuration.captureType,\
configuration.skipLandingPageAllowed,configuration.recurringAllowed,\
configuration.partialCaptureAllowed,configuration.lateCaptureAllowed,\
configuration.landingPagePhoneNumberLocked,\
configuration.longLivingPaymentAllowed,configuration.creditCardPaymentAllowed,error\n";

const REST: &str =
    "BBAN:NO,86011117947,true,ReserveCapture,false,false,true,true,false,false,true,\n";

/// Runs the export against a sandbox.
fn export(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let mut command = command("sales_units_export", &sandbox.env());
    command.args(arguments).output().unwrap()
}

/// Starts an export of a sandbox to a file.
fn begin(sandbox: &Sandbox, file: &Path, arguments: &[&str]) -> Killed {
    let mut command = command("sales_units_export", &sandbox.env());
    command.arg("--output").arg(file).args(arguments);
    Killed(command.stderr(Stdio::piped()).spawn().unwrap())
}

/// The three sales units that a sandbox starts with.
fn three_rows() -> String {
    format!(
        "{HEADER}\
123456,ACME Fitness,business:NO:ORG,987654321,{REST}\
654321,ACME Web Shop,business:NO:ORG,987654321,{REST}\
10012345,ACME Sauna,business:FI:Y-tunnus,1234567-8,{REST}"
    )
}

/// The first `n` rows of a sandbox with many sales units.
fn rows(n: usize) -> String {
    let row = |nth| {
        let msn = 1_000_000 + nth;
        format!("{msn},Sales unit {nth},business:NO:ORG,987654321,{REST}")
    };
    format!("{HEADER}{}", (0..n).map(row).collect::<String>())
}

/// Standard error without times and rates, which differ in each run.
fn without_times(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let line = |line: &str| match line.split_once(": ") {
        Some((start, rest)) if start.starts_with("exported ") => {
            assert!(rest.contains(" s, ") && rest.ends_with("/s"), "{rest}");
            format!("{start}\n")
        }
        _ => match line.split_once("/s, ") {
            Some((start, rest)) => {
                assert!(rest.ends_with(" s left"), "{rest}");
                format!("{}\n", start.split_once(", ").unwrap().0)
            }
            None => format!("{line}\n"),
        },
    };
    text.lines().map(line).collect()
}

#[track_caller]
fn assert_export(output: &Output, code: i32, stdout: &str, stderr: &str) {
    assert_eq!(String::from_utf8_lossy(&output.stdout), stdout);
    assert_eq!(without_times(&output.stderr), stderr);
    assert_eq!(output.status.code(), Some(code));
}

fn request_lines(sandbox: &Sandbox) -> Vec<String> {
    let requests = sandbox.requests();
    let line =
        |request: &vipps::sandbox::ReceivedRequest| format!("{} {}", request.method, request.path);
    requests.iter().map(line).collect()
}

#[test]
fn every_sales_unit_is_a_row() {
    let sandbox = Sandbox::start().unwrap();
    let output = export(&sandbox, &["--workers", "1"]);
    assert_export(&output, 0, &three_rows(), "exported 3, failed 0\n");
    // Each request is sent once, including the one for the token.
    assert_eq!(
        request_lines(&sandbox),
        [
            "POST /accesstoken/get",
            "GET /management/v1/sales-units",
            "GET /management/v1/sales-units/123456",
            "GET /management/v1/sales-units/654321",
            "GET /management/v1/sales-units/10012345",
        ]
    );
}

#[test]
fn without_variables_it_exports_a_sandbox_of_its_own() {
    let output = command("sales_units_export", NO_VARS).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), three_rows());
    assert_eq!(
        without_times(without_address(&output.stderr).as_bytes()),
        "Against a sandbox at (address).\nexported 3, failed 0\n"
    );
    assert_eq!(output.status.code(), Some(0));

    let demo = ["--demo-units", "20", "--demo-latency-ms", "1"];
    let mut command = command("sales_units_export", NO_VARS);
    let output = command.args(demo).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), rows(20));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_demo_says_what_would_be_possible() {
    let mut command = command("sales_units_export", NO_VARS);
    command.args(["--demo-units", "5", "--demo-latency-ms", "50"]);
    let output = command.args(["--workers", "2"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = stderr.lines().skip(1).collect();
    let between = |line: &str, start: &str, end: &str| -> f64 {
        let (_, rest) = line.split_once(start).unwrap();
        rest.split_once(end).unwrap().0.parse().unwrap()
    };
    let seconds = between(lines[0], "exported 5, failed 0: ", " s, ");
    // Two workers need three rounds for five sales units.
    let end = " times the least time possible, 0.15 s";
    let ratio = between(lines[1], "", end);
    assert_eq!(lines[1], format!("{ratio:.2}{end}"));
    // Up to rounding.
    assert!((ratio * 0.15 - seconds).abs() < 0.01, "{stderr}");
    assert_eq!(lines.len(), 2);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn csv_has_a_column_for_each_field() {
    fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let dot = if path.is_empty() { "" } else { "." };
                    paths(value, &format!("{path}{dot}{name}"), found);
                }
            }
            _ => drop(found.insert(path.to_owned())),
        }
    }
    let sandbox = Sandbox::start().unwrap();
    // Sales units of the sandbox have every field.
    let unit = get_sales_unit(&sandbox.session(), &"123456".parse().unwrap()).unwrap();
    let mut expected = BTreeSet::from(["error".to_owned()]);
    paths(&serde_json::to_value(unit).unwrap(), "", &mut expected);
    let columns: BTreeSet<String> = HEADER.trim().split(',').map(str::to_owned).collect();
    assert_eq!(columns, expected);
}

#[test]
fn json_lines_are_the_objects_of_the_api() {
    let sandbox = Sandbox::start().unwrap();
    let output = export(&sandbox, &["--format", "jsonl"]);
    let session = sandbox.session();
    let expected: String = list_sales_units(&session)
        .unwrap()
        .iter()
        .map(|unit| {
            let unit = get_sales_unit(&session, &unit.msn).unwrap();
            serde_json::to_string(&unit).unwrap() + "\n"
        })
        .collect();
    assert_export(&output, 0, &expected, "exported 3, failed 0\n");
    let first: Value = serde_json::from_str(expected.lines().next().unwrap()).unwrap();
    assert_eq!(
        first,
        json!({
            "msn": "123456", "name": "ACME Fitness",
            "businessIdentifier": {"scheme": "business:NO:ORG", "id": "987654321"},
            "settlementBankAccount": {"scheme": "BBAN:NO", "id": "86011117947"},
            "configuration": {
                "paymentAllowed": true, "captureType": "ReserveCapture",
                "skipLandingPageAllowed": false, "recurringAllowed": false,
                "partialCaptureAllowed": true, "lateCaptureAllowed": true,
                "landingPagePhoneNumberLocked": false, "longLivingPaymentAllowed": false,
                "creditCardPaymentAllowed": true
            }
        })
    );
}

#[test]
fn a_json_line_has_the_fields_that_this_crate_knows() {
    let sandbox = Sandbox::builder().sales_units(1).start().unwrap();
    let unit = json!({
        "msn": 1000000, "name": "=1+1", "new": {"a": 1}, "settlementBankAccount": null,
        "configuration": {"new": true, "captureType": "NewOne", "recurringAllowed": false},
        "businessIdentifier": {"scheme": "business:NO:ORG", "id": 987654321, "new": []}
    });
    sandbox.fault(DETAILS, 1, Fault::json(200, unit.to_string()));
    let output = export(&sandbox, &["--format", "jsonl"]);
    let line = concat!(
        r#"{"msn":"1000000","name":"=1+1","#,
        r#""businessIdentifier":{"scheme":"business:NO:ORG","id":"987654321"},"#,
        r#""configuration":{"captureType":"NewOne","recurringAllowed":false}}"#
    );
    assert_export(&output, 0, &format!("{line}\n"), "exported 1, failed 0\n");
}

#[test]
fn rows_keep_the_order_of_the_list() {
    let directory = Directory::new("order");
    let file = directory.0.join("units.csv");
    let sandbox = Sandbox::builder().sales_units(40).start().unwrap();
    sandbox.fault("GET /management/v1/sales-units/1000000", 1, Fault::Hold);
    let mut program = begin(&sandbox, &file, &[]);
    // All others are requested while the first one hangs.
    assert!(sandbox.wait_for(DETAILS, 40));
    sandbox.release();
    assert_eq!(program.0.wait().unwrap().code(), Some(0));
    assert_eq!(fs::read_to_string(&file).unwrap(), rows(40));
}

#[test]
fn the_sales_units_of_one_merchant() {
    let sandbox = Sandbox::start().unwrap();
    let output = export(&sandbox, &["--merchant", "business:FI:Y-tunnus/1234567-8"]);
    let expected = format!("{HEADER}10012345,ACME Sauna,business:FI:Y-tunnus,1234567-8,{REST}");
    assert_export(&output, 0, &expected, "exported 1, failed 0\n");
    assert_eq!(
        request_lines(&sandbox)[1..],
        [
            "GET /management/v1/merchants/business:FI:Y-tunnus/1234567-8/sales-units",
            "GET /management/v1/sales-units/10012345",
        ]
    );
}

#[test]
fn no_sales_units_are_an_empty_export() {
    let sandbox = Sandbox::builder().sales_units(0).start().unwrap();
    let output = export(&sandbox, &[]);
    assert_export(&output, 0, HEADER, "exported 0, failed 0\n");
    let output = export(&sandbox, &["--format", "jsonl"]);
    assert_export(&output, 0, "", "exported 0, failed 0\n");
}

#[test]
fn a_long_export_says_how_far_it_is() {
    let sandbox = Sandbox::builder().sales_units(100).start().unwrap();
    let output = export(&sandbox, &[]);
    let tenths: String = (1..10).map(|tenth| format!("{tenth}0 of 100\n")).collect();
    let expected = format!("{tenths}exported 100, failed 0\n");
    assert_export(&output, 0, &rows(100), &expected);
}
