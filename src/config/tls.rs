//! The TLS library and its root certificates.

use crate::Error;

/// The TLS library of a session, each available with the crate feature of the same name.
///
/// Both trust Mozilla's root certificates, which are compiled in, or with the feature
/// `platform-verifier` those of the operating system, for networks that inspect TLS. See
/// [`SessionBuilder::root_certificates`](crate::SessionBuilder::root_certificates) to replace them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsBackend {
    /// rustls (feature `rustls`, enabled by default).
    Rustls,
    /// The system's library: Schannel, Security Framework or OpenSSL (feature `native-tls`).
    #[doc(alias = "OpenSSL")]
    #[doc(alias = "Schannel")]
    NativeTls,
}

/// The TLS settings of a session, checked.
#[derive(Default)]
pub(crate) struct Tls {
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    config: ureq::tls::TlsConfig,
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
impl Tls {
    /// `needed` says whether anything uses https. The default is rustls if both are compiled in.
    pub(crate) fn new(
        backend: Option<TlsBackend>,
        roots: Option<&[u8]>,
        _needed: bool,
    ) -> Result<Self, Error> {
        use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

        let provider = match backend {
            None if cfg!(feature = "rustls") => TlsProvider::Rustls,
            None => TlsProvider::NativeTls,
            Some(TlsBackend::Rustls) if cfg!(feature = "rustls") => TlsProvider::Rustls,
            Some(TlsBackend::NativeTls) if cfg!(feature = "native-tls") => TlsProvider::NativeTls,
            Some(TlsBackend::Rustls) => return Err(not_compiled("TlsBackend::Rustls", "rustls")),
            Some(TlsBackend::NativeTls) => {
                return Err(not_compiled("TlsBackend::NativeTls", "native-tls"));
            }
        };
        let mut config = TlsConfig::builder().provider(provider);
        if let Some(pem) = roots {
            config = config.root_certs(root_certificates(pem)?);
        } else if cfg!(feature = "platform-verifier") {
            config = config.root_certs(RootCerts::PlatformVerifier);
        }
        Ok(Self {
            config: config.build(),
        })
    }

    pub(crate) fn apply(
        self,
        config: ureq::config::ConfigBuilder<ureq::typestate::AgentScope>,
    ) -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
        config.tls_config(self.config)
    }
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
impl Tls {
    pub(crate) fn new(
        backend: Option<TlsBackend>,
        roots: Option<&[u8]>,
        needed: bool,
    ) -> Result<Self, Error> {
        match backend {
            Some(TlsBackend::Rustls) => Err(not_compiled("TlsBackend::Rustls", "rustls")),
            Some(TlsBackend::NativeTls) => Err(not_compiled("TlsBackend::NativeTls", "native-tls")),
            None if needed || roots.is_some() => Err(not_compiled("https", "rustls")),
            None => Ok(Self {}),
        }
    }

    pub(crate) fn apply(
        self,
        config: ureq::config::ConfigBuilder<ureq::typestate::AgentScope>,
    ) -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
        config
    }
}

/// Parses all certificates of a PEM bundle; ureq's own reader takes only the first.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn root_certificates(pem: &[u8]) -> Result<ureq::tls::RootCerts, Error> {
    use ureq::tls::{PemItem, RootCerts, parse_pem};

    let wrong = |reason: String| Error::config("root_certificates", reason);
    let mut certificates = Vec::new();
    for item in parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => {
                if !is_one_der_sequence(certificate.der()) {
                    let nth = certificates.len() + 1;
                    return Err(wrong(format!(
                        "certificate {nth} of the bundle is malformed"
                    )));
                }
                certificates.push(certificate);
            }
            Ok(_) => {}
            Err(error) => return Err(wrong(format!("must be PEM: {error}"))),
        }
    }
    if certificates.is_empty() {
        return Err(wrong(
            "must contain at least one PEM certificate (-----BEGIN CERTIFICATE-----)".to_owned(),
        ));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// Whether `der` is exactly one DER sequence, as a certificate is. TLS libraries silently skip
/// malformed certificates, and would then trust nothing.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn is_one_der_sequence(der: &[u8]) -> bool {
    let Some((&[0x30, length], rest)) = der.split_first_chunk::<2>() else {
        return false;
    };
    if length < 0x80 {
        return rest.len() == usize::from(length);
    }
    let Some((length, rest)) = rest.split_at_checked(usize::from(length & 0x7f)) else {
        return false;
    };
    let length = length.iter().try_fold(0_usize, |sum, byte| {
        sum.checked_mul(256)?.checked_add((*byte).into())
    });
    length == Some(rest.len())
}

fn not_compiled(what: &str, feature: &str) -> Error {
    Error::config(
        "tls_backend",
        format!("{what} requires the feature `{feature}` of the vipps crate, which is not enabled"),
    )
}
