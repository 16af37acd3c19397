use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::header::{ACCEPT, ACCEPT_ENCODING, USER_AGENT};
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::gates::Gates;
use super::{Attempt, MAX_TIMEOUT, Observer, OnNewToken, Session, Shared};
use crate::config::api_keys::ApiKeys;
use crate::config::base_url;
use crate::config::clock::Clock;
use crate::config::proxy::{self, ProxyChoice, variable};
use crate::config::retry::RetryPolicy;
use crate::config::system_info::SystemInfo;
use crate::config::tls::{Tls, TlsBackend};
use crate::error::problem::FieldProblem;
use crate::error::{Error, RequestLine};
use crate::model::header::header_value;
use crate::model::identifier::Msn;
use crate::token::{AccessToken, TokenCache};
use crate::transport::{Client, Options};

impl Session {
    /// Begins a session with these keys, for this calling system.
    pub fn builder(keys: ApiKeys, system: SystemInfo) -> SessionBuilder {
        SessionBuilder::new(keys, system)
    }

    /// A session from the environment.
    ///
    /// | variable | |
    /// |---|---|
    /// | `VIPPS_CLIENT_ID`, `VIPPS_CLIENT_SECRET` | required |
    /// | `VIPPS_SUBSCRIPTION_KEY` | required, unless `VIPPS_KEYS=management`: then it must not be set |
    /// | `VIPPS_KEYS` | `standard`, the default, or `management` |
    /// | `VIPPS_MERCHANT_SERIAL_NUMBER` | optional |
    /// | `VIPPS_BASE_URL` | optional; production otherwise |
    ///
    /// A variable that is set to nothing counts as not set.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), with an entry for every missing variable, or for the one whose value is wrong.
    pub fn from_env(system: SystemInfo) -> Result<Self, Error> {
        SessionBuilder::from_env(system)?.build()
    }
}

/// The vendor's servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Environment {
    /// `https://api.vipps.no`. The Management API exists here only.
    #[default]
    Production,
    /// `https://apitest.vipps.no`, the merchant test server.
    Test,
}

impl Environment {
    /// The server's address.
    pub fn base_url(self) -> &'static str {
        match self {
            Self::Production => "https://api.vipps.no",
            Self::Test => "https://apitest.vipps.no",
        }
    }
}

/// The settings of a [`Session`]. They are checked by [`build`](Self::build), which sends nothing.
#[must_use]
pub struct SessionBuilder {
    keys: ApiKeys,
    system: SystemInfo,
    environment: Environment,
    base_url: Option<BaseUrl>,
    allow_plain_http: bool,
    msn: Option<Msn>,
    timeout: Duration,
    connect_timeout: Duration,
    stall_timeout: Option<Duration>,
    retry: RetryPolicy,
    proxy: ProxyChoice,
    tls_backend: Option<TlsBackend>,
    root_certificates: Option<Vec<u8>>,
    max_response_bytes: u64,
    user_agent_suffix: Option<String>,
    observer: Option<Observer>,
    access_token: Option<AccessToken>,
    on_new_token: Option<OnNewToken>,
    clock: Clock,
}

struct BaseUrl {
    url: String,
    /// What errors call it.
    setting: &'static str,
}

impl SessionBuilder {
    pub(super) fn new(keys: ApiKeys, system: SystemInfo) -> Self {
        Self {
            keys,
            system,
            environment: Environment::default(),
            base_url: None,
            allow_plain_http: false,
            msn: None,
            timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
            stall_timeout: None,
            retry: RetryPolicy::default(),
            proxy: ProxyChoice::None,
            tls_backend: None,
            root_certificates: None,
            max_response_bytes: 64 * 1024 * 1024,
            user_agent_suffix: None,
            observer: None,
            access_token: None,
            on_new_token: None,
            clock: Clock::system(),
        }
    }

    /// The settings of [`Session::from_env`], for adding others to them.
    ///
    /// # Errors
    ///
    /// As for [`Session::from_env`].
    pub fn from_env(system: SystemInfo) -> Result<Self, Error> {
        let management = match variable("VIPPS_KEYS")?.as_deref() {
            None | Some("standard") => false,
            Some("management") => true,
            Some(_) => {
                let reason = "must be `standard` or `management`";
                return Err(Error::config("VIPPS_KEYS", reason));
            }
        };
        let subscription_key = variable("VIPPS_SUBSCRIPTION_KEY")?;
        if management && subscription_key.is_some() {
            return Err(Error::config(
                "VIPPS_SUBSCRIPTION_KEY",
                "must not be set with VIPPS_KEYS=management: the token endpoint refuses it",
            ));
        }

        let mut missing = Vec::new();
        let mut required = |name, value: Option<String>| {
            value.unwrap_or_else(|| {
                missing.push(FieldProblem::new(name, "not set in the environment"));
                String::new()
            })
        };
        let client_id = required("VIPPS_CLIENT_ID", variable("VIPPS_CLIENT_ID")?);
        let client_secret = required("VIPPS_CLIENT_SECRET", variable("VIPPS_CLIENT_SECRET")?);
        let keys = if management {
            ApiKeys::management(client_id, client_secret)
        } else {
            let subscription_key = required("VIPPS_SUBSCRIPTION_KEY", subscription_key);
            ApiKeys::standard(client_id, client_secret, subscription_key)
        };
        if !missing.is_empty() {
            return Err(Error::settings(missing));
        }

        let mut builder = Self::new(keys.named_as_variables(), system);
        builder.base_url = variable("VIPPS_BASE_URL")?.map(|url| BaseUrl {
            url,
            setting: "VIPPS_BASE_URL",
        });
        if let Some(msn) = variable("VIPPS_MERCHANT_SERIAL_NUMBER")? {
            let msn = msn.parse().map_err(|_| {
                Error::config("VIPPS_MERCHANT_SERIAL_NUMBER", "must be 4 to 10 digits")
            })?;
            builder.msn = Some(msn);
        }
        Ok(builder)
    }

    /// Which of the vendor's servers; [`Environment::Production`] if this is not called.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Another server: a sandbox, or a gateway of one's own. It wins over [`environment`](Self::environment), in whichever order.
    ///
    /// An `https` address, or an `http` one on loopback, optionally with a port and a path before those of the API.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(BaseUrl {
            url: url.into(),
            setting: "base_url",
        });
        self
    }

    /// Allows `http` to other hosts than loopback: a sandbox in another container. Keys and tokens cross that network in the clear.
    pub fn allow_plain_http(mut self) -> Self {
        self.allow_plain_http = true;
        self
    }

    /// The sales unit that the calls are made for, sent as `Merchant-Serial-Number`. The Order Management API requires it.
    pub fn merchant_serial_number(mut self, msn: Msn) -> Self {
        self.msn = Some(msn);
        self
    }

    /// The time for one call: token, name resolution, all attempts and the waits between them. 60 s if this is not called.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The time for looking up the host, and again for connecting to it, within [`timeout`](Self::timeout). 10 s if this is not called.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// An attempt in which nothing arrives for so long is given up as a timeout, and retried where that is safe. Half of
    /// [`timeout`](Self::timeout) if this is not called.
    ///
    /// It counts from one byte to the next: a long reply that keeps coming is not cut.
    pub fn stall_timeout(mut self, timeout: Duration) -> Self {
        self.stall_timeout = Some(timeout);
        self
    }

    /// How failed calls are repeated.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// An HTTP proxy that tunnels (CONNECT): `http://host:port` or `https://host:port`, with `user:password@` if it asks for them.
    ///
    /// Without this and [`proxy_from_env`](Self::proxy_from_env) no proxy is used, whatever the environment says. For a plain http base URL
    /// on this machine it has to be on this machine too, unless [`allow_plain_http`](Self::allow_plain_http) is set.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = ProxyChoice::Url(url.into());
        self
    }

    /// The proxy of the environment, read by [`build`](Self::build): `HTTPS_PROXY` for an https base URL
    /// and `HTTP_PROXY` for an http one, then `ALL_PROXY`, in upper case or else in lower case. It is an
    /// error if that is no proxy as for [`proxy`](Self::proxy).
    ///
    /// No proxy is used for the hosts of `NO_PROXY`, a list with commas: domains, which stand for their
    /// subdomains too (`vipps.no`, `.vipps.no`), addresses, CIDR blocks (`10.0.0.0/8`), each but the
    /// blocks with a port if need be (`api.vipps.no:443`), or `*` for all. `HTTP_PROXY` in upper case is
    /// ignored where `REQUEST_METHOD` is set, as whoever calls a CGI program can choose it. A proxy
    /// elsewhere is passed by for a plain http base URL on this machine, unless
    /// [`allow_plain_http`](Self::allow_plain_http) is set.
    pub fn proxy_from_env(mut self) -> Self {
        self.proxy = ProxyChoice::FromEnv;
        self
    }

    /// The TLS library; rustls where it is compiled in, otherwise the system's, if this is not called.
    pub fn tls_backend(mut self, backend: TlsBackend) -> Self {
        self.tls_backend = Some(backend);
        self
    }

    /// Trusts the certificates of this PEM bundle *instead of* Mozilla's roots or, with the feature
    /// `platform-verifier`, those of the operating system.
    ///
    /// To trust a certificate in addition to the public ones, give a bundle with both, such as the system's and one's own, one after
    /// the other.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates = Some(pem.into());
        self
    }

    /// The largest reply that is read, in bytes after decompression. 64 MiB if this is not called.
    pub fn max_response_bytes(mut self, bytes: u64) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Adds a product to the `User-Agent` header, such as `acme-billing/2.1`.
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent_suffix = Some(suffix.into());
        self
    }

    /// Is called after every attempt of every call, token requests included, on the thread that made it.
    ///
    /// It must not make calls with the session: during a token request such a call would wait for itself
    /// until it times out.
    ///
    /// Counters for metrics, and a line of log for each retry:
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let builder = sandbox.session_builder()?;
    /// # sandbox.fault("GET /management/v1/sales-units", 1, vipps::sandbox::Fault::status(503));
    /// use std::collections::BTreeMap;
    /// use std::sync::{Arc, Mutex};
    ///
    /// let counters = Arc::new(Mutex::new(BTreeMap::<String, u64>::new()));
    /// let counted = Arc::clone(&counters);
    /// let session = builder
    ///     .observer(move |attempt| {
    ///         let outcome = attempt.error_kind().map_or("ok", |kind| kind.as_str());
    ///         let name = format!("{} {} {outcome}", attempt.method(), attempt.route());
    ///         *counted.lock().unwrap().entry(name).or_default() += 1;
    ///         if let Some(wait) = attempt.retry_in() {
    ///             let (path, number) = (attempt.path(), attempt.number());
    ///             log::warn!("{path}: attempt {number} failed ({outcome}), the next in {wait:.1?}");
    ///         }
    ///     })
    ///     .build()?;
    ///
    /// vipps::management::list_sales_units(&session)?;
    /// let counters = counters.lock().unwrap();
    /// assert_eq!(counters["GET /management/v1/sales-units Server"], 1);
    /// assert_eq!(counters["GET /management/v1/sales-units ok"], 1);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn observer(mut self, observer: impl Fn(&Attempt) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Seeds the session with a saved token, which is used until it has nearly expired or the API refuses
    /// it. See [`on_new_token`](Self::on_new_token).
    pub fn access_token(mut self, token: AccessToken) -> Self {
        self.access_token = Some(token);
        self
    }

    /// Is called with every token that the session fetches, on the thread that fetched it: for programs
    /// that keep it between runs.
    ///
    /// Like an [observer](Self::observer) it must not make calls with the session.
    ///
    /// A token in a file that only its owner can read, with its expiry in the first line:
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # let directory = std::env::temp_dir().join(format!("vipps-{}", std::process::id()));
    /// # std::fs::create_dir_all(&directory)?;
    /// # let file = directory.join("token");
    /// # for _run in 0..2 {
    /// # let builder = sandbox.session_builder()?;
    /// # let path = file.clone();
    /// use std::fs::{self, OpenOptions};
    /// use std::io::Write;
    /// use std::os::unix::fs::OpenOptionsExt;
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use vipps::AccessToken;
    ///
    /// let mut builder = builder.on_new_token(move |token| {
    ///     let expiry = token.expires_at().duration_since(UNIX_EPOCH).unwrap_or_default();
    ///     let mut options = OpenOptions::new();
    ///     let open = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
    ///     // A token that cannot be saved is fetched again by the next run.
    ///     let _ = open.and_then(|mut file| write!(file, "{}\n{}", expiry.as_secs(), token.secret()));
    /// });
    /// if let Some((expiry, secret)) = fs::read_to_string(&file).unwrap_or_default().split_once('\n') {
    ///     let expires_at = UNIX_EPOCH + Duration::from_secs(expiry.parse()?);
    ///     builder = builder.access_token(AccessToken::valid_until(secret, expires_at)?);
    /// }
    /// # vipps::management::list_sales_units(&builder.build()?)?;
    /// # }
    /// # assert_eq!(sandbox.count("POST /accesstoken/get"), 1);
    /// # std::fs::remove_dir_all(&directory)?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    pub fn on_new_token(mut self, keep: impl Fn(&AccessToken) + Send + Sync + 'static) -> Self {
        self.on_new_token = Some(Arc::new(keep));
        self
    }

    /// Another clock, for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Checks the settings and makes the session. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the setting that is wrong, or the variable that it came from, and what would be right.
    pub fn build(self) -> Result<Session, Error> {
        let (setting, url) = match &self.base_url {
            Some(BaseUrl { url, setting }) => (*setting, url.as_str()),
            None => ("environment", self.environment.base_url()),
        };
        let base_url = base_url::checked(setting, url, self.allow_plain_http)?;
        let proxy = self.proxy.resolve(&base_url, self.allow_plain_http)?;
        let needs_tls =
            base_url.starts_with("https:") || proxy.as_ref().is_some_and(proxy::needs_tls);
        let credentials = self.keys.credentials()?;
        let user_agent = user_agent(self.user_agent_suffix.as_deref())?;
        for (setting, time) in [
            ("timeout", self.timeout),
            ("connect_timeout", self.connect_timeout),
            ("stall_timeout", self.stall_timeout.unwrap_or(self.timeout)),
        ] {
            // The lower bound is the resolution of sockets.
            if time < Duration::from_millis(1) || time > MAX_TIMEOUT {
                let reason = format!("must be from 1 millisecond to 24 hours, not {time:?}");
                return Err(Error::config(setting, reason));
            }
        }
        if self.max_response_bytes == 0 {
            return Err(Error::config("max_response_bytes", "must be at least 1"));
        }

        if let Some(msn) = &self.msn {
            // One that was read from a reply was not checked when it was made.
            header_value(msn.as_str()).map_err(|reason| Error::input("msn", reason))?;
        }

        let mut headers = HeaderMap::with_capacity(16);
        headers.insert(USER_AGENT, user_agent.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        // Said outright: ureq asks for whatever it can decompress, and any crate in the program can switch that on.
        let encoding = if cfg!(feature = "gzip") {
            "gzip"
        } else {
            "identity"
        };
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(encoding));
        for (name, value) in self.system.headers() {
            headers.insert(HeaderName::from_static(name), value.clone());
        }
        if let Some(key) = &credentials.subscription_key {
            let name = HeaderName::from_static("ocp-apim-subscription-key");
            headers.insert(name, key.clone());
        }

        let mut secrets = self.keys.secrets();
        if let Some(proxy) = &proxy {
            secrets.append(&mut proxy::secrets(proxy));
        }
        let client = Client::new(Options {
            base_url,
            proxy,
            tls: Tls::new(
                self.tls_backend,
                self.root_certificates.as_deref(),
                needs_tls,
            )?,
            max_response_bytes: self.max_response_bytes,
            user_agent: user_agent.to_str().unwrap_or_default().to_owned(),
            clock: self.clock.clone(),
        });
        let token_line = RequestLine {
            method: Method::POST,
            path: credentials.token_path.to_owned(),
            route: credentials.token_path.to_owned(),
        };
        let shared = Shared {
            client,
            credentials,
            headers,
            token_msn: self.msn.clone(),
            tokens: TokenCache::new(self.clock.clone(), token_line, self.access_token),
            gates: Gates::default(),
            clock: self.clock,
            connect_timeout: self.connect_timeout,
            stall_timeout: self.stall_timeout,
            retry: self.retry,
            observer: self.observer,
            on_new_token: self.on_new_token,
            secrets,
        };
        Ok(Session {
            shared: Arc::new(shared),
            msn: self.msn,
            timeout: self.timeout,
        })
    }
}

impl fmt::Debug for SessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder")
            .field("keys", &self.keys)
            .field("system", &self.system)
            .field("environment", &self.environment)
            .field(
                "merchant_serial_number",
                &self.msn.as_ref().map(Msn::as_str),
            )
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

fn user_agent(suffix: Option<&str>) -> Result<HeaderValue, Error> {
    const PRODUCT: &str = concat!("vipps-rust/", env!("CARGO_PKG_VERSION"));

    let Some(suffix) = suffix else {
        return Ok(HeaderValue::from_static(PRODUCT));
    };
    let setting = "user_agent_suffix";
    let wrong = |reason| Error::config(setting, reason);
    header_value(suffix).map_err(wrong)?;
    header_value(&format!("{PRODUCT} {suffix}")).map_err(wrong)
}
