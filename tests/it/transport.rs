//! What goes over the wire and what comes back: connections, limits, timeouts, and what an error says about them.

use std::io::Read;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use vipps::management::{
    BusinessIdentifier, PrefillProductOrder, PrefillResponse, ProductOrderId, ProductType,
    SalesUnitSummary, delete_product_order, list_sales_units, prefill_product_order,
};
use vipps::{Clock, Delivery, Error, ErrorKind, Session, SessionBuilder};

use crate::support::{end_of_request, session_builder};

mod base_url;
mod bodies;
mod connections;
mod delivery;
mod heads;
mod proxy;
mod redirects;
mod requests;
mod settings;
mod timeouts;

/// A server that does with each connection what a test says, each on a thread of its own.
///
/// It waits for all of them when it is dropped, so that a session must be made after it.
pub(crate) struct Peer {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
    accepting: Option<JoinHandle<Vec<JoinHandle<()>>>>,
}

impl Peer {
    pub(crate) fn start(each: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stopping = Arc::new(AtomicBool::new(false));
        let connections = Arc::new(AtomicUsize::new(0));
        let (stop, count, each) = (
            Arc::clone(&stopping),
            Arc::clone(&connections),
            Arc::new(each),
        );
        let accepting = thread::spawn(move || {
            let mut threads = Vec::new();
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let stream = stream.unwrap();
                // A test that went wrong ends all the same.
                let patience = Some(Duration::from_secs(10));
                stream.set_read_timeout(patience).unwrap();
                stream.set_write_timeout(patience).unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let each = Arc::clone(&each);
                threads.push(thread::spawn(move || each(stream)));
            }
            threads
        });
        Self {
            address,
            stopping,
            connections,
            accepting: Some(accepting),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        for thread in self.accepting.take().unwrap().join().unwrap() {
            let result = thread.join();
            assert!(thread::panicking() || result.is_ok(), "the server panicked");
        }
    }
}

/// Reads one request, head and body, from a connection that has nothing else in flight. `None` at its end.
pub(crate) fn read_request(stream: &mut TcpStream) -> Option<String> {
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

/// Waits for something that another thread is about to do, 10 s at the most.
#[track_caller]
pub(crate) fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !is_so() {
        assert!(Instant::now() < end, "it never came to this: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Runs a test with a limit that is over soon, and with longer ones as long as it says that the machine was too busy: a request that
/// has not arrived within its time shows nothing.
#[track_caller]
pub(crate) fn with_limits(in_time: impl Fn(Duration) -> bool) {
    let limits = (0..6).map(|doublings| Duration::from_millis(200 << doublings));
    assert!({ limits }.any(in_time), "with no limit anything arrived");
}

/// Runs a test with all its cases at once: where it waits for the time to pass, it does so once.
pub(crate) fn all_at_once<T: Send>(cases: impl IntoIterator<Item = T>, test: impl Fn(T) + Sync) {
    thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| test(case));
        }
    });
}

/// A session for one server, with a clock that stands still: what an error says of times is then the same in every run.
#[track_caller]
pub(crate) fn session(url: &str) -> Session {
    builder(url).build().unwrap()
}

pub(crate) fn builder(url: &str) -> SessionBuilder {
    session_builder(url).clock(Clock::manual())
}

/// A GET without a body.
pub(crate) fn get(session: &Session) -> Result<Vec<SalesUnitSummary>, Error> {
    list_sales_units(session)
}

/// A POST with a body.
pub(crate) fn post(session: &Session) -> Result<PrefillResponse, Error> {
    let merchant = BusinessIdentifier::norway("987654321").unwrap();
    let order = PrefillProductOrder::new(merchant, ProductType::PaymentIntegration);
    let order = order.idempotency_key("a-key-of-this-test".parse().unwrap());
    prefill_product_order(session, &order)
}

/// A DELETE.
pub(crate) fn delete(session: &Session) -> Result<(), Error> {
    let id = ProductOrderId::new("81b83246-5c19-7b94-875b-ea6d1114f099").unwrap();
    delete_product_order(session, &id)
}

pub(crate) const GET: &str = "GET /management/v1/sales-units";
pub(crate) const POST: &str = "POST /management/v1/product-orders";

/// All that a program learns from an error of the network.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) text: String,
    pub(crate) kind: ErrorKind,
    pub(crate) delivery: Delivery,
    pub(crate) status: Option<u16>,
}

#[track_caller]
pub(crate) fn assert_error<T: std::fmt::Debug>(
    result: Result<T, Error>,
    text: &str,
    kind: ErrorKind,
    delivery: Delivery,
    status: Option<u16>,
) {
    let error = result.unwrap_err();
    let seen = Seen {
        text: error.to_string(),
        kind: error.kind(),
        delivery: error.delivery(),
        status: error.status(),
    };
    let expected = Seen {
        text: text.to_owned(),
        kind,
        delivery,
        status,
    };
    assert_eq!(seen, expected);
}

/// An error of the configuration, which is all that `build` gives.
#[track_caller]
pub(crate) fn assert_config(result: Result<Session, Error>, text: &str) {
    let (kind, delivery) = (ErrorKind::Config, Delivery::NotSent);
    let text = format!("configuration: {text}");
    assert_error(result, &text, kind, delivery, None);
}
