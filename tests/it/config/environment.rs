//! Sessions built from the environment, each in a separate process.

use super::*;

/// Runs [`Session::from_env`] in a process with these variables.
struct FromEnv(Vec<(&'static str, OsString)>);

/// Tells [`from_env_in_a_child_process`] that it is the child process.
const MARKER: &str = "IT_FROM_ENV";

impl FromEnv {
    fn standard() -> Self {
        Self(Vec::new())
            .with("VIPPS_CLIENT_ID", "sandbox-client-id")
            .with("VIPPS_CLIENT_SECRET", "sandbox-client-secret")
            .with("VIPPS_SUBSCRIPTION_KEY", "sandbox-key-1")
    }

    fn with(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.0.retain(|(other, _)| *other != name);
        self.0.push((name, value.into()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.0.retain(|(other, _)| *other != name);
        self
    }

    /// What the child prints: the sales units it got, or its error.
    #[track_caller]
    fn run(self) -> String {
        self.run_with("alone")
    }

    /// Like [`run`](Self::run), with the session built in another way.
    #[track_caller]
    fn run_with(self, way: &str) -> String {
        let mut child = Command::new(std::env::current_exe().unwrap());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("VIPPS_") {
                child.env_remove(name);
            }
        }
        let output = child
            .args([
                "config::environment::from_env_in_a_child_process",
                "--exact",
            ])
            .arg("--nocapture")
            .env(MARKER, way)
            // A session ignores these unless told otherwise.
            .env("ALL_PROXY", "http://127.0.0.1:1")
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .envs(self.0)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let start = text.find("<<<").unwrap_or_else(|| panic!("{text}"));
        let end = text.find(">>>").unwrap_or_else(|| panic!("{text}"));
        text[start + 3..end].to_owned()
    }
}

/// The child process of these tests. Only they set the marker, and they check its output.
#[test]
fn from_env_in_a_child_process() {
    let system = SystemInfo::new("acme", "1").unwrap();
    let session = match std::env::var(MARKER).as_deref() {
        Err(_) => return,
        Ok("builder") => SessionBuilder::from_env(system).and_then(|builder| {
            let builder = builder.timeout(Duration::from_secs(30));
            builder.build()
        }),
        Ok("another address") => SessionBuilder::from_env(system).and_then(|builder| {
            let builder = builder.base_url("http://example.org");
            builder.build()
        }),
        Ok(_) => Session::from_env(system),
    };
    let session = match session {
        Ok(session) => session,
        Err(error) => return println!("<<<{error}>>>"),
    };
    if std::env::var(MARKER).as_deref() == Ok("base URL") {
        return println!("<<<{}>>>", session.base_url());
    }
    match management::list_sales_units(&session) {
        Ok(units) => println!("<<<{} units>>>", units.len()),
        Err(error) => println!("<<<sent: {error}>>>"),
    }
}

#[test]
fn the_environment_configures_a_working_session() {
    let sandbox = Sandbox::start().unwrap();
    let standard = FromEnv::standard().with("VIPPS_BASE_URL", sandbox.url());
    assert_eq!(standard.run(), "3 units");
    let request = last_request(&sandbox);
    assert_eq!(request.header("merchant-serial-number"), None);
    assert_eq!(
        request.header("ocp-apim-subscription-key"),
        Some("sandbox-key-1")
    );

    // An empty variable counts as unset; `standard` is the default.
    let standard = FromEnv::standard()
        .with("VIPPS_BASE_URL", sandbox.url())
        .with("VIPPS_KEYS", "standard")
        .with("VIPPS_MERCHANT_SERIAL_NUMBER", "");
    assert_eq!(standard.run(), "3 units");

    let with_msn = FromEnv::standard()
        .with("VIPPS_BASE_URL", sandbox.url())
        .with("VIPPS_KEYS", "")
        .with("VIPPS_MERCHANT_SERIAL_NUMBER", "654321");
    assert_eq!(with_msn.run(), "3 units");
    let request = last_request(&sandbox);
    assert_eq!(request.header("merchant-serial-number"), Some("654321"));

    for subscription_key in [None, Some("")] {
        sandbox.clear_requests();
        let mut management = FromEnv(Vec::new())
            .with("VIPPS_KEYS", "management")
            .with("VIPPS_CLIENT_ID", "sandbox-management-id")
            .with("VIPPS_CLIENT_SECRET", "sandbox-mgmt-secret")
            .with("VIPPS_BASE_URL", sandbox.url());
        if let Some(key) = subscription_key {
            management = management.with("VIPPS_SUBSCRIPTION_KEY", key);
        }
        assert_eq!(management.run(), "3 units");
        assert_eq!(sandbox.count("POST /miami/v1/token"), 1);
        for request in sandbox.requests() {
            assert_eq!(request.header("ocp-apim-subscription-key"), None);
        }
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[test]
fn the_environment_names_the_server() {
    let base_url = |environment: FromEnv| environment.run_with("base URL");
    for (name, expected) in [
        ("", "https://api.vipps.no"),
        ("production", "https://api.vipps.no"),
        ("test", "https://apitest.vipps.no"),
    ] {
        let environment = FromEnv::standard().with("VIPPS_ENVIRONMENT", name);
        assert_eq!(base_url(environment), expected);
    }
    let both = FromEnv::standard()
        .with("VIPPS_ENVIRONMENT", "test")
        .with("VIPPS_BASE_URL", "https://example.com");
    assert_eq!(base_url(both), "https://example.com");
}

#[test]
fn every_missing_variable_is_named_in_one_error() {
    let missing = |names: &str| {
        let entries = names.split(' ');
        let entries: Vec<String> = entries
            .map(|name| format!("{name}: not set in the environment"))
            .collect();
        format!("configuration: {}", entries.join("; "))
    };
    for name in [
        "VIPPS_CLIENT_ID",
        "VIPPS_CLIENT_SECRET",
        "VIPPS_SUBSCRIPTION_KEY",
    ] {
        assert_eq!(FromEnv::standard().without(name).run(), missing(name));
        // An empty variable counts as unset.
        assert_eq!(FromEnv::standard().with(name, "").run(), missing(name));
    }
    assert_eq!(
        FromEnv(Vec::new()).run(),
        missing("VIPPS_CLIENT_ID VIPPS_CLIENT_SECRET VIPPS_SUBSCRIPTION_KEY")
    );
    let two = FromEnv::standard().with("VIPPS_CLIENT_ID", "");
    assert_eq!(
        two.without("VIPPS_SUBSCRIPTION_KEY").run(),
        missing("VIPPS_CLIENT_ID VIPPS_SUBSCRIPTION_KEY")
    );
    assert_eq!(
        FromEnv(Vec::new()).with("VIPPS_KEYS", "management").run(),
        missing("VIPPS_CLIENT_ID VIPPS_CLIENT_SECRET")
    );
}

#[test]
fn an_invalid_variable_is_named_without_its_value() {
    let sandbox = Sandbox::start().unwrap();
    let plain_http = "configuration: VIPPS_BASE_URL: must be https, since http would send keys and \
                      tokens in the clear; http is allowed for loopback hosts, or for any host \
                      with allow_plain_http()";
    for (name, value, expected) in [
        (
            "VIPPS_KEYS",
            "other",
            "configuration: VIPPS_KEYS: must be `standard` or `management`",
        ),
        (
            "VIPPS_KEYS",
            "Management",
            "configuration: VIPPS_KEYS: must be `standard` or `management`",
        ),
        (
            "VIPPS_KEYS",
            "management",
            "configuration: VIPPS_SUBSCRIPTION_KEY: must not be set with VIPPS_KEYS=management: \
             the token endpoint refuses it",
        ),
        (
            "VIPPS_ENVIRONMENT",
            "staging",
            "configuration: VIPPS_ENVIRONMENT: must be `production` or `test`",
        ),
        (
            "VIPPS_MERCHANT_SERIAL_NUMBER",
            "12",
            "configuration: VIPPS_MERCHANT_SERIAL_NUMBER: must be 4 to 10 digits",
        ),
        ("VIPPS_BASE_URL", "http://example.com", plain_http),
        (
            "VIPPS_CLIENT_ID",
            "id\n",
            "configuration: VIPPS_CLIENT_ID: must be visible ASCII, but has a line break at \
             position 3",
        ),
        (
            "VIPPS_CLIENT_SECRET",
            " hush",
            "configuration: VIPPS_CLIENT_SECRET: must not begin or end with a space",
        ),
        (
            "VIPPS_SUBSCRIPTION_KEY",
            "nøkkel",
            "configuration: VIPPS_SUBSCRIPTION_KEY: must be visible ASCII, but has a character \
             outside ASCII at position 2",
        ),
    ] {
        // The same holds when other settings were added.
        for way in ["alone", "builder"] {
            let environment = FromEnv::standard().with("VIPPS_BASE_URL", sandbox.url());
            assert_eq!(environment.with(name, value).run_with(way), expected);
        }
    }
    // A setting from elsewhere goes by its own name.
    let environment = FromEnv::standard().with("VIPPS_BASE_URL", sandbox.url());
    assert_eq!(
        environment.run_with("another address"),
        plain_http.replace("VIPPS_BASE_URL", "base_url")
    );
    assert_eq!(sandbox.requests(), []);
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_unicode_is_named() {
    use std::os::unix::ffi::OsStringExt;

    for name in [
        "VIPPS_CLIENT_ID",
        "VIPPS_CLIENT_SECRET",
        "VIPPS_SUBSCRIPTION_KEY",
        "VIPPS_KEYS",
        "VIPPS_MERCHANT_SERIAL_NUMBER",
        "VIPPS_BASE_URL",
    ] {
        let latin_1 = OsString::from_vec(b"n\xf8kkel".to_vec());
        assert_eq!(
            FromEnv::standard().with(name, latin_1).run(),
            format!("configuration: {name}: must be valid UTF-8")
        );
    }
}
