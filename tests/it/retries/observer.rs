//! What an observer sees.

use super::*;

#[test]
fn an_observer_sees_exactly_this_of_every_attempt() {
    let sandbox = Sandbox::start().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let exchanges = Arc::clone(&seen);
    let session = sandbox
        .session_builder()
        .unwrap()
        .observer(move |exchange| exchanges.lock().unwrap().push(exchange.clone()))
        .build()
        .unwrap();
    sandbox.fault("POST /accesstoken/get", 1, Fault::status(503));
    sandbox.fault(PREFILL, 1, Fault::status(401));
    sandbox.fault(PREFILL, 1, Fault::LoseReply);
    management::prefill_product_order(&session, &prefill()).unwrap();
    let all = ListProductOrders::new().include_expired(true);
    management::list_product_orders(&session, &all).unwrap();

    let trace = "0af7651916cd43dd8448eb211c80319c";
    let token = "POST /accesstoken/get /accesstoken/get";
    let prefill = "POST /management/v1/product-orders /management/v1/product-orders";
    let list =
        "GET /management/v2/product-orders?includeExpired=true /management/v2/product-orders";
    // Request and route, status, kind of error, number of the attempt, whether it is retried, trace
    // id.
    let expected = [
        (
            token,
            Some(503),
            Some(ErrorKind::Server),
            1,
            true,
            Some(trace),
        ),
        (token, Some(200), None, 2, false, None),
        (
            prefill,
            Some(401),
            Some(ErrorKind::Unauthorized),
            1,
            true,
            Some(trace),
        ),
        (token, Some(200), None, 1, false, None),
        (prefill, None, Some(ErrorKind::Network), 2, true, None),
        (prefill, Some(201), None, 3, false, None),
        (list, Some(200), None, 1, false, None),
    ]
    .map(|(request, status, kind, number, retried, trace)| {
        let trace = trace.map(str::to_owned);
        (request.to_owned(), status, kind, number, retried, trace)
    });
    let seen = seen.lock().unwrap();
    let found: Vec<_> = seen
        .iter()
        .map(|attempt| {
            assert_eq!(attempt.merchant_serial_number().unwrap().as_str(), "123456");
            let (method, path) = (attempt.method(), attempt.path());
            (
                format!("{method} {path} {}", attempt.route()),
                attempt.status(),
                attempt.error_kind(),
                attempt.number(),
                attempt.retry_in().is_some(),
                attempt.trace_id().map(str::to_owned),
            )
        })
        .collect();
    assert_eq!(found, expected);
    // A 401 is retried at once, other failures after the wait that the clock shows.
    let waits: Vec<Duration> = seen.iter().filter_map(vipps::Attempt::retry_in).collect();
    assert_eq!(waits[1], Duration::ZERO);
    assert_eq!(waits.iter().sum::<Duration>(), sandbox.clock().now());
    // Nothing but this, and no headers.
    let elapsed = seen[2].elapsed();
    assert_eq!(
        format!("{:?}", seen[2]),
        format!(
            "Attempt {{ method: \"POST\", path: \"/management/v1/product-orders\", \
         route: \"/management/v1/product-orders\", merchant_serial_number: Some(Msn(\"123456\")), \
         status: Some(401), error_kind: Some(Unauthorized), number: 1, elapsed: {elapsed:?}, \
         retry_in: Some(0ns), \
         trace_id: Some(\"0af7651916cd43dd8448eb211c80319c\") }}"
        )
    );
}

/// The session's clock may be a manual one, like the sandbox's.
#[test]
fn an_observer_sees_how_long_an_attempt_really_took() {
    let sandbox = Sandbox::start().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let times = Arc::clone(&seen);
    let session = sandbox
        .session_builder()
        .unwrap()
        .observer(move |exchange| times.lock().unwrap().push(exchange.elapsed()))
        .build()
        .unwrap();
    session.access_token().unwrap();
    sandbox.fault(UNITS, 1, Fault::status_retry_after(503, "9"));
    sandbox.fault(UNITS, 1, Fault::Hold);
    let held = thread::scope(|scope| {
        scope.spawn(|| management::list_sales_units(&session).unwrap());
        assert!(sandbox.wait_for(UNITS, 2));
        let began = Instant::now();
        sandbox.advance(5 * SECOND);
        let held = began.elapsed();
        sandbox.release();
        held
    });
    let [_token, _refused, answered] = seen.lock().unwrap()[..] else {
        panic!("{seen:?}");
    };
    assert!(answered >= held, "{answered:?} {held:?}");
    assert_ne!(answered, 5 * SECOND);
}
