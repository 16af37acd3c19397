use std::env::{self, VarError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ureq::http::Uri;
use ureq::{Proxy, ProxyProtocol};

use crate::config::{base_url, no_proxy};
use crate::error::Error;

/// The proxy setting of the builder.
pub(crate) enum ProxyChoice {
    None,
    Url(String),
    FromEnv,
}

impl ProxyChoice {
    /// The proxy for `base_url`, the only server that a session connects to.
    ///
    /// With plain http, a proxy that is not on loopback would see the keys. Unless that is allowed,
    /// such a proxy is an error or, if it comes from the environment, ignored as in other clients.
    pub(crate) fn resolve(
        self,
        base_url: &str,
        allow_plain_http: bool,
    ) -> Result<Option<Proxy>, Error> {
        let is_exposed = |proxy: &Proxy| {
            let is_in_clear = base_url.starts_with("http:") && !allow_plain_http;
            is_in_clear && !base_url::is_loopback(proxy.host())
        };
        match self {
            Self::None => Ok(None),
            Self::FromEnv => Ok(from_env(base_url)?.filter(|proxy| !is_exposed(proxy))),
            Self::Url(url) => {
                let proxy = checked("proxy", &url)?;
                if is_exposed(&proxy) {
                    return Err(Error::config(
                        "proxy",
                        "must have a loopback host if base_url is plain http, since keys and \
                         tokens would be sent in the clear; any host is allowed with \
                         allow_plain_http()",
                    ));
                }
                Ok(Some(proxy))
            }
        }
    }
}

/// The secrets in a proxy's URL, to redact from errors: a server may echo them.
pub(crate) fn secrets(proxy: &Proxy) -> Vec<String> {
    let Some(password) = proxy.password() else {
        return Vec::new();
    };
    let user = proxy.username().unwrap_or_default();
    let basic = BASE64_STANDARD.encode(format!("{user}:{password}"));
    vec![password.to_owned(), basic]
}

pub(crate) fn needs_tls(proxy: &Proxy) -> bool {
    proxy.protocol() == ProxyProtocol::Https
}

/// Parses a proxy URL. No message shows it, since it may contain a password.
fn checked(setting: &str, url: &str) -> Result<Proxy, Error> {
    let wrong = || {
        let reason = "must be a URL such as http://proxy.example.com:8080";
        Error::config(setting, reason)
    };
    let proxy = Proxy::new(url).map_err(|_| wrong())?;
    match proxy.protocol() {
        ProxyProtocol::Http | ProxyProtocol::Https => {}
        _ => {
            let reason = "must be an http or https proxy; SOCKS is not supported";
            return Err(Error::config(setting, reason));
        }
    }
    // ureq ignores an invalid port such as 99999.
    let authority = proxy.uri().authority().ok_or_else(wrong)?.as_str();
    let (_user, host_and_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    if base_url::has_good_port(host_and_port) && !proxy.host().is_empty() {
        Ok(proxy)
    } else {
        Err(wrong())
    }
}

/// The variable for the scheme of `base_url` comes before `ALL_PROXY`.
fn from_env(base_url: &str) -> Result<Option<Proxy>, Error> {
    if is_exempt(base_url)? {
        return Ok(None);
    }
    let names = if base_url.starts_with("https:") {
        ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    } else {
        ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
    };
    for name in names {
        if is_of_a_request(name) {
            continue;
        }
        if let Some(url) = variable(name)? {
            return checked(name, &url).map(Some);
        }
    }
    Ok(None)
}

/// Whether `NO_PROXY` names the host of `base_url`.
fn is_exempt(base_url: &str) -> Result<bool, Error> {
    let list = match variable("NO_PROXY")? {
        Some(list) => Some(list),
        None => variable("no_proxy")?,
    };
    let uri = base_url.parse::<Uri>().ok();
    let (Some(list), Some(uri)) = (list, uri) else {
        return Ok(false);
    };
    let default_port = if base_url.starts_with("https:") {
        443
    } else {
        80
    };
    let port = uri.port_u16().unwrap_or(default_port);
    let host = uri.host().unwrap_or_default();
    Ok(no_proxy::names(&list, host, port))
}

/// Whether a variable may come from a CGI request: its header `Proxy` is passed as `HTTP_PROXY`. On
/// Windows variable names are case-insensitive.
fn is_of_a_request(name: &str) -> bool {
    let is_cgi = env::var_os("REQUEST_METHOD").is_some();
    is_cgi && (name == "HTTP_PROXY" || cfg!(windows) && name == "http_proxy")
}

/// An environment variable. An empty one counts as not set.
pub(crate) fn variable(name: &str) -> Result<Option<String>, Error> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Error::config(name, "must be valid UTF-8")),
    }
}
