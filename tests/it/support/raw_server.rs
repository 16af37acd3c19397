//! The raw server of all tests, which sends exactly the bytes that a test specifies.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A server on a port chosen by the system, with a thread per connection. It listens until it is
/// dropped.
pub(crate) struct RawServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<Vec<JoinHandle<()>>>>,
}

#[derive(Default)]
struct Shared {
    stopping: AtomicBool,
    connections: AtomicUsize,
    /// The connections to cut on drop.
    open: Mutex<Vec<TcpStream>>,
    replies: Mutex<VecDeque<Vec<u8>>>,
    /// Each request as received, head and body.
    requests: Mutex<Vec<String>>,
}

impl RawServer {
    /// Sends the n-th reply to the n-th request, whatever it is, and closes the connection after a
    /// reply with `Connection: close`. Requests beyond the last reply are recorded but not
    /// answered.
    pub(crate) fn start(replies: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let shared = Arc::new(Shared {
            replies: Mutex::new(replies.into_iter().collect()),
            ..Shared::default()
        });
        let state = Arc::clone(&shared);
        Self::run(shared, true, move |stream| reply_in_turn(stream, &state))
    }

    /// Handles each connection as the test specifies. Dropping the server waits for all
    /// connections, so create the session after it.
    pub(crate) fn each(connection: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        Self::run(Arc::default(), false, connection)
    }

    /// On drop, open connections are either cut or waited for.
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
                // A failed test has to end too.
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

    /// The requests so far, as received.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The request lines so far, without the HTTP version.
    pub(crate) fn lines(&self) -> Vec<String> {
        let requests = self.requests();
        let lines = requests
            .iter()
            .map(|request| request.lines().next().unwrap());
        lines
            .map(|line| line.trim_end_matches(" HTTP/1.1").to_owned())
            .collect()
    }

    /// The number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        let threads = self.accepting.take().unwrap().join().unwrap();
        // No more connections are accepted.
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
        // Under one lock, so that the n-th request gets the n-th reply.
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

/// Where the first request in a buffer ends, if it is complete.
pub(crate) fn end_of_request(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.trim().parse().unwrap());
    (buffer.len() >= head + length).then_some(head + length)
}

/// Reads one request, head and body, from a connection that has nothing else in flight. `None` at
/// the end of the connection.
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

/// Ends the sending side and waits until the client has closed, so that nothing that was sent is
/// lost.
pub(crate) fn close(mut stream: TcpStream) {
    // The client may have closed already.
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

/// A 200 reply with a JSON body.
pub(crate) fn json_reply(body: &str) -> Vec<u8> {
    reply("200 OK", &["Content-Type: application/json"], body)
}

/// A server for calls that send nothing: a request to it fails at once.
pub(crate) fn unwanted() -> RawServer {
    let failure = reply("500 Internal Server Error", &[], "");
    RawServer::start(std::iter::repeat_n(failure, 100))
}

/// A port on which nothing listens and which no other test gets: it stays in use by an open
/// connection.
pub(crate) struct ClosedPort {
    address: SocketAddr,
    _kept: (TcpStream, TcpStream),
}

impl ClosedPort {
    pub(crate) fn new() -> Self {
        Self::close(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// No connection attempt may be in progress.
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
