//! Identifiers: validated against their pattern on construction, accepted unchanged from the API.

use super::*;

/// What holds for every identifier, whatever its pattern.
#[track_caller]
fn check_identifier<T>(field: &str, rule: &str, good: &[&str], bad: &[&str])
where
    T: FromStr<Err = Error> + Display + Debug + AsRef<str> + Clone + Eq + Ord + Hash,
    T: for<'a> TryFrom<&'a str, Error = Error> + TryFrom<String, Error = Error>,
    T: Borrow<str> + PartialEq<str> + for<'a> PartialEq<&'a str>,
    T: Serialize + DeserializeOwned,
{
    for text in good {
        let id: T = text.parse().unwrap();
        assert_eq!(id.to_string(), *text);
        assert_eq!(id.as_ref(), *text);
        assert_eq!(serde_json::to_value(&id).unwrap(), json!(text));
        assert_eq!(from_server::<T>(text), id);
        assert_eq!(T::try_from(*text).unwrap(), id);
        assert_eq!(T::try_from((*text).to_owned()).unwrap(), id);
        assert!(id == *text && id == **text && id != "other" && id != *"other");
        let set = HashSet::from([id.clone(), id.clone()]);
        assert_eq!(set.len(), 1);
        // Looked up as text, without constructing an identifier.
        assert_eq!(set.get(*text), Some(&id));
        assert_eq!(BTreeSet::from([id.clone()]).get(*text), Some(&id));
    }
    for text in bad {
        let message = format!("invalid input: {field}: must be {rule}, not {text:?}");
        assert_eq!(refusal(text.parse::<T>()), message);
        assert_eq!(refusal(T::try_from(*text)), message);
        assert_eq!(refusal(T::try_from((*text).to_owned())), message);
        // A server's value is accepted and sent back unchanged, unless it is not visible ASCII.
        let read = serde_json::from_value::<T>(json!(text));
        if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
            assert_eq!(serde_json::to_value(read.unwrap()).unwrap(), json!(text));
        } else {
            assert_eq!(
                read.unwrap_err().to_string(),
                format!("invalid value: string {text:?}, expected {rule}")
            );
        }
    }
    for (number, text) in [
        (json!(123_456), "123456"),
        (json!(0), "0"),
        (json!(-5), "-5"),
        (json!(u64::MAX), "18446744073709551615"),
    ] {
        let id: T = serde_json::from_value(number).unwrap();
        assert_eq!(serde_json::to_value(&id).unwrap(), json!(text));
    }
    for (other, found) in [
        (json!(null), "null"),
        (json!(true), "boolean `true`"),
        (json!(1.5), "floating point `1.5`"),
        (json!(["123456"]), "sequence"),
        (json!({}), "map"),
    ] {
        assert_eq!(
            serde_json::from_value::<T>(other).unwrap_err().to_string(),
            format!("invalid type: {found}, expected a string or a whole number")
        );
    }
}

#[test]
fn an_msn_is_4_to_10_digits() {
    check_identifier::<Msn>(
        "msn",
        "4 to 10 digits",
        // Five-digit MSNs exist, and have been rejected by narrow patterns elsewhere.
        &["1234", "12345", "0000", "123456", "1234567890"],
        &[
            "",
            "123",
            "12345678901",
            "12a456",
            "12345 ",
            "+12345",
            "-12345",
            "12.34",
            "1234\n",
            // Digits in Unicode, but not for the API.
            "١٢٣٤٥",
            "１２３４",
        ],
    );
}

#[test]
fn an_idempotency_key_is_1_to_50_letters_digits_and_hyphens() {
    let (fifty, long) = ("k".repeat(50), "k".repeat(51));
    check_identifier::<IdempotencyKey>(
        "Idempotency-Key",
        "1 to 50 ASCII letters, digits and hyphens",
        &[
            "a",
            "A-9",
            "-",
            "Az09-",
            &fifty,
            IdempotencyKey::random().as_str(),
        ],
        // The API has rejected keys with dots and underscores.
        &[
            "", &long, "a.b", "a_b", "a b", "nøkkel", "a\r\nb", "a\n", "a:b",
        ],
    );
}

#[test]
fn order_and_price_package_ids_are_uuids() {
    let rule = "a UUID (8-4-4-4-12 hexadecimal digits)";
    // The schema specifies neither case nor version.
    let good = [
        UUID,
        "8A11AFB7-C223-48ED-8CA6-4722B97261AA",
        "00000000-0000-0000-0000-000000000000",
    ];
    check_identifier::<ProductOrderId>("productOrderId", rule, &good, &BAD_UUIDS);
    check_identifier::<PricePackageId>("pricePackageId", rule, &good, &BAD_UUIDS);
}

#[test]
fn identifiers_format_like_strings() {
    let msn = Msn::new("123456").unwrap();
    assert_eq!(
        format!("[{msn:>8}|{msn:<8}|{msn:^8}|{msn:.3}]"),
        "[  123456|123456  | 123456 |123]"
    );
    assert_eq!(format!("{msn:?}"), r#"Msn("123456")"#);
    let id = ProductOrderId::new(UUID).unwrap();
    assert_eq!(format!("{id:?}"), format!("ProductOrderId({UUID:?})"));
}

#[test]
fn a_long_invalid_value_is_truncated_in_the_message() {
    // Cut at a character boundary, not in the middle of a character.
    let message = refusal(Msn::new("æ".repeat(1000)));
    let shown = "æ".repeat(60);
    assert_eq!(
        message,
        format!("invalid input: msn: must be 4 to 10 digits, not \"{shown}\"...")
    );
}

#[test]
fn a_business_identifier_is_validated_on_construction() {
    let scheme_rule =
        "businessIdentifier.scheme: must be 10 to 30 characters such as business:NO:ORG";
    let id_rule = "businessIdentifier.id: must be 4 to 50 digits and hyphens";
    let (fifty, long) = ("1".repeat(50), "1".repeat(51));
    let (scheme30, scheme31) = ("s".repeat(30), "s".repeat(31));
    for scheme in ["business:X", &scheme30] {
        BusinessIdentifier::new(scheme, "1234").unwrap();
    }
    for id in ["1234", "1234567-8", "----", &fifty] {
        BusinessIdentifier::new("business:NO:ORG", id).unwrap();
    }
    for scheme in [
        "",
        "business:",
        &scheme31,
        "business NO ORG",
        "business:ÅÅ:ORG",
    ] {
        assert_eq!(
            refusal(BusinessIdentifier::new(scheme, "987654321")),
            format!("invalid input: {scheme_rule}, not {scheme:?}")
        );
    }
    for id in [
        "",
        "123",
        "12a4",
        "987 654 321",
        "NO987654321",
        "١٢٣٤",
        "../..",
        "1234\n",
    ] {
        let expected = format!("invalid input: {id_rule}, not {id:?}");
        assert_eq!(
            refusal(BusinessIdentifier::new("business:NO:ORG", id)),
            expected
        );
    }
    assert_eq!(
        refusal(BusinessIdentifier::new("business:NO:ORG", &long)),
        format!("invalid input: {id_rule}, not {long:?}")
    );
}

#[test]
fn each_country_has_its_scheme() {
    for (identifier, scheme, id) in [
        (
            BusinessIdentifier::norway("987654321"),
            "business:NO:ORG",
            "987654321",
        ),
        (
            BusinessIdentifier::denmark("12345678"),
            "business:DK:CVR",
            "12345678",
        ),
        (
            BusinessIdentifier::finland("1234567-8"),
            "business:FI:Y-tunnus",
            "1234567-8",
        ),
    ] {
        let identifier = identifier.unwrap();
        assert_eq!((identifier.scheme(), identifier.id()), (scheme, id));
        let value = json!({"scheme": scheme, "id": id});
        assert_eq!(serde_json::to_value(&identifier).unwrap(), value);
        assert_eq!(
            serde_json::from_value::<BusinessIdentifier>(value).unwrap(),
            identifier
        );
    }
    let with_number: BusinessIdentifier =
        serde_json::from_value(json!({"scheme": "business:NO:ORG", "id": 987_654_321})).unwrap();
    assert_eq!(with_number.id(), "987654321");
}

#[test]
fn each_country_has_its_number_format() {
    for written in [
        "987 654 321",
        "987\u{a0}654\u{202f}321",
        "9 8 7 6 5 4 3 2 1",
    ] {
        let merchant = BusinessIdentifier::norway(written).unwrap();
        assert_eq!(merchant.id(), "987654321");
    }
    let merchant = BusinessIdentifier::denmark("12 34 56 78").unwrap();
    assert_eq!(merchant.id(), "12345678");
    let merchant = BusinessIdentifier::finland("1234567 - 8").unwrap();
    assert_eq!(merchant.id(), "1234567-8");

    let refused = |rule: &str, id: &str| {
        format!("invalid input: businessIdentifier.id: must be {rule}, not {id:?}")
    };
    for id in [
        "",
        "98765432",
        "9876543210",
        "--------",
        "12345678-",
        " 987654321",
        "987654321 ",
        "987654321\n",
        "987\t654\t321",
        "987.654.321",
        "NO987654321",
        "987654321MVA",
        "٩٨٧٦٥٤٣٢١",
    ] {
        let message = refusal(BusinessIdentifier::norway(id));
        assert_eq!(message, refused("9 digits", id));
    }
    for id in [
        "",
        "123456",
        "123456789",
        "1234567-",
        "DK12345678",
        "12345678 ",
    ] {
        let message = refusal(BusinessIdentifier::denmark(id));
        assert_eq!(message, refused("8 digits", id));
    }
    for id in [
        "",
        "12345678",
        "123456-7",
        "12345678-9",
        "1234567-89",
        "1234567-",
        "1234567--8",
        "1234-567-8",
        "FI12345678",
    ] {
        let message = refusal(BusinessIdentifier::finland(id));
        assert_eq!(message, refused("7 digits, a hyphen and a digit", id));
    }
    // Any number that matches the API's pattern passes, because other registers may exist.
    BusinessIdentifier::new("business:NO:ORG", "98765432").unwrap();
}

#[test]
fn a_norwegian_account_has_11_digits() {
    for written in [
        "86011117947",
        "8601 11 17947",
        "8601.11.17947",
        "8601\u{a0}11\u{a0}17947",
    ] {
        let account = BankAccount::norway(written).unwrap();
        assert_eq!(account, BankAccount::new("BBAN:NO", "86011117947").unwrap());
    }
    for bad in [
        "",
        "8601111794",
        "860111179470",
        "NO9386011117947",
        "8601-11-17947",
        " 86011117947",
        "86011117947.",
        "8601111794x",
    ] {
        assert_eq!(
            refusal(BankAccount::norway(bad)),
            format!("invalid input: settlementBankAccount.id: must be 11 digits, not {bad:?}")
        );
    }
}

#[test]
fn a_bank_account_is_a_national_number() {
    let scheme_rule = "settlementBankAccount.scheme: must be 5 to 20 characters such as BBAN:NO \
        (IBANs are not accepted)";
    let id_rule =
        "settlementBankAccount.id: must be 9 to 34 digits (a national account number, not an IBAN)";
    let (longest, long) = ("1".repeat(34), "1".repeat(35));
    let (scheme20, scheme21) = ("s".repeat(20), "s".repeat(21));
    for (scheme, id) in [
        ("BBAN:NO", "86011117947"),
        ("BBAN:", "123456789"),
        (&scheme20, &longest),
    ] {
        let account = BankAccount::new(scheme, id).unwrap();
        assert_eq!((account.scheme(), account.id()), (scheme, id));
        let value = json!({"scheme": scheme, "id": id});
        assert_eq!(serde_json::to_value(&account).unwrap(), value);
        assert_eq!(
            serde_json::from_value::<BankAccount>(value).unwrap(),
            account
        );
    }
    for scheme in [
        "", "BBAN", &scheme21, "BBAN NO", "BBAN:Ø", "IBAN:NO", "iban:no",
    ] {
        assert_eq!(
            refusal(BankAccount::new(scheme, "86011117947")),
            format!("invalid input: {scheme_rule}, not {scheme:?}")
        );
    }
    for id in [
        "",
        "12345678",
        &long,
        "8601.11.17947",
        "NO9386011117947",
        "8601111794x",
    ] {
        assert_eq!(
            refusal(BankAccount::new("BBAN:NO", id)),
            format!("invalid input: {id_rule}, not {id:?}")
        );
    }
}

/// Covers each use of an MSN: in a path, and in the header set by `for_sales_unit` or the builder.
#[test]
fn an_unusable_msn_from_a_server_is_refused_before_sending() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let in_path = |msn: &Msn| management::get_sales_unit(&session, msn);
    let in_header = |msn: &Msn| management::list_sales_units(&session.for_sales_unit(msn));
    let in_builder = |msn: &Msn| {
        let builder = sandbox.session_builder().unwrap();
        builder.merchant_serial_number(msn.clone()).build()
    };

    let no_header = "invalid input: msn: must not be empty";
    assert_eq!(
        refusal(in_path(&from_server(""))),
        r#"invalid input: msn: "" cannot be a path segment"#
    );
    assert_eq!(refusal(in_header(&from_server(""))), no_header);
    assert_eq!(refusal(in_builder(&from_server(""))), no_header);
    for dots in [".", ".."] {
        assert_eq!(
            refusal(in_path(&from_server(dots))),
            format!("invalid input: msn: {dots:?} cannot be a path segment")
        );
    }
    let broken: Msn = from_server(" 1234");
    let no_header = "invalid input: msn: must not begin or end with a space";
    assert_eq!(refusal(in_header(&broken)), no_header);
    assert_eq!(refusal(in_builder(&broken)), no_header);
    assert_eq!(
        refusal(session.for_sales_unit(&broken).call_any("GET", "/x", None)),
        no_header
    );
    // A valid MSN replaces the bad one.
    let good = Msn::new("123456").unwrap();
    let recovered = session.for_sales_unit(&broken).for_sales_unit(&good);
    assert_eq!(sandbox.requests(), []);
    management::list_sales_units(&recovered).unwrap();
    let sent = last_request(&sandbox);
    assert_eq!(sent.header("merchant-serial-number"), Some("123456"));

    // Where it is usable, the API decides.
    for (msn, path) in [
        ("a b", "/management/v1/sales-units/a%20b"),
        ("...", "/management/v1/sales-units/..."),
        ("12/../34", "/management/v1/sales-units/12%2F..%2F34"),
    ] {
        let error = in_path(&from_server(msn)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(last_request(&sandbox).path, path);
    }
    let unit: SalesUnitSummary =
        serde_json::from_value(json!({"msn": "..", "name": "odd"})).unwrap();
    let error = in_header(&unit.msn).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.field_problems()[0].name, "Merchant-Serial-Number");
}

const UUID: &str = "8a11afb7-c223-48ed-8ca6-4722b97261aa";

const BAD_UUIDS: [&str; 9] = [
    "",
    "8a11afb7",
    "8a11afb7c22348ed8ca64722b97261aa",
    "8a11afb7-c223-48ed-8ca6-4722b97261a",
    "8a11afb7-c223-48ed-8ca6-4722b97261aaa",
    "8a11afb7-c223-48ed-8ca6-4722b97261ag",
    "8a11afb7-c223-48ed-8ca6-4722b97261aa-",
    "{8a11afb7-c223-48ed-8ca6-4722b97261aa}",
    "8a11afb7-c223-48ed-8ca6/../47b97261aa",
];
