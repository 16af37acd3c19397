//! The body of a reply: its limit, and whether the status survives when reading it fails.

use std::io::{self, Read, Write};
use std::net::TcpStream;

use vipps::{Delivery, ErrorKind};

use super::{GET, POST, assert_error, builder, delete, get, post, session};
use crate::support::{
    RawServer, builder_without_token, close, read_request, reply, wait_for_close,
};

const MIB: usize = 1024 * 1024;

/// A server that sends this head and the same piece many times, and then leaves it to the client to
/// close.
fn flood(head: &str, piece: &[u8], times: usize) -> RawServer {
    let (head, piece) = (head.to_owned(), piece.to_vec());
    RawServer::each(move |mut stream| {
        read_request(&mut stream).unwrap();
        let mut more = stream.write_all(head.as_bytes());
        for _ in 0..times {
            more = more.and_then(|()| stream.write_all(&piece));
        }
        // A client that has seen enough has closed the connection; one that has not waits for more.
        assert!(
            more.is_err() || has_left(&mut stream),
            "the client read all of it"
        );
    })
}

fn has_left(stream: &mut TcpStream) -> bool {
    let mut chunk = [0; 4096];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => {
                let waited = [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut];
                return !waited.contains(&error.kind());
            }
        }
    }
}

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n\r\n";

fn chunk() -> Vec<u8> {
    [b"4000\r\n".as_slice(), &[b' '; 0x4000], b"\r\n"].concat()
}

#[test]
fn a_body_is_read_up_to_the_cap() {
    let body = |length: usize| format!("[{}]", " ".repeat(length - 2));
    let chunked = |length: usize| {
        let body = body(length);
        format!("HTTP/1.1 200 OK\r\n{CHUNKED}{length:x}\r\n{body}\r\n0\r\n\r\n").into_bytes()
    };
    let to_the_end = |length: usize| {
        let body = body(length);
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{body}").into_bytes()
    };
    let with_length = |length: usize| reply("200 OK", &[], &body(length));
    for (cap, answer) in [
        (2, &with_length as &dyn Fn(usize) -> Vec<u8>),
        (1000, &with_length),
        (1000, &chunked),
        (1000, &to_the_end),
        // Several buffers long.
        (100_000, &with_length),
        (100_000, &chunked),
        (100_000, &to_the_end),
    ] {
        let server = RawServer::start([answer(cap), answer(cap + 1)]);
        let session = builder(&server.url()).max_response_bytes(cap as u64);
        let session = session.build().unwrap();
        assert_eq!(get(&session).unwrap(), []);
        let (kind, delivery) = (ErrorKind::Decode, Delivery::Answered);
        let text = format!("{GET}: 200 OK, but the reply is larger than max_response_bytes, {cap}");
        assert_error(get(&session), &text, kind, delivery, Some(200));
    }
}

#[test]
fn an_endless_body_ends_at_the_cap() {
    let heads = [
        (format!("HTTP/1.1 200 OK\r\n{CHUNKED}"), chunk()),
        ("HTTP/1.1 200 OK\r\n\r\n".to_owned(), chunk()),
        (
            "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n".to_owned(),
            chunk(),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999\r\n\r\n".to_owned(),
            chunk(),
        ),
    ];
    for (head, more) in heads {
        let peer = flood(&head, &more, 4 * MIB / more.len());
        let session = builder(&peer.url()).max_response_bytes(MIB as u64);
        let session = session.build().unwrap();
        let says = "200 OK, but the reply is larger than max_response_bytes, 1048576";
        let (kind, delivery) = (ErrorKind::Decode, Delivery::Answered);
        let text = format!("{GET}: {says}");
        assert_error(get(&session), &text, kind, delivery, Some(200));
        let text = format!("{POST}: {says}");
        assert_error(post(&session), &text, kind, delivery, Some(200));
    }
}

#[test]
fn an_endless_token_reply_ends_at_the_cap() {
    let peer = flood("HTTP/1.1 200 OK\r\n\r\n", &[b' '; 4096], 100);
    let session = builder_without_token(&peer.url()).max_response_bytes(10_000);
    let session = session.build().unwrap();
    let text = "no access token: POST /accesstoken/get: 200 OK, but the reply is larger than \
                max_response_bytes, 10000";
    let (kind, delivery) = (ErrorKind::Decode, Delivery::NotSent);
    assert_error(get(&session), text, kind, delivery, Some(200));
}

/// An error's body is for a person, who reads a few lines of it.
#[test]
fn an_endless_error_body_ends_at_its_own_cap() {
    let head = "HTTP/1.1 500 Internal Server Error\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();
    let peer = flood(head, &chunk, 4 * MIB / chunk.len());
    // The session's own limit is 64 MiB here.
    let error = get(&session(&peer.url())).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{GET}: 500 Internal Server Error: {}...", "x".repeat(200))
    );
    assert_eq!(error.status(), Some(500));
    let body = error.problem().and_then(|problem| problem.body.clone());
    assert_eq!(body, Some("x".repeat(4096)));
}

#[test]
fn an_error_keeps_its_status_if_its_body_cannot_be_read() {
    for rest in [
        // Shorter than announced.
        "Content-Length: 100\r\n\r\nshort",
        "Content-Length: 9223372036854775807\r\n\r\nshort",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
    ] {
        let peer = RawServer::each(move |mut stream| {
            read_request(&mut stream).unwrap();
            write!(stream, "HTTP/1.1 403 Forbidden\r\n{rest}").unwrap();
            close(stream);
        });
        let session = session(&peer.url());
        for (result, at) in [
            (get(&session).map(drop), GET),
            (post(&session).map(drop), POST),
        ] {
            let text = format!("{at}: 403 Forbidden: short");
            let (kind, delivery) = (ErrorKind::Forbidden, Delivery::Answered);
            assert_error(result, &text, kind, delivery, Some(403));
        }
    }
}

#[test]
fn a_cut_body_is_an_error_with_its_status() {
    for rest in [
        "Content-Length: 100\r\n\r\n[]",
        "Content-Length: 3\r\n\r\n[]",
        "Content-Length: 9223372036854775807\r\n\r\n[]",
        "Content-Length: 100\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n",
        "Transfer-Encoding: chunked\r\n\r\n64\r\n[]",
    ] {
        let peer = RawServer::each(move |mut stream| {
            read_request(&mut stream).unwrap();
            write!(stream, "HTTP/1.1 200 OK\r\n{rest}").unwrap();
            close(stream);
        });
        let session = session(&peer.url());
        let says = "200 OK, but the connection was closed in the middle of the reply";
        let (kind, delivery) = (ErrorKind::Network, Delivery::Answered);
        let text = format!("{GET}: {says}");
        assert_error(get(&session), &text, kind, delivery, Some(200));
        let text = format!("{POST}: {says}");
        assert_error(post(&session), &text, kind, delivery, Some(200));
        // For a DELETE the status is enough.
        delete(&session).unwrap();
    }
}

#[test]
fn a_body_in_broken_chunks_is_an_error_with_its_status() {
    let peer = RawServer::each(move |mut stream| {
        let line = match read_request(&mut stream).unwrap() {
            get if get.starts_with("GET") => "200 OK",
            _ => "403 Forbidden",
        };
        write!(stream, "HTTP/1.1 {line}\r\n{CHUNKED}no length\r\n").unwrap();
        wait_for_close(&mut stream);
    });
    let session = session(&peer.url());
    let (kind, delivery) = (ErrorKind::Network, Delivery::Answered);
    let text = format!(
        "{GET}: 200 OK, but the reply could not be received: \
         protocol: chunk length cannot be read as a number"
    );
    assert_error(get(&session), &text, kind, delivery, Some(200));
    let text = format!("{POST}: 403 Forbidden");
    let kind = ErrorKind::Forbidden;
    assert_error(post(&session), &text, kind, delivery, Some(403));
}

/// Whatever a server announces, no memory is reserved for it, even if the caller has set no limit.
#[test]
fn a_false_content_length_costs_no_memory() {
    for length in [u64::MAX, 1 << 63, (1 << 63) - 1, 1 << 46] {
        let peer = RawServer::each(move |mut stream| {
            read_request(&mut stream).unwrap();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n[]"
            )
            .unwrap();
            close(stream);
        });
        let session = builder(&peer.url()).max_response_bytes(u64::MAX);
        let error = get(&session.build().unwrap()).unwrap_err();
        assert_eq!(error.status(), Some(200), "{error}");
        assert_eq!(error.kind(), ErrorKind::Network, "{error}");
    }
}

#[test]
fn a_body_that_is_not_json_is_an_error_with_its_status() {
    let cases = [
        (
            "<html>",
            "the reply cannot be read: expected value at line 1 column 1",
        ),
        (
            "[",
            "the reply cannot be read: EOF while parsing a list at line 1 column 1",
        ),
        (
            "[] []",
            "the reply cannot be read: trailing characters at line 1 column 4",
        ),
    ];
    for (body, reason) in cases {
        let server = RawServer::start([reply("200 OK", &[], body)]);
        let text = format!("{GET}: 200 OK, but {reason}");
        let (kind, delivery) = (ErrorKind::Decode, Delivery::Answered);
        assert_error(
            get(&session(&server.url())),
            &text,
            kind,
            delivery,
            Some(200),
        );
    }
}

/// Compressed bodies, which are requested only with the feature `gzip`.
#[cfg(feature = "gzip")]
mod gzip {
    use super::*;
    use crate::support::json_reply;

    /// `gzip -9n` of `[]`.
    const EMPTY_LIST: [u8; 22] = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x8b, 0x8e, 0x05, 0x00, 0x29,
        0xbb, 0x4c, 0x0d, 0x02, 0x00, 0x00, 0x00,
    ];

    /// `gzip -9n` of 64 KiB of zeros consists of these bytes, 63 zeros, and [`ZEROS_END`].
    const ZEROS_START: [u8; 24] = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x01, 0x01, 0x00,
        0x00, 0x00, 0x80, 0x90, 0xfe, 0xaf, 0xee, 0x08, 0x0a,
    ];
    const ZEROS_END: [u8; 9] = [0x6a, 0xeb, 0x8e, 0x97, 0xd7, 0x00, 0x00, 0x01, 0x00];

    /// 64 KiB in 96 bytes. Consecutive members form one stream.
    fn member() -> Vec<u8> {
        [ZEROS_START.as_slice(), &[0; 63], &ZEROS_END].concat()
    }

    fn gzipped(body: &[u8]) -> Vec<u8> {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    }

    #[test]
    fn a_compressed_reply_is_read() {
        let server = RawServer::start([gzipped(&EMPTY_LIST), json_reply("[]")]);
        let session = session(&server.url());
        assert_eq!(get(&session).unwrap(), []);
        assert_eq!(get(&session).unwrap(), []);
        assert_eq!(server.connections(), 1);
    }

    #[test]
    fn the_cap_applies_after_decompression() {
        let server = RawServer::start([gzipped(&EMPTY_LIST), gzipped(&EMPTY_LIST)]);
        for (cap, passes) in [(2, true), (1, false)] {
            let session = builder(&server.url()).max_response_bytes(cap);
            assert_eq!(get(&session.build().unwrap()).is_ok(), passes);
        }
    }

    #[test]
    fn a_decompression_bomb_ends_at_the_cap() {
        // 4 MiB in 6 KiB, with and without a length.
        let server = RawServer::start([gzipped(&member().repeat(64))]);
        let peer = flood(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
            &member(),
            64,
        );
        for url in [server.url(), peer.url()] {
            let session = builder(&url).max_response_bytes(MIB as u64);
            let text =
                format!("{GET}: 200 OK, but the reply is larger than max_response_bytes, 1048576");
            let (kind, delivery) = (ErrorKind::Decode, Delivery::Answered);
            let result = get(&session.build().unwrap());
            assert_error(result, &text, kind, delivery, Some(200));
        }
    }

    #[test]
    fn a_decompression_bomb_in_an_error_ends_at_its_cap() {
        let head = "HTTP/1.1 500 Internal Server Error\r\nContent-Encoding: gzip\r\n\r\n";
        let peer = flood(head, &member(), 64);
        let error = get(&session(&peer.url())).unwrap_err();
        assert_eq!(error.status(), Some(500));
    }

    #[test]
    fn a_broken_compression_is_an_error_with_its_status() {
        let mut broken = EMPTY_LIST;
        broken[14] ^= 0xff;
        let server = RawServer::start([gzipped(&broken)]);
        let text = format!(
            "{GET}: 200 OK, but the reply cannot be read: gzip decompression failed: \
             corrupt gzip stream does not have a matching checksum"
        );
        let (kind, delivery) = (ErrorKind::Decode, Delivery::Answered);
        let result = get(&session(&server.url()));
        assert_error(result, &text, kind, delivery, Some(200));
    }
}
