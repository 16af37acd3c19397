//! Tokens that the caller stores and provides.

use super::*;

#[test]
fn a_seeded_token_is_used_until_it_expires() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.advance(100 * SECOND);
    // As saved by an earlier run of the program.
    let earlier = session(&sandbox).access_token().unwrap();
    sandbox.advance(SECOND);
    let kept = (earlier.secret().to_owned(), earlier.expires_in());
    assert_eq!(kept, ("sandbox-token-000001".to_owned(), 3599 * SECOND));

    let seeded = seed(&kept.0, kept.1);
    let session = builder(&sandbox).access_token(seeded).build().unwrap();
    call(&session);
    assert_eq!(session.access_token().unwrap().secret(), kept.0);
    assert_eq!(sandbox.count(TOKEN), 1);
    sandbox.advance(3599 * SECOND);
    call(&session);
    assert_eq!(sequence(&sandbox).pop(), Some(format!("{UNITS} #2")));
    assert_eq!(sandbox.count(TOKEN), 2);
}

#[test]
fn a_seeded_token_that_has_expired_is_not_used() {
    // Already expired, and expired by the time that the session is built.
    let [over, passed] = [Clock::system(), Clock::manual()].map(|clock| {
        let sandbox = Sandbox::start().unwrap();
        let other = builder(&sandbox).clock(clock.clone());
        let seed = seed("sandbox-token-000009", Duration::ZERO);
        (sandbox, other.access_token(seed).build().unwrap())
    });
    for (sandbox, session) in [over, passed] {
        call(&session);
        assert_sent(&sandbox, "token units#1");
    }
    let sandbox = Sandbox::start().unwrap();
    let token = session(&sandbox).access_token().unwrap();
    sandbox.advance(3600 * SECOND);
    assert_eq!(token.expires_in(), Duration::ZERO);
    let other = builder(&sandbox).access_token(token).build().unwrap();
    call(&other);
    assert_sent(&sandbox, "token token units#2");
}

#[test]
fn a_token_keeps_its_lifetime_in_a_session_with_another_clock() {
    let sandbox = Sandbox::start().unwrap();
    let token = session(&sandbox).access_token().unwrap();
    sandbox.advance(1000 * SECOND);
    let clock = Clock::manual();
    let other = builder(&sandbox).clock(clock.clone()).access_token(token);
    let other = other.build().unwrap();
    assert_eq!(other.access_token().unwrap().expires_in(), 2600 * SECOND);
    clock.advance(SECOND);
    assert_eq!(other.access_token().unwrap().expires_in(), 2599 * SECOND);
    // A tenth of its whole lifetime is left, and then a moment less.
    clock.advance(2239 * SECOND);
    other.access_token().unwrap();
    assert_eq!(sandbox.count(TOKEN), 1);
    clock.advance(NANOSECOND);
    other.access_token().unwrap();
    assert!(sandbox.wait_for(TOKEN, 2));
}

#[test]
fn a_token_that_cannot_be_a_header_is_refused() {
    let long = "a".repeat(16 * 1024 + 1);
    let cases = [
        ("", "must not be empty"),
        (" t0ken", "must not begin or end with a space"),
        (
            "t0ken\n",
            "must be visible ASCII, but has a line break at position 6",
        ),
        (
            "t\u{f8}ken",
            "must be visible ASCII, but has a character outside ASCII at position 2",
        ),
        (&long, "must be at most 16384 bytes"),
    ];
    for (token, reason) in cases {
        let error = AccessToken::new(token, SECOND).unwrap_err();
        let expected = format!("invalid input: access_token: {reason}");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn the_caller_can_read_the_token_and_its_expiry() {
    let (sandbox, session) = with_token();
    let token = session.access_token().unwrap();
    assert_eq!(token.secret(), "sandbox-token-000001");
    assert_eq!(token.expires_in(), 3600 * SECOND);
    sandbox.advance(3599 * SECOND);
    assert_eq!(token.expires_in(), SECOND);
    sandbox.advance(SECOND);
    assert_eq!(token.expires_in(), Duration::ZERO);
    sandbox.advance(SECOND);
    assert_eq!(token.expires_in(), Duration::ZERO);
    let next = session.access_token().unwrap();
    assert_eq!(next.secret(), "sandbox-token-000002");
}
