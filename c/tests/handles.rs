//! Sessions and builders of the C ABI, as values that free themselves.

use std::ffi::{CStr, CString, c_char, c_int};
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::{ptr, thread};

use crate::builder::*;
use crate::endpoints::vipps_list_sales_units;
use crate::error::{vipps_error, vipps_error_free, vipps_error_message};
use crate::session::{vipps_session, vipps_session_free, vipps_session_new_from_json};
use crate::settings::vipps_system_info;

pub(crate) type ErrorOut = *mut *mut vipps_error;

/// What a call returns, with its error's message.
pub(crate) fn call(call: impl FnOnce(ErrorOut) -> c_int) -> (c_int, String) {
    let mut error = ptr::null_mut();
    let status = call(&raw mut error);
    let mut message: *const c_char = ptr::null();
    // SAFETY: the error is the library's, or NULL.
    let message = unsafe {
        vipps_error_message(error, &raw mut message);
        let text = match message.is_null() {
            true => String::new(),
            false => CStr::from_ptr(message).to_str().unwrap().to_owned(),
        };
        vipps_error_free(error);
        text
    };
    (status, message)
}

/// A session of these settings that lives as long as this.
pub(crate) struct Session(pub(crate) *mut vipps_session);

impl Session {
    pub(crate) fn from_json(config: &str) -> Result<Self, (c_int, String)> {
        let config = CString::new(config).unwrap();
        let mut session = ptr::null_mut();
        // SAFETY: the pointers live as long as the call.
        let result = call(|error| unsafe {
            vipps_session_new_from_json(config.as_ptr(), &raw mut session, error)
        });
        match result.0 {
            0 => Ok(Self(session)),
            _ => Err(result),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: it is freed once.
        unsafe { vipps_session_free(self.0) }
    }
}

/// The first line that a session with this proxy sends to it.
pub(crate) fn asked_of_a_proxy(
    session: impl FnOnce(&str) -> Result<Session, (c_int, String)>,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let session = session(&format!("http://{address}")).map_err(|(_, message)| message);
    let session = session.unwrap();
    let proxy = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line
    });
    assert_ne!(list(&session).0, 0);
    // For a session that asked nothing of it.
    drop(TcpStream::connect(address));
    proxy.join().unwrap().trim_end().to_owned()
}

pub(crate) fn list(session: &Session) -> (c_int, String) {
    let mut json = ptr::null_mut();
    // SAFETY: the session is there, and the string is freed once.
    call(|error| unsafe {
        let status = vipps_list_sales_units(session.0, &raw mut json, error);
        crate::string::vipps_string_free(json);
        status
    })
}

/// A builder that is freed with this.
pub(crate) struct Builder(pub(crate) *mut vipps_session_builder);

impl Builder {
    pub(crate) fn new() -> Self {
        let system = system_info();
        let mut builder = ptr::null_mut();
        let (id, secret) = (c"sandbox-client-id", c"sandbox-client-secret");
        let key = c"sandbox-key-1";
        // SAFETY: the texts outlive the call.
        let result = call(|error| unsafe {
            let (id, secret, key) = (id.as_ptr(), secret.as_ptr(), key.as_ptr());
            vipps_session_builder_new(id, secret, key, &raw const system, &raw mut builder, error)
        });
        assert_eq!(result, (0, String::new()));
        Self(builder)
    }

    /// A new one with one more setting.
    pub(crate) fn with(set: impl FnOnce(*mut vipps_session_builder, ErrorOut) -> c_int) -> Self {
        let builder = Self::new();
        assert_eq!(call(|error| set(builder.0, error)), (0, String::new()));
        builder
    }

    /// Of what it shows of itself, the end.
    pub(crate) fn settings(&self) -> String {
        // SAFETY: the builder is there.
        let shown = unsafe { format!("{:?}", (*self.0).settings.as_ref().unwrap()) };
        shown[shown.find("timeout: ").unwrap()..].to_owned()
    }

    pub(crate) fn build(&self) -> Result<Session, (c_int, String)> {
        let mut session = ptr::null_mut();
        // SAFETY: the builder is there.
        let result =
            call(|error| unsafe { vipps_session_builder_build(self.0, &raw mut session, error) });
        match result.0 {
            0 => Ok(Session(session)),
            _ => Err(result),
        }
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        // SAFETY: it is freed once.
        unsafe { vipps_session_builder_free(self.0) }
    }
}

fn system_info() -> vipps_system_info {
    vipps_system_info {
        name: c"acme".as_ptr(),
        version: c"3.1.2".as_ptr(),
        plugin_name: c"acme-webshop".as_ptr(),
        plugin_version: c"4.5.6".as_ptr(),
    }
}
