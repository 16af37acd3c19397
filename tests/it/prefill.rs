//! Prefilling a product order: what is sent, what is refused before it is, and what is not refused.

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

use crate::support::{last_request, prefill, whole};

const PREFILL: &str = "POST /management/v1/product-orders";
const PACKAGE: &str = "8a11afb7-c223-48ed-8ca6-4722b97261aa";

fn order() -> PrefillProductOrder {
    prefill()
}

/// What [`order`] is as JSON, with more members, `idempotencyKey` apart.
fn order_json(more: Value) -> Value {
    let mut value = json!({
        "businessIdentifier": {"scheme": "business:NO:ORG", "id": "987654321"},
        "productType": "LOGIN",
    });
    let Value::Object(more) = more else {
        panic!("{more} is no object")
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

/// A PNG of one size with all that a PNG has to have, its picture data aside.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    // 8 bits, greyscale, and the only methods that there are.
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

/// Every field of the schema `ProductOrderRequest` of the specification 2.0.9.
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
    // As JSON it is the same and its key, and comes back as it went.
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

    // The caller's own wins, also over one that was set before.
    let own = |key: &str| key.parse::<IdempotencyKey>().unwrap();
    let order = order().idempotency_key(own("a")).idempotency_key(own("b"));
    assert_eq!(order.key(), &own("b"));
    prefill_product_order(&session, &order).unwrap();
    assert_eq!(last_request(&sandbox).header("idempotency-key"), Some("b"));

    // The same words of another order are another order, and the same key with other words is a conflict.
    assert_ne!(
        prefill_product_order(&session, &self::order()).unwrap(),
        prefilled
    );
    let other = order.clone().sales_unit_name("x");
    let error = prefill_product_order(&session, &other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[test]
fn a_repetition_is_the_same_request() {
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
    // And there is one order, the one that the first attempt made.
    assert_eq!(
        prefilled.prefilled_order_id.as_str(),
        "00000000-0000-4000-8000-000000000001"
    );
}

/// A key that a caller read from a server, and that cannot be a header.
#[test]
fn a_key_that_is_no_header_is_refused() {
    let sandbox = Sandbox::start().unwrap();
    for (key, reason) in [
        ("", "must not be empty"),
        ("a\r\nb", "must be visible ASCII, and has a line break at 2"),
    ] {
        let key: IdempotencyKey = serde_json::from_value(json!(key)).unwrap();
        let result = prefill_product_order(&sandbox.session(), &order().idempotency_key(key));
        assert_eq!(
            refusal(result),
            format!("invalid input: Idempotency-Key: {reason}")
        );
    }
    assert_eq!(sandbox.requests(), []);
}

const NAME_RULE: &str = r"must be letters, digits, whitespace and \ ( ) - _ + . `";
const URL_RULE: &str = "must be an https address such as https://example.com";

/// What is wrong with an order, and the message about it.
fn wrong_orders() -> Vec<(PrefillProductOrder, String)> {
    let merchant = |scheme: &str, id: &str| -> BusinessIdentifier {
        serde_json::from_value(json!({"scheme": scheme, "id": id})).unwrap()
    };
    let account = |scheme: &str, id: &str| -> BankAccount {
        serde_json::from_value(json!({"scheme": scheme, "id": id})).unwrap()
    };
    let name = |name: &str| order().sales_unit_name(name);
    let package: PricePackageId = serde_json::from_value(json!("standard")).unwrap();
    let mut wrong: Vec<(PrefillProductOrder, String)> = Vec::new();
    let mut add = |order, message: &str| wrong.push((order, message.to_owned()));

    add(
        PrefillProductOrder::new(merchant("NO", "987654321"), ProductType::Login),
        r#"businessIdentifier.scheme: must be 10 to 30 characters such as business:NO:ORG, not "NO""#,
    );
    add(
        PrefillProductOrder::new(merchant("business:NO:ORG", "98765 321"), ProductType::Login),
        r#"businessIdentifier.id: must be 4 to 50 digits and hyphens, not "98765 321""#,
    );
    add(
        PrefillProductOrder::new(
            merchant("business:NO:ORG", "987654321"),
            ProductType::Other(String::new()),
        ),
        "productType: must not be empty",
    );
    add(
        order().settlement_bank_account(account("IBAN:NO", "86011117947")),
        r#"settlementBankAccount.scheme: must be 5 to 20 characters such as BBAN:NO, and no IBAN, not "IBAN:NO""#,
    );
    add(
        order().settlement_bank_account(account("BBAN:NO", "NO9386011117947")),
        r#"settlementBankAccount.id: must be 9 to 34 digits, the national number and no IBAN, not "NO9386011117947""#,
    );
    add(
        order().price_package_id(package),
        r#"pricePackageId: must be a UUID, not "standard""#,
    );
    add(name(""), "salesUnitName: must be 1 to 40 characters, not 0");
    add(
        name(&"å".repeat(41)),
        "salesUnitName: must be 1 to 40 characters, not 41",
    );
    for sign in [
        "&", "/", ",", "'", "\"", "@", "!", ":", "#", "\u{0}", "\u{1b}", "×", "€", "™", "→", "☃",
        "😀",
    ] {
        let message = format!("salesUnitName: {NAME_RULE}, not {sign:?}");
        add(name(&format!("ACME {sign} co")), &message);
    }
    for turnover in [-1, 1_000_000_000, i64::MIN, i64::MAX] {
        let message = format!("annualTurnover: must be 0 to 999999999 major units, not {turnover}");
        add(order().annual_turnover(turnover), &message);
    }
    for percent in (0..=110).filter(|percent| *percent == 0 || percent % 10 != 0 || *percent > 100)
    {
        let message =
            format!("annualTurnoverPercentage: must be 10, 20 and so on to 100, not \"{percent}\"");
        add(order().annual_turnover_percentage(percent), &message);
    }
    add(
        order().merchant_category_code(""),
        "merchantCategoryCode: must be four digits",
    );
    for code in ["594", "59420", "59a2", "５９４２", "5942 "] {
        let message = format!("merchantCategoryCode: must be four digits, not {code:?}");
        add(order().merchant_category_code(code), &message);
    }
    add(order().app(App::new("")), "app.appName: must not be empty");
    add(
        order().app(App::new(" \t")),
        "app.appName: must not be empty",
    );
    for url in [
        "http://example.com",
        "example.com",
        "https:example.com",
        "https://",
        "https:///path",
        "https://?x",
        "https://exa mple.com",
        "https://example.com/\n",
        " https://example.com",
        "ftp://example.com",
    ] {
        let good = "https://example.com";
        for (website, field) in [
            (Website::new(url, good), "url"),
            (Website::new(good, url), "termsUrl"),
            (website().test_website_url(url), "testWebsiteUrl"),
        ] {
            let message = format!("website.{field}: {URL_RULE}, not {url:?}");
            add(order().website(website), &message);
        }
    }
    add(
        order().website(Website::new("", "https://example.com")),
        &format!("website.url: {URL_RULE}"),
    );
    add(
        order().product_use_case(ProductUseCase::Website),
        "website: must be set for the use case Website",
    );
    add(
        order().product_use_case(ProductUseCase::WebsiteWithTest),
        "website: must be set for the use case WebsiteWithTest",
    );
    add(
        order()
            .product_use_case(ProductUseCase::WebsiteWithTest)
            .website(website()),
        "website.testWebsiteUrl: must be set for the use case WebsiteWithTest",
    );
    add(
        order()
            .product_use_case(ProductUseCase::App)
            .website(website()),
        "app: must be set for the use case App",
    );
    wrong
}

#[test]
fn each_wrong_field_is_named_before_anything_is_sent() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    for (order, message) in wrong_orders() {
        let message = format!("invalid input: {message}");
        assert_eq!(refusal(order.validate()), message);
        assert_eq!(refusal(prefill_product_order(&session, &order)), message);
        // Reading one checks it too. (A logo that is wrong cannot be written in the first place.)
        let saved = serde_json::to_value(&order).unwrap();
        let error = serde_json::from_value::<PrefillProductOrder>(saved).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    assert_eq!(sandbox.requests(), []);
}

#[test]
fn all_wrong_fields_are_named_at_once() {
    let sandbox = Sandbox::start().unwrap();
    let wrong = order()
        .sales_unit_name("A&B")
        .annual_turnover(-1)
        .merchant_category_code("1")
        .website(Website::new("http://a.example", "b"))
        .product_use_case(ProductUseCase::App);
    let error = prefill_product_order(&sandbox.session(), &wrong).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "invalid input: salesUnitName, annualTurnover, merchantCategoryCode, website.url, \
             website.termsUrl, app: salesUnitName: {NAME_RULE}, not \"&\"; \
             annualTurnover: must be 0 to 999999999 major units, not -1; \
             merchantCategoryCode: must be four digits, not \"1\"; \
             website.url: {URL_RULE}, not \"http://a.example\"; \
             website.termsUrl: {URL_RULE}, not \"b\"; \
             app: must be set for the use case App"
        )
    );
    assert_eq!(sandbox.requests(), []);
}

/// The schema's limits are the service's to move: what is within them gets through, to the sandbox's own check too.
#[test]
fn nothing_is_refused_that_the_service_may_accept() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let mut orders = Vec::new();
    let (forty, forty_marks) = ("å".repeat(40), "e\u{301}".repeat(20));
    for name in [
        "A",
        "Kafé Ålesund",
        "Pölyhöylä Äänekoski",
        "Smørrebrød 24 7",
        // é as a letter and a mark, as some systems write it.
        "Cafe\u{301}",
        "यूनिट",
        "健身中心〇",
        "٣ 2½",
        r"\()-_+.`",
        "two\nlines\tand\u{a0}more",
        " ",
        &forty,
        &forty_marks,
        // Four bytes each, two units in UTF-16: 40 characters all the same.
        &"𐐷".repeat(40),
    ] {
        orders.push(order().sales_unit_name(name));
    }
    for turnover in [0, 1, 999_999_999] {
        orders.push(order().annual_turnover(turnover));
    }
    for percent in [10, 20, 30, 40, 50, 60, 70, 80, 90, 100] {
        orders.push(order().annual_turnover_percentage(percent));
    }
    for code in ["0000", "5942", "9999"] {
        orders.push(order().merchant_category_code(code));
    }
    for url in [
        "https://example.com",
        "https://example.com:8443/a/b?c=d#e",
        "https://127.0.0.1",
        "https://blåbær.example/æ",
        "HTTPS://EXAMPLE.COM",
    ] {
        orders.push(order().website(Website::new(url, url).test_website_url(url)));
    }
    for purpose in ["", "any & all, 100 %", &"long ".repeat(1000)] {
        orders.push(order().intended_purpose(purpose));
    }
    for text in ["", " ", "pass & word"] {
        let website = website()
            .test_website_username(text)
            .test_website_password(text);
        orders.push(order().website(website));
    }
    orders.push(order().product_use_case(ProductUseCase::Unknown));
    orders.push(
        order()
            .product_use_case(ProductUseCase::Website)
            .website(website()),
    );
    orders.push(
        order()
            .product_use_case(ProductUseCase::App)
            .app(App::new("å & ø")),
    );
    let with_test = order().product_use_case(ProductUseCase::WebsiteWithTest);
    orders.push(with_test.website(website_with_test()));
    // Fields that the use case does not need, and fields without a use case.
    orders.push(
        order()
            .product_use_case(ProductUseCase::App)
            .app(App::new("x"))
            .website(website()),
    );
    orders.push(order().app(App::new("x")).website(website()));

    let sent = orders.len();
    for order in orders {
        order.validate().unwrap();
        prefill_product_order(&session, &order).unwrap();
        let saved = serde_json::to_value(&order).unwrap();
        assert_eq!(
            serde_json::from_value::<PrefillProductOrder>(saved).unwrap(),
            order
        );
    }
    assert_eq!(sandbox.count(PREFILL), sent);

    // What the crate does not know the service may: it has the last word.
    let new_use_case = order().product_use_case(ProductUseCase::Other("Kiosk".to_owned()));
    let merchant = BusinessIdentifier::norway("987654321").unwrap();
    let product = ProductType::Other("NEW_PRODUCT".to_owned());
    for order in [new_use_case, PrefillProductOrder::new(merchant, product)] {
        order.validate().unwrap();
        let error = prefill_product_order(&session, &order).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected);
    }
}

#[test]
fn a_logo_that_the_service_would_show_is_taken() {
    for (width, height) in [
        (100, 100),
        (1000, 1000),
        (100, 1000),
        (1000, 100),
        (512, 256),
    ] {
        let logo = SalesUnitLogo::from_bytes(png(width, height)).unwrap();
        assert_eq!((logo.width(), logo.height()), (width, height));
        assert_eq!(
            format!("{logo:?}"),
            format!("SalesUnitLogo({width} x {height} px)")
        );
        let text = json!(BASE64_STANDARD.encode(png(width, height)));
        assert_eq!(serde_json::to_value(&logo).unwrap(), text);
        assert_eq!(serde_json::from_value::<SalesUnitLogo>(text).unwrap(), logo);
    }
    // Some programs add bytes of their own behind a picture.
    let with_more = [png(100, 100), b"more".to_vec()].concat();
    SalesUnitLogo::from_bytes(with_more).unwrap();
}

#[test]
fn a_logo_that_the_service_would_drop_is_refused() {
    const NO_PNG: &str = "must be a PNG";
    const DAMAGED: &str = "must be a complete PNG; this one is cut or damaged";
    let size = |size: &str| {
        format!("must be at least 100 by 100 px and at most 1000 px on its longer side, not {size}")
    };
    let mut cases: Vec<(Vec<u8>, String)> = Vec::new();
    for (width, height) in [
        (99, 100),
        (100, 99),
        (1001, 1000),
        (100, 1001),
        (u32::MAX, 100),
    ] {
        cases.push((png(width, height), size(&format!("{width} by {height}"))));
    }
    for other in [
        b"".as_slice(),
        b"\x89PNG",
        b"PNG",
        b"\xff\xd8\xff\xe0\0\x10JFIF\0",
        b"GIF89a\x64\0\x64\0",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"no picture",
        // A PNG that was sent as text: its line ends are gone.
        b"\x89PNG\n\x1a\n",
    ] {
        cases.push((other.to_vec(), NO_PNG.to_owned()));
    }
    // No size is no picture, and not a small one.
    cases.push((png(0, 0), DAMAGED.to_owned()));
    // Cut anywhere behind the signature.
    let good = png(100, 100);
    for length in 8..good.len() {
        cases.push((good[..length].to_vec(), DAMAGED.to_owned()));
    }
    let damaged = |at: usize, bytes: &[u8]| {
        let mut png = good.clone();
        png[at..at + bytes.len()].copy_from_slice(bytes);
        (png, DAMAGED.to_owned())
    };
    // The length of IHDR: too long for the file, larger than any file, too short for a size.
    cases.push(damaged(8, &[0, 0, 1, 0]));
    cases.push(damaged(8, &[0xff, 0xff, 0xff, 0xff]));
    cases.push(damaged(8, &[0, 0, 0, 4]));
    // The length of the chunk behind it.
    cases.push(damaged(33, &[0x7f, 0xff, 0xff, 0xff]));
    cases.push(damaged(33, &[0, 0, 0, 11]));
    // Another chunk where IHDR belongs.
    cases.push(damaged(12, b"IEND"));
    cases.push(damaged(12, b"iHDR"));

    // Whole chunks, but IHDR is not the first: the text chunk behind it has gone before it.
    let (header, text) = (&good[8..33], &good[33..57]);
    let swapped = [&good[..8], text, header, &good[57..]].concat();
    assert_eq!(&swapped[12..16], b"tEXt");
    cases.push((swapped, DAMAGED.to_owned()));

    for (bytes, reason) in cases {
        let message = format!("invalid input: salesUnitLogo: {reason}");
        assert_eq!(refusal(SalesUnitLogo::from_bytes(&bytes)), message);
        let saved = json!(BASE64_STANDARD.encode(&bytes));
        let error = serde_json::from_value::<SalesUnitLogo>(saved).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    let error = serde_json::from_value::<SalesUnitLogo>(json!("no base64!")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid input: salesUnitLogo: must be base64: Invalid symbol 32, offset 2."
    );
}

#[test]
fn a_logo_comes_from_a_file() {
    let name = format!("vipps-logo-{}.png", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, png(300, 200)).unwrap();
    let logo = SalesUnitLogo::from_path(&path);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(
        logo.unwrap(),
        SalesUnitLogo::from_bytes(png(300, 200)).unwrap()
    );

    let missing = std::fs::read(&path).unwrap_err();
    assert_eq!(
        refusal(SalesUnitLogo::from_path(&path)),
        format!(
            "invalid input: salesUnitLogo: cannot read {}: {missing}",
            path.display()
        )
    );
}

#[track_caller]
fn unreadable(value: Value) -> String {
    let error = serde_json::from_value::<PrefillProductOrder>(value);
    error.unwrap_err().to_string()
}

#[test]
fn reading_an_order_refuses_what_is_not_known() {
    let fields = "`businessIdentifier`, `productType`, `salesUnitName`, `salesUnitLogo`, \
                  `settlementBankAccount`, `pricePackageId`, `productUseCase`, `annualTurnover`, \
                  `annualTurnoverPercentage`, `intendedPurpose`, `app`, `website`, \
                  `hasRecurring`, `merchantCategoryCode`, `idempotencyKey`";
    assert_eq!(
        unreadable(order_json(json!({"salesunitName": "ACME"}))),
        format!("unknown field `salesunitName`, expected one of {fields}")
    );
    for (more, message) in [
        (
            json!({"app": {"appName": "x", "name": "x"}}),
            "unknown field `name`, expected `appName`",
        ),
        (
            json!({"website": {"url": "https://a.example", "termsUrl": "https://a.example", "x": 1}}),
            "unknown field `x`, expected one of `url`, `termsUrl`, `testWebsiteUrl`, \
             `testWebsiteUsername`, `testWebsitePassword`",
        ),
        (
            json!({"businessIdentifier": {"scheme": "business:NO:ORG", "id": "987654321", "name": "x"}}),
            "unknown field `name`, expected `scheme` or `id`",
        ),
        (
            json!({"settlementBankAccount": {"scheme": "BBAN:NO", "id": "86011117947", "iban": "x"}}),
            "unknown field `iban`, expected `scheme` or `id`",
        ),
        (
            json!({"annualTurnover": "100000"}),
            r#"invalid type: string "100000", expected i64"#,
        ),
        (
            json!({"annualTurnoverPercentage": 10.5}),
            "invalid type: floating point `10.5`, expected a string or a whole number",
        ),
        (
            json!({"idempotencyKey": "a.b"}),
            "invalid input: Idempotency-Key: must be 1 to 50 ASCII letters, digits and hyphens, not \"a.b\"",
        ),
    ] {
        assert_eq!(unreadable(order_json(more)), message);
    }
    assert_eq!(
        unreadable(json!({"productType": "LOGIN"})),
        "missing field `businessIdentifier`"
    );
    assert_eq!(
        unreadable(
            json!({"businessIdentifier": {"scheme": "business:NO:ORG"}, "productType": "LOGIN"})
        ),
        "missing field `id`"
    );
}

#[test]
fn reading_an_order_takes_numbers_and_nulls_for_what_they_stand_for() {
    let value = order_json(json!({
        "businessIdentifier": {"scheme": "business:NO:ORG", "id": 987_654_321},
        "settlementBankAccount": {"scheme": "BBAN:NO", "id": 86_011_117_947_u64},
        "annualTurnoverPercentage": 10,
        "merchantCategoryCode": 5942,
        "salesUnitName": null,
        "app": null,
        "website": null,
        "idempotencyKey": "my-key",
    }));
    let read: PrefillProductOrder = serde_json::from_value(value).unwrap();
    let expected = order()
        .settlement_bank_account(BankAccount::new("BBAN:NO", "86011117947").unwrap())
        .annual_turnover_percentage(10)
        .merchant_category_code("5942")
        .idempotency_key("my-key".parse().unwrap());
    assert_eq!(read, expected);

    let without = order_json(json!({"settlementBankAccount": null}));
    let first: PrefillProductOrder = serde_json::from_value(without.clone()).unwrap();
    // Without a key it is a new order each time it is read.
    let second: PrefillProductOrder = serde_json::from_value(without).unwrap();
    assert_ne!(first.key(), second.key());
    assert_eq!(first.idempotency_key(second.key().clone()), second);
    // A leading zero is lost where a number is written, and that is no code.
    assert_eq!(
        unreadable(order_json(json!({"merchantCategoryCode": 742}))),
        "invalid input: merchantCategoryCode: must be four digits, not \"742\""
    );
}

#[test]
fn debug_shows_neither_the_password_nor_the_picture() {
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

/// Known values are named, others kept as they are, and both go out as they came in.
#[track_caller]
fn check_open_enum<T>(known: &[(T, &str)], other: fn(String) -> T)
where
    T: Clone + PartialEq + Debug + Display + Serialize + DeserializeOwned,
    T: FromStr<Err = std::convert::Infallible> + for<'a> From<&'a str>,
{
    let unknown = ["NEW_VALUE", "", "Received ", "received", "æ\n"];
    let unknown = unknown.map(|text| (other(text.to_owned()), text));
    for (value, text) in known.iter().cloned().chain(unknown) {
        assert_eq!(T::from(text), value);
        let Ok(parsed) = text.parse::<T>();
        assert_eq!(parsed, value);
        assert_eq!(serde_json::from_value::<T>(json!(text)).unwrap(), value);
        // Escapes leave no text to borrow.
        let escaped = format!(
            "\"{}\"",
            text.chars()
                .map(|c| format!("\\u{:04x}", u32::from(c)))
                .collect::<String>()
        );
        assert_eq!(serde_json::from_str::<T>(&escaped).unwrap(), value);
        assert_eq!(serde_json::to_value(&value).unwrap(), json!(text));
        assert_eq!(value.to_string(), text);
        assert_eq!(format!("{value:>24}"), format!("{text:>24}"));
    }
    for no_text in [json!(1), json!(null), json!({})] {
        assert!(serde_json::from_value::<T>(no_text).is_err());
    }
}

#[test]
fn enums_are_open() {
    check_open_enum(
        &[
            (ProductType::PaymentIntegration, "PAYMENT_INTEGRATION"),
            (ProductType::Cashier, "CASHIER"),
            (ProductType::Checkout, "CHECKOUT"),
            (ProductType::Login, "LOGIN"),
            (ProductType::Donations, "DONATIONS"),
            // In old orders.
            (
                ProductType::Other("VIPPS_PA_NETT".to_owned()),
                "VIPPS_PA_NETT",
            ),
        ],
        ProductType::Other,
    );
    check_open_enum(
        &[
            (ProductUseCase::Website, "Website"),
            (ProductUseCase::WebsiteWithTest, "WebsiteWithTest"),
            (ProductUseCase::App, "App"),
            (ProductUseCase::Unknown, "Unknown"),
        ],
        ProductUseCase::Other,
    );
    check_open_enum(
        &[
            (ProductOrderStatus::Received, "RECEIVED"),
            (ProductOrderStatus::MerchantViewed, "MERCHANT_VIEWED"),
            (ProductOrderStatus::OrderSubmitted, "ORDER_SUBMITTED"),
            (ProductOrderStatus::Completed, "COMPLETED"),
            (ProductOrderStatus::Rejected, "REJECTED"),
            (ProductOrderStatus::Expired, "EXPIRED"),
        ],
        ProductOrderStatus::Other,
    );
    check_open_enum(
        &[
            (ProductOrderType::Prefill, "PREFILL"),
            (ProductOrderType::Template, "TEMPLATE"),
            (ProductOrderType::Manual, "MANUAL"),
        ],
        ProductOrderType::Other,
    );
    check_open_enum(
        &[
            (Market::Denmark, "DK"),
            (Market::Norway, "NO"),
            (Market::Finland, "FI"),
        ],
        Market::Other,
    );
    check_open_enum(
        &[
            (MerchantStatus::Active, "ACTIVE"),
            (MerchantStatus::Deactivated, "DEACTIVATED"),
        ],
        MerchantStatus::Other,
    );
    check_open_enum(
        &[
            (CaptureType::ReserveCapture, "ReserveCapture"),
            (CaptureType::DirectCapture, "DirectCapture"),
            (CaptureType::NotApplicable, "NotApplicable"),
        ],
        CaptureType::Other,
    );
}

#[test]
fn terminal_statuses_are_those_that_stay() {
    use ProductOrderStatus::*;

    for status in [Completed, Rejected, Expired] {
        assert!(status.is_terminal(), "{status}");
    }
    for status in [
        Received,
        MerchantViewed,
        OrderSubmitted,
        Other("NEW".to_owned()),
    ] {
        assert!(!status.is_terminal(), "{status}");
    }
}
