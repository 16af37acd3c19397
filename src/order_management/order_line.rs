#![allow(deprecated)] // The deprecated field is still read and written.

use serde::{Deserialize, Serialize};

use super::tax::{TaxRate, excluding_tax, tax_on};
use crate::Error;
use crate::model::identifier::identifier;
use crate::model::lenient::{optional_whole, text_or_decimal, whole};
use crate::model::money::divide;
use crate::model::open_enum::open_enum;
use crate::model::optional_text::OptionalText;

/// An order line: one product, return or shipping cost on a [`Receipt`](super::Receipt).
///
/// All amounts are in minor units and never negative, even for a return (see
/// [`is_return`](Self::is_return)).
///
/// The constructors compute the tax with integers, so that
/// [`total_amount`](Self#structfield.total_amount) is always the sum of
/// [`total_amount_excluding_tax`](Self#structfield.total_amount_excluding_tax) and
/// [`total_tax_amount`](Self#structfield.total_tax_amount):
///
/// | constructor | from |
/// |---|---|
/// | [`from_gross`](Self::from_gross) | a total that includes tax |
/// | [`from_net`](Self::from_net) | a total that excludes tax |
/// | [`from_units`](Self::from_units) | a unit price that includes tax, and a quantity |
/// | [`shipping`](Self::shipping) | a shipping cost that includes tax |
///
/// ```
/// use vipps::order_management::{OrderLine, QuantityUnit, TaxRate, UnitInfo};
///
/// // 0.822 kg of salmon at 399.00 per kg, 15 % tax included, 20.00 off.
/// let weighed =
///     UnitInfo::new(399_00, "0.822".parse()?).quantity_unit(QuantityUnit::Kg);
/// let food = TaxRate::percent(15);
/// let salmon = OrderLine::from_units("Salmon", "7", weighed, food)?
///     .apply_discount(20_00)?
///     .product_url("https://example.com/salmon");
/// assert_eq!(salmon.total_amount, 307_98);
/// assert_eq!(salmon.total_amount_excluding_tax, 267_81);
/// assert_eq!(salmon.total_tax_amount, 40_17);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Source: the schema `OrderLine` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderLine {
    /// The product's name, as the customer sees it.
    pub name: String,
    /// The line's identifier, such as an article number.
    pub id: String,
    /// The amount paid for the line, including tax and after any discount.
    #[doc(alias = "totalAmount")]
    #[serde(deserialize_with = "whole")]
    pub total_amount: i64,
    /// The amount paid for the line, excluding tax.
    #[doc(alias = "totalAmountExcludingTax")]
    #[serde(deserialize_with = "whole")]
    pub total_amount_excluding_tax: i64,
    /// The tax included in the total.
    #[doc(alias = "totalTaxAmount")]
    #[serde(deserialize_with = "whole")]
    pub total_tax_amount: i64,
    /// The tax rate in whole per cent, 0 to 100.
    #[doc(alias = "taxPercentage")]
    #[deprecated(
        note = "use tax_rate, which can express 25.5 %; tax_rate_or_percentage() reads both"
    )]
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub tax_percentage: Option<i64>,
    /// The tax rate.
    #[doc(alias = "taxRate")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<TaxRate>,
    /// The unit price and the quantity.
    #[doc(alias = "unitInfo")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_info: Option<UnitInfo>,
    /// The discount, in minor units, that is already subtracted from `total_amount`.
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub discount: Option<i64>,
    /// The URL of the product's page.
    #[doc(alias = "productUrl")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_url: Option<String>,
    /// Whether the line is a return, which is subtracted from the receipt's total.
    #[doc(alias = "isReturn")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_return: Option<bool>,
    /// Whether the line is a shipping cost.
    #[doc(alias = "isShipping")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_shipping: Option<bool>,
}

impl OrderLine {
    /// An order line from its total including tax, after any discount.
    ///
    /// ```
    /// use vipps::order_management::{OrderLine, TaxRate};
    ///
    /// let socks = OrderLine::from_gross("Socks", "1", 199_00, TaxRate::percent(25))?;
    /// assert_eq!(socks.total_amount_excluding_tax, 159_20);
    /// assert_eq!(socks.total_tax_amount, 39_80);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a negative amount or a tax
    /// rate above 100 %.
    pub fn from_gross(
        name: impl Into<String>,
        id: impl Into<String>,
        total: i64,
        rate: TaxRate,
    ) -> Result<Self, Error> {
        check("totalAmount", total, rate)?;
        let line = Self {
            name: name.into(),
            id: id.into(),
            total_amount: 0,
            total_amount_excluding_tax: 0,
            total_tax_amount: 0,
            tax_percentage: None,
            tax_rate: Some(rate),
            unit_info: None,
            discount: None,
            product_url: None,
            is_return: None,
            is_shipping: None,
        };
        Ok(line.with_total(total, rate))
    }

    /// An order line from its total excluding tax, after any discount.
    ///
    /// ```
    /// use vipps::order_management::{OrderLine, TaxRate};
    ///
    /// let socks = OrderLine::from_net("Socks", "1", 159_20, TaxRate::percent(25))?;
    /// assert_eq!(socks.total_tax_amount, 39_80);
    /// assert_eq!(socks.total_amount, 199_00);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a negative amount, a tax
    /// rate above 100 %, or a total that does not fit in an `i64`.
    pub fn from_net(
        name: impl Into<String>,
        id: impl Into<String>,
        excluding_tax: i64,
        rate: TaxRate,
    ) -> Result<Self, Error> {
        check("totalAmountExcludingTax", excluding_tax, rate)?;
        let tax = tax_on(excluding_tax, rate);
        let total = excluding_tax.checked_add(tax);
        let total = total.ok_or_else(|| too_large("totalAmountExcludingTax"))?;
        // The net amount computed from the total is the given one: rounding the tax changes the
        // total by at most half a minor unit, and dividing by 1 + rate makes that less.
        Self::from_gross(name, id, total, rate)
    }

    /// An order line from a unit price including tax, and a quantity.
    ///
    /// The total is the product of both, rounded half up to a minor unit.
    ///
    /// ```
    /// use vipps::order_management::{OrderLine, TaxRate, UnitInfo};
    ///
    /// // Three pairs of socks at 66.50 each.
    /// let units = UnitInfo::new(66_50, 3.into());
    /// let socks = OrderLine::from_units("Socks", "1", units, TaxRate::percent(25))?;
    /// assert_eq!(socks.total_amount, 199_50);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a price that is negative or
    /// missing, a tax rate above 100 %, or a total that does not fit in an `i64`.
    pub fn from_units(
        name: impl Into<String>,
        id: impl Into<String>,
        unit_info: UnitInfo,
        rate: TaxRate,
    ) -> Result<Self, Error> {
        const PRICE: &str = "unitInfo.unitPrice";
        let price = unit_info.unit_price;
        let price = price.ok_or_else(|| Error::input(PRICE, "must be set, in minor units"))?;
        check(PRICE, price, rate)?;
        let total = unit_info.quantity.times(price)?;
        Ok(Self::from_gross(name, id, total, rate)?.unit_info(unit_info))
    }

    /// An order line for a shipping cost that includes tax.
    ///
    /// ```
    /// use vipps::order_management::{OrderLine, TaxRate};
    ///
    /// let rate = TaxRate::percent(25);
    /// let shipping = OrderLine::shipping("Home delivery", "ship", 99_00, rate)?;
    /// assert_eq!(shipping.is_shipping, Some(true));
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`from_gross`](Self::from_gross).
    pub fn shipping(
        name: impl Into<String>,
        id: impl Into<String>,
        total: i64,
        rate: TaxRate,
    ) -> Result<Self, Error> {
        Ok(Self::from_gross(name, id, total, rate)?.is_shipping(true))
    }

    /// Subtracts a discount, in minor units including tax, from the line's total.
    ///
    /// The amount excluding tax and the tax are computed again from the new total, and the amount
    /// is added to `discount`. `unit_info` keeps the price before the discount.
    ///
    /// ```
    /// use vipps::order_management::{OrderLine, TaxRate};
    ///
    /// let socks = OrderLine::from_gross("Socks", "1", 199_00, TaxRate::percent(25))?
    ///     .apply_discount(49_00)?;
    /// assert_eq!((socks.total_amount, socks.discount), (150_00, Some(49_00)));
    /// assert_eq!(socks.total_tax_amount, 30_00);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `discount` if it is
    /// negative or more than the line's total, or `taxRate` if the line's tax rate is missing or
    /// above 100 %.
    pub fn apply_discount(self, amount: i64) -> Result<Self, Error> {
        if !(0..=self.total_amount).contains(&amount) {
            let total = self.total_amount;
            let reason = format!("must be 0 to the line's total of {total}, not {amount}");
            return Err(Error::input("discount", reason));
        }
        // A deserialized line may have any rate, or none.
        let rate = self.tax_rate_or_percentage();
        let rate = rate.ok_or_else(|| Error::input("taxRate", "must be set, in basis points"))?;
        check("discount", amount, rate)?;
        let before = self.discount.unwrap_or(0);
        let discount = before
            .checked_add(amount)
            .ok_or_else(|| too_large("discount"))?;
        let total = self.total_amount - amount;
        let mut line = self.with_total(total, rate);
        line.discount = Some(discount);
        Ok(line)
    }

    /// Sets the discount that the total already includes. The line's amounts do not change.
    ///
    /// To subtract a discount from the total, use [`apply_discount`](Self::apply_discount).
    ///
    /// ```
    /// use vipps::order_management::{OrderLine, TaxRate};
    ///
    /// // The shop's total of 150.00 is already reduced by 49.00.
    /// let socks = OrderLine::from_gross("Socks", "1", 150_00, TaxRate::percent(25))?
    ///     .discount(49_00);
    /// assert_eq!((socks.total_amount, socks.discount), (150_00, Some(49_00)));
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn discount(mut self, amount: impl Into<Option<i64>>) -> Self {
        self.discount = amount.into();
        self
    }

    /// The unit price and the quantity, for display. The line's amounts do not change.
    ///
    /// ```
    /// use vipps::order_management::{OrderLine, TaxRate, UnitInfo};
    ///
    /// // Three for the price of two, at 66.50 each.
    /// let socks = OrderLine::from_gross("Socks", "1", 133_00, TaxRate::percent(25))?
    ///     .unit_info(UnitInfo::new(66_50, 3.into()))
    ///     .discount(66_50);
    /// assert_eq!(socks.total_amount, 133_00);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn unit_info(mut self, unit_info: impl Into<Option<UnitInfo>>) -> Self {
        self.unit_info = unit_info.into();
        self
    }

    /// The URL of the product's page.
    pub fn product_url(mut self, url: impl OptionalText) -> Self {
        self.product_url = url.into_text();
        self
    }

    /// Whether the line is a return, which is subtracted from the receipt's total. The line's own
    /// amounts stay positive.
    ///
    /// ```
    /// use vipps::order_management::{
    ///     BottomLine, Currency, OrderLine, Receipt, TaxRate,
    /// };
    ///
    /// let rate = TaxRate::percent(25);
    /// let boots = OrderLine::from_gross("Boots", "2", 899_00, rate)?;
    /// let socks = OrderLine::from_gross("Socks", "1", 199_00, rate)?.is_return(true);
    /// let receipt = Receipt::new(BottomLine::new(Currency::Nok))
    ///     .line(boots)
    ///     .line(socks);
    /// assert_eq!(receipt.totals()?.total_amount, 700_00);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn is_return(mut self, is: impl Into<Option<bool>>) -> Self {
        self.is_return = is.into();
        self
    }

    /// Whether the line is a shipping cost.
    ///
    /// For example, for a cost that excludes tax, which [`shipping`](Self::shipping) does not take:
    ///
    /// ```
    /// use vipps::order_management::{OrderLine, TaxRate};
    ///
    /// let rate = TaxRate::percent(25);
    /// let shipping = OrderLine::from_net("Home delivery", "ship", 79_20, rate)?
    ///     .is_shipping(true);
    /// assert_eq!(shipping.total_amount, 99_00);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn is_shipping(mut self, is: impl Into<Option<bool>>) -> Self {
        self.is_shipping = is.into();
        self
    }

    /// The line's tax rate: `tax_rate` or, if that is missing, the older `tax_percentage`.
    ///
    /// ```
    /// use vipps::order_management::{OrderLine, TaxRate};
    ///
    /// let socks = OrderLine::from_gross("Socks", "1", 199_00, TaxRate::percent(25))?;
    /// assert_eq!(socks.tax_rate_or_percentage(), Some(TaxRate::percent(25)));
    /// # Ok::<(), vipps::Error>(())
    /// ```
    pub fn tax_rate_or_percentage(&self) -> Option<TaxRate> {
        self.tax_rate
            .or_else(|| self.tax_percentage.map(TaxRate::from_tax_percentage))
    }

    /// Sets the total and computes the other amounts from it.
    fn with_total(mut self, total: i64, rate: TaxRate) -> Self {
        self.total_amount = total;
        self.total_amount_excluding_tax = excluding_tax(total, rate);
        self.total_tax_amount = total - self.total_amount_excluding_tax;
        self
    }
}

/// The unit price and the quantity of an order line.
///
/// ```
/// use vipps::order_management::{QuantityUnit, UnitInfo};
///
/// // 0.822 kg at 399.00 per kg.
/// let weighed =
///     UnitInfo::new(399_00, "0.822".parse()?).quantity_unit(QuantityUnit::Kg);
/// // 3 pieces at 66.50 each.
/// let counted = UnitInfo::new(66_50, 3.into());
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Source: the schema `UnitInfo` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UnitInfo {
    /// The price of one unit including tax, in minor units.
    #[doc(alias = "unitPrice")]
    #[serde(default, deserialize_with = "optional_whole")]
    pub unit_price: Option<i64>,
    /// The number of units.
    pub quantity: Quantity,
    /// The unit of measure. `None` means pieces.
    #[doc(alias = "quantityUnit")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_unit: Option<QuantityUnit>,
}

impl UnitInfo {
    /// A price per unit including tax, in minor units, and a quantity.
    pub fn new(unit_price: i64, quantity: Quantity) -> Self {
        Self {
            unit_price: Some(unit_price),
            quantity,
            quantity_unit: None,
        }
    }

    /// The unit of measure.
    pub fn quantity_unit(mut self, unit: impl Into<Option<QuantityUnit>>) -> Self {
        self.quantity_unit = unit.into();
        self
    }
}

identifier! {
    /// A number of units as a decimal number, such as `3` or `0.822`.
    ///
    /// At most 10 characters and 8 decimals, `^\d+([\.]\d{1,8})?$`. The text is kept as written:
    /// `2.50` stays `2.50`.
    ///
    /// ```
    /// use vipps::order_management::Quantity;
    ///
    /// let weight: Quantity = "0.822".parse()?;
    /// assert_eq!(Quantity::from(3), Quantity::new("3")?);
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// Source: the field `quantity` of the schema `UnitInfo` of the
    /// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
    pub struct Quantity {
        field: "quantity",
        check: is_quantity,
        rule: "a decimal number such as 3 or 0.822, at most 10 characters and 8 decimals",
        read: text_or_decimal
    }
}

impl Quantity {
    /// The number as an integer and the power of ten to divide it by. `None` if a server sent
    /// something that is not a number.
    pub(super) fn parts(&self) -> Option<(i128, i128)> {
        if !is_quantity(self.as_str()) {
            return None;
        }
        let (whole, decimals) = self.as_str().split_once('.').unwrap_or((self.as_str(), ""));
        let digits = format!("{whole}{decimals}").parse().ok()?;
        let scale = decimals.bytes().fold(1, |scale, _| scale * 10);
        Some((digits, scale))
    }

    fn times(&self, unit_price: i64) -> Result<i64, Error> {
        let (digits, scale) = self
            .parts()
            .ok_or_else(|| Error::invalid("quantity", Self::RULE, self.as_str()))?;
        let total = divide(i128::from(unit_price) * digits, scale);
        i64::try_from(total).map_err(|_| too_large("totalAmount"))
    }
}

impl From<u32> for Quantity {
    fn from(count: u32) -> Self {
        // A `u32` has at most ten digits.
        Self(count.to_string())
    }
}

open_enum! {
    /// The unit of measure of a quantity.
    ///
    /// Source: the schema `QuantityUnitEnum` of the
    /// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
    pub enum QuantityUnit {
        field: "quantityUnit",
        /// Pieces.
        Pcs = "PCS",
        /// Kilograms.
        Kg = "KG",
        /// Kilometres.
        Km = "KM",
        /// Minutes.
        Minute = "MINUTE",
        /// Litres.
        Litre = "LITRE",
        /// Kilowatt hours.
        Kwh = "KWH",
    }
}

fn is_quantity(value: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let fits = match value.split_once('.') {
        Some((whole, decimals)) => is_number(whole) && is_number(decimals) && decimals.len() <= 8,
        None => is_number(value),
    };
    fits && value.len() <= 10
}

fn check(field: &str, amount: i64, rate: TaxRate) -> Result<(), Error> {
    if amount < 0 {
        let reason = format!("must be at least 0, not {amount}; for a return, set is_return");
        return Err(Error::input(field, reason));
    }
    if !rate.is_valid() {
        let basis_points = rate.basis_points();
        let reason = format!("must be 0 to 10000 basis points, not {basis_points}");
        return Err(Error::input("taxRate", reason));
    }
    Ok(())
}

fn too_large(field: &str) -> Error {
    Error::input(field, "is too large: the result does not fit in an i64")
}
