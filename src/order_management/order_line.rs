#![allow(deprecated)] // The deprecated wire field is read and written all the same.

use serde::{Deserialize, Serialize};

use super::tax::{TaxRate, excluding_tax, tax_on};
use crate::Error;
use crate::model::identifier::identifier;
use crate::model::lenient::{optional_whole, text_or_decimal, whole};
use crate::model::money::divide;
use crate::model::open_enum::open_enum;
use crate::model::optional_text::OptionalText;

/// A line of a receipt. All amounts are in minor units and never negative; a return says so with `is_return`.
///
/// [`from_gross`](Self::from_gross), [`from_net`](Self::from_net) and
/// [`from_units`](Self::from_units) compute the tax in whole numbers, so that `total_amount` is
/// always the sum of `total_amount_excluding_tax` and `total_tax_amount`.
///
/// ```
/// use vipps::order_management::{OrderLine, QuantityUnit, TaxRate, UnitInfo};
///
/// // 0.822 kg of salmon at 399.00 a kilo, 15 % tax.
/// let weighed = UnitInfo::new(39_900, "0.822".parse()?).quantity_unit(QuantityUnit::Kg);
/// let salmon = OrderLine::from_units("Salmon", "7", weighed, TaxRate::percent(15))?;
/// assert_eq!(salmon.total_amount, 32_798);
/// assert_eq!(salmon.total_amount_excluding_tax, 28_520);
/// assert_eq!(salmon.total_tax_amount, 4_278);
/// # Ok::<(), vipps::Error>(())
/// ```
///
/// Source: the schema `OrderLine` of the Order Management API.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderLine {
    /// What the customer reads.
    pub name: String,
    /// What the line is told from others by.
    pub id: String,
    /// What is paid for the line: with tax, and after the discount.
    #[serde(deserialize_with = "whole")]
    pub total_amount: i64,
    /// The same without tax.
    #[serde(deserialize_with = "whole")]
    pub total_amount_excluding_tax: i64,
    /// The tax in it.
    #[serde(deserialize_with = "whole")]
    pub total_tax_amount: i64,
    /// The tax rate in whole per cent, 0 to 100.
    #[deprecated(
        note = "the service prefers tax_rate, which knows 25.5 %; tax_rate_or_percentage() reads both"
    )]
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub tax_percentage: Option<i64>,
    /// The tax rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<TaxRate>,
    /// The price of a unit and how many there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_info: Option<UnitInfo>,
    /// What was taken off: the line would have been `total_amount` and this without it.
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub discount: Option<i64>,
    /// The page of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_url: Option<String>,
    /// Whether the line is a return, which counts negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_return: Option<bool>,
    /// Whether the line is the shipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_shipping: Option<bool>,
}

impl OrderLine {
    /// A line whose amount includes tax. The amount is what is paid, after a discount.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a negative amount or a rate above 100 %.
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

    /// A line whose amount excludes tax. The amount is what is paid, after a discount, less the tax.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a negative amount, a rate above 100 %, or a total that does not fit an `i64`.
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
        // Going back from the total gives the same amounts: the tax was rounded by half a unit at most, and dividing by more than one makes
        // less than half of it.
        Self::from_gross(name, id, total, rate)
    }

    /// A line whose amount is the unit price, which includes tax, times the quantity, rounded to
    /// the nearest minor unit, a half up.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a price that is negative or
    /// missing, a rate above 100 %, or a total that does not fit an `i64`.
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

    /// The shipping, at an amount that includes tax.
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

    /// Takes a discount in minor units, with tax, off the line: `total_amount` is less by it, net
    /// and tax are computed from the new total by the line's rate, and `discount` grows by it.
    /// `unit_info` keeps the price before the discount.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming `discount` if it is
    /// negative or more than the line's total, or `taxRate` if the line has no rate or one above
    /// 100 %.
    pub fn apply_discount(self, amount: i64) -> Result<Self, Error> {
        if !(0..=self.total_amount).contains(&amount) {
            let total = self.total_amount;
            let reason = format!("must be 0 to the line's total of {total}, not {amount}");
            return Err(Error::input("discount", reason));
        }
        // A line that was read from somewhere may have any rate, or none.
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

    /// Says what was taken off already: the line's amounts stay as they are.
    pub fn discount(mut self, amount: impl Into<Option<i64>>) -> Self {
        self.discount = amount.into();
        self
    }

    /// The price of a unit and how many there are, for display; the line's amounts stay as they are.
    pub fn unit_info(mut self, unit_info: impl Into<Option<UnitInfo>>) -> Self {
        self.unit_info = unit_info.into();
        self
    }

    /// The page of the product.
    pub fn product_url(mut self, url: impl OptionalText) -> Self {
        self.product_url = url.into_text();
        self
    }

    /// Whether the line is a return, which counts negative. Its own amounts stay positive.
    pub fn is_return(mut self, is: impl Into<Option<bool>>) -> Self {
        self.is_return = is.into();
        self
    }

    /// Whether the line is the shipping.
    pub fn is_shipping(mut self, is: impl Into<Option<bool>>) -> Self {
        self.is_shipping = is.into();
        self
    }

    /// The line's rate, from `taxRate` or, where that is missing, from the older `taxPercentage`.
    pub fn tax_rate_or_percentage(&self) -> Option<TaxRate> {
        self.tax_rate
            .or_else(|| self.tax_percentage.map(TaxRate::from_tax_percentage))
    }

    /// The total rules: the rest follows from it.
    fn with_total(mut self, total: i64, rate: TaxRate) -> Self {
        self.total_amount = total;
        self.total_amount_excluding_tax = excluding_tax(total, rate);
        self.total_tax_amount = total - self.total_amount_excluding_tax;
        self
    }
}

/// The price of a unit and how many there are.
///
/// Source: the schema `UnitInfo` of the Order Management API.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UnitInfo {
    /// The price of one unit, in minor units, with tax.
    #[serde(default, deserialize_with = "optional_whole")]
    pub unit_price: Option<i64>,
    /// How many.
    pub quantity: Quantity,
    /// What is counted; pieces, where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity_unit: Option<QuantityUnit>,
}

impl UnitInfo {
    /// A price in minor units, and how many.
    pub fn new(unit_price: i64, quantity: Quantity) -> Self {
        Self {
            unit_price: Some(unit_price),
            quantity,
            quantity_unit: None,
        }
    }

    /// What is counted.
    pub fn quantity_unit(mut self, unit: impl Into<Option<QuantityUnit>>) -> Self {
        self.quantity_unit = unit.into();
        self
    }
}

identifier! {
    /// How many units, as a decimal number: at most 10 characters and 8 decimals, `^\d+([\.]\d{1,8})?$`, such as `3` or `0.822`.
    ///
    /// It is kept as it is written: `2.50` stays `2.50`.
    pub struct Quantity { field: "quantity", check: is_quantity, rule: "a decimal number such as 3 or 0.822, at most 10 characters and 8 decimals", read: text_or_decimal }
}

impl Quantity {
    /// The number as a whole number and a power of ten to divide it by. `None` for one that a server sent and that is none.
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
        // At most ten digits.
        Self(count.to_string())
    }
}

open_enum! {
    /// What a quantity counts.
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
        let reason = format!("must not be negative, not {amount}; a return says so with is_return");
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
    Error::input(field, "is too large for the line to be computed")
}
