use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use vipps::management::{get_sales_unit, list_sales_units};
use vipps::sandbox::{Fault, Sandbox};

use super::{Directory, Killed, assert_output, command, eventually, vars, without_address};

const DETAILS: &str = "GET /management/v1/sales-units/*";

const HEADER: &str = "msn,name,businessIdentifier.scheme,businessIdentifier.id,settlementBankAccount.scheme,settlementBankAccount.id,\
configuration.paymentAllowed,configuration.captureType,configuration.skipLandingPageAllowed,configuration.recurringAllowed,\
configuration.partialCaptureAllowed,configuration.lateCaptureAllowed,configuration.landingPagePhoneNumberLocked,\
configuration.longLivingPaymentAllowed,configuration.creditCardPaymentAllowed,error\n";

const REST: &str =
    "BBAN:NO,86011117947,true,ReserveCapture,false,false,true,true,false,false,true,\n";

/// Runs the export against a sandbox.
fn export(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let mut command = command("sales_units_export", &vars(sandbox));
    command.args(arguments).output().unwrap()
}

/// Begins an export of a sandbox to a file.
fn begin(sandbox: &Sandbox, file: &Path, arguments: &[&str]) -> Killed {
    let mut command = command("sales_units_export", &vars(sandbox));
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

/// What standard error says, without what is another in each run: times and rates.
fn without_times(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let line = |line: &str| match line.split_once(", in ") {
        Some((start, rest)) => {
            assert!(rest.ends_with(" a second"), "{rest}");
            format!("{start}\n")
        }
        None => match line.split_once("/s, ") {
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

// ---- What it writes

#[test]
fn every_sales_unit_is_a_row() {
    let sandbox = Sandbox::start().unwrap();
    let output = export(&sandbox, &["--workers", "1"]);
    assert_export(&output, 0, &three_rows(), "3 sales units, 0 failed\n");
    // Nothing is asked twice, the token included.
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
    let output = command("sales_units_export", &[]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), three_rows());
    assert_eq!(
        without_times(without_address(&output.stderr).as_bytes()),
        "Against a sandbox at (address).\n3 sales units, 0 failed\n"
    );
    assert_eq!(output.status.code(), Some(0));

    let demo = ["--demo-units", "20", "--demo-latency-ms", "1"];
    let mut command = command("sales_units_export", &[]);
    let output = command.args(demo).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), rows(20));
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
    // The sandbox's have every field that there is.
    let unit = get_sales_unit(&sandbox.session(), &"123456".parse().unwrap()).unwrap();
    let mut expected = BTreeSet::from(["error".to_owned()]);
    paths(&serde_json::to_value(unit).unwrap(), "", &mut expected);
    let columns: BTreeSet<String> = HEADER.trim().split(',').map(str::to_owned).collect();
    assert_eq!(columns, expected);
}

#[test]
fn json_lines_are_the_objects_of_the_service() {
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
    assert_export(&output, 0, &expected, "3 sales units, 0 failed\n");
    let first: Value = serde_json::from_str(expected.lines().next().unwrap()).unwrap();
    assert_eq!(
        first,
        json!({
            "msn": "123456", "name": "ACME Fitness",
            "businessIdentifier": {"scheme": "business:NO:ORG", "id": "987654321"},
            "settlementBankAccount": {"scheme": "BBAN:NO", "id": "86011117947"},
            "configuration": {
                "paymentAllowed": true, "captureType": "ReserveCapture", "skipLandingPageAllowed": false,
                "recurringAllowed": false, "partialCaptureAllowed": true, "lateCaptureAllowed": true,
                "landingPagePhoneNumberLocked": false, "longLivingPaymentAllowed": false, "creditCardPaymentAllowed": true
            }
        })
    );
}

#[test]
fn what_a_spreadsheet_takes_for_a_formula_is_text() {
    let sandbox = Sandbox::start().unwrap();
    let names = [
        "=1+1",
        "+1",
        "-1",
        "@A1",
        "\tx",
        "\rx",
        "\nx",
        "a, \"b\"\n=c",
        "'x",
        "Ærlig",
        "",
    ];
    let list: Vec<Value> = (0..names.len())
        .map(|nth| json!({"msn": (5000 + nth).to_string(), "name": names[nth]}))
        .collect();
    let list = Value::Array(list).to_string();
    sandbox.fault(
        "GET /management/v1/sales-units",
        usize::MAX,
        Fault::json(200, list),
    );
    for (nth, name) in names.iter().enumerate() {
        let unit = json!({
            "msn": 5000 + nth, "name": name, "businessIdentifier": {"scheme": "business:NO:ORG", "id": 987654321},
            "configuration": {"captureType": "=NewOne", "recurringAllowed": null}, "new": {"a": 1}
        });
        let route = format!("GET /management/v1/sales-units/{}", 5000 + nth);
        sandbox.fault(&route, usize::MAX, Fault::json(200, unit.to_string()));
    }
    let output = export(&sandbox, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    let rows: Vec<Vec<String>> = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    let safe_names = [
        "'=1+1",
        "'+1",
        "'-1",
        "'@A1",
        "'\tx",
        "'\rx",
        "'\nx",
        "a, \"b\"\n=c",
        "'x",
        "Ærlig",
        "",
    ];
    let expected: Vec<Vec<String>> = safe_names
        .iter()
        .enumerate()
        .map(|(nth, name)| {
            let msn = (5000 + nth).to_string();
            let known = [
                msn.as_str(),
                name,
                "business:NO:ORG",
                "987654321",
                "",
                "",
                "",
                "'=NewOne",
            ];
            let mut row = known.map(str::to_owned).to_vec();
            row.resize(16, String::new());
            row
        })
        .collect();
    assert_eq!(rows, expected);

    // For programs nothing is changed.
    let output = export(&sandbox, &["--format", "jsonl"]);
    let lines = String::from_utf8(output.stdout).unwrap();
    let read: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].clone())
        .collect();
    assert_eq!(Value::Array(read), json!(names));
}

#[test]
fn rows_keep_the_order_of_the_list() {
    let directory = Directory::new("order");
    let file = directory.0.join("units.csv");
    let sandbox = Sandbox::start().unwrap().with_sales_units(40);
    sandbox.fault("GET /management/v1/sales-units/1000000", 1, Fault::Hold);
    let mut program = begin(&sandbox, &file, &[]);
    // All others have been asked for while the first one hangs, and none of them is written.
    assert!(sandbox.wait_for(DETAILS, 40));
    assert_eq!(fs::read_to_string(&file).unwrap(), HEADER);
    sandbox.release();
    assert_eq!(program.0.wait().unwrap().code(), Some(0));
    assert_eq!(fs::read_to_string(&file).unwrap(), rows(40));
}

#[test]
fn the_sales_units_of_one_merchant() {
    let sandbox = Sandbox::start().unwrap();
    let output = export(&sandbox, &["--merchant", "business:FI:Y-tunnus/1234567-8"]);
    let expected = format!("{HEADER}10012345,ACME Sauna,business:FI:Y-tunnus,1234567-8,{REST}");
    assert_export(&output, 0, &expected, "1 sales units, 0 failed\n");
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
    let sandbox = Sandbox::start().unwrap().with_sales_units(0);
    let output = export(&sandbox, &[]);
    assert_export(&output, 0, HEADER, "0 sales units, 0 failed\n");
    let output = export(&sandbox, &["--format", "jsonl"]);
    assert_export(&output, 0, "", "0 sales units, 0 failed\n");
}

#[test]
fn a_long_export_says_how_far_it_is() {
    let sandbox = Sandbox::start().unwrap().with_sales_units(100);
    let output = export(&sandbox, &[]);
    let tenths: String = (1..10).map(|tenth| format!("{tenth}0 of 100\n")).collect();
    let expected = format!("{tenths}100 sales units, 0 failed\n");
    assert_export(&output, 0, &rows(100), &expected);
}

// ---- What fails

const UNIT: &str = "GET /management/v1/sales-units/654321";
const ASKED_FOR: &str = "A fault that was asked for [trace 0af7651916cd43dd8448eb211c80319c]";

#[test]
fn a_unit_that_fails_is_a_row_with_its_error() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault(UNIT, usize::MAX, Fault::status(404));
    let output = export(&sandbox, &[]);
    let row = format!("654321,ACME Web Shop,business:NO:ORG,987654321,{REST}");
    let failed = format!("654321,ACME Web Shop,,,,,,,,,,,,,,{UNIT}: 404 Not Found: {ASKED_FOR}\n");
    let expected = three_rows().replace(&row, &failed);
    assert_export(&output, 1, &expected, "3 sales units, 1 failed\n");
    // It would be the same another time.
    assert_eq!(sandbox.count(UNIT), 1);

    let output = export(&sandbox, &["--format", "jsonl"]);
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        lines.lines().nth(1).unwrap(),
        format!(
            r#"{{"msn":"654321","name":"ACME Web Shop","error":{{"kind":"NotFound","status":404,"message":"{UNIT}: 404 Not Found: {ASKED_FOR}","traceId":"0af7651916cd43dd8448eb211c80319c"}}}}"#
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
    // So is the list, and a reply that is none.
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault("GET /management/v1/sales-units", 1, Fault::status(500));
    sandbox.fault(UNIT, 1, Fault::Garbage);
    let output = export(&sandbox, &["--attempts", "2"]);
    assert_export(&output, 0, &three_rows(), "3 sales units, 0 failed\n");
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

#[test]
fn all_workers_wait_when_one_is_asked_to() {
    let directory = Directory::new("gate");
    let file = directory.0.join("units.csv");
    let sandbox = Sandbox::start().unwrap().with_sales_units(40);
    sandbox.fault(DETAILS, 4, Fault::Hold);
    sandbox.fault(DETAILS, 1, Fault::status_retry_after(429, "3600"));
    sandbox.fault(DETAILS, usize::MAX, Fault::Hold);
    let mut program = begin(&sandbox, &file, &["--workers", "4"]);
    let lines = program.stderr_lines();
    assert!(sandbox.wait_for(DETAILS, 4));
    sandbox.release();
    assert_eq!(lines.next(), "asked to wait (429): no request for 3600 s");
    // Requests that had begun by then have their answers, and each worker comes by the gate before its next one.
    let line = lines.next_while(|| sandbox.release());
    assert_eq!(line, "all workers wait");
    // The fifth was refused. After it came no more than one of each of the others, and nobody is left to send another.
    assert!(sandbox.count(DETAILS) <= 5 + 3);
    // What they got before is there.
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.starts_with(&rows(4)), "{written}");
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
    let stderr =
        "asked to wait (429): no request for 1 s\nall workers wait\n12 sales units, 0 failed\n";
    assert_export(&output, 0, &rows(12), stderr);
    assert_eq!(sandbox.count(DETAILS), 13);
}

#[test]
fn a_unit_that_is_refused_for_ever_fails_in_the_end() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault(UNIT, usize::MAX, Fault::status_retry_after(429, "0"));
    let output = export(&sandbox, &[]);
    let row = format!("654321,ACME Web Shop,business:NO:ORG,987654321,{REST}");
    let failed =
        format!("654321,ACME Web Shop,,,,,,,,,,,,,,{UNIT}: 429 Too Many Requests: {ASKED_FOR}\n");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        three_rows().replace(&row, &failed)
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(sandbox.count(UNIT), 20);
}

// ---- What is interrupted

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_whole_rows() {
    use std::os::unix::process::ExitStatusExt;

    let directory = Directory::new("interrupted");
    let file = directory.0.join("units.csv");
    let sandbox = Sandbox::start().unwrap().with_sales_units(40);
    sandbox.fault("GET /management/v1/sales-units/1000017", 1, Fault::Hold);
    let mut program = begin(&sandbox, &file, &[]);
    assert!(sandbox.wait_for(DETAILS, 40));
    // All rows before the one that hangs are written at once, and not when a buffer is full.
    eventually(|| fs::read_to_string(&file).is_ok_and(|text| text == rows(17)));
    assert_eq!(program.interrupt().signal(), Some(2));
    assert_eq!(fs::read_to_string(&file).unwrap(), rows(17));
    let mut reader = csv::Reader::from_path(&file).unwrap();
    let all: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(all.len(), 17);
    assert_eq!(all[16].get(0), Some("1000016"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_at_any_moment_leaves_whole_lines() {
    use std::os::unix::process::ExitStatusExt;

    let directory = Directory::new("interrupted-jsonl");
    let file = directory.0.join("units.jsonl");
    let sandbox = Sandbox::start().unwrap().with_sales_units(2000);
    // It does not come to its end before it is stopped.
    sandbox.fault(
        "GET /management/v1/sales-units/1001999",
        usize::MAX,
        Fault::Hold,
    );
    for moment in [1, 60, 200] {
        sandbox.clear_requests();
        let mut program = begin(&sandbox, &file, &["--format", "jsonl"]);
        assert!(sandbox.wait_for(DETAILS, moment));
        assert_eq!(program.interrupt().signal(), Some(2));
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.is_empty() || text.ends_with("}\n"), "{text}");
        for (nth, line) in text.lines().enumerate() {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["msn"], (1_000_000 + nth).to_string());
        }
    }
}

// ---- What it refuses

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
            vec!["--attempts", "11"],
            "--attempts must be 1 to 10, not \"11\"",
        ),
        (
            vec!["--format", "xml"],
            "--format must be csv or jsonl, not \"xml\"",
        ),
        (
            vec!["--format", "csv", "--format", "csv"],
            "--format is there twice",
        ),
        (
            vec!["--merchant", "987654321"],
            "--merchant must be SCHEME/ID such as business:NO:ORG/987654321, not \"987654321\"",
        ),
        (
            vec!["--merchant", "business:NO:ORG/abc"],
            "--merchant: invalid input: businessIdentifier.id: must be 4 to 50 digits and hyphens, not \"abc\"",
        ),
        (
            vec!["--demo-units", "-1"],
            "--demo-units must be 0 to 1000000, not \"-1\"",
        ),
        (vec!["--verbose"], "there is no option --verbose"),
        (vec!["units.csv"], "cannot make sense of \"units.csv\""),
    ] {
        let output = export(&sandbox, &arguments);
        let stderr = format!("sales_units_export: {expected}\nTry --help.\n");
        assert_output(&output, 2, "", &stderr);
    }
    let output = export(&sandbox, &["--demo-units", "5"]);
    let stderr = "sales_units_export: --demo-... is for the sandbox, and VIPPS_* are set\n";
    assert_output(&output, 2, "", stderr);
    assert_eq!(sandbox.count("*"), 0);
}

#[test]
fn help() {
    let source = include_str!("../../../examples/sales_units_export/options.rs");
    let (_, text) = source.split_once("HELP: &str = \"\\\n").unwrap();
    let (text, _) = text.split_once("\";\n").unwrap();
    let sandbox = Sandbox::start().unwrap();
    for arguments in [&["--help"][..], &["--workers", "3", "-h"]] {
        assert_output(&export(&sandbox, arguments), 0, text, "");
    }
    assert_eq!(sandbox.count("*"), 0);
}

#[test]
fn a_list_that_cannot_be_had_leaves_an_earlier_file_alone() {
    let directory = Directory::new("earlier");
    directory.write("units.csv", "of yesterday");
    let file = directory.0.join("units.csv");
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault("GET /management/v1/sales-units", 1, Fault::status(403));
    let output = export(&sandbox, &["--output", file.to_str().unwrap()]);
    let stderr =
        format!("sales_units_export: GET /management/v1/sales-units: 403 Forbidden: {ASKED_FOR}\n");
    assert_output(&output, 2, "", &stderr);
    assert_eq!(fs::read_to_string(&file).unwrap(), "of yesterday");

    let output = export(&sandbox, &["--output", file.to_str().unwrap()]);
    assert_export(&output, 0, "", "3 sales units, 0 failed\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), three_rows());

    let output = command("sales_units_export", &[("VIPPS_KEYS", "standard")])
        .output()
        .unwrap();
    let stderr = "sales_units_export: configuration: VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET, VIPPS_SUBSCRIPTION_KEY: not set in the environment\n";
    assert_output(&output, 2, "", stderr);
}

#[test]
fn output_that_cannot_be_written_ends_it() {
    let sandbox = Sandbox::start().unwrap().with_sales_units(1000);
    let directory = Directory::new("no-directory");
    let file = directory.0.join("nowhere").join("units.csv");
    let output = export(&sandbox, &["--output", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    let start = format!("sales_units_export: cannot write to {}: ", file.display());
    assert!(stderr.starts_with(&start), "{stderr}");
    assert_eq!(sandbox.count(DETAILS), 0);

    // Nobody reads any more when the first row comes.
    sandbox.fault(DETAILS, 8, Fault::Hold);
    let mut command = command("sales_units_export", &vars(&sandbox));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = Killed(command.spawn().unwrap());
    assert!(sandbox.wait_for(DETAILS, 8));
    drop(program.0.stdout.take());
    sandbox.release();
    let lines = program.stderr_lines();
    let start = "sales_units_export: cannot write to standard output: ";
    // Others may be done before the first one cannot be written.
    while !lines.next().starts_with(start) {}
    assert_eq!(program.0.wait().unwrap().code(), Some(2));
    assert!(sandbox.count(DETAILS) < 1000);
}
