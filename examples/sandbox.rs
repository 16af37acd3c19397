//! The sandbox on a port, for programs in any language, until Ctrl-C stops it.
//!
//! ```sh
//! cargo run --example sandbox -- --port 8080
//! ```

use std::convert::Infallible;
use std::io::{Write, stdout};
use std::process::ExitCode;

use vipps::sandbox::{Sandbox, SandboxBuilder};
use vipps::{Clock, Error};

#[path = "common/arguments.rs"]
mod arguments;

use arguments::Arguments;

const HELP: &str = "\
A local stand-in for the Management and Order Management APIs.

usage: sandbox [options]

  --port N          the port on 127.0.0.1; a free one if not given
  --sales-units N   so many sales units instead of three
  --clock KIND      system, the default: tokens and product orders
                    expire as time passes; manual: they never do
  --verbose         show each request, a line each

Ctrl-C stops it. Exit codes: 1 the port cannot be had, 2 arguments.
";

fn main() -> ExitCode {
    let options = ["--port", "--sales-units", "--clock"];
    let arguments = match Arguments::read(&options, &["--verbose"]) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            drop(stdout().write_all(HELP.as_bytes()));
            return ExitCode::SUCCESS;
        }
        Err(error) => return refuse(&error),
    };
    let builder = match builder(&arguments) {
        Ok(builder) => builder,
        Err(error) => return refuse(&error),
    };
    match serve(builder, arguments.text("--verbose").is_some()) {
        Ok(never) => match never {},
        Err(error) => {
            eprintln!("sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

fn refuse(error: &str) -> ExitCode {
    eprintln!("sandbox: {error}\nTry --help.");
    ExitCode::from(2)
}

fn builder(arguments: &Arguments) -> Result<SandboxBuilder, String> {
    if let Some(other) = arguments.others.first() {
        return Err(format!("cannot make sense of {other:?}"));
    }
    let clock = match arguments.text("--clock") {
        None | Some("system") => Clock::system(),
        Some("manual") => Clock::manual(),
        Some(other) => return Err(format!("--clock must be system or manual, not {other:?}")),
    };
    let mut builder = Sandbox::builder().clock(clock);
    if let Some(port) = arguments.number("--port", 0..=u16::MAX)? {
        builder = builder.port(port);
    }
    if let Some(count) = arguments.number("--sales-units", 0..=1_000_000)? {
        builder = builder.sales_units(count);
    }
    Ok(builder)
}

fn serve(builder: SandboxBuilder, is_verbose: bool) -> Result<Infallible, Error> {
    let sandbox = builder.start()?;
    let url = sandbox.url();
    println!("The sandbox listens at {url}. Ctrl-C stops it.\n");
    println!("To point a program that uses the vipps crate at it:\n");
    for (name, value) in sandbox.env() {
        println!("    export {name}={value}");
    }
    println!("\nOr with curl:\n");
    println!("    curl -X POST {url}/accesstoken/get --data '' \\");
    println!("      -H 'client_id: sandbox-client-id' \\");
    println!("      -H 'client_secret: sandbox-client-secret' \\");
    println!("      -H 'Ocp-Apim-Subscription-Key: sandbox-key-1'\n");
    println!("Management keys: client id sandbox-management-id,");
    println!("secret sandbox-mgmt-secret.");
    loop {
        // Nobody looks at them later.
        if sandbox.wait_for("*", 1) {
            for request in sandbox.take_requests() {
                if is_verbose {
                    println!("{} {}", request.method, request.path.escape_debug());
                }
            }
        }
    }
}
