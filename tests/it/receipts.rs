//! Receipts before they are sent: what is refused and what is not, and what stands on the wire.

use serde_json::{Value, json};

use vipps::order_management::{
    AddCategory, Barcode, BarcodeFormat, BottomLine, CategoryType, Currency, Order, OrderLine,
    OrderRef, PaymentSources, Quantity, QuantityUnit, Receipt, TaxRate, UnitInfo, add_receipt,
    allocate, ensure_receipt,
};
use vipps::sandbox::Sandbox;
use vipps::{Error, ErrorKind};

use crate::support::{changes_of, rows, sample_receipt};

/// The sample with one value changed, by its place: `/orderLines/0/name`; `null` takes it out. Read as a server sends it, unchecked.
#[track_caller]
fn sample_with(changes: &[(&str, Value)]) -> Receipt {
    let mut receipt = sample_receipt();
    for (place, value) in changes {
        let (parent, name) = place.rsplit_once('/').unwrap();
        let parent = receipt.pointer_mut(parent).expect("a place");
        parent[name] = value.clone();
        if value.is_null() {
            parent.as_object_mut().unwrap().remove(name);
        }
    }
    let order: Order = serde_json::from_value(json!({ "receipt": receipt })).unwrap();
    order.receipt.unwrap()
}

#[track_caller]
fn assert_refused(receipt: &Receipt, why: &str) {
    let error = receipt.validate().unwrap_err();
    assert_eq!(error.to_string(), format!("invalid input: {why}"));
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    // Nor can it be read.
    let json = serde_json::to_value(receipt).unwrap();
    let unread = serde_json::from_value::<Receipt>(json).unwrap_err();
    assert_eq!(unread.to_string(), error.to_string());
}

fn nok() -> BottomLine {
    BottomLine::new(Currency::Nok)
}

fn gross(total: i64, rate: TaxRate) -> OrderLine {
    OrderLine::from_gross("A", "1", total, rate).unwrap()
}

// ---- the sample

#[test]
fn the_sample_is_good_and_goes_out_as_it_came_in() {
    let receipt: Receipt = serde_json::from_value(sample_receipt()).unwrap();
    receipt.validate().unwrap();
    assert_eq!(serde_json::to_value(&receipt).unwrap(), sample_receipt());
    let totals = serde_json::to_value(receipt.totals().unwrap()).unwrap();
    let expected = json!({
        "totalAmount": 7000,
        "totalAmountExcludingTax": 5600,
        "totalTaxAmount": 1400,
        "totalDiscount": 2500,
        "shippingAmount": 1000,
        "tax": [
            {"taxRate": 2500, "totalAmount": 7000, "totalAmountExcludingTax": 5600, "totalTaxAmount": 1400}
        ]
    });
    assert_eq!(totals, expected);
}

#[test]
fn the_sample_can_be_built() {
    let rate = TaxRate::percent(25);
    let units = |name: &str, id: &str, price, quantity: &str| {
        OrderLine::from_unit_price(name, id, price, quantity.parse().unwrap(), rate).unwrap()
    };
    let kinds = |line: OrderLine, is_shipping| line.is_return(false).is_shipping(is_shipping);
    let socks = units("socks", "line_item_1", 400, "2.5")
        .quantity_unit(QuantityUnit::Kg)
        .discount(0)
        .product_url("https://example.com/store/socks");
    let flip_flops = units("flip-flops", "line_item_2", 2500, "3")
        .quantity_unit(QuantityUnit::Pcs)
        .apply_discount(2500)
        .unwrap()
        .product_url("https://example.com/store/flipflops");
    let delivery = OrderLine::shipping("Home Delivery", "delivery", 1000, rate).unwrap();
    let sources = PaymentSources::new()
        .gift_card(0)
        .card(0)
        .voucher(0)
        .cash(0);
    let bottom_line = nok()
        .tip_amount(0)
        .pos_id("pos_122")
        .payment_sources(sources)
        .barcode(Barcode::new(BarcodeFormat::Code39, "SC0527013501 "))
        .receipt_number("0527013501");
    let receipt = Receipt::new(bottom_line)
        .line(kinds(socks, false))
        .lines([kinds(flip_flops, false), kinds(delivery.discount(0), true)]);

    let mut expected = sample_receipt();
    for line in expected["orderLines"].as_array_mut().unwrap() {
        // The newer field for the same rate.
        line.as_object_mut().unwrap().remove("taxPercentage");
        line["taxRate"] = json!(2500);
    }
    assert_eq!(serde_json::to_value(receipt).unwrap(), expected);
}

#[test]
fn what_is_not_said_is_not_sent() {
    let receipt = Receipt::new(nok()).line(gross(1000, TaxRate::percent(25)));
    let text = serde_json::to_string(&receipt).unwrap();
    assert_eq!(
        text,
        r#"{"orderLines":[{"name":"A","id":"1","totalAmount":1000,"totalAmountExcludingTax":800,"totalTaxAmount":200,"taxRate":2500}],"bottomLine":{"currency":"NOK"}}"#
    );
}

// ---- what is refused

#[test]
fn each_rule_names_the_line_and_the_field() {
    let not_a_url = "must be an address such as https://example.com/order/1, not";
    let not_a_quantity = "must be a decimal number such as 3 or 0.822, at most 10 characters and 8 \
                          decimals, not";
    for [changes, why] in rows(
        r#"
        /orderLines = [] | orderLines: must hold at least one line
        /orderLines/0/name = "" | orderLines[0].name: must not be empty
        /orderLines/2/name = " \t\n" | orderLines[2].name: must not be empty
        /orderLines/1/id = "" | orderLines[1].id: must not be empty
        /orderLines/1/id = " " | orderLines[1].id: must not be empty
        // Amounts that add up all the same.
        /orderLines/2/totalAmount = 600 & /orderLines/2/totalTaxAmount = -200 | orderLines[2].totalTaxAmount: must not be negative, not -200
        /orderLines/0/totalAmount = 199 & /orderLines/0/totalAmountExcludingTax = -1 | orderLines[0].totalAmountExcludingTax: must not be negative, not -1
        /orderLines/0/totalAmount = 1001 | orderLines[0].totalAmount: must be the sum of totalAmountExcludingTax and totalTaxAmount, 800 + 200 = 1000, not 1001
        /orderLines/2/totalTaxAmount = 201 | orderLines[2].totalAmount: must be the sum of totalAmountExcludingTax and totalTaxAmount, 800 + 201 = 1001, not 1000
        // The sum is more than an i64 holds.
        /orderLines/1/totalAmountExcludingTax = 9223372036854775807 & /orderLines/1/totalTaxAmount = 9223372036854775807 | orderLines[1].totalAmount: must be the sum of totalAmountExcludingTax and totalTaxAmount, 9223372036854775807 + 9223372036854775807 = 18446744073709551614, not 5000
        /orderLines/1/discount = -1 | orderLines[1].discount: must not be negative, not -1
        /orderLines/1/taxPercentage = null | orderLines[1].taxRate: must be set, in basis points
        /orderLines/1/taxRate = 10001 | orderLines[1].taxRate: must be 0 to 10000 basis points, not 10001
        /orderLines/1/taxRate = -1 | orderLines[1].taxRate: must be 0 to 10000 basis points, not -1
        /orderLines/0/taxPercentage = 101 | orderLines[0].taxPercentage: must be 0 to 100 per cent, not 101
        /orderLines/0/taxPercentage = -1 | orderLines[0].taxPercentage: must be 0 to 100 per cent, not -1
        /orderLines/0/unitInfo/unitPrice = -400 | orderLines[0].unitInfo.unitPrice: must not be negative, not -400
        /orderLines/0/unitInfo/quantity = "2,5" | orderLines[0].unitInfo.quantity: (quantity) "2,5"
        /orderLines/0/unitInfo/quantity = "" | orderLines[0].unitInfo.quantity: (quantity) ""
        /orderLines/0/unitInfo/quantity = "-1" | orderLines[0].unitInfo.quantity: (quantity) "-1"
        /orderLines/0/unitInfo/quantity = "1e3" | orderLines[0].unitInfo.quantity: (quantity) "1e3"
        /orderLines/1/productUrl = "socks" | orderLines[1].productUrl: (url) "socks"
        /orderLines/1/productUrl = "" | orderLines[1].productUrl: (url) ""
        /orderLines/1/productUrl = "/store/socks" | orderLines[1].productUrl: (url) "/store/socks"
        /orderLines/1/productUrl = "https://" | orderLines[1].productUrl: (url) "https://"
        /orderLines/1/productUrl = "HTTPS:///store" | orderLines[1].productUrl: (url) "HTTPS:///store"
        /orderLines/1/productUrl = "https:example.com" | orderLines[1].productUrl: (url) "https:example.com"
        /orderLines/1/productUrl = "https://example.com/a b" | orderLines[1].productUrl: (url) "https://example.com/a b"
        /orderLines/1/productUrl = "https://example.com/\n" | orderLines[1].productUrl: (url) "https://example.com/\n"
        /orderLines/1/productUrl = "1ttp://example.com" | orderLines[1].productUrl: (url) "1ttp://example.com"
        /orderLines/1/productUrl = "web_shop:socks" | orderLines[1].productUrl: (url) "web_shop:socks"
        /orderLines/1/productUrl = "acme-shop:" | orderLines[1].productUrl: (url) "acme-shop:"
        /bottomLine/currency = null | bottomLine.currency: must be set, such as NOK
        /bottomLine/tipAmount = -1 | bottomLine.tipAmount: must not be negative, not -1
        /bottomLine/giftCardAmount = -2 | bottomLine.giftCardAmount: must not be negative, not -2
        /bottomLine/totalTax = -3 | bottomLine.totalTax: must not be negative, not -3
        /bottomLine/totalDiscount = -4 | bottomLine.totalDiscount: must not be negative, not -4
        /bottomLine/shippingAmount = -5 | bottomLine.shippingAmount: must not be negative, not -5
        /bottomLine/shippingInfo = {"amount": -1} | bottomLine.shippingInfo.amount: must not be negative, not -1
        /bottomLine/shippingInfo = {"amountExcludingTax": -1} | bottomLine.shippingInfo.amountExcludingTax: must not be negative, not -1
        /bottomLine/shippingInfo = {"taxAmount": -1} | bottomLine.shippingInfo.taxAmount: must not be negative, not -1
        /bottomLine/shippingInfo = {"taxPercentage": 101} | bottomLine.shippingInfo.taxPercentage: must be 0 to 100 per cent, not 101
        /bottomLine/barcode/format = null | bottomLine.barcode.format: must be set, such as EAN-13
        /bottomLine/barcode/data = null | bottomLine.barcode.data: must not be empty
        /bottomLine/barcode/data = "" | bottomLine.barcode.data: must not be empty
        "#,
    ) {
        let why = why
            .replace("(url)", not_a_url)
            .replace("(quantity)", not_a_quantity);
        assert_refused(&sample_with(&changes_of(&changes)), &why);
    }
}

#[test]
fn all_that_is_wrong_is_named_at_once() {
    let receipt = sample_with(&[
        ("/orderLines/0/name", json!("")),
        ("/orderLines/2/totalAmount", json!(-1000)),
        ("/bottomLine/tipAmount", json!(-1)),
    ]);
    assert_refused(
        &receipt,
        "orderLines[0].name, orderLines[2].totalAmount, orderLines[2].totalAmount, bottomLine.tipAmount: \
         orderLines[0].name: must not be empty; \
         orderLines[2].totalAmount: must not be negative, not -1000; \
         orderLines[2].totalAmount: must be the sum of totalAmountExcludingTax and totalTaxAmount, 800 + 200 = 1000, not -1000; \
         bottomLine.tipAmount: must not be negative, not -1",
    );
}

#[test]
fn a_long_url_is_shown_in_part() {
    let url = format!("no-scheme-{}", "x".repeat(1000));
    let receipt = sample_with(&[("/orderLines/1/productUrl", json!(url))]);
    let shown = format!("no-scheme-{}", "x".repeat(50));
    assert_refused(
        &receipt,
        &format!(
            "orderLines[1].productUrl: must be an address such as https://example.com/order/1, not {shown:?}..."
        ),
    );
}

#[test]
fn what_the_service_may_take_passes() {
    let cases = rows::<1>(
        r#"
        // Either rate is enough, both are fine, the sample's lines have the older one.
        /orderLines/0/taxRate = 2500
        /orderLines/0/taxRate = 2550 & /orderLines/0/taxPercentage = null
        /orderLines/0/taxPercentage = 0
        /orderLines/0/taxPercentage = 100
        /orderLines/0/taxRate = 0
        /orderLines/0/taxRate = 10000
        // Nothing was paid for it.
        /orderLines/0/totalAmount = 0 & /orderLines/0/totalAmountExcludingTax = 0 & /orderLines/0/totalTaxAmount = 0
        /orderLines/1/totalAmount = 9223372036854775807 & /orderLines/1/totalAmountExcludingTax = 9223372036854775807 & /orderLines/1/totalTaxAmount = 0
        /orderLines/1/unitInfo = null & /orderLines/1/discount = 2500
        /orderLines/0/unitInfo/unitPrice = null
        /orderLines/0/unitInfo/unitPrice = 0
        /orderLines/0/unitInfo/quantity = "0"
        /orderLines/0/unitInfo/quantity = "0.12345678"
        /orderLines/0/unitInfo/quantityUnit = "PARSEC"
        /orderLines/1/isReturn = true
        /orderLines/0/discount = null & /orderLines/0/productUrl = null & /orderLines/0/isReturn = null & /orderLines/0/isShipping = null
        /orderLines/0/productUrl = "acme-shop://socks/1"
        /orderLines/0/productUrl = "mailto:shop@example.com"
        /orderLines/0/productUrl = "http://localhost"
        /orderLines/0/productUrl = "HTTPS://EXAMPLE.COM?a=1"
        /orderLines/0/productUrl = "https://example.com/sokker/ull-på-ull"
        /bottomLine/currency = "SEK"
        /bottomLine/tipAmount = null
        /bottomLine/totalAmount = -100
        /bottomLine/paymentSources = {"giftCard": 5000, "cash": -100}
        /bottomLine/paymentSources = {}
        /bottomLine/barcode = null
        /bottomLine/barcode/format = "QR"
        /bottomLine/barcode/data = " "
        // The specification's own sample of this does not add up.
        /bottomLine/shippingInfo = {"amount": 1000, "amountExcludingTax": 1000, "taxAmount": 250, "taxPercentage": 25}
        /bottomLine/shippingInfo = {}
        "#,
    );
    for [changes] in cases {
        let changes = changes_of(&changes);
        let receipt = sample_with(&changes);
        assert!(
            receipt.validate().is_ok(),
            "{changes:?}: {:?}",
            receipt.validate()
        );
    }
}

#[test]
fn a_receipt_that_is_wrong_is_not_sent() {
    let sandbox = Sandbox::start().unwrap();
    let order = OrderRef::ecom("order-1".parse().unwrap());
    let receipt = Receipt::new(nok());
    let expected = "invalid input: orderLines: must hold at least one line";
    let added = add_receipt(&sandbox.session(), &order, &receipt);
    assert_eq!(added.unwrap_err().to_string(), expected);
    let ensured = ensure_receipt(&sandbox.session(), &order, &receipt);
    assert_eq!(ensured.unwrap_err().to_string(), expected);
    assert_eq!(sandbox.count("*"), 0);
}

// ---- lines

#[test]
fn amounts_and_rates_that_cannot_be_are_refused() {
    type Make = fn(i64, TaxRate) -> Result<OrderLine, Error>;
    let from_units: Make =
        |price, rate| OrderLine::from_unit_price("A", "1", price, Quantity::from(2), rate);
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
                "invalid input: {field}: must not be negative, not {amount}; a return says so with is_return"
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

    // What was taken off before may be anything where the line was read.
    let before = line
        .clone()
        .discount(i64::MAX)
        .apply_discount(1)
        .unwrap_err();
    assert_eq!(
        before.to_string(),
        "invalid input: discount: is too large for the line to be computed"
    );
}

#[test]
fn a_discount_goes_by_the_rate_that_the_line_has() {
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
    // Taken for no tax at all, it would do away with the tax that is in the line.
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
fn units_are_pieces_unless_said() {
    let units = |line: &OrderLine| serde_json::to_value(&line.unit_info).unwrap();
    let line = gross(750, TaxRate::percent(25));
    // There is nothing to say it of.
    assert_eq!(
        units(&line.clone().quantity_unit(QuantityUnit::Litre)),
        Value::Null
    );
    let line = line.unit_info(UnitInfo::new(250, Quantity::from(3)));
    assert_eq!(units(&line), json!({"unitPrice": 250, "quantity": "3"}));
    assert_eq!(
        units(&line.quantity_unit(QuantityUnit::Litre)),
        json!({"unitPrice": 250, "quantity": "3", "quantityUnit": "LITRE"})
    );
    let minutes = UnitInfo::new(250, Quantity::from(3)).quantity_unit(QuantityUnit::Minute);
    assert_eq!(
        serde_json::to_value(minutes).unwrap(),
        json!({"unitPrice": 250, "quantity": "3", "quantityUnit": "MINUTE"})
    );
}

#[test]
fn a_quantity_stays_as_it_is_written() {
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
                "invalid input: quantity: must be a decimal number such as 3 or 0.822, at most 10 characters and 8 decimals, not {bad:?}"
            )
        );
    }
}

#[test]
fn a_quantity_from_a_server_that_is_none_cannot_be_multiplied() {
    let quantity: Quantity = serde_json::from_value(json!("a few")).unwrap();
    let error = OrderLine::from_unit_price("A", "1", 100, quantity, TaxRate::ZERO).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"invalid input: quantity: must be a decimal number such as 3 or 0.822, at most 10 characters and 8 decimals, not "a few""#
    );
}

#[test]
fn rates_are_shown_in_per_cent() {
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
        // Only where a server sends it.
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
fn nothing_that_a_server_may_send_makes_a_panic() {
    let ends = [
        i64::MIN,
        i64::MIN + 1,
        -10_001,
        -10_000,
        -1,
        0,
        1,
        10_001,
        i64::MAX,
    ];
    for rate in ends {
        for amount in ends {
            for percentage in [json!(rate), Value::Null] {
                let line = json!({
                    "name": "A", "id": "1", "taxRate": rate, "taxPercentage": percentage,
                    "totalAmount": amount, "totalAmountExcludingTax": amount, "totalTaxAmount": amount,
                    "discount": amount, "isReturn": true, "isShipping": true,
                    "unitInfo": {"unitPrice": amount, "quantity": "99999999999999999999999999999999999999999"},
                });
                let mut line: OrderLine = serde_json::from_value(line).unwrap();
                for _ in 0..2 {
                    assert!(
                        !format!("{line:?} {}", line.tax_rate_or_percentage().unwrap()).is_empty()
                    );
                    let discounted = line.clone().apply_discount(amount);
                    // Only a line that is one has its tax computed anew.
                    assert!(
                        discounted.is_err() || (0..=10_000).contains(&rate),
                        "{line:?}"
                    );
                    let receipt = Receipt::new(nok()).lines([line.clone(), line.clone()]);
                    assert!(receipt.validate().is_err(), "{line:?}");
                    let fits = (-1 << 62..1 << 62).contains(&amount);
                    assert_eq!(receipt.totals().is_ok(), fits, "{line:?}");
                    // And the same with taxPercentage alone, or with no rate at all.
                    line.tax_rate = None;
                    if percentage.is_null() {
                        break;
                    }
                }
            }
        }
    }
}

// ---- defects of other clients

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
fn no_amount_is_rounded_by_itself() {
    // A hundred weighed goods, where total, net and tax of the exact price are each rounded to the nearest øre.
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
        let line = OrderLine::from_unit_price("Salmon", "1", price, quantity, TaxRate::percent(15))
            .unwrap();
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
    let weights: Vec<i64> = lines.iter().map(|line| line.total_amount).collect();
    let shares = allocate(10_000, &weights).unwrap();
    let lines = lines.into_iter().zip(shares);
    let lines: Vec<OrderLine> = lines
        .map(|(line, share)| line.apply_discount(share).unwrap())
        .collect();
    let receipt = Receipt::new(nok()).lines(lines);
    receipt.validate().unwrap();
    let totals = receipt.totals().unwrap();
    assert_eq!(totals.total_discount, 10_000);
    assert_eq!(totals.total_amount, weights.iter().sum::<i64>() - 10_000);
}

#[test]
fn a_shipping_line_is_nothing_but_shipping() {
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

#[test]
fn receipt_is_spelled_as_the_service_spells_it() {
    let order = OrderRef::ecom("order-1".parse().unwrap());
    let link = AddCategory::new(order, CategoryType::Receipt, "https://example.com");
    assert_eq!(
        serde_json::to_value(link).unwrap(),
        json!({"orderId": "order-1", "paymentType": "ECOM", "type": "RECEIPT", "url": "https://example.com"})
    );
    let misspelled = CategoryType::from("RECIEPT");
    assert_eq!(misspelled, CategoryType::Other("RECIEPT".to_owned()));
}

// ---- deprecated fields

/// Does not compile if one of these is not marked as deprecated: then there is nothing to expect.
#[test]
#[deny(unfulfilled_lint_expectations)]
fn deprecated_fields_are_read_and_marked() {
    let receipt = sample_with(&[
        ("/bottomLine/giftCardAmount", json!(1)),
        ("/bottomLine/totalAmount", json!(2)),
        ("/bottomLine/totalTax", json!(3)),
        ("/bottomLine/totalDiscount", json!(4)),
        ("/bottomLine/shippingAmount", json!(5)),
        (
            "/bottomLine/shippingInfo",
            json!({"amount": 6, "amountExcludingTax": 7, "taxAmount": 8, "taxPercentage": 9}),
        ),
        ("/bottomLine/terminalId", json!("terminal-1")),
    ]);
    let bottom_line = &receipt.bottom_line;
    #[expect(deprecated)]
    let amount = bottom_line.gift_card_amount;
    assert_eq!(amount, Some(1));
    #[expect(deprecated)]
    let amount = bottom_line.total_amount;
    assert_eq!(amount, Some(2));
    #[expect(deprecated)]
    let amount = bottom_line.total_tax;
    assert_eq!(amount, Some(3));
    #[expect(deprecated)]
    let amount = bottom_line.total_discount;
    assert_eq!(amount, Some(4));
    #[expect(deprecated)]
    let amount = bottom_line.shipping_amount;
    assert_eq!(amount, Some(5));
    #[expect(deprecated)]
    let info = bottom_line.shipping_info.as_ref().unwrap();
    assert_eq!(
        [
            info.amount,
            info.amount_excluding_tax,
            info.tax_amount,
            info.tax_percentage
        ],
        [6, 7, 8, 9].map(Some)
    );
    #[expect(deprecated)]
    let terminal = bottom_line.terminal_id.as_deref();
    assert_eq!(terminal, Some("terminal-1"));
    #[expect(deprecated)]
    let percentage = receipt.order_lines[0].tax_percentage;
    assert_eq!(percentage, Some(25));
    assert_eq!(
        receipt.order_lines[0].tax_rate_or_percentage(),
        Some(TaxRate::percent(25))
    );
    receipt.validate().unwrap();
}
