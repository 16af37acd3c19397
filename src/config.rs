//! The settings of a session.

pub(crate) mod api_keys;
pub(crate) mod base_url;
pub(crate) mod clock;
pub(crate) mod deadline;
pub(crate) mod no_proxy;
pub(crate) mod proxy;
pub(crate) mod retry;
pub(crate) mod system_info;
pub(crate) mod tls;
