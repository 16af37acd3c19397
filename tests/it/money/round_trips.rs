//! Every type is written as it was read.

use super::*;

/// A generator of JSON: what the crate's structs can hold, whatever can be built from outside.
type Json = BoxedStrategy<Value>;

/// Reads arbitrary values of a type and writes them again, and remembers which types those were.
struct Identity(Vec<&'static str>);

impl Identity {
    /// What is read comes out as it went in, and is the same value when it is read again.
    #[track_caller]
    fn holds<T>(&mut self, json: Json)
    where
        T: Serialize + DeserializeOwned + PartialEq + Clone + Debug,
    {
        let name = std::any::type_name::<T>();
        self.0.push(name.rsplit("::").next().unwrap());
        let mut runner = TestRunner::new(config(CASES_OF_A_TYPE));
        let outcome = runner.run(&json, |json| {
            let fail = |error: serde_json::Error| TestCaseError::fail(error.to_string());
            let value: T = serde_json::from_str(&json.to_string()).map_err(fail)?;
            prop_assert_eq!(&serde_json::to_value(&value).map_err(fail)?, &json);
            let text = serde_json::to_string(&value).map_err(fail)?;
            let again: T = serde_json::from_str(&text).map_err(fail)?;
            prop_assert_eq!(&again, &value);
            let from_tree: T = serde_json::from_value(json).map_err(fail)?;
            prop_assert_eq!(&from_tree, &value.clone());
            Ok(())
        });
        if let Err(why) = outcome {
            panic!("{name}: {why}");
        }
    }

    /// Each type that the module exports was tried, but for those that are no data.
    #[track_caller]
    fn covers(&self, source: &str, but: &[&str]) {
        let exports = source.split("pub use ").skip(1);
        let exports = exports.map(|export| export.split(';').next().unwrap());
        let names: Vec<&str> = exports
            .flat_map(|export| export.split(|c: char| !c.is_alphanumeric() && c != '_'))
            .filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
            .filter(|name| !but.contains(name))
            .collect();
        assert!(names.len() > 20, "{names:?}");
        for name in names {
            assert!(self.0.contains(&name), "{name} is not tried");
        }
    }
}

fn text() -> Json {
    let text = vec(any::<char>(), 0..8).prop_map(String::from_iter);
    let quoted = select(vec![
        "",
        " ",
        "null",
        "\"\\/",
        "\r\n\t\0",
        "Grünerløkka",
        "\u{1f9e6}",
    ]);
    prop_oneof![text, quoted.prop_map(str::to_owned)]
        .prop_map(Value::String)
        .boxed()
}

fn number() -> Json {
    let ends = select(vec![i64::MIN, -1, 0, 1, i64::MAX]);
    prop_oneof![any::<i64>(), -100..100_i64, ends]
        .prop_map(Value::from)
        .boxed()
}

fn flag() -> Json {
    any::<bool>().prop_map(Value::from).boxed()
}

/// One of the known values, or one that nobody knows yet.
fn wire(known: &[&'static str]) -> Json {
    let known = known.to_vec();
    let unknown = "[A-Z]{1,3}_[a-z ø]{0,4}";
    prop_oneof![
        3 => select(known).prop_map(str::to_owned),
        1 => unknown,
    ]
    .prop_map(Value::String)
    .boxed()
}

fn matching(pattern: &str) -> Json {
    let text = proptest::string::string_regex(pattern).unwrap();
    text.prop_map(Value::String).boxed()
}

fn null_or(json: Json) -> Json {
    prop_oneof![1 => Just(Value::Null), 3 => json].boxed()
}

fn list(of: Json) -> Json {
    vec(of, 0..4).prop_map(Value::Array).boxed()
}

/// An object with these members.
fn object<const N: usize>(members: [(&'static str, Json); N]) -> Json {
    members
        .into_iter()
        .fold(Just(Map::new()).boxed(), |object, (name, json)| {
            let with = (object, json).prop_map(move |(mut object, json)| {
                object.insert(name.to_owned(), json);
                object
            });
            with.boxed()
        })
        .prop_map(Value::Object)
        .boxed()
}

/// The same object with any of these members besides.
fn and_perhaps<const N: usize>(object: Json, members: [(&'static str, Json); N]) -> Json {
    members.into_iter().fold(object, |object, (name, json)| {
        let with = (object, option::of(json)).prop_map(move |(mut object, json)| {
            if let Some(json) = json {
                object[name] = json;
            }
            object
        });
        with.boxed()
    })
}

fn perhaps<const N: usize>(members: [(&'static str, Json); N]) -> Json {
    and_perhaps(object([]), members)
}

/// A PNG of any size that is allowed, in base64. The shape is that of every PNG: header, data, end, each with a checksum.
fn png(width: std::ops::RangeInclusive<u32>, height: std::ops::RangeInclusive<u32>) -> Json {
    (width, height, vec(any::<u8>(), 0..50))
        .prop_map(|(width, height, data)| {
            let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
            let mut header = width.to_be_bytes().to_vec();
            header.extend_from_slice(&height.to_be_bytes());
            header.extend_from_slice(&[8, 2, 0, 0, 0]);
            for (name, data) in [(b"IHDR", header), (b"IDAT", data), (b"IEND", Vec::new())] {
                png.extend_from_slice(&u32::try_from(data.len()).unwrap().to_be_bytes());
                png.extend_from_slice(name);
                png.extend_from_slice(&data);
                png.extend_from_slice(&[0; 4]);
            }
            Value::String(BASE64_STANDARD.encode(png))
        })
        .boxed()
}

fn uuid() -> Json {
    matching("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9A-F]{12}")
}

fn url() -> Json {
    matching("https://[a-z]{1,8}\\.example\\.com(/[a-zæ0-9?&=]{0,9})?")
}

fn id() -> Json {
    matching("[0-9A-Za-z_.-]{1,20}")
}

fn payment_type() -> Json {
    wire(&["ECOM", "RECURRING"])
}

/// Those that there are paths for.
fn path_payment_type() -> Json {
    let known = select(vec!["ECOM", "RECURRING"]);
    known.prop_map(Value::from).boxed()
}

fn category_type() -> Json {
    wire(&[
        "GENERAL",
        "RECEIPT",
        "ORDER_CONFIRMATION",
        "DELIVERY",
        "TICKET",
        "BOOKING",
    ])
}

fn currency() -> Json {
    wire(&["NOK", "DKK", "EUR"])
}

fn barcode_format() -> Json {
    wire(&["EAN-13", "CODE 39", "CODE 128"])
}

fn quantity_unit() -> Json {
    wire(&["PCS", "KG", "KM", "MINUTE", "LITRE", "KWH"])
}

fn order_details() -> Json {
    perhaps([
        ("category", category_type()),
        ("orderDetailsUrl", text()),
        ("imageId", text()),
    ])
}

fn unit_info() -> Json {
    let units = object([("unitPrice", null_or(number())), ("quantity", text())]);
    and_perhaps(units, [("quantityUnit", quantity_unit())])
}

fn order_line() -> Json {
    let line = object([
        ("name", text()),
        ("id", text()),
        ("totalAmount", number()),
        ("totalAmountExcludingTax", number()),
        ("totalTaxAmount", number()),
    ]);
    let more = [
        ("taxPercentage", number()),
        ("taxRate", number()),
        ("unitInfo", unit_info()),
        ("discount", number()),
        ("productUrl", text()),
        ("isReturn", flag()),
        ("isShipping", flag()),
    ];
    and_perhaps(line, more)
}

fn payment_sources() -> Json {
    perhaps(["giftCard", "card", "voucher", "cash"].map(|name| (name, number())))
}

fn barcode() -> Json {
    object([
        ("format", null_or(barcode_format())),
        ("data", null_or(text())),
    ])
}

fn shipping_info() -> Json {
    let names = ["amount", "amountExcludingTax", "taxAmount", "taxPercentage"];
    object(names.map(|name| (name, null_or(number()))))
}

fn bottom_line() -> Json {
    perhaps([
        ("currency", currency()),
        ("tipAmount", number()),
        ("giftCardAmount", number()),
        ("posId", text()),
        ("totalAmount", number()),
        ("totalTax", number()),
        ("totalDiscount", number()),
        ("shippingAmount", number()),
        ("shippingInfo", shipping_info()),
        ("paymentSources", payment_sources()),
        ("barcode", barcode()),
        ("receiptNumber", text()),
        ("terminalId", text()),
    ])
}

/// One that may be sent.
fn good_receipt() -> Json {
    let lines = vec(line().prop_map(|line| json!(line)), 1..4).prop_map(Value::Array);
    let amount = (0..i64::MAX).prop_map(Value::from).boxed();
    let bottom_line = and_perhaps(
        object([("currency", currency())]),
        [("tipAmount", amount), ("posId", text())],
    );
    object([("orderLines", lines.boxed()), ("bottomLine", bottom_line)])
}

/// One as a server sends it.
fn receipt() -> Json {
    object([
        ("orderLines", list(order_line())),
        ("bottomLine", bottom_line()),
    ])
}

fn tax_total() -> Json {
    let names = [
        "taxRate",
        "totalAmount",
        "totalAmountExcludingTax",
        "totalTaxAmount",
    ];
    object(names.map(|name| (name, number())))
}

fn totals() -> Json {
    object([
        ("totalAmount", number()),
        ("totalAmountExcludingTax", number()),
        ("totalTaxAmount", number()),
        ("totalDiscount", number()),
        ("shippingAmount", number()),
        ("tax", list(tax_total())),
    ])
}

fn sorted_image() -> Json {
    and_perhaps(object([("id", text())]), [("sortOrder", number())])
}

#[test]
fn every_type_of_order_management_is_written_as_it_was_read() {
    use order_management::*;

    let mut identity = Identity(Vec::new());
    identity.holds::<PaymentType>(payment_type());
    identity.holds::<OrderId>(text());
    identity.holds::<OrderRef>(object([
        ("paymentType", path_payment_type()),
        ("orderId", id()),
    ]));

    identity.holds::<AddCategory>(and_perhaps(
        object([
            ("orderId", id()),
            ("paymentType", path_payment_type()),
            ("type", category_type()),
            ("url", url()),
        ]),
        [("imageId", id())],
    ));
    identity.holds::<Category>(and_perhaps(
        object([("category", category_type()), ("orderDetailsUrl", url())]),
        [("imageId", id())],
    ));
    identity.holds::<CategoryId>(text());
    identity.holds::<CategoryType>(category_type());
    identity.holds::<OrderCategory>(perhaps([
        ("categoryId", text()),
        ("orderId", text()),
        ("paymentType", payment_type()),
        ("type", category_type()),
        ("url", text()),
        ("imageId", text()),
    ]));

    let image = [
        ("imageId", id()),
        ("src", png(1..=3_000, 167..=3_000)),
        ("type", Just(json!("base64")).boxed()),
    ];
    identity.holds::<AddImage>(object(image));
    identity.holds::<ImageId>(text());

    identity.holds::<OrderDetails>(order_details());
    identity.holds::<Order>(perhaps([
        ("category", order_details()),
        ("receipt", receipt()),
    ]));

    identity.holds::<Quantity>(text());
    identity.holds::<QuantityUnit>(quantity_unit());
    identity.holds::<UnitInfo>(unit_info());
    identity.holds::<TaxRate>(number());
    identity.holds::<OrderLine>(order_line());
    identity.holds::<PaymentSources>(payment_sources());
    identity.holds::<BarcodeFormat>(barcode_format());
    identity.holds::<Barcode>(barcode());
    identity.holds::<Currency>(currency());
    identity.holds::<ShippingInfo>(shipping_info());
    identity.holds::<BottomLine>(bottom_line());
    identity.holds::<Receipt>(good_receipt());
    identity.holds::<TaxTotal>(tax_total());
    identity.holds::<Totals>(totals());

    identity.holds::<v1::SortedImage>(sorted_image());
    identity.holds::<v1::OrderInfo>(and_perhaps(
        order_details(),
        [("imageIds", list(sorted_image()))],
    ));

    let source = include_str!("../../../src/order_management.rs");
    // What ensure_receipt found is told, not stored.
    identity.covers(source, &["ReceiptOutcome"]);
}

fn product_type() -> Json {
    wire(&[
        "PAYMENT_INTEGRATION",
        "CASHIER",
        "CHECKOUT",
        "LOGIN",
        "DONATIONS",
        "VIPPS_PA_NETT",
    ])
}

fn sales_unit_summary() -> Json {
    object([("msn", text()), ("name", text())])
}

fn business_identifier() -> Json {
    object([("scheme", text()), ("id", text())])
}

fn bank_account() -> Json {
    object([("scheme", text()), ("id", text())])
}

fn address() -> Json {
    let more = ["postCode", "city", "countryCode"].map(|name| (name, text()));
    and_perhaps(object([("lines", list(text()))]), more)
}

fn configuration() -> Json {
    let flags = [
        "paymentAllowed",
        "skipLandingPageAllowed",
        "recurringAllowed",
        "partialCaptureAllowed",
        "lateCaptureAllowed",
        "landingPagePhoneNumberLocked",
        "longLivingPaymentAllowed",
        "creditCardPaymentAllowed",
    ];
    let flags = perhaps(flags.map(|name| (name, flag())));
    let capture = wire(&["ReserveCapture", "DirectCapture", "NotApplicable"]);
    and_perhaps(flags, [("captureType", capture)])
}

fn app() -> Json {
    object([("appName", matching("[A-ZÅ][a-z ]{0,9}"))])
}

fn website() -> Json {
    let site = object([
        ("url", url()),
        ("termsUrl", url()),
        ("testWebsiteUrl", url()),
    ]);
    let login = ["testWebsiteUsername", "testWebsitePassword"].map(|name| (name, text()));
    and_perhaps(site, login)
}

/// One that the service would take: reading refuses others.
fn prefill() -> Json {
    let merchant = object([
        ("scheme", matching("business:[A-Z]{2}:[A-Z]{3}")),
        ("id", matching("[0-9-]{4,50}")),
    ]);
    let account = object([
        ("scheme", matching("BBAN:[A-Z]{2}")),
        ("id", matching("[0-9]{9,34}")),
    ]);
    let order = object([
        ("businessIdentifier", merchant),
        ("productType", product_type()),
        ("idempotencyKey", matching("[a-zA-Z0-9-]{1,50}")),
        // What the use cases need.
        ("app", app()),
        ("website", website()),
    ]);
    let use_cases = wire(&["Website", "WebsiteWithTest", "App", "Unknown"]);
    let turnover = (0..=999_999_999_i64).prop_map(Value::from).boxed();
    let more = [
        ("salesUnitName", matching(r"[A-Za-zÆØÅ0-9\\()_+.` -]{1,40}")),
        ("salesUnitLogo", png(100..=1_000, 100..=1_000)),
        ("settlementBankAccount", account),
        ("pricePackageId", uuid()),
        ("productUseCase", use_cases),
        ("annualTurnover", turnover),
        ("annualTurnoverPercentage", matching("[1-9]0|100")),
        ("intendedPurpose", text()),
        ("hasRecurring", flag()),
        ("merchantCategoryCode", matching("[0-9]{4}")),
    ];
    and_perhaps(order, more)
}

#[test]
fn every_type_of_management_is_written_as_it_was_read() {
    use management::*;

    let status = || wire(&["ACTIVE", "DEACTIVATED"]);
    let order_status = || {
        wire(&[
            "RECEIVED",
            "MERCHANT_VIEWED",
            "ORDER_SUBMITTED",
            "COMPLETED",
            "REJECTED",
            "EXPIRED",
        ])
    };
    let order_type = || wire(&["PREFILL", "TEMPLATE", "MANUAL"]);

    let mut identity = Identity(Vec::new());
    identity.holds::<BusinessIdentifier>(business_identifier());
    identity.holds::<MerchantStatus>(status());
    identity.holds::<Address>(address());
    identity.holds::<Merchant>(and_perhaps(
        object([
            ("businessIdentifier", business_identifier()),
            ("name", text()),
            ("status", status()),
            ("createdAt", text()),
            ("updatedAt", text()),
            ("countryCode", text()),
        ]),
        ["businessAddress", "businessPostAddress"].map(|name| (name, address())),
    ));

    identity.holds::<Market>(wire(&["DK", "NO", "FI"]));
    identity.holds::<PricePackageId>(text());
    identity.holds::<PricePackage>(and_perhaps(
        object([
            ("pricePackageId", text()),
            ("name", text()),
            ("description", text()),
        ]),
        [
            ("visibleInSignupForm", flag()),
            ("productType", product_type()),
            ("market", wire(&["DK", "NO", "FI"])),
            ("commission", text()),
        ],
    ));

    identity.holds::<CaptureType>(wire(&["ReserveCapture", "DirectCapture", "NotApplicable"]));
    identity.holds::<BankAccount>(bank_account());
    identity.holds::<SalesUnitSummary>(sales_unit_summary());
    identity.holds::<SalesUnitConfiguration>(configuration());
    identity.holds::<SalesUnit>(and_perhaps(
        object([
            ("msn", text()),
            ("name", text()),
            ("businessIdentifier", business_identifier()),
            ("configuration", configuration()),
        ]),
        [("settlementBankAccount", bank_account())],
    ));

    identity.holds::<ListProductOrders>(perhaps([("includeExpired", flag())]));
    identity.holds::<ProductOrderId>(text());
    identity.holds::<ProductOrderStatus>(order_status());
    identity.holds::<ProductOrderType>(order_type());
    identity.holds::<ProductType>(product_type());
    identity.holds::<ProductUseCase>(wire(&["Website", "WebsiteWithTest", "App", "Unknown"]));
    identity.holds::<PrefillResponse>(object([
        ("prefilledOrderId", text()),
        ("prefillUrl", text()),
    ]));
    identity.holds::<ProductOrder>(and_perhaps(
        object([
            ("status", order_status()),
            ("businessIdentifier", business_identifier()),
        ]),
        [
            ("productOrderType", order_type()),
            ("productOrderId", text()),
            ("productType", product_type()),
            ("productOrderUrl", text()),
            ("salesUnit", sales_unit_summary()),
        ],
    ));
    identity.holds::<App>(app());
    identity.holds::<Website>(website());
    identity.holds::<SalesUnitLogo>(png(100..=1_000, 100..=1_000));
    identity.holds::<PrefillProductOrder>(prefill());

    identity.covers(include_str!("../../../src/management.rs"), &[]);
}

#[test]
fn the_types_that_both_apis_share_are_written_as_they_were_read() {
    let mut identity = Identity(Vec::new());
    identity.holds::<vipps::Msn>(text());
    identity.holds::<vipps::IdempotencyKey>(text());
    identity.holds::<vipps::FieldProblem>(object([("name", text()), ("reason", text())]));
    let deliveries = select(vec!["not_sent", "unknown", "answered"]);
    identity.holds::<vipps::Delivery>(deliveries.prop_map(Value::from).boxed());
}
