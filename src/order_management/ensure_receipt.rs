use serde::{Deserialize, Serialize};

use super::compare;
use super::order_ref::OrderRef;
use super::orders::get_order_by;
use super::receipts::{Receipt, request};
use crate::Session;
use crate::error::{Delivery, Error, ErrorKind};
use crate::request::Reply;

/// Adds a receipt to an order unless the order already has it. Safe to call any number of times.
///
/// If the order already has a receipt, or the outcome is unknown, the order is read back. The same
/// receipt counts as success. If there is none, the receipt is sent again, as often as the
/// session's [`RetryPolicy`](crate::RetryPolicy) allows. All of this shares the session's timeout.
///
/// Both outcomes mean that the order has exactly this receipt:
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// # use vipps::order_management::{BottomLine, Currency, OrderLine, Receipt, TaxRate};
/// # let socks = OrderLine::from_gross("Socks", "1", 100_00, TaxRate::percent(25))?;
/// # let receipt = Receipt::new(BottomLine::new(Currency::Nok)).line(socks);
/// use vipps::order_management::{OrderRef, ReceiptOutcome, ensure_receipt};
///
/// let order = OrderRef::ecom("acme-shop-123-order123abc".parse()?);
/// match ensure_receipt(&session, &order, &receipt) {
///     Ok(ReceiptOutcome::Added(id)) => println!("added as {id}"),
///     Ok(_) => println!("already added"),
///     // Call again later with the same receipt.
///     Err(error) if error.is_retryable() => println!("retry later: {error}"),
///     Err(error) => return Err(error),
/// }
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `POST /order-management/v2/{paymentType}/receipts/{orderId}` and
/// `GET /order-management/v2/{paymentType}/{orderId}` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::AlreadyExists`] if the order has a different receipt, with the lines and fields
/// that differ in [`field_problems`](Error::field_problems).
pub fn ensure_receipt(
    session: &Session,
    order: &OrderRef,
    receipt: &Receipt,
) -> Result<ReceiptOutcome, Error> {
    receipt.validate()?;
    let deadline = session.deadline();
    // Whether an earlier attempt may have added the receipt.
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
            // The existing receipt cannot be compared now; calling again will do that.
            Err(read) if exists => return Err(read.with_delivery(Delivery::Unknown)),
            Err(_) => return Err(error.with_retryable(true)),
        };
        match found {
            Some(found) => {
                let differences = compare::differences(&found, receipt);
                if differences.is_empty() {
                    return Ok(ReceiptOutcome::AlreadyThere);
                }
                return Err(error.conflicting("the order has a different receipt", differences));
            }
            // It may be the receipt of an earlier attempt, not yet visible to reads.
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

/// The outcome of [`ensure_receipt`]: added now, or already there.
///
/// As JSON: `{"added": "..."}` or `"alreadyThere"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ReceiptOutcome {
    /// The receipt was added now. Holds the API's reply, a UUID.
    Added(String),
    /// The order already has this receipt, from an earlier call or from an attempt of this call
    /// whose reply was lost. The API does not tell which, and the UUID is not known.
    AlreadyThere,
}
