//! Orders a product for a merchant and waits until the order is completed, rejected or expired.
//!
//! `cargo run --example onboard` does so with `order.json` and its own sandbox; see `--help`.

use std::fs;
use std::io::{IsTerminal, stderr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vipps::management::{
    PrefillProductOrder, PrefillResponse, ProductOrderId, ProductOrderStatus, ProductType,
    ProductUseCase, get_product_order, prefill_product_order,
};
use vipps::sandbox::Sandbox;
use vipps::{Attempt, Session};

#[path = "../common/mod.rs"]
mod common;

use common::arguments::Arguments;
use common::{Failure, Program, files, fit, from_json, print, print_text, say, server};

const PROGRAM: Program = Program {
    name: "onboard",
    help: "\
Orders a product for a merchant, prints the URL where the merchant
submits the order, and waits until it is completed, rejected or expired.

usage: onboard [FILE | --order ID] [--poll SECONDS]

  FILE             the order as JSON; without VIPPS_* the default is
                   examples/onboard/order.json
  --order ID       only wait for this order
  --poll SECONDS   how often to get the status, 0.1 to 3600; 30 by default

With VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET and VIPPS_SUBSCRIPTION_KEY it calls
the API, without any VIPPS_* its own sandbox, where it plays the merchant too.

It can be stopped and run again with the same FILE, even while another run is
active: FILE.state prevents a second order. To order once more, copy FILE.

Exit codes: 0 completed, 1 a call failed or nobody reads the output: run it
again, 2 wrong arguments, files or settings, 3 rejected, 4 expired.
",
    options: &["--order=", "--poll="],
    operands: 1,
    reader_gone: 1,
};

/// `FILE.state`: what is sent and where, saved before it is sent, and then the answer.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct State {
    /// An order id means nothing to another server.
    base_url: String,
    /// With its idempotency key.
    order: PrefillProductOrder,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<PrefillResponse>,
}

fn main() -> ExitCode {
    PROGRAM.main(run)
}

fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let poll = arguments.number("--poll", 0.1..=3600.0)?.unwrap_or(30.0);
    let poll = Duration::from_secs_f64(poll);
    let (file, followed) = (arguments.operands.first(), arguments.text("--order"));
    // The sandbox lives until the end of this function.
    let (builder, sandbox) = server::session_builder("onboard", Sandbox::builder())?;
    let session = builder.observer(say_retry).build()?;
    let id = match (file, followed, &sandbox) {
        (Some(_), Some(_), _) => return Err(Failure::usage("give FILE or --order, not both")),
        (None, None, None) => return Err(Failure::usage("FILE is required with VIPPS_* set")),
        (None, Some(_), Some(_)) => return Err(Failure::usage("--order needs VIPPS_*")),
        (None, Some(id), None) => {
            let id = ProductOrderId::new(id);
            let id = id.map_err(|error| Failure::usage(format!("--order: {error}")))?;
            print(&format!("order   {id}"))?;
            id
        }
        (Some(file), None, None) => order_once(&session, file)?,
        (file, None, Some(sandbox)) => {
            print_text(&format!("Against its own sandbox at {}.\n", sandbox.url()))?;
            let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/onboard/order.json");
            let (order, _) = read(file.map_or(sample, String::as_str))?;
            print_order(&prefill_product_order(&session, &order)?)?
        }
    };
    follow(&session, &id, followed.is_none(), poll, sandbox.as_ref())
}

/// Says that an order is sent again. A retry with a new token does not wait.
fn say_retry(attempt: &Attempt) {
    let wait = attempt.retry_in().unwrap_or_default().as_secs_f64();
    if attempt.method() == "POST" && wait > 0.0 {
        let status = attempt.status();
        let failed = status.map_or("no answer".to_owned(), |status| status.to_string());
        let failed = format!("onboard: POST {}: {failed}", attempt.path());
        say(&format!("{failed}; retrying in {wait:.1} s"));
    }
}

/// Reads and validates an order, and tells whether the file has its key.
fn read(file: &str) -> Result<(PrefillProductOrder, bool), Failure> {
    let read = || -> Result<_, Box<dyn std::error::Error>> {
        let text = fs::read_to_string(file)?;
        let order: PrefillProductOrder = from_json(&text)?;
        let members: Value = from_json(&text)?;
        // A value that this crate does not know is more likely misspelt than new.
        order.product_type().as_str().parse::<ProductType>()?;
        if let Some(Value::String(use_case)) = members.get("productUseCase") {
            use_case.parse::<ProductUseCase>()?;
        }
        order.validate()?;
        let has_key = members.get("idempotencyKey").is_some_and(Value::is_string);
        Ok((order, has_key))
    };
    read().map_err(|error| Failure::setup(format!("{file}: {error}")))
}

/// Sends the order of a file, or the one that an earlier run began to send, unless it is answered.
fn order_once(session: &Session, file: &str) -> Result<ProductOrderId, Failure> {
    let (mut order, has_key) = read(file)?;
    let path = PathBuf::from(format!("{file}.state"));
    let saved: Option<State> =
        files::read(&path).map_err(|failure| Failure::setup(failure.to_string()))?;
    let is_new = saved.is_none();
    let mut state = match saved {
        Some(state) => {
            let wrong = |error| Failure::setup(format!("{file}.state: {error}"));
            state.order.validate().map_err(wrong)?;
            let (its, ours) = (&state.base_url, session.base_url());
            if its != ours {
                return Err(Failure::setup(format!(
                    "{file}.state is for an order at {its}, not at {ours}: use another FILE"
                )));
            }
            if !has_key {
                order = order.idempotency_key(state.order.key().clone());
            }
            if order != state.order {
                return Err(Failure::setup(format!(
                    "{file} has changed since it was sent: undo the changes, or use another FILE \
                     for another order"
                )));
            }
            state
        }
        None => {
            // Wrong keys leave no state.
            session.access_token()?;
            let state = State {
                base_url: session.base_url().to_owned(),
                order,
                answer: None,
            };
            files::create(&path, state)?
        }
    };
    if let Some(answer) = &state.answer {
        return print_order(answer);
    }
    // Also for an earlier run that was stopped before it did so.
    files::sync_name(&path)?;
    let answer = prefill_product_order(session, &state.order).map_err(|error| {
        // Nothing can come of a key whose very first attempt is refused.
        let is_refused = matches!(error.status(), Some(400 | 422)) && error.attempts() == 1;
        // Another run may have replaced the state since.
        let is_same = || files::read(&path).is_ok_and(|now| now.as_ref() == Some(&state));
        if is_new && is_refused && is_same() {
            drop(fs::remove_file(&path));
        }
        if error.is_retryable() || !path.exists() {
            return Failure::from(error);
        }
        Failure::passing(format!(
            "{error}\n{file}.state is kept, so that the same command sends the same order and \
             never a second one. If it keeps failing, delete that file, but only while no other \
             run is active and if GET /management/v2/product-orders does not list the order."
        ))
    })?;
    // Shown even if it cannot be saved, and saved even if nobody reads it.
    let printed = print_order(&answer);
    let id = answer.prefilled_order_id.clone();
    state.answer = Some(answer);
    files::replace(&path, &state).map_err(|failure| {
        Failure::passing(format!(
            "{id} is ordered, but {failure}\nThe same command sends the same order and never a \
             second one; --order {id} only waits."
        ))
    })?;
    printed
}

fn print_order(answer: &PrefillResponse) -> Result<ProductOrderId, Failure> {
    print(&format!("order   {}", answer.prefilled_order_id))?;
    print(&format!("url     {}", answer.prefill_url))?;
    Ok(answer.prefilled_order_id.clone())
}

/// Prints each new status, up to the last, which tells the exit code. Plays a sandbox's merchant.
fn follow(
    session: &Session,
    id: &ProductOrderId,
    has_url: bool,
    poll: Duration,
    sandbox: Option<&Sandbox>,
) -> Result<u8, Failure> {
    if sandbox.is_none() && stderr().is_terminal() {
        say("onboard: Ctrl-C stops waiting; the same command resumes");
    }
    let mut last = None;
    loop {
        let order = match get_product_order(session, id) {
            Ok(order) => order,
            Err(error) if error.is_retryable() => {
                // For an hour at most, whatever `Retry-After` says.
                let asked_for = error.retry_after().unwrap_or_default();
                let wait = poll.max(asked_for.min(Duration::from_secs(3600)));
                say(&format!("onboard: {error}; asking again in {wait:?}"));
                sleep(wait);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if let (Some(url), None, false) = (order.product_order_url, &last, has_url) {
            print(&format!("url     {url}"))?;
        }
        let status = order.status;
        if last.as_ref() != Some(&status) {
            let unit = order.sales_unit.map_or(String::new(), |unit| {
                format!(", sales unit {} {}", unit.msn, unit.name)
            });
            print(&fit(&format!("status  {status}{unit}"), 80))?;
        }
        let next = match status {
            ProductOrderStatus::Completed => return Ok(0),
            ProductOrderStatus::Rejected => return Ok(3),
            ProductOrderStatus::Expired => return Ok(4),
            ProductOrderStatus::Received => ProductOrderStatus::MerchantViewed,
            ProductOrderStatus::MerchantViewed => ProductOrderStatus::OrderSubmitted,
            _ => ProductOrderStatus::Completed,
        };
        match sandbox {
            Some(sandbox) => sandbox.set_product_order_status(id, next)?,
            None => sleep(poll),
        }
        last = Some(status);
    }
}
