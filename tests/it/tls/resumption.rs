//! A session resumes TLS sessions. Only with rustls: the system's library decides for itself.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustls::HandshakeKind;
use rustls::version::{TLS12, TLS13};
use vipps::{Clock, RetryPolicy, SessionBuilder, TlsBackend};

use super::server::{Authority, Server};
use crate::support::{RawServer, close, read_request};
use crate::transport::{builder, get, post};

fn trusting(server: &Server, root: &Authority) -> SessionBuilder {
    let builder = builder(&server.url()).tls_backend(TlsBackend::Rustls);
    builder.root_certificates(root.pem())
}

#[test]
fn a_session_resumes_its_handshakes() {
    let root = Authority::new("test root");
    for version in [&TLS12, &TLS13] {
        let server = Server::with_versions(&root.loopback(), &[version]);
        let session = trusting(&server, &root);
        let session = session.build().unwrap();
        for _ in 0..3 {
            get(&session).unwrap();
        }
        // For TLS, another merchant's session is the same.
        post(&session.for_sales_unit(&"654321".parse().unwrap())).unwrap();
        let resumed = HandshakeKind::Resumed;
        let expected = [HandshakeKind::Full, resumed, resumed, resumed];
        assert_eq!(server.handshakes(), expected);
    }
}

/// A proxy that refuses the first tunnel and opens all others.
fn busy_proxy() -> RawServer {
    let asked = AtomicUsize::new(0);
    RawServer::each(move |mut stream| {
        let request = read_request(&mut stream).unwrap();
        if asked.fetch_add(1, Ordering::SeqCst) == 0 {
            stream
                .write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
                .unwrap();
            return close(stream);
        }
        let target = request.split(' ').nth(1).unwrap();
        let mut server = TcpStream::connect(target).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let (mut from, mut to) = (stream.try_clone().unwrap(), server.try_clone().unwrap());
        thread::scope(|scope| {
            scope.spawn(move || {
                drop(std::io::copy(&mut from, &mut to));
                drop(to.shutdown(Shutdown::Write));
            });
            drop(std::io::copy(&mut server, &mut stream));
            drop(stream.shutdown(Shutdown::Write));
        });
    })
}

#[test]
fn a_session_that_starts_with_a_retry_resumes_too() {
    let root = Authority::new("test root");
    let server = Server::start(&root.loopback());
    let proxy = busy_proxy();
    let clock = Clock::manual();
    let time = clock.clone();
    // The first attempt ends before TLS starts.
    let session = trusting(&server, &root)
        .proxy(proxy.url())
        .retry(RetryPolicy::default())
        .clock(clock)
        .observer(move |_| time.advance(Duration::from_secs(1)));
    let session = session.build().unwrap();
    for _ in 0..4 {
        get(&session).unwrap();
    }
    assert_eq!(proxy.connections(), 5);
    let (full, resumed) = (HandshakeKind::Full, HandshakeKind::Resumed);
    assert_eq!(server.handshakes(), [full, resumed, resumed, resumed]);
}
