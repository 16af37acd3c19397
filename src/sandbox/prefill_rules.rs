//! What the service checks of a prefill.

use serde_json::Value;

use super::rules::{ANY_TEXT, Field, Rule, Wrong, digits, optional, required};

/// The order, or the names and reasons of what is wrong with it.
pub(super) fn check(body: &[u8]) -> Result<Value, Vec<(String, String)>> {
    let Ok(Value::Object(order)) = serde_json::from_slice(body) else {
        return Err(vec![(
            "body".to_owned(),
            "must be a JSON object".to_owned(),
        )]);
    };
    let mut wrong = Wrong::new(true);
    wrong.members("", &order, FIELDS);
    if wrong.found.is_empty() {
        Ok(Value::Object(order))
    } else {
        Err(wrong.found)
    }
}

const FIELDS: &[Field] = &[
    required(
        "businessIdentifier",
        Rule::Object(&[
            required("scheme", Rule::Text { min: 10, max: 30 }),
            required(
                "id",
                Rule::Digits {
                    min: 4,
                    max: 50,
                    hyphens: true,
                },
            ),
        ]),
    ),
    required(
        "productType",
        Rule::OneOf(&[
            "PAYMENT_INTEGRATION",
            "CASHIER",
            "CHECKOUT",
            "LOGIN",
            "DONATIONS",
        ]),
    ),
    optional("salesUnitName", Rule::Name { max: 40 }),
    // The service drops a picture that it cannot use without a word, but not one that is no base64.
    optional("salesUnitLogo", Rule::Base64),
    optional(
        "settlementBankAccount",
        Rule::Object(&[
            required("scheme", Rule::Text { min: 5, max: 20 }),
            required("id", digits(9, 34)),
        ]),
    ),
    optional("pricePackageId", Rule::Uuid),
    optional(
        "productUseCase",
        Rule::OneOf(&["Website", "WebsiteWithTest", "App", "Unknown"]),
    ),
    optional("annualTurnover", Rule::Whole { max: 999_999_999 }),
    optional(
        "annualTurnoverPercentage",
        Rule::OneOf(&["10", "20", "30", "40", "50", "60", "70", "80", "90", "100"]),
    ),
    optional("intendedPurpose", ANY_TEXT),
    optional("app", Rule::Object(&[required("appName", ANY_TEXT)])),
    optional(
        "website",
        Rule::Object(&[
            required("url", Rule::HttpsUrl),
            required("termsUrl", Rule::HttpsUrl),
            optional("testWebsiteUrl", Rule::HttpsUrl),
            optional("testWebsiteUsername", ANY_TEXT),
            optional("testWebsitePassword", ANY_TEXT),
        ]),
    ),
    optional("hasRecurring", Rule::Flag),
    optional("merchantCategoryCode", digits(4, 4)),
];
