//! Prefilling a product order: what is sent, what is refused before sending, and what is not
//! refused.

use std::borrow::Cow;
use std::fmt::{Debug, Display};
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use vipps::management::{
    App, BankAccount, BusinessIdentifier, CaptureType, Market, MerchantStatus, PrefillProductOrder,
    PricePackageId, ProductOrderStatus, ProductOrderType, ProductType, ProductUseCase,
    SalesUnitLogo, Website, prefill_product_order,
};
use vipps::sandbox::{Fault, Sandbox};
use vipps::{Error, ErrorKind, IdempotencyKey, RetryPolicy};

use crate::support::{last_request, merchant, prefill, whole};

mod logo;
mod reading;
mod rules;
mod values;

const PREFILL: &str = "POST /management/v1/product-orders";
const PACKAGE: &str = "8a11afb7-c223-48ed-8ca6-4722b97261aa";

fn order() -> PrefillProductOrder {
    prefill()
}

/// [`order`] as JSON, with more members and without `idempotencyKey`.
fn order_json(more: Value) -> Value {
    let mut value = json!({
        "businessIdentifier": {"scheme": "business:NO:ORG", "id": "987654321"},
        "productType": "LOGIN",
    });
    let Value::Object(more) = more else {
        panic!("{more} is not an object")
    };
    value.as_object_mut().unwrap().extend(more);
    value
}

fn website() -> Website {
    Website::new("https://example.com", "https://example.com/terms")
}

fn website_with_test() -> Website {
    website().test_website_url("https://test.example.com")
}

fn package_id() -> PricePackageId {
    PACKAGE.parse().unwrap()
}

/// A PNG of one size with everything that a PNG requires except valid pixels.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    // 8 bits, greyscale, and the only defined methods.
    header.extend([8, 0, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [
        (b"IHDR", header.as_slice()),
        (b"tEXt", b"Comment\0none"),
        (b"IDAT", b"not looked at"),
        (b"IEND", b""),
    ] {
        png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        png.extend(name);
        png.extend(data);
        png.extend(crc32(&[name, data].concat()).to_be_bytes());
    }
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 * (crc & 1))
        })
    })
}

fn logo() -> SalesUnitLogo {
    SalesUnitLogo::from_bytes(png(100, 100)).unwrap()
}

#[track_caller]
fn refusal<T: Debug>(result: Result<T, Error>) -> String {
    let error = result.expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
    error.to_string()
}

#[test]
fn each_setter_writes_its_field_and_no_other() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let account = BankAccount::new("BBAN:NO", "86011117947").unwrap();
    let logo_text = BASE64_STANDARD.encode(png(100, 100));
    for (order, more) in [
        (order(), json!({})),
        (
            order().sales_unit_name("ACME Fitness"),
            json!({"salesUnitName": "ACME Fitness"}),
        ),
        (
            order().sales_unit_logo(logo()),
            json!({"salesUnitLogo": logo_text}),
        ),
        (
            order().settlement_bank_account(account),
            json!({"settlementBankAccount": {"scheme": "BBAN:NO", "id": "86011117947"}}),
        ),
        (
            order().price_package_id(package_id()),
            json!({"pricePackageId": PACKAGE}),
        ),
        (
            order().product_use_case(ProductUseCase::Unknown),
            json!({"productUseCase": "Unknown"}),
        ),
        (order().annual_turnover(0), json!({"annualTurnover": 0})),
        (
            order().annual_turnover_percentage(10),
            // A string, although it is a number.
            json!({"annualTurnoverPercentage": "10"}),
        ),
        (
            order().intended_purpose("Gym membership"),
            json!({"intendedPurpose": "Gym membership"}),
        ),
        (
            order().app(App::new("ACME")),
            json!({"app": {"appName": "ACME"}}),
        ),
        (
            order().website(website()),
            json!({"website": {
                "url": "https://example.com",
                "termsUrl": "https://example.com/terms",
            }}),
        ),
        (
            order().website(website_with_test()),
            json!({"website": {
                "url": "https://example.com",
                "termsUrl": "https://example.com/terms",
                "testWebsiteUrl": "https://test.example.com",
            }}),
        ),
        (
            order().website(website().test_website_username("tester")),
            json!({"website": {
                "url": "https://example.com",
                "termsUrl": "https://example.com/terms",
                "testWebsiteUsername": "tester",
            }}),
        ),
        (
            order().website(website().test_website_password("let-me-in")),
            json!({"website": {
                "url": "https://example.com",
                "termsUrl": "https://example.com/terms",
                "testWebsitePassword": "let-me-in",
            }}),
        ),
        (order().has_recurring(false), json!({"hasRecurring": false})),
        (order().has_recurring(true), json!({"hasRecurring": true})),
        (
            order().merchant_category_code("0742"),
            json!({"merchantCategoryCode": "0742"}),
        ),
    ] {
        prefill_product_order(&session, &order).unwrap();
        assert_eq!(last_request(&sandbox).json(), Some(order_json(more)));
    }
}

/// Convenient for table rows, where a value may be missing.
#[test]
fn each_setter_takes_an_option() {
    let account = || BankAccount::norway("86011117947").unwrap();
    let website = |row: Option<&str>| {
        website()
            .test_website_url(row)
            .test_website_username(row)
            .test_website_password(row)
    };
    let filled = |some: bool| {
        let text = some.then_some("https://a.example");
        let code = some.then(|| "5942".to_owned());
        prefill()
            .sales_unit_name(text)
            .sales_unit_logo(some.then(logo))
            .settlement_bank_account(some.then(account))
            .price_package_id(some.then(package_id))
            .product_use_case(some.then_some(ProductUseCase::App))
            .annual_turnover(some.then_some(7))
            .annual_turnover_percentage(some.then_some(20))
            .intended_purpose(text.map(str::to_owned))
            .app(some.then(|| App::new("ACME")))
            .website(some.then(|| website(text)))
            .has_recurring(some.then_some(true))
            .merchant_category_code(&code)
            .idempotency_key("row-1".parse().unwrap())
    };
    let text = "https://a.example";
    let purpose = text.to_owned();
    let expected = prefill()
        .sales_unit_name(text.to_owned())
        .sales_unit_logo(logo())
        .settlement_bank_account(account())
        .price_package_id(package_id())
        .product_use_case(ProductUseCase::App)
        .annual_turnover(7)
        .annual_turnover_percentage(20)
        .intended_purpose(&purpose)
        .app(App::new("ACME"))
        .website(website(Some(text)))
        .has_recurring(true)
        .merchant_category_code(Cow::Borrowed("5942"))
        .idempotency_key("row-1".parse().unwrap());
    assert_eq!(filled(true), expected);
    assert_eq!(
        filled(false),
        prefill().idempotency_key("row-1".parse().unwrap())
    );
    // `None` removes an earlier value.
    assert_eq!(expected.clone().app(None).website(None), {
        let mut value = serde_json::to_value(&expected).unwrap();
        for field in ["app", "website"] {
            value.as_object_mut().unwrap().remove(field).unwrap();
        }
        serde_json::from_value(value).unwrap()
    });
}

/// Every field of the schema `ProductOrderRequest` in version 2.0.9 of the specification.
#[test]
fn an_order_with_everything_is_sent_whole() {
    let sandbox = Sandbox::start().unwrap();
    let merchant = BusinessIdentifier::finland("1234567-8").unwrap();
    let order = PrefillProductOrder::new(merchant, ProductType::PaymentIntegration)
        .idempotency_key("every-field-1".parse().unwrap())
        .sales_unit_name("ACME Fantastic Fitness")
        .sales_unit_logo(SalesUnitLogo::from_bytes(png(1000, 100)).unwrap())
        .settlement_bank_account(BankAccount::new("BBAN:NO", "86011117947").unwrap())
        .price_package_id(package_id())
        .product_use_case(ProductUseCase::WebsiteWithTest)
        .annual_turnover(100_000)
        .annual_turnover_percentage(100)
        .intended_purpose("Gym membership")
        .app(App::new("ACME App"))
        .website(
            website_with_test()
                .test_website_username("tester")
                .test_website_password("let-me-in"),
        )
        .has_recurring(true)
        .merchant_category_code("5942");
    let prefilled = prefill_product_order(&sandbox.session(), &order).unwrap();
    assert!(
        prefilled
            .prefill_url
            .ends_with(prefilled.prefilled_order_id.as_str())
    );

    let request = last_request(&sandbox);
    assert_eq!(request.header("idempotency-key"), Some("every-field-1"));
    assert_eq!(
        request.json().unwrap(),
        json!({
            "businessIdentifier": {"scheme": "business:FI:Y-tunnus", "id": "1234567-8"},
            "salesUnitName": "ACME Fantastic Fitness",
            "salesUnitLogo": BASE64_STANDARD.encode(png(1000, 100)),
            "settlementBankAccount": {"scheme": "BBAN:NO", "id": "86011117947"},
            "pricePackageId": PACKAGE,
            "productType": "PAYMENT_INTEGRATION",
            "productUseCase": "WebsiteWithTest",
            "annualTurnover": 100_000,
            "annualTurnoverPercentage": "100",
            "intendedPurpose": "Gym membership",
            "app": {"appName": "ACME App"},
            "website": {
                "url": "https://example.com",
                "termsUrl": "https://example.com/terms",
                "testWebsiteUrl": "https://test.example.com",
                "testWebsiteUsername": "tester",
                "testWebsitePassword": "let-me-in",
            },
            "hasRecurring": true,
            "merchantCategoryCode": "5942",
        })
    );
    // As JSON it is the same plus its key, and it round-trips.
    let mut saved = serde_json::to_value(&order).unwrap();
    let read: PrefillProductOrder = serde_json::from_value(saved.clone()).unwrap();
    assert_eq!(read, order);
    let key = saved.as_object_mut().unwrap().remove("idempotencyKey");
    assert_eq!(key, Some(json!("every-field-1")));
    assert_eq!(Some(saved), request.json());
}

#[test]
fn an_order_keeps_its_key() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let first = order();
    assert_ne!(first.key(), order().key());
    assert_eq!(first.clone().sales_unit_name("x").key(), first.key());

    let prefilled = prefill_product_order(&session, &first).unwrap();
    let saved = serde_json::to_string(&first).unwrap();
    let again: PrefillProductOrder = serde_json::from_str(&saved).unwrap();
    for order in [&first, &first.clone(), &again] {
        assert_eq!(prefill_product_order(&session, order).unwrap(), prefilled);
        let request = last_request(&sandbox);
        assert_eq!(
            request.header("idempotency-key"),
            Some(first.key().as_str())
        );
    }

    // The caller's own key overrides the generated one, also if set earlier.
    let own = |key: &str| key.parse::<IdempotencyKey>().unwrap();
    let order = order().idempotency_key(own("a")).idempotency_key(own("b"));
    assert_eq!(order.key(), &own("b"));
    prefill_product_order(&session, &order).unwrap();
    assert_eq!(last_request(&sandbox).header("idempotency-key"), Some("b"));

    // Equal content is still a new order; reusing a key for other content is a conflict.
    assert_ne!(
        prefill_product_order(&session, &self::order()).unwrap(),
        prefilled
    );
    let other = order.clone().sales_unit_name("x");
    let error = prefill_product_order(&session, &other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[test]
fn a_retry_is_the_same_request() {
    let sandbox = Sandbox::start().unwrap();
    let builder = sandbox.session_builder().unwrap();
    let session = builder
        .retry(RetryPolicy::default().max_attempts(4))
        .build();
    for fault in [Fault::LoseReply, Fault::status(503), Fault::CutReply] {
        sandbox.fault(PREFILL, 1, fault);
    }
    let prefilled = prefill_product_order(&session.unwrap(), &order()).unwrap();
    let mut requests = sandbox.requests();
    requests.retain(|request| request.path == "/management/v1/product-orders");
    assert_eq!(requests.len(), 4);
    for request in &requests {
        assert_eq!(whole(request), whole(&requests[0]));
    }
    // Only one order exists, the one that the first attempt created.
    assert_eq!(
        prefilled.prefilled_order_id.as_str(),
        "00000000-0000-4000-8000-000000000001"
    );
}

/// A key that a caller deserialized, alone or with its order. One that cannot be a header is
/// refused.
#[test]
fn an_invalid_key_is_refused() {
    let sandbox = Sandbox::start().unwrap();
    let rule = "1 to 50 ASCII letters, digits and hyphens";
    for key in ["", " ", "a.b", "a b", &"k".repeat(51)] {
        let message = format!("invalid input: idempotencyKey: must be {rule}, not {key:?}");
        let read: PrefillProductOrder =
            serde_json::from_value(order_json(json!({"idempotencyKey": key}))).unwrap();
        let key: IdempotencyKey = serde_json::from_value(json!(key)).unwrap();
        for order in [order().idempotency_key(key), read] {
            assert_eq!(refusal(order.validate()), message);
            let result = prefill_product_order(&sandbox.session(), &order);
            assert_eq!(refusal(result), message);
        }
    }
    for key in ["a\r\nb", "n\u{f8}kkel"] {
        assert_eq!(
            reading::unreadable(order_json(json!({"idempotencyKey": key}))),
            format!("invalid value: string {key:?}, expected {rule}")
        );
    }
    assert_eq!(sandbox.requests(), []);
}

/// An order's accessors return what is sent: its fields and its one key.
#[test]
fn an_order_has_accessors_for_its_fields() {
    let order = prefill().idempotency_key("a".parse().unwrap());
    assert_eq!(
        format!("{order:?}"),
        "PrefillProductOrder { business_identifier: BusinessIdentifier { scheme: \
         \"business:NO:ORG\", id: \"987654321\" }, product_type: Login, sales_unit_name: None, \
         sales_unit_logo: None, settlement_bank_account: None, price_package_id: None, \
         product_use_case: None, annual_turnover: None, annual_turnover_percentage: None, \
         intended_purpose: None, app: None, website: None, has_recurring: None, \
         merchant_category_code: None, idempotency_key: IdempotencyKey(\"a\") }"
    );
    assert_eq!(order, prefill().idempotency_key("a".parse().unwrap()));
    assert_ne!(order, prefill().idempotency_key("b".parse().unwrap()));
    assert_ne!(order, order.clone().has_recurring(true));

    assert_eq!(order.business_identifier(), &merchant());
    assert_eq!(order.product_type(), &ProductType::Login);
    assert_eq!(App::new("ACME").app_name(), "ACME");
    let website = website();
    assert_eq!(
        [website.url(), website.terms_url()],
        ["https://example.com", "https://example.com/terms"]
    );
}

#[test]
fn debug_shows_neither_the_password_nor_the_logo() {
    let website = website_with_test().test_website_password("let-me-in");
    assert_eq!(
        format!("{website:?}"),
        "Website { url: \"https://example.com\", terms_url: \"https://example.com/terms\", \
         test_website_url: Some(\"https://test.example.com\"), test_website_username: None, \
         test_website_password: Some(\"[redacted]\") }"
    );
    let order = order().sales_unit_logo(logo()).website(website);
    for debug in [format!("{order:?}"), format!("{order:#?}")] {
        assert!(debug.contains("SalesUnitLogo(100 x 100 px)"), "{debug}");
        assert!(!debug.contains("let-me-in"), "{debug}");
        let picture = BASE64_STANDARD.encode(png(100, 100));
        assert!(!debug.contains(&picture[..12]), "{debug}");
    }
}
