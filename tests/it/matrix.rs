//! Every endpoint against every fault: what a call gives back, what it says of itself, and what is there afterwards.

use crate::support::Raw as _;
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

const TOKEN: &str = "POST /accesstoken/get";
const MANAGEMENT_TOKEN: &str = "POST /miami/v1/token";
const RECEIPT: &str = "POST /order-management/v2/ecom/receipts/order-1";
const ORDER: &str = "GET /order-management/v2/ecom/order-1";

/// The attempts of the default policy.
const ATTEMPTS: usize = 3;

/// How many times the fault happens: once and twice, so that a repetition succeeds, and for good.
const COUNTS: [usize; 3] = [1, 2, 99];

/// The timeout of the sessions whose requests hang. The answers of a sandbox take a small part of it.
const SHORT: Duration = Duration::from_millis(1500);

// ---- the endpoints

/// All of the table, and what a caller can send besides.
fn endpoints() -> Vec<Endpoint> {
    let mut all = support::endpoints();
    all.push(Endpoint {
        name: "raw GET",
        route: "GET /management/v1/sales-units/654321",
        call: |session, _| session.raw("GET", "/management/v1/sales-units/654321", None),
        needs: Needs::JsonOrNothing,
        ..endpoint("get_sales_unit")
    });
    all.push(Endpoint {
        name: "raw POST",
        call: |session, ids| {
            let url = "https://example.com/2";
            let category = AddCategory::new(ids.order.clone(), CategoryType::Ticket, url);
            let path = "/order-management/v3/categories";
            session.raw("POST", path, Some(&to_json(&category)))
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

/// Whether a token of the session's is needed first.
fn takes_token(endpoint: &Endpoint) -> bool {
    !matches!(endpoint.effect, Effect::Nothing)
}

/// What `endpoint` reads or deletes is put into the sandbox.
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

/// What the call is about, as a session without faults sees it afterwards.
fn there(endpoint: &Endpoint, session: &Session) -> Vec<Value> {
    match endpoint.effect {
        Effect::Reads { .. } => vec![call(endpoint, session).unwrap()],
        Effect::Makes { there, .. } | Effect::Deletes { there, .. } => {
            there(session, &Ids::default())
        }
        Effect::Nothing => Vec::new(),
    }
}

// ---- the faults

/// What a fault is to a client, by what the sandbox's documentation says that it does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Means {
    /// The right answer, a little late.
    Nothing,
    /// This status; nothing was done.
    Refused(u16),
    /// A 429 or 5xx that asks for more time than the call has.
    TooLong(u16),
    /// No answer; nothing was done.
    NoAnswer(ErrorKind),
    /// No answer; it was done.
    LostAnswer,
    /// The head of a success and a part of its body; nothing was done.
    HalfAnswer,
    /// The same; it was done.
    CutAnswer,
    /// A success that is too large to read; nothing was done.
    TooLarge,
    /// A success whose body is not what was promised; nothing was done.
    WrongBody,
    /// A success without a body; nothing was done.
    NoBody,
}

fn faults() -> Vec<(Fault, Means)> {
    let network = ErrorKind::Network;
    let mut faults = vec![
        (Fault::Delay(Duration::from_millis(2)), Means::Nothing),
        (
            Fault::Delay(3600 * Duration::from_secs(1)),
            Means::NoAnswer(ErrorKind::Timeout),
        ),
        (Fault::CloseBeforeReading, Means::NoAnswer(network)),
        (Fault::CloseAfterReading, Means::NoAnswer(network)),
        (Fault::LoseReply, Means::LostAnswer),
        (Fault::CutReply, Means::CutAnswer),
        (Fault::Garbage, Means::NoAnswer(network)),
        (Fault::EndlessBody, Means::TooLarge),
        (Fault::HtmlBadGateway, Means::Refused(502)),
        (Fault::status_retry_after(429, "1"), Means::Refused(429)),
        (
            Fault::status_retry_after(429, "Wed, 21 Oct 2015 07:28:00 GMT"),
            Means::Refused(429),
        ),
        (Fault::status_retry_after(429, "3600"), Means::TooLong(429)),
        (Fault::status_retry_after(503, "2"), Means::Refused(503)),
        (Fault::status_retry_after(503, "61"), Means::TooLong(503)),
        (Fault::status(204), Means::NoBody),
        // A gateway's refusals.
        (
            Fault::json(403, r#"{"statusCode":403,"message":"Quota exceeded"}"#),
            Means::Refused(403),
        ),
        (Fault::reply(500, "text/plain", ""), Means::Refused(500)),
        // A page of a captive portal.
        (
            Fault::reply(200, "text/html", "<html>Log in</html>"),
            Means::WrongBody,
        ),
        (Fault::Raw(Vec::new()), Means::NoAnswer(network)),
        (
            Fault::Raw(b"HTTP/1.1 200 O".to_vec()),
            Means::NoAnswer(network),
        ),
        (
            Fault::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_vec()),
            Means::HalfAnswer,
        ),
    ];
    let statuses = [
        302, 304, 400, 401, 403, 404, 408, 409, 410, 422, 429, 500, 501, 502, 503, 504,
    ];
    faults.extend(statuses.map(|status| (Fault::status(status), Means::Refused(status))));
    faults
}

// ---- what must come of it

#[derive(Debug, PartialEq)]
struct Expected {
    result: Result<(), (ErrorKind, Delivery)>,
    /// Requests of the route.
    requests: usize,
    /// Whether the service has done what was asked for.
    done: bool,
}

fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 500 | 502 | 503 | 504)
}

fn kind_of(status: u16, endpoint: &Endpoint) -> ErrorKind {
    match status {
        _ if !takes_token(endpoint) => ErrorKind::Auth,
        401 => ErrorKind::Unauthorized,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        409 => endpoint.conflict,
        429 => ErrorKind::RateLimited,
        408 | 500.. => ErrorKind::Server,
        400.. => ErrorKind::Rejected,
        _ => ErrorKind::UnexpectedStatus,
    }
}

/// The contract, for a fault that happens `count` times to one call of an endpoint with the default policy.
fn expected(endpoint: &Endpoint, means: Means, count: usize) -> Expected {
    let (again, needs) = (endpoint.retry, endpoint.needs);
    let is_safe = again != Retry::Never;
    let success = |requests| Expected {
        result: Ok(()),
        requests,
        done: true,
    };
    let failure = |kind, delivery, requests, done| Expected {
        // The call was not sent where its token could not be had.
        result: Err((
            kind,
            if takes_token(endpoint) {
                delivery
            } else {
                Delivery::NotSent
            },
        )),
        requests,
        done,
    };
    // Repeated or not, with that error in the end.
    let repeated = |may: bool, kind, delivery| {
        let limit = if may { ATTEMPTS } else { 1 };
        if count < limit {
            success(count + 1)
        } else {
            failure(kind, delivery, limit, false)
        }
    };
    // A success that was none: the service said so.
    let believed = Expected {
        done: false,
        ..success(1)
    };
    match means {
        Means::Nothing => success(1),
        Means::Refused(401) if takes_token(endpoint) => {
            // Once more with a new token, whatever it is.
            if count == 1 {
                success(2)
            } else {
                failure(ErrorKind::Unauthorized, Delivery::Answered, 2, false)
            }
        }
        Means::Refused(status) => {
            // A look at what is there settles what any failure of the server has left.
            let is_transient = is_transient(status) || (again == Retry::ReadBack && status >= 500);
            let may = status == 429 || (is_transient && is_safe);
            repeated(may, kind_of(status, endpoint), Delivery::Answered)
        }
        Means::TooLong(status) => failure(kind_of(status, endpoint), Delivery::Answered, 1, false),
        Means::NoAnswer(kind) => repeated(is_safe, kind, Delivery::Unknown),
        Means::LostAnswer if again == Retry::ReadBack => success(1),
        Means::LostAnswer => Expected {
            done: true,
            ..repeated(is_safe, ErrorKind::Network, Delivery::Unknown)
        },
        Means::CutAnswer if needs == Needs::Nothing || again == Retry::ReadBack => success(1),
        Means::CutAnswer => Expected {
            done: true,
            ..repeated(is_safe, ErrorKind::Network, Delivery::Answered)
        },
        Means::HalfAnswer if again == Retry::Delete => believed,
        Means::HalfAnswer => repeated(is_safe, ErrorKind::Network, Delivery::Answered),
        Means::TooLarge => {
            let may = again == Retry::ReadBack;
            repeated(may, ErrorKind::Decode, Delivery::Answered)
        }
        Means::WrongBody if needs == Needs::Text => {
            let may = again == Retry::ReadBack;
            repeated(may, ErrorKind::Decode, Delivery::Answered)
        }
        Means::NoBody if needs != Needs::Json => believed,
        Means::WrongBody | Means::NoBody => {
            failure(ErrorKind::Decode, Delivery::Answered, 1, false)
        }
    }
}

// ---- the runs

/// A sandbox and two sessions: the one that meets the fault, and the one that looks at what came of it.
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
            // Waits would use the time up, and the manual clock has no other use for it.
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

    /// Whether the result and the sandbox are as they must be.
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
        // What holds whatever the table says.
        assert!(there.len() <= 1, "{what}: twice: {there:?}");
        if got.is_err_and(|(_, delivery)| delivery == Delivery::NotSent) {
            let untouched = usize::from(matches!(
                endpoint.effect,
                Effect::Reads { .. } | Effect::Deletes { .. }
            ));
            assert_eq!(there.len(), untouched, "{what}: not sent, and done");
        }
        // And what the table says.
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
            assert!(right, "{what}: {value} and not {there:?}");
        }
    }

    /// Every attempt said the same, the token and what closes the connection aside.
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
        // The body of some was not read.
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

    /// The same session works, and the same call may be made again where that is promised.
    fn check_next(&self, endpoint: &Endpoint, result: &Result<Value, Error>) {
        let what = &self.what;
        self.sandbox.clear_faults();
        let units = management::list_sales_units(&self.session);
        assert_eq!(units.unwrap().len(), 3, "{what}");
        match (endpoint.retry, result) {
            (Retry::Safe | Retry::ReadBack, _) => {
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
            (Effect::Reads { .. }, _) | (Effect::Makes { .. }, Retry::Safe | Retry::ReadBack) => 1,
            (Effect::Deletes { .. } | Effect::Nothing, _) => 0,
            (Effect::Makes { .. }, _) => there.min(1),
        };
        assert_eq!(there, wanted, "{what}: the next call");
    }
}

/// The fault meets the call itself.
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
        // A refused token is not used again, and nothing else costs a new one.
        let tokens = usize::from(means == Means::Refused(401));
        assert_eq!(run.sandbox.count(TOKEN), tokens, "{}", run.what);
    }

    // What looks at the result may not meet the fault.
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
    run.check(endpoint, &result, &expected, "* /none");
    run.check_next(endpoint, &result);
}

/// The fault meets the token request before the call.
fn run_without_token(endpoint: &Endpoint, fault: &Fault, means: Means, count: usize) {
    let what = format!("{}, token: {count} x {fault:?}", endpoint.name);
    let run = Run::of(endpoint, fault, false, what);
    prepare(endpoint, &run.witness);
    // So that the one who looks needs none either.
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
    run.check(endpoint, &result, &expected, "* /none");
    run.check_next(endpoint, &result);
}

/// What README says of the size.
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
                // Which call it is for hardly matters to a token: a count for each, and those that do something.
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
    // Those that wait for a timeout wait together.
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
    assert_eq!(size, size_in_readme(), "README says another size");
}

#[test]
fn a_request_that_is_held_and_carried_out_later_does_nothing_twice() {
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
        // It is carried out after the repetition, or after the caller was told that it may be.
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
fn a_receipt_that_is_there_is_found_or_said_to_be_unknown() {
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
                // A service that has none after it said that it has one.
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
