//! A server may echo what it was sent: no error may show a key or token, in whatever form it comes
//! back.

use std::time::{Duration, Instant};

use vipps::sandbox::{Fault, Sandbox};
use vipps::{AccessToken, ApiKeys, Error, RetryPolicy, Session, management};

use super::{UNITS, everything, problem, raw_reply};
use crate::support::{assert_no_secret, system};

/// Contains everything that JSON, URLs and HTML escape.
const SECRET: &str = r#"Zx8/pQ+r"s&<t>'\u%w7=="#;
const SUBSCRIPTION_KEY: &str = "0a1b/2c3d+4e5f&6789";
const TOKEN: &str = r#"eyJ0.eyJz"/+\dWI.c2ln"#;
/// The base64 of the client id, a colon and the secret.
const BASIC: &str = "Y2xpZW50LTE6Wng4L3BRK3IicyY8dD4nXHUldzc9PQ==";

const SECRETS: [&str; 4] = [SECRET, SUBSCRIPTION_KEY, TOKEN, BASIC];

fn session(sandbox: &Sandbox, token: &str) -> Session {
    let keys = ApiKeys::standard("client-1", SECRET, SUBSCRIPTION_KEY);
    let token = AccessToken::new(token, Duration::from_secs(3600)).unwrap();
    Session::builder(keys, system())
        .base_url(sandbox.url())
        .retry(RetryPolicy::none())
        .access_token(token)
        .build()
        .unwrap()
}

/// The error of a call that gets this reply, after searching all of it for the secrets.
#[track_caller]
fn error_of(fault: Fault) -> Error {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault(UNITS, 1, fault);
    let error = management::list_sales_units(&session(&sandbox, TOKEN)).unwrap_err();
    assert_no_secret(&everything(&error), &SECRETS);
    error
}

fn json_text(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

#[test]
fn every_secret_is_redacted_from_every_text_of_a_problem() {
    for secret in SECRETS {
        let s = json_text(secret);
        let body = format!(
            r#"{{"type":"t{s}","title":"i{s}","detail":"d{s}","instance":"n{s}",
                "code":"c{s}","traceId":"r{s}",
                "extraDetails":[{{"name":"m{s}","reason":"v{s}"}}]}}"#
        );
        let error = error_of(Fault::json(400, body));
        assert_eq!(
            error.to_string(),
            "GET /management/v1/sales-units: 400 Bad Request: c[redacted]: i[redacted]: \
             d[redacted] (m[redacted]: v[redacted]) [trace r[redacted]]"
        );
        let answer = problem(&error);
        let texts = [
            answer.problem_type.as_deref(),
            answer.title.as_deref(),
            answer.detail.as_deref(),
            answer.instance.as_deref(),
            answer.code.as_deref(),
            answer.trace_id.as_deref(),
            answer.body.as_deref(),
        ];
        let expected = ["t", "i", "d", "n", "c", "r"].map(|name| format!("{name}[redacted]"));
        let found: Vec<&str> = texts.into_iter().flatten().collect();
        assert_eq!(found, expected);
        assert_eq!(
            format!("{answer:?}"),
            concat!(
                r#"Problem { problem_type: Some("t[redacted]"), title: Some("i[redacted]"), "#,
                r#"detail: Some("d[redacted]"), instance: Some("n[redacted]"), "#,
                r#"fields: [FieldProblem { name: "m[redacted]", reason: "v[redacted]" }], "#,
                r#"code: Some("c[redacted]"), "#,
                r#"trace_id: Some("r[redacted]"), body: None, is_of_gateway: false }"#
            )
        );
    }
}

/// The ways to embed a text in another: plain, in JSON with few or many escapes, in nested JSON, in
/// a URL and in HTML.
fn forms(secret: &str) -> Vec<String> {
    let each = |form: &dyn Fn(char) -> String| secret.chars().map(form).collect::<String>();
    let unless_alphanumeric = |form: &dyn Fn(char) -> String| {
        each(&|c| {
            if c.is_ascii_alphanumeric() {
                c.to_string()
            } else {
                form(c)
            }
        })
    };
    let once = json_text(secret);
    vec![
        secret.to_owned(),
        once.clone(),
        once.replace('/', r"\/"),
        // .NET's writer.
        unless_alphanumeric(&|c| format!("\\u{:04X}", u32::from(c))),
        // Gson's.
        each(&|c| match c {
            '"' | '\\' => format!("\\{c}"),
            '<' | '>' | '&' | '=' | '\'' => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        }),
        each(&|c| format!("\\u{:04x}", u32::from(c))),
        json_text(&once),
        json_text(&once.replace('/', r"\/")),
        json_text(&json_text(&once)),
        json_text(&unless_alphanumeric(&|c| {
            format!("\\u{:04X}", u32::from(c))
        })),
        // JavaScript's.
        unless_alphanumeric(&|c| format!("\\x{:02x}", u32::from(c))),
        // URLs.
        unless_alphanumeric(&|c| format!("%{:02X}", u32::from(c))),
        each(&|c| {
            if "/=&".contains(c) {
                c.to_string()
            } else {
                format!("%{:02x}", u32::from(c))
            }
        }),
        // HTML.
        each(&|c| match c {
            '"' => "&quot;".to_owned(),
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '\'' => "&apos;".to_owned(),
            c => c.to_string(),
        }),
        unless_alphanumeric(&|c| format!("&#{};", u32::from(c))),
        unless_alphanumeric(&|c| format!("&#x{:x};", u32::from(c))),
    ]
}

/// In a body of unknown form and in the text of a known one, which may quote JSON, a URL or HTML.
#[test]
fn no_escape_leaves_a_piece_of_a_secret() {
    for secret in SECRETS {
        for form in forms(secret) {
            let sent = format!(r#"{{"sent":"{form}", "x":1}}"#);
            let error = error_of(Fault::json(403, sent.as_str()));
            let body = problem(&error).body.as_deref().unwrap();
            assert!(body.starts_with(r#"{"sent":""#), "{body}");
            assert!(body.ends_with(r#"", "x":1}"#), "{body}");

            let quoted = serde_json::json!({"detail": sent}).to_string();
            let error = error_of(Fault::json(403, quoted));
            assert_eq!(problem(&error).detail.as_deref(), Some(body));
        }
    }
}

#[test]
fn all_secrets_in_a_text_are_redacted() {
    // Two adjacent secrets are one run.
    let sent = format!("{TOKEN}{SECRET} {SUBSCRIPTION_KEY}\n{BASIC};{TOKEN}");
    let error = error_of(Fault::reply(400, "text/plain", sent));
    assert_eq!(
        problem(&error).body.as_deref(),
        Some("[redacted] [redacted]\n[redacted];[redacted]")
    );
}

#[test]
fn the_title_of_a_page_is_redacted() {
    let page = format!("<html><title>{SUBSCRIPTION_KEY}</title></html>");
    let error = error_of(Fault::reply(502, "text/html", page));
    assert_eq!(
        error.to_string(),
        "GET /management/v1/sales-units: 502 Bad Gateway: an HTML page: [redacted]"
    );
}

#[test]
fn the_target_of_a_redirect_is_redacted() {
    let location = format!("Location: https://example.com/?key={SUBSCRIPTION_KEY}&to=x");
    let error = error_of(raw_reply(&["HTTP/1.1 302 Found", &location], b""));
    assert_eq!(
        error.to_string(),
        "GET /management/v1/sales-units: 302 Found: redirect to \
         https://example.com/?key=[redacted]&to=x not followed"
    );
}

/// Texts are truncated first. The rest of a secret at the cut is not shown, unless it is as short
/// as a word.
#[test]
fn a_secret_at_a_cut_leaves_no_piece_behind() {
    let length = SECRET.len();
    // At the cuts of the body and of the message.
    for before in [
        4096 - length,
        4080,
        4088,
        4089,
        4095,
        200 - length,
        190,
        199,
    ] {
        let sent = "x".repeat(before) + SECRET + &"y".repeat(8000);
        let left = length.min(4096 - before);
        let piece = if left < 8 {
            &SECRET[..left]
        } else {
            "[redacted]"
        };
        let kept = "x".repeat(before) + piece + &"y".repeat(4096 - before - left);

        let error = error_of(Fault::reply(400, "text/plain", sent.as_str()));
        assert_eq!(problem(&error).body.as_deref(), Some(&*kept));
        let shown = format!(
            "GET /management/v1/sales-units: 400 Bad Request: {}...",
            &kept[..200]
        );
        assert_eq!(error.to_string(), shown);

        let json = serde_json::json!({"detail": sent}).to_string();
        assert_eq!(
            problem(&error_of(Fault::json(400, json))).detail.as_deref(),
            Some(&*kept)
        );
    }
}

/// The connection may break in the middle of a secret.
#[test]
fn a_secret_cut_by_the_network_leaves_no_piece_behind() {
    for left in 8..SECRET.len() {
        let sent = &SECRET[..left];
        let reply = format!("HTTP/1.1 400 Bad Request\r\nContent-Length: 1000\r\n\r\n{sent}");
        let error = error_of(Fault::Raw(reply.into()));
        assert_eq!(
            problem(&error).body.as_deref(),
            Some("[redacted]"),
            "{sent}"
        );
    }
}

/// Building the windows once for all texts matters: once per text took minutes.
#[test]
fn many_texts_are_searched_quickly_for_a_long_token() {
    let token = "a".repeat(16_000) + "b";
    let sandbox = Sandbox::start().unwrap();
    let session = session(&sandbox, &token);
    let texts = vec!["a".repeat(8); 2000];
    sandbox.fault(
        UNITS,
        1,
        Fault::json(400, serde_json::json!({"errors": texts}).to_string()),
    );
    let began = Instant::now();
    let error = management::list_sales_units(&session).unwrap_err();
    let fields = error.field_problems();
    assert_eq!(fields.len(), 2000);
    assert!(fields.iter().all(|field| field.reason == "[redacted]"));
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn what_only_resembles_a_secret_is_shown() {
    for text in [
        &SUBSCRIPTION_KEY[..7],
        &SUBSCRIPTION_KEY[12..],
        &SUBSCRIPTION_KEY.to_uppercase(),
        "client-1",
        "%zz %4 &nosuch; &#x110000; \\uD800 \\uZZZZ \\x \\ & %",
        "blåbær €",
    ] {
        let sent = format!("<{text}>");
        let error = error_of(Fault::reply(400, "text/plain", sent.clone()));
        assert_eq!(problem(&error).body.as_deref(), Some(sent.as_str()));
    }
}

#[test]
fn keys_echoed_by_a_token_endpoint_are_redacted() {
    let standard = (
        ApiKeys::standard("client-1", SECRET, SUBSCRIPTION_KEY),
        "POST /accesstoken/get",
    );
    let management = (
        ApiKeys::management("client-1", SECRET),
        "POST /miami/v1/token",
    );
    for (keys, route) in [standard, management] {
        for form in forms(SECRET).into_iter().chain(forms(BASIC)) {
            let sandbox = Sandbox::start().unwrap();
            let session = Session::builder(keys.clone(), system())
                .base_url(sandbox.url())
                .retry(RetryPolicy::none())
                .build()
                .unwrap();
            let body = serde_json::json!({"error": "invalid_client", "error_description": form});
            sandbox.fault(route, 1, Fault::json(401, body.to_string()));
            let error = session.access_token().unwrap_err();
            let start = format!("no access token: {route}: 401 Unauthorized: invalid_client: ");
            assert!(error.to_string().starts_with(&start), "{error}");
            assert_no_secret(&everything(&error), &SECRETS);
        }
    }
}

/// A success may echo a secret where something else was expected; the deserializer's message must
/// not quote it.
#[test]
fn an_unreadable_reply_is_not_quoted() {
    for secret in [SECRET, SUBSCRIPTION_KEY, TOKEN, BASIC, "Kari Nordmann"] {
        let text = serde_json::to_string(secret).unwrap();
        let error = error_of(Fault::json(200, text.as_str()));
        assert_eq!(
            error.to_string(),
            format!(
                "GET /management/v1/sales-units: 200 OK, but the reply cannot be read: invalid \
                 type: string, expected a list of sales units"
            )
        );
        assert_no_secret(&everything(&error), &[secret]);
    }
}
