use serde::{Deserialize, Serialize};

use super::compare;
use super::order_ref::OrderRef;
use super::orders::get_order_by;
use super::receipts::{Receipt, request};
use crate::Session;
use crate::error::{Delivery, Error, ErrorKind};
use crate::request::Reply;

/// Adds a receipt to an order unless the order has it already; may be called any number of times.
///
/// It sends the receipt. If the order has one, or if the outcome is unknown, it reads the order
/// back: the same receipt is a success, and if there is none yet, it is sent again as often as the
/// session's [`RetryPolicy`](crate::RetryPolicy) allows. All of it shares the session's timeout.
///
/// Both outcomes mean that the order has exactly this receipt:
///
/// ```
/// use vipps::order_management::{OrderRef, Receipt, ReceiptOutcome, ensure_receipt};
/// # fn demo(session: &vipps::Session, receipt: &Receipt) -> Result<(), vipps::Error> {
///
/// let order = OrderRef::ecom("acme-shop-123-order123abc".parse()?);
/// match ensure_receipt(session, &order, receipt) {
///     Ok(ReceiptOutcome::Added(id)) => println!("added as {id}"),
///     // An earlier run added it, or an earlier attempt of this call whose reply was lost.
///     Ok(_) => println!("already there"),
///     // The same call again finds out, or finishes it.
///     Err(error) if error.is_retryable() => println!("later: {error}"),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
///
/// `POST /order-management/v2/{paymentType}/receipts/{orderId}` and
/// `GET /order-management/v2/{paymentType}/{orderId}` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::AlreadyExists`] if the order has another receipt, with the lines and fields that differ as
/// [`field_problems`](Error::field_problems).
pub fn ensure_receipt(
    session: &Session,
    order: &OrderRef,
    receipt: &Receipt,
) -> Result<ReceiptOutcome, Error> {
    receipt.validate()?;
    let deadline = session.deadline();
    // Whether an attempt before this one may have added the receipt.
    let mut in_doubt = false;
    let mut number = 1;
    loop {
        let reply = request(session, order, receipt)?.deadline(&deadline).send();
        let error = match reply.and_then(Reply::string) {
            Ok(answer) => return Ok(ReceiptOutcome::Added(answer)),
            Err(error) => error.after_doubt(in_doubt),
        };
        let exists = error.kind() == ErrorKind::AlreadyExists;
        if !exists && !error.leaves_doubt() {
            return Err(error);
        }
        let found = match get_order_by(session, order, &deadline) {
            Ok(order) => order.receipt,
            Err(read) if read.is_no_such_resource() => None,
            // Which receipt is there cannot be told now. The next run of the same call can.
            Err(read) if exists => return Err(read.with_delivery(Delivery::Unknown)),
            Err(_) => return Err(error.with_retryable(true)),
        };
        match found {
            Some(found) => {
                let differences = compare::differences(&found, receipt);
                return match differences.is_empty() {
                    true => Ok(ReceiptOutcome::AlreadyThere),
                    false => Err(error.conflicting("the order has another receipt", differences)),
                };
            }
            // It may be the one that an attempt before this has sent, and not be shown yet.
            None if exists => return Err(error.with_retryable(in_doubt)),
            None => {
                in_doubt |= error.leaves_doubt();
                if !session.back_off(number, &deadline, &error) {
                    return Err(error.with_retryable(true));
                }
                number += 1;
            }
        }
    }
}

/// What [`ensure_receipt`] found or did. As JSON: `{"added": "..."}` or `"alreadyThere"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ReceiptOutcome {
    /// The receipt was added now. Holds the API's answer, a UUID.
    Added(String),
    /// The order has this receipt already: from an earlier call, or from an earlier attempt of this
    /// call whose reply was lost. Nothing tells the two apart, and the UUID of the answer is not
    /// known.
    AlreadyThere,
}
