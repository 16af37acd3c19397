//! Every form of error body that was seen, and some that were thought of.

use vipps::ErrorKind::{
    Conflict, Forbidden, NotFound, RateLimited, Rejected, Server, Unauthorized,
};
use vipps::sandbox::Fault;

use super::{Facts, answered, error_of, facts, fields, raw_reply, sandbox, some};

const PROBLEM: &str = "application/problem+json";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain";
const HTML: &str = "text/html";

struct Case {
    /// Where this form was seen.
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
fn problems_of_the_two_apis() {
    check([
        case(
            "the Management API's schema: extraDetails with key and value",
            PROBLEM,
            r#"{"type":"https://example.com/problem/invalid","title":"Invalid product order","status":400,
                "detail":"The order cannot be made.","instance":"urn:uuid:123e4567-e89b-12d3-a456-426655440000",
                "extraDetails":[{"key":"CustomErrorCode","value":"9000"},{"key":"msn","value":"is not yours"}]}"#,
            Facts {
                problem_type: some("https://example.com/problem/invalid"),
                title: some("Invalid product order"),
                detail: some("The order cannot be made."),
                instance: some("urn:uuid:123e4567-e89b-12d3-a456-426655440000"),
                fields: fields(&[("CustomErrorCode", "9000"), ("msn", "is not yours")]),
                code: some("9000"),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request: Invalid product order: The order cannot be made (CustomErrorCode: 9000; msn: is not yours)",
                )
            },
        ),
        case(
            "live replies of sister APIs: extraDetails with name and reason, traceId",
            PROBLEM,
            r#"{"type":"https://example.com/validation","title":"Bad Request","status":400,"detail":"One field is wrong",
                "instance":"/sales-units","traceId":"0af7651916cd43dd8448eb211c80319c",
                "extraDetails":[{"name":"website.url","reason":"must be https"}]}"#,
            Facts {
                problem_type: some("https://example.com/validation"),
                title: some("Bad Request"),
                detail: some("One field is wrong"),
                instance: some("/sales-units"),
                fields: fields(&[("website.url", "must be https")]),
                trace_id: some("0af7651916cd43dd8448eb211c80319c"),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request: Bad Request: One field is wrong (website.url: must be https) [trace 0af7651916cd43dd8448eb211c80319c]",
                )
            },
        ),
        case(
            "Order Management's schema: invalidParams",
            PROBLEM,
            r#"{"type":"https://example.com/invalid-params","title":"Validation failed","status":422,"detail":"See the fields",
                "instance":"urn:uuid:1","invalidParams":[{"name":"orderLines[0].taxRate","reason":"is missing"},{"name":"currency","reason":"is unknown"}]}"#,
            Facts {
                problem_type: some("https://example.com/invalid-params"),
                title: some("Validation failed"),
                detail: some("See the fields"),
                instance: some("urn:uuid:1"),
                fields: fields(&[
                    ("orderLines[0].taxRate", "is missing"),
                    ("currency", "is unknown"),
                ]),
                ..answered(
                    Rejected,
                    422,
                    "GET /management/v1/sales-units: 422 Unprocessable Entity: Validation failed: See the fields (orderLines[0].taxRate: is missing; currency: is unknown)",
                )
            },
        ),
        case(
            "a second receipt: no type, the trace in the instance",
            PROBLEM,
            r#"{"title":"Conflicting receipt","status":409,"detail":"Receipt already exists",
                "instance":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#,
            Facts {
                title: some("Conflicting receipt"),
                detail: some("Receipt already exists"),
                instance: some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
                trace_id: some("4bf92f3577b34da6a3ce929d0e0e4736"),
                ..answered(
                    Conflict,
                    409,
                    "GET /management/v1/sales-units: 409 Conflict: Conflicting receipt: Receipt already exists [trace 4bf92f3577b34da6a3ce929d0e0e4736]",
                )
            },
        ),
        case(
            "an image uploaded twice, refused as a bad request",
            PROBLEM,
            r#"{"title":"Image refused","status":400,"detail":"duplicate image id","invalidParams":null,"extraDetails":null}"#,
            Facts {
                title: some("Image refused"),
                detail: some("duplicate image id"),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request: Image refused: duplicate image id",
                )
            },
        ),
        case(
            "an image uploaded twice, refused as a conflict",
            JSON,
            r#"{"title":"Image exists","status":409}"#,
            Facts {
                title: some("Image exists"),
                ..answered(
                    Conflict,
                    409,
                    "GET /management/v1/sales-units: 409 Conflict: Image exists",
                )
            },
        ),
        case(
            "other clients' bug reports: the status as a string",
            PROBLEM,
            r#"{"title":"Wrong","status":"400","detail":"Wrong."}"#,
            Facts {
                title: some("Wrong"),
                detail: some("Wrong."),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request: Wrong",
                )
            },
        ),
        case(
            "a problem whose texts are empty, and whose code is a number",
            PROBLEM,
            r#"{"type":"","title":" ","detail":"...","code":44,"traceId":""}"#,
            Facts {
                detail: some("..."),
                code: some("44"),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request: 44",
                )
            },
        ),
    ]);
}

#[test]
fn what_else_is_called_errors() {
    check([
        case(
            "ASP.NET validation: a map of lists, a whole W3C trace context as traceId",
            PROBLEM,
            r#"{"type":"https://example.com/rfc","title":"Validation errors","status":400,
                "traceId":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
                "errors":{"":["A body is required."],"$.name":["Too long.","Not text."],"msn":"Unknown"}}"#,
            Facts {
                problem_type: some("https://example.com/rfc"),
                title: some("Validation errors"),
                fields: fields(&[
                    ("", "A body is required."),
                    ("$.name", "Too long."),
                    ("$.name", "Not text."),
                    ("msn", "Unknown"),
                ]),
                trace_id: some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request: Validation errors (A body is required.; $.name: Too long.; $.name: Not text.; msn: Unknown) [trace 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00]",
                )
            },
        ),
        case(
            "validators: errors as objects with field and message, or with a code",
            JSON,
            r#"{"errors":[{"field":"name","message":"is empty"},{"property":"msn","description":"is short"},
                {"path":"url","code":"E_URL"},{"code":"E_BODY","message":"is odd"},{"code":"E_ALONE"},{"name":"nameless"},{"x":1}]}"#,
            Facts {
                fields: fields(&[
                    ("name", "is empty"),
                    ("msn", "is short"),
                    ("url", "E_URL"),
                    ("E_BODY", "is odd"),
                    ("", "E_ALONE"),
                    ("nameless", ""),
                ]),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request (name: is empty; msn: is short; url: E_URL; E_BODY: is odd; E_ALONE; nameless)",
                )
            },
        ),
        case(
            "validators: errors as texts, trace_id",
            JSON,
            r#"{"title":"Refused","errors":["first","second",3],"trace_id":"abc123"}"#,
            Facts {
                title: some("Refused"),
                fields: fields(&[("", "first"), ("", "second"), ("", "3")]),
                trace_id: some("abc123"),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request: Refused (first; second; 3) [trace abc123]",
                )
            },
        ),
        case(
            "validators: errors as one text",
            JSON,
            r#"{"errors":"all of it"}"#,
            Facts {
                fields: fields(&[("", "all of it")]),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request (all of it)",
                )
            },
        ),
        case(
            "older payment APIs: an array of objects",
            JSON,
            r#"[{"errorGroup":"Payments","errorCode":"44","errorMessage":"Refused by the bank"},{"errorGroup":"Merchants","errorCode":"45","errorMessage":"Not active"}]"#,
            Facts {
                title: some("Refused by the bank"),
                code: some("44"),
                fields: fields(&[
                    ("Payments", "Refused by the bank"),
                    ("Merchants", "Not active"),
                ]),
                ..answered(
                    Forbidden,
                    403,
                    "GET /management/v1/sales-units: 403 Forbidden: 44: Refused by the bank (Payments: Refused by the bank; Merchants: Not active)",
                )
            },
        ),
        case(
            "older payment APIs: an array of texts",
            JSON,
            r#"["no such unit","no such merchant"]"#,
            Facts {
                detail: some("no such unit; no such merchant"),
                ..answered(
                    NotFound,
                    404,
                    "GET /management/v1/sales-units: 404 Not Found: no such unit; no such merchant",
                )
            },
        ),
        case(
            "an array of both",
            JSON,
            r#"["in general",{"name":"msn","reason":"is short"}]"#,
            Facts {
                fields: fields(&[("", "in general"), ("msn", "is short")]),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request (in general; msn: is short)",
                )
            },
        ),
        case(
            "older payment APIs: responseInfo and result",
            JSON,
            r#"{"responseInfo":{"responseCode":400,"responseMessage":"Bad order"},"result":{"message":"amount is wrong"}}"#,
            Facts {
                title: some("Bad order"),
                detail: some("amount is wrong"),
                code: some("400"),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request: 400: Bad order: amount is wrong",
                )
            },
        ),
        case(
            "older payment APIs: ResponseInfo and Result, where the latter is a text",
            JSON,
            r#"{"ResponseInfo":{"ResponseCode":"402","ResponseMessage":"Bad order"},"Result":"amount is wrong"}"#,
            Facts {
                title: some("Bad order"),
                detail: some("amount is wrong"),
                code: some("402"),
                ..answered(
                    Rejected,
                    402,
                    "GET /management/v1/sales-units: 402 Payment Required: 402: Bad order: amount is wrong",
                )
            },
        ),
        case(
            "older payment APIs: errorInfo",
            JSON,
            r#"{"errorInfo":{"errorCode":"45","errorGroup":"Merchants","errorMessage":"Not active"}}"#,
            Facts {
                title: some("Not active"),
                code: some("45"),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request: 45: Not active",
                )
            },
        ),
        case(
            "older payment APIs: ErrorInfo",
            JSON,
            r#"{"ErrorInfo":{"ErrorCode":"46","ErrorMessage":"Not open","Message":"Come back later"}}"#,
            Facts {
                title: some("Not open"),
                detail: some("Come back later"),
                code: some("46"),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request: 46: Not open: Come back later",
                )
            },
        ),
        case(
            "cloud services: an error object",
            JSON,
            r#"{"error":{"code":"TooManyRequests","message":"Slow down."}}"#,
            Facts {
                code: some("TooManyRequests"),
                detail: some("Slow down."),
                retryable: true,
                ..answered(
                    RateLimited,
                    429,
                    "GET /management/v1/sales-units: 429 Too Many Requests: TooManyRequests: Slow down",
                )
            },
        ),
    ]);
}

#[test]
fn what_stands_in_front_of_the_service() {
    check([
        case(
            "the gateway: a bad subscription key",
            JSON,
            r#"{"statusCode":401,"message":"No access with this key. Check it."}"#,
            Facts {
                detail: some("No access with this key. Check it."),
                ..answered(
                    Unauthorized,
                    401,
                    "GET /management/v1/sales-units: 401 Unauthorized: No access with this key. Check it",
                )
            },
        ),
        case(
            "the gateway: a quota, as the body of a 403",
            JSON,
            r#"{ "statusCode": 403, "message": "Quota used up." }"#,
            Facts {
                detail: some("Quota used up."),
                ..answered(
                    Forbidden,
                    403,
                    "GET /management/v1/sales-units: 403 Forbidden: Quota used up",
                )
            },
        ),
        case(
            "an OAuth server, its description in several lines",
            JSON,
            r#"{"error":"invalid_client","error_description":"A1: wrong secret.\r\nTrace ID: t\r\nTimestamp: now","error_codes":[7000215],"trace_id":"t-1"}"#,
            Facts {
                code: some("invalid_client"),
                detail: some("A1: wrong secret.\r\nTrace ID: t\r\nTimestamp: now"),
                trace_id: some("t-1"),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request: invalid_client: A1: wrong secret. Trace ID: t Timestamp: now [trace t-1]",
                )
            },
        ),
        case(
            "Java services: error as the name of the status",
            JSON,
            r#"{"timestamp":"2024-01-01T00:00:00Z","status":500,"error":"Internal Server Error","path":"/x"}"#,
            Facts {
                code: some("Internal Server Error"),
                retryable: true,
                ..answered(
                    Server,
                    500,
                    "GET /management/v1/sales-units: 500 Internal Server Error: Internal Server Error",
                )
            },
        ),
        html(
            "a proxy's page",
            502,
            "<html>\r\n<head><title>502 Bad\n Gateway</title></head><body>no</body></html>",
            "502 Bad Gateway: an HTML page: 502 Bad Gateway",
        ),
        html(
            "a page in capitals, after blank lines",
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
            "a title without an end",
            502,
            "<html><title>cut",
            "502 Bad Gateway: an HTML page: no title",
        ),
        case(
            "a proxy: nothing at all",
            JSON,
            "",
            Facts {
                retryable: true,
                ..answered(
                    Server,
                    500,
                    "GET /management/v1/sales-units: 500 Internal Server Error",
                )
            },
        ),
        case(
            "a proxy: blank lines",
            JSON,
            " \r\n\r\n",
            Facts {
                retryable: true,
                ..answered(
                    Server,
                    500,
                    "GET /management/v1/sales-units: 500 Internal Server Error",
                )
            },
        ),
        raw(
            TEXT,
            "a firewall: plain text in a 403",
            "Blocked by rule 7.",
            ": Blocked by rule 7.",
        ),
        raw(
            JSON,
            "plain text that is called JSON",
            "upstream failed",
            ": upstream failed",
        ),
        raw(
            JSON,
            "an object that says nothing",
            r#"{"ok":false}"#,
            r#": {"ok":false}"#,
        ),
        raw(JSON, "an empty object", "{}", ": {}"),
        raw(JSON, "an empty array", "[]", ": []"),
        raw(
            JSON,
            "an array that says nothing",
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
            Facts {
                title: some("Not yet"),
                ..answered(
                    Forbidden,
                    403,
                    "GET /management/v1/sales-units: 403 Forbidden: Not yet",
                )
            },
        ),
        case(
            "a bare JSON string",
            JSON,
            r#""Not for you""#,
            Facts {
                detail: some("Not for you"),
                ..answered(
                    Forbidden,
                    403,
                    "GET /management/v1/sales-units: 403 Forbidden: Not for you",
                )
            },
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

/// A body of no known form: it is kept as it is, and shown.
fn raw(content_type: &'static str, seen: &'static str, body: &str, shown: &str) -> Case {
    let display = format!("GET /management/v1/sales-units: 403 Forbidden{shown}");
    let says = Facts {
        body: some(body),
        ..answered(Forbidden, 403, &display)
    };
    case(seen, content_type, body, says)
}

/// Whoever can put a text into an error could otherwise write lines of the log, or colour and turn around those that follow.
#[test]
fn texts_of_servers_cannot_fake_lines() {
    check([
        case(
            "nowhere; any text of a problem",
            PROBLEM,
            r#"{"title":"one\nERROR two","detail":"\u001b[31mred\u0007\u0000\u0085next\u2028sep\u202erid\u2066iso\u200f\u061c",
                "traceId":"t\r\nt","extraDetails":[{"name":"a\tb","reason":"c\u001bd"}]}"#,
            Facts {
                title: some("one\nERROR two"),
                detail: some(
                    "\u{1b}[31mred\u{7}\0\u{85}next\u{2028}sep\u{202e}rid\u{2066}iso\u{200f}\u{61c}",
                ),
                fields: fields(&[("a\tb", "c\u{1b}d")]),
                trace_id: some("t\r\nt"),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request: one ERROR two: [31mred next sep rid iso (a b: c d) [trace t t]",
                )
            },
        ),
        case(
            "nowhere; a text of nothing else",
            PROBLEM,
            r#"{"title":"\u0000\u001b","detail":"wrong","extraDetails":[{"name":"\u0000","reason":"\u0007"},{"name":"a","reason":"b"}],"traceId":"\u0000"}"#,
            Facts {
                title: some("\0\u{1b}"),
                detail: some("wrong"),
                fields: fields(&[("\0", "\u{7}"), ("a", "b")]),
                trace_id: some("\0"),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request: wrong (a: b)",
                )
            },
        ),
        case(
            "nowhere; a body of no known form",
            TEXT,
            "no\n2024-01-01 ERROR fake\r\n\x1b[2Jgone",
            Facts {
                body: some("no\n2024-01-01 ERROR fake\r\n\u{1b}[2Jgone"),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request: no 2024-01-01 ERROR fake [2Jgone",
                )
            },
        ),
        case(
            "nowhere; the title of a page",
            HTML,
            "<html><title>no\nERROR fake</title>",
            Facts {
                body: some("<html><title>no\nERROR fake</title>"),
                ..answered(
                    Rejected,
                    400,
                    "GET /management/v1/sales-units: 400 Bad Request: an HTML page: no ERROR fake",
                )
            },
        ),
    ]);
}

#[test]
fn a_body_that_is_not_utf_8_is_shown_as_far_as_it_goes() {
    check([case(
        "a proxy that writes Latin-1",
        TEXT,
        b"r\xf8dgr\xf8d \xff".as_slice(),
        Facts {
            body: some("r\u{fffd}dgr\u{fffd}d \u{fffd}"),
            ..answered(
                Rejected,
                400,
                "GET /management/v1/sales-units: 400 Bad Request: r\u{fffd}dgr\u{fffd}d \u{fffd}",
            )
        },
    )]);
}

#[test]
fn at_most_4_kib_of_a_body_are_kept() {
    let euros = |n: usize| "€".repeat(n);
    let letters = |n: usize| "x".repeat(n);
    // 4096 is not a multiple of the three bytes of a euro sign.
    for (sent, kept, shown) in [
        (euros(2000), euros(1365), euros(200) + "..."),
        (letters(4096), letters(4096), letters(200) + "..."),
        (letters(4097), letters(4096), letters(200) + "..."),
        (letters(300_000), letters(4096), letters(200) + "..."),
        (euros(200), euros(200), euros(200)),
        (euros(201), euros(201), euros(200) + "..."),
    ] {
        let display = format!("GET /management/v1/sales-units: 400 Bad Request: {shown}");
        let says = Facts {
            body: Some(kept),
            ..answered(Rejected, 400, &display)
        };
        check([case("a proxy", TEXT, sent, says)]);
    }
}

#[test]
fn at_most_4_kib_of_a_text_are_kept() {
    let long = "€".repeat(2000);
    let body =
        format!(r#"{{"title":"{long}","invalidParams":[{{"name":"n","reason":"{long}"}}]}}"#);
    let kept = "€".repeat(1365);
    let says = Facts {
        title: Some(kept.clone()),
        fields: vec![("n".to_owned(), kept.clone())],
        ..answered(
            Rejected,
            400,
            &format!("GET /management/v1/sales-units: 400 Bad Request: {kept} (n: {kept})"),
        )
    };
    check([case("nowhere", PROBLEM, body, says)]);
}

/// Deeper than a parser that recurses can go.
#[test]
fn deep_json_is_a_body_like_any() {
    let arrays = "[".repeat(10_000);
    let objects = r#"{"error":"#.repeat(10_000);
    for deep in [arrays, objects] {
        let shown: String = deep.chars().take(200).collect();
        let display = format!("GET /management/v1/sales-units: 400 Bad Request: {shown}...");
        let says = Facts {
            body: some(&deep[..4096]),
            ..answered(Rejected, 400, &display)
        };
        check([case("nowhere", JSON, deep, says)]);
    }
    // As deep as the parser goes, and something at the bottom.
    let nested = format!(
        "{}{}{}",
        r#"{"error":"#.repeat(100),
        r#"{"message":"bottom"}"#,
        "}".repeat(100)
    );
    let says = Facts {
        detail: some("bottom"),
        ..answered(
            Rejected,
            400,
            "GET /management/v1/sales-units: 400 Bad Request: bottom",
        )
    };
    check([case("nowhere", JSON, nested, says)]);
}

/// All are there to be asked for, and a message stays one that a person can read.
#[test]
fn of_many_field_problems_some_are_shown() {
    for (n, shown, more) in [
        (20, 20, ""),
        (21, 20, "; and 1 more"),
        (5000, 20, "; and 4980 more"),
    ] {
        let names: Vec<String> = (0..n).map(|nth| format!("f{nth}")).collect();
        let list: Vec<String> = names
            .iter()
            .map(|name| format!(r#"{{"name":"{name}","reason":"no"}}"#))
            .collect();
        let body = format!(r#"{{"title":"Many","invalidParams":[{}]}}"#, list.join(","));
        let texts: Vec<String> = names
            .iter()
            .take(shown)
            .map(|name| format!("{name}: no"))
            .collect();
        let display = format!(
            "GET /management/v1/sales-units: 400 Bad Request: Many ({}{more})",
            texts.join("; ")
        );
        let says = Facts {
            title: some("Many"),
            fields: names
                .into_iter()
                .map(|name| (name, "no".to_owned()))
                .collect(),
            ..answered(Rejected, 400, &display)
        };
        check([case("nowhere", JSON, body, says)]);
    }
}

/// A code among the field problems is shown there, but only if it is among those that are shown.
#[test]
fn a_code_is_shown_once_and_never_lost() {
    for (before, display) in [
        (1, "Many (f: no; ErrorCode: E7)".to_owned()),
        (
            20,
            format!("E7: Many ({}; and 1 more)", ["f: no"; 20].join("; ")),
        ),
    ] {
        let list = r#"{"name":"f","reason":"no"},"#.repeat(before);
        let body = format!(
            r#"{{"title":"Many","extraDetails":[{list}{{"name":"ErrorCode","reason":"E7"}}]}}"#
        );
        let display = format!("GET /management/v1/sales-units: 400 Bad Request: {display}");
        let said = [[("f", "no")].repeat(before), vec![("ErrorCode", "E7")]].concat();
        let says = Facts {
            title: some("Many"),
            code: some("E7"),
            fields: fields(&said),
            ..answered(Rejected, 400, &display)
        };
        check([case("the Management API", PROBLEM, body, says)]);
    }
}

#[test]
fn a_huge_array_of_texts_is_cut() {
    let texts = vec![r#""no""#; 20_000].join(",");
    let kept = "no; ".repeat(1024);
    // The blank at the cut is kept, and is not shown.
    let says = Facts {
        detail: Some(kept.clone()),
        ..answered(
            Rejected,
            400,
            &format!(
                "GET /management/v1/sales-units: 400 Bad Request: {}",
                kept.trim_end()
            ),
        )
    };
    check([case("nowhere", JSON, format!("[{texts}]"), says)]);
}

#[test]
fn the_status_outlives_a_body_that_is_cut() {
    let (sandbox, session) = sandbox();
    let head =
        "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nnot for";
    let error = error_of(&sandbox, &session, Fault::Raw(head.into()));
    let says = Facts {
        body: some("not for"),
        ..answered(
            Forbidden,
            403,
            "GET /management/v1/sales-units: 403 Forbidden: not for",
        )
    };
    assert_eq!(facts(&error), says);
}

#[test]
fn a_reply_without_a_content_type_is_read_all_the_same() {
    let (sandbox, session) = sandbox();
    let fault = raw_reply(&["HTTP/1.1 404 Gone Fishing"], br#"{"title":"No unit"}"#);
    let error = error_of(&sandbox, &session, fault);
    let says = Facts {
        title: some("No unit"),
        ..answered(
            NotFound,
            404,
            "GET /management/v1/sales-units: 404 Not Found: No unit",
        )
    };
    assert_eq!(facts(&error), says);
}

/// Only a W3C trace context is one; anything else is an instance and nothing more.
#[test]
fn a_trace_is_taken_from_an_instance_that_is_one() {
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

/// A trace id that is called one wins over one that is found in the instance.
#[test]
fn a_trace_id_wins_over_an_instance() {
    let instance = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let body = format!(r#"{{"title":"Twice","traceId":"own","instance":"{instance}"}}"#);
    let says = Facts {
        title: some("Twice"),
        instance: some(instance),
        trace_id: some("own"),
        ..answered(
            Conflict,
            409,
            "GET /management/v1/sales-units: 409 Conflict: Twice [trace own]",
        )
    };
    check([case("nowhere", PROBLEM, body, says)]);
}
