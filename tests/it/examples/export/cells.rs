//! Texts that merchants choose, in spreadsheets and on terminals.

use serde_json::{Value, json};

use vipps::management::{BusinessIdentifier, SalesUnit};
use vipps::sandbox::{Fault, Sandbox};

use super::{HEADER, assert_export, export};

/// A sandbox with a sales unit of each name and settlement account.
fn sandbox_of(units: &[(&str, &str)]) -> Sandbox {
    sandbox_with("987654321", units)
}

/// Like `sandbox_of`, with an organization number.
pub(super) fn sandbox_with(organization: &str, units: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::start().unwrap();
    let (mut list, mut msn) = (Vec::new(), 5000);
    for (name, account) in units {
        list.push(json!({"msn": msn.to_string(), "name": name}));
        let unit = json!({
            "msn": msn, "name": name, "settlementBankAccount": {"scheme": "BBAN:NO", "id": account},
            "businessIdentifier": {"scheme": "business:NO:ORG", "id": organization},
            "configuration": {"captureType": "=NewOne", "recurringAllowed": null}, "new": {"a": 1}
        });
        let route = format!("GET /management/v1/sales-units/{msn}");
        sandbox.fault(&route, usize::MAX, Fault::json(200, unit.to_string()));
        msn += 1;
    }
    let list = Fault::json(200, Value::Array(list).to_string());
    sandbox.fault("GET /management/v1/sales-units", usize::MAX, list);
    sandbox
}

/// The second and the sixth cell of each row: names and accounts.
fn read(csv: &[u8], delimiter: u8) -> Vec<(String, String)> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.delimiter(delimiter).from_reader(csv);
    let cells = reader.records().map(|row| {
        let row = row.unwrap();
        assert_eq!(row.len(), 16);
        (row[1].to_owned(), row[5].to_owned())
    });
    cells.collect()
}

#[test]
fn what_a_spreadsheet_takes_for_a_formula_is_text() {
    let cells = [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@A1", "'@A1"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("'x", "'x"),
        ("1-2", "1-2"),
        ("a, \"b\"", "a, \"b\""),
        // Where another program starts a cell or a row, and where none does.
        ("Shop;=1+1", "Shop;'=1+1"),
        ("a\n-1", "a\n'-1"),
        ("a\t@b;+c", "a\t'@b;'+c"),
        ("a,=1+1; =2", "a,'=1+1; '=2"),
        (";=1+1", ";'=1+1"),
        (",=1+1", ",'=1+1"),
        ("a|+1", "a|'+1"),
        ("a - b=c;d-e", "a - b=c;d-e"),
        // Known attacks.
        ("=cmd|'/C calc'!A0", "'=cmd|'/C calc'!A0"),
        ("＝1+1", "'＝1+1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠A1", "'＠A1"),
        (" =1+1", " '=1+1"),
        ("\u{a0}=1+1", "\u{a0}'=1+1"),
        ("\u{feff}=1+1", "\u{feff}'=1+1"),
        ("'=1+1", "'=1+1"),
        ("\"=1+1\"", "\"'=1+1\""),
        ("\t=1+1", "'\t'=1+1"),
        ("a;\"=cmd|'/C calc'!A0;\"", "a;\"'=cmd|'/C calc'!A0;\""),
        ("a\r\n\"=1+1", "a\r\n\"'=1+1"),
        ("a;\n \t=1+1", "a;\n \t'=1+1"),
        ("Ærlig\u{1b}[2J", "Ærlig\u{1b}[2J"),
        ("", ""),
    ];
    let sandbox = sandbox_of(&cells.map(|(name, _)| (name, "05304012345")));
    let output = export(&sandbox, &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let expected = cells.map(|(_, cell)| (cell.to_owned(), "05304012345".to_owned()));
    assert_eq!(read(&output.stdout, b','), expected);
    // Cells with any delimiter are quoted.
    let text = String::from_utf8(output.stdout).unwrap();
    let rest = "business:NO:ORG,987654321,BBAN:NO,05304012345,,'=NewOne,,,,,,,,\n";
    for row in [
        format!("5000,'=1+1,{rest}"),
        format!("5009,\"a, \"\"b\"\"\",{rest}"),
        format!("5010,\"Shop;'=1+1\",{rest}"),
        format!("5012,\"a\t'@b;'+c\",{rest}"),
    ] {
        assert!(text.contains(&row), "{row}{text}");
    }

    // JSON lines have the texts unchanged.
    let output = export(&sandbox, &["--format", "jsonl"]);
    let lines = String::from_utf8(output.stdout).unwrap();
    let name = |line: &str| serde_json::from_str::<Value>(line).unwrap()["name"].clone();
    let names: Vec<Value> = lines.lines().map(name).collect();
    assert_eq!(
        Value::Array(names),
        json!(cells.map(|(name, _)| name).as_slice())
    );
}

#[test]
fn excel_keeps_the_text_of_every_cell() {
    let long = format!("={}", "x".repeat(300));
    let (long, guarded) = (long.as_str(), format!("'{long}"));
    let cells = [
        // Numbers.
        ("a", "a"),
        ("987654321", "987654321"),
        ("86011117947", "86011117947"),
        ("05304012345", "=\"05304012345\""),
        ("123456789012", "=\"123456789012\""),
        ("0", "=\"0\""),
        (" 0530", "=\" 0530\""),
        ("1234567-8", "=\"1234567-8\""),
        ("1E5", "=\"1E5\""),
        ("24/7 Oslo", "=\"24/7 Oslo\""),
        ("012345678", "=\"012345678\""),
        (".5", "=\".5\""),
        ("(5)", "=\"(5)\""),
        ("Mar 1", "=\"Mar 1\""),
        ("ACME 24 AS", "ACME 24 AS"),
        // Formulas.
        ("=1+1", "=\"=1+1\""),
        (" =1+1", "=\" =1+1\""),
        ("+1", "=\"+1\""),
        ("-1", "=\"-1\""),
        ("@A1", "=\"@A1\""),
        ("\tx", "=\"\tx\""),
        ("\rx", "'\rx"),
        ("\n=1+1", "'\n'=1+1"),
        ("＝1+1", "=\"＝1+1\""),
        ("=cmd|'/C calc'!A0", "=\"=cmd|'/C calc'!A0\""),
        ("=\"a\"", "=\"=\"\"a\"\"\""),
        (long, &guarded),
        // Delimiters.
        ("Shop;=1+1", "=\"Shop;'=1+1\""),
        ("Shop,=1+1", "=\"Shop,'=1+1\""),
        ("Shop;=A", "Shop;'=A"),
        ("a\n-1", "a\n'-1"),
        ("a;\"=A", "a;\"'=A"),
        ("a, b", "a, b"),
        ("Ærlig", "Ærlig"),
        ("", ""),
    ];
    let sandbox = sandbox_of(&cells.map(|(text, _)| (text, text)));
    let output = export(&sandbox, &["--format", "csv-excel"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let header = format!("\u{feff}{}", HEADER.replace(',', ";"));
    assert!(output.stdout.starts_with(header.as_bytes()));
    let expected = cells.map(|(_, cell)| (cell.to_owned(), cell.to_owned()));
    assert_eq!(read(&output.stdout, b';'), expected);

    let sandbox = sandbox_of(&[("Shop;=1+1", "05304012345")]);
    let output = export(&sandbox, &["--format", "csv-excel"]);
    let row = "5000;\"=\"\"Shop;'=1+1\"\"\";business:NO:ORG;987654321;\
               BBAN:NO;\"=\"\"05304012345\"\"\";;\"=\"\"=NewOne\"\"\";;;;;;;;\n";
    assert_export(
        &output,
        0,
        &format!("{header}{row}"),
        "exported 1, failed 0\n",
    );
}

/// Reads both formats with every delimiter, and with quotes both honoured and ignored.
#[test]
fn no_delimiter_makes_a_formula() {
    let starts = ["", " ", "\t", "\"", "'", "\"\" ", "a\"", "\n", "\r\n"];
    let delimiters = [
        "", ",", ";", "|", "\t", "\n", ", ;", ",\"", ";\"\"", "x;", "x,\"",
    ];
    let formulas = ["=A", "+A", "-A", "@A", "＝A", "=1", "=cmd|'/C calc'!A0;\""];
    let mut formulas = formulas.iter().cycle();
    let (mut builder, mut units) = (Sandbox::builder(), 0);
    for (start, delimiter) in starts
        .iter()
        .flat_map(|start| delimiters.map(|delimiter| (start, delimiter)))
    {
        for before in [format!("{start}{delimiter}"), format!("{delimiter}{start}")] {
            let name = format!("{before}{}", formulas.next().unwrap());
            let merchant = BusinessIdentifier::norway("987654321").unwrap();
            let msn = (5000 + units).to_string().parse().unwrap();
            builder = builder.sales_unit(SalesUnit::new(msn, name, merchant));
            units += 1;
        }
    }
    let sandbox = builder.start().unwrap();
    for (format, own) in [("csv", b','), ("csv-excel", b';')] {
        let output = export(&sandbox, &["--format", format, "--workers", "1"]);
        assert_eq!(output.status.code(), Some(0));
        for (delimiter, quoting) in [b',', b';', b'|', b'\t']
            .into_iter()
            .flat_map(|delimiter| [(delimiter, true), (delimiter, false)])
        {
            let mut reader = csv::ReaderBuilder::new();
            reader.delimiter(delimiter).quoting(quoting).flexible(true);
            let mut cells = 0;
            for row in reader.from_reader(output.stdout.as_slice()).records() {
                for cell in row.unwrap().iter() {
                    cells += 1;
                    let is_constant = delimiter == own
                        && quoting
                        && cell.starts_with("=\"")
                        && !cell[2..]
                            .trim_end_matches('"')
                            .replace("\"\"", "")
                            .contains('"');
                    let is_formula = cell
                        .trim_start()
                        .starts_with(|c| "=+-@＝＋－＠".contains(c));
                    assert!(
                        is_constant || !is_formula,
                        "{format} {delimiter} {quoting} {cell:?}"
                    );
                }
            }
            assert!(cells >= units);
        }
    }
}

/// Standard output and standard error on one terminal, which `script` of util-linux provides.
#[cfg(target_os = "linux")]
mod terminal {
    use std::ffi::OsStr;
    use std::process::Command;

    use vipps::sandbox::{Fault, Sandbox};

    use super::super::super::{NO_VARS, program, with_vars};
    use super::super::{DETAILS, rows, without_times};
    use super::sandbox_of;

    /// What an export writes to a terminal of this width. `None` without `script`.
    fn shown(vars: &[(&str, impl AsRef<OsStr>)], columns: u32, arguments: &str) -> Option<String> {
        let version = Command::new("script").arg("--version").output();
        if !version.is_ok_and(|output| output.status.success()) {
            return None;
        }
        let mut script = with_vars(Command::new("script"), vars);
        let export = program("sales_units_export");
        let export = export.display();
        let line = format!("stty rows 24 cols {columns} && '{export}' {arguments}");
        script.args(["-qec", &line, "/dev/null"]);
        script.env("SHELL", "/bin/sh").env("TERM", "xterm");
        let output = script.env("NO_COLOR", "1").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        Some(String::from_utf8(output.stdout).unwrap())
    }

    /// What the terminal shows at the end, without what was drawn over.
    fn left(shown: &str) -> String {
        let left = |line: &str| line.rsplit("\x1b[2K").next().unwrap().to_owned() + "\n";
        shown.replace('\r', "").lines().map(left).collect()
    }

    #[test]
    fn a_bar_stands_below_the_rows() {
        let sandbox = Sandbox::builder().sales_units(20).start().unwrap();
        // One worker, so that rows do not arrive together.
        let Some(shown) = shown(&sandbox.env(), 80, "--workers 1") else {
            return;
        };
        // The bar is drawn again after each row.
        assert!(shown.contains(" 19 of 20, "), "{shown}");
        // Each row replaces the bar above it.
        let expected = format!("{}exported 20, failed 0\n", rows(20));
        assert_eq!(without_times(left(&shown).as_bytes()), expected);
    }

    #[test]
    fn everything_but_rows_fits_into_narrow_terminals() {
        for columns in [80, 45] {
            let sandbox = Sandbox::builder().sales_units(300).start().unwrap();
            sandbox.fault(DETAILS, 1, Fault::status_retry_after(429, "1"));
            let Some(shown_api) = shown(&sandbox.env(), columns, "--output /dev/null") else {
                return;
            };
            let demo = "--demo-units 300 --demo-latency-ms 1 --output /dev/null";
            let shown = shown_api.clone() + &shown(NO_VARS, columns, demo).unwrap();
            assert!(shown_api.contains("the API answered 429: "), "{shown_api}");
            assert!(shown.contains("Against a sandbox at "), "{shown}");
            assert!(
                shown.contains(" times the least time possible, "),
                "{shown}"
            );
            assert!(shown_api.contains(" of 300, "), "{shown_api}");
            for line in shown.replace("\x1b[2K", "").split(['\r', '\n']) {
                assert!(line.chars().count() <= columns as usize, "{line}");
                // No colours or other escape sequences.
                assert!(!line.contains('\x1b'), "{line:?}");
            }
        }
    }

    #[test]
    fn control_characters_are_escaped() {
        let sandbox = sandbox_of(&[("A\u{1b}[2J\nstatus  COMPLETED\u{9b}2J", "1")]);
        let Some(shown) = shown(&sandbox.env(), 80, "") else {
            return;
        };
        let left = left(&shown);
        let row = "\n5000,\"A\\u{1b}[2J\\nstatus  COMPLETED\\u{9b}2J\",business:NO:ORG,";
        assert!(left.contains(row), "{left}");
    }
}
