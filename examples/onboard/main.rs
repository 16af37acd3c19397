//! Orders a product for a merchant, prints the link for the merchant, and waits until the order is completed, rejected or expired.
//!
//! ```sh
//! cargo run --example onboard                    # order.json beside this file, with a sandbox that plays the merchant too
//! cargo run --example onboard -- order.json      # with VIPPS_* in the environment: a real order
//! cargo run --example onboard -- --order ID      # waits only
//! ```
//!
//! The file is a [`PrefillProductOrder`] as JSON: the fields of the service, and `idempotencyKey` if the key is not to be made up. The
//! program may be stopped at any moment and run again with the same file, also while another run is going on, and nothing is ordered
//! twice: before it sends, it writes the order with its key and the service's address to `FILE.state`, and afterwards the order's id with
//! it. A later run that finds an id there only waits, and one that finds nothing but the order sends it again with the same key.
//!
//! The state is removed again in one case only: the service has refused what the order says (400 or 422), and nothing but that ever came of
//! its key. Such an answer stays with the key; every other refusal may pass, or leaves open what was ordered. A file that has changed since
//! is an error, and so is another service. To order the same once more, copy the file under another name.
//!
//! With a sandbox of its own no state is written: the order is gone when the program ends.
//!
//! | exit code | |
//! |---|---|
//! | 0 | completed |
//! | 1 | a call failed, or the output could not be written, see the message; whatever it says, the same command can be run again |
//! | 2 | wrong arguments, a file that is no order or has changed, settings |
//! | 3 | rejected |
//! | 4 | expired |

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use vipps::management::{
    PrefillProductOrder, PrefillResponse, ProductOrderId, ProductOrderStatus, get_product_order,
    prefill_product_order,
};
use vipps::sandbox::Sandbox;
use vipps::{Delivery, Error, ErrorKind, RetryPolicy, Session};

#[path = "../common/flags.rs"]
mod arguments;
mod intervals;
mod merchant;
mod options;
#[path = "../common/server.rs"]
mod server;
mod state;
mod waits;

use options::{Options, Task};
use state::{State, StateFile};
use waits::Waits;

/// How often an order is sent while the service, or the network to it, is down.
const SEND_ATTEMPTS: u32 = 5;

fn main() -> ExitCode {
    let ended = match Options::read() {
        Ok(Some(options)) => run(&options),
        Ok(None) => print(options::HELP.trim_end()).map(|()| ExitCode::SUCCESS),
        Err(error) => Err(Failure::setup(format!("{error}\nTry --help."))),
    };
    ended.unwrap_or_else(|failure| {
        say(&format!("onboard: {}", failure.text));
        ExitCode::from(failure.code)
    })
}

struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    /// Another run may fare better.
    fn passing(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { code: 1, text }
    }

    /// Something to put right first.
    fn setup(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { code: 2, text }
    }
}

/// Orders or finds the order, and follows it to the status that it ends with.
fn run(options: &Options) -> Result<ExitCode, Failure> {
    let (builder, sandbox) = server::session_builder("onboard", Sandbox::builder())?;
    // It lives until the end of this function.
    let sandbox = sandbox.map(Arc::new);
    // What is repeated is repeated here, where it can be seen.
    let session = builder.retry(RetryPolicy::none()).build()?;
    let mut waits = Waits::new(options.poll);
    let id = match (&options.task, &sandbox) {
        (Task::Follow(id), None) => {
            waits.print(&format!("order   {id}"))?;
            id.clone()
        }
        (Task::Order(Some(file)), None) => {
            order(&session, file, &StateFile::beside(file), &mut waits)?
        }
        (Task::Order(None), None) => {
            return Err(Failure::setup(
                "VIPPS_* are set: say which FILE is to be ordered",
            ));
        }
        (Task::Follow(_), Some(_)) => {
            return Err(Failure::setup(
                "no VIPPS_* are set, and a sandbox of its own has no order yet",
            ));
        }
        (Task::Order(file), Some(sandbox)) => {
            waits.print(&format!("Against a sandbox at {}.\n", sandbox.url()))?;
            let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/onboard/order.json");
            let file = file.as_ref().unwrap_or(&sample);
            let id = order(&session, file, &StateFile::none(), &mut waits)?;
            let (sandbox, ordered) = (Arc::clone(sandbox), id.clone());
            thread::spawn(move || merchant::play(&sandbox, &ordered));
            id
        }
    };
    let has_link = matches!(options.task, Task::Order(_));
    Ok(match follow(&session, &id, has_link, &mut waits)? {
        ProductOrderStatus::Rejected => ExitCode::from(3),
        ProductOrderStatus::Expired => ExitCode::from(4),
        _ => ExitCode::SUCCESS,
    })
}

/// Orders what a file says, unless that was done before.
fn order(
    session: &Session,
    file: &Path,
    state_file: &StateFile,
    waits: &mut Waits,
) -> Result<ProductOrderId, Failure> {
    let (order, has_key) = read(file)?;
    let service = session.base_url().to_owned();
    let (mut state, is_new) = match state_file.read()? {
        Some(state) => {
            if state.service != service {
                return Err(Failure::setup(format!(
                    "{state_file} is of an order at {}, and this run is for {service}: order at each of them from a FILE of its own",
                    state.service,
                )));
            }
            let key = state.order.key().clone();
            let same_key = if has_key {
                order
            } else {
                order.idempotency_key(key)
            };
            if same_key != state.order {
                return Err(Failure::setup(format!(
                    "{} is not what was sent before: undo its changes to go on with that order, or order this one from a FILE of its own",
                    file.display(),
                )));
            }
            (state, false)
        }
        None => {
            // Without a token nothing is sent: wrong keys leave no state.
            send(waits, || session.access_token()).map_err(|failed| failed.error)?;
            let answer = None;
            let state = State {
                service,
                order,
                answer,
            };
            // From here on every run sends the same key.
            state_file.create(&state)?;
            (state, true)
        }
    };
    let is_answered = state.answer.is_some();
    let answer = match state.answer.clone() {
        Some(answer) => answer,
        None => place(session, &state, is_new, state_file, waits)?,
    };
    let id = answer.prefilled_order_id.clone();
    let printed = waits.print(&format!("order   {id}\nlink    {}", answer.prefill_url));
    if !is_answered {
        state.answer = Some(answer);
        state_file.replace(&state).map_err(|error| {
            Failure::passing(format!(
                "{id} is ordered, but {error}\nThe same command sends the same again, and no second order; --order {id} only waits."
            ))
        })?;
    }
    printed?;
    Ok(id)
}

/// Sends an order, whose state is there, and removes the state if nothing can come of it.
fn place(
    session: &Session,
    state: &State,
    is_new: bool,
    state_file: &StateFile,
    waits: &mut Waits,
) -> Result<PrefillResponse, Failure> {
    state_file.sync_directory()?;
    let sent = send(waits, || prefill_product_order(session, &state.order));
    sent.map_err(|failed| {
        let is_over = is_new && failed.refused && state_file.remove(state);
        let may_last = !is_over && !failed.error.is_retryable();
        let mut failure = Failure::from(failed.error);
        if let Some(advice) = state_file.advice().filter(|_| may_last) {
            failure.text = format!("{}\n{advice}", failure.text);
        }
        failure
    })
}

/// The order in a file, and whether its key is in there too.
fn read(file: &Path) -> Result<(PrefillProductOrder, bool), Failure> {
    let wrong = |error: &dyn fmt::Display| Failure::setup(format!("{}: {error}", file.display()));
    let bytes = std::fs::read(file).map_err(|error| wrong(&error))?;
    let order: PrefillProductOrder =
        serde_json::from_slice(&bytes).map_err(|error| wrong(&error))?;
    order.validate().map_err(|error| wrong(&error))?;
    let members: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| wrong(&error))?;
    let key = members.get("idempotencyKey");
    Ok((order, key.is_some_and(|key| !key.is_null())))
}

struct SendFailed {
    error: Error,
    /// What was sent was refused, for good, and never more than that.
    refused: bool,
}

/// Makes a call, and makes it again while the service, or the network to it, is down.
fn send<T>(waits: &mut Waits, call: impl Fn() -> Result<T, Error>) -> Result<T, SendFailed> {
    let mut in_doubt = false;
    for _ in 1..SEND_ATTEMPTS {
        match call() {
            Err(error) if error.is_retryable() => {
                in_doubt |= match error.delivery() {
                    Delivery::NotSent => false,
                    Delivery::Answered => error.status() != Some(429),
                    _ => true,
                };
                waits.wait_after(&error, "sent");
            }
            ended => return ended.map_err(|error| SendFailed::new(error, in_doubt)),
        }
    }
    call().map_err(|error| SendFailed::new(error, in_doubt))
}

impl SendFailed {
    fn new(error: Error, in_doubt: bool) -> Self {
        // These two are about the order, and stay with its key. Others are about the keys, the rate or the moment, or come from something
        // in front of the service that knows nothing of the key.
        let is_for_good =
            error.kind() == ErrorKind::Rejected && matches!(error.status(), Some(400 | 422));
        let refused = is_for_good && !in_doubt;
        Self { error, refused }
    }
}

/// Prints each status that the order gets, up to the last, and before it the link if that has not been printed.
fn follow(
    session: &Session,
    id: &ProductOrderId,
    has_link: bool,
    waits: &mut Waits,
) -> Result<ProductOrderStatus, Failure> {
    let mut last = None;
    loop {
        let order = match get_product_order(session, id) {
            Ok(order) => order,
            Err(error) if error.is_retryable() => {
                waits.wait_after(&error, "asked");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if last.as_ref() != Some(&order.status) {
            let link = order
                .product_order_url
                .filter(|_| !has_link && last.is_none());
            if let Some(link) = link {
                waits.print(&format!("link    {link}"))?;
            }
            let unit = order.sales_unit.map_or(String::new(), |unit| {
                format!(", sales unit {} {}", unit.msn, unit.name)
            });
            waits.print(&format!("status  {}{unit}", order.status))?;
            if order.status.is_terminal() {
                return Ok(order.status);
            }
            last = Some(order.status);
            // Where something has happened, more is likely to.
            waits.begin_anew();
        }
        waits.wait();
    }
}

/// Prints a line of the result.
fn print(line: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}")
        .map_err(|error| Failure::passing(format!("cannot write to standard output: {error}")))
}

/// Says what is amiss, if anybody listens.
fn say(line: &str) {
    drop(writeln!(io::stderr(), "{line}"));
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Config | ErrorKind::InvalidInput => Self::setup(error.to_string()),
            _ => Self::passing(error.to_string()),
        }
    }
}
