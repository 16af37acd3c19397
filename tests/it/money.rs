//! Money: properties for every amount, rate and quantity, and round trips of every type.

use std::fmt::Debug;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{TestCaseError, TestRunner};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use vipps::order_management::{
    BottomLine, Currency, OrderLine, Receipt, TaxRate, UnitInfo, allocate, format_minor_units,
    minor_units,
};
use vipps::{Error, management, order_management};

mod amounts;
mod discounts;
mod round_trips;

/// Cases per property about money.
const CASES: u32 = 1024;

/// Cases per type in the round trips.
const CASES_OF_A_TYPE: u32 = 256;

/// A failure prints its shrunk case, to be kept as a separate test. No files are written.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

// ---- values

/// 0 and up: mostly small amounts, where rounding shows, and the extremes.
fn amount() -> impl Strategy<Value = i64> {
    const MAX: i64 = i64::MAX;
    prop_oneof![
        4 => 0..=1_000_i64,
        4 => 0..=10_000_000_i64,
        2 => 0..=MAX,
        2 => select(vec![0, 1, 2, 3, 4, 5, 99, 100, 9_999, MAX / 2, MAX / 2 + 1, MAX - 1, MAX]),
    ]
}

fn rate() -> impl Strategy<Value = i64> {
    prop_oneof![
        3 => select(vec![0, 1, 5, 1_200, 1_350, 1_400, 1_500, 2_400, 2_500, 2_550, 9_999, 10_000]),
        2 => 0..=10_000_i64,
    ]
}

fn tax_rate(basis_points: i64) -> TaxRate {
    TaxRate::from_basis_points(basis_points.try_into().unwrap())
}

/// Every form that `^\d+([\.]\d{1,8})?$` allows in 10 characters, including leading and trailing
/// zeros.
fn quantity() -> impl Strategy<Value = String> {
    let digits = |n: std::ops::RangeInclusive<usize>| vec(0..=9_u8, n);
    let text = |digits: Vec<u8>| digits.iter().map(|d| char::from(b'0' + d)).collect();
    let whole = digits(1..=10).prop_map(text);
    let decimal = (1..=8_usize).prop_flat_map(move |decimals| {
        let parts = (digits(1..=9 - decimals), digits(decimals..=decimals));
        parts.prop_map(move |(whole, decimals)| {
            let (whole, decimals): (String, String) = (text(whole), text(decimals));
            format!("{whole}.{decimals}")
        })
    });
    prop_oneof![
        1 => (0..=20_u32).prop_map(|n| n.to_string()),
        2 => whole,
        3 => decimal,
    ]
}

/// A quantity as a fraction.
fn fraction(quantity: &str) -> (i128, i128) {
    let decimals = quantity.split('.').nth(1).map_or(0, str::len);
    let digits = quantity.replace('.', "").parse().unwrap();
    (digits, 10_i128.pow(decimals.try_into().unwrap()))
}

/// A line from any of the constructors.
fn line() -> impl Strategy<Value = OrderLine> {
    let made = (amount(), rate(), quantity(), 0..4_u8).prop_filter_map(
        "a total that fits",
        |(amount, rate, quantity, way)| {
            let rate = tax_rate(rate);
            match way {
                0 => OrderLine::from_gross("Gross", "1", amount, rate).ok(),
                1 => OrderLine::from_net("Net", "2", amount, rate).ok(),
                2 => OrderLine::shipping("Shipping", "3", amount, rate).ok(),
                _ => {
                    let units = UnitInfo::new(amount, quantity.parse().unwrap());
                    OrderLine::from_units("Units", "4", units, rate).ok()
                }
            }
        },
    );
    let flag = || select(vec![None, Some(false), Some(true)]);
    (made, flag(), flag()).prop_map(|(mut line, is_return, is_shipping)| {
        line.is_return = is_return.or(line.is_return);
        line.is_shipping = is_shipping.or(line.is_shipping);
        line
    })
}

// ---- properties

/// Whether `is` is `numerator / denominator` rounded to nearest, with halves either way.
fn is_nearest(is: i64, numerator: i128, denominator: i128) -> bool {
    let away = (i128::from(is) * denominator - numerator).abs();
    2 * away <= denominator
}

/// Checks that the three amounts add up, that none is negative, and that the one without tax is the
/// nearest possible.
fn assert_adds_up(line: &OrderLine) -> Result<(), TestCaseError> {
    let (total, excluding, tax) = (
        line.total_amount,
        line.total_amount_excluding_tax,
        line.total_tax_amount,
    );
    let sum = i128::from(excluding) + i128::from(tax);
    prop_assert_eq!(i128::from(total), sum, "{:?}", line);
    prop_assert!(total >= 0 && excluding >= 0 && tax >= 0, "{:?}", line);
    let rate = i128::from(line.tax_rate.unwrap().basis_points());
    let nearest = is_nearest(excluding, i128::from(total) * 10_000, 10_000 + rate);
    prop_assert!(nearest, "{:?}", line);
    Ok(())
}

proptest! {
    #![proptest_config(config(CASES))]

    #[test]
    fn a_line_from_a_gross_amount_adds_up(total in amount(), rate in rate()) {
        let line = OrderLine::from_gross("A", "1", total, tax_rate(rate)).unwrap();
        assert_adds_up(&line)?;
        prop_assert_eq!(line.total_amount, total);
        prop_assert_eq!(line.tax_rate.map(TaxRate::basis_points), Some(rate));
        let shipping = OrderLine::shipping("A", "1", total, tax_rate(rate)).unwrap();
        prop_assert_eq!(shipping, line.is_shipping(true));
    }

    #[test]
    fn a_line_from_a_net_amount_adds_up_and_keeps_it(net in amount(), rate in rate()) {
        let made = OrderLine::from_net("A", "1", net, tax_rate(rate));
        // Twice the tax plus a half, in whole units: rounds to nearest, halves up.
        let tax = (2 * i128::from(net) * i128::from(rate) + 10_000) / 20_000;
        if i128::from(net) + tax > i128::from(i64::MAX) {
            let error = made.unwrap_err().to_string();
            let expected = "invalid input: totalAmountExcludingTax: is too large: the result does \
                not fit in an i64";
            prop_assert_eq!(error, expected);
        } else {
            let line = made.unwrap();
            assert_adds_up(&line)?;
            prop_assert_eq!(line.total_amount_excluding_tax, net);
            prop_assert_eq!(i128::from(line.total_tax_amount), tax);
            // The gross total leads back to the same line.
            let gross = OrderLine::from_gross("A", "1", line.total_amount, tax_rate(rate));
            prop_assert_eq!(gross.unwrap(), line);
        }
    }

    #[test]
    fn a_line_from_units_adds_up(price in amount(), quantity in quantity(), rate in rate()) {
        let (number, of) = fraction(&quantity);
        let exact = i128::from(price) * number;
        let units = UnitInfo::new(price, quantity.parse().unwrap());
        let made = OrderLine::from_units("A", "1", units.clone(), tax_rate(rate));
        if (2 * exact + of) / (2 * of) > i128::from(i64::MAX) {
            let error = made.unwrap_err().to_string();
            let expected = "invalid input: totalAmount: is too large: the result does not fit in \
                an i64";
            prop_assert_eq!(error, expected);
        } else {
            let line = made.unwrap();
            assert_adds_up(&line)?;
            prop_assert!(is_nearest(line.total_amount, exact, of));
            prop_assert_eq!(line.unit_info, Some(units));
        }
    }

    #[test]
    fn discounts_add_up_and_so_do_their_lines(
        line in line(),
        // In thousandths of what is left.
        shares in vec(0..=1_000_i128, 0..5),
    ) {
        let (start, mut line) = (line.total_amount, line);
        let mut taken = 0;
        for share in shares {
            let discount = i64::try_from(i128::from(line.total_amount) * share / 1_000).unwrap();
            line = line.apply_discount(discount).unwrap();
            taken += discount;
            assert_adds_up(&line)?;
            prop_assert_eq!((line.total_amount, line.discount), (start - taken, Some(taken)));
        }

        let none = line.clone().apply_discount(0).unwrap();
        let amounts = |line: &OrderLine| {
            (line.total_amount, line.total_amount_excluding_tax, line.total_tax_amount)
        };
        prop_assert_eq!(amounts(&none), amounts(&line));
        prop_assert_eq!(none.discount, Some(taken));

        let rest = line.total_amount;
        let all = line.clone().apply_discount(rest).unwrap();
        prop_assert_eq!((amounts(&all), all.discount), ((0, 0, 0), Some(start)));
        for wrong in [-1, i64::MIN].into_iter().chain(rest.checked_add(1)) {
            let error = line.clone().apply_discount(wrong).unwrap_err().to_string();
            let expected = format!(
                "invalid input: discount: must be 0 to the line's total of {rest}, not {wrong}"
            );
            prop_assert_eq!(error, expected);
        }
    }

    #[test]
    fn totals_are_the_sums_of_the_lines(
        lines in vec((line(), 0..=1_000_i128, 0..6_u8), 0..12),
    ) {
        let lines: Vec<OrderLine> = lines
            .into_iter()
            .map(|(line, share, kind)| {
                let discount = i64::try_from(i128::from(line.total_amount) * share / 1_000);
                let mut line = line.apply_discount(discount.unwrap()).unwrap();
                match kind {
                    0 => line.discount = None,
                    // As in older receipts, and possibly in replies.
                    1 => with_percentage(&mut line),
                    2 => line.tax_rate = None,
                    _ => {}
                }
                line
            })
            .collect();
        let expected = plain_totals(&lines);
        let receipt = Receipt::new(BottomLine::new(Currency::Nok)).lines(lines);
        match (receipt.totals(), expected) {
            (Ok(totals), Some(expected)) => {
                prop_assert_eq!(serde_json::to_value(totals).unwrap(), expected);
            }
            (Err(error), None) => prop_assert_eq!(
                error.to_string(),
                "invalid input: orderLines: have a sum that does not fit in an i64"
            ),
            (is, expected) => prop_assert!(false, "{:?}, expected {:?}", is, expected),
        }
    }

    #[test]
    fn shares_lose_nothing(
        amount in prop_oneof![
            4 => (amount(), any::<bool>()).prop_map(|(a, minus)| if minus { -a } else { a }),
            1 => select(vec![i64::MIN, i64::MIN + 1, i64::MAX]),
        ],
        weights in vec(prop_oneof![2 => 0..=3_i64, 3 => amount()], 1..20),
    ) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let shares = allocate(amount, &weights).unwrap();
        prop_assert_eq!(shares.len(), weights.len());
        let sum: i128 = shares.iter().map(|share| i128::from(*share)).sum();
        prop_assert_eq!(sum, i128::from(amount));

        let of: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        for (share, weight) in shares.iter().zip(&weights) {
            let exact = i128::from(amount) * i128::from(*weight);
            let away = (i128::from(*share) * of - exact).abs();
            prop_assert!(away < of, "{} of {}", share, weight);
            prop_assert!(*weight > 0 || *share == 0, "a zero weight got {}", share);
        }

        let size = |share: i64| share.unsigned_abs();
        for (a, of_a) in shares.iter().zip(&weights) {
            for (b, of_b) in shares.iter().zip(&weights) {
                if of_a > of_b {
                    prop_assert!(size(*a) >= size(*b), "{} for {}, {} for {}", a, of_a, b, of_b);
                }
                if of_a == of_b {
                    prop_assert!(size(*a).abs_diff(size(*b)) <= 1);
                }
            }
        }

        // Distributing a negative amount mirrors the positive case.
        if let Some(opposite) = amount.checked_neg() {
            let mirrored: Vec<i64> = shares.iter().map(|share| -share).collect();
            prop_assert_eq!(allocate(opposite, &weights).unwrap(), mirrored);
        }
    }
}

#[allow(deprecated)] // Still used on the wire.
fn with_percentage(line: &mut OrderLine) {
    let rate = line.tax_rate.take().unwrap();
    line.tax_percentage = Some(rate.basis_points() / 100);
}

/// The totals computed naively, line by line; `None` if a sum overflows.
#[allow(deprecated)]
fn plain_totals(lines: &[OrderLine]) -> Option<Value> {
    let mut sums = [0_i128; 5];
    let mut rates: Vec<(i64, [i128; 3])> = Vec::new();
    for line in lines {
        let signed = |amount: i64| {
            let amount = i128::from(amount);
            match line.is_return {
                Some(true) => -amount,
                _ => amount,
            }
        };
        let shipping = match line.is_shipping {
            Some(true) => line.total_amount,
            _ => 0,
        };
        let amounts = [
            signed(line.total_amount),
            signed(line.total_amount_excluding_tax),
            signed(line.total_tax_amount),
            signed(line.discount.unwrap_or(0)),
            signed(shipping),
        ];
        for (sum, amount) in sums.iter_mut().zip(amounts) {
            *sum += amount;
        }
        let rate = match (line.tax_rate, line.tax_percentage) {
            (Some(rate), _) => rate.basis_points(),
            (None, Some(percent)) => percent * 100,
            (None, None) => continue,
        };
        let at = match rates.iter().position(|(other, _)| *other == rate) {
            Some(at) => at,
            None => {
                rates.push((rate, [0; 3]));
                rates.len() - 1
            }
        };
        for (sum, amount) in rates[at].1.iter_mut().zip(amounts) {
            *sum += amount;
        }
    }
    rates.sort_by_key(|(rate, _)| -rate);
    let narrow = |sum: i128| i64::try_from(sum).ok();
    let mut tax = Vec::new();
    for (rate, [total, excluding, of_it]) in rates {
        tax.push(json!({
            "taxRate": rate,
            "totalAmount": narrow(total)?,
            "totalAmountExcludingTax": narrow(excluding)?,
            "totalTaxAmount": narrow(of_it)?,
        }));
    }
    Some(json!({
        "totalAmount": narrow(sums[0])?,
        "totalAmountExcludingTax": narrow(sums[1])?,
        "totalTaxAmount": narrow(sums[2])?,
        "totalDiscount": narrow(sums[3])?,
        "shippingAmount": narrow(sums[4])?,
        "tax": tax,
    }))
}

// ---- worked examples

/// The total, the amount excluding tax, and the tax.
fn amounts(line: &OrderLine) -> (i64, i64, i64) {
    (
        line.total_amount,
        line.total_amount_excluding_tax,
        line.total_tax_amount,
    )
}

#[test]
fn worked_examples_of_tax_in_gross_amounts() {
    for (total, rate, excluding, tax) in [
        // Norway: 25, 15, 12 %.
        (1, 2_500, 1, 0),
        (2, 2_500, 2, 0),
        (3, 2_500, 2, 1),
        (4, 2_500, 3, 1),
        (5, 2_500, 4, 1),
        (100, 2_500, 80, 20),
        (1_000, 2_500, 800, 200),
        (9_999, 2_500, 7_999, 2_000),
        (19_900, 2_500, 15_920, 3_980),
        (115, 1_500, 100, 15),
        (4_550, 1_500, 3_957, 593),
        (9_999, 1_500, 8_695, 1_304),
        (4_200, 1_200, 3_750, 450),
        (9_999, 1_200, 8_928, 1_071),
        // Finland: 25.5, 14, 13.5, 10 %.
        (1_255, 2_550, 1_000, 255),
        (4_990, 2_550, 3_976, 1_014),
        (9_999, 2_550, 7_967, 2_032),
        (9_999, 1_400, 8_771, 1_228),
        (215, 1_350, 189, 26),
        (9_999, 1_350, 8_810, 1_189),
        (9_999, 1_000, 9_090, 909),
        // Denmark: 25 %.
        (89_995, 2_500, 71_996, 17_999),
        (3_995, 2_500, 3_196, 799),
        // No tax.
        (0, 2_500, 0, 0),
        (0, 0, 0, 0),
        (9_999, 0, 9_999, 0),
        // Exact halves round up: 0.5, 1.5, 49.5 and 2.5.
        (1, 10_000, 1, 0),
        (3, 10_000, 2, 1),
        (99, 10_000, 50, 49),
        (4, 6_000, 3, 1),
        // One hundredth of a percent.
        (10_001, 1, 10_000, 1),
        // The largest amount: 7378697629483820645.6 excluding tax.
        (
            i64::MAX,
            2_500,
            7_378_697_629_483_820_646,
            1_844_674_407_370_955_161,
        ),
        (
            i64::MAX,
            10_000,
            4_611_686_018_427_387_904,
            4_611_686_018_427_387_903,
        ),
    ] {
        let line = OrderLine::from_gross("A", "1", total, tax_rate(rate)).unwrap();
        assert_eq!(amounts(&line), (total, excluding, tax), "{rate}");
    }
}

#[test]
fn worked_examples_of_tax_on_net_amounts() {
    for (net, rate, tax, total) in [
        (1, 2_500, 0, 1),
        (2, 2_500, 1, 3),
        (6, 2_500, 2, 8),
        (800, 2_500, 200, 1_000),
        (7_999, 2_500, 2_000, 9_999),
        (8_695, 1_500, 1_304, 9_999),
        (3_750, 1_200, 450, 4_200),
        (1_000, 2_550, 255, 1_255),
        (3_976, 2_550, 1_014, 4_990),
        (100, 5, 0, 100),
        (1_000, 5, 1, 1_001),
        (9_999, 0, 0, 9_999),
        (i64::MAX, 0, 0, i64::MAX),
    ] {
        let line = OrderLine::from_net("A", "1", net, tax_rate(rate)).unwrap();
        assert_eq!(amounts(&line), (total, net, tax), "{net} at {rate}");
    }
}

#[test]
fn worked_examples_of_units_times_quantity() {
    for (price, quantity, total) in [
        (400, "2.5", 1_000),
        (400, "2.50", 1_000),
        (2_190, "3", 6_570),
        (2_190, "003", 6_570),
        (39_900, "0.822", 32_798),
        // Half an øre rounds up, less rounds down.
        (1, "0.5", 1),
        (3, "0.5", 2),
        (1, "0.4999", 0),
        (50_000_000, "0.00000001", 1),
        (49_999_999, "0.00000001", 0),
        (100, "0", 0),
        (0, "3", 0),
        (1, "9999999999", 9_999_999_999),
        (i64::MAX, "1", i64::MAX),
        (i64::MAX, "0.1", 922_337_203_685_477_581),
    ] {
        let units = UnitInfo::new(price, quantity.parse().unwrap());
        let line = OrderLine::from_units("A", "1", units, TaxRate::percent(25)).unwrap();
        assert_eq!(line.total_amount, total, "{price} x {quantity}");
    }
}

#[test]
fn worked_examples_of_shares() {
    for (amount, weights, shares) in [
        (100, vec![1, 1, 1], vec![34, 33, 33]),
        (-100, vec![1, 1, 1], vec![-34, -33, -33]),
        (101, vec![1, 1, 1], vec![34, 34, 33]),
        (1, vec![1, 1], vec![1, 0]),
        (1_000, vec![19_900, 4_550, 3_900], vec![702, 160, 138]),
        (10, vec![0, 3, 0], vec![0, 10, 0]),
        (5, vec![1, 2, 3], vec![1, 2, 2]),
        (0, vec![1, 2], vec![0, 0]),
        (0, vec![0, 0], vec![0, 0]),
        (0, vec![], vec![]),
        (
            i64::MAX,
            vec![i64::MAX, i64::MAX],
            vec![1 << 62, (1 << 62) - 1],
        ),
        (i64::MIN, vec![i64::MAX], vec![i64::MIN]),
        (i64::MIN, vec![1, 1], vec![-(1 << 62), -(1 << 62)]),
    ] {
        assert_eq!(allocate(amount, &weights).unwrap(), shares, "{weights:?}");
    }
}

#[test]
fn shares_without_weights_are_refused() {
    for (amount, weights, why) in [
        (1, vec![], "at least one must be positive to split 1"),
        (-7, vec![0, 0], "at least one must be positive to split -7"),
        (0, vec![1, -2], "must be at least 0, not -2"),
        (
            5,
            vec![i64::MIN],
            "must be at least 0, not -9223372036854775808",
        ),
    ] {
        let error = allocate(amount, &weights).unwrap_err();
        assert_eq!(error.to_string(), format!("invalid input: weights: {why}"));
    }
}

#[test]
fn totals_that_overflow_are_refused() {
    let half = |is_return| {
        let line = OrderLine::from_gross("A", "1", i64::MAX / 2 + 1, TaxRate::ZERO).unwrap();
        line.is_return(is_return)
    };
    let total = |lines: Vec<OrderLine>| {
        let receipt = Receipt::new(BottomLine::new(Currency::Nok)).lines(lines);
        receipt.totals().map(|totals| totals.total_amount)
    };
    let refused = |result: Result<i64, Error>| {
        assert_eq!(
            result.unwrap_err().to_string(),
            "invalid input: orderLines: have a sum that does not fit in an i64"
        );
    };
    refused(total(vec![half(false), half(false)]));
    refused(total(vec![half(true), half(true), half(true)]));
    // Intermediate sums may exceed the range.
    assert_eq!(
        total(vec![half(false), half(false), half(true)]).unwrap(),
        1 << 62
    );
    assert_eq!(total(vec![half(true), half(true)]).unwrap(), i64::MIN);
    // Two rates that cancel out in the sum are still reported separately.
    let mut other = half(true);
    other.tax_rate = Some(TaxRate::percent(25));
    refused(total(vec![half(false), half(false), other.clone(), other]));
}
