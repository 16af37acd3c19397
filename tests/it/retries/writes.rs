//! Retries of POST and DELETE.

use super::*;

#[test]
fn the_callers_idempotency_key_overrides_the_generated_one() {
    let sandbox = Sandbox::start().unwrap();
    let key = IdempotencyKey::new("acme-order-0001").unwrap();
    // Set before or after the other fields.
    let orders = [
        prefill()
            .idempotency_key(key.clone())
            .sales_unit_name("ACME"),
        prefill().sales_unit_name("ACME").idempotency_key(key),
    ];
    sandbox.fault(PREFILL, 1, Fault::LoseReply);
    for order in orders {
        management::prefill_product_order(&sandbox.session(), &order).unwrap();
    }
    let requests = sandbox.requests();
    let keys: Vec<_> = requests[1..]
        .iter()
        .map(|request| request.header("idempotency-key"))
        .collect();
    assert_eq!(keys, [Some("acme-order-0001"); 3]);
    // One header, not two.
    for request in &requests {
        let keys = request
            .headers
            .iter()
            .filter(|(n, _)| n == "idempotency-key");
        assert!(keys.count() <= 1, "{request:?}");
    }
}

fn with_order() -> (Sandbox, Session, ProductOrderId) {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let made = management::prefill_product_order(&session, &prefill()).unwrap();
    sandbox.clear_requests();
    (sandbox, session, made.prefilled_order_id)
}

#[test]
fn after_a_lost_reply_a_delete_takes_404_as_done() {
    let cases: [&[Fault]; 5] = [
        &[Fault::LoseReply],
        &[Fault::LoseReply, Fault::status(503)],
        &[Fault::LoseReply, Fault::status(429)],
        &[Fault::LoseReply, Fault::status(401)],
        // The gateway timed out although the API did its work.
        &[Fault::status(504), Fault::status(404)],
    ];
    for faults in cases {
        let (sandbox, session, id) = with_order();
        for fault in faults {
            sandbox.fault(DELETE, 1, fault.clone());
        }
        management::delete_product_order(&session, &id).unwrap();
        let attempts = sandbox.count(DELETE);
        assert!(attempts >= 2, "{faults:?}");
        // It is gone, and deleting it is an error from now on.
        if faults[0] == Fault::LoseReply {
            let error = management::delete_product_order(&session, &id).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{faults:?}");
            assert_eq!(sandbox.count(DELETE), attempts + 1, "{faults:?}");
        }
    }
}

#[test]
fn a_404_that_no_attempt_can_have_caused_is_an_error() {
    let not_done: [&[Fault]; 3] = [
        &[],
        // The API reports that it did not carry these out.
        &[Fault::status(429)],
        &[Fault::status(401)],
    ];
    for faults in not_done {
        let sandbox = Sandbox::start().unwrap();
        for fault in faults {
            sandbox.fault(DELETE, 1, fault.clone());
        }
        let session = sandbox.session();
        let id = order_id("00000000-0000-4000-8000-00000000ffff");
        let error = management::delete_product_order(&session, &id).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{faults:?}");
        assert_eq!(error.delivery(), Delivery::Answered, "{faults:?}");
        assert_eq!(sandbox.count(DELETE), faults.len() + 1);
    }
    // Only a DELETE treats a 404 this way.
    let sandbox = Sandbox::start().unwrap();
    let route = "GET /management/v1/sales-units/*";
    sandbox.fault(route, 1, Fault::LoseReply);
    let msn = "111111".parse().unwrap();
    let error = management::get_sales_unit(&sandbox.session(), &msn).unwrap_err();
    assert_eq!(
        (error.kind(), sandbox.count(route)),
        (ErrorKind::NotFound, 2)
    );
}

#[test]
fn a_late_delete_is_an_error_after_a_retry_too() {
    let (sandbox, session, id) = with_order();
    let submitted = ProductOrderStatus::OrderSubmitted;
    sandbox.set_product_order_status(&id, submitted).unwrap();
    sandbox.fault(DELETE, 1, Fault::LoseReply);
    let error = management::delete_product_order(&session, &id).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.delivery(), Delivery::Answered);
    assert_eq!(sandbox.count(DELETE), 2);
}
