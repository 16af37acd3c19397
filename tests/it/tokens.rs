//! How a session gets, shares, renews and drops its token, and what is visible of it.

use crate::support::CallAny as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use vipps::management;
use vipps::sandbox::{Fault, Sandbox};
use vipps::{
    AccessToken, ApiKeys, Clock, Delivery, Error, ErrorKind, RetryPolicy, Session, SessionBuilder,
};

use crate::support::{
    RawServer, at_once, builder_without_token, call_headers, json_reply, prefill, session_builder,
    system, until, whole, whole_wire, wire,
};

mod refused;
mod renewal;
mod replies;
mod seeded;
mod waiting;

const TOKEN: &str = "POST /accesstoken/get";
const UNITS: &str = "GET /management/v1/sales-units";
const PREFILL: &str = "POST /management/v1/product-orders";

const SECOND: Duration = Duration::from_secs(1);
const NANOSECOND: Duration = Duration::from_nanos(1);

/// A session with the sandbox's server and clock that does not retry.
fn builder(sandbox: &Sandbox) -> SessionBuilder {
    let builder = sandbox.session_builder().unwrap();
    builder.retry(RetryPolicy::none())
}

fn session(sandbox: &Sandbox) -> Session {
    builder(sandbox).build().unwrap()
}

/// A sandbox, and a session that has the sandbox's first token, valid for an hour.
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

#[track_caller]
fn until_debug_says(session: &Session, part: &str) {
    until(part, || format!("{session:?}").contains(part));
}

/// One line per request: method, path, and the number of its sandbox token, if any.
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

/// Checks all requests so far: `token`, or a call with the number of its token.
#[track_caller]
fn assert_sent(sandbox: &Sandbox, expected: &str) {
    let short = |line: String| {
        let line = line.replace(TOKEN, "token").replace(UNITS, "units");
        line.replace(PREFILL, "prefill").replace(" #", "#")
    };
    let sent: Vec<String> = sequence(sandbox).into_iter().map(short).collect();
    assert_eq!(sent.join(" "), expected);
}

fn seed(token: &str, expires_in: Duration) -> AccessToken {
    AccessToken::new(token, expires_in).unwrap()
}

const FETCHED: &str = r#"{"access_token": "fetched", "expires_in": 900}"#;

/// The headers of every request of the tests' sessions, except these.
fn headers_without(names: &[&str], more: &[&str]) -> String {
    let all = call_headers(more);
    let lines = all.lines();
    let kept: Vec<&str> = lines
        .filter(|line| !names.contains(&line.split(':').next().unwrap()))
        .collect();
    kept.join("\n")
}

#[test]
fn the_standard_flow_sends_its_keys_to_the_token_endpoint_only() {
    let server = RawServer::start([json_reply(FETCHED), json_reply("[]")]);
    let session = builder_without_token(&server.url()).build().unwrap();
    management::list_sales_units(&session).unwrap();
    let requests: Vec<String> = server.requests().iter().map(|r| whole_wire(r)).collect();
    let keys = [
        "client_id: test-client-id",
        "client_secret: test-client-secret",
        // A gateway answers 411 to a POST without a length.
        "content-length: 0",
    ];
    let token = headers_without(&["authorization"], &keys);
    let call = wire(UNITS, "").replace("test-token", "fetched");
    assert_eq!(requests, [format!("{TOKEN}\n{token}\n\n"), call]);
}

#[test]
fn management_keys_send_no_subscription_key_anywhere() {
    let server = RawServer::start([json_reply(FETCHED), json_reply("[]")]);
    let keys = ApiKeys::management("test-client-id", "test-client-secret");
    let session = Session::builder(keys, system()).base_url(server.url());
    management::list_sales_units(&session.build().unwrap()).unwrap();
    let requests: Vec<String> = server.requests().iter().map(|r| whole_wire(r)).collect();
    let form = [
        // printf %s test-client-id:test-client-secret | base64
        "authorization: Basic dGVzdC1jbGllbnQtaWQ6dGVzdC1jbGllbnQtc2VjcmV0",
        "content-length: 29",
        "content-type: application/x-www-form-urlencoded",
    ];
    let ours = ["merchant-serial-number", "ocp-apim-subscription-key"];
    let token = headers_without(&ours, &form).replace("authorization: Bearer test-token\n", "");
    let call = headers_without(&ours, &[]).replace("test-token", "fetched");
    let body = "grant_type=client_credentials";
    assert_eq!(
        requests,
        [
            format!("POST /miami/v1/token\n{token}\n\n{body}"),
            format!("{UNITS}\n{call}\n\n")
        ]
    );
}

#[test]
fn all_calls_clones_and_merchants_share_one_token() {
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
fn for_sales_unit_changes_only_the_merchant_serial_number() {
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
fn for_sales_unit_adds_a_missing_header() {
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
    fn assert_send_and_sync<T: Clone + Send + Sync + 'static>() {}
    assert_send_and_sync::<Session>();
    assert_send_and_sync::<AccessToken>();
    assert_send_and_sync::<Clock>();
}

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
         system: SystemInfo { name: \"acme\", version: \"3.1.2\", \
         plugin: Some((\"acme-webshop\", \"4.5.6\")) }, \
         environment: Production, merchant_serial_number: Some(\"123456\"), timeout: 60s, \
         retry: RetryPolicy { max_attempts: 3, initial_backoff: 500ms, max_backoff: 8s, \
         seed: None }, .. }"
    );
}

#[test]
fn debug_of_a_session_shows_the_state_of_its_token() {
    let sandbox = Sandbox::start().unwrap();
    let session = session(&sandbox);
    let url = sandbox.url();
    let shows = |session: &Session, msn: &str, token: &str| {
        let expected = format!(
            "Session {{ base_url: \"{url}\", merchant_serial_number: {msn}, access_token: \
             {token}, .. }}"
        );
        assert_eq!(format!("{session:?}"), expected);
    };
    let msn = "Some(\"123456\")";
    shows(&session, msn, "none");
    call(&session);
    shows(&session, msn, "good for 3600s");
    let merchant = session.for_sales_unit(&"654321".parse().unwrap());
    shows(&merchant, "Some(\"654321\")", "good for 3600s");
    sandbox.advance(3595 * SECOND);
    shows(&session, msn, "good for 5s");
    sandbox.fault(TOKEN, 1, Fault::Hold);
    thread::scope(|scope| {
        scope.spawn(|| call(&session));
        assert!(sandbox.wait_for(TOKEN, 2));
        shows(&session, msn, "good for 5s, being fetched, 0 waiting");
        sandbox.advance(5 * SECOND);
        shows(&session, msn, "none, being fetched, 0 waiting");
        sandbox.release();
    });

    let without_msn = Session::builder(sandbox.api_keys(), system()).base_url(url);
    shows(&without_msn.build().unwrap(), "None", "none");
}

#[test]
fn echoed_keys_and_tokens_are_not_shown() {
    let (sandbox, session) = with_token();
    let echo =
        r#"{"title": "No: Bearer sandbox-token-000001, sandbox-client-secret, sandbox-key-1"}"#;
    sandbox.fault(UNITS, 1, Fault::json(400, echo));
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /management/v1/sales-units: 400 Bad Request: No: Bearer [redacted], [redacted], \
         [redacted]"
    );
}

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
