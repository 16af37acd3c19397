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

/// Adds a receipt to an order. An order can have only one receipt, which cannot be changed.
///
/// The receipt is [validated](Receipt::validate) first. Returns the API's reply, a UUID.
///
/// This endpoint takes no idempotency key, so an attempt with an unknown outcome is not retried;
/// the error's [`delivery`](Error::delivery) says so. [`ensure_receipt`](super::ensure_receipt) is
/// safe to call again.
///
/// ```
/// # let sandbox = vipps::sandbox::Sandbox::start()?;
/// # let session = sandbox.session();
/// use vipps::order_management::{
///     BottomLine, Currency, OrderLine, OrderRef, Receipt, TaxRate, add_receipt,
/// };
///
/// // 100.00 NOK, of which 20.00 is tax.
/// let socks = OrderLine::from_gross("Socks", "1", 100_00, TaxRate::percent(25))?;
/// let receipt = Receipt::new(BottomLine::new(Currency::Nok)).line(socks);
/// add_receipt(&session, &OrderRef::ecom("order-123".parse()?), &receipt)?;
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// `POST /order-management/v2/{paymentType}/receipts/{orderId}` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
///
/// # Errors
///
/// [`ErrorKind::AlreadyExists`](crate::ErrorKind::AlreadyExists) if the order already has a
/// receipt.
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

/// A receipt: the order lines, and a bottom line with the currency.
///
/// ```
/// use vipps::order_management::{
///     BottomLine, Currency, OrderLine, Receipt, TaxRate, UnitInfo,
/// };
///
/// let vat = TaxRate::percent(25);
/// let food = TaxRate::percent(15);
///
/// // Amounts are in minor units and include tax: 199_00 is 199.00 NOK.
/// let two_at_45_50 = UnitInfo::new(45_50, 2.into());
/// let bottom_line = BottomLine::new(Currency::Nok).receipt_number("0527013501");
/// let receipt = Receipt::new(bottom_line)
///     .line(OrderLine::from_gross("Wool socks", "1", 199_00, vat)?)
///     .line(OrderLine::from_units("Bread", "2", two_at_45_50, food)?)
///     .apply_discount(29_00)?
///     .line(OrderLine::shipping("Home delivery", "ship", 99_00, vat)?);
///
/// receipt.validate()?;
/// assert_eq!(receipt.totals()?.total_amount, 360_00);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Deserializing ignores unknown fields and does not validate; sending does.
///
/// Source: the schema `Receipt` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[must_use]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(expecting = "a receipt", rename_all = "camelCase")]
#[non_exhaustive]
pub struct Receipt {
    /// The order lines, at least one.
    #[doc(alias = "orderLines")]
    #[serde(default)]
    pub order_lines: Vec<OrderLine>,
    /// The currency, and how the receipt was paid.
    #[doc(alias = "bottomLine")]
    pub bottom_line: BottomLine,
}

impl Receipt {
    /// A receipt without order lines.
    pub fn new(bottom_line: BottomLine) -> Self {
        Self {
            order_lines: Vec::new(),
            bottom_line,
        }
    }

    /// Adds an order line.
    pub fn line(mut self, line: OrderLine) -> Self {
        self.order_lines.push(line);
        self
    }

    /// Adds several order lines.
    pub fn lines(mut self, lines: impl IntoIterator<Item = OrderLine>) -> Self {
        self.order_lines.extend(lines);
        self
    }

    /// Subtracts a discount, in minor units including tax, from the receipt's lines.
    ///
    /// The discount is split over all lines except returns, in proportion to their totals
    /// ([`allocate`]), and each share is [applied](OrderLine::apply_discount) to its line, so that
    /// the tax is right for each rate. The shares add up to the discount, and each is less than one
    /// minor unit off its exact value. Lines with a share of 0 do not change.
    ///
    /// Shipping is a line like any other: to exclude it, add it after applying the discount.
    ///
    /// ```
    /// use vipps::order_management::{
    ///     BottomLine, Currency, OrderLine, Receipt, TaxRate,
    /// };
    ///
    /// let (vat, food) = (TaxRate::percent(25), TaxRate::percent(15));
    /// let receipt = Receipt::new(BottomLine::new(Currency::Nok))
    ///     .line(OrderLine::from_gross("Wool socks", "1", 199_00, vat)?)
    ///     .line(OrderLine::from_gross("Bread", "2", 45_50, food)?)
    ///     .apply_discount(10_00)?;
    /// let totals = receipt.totals()?;
    /// assert_eq!(totals.total_amount, 234_50);
    /// assert_eq!(totals.total_discount, 10_00);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `discount` if it is
    /// negative or more than the total of all lines except returns, or the fields of lines that it
    /// cannot be applied to, such as `orderLines[2].taxRate`.
    ///
    /// [`allocate`]: super::allocate
    pub fn apply_discount(mut self, amount: i64) -> Result<Self, Error> {
        self.order_lines = discount::apply(self.order_lines, amount)?;
        Ok(self)
    }

    /// Subtracts a discount in per cent from the receipt's lines.
    ///
    /// The discount is this percentage of the total of all lines except returns, rounded half up to
    /// a minor unit, and is split as by [`apply_discount`](Self::apply_discount).
    ///
    /// A cart with 10 % off, shipping, and a partial payment by gift card:
    ///
    /// ```
    /// use vipps::order_management::*;
    ///
    /// // Name, article number, price, quantity, tax in per cent.
    /// let cart = [
    ///     ("Socks", "1", "199.90", "2", "25"),
    ///     ("Bread", "2", "45.50", "1", "15"),
    /// ];
    /// let mut lines = Vec::new();
    /// for (name, id, price, quantity, tax) in cart {
    ///     let units = UnitInfo::new(minor_units(price)?, quantity.parse()?);
    ///     lines.push(OrderLine::from_units(name, id, units, tax.parse()?)?);
    /// }
    ///
    /// let vat = TaxRate::percent(25);
    /// let gift_card = PaymentSources::new().gift_card(100_00);
    /// let bottom_line = BottomLine::new(Currency::Nok).payment_sources(gift_card);
    /// let receipt = Receipt::new(bottom_line)
    ///     .lines(lines)
    ///     .apply_discount_percent("10".parse()?)?
    ///     .line(OrderLine::shipping("Home delivery", "ship", 99_00, vat)?);
    ///
    /// receipt.validate()?;
    /// assert_eq!(receipt.warnings(), []);
    /// assert_eq!(receipt.totals()?.total_amount, 499_77);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`apply_discount`](Self::apply_discount), or naming `rate` if it is above 100 %.
    pub fn apply_discount_percent(self, rate: TaxRate) -> Result<Self, Error> {
        let amount = discount::of_rate(&self.order_lines, rate)?;
        self.apply_discount(amount)
    }

    /// Lists probable mistakes that the API accepts.
    ///
    /// These are: a quantity of 0, two lines with the same id, a unit price times quantity that is
    /// at least one minor unit off the total plus the discount, and payment sources that add up to
    /// more than the total plus the tip. Warnings do not prevent sending.
    ///
    /// ```
    /// use vipps::order_management::{
    ///     BottomLine, Currency, OrderLine, Receipt, TaxRate,
    /// };
    ///
    /// let vat = TaxRate::percent(25);
    /// let receipt = Receipt::new(BottomLine::new(Currency::Nok))
    ///     .line(OrderLine::from_gross("Socks", "1", 199_00, vat)?)
    ///     .line(OrderLine::from_gross("Shoes", "1", 899_00, vat)?);
    /// let warnings = receipt.warnings();
    /// assert_eq!(warnings[0].name, "orderLines[1].id");
    /// assert_eq!(warnings[0].reason, r#""1" is also the id of orderLines[0]"#);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn warnings(&self) -> Vec<FieldProblem> {
        warnings::of(&self.order_lines, &self.bottom_line)
    }

    /// Checks for what the API would refuse, and for amounts that do not add up.
    ///
    /// [`add_receipt`] and [`ensure_receipt`](super::ensure_receipt) do this before sending.
    ///
    /// ```
    /// use vipps::order_management::{BottomLine, Currency, Receipt};
    ///
    /// let empty = Receipt::new(BottomLine::new(Currency::Nok));
    /// let error = empty.validate().unwrap_err();
    /// assert_eq!(error.field_problems()[0].name, "orderLines");
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming every invalid field, such
    /// as `orderLines[2].totalTaxAmount`, and what it must be.
    pub fn validate(&self) -> Result<(), Error> {
        Error::from_problems(validate::problems(&self.order_lines, &self.bottom_line))
    }

    /// Computes the totals that the app shows below the lines: sums, and the tax for each rate.
    ///
    /// Returns are subtracted.
    ///
    /// ```
    /// use vipps::order_management::{
    ///     BottomLine, Currency, OrderLine, Receipt, TaxRate,
    /// };
    ///
    /// let (vat, food) = (TaxRate::percent(25), TaxRate::percent(15));
    /// let totals = Receipt::new(BottomLine::new(Currency::Nok))
    ///     .line(OrderLine::from_gross("Socks", "1", 100_00, vat)?)
    ///     .line(OrderLine::from_gross("Bread", "2", 46_00, food)?)
    ///     .totals()?;
    /// assert_eq!(totals.total_amount, 146_00);
    /// assert_eq!(totals.tax[0].total_tax_amount, 20_00); // at 25 %
    /// assert_eq!(totals.tax[1].total_tax_amount, 6_00); // at 15 %
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if a sum does not fit in an
    /// `i64`.
    pub fn totals(&self) -> Result<Totals, Error> {
        totals::of(&self.order_lines)
    }
}
