//! The exact message of each kind of error.

use std::time::Duration;

use vipps::management::get_sales_unit;
use vipps::order_management::{
    AddImage, BottomLine, Currency, OrderLine, OrderRef, Receipt, TaxRate, add_receipt,
    ensure_receipt,
};
use vipps::{Clock, Error, Msn, RetryPolicy, Session};

use crate::support::{
    ClosedPort, RawServer, builder_without_msn, builder_without_token, close, json_reply, receipt,
    reply, session_builder,
};

/// A reply of the servers in this file.
type Answer = (&'static str, &'static [&'static str], &'static str);

const TOKEN: Answer = (
    "200 OK",
    &[],
    r#"{"access_token": "t0ken", "expires_in": 3600}"#,
);
const UNAVAILABLE: Answer = ("503 Service Unavailable", &[], "");

fn session(server: &RawServer) -> Session {
    let builder = session_builder(&server.url()).clock(Clock::manual());
    builder.retry(RetryPolicy::default()).build().unwrap()
}

/// The error of a request that gets these replies in turn. POST has no idempotency key; PUT stands
/// for requests that are safe to retry.
fn answered(request: &str, answers: &[Answer]) -> Error {
    let replies = answers
        .iter()
        .map(|(status, headers, body)| reply(status, headers, body));
    let server = RawServer::start(replies);
    let (method, path) = request.split_once(' ').unwrap();
    let sent = session(&server).request(method, path).send();
    assert_eq!(server.requests().len(), answers.len(), "{request}");
    sent.and_then(|reply| reply.json::<Vec<u8>>()).unwrap_err()
}

#[test]
fn an_invalid_setting_is_named() {
    let nowhere = "http://127.0.0.1:1";
    let no_msn = builder_without_msn(nowhere).build().unwrap();
    for (error, text) in [
        (
            session_builder("http://api.vipps.no").build().unwrap_err(),
            "configuration: base_url: must be https, since http would send keys and tokens in the \
             clear; http is allowed for loopback hosts, or for any host with allow_plain_http()",
        ),
        (
            session_builder("https://api.vipps.no/management/v1")
                .build()
                .unwrap_err(),
            "configuration: base_url: must not contain the path /management, which each call adds",
        ),
        (
            session_builder(nowhere)
                .timeout(Duration::ZERO)
                .build()
                .unwrap_err(),
            "configuration: timeout: must be from 1 millisecond to 24 hours, not 0ns",
        ),
        (
            session_builder(nowhere)
                .proxy("socks5://proxy:1080")
                .build()
                .unwrap_err(),
            "configuration: proxy: must be an http or https proxy; SOCKS is not supported",
        ),
        (
            add_receipt(&no_msn, &order(), &receipt()).unwrap_err(),
            "configuration: merchant_serial_number: must be set for the Order Management API, on \
             the builder or with for_sales_unit()",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

fn order() -> OrderRef {
    OrderRef::ecom("order-1".parse().unwrap())
}

#[test]
fn invalid_input_is_named_field_by_field() {
    let session = session_builder("http://127.0.0.1:1").build().unwrap();
    let line = |name| OrderLine::from_gross(name, "1", 10_000, TaxRate::percent(25)).unwrap();
    let empty = Receipt::new(BottomLine::new(Currency::Nok));
    for (error, text) in [
        (
            "12a4".parse::<Msn>().unwrap_err(),
            "invalid input: msn: must be 4 to 10 digits, not \"12a4\"",
        ),
        (
            session
                .request("GET", "/a")
                .segment("id", "..")
                .send()
                .unwrap_err(),
            "invalid input: id: \"..\" cannot be a path segment",
        ),
        (
            session
                .request("GET", "a b")
                .header("X\n", "é\n")
                .send()
                .unwrap_err(),
            "invalid input: path: must begin with a single slash, not \"a b\"; header: \"X\\n\" is \
             not a valid header name",
        ),
        (
            add_receipt(&session, &order(), &empty).unwrap_err(),
            "invalid input: orderLines: must hold at least one line",
        ),
        (
            add_receipt(
                &session,
                &order(),
                &empty.clone().line(line("")).line(line("")),
            )
            .unwrap_err(),
            "invalid input: orderLines[0].name: must not be empty; orderLines[1].name: must not \
             be empty",
        ),
        (
            AddImage::from_bytes("socks".parse().unwrap(), b"GIF89a").unwrap_err(),
            "invalid input: src: must be a PNG or a JPEG",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn an_error_reply_becomes_one_line() {
    let problem = r#"{"title":"Bad Request","detail":"Validation failed","traceId":"4bf92f35",
        "invalidParams":[{"name":"orderLines[0].name","reason":"must not be empty"}]}"#;
    let page = "<html><head><title>Please wait</title></head><body>nginx</body></html>";
    for (request, answers, text) in [
        (
            "GET /a",
            &[("400 Bad Request", &[][..], problem)][..],
            "GET /a: 400 Bad Request: Validation failed (orderLines[0].name: must not be empty) \
             [trace 4bf92f35]",
        ),
        (
            "POST /a",
            &[(
                "400 Bad Request",
                &[],
                r#"{"responseInfo":{"responseCode":400,"responseMessage":"Order exists"}}"#,
            )],
            "POST /a: 400 Bad Request: Order exists",
        ),
        // Retried once with a new token.
        (
            "GET /a",
            &[
                ("401 Unauthorized", &[], ""),
                TOKEN,
                ("401 Unauthorized", &[], ""),
            ],
            "GET /a: 401 Unauthorized (2 attempts)",
        ),
        (
            "GET /a?b=1",
            &[(
                "403 Forbidden",
                &[],
                r#"{"title":"Forbidden","detail":"No access to 123456."}"#,
            )],
            "GET /a?b=1: 403 Forbidden: No access to 123456",
        ),
        (
            "GET /a",
            &[("404 Not Found", &[], r#"{"title":"Not Found"}"#)],
            "GET /a: 404 Not Found",
        ),
        (
            "POST /a",
            &[("407 Proxy Authentication Required", &[], "")],
            "POST /a: 407 Proxy Authentication Required",
        ),
        (
            "POST /a",
            &[(
                "409 Conflict",
                &[],
                r#"{"title":"Conflicting receipt","detail":"Receipt already exists"}"#,
            )],
            "POST /a: 409 Conflict: Conflicting receipt: Receipt already exists",
        ),
        (
            "POST /a",
            &[("413 Content Too Large", &[], page)],
            "POST /a: 413 Payload Too Large: an HTML page: Please wait",
        ),
        (
            "POST /a",
            &[(
                "422 Unprocessable Content",
                &[],
                r#"{"errors":{"name":["too long"],"id":["missing"]}}"#,
            )],
            "POST /a: 422 Unprocessable Entity (id: missing; name: too long)",
        ),
        (
            "GET /a",
            &[("302 Found", &["Location: https://elsewhere.example/"], "")],
            "GET /a: 302 Found: redirect to https://elsewhere.example/ not followed",
        ),
        (
            "GET /a",
            &[("400 Bad Request", &[], "no\nJSON")],
            "GET /a: 400 Bad Request: no JSON",
        ),
        // A POST without a key is not retried: it may have been carried out.
        (
            "POST /a",
            &[("500 Internal Server Error", &[], "")],
            "POST /a: 500 Internal Server Error (the server may have carried it out)",
        ),
        (
            "POST /a",
            &[("504 Gateway Timeout", &[], page)],
            "POST /a: 504 Gateway Timeout: an HTML page: Please wait (the server may have \
             carried it out)",
        ),
        // Requests that are safe to retry are sent up to three times.
        (
            "GET /a",
            &[UNAVAILABLE, UNAVAILABLE, UNAVAILABLE],
            "GET /a: 503 Service Unavailable (3 attempts)",
        ),
        (
            "PUT /a",
            &[UNAVAILABLE, UNAVAILABLE, ("502 Bad Gateway", &[], page)],
            "PUT /a: 502 Bad Gateway: an HTML page: Please wait (3 attempts; the server may have \
             carried it out)",
        ),
        (
            "PUT /a",
            &[
                UNAVAILABLE,
                ("403 Forbidden", &[], page),
                ("403 Forbidden", &[], page),
            ],
            "PUT /a: 403 Forbidden: an HTML page: Please wait (3 attempts; the server may have \
             carried it out)",
        ),
        (
            "DELETE /a",
            &[UNAVAILABLE, ("409 Conflict", &[], "")],
            "DELETE /a: 409 Conflict (2 attempts)",
        ),
        // A wait that exceeds the call's timeout is left to the caller.
        (
            "GET /a",
            &[("429 Too Many Requests", &["Retry-After: 90"], "")],
            "GET /a: 429 Too Many Requests (retry after 90 s)",
        ),
        (
            "POST /a",
            &[("423 Locked", &["Retry-After: 90"], "")],
            "POST /a: 423 Locked (retry after 90 s)",
        ),
        (
            "POST /a",
            &[("503 Service Unavailable", &["Retry-After: 90"], "")],
            "POST /a: 503 Service Unavailable (retry after 90 s; the server may have carried it \
             out)",
        ),
    ] {
        assert_eq!(answered(request, answers).to_string(), text, "{request}");
    }
}

#[test]
fn an_unusable_reply_says_why() {
    for (request, answers, text) in [
        (
            "GET /a",
            &[("200 OK", &[][..], "[1, 300]")][..],
            "GET /a: 200 OK, but the reply cannot be read: [1]: invalid value: integer, expected \
             u8",
        ),
        (
            "GET /a",
            &[("200 OK", &[], "<html>")],
            "GET /a: 200 OK, but the reply cannot be read: expected value at line 1 column 1",
        ),
        (
            "POST /a",
            &[("200 OK", &[], "")],
            "POST /a: 200 OK, but the reply has no body",
        ),
        (
            "GET /a",
            &[("200 OK", &["Content-Encoding: br"], "x")],
            "GET /a: 200 OK, but the reply is compressed with br, which was not requested",
        ),
    ] {
        assert_eq!(answered(request, answers).to_string(), text, "{request}");
    }
}

#[test]
fn a_failed_connection_names_the_host_and_what_was_sent() {
    let closed = ClosedPort::new();
    let address = closed.address();
    let refused = std::net::TcpStream::connect(address).unwrap_err();
    let once = |url: &str| session_builder(url).retry(RetryPolicy::none());
    let silent = RawServer::each(|mut stream| {
        crate::support::read_request(&mut stream).unwrap();
        close(stream);
    });
    let ftp = RawServer::start([b"220 ftp.example.com\r\n".to_vec()]);
    for (builder, request, text) in [
        (
            once(&closed.url()),
            "GET /a",
            format!("GET /a: cannot connect to {address}: {refused} (nothing was sent)"),
        ),
        (
            once("http://127.0.0.1:1").proxy(closed.url()),
            "GET /a",
            format!("GET /a: cannot connect to the proxy {address}: {refused} (nothing was sent)"),
        ),
        (
            session_builder(&closed.url())
                .clock(Clock::manual())
                .retry(RetryPolicy::default()),
            "POST /a",
            format!(
                "POST /a: cannot connect to {address}: {refused} (3 attempts; nothing was sent)"
            ),
        ),
        (
            once(&silent.url()),
            "GET /a",
            "GET /a: the connection was closed before a reply arrived (the server may have \
             carried it out)"
                .to_owned(),
        ),
        (
            once(&ftp.url()),
            "POST /a",
            "POST /a: the reply is not HTTP: http parse fail: invalid HTTP version; is this an \
             https server? (the server may have carried it out)"
                .to_owned(),
        ),
        (
            builder_without_token(&closed.url()).retry(RetryPolicy::none()),
            "GET /a",
            format!(
                "no access token: POST /accesstoken/get: cannot connect to {address}: {refused}"
            ),
        ),
    ] {
        let (method, path) = request.split_once(' ').unwrap();
        let session = builder.build().unwrap();
        let error = session.request(method, path).send().unwrap_err();
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn a_failed_token_request_is_the_reason() {
    let json = "Content-Type: application/json";
    for (answer, text) in [
        (
            reply(
                "401 Unauthorized",
                &[json],
                r#"{"error":"invalid_client","error_description":"Wrong secret"}"#,
            ),
            "no access token: POST /accesstoken/get: 401 Unauthorized: invalid_client: Wrong \
             secret",
        ),
        (
            reply("429 Too Many Requests", &["Retry-After: 90"], ""),
            "no access token: POST /accesstoken/get: 429 Too Many Requests (retry after 90 s)",
        ),
        (
            json_reply("{}"),
            "no access token: POST /accesstoken/get: 200 OK, but the token reply is not a JSON \
             object with access_token, a string, and expires_in, a number of seconds",
        ),
    ] {
        let server = RawServer::start([answer]);
        let builder = builder_without_token(&server.url()).clock(Clock::manual());
        let session = builder.build().unwrap();
        let error = get_sales_unit(&session, &"123456".parse().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), text);
    }
}

/// Three fields suffice to show that the receipt differs. `field_problems()` has all of them.
#[test]
fn a_conflict_of_receipts_names_three_fields() {
    let there = serde_json::json!({"receipt": {
        "orderLines": [{"name": "Shoes", "id": "2", "totalAmount": 5000,
            "totalAmountExcludingTax": 4000, "totalTaxAmount": 1000, "taxRate": 2500}],
        "bottomLine": {"currency": "DKK"}
    }});
    let conflict = r#"{"title":"Conflicting receipt","detail":"Receipt already exists"}"#;
    let server = RawServer::start([
        reply("409 Conflict", &[], conflict),
        json_reply(&there.to_string()),
    ]);
    let error = ensure_receipt(&session(&server), &order(), &receipt()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "POST /order-management/v2/ecom/receipts/order-1: 409 Conflict: Conflicting receipt: the \
         order has a different receipt (orderLines[0].name: expected \"Socks\", found \"Shoes\"; \
         orderLines[0].id: expected \"1\", found \"2\"; orderLines[0].totalAmount: \
         expected 10000, found 5000; and 3 more)"
    );
    assert_eq!(error.field_problems().len(), 6);
}
