//! The export in LibreOffice, where that is installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::super::Directory;
use super::cells::sandbox_with;
use super::export;

const ORGANIZATION: &str = "012345678";
const ACCOUNT: &str = "05304012345";

/// Names, and what a spreadsheet shows of them in `csv` and in `csv-excel`.
const NAMES: [[&str; 3]; 14] = [
    ["ACME Fitness", "ACME Fitness", "ACME Fitness"],
    ["=1+1", "'=1+1", "=1+1"],
    ["+1+1", "'+1+1", "+1+1"],
    ["-1+1", "'-1+1", "-1+1"],
    ["@SUM(1)", "'@SUM(1)", "@SUM(1)"],
    ["\t=1+1", "'\t'=1+1", "\t'=1+1"],
    [" =1+1", " '=1+1", " =1+1"],
    ["＝1+1", "'＝1+1", "＝1+1"],
    ["'=1+1", "'=1+1", "'=1+1"],
    ["\"=1+1\"", "\"'=1+1\"", "\"=1+1\""],
    ["Shop;=1+1", "Shop;'=1+1", "Shop;'=1+1"],
    ["Shop,=1+1", "Shop,'=1+1", "Shop,'=1+1"],
    ["a\n=1+1", "a\n'=1+1", "a\n'=1+1"],
    [
        "=cmd|'/C calc'!A0",
        "'=cmd|'/C calc'!A0",
        "=cmd|'/C calc'!A0",
    ],
];

#[test]
fn libreoffice_reads_csv_as_it_was_written() {
    // Columns 4 and 6, the numbers, are texts.
    let filter = "44,34,76,1,4/2/6/2,0,false,true,false,false,false,0,true";
    let Some(rows) = opened("csv", filter) else {
        return;
    };
    assert_eq!(
        texts(&rows),
        NAMES.map(|[_, name, _]| [name, ORGANIZATION, ACCOUNT])
    );
    assert!(
        rows.iter().flatten().all(|cell| cell.formula.is_none()),
        "{rows:?}"
    );
}

#[test]
fn libreoffice_reads_csv_excel_as_it_was_written() {
    let filter = "59,34,76,1,,0,false,true,false,false,false,0,true";
    let Some(rows) = opened("csv-excel", filter) else {
        return;
    };
    assert_eq!(
        texts(&rows),
        NAMES.map(|[_, _, name]| [name, ORGANIZATION, ACCOUNT])
    );
    for cell in rows.iter().flatten() {
        let constant = format!("of:=\"{}\"", cell.text.replace('"', "\"\""));
        assert!(
            cell.formula
                .as_ref()
                .is_none_or(|formula| *formula == constant),
            "{cell:?}"
        );
    }
}

fn texts(rows: &[[Cell; 3]]) -> Vec<[&str; 3]> {
    rows.iter()
        .map(|row| row.each_ref().map(|cell| cell.text.as_str()))
        .collect()
}

#[derive(Debug)]
struct Cell {
    text: String,
    formula: Option<String>,
}

/// The names, organization numbers and accounts of an export that LibreOffice opens with this
/// filter, which has it compute formulas. `None` if it is not installed.
fn opened(format: &str, filter: &str) -> Option<Vec<[Cell; 3]>> {
    let version = Command::new("soffice").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        println!("skipped: no soffice in PATH");
        return None;
    }
    let directory = Directory::new(&format!("libreoffice-{format}"));
    let sandbox = sandbox_with(ORGANIZATION, &NAMES.map(|[name, ..]| (name, ACCOUNT)));
    let file = directory.0.join("units.csv");
    let output = export(
        &sandbox,
        &["--format", format, "--output", file.to_str().unwrap()],
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let output = Command::new("soffice")
        .arg(format!(
            "-env:UserInstallation=file://{}/profile",
            directory.0.display()
        ))
        .args(["--headless", "--convert-to", "fods", "--outdir"])
        .arg(&directory.0)
        .arg(format!("--infilter=CSV:{filter}"))
        .arg(&file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(rows(&directory.0.join("units.fods")))
}

/// The second, fourth and sixth cell of each row but the first.
fn rows(fods: &Path) -> Vec<[Cell; 3]> {
    let text = fs::read_to_string(fods).unwrap();
    let table = between(&text, "<table:table ", "</table:table>").unwrap();
    let rows = table.split("<table:table-row ").skip(2);
    let rows = rows.filter(|row| row.contains("<text:p>"));
    rows.map(|row| {
        let cells: Vec<_> = row.split("<table:table-cell").skip(1).map(cell).collect();
        let mut cells = cells.into_iter().skip(1).step_by(2);
        std::array::from_fn(|_| cells.next().unwrap())
    })
    .collect()
}

fn cell(xml: &str) -> Cell {
    let paragraphs = xml.split("<text:p>").skip(1);
    let paragraphs = paragraphs.map(|rest| rest.split("</text:p>").next().unwrap());
    let text = paragraphs.collect::<Vec<_>>().join("\n");
    let text = text.replace("<text:tab/>", "\t").replace("<text:s/>", " ");
    let tag = xml.split_inclusive('>').next().unwrap();
    Cell {
        text: unescaped(&text),
        formula: between(tag, "table:formula=\"", "\"").map(unescaped),
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?
        .1
        .split_once(end)
        .map(|(inside, _)| inside)
}

fn unescaped(xml: &str) -> String {
    let text = xml
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    text.replace("&apos;", "'")
        .replace("&#x09;", "\t")
        .replace("&amp;", "&")
}
