//! Every endpoint against every fault: the result of the call, what its error says, and what exists
//! afterwards.

use crate::support::CallAny as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use vipps::management;
use vipps::order_management::{AddCategory, CategoryType};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{Delivery, Error, ErrorKind, RetryPolicy, Session};

use crate::support::{
    self, Effect, Endpoint, Ids, Needs, Retry, categories, endpoint, system, to_json,
    token_endpoints, until, whole,
};

mod contract;

use contract::{Expected, Means, expected, faults};

const TOKEN: &str = "POST /accesstoken/get";
const MANAGEMENT_TOKEN: &str = "POST /miami/v1/token";
const RECEIPT: &str = "POST /order-management/v2/ecom/receipts/order-1";
const ORDER: &str = "GET /order-management/v2/ecom/order-1";

/// How many times the fault happens: once or twice, so that a retry succeeds, and permanently.
const COUNTS: [usize; 3] = [1, 2, 99];

/// The timeout of sessions whose requests hang. A sandbox replies in a fraction of it.
const SHORT: Duration = Duration::from_millis(1500);

/// The endpoint table, plus requests that a caller can build.
fn endpoints() -> Vec<Endpoint> {
    let mut all = support::endpoints();
    all.push(Endpoint {
        name: "raw GET",
        route: "GET /management/v1/sales-units/654321",
        call: |session, _| session.call_any("GET", "/management/v1/sales-units/654321", None),
        needs: Needs::JsonOrNothing,
        ..endpoint("get_sales_unit")
    });
    all.push(Endpoint {
        name: "raw POST",
        call: |session, ids| {
            let url = "https://example.com/2";
            let category = AddCategory::new(ids.order.clone(), CategoryType::Ticket, url);
            let path = "/order-management/v3/categories";
            session.call_any("POST", path, Some(&to_json(&category)))
        },
        needs: Needs::JsonOrNothing,
        effect: Effect::Makes {
            there: categories,
            named: |made, there| made["categoryId"] == there["categoryId"],
        },
        ..endpoint("add_category")
    });
    all.extend(token_endpoints());
    all
}

/// Whether the call needs a token of the session.
fn takes_token(endpoint: &Endpoint) -> bool {
    !matches!(endpoint.effect, Effect::Nothing)
}

/// Creates in the sandbox what `endpoint` reads or deletes.
fn prepare(endpoint: &Endpoint, session: &Session) {
    match endpoint.effect {
        Effect::Reads { prepare } | Effect::Deletes { prepare, .. } => {
            prepare(session, &Ids::default());
        }
        Effect::Makes { .. } | Effect::Nothing => {}
    }
}

fn call(endpoint: &Endpoint, session: &Session) -> Result<Value, Error> {
    (endpoint.call)(session, &Ids::default())
}

/// The resources that the call is about, as a session without faults sees them afterwards.
fn there(endpoint: &Endpoint, session: &Session) -> Vec<Value> {
    match endpoint.effect {
        Effect::Reads { .. } => vec![call(endpoint, session).unwrap()],
        Effect::Makes { there, .. } | Effect::Deletes { there, .. } => {
            there(session, &Ids::default())
        }
        Effect::Nothing => Vec::new(),
    }
}

/// A sandbox and two sessions: one meets the fault, and the witness checks what came of it.
struct Run {
    sandbox: Sandbox,
    session: Session,
    witness: Session,
    what: String,
}

impl Run {
    fn of(endpoint: &Endpoint, fault: &Fault, with_token: bool, what: String) -> Self {
        let sandbox = Sandbox::start().unwrap();
        if endpoint.deprecated {
            sandbox.enable_v1();
        }
        let builder = if endpoint.route == MANAGEMENT_TOKEN {
            Session::builder(sandbox.management_keys(), system())
                .base_url(sandbox.url())
                .clock(sandbox.clock().clone())
        } else {
            sandbox.session_builder().unwrap()
        };
        let hangs =
            matches!(fault, Fault::Hold) || matches!(fault, Fault::Delay(time) if *time > SHORT);
        let builder = if hangs {
            // Waits would use up the timeout on the manual clock, which serves no other purpose
            // here.
            let policy = RetryPolicy::default().initial_backoff(Duration::ZERO);
            builder.retry(policy).timeout(SHORT)
        } else {
            builder
        };
        let witness = sandbox.session();
        let builder = if with_token {
            builder.access_token(witness.access_token().unwrap())
        } else {
            builder
        };
        Self {
            session: builder.max_response_bytes(64 * 1024).build().unwrap(),
            witness,
            sandbox,
            what,
        }
    }

    /// Checks that the result and the sandbox are as required.
    fn check(
        &self,
        endpoint: &Endpoint,
        result: &Result<Value, Error>,
        expected: &Expected,
        route: &str,
    ) {
        let what = &self.what;
        let requests = self.sandbox.count(route);
        let there = there(endpoint, &self.witness);
        let got = match result {
            Ok(_) => Ok(()),
            Err(error) => Err((error.kind(), error.delivery())),
        };
        // Holds whatever the table says.
        assert!(there.len() <= 1, "{what}: carried out twice: {there:?}");
        if got.is_err_and(|(_, delivery)| delivery == Delivery::NotSent) {
            let untouched = usize::from(matches!(
                endpoint.effect,
                Effect::Reads { .. } | Effect::Deletes { .. }
            ));
            assert_eq!(
                there.len(),
                untouched,
                "{what}: carried out although it was not sent"
            );
        }
        // Holds according to the table.
        assert_eq!(got, expected.result, "{what}: {result:?}");
        assert_eq!(requests, expected.requests, "{what}: requests");
        let done = match endpoint.effect {
            Effect::Makes { .. } => there.len() == 1,
            Effect::Deletes { .. } => there.is_empty(),
            Effect::Reads { .. } | Effect::Nothing => expected.done,
        };
        assert_eq!(done, expected.done, "{what}: {there:?}");
        if let (Ok(value), true) = (result, expected.done) {
            let right = match endpoint.effect {
                Effect::Reads { .. } => there == [value.clone()],
                Effect::Makes { named, .. } => named(value, &there[0]),
                Effect::Deletes { .. } => *value == Value::Null,
                Effect::Nothing => *value == Value::Bool(true),
            };
            assert!(right, "{what}: {value}, expected {there:?}");
        }
    }

    /// Checks that every attempt was the same, apart from the token and headers about the
    /// connection.
    fn check_attempts(&self, route: &str) {
        let (method, path) = route.split_once(' ').unwrap();
        let mut requests = self.sandbox.requests();
        let fits = |is: &str| {
            let (is, path) = (is.split('?').next().unwrap(), path);
            is.split('/').count() == path.split('/').count()
                && is
                    .split('/')
                    .zip(path.split('/'))
                    .all(|(is, wanted)| wanted == "*" || is == wanted)
        };
        // The sandbox has not read the body of every request.
        requests.retain(|request| request.method == method && fits(&request.path));
        let lengths: Vec<_> = requests
            .iter()
            .map(|request| request.header("content-length").map(str::to_owned))
            .collect();
        requests.retain(|request| {
            let length = request.header("content-length").unwrap_or("0");
            length.parse() == Ok(request.body.len())
        });
        for request in &mut requests {
            request.headers.retain(|(name, _)| name != "authorization");
        }
        let what = &self.what;
        assert!(
            lengths.windows(2).all(|two| two[0] == two[1]),
            "{what}: {lengths:?}"
        );
        for two in requests.windows(2) {
            assert_eq!(whole(&two[0]), whole(&two[1]), "{what}");
        }
    }

    /// Checks that the session still works, and that the call can be made again where that is
    /// promised.
    fn check_next(&self, endpoint: &Endpoint, result: &Result<Value, Error>) {
        let what = &self.what;
        self.sandbox.clear_faults();
        // Opens the routes that were rate limited.
        self.sandbox.clock().advance(Duration::from_secs(3600));
        let units = management::list_sales_units(&self.session);
        assert_eq!(units.unwrap().len(), 3, "{what}");
        match (endpoint.retry, result) {
            (Retry::Safe | Retry::ReadBack | Retry::Again, _) => {
                call(endpoint, &self.session).unwrap();
            }
            (Retry::Delete, result) => {
                let is_there = !there(endpoint, &self.witness).is_empty();
                let error = call(endpoint, &self.session).err();
                let kind = error.map(|error| error.kind());
                let expected = (!is_there).then_some(ErrorKind::NotFound);
                assert_eq!(kind, expected, "{what}: {result:?}");
            }
            (Retry::Never, _) => {}
        }
        let there = there(endpoint, &self.witness).len();
        let wanted = match (endpoint.effect, endpoint.retry) {
            (Effect::Reads { .. }, _)
            | (Effect::Makes { .. }, Retry::Safe | Retry::ReadBack | Retry::Again) => 1,
            (Effect::Deletes { .. } | Effect::Nothing, _) => 0,
            (Effect::Makes { .. }, _) => there.min(1),
        };
        assert_eq!(there, wanted, "{what}: the next call");
    }
}

/// Runs the call with the fault on the call itself.
fn run(endpoint: &Endpoint, fault: &Fault, means: Means, count: usize) {
    let what = format!("{}, {count} x {fault:?}", endpoint.name);
    let run = Run::of(endpoint, fault, takes_token(endpoint), what);
    prepare(endpoint, &run.witness);
    run.sandbox.clear_requests();
    run.sandbox
        .fault(&endpoint.sandbox_route(), count, fault.clone());
    let began = run.sandbox.clock().now();
    let result = call(endpoint, &run.session);
    let took = run.sandbox.clock().now() - began;
    assert!(took < Duration::from_secs(60), "{}: {took:?}", run.what);
    run.check_attempts(&endpoint.sandbox_route());
    if takes_token(endpoint) {
        // A refused token is not used again, and nothing else causes a new token request.
        let tokens = usize::from(means == Means::Refused(401));
        assert_eq!(run.sandbox.count(TOKEN), tokens, "{}", run.what);
    }

    // The checks must not meet the fault.
    let requests = run.sandbox.count(&endpoint.sandbox_route());
    let reads_back = run.sandbox.count(ORDER);
    let expected = expected(endpoint, means, count);
    assert_eq!(requests, expected.requests, "{}: {result:?}", run.what);
    if endpoint.retry == Retry::ReadBack {
        assert!(reads_back <= requests, "{}", run.what);
    }
    run.sandbox.clear_faults();
    run.sandbox.clear_requests();
    let expected = Expected {
        requests: 0,
        ..expected
    };
    run.check(endpoint, &result, &expected, "PATCH *");
    run.check_next(endpoint, &result);
}

/// Runs the call with the fault on the token request before it.
fn run_without_token(endpoint: &Endpoint, fault: &Fault, means: Means, count: usize) {
    let what = format!("{}, token: {count} x {fault:?}", endpoint.name);
    let run = Run::of(endpoint, fault, false, what);
    prepare(endpoint, &run.witness);
    // So that the witness needs no token request either.
    run.witness.access_token().unwrap();
    run.sandbox.clear_requests();
    run.sandbox.fault(TOKEN, count, fault.clone());
    let result = call(endpoint, &run.session);
    let token = expected(&token_endpoints()[0], means, count);
    assert_eq!(
        run.sandbox.count(TOKEN),
        token.requests,
        "{}: {result:?}",
        run.what
    );
    let expected = Expected {
        requests: usize::from(token.result.is_ok()),
        done: token.result.is_ok(),
        result: token.result,
    };
    assert_eq!(
        run.sandbox.count(&endpoint.sandbox_route()),
        expected.requests,
        "{}",
        run.what
    );
    run.sandbox.clear_faults();
    run.sandbox.clear_requests();
    let expected = Expected {
        requests: 0,
        ..expected
    };
    run.check(endpoint, &result, &expected, "PATCH *");
    run.check_next(endpoint, &result);
}

/// The size of the matrix that README states.
fn size_in_readme() -> usize {
    let readme = include_str!("../../README.md");
    let words: Vec<&str> = readme.split_whitespace().collect();
    let at = words
        .iter()
        .position(|word| *word == "combinations")
        .expect("the size");
    words[at - 1].parse().expect("a number")
}

#[test]
fn every_endpoint_survives_every_fault() {
    let endpoints = endpoints();
    let faults = faults();
    let mut cases = Vec::new();
    for (nth, endpoint) in endpoints.iter().enumerate() {
        for (fault, means) in &faults {
            for count in COUNTS {
                cases.push((endpoint, fault, *means, count, false));
                // The token request hardly depends on the endpoint: one count each is enough, and
                // only for endpoints that change something.
                let does = matches!(
                    endpoint.effect,
                    Effect::Makes { .. } | Effect::Deletes { .. }
                );
                if does && count == COUNTS[nth % COUNTS.len()] {
                    cases.push((endpoint, fault, *means, count, true));
                }
            }
        }
    }
    // Runs those that wait for a timeout in parallel.
    let is_slow = |means: Means| means == Means::NoAnswer(ErrorKind::Timeout);
    cases.sort_by_key(|case| !is_slow(case.2));
    let slow = cases.iter().filter(|case| is_slow(case.2)).count();
    let next = AtomicUsize::new(slow);
    let test = |nth: usize| {
        let (endpoint, fault, means, count, for_token) = cases[nth];
        if for_token {
            run_without_token(endpoint, fault, means, count);
        } else {
            run(endpoint, fault, means, count);
        }
    };
    std::thread::scope(|scope| {
        for nth in 0..slow {
            scope.spawn(move || test(nth));
        }
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= cases.len() {
                        return;
                    }
                    test(nth);
                }
            });
        }
    });
    let size = cases.len();
    println!(
        "{size} combinations of {} endpoints, {} faults and how often they happen",
        endpoints.len(),
        faults.len()
    );
    assert_eq!(size, size_in_readme(), "README states another size");
}

#[test]
fn a_held_request_that_is_carried_out_later_does_nothing_twice() {
    let endpoints = endpoints();
    let test = |endpoint: &Endpoint| {
        let run = Run::of(
            endpoint,
            &Fault::Hold,
            true,
            format!("{}, held", endpoint.name),
        );
        prepare(endpoint, &run.witness);
        run.sandbox.fault(&endpoint.sandbox_route(), 1, Fault::Hold);
        let result = call(endpoint, &run.session);
        let plain = endpoint.retry == Retry::Never;
        let got = result
            .as_ref()
            .map(|_| ())
            .map_err(|error| (error.kind(), error.delivery()));
        let timed_out = Err((ErrorKind::Timeout, Delivery::Unknown));
        assert_eq!(got, if plain { timed_out } else { Ok(()) }, "{}", run.what);
        // It is carried out after the retry, or after the caller was told that it may have been.
        run.sandbox.release();
        if plain {
            until(&run.what, || !there(endpoint, &run.witness).is_empty());
        }
        run.check_next(endpoint, &result);
    };
    let test = &test;
    std::thread::scope(|scope| {
        for endpoint in endpoints.iter().filter(|endpoint| takes_token(endpoint)) {
            scope.spawn(move || test(endpoint));
        }
    });
}

#[test]
fn an_existing_receipt_is_found_or_its_outcome_unknown() {
    for (fault, means) in faults() {
        if means == Means::NoAnswer(ErrorKind::Timeout) {
            continue;
        }
        for count in COUNTS {
            let (ensure, reading) = (endpoint("ensure_receipt"), endpoint("get_order"));
            let run = Run::of(
                &ensure,
                &fault,
                true,
                format!("reading back, {count} x {fault:?}"),
            );
            prepare(&reading, &run.witness);
            run.sandbox.clear_requests();
            run.sandbox.fault(ORDER, count, fault.clone());
            let result = call(&ensure, &run.session);
            assert_eq!(run.sandbox.count(RECEIPT), 1, "{}", run.what);
            let read = expected(&reading, means, count);
            assert_eq!(run.sandbox.count(ORDER), read.requests, "{}", run.what);
            match (result, read.result) {
                (Ok(outcome), Ok(())) => assert_eq!(outcome, "there", "{}", run.what),
                // An API that has no receipt after reporting a conflict.
                (Err(error), Err((ErrorKind::NotFound, _))) => {
                    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{}", run.what);
                }
                (Err(error), Ok(())) if means == Means::NoBody => {
                    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{}", run.what);
                }
                (Err(error), Err((kind, _))) => {
                    let got = (error.kind(), error.delivery());
                    assert_eq!(got, (kind, Delivery::Unknown), "{}", run.what);
                }
                (result, read) => panic!("{}: {result:?}, {read:?}", run.what),
            }
            run.check_next(&ensure, &Ok(Value::Null));
        }
    }
}
