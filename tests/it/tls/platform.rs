//! What the operating system trusts, as set by `SSL_CERT_FILE` in a child process.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::server::{Authority, Server};
use super::trust::BACKENDS;
use crate::transport::{builder, get};

/// Makes one call with each backend, in a process that a test has set up. Otherwise does nothing.
#[test]
fn child() {
    let Ok(url) = env::var("TEST_PLATFORM_URL") else {
        return;
    };
    for &backend in BACKENDS {
        let session = builder(&url).tls_backend(backend).build().unwrap();
        let kind = get(&session).map_err(|error| error.kind());
        println!(
            "\nCHILD {}",
            kind.map_or_else(|kind| kind.as_str(), |_| "ok")
        );
    }
}

#[test]
fn the_operating_systems_roots_are_trusted() {
    let root = Authority::new("test root");
    let other = Authority::new("another root");
    let server = Server::start(&root.loopback());
    for (trusted, says) in [(&root, "ok"), (&other, "Tls")] {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{says}.pem"));
        fs::write(&path, trusted.pem()).unwrap();
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "tls::platform::child", "--nocapture"])
            .env("TEST_PLATFORM_URL", server.url())
            .env("SSL_CERT_FILE", path)
            .env_remove("SSL_CERT_DIR")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let said: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("CHILD "))
            .collect();
        assert_eq!(said, vec![says; BACKENDS.len()]);
    }
    assert_eq!(server.requests().len(), BACKENDS.len());
}
