//! Proxies. The environment is tested in child processes, because variables apply to a whole
//! process.

use std::env;
use std::net::TcpStream;
use std::process::Command;

use vipps::{Delivery, ErrorKind, RetryPolicy};

use super::{DELETE, GET, POST, assert_config, assert_error, builder, delete, get, post};
use crate::support::{ClosedPort, RawServer, builder_without_token, json_reply, reply};

/// Nothing listens here, so a call that arrives went through the proxy.
const NOWHERE: &str = "http://127.0.0.1:1";

const VARIABLES: [&str; 6] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// A proxy that opens one connection, to a server that sends `[]`.
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

/// The proxy must not see what is for the API, nor the other way round.
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

/// Nothing was sent. A refusal is final, because someone has to set a password or permit the host.
#[test]
fn a_proxys_refusal_has_its_status() {
    let page = "<html>Who is alice:hunter2?";
    for (status, attempts) in [
        ("407 Proxy Authentication Required", 1),
        ("403 Forbidden", 1),
        // Neither a refused token nor a missing order.
        ("401 Unauthorized", 1),
        ("404 Not Found", 1),
        ("502 Bad Gateway", 3),
        ("503 Service Unavailable", 3),
        ("429 Too Many Requests", 3),
    ] {
        let answer = reply(status, &["Connection: close"], page);
        let proxy = RawServer::start(vec![answer; 2 * attempts]);
        let url = proxy.url().replace("//", "//alice:hunter2@");
        let policy = RetryPolicy::default();
        let session = builder(NOWHERE).proxy(url).retry(policy).build().unwrap();
        let code = status[..3].parse().unwrap();
        for (result, at) in [(delete(&session), DELETE), (post(&session).map(drop), POST)] {
            let debug = format!("{result:?}");
            assert!(!debug.contains("hunter2"), "{debug}");
            let error = result.unwrap_err();
            assert_eq!(error.attempts(), u32::try_from(attempts).unwrap());
            assert_eq!(error.is_retryable(), attempts > 1, "{error}");
            let address = proxy.address();
            let notes = if attempts > 1 { "3 attempts; " } else { "" };
            let text =
                format!("{at}: the proxy {address} answered {status} ({notes}nothing was sent)");
            let (kind, delivery) = (ErrorKind::Proxy, Delivery::NotSent);
            assert_error::<()>(Err(error), &text, kind, delivery, Some(code));
        }
        assert_eq!(proxy.requests().len(), 2 * attempts, "{status}");
    }
}

/// Without a token there is nothing to send, and the token request uses the proxy too.
#[test]
fn a_proxys_refusal_is_the_reason_for_a_missing_token() {
    let status = "407 Proxy Authentication Required";
    let proxy = RawServer::start([reply(status, &[], "")]);
    let session = builder_without_token(NOWHERE)
        .proxy(proxy.url())
        .retry(RetryPolicy::default());
    let text = format!(
        "no access token: POST /accesstoken/get: the proxy {} answered {status}",
        proxy.address()
    );
    let (kind, delivery) = (ErrorKind::Proxy, Delivery::NotSent);
    let result = post(&session.build().unwrap());
    assert_error(result, &text, kind, delivery, Some(407));
    assert_eq!(proxy.requests().len(), 1);
}

/// An unconfigured proxy, for example a transparent one, replies instead of the API.
#[test]
fn a_407_to_the_request_itself_is_final() {
    let status = "407 Proxy Authentication Required";
    let server = RawServer::start([reply(status, &[], "")]);
    let session = builder(&server.url()).retry(RetryPolicy::default());
    let result = post(&session.build().unwrap());
    let (kind, delivery) = (ErrorKind::Proxy, Delivery::Answered);
    let text = format!("{POST}: {status}");
    assert_error(result, &text, kind, delivery, Some(407));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_proxy_that_cannot_be_reached_is_named() {
    let closed = ClosedPort::new();
    let address = closed.address();
    let refused = TcpStream::connect(address).unwrap_err();
    let session = builder(NOWHERE).proxy(closed.url()).build().unwrap();
    let text =
        format!("{POST}: cannot connect to the proxy {address}: {refused} (nothing was sent)");
    let (kind, delivery) = (ErrorKind::Connect, Delivery::NotSent);
    assert_error(post(&session), &text, kind, delivery, None);

    let session = builder(NOWHERE)
        .allow_plain_http()
        .proxy("http://alice:hunter2@proxy.invalid:3128");
    let error = post(&session.build().unwrap()).unwrap_err();
    let text = error.to_string();
    let start = format!("{POST}: cannot resolve the proxy proxy.invalid:3128: ");
    assert!(text.starts_with(&start), "{text}");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(error.delivery(), Delivery::NotSent);
}

#[test]
fn a_proxy_that_disconnects_sends_nothing() {
    let answer = || b"HTTP/1.1 200 OK\r\nConnection: close".to_vec();
    let proxy = RawServer::start([answer(), answer()]);
    let session = builder(NOWHERE).proxy(proxy.url()).build().unwrap();
    for (result, at) in [
        (get(&session).map(drop), GET),
        (post(&session).map(drop), POST),
    ] {
        let text = format!(
            "{at}: cannot connect through the proxy {}: it closed the connection (nothing was \
             sent)",
            proxy.address()
        );
        let (kind, delivery) = (ErrorKind::Connect, Delivery::NotSent);
        assert_error(result, &text, kind, delivery, None);
    }
}

/// Until the proxy has connected, nothing of the request is sent.
#[test]
fn a_server_that_is_no_proxy_sends_nothing() {
    let garbage = || b"220 mail.example.com ESMTP\r\n".to_vec();
    let proxy = RawServer::start([garbage(), garbage()]);
    let session = builder(NOWHERE).proxy(proxy.url()).build().unwrap();
    for (result, at) in [
        (get(&session).map(drop), GET),
        (post(&session).map(drop), POST),
    ] {
        let text = format!(
            "{at}: cannot connect through the proxy {}: \
             the reply is not HTTP: http parse fail: invalid HTTP version (nothing was sent)",
            proxy.address()
        );
        let (kind, delivery) = (ErrorKind::Connect, Delivery::NotSent);
        assert_error(result, &text, kind, delivery, None);
    }
}

/// A server behind the proxy that echoes what the proxy sent.
#[test]
fn a_reply_does_not_show_the_proxys_password() {
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

const ADDRESS: &str = "must be a URL such as http://proxy.example.com:8080";
const SOCKS: &str = "must be an http or https proxy; SOCKS is not supported";

#[test]
fn an_invalid_proxy_url_is_refused() {
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
        // ureq treats these as port 80.
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
        assert!(built.is_err(), "{url:?} was accepted");
        assert_config(built, &format!("proxy: {reason}"));
    }
}

#[test]
fn a_proxy_url_may_be_abbreviated() {
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

/// The connection to the proxy would be plain TCP, password included.
#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
#[test]
fn an_https_proxy_needs_tls() {
    let built = builder(NOWHERE)
        .allow_plain_http()
        .proxy("https://proxy")
        .build();
    assert_config(
        built,
        "tls_backend: https requires the feature `rustls` of the vipps crate, \
         which is not enabled",
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
fn plain_http_to_loopback_needs_a_local_proxy() {
    let elsewhere = "http://proxy.example.com:3128";
    for base_url in [NOWHERE, "http://localhost:1", "http://[::1]:1"] {
        let built = builder(base_url).proxy(elsewhere).build();
        assert_config(
            built,
            "proxy: must have a loopback host if base_url is plain http, since keys and tokens \
             would be sent in the clear; any host is allowed with allow_plain_http()",
        );
        for proxy in ["http://localhost:3128", "http://[::1]:3128"] {
            assert!(builder(base_url).proxy(proxy).build().is_ok(), "{proxy}");
        }
        let allowed = builder(base_url).allow_plain_http().proxy(elsewhere);
        assert!(allowed.build().is_ok());
    }
    // A proxy from the environment is skipped.
    let server = RawServer::start([json_reply("[]")]);
    let variables = [("HTTP_PROXY", elsewhere)];
    assert_eq!(call_in_child(&server.url(), "from_env", &variables), OK);
    assert_eq!(server.requests().len(), 1);
}

/// The child's output for a successful call.
const OK: &str = "ok";

/// Makes one call, in a process whose environment a test has set up. Otherwise does nothing.
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
    // On a separate line, whatever the test harness prints before it.
    println!(
        "\nCHILD {}",
        result.map_or_else(|error| error.to_string(), |_| OK.to_owned())
    );
}

/// Runs [`child`] with these variables and no others about proxies, and returns its output.
#[track_caller]
fn call_in_child(url: &str, choice: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env::current_exe().unwrap());
    for name in VARIABLES
        .iter()
        .chain(&["NO_PROXY", "no_proxy", "REQUEST_METHOD"])
    {
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
fn a_proxy_from_the_environment_is_used_on_request() {
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        let proxy = proxy();
        let url = proxy.url().replace("//", "//alice:hunter2@");
        // An empty variable counts as unset.
        let mut variables = vec![("HTTP_PROXY", ""), ("ALL_PROXY", "")];
        variables.push((name, &url));
        assert_eq!(call_in_child(NOWHERE, "from_env", &variables), OK, "{name}");
        let credentials = "Proxy-Authorization: Basic YWxpY2U6aHVudGVyMg==\r\n";
        assert_eq!(proxy.requests()[0], connect_request(credentials));
        assert_eq!(proxy.requests().len(), 2, "{name}");
    }
}

/// Uses an https base URL, of which the proxy sees only the host.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[test]
fn the_scheme_selects_the_proxy_from_the_environment() {
    const SOCKS: &str = "socks5://127.0.0.1:1080";
    let cases: [&[(&str, Option<&str>)]; 5] = [
        &[("HTTPS_PROXY", None)],
        &[("https_proxy", None)],
        &[
            ("ALL_PROXY", None),
            ("HTTP_PROXY", Some("http://127.0.0.1:2")),
        ],
        &[("ALL_PROXY", Some(SOCKS)), ("HTTPS_PROXY", None)],
        &[("ALL_PROXY", Some(SOCKS)), ("https_proxy", None)],
    ];
    for case in cases {
        let status = "403 Forbidden";
        let proxy = RawServer::start([reply(status, &[], "")]);
        let url = proxy.url();
        let variables: Vec<_> = case
            .iter()
            .map(|(name, other)| (*name, other.unwrap_or(&url)))
            .collect();
        let said = call_in_child("https://127.0.0.1:1", "from_env", &variables);
        let text = format!(
            "{GET}: the proxy {} answered {status} (nothing was sent)",
            proxy.address()
        );
        assert_eq!(said, text, "{variables:?}");
        assert_eq!(proxy.requests(), [connect_request("")]);
    }
}

/// A proxy for the other scheme is not used.
#[test]
fn an_https_proxy_variable_does_not_apply_to_http() {
    let server = RawServer::start([json_reply("[]")]);
    let variables = ["HTTPS_PROXY", "https_proxy"].map(|name| (name, NOWHERE));
    assert_eq!(call_in_child(&server.url(), "from_env", &variables), OK);
    assert_eq!(server.connections(), 1);
}

/// In a CGI program, `HTTP_PROXY` holds the client's `Proxy` header. On Windows, names are
/// case-insensitive.
#[test]
fn http_proxy_is_ignored_in_a_cgi_program() {
    for (name, is_used) in [("HTTP_PROXY", false), ("http_proxy", cfg!(not(windows)))] {
        let proxy = proxy();
        let server = RawServer::start([json_reply("[]")]);
        let url = proxy.url();
        let variables = [("REQUEST_METHOD", "GET"), (name, &url)];
        assert_eq!(call_in_child(&server.url(), "from_env", &variables), OK);
        assert_eq!(proxy.connections() == 1, is_used, "{name}");
        assert_eq!(server.connections() == 0, is_used, "{name}");
    }
}

#[test]
fn without_a_variable_there_is_no_proxy() {
    let server = RawServer::start([json_reply("[]")]);
    assert_eq!(call_in_child(&server.url(), "from_env", &[]), OK);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_last_proxy_setting_counts() {
    let proxy = RawServer::start([]);
    let variables = [("HTTP_PROXY", proxy.url())];
    let variables = variables
        .each_ref()
        .map(|(name, url)| (*name, url.as_str()));
    let said = call_in_child(NOWHERE, "from_env, then an address", &variables);
    assert!(
        said.contains("cannot connect to the proxy 127.0.0.1:1: "),
        "{said}"
    );
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn no_proxy_is_honoured() {
    // The parser's own tests cover what a list may contain.
    let cases = [
        ("NO_PROXY", "127.0.0.1", true),
        ("no_proxy", "127.0.0.1", true),
        ("NO_PROXY", "example.com, 127.0.0.1:{port}", true),
        ("NO_PROXY", "127.0.0.1:1", false),
        ("NO_PROXY", "127.0.0.0/8", true),
        ("NO_PROXY", "*", true),
        ("NO_PROXY", "localhost", false),
        ("NO_PROXY", "", false),
    ];
    for (name, list, is_direct) in cases {
        let proxy = proxy();
        let server = RawServer::start([json_reply("[]")]);
        let url = proxy.url();
        let port = server.address().port().to_string();
        let list = list.replace("{port}", &port);
        let variables = [("HTTP_PROXY", url.as_str()), (name, &list)];
        let said = call_in_child(&server.url(), "from_env", &variables);
        assert_eq!(said, OK, "{name}={list:?}");
        assert_eq!(server.connections() == 1, is_direct, "{name}={list:?}");
        assert_eq!(proxy.connections() == 0, is_direct, "{name}={list:?}");
    }
}

/// An invalid proxy setting is not silently ignored.
#[test]
fn an_invalid_proxy_variable_is_refused() {
    let cases = [
        ("HTTP_PROXY", "http://alice:hunter2@proxy:99999", ADDRESS),
        ("http_proxy", "http://alice:hunter2@", ADDRESS),
        // Without its SOCKS feature ureq would connect without any proxy.
        ("ALL_PROXY", "socks5://alice:hunter2@proxy:1080", SOCKS),
    ];
    for (name, url, reason) in cases {
        let server = RawServer::start([json_reply("[]"), json_reply("[]")]);
        let said = call_in_child(&server.url(), "from_env", &[(name, url)]);
        // Windows ignores the case of a name, and gives the value under the first one that is read.
        let name_in_error = match cfg!(windows) {
            true => name.to_uppercase(),
            false => name.to_owned(),
        };
        assert_eq!(said, format!("configuration: {name_in_error}: {reason}"));
        assert_eq!(server.connections(), 0);
        // The environment was not asked for, or the proxy is not for this host.
        let said = call_in_child(&server.url(), "none", &[(name, url)]);
        assert_eq!(said, OK);
        let variables = [(name, url), ("NO_PROXY", "127.0.0.1")];
        assert_eq!(call_in_child(&server.url(), "from_env", &variables), OK);
    }
}
