//! Connections are reused whenever possible, because setting one up costs more than most calls.

use std::io::Write;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use vipps::RetryPolicy;
use vipps::sandbox::{Fault, Sandbox};

use super::{builder, delete, get, post, session};
use crate::support::{RawServer, builder_without_token, json_reply, read_request, reply};

#[test]
fn the_next_call_reuses_the_connection_after_any_reply() {
    let problem = r#"{"title": "No", "status": 404}"#;
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n";
    let chunked_error =
        b"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n4\r\noops\r\n0\r\n\r\n";
    let long = "x".repeat(100_000);
    let answers = [
        json_reply("[]"),
        reply("204 No Content", &[], ""),
        reply("404 Not Found", &[], problem),
        reply("400 Bad Request", &[], &long),
        reply("302 Found", &["Location: /elsewhere"], "moved"),
        reply("302 Found", &["Location: /elsewhere"], ""),
        reply("304 Not Modified", &[], ""),
        reply("502 Bad Gateway", &["Content-Type: text/html"], "<html>"),
        // A success with a body that cannot be read.
        json_reply("{"),
        chunked.to_vec(),
        chunked_error.to_vec(),
    ];
    for answer in answers {
        let text = String::from_utf8_lossy(&answer).into_owned();
        for call in [
            |session: &_| drop(get(session)),
            |session: &_| drop(post(session)),
            |session: &_| drop(delete(session)),
        ] {
            let server = RawServer::start([answer.clone(), json_reply("[]")]);
            let session = session(&server.url());
            call(&session);
            get(&session).unwrap();
            assert_eq!(server.requests().len(), 2);
            assert_eq!(server.connections(), 1, "after {text:.60}");
        }
    }
}

#[test]
fn a_token_request_and_its_call_share_a_connection() {
    let token = r#"{"access_token": "fetched", "expires_in": "3600"}"#;
    let server = RawServer::start([json_reply(token), json_reply("[]")]);
    get(&builder_without_token(&server.url()).build().unwrap()).unwrap();
    assert_eq!(server.connections(), 1);
}

#[test]
fn sessions_for_other_merchants_share_connections() {
    let server = RawServer::start([json_reply("[]"), json_reply("[]")]);
    let session = session(&server.url());
    get(&session).unwrap();
    get(&session.for_sales_unit(&"654321".parse().unwrap())).unwrap();
    assert_eq!(server.connections(), 1);
}

/// A retry has its own time limit, which must not prevent reuse.
#[test]
fn a_retry_reuses_the_connection() {
    let server = RawServer::start([
        reply("503 Service Unavailable", &["Retry-After: 20"], "later"),
        json_reply("[]"),
        json_reply("[]"),
    ]);
    let session = builder(&server.url()).retry(RetryPolicy::default());
    let session = session.build().unwrap();
    get(&session).unwrap();
    get(&session).unwrap();
    assert_eq!(server.requests().len(), 3);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_connection_that_the_server_closes_is_not_reused() {
    for answer in [
        reply("200 OK", &["Connection: close"], "[]"),
        reply("404 Not Found", &["Connection: close"], "{}"),
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n[]".to_vec(),
        // The body ends with the connection.
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[]".to_vec(),
        // Bytes that belong to no reply.
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]HTTP/1.1 200 OK\r\n".to_vec(),
    ] {
        let text = String::from_utf8_lossy(&answer).into_owned();
        let server = RawServer::start([answer, json_reply("[]")]);
        let session = session(&server.url());
        drop(get(&session));
        get(&session).unwrap();
        assert_eq!(server.connections(), 2, "after {text}");
    }
}

/// A gateway closes idle connections at any time.
#[test]
fn an_idle_connection_that_was_closed_is_no_error() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    for _ in 0..5 {
        get(&session).unwrap();
        sandbox.close_connections();
        post_works(&session);
        sandbox.close_connections();
    }
    assert_eq!(sandbox.count("POST /management/v1/product-orders"), 5);
}

#[track_caller]
fn post_works(session: &vipps::Session) {
    use vipps::management::{BusinessIdentifier, PrefillProductOrder, ProductType};

    let merchant = BusinessIdentifier::norway("987654321").unwrap();
    let order = PrefillProductOrder::new(merchant, ProductType::PaymentIntegration);
    vipps::management::prefill_product_order(session, &order).unwrap();
}

/// ureq keeps three connections to a host by default.
#[test]
fn every_thread_of_many_keeps_a_connection() {
    const THREADS: usize = 16;

    // Replies only after the whole round has arrived, so that it takes one connection per thread.
    let together = Arc::new(Barrier::new(THREADS));
    let peer = RawServer::each(move |mut stream| {
        while read_request(&mut stream).is_some() {
            together.wait();
            stream.write_all(&json_reply("[]")).unwrap();
        }
    });
    let session = builder(&peer.url()).timeout(Duration::from_secs(10));
    let session = session.build().unwrap();
    for _round in 0..3 {
        thread::scope(|scope| {
            let call = || get(&session).unwrap();
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(call)).collect();
            threads.into_iter().for_each(|t| drop(t.join().unwrap()));
        });
    }
    assert_eq!(peer.connections(), THREADS);
}

/// A read on a connection with an abandoned reply would get the rest of that reply.
#[test]
fn a_connection_with_unread_data_is_not_reused() {
    let sandbox = Sandbox::start().unwrap();
    let builder = sandbox.session_builder().unwrap();
    let session = builder.max_response_bytes(100_000).build().unwrap();
    sandbox.fault("GET *", 1, Fault::EndlessBody);
    get(&session).unwrap_err();
    assert_eq!(get(&session).unwrap().len(), 3);
}
