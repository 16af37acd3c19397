//! When its output or its state cannot be written.

use std::fs;

use vipps::management::ProductOrderStatus;
use vipps::sandbox::Fault;

use super::{COMPLETED, Desk, ID, LOOK, ORDERED, POST, assert_output, end, refused_by_the_api};

#[test]
fn an_order_whose_state_cannot_be_written_is_shown() {
    let desk = Desk::new("unwritten");
    desk.sandbox.fault(POST, 1, Fault::Hold);
    let program = desk.begin_order();
    assert!(desk.sandbox.wait_for(POST, 1));
    let state = desk.directory.0.join("order.json.state");
    let first = fs::read(&state).unwrap();
    fs::remove_file(&state).unwrap();
    fs::create_dir(&state).unwrap();
    desk.sandbox.release();
    let stderr = format!(
        "onboard: {ID} is ordered, but cannot write {}: Is a directory (os error 21)\n\
         The same command sends the same order and never a second one; --order {ID} only waits.\n",
        state.display()
    );
    assert_output(&end(program), 1, ORDERED, &stderr);
    assert_eq!(fs::read_dir(&desk.directory.0).unwrap().count(), 2);

    // As it says.
    fs::remove_dir(&state).unwrap();
    fs::write(&state, first).unwrap();
    let output = desk.order(&[ProductOrderStatus::Completed]);
    let expected = format!("{ORDERED}status  RECEIVED\n{COMPLETED}");
    assert_output(&output, 0, &expected, "");
    desk.assert_one_order();
}

#[test]
fn it_ends_quietly_when_its_reader_goes_away() {
    let desk = Desk::new("closed");
    desk.sandbox.fault(POST, 1, Fault::Hold);
    let mut program = desk.begin_order();
    assert!(desk.sandbox.wait_for(POST, 1));
    drop(program.0.stdout.take());
    desk.sandbox.release();
    assert_output(&end(program), 1, "", "");
    assert_eq!(desk.sandbox.count(LOOK), 0);
    // The next run has to know the order.
    let state = desk.state().unwrap();
    assert_eq!(state["answer"]["prefilledOrderId"], ID);
}

/// The exit code is then all that tells.
#[test]
fn messages_that_nobody_reads_are_dropped() {
    let desk = Desk::new("unheard");
    desk.directory.write("order.json", &refused_by_the_api());
    desk.sandbox.fault(POST, 1, Fault::Hold);
    let mut program = desk.begin_order();
    assert!(desk.sandbox.wait_for(POST, 1));
    drop(program.0.stderr.take());
    desk.sandbox.release();
    assert_output(&end(program), 1, "", "");
}
