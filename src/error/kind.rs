use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether a failed call may have taken effect, over all its attempts.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # let order = vipps::order_management::OrderRef::ecom("order-1".parse()?);
/// # use vipps::order_management::{BottomLine, Currency, OrderLine, Receipt, TaxRate};
/// # let line = OrderLine::from_gross("Socks", "1", 10_000, TaxRate::percent(25))?;
/// # let receipt = Receipt::new(BottomLine::new(Currency::Nok)).line(line);
/// use vipps::{Delivery, order_management::add_receipt};
///
/// if let Err(error) = add_receipt(&session, &order, &receipt) {
///     match error.delivery() {
///         Delivery::NotSent => eprintln!("safe to send again: {error}"),
///         Delivery::Answered if error.status() >= Some(400) => eprintln!("refused: {error}"),
///         _ => eprintln!("may be stored, read the order back: {error}"),
///     }
/// }
/// # Ok::<(), vipps::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Delivery {
    /// The server cannot have received the whole request, so nothing happened.
    NotSent,
    /// The request may have been carried out: there was no reply, or a 408 or 5xx, which does not
    /// say. Read the resource back, or retry with the same idempotency key.
    Unknown,
    /// The API answered; the error has its reply. A 4xx refused the request. A 2xx with an
    /// unreadable body carried it out.
    Answered,
}

/// The kind of an [`Error`](crate::Error), to match on.
///
/// The numbers never change and are never reused, so they can serve as exit codes and in C. 0 is
/// reserved for success, negative numbers for bindings to other languages.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::{ErrorKind, management};
///
/// match management::get_sales_unit(&session, &"999999".parse()?) {
///     Ok(unit) => println!("{}", unit.name),
///     Err(error) => match error.kind() {
///         ErrorKind::NotFound => println!("not found, or not active"),
///         ErrorKind::Auth => println!("check the API keys: {error}"),
///         kind => println!("{kind} ({}): {error}", kind as i32),
///     },
/// }
/// # Ok::<(), vipps::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The session's settings are invalid, or lack the MSN that the call requires.
    Config = 1,
    /// A value was invalid; nothing was sent.
    InvalidInput = 2,
    /// The token endpoint answered with an error status.
    /// If [`Error::is_retryable`](crate::Error::is_retryable) is true, the failure is temporary;
    /// otherwise check the keys.
    Auth = 3,
    /// 401: the API rejected the subscription key or the token, even a new one.
    Unauthorized = 4,
    /// 403: the keys are valid, but lack permission for this call.
    Forbidden = 5,
    /// 404: not found, not active, or not connected to these keys.
    NotFound = 6,
    /// 409: a conflict with existing data, or an idempotency key reused with another body.
    Conflict = 7,
    /// The resource already exists.
    AlreadyExists = 8,
    /// 400, or a status from 402 to 499 without a kind of its own: the API rejected the request.
    Rejected = 9,
    /// 429: too many requests. Without a status, nothing was sent: an earlier call got a 429 or 423
    /// with a wait longer than this call's timeout.
    RateLimited = 10,
    /// 408 or 5xx: the API or a server in front of it failed.
    Server = 11,
    /// A status below 400 other than 2xx, such as a redirect, which is never followed.
    UnexpectedStatus = 12,
    /// The call timed out.
    Timeout = 13,
    /// No connection: the host name could not be resolved, or the connection was refused.
    Connect = 14,
    /// The TLS handshake failed, for example because the server's certificate is not trusted.
    Tls = 15,
    /// The connection failed during the exchange, or the reply was not HTTP.
    Network = 16,
    /// The reply cannot be decoded: it is not the expected JSON, or exceeds the size limit.
    Decode = 17,
    /// The proxy refused, with the [`status`](crate::Error::status) that it answered. 407 is never
    /// retried: the proxy's user name or password is missing or wrong.
    Proxy = 18,
}

/// All kinds, by number.
pub(super) const ALL: [ErrorKind; 18] = [
    ErrorKind::Config,
    ErrorKind::InvalidInput,
    ErrorKind::Auth,
    ErrorKind::Unauthorized,
    ErrorKind::Forbidden,
    ErrorKind::NotFound,
    ErrorKind::Conflict,
    ErrorKind::AlreadyExists,
    ErrorKind::Rejected,
    ErrorKind::RateLimited,
    ErrorKind::Server,
    ErrorKind::UnexpectedStatus,
    ErrorKind::Timeout,
    ErrorKind::Connect,
    ErrorKind::Tls,
    ErrorKind::Network,
    ErrorKind::Decode,
    ErrorKind::Proxy,
];

impl ErrorKind {
    /// The name, such as `InvalidInput`, which never changes: for logs and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "Config",
            Self::InvalidInput => "InvalidInput",
            Self::Auth => "Auth",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "NotFound",
            Self::Conflict => "Conflict",
            Self::AlreadyExists => "AlreadyExists",
            Self::Rejected => "Rejected",
            Self::RateLimited => "RateLimited",
            Self::Server => "Server",
            Self::UnexpectedStatus => "UnexpectedStatus",
            Self::Timeout => "Timeout",
            Self::Connect => "Connect",
            Self::Tls => "Tls",
            Self::Network => "Network",
            Self::Decode => "Decode",
            Self::Proxy => "Proxy",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
