//! The sandbox, tested over raw sockets so that our own client does not define what is right, and
//! through the crate where a caller's tests would use it.

use std::fmt::Write as _;
use std::io::{ErrorKind as IoErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use vipps::management::{
    self, BusinessIdentifier, ListProductOrders, PrefillProductOrder, ProductOrderId,
    ProductOrderStatus, ProductType,
};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{Clock, Delivery, ErrorKind, RetryPolicy, Session};

use crate::support::{rows, whole};

mod data;
mod described;
mod description;
mod faults;
mod http;
mod management_api;
mod orders;
mod tokens;

const PREFILL: &str = "POST /management/v1/product-orders";
const LIST: &str = "GET /management/v1/sales-units";
const UNIT: &str = "GET /management/v1/sales-units/123456";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const ID: (&str, &str) = ("client_id", "sandbox-client-id");
const SECRET: (&str, &str) = ("client_secret", "sandbox-client-secret");
const KEY: (&str, &str) = ("Ocp-Apim-Subscription-Key", "sandbox-key-1");
const SECOND_KEY: (&str, &str) = ("Ocp-Apim-Subscription-Key", "sandbox-key-2");
const EMPTY: (&str, &str) = ("Content-Length", "0");
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("Content-Type", "application/json");
/// `sandbox-management-id:sandbox-mgmt-secret`.
const BASIC: (&str, &str) = (
    "Authorization",
    "Basic c2FuZGJveC1tYW5hZ2VtZW50LWlkOnNhbmRib3gtbWdtdC1zZWNyZXQ=",
);

/// A connection with just enough HTTP to find the end of a reply.
struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    /// In lower case, without `Content-Length`.
    headers: Vec<String>,
    body: String,
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The problem's detail, after checking that the rest is like in every problem of the sandbox.
    #[track_caller]
    fn problem(&self) -> (u16, String) {
        assert_eq!(self.headers, ["content-type: application/problem+json"]);
        let mut problem = self.json();
        let problem = problem.as_object_mut().unwrap();
        let mut take = |name: &str| problem.remove(name).unwrap_or_default();
        assert_eq!(take("status"), json!(self.status));
        let kind = format!("https://sandbox.invalid/problem/{}", self.status);
        assert_eq!(take("type"), json!(kind));
        assert_eq!(
            take("instance"),
            json!("urn:uuid:00000000-0000-4000-8000-000000000000")
        );
        assert_eq!(take("traceId"), json!("0af7651916cd43dd8448eb211c80319c"));
        take("title");
        let mut text = take("detail").as_str().unwrap().to_owned();
        for field in take("extraDetails").as_array().unwrap_or(&Vec::new()) {
            let member = |name: &str| field[name].as_str().unwrap();
            write!(text, " {}: {};", member("key"), member("value")).unwrap();
        }
        assert!(problem.is_empty(), "{problem:?}");
        (self.status, text)
    }
}

impl Wire {
    fn open(sandbox: &Sandbox) -> Self {
        let address = sandbox.url().strip_prefix("http://").unwrap();
        let stream = TcpStream::connect(address).unwrap();
        // A hung test fails instead.
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    #[track_caller]
    fn more(&mut self) {
        let mut chunk = [0; 4096];
        let read = self.stream.read(&mut chunk).unwrap();
        assert!(
            read > 0,
            "closed after {:?}",
            String::from_utf8_lossy(&self.buffer)
        );
        self.buffer.extend_from_slice(&chunk[..read]);
    }

    #[track_caller]
    fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = self.buffer.drain(..end + 4).take(end).collect();
                return String::from_utf8(head).unwrap();
            }
            self.more();
        }
    }

    #[track_caller]
    fn answer(&mut self) -> Answer {
        let head = self.head();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let mut length = 0;
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                name => headers.push(format!("{name}: {value}")),
            }
        }
        while self.buffer.len() < length {
            self.more();
        }
        let body = self.buffer.drain(..length).collect();
        Answer {
            status: status.parse().unwrap(),
            headers,
            body: String::from_utf8(body).unwrap(),
        }
    }

    /// Everything up to the end of the connection, regular or not.
    #[track_caller]
    fn rest(&mut self) -> String {
        let mut bytes = std::mem::take(&mut self.buffer);
        if let Err(error) = self.stream.read_to_end(&mut bytes) {
            assert_eq!(error.kind(), IoErrorKind::ConnectionReset);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn request(line: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut request = format!("{line} HTTP/1.1\r\nHost: sandbox\r\n");
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").unwrap();
    }
    if !body.is_empty() {
        write!(request, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    request + "\r\n" + body
}

#[track_caller]
fn ask(sandbox: &Sandbox, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut wire = Wire::open(sandbox);
    wire.send(request(line, headers, body));
    wire.answer()
}

/// The value of an `Authorization` header with a new token of the standard flow.
#[track_caller]
fn standard_token(sandbox: &Sandbox) -> String {
    let headers = [ID, SECRET, KEY, EMPTY];
    bearer(&ask(sandbox, "POST /accesstoken/get", &headers, ""))
}

#[track_caller]
fn management_token(sandbox: &Sandbox) -> String {
    let form = "grant_type=client_credentials";
    bearer(&ask(sandbox, "POST /miami/v1/token", &[BASIC, FORM], form))
}

#[track_caller]
fn bearer(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    format!("Bearer {}", answer.json()["access_token"].as_str().unwrap())
}

/// A GET with a token and the subscription key.
#[track_caller]
fn get(sandbox: &Sandbox, path: &str) -> Answer {
    let token = standard_token(sandbox);
    let headers = [("Authorization", token.as_str()), KEY];
    ask(sandbox, &format!("GET {path}"), &headers, "")
}

#[track_caller]
fn prefill(sandbox: &Sandbox, key: &str, body: &str) -> Answer {
    let token = standard_token(sandbox);
    let headers = [
        ("Authorization", token.as_str()),
        KEY,
        JSON,
        ("Idempotency-Key", key),
    ];
    ask(sandbox, PREFILL, &headers, body)
}

const GOOD_ORDER: &str =
    r#"{"businessIdentifier":{"scheme":"business:NO:ORG","id":"987654321"},"productType":"LOGIN"}"#;

#[track_caller]
fn make_order(sandbox: &Sandbox) -> ProductOrderId {
    let prefilled =
        management::prefill_product_order(&sandbox.session(), &crate::support::prefill());
    prefilled.unwrap().prefilled_order_id
}

/// A session that makes a single attempt.
fn single(sandbox: &Sandbox) -> Session {
    let builder = sandbox.session_builder().unwrap();
    builder.retry(RetryPolicy::none()).build().unwrap()
}

#[test]
fn the_log_has_requests_as_received() {
    let sandbox = Sandbox::start().unwrap();
    assert_eq!(sandbox.requests(), []);
    let line = "PATCH /any%20where?x=%41#";
    let headers = [
        ("X-First", "1"),
        ("x-SECOND", "two  words"),
        ("X-First", "again"),
    ];
    ask(&sandbox, line, &headers, "body \u{e6}");
    let request = sandbox.requests().pop().unwrap();
    assert_eq!(
        whole(&request),
        "PATCH /any%20where?x=%41#\n\
         content-length: 7\n\
         host: (the server)\n\
         x-first: 1\n\
         x-first: again\n\
         x-second: two  words\n\
         \n\
         body \u{e6}"
    );
    let names: Vec<&str> = request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        ["host", "x-first", "x-second", "x-first", "content-length"]
    );
    assert_eq!(request.header("x-first"), Some("1"));
    assert_eq!(request.header("x-third"), None);
    assert_eq!(request.json(), None);

    management::list_sales_units(&sandbox.session()).unwrap();
    let paths: Vec<String> = sandbox
        .requests()
        .iter()
        .map(|request| format!("{} {}", request.method, request.path))
        .collect();
    assert_eq!(paths, [line, "POST /accesstoken/get", LIST]);
    sandbox.clear_requests();
    assert_eq!(sandbox.requests(), []);
    assert_eq!(sandbox.count("*"), 0);
}

#[test]
fn sandboxes_are_independent() {
    let (one, other) = (Sandbox::start().unwrap(), Sandbox::start().unwrap());
    make_order(&one);
    let token = standard_token(&one);
    let headers = [("Authorization", token.as_str()), KEY];
    assert_eq!(ask(&other, LIST, &headers, "").status, 401);
    one.fault("*", 1, Fault::status(500));
    one.advance(DAY);
    assert_eq!(
        get(&other, "/management/v2/product-orders").json(),
        json!([])
    );
    assert_eq!(other.clock().now(), Duration::ZERO);
}

#[test]
fn it_uses_the_given_clock() {
    let clock = Clock::manual();
    let sandbox = Sandbox::builder().clock(clock.clone()).start().unwrap();
    let token = standard_token(&sandbox);
    clock.advance(Duration::from_secs(3600));
    let headers = [("Authorization", token.as_str()), KEY];
    assert_eq!(ask(&sandbox, LIST, &headers, "").status, 401);
    let debug = format!("{sandbox:?}");
    assert_eq!(
        debug,
        format!(
            "Sandbox {{ url: {:?}, clock: Clock::manual(3600s), .. }}",
            sandbox.url()
        )
    );
}
