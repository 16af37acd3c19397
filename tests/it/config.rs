//! What a caller can get wrong before anything is sent: keys, settings, identifiers, paths, the environment.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::process::Command;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use vipps::management::{
    self, BankAccount, BusinessIdentifier, PricePackageId, ProductOrderId, SalesUnitSummary,
};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{
    ApiKeys, Clock, Delivery, Error, ErrorKind, IdempotencyKey, Msn, RetryPolicy, Session,
    SessionBuilder, SystemInfo,
};

use crate::support::{
    RawServer, call, json_reply, last_request, reply, rows, session_builder, system, wire,
};

/// The whole message of an error that stands for a mistake of the caller's.
#[track_caller]
fn refusal<T: Debug>(result: Result<T, Error>) -> String {
    let error = result.expect_err("a refusal");
    let mistakes = [ErrorKind::Config, ErrorKind::InvalidInput];
    assert!(mistakes.contains(&error.kind()), "{error:?}");
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.status(), None);
    assert!(!error.is_retryable());
    error.to_string()
}

/// A JSON string as a server's reply may hold it, taken as it comes.
fn from_server<T: DeserializeOwned>(value: &str) -> T {
    serde_json::from_value(json!(value)).unwrap()
}

/// Values that are no header, and what the error says of them.
const BAD_HEADER_VALUES: [(&str, &str); 9] = [
    ("", "must not be empty"),
    (" ", "must not begin or end with a space"),
    (" leading-space", "must not begin or end with a space"),
    ("trailing-space ", "must not begin or end with a space"),
    (
        "nøkkel",
        "must be visible ASCII, and has a character outside ASCII at 2",
    ),
    (
        "split\nhere",
        "must be visible ASCII, and has a line break at 6",
    ),
    (
        "split\r\nhere",
        "must be visible ASCII, and has a line break at 6",
    ),
    (
        "a\ttab",
        "must be visible ASCII, and has a control character at 2",
    ),
    (
        "del\u{7f}",
        "must be visible ASCII, and has a control character at 4",
    ),
];

#[test]
fn a_bad_key_is_named_and_never_shown() {
    let sandbox = Sandbox::start().unwrap();
    let build = |keys| {
        Session::builder(keys, system())
            .base_url(sandbox.url())
            .build()
    };
    for (bad, reason) in BAD_HEADER_VALUES {
        let cases = [
            ("client_id", ApiKeys::standard(bad, "secret", "key")),
            ("client_secret", ApiKeys::standard("id", bad, "key")),
            ("subscription_key", ApiKeys::standard("id", "secret", bad)),
            ("client_id", ApiKeys::management(bad, "secret")),
            ("client_secret", ApiKeys::management("id", bad)),
        ];
        for (setting, keys) in cases {
            let error = build(keys).unwrap_err();
            // The whole message: there is no place for the value in it.
            assert_eq!(
                error.to_string(),
                format!("configuration: {setting}: {reason}")
            );
            assert_eq!(error.kind(), ErrorKind::Config);
            if bad.trim().len() > 1 {
                assert!(!format!("{error:?}").contains(bad), "{error:?}");
            }
        }
    }
    assert_eq!(sandbox.requests(), []);
}

#[test]
fn a_colon_is_for_the_client_id_of_standard_keys_only() {
    let build = |keys| {
        let builder = Session::builder(keys, system());
        builder.base_url("http://127.0.0.1:1").build()
    };
    // Basic authentication has the user name end at the first colon.
    assert_eq!(
        refusal(build(ApiKeys::management("a:b", "secret"))),
        "configuration: client_id: must not hold a colon if the keys are management keys"
    );
    build(ApiKeys::management("a", "se:cret")).unwrap();
    build(ApiKeys::standard("a:b", "secret", "key")).unwrap();
}

#[test]
fn keys_with_inner_spaces_and_signs_are_sent_as_they_are() {
    let sandbox = Sandbox::start().unwrap();
    let keys = ApiKeys::standard("id with space", "~!@#$%^&*()\"'\\", "key=;,");
    let session = Session::builder(keys, system()).base_url(sandbox.url());
    session.build().unwrap().access_token().unwrap_err();
    let request = last_request(&sandbox);
    assert_eq!(request.header("client_id"), Some("id with space"));
    assert_eq!(request.header("client_secret"), Some("~!@#$%^&*()\"'\\"));
    assert_eq!(request.header("ocp-apim-subscription-key"), Some("key=;,"));
}

#[test]
fn a_bad_system_header_is_named() {
    let good = SystemInfo::new("acme", "1").unwrap();
    let thirty = "x".repeat(30);
    let long = "x".repeat(31);
    let too_long = "must be at most 30 characters, not 31";
    let bad = BAD_HEADER_VALUES.into_iter();
    for (value, reason) in bad.chain([(long.as_str(), too_long)]) {
        for (header, result) in [
            ("Vipps-System-Name", SystemInfo::new(value, "1")),
            ("Vipps-System-Version", SystemInfo::new("acme", value)),
            ("Vipps-System-Plugin-Name", good.clone().plugin(value, "1")),
            (
                "Vipps-System-Plugin-Version",
                good.clone().plugin("shop", value),
            ),
        ] {
            let expected = format!("configuration: {header}: {reason}");
            assert_eq!(refusal(result), expected);
        }
    }
    let longest = SystemInfo::new(&thirty, &thirty).unwrap();
    longest.plugin(&thirty, &thirty).unwrap();
}

#[test]
fn a_bad_base_url_is_named() {
    let plain_http = "must be https: keys and tokens would cross the network in the clear. http is \
                      for loopback addresses, and others with allow_plain_http()";
    for [url, reason] in rows(
        "
        http://example.com                 | (plain http)
        http://127.0.0.1.example.com       | (plain http)
        http://localhost.example.com       | (plain http)
        https://user:hush@example.com      | must not hold user information; keys are given as ApiKeys
        https://example.com?a=b            | must not have a query
        https://example.com/#a             | must not have a fragment
        https://example.com:99999          | must have a port from 1 to 65535, or none
        https://example.com:               | must have a port from 1 to 65535, or none
        https:///path                      | must name a host
        ftp://example.com                  | must begin with https://
        https://exa mple.com               | must be visible ASCII, and has ' '
        https://example.com/management/v1  | must not hold the path /management, which each call adds
        ",
    ) {
        let reason = reason.replace("(plain http)", plain_http);
        let built = session_builder("http://127.0.0.1:1").base_url(url).build();
        let expected = format!("configuration: base_url: {reason}");
        assert_eq!(refusal(built), expected);
    }
}

#[test]
fn a_bad_setting_is_named() {
    let build = |change: fn(SessionBuilder) -> SessionBuilder| {
        refusal(change(session_builder("http://127.0.0.1:1")).build())
    };
    let time = "must be from 1 millisecond to 24 hours";
    let no_header = "must be visible ASCII, and has a line break at 7";
    let no_socks = "must be an http or https proxy; SOCKS is not supported";
    let endless = Duration::MAX;
    for (message, expected) in [
        (
            build(|b| b.base_url("")),
            "base_url: must begin with https://",
        ),
        (
            build(|b| b.timeout(Duration::ZERO)),
            &format!("timeout: {time}, not 0ns"),
        ),
        (
            build(|b| b.timeout(Duration::MAX)),
            &format!("timeout: {time}, not {endless:?}"),
        ),
        (
            build(|b| b.connect_timeout(Duration::ZERO)),
            &format!("connect_timeout: {time}, not 0ns"),
        ),
        (
            build(|b| b.max_response_bytes(0)),
            "max_response_bytes: must be at least 1",
        ),
        (
            build(|b| b.user_agent_suffix("")),
            "user_agent_suffix: must not be empty",
        ),
        (
            build(|b| b.user_agent_suffix("acme/1\r\nX: y")),
            &format!("user_agent_suffix: {no_header}"),
        ),
        (
            build(|b| b.proxy("socks5://proxy.example.com:1080")),
            &format!("proxy: {no_socks}"),
        ),
    ] {
        assert_eq!(message, format!("configuration: {expected}"));
    }
}

/// A session for `system` and one call with it, as it came in.
fn call_of(system: SystemInfo) -> vipps::sandbox::ReceivedRequest {
    let sandbox = Sandbox::start().unwrap();
    let session = Session::builder(sandbox.api_keys(), system).base_url(sandbox.url());
    management::list_sales_units(&session.build().unwrap()).unwrap();
    for request in sandbox.requests() {
        for (name, value) in &request.headers {
            // Clients that send empty headers have been refused by the service.
            assert!(!value.trim().is_empty(), "an empty {name}");
        }
    }
    last_request(&sandbox)
}

#[test]
fn the_plugin_headers_repeat_the_systems_until_a_plugin_is_named() {
    let names = [
        "vipps-system-name",
        "vipps-system-version",
        "vipps-system-plugin-name",
        "vipps-system-plugin-version",
    ];
    let plain = SystemInfo::new("acme", "3.1.2").unwrap();
    let with_plugin = plain.clone().plugin("acme-webshop", "4.5.6").unwrap();
    for (system, expected) in [
        (plain, ["acme", "3.1.2", "acme", "3.1.2"]),
        (with_plugin, ["acme", "3.1.2", "acme-webshop", "4.5.6"]),
    ] {
        let request = call_of(system);
        assert_eq!(
            names.map(|name| request.header(name).unwrap_or("missing")),
            expected
        );
        // Nothing is sent for an MSN that is not set.
        assert_eq!(request.header("merchant-serial-number"), None);
    }
}

/// What holds for every identifier, whatever its pattern.
#[track_caller]
fn check_identifier<T>(field: &str, rule: &str, good: &[&str], bad: &[&str])
where
    T: FromStr<Err = Error> + Display + Debug + AsRef<str> + Clone + Eq + Ord + Hash,
    T: Serialize + DeserializeOwned,
{
    for text in good {
        let id: T = text.parse().unwrap();
        assert_eq!(id.to_string(), *text);
        assert_eq!(id.as_ref(), *text);
        assert_eq!(serde_json::to_value(&id).unwrap(), json!(text));
        assert_eq!(from_server::<T>(text), id);
        assert_eq!(HashSet::from([id.clone(), id]).len(), 1);
    }
    for text in bad {
        assert_eq!(
            refusal(text.parse::<T>()),
            format!("invalid input: {field}: must be {rule}, not {text:?}")
        );
        // What a server sends is taken as it comes, and goes out again as it came.
        let id: T = from_server(text);
        assert_eq!(serde_json::to_value(&id).unwrap(), json!(text));
    }
    for (number, text) in [
        (json!(123_456), "123456"),
        (json!(0), "0"),
        (json!(-5), "-5"),
        (json!(u64::MAX), "18446744073709551615"),
    ] {
        let id: T = serde_json::from_value(number).unwrap();
        assert_eq!(serde_json::to_value(&id).unwrap(), json!(text));
    }
    for (other, found) in [
        (json!(null), "null"),
        (json!(true), "boolean `true`"),
        (json!(1.5), "floating point `1.5`"),
        (json!(["123456"]), "sequence"),
        (json!({}), "map"),
    ] {
        assert_eq!(
            serde_json::from_value::<T>(other).unwrap_err().to_string(),
            format!("invalid type: {found}, expected a string or a whole number")
        );
    }
}

#[test]
fn an_msn_is_4_to_10_digits() {
    check_identifier::<Msn>(
        "msn",
        "4 to 10 digits",
        // Five-digit ones exist, and a narrow pattern has refused them elsewhere.
        &["1234", "12345", "0000", "123456", "1234567890"],
        &[
            "",
            "123",
            "12345678901",
            "12a456",
            "12345 ",
            "+12345",
            "-12345",
            "12.34",
            "1234\n",
            // Digits to Unicode, but not to the service.
            "١٢٣٤٥",
            "１２３４",
        ],
    );
}

#[test]
fn an_idempotency_key_is_1_to_50_letters_digits_and_hyphens() {
    let (fifty, long) = ("k".repeat(50), "k".repeat(51));
    check_identifier::<IdempotencyKey>(
        "Idempotency-Key",
        "1 to 50 ASCII letters, digits and hyphens",
        &[
            "a",
            "A-9",
            "-",
            "Az09-",
            &fifty,
            IdempotencyKey::random().as_str(),
        ],
        // Dots and underscores were in keys that the service refused.
        &[
            "", &long, "a.b", "a_b", "a b", "nøkkel", "a\r\nb", "a\n", "a:b",
        ],
    );
}

const UUID: &str = "8a11afb7-c223-48ed-8ca6-4722b97261aa";

const BAD_UUIDS: [&str; 9] = [
    "",
    "8a11afb7",
    "8a11afb7c22348ed8ca64722b97261aa",
    "8a11afb7-c223-48ed-8ca6-4722b97261a",
    "8a11afb7-c223-48ed-8ca6-4722b97261aaa",
    "8a11afb7-c223-48ed-8ca6-4722b97261ag",
    "8a11afb7-c223-48ed-8ca6-4722b97261aa-",
    "{8a11afb7-c223-48ed-8ca6-4722b97261aa}",
    "8a11afb7-c223-48ed-8ca6/../47b97261aa",
];

#[test]
fn ids_of_orders_and_price_packages_are_uuids() {
    let rule = "a UUID (8-4-4-4-12 hexadecimal digits)";
    // The schema does not say which case or version.
    let good = [
        UUID,
        "8A11AFB7-C223-48ED-8CA6-4722B97261AA",
        "00000000-0000-0000-0000-000000000000",
    ];
    check_identifier::<ProductOrderId>("productOrderId", rule, &good, &BAD_UUIDS);
    check_identifier::<PricePackageId>("pricePackageId", rule, &good, &BAD_UUIDS);
}

#[test]
fn an_identifier_is_padded_and_debugged_as_text() {
    let msn = Msn::new("123456").unwrap();
    assert_eq!(
        format!("[{msn:>8}|{msn:<8}|{msn:^8}|{msn:.3}]"),
        "[  123456|123456  | 123456 |123]"
    );
    assert_eq!(format!("{msn:?}"), r#"Msn("123456")"#);
    let id = ProductOrderId::new(UUID).unwrap();
    assert_eq!(format!("{id:?}"), format!("ProductOrderId({UUID:?})"));
}

#[test]
fn a_long_bad_value_is_shown_in_part() {
    // Cut at a character, not at a byte.
    let message = refusal(Msn::new("æ".repeat(1000)));
    let shown = "æ".repeat(60);
    assert_eq!(
        message,
        format!("invalid input: msn: must be 4 to 10 digits, not \"{shown}\"...")
    );
}

#[test]
fn a_business_identifier_is_checked_where_it_is_made() {
    let scheme_rule =
        "businessIdentifier.scheme: must be 10 to 30 characters such as business:NO:ORG";
    let id_rule = "businessIdentifier.id: must be 4 to 50 digits and hyphens";
    let (fifty, long) = ("1".repeat(50), "1".repeat(51));
    let (scheme30, scheme31) = ("s".repeat(30), "s".repeat(31));
    for scheme in ["business:X", &scheme30] {
        BusinessIdentifier::new(scheme, "1234").unwrap();
    }
    for id in ["1234", "1234567-8", "----", &fifty] {
        BusinessIdentifier::new("business:NO:ORG", id).unwrap();
    }
    for scheme in [
        "",
        "business:",
        &scheme31,
        "business NO ORG",
        "business:ÅÅ:ORG",
    ] {
        assert_eq!(
            refusal(BusinessIdentifier::new(scheme, "987654321")),
            format!("invalid input: {scheme_rule}, not {scheme:?}")
        );
    }
    for id in [
        "",
        "123",
        "12a4",
        "987 654 321",
        "NO987654321",
        "١٢٣٤",
        "../..",
        "1234\n",
    ] {
        let expected = format!("invalid input: {id_rule}, not {id:?}");
        assert_eq!(
            refusal(BusinessIdentifier::new("business:NO:ORG", id)),
            expected
        );
        assert_eq!(refusal(BusinessIdentifier::norway(id)), expected);
        assert_eq!(refusal(BusinessIdentifier::denmark(id)), expected);
        assert_eq!(refusal(BusinessIdentifier::finland(id)), expected);
    }
    assert_eq!(
        refusal(BusinessIdentifier::norway(&long)),
        format!("invalid input: {id_rule}, not {long:?}")
    );
}

#[test]
fn each_country_has_its_scheme() {
    for (identifier, scheme, id) in [
        (
            BusinessIdentifier::norway("987654321"),
            "business:NO:ORG",
            "987654321",
        ),
        (
            BusinessIdentifier::denmark("12345678"),
            "business:DK:CVR",
            "12345678",
        ),
        (
            BusinessIdentifier::finland("1234567-8"),
            "business:FI:Y-tunnus",
            "1234567-8",
        ),
    ] {
        let identifier = identifier.unwrap();
        assert_eq!((identifier.scheme(), identifier.id()), (scheme, id));
        let value = json!({"scheme": scheme, "id": id});
        assert_eq!(serde_json::to_value(&identifier).unwrap(), value);
        assert_eq!(
            serde_json::from_value::<BusinessIdentifier>(value).unwrap(),
            identifier
        );
    }
    let with_number: BusinessIdentifier =
        serde_json::from_value(json!({"scheme": "business:NO:ORG", "id": 987_654_321})).unwrap();
    assert_eq!(with_number.id(), "987654321");
}

#[test]
fn a_bank_account_is_a_national_number() {
    let scheme_rule =
        "settlementBankAccount.scheme: must be 5 to 20 characters such as BBAN:NO, and no IBAN";
    let id_rule =
        "settlementBankAccount.id: must be 9 to 34 digits, the national number and no IBAN";
    let (longest, long) = ("1".repeat(34), "1".repeat(35));
    let (scheme20, scheme21) = ("s".repeat(20), "s".repeat(21));
    for (scheme, id) in [
        ("BBAN:NO", "86011117947"),
        ("BBAN:", "123456789"),
        (&scheme20, &longest),
    ] {
        let account = BankAccount::new(scheme, id).unwrap();
        assert_eq!((account.scheme(), account.id()), (scheme, id));
        let value = json!({"scheme": scheme, "id": id});
        assert_eq!(serde_json::to_value(&account).unwrap(), value);
        assert_eq!(
            serde_json::from_value::<BankAccount>(value).unwrap(),
            account
        );
    }
    for scheme in [
        "", "BBAN", &scheme21, "BBAN NO", "BBAN:Ø", "IBAN:NO", "iban:no",
    ] {
        assert_eq!(
            refusal(BankAccount::new(scheme, "86011117947")),
            format!("invalid input: {scheme_rule}, not {scheme:?}")
        );
    }
    for id in [
        "",
        "12345678",
        &long,
        "8601.11.17947",
        "NO9386011117947",
        "8601111794x",
    ] {
        assert_eq!(
            refusal(BankAccount::new("BBAN:NO", id)),
            format!("invalid input: {id_rule}, not {id:?}")
        );
    }
}

/// Where an MSN is used: in a path, in the header that `for_sales_unit` sets, and in the one that the builder sets.
#[test]
fn an_msn_of_a_server_that_fits_nowhere_is_refused_before_anything_is_sent() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let in_path = |msn: &Msn| management::get_sales_unit(&session, msn);
    let in_header = |msn: &Msn| management::list_sales_units(&session.for_sales_unit(msn));
    let in_builder = |msn: &Msn| {
        let builder = sandbox.session_builder().unwrap();
        builder.merchant_serial_number(msn.clone()).build()
    };

    let no_header = "invalid input: msn: must not be empty";
    assert_eq!(
        refusal(in_path(&from_server(""))),
        r#"invalid input: msn: "" cannot be part of a path"#
    );
    assert_eq!(refusal(in_header(&from_server(""))), no_header);
    assert_eq!(refusal(in_builder(&from_server(""))), no_header);
    for dots in [".", ".."] {
        assert_eq!(
            refusal(in_path(&from_server(dots))),
            format!("invalid input: msn: {dots:?} cannot be part of a path")
        );
    }
    let broken: Msn = from_server("a\nb");
    let no_header = "invalid input: msn: must be visible ASCII, and has a line break at 2";
    assert_eq!(refusal(in_header(&broken)), no_header);
    assert_eq!(refusal(in_builder(&broken)), no_header);
    assert_eq!(
        refusal(session.for_sales_unit(&broken).raw("GET", "/x", None)),
        no_header
    );
    // Back to a good one, the bad one is forgotten.
    let good = Msn::new("123456").unwrap();
    let recovered = session.for_sales_unit(&broken).for_sales_unit(&good);
    assert_eq!(sandbox.requests(), []);
    management::list_sales_units(&recovered).unwrap();
    let sent = last_request(&sandbox);
    assert_eq!(sent.header("merchant-serial-number"), Some("123456"));

    // Where it does fit, the service has the word.
    for (msn, path) in [
        ("a\nb", "/management/v1/sales-units/a%0Ab"),
        ("...", "/management/v1/sales-units/..."),
        ("12/../34", "/management/v1/sales-units/12%2F..%2F34"),
        ("é", "/management/v1/sales-units/%C3%A9"),
    ] {
        let error = in_path(&from_server(msn)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(last_request(&sandbox).path, path);
    }
    let unit: SalesUnitSummary =
        serde_json::from_value(json!({"msn": "..", "name": "odd"})).unwrap();
    let error = in_header(&unit.msn).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.field_problems()[0].name, "merchant-serial-number");
}

#[test]
fn raw_refuses_what_is_no_path() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let slash = "must begin with one slash";
    let encoded = "must be percent-encoded and have no fragment";
    let dots = "must not have . and .. segments";
    let long = format!("/{}", "x".repeat(8192));
    for (path, rule) in [
        ("", slash),
        ("management/v1/sales-units", slash),
        ("https://example.com/x", slash),
        ("@example.com/x", slash),
        ("?x=y", slash),
        // To a URL reader this would be another host.
        ("//example.com/x", slash),
        ("/a b", encoded),
        ("/a\tb", encoded),
        ("/a\r\nX: y", encoded),
        ("/æ", encoded),
        ("/a#b", encoded),
        ("/a?b#c", encoded),
        ("/a?b=c d", encoded),
        ("/a<b>", encoded),
        ("/a`b", encoded),
        ("/a\"b", encoded),
        ("/a{b}", encoded),
        ("/a|b", encoded),
        ("/a^b", encoded),
        ("/a\\..\\b", encoded),
        ("/a?b=<c>", encoded),
        ("/a%", encoded),
        ("/a%4", encoded),
        ("/a%zz", encoded),
        ("/..", dots),
        ("/.", dots),
        ("/a/../b", dots),
        ("/a/./b", dots),
        ("/a/..", dots),
        ("/a/../?x", dots),
        ("/a/%2e%2e/b", dots),
        ("/a/%2E./b", dots),
        ("/a/.%2e", dots),
        ("/%2e", dots),
    ] {
        assert_eq!(
            refusal(session.raw("GET", path, None)),
            format!("invalid input: path: {rule}, not {path:?}")
        );
    }
    assert_eq!(
        refusal(session.raw("GET", &long, None)),
        format!(
            "invalid input: path: must be at most 8192 bytes, not {}",
            long.len()
        )
    );
    assert_eq!(sandbox.requests(), []);
}

#[test]
fn raw_takes_every_path_that_is_one() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let longest = format!("/{}", "x".repeat(8191));
    for path in [
        "/",
        "/x",
        "/a//b",
        "/a/",
        "/a/...",
        "/a/..b",
        "/a/b..",
        "/a?x=../..",
        "/a?x=/?y",
        "/a%20b?c=%C3%A6&d[]=e+f",
        "/a;b=c,d/!$&'()*+~-_.:@",
        &longest,
    ] {
        let error = session.raw("GET", path, None).unwrap_err();
        assert_eq!(error.status(), Some(404), "{error}");
        assert_eq!(last_request(&sandbox).path, path);
    }
}

#[test]
fn raw_refuses_methods_and_bodies_that_make_no_sense() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    for method in [
        "", "get", "HEAD", "TRACE", "CONNECT", "OPTIONS", "GET ", "GE\r\nT",
    ] {
        assert_eq!(
            refusal(session.raw(method, "/x", None)),
            format!(
                "invalid input: method: must be GET, POST, PUT, PATCH or DELETE, not {method:?}"
            )
        );
    }
    for method in ["GET", "DELETE"] {
        assert_eq!(
            refusal(session.raw(method, "/x", Some(&Value::Null))),
            format!("invalid input: body: must be none for {method}")
        );
    }
    assert_eq!(sandbox.requests(), []);
}

#[test]
fn raw_sends_what_every_call_sends() {
    let body = json!({"text": "æ \"\n", "list": [1, null, {"x": 1.5}]});
    let text = r#"{"list":[1,null,{"x":1.5}],"text":"æ \"\n"}"#;
    for method in ["POST", "PUT", "PATCH"] {
        let path = "/new/v1/things?deep=true";
        let send = |session: &Session| session.raw(method, path, Some(&body));
        let (request, result) = call(json_reply("[1]"), send);
        assert_eq!(request, wire(&format!("{method} {path}"), text));
        assert_eq!(result.unwrap(), json!([1]));
    }
}

/// ureq would send a body of no known length, and the gateway answers 411 to a POST without a length.
#[test]
fn raw_says_that_a_missing_body_is_empty() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    for (method, length) in [
        ("POST", Some("0")),
        ("PUT", Some("0")),
        ("PATCH", Some("0")),
        ("GET", None),
        ("DELETE", None),
    ] {
        session.raw(method, "/x", None).unwrap_err();
        let request = last_request(&sandbox);
        assert_eq!(request.header("content-length"), length, "{method}");
        assert_eq!(request.header("transfer-encoding"), None, "{method}");
        assert_eq!(request.header("content-type"), None, "{method}");
    }
}

#[test]
fn raw_gives_null_for_a_reply_without_a_body() {
    let server = RawServer::start([
        reply("204 No Content", &[], ""),
        reply("200 OK", &[], ""),
        reply("200 OK", &["Content-Type: application/json"], " \r\n"),
        json_reply("null"),
        json_reply("\"text\""),
        reply("201 Created", &[], "[1]"),
    ]);
    let session = session_builder(&server.url()).build().unwrap();
    let replies: Vec<Value> = (0..6)
        .map(|_| session.raw("POST", "/x", None).unwrap())
        .collect();
    assert_eq!(
        replies,
        [
            json!(null),
            json!(null),
            json!(null),
            json!(null),
            json!("text"),
            json!([1])
        ]
    );
}

#[test]
fn raw_fails_as_every_call_does() {
    let sandbox = Sandbox::start().unwrap();
    let builder = sandbox.session_builder().unwrap();
    let session = builder.retry(RetryPolicy::default()).build().unwrap();

    let error = session
        .raw("GET", "/management/v1/nothing", None)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "GET /management/v1/nothing: 404 Not Found: Not Found: There is no such endpoint \
         [trace 0af7651916cd43dd8448eb211c80319c]"
    );
    sandbox.fault("GET /text", 1, Fault::reply(200, "text/plain", "no JSON"));
    let error = session.raw("GET", "/text", None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(
        error.to_string(),
        "GET /text: 200 OK, but the reply cannot be read: expected ident at line 1 column 2"
    );

    // A token that is not taken any more is fetched anew, once.
    sandbox.revoke_tokens();
    session
        .raw("GET", "/management/v1/sales-units", None)
        .unwrap();
    assert_eq!(sandbox.count("POST /accesstoken/get"), 2);

    // How often each method is sent when its answers are lost.
    for (method, times) in [
        ("GET", 3),
        ("PUT", 3),
        ("DELETE", 3),
        ("POST", 1),
        ("PATCH", 1),
    ] {
        sandbox.fault("* /lost", 3, Fault::CloseAfterReading);
        let error = session.raw(method, "/lost", None).unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(sandbox.count(&format!("{method} /lost")), times, "{method}");
        sandbox.clear_faults();
    }

    // A DELETE that was lost and then finds nothing has done its work.
    sandbox.fault("DELETE /gone", 1, Fault::LoseReply);
    assert_eq!(session.raw("DELETE", "/gone", None).unwrap(), Value::Null);
}

/// The variables of [`Session::from_env`], and how a process that has them ends.
struct FromEnv(Vec<(&'static str, OsString)>);

/// Says to [`from_env_in_a_process_of_its_own`] that it is in one.
const MARKER: &str = "IT_FROM_ENV";

impl FromEnv {
    fn standard() -> Self {
        Self(Vec::new())
            .with("VIPPS_CLIENT_ID", "sandbox-client-id")
            .with("VIPPS_CLIENT_SECRET", "sandbox-client-secret")
            .with("VIPPS_SUBSCRIPTION_KEY", "sandbox-subscription-key-1")
    }

    fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.0.retain(|(other, _)| *other != name);
        self.0.push((name, value.into()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.0.retain(|(other, _)| *other != name);
        self
    }

    /// What the child has to say: the sales units it got, or its error.
    #[track_caller]
    fn run(self) -> String {
        self.run_with("alone")
    }

    /// [`run`](Self::run) with the session made in another way.
    #[track_caller]
    fn run_with(self, way: &str) -> String {
        let mut child = Command::new(std::env::current_exe().unwrap());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("VIPPS_") {
                child.env_remove(name);
            }
        }
        let output = child
            .args(["config::from_env_in_a_process_of_its_own", "--exact"])
            .arg("--nocapture")
            .env(MARKER, way)
            // A session does not look at these unless it is told to.
            .env("ALL_PROXY", "http://127.0.0.1:1")
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .envs(self.0)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let start = text.find("<<<").unwrap_or_else(|| panic!("{text}"));
        let end = text.find(">>>").unwrap_or_else(|| panic!("{text}"));
        text[start + 3..end].to_owned()
    }
}

/// The child of the tests of `from_env`: only they set the marker, and they look at what it prints.
#[test]
fn from_env_in_a_process_of_its_own() {
    let system = SystemInfo::new("acme", "1").unwrap();
    let session = match std::env::var(MARKER).as_deref() {
        Err(_) => return,
        Ok("builder") => SessionBuilder::from_env(system).and_then(|builder| {
            let builder = builder.timeout(Duration::from_secs(30));
            builder.build()
        }),
        Ok("another address") => SessionBuilder::from_env(system).and_then(|builder| {
            let builder = builder.base_url("http://example.org");
            builder.build()
        }),
        Ok(_) => Session::from_env(system),
    };
    let session = match session {
        Ok(session) => session,
        Err(error) => return println!("<<<{error}>>>"),
    };
    match management::list_sales_units(&session) {
        Ok(units) => println!("<<<{} units>>>", units.len()),
        Err(error) => println!("<<<sent: {error}>>>"),
    }
}

#[test]
fn the_environment_makes_a_session_that_works() {
    let sandbox = Sandbox::start().unwrap();
    let standard = FromEnv::standard().with("VIPPS_BASE_URL", sandbox.url());
    assert_eq!(standard.run(), "3 units");
    let request = last_request(&sandbox);
    assert_eq!(request.header("merchant-serial-number"), None);
    assert_eq!(
        request.header("ocp-apim-subscription-key"),
        Some("sandbox-subscription-key-1")
    );

    // Set to nothing is not set; `standard` is what holds anyway.
    let standard = FromEnv::standard()
        .with("VIPPS_BASE_URL", sandbox.url())
        .with("VIPPS_KEYS", "standard")
        .with("VIPPS_MERCHANT_SERIAL_NUMBER", "");
    assert_eq!(standard.run(), "3 units");

    let with_msn = FromEnv::standard()
        .with("VIPPS_BASE_URL", sandbox.url())
        .with("VIPPS_KEYS", "")
        .with("VIPPS_MERCHANT_SERIAL_NUMBER", "654321");
    assert_eq!(with_msn.run(), "3 units");
    let request = last_request(&sandbox);
    assert_eq!(request.header("merchant-serial-number"), Some("654321"));

    for subscription_key in [None, Some("")] {
        sandbox.clear_requests();
        let mut management = FromEnv(Vec::new())
            .with("VIPPS_KEYS", "management")
            .with("VIPPS_CLIENT_ID", "sandbox-management-id")
            .with("VIPPS_CLIENT_SECRET", "sandbox-management-secret")
            .with("VIPPS_BASE_URL", sandbox.url());
        if let Some(key) = subscription_key {
            management = management.with("VIPPS_SUBSCRIPTION_KEY", key);
        }
        assert_eq!(management.run(), "3 units");
        assert_eq!(sandbox.count("POST /miami/v1/token"), 1);
        for request in sandbox.requests() {
            assert_eq!(request.header("ocp-apim-subscription-key"), None);
        }
    }
}

#[test]
fn every_missing_variable_is_named_in_one_error() {
    let missing = |names: &str| format!("configuration: {names}: not set in the environment");
    for name in [
        "VIPPS_CLIENT_ID",
        "VIPPS_CLIENT_SECRET",
        "VIPPS_SUBSCRIPTION_KEY",
    ] {
        assert_eq!(FromEnv::standard().without(name).run(), missing(name));
        // Set to nothing is not set.
        assert_eq!(FromEnv::standard().with(name, "").run(), missing(name));
    }
    assert_eq!(
        FromEnv(Vec::new()).run(),
        missing("VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET, VIPPS_SUBSCRIPTION_KEY")
    );
    let two = FromEnv::standard().with("VIPPS_CLIENT_ID", "");
    assert_eq!(
        two.without("VIPPS_SUBSCRIPTION_KEY").run(),
        missing("VIPPS_CLIENT_ID, VIPPS_SUBSCRIPTION_KEY")
    );
    assert_eq!(
        FromEnv(Vec::new()).with("VIPPS_KEYS", "management").run(),
        missing("VIPPS_CLIENT_ID, VIPPS_CLIENT_SECRET")
    );
}

#[test]
fn a_bad_variable_is_named_and_its_value_not_shown() {
    let sandbox = Sandbox::start().unwrap();
    let plain_http = "configuration: VIPPS_BASE_URL: must be https: keys and tokens would cross \
                      the network in the clear. http is for loopback addresses, and others with \
                      allow_plain_http()";
    for (name, value, expected) in [
        (
            "VIPPS_KEYS",
            "other",
            "configuration: VIPPS_KEYS: must be `standard` or `management`",
        ),
        (
            "VIPPS_KEYS",
            "Management",
            "configuration: VIPPS_KEYS: must be `standard` or `management`",
        ),
        (
            "VIPPS_KEYS",
            "management",
            "configuration: VIPPS_SUBSCRIPTION_KEY: must not be set with VIPPS_KEYS=management: \
             the token endpoint refuses it",
        ),
        (
            "VIPPS_MERCHANT_SERIAL_NUMBER",
            "12",
            "configuration: VIPPS_MERCHANT_SERIAL_NUMBER: must be 4 to 10 digits",
        ),
        ("VIPPS_BASE_URL", "http://example.com", plain_http),
        (
            "VIPPS_CLIENT_ID",
            "id\n",
            "configuration: VIPPS_CLIENT_ID: must be visible ASCII, and has a line break at 3",
        ),
        (
            "VIPPS_CLIENT_SECRET",
            " hush",
            "configuration: VIPPS_CLIENT_SECRET: must not begin or end with a space",
        ),
        (
            "VIPPS_SUBSCRIPTION_KEY",
            "nøkkel",
            "configuration: VIPPS_SUBSCRIPTION_KEY: must be visible ASCII, and has a character \
             outside ASCII at 2",
        ),
    ] {
        // The same where other settings were added to it.
        for way in ["alone", "builder"] {
            let environment = FromEnv::standard().with("VIPPS_BASE_URL", sandbox.url());
            assert_eq!(environment.with(name, value).run_with(way), expected);
        }
    }
    // What did not come from there has its own name.
    let environment = FromEnv::standard().with("VIPPS_BASE_URL", sandbox.url());
    assert_eq!(
        environment.run_with("another address"),
        plain_http.replace("VIPPS_BASE_URL", "base_url")
    );
    assert_eq!(sandbox.requests(), []);
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_named() {
    use std::os::unix::ffi::OsStringExt;

    for name in [
        "VIPPS_CLIENT_ID",
        "VIPPS_CLIENT_SECRET",
        "VIPPS_SUBSCRIPTION_KEY",
        "VIPPS_KEYS",
        "VIPPS_MERCHANT_SERIAL_NUMBER",
        "VIPPS_BASE_URL",
    ] {
        let latin_1 = OsString::from_vec(b"n\xf8kkel".to_vec());
        assert_eq!(
            FromEnv::standard().with(name, latin_1).run(),
            format!("configuration: {name}: must be UTF-8 text")
        );
    }
}

#[test]
fn a_session_is_built_without_a_word_to_anybody() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session_builder().unwrap().clock(Clock::manual());
    let session = session.build().unwrap();
    let other = session.for_sales_unit(&Msn::new("654321").unwrap());
    drop((session.clone(), other));
    assert_eq!(sandbox.requests(), []);
}
