//! Finds the examples that Cargo built alongside the tests, and builds those that are missing or
//! stale.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The path of an example. A plain `cargo test` has already built it; otherwise, or if it is stale,
/// Cargo builds it now.
pub(crate) fn fresh(example: &'static str, file: &str) -> PathBuf {
    static FRESH: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let test = std::env::current_exe().unwrap();
    // target/debug/deps/it-0123456789abcdef
    let profile = test.ancestors().nth(2).unwrap();
    let built = profile.join("examples").join(file);

    let mut fresh = FRESH.lock().unwrap_or_else(PoisonError::into_inner);
    if !fresh.contains(&example) {
        let made = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
        if made(&built) < made(&test) {
            build(example, profile);
        }
        assert!(built.exists(), "{}", built.display());
        fresh.push(example);
    }
    built
}

/// Builds an example in the same way as this program, so that nothing else is recompiled.
fn build(example: &str, profile: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    // Cargo's variables about this package would make other crates' build scripts run again.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    cargo.args(["build", "--quiet", "--example", example, "--target-dir"]);
    cargo.arg(profile.parent().unwrap());
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    if !cfg!(feature = "default") {
        cargo.arg("--no-default-features");
    }
    for (feature, is_on) in [
        ("rustls", cfg!(feature = "rustls")),
        ("native-tls", cfg!(feature = "native-tls")),
        ("gzip", cfg!(feature = "gzip")),
    ] {
        if is_on {
            cargo.args(["--features", feature]);
        }
    }
    assert!(cargo.status().unwrap().success(), "{cargo:?}");
}
