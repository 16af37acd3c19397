//! Amounts and rates as text.

use super::*;

proptest! {
    #![proptest_config(config(CASES))]

    #[test]
    fn amounts_round_trip_through_text(amount in any::<i64>()) {
        let text = format_minor_units(amount);
        prop_assert_eq!(minor_units(&text).unwrap(), amount);
        // Without trailing zeros it is the same amount.
        let shorter = text.trim_end_matches('0').trim_end_matches('.');
        if shorter.contains('.') {
            prop_assert_eq!(minor_units(shorter).unwrap(), amount);
        }
    }

    #[test]
    fn rates_round_trip_through_text(rate in 0..=10_000_i64) {
        let rate = tax_rate(rate);
        let text = rate.to_string();
        prop_assert_eq!(text.parse::<TaxRate>().unwrap(), rate);
        prop_assert_eq!(text.trim_end_matches(" %").parse::<TaxRate>().unwrap(), rate);
    }

    #[test]
    fn any_text_is_an_amount_or_an_error(text in "[-+0-9., %]{0,12}|.{0,8}") {
        if let Ok(amount) = minor_units(&text) {
            prop_assert_eq!(minor_units(&format_minor_units(amount)).ok(), Some(amount));
        }
        let _ = text.parse::<TaxRate>();
    }
}

#[test]
fn worked_examples_of_amounts() {
    for (text, amount, written) in [
        ("199.90", 19_990, "199.90"),
        ("199.9", 19_990, "199.90"),
        ("199", 19_900, "199.00"),
        ("0", 0, "0.00"),
        ("0.05", 5, "0.05"),
        ("007.10", 710, "7.10"),
        ("-0.05", -5, "-0.05"),
        ("-25", -2_500, "-25.00"),
        ("92233720368547758.07", i64::MAX, "92233720368547758.07"),
        ("-92233720368547758.08", i64::MIN, "-92233720368547758.08"),
    ] {
        assert_eq!(minor_units(text).unwrap(), amount, "{text}");
        assert_eq!(format_minor_units(amount), written);
    }
    for bad in [
        "",
        "-",
        ".",
        ".50",
        "5.",
        "-.5",
        "--5",
        "+5",
        "5-",
        "199,90",
        "1,000",
        "1.000",
        "1.000.00",
        "1 000.00",
        "199.905",
        "199.-5",
        "1e3",
        "0x10",
        " 5",
        "5 ",
        "kr 5",
        "NaN",
        "٥",
        "92233720368547758.08",
        "-92233720368547758.09",
        "99999999999999999999999",
    ] {
        assert_eq!(
            minor_units(bad).unwrap_err().to_string(),
            format!(
                "invalid input: amount: must be an amount such as 199.90, with a point and at most \
                 two decimals, not {bad:?}"
            )
        );
    }
}

#[test]
fn worked_examples_of_rates() {
    for (text, basis_points) in [
        ("25", 2_500),
        ("25.5", 2_550),
        ("25.50", 2_550),
        ("13.55", 1_355),
        ("0", 0),
        ("0.25", 25),
        ("100", 10_000),
        ("25 %", 2_500),
        ("25.5%", 2_550),
    ] {
        assert_eq!(
            text.parse::<TaxRate>().unwrap(),
            tax_rate(basis_points),
            "{text}"
        );
    }
    for bad in [
        "",
        "%",
        " %",
        "25,5",
        "25.",
        ".5",
        "-1",
        "100.01",
        "101",
        "2500",
        "25.505",
        " 25",
        "25 ",
        "25 %%",
        "% 25",
        "MVA",
        "99999999999999999999",
    ] {
        assert_eq!(
            bad.parse::<TaxRate>().unwrap_err().to_string(),
            format!(
                "invalid input: taxRate: must be 0 to 100 per cent with at most two decimals, such \
                 as 25 or 25.5, not {bad:?}"
            )
        );
    }
}
