//! What the tests share: sessions, requests, and replies of the API. Each sample says where it is
//! from.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vipps::management::{BusinessIdentifier, PrefillProductOrder, ProductType};
use vipps::order_management::{
    AddImage, BottomLine, Category, CategoryType, Currency, OrderLine, Receipt, TaxRate,
};
use vipps::{AccessToken, ApiKeys, RetryPolicy, Session, SessionBuilder, SystemInfo};

pub(crate) fn to_json<T: Serialize>(value: T) -> Value {
    serde_json::to_value(value).unwrap()
}

/// A value from a server or a file, deserialized without validation.
pub(crate) fn unchecked<T: DeserializeOwned>(value: impl Into<Value>) -> T {
    serde_json::from_value(value.into()).unwrap()
}

/// A table of cases: one per line, with columns separated by `|`. A line that ends in `\` continues
/// on the next. Lines that start with `//` are comments.
#[track_caller]
pub(crate) fn rows<const N: usize>(table: &str) -> Vec<[String; N]> {
    let parts: Vec<&str> = table.split("\\\n").map(str::trim_start).collect();
    let table = parts.concat();
    let lines = table.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines
        .map(|line| {
            let columns: Vec<String> = line.split(" | ").map(|c| c.trim().to_owned()).collect();
            columns.try_into().expect(line)
        })
        .collect()
}

/// Changes to JSON: `/a/b = 1 & /a/c = null`.
#[track_caller]
pub(crate) fn changes_of(text: &str) -> Vec<(&str, Value)> {
    text.split(" & ")
        .map(|change| {
            let (place, value) = change.split_once(" = ").expect(change);
            (place, serde_json::from_str(value).expect(change))
        })
        .collect()
}

/// How an error names the field at a JSON pointer: `orderLines[0].name`.
pub(crate) fn field_of(place: &str) -> String {
    let names = place.split('/').skip(1);
    names.fold(String::new(), |field, name| {
        match (name.parse::<usize>(), field.is_empty()) {
            (Ok(nth), _) => format!("{field}[{nth}]"),
            (Err(_), true) => name.to_owned(),
            (Err(_), false) => format!("{field}.{name}"),
        }
    })
}

// Sessions.

/// The settings that the tests share: standard keys, a system with a plugin, an MSN, no retries,
/// and a token that is valid for an hour, so that only the call itself is sent.
pub(crate) fn session_builder(url: &str) -> SessionBuilder {
    builder_without_token(url).access_token(test_token())
}

pub(crate) fn builder_without_token(url: &str) -> SessionBuilder {
    builder_without_msn(url).merchant_serial_number("123456".parse().unwrap())
}

/// Has neither a token nor an MSN.
pub(crate) fn builder_without_msn(url: &str) -> SessionBuilder {
    Session::builder(keys(), system())
        .base_url(url)
        .retry(RetryPolicy::none())
}

pub(crate) fn test_token() -> AccessToken {
    AccessToken::new("test-token", Duration::from_secs(3600)).unwrap()
}

pub(crate) fn keys() -> ApiKeys {
    ApiKeys::standard(
        "test-client-id",
        "test-client-secret",
        "test-subscription-key",
    )
}

pub(crate) fn system() -> SystemInfo {
    let system = SystemInfo::new("acme", "3.1.2").unwrap();
    system.plugin("acme-webshop", "4.5.6").unwrap()
}

// Requests.

/// A merchant that the sandbox knows.
pub(crate) fn merchant() -> BusinessIdentifier {
    BusinessIdentifier::norway("987654321").unwrap()
}

pub(crate) fn prefill() -> PrefillProductOrder {
    PrefillProductOrder::new(merchant(), ProductType::Login)
}

pub(crate) fn receipt() -> Receipt {
    let line = OrderLine::from_gross("Socks", "1", 10_000, TaxRate::percent(25)).unwrap();
    Receipt::new(BottomLine::new(Currency::Nok)).line(line)
}

/// The body sent for [`receipt`].
pub(crate) const RECEIPT_BODY: &str = concat!(
    r#"{"orderLines":[{"name":"Socks","id":"1","totalAmount":10000,"#,
    r#""totalAmountExcludingTax":8000,"#,
    r#""totalTaxAmount":2000,"taxRate":2500}],"bottomLine":{"currency":"NOK"}}"#
);

pub(crate) fn category() -> Category {
    Category::new(CategoryType::Receipt, "https://example.com/1")
}

/// The body sent for [`category`].
pub(crate) const CATEGORY_BODY: &str =
    r#"{"category":"RECEIPT","orderDetailsUrl":"https://example.com/1"}"#;

/// A complete grey PNG, 1 x 167 px, as zlib and the PNG specification define it.
pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\
    \0\0\0\x0dIHDR\0\0\0\x01\0\0\0\xa7\x08\0\0\0\0\xf5\x3b\x69\xa6\
    \0\0\0\x0eIDAT\x78\xda\x63\x68\x60\x18\x85\x54\x83\0\x7c\xf8\x53\x81\x73\xf7\x57\x6f\
    \0\0\0\0IEND\xae\x42\x60\x82";

pub(crate) const PNG_BASE64: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAACnCAAAAAD1O2mmAAAADklEQVR42mNo\
                                     YBiFVIMAfPhTgXP3V28AAAAASUVORK5CYII=";

pub(crate) fn small_image(id: &str) -> AddImage {
    AddImage::from_bytes(id.parse().unwrap(), PNG).unwrap()
}

/// The body sent for [`small_image`].
pub(crate) fn small_image_body(id: &str) -> String {
    format!(r#"{{"imageId":"{id}","src":"{PNG_BASE64}","type":"base64"}}"#)
}

// Replies from the specifications of the Management API and the Order Management API.

/// `GET /management/v1/sales-units/{msn}`.
pub(crate) fn sample_sales_unit() -> Value {
    json!({
        "msn": "12345678",
        "name": "ACME Fantastic Fitness",
        "businessIdentifier": {"scheme": "business:NO:ORG", "id": "9876543221"},
        "settlementBankAccount": {"scheme": "BBAN:NO", "id": "86011117947"},
        "configuration": {
            "paymentAllowed": true,
            "captureType": "ReserveCapture",
            "skipLandingPageAllowed": false,
            "recurringAllowed": false,
            "partialCaptureAllowed": true,
            "lateCaptureAllowed": true,
            "landingPagePhoneNumberLocked": false,
            "longLivingPaymentAllowed": false,
            "creditCardPaymentAllowed": true
        }
    })
}

/// `GET /management/v1/merchants/{scheme}/{id}`.
pub(crate) fn sample_merchant() -> Value {
    json!({
        "businessIdentifier": {"scheme": "business:NO:ORG", "id": "9876543221"},
        "name": "ACME Fantastic Fitness",
        "status": "ACTIVE",
        "createdAt": "2022-09-02T06:45:25.921251Z",
        "updatedAt": "2022-09-02T06:45:25.921251Z",
        "countryCode": "NO",
        "businessAddress": {
            "lines": ["Robert Levins gate 5"],
            "postCode": "0154",
            "city": "Oslo",
            "countryCode": "NO"
        },
        "businessPostAddress": {"lines": []}
    })
}

pub(crate) const PRODUCT_ORDER_ID: &str = "81b83246-5c19-7b94-875b-ea6d1114f099";

const PREFILLED: &str = "https://portal.vippsmobilepay.com/register/prefilled/";

/// `GET /management/v2/product-orders/{productOrderId}/details`.
pub(crate) fn sample_product_order() -> Value {
    json!({
        "productOrderType": "PREFILL",
        "productOrderId": PRODUCT_ORDER_ID,
        "productType": "PAYMENT_INTEGRATION",
        "status": "COMPLETED",
        "businessIdentifier": {"scheme": "business:NO:ORG", "id": "9876543221"},
        "productOrderUrl": format!("{PREFILLED}{PRODUCT_ORDER_ID}"),
        "salesUnit": {"msn": "12345678", "name": "ACME Fantastic Fitness"}
    })
}

/// `POST /management/v1/product-orders`.
pub(crate) fn sample_prefill_response() -> Value {
    json!({
        "prefilledOrderId": PRODUCT_ORDER_ID,
        "prefillUrl": format!("{PREFILLED}{PRODUCT_ORDER_ID}")
    })
}

/// `GET /management/v1/partners/price-packages`, plus a package with only the required fields.
pub(crate) fn sample_price_packages() -> Value {
    json!([
        {
            "pricePackageId": "8a11afb7-c223-48ed-8ca6-4722b97261aa",
            "name": "POS standard",
            "description": "2.99%",
            "visibleInSignupForm": true,
            "productType": "PAYMENT_INTEGRATION",
            "market": "NO",
            "commission": "30 %"
        },
        {
            "pricePackageId": "8a11afb7-c223-48ed-8ca6-4722b97261ab",
            "name": "Only what is promised",
            "description": "1%"
        }
    ])
}

/// The API's reply to a category or a receipt.
pub(crate) const ADDED: &str = "16328cb8-d769-4c53-90ad-e19777823f0a";

pub(crate) const CATEGORY_ID: &str = "880f5088-7708-4a5a-87d9-31e83aacc035";
pub(crate) const IMAGE_ID: &str = "f09c6aeb-442e-4da1-b36a-d8f613edc6c9";

/// `PUT /v2/{paymentType}/categories/{orderId}`, and the category of an order.
pub(crate) fn sample_category() -> Value {
    json!({
        "category": "GENERAL",
        "orderDetailsUrl": "https://example.com",
        "imageId": "socks-orange-123"
    })
}

/// The request of `POST /v3/categories`.
pub(crate) fn sample_add_category() -> Value {
    json!({
        "orderId": "PaymentReference123",
        "paymentType": "ECOM",
        "type": "RECEIPT",
        "url": "https://www.example.com",
        "imageId": IMAGE_ID
    })
}

/// `GET /v3/categories/{categoryId}`.
pub(crate) fn sample_order_category() -> Value {
    let mut sample = sample_add_category();
    sample["categoryId"] = json!(CATEGORY_ID);
    sample
}

/// `GET /v1/orders/{transactionId}`.
pub(crate) fn sample_v1_order() -> Value {
    json!({
        "category": "TICKET",
        "orderDetailsUrl": "https://example.com",
        "imageIds": [{"id": "socks-orange-123", "sortOrder": 1}]
    })
}

/// The live API's reply to a second receipt: it has no type, and `instance` contains the trace id.
pub(crate) const CONFLICTING_RECEIPT: &str = concat!(
    r#"{"title":"Conflicting receipt","status":409,"detail":"Receipt already exists","#,
    r#""instance":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#
);

/// The sample of `POST /v2/{paymentType}/receipts/{orderId}` in the specification.
pub(crate) fn sample_receipt() -> Value {
    json!({
        "orderLines": [
            {
                "name": "socks",
                "id": "line_item_1",
                "totalAmount": 1000,
                "totalAmountExcludingTax": 800,
                "totalTaxAmount": 200,
                "taxPercentage": 25,
                "unitInfo": {"unitPrice": 400, "quantity": "2.5", "quantityUnit": "KG"},
                "discount": 0,
                "productUrl": "https://example.com/store/socks",
                "isReturn": false,
                "isShipping": false
            },
            {
                "name": "flip-flops",
                "id": "line_item_2",
                "totalAmount": 5000,
                "totalAmountExcludingTax": 4000,
                "totalTaxAmount": 1000,
                "taxPercentage": 25,
                "unitInfo": {"unitPrice": 2500, "quantity": "3", "quantityUnit": "PCS"},
                "discount": 2500,
                "productUrl": "https://example.com/store/flipflops",
                "isReturn": false,
                "isShipping": false
            },
            {
                "name": "Home Delivery",
                "id": "delivery",
                "totalAmount": 1000,
                "totalAmountExcludingTax": 800,
                "totalTaxAmount": 200,
                "taxPercentage": 25,
                "discount": 0,
                "isReturn": false,
                "isShipping": true
            }
        ],
        "bottomLine": {
            "currency": "NOK",
            "tipAmount": 0,
            "posId": "pos_122",
            "paymentSources": {"giftCard": 0, "card": 0, "voucher": 0, "cash": 0},
            "barcode": {"format": "CODE 39", "data": "SC0527013501 "},
            "receiptNumber": "0527013501"
        }
    })
}
