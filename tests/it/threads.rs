//! Many threads on one session while tokens expire and the network fails, and what remains when one
//! of them ends.

use crate::support::CallAny as _;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use vipps::management::{self, ListProductOrders, ProductOrderId};
use vipps::order_management::{self, Category, CategoryType, ImageId, OrderRef, ReceiptOutcome};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{Delivery, Error, ErrorKind, Session};

use crate::support::{
    Ids, at_once, endpoints, prefill, receipt, small_image, until, within_bounds,
};

const TOKEN: &str = "POST /accesstoken/get";
const UNITS: &str = "GET /management/v1/sales-units";
const PREFILL: &str = "POST /management/v1/product-orders";
const SECOND: Duration = Duration::from_secs(1);

const THREADS: usize = 64;
const CALLS: usize = 200;

/// What all threads did together.
#[derive(Default)]
struct Tally {
    done: usize,
    /// By call.
    errors: BTreeMap<&'static str, Vec<Error>>,
    ordered: Vec<ProductOrderId>,
    deleted: Vec<ProductOrderId>,
    /// Orders of unknown outcome.
    of_unknown_outcome: Vec<ProductOrderId>,
    prefills_of_unknown_outcome: usize,
    receipts: BTreeMap<String, usize>,
    images: Vec<String>,
    images_not_sent: Vec<String>,
    most_connections: usize,
}

impl Tally {
    fn count<T>(&mut self, call: &'static str, result: Result<T, Error>) -> Result<T, Error> {
        match &result {
            Ok(_) => self.done += 1,
            Err(error) => self.errors.entry(call).or_default().push(error.clone()),
        }
        result
    }

    fn add(&mut self, other: Self) {
        self.done += other.done;
        for (call, errors) in other.errors {
            self.errors.entry(call).or_default().extend(errors);
        }
        self.ordered.extend(other.ordered);
        self.deleted.extend(other.deleted);
        self.of_unknown_outcome.extend(other.of_unknown_outcome);
        self.prefills_of_unknown_outcome += other.prefills_of_unknown_outcome;
        for (order, added) in other.receipts {
            *self.receipts.entry(order).or_default() += added;
        }
        self.images.extend(other.images);
        self.images_not_sent.extend(other.images_not_sent);
        self.most_connections = self.most_connections.max(other.most_connections);
    }
}

/// A read that succeeds in every sandbox, with its result.
type Read = (
    &'static str,
    fn(&Session, &Ids) -> Result<Value, Error>,
    Value,
);

fn reads() -> Vec<Read> {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let endpoints = endpoints().into_iter();
    let gets = endpoints.filter(|endpoint| endpoint.route.starts_with("GET /management/v1/"));
    gets.map(|endpoint| {
        let value = (endpoint.call)(&session, &Ids::default()).unwrap();
        (endpoint.name, endpoint.call, value)
    })
    .collect()
}

/// The calls of one thread.
fn work(
    sandbox: &Sandbox,
    session: &Session,
    thread: usize,
    calls: &AtomicUsize,
    reads: &[Read],
) -> Tally {
    let mut tally = Tally::default();
    let mut mine = Vec::new();
    for nth in 0..CALLS {
        // Tokens expire after 300 calls of all threads, about five per thread, and are forgotten
        // now and then.
        sandbox.advance(SECOND);
        if calls.fetch_add(1, Ordering::Relaxed) % 1000 == 999 {
            sandbox.revoke_tokens();
        }
        match nth % 8 {
            2 => match tally.count(
                "prefill",
                management::prefill_product_order(
                    session,
                    &prefill().sales_unit_name("ACME Fitness"),
                ),
            ) {
                Ok(made) => {
                    tally.ordered.push(made.prefilled_order_id.clone());
                    mine.push(made.prefilled_order_id);
                }
                Err(error) if error.delivery() == Delivery::NotSent => {}
                Err(_) => tally.prefills_of_unknown_outcome += 1,
            },
            3 if nth % 16 == 3 => {
                let Some(id) = mine.pop() else {
                    drop(tally.count("packages", management::list_price_packages(session)));
                    continue;
                };
                match tally.count("delete", management::delete_product_order(session, &id)) {
                    Ok(()) => tally.deleted.push(id),
                    Err(error) if error.delivery() == Delivery::NotSent => {}
                    Err(_) => tally.of_unknown_outcome.push(id),
                }
            }
            4 => {
                // Every second order is shared by two threads.
                let whose = if nth % 16 == 4 {
                    thread / 2
                } else {
                    THREADS + thread
                };
                let id = format!("order-{whose}-{nth}");
                let order = OrderRef::ecom(id.parse().unwrap());
                let added = match tally.count(
                    "ensure",
                    order_management::ensure_receipt(session, &order, &receipt()),
                ) {
                    Ok(ReceiptOutcome::Added(_)) => 1,
                    Ok(_) => 0,
                    Err(_) => continue,
                };
                *tally.receipts.entry(id).or_default() += added;
            }
            5 => {
                let id = format!("picture-{thread}-{nth}");
                match tally.count(
                    "image",
                    order_management::add_image(session, &small_image(&id)),
                ) {
                    Ok(_) => tally.images.push(id),
                    Err(error) if error.delivery() == Delivery::NotSent => {
                        tally.images_not_sent.push(id)
                    }
                    Err(_) => {}
                }
            }
            // Every row that reads existing data.
            _ => {
                let (name, call, expected) = &reads[nth % reads.len()];
                if let Ok(value) = tally.count(name, call(session, &Ids::default())) {
                    assert_eq!(value, *expected, "{name}");
                }
            }
        }
        tally.most_connections = tally.most_connections.max(sandbox.connections());
    }
    tally
}

#[test]
fn every_call_of_many_threads_is_accounted_for() {
    within_bounds(|| {
        let sandbox = Sandbox::start().unwrap();
        sandbox.set_token_lifetime(300 * SECOND);
        // All calls advance the clock, which must not time out a single call.
        let builder = sandbox.session_builder().unwrap();
        let session = builder.timeout(86_400 * SECOND).build().unwrap();
        // Slow enough that a second request would overlap; one in 20 fails.
        sandbox.fault_every(TOKEN, 20, Fault::status(503));
        sandbox.fault_every(TOKEN, 1, Fault::Delay(Duration::from_millis(1)));
        for (route, fault) in [
            (PREFILL, Fault::LoseReply),
            ("DELETE *", Fault::LoseReply),
            ("POST /order-management/v2/*/receipts/*", Fault::LoseReply),
            ("POST /order-management/v1/images", Fault::CloseAfterReading),
            ("GET /order-management/v2/*/*", Fault::CutReply),
            (UNITS, Fault::HtmlBadGateway),
            ("GET *", Fault::status_retry_after(429, "1")),
        ] {
            sandbox.fault_every(route, 20, fault);
        }

        let reads = reads();
        let calls = AtomicUsize::new(0);
        let thread = AtomicUsize::new(0);
        let tallies = at_once(THREADS, || {
            let thread = thread.fetch_add(1, Ordering::Relaxed);
            work(&sandbox, &session, thread, &calls, &reads)
        });
        let mut all = Tally::default();
        for tally in tallies {
            all.add(tally);
        }
        sandbox.clear_faults();
        check(&sandbox, &all);
    });
}

fn check(sandbox: &Sandbox, all: &Tally) {
    let failed: usize = all.errors.values().map(Vec::len).sum();
    assert_eq!(all.done + failed, THREADS * CALLS);
    println!(
        "{} calls: {} done, {failed} failed; {} token requests, {} connections",
        THREADS * CALLS,
        all.done,
        sandbox.count(TOKEN),
        all.most_connections
    );
    for (call, error) in all
        .errors
        .iter()
        .flat_map(|(call, errors)| errors.iter().map(move |error| (*call, error)))
    {
        let explained = match error.kind() {
            // One in 20 plain POSTs got no reply; other calls only if every attempt met the fault.
            ErrorKind::Network => {
                let loses_replies = ["image", "prefill", "delete", "ensure"].contains(&call);
                loses_replies && error.delivery() == Delivery::Unknown
            }
            // Calls whose every attempt met a fault.
            ErrorKind::RateLimited | ErrorKind::Server => call != "image",
            // The new token had expired too: hundreds of other calls passed, or it was forgotten.
            ErrorKind::Unauthorized => true,
            ErrorKind::Auth => error.delivery() == Delivery::NotSent && error.status() == Some(503),
            _ => false,
        };
        assert!(explained, "{call}: {error:?}");
    }
    // Faults occurred, and no token lasted.
    let errors = all.errors.values().flatten();
    let met = errors.filter(|error| error.kind() != ErrorKind::Unauthorized);
    let met = met.count();
    assert!(met > 0 && met < THREADS * CALLS / 20, "{met}");
    assert!(sandbox.count(TOKEN) > 20);

    // One token request at a time, and connections for the threads and the one that renews.
    assert_eq!(sandbox.most_at_once(TOKEN), 1);
    assert!(
        sandbox.most_at_once(UNITS) > 1,
        "nothing was at the same time"
    );
    // The sandbox may not have noticed yet that some were closed.
    let most = all.most_connections;
    assert!(most <= THREADS + 1 + THREADS / 8, "{most}");

    let session = sandbox.session();
    let list = ListProductOrders::new().include_expired(true);
    let there = management::list_product_orders(&session, &list).unwrap();
    let there: BTreeSet<String> = there
        .into_iter()
        .map(|order| order.product_order_id.unwrap().as_str().to_owned())
        .collect();
    let ids = |of: &[ProductOrderId]| -> BTreeSet<String> {
        of.iter().map(|id| id.as_str().to_owned()).collect()
    };
    let (ordered, deleted, of_unknown_outcome) = (
        ids(&all.ordered),
        ids(&all.deleted),
        ids(&all.of_unknown_outcome),
    );
    assert_eq!(
        ordered.len(),
        all.ordered.len(),
        "two calls got the same order"
    );
    assert_eq!(deleted.len(), all.deleted.len());
    assert!(
        there.is_disjoint(&deleted),
        "reported as deleted, but still there"
    );
    for id in ordered.difference(&deleted) {
        assert!(
            there.contains(id) || of_unknown_outcome.contains(id),
            "{id} is not there"
        );
    }
    // No call created two.
    let strangers = there.difference(&ordered).count();
    assert!(
        strangers <= all.prefills_of_unknown_outcome,
        "{strangers} orders too many"
    );

    // Apart from lost replies, exactly one of the calls for a receipt added it.
    for (id, added) in &all.receipts {
        assert!(*added <= 1, "{id} was added {added} times");
    }
    // Every fifth is enough, because each takes a request.
    for id in all.receipts.keys().step_by(5) {
        let order = OrderRef::ecom(id.parse().unwrap());
        let found = order_management::get_order(&session, &order).unwrap();
        assert_eq!(found.receipt, Some(receipt()), "{id}");
    }
    let put = |id: &String| {
        let category = Category::new(CategoryType::General, "https://example.com");
        let category = category.image_id(ImageId::new(id).unwrap());
        let order = OrderRef::ecom("order-of-pictures".parse().unwrap());
        order_management::put_category(&session, &order, &category)
    };
    for id in all.images.iter().step_by(5) {
        put(id).unwrap();
    }
    for id in &all.images_not_sent {
        put(id).unwrap_err();
    }
}

#[test]
fn clones_outlive_the_session() {
    within_bounds(|| {
        let sandbox = Sandbox::start().unwrap();
        let session = sandbox.session_builder().unwrap().build().unwrap();
        session.access_token().unwrap();
        sandbox.fault(UNITS, 8, Fault::Hold);
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let clone = session.clone();
                thread::spawn(move || {
                    let held = management::list_sales_units(&clone).unwrap().len();
                    let next = management::list_sales_units(&clone).unwrap().len();
                    (held, next)
                })
            })
            .collect();
        assert!(sandbox.wait_for(UNITS, 8));
        drop(session);
        sandbox.release();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), (3, 3));
        }
        assert_eq!((sandbox.count(TOKEN), sandbox.count(UNITS)), (1, 16));
        // Nobody holds them open any more.
        until("all connections are closed", || sandbox.connections() == 0);
    });
}

#[test]
fn a_session_may_be_dropped_while_its_token_is_renewed() {
    within_bounds(|| {
        let sandbox = Sandbox::start().unwrap();
        let session = sandbox.session_builder().unwrap().build().unwrap();
        management::list_sales_units(&session).unwrap();
        sandbox.advance(3500 * SECOND);
        sandbox.fault(TOKEN, 1, Fault::Hold);
        let renewing = session.clone();
        let renewal = thread::spawn(move || management::list_sales_units(&renewing).unwrap());
        assert!(sandbox.wait_for(TOKEN, 2));
        drop(session);
        // The call that renews the token holds what it needs.
        assert!(sandbox.connections() > 0);
        sandbox.release();
        renewal.join().unwrap();
        until("all connections are closed", || sandbox.connections() == 0);
    });
}

/// In a call, in a token request that others wait for, and in an early renewal.
#[test]
fn a_panicking_observer_affects_no_other_call() {
    within_bounds(|| {
        let sandbox = Sandbox::start().unwrap();
        sandbox.set_token_lifetime(100 * SECOND);
        let seen = AtomicUsize::new(0);
        let calm = Arc::new(AtomicBool::new(false));
        let is_calm = Arc::clone(&calm);
        let builder = sandbox.session_builder().unwrap();
        let session = builder
            .timeout(86_400 * SECOND)
            .observer(move |exchange| {
                // More often for token requests, which are rare.
                let nth = seen.fetch_add(1, Ordering::SeqCst);
                let often = if exchange.path() == "/accesstoken/get" {
                    2
                } else {
                    50
                };
                // Avoids panic!, whose message would be printed each time.
                if nth % often == 0 && !is_calm.load(Ordering::SeqCst) {
                    std::panic::resume_unwind(Box::new("an observer that panics"));
                }
            })
            .build()
            .unwrap();
        let (mut done, mut failed, mut panicked) = (0, 0, 0);
        for _ in 0..50 {
            // Between calls only: a token that expires twice within one call is an error of its
            // own.
            sandbox.advance(16 * SECOND);
            let results = at_once(16, || {
                let call = || {
                    management::prefill_product_order(
                        &session,
                        &prefill().sales_unit_name("ACME Fitness"),
                    )
                };
                catch_unwind(AssertUnwindSafe(call))
            });
            for result in results {
                match result {
                    Ok(Ok(_)) => done += 1,
                    Ok(Err(error)) => {
                        let text = "no access token: POST /accesstoken/get: the thread fetching \
                                    the token panicked";
                        assert_eq!(error.to_string(), text);
                        assert_eq!(error.delivery(), Delivery::NotSent);
                        failed += 1;
                    }
                    Err(_) => panicked += 1,
                }
            }
        }
        assert_eq!(done + failed + panicked, 16 * 50);
        assert!(done > 0 && panicked > 0, "{done}, {panicked}");

        calm.store(true, Ordering::SeqCst);
        until("no token request in flight", || {
            !format!("{session:?}").contains("being fetched")
        });
        let all = ListProductOrders::new();
        let there = management::list_product_orders(&session, &all)
            .unwrap()
            .len();
        // One for each call that was sent, whether its observer panicked or not.
        assert!(
            (done..=done + panicked).contains(&there),
            "{there} of {done}"
        );
        for _ in 0..16 {
            management::list_sales_units(&session).unwrap();
        }
        assert_eq!(sandbox.most_at_once(TOKEN), 1);
    });
}

#[test]
fn one_in_every_n_requests_fails() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session_builder().unwrap();
    let session = session.retry(vipps::RetryPolicy::none()).build().unwrap();
    sandbox.fault(UNITS, 1, Fault::status(500));
    sandbox.fault_every(UNITS, 3, Fault::status(503));
    sandbox.fault_every("GET *", 2, Fault::status(502));
    let statuses: Vec<Option<u16>> = (0..8)
        .map(|_| {
            let result = session.call_any("GET", "/management/v1/sales-units", None);
            result.err().and_then(|error| error.status())
        })
        .collect();
    let [a, b, c, d] = [Some(500), Some(503), Some(502), None];
    // The first is only the 500's; of the others the third and sixth are the 503's, and of the rest
    // every second.
    assert_eq!(statuses, [a, d, c, b, d, c, b, d]);
}

#[test]
fn the_sandbox_counts_connections_and_concurrent_requests() {
    let sandbox = Sandbox::start().unwrap();
    assert_eq!((sandbox.connections(), sandbox.most_at_once("*")), (0, 0));
    let session = sandbox.session_builder().unwrap().build().unwrap();
    session.access_token().unwrap();
    sandbox.fault(UNITS, 3, Fault::Hold);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| management::list_sales_units(&session).unwrap());
        }
        assert!(sandbox.wait_for(UNITS, 3));
        assert_eq!(sandbox.connections(), 3);
        sandbox.release();
    });
    management::list_sales_units(&session).unwrap();
    assert_eq!(
        (sandbox.most_at_once(UNITS), sandbox.most_at_once(TOKEN)),
        (3, 1)
    );
    assert_eq!(
        (sandbox.most_at_once("*"), sandbox.most_at_once(PREFILL)),
        (3, 0)
    );
    drop(session);
    until("all connections are closed", || sandbox.connections() == 0);
}
