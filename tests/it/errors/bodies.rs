//! All known forms of error body, and some hypothetical ones.

use vipps::ErrorKind::{
    Conflict, Forbidden, NotFound, RateLimited, Rejected, Server, Unauthorized,
};
use vipps::sandbox::Fault;

use super::{Facts, answered, error_of, facts, fields, raw_reply, sandbox, says, some};

mod limits;

const PROBLEM: &str = "application/problem+json";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain";
const HTML: &str = "text/html";

struct Case {
    /// Where this form was observed.
    seen: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
    says: Facts,
}

fn case(
    seen: &'static str,
    content_type: &'static str,
    body: impl Into<Vec<u8>>,
    says: Facts,
) -> Case {
    let body = body.into();
    Case {
        seen,
        content_type,
        body,
        says,
    }
}

#[track_caller]
fn check(cases: impl IntoIterator<Item = Case>) {
    let (sandbox, session) = sandbox();
    for case in cases {
        let status = case.says.status.unwrap();
        let fault = Fault::reply(status, case.content_type, case.body);
        let error = error_of(&sandbox, &session, fault);
        assert_eq!(facts(&error), case.says, "{}", case.seen);
    }
}

#[test]
fn documented_problems_of_both_apis() {
    check([
        case(
            "the Management API's schema: extraDetails with key and value",
            PROBLEM,
            r#"{"type":"https://example.com/problem/invalid","title":"Invalid product order",
               "status":400,"detail":"The order cannot be made.",
               "instance":"urn:uuid:123e4567-e89b-12d3-a456-426655440000",
               "extraDetails":[{"key":"CustomErrorCode","value":"9000"},
               {"key":"msn","value":"is not yours"}]}"#,
            says(
                Rejected,
                "400 Bad Request: Invalid product order: The order cannot be made \
                 (CustomErrorCode: 9000; msn: is not yours)",
            )
            .problem_type("https://example.com/problem/invalid")
            .title("Invalid product order")
            .detail("The order cannot be made.")
            .instance("urn:uuid:123e4567-e89b-12d3-a456-426655440000")
            .fields(&[("CustomErrorCode", "9000"), ("msn", "is not yours")])
            .code("9000"),
        ),
        case(
            "live replies of sister APIs: extraDetails with name and reason, traceId",
            PROBLEM,
            r#"{"type":"https://example.com/validation","title":"Bad Request","status":400,
               "detail":"One field is wrong","instance":"/sales-units",
               "traceId":"0af7651916cd43dd8448eb211c80319c",
               "extraDetails":[{"name":"website.url","reason":"must be https"}]}"#,
            says(
                Rejected,
                "400 Bad Request: One field is wrong (website.url: must be https) \
                 [trace 0af7651916cd43dd8448eb211c80319c]",
            )
            .problem_type("https://example.com/validation")
            .title("Bad Request")
            .detail("One field is wrong")
            .instance("/sales-units")
            .fields(&[("website.url", "must be https")])
            .trace_id("0af7651916cd43dd8448eb211c80319c"),
        ),
        case(
            "Order Management's schema: invalidParams",
            PROBLEM,
            r#"{"type":"https://example.com/invalid-params","title":"Validation failed",
               "status":422,"detail":"See the fields","instance":"urn:uuid:1",
               "invalidParams":[{"name":"orderLines[0].taxRate","reason":"is missing"},
               {"name":"currency","reason":"is unknown"}]}"#,
            says(
                Rejected,
                "422 Unprocessable Entity: Validation failed: See the fields \
                 (orderLines[0].taxRate: is missing; currency: is unknown)",
            )
            .problem_type("https://example.com/invalid-params")
            .title("Validation failed")
            .detail("See the fields")
            .instance("urn:uuid:1")
            .fields(&[
                ("orderLines[0].taxRate", "is missing"),
                ("currency", "is unknown"),
            ]),
        ),
        case(
            "a second receipt: no type, the trace in the instance",
            PROBLEM,
            r#"{"title":"Conflicting receipt","status":409,"detail":"Receipt already exists",
                "instance":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#,
            says(
                Conflict,
                "409 Conflict: Conflicting receipt: Receipt already exists \
                 [trace 4bf92f3577b34da6a3ce929d0e0e4736]",
            )
            .title("Conflicting receipt")
            .detail("Receipt already exists")
            .instance("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
            .trace_id("4bf92f3577b34da6a3ce929d0e0e4736"),
        ),
        case(
            "an image uploaded twice, refused as a bad request",
            PROBLEM,
            r#"{"title":"Image refused","status":400,"detail":"duplicate image id",
               "invalidParams":null,"extraDetails":null}"#,
            says(
                Rejected,
                "400 Bad Request: Image refused: duplicate image id",
            )
            .title("Image refused")
            .detail("duplicate image id"),
        ),
        case(
            "an image uploaded twice, refused as a conflict",
            JSON,
            r#"{"title":"Image exists","status":409}"#,
            says(Conflict, "409 Conflict: Image exists").title("Image exists"),
        ),
        case(
            "other clients' bug reports: the status as a string",
            PROBLEM,
            r#"{"title":"Wrong","status":"400","detail":"Wrong."}"#,
            says(Rejected, "400 Bad Request: Wrong")
                .title("Wrong")
                .detail("Wrong."),
        ),
        case(
            "a problem with empty texts and a numeric code",
            PROBLEM,
            r#"{"type":"","title":" ","detail":"...","code":44,"traceId":""}"#,
            says(Rejected, "400 Bad Request: 44")
                .detail("...")
                .code("44"),
        ),
    ]);
}

#[test]
fn other_forms_of_errors() {
    check([
        case(
            "ASP.NET validation: a map of lists, a whole W3C trace context as traceId",
            PROBLEM,
            r#"{"type":"https://example.com/rfc","title":"Validation errors","status":400,
               "traceId":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
               "errors":{"":["A body is required."],"$.name":["Too long.","Not text."],
               "msn":"Unknown"}}"#,
            says(
                Rejected,
                "400 Bad Request: Validation errors (A body is required.; $.name: Too long.; \
                 $.name: Not text.; msn: Unknown) \
                 [trace 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00]",
            )
            .problem_type("https://example.com/rfc")
            .title("Validation errors")
            .fields(&[
                ("", "A body is required."),
                ("$.name", "Too long."),
                ("$.name", "Not text."),
                ("msn", "Unknown"),
            ])
            .trace_id("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"),
        ),
        case(
            "validators: errors as objects with field and message, or with a code",
            JSON,
            r#"{"errors":[{"field":"name","message":"is empty"},
               {"property":"msn","description":"is short"},{"path":"url","code":"E_URL"},
               {"code":"E_BODY","message":"is odd"},{"code":"E_ALONE"},{"name":"nameless"},
               {"x":1}]}"#,
            says(
                Rejected,
                "400 Bad Request (name: is empty; msn: is short; url: E_URL; E_BODY: is odd; \
                 E_ALONE; nameless)",
            )
            .fields(&[
                ("name", "is empty"),
                ("msn", "is short"),
                ("url", "E_URL"),
                ("E_BODY", "is odd"),
                ("", "E_ALONE"),
                ("nameless", ""),
            ]),
        ),
        case(
            "validators: errors as strings, trace_id",
            JSON,
            r#"{"title":"Refused","errors":["first","second",3],"trace_id":"abc123"}"#,
            says(
                Rejected,
                "400 Bad Request: Refused (first; second; 3) [trace abc123]",
            )
            .title("Refused")
            .fields(&[("", "first"), ("", "second"), ("", "3")])
            .trace_id("abc123"),
        ),
        case(
            "validators: errors as one string",
            JSON,
            r#"{"errors":"all of it"}"#,
            says(Rejected, "400 Bad Request (all of it)").fields(&[("", "all of it")]),
        ),
        case(
            "older payment APIs: an array of objects",
            JSON,
            r#"[{"errorGroup":"Payments","errorCode":"44","errorMessage":"Refused by the bank"},
               {"errorGroup":"Merchants","errorCode":"45","errorMessage":"Not active"}]"#,
            says(
                Forbidden,
                "403 Forbidden: 44: Refused by the bank (Payments: Refused by the bank; \
                 Merchants: Not active)",
            )
            .title("Refused by the bank")
            .code("44")
            .fields(&[
                ("Payments", "Refused by the bank"),
                ("Merchants", "Not active"),
            ]),
        ),
        case(
            "older payment APIs: an array of strings",
            JSON,
            r#"["no such unit","no such merchant"]"#,
            says(NotFound, "404 Not Found: no such unit; no such merchant")
                .detail("no such unit; no such merchant"),
        ),
        case(
            "an array of both",
            JSON,
            r#"["in general",{"name":"msn","reason":"is short"}]"#,
            says(Rejected, "400 Bad Request (in general; msn: is short)")
                .fields(&[("", "in general"), ("msn", "is short")]),
        ),
        case(
            "older payment APIs: responseInfo and result",
            JSON,
            r#"{"responseInfo":{"responseCode":400,"responseMessage":"Bad order"},
               "result":{"message":"amount is wrong"}}"#,
            says(Rejected, "400 Bad Request: Bad order: amount is wrong")
                .title("Bad order")
                .detail("amount is wrong")
                .code("400"),
        ),
        case(
            "older payment APIs: ResponseInfo and Result, the latter a string",
            JSON,
            r#"{"ResponseInfo":{"ResponseCode":"402","ResponseMessage":"Bad order"},
               "Result":"amount is wrong"}"#,
            says(Rejected, "402 Payment Required: Bad order: amount is wrong")
                .title("Bad order")
                .detail("amount is wrong")
                .code("402"),
        ),
        case(
            "older payment APIs: errorInfo",
            JSON,
            r#"{"errorInfo":{"errorCode":"45","errorGroup":"Merchants",
               "errorMessage":"Not active"}}"#,
            says(Rejected, "400 Bad Request: 45: Not active")
                .title("Not active")
                .code("45"),
        ),
        case(
            "older payment APIs: ErrorInfo",
            JSON,
            r#"{"ErrorInfo":{"ErrorCode":"46","ErrorMessage":"Not open",
               "Message":"Come back later"}}"#,
            says(Rejected, "400 Bad Request: 46: Not open: Come back later")
                .title("Not open")
                .detail("Come back later")
                .code("46"),
        ),
        case(
            "cloud services: an error object",
            JSON,
            r#"{"error":{"code":"TooManyRequests","message":"Slow down."}}"#,
            says(
                RateLimited,
                "429 Too Many Requests: TooManyRequests: Slow down",
            )
            .code("TooManyRequests")
            .detail("Slow down.")
            .retryable(),
        ),
    ]);
}

#[test]
fn errors_of_gateways_and_proxies() {
    check([
        case(
            "the gateway: a bad subscription key",
            JSON,
            r#"{"statusCode":401,"message":"No access with this key. Check it."}"#,
            says(
                Unauthorized,
                "401 Unauthorized: No access with this key. Check it (2 attempts)",
            )
            .detail("No access with this key. Check it."),
        ),
        case(
            "the gateway: a quota, as the body of a 403",
            JSON,
            r#"{ "statusCode": 403, "message": "Quota used up." }"#,
            says(Forbidden, "403 Forbidden: Quota used up").detail("Quota used up."),
        ),
        case(
            "an OAuth server: a description of several lines",
            JSON,
            r#"{"error":"invalid_client",
               "error_description":"A1: wrong secret.\r\nTrace ID: t\r\nTimestamp: now",
               "error_codes":[7000215],"trace_id":"t-1"}"#,
            says(
                Rejected,
                "400 Bad Request: invalid_client: A1: wrong secret. Trace ID: t Timestamp: now \
                 [trace t-1]",
            )
            .code("invalid_client")
            .detail("A1: wrong secret.\r\nTrace ID: t\r\nTimestamp: now")
            .trace_id("t-1"),
        ),
        case(
            "Java services: error as the name of the status",
            JSON,
            r#"{"timestamp":"2024-01-01T00:00:00Z","status":500,"error":"Internal Server Error",
               "path":"/x"}"#,
            says(Server, "500 Internal Server Error")
                .code("Internal Server Error")
                .retryable(),
        ),
        html(
            "a proxy's page",
            502,
            "<html>\r\n<head><title>502 Bad\n Gateway</title></head><body>no</body></html>",
            "502 Bad Gateway: an HTML page: 502 Bad Gateway",
        ),
        html(
            "a page in upper case, after blank lines",
            503,
            "\n\n <!DOCTYPE HTML><HTML><TITLE>Closed</TITLE>",
            "503 Service Unavailable: an HTML page: Closed",
        ),
        html(
            "a title with attributes",
            504,
            "<html><head><title lang=\"en\" dir=ltr>Too slow</title></head></html>",
            "504 Gateway Timeout: an HTML page: Too slow",
        ),
        html(
            "a page without a title",
            502,
            "<html><body>no</body></html>",
            "502 Bad Gateway: an HTML page: no title",
        ),
        html(
            "a page with an empty title",
            502,
            "<html><title> </title></html>",
            "502 Bad Gateway: an HTML page: no title",
        ),
        html(
            "an unclosed title",
            502,
            "<html><title>cut",
            "502 Bad Gateway: an HTML page: no title",
        ),
        case(
            "a proxy: nothing at all",
            JSON,
            "",
            says(Server, "500 Internal Server Error").retryable(),
        ),
        case(
            "a proxy: blank lines",
            JSON,
            " \r\n\r\n",
            says(Server, "500 Internal Server Error").retryable(),
        ),
        raw(
            TEXT,
            "a firewall: plain text in a 403",
            "Blocked by rule 7.",
            ": Blocked by rule 7.",
        ),
        raw(
            JSON,
            "plain text declared as JSON",
            "upstream failed",
            ": upstream failed",
        ),
        raw(
            JSON,
            "an object without information",
            r#"{"ok":false}"#,
            r#": {"ok":false}"#,
        ),
        raw(JSON, "an empty object", "{}", ": {}"),
        raw(JSON, "an empty array", "[]", ": []"),
        raw(
            JSON,
            "an array without information",
            r#"[{"ok":false},7]"#,
            r#": [{"ok":false},7]"#,
        ),
        raw(JSON, "null", "null", ": null"),
        raw(
            JSON,
            "JSON that was cut",
            r#"{"title":"Wro"#,
            r#": {"title":"Wro"#,
        ),
        raw(
            "text/xml",
            "XML",
            "<?xml version=\"1.0\"?>\n<e>no</e>",
            ": <?xml version=\"1.0\"?> <e>no</e>",
        ),
        case(
            ".NET services: a byte order mark before the JSON",
            JSON,
            "\u{feff}{\"title\":\"Not yet\"}",
            says(Forbidden, "403 Forbidden: Not yet").title("Not yet"),
        ),
        case(
            "a bare JSON string",
            JSON,
            r#""Not for you""#,
            says(Forbidden, "403 Forbidden: Not for you").detail("Not for you"),
        ),
    ]);
}

fn html(seen: &'static str, status: u16, page: &str, shown: &str) -> Case {
    let display = format!("GET /management/v1/sales-units: {shown}");
    let says = Facts {
        body: some(page.trim()),
        retryable: true,
        ..answered(Server, status, &display)
    };
    case(seen, HTML, page, says)
}

/// A body of unknown form is kept and shown unchanged.
fn raw(content_type: &'static str, seen: &'static str, body: &str, shown: &str) -> Case {
    let display = format!("GET /management/v1/sales-units: 403 Forbidden{shown}");
    let says = Facts {
        body: some(body),
        ..answered(Forbidden, 403, &display)
    };
    case(seen, content_type, body, says)
}

/// Otherwise anyone who controls the text of an error could forge log lines, or colour and reorder
/// the following ones.
#[test]
fn server_texts_cannot_forge_log_lines() {
    check([
        case(
            "constructed: any text of a problem",
            PROBLEM,
            r#"{"title":"one\nERROR two","detail":
               "\u001b[31mred\u0007\u0000\u0085next\u2028sep\u202erid\u2066iso\u200f\u061c",
               "traceId":"t\r\nt","extraDetails":[{"name":"a\tb","reason":"c\u001bd"}]}"#,
            says(
                Rejected,
                "400 Bad Request: one ERROR two: [31mred next sep rid iso (a b: c d) [trace t t]",
            )
            .title("one\nERROR two")
            .detail(
                "\u{1b}[31mred\u{7}\0\u{85}next\u{2028}sep\u{202e}rid\u{2066}iso\u{200f}\u{61c}",
            )
            .fields(&[("a\tb", "c\u{1b}d")])
            .trace_id("t\r\nt"),
        ),
        case(
            "constructed: a text of nothing else",
            PROBLEM,
            r#"{"title":"\u0000\u001b","detail":"wrong",
               "extraDetails":[{"name":"\u0000","reason":"\u0007"},{"name":"a","reason":"b"}],
               "traceId":"\u0000"}"#,
            says(Rejected, "400 Bad Request: wrong (a: b)")
                .title("\0\u{1b}")
                .detail("wrong")
                .fields(&[("\0", "\u{7}"), ("a", "b")])
                .trace_id("\0"),
        ),
        case(
            "constructed: a body of no known form",
            TEXT,
            "no\n2024-01-01 ERROR fake\r\n\x1b[2Jgone",
            says(
                Rejected,
                "400 Bad Request: no 2024-01-01 ERROR fake [2Jgone",
            )
            .body("no\n2024-01-01 ERROR fake\r\n\u{1b}[2Jgone"),
        ),
        case(
            "constructed: the title of a page",
            HTML,
            "<html><title>no\nERROR fake</title>",
            says(Rejected, "400 Bad Request: an HTML page: no ERROR fake")
                .body("<html><title>no\nERROR fake</title>"),
        ),
    ]);
}

#[test]
fn a_body_that_is_not_utf_8_is_shown_lossily() {
    check([case(
        "a proxy that writes Latin-1",
        TEXT,
        b"r\xf8dgr\xf8d \xff".as_slice(),
        says(Rejected, "400 Bad Request: r\u{fffd}dgr\u{fffd}d \u{fffd}")
            .body("r\u{fffd}dgr\u{fffd}d \u{fffd}"),
    )]);
}

/// Only a W3C trace context is parsed; anything else is just an instance.
#[test]
fn a_trace_context_in_the_instance_gives_the_trace_id() {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    for (instance, trace_id) in [
        (format!("00-{trace}-00f067aa0ba902b7-01"), Some(trace)),
        (format!("00-{trace}"), None),
        (format!("0-{trace}-00f067aa0ba902b7-01"), None),
        (format!("000-{trace}-00f067aa0ba902b7-01"), None),
        (format!("00-{trace}0-00f067aa0ba902b7-01"), None),
        (format!("00-{}-00f067aa0ba902b7-01", &trace[1..]), None),
        (
            format!("00-{}-00f067aa0ba902b7-01", trace.replace('4', "g")),
            None,
        ),
        (
            "urn:uuid:123e4567-e89b-12d3-a456-426655440000".to_owned(),
            None,
        ),
        ("123e4567-e89b-12d3-a456-426655440000".to_owned(), None),
    ] {
        let suffix = trace_id
            .map(|id| format!(" [trace {id}]"))
            .unwrap_or_default();
        let display = format!("GET /management/v1/sales-units: 409 Conflict: Twice{suffix}");
        let body = format!(r#"{{"title":"Twice","instance":"{instance}"}}"#);
        let says = Facts {
            title: some("Twice"),
            instance: Some(instance),
            trace_id: trace_id.map(str::to_owned),
            ..answered(Conflict, 409, &display)
        };
        check([case("a second receipt", PROBLEM, body, says)]);
    }
}

/// An explicit trace id takes precedence over the one in the instance.
#[test]
fn an_explicit_trace_id_overrides_the_instance() {
    let instance = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let body = format!(r#"{{"title":"Twice","traceId":"own","instance":"{instance}"}}"#);
    let says = says(Conflict, "409 Conflict: Twice [trace own]")
        .title("Twice")
        .instance(instance)
        .trace_id("own");
    check([case("nowhere", PROBLEM, body, says)]);
}
