//! The sandbox as an HTTP server.

use super::*;

/// Does something that must end, and fails if it does not.
#[track_caller]
fn ends(what: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let thread = thread::spawn(move || {
        what();
        let _ = done.send(());
    });
    let result = is_done.recv_timeout(Duration::from_secs(10));
    assert_ne!(result, Err(mpsc::RecvTimeoutError::Timeout), "does not end");
    thread.join().unwrap();
}

#[test]
fn it_stops_whatever_its_connections_are_doing() {
    let sandbox = Sandbox::start().unwrap();
    let [held, late, later, endless] =
        ["1", "2", "3", "4"].map(|msn| format!("GET /management/v1/sales-units/{msn}"));
    sandbox.fault(&held, 1, Fault::Hold);
    sandbox.fault(&late, 1, Fault::Delay(Duration::from_secs(3600)));
    // Longer than any clock can represent.
    sandbox.fault(&later, 1, Fault::Delay(Duration::MAX));
    sandbox.fault(&endless, 1, Fault::EndlessBody);
    let mut idle = Wire::open(&sandbox);
    idle.send(request("GET /idle", &[], ""));
    assert_eq!(idle.answer().status, 404);
    let silent = Wire::open(&sandbox);
    let mut half = Wire::open(&sandbox);
    half.send("GET /half HTTP/1.1\r\nHo");
    let mut no_body = Wire::open(&sandbox);
    no_body.send("POST /no-body HTTP/1.1\r\nContent-Length: 10\r\n\r\n123");
    let mut waiting = [held, late, later].map(|route| {
        let mut wire = Wire::open(&sandbox);
        wire.send(request(&route, &[], ""));
        assert!(sandbox.wait_for(&route, 1));
        wire
    });
    let route = endless;
    let mut endless = Wire::open(&sandbox);
    endless.send(request(&route, &[], ""));
    endless.head();
    // A session keeps its own connections.
    let session = sandbox.session();
    management::list_sales_units(&session).unwrap();

    let address = sandbox.url().strip_prefix("http://").unwrap().to_owned();
    ends(move || drop(sandbox));
    for mut wire in [idle, silent, half, no_body] {
        assert_eq!(wire.rest(), "");
    }
    for wire in &mut waiting {
        // Nobody gets a reply that a test would take for the API's.
        assert_eq!(wire.rest(), "");
    }
    endless.rest();
    // The port is free for another sandbox, unless the system briefly gave it to someone else.
    let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
    let began = std::time::Instant::now();
    let again = loop {
        match Sandbox::builder().port(port).start() {
            Ok(sandbox) => break sandbox,
            Err(error) => assert!(began.elapsed() < Duration::from_secs(10), "{error}"),
        }
    };
    assert_eq!(again.url(), format!("http://{address}"));
    assert_eq!(management::list_sales_units(&session).unwrap().len(), 3);
}

#[test]
fn a_port_in_use_is_an_error() {
    let sandbox = Sandbox::start().unwrap();
    let address = sandbox.url().strip_prefix("http://").unwrap();
    let taken = TcpListener::bind(address).unwrap_err();
    let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
    let error = Sandbox::builder().port(port).start().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("configuration: port: cannot be bound: {taken}")
    );
}

#[test]
fn it_listens_on_loopback_only() {
    let sandbox = Sandbox::start().unwrap();
    let port = sandbox.url().strip_prefix("http://127.0.0.1:").unwrap();
    // On Linux all of 127.0.0.0/8 is loopback: a server on all addresses would answer.
    let other = TcpStream::connect(format!("127.0.0.2:{port}"));
    assert!(other.is_err(), "{other:?}");
}

#[test]
fn connections_can_be_cut() {
    let sandbox = Sandbox::start().unwrap();
    let session = single(&sandbox);
    management::list_sales_units(&session).unwrap();
    let mut idle = Wire::open(&sandbox);
    idle.send(request("GET /x", &[], ""));
    idle.answer();
    sandbox.close_connections();
    assert_eq!(idle.rest(), "");
    // It continues to listen.
    assert_eq!(ask(&sandbox, "GET /x", &[], "").status, 404);
}

#[test]
fn it_replies_to_expect_100_continue() {
    let sandbox = Sandbox::start().unwrap();
    let mut wire = Wire::open(&sandbox);
    wire.send("POST /x HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(wire.head(), "HTTP/1.1 100 Continue");
    wire.send("body");
    assert_eq!(wire.answer().status, 404);
    assert_eq!(sandbox.requests().pop().unwrap().body, b"body");
}

#[test]
fn requests_may_come_in_any_pieces() {
    let sandbox = Sandbox::start().unwrap();
    let requests: String = (0..3)
        .map(|nth| request(&format!("POST /{nth}"), &[], &format!("body {nth}")))
        .collect();
    // All at once, and one byte at a time.
    let mut wire = Wire::open(&sandbox);
    wire.send(&requests);
    for _ in 0..3 {
        assert_eq!(wire.answer().status, 404);
    }
    wire.stream.set_nodelay(true).unwrap();
    for byte in requests.bytes() {
        wire.send([byte]);
    }
    for _ in 0..3 {
        assert_eq!(wire.answer().status, 404);
    }
    let came: Vec<String> = sandbox
        .requests()
        .iter()
        .map(|request| {
            format!(
                "{} {}",
                request.path,
                String::from_utf8_lossy(&request.body)
            )
        })
        .collect();
    let sent = ["/0 body 0", "/1 body 1", "/2 body 2"];
    assert_eq!(came, [sent, sent].concat());
}

#[test]
fn a_chunked_body_is_decoded() {
    let sandbox = Sandbox::start().unwrap();
    let mut wire = Wire::open(&sandbox);
    for _ in 0..2 {
        wire.send("POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
        for piece in [
            "3\r\nabc",
            "\r\n",
            "A",
            "\r\n0123456789\r\n",
            "0\r\n",
            "\r\n",
        ] {
            wire.send(piece);
        }
        assert_eq!(wire.answer().status, 404);
        assert_eq!(sandbox.requests().pop().unwrap().body, b"abc0123456789");
    }
    // Where a length is required, it still is.
    let headers = [ID, SECRET, KEY, ("Transfer-Encoding", "chunked")];
    wire.send(request("POST /accesstoken/get", &headers, "") + "0\r\n\r\n");
    assert_eq!(wire.answer().status, 411);
}

#[test]
fn a_connection_is_closed_at_the_clients_request() {
    let sandbox = Sandbox::start().unwrap();
    for head in [
        "GET /x HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET /x HTTP/1.1\r\nconnection: Close\r\n\r\n",
        "GET /x HTTP/1.0\r\n\r\n",
    ] {
        let mut wire = Wire::open(&sandbox);
        wire.send(head);
        assert_eq!(wire.answer().status, 404);
        assert_eq!(wire.rest(), "");
    }
}

#[test]
fn an_invalid_request_is_refused_and_the_next_client_served() {
    let sandbox = Sandbox::start().unwrap();
    let long_head = format!("GET /x HTTP/1.1\r\nX: {}", "x".repeat(70_000));
    let many_headers = format!("GET /x HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(100));
    let no_request = (400, "Not an HTTP request".to_owned());
    let no_length = (400, "Invalid Content-Length".to_owned());
    let no_chunk = (400, "Invalid chunk".to_owned());
    let too_large = (413, "Body too large".to_owned());
    for (bytes, expected) in [
        // The start of a TLS handshake: the client used https.
        (b"\x16\x03\x01\x02\0\x01\0".to_vec(), no_request.clone()),
        (b"\0\0\0\0".to_vec(), no_request.clone()),
        (b"hello there\r\n\r\n".to_vec(), no_request.clone()),
        (b"GET /x HTTP/3.0\r\n\r\n".to_vec(), no_request.clone()),
        (long_head.into_bytes(), no_request.clone()),
        (many_headers.into_bytes(), no_request),
        (
            b"POST /x HTTP/1.1\r\nContent-Length: many\r\n\r\n".to_vec(),
            no_length.clone(),
        ),
        (
            b"POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\nx".to_vec(),
            no_length,
        ),
        (
            b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n".to_vec(),
            no_chunk,
        ),
        (
            b"POST /x HTTP/1.1\r\nContent-Length: 99999999\r\n\r\nstart".to_vec(),
            too_large.clone(),
        ),
        (
            b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\nx".to_vec(),
            too_large,
        ),
    ] {
        let mut wire = Wire::open(&sandbox);
        wire.send(&bytes);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        assert_eq!(wire.answer().problem(), expected, "{shown:?}");
        // The rest of the client's data must not reset the connection before the client has read
        // the reply.
        wire.send(vec![b'x'; 100_000]);
        wire.stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(wire.rest(), "");
    }
    // Clients that disconnect in the middle.
    for bytes in [
        "",
        "GET",
        "GET /x HTTP/1.1\r\n",
        "POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\n12",
    ] {
        let mut wire = Wire::open(&sandbox);
        wire.send(bytes);
        wire.stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(wire.rest(), "");
    }
    assert_eq!(ask(&sandbox, "GET /x", &[], "").status, 404);
}

#[test]
fn many_connections_are_served_at_once() {
    const CLIENTS: usize = 64;
    let sandbox = Sandbox::start().unwrap();
    // All clients are connected and all their requests held before the first reply.
    sandbox.fault(UNIT, CLIENTS, Fault::Hold);
    let all_connected = Barrier::new(CLIENTS);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut wire = Wire::open(&sandbox);
                all_connected.wait();
                wire.send(request(UNIT, &[], ""));
                assert_eq!(wire.answer().status, 401);
                wire.send(request(
                    "POST /accesstoken/get",
                    &[ID, SECRET, KEY, EMPTY],
                    "",
                ));
                let token = bearer(&wire.answer());
                wire.send(request(LIST, &[("Authorization", &token), KEY], ""));
                assert_eq!(wire.answer().json().as_array().unwrap().len(), 3);
            });
        }
        assert!(sandbox.wait_for(UNIT, CLIENTS));
        sandbox.release();
    });
    assert_eq!(sandbox.count("POST /accesstoken/get"), CLIENTS);
}

/// Several images need no more memory than two, and the latest is always available.
#[test]
fn only_the_latest_large_bodies_are_kept() {
    const PICTURE: usize = 1_800_000;
    let sandbox = Sandbox::start().unwrap();
    let mut wire = Wire::open(&sandbox);
    let body = "x".repeat(PICTURE);
    for _ in 0..4 {
        wire.send(request("POST /x", &[], &body));
        wire.send(request("POST /x", &[], "small"));
        assert_eq!((wire.answer().status, wire.answer().status), (404, 404));
    }
    let lengths = |sandbox: &Sandbox| {
        let requests = sandbox.requests().into_iter();
        requests
            .map(|request| request.body.len())
            .collect::<Vec<_>>()
    };
    assert_eq!(lengths(&sandbox), [0, 0, 0, 5, PICTURE, 5, PICTURE, 5]);
    // So is one that exceeds the total limit.
    wire.send(request("POST /x", &[], &body.repeat(4)));
    assert_eq!(wire.answer().status, 404);
    assert_eq!(lengths(&sandbox), [0, 0, 0, 0, 0, 0, 0, 0, 4 * PICTURE]);
    assert_eq!(sandbox.count("*"), 9);
    sandbox.clear_requests();
    wire.send(request("POST /x", &[], &body));
    assert_eq!(wire.answer().status, 404);
    assert_eq!(lengths(&sandbox), [PICTURE]);
}
