//! What a session does about a token that the API refuses, and what a program can do about it.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use vipps::management;
use vipps::sandbox::{Fault, Sandbox};
use vipps::{AccessToken, ErrorKind, RetryPolicy, Session};

use crate::support::at_once;

const TOKEN: &str = "POST /accesstoken/get";
const UNITS: &str = "GET /management/v1/sales-units";
const SECOND: Duration = Duration::from_secs(1);

fn session(sandbox: &Sandbox) -> Session {
    let builder = sandbox.session_builder().unwrap();
    builder.retry(RetryPolicy::none()).build().unwrap()
}

#[track_caller]
fn assert_unauthorized(session: &Session) {
    let error = management::list_sales_units(session).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(!error.is_retryable());
}

/// After a subscription key is revoked, every token is refused.
#[test]
fn a_revoked_key_does_not_turn_every_call_into_a_token_request() {
    let sandbox = Sandbox::start().unwrap();
    let session = session(&sandbox);
    sandbox.fault(UNITS, usize::MAX, Fault::status(401));
    for _ in 0..20 {
        assert_unauthorized(&session);
    }
    // The first call tries a second token; after that a 401 is final.
    assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (2, 21));

    // A minute after the last new token was refused, another is tried.
    sandbox.advance(59 * SECOND);
    assert_unauthorized(&session);
    assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (2, 22));
    sandbox.advance(SECOND);
    assert_unauthorized(&session);
    assert_unauthorized(&session);
    assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (3, 25));

    // The key is valid again, and so is the existing token.
    sandbox.clear_faults();
    management::list_sales_units(&session).unwrap();
    assert_eq!(sandbox.count(TOKEN), 3);
}

#[test]
fn many_threads_with_a_revoked_key_cost_two_token_requests() {
    let sandbox = Sandbox::start().unwrap();
    let session = session(&sandbox);
    session.access_token().unwrap();
    sandbox.fault(UNITS, usize::MAX, Fault::status(401));
    at_once(16, || assert_unauthorized(&session));
    assert_eq!(sandbox.count(TOKEN), 2);
}

/// The caller's first attempt already uses the replacement, before anyone knows whether it is
/// accepted.
#[test]
fn a_late_caller_gets_a_final_401_for_the_replacement_too() {
    let sandbox = Sandbox::start().unwrap();
    let session = session(&sandbox);
    session.access_token().unwrap();
    sandbox.fault(UNITS, 1, Fault::status(401));
    sandbox.fault(UNITS, 1, Fault::Hold);
    sandbox.fault(UNITS, 1, Fault::status(401));
    thread::scope(|scope| {
        let first = scope.spawn(|| management::list_sales_units(&session).map(drop));
        assert!(sandbox.wait_for(UNITS, 2));
        assert_unauthorized(&session);
        assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (2, 3));
        sandbox.release();
        first.join().unwrap().unwrap();
    });
}

/// One refused token per minute is replaced, whatever was refused before.
#[test]
fn a_token_refused_after_a_success_is_replaced_each_time() {
    let sandbox = Sandbox::start().unwrap();
    let session = session(&sandbox);
    for tokens in 2..6 {
        sandbox.fault(UNITS, 1, Fault::status(401));
        management::list_sales_units(&session).unwrap();
        assert_eq!(sandbox.count(TOKEN), tokens);
    }
}

#[test]
fn a_forgotten_token_is_replaced() {
    let sandbox = Sandbox::start().unwrap();
    let session = session(&sandbox);
    session.forget_token();
    let first = session.access_token().unwrap();
    assert_eq!(session.access_token().unwrap().secret(), first.secret());
    // It applies to all sessions that share the token.
    session.clone().forget_token();
    let second = session.access_token().unwrap();
    assert_ne!(first.secret(), second.secret());
    assert_eq!(sandbox.count(TOKEN), 2);

    // It also ends the minute in which refusals are final.
    sandbox.fault(UNITS, 2, Fault::status(401));
    assert_unauthorized(&session);
    assert_eq!(sandbox.count(TOKEN), 3);
    session.forget_token();
    sandbox.fault(UNITS, 1, Fault::status(401));
    management::list_sales_units(&session).unwrap();
    assert_eq!(sandbox.count(TOKEN), 5);
}

/// A cron job: each run starts with the token of the previous one.
#[test]
fn a_token_can_be_kept_between_runs() {
    let sandbox = Sandbox::start().unwrap();
    let kept: Arc<Mutex<Vec<(String, SystemTime)>>> = Arc::default();
    let keeper = Arc::clone(&kept);
    let first = sandbox.session_builder().unwrap();
    let first = first
        .on_new_token(move |token| {
            let token = (token.secret().to_owned(), token.expires_at());
            keeper.lock().unwrap().push(token);
        })
        .build()
        .unwrap();
    let before = SystemTime::now();
    management::list_sales_units(&first).unwrap();
    management::list_sales_units(&first).unwrap();
    let after = SystemTime::now();
    let kept_by_first = kept.lock().unwrap().clone();
    let [(secret, expires_at)] = &kept_by_first[..] else {
        panic!("{} tokens", kept_by_first.len());
    };
    assert_eq!(secret, first.access_token().unwrap().secret());
    let hour = Duration::from_secs(3600);
    assert!((before + hour..=after + hour).contains(expires_at));

    let token = AccessToken::valid_until(secret, *expires_at).unwrap();
    let next = sandbox.session_builder().unwrap();
    let next = next.access_token(token).build().unwrap();
    management::list_sales_units(&next).unwrap();
    assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (1, 3));

    // Every new token is reported, and one that has expired meanwhile is not used.
    first.forget_token();
    first.access_token().unwrap();
    assert_eq!(kept.lock().unwrap().len(), 2);
    let expired = AccessToken::valid_until(secret, before - SECOND).unwrap();
    assert_eq!(expired.expires_in(), Duration::ZERO);
    let late = sandbox.session_builder().unwrap();
    let late = late.access_token(expired).build().unwrap();
    management::list_sales_units(&late).unwrap();
    assert_eq!(sandbox.count(TOKEN), 3);
}

/// The panic is in the caller's code, and the token is valid nevertheless.
#[test]
fn a_panic_in_on_new_token_does_not_lose_the_token() {
    let sandbox = Sandbox::start().unwrap();
    let builder = sandbox.session_builder().unwrap();
    let builder = builder.on_new_token(|_| std::panic::resume_unwind(Box::new("the disk is full")));
    let session = builder.build().unwrap();
    let call = || management::list_sales_units(&session);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_err();
    call().unwrap();
    assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (1, 1));
}

/// The range of the wall clock does not limit the token.
#[test]
fn times_at_the_limits_of_the_clock_do_not_overflow() {
    let endless = AccessToken::new("t", Duration::MAX).unwrap();
    assert!(endless.expires_at() >= SystemTime::UNIX_EPOCH);
    let never = AccessToken::valid_until("t", SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(never.expires_in(), Duration::ZERO);
    let error = AccessToken::valid_until("a\nb", SystemTime::now()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid input: access_token: must be visible ASCII, but has a line break at position 2"
    );
}
