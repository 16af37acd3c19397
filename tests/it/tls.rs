//! TLS libraries, root certificates, and https to something else.

use vipps::TlsBackend;

use crate::transport::{assert_config, builder};

// Only where a variable selects the certificates that the system trusts.
#[cfg(all(target_os = "linux", feature = "platform-verifier"))]
mod platform;
#[cfg(feature = "rustls")]
mod resumption;
// Other systems discard received data when a connection is reset.
#[cfg(all(target_os = "linux", any(feature = "rustls", feature = "native-tls")))]
mod sent;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod server;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod trust;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod tunnel;

/// Nothing listens here, and nothing is sent.
const NOWHERE: &str = "http://127.0.0.1:1";

#[cfg(not(feature = "native-tls"))]
#[test]
fn a_backend_that_is_not_compiled_in_is_an_error() {
    // Whatever the URL, because a program that names a backend relies on it.
    for url in [NOWHERE, "https://api.vipps.no"] {
        assert_config(
            builder(url).tls_backend(TlsBackend::NativeTls).build(),
            "tls_backend: TlsBackend::NativeTls requires the feature `native-tls` of the vipps \
             crate, which is not enabled",
        );
    }
}

#[cfg(not(feature = "rustls"))]
#[test]
fn rustls_that_is_not_compiled_in_is_refused() {
    for url in [NOWHERE, "https://api.vipps.no"] {
        assert_config(
            builder(url).tls_backend(TlsBackend::Rustls).build(),
            "tls_backend: TlsBackend::Rustls requires the feature `rustls` of the vipps crate, \
             which is not enabled",
        );
    }
}

#[cfg(feature = "rustls")]
#[test]
fn a_compiled_in_backend_is_accepted() {
    let builder = builder("https://api.vipps.no").tls_backend(TlsBackend::Rustls);
    assert!(builder.build().is_ok());
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
#[test]
fn without_tls_there_is_no_https() {
    let text = "tls_backend: https requires the feature `rustls` of the vipps crate, \
                which is not enabled";
    assert_config(builder("https://api.vipps.no").build(), text);
    // Production is the default.
    let keys = vipps::ApiKeys::standard("id", "secret", "key");
    let session = vipps::Session::builder(keys, crate::support::system());
    assert_config(session.build(), text);
    // Certificates that would never be used.
    assert_config(builder(NOWHERE).root_certificates("x").build(), text);
    assert!(builder(NOWHERE).build().is_ok());
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod with_tls {
    use super::*;

    /// Two self-signed certificates for P-256 keys that no longer exist.
    const ONE: &str = "-----BEGIN CERTIFICATE-----
MIIBhjCCAS2gAwIBAgIUcyIW37GK+m2rg1Azd/y31wSPIAQwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNdGVzdCByb290IG9uZTAgFw0yNjExMjExMTI4MDBaGA8yMTI2
MTAyODExMjgwMFowGDEWMBQGA1UEAwwNdGVzdCByb290IG9uZTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABDjVIsD/zXvZE7JPEXqFG0hCI0JVRrV7UjG69/yEpsVu
LRMJoLm1ghJf7N4Pko70HbD1WXx2VV2xlFzucRm27hyjUzBRMB0GA1UdDgQWBBRA
VoNS7DgcApSjrl4zh+yKHEC++TAfBgNVHSMEGDAWgBRAVoNS7DgcApSjrl4zh+yK
HEC++TAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIGrADcm87e+p
ylpsbjj/bKmgRUpg7w+VcuMVXpHHxoW5AiAH37XDvOt2J/3CExKyHNPYWOv6a7km
6+fwYm1wx1Vwzg==
-----END CERTIFICATE-----
";
    const TWO: &str = "-----BEGIN CERTIFICATE-----
MIIBiDCCAS2gAwIBAgIUQMnHD/iQDGwM5lNB9p+PIIWV+KkwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNdGVzdCByb290IHR3bzAgFw0yNjExMjExMTI4MDBaGA8yMTI2
MTAyODExMjgwMFowGDEWMBQGA1UEAwwNdGVzdCByb290IHR3bzBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABMwvXR4mvEMTMF+lbmTQITQjKJojOW8PAocjLqiY5UzX
KlmKYk1KoZBC+eql94hDRPHgwwVuZL2NJTJDNUtH5xujUzBRMB0GA1UdDgQWBBRz
p63DXnwdbKAf+xY5x+4QN+t7djAfBgNVHSMEGDAWgBRzp63DXnwdbKAf+xY5x+4Q
N+t7djAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDRrBxEWzo2
UEPGePJQOib/5E2ZBJ6+9iVZlCFsiidGwQIhAJdbdtLBWd4wLieOrH78pqP7BN+u
D5IKt57PCYaEw1wQ
-----END CERTIFICATE-----
";
    /// Something in the form of a PEM key, which is not parsed.
    const KEY: &str = "-----BEGIN PRIVATE KEY-----
bm8ga2V5IGF0IGFsbA==
-----END PRIVATE KEY-----
";

    #[test]
    fn a_bundle_without_a_good_certificate_is_refused() {
        let none = "must contain at least one PEM certificate (-----BEGIN CERTIFICATE-----)";
        let lines: Vec<&str> = ONE.lines().collect();
        // What an editor or a transfer may do to a file.
        let line_lost = [&lines[..3], &lines[4..]].concat().join("\n");
        let end_lost = lines[..lines.len() - 1].join("\n");
        let not_base64 = ONE.replacen("MII", "M!I", 1);
        let text_inside = "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n\
                           -----END CERTIFICATE-----\n";
        let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
        let cases = [
            (String::new(), none),
            ("no PEM at all".to_owned(), none),
            (KEY.to_owned(), none),
            (ONE.replace("CERTIFICATE", "CERTIFICATE REQUEST"), none),
            (
                line_lost.clone(),
                "certificate 1 of the bundle is malformed",
            ),
            (
                text_inside.to_owned(),
                "certificate 1 of the bundle is malformed",
            ),
            (empty.to_owned(), "certificate 1 of the bundle is malformed"),
            // One bad certificate is not made up for by good ones.
            (
                format!("{ONE}{KEY}{line_lost}{TWO}"),
                "certificate 2 of the bundle is malformed",
            ),
        ];
        for (pem, reason) in cases {
            let built = builder(NOWHERE).root_certificates(pem.as_str()).build();
            assert!(built.is_err(), "taken: {pem}");
            assert_config(built, &format!("root_certificates: {reason}"));
        }
        for pem in [end_lost, not_base64.clone(), format!("{ONE}{not_base64}")] {
            let built = builder(NOWHERE).root_certificates(pem.as_str()).build();
            let error = built.unwrap_err().to_string();
            // The rest comes from the PEM parser.
            let start = "configuration: root_certificates: must be PEM: ";
            assert!(error.starts_with(start), "{error}");
        }
    }

    #[test]
    fn a_bundle_of_certificates_is_accepted() {
        for pem in [
            ONE.to_owned(),
            format!("{ONE}{TWO}"),
            ONE.replace('\n', "\r\n"),
            // With comments, as in the systems' bundles, and a key next to its certificate.
            format!("# test root one\n{ONE}\n# test root two\n{TWO}{KEY}"),
        ] {
            for url in [NOWHERE, "https://127.0.0.1:1"] {
                let built = builder(url).root_certificates(pem.as_str()).build();
                assert!(built.is_ok(), "{built:?}: {pem}");
            }
        }
    }
}

#[cfg(feature = "rustls")]
mod handshake {
    use std::io::Write;

    use vipps::{Delivery, ErrorKind, RetryPolicy};

    use super::*;
    use crate::support::{RawServer, wait_for_close, with_limits};
    use crate::transport::{GET, POST, assert_error, get, post};

    #[test]
    fn https_to_a_port_of_plain_http_says_so() {
        let peer = RawServer::each(|mut stream| {
            // What nginx answers to a TLS ClientHello on a port without TLS.
            stream.peek(&mut [0]).unwrap();
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                .unwrap();
            wait_for_close(&mut stream);
        });
        let url = peer.url().replace("http:", "https:");
        // Another attempt would fail in the same way.
        let session = builder(&url).retry(RetryPolicy::default());
        let session = session.build().unwrap();
        let address = peer.address();
        let says = format!(
            "TLS handshake with {address} failed: the server does not speak TLS on this port"
        );
        let (kind, delivery) = (ErrorKind::Tls, Delivery::NotSent);
        let text = format!("{GET}: {says} (nothing was sent)");
        assert_error(get(&session), &text, kind, delivery, None);
        let text = format!("{POST}: {says} (nothing was sent)");
        assert_error(post(&session), &text, kind, delivery, None);
        assert_eq!(peer.connections(), 2);
    }

    #[test]
    fn nothing_is_sent_before_the_handshake() {
        with_limits(|limit| {
            let server = RawServer::start([]);
            let url = server.url().replace("http:", "https:");
            let session = builder(&url).timeout(limit);
            post(&session.build().unwrap()).unwrap_err();
            assert_eq!(server.requests().len(), 0);
            server.connections() == 1
        });
    }
}
