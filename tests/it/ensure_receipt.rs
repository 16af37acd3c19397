//! `ensure_receipt`: one receipt, whatever the network and the API do between request and reply.

use std::sync::Barrier;
use std::time::Duration;

use serde_json::{Value, json};

use vipps::order_management::{
    Barcode, BarcodeFormat, BottomLine, Category, CategoryType, Currency, OrderLine, OrderRef,
    PaymentSources, QuantityUnit, Receipt, ReceiptOutcome, TaxRate, UnitInfo, add_receipt,
    ensure_receipt, get_order, put_category,
};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{Clock, Delivery, Error, ErrorKind, RetryPolicy, Session};

use crate::support::{changes_of, field_of, rows, until, with_limits};

mod differences;
mod giving_up;

const POST: &str = "POST /order-management/v2/*/receipts/*";
const GET: &str = "GET /order-management/v2/*/*";
const TOKEN: &str = "POST /accesstoken/get";

/// The trace id in the sandbox's conflict.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn order() -> OrderRef {
    OrderRef::ecom("order-1".parse().unwrap())
}

fn receipt() -> Receipt {
    let units = UnitInfo::new(400, "2.5".parse().unwrap()).quantity_unit(QuantityUnit::Kg);
    let socks = OrderLine::from_units("Wool, by weight", "1", units, TaxRate::percent(25)).unwrap();
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

/// The receipt above as the API stores it.
fn stored() -> Value {
    serde_json::to_value(receipt()).unwrap()
}

/// A sandbox, and a session that already has a token.
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

    /// Calls `ensure_receipt` and checks the number of requests of each kind.
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

    /// Checks that the receipt was stored as sent and that the next run finds it.
    #[track_caller]
    fn assert_exists(&self) {
        self.sandbox.clear_faults();
        // Opens routes that were rate limited.
        self.sandbox.clock().advance(Duration::from_secs(60));
        let found = get_order(&self.session, &order()).unwrap();
        assert_eq!(found.receipt, Some(receipt()));
        assert_eq!(self.ensure(1, 1).unwrap(), ReceiptOutcome::AlreadyThere);
    }

    #[track_caller]
    fn assert_missing(&self) {
        self.sandbox.clear_faults();
        let error = get_order(&self.session, &order()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

fn added(nth: u32) -> ReceiptOutcome {
    ReceiptOutcome::Added(format!("00000000-0000-4000-9000-{nth:012x}"))
}

#[test]
fn a_second_run_finds_the_receipt() {
    let shop = Shop::open();
    assert_eq!(shop.ensure(1, 0).unwrap(), added(1));
    assert_eq!(shop.ensure(1, 1).unwrap(), ReceiptOutcome::AlreadyThere);
    assert_eq!(shop.sandbox.clock().now(), Duration::ZERO);
    shop.assert_exists();
}

#[test]
fn each_payment_type_has_its_own_receipts() {
    let shop = Shop::open();
    let recurring = OrderRef::recurring("order-1".parse().unwrap());
    let first = ensure_receipt(&shop.session, &order(), &receipt());
    assert_eq!(first.unwrap(), added(1));
    let second = ensure_receipt(&shop.session, &recurring, &receipt());
    assert_eq!(second.unwrap(), added(2));
}

#[test]
fn any_single_fault_leaves_one_receipt() {
    let there = || ReceiptOutcome::AlreadyThere;
    for (fault, outcome, posts, gets) in [
        // It was added and the reply was lost: reading back finds it.
        (Fault::LoseReply, there(), 1, 1),
        (Fault::CutReply, there(), 1, 1),
        // It was not added: it is sent again.
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
        // A gateway's page with a success status, cut in the middle.
        (
            Fault::Raw(b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n\"00".to_vec()),
            added(1),
            2,
            1,
        ),
        // A gateway's login page, which does not come from the API.
        (
            Fault::reply(200, "text/html", "\n<!DOCTYPE html><title>Log in</title>"),
            added(1),
            2,
            1,
        ),
        // It cannot have been added, so there is nothing to look for.
        (Fault::status(429), added(1), 2, 0),
        (Fault::status(401), added(1), 2, 0),
        // The reply is merely slow.
        (Fault::Delay(Duration::from_millis(5)), added(1), 1, 0),
    ] {
        let shop = Shop::open();
        shop.sandbox.fault(POST, 1, fault.clone());
        let found = shop.ensure(posts, gets).unwrap();
        assert_eq!(found, outcome, "{fault:?}");
        let waited = shop.sandbox.clock().now();
        // A retry waits once, as the policy says; a retry with a new token does not wait.
        let waits = posts == 2 && fault != Fault::status(401);
        assert_eq!(!waited.is_zero(), waits, "{fault:?}: {waited:?}");
        assert!(
            waited <= Duration::from_millis(500),
            "{fault:?}: {waited:?}"
        );
        shop.assert_exists();
    }
}

#[test]
fn several_faults_in_a_row_leave_one_receipt() {
    let shop = Shop::open();
    for fault in [Fault::CloseAfterReading, Fault::LoseReply] {
        shop.sandbox.fault(POST, 1, fault);
    }
    shop.sandbox.fault(GET, 1, Fault::CutReply);
    shop.sandbox.fault(GET, 1, Fault::status(503));
    // The first GET finds nothing, as its status says although the body is cut; the second fails,
    // and the third finds the receipt.
    assert_eq!(shop.ensure(2, 3).unwrap(), ReceiptOutcome::AlreadyThere);
    shop.assert_exists();
}

#[test]
fn an_order_with_only_a_category_gets_its_receipt() {
    let shop = Shop::open();
    let category = Category::new(CategoryType::General, "https://example.com");
    put_category(&shop.session, &order(), &category).unwrap();
    shop.sandbox.fault(POST, 1, Fault::CloseAfterReading);
    assert_eq!(shop.ensure(2, 1).unwrap(), added(2));
    shop.assert_exists();
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
    shop.assert_exists();
}

#[test]
fn a_hung_request_is_read_back_and_sent_again() {
    // The network uses real time while the session's clock stands still, so there is time left to
    // go on. A wait would leave the second attempt little of it.
    let no_wait = RetryPolicy::default().initial_backoff(Duration::ZERO);
    let shop = Shop::with(no_wait, Duration::from_secs(1));
    shop.sandbox.fault(POST, 1, Fault::Hold);
    assert_eq!(shop.ensure(2, 1).unwrap(), added(1));
    // The hung request is processed now, and refused as the second.
    shop.sandbox.release();
    shop.assert_exists();
}

#[test]
fn after_a_timeout_the_next_call_finds_the_receipt() {
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

        // The request is carried out after all.
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
fn all_requests_and_waits_share_the_timeout() {
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

    // Reading back takes 6 of the 10 s.
    let shop = open();
    shop.sandbox
        .fault(POST, 10, Fault::status_retry_after(503, "5"));
    shop.sandbox
        .fault(GET, 1, Fault::status_retry_after(429, "6"));
    let error = shop.ensure(1, 2).unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert_eq!(shop.sandbox.clock().now(), Duration::from_secs(6));

    // The wait took 6 s, and the remaining 4 are too few to find out what happened.
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
    shop.assert_exists();

    // Nor is there time to wait 12 s.
    let shop = open();
    shop.sandbox.fault(POST, 1, Fault::LoseReply);
    shop.sandbox
        .fault(GET, 1, Fault::status_retry_after(429, "12"));
    let error = shop.ensure(1, 1).unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(shop.sandbox.clock().now(), Duration::ZERO);
    shop.assert_exists();
}

#[test]
fn waits_follow_the_policy() {
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
    // Random, but the same for the same seed.
    assert!(
        of.iter().any(|waited| *waited > Duration::from_millis(500)),
        "{of:?}"
    );
    assert_ne!(of[0], of[1]);
    assert_eq!(of[0], waited(0));
}

#[test]
fn an_outcome_round_trips_through_json() {
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
