//! Every type serializes to what it was read from.

use super::*;

/// A generator of JSON for everything that the crate's structs can hold.
type Json = BoxedStrategy<Value>;

/// Round-trips arbitrary values of types, and remembers which types were covered.
struct Identity(Vec<&'static str>);

impl Identity {
    /// Checks that a value serializes to its input, and deserializes to an equal value.
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

    /// Checks that every type exported by the module was covered, except those that hold no data.
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
            assert!(self.0.contains(&name), "{name} is not covered");
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

/// One of the known values, or an unknown one.
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

fn list(of: Json) -> Json {
    vec(of, 0..4).prop_map(Value::Array).boxed()
}

/// A PNG of any allowed size, in base64, structured like any PNG: header, data, end, each with a
/// checksum.
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

/// An object with these members, where `?` marks an optional one: `name: kind, other?: kind`.
fn object(members: &str) -> Json {
    let empty = Just(json!({})).boxed();
    members.split(", ").fold(empty, |object, member| {
        let (name, of) = member.trim().split_once(": ").expect(member);
        let required = name.trim_end_matches('?').to_owned();
        let is_there = if required == name {
            Just(true).boxed()
        } else {
            any::<bool>().boxed()
        };
        let with = (object, kind(of), is_there).prop_map(move |(mut object, json, is_there)| {
            if is_there {
                object[&required] = json;
            }
            object
        });
        with.boxed()
    })
}

/// A member's possible values, by its own name or by that of its type.
fn kind(name: &str) -> Json {
    if let Some(of) = name.strip_prefix("list of ") {
        return list(kind(of));
    }
    if let Some(of) = name.strip_suffix(" or null") {
        return prop_oneof![1 => Just(Value::Null), 3 => kind(of)].boxed();
    }
    match name {
        "text" => text(),
        "number" => number(),
        "flag" => flag(),
        "amount" => (0..i64::MAX).prop_map(Value::from).boxed(),
        "id" => matching("[0-9A-Za-z_.-]{1,20}"),
        // Visible ASCII: more than a valid identifier, but all that can be deserialized as one.
        "read_id" => matching("[ -~]{0,8}"),
        "uuid" => matching("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9A-F]{12}"),
        "url" => matching("https://[a-z]{1,8}\\.example\\.com(/[a-zæ0-9?&=]{0,9})?"),
        "image" => png(1..=3_000, 167..=3_000),
        "logo" => png(100..=1_000, 100..=1_000),
        "base64" => Just(json!("base64")).boxed(),

        "payment_type" => wire(&["ECOM", "RECURRING"]),
        "category_type" => wire(&[
            "GENERAL",
            "RECEIPT",
            "ORDER_CONFIRMATION",
            "DELIVERY",
            "TICKET",
            "BOOKING",
        ]),
        "currency" => wire(&["NOK", "DKK", "EUR"]),
        "barcode_format" => wire(&["EAN-13", "CODE 39", "CODE 128"]),
        "quantity_unit" => wire(&["PCS", "KG", "KM", "MINUTE", "LITRE", "KWH"]),
        "order_details" => {
            object("category?: category_type, orderDetailsUrl?: text, imageId?: read_id")
        }
        "unit_info" => {
            object("unitPrice: number or null, quantity: read_id, quantityUnit?: quantity_unit")
        }
        "order_line" => object(
            "name: text, id: text, totalAmount: number, totalAmountExcludingTax: number, \
             totalTaxAmount: number, taxPercentage?: number, taxRate?: number, \
             unitInfo?: unit_info, discount?: number, productUrl?: text, isReturn?: flag, \
             isShipping?: flag",
        ),
        "payment_sources" => {
            object("giftCard?: number, card?: number, voucher?: number, cash?: number")
        }
        "barcode" => object("format: barcode_format or null, data: text or null"),
        "shipping_info" => object(
            "amount: number or null, amountExcludingTax: number or null, \
             taxAmount: number or null, taxPercentage: number or null",
        ),
        "bottom_line" => object(
            "currency?: currency, tipAmount?: number, giftCardAmount?: number, posId?: text, \
             totalAmount?: number, totalTax?: number, totalDiscount?: number, \
             shippingAmount?: number, shippingInfo?: shipping_info, \
             paymentSources?: payment_sources, barcode?: barcode, receiptNumber?: text, \
             terminalId?: text",
        ),
        "receipt" => object("orderLines: list of order_line, bottomLine: bottom_line"),
        "tax_total" => object(
            "taxRate: number, totalAmount: number, totalAmountExcludingTax: number, \
             totalTaxAmount: number",
        ),
        "sorted_image" => object("id: read_id, sortOrder?: number"),

        "market" => wire(&["DK", "NO", "FI"]),
        "merchant_status" => wire(&["ACTIVE", "DEACTIVATED"]),
        "order_status" => wire(&[
            "RECEIVED",
            "MERCHANT_VIEWED",
            "ORDER_SUBMITTED",
            "COMPLETED",
            "REJECTED",
            "EXPIRED",
        ]),
        "order_type" => wire(&["PREFILL", "TEMPLATE", "MANUAL"]),
        "capture_type" => wire(&["ReserveCapture", "DirectCapture", "NotApplicable"]),
        "use_case" => wire(&["Website", "WebsiteWithTest", "App", "Unknown"]),
        "product_type" => wire(&[
            "PAYMENT_INTEGRATION",
            "CASHIER",
            "CHECKOUT",
            "LOGIN",
            "DONATIONS",
            "VIPPS_PA_NETT",
        ]),
        "sales_unit_summary" => object("msn: read_id, name: text"),
        "business_identifier" | "bank_account" => object("scheme: text, id: text"),
        "address" => {
            object("lines: list of text, postCode?: text, city?: text, countryCode?: text")
        }
        "configuration" => object(
            "paymentAllowed?: flag, skipLandingPageAllowed?: flag, recurringAllowed?: flag, \
             partialCaptureAllowed?: flag, lateCaptureAllowed?: flag, \
             landingPagePhoneNumberLocked?: flag, longLivingPaymentAllowed?: flag, \
             creditCardPaymentAllowed?: flag, captureType?: capture_type",
        ),
        "app" => object("appName: app_name"),
        "app_name" => matching("[A-ZÅ][a-z ]{0,9}"),
        "website" => object(
            "url: url, termsUrl: url, testWebsiteUrl: url, testWebsiteUsername?: text, \
             testWebsitePassword?: text",
        ),
        // Values that the API would accept: deserialization refuses others.
        "good_merchant" => object("scheme: merchant_scheme, id: merchant_id"),
        "merchant_scheme" => matching("business:[A-Z]{2}:[A-Z]{3}"),
        "merchant_id" => matching("[0-9-]{4,50}"),
        "good_account" => object("scheme: account_scheme, id: account_id"),
        "account_scheme" => matching("BBAN:[A-Z]{2}"),
        "account_id" => matching("[0-9]{9,34}"),
        "key" => matching("[a-zA-Z0-9-]{1,50}"),
        "unit_name" => matching(r"[A-Za-zÆØÅ0-9\\()_+.` -]{1,40}"),
        "turnover" => (0..=999_999_999_i64).prop_map(Value::from).boxed(),
        "percentage" => matching("[1-9]0|100"),
        "category_code" => matching("[0-9]{4}"),
        _ => panic!("{name}"),
    }
}

#[test]
fn every_order_management_type_round_trips() {
    use order_management::*;

    let mut identity = Identity(Vec::new());
    identity.holds::<PaymentType>(kind("payment_type"));
    identity.holds::<OrderId>(kind("read_id"));
    identity.holds::<OrderRef>(object("paymentType: payment_type, orderId: read_id"));

    identity.holds::<AddCategory>(object(
        "orderId: read_id, paymentType: payment_type, type: category_type, url: text, \
         imageId?: read_id",
    ));
    identity.holds::<Category>(object(
        "category: category_type, orderDetailsUrl: text, imageId?: read_id",
    ));
    identity.holds::<CategoryId>(kind("read_id"));
    identity.holds::<CategoryType>(kind("category_type"));
    identity.holds::<OrderCategory>(object(
        "categoryId?: read_id, orderId?: read_id, paymentType?: payment_type, \
         type?: category_type, url?: text, imageId?: read_id",
    ));

    identity.holds::<AddImage>(object("imageId: id, src: image, type: base64"));
    identity.holds::<ImageId>(kind("read_id"));

    identity.holds::<OrderDetails>(kind("order_details"));
    identity.holds::<Order>(object("category?: order_details, receipt?: receipt"));

    identity.holds::<Quantity>(kind("read_id"));
    identity.holds::<QuantityUnit>(kind("quantity_unit"));
    identity.holds::<UnitInfo>(kind("unit_info"));
    identity.holds::<TaxRate>(number());
    identity.holds::<OrderLine>(kind("order_line"));
    identity.holds::<PaymentSources>(kind("payment_sources"));
    identity.holds::<BarcodeFormat>(kind("barcode_format"));
    identity.holds::<Barcode>(kind("barcode"));
    identity.holds::<Currency>(kind("currency"));
    identity.holds::<ShippingInfo>(kind("shipping_info"));
    identity.holds::<BottomLine>(kind("bottom_line"));
    identity.holds::<Receipt>(kind("receipt"));
    identity.holds::<TaxTotal>(kind("tax_total"));
    identity.holds::<Totals>(object(
        "totalAmount: number, totalAmountExcludingTax: number, totalTaxAmount: number, \
         totalDiscount: number, shippingAmount: number, tax: list of tax_total",
    ));

    identity.holds::<v1::SortedImage>(kind("sorted_image"));
    identity.holds::<v1::OrderInfo>(object(
        "category?: category_type, orderDetailsUrl?: text, imageId?: read_id, \
         imageIds?: list of sorted_image",
    ));

    let source = include_str!("../../../src/order_management.rs");
    // The outcome of ensure_receipt is reported, not stored.
    identity.covers(source, &["ReceiptOutcome"]);
}

#[test]
fn every_management_type_round_trips() {
    use management::*;

    let mut identity = Identity(Vec::new());
    identity.holds::<BusinessIdentifier>(kind("business_identifier"));
    identity.holds::<MerchantStatus>(kind("merchant_status"));
    identity.holds::<Address>(kind("address"));
    identity.holds::<Merchant>(object(
        "businessIdentifier: business_identifier, name: text, status: merchant_status, \
         createdAt: text, updatedAt: text, countryCode: text, businessAddress?: address, \
         businessPostAddress?: address",
    ));

    identity.holds::<Market>(kind("market"));
    identity.holds::<PricePackageId>(kind("read_id"));
    identity.holds::<PricePackage>(object(
        "pricePackageId: read_id, name: text, description: text, visibleInSignupForm?: flag, \
         productType?: product_type, market?: market, commission?: text",
    ));

    identity.holds::<CaptureType>(kind("capture_type"));
    identity.holds::<BankAccount>(kind("bank_account"));
    identity.holds::<SalesUnitSummary>(kind("sales_unit_summary"));
    identity.holds::<SalesUnitConfiguration>(kind("configuration"));
    identity.holds::<SalesUnit>(object(
        "msn: read_id, name: text, businessIdentifier: business_identifier, \
         configuration: configuration, settlementBankAccount?: bank_account",
    ));

    identity.holds::<ListProductOrders>(object("includeExpired?: flag"));
    identity.holds::<ProductOrderId>(kind("read_id"));
    identity.holds::<ProductOrderStatus>(kind("order_status"));
    identity.holds::<ProductOrderType>(kind("order_type"));
    identity.holds::<ProductType>(kind("product_type"));
    identity.holds::<ProductUseCase>(kind("use_case"));
    identity.holds::<PrefillResponse>(object("prefilledOrderId: read_id, prefillUrl: text"));
    identity.holds::<ProductOrder>(object(
        "status: order_status, businessIdentifier: business_identifier, \
         productOrderType?: order_type, productOrderId?: read_id, productType?: product_type, \
         productOrderUrl?: text, salesUnit?: sales_unit_summary",
    ));
    identity.holds::<App>(kind("app"));
    identity.holds::<Website>(kind("website"));
    identity.holds::<SalesUnitLogo>(kind("logo"));
    // Including what the use cases require.
    identity.holds::<PrefillProductOrder>(object(
        "businessIdentifier: good_merchant, productType: product_type, idempotencyKey: key, \
         app: app, website: website, salesUnitName?: unit_name, salesUnitLogo?: logo, \
         settlementBankAccount?: good_account, pricePackageId?: uuid, productUseCase?: use_case, \
         annualTurnover?: turnover, annualTurnoverPercentage?: percentage, \
         intendedPurpose?: text, hasRecurring?: flag, merchantCategoryCode?: category_code",
    ));

    identity.covers(include_str!("../../../src/management.rs"), &[]);
}

#[test]
fn every_shared_type_round_trips() {
    let mut identity = Identity(Vec::new());
    identity.holds::<vipps::Msn>(kind("read_id"));
    identity.holds::<vipps::IdempotencyKey>(kind("read_id"));
    identity.holds::<vipps::FieldProblem>(object("name: text, reason: text"));
    let deliveries = select(vec!["not_sent", "unknown", "answered"]);
    identity.holds::<vipps::Delivery>(deliveries.prop_map(Value::from).boxed());
}
