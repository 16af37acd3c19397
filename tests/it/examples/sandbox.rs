//! The sandbox as a program: what it says is enough to make a call to it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use vipps::{ApiKeys, Session, management};

use super::{Killed, NO_VARS, assert_output, command};
use crate::support::system;

#[test]
fn its_variables_lead_to_it_and_its_requests_are_shown() {
    let mut command = command("sandbox", NO_VARS);
    command.args(["--port=0", "--sales-units", "7", "--verbose"]);
    let mut program = Killed(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(program.0.stdout.take().unwrap()).lines();
    let mut variables = HashMap::new();
    for line in lines.by_ref() {
        let line = line.unwrap();
        if let Some((name, value)) = line.trim_start_matches("    export ").split_once('=') {
            variables.insert(name.to_owned(), value.to_owned());
        }
        if line.starts_with("secret ") {
            break;
        }
    }
    let variable = |name: &str| variables[name].clone();
    let keys = ApiKeys::standard(
        variable("VIPPS_CLIENT_ID"),
        variable("VIPPS_CLIENT_SECRET"),
        variable("VIPPS_SUBSCRIPTION_KEY"),
    );
    let session = Session::builder(keys, system())
        .base_url(variable("VIPPS_BASE_URL"))
        .merchant_serial_number(variable("VIPPS_MERCHANT_SERIAL_NUMBER").parse().unwrap());
    let units = management::list_sales_units(&session.build().unwrap()).unwrap();
    assert_eq!(units.len(), 7);
    let shown: Vec<String> = lines.by_ref().take(2).map(Result::unwrap).collect();
    assert_eq!(
        shown,
        ["POST /accesstoken/get", "GET /management/v1/sales-units"]
    );
    #[cfg(unix)]
    program.interrupt();
}

#[test]
fn arguments_that_are_wrong_are_refused() {
    for (arguments, says) in [
        (
            &["--port", "65536"][..],
            "--port must be 0 to 65535, not \"65536\"",
        ),
        (&["--port"], "--port needs a value"),
        (
            &["--clock=sun"],
            "--clock must be one of system, manual, not \"sun\"",
        ),
        (&["--verbose=1"], "--verbose takes no value"),
        (&["--port=1", "--port=2"], "--port is given twice"),
        (&["--verbos"], "unknown option \"--verbos\""),
        (&["8080"], "unexpected argument \"8080\""),
    ] {
        let output = command("sandbox", NO_VARS).args(arguments).output();
        let stderr = format!("sandbox: {says}\nTry --help.\n");
        assert_output(&output.unwrap(), 2, "", &stderr);
    }
    let output = command("sandbox", NO_VARS).arg("--help").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.lines().all(|line| line.len() <= 80), "{help}");
}
