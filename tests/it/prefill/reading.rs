//! Product orders that are read from JSON.

use super::*;

#[track_caller]
pub(super) fn unreadable(value: Value) -> String {
    let error = serde_json::from_value::<PrefillProductOrder>(value);
    error.unwrap_err().to_string()
}

#[test]
fn an_order_with_unknown_fields_is_not_deserialized() {
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
            json!({"website": {
                "url": "https://a.example", "termsUrl": "https://a.example", "x": 1,
            }}),
            "unknown field `x`, expected one of `url`, `termsUrl`, `testWebsiteUrl`, \
             `testWebsiteUsername`, `testWebsitePassword`",
        ),
        (
            json!({"annualTurnover": "100000"}),
            r#"invalid type: string "100000", expected i64"#,
        ),
        (
            json!({"annualTurnoverPercentage": 10.5}),
            "invalid type: floating point `10.5`, expected a string or a whole number",
        ),
    ] {
        assert_eq!(unreadable(order_json(more)), message);
    }
    // These two also appear in replies, to which the API may add members.
    let more: PrefillProductOrder = serde_json::from_value(order_json(json!({
        "businessIdentifier": {"scheme": "business:NO:ORG", "id": "987654321", "name": "x"},
        "settlementBankAccount": {"scheme": "BBAN:NO", "id": "86011117947", "iban": "x"},
    })))
    .unwrap();
    let account = BankAccount::new("BBAN:NO", "86011117947").unwrap();
    let expected = order().settlement_bank_account(account);
    assert_eq!(more.idempotency_key(expected.key().clone()), expected);
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
fn numbers_and_nulls_are_read_as_text_and_absence() {
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
    // Written as a number, the code loses its leading zero and becomes invalid.
    let read = serde_json::from_value(order_json(json!({"merchantCategoryCode": 742})));
    assert_eq!(
        refusal(
            read.map(|read: PrefillProductOrder| read.validate())
                .unwrap()
        ),
        "invalid input: merchantCategoryCode: must be four digits, not \"742\""
    );
}
