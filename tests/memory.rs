//! Measures what a reply may cost in memory. A separate program, because its allocator counts every
//! thread.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::alloc::System;
use std::io::Write;
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use heapster::Heapster;
use vipps::management::{
    ListProductOrders, SalesUnitSummary, get_merchant, list_price_packages, list_product_orders,
    list_sales_units,
};
use vipps::order_management::{OrderRef, get_order, list_categories};
use vipps::{Error, ErrorKind, Session, SessionBuilder};

use support::{
    RawServer, builder_without_token, merchant, read_request, reply, session_builder, until,
};

// This program uses only a part of it.
#[allow(dead_code, unused_imports, clippy::expect_used)]
#[path = "it/support/mod.rs"]
mod support;

const MIB: usize = 1024 * 1024;

/// What a call may use besides the body, mainly the connection's buffers.
const BUFFERS: usize = MIB;

/// Counts the memory of all threads. A growing reallocation counts with its new size only, whether
/// the system had to move it or not.
#[global_allocator]
static HEAP: Heapster<System> = Heapster::new(System);

/// The peak during a call, on top of what was in use before.
fn peak_of<T>(call: impl FnOnce() -> T) -> (usize, T) {
    HEAP.reset();
    let before = HEAP.use_curr();
    let result = call();
    (HEAP.use_max() - before, result)
}

/// A server that sends a head, a body as often as specified, and an end. It stops when the client
/// closes, and reports how much it sent.
fn serve(
    head: String,
    piece: &'static [u8],
    times: usize,
    end: &'static [u8],
) -> (RawServer, Receiver<usize>) {
    let (sent, counted) = mpsc::channel();
    let server = RawServer::each(move |mut stream| {
        read_request(&mut stream).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let pieces = (0..times).take_while(|_| stream.write_all(piece).is_ok());
        let pieces = pieces.count();
        drop(stream.write_all(end));
        sent.send(pieces).unwrap();
    });
    (server, counted)
}

fn builder(url: &str) -> SessionBuilder {
    session_builder(url).timeout(Duration::from_secs(60))
}

static BLANKS: [u8; 64 * 1024] = [b' '; 64 * 1024];

/// A chunk of 64 KiB.
static CHUNK: [u8; 64 * 1024 + 9] = {
    let mut chunk = [b' '; 64 * 1024 + 9];
    let (size, end) = (*b"10000\r\n", chunk.len());
    let mut at = 0;
    while at < size.len() {
        chunk[at] = size[at];
        at += 1;
    }
    chunk[end - 2] = b'\r';
    chunk[end - 1] = b'\n';
    chunk
};

/// The number of pieces that make 1 GiB.
const GIB: usize = 16 * 1024;

/// A single test, because two at once would be counted together.
#[test]
fn a_reply_costs_what_its_cap_allows_and_no_more() {
    a_gibibyte_costs_no_more_than_the_cap();
    a_body_with_a_length_costs_its_length();
    a_long_list_costs_in_proportion();
    a_token_reply_costs_its_own_cap();
    waiting_calls_share_the_error_of_a_token_request();
    many_small_entries_cost_a_few_times_the_reply();
}

fn a_gibibyte_costs_no_more_than_the_cap() {
    let gib = 1024 * MIB;
    let heads: [(String, &'static [u8]); 4] = [
        (format!("Content-Length: {gib}"), &BLANKS),
        (format!("Content-Length: {}", u64::MAX), &BLANKS),
        ("Connection: close".to_owned(), &BLANKS),
        ("Transfer-Encoding: chunked".to_owned(), &CHUNK),
    ];
    // The last is not a power of two, as memory grows by, but the cap applies nevertheless.
    let caps = [1, 1000, 8 * MIB, 8 * MIB - 1, 9 * MIB + 4321];
    for (header, piece) in &heads {
        for (cap, is_default) in caps
            .map(|cap| (cap, false))
            .into_iter()
            .chain([(64 * MIB, true)])
        {
            for status in ["200 OK", "500 Internal Server Error"] {
                let head = format!("HTTP/1.1 {status}\r\n{header}\r\n\r\n");
                let (server, sent) = serve(head, piece, GIB, b"");
                let mut builder = builder(&server.url());
                if !is_default {
                    builder = builder.max_response_bytes(cap as u64);
                }
                let session = builder.build().unwrap();
                let (peak, result) = peak_of(|| list_sales_units(&session));
                let text = result.unwrap_err().to_string();
                let case = format!("{status}, {header}, {cap}");
                if status == "200 OK" {
                    let says = format!(
                        "GET /management/v1/sales-units: 200 OK, but \
                         the reply is larger than max_response_bytes, {cap}"
                    );
                    assert_eq!(text, says, "{case}");
                }
                let most = match status {
                    "200 OK" => cap,
                    // A message for a person is no longer than this.
                    _ => cap.min(256 * 1024),
                };
                assert!(peak <= most + BUFFERS, "{case}: {peak} bytes");
                assert!(
                    sent.recv().unwrap() < GIB,
                    "{case}: the client read all of it"
                );
            }
        }
    }
}

/// Not twice its length, as with a doubling buffer, whether the cap is near or far.
fn a_body_with_a_length_costs_its_length() {
    for length in [MIB, 4 * MIB, 5 * MIB, 8 * MIB] {
        for cap in [length + 2, 64 * MIB] {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", length + 2);
            let (server, sent) = serve(head, &BLANKS, length / BLANKS.len(), b"[]");
            let session = builder(&server.url()).max_response_bytes(cap as u64);
            let session = session.build().unwrap();
            let (peak, result) = peak_of(|| list_sales_units(&session));
            assert_eq!(result.unwrap(), []);
            let case = format!("{length} of {cap}");
            assert!(peak <= length + BUFFERS, "{case}: {peak} bytes");
            sent.recv().unwrap();
        }
    }
}

/// The body and the result, and nothing that grows faster.
fn a_long_list_costs_in_proportion() {
    let peak = |mib: usize| {
        // 64 bytes with the comma.
        const UNIT: &[u8] = br#"{"msn":"1000000","name":"ACME Fantastic Fitness of the world.."},"#;
        let (first, last) = (&b"["[..], &br#"{"msn":"1000000","name":"A"}]"#[..]);
        let times = mib * MIB / UNIT.len();
        let length = first.len() + times * UNIT.len() + last.len();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n[");
        let (server, sent) = serve(head, UNIT, times, last);
        let session = builder(&server.url()).build().unwrap();
        let (peak, result): (_, Result<Vec<SalesUnitSummary>, Error>) =
            peak_of(|| list_sales_units(&session));
        assert_eq!(result.unwrap().len(), times + 1);
        sent.recv().unwrap();
        peak
    };
    let (five, twenty) = (peak(5), peak(20));
    assert!(twenty <= 20 * MIB * 5, "{twenty} bytes for 20 MiB");
    // The same per byte, within the rounding of doubling.
    assert!(twenty <= five * 4 * 2, "{five} for 5 MiB, {twenty} for 20");
}

/// It is read into two fields, whatever else it contains, and up to 64 KiB only.
fn a_token_reply_costs_its_own_cap() {
    static ZEROS: [u8; 64 * 1024] = {
        let mut zeros = [b'0'; 64 * 1024];
        let mut at = 1;
        while at < zeros.len() {
            zeros[at] = b',';
            at += 2;
        }
        zeros
    };
    for start in ["[", r#"{"access_token":"t","expires_in":900,"more":["#] {
        let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{start}");
        let (server, sent) = serve(head, &ZEROS, 64 * MIB / ZEROS.len(), b"0]}");
        let session = builder_without_token(&server.url()).build().unwrap();
        let (peak, result) = peak_of(|| session.access_token());
        assert_eq!(
            result.unwrap_err().to_string(),
            "no access token: POST /accesstoken/get: 200 OK, but the token reply is larger than \
             65536 bytes"
        );
        assert!(peak <= BUFFERS, "{start}: {peak} bytes");
        assert!(sent.recv().unwrap() < 64 * MIB / ZEROS.len());
    }
}

/// However many callers wait, and however long the error is.
fn waiting_calls_share_the_error_of_a_token_request() {
    const WAITING: usize = 500;

    let texts = format!("\"{}\",", "x".repeat(4000)).repeat(60);
    let body = format!(r#"{{"errors":[{}]}}"#, texts.trim_end_matches(','));
    assert!(body.len() > 240_000);
    let answer = reply("400 Bad Request", &["Connection: close"], &body);
    let (go, may_go) = mpsc::channel();
    let may_go = Mutex::new(may_go);
    let server = RawServer::each(move |mut stream| {
        read_request(&mut stream).unwrap();
        may_go.lock().unwrap().recv().unwrap();
        drop(stream.write_all(&answer));
    });
    let session = builder_without_token(&server.url()).build().unwrap();
    let (peak, errors) = peak_of(|| {
        thread::scope(|scope| {
            let call = || session.access_token().unwrap_err();
            let start = || {
                let thread = thread::Builder::new().stack_size(256 * 1024);
                thread.spawn_scoped(scope, call).unwrap()
            };
            let threads: Vec<_> = (0..=WAITING).map(|_| start()).collect();
            until("all wait", || {
                format!("{session:?}").contains(&format!("{WAITING} waiting"))
            });
            go.send(()).unwrap();
            let threads = threads.into_iter();
            threads
                .map(|thread| thread.join().unwrap())
                .collect::<Vec<_>>()
        })
    });
    for error in &errors {
        assert_eq!(error.kind(), ErrorKind::Auth);
        assert_eq!(error.field_problems().len(), 60);
        assert!(std::ptr::eq(
            error.field_problems(),
            errors[0].field_problems()
        ));
    }
    // Three times for reading it, plus the cost of 500 threads.
    assert!(peak <= 3 * body.len() + 4 * MIB, "{peak} bytes");
}

/// The smallest possible entries, which take up to a hundred times their text in memory.
fn many_small_entries_cost_a_few_times_the_reply() {
    type Text = &'static str;
    type Case = (Text, Text, Text, Text, fn(&Session) -> Result<(), Error>);
    let cases: [Case; 10] = [
        ("list_categories", "[", "{},", "{}]", categories),
        (
            "list_categories, wrapped",
            r#"{"categories":["#,
            "{},",
            "{}]}",
            categories,
        ),
        (
            "list_sales_units",
            "[",
            r#"{"msn":1},"#,
            r#"{"msn":1}]"#,
            |session| list_sales_units(session).map(drop),
        ),
        (
            "list_product_orders",
            "[",
            r#"{"status":"","businessIdentifier":{"scheme":"","id":""}},"#,
            r#"{"status":"","businessIdentifier":{"scheme":"","id":""}}]"#,
            |session| list_product_orders(session, &ListProductOrders::new()).map(drop),
        ),
        (
            "list_price_packages",
            "[",
            r#"{"pricePackageId":""},"#,
            r#"{"pricePackageId":""}]"#,
            |session| list_price_packages(session).map(drop),
        ),
        (
            "get_order",
            r#"{"receipt":{"bottomLine":{},"orderLines":["#,
            concat!(
                r#"{"name":"","id":"","totalAmount":0,"#,
                r#""totalAmountExcludingTax":0,"totalTaxAmount":0},"#,
            ),
            concat!(
                r#"{"name":"","id":"","totalAmount":0,"#,
                r#""totalAmountExcludingTax":0,"totalTaxAmount":0}]}}"#,
            ),
            order,
        ),
        ("get_order, a list", "[", "0,", "0]", order),
        (
            "get_order, unknown members",
            r#"{"new":["#,
            "0,",
            "0]}",
            order,
        ),
        (
            "get_merchant",
            r#"{"businessAddress":{"lines":["#,
            r#""","#,
            r#"""]}}"#,
            |session| get_merchant(session, &merchant()).map(drop),
        ),
        (
            "list_sales_units, of nothing",
            "[",
            "[],",
            "[]]",
            |session| list_sales_units(session).map(drop),
        ),
    ];
    for (case, begin, piece, end, call) in cases {
        let times = 16 * MIB / piece.len();
        let length = begin.len() + times * piece.len() + end.len();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{begin}");
        // Several at a time, because a write for each would be slow.
        let (server, sent) = serve_pieces(head, piece, times, end);
        let session = builder(&server.url()).build().unwrap();
        let (peak, result) = peak_of(|| call(&session));
        sent.recv().unwrap();
        let times = peak as f64 / length as f64;
        println!("{case}: {times:.1} times the reply");
        assert!(
            peak <= 7 * length + BUFFERS,
            "{case}: {times:.1} times the reply, {result:?}"
        );
    }
}

fn categories(session: &Session) -> Result<(), Error> {
    list_categories(session, &"1".parse().unwrap()).map(drop)
}

fn order(session: &Session) -> Result<(), Error> {
    get_order(session, &OrderRef::ecom("1".parse().unwrap())).map(drop)
}

/// [`serve`] with many pieces in one write.
fn serve_pieces(
    head: String,
    piece: &'static str,
    times: usize,
    end: &'static str,
) -> (RawServer, Receiver<usize>) {
    const AT_ONCE: usize = 1024;
    let (sent, counted) = mpsc::channel();
    let server = RawServer::each(move |mut stream| {
        read_request(&mut stream).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let block = piece.repeat(AT_ONCE);
        let blocks =
            (0..times / AT_ONCE).take_while(|_| stream.write_all(block.as_bytes()).is_ok());
        let blocks = blocks.count();
        drop(stream.write_all(piece.repeat(times % AT_ONCE).as_bytes()));
        drop(stream.write_all(end.as_bytes()));
        sent.send(blocks * AT_ONCE).unwrap();
    });
    (server, counted)
}
