//! What several subjects need: a server that says exactly what it is told to, and requests compared whole.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use vipps::sandbox::{ReceivedRequest, Sandbox};
use vipps::{AccessToken, ApiKeys, Error, RetryPolicy, Session, SessionBuilder, SystemInfo};

/// What is promised of every text that a server had a part in: no 8 consecutive bytes of a secret.
#[track_caller]
pub(crate) fn assert_no_secret(text: &str, secrets: &[&str]) {
    for secret in secrets {
        for window in secret.as_bytes().windows(8) {
            let window = std::str::from_utf8(window).unwrap();
            assert!(!text.contains(window), "{window} of {secret} is in {text}");
        }
    }
}

/// A server that answers the n-th request with the n-th of its replies, whatever was asked, and closes the connection after a reply that
/// says `Connection: close`. It listens until it is dropped; requests beyond the last reply are recorded and not answered.
pub(crate) struct RawServer {
    address: std::net::SocketAddr,
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    replies: std::collections::VecDeque<Vec<u8>>,
    /// Each request as it came over the wire, head and body.
    requests: Vec<String>,
    connections: Vec<TcpStream>,
    stopping: bool,
}

impl RawServer {
    pub(crate) fn start(replies: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            replies: replies.into_iter().collect(),
            ..State::default()
        }));
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let mut state = shared.lock().unwrap();
                if state.stopping {
                    return;
                }
                state.connections.push(stream.try_clone().unwrap());
                drop(state);
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self {
            address,
            state,
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, each as it came over the wire.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.state.lock().unwrap().connections.len()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        let mut state = self.state.lock().unwrap();
        state.stopping = true;
        for connection in &state.connections {
            drop(connection.shutdown(Shutdown::Both));
        }
        drop(state);
        drop(TcpStream::connect(self.address));
        self.thread.take().unwrap().join().unwrap();
    }
}

fn serve(mut stream: TcpStream, shared: &Mutex<State>) {
    // A client that does not keep its own limits is let go.
    let patience = Some(Duration::from_secs(10));
    stream.set_read_timeout(patience).unwrap();
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
        let mut state = shared.lock().unwrap();
        state.requests.push(request);
        let Some(reply) = state.replies.pop_front() else {
            continue;
        };
        drop(state);
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

/// The settings that the tests share: standard keys, a system with a plugin, an MSN, no repetitions, and a token that is good for an hour, so
/// that nothing but the call itself is sent.
pub(crate) fn session_builder(url: &str) -> SessionBuilder {
    let token = AccessToken::new("test-token", Duration::from_secs(3600)).unwrap();
    builder_without_token(url).access_token(token)
}

pub(crate) fn builder_without_token(url: &str) -> SessionBuilder {
    let keys = ApiKeys::standard(
        "test-client-id",
        "test-client-secret",
        "test-subscription-key",
    );
    Session::builder(keys, system())
        .base_url(url)
        .merchant_serial_number("123456".parse().unwrap())
        .retry(RetryPolicy::none())
}

pub(crate) fn system() -> SystemInfo {
    let system = SystemInfo::new("acme", "3.1.2").unwrap();
    system.plugin("acme-webshop", "4.5.6").unwrap()
}

/// The headers of a request, sorted by name, one `name: value` a line, the host's port left out.
pub(crate) fn sorted_headers(request: &ReceivedRequest) -> Vec<String> {
    let mut headers: Vec<String> = request
        .headers
        .iter()
        .map(|(name, value)| match name.as_str() {
            "host" => "host: (the server)".to_owned(),
            _ => format!("{name}: {value}"),
        })
        .collect();
    headers.sort();
    headers
}

/// The last request that a sandbox got.
#[track_caller]
pub(crate) fn last_request(sandbox: &Sandbox) -> ReceivedRequest {
    sandbox.requests().pop().expect("a request")
}

/// A request as one text: method and path, headers sorted by name, an empty line, the body. To be compared whole.
pub(crate) fn whole(request: &ReceivedRequest) -> String {
    let headers = sorted_headers(request).join("\n");
    let body = String::from_utf8_lossy(&request.body);
    format!("{} {}\n{headers}\n\n{body}", request.method, request.path)
}

/// What the crate asks for as it is compiled.
pub(crate) const ENCODING: &str = if cfg!(feature = "gzip") {
    "gzip"
} else {
    "identity"
};

/// What stands in every call of the tests' sessions, sorted; `more` are the headers that the call adds.
pub(crate) fn call_headers(more: &[&str]) -> String {
    let encoding = format!("accept-encoding: {ENCODING}");
    let user_agent = concat!("user-agent: vipps-rust/", env!("CARGO_PKG_VERSION"));
    let mut headers = vec![
        "accept: application/json",
        &encoding,
        "authorization: Bearer test-token",
        "host: (the server)",
        "merchant-serial-number: 123456",
        "ocp-apim-subscription-key: test-subscription-key",
        user_agent,
        "vipps-system-name: acme",
        "vipps-system-plugin-name: acme-webshop",
        "vipps-system-plugin-version: 4.5.6",
        "vipps-system-version: 3.1.2",
    ];
    headers.extend(more);
    headers.sort_unstable();
    headers.join("\n")
}

/// A request as it came over the wire in the form of [`whole`].
pub(crate) fn whole_wire(request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").expect("a complete head");
    let (line, headers) = head.split_once("\r\n").expect("a request line");
    let line = line.strip_suffix(" HTTP/1.1").expect("HTTP/1.1");
    let mut headers: Vec<&str> = headers
        .split("\r\n")
        .map(|header| match header.starts_with("host: ") {
            true => "host: (the server)",
            false => header,
        })
        .collect();
    headers.sort_unstable();
    format!("{line}\n{}\n\n{body}", headers.join("\n"))
}

/// Makes one call against a server that answers with `answer`; gives the request as it came, and the result.
#[track_caller]
pub(crate) fn call<T>(
    answer: Vec<u8>,
    call: impl FnOnce(&Session) -> Result<T, Error>,
) -> (String, Result<T, Error>) {
    let server = RawServer::start([answer]);
    let session = session_builder(&server.url()).build().unwrap();
    let result = call(&session);
    let requests = server.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    (whole_wire(&requests[0]), result)
}

/// A GET of `path` with the headers of every call, and a reply that comes out of the crate as it went in.
#[track_caller]
pub(crate) fn assert_get<T: Serialize>(
    path: &str,
    sample: &Value,
    get: impl FnOnce(&Session) -> Result<T, Error>,
) -> T {
    let (request, result) = call(json_reply(&sample.to_string()), get);
    assert_eq!(request, format!("GET {path}\n{}\n\n", call_headers(&[])));
    let value = result.unwrap();
    assert_eq!(serde_json::to_value(&value).unwrap(), *sample);
    value
}

/// A request of the tests' sessions as [`whole_wire`] shows it: `PUT /path`, the headers of every call, and those of a JSON body if there is one.
pub(crate) fn wire(line: &str, body: &str) -> String {
    let length = format!("content-length: {}", body.len());
    let headers = match body {
        "" => call_headers(&[]),
        _ => call_headers(&["content-type: application/json", &length]),
    };
    format!("{line}\n{headers}\n\n{body}")
}

/// The sample of `POST /v2/{paymentType}/receipts/{orderId}` in the specification.
pub(crate) fn sample_receipt() -> Value {
    json!({
        "orderLines": [
            {
                "name": "socks",
                "id": "line_item_1",
                "totalAmount": 1000,
                "totalAmountExcludingTax": 800,
                "totalTaxAmount": 200,
                "taxPercentage": 25,
                "unitInfo": {"unitPrice": 400, "quantity": "2.5", "quantityUnit": "KG"},
                "discount": 0,
                "productUrl": "https://example.com/store/socks",
                "isReturn": false,
                "isShipping": false
            },
            {
                "name": "flip-flops",
                "id": "line_item_2",
                "totalAmount": 5000,
                "totalAmountExcludingTax": 4000,
                "totalTaxAmount": 1000,
                "taxPercentage": 25,
                "unitInfo": {"unitPrice": 2500, "quantity": "3", "quantityUnit": "PCS"},
                "discount": 2500,
                "productUrl": "https://example.com/store/flipflops",
                "isReturn": false,
                "isShipping": false
            },
            {
                "name": "Home Delivery",
                "id": "delivery",
                "totalAmount": 1000,
                "totalAmountExcludingTax": 800,
                "totalTaxAmount": 200,
                "taxPercentage": 25,
                "discount": 0,
                "isReturn": false,
                "isShipping": true
            }
        ],
        "bottomLine": {
            "currency": "NOK",
            "tipAmount": 0,
            "posId": "pos_122",
            "paymentSources": {"giftCard": 0, "card": 0, "voucher": 0, "cash": 0},
            "barcode": {"format": "CODE 39", "data": "SC0527013501 "},
            "receiptNumber": "0527013501"
        }
    })
}
