//! The lower bound: the least code that gets a sales unit, on a plain socket.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

use crate::by_hand::{self, SalesUnit};

/// Large enough for the largest reply.
const BUFFER: usize = 16 * 1024;

pub(crate) struct Raw {
    /// `host:port`.
    host: String,
    /// The headers of every request, and the empty line.
    headers: String,
    idle: Mutex<Vec<Connection>>,
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Raw {
    pub(crate) fn new(url: &str) -> Self {
        let host = url.strip_prefix("http://").unwrap().to_owned();
        let mut headers = format!("host: {host}\r\n");
        for (name, value) in by_hand::headers() {
            headers.push_str(&format!("{name}: {value}\r\n"));
        }
        headers.push_str("\r\n");
        Self {
            host,
            headers,
            idle: Mutex::default(),
        }
    }

    pub(crate) fn get_sales_unit(&self, msn: &str) -> SalesUnit {
        let idle = self.idle.lock().unwrap().pop();
        let mut connection = idle.unwrap_or_else(|| Connection::new(&self.host));
        let target = format!("/management/v1/sales-units/{msn}");
        let request = format!("GET {target} HTTP/1.1\r\n{}", self.headers);
        connection.stream.write_all(request.as_bytes()).unwrap();
        let unit = serde_json::from_slice(connection.read()).unwrap();
        self.idle.lock().unwrap().push(connection);
        unit
    }
}

impl Connection {
    fn new(host: &str) -> Self {
        let stream = TcpStream::connect(host).unwrap();
        stream.set_nodelay(true).unwrap();
        let timeout = Some(Duration::from_secs(60));
        stream.set_read_timeout(timeout).unwrap();
        stream.set_write_timeout(timeout).unwrap();
        let buffer = vec![0; BUFFER];
        Self { stream, buffer }
    }

    /// Reads the body of a reply.
    fn read(&mut self) -> &[u8] {
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).unwrap();
            assert!(read > 0);
            filled += read;
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut head = httparse::Response::new(&mut headers);
            let parsed = head.parse(&self.buffer[..filled]).unwrap();
            let httparse::Status::Complete(start) = parsed else {
                continue;
            };
            assert_eq!(head.code, Some(200));
            let mut headers = head.headers.iter();
            let length = headers.find(|header| header.name.eq_ignore_ascii_case("content-length"));
            let length = std::str::from_utf8(length.unwrap().value).unwrap();
            let end = start + length.parse::<usize>().unwrap();
            if filled >= end {
                return &self.buffer[start..end];
            }
        }
    }
}
