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
    /// Starts building a session with API keys and the name and version of your system.
    ///
    /// ```
    /// use vipps::{ApiKeys, Session, SystemInfo};
    ///
    /// let keys =
    ///     ApiKeys::standard("client-id", "client-secret", "subscription-key");
    /// let system = SystemInfo::new("acme", "3.1.2")?;
    /// let session = Session::builder(keys, system).build()?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn builder(keys: ApiKeys, system: SystemInfo) -> SessionBuilder {
        SessionBuilder::new(keys, system)
    }

    /// Builds a session from environment variables.
    ///
    /// | variable | value |
    /// |---|---|
    /// | `VIPPS_CLIENT_ID` | required |
    /// | `VIPPS_CLIENT_SECRET` | required |
    /// | `VIPPS_SUBSCRIPTION_KEY` | required; must not be set if `VIPPS_KEYS=management` |
    /// | `VIPPS_KEYS` | the kind of [`ApiKeys`]: `standard` (default) or `management` |
    /// | `VIPPS_MERCHANT_SERIAL_NUMBER` | optional [`Msn`], 4 to 10 digits |
    /// | `VIPPS_ENVIRONMENT` | the [`Environment`]: `production` (default) or `test` |
    /// | `VIPPS_BASE_URL` | optional; overrides `VIPPS_ENVIRONMENT` |
    ///
    /// An empty variable counts as not set.
    ///
    /// ```no_run
    /// use vipps::{Session, SystemInfo, management};
    ///
    /// let session = Session::from_env(SystemInfo::new("acme", "3.1.2")?)?;
    /// println!("{} units", management::list_sales_units(&session)?.len());
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), with an entry for every missing variable or
    /// for the invalid one.
    #[doc(alias = "VIPPS_CLIENT_ID")]
    pub fn from_env(system: SystemInfo) -> Result<Self, Error> {
        SessionBuilder::from_env(system)?.build()
    }
}

/// The servers of Vipps MobilePay: production and test.
///
/// ```
/// use vipps::Environment;
///
/// let default = Environment::default();
/// assert_eq!(default.base_url(), "https://api.vipps.no");
/// assert_eq!(Environment::Test.base_url(), "https://apitest.vipps.no");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Environment {
    /// Production, `https://api.vipps.no`, the only server with the Management API.
    #[doc(alias = "api.vipps.no")]
    #[default]
    Production,
    /// The merchant test environment, `https://apitest.vipps.no`.
    #[doc(alias = "apitest.vipps.no")]
    Test,
}

impl Environment {
    /// The base URL of the server.
    pub fn base_url(self) -> &'static str {
        match self {
            Self::Production => "https://api.vipps.no",
            Self::Test => "https://apitest.vipps.no",
        }
    }
}

/// Builds a [`Session`]: the settings are checked by [`build`](Self::build), which sends nothing.
///
/// Made by [`Session::builder`] and [`SessionBuilder::from_env`].
///
/// ```
/// use std::time::Duration;
/// use vipps::{ApiKeys, Environment, RetryPolicy, Session, SystemInfo};
///
/// let keys = ApiKeys::standard("client-id", "client-secret", "subscription-key");
/// let system = SystemInfo::new("acme", "3.1.2")?.plugin("acme-webshop", "4.5.6")?;
/// let session = Session::builder(keys, system)
///     .environment(Environment::Test)
///     .merchant_serial_number("123456".parse()?)
///     .timeout(Duration::from_secs(20))
///     .connect_timeout(Duration::from_secs(5))
///     .retry(RetryPolicy::default().max_attempts(4))
///     .proxy("http://proxy.example.com:8080")
///     .user_agent_suffix("acme-billing/2.1")
///     .observer(|attempt| eprintln!("{attempt:?}"))
///     .build()?;
/// assert_eq!(session.base_url(), "https://apitest.vipps.no");
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Behind a company's proxy that inspects TLS, and so presents certificates of the company's own:
///
/// ```no_run
/// use std::time::Duration;
/// use vipps::{SessionBuilder, SystemInfo};
///
/// let company_root = std::fs::read("/etc/ssl/certs/acme-root.pem")?;
/// let session = SessionBuilder::from_env(SystemInfo::new("acme", "3.1.2")?)?
///     .proxy_from_env()
///     .root_certificates(company_root)
///     // The proxy scans a whole reply before it passes on the first byte.
///     .stall_timeout(Duration::from_secs(50))
///     // Far more than any reply, far less than the memory of the container.
///     .max_response_bytes(10 * 1024 * 1024)
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// Its name in errors.
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

    /// Starts building a session from the environment variables of [`Session::from_env`].
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use vipps::{SessionBuilder, SystemInfo};
    ///
    /// let session = SessionBuilder::from_env(SystemInfo::new("acme", "3.1.2")?)?
    ///     .timeout(Duration::from_secs(20))
    ///     .build()?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`Session::from_env`].
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
        builder.environment = match variable("VIPPS_ENVIRONMENT")?.as_deref() {
            None | Some("production") => Environment::Production,
            Some("test") => Environment::Test,
            Some(_) => {
                let reason = "must be `production` or `test`";
                return Err(Error::config("VIPPS_ENVIRONMENT", reason));
            }
        };
        if let Some(msn) = variable("VIPPS_MERCHANT_SERIAL_NUMBER")? {
            let msn = msn.parse().map_err(|_| {
                Error::config("VIPPS_MERCHANT_SERIAL_NUMBER", "must be 4 to 10 digits")
            })?;
            builder.msn = Some(msn);
        }
        Ok(builder)
    }

    /// Sets the server; the default is [`Environment::Production`].
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Sets the base URL, for a sandbox or your own gateway. Overrides
    /// [`environment`](Self::environment), regardless of call order.
    ///
    /// An `https` URL, or an `http` one with a loopback host, with an optional port and path
    /// prefix.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(BaseUrl {
            url: url.into(),
            setting: "base_url",
        });
        self
    }

    /// Allows `http` for hosts other than loopback, such as a sandbox in another container. Keys
    /// and tokens are then sent in the clear.
    ///
    /// ```
    /// # let keys = vipps::ApiKeys::management("client-id", "client-secret");
    /// # let system = vipps::SystemInfo::new("acme", "3.1.2")?;
    /// let session = vipps::Session::builder(keys, system)
    ///     .base_url("http://vipps-sandbox:8080")
    ///     .allow_plain_http()
    ///     .build()?;
    /// assert_eq!(session.base_url(), "http://vipps-sandbox:8080");
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn allow_plain_http(mut self) -> Self {
        self.allow_plain_http = true;
        self
    }

    /// Sets the MSN of the sales unit that calls are made for, sent as `Merchant-Serial-Number`.
    /// The Order Management API requires it.
    #[doc(alias = "msn")]
    #[doc(alias = "Merchant-Serial-Number")]
    pub fn merchant_serial_number(mut self, msn: Msn) -> Self {
        self.msn = Some(msn);
        self
    }

    /// Sets the timeout of a call, including the token request, name resolution, all attempts and
    /// the waits between them. The default is 60 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the timeout for name resolution, and again for connecting, within
    /// [`timeout`](Self::timeout). The default is 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long an attempt may go without receiving data before it times out and, if safe, is
    /// retried. The default is half of [`timeout`](Self::timeout).
    ///
    /// Every byte received restarts it, so a long reply that keeps coming is not cut off.
    pub fn stall_timeout(mut self, timeout: Duration) -> Self {
        self.stall_timeout = Some(timeout);
        self
    }

    /// Sets how failed calls are retried.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets an HTTP proxy to tunnel through (CONNECT), such as `http://user:password@host:port`.
    ///
    /// The scheme is `http` or `https`, user and password are optional. Without this setting or
    /// [`proxy_from_env`](Self::proxy_from_env), no proxy is used, whatever the environment says.
    /// If the base URL is plain http, the proxy's host must be loopback too, unless
    /// [`allow_plain_http`](Self::allow_plain_http) is set.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = ProxyChoice::Url(url.into());
        self
    }

    /// Takes the proxy from the environment variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and
    /// `NO_PROXY`, read by [`build`](Self::build).
    ///
    /// `HTTPS_PROXY` applies to an https base URL and `HTTP_PROXY` to an http one, then `ALL_PROXY`
    /// to both; upper case comes before lower case. The value must be valid for
    /// [`proxy`](Self::proxy).
    ///
    /// `NO_PROXY` is a comma-separated list of hosts to reach directly: domains including their
    /// subdomains (`vipps.no`, `.vipps.no`), addresses, CIDR blocks (`10.0.0.0/8`), or `*` for all.
    /// All but CIDR blocks may have a port (`api.vipps.no:443`).
    ///
    /// In a CGI program (`REQUEST_METHOD` is set) upper-case `HTTP_PROXY` is ignored, since the
    /// client can set it. For a plain http base URL, a proxy whose host is not loopback is ignored
    /// too, unless [`allow_plain_http`](Self::allow_plain_http) is set.
    #[doc(alias = "HTTPS_PROXY")]
    #[doc(alias = "HTTP_PROXY")]
    #[doc(alias = "NO_PROXY")]
    pub fn proxy_from_env(mut self) -> Self {
        self.proxy = ProxyChoice::FromEnv;
        self
    }

    /// Sets the TLS library. The default is rustls if compiled in, otherwise the system's.
    ///
    /// For example, where the system's library is required, even if rustls is compiled in too:
    ///
    /// ```
    /// # let keys = vipps::ApiKeys::management("client-id", "client-secret");
    /// # let system = vipps::SystemInfo::new("acme", "3.1.2")?;
    /// use vipps::{Session, TlsBackend};
    ///
    /// let session = Session::builder(keys, system)
    ///     .tls_backend(TlsBackend::NativeTls)
    ///     .build();
    /// // Without the feature `native-tls`, this is an error that names it.
    /// assert_eq!(session.is_ok(), cfg!(feature = "native-tls"));
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn tls_backend(mut self, backend: TlsBackend) -> Self {
        self.tls_backend = Some(backend);
        self
    }

    /// Trusts the certificates of a PEM bundle *instead of* Mozilla's roots or, with the feature
    /// `platform-verifier`, those of the operating system.
    ///
    /// To trust your own certificate in addition to the public ones, concatenate it with a bundle
    /// of those, such as the system's.
    #[doc(alias = "CA")]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates = Some(pem.into());
        self
    }

    /// Sets the largest reply accepted, in bytes after decompression. The default is 64 MiB.
    pub fn max_response_bytes(mut self, bytes: u64) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Adds a product to the `User-Agent` header, such as `acme-billing/2.1`.
    #[doc(alias = "User-Agent")]
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent_suffix = Some(suffix.into());
        self
    }

    /// Sets a function to be called after every attempt of every call, including token requests,
    /// for logs and metrics.
    ///
    /// It runs on the thread that made the attempt. It must not make calls with the session: during
    /// a token request such a call would wait for itself until it times out.
    ///
    /// For example, to count calls and log retries:
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
    ///         let (method, route) = (attempt.method(), attempt.route());
    ///         let name = format!("{method} {route} {outcome}");
    ///         *counted.lock().unwrap().entry(name).or_default() += 1;
    ///         if let Some(wait) = attempt.retry_in() {
    ///             log::warn!("{route}: {outcome}, retry in {wait:.1?}");
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

    /// Seeds the session with a saved access token, which is used until it has nearly expired or
    /// the API rejects it. See [`on_new_token`](Self::on_new_token) for an example.
    pub fn access_token(mut self, token: AccessToken) -> Self {
        self.access_token = Some(token);
        self
    }

    /// Sets a function to be called with every access token that the session fetches, to save it
    /// for the next run.
    ///
    /// It runs on the thread that fetched the token. Like an [observer](Self::observer) it must not
    /// make calls with the session.
    ///
    /// For example, to keep the token and its expiry in a file that only its owner can read:
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
    ///     let expiry = token.expires_at().duration_since(UNIX_EPOCH);
    ///     let expiry = expiry.unwrap_or_default().as_secs();
    ///     let mut options = OpenOptions::new();
    ///     options.write(true).create(true).truncate(true).mode(0o600);
    ///     // If the token cannot be saved, the next run fetches another one.
    ///     let _ = options
    ///         .open(&path)
    ///         .and_then(|mut file| write!(file, "{expiry}\n{}", token.secret()));
    /// });
    /// let saved = fs::read_to_string(&file).unwrap_or_default();
    /// if let Some((expiry, secret)) = saved.split_once('\n') {
    ///     let expiry = UNIX_EPOCH + Duration::from_secs(expiry.parse()?);
    ///     builder = builder.access_token(AccessToken::valid_until(secret, expiry)?);
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

    /// Sets the clock, for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Checks the settings and builds the session, without sending anything.
    ///
    /// ```
    /// use vipps::{ApiKeys, ErrorKind, Session, SystemInfo};
    ///
    /// let keys = ApiKeys::standard("client-id", "", "subscription-key");
    /// let builder = Session::builder(keys, SystemInfo::new("acme", "3.1.2")?);
    /// let error = builder.build().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// assert_eq!(
    ///     error.to_string(),
    ///     "configuration: client_secret: must not be empty"
    /// );
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the invalid setting, or the
    /// environment variable that it came from.
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
            // Socket timeouts have a resolution of a millisecond.
            if time < Duration::from_millis(1) || time > MAX_TIMEOUT {
                let reason = format!("must be from 1 millisecond to 24 hours, not {time:?}");
                return Err(Error::config(setting, reason));
            }
        }
        if self.max_response_bytes == 0 {
            return Err(Error::config("max_response_bytes", "must be at least 1"));
        }

        if let Some(msn) = &self.msn {
            // An MSN deserialized from a reply has not been checked.
            header_value(msn.as_str()).map_err(|reason| Error::input("msn", reason))?;
        }

        let mut headers = HeaderMap::with_capacity(16);
        headers.insert(USER_AGENT, user_agent.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        // Set explicitly: otherwise ureq requests every encoding that it can decompress, and
        // another crate in the program may enable those features.
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
