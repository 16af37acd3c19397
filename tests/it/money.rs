//! Money: what must hold for every amount, rate and quantity, and that what is read goes out again.

use std::fmt::Debug;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{TestCaseError, TestRunner};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use vipps::order_management::{
    BottomLine, Currency, OrderLine, Quantity, Receipt, TaxRate, UnitInfo, allocate,
};
use vipps::{Error, management, order_management};

/// Cases of each property about money.
const CASES: u32 = 1024;

/// Cases of each type that is read and written.
const CASES_OF_A_TYPE: u32 = 256;

/// A failure shows its shrunk case, which is kept as a test of its own: no files are written.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

// ---- values

/// 0 and up: mostly the small ones, where rounding shows, and those at the ends.
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

/// Every form that `^\d+([\.]\d{1,8})?$` allows in 10 characters, leading and trailing zeros too.
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

/// The number that a quantity is, as a fraction.
fn fraction(quantity: &str) -> (i128, i128) {
    let decimals = quantity.split('.').nth(1).map_or(0, str::len);
    let digits = quantity.replace('.', "").parse().unwrap();
    (digits, 10_i128.pow(decimals.try_into().unwrap()))
}

/// A line made in any of the ways.
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
                    let quantity = quantity.parse().unwrap();
                    OrderLine::from_unit_price("Units", "4", amount, quantity, rate).ok()
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

// ---- what must hold

/// `is * denominator` is at most half a denominator away from `numerator`.
fn is_nearest(is: i64, numerator: i128, denominator: i128) -> bool {
    let away = (i128::from(is) * denominator - numerator).abs();
    2 * away <= denominator
}

/// The three amounts agree, none is negative, and the one without tax is the nearest there is.
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
    fn a_line_of_a_gross_amount_adds_up(total in amount(), rate in rate()) {
        let line = OrderLine::from_gross("A", "1", total, tax_rate(rate)).unwrap();
        assert_adds_up(&line)?;
        prop_assert_eq!(line.total_amount, total);
        prop_assert_eq!(line.tax_rate.map(TaxRate::basis_points), Some(rate));
        let shipping = OrderLine::shipping("A", "1", total, tax_rate(rate)).unwrap();
        prop_assert_eq!(shipping, line.is_shipping(true));
    }

    #[test]
    fn a_line_of_a_net_amount_adds_up_and_keeps_it(net in amount(), rate in rate()) {
        let made = OrderLine::from_net("A", "1", net, tax_rate(rate));
        // Twice the tax and a half, in whole units: the nearest, a half up.
        let tax = (2 * i128::from(net) * i128::from(rate) + 10_000) / 20_000;
        if i128::from(net) + tax > i128::from(i64::MAX) {
            let error = made.unwrap_err().to_string();
            let expected = "invalid input: totalAmountExcludingTax: is too large for the line to be computed";
            prop_assert_eq!(error, expected);
        } else {
            let line = made.unwrap();
            assert_adds_up(&line)?;
            prop_assert_eq!(line.total_amount_excluding_tax, net);
            prop_assert_eq!(i128::from(line.total_tax_amount), tax);
            // The total leads back to the same line.
            let gross = OrderLine::from_gross("A", "1", line.total_amount, tax_rate(rate));
            prop_assert_eq!(gross.unwrap(), line);
        }
    }

    #[test]
    fn a_line_of_units_adds_up(price in amount(), quantity in quantity(), rate in rate()) {
        let (number, of) = fraction(&quantity);
        let exact = i128::from(price) * number;
        let units: Quantity = quantity.parse().unwrap();
        let made = OrderLine::from_unit_price("A", "1", price, units.clone(), tax_rate(rate));
        if (2 * exact + of) / (2 * of) > i128::from(i64::MAX) {
            let error = made.unwrap_err().to_string();
            let expected = "invalid input: totalAmount: is too large for the line to be computed";
            prop_assert_eq!(error, expected);
        } else {
            let line = made.unwrap();
            assert_adds_up(&line)?;
            prop_assert!(is_nearest(line.total_amount, exact, of));
            prop_assert_eq!(line.unit_info, Some(UnitInfo::new(price, units)));
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
                    // As an older receipt has it, and as a reply might.
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
                "invalid input: orderLines: add up to more than an i64 holds"
            ),
            (is, expected) => prop_assert!(false, "{:?}, not {:?}", is, expected),
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

        // Giving back is the mirror of taking.
        if let Some(opposite) = amount.checked_neg() {
            let mirrored: Vec<i64> = shares.iter().map(|share| -share).collect();
            prop_assert_eq!(allocate(opposite, &weights).unwrap(), mirrored);
        }
    }

    #[test]
    fn a_discount_on_the_whole_order_fits_its_lines(
        lines in vec((amount(), rate()), 1..10),
        thousandths in 0..=1_000_i128,
    ) {
        let lines: Vec<OrderLine> = lines
            .into_iter()
            // Ten of them fit an i64.
            .map(|(total, rate)| OrderLine::from_gross("A", "1", total / 16, tax_rate(rate)))
            .collect::<Result<_, _>>()
            .unwrap();
        let weights: Vec<i64> = lines.iter().map(|line| line.total_amount).collect();
        let sum: i64 = weights.iter().sum();
        prop_assume!(sum > 0);
        let discount = i64::try_from(i128::from(sum) * thousandths / 1_000).unwrap();
        let shares = allocate(discount, &weights).unwrap();
        let discounted: Vec<OrderLine> = lines
            .into_iter()
            .zip(shares)
            .map(|(line, share)| line.apply_discount(share))
            .collect::<Result<_, _>>()
            .unwrap();
        for line in &discounted {
            assert_adds_up(line)?;
        }
        let receipt = Receipt::new(BottomLine::new(Currency::Nok)).lines(discounted);
        receipt.validate().unwrap();
        let totals = receipt.totals().unwrap();
        prop_assert_eq!(totals.total_amount, sum - discount);
        prop_assert_eq!(totals.total_discount, discount);
        let taxes: i64 = totals.tax.iter().map(|tax| tax.total_tax_amount).sum();
        prop_assert_eq!(taxes, totals.total_tax_amount);
    }
}

#[allow(deprecated)] // As it is on the wire.
fn with_percentage(line: &mut OrderLine) {
    let rate = line.tax_rate.take().unwrap();
    line.tax_percentage = Some(rate.basis_points() / 100);
}

/// The totals as one would write them down, a line at a time; `None` if a sum does not fit.
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

// ---- by hand

/// Total, excluding tax and tax.
fn amounts(line: &OrderLine) -> (i64, i64, i64) {
    (
        line.total_amount,
        line.total_amount_excluding_tax,
        line.total_tax_amount,
    )
}

#[test]
fn tax_in_gross_amounts_by_hand() {
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
        // Exact halves go up: 0.5, 1.5, 49.5 and 2.5.
        (1, 10_000, 1, 0),
        (3, 10_000, 2, 1),
        (99, 10_000, 50, 49),
        (4, 6_000, 3, 1),
        // One hundredth of a per cent.
        (10_001, 1, 10_000, 1),
        // The largest there is: 7378697629483820645.6 without tax.
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
fn tax_on_net_amounts_by_hand() {
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
fn units_times_quantity_by_hand() {
    for (price, quantity, total) in [
        (400, "2.5", 1_000),
        (400, "2.50", 1_000),
        (2_190, "3", 6_570),
        (2_190, "003", 6_570),
        (39_900, "0.822", 32_798),
        // Half an øre counts as one, less does not.
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
        let units: Quantity = quantity.parse().unwrap();
        let line =
            OrderLine::from_unit_price("A", "1", price, units, TaxRate::percent(25)).unwrap();
        assert_eq!(line.total_amount, total, "{price} x {quantity}");
    }
}

#[test]
fn shares_by_hand() {
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
        (1, vec![], "must have one above zero to split 1 over"),
        (-7, vec![0, 0], "must have one above zero to split -7 over"),
        (0, vec![1, -2], "must not be negative, not -2"),
        (
            5,
            vec![i64::MIN],
            "must not be negative, not -9223372036854775808",
        ),
    ] {
        let error = allocate(amount, &weights).unwrap_err();
        assert_eq!(error.to_string(), format!("invalid input: weights: {why}"));
    }
}

#[test]
fn totals_refuse_to_overflow() {
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
            "invalid input: orderLines: add up to more than an i64 holds"
        );
    };
    refused(total(vec![half(false), half(false)]));
    refused(total(vec![half(true), half(true), half(true)]));
    // The way there may lead past the end.
    assert_eq!(
        total(vec![half(false), half(false), half(true)]).unwrap(),
        1 << 62
    );
    assert_eq!(total(vec![half(true), half(true)]).unwrap(), i64::MIN);
    // Two rates that cancel out in the sum are shown one by one.
    let mut other = half(true);
    other.tax_rate = Some(TaxRate::percent(25));
    refused(total(vec![half(false), half(false), other.clone(), other]));
}

// ---- read and written

/// A generator of JSON: what the crate's structs can hold, whatever can be built from outside.
type Json = BoxedStrategy<Value>;

/// Reads arbitrary values of a type and writes them again, and remembers which types those were.
struct Identity(Vec<&'static str>);

impl Identity {
    /// What is read comes out as it went in, and is the same value when it is read again.
    #[track_caller]
    fn holds<T>(&mut self, json: Json)
    where
        T: Serialize + DeserializeOwned + PartialEq + Clone + Debug,
    {
        let name = std::any::type_name::<T>();
        self.0.push(name.rsplit("::").next().unwrap());
        let mut runner = TestRunner::new(config(CASES_OF_A_TYPE));
        let outcome = runner.run(&json, |json| {
            let fail = |error: serde_json::Error| TestCaseError::fail(error.to_string());
            let value: T = serde_json::from_str(&json.to_string()).map_err(fail)?;
            prop_assert_eq!(&serde_json::to_value(&value).map_err(fail)?, &json);
            let text = serde_json::to_string(&value).map_err(fail)?;
            let again: T = serde_json::from_str(&text).map_err(fail)?;
            prop_assert_eq!(&again, &value);
            let from_tree: T = serde_json::from_value(json).map_err(fail)?;
            prop_assert_eq!(&from_tree, &value.clone());
            Ok(())
        });
        if let Err(why) = outcome {
            panic!("{name}: {why}");
        }
    }

    /// Each type that the module exports was tried, but for those that are no data.
    #[track_caller]
    fn covers(&self, source: &str, but: &[&str]) {
        let exports = source.split("pub use ").skip(1);
        let exports = exports.map(|export| export.split(';').next().unwrap());
        let names: Vec<&str> = exports
            .flat_map(|export| export.split(|c: char| !c.is_alphanumeric() && c != '_'))
            .filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()))
            .filter(|name| !but.contains(name))
            .collect();
        assert!(names.len() > 20, "{names:?}");
        for name in names {
            assert!(self.0.contains(&name), "{name} is not tried");
        }
    }
}

fn text() -> Json {
    let text = vec(any::<char>(), 0..8).prop_map(String::from_iter);
    let quoted = select(vec![
        "",
        " ",
        "null",
        "\"\\/",
        "\r\n\t\0",
        "Grünerløkka",
        "\u{1f9e6}",
    ]);
    prop_oneof![text, quoted.prop_map(str::to_owned)]
        .prop_map(Value::String)
        .boxed()
}

fn number() -> Json {
    let ends = select(vec![i64::MIN, -1, 0, 1, i64::MAX]);
    prop_oneof![any::<i64>(), -100..100_i64, ends]
        .prop_map(Value::from)
        .boxed()
}

fn flag() -> Json {
    any::<bool>().prop_map(Value::from).boxed()
}

/// One of the known values, or one that nobody knows yet.
fn wire(known: &[&'static str]) -> Json {
    let known = known.to_vec();
    let unknown = "[A-Z]{1,3}_[a-z ø]{0,4}";
    prop_oneof![
        3 => select(known).prop_map(str::to_owned),
        1 => unknown,
    ]
    .prop_map(Value::String)
    .boxed()
}

fn matching(pattern: &str) -> Json {
    let text = proptest::string::string_regex(pattern).unwrap();
    text.prop_map(Value::String).boxed()
}

fn null_or(json: Json) -> Json {
    prop_oneof![1 => Just(Value::Null), 3 => json].boxed()
}

fn list(of: Json) -> Json {
    vec(of, 0..4).prop_map(Value::Array).boxed()
}

/// An object with these members.
fn object<const N: usize>(members: [(&'static str, Json); N]) -> Json {
    members
        .into_iter()
        .fold(Just(Map::new()).boxed(), |object, (name, json)| {
            let with = (object, json).prop_map(move |(mut object, json)| {
                object.insert(name.to_owned(), json);
                object
            });
            with.boxed()
        })
        .prop_map(Value::Object)
        .boxed()
}

/// The same object with any of these members besides.
fn and_perhaps<const N: usize>(object: Json, members: [(&'static str, Json); N]) -> Json {
    members.into_iter().fold(object, |object, (name, json)| {
        let with = (object, option::of(json)).prop_map(move |(mut object, json)| {
            if let Some(json) = json {
                object[name] = json;
            }
            object
        });
        with.boxed()
    })
}

fn perhaps<const N: usize>(members: [(&'static str, Json); N]) -> Json {
    and_perhaps(object([]), members)
}

/// A PNG of any size that is allowed, in base64. The shape is that of every PNG: header, data, end, each with a checksum.
fn png(width: std::ops::RangeInclusive<u32>, height: std::ops::RangeInclusive<u32>) -> Json {
    (width, height, vec(any::<u8>(), 0..50))
        .prop_map(|(width, height, data)| {
            let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
            let mut header = width.to_be_bytes().to_vec();
            header.extend_from_slice(&height.to_be_bytes());
            header.extend_from_slice(&[8, 2, 0, 0, 0]);
            for (name, data) in [(b"IHDR", header), (b"IDAT", data), (b"IEND", Vec::new())] {
                png.extend_from_slice(&u32::try_from(data.len()).unwrap().to_be_bytes());
                png.extend_from_slice(name);
                png.extend_from_slice(&data);
                png.extend_from_slice(&[0; 4]);
            }
            Value::String(BASE64_STANDARD.encode(png))
        })
        .boxed()
}

fn uuid() -> Json {
    matching("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9A-F]{12}")
}

fn url() -> Json {
    matching("https://[a-z]{1,8}\\.example\\.com(/[a-zæ0-9?&=]{0,9})?")
}

fn id() -> Json {
    matching("[0-9A-Za-z_.-]{1,20}")
}

fn payment_type() -> Json {
    wire(&["ECOM", "RECURRING"])
}

/// Any visible ASCII: more than an identifier may be, and all that can be read as one.
fn read_id() -> Json {
    matching("[ -~]{0,8}")
}

fn category_type() -> Json {
    wire(&[
        "GENERAL",
        "RECEIPT",
        "ORDER_CONFIRMATION",
        "DELIVERY",
        "TICKET",
        "BOOKING",
    ])
}

fn currency() -> Json {
    wire(&["NOK", "DKK", "EUR"])
}

fn barcode_format() -> Json {
    wire(&["EAN-13", "CODE 39", "CODE 128"])
}

fn quantity_unit() -> Json {
    wire(&["PCS", "KG", "KM", "MINUTE", "LITRE", "KWH"])
}

fn order_details() -> Json {
    perhaps([
        ("category", category_type()),
        ("orderDetailsUrl", text()),
        ("imageId", read_id()),
    ])
}

fn unit_info() -> Json {
    let units = object([("unitPrice", null_or(number())), ("quantity", read_id())]);
    and_perhaps(units, [("quantityUnit", quantity_unit())])
}

fn order_line() -> Json {
    let line = object([
        ("name", text()),
        ("id", text()),
        ("totalAmount", number()),
        ("totalAmountExcludingTax", number()),
        ("totalTaxAmount", number()),
    ]);
    let more = [
        ("taxPercentage", number()),
        ("taxRate", number()),
        ("unitInfo", unit_info()),
        ("discount", number()),
        ("productUrl", text()),
        ("isReturn", flag()),
        ("isShipping", flag()),
    ];
    and_perhaps(line, more)
}

fn payment_sources() -> Json {
    perhaps(["giftCard", "card", "voucher", "cash"].map(|name| (name, number())))
}

fn barcode() -> Json {
    object([
        ("format", null_or(barcode_format())),
        ("data", null_or(text())),
    ])
}

fn shipping_info() -> Json {
    let names = ["amount", "amountExcludingTax", "taxAmount", "taxPercentage"];
    object(names.map(|name| (name, null_or(number()))))
}

fn bottom_line() -> Json {
    perhaps([
        ("currency", currency()),
        ("tipAmount", number()),
        ("giftCardAmount", number()),
        ("posId", text()),
        ("totalAmount", number()),
        ("totalTax", number()),
        ("totalDiscount", number()),
        ("shippingAmount", number()),
        ("shippingInfo", shipping_info()),
        ("paymentSources", payment_sources()),
        ("barcode", barcode()),
        ("receiptNumber", text()),
        ("terminalId", text()),
    ])
}

fn receipt() -> Json {
    object([
        ("orderLines", list(order_line())),
        ("bottomLine", bottom_line()),
    ])
}

fn tax_total() -> Json {
    let names = [
        "taxRate",
        "totalAmount",
        "totalAmountExcludingTax",
        "totalTaxAmount",
    ];
    object(names.map(|name| (name, number())))
}

fn totals() -> Json {
    object([
        ("totalAmount", number()),
        ("totalAmountExcludingTax", number()),
        ("totalTaxAmount", number()),
        ("totalDiscount", number()),
        ("shippingAmount", number()),
        ("tax", list(tax_total())),
    ])
}

fn sorted_image() -> Json {
    and_perhaps(object([("id", read_id())]), [("sortOrder", number())])
}

#[test]
fn every_type_of_order_management_is_written_as_it_was_read() {
    use order_management::*;

    let mut identity = Identity(Vec::new());
    identity.holds::<PaymentType>(payment_type());
    identity.holds::<OrderId>(read_id());
    identity.holds::<OrderRef>(object([
        ("paymentType", payment_type()),
        ("orderId", read_id()),
    ]));

    identity.holds::<AddCategory>(and_perhaps(
        object([
            ("orderId", read_id()),
            ("paymentType", payment_type()),
            ("type", category_type()),
            ("url", text()),
        ]),
        [("imageId", read_id())],
    ));
    identity.holds::<Category>(and_perhaps(
        object([("category", category_type()), ("orderDetailsUrl", text())]),
        [("imageId", read_id())],
    ));
    identity.holds::<CategoryId>(read_id());
    identity.holds::<CategoryType>(category_type());
    identity.holds::<OrderCategory>(perhaps([
        ("categoryId", read_id()),
        ("orderId", read_id()),
        ("paymentType", payment_type()),
        ("type", category_type()),
        ("url", text()),
        ("imageId", read_id()),
    ]));

    let image = [
        ("imageId", id()),
        ("src", png(1..=3_000, 167..=3_000)),
        ("type", Just(json!("base64")).boxed()),
    ];
    identity.holds::<AddImage>(object(image));
    identity.holds::<ImageId>(read_id());

    identity.holds::<OrderDetails>(order_details());
    identity.holds::<Order>(perhaps([
        ("category", order_details()),
        ("receipt", receipt()),
    ]));

    identity.holds::<Quantity>(read_id());
    identity.holds::<QuantityUnit>(quantity_unit());
    identity.holds::<UnitInfo>(unit_info());
    identity.holds::<TaxRate>(number());
    identity.holds::<OrderLine>(order_line());
    identity.holds::<PaymentSources>(payment_sources());
    identity.holds::<BarcodeFormat>(barcode_format());
    identity.holds::<Barcode>(barcode());
    identity.holds::<Currency>(currency());
    identity.holds::<ShippingInfo>(shipping_info());
    identity.holds::<BottomLine>(bottom_line());
    identity.holds::<Receipt>(receipt());
    identity.holds::<TaxTotal>(tax_total());
    identity.holds::<Totals>(totals());

    identity.holds::<v1::SortedImage>(sorted_image());
    identity.holds::<v1::OrderInfo>(and_perhaps(
        order_details(),
        [("imageIds", list(sorted_image()))],
    ));

    let source = include_str!("../../src/order_management.rs");
    // What ensure_receipt found is told, not stored.
    identity.covers(source, &["ReceiptOutcome"]);
}

fn product_type() -> Json {
    wire(&[
        "PAYMENT_INTEGRATION",
        "CASHIER",
        "CHECKOUT",
        "LOGIN",
        "DONATIONS",
        "VIPPS_PA_NETT",
    ])
}

fn sales_unit_summary() -> Json {
    object([("msn", read_id()), ("name", text())])
}

fn business_identifier() -> Json {
    object([("scheme", text()), ("id", text())])
}

fn bank_account() -> Json {
    object([("scheme", text()), ("id", text())])
}

fn address() -> Json {
    let more = ["postCode", "city", "countryCode"].map(|name| (name, text()));
    and_perhaps(object([("lines", list(text()))]), more)
}

fn configuration() -> Json {
    let flags = [
        "paymentAllowed",
        "skipLandingPageAllowed",
        "recurringAllowed",
        "partialCaptureAllowed",
        "lateCaptureAllowed",
        "landingPagePhoneNumberLocked",
        "longLivingPaymentAllowed",
        "creditCardPaymentAllowed",
    ];
    let flags = perhaps(flags.map(|name| (name, flag())));
    let capture = wire(&["ReserveCapture", "DirectCapture", "NotApplicable"]);
    and_perhaps(flags, [("captureType", capture)])
}

fn app() -> Json {
    object([("appName", matching("[A-ZÅ][a-z ]{0,9}"))])
}

fn website() -> Json {
    let site = object([
        ("url", url()),
        ("termsUrl", url()),
        ("testWebsiteUrl", url()),
    ]);
    let login = ["testWebsiteUsername", "testWebsitePassword"].map(|name| (name, text()));
    and_perhaps(site, login)
}

/// One that the service would take: reading refuses others.
fn prefill() -> Json {
    let merchant = object([
        ("scheme", matching("business:[A-Z]{2}:[A-Z]{3}")),
        ("id", matching("[0-9-]{4,50}")),
    ]);
    let account = object([
        ("scheme", matching("BBAN:[A-Z]{2}")),
        ("id", matching("[0-9]{9,34}")),
    ]);
    let order = object([
        ("businessIdentifier", merchant),
        ("productType", product_type()),
        ("idempotencyKey", matching("[a-zA-Z0-9-]{1,50}")),
        // What the use cases need.
        ("app", app()),
        ("website", website()),
    ]);
    let use_cases = wire(&["Website", "WebsiteWithTest", "App", "Unknown"]);
    let turnover = (0..=999_999_999_i64).prop_map(Value::from).boxed();
    let more = [
        ("salesUnitName", matching(r"[A-Za-zÆØÅ0-9\\()_+.` -]{1,40}")),
        ("salesUnitLogo", png(100..=1_000, 100..=1_000)),
        ("settlementBankAccount", account),
        ("pricePackageId", uuid()),
        ("productUseCase", use_cases),
        ("annualTurnover", turnover),
        ("annualTurnoverPercentage", matching("[1-9]0|100")),
        ("intendedPurpose", text()),
        ("hasRecurring", flag()),
        ("merchantCategoryCode", matching("[0-9]{4}")),
    ];
    and_perhaps(order, more)
}

#[test]
fn every_type_of_management_is_written_as_it_was_read() {
    use management::*;

    let status = || wire(&["ACTIVE", "DEACTIVATED"]);
    let order_status = || {
        wire(&[
            "RECEIVED",
            "MERCHANT_VIEWED",
            "ORDER_SUBMITTED",
            "COMPLETED",
            "REJECTED",
            "EXPIRED",
        ])
    };
    let order_type = || wire(&["PREFILL", "TEMPLATE", "MANUAL"]);

    let mut identity = Identity(Vec::new());
    identity.holds::<BusinessIdentifier>(business_identifier());
    identity.holds::<MerchantStatus>(status());
    identity.holds::<Address>(address());
    identity.holds::<Merchant>(and_perhaps(
        object([
            ("businessIdentifier", business_identifier()),
            ("name", text()),
            ("status", status()),
            ("createdAt", text()),
            ("updatedAt", text()),
            ("countryCode", text()),
        ]),
        ["businessAddress", "businessPostAddress"].map(|name| (name, address())),
    ));

    identity.holds::<Market>(wire(&["DK", "NO", "FI"]));
    identity.holds::<PricePackageId>(read_id());
    identity.holds::<PricePackage>(and_perhaps(
        object([
            ("pricePackageId", read_id()),
            ("name", text()),
            ("description", text()),
        ]),
        [
            ("visibleInSignupForm", flag()),
            ("productType", product_type()),
            ("market", wire(&["DK", "NO", "FI"])),
            ("commission", text()),
        ],
    ));

    identity.holds::<CaptureType>(wire(&["ReserveCapture", "DirectCapture", "NotApplicable"]));
    identity.holds::<BankAccount>(bank_account());
    identity.holds::<SalesUnitSummary>(sales_unit_summary());
    identity.holds::<SalesUnitConfiguration>(configuration());
    identity.holds::<SalesUnit>(and_perhaps(
        object([
            ("msn", read_id()),
            ("name", text()),
            ("businessIdentifier", business_identifier()),
            ("configuration", configuration()),
        ]),
        [("settlementBankAccount", bank_account())],
    ));

    identity.holds::<ListProductOrders>(perhaps([("includeExpired", flag())]));
    identity.holds::<ProductOrderId>(read_id());
    identity.holds::<ProductOrderStatus>(order_status());
    identity.holds::<ProductOrderType>(order_type());
    identity.holds::<ProductType>(product_type());
    identity.holds::<ProductUseCase>(wire(&["Website", "WebsiteWithTest", "App", "Unknown"]));
    identity.holds::<PrefillResponse>(object([
        ("prefilledOrderId", read_id()),
        ("prefillUrl", text()),
    ]));
    identity.holds::<ProductOrder>(and_perhaps(
        object([
            ("status", order_status()),
            ("businessIdentifier", business_identifier()),
        ]),
        [
            ("productOrderType", order_type()),
            ("productOrderId", read_id()),
            ("productType", product_type()),
            ("productOrderUrl", text()),
            ("salesUnit", sales_unit_summary()),
        ],
    ));
    identity.holds::<App>(app());
    identity.holds::<Website>(website());
    identity.holds::<SalesUnitLogo>(png(100..=1_000, 100..=1_000));
    identity.holds::<PrefillProductOrder>(prefill());

    identity.covers(include_str!("../../src/management.rs"), &[]);
}

#[test]
fn the_types_that_both_apis_share_are_written_as_they_were_read() {
    let mut identity = Identity(Vec::new());
    identity.holds::<vipps::Msn>(read_id());
    identity.holds::<vipps::IdempotencyKey>(read_id());
    identity.holds::<vipps::FieldProblem>(object([("name", text()), ("reason", text())]));
    let deliveries = select(vec!["not_sent", "unknown", "answered"]);
    identity.holds::<vipps::Delivery>(deliveries.prop_map(Value::from).boxed());
}
