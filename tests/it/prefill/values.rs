//! The open sets of values of the Management API.

use super::*;

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
