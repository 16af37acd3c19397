//! The open enums of both APIs.

use super::*;

use vipps::order_management::{BarcodeFormat, CategoryType, Currency, QuantityUnit};

/// What holds for every open enum. A known value comes with its variant's name where that differs.
#[track_caller]
fn check_open_enum<T>(field: &str, known: &str, other: fn(String) -> T, is_known: fn(&T) -> bool)
where
    T: Clone + PartialEq + Debug + Display + Serialize + DeserializeOwned + FromStr<Err = Error>,
{
    let known: Vec<(&str, &str)> = known
        .split(", ")
        .map(|pair| pair.split_once(" = ").unwrap_or((pair, pair)))
        .collect();
    for (text, name) in &known {
        let value: T = text.parse().unwrap();
        assert_eq!(format!("{value:?}"), *name);
        assert!(is_known(&value));
        check_wire(value, text);
    }
    let texts: Vec<&str> = known.iter().map(|(text, _)| *text).collect();
    let rule = format!("must be one of {}", texts.join(", "));
    for text in [
        // Old orders have it.
        "VIPPS_PA_NETT",
        "NEW_VALUE",
        "",
        "Received ",
        "received",
        "æ\n",
        // Misspelled: must not be ordered by accident.
        "CHEKOUT",
    ] {
        let message = format!("invalid input: {field}: {rule}, not {text:?}");
        assert_eq!(refusal(text.parse::<T>()), message);
        // Kept if received, or sent on purpose.
        let value = other(text.to_owned());
        assert!(!is_known(&value));
        check_wire(value, text);
    }
    for no_text in [json!(1), json!(null), json!({})] {
        assert!(serde_json::from_value::<T>(no_text).is_err());
    }
}

#[track_caller]
fn check_wire<T>(value: T, text: &str)
where
    T: PartialEq + Debug + Display + Serialize + DeserializeOwned,
{
    assert_eq!(serde_json::from_value::<T>(json!(text)).unwrap(), value);
    // With escapes there is no text to borrow.
    let escape = |c| format!("\\u{:04x}", u32::from(c));
    let escaped: String = text.chars().map(escape).collect();
    let read: T = serde_json::from_str(&format!("\"{escaped}\"")).unwrap();
    assert_eq!(read, value);
    assert_eq!(serde_json::to_value(&value).unwrap(), json!(text));
    assert_eq!(value.to_string(), text);
    assert_eq!(format!("{value:>24}"), format!("{text:>24}"));
}

#[test]
fn enums_deserialize_unknown_values_but_do_not_parse_them() {
    check_open_enum(
        "productType",
        "PAYMENT_INTEGRATION = PaymentIntegration, CASHIER = Cashier, CHECKOUT = Checkout, \
         LOGIN = Login, DONATIONS = Donations",
        ProductType::Other,
        ProductType::is_known,
    );
    check_open_enum(
        "productUseCase",
        "Website, WebsiteWithTest, App, Unknown",
        ProductUseCase::Other,
        ProductUseCase::is_known,
    );
    check_open_enum(
        "status",
        "RECEIVED = Received, MERCHANT_VIEWED = MerchantViewed, ORDER_SUBMITTED = OrderSubmitted, \
         COMPLETED = Completed, REJECTED = Rejected, EXPIRED = Expired",
        ProductOrderStatus::Other,
        ProductOrderStatus::is_known,
    );
    check_open_enum(
        "productOrderType",
        "PREFILL = Prefill, TEMPLATE = Template, MANUAL = Manual",
        ProductOrderType::Other,
        ProductOrderType::is_known,
    );
    check_open_enum(
        "market",
        "DK = Denmark, NO = Norway, FI = Finland",
        Market::Other,
        Market::is_known,
    );
    check_open_enum(
        "status",
        "ACTIVE = Active, DEACTIVATED = Deactivated",
        MerchantStatus::Other,
        MerchantStatus::is_known,
    );
    check_open_enum(
        "captureType",
        "ReserveCapture, DirectCapture, NotApplicable",
        CaptureType::Other,
        CaptureType::is_known,
    );
    check_open_enum(
        "category",
        "GENERAL = General, RECEIPT = Receipt, ORDER_CONFIRMATION = OrderConfirmation, \
         DELIVERY = Delivery, TICKET = Ticket, BOOKING = Booking",
        CategoryType::Other,
        CategoryType::is_known,
    );
    check_open_enum(
        "currency",
        "NOK = Nok, DKK = Dkk, EUR = Eur",
        Currency::Other,
        Currency::is_known,
    );
    check_open_enum(
        "format",
        "EAN-13 = Ean13, CODE 39 = Code39, CODE 128 = Code128",
        BarcodeFormat::Other,
        BarcodeFormat::is_known,
    );
    check_open_enum(
        "quantityUnit",
        "PCS = Pcs, KG = Kg, KM = Km, MINUTE = Minute, LITRE = Litre, KWH = Kwh",
        QuantityUnit::Other,
        QuantityUnit::is_known,
    );
}

#[test]
fn statuses_that_never_change_are_terminal() {
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
