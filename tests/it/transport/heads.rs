//! The head of a reply: its limit, and invalid heads.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use vipps::{Delivery, ErrorKind};

use super::{GET, POST, assert_error, builder, get, post, session};
use crate::support::{RawServer, read_request, reply, wait_for_close, with_limits};

const TOO_LARGE: &str = "the reply's headers are larger than 32768 bytes \
                         (the server may have carried it out)";

/// A reply whose head has exactly this many bytes.
fn head_of(bytes: usize) -> Vec<u8> {
    let without = reply("200 OK", &["X-Filler: "], "[]").len() - "[]".len();
    let filler = format!("X-Filler: {}", "x".repeat(bytes - without));
    reply("200 OK", &[&filler], "[]")
}

#[test]
fn a_head_up_to_the_limit_is_accepted() {
    let server = RawServer::start([head_of(32 * 1024), head_of(32 * 1024 + 1)]);
    let session = session(&server.url());
    assert_eq!(get(&session).unwrap(), []);
    let (kind, delivery) = (ErrorKind::Network, Delivery::Unknown);
    let text = format!("{GET}: {TOO_LARGE}");
    assert_error(get(&session), &text, kind, delivery, None);
}

#[test]
fn an_endless_head_ends_at_the_limit() {
    let starts: [&[u8]; 3] = [
        b"HTTP/1.1 200 OK\r\nX-Filler: ",
        b"HTTP/1.1 200 ",
        // Bytes that could be the start of a status line for as long as they continue.
        b"\r\n\r\n",
    ];
    for start in starts {
        let peer = RawServer::each(move |mut stream| {
            read_request(&mut stream).unwrap();
            let filler: &[u8] = match start {
                b"\r\n\r\n" => &[b'\n'; 4096],
                _ => &[b'x'; 4096],
            };
            let mut more = stream.write_all(start);
            while more.is_ok() {
                more = stream.write_all(filler);
            }
        });
        let session = session(&peer.url());
        let (kind, delivery) = (ErrorKind::Network, Delivery::Unknown);
        let text = format!("{GET}: {TOO_LARGE}");
        assert_error(get(&session), &text, kind, delivery, None);
        let text = format!("{POST}: {TOO_LARGE}");
        assert_error(post(&session), &text, kind, delivery, None);
    }
}

#[test]
fn a_reply_that_is_not_http_is_an_error() {
    let cases: [(&[u8], &str); 6] = [
        // A TLS server's reply to plain HTTP.
        (
            b"\x15\x03\x01\x00\x02\x02\x46",
            "the reply is not HTTP: http parse fail: invalid HTTP version; is this an https \
             server?",
        ),
        (
            b"220 mail.example.com ESMTP\r\n",
            "the reply is not HTTP: http parse fail: invalid HTTP version; is this an https \
             server?",
        ),
        (
            b"SSH-2.0-OpenSSH_9.6\r\n",
            "the reply is not HTTP: http parse fail: invalid HTTP version; is this an https \
             server?",
        ),
        (
            b"HTTP/1.1 abc\r\n\r\n",
            "the reply is not HTTP: http parse fail: invalid response status",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
            "the reply is not HTTP: content-length header not a number",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            "the reply is not HTTP: content-length header not a number",
        ),
    ];
    for (bytes, reason) in cases {
        let peer = RawServer::each(move |mut stream| {
            read_request(&mut stream).unwrap();
            stream.write_all(bytes).unwrap();
            wait_for_close(&mut stream);
        });
        let session = session(&peer.url());
        for (result, at) in [
            (get(&session).map(drop), GET),
            (post(&session).map(drop), POST),
        ] {
            let text = format!("{at}: {reason} (the server may have carried it out)");
            let (kind, delivery) = (ErrorKind::Network, Delivery::Unknown);
            assert_error(result, &text, kind, delivery, None);
        }
    }
}

#[test]
fn more_headers_than_a_reply_needs_are_an_error() {
    let headers = |n: usize| -> Vec<String> { (0..n).map(|n| format!("X-{n}: y")).collect() };
    let answer = |n: usize| {
        let headers = headers(n);
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        reply("200 OK", &headers, "[]")
    };
    let server = RawServer::start([answer(100), answer(200)]);
    let session = session(&server.url());
    get(&session).unwrap();
    let (kind, delivery) = (ErrorKind::Network, Delivery::Unknown);
    let text = format!(
        "{GET}: the reply is not HTTP: http parse resulted in too many headers \
         (the server may have carried it out)"
    );
    assert_error(get(&session), &text, kind, delivery, None);
}

#[test]
fn interim_replies_are_skipped() {
    let interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    let answer = [interim.as_slice(), &reply("200 OK", &[], "[]")].concat();
    let server = RawServer::start([answer]);
    assert_eq!(get(&session(&server.url())).unwrap(), []);
}

/// They end at the limit of the head or at the timeout, depending on their size.
#[test]
fn endless_interim_replies_are_an_error() {
    with_limits(|limit| {
        let arrived = Arc::new(AtomicBool::new(false));
        let has_arrived = Arc::clone(&arrived);
        let peer = RawServer::each(move |mut stream| {
            arrived.store(read_request(&mut stream).is_some(), Ordering::SeqCst);
            while stream
                .write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n")
                .is_ok()
            {}
        });
        let session = builder(&peer.url()).timeout(limit).build().unwrap();
        let error = get(&session).unwrap_err();
        drop(session);
        drop(peer);
        if !has_arrived.load(Ordering::SeqCst) {
            return false;
        }
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(error.status(), None);
        true
    });
}
