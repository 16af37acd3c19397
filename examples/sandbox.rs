//! The sandbox on a port, for programs in any language, until Ctrl-C stops it.
//!
//! ```sh
//! cargo run --example sandbox -- --port 8080
//! ```

use std::process::ExitCode;

use vipps::Clock;
use vipps::sandbox::{Sandbox, SandboxBuilder};

mod common;

use common::arguments::Arguments;
use common::{Failure, Program, print, print_text};

const PROGRAM: Program = Program {
    name: "sandbox",
    help: "\
A local stand-in for the Management and Order Management APIs.

usage: sandbox [options]

  --port N          the port on 127.0.0.1; a free one by default
  --sales-units N   this many sales units instead of three
  --clock KIND      system, the default: tokens and product orders
                    expire as time passes; manual: they never do
  --verbose         print each request on a line

Ctrl-C stops it. Exit codes: 1 cannot use the port, 2 wrong arguments.
With --verbose it also ends, with 0, when nobody reads its output.
",
    options: &["--port=", "--sales-units=", "--clock=", "--verbose"],
    ..Program::PLAIN
};

fn main() -> ExitCode {
    PROGRAM.main(|arguments| serve(builder(arguments)?, arguments.has("--verbose")))
}

fn builder(arguments: &Arguments) -> Result<SandboxBuilder, Failure> {
    let clocks: [(_, fn() -> Clock); 2] = [("system", Clock::system), ("manual", Clock::manual)];
    let clock = arguments.choice("--clock", &clocks)?;
    let clock = clock.unwrap_or(Clock::system)();
    let mut builder = Sandbox::builder().clock(clock);
    if let Some(port) = arguments.number("--port", 0..=u16::MAX)? {
        builder = builder.port(port);
    }
    if let Some(count) = arguments.number("--sales-units", 0..=1_000_000)? {
        builder = builder.sales_units(count);
    }
    Ok(builder)
}

fn serve(builder: SandboxBuilder, is_verbose: bool) -> Result<u8, Failure> {
    let sandbox = builder
        .start()
        .map_err(|error| Failure::passing(error.to_string()))?;
    let url = sandbox.url();
    let variables: String = sandbox
        .env()
        .iter()
        .map(|(name, value)| format!("    export {name}={value}\n"))
        .collect();
    print_text(&format!(
        "\
The sandbox listens at {url}. Ctrl-C stops it.

To point a program that uses the vipps crate at it:

{variables}
Or with curl:

    curl -X POST {url}/accesstoken/get --data '' \\
      -H 'client_id: sandbox-client-id' \\
      -H 'client_secret: sandbox-client-secret' \\
      -H 'Ocp-Apim-Subscription-Key: sandbox-key-1'

Management keys: client id sandbox-management-id,
secret sandbox-mgmt-secret."
    ))?;
    loop {
        // Requests are taken out even if they are not shown, so that they do not pile up.
        if sandbox.wait_for("*", 1) {
            for request in sandbox.take_requests().iter().filter(|_| is_verbose) {
                print(&format!("{} {}", request.method, request.path))?;
            }
        }
    }
}
