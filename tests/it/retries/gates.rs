//! A wait that the server requests in reply to one call applies to all calls to the same route.

use super::*;

fn later(line: &str, seconds: &str) -> Vec<u8> {
    reply(line, &[&format!("Retry-After: {seconds}")], "")
}

/// Fails with the server's reply, however long it asks to wait.
fn impatient(server: &RawServer, clock: &Clock) -> Session {
    session_builder(&server.url())
        .clock(clock.clone())
        .retry(RetryPolicy::none())
        .timeout(60 * SECOND)
        .build()
        .unwrap()
}

#[test]
fn a_call_that_cannot_wait_that_long_fails_at_once() {
    for line in ["429 Too Many Requests", "423 Locked"] {
        let server = RawServer::start([later(line, "90"), json_reply("[]"), json_reply("[]")]);
        let clock = Clock::manual();
        let session = impatient(&server, &clock);
        let first = management::list_sales_units(&session).unwrap_err();
        assert_eq!(
            first.to_string(),
            format!("{UNITS}: {line} (retry after 90 s)")
        );
        assert_eq!(first.delivery(), Delivery::Answered);

        // Other sales units use the same keys, and the server counts by key.
        clock.advance(SECOND / 2);
        let other = session.for_sales_unit(&"654321".parse().unwrap());
        for session in [&session, &other] {
            let error = management::list_sales_units(session).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "{UNITS}: rate limited by the reply to an earlier call \
                     (retry after 90 s; nothing was sent)"
                )
            );
            assert_eq!(error.kind(), ErrorKind::RateLimited);
            assert_eq!(error.delivery(), Delivery::NotSent);
            assert_eq!(error.status(), None);
            assert_eq!(error.attempts(), 0);
            assert_eq!(error.retry_after(), Some(179 * SECOND / 2));
            assert!(error.is_retryable());
        }
        assert_eq!(server.requests().len(), 1);

        // Other routes are open, and this one opens after the wait.
        management::list_price_packages(&session).unwrap();
        clock.advance(179 * SECOND / 2);
        management::list_sales_units(&session).unwrap();
        assert_eq!(server.requests().len(), 3);
        assert_eq!(clock.now(), 90 * SECOND);
    }
}

#[test]
fn a_call_that_can_wait_does() {
    let server = RawServer::start([later("429 Too Many Requests", "40"), json_reply("[]")]);
    let clock = Clock::manual();
    let session = impatient(&server, &clock);
    management::list_sales_units(&session).unwrap_err();
    management::list_sales_units(&session).unwrap();
    assert_eq!(clock.now(), 40 * SECOND);
    assert_eq!(server.requests().len(), 2);
}

/// Resources of one endpoint share a gate; its methods do not.
#[test]
fn a_gate_belongs_to_a_method_and_a_route() {
    let server = RawServer::start([later("429 Too Many Requests", "90"), json_reply("{}")]);
    let session = impatient(&server, &Clock::manual());
    let request = |method, id| session.request(method, "/a").segment("id", id).send();
    request("GET", "1").unwrap_err();
    let error = request("GET", "2").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.path(), Some("/a/2"));
    request("DELETE", "1").unwrap();
    assert_eq!(server.lines(), ["GET /a/1", "DELETE /a/1"]);
}

/// Without `Retry-After`, others wait as long as the call itself does before its retry.
#[test]
fn other_calls_wait_until_the_retry() {
    let refusal = || reply("429 Too Many Requests", &[], "");
    let server = RawServer::start([refusal(), json_reply("[]")]);
    let session = impatient(&server, &Clock::manual());
    management::list_sales_units(&session).unwrap_err();
    management::list_sales_units(&session).unwrap();

    let server = RawServer::start([refusal(), json_reply("[]")]);
    let shared = Arc::new(Mutex::new(None::<Session>));
    let of_observer = Arc::clone(&shared);
    // What another call gets while the first one waits.
    let met = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&met);
    let session = session_builder(&server.url())
        .clock(Clock::manual())
        .retry(RetryPolicy::default().initial_backoff(8 * SECOND).seed(1))
        .observer(move |attempt| {
            let Some(wait) = attempt.retry_in() else {
                return;
            };
            let session = of_observer.lock().unwrap().take().unwrap();
            let error = management::list_sales_units(&session.with_timeout(wait)).unwrap_err();
            seen.lock().unwrap().push((wait, error));
        })
        .build()
        .unwrap();
    *shared.lock().unwrap() = Some(session.clone());
    management::list_sales_units(&session).unwrap();
    let met = met.lock().unwrap();
    let [(wait, error)] = &met[..] else {
        panic!("{met:?}");
    };
    assert!(*wait > SECOND, "{wait:?}");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(*wait));
    assert_eq!(server.requests().len(), 2);
}

/// Another call closes the gate while the first attempt of this one is in flight.
#[test]
fn a_gate_does_not_hide_an_unknown_outcome() {
    for key in [None, Some("a-key-of-this-test")] {
        let shared = Arc::new(Mutex::new(None::<Session>));
        let of_server = Arc::clone(&shared);
        let server = RawServer::each(move |mut stream| {
            read_request(&mut stream).unwrap();
            let session = of_server.lock().unwrap().take();
            stream
                .write_all(&match session {
                    Some(session) => {
                        session.request("POST", "/a").send().unwrap_err();
                        reply("503 Service Unavailable", &["Connection: close"], "")
                    }
                    None => later("429 Too Many Requests", "90"),
                })
                .unwrap();
            close(stream);
        });
        let session = session_builder(&server.url())
            .clock(Clock::manual())
            .retry(RetryPolicy::default().max_attempts(2))
            .build()
            .unwrap();
        *shared.lock().unwrap() = Some(session.clone());
        let mut request = session.request("POST", "/a");
        if let Some(key) = key {
            request = request.idempotency_key(&key.parse().unwrap());
        }
        let error = request.send().unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(error.attempts(), 1);
        assert_eq!(error.is_retryable(), key.is_some());
        if key.is_some() {
            assert_eq!(error.kind(), ErrorKind::RateLimited);
            assert_eq!(
                error.to_string(),
                "POST /a: rate limited by the reply to an earlier call \
                 (retry after 90 s; the server may have carried it out)"
            );
        }
        assert_eq!(server.connections(), 2);
    }
}

/// Two concurrent calls are asked to wait, and the one answered last for less.
#[test]
fn a_gate_stays_closed_for_the_longest_wait() {
    let shared = Arc::new(Mutex::new(None::<Session>));
    let of_server = Arc::clone(&shared);
    let server = RawServer::each(move |mut stream| {
        read_request(&mut stream).unwrap();
        let session = of_server.lock().unwrap().take();
        let seconds = match session {
            Some(session) => {
                session.request("GET", "/a").send().unwrap_err();
                "70"
            }
            None => "90",
        };
        let answer = later("429 Too Many Requests", seconds);
        stream.write_all(&answer).unwrap();
        close(stream);
    });
    let session = session_builder(&server.url())
        .clock(Clock::manual())
        .build()
        .unwrap();
    *shared.lock().unwrap() = Some(session.clone());
    let call = || session.request("GET", "/a").send().unwrap_err();
    assert_eq!(call().retry_after(), Some(70 * SECOND));
    assert_eq!(call().retry_after(), Some(90 * SECOND));
    assert_eq!(server.connections(), 2);
}

/// Every call waits for the token, and fails like this if it cannot.
#[test]
fn a_gate_on_the_token_endpoint_sends_nothing() {
    let server = RawServer::start([later("429 Too Many Requests", "90")]);
    let session = builder_without_token(&server.url())
        .clock(Clock::manual())
        .timeout(60 * SECOND)
        .build()
        .unwrap();
    let first = management::list_sales_units(&session).unwrap_err();
    assert_eq!(first.kind(), ErrorKind::Auth);
    let error = management::list_price_packages(&session).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no access token: POST /accesstoken/get: rate limited by the reply to an earlier call \
         (retry after 90 s)"
    );
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(error.is_retryable());
    assert_eq!(server.requests().len(), 1);
}

/// A nonsensical wait must not block a program for as long as it runs.
#[test]
fn a_gate_is_closed_for_at_most_an_hour() {
    let forever = "99999999999999999999999";
    // The token has expired by then.
    let token = json_reply(r#"{"access_token": "t0ken", "expires_in": 3600}"#);
    let refusal = later("429 Too Many Requests", forever);
    let server = RawServer::start([refusal, token, json_reply("[]")]);
    let clock = Clock::manual();
    let session = impatient(&server, &clock);
    management::list_sales_units(&session).unwrap_err();
    let error = management::list_sales_units(&session).unwrap_err();
    assert_eq!(error.retry_after(), Some(3600 * SECOND));
    clock.advance(3600 * SECOND);
    management::list_sales_units(&session).unwrap();
}
