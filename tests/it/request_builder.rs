//! `Session::request`: what it refuses, what it sends, what its reply contains, and how it fails.

use serde_json::{Value, json};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{Delivery, ErrorKind, IdempotencyKey, RequestBuilder, RetryPolicy, Session};

use crate::support::{
    CallAny as _, RawServer, call, call_headers, json_reply, last_request, reply, session_builder,
    unwanted, wire,
};

/// The complete message for a request that is refused before anything is sent.
#[track_caller]
fn refusal(request: RequestBuilder<'_>) -> String {
    let error = request.send().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!((error.delivery(), error.attempts()), (Delivery::NotSent, 0));
    error.to_string()
}

#[test]
fn an_invalid_path_is_refused() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let slash = "must begin with a single slash";
    let encoded = "must be percent-encoded and have no fragment";
    let dots = "must not contain . or .. segments";
    let long = format!("/{}", "x".repeat(8192));
    for (path, rule) in [
        ("", slash),
        ("management/v1/sales-units", slash),
        ("https://example.com/x", slash),
        ("@example.com/x", slash),
        ("?x=y", slash),
        // A URL parser would take this for another host.
        ("//example.com/x", slash),
        ("/a b", encoded),
        ("/a\tb", encoded),
        ("/a\r\nX: y", encoded),
        ("/æ", encoded),
        ("/a#b", encoded),
        ("/a?b#c", encoded),
        ("/a?b=c d", encoded),
        ("/a<b>", encoded),
        ("/a`b", encoded),
        ("/a\"b", encoded),
        ("/a{b}", encoded),
        ("/a|b", encoded),
        ("/a^b", encoded),
        ("/a\\..\\b", encoded),
        ("/a?b=<c>", encoded),
        ("/a%", encoded),
        ("/a%4", encoded),
        ("/a%zz", encoded),
        ("/..", dots),
        ("/.", dots),
        ("/a/../b", dots),
        ("/a/./b", dots),
        ("/a/..", dots),
        ("/a/../?x", dots),
        ("/a/%2e%2e/b", dots),
        ("/a/%2E./b", dots),
        ("/a/.%2e", dots),
        ("/%2e", dots),
    ] {
        assert_eq!(
            refusal(session.request("GET", path)),
            format!("invalid input: path: {rule}, not {path:?}")
        );
    }
    assert_eq!(
        refusal(session.request("GET", &long)),
        format!(
            "invalid input: path: must be at most 8192 bytes, not {}",
            long.len()
        )
    );
    assert_eq!(sandbox.requests(), []);
}

#[test]
fn every_valid_path_is_sent_unchanged() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let longest = format!("/{}", "x".repeat(8191));
    for path in [
        "/",
        "/x",
        "/a//b",
        "/a/",
        "/a/...",
        "/a/..b",
        "/a/b..",
        "/a?x=../..",
        "/a?x=/?y",
        "/a%20b?c=%C3%A6&d[]=e+f",
        "/a;b=c,d/!$&'()*+~-_.:@",
        &longest,
    ] {
        let error = session.call_any("GET", path, None).unwrap_err();
        assert_eq!(error.status(), Some(404), "{error}");
        assert_eq!(last_request(&sandbox).path, path);
    }
}

#[test]
fn nonsensical_methods_and_bodies_are_refused() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    for method in [
        "", "get", "HEAD", "TRACE", "CONNECT", "OPTIONS", "GET ", "GE\r\nT",
    ] {
        assert_eq!(
            refusal(session.request(method, "/x")),
            format!(
                "invalid input: method: must be GET, POST, PUT, PATCH or DELETE, not {method:?}"
            )
        );
    }
    for method in ["GET", "DELETE"] {
        assert_eq!(
            refusal(session.request(method, "/x").json(&Value::Null)),
            format!("invalid input: body: must not be set for a {method}")
        );
    }
    assert_eq!(sandbox.requests(), []);
}

#[test]
fn a_request_has_the_headers_of_every_call() {
    let body = json!({"text": "æ \"\n", "list": [1, null, {"x": 1.5}]});
    let text = r#"{"list":[1,null,{"x":1.5}],"text":"æ \"\n"}"#;
    for method in ["POST", "PUT", "PATCH"] {
        let path = "/new/v1/things?deep=true";
        let send = |session: &Session| session.call_any(method, path, Some(&body));
        let (request, result) = call(json_reply("[1]"), send);
        assert_eq!(request, wire(&format!("{method} {path}"), text));
        assert_eq!(result.unwrap(), json!([1]));
    }
}

/// ureq would send a body of unknown length, and the gateway answers 411 to a POST without a
/// length.
#[test]
fn a_missing_body_has_a_content_length_of_zero() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    for (method, length) in [
        ("POST", Some("0")),
        ("PUT", Some("0")),
        ("PATCH", Some("0")),
        ("GET", None),
        ("DELETE", None),
    ] {
        session.call_any(method, "/x", None).unwrap_err();
        let request = last_request(&sandbox);
        assert_eq!(request.header("content-length"), length, "{method}");
        assert_eq!(request.header("transfer-encoding"), None, "{method}");
        assert_eq!(request.header("content-type"), None, "{method}");
    }
}

/// Every part that a request can have, on the wire and in the reply.
#[test]
fn every_part_of_a_request_is_sent() {
    let key = IdempotencyKey::new("till-7-1").unwrap();
    let answer = reply(
        "201 Created",
        &["X-Thing: 1", "Content-Type: text/csv"],
        "a;b\r\n1;2",
    );
    let (request, result) = call(answer, |session| {
        session
            .request("POST", "/epayment/v1/payments")
            .segment("reference", "a/b c")
            .path("/capture")
            .query("cursor", "1&2=3")
            .query("left-out", None)
            .query("a b", Some("\u{e6}"))
            .header("X-Request-Source", "till-7")
            .accept("text/csv")
            .idempotency_key(&key)
            .body("text/plain", b"as it is".as_slice())
            .send()
    });
    let headers = call_headers(&[
        "content-length: 8",
        "content-type: text/plain",
        "idempotency-key: till-7-1",
        "x-request-source: till-7",
    ]);
    let headers = headers.replace("accept: application/json", "accept: text/csv");
    let line = "POST /epayment/v1/payments/a%2Fb%20c/capture?cursor=1%262%3D3&a%20b=%C3%A6";
    assert_eq!(request, format!("{line}\n{headers}\n\nas it is"));
    let reply = result.unwrap();
    assert_eq!((reply.status(), reply.header("x-thing")), (201, Some("1")));
    assert_eq!(reply.header("X-THING"), Some("1"));
    assert_eq!((reply.header("none"), reply.is_empty()), (None, false));
    assert_eq!(reply.bytes(), b"a;b\r\n1;2");
    let debug = format!("{reply:?}");
    assert!(debug.contains(line) && !debug.contains("a;b"), "{debug}");
    assert_eq!(reply.text().unwrap(), "a;b\r\n1;2");
}

/// Metrics are counted by route.
#[test]
fn a_route_has_names_instead_of_values() {
    use std::sync::{Arc, Mutex};

    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let routes = Arc::clone(&seen);
    let server = RawServer::start([json_reply("{}"), json_reply("{}")]);
    let session = session_builder(&server.url())
        .observer(move |attempt| routes.lock().unwrap().push(attempt.route().to_owned()))
        .build()
        .unwrap();
    let request = session.request("GET", "/epayment/v1/payments");
    let request = request.segment("reference", "abc").path("/events");
    request.query("cursor", "1").send().unwrap();
    session
        .request("GET", "/report/v2/ledgers?a=b")
        .send()
        .unwrap();
    assert_eq!(
        *seen.lock().unwrap(),
        [
            "/epayment/v1/payments/{reference}/events",
            "/report/v2/ledgers"
        ]
    );
}

#[test]
fn all_problems_are_reported_at_once_and_nothing_is_sent() {
    let server = unwanted();
    let session = session_builder(&server.url()).build().unwrap();
    let request = session
        .request("get", "x")
        .segment("reference", "..")
        .path("capture")
        .header("X Y", "1")
        .header("Authorization", "Bearer mine")
        .header("X-Note", "\u{e6}");
    assert_eq!(
        refusal(request),
        "invalid input: method: must be GET, POST, PUT, PATCH or DELETE, not \"get\"; \
         path: must begin with a single slash, not \"x\", and must begin with a single slash, \
         not \"capture\"; \
         reference: \"..\" cannot be a path segment; header: \"X Y\" is not a valid header name; \
         Authorization: must not be set: the session sets it; \
         X-Note: must be visible ASCII, but has a character outside ASCII at position 1"
    );
    for name in [
        "connection",
        "Content-Length",
        "HOST",
        "Ocp-Apim-Subscription-Key",
        "transfer-encoding",
    ] {
        let request = session.request("GET", "/x").header(name, "1");
        assert_eq!(
            refusal(request),
            format!("invalid input: {name}: must not be set: the session sets it")
        );
    }
    let after_query = session.request("GET", "/x?a=b").segment("id", "1");
    assert_eq!(
        refusal(after_query),
        "invalid input: path: segments must be added before the query"
    );
    /// Cannot be serialized to JSON.
    struct Unwritable;
    impl serde::Serialize for Unwritable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no such thing"))
        }
    }
    assert_eq!(
        refusal(session.request("POST", "/x").json(&Unwritable)),
        "invalid input: body: cannot be serialized as JSON: no such thing"
    );
    assert_eq!(server.connections(), 0);
}

/// A call can replace the session's headers, except those of the keys and the connection.
#[test]
fn a_header_of_the_request_replaces_the_sessions() {
    let answer = json_reply("{}");
    let (request, _) = call(answer, |session| {
        let request = session.request("GET", "/x").header("User-Agent", "mine");
        request.header("Merchant-Serial-Number", "654321").send()
    });
    let expected = wire("GET /x", "").replace("number: 123456", "number: 654321");
    let user_agent = concat!("vipps-rust/", env!("CARGO_PKG_VERSION"));
    assert_eq!(request, expected.replace(user_agent, "mine"));
}

#[test]
fn an_unusable_reply_says_why() {
    let server = RawServer::start([
        reply("200 OK", &[], "\u{fffd}"),
        reply("200 OK", &[], ""),
        reply("204 No Content", &[], ""),
        reply("200 OK", &[], " \r\n"),
        json_reply(r#"{"amount":"many"}"#),
    ]);
    let session = session_builder(&server.url()).build().unwrap();
    let get = || session.request("GET", "/report/v2/ledgers").send().unwrap();
    assert_eq!(get().text().unwrap(), "\u{fffd}");
    for empty in [get(), get(), get()] {
        assert!(empty.is_empty());
        let error = empty.json::<Value>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert_eq!(
            (error.method(), error.path()),
            (Some("GET"), Some("/report/v2/ledgers"))
        );
        assert!(
            error.to_string().ends_with(", but the reply has no body"),
            "{error}"
        );
    }
    #[derive(Debug, serde::Deserialize)]
    struct Thing {
        #[allow(dead_code)]
        amount: i64,
    }
    let error = get().json::<Thing>().unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Decode, Some(200))
    );
    assert!(!error.to_string().contains("many"), "{error}");
}

/// A body that is not text.
#[test]
fn a_text_must_be_utf_8() {
    let mut answer = reply("200 OK", &[], "xyz");
    let length = answer.len();
    answer[length - 3..].copy_from_slice(b"\xff\xfe\x00");
    let (_, result) = call(answer, |session| session.request("GET", "/x").send());
    let reply = result.unwrap();
    assert_eq!(reply.bytes(), b"\xff\xfe\x00");
    assert_eq!(
        reply.text().unwrap_err().to_string(),
        "GET /x: 200 OK, but the reply is not valid UTF-8"
    );
}

/// With a key, POST and PATCH are safe to retry and send the same key each time, however it was
/// set.
#[test]
fn a_key_makes_any_request_safe_to_retry() {
    let policy = RetryPolicy::default().initial_backoff(std::time::Duration::ZERO);
    for (method, with_key, expected) in [
        ("POST", false, 1),
        ("PATCH", false, 1),
        ("POST", true, 3),
        ("PATCH", true, 3),
    ] {
        let sandbox = Sandbox::start().unwrap();
        let builder = sandbox.session_builder().unwrap();
        let session = builder.retry(policy.clone()).build().unwrap();
        session.access_token().unwrap();
        sandbox.fault(&format!("{method} *"), 9, Fault::CloseAfterReading);
        let request = session.request(method, "/x").json(&json!({"a": 1}));
        let request = match with_key {
            true => request.header("idempotency-key", "k-1"),
            false => request,
        };
        let error = request.send().unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(error.is_retryable(), with_key);
        let requests = sandbox.requests();
        let sent: Vec<_> = requests.iter().filter(|sent| sent.path == "/x").collect();
        assert_eq!(sent.len(), expected, "{method} {with_key}");
        assert!(sent.iter().all(|one| *one == sent[0]));
    }
}

#[test]
fn errors_are_those_of_every_call() {
    let sandbox = Sandbox::start().unwrap();
    let builder = sandbox.session_builder().unwrap();
    let session = builder.retry(RetryPolicy::default()).build().unwrap();

    let error = session
        .call_any("GET", "/management/v1/nothing", None)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /management/v1/nothing: 404 Not Found: Endpoint not found \
         [trace 0af7651916cd43dd8448eb211c80319c]"
    );
    sandbox.fault("GET *", 1, Fault::reply(200, "text/plain", "no JSON"));
    let error = session.call_any("GET", "/text", None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(
        error.to_string(),
        "GET /text: 200 OK, but the reply cannot be read: expected ident at line 1 column 2"
    );

    // A token that is no longer accepted is replaced once.
    sandbox.revoke_tokens();
    session
        .call_any("GET", "/management/v1/sales-units", None)
        .unwrap();
    assert_eq!(sandbox.count("POST /accesstoken/get"), 2);

    // How often each method is sent when its replies are lost.
    for (method, times) in [
        ("GET", 3),
        ("PUT", 3),
        ("DELETE", 3),
        ("POST", 1),
        ("PATCH", 1),
    ] {
        sandbox.fault(&format!("{method} *"), 3, Fault::CloseAfterReading);
        sandbox.clear_requests();
        let error = session.call_any(method, "/lost", None).unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(sandbox.count(&format!("{method} *")), times, "{method}");
        sandbox.clear_faults();
    }

    // A DELETE that was lost and then finds nothing has succeeded.
    sandbox.fault("DELETE *", 1, Fault::LoseReply);
    sandbox.fault("DELETE *", 1, Fault::status(404));
    assert_eq!(
        session.call_any("DELETE", "/gone", None).unwrap(),
        Value::Null
    );
}
