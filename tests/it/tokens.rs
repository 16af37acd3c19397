//! How a session gets, shares, renews and drops its token, and what shows of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use vipps::management::{self, BusinessIdentifier, PrefillProductOrder, ProductType};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{
    AccessToken, ApiKeys, Clock, Delivery, Error, ErrorKind, RetryPolicy, Session, SessionBuilder,
};

use crate::support::{
    ENCODING, RawServer, builder_without_token, json_reply, session_builder, system, whole,
};

const TOKEN: &str = "POST /accesstoken/get";
const UNITS: &str = "GET /management/v1/sales-units";
const PREFILL: &str = "POST /management/v1/product-orders";

const SECOND: Duration = Duration::from_secs(1);
const NANOSECOND: Duration = Duration::from_nanos(1);

/// A session on the sandbox's server and clock that does not repeat calls.
fn builder(sandbox: &Sandbox) -> SessionBuilder {
    let builder = sandbox.session_builder().unwrap();
    builder.retry(RetryPolicy::none())
}

fn session(sandbox: &Sandbox) -> Session {
    builder(sandbox).build().unwrap()
}

/// A sandbox, and a session that has the sandbox's first token, good for an hour.
fn with_token() -> (Sandbox, Session) {
    let sandbox = Sandbox::start().unwrap();
    let session = session(&sandbox);
    session.access_token().unwrap();
    (sandbox, session)
}

#[track_caller]
fn call(session: &Session) {
    assert_eq!(management::list_sales_units(session).unwrap().len(), 3);
}

/// Does it in so many threads, which start at once, and gives their results.
pub(crate) fn at_once<T: Send>(threads: usize, work: impl Fn() -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        let started: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    work()
                })
            })
            .collect();
        started
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

/// Waits until something holds, 10 s at the most.
#[track_caller]
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < 10 * SECOND, "not within 10 s: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

#[track_caller]
fn until_debug_says(session: &Session, part: &str) {
    until(part, || format!("{session:?}").contains(part));
}

#[track_caller]
fn until_nothing_is_fetched(session: &Session) {
    until("no token request in flight", || {
        !format!("{session:?}").contains("being fetched")
    });
}

/// Each request on a line: method, path, and the number of the sandbox's token if it has one.
pub(crate) fn sequence(sandbox: &Sandbox) -> Vec<String> {
    let requests = sandbox.requests();
    let line = |request: &vipps::sandbox::ReceivedRequest| {
        let line = format!("{} {}", request.method, request.path);
        match request.header("authorization") {
            Some(token) => format!("{line} {token}").replace("Bearer sandbox-token-00000", "#"),
            None => line,
        }
    };
    requests.iter().map(line).collect()
}

fn seed(token: &str, expires_in: Duration) -> AccessToken {
    AccessToken::new(token, expires_in).unwrap()
}

// What is sent.

#[test]
fn the_standard_flow_sends_its_keys_to_the_token_endpoint_only() {
    let sandbox = Sandbox::start().unwrap();
    let session = builder(&sandbox).build().unwrap();
    call(&session);

    let requests: Vec<String> = sandbox.requests().iter().map(whole).collect();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        requests,
        [
            format!(
                "POST /accesstoken/get
accept-encoding: {ENCODING}
accept: application/json
client_id: sandbox-client-id
client_secret: sandbox-client-secret
content-length: 0
host: (the server)
merchant-serial-number: 123456
ocp-apim-subscription-key: sandbox-subscription-key-1
user-agent: vipps-rust/{version}
vipps-system-name: sandbox
vipps-system-plugin-name: sandbox
vipps-system-plugin-version: 1.0
vipps-system-version: 1.0

"
            ),
            format!(
                "GET /management/v1/sales-units
accept-encoding: {ENCODING}
accept: application/json
authorization: Bearer sandbox-token-000001
host: (the server)
merchant-serial-number: 123456
ocp-apim-subscription-key: sandbox-subscription-key-1
user-agent: vipps-rust/{version}
vipps-system-name: sandbox
vipps-system-plugin-name: sandbox
vipps-system-plugin-version: 1.0
vipps-system-version: 1.0

"
            ),
        ]
    );
}

#[test]
fn management_keys_send_no_subscription_key_anywhere() {
    let sandbox = Sandbox::start().unwrap();
    let session = Session::builder(sandbox.management_keys(), system())
        .base_url(sandbox.url())
        .clock(sandbox.clock().clone())
        .build()
        .unwrap();
    call(&session);

    let requests: Vec<String> = sandbox.requests().iter().map(whole).collect();
    let version = env!("CARGO_PKG_VERSION");
    // printf %s sandbox-management-id:sandbox-management-secret | base64
    let basic = "c2FuZGJveC1tYW5hZ2VtZW50LWlkOnNhbmRib3gtbWFuYWdlbWVudC1zZWNyZXQ=";
    assert_eq!(
        requests,
        [
            format!(
                "POST /miami/v1/token
accept-encoding: {ENCODING}
accept: application/json
authorization: Basic {basic}
content-length: 29
content-type: application/x-www-form-urlencoded
host: (the server)
user-agent: vipps-rust/{version}
vipps-system-name: acme
vipps-system-plugin-name: acme-webshop
vipps-system-plugin-version: 4.5.6
vipps-system-version: 3.1.2

grant_type=client_credentials"
            ),
            format!(
                "GET /management/v1/sales-units
accept-encoding: {ENCODING}
accept: application/json
authorization: Bearer sandbox-token-000001
host: (the server)
user-agent: vipps-rust/{version}
vipps-system-name: acme
vipps-system-plugin-name: acme-webshop
vipps-system-plugin-version: 4.5.6
vipps-system-version: 3.1.2

"
            ),
        ]
    );
}

#[test]
fn one_token_serves_all_calls_clones_and_merchants() {
    let sandbox = Sandbox::start().unwrap();
    let session = session(&sandbox);
    for _ in 0..5 {
        call(&session);
        call(&session.clone());
        call(&session.for_sales_unit(&"654321".parse().unwrap()));
        session.access_token().unwrap();
    }
    assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (1, 15));
}

#[test]
fn for_sales_unit_changes_nothing_but_the_merchant_serial_number() {
    let (sandbox, session) = with_token();
    call(&session);
    call(&session.for_sales_unit(&"654321".parse().unwrap()));
    call(&session);

    let requests = sandbox.requests();
    let [_token, own, other, own_again] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    let msn = "\nmerchant-serial-number: 123456\n";
    assert!(whole(own).contains(msn));
    assert_eq!(whole(own_again), whole(own));
    assert_eq!(
        whole(other),
        whole(own).replace(msn, "\nmerchant-serial-number: 654321\n")
    );
}

#[test]
fn for_sales_unit_adds_the_header_where_there_was_none() {
    let sandbox = Sandbox::start().unwrap();
    let session = Session::builder(sandbox.api_keys(), system())
        .base_url(sandbox.url())
        .build()
        .unwrap();
    call(&session.for_sales_unit(&"654321".parse().unwrap()));
    call(&session);
    let requests = sandbox.requests();
    let msns: Vec<_> = requests
        .iter()
        .map(|request| request.header("merchant-serial-number"))
        .collect();
    assert_eq!(msns, [None, Some("654321"), None]);
}

#[test]
fn for_sales_unit_shares_the_connections() {
    let server = RawServer::start([json_reply("[]"), json_reply("[]"), json_reply("[]")]);
    let session = session_builder(&server.url()).build().unwrap();
    let merchant = session.for_sales_unit(&"654321".parse().unwrap());
    for session in [&session, &merchant, &session] {
        assert_eq!(management::list_sales_units(session).unwrap(), []);
    }
    assert_eq!((server.requests().len(), server.connections()), (3, 1));
}

#[test]
fn a_session_can_be_shared_and_sent() {
    fn holds<T: Clone + Send + Sync + 'static>() {}
    holds::<Session>();
    holds::<AccessToken>();
    holds::<Clock>();
}

// What the token endpoints answer.

#[test]
fn the_lifetime_may_be_text_or_a_number() {
    let forever = Duration::from_secs(u64::MAX);
    let cases = [
        // POST /accesstoken/get, the numbers as strings.
        (
            r#"{"token_type": "Bearer", "expires_in": "86398", "ext_expires_in": "0", "expires_on": "1495271273",
                "not_before": "1495184574", "resource": "00000002-0000-0000-c000-000000000000", "access_token": "t0ken"}"#,
            86_398 * SECOND,
        ),
        // POST /miami/v1/token.
        (
            r#"{"access_token": "t0ken", "token_type": "Bearer", "expires_in": 900}"#,
            900 * SECOND,
        ),
        (
            r#"{"access_token": "t0ken", "expires_in": " 3599 "}"#,
            3599 * SECOND,
        ),
        (
            r#"{"access_token": "t0ken", "expires_in": 0}"#,
            Duration::ZERO,
        ),
        (
            r#"{"access_token": "t0ken", "expires_in": 18446744073709551615}"#,
            forever,
        ),
        (
            r#"{"access_token": "t0ken", "expires_in": "18446744073709551615"}"#,
            forever,
        ),
    ];
    for (body, expires_in) in cases {
        let server = RawServer::start([json_reply(body)]);
        let builder = builder_without_token(&server.url()).clock(Clock::manual());
        let token = builder.build().unwrap().access_token().unwrap();
        assert_eq!(token.secret(), "t0ken", "{body}");
        assert_eq!(token.expires_in(), expires_in, "{body}");
    }
}

#[test]
fn an_endless_lifetime_does_not_overflow() {
    let body = r#"{"access_token": "t0ken", "expires_in": 18446744073709551615}"#;
    let server = RawServer::start([json_reply(body), json_reply("[]"), json_reply("[]")]);
    let clock = Clock::manual();
    clock.advance(1000 * SECOND);
    let builder = builder_without_token(&server.url()).clock(clock.clone());
    let session = builder.build().unwrap();
    management::list_sales_units(&session).unwrap();
    clock.advance(Duration::MAX);
    management::list_sales_units(&session).unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_token_reply_that_cannot_be_used_says_why_and_shows_nothing_of_itself() {
    let secret = "5eCreT-t0ken";
    let not_an_object = "is not an object with access_token and expires_in";
    let not_seconds = "has an expires_in that is not a whole number of seconds";
    let cases = [
        ("".to_owned(), not_an_object),
        (format!("<html>{secret}</html>"), not_an_object),
        (format!("[\"{secret}\"]"), not_an_object),
        (format!("[\"{secret}\", 3600]"), not_an_object),
        (format!(r#"{{"access_token": "{secret}"}}"#), not_an_object),
        (r#"{"expires_in": 3600}"#.to_owned(), not_an_object),
        (
            r#"{"access_token": 5551234, "expires_in": 3600}"#.to_owned(),
            "has an access_token that is not a string",
        ),
        (
            format!(r#"{{"access_token": "{secret}", "expires_in": -1}}"#),
            not_seconds,
        ),
        (
            format!(r#"{{"access_token": "{secret}", "expires_in": "{secret}"}}"#),
            not_seconds,
        ),
        (
            format!(r#"{{"access_token": "{secret}", "expires_in": null}}"#),
            not_seconds,
        ),
        (
            r#"{"access_token": "", "expires_in": 3600}"#.to_owned(),
            "has an unusable access_token: it must not be empty",
        ),
        (
            format!(r#"{{"access_token": "{secret}\r\nX-Other: 1", "expires_in": 3600}}"#),
            "has an unusable access_token: it must be visible ASCII, and has a line break at 13",
        ),
        (
            format!(
                r#"{{"access_token": "{}", "expires_in": 3600}}"#,
                "a".repeat(16 * 1024 + 1)
            ),
            "has an unusable access_token: it must be at most 16384 bytes",
        ),
    ];
    for (body, reason) in cases {
        let server = RawServer::start([json_reply(&body)]);
        let session = builder_without_token(&server.url()).build().unwrap();
        let error = management::list_sales_units(&session).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("no access token: POST /accesstoken/get: 200 OK, but the token reply {reason}"),
        );
        let shown = format!("{error:?}");
        assert!(
            !shown.contains(secret) && !shown.contains("5551234"),
            "{shown}"
        );
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert_eq!(error.delivery(), Delivery::NotSent);
        // The unusable reply is not kept either.
        assert!(format!("{session:?}").contains("access_token: none"));
    }
}

#[test]
fn a_token_of_the_largest_size_is_sent_whole() {
    let token = "a".repeat(16 * 1024);
    let body = format!(r#"{{"access_token": "{token}", "expires_in": "3600"}}"#);
    let server = RawServer::start([json_reply(&body), json_reply("[]")]);
    let session = builder_without_token(&server.url()).build().unwrap();
    management::list_sales_units(&session).unwrap();
    let requests = server.requests();
    let header = format!("authorization: Bearer {token}\r\n");
    assert!(requests[1].contains(&header), "{}", requests[1].len());
}

#[test]
fn a_token_without_a_lifetime_is_used_once_and_asked_for_again() {
    let token = |n: u8| json_reply(&format!(r#"{{"access_token": "t{n}", "expires_in": 0}}"#));
    let units = || json_reply("[]");
    let server = RawServer::start([token(1), units(), token(2), units()]);
    let session = builder_without_token(&server.url()).build().unwrap();
    for _ in 0..2 {
        assert_eq!(management::list_sales_units(&session).unwrap(), []);
    }
    let first_lines: Vec<String> = server
        .requests()
        .iter()
        .map(|request| request.lines().next().unwrap().to_owned())
        .collect();
    let token = "POST /accesstoken/get HTTP/1.1";
    let units = "GET /management/v1/sales-units HTTP/1.1";
    assert_eq!(first_lines, [token, units, token, units]);
}

#[test]
fn a_token_without_a_lifetime_that_is_refused_does_not_loop() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.set_token_lifetime(Duration::ZERO);
    let error = management::list_sales_units(&sandbox.session()).unwrap_err();
    assert_eq!(error.status(), Some(401));
    let expected = [TOKEN, &format!("{UNITS} #1"), TOKEN, &format!("{UNITS} #2")];
    assert_eq!(sequence(&sandbox), expected);
}

#[test]
fn threads_that_waited_for_a_token_without_a_lifetime_share_it() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.set_token_lifetime(Duration::ZERO);
    let session = session(&sandbox);
    sandbox.fault(TOKEN, 1, Fault::Hold);
    let tokens = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| session.access_token().unwrap().secret().to_owned()))
            .collect();
        assert!(sandbox.wait_for(TOKEN, 1));
        until_debug_says(&session, "7 waiting");
        sandbox.release();
        let tokens: Vec<String> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        tokens
    });
    assert_eq!(tokens, ["sandbox-token-000001"; 8]);
    assert_eq!(sandbox.count(TOKEN), 1);
}

// Renewal.

#[test]
fn a_token_is_renewed_when_less_than_a_tenth_of_its_lifetime_is_left() {
    // In test, in production, in the management flow.
    for lifetime in [3600, 86_398, 900] {
        let lifetime = lifetime * SECOND;
        let sandbox = Sandbox::start().unwrap();
        sandbox.set_token_lifetime(lifetime);
        let session = session(&sandbox);
        call(&session);

        sandbox.advance(lifetime - lifetime / 10);
        call(&session);
        // A renewal would show here from its very beginning.
        let left = lifetime / 10;
        assert!(format!("{session:?}").contains(&format!("access_token: good for {left:?}, ..")));
        assert_eq!(sandbox.count(TOKEN), 1, "{lifetime:?}");

        sandbox.advance(NANOSECOND);
        call(&session);
        assert!(sandbox.wait_for(TOKEN, 2), "{lifetime:?}");
        until_nothing_is_fetched(&session);
        call(&session);
        let expected = [
            TOKEN,
            &format!("{UNITS} #1"),
            &format!("{UNITS} #1"),
            &format!("{UNITS} #1"),
            TOKEN,
            &format!("{UNITS} #2"),
        ];
        let mut requests = sequence(&sandbox);
        // The call that began the renewal and the renewal come in any order.
        if requests[3] == TOKEN {
            requests.swap(3, 4);
        }
        assert_eq!(requests, expected);
        assert_eq!(session.access_token().unwrap().expires_in(), lifetime);
    }
}

#[test]
fn callers_go_on_with_the_old_token_while_another_is_fetched() {
    let (sandbox, session) = with_token();
    sandbox.advance(3599 * SECOND);
    sandbox.fault(TOKEN, 1, Fault::Hold);
    // All of them end although the token request does not.
    at_once(64, || call(&session));
    assert!(sandbox.wait_for(TOKEN, 2));
    assert_eq!(session.access_token().unwrap().expires_in(), SECOND);
    until_debug_says(&session, "good for 1s, being fetched, 0 waiting");
    assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (2, 64));
    assert!(sequence(&sandbox).contains(&format!("{UNITS} #1")));
    assert!(!sequence(&sandbox).contains(&format!("{UNITS} #2")));

    sandbox.release();
    until_debug_says(&session, "good for 3600s");
    call(&session);
    assert_eq!(sequence(&sandbox).pop(), Some(format!("{UNITS} #2")));
}

#[test]
fn a_token_that_runs_out_during_its_renewal_is_waited_for_and_not_asked_for_again() {
    let (sandbox, session) = with_token();
    sandbox.advance(3599 * SECOND);
    sandbox.fault(TOKEN, 1, Fault::Hold);
    call(&session);
    assert!(sandbox.wait_for(TOKEN, 2));
    sandbox.advance(SECOND);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| call(&session));
        }
        until_debug_says(&session, "access_token: none, being fetched, 4 waiting");
        sandbox.release();
    });
    assert_eq!(sandbox.count(TOKEN), 2);
}

#[test]
fn a_failed_early_renewal_is_nobodys_problem_and_is_not_repeated_on_every_call() {
    let (sandbox, session) = with_token();
    sandbox.fault(TOKEN, 3, Fault::status(500));

    sandbox.advance(3241 * SECOND);
    for _ in 0..10 {
        call(&session);
        until_nothing_is_fetched(&session);
    }
    assert_eq!(sandbox.count(TOKEN), 2);

    // A quarter of the time that was left later, it is tried again.
    sandbox.advance(359 * SECOND / 4 - NANOSECOND);
    call(&session);
    until_nothing_is_fetched(&session);
    assert_eq!(sandbox.count(TOKEN), 2);
    sandbox.advance(NANOSECOND);
    for _ in 0..10 {
        call(&session);
        until_nothing_is_fetched(&session);
    }
    assert_eq!(sandbox.count(TOKEN), 3);

    // When the old token is over, the failure is the caller's, however soon after the last one.
    sandbox.advance(359 * SECOND);
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Auth, Some(500)));
    assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (4, 21));
    // And the next caller's success.
    call(&session);
    assert_eq!(sandbox.count(TOKEN), 5);
}

#[test]
fn an_early_renewal_whose_observer_panics_leaves_the_token_usable() {
    let sandbox = Sandbox::start().unwrap();
    let panics = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&panics);
    let session = builder(&sandbox)
        .observer(move |exchange| {
            if exchange.path() == "/accesstoken/get" && now.swap(false, Ordering::SeqCst) {
                panic!("an observer that panics");
            }
        })
        .build()
        .unwrap();
    call(&session);
    sandbox.advance(3500 * SECOND);
    panics.store(true, Ordering::SeqCst);
    call(&session);
    assert!(sandbox.wait_for(TOKEN, 2));
    until_debug_says(&session, "access_token: good for 100s, ..");
    call(&session);
    assert_eq!(sandbox.count(TOKEN), 2);
    // 75 s are left when it is tried again.
    sandbox.advance(25 * SECOND);
    call(&session);
    assert!(sandbox.wait_for(TOKEN, 3));
    until_debug_says(&session, "access_token: good for 3600s, ..");
}

#[test]
fn a_token_is_used_up_to_its_expiry_and_not_a_moment_longer() {
    let (sandbox, session) = with_token();
    // The early renewal hangs, so that only the expiry counts.
    sandbox.fault(TOKEN, 1, Fault::Hold);
    sandbox.advance(3600 * SECOND - NANOSECOND);
    call(&session);
    assert!(sandbox.wait_for(TOKEN, 2));
    sandbox.clear_requests();
    call(&session);
    sandbox.advance(NANOSECOND);
    thread::scope(|scope| {
        scope.spawn(|| call(&session));
        until_debug_says(&session, "access_token: none, being fetched, 1 waiting");
        sandbox.release();
    });
    let expected = [format!("{UNITS} #1"), format!("{UNITS} #2")];
    assert_eq!(sequence(&sandbox), expected);
}

#[test]
fn a_token_that_is_over_is_replaced_before_the_call() {
    // A moment after its expiry, ten minutes after, a day after.
    for late in [Duration::ZERO, NANOSECOND, 600 * SECOND, 86_400 * SECOND] {
        let (sandbox, session) = with_token();
        sandbox.advance(3600 * SECOND + late);
        call(&session);
        let expected = [TOKEN, TOKEN, &format!("{UNITS} #2")];
        assert_eq!(sequence(&sandbox), expected, "{late:?}");
    }
}

// Many threads, one request.

#[test]
fn threads_without_a_token_wait_for_one_request() {
    let sandbox = Sandbox::start().unwrap();
    let session = session(&sandbox);
    // Once with no token yet, once with one that is over.
    for requests in 1..=2 {
        sandbox.fault(TOKEN, 1, Fault::Hold);
        thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| call(&session));
            }
            assert!(sandbox.wait_for(TOKEN, requests));
            until_debug_says(&session, "access_token: none, being fetched, 63 waiting");
            assert_eq!(sandbox.count(UNITS), 64 * (requests - 1));
            sandbox.release();
        });
        assert_eq!(sandbox.count(TOKEN), requests);
        assert_eq!(sandbox.count(UNITS), 64 * requests);
        sandbox.advance(3600 * SECOND);
    }
}

#[test]
fn threads_that_start_together_cost_one_token_request() {
    let (sandbox, session) = with_token();
    sandbox.advance(3600 * SECOND);
    at_once(64, || call(&session));
    assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (2, 64));
}

#[test]
fn a_failing_token_endpoint_costs_all_waiting_threads_one_failure() {
    let sandbox = Sandbox::start().unwrap();
    let keys = ApiKeys::standard(
        "sandbox-client-id",
        "not-the-secret",
        "sandbox-subscription-key-1",
    );
    let session = Session::builder(keys, system())
        .base_url(sandbox.url())
        .build()
        .unwrap();
    sandbox.fault(TOKEN, 1, Fault::Hold);
    let errors = thread::scope(|scope| {
        let threads: Vec<_> = (0..64)
            .map(|_| scope.spawn(|| management::list_sales_units(&session).unwrap_err()))
            .collect();
        assert!(sandbox.wait_for(TOKEN, 1));
        until_debug_says(&session, "63 waiting");
        sandbox.release();
        let errors: Vec<Error> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        errors
    });
    assert_eq!((sandbox.count(TOKEN), sandbox.count("*")), (1, 1));
    for error in &errors {
        assert_eq!(
            error.to_string(),
            "no access token: POST /accesstoken/get: 401 Unauthorized: invalid_client: The client secret is wrong"
        );
        assert_eq!(format!("{error:?}"), format!("{:?}", errors[0]));
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Auth, Delivery::NotSent)
        );
        assert!(!error.is_retryable());
    }
    // A failure is not kept: the next call asks again.
    assert!(format!("{session:?}").contains("access_token: none, .."));
    management::list_sales_units(&session).unwrap_err();
    assert_eq!(sandbox.count(TOKEN), 2);
}

#[test]
fn a_panic_during_the_token_request_is_an_error_to_those_who_wait() {
    let sandbox = Sandbox::start().unwrap();
    let panicked = AtomicBool::new(false);
    let session = builder(&sandbox)
        .timeout(10 * SECOND)
        .observer(move |_| {
            assert!(
                panicked.swap(true, Ordering::SeqCst),
                "an observer that panics"
            );
        })
        .build()
        .unwrap();
    sandbox.fault(TOKEN, 1, Fault::Hold);
    let results: Vec<thread::Result<_>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| management::list_sales_units(&session)))
            .collect();
        assert!(sandbox.wait_for(TOKEN, 1));
        until_debug_says(&session, "7 waiting");
        sandbox.release();
        threads
            .into_iter()
            .map(thread::ScopedJoinHandle::join)
            .collect()
    });
    let (ended, panics): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!((ended.len(), panics.len()), (7, 1));
    for error in ended.into_iter().map(|result| result.unwrap().unwrap_err()) {
        assert_eq!(
            error.to_string(),
            "no access token: POST /accesstoken/get: the thread that fetched the token panicked"
        );
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(error.is_retryable());
    }
    // The cache is as good as new.
    call(&session);
    assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (2, 1));
}

#[test]
fn waiting_for_another_threads_token_ends_at_the_callers_own_timeout() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox
        .session_builder()
        .unwrap()
        .timeout(Duration::from_millis(600_010))
        .retry(RetryPolicy::default().initial_backoff(Duration::ZERO))
        .build()
        .unwrap();
    call(&session);
    // A renewal in flight, with ten minutes of its own.
    sandbox.advance(3500 * SECOND);
    sandbox.fault(TOKEN, 1, Fault::Hold);
    call(&session);
    assert!(sandbox.wait_for(TOKEN, 2));
    // A call whose token runs out while it waits for as long as the service asks: a hundredth of a second is left.
    sandbox.fault(UNITS, 1, Fault::status_retry_after(429, "600"));
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no access token: POST /accesstoken/get: timed out while another thread fetched the token"
    );
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Timeout, Delivery::NotSent)
    );
    assert!(error.is_retryable());
    assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (2, 3));
    // The request in flight goes on, and the next call has its token.
    sandbox.release();
    call(&session);
    assert_eq!(sandbox.count(TOKEN), 2);
}

#[test]
fn a_call_in_haste_fails_those_who_have_no_more_time_and_nobody_else() {
    // What passes during the token request, of the minute that the one who waits has.
    for (seconds, is_shared) in [(1, false), (30, false), (31, true)] {
        let sandbox = Sandbox::start().unwrap();
        let clock = sandbox.clock().clone();
        let (began, has_begun) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel();
        let may_go_on = Mutex::new(may_go_on);
        let session = sandbox
            .session_builder()
            .unwrap()
            .observer(move |exchange| {
                if exchange.path() == "/accesstoken/get" && exchange.status() == Some(503) {
                    began.send(()).unwrap();
                    may_go_on.lock().unwrap().recv_timeout(10 * SECOND).unwrap();
                    clock.advance(seconds * SECOND);
                }
            })
            .build()
            .unwrap();
        call(&session);
        // Of its own minute one second is left when it needs a new token, and that is over before it could ask again.
        sandbox.fault(UNITS, 1, Fault::status_retry_after(429, "59"));
        sandbox.fault(UNITS, 1, Fault::status(401));
        sandbox.fault(TOKEN, 1, Fault::status(503));
        let list = || management::list_sales_units(&session);
        thread::scope(|scope| {
            let hasty = scope.spawn(list);
            has_begun.recv_timeout(10 * SECOND).unwrap();
            let other = scope.spawn(list);
            until_debug_says(&session, "being fetched, 1 waiting");
            go_on.send(()).unwrap();
            let error = hasty.join().unwrap().unwrap_err();
            assert_eq!((error.kind(), error.status()), (ErrorKind::Auth, Some(503)));
            match other.join().unwrap() {
                Ok(units) => assert!(!is_shared && units.len() == 3, "{seconds}"),
                Err(shared) => {
                    assert!(is_shared, "{seconds}");
                    assert_eq!(shared.to_string(), error.to_string());
                }
            }
        });
        let requests = if is_shared { (2, 3) } else { (3, 4) };
        let counted = (sandbox.count(TOKEN), sandbox.count(UNITS));
        assert_eq!(counted, requests, "{seconds}");
    }
}

#[test]
fn the_time_for_the_token_is_the_calls_time() {
    let sandbox = Sandbox::start().unwrap();
    let clock = sandbox.clock().clone();
    let session = builder(&sandbox)
        .observer(move |exchange| {
            if exchange.path() == "/accesstoken/get" {
                clock.advance(60 * SECOND);
            }
        })
        .build()
        .unwrap();
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /management/v1/sales-units: timed out before the request was sent (nothing was sent)"
    );
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Timeout, Delivery::NotSent)
    );
    assert!(error.is_retryable());
    assert_eq!(sequence(&sandbox), [TOKEN]);
    call(&session);
}

// The token request's own failures.

#[test]
fn the_token_request_is_repeated_like_a_call() {
    let faults = [
        Fault::status(503),
        Fault::status_retry_after(429, "1"),
        Fault::HtmlBadGateway,
        Fault::LoseReply,
        Fault::CutReply,
        Fault::CloseBeforeReading,
        Fault::CloseAfterReading,
    ];
    for keys in ["standard", "management"] {
        for fault in &faults {
            let sandbox = Sandbox::start().unwrap();
            let (keys, route) = match keys {
                "standard" => (sandbox.api_keys(), TOKEN),
                _ => (sandbox.management_keys(), "POST /miami/v1/token"),
            };
            let session = Session::builder(keys, system())
                .base_url(sandbox.url())
                .clock(sandbox.clock().clone())
                .build()
                .unwrap();
            sandbox.fault(route, 2, fault.clone());
            call(&session);
            assert_eq!(sandbox.count(route), 3, "{fault:?}");
            assert_eq!(sandbox.count(UNITS), 1, "{fault:?}");
            if *fault != Fault::CloseBeforeReading {
                let requests = sandbox.requests();
                assert_eq!(whole(&requests[0]), whole(&requests[1]), "{fault:?}");
                assert_eq!(whole(&requests[0]), whole(&requests[2]), "{fault:?}");
            }
        }
    }
}

#[test]
fn a_token_failure_is_not_multiplied_by_the_calls_own_repetitions() {
    let cases = [
        (Fault::status(503), 3, true),
        (Fault::CloseAfterReading, 3, true),
        (Fault::status(400), 1, false),
        (Fault::json(200, "{}"), 1, false),
    ];
    for (fault, requests, retryable) in cases {
        let sandbox = Sandbox::start().unwrap();
        sandbox.fault(TOKEN, 100, fault.clone());
        let order = order();
        let error = management::prefill_product_order(&sandbox.session(), &order).unwrap_err();
        assert_eq!(sequence(&sandbox), vec![TOKEN; requests], "{fault:?}");
        assert_eq!(error.delivery(), Delivery::NotSent, "{fault:?}");
        assert_eq!(error.is_retryable(), retryable, "{fault:?}");
    }
}

#[test]
fn a_token_request_that_fails_says_that_it_was_for_a_token() {
    // The text never says that nothing was sent: the token request was.
    let cases = [
        (
            Fault::status(503),
            ErrorKind::Auth,
            "503 Service Unavailable: A fault that was asked for [trace 0af7651916cd43dd8448eb211c80319c]",
        ),
        (
            Fault::CloseAfterReading,
            ErrorKind::Network,
            "the connection was closed before an answer came",
        ),
        (
            Fault::json(200, "{}"),
            ErrorKind::Decode,
            "200 OK, but the token reply is not an object with access_token and expires_in",
        ),
        (
            Fault::json(
                401,
                r#"{"error": "invalid_client", "access_token": "5eCreT"}"#,
            ),
            ErrorKind::Auth,
            "401 Unauthorized: a body that is not shown, as it may hold a token",
        ),
    ];
    for (fault, kind, reason) in cases {
        let sandbox = Sandbox::start().unwrap();
        let session = session(&sandbox);
        sandbox.fault(TOKEN, 2, fault.clone());
        let errors = [
            management::list_sales_units(&session).unwrap_err(),
            session.access_token().unwrap_err(),
        ];
        for error in errors {
            assert_eq!(
                error.to_string(),
                format!("no access token: POST /accesstoken/get: {reason}")
            );
            assert_eq!((error.kind(), error.delivery()), (kind, Delivery::NotSent));
            assert!(!format!("{error:?}").contains("5eCreT"));
        }
    }
}

// 401.

fn order() -> PrefillProductOrder {
    let merchant = BusinessIdentifier::norway("987654321").unwrap();
    PrefillProductOrder::new(merchant, ProductType::PaymentIntegration)
}

#[test]
fn a_refused_token_is_dropped_and_the_call_repeated_once() {
    let (sandbox, session) = with_token();
    sandbox.revoke_tokens();
    call(&session);
    call(&session);
    let expected = [
        TOKEN,
        &format!("{UNITS} #1"),
        TOKEN,
        &format!("{UNITS} #2"),
        &format!("{UNITS} #2"),
    ];
    assert_eq!(sequence(&sandbox), expected);
}

#[test]
fn a_second_401_is_returned() {
    let (sandbox, session) = with_token();
    sandbox.fault(UNITS, 2, Fault::status(401));
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /management/v1/sales-units: 401 Unauthorized: A fault that was asked for [trace 0af7651916cd43dd8448eb211c80319c]"
    );
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(error.delivery(), Delivery::Answered);
    assert!(!error.is_retryable());
    let expected = [TOKEN, &format!("{UNITS} #1"), TOKEN, &format!("{UNITS} #2")];
    assert_eq!(sequence(&sandbox), expected);
}

#[test]
fn a_refused_subscription_key_does_not_loop_either() {
    let sandbox = Sandbox::start().unwrap();
    let keys = ApiKeys::standard("id", "secret", "another-key");
    let session = Session::builder(keys, system())
        .base_url(sandbox.url())
        .access_token(seed("sandbox-token-000009", 3600 * SECOND))
        .build()
        .unwrap();
    let error = management::list_sales_units(&session).unwrap_err();
    // The token endpoint refuses first.
    assert_eq!(
        error.to_string(),
        "no access token: POST /accesstoken/get: 401 Unauthorized: The subscription key is not valid"
    );
    assert_eq!(sequence(&sandbox), [&format!("{UNITS} #9"), TOKEN]);
}

#[test]
fn a_post_is_repeated_after_a_401_as_it_was() {
    let (sandbox, session) = with_token();
    sandbox.revoke_tokens();
    let order = order();
    let made = management::prefill_product_order(&session, &order).unwrap();
    let raw =
        serde_json::json!({"businessIdentifier": {"scheme": "business:NO:ORG", "id": "987654321"}});
    sandbox.revoke_tokens();
    // Without a key, too: nothing was carried out. What the sandbox says then is that the key is missing.
    let error = session
        .raw("POST", "/management/v1/product-orders", Some(&raw))
        .unwrap_err();
    assert_eq!(error.status(), Some(400));

    let expected = [
        TOKEN,
        &format!("{PREFILL} #1"),
        TOKEN,
        &format!("{PREFILL} #2"),
        &format!("{PREFILL} #2"),
        TOKEN,
        &format!("{PREFILL} #3"),
    ];
    assert_eq!(sequence(&sandbox), expected);
    let requests: Vec<String> = sandbox.requests().iter().map(whole).collect();
    let renewed = |request: &str, old, new| request.replace(old, new);
    assert_eq!(requests[3], renewed(&requests[1], "000001", "000002"));
    assert_eq!(requests[6], renewed(&requests[4], "000002", "000003"));
    assert_eq!(
        sandbox.requests()[1].header("idempotency-key"),
        Some(order.key().as_str())
    );
    let list = management::ListProductOrders::new();
    let orders = management::list_product_orders(&session, &list).unwrap();
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0].product_order_id, Some(made.prefilled_order_id));
}

#[test]
fn many_threads_with_one_refused_token_cost_one_token_request() {
    let (sandbox, session) = with_token();
    sandbox.fault(UNITS, 16, Fault::Hold);
    sandbox.fault(TOKEN, 1, Fault::Hold);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| call(&session));
        }
        assert!(sandbox.wait_for(UNITS, 16));
        sandbox.revoke_tokens();
        sandbox.release();
        assert!(sandbox.wait_for(TOKEN, 2));
        until_debug_says(&session, "15 waiting");
        sandbox.release();
    });
    let mut expected = vec![TOKEN.to_owned()];
    expected.extend(vec![format!("{UNITS} #1"); 16]);
    expected.push(TOKEN.to_owned());
    expected.extend(vec![format!("{UNITS} #2"); 16]);
    assert_eq!(sequence(&sandbox), expected);
}

#[test]
fn every_thread_sees_a_new_token_as_soon_as_one_does() {
    let (sandbox, session) = with_token();
    let seen = || {
        let tokens = at_once(64, || session.access_token().unwrap().secret().to_owned());
        assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
        tokens.into_iter().next().unwrap()
    };
    let first = seen();
    sandbox.revoke_tokens();
    call(&session);
    let second = seen();
    // An early renewal.
    sandbox.advance(3500 * SECOND);
    call(&session);
    until("a third token", || {
        session.access_token().unwrap().secret() != second
    });
    let third = seen();
    sandbox.advance(3600 * SECOND);
    let fourth = seen();
    let tokens = [first, second, third, fourth];
    let expected = [1, 2, 3, 4].map(|nth| format!("sandbox-token-{nth:06}"));
    assert_eq!(tokens, expected);
    assert_eq!(sandbox.count(TOKEN), 4);
}

#[test]
fn a_refusal_that_comes_late_does_not_drop_the_new_token() {
    let (sandbox, session) = with_token();
    sandbox.fault(UNITS, 1, Fault::Hold);
    thread::scope(|scope| {
        scope.spawn(|| call(&session));
        assert!(sandbox.wait_for(UNITS, 1));
        sandbox.revoke_tokens();
        // Another call finds out first.
        call(&session);
        sandbox.release();
    });
    let expected = [
        TOKEN,
        &format!("{UNITS} #1"),
        &format!("{UNITS} #1"),
        TOKEN,
        &format!("{UNITS} #2"),
        &format!("{UNITS} #2"),
    ];
    assert_eq!(sequence(&sandbox), expected);
}

#[test]
fn a_token_that_is_refused_during_its_renewal_is_not_asked_for_again() {
    let (sandbox, session) = with_token();
    sandbox.advance(3500 * SECOND);
    sandbox.fault(TOKEN, 1, Fault::Hold);
    call(&session);
    assert!(sandbox.wait_for(TOKEN, 2));
    sandbox.revoke_tokens();
    thread::scope(|scope| {
        scope.spawn(|| call(&session));
        until_debug_says(&session, "access_token: none, being fetched, 1 waiting");
        sandbox.release();
    });
    assert_eq!(sandbox.count(TOKEN), 2);
    assert_eq!(sequence(&sandbox).pop(), Some(format!("{UNITS} #2")));
}

#[test]
fn a_refused_token_whose_successor_cannot_be_had_is_an_auth_error() {
    let (sandbox, session) = with_token();
    sandbox.revoke_tokens();
    sandbox.fault(TOKEN, 1, Fault::status(400));
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Auth, Some(400)));
    // The call was refused, so it was not carried out.
    assert_eq!(error.delivery(), Delivery::NotSent);
    // The refused token is not tried again.
    call(&session);
    let expected = [
        TOKEN,
        &format!("{UNITS} #1"),
        TOKEN,
        TOKEN,
        &format!("{UNITS} #2"),
    ];
    assert_eq!(sequence(&sandbox), expected);
}

// Tokens in the caller's hands.

#[test]
fn a_seeded_token_is_used_until_it_is_over() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.advance(100 * SECOND);
    // As an earlier run of the program would keep it.
    let earlier = session(&sandbox).access_token().unwrap();
    sandbox.advance(SECOND);
    let kept = (earlier.secret().to_owned(), earlier.expires_in());
    assert_eq!(kept, ("sandbox-token-000001".to_owned(), 3599 * SECOND));

    let seeded = seed(&kept.0, kept.1);
    let session = builder(&sandbox).access_token(seeded).build().unwrap();
    call(&session);
    assert_eq!(session.access_token().unwrap().secret(), kept.0);
    assert_eq!(sandbox.count(TOKEN), 1);
    sandbox.advance(3599 * SECOND);
    call(&session);
    assert_eq!(sequence(&sandbox).pop(), Some(format!("{UNITS} #2")));
    assert_eq!(sandbox.count(TOKEN), 2);
}

#[test]
fn a_seeded_token_that_has_expired_is_not_used() {
    // At once, and by the time that the session is built.
    let [over, passed] = [Clock::system(), Clock::manual()].map(|clock| {
        let sandbox = Sandbox::start().unwrap();
        let other = builder(&sandbox).clock(clock.clone());
        let seed = seed("sandbox-token-000009", Duration::ZERO);
        (sandbox, other.access_token(seed).build().unwrap())
    });
    for (sandbox, session) in [over, passed] {
        call(&session);
        assert_eq!(sequence(&sandbox), [TOKEN, &format!("{UNITS} #1")]);
    }
    let sandbox = Sandbox::start().unwrap();
    let token = session(&sandbox).access_token().unwrap();
    sandbox.advance(3600 * SECOND);
    assert_eq!(token.expires_in(), Duration::ZERO);
    let other = builder(&sandbox).access_token(token).build().unwrap();
    call(&other);
    let expected = [TOKEN, TOKEN, &format!("{UNITS} #2")];
    assert_eq!(sequence(&sandbox), expected);
}

#[test]
fn a_token_keeps_its_time_in_a_session_with_another_clock() {
    let sandbox = Sandbox::start().unwrap();
    let token = session(&sandbox).access_token().unwrap();
    sandbox.advance(1000 * SECOND);
    let clock = Clock::manual();
    let other = builder(&sandbox).clock(clock.clone()).access_token(token);
    let other = other.build().unwrap();
    assert_eq!(other.access_token().unwrap().expires_in(), 2600 * SECOND);
    clock.advance(SECOND);
    assert_eq!(other.access_token().unwrap().expires_in(), 2599 * SECOND);
    // A tenth of its whole lifetime is left, and a moment less.
    clock.advance(2239 * SECOND);
    other.access_token().unwrap();
    assert_eq!(sandbox.count(TOKEN), 1);
    clock.advance(NANOSECOND);
    other.access_token().unwrap();
    assert!(sandbox.wait_for(TOKEN, 2));
}

#[test]
fn a_token_that_cannot_be_a_header_is_refused() {
    let long = "a".repeat(16 * 1024 + 1);
    let cases = [
        ("", "must not be empty"),
        (" t0ken", "must not begin or end with a space"),
        (
            "t0ken\n",
            "must be visible ASCII, and has a line break at 6",
        ),
        (
            "t\u{f8}ken",
            "must be visible ASCII, and has a character outside ASCII at 2",
        ),
        (&long, "must be at most 16384 bytes"),
    ];
    for (token, reason) in cases {
        let error = AccessToken::new(token, SECOND).unwrap_err();
        let expected = format!("invalid input: access_token: {reason}");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn the_caller_can_read_the_token_and_sees_it_run_out() {
    let (sandbox, session) = with_token();
    let token = session.access_token().unwrap();
    assert_eq!(token.secret(), "sandbox-token-000001");
    assert_eq!(token.expires_in(), 3600 * SECOND);
    sandbox.advance(3599 * SECOND);
    assert_eq!(token.expires_in(), SECOND);
    sandbox.advance(SECOND);
    assert_eq!(token.expires_in(), Duration::ZERO);
    sandbox.advance(SECOND);
    assert_eq!(token.expires_in(), Duration::ZERO);
    let next = session.access_token().unwrap();
    assert_eq!(next.secret(), "sandbox-token-000002");
}

// What shows.

#[test]
fn debug_shows_no_secret() {
    let standard = ApiKeys::standard("client-id", "client-secret", "subscription-key");
    assert_eq!(format!("{standard:?}"), "ApiKeys::standard([redacted])");
    let management = ApiKeys::management("client-id", "client-secret");
    assert_eq!(format!("{management:?}"), "ApiKeys::management([redacted])");
    let token = seed("t0ken", SECOND);
    assert_eq!(format!("{token:?}"), "AccessToken([redacted])");
    assert_eq!(format!("{token:#?}"), "AccessToken([redacted])");

    let clock = Clock::manual();
    let builder = Session::builder(standard, system())
        .base_url("http://127.0.0.1:9")
        .proxy("http://user:password@127.0.0.1:9")
        .merchant_serial_number("123456".parse().unwrap())
        .clock(clock.clone())
        .access_token(seed("t0ken", 3600 * SECOND).clone());
    assert_eq!(
        format!("{builder:?}"),
        "SessionBuilder { keys: ApiKeys::standard([redacted]), \
         system: SystemInfo { name: \"acme\", version: \"3.1.2\", plugin: Some((\"acme-webshop\", \"4.5.6\")) }, \
         environment: Production, merchant_serial_number: Some(\"123456\"), timeout: 60s, \
         retry: RetryPolicy { max_attempts: 3, initial_backoff: 500ms, max_backoff: 8s, seed: None }, .. }"
    );
}

#[test]
fn debug_of_a_session_says_how_its_token_does() {
    let sandbox = Sandbox::start().unwrap();
    let session = session(&sandbox);
    let url = sandbox.url();
    let shows = |session: &Session, msn: &str, token: &str| {
        let expected = format!(
            "Session {{ base_url: \"{url}\", merchant_serial_number: {msn}, access_token: {token}, .. }}"
        );
        assert_eq!(format!("{session:?}"), expected);
    };
    let msn = "Some(\"123456\")";
    shows(&session, msn, "none");
    call(&session);
    shows(&session, msn, "good for 3600s");
    let merchant = session.for_sales_unit(&"654321".parse().unwrap());
    shows(&merchant, "Some(\"654321\")", "good for 3600s");
    sandbox.advance(3500 * SECOND);
    shows(&session, msn, "good for 100s");
    sandbox.fault(TOKEN, 1, Fault::Hold);
    call(&session);
    shows(&session, msn, "good for 100s, being fetched, 0 waiting");
    sandbox.advance(100 * SECOND);
    shows(&session, msn, "none, being fetched, 0 waiting");

    let without_msn = Session::builder(sandbox.api_keys(), system()).base_url(url);
    shows(&without_msn.build().unwrap(), "None", "none");
}

#[test]
fn a_server_that_repeats_keys_and_token_is_not_repeated() {
    let (sandbox, session) = with_token();
    let echo = r#"{"title": "No: Bearer sandbox-token-000001, sandbox-client-secret, sandbox-subscription-key-1"}"#;
    sandbox.fault(UNITS, 1, Fault::json(400, echo));
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /management/v1/sales-units: 400 Bad Request: No: Bearer [redacted], [redacted], [redacted]"
    );
}

// The clock.

#[test]
fn a_clock_only_moves_forward_and_clones_share_it() {
    let clock = Clock::manual();
    assert_eq!(clock.now(), Duration::ZERO);
    clock.clone().advance(90 * SECOND);
    assert_eq!(clock.now(), 90 * SECOND);
    assert_eq!(format!("{clock:?}"), "Clock::manual(90s)");
    for _ in 0..2 {
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Duration::from_nanos(u64::MAX));
    }

    let clock = Clock::default();
    let other = clock.clone();
    let began = clock.now();
    other.advance(90 * SECOND);
    let now = clock.now();
    assert!(now >= began + 90 * SECOND, "{now:?}");
    assert!(clock.now() >= now);
    assert!(format!("{clock:?}").starts_with("Clock::system("));
    clock.advance(Duration::MAX);
    assert!(clock.now() >= Duration::from_nanos(u64::MAX));
}
