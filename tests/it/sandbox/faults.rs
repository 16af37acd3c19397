//! Faults, and the routes that they are for.

use super::*;

#[test]
fn a_route_is_a_method_and_a_path() {
    let sandbox = Sandbox::start().unwrap();
    for line in [
        "GET /a",
        "POST /a",
        "GET /a/b",
        "GET /a/b/c",
        "GET /a/b%3Ac",
        "GET /a/b:c",
        "GET /a?x=1",
        "GET /a?x=2",
        "GET /",
    ] {
        ask(&sandbox, line, &[], "");
    }
    for (route, n) in [
        ("*", 9),
        ("* *", 9),
        ("GET *", 8),
        ("POST *", 1),
        ("PUT *", 0),
        ("/a", 4),
        ("* /a", 4),
        ("GET /a", 3),
        ("get /a", 0),
        ("GET /a?x=1", 1),
        ("GET /a?x=3", 0),
        ("GET *?x=2", 1),
        ("GET /*", 4),
        ("GET /a/*", 3),
        ("GET /*/b", 1),
        ("GET /*/*", 3),
        ("GET /*/*/*", 1),
        ("GET /a/", 0),
        ("GET /a/b:c", 2),
        ("GET /a/b%3ac", 2),
        ("GET /", 1),
    ] {
        assert_eq!(sandbox.count(route), n, "{route}");
    }
    assert!(sandbox.wait_for("GET /a", 3));
}

#[test]
fn faults_are_taken_in_order_and_used_up() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault("GET /a", 2, Fault::status(501));
    sandbox.fault("GET /b", 1, Fault::status(502));
    sandbox.fault("*", 0, Fault::status(500));
    sandbox.fault("GET /*", 2, Fault::status(503));
    sandbox.fault("GET /a", 1, Fault::status(504));
    let lines = [
        "GET /a", "POST /a", "GET /a", "GET /a", "GET /b", "GET /b", "GET /a", "GET /a",
    ];
    let statuses = lines.map(|line| ask(&sandbox, line, &[EMPTY], "").status);
    assert_eq!(statuses, [501, 404, 501, 503, 502, 503, 504, 404]);

    sandbox.fault("*", usize::MAX, Fault::status(500));
    for _ in 0..3 {
        assert_eq!(ask(&sandbox, "GET /a", &[], "").status, 500);
    }
    sandbox.clear_faults();
    assert_eq!(ask(&sandbox, "GET /a", &[], "").status, 404);
}

/// A fault for one prefill over a bare socket: all that comes back, and how many orders there are then.
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
fn each_fault_does_what_it_says() {
    let created = "{\"prefillUrl\":\"https://portal.sandbox.invalid/register/prefilled/00000000-0000-4000-8000-000000000001\",\
                   \"prefilledOrderId\":\"00000000-0000-4000-8000-000000000001\"}";
    let problem = |status: u16| {
        format!(
            "{{\"detail\":\"A fault that was asked for\",\"instance\":\"urn:uuid:00000000-0000-4000-8000-000000000000\",\
             \"status\":{status},\"title\":\"A fault that was asked for\",\"traceId\":\"0af7651916cd43dd8448eb211c80319c\",\
             \"type\":\"https://sandbox.invalid/problem/{status}\"}}"
        )
    };
    let reply = |status: &str, headers: &str, body: &str| {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
    };
    let page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
    let is_problem = "Content-Type: application/problem+json\r\n";
    let is_json = "Content-Type: application/json\r\n";
    let good = reply("201 Created", is_json, created);
    let (head, _) = good.split_once("\r\n\r\n").unwrap();
    let cut = format!("{head}\r\n\r\n{}", &created[..created.len() / 2]);
    for (fault, text, orders) in [
        (
            Fault::status(503),
            reply("503 Service Unavailable", is_problem, &problem(503)),
            0,
        ),
        (
            Fault::status(429),
            reply("429 Too Many Requests", is_problem, &problem(429)),
            0,
        ),
        (
            Fault::status_retry_after(429, "7"),
            reply(
                "429 Too Many Requests",
                &format!("{is_problem}Retry-After: 7\r\n"),
                &problem(429),
            ),
            0,
        ),
        (
            Fault::status_retry_after(503, "Sun, 06 Nov 1994 08:49:37 GMT"),
            reply(
                "503 Service Unavailable",
                &format!("{is_problem}Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
                &problem(503),
            ),
            0,
        ),
        (
            Fault::status(599),
            reply("599 Unknown", is_problem, &problem(599)),
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

/// The same faults through the crate: what a program's tests see.
#[test]
fn each_fault_comes_through_the_crate() {
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
        // One fault, and all is well again.
        management::prefill_product_order(&session, &crate::support::prefill()).unwrap();
    }
}

#[test]
fn an_answer_without_a_body_does_not_disturb_the_next_one() {
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
    sandbox.fault("POST /x", 1, Fault::CloseBeforeReading);
    let mut wire = Wire::open(&sandbox);
    // The head alone is enough for it.
    wire.send("POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(wire.rest(), "");
    let request = sandbox.requests().pop().unwrap();
    assert_eq!((request.path.as_str(), request.body), ("/x", Vec::new()));
}

#[test]
fn an_endless_body_goes_on_until_the_client_has_enough() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault("GET /x", 1, Fault::EndlessBody);
    let mut wire = Wire::open(&sandbox);
    wire.send(request("GET /x", &[], ""));
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
    // More than once, as a release is not for what is held after it; and `clear_faults` releases too.
    for (round, release) in [Sandbox::release, Sandbox::release, Sandbox::clear_faults]
        .into_iter()
        .enumerate()
    {
        sandbox.fault("GET /held", 2, Fault::Hold);
        let mut held = [Wire::open(&sandbox), Wire::open(&sandbox)];
        for wire in &mut held {
            wire.send(request("GET /held", &[], ""));
        }
        assert!(sandbox.wait_for("GET /held", 2 * (round + 1)));
        // Others go on meanwhile.
        assert_eq!(ask(&sandbox, "GET /free", &[], "").status, 404);
        for wire in &mut held {
            wire.stream.set_nonblocking(true).unwrap();
            let error = wire.stream.read(&mut [0]).unwrap_err();
            assert_eq!(error.kind(), IoErrorKind::WouldBlock);
            wire.stream.set_nonblocking(false).unwrap();
        }
        // Once is enough, however soon after the request was seen.
        release(&sandbox);
        for wire in &mut held {
            assert_eq!(wire.answer().status, 404);
        }
    }
}

/// A test waits for a request and lets it go at once: the release must not fall between the log and the hold.
#[test]
fn a_release_is_never_missed() {
    let sandbox = Sandbox::start().unwrap();
    let mut wire = Wire::open(&sandbox);
    for n in 1..=200 {
        sandbox.fault("*", 1, Fault::Hold);
        wire.send(request("GET /held", &[], ""));
        assert!(sandbox.wait_for("*", n));
        sandbox.release();
        assert_eq!(wire.answer().status, 404);
    }
}
