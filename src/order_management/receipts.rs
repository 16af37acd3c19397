use serde::{Deserialize, Serialize};

use super::bottom_line::BottomLine;
use super::order_line::OrderLine;
use super::order_ref::OrderRef;
use super::tax::TaxRate;
use super::totals::Totals;
use super::{discount, totals, validate, warnings};
use crate::Session;
use crate::error::Error;
use crate::error::problem::FieldProblem;
use crate::request::RequestBuilder;

/// Adds a receipt to an order, which has one at most; it can never be changed.
///
/// The receipt is [validated](Receipt::validate) first. Gives the API's answer, which is a UUID.
///
/// The API takes no idempotency key here: where the outcome is unknown, the error says so, and nothing is
/// retried. [`ensure_receipt`](super::ensure_receipt) is the call that may be made again.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::order_management::{
///     BottomLine, Currency, OrderLine, OrderRef, Receipt, TaxRate, add_receipt,
/// };
///
/// // 100.00 NOK, of which 20.00 are tax.
/// let socks = OrderLine::from_gross("Socks", "1", 100_00, TaxRate::percent(25))?;
/// let receipt = Receipt::new(BottomLine::new(Currency::Nok)).line(socks);
/// add_receipt(&session, &OrderRef::ecom("order-123".parse()?), &receipt)?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `POST /order-management/v2/{paymentType}/receipts/{orderId}` of the [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
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

    /// Takes a discount in minor units, with tax, off the whole receipt.
    ///
    /// It is split over the lines that are not returns, in proportion to their totals, and each
    /// share is [applied](OrderLine::apply_discount) to its line, so that the tax follows from the
    /// line's own rate. The shares add up to the discount, and each is less than one minor unit
    /// away from its exact share ([`allocate`]). A line whose share is 0 is not touched.
    ///
    /// Shipping is a line like any other: to leave it out, apply the discount before adding it.
    ///
    /// ```
    /// use vipps::order_management::{BottomLine, Currency, OrderLine, Receipt, TaxRate};
    ///
    /// let receipt = Receipt::new(BottomLine::new(Currency::Nok))
    ///     .line(OrderLine::from_gross("Wool socks", "1", 19_900, TaxRate::percent(25))?)
    ///     .line(OrderLine::from_gross("Bread", "2", 4_550, TaxRate::percent(15))?)
    ///     .apply_discount(1_000)?;
    /// let totals = receipt.totals()?;
    /// assert_eq!((totals.total_amount, totals.total_discount), (23_450, 1_000));
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `discount` if it is
    /// negative or more than the total of the lines that are not returns, or naming the fields of
    /// lines that it cannot be applied to, such as `orderLines[2].taxRate`.
    ///
    /// [`allocate`]: super::allocate
    pub fn apply_discount(mut self, amount: i64) -> Result<Self, Error> {
        self.order_lines = discount::apply(self.order_lines, amount)?;
        Ok(self)
    }

    /// Takes a discount in per cent off the whole receipt.
    ///
    /// The rate of the total of the lines that are not returns, rounded to the nearest minor unit,
    /// a half up, is split over them as [`apply_discount`](Self::apply_discount) does.
    ///
    /// A cart with 10 % off, shipping, and a part paid by gift card:
    ///
    /// ```
    /// use vipps::order_management::*;
    ///
    /// // Name, article, price, quantity, tax in per cent.
    /// let cart = [("Socks", "1", "199.90", "2", "25"), ("Bread", "2", "45.50", "1", "15")];
    /// let gift_card = PaymentSources::new().gift_card(minor_units("100.00")?);
    ///
    /// let mut receipt = Receipt::new(BottomLine::new(Currency::Nok).payment_sources(gift_card));
    /// for (name, id, price, quantity, tax) in cart {
    ///     let units = UnitInfo::new(minor_units(price)?, quantity.parse()?);
    ///     receipt = receipt.line(OrderLine::from_units(name, id, units, tax.parse()?)?);
    /// }
    /// let receipt = receipt
    ///     .apply_discount_percent("10".parse()?)?
    ///     .line(OrderLine::shipping("Home delivery", "shipping", 9_900, TaxRate::percent(25))?);
    ///
    /// receipt.validate()?;
    /// assert_eq!(receipt.warnings(), []);
    /// assert_eq!(receipt.totals()?.total_amount, 49_977);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`apply_discount`](Self::apply_discount), or naming `rate` for one above 100 %.
    pub fn apply_discount_percent(self, rate: TaxRate) -> Result<Self, Error> {
        let amount = discount::of_rate(&self.order_lines, rate)?;
        self.apply_discount(amount)
    }

    /// Lists what is probably a mistake although the API takes it.
    ///
    /// That is a quantity of 0, two lines with the same id, a unit price times quantity that is a
    /// whole minor unit or more away from the total plus the discount, and payment sources above
    /// the total and the tip. Each entry names the field and says what is odd; nothing is refused
    /// for it.
    pub fn warnings(&self) -> Vec<FieldProblem> {
        warnings::of(self)
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
