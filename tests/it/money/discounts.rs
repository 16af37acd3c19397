//! Discounts on a whole receipt: properties and worked examples.

use super::*;

/// Amounts of which ten fit an `i64`, at any rate, including returns and shipping.
fn lines() -> impl Strategy<Value = Vec<OrderLine>> {
    let kind = || select(vec![None, Some(false), Some(true)]);
    let line = (amount(), rate(), kind(), kind()).prop_map(|(total, rate, returned, shipping)| {
        let line = OrderLine::from_gross("A", "1", total / 16, tax_rate(rate)).unwrap();
        line.is_return(returned).is_shipping(shipping)
    });
    vec(line, 1..10)
}

fn receipt(lines: Vec<OrderLine>) -> Receipt {
    Receipt::new(BottomLine::new(Currency::Nok)).lines(lines)
}

fn is_return(line: &OrderLine) -> bool {
    line.is_return == Some(true)
}

fn without_returns(lines: &[OrderLine]) -> i64 {
    let bought = lines.iter().filter(|line| !is_return(line));
    bought.map(|line| line.total_amount).sum()
}

/// Checks that `discount` was split correctly over `before`.
fn assert_split(
    before: &[OrderLine],
    after: &[OrderLine],
    discount: i64,
) -> Result<(), TestCaseError> {
    let total = without_returns(before);
    prop_assert_eq!(before.len(), after.len());
    prop_assert_eq!(without_returns(after), total - discount);
    let mut taken = 0;
    for (before, after) in before.iter().zip(after) {
        if is_return(before) {
            prop_assert_eq!(before, after);
            continue;
        }
        let share = before.total_amount - after.total_amount;
        let (exact, of) = (
            i128::from(discount) * i128::from(before.total_amount),
            i128::from(total),
        );
        let away = (i128::from(share) * of - exact).abs();
        prop_assert!(away < of.max(1), "{} of {:?}", share, before);
        taken += share;
        if share == 0 {
            prop_assert_eq!(before, after);
            continue;
        }
        // None is negative, and the tax follows from the line's own rate.
        assert_adds_up(after)?;
        prop_assert_eq!(after.discount, Some(before.discount.unwrap_or(0) + share));
        let mut restored = after.clone();
        restored.discount = before.discount;
        restored.total_amount = before.total_amount;
        restored.total_amount_excluding_tax = before.total_amount_excluding_tax;
        restored.total_tax_amount = before.total_tax_amount;
        prop_assert_eq!(&restored, before, "more than amounts were changed");
    }
    prop_assert_eq!(taken, discount);
    Ok(())
}

proptest! {
    #![proptest_config(config(CASES))]

    #[test]
    fn a_discount_is_split_to_the_last_unit(lines in lines(), thousandths in 0..=1_000_i128) {
        let total = without_returns(&lines);
        let discount = i64::try_from(i128::from(total) * thousandths / 1_000).unwrap();
        let before = receipt(lines.clone());
        let after = before.clone().apply_discount(discount).unwrap();
        assert_split(&lines, &after.order_lines, discount)?;
        after.validate().unwrap();
        let (before, after) = (before.totals().unwrap(), after.totals().unwrap());
        prop_assert_eq!(after.total_amount, before.total_amount - discount);
        prop_assert_eq!(after.total_discount, discount);
        let taxes: i64 = after.tax.iter().map(|tax| tax.total_tax_amount).sum();
        prop_assert_eq!(taxes, after.total_tax_amount);
    }

    #[test]
    fn consecutive_discounts_add_up(
        lines in lines(),
        thousandths in vec(0..=1_000_i128, 1..4),
    ) {
        let mut receipt = receipt(lines);
        let mut taken = 0;
        for share in thousandths {
            let before = receipt.order_lines.clone();
            let left = without_returns(&before);
            let discount = i64::try_from(i128::from(left) * share / 1_000).unwrap();
            receipt = receipt.apply_discount(discount).unwrap();
            assert_split(&before, &receipt.order_lines, discount)?;
            taken += discount;
        }
        prop_assert_eq!(receipt.totals().unwrap().total_discount, taken);
    }

    #[test]
    fn a_percentage_discount_is_the_nearest_amount(lines in lines(), rate in rate()) {
        let total = without_returns(&lines);
        let after = receipt(lines.clone()).apply_discount_percent(tax_rate(rate)).unwrap();
        let discount = total - without_returns(&after.order_lines);
        prop_assert!(is_nearest(discount, i128::from(total) * i128::from(rate), 10_000));
        assert_split(&lines, &after.order_lines, discount)?;
    }

    #[test]
    fn a_discount_above_the_total_is_refused(lines in lines(), more in 1..=1_000_i64) {
        let total = without_returns(&lines);
        for wrong in [total + more, i64::MAX, -more, i64::MIN] {
            let error = receipt(lines.clone()).apply_discount(wrong).unwrap_err();
            let rule = format!("must be 0 to {total}, the total of all lines except returns");
            prop_assert_eq!(
                error.to_string(),
                format!("invalid input: discount: {rule}, not {wrong}")
            );
        }
    }
}

fn line(id: &str, total: i64, rate: TaxRate) -> OrderLine {
    OrderLine::from_gross("A", id, total, rate).unwrap()
}

/// Socks at 25 %, bread at 15 %, a newspaper without tax, one return, and delivery.
fn cart() -> Receipt {
    receipt(vec![
        OrderLine::from_units(
            "Socks",
            "1",
            UnitInfo::new(9_950, 2.into()),
            TaxRate::percent(25),
        )
        .unwrap(),
        line("2", 4_550, TaxRate::percent(15)),
        line("3", 3_900, TaxRate::ZERO),
        line("4", 5_000, TaxRate::percent(25)).is_return(true),
        OrderLine::shipping("Delivery", "5", 1_650, TaxRate::percent(25)).unwrap(),
    ])
}

#[test]
fn worked_examples_of_discounts_on_a_cart() {
    let discounted = |receipt: Receipt| -> Vec<_> {
        let lines = receipt.order_lines.iter();
        lines.map(|line| (amounts(line), line.discount)).collect()
    };
    // 1000 of 30000: the exact shares are 663.33, 151.67, 130 and 55.
    let receipt = cart().apply_discount(1_000).unwrap();
    assert_eq!(
        receipt.order_lines[0].unit_info,
        Some(UnitInfo::new(9_950, 2.into()))
    );
    let totals = serde_json::to_value(receipt.totals().unwrap()).unwrap();
    assert_eq!(
        totals,
        json!({
            "totalAmount": 24_000, "totalAmountExcludingTax": 20_260, "totalTaxAmount": 3_740,
            "totalDiscount": 1_000, "shippingAmount": 1_595,
            "tax": [
                {"taxRate": 2500, "totalAmount": 15_832, "totalAmountExcludingTax": 12_666,
                 "totalTaxAmount": 3_166},
                {"taxRate": 1500, "totalAmount": 4_398, "totalAmountExcludingTax": 3_824,
                 "totalTaxAmount": 574},
                {"taxRate": 0, "totalAmount": 3_770, "totalAmountExcludingTax": 3_770,
                 "totalTaxAmount": 0},
            ],
        })
    );
    assert_eq!(
        discounted(receipt),
        [
            ((19_237, 15_390, 3_847), Some(663)),
            ((4_398, 3_824, 574), Some(152)),
            ((3_770, 3_770, 0), Some(130)),
            ((5_000, 4_000, 1_000), None),
            ((1_595, 1_276, 319), Some(55)),
        ]
    );
    // 12.5 % of 30000.
    assert_eq!(
        cart()
            .apply_discount_percent("12.5".parse().unwrap())
            .unwrap(),
        cart().apply_discount(3_750).unwrap()
    );
    // The whole total.
    let all = cart()
        .apply_discount_percent(TaxRate::percent(100))
        .unwrap();
    assert_eq!(all.totals().unwrap().total_amount, -5_000);
    // Nothing.
    assert_eq!(cart().apply_discount(0).unwrap(), cart());
    assert_eq!(
        cart().apply_discount_percent(TaxRate::ZERO).unwrap(),
        cart()
    );
}

#[test]
fn halves_of_a_minor_unit_round_up() {
    let half = |totals: &[i64]| {
        let lines = totals.iter().map(|total| line("1", *total, TaxRate::ZERO));
        let receipt = receipt(lines.collect());
        let receipt = receipt
            .apply_discount_percent(TaxRate::percent(50))
            .unwrap();
        let lines = receipt.order_lines.iter();
        lines.map(|line| line.total_amount).collect::<Vec<_>>()
    };
    assert_eq!(half(&[1]), [0]);
    // 1.5 in total, rounded to 2: the first two lines get one unit each.
    assert_eq!(half(&[1, 1, 1]), [0, 0, 1]);
    assert_eq!(half(&[3, 2]), [1, 1]);
}

#[test]
fn lines_that_cannot_be_discounted_are_named() {
    let mut no_rate = line("1", 100, TaxRate::percent(25));
    no_rate.tax_rate = None;
    let mut wrong_rate = line("2", 100, TaxRate::percent(25));
    wrong_rate.tax_rate = Some(TaxRate::percent(101));
    let much = line("3", 100, TaxRate::ZERO).discount(i64::MAX);
    let mut negative = line("4", 100, TaxRate::ZERO);
    negative.total_amount = -5;

    let lines = vec![
        no_rate.clone(),
        line("5", 100, TaxRate::ZERO),
        wrong_rate,
        much,
    ];
    let error = receipt(lines).apply_discount(40).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid input: orderLines[0].taxRate: must be set, in basis points; \
         orderLines[2].taxRate: must be 0 to 10000 basis points, not 10100; \
         orderLines[3].discount: is too large: the result does not fit in an i64"
    );
    let lines = vec![negative.clone(), no_rate.clone(), negative.clone()];
    let error = receipt(lines)
        .apply_discount_percent(TaxRate::percent(10))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid input: orderLines[0].totalAmount: must be at least 0, not -5; \
         orderLines[2].totalAmount: must be at least 0, not -5"
    );
    // A line without a share stays unchanged, even an invalid one.
    let lines = vec![
        no_rate.is_return(true),
        negative.is_return(true),
        line("6", 9, TaxRate::ZERO),
    ];
    let after = receipt(lines.clone()).apply_discount(9).unwrap();
    assert_eq!(after.order_lines[..2], lines[..2]);
    assert_eq!(after.order_lines[2].total_amount, 0);
}

#[test]
fn an_empty_receipt_cannot_be_discounted() {
    let empty = receipt(Vec::new());
    assert_eq!(empty.clone().apply_discount(0).unwrap(), empty);
    let error = empty.clone().apply_discount(1).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid input: discount: must be 0 to 0, the total of all lines except returns, not 1"
    );
    let error = empty
        .apply_discount_percent(TaxRate::percent(101))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid input: rate: must be 0 to 10000 basis points, not 10100"
    );
    // Twice the largest possible amount.
    let largest = || line("1", i64::MAX, TaxRate::ZERO);
    let error = receipt(vec![largest(), largest()]).apply_discount_percent(TaxRate::percent(75));
    assert_eq!(
        error.unwrap_err().to_string(),
        "invalid input: orderLines: have a sum that does not fit in an i64"
    );
    let half = receipt(vec![largest(), largest()]).apply_discount_percent(TaxRate::percent(50));
    let totals = half
        .unwrap()
        .order_lines
        .iter()
        .map(|line| line.total_amount)
        .collect::<Vec<_>>();
    assert_eq!(
        totals,
        [1 << 62, (1 << 62) - 1].map(|share: i64| i64::MAX - share)
    );
}
