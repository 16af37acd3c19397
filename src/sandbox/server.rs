//! The HTTP server: reads requests, passes them to the service, and injects faults.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::answer::{Answer, Api};
use super::faults::{Fault, Route};
use super::message::ReceivedRequest;
use super::service::Service;
use super::wire::{Length, bad, bytes_of, read_body, read_chunks, read_head, refuse};

/// How long a test waits for a condition before giving up.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Server {
    url: String,
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    service: Mutex<Service>,
    faults: Mutex<Vec<Rule>>,
    log: Mutex<Log>,
    request_came: Condvar,
    gate: Mutex<Gate>,
    gate_moved: Condvar,
    connections: Mutex<Connections>,
    /// The number of requests being served, and the highest so far, by method and path.
    in_flight: Mutex<HashMap<String, (usize, usize)>>,
}

struct Rule {
    route: Route,
    times: usize,
    /// 1 for each request, 2 for every second one.
    every: usize,
    /// The number of matching requests so far.
    seen: usize,
    fault: Fault,
}

/// All requests, but only the latest bodies.
#[derive(Default)]
struct Log {
    requests: Vec<ReceivedRequest>,
    /// The number of requests whose bodies were dropped.
    without_body: usize,
    body_bytes: usize,
}

/// Total size of the bodies to keep: enough for the largest image in base64.
const KEPT_BODIES: usize = 4 * 1024 * 1024;

#[derive(Default)]
struct Gate {
    stopping: bool,
    /// Counts the calls of `release`.
    releases: u64,
}

#[derive(Default)]
struct Connections {
    next_id: u64,
    open: HashMap<u64, TcpStream>,
}

impl Server {
    pub(super) fn start(port: u16, service: Service) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            service: Mutex::new(service),
            faults: Mutex::default(),
            log: Mutex::default(),
            request_came: Condvar::new(),
            gate: Mutex::default(),
            gate_moved: Condvar::new(),
            connections: Mutex::default(),
            in_flight: Mutex::default(),
        });
        let accepted = Arc::clone(&shared);
        let accepting = thread::Builder::new()
            .name("vipps-sandbox".to_owned())
            .spawn(move || accept(&listener, &accepted))?;
        Ok(Self {
            url: format!("http://{address}"),
            address,
            shared,
            accepting: Some(accepting),
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn service(&self) -> MutexGuard<'_, Service> {
        lock(&self.shared.service)
    }

    pub(super) fn add_fault(&self, route: Route, times: usize, every: usize, fault: Fault) {
        lock(&self.shared.faults).push(Rule {
            route,
            times,
            every: every.max(1),
            seen: 0,
            fault,
        });
    }

    /// The routes of faults that are not used up, and how many times each remains.
    pub(super) fn unused_faults(&self) -> Vec<(String, usize)> {
        let faults = lock(&self.shared.faults);
        let unused = faults
            .iter()
            .filter(|rule| (1..usize::MAX / 2).contains(&rule.times));
        unused
            .map(|rule| (rule.route.to_string(), rule.times))
            .collect()
    }

    pub(super) fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
        self.release();
    }

    pub(super) fn release(&self) {
        lock(&self.shared.gate).releases += 1;
        self.shared.gate_moved.notify_all();
    }

    pub(super) fn close_connections(&self) {
        self.shared.close_connections();
    }

    pub(super) fn connections(&self) -> usize {
        lock(&self.shared.connections).open.len()
    }

    pub(super) fn most_at_once(&self, route: &Route) -> usize {
        let in_flight = lock(&self.shared.in_flight);
        let matching = in_flight.iter().filter(|(line, _)| {
            let (method, path) = line.split_once(' ').unwrap_or_default();
            route.matches(method, path)
        });
        matching.map(|(_, (_, most))| *most).max().unwrap_or(0)
    }

    pub(super) fn requests(&self) -> Vec<ReceivedRequest> {
        lock(&self.shared.log).requests.clone()
    }

    pub(super) fn requests_to(&self, route: &Route) -> Vec<ReceivedRequest> {
        let log = lock(&self.shared.log);
        let matching = |request: &&ReceivedRequest| route.matches(&request.method, &request.path);
        log.requests.iter().filter(matching).cloned().collect()
    }

    pub(super) fn take_requests(&self) -> Vec<ReceivedRequest> {
        std::mem::take(&mut *lock(&self.shared.log)).requests
    }

    pub(super) fn count(&self, route: &Route) -> usize {
        lock(&self.shared.log).count_from(0, route)
    }

    pub(super) fn wait_for(&self, route: &Route, n: usize) -> bool {
        let log = lock(&self.shared.log);
        // Each wake-up looks at new requests only.
        let (mut seen, mut count) = (0, 0);
        let is_short = |log: &mut Log| {
            if log.requests.len() < seen {
                // The log was cleared in the meantime.
                (seen, count) = (0, 0);
            }
            count += log.count_from(seen, route);
            seen = log.requests.len();
            count < n
        };
        let came = &self.shared.request_came;
        let waited = came.wait_timeout_while(log, PATIENCE, is_short);
        let (_log, result) = waited.unwrap_or_else(PoisonError::into_inner);
        !result.timed_out()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        lock(&self.shared.gate).stopping = true;
        self.shared.gate_moved.notify_all();
        // Wakes the accepting thread so that it frees the port. Do not join a thread that was not
        // woken.
        let woken = TcpStream::connect_timeout(&self.address, PATIENCE).is_ok();
        if let Some(accepting) = self.accepting.take().filter(|_| woken) {
            drop(accepting.join());
        }
        // Connection threads are not joined: some systems do not wake a blocked read when its
        // socket is shut down. Such a thread ends when the client closes the connection.
        self.shared.close_connections();
    }
}

impl Shared {
    fn is_stopping(&self) -> bool {
        lock(&self.gate).stopping
    }

    fn close_connections(&self) {
        for stream in lock(&self.connections).open.values() {
            // An error means that the connection is already closed.
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// Waits for the next release after `releases`. Returns `false` if the server stops.
    fn hold(&self, releases: u64) -> bool {
        let gate = lock(&self.gate);
        let is_held = |gate: &mut Gate| !gate.stopping && gate.releases == releases;
        let waited = self.gate_moved.wait_while(gate, is_held);
        !waited.unwrap_or_else(PoisonError::into_inner).stopping
    }

    /// Waits for `time`. Returns `false` if the server stops.
    fn delay(&self, time: Duration) -> bool {
        let began = Instant::now();
        let mut gate = lock(&self.gate);
        // A release also wakes this wait.
        while !gate.stopping && began.elapsed() < time {
            let left = time.saturating_sub(began.elapsed()).min(PATIENCE);
            let waited = self.gate_moved.wait_timeout(gate, left);
            gate = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        !gate.stopping
    }

    fn take_fault(&self, method: &str, path: &str) -> Option<Fault> {
        let mut faults = lock(&self.faults);
        let rule = faults.iter_mut().find_map(|rule| {
            let fits = rule.times > 0 && rule.route.matches(method, path);
            rule.seen = rule.seen.wrapping_add(usize::from(fits));
            (fits && rule.seen % rule.every == 0).then_some(rule)
        })?;
        rule.times -= 1;
        Some(rule.fault.clone())
    }
}

impl Log {
    /// The number of requests to a route after the first `first` requests.
    fn count_from(&self, first: usize, route: &Route) -> usize {
        let matching = |request: &&ReceivedRequest| route.matches(&request.method, &request.path);
        self.requests.iter().skip(first).filter(matching).count()
    }

    fn push(&mut self, request: ReceivedRequest) {
        self.body_bytes += request.body.len();
        let older = self.requests.iter_mut().skip(self.without_body);
        for older in older {
            if self.body_bytes <= KEPT_BODIES {
                break;
            }
            self.body_bytes -= std::mem::take(&mut older.body).len();
            self.without_body += 1;
        }
        self.requests.push(request);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.is_stopping() {
            return;
        }
        // A connection that failed before it was accepted is reported by the client.
        let Ok(stream) = stream else { continue };
        let Ok(handle) = stream.try_clone() else {
            continue;
        };
        let mut connections = lock(&shared.connections);
        connections.next_id += 1;
        let id = connections.next_id;
        connections.open.insert(id, handle);
        let served = Arc::clone(shared);
        let thread = thread::Builder::new().name(format!("vipps-sandbox-{id}"));
        let thread = thread.spawn(move || {
            // An error means that the client or a fault closed the connection.
            drop(serve(stream, &served));
            if let Some(stream) = lock(&served.connections).open.remove(&id) {
                drop(stream.shutdown(Shutdown::Both));
            }
        });
        if thread.is_err() {
            connections.open.remove(&id);
        }
    }
}

/// Serves one connection until either side closes it.
fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(head) = read_head(&mut stream, &mut buffer)? {
        if shared.is_stopping() {
            break;
        }
        let mut request = head.request;
        // Read before the request is logged, so that a test that sees the request can release it.
        let releases = lock(&shared.gate).releases;
        let fault = shared.take_fault(&request.method, &request.path);
        let mut served = Served::begin(shared, &request);
        if fault == Some(Fault::CloseBeforeReading) {
            log(shared, request);
            return Ok(());
        }
        if request.header("expect").is_some() {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let body = match head.length {
            Length::Known(length) => read_body(&mut stream, &mut buffer, length)?,
            Length::Chunked => read_chunks(&mut stream, &mut buffer)?,
            Length::Wrong => Err(bad(400, "Invalid Content-Length")),
        };
        match body {
            Ok(body) => request.body = body,
            Err(refusal) => {
                log(shared, request);
                return refuse(&mut stream, &refusal);
            }
        }
        log(shared, request.clone());
        let keep_open = answer(&mut stream, shared, &request, fault, releases, &mut served)?;
        if !keep_open || !head.keep_alive {
            break;
        }
    }
    Ok(())
}

/// A request in flight, from the end of its head to the start of its reply.
struct Served<'a> {
    shared: &'a Shared,
    line: Option<String>,
}

impl<'a> Served<'a> {
    fn begin(shared: &'a Shared, request: &ReceivedRequest) -> Self {
        let path = request.path.split('?').next().unwrap_or_default();
        let line = format!("{} {path}", request.method);
        let mut in_flight = lock(&shared.in_flight);
        let (now, most) = in_flight.entry(line.clone()).or_default();
        *now += 1;
        *most = (*most).max(*now);
        Self {
            shared,
            line: Some(line),
        }
    }

    /// Called before the reply is sent, so that the client's next request does not overlap.
    fn end(&mut self) {
        let line = self.line.take();
        let mut in_flight = lock(&self.shared.in_flight);
        if let Some((now, _)) = line.and_then(|line| in_flight.get_mut(&line)) {
            *now -= 1;
        }
    }
}

impl Drop for Served<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

/// Replies or injects the fault. Returns whether to keep the connection open.
fn answer(
    stream: &mut TcpStream,
    shared: &Shared,
    request: &ReceivedRequest,
    fault: Option<Fault>,
    releases: u64,
    served: &mut Served<'_>,
) -> io::Result<bool> {
    match &fault {
        Some(Fault::Delay(time)) if !shared.delay(*time) => return Ok(false),
        Some(Fault::Hold) if !shared.hold(releases) => return Ok(false),
        Some(Fault::EndlessBody) => return endless_body(stream, shared),
        _ => {}
    }
    let carried_out = || match (lock(&shared.service).answer(request), &*request.method) {
        (answer, "HEAD") => Answer::empty(answer.status),
        (answer, _) => answer,
    };
    let (bytes, keep_open) = match fault {
        None | Some(Fault::Delay(_) | Fault::Hold) => (bytes_of(&carried_out()), true),
        Some(Fault::Status {
            status,
            retry_after,
        }) => {
            // These must have no body: the client would read it as the start of the next reply.
            let mut answer = if [204, 304].contains(&status) || request.method == "HEAD" {
                Answer::empty(status)
            } else {
                let api = Api::of(&request.path).unwrap_or(Api::Management);
                api.error(status, "Injected fault", &[])
            };
            if let Some(value) = retry_after {
                answer = answer.header("Retry-After", value);
            }
            (bytes_of(&answer), true)
        }
        Some(Fault::Reply {
            status,
            content_type,
            body,
        }) => (bytes_of(&Answer::new(status, content_type, body)), true),
        Some(Fault::HtmlBadGateway) => {
            let page = "<html><head><title>502 Bad Gateway</title></head>\
                        <body><h1>502 Bad Gateway</h1></body></html>";
            (bytes_of(&Answer::new(502, "text/html", page)), true)
        }
        Some(Fault::LoseReply) => {
            carried_out();
            (Vec::new(), false)
        }
        Some(Fault::CutReply) => {
            // A reply without a body is complete once its head is sent.
            let answer = carried_out();
            let mut bytes = bytes_of(&answer);
            bytes.truncate(bytes.len() - answer.body.len().div_ceil(2));
            (bytes, false)
        }
        Some(Fault::Garbage) => (b"\x16\x03\x01 this is not HTTP\r\n\r\n".to_vec(), false),
        Some(Fault::Raw(bytes)) => (bytes, false),
        // `EndlessBody` was handled above.
        Some(Fault::CloseBeforeReading | Fault::CloseAfterReading | Fault::EndlessBody) => {
            (Vec::new(), false)
        }
    };
    served.end();
    stream.write_all(&bytes)?;
    Ok(keep_open)
}

fn endless_body(stream: &mut TcpStream, shared: &Shared) -> io::Result<bool> {
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes())?;
    let chunk = [b"4000\r\n".as_slice(), &[b' '; 0x4000], b"\r\n"].concat();
    while !shared.is_stopping() {
        stream.write_all(&chunk)?;
    }
    Ok(false)
}

fn log(shared: &Shared, request: ReceivedRequest) {
    lock(&shared.log).push(request);
    shared.request_came.notify_all();
}

/// Locks a mutex even if a thread panicked while holding it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
