//! Faults and their routes.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::*;

#[test]
fn a_route_is_a_method_and_a_path() {
    let sandbox = Sandbox::start().unwrap();
    for line in [
        "GET /management/v1/sales-units",
        "POST /management/v1/sales-units",
        "GET /Management/v1/Sales-Units/",
        "GET /management/v1/sales-units/1",
        "GET /management/v1/merchants/a%3Ab/c",
        "GET /management/v1/merchants/a:b/c",
        "GET /management/v2/product-orders?includeExpired=true",
        "GET /management/v2/product-orders?includeExpired=false",
        "PUT /order-management/v2/eCom/categories/a",
        "GET /other",
        "GET /management/v1/*",
    ] {
        ask(&sandbox, line, &[], "");
    }
    for (route, n) in [
        ("*", 11),
        ("* *", 11),
        ("GET *", 9),
        ("POST *", 1),
        ("DELETE *", 0),
        ("/management/v1/sales-units", 3),
        ("* /management/v1/sales-units", 3),
        ("GET /management/v1/sales-units", 2),
        ("GET /management/v1/sales-units/", 2),
        ("GET /MANAGEMENT/V1/SALES-UNITS", 2),
        ("GET /%6danagement/v1/sales-units", 2),
        ("GET /management/v1/sales-units/1", 1),
        ("GET /management/v1/sales-units/2", 0),
        ("GET /management/v1/sales-units/*", 1),
        ("GET /management/v1/*", 2),
        ("GET /management/*/*", 4),
        ("GET /*/*/*", 4),
        ("GET /management/v1/merchants/a:b/c", 2),
        ("GET /management/v1/merchants/a%3ab/c", 2),
        ("GET /management/v1/merchants/A:b/c", 0),
        ("GET /management/v1/merchants/*/c", 2),
        ("GET /management/v2/product-orders", 2),
        ("GET /management/v2/product-orders?includeExpired=true", 1),
        ("GET /management/v2/product-orders?includeExpired=no", 0),
        ("GET *?includeExpired=false", 1),
        ("PUT /order-management/v2/ecom/categories/a", 1),
        ("PUT /order-management/v2/*/categories/A", 0),
        ("PUT /order-management/v2/recurring/categories/*", 0),
    ] {
        assert_eq!(sandbox.count(route), n, "{route}");
    }
    assert!(sandbox.wait_for("GET /management/v1/sales-units", 2));
}

/// The message of a panic in `call`, which must be located at the line of the call.
#[track_caller]
fn panic_of(call: impl FnOnce()) -> String {
    thread_local! {
        static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
        static IS_EXPECTED: Cell<bool> = const { Cell::new(false) };
    }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| match IS_EXPECTED.get() {
            true => {
                let message = info.payload().downcast_ref::<String>().unwrap();
                let at = info.location().unwrap();
                PANIC.set(Some(format!("{}:{}: {message}", at.file(), at.line())));
            }
            false => others(info),
        }));
    });
    IS_EXPECTED.set(true);
    panic::catch_unwind(AssertUnwindSafe(call)).unwrap_err();
    IS_EXPECTED.set(false);
    PANIC.take().unwrap()
}

#[test]
fn an_invalid_route_panics() {
    let sandbox = Sandbox::start().unwrap();
    let capitals = "the method must be upper case or *";
    let slash = "the path must be * or start with /";
    let none = "no endpoint has this method and path";
    for (route, reason) in [
        ("get /management/v1/sales-units", capitals),
        ("Get *", capitals),
        ("GET management/v1/sales-units", slash),
        ("GET", slash),
        ("", slash),
        ("GET  /management/v1/sales-units", slash),
        ("GET https://api.vipps.no/management/v1/sales-units", slash),
        ("GET /management/v1/sales-unit", none),
        ("GET /management/v1/sales-units/1/2", none),
        ("GET /sales-units", none),
        ("GET /", none),
        ("PUT /management/v1/sales-units", none),
        ("POST /order-management/v2/ePayment/receipts/1", none),
        ("GET /*", none),
    ] {
        // All on the line that the panic must name.
        #[rustfmt::skip]
        let panics: [(u32, &dyn Fn()); 5] = [
            (line!(), &|| sandbox.fault(route, 1, Fault::Hold)),
            (line!(), &|| sandbox.fault_every(route, 2, Fault::Hold)),
            (line!(), &|| assert_eq!(sandbox.count(route), 0)),
            (line!(), &|| assert!(!sandbox.wait_for(route, 1))),
            (line!(), &|| assert_eq!(sandbox.most_at_once(route), 0)),
        ];
        for (line, call) in panics {
            let file = file!();
            let message = format!("{route:?} is not a valid route: {reason}");
            assert_eq!(panic_of(call), format!("{file}:{line}: {message}"));
        }
    }
    // No trace of it is left.
    assert_eq!(ask(&sandbox, LIST, &[], "").status, 401);
}

#[test]
fn faults_are_taken_in_order_and_used_up() {
    let sandbox = Sandbox::start().unwrap();
    let [a, b, any] = ["1", "2", "*"].map(|msn| format!("GET /management/v1/sales-units/{msn}"));
    let post = a.replace("GET", "POST");
    sandbox.fault(&a, 2, Fault::status(501));
    sandbox.fault(&b, 1, Fault::status(502));
    sandbox.fault("*", 0, Fault::status(500));
    sandbox.fault(&any, 2, Fault::status(503));
    sandbox.fault(&a, 1, Fault::status(504));
    let lines = [&a, &post, &a, &a, &b, &b, &a, &a];
    let statuses = lines.map(|line| ask(&sandbox, line, &[EMPTY], "").status);
    assert_eq!(statuses, [501, 405, 501, 503, 502, 503, 504, 401]);

    sandbox.fault("*", usize::MAX, Fault::status(500));
    for _ in 0..3 {
        assert_eq!(ask(&sandbox, "GET /a", &[], "").status, 500);
    }
    sandbox.clear_faults();
    assert_eq!(ask(&sandbox, "GET /a", &[], "").status, 404);
}

/// A fault's reply has the format of the API that was called.
#[test]
fn a_fault_has_the_error_format_of_the_api() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault("*", 2, Fault::status_retry_after(503, "7"));
    let answer = ask(&sandbox, "GET /order-management/v2/ecom/1", &[], "");
    assert_eq!(
        answer.headers,
        ["content-type: application/json", "retry-after: 7"]
    );
    assert_eq!(
        answer.json(),
        json!({
            "type": "https://sandbox.invalid/problem/503",
            "title": "Service Unavailable",
            "detail": "Injected fault",
            "instance": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        })
    );
    let answer = ask(&sandbox, LIST, &[], "");
    assert_eq!(answer.json()["status"], json!(503));
}

/// Sends a prefill with a fault over a raw socket. Returns everything received and the number of
/// orders afterwards.
#[track_caller]
fn prefill_with(fault: Fault) -> (String, usize) {
    let sandbox = Sandbox::start().unwrap();
    let token = standard_token(&sandbox);
    sandbox.fault(PREFILL, 1, fault);
    let headers = [
        ("Authorization", token.as_str()),
        KEY,
        JSON,
        ("Idempotency-Key", "key-1"),
        ("Connection", "close"),
    ];
    let mut wire = Wire::open(&sandbox);
    wire.send(request(PREFILL, &headers, GOOD_ORDER));
    let text = wire.rest();
    let logged = sandbox.requests().pop().unwrap();
    assert_eq!(logged.path, "/management/v1/product-orders");
    assert_eq!(logged.body, GOOD_ORDER.as_bytes());
    let orders = get(&sandbox, "/management/v2/product-orders").json();
    (text, orders.as_array().unwrap().len())
}

#[test]
fn each_fault_does_what_its_documentation_says() {
    let created = "{\"prefillUrl\":\"https://portal.sandbox.invalid/register/prefilled/\
                   00000000-0000-4000-8000-000000000001\",\
                   \"prefilledOrderId\":\"00000000-0000-4000-8000-000000000001\"}";
    let problem = |status: u16, title: &str| {
        format!(
            "{{\"detail\":\"Injected fault\",\
             \"instance\":\"urn:uuid:00000000-0000-4000-8000-000000000000\",\
             \"status\":{status},\"title\":\"{title}\",\
             \"traceId\":\"0af7651916cd43dd8448eb211c80319c\",\
             \"type\":\"https://sandbox.invalid/problem/{status}\"}}"
        )
    };
    let reply = |status: &str, headers: &str, body: &str| {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
    };
    let page = "<html><head><title>502 Bad Gateway</title></head><body>\
                <h1>502 Bad Gateway</h1></body></html>";
    let is_problem = "Content-Type: application/problem+json\r\n";
    let is_json = "Content-Type: application/json\r\n";
    let is_good = "Content-Type: application/json;charset=UTF-8\r\n";
    let good = reply("201 Created", is_good, created);
    let (head, _) = good.split_once("\r\n\r\n").unwrap();
    let cut = format!("{head}\r\n\r\n{}", &created[..created.len() / 2]);
    for (fault, text, orders) in [
        (
            Fault::status(503),
            reply(
                "503 Service Unavailable",
                is_problem,
                &problem(503, "Service Unavailable"),
            ),
            0,
        ),
        (
            Fault::status(429),
            reply(
                "429 Too Many Requests",
                is_problem,
                &problem(429, "Too Many Requests"),
            ),
            0,
        ),
        (
            Fault::status_retry_after(429, "7"),
            reply(
                "429 Too Many Requests",
                &format!("{is_problem}Retry-After: 7\r\n"),
                &problem(429, "Too Many Requests"),
            ),
            0,
        ),
        (
            Fault::status_retry_after(503, "Sun, 06 Nov 1994 08:49:37 GMT"),
            reply(
                "503 Service Unavailable",
                &format!("{is_problem}Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
                &problem(503, "Service Unavailable"),
            ),
            0,
        ),
        (
            Fault::status(599),
            reply("599 Unknown", is_problem, &problem(599, "Unknown")),
            0,
        ),
        (Fault::status(204), reply("204 No Content", "", ""), 0),
        (Fault::status(304), reply("304 Not Modified", "", ""), 0),
        (Fault::Delay(Duration::ZERO), good.clone(), 1),
        (Fault::Delay(Duration::from_millis(1)), good.clone(), 1),
        (Fault::CloseAfterReading, String::new(), 0),
        (Fault::LoseReply, String::new(), 1),
        (Fault::CutReply, cut, 1),
        (
            Fault::Garbage,
            "\u{16}\u{3}\u{1} this is not HTTP\r\n\r\n".to_owned(),
            0,
        ),
        (
            Fault::HtmlBadGateway,
            reply("502 Bad Gateway", "Content-Type: text/html\r\n", page),
            0,
        ),
        (
            Fault::json(200, "{\"a\": 1}"),
            reply("200 OK", is_json, "{\"a\": 1}"),
            0,
        ),
        (
            Fault::reply(418, "text/plain", "short and stout"),
            reply(
                "418 I'm a teapot",
                "Content-Type: text/plain\r\n",
                "short and stout",
            ),
            0,
        ),
        (
            Fault::reply(200, "text/plain", ""),
            reply("200 OK", "", ""),
            0,
        ),
        (
            Fault::Raw(b"any\0thing".to_vec()),
            "any\0thing".to_owned(),
            0,
        ),
        (Fault::Raw(Vec::new()), String::new(), 0),
    ] {
        let got = prefill_with(fault.clone());
        assert_eq!(got, (text, orders), "{fault:?}");
    }
}

/// The same faults through the crate, as a caller's tests see them.
#[test]
fn each_fault_reaches_the_caller() {
    let unknown = Delivery::Unknown;
    let answered = Delivery::Answered;
    for (fault, kind, status, delivery) in [
        (Fault::status(503), ErrorKind::Server, Some(503), unknown),
        (
            Fault::status_retry_after(429, "7"),
            ErrorKind::RateLimited,
            Some(429),
            answered,
        ),
        (Fault::CloseBeforeReading, ErrorKind::Network, None, unknown),
        (Fault::CloseAfterReading, ErrorKind::Network, None, unknown),
        (Fault::LoseReply, ErrorKind::Network, None, unknown),
        (Fault::CutReply, ErrorKind::Network, Some(201), answered),
        (Fault::Garbage, ErrorKind::Network, None, unknown),
        (Fault::HtmlBadGateway, ErrorKind::Server, Some(502), unknown),
        (
            Fault::json(200, "[]"),
            ErrorKind::Decode,
            Some(200),
            answered,
        ),
    ] {
        let sandbox = Sandbox::start().unwrap();
        let session = single(&sandbox);
        session.access_token().unwrap();
        sandbox.fault(PREFILL, 1, fault.clone());
        let error =
            management::prefill_product_order(&session, &crate::support::prefill()).unwrap_err();
        let got = (error.kind(), error.status(), error.delivery());
        assert_eq!(got, (kind, status, delivery), "{fault:?}: {error}");
        // After one fault, everything works again.
        management::prefill_product_order(&session, &crate::support::prefill()).unwrap();
    }
}

#[test]
fn a_reply_without_a_body_does_not_affect_the_next_one() {
    let sandbox = Sandbox::start().unwrap();
    let mut wire = Wire::open(&sandbox);
    for status in [204, 304] {
        sandbox.fault("*", 1, Fault::status(status));
        wire.send(request("GET /x", &[], ""));
        assert_eq!(wire.answer().status, status);
    }
    wire.send(request("HEAD /x", &[], ""));
    let head = wire.answer();
    assert_eq!((head.status, head.body.as_str()), (404, ""));
    wire.send(request("GET /x", &[], ""));
    assert_eq!(wire.answer().json()["statusCode"], json!(404));
}

#[test]
fn close_before_reading_leaves_the_body_unread() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault(PREFILL, 1, Fault::CloseBeforeReading);
    let mut wire = Wire::open(&sandbox);
    // The head alone is enough for it.
    wire.send(format!("{PREFILL} HTTP/1.1\r\nContent-Length: 5\r\n\r\n"));
    assert_eq!(wire.rest(), "");
    let request = sandbox.requests().pop().unwrap();
    assert_eq!(format!("POST {}", request.path), PREFILL);
    assert_eq!(request.body, b"");
}

#[test]
fn an_endless_body_continues_until_the_client_closes() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault(LIST, 1, Fault::EndlessBody);
    let mut wire = Wire::open(&sandbox);
    wire.send(request(LIST, &[], ""));
    let head = wire.head();
    assert_eq!(
        head,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked"
    );
    while wire.buffer.len() < 1024 * 1024 {
        wire.more();
    }
    assert!(wire.buffer.starts_with(b"4000\r\n        "));
    drop(wire);

    let session = sandbox
        .session_builder()
        .unwrap()
        .max_response_bytes(100_000);
    sandbox.fault(LIST, 1, Fault::EndlessBody);
    let error = management::list_sales_units(&session.build().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
}

#[test]
fn a_held_request_waits_for_its_release() {
    let sandbox = Sandbox::start().unwrap();
    // More than once, because a release does not affect later requests; `clear_faults` releases
    // too.
    for (round, release) in [Sandbox::release, Sandbox::release, Sandbox::clear_faults]
        .into_iter()
        .enumerate()
    {
        sandbox.fault(UNIT, 2, Fault::Hold);
        let mut held = [Wire::open(&sandbox), Wire::open(&sandbox)];
        for wire in &mut held {
            wire.send(request(UNIT, &[], ""));
        }
        assert!(sandbox.wait_for(UNIT, 2 * (round + 1)));
        // Other requests continue meanwhile.
        assert_eq!(ask(&sandbox, "GET /free", &[], "").status, 404);
        for wire in &mut held {
            wire.stream.set_nonblocking(true).unwrap();
            let error = wire.stream.read(&mut [0]).unwrap_err();
            assert_eq!(error.kind(), IoErrorKind::WouldBlock);
            wire.stream.set_nonblocking(false).unwrap();
        }
        // Once is enough, however soon after the request was logged.
        release(&sandbox);
        for wire in &mut held {
            assert_eq!(wire.answer().status, 401);
        }
    }
}

/// A test waits for a request and releases it at once: this must not fall between logging and
/// holding it.
#[test]
fn a_release_is_never_missed() {
    let sandbox = Sandbox::start().unwrap();
    let mut wire = Wire::open(&sandbox);
    for n in 1..=200 {
        sandbox.fault("*", 1, Fault::Hold);
        wire.send(request(UNIT, &[], ""));
        assert!(sandbox.wait_for("*", n));
        sandbox.release();
        assert_eq!(wire.answer().status, 401);
    }
}
