//! When a call is retried: backoff, `Retry-After`, and the timeout of the whole call.

use super::*;

#[test]
fn a_retry_waits_as_long_as_retry_after_says() {
    let date = "Date: Tue, 01 Feb 2022 23:59:50 GMT";
    let nothing = Duration::ZERO;
    let cases: [(&[&str], Duration, Option<Duration>); 10] = [
        (&[], nothing, None),
        (&["Retry-After: 7"], 7 * SECOND, Some(7 * SECOND)),
        (&["retry-after:  7 "], 7 * SECOND, Some(7 * SECOND)),
        (&["Retry-After: 0"], nothing, Some(nothing)),
        // A date is measured against the server's own clock.
        (
            &["Retry-After: Wed, 02 Feb 2022 00:00:20 GMT", date],
            30 * SECOND,
            Some(30 * SECOND),
        ),
        (
            &[date, "Retry-After: Tue, 01 Feb 2022 23:59:50 GMT"],
            nothing,
            Some(nothing),
        ),
        (
            &[date, "Retry-After: Tue, 01 Feb 2022 23:00:00 GMT"],
            nothing,
            Some(nothing),
        ),
        (
            &["Retry-After: Tue, 01 Feb 2022 23:59:50 GMT"],
            nothing,
            Some(nothing),
        ),
        // Invalid values are ignored.
        (&["Retry-After: soon"], nothing, None),
        (&["Retry-After: -5"], nothing, None),
    ];
    for (headers, wait, retry_after) in cases {
        for line in ["429 Too Many Requests", "503 Service Unavailable"] {
            let failure = || reply(line, headers, "");
            let server = RawServer::start([failure(), json_reply("[]"), failure()]);
            let clock = Clock::manual();
            let builder = session_builder(&server.url()).clock(clock.clone());
            // Without jitter, so that the wait is exact.
            let policy = RetryPolicy::default().initial_backoff(Duration::ZERO);
            let session = builder.retry(policy.max_attempts(2)).build().unwrap();
            management::list_sales_units(&session).unwrap();
            assert_eq!(clock.now(), wait, "{headers:?}");
            assert_eq!(server.requests().len(), 2, "{headers:?}");

            let again = session_builder(&server.url()).build().unwrap();
            let error = management::list_sales_units(&again).unwrap_err();
            assert_eq!(error.retry_after(), retry_after, "{headers:?}");
        }
    }
}

#[test]
fn a_retry_after_beyond_the_timeout_is_left_to_the_caller() {
    // The session's timeout is one minute.
    let cases = [
        ("59", 2),
        ("60", 1),
        ("61", 1),
        ("99999999999999999999999", 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 1),
    ];
    for (retry_after, requests) in cases {
        let sandbox = Sandbox::start().unwrap();
        let session = sandbox.session();
        let fault = Fault::status_retry_after(429, retry_after);
        sandbox.fault(UNITS, 1, fault);
        let result = management::list_sales_units(&session);
        assert_eq!(sandbox.count(UNITS), requests, "{retry_after}");
        if requests == 2 {
            result.unwrap();
            assert_eq!(sandbox.clock().now(), 59 * SECOND);
        } else {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::RateLimited, "{retry_after}");
            assert!(error.retry_after() >= Some(60 * SECOND), "{retry_after}");
            assert!(error.is_retryable(), "{retry_after}");
            assert_eq!(error.delivery(), Delivery::Answered, "{retry_after}");
            assert_eq!(sandbox.clock().now(), Duration::ZERO, "{retry_after}");
        }
    }
}

/// The jitter for this seed is the start of the published SplitMix64 sequence: 0.8833... of 0.5 s,
/// and 0.5665... of 1 s.
#[test]
fn a_seed_makes_the_waits_reproducible() {
    for _ in 0..2 {
        let sandbox = Sandbox::start().unwrap();
        let policy = RetryPolicy::default().seed(u64::MAX);
        let builder = sandbox.session_builder().unwrap();
        let session = builder.retry(policy).build().unwrap();
        sandbox.fault(UNITS, 1, Fault::status(503));
        management::list_sales_units(&session).unwrap();
        let first = Duration::from_nanos(441_655_404);
        assert_eq!(sandbox.clock().now(), first);
        sandbox.fault(UNITS, 2, Fault::LoseReply);
        management::list_sales_units(&session).unwrap();
        let second = Duration::from_nanos(566_561_575);
        assert_eq!(sandbox.clock().now(), first + first + second);
    }
}

#[test]
fn waits_on_the_system_clock_take_real_time() {
    let sandbox = Sandbox::start().unwrap();
    let policy = RetryPolicy::default().seed(u64::MAX);
    let session = sandbox
        .session_builder()
        .unwrap()
        .clock(Clock::system())
        .retry(policy.initial_backoff(Duration::from_millis(20)))
        .build()
        .unwrap();
    sandbox.fault(UNITS, 1, Fault::status(503));
    let began = Instant::now();
    management::list_sales_units(&session).unwrap();
    assert!(began.elapsed() >= Duration::from_millis(17));
}

#[test]
fn all_attempts_and_waits_share_the_calls_timeout() {
    let sandbox = Sandbox::start().unwrap();
    let builder = sandbox.session_builder().unwrap().timeout(10 * SECOND);
    let session = builder.build().unwrap();
    sandbox.fault(UNITS, 3, Fault::status_retry_after(503, "6"));
    let error = management::list_sales_units(&session).unwrap_err();
    // After the first wait 4 s are left, less than the second would take.
    assert_eq!(sandbox.clock().now(), 6 * SECOND);
    assert_eq!(sandbox.count(UNITS), 2);
    assert_eq!(error.status(), Some(503));
    assert_eq!(error.retry_after(), Some(6 * SECOND));
    assert!(error.is_retryable());

    // The next call has its full timeout.
    management::list_sales_units(&session).unwrap();
    assert_eq!(sandbox.clock().now(), 12 * SECOND);
}

#[test]
fn a_retry_has_only_the_remaining_time() {
    with_limits(|left| {
        let sandbox = Sandbox::start().unwrap();
        let session = sandbox
            .session_builder()
            .unwrap()
            .timeout(59 * SECOND + left)
            .retry(RetryPolicy::default().max_attempts(2))
            .build()
            .unwrap();
        sandbox.fault(UNITS, 1, Fault::status_retry_after(429, "59"));
        sandbox.fault(UNITS, 1, Fault::Hold);
        let error = management::list_sales_units(&session).unwrap_err();
        if sandbox.count(UNITS) < 2 {
            return false;
        }
        assert_eq!(
            error.to_string(),
            format!(
                "GET /management/v1/sales-units: timed out after {left:.1?} while waiting for a \
                 reply (2 attempts; the server may have carried it out)"
            )
        );
        assert!(error.is_timeout());
        assert!(error.is_retryable());
        true
    });
}

/// Eight calls that are refused at the same time wait at the same time: each waits 15 of its 20 s,
/// and none uses up the time of another.
#[test]
fn on_a_manual_clock_each_call_waits_for_itself() {
    const CALLS: usize = 8;
    let first = Arc::new(Barrier::new(CALLS));
    let server = RawServer::each(move |mut stream| {
        if read_request(&mut stream).is_none() {
            return;
        }
        first.wait();
        let refusal = reply("429 Too Many Requests", &["Retry-After: 15"], "");
        stream.write_all(&refusal).unwrap();
        while read_request(&mut stream).is_some() {
            stream.write_all(&json_reply("[]")).unwrap();
        }
    });
    let clock = Clock::manual();
    let session = session_builder(&server.url())
        .clock(clock.clone())
        .timeout(20 * SECOND)
        .retry(RetryPolicy::default().initial_backoff(Duration::ZERO))
        .build()
        .unwrap();
    thread::scope(|scope| {
        for _ in 0..CALLS {
            scope.spawn(|| management::list_sales_units(&session).unwrap());
        }
    });
    assert_eq!(clock.now(), 15 * SECOND);
    // The next call has its full timeout, and advancing the clock affects every call.
    clock.advance(20 * SECOND);
    management::list_sales_units(&session).unwrap();
    assert_eq!(clock.now(), 35 * SECOND);
}
