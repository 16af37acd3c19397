//! What is refused before a product order is sent, and what is not.

use super::*;

const NAME_RULE: &str =
    r"must be letters, digits, whitespace and ( ) * + , - . / : ; < = > ? @ [ \ ] ^ _ `";
const URL_RULE: &str = "must be an https URL such as https://example.com";

/// Invalid orders, each with its message.
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
        concat!(
            "businessIdentifier.scheme: must be 10 to 30 characters such as business:NO:ORG, ",
            r#"not "NO""#
        ),
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
        "settlementBankAccount.scheme: must be 5 to 20 characters such as BBAN:NO (IBANs are not \
         accepted), not \"IBAN:NO\"",
    );
    add(
        order().settlement_bank_account(account("BBAN:NO", "NO9386011117947")),
        "settlementBankAccount.id: must be 9 to 34 digits (a national account number, not an \
         IBAN), not \"NO9386011117947\"",
    );
    add(
        order().price_package_id(package),
        r#"pricePackageId: must be a UUID (8-4-4-4-12 hexadecimal digits), not "standard""#,
    );
    add(name(""), "salesUnitName: must be 1 to 40 characters, not 0");
    add(
        name(&"å".repeat(41)),
        "salesUnitName: must be 1 to 40 characters, not 41",
    );
    for sign in [
        "&", "!", "'", "\"", "#", "$", "%", "{", "|", "}", "~", "½", "²", "⁵", "⅓", "③", "\u{0}",
        "\u{1b}", "\u{7f}", "×", "€", "™", "→", "☃", "😀",
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
        let message = format!(
            "annualTurnoverPercentage: must be a multiple of 10 from 10 to 100, not \"{percent}\""
        );
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
    wrong
}

#[test]
fn each_invalid_field_is_named_before_anything_is_sent() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    for (order, message) in wrong_orders() {
        let message = format!("invalid input: {message}");
        assert_eq!(refusal(order.validate()), message);
        assert_eq!(refusal(prefill_product_order(&session, &order)), message);
        // An invalid order can be deserialized and stays invalid. (An invalid logo cannot be
        // constructed at all.)
        let saved = serde_json::to_value(&order).unwrap();
        let read: PrefillProductOrder = serde_json::from_value(saved).unwrap();
        assert_eq!(read, order);
    }
    assert_eq!(sandbox.requests(), []);
}

#[test]
fn all_invalid_fields_are_named_at_once() {
    let sandbox = Sandbox::start().unwrap();
    let wrong = order()
        .sales_unit_name("A&B")
        .annual_turnover(-1)
        .merchant_category_code("1")
        .website(Website::new("http://a.example", "b"))
        .product_use_case(ProductUseCase::App);
    let error = prefill_product_order(&sandbox.session(), &wrong).unwrap_err();
    let problems = [
        ("salesUnitName", format!("{NAME_RULE}, not \"&\"")),
        (
            "annualTurnover",
            "must be 0 to 999999999 major units, not -1".to_owned(),
        ),
        (
            "merchantCategoryCode",
            "must be four digits, not \"1\"".to_owned(),
        ),
        (
            "website.url",
            format!("{URL_RULE}, not \"http://a.example\""),
        ),
        ("website.termsUrl", format!("{URL_RULE}, not \"b\"")),
    ];
    let found = error.field_problems().iter();
    let found: Vec<_> = found
        .map(|found| (found.name.as_str(), found.reason.clone()))
        .collect();
    assert_eq!(found, problems);
    let texts = problems.map(|(name, reason)| format!("{name}: {reason}"));
    assert_eq!(
        error.to_string(),
        format!("invalid input: {}", texts.join("; "))
    );
    assert_eq!(sandbox.requests(), []);
}

/// The API may change the schema's limits: values within them pass, in the sandbox's own check too.
#[test]
fn nothing_is_refused_that_the_api_may_accept() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let mut orders = Vec::new();
    let (forty, forty_marks) = ("å".repeat(40), "e\u{301}".repeat(20));
    for name in [
        "A",
        "Kafé Ålesund",
        "Pölyhöylä Äänekoski",
        "Smørrebrød 24 7",
        // é as a letter with a combining mark, as some systems write it.
        "Cafe\u{301}",
        "यूनिट",
        "健身中心〇",
        "٣ 24",
        // `\)-_` in the API's pattern is a range.
        "ACME A/S",
        "Shop @ Oslo",
        "A, B",
        r"()*+,-./:;<=>?@[\]^_`",
        "two\nlines\tand\u{a0}more",
        " ",
        &forty,
        &forty_marks,
        // Four bytes or two UTF-16 units each, but only 40 characters.
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
    for name in ["", "å & ø"] {
        orders.push(order().app(App::new(name)));
    }
    // Each use case with matching content, with other content and with none: the merchant fills in
    // the rest.
    for use_case in ["Website", "WebsiteWithTest", "App", "Unknown"] {
        let order = || order().product_use_case(use_case.parse::<ProductUseCase>().unwrap());
        orders.push(order());
        orders.push(order().website(website()));
        orders.push(order().website(website_with_test()));
        orders.push(order().app(App::new("x")));
        orders.push(order().app(App::new("x")).website(website()));
    }
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

    // Values that the crate does not know are left to the API.
    let new_use_case = order().product_use_case(ProductUseCase::Other("Kiosk".to_owned()));
    let merchant = BusinessIdentifier::norway("987654321").unwrap();
    let product = ProductType::Other("NEW_PRODUCT".to_owned());
    for order in [new_use_case, PrefillProductOrder::new(merchant, product)] {
        order.validate().unwrap();
        let error = prefill_product_order(&session, &order).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected);
    }
}
