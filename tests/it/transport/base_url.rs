//! Which base URLs a session accepts, and how it uses them.

use vipps::{ApiKeys, Environment, Session};

use super::{assert_config, get, session};
use crate::support::{RawServer, json_reply, session_builder, system};

const PLAIN_HTTP: &str = "must be https, since http would send keys and tokens in the clear; http \
                          is allowed for loopback hosts, or for any host with allow_plain_http()";
const PORT: &str = "must have a port from 1 to 65535, or none";
const USER_INFORMATION: &str = "must not contain user information; pass the keys as ApiKeys";
const SCHEME: &str = "must begin with https://";
const HOST: &str = "must have a host";

#[test]
fn an_unusable_base_url_is_refused() {
    let cases = [
        ("", SCHEME),
        ("api.vipps.no", SCHEME),
        ("//api.vipps.no", SCHEME),
        ("https:/api.vipps.no", SCHEME),
        ("https:api.vipps.no", SCHEME),
        ("://api.vipps.no", SCHEME),
        ("ftp://api.vipps.no", SCHEME),
        ("httpss://api.vipps.no", SCHEME),
        ("file://host/path", SCHEME),
        ("https://", HOST),
        ("https:///path", HOST),
        ("https://:8443", HOST),
        ("https://user@api.vipps.no", USER_INFORMATION),
        ("https://user:password@api.vipps.no", USER_INFORMATION),
        ("https://@api.vipps.no", USER_INFORMATION),
        ("http://127.0.0.1@example.com", USER_INFORMATION),
        ("https://api.vipps.no/a@b", USER_INFORMATION),
        ("https://api.vipps.no?x=1", "must not have a query"),
        ("https://api.vipps.no/?", "must not have a query"),
        ("https://api.vipps.no#top", "must not have a fragment"),
        ("https://api.vipps.no/#", "must not have a fragment"),
        // ureq treats these as the default port.
        ("https://api.vipps.no:0", PORT),
        ("https://api.vipps.no:99999", PORT),
        ("https://api.vipps.no:65536", PORT),
        ("https://api.vipps.no:abc", PORT),
        ("https://api.vipps.no:", PORT),
        ("https://api.vipps.no:/path", PORT),
        ("https://api.vipps.no:-1", PORT),
        ("https://api.vipps.no:+443", PORT),
        ("https://api.vipps.no:443:443", PORT),
        ("http://127.0.0.1:99999", PORT),
        ("http://[::1]:99999", PORT),
        ("http://[::1]:", PORT),
        ("http://api.vipps.no", PLAIN_HTTP),
        ("HTTP://api.vipps.no", PLAIN_HTTP),
        ("http://192.168.0.1:8080", PLAIN_HTTP),
        ("http://0.0.0.0:8080", PLAIN_HTTP),
        ("http://localhost.example.com", PLAIN_HTTP),
        ("http://127.0.0.1.example.com", PLAIN_HTTP),
        ("http://128.0.0.1", PLAIN_HTTP),
        ("http://[::2]", PLAIN_HTTP),
        ("http://[::1", PORT),
        (
            " https://api.vipps.no",
            "must be visible ASCII, but contains ' '",
        ),
        (
            "https://api.vipps.no ",
            "must be visible ASCII, but contains ' '",
        ),
        (
            "https://api vipps.no",
            "must be visible ASCII, but contains ' '",
        ),
        (
            "https://api.vipps.no\n",
            "must be visible ASCII, but contains '\\n'",
        ),
        (
            "https://api.vipps.no\r\nX: y",
            "must be visible ASCII, but contains '\\r'",
        ),
        (
            "https://api.vipps.no/\u{0}",
            "must be visible ASCII, but contains '\\0'",
        ),
        (
            "https://\u{e6}pi.vipps.no",
            "must be visible ASCII, but contains '\u{e6}'",
        ),
        ("https://[::1", PORT),
        ("https://[abc", "is not a valid URL: invalid authority"),
        (
            "https://api.vipps.no\\x",
            "is not a valid URL: invalid uri character",
        ),
        // Seen in other clients: the API's own path twice in every request.
        (
            "https://api.vipps.no/management",
            "must not contain the path /management, which each call adds",
        ),
        (
            "https://api.vipps.no/management/v1/",
            "must not contain the path /management, which each call adds",
        ),
        (
            "https://gateway.example.com/vipps/order-management",
            "must not contain the path /order-management, which each call adds",
        ),
        (
            "https://api.vipps.no/accesstoken/get",
            "must not contain the path /accesstoken, which each call adds",
        ),
        (
            "https://api.vipps.no/miami/v1/token",
            "must not contain the path /miami, which each call adds",
        ),
    ];
    for (url, reason) in cases {
        let built = session_builder(url).build();
        assert!(built.is_err(), "{url:?} was accepted");
        assert_config(built, &format!("base_url: {reason}"));
    }
}

#[test]
fn allow_plain_http_allows_nothing_else() {
    let build = |url: &str| session_builder(url).allow_plain_http().build();
    assert_eq!(
        build("http://sandbox:8080").unwrap().base_url(),
        "http://sandbox:8080"
    );
    let cases = [
        ("ftp://sandbox", SCHEME),
        ("http://user:password@sandbox", USER_INFORMATION),
        ("http://sandbox:99999", PORT),
        ("http://", HOST),
        ("http://[abc", "is not a valid URL: invalid authority"),
    ];
    for (url, reason) in cases {
        assert_config(build(url), &format!("base_url: {reason}"));
    }
}

#[test]
fn no_error_shows_a_password() {
    for url in [
        "https://alice:hunter2@api.vipps.no",
        "http://alice:hunter2@api.vipps.no",
        "https://alice:hunter2@api.vipps.no:99999",
        "https://alice:hunter2@",
        "https://alice:hunter2",
        "ftp://alice:hunter2@api.vipps.no",
        "alice:hunter2@api.vipps.no",
        "alice:hunter2@api.vipps.no://x",
        "alice:hunter2://api.vipps.no",
        "hunter2://api.vipps.no",
        "https:alice:hunter2@api.vipps.no",
        "https://api.vipps.no/?password=hunter2",
        "https://api.vipps.no/#hunter2",
        "http://example.com/hunter2",
        "https://alice:hunter2\n@api.vipps.no",
        "https://alice:hunter2 @api.vipps.no",
        "https://[hunter2",
    ] {
        let error = session_builder(url).build().unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{url:?}: {shown}");
    }
    // Not a single character of it.
    let error = session_builder("https://alice:p\u{e6}ss@api.vipps.no").build();
    assert_config(error, &format!("base_url: {USER_INFORMATION}"));
}

#[test]
fn a_loopback_address_may_be_plain_http() {
    let cases = [
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://LocalHost:8080", "http://LocalHost:8080"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://127.8.9.1:1", "http://127.8.9.1:1"),
        ("http://[::1]", "http://[::1]"),
        ("http://[::1]:65535/", "http://[::1]:65535"),
        ("HTTP://127.0.0.1:8080", "http://127.0.0.1:8080"),
        (
            "http://127.0.0.1:8080/prefix/",
            "http://127.0.0.1:8080/prefix",
        ),
    ];
    for (url, is) in cases {
        assert_eq!(session(url).base_url(), is, "{url}");
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[test]
fn an_https_url_is_used_unchanged() {
    let cases = [
        ("https://api.vipps.no", "https://api.vipps.no"),
        ("https://api.vipps.no/", "https://api.vipps.no"),
        ("https://api.vipps.no//", "https://api.vipps.no"),
        ("HTTPS://API.vipps.no", "https://API.vipps.no"),
        ("https://api.vipps.no:1", "https://api.vipps.no:1"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        (
            "https://gateway.example.com/vipps/v2/",
            "https://gateway.example.com/vipps/v2",
        ),
        // Not an API's path, although it contains an API's name.
        (
            "https://example.com/management-gateway",
            "https://example.com/management-gateway",
        ),
    ];
    for (url, is) in cases {
        assert_eq!(session(url).base_url(), is, "{url}");
    }
}

#[test]
fn a_path_is_a_prefix_of_the_apis_path() {
    for (end, line) in [
        ("", "GET /management/v1/sales-units HTTP/1.1"),
        ("/", "GET /management/v1/sales-units HTTP/1.1"),
        (
            "/vipps/v2/",
            "GET /vipps/v2/management/v1/sales-units HTTP/1.1",
        ),
    ] {
        let server = RawServer::start([json_reply("[]")]);
        get(&session(&format!("{}{end}", server.url()))).unwrap();
        assert_eq!(server.requests()[0].lines().next(), Some(line));
    }
}

#[test]
fn a_base_url_overrides_the_environment_in_either_order() {
    let keys = || ApiKeys::standard("id", "secret", "key");
    let token = || vipps::AccessToken::new("a-token", std::time::Duration::from_secs(60)).unwrap();
    for environment in [Environment::Production, Environment::Test] {
        let server = RawServer::start([json_reply("[]"), json_reply("[]")]);
        let before = Session::builder(keys(), system())
            .base_url(server.url())
            .environment(environment);
        let after = Session::builder(keys(), system())
            .environment(environment)
            .base_url(server.url());
        for builder in [before, after] {
            let session = builder.access_token(token()).build().unwrap();
            get(&session).unwrap();
        }
        assert_eq!(server.requests().len(), 2);
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[test]
fn production_is_the_default() {
    let builder = || Session::builder(ApiKeys::standard("id", "secret", "key"), system());
    assert_eq!(
        builder().build().unwrap().base_url(),
        "https://api.vipps.no"
    );
    let test = builder().environment(Environment::Test).build().unwrap();
    assert_eq!(test.base_url(), "https://apitest.vipps.no");
}
