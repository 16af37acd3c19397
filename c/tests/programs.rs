//! C programs that run against a sandbox.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;

use vipps::management::{ListProductOrders, list_product_orders};
use vipps::sandbox::{Fault, ReceivedRequest, Sandbox};

use crate::tests::support::{
    command, compile, compile_static, ended, folder, functions, root, run, scratch,
};

#[test]
fn the_quick_start_runs_with_the_shared_and_the_static_library() {
    let source = root().join("examples/quickstart.c");
    assert_quick_start(&compile(&source, "quickstart-shared"));
    assert_quick_start(&compile_static(&source, "quickstart-static"));
}

#[track_caller]
fn assert_quick_start(program: &Path) {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    let sandbox = Sandbox::start().unwrap();
    let output = run(program, &sandbox, &["order-1"], 0);
    assert_output(&output, include_str!("quickstart.txt"), "");
    assert_quick_start_requests(&sandbox);
    // The quick start deletes its order.
    let orders = list_product_orders(&sandbox.session(), &ListProductOrders::new());
    assert!(orders.unwrap().is_empty());

    // A second run finds the receipt.
    let output = run(program, &sandbox, &["order-1"], 0);
    let again = String::from_utf8(output.stdout).unwrap();
    assert!(again.ends_with("      alreadyThere\n"), "{again}");
    // Without an order id it adds no receipt.
    let output = run(program, &sandbox, &[], 0);
    let without = String::from_utf8(output.stdout).unwrap();
    let last = without.lines().last();
    assert_eq!(last, Some("      Login"));

    // Errors go to stderr, and the exit status is 1.
    sandbox.clear_requests();
    sandbox.fault("DELETE *", 3, Fault::status(500));
    let output = run(program, &sandbox, &[], 1);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(sandbox.count("DELETE *"), 3);
    assert_eq!(
        sandbox.count("GET /management/v1/partners/price-packages"),
        0
    );
    let id = "00000000-0000-4000-8000-000000000004";
    assert_eq!(
        said,
        format!(
            "quickstart: DELETE /management/v1/product-orders/{id}: 500 Internal Server Error: \
             Injected fault [trace {TRACE}] \
             (3 attempts; the server may have carried it out)\n\
             quickstart: trace id for Vipps MobilePay support: {TRACE}\n\
             quickstart: the request may have taken effect\n"
        )
    );

    // An order that cannot be read is still deleted, and the first error is shown.
    sandbox.clear_requests();
    sandbox.fault(
        "GET /management/v2/product-orders/*/details",
        1,
        Fault::status(403),
    );
    let output = run(program, &sandbox, &[], 1);
    let said = String::from_utf8(output.stderr).unwrap();
    let at = "/management/v2/product-orders/00000000-0000-4000-8000-000000000005/details";
    assert_eq!(
        said.lines().next(),
        Some(
            format!("quickstart: GET {at}: 403 Forbidden: Injected fault [trace {TRACE}]").as_str()
        )
    );
    assert_eq!(sandbox.count("DELETE *"), 1);

    let empty = Sandbox::builder().sales_units(0).start().unwrap();
    let output = run(program, &empty, &["order-1"], 0);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown.ends_with("\nThe keys have no access to any sales unit.\n"),
        "{shown}"
    );
}

/// Compares whole requests. The server's port, the token and the idempotency key, which differ from
/// run to run, have placeholders.
#[track_caller]
fn assert_quick_start_requests(sandbox: &Sandbox) {
    let requests = sandbox.requests();
    let tokens: BTreeSet<&str> = requests
        .iter()
        .filter_map(|request| request.header("authorization"))
        .collect();
    assert_eq!(tokens.len(), 1);
    let keys = requests
        .iter()
        .filter_map(|request| request.header("idempotency-key"));
    assert_eq!(keys.map(str::len).collect::<Vec<_>>(), [36]);

    let keys = "client_id: sandbox-client-id\nclient_secret: sandbox-client-secret\n";
    let order = "/management/v1/product-orders/00000000-0000-4000-8000-000000000001";
    let details = "/management/v2/product-orders/00000000-0000-4000-8000-000000000001/details";
    let merchant = "/management/v1/merchants/business:NO:ORG/987654321";
    let prefill = concat!(
        r#"{"businessIdentifier":{"scheme":"business:NO:ORG","id":"987654321"},"#,
        r#""productType":"CHECKOUT"}"#,
    );
    let socks = concat!(
        r#"{"name":"Wool socks","id":"socks-7","totalAmount":39800,"#,
        r#""totalAmountExcludingTax":31840,"totalTaxAmount":7960,"taxRate":2500,"#,
        r#""unitInfo":{"unitPrice":19900,"quantity":"2"}}"#,
    );
    let shipping = concat!(
        r#"{"name":"Home delivery","id":"delivery","totalAmount":9900,"#,
        r#""totalAmountExcludingTax":7920,"totalTaxAmount":1980,"taxRate":2500,"isShipping":true}"#,
    );
    let receipt =
        format!(r#"{{"orderLines":[{socks},{shipping}],"bottomLine":{{"currency":"NOK"}}}}"#);
    let expected = [
        ("POST /accesstoken/get".to_owned(), keys, Some("")),
        get("/management/v1/sales-units"),
        get("/management/v1/sales-units/123456"),
        get(&format!("{merchant}/sales-units")),
        get(merchant),
        get("/management/v2/product-orders?includeExpired=false"),
        (
            "POST /management/v1/product-orders".to_owned(),
            "idempotency-key: (the order's)\n",
            Some(prefill),
        ),
        get(details),
        (format!("DELETE {order}"), "", None),
        get("/management/v1/partners/price-packages"),
        (
            "POST /order-management/v2/ecom/receipts/order-1".to_owned(),
            "merchant-serial-number: 123456\n",
            Some(receipt.as_str()),
        ),
    ];
    let mut texts = requests.iter().map(whole);
    for (line, headers, body) in expected {
        assert_eq!(texts.next(), Some(whole_expected(&line, headers, body)));
    }
    assert_eq!(texts.next(), None);
}

fn get(path: &str) -> (String, &'static str, Option<&'static str>) {
    (format!("GET {path}"), "", None)
}

/// A request as text, with the headers that all requests have in addition to `headers`.
fn whole_expected(line: &str, headers: &str, body: Option<&str>) -> String {
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    let encoding = if cfg!(feature = "gzip") {
        "gzip"
    } else {
        "identity"
    };
    let mut all = format!(
        "accept: application/json\naccept-encoding: {encoding}\nhost: (the server)\n\
         ocp-apim-subscription-key: sandbox-key-1\nuser-agent: vipps-rust/{VERSION}\n\
         vipps-system-name: vipps-quickstart\nvipps-system-plugin-name: vipps-quickstart\n\
         vipps-system-plugin-version: {VERSION}\nvipps-system-version: {VERSION}\n{headers}"
    );
    if !line.ends_with("/accesstoken/get") {
        all.push_str("authorization: (the token)\n");
    }
    let body = match body {
        Some(body) => {
            all.push_str(&format!("content-length: {}\n", body.len()));
            if !body.is_empty() {
                all.push_str("content-type: application/json\n");
            }
            body
        }
        None => "",
    };
    let mut all: Vec<&str> = all.lines().collect();
    all.sort_unstable();
    format!("{line}\n{}\n\n{body}", all.join("\n"))
}

fn whole(request: &ReceivedRequest) -> String {
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| match name.as_str() {
            "host" => "host: (the server)".to_owned(),
            "authorization" => "authorization: (the token)".to_owned(),
            "idempotency-key" => "idempotency-key: (the order's)".to_owned(),
            _ => format!("{name}: {value}"),
        });
    let mut headers: Vec<String> = headers.collect();
    headers.sort_unstable();
    let body = String::from_utf8_lossy(&request.body);
    let (method, path) = (&request.method, &request.path);
    format!("{method} {path}\n{}\n\n{body}", headers.join("\n"))
}

#[test]
fn every_function_succeeds_and_fails_as_documented() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.enable_v1();
    let picture = scratch("picture.png");
    fs::write(&*picture, png()).unwrap();
    // Fails both attempts of the session that has two.
    let expired = "GET /management/v2/product-orders?includeExpired=false";
    sandbox.fault(expired, 2, Fault::status(503));
    let program = compile(&root().join("tests/calls.c"), "calls");
    let output = run(
        &program,
        &sandbox,
        &[sandbox.url(), picture.to_str().unwrap()],
        0,
    );
    let version = env!("CARGO_PKG_VERSION");
    if std::env::var_os("VIPPS_WRITE_CALLS").is_some() {
        let shown = String::from_utf8(output.stdout).unwrap();
        let path = root().join("tests/calls.txt");
        fs::write(path, shown.replace(version, "(version)")).unwrap();
        return;
    }
    let expected = include_str!("calls.txt").replace("(version)", version);
    println!("if the output is right: VIPPS_WRITE_CALLS=1 cargo test -p vipps-capi as_documented");
    assert_output(&output, &expected, "");

    // No function is left out.
    let calls = include_str!("calls.txt");
    let mut good = BTreeSet::new();
    let mut bad = BTreeSet::new();
    for (call, result) in calls.lines().zip(calls.lines().skip(1)) {
        if let Some((name, _)) = call.split_once('(').filter(|_| call.starts_with("vipps_")) {
            let is_error = result.contains(", HTTP ");
            let _ = if is_error {
                bad.insert(name)
            } else {
                good.insert(name)
            };
        }
    }
    let source = include_str!("calls.c");
    for function in functions() {
        let name = function.name;
        let takes_a_session = function
            .parameters
            .iter()
            .any(|(_, name)| name == "session");
        let is_endpoint = takes_a_session && !name.starts_with("vipps_session_");
        if is_endpoint {
            assert!(
                good.contains(name),
                "{name} is never called with good input"
            );
            assert!(bad.contains(name), "{name} is never called with bad input");
        }
        assert!(
            source.contains(&format!("{name}(")),
            "{name} is never called"
        );
    }
}

#[test]
fn eight_threads_share_a_session() {
    let sandbox = Sandbox::start().unwrap();
    let program = compile(&root().join("tests/threads.c"), "threads");
    let output = run(&program, &sandbox, &[sandbox.url()], 0);
    // 8 threads with 50 calls each, and one token request.
    let expected = "8 threads, 401 attempts, 1 release, ok\n";
    assert_output(&output, expected, "");
    assert_eq!(sandbox.count("POST /accesstoken/get"), 1);
    assert_eq!(sandbox.count("GET /management/v1/sales-units/123456"), 400);
    let of_other = sandbox.requests();
    let of_other = of_other
        .iter()
        .filter(|request| request.header("merchant-serial-number") == Some("654321"));
    assert_eq!(of_other.count(), 200);
}

/// A valid argument for a parameter.
fn good_argument(kind: &str, name: &str) -> Option<&'static str> {
    Some(match (kind, name) {
        ("const vipps_session *", _) => "session",
        ("const vipps_reply *", _) => "reply",
        ("const vipps_observer *", _) => "NULL",
        ("const vipps_string *", _) => "string",
        ("const vipps_error *", _) => "some_error",
        ("const char *", "payment_type") => "\"ECOM\"",
        ("const char *", _) => "\"x\"",
        ("const uint8_t *", _) => "bytes",
        ("const int64_t *", _) => "numbers",
        ("vipps_error **", _) => "&error",
        ("vipps_string **", _) => "&out_string",
        ("vipps_session **", _) => "&out_session",
        ("vipps_reply **", _) => "&out_reply",
        ("const char **", _) => "&out_text",
        ("size_t *", _) => "&out_size",
        ("int *", _) => "&out_int",
        ("bool *", _) => "&out_bool",
        ("int64_t *", "out_amount") => "&out_amount",
        ("int64_t *", _) => "&out_int64",
        ("const uint8_t **", _) => "&out_bytes",
        ("uint64_t *", _) => "&out_uint64",
        ("vipps_status *", _) => "&out_status",
        ("vipps_delivery *", _) => "&out_delivery",
        ("size_t", _) => "1",
        ("uint16_t" | "uint32_t" | "int64_t" | "uint64_t", _) => "2500",
        _ => return None,
    })
}

/// Generates a program from the header that calls each function with NULL for each pointer, and
/// with invalid UTF-8 for each string.
#[test]
fn null_and_invalid_utf8_are_statuses_whatever_the_function_and_the_argument() {
    let mut calls = String::new();
    let mut expected = String::new();
    let mut number = 0;
    for function in functions()
        .iter()
        .filter(|function| function.returns == "vipps_status")
    {
        let number_before = number;
        for (at, (kind, name)) in function.parameters.iter().enumerate() {
            let is_optional = name == "error" && kind == "vipps_error **"
                || ["observer", "options_json", "body"].contains(&name.as_str());
            let mut wrongs = Vec::new();
            if kind.contains('*') && !is_optional {
                wrongs.push(("NULL", "null"));
            }
            if kind == "const char *" {
                wrongs.push(("\"x\\xff\"", "utf8"));
            }
            for (wrong, macro_name) in wrongs {
                let arguments: Vec<&str> = function
                    .parameters
                    .iter()
                    .enumerate()
                    .map(|(nth, (kind, name))| {
                        let good = || good_argument(kind, name);
                        let argument = if nth == at { Some(wrong) } else { good() };
                        argument.unwrap_or_else(|| panic!("{}: {kind} {name}", function.name))
                    })
                    .collect();
                let call = format!("{}({})", function.name, arguments.join(", "));
                let has_error = arguments.contains(&"&error");
                // vipps_allocate() does not write its array on failure.
                let outputs = arguments
                    .iter()
                    .filter_map(|argument| argument.strip_prefix("&out_"))
                    .filter(|_| function.name != "vipps_allocate")
                    .map(|output| format!("HAS_out_{output} | "));
                let outputs: String = outputs.collect();
                calls.push_str(&format!(
                    "    {macro_name}({call}, \"{name}\", {outputs}HAS_NONE, {has_error});\n"
                ));
                number += 1;
            }
        }
        assert!(number > number_before, "no wrong call of {}", function.name);
    }
    expected.push_str(&format!("{number} calls\n"));
    let source = scratch("wrong.c");
    let frame = include_str!("wrong.c.in");
    fs::write(&*source, frame.replace("/* the calls */", &calls)).unwrap();
    let program = compile(&source, "wrong");
    let sandbox = Sandbox::start().unwrap();
    let output = run(&program, &sandbox, &[], 0);
    assert_output(&output, &expected, "");
    assert_eq!(sandbox.requests().len(), 2);
}

#[track_caller]
fn assert_output(output: &Output, stdout: &str, stderr: &str) {
    let shown = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    if shown != stdout {
        // Too long to print: shows the first difference.
        let kept = folder().join("shown.txt");
        fs::write(&kept, shown.as_bytes()).unwrap();
        let mut lines = shown.lines().zip(stdout.lines());
        let different = lines.find(|(is, must_be)| is != must_be);
        panic!(
            "{different:?}; the whole output is in {}; {said}",
            kept.display()
        );
    }
    assert_eq!(said, stderr);
}

#[test]
fn every_missing_environment_variable_is_named() {
    let program = compile(&root().join("tests/calls.c"), "calls-of-none");
    let sandbox = Sandbox::start().unwrap();
    let mut command = command(&program, &sandbox, &[]);
    command.env_remove("VIPPS_CLIENT_ID");
    command.env_remove("VIPPS_SUBSCRIPTION_KEY");
    let output = ended(&mut command, 0);
    let reason = "not set in the environment";
    let problem = |name: &str| format!("{{\"name\":\"{name}\",\"reason\":\"{reason}\"}}");
    let expected = [
        "vipps_session_from_env(SYSTEM, NULL, &session, &error)\n    1 Config, HTTP 0, delivery 0, \
         retryable 0, after -1 ms, no request , code none, trace none\n",
        &format!(
            "    configuration: VIPPS_CLIENT_ID: {reason}; VIPPS_SUBSCRIPTION_KEY: {reason}\n"
        ),
        &format!(
            "    [{},{}]\n",
            problem("VIPPS_CLIENT_ID"),
            problem("VIPPS_SUBSCRIPTION_KEY")
        ),
    ];
    assert_output(&output, &expected.concat(), "");
}

#[test]
fn the_image_id_is_that_of_the_reply() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault(
        "POST /order-management/v1/images",
        1,
        Fault::json(200, r#"{"imageId":"other"}"#),
    );
    sandbox.enable_v1();
    let picture = scratch("picture-of-other-id.png");
    fs::write(&*picture, png()).unwrap();
    let program = compile(&root().join("tests/calls.c"), "calls-of-other-id");
    let output = run(
        &program,
        &sandbox,
        &[sandbox.url(), picture.to_str().unwrap()],
        0,
    );
    let shown = String::from_utf8(output.stdout).unwrap();
    let call = "vipps_add_image(session, \"socks\", picture, length, &json, &error)\n";
    let (_, answer) = shown.split_once(call).unwrap();
    assert_eq!(answer.lines().next(), Some("    {\"imageId\":\"other\"}"));
}

/// A small PNG of sufficient height. Its checksums are not checked.
fn png() -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8], data: &[u8]| {
        png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        png.extend(kind);
        png.extend(data);
        png.extend([0; 4]);
    };
    let size = 200_u32.to_be_bytes();
    chunk(
        b"IHDR",
        &[size.as_slice(), &size, &[8, 0, 0, 0, 0]].concat(),
    );
    chunk(b"IDAT", &[0; 16]);
    chunk(b"IEND", &[]);
    png
}
