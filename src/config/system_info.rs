use crate::Error;
use crate::model::header::header_value;
use ureq::http::HeaderValue;

/// The name and version of the calling system, sent as the four `Vipps-System-*` headers.
///
/// Vipps MobilePay uses them to investigate problems. Each value is 1 to 30 characters of visible
/// ASCII or spaces. Without a plugin, the plugin headers have the system's values.
///
/// ```
/// use vipps::SystemInfo;
///
/// let system = SystemInfo::new("acme", "3.1.2")?.plugin("acme-webshop", "4.5.6")?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Source: [HTTP headers](https://developer.vippsmobilepay.com/docs/knowledge-base/http-headers/).
#[doc(alias = "Vipps-System-Name")]
#[doc(alias = "Vipps-System-Version")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemInfo {
    name: HeaderValue,
    version: HeaderValue,
    plugin: Option<(HeaderValue, HeaderValue)>,
}

/// The limit of the Management API; the Order Management API allows 100.
const MAX_LENGTH: usize = 30;

impl SystemInfo {
    /// Names the calling system: `Vipps-System-Name` and `Vipps-System-Version`.
    ///
    /// ```
    /// let system =
    ///     vipps::SystemInfo::new("acme", env!("CARGO_PKG_VERSION"))?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the header if a value is empty,
    /// longer than 30 characters, not visible ASCII, or begins or ends with a space.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Result<Self, Error> {
        Ok(Self {
            name: checked("Vipps-System-Name", &name.into())?,
            version: checked("Vipps-System-Version", &version.into())?,
            plugin: None,
        })
    }

    /// Names the plugin: `Vipps-System-Plugin-Name` and `Vipps-System-Plugin-Version`.
    ///
    /// ```
    /// # use vipps::SystemInfo;
    /// let system = SystemInfo::new("woocommerce", "9.3.1")?
    ///     .plugin("acme-webshop", "4.5.6")?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`new`](Self::new).
    #[doc(alias = "Vipps-System-Plugin-Name")]
    #[doc(alias = "Vipps-System-Plugin-Version")]
    pub fn plugin(
        mut self,
        name: impl Into<String>,
        version: impl Into<String>,
    ) -> Result<Self, Error> {
        let name = checked("Vipps-System-Plugin-Name", &name.into())?;
        let version = checked("Vipps-System-Plugin-Version", &version.into())?;
        self.plugin = Some((name, version));
        Ok(self)
    }

    pub(crate) fn headers(&self) -> [(&'static str, &HeaderValue); 4] {
        let (plugin_name, plugin_version) = match &self.plugin {
            Some((name, version)) => (name, version),
            None => (&self.name, &self.version),
        };
        [
            ("vipps-system-name", &self.name),
            ("vipps-system-version", &self.version),
            ("vipps-system-plugin-name", plugin_name),
            ("vipps-system-plugin-version", plugin_version),
        ]
    }
}

fn checked(header: &str, value: &str) -> Result<HeaderValue, Error> {
    if value.chars().count() > MAX_LENGTH {
        let length = value.chars().count();
        return Err(Error::config(
            header,
            format!("must be at most {MAX_LENGTH} characters, not {length}"),
        ));
    }
    header_value(value).map_err(|reason| Error::config(header, reason))
}
