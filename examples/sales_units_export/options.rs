use std::path::PathBuf;
use std::time::Duration;

use vipps::management::BusinessIdentifier;

use crate::arguments::Arguments;
use crate::rows::Format;

pub(crate) const HELP: &str = "\
Exports every sales unit with its details.

usage: sales_units_export [OPTION VALUE]...

  --workers N
      requests at the same time, 1 to 64;
      8 by default
  --format csv|csv-excel|jsonl
      CSV with commas, CSV with semicolons
      whose cells Excel does not change, or a
      JSON object per line; csv by default
  --merchant SCHEME/ID
      only the sales units of this merchant,
      such as business:NO:ORG/987654321
  --output FILE
      replaced when the export is whole;
      standard output by default
  --attempts N
      how often to try a call that fails in a
      way that may pass, 1 to 100;
      10 by default
  --demo-units N
      so many sales units in the program's
      own sandbox, 0 to 1000000
  --demo-latency-ms N
      so long for each sales unit in the
      program's own sandbox, 0 to 60000
  --help
      this text

With VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET and
VIPPS_SUBSCRIPTION_KEY in the environment it
reads from the API, and without any VIPPS_*
from a sandbox of its own.

After a 429 or 423 all requests wait, for as
long as Retry-After says, or up to 0.5 s,
doubled each time up to 10 s. It counts among
the attempts of its call. A call that would
have to wait for half an hour or more fails
at once.

Exit codes: 0 all are there, or the reader of
the output is gone; 1 some have an error in
place of details; 2 nothing was fetched, the
output cannot be written, or a worker has
panicked.
";

pub(crate) struct Options {
    pub(crate) workers: usize,
    pub(crate) format: Format,
    pub(crate) merchant: Option<BusinessIdentifier>,
    pub(crate) output: Option<PathBuf>,
    pub(crate) attempts: u32,
    pub(crate) demo_units: Option<usize>,
    pub(crate) demo_latency: Option<Duration>,
}

const NAMES: [&str; 7] = [
    "--workers",
    "--format",
    "--merchant",
    "--output",
    "--attempts",
    "--demo-units",
    "--demo-latency-ms",
];

impl Options {
    /// The arguments of this program, or what is wrong with them. `None` if help is asked for.
    pub(crate) fn read() -> Result<Option<Self>, String> {
        let Some(arguments) = Arguments::read(&NAMES, &[])? else {
            return Ok(None);
        };
        if let Some(other) = arguments.others.first() {
            return Err(format!("cannot make sense of {other:?}"));
        }
        let format = match arguments.text("--format") {
            None | Some("csv") => Format::Csv,
            Some("csv-excel") => Format::CsvExcel,
            Some("jsonl") => Format::JsonLines,
            Some(other) => {
                let formats = "csv, csv-excel or jsonl";
                return Err(format!("--format must be {formats}, not {other:?}"));
            }
        };
        let latency = arguments.number("--demo-latency-ms", 0..=60_000)?;
        Ok(Some(Self {
            // A session keeps as many connections open as there may be workers.
            workers: arguments.number("--workers", 1..=64)?.unwrap_or(8),
            format,
            merchant: arguments.text("--merchant").map(merchant).transpose()?,
            output: arguments.text("--output").map(PathBuf::from),
            attempts: arguments.number("--attempts", 1..=100)?.unwrap_or(10),
            demo_units: arguments.number("--demo-units", 0..=1_000_000)?,
            demo_latency: latency.map(Duration::from_millis),
        }))
    }

    /// The least time for so many sales units, where the sandbox was told how long each takes.
    pub(crate) fn least_time(&self, units: usize) -> Option<Duration> {
        let rounds = u32::try_from(units.div_ceil(self.workers)).ok()?;
        let least = self.demo_latency?.saturating_mul(rounds);
        (!least.is_zero()).then_some(least)
    }
}

fn merchant(text: &str) -> Result<BusinessIdentifier, String> {
    let Some((scheme, id)) = text.split_once('/') else {
        return Err(format!(
            "--merchant must be SCHEME/ID such as business:NO:ORG/987654321, not {text:?}"
        ));
    };
    BusinessIdentifier::new(scheme, id).map_err(|error| format!("--merchant: {error}"))
}
