use serde::Serialize;
use serde_json::Value;

use vipps::Error;
use vipps::management::{SalesUnit, SalesUnitSummary};

use crate::AnyError;

#[derive(Clone, Copy)]
pub(crate) enum Format {
    Csv,
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

impl Format {
    /// What comes before the first row.
    pub(crate) fn header(self) -> Result<Vec<u8>, AnyError> {
        match self {
            Self::Csv => csv_row(COLUMNS),
            Self::JsonLines => Ok(Vec::new()),
        }
    }

    /// A row with its line end.
    pub(crate) fn row(
        self,
        unit: &SalesUnitSummary,
        details: Result<SalesUnit, Error>,
    ) -> Result<Vec<u8>, AnyError> {
        match (self, details) {
            (Self::Csv, Ok(details)) => csv_row(cells(&serde_json::to_value(details)?, "")),
            (Self::Csv, Err(error)) => {
                csv_row(cells(&serde_json::to_value(unit)?, &error.to_string()))
            }
            (Self::JsonLines, Ok(details)) => json_line(&details),
            (Self::JsonLines, Err(error)) => json_line(&Failed {
                msn: unit.msn.as_str(),
                name: &unit.name,
                error: Problem {
                    kind: error.kind().as_str(),
                    status: error.status(),
                    message: error.to_string(),
                    trace_id: error.trace_id(),
                },
            }),
        }
    }
}

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

fn json_line(value: &impl Serialize) -> Result<Vec<u8>, AnyError> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

fn cells(unit: &Value, error: &str) -> impl Iterator<Item = String> {
    COLUMNS
        .map(|column| match column {
            "error" => harmless(error),
            column => match unit.pointer(&format!("/{}", column.replace('.', "/"))) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => harmless(text),
                Some(other) => other.to_string(),
            },
        })
        .into_iter()
}

/// Text that no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let apostrophe = if is_formula { "'" } else { "" };
    format!("{apostrophe}{text}")
}

fn csv_row(cells: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Result<Vec<u8>, AnyError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells)?;
    Ok(writer.into_inner()?)
}
