//! The raw server of all tests: what it says on the wire is the test's, byte by byte.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A server on a port that the system gives, with a thread for each connection. It listens until it is dropped.
pub(crate) struct RawServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<Vec<JoinHandle<()>>>>,
}

#[derive(Default)]
struct Shared {
    stopping: AtomicBool,
    connections: AtomicUsize,
    /// Those to be cut.
    open: Mutex<Vec<TcpStream>>,
    replies: Mutex<VecDeque<Vec<u8>>>,
    /// Each request as it came over the wire, head and body.
    requests: Mutex<Vec<String>>,
}

impl RawServer {
    /// Answers the n-th request with the n-th reply, whatever was asked, and closes the connection after a reply that says
    /// `Connection: close`. Requests beyond the last reply are recorded and not answered.
    pub(crate) fn start(replies: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let shared = Arc::new(Shared {
            replies: Mutex::new(replies.into_iter().collect()),
            ..Shared::default()
        });
        let state = Arc::clone(&shared);
        Self::run(shared, true, move |stream| reply_in_turn(stream, &state))
    }

    /// Does with each connection what a test says. It waits for all of them when it is dropped, so that a session must be made after it.
    pub(crate) fn each(connection: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        Self::run(Arc::default(), false, connection)
    }

    /// Open connections are cut when the server is dropped, or waited for.
    fn run(
        shared: Arc<Shared>,
        cuts: bool,
        each: impl Fn(TcpStream) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::clone(&shared);
        let each = Arc::new(each);
        let accepting = thread::spawn(move || {
            let mut threads = Vec::new();
            for stream in listener.incoming() {
                if state.stopping.load(Ordering::SeqCst) {
                    break;
                }
                let stream = stream.unwrap();
                // A test that went wrong ends all the same.
                let patience = Some(Duration::from_secs(10));
                stream.set_read_timeout(patience).unwrap();
                stream.set_write_timeout(patience).unwrap();
                state.connections.fetch_add(1, Ordering::SeqCst);
                if cuts {
                    let mut open = state.open.lock().unwrap();
                    open.push(stream.try_clone().unwrap());
                }
                let each = Arc::clone(&each);
                threads.push(thread::spawn(move || each(stream)));
            }
            threads
        });
        Self {
            address,
            shared,
            accepting: Some(accepting),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far, each as it came over the wire.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The request lines so far, without the version.
    pub(crate) fn lines(&self) -> Vec<String> {
        let requests = self.requests();
        let lines = requests
            .iter()
            .map(|request| request.lines().next().unwrap());
        lines
            .map(|line| line.trim_end_matches(" HTTP/1.1").to_owned())
            .collect()
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        let threads = self.accepting.take().unwrap().join().unwrap();
        // No connection comes any more.
        for connection in self.shared.open.lock().unwrap().iter() {
            drop(connection.shutdown(Shutdown::Both));
        }
        for thread in threads {
            let result = thread.join();
            assert!(thread::panicking() || result.is_ok(), "the server panicked");
        }
    }
}

fn reply_in_turn(mut stream: TcpStream, shared: &Shared) {
    let mut buffer = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let end = loop {
            if let Some(end) = end_of_request(&buffer) {
                break end;
            }
            match stream.read(&mut chunk) {
                Ok(0) | Err(_) => return,
                Ok(read) => buffer.extend_from_slice(&chunk[..read]),
            }
        };
        let request = String::from_utf8_lossy(&buffer[..end]).into_owned();
        buffer.drain(..end);
        // Together, so that the n-th request has the n-th reply.
        let mut requests = shared.requests.lock().unwrap();
        requests.push(request);
        let reply = shared.replies.lock().unwrap().pop_front();
        drop(requests);
        let Some(reply) = reply else {
            continue;
        };
        if stream.write_all(&reply).is_err() {
            return;
        }
        if String::from_utf8_lossy(&reply).contains("Connection: close") {
            drop(stream.shutdown(Shutdown::Both));
            return;
        }
    }
}

/// Where the first request of a buffer ends, if all of it is there.
pub(crate) fn end_of_request(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.trim().parse().unwrap());
    (buffer.len() >= head + length).then_some(head + length)
}

/// Reads one request, head and body, from a connection that has nothing else in flight. `None` at its end.
pub(crate) fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut buffer = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = end_of_request(&buffer) {
            assert_eq!(end, buffer.len(), "a request and more");
            return Some(String::from_utf8(buffer).unwrap());
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(read) => buffer.extend_from_slice(&chunk[..read]),
        }
    }
}

/// Says that nothing more will come, and waits until the client has gone, so that nothing that was sent to it is lost.
pub(crate) fn close(mut stream: TcpStream) {
    // The client may have gone already.
    drop(stream.shutdown(Shutdown::Write));
    wait_for_close(&mut stream);
}

/// Reads until the client has closed the connection.
pub(crate) fn wait_for_close(stream: &mut TcpStream) {
    let mut chunk = [0; 4096];
    while stream.read(&mut chunk).is_ok_and(|read| read > 0) {}
}

/// An HTTP reply with a length.
pub(crate) fn reply(status: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let headers: String = headers
        .iter()
        .map(|header| format!("{header}\r\n"))
        .collect();
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}

/// A reply of JSON with status 200.
pub(crate) fn json_reply(body: &str) -> Vec<u8> {
    reply("200 OK", &["Content-Type: application/json"], body)
}

/// A server for calls that send nothing: one that is sent all the same fails at once.
pub(crate) fn unwanted() -> RawServer {
    let failure = reply("500 Internal Server Error", &[], "");
    RawServer::start(std::iter::repeat_n(failure, 100))
}

/// A port that nobody listens on, and that no other test is given: a connection that was made over it is still open.
pub(crate) struct ClosedPort {
    address: SocketAddr,
    _kept: (TcpStream, TcpStream),
}

impl ClosedPort {
    pub(crate) fn new() -> Self {
        Self::close(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// Nobody must be connecting to it.
    pub(crate) fn close(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).unwrap();
        let (server, _) = listener.accept().unwrap();
        Self {
            address,
            _kept: (client, server),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
