//! Renewal before and after a token expires.

use super::*;

#[test]
fn a_token_is_renewed_when_less_than_a_tenth_of_its_lifetime_is_left() {
    // In the test environment, in production, and in the management flow.
    for lifetime in [3600, 86_398, 900] {
        let lifetime = lifetime * SECOND;
        let sandbox = Sandbox::start().unwrap();
        sandbox.set_token_lifetime(lifetime);
        let session = session(&sandbox);
        call(&session);

        sandbox.advance(lifetime - lifetime / 10);
        call(&session);
        // A renewal would show here as soon as it starts.
        let left = lifetime / 10;
        assert!(format!("{session:?}").contains(&format!("access_token: good for {left:?}, ..")));
        assert_eq!(sandbox.count(TOKEN), 1, "{lifetime:?}");

        // The call that notices fetches the next token and uses it.
        sandbox.advance(NANOSECOND);
        call(&session);
        call(&session);
        let expected = [
            TOKEN,
            &format!("{UNITS} #1"),
            &format!("{UNITS} #1"),
            TOKEN,
            &format!("{UNITS} #2"),
            &format!("{UNITS} #2"),
        ];
        assert_eq!(sequence(&sandbox), expected);
        assert_eq!(session.access_token().unwrap().expires_in(), lifetime);
    }
}

/// Makes a call on another thread start a renewal that lasts until [`Sandbox::release`], and runs
/// `meanwhile` during it.
fn while_a_call_renews(sandbox: &Sandbox, session: &Session, meanwhile: impl FnOnce()) {
    sandbox.fault(TOKEN, 1, Fault::Hold);
    thread::scope(|scope| {
        let renews = scope.spawn(|| call(session));
        assert!(sandbox.wait_for(TOKEN, 2));
        meanwhile();
        sandbox.release();
        renews.join().unwrap();
    });
}

#[test]
fn callers_use_the_old_token_while_another_is_fetched() {
    let (sandbox, session) = with_token();
    sandbox.advance(3599 * SECOND);
    while_a_call_renews(&sandbox, &session, || {
        // All of them end although the token request does not.
        at_once(64, || call(&session));
        assert_eq!(session.access_token().unwrap().expires_in(), SECOND);
        until_debug_says(&session, "good for 1s, being fetched, 0 waiting");
        assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (2, 64));
        assert!(sequence(&sandbox).contains(&format!("{UNITS} #1")));
        assert!(!sequence(&sandbox).contains(&format!("{UNITS} #2")));
    });
    assert_eq!(sequence(&sandbox).pop(), Some(format!("{UNITS} #2")));
    until_debug_says(&session, "good for 3600s");
    assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (2, 65));
}

#[test]
fn callers_wait_for_the_renewal_of_an_expired_token() {
    let (sandbox, session) = with_token();
    sandbox.advance(3599 * SECOND);
    sandbox.fault(TOKEN, 1, Fault::Hold);
    thread::scope(|scope| {
        scope.spawn(|| call(&session));
        assert!(sandbox.wait_for(TOKEN, 2));
        sandbox.advance(SECOND);
        for _ in 0..4 {
            scope.spawn(|| call(&session));
        }
        until_debug_says(&session, "access_token: none, being fetched, 4 waiting");
        sandbox.release();
    });
    assert_eq!(sandbox.count(TOKEN), 2);
}

/// The call itself needs time too, so a renewal that takes more than half of it is left to the next
/// call.
#[test]
fn an_early_renewal_has_half_of_the_calls_timeout() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session_builder().unwrap().build().unwrap();
    call(&session);
    sandbox.advance(3599 * SECOND);
    let before = sandbox.clock().now();
    // Of one minute.
    sandbox.fault(TOKEN, 1, Fault::status_retry_after(503, "31"));
    call(&session);
    assert_eq!(sandbox.clock().now(), before);
    let expected = [TOKEN, &format!("{UNITS} #1"), TOKEN, &format!("{UNITS} #1")];
    assert_eq!(sequence(&sandbox), expected);
}

#[test]
fn a_failed_early_renewal_fails_no_call_and_is_retried_later() {
    let (sandbox, session) = with_token();
    sandbox.fault(TOKEN, 3, Fault::status(500));

    sandbox.advance(3241 * SECOND);
    for _ in 0..10 {
        call(&session);
    }
    assert_eq!(sandbox.count(TOKEN), 2);

    // It is retried after a quarter of the remaining lifetime.
    sandbox.advance(359 * SECOND / 4 - NANOSECOND);
    call(&session);
    assert_eq!(sandbox.count(TOKEN), 2);
    sandbox.advance(NANOSECOND);
    for _ in 0..10 {
        call(&session);
    }
    assert_eq!(sandbox.count(TOKEN), 3);

    // Once the old token has expired, the failure is the caller's, however soon after the previous
    // one.
    sandbox.advance(359 * SECOND);
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Auth, Some(500)));
    assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (4, 21));
    // The next caller succeeds.
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
                panic!("the observer panics");
            }
        })
        .build()
        .unwrap();
    call(&session);
    sandbox.advance(3500 * SECOND);
    panics.store(true, Ordering::SeqCst);
    // The caller's own observer panics on the caller's thread.
    let panic = thread::scope(|scope| scope.spawn(|| call(&session)).join());
    panic.unwrap_err();
    until_debug_says(&session, "access_token: good for 100s, ..");
    call(&session);
    assert_eq!(sandbox.count(TOKEN), 2);
    // 75 s are left when it is retried.
    sandbox.advance(25 * SECOND);
    call(&session);
    assert_eq!(sandbox.count(TOKEN), 3);
    until_debug_says(&session, "access_token: good for 3600s, ..");
}

#[test]
fn a_token_is_used_exactly_until_its_expiry() {
    let (sandbox, session) = with_token();
    sandbox.advance(3600 * SECOND - NANOSECOND);
    // The early renewal hangs, so that only the expiry counts.
    while_a_call_renews(&sandbox, &session, || {
        sandbox.clear_requests();
        call(&session);
        sandbox.advance(NANOSECOND);
        thread::scope(|scope| {
            scope.spawn(|| call(&session));
            until_debug_says(&session, "access_token: none, being fetched, 1 waiting");
            sandbox.release();
        });
    });
    let requests = sequence(&sandbox);
    assert_eq!(requests[0], format!("{UNITS} #1"));
    assert_eq!(requests[1..], [(); 2].map(|()| format!("{UNITS} #2")));
}

#[test]
fn an_expired_token_is_replaced_before_the_call() {
    // At its expiry, a moment, ten minutes and a day later.
    for late in [Duration::ZERO, NANOSECOND, 600 * SECOND, 86_400 * SECOND] {
        let (sandbox, session) = with_token();
        sandbox.advance(3600 * SECOND + late);
        call(&session);
        let expected = [TOKEN, TOKEN, &format!("{UNITS} #2")];
        assert_eq!(sequence(&sandbox), expected, "{late:?}");
    }
}
