//! Malformed replies to every function: each gives a value or an error with path and status, never
//! a panic.

use std::io::Write;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use vipps::{Error, RetryPolicy, Session};

use crate::support::{
    self, Endpoint, Ids, RawServer, Retry, builder_without_token, endpoints, read_request,
    session_builder, system, token_endpoints,
};

/// A good reply from the API's specification, with one item in each list.
fn sample(endpoint: &Endpoint) -> Value {
    fn one_of_each(value: &mut Value) {
        match value {
            Value::Array(items) => items.truncate(1),
            Value::Null => *value = json!({}),
            _ => {}
        }
        match value {
            Value::Array(items) => items.iter_mut().for_each(one_of_each),
            Value::Object(members) => members.values_mut().for_each(one_of_each),
            _ => {}
        }
    }
    let mut sample = endpoint.reply.clone();
    one_of_each(&mut sample);
    sample
}

/// A server that answers every request with the current reply, over kept-alive connections.
struct Hostile {
    answer: Arc<Mutex<Vec<u8>>>,
    peer: RawServer,
}

impl Hostile {
    fn start() -> Self {
        let answer = Arc::new(Mutex::new(Vec::new()));
        let next = Arc::clone(&answer);
        let peer = RawServer::each(move |mut stream| {
            while read_request(&mut stream).is_some() {
                let answer = next.lock().unwrap().clone();
                stream.write_all(&answer).unwrap();
            }
        });
        Self { answer, peer }
    }

    fn answer(&self, status: u16, body: &[u8]) {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} Status\r\nContent-Length: {length}\r\n\r\n");
        *self.answer.lock().unwrap() = [head.as_bytes(), body].concat();
    }

    /// Checks for a value, or an error that names the request and the status. Returns which.
    #[track_caller]
    fn check(&self, session: &Session, endpoint: &Endpoint, status: u16, body: &[u8]) -> bool {
        self.answer(status, body);
        let ids = Ids::default();
        let result = (endpoint.call)(session, &ids);
        // A conflict means that it exists, which is fine.
        if endpoint.retry == Retry::Again && status == 409 && result.is_ok() {
            return true;
        }
        let own = endpoint.line(&ids);
        // A call that reads back may fail there.
        let read_back = support::endpoint("get_order").line(&ids);
        let text = result.as_ref().map_err(|error| error.to_string()).err();
        let is_read_back =
            endpoint.retry == Retry::ReadBack && text.is_some_and(|text| text.contains(&read_back));
        let line = if is_read_back { read_back } else { own };
        assert_result(result, &line, status, body)
    }
}

#[track_caller]
fn assert_result<T>(result: Result<T, Error>, line: &str, status: u16, body: &[u8]) -> bool {
    let shown = String::from_utf8_lossy(&body[..body.len().min(300)]);
    match result {
        Ok(_) => {
            assert!((200..300).contains(&status), "{line}: {status} {shown}");
            true
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains(line), "{text} without {line} for {shown}");
            assert_eq!(error.status(), Some(status), "{text} for {shown}");
            assert!(text.contains(&status.to_string()), "{text} for {shown}");
            assert!(text.len() < 8 * 1024, "{text} for {shown}");
            false
        }
    }
}

/// The places in a value, as JSON pointers.
fn places(value: &Value, at: &str, places: &mut Vec<String>) {
    places.push(at.to_owned());
    match value {
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                self::places(item, &format!("{at}/{n}"), places);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                self::places(member, &format!("{at}/{name}"), places);
            }
        }
        _ => {}
    }
}

/// A sample with every possible defect, one at a time.
fn mutations(sample: &Value) -> Vec<Vec<u8>> {
    let digits = "9".repeat(400);
    let others = [
        "null",
        "true",
        "0",
        "-1",
        "0.5",
        "1e999",
        "-1e-999",
        &digits,
        "9223372036854775808",
        "\"\"",
        "\"text\"",
        "\"\\ud800\"",
        "\"\u{1}\"",
        "[]",
        "[[]]",
        "[null]",
        "{}",
        "{\"new\":[1]}",
    ];
    let mut found = Vec::new();
    let mut all = Vec::new();
    places(sample, "", &mut all);
    for place in &all {
        let mut marked = sample.clone();
        *marked.pointer_mut(place).unwrap() = json!("@@");
        let marked = marked.to_string();
        let with = |other: &str| marked.replace("\"@@\"", other).into_bytes();
        found.extend(others.map(with));
        // A string that is not UTF-8.
        let mut bytes = with("\"@@\"");
        let at = bytes.windows(2).position(|two| two == b"@@").unwrap();
        bytes[at] = 0xff;
        found.push(bytes);
        if let Some((parent, name)) = place.rsplit_once('/') {
            let mut without = sample.clone();
            if let Value::Object(members) = without.pointer_mut(parent).unwrap() {
                members.remove(name).unwrap();
                found.push(without.to_string().into_bytes());
                // A duplicate member.
                found.push(with(&format!("1,\"{name}\":null")));
            }
        }
    }
    let text = sample.to_string().into_bytes();
    found.extend((0..text.len()).map(|end| text[..end].to_vec()));
    found
}

/// Deeper than serde_json's limit, and deeper than a stack allows.
fn deep() -> Vec<Vec<u8>> {
    let mut deep = Vec::new();
    for depth in [127, 128, 200, 100_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("{\"errors\":[", "]}")] {
            let (open, close) = (open.repeat(depth), close.repeat(depth));
            deep.push(format!("{{\"new\":{open}1{close}}}").into_bytes());
            if depth <= 200 {
                deep.push(format!("{open}{close}").into_bytes());
                deep.push(format!("{open}1{close}").into_bytes());
            }
            deep.push(open.into_bytes());
        }
    }
    deep
}

/// The API's error replies.
fn problems() -> [Value; 4] {
    [
        json!({
            "type": "https://example.com/p", "title": "Bad", "status": 400, "detail": "Worse",
            "instance": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "traceId": "1", "invalidParams": [{"name": "msn", "reason": "No"}]
        }),
        json!({"extraDetails": [{"key": "a", "value": "b"}], "errors": {"name": ["required"]}}),
        json!({
            "responseInfo": {"responseCode": 401, "responseMessage": "No"},
            "result": {"message": "x"},
        }),
        json!([{"code": "1", "message": "No", "contextId": "2"}]),
    ]
}

fn session(hostile: &Hostile) -> Session {
    session_builder(&hostile.peer.url()).build().unwrap()
}

#[test]
fn a_malformed_sample_is_a_value_or_an_error() {
    let hostile = Hostile::start();
    let session = session(&hostile);
    for endpoint in endpoints() {
        let whole = sample(&endpoint).to_string();
        assert!(
            hostile.check(&session, &endpoint, 200, whole.as_bytes()),
            "{}: {whole}",
            endpoint.route
        );
        for body in mutations(&sample(&endpoint)).iter().chain(&deep()) {
            hostile.check(&session, &endpoint, 200, body);
        }
    }
    // Every reply was read to its end, so one connection was enough.
    assert_eq!(hostile.peer.connections(), 1);
}

#[test]
fn a_malformed_error_keeps_its_status() {
    let hostile = Hostile::start();
    let session = session(&hostile);
    let endpoints = endpoints();
    let mut all = endpoints.iter().cycle();
    for body in deep() {
        hostile.check(&session, all.next().unwrap(), 400, &body);
    }
    for problem in problems() {
        for (n, body) in mutations(&problem).iter().enumerate() {
            let status = [400, 403, 404, 409, 500, 502][n % 6];
            hostile.check(&session, all.next().unwrap(), status, body);
        }
    }
}

#[test]
fn arbitrary_bytes_are_a_value_or_an_error() {
    let hostile = Hostile::start();
    let session = session(&hostile);
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(150)
    };
    for endpoint in endpoints() {
        let sample = sample(&endpoint).to_string().into_bytes();
        let noise = proptest::collection::vec(any::<u8>(), 0..200);
        // Pieces of JSON, so that parsing gets beyond the first byte.
        let pieces = proptest::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"msn\"", "1", "-", "1e999", "null", " ",
            "\\u", "\\", "\u{feff}", "\0",
        ]);
        let json = proptest::collection::vec(pieces, 0..40).prop_map(|p| p.concat().into_bytes());
        let spoilt = (any::<proptest::sample::Index>(), any::<u8>()).prop_map(move |(at, byte)| {
            let mut bytes = sample.clone();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        });
        let bodies = prop_oneof![noise, json, spoilt];
        let statuses = proptest::sample::select(vec![200, 201, 400, 404, 409, 500, 503]);
        let mut runner = TestRunner::new(config.clone());
        let property = runner.run(&(statuses, bodies), |(status, body)| {
            hostile.check(&session, &endpoint, status, &body);
            Ok(())
        });
        property.unwrap();
    }
}

#[test]
fn a_token_reply_is_a_token_or_an_error() {
    let hostile = Hostile::start();
    let management = vipps::ApiKeys::management("test-client-id", "test-client-secret");
    for endpoint in token_endpoints() {
        let new = || {
            let url = hostile.peer.url();
            let builder = match endpoint.route {
                "POST /accesstoken/get" => builder_without_token(&url),
                _ => Session::builder(management.clone(), system()).base_url(url),
            };
            builder.retry(RetryPolicy::none()).build().unwrap()
        };
        let mut session = new();
        let mut tokens = 0;
        let whole = endpoint.reply.to_string().into_bytes();
        for (status, body) in mutations(&endpoint.reply)
            .iter()
            .chain(&deep())
            .chain([&whole])
            .flat_map(|body| [(200, body), (400, body)])
        {
            hostile.answer(status, body);
            let result = session.access_token();
            let text = format!("{result:?}");
            assert!(!text.contains("a-token-of-this-test"), "{text}");
            let result = result.map(|token| assert!(!token.secret().is_empty()));
            if assert_result(result, endpoint.route, status, body) {
                tokens += 1;
                // This session has a token now.
                session = new();
            }
        }
        assert!(tokens > 0, "{}", endpoint.route);
    }
}
