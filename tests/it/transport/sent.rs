//! What was sent decides what a failed call may have done, whatever the error.

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use vipps::{Delivery, ErrorKind, RetryPolicy, Session};

use super::{GET, builder, delete, get, post, session};
use crate::support::{RawServer, json_reply, read_request, reply, with_limits};

/// Nothing listens here, so a call that arrives went through the proxy.
const NOWHERE: &str = "http://127.0.0.1:1";

const TUNNEL: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";
const GARBAGE: &[u8] = b"220 mail.example.com ESMTP\r\n";

/// More than the socket buffers of a local connection hold.
const LARGE: usize = 16 * 1024 * 1024;

fn retrying(url: &str) -> vipps::SessionBuilder {
    builder(url).retry(RetryPolicy::default())
}

fn upload(session: &Session, bytes: usize) -> Result<vipps::Reply, vipps::Error> {
    let request = session.request("POST", "/order-management/v1/images");
    request
        .body("application/octet-stream", vec![b'x'; bytes])
        .send()
}

/// Reads the start of an upload.
fn read_some(stream: &mut TcpStream) {
    stream.read_exact(&mut [0; 1024]).unwrap();
}

/// The system refuses to connect to a multicast address: "Network is unreachable".
#[cfg(target_os = "linux")]
#[test]
fn an_unreachable_address_sends_nothing() {
    let session = builder("http://224.0.0.1").allow_plain_http();
    let session = session.build().unwrap();
    for result in [get(&session).map(drop), post(&session).map(drop)] {
        let error = result.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(": cannot connect to 224.0.0.1: "), "{text}");
        assert!(text.ends_with(" (nothing was sent)"), "{text}");
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(error.is_retryable());
    }
}

/// An unsent attempt leaves nothing unknown.
#[test]
fn a_404_after_an_attempt_that_was_not_sent_is_not_found() {
    let not_found = reply("404 Not Found", &[], r#"{"title": "No such order"}"#);
    let proxy = RawServer::start([GARBAGE.to_vec(), TUNNEL.to_vec(), not_found]);
    let session = retrying(NOWHERE).proxy(proxy.url()).build().unwrap();
    let error = delete(&session).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.delivery(), Delivery::Answered);
    assert_eq!(error.attempts(), 2);
}

/// The connection to the proxy is not the one to the server: a request for a tunnel does not count.
#[test]
fn a_request_for_a_tunnel_does_not_count_as_sent() {
    // It reads the request and closes without a reply. The third time it opens the tunnel.
    let asked = AtomicUsize::new(0);
    let proxy = RawServer::each(move |mut stream| {
        assert!(read_request(&mut stream).unwrap().starts_with("CONNECT "));
        if asked.fetch_add(1, Ordering::SeqCst) < 2 {
            return;
        }
        stream.write_all(TUNNEL).unwrap();
        read_request(&mut stream).unwrap();
        stream.write_all(&json_reply("{}")).unwrap();
    });
    let session = retrying(NOWHERE).proxy(proxy.url()).build().unwrap();
    // Without an idempotency key.
    let reply = session.request("POST", "/x").json(&1).send().unwrap();
    assert_eq!(reply.status(), 200);
    drop(session);
    assert_eq!(proxy.connections(), 3);
}

/// Once sent through the tunnel, its outcome is unknown.
#[test]
fn data_sent_through_a_tunnel_counts_as_sent() {
    let proxy = RawServer::each(|mut stream| {
        read_request(&mut stream).unwrap();
        stream.write_all(TUNNEL).unwrap();
        read_request(&mut stream).unwrap();
    });
    let session = retrying(NOWHERE).proxy(proxy.url()).build().unwrap();
    let error = session.request("POST", "/x").json(&1).send().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.attempts(), 1);
}

/// Without a key too: a server that has not received all of a request does not act on it.
#[test]
fn an_upload_that_breaks_halfway_is_retried() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let server = RawServer::each(move |mut stream| {
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            // Unread data resets the connection.
            return read_some(&mut stream);
        }
        read_request(&mut stream).unwrap();
        stream.write_all(&json_reply("{}")).unwrap();
    });
    let session = retrying(&server.url()).build().unwrap();
    let reply = upload(&session, LARGE).unwrap();
    assert_eq!(reply.status(), 200);
    assert_eq!(connections.load(Ordering::SeqCst), 2);
    drop(session);
}

/// The server accepts only what its buffers hold.
#[test]
fn an_upload_that_times_out_halfway_does_not_claim_that_nothing_was_sent() {
    with_limits(|limit| {
        let kept = Mutex::new(Vec::new());
        let server = RawServer::each(move |mut stream| {
            read_some(&mut stream);
            kept.lock().unwrap().push(stream);
        });
        let session = builder(&server.url()).stall_timeout(limit).build().unwrap();
        let error = upload(&session, LARGE).unwrap_err();
        if server.connections() == 0 {
            return false;
        }
        assert_eq!(
            error.to_string(),
            format!(
                "POST /order-management/v1/images: timed out after {limit:.1?} without any data \
                 while sending the request (the request was not fully sent)"
            )
        );
        assert_eq!(error.delivery(), Delivery::NotSent);
        true
    });
}

#[test]
fn an_upload_that_always_breaks_was_not_sent() {
    let server = RawServer::each(|mut stream| read_some(&mut stream));
    let session = retrying(&server.url()).build().unwrap();
    let error = upload(&session, LARGE).unwrap_err();
    assert_eq!(
        error.to_string(),
        "POST /order-management/v1/images: the connection was closed before a reply arrived (3 \
         attempts; the request was not fully sent)"
    );
    assert_eq!(error.kind(), ErrorKind::Network);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(error.is_retryable());
    assert_eq!(error.attempts(), 3);
}

/// A server that replies after the head and closes. Other systems discard received data when a
/// connection is reset.
#[cfg(target_os = "linux")]
#[test]
fn a_reply_in_the_middle_of_an_upload_counts() {
    for (status, kind) in [
        ("413 Content Too Large", ErrorKind::Rejected),
        ("429 Too Many Requests", ErrorKind::RateLimited),
    ] {
        for bytes in [1_900_000, LARGE] {
            let answer = reply(status, &[], r#"{"title": "Not so much"}"#);
            let server = RawServer::each(move |mut stream| {
                read_some(&mut stream);
                stream.write_all(&answer).unwrap();
            });
            let error = upload(&session(&server.url()), bytes).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert_eq!(error.delivery(), Delivery::Answered, "{error}");
            assert!(error.to_string().contains("Not so much"), "{error}");
        }
    }
}

/// Broken connections are dropped: the next call opens another one.
#[cfg(target_os = "linux")]
#[test]
fn a_broken_connection_is_not_kept() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let server = RawServer::each(move |mut stream| {
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            read_some(&mut stream);
            stream
                .write_all(&reply("413 Content Too Large", &[], ""))
                .unwrap();
            return;
        }
        read_request(&mut stream).unwrap();
        stream.write_all(&json_reply("[]")).unwrap();
    });
    let session = session(&server.url());
    assert_eq!(upload(&session, LARGE).unwrap_err().status(), Some(413));
    assert_eq!(get(&session).unwrap(), []);
    assert_eq!(connections.load(Ordering::SeqCst), 2);
    drop(session);
}

/// Makes two calls in a process that can start no thread. Otherwise does nothing.
#[test]
fn child() {
    let Ok(url) = env::var("TEST_SENT_URL") else {
        return;
    };
    let session = session(&url);
    for _ in 0..2 {
        let said = match get(&session) {
            Ok(_) => "ok".to_owned(),
            Err(error) => {
                let (kind, delivery) = (error.kind(), error.delivery());
                let retryable = error.is_retryable();
                format!("{kind} {delivery:?} {retryable} {error}")
            }
        };
        // On a separate line, whatever the test harness prints before it.
        println!("\nCHILD {said}");
    }
}

/// Runs [`child`] with thread stacks larger than any memory. The test itself then runs on the main
/// thread.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn calls_without_threads(url: &str) -> Vec<String> {
    let output = std::process::Command::new(env::current_exe().unwrap())
        .args(["--exact", "transport::sent::child", "--nocapture"])
        .args(["--test-threads", "1"])
        .env("TEST_SENT_URL", url)
        .env("RUST_MIN_STACK", (1_u64 << 52).to_string())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let said = text.lines().filter_map(|line| line.strip_prefix("CHILD "));
    said.map(str::to_owned).collect()
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[test]
fn a_thread_that_cannot_be_started_is_an_error() {
    let server = RawServer::start([]);
    let url = server.url().replace("127.0.0.1", "localhost");
    let said = calls_without_threads(&url);
    assert_eq!(said.len(), 2);
    for said in said {
        let start = format!(
            "Connect NotSent true {GET}: cannot connect to {}: cannot start a thread for \
             the host name lookup: \
             ",
            url.trim_start_matches("http://")
        );
        assert!(said.starts_with(&start), "{said}");
    }
    assert_eq!(server.connections(), 0);
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[test]
fn a_call_needs_no_thread() {
    let server = RawServer::start([json_reply("[]"), json_reply("[]")]);
    assert_eq!(calls_without_threads(&server.url()), ["ok", "ok"]);
    assert_eq!(server.connections(), 1);
}
