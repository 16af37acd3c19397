//! What keeps an order from being made twice.

use std::fs;
use std::process::Output;

use serde_json::Value;

use vipps::management::ProductOrderStatus;
use vipps::sandbox::{Fault, Sandbox};

use super::super::{assert_output, command, vars};
use super::{ASKED_FOR, COMPLETED, Desk, ORDERED, POST, SAMPLE};

#[test]
fn an_order_at_one_service_is_none_at_another() {
    let desk = Desk::new("service");
    desk.order(&[ProductOrderStatus::Completed]);
    let state = desk.state();
    let run_at = |url: &str| -> Output {
        let mut command = command("onboard", &vars(&desk.sandbox));
        command.env("VIPPS_BASE_URL", url);
        command.arg(desk.file()).output().unwrap()
    };
    let other = Sandbox::start().unwrap();
    let stderr = format!(
        "onboard: {}.state is of an order at {}, and this run is for {}: order at each of them from a FILE of its own\n",
        desk.file().display(),
        desk.sandbox.url(),
        other.url(),
    );
    assert_output(&run_at(other.url()), 2, "", &stderr);
    assert_eq!(other.count("*"), 0);
    // Without one it is the vendor's. That this is no order there is said first: where it were not, the file would be wrong.
    desk.directory
        .write("order.json", &SAMPLE.replace("100000", "200000"));
    let stderr = stderr.replace(other.url(), "https://api.vipps.no");
    assert_output(&run_at(""), 2, "", &stderr);
    assert_eq!(desk.state(), state);

    // Written in another way it is the same.
    desk.directory.write("order.json", SAMPLE);
    let output = run_at(&format!("{}/", desk.sandbox.url()));
    assert_output(&output, 0, &format!("{ORDERED}{COMPLETED}"), "");
}

#[cfg(unix)]
#[test]
fn the_state_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let desk = Desk::new("mode");
    desk.order(&[ProductOrderStatus::Rejected]);
    let state = fs::metadata(desk.directory.0.join("order.json.state")).unwrap();
    assert_eq!(state.permissions().mode() & 0o777, 0o600);
}

/// The first state replaces nothing: of two runs that begin at once, one does not order.
#[cfg(unix)]
#[test]
fn without_a_state_nothing_is_sent() {
    let desk = Desk::new("unwritable");
    // To those who read it is not there, and to those who write it is.
    let state = desk.directory.0.join("order.json.state");
    std::os::unix::fs::symlink("nowhere", &state).unwrap();
    let output = desk.order(&[]);
    let stderr = format!(
        "onboard: cannot write {}: File exists (os error 17)\n",
        state.display()
    );
    assert_output(&output, 2, "", &stderr);
    assert_eq!(desk.sandbox.count(POST), 0);
    // Nor is anything left lying about.
    assert_eq!(fs::read_dir(&desk.directory.0).unwrap().count(), 2);
}

/// Its name has to outlast a loss of power, for which its directory is opened.
#[cfg(unix)]
#[test]
fn without_a_state_that_lasts_nothing_is_sent() {
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65534;

    let desk = Desk::new("unreadable");
    // A run that went on would end here.
    desk.sandbox.fault(POST, usize::MAX, Fault::status(403));
    let set_mode = |mode| {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(&desk.directory.0, mode).unwrap();
    };
    let mut command = command("onboard", &vars(&desk.sandbox));
    command.arg(desk.file());
    // To be written to and looked up in, and no more.
    set_mode(0o300);
    if fs::read_dir(&desk.directory.0).is_ok() {
        // Nothing keeps the superuser from reading.
        chown(&desk.directory.0, Some(NOBODY), None).unwrap();
        command.uid(NOBODY);
    }
    let output = command.output();
    set_mode(0o700);
    // Where the superuser may not become another, or nobody may run the program, there is nothing to see.
    let Ok(output) = output else { return };
    let stderr = format!(
        "onboard: cannot sync {}.state: Permission denied (os error 13)\n",
        desk.file().display()
    );
    assert_output(&output, 2, "", &stderr);
    assert_eq!(desk.sandbox.count(POST), 0);
}

#[test]
fn a_file_may_be_named_without_its_directory() {
    let desk = Desk::new("relative");
    desk.sandbox.fault(POST, 1, Fault::status(400));
    let mut command = command("onboard", &vars(&desk.sandbox));
    command.current_dir(&desk.directory.0).arg("order.json");
    let stderr = format!("onboard: {POST}: 400 Bad Request: {ASKED_FOR}\n");
    assert_output(&command.output().unwrap(), 1, "", &stderr);
}

/// A run that was stopped in the middle leaves a second name of the state, which the next run must not write to: not even one with the same
/// process id, as all in containers have.
#[cfg(unix)]
#[test]
fn what_a_stopped_run_left_is_not_written_to() {
    let desk = Desk::new("left");
    desk.sandbox.fault(POST, 5, Fault::status(500));
    desk.order(&[]);
    let before = desk.state();

    let onboard = command("onboard", &[]);
    let mut shell = std::process::Command::new("sh");
    shell
        .envs(vars(&desk.sandbox))
        .current_dir(&desk.directory.0);
    let script = "ln order.json.state order.json.state.$$ && exec \"$0\" order.json";
    shell.args(["-c", script]).arg(onboard.get_program());
    desk.sandbox.fault("GET *", 1, Fault::status(404));
    assert_eq!(shell.output().unwrap().status.code(), Some(1));

    let files = fs::read_dir(&desk.directory.0).unwrap();
    let left = files
        .map(|file| file.unwrap().path())
        .find(|path| !path.ends_with("order.json") && !path.ends_with("order.json.state"));
    let left: Value = serde_json::from_slice(&fs::read(left.unwrap()).unwrap()).unwrap();
    assert!(before.is_some());
    assert_eq!(Some(left), before);
    assert_ne!(desk.state(), before);
}
