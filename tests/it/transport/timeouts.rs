//! Time limits. The clock of these sessions stands still, so that what an error says of a limit is exact; the network waits for real.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use vipps::{Clock, Delivery, ErrorKind, RetryPolicy, Session};

use super::{
    GET, POST, Peer, all_at_once, assert_error, builder, eventually, get, post, read_request,
    wait_for_close,
};
use crate::support::{RawServer, builder_without_token, json_reply, reply};

/// Long enough for a loaded machine to look up 127.0.0.1 in.
const LIMIT: Duration = Duration::from_millis(300);

/// For what comes after something else.
const LONGER: Duration = Duration::from_millis(600);

const UNANSWERED: &str = "timed out after 300.0ms while waiting for an answer \
                          (the server may have carried it out)";
const UNCONNECTED: &str = "timed out while connecting (nothing was sent)";

/// A GET and a POST at once, whose errors must be the same.
#[track_caller]
fn assert_both(session: &Session, says: &str, kind: ErrorKind, delivery: Delivery) {
    all_at_once([true, false], |is_get| {
        let (at, result) = match is_get {
            true => (GET, get(session).map(drop)),
            false => (POST, post(session).map(drop)),
        };
        assert_error(result, &format!("{at}: {says}"), kind, delivery, None);
    });
}

#[test]
fn a_server_that_never_answers_may_have_carried_it_out() {
    let peer = silent();
    let session = builder(&peer.url()).timeout(LIMIT).build().unwrap();
    let (kind, delivery) = (ErrorKind::Timeout, Delivery::Unknown);
    assert_both(&session, UNANSWERED, kind, delivery);
}

#[test]
fn a_token_that_never_comes_leaves_the_call_unsent() {
    let peer = silent();
    let session = builder_without_token(&peer.url())
        .clock(Clock::manual())
        .timeout(LIMIT);
    let text = "no access token: POST /accesstoken/get: timed out after 300.0ms while waiting for \
                an answer";
    let (kind, delivery) = (ErrorKind::Timeout, Delivery::NotSent);
    let result = post(&session.build().unwrap());
    assert_error(result, text, kind, delivery, None);
}

/// The time to connect is not the time to answer.
#[test]
fn a_server_may_take_longer_to_answer_than_to_connect() {
    let peer = silent();
    let session = builder(&peer.url()).connect_timeout(LIMIT).timeout(LONGER);
    let text = format!(
        "{GET}: timed out after 600.0ms while waiting for an answer \
         (the server may have carried it out)"
    );
    let (kind, delivery) = (ErrorKind::Timeout, Delivery::Unknown);
    let result = get(&session.build().unwrap());
    assert_error(result, &text, kind, delivery, None);
}

/// A proxy that takes the connection and says nothing is the one thing that takes time to connect to on every machine.
#[test]
fn what_is_not_connected_in_time_was_not_sent() {
    let day = Duration::from_secs(24 * 60 * 60);
    let limits = [
        (LIMIT, day),
        // Connecting ends before the whole time does, so that it is still known to be that.
        (day, LIMIT),
        (LIMIT, LIMIT),
    ];
    all_at_once(limits, |(connect_timeout, timeout)| {
        let proxy = RawServer::start([]);
        let session = builder("http://127.0.0.1:1")
            .proxy(proxy.url())
            .connect_timeout(connect_timeout)
            .timeout(timeout);
        let session = session.build().unwrap();
        let (kind, delivery) = (ErrorKind::Timeout, Delivery::NotSent);
        assert_both(&session, UNCONNECTED, kind, delivery);
        eventually("two connections", || proxy.connections() == 2);
    });
}

/// The same for a repetition, whose limits are made for it alone.
#[test]
fn a_repetition_is_connected_in_time_or_not_sent() {
    let wait = Duration::from_secs(100);
    let limits = [(LONGER, 2 * wait), (wait, wait + LIMIT)];
    all_at_once(limits, |(connect_timeout, timeout)| {
        let connected = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        let headers = ["Retry-After: 100", "Connection: close"];
        let later = reply("503 Service Unavailable", &headers, "");
        let proxy = RawServer::start([connected, later]);
        let session = builder("http://127.0.0.1:1")
            .proxy(proxy.url())
            .retry(attempts(2))
            .connect_timeout(connect_timeout)
            .timeout(timeout);
        // A 503 may be the end of something that was begun, which the repetition does not undo.
        let text =
            format!("{GET}: timed out while connecting (the server may have carried it out)");
        let (kind, delivery) = (ErrorKind::Timeout, Delivery::Unknown);
        let result = get(&session.build().unwrap());
        assert_error(result, &text, kind, delivery, None);
        eventually("two connections", || proxy.connections() == 2);
    });
}

#[test]
fn all_attempts_share_one_total() {
    all_at_once([1, 2], |waits: u32| {
        let requests = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&requests);
        let peer = Peer::start(move |mut stream| {
            while read_request(&mut stream).is_some() {
                // The last attempt has what the waits have left, and gets no answer.
                if count.fetch_add(1, Ordering::SeqCst) < waits {
                    let later = reply("503 Service Unavailable", &["Retry-After: 100"], "");
                    stream.write_all(&later).unwrap();
                }
            }
        });
        let session = builder(&peer.url())
            .retry(attempts(waits + 1))
            .timeout(Duration::from_secs(100) * waits + LIMIT);
        let text = format!("{GET}: {UNANSWERED}");
        let (kind, delivery) = (ErrorKind::Timeout, Delivery::Unknown);
        let result = get(&session.build().unwrap());
        assert_error(result, &text, kind, delivery, None);
        drop(peer);
        assert_eq!(requests.load(Ordering::SeqCst), waits + 1);
    });
}

#[test]
fn the_total_covers_the_token() {
    let clock = Clock::manual();
    let moved = clock.clone();
    let peer = Peer::start(move |mut stream| {
        read_request(&mut stream).unwrap();
        // The token takes all of the time but this.
        moved.advance(Duration::from_secs(100) - LIMIT);
        stream.write_all(&token_reply()).unwrap();
        read_request(&mut stream).unwrap();
        wait_for_close(&mut stream);
    });
    let session = builder_without_token(&peer.url())
        .clock(clock)
        .timeout(Duration::from_secs(100));
    let text = format!("{GET}: {UNANSWERED}");
    let (kind, delivery) = (ErrorKind::Timeout, Delivery::Unknown);
    let result = get(&session.build().unwrap());
    assert_error(result, &text, kind, delivery, None);
}

#[test]
fn a_call_without_any_time_left_is_not_sent() {
    let clock = Clock::manual();
    let moved = clock.clone();
    let peer = Peer::start(move |mut stream| {
        read_request(&mut stream).unwrap();
        moved.advance(Duration::from_secs(10));
        stream.write_all(&token_reply()).unwrap();
        assert_eq!(read_request(&mut stream), None);
    });
    let session = builder_without_token(&peer.url())
        .clock(clock)
        .timeout(Duration::from_secs(10));
    let text = format!("{GET}: timed out before the request was sent (nothing was sent)");
    let (kind, delivery) = (ErrorKind::Timeout, Delivery::NotSent);
    let result = get(&session.build().unwrap());
    assert_error(result, &text, kind, delivery, None);
}

#[test]
fn a_body_that_stops_coming_ends_with_the_time() {
    let rests = [
        "Content-Length: 100\r\n\r\n[]",
        "Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n",
        "Connection: close\r\n\r\n[",
    ];
    let is_error = |rest| [(rest, false), (rest, true)];
    all_at_once(rests.into_iter().flat_map(is_error), |(rest, is_error)| {
        let line = if is_error { "404 Not Found" } else { "200 OK" };
        let peer = Peer::start(move |mut stream| {
            read_request(&mut stream).unwrap();
            write!(stream, "HTTP/1.1 {line}\r\n{rest}").unwrap();
            wait_for_close(&mut stream);
        });
        let session = builder(&peer.url()).timeout(LONGER);
        let result = get(&session.build().unwrap());
        if is_error {
            // The status is known, whatever became of the body.
            assert_eq!(result.unwrap_err().status(), Some(404));
        } else {
            let text =
                format!("{GET}: 200 OK, but timed out after 600.0ms while reading the reply");
            let (kind, delivery) = (ErrorKind::Timeout, Delivery::Answered);
            assert_error(result, &text, kind, delivery, Some(200));
        }
    });
}

/// Every piece comes at once, and there is always another one: only the total ends it.
#[test]
fn a_body_in_endless_small_pieces_ends_with_the_time() {
    let peer = Peer::start(|mut stream| {
        read_request(&mut stream).unwrap();
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let mut more = stream.write_all(head);
        while more.is_ok() {
            more = stream.write_all(b"1\r\n \r\n");
        }
    });
    let session = builder(&peer.url())
        .max_response_bytes(u64::MAX)
        .timeout(LONGER);
    let text = format!("{GET}: 200 OK, but timed out after 600.0ms while reading the reply");
    let (kind, delivery) = (ErrorKind::Timeout, Delivery::Answered);
    let result = get(&session.build().unwrap());
    assert_error(result, &text, kind, delivery, Some(200));
}

/// A server that never answers, and gives up after ten seconds: a limit that is not kept is another error then.
fn silent() -> Peer {
    Peer::start(|mut stream| wait_for_close(&mut stream))
}

fn token_reply() -> Vec<u8> {
    json_reply(r#"{"access_token": "fetched", "expires_in": 3600}"#)
}

/// So many attempts, without waits of their own.
fn attempts(attempts: u32) -> RetryPolicy {
    RetryPolicy::default()
        .max_attempts(attempts)
        .first_wait(Duration::ZERO)
}
