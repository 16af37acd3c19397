//! What a program branches on.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a failed call may have done, all its attempts taken together. It decides whether the call may be retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Delivery {
    /// The server cannot have seen the whole request: nothing happened.
    NotSent,
    /// The request may have been carried out: no answer came, or a 408 or a status from 500, which say nothing about it. Read back, or
    /// retry with the same idempotency key.
    Unknown,
    /// The API answered, and the error holds its answer.
    Answered,
}

/// The kinds of error as numbers that never change and are never used again, for C and for exit codes. 0 is left for success, and negative
/// numbers for what a binding to another language has to add.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The session cannot be built like this, or has no merchant serial number for a call that needs one.
    Config = 1,
    /// A value was refused before anything was sent.
    InvalidInput = 2,
    /// The token endpoint answered with an error, whatever its status. [`Error::is_retryable`](crate::Error::is_retryable) tells a busy service from wrong keys.
    Auth = 3,
    /// 401: the service did not take the token or the subscription key, a new token included.
    Unauthorized = 4,
    /// 403: the keys are good, but not for this.
    Forbidden = 5,
    /// 404: there is no such thing, or it is not active, or it is not connected to these keys.
    NotFound = 6,
    /// 409: it collides with what is there, or an idempotency key came again with another body.
    Conflict = 7,
    /// What was to be made is there already.
    AlreadyExists = 8,
    /// 400, or another status from 402 to 499 that has no kind of its own: the request is wrong.
    Rejected = 9,
    /// 429: too many requests. Without a status: not sent, as another call was answered 429 or 423 and
    /// the wait that it was asked for is longer than this call's time.
    RateLimited = 10,
    /// 408, or a status from 500: the service or something in front of it failed.
    Server = 11,
    /// A status below 400 that is not a success: a redirect, which is never followed.
    UnexpectedStatus = 12,
    /// The time was up.
    Timeout = 13,
    /// No connection: the name was not found, or nobody listened there.
    Connect = 14,
    /// No safe connection: the server's certificate was refused, or TLS failed in another way.
    Tls = 15,
    /// The connection broke, or what came over it was not HTTP.
    Network = 16,
    /// The reply cannot be read: not the JSON that was promised, or larger than allowed.
    Decode = 17,
    /// The proxy refused, with the [`status`](crate::Error::status) that it answered. 407 is never retried: it
    /// asks for a user and a password, or for others.
    Proxy = 18,
}

impl ErrorKind {
    /// Its name, such as `InvalidInput`, which never changes: for logs and for JSON.
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
