//! Sessions of the C library that are freed on drop.

use std::ffi::{CStr, CString, c_char};
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::{ptr, thread};

use crate::endpoints::vipps_list_sales_units;
use crate::error::{vipps_error, vipps_error_free, vipps_error_message, vipps_status};
use crate::observer::vipps_observer;
use crate::session::{vipps_session, vipps_session_free, vipps_session_new};
use crate::string::vipps_string_free;

pub(crate) type ErrorOut = *mut *mut vipps_error;

/// The status and the error message of a call.
pub(crate) fn call(call: impl FnOnce(ErrorOut) -> vipps_status) -> (i32, String) {
    let mut error = ptr::null_mut();
    let status = call(&raw mut error);
    let mut message: *const c_char = ptr::null();
    // SAFETY: the error is NULL or was returned by the library, and is freed once.
    let message = unsafe {
        vipps_error_message(error, &raw mut message);
        let text = match message.is_null() {
            true => String::new(),
            false => CStr::from_ptr(message).to_str().unwrap().to_owned(),
        };
        vipps_error_free(error);
        text
    };
    (status as i32, message)
}

/// A session that is freed on drop.
pub(crate) struct Session(pub(crate) *mut vipps_session);

impl Session {
    pub(crate) fn new(config: &str) -> Result<Self, (i32, String)> {
        Self::observed(config, ptr::null())
    }

    pub(crate) fn observed(
        config: &str,
        observer: *const vipps_observer,
    ) -> Result<Self, (i32, String)> {
        let config = CString::new(config).unwrap();
        let mut session = ptr::null_mut();
        // SAFETY: the pointers are valid during the call.
        let result = call(|error| unsafe {
            vipps_session_new(config.as_ptr(), observer, &raw mut session, error)
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

/// The first line that a session sends to its proxy.
pub(crate) fn sent_to_a_proxy(
    session: impl FnOnce(&str) -> Result<Session, (i32, String)>,
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
    // Ends the thread if the session did not use the proxy.
    drop(TcpStream::connect(address));
    proxy.join().unwrap().trim_end().to_owned()
}

pub(crate) fn list(session: &Session) -> (i32, String) {
    let mut json = ptr::null_mut();
    // SAFETY: the session is not freed yet, and the string is freed once.
    call(|error| unsafe {
        let status = vipps_list_sales_units(session.0, &raw mut json, error);
        vipps_string_free(json);
        status
    })
}
