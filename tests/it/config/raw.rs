//! `Session::raw`: what it refuses, what it sends, and how it fails.

use super::*;

#[test]
fn raw_refuses_what_is_no_path() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let slash = "must begin with one slash";
    let encoded = "must be percent-encoded and have no fragment";
    let dots = "must not have . and .. segments";
    let long = format!("/{}", "x".repeat(8192));
    for (path, rule) in [
        ("", slash),
        ("management/v1/sales-units", slash),
        ("https://example.com/x", slash),
        ("@example.com/x", slash),
        ("?x=y", slash),
        // To a URL reader this would be another host.
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
            refusal(session.raw("GET", path, None)),
            format!("invalid input: path: {rule}, not {path:?}")
        );
    }
    assert_eq!(
        refusal(session.raw("GET", &long, None)),
        format!(
            "invalid input: path: must be at most 8192 bytes, not {}",
            long.len()
        )
    );
    assert_eq!(sandbox.requests(), []);
}

#[test]
fn raw_takes_every_path_that_is_one() {
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
        let error = session.raw("GET", path, None).unwrap_err();
        assert_eq!(error.status(), Some(404), "{error}");
        assert_eq!(last_request(&sandbox).path, path);
    }
}

#[test]
fn raw_refuses_methods_and_bodies_that_make_no_sense() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    for method in [
        "", "get", "HEAD", "TRACE", "CONNECT", "OPTIONS", "GET ", "GE\r\nT",
    ] {
        assert_eq!(
            refusal(session.raw(method, "/x", None)),
            format!(
                "invalid input: method: must be GET, POST, PUT, PATCH or DELETE, not {method:?}"
            )
        );
    }
    for method in ["GET", "DELETE"] {
        assert_eq!(
            refusal(session.raw(method, "/x", Some(&Value::Null))),
            format!("invalid input: body: must not be set for a {method}")
        );
    }
    assert_eq!(sandbox.requests(), []);
}

#[test]
fn raw_sends_what_every_call_sends() {
    let body = json!({"text": "æ \"\n", "list": [1, null, {"x": 1.5}]});
    let text = r#"{"list":[1,null,{"x":1.5}],"text":"æ \"\n"}"#;
    for method in ["POST", "PUT", "PATCH"] {
        let path = "/new/v1/things?deep=true";
        let send = |session: &Session| session.raw(method, path, Some(&body));
        let (request, result) = call(json_reply("[1]"), send);
        assert_eq!(request, wire(&format!("{method} {path}"), text));
        assert_eq!(result.unwrap(), json!([1]));
    }
}

/// ureq would send a body of no known length, and the gateway answers 411 to a POST without a length.
#[test]
fn raw_says_that_a_missing_body_is_empty() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    for (method, length) in [
        ("POST", Some("0")),
        ("PUT", Some("0")),
        ("PATCH", Some("0")),
        ("GET", None),
        ("DELETE", None),
    ] {
        session.raw(method, "/x", None).unwrap_err();
        let request = last_request(&sandbox);
        assert_eq!(request.header("content-length"), length, "{method}");
        assert_eq!(request.header("transfer-encoding"), None, "{method}");
        assert_eq!(request.header("content-type"), None, "{method}");
    }
}

#[test]
fn raw_gives_null_for_a_reply_without_a_body() {
    let server = RawServer::start([
        reply("204 No Content", &[], ""),
        reply("200 OK", &[], ""),
        reply("200 OK", &["Content-Type: application/json"], " \r\n"),
        json_reply("null"),
        json_reply("\"text\""),
        reply("201 Created", &[], "[1]"),
    ]);
    let session = session_builder(&server.url()).build().unwrap();
    let replies: Vec<Value> = (0..6)
        .map(|_| session.raw("POST", "/x", None).unwrap())
        .collect();
    assert_eq!(
        replies,
        [
            json!(null),
            json!(null),
            json!(null),
            json!(null),
            json!("text"),
            json!([1])
        ]
    );
}

#[test]
fn raw_fails_as_every_call_does() {
    let sandbox = Sandbox::start().unwrap();
    let builder = sandbox.session_builder().unwrap();
    let session = builder.retry(RetryPolicy::default()).build().unwrap();

    let error = session
        .raw("GET", "/management/v1/nothing", None)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /management/v1/nothing: 404 Not Found: There is no such endpoint \
         [trace 0af7651916cd43dd8448eb211c80319c]"
    );
    sandbox.fault("GET /text", 1, Fault::reply(200, "text/plain", "no JSON"));
    let error = session.raw("GET", "/text", None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(
        error.to_string(),
        "GET /text: 200 OK, but the reply cannot be read: expected ident at line 1 column 2"
    );

    // A token that is not taken any more is fetched anew, once.
    sandbox.revoke_tokens();
    session
        .raw("GET", "/management/v1/sales-units", None)
        .unwrap();
    assert_eq!(sandbox.count("POST /accesstoken/get"), 2);

    // How often each method is sent when its answers are lost.
    for (method, times) in [
        ("GET", 3),
        ("PUT", 3),
        ("DELETE", 3),
        ("POST", 1),
        ("PATCH", 1),
    ] {
        sandbox.fault("* /lost", 3, Fault::CloseAfterReading);
        let error = session.raw(method, "/lost", None).unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(sandbox.count(&format!("{method} /lost")), times, "{method}");
        sandbox.clear_faults();
    }

    // A DELETE that was lost and then finds nothing has done its work.
    sandbox.fault("DELETE /gone", 1, Fault::LoseReply);
    sandbox.fault("DELETE /gone", 1, Fault::status(404));
    assert_eq!(session.raw("DELETE", "/gone", None).unwrap(), Value::Null);
}
