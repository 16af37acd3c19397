//! The crate's settings in the words of whoever set them.

/// What the settings of a session are called where they are set.
#[derive(Clone, Copy)]
pub(crate) enum Names {
    /// The functions of the builder, without what they have in common, and the members of `vipps_system_info`.
    Setters,
    /// The members of the JSON configuration.
    Json,
}

impl Names {
    /// A setting and what is said of it.
    pub(crate) fn translate(self, setting: String, reason: String) -> (String, String) {
        let theirs = |setter: &'static str, json: &'static str| match self {
            Self::Setters => setter,
            Self::Json => json,
        };
        let known = SETTINGS.into_iter().find(|[name, ..]| *name == setting);
        let setting = known.map_or(setting, |[_, setter, json]| theirs(setter, json).to_owned());
        let mut reason = reason;
        for [advice, setter, json] in ADVICE {
            reason = reason.replace(advice, theirs(setter, json));
        }
        (setting, reason)
    }
}

/// A setting as the crate, the setters and JSON call it. What is not here is called the same everywhere, such as a variable.
const SETTINGS: [[&str; 3]; 15] = [
    ["client_id", "client_id", "clientId"],
    ["client_secret", "client_secret", "clientSecret"],
    ["subscription_key", "subscription_key", "subscriptionKey"],
    ["Vipps-System-Name", "system.name", "systemName"],
    ["Vipps-System-Version", "system.version", "systemVersion"],
    [
        "Vipps-System-Plugin-Name",
        "system.plugin_name",
        "systemPluginName",
    ],
    [
        "Vipps-System-Plugin-Version",
        "system.plugin_version",
        "systemPluginVersion",
    ],
    ["base_url", "base_url", "baseUrl"],
    [
        "merchant_serial_number",
        "merchant_serial_number",
        "merchantSerialNumber",
    ],
    ["timeout", "timeout_ms", "timeoutMs"],
    ["connect_timeout", "connect_timeout_ms", "connectTimeoutMs"],
    ["tls_backend", "tls_backend", "tlsBackend"],
    ["root_certificates", "root_certificates", "rootCertificates"],
    [
        "max_response_bytes",
        "max_response_bytes",
        "maxResponseBytes",
    ],
    ["user_agent_suffix", "user_agent_suffix", "userAgentSuffix"],
];

/// The same for what reasons give as advice.
const ADVICE: [[&str; 3]; 6] = [
    [
        "allow_plain_http()",
        "vipps_session_builder_allow_plain_http()",
        "\"allowPlainHttp\": true",
    ],
    [
        " on the builder or with for_sales_unit()",
        " in the settings or by vipps_session_for_sales_unit()",
        " in the settings or by vipps_session_for_sales_unit()",
    ],
    [
        "keys are given as ApiKeys",
        "keys are arguments of their own",
        "keys are settings of their own",
    ],
    ["where base_url is", "where base_url is", "where baseUrl is"],
    ["TlsBackend::Rustls", "VIPPS_RUSTLS", "\"rustls\""],
    [
        "TlsBackend::NativeTls",
        "VIPPS_NATIVE_TLS",
        "\"native-tls\"",
    ],
];
