//! Reports what changed among all sales units since the last run, for cron: silent if nothing did.
//!
//! ```sh
//! cargo run --example nightly                 # two runs against its own sandbox
//! cargo run --example nightly -- DIRECTORY    # with VIPPS_* in the environment
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, from_value, to_value};
use vipps::management::{SalesUnit, get_sales_unit, list_sales_units};
use vipps::sandbox::Sandbox;
use vipps::{AccessToken, ErrorKind, Msn, SessionBuilder};

mod common;

use common::{Failure, Program, files, print, say, server};

const PROGRAM: Program = Program {
    name: "nightly",
    help: "\
Reports the sales units that are new, gone or changed since the last run.

usage: nightly DIRECTORY

  DIRECTORY   keeps the sales units and a token for the next run, for one
              set of keys; without VIPPS_*, a sandbox shows two runs

Exit codes: 0 done, 1 failed, run it again, 2 wrong arguments or settings.
",
    operands: 1,
    ..Program::PLAIN
};

type Units = BTreeMap<Msn, SalesUnit>;

fn main() -> ExitCode {
    PROGRAM.main(|arguments| {
        let (builder, sandbox) = server::session_builder("nightly", Sandbox::builder())?;
        match (sandbox, arguments.operands.first()) {
            (None, Some(directory)) => compare(builder, Path::new(directory))?,
            (None, None) => return Err(Failure::usage("DIRECTORY is missing")),
            (Some(_), Some(_)) => return Err(Failure::setup("no VIPPS_* in the environment")),
            (Some(sandbox), None) => {
                let directory = files::Temporary::new("nightly")?;
                compare(builder, &directory.0)?;
                let mut unit = get_sales_unit(&sandbox.session(), &"123456".parse()?)?;
                unit.name = "ACME Gym".to_owned();
                unit.configuration.recurring_allowed = Some(true);
                sandbox.put_sales_unit(unit);
                sandbox.remove_sales_unit(&"654321".parse()?);
                compare(sandbox.session_builder()?, &directory.0)?;
            }
        }
        Ok(0)
    })
}

/// Compares all sales units with those of the last run, and keeps them for the next one.
fn compare(mut builder: SessionBuilder, directory: &Path) -> Result<(), Failure> {
    let token_file = directory.join("token.json");
    if let Some((secret, expiry)) = files::read::<(String, _)>(&token_file)? {
        builder = builder.access_token(AccessToken::valid_until(&secret, expiry)?);
    }
    let keep = move |token: &AccessToken| {
        let kept = files::replace(&token_file, &(token.secret(), token.expires_at()));
        kept.unwrap_or_else(|failure| say(&failure.to_string()));
    };
    let session = builder.on_new_token(keep).build()?;
    let mut today = Units::new();
    for unit in list_sales_units(&session)? {
        let details = match get_sales_unit(&session, &unit.msn) {
            // Deactivated since it was listed.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            details => details?,
        };
        today.insert(unit.msn, details);
    }
    let file = directory.join("sales-units.json");
    match files::read::<Units>(&file)? {
        None => print(&format!("first run: {} sales units", today.len()))?,
        Some(before) => report(&before, &today)?,
    }
    // Last, so that what could not be printed is printed by the next run.
    files::replace(&file, &today)
}

fn report(before: &Units, today: &Units) -> Result<(), Failure> {
    for unit in before
        .values()
        .filter(|unit| !today.contains_key(&unit.msn))
    {
        print(&format!("{} gone: {}", unit.msn, unit.name))?;
    }
    for (msn, unit) in today {
        let Some(old) = before.get(msn) else {
            print(&format!("{msn} new: {}", unit.name))?;
            continue;
        };
        let (old, new) = (fields(old)?, fields(unit)?);
        for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let [old, new] = [&old, &new].map(|of| of.get(name).unwrap_or(&Value::Null));
            if old != new {
                print(&format!("{msn} {name}: {old} -> {new}"))?;
            }
        }
    }
    Ok(())
}

/// What is compared: the configuration, the name and the account.
fn fields(unit: &SalesUnit) -> serde_json::Result<BTreeMap<String, Value>> {
    let mut fields: BTreeMap<_, _> = from_value(to_value(&unit.configuration)?)?;
    fields.insert("name".into(), to_value(&unit.name)?);
    fields.insert("account".into(), to_value(&unit.settlement_bank_account)?);
    Ok(fields)
}
