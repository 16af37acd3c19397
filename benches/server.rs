//! A minimal server: reads a request, writes prepared bytes and keeps the connection open.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

pub(crate) struct Server {
    pub(crate) url: String,
    token_requests: Arc<AtomicUsize>,
}

impl Server {
    /// Answers every request except token requests with this body after this delay.
    pub(crate) fn start(body: &str, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let token_requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&token_requests);
        let reply: Arc<[u8]> = reply(body).into();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (reply, counter) = (Arc::clone(&reply), Arc::clone(&counter));
                let stream = stream.unwrap();
                stream.set_nodelay(true).unwrap();
                thread::spawn(move || serve(stream, &reply, delay, &counter));
            }
        });
        Self {
            url,
            token_requests,
        }
    }

    pub(crate) fn url_by_name(&self) -> String {
        self.url.replace("127.0.0.1", "localhost")
    }

    pub(crate) fn token_requests(&self) -> usize {
        self.token_requests.load(Ordering::SeqCst)
    }
}

/// Roughly the headers that the real API sends.
fn reply(body: &str) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\n\
         Date: Mon, 05 Jan 2026 10:00:00 GMT\r\n\
         Content-Type: application/json; charset=utf-8\r\n\
         Content-Length: {}\r\n\
         Connection: keep-alive\r\n\
         Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n\
         X-Content-Type-Options: nosniff\r\n\
         Request-Context: appId=cid-v1:00000000-0000-0000-0000-000000000000\r\n\r\n",
        body.len()
    );
    (head + body).into_bytes()
}

/// Returns when the connection closes.
fn serve(mut stream: TcpStream, reply: &[u8], delay: Duration, token_requests: &AtomicUsize) {
    let token = reply_with_token();
    // One buffer for all requests, so that none of them allocates.
    let mut buffer = vec![0; 64 * 1024];
    while let Some(is_for_token) = read_request(&mut stream, &mut buffer) {
        let reply = if is_for_token {
            token_requests.fetch_add(1, Ordering::SeqCst);
            &token
        } else {
            thread::sleep(delay);
            reply
        };
        if stream.write_all(reply).is_err() {
            return;
        }
    }
}

fn reply_with_token() -> Vec<u8> {
    let token = "t".repeat(1200);
    reply(&format!(
        r#"{{"token_type":"Bearer","expires_in":"3600","access_token":"{token}"}}"#
    ))
}

/// Reads a head and its announced body. `None` at the end of the connection.
fn read_request(stream: &mut TcpStream, buffer: &mut [u8]) -> Option<bool> {
    let mut filled = 0;
    let end = loop {
        match stream.read(&mut buffer[filled..]) {
            Ok(0) | Err(_) => return None,
            Ok(read) => filled += read,
        }
        let blank = buffer[..filled].windows(4).position(|w| w == b"\r\n\r\n");
        if let Some(blank) = blank {
            break blank + 4;
        }
    };
    let head = &buffer[..end];
    let is_for_token = head.starts_with(b"POST /accesstoken/get");
    let mut body = content_length(head) - (filled - end);
    while body > 0 {
        match stream.read(buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => body -= read,
        }
    }
    Some(is_for_token)
}

fn content_length(head: &[u8]) -> usize {
    let name = b"content-length: ";
    let mut lines = head.split(|byte| *byte == b'\n');
    let digits = lines.find_map(|line| {
        let (start, value) = line.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then_some(value)
    });
    let digits = digits.unwrap_or_default().trim_ascii();
    digits
        .iter()
        .fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
}
