//! The plain structs of the header, and the observer that is called with one of them.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use vipps::{Attempt, Error, SystemInfo};

use crate::boundary::{optional_text, text};
use crate::error::Failure;
use crate::string::c_string;

#[repr(C)]
pub(crate) struct vipps_system_info {
    pub(crate) name: *const c_char,
    pub(crate) version: *const c_char,
    pub(crate) plugin_name: *const c_char,
    pub(crate) plugin_version: *const c_char,
}

impl vipps_system_info {
    /// The pointers are NULL or those of NUL-terminated strings.
    pub(crate) unsafe fn read(&self) -> Result<SystemInfo, Failure> {
        // SAFETY: the caller's promise.
        let (name, version, plugin_name, plugin_version) = unsafe {
            (
                text(self.name, "system.name")?,
                text(self.version, "system.version")?,
                optional_text(self.plugin_name, "system.plugin_name")?,
                optional_text(self.plugin_version, "system.plugin_version")?,
            )
        };
        let plugin = match (plugin_name, plugin_version) {
            (Some(name), Some(version)) => Some((name, version)),
            (None, None) => None,
            (Some(_), None) => return Err(Failure::Null("system.plugin_version")),
            (None, Some(_)) => return Err(Failure::Null("system.plugin_name")),
        };
        Ok(system_info(name, version, plugin)?)
    }
}

/// The system, with the name and the version of its plugin.
pub(crate) fn system_info(
    name: &str,
    version: &str,
    plugin: Option<(&str, &str)>,
) -> Result<SystemInfo, Error> {
    let system = SystemInfo::new(name, version)?;
    match plugin {
        Some((name, version)) => system.plugin(name, version),
        None => Ok(system),
    }
}

#[repr(C)]
pub(crate) struct vipps_attempt {
    method: *const c_char,
    path: *const c_char,
    trace_id: *const c_char,
    http_status: c_int,
    attempt: u32,
    elapsed_us: u64,
}

/// It may unwind: a panic in one that was written in Rust is caught with all others.
pub(crate) type vipps_observer =
    Option<unsafe extern "C-unwind" fn(user: *mut c_void, attempt: *const vipps_attempt)>;

pub(crate) type vipps_release = Option<unsafe extern "C-unwind" fn(user: *mut c_void)>;

/// A function with its user pointer, which is given back when the last session that may call it is gone.
pub(crate) struct Observer {
    callback: unsafe extern "C-unwind" fn(*mut c_void, *const vipps_attempt),
    user: *mut c_void,
    release: vipps_release,
}

// SAFETY: the header asks for a function and a pointer that any thread may use.
unsafe impl Send for Observer {}
// SAFETY: as above, at the same time.
unsafe impl Sync for Observer {}

impl Observer {
    /// The functions may be called with `user`, by any thread, until `release` was.
    pub(crate) unsafe fn new(
        callback: vipps_observer,
        user: *mut c_void,
        release: vipps_release,
    ) -> Result<Self, Failure> {
        let callback = callback.ok_or(Failure::Null("callback"))?;
        Ok(Self {
            callback,
            user,
            release,
        })
    }

    pub(crate) fn call(&self, attempt: &Attempt) {
        let (method, path) = (c_string(attempt.method()), c_string(attempt.path()));
        let trace_id = attempt.trace_id().map(c_string);
        let seen = vipps_attempt {
            method: method.as_ptr(),
            path: path.as_ptr(),
            trace_id: trace_id.as_ref().map_or(ptr::null(), |id| id.as_ptr()),
            http_status: attempt.status().map_or(0, c_int::from),
            attempt: attempt.number(),
            elapsed_us: u64::try_from(attempt.elapsed().as_micros()).unwrap_or(u64::MAX),
        };
        // SAFETY: the promise at `new`; `seen` outlives the call.
        unsafe { (self.callback)(self.user, &raw const seen) }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: the promise at `new`; nobody calls the observer any more.
            unsafe { release(self.user) }
        }
    }
}
