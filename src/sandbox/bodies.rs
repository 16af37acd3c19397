//! The request bodies of both APIs, one table per body.

use serde_json::{Map, Value};

use super::rules::{
    AMOUNT, ANY_TEXT, BASE64, Form, ID, Kind, Object, URI, UUID, digits, is_digits, object, of_form,
    optional, required, text,
};

/// `POST /management/v1/product-orders`.
pub(super) static PRODUCT_ORDER: Object = Object {
    // Nested objects are open: the API ignores their unknown fields.
    is_closed: true,
    ..object(&[
        required("businessIdentifier", Kind::Object(&BUSINESS_IDENTIFIER)),
        required("productType", Kind::OneOf(PRODUCT_TYPES)),
        optional("salesUnitName", of_form(1, 40, NAME)).or_null(),
        // The API silently drops an unusable image.
        optional("salesUnitLogo", of_form(0, usize::MAX, BASE64)).or_null(),
        optional("settlementBankAccount", Kind::Object(&BANK_ACCOUNT)).or_null(),
        optional("pricePackageId", of_form(36, 36, UUID)).or_null(),
        optional("productUseCase", Kind::OneOf(USE_CASES)).or_null(),
        optional("annualTurnover", Kind::Integer { min: 0, max: 999_999_999 }).or_null(),
        optional("annualTurnoverPercentage", Kind::OneOf(PERCENTAGES)).or_null(),
        optional("intendedPurpose", ANY_TEXT).or_null(),
        optional("app", Kind::Object(&APP)).or_null(),
        optional("website", Kind::Object(&WEBSITE)).or_null(),
        optional("hasRecurring", Kind::Boolean).or_null(),
        optional("merchantCategoryCode", digits(4, 4)).or_null(),
    ])
};

static BUSINESS_IDENTIFIER: Object = object(&[
    required("scheme", text(10, 30)),
    required("id", of_form(4, 50, ("digits and hyphens", is_digits_and_hyphens))),
]);

static BANK_ACCOUNT: Object =
    object(&[required("scheme", text(5, 20)), required("id", digits(9, 34))]);

static APP: Object = object(&[required("appName", ANY_TEXT)]);

static WEBSITE: Object = object(&[
    required("url", of_form(0, usize::MAX, ("starting with https://", is_https))),
    required("termsUrl", ANY_TEXT),
    optional("testWebsiteUrl", ANY_TEXT).or_null(),
    optional("testWebsiteUsername", ANY_TEXT).or_null(),
    optional("testWebsitePassword", ANY_TEXT).or_null(),
]);

/// `POST /order-management/v1/images`.
pub(super) static IMAGE: Object = object(&[
    required("imageId", of_form(1, 128, ID)),
    // Base64 encodes three bytes as four characters.
    required("src", of_form(0, (2 * 1024 * 1024_usize).div_ceil(3) * 4, BASE64)),
    required("type", Kind::OneOf(&["base64"])),
]);

/// `PUT /order-management/v2/{paymentType}/categories/{orderId}`.
pub(super) static CATEGORY: Object = object(&[
    required("category", Kind::OneOf(CATEGORIES)).or_null(),
    required("orderDetailsUrl", of_form(1, usize::MAX, URI)),
    optional("imageId", of_form(1, 128, ID)).or_null(),
]);

/// `POST /order-management/v3/categories`.
pub(super) static NEW_CATEGORY: Object = object(&[
    required("orderId", of_form(1, usize::MAX, ID)),
    required("paymentType", Kind::OneOf(&["ECOM", "RECURRING"])),
    required("type", Kind::OneOf(CATEGORIES)).or_null(),
    required("url", of_form(1, usize::MAX, URI)),
    optional("imageId", of_form(1, 128, ID)),
]);

/// `POST /order-management/v2/{paymentType}/receipts/{orderId}`. Amounts are never negative.
pub(super) static RECEIPT: Object = object(&[
    required("orderLines", Kind::List(&ORDER_LINE)),
    required("bottomLine", Kind::Object(&BOTTOM_LINE)),
]);

static ORDER_LINE: Object = Object {
    also: Some(wants_tax),
    ..object(&[
        // The live API refuses an empty name, though the specification has no minimum.
        required("name", text(1, usize::MAX)),
        required("id", ANY_TEXT),
        required("totalAmount", AMOUNT),
        required("totalAmountExcludingTax", AMOUNT),
        required("totalTaxAmount", AMOUNT),
        optional("taxPercentage", PERCENTAGE).or_null(),
        optional("taxRate", Kind::Integer { min: 0, max: 10_000 }).or_null(),
        optional("unitInfo", Kind::Object(&UNIT_INFO)),
        optional("discount", AMOUNT).or_null(),
        optional("productUrl", ANY_TEXT).or_null(),
        optional("isReturn", Kind::Boolean).or_null(),
        optional("isShipping", Kind::Boolean).or_null(),
    ])
};

static UNIT_INFO: Object = object(&[
    required("unitPrice", AMOUNT).or_null(),
    required("quantity", of_form(1, 10, ("a decimal number", is_quantity))),
    optional("quantityUnit", Kind::OneOf(UNITS)).or_null(),
]);

static BOTTOM_LINE: Object = object(&[
    required("currency", Kind::OneOf(&["NOK", "DKK", "EUR"])).or_null(),
    optional("tipAmount", AMOUNT).or_null(),
    optional("giftCardAmount", AMOUNT).or_null(),
    optional("posId", ANY_TEXT).or_null(),
    optional("totalAmount", AMOUNT).or_null(),
    optional("totalTax", AMOUNT).or_null(),
    optional("totalDiscount", AMOUNT).or_null(),
    optional("shippingAmount", AMOUNT).or_null(),
    optional("shippingInfo", Kind::Object(&SHIPPING_INFO)),
    optional("paymentSources", Kind::Object(&PAYMENT_SOURCES)),
    optional("barcode", Kind::Object(&BARCODE)),
    optional("receiptNumber", ANY_TEXT).or_null(),
    optional("terminalId", ANY_TEXT).or_null(),
]);

static SHIPPING_INFO: Object = object(&[
    required("amount", AMOUNT).or_null(),
    required("amountExcludingTax", AMOUNT).or_null(),
    required("taxAmount", AMOUNT).or_null(),
    required("taxPercentage", PERCENTAGE).or_null(),
]);

static PAYMENT_SOURCES: Object = object(&[
    optional("giftCard", AMOUNT).or_null(),
    optional("card", AMOUNT).or_null(),
    optional("voucher", AMOUNT).or_null(),
    optional("cash", AMOUNT).or_null(),
]);

static BARCODE: Object = Object {
    also: Some(wants_ean_13),
    ..object(&[
        required("format", Kind::OneOf(&["EAN-13", "CODE 39", "CODE 128"])).or_null(),
        required("data", ANY_TEXT).or_null(),
    ])
};

const PRODUCT_TYPES: &[&str] =
    &["PAYMENT_INTEGRATION", "CASHIER", "CHECKOUT", "LOGIN", "DONATIONS"];
const USE_CASES: &[&str] = &["Website", "WebsiteWithTest", "App", "Unknown"];
const PERCENTAGES: &[&str] = &["10", "20", "30", "40", "50", "60", "70", "80", "90", "100"];
const CATEGORIES: &[&str] =
    &["GENERAL", "RECEIPT", "ORDER_CONFIRMATION", "DELIVERY", "TICKET", "BOOKING"];
const UNITS: &[&str] = &["PCS", "KG", "KM", "MINUTE", "LITRE", "KWH"];
const PERCENTAGE: Kind = Kind::Integer { min: 0, max: 100 };

fn wants_tax(line: &Map<String, Value>) -> Option<(&'static str, &'static str)> {
    let has = |name: &str| line.get(name).is_some_and(|value| !value.is_null());
    let has_rate = has("taxRate") || has("taxPercentage");
    (!has_rate).then_some(("taxRate", "is required unless taxPercentage is set"))
}

/// EAN-13 is the only format with a check digit.
fn wants_ean_13(barcode: &Map<String, Value>) -> Option<(&'static str, &'static str)> {
    let text = |name: &str| barcode.get(name).and_then(Value::as_str);
    let is_wrong = text("format") == Some("EAN-13") && !text("data").is_none_or(is_ean_13);
    is_wrong.then_some(("data", "must be 12 digits and their EAN-13 check digit"))
}

fn is_ean_13(data: &str) -> bool {
    let weighted = data.bytes().zip([1, 3].into_iter().cycle());
    let sum: u32 = weighted.map(|(digit, weight)| u32::from(digit & 0xf) * weight).sum();
    data.len() == 13 && is_digits(data) && sum % 10 == 0
}

fn is_digits_and_hyphens(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

fn is_https(url: &str) -> bool {
    url.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"))
}

/// `^\d+([\.]\d{1,8})?$`
fn is_quantity(text: &str) -> bool {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = !whole.is_empty() && is_digits(whole) && is_digits(decimals);
    is_number && (1..=8).contains(&decimals.len())
}

/// `^[\p{L}\p{M}\d\\\(\)-_\+\s\.\`]+$`, where `\)-_` is a range.
const NAME: Form =
    ("letters, digits, spaces, ` and the characters from ( to _", is_name);

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_alphabetic() || c.is_whitespace() || is_digit(c) || is_mark(c);
    text.chars().all(|c| matches!(c, '('..='`') || fits(c))
}

/// Stands in for `\d`: excludes the fractions, superscripts and so on that `is_numeric` includes.
fn is_digit(c: char) -> bool {
    c.is_numeric() && !matches!(c, '\u{80}'..='\u{bf}' | '\u{2070}'..='\u{32ff}')
}

/// Stands in for `\p{M}`: the combining marks of Latin, Greek and Cyrillic text.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}
