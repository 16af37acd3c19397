#![allow(deprecated)] // Deprecated fields are still read and written.

use serde::{Deserialize, Serialize};

use crate::model::lenient::optional_whole;
use crate::model::open_enum::open_enum;
use crate::model::optional_text::OptionalText;

/// The bottom line of a receipt: its currency, and how it was paid.
///
/// The API computes sums, tax and discount from the order lines.
///
/// ```
/// use vipps::order_management::{
///     Barcode, BarcodeFormat, BottomLine, Currency, PaymentSources,
/// };
///
/// // 100.00 paid by gift card, and a tip of 20.00.
/// let bottom_line = BottomLine::new(Currency::Nok)
///     .payment_sources(PaymentSources::new().gift_card(100_00))
///     .tip_amount(20_00)
///     .receipt_number("0527013501")
///     .pos_id("till-7")
///     .barcode(Barcode::new(BarcodeFormat::Code39, "SHOP1"));
/// ```
///
/// Source: the schema `BottomLine` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BottomLine {
    /// The currency of all amounts. Required when sending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The tip, in minor units.
    #[doc(alias = "tipAmount")]
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub tip_amount: Option<i64>,
    /// The amount paid with gift cards, in minor units.
    #[doc(alias = "giftCardAmount")]
    #[deprecated(note = "use payment_sources")]
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub gift_card_amount: Option<i64>,
    /// The id of the point of sale.
    #[doc(alias = "posId")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pos_id: Option<String>,
    /// The total, in minor units.
    #[doc(alias = "totalAmount")]
    #[deprecated(note = "the API computes it from the order lines")]
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub total_amount: Option<i64>,
    /// The tax, in minor units.
    #[doc(alias = "totalTax")]
    #[deprecated(note = "the API computes it from the order lines")]
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub total_tax: Option<i64>,
    /// The discount, in minor units.
    #[doc(alias = "totalDiscount")]
    #[deprecated(note = "the API computes it from the order lines")]
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub total_discount: Option<i64>,
    /// The shipping cost, in minor units.
    #[doc(alias = "shippingAmount")]
    #[deprecated(note = "use an order line with is_shipping")]
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub shipping_amount: Option<i64>,
    /// The shipping cost and its tax.
    #[doc(alias = "shippingInfo")]
    #[deprecated(note = "use an order line with is_shipping")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_info: Option<ShippingInfo>,
    /// Payments made outside the app, such as by gift card.
    #[doc(alias = "paymentSources")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_sources: Option<PaymentSources>,
    /// A barcode for the app to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barcode: Option<Barcode>,
    /// The merchant's own receipt number.
    #[doc(alias = "receiptNumber")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_number: Option<String>,
    /// The id of the terminal.
    #[doc(alias = "terminalId")]
    #[deprecated(note = "use pos_id")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal_id: Option<String>,
}

impl BottomLine {
    /// The bottom line of a receipt in this currency.
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

    /// The id of the point of sale.
    pub fn pos_id(mut self, id: impl OptionalText) -> Self {
        self.pos_id = id.into_text();
        self
    }

    /// Payments made outside the app, such as by gift card.
    pub fn payment_sources(mut self, sources: impl Into<Option<PaymentSources>>) -> Self {
        self.payment_sources = sources.into();
        self
    }

    /// A barcode for the app to show.
    pub fn barcode(mut self, barcode: impl Into<Option<Barcode>>) -> Self {
        self.barcode = barcode.into();
        self
    }

    /// The merchant's own receipt number.
    pub fn receipt_number(mut self, number: impl OptionalText) -> Self {
        self.receipt_number = number.into_text();
        self
    }

    /// The amount paid with gift cards. `payment_sources` replaced `gift_card_amount`; a receipt
    /// can have both.
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
    ///
    /// Source: the schema `CurrencyEnum` of the
    /// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
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

/// Amounts of a receipt that were paid outside the app, in minor units.
///
/// ```
/// use vipps::order_management::PaymentSources;
///
/// // A gift card of 100.00, a voucher of 30.00, 250.00 by card, 50.00 in cash.
/// let sources = PaymentSources::new()
///     .gift_card(100_00)
///     .voucher(30_00)
///     .card(250_00)
///     .cash(50_00);
/// assert_eq!(sources.card, Some(250_00));
/// ```
///
/// Source: the schema `PaymentSources` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[must_use]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PaymentSources {
    /// The amount paid with gift cards.
    #[doc(alias = "giftCard")]
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub gift_card: Option<i64>,
    /// The amount paid with cards.
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub card: Option<i64>,
    /// The amount paid with vouchers.
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub voucher: Option<i64>,
    /// The amount paid in cash.
    #[serde(
        default,
        deserialize_with = "optional_whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub cash: Option<i64>,
}

impl PaymentSources {
    /// No payments yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The amount paid with gift cards.
    pub fn gift_card(mut self, amount: impl Into<Option<i64>>) -> Self {
        self.gift_card = amount.into();
        self
    }

    /// The amount paid with cards.
    pub fn card(mut self, amount: impl Into<Option<i64>>) -> Self {
        self.card = amount.into();
        self
    }

    /// The amount paid with vouchers.
    pub fn voucher(mut self, amount: impl Into<Option<i64>>) -> Self {
        self.voucher = amount.into();
        self
    }

    /// The amount paid in cash.
    pub fn cash(mut self, amount: impl Into<Option<i64>>) -> Self {
        self.cash = amount.into();
        self
    }
}

/// A barcode that the app shows on a receipt.
///
/// ```
/// use vipps::order_management::{Barcode, BarcodeFormat};
///
/// let barcode = Barcode::new(BarcodeFormat::Ean13, "4006381333931");
/// ```
///
/// Source: the schema `Barcode` of the
/// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Barcode {
    /// The barcode's format. Required when sending.
    #[serde(default)]
    pub format: Option<BarcodeFormat>,
    /// The encoded text. Required when sending.
    #[serde(default)]
    pub data: Option<String>,
}

impl Barcode {
    /// A barcode of this format with this text. The check digit of an EAN-13 is validated when the
    /// receipt is sent.
    pub fn new(format: BarcodeFormat, data: impl Into<String>) -> Self {
        Self {
            format: Some(format),
            data: Some(data.into()),
        }
    }
}

open_enum! {
    /// The format of a barcode.
    ///
    /// Source: the schema `BarcodeFormatEnum` of the
    /// [Order Management API](https://developer.vippsmobilepay.com/api/order-management/).
    pub enum BarcodeFormat {
        field: "format",
        /// EAN-13: 12 digits and a check digit.
        Ean13 = "EAN-13",
        /// Code 39.
        Code39 = "CODE 39",
        /// Code 128.
        Code128 = "CODE 128",
    }
}

/// The shipping cost of older receipts. Newer ones have an order line with `is_shipping`.
///
/// Source: the schema `ShippingInfo` of the [Order Management
/// API](https://developer.vippsmobilepay.com/api/order-management/), which is deprecated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ShippingInfo {
    /// The cost including tax, in minor units.
    #[serde(default, deserialize_with = "optional_whole")]
    pub amount: Option<i64>,
    /// The cost excluding tax, in minor units.
    #[doc(alias = "amountExcludingTax")]
    #[serde(default, deserialize_with = "optional_whole")]
    pub amount_excluding_tax: Option<i64>,
    /// The tax, in minor units.
    #[doc(alias = "taxAmount")]
    #[serde(default, deserialize_with = "optional_whole")]
    pub tax_amount: Option<i64>,
    /// The tax rate in whole per cent.
    #[doc(alias = "taxPercentage")]
    #[serde(default, deserialize_with = "optional_whole")]
    pub tax_percentage: Option<i64>,
}
