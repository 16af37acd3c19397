//! Calls through a real proxy, tinyproxy. These tests need the program, so they only run in
//! `.ci/run` and with `cargo test --test it tunnel -- --ignored`.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use vipps::{Delivery, ErrorKind, Session, TlsBackend};

use super::server::{Authority, Server};
use super::trust::BACKENDS;
use crate::support::{ClosedPort, until};
use crate::transport::{GET, assert_error, builder, get, post};

/// A tinyproxy that requires the credentials `alice` and `hunter2`.
struct Tinyproxy {
    address: String,
    program: Child,
}

impl Tinyproxy {
    fn start(name: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let config = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.conf"));
        let settings = format!(
            "Port {port}\nListen 127.0.0.1\nTimeout 60\nBasicAuth alice hunter2\nMaxClients 10\n"
        );
        fs::write(&config, settings).unwrap();
        let program = Command::new("tinyproxy")
            .arg("-d")
            .arg("-c")
            .arg(config)
            .stdout(Stdio::null())
            .spawn()
            .expect("tinyproxy, from the package of that name");
        let address = format!("127.0.0.1:{port}");
        until("the proxy listens", || {
            std::net::TcpStream::connect(&address).is_ok()
        });
        Self { address, program }
    }

    fn session(&self, user: &str, url: &str, backend: TlsBackend, roots: &str) -> Session {
        builder(url)
            .tls_backend(backend)
            .root_certificates(roots)
            .proxy(format!("http://{user}{}", self.address))
            .build()
            .unwrap()
    }
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        drop(self.program.kill());
        drop(self.program.wait());
    }
}

#[test]
#[ignore = "needs tinyproxy"]
fn a_call_goes_through_a_real_proxy_with_a_password() {
    let proxy = Tinyproxy::start("good-password");
    let root = Authority::new("test root");
    for &backend in BACKENDS {
        let server = Server::start(&root.loopback());
        let session = proxy.session("alice:hunter2@", &server.url(), backend, &root.pem());
        get(&session).unwrap();
        post(&session).unwrap();
        assert_eq!(server.requests().len(), 2);
        let requests = server.requests().concat().to_ascii_lowercase();
        assert!(!requests.contains("proxy-"), "{requests}");
    }
}

#[test]
#[ignore = "needs tinyproxy"]
fn a_real_proxys_refusal_is_not_retried() {
    let proxy = Tinyproxy::start("bad-password");
    let root = Authority::new("test root");
    let server = Server::start(&root.loopback());
    for &backend in BACKENDS {
        for (user, status) in [
            ("", "407 Proxy Authentication Required"),
            // tinyproxy's reply to a wrong password.
            ("alice:hunter3@", "401 Unauthorized"),
        ] {
            let session = proxy.session(user, &server.url(), backend, &root.pem());
            let text = format!(
                "{GET}: the proxy {} answered {status} (nothing was sent)",
                proxy.address
            );
            let code = status[..3].parse().unwrap();
            let (kind, delivery) = (ErrorKind::Proxy, Delivery::NotSent);
            assert_error(get(&session), &text, kind, delivery, Some(code));
        }
    }
    assert_eq!(server.connections(), 0);
}

#[test]
#[ignore = "needs tinyproxy"]
fn a_real_proxy_that_cannot_connect_sends_nothing() {
    let proxy = Tinyproxy::start("closed-port");
    let root = Authority::new("test root");
    let closed = ClosedPort::new();
    let url = closed.url().replace("http:", "https:");
    for &backend in BACKENDS {
        let session = proxy.session("alice:hunter2@", &url, backend, &root.pem());
        let error = get(&session).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Proxy, "{error}");
        assert_eq!(error.status(), Some(500), "{error}");
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(error.is_retryable());
    }
}
