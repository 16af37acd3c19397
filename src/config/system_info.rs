use crate::Error;
use crate::model::header::header_value;
use ureq::http::HeaderValue;

/// What the calling system is: the four `Vipps-System-*` headers that go with every request.
///
/// The vendor reads them when something has gone wrong. Each is 1 to 30 characters of visible ASCII and spaces. Where no plugin is
/// named, the plugin headers repeat the system's.
///
/// ```
/// use vipps::SystemInfo;
///
/// let system = SystemInfo::new("acme", "3.1.2")?.plugin("acme-webshop", "4.5.6")?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Source: the section "System headers" of the vendor's page "HTTP headers".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemInfo {
    name: HeaderValue,
    version: HeaderValue,
    plugin: Option<(HeaderValue, HeaderValue)>,
}

/// The Management API takes 30 characters and the Order Management API 100: 30 holds everywhere.
const MAX_LENGTH: usize = 30;

impl SystemInfo {
    /// The solution: `Vipps-System-Name` and `Vipps-System-Version`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the header if a value is empty, longer than 30 characters, or not visible ASCII.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Result<Self, Error> {
        Ok(Self {
            name: checked("Vipps-System-Name", &name.into())?,
            version: checked("Vipps-System-Version", &version.into())?,
            plugin: None,
        })
    }

    /// The plugin: `Vipps-System-Plugin-Name` and `Vipps-System-Plugin-Version`.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
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
