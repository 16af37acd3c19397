//! No key or token appears in anything that is printed or logged. A separate program, because a
//! logger is global.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use base64::engine::{Engine, GeneralPurpose};
use log::{Level, LevelFilter, Log, Metadata, Record};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{ApiKeys, Error, RetryPolicy, Session};

use support::{Ids, endpoint, endpoints, system};

// This program uses only a part of it.
#[allow(dead_code, unused_imports, clippy::expect_used)]
#[path = "it/support/mod.rs"]
mod support;

/// Keeps everything that any crate logs.
struct Keeper(Mutex<Vec<Kept>>);

struct Kept {
    level: Level,
    target: String,
    text: String,
}

static KEEPER: Keeper = Keeper(Mutex::new(Vec::new()));

impl Log for Keeper {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let kept = Kept {
            level: record.level(),
            target: record.target().to_owned(),
            text: record.args().to_string(),
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(kept);
    }

    fn flush(&self) {}
}

/// What a program might print while it has a session, and what must not appear in it.
#[derive(Default)]
struct Shown {
    text: String,
    secrets: BTreeSet<String>,
}

impl Shown {
    fn show(&mut self, value: &impl Debug) {
        write!(self.text, "{value:?}\n{value:#?}\n").unwrap();
    }

    fn result<T: Debug>(&mut self, result: Result<T, Error>) {
        match result {
            Ok(value) => self.show(&value),
            Err(error) => {
                self.show(&error);
                writeln!(self.text, "{error} {error:#}").unwrap();
                let mut source = error.source();
                while let Some(cause) = source {
                    writeln!(self.text, "{cause} {cause:?} {cause:#?}").unwrap();
                    source = cause.source();
                }
                self.show(&error.field_problems());
            }
        }
    }

    /// The secrets in plain text and in base64.
    fn forms(&self) -> Vec<String> {
        let mut secrets = self.secrets.clone();
        secrets.insert("sandbox-mgmt-secret".to_owned());
        let forms: BTreeSet<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
        assert!(forms.iter().all(|form| form.len() > 8), "{forms:?}");
        forms.into_iter().collect()
    }

    /// Keeps all keys and tokens of the requests that a sandbox received.
    fn keep_secrets(&mut self, sandbox: &Sandbox) {
        let secret = [
            "client_secret",
            "ocp-apim-subscription-key",
            "authorization",
        ];
        for request in sandbox.requests() {
            for (name, value) in &request.headers {
                if secret.contains(&name.as_str()) {
                    let value = value.trim_start_matches("Bearer ");
                    self.secrets
                        .insert(value.trim_start_matches("Basic ").to_owned());
                }
            }
        }
        sandbox.clear_requests();
    }
}

/// The text itself, and its base64 form alone and within a longer text.
fn forms(secret: &str) -> Vec<String> {
    let encoded = |engine: &GeneralPurpose, before: usize| {
        let all = [&vec![0; before], secret.as_bytes()].concat();
        let text = engine.encode(&all);
        // Without the characters that share bits with its neighbours.
        text[(before * 8).div_ceil(6)..all.len() * 8 / 6].to_owned()
    };
    let mut forms = vec![secret.to_owned()];
    for before in 0..3 {
        forms.push(encoded(&STANDARD_NO_PAD, before));
        forms.push(encoded(&URL_SAFE_NO_PAD, before));
    }
    forms
}

/// Every kind of keys, call and failure, with everything printed and logged, one session at a time.
fn everything(mut check: impl FnMut(&Shown, &[Kept])) {
    let sandbox = Sandbox::start().unwrap();
    let mut done = |mut shown: Shown| {
        shown.keep_secrets(&sandbox);
        let mut kept = KEEPER.0.lock().unwrap();
        check(&shown, &std::mem::take(&mut *kept));
    };
    for (keys, token_route) in [
        (sandbox.api_keys(), "POST /accesstoken/get"),
        (sandbox.management_keys(), "POST /miami/v1/token"),
    ] {
        let mut shown = Shown::default();
        let session = session(&sandbox, &keys, &mut shown);
        calls(&session, &mut shown);
        drop(session);
        shown.keep_secrets(&sandbox);
        let keys_sent: Vec<String> = shown
            .secrets
            .iter()
            .filter(|secret| !secret.contains("token"))
            .cloned()
            .collect();
        done(shown);
        for route in [
            token_route,
            "GET *",
            "POST /management/v1/product-orders",
            "POST /order-management/v2/ecom/receipts/order-1",
        ] {
            for n in 0..faults("", "").len() {
                done(fail(&sandbox, &keys, &keys_sent, (route, n)));
            }
        }
    }
}

/// A session whose observer also prints everything.
fn session(sandbox: &Sandbox, keys: &ApiKeys, shown: &mut Shown) -> Session {
    let observed = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&observed);
    let builder = Session::builder(keys.clone(), system())
        .base_url(sandbox.url())
        .clock(sandbox.clock().clone())
        .merchant_serial_number("123456".parse().unwrap())
        .max_response_bytes(10_000)
        .retry(
            RetryPolicy::default()
                .max_attempts(2)
                .initial_backoff(Duration::ZERO),
        )
        .observer(move |exchange| {
            let text = format!("{exchange:?} {exchange:#?}\n");
            log::debug!(target: "observer", "{text}");
            kept.lock().unwrap().push_str(&text);
        });
    shown.show(keys);
    shown.show(&builder);
    let session = builder.build().unwrap();
    shown.show(&session);
    session
}

/// Every call with its result.
fn calls(session: &Session, shown: &mut Shown) {
    shown.result(session.access_token());
    for endpoint in endpoints() {
        shown.result((endpoint.call)(session, &Ids::default()));
    }
    shown.show(session);
}

/// Every kind of fault, and servers that echo what they were sent.
fn faults(keys: &str, token: &str) -> Vec<Fault> {
    let echo = &format!("{keys} {token}");
    let location = echo.replace(' ', ",");
    vec![
        Fault::status(204),
        Fault::status(400),
        Fault::status(401),
        Fault::status(403),
        Fault::status(404),
        Fault::status(409),
        Fault::status(500),
        Fault::status_retry_after(429, "1"),
        Fault::status_retry_after(503, "Fri, 31 Dec 2999 23:59:59 GMT"),
        Fault::Delay(Duration::from_millis(1)),
        Fault::Hold,
        Fault::CloseBeforeReading,
        Fault::CloseAfterReading,
        Fault::LoseReply,
        Fault::CutReply,
        Fault::Garbage,
        Fault::EndlessBody,
        Fault::HtmlBadGateway,
        Fault::json(400, format!(r#"{{"title":"{echo}","detail":"{echo}"}}"#)),
        // After the first of these the call has another token, which the second could echo.
        Fault::json(401, format!(r#"{{"error":"{keys}"}}"#)),
        Fault::json(500, format!(r#"{{"headers":"{echo}"}}"#)),
        Fault::json(200, format!(r#"{{"access_token":["{echo}"]}}"#)),
        Fault::json(200, format!("{echo:?}")),
        Fault::reply(502, "text/html", format!("<title>{echo}</title>{echo}")),
        Fault::reply(200, "text/plain", echo.as_str()),
        Fault::Raw(format!("HTTP/1.1 302 Found\r\nLocation: https://x/{location}\r\n\r\n").into()),
        Fault::Raw(format!("HTTP/1.1 400 {echo}\r\nX-Echo: {echo}\r\n\r\n").into()),
        Fault::Raw(format!("{echo}\r\n\r\n").into()),
    ]
}

/// One call of each kind, while a route fails in one way.
fn fail(
    sandbox: &Sandbox,
    keys: &ApiKeys,
    sent: &[String],
    (route, fault): (&str, usize),
) -> Shown {
    let mut shown = Shown::default();
    let session = session(sandbox, keys, &mut shown);
    // A server can only echo a token that it was sent.
    let token = match route {
        "POST /accesstoken/get" | "POST /miami/v1/token" => String::new(),
        _ => session.access_token().unwrap().secret().to_owned(),
    };
    let fault = faults(&sent.join(" "), &token).swap_remove(fault);
    let is_held = fault == Fault::Hold;
    // As often as one call may meet it.
    sandbox.fault(route, if is_held { 1 } else { 2 }, fault);
    let before = sandbox.count(route);
    std::thread::scope(|scope| {
        let session = &session;
        let calls = ["list_sales_units", "prefill_product_order", "add_receipt"];
        let calling =
            scope.spawn(move || calls.map(|name| (endpoint(name).call)(session, &Ids::default())));
        if is_held {
            assert!(sandbox.wait_for(route, before + 1), "{route}");
            sandbox.release();
        }
        // A value is what the server sent, key or not: only errors are redacted.
        for result in calling.join().unwrap() {
            shown.result(result.map(drop));
        }
    });
    shown.show(&session);
    sandbox.clear_faults();
    shown
}

/// Both in one test, because they share the logger.
#[test]
fn keys_and_tokens_are_neither_printed_nor_logged_except_at_trace() {
    log::set_logger(&KEEPER).unwrap();
    // Makes sure that the search is for secrets that were sent.
    let mut sent = BTreeSet::new();
    let mut logged_by = BTreeSet::new();
    log::set_max_level(LevelFilter::Debug);
    everything(|shown, kept| {
        let forms = shown.forms();
        assert_none(&shown.text, &forms);
        for kept in joined(kept) {
            assert_none(&kept.text, &forms);
            logged_by.insert(kept.target);
        }
        sent.extend(shown.secrets.clone());
    });
    for secret in [
        "sandbox-client-secret",
        "sandbox-key-1",
        // The base64 of the management keys' id and secret.
        "c2FuZGJveC1tYW5hZ2VtZW50LWlkOnNhbmRib3gtbWdtdC1zZWNyZXQ=",
    ] {
        assert!(sent.contains(secret), "{secret} was never sent");
    }
    let tokens = sent.iter().filter(|secret| secret.contains("token"));
    assert!(tokens.count() > 100);
    for target in ["ureq::run", "ureq::pool", "ureq_proto::client", "observer"] {
        assert!(
            logged_by.contains(target),
            "{target} is not in {logged_by:?}"
        );
    }

    // At TRACE this cannot be prevented, but the places are known.
    let mut leaks = BTreeSet::new();
    log::set_max_level(LevelFilter::Trace);
    everything(|shown, kept| {
        let forms = shown.forms();
        assert_none(&shown.text, &forms);
        for kept in joined(kept) {
            if found(&kept.text, &forms).is_some() {
                leaks.insert(format!("{} {}", kept.level, kept.target));
            }
        }
    });
    let leaks: Vec<String> = leaks.into_iter().collect();
    // The first shows only a server's `Location`, and only while ureq logs at TRACE. The second
    // shows everything that is sent.
    assert_eq!(leaks, ["DEBUG ureq::run", "TRACE ureq_proto::util"]);
}

/// The records, and for each target the ends of its records joined: a dump of bytes has 16
/// characters per line.
fn joined(kept: &[Kept]) -> Vec<Kept> {
    let mut dumps: BTreeMap<(Level, &str), String> = BTreeMap::new();
    for kept in kept {
        let dump = dumps.entry((kept.level, &kept.target)).or_default();
        dump.extend(
            kept.text
                .chars()
                .rev()
                .take(16)
                .collect::<Vec<_>>()
                .iter()
                .rev(),
        );
    }
    let dumps = dumps
        .into_iter()
        .map(|((level, target), text)| (level, target, text));
    let records = kept
        .iter()
        .map(|kept| (kept.level, kept.target.as_str(), kept.text.clone()));
    let all = records.chain(dumps).map(|(level, target, text)| Kept {
        level,
        target: target.to_owned(),
        text,
    });
    all.collect()
}

/// The first of some texts that occurs in another.
fn found<'a>(text: &str, forms: &'a [String]) -> Option<&'a String> {
    forms.iter().find(|form| text.contains(form.as_str()))
}

#[track_caller]
fn assert_none(text: &str, forms: &[String]) {
    if let Some(form) = found(text, forms) {
        let line = text.lines().find(|line| line.contains(form.as_str()));
        panic!("{form} is in: {}", line.unwrap_or(text));
    }
}
