//! What is probably a mistake in a receipt, and what is not.

use super::*;

/// Checks for one warning per name and reason.
#[track_caller]
fn assert_warned(receipt: &Receipt, expected: &[(&str, &str)]) {
    // Warnings do not make a receipt invalid.
    receipt.validate().unwrap();
    let warnings = receipt.warnings();
    let warnings: Vec<_> = warnings
        .iter()
        .map(|warning| (warning.name.as_str(), warning.reason.as_str()))
        .collect();
    assert_eq!(warnings, expected);
}

#[test]
fn each_warning_names_its_field() {
    for [changes, field, why] in rows(
        r#"
        /orderLines/0/unitInfo/quantity = "0" | orderLines[0].unitInfo.quantity | is 0
        /orderLines/0/unitInfo/quantity = "0.000" | orderLines[0].unitInfo.quantity | is 0
        /orderLines/1/id = "line_item_1" | orderLines[1].id | \
            "line_item_1" is also the id of orderLines[0]
        /orderLines/2/id = "line_item_2" | orderLines[2].id | \
            "line_item_2" is also the id of orderLines[1]
        /orderLines/1/unitInfo/quantity = "2" | orderLines[1].unitInfo | \
            2500 times 2 is 5000, but totalAmount plus discount is 7500
        /orderLines/1/discount = 0 | orderLines[1].unitInfo | \
            2500 times 3 is 7500, but totalAmount plus discount is 5000
        /orderLines/1/discount = 2501 | orderLines[1].unitInfo | \
            2500 times 3 is 7500, but totalAmount plus discount is 7501
        // 1000.495, and more than a whole minor unit below it.
        /orderLines/0/unitInfo = {"unitPrice": 401, "quantity": "2.495"} & \
            /orderLines/0/totalAmount = 999 & /orderLines/0/totalTaxAmount = 199 | \
                orderLines[0].unitInfo | 401 times 2.495 is 1000, but totalAmount plus discount \
                is 999
        // In major units.
        /orderLines/0/unitInfo/unitPrice = 4 | orderLines[0].unitInfo | \
            4 times 2.5 is 10, but totalAmount plus discount is 1000
        /bottomLine/paymentSources = {"giftCard": 7001} | bottomLine.paymentSources | \
            add up to 7001, more than 7000, the sum of all lines and the tip
        /bottomLine/paymentSources = {"giftCard": 1, "card": 20, "voucher": 300, "cash": 7000} & \
            /bottomLine/tipAmount = 320 | bottomLine.paymentSources | \
                add up to 7321, more than 7320, the sum of all lines and the tip
        /bottomLine/giftCardAmount = 7001 | bottomLine.paymentSources | \
            add up to 7001, more than 7000, the sum of all lines and the tip
        /bottomLine/paymentSources/card = 9223372036854775807 & /bottomLine/paymentSources/cash = \
            9223372036854775807 | bottomLine.paymentSources | add up to 18446744073709551614, \
            more than 7000, the sum of all lines and the tip
        "#,
    ) {
        assert_warned(&sample_with(&changes_of(&changes)), &[(&field, &why)]);
    }
}

#[test]
fn what_is_usual_causes_no_warning() {
    let cases = rows::<1>(
        r#"
        /bottomLine/receiptNumber = "1"
        // The exact price is 1000.495: the shop may round up or down.
        /orderLines/0/unitInfo = {"unitPrice": 401, "quantity": "2.495"}
        /orderLines/0/unitInfo = {"unitPrice": 401, "quantity": "2.4925"}
        /orderLines/0/unitInfo = {"quantity": "2.5"}
        /orderLines/0/unitInfo = null
        // The total paid, including the tip.
        /bottomLine/paymentSources = {"giftCard": 5000, "cash": 2000}
        /bottomLine/paymentSources = {"giftCard": 5000, "cash": 2500} & /bottomLine/tipAmount = 500
        // One field replaced the other.
        /bottomLine/paymentSources = {"giftCard": 7000} & /bottomLine/giftCardAmount = 7000
        /bottomLine/paymentSources = {"giftCard": 0} & /bottomLine/giftCardAmount = 7000
        // Returns exceed purchases.
        /orderLines/0/isReturn = true & /orderLines/1/isReturn = true & \
            /orderLines/2/isReturn = true
        "#,
    );
    for [changes] in cases {
        assert_warned(&sample_with(&changes_of(&changes)), &[]);
    }
}

#[test]
fn all_warnings_are_listed_at_once() {
    let twice = gross(100, TaxRate::ZERO);
    let units = UnitInfo::new(100, Quantity::from(0));
    let sources = PaymentSources::new().cash(301);
    let receipt = Receipt::new(nok().payment_sources(sources)).lines([
        twice.clone(),
        twice.clone().unit_info(units),
        twice.unit_info(UnitInfo::new(10, Quantity::from(1))),
    ]);
    assert_warned(
        &receipt,
        &[
            ("orderLines[1].id", r#""1" is also the id of orderLines[0]"#),
            ("orderLines[1].unitInfo.quantity", "is 0"),
            ("orderLines[2].id", r#""1" is also the id of orderLines[0]"#),
            (
                "orderLines[2].unitInfo",
                "10 times 1 is 10, but totalAmount plus discount is 100",
            ),
            (
                "bottomLine.paymentSources",
                "add up to 301, more than 300, the sum of all lines and the tip",
            ),
        ],
    );
}
