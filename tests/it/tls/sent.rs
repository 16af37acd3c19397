//! What was sent over TLS: the counterpart of `transport::sent` for plain TCP.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::version::{TLS12, TLS13};
use rustls::{ServerConnection, StreamOwned};
use vipps::{Delivery, ErrorKind, RetryPolicy};

use super::server::Authority;
use super::trust::BACKENDS;
use crate::support::{RawServer, reply};
use crate::transport::builder;

/// More than the socket buffers of a local connection hold.
const LARGE: usize = 16 * 1024 * 1024;

/// Cuts the first connection in the middle of the upload, and replies in the middle of the second.
/// Unread data resets a connection.
#[test]
fn a_broken_upload_is_retried_and_an_early_reply_counts() {
    let root = Authority::new("test root");
    let identity = root.loopback();
    for &backend in BACKENDS {
        for version in [&TLS12, &TLS13] {
            let config = identity.config(&[version]);
            let connections = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&connections);
            let server = RawServer::each(move |stream| {
                // Otherwise the reply waits until the client has acknowledged the session tickets,
                // and is lost with the connection.
                stream.set_nodelay(true).unwrap();
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(connection, stream);
                stream.read_exact(&mut [0; 1024]).unwrap();
                if counted.fetch_add(1, Ordering::SeqCst) == 1 {
                    let answer = reply("413 Content Too Large", &[], "");
                    stream.write_all(&answer).unwrap();
                }
            });
            let session = builder(&server.url().replace("http:", "https:"))
                .tls_backend(backend)
                .root_certificates(root.pem())
                .retry(RetryPolicy::default());
            let session = session.build().unwrap();
            let request = session.request("POST", "/x");
            let request = request.body("application/octet-stream", vec![b'x'; LARGE]);
            let error = request.send().unwrap_err();
            assert_eq!(
                error.status(),
                Some(413),
                "{backend:?} {version:?}: {error}"
            );
            assert_eq!(error.delivery(), Delivery::Answered, "{backend:?}: {error}");
            assert_eq!(error.attempts(), 2, "{backend:?}: {error}");
        }
    }
}

/// Nothing was sent, and it may have been another program's server, so a retry may succeed.
#[test]
fn a_connection_lost_in_the_handshake_sends_nothing() {
    // Closed, and reset.
    let servers: [fn(std::net::TcpStream); 2] = [crate::support::close, |stream| {
        stream.peek(&mut [0]).unwrap();
    }];
    for server in servers {
        let peer = RawServer::each(server);
        for &backend in BACKENDS {
            let url = peer.url().replace("http:", "https:");
            let session = builder(&url).tls_backend(backend).build().unwrap();
            let error = session.request("POST", "/x").send().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "POST /x: {} closed the connection during the TLS handshake (nothing was sent)",
                    peer.address()
                )
            );
            assert_eq!(error.kind(), ErrorKind::Connect, "{backend:?}: {error}");
            assert_eq!(error.delivery(), Delivery::NotSent, "{backend:?}: {error}");
            assert!(error.is_retryable(), "{backend:?}: {error}");
        }
    }
}
