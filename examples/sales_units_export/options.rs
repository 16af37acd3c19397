use std::path::PathBuf;
use std::time::Duration;

use vipps::management::BusinessIdentifier;

use crate::arguments::Arguments;
use crate::rows::Format;

pub(crate) const HELP: &str = "\
Exports every sales unit with its details.

usage: sales_units_export [OPTION VALUE]...

  --workers N             requests at the same time, 1 to 64; 8 if this is not given
  --format csv|jsonl      CSV with a header, or a JSON object in each line; csv if this is not given
  --merchant SCHEME/ID    the sales units of this merchant only, such as business:NO:ORG/987654321
  --output FILE           where to; standard output if this is not given
  --attempts N            how often a call is made that fails in a way that may pass, 1 to 10; 4 if this is not given; 429s do not count
  --demo-units N          so many sales units in the program's own sandbox, 0 to 1000000
  --demo-latency-ms N     so long for each sales unit in the program's own sandbox, 0 to 60000
  --help                  this text

With VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET and VIPPS_SUBSCRIPTION_KEY in the environment it reads from the service, and without any
VIPPS_* from a sandbox of its own.

A 429 has all requests wait, 1 s at first, doubled each time up to 60 s, or for as long as Retry-After says where that is longer. A call is
given up when it got 20 of them while no other got through.

Exit codes: 0 all are there, 1 some have an error instead of details, 2 nothing to be had, the output cannot be written, or a worker panicked.
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
        let Some(arguments) = Arguments::read(&NAMES)? else {
            return Ok(None);
        };
        if let Some(other) = arguments.others.first() {
            return Err(format!("cannot make sense of {other:?}"));
        }
        let format = match arguments.text("--format") {
            None | Some("csv") => Format::Csv,
            Some("jsonl") => Format::JsonLines,
            Some(other) => return Err(format!("--format must be csv or jsonl, not {other:?}")),
        };
        let latency = arguments.number("--demo-latency-ms", 0..=60_000)?;
        Ok(Some(Self {
            // A session keeps as many connections open as there may be workers.
            workers: arguments.number("--workers", 1..=64)?.unwrap_or(8),
            format,
            merchant: arguments.text("--merchant").map(merchant).transpose()?,
            output: arguments.text("--output").map(PathBuf::from),
            attempts: arguments.number("--attempts", 1..=10)?.unwrap_or(4),
            demo_units: arguments.number("--demo-units", 0..=1_000_000)?,
            demo_latency: latency.map(Duration::from_millis),
        }))
    }

    /// How long that many sales units take at least where each takes as long as the sandbox was told.
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
