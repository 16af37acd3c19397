//! What a failed call may have done.

use crate::support::CallAny as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use vipps::management::list_sales_units;
use vipps::sandbox::{Fault, Sandbox};
use vipps::{Delivery, ErrorKind, RetryPolicy};

use super::{GET, POST, assert_error, builder, get, post, session};
use crate::support::{
    ClosedPort, RawServer, all_at_once, builder_without_token, close, json_reply, read_request,
    wait_for_close, with_limits,
};

const CLOSED: &str = "the connection was closed before a reply arrived \
                      (the server may have carried it out)";

#[test]
fn a_refused_connection_sends_nothing() {
    let port = ClosedPort::new();
    // In the system's own words.
    let refused = TcpStream::connect(port.address()).unwrap_err();
    let session = session(&format!("http://{}", port.address()));
    for (result, at) in [
        (get(&session).map(drop), GET),
        (post(&session).map(drop), POST),
    ] {
        let address = port.address();
        let text = format!("{at}: cannot connect to {address}: {refused} (nothing was sent)");
        let (kind, delivery) = (ErrorKind::Connect, Delivery::NotSent);
        assert_error(result, &text, kind, delivery, None);
    }
}

#[test]
fn an_unknown_host_sends_nothing() {
    // Longer than a resolver that gets no reply keeps trying.
    let session = builder("http://name.invalid:8080")
        .allow_plain_http()
        .connect_timeout(Duration::from_secs(50));
    let session = session.build().unwrap();
    for (result, at) in [
        (get(&session).map(drop), GET),
        (post(&session).map(drop), POST),
    ] {
        let error = result.unwrap_err();
        // The rest comes from the system.
        let text = error.to_string();
        let start = format!("{at}: cannot resolve name.invalid:8080: ");
        assert!(text.starts_with(&start), "{text}");
        assert!(text.ends_with(" (nothing was sent)"), "{text}");
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert_eq!(error.delivery(), Delivery::NotSent);
    }
}

#[test]
fn a_connection_lost_before_the_reply_has_an_unknown_outcome() {
    let head_only = |stream: TcpStream| {
        let mut byte = [0];
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            (&stream).read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        close(stream);
    };
    let whole = |mut stream: TcpStream| {
        read_request(&mut stream).unwrap();
        close(stream);
    };
    let in_the_head = |mut stream: TcpStream| {
        read_request(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nConte").unwrap();
        close(stream);
    };
    let in_the_status_line = |mut stream: TcpStream| {
        read_request(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 2").unwrap();
        close(stream);
    };
    let servers: [fn(TcpStream); 5] = [close, head_only, whole, in_the_head, in_the_status_line];
    for server in servers {
        let peer = RawServer::each(server);
        let session = session(&peer.url());
        for (result, at) in [
            (get(&session).map(drop), GET),
            (post(&session).map(drop), POST),
        ] {
            let text = format!("{at}: {CLOSED}");
            let (kind, delivery) = (ErrorKind::Network, Delivery::Unknown);
            assert_error(result, &text, kind, delivery, None);
        }
        assert_eq!(peer.connections(), 2);
    }
}

/// The connection worked for one call and ends during the next, which the server may have read, so
/// the call must not be resent silently.
#[test]
fn a_reused_connection_that_ends_during_a_call_leaves_it_open() {
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    let peer = RawServer::each(move |mut stream| {
        while read_request(&mut stream).is_some() {
            // Every second request, the GET or the POST, is read but not answered.
            if count.fetch_add(1, Ordering::SeqCst) % 2 == 1 {
                return close(stream);
            }
            stream.write_all(&json_reply("[]")).unwrap();
        }
    });
    let session = session(&peer.url());
    let (kind, delivery) = (ErrorKind::Network, Delivery::Unknown);
    get(&session).unwrap();
    assert_error(
        get(&session),
        &format!("{GET}: {CLOSED}"),
        kind,
        delivery,
        None,
    );
    get(&session).unwrap();
    assert_error(
        post(&session),
        &format!("{POST}: {CLOSED}"),
        kind,
        delivery,
        None,
    );
    assert_eq!(requests.load(Ordering::SeqCst), 4);
    assert_eq!(peer.connections(), 2);
}

/// Occasional bytes are no reply, however long they continue: only the timeout ends the call.
#[test]
fn a_slow_head_ends_at_the_timeout() {
    all_at_once([GET, POST], |at| {
        with_limits(|limit| {
            let arrived = Arc::new(AtomicBool::new(false));
            let has_arrived = Arc::clone(&arrived);
            let peer = RawServer::each(move |mut stream| {
                arrived.store(read_request(&mut stream).is_some(), Ordering::SeqCst);
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\nX-Filler: "));
                stream
                    .set_read_timeout(Some(Duration::from_millis(20)))
                    .unwrap();
                // Until the client has closed.
                while stream.read(&mut [0]).is_err() && stream.write_all(b"x").is_ok() {}
            });
            let session = builder(&peer.url()).timeout(limit).build().unwrap();
            let result = match at {
                GET => get(&session).map(drop),
                _ => post(&session).map(drop),
            };
            drop(session);
            drop(peer);
            if !has_arrived.load(Ordering::SeqCst) {
                return false;
            }
            let text = format!(
                "{at}: timed out after {limit:.1?} while waiting for a reply \
                 (the server may have carried it out)"
            );
            let (kind, delivery) = (ErrorKind::Timeout, Delivery::Unknown);
            assert_error(result, &text, kind, delivery, None);
            true
        });
    });
}

/// Nobody knows whether the request reached the network, so the error must not claim more.
#[test]
fn a_connection_that_ends_at_once_is_not_taken_for_a_reply() {
    // Data that is unread when a connection is closed resets it.
    let reset = |stream: TcpStream| {
        stream.peek(&mut [0]).unwrap();
    };
    let servers: [fn(TcpStream); 2] = [drop, reset];
    for nth in 0..40 {
        let peer = RawServer::each(servers[nth % 2]);
        let session = session(&peer.url());
        let error = get(&session).unwrap_err();
        assert_eq!(error.to_string(), format!("{GET}: {CLOSED}"));
        let error = post(&session).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Network);
        assert_eq!(error.status(), None);
        let says = match error.delivery() {
            // Not all of it could be sent.
            Delivery::NotSent => "(the request was not fully sent)",
            Delivery::Unknown => "(the server may have carried it out)",
            other => panic!("{other:?}"),
        };
        let text = format!("{POST}: the connection was closed before a reply arrived {says}");
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn the_sandboxs_faults_have_the_right_delivery() {
    let unknown = |reason| {
        let reason = format!("{GET}: {reason} (the server may have carried it out)");
        (reason, ErrorKind::Network, Delivery::Unknown, None)
    };
    let closed = "the connection was closed before a reply arrived";
    let cases = [
        (Fault::CloseBeforeReading, unknown(closed)),
        (Fault::CloseAfterReading, unknown(closed)),
        (Fault::LoseReply, unknown(closed)),
        (
            Fault::Garbage,
            unknown(
                "the reply is not HTTP: http parse fail: invalid HTTP version; is this an https \
                 server?",
            ),
        ),
        (
            Fault::CutReply,
            (
                format!("{GET}: 200 OK, but the connection was closed in the middle of the reply"),
                ErrorKind::Network,
                Delivery::Answered,
                Some(200),
            ),
        ),
    ];
    let sandbox = Sandbox::start().unwrap();
    let builder = sandbox.session_builder().unwrap();
    let session = builder.retry(RetryPolicy::none()).build().unwrap();
    for (fault, (text, kind, delivery, status)) in cases {
        sandbox.fault("GET *", 1, fault);
        let result = list_sales_units(&session);
        assert_error(result, &text, kind, delivery, status);
    }
}

/// However the token request failed, the call was not sent.
#[test]
fn a_call_without_a_token_was_not_sent() {
    let cases: [(&[u8], &str, Option<u16>); 2] = [
        (
            b"",
            "the connection was closed before a reply arrived",
            None,
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
            "200 OK, but the connection was closed in the middle of the reply",
            Some(200),
        ),
    ];
    for (answer, says, status) in cases {
        let peer = RawServer::each(move |mut stream| {
            read_request(&mut stream).unwrap();
            stream.write_all(answer).unwrap();
            close(stream);
        });
        let session = builder_without_token(&peer.url()).build().unwrap();
        let text = format!("no access token: POST /accesstoken/get: {says}");
        let (kind, delivery) = (ErrorKind::Network, Delivery::NotSent);
        assert_error(post(&session), &text, kind, delivery, status);
    }
}

/// A server that replies before it has read all of a large body, and closes: the reply counts.
#[test]
fn an_early_reply_counts() {
    let peer = RawServer::each(|mut stream| {
        let mut chunk = [0; 1024];
        stream.read_exact(&mut chunk).unwrap();
        stream
            .write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        // Reads the rest of the body, so that the reply is not lost with the connection.
        wait_for_close(&mut stream);
    });
    let session = builder(&peer.url()).timeout(Duration::from_secs(5));
    let session = session.build().unwrap();
    let body = serde_json::Value::String("x".repeat(2_000_000));
    let error = session.call_any("POST", "/management/v1/x", Some(&body));
    let error = error.unwrap_err();
    assert_eq!(error.status(), Some(413));
    assert_eq!(error.delivery(), Delivery::Answered);
    drop(session);
}
