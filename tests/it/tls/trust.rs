//! Which servers are trusted, and what errors say about those that are not.

use std::io::{Read, Write};
use std::time::Duration;

use rustls::version::{TLS12, TLS13};
use vipps::{Delivery, ErrorKind, RetryPolicy, Session, SessionBuilder, TlsBackend};

use super::server::{Authority, End, Identity, Server};
use crate::support::{RawServer, all_at_once, builder_without_token, close, whole_wire, wire};
use crate::transport::{GET, POST, assert_error, builder, get, post};

/// The compiled-in backends.
pub(super) const BACKENDS: &[TlsBackend] = &[
    #[cfg(feature = "rustls")]
    TlsBackend::Rustls,
    #[cfg(feature = "native-tls")]
    TlsBackend::NativeTls,
];

fn trusting(url: &str, backend: TlsBackend, roots: &str) -> SessionBuilder {
    builder(url).tls_backend(backend).root_certificates(roots)
}

#[track_caller]
fn assert_works(server: &Server, session: &Session) {
    let before = server.requests().len();
    get(session).unwrap();
    post(session).unwrap();
    let lines = server.lines().split_off(before);
    assert_eq!(
        lines,
        [format!("{GET} HTTP/1.1"), format!("{POST} HTTP/1.1")]
    );
}

/// What each library says about a failure. OpenSSL stands for the system's library.
struct Says {
    rustls: &'static str,
    openssl: &'static str,
}

impl Says {
    fn of(&self, backend: TlsBackend) -> Option<&'static str> {
        match backend {
            TlsBackend::Rustls => Some(self.rustls),
            _ if cfg!(target_os = "linux") => Some(self.openssl),
            // Other libraries use other words.
            _ => None,
        }
    }
}

/// Checks that neither a GET nor a POST reaches the server, and that both errors say why.
#[track_caller]
fn assert_refused(session: &Session, backend: TlsBackend, says: &Says) {
    let host = session.base_url().trim_start_matches("https://");
    for (result, at) in [
        (get(session).map(drop), GET),
        (post(session).map(drop), POST),
    ] {
        let error = result.unwrap_err();
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Tls, "{backend:?}: {text}");
        assert_eq!(error.delivery(), Delivery::NotSent, "{backend:?}: {text}");
        let start = format!("{at}: TLS handshake with {host} failed: ");
        assert!(text.starts_with(&start), "{text}");
        assert!(text.ends_with(" (nothing was sent)"), "{text}");
        if let Some(says) = says.of(backend) {
            assert!(
                text.contains(says),
                "{backend:?} does not say {says:?}: {text}"
            );
        }
    }
}

#[test]
fn the_callers_root_is_trusted() {
    let root = Authority::new("test root");
    let server = Server::start(&root.loopback());
    for &backend in BACKENDS {
        let session = trusting(&server.url(), backend, &root.pem());
        assert_works(&server, &session.build().unwrap());
    }
}

#[test]
fn a_certificate_for_a_name_is_trusted() {
    let root = Authority::new("test root");
    let server = Server::start(&root.issue("localhost", [2000, 2100]));
    let url = server.url().replace("127.0.0.1", "localhost");
    for &backend in BACKENDS {
        let session = trusting(&url, backend, &root.pem());
        assert_works(&server, &session.build().unwrap());
    }
}

#[test]
fn every_root_of_a_bundle_is_trusted() {
    let roots = ["one", "two", "three"].map(Authority::new);
    let bundle: String = roots.iter().map(Authority::pem).collect();
    for root in &roots {
        let server = Server::start(&root.loopback());
        for &backend in BACKENDS {
            let session = trusting(&server.url(), backend, &bundle);
            assert_works(&server, &session.build().unwrap());
        }
    }
}

#[test]
fn an_invalid_certificate_is_refused_with_the_reason() {
    let root = Authority::new("test root");
    let expired = [2000, 2020];
    let not_yet = [2090, 2100];
    let cases = [
        (
            root.issue("other.example", [2000, 2100]),
            Says {
                rustls: "certificate not valid for name \"127.0.0.1\"",
                openssl: "IP address mismatch",
            },
        ),
        (
            root.issue("127.0.0.1", expired),
            Says {
                rustls: "certificate expired",
                openssl: "certificate has expired",
            },
        ),
        (
            root.issue("127.0.0.1", not_yet),
            Says {
                rustls: "certificate not valid yet",
                openssl: "certificate is not yet valid",
            },
        ),
        (
            Identity::self_signed("127.0.0.1"),
            Says {
                rustls: "UnknownIssuer",
                openssl: "self-signed certificate",
            },
        ),
        (
            Authority::new("another root").loopback(),
            Says {
                rustls: "UnknownIssuer",
                openssl: "unable to get local issuer certificate",
            },
        ),
        // Issued by an impostor with the root's name.
        (
            Authority::new("test root").loopback(),
            Says {
                rustls: "BadSignature",
                openssl: "certificate signature failure",
            },
        ),
    ];
    for (identity, says) in cases {
        let server = Server::start(&identity);
        for (nth, &backend) in BACKENDS.iter().enumerate() {
            let session = trusting(&server.url(), backend, &root.pem());
            assert_refused(&session.build().unwrap(), backend, &says);
            assert_eq!(server.connections(), 2 * (nth + 1));
        }
        assert_eq!(server.requests(), [""; 0]);
    }
}

#[test]
fn the_built_in_roots_do_not_trust_other_authorities() {
    let server = Server::start(&Authority::new("test root").loopback());
    for &backend in BACKENDS {
        let session = builder(&server.url()).tls_backend(backend).build().unwrap();
        let says = Says {
            rustls: "UnknownIssuer",
            openssl: "unable to get local issuer certificate",
        };
        assert_refused(&session, backend, &says);
    }
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn the_callers_roots_replace_the_built_in_ones() {
    // Each of the two sessions trusts its own root only.
    let [one, other] = ["one", "other"].map(Authority::new);
    let server = Server::start(&one.loopback());
    for &backend in BACKENDS {
        let session = trusting(&server.url(), backend, &one.pem());
        assert_works(&server, &session.build().unwrap());
        let session = trusting(&server.url(), backend, &other.pem());
        let error = get(&session.build().unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{backend:?}: {error}");
    }
}

#[test]
fn tls_1_2_and_1_3_are_supported() {
    let root = Authority::new("test root");
    for version in [&TLS12, &TLS13] {
        let server = Server::with_versions(&root.loopback(), &[version]);
        for &backend in BACKENDS {
            let session = trusting(&server.url(), backend, &root.pem());
            assert_works(&server, &session.build().unwrap());
        }
    }
}

/// Reads the ClientHello, a record of five bytes plus the announced length, and sends a reply.
fn answering(answer: &'static [u8]) -> RawServer {
    RawServer::each(move |mut stream| {
        let mut head = [0; 5];
        stream.read_exact(&mut head).unwrap();
        let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
        stream.read_exact(&mut vec![0; length]).unwrap();
        stream.write_all(answer).unwrap();
        close(stream);
    })
}

#[test]
fn a_failed_handshake_sends_nothing() {
    let cases: [(&[u8], Says); 4] = [
        // An alert about the version, as from a server that speaks only versions before TLS 1.2.
        (
            b"\x15\x03\x01\x00\x02\x02\x46",
            Says {
                rustls: "ProtocolVersion",
                openssl: "alert protocol version",
            },
        ),
        // About the ciphers.
        (
            b"\x15\x03\x03\x00\x02\x02\x28",
            Says {
                rustls: "HandshakeFailure",
                openssl: "alert handshake failure",
            },
        ),
        // About the name, as from a front end for several names.
        (
            b"\x15\x03\x03\x00\x02\x02\x70",
            Says {
                rustls: "Unrecogni",
                openssl: "unrecognized name",
            },
        ),
        // A ServerHello of TLS 1.1, without extensions.
        (
            b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02\
              \x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\
              \x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\
              \x00\xc0\x13\x00",
            Says {
                rustls: "ServerDoesNotSupportTls12Or13",
                openssl: "unsupported protocol",
            },
        ),
    ];
    for (answer, says) in cases {
        let peer = answering(answer);
        let url = peer.url().replace("http:", "https:");
        for &backend in BACKENDS {
            let session = builder(&url).tls_backend(backend).build().unwrap();
            assert_refused(&session, backend, &says);
        }
    }
}

#[test]
fn a_connection_lost_in_the_handshake_sends_nothing() {
    // Nothing at all, and the start of a ServerHello.
    for answer in [
        b"".as_slice(),
        b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03",
    ] {
        let peer = answering(answer);
        let url = peer.url().replace("http:", "https:");
        for &backend in BACKENDS {
            // Unlike a refused certificate, a closed connection may work a moment later.
            let policy = RetryPolicy::default();
            let session = builder(&url).tls_backend(backend).retry(policy);
            let session = session.build().unwrap();
            let before = peer.connections();
            for (result, at) in [
                (get(&session).map(drop), GET),
                (post(&session).map(drop), POST),
            ] {
                let address = peer.address();
                let says = format!(
                    "{address} closed the connection during the TLS handshake (3 attempts; nothing \
                     was sent)"
                );
                let (kind, delivery) = (ErrorKind::Connect, Delivery::NotSent);
                assert_error(result, &format!("{at}: {says}"), kind, delivery, None);
            }
            assert_eq!(peer.connections() - before, 6);
        }
    }
}

/// Data that was sent counts as sent, however similar the two ends of a connection look.
#[test]
fn a_connection_lost_after_the_handshake_has_an_unknown_outcome() {
    let root = Authority::new("test root");
    for version in [&TLS12, &TLS13] {
        for end in [End::Close, End::Cut] {
            let server = Server::with_end(&root.loopback(), &[version], end);
            for &backend in BACKENDS {
                let session = trusting(&server.url(), backend, &root.pem());
                let session = session.build().unwrap();
                let says = "the connection was closed before a reply arrived \
                            (the server may have carried it out)";
                for (result, at) in [
                    (get(&session).map(drop), GET),
                    (post(&session).map(drop), POST),
                ] {
                    let (kind, delivery) = (ErrorKind::Network, Delivery::Unknown);
                    assert_error(result, &format!("{at}: {says}"), kind, delivery, None);
                }
            }
            assert_eq!(server.requests().len(), 2 * BACKENDS.len());
        }
    }
}

#[test]
fn a_handshake_without_a_reply_times_out() {
    let silent = RawServer::each(|mut stream| crate::support::wait_for_close(&mut stream));
    let url = silent.url().replace("http:", "https:");
    // Long enough for a busy machine to resolve 127.0.0.1.
    let limit = Duration::from_secs(2);
    let cases = BACKENDS.iter().flat_map(|&of| [(of, GET), (of, POST)]);
    all_at_once(cases, |(backend, at)| {
        let session = builder(&url).tls_backend(backend).connect_timeout(limit);
        let session = session.build().unwrap();
        let result = match at {
            GET => get(&session).map(drop),
            _ => post(&session).map(drop),
        };
        let address = silent.address();
        let text = format!("{at}: timed out while connecting to {address} (nothing was sent)");
        let (kind, delivery) = (ErrorKind::Timeout, Delivery::NotSent);
        assert_error(result, &text, kind, delivery, None);
    });
}

#[test]
fn a_server_without_tls_is_reported_as_such() {
    // Neither TLS nor HTTP.
    let peer = answering(b"SSH-2.0-OpenSSH_9.6\r\n");
    let url = peer.url().replace("http:", "https:");
    for &backend in BACKENDS {
        let session = builder(&url).tls_backend(backend).build().unwrap();
        let errors = [
            (get(&session).unwrap_err(), GET),
            (post(&session).unwrap_err(), POST),
        ];
        for (error, at) in errors {
            let text = error.to_string();
            assert_eq!(error.kind(), ErrorKind::Tls, "{backend:?}: {text}");
            assert_eq!(error.delivery(), Delivery::NotSent, "{backend:?}: {text}");
            let says = Says {
                rustls: "the server does not speak TLS on this port",
                openssl: "the server does not speak TLS on this port",
            };
            let says = says.of(backend).unwrap_or_default();
            let start = format!("{at}: TLS handshake with {} failed: {says}", peer.address());
            assert!(text.starts_with(&start), "{text}");
        }
    }
}

#[test]
fn plain_http_to_a_tls_server_suggests_https() {
    let root = Authority::new("test root");
    let server = Server::start(&root.loopback());
    let session = builder(&server.url().replace("https:", "http:"));
    let session = session.build().unwrap();
    // What comes back is an alert, which says nothing of what became of the request.
    let says = "the reply is not HTTP: http parse fail: invalid HTTP version; is this an https \
                server? (the server may have carried it out)";
    for (result, at) in [
        (get(&session).map(drop), GET),
        (post(&session).map(drop), POST),
    ] {
        let (kind, delivery) = (ErrorKind::Network, Delivery::Unknown);
        assert_error(result, &format!("{at}: {says}"), kind, delivery, None);
    }
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn token_and_call_go_over_tls() {
    let root = Authority::new("test root");
    for prefix in ["", "/a/prefix"] {
        for &backend in BACKENDS {
            let server = Server::start(&root.loopback());
            let session = builder_without_token(&format!("{}{prefix}", server.url()))
                .tls_backend(backend)
                .root_certificates(root.pem());
            let session = session.build().unwrap();
            get(&session).unwrap();
            get(&session).unwrap();
            let lines = server.lines();
            let call = format!("GET {prefix}/management/v1/sales-units");
            let expected = [
                format!("POST {prefix}/accesstoken/get HTTP/1.1"),
                format!("{call} HTTP/1.1"),
                format!("{call} HTTP/1.1"),
            ];
            assert_eq!(lines, expected);
            let expected = wire(&call, "").replace("test-token", "token-over-tls");
            assert_eq!(whole_wire(&server.requests()[1]), expected);
            // Only the token request has the keys.
            let [token, calls @ ..] = &server.requests()[..] else {
                panic!("no request")
            };
            assert!(token.contains("client_secret: test-client-secret"));
            assert!(!calls.concat().contains("test-client-secret"));
        }
    }
}
