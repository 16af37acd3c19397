//! A night after the other, as cron would start them.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use vipps::management::{BusinessIdentifier, SalesUnit, get_sales_unit};
use vipps::sandbox::{Fault, Sandbox};

use super::{Directory, NO_VARS, assert_output, command};

const TOKEN: &str = "POST /accesstoken/get";
const LIST: &str = "GET /management/v1/sales-units";

fn run(sandbox: &Sandbox, directory: &Path) -> Output {
    let mut command = command("nightly", &sandbox.env());
    command.arg(directory).output().unwrap()
}

#[test]
fn nightly_reports_what_is_new_gone_and_changed_since_the_last_run() {
    let (sandbox, directory) = (Sandbox::start().unwrap(), Directory::new("nightly"));
    assert_output(
        &run(&sandbox, &directory.0),
        0,
        "first run: 3 sales units\n",
        "",
    );
    // One request for the list and one per sales unit.
    assert_eq!((sandbox.count("GET *"), sandbox.count(TOKEN)), (4, 1));
    assert_output(&run(&sandbox, &directory.0), 0, "", "");

    let mut unit = get_sales_unit(&sandbox.session(), &"123456".parse().unwrap()).unwrap();
    unit.name = "ACME\u{1b}[2J Gym".to_owned();
    unit.configuration.recurring_allowed = Some(true);
    unit.configuration.capture_type = None;
    unit.settlement_bank_account = None;
    sandbox.put_sales_unit(unit);
    sandbox.remove_sales_unit(&"654321".parse().unwrap());
    let merchant = BusinessIdentifier::norway("987654321").unwrap();
    let new = SalesUnit::new("777777".parse().unwrap(), "ACME\n\u{202e}Spa", merchant);
    sandbox.put_sales_unit(new);
    let report = "\
654321 gone: ACME Web Shop
123456 account: {\"id\":\"86011117947\",\"scheme\":\"BBAN:NO\"} -> null
123456 captureType: \"ReserveCapture\" -> null
123456 name: \"ACME Fitness\" -> \"ACME\\u001b[2J Gym\"
123456 recurringAllowed: false -> true
777777 new: ACME\\n\\u{202e}Spa
";
    assert_output(&run(&sandbox, &directory.0), 0, report, "");
    assert_output(&run(&sandbox, &directory.0), 0, "", "");
}

#[test]
fn nightly_keeps_its_token_for_the_next_run_and_for_its_owner_only() {
    let (sandbox, directory) = (Sandbox::start().unwrap(), Directory::new("nightly-token"));
    run(&sandbox, &directory.0);
    run(&sandbox, &directory.0);
    assert_eq!(sandbox.count(TOKEN), 1);
    #[cfg(unix)]
    for name in ["token.json", "sales-units.json"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(directory.0.join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 2);

    // One that the API no longer takes is replaced, in the file too.
    sandbox.revoke_tokens();
    assert_output(&run(&sandbox, &directory.0), 0, "", "");
    assert_output(&run(&sandbox, &directory.0), 0, "", "");
    assert_eq!(sandbox.count(TOKEN), 2);
}

#[test]
fn a_nightly_run_that_fails_replaces_nothing() {
    let (sandbox, directory) = (Sandbox::start().unwrap(), Directory::new("nightly-fails"));
    run(&sandbox, &directory.0);
    sandbox.remove_sales_unit(&"654321".parse().unwrap());
    sandbox.fault(
        "GET /management/v1/sales-units/123456",
        1,
        Fault::status(403),
    );
    let failed = run(&sandbox, &directory.0);
    let stderr = String::from_utf8_lossy(&failed.stderr);
    assert!(
        stderr.starts_with("nightly: GET /management/v1/sales-units/123456: 403"),
        "{stderr}"
    );
    assert_eq!((failed.status.code(), failed.stdout.len()), (Some(1), 0));
    // The next run reports what that one could not.
    assert_output(
        &run(&sandbox, &directory.0),
        0,
        "654321 gone: ACME Web Shop\n",
        "",
    );

    directory.write("sales-units.json", "{");
    let failed = run(&sandbox, &directory.0);
    let stderr = String::from_utf8_lossy(&failed.stderr);
    assert!(stderr.contains("sales-units.json: EOF"), "{stderr}");
    assert_eq!(failed.status.code(), Some(1));
    assert_eq!(
        fs::read(directory.0.join("sales-units.json")).unwrap(),
        b"{"
    );
}

#[test]
fn a_report_that_nobody_reads_is_printed_by_the_next_run() {
    let (sandbox, directory) = (Sandbox::start().unwrap(), Directory::new("nightly-pipe"));
    run(&sandbox, &directory.0);
    sandbox.remove_sales_unit(&"654321".parse().unwrap());
    sandbox.fault(LIST, 1, Fault::Hold);
    let mut command = command("nightly", &sandbox.env());
    command
        .arg(&directory.0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    assert!(sandbox.wait_for(LIST, 2));
    drop(child.stdout.take());
    sandbox.release();
    assert_output(&child.wait_with_output().unwrap(), 0, "", "");
    let gone = "654321 gone: ACME Web Shop\n";
    assert_output(&run(&sandbox, &directory.0), 0, gone, "");
}

#[test]
fn a_sales_unit_that_is_listed_but_not_found_counts_as_gone() {
    let (sandbox, directory) = (Sandbox::start().unwrap(), Directory::new("nightly-404"));
    run(&sandbox, &directory.0);
    sandbox.fault(
        "GET /management/v1/sales-units/123456",
        1,
        Fault::status(404),
    );
    assert_output(
        &run(&sandbox, &directory.0),
        0,
        "123456 gone: ACME Fitness\n",
        "",
    );
}

#[test]
fn nightly_shows_two_runs_against_its_own_sandbox() {
    let output = command("nightly", NO_VARS).output().unwrap();
    let report = "\
first run: 3 sales units
654321 gone: ACME Web Shop
123456 name: \"ACME Fitness\" -> \"ACME Gym\"
123456 recurringAllowed: false -> true
";
    assert_output(&output, 0, report, "");
}

#[test]
fn nightly_refuses_wrong_arguments_before_anything_is_sent() {
    let sandbox = Sandbox::start().unwrap();
    for (vars, arguments, says) in [
        (
            &sandbox.env()[..],
            &[][..],
            "DIRECTORY is missing\nTry --help.",
        ),
        (
            &sandbox.env(),
            &["a", "b"],
            "unexpected argument \"b\"\nTry --help.",
        ),
        (
            &sandbox.env(),
            &["--dir", "a"],
            "unknown option \"--dir\"\nTry --help.",
        ),
        (&[], &["a"], "no VIPPS_* in the environment"),
    ] {
        let output = command("nightly", vars).args(arguments).output().unwrap();
        assert_output(&output, 2, "", &format!("nightly: {says}\n"));
    }
    assert_eq!(sandbox.count("*"), 0);
    let help = command("nightly", &sandbox.env())
        .arg("--help")
        .output()
        .unwrap();
    assert_eq!(help.status.code(), Some(0));
    assert!(
        String::from_utf8(help.stdout)
            .unwrap()
            .lines()
            .all(|line| line.len() <= 80)
    );
}
