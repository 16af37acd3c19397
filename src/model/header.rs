//! Header values and their size limits.

use ureq::http::HeaderValue;

/// The size of the transport's output buffer, which must hold any one line of a request's head. A
/// larger one does not send an image faster; half of it takes 1.5 times as long.
pub(crate) const OUTPUT_BUFFER: usize = 32 * 1024;

/// The longest header value.
pub(crate) const MAX_VALUE_BYTES: usize = OUTPUT_BUFFER / 4 * 3;

/// The longest token.
pub(crate) const MAX_TOKEN_BYTES: usize = OUTPUT_BUFFER / 2;

/// The longest path, and the longest base URL: commonly accepted by servers, and both together fit
/// the output buffer.
pub(crate) const MAX_PATH_BYTES: usize = OUTPUT_BUFFER / 4;

/// Checks a header value: not empty, not too long, visible ASCII with spaces only inside. The error
/// does not show it, as it may be a secret.
pub(crate) fn header_value(value: &str) -> Result<HeaderValue, String> {
    if value.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if value.len() > MAX_VALUE_BYTES {
        return Err(format!("must be at most {MAX_VALUE_BYTES} bytes"));
    }
    if value.starts_with(' ') || value.ends_with(' ') {
        return Err("must not begin or end with a space".to_owned());
    }
    for (at, c) in value.chars().enumerate() {
        let wrong = match c {
            ' '..='~' => continue,
            '\r' | '\n' => "a line break",
            c if c.is_control() => "a control character",
            _ => "a character outside ASCII",
        };
        return Err(format!(
            "must be visible ASCII, but has {wrong} at position {}",
            at + 1
        ));
    }
    HeaderValue::from_str(value).map_err(|_| "cannot be sent as a header".to_owned())
}
