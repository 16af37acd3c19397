//! What holds for every endpoint: the complete request and result, its identifiers, its sales unit,
//! and the meaning of its statuses.

use crate::support::CallAny as _;
use serde_json::{Value, json};
use vipps::order_management::OrderRef;
use vipps::sandbox::{Fault, Sandbox};
use vipps::{Delivery, Error, ErrorKind, Session};

use crate::support::{
    ADDED, CONFLICTING_RECEIPT, Endpoint, Ids, Needs, RawServer, Retry, builder_without_msn, call,
    endpoint, endpoints, json_reply, of_orders, reply, session_builder, test_token, unchecked,
    unwanted, whole_wire, wire,
};

fn good_reply(endpoint: &Endpoint) -> Vec<u8> {
    match &endpoint.reply {
        Value::Null => reply("200 OK", &[], ""),
        body => json_reply(&body.to_string()),
    }
}

/// Calls a row's endpoint with these identifiers. Returns the complete request and the result.
fn call_with(endpoint: &Endpoint, answer: Vec<u8>, ids: &Ids) -> (String, Result<Value, Error>) {
    call(answer, |session| (endpoint.call)(session, ids))
}

fn error_of(endpoint: &Endpoint, answer: Vec<u8>) -> Error {
    let (_, result) = call_with(endpoint, answer, &Ids::default());
    result.unwrap_err()
}

#[test]
fn every_endpoint_sends_this_exact_request_and_returns_this_exact_result() {
    let ids = Ids::default();
    for endpoint in endpoints() {
        let (request, result) = call_with(&endpoint, good_reply(&endpoint), &ids);
        assert_eq!(request, endpoint.request(&ids));
        assert_eq!(result.unwrap(), endpoint.result, "{}", endpoint.name);
    }
}

/// A POST is answered with 201, but nothing depends on it.
#[test]
fn created_counts_as_success() {
    for endpoint in endpoints() {
        let headers = ["Content-Type: application/json; charset=utf-8"];
        let answer = reply("201 Created", &headers, &endpoint.reply.to_string());
        let (_, result) = call_with(&endpoint, answer, &Ids::default());
        match endpoint.reply {
            Value::Null => drop(result.unwrap()),
            _ => assert_eq!(result.unwrap(), endpoint.result, "{}", endpoint.name),
        }
    }
}

#[test]
fn raw_reaches_every_endpoint() {
    let ids = Ids::default();
    for endpoint in endpoints() {
        let line = endpoint.line(&ids);
        let (method, path) = line.split_once(' ').unwrap();
        let expected = endpoint.request(&ids);
        // The exception is the crate's own idempotency key, which raw does not send.
        let key = endpoint
            .idempotency_key
            .map(|key| format!("idempotency-key: {key}\n"));
        let expected = expected.replace(&key.unwrap_or_default(), "");
        let (expected, body) = expected.split_once("\n\n").unwrap();
        let body: Option<Value> = serde_json::from_str(body).ok();
        let (request, result) = call(good_reply(&endpoint), |session| {
            session.call_any(method, path, body.as_ref())
        });
        // The members of a JSON object may be in another order.
        let (head, sent) = request.split_once("\n\n").unwrap();
        assert_eq!(head, expected);
        assert_eq!(serde_json::from_str(sent).ok(), body);
        assert_eq!(result.unwrap(), endpoint.reply);
    }
}

// Sales units.

#[test]
fn the_order_management_api_needs_an_msn_before_anything_is_sent() {
    let server = unwanted();
    let builder = builder_without_msn(&server.url()).access_token(test_token());
    let session = builder.build().unwrap();
    for endpoint in endpoints().iter().filter(|endpoint| endpoint.needs_msn) {
        let error = (endpoint.call)(&session, &Ids::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{}", endpoint.name);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(
            error.to_string(),
            "configuration: merchant_serial_number: must be set for the Order Management API, on \
             the builder or with for_sales_unit()"
        );
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn the_management_api_needs_no_msn() {
    let ids = Ids::default();
    for endpoint in endpoints().iter().filter(|endpoint| !endpoint.needs_msn) {
        let server = RawServer::start([good_reply(endpoint)]);
        let builder = builder_without_msn(&server.url()).access_token(test_token());
        (endpoint.call)(&builder.build().unwrap(), &ids).unwrap();
        let expected = endpoint.request(&ids);
        let expected = expected.replace("merchant-serial-number: 123456\n", "");
        assert_eq!(whole_wire(&server.requests()[0]), expected);
    }
}

#[test]
fn every_endpoint_takes_the_msn_of_for_sales_unit() {
    let ids = Ids::default();
    for endpoint in endpoints() {
        let server = RawServer::start([good_reply(&endpoint), good_reply(&endpoint)]);
        let msn = "10012345".parse().unwrap();
        let with_another = session_builder(&server.url()).build().unwrap();
        (endpoint.call)(&with_another.for_sales_unit(&msn), &ids).unwrap();
        let with_none = builder_without_msn(&server.url()).access_token(test_token());
        (endpoint.call)(&with_none.build().unwrap().for_sales_unit(&msn), &ids).unwrap();
        let expected = endpoint.request(&ids);
        let ours = "merchant-serial-number: 123456\n";
        assert!(expected.contains(ours));
        let expected = expected.replace(ours, "merchant-serial-number: 10012345\n");
        let requests: Vec<String> = server.requests().iter().map(|r| whole_wire(r)).collect();
        assert_eq!(requests, [expected.clone(), expected]);
    }
}

// Identifiers.

#[test]
fn recurring_is_lower_case_in_paths_and_upper_case_in_bodies() {
    let ids = Ids::of_order(OrderRef::recurring("A.b-c_1".parse().unwrap()));
    for (name, line) in [
        ("get_order", "GET /order-management/v2/recurring/A.b-c_1"),
        (
            "put_category",
            "PUT /order-management/v2/recurring/categories/A.b-c_1",
        ),
        (
            "add_receipt",
            "POST /order-management/v2/recurring/receipts/A.b-c_1",
        ),
        ("add_category", "POST /order-management/v3/categories"),
    ] {
        let endpoint = endpoint(name);
        let (request, result) = call_with(&endpoint, good_reply(&endpoint), &ids);
        assert_eq!(request, endpoint.request(&ids));
        assert_eq!(request.lines().next(), Some(line));
        let body = r#"{"orderId":"A.b-c_1","paymentType":"RECURRING","#;
        assert_eq!(request.contains(body), name == "add_category");
        result.unwrap();
    }
}

/// The names in a row's path.
fn names(endpoint: &Endpoint) -> Vec<&'static str> {
    let path = endpoint.route.split('?').next().unwrap();
    let names = path.split('{').skip(1);
    names.map(|rest| rest.split('}').next().unwrap()).collect()
}

/// The default identifiers with one of them replaced, as a server may have sent it.
fn ids_with(name: &str, value: &str) -> Ids {
    let mut ids = Ids::default();
    let merchant = |scheme: &str, id: &str| unchecked(json!({"scheme": scheme, "id": id}));
    match name {
        "msn" => ids.msn = unchecked(value),
        "scheme" => ids.merchant = merchant(value, "987654321"),
        "id" => ids.merchant = merchant("business:NO:ORG", value),
        "productOrderId" => ids.product_order = unchecked(value),
        "orderId" | "transactionId" => ids.order.order_id = unchecked(value),
        "categoryId" => ids.category = unchecked(value),
        _ => panic!("{name}"),
    }
    ids
}

/// Every row with every name in its path that takes any text.
fn all_names() -> impl Iterator<Item = (Endpoint, &'static str)> {
    endpoints().into_iter().flat_map(|row| {
        let name = row.name;
        let names = names(&row)
            .into_iter()
            .filter(|name| *name != "paymentType");
        names.map(move |of| (endpoint(name), of))
    })
}

#[test]
fn every_valid_order_id_reaches_the_api_unchanged() {
    let all = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    let long = "x".repeat(8000);
    for id in [all, "0", "-", "_", "...", ".a", "a.", "a..b", "-_.", &long] {
        let ids = Ids::of_order(OrderRef::ecom(id.parse().unwrap()));
        for (endpoint, name) in all_names() {
            if !["orderId", "transactionId"].contains(&name) {
                continue;
            }
            let (request, result) = call_with(&endpoint, good_reply(&endpoint), &ids);
            assert_eq!(request, endpoint.request(&ids));
            assert!(request.lines().next().unwrap().ends_with(id));
            result.unwrap();
        }
    }
}

/// They would change the path: `/v2/ecom/..` is `/v2`.
#[test]
fn dots_and_empty_segments_are_refused_in_paths() {
    let server = unwanted();
    let session = session_builder(&server.url()).build().unwrap();
    let mut tried = 0;
    for (endpoint, name) in all_names() {
        for dots in ["", ".", ".."] {
            let error = (endpoint.call)(&session, &ids_with(name, dots)).unwrap_err();
            let expected = match dots {
                // An OrderRef is validated before it becomes a path.
                "" if name == "orderId" => {
                    "invalid input: orderId: must be letters, digits, -, _ and ., not \"\""
                        .to_owned()
                }
                _ => format!("invalid input: {name}: {dots:?} cannot be a path segment"),
            };
            assert_eq!(error.to_string(), expected, "{}", endpoint.name);
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            tried += 1;
        }
    }
    assert_eq!((server.connections(), tried), (0, 3 * 17));
}

#[test]
fn dots_are_sent_outside_of_paths() {
    for dots in [".", ".."] {
        let ids = Ids::of_order(OrderRef::ecom(dots.parse().unwrap()));
        for endpoint in ["list_categories", "add_category"].map(endpoint) {
            let (request, result) = call_with(&endpoint, good_reply(&endpoint), &ids);
            assert_eq!(request, endpoint.request(&ids));
            assert_eq!(result.unwrap(), endpoint.result);
        }
    }
}

#[test]
fn an_id_from_a_server_stays_one_segment() {
    let refused = |id: &str| {
        format!("invalid input: orderId: must be letters, digits, -, _ and ., not {id:?}")
    };
    for (id, encoded) in [
        (
            "../a/b?c=d&e#f%2Fg h",
            "..%2Fa%2Fb%3Fc%3Dd%26e%23f%252Fg%20h",
        ),
        ("a%41+&=@:~", "a%2541%2B%26%3D%40:~"),
        ("----", "----"),
        ("....", "...."),
    ] {
        for (endpoint, name) in all_names() {
            let ids = ids_with(name, id);
            if name == "orderId" && id != encoded {
                // An OrderRef is validated before it becomes a path.
                let server = unwanted();
                let session = session_builder(&server.url()).build().unwrap();
                let error = (endpoint.call)(&session, &ids).unwrap_err();
                assert_eq!(error.to_string(), refused(id));
                continue;
            }
            let (request, result) = call_with(&endpoint, good_reply(&endpoint), &ids);
            assert_eq!(request, endpoint.request(&ids));
            let line = request.lines().next().unwrap();
            let mut segments = line.split('/');
            assert!(segments.any(|segment| segment == encoded), "{line}");
            result.unwrap();
        }
        // In the query too.
        let list = endpoint("list_categories");
        let (request, _) = call_with(&list, good_reply(&list), &ids_with("orderId", id));
        let line = format!("GET /order-management/v3/categories?orderId={encoded}");
        assert_eq!(request, wire(&line, ""));
    }
}

// Replies.

#[test]
fn adding_a_category_or_receipt_returns_the_reply_as_text() {
    for (body, expected) in [
        (format!("\"{ADDED}\""), ADDED),
        (format!(" \"{ADDED}\"\r\n"), ADDED),
        (r#""a \"quoted\" word""#.to_owned(), r#"a "quoted" word"#),
        (ADDED.to_owned(), ADDED),
        (format!("{ADDED}\n"), ADDED),
        (r#"{"id":"1"}"#.to_owned(), r#"{"id":"1"}"#),
        (String::new(), ""),
        ("\"\"".to_owned(), ""),
        (" \r\n".to_owned(), ""),
        ("OK".to_owned(), "OK"),
    ] {
        for headers in [&["Content-Type: application/json"], [].as_slice()] {
            for endpoint in of_orders().filter(|endpoint| endpoint.needs == Needs::Text) {
                let answer = reply("200 OK", headers, &body);
                let (_, result) = call_with(&endpoint, answer, &Ids::default());
                let expected = match endpoint.name {
                    "ensure_receipt" => json!({ "added": expected }),
                    _ => json!(expected),
                };
                assert_eq!(result.unwrap(), expected, "{}: {body}", endpoint.name);
            }
        }
    }
}

#[test]
fn an_unspecified_reply_body_is_ignored() {
    for answer in [
        reply("200 OK", &[], ""),
        reply("200 OK", &["Content-Type: text/plain"], "deleted"),
        json_reply("{}"),
        b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
    ] {
        let endpoints = endpoints().into_iter();
        for endpoint in endpoints.filter(|endpoint| endpoint.needs == Needs::Nothing) {
            let (_, result) = call_with(&endpoint, answer.clone(), &Ids::default());
            result.unwrap();
        }
    }
}

/// A gateway's login page is not a receipt, whatever its status.
#[test]
fn a_page_is_not_taken_for_the_apis_reply() {
    let page = "\n<!DOCTYPE html><title>Log in</title>";
    let page = || reply("200 OK", &["Content-Type: text/html"], page);
    let no_json = [Needs::Text, Needs::Nothing];
    for endpoint in answered_once().filter(|endpoint| no_json.contains(&endpoint.needs)) {
        let error = error_of(&endpoint, page());
        let line = endpoint.line(&Ids::default());
        assert_eq!(
            error.to_string(),
            format!("{line}: 200 OK, but the reply is an HTML page, not the API's")
        );
        assert_eq!(
            (error.kind(), error.delivery(), error.status()),
            (ErrorKind::Decode, Delivery::Answered, Some(200))
        );
    }
}

// Errors.

#[test]
fn a_404_of_every_endpoint_keeps_method_path_and_problem() {
    // The error formats of both APIs.
    let plain = json!({"title": "Not Found", "status": 404, "detail": "Not active."});
    let full = json!({
        "type": "https://example.com/problem/not-found",
        "title": "Not Found",
        "detail": "There is no such order.",
        "instance": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "invalidParams": [{"name": "orderId", "reason": "is not known"}]
    });
    for endpoint in endpoints() {
        for (problem, says, trace) in [
            (&plain, "Not active", None),
            (
                &full,
                "There is no such order (orderId: is not known) [trace \
                 4bf92f3577b34da6a3ce929d0e0e4736]",
                Some("4bf92f3577b34da6a3ce929d0e0e4736"),
            ),
        ] {
            let headers = ["Content-Type: application/problem+json"];
            let answer = reply("404 Not Found", &headers, &problem.to_string());
            let error = error_of(&endpoint, answer);
            assert_eq!(error.kind(), ErrorKind::NotFound);
            assert_eq!(error.trace_id(), trace);
            let line = endpoint.line(&Ids::default());
            assert_eq!(error.to_string(), format!("{line}: 404 Not Found: {says}"));
        }
    }
}

/// The rows whose error is that of the first reply.
fn answered_once() -> impl Iterator<Item = Endpoint> {
    let endpoints = endpoints().into_iter();
    endpoints.filter(|endpoint| !endpoint.is_ensured())
}

#[test]
fn an_unambiguous_conflict_is_a_resource_that_already_exists() {
    for endpoint in answered_once() {
        let headers = ["Content-Type: application/problem+json"];
        let error = error_of(
            &endpoint,
            reply("409 Conflict", &headers, CONFLICTING_RECEIPT),
        );
        assert_eq!(error.kind(), endpoint.conflict, "{}", endpoint.name);
        assert_eq!(error.status(), Some(409));
        assert_eq!(error.delivery(), Delivery::Answered);
        assert!(!error.is_retryable());
        assert_eq!(error.trace_id(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        assert_eq!(
            error.to_string(),
            format!(
                "{}: 409 Conflict: Conflicting receipt: Receipt already exists [trace \
                 4bf92f3577b34da6a3ce929d0e0e4736]",
                endpoint.line(&Ids::default())
            )
        );
    }
}

/// The API has been seen to answer a duplicate image with either status and varying text. In a
/// receipt or a category, other things may be duplicated.
#[test]
fn an_existing_image_is_recognized_by_409_or_the_word_duplicate() {
    let title = r#"{"title":"Duplicate image"}"#;
    let reason = concat!(
        r#"{"title":"Bad Request","invalidParams":[{"name":"imageId","#,
        r#""reason":"Is a duplicate."}]}"#
    );
    for (status, body, is_duplicate) in [
        ("409 Conflict", "", true),
        ("409 Conflict", title, true),
        ("400 Bad Request", title, true),
        (
            "400 Bad Request",
            r#"{"title":"Bad Request","detail":"DUPLICATE imageId"}"#,
            true,
        ),
        ("400 Bad Request", reason, true),
        ("400 Bad Request", "Duplicate key value", true),
        ("400 Bad Request", "\"duplicate\"", true),
        ("400 Bad Request", r#"{"title":"Bad Request"}"#, false),
        ("400 Bad Request", "", false),
        ("422 Unprocessable Content", title, false),
        ("500 Internal Server Error", title, false),
    ] {
        for endpoint in answered_once() {
            let answer = reply(status, &["Content-Type: application/json"], body);
            let expected = match &status[..3] {
                "409" => endpoint.conflict,
                "500" => ErrorKind::Server,
                _ if is_duplicate && endpoint.name == "add_image" => ErrorKind::AlreadyExists,
                _ => ErrorKind::Rejected,
            };
            let kind = error_of(&endpoint, answer).kind();
            assert_eq!(kind, expected, "{}: {status} {body}", endpoint.name);
        }
    }
}

/// Only the caller can decide what to do. Receipts and images report that they already exist;
/// categories do not.
#[test]
fn a_post_of_unknown_outcome_is_sent_once() {
    let endpoints = endpoints().into_iter();
    for endpoint in endpoints.filter(|endpoint| endpoint.retry == Retry::Never) {
        for fault in [Fault::LoseReply, Fault::CloseAfterReading] {
            let sandbox = Sandbox::start().unwrap();
            if endpoint.deprecated {
                sandbox.enable_v1();
            }
            let call = |session: &Session| (endpoint.call)(session, &Ids::default());
            let route = endpoint.sandbox_route();
            sandbox.fault(&route, 1, fault.clone());
            let error = call(&sandbox.session()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Network);
            assert_eq!(error.delivery(), Delivery::Unknown);
            assert!(!error.is_retryable());
            assert_eq!(sandbox.count(&route), 1);
            assert_eq!(
                error.to_string(),
                format!(
                    "{route}: the connection was closed before a reply arrived (the server may \
                     have carried it out)"
                )
            );
            let again = call(&sandbox.session()).map_err(|error| error.kind());
            let exists = fault == Fault::LoseReply && endpoint.conflict == ErrorKind::AlreadyExists;
            let expected = if exists {
                Err(ErrorKind::AlreadyExists)
            } else {
                Ok(())
            };
            assert_eq!(again.map(drop), expected, "{route}");
        }
    }
}
