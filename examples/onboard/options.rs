use std::path::PathBuf;
use std::time::Duration;

use vipps::management::ProductOrderId;

use crate::arguments::Arguments;
use crate::server;

pub(crate) const HELP: &str = "\
Orders a product for a merchant, prints the link for the merchant, and waits until the order is completed, rejected or expired.

usage: onboard [FILE] [OPTION VALUE]...
       onboard --order ID [OPTION VALUE]...

  FILE              the order as JSON; examples/onboard/order.json if this is not given and there are no VIPPS_* in the environment
  --order ID        waits for an order that was made before, and orders nothing
  --poll SECONDS    the time between the first two looks at the status, 0.1 to 3600, and with a sandbox of its own 0 too; 1 if this is
                    not given. It grows by half with each look, up to 5 minutes, and is the first again after a change.
  --help            this text

With VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET and VIPPS_SUBSCRIPTION_KEY in the environment it orders from the service, and without any
VIPPS_* from a sandbox of its own, which plays the merchant too. Run again with the same FILE after whatever happened: FILE.state keeps
it from ordering twice.

Exit codes: 0 completed, 1 a call failed or the output could not be written, and the same command may be run again, 2 wrong arguments,
files or settings, 3 rejected, 4 expired.
";

pub(crate) struct Options {
    pub(crate) task: Task,
    /// The time between the first two looks.
    pub(crate) poll: Duration,
}

pub(crate) enum Task {
    /// What this file says, or the sample.
    Order(Option<PathBuf>),
    Follow(ProductOrderId),
}

impl Options {
    /// The arguments of this program, or what is wrong with them. `None` if help is asked for.
    pub(crate) fn read() -> Result<Option<Self>, String> {
        let Some(arguments) = Arguments::read(&["--order", "--poll"], &[])? else {
            return Ok(None);
        };
        // Nothing grows from nothing, and a service is not to be asked without a pause.
        let least = if server::is_in_environment() {
            0.1
        } else {
            0.0
        };
        let poll = arguments.number("--poll", least..=3600.0)?;
        let task = match (arguments.others.as_slice(), arguments.text("--order")) {
            ([], None) => Task::Order(None),
            ([file], None) => Task::Order(Some(PathBuf::from(file))),
            ([], Some(id)) => match id.parse() {
                Ok(id) => Task::Follow(id),
                Err(error) => return Err(format!("--order: {error}")),
            },
            ([_, other, ..], _) => return Err(format!("cannot make sense of {other:?}")),
            ([_], Some(_)) => return Err("either FILE or --order, not both".to_owned()),
        };
        Ok(Some(Self {
            task,
            poll: Duration::from_secs_f64(poll.unwrap_or(1.0)),
        }))
    }
}
