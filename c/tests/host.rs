//! What the header says a process may do.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use vipps::sandbox::{Fault, Sandbox};

use crate::tests::support::{
    Scratch, command, compile_host, ended, folder, root, run, shared_library,
};

/// The stack size that the header promises to be enough. Unoptimised code needs more.
const SMALL_STACK: &str = match cfg!(debug_assertions) {
    true => "262144",
    false => "65536",
};

fn host() -> &'static Path {
    static HOST: OnceLock<Scratch> = OnceLock::new();
    HOST.get_or_init(|| compile_host(&root().join("tests/host.c"), "host"))
}

#[track_caller]
fn assert_ok(sandbox: &Sandbox, arguments: &[&str]) {
    let output = run(host(), sandbox, arguments, 0);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ok\n");
}

#[test]
fn signals_interrupt_no_call() {
    let sandbox = Sandbox::start().unwrap();
    let slow = Fault::Delay(Duration::from_millis(100));
    sandbox.fault("GET *", 3, slow);
    assert_ok(&sandbox, &["signals", sandbox.url()]);
    assert_eq!(sandbox.count("GET *"), 3);
}

#[test]
fn a_closed_connection_raises_no_sigpipe() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault("POST *", 5, Fault::CloseBeforeReading);
    assert_ok(&sandbox, &["pipe", sandbox.url()]);
}

#[test]
fn a_small_stack_is_enough() {
    let sandbox = Sandbox::start().unwrap();
    assert_ok(&sandbox, &["stack", sandbox.url(), SMALL_STACK]);
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[test]
fn a_small_stack_is_enough_for_tls() {
    let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let pem = serde_json::json!(crate::tests::fork::tls::pem(&key));
    let url = crate::tests::fork::tls::serve(&key);
    let roots = format!(", \"root_certificates\": {pem}");
    // Only for its environment variables.
    let sandbox = Sandbox::start().unwrap();
    assert_ok(&sandbox, &["tls", &url, SMALL_STACK, &roots]);
}

#[test]
fn the_library_can_be_loaded_and_let_go_again_and_again() {
    let sandbox = Sandbox::start().unwrap();
    let library = shared_library();
    assert_ok(
        &sandbox,
        &["load", sandbox.url(), library.to_str().unwrap()],
    );
    assert_eq!(sandbox.count("GET *"), 3);
}

#[test]
fn a_locale_with_decimal_commas_changes_nothing() {
    // Built for the test, as few machines have one.
    let locales = folder().join("locales");
    std::fs::create_dir_all(&locales).unwrap();
    let made = Command::new("localedef")
        .args(["-i", "nb_NO", "-f", "UTF-8"])
        .arg(locales.join("nb_NO.UTF-8"))
        .output();
    if !made.is_ok_and(|output| output.status.success()) {
        println!("skipped: localedef or its sources are not installed");
        return;
    }
    let sandbox = Sandbox::start().unwrap();
    let mut program = command(host(), &sandbox, &["locale", sandbox.url(), "nb_NO.UTF-8"]);
    let output = ended(program.env("LOCPATH", &locales), 0);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ok\n");
}
