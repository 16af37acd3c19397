//! Renewal before and after a token runs out.

use super::*;

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

        // The call that finds it late fetches the next one, and goes out with it.
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

/// Has a call of its own thread find the token late and begin a renewal that ends with [`Sandbox::release`], while `meanwhile` goes on.
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
fn callers_go_on_with_the_old_token_while_another_is_fetched() {
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
fn a_token_that_runs_out_during_its_renewal_is_waited_for_and_not_asked_for_again() {
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

/// The call itself needs time as well: what a renewal does not get within half of it is left to the next one.
#[test]
fn an_early_renewal_has_half_of_the_calls_time() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session_builder().unwrap().build().unwrap();
    call(&session);
    sandbox.advance(3599 * SECOND);
    let before = sandbox.clock().now();
    // Of a minute.
    sandbox.fault(TOKEN, 1, Fault::status_retry_after(503, "31"));
    call(&session);
    assert_eq!(sandbox.clock().now(), before);
    let expected = [TOKEN, &format!("{UNITS} #1"), TOKEN, &format!("{UNITS} #1")];
    assert_eq!(sequence(&sandbox), expected);
}

#[test]
fn a_failed_early_renewal_is_nobodys_problem_and_is_not_retried_on_every_call() {
    let (sandbox, session) = with_token();
    sandbox.fault(TOKEN, 3, Fault::status(500));

    sandbox.advance(3241 * SECOND);
    for _ in 0..10 {
        call(&session);
    }
    assert_eq!(sandbox.count(TOKEN), 2);

    // A quarter of the time that was left later, it is tried again.
    sandbox.advance(359 * SECOND / 4 - NANOSECOND);
    call(&session);
    assert_eq!(sandbox.count(TOKEN), 2);
    sandbox.advance(NANOSECOND);
    for _ in 0..10 {
        call(&session);
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
    // It is the caller's own observer, on the caller's thread.
    let panic = thread::scope(|scope| scope.spawn(|| call(&session)).join());
    panic.unwrap_err();
    until_debug_says(&session, "access_token: good for 100s, ..");
    call(&session);
    assert_eq!(sandbox.count(TOKEN), 2);
    // 75 s are left when it is tried again.
    sandbox.advance(25 * SECOND);
    call(&session);
    assert_eq!(sandbox.count(TOKEN), 3);
    until_debug_says(&session, "access_token: good for 3600s, ..");
}

#[test]
fn a_token_is_used_up_to_its_expiry_and_not_a_moment_longer() {
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
