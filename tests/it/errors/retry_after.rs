//! `Retry-After`, in seconds and as a date.

use std::time::{Duration, SystemTime};

use vipps::ErrorKind::{RateLimited, Server, UnexpectedStatus};

use super::{Facts, answered, error_of, facts, raw_reply, sandbox, some};

const DATE: &str = "Date: Sun, 06 Nov 1994 08:49:37 GMT";

#[test]
fn retry_after_is_seconds_or_a_date_on_the_servers_clock() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    for (headers, expected) in [
        (vec![], None),
        (vec!["Retry-After: 0"], seconds(0)),
        (vec!["Retry-After: 7"], seconds(7)),
        (vec!["retry-after:   120  "], seconds(120)),
        (vec!["Retry-After: 007"], seconds(7)),
        // Beyond the end of time is as good as forever.
        (vec!["Retry-After: 18446744073709551615"], seconds(u64::MAX)),
        (vec!["Retry-After: 18446744073709551616"], seconds(u64::MAX)),
        (
            vec!["Retry-After: 99999999999999999999999999999999"],
            seconds(u64::MAX),
        ),
        // The first one counts.
        (vec!["Retry-After: 3", "Retry-After: 5"], seconds(3)),
        (vec![DATE, "Retry-After: 7"], seconds(7)),
        // Dates later than, before and equal to the reply's date.
        (
            vec![DATE, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT"],
            seconds(0),
        ),
        (
            vec![DATE, "Retry-After: Sun, 06 Nov 1994 08:50:07 GMT"],
            seconds(30),
        ),
        (
            vec!["Retry-After: Mon, 07 Nov 1994 08:49:37 GMT", DATE],
            seconds(86_400),
        ),
        (
            vec![DATE, "Retry-After: Sun, 06 Nov 1994 08:49:36 GMT"],
            seconds(0),
        ),
        (
            vec![DATE, "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT"],
            seconds(0),
        ),
        // Without a valid `Date` in the reply, this machine's clock counts: 1994 is in the past.
        (
            vec!["Retry-After: Sun, 06 Nov 1994 08:50:07 GMT"],
            seconds(0),
        ),
        (
            vec!["Date: today", "Retry-After: Sun, 06 Nov 1994 08:50:07 GMT"],
            seconds(0),
        ),
        // Invalid values are ignored.
        (vec!["Retry-After:"], None),
        (vec!["Retry-After: soon"], None),
        (vec!["Retry-After: -1"], None),
        (vec!["Retry-After: +1"], None),
        (vec!["Retry-After: 1.5"], None),
        (vec!["Retry-After: 1 2"], None),
        (vec!["Retry-After: 7s"], None),
        (vec!["Retry-After: 0x10"], None),
        (
            vec![DATE, "Retry-After: Sun, 31 Nov 1994 08:50:07 GMT"],
            None,
        ),
        (vec![DATE, "Retry-After: Sun, 06 Nov 1994 08:50:07"], None),
        (
            vec![DATE, "Retry-After: Sun, 06 Nov 1994 08:50:07 +0100"],
            None,
        ),
        (
            vec![DATE, "Retry-After: Sunday, 06-Nov-94 08:50:07 GMT"],
            None,
        ),
        (vec![DATE, "Retry-After: Sun Nov  6 08:50:07 1994"], None),
        (vec![DATE, "Retry-After: 1994-11-06T08:50:07Z"], None),
        (vec![DATE, "Retry-After: \u{e5}"], None),
    ] {
        let head = [vec!["HTTP/1.1 429 Slow down"], headers.clone()].concat();
        // A fresh session, because a wait applies to all calls of a session.
        let (sandbox, session) = sandbox();
        let error = error_of(&sandbox, &session, raw_reply(&head, br#"{"title":"Slow"}"#));
        let notes = match expected {
            None | Some(Duration::ZERO) => String::new(),
            Some(wait) => format!(" (retry after {} s)", wait.as_secs()),
        };
        let says = Facts {
            title: some("Slow"),
            retry_after: expected,
            retryable: true,
            ..answered(
                RateLimited,
                429,
                &format!("GET /management/v1/sales-units: 429 Too Many Requests: Slow{notes}"),
            )
        };
        assert_eq!(facts(&error), says, "{headers:?}");
    }
}

/// Far in the future on any clock. The exact time depends on this machine's clock.
#[test]
fn without_a_date_in_the_reply_this_machines_clock_counts() {
    let (sandbox, session) = sandbox();
    let head = [
        "HTTP/1.1 503 Closed",
        "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT",
    ];
    let left = || 253_402_300_799 - SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let before = left();
    let error = error_of(&sandbox, &session, raw_reply(&head, b""));
    let wait = error.retry_after().unwrap().as_secs();
    assert!((left()..=before).contains(&wait), "{wait}");
}

/// Not only with a 429.
#[test]
fn retry_after_is_read_from_any_error() {
    let (sandbox, session) = sandbox();
    for (status, kind, display, retryable) in [
        ("503 Closed", Server, "503 Service Unavailable", true),
        ("599 Odd", Server, "599", false),
        (
            "302 Found",
            UnexpectedStatus,
            "302 Found: redirect not followed",
            false,
        ),
    ] {
        let status_line = format!("HTTP/1.1 {status}");
        let fault = raw_reply(&[status_line.as_str(), "Retry-After: 9"], b"");
        let error = error_of(&sandbox, &session, fault);
        let says = Facts {
            detail: display
                .split_once(": ")
                .map(|(_, detail)| detail.to_owned()),
            retry_after: Some(Duration::from_secs(9)),
            retryable,
            ..answered(
                kind,
                status[..3].parse().unwrap(),
                &format!("GET /management/v1/sales-units: {display} (retry after 9 s)"),
            )
        };
        assert_eq!(facts(&error), says);
    }
}
