//! A failing token request, and a token that the API refuses.

use super::*;

#[test]
fn a_token_failure_is_not_multiplied_by_the_calls_own_retries() {
    let cases = [
        (Fault::status(503), 3, true),
        (Fault::CloseAfterReading, 3, true),
        (Fault::status(400), 1, false),
        (Fault::json(200, "{}"), 1, false),
    ];
    for (fault, requests, retryable) in cases {
        let sandbox = Sandbox::start().unwrap();
        sandbox.fault(TOKEN, 100, fault.clone());
        let order = prefill();
        let error = management::prefill_product_order(&sandbox.session(), &order).unwrap_err();
        assert_eq!(sequence(&sandbox), vec![TOKEN; requests], "{fault:?}");
        assert_eq!(error.delivery(), Delivery::NotSent, "{fault:?}");
        assert_eq!(error.is_retryable(), retryable, "{fault:?}");
    }
}

#[test]
fn a_failed_token_request_is_named_in_the_error() {
    // The message never says that nothing was sent, because the token request was.
    let cases = [
        (
            Fault::status(503),
            ErrorKind::Auth,
            "503 Service Unavailable: Injected fault [trace 0af7651916cd43dd8448eb211c80319c]",
        ),
        (
            Fault::CloseAfterReading,
            ErrorKind::Network,
            "the connection was closed before a reply arrived",
        ),
        (
            Fault::json(200, "{}"),
            ErrorKind::Decode,
            "200 OK, but the token reply is not a JSON object with access_token, a string, and \
             expires_in, a number of seconds",
        ),
        (
            Fault::json(
                401,
                r#"{"error": "invalid_client", "access_token": "5eCreT"}"#,
            ),
            ErrorKind::Auth,
            "401 Unauthorized: body not shown: it may contain a token",
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

#[test]
fn a_refused_token_is_dropped_and_the_call_retried_once() {
    let (sandbox, session) = with_token();
    sandbox.revoke_tokens();
    call(&session);
    call(&session);
    assert_sent(&sandbox, "token units#1 token units#2 units#2");
}

#[test]
fn a_second_401_is_returned() {
    let (sandbox, session) = with_token();
    sandbox.fault(UNITS, 2, Fault::status(401));
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /management/v1/sales-units: 401 Unauthorized: Injected fault [trace \
         0af7651916cd43dd8448eb211c80319c] (2 attempts)"
    );
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(error.delivery(), Delivery::Answered);
    assert!(!error.is_retryable());
    assert_sent(&sandbox, "token units#1 token units#2");
}

#[test]
fn a_refused_subscription_key_does_not_loop() {
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
        "no access token: POST /accesstoken/get: 401 Unauthorized: The subscription key is not \
         valid"
    );
    assert_sent(&sandbox, "units#9 token");
}

#[test]
fn a_post_is_retried_unchanged_after_a_401() {
    let (sandbox, session) = with_token();
    sandbox.revoke_tokens();
    let order = prefill();
    let made = management::prefill_product_order(&session, &order).unwrap();
    let raw =
        serde_json::json!({"businessIdentifier": {"scheme": "business:NO:ORG", "id": "987654321"}});
    sandbox.revoke_tokens();
    // Without a key too, as nothing was carried out. The sandbox then reports the missing key.
    let error = session
        .call_any("POST", "/management/v1/product-orders", Some(&raw))
        .unwrap_err();
    assert_eq!(error.status(), Some(400));

    assert_sent(
        &sandbox,
        "token prefill#1 token prefill#2 prefill#2 token prefill#3",
    );
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
fn a_late_refusal_does_not_drop_the_new_token() {
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
    assert_sent(&sandbox, "token units#1 units#1 token units#2 units#2");
}

#[test]
fn a_token_refused_during_its_renewal_is_not_requested_again() {
    let (sandbox, session) = with_token();
    sandbox.advance(3500 * SECOND);
    sandbox.fault(TOKEN, 1, Fault::Hold);
    thread::scope(|scope| {
        scope.spawn(|| call(&session));
        assert!(sandbox.wait_for(TOKEN, 2));
        sandbox.revoke_tokens();
        scope.spawn(|| call(&session));
        until_debug_says(&session, "access_token: none, being fetched, 1 waiting");
        sandbox.release();
    });
    assert_eq!(sandbox.count(TOKEN), 2);
    assert_eq!(sequence(&sandbox).pop(), Some(format!("{UNITS} #2")));
}

#[test]
fn a_refused_token_without_a_replacement_is_an_auth_error() {
    let (sandbox, session) = with_token();
    sandbox.revoke_tokens();
    sandbox.fault(TOKEN, 1, Fault::status(400));
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Auth, Some(400)));
    // The call was refused, so it was not carried out.
    assert_eq!(error.delivery(), Delivery::NotSent);
    // The refused token is not used again.
    call(&session);
    assert_sent(&sandbox, "token units#1 token token units#2");
}
