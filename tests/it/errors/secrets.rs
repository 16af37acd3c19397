//! A server may repeat what it was sent: no key and no token must be seen in an error, in whatever form it comes back.

use std::time::Duration;

use vipps::sandbox::{Fault, Sandbox};
use vipps::{AccessToken, ApiKeys, Error, RetryPolicy, Session, management};

use super::{UNITS, problem as api, everything, raw_reply};
use crate::support::system;

/// With all that JSON, URLs and HTML escape.
const SECRET: &str = r#"Zx8/pQ+r"s&<t>'\u%w7=="#;
const SUBSCRIPTION_KEY: &str = "0a1b/2c3d+4e5f&6789";
const TOKEN: &str = r#"eyJ0.eyJz"/+\dWI.c2ln"#;
/// The base64 of the client id, a colon and the secret.
const BASIC: &str = "Y2xpZW50LTE6Wng4L3BRK3IicyY8dD4nXHUldzc9PQ==";

fn builder_keys() -> ApiKeys {
    ApiKeys::standard("client-1", SECRET, SUBSCRIPTION_KEY)
}

fn session(sandbox: &Sandbox, keys: ApiKeys) -> Session {
    let token = AccessToken::new(TOKEN, Duration::from_secs(3600)).unwrap();
    Session::builder(keys, system())
        .base_url(sandbox.url())
        .retry(RetryPolicy::none())
        .access_token(token)
        .build()
        .unwrap()
}

/// The error of a call that is answered like this, after looking for the secrets in all of it.
#[track_caller]
fn error_of(fault: Fault) -> Error {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault(UNITS, 1, fault);
    let error = management::list_sales_units(&session(&sandbox, builder_keys())).unwrap_err();
    assert_clean(&error, &[SECRET, SUBSCRIPTION_KEY, TOKEN, BASIC]);
    error
}

#[track_caller]
fn assert_clean(error: &Error, secrets: &[&str]) {
    let all = everything(error);
    for secret in secrets {
        // `Debug` escapes quotes and backslashes, twice where it shows a text that was escaped before.
        let once = format!("{secret:?}");
        let twice = format!("{once:?}");
        for form in [*secret, once.trim_matches('"'), twice.trim_matches('"')] {
            assert!(!all.contains(form), "{form} in {all}");
        }
    }
}

fn json_text(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

#[test]
fn every_secret_is_taken_out_of_every_text_of_a_problem() {
    for secret in [SECRET, SUBSCRIPTION_KEY, TOKEN, BASIC] {
        let s = json_text(secret);
        let body = format!(
            r#"{{"type":"t{s}","title":"i{s}","detail":"d{s}","instance":"n{s}","code":"c{s}","traceId":"r{s}",
                "extraDetails":[{{"name":"m{s}","reason":"v{s}"}}]}}"#
        );
        let error = error_of(Fault::json(400, body));
        assert_eq!(
            error.to_string(),
            "GET /management/v1/sales-units: 400 Bad Request: c[redacted]: i[redacted]: d[redacted] (m[redacted]: v[redacted]) [trace r[redacted]]"
        );
        let answer = api(&error);
        let texts = [
            answer.problem_type(),
            answer.title(),
            answer.detail(),
            answer.instance(),
            answer.code(),
            answer.trace_id(),
            answer.body(),
        ];
        let expected = ["t", "i", "d", "n", "c", "r"].map(|name| format!("{name}[redacted]"));
        let found: Vec<&str> = texts.into_iter().flatten().collect();
        assert_eq!(found, expected);
        assert_eq!(
            format!("{answer:?}"),
            r#"ApiError { method: "GET", path: "/management/v1/sales-units", status: 400, problem_type: Some("t[redacted]"), title: Some("i[redacted]"), detail: Some("d[redacted]"), instance: Some("n[redacted]"), field_problems: [FieldProblem { name: "m[redacted]", reason: "v[redacted]" }], code: Some("c[redacted]"), trace_id: Some("r[redacted]"), retry_after: None, body: None, delivery: Answered }"#
        );
    }
}

/// The ways to write a text in another: as it is, in JSON with few and many escapes, in JSON in JSON, in a URL and in HTML.
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

#[test]
fn every_secret_is_taken_out_of_a_body_of_no_known_form_however_it_is_escaped() {
    for secret in [SECRET, SUBSCRIPTION_KEY, TOKEN, BASIC] {
        for form in forms(secret) {
            let error = error_of(Fault::json(403, format!(r#"{{"sent":"{form}", "x":1}}"#)));
            assert_eq!(
                error.to_string(),
                r#"GET /management/v1/sales-units: 403 Forbidden: {"sent":"[redacted]", "x":1}"#,
                "{form}"
            );
            assert_eq!(api(&error).body(), Some(r#"{"sent":"[redacted]", "x":1}"#));
            assert_clean(&error, &[&form]);
        }
    }
}

/// A text of a known form may quote JSON, a URL or HTML in turn.
#[test]
fn every_secret_is_taken_out_of_what_a_problem_quotes() {
    for secret in [SECRET, SUBSCRIPTION_KEY, TOKEN, BASIC] {
        for form in forms(secret) {
            let body = serde_json::json!({"detail": format!("You sent <{form}>")});
            let error = error_of(Fault::json(403, body.to_string()));
            assert_eq!(
                error.to_string(),
                "GET /management/v1/sales-units: 403 Forbidden: You sent <[redacted]>",
                "{form}"
            );
        }
    }
}

#[test]
fn several_secrets_in_one_text_all_go() {
    let sent = format!("{TOKEN}{SECRET} {SUBSCRIPTION_KEY}\n{BASIC};{TOKEN}");
    let error = error_of(Fault::reply(400, "text/plain", sent));
    assert_eq!(
        api(&error).body(),
        Some("[redacted][redacted] [redacted]\n[redacted];[redacted]")
    );
}

#[test]
fn the_title_of_a_page_is_searched_too() {
    let page = format!("<html><title>{SUBSCRIPTION_KEY}</title></html>");
    let error = error_of(Fault::reply(502, "text/html", page));
    assert_eq!(
        error.to_string(),
        "GET /management/v1/sales-units: 502 Bad Gateway: an HTML page: [redacted]"
    );
}

#[test]
fn the_target_of_a_redirect_is_searched_too() {
    for key in ["0a1b/2c3d+4e5f&6789", "0a1b%2F2c3d%2B4e5f%266789"] {
        let location = format!(
            "Location: https://example.com/?key={key}&{}",
            "x".repeat(300)
        );
        let error = error_of(raw_reply(&["HTTP/1.1 302 Found", &location], b""));
        let shown = "x".repeat(200 - "https://example.com/?key=[redacted]&".len());
        assert_eq!(
            error.to_string(),
            format!(
                "GET /management/v1/sales-units: 302 Found: a redirect to https://example.com/?key=[redacted]&{shown}, which is not followed"
            )
        );
    }
}

/// Whatever is cut, and wherever, is searched first.
#[test]
fn a_secret_at_a_cut_leaves_no_piece_behind() {
    let all_cut = |before: usize| {
        let sent = "x".repeat(before) + SECRET + &"y".repeat(8000);
        let error = error_of(Fault::reply(400, "text/plain", sent));
        let whole = "x".repeat(before) + "[redacted]" + &"y".repeat(8000);
        assert_eq!(api(&error).body(), Some(&whole[..4096]));
        let shown = format!("{}...", &whole[..200]);
        assert_eq!(
            error.to_string(),
            format!("GET /management/v1/sales-units: 400 Bad Request: {shown}")
        );
    };
    // At the cut of the body and at that of the message, the secret whole, or in two.
    for before in [4096 - SECRET.len(), 4090, 4095, 190, 199] {
        all_cut(before);
    }
    let body = format!(
        r#"{{"detail":"{}{}"}}"#,
        "x".repeat(4090),
        json_text(SECRET)
    );
    let error = error_of(Fault::json(400, body));
    assert_eq!(api(&error).detail(), Some(&*("x".repeat(4090) + "[redac")));
}

/// Only so much of a body is read: a token that ends beyond that is known by its beginning.
#[test]
fn a_token_at_the_end_of_what_is_read_leaves_no_piece_behind() {
    let token = "t0k3n".repeat(2000);
    let sandbox = Sandbox::start().unwrap();
    let session = Session::builder(builder_keys(), system())
        .base_url(sandbox.url())
        .retry(RetryPolicy::none())
        .access_token(AccessToken::new(&token, Duration::from_secs(3600)).unwrap())
        .build()
        .unwrap();
    let sent = vec![token.as_str(); 40].join(" ");
    sandbox.fault(UNITS, 1, Fault::reply(400, "text/plain", sent));
    let error = management::list_sales_units(&session).unwrap_err();
    // 256 KiB hold 26 tokens and a part of the next.
    assert_eq!(api(&error).body(), Some(&*vec!["[redacted]"; 27].join(" ")));
}

/// The connection may break in the middle of a secret, or in the middle of an escape in it.
#[test]
fn a_secret_that_the_network_cut_leaves_no_piece_behind() {
    let forms: [fn(char) -> String; 4] = [
        |c| c.to_string(),
        |c| format!("\\u{:04x}", u32::from(c)),
        |c| format!("&#{};", u32::from(c)),
        |c| format!("%{:02X}", u32::from(c)),
    ];
    for form in forms {
        let form: Vec<String> = SECRET.chars().map(form).collect();
        // From the eighth character on; a shorter piece may as well be a word.
        let first = form[..8].concat().len();
        let form = form.concat();
        for cut in first..form.len() {
            let sent = format!("{{\"sent\":\"{}", &form[..cut]);
            let head = "HTTP/1.1 400 Bad Request\r\nContent-Length: 1000\r\n\r\n";
            let error = error_of(Fault::Raw(format!("{head}{sent}").into()));
            assert_eq!(api(&error).body(), Some(r#"{"sent":"[redacted]"#), "{sent}");
        }
    }
}

/// A secret may begin at each backslash. Looking at all that follow from each of them would take minutes.
#[test]
fn a_body_full_of_backslashes_is_read_in_one_go() {
    for slash in ["\\", "\\u005c", "%5C", "&#92;"] {
        let sent = slash.repeat(60_000 / slash.len());
        let kept = &sent[..4096];
        let error = error_of(Fault::reply(400, "text/plain", sent.as_str()));
        assert_eq!(api(&error).body(), Some(kept));
    }
}

#[test]
fn what_only_looks_like_a_secret_stays() {
    for text in [
        // All but the last character, all but the first, another case.
        &SUBSCRIPTION_KEY[..18],
        &SUBSCRIPTION_KEY[1..],
        &SUBSCRIPTION_KEY.to_uppercase(),
        "client-1",
        "%zz %4 &nosuch; &#x110000; \\uD800 \\uZZZZ \\x \\ & %",
        "blåbær €",
    ] {
        let sent = format!("<{text}>");
        let error = error_of(Fault::reply(400, "text/plain", sent.clone()));
        assert_eq!(api(&error).body(), Some(sent.as_str()));
    }
}

/// The longest one goes first: what is left of it would be a piece of a secret.
#[test]
fn a_secret_that_begins_with_another_goes_whole() {
    let sandbox = Sandbox::start().unwrap();
    let keys = ApiKeys::standard("client-1", "abcd-efgh", "abcd-efgh-ijkl");
    sandbox.fault(
        UNITS,
        1,
        Fault::reply(400, "text/plain", "<abcd-efgh-ijkl> <abcd-efgh>"),
    );
    let error = management::list_sales_units(&session(&sandbox, keys)).unwrap_err();
    assert_eq!(api(&error).body(), Some("<[redacted]> <[redacted]>"));
}

#[test]
fn odd_secrets_do_no_harm() {
    for (secret, sent, clean) in [
        // Too short to be a secret.
        ("abc", "abc abcabc", "abc abcabc"),
        ("abcd", "abc abcd", "abc [redacted]"),
        // A word of the mark itself.
        ("redacted", "redacted", "[redacted]"),
        (r"\\\\\", r"a\\\\\b", "a[redacted]b"),
        (r"\\\\\", r"a\\b", r"a\\b"),
        (
            r"ab\cd\",
            r"<ab\cd\> <ab\\cd\\>",
            "<[redacted]> <[redacted]>",
        ),
        (
            r"\ab\cd",
            r"<\ab\cd> <\\ab\\cd>",
            "<[redacted]> <[redacted]>",
        ),
        (r"\\\a\", "banana", "banana"),
        // Every character of it can be read in two ways.
        (
            "%25%25%25%25%25%25%25%25",
            "%25%25%25%25%25%25%25%25",
            "[redacted]",
        ),
        (
            "%41%41+",
            "%2541%2541%2B %41%41%2b",
            "[redacted] [redacted]",
        ),
        (
            "&amp;&amp;",
            "&amp;&amp; &amp;amp;&amp;amp;",
            "[redacted] [redacted]",
        ),
        (
            r"\u0041\u0041",
            r"\u0041\u0041 \\u0041\\u0041",
            "[redacted] [redacted]",
        ),
    ] {
        let sandbox = Sandbox::start().unwrap();
        let keys = ApiKeys::standard("client-1", secret, SUBSCRIPTION_KEY);
        sandbox.fault(UNITS, 1, Fault::reply(400, "text/plain", sent));
        let error = management::list_sales_units(&session(&sandbox, keys)).unwrap_err();
        assert_eq!(api(&error).body(), Some(clean), "{secret}");
    }
}

#[test]
fn the_token_endpoints_may_repeat_the_keys_too() {
    let standard = (builder_keys(), "POST /accesstoken/get");
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
            assert_eq!(
                error.to_string(),
                format!("no access token: {route}: 401 Unauthorized: invalid_client: [redacted]")
            );
            assert_clean(&error, &[SECRET, BASIC, &form]);
        }
    }
}

/// A reply of success may repeat a secret where no text was promised; what a reader says of it must not.
#[test]
fn an_unreadable_reply_is_not_quoted() {
    for secret in [SECRET, SUBSCRIPTION_KEY, TOKEN, BASIC, "Kari Nordmann"] {
        let text = serde_json::to_string(secret).unwrap();
        let error = error_of(Fault::json(200, text.as_str()));
        assert_eq!(
            error.to_string(),
            format!(
                "GET /management/v1/sales-units: 200 OK, but the reply cannot be read: invalid type: string, expected a list of sales units"
            )
        );
        assert_clean(&error, &[secret]);
    }
}
