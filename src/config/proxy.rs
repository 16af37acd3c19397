use std::env::{self, VarError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ureq::{Proxy, ProxyProtocol};

use crate::config::base_url;
use crate::error::Error;

/// Which proxy the builder was told to use.
pub(crate) enum ProxyChoice {
    None,
    Url(String),
    FromEnv,
}

/// The variables that name a proxy. The first that is set to anything counts.
const VARIABLES: [&str; 6] = [
    "ALL_PROXY",
    "all_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
];

impl ProxyChoice {
    /// `in_clear` is plain http, which is for this machine: a proxy elsewhere would see the keys. It is refused or, as other clients do,
    /// passed by if it is the environment's.
    pub(crate) fn resolve(self, in_clear: bool) -> Result<Option<Proxy>, Error> {
        match self {
            Self::None => Ok(None),
            Self::Url(url) => only_here_in_clear(checked("proxy", &url)?, in_clear).map(Some),
            Self::FromEnv => from_env(in_clear),
        }
    }
}

/// Every text of a proxy's that must not be seen: a server behind it may repeat what it got.
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

/// No message shows the address, which may hold a password.
fn checked(setting: &str, url: &str) -> Result<Proxy, Error> {
    let wrong = || {
        let reason = "must be an address such as http://proxy.example.com:8080";
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
    // ureq takes a port of 99999 for none.
    let authority = proxy.uri().authority().ok_or_else(wrong)?.as_str();
    let (_user, host_and_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    if base_url::has_good_port(host_and_port) && !proxy.host().is_empty() {
        Ok(proxy)
    } else {
        Err(wrong())
    }
}

fn is_here(proxy: &Proxy) -> bool {
    base_url::is_loopback(proxy.host())
}

fn only_here_in_clear(proxy: Proxy, in_clear: bool) -> Result<Proxy, Error> {
    if in_clear && !is_here(&proxy) {
        return Err(Error::config(
            "proxy",
            "must be on this machine where base_url is plain http: keys and tokens would cross the network in the clear. \
             It may be elsewhere with allow_plain_http()",
        ));
    }
    Ok(proxy)
}

/// ureq's own reading passes by what it cannot use, such as a SOCKS proxy, and then connects directly; and its `NO_PROXY` knows no spaces.
fn from_env(in_clear: bool) -> Result<Option<Proxy>, Error> {
    for name in VARIABLES {
        let Some(url) = variable(name)? else { continue };
        let proxy = checked(name, &url)?;
        let mut builder = Proxy::builder(proxy.protocol())
            .host(proxy.host())
            .port(proxy.port());
        if let Some(user) = proxy.username() {
            builder = builder.username(user);
        }
        if let Some(password) = proxy.password() {
            builder = builder.password(password);
        }
        let exceptions = match variable("NO_PROXY")? {
            Some(list) => Some(list),
            None => variable("no_proxy")?,
        };
        for exception in exceptions.unwrap_or_default().split(',') {
            let exception = exception.trim();
            if !exception.is_empty() {
                builder = builder.no_proxy(exception);
            }
        }
        let built = builder.build();
        let proxy = built.map_err(|_| Error::config(name, "cannot be used as a proxy"))?;
        return Ok(Some(proxy).filter(|proxy| !in_clear || is_here(proxy)));
    }
    Ok(None)
}

/// A variable of the environment. One that is set to nothing counts as not set.
pub(crate) fn variable(name: &str) -> Result<Option<String>, Error> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Error::config(name, "must be UTF-8 text")),
    }
}
