//! A TLS server on loopback, and its certificates, generated in every run.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{
    HandshakeKind, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
};

use crate::support::{RawServer, end_of_request, json_reply, reply, wait_for_close};

/// A certificate authority.
pub(super) struct Authority {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

/// A server's certificate and its key.
pub(super) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        set_years(&mut params, [2000, 2100]);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, key }
    }

    pub(super) fn pem(&self) -> String {
        pem(self.certificate.der())
    }

    /// A valid certificate for the loopback address.
    pub(super) fn loopback(&self) -> Identity {
        self.issue("127.0.0.1", [2000, 2100])
    }

    /// A certificate for a name or an address, valid from the start of one year to the start of
    /// another.
    pub(super) fn issue(&self, name: &str, years: [i32; 2]) -> Identity {
        let key = KeyPair::generate().unwrap();
        let params = server_params(name, years);
        let leaf = params.signed_by(&key, &self.certificate, &self.key);
        Identity {
            chain: vec![leaf.unwrap().into()],
            key,
        }
    }
}

impl Identity {
    pub(super) fn config(
        &self,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Arc<ServerConfig> {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), key.into());
        Arc::new(config.unwrap())
    }

    pub(super) fn self_signed(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let leaf = server_params(name, [2000, 2100]).self_signed(&key);
        Self {
            chain: vec![leaf.unwrap().into()],
            key,
        }
    }
}

fn server_params(name: &str, years: [i32; 2]) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, "test server");
    set_years(&mut params, years);
    params
}

fn set_years(params: &mut CertificateParams, [from, to]: [i32; 2]) {
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(to, 1, 1);
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let text = lines.join("\n");
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}

/// Answers one request on each connection like the API, and closes it: every request has its own
/// handshake.
pub(super) struct Server {
    seen: Arc<Mutex<Seen>>,
    peer: RawServer,
}

/// What happens after a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    Answer,
    /// Ends the TLS connection properly.
    Close,
    /// Ends the TCP connection only.
    Cut,
}

#[derive(Default)]
struct Seen {
    handshakes: Vec<HandshakeKind>,
    requests: Vec<String>,
}

impl Server {
    pub(super) fn start(identity: &Identity) -> Self {
        Self::with_versions(identity, rustls::ALL_VERSIONS)
    }

    pub(super) fn with_versions(
        identity: &Identity,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Self {
        Self::with_end(identity, versions, End::Answer)
    }

    pub(super) fn with_end(
        identity: &Identity,
        versions: &[&'static SupportedProtocolVersion],
        end: End,
    ) -> Self {
        let config = identity.config(versions);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        let peer = RawServer::each(move |stream| serve(stream, Arc::clone(&config), end, &shared));
        Self { seen, peer }
    }

    pub(super) fn url(&self) -> String {
        self.peer.url().replace("http:", "https:")
    }

    /// The number of connections, including those with failed handshakes.
    pub(super) fn connections(&self) -> usize {
        self.peer.connections()
    }

    /// The number of completed handshakes.
    #[cfg(feature = "rustls")]
    pub(super) fn handshakes(&self) -> Vec<HandshakeKind> {
        self.seen.lock().unwrap().handshakes.clone()
    }

    /// Each request as received from the TLS connection.
    pub(super) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().requests.clone()
    }

    /// The first line of each request.
    pub(super) fn lines(&self) -> Vec<String> {
        let requests = self.requests();
        let lines = requests.iter().filter_map(|request| request.lines().next());
        lines.map(str::to_owned).collect()
    }
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, end: End, seen: &Mutex<Seen>) {
    let connection = ServerConnection::new(config).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    while stream.conn.is_handshaking() {
        if stream.conn.complete_io(&mut stream.sock).is_err() {
            // The client has to read the alert, so the connection must not be reset.
            drop(stream.sock.shutdown(std::net::Shutdown::Write));
            return wait_for_close(&mut stream.sock);
        }
    }
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    while end_of_request(&request).is_none() {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&chunk[..read]),
        }
    }
    let request = String::from_utf8(request).unwrap();
    let answer = answer(&request);
    // Only now is it known that the client accepted the handshake.
    let mut seen = seen.lock().unwrap();
    seen.handshakes.push(stream.conn.handshake_kind().unwrap());
    seen.requests.push(request);
    drop(seen);
    if end == End::Answer {
        stream.write_all(&answer).unwrap();
    }
    if end != End::Cut {
        stream.conn.send_close_notify();
        stream.flush().unwrap();
    }
    drop(stream.sock.shutdown(std::net::Shutdown::Write));
    wait_for_close(&mut stream.sock);
}

fn answer(request: &str) -> Vec<u8> {
    let body = if request.starts_with("GET ") {
        "[]"
    } else if request.contains("/accesstoken/get ") {
        r#"{"token_type":"Bearer","expires_in":"3600","access_token":"token-over-tls"}"#
    } else if request.contains("/product-orders ") {
        concat!(
            r#"{"prefilledOrderId":"81b83246-5c19-7b94-875b-ea6d1114f099","#,
            r#""prefillUrl":"https://portal.example/1"}"#
        )
    } else {
        return reply("404 Not Found", &["Connection: close"], "");
    };
    let reply = String::from_utf8(json_reply(body)).unwrap();
    let reply = reply.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    reply.into_bytes()
}
