use serde::{Deserialize, Serialize};

use super::bottom_line::BottomLine;
use super::order_line::OrderLine;
use super::order_ref::OrderRef;
use super::totals::Totals;
use super::{totals, validate};
use crate::Session;
use crate::error::Error;
use crate::request::RequestBuilder;

/// Adds a receipt to an order. An order has one, and it can never be changed.
///
/// The receipt is [validated](Receipt::validate) first. Gives what the service answers, which is a UUID.
///
/// It takes no idempotency key: where the outcome is unknown, the error says so, and nothing is repeated. [`ensure_receipt`](super::ensure_receipt) is the call that
/// may be made again.
///
/// `POST /order-management/v2/{paymentType}/receipts/{orderId}`
///
/// # Errors
///
/// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) if the order has a receipt.
pub fn add_receipt(
    session: &Session,
    order: &OrderRef,
    receipt: &Receipt,
) -> Result<String, Error> {
    receipt.validate()?;
    request(session, order, receipt)?.send()?.string()
}

pub(super) fn request<'a>(
    session: &'a Session,
    order: &OrderRef,
    receipt: &Receipt,
) -> Result<RequestBuilder<'a>, Error> {
    let request = order.request(session, "POST", "/receipts")?;
    Ok(request.conflict_means_exists().json(receipt))
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
/// Reading one from JSON does not validate it and ignores unknown fields; sending it validates it.
///
/// Source: the schema `Receipt` of the Order Management API.
#[must_use]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(expecting = "a receipt", rename_all = "camelCase")]
#[non_exhaustive]
pub struct Receipt {
    /// What was bought, at least one line.
    #[serde(default)]
    pub order_lines: Vec<OrderLine>,
    /// What holds for the whole of it.
    pub bottom_line: BottomLine,
}

impl Receipt {
    /// A receipt without lines yet.
    pub fn new(bottom_line: BottomLine) -> Self {
        Self {
            order_lines: Vec::new(),
            bottom_line,
        }
    }

    /// Adds a line.
    pub fn line(mut self, line: OrderLine) -> Self {
        self.order_lines.push(line);
        self
    }

    /// Adds lines.
    pub fn lines(mut self, lines: impl IntoIterator<Item = OrderLine>) -> Self {
        self.order_lines.extend(lines);
        self
    }

    /// Checks what the service refuses and what cannot be right. [`add_receipt`] and [`ensure_receipt`](super::ensure_receipt) do so first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming every line and field that is wrong, such as `orderLines[2].totalTaxAmount`, with what would be right.
    pub fn validate(&self) -> Result<(), Error> {
        Error::from_problems(validate::problems(&self.order_lines, &self.bottom_line))
    }

    /// What the app will show below the lines, as the service computes it: sums, and tax for each rate. Lines that are returns count
    /// negative.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if a sum does not fit an `i64`.
    pub fn totals(&self) -> Result<Totals, Error> {
        totals::of(&self.order_lines)
    }
}
