//! Many threads, one token request.

use super::*;

#[test]
fn threads_without_a_token_wait_for_one_request() {
    let sandbox = Sandbox::start().unwrap();
    let session = session(&sandbox);
    // Without a token, and with an expired one.
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
    let keys = ApiKeys::standard("sandbox-client-id", "not-the-secret", "sandbox-key-1");
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
            "no access token: POST /accesstoken/get: 401 Unauthorized: invalid_client: The client \
             secret is wrong"
        );
        assert_eq!(format!("{error:?}"), format!("{:?}", errors[0]));
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Auth, Delivery::NotSent)
        );
        assert!(!error.is_retryable());
    }
    // A failure is not cached: the next call sends another request.
    assert!(format!("{session:?}").contains("access_token: none, .."));
    management::list_sales_units(&session).unwrap_err();
    assert_eq!(sandbox.count(TOKEN), 2);
}

#[test]
fn a_panic_during_the_token_request_is_an_error_for_waiting_calls() {
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
            "no access token: POST /accesstoken/get: the thread fetching the token panicked"
        );
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(error.is_retryable());
    }
    // The cache still works.
    call(&session);
    assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (2, 1));
}

#[test]
fn waiting_for_another_threads_token_ends_with_the_callers_timeout() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox
        .session_builder()
        .unwrap()
        .timeout(Duration::from_millis(600_010))
        .retry(RetryPolicy::default().initial_backoff(Duration::ZERO))
        .build()
        .unwrap();
    call(&session);
    // A renewal in flight that has five minutes.
    sandbox.advance(3500 * SECOND);
    sandbox.fault(TOKEN, 1, Fault::Hold);
    thread::scope(|scope| {
        scope.spawn(|| call(&session));
        assert!(sandbox.wait_for(TOKEN, 2));
        // The token expires while the call waits as long as the server asks, which leaves it a
        // hundredth of a second.
        sandbox.fault(UNITS, 1, Fault::status_retry_after(429, "600"));
        let error = management::list_sales_units(&session).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no access token: POST /accesstoken/get: timed out waiting for another thread to fetch \
             the token"
        );
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::Timeout, Delivery::NotSent)
        );
        assert!(error.is_retryable());
        assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (2, 2));
        // The request in flight continues, and the next call uses its token.
        sandbox.release();
    });
}

#[test]
fn the_token_request_counts_towards_the_calls_timeout() {
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
    assert_sent(&sandbox, "token");
    call(&session);
}
