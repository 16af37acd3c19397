//! The state, which prevents a second order.

use std::fs;
use std::process::Output;

use serde_json::{Value, json};

use vipps::management::ProductOrderStatus;
use vipps::sandbox::{Fault, Sandbox};

use super::super::{NO_VARS, command};
use super::{
    ASKED_FOR, COMPLETED, Desk, ORDERED, POST, advice, assert_output, end, key, refused_by_the_api,
};

// ---- When it is removed

#[test]
fn only_a_refusal_of_the_order_removes_the_state() {
    for (status, name, posts, stays) in [
        (400, "Bad Request", 1, false),
        (422, "Unprocessable Entity", 1, false),
        // Once more with a new token.
        (401, "Unauthorized", 2, true),
        (403, "Forbidden", 1, true),
        (404, "Not Found", 1, true),
        (409, "Conflict", 1, true),
        (413, "Payload Too Large", 1, true),
    ] {
        let desk = Desk::new(&format!("removed-{status}"));
        desk.sandbox.fault(POST, posts, Fault::status(status));
        let output = desk.order(&[]);
        let advice = if stays { advice(&desk) } else { String::new() };
        let notes = if posts > 1 { " (2 attempts)" } else { "" };
        let stderr = format!("onboard: {POST}: {status} {name}: {ASKED_FOR}{notes}\n{advice}");
        assert_output(&output, 1, "", &stderr);
        assert_eq!(desk.state().is_some(), stays, "{status}");

        // What stayed is sent again as it was.
        let output = desk.order(&[ProductOrderStatus::Completed]);
        let expected = format!("{ORDERED}status  RECEIVED\n{COMPLETED}");
        assert_output(&output, 0, &expected, "");
        let sent = desk.posts();
        assert_eq!(sent.len(), posts + 1);
        assert_eq!(key(&sent[0]) == key(&sent[posts]), stays, "{status}");
    }
}

/// Another run may have got its order through since.
#[test]
fn a_server_that_takes_no_more_leaves_the_state() {
    let desk = Desk::new("rate");
    let too_many = Fault::status_retry_after(429, "0");
    desk.sandbox.fault(POST, 3, too_many);
    let output = desk.order(&[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let state = desk.state().unwrap();
    desk.order(&[ProductOrderStatus::Completed]);
    let posts = desk.posts();
    assert_eq!(posts.len(), 4);
    assert_eq!(key(&posts[3]), state["order"]["idempotencyKey"]);
    desk.assert_one_order();
}

#[test]
fn a_refusal_after_another_attempt_leaves_the_state() {
    for (name, before) in [
        ("500", Fault::status(500)),
        ("lost", Fault::LoseReply),
        ("429", Fault::status(429)),
    ] {
        let desk = Desk::new(&format!("doubt-{name}"));
        desk.sandbox.fault(POST, 1, before);
        desk.sandbox.fault(POST, 1, Fault::status(400));
        let output = desk.order(&[]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert_eq!(desk.posts().len(), 2);
        assert!(desk.state().is_some(), "{name}");
    }

    // So does one in a run that finds the state.
    let desk = Desk::new("doubt-run");
    desk.sandbox.fault(POST, 1, Fault::status(403));
    desk.order(&[]);
    let state = desk.state();
    desk.sandbox.fault(POST, 1, Fault::status(400));
    let output = desk.order(&[]);
    let stderr = format!(
        "onboard: {POST}: 400 Bad Request: {ASKED_FOR}\n{}",
        advice(&desk)
    );
    assert_output(&output, 1, "", &stderr);
    assert!(state.is_some());
    assert_eq!(desk.state(), state);
}

#[test]
fn a_state_that_is_not_the_refused_one_stays() {
    let answer = json!({"prefilledOrderId": super::ID, "prefillUrl": "https://example.com"});
    for (name, pointer, value) in [
        ("answered", "/answer", answer),
        ("another-key", "/order/idempotencyKey", json!("order-2")),
    ] {
        let desk = Desk::new(&format!("refused-{name}"));
        desk.directory.write("order.json", &refused_by_the_api());
        desk.sandbox.fault(POST, 1, Fault::Hold);
        let program = desk.begin_order();
        assert!(desk.sandbox.wait_for(POST, 1));
        // Another run.
        let mut state = desk.state().unwrap();
        state["answer"] = Value::Null;
        *state.pointer_mut(pointer).unwrap() = value;
        desk.directory.write("order.json.state", &state.to_string());
        desk.sandbox.release();
        let output = end(program);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("400 Bad Request"), "{stderr}");
        assert_eq!(desk.state(), Some(state));
    }
}

#[test]
fn wrong_keys_leave_no_state_and_remove_none() {
    let desk = Desk::new("keys");
    let order_with_wrong_keys = || {
        let mut command = command("onboard", &desk.sandbox.env());
        command.env("VIPPS_CLIENT_SECRET", "another-secret");
        command.arg(desk.file()).output().unwrap()
    };
    let refused = "onboard: no access token: POST /accesstoken/get: 401 Unauthorized: \
                   invalid_client: The client secret is wrong\n";
    assert_output(&order_with_wrong_keys(), 1, "", refused);
    assert_eq!(desk.state(), None);

    desk.sandbox.fault(POST, 1, Fault::status(403));
    desk.order(&[]);
    let state = desk.state();
    let stderr = refused.to_owned() + &advice(&desk);
    assert_output(&order_with_wrong_keys(), 1, "", &stderr);
    assert!(state.is_some());
    assert_eq!(desk.state(), state);
}

// ---- Whose it is

#[test]
fn an_order_belongs_to_one_base_url() {
    let desk = Desk::new("service");
    desk.order(&[ProductOrderStatus::Completed]);
    let state = desk.state();
    let run_at = |url: &str| -> Output {
        let mut command = command("onboard", &desk.sandbox.env());
        command.env("VIPPS_BASE_URL", url);
        command.arg(desk.file()).output().unwrap()
    };
    let other = Sandbox::start().unwrap();
    let stderr = format!(
        "onboard: {}.state is for an order at {}, not at {}: use another FILE\n",
        desk.file().display(),
        desk.sandbox.url(),
        other.url(),
    );
    assert_output(&run_at(other.url()), 2, "", &stderr);
    assert_eq!(other.count("*"), 0);
    assert_eq!(desk.state(), state);

    // Written in another way it is the same.
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

// ---- How it is written

/// The first state replaces nothing: of two runs that begin at once, one does not order.
#[cfg(unix)]
#[test]
fn without_a_state_nothing_is_sent() {
    let desk = Desk::new("unwritable");
    // Absent for readers, and present for writers.
    let state = desk.directory.0.join("order.json.state");
    std::os::unix::fs::symlink("nowhere", &state).unwrap();
    let output = desk.order(&[]);
    let stderr = format!(
        "onboard: cannot create {}: another run has just done so\n",
        state.display()
    );
    assert_output(&output, 1, "", &stderr);
    assert_eq!(desk.sandbox.count(POST), 0);
    // No temporary file is left.
    assert_eq!(fs::read_dir(&desk.directory.0).unwrap().count(), 2);
}

/// The directory is synced, so that the name survives a power failure.
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
    let mut command = command("onboard", &desk.sandbox.env());
    command.arg(desk.file());
    // Not readable.
    set_mode(0o300);
    if fs::read_dir(&desk.directory.0).is_ok() {
        // Nothing keeps the superuser from reading.
        if chown(&desk.directory.0, Some(NOBODY), None).is_err() {
            set_mode(0o700);
            return;
        }
        command.uid(NOBODY);
    }
    let output = command.output();
    set_mode(0o700);
    // The superuser may be unable to become nobody, or nobody to run the program.
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
    let mut command = command("onboard", &desk.sandbox.env());
    command.current_dir(&desk.directory.0).arg("order.json");
    let stderr = format!("onboard: {POST}: 400 Bad Request: {ASKED_FOR}\n");
    assert_output(&command.output().unwrap(), 1, "", &stderr);
}

/// A run that was stopped leaves a second name of the state, which the next run must not write to,
/// even if it has the same process id, as in containers.
#[cfg(unix)]
#[test]
fn what_a_stopped_run_left_is_not_written_to() {
    let desk = Desk::new("left");
    desk.sandbox.fault(POST, 1, Fault::status(403));
    desk.order(&[]);
    let before = desk.state();

    let onboard = command("onboard", NO_VARS);
    let mut shell = std::process::Command::new("sh");
    shell
        .envs(desk.sandbox.env())
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
