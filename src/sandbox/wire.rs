//! HTTP/1.1 parsing and writing.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

use ureq::http::StatusCode;

use super::answer::{Answer, Api};
use super::message::ReceivedRequest;

const MAX_HEAD: usize = 64 * 1024;
const MAX_BODY: usize = 16 * 1024 * 1024;
const MAX_HEADERS: usize = 64;

pub(super) struct Head {
    /// The request, with an empty body.
    pub(super) request: ReceivedRequest,
    pub(super) length: Length,
    pub(super) keep_alive: bool,
}

/// How long the body is, according to the head.
pub(super) enum Length {
    Known(usize),
    Chunked,
    Wrong,
}

/// Reads a request's head and removes it from the buffer. `None` at the end of the connection.
pub(super) fn read_head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Head>> {
    loop {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        match head.parse(buffer) {
            Ok(httparse::Status::Complete(length)) => {
                let request = ReceivedRequest {
                    method: head.method.unwrap_or_default().to_owned(),
                    path: head.path.unwrap_or_default().to_owned(),
                    headers: head
                        .headers
                        .iter()
                        .map(|header| {
                            let value = String::from_utf8_lossy(header.value).into_owned();
                            (header.name.to_ascii_lowercase(), value)
                        })
                        .collect(),
                    body: Vec::new(),
                };
                let is_1_1 = head.version == Some(1);
                buffer.drain(..length);
                let connection = request.header("connection").map(str::to_ascii_lowercase);
                return Ok(Some(Head {
                    length: length_of_body(&request),
                    keep_alive: is_1_1 && connection.as_deref() != Some("close"),
                    request,
                }));
            }
            Ok(httparse::Status::Partial) if buffer.len() < MAX_HEAD => {
                if read_more(stream, buffer)? == 0 {
                    return Ok(None);
                }
            }
            Ok(httparse::Status::Partial) | Err(_) => {
                refuse(stream, &bad(400, "Not an HTTP request"))?;
                return Ok(None);
            }
        }
    }
}

fn length_of_body(request: &ReceivedRequest) -> Length {
    if request.header("transfer-encoding").is_some() {
        return Length::Chunked;
    }
    match request.header("content-length").map(str::parse) {
        None => Length::Known(0),
        Some(Ok(length)) => Length::Known(length),
        Some(Err(_)) => Length::Wrong,
    }
}

/// Reads a body and removes it from the buffer. The inner error is the reply to an invalid body.
pub(super) fn read_body(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    length: usize,
) -> io::Result<Result<Vec<u8>, Answer>> {
    if length > MAX_BODY {
        return Ok(Err(bad(413, "Body too large")));
    }
    while buffer.len() < length {
        if read_more(stream, buffer)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let rest = buffer.split_off(length);
    Ok(Ok(std::mem::replace(buffer, rest)))
}

/// Like [`read_body`], for a chunked body.
pub(super) fn read_chunks(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> io::Result<Result<Vec<u8>, Answer>> {
    let mut body = Vec::new();
    loop {
        let (line, size) = match httparse::parse_chunk_size(buffer) {
            Ok(httparse::Status::Complete(found)) => found,
            Ok(httparse::Status::Partial) if buffer.len() < MAX_HEAD => {
                if read_more(stream, buffer)? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            }
            _ => return Ok(Err(bad(400, "Invalid chunk"))),
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size > MAX_BODY - body.len() {
            return Ok(Err(bad(413, "Body too large")));
        }
        buffer.drain(..line);
        // Each chunk ends with a line break.
        let chunk = match read_body(stream, buffer, size + 2)? {
            Ok(chunk) => chunk,
            Err(refusal) => return Ok(Err(refusal)),
        };
        body.extend_from_slice(chunk.get(..size).unwrap_or_default());
        if size == 0 {
            return Ok(Ok(body));
        }
    }
}

/// Replies to a request after which the connection cannot be read any further, and closes it.
pub(super) fn refuse(stream: &mut TcpStream, answer: &Answer) -> io::Result<()> {
    stream.write_all(&bytes_of(answer))?;
    stream.shutdown(Shutdown::Write)?;
    // Closing a socket with unread bytes resets the connection, which could lose the reply.
    io::copy(stream, &mut io::sink()).map(drop)
}

fn read_more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let mut chunk = [0; 16 * 1024];
    let read = stream.read(&mut chunk)?;
    buffer.extend_from_slice(chunk.get(..read).unwrap_or_default());
    Ok(read)
}

/// Head and body in one write: two packets would cost a round trip.
pub(super) fn bytes_of(answer: &Answer) -> Vec<u8> {
    let status = StatusCode::from_u16(answer.status);
    let name = status.ok().and_then(|status| status.canonical_reason());
    let mut head = format!(
        "HTTP/1.1 {} {}\r\n",
        answer.status,
        name.unwrap_or("Unknown")
    );
    head += &format!("Content-Length: {}\r\n", answer.body.len());
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    [head.as_bytes(), b"\r\n", &answer.body].concat()
}

/// An error for a request that could not be read. No API is known, so it uses Management's format.
pub(super) fn bad(status: u16, detail: &str) -> Answer {
    Api::Management.error(status, detail, &[])
}
