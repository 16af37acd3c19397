//! How a conflicting receipt differs from the requested one.

use super::*;

/// The result of `ensure_receipt` for an order whose receipt is the one above with these changes;
/// `null` removes a value.
#[track_caller]
fn against(changes: &[(&str, Value)]) -> Result<ReceiptOutcome, Error> {
    let mut there = stored();
    for (place, value) in changes {
        let (parent, name) = place.rsplit_once('/').unwrap();
        let parent = there.pointer_mut(parent).expect("a place");
        parent[name] = value.clone();
    }
    against_receipt(&there)
}

#[track_caller]
fn against_receipt(there: &Value) -> Result<ReceiptOutcome, Error> {
    let shop = Shop::open();
    shop.ensure(1, 0).unwrap();
    // The sandbox rejects the second receipt and keeps the stored one.
    let order = json!({
        "receipt": there,
        "category": {"category": "RECEIPT", "orderDetailsUrl": "https://example.com"},
    });
    shop.sandbox
        .fault(GET, 1, Fault::json(200, order.to_string()));
    shop.ensure(1, 1)
}

/// A conflict reported by the API.
#[track_caller]
fn assert_another(result: Result<ReceiptOutcome, Error>, differences: &[(&str, &str)]) {
    assert_conflict(result, "Conflicting receipt: ", differences, Some(TRACE));
}

#[track_caller]
fn assert_conflict(
    result: Result<ReceiptOutcome, Error>,
    title: &str,
    differences: &[(&str, &str)],
    trace: Option<&str>,
) {
    let error = result.unwrap_err();
    let mut shown: Vec<String> = differences
        .iter()
        .take(3)
        .map(|(field, reason)| format!("{field}: {reason}"))
        .collect();
    if differences.len() > 3 {
        shown.push(format!("and {} more", differences.len() - 3));
    }
    assert_eq!(
        error.to_string(),
        format!(
            "POST /order-management/v2/ecom/receipts/order-1: 409 Conflict: {title}the order has \
             a different receipt ({}){}",
            shown.join("; "),
            trace.map_or_else(String::new, |trace| format!(" [trace {trace}]"))
        )
    );
    let problems: Vec<(&str, &str)> = error
        .field_problems()
        .iter()
        .map(|problem| (problem.name.as_str(), problem.reason.as_str()))
        .collect();
    assert_eq!(problems, differences);
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(error.status(), Some(409));
    assert_eq!(error.trace_id(), trace);
    assert_eq!(error.delivery(), Delivery::Answered);
    assert!(!error.is_retryable());
}

#[test]
fn a_different_receipt_is_an_error_that_shows_the_differences() {
    for [place, value, reason] in rows(
        r#"
        /orderLines/1/totalAmount | 4650 | expected 4500, found 4650
        /orderLines/1/totalAmountExcludingTax | 1 | expected 3913, found 1
        /orderLines/2/totalTaxAmount | -9223372036854775808 | \
            expected 200, found -9223372036854775808
        /orderLines/0/name | "Silk\nby weight" | expected "Wool, by weight", found "Silk\nby weight"
        /orderLines/2/id | "4" | expected "3", found "4"
        /orderLines/1/discount | 0 | expected 50, found 0
        /orderLines/1/discount | null | expected 50, found 0
        /orderLines/2/discount | 1 | expected 0, found 1
        /orderLines/0/taxRate | 1500 | expected 2500, found 1500
        /orderLines/0/taxRate | -9223372036854775808 | expected 2500, found -9223372036854775808
        /orderLines/0/isReturn | true | expected false, found true
        /orderLines/2/isShipping | false | expected true, found false
        /orderLines/2/isShipping | null | expected true, found false
        /orderLines/0/productUrl | "https://example.com/silk" | \
            expected "https://example.com/wool", found "https://example.com/silk"
        /orderLines/0/unitInfo/unitPrice | 401 | expected 400, found 401
        /orderLines/0/unitInfo/quantity | "2.51" | expected "2.5", found "2.51"
        /orderLines/0/unitInfo/quantity | "some" | expected "2.5", found "some"
        /orderLines/0/unitInfo/quantityUnit | "PCS" | expected "KG", found "PCS"
        // Pieces are the API's default.
        /orderLines/0/unitInfo/quantityUnit | null | expected "KG", found "PCS"
        /bottomLine/currency | "DKK" | expected "NOK", found "DKK"
        /bottomLine/tipAmount | 501 | expected 500, found 501
        /bottomLine/tipAmount | null | expected 500, found 0
        /bottomLine/posId | "pos-2" | expected "pos-1", found "pos-2"
        /bottomLine/receiptNumber | "0002" | expected "0001", found "0002"
        /bottomLine/barcode/format | "EAN-13" | expected "CODE 39", found "EAN-13"
        /bottomLine/barcode/data | "SC02" | expected "SC01", found "SC02"
        /bottomLine/paymentSources/giftCard | 1 | expected 300, found 1
        /bottomLine/paymentSources/card | 1 | expected 0, found 1
        /bottomLine/paymentSources/voucher | 1 | expected 0, found 1
        /bottomLine/paymentSources/cash | null | expected 200, found 0
        "#,
    ) {
        let field = field_of(&place);
        let value = serde_json::from_str(&value).unwrap();
        assert_another(against(&[(&place, value)]), &[(&field, &reason)]);
    }
}

#[test]
fn all_differences_are_shown() {
    let result = against(&[
        ("/orderLines/0/totalAmount", json!(1_001)),
        ("/orderLines/0/totalTaxAmount", json!(201)),
        ("/orderLines/2/name", json!("Pigeon")),
        ("/bottomLine/currency", json!("EUR")),
    ]);
    assert_another(
        result,
        &[
            ("orderLines[0].totalAmount", "expected 1000, found 1001"),
            ("orderLines[0].totalTaxAmount", "expected 200, found 201"),
            (
                "orderLines[2].name",
                r#"expected "Delivery", found "Pigeon""#,
            ),
            ("bottomLine.currency", r#"expected "NOK", found "EUR""#),
        ],
    );
}

#[test]
fn more_or_fewer_lines_are_a_different_receipt() {
    let mut there = stored();
    let lines = there["orderLines"].as_array_mut().unwrap();
    lines.push(lines[2].clone());
    assert_another(
        against_receipt(&there),
        &[("orderLines", "expected length 3, found 4")],
    );
    there["orderLines"].as_array_mut().unwrap().truncate(1);
    assert_another(
        against_receipt(&there),
        &[("orderLines", "expected length 3, found 1")],
    );
    there["orderLines"] = json!([]);
    assert_another(
        against_receipt(&there),
        &[("orderLines", "expected length 3, found 0")],
    );
}

#[test]
fn lines_in_another_order_are_a_different_receipt() {
    let mut there = stored();
    there["orderLines"].as_array_mut().unwrap().swap(0, 2);
    // The weighed line has a unit and a URL that the other lacks: those are only reported.
    assert_another(
        against_receipt(&there),
        &[
            (
                "orderLines[0].name",
                r#"expected "Wool, by weight", found "Delivery""#,
            ),
            ("orderLines[0].id", r#"expected "1", found "3""#),
            ("orderLines[0].isShipping", "expected false, found true"),
            (
                "orderLines[2].name",
                r#"expected "Delivery", found "Wool, by weight""#,
            ),
            ("orderLines[2].id", r#"expected "3", found "1""#),
            ("orderLines[2].isShipping", "expected true, found false"),
        ],
    );
}

#[test]
fn equivalent_values_are_the_same_receipt() {
    for [changes] in rows(
        r#"
        /orderLines/0/unitInfo/quantity = "2.50"
        /orderLines/0/unitInfo/quantity = "02.50000"
        /orderLines/0/discount = 0
        /orderLines/0/discount = null
        /orderLines/0/taxRate = null & /orderLines/0/taxPercentage = 25
        /orderLines/0/taxPercentage = 25
        /orderLines/0/taxRate = null
        /orderLines/0/productUrl = null
        /orderLines/1/productUrl = "https://example.com/added-by-the-service"
        /orderLines/0/unitInfo = null
        /orderLines/1/unitInfo = {"unitPrice": 4550, "quantity": "1"}
        /orderLines/0/unitInfo/unitPrice = null
        /orderLines/0/isReturn = false & /orderLines/0/isShipping = false & \
            /orderLines/1/isReturn = null & /orderLines/1/isShipping = null & \
            /orderLines/2/isReturn = false
        /bottomLine/currency = null & /bottomLine/totalAmount = 6500 & /bottomLine/totalTax = 987
        /bottomLine/posId = null & /bottomLine/receiptNumber = null & /bottomLine/barcode = null & \
            /bottomLine/paymentSources/card = 0
        // The deprecated field for the same amount.
        /bottomLine/paymentSources/giftCard = null & /bottomLine/giftCardAmount = 300
        /bottomLine/paymentSources/giftCard = 0 & /bottomLine/giftCardAmount = 300
        /orderLines/0/addedLater = {"any": ["thing"]}
        "#,
    ) {
        let outcome = against(&changes_of(&changes));
        let outcome = outcome.unwrap_or_else(|error| panic!("{changes}: {error}"));
        assert_eq!(outcome, ReceiptOutcome::AlreadyThere, "{changes}");
    }
    assert_eq!(against(&[]).unwrap(), ReceiptOutcome::AlreadyThere);
}

#[test]
fn a_missing_unit_means_pieces_on_either_side() {
    let line = |unit: Option<QuantityUnit>| {
        let mut units = UnitInfo::new(100, 3.into());
        units.quantity_unit = unit;
        let line = OrderLine::from_units("A", "1", units, TaxRate::percent(25)).unwrap();
        Receipt::new(BottomLine::new(Currency::Nok)).line(line)
    };
    let shop = Shop::open();
    add_receipt(&shop.session, &order(), &line(Some(QuantityUnit::Pcs))).unwrap();
    let outcome = ensure_receipt(&shop.session, &order(), &line(None)).unwrap();
    assert_eq!(outcome, ReceiptOutcome::AlreadyThere);
}

#[test]
fn a_lost_reply_may_hide_a_different_receipt() {
    // Another client was faster, and the refusal was lost.
    let shop = Shop::open();
    let mut other = receipt();
    other.order_lines[1].name = "Rye bread".to_owned();
    add_receipt(&shop.session, &order(), &other).unwrap();
    shop.sandbox.fault(POST, 1, Fault::LoseReply);
    // So there is no reply to quote.
    assert_conflict(
        shop.ensure(1, 1),
        "",
        &[(
            "orderLines[1].name",
            r#"expected "Bread", found "Rye bread""#,
        )],
        None,
    );
}
