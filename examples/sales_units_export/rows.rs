use serde::Serialize;
use serde_json::Value;

use vipps::Error;
use vipps::management::{SalesUnit, SalesUnitSummary};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    CsvExcel,
    JsonLines,
}

/// Where each column stands in the JSON of a sales unit. `error` is not there, and comes last.
const COLUMNS: [&str; 16] = [
    "msn",
    "name",
    "businessIdentifier.scheme",
    "businessIdentifier.id",
    "settlementBankAccount.scheme",
    "settlementBankAccount.id",
    "configuration.paymentAllowed",
    "configuration.captureType",
    "configuration.skipLandingPageAllowed",
    "configuration.recurringAllowed",
    "configuration.partialCaptureAllowed",
    "configuration.lateCaptureAllowed",
    "configuration.landingPagePhoneNumberLocked",
    "configuration.longLivingPaymentAllowed",
    "configuration.creditCardPaymentAllowed",
    "error",
];

/// What a spreadsheet takes for the start of a formula.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

impl Format {
    /// What comes before the first row.
    pub(crate) fn header(self) -> Option<String> {
        match self {
            Self::Csv => Some(COLUMNS.join(",")),
            // The byte order mark has Excel read UTF-8.
            Self::CsvExcel => Some(format!("\u{feff}{}", COLUMNS.join(";"))),
            Self::JsonLines => None,
        }
    }

    /// A row without its line end.
    pub(crate) fn row(
        self,
        unit: &SalesUnitSummary,
        details: Result<SalesUnit, Error>,
    ) -> Result<String, serde_json::Error> {
        match (self, details) {
            (Self::JsonLines, Ok(details)) => serde_json::to_string(&details),
            (Self::JsonLines, Err(error)) => serde_json::to_string(&Failed {
                msn: unit.msn.as_str(),
                name: &unit.name,
                error: Problem {
                    kind: error.kind().as_str(),
                    status: error.status(),
                    message: error.to_string(),
                    trace_id: error.trace_id(),
                },
            }),
            (_, Ok(details)) => Ok(self.csv_row(&serde_json::to_value(details)?, "")),
            (_, Err(error)) => Ok(self.csv_row(&serde_json::to_value(unit)?, &error.to_string())),
        }
    }

    fn csv_row(self, unit: &Value, error: &str) -> String {
        let cells = COLUMNS.map(|column| {
            let value = unit.pointer(&format!("/{}", column.replace('.', "/")));
            match (column, value) {
                ("error", _) => self.cell(error),
                (_, None | Some(Value::Null)) => String::new(),
                (_, Some(Value::String(text))) => self.cell(text),
                (_, Some(other)) => other.to_string(),
            }
        });
        cells.join(if self == Self::CsvExcel { ";" } else { "," })
    }

    /// A cell that no spreadsheet takes for a formula and that, in `csv-excel`, Excel does not
    /// change.
    fn cell(self, text: &str) -> String {
        let other_separator = if self == Self::CsvExcel { ',' } else { ';' };
        let mut cell = String::new();
        for c in text.chars() {
            // Where a program that splits rows at another separator begins a cell.
            if cell.ends_with([other_separator, '\t', '\r', '\n']) && "=+-@".contains(c) {
                cell.push('\'');
            }
            cell.push(c);
        }
        if self == Self::CsvExcel && is_changed_by_excel(text) {
            cell = format!("=\"{}\"", cell.replace('"', "\"\""));
        } else if text.starts_with(FORMULA) {
            cell.insert(0, '\'');
        }
        match cell.contains([',', ';', '\t', '"', '\r', '\n']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell,
        }
    }
}

/// Whether Excel would take a text for a formula, a date, or a number that it shows otherwise.
fn is_changed_by_excel(text: &str) -> bool {
    let read = text.trim_start();
    let is_short_number = read.len() <= 11 && read.chars().all(|c| c.is_ascii_digit());
    let is_changed = read.starts_with(|c: char| c.is_ascii_digit())
        && (read.starts_with('0') || !is_short_number);
    // A formula holds no longer text. A longer one that begins as a formula gets an apostrophe.
    text.len() <= MAX_FORMULA_TEXT
        && (is_changed || text.starts_with(FORMULA) || read.starts_with(FORMULA))
}

/// How much text a formula may hold.
const MAX_FORMULA_TEXT: usize = 255;

#[derive(Serialize)]
struct Failed<'a> {
    msn: &'a str,
    name: &'a str,
    error: Problem<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'a> {
    kind: &'a str,
    status: Option<u16>,
    message: String,
    trace_id: Option<&'a str>,
}
