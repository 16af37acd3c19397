//! `ensure_receipt`: one receipt, whatever the network and the service do between the request and the reply.

use std::sync::Barrier;
use std::time::Duration;

use serde_json::{Value, json};

use vipps::order_management::{
    Barcode, BarcodeFormat, BottomLine, Category, CategoryType, Currency, OrderLine, OrderRef,
    PaymentSources, QuantityUnit, Receipt, ReceiptOutcome, TaxRate, add_receipt, ensure_receipt,
    get_order, put_category,
};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{Clock, Delivery, Error, ErrorKind, RetryPolicy, Session};

use crate::support::{field_of, rows, until, with_limits};

const POST: &str = "POST /order-management/v2/*/receipts/*";
const GET: &str = "GET /order-management/v2/*/*";
const TOKEN: &str = "POST /accesstoken/get";

/// The trace of the sandbox's conflict.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn order() -> OrderRef {
    OrderRef::ecom("order-1".parse().unwrap())
}

fn receipt() -> Receipt {
    let quantity = "2.5".parse().unwrap();
    let socks =
        OrderLine::from_unit_price("Wool, by weight", "1", 400, quantity, TaxRate::percent(25));
    let socks = socks.unwrap().quantity_unit(QuantityUnit::Kg);
    let bread = OrderLine::from_gross("Bread", "2", 4_550, TaxRate::percent(15)).unwrap();
    let shipping = OrderLine::shipping("Delivery", "3", 1_000, TaxRate::percent(25)).unwrap();
    let sources = PaymentSources::new().gift_card(300).cash(200);
    let bottom_line = BottomLine::new(Currency::Nok)
        .tip_amount(500)
        .pos_id("pos-1")
        .receipt_number("0001")
        .barcode(Barcode::new(BarcodeFormat::Code39, "SC01"))
        .payment_sources(sources);
    Receipt::new(bottom_line)
        .line(socks.product_url("https://example.com/wool"))
        .line(bread.apply_discount(50).unwrap())
        .line(shipping)
}

/// The receipt above as a service stores it.
fn stored() -> Value {
    serde_json::to_value(receipt()).unwrap()
}

/// A sandbox, and a session that has its token already.
struct Shop {
    sandbox: Sandbox,
    session: Session,
}

impl Shop {
    fn open() -> Self {
        Self::with(RetryPolicy::default(), Duration::from_secs(60))
    }

    fn with(retry: RetryPolicy, timeout: Duration) -> Self {
        let sandbox = Sandbox::start().unwrap();
        let builder = sandbox.session_builder().unwrap();
        let builder = builder.max_response_bytes(64 * 1024);
        let session = builder.retry(retry).timeout(timeout).build().unwrap();
        session.access_token().unwrap();
        Self { sandbox, session }
    }

    /// Calls `ensure_receipt`, and checks how many requests of each kind it took.
    #[track_caller]
    fn ensure(&self, posts: usize, gets: usize) -> Result<ReceiptOutcome, Error> {
        self.sandbox.clear_requests();
        let outcome = ensure_receipt(&self.session, &order(), &receipt());
        let counted = (self.sandbox.count(POST), self.sandbox.count(GET));
        assert_eq!(counted, (posts, gets), "{outcome:?}");
        let requests = self.sandbox.requests();
        for request in requests.iter().filter(|request| request.method == "POST") {
            if request.path != "/accesstoken/get" && !request.body.is_empty() {
                assert_eq!(
                    request.json(),
                    Some(stored()),
                    "every attempt says the same"
                );
            }
        }
        outcome
    }

    /// The receipt is there, as it was sent, and the next run finds it.
    #[track_caller]
    fn assert_there(&self) {
        self.sandbox.clear_faults();
        let found = get_order(&self.session, &order()).unwrap();
        assert_eq!(found.receipt, Some(receipt()));
        assert_eq!(self.ensure(1, 1).unwrap(), ReceiptOutcome::AlreadyThere);
    }

    #[track_caller]
    fn assert_not_there(&self) {
        self.sandbox.clear_faults();
        let error = get_order(&self.session, &order()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

fn added(nth: u32) -> ReceiptOutcome {
    ReceiptOutcome::Added(format!("00000000-0000-4000-9000-{nth:012x}"))
}

// ---- one receipt

#[test]
fn a_second_run_finds_the_receipt() {
    let shop = Shop::open();
    assert_eq!(shop.ensure(1, 0).unwrap(), added(1));
    assert_eq!(shop.ensure(1, 1).unwrap(), ReceiptOutcome::AlreadyThere);
    shop.assert_there();
    assert_eq!(shop.sandbox.clock().now(), Duration::ZERO);
}

#[test]
fn a_plain_second_receipt_is_refused() {
    let shop = Shop::open();
    add_receipt(&shop.session, &order(), &receipt()).unwrap();
    let error = add_receipt(&shop.session, &order(), &receipt()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    // As the live service answers: no type, and the trace in instance.
    assert_eq!(
        error.to_string(),
        "POST /order-management/v2/ecom/receipts/order-1: 409 Conflict: Conflicting receipt: Receipt already exists [trace 4bf92f3577b34da6a3ce929d0e0e4736]"
    );
    assert_eq!(shop.sandbox.count(GET), 0);
}

#[test]
fn orders_of_both_payment_types_have_receipts_of_their_own() {
    let shop = Shop::open();
    let recurring = OrderRef::recurring("order-1".parse().unwrap());
    let first = ensure_receipt(&shop.session, &order(), &receipt());
    assert_eq!(first.unwrap(), added(1));
    let second = ensure_receipt(&shop.session, &recurring, &receipt());
    assert_eq!(second.unwrap(), added(2));
}

#[test]
fn whatever_goes_wrong_once_leaves_one_receipt() {
    let there = || ReceiptOutcome::AlreadyThere;
    for (fault, outcome, posts, gets) in [
        // It was added, and the reply was lost: it is found.
        (Fault::LoseReply, there(), 1, 1),
        (Fault::CutReply, there(), 1, 1),
        // It was not: it is sent again.
        (Fault::CloseBeforeReading, added(1), 2, 1),
        (Fault::CloseAfterReading, added(1), 2, 1),
        (Fault::Garbage, added(1), 2, 1),
        (Fault::EndlessBody, added(1), 2, 1),
        (Fault::HtmlBadGateway, added(1), 2, 1),
        (Fault::status(408), added(1), 2, 1),
        (Fault::status(500), added(1), 2, 1),
        (Fault::status(502), added(1), 2, 1),
        (Fault::status(503), added(1), 2, 1),
        (Fault::status(504), added(1), 2, 1),
        // A gateway's page with a success, cut in the middle.
        (
            Fault::Raw(b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n\"00".to_vec()),
            added(1),
            2,
            1,
        ),
        // It cannot have been added: nothing to look for.
        (Fault::status(429), added(1), 2, 0),
        (Fault::status(401), added(1), 2, 0),
        // It is only slow.
        (Fault::Delay(Duration::from_millis(5)), added(1), 1, 0),
    ] {
        let shop = Shop::open();
        shop.sandbox.fault(POST, 1, fault.clone());
        let found = shop.ensure(posts, gets).unwrap();
        assert_eq!(found, outcome, "{fault:?}");
        let waited = shop.sandbox.clock().now();
        // One wait before a repetition, which goes by the policy; a new token needs none.
        let waits = posts == 2 && fault != Fault::status(401);
        assert_eq!(!waited.is_zero(), waits, "{fault:?}: {waited:?}");
        assert!(
            waited <= Duration::from_millis(500),
            "{fault:?}: {waited:?}"
        );
        shop.assert_there();
    }
}

#[test]
fn several_things_may_go_wrong() {
    let shop = Shop::open();
    for fault in [Fault::CloseAfterReading, Fault::LoseReply] {
        shop.sandbox.fault(POST, 1, fault);
    }
    shop.sandbox.fault(GET, 1, Fault::CutReply);
    shop.sandbox.fault(GET, 1, Fault::status(503));
    // The first GET finds nothing, which its status says although its body breaks off; the second fails, and the third finds the receipt.
    assert_eq!(shop.ensure(2, 3).unwrap(), ReceiptOutcome::AlreadyThere);
    shop.assert_there();
}

#[test]
fn an_order_that_has_a_link_only_gets_its_receipt() {
    let shop = Shop::open();
    let category = Category::new(CategoryType::General, "https://example.com");
    put_category(&shop.session, &order(), &category).unwrap();
    shop.sandbox.fault(POST, 1, Fault::CloseAfterReading);
    assert_eq!(shop.ensure(2, 1).unwrap(), added(2));
    shop.assert_there();
}

#[test]
fn many_threads_leave_one_receipt() {
    const THREADS: usize = 16;
    let shop = Shop::open();
    let start = Barrier::new(THREADS);
    let outcomes: Vec<ReceiptOutcome> = std::thread::scope(|scope| {
        let call = || {
            start.wait();
            ensure_receipt(&shop.session, &order(), &receipt()).unwrap()
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(call)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let count = |wanted: &ReceiptOutcome| outcomes.iter().filter(|is| *is == wanted).count();
    assert_eq!(count(&added(1)), 1);
    assert_eq!(count(&ReceiptOutcome::AlreadyThere), THREADS - 1);
    assert_eq!(shop.sandbox.count(POST), THREADS);
    assert_eq!(shop.sandbox.count(GET), THREADS - 1);
    shop.assert_there();
}

// ---- time

#[test]
fn a_request_that_hangs_is_looked_for_and_sent_again() {
    // The network's time is real; the session's stands still, so that there is time left to go on.
    // A wait would take some of it, and leave the second attempt little.
    let no_wait = RetryPolicy::default().initial_backoff(Duration::ZERO);
    let shop = Shop::with(no_wait, Duration::from_secs(1));
    shop.sandbox.fault(POST, 1, Fault::Hold);
    assert_eq!(shop.ensure(2, 1).unwrap(), added(1));
    // The one that hung comes through now, and is refused as the second.
    shop.sandbox.release();
    shop.assert_there();
}

#[test]
fn a_call_whose_time_is_up_says_so_and_the_next_one_finds_the_receipt() {
    with_limits(|limit| {
        let sandbox = Sandbox::start().unwrap();
        let token = sandbox.session().access_token().unwrap();
        let builder = sandbox.session_builder().unwrap().clock(Clock::system());
        let builder = builder.access_token(token).timeout(limit);
        let session = builder.stall_timeout(limit).build().unwrap();
        sandbox.fault(POST, 1, Fault::Hold);
        let error = ensure_receipt(&session, &order(), &receipt()).unwrap_err();
        if sandbox.count(POST) == 0 {
            return false;
        }
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert!(error.is_retryable());
        assert_eq!((sandbox.count(POST), sandbox.count(GET)), (1, 0));

        // It is carried out after all.
        sandbox.release();
        let session = sandbox.session();
        until("the request that was held is there", || {
            get_order(&session, &order()).is_ok()
        });
        let outcome = ensure_receipt(&session, &order(), &receipt()).unwrap();
        assert_eq!(outcome, ReceiptOutcome::AlreadyThere);
        true
    });
}

#[test]
fn all_requests_and_waits_share_the_time() {
    let no_jitter = RetryPolicy::default().initial_backoff(Duration::ZERO);
    let open = || Shop::with(no_jitter.clone().max_attempts(10), Duration::from_secs(10));

    // At 0, 4 and 8 s; 12 s would be too late.
    let shop = open();
    shop.sandbox
        .fault(POST, 10, Fault::status_retry_after(503, "4"));
    let error = shop.ensure(3, 3).unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(4)));
    assert_eq!(shop.sandbox.clock().now(), Duration::from_secs(8));

    // Reading back takes 6 s of the ten.
    let shop = open();
    shop.sandbox
        .fault(POST, 10, Fault::status_retry_after(503, "5"));
    shop.sandbox
        .fault(GET, 1, Fault::status_retry_after(429, "6"));
    let error = shop.ensure(1, 2).unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert_eq!(shop.sandbox.clock().now(), Duration::from_secs(6));

    // Six seconds went into the wait, and the four that are left are too few to look for what came of it.
    let shop = open();
    shop.sandbox
        .fault(POST, 1, Fault::status_retry_after(503, "6"));
    shop.sandbox.fault(POST, 1, Fault::LoseReply);
    shop.sandbox.fault(GET, 1, Fault::status(404));
    shop.sandbox
        .fault(GET, 1, Fault::status_retry_after(429, "5"));
    let error = shop.ensure(2, 2).unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(shop.sandbox.clock().now(), Duration::from_secs(6));
    shop.assert_there();

    // And none to wait twelve.
    let shop = open();
    shop.sandbox.fault(POST, 1, Fault::LoseReply);
    shop.sandbox
        .fault(GET, 1, Fault::status_retry_after(429, "12"));
    let error = shop.ensure(1, 1).unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(shop.sandbox.clock().now(), Duration::ZERO);
    shop.assert_there();
}

#[test]
fn waits_grow_and_are_the_policys() {
    let waited = |seed| {
        let policy = RetryPolicy::default().seed(seed).max_attempts(4);
        let shop = Shop::with(policy, Duration::from_secs(60));
        shop.sandbox.fault(POST, 4, Fault::status(503));
        shop.ensure(4, 4).unwrap_err();
        shop.sandbox.clock().now()
    };
    let longest = Duration::from_millis(500 + 1_000 + 2_000);
    let of: Vec<Duration> = (0..8).map(waited).collect();
    assert!(
        of.iter()
            .all(|waited| !waited.is_zero() && *waited <= longest),
        "{of:?}"
    );
    // Random, and the same again for the same seed.
    assert!(
        of.iter().any(|waited| *waited > Duration::from_millis(500)),
        "{of:?}"
    );
    assert_ne!(of[0], of[1]);
    assert_eq!(of[0], waited(0));
}

// ---- giving up

const LOST: &str = "POST /order-management/v2/ecom/receipts/order-1: the connection was closed before an answer came (the server may have carried it out)";
const FAULT: &str = "A fault that was asked for [trace 0af7651916cd43dd8448eb211c80319c]";

#[test]
fn a_refusal_is_final() {
    for (status, kind) in [
        (400, ErrorKind::Rejected),
        (403, ErrorKind::Forbidden),
        (404, ErrorKind::NotFound),
        (410, ErrorKind::Rejected),
        (302, ErrorKind::UnexpectedStatus),
    ] {
        let shop = Shop::open();
        shop.sandbox.fault(POST, 1, Fault::status(status));
        let error = shop.ensure(1, 0).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.delivery(), Delivery::Answered);
        assert!(!error.is_retryable());
        shop.assert_not_there();
    }
}

#[test]
fn attempts_come_to_an_end() {
    for (fault, delivery, text) in [
        (Fault::CloseAfterReading, Delivery::Unknown, LOST.to_owned()),
        (
            Fault::status(503),
            Delivery::Answered,
            format!(
                "POST /order-management/v2/ecom/receipts/order-1: 503 Service Unavailable: {FAULT}"
            ),
        ),
        (
            Fault::HtmlBadGateway,
            Delivery::Answered,
            "POST /order-management/v2/ecom/receipts/order-1: 502 Bad Gateway: an HTML page: 502 Bad Gateway".to_owned(),
        ),
        (
            Fault::EndlessBody,
            Delivery::Answered,
            "POST /order-management/v2/ecom/receipts/order-1: 200 OK, but the reply is larger than max_response_bytes, 65536".to_owned(),
        ),
    ] {
        let shop = Shop::open();
        shop.sandbox.fault(POST, 9, fault.clone());
        let error = shop.ensure(3, 3).unwrap_err();
        assert_eq!(error.to_string(), text);
        assert_eq!(error.delivery(), delivery, "{fault:?}");
        // What cannot be read will not be read the next time.
        assert_eq!(error.is_retryable(), fault != Fault::EndlessBody, "{fault:?}");
        shop.assert_not_there();
        assert_eq!(shop.ensure(1, 0).unwrap(), added(1));
    }
}

#[test]
fn a_policy_of_no_repetitions_still_reads_back() {
    for (fault, there, delivery) in [
        (Fault::LoseReply, true, None),
        (Fault::CutReply, true, None),
        (Fault::CloseAfterReading, false, Some(Delivery::Unknown)),
        (Fault::status(500), false, Some(Delivery::Answered)),
    ] {
        let shop = Shop::with(RetryPolicy::none(), Duration::from_secs(60));
        shop.sandbox.fault(POST, 1, fault.clone());
        match shop.ensure(1, 1) {
            Ok(outcome) => {
                assert_eq!(
                    (outcome, there),
                    (ReceiptOutcome::AlreadyThere, true),
                    "{fault:?}"
                );
            }
            Err(error) => {
                assert_eq!(
                    (Some(error.delivery()), there),
                    (delivery, false),
                    "{fault:?}"
                );
                assert!(error.is_retryable(), "{fault:?}");
            }
        }
        assert_eq!(shop.sandbox.clock().now(), Duration::ZERO);
    }
}

#[test]
fn a_lost_reply_that_cannot_be_looked_for_is_the_error() {
    for (fault, gets) in [
        (Fault::status(500), 3),
        (Fault::CloseAfterReading, 3),
        (Fault::HtmlBadGateway, 3),
        (Fault::status(403), 1),
        (Fault::json(200, "[1]"), 1),
    ] {
        let shop = Shop::open();
        shop.sandbox.fault(POST, 1, Fault::LoseReply);
        shop.sandbox.fault(GET, 3, fault);
        let error = shop.ensure(1, gets).unwrap_err();
        assert_eq!(error.to_string(), LOST);
        assert_eq!(error.kind(), ErrorKind::Network);
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert!(error.is_retryable());
        shop.assert_there();
    }
}

#[test]
fn a_receipt_that_is_there_but_cannot_be_read_is_the_reading_error() {
    for (fault, gets, kind, text) in [
        (
            Fault::status(500),
            3,
            ErrorKind::Server,
            format!("500 Internal Server Error: {FAULT}"),
        ),
        (
            Fault::status(403),
            1,
            ErrorKind::Forbidden,
            format!("403 Forbidden: {FAULT}"),
        ),
        (
            Fault::CloseAfterReading,
            3,
            ErrorKind::Network,
            "the connection was closed before an answer came (the server may have carried it out)".to_owned(),
        ),
        (
            Fault::json(200, r#"{"receipt":{"orderLines":[],"bottomLine":7}}"#),
            1,
            ErrorKind::Decode,
            "200 OK, but the reply cannot be read: invalid type: integer `7`, expected struct BottomLine at line 1 column 42 (the server may have carried it out)".to_owned(),
        ),
    ] {
        let shop = Shop::open();
        shop.ensure(1, 0).unwrap();
        shop.sandbox.fault(GET, 3, fault);
        let error = shop.ensure(1, gets).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("GET /order-management/v2/ecom/order-1: {text}")
        );
        assert_eq!(error.kind(), kind);
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(error.is_retryable(), gets == 3);
        shop.assert_there();
    }
}

#[test]
fn a_conflict_with_nothing_is_the_services_own() {
    for found in [
        Fault::status(404),
        Fault::json(
            200,
            r#"{"category":{"category":"GENERAL","orderDetailsUrl":"https://example.com"}}"#,
        ),
        Fault::json(200, r#"{"category":null,"receipt":null}"#),
        Fault::json(200, "{}"),
    ] {
        let shop = Shop::open();
        shop.ensure(1, 0).unwrap();
        shop.sandbox.fault(GET, 1, found);
        let error = shop.ensure(1, 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(error.field_problems(), []);
        assert_eq!(
            error.to_string(),
            "POST /order-management/v2/ecom/receipts/order-1: 409 Conflict: Conflicting receipt: Receipt already exists [trace 4bf92f3577b34da6a3ce929d0e0e4736]"
        );
        assert_eq!(shop.sandbox.clock().now(), Duration::ZERO);
    }
}

#[test]
fn an_error_tells_what_all_attempts_may_have_done() {
    // Refused, and no new token: the call was not sent.
    let no_token = |sandbox: &Sandbox| {
        sandbox.fault(POST, 1, Fault::status(401));
        sandbox.fault(TOKEN, 1, Fault::status(401));
    };
    let status = |status| move |sandbox: &Sandbox| sandbox.fault(POST, 1, Fault::status(status));
    let lost = |sandbox: &Sandbox| sandbox.fault(POST, 1, Fault::CloseAfterReading);
    let refused_twice = |sandbox: &Sandbox| sandbox.fault(POST, 2, Fault::status(401));
    type Step<'a> = &'a dyn Fn(&Sandbox);
    let cases: [(&[Step<'_>], ErrorKind, Delivery); 10] = [
        (&[&no_token], ErrorKind::Auth, Delivery::NotSent),
        // The first may come through yet.
        (&[&lost, &no_token], ErrorKind::Auth, Delivery::Unknown),
        (
            &[&status(504), &no_token],
            ErrorKind::Auth,
            Delivery::Unknown,
        ),
        (
            &[&lost, &status(503), &no_token],
            ErrorKind::Auth,
            Delivery::Unknown,
        ),
        (
            &[&lost, &status(503), &status(503)],
            ErrorKind::Server,
            Delivery::Unknown,
        ),
        // What is refused now was no better before.
        (
            &[&lost, &status(400)],
            ErrorKind::Rejected,
            Delivery::Answered,
        ),
        (
            &[&status(503), &status(400)],
            ErrorKind::Rejected,
            Delivery::Answered,
        ),
        // A redirect and a refusal of the token say nothing about the first.
        (
            &[&lost, &status(302)],
            ErrorKind::UnexpectedStatus,
            Delivery::Unknown,
        ),
        (
            &[&status(503), &status(302)],
            ErrorKind::UnexpectedStatus,
            Delivery::Unknown,
        ),
        (
            &[&lost, &refused_twice],
            ErrorKind::Unauthorized,
            Delivery::Unknown,
        ),
    ];
    for (nth, (steps, kind, delivery)) in cases.into_iter().enumerate() {
        let shop = Shop::open();
        for step in steps {
            step(&shop.sandbox);
        }
        let gets = steps.len() - usize::from(kind != ErrorKind::Server);
        let posts = steps.len() + usize::from(kind == ErrorKind::Unauthorized);
        let error = shop.ensure(posts, gets).unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery()),
            (kind, delivery),
            "case {nth}"
        );
        assert_eq!(
            error.is_retryable(),
            kind == ErrorKind::Server,
            "case {nth}"
        );
    }
}

#[test]
fn a_receipt_that_is_not_shown_yet_may_be_the_one_that_was_lost() {
    let shop = Shop::open();
    shop.sandbox.fault(POST, 1, Fault::LoseReply);
    shop.sandbox.fault(GET, 2, Fault::status(404));
    let error = shop.ensure(2, 2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(error.is_retryable());
    shop.assert_there();
}

// ---- another receipt

/// What `ensure_receipt` says of an order whose receipt is the one above with these values changed; `null` takes one out.
#[track_caller]
fn against(changes: &[(&str, Value)]) -> Result<ReceiptOutcome, Error> {
    let mut there = stored();
    for (place, value) in changes {
        let (parent, name) = place.rsplit_once('/').unwrap();
        let parent = there.pointer_mut(parent).expect("a place");
        parent[name] = value.clone();
    }
    against_receipt(&there)
}

#[track_caller]
fn against_receipt(there: &Value) -> Result<ReceiptOutcome, Error> {
    let shop = Shop::open();
    shop.ensure(1, 0).unwrap();
    // The service refuses the second, and has stored what is asked about here.
    let order = json!({"receipt": there, "category": {"category": "RECEIPT", "orderDetailsUrl": "https://example.com"}});
    shop.sandbox
        .fault(GET, 1, Fault::json(200, order.to_string()));
    shop.ensure(1, 1)
}

/// A conflict that the service answered.
#[track_caller]
fn assert_another(result: Result<ReceiptOutcome, Error>, differences: &[(&str, &str)]) {
    assert_conflict(result, "Conflicting receipt: ", differences, Some(TRACE));
}

#[track_caller]
fn assert_conflict(
    result: Result<ReceiptOutcome, Error>,
    title: &str,
    differences: &[(&str, &str)],
    trace: Option<&str>,
) {
    let error = result.unwrap_err();
    let shown: Vec<String> = differences
        .iter()
        .map(|(field, reason)| format!("{field}: {reason}"))
        .collect();
    assert_eq!(
        error.to_string(),
        format!(
            "POST /order-management/v2/ecom/receipts/order-1: 409 Conflict: {title}the order has another receipt ({}){}",
            shown.join("; "),
            trace.map_or_else(String::new, |trace| format!(" [trace {trace}]"))
        )
    );
    let problems: Vec<(&str, &str)> = error
        .field_problems()
        .iter()
        .map(|problem| (problem.name.as_str(), problem.reason.as_str()))
        .collect();
    assert_eq!(problems, differences);
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(error.status(), Some(409));
    assert_eq!(error.trace_id(), trace);
    assert_eq!(error.delivery(), Delivery::Answered);
    assert!(!error.is_retryable());
}

#[test]
fn another_receipt_is_an_error_that_shows_what_differs() {
    for [place, value, reason] in rows(
        r#"
        /orderLines/1/totalAmount | 4650 | is 4650 there, and 4500 here
        /orderLines/1/totalAmountExcludingTax | 1 | is 1 there, and 3913 here
        /orderLines/2/totalTaxAmount | -9223372036854775808 | is -9223372036854775808 there, and 200 here
        /orderLines/0/name | "Silk\nby weight" | is "Silk\nby weight" there, and "Wool, by weight" here
        /orderLines/2/id | "4" | is "4" there, and "3" here
        /orderLines/1/discount | 0 | is 0 there, and 50 here
        /orderLines/1/discount | null | is 0 there, and 50 here
        /orderLines/2/discount | 1 | is 1 there, and 0 here
        /orderLines/0/taxRate | 1500 | is 1500 there, and 2500 here
        /orderLines/0/taxRate | -9223372036854775808 | is -9223372036854775808 there, and 2500 here
        /orderLines/0/isReturn | true | is true there, and false here
        /orderLines/2/isShipping | false | is false there, and true here
        /orderLines/2/isShipping | null | is false there, and true here
        /orderLines/0/productUrl | "https://example.com/silk" | is "https://example.com/silk" there, and "https://example.com/wool" here
        /orderLines/0/unitInfo/unitPrice | 401 | is 401 there, and 400 here
        /orderLines/0/unitInfo/quantity | "2.51" | is "2.51" there, and "2.5" here
        /orderLines/0/unitInfo/quantity | "some" | is "some" there, and "2.5" here
        /orderLines/0/unitInfo/quantityUnit | "PCS" | is "PCS" there, and "KG" here
        // Pieces is what the service takes for granted.
        /orderLines/0/unitInfo/quantityUnit | null | is "PCS" there, and "KG" here
        /bottomLine/currency | "DKK" | is "DKK" there, and "NOK" here
        /bottomLine/tipAmount | 501 | is 501 there, and 500 here
        /bottomLine/tipAmount | null | is 0 there, and 500 here
        /bottomLine/posId | "pos-2" | is "pos-2" there, and "pos-1" here
        /bottomLine/receiptNumber | "0002" | is "0002" there, and "0001" here
        /bottomLine/barcode/format | "EAN-13" | is "EAN-13" there, and "CODE 39" here
        /bottomLine/barcode/data | "SC02" | is "SC02" there, and "SC01" here
        /bottomLine/paymentSources/giftCard | 1 | is 1 there, and 300 here
        /bottomLine/paymentSources/card | 1 | is 1 there, and 0 here
        /bottomLine/paymentSources/voucher | 1 | is 1 there, and 0 here
        /bottomLine/paymentSources/cash | null | is 0 there, and 200 here
        "#,
    ) {
        let field = field_of(&place);
        let value = serde_json::from_str(&value).unwrap();
        assert_another(against(&[(&place, value)]), &[(&field, &reason)]);
    }
}

#[test]
fn all_differences_are_shown() {
    let result = against(&[
        ("/orderLines/0/totalAmount", json!(1_001)),
        ("/orderLines/0/totalTaxAmount", json!(201)),
        ("/orderLines/2/name", json!("Pigeon")),
        ("/bottomLine/currency", json!("EUR")),
    ]);
    assert_another(
        result,
        &[
            ("orderLines[0].totalAmount", "is 1001 there, and 1000 here"),
            ("orderLines[0].totalTaxAmount", "is 201 there, and 200 here"),
            (
                "orderLines[2].name",
                r#"is "Pigeon" there, and "Delivery" here"#,
            ),
            ("bottomLine.currency", r#"is "EUR" there, and "NOK" here"#),
        ],
    );
}

#[test]
fn more_lines_and_fewer_lines_are_another_receipt() {
    let mut there = stored();
    let lines = there["orderLines"].as_array_mut().unwrap();
    lines.push(lines[2].clone());
    assert_another(
        against_receipt(&there),
        &[("orderLines", "are 4 there, and 3 here")],
    );
    there["orderLines"].as_array_mut().unwrap().truncate(1);
    assert_another(
        against_receipt(&there),
        &[("orderLines", "are 1 there, and 3 here")],
    );
    there["orderLines"] = json!([]);
    assert_another(
        against_receipt(&there),
        &[("orderLines", "are 0 there, and 3 here")],
    );
}

#[test]
fn lines_in_another_order_are_another_receipt() {
    let mut there = stored();
    there["orderLines"].as_array_mut().unwrap().swap(0, 2);
    // The weighed one has a unit and a URL that the other has not: those are only shown.
    assert_another(
        against_receipt(&there),
        &[
            (
                "orderLines[0].name",
                r#"is "Delivery" there, and "Wool, by weight" here"#,
            ),
            ("orderLines[0].id", r#"is "3" there, and "1" here"#),
            ("orderLines[0].isShipping", "is true there, and false here"),
            (
                "orderLines[2].name",
                r#"is "Wool, by weight" there, and "Delivery" here"#,
            ),
            ("orderLines[2].id", r#"is "1" there, and "3" here"#),
            ("orderLines[2].isShipping", "is false there, and true here"),
        ],
    );
}

#[test]
fn what_is_written_in_another_way_is_the_same_receipt() {
    let same: [&[(&str, Value)]; 19] = [
        &[],
        &[("/orderLines/0/unitInfo/quantity", json!("2.50"))],
        &[("/orderLines/0/unitInfo/quantity", json!("02.50000"))],
        &[("/orderLines/0/discount", json!(0))],
        &[("/orderLines/0/discount", Value::Null)],
        &[
            ("/orderLines/0/taxRate", Value::Null),
            ("/orderLines/0/taxPercentage", json!(25)),
        ],
        &[("/orderLines/0/taxPercentage", json!(25))],
        &[("/orderLines/0/taxRate", Value::Null)],
        &[("/orderLines/0/productUrl", Value::Null)],
        &[(
            "/orderLines/1/productUrl",
            json!("https://example.com/added-by-the-service"),
        )],
        &[("/orderLines/0/unitInfo", Value::Null)],
        &[(
            "/orderLines/1/unitInfo",
            json!({"unitPrice": 4550, "quantity": "1"}),
        )],
        &[("/orderLines/0/unitInfo/unitPrice", Value::Null)],
        &[
            ("/orderLines/0/isReturn", json!(false)),
            ("/orderLines/0/isShipping", json!(false)),
            ("/orderLines/1/isReturn", Value::Null),
            ("/orderLines/1/isShipping", Value::Null),
            ("/orderLines/2/isReturn", json!(false)),
        ],
        &[
            ("/bottomLine/currency", Value::Null),
            ("/bottomLine/totalAmount", json!(6_500)),
            ("/bottomLine/totalTax", json!(987)),
        ],
        &[
            ("/bottomLine/posId", Value::Null),
            ("/bottomLine/receiptNumber", Value::Null),
            ("/bottomLine/barcode", Value::Null),
            ("/bottomLine/paymentSources/card", json!(0)),
        ],
        // The older field of the same amount.
        &[
            ("/bottomLine/paymentSources/giftCard", Value::Null),
            ("/bottomLine/giftCardAmount", json!(300)),
        ],
        &[
            ("/bottomLine/paymentSources/giftCard", json!(0)),
            ("/bottomLine/giftCardAmount", json!(300)),
        ],
        &[("/orderLines/0/addedLater", json!({"any": ["thing"]}))],
    ];
    for changes in same {
        let outcome = against(changes).unwrap_or_else(|error| panic!("{changes:?}: {error}"));
        assert_eq!(outcome, ReceiptOutcome::AlreadyThere, "{changes:?}");
    }
}

#[test]
fn the_unit_is_pieces_on_either_side() {
    let line = |unit: Option<QuantityUnit>| {
        let line =
            OrderLine::from_unit_price("A", "1", 100, 3.into(), TaxRate::percent(25)).unwrap();
        let line = match unit {
            Some(unit) => line.quantity_unit(unit),
            None => line,
        };
        Receipt::new(BottomLine::new(Currency::Nok)).line(line)
    };
    let shop = Shop::open();
    add_receipt(&shop.session, &order(), &line(Some(QuantityUnit::Pcs))).unwrap();
    let outcome = ensure_receipt(&shop.session, &order(), &line(None)).unwrap();
    assert_eq!(outcome, ReceiptOutcome::AlreadyThere);
}

#[test]
fn a_lost_reply_may_hide_another_receipt() {
    // Somebody else was faster, and the refusal was lost.
    let shop = Shop::open();
    let mut other = receipt();
    other.order_lines[1].name = "Rye bread".to_owned();
    add_receipt(&shop.session, &order(), &other).unwrap();
    shop.sandbox.fault(POST, 1, Fault::LoseReply);
    // So there is no answer whose words it could have.
    assert_conflict(
        shop.ensure(1, 1),
        "",
        &[(
            "orderLines[1].name",
            r#"is "Rye bread" there, and "Bread" here"#,
        )],
        None,
    );
}

#[test]
fn an_outcome_is_written_and_read_for_logs() {
    for (outcome, text) in [
        (ReceiptOutcome::AlreadyThere, r#""alreadyThere""#),
        (
            added(1),
            r#"{"added":"00000000-0000-4000-9000-000000000001"}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&outcome).unwrap(), text);
        let read: ReceiptOutcome = serde_json::from_str(text).unwrap();
        assert_eq!(read, outcome);
    }
}
