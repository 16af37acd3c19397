//! Runs that are interrupted, and calls that fail.

use std::fs;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use serde_json::Value;

use vipps::management::ProductOrderStatus;
use vipps::sandbox::Fault;

use super::{
    ASKED_FOR, COMPLETED, Desk, ID, LOOK, ORDERED, POST, SAMPLE, advice, assert_changed,
    assert_output, end, key, retry, without_waits,
};

#[test]
fn killed_before_the_answer_it_sends_the_same_again() {
    let desk = Desk::new("killed");
    // The first is carried out, and its answer lost. The second hangs until the program is killed.
    desk.sandbox.fault(POST, 1, Fault::LoseReply);
    desk.sandbox.fault(POST, 1, Fault::Hold);
    let mut program = desk.begin_order();
    assert!(desk.sandbox.wait_for(POST, 2));
    program.0.kill().unwrap();
    program.0.wait().unwrap();
    desk.sandbox.release();
    let state = desk.state().unwrap();
    assert_eq!(state.get("answer"), None);

    let output = desk.order(&[ProductOrderStatus::Completed]);
    let expected = format!("{ORDERED}status  RECEIVED\n{COMPLETED}");
    assert_output(&output, 0, &expected, "");
    let posts = desk.posts();
    assert_eq!(posts.len(), 3);
    for post in &posts {
        assert_eq!(key(post), state["order"]["idempotencyKey"]);
        assert_eq!(post.body, posts[0].body);
    }
    desk.assert_one_order();
}

#[test]
fn two_runs_at_once_make_one_order() {
    let desk = Desk::new("two");
    desk.sandbox.fault(POST, 1, Fault::Hold);
    let first = desk.begin_order();
    assert!(desk.sandbox.wait_for(POST, 1));
    let second = desk.begin_order();
    assert!(desk.sandbox.wait_for(POST, 2));
    desk.sandbox.release();
    desk.wait_for_looks();
    desk.wait_for_looks();
    desk.set(&ProductOrderStatus::Rejected);
    for program in [first, second] {
        let output = end(program);
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(stdout.starts_with(ORDERED), "{output:?}");
        assert_eq!(output.status.code(), Some(3), "{output:?}");
    }
    let posts = desk.posts();
    assert_eq!(posts.len(), 2);
    assert_eq!(key(&posts[0]), key(&posts[1]));
    desk.assert_one_order();
}

#[test]
fn killed_while_it_waits_it_only_goes_on_waiting() {
    let desk = Desk::new("waiting");
    desk.sandbox.fault(LOOK, 1, Fault::Hold);
    let mut program = desk.begin_order();
    assert!(desk.sandbox.wait_for(LOOK, 1));
    program.0.kill().unwrap();
    program.0.wait().unwrap();
    desk.sandbox.release();

    let output = desk.order(&[ProductOrderStatus::Completed]);
    let expected = format!("{ORDERED}status  RECEIVED\n{COMPLETED}");
    assert_output(&output, 0, &expected, "");
    assert_eq!(desk.posts().len(), 1);

    // By its id it does not need the file.
    fs::remove_file(desk.file()).unwrap();
    let output = desk.run(&["--order", ID], &[]);
    assert_output(&output, 0, &format!("{ORDERED}{COMPLETED}"), "");
    assert_eq!(desk.posts().len(), 1);
}

#[test]
fn a_server_that_is_down_gets_retries_with_the_same_key() {
    let desk = Desk::new("down");
    desk.sandbox.fault(POST, 3, Fault::status(503));
    let first = without_waits(desk.order(&[]));
    let stderr = format!(
        "{retry}{retry}onboard: {POST}: 503 Service Unavailable: {ASKED_FOR} \
         (3 attempts; the server may have carried it out)\n",
        retry = retry("503"),
    );
    assert_output(&first, 1, "", &stderr);
    // The order may exist.
    assert!(desk.state().is_some());

    let second = desk.order(&[ProductOrderStatus::Rejected]);
    assert_eq!(second.status.code(), Some(3), "{second:?}");
    let posts = desk.posts();
    assert_eq!(posts.len(), 4);
    assert!(posts.iter().all(|post| key(post) == key(&posts[0])));
}

#[test]
fn a_wait_that_is_too_long_for_the_call_ends_it() {
    let desk = Desk::new("wait");
    let an_hour = Fault::status_retry_after(429, "3600");
    desk.sandbox.fault(POST, 1, an_hour);
    let output = desk.order(&[]);
    let stderr =
        format!("onboard: {POST}: 429 Too Many Requests: {ASKED_FOR} (retry after 3600 s)\n");
    assert_output(&output, 1, "", &stderr);
    // The same command sends it later.
    assert!(desk.state().is_some());
    assert_eq!(desk.posts().len(), 1);
}

#[test]
fn an_order_that_is_refused_leaves_no_state() {
    let desk = Desk::new("refused");
    desk.sandbox.fault(POST, 1, Fault::status(400));
    let output = desk.order(&[]);
    let stderr = format!("onboard: {POST}: 400 Bad Request: {ASKED_FOR}\n");
    assert_output(&output, 1, "", &stderr);
    assert_eq!(desk.state(), None);

    // The corrected order gets another key.
    let changed = SAMPLE.replace("Fantastic ", "");
    desk.directory.write("order.json", &changed);
    let output = desk.order(&[ProductOrderStatus::Rejected]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let posts = desk.posts();
    assert_eq!(posts.len(), 2);
    assert_ne!(key(&posts[0]), key(&posts[1]));
}

#[test]
fn a_refusal_says_nothing_about_what_was_sent_before() {
    // In the run before.
    let desk = Desk::new("refused-later");
    desk.sandbox.fault(POST, 1, Fault::LoseReply);
    desk.sandbox.fault(POST, 1, Fault::Hold);
    let mut program = desk.begin_order();
    assert!(desk.sandbox.wait_for(POST, 2));
    program.0.kill().unwrap();
    program.0.wait().unwrap();
    desk.sandbox.release();
    let state = desk.state();
    desk.sandbox.fault(POST, 1, Fault::status(403));
    let output = desk.order(&[]);
    let refused = format!("onboard: {POST}: 403 Forbidden: {ASKED_FOR}\n");
    assert_output(&output, 1, "", &(refused + &advice(&desk)));
    assert!(state.is_some());
    assert_eq!(desk.state(), state);

    // In the attempt before.
    let desk = Desk::new("refused-after-failure");
    desk.sandbox.fault(POST, 1, Fault::status(500));
    desk.sandbox.fault(POST, 2, Fault::status(403));
    let output = without_waits(desk.order(&[]));
    let (failed, refused) = (retry("500"), retry("403"));
    let stderr = format!(
        "{failed}{refused}onboard: {POST}: 403 Forbidden: {ASKED_FOR} \
         (3 attempts; the server may have carried it out)\n"
    );
    assert_output(&output, 1, "", &stderr);
    assert!(desk.state().is_some());
}

#[test]
fn a_file_that_has_changed_is_not_ordered() {
    let desk = Desk::new("changed");
    desk.order(&[ProductOrderStatus::Completed]);
    let changed = SAMPLE.replace("100000", "200000");
    desk.directory.write("order.json", &changed);
    assert_changed(&desk);

    // Written in another way it is the same.
    let members: Value = serde_json::from_str(SAMPLE).unwrap();
    desk.directory.write("order.json", &members.to_string());
    let output = desk.order(&[]);
    assert_output(&output, 0, &format!("{ORDERED}{COMPLETED}"), "");

    // Without its state it is ordered again.
    fs::remove_file(desk.directory.0.join("order.json.state")).unwrap();
    desk.sandbox.fault(LOOK, 1, Fault::status(404));
    let output = desk.order(&[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(desk.posts().len(), 2);
}

// ---- What fails while it waits

#[test]
fn what_may_pass_is_shown_and_waited_for() {
    let desk = Desk::new("passing");
    desk.sandbox.fault(LOOK, 1, Fault::status(503));
    desk.sandbox
        .fault(LOOK, 1, Fault::status_retry_after(429, "0"));
    desk.sandbox.fault(LOOK, 1, Fault::HtmlBadGateway);
    let program = desk.begin_order();
    // The fourth look is answered when the fifth begins.
    assert!(desk.sandbox.wait_for(LOOK, 5));
    desk.set(&ProductOrderStatus::Completed);
    let look = LOOK.replace('*', ID);
    let stderr = format!(
        "onboard: {look}: 502 Bad Gateway: an HTML page: 502 Bad Gateway (3 attempts); \
         asking again in 100ms\n"
    );
    let expected = format!("{ORDERED}status  RECEIVED\n{COMPLETED}");
    assert_output(&end(program), 0, &expected, &stderr);
}

#[test]
fn it_waits_for_as_long_as_the_api_asks_up_to_an_hour() {
    let desk = Desk::new("asked");
    desk.sandbox
        .fault(LOOK, 1, Fault::status_retry_after(429, "7200"));
    let mut program = desk.begin_order();
    let lines = program.stderr_lines();
    let mut said = lines.next();
    while !said.ends_with("3600s") {
        said = said + "\n" + &lines.next();
    }
    let look = LOOK.replace('*', ID);
    let expected = format!(
        "onboard: {look}: 429 Too Many Requests: {ASKED_FOR} (retry after 7200 s); \
         asking again in 3600s"
    );
    assert_eq!(said.replace("\n    ", " "), expected);
    assert_eq!(desk.sandbox.count(LOOK), 1);
    // After `--poll` alone it would soon say more.
    let more = lines.0.recv_timeout(Duration::from_millis(300));
    assert_eq!(more, Err(RecvTimeoutError::Timeout));
    assert!(program.0.try_wait().unwrap().is_none());
}

#[test]
fn what_does_not_pass_ends_it() {
    for (status, name, looks) in [
        // Once more with a new token.
        (401, "Unauthorized", 2),
        (403, "Forbidden", 1),
        (404, "Not Found", 1),
    ] {
        let desk = Desk::new(&format!("ends-{status}"));
        desk.sandbox.fault(LOOK, looks, Fault::status(status));
        let output = desk.order(&[]);
        let look = LOOK.replace('*', ID);
        let notes = if looks > 1 { " (2 attempts)" } else { "" };
        let stderr = format!("onboard: {look}: {status} {name}: {ASKED_FOR}{notes}\n");
        assert_output(&output, 1, ORDERED, &stderr);
        assert_eq!(desk.sandbox.count(LOOK), looks);
        // The next run goes on.
        let output = desk.order(&[ProductOrderStatus::Completed]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(desk.posts().len(), 1);
    }
}
