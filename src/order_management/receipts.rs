use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::OrderRef;
use super::orders::get_order_by;
use crate::Session;
use crate::as_sent::AsSent;
use crate::error::{Delivery, Error, ErrorKind};
use crate::http::{Method, Request};

mod bottom_line;
mod compare;
mod line;
mod tax;
mod totals;
mod validate;

pub use bottom_line::{Barcode, BarcodeFormat, BottomLine, Currency, PaymentSources, ShippingInfo};
pub use line::{OrderLine, Quantity, QuantityUnit, UnitInfo};
pub use tax::{TaxRate, allocate};
pub use totals::{TaxTotal, Totals};

/// Adds a receipt to an order. An order has one, and it can never be changed.
///
/// The receipt is [validated](Receipt::validate) first. Gives what the service answers, which is a UUID.
///
/// It takes no idempotency key: where the outcome is unknown, the error says so, and nothing is repeated. [`ensure_receipt`] is the call that
/// may be made again.
///
/// `POST /order-management/v2/{paymentType}/receipts/{orderId}`
///
/// # Errors
///
/// As for any call; [`ErrorKind::AlreadyExists`] if the order has a receipt.
pub fn add_receipt(
    session: &Session,
    order: &OrderRef,
    receipt: &Receipt,
) -> Result<String, Error> {
    let request = request(session, order, receipt)?;
    let reply = session.send(&request).map_err(Error::or_already_exists)?;
    reply.text(&request)
}

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

fn request(
    session: &Session,
    order: &OrderRef,
    receipt: &Receipt,
) -> Result<Request<'static>, Error> {
    receipt.validate()?;
    let path = order.path(session, "/receipts")?;
    Request::new(Method::POST, path).json(receipt)
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

/// A receipt: what was bought, and how it was paid.
///
/// ```
/// use vipps::order_management::{BottomLine, Currency, OrderLine, Receipt, TaxRate};
///
/// let receipt = Receipt::new(BottomLine::new(Currency::Nok))
///     .line(OrderLine::from_gross("Wool socks", "1", 19_900, TaxRate::percent(25))?)
///     .line(OrderLine::from_gross("Bread", "2", 4_550, TaxRate::percent(15))?)
///     .line(OrderLine::shipping("Home delivery", "delivery", 9_900, TaxRate::percent(25))?);
/// receipt.validate()?;
/// assert_eq!(receipt.totals()?.total_amount, 34_350);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Reading one from JSON checks as [`validate`](Self::validate) does, and refuses unknown fields. The one of an
/// [`Order`](super::Order) is taken as the service sends it.
///
/// Source: the schema `Receipt` of the Order Management API.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Receipt {
    /// What was bought, at least one line.
    pub order_lines: Vec<OrderLine>,
    /// What holds for the whole of it.
    pub bottom_line: BottomLine,
}

impl Receipt {
    /// A receipt without lines yet.
    #[must_use]
    pub fn new(bottom_line: BottomLine) -> Self {
        Self {
            order_lines: Vec::new(),
            bottom_line,
        }
    }

    /// Adds a line.
    #[must_use]
    pub fn line(mut self, line: OrderLine) -> Self {
        self.order_lines.push(line);
        self
    }

    /// Adds lines.
    #[must_use]
    pub fn lines(mut self, lines: impl IntoIterator<Item = OrderLine>) -> Self {
        self.order_lines.extend(lines);
        self
    }

    /// Checks what the service refuses and what cannot be right. [`add_receipt`] and [`ensure_receipt`] do so first.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] naming every line and field that is wrong, such as `orderLines[2].totalTaxAmount`, with what would be right.
    pub fn validate(&self) -> Result<(), Error> {
        Error::from_problems(validate::problems(self))
    }

    /// What the app will show below the lines, as the service computes it: sums, and tax for each rate. Lines that are returns count
    /// negative.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidInput`] if a sum does not fit an `i64`.
    pub fn totals(&self) -> Result<Totals, Error> {
        totals::of(&self.order_lines)
    }
}

impl<'de> Deserialize<'de> for Receipt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let receipt = Self::from(Members::deserialize(deserializer)?);
        receipt.validate().map_err(D::Error::custom)?;
        Ok(receipt)
    }
}

/// A receipt as the service sends it, which may be one that it would not take.
pub(super) fn as_sent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Receipt, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let members = Members::deserialize(AsSent(value)).map_err(D::Error::custom)?;
    Ok(Receipt::from(members))
}

/// [`as_sent`] for an optional field.
pub(super) fn optional_as_sent<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Receipt>, D::Error> {
    let receipt = Option::<ReceiptAsSent>::deserialize(deserializer)?;
    Ok(receipt.map(|receipt| receipt.0))
}

/// [`as_sent`] as a type.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct ReceiptAsSent(#[serde(deserialize_with = "as_sent")] pub(super) Receipt);

#[derive(Deserialize)]
#[serde(expecting = "a receipt", rename_all = "camelCase", deny_unknown_fields)]
struct Members {
    #[serde(default)]
    order_lines: Vec<OrderLine>,
    bottom_line: BottomLine,
}

impl From<Members> for Receipt {
    fn from(members: Members) -> Self {
        let (order_lines, bottom_line) = (members.order_lines, members.bottom_line);
        Self {
            order_lines,
            bottom_line,
        }
    }
}
