//! Every endpoint against every fault: what a call gives back, what it says of itself, and what is there afterwards.

use crate::support::Raw as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use vipps::management::{
    self, BusinessIdentifier, ListProductOrders, PrefillProductOrder, ProductOrderId, ProductType,
};
#[allow(deprecated)]
use vipps::order_management::v1;
use vipps::order_management::{
    self, AddCategory, AddImage, BottomLine, Category, CategoryId, CategoryType, Currency, OrderId,
    OrderLine, OrderRef, Receipt, ReceiptOutcome, TaxRate,
};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{Delivery, Error, ErrorKind, RetryPolicy, Session};

use crate::images::small_image;
use crate::support::{system, whole};

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

/// What may be done with a request whose outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Again {
    /// GET, PUT, a POST with an idempotency key, and a token request.
    Safe,
    /// A DELETE: as safe, and its success needs no body.
    Delete,
    /// A POST without a key.
    Never,
    /// A POST without a key that is read back.
    ReadBack,
}

/// What a successful reply has to hold to be one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Needs {
    /// JSON of its own form.
    Json,
    /// Any JSON, or nothing.
    JsonOrNothing,
    /// Any text.
    Text,
    /// Nothing, and the service's own reply has no body either.
    Nothing,
}

struct Endpoint {
    name: &'static str,
    route: &'static str,
    again: Again,
    needs: Needs,
    /// The kind of a 409.
    conflict: ErrorKind,
    /// Whether a token of the session's is needed first.
    takes_token: bool,
    /// Puts what it reads or deletes there.
    prepare: fn(&Session, &mut Things),
    call: fn(&Session, &Things) -> Result<Value, Error>,
    /// What the call is about, as a session without faults sees it afterwards.
    there: fn(&Session, &Things) -> Vec<Value>,
    effect: Effect,
}

/// What there is when the call was carried out, and when it was not.
#[derive(Clone, Copy)]
enum Effect {
    /// One thing in either case, and the call gives it.
    Reads,
    /// One thing; none. The function says whether the result names what is there.
    Makes(fn(&Value, &Value) -> bool),
    /// None; one thing.
    Deletes,
    /// Nothing to see.
    Nothing,
}

/// What the sandbox holds before the call, and what the call is made with.
struct Things {
    order: OrderRef,
    id: OrderId,
    receipt: Receipt,
    prefill: PrefillProductOrder,
    category: Category,
    link: AddCategory,
    image: AddImage,
    /// For what reads and deletes.
    product_order: Option<ProductOrderId>,
    link_id: Option<CategoryId>,
}

fn to_json<T: serde::Serialize>(value: T) -> Value {
    serde_json::to_value(value).unwrap()
}

fn of_merchant() -> BusinessIdentifier {
    BusinessIdentifier::norway("987654321").unwrap()
}

impl Things {
    /// What `endpoint` reads or deletes is put into the sandbox.
    fn of(endpoint: &Endpoint, session: &Session) -> Self {
        let id: OrderId = "order-1".parse().unwrap();
        let order = OrderRef::ecom(id.clone());
        let line = OrderLine::from_gross("Socks", "1", 10_000, TaxRate::percent(25)).unwrap();
        let address = "https://example.com/order/1";
        let mut things = Self {
            receipt: Receipt::new(BottomLine::new(Currency::Nok)).line(line),
            prefill: PrefillProductOrder::new(of_merchant(), ProductType::Login)
                .sales_unit_name("ACME Fitness"),
            category: Category::new(CategoryType::Delivery, address),
            link: AddCategory::new(order.clone(), CategoryType::Delivery, address),
            image: small_image("picture-1"),
            order,
            id,
            product_order: None,
            link_id: None,
        };
        (endpoint.prepare)(session, &mut things);
        things
    }

    fn product_order(&self) -> &ProductOrderId {
        self.product_order.as_ref().unwrap()
    }

    fn link_id(&self) -> &CategoryId {
        self.link_id.as_ref().unwrap()
    }
}

fn product_orders(session: &Session, _: &Things) -> Vec<Value> {
    let all = management::list_product_orders(session, &ListProductOrders::new()).unwrap();
    all.into_iter().map(to_json).collect()
}

fn links(session: &Session, things: &Things) -> Vec<Value> {
    let links = order_management::list_categories(session, &things.id).unwrap();
    links.into_iter().map(to_json).collect()
}

/// A thing that is there or not.
#[track_caller]
fn found<T: serde::Serialize>(result: Result<T, Error>) -> Vec<Value> {
    match result {
        Ok(value) => vec![to_json(value)],
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => panic!("{error}"),
    }
}

fn put_product_order(session: &Session, things: &mut Things) {
    let prefilled = management::prefill_product_order(session, &things.prefill).unwrap();
    things.product_order = Some(prefilled.prefilled_order_id);
}

fn put_link(session: &Session, things: &mut Things) {
    things.link_id = Some(order_management::add_category(session, &things.link).unwrap());
}

fn put_receipt(session: &Session, things: &mut Things) {
    order_management::add_receipt(session, &things.order, &things.receipt).unwrap();
}

fn is_uuid(result: &Value, _: &Value) -> bool {
    result.as_str().is_some_and(|text| text.len() == 36)
}

fn is_any(_: &Value, _: &Value) -> bool {
    true
}

const GET: Endpoint = Endpoint {
    name: "",
    route: "",
    again: Again::Safe,
    needs: Needs::Json,
    conflict: ErrorKind::Conflict,
    takes_token: true,
    prepare: |_, _| {},
    call: |_, _| Ok(Value::Null),
    there: |_, _| Vec::new(),
    effect: Effect::Reads,
};

const PLAIN_POST: Endpoint = Endpoint {
    again: Again::Never,
    effect: Effect::Makes(is_any),
    ..GET
};

macro_rules! reads {
    ($name:literal, $route:literal, |$session:ident, $things:tt| $call:expr) => {
        reads!($name, $route, |_, _| {}, |$session, $things| $call)
    };
    ($name:literal, $route:literal, $prepare:expr, |$session:ident, $things:tt| $call:expr) => {
        Endpoint {
            prepare: $prepare,
            name: $name,
            route: $route,
            call: |$session, $things| $call.map(to_json),
            there: |$session, $things| vec![to_json($call.unwrap())],
            ..GET
        }
    };
}

#[allow(deprecated)]
fn endpoints() -> Vec<Endpoint> {
    vec![
        reads!(
            "list_sales_units",
            "GET /management/v1/sales-units",
            |session, _| management::list_sales_units(session)
        ),
        reads!(
            "get_sales_unit",
            "GET /management/v1/sales-units/123456",
            |session, _| management::get_sales_unit(session, &"123456".parse().unwrap())
        ),
        reads!(
            "list_merchant_sales_units",
            "GET /management/v1/merchants/*/*/sales-units",
            |session, _| management::list_merchant_sales_units(session, &of_merchant())
        ),
        reads!(
            "get_merchant",
            "GET /management/v1/merchants/*/*",
            |session, _| management::get_merchant(session, &of_merchant())
        ),
        reads!(
            "list_product_orders",
            "GET /management/v2/product-orders",
            put_product_order,
            |session, _| management::list_product_orders(session, &ListProductOrders::new())
        ),
        Endpoint {
            name: "prefill_product_order",
            route: "POST /management/v1/product-orders",
            call: |session, things| {
                management::prefill_product_order(session, &things.prefill).map(to_json)
            },
            there: product_orders,
            effect: Effect::Makes(|made, there| {
                made["prefilledOrderId"] == there["productOrderId"]
                    && made["prefillUrl"] == there["productOrderUrl"]
            }),
            ..GET
        },
        reads!(
            "get_product_order",
            "GET /management/v2/product-orders/*/details",
            put_product_order,
            |session, things| management::get_product_order(session, things.product_order())
        ),
        Endpoint {
            name: "delete_product_order",
            route: "DELETE /management/v1/product-orders/*",
            again: Again::Delete,
            needs: Needs::Nothing,
            prepare: put_product_order,
            call: |session, things| {
                management::delete_product_order(session, things.product_order()).map(to_json)
            },
            there: product_orders,
            effect: Effect::Deletes,
            ..GET
        },
        reads!(
            "list_price_packages",
            "GET /management/v1/partners/price-packages",
            |session, _| management::list_price_packages(session)
        ),
        Endpoint {
            name: "add_image",
            route: "POST /order-management/v1/images",
            call: |session, things| {
                order_management::add_image(session, &things.image).map(to_json)
            },
            // There is no way to ask for a picture: a link is refused if its picture is not there.
            there: |session, things| {
                let link = things
                    .category
                    .clone()
                    .image_id("picture-1".parse().unwrap());
                let other = OrderRef::ecom("order-2".parse().unwrap());
                match order_management::put_category(session, &other, &link) {
                    Ok(_) => vec![json!("picture-1")],
                    Err(error) if error.kind() == ErrorKind::Rejected => Vec::new(),
                    Err(error) => panic!("{error}"),
                }
            },
            needs: Needs::JsonOrNothing,
            conflict: ErrorKind::AlreadyExists,
            effect: Effect::Makes(|id, there| id == there),
            ..PLAIN_POST
        },
        Endpoint {
            name: "put_category",
            route: "PUT /order-management/v2/ecom/categories/order-1",
            needs: Needs::Text,
            call: |session, things| {
                order_management::put_category(session, &things.order, &things.category)
                    .map(to_json)
            },
            there: |session, things| found(order_management::get_order(session, &things.order)),
            effect: Effect::Makes(is_uuid),
            ..GET
        },
        Endpoint {
            name: "add_receipt",
            route: RECEIPT,
            needs: Needs::Text,
            conflict: ErrorKind::AlreadyExists,
            call: |session, things| {
                order_management::add_receipt(session, &things.order, &things.receipt).map(to_json)
            },
            there: |session, things| found(order_management::get_order(session, &things.order)),
            effect: Effect::Makes(is_uuid),
            ..PLAIN_POST
        },
        Endpoint {
            name: "ensure_receipt",
            route: RECEIPT,
            again: Again::ReadBack,
            needs: Needs::Text,
            conflict: ErrorKind::AlreadyExists,
            call: |session, things| {
                let outcome =
                    order_management::ensure_receipt(session, &things.order, &things.receipt)?;
                Ok(match outcome {
                    ReceiptOutcome::Added(id) => json!({ "added": id }),
                    ReceiptOutcome::AlreadyThere => json!("there"),
                    _ => panic!("{outcome:?}"),
                })
            },
            there: |session, things| found(order_management::get_order(session, &things.order)),
            effect: Effect::Makes(|outcome, _| {
                outcome == "there" || is_uuid(&outcome["added"], &Value::Null)
            }),
            ..GET
        },
        reads!(
            "get_order",
            "GET /order-management/v2/ecom/order-1",
            put_receipt,
            |session, things| order_management::get_order(session, &things.order)
        ),
        Endpoint {
            name: "add_category",
            route: "POST /order-management/v3/categories",
            call: |session, things| {
                order_management::add_category(session, &things.link).map(to_json)
            },
            there: links,
            effect: Effect::Makes(|id, there| *id == there["categoryId"]),
            ..PLAIN_POST
        },
        reads!(
            "list_categories",
            "GET /order-management/v3/categories",
            put_link,
            |session, things| order_management::list_categories(session, &things.id)
        ),
        reads!(
            "get_category",
            "GET /order-management/v3/categories/*",
            put_link,
            |session, things| order_management::get_category(session, things.link_id())
        ),
        Endpoint {
            name: "delete_category",
            route: "DELETE /order-management/v3/categories/*",
            again: Again::Delete,
            needs: Needs::Nothing,
            prepare: put_link,
            call: |session, things| {
                order_management::delete_category(session, things.link_id()).map(to_json)
            },
            there: links,
            effect: Effect::Deletes,
            ..GET
        },
        Endpoint {
            name: "v1::put_order",
            route: "PUT /order-management/v1/orders/order-1",
            needs: Needs::Nothing,
            call: |session, things| {
                v1::put_order(session, &things.id, &things.category).map(to_json)
            },
            there: |session, things| found(v1::get_order(session, &things.id)),
            effect: Effect::Makes(is_any),
            ..GET
        },
        reads!(
            "v1::get_order",
            "GET /order-management/v1/orders/order-1",
            |session, things| v1::put_order(session, &things.id, &things.category).unwrap(),
            |session, things| v1::get_order(session, &things.id)
        ),
        Endpoint {
            name: "v1::add_receipt",
            route: "POST /order-management/v1/receipts/order-1",
            needs: Needs::Nothing,
            conflict: ErrorKind::AlreadyExists,
            call: |session, things| {
                v1::add_receipt(session, &things.id, &things.receipt).map(to_json)
            },
            there: |session, things| found(v1::get_receipt(session, &things.id)),
            ..PLAIN_POST
        },
        reads!(
            "v1::get_receipt",
            "GET /order-management/v1/receipts/order-1",
            |session, things| v1::add_receipt(session, &things.id, &things.receipt).unwrap(),
            |session, things| v1::get_receipt(session, &things.id)
        ),
        Endpoint {
            needs: Needs::JsonOrNothing,
            ..reads!(
                "raw GET",
                "GET /management/v1/sales-units/654321",
                |session, _| session.raw("GET", "/management/v1/sales-units/654321", None)
            )
        },
        Endpoint {
            name: "raw POST",
            route: "POST /order-management/v3/categories",
            needs: Needs::JsonOrNothing,
            call: |session, things| {
                let link = to_json(&things.link);
                session.raw("POST", "/order-management/v3/categories", Some(&link))
            },
            there: links,
            effect: Effect::Makes(|made, there| made["categoryId"] == there["categoryId"]),
            ..PLAIN_POST
        },
        token_endpoint("access_token", TOKEN),
        token_endpoint("access_token, management keys", MANAGEMENT_TOKEN),
    ]
}

fn token_endpoint(name: &'static str, route: &'static str) -> Endpoint {
    Endpoint {
        name,
        route,
        takes_token: false,
        call: |session, _| {
            let token = session.access_token()?;
            Ok(json!(token.secret().starts_with("sandbox-token-")))
        },
        effect: Effect::Nothing,
        ..GET
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
        _ if !endpoint.takes_token => ErrorKind::Auth,
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
    let (again, needs) = (endpoint.again, endpoint.needs);
    let is_safe = again != Again::Never;
    let success = |requests| Expected {
        result: Ok(()),
        requests,
        done: true,
    };
    let failure = |kind, delivery, requests, done| Expected {
        // The call was not sent where its token could not be had.
        result: Err((
            kind,
            if endpoint.takes_token {
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
        Means::Refused(401) if endpoint.takes_token => {
            // Once more with a new token, whatever it is.
            if count == 1 {
                success(2)
            } else {
                failure(ErrorKind::Unauthorized, Delivery::Answered, 2, false)
            }
        }
        Means::Refused(status) => {
            // A look at what is there settles what any failure of the server has left.
            let is_transient = is_transient(status) || (again == Again::ReadBack && status >= 500);
            let may = status == 429 || (is_transient && is_safe);
            repeated(may, kind_of(status, endpoint), Delivery::Answered)
        }
        Means::TooLong(status) => failure(kind_of(status, endpoint), Delivery::Answered, 1, false),
        Means::NoAnswer(kind) => repeated(is_safe, kind, Delivery::Unknown),
        Means::LostAnswer if again == Again::ReadBack => success(1),
        Means::LostAnswer => Expected {
            done: true,
            ..repeated(is_safe, ErrorKind::Network, Delivery::Unknown)
        },
        Means::CutAnswer if needs == Needs::Nothing || again == Again::ReadBack => success(1),
        Means::CutAnswer => Expected {
            done: true,
            ..repeated(is_safe, ErrorKind::Network, Delivery::Answered)
        },
        Means::HalfAnswer if again == Again::Delete => believed,
        Means::HalfAnswer => repeated(is_safe, ErrorKind::Network, Delivery::Answered),
        Means::TooLarge => {
            let may = again == Again::ReadBack;
            repeated(may, ErrorKind::Decode, Delivery::Answered)
        }
        Means::WrongBody if needs == Needs::Text => {
            let may = again == Again::ReadBack;
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
        sandbox.enable_v1();
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
        things: &Things,
        result: &Result<Value, Error>,
        expected: &Expected,
        route: &str,
    ) {
        let what = &self.what;
        let requests = self.sandbox.count(route);
        let there = (endpoint.there)(&self.witness, things);
        let got = match result {
            Ok(_) => Ok(()),
            Err(error) => Err((error.kind(), error.delivery())),
        };
        // What holds whatever the table says.
        assert!(there.len() <= 1, "{what}: twice: {there:?}");
        if got.is_err_and(|(_, delivery)| delivery == Delivery::NotSent) {
            let untouched = usize::from(matches!(endpoint.effect, Effect::Reads | Effect::Deletes));
            assert_eq!(there.len(), untouched, "{what}: not sent, and done");
        }
        // And what the table says.
        assert_eq!(got, expected.result, "{what}: {result:?}");
        assert_eq!(requests, expected.requests, "{what}: requests");
        let done = match endpoint.effect {
            Effect::Makes(_) => there.len() == 1,
            Effect::Deletes => there.is_empty(),
            Effect::Reads | Effect::Nothing => expected.done,
        };
        assert_eq!(done, expected.done, "{what}: {there:?}");
        if let (Ok(value), true) = (result, expected.done) {
            let right = match endpoint.effect {
                Effect::Reads => there == [value.clone()],
                Effect::Makes(names) => names(value, &there[0]),
                Effect::Deletes => *value == Value::Null,
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
    fn check_next(&self, endpoint: &Endpoint, things: &Things, result: &Result<Value, Error>) {
        let what = &self.what;
        self.sandbox.clear_faults();
        let units = management::list_sales_units(&self.session);
        assert_eq!(units.unwrap().len(), 3, "{what}");
        match (endpoint.again, result) {
            (Again::Safe | Again::ReadBack, _) => {
                (endpoint.call)(&self.session, things).unwrap();
            }
            (Again::Delete, result) => {
                let error = (endpoint.call)(&self.session, things).err();
                let kind = error.map(|error| error.kind());
                assert!(
                    matches!(kind, None | Some(ErrorKind::NotFound)),
                    "{what}: {result:?}, {kind:?}"
                );
            }
            (Again::Never, _) => {}
        }
        let there = (endpoint.there)(&self.witness, things).len();
        let wanted = match (endpoint.effect, endpoint.again) {
            (Effect::Reads, _) | (Effect::Makes(_), Again::Safe | Again::ReadBack) => 1,
            (Effect::Deletes | Effect::Nothing, _) => 0,
            (Effect::Makes(_), _) => there.min(1),
        };
        assert_eq!(there, wanted, "{what}: the next call");
    }
}

/// The fault meets the call itself.
fn run(endpoint: &Endpoint, fault: &Fault, means: Means, count: usize) {
    let what = format!("{}, {count} x {fault:?}", endpoint.name);
    let run = Run::of(endpoint, fault, endpoint.takes_token, what);
    let things = Things::of(endpoint, &run.witness);
    run.sandbox.clear_requests();
    run.sandbox.fault(endpoint.route, count, fault.clone());
    let began = run.sandbox.clock().now();
    let result = (endpoint.call)(&run.session, &things);
    let took = run.sandbox.clock().now() - began;
    assert!(took < Duration::from_secs(60), "{}: {took:?}", run.what);
    run.check_attempts(endpoint.route);
    if endpoint.takes_token {
        // A refused token is not used again, and nothing else costs a new one.
        let tokens = usize::from(means == Means::Refused(401));
        assert_eq!(run.sandbox.count(TOKEN), tokens, "{}", run.what);
    }

    // What looks at the result may not meet the fault.
    let requests = run.sandbox.count(endpoint.route);
    let reads_back = run.sandbox.count(ORDER);
    let expected = expected(endpoint, means, count);
    assert_eq!(requests, expected.requests, "{}: {result:?}", run.what);
    if endpoint.again == Again::ReadBack {
        assert!(reads_back <= requests, "{}", run.what);
    }
    run.sandbox.clear_faults();
    run.sandbox.clear_requests();
    let expected = Expected {
        requests: 0,
        ..expected
    };
    run.check(endpoint, &things, &result, &expected, "* /none");
    run.check_next(endpoint, &things, &result);
}

/// The fault meets the token request before the call.
fn run_without_token(endpoint: &Endpoint, fault: &Fault, means: Means, count: usize) {
    let what = format!("{}, token: {count} x {fault:?}", endpoint.name);
    let run = Run::of(endpoint, fault, false, what);
    let things = Things::of(endpoint, &run.witness);
    // So that the one who looks needs none either.
    run.witness.access_token().unwrap();
    run.sandbox.clear_requests();
    run.sandbox.fault(TOKEN, count, fault.clone());
    let result = (endpoint.call)(&run.session, &things);
    let token = expected(&token_endpoint("", TOKEN), means, count);
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
        run.sandbox.count(endpoint.route),
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
    run.check(endpoint, &things, &result, &expected, "* /none");
    run.check_next(endpoint, &things, &result);
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
                let does = matches!(endpoint.effect, Effect::Makes(_) | Effect::Deletes);
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
        let things = Things::of(endpoint, &run.witness);
        run.sandbox.fault(endpoint.route, 1, Fault::Hold);
        let result = (endpoint.call)(&run.session, &things);
        let plain = endpoint.again == Again::Never;
        let got = result
            .as_ref()
            .map(|_| ())
            .map_err(|error| (error.kind(), error.delivery()));
        let timed_out = Err((ErrorKind::Timeout, Delivery::Unknown));
        assert_eq!(got, if plain { timed_out } else { Ok(()) }, "{}", run.what);
        // It is carried out after the repetition, or after the caller was told that it may be.
        run.sandbox.release();
        if plain {
            crate::tokens::until(&run.what, || {
                !(endpoint.there)(&run.witness, &things).is_empty()
            });
        }
        run.check_next(endpoint, &things, &result);
    };
    let test = &test;
    std::thread::scope(|scope| {
        for endpoint in endpoints.iter().filter(|endpoint| endpoint.takes_token) {
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
            let endpoints = endpoints();
            let mut named = endpoints.iter();
            let ensure = named
                .find(|endpoint| endpoint.name == "ensure_receipt")
                .unwrap();
            let reading = endpoints
                .iter()
                .find(|endpoint| endpoint.name == "get_order")
                .unwrap();
            let run = Run::of(
                ensure,
                &fault,
                true,
                format!("reading back, {count} x {fault:?}"),
            );
            let things = Things::of(reading, &run.witness);
            run.sandbox.clear_requests();
            run.sandbox.fault(ORDER, count, fault.clone());
            let result = (ensure.call)(&run.session, &things);
            assert_eq!(run.sandbox.count(RECEIPT), 1, "{}", run.what);
            let read = expected(reading, means, count);
            assert_eq!(run.sandbox.count(ORDER), read.requests, "{}", run.what);
            match (result, read.result) {
                (Ok(outcome), Ok(())) => assert_eq!(outcome, "there", "{}", run.what),
                // A service that has none after it said that it has one.
                (Err(error), Err((ErrorKind::NotFound, _))) => {
                    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{}", run.what);
                }
                (Err(error), Err((kind, _))) => {
                    let got = (error.kind(), error.delivery());
                    assert_eq!(got, (kind, Delivery::Unknown), "{}", run.what);
                }
                (result, read) => panic!("{}: {result:?}, {read:?}", run.what),
            }
            run.check_next(ensure, &things, &Ok(Value::Null));
        }
    }
}
