//! A loopback server with canned replies. It rejects requests that lack a header, so that all
//! clients send the same.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use vipps_compare::api::{CLIENT_ID, CLIENT_SECRET, MSN, SUBSCRIPTION_KEY, SYSTEM};

pub const IMAGE_ID: &str = "receipt-4711";
pub const SALES_UNITS: usize = 1000;

/// Tokens under this path expire at once, so every use of one needs a request.
pub const SHORT_LIVED: &str = "/short-lived";

/// The complete reply for each path, as bytes.
struct Replies {
    token: Vec<u8>,
    short_lived_token: Vec<u8>,
    unit: Vec<u8>,
    units: Vec<u8>,
    image: Vec<u8>,
}

/// Serves until the process ends, with a thread per connection. Returns its URL.
pub fn start() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let replies = Arc::new(Replies::new());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let replies = Arc::clone(&replies);
            // A connection ends with an error: the client has closed it.
            thread::spawn(move || serve(&stream, &replies));
        }
    });
    Ok(url)
}

fn serve(stream: &TcpStream, replies: &Replies) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(64 * 1024, stream);
    let mut writer = stream;
    let mut body = Vec::new();
    loop {
        let request = Request::read(&mut reader, &mut body)?;
        match request.reply(&body, replies) {
            Ok(reply) => writer.write_all(reply)?,
            Err(reason) => {
                eprintln!("server: {}: {reason}", request.line);
                writer.write_all(&reply("400 Bad Request", &reason))?;
            }
        }
    }
}

struct Request {
    line: String,
    /// Names are in lower case.
    headers: Vec<(String, String)>,
}

impl Request {
    fn read(reader: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<Self> {
        let mut request = Self {
            line: line(reader)?,
            headers: Vec::new(),
        };
        loop {
            let line = line(reader)?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            let header = (name.to_ascii_lowercase(), value.trim().to_owned());
            request.headers.push(header);
        }
        body.clear();
        let length = request.header("content-length").parse().unwrap_or(0);
        reader.take(length).read_to_end(body)?;
        Ok(request)
    }

    fn reply<'a>(&self, body: &[u8], replies: &'a Replies) -> Result<&'a [u8], String> {
        let common = [
            ("accept", "application/json"),
            ("ocp-apim-subscription-key", SUBSCRIPTION_KEY),
            ("merchant-serial-number", MSN),
        ];
        self.expect(&common)?;
        self.expect(&SYSTEM)?;
        let line = self.line.strip_suffix(" HTTP/1.1").unwrap_or_default();
        let is_short_lived = line.contains(SHORT_LIVED);
        let line = line.replacen(SHORT_LIVED, "", 1);
        if line == "POST /accesstoken/get" {
            self.expect(&[
                ("client_id", CLIENT_ID),
                ("client_secret", CLIENT_SECRET),
                ("content-length", "0"),
            ])?;
            return Ok(match is_short_lived {
                true => &replies.short_lived_token,
                false => &replies.token,
            });
        }
        self.expect(&[("authorization", &format!("Bearer {}", token()))])?;
        if line == format!("GET /management/v1/sales-units/{MSN}") {
            Ok(&replies.unit)
        } else if line == "GET /management/v1/sales-units" {
            Ok(&replies.units)
        } else if line == "POST /order-management/v1/images" {
            self.expect(&[("content-type", "application/json")])?;
            let before = format!(r#"{{"imageId":"{IMAGE_ID}","src":"iVBORw0KGgo"#);
            let is_whole = body.starts_with(before.as_bytes())
                && body.ends_with(br#"","type":"base64"}"#)
                && body.len() > super::latency::PICTURE_BYTES / 3 * 4;
            match is_whole {
                true => Ok(&replies.image),
                false => Err(format!("unexpected body of {} bytes", body.len())),
            }
        } else {
            Err("unknown path".to_owned())
        }
    }

    fn expect(&self, headers: &[(&str, &str)]) -> Result<(), String> {
        for &(name, value) in headers {
            if self.header(name) != value {
                return Err(format!("{name}: {value} is missing"));
            }
        }
        Ok(())
    }

    fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(header, _)| header == name);
        found.map_or("", |(_, value)| value)
    }
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    match reader.read_line(&mut line)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end().to_owned()),
    }
}

impl Replies {
    fn new() -> Self {
        Self {
            token: token_reply(86_400),
            short_lived_token: token_reply(0),
            unit: ok(&format!(
                "{{\"msn\":\"{MSN}\",\"name\":\"ACME Fantastic Fitness\",\
                 \"businessIdentifier\":{{\"scheme\":\"business:NO:ORG\",\
                 \"id\":\"987654321\"}},\
                 \"settlementBankAccount\":{{\"scheme\":\"BBAN:NO\",\
                 \"id\":\"86011117947\"}},\"configuration\":{{\"paymentAllowed\":true,\
                 \"captureType\":\"ReserveCapture\",\"skipLandingPageAllowed\":false,\
                 \"recurringAllowed\":false,\"partialCaptureAllowed\":true,\
                 \"lateCaptureAllowed\":true,\"landingPagePhoneNumberLocked\":false,\
                 \"longLivingPaymentAllowed\":false,\
                 \"creditCardPaymentAllowed\":true}}}}"
            )),
            units: ok(&units()),
            image: ok(&format!(r#"{{"imageId":"{IMAGE_ID}"}}"#)),
        }
    }
}

fn units() -> String {
    let unit = |nth| {
        format!(
            r#"{{"msn":"{}","name":"ACME Fitness {nth}"}}"#,
            100_000 + nth
        )
    };
    let units: Vec<String> = (0..SALES_UNITS).map(unit).collect();
    format!("[{}]", units.join(","))
}

fn token_reply(expires_in: u32) -> Vec<u8> {
    ok(&format!(
        "{{\"token_type\":\"Bearer\",\"expires_in\":\"{expires_in}\",\
         \"ext_expires_in\":\"{expires_in}\",\"expires_on\":\"1547823408\",\
         \"not_before\":\"1547736708\",\
         \"resource\":\"00000002-0000-0000-c000-000000000000\",\
         \"access_token\":\"{}\"}}",
        token()
    ))
}

/// As long as a token of the real API.
fn token() -> String {
    "eyJ0eXAiOiJKV1Qi".repeat(80)
}

fn ok(body: &str) -> Vec<u8> {
    reply("200 OK", body)
}

fn reply(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
