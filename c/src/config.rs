//! The settings of a session as JSON. Errors never show a value, which may be a key.

use std::time::{Duration, SystemTime};

use serde::Deserialize;

use vipps::{
    AccessToken, ApiKeys, Environment, Msn, RetryPolicy, Session, SessionBuilder, SystemInfo,
    TlsBackend,
};

use crate::error::Failure;
use crate::strict;

#[derive(Deserialize)]
struct Config {
    keys: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    subscription_key: Option<String>,
    system: Option<System>,
    merchant_serial_number: Option<String>,
    environment: Option<String>,
    base_url: Option<String>,
    allow_plain_http: Option<bool>,
    timeout_ms: Option<u64>,
    connect_timeout_ms: Option<u64>,
    stall_timeout_ms: Option<u64>,
    retry: Option<Retry>,
    proxy: Option<String>,
    proxy_from_env: Option<bool>,
    tls_backend: Option<String>,
    root_certificates: Option<String>,
    max_response_bytes: Option<u64>,
    user_agent_suffix: Option<String>,
    access_token: Option<Token>,
}

#[derive(Deserialize)]
struct System {
    name: Option<String>,
    version: Option<String>,
    plugin_name: Option<String>,
    plugin_version: Option<String>,
}

#[derive(Deserialize)]
struct Retry {
    max_attempts: Option<u32>,
    initial_backoff_ms: Option<u64>,
    max_backoff_ms: Option<u64>,
}

#[derive(Deserialize)]
struct Token {
    secret: String,
    expires_at: u64,
}

/// Reads the settings of a session from JSON.
pub(crate) fn from_json(json: &str) -> Result<SessionBuilder, Failure> {
    let config = Config::read(json)?;
    let keys = config.api_keys()?;
    let system = config.system_info()?;
    config.apply(Session::builder(keys, system))
}

/// Reads the settings of a session from the environment, which JSON overrides except for the keys.
pub(crate) fn from_env(json: &str) -> Result<SessionBuilder, Failure> {
    let config = Config::read(json)?;
    for (name, is_set) in [
        ("keys", config.keys.is_some()),
        ("client_id", config.client_id.is_some()),
        ("client_secret", config.client_secret.is_some()),
        ("subscription_key", config.subscription_key.is_some()),
    ] {
        if is_set {
            return Err(Failure::setting(
                name,
                "must not be set: keys are read from the environment",
            ));
        }
    }
    let builder = SessionBuilder::from_env(config.system_info()?)?;
    config.apply(builder)
}

/// Creates the session. Errors use the names of the JSON.
pub(crate) fn build(builder: SessionBuilder) -> Result<Session, Failure> {
    builder.build().map_err(|error| {
        let mut failure = Failure::from(error).renamed(member);
        if let Failure::Settings(entries) = &mut failure {
            // The crate's reason gives a `Duration`, not the milliseconds of the JSON.
            let timeouts = entries.iter_mut().filter(|(name, _)| name.ends_with("_ms"));
            timeouts.for_each(|(_, reason)| TIMEOUT_RANGE.clone_into(reason));
        }
        failure
    })
}

const TIMEOUT_RANGE: &str = "must be 1 to 86400000 milliseconds (24 hours)";

/// The JSON member for a setting that has another name in the crate's errors.
fn member(setting: &str) -> Option<&'static str> {
    Some(match setting {
        "timeout" => "timeout_ms",
        "connect_timeout" => "connect_timeout_ms",
        "stall_timeout" => "stall_timeout_ms",
        "Vipps-System-Name" => "system.name",
        "Vipps-System-Version" => "system.version",
        "Vipps-System-Plugin-Name" => "system.plugin_name",
        "Vipps-System-Plugin-Version" => "system.plugin_version",
        _ => return None,
    })
}

impl Config {
    fn read(json: &str) -> Result<Self, Failure> {
        strict::request(json, "config_json").map_err(Failure::of_settings)
    }

    fn api_keys(&self) -> Result<ApiKeys, Failure> {
        let id = required("client_id", self.client_id.as_ref())?;
        let secret = required("client_secret", self.client_secret.as_ref())?;
        match self.keys.as_deref() {
            None | Some("standard") => {
                let key = required("subscription_key", self.subscription_key.as_ref())?;
                Ok(ApiKeys::standard(id, secret, key))
            }
            Some("management") if self.subscription_key.is_some() => {
                let reason = "must not be set for management keys: the token endpoint refuses it";
                Err(Failure::setting("subscription_key", reason))
            }
            Some("management") => Ok(ApiKeys::management(id, secret)),
            Some(_) => {
                let reason = "must be \"standard\" or \"management\"";
                Err(Failure::setting("keys", reason))
            }
        }
    }

    fn system_info(&self) -> Result<SystemInfo, Failure> {
        let system = self.system.as_ref();
        let system = system.ok_or_else(|| Failure::setting("system", "must be set"))?;
        let name = required("system.name", system.name.as_ref())?;
        let version = required("system.version", system.version.as_ref())?;
        let info = SystemInfo::new(name, version);
        let info = match (&system.plugin_name, &system.plugin_version) {
            (None, None) => info,
            (name, version) => {
                let name = required("system.plugin_name", name.as_ref())?;
                let version = required("system.plugin_version", version.as_ref())?;
                info.and_then(|info| info.plugin(name, version))
            }
        };
        info.map_err(|error| Failure::from(error).renamed(member))
    }

    fn apply(self, mut builder: SessionBuilder) -> Result<SessionBuilder, Failure> {
        if let Some(name) = self.environment {
            let environment = match name.as_str() {
                "production" => Environment::Production,
                "test" => Environment::Test,
                _ => {
                    let reason = "must be \"production\" or \"test\"";
                    return Err(Failure::setting("environment", reason));
                }
            };
            // Also overrides VIPPS_BASE_URL.
            builder = builder.base_url(environment.base_url());
        }
        if let Some(url) = self.base_url {
            builder = builder.base_url(url);
        }
        if self.allow_plain_http == Some(true) {
            builder = builder.allow_plain_http();
        }
        if let Some(msn) = self.merchant_serial_number {
            let wrong = |_| Failure::setting("merchant_serial_number", "must be 4 to 10 digits");
            let msn = Msn::new(msn).map_err(wrong)?;
            builder = builder.merchant_serial_number(msn);
        }
        if let Some(time) = self.timeout_ms {
            builder = builder.timeout(Duration::from_millis(time));
        }
        if let Some(time) = self.connect_timeout_ms {
            builder = builder.connect_timeout(Duration::from_millis(time));
        }
        if let Some(time) = self.stall_timeout_ms {
            builder = builder.stall_timeout(Duration::from_millis(time));
        }
        if let Some(retry) = self.retry {
            let mut policy = RetryPolicy::default();
            if let Some(attempts) = retry.max_attempts {
                policy = policy.max_attempts(attempts);
            }
            if let Some(wait) = retry.initial_backoff_ms {
                policy = policy.initial_backoff(Duration::from_millis(wait));
            }
            if let Some(wait) = retry.max_backoff_ms {
                policy = policy.max_backoff(Duration::from_millis(wait));
            }
            builder = builder.retry(policy);
        }
        if let Some(url) = self.proxy {
            builder = builder.proxy(url);
        }
        if self.proxy_from_env == Some(true) {
            builder = builder.proxy_from_env();
        }
        if let Some(name) = self.tls_backend {
            builder = builder.tls_backend(match name.as_str() {
                "rustls" => TlsBackend::Rustls,
                "native-tls" => TlsBackend::NativeTls,
                _ => {
                    let reason = "must be \"rustls\" or \"native-tls\"";
                    return Err(Failure::setting("tls_backend", reason));
                }
            });
        }
        if let Some(pem) = self.root_certificates {
            builder = builder.root_certificates(pem);
        }
        if let Some(bytes) = self.max_response_bytes {
            builder = builder.max_response_bytes(bytes);
        }
        if let Some(suffix) = self.user_agent_suffix {
            builder = builder.user_agent_suffix(suffix);
        }
        if let Some(token) = self.access_token {
            let expires_at =
                SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(token.expires_at));
            let expires_at = expires_at.unwrap_or(SystemTime::UNIX_EPOCH);
            let token = AccessToken::valid_until(&token.secret, expires_at).map_err(|error| {
                Failure::from(error)
                    .renamed(|_| Some("access_token.secret"))
                    .of_settings()
            })?;
            builder = builder.access_token(token);
        }
        Ok(builder)
    }
}

fn required<'a>(name: &str, value: Option<&'a String>) -> Result<&'a str, Failure> {
    let value = value.map(String::as_str);
    value.ok_or_else(|| Failure::setting(name, "must be set"))
}
