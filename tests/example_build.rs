//! Finds the examples that Cargo has built next to a test, and builds those that are missing or
//! stale.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The path of a built example. A plain `cargo test` has built it before this program starts; after
/// `cargo test --test it` it may be missing or stale, and is built here.
pub(crate) fn fresh(example: &'static str, file: &str) -> PathBuf {
    static FRESH: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let test = std::env::current_exe().unwrap();
    // target/debug/deps/it-0123456789abcdef, or target/TRIPLE/debug/deps/... with --target
    let output = test.ancestors().nth(2).unwrap();
    let built = output.join("examples").join(file);

    let mut fresh = FRESH.lock().unwrap_or_else(PoisonError::into_inner);
    if !fresh.contains(&example) {
        let modified = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
        if modified(&built) < modified(&test) {
            build(example, output);
        }
        assert!(
            built.exists(),
            "{} does not exist: build it with the options of this test, such as `cargo build \
             --example {example} --target TRIPLE`",
            built.display()
        );
        fresh.push(example);
    }
    built
}

/// Builds an example for the target, the profile and the features of this program, so that nothing
/// else is compiled again.
fn build(example: &str, output: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    // Build scripts of dependencies would see these variables change, and run again.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    cargo.args(["build", "--quiet", "--example", example]);
    let profile = output.file_name().unwrap();
    cargo.arg("--profile").arg(match profile.to_str() {
        Some("debug") => OsStr::new("dev"),
        _ => profile,
    });
    let parent = output.parent().unwrap();
    match parent.file_name().and_then(OsStr::to_str) {
        Some(triple) if is_target(triple) => {
            cargo.args(["--target", triple, "--target-dir"]);
            cargo.arg(parent.parent().unwrap());
        }
        _ => {
            cargo.arg("--target-dir").arg(parent);
        }
    }
    if !cfg!(feature = "default") {
        cargo.arg("--no-default-features");
    }
    for (feature, is_on) in [
        ("rustls", cfg!(feature = "rustls")),
        ("platform-verifier", cfg!(feature = "platform-verifier")),
        ("native-tls", cfg!(feature = "native-tls")),
        ("gzip", cfg!(feature = "gzip")),
    ] {
        if is_on {
            cargo.args(["--features", feature]);
        }
    }
    assert!(cargo.status().unwrap().success(), "{cargo:?}");
}

/// Whether a directory is named after a target, as Cargo names it for `--target`.
fn is_target(directory: &str) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print", "target-list"])
        .output();
    let targets = output.expect("rustc, to tell a target from a directory");
    String::from_utf8_lossy(&targets.stdout)
        .lines()
        .any(|target| target == directory)
}
