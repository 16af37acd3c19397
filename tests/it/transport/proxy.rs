//! Proxies. What the environment says is tested in a process of its own: variables are for a whole process.

use std::env;
use std::process::Command;

use vipps::{Delivery, ErrorKind};

use super::{GET, POST, assert_config, assert_error, builder, get, post};
use crate::support::{RawServer, json_reply, reply};

/// Nothing listens there: a call that arrives went through the proxy.
const NOWHERE: &str = "http://127.0.0.1:1";

const VARIABLES: [&str; 6] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// A proxy that makes one connection, to a server that says `[]`.
fn proxy() -> RawServer {
    RawServer::start([b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), json_reply("[]")])
}

fn connect_request(credentials: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\
         User-Agent: vipps-rust/{version}\r\nProxy-Connection: Keep-Alive\r\n{credentials}\r\n"
    )
}

#[test]
fn a_proxy_is_asked_for_a_tunnel() {
    let proxy = proxy();
    let session = builder(NOWHERE).proxy(proxy.url()).build().unwrap();
    assert_eq!(get(&session).unwrap(), []);
    let requests = proxy.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0], connect_request(""));
    assert!(requests[1].starts_with("GET /management/v1/sales-units HTTP/1.1\r\n"));
    assert!(requests[1].contains("\r\nhost: 127.0.0.1:1\r\n"));
}

/// What goes to the service is not for the proxy, and the other way round.
#[test]
fn a_proxys_credentials_go_to_the_proxy_only() {
    let cases = [
        ("alice:hunter2", "YWxpY2U6aHVudGVyMg=="),
        // `alice:hunter/2@`
        ("alice:hunter%2F2%40", "YWxpY2U6aHVudGVyLzJA"),
        ("alice", "YWxpY2U6"),
    ];
    for (user_information, basic) in cases {
        let proxy = proxy();
        let url = proxy.url().replace("//", &format!("//{user_information}@"));
        let builder = builder(NOWHERE).proxy(url);
        let shown = format!("{builder:?}");
        let session = builder.build().unwrap();
        get(&session).unwrap();
        let requests = proxy.requests();
        let credentials = format!("Proxy-Authorization: Basic {basic}\r\n");
        assert_eq!(requests[0], connect_request(&credentials));
        assert!(!requests[0].contains("test-"), "{}", requests[0]);
        assert!(!requests[1].to_ascii_lowercase().contains("proxy"));
        for shown in [shown, format!("{session:?}")] {
            assert!(!shown.contains("hunter"), "{shown}");
        }
    }
}

#[test]
fn a_proxy_that_refuses_sent_nothing() {
    let page = "<html>Who is alice:hunter2?";
    let cases = [
        (
            reply("407 Proxy Authentication Required", &[], page),
            "proxy server responded 407",
        ),
        (
            reply("502 Bad Gateway", &["Connection: close"], page),
            "proxy server responded 502",
        ),
        (
            b"HTTP/1.1 200 OK\r\nConnection: close".to_vec(),
            "proxy server did not respond",
        ),
    ];
    for (answer, reason) in cases {
        let proxy = RawServer::start([answer.clone(), answer]);
        let url = proxy.url().replace("//", "//alice:hunter2@");
        let session = builder(NOWHERE).proxy(url).build().unwrap();
        for (result, at) in [
            (get(&session).map(drop), GET),
            (post(&session).map(drop), POST),
        ] {
            let debug = format!("{result:?}");
            assert!(!debug.contains("hunter2"), "{debug}");
            let text =
                format!("{at}: no connection through the proxy: {reason} (nothing was sent)");
            let (kind, delivery) = (ErrorKind::Connect, Delivery::NotSent);
            assert_error(result, &text, kind, delivery, None);
        }
    }
}

/// Until the proxy has made the connection, nothing of the request is on its way.
#[test]
fn a_proxy_that_is_none_sent_nothing() {
    let garbage = || b"220 mail.example.com ESMTP\r\n".to_vec();
    let proxy = RawServer::start([garbage(), garbage()]);
    let session = builder(NOWHERE).proxy(proxy.url()).build().unwrap();
    for (result, at) in [
        (get(&session).map(drop), GET),
        (post(&session).map(drop), POST),
    ] {
        let text = format!(
            "{at}: no connection through the proxy: \
             the reply is not HTTP: http parse fail: invalid HTTP version (nothing was sent)"
        );
        let (kind, delivery) = (ErrorKind::Connect, Delivery::NotSent);
        assert_error(result, &text, kind, delivery, None);
    }
}

/// A server behind the proxy that repeats what it got from it.
#[test]
fn an_answer_does_not_show_the_proxys_password() {
    let answer = r#"{"title": "hunter2/4, or YWxpY2U6aHVudGVyMi80"}"#;
    let proxy = RawServer::start([
        b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        reply("403 Forbidden", &[], answer),
    ]);
    let url = proxy.url().replace("//", "//alice:hunter2%2F4@");
    let session = builder(NOWHERE).proxy(url).build().unwrap();
    let error = get(&session).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{GET}: 403 Forbidden: [redacted], or [redacted]")
    );
}

const ADDRESS: &str = "must be an address such as http://proxy.example.com:8080";
const SOCKS: &str = "must be an http or https proxy; SOCKS is not supported";

#[test]
fn an_address_that_is_no_http_proxy_is_refused() {
    let cases = [
        ("", ADDRESS),
        ("http://", ADDRESS),
        ("://proxy", ADDRESS),
        ("/proxy", ADDRESS),
        ("ftp://proxy:21", ADDRESS),
        ("http://pro xy", ADDRESS),
        ("http://proxy:8080\n", ADDRESS),
        ("http://[::1", ADDRESS),
        ("http://alice:hunter2@", ADDRESS),
        ("http://alice:hunter%FF@proxy", ADDRESS),
        // ureq takes these for port 80.
        ("http://proxy:99999", ADDRESS),
        ("http://alice:hunter2@proxy:65536", ADDRESS),
        ("http://proxy:0", ADDRESS),
        ("http://proxy:", ADDRESS),
        ("http://proxy:abc", ADDRESS),
        ("proxy:99999", ADDRESS),
        ("http://[::1]:99999", ADDRESS),
        // ureq panics on these at the first call.
        ("socks://proxy:1080", SOCKS),
        ("socks4://proxy:1080", SOCKS),
        ("socks4a://proxy:1080", SOCKS),
        ("socks5://alice:hunter2@proxy:1080", SOCKS),
        ("socks5h://proxy:1080", SOCKS),
        ("SOCKS5://proxy:1080", SOCKS),
    ];
    for (url, reason) in cases {
        let built = builder(NOWHERE).allow_plain_http().proxy(url).build();
        assert!(built.is_err(), "{url:?} was taken");
        assert_config(built, &format!("proxy: {reason}"));
    }
}

#[test]
fn an_address_of_a_proxy_may_be_short() {
    for url in [
        "proxy",
        "proxy:3128",
        "alice:hunter2@proxy:3128",
        "http://proxy",
        "HTTP://proxy:3128/",
        "http://[::1]:3128",
    ] {
        let built = builder(NOWHERE).allow_plain_http().proxy(url).build();
        assert!(built.is_ok(), "{url:?}: {built:?}");
    }
}

/// The way to the proxy would be plain TCP all the same, password and all.
#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
#[test]
fn an_https_proxy_needs_tls() {
    let built = builder(NOWHERE)
        .allow_plain_http()
        .proxy("https://proxy")
        .build();
    assert_config(
        built,
        "tls_backend: https needs the feature `rustls` of the vipps crate, \
         which is not compiled in",
    );
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[test]
fn a_proxy_may_be_https() {
    assert!(
        builder(NOWHERE)
            .allow_plain_http()
            .proxy("https://proxy")
            .build()
            .is_ok()
    );
}

#[test]
fn a_proxy_elsewhere_does_not_see_what_is_for_this_machine() {
    let elsewhere = "http://proxy.example.com:3128";
    for base_url in [NOWHERE, "http://localhost:1", "http://[::1]:1"] {
        let built = builder(base_url).proxy(elsewhere).build();
        assert_config(
            built,
            "proxy: must be on this machine where base_url is plain http: keys and tokens would cross the network in the clear. \
             It may be elsewhere with allow_plain_http()",
        );
        for proxy in ["http://localhost:3128", "http://[::1]:3128"] {
            assert!(builder(base_url).proxy(proxy).build().is_ok(), "{proxy}");
        }
        let allowed = builder(base_url).allow_plain_http().proxy(elsewhere);
        assert!(allowed.build().is_ok());
    }
    // One of the environment is passed by.
    let server = RawServer::start([json_reply("[]")]);
    let variables = [("HTTP_PROXY", elsewhere)];
    assert_eq!(call_in_child(&server.url(), "from_env", &variables), OK);
    assert_eq!(server.requests().len(), 1);
}

/// What the child says of its one call.
const OK: &str = "ok";

/// Makes one call, in a process whose environment a test has set up. In any other it does nothing.
#[test]
fn child() {
    let (Ok(url), Ok(choice)) = (env::var("TEST_CHILD_URL"), env::var("TEST_CHILD_PROXY")) else {
        return;
    };
    let mut builder = builder(&url);
    builder = match choice.as_str() {
        "none" => builder,
        "from_env" => builder.proxy_from_env(),
        "from_env, then an address" => builder.proxy_from_env().proxy("http://127.0.0.1:1"),
        url => builder.proxy(url),
    };
    let result = builder.build().and_then(|session| get(&session));
    // On a line of its own, whatever the test harness writes before it.
    println!(
        "\nCHILD {}",
        result.map_or_else(|error| error.to_string(), |_| OK.to_owned())
    );
}

/// Runs [`child`] with these variables and no other that is about proxies, and gives what it said.
#[track_caller]
fn call_in_child(url: &str, choice: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env::current_exe().unwrap());
    for name in VARIABLES.iter().chain(&["NO_PROXY", "no_proxy"]) {
        command.env_remove(name);
    }
    command
        .args(["--exact", "transport::proxy::child", "--nocapture"])
        .env("TEST_CHILD_URL", url)
        .env("TEST_CHILD_PROXY", choice)
        .envs(variables.iter().copied());
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said = text.lines().find_map(|line| line.strip_prefix("CHILD "));
    said.unwrap_or_else(|| panic!("the child said: {text}"))
        .to_owned()
}

#[test]
fn the_environment_is_ignored_unless_asked_for() {
    let proxy = RawServer::start([]);
    let server = RawServer::start([json_reply("[]")]);
    let url = proxy.url();
    let variables = VARIABLES.map(|name| (name, url.as_str()));
    assert_eq!(call_in_child(&server.url(), "none", &variables), OK);
    assert_eq!(server.requests().len(), 1);
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn a_proxy_of_the_environment_is_used_when_asked_for() {
    for name in VARIABLES {
        let proxy = proxy();
        let url = proxy.url().replace("//", "//alice:hunter2@");
        // A variable that is set to nothing is not set.
        let mut variables = vec![("ALL_PROXY", ""), ("https_proxy", "")];
        variables.push((name, &url));
        assert_eq!(call_in_child(NOWHERE, "from_env", &variables), OK, "{name}");
        let credentials = "Proxy-Authorization: Basic YWxpY2U6aHVudGVyMg==\r\n";
        assert_eq!(proxy.requests()[0], connect_request(credentials));
        assert_eq!(proxy.requests().len(), 2, "{name}");
    }
}

#[test]
fn without_a_variable_there_is_no_proxy() {
    let server = RawServer::start([json_reply("[]")]);
    assert_eq!(call_in_child(&server.url(), "from_env", &[]), OK);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_last_choice_of_a_proxy_counts() {
    let proxy = RawServer::start([]);
    let variables = [("HTTP_PROXY", proxy.url())];
    let variables = variables
        .each_ref()
        .map(|(name, url)| (*name, url.as_str()));
    let said = call_in_child(NOWHERE, "from_env, then an address", &variables);
    assert!(said.contains("no connection could be made"), "{said}");
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn no_proxy_is_honoured() {
    let cases = [
        ("NO_PROXY", "127.0.0.1", true),
        ("no_proxy", "127.0.0.1", true),
        ("no_proxy", "localhost", false),
        ("NO_PROXY", "*", true),
        ("NO_PROXY", "127.*", true),
        ("NO_PROXY", "example.com,127.0.0.1", true),
        // As people write lists.
        ("NO_PROXY", "example.com, 127.0.0.1", true),
        ("NO_PROXY", " 127.0.0.1 ", true),
        ("NO_PROXY", "localhost", false),
        ("NO_PROXY", "example.com", false),
        ("NO_PROXY", "", false),
        ("NO_PROXY", ",", false),
        ("NO_PROXY", "27.0.0.1", false),
    ];
    for (name, list, is_direct) in cases {
        let proxy = proxy();
        let server = RawServer::start([json_reply("[]")]);
        let url = proxy.url();
        let variables = [("HTTPS_PROXY", url.as_str()), (name, list)];
        let said = call_in_child(&server.url(), "from_env", &variables);
        assert_eq!(said, OK, "{name}={list:?}");
        assert_eq!(server.connections() == 1, is_direct, "{name}={list:?}");
        assert_eq!(proxy.connections() == 0, is_direct, "{name}={list:?}");
    }
}

/// A proxy that was asked for and cannot be had is not passed by in silence.
#[test]
fn a_variable_that_is_no_proxy_is_refused() {
    let cases = [
        ("HTTPS_PROXY", "http://alice:hunter2@proxy:99999", ADDRESS),
        ("http_proxy", "http://alice:hunter2@", ADDRESS),
        // Without its SOCKS feature ureq would connect without any proxy.
        ("ALL_PROXY", "socks5://alice:hunter2@proxy:1080", SOCKS),
    ];
    for (name, url, reason) in cases {
        let server = RawServer::start([json_reply("[]")]);
        let said = call_in_child(&server.url(), "from_env", &[(name, url)]);
        assert_eq!(said, format!("configuration: {name}: {reason}"));
        assert_eq!(server.connections(), 0);
        // Nobody asked for it.
        let said = call_in_child(&server.url(), "none", &[(name, url)]);
        assert_eq!(said, OK);
    }
}
