//! The server that an example talks to.

use vipps::sandbox::Sandbox;
use vipps::{Error, SessionBuilder, SystemInfo};

/// The service if the environment says how to reach it, otherwise a sandbox, which has to outlive the session.
pub(crate) fn session_builder(program: &str) -> Result<(SessionBuilder, Option<Sandbox>), Error> {
    if is_in_environment() {
        let system = SystemInfo::new(format!("vipps-{program}"), env!("CARGO_PKG_VERSION"))?;
        return Ok((SessionBuilder::from_env(system)?, None));
    }
    let sandbox = Sandbox::start()?;
    Ok((sandbox.session_builder()?, Some(sandbox)))
}

/// Whether the environment says how to reach the service.
pub(crate) fn is_in_environment() -> bool {
    // A variable that is missing is an error to report, and no reason to send things nowhere.
    std::env::vars_os().any(|(name, _)| {
        let name = name.to_string_lossy();
        name.starts_with("VIPPS_")
    })
}
