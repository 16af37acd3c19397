use serde::{Deserialize, Serialize};

use super::compare;
use super::order_ref::OrderRef;
use super::orders::get_order_by;
use super::receipts::{Receipt, request};
use crate::Session;
use crate::error::{Delivery, Error, ErrorKind};

/// Makes sure that an order has this receipt, however often it is called and wherever it is cut off.
///
/// It sends the receipt. If the order has one already, or if the outcome is unknown, it reads the order back: the same receipt is a success,
/// and if there is no receipt yet, it is sent again as often as the session's [`RetryPolicy`](crate::RetryPolicy) allows. All of it shares the
/// session's total timeout.
///
/// `POST /order-management/v2/{paymentType}/receipts/{orderId}` and `GET /order-management/v2/{paymentType}/{orderId}`
///
/// # Errors
///
/// As for any call; [`ErrorKind::AlreadyExists`] if the order has another receipt, with the lines and fields that differ as
/// [`field_problems`](Error::field_problems).
pub fn ensure_receipt(
    session: &Session,
    order: &OrderRef,
    receipt: &Receipt,
) -> Result<ReceiptOutcome, Error> {
    let request = request(session, order, receipt)?;
    let deadline = session.deadline();
    let mut attempt = 1;
    // What the attempts before this one may have done.
    let mut before = None;
    loop {
        let sent = session.send_by(&request, deadline);
        let error = match sent.and_then(|reply| reply.text(&request)) {
            Ok(answer) => return Ok(ReceiptOutcome::Added(answer)),
            Err(error) => error.or_already_exists(),
        };
        let is_there = error.kind() == ErrorKind::AlreadyExists;
        if !is_there && !may_have_been_added(&error) {
            return Err(after(before, error));
        }
        let found = match get_order_by(session, order, deadline) {
            Ok(order) => order.receipt,
            Err(read) if read.kind() == ErrorKind::NotFound => None,
            // Which receipt is there cannot be told now. The next run of the same call can.
            Err(read) if is_there => return Err(read.with_delivery(Delivery::Unknown)),
            Err(_) => return Err(after(before, error).with_retryable(true)),
        };
        match found {
            Some(found) => {
                let differences = compare::differences(&found, receipt);
                if differences.is_empty() {
                    return Ok(ReceiptOutcome::AlreadyThere);
                }
                let detail = "the order has another receipt";
                return Err(error.conflict(request.at(), detail, differences));
            }
            // It may be the one that an attempt before this has sent, and not be shown yet.
            None if is_there && before.is_some() => {
                let error = error.with_delivery(Delivery::Unknown);
                return Err(error.with_retryable(true));
            }
            None if is_there => return Err(error),
            None if session.back_off(attempt, deadline, error.retry_after()) => {
                attempt += 1;
                before = match before {
                    Some(Delivery::Unknown) => before,
                    _ => Some(error.delivery()),
                };
            }
            None => return Err(after(before, error).with_retryable(true)),
        }
    }
}

/// Whether the failed attempt could have done it all the same: no answer, one that broke off or cannot be read, or a failure somewhere behind
/// the gateway.
fn may_have_been_added(error: &Error) -> bool {
    let is_half_answered = matches!(error, Error::Transport(_) | Error::Decode(_))
        && error.delivery() == Delivery::Answered;
    error.delivery() == Delivery::Unknown || is_half_answered || error.kind() == ErrorKind::Server
}

/// Says what all attempts together may have done: one whose outcome was unknown may come through yet, although its receipt was not found. A
/// refusal is one of them all.
fn after(before: Option<Delivery>, error: Error) -> Error {
    let says_nothing_of_it = [
        ErrorKind::Unauthorized,
        ErrorKind::RateLimited,
        ErrorKind::Server,
        ErrorKind::UnexpectedStatus,
    ];
    let is_answer = matches!(error, Error::Api(_));
    let is_refusal = is_answer && !says_nothing_of_it.contains(&error.kind());
    let may_be_done = match before {
        None => false,
        Some(Delivery::Unknown) => !is_refusal,
        // A failure behind the gateway, of which this one says nothing. Another such failure says by itself that it leaves that open.
        Some(_) => {
            let fails_too = error.kind() == ErrorKind::Server;
            error.delivery() == Delivery::NotSent || is_answer && !is_refusal && !fails_too
        }
    };
    if may_be_done {
        error.with_delivery(Delivery::Unknown)
    } else {
        error
    }
}

/// What [`ensure_receipt`] found or did. As JSON: `{"added": "..."}` or `"alreadyThere"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ReceiptOutcome {
    /// The receipt was added now; with what the service answered.
    Added(String),
    /// The order has this receipt already.
    AlreadyThere,
}
