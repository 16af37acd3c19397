//! Sales units as lines of CSV or JSON.

use serde_json::{Value, json, to_value};
use vipps::Error;
use vipps::management::{SalesUnit, SalesUnitSummary};

/// The details of a sales unit, or why there are none.
pub(crate) type Fetched = Result<SalesUnit, (SalesUnitSummary, Error)>;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Format {
    Csv,
    CsvExcel,
    Jsonl,
}

/// The paths in the JSON of a sales unit, and `error`.
const COLUMNS: &str = "msn,name,businessIdentifier.scheme,businessIdentifier.id,\
    settlementBankAccount.scheme,settlementBankAccount.id,configuration.paymentAllowed,\
    configuration.captureType,configuration.skipLandingPageAllowed,configuration.recurringAllowed,\
    configuration.partialCaptureAllowed,configuration.lateCaptureAllowed,\
    configuration.landingPagePhoneNumberLocked,configuration.longLivingPaymentAllowed,\
    configuration.creditCardPaymentAllowed,error";

/// What starts a formula. Some programs also take the full-width forms.
const FORMULA: &str = "=+-@＝＋－＠";
/// What separates cells in one program or another.
const DELIMITERS: &str = ",;|\t\r\n";

impl Format {
    /// The line before the first row. With a byte order mark Excel reads UTF-8.
    pub(crate) fn header(self) -> Option<String> {
        match self {
            Self::Csv => Some(COLUMNS.to_owned()),
            Self::CsvExcel => Some(format!("\u{feff}{}", COLUMNS.replace(',', ";"))),
            Self::Jsonl => None,
        }
    }

    /// A row without its line end.
    pub(crate) fn row(self, fetched: &Fetched) -> serde_json::Result<String> {
        Ok(match (self, fetched) {
            (Self::Jsonl, Ok(unit)) => serde_json::to_string(unit)?,
            (Self::Jsonl, Err((unit, error))) => {
                let (msn, name) = (json!(unit.msn), json!(unit.name));
                let error = json!({
                    "kind": error.kind().as_str(),
                    "message": error.to_string(),
                    "status": error.status(),
                    "traceId": error.trace_id(),
                });
                format!(r#"{{"msn":{msn},"name":{name},"error":{error}}}"#)
            }
            (_, Ok(unit)) => self.csv_row(&to_value(unit)?, ""),
            (_, Err((unit, error))) => self.csv_row(&to_value(unit)?, &error.to_string()),
        })
    }

    fn csv_row(self, unit: &Value, error: &str) -> String {
        let cells = COLUMNS.split(',').map(|column| {
            let value = unit.pointer(&format!("/{}", column.replace('.', "/")));
            match (column, value) {
                ("error", _) => self.cell(error),
                (_, None | Some(Value::Null)) => String::new(),
                (_, Some(Value::String(text))) => self.cell(text),
                (_, Some(other)) => other.to_string(),
            }
        });
        let delimiter = if self == Self::CsvExcel { ";" } else { "," };
        cells.collect::<Vec<_>>().join(delimiter)
    }

    /// A cell that no spreadsheet takes for a formula, whatever delimiter it expects. Where Excel
    /// would change the text, `csv-excel` has it as the constant of a formula.
    fn cell(self, text: &str) -> String {
        let mut cell = guarded(text, true);
        let constant = guarded(text, false).replace('"', "\"\"");
        // Longer constants are errors in Excel, and those with line breaks in LibreOffice.
        let is_possible = constant.len() <= 255 && !text.contains(['\r', '\n']);
        if self == Self::CsvExcel && is_possible && is_changed_by_excel(text) {
            cell = format!("=\"{constant}\"");
        }
        match cell.contains(|c| c == '"' || DELIMITERS.contains(c)) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell,
        }
    }
}

/// Text with an apostrophe before what would start a formula where a cell starts: after each
/// delimiter, after the blanks and quotes that follow, and at the start if `is_start`.
fn guarded(text: &str, mut is_start: bool) -> String {
    let mut guarded = String::new();
    for (at, c) in text.char_indices() {
        if is_start && (FORMULA.contains(c) || (at == 0 && "\t\r\n".contains(c))) {
            guarded.push('\'');
        }
        guarded.push(c);
        let is_blank = "\"\u{feff}".contains(c) || c.is_whitespace() || c.is_control();
        is_start = DELIMITERS.contains(c) || (is_start && is_blank);
    }
    guarded
}

/// Whether Excel might take a text for a number, a date or a formula, and show something else.
fn is_changed_by_excel(text: &str) -> bool {
    let is_number = text.len() <= 11 && text.chars().all(|c| c.is_ascii_digit());
    let is_word = text.starts_with(char::is_alphabetic) && !text.ends_with(char::is_numeric);
    !(is_word || text.is_empty() || (is_number && !text.starts_with('0')))
}
