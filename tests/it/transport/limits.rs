//! Limits of attempts: silence, endless peers, and sessions with another timeout.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use vipps::{Delivery, ErrorKind, RetryPolicy};

use super::{GET, POST, assert_error, builder, get, post};
use crate::support::{
    RawServer, json_reply, read_request, session_builder, wait_for_close, with_limits,
    within_bounds,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Sends bytes at a pace until the client closes or none are left.
fn dribble(stream: &mut TcpStream, bytes: impl IntoIterator<Item = u8>, pace: Duration) {
    stream.set_read_timeout(Some(pace)).unwrap();
    for byte in bytes {
        // The client sends nothing, so an error means that the read timed out.
        if stream.read(&mut [0]).is_ok() || stream.write_all(&[byte]).is_err() {
            return;
        }
    }
}

#[test]
fn a_dead_kept_alive_connection_is_given_up_and_the_retry_succeeds() {
    with_limits(|limit| {
        // Every connection replies once.
        let server = RawServer::each(|mut stream| {
            if read_request(&mut stream).is_some() {
                // The client may have closed.
                drop(stream.write_all(&json_reply("[]")));
                wait_for_close(&mut stream);
            }
        });
        let seen = Arc::new(Mutex::new(Vec::new()));
        let attempts = Arc::clone(&seen);
        let session = builder(&server.url())
            .timeout(DAY)
            .stall_timeout(limit)
            .retry(RetryPolicy::default())
            .observer(move |attempt| attempts.lock().unwrap().push(attempt.error_kind()));
        let session = session.build().unwrap();
        let results = [get(&session), get(&session)];
        let connections = server.connections();
        drop(session);
        let seen = seen.lock().unwrap();
        let expected = [None, Some(ErrorKind::Timeout), None];
        results.iter().all(Result::is_ok) && *seen == expected && connections == 2
    });
}

#[test]
fn a_silent_attempt_ends_after_half_of_the_timeout() {
    with_limits(|limit| {
        let server = RawServer::start([]);
        let session = session_builder(&server.url()).timeout(2 * limit);
        let session = session.clock(vipps::Clock::manual()).build().unwrap();
        let result = post(&session);
        if server.requests().is_empty() {
            return false;
        }
        let text = format!(
            "{POST}: timed out after {limit:.1?} without any data while waiting for a reply \
             (the server may have carried it out)"
        );
        let (kind, delivery) = (ErrorKind::Timeout, Delivery::Unknown);
        assert_error(result, &text, kind, delivery, None);
        true
    });
}

#[test]
fn a_reply_that_keeps_coming_is_not_cut() {
    with_limits(|limit| {
        let server = RawServer::each(move |mut stream| {
            read_request(&mut stream).unwrap();
            // Twice as long as silence may last.
            dribble(&mut stream, json_reply("[]"), limit / 20);
            wait_for_close(&mut stream);
        });
        let session = builder(&server.url()).timeout(DAY).stall_timeout(limit);
        let result = get(&session.build().unwrap());
        result.is_ok()
    });
}

#[test]
fn an_endless_proxy_reply_is_given_up_in_time() {
    within_bounds(|| {
        let limit = Duration::from_millis(200);
        for connect_timeout in [DAY, limit] {
            let proxy = RawServer::each(move |mut stream| {
                read_request(&mut stream).unwrap_or_default();
                dribble(
                    &mut stream,
                    b"HTTP/1.1 200 OK\r\nX: "
                        .iter()
                        .copied()
                        .chain(std::iter::repeat(b'x')),
                    limit / 10,
                );
            });
            let session = builder("http://127.0.0.1:1")
                .proxy(proxy.url())
                .connect_timeout(connect_timeout)
                .timeout(if connect_timeout == DAY { limit } else { DAY });
            let session = session.build().unwrap();
            let text = format!(
                "{GET}: timed out while connecting to the proxy {} (nothing was sent)",
                proxy.address()
            );
            let (kind, delivery) = (ErrorKind::Timeout, Delivery::NotSent);
            assert_error(get(&session), &text, kind, delivery, None);
        }
    });
}

/// The system accepts some of it. Only what is left counts.
#[test]
fn an_unread_upload_is_not_sent() {
    within_bounds(|| {
        let limit = Duration::from_millis(200);
        // The system alone accepts connections here.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let session = builder(&url).timeout(limit).build().unwrap();
        let request = session.request("POST", "/x");
        let body = vec![b'x'; 32 * 1024 * 1024];
        let result = request.body("application/octet-stream", body).send();
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(error.is_retryable());
    });
}

#[test]
fn a_session_with_another_timeout_shares_the_connections() {
    with_limits(|limit| {
        let server = RawServer::start([json_reply("[]")]);
        let session = builder(&server.url()).timeout(DAY).build().unwrap();
        get(&session).unwrap();
        let hurried = session.with_timeout(limit);
        let result = post(&hurried.for_sales_unit(&"654321".parse().unwrap()));
        if server.requests().len() < 2 {
            return false;
        }
        let text = format!(
            "{POST}: timed out after {limit:.1?} while waiting for a reply \
             (the server may have carried it out)"
        );
        let (kind, delivery) = (ErrorKind::Timeout, Delivery::Unknown);
        assert_error(result, &text, kind, delivery, None);
        assert_eq!(server.connections(), 1);
        true
    });
}

#[test]
fn a_session_with_a_timeout_of_zero_sends_nothing() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let server = RawServer::start([json_reply("[]")]);
    let session = builder(&server.url()).observer(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let session = session.build().unwrap();
    let text = format!("{GET}: timed out before the request was sent (nothing was sent)");
    let (kind, delivery) = (ErrorKind::Timeout, Delivery::NotSent);
    let result = get(&session.with_timeout(Duration::ZERO));
    assert_error(result, &text, kind, delivery, None);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    // No limit is too long, and the session itself is unchanged.
    get(&session.with_timeout(Duration::MAX)).unwrap();
    assert_eq!(server.connections(), 1);
}
