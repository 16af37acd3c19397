//! The required result of each fault: the contract for every endpoint in the matrix.

use super::*;

/// The attempts of the default policy.
const ATTEMPTS: usize = 3;

/// What a fault means to a client, according to the sandbox's documentation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Means {
    /// The right reply, slightly late.
    Nothing,
    /// This status; nothing was carried out.
    Refused(u16),
    /// A 429 or 5xx that asks for a longer wait than the call's timeout.
    TooLong(u16),
    /// No reply; nothing was carried out.
    NoAnswer(ErrorKind),
    /// No reply; the request was carried out.
    LostAnswer,
    /// The head of a success and part of its body; nothing was carried out.
    HalfAnswer,
    /// The head of a success and part of its body; the request was carried out.
    CutAnswer,
    /// A success that is too large to read; nothing was carried out.
    TooLarge,
    /// A success with an unexpected body; nothing was carried out.
    WrongBody,
    /// A success without a body; nothing was carried out.
    NoBody,
}

pub(super) fn faults() -> Vec<(Fault, Means)> {
    let network = ErrorKind::Network;
    let mut faults = vec![
        (Fault::Delay(Duration::from_millis(2)), Means::Nothing),
        (
            Fault::Delay(3600 * Duration::from_secs(1)),
            Means::NoAnswer(ErrorKind::Timeout),
        ),
        (Fault::CloseBeforeReading, Means::NoAnswer(network)),
        (Fault::CloseAfterReading, Means::NoAnswer(network)),
        (Fault::LoseReply, Means::LostAnswer),
        (Fault::CutReply, Means::CutAnswer),
        (Fault::Garbage, Means::NoAnswer(network)),
        (Fault::EndlessBody, Means::TooLarge),
        (Fault::HtmlBadGateway, Means::Refused(502)),
        (Fault::status_retry_after(429, "1"), Means::Refused(429)),
        (
            Fault::status_retry_after(429, "Wed, 21 Oct 2015 07:28:00 GMT"),
            Means::Refused(429),
        ),
        (Fault::status_retry_after(429, "3600"), Means::TooLong(429)),
        (Fault::status_retry_after(503, "2"), Means::Refused(503)),
        (Fault::status_retry_after(503, "61"), Means::TooLong(503)),
        (Fault::status(204), Means::NoBody),
        // Refusals by a gateway.
        (
            Fault::json(403, r#"{"statusCode":403,"message":"Quota exceeded"}"#),
            Means::Refused(403),
        ),
        (Fault::reply(500, "text/plain", ""), Means::Refused(500)),
        // The page of a captive portal.
        (
            Fault::reply(200, "text/html", "<html>Log in</html>"),
            Means::WrongBody,
        ),
        (Fault::Raw(Vec::new()), Means::NoAnswer(network)),
        (
            Fault::Raw(b"HTTP/1.1 200 O".to_vec()),
            Means::NoAnswer(network),
        ),
        (
            Fault::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_vec()),
            Means::HalfAnswer,
        ),
    ];
    let statuses = [
        302, 304, 400, 401, 403, 404, 408, 409, 410, 422, 423, 429, 500, 501, 502, 503, 504,
    ];
    faults.extend(statuses.map(|status| (Fault::status(status), Means::Refused(status))));
    faults
}

#[derive(Debug, PartialEq)]
pub(super) struct Expected {
    pub(super) result: Result<(), (ErrorKind, Delivery)>,
    /// The number of requests to the route.
    pub(super) requests: usize,
    /// Whether the API has carried out the request.
    pub(super) done: bool,
}

fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 500 | 502 | 503 | 504)
}

fn kind_of(status: u16, endpoint: &Endpoint) -> ErrorKind {
    match status {
        _ if !takes_token(endpoint) => ErrorKind::Auth,
        401 => ErrorKind::Unauthorized,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        409 => endpoint.conflict,
        429 => ErrorKind::RateLimited,
        408 | 500.. => ErrorKind::Server,
        400.. => ErrorKind::Rejected,
        _ => ErrorKind::UnexpectedStatus,
    }
}

/// A server error leaves the outcome unknown.
fn delivery_of(status: u16) -> Delivery {
    match status {
        408 | 500.. => Delivery::Unknown,
        _ => Delivery::Answered,
    }
}

/// The contract for a fault that happens `count` times to one call of an endpoint with the default
/// policy.
pub(super) fn expected(endpoint: &Endpoint, means: Means, count: usize) -> Expected {
    let (again, needs) = (endpoint.retry, endpoint.needs);
    let is_safe = again != Retry::Never;
    let success = |requests| Expected {
        result: Ok(()),
        requests,
        done: true,
    };
    let failure = |kind, delivery, requests, done| Expected {
        // Without a token the call was not sent.
        result: Err((
            kind,
            if takes_token(endpoint) {
                delivery
            } else {
                Delivery::NotSent
            },
        )),
        requests,
        done,
    };
    // Retried or not, ending in this error.
    let retried = |may: bool, kind, delivery| {
        let limit = if may { ATTEMPTS } else { 1 };
        if count < limit {
            success(count + 1)
        } else {
            failure(kind, delivery, limit, false)
        }
    };
    // A false success is believed, because the API said so.
    let believed = Expected {
        done: false,
        ..success(1)
    };
    match means {
        Means::Nothing => success(1),
        Means::Refused(401) if takes_token(endpoint) => {
            // Retried once with a new token, for every endpoint.
            if count == 1 {
                success(2)
            } else {
                failure(ErrorKind::Unauthorized, Delivery::Answered, 2, false)
            }
        }
        // The image is believed to exist.
        Means::Refused(409) if again == Retry::Again => believed,
        Means::Refused(status) => {
            // Reading back settles the outcome of any server error.
            let is_transient = is_transient(status) || (endpoint.is_ensured() && status >= 500);
            let may = matches!(status, 423 | 429) || (is_transient && is_safe);
            retried(may, kind_of(status, endpoint), delivery_of(status))
        }
        Means::TooLong(status) => failure(kind_of(status, endpoint), delivery_of(status), 1, false),
        Means::NoAnswer(kind) => retried(is_safe, kind, Delivery::Unknown),
        Means::LostAnswer if again == Retry::ReadBack => success(1),
        Means::LostAnswer => Expected {
            done: true,
            ..retried(is_safe, ErrorKind::Network, Delivery::Unknown)
        },
        Means::CutAnswer if needs == Needs::Nothing || again == Retry::ReadBack => success(1),
        // The status of the next reply is enough.
        Means::CutAnswer if again == Retry::Again => success(2),
        Means::CutAnswer => Expected {
            done: true,
            ..retried(is_safe, ErrorKind::Network, Delivery::Answered)
        },
        Means::HalfAnswer if again == Retry::Delete => believed,
        Means::HalfAnswer => retried(is_safe, ErrorKind::Network, Delivery::Answered),
        Means::TooLarge => {
            let may = endpoint.is_ensured();
            retried(may, ErrorKind::Decode, Delivery::Answered)
        }
        Means::WrongBody if needs == Needs::Text => {
            let may = endpoint.is_ensured();
            retried(may, ErrorKind::Decode, Delivery::Answered)
        }
        Means::NoBody if needs != Needs::Json => believed,
        Means::WrongBody | Means::NoBody => {
            let may = again == Retry::Again;
            retried(may, ErrorKind::Decode, Delivery::Answered)
        }
    }
}

// ---- the runs
