//! A session's settings as JSON. Errors name the setting as it is called there, and show no value that may be a key.

use std::time::Duration;

use serde_json::Value;

use vipps::{
    AccessToken, ApiKeys, Environment, Msn, RetryPolicy, Session, SessionBuilder, SystemInfo,
    TlsBackend,
};

use crate::error::Failure;
use crate::names::Names;
use crate::request::{Json, TWICE};
use crate::settings::system_info;

pub(crate) fn from_json(config: &str) -> Result<SessionBuilder, Failure> {
    let config: Json = serde_json::from_str(config).map_err(|error| {
        // Where it is wrong, and not what stands there.
        let (line, column) = (error.line(), error.column());
        let reason = format!("must be JSON, and is not at line {line} column {column}");
        Failure::setting("config_json", &reason)
    })?;
    let Json::Object(members) = config else {
        return Err(Failure::setting("config_json", "must be an object"));
    };
    let mut config = Config {
        members,
        within: "",
    };
    let mut builder = Session::builder(config.keys()?, config.system()?);

    if let Some(name) = config.text("environment")? {
        builder = builder.environment(match name.as_str() {
            "production" => Environment::Production,
            "test" => Environment::Test,
            _ => return Err(config.wrong("environment", "must be `production` or `test`")),
        });
    }
    if let Some(url) = config.text("baseUrl")? {
        builder = builder.base_url(url);
    }
    if config.flag("allowPlainHttp")? {
        builder = builder.allow_plain_http();
    }
    if let Some(msn) = config.text("merchantSerialNumber")? {
        let msn = Msn::new(msn);
        let wrong = |_| config.wrong("merchantSerialNumber", "must be 4 to 10 digits");
        builder = builder.merchant_serial_number(msn.map_err(wrong)?);
    }
    if let Some(time) = config.milliseconds("timeoutMs")? {
        builder = builder.timeout(time);
    }
    if let Some(time) = config.milliseconds("connectTimeoutMs")? {
        builder = builder.connect_timeout(time);
    }
    if let Some(policy) = config.retry()? {
        builder = builder.retry(policy);
    }
    if let Some(url) = config.text("proxy")? {
        builder = builder.proxy(url);
    }
    if config.flag("proxyFromEnv")? {
        builder = builder.proxy_from_env();
    }
    if let Some(name) = config.text("tlsBackend")? {
        builder = builder.tls_backend(match name.as_str() {
            "rustls" => TlsBackend::Rustls,
            "native-tls" => TlsBackend::NativeTls,
            _ => return Err(config.wrong("tlsBackend", "must be `rustls` or `native-tls`")),
        });
    }
    if let Some(pem) = config.text("rootCertificates")? {
        builder = builder.root_certificates(pem);
    }
    if let Some(bytes) = config.number("maxResponseBytes")? {
        builder = builder.max_response_bytes(bytes);
    }
    if let Some(suffix) = config.text("userAgentSuffix")? {
        builder = builder.user_agent_suffix(suffix);
    }
    if let Some(token) = config.access_token()? {
        builder = builder.access_token(token);
    }
    config.end()?;
    Ok(builder)
}

/// Of the plugin's name and version, the one that is missing.
const PLUGIN: &str = "must be set: a plugin has both a name and a version";

/// An object whose members are taken one by one, until none is left.
struct Config {
    members: Vec<(String, Json)>,
    /// The member of another object that it is, with a dot.
    within: &'static str,
}

impl Config {
    fn keys(&mut self) -> Result<ApiKeys, Failure> {
        let is_management = match self.text("keys")?.as_deref() {
            None | Some("standard") => false,
            Some("management") => true,
            Some(_) => return Err(self.wrong("keys", "must be `standard` or `management`")),
        };
        let client_id = self.required("clientId")?;
        let client_secret = self.required("clientSecret")?;
        if !is_management {
            let subscription_key = self.required("subscriptionKey")?;
            return Ok(ApiKeys::standard(
                client_id,
                client_secret,
                subscription_key,
            ));
        }
        if self.text("subscriptionKey")?.is_some() {
            let reason = "must not be set for management keys: the token endpoint refuses it";
            return Err(self.wrong("subscriptionKey", reason));
        }
        Ok(ApiKeys::management(client_id, client_secret))
    }

    fn system(&mut self) -> Result<SystemInfo, Failure> {
        let name = self.required("systemName")?;
        let version = self.required("systemVersion")?;
        let plugin = match (
            self.text("systemPluginName")?,
            self.text("systemPluginVersion")?,
        ) {
            (Some(name), Some(version)) => Some((name, version)),
            (None, None) => None,
            (Some(_), None) => return Err(self.wrong("systemPluginVersion", PLUGIN)),
            (None, Some(_)) => return Err(self.wrong("systemPluginName", PLUGIN)),
        };
        let plugin = plugin.as_ref();
        let plugin = plugin.map(|(name, version)| (name.as_str(), version.as_str()));
        let system = system_info(&name, &version, plugin);
        system.map_err(|error| Failure::Library(error).named(Names::Json))
    }

    fn retry(&mut self) -> Result<Option<RetryPolicy>, Failure> {
        let Some(mut retry) = self.object("retry", "retry.")? else {
            return Ok(None);
        };
        let mut policy = RetryPolicy::default();
        if let Some(attempts) = retry.number("maxAttempts")? {
            policy = policy.max_attempts(u32::try_from(attempts).unwrap_or(u32::MAX));
        }
        if let Some(wait) = retry.milliseconds("initialBackoffMs")? {
            policy = policy.initial_backoff(wait);
        }
        if let Some(wait) = retry.milliseconds("maxBackoffMs")? {
            policy = policy.max_backoff(wait);
        }
        retry.end()?;
        Ok(Some(policy))
    }

    fn access_token(&mut self) -> Result<Option<AccessToken>, Failure> {
        let Some(mut token) = self.object("accessToken", "accessToken.")? else {
            return Ok(None);
        };
        let text = token.required("token")?;
        let expires_in = token.milliseconds("expiresInMs")?;
        let expires_in = expires_in.ok_or_else(|| token.wrong("expiresInMs", "must be set"))?;
        token.end()?;
        let kept = AccessToken::new(&text, expires_in);
        let kept = kept.map_err(|error| match error.field_problems() {
            [problem, ..] => token.wrong("token", &problem.reason),
            [] => Failure::from(error),
        })?;
        Ok(Some(kept))
    }

    fn required(&mut self, name: &str) -> Result<String, Failure> {
        let text = self.text(name)?;
        text.ok_or_else(|| self.wrong(name, "must be set"))
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, Failure> {
        match self.take(name)? {
            None => Ok(None),
            Some(Json::Plain(Value::String(text))) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "must be a string")),
        }
    }

    fn number(&mut self, name: &str) -> Result<Option<u64>, Failure> {
        match self.take(name)? {
            None => Ok(None),
            Some(Json::Plain(Value::Number(number))) if number.is_u64() => Ok(number.as_u64()),
            Some(_) => Err(self.wrong(name, "must be a whole number, and not negative")),
        }
    }

    fn milliseconds(&mut self, name: &str) -> Result<Option<Duration>, Failure> {
        Ok(self.number(name)?.map(Duration::from_millis))
    }

    fn flag(&mut self, name: &str) -> Result<bool, Failure> {
        match self.take(name)? {
            None => Ok(false),
            Some(Json::Plain(Value::Bool(flag))) => Ok(flag),
            Some(_) => Err(self.wrong(name, "must be true or false")),
        }
    }

    fn object(&mut self, name: &str, within: &'static str) -> Result<Option<Self>, Failure> {
        match self.take(name)? {
            None => Ok(None),
            Some(Json::Object(members)) => Ok(Some(Self { members, within })),
            Some(_) => Err(self.wrong(name, "must be an object")),
        }
    }

    /// The value of a setting; `null` is one that is not set.
    fn take(&mut self, name: &str) -> Result<Option<Json>, Failure> {
        let mut value = None;
        while let Some(at) = self.members.iter().position(|(member, _)| member == name) {
            let (_, found) = self.members.swap_remove(at);
            if value.replace(found).is_some() {
                return Err(self.wrong(name, TWICE));
            }
        }
        Ok(value.filter(|value| !matches!(value, Json::Plain(Value::Null))))
    }

    /// A setting that nobody knows is a misspelt one.
    fn end(&self) -> Result<(), Failure> {
        match self.members.first() {
            None => Ok(()),
            Some((unknown, _)) => Err(self.wrong(unknown, "is not a setting")),
        }
    }

    fn wrong(&self, name: &str, reason: &str) -> Failure {
        Failure::setting(&format!("{}{name}", self.within), reason)
    }
}
