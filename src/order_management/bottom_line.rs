#![allow(deprecated)] // The deprecated wire fields are read and written all the same.

use serde::{Deserialize, Serialize};

use crate::model::lenient::optional_whole;
use crate::model::open_enum::open_enum;
use crate::model::optional_text::OptionalText;

/// What holds for the whole of a receipt. Sums, tax and discount are computed by the service from the lines.
///
/// Source: the schema `BottomLine` of the Order Management API.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BottomLine {
    /// The currency of all amounts. A receipt that is sent must say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The tip, in minor units.
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub tip_amount: Option<i64>,
    /// What was paid with gift cards, in minor units.
    #[deprecated(note = "use payment_sources")]
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub gift_card_amount: Option<i64>,
    /// The point of sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pos_id: Option<String>,
    /// The total, in minor units.
    #[deprecated(note = "the service computes it from the lines")]
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub total_amount: Option<i64>,
    /// The tax, in minor units.
    #[deprecated(note = "the service computes it from the lines")]
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub total_tax: Option<i64>,
    /// The discount, in minor units.
    #[deprecated(note = "the service computes it from the lines")]
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub total_discount: Option<i64>,
    /// The shipping, in minor units.
    #[deprecated(note = "use a line with is_shipping")]
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub shipping_amount: Option<i64>,
    /// The shipping.
    #[deprecated(note = "use a line with is_shipping")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_info: Option<ShippingInfo>,
    /// What it was paid with besides the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_sources: Option<PaymentSources>,
    /// A bar code for the app to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barcode: Option<Barcode>,
    /// The receipt's number in the merchant's books.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_number: Option<String>,
    /// The terminal.
    #[deprecated(note = "use pos_id")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal_id: Option<String>,
}

impl BottomLine {
    /// A receipt in this currency.
    pub fn new(currency: Currency) -> Self {
        Self {
            currency: Some(currency),
            ..Self::default()
        }
    }

    /// The tip, in minor units.
    pub fn tip_amount(mut self, amount: impl Into<Option<i64>>) -> Self {
        self.tip_amount = amount.into();
        self
    }

    /// The point of sale.
    pub fn pos_id(mut self, id: impl OptionalText) -> Self {
        self.pos_id = id.into_text();
        self
    }

    /// What it was paid with besides the app.
    pub fn payment_sources(mut self, sources: impl Into<Option<PaymentSources>>) -> Self {
        self.payment_sources = sources.into();
        self
    }

    /// A bar code for the app to show.
    pub fn barcode(mut self, barcode: impl Into<Option<Barcode>>) -> Self {
        self.barcode = barcode.into();
        self
    }

    /// The receipt's number in the merchant's books.
    pub fn receipt_number(mut self, number: impl OptionalText) -> Self {
        self.receipt_number = number.into_text();
        self
    }

    /// What was paid with gift cards. One field took the other's place, and may be filled in beside
    /// it.
    pub(super) fn gift_cards(&self) -> Option<i64> {
        let sources = self.payment_sources.as_ref();
        sources
            .and_then(|sources| sources.gift_card)
            .filter(|amount| *amount != 0)
            .or(self.gift_card_amount)
    }
}

open_enum! {
    /// The currency of a receipt.
    pub enum Currency {
        field: "currency",
        /// Norwegian kroner.
        Nok = "NOK",
        /// Danish kroner.
        Dkk = "DKK",
        /// Euros.
        Eur = "EUR",
    }
}

/// What a receipt was paid with besides the app, in minor units.
///
/// Source: the schema `PaymentSources` of the Order Management API.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PaymentSources {
    /// Gift cards.
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub gift_card: Option<i64>,
    /// Cards.
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub card: Option<i64>,
    /// Vouchers.
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub voucher: Option<i64>,
    /// Cash.
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub cash: Option<i64>,
}

impl PaymentSources {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was paid with gift cards.
    pub fn gift_card(mut self, amount: impl Into<Option<i64>>) -> Self {
        self.gift_card = amount.into();
        self
    }

    /// What was paid with cards.
    pub fn card(mut self, amount: impl Into<Option<i64>>) -> Self {
        self.card = amount.into();
        self
    }

    /// What was paid with vouchers.
    pub fn voucher(mut self, amount: impl Into<Option<i64>>) -> Self {
        self.voucher = amount.into();
        self
    }

    /// What was paid in cash.
    pub fn cash(mut self, amount: impl Into<Option<i64>>) -> Self {
        self.cash = amount.into();
        self
    }
}

/// A bar code.
///
/// Source: the schema `Barcode` of the Order Management API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Barcode {
    /// The kind of code. A receipt that is sent must say it.
    #[serde(default)]
    pub format: Option<BarcodeFormat>,
    /// What it says. A receipt that is sent must say it.
    #[serde(default)]
    pub data: Option<String>,
}

impl Barcode {
    /// A code of this kind that says this. Sending an EAN-13 checks its digits.
    pub fn new(format: BarcodeFormat, data: impl Into<String>) -> Self {
        Self {
            format: Some(format),
            data: Some(data.into()),
        }
    }
}

open_enum! {
    /// The kind of a bar code.
    pub enum BarcodeFormat {
        field: "format",
        /// EAN-13: 13 digits, the last of which is the check digit of the others.
        Ean13 = "EAN-13",
        /// Code 39.
        Code39 = "CODE 39",
        /// Code 128.
        Code128 = "CODE 128",
    }
}

/// The shipping as older receipts have it. Newer ones have a line with `is_shipping`.
///
/// Source: the schema `ShippingInfo` of the Order Management API, which is deprecated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ShippingInfo {
    /// The price with tax, in minor units.
    #[serde(default, deserialize_with = "optional_whole")]
    pub amount: Option<i64>,
    /// The price without tax, in minor units.
    #[serde(default, deserialize_with = "optional_whole")]
    pub amount_excluding_tax: Option<i64>,
    /// The tax, in minor units.
    #[serde(default, deserialize_with = "optional_whole")]
    pub tax_amount: Option<i64>,
    /// The tax rate in whole per cent.
    #[serde(default, deserialize_with = "optional_whole")]
    pub tax_percentage: Option<i64>,
}
