//! What an observer sees.

use super::*;

#[test]
fn an_observer_sees_every_attempt_and_no_more_of_it_than_this() {
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

    let token = r#"method: "POST", path: "/accesstoken/get""#;
    let prefill = r#"method: "POST", path: "/management/v1/product-orders""#;
    let list = r#"method: "GET", path: "/management/v2/product-orders?includeExpired=true""#;
    let trace = r#"Some("0af7651916cd43dd8448eb211c80319c")"#;
    let expected: Vec<String> = [
        (token, "Some(503)", 1, trace),
        (token, "Some(200)", 2, "None"),
        (prefill, "Some(401)", 1, trace),
        (token, "Some(200)", 1, "None"),
        (prefill, "None", 2, "None"),
        (prefill, "Some(201)", 3, "None"),
        (list, "Some(200)", 1, "None"),
    ]
    .iter()
    .map(|(request, status, attempt, trace)| {
        format!(
            "Attempt {{ {request}, status: {status}, attempt: {attempt}, elapsed: 0ns, trace_id: {trace} }}"
        )
    })
    .collect();
    let seen = seen.lock().unwrap();
    let debug: Vec<String> = seen
        .iter()
        .map(|exchange| format!("{exchange:?}"))
        .collect();
    assert_eq!(debug, expected);

    // The same by its methods.
    let refused = &seen[2];
    assert_eq!(refused.method(), "POST");
    assert_eq!(refused.path(), "/management/v1/product-orders");
    assert_eq!(refused.status(), Some(401));
    assert_eq!(refused.number(), 1);
    assert_eq!(refused.elapsed(), Duration::ZERO);
    assert_eq!(refused.trace_id(), Some("0af7651916cd43dd8448eb211c80319c"));
    assert_eq!((seen[4].status(), seen[4].trace_id()), (None, None));
}

#[test]
fn an_observer_sees_how_long_an_attempt_took_without_the_wait_before_it() {
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
    thread::scope(|scope| {
        scope.spawn(|| management::list_sales_units(&session).unwrap());
        assert!(sandbox.wait_for(UNITS, 2));
        sandbox.advance(5 * SECOND);
        sandbox.release();
    });
    let expected = [Duration::ZERO, Duration::ZERO, 5 * SECOND];
    assert_eq!(*seen.lock().unwrap(), expected);
}
