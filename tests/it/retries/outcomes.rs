//! What an error says about all attempts together.

use super::*;

#[test]
fn the_delivery_covers_all_attempts() {
    let reply_of = |word: &str| match word {
        "lost" => lost(),
        "cut" => cut(),
        "token" => token(),
        "nonsense" => json_reply("no JSON"),
        number => status(&format!("{number} Status")),
    };
    // The replies, and what the error says. If the token request has the last reply, the error is
    // about that.
    for [replies, delivery, last] in rows(
        "
        lost lost lost    | Unknown  | none
        lost 400          | Answered | 400
        // The conflict may be with the lost attempt.
        lost 409          | Unknown  | 409
        409               | Answered | 409
        // It may also be with an attempt of unknown outcome, which refusing something else does not
        // settle.
        503 409           | Unknown  | 409
        503 302           | Unknown  | 302
        503 503 429       | Unknown  | 429
        503 401 token 401 | Unknown  | 401
        503 408 503       | Unknown  | 503
        lost nonsense     | Answered | 200
        // A later server error, redirect or refusal says nothing about the attempt whose reply was
        // lost.
        lost 503 503      | Unknown  | 503
        lost 429 429      | Unknown  | 429
        503 lost 503      | Unknown  | 503
        lost lost 408     | Unknown  | 408
        lost 302          | Unknown  | 302
        lost 401 token 401 | Unknown | 401
        lost 401 400      | Unknown  | 400
        503 401 400       | Unknown  | 400
        429 401 400       | NotSent  | 400
        // A server error leaves the outcome unknown each time.
        503 503 503       | Unknown  | 503
        // Every attempt was answered, and the error has the last reply, as without retries.
        429 429 429       | Answered | 429
        503 400           | Answered | 400
        cut cut cut       | Answered | 200
        lost cut cut      | Answered | 200
        cut 503 503       | Unknown  | 503
        ",
    ) {
        let answers: Vec<Vec<u8>> = replies.split(' ').map(reply_of).collect();
        let server = RawServer::start(answers.clone());
        let (session, _clock) = session(&server.url());
        let error = management::list_sales_units(&session).unwrap_err();
        assert_eq!(server.requests().len(), answers.len(), "{replies}");
        assert_eq!(error.status(), last.parse().ok(), "{replies}");
        assert_eq!(format!("{:?}", error.delivery()), delivery, "{replies}");
    }
}

#[test]
fn a_vanished_server_leaves_the_outcome_unknown() {
    let closing = |line| reply(line, &["Connection: close"], "");
    let busy = || closing("503 Service Unavailable");
    let limited = || closing("429 Too Many Requests");
    let cases = [
        (vec![lost()], Delivery::Unknown),
        (vec![cut()], Delivery::Unknown),
        (vec![busy()], Delivery::Unknown),
        (vec![limited()], Delivery::NotSent),
        (vec![lost(), limited()], Delivery::Unknown),
        (vec![busy(), limited()], Delivery::Unknown),
    ];
    for (replies, delivery) in cases {
        let what = format!("{:?}", replies.last().map(|r| String::from_utf8_lossy(r)));
        let server = Leaving::start(replies);
        let (session, _clock) = session(&server.url);
        let error = management::list_sales_units(&session).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{what}");
        assert_eq!(error.delivery(), delivery, "{what}");
        let says = match delivery {
            Delivery::Unknown => " (3 attempts; the server may have carried it out)",
            _ => " (3 attempts; nothing was sent)",
        };
        assert!(error.to_string().ends_with(says), "{error}");
    }
}

#[test]
fn only_useful_and_safe_retries_are_retryable() {
    let policies = [RetryPolicy::none(), RetryPolicy::default()];
    for policy in policies {
        for kind in KINDS {
            let yes_if_safe = kind.may_be_retried();
            let cases = [
                (status("429 Too Many Requests"), true),
                (status("503 Service Unavailable"), yes_if_safe),
                (status("408 Request Timeout"), yes_if_safe),
                (lost(), yes_if_safe),
                (status("400 Bad Request"), false),
                (status("409 Conflict"), false),
                (status("404 Not Found"), false),
                (status("501 Not Implemented"), false),
            ];
            for (failure, retryable) in cases {
                let what = format!("{kind:?} {}", String::from_utf8_lossy(&failure));
                let server = RawServer::start([failure.clone(), failure.clone(), failure.clone()]);
                let session = session_builder(&server.url())
                    .clock(Clock::manual())
                    .retry(policy.clone())
                    .build()
                    .unwrap();
                let error = kind.call(&session).unwrap_err();
                assert_eq!(error.is_retryable(), retryable, "{what}");
            }
        }
    }
    let server = RawServer::start([json_reply("no JSON")]);
    let (session, _clock) = session(&server.url());
    let error = management::list_sales_units(&session).unwrap_err();
    assert!(!error.is_retryable());
}

/// A server that sends each reply on its own connection, and stops listening before the last one is
/// sent.
struct Leaving {
    url: String,
    thread: Option<JoinHandle<ClosedPort>>,
}

impl Leaving {
    fn start(replies: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let thread = thread::spawn(move || {
            let (last, others) = replies.split_last().unwrap();
            for reply in others {
                let mut stream = accept_request(&listener);
                stream.write_all(reply).unwrap();
            }
            let mut stream = accept_request(&listener);
            let closed = ClosedPort::close(listener);
            stream.write_all(last).unwrap();
            closed
        });
        let thread = Some(thread);
        Self { url, thread }
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        drop(self.thread.take().unwrap().join().unwrap());
    }
}

fn accept_request(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    read_request(&mut stream).unwrap();
    stream
}
