//! Forking between two calls: the child does not use the parent's connections.

use vipps::sandbox::Sandbox;

use crate::tests::support::{compile, root, run};

const OK: &str = "50 calls in each, ok\n";

#[track_caller]
fn assert_ok(sandbox: &Sandbox, arguments: &[&str], name: &str) {
    let program = compile(&root().join("tests/fork.c"), name);
    let output = run(&program, sandbox, arguments, 0);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(String::from_utf8_lossy(&output.stdout), OK);
}

#[test]
fn each_of_two_processes_gets_its_own_answers() {
    let sandbox = Sandbox::start().unwrap();
    assert_ok(&sandbox, &[sandbox.url()], "fork");
    // The token was fetched before the fork.
    assert_eq!(sandbox.count("POST /accesstoken/get"), 1);
    assert_eq!(sandbox.count("GET /management/v1/sales-units/123456"), 52);
    assert_eq!(sandbox.count("GET /management/v1/sales-units/654321"), 50);
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[test]
fn each_of_two_processes_gets_its_own_answers_over_tls() {
    let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let pem = crate::tests::support::scratch("fork.pem");
    std::fs::write(&*pem, tls::pem(&key)).unwrap();
    let url = tls::serve(&key);
    // Only for its environment variables.
    let sandbox = Sandbox::start().unwrap();
    assert_ok(&sandbox, &[&url, pem.to_str().unwrap()], "fork-tls");
    assert_eq!(sandbox.requests().len(), 0);
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
pub(crate) mod tls {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::thread;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use rcgen::CertifiedKey;
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use rustls::{ServerConfig, ServerConnection, StreamOwned};

    pub(crate) fn pem(key: &CertifiedKey) -> String {
        let text = STANDARD.encode(key.cert.der());
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    }

    /// Starts a server of tokens and sales units that runs until the tests end. Returns its URL.
    pub(crate) fn serve(key: &CertifiedKey) -> String {
        let private = PrivatePkcs8KeyDer::from(key.key_pair.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![key.cert.der().clone()], private.into());
        let config = Arc::new(config.unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let stream = StreamOwned::new(connection, stream.unwrap());
                thread::spawn(move || answer(BufReader::new(stream)));
            }
        });
        url
    }

    /// Answers requests without bodies until the client closes the connection.
    fn answer(mut stream: BufReader<StreamOwned<ServerConnection, TcpStream>>) {
        let mut path = String::new();
        let mut line = String::new();
        while stream.read_line(&mut line).is_ok_and(|read| read > 0) {
            if path.is_empty() {
                path = line.split(' ').nth(1).unwrap().to_owned();
            }
            if line == "\r\n" {
                let body = match path.rsplit_once('/').unwrap().1 {
                    "get" => r#"{"access_token": "a-token", "expires_in": 3600}"#.to_owned(),
                    msn => {
                        let id = r#"{"scheme": "business:NO:ORG", "id": "987654321"}"#;
                        format!(r#"{{"msn": "{msn}", "name": "ACME", "businessIdentifier": {id}}}"#)
                    }
                };
                let length = body.len();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                if write!(stream.get_mut(), "{head}{body}").is_err() {
                    return;
                }
                path.clear();
            }
            line.clear();
        }
    }
}
