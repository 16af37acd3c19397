//! The open sets of values of the Management API.

use super::*;

/// Known values are named, others kept as they are, and both go out as they came in.
#[track_caller]
fn check_open_enum<T>(known: &str, other: fn(String) -> T)
where
    T: Clone + PartialEq + Debug + Display + Serialize + DeserializeOwned,
    T: FromStr<Err = std::convert::Infallible> + for<'a> From<&'a str>,
{
    // Each with the variant's name.
    let known = known.split(", ").map(|pair| {
        let (text, name) = pair.split_once(" = ").unwrap();
        let value = T::from(text);
        assert_eq!(format!("{value:?}"), name);
        (value, text)
    });
    // VIPPS_PA_NETT stands in old orders.
    let unknown = [
        "VIPPS_PA_NETT",
        "NEW_VALUE",
        "",
        "Received ",
        "received",
        "æ\n",
    ];
    let unknown = unknown.map(|text| (other(text.to_owned()), text));
    for (value, text) in known.chain(unknown) {
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
        "PAYMENT_INTEGRATION = PaymentIntegration, CASHIER = Cashier, CHECKOUT = Checkout, LOGIN = Login, DONATIONS = Donations",
        ProductType::Other,
    );
    check_open_enum(
        "Website = Website, WebsiteWithTest = WebsiteWithTest, App = App, Unknown = Unknown",
        ProductUseCase::Other,
    );
    check_open_enum(
        "RECEIVED = Received, MERCHANT_VIEWED = MerchantViewed, ORDER_SUBMITTED = OrderSubmitted, COMPLETED = Completed, REJECTED = Rejected, EXPIRED = Expired",
        ProductOrderStatus::Other,
    );
    check_open_enum(
        "PREFILL = Prefill, TEMPLATE = Template, MANUAL = Manual",
        ProductOrderType::Other,
    );
    check_open_enum("DK = Denmark, NO = Norway, FI = Finland", Market::Other);
    check_open_enum(
        "ACTIVE = Active, DEACTIVATED = Deactivated",
        MerchantStatus::Other,
    );
    check_open_enum(
        "ReserveCapture = ReserveCapture, DirectCapture = DirectCapture, NotApplicable = NotApplicable",
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
