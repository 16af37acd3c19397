//! The sandbox on a port, for programs in any language, until it is stopped.
//!
//! ```sh
//! cargo run --example sandbox -- --port 8080
//! ```

use std::process::ExitCode;

use vipps::sandbox::Sandbox;
use vipps::{Clock, Error};

fn main() -> ExitCode {
    let port = match port(std::env::args().skip(1)) {
        Ok(port) => port,
        Err(usage) => {
            eprintln!("{usage}\nusage: sandbox [--port PORT]");
            return ExitCode::from(2);
        }
    };
    match serve(port) {
        Ok(never) => match never {},
        Err(error) => {
            eprintln!("sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(port: u16) -> Result<std::convert::Infallible, Error> {
    // Time passes by itself here: tokens last their hour.
    let sandbox = Sandbox::builder()
        .port(port)
        .clock(Clock::system())
        .start()?;
    println!(
        "The sandbox listens at {}. Ctrl-C stops it.\n",
        sandbox.url()
    );
    println!("To point a program that uses the vipps crate at it:\n");
    for (name, value) in [
        ("VIPPS_BASE_URL", sandbox.url()),
        ("VIPPS_CLIENT_ID", "sandbox-client-id"),
        ("VIPPS_CLIENT_SECRET", "sandbox-client-secret"),
        ("VIPPS_SUBSCRIPTION_KEY", "sandbox-key-1"),
        ("VIPPS_MERCHANT_SERIAL_NUMBER", "123456"),
    ] {
        println!("    export {name}={value}");
    }
    println!("\nOr with curl:\n");
    println!(
        "    curl -X POST {}/accesstoken/get --data '' \\",
        sandbox.url()
    );
    println!(
        "      -H 'client_id: sandbox-client-id' -H 'client_secret: sandbox-client-secret' \\"
    );
    println!("      -H 'Ocp-Apim-Subscription-Key: sandbox-key-1'\n");
    println!("Management keys: client id sandbox-management-id, secret sandbox-mgmt-secret.");
    loop {
        std::thread::park();
    }
}

/// The port, or what is wrong with the arguments. 0, a free port, if none is given.
fn port(mut arguments: impl Iterator<Item = String>) -> Result<u16, String> {
    match (
        arguments.next().as_deref(),
        arguments.next(),
        arguments.next(),
    ) {
        (None, ..) => Ok(0),
        (Some("--port"), Some(port), None) => port
            .parse()
            .map_err(|_| format!("--port must be 0 to 65535, not {port:?}")),
        (Some(other), ..) => Err(format!("cannot make sense of {other:?}")),
    }
}
