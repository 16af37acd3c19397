//! The server that an example talks to.

use vipps::sandbox::{Sandbox, SandboxBuilder};
use vipps::{Error, SessionBuilder, SystemInfo};

/// The API if any `VIPPS_*` is set, otherwise this sandbox, which has to outlive the session.
pub(crate) fn session_builder(
    program: &str,
    sandbox: SandboxBuilder,
) -> Result<(SessionBuilder, Option<Sandbox>), Error> {
    if is_in_environment() {
        let system = SystemInfo::new(format!("vipps-{program}"), env!("CARGO_PKG_VERSION"))?;
        return Ok((SessionBuilder::from_env(system)?, None));
    }
    let sandbox = sandbox.start()?;
    Ok((sandbox.session_builder()?, Some(sandbox)))
}

/// Whether the environment names the API. One variable is enough: a missing one is then an error,
/// and not a reason to use a sandbox without a word.
pub(crate) fn is_in_environment() -> bool {
    std::env::vars_os().any(|(name, _)| name.to_string_lossy().starts_with("VIPPS_"))
}
