//! Forms of replies on the wire and their results: truncated bodies, byte order marks, empty
//! bodies, numbers, compression, and the place of unexpected values.

use std::io::{Read, Write};

use serde_json::{Value, json};
use vipps::management::{self, ListProductOrders};
use vipps::order_management::{self, OrderRef, Quantity};
use vipps::{ApiKeys, Delivery, Error, ErrorKind, RetryPolicy, Session};

use crate::support::{
    ADDED, Endpoint, Ids, Needs, RawServer, Retry, builder_without_token, call, close, endpoint,
    endpoints, json_reply, read_request, receipt, reply, sample_receipt, session_builder, system,
    token_endpoints,
};

/// What a program learns from an error in these tests.
#[derive(Debug, PartialEq)]
struct Seen {
    text: String,
    kind: ErrorKind,
    delivery: Delivery,
    status: Option<u16>,
    retryable: bool,
}

fn seen(error: Error) -> Seen {
    Seen {
        text: error.to_string(),
        kind: error.kind(),
        delivery: error.delivery(),
        status: error.status(),
        retryable: error.is_retryable(),
    }
}

/// The error of an unreadable 200.
fn unreadable(line: &str, reason: &str) -> Seen {
    Seen {
        text: format!("{line}: 200 OK, but {reason}"),
        kind: ErrorKind::Decode,
        delivery: Delivery::Answered,
        status: Some(200),
        retryable: false,
    }
}

const CUT: &str = "the connection was closed in the middle of the reply";
const UNITS: &str = "GET /management/v1/sales-units";

fn impatient(url: &str) -> Session {
    let policy = RetryPolicy::default().initial_backoff(std::time::Duration::ZERO);
    session_builder(url).retry(policy).build().unwrap()
}

// Cut replies.

/// Sends the start of a reply to the first request, and a good reply to the others.
fn cut_once(head: &'static str, start: Vec<u8>, good: Vec<u8>) -> RawServer {
    let answers = std::sync::Mutex::new(vec![good, [head.as_bytes(), &start].concat()]);
    RawServer::each(move |mut stream| {
        // One connection per request, as the first is closed.
        read_request(&mut stream).unwrap();
        let mut answers = answers.lock().unwrap();
        let answer = match answers.len() {
            1 => answers[0].clone(),
            _ => answers.pop().unwrap(),
        };
        drop(answers);
        stream.write_all(&answer).unwrap();
        close(stream);
    })
}

fn closing(body: &str) -> Vec<u8> {
    reply(
        "200 OK",
        &["Content-Type: application/json", "Connection: close"],
        body,
    )
}

const UNTIL_CLOSED: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\n\r\n";

const HEADS: [&str; 5] = [
    "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2710\r\n",
    UNTIL_CLOSED,
    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
    "HTTP/1.0 200 OK\r\nContent-Type: text/json\r\n\r\n",
];

#[test]
fn a_cut_reply_is_a_broken_connection_and_retried_where_safe() {
    for endpoint in endpoints() {
        // Where the body has no meaning, no part of it can be missing.
        if endpoint.needs == Needs::Nothing || endpoint.retry == Retry::ReadBack {
            continue;
        }
        let good = endpoint.reply.to_string();
        for head in HEADS {
            let start = good.as_bytes()[..good.len() - 1].to_vec();
            let server = cut_once(head, start, closing(&good));
            let session = impatient(&server.url());
            let result = (endpoint.call)(&session, &Ids::default());
            let line = endpoint.line(&Ids::default());
            match endpoint.retry {
                Retry::Never => {
                    let cut = Seen {
                        kind: ErrorKind::Network,
                        ..unreadable(&line, CUT)
                    };
                    assert_eq!(seen(result.unwrap_err()), cut, "{head}");
                }
                _ => {
                    assert_eq!(result.unwrap(), endpoint.result, "{line} {head}");
                    assert_eq!(server.connections(), 2, "{line} {head}");
                }
            }
        }
    }
}

#[test]
fn a_list_cut_anywhere_is_a_broken_connection() {
    let whole = r#"[{"msn":"123456","name":"Caf\u00e9 \"æ\"","x":[true,null,-1.5e3]}] "#;
    let ends = 0..whole.trim_end().len();
    for end in ends {
        let start = whole.as_bytes()[..end].to_vec();
        let server = cut_once(UNTIL_CLOSED, start, closing("[]"));
        let session = session_builder(&server.url()).build().unwrap();
        let cut = Seen {
            kind: ErrorKind::Network,
            retryable: true,
            ..unreadable(UNITS, CUT)
        };
        let error = management::list_sales_units(&session).unwrap_err();
        assert_eq!(seen(error), cut, "{end}");
    }
    // The complete list is accepted.
    let server = cut_once(UNTIL_CLOSED, whole.into(), closing("[]"));
    let session = session_builder(&server.url()).build().unwrap();
    let units = management::list_sales_units(&session).unwrap();
    assert_eq!(units[0].name, "Café \"æ\"");
}

/// A server that closes the connection before it has read the request resets it.
#[test]
fn a_reset_in_the_middle_of_a_reply_is_a_broken_connection() {
    for head in HEADS {
        let server = RawServer::each(move |mut stream| {
            stream.read_exact(&mut [0; 20]).unwrap();
            write!(stream, "{head}[{{\"msn\":\"12").unwrap();
        });
        let session = session_builder(&server.url()).build().unwrap();
        let cut = Seen {
            kind: ErrorKind::Network,
            retryable: true,
            ..unreadable(UNITS, CUT)
        };
        let error = management::list_sales_units(&session).unwrap_err();
        assert_eq!(seen(error), cut, "{head}");
    }
}

#[test]
fn a_truncated_string_is_not_a_string() {
    let order = OrderRef::ecom("order-1".parse().unwrap());
    let line = "POST /order-management/v2/ecom/receipts/order-1";
    for quoted in ["\"00000000-0000-4", "\"", " \"0\\", "\"a\" \"b\"", "\"a\"b"] {
        let (_, result) = call(json_reply(quoted), |session| {
            order_management::add_receipt(session, &order, &receipt())
        });
        let seen = seen(result.unwrap_err());
        let reason = seen.text.split("200 OK, but ").nth(1).unwrap().to_owned();
        assert_eq!(seen, unreadable(line, &reason), "{quoted}");
        assert!(reason.starts_with("the reply cannot be read: "), "{reason}");
    }
}

#[test]
fn a_cut_token_reply_is_fetched_again() {
    let [standard, _] = token_endpoints();
    let good = standard.reply.to_string();
    let start = good.as_bytes()[..good.len() - 1].to_vec();
    let server = cut_once(UNTIL_CLOSED, start, closing(&good));
    let session = builder_without_token(&server.url())
        .retry(RetryPolicy::default().initial_backoff(std::time::Duration::ZERO))
        .build()
        .unwrap();
    let token = session.access_token().unwrap();
    assert_eq!(token.secret(), "a-token-of-this-test");
    assert_eq!(server.connections(), 2);
}

/// Such a body ends with the connection, and may end anywhere.
#[test]
fn bodies_other_than_json_are_not_inspected() {
    let server = cut_once(
        "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\n",
        b"\"name;\n".to_vec(),
        Vec::new(),
    );
    let session = session_builder(&server.url()).build().unwrap();
    let request = session.request("GET", "/report.csv").accept("text/csv");
    assert_eq!(request.send().unwrap().text().unwrap(), "\"name;\n");
}

// Byte order marks.

#[test]
fn a_byte_order_mark_is_skipped() {
    for endpoint in endpoints() {
        let body = match endpoint.needs {
            Needs::Nothing => "\u{feff}".to_owned(),
            _ => format!("\u{feff}{}", endpoint.reply),
        };
        let (_, result) = call_endpoint(&endpoint, json_reply(&body));
        assert_eq!(result.unwrap(), endpoint.result, "{}", endpoint.name);
    }
    // A text that is not JSON.
    let order = OrderRef::ecom("order-1".parse().unwrap());
    let (_, result) = call(reply("200 OK", &[], &format!("\u{feff}{ADDED}\r\n")), |s| {
        order_management::add_receipt(s, &order, &receipt())
    });
    assert_eq!(result.unwrap(), ADDED);
    // A page.
    let (_, result) = call(reply("200 OK", &[], "\u{feff}<html>"), |s| {
        order_management::add_receipt(s, &order, &receipt())
    });
    assert_eq!(
        seen(result.unwrap_err()),
        unreadable(
            "POST /order-management/v2/ecom/receipts/order-1",
            "the reply is an HTML page, not the API's"
        )
    );
    // A request built by the caller.
    let own = |session: &Session| session.request("GET", "/x").send();
    let (_, result) = call(reply("200 OK", &[], "\u{feff}a;b"), own);
    assert_eq!(result.unwrap().text().unwrap(), "a;b");
    let (_, result) = call(reply("200 OK", &[], "\u{feff}"), own);
    let result = result.unwrap();
    assert!(result.is_empty());
    assert_eq!(result.bytes(), "\u{feff}".as_bytes());
}

#[test]
fn a_byte_order_mark_before_a_token_or_an_error_is_skipped() {
    for endpoint in token_endpoints() {
        let body = format!("\u{feff}{}", endpoint.reply);
        let server = RawServer::start([json_reply(&body)]);
        let token = token_session(&endpoint, &server.url()).access_token();
        assert_eq!(token.unwrap().secret(), "a-token-of-this-test");
    }
    let problem = "\u{feff}{\"title\":\"Bad\",\"detail\":\"Worse\"}";
    let (_, result) = call(reply("400 Bad Request", &[], problem), |session| {
        management::list_sales_units(session)
    });
    let text = result.unwrap_err().to_string();
    assert_eq!(text, format!("{UNITS}: 400 Bad Request: Bad: Worse"));
}

fn token_session(endpoint: &Endpoint, url: &str) -> Session {
    let builder = match endpoint.route {
        "POST /accesstoken/get" => builder_without_token(url),
        _ => {
            let keys = ApiKeys::management("test-client-id", "test-client-secret");
            Session::builder(keys, system()).base_url(url)
        }
    };
    builder.retry(RetryPolicy::none()).build().unwrap()
}

/// [`call`] of an endpoint with the default identifiers.
fn call_endpoint(endpoint: &Endpoint, answer: Vec<u8>) -> (String, Result<Value, Error>) {
    call(answer, |session| (endpoint.call)(session, &Ids::default()))
}

// Empty bodies.

#[test]
fn an_empty_body_is_an_empty_list_or_order() {
    let nothing = || {
        [
            b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
            json_reply(""),
            json_reply(" \r\n"),
            json_reply("\u{feff}"),
            json_reply("null"),
            json_reply(" null\n"),
        ]
    };
    for (name, empty) in [
        ("list_sales_units", json!([])),
        ("list_merchant_sales_units", json!([])),
        ("list_product_orders", json!([])),
        ("list_price_packages", json!([])),
        ("list_categories", json!([])),
        ("get_order", json!({})),
    ] {
        for answer in nothing() {
            let shown = String::from_utf8_lossy(&answer).into_owned();
            let (_, result) = call_endpoint(&endpoint(name), answer);
            assert_eq!(result.unwrap(), empty, "{name}: {shown}");
        }
    }
    for (name, body) in [
        ("list_sales_units", r#"{"salesUnits":null}"#),
        ("list_merchant_sales_units", "{}"),
        ("list_categories", r#"{"categories":null}"#),
    ] {
        let (_, result) = call_endpoint(&endpoint(name), json_reply(body));
        assert_eq!(result.unwrap(), json!([]), "{name}: {body}");
    }
}

#[test]
fn an_empty_body_is_no_single_resource_and_an_object_no_list() {
    for name in [
        "get_sales_unit",
        "get_merchant",
        "get_product_order",
        "get_category",
        "v1::get_order",
        "v1::get_receipt",
    ] {
        let endpoint = endpoint(name);
        let line = endpoint.line(&Ids::default());
        let (_, result) = call_endpoint(&endpoint, json_reply(""));
        let none = unreadable(&line, "the reply has no body");
        assert_eq!(seen(result.unwrap_err()), none);
        let (_, result) = call_endpoint(&endpoint, json_reply("null"));
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Decode, "{name}");
    }
    let (_, result) = call_endpoint(
        &endpoint("list_sales_units"),
        json_reply(r#"{"error":"no"}"#),
    );
    let reason = "the reply cannot be read: missing field `salesUnits`";
    assert_eq!(seen(result.unwrap_err()), unreadable(UNITS, reason));
}

// Numbers.

/// Writes every whole number with `.0`.
fn with_fractions(value: &mut Value) {
    match value {
        Value::Number(number) => *value = json!(number.as_i64().unwrap() as f64),
        Value::Array(items) => items.iter_mut().for_each(with_fractions),
        Value::Object(members) => members.values_mut().for_each(with_fractions),
        _ => {}
    }
}

fn receipt_with_all_numbers() -> Value {
    let mut receipt = sample_receipt();
    receipt["orderLines"][0]["taxRate"] = json!(2500);
    let bottom = receipt["bottomLine"].as_object_mut().unwrap();
    for name in [
        "giftCardAmount",
        "totalAmount",
        "totalTax",
        "totalDiscount",
        "shippingAmount",
    ] {
        bottom.insert(name.to_owned(), json!(100));
    }
    let shipping = json!({
        "amount": 100, "amountExcludingTax": 80, "taxAmount": 20, "taxPercentage": 25
    });
    bottom.insert("shippingInfo".to_owned(), shipping);
    receipt
}

#[test]
fn whole_numbers_may_be_written_with_a_fraction_of_zero() {
    let order = json!({ "receipt": receipt_with_all_numbers() });
    let mut written = order.clone();
    with_fractions(&mut written);
    assert!(written.to_string().contains("\"totalAmount\":1000.0"));
    let endpoint_of_orders = endpoint("get_order");
    let (_, result) = call_endpoint(&endpoint_of_orders, json_reply(&written.to_string()));
    assert_eq!(result.unwrap(), order);

    let old = endpoint("v1::get_order");
    let mut written = old.reply.clone();
    with_fractions(&mut written);
    let (_, result) = call_endpoint(&old, json_reply(&written.to_string()));
    assert_eq!(result.unwrap(), old.result);

    for endpoint in token_endpoints() {
        let mut reply = endpoint.reply.clone();
        reply["expires_in"] = json!(3599.0);
        let server = RawServer::start([json_reply(&reply.to_string())]);
        let token = token_session(&endpoint, &server.url()).access_token();
        assert!(token.unwrap().expires_in().as_secs() > 3000);
    }
}

#[test]
fn a_quantity_and_an_identifier_may_be_written_as_numbers() {
    for (number, text) in [
        ("1.5", "1.5"),
        ("3", "3"),
        ("2.0", "2"),
        ("0.822", "0.822"),
        ("1e2", "100"),
        ("\"2.50\"", "2.50"),
    ] {
        let quantity: Quantity = serde_json::from_str(number).unwrap();
        assert_eq!(quantity.as_str(), text, "{number}");
    }
    let units = r#"[{"msn":123456.0,"name":"A"}]"#;
    let (_, result) = call_endpoint(&endpoint("list_sales_units"), json_reply(units));
    assert_eq!(result.unwrap(), json!([{"msn": "123456", "name": "A"}]));
    for odd in ["1.5", "12345.25"] {
        assert!(serde_json::from_str::<vipps::Msn>(odd).is_err(), "{odd}");
    }
    // A number that lost digits is not the one that was written.
    let long = "12345678901234567890123.0";
    assert!(serde_json::from_str::<Quantity>(long).is_err());
}

#[test]
fn a_fractional_number_is_not_an_amount() {
    let line = "GET /order-management/v2/ecom/order-1";
    for (amount, reason) in [
        (
            "10.5",
            "invalid type: floating point, expected a whole number",
        ),
        (
            "1e300",
            "invalid type: floating point, expected a whole number",
        ),
        (
            "9223372036854775808",
            "invalid value: integer, expected a whole number",
        ),
        ("\"10\"", "invalid type: string, expected a whole number"),
        ("null", "invalid type: null, expected a whole number"),
    ] {
        let mut receipt = sample_receipt();
        receipt["orderLines"][1]["totalAmount"] = json!("@@");
        let body = json!({ "receipt": receipt }).to_string();
        let body = body.replace("\"@@\"", amount);
        let (_, result) = call_endpoint(&endpoint("get_order"), json_reply(&body));
        let place = "receipt.orderLines[1].totalAmount";
        let reason = format!("the reply cannot be read: {place}: {reason}");
        assert_eq!(
            seen(result.unwrap_err()),
            unreadable(line, &reason),
            "{amount}"
        );
    }
}

// Compression.

/// `gzip -9n` of `[]`.
const GZIPPED: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\x8b\x8e\x05\0\x29\xbb\x4c\x0d\x02\0\0\0";

fn bytes_reply(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

#[test]
fn an_unrequested_compressed_reply_is_reported() {
    let encoded = |name: &str| format!("Content-Encoding: {name}\r\n");
    let mut cases = vec![
        (String::new(), GZIPPED, " with gzip"),
        (encoded("identity"), GZIPPED, " with gzip"),
        (encoded("deflate"), b"\x8b\x8e\x05\0", " with deflate"),
        (encoded("zstd"), b"\x28\xb5\x2f\xfd\x04", " with zstd"),
        (encoded("br"), b"\x0b\x00\x80[]\x03", " with br"),
        (encoded("compress"), b"\x1f\x9d\x90", ""),
    ];
    if cfg!(not(feature = "gzip")) {
        cases.push((encoded("gzip"), GZIPPED, " with gzip"));
    }
    for (header, body, with) in cases {
        let reason = format!("the reply is compressed{with}, which was not requested");
        for name in [
            "list_sales_units",
            "get_merchant",
            "add_receipt",
            "get_order",
        ] {
            let endpoint = endpoint(name);
            let (_, result) = call_endpoint(&endpoint, bytes_reply("200 OK", &header, body));
            let line = endpoint.line(&Ids::default());
            assert_eq!(seen(result.unwrap_err()), unreadable(&line, &reason));
        }
        let server = RawServer::start([bytes_reply("200 OK", &header, body)]);
        let session = builder_without_token(&server.url()).build().unwrap();
        let text = session.access_token().unwrap_err().to_string();
        let line = "no access token: POST /accesstoken/get";
        assert_eq!(text, format!("{line}: 200 OK, but {reason}"));

        let (_, result) = call(bytes_reply("502 Bad Gateway", &header, body), |session| {
            management::list_sales_units(session)
        });
        let text = result.unwrap_err().to_string();
        assert_eq!(text, format!("{UNITS}: 502 Bad Gateway: {reason}"));
    }
}

/// A caller that wants the bytes gets them.
#[test]
fn a_compressed_file_is_returned_unchanged() {
    let answer = bytes_reply("200 OK", "Content-Type: application/gzip\r\n", GZIPPED);
    let (_, result) = call(answer, |session| {
        let request = session.request("GET", "/report.gz");
        request.accept("application/gzip").send()
    });
    let reply = result.unwrap();
    assert_eq!(reply.bytes(), GZIPPED);
    let reason = "the reply is compressed with gzip, which was not requested";
    let seen = seen(reply.text().unwrap_err());
    assert_eq!(seen, unreadable("GET /report.gz", reason));
}

/// A wrong header does no harm.
#[test]
fn a_reply_with_a_false_content_encoding_is_read() {
    let (_, result) = call_endpoint(
        &endpoint("list_sales_units"),
        bytes_reply("200 OK", "Content-Encoding: deflate\r\n", b"[]"),
    );
    assert_eq!(result.unwrap(), json!([]));
}

#[cfg(feature = "gzip")]
mod gzip {
    use super::*;

    /// Wherever it is cut, including the last eight bytes, which are a checksum and a length.
    #[test]
    fn a_cut_compressed_reply_is_a_broken_connection_and_retried() {
        for end in 1..GZIPPED.len() {
            for head in [
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 22\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: \
                 chunked\r\n\r\n16\r\n",
            ] {
                let start = GZIPPED[..end].to_vec();
                let server = cut_once(head, start, closing("[]"));
                let session = session_builder(&server.url()).build().unwrap();
                let error = management::list_sales_units(&session).unwrap_err();
                let cut = Seen {
                    kind: ErrorKind::Network,
                    retryable: true,
                    ..unreadable(UNITS, CUT)
                };
                assert_eq!(seen(error), cut, "{end} {head}");
                assert_eq!(management::list_sales_units(&session).unwrap(), []);
            }
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
        let server = cut_once(head, GZIPPED[..15].to_vec(), closing("[]"));
        let units = management::list_sales_units(&impatient(&server.url()));
        assert_eq!(units.unwrap(), []);
        assert_eq!(server.connections(), 2);
    }

    #[test]
    fn a_204_with_a_content_encoding_is_empty() {
        let answer = b"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n".to_vec();
        let (_, result) = call_endpoint(&endpoint("list_sales_units"), answer);
        assert_eq!(result.unwrap(), json!([]));
    }
}

// Unexpected values.

#[test]
fn a_missing_name_does_not_lose_the_list() {
    let mut units: Vec<Value> = (0..1000)
        .map(|n| json!({"msn": (100_000 + n).to_string(), "name": "A"}))
        .collect();
    units[417]["name"] = Value::Null;
    units[418].as_object_mut().unwrap().remove("name");
    let mut expected = units.clone();
    expected[417]["name"] = json!("");
    expected[418]["name"] = json!("");
    for body in [json!(units), json!({ "salesUnits": units })] {
        let (_, result) =
            call_endpoint(&endpoint("list_sales_units"), json_reply(&body.to_string()));
        assert_eq!(result.unwrap(), json!(expected));
    }
    let package = json!({"pricePackageId": ADDED, "name": null});
    let (_, result) = call_endpoint(
        &endpoint("list_price_packages"),
        json_reply(&json!([package]).to_string()),
    );
    let expected = json!([{"pricePackageId": ADDED, "name": "", "description": ""}]);
    assert_eq!(result.unwrap(), expected);
}

#[test]
fn an_unexpected_value_is_located_but_not_shown() {
    for (name, body, reason) in [
        (
            "list_sales_units",
            r#"[{"msn":"1","name":"A"},{"msn":"2","name":7}]"#,
            "[1].name: invalid type: integer, expected a string",
        ),
        (
            "list_sales_units",
            r#"[{"msn":"1"},{"msn":null}]"#,
            "[1].msn: invalid type: null, expected a string or a whole number",
        ),
        (
            "list_sales_units",
            r#"[{"msn":"1"},{"name":"Kari Nordmann"}]"#,
            "[1]: missing field `msn`",
        ),
        (
            "list_sales_units",
            r#"{"salesUnits":[{"msn":"\u00e6 secret"}]}"#,
            "salesUnits[0].msn: invalid value: string, expected 4 to 10 digits",
        ),
        (
            "list_sales_units",
            r#"{"salesUnits":"Kari \", expected Nordmann"}"#,
            "salesUnits: invalid type: string, expected a list of sales units",
        ),
        (
            "list_sales_units",
            "true",
            "invalid type: boolean, expected a list of sales units",
        ),
        (
            "get_merchant",
            r#"{"businessIdentifier":{"scheme":1.5,"id":"1"}}"#,
            "businessIdentifier.scheme: invalid type: floating point, expected a string",
        ),
        (
            "get_merchant",
            r#"{"businessAddress":{"lines":["a",["b"]]}}"#,
            "businessAddress.lines[1]: invalid type: sequence, expected a string",
        ),
        (
            "get_sales_unit",
            r#"{"msn":"1","configuration":{"paymentAllowed":"yes, she said"}}"#,
            "configuration.paymentAllowed: invalid type: string, expected a boolean",
        ),
        (
            "get_order",
            r#"{"receipt":{"orderLines":[],"bottomLine":{"currency":"NOK","currency":"NOK"}}}"#,
            "receipt.bottomLine: duplicate field `currency`",
        ),
        (
            "list_sales_units",
            r#"[{"msn":"1","name":"A"}] x"#,
            "trailing characters at line 1 column 26",
        ),
        (
            "list_sales_units",
            r#"[{"msn":"1","name":"A"},"#,
            "EOF while parsing a value at line 1 column 24",
        ),
    ] {
        let endpoint = endpoint(name);
        let (_, result) = call_endpoint(&endpoint, json_reply(body));
        let line = endpoint.line(&Ids::default());
        let reason = format!("the reply cannot be read: {reason}");
        assert_eq!(seen(result.unwrap_err()), unreadable(&line, &reason));
    }
}

/// A caller's own types, whose member names may themselves be values.
#[test]
fn the_path_into_a_callers_type_shows_no_value() {
    use std::collections::BTreeMap;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Own {
        list: Option<Vec<Kind>>,
        table: Option<BTreeMap<String, u8>>,
        numbered: Option<BTreeMap<u32, u8>>,
        pair: Option<(String, u8)>,
        wrapped: Option<Wrapped>,
    }
    #[derive(Debug, serde::Deserialize)]
    enum Kind {
        #[serde(rename = "a")]
        A,
    }
    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code)]
    struct Wrapped(u8);

    for (body, reason) in [
        (
            r#"{"list":["a","b"]}"#,
            "list[1]: unknown variant, expected `a`",
        ),
        (
            r#"{"table":{"ok":1,"total":"x"}}"#,
            "table.total: invalid type: string, expected u8",
        ),
        (
            r#"{"table":{"+47 999 99 999":300}}"#,
            "table.*: invalid value: integer, expected u8",
        ),
        (
            // The path of a key that is not a string is not resolved.
            r#"{"numbered":{"1":300}}"#,
            "invalid value: integer, expected u8 at line 1 column 20",
        ),
        (
            r#"{"pair":["x",300]}"#,
            "pair[1]: invalid value: integer, expected u8",
        ),
        (
            r#"{"pair":["x"]}"#,
            "pair: invalid length 1, expected a tuple of size 2",
        ),
        (
            r#"{"wrapped":-1}"#,
            "wrapped: invalid value: integer, expected u8",
        ),
        (
            r#"{"list":null,"secret-of-hers":1}"#,
            "unknown field, expected one of `list`, `table`, `numbered`, `pair`, `wrapped`",
        ),
    ] {
        let (_, result) = call(json_reply(body), |session| {
            session.request("GET", "/x").send()?.json::<Own>()
        });
        let reason = format!("the reply cannot be read: {reason}");
        assert_eq!(seen(result.unwrap_err()), unreadable("GET /x", &reason));
    }
}

// Number of entries.

#[test]
fn a_list_of_too_many_entries_is_refused() {
    let body = format!("[{}{{}}]", "{},".repeat(100_000));
    for (name, body) in [
        ("list_categories", body.clone()),
        ("list_categories", format!("{{\"categories\":{body}}}")),
    ] {
        let endpoint = endpoint(name);
        let (_, result) = call_endpoint(&endpoint, json_reply(&body));
        let text = result.unwrap_err().to_string();
        assert!(
            text.contains("the list has implausibly many entries, over "),
            "{text}"
        );
    }
    // A short list may hold anything, and so may a list of short entries.
    let short = format!("[{}{{}}]", "{},".repeat(100));
    let (_, result) = call_endpoint(&endpoint("list_categories"), json_reply(&short));
    assert_eq!(result.unwrap().as_array().unwrap().len(), 101);
    let units = format!("[{}{{\"msn\":1234}}]", "{\"msn\":1234},".repeat(100_000));
    let (_, result) = call_endpoint(&endpoint("list_sales_units"), json_reply(&units));
    assert_eq!(result.unwrap().as_array().unwrap().len(), 100_001);
    // Address lines are limited too.
    let lines = format!(
        r#"{{"businessAddress":{{"lines":[{}""]}}}}"#,
        "\"\",".repeat(1000)
    );
    let (_, result) = call_endpoint(&endpoint("get_merchant"), json_reply(&lines));
    let reason = "the reply cannot be read: businessAddress.lines: the list has implausibly many \
                  entries, over 1000";
    let line = endpoint("get_merchant").line(&Ids::default());
    assert_eq!(seen(result.unwrap_err()), unreadable(&line, reason));
    let orders = management::list_product_orders;
    let (_, result) = call(json_reply("[]"), |s| orders(s, &ListProductOrders::new()));
    assert_eq!(result.unwrap(), []);
}
