//! Timeouts. The clock of these sessions stands still, so that errors report exact limits; the
//! network uses real time.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use vipps::{Clock, Delivery, Error, ErrorKind, RetryPolicy, Session};

use super::{GET, POST, assert_error, builder, get, post};
use crate::support::{
    RawServer, all_at_once, builder_without_token, json_reply, read_request, reply, until,
    wait_for_close, with_limits,
};

/// Used where nothing tells whether a request was in time: long enough for a busy machine to
/// resolve 127.0.0.1.
const LIMIT: Duration = Duration::from_secs(2);

/// For what follows something else.
const LONGER: Duration = Duration::from_secs(4);

fn unanswered(limit: Duration) -> String {
    format!(
        "timed out after {limit:.1?} while waiting for a reply (the server may have carried it out)"
    )
}

/// The results of a concurrent GET and POST.
fn both(session: &Session) -> [(&'static str, Result<(), Error>); 2] {
    thread::scope(|scope| {
        let get = scope.spawn(|| get(session).map(drop));
        let post = post(session).map(drop);
        [(GET, get.join().unwrap()), (POST, post)]
    })
}

#[test]
fn a_server_that_never_replies_leaves_the_outcome_unknown() {
    with_limits(|limit| {
        let server = RawServer::start([]);
        let session = builder(&server.url()).timeout(limit).build().unwrap();
        let results = both(&session);
        if server.requests().len() < 2 {
            return false;
        }
        for (at, result) in results {
            let text = format!("{at}: {}", unanswered(limit));
            let (kind, delivery) = (ErrorKind::Timeout, Delivery::Unknown);
            assert_error(result, &text, kind, delivery, None);
        }
        true
    });
}

#[test]
fn a_token_that_never_comes_leaves_the_call_unsent() {
    with_limits(|limit| {
        let server = RawServer::start([]);
        let session = builder_without_token(&server.url())
            .clock(Clock::manual())
            .stall_timeout(limit)
            .timeout(limit);
        let result = post(&session.build().unwrap());
        if server.requests().is_empty() {
            return false;
        }
        let text = format!(
            "no access token: POST /accesstoken/get: timed out after {limit:.1?} while waiting for \
             a reply"
        );
        let (kind, delivery) = (ErrorKind::Timeout, Delivery::NotSent);
        assert_error(result, &text, kind, delivery, None);
        assert_eq!(server.requests().len(), 1);
        true
    });
}

/// The connect timeout does not apply to the reply.
#[test]
fn a_server_may_take_longer_to_answer_than_to_connect() {
    with_limits(|limit| {
        let server = RawServer::start([]);
        let session = builder(&server.url()).connect_timeout(limit);
        let result = get(&session.timeout(2 * limit).build().unwrap());
        if server.requests().is_empty() {
            return false;
        }
        let text = format!("{GET}: {}", unanswered(2 * limit));
        let (kind, delivery) = (ErrorKind::Timeout, Delivery::Unknown);
        assert_error(result, &text, kind, delivery, None);
        true
    });
}

/// A proxy that accepts connections and stays silent is the only portable way to make connecting
/// slow.
#[test]
fn a_connect_timeout_sends_nothing() {
    let day = Duration::from_secs(24 * 60 * 60);
    let limits = [
        (LIMIT, day),
        // The connect timeout is shorter than the whole timeout, so the cause is still known.
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
        for (at, result) in both(&session) {
            let address = proxy.address();
            let text = format!(
                "{at}: timed out while connecting to the proxy {address} (nothing was sent)"
            );
            let (kind, delivery) = (ErrorKind::Timeout, Delivery::NotSent);
            assert_error(result, &text, kind, delivery, None);
        }
        until("two connections", || proxy.connections() == 2);
    });
}

/// The same for a retry, whose limits are computed separately.
#[test]
fn a_retry_has_a_connect_timeout_too() {
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
        // A 503 leaves the outcome unknown, which the retry does not change.
        let text = format!(
            "{GET}: timed out while connecting to the proxy {} (2 attempts; the server may have \
             carried it out)",
            proxy.address()
        );
        let (kind, delivery) = (ErrorKind::Timeout, Delivery::Unknown);
        let result = get(&session.build().unwrap());
        assert_error(result, &text, kind, delivery, None);
        until("two connections", || proxy.connections() == 2);
    });
}

#[test]
fn all_attempts_share_one_timeout() {
    for waits in [1, 2] {
        with_limits(|limit| {
            // The last attempt has the time that the waits have left, and gets no reply.
            let later = || reply("503 Service Unavailable", &["Retry-After: 100"], "");
            let server = RawServer::start((0..waits).map(|_| later()));
            let session = builder(&server.url())
                .retry(attempts(waits + 1))
                .timeout(Duration::from_secs(100) * waits + limit);
            let result = get(&session.build().unwrap());
            let requests = server.requests().len();
            if requests == usize::try_from(waits).unwrap() {
                return false;
            }
            let text = format!("{GET}: {}", unanswered(limit));
            let text = text.replace(" (", &format!(" ({} attempts; ", waits + 1));
            let (kind, delivery) = (ErrorKind::Timeout, Delivery::Unknown);
            assert_error(result, &text, kind, delivery, None);
            assert_eq!(requests, usize::try_from(waits + 1).unwrap());
            true
        });
    }
}

#[test]
fn the_timeout_covers_the_token_request() {
    with_limits(|limit| {
        let clock = Clock::manual();
        let moved = clock.clone();
        let arrived = Arc::new(AtomicBool::new(false));
        let has_arrived = Arc::clone(&arrived);
        let peer = RawServer::each(move |mut stream| {
            read_request(&mut stream).unwrap();
            // The token takes all of the time but this.
            moved.advance(Duration::from_secs(100) - limit);
            stream.write_all(&token_reply()).unwrap();
            let request = read_request(&mut stream);
            arrived.store(request.is_some(), Ordering::SeqCst);
            wait_for_close(&mut stream);
        });
        let session = builder_without_token(&peer.url())
            .clock(clock)
            .timeout(Duration::from_secs(100));
        let result = get(&session.build().unwrap());
        drop(peer);
        if !has_arrived.load(Ordering::SeqCst) {
            return false;
        }
        let text = format!("{GET}: {}", unanswered(limit));
        let (kind, delivery) = (ErrorKind::Timeout, Delivery::Unknown);
        assert_error(result, &text, kind, delivery, None);
        true
    });
}

#[test]
fn a_call_without_time_left_is_not_sent() {
    let clock = Clock::manual();
    let moved = clock.clone();
    let peer = RawServer::each(move |mut stream| {
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
fn a_stalled_body_ends_at_the_timeout() {
    let rests = [
        "Content-Length: 100\r\n\r\n[]",
        "Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n",
        "Connection: close\r\n\r\n[",
    ];
    let is_error = |rest| [(rest, false), (rest, true)];
    all_at_once(rests.into_iter().flat_map(is_error), |(rest, is_error)| {
        with_limits(|limit| {
            let line = if is_error { "404 Not Found" } else { "200 OK" };
            let peer = RawServer::each(move |mut stream| {
                read_request(&mut stream).unwrap_or_default();
                // The client may have closed.
                drop(write!(stream, "HTTP/1.1 {line}\r\n{rest}"));
                wait_for_close(&mut stream);
            });
            let session = builder(&peer.url()).timeout(limit);
            let error = get(&session.build().unwrap()).unwrap_err();
            if error.status().is_none() {
                return false;
            }
            if is_error {
                // The API's reply is known, whatever happened to its body.
                assert_eq!(error.kind(), ErrorKind::NotFound);
                assert_eq!(error.delivery(), Delivery::Answered);
                assert_eq!(error.status(), Some(404));
            } else {
                assert_unread(error, limit);
            }
            true
        });
    });
}

/// Every piece arrives at once and there is always another: only the total timeout ends it.
#[test]
fn an_endless_body_ends_at_the_timeout() {
    with_limits(|limit| {
        let peer = RawServer::each(|mut stream| {
            read_request(&mut stream).unwrap_or_default();
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            let mut more = stream.write_all(head);
            while more.is_ok() {
                more = stream.write_all(b"1\r\n \r\n");
            }
        });
        let session = builder(&peer.url())
            .max_response_bytes(u64::MAX)
            .timeout(limit);
        let error = get(&session.build().unwrap()).unwrap_err();
        if error.status().is_none() {
            return false;
        }
        assert_unread(error, limit);
        true
    });
}

#[track_caller]
fn assert_unread(error: Error, limit: Duration) {
    let text = format!("{GET}: 200 OK, but timed out after {limit:.1?} while reading the reply");
    let (kind, delivery) = (ErrorKind::Timeout, Delivery::Answered);
    assert_error::<()>(Err(error), &text, kind, delivery, Some(200));
}

fn token_reply() -> Vec<u8> {
    json_reply(r#"{"access_token": "fetched", "expires_in": 3600}"#)
}

/// The attempts of a policy without waits.
fn attempts(attempts: u32) -> RetryPolicy {
    RetryPolicy::default()
        .max_attempts(attempts)
        .initial_backoff(Duration::ZERO)
}
