//! The server that an example talks to.

use vipps::sandbox::{Sandbox, SandboxBuilder};
use vipps::{Error, SessionBuilder, SystemInfo};

/// The API if the environment says how to reach it, otherwise this sandbox, which has to outlive the
/// session.
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

/// Whether the environment says how to reach the API.
pub(crate) fn is_in_environment() -> bool {
    // A variable that is missing is an error to report, and no reason to send things nowhere.
    std::env::vars_os().any(|(name, _)| {
        let name = name.to_string_lossy();
        name.starts_with("VIPPS_")
    })
}
