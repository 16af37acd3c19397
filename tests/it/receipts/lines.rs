//! Order lines: amounts, rates, quantities and discounts.

use super::*;

#[test]
fn impossible_amounts_and_rates_are_refused() {
    type Make = fn(i64, TaxRate) -> Result<OrderLine, Error>;
    let from_units: Make =
        |price, rate| OrderLine::from_units("A", "1", UnitInfo::new(price, 2.into()), rate);
    let makers: [(&str, Make); 4] = [
        ("totalAmount", |amount, rate| {
            OrderLine::from_gross("A", "1", amount, rate)
        }),
        ("totalAmount", |amount, rate| {
            OrderLine::shipping("A", "1", amount, rate)
        }),
        ("totalAmountExcludingTax", |amount, rate| {
            OrderLine::from_net("A", "1", amount, rate)
        }),
        ("unitInfo.unitPrice", from_units),
    ];
    for (field, make) in makers {
        for amount in [-1, i64::MIN] {
            let error = make(amount, TaxRate::ZERO).unwrap_err();
            let expected = format!(
                "invalid input: {field}: must be at least 0, not {amount}; for a return, set \
                 is_return"
            );
            assert_eq!(error.to_string(), expected);
        }
        for (rate, shown) in [
            (TaxRate::percent(101), 10_100),
            (TaxRate::percent(u8::MAX), 25_500),
            (TaxRate::from_basis_points(10_001), 10_001),
            (TaxRate::from_basis_points(u16::MAX), 65_535),
        ] {
            let error = make(100, rate).unwrap_err();
            let expected =
                format!("invalid input: taxRate: must be 0 to 10000 basis points, not {shown}");
            assert_eq!(error.to_string(), expected);
        }
        assert!(make(100, TaxRate::percent(100)).is_ok());
    }
}

#[test]
fn discounts_on_a_line_add_up() {
    let line = gross(10_000, TaxRate::percent(25))
        .apply_discount(2_500)
        .unwrap();
    let line = line.apply_discount(1).unwrap();
    let expected = json!({
        "name": "A", "id": "1", "taxRate": 2500, "discount": 2501,
        "totalAmount": 7499, "totalAmountExcludingTax": 5999, "totalTaxAmount": 1500,
    });
    assert_eq!(serde_json::to_value(&line).unwrap(), expected);

    let why = |amount: i64| {
        let error = line.clone().apply_discount(amount).unwrap_err();
        error.to_string()
    };
    let rule = "invalid input: discount: must be 0 to the line's total of 7499";
    assert_eq!(why(7_500), format!("{rule}, not 7500"));
    assert_eq!(why(-1), format!("{rule}, not -1"));

    // In a line that was read, the earlier discount may be anything.
    let before = line
        .clone()
        .discount(i64::MAX)
        .apply_discount(1)
        .unwrap_err();
    assert_eq!(
        before.to_string(),
        "invalid input: discount: is too large: the result does not fit in an i64"
    );
}

#[test]
fn a_discount_uses_the_rate_of_the_line() {
    let receipt = sample_with(&[]);
    // taxPercentage alone.
    let line = receipt.order_lines[0].clone().apply_discount(100).unwrap();
    assert_eq!(
        (
            line.total_amount,
            line.total_amount_excluding_tax,
            line.total_tax_amount
        ),
        (900, 720, 180)
    );
    let mut line = line;
    line.tax_rate = Some(TaxRate::percent(15));
    // Both: taxRate.
    let line = line.apply_discount(0).unwrap();
    assert_eq!(
        (
            line.total_amount,
            line.total_amount_excluding_tax,
            line.total_tax_amount
        ),
        (900, 783, 117)
    );
}

#[test]
fn a_discount_needs_a_rate() {
    // Treating a missing rate as zero would drop the tax that the line includes.
    let mut line = gross(1_000, TaxRate::percent(25));
    line.tax_rate = None;
    for amount in [0, 100, 1_000] {
        let error = line.clone().apply_discount(amount).unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid input: taxRate: must be set, in basis points"
        );
    }
}

#[test]
fn units_are_pieces_by_default() {
    let units = |line: &OrderLine| serde_json::to_value(&line.unit_info).unwrap();
    let line = gross(750, TaxRate::percent(25));
    let info = UnitInfo::new(250, Quantity::from(3));
    assert_eq!(
        units(&line.clone().unit_info(info.clone())),
        json!({"unitPrice": 250, "quantity": "3"})
    );
    // The same whether the amounts are computed from the units or stay unchanged.
    let litres = info.quantity_unit(QuantityUnit::Litre);
    let made = OrderLine::from_units("A", "1", litres.clone(), TaxRate::percent(25)).unwrap();
    let line = line.unit_info(litres);
    assert_eq!(line, made);
    assert_eq!(
        units(&line),
        json!({"unitPrice": 250, "quantity": "3", "quantityUnit": "LITRE"})
    );
}

#[test]
fn a_quantity_keeps_its_notation() {
    for good in [
        "0",
        "3",
        "2.5",
        "2.50",
        "0.822",
        "007",
        "1234567890",
        "0.12345678",
        "1.00000000",
        "99999999.9",
    ] {
        let quantity = Quantity::new(good).unwrap();
        assert_eq!(quantity.to_string(), good);
        assert_eq!(serde_json::to_value(&quantity).unwrap(), json!(good));
    }
    assert_eq!(Quantity::from(0).as_str(), "0");
    assert_eq!(Quantity::from(u32::MAX).as_str(), "4294967295");

    for bad in [
        "",
        " ",
        ".",
        ".5",
        "5.",
        "1..2",
        "1.2.3",
        "-1",
        "+1",
        "1e3",
        "1,5",
        " 1",
        "1 ",
        "0x1",
        "NaN",
        "12345678901",
        "0.123456789",
        "1234567.123",
        "٣",
        "３",
        "²",
        "½",
        "1.٣",
    ] {
        let error = Quantity::new(bad).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "invalid input: quantity: must be a decimal number such as 3 or 0.822, at most 10 \
                 characters and 8 decimals, not {bad:?}"
            )
        );
    }
}

#[test]
fn an_invalid_quantity_from_a_server_cannot_be_multiplied() {
    let quantity: Quantity = serde_json::from_value(json!("a few")).unwrap();
    let units = UnitInfo::new(100, quantity);
    let error = OrderLine::from_units("A", "1", units, TaxRate::ZERO).unwrap_err();
    assert_eq!(
        error.to_string(),
        concat!(
            "invalid input: quantity: must be a decimal number such as 3 or 0.822, ",
            r#"at most 10 characters and 8 decimals, not "a few""#
        )
    );
}

#[test]
fn units_without_a_price_make_no_line() {
    let units = serde_json::from_value(json!({"quantity": "2"})).unwrap();
    let error = OrderLine::from_units("A", "1", units, TaxRate::ZERO).unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid input: unitInfo.unitPrice: must be set, in minor units"
    );
}

#[test]
fn rates_are_displayed_in_percent() {
    for (basis_points, shown) in [
        (0, "0 %"),
        (1, "0.01 %"),
        (5, "0.05 %"),
        (50, "0.5 %"),
        (1_200, "12 %"),
        (1_350, "13.5 %"),
        (2_500, "25 %"),
        (2_505, "25.05 %"),
        (2_550, "25.5 %"),
        (10_000, "100 %"),
        // Only from a server.
        (-2_550, "-25.5 %"),
        (-1, "-0.01 %"),
        (i64::MAX, "92233720368547758.07 %"),
        (i64::MIN, "-92233720368547758.08 %"),
    ] {
        let rate: TaxRate = serde_json::from_value(json!(basis_points)).unwrap();
        assert_eq!(rate.to_string(), shown);
    }
    assert_eq!(TaxRate::percent(25), TaxRate::from_basis_points(2_500));
    assert_eq!(TaxRate::ZERO.basis_points(), 0);
}

#[test]
fn tax_is_not_a_share_of_the_gross_amount() {
    let line = gross(10_000, TaxRate::percent(25));
    // 25 % of what is paid would be 2500.
    assert_eq!(
        (line.total_amount_excluding_tax, line.total_tax_amount),
        (8_000, 2_000)
    );
}

#[test]
fn amounts_are_not_rounded_independently() {
    // A hundred weighed goods, with total, net and tax of the exact price each rounded to the
    // nearest øre.
    let nearest =
        |numerator: i128, denominator: i128| (2 * numerator + denominator) / (2 * denominator);
    let mut wrong = 0;
    for nth in 0..100 {
        let (price, grams) = (3_990 + 37 * nth, 333 + 7 * nth);
        // In thousandths of an øre.
        let exact = i128::from(price * grams);
        let total = nearest(exact, 1_000);
        let net = nearest(exact * 100, 115 * 1_000);
        let tax = nearest(exact * 15, 115 * 1_000);
        wrong += i32::from(total != net + tax);

        let quantity = format!("{}.{:03}", grams / 1_000, grams % 1_000)
            .parse()
            .unwrap();
        let units = UnitInfo::new(price, quantity);
        let line = OrderLine::from_units("Salmon", "1", units, TaxRate::percent(15)).unwrap();
        assert_eq!(i128::from(line.total_amount), total);
        assert_eq!(
            line.total_amount,
            line.total_amount_excluding_tax + line.total_tax_amount
        );
    }
    assert_eq!(wrong, 28, "of 100 would not add up");
}

#[test]
fn a_discount_over_a_hundred_lines_adds_up() {
    let lines: Vec<OrderLine> = (0..100)
        .map(|nth| {
            gross(
                1_990 + 17 * nth,
                TaxRate::from_basis_points([2_500, 1_500, 1_200, 2_550][nth as usize % 4]),
            )
        })
        .collect();
    let before: i64 = lines.iter().map(|line| line.total_amount).sum();
    let receipt = Receipt::new(nok()).lines(lines);
    let receipt = receipt.apply_discount(10_000).unwrap();
    receipt.validate().unwrap();
    let totals = receipt.totals().unwrap();
    assert_eq!(totals.total_discount, 10_000);
    assert_eq!(totals.total_amount, before - 10_000);
}

#[test]
fn a_shipping_line_has_only_shipping_fields() {
    let line =
        OrderLine::shipping("Home delivery", "delivery", 9_900, TaxRate::percent(25)).unwrap();
    let expected = json!({
        "name": "Home delivery", "id": "delivery",
        "totalAmount": 9900, "totalAmountExcludingTax": 7920, "totalTaxAmount": 1980,
        "taxRate": 2500, "isShipping": true,
    });
    assert_eq!(serde_json::to_value(line).unwrap(), expected);
}

#[test]
fn a_shipping_line_needs_a_name() {
    let line = OrderLine::shipping("", "delivery", 9_900, TaxRate::percent(25)).unwrap();
    assert_refused(
        &Receipt::new(nok()).line(line),
        "orderLines[0].name: must not be empty",
    );
}
