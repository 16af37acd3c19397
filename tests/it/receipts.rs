//! Receipts before sending: what is refused, what is not, and their form on the wire.

use serde_json::{Value, json};

use vipps::order_management::{
    AddCategory, Barcode, BarcodeFormat, BottomLine, CategoryType, Currency, Order, OrderLine,
    OrderRef, PaymentSources, Quantity, QuantityUnit, Receipt, TaxRate, UnitInfo, add_receipt,
    ensure_receipt,
};
use vipps::sandbox::Sandbox;
use vipps::{Error, ErrorKind};

use crate::support::{changes_of, rows, sample_receipt};

mod lines;
mod warnings;

/// The sample with some values changed by path: `/orderLines/0/name`; `null` removes one.
/// Deserialization does not validate.
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
    let read = serde_json::from_value::<Receipt>(receipt).unwrap();
    assert_eq!(order.receipt.as_ref(), Some(&read));
    read
}

#[track_caller]
fn assert_refused(receipt: &Receipt, why: &str) {
    let error = receipt.validate().unwrap_err();
    assert_eq!(error.to_string(), format!("invalid input: {why}"));
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    // It can be deserialized nevertheless.
    let json = serde_json::to_value(receipt).unwrap();
    let read = serde_json::from_value::<Receipt>(json).unwrap();
    assert_eq!(&read, receipt);
}

fn nok() -> BottomLine {
    BottomLine::new(Currency::Nok)
}

fn gross(total: i64, rate: TaxRate) -> OrderLine {
    OrderLine::from_gross("A", "1", total, rate).unwrap()
}

#[test]
fn the_sample_is_valid_and_round_trips() {
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
            {
                "taxRate": 2500, "totalAmount": 7000, "totalAmountExcludingTax": 5600,
                "totalTaxAmount": 1400
            }
        ]
    });
    assert_eq!(totals, expected);
}

#[test]
fn the_sample_can_be_built() {
    let rate = TaxRate::percent(25);
    let units = |name: &str, id: &str, price, quantity: &str, unit| {
        let units = UnitInfo::new(price, quantity.parse().unwrap()).quantity_unit(unit);
        OrderLine::from_units(name, id, units, rate).unwrap()
    };
    let kinds = |line: OrderLine, is_shipping| line.is_return(false).is_shipping(is_shipping);
    let socks = units("socks", "line_item_1", 400, "2.5", QuantityUnit::Kg)
        .discount(0)
        .product_url("https://example.com/store/socks");
    let flip_flops = units("flip-flops", "line_item_2", 2500, "3", QuantityUnit::Pcs)
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

/// Convenient for table rows, where a value may be missing.
#[test]
fn each_setter_takes_an_option() {
    let line = |is: Option<bool>, amount: Option<i64>, text: Option<&str>| {
        let units = UnitInfo::new(1000, Quantity::from(1));
        let units = units.quantity_unit(is.map(|_| QuantityUnit::Kg));
        gross(1000, TaxRate::percent(25))
            .unit_info(is.map(|_| units))
            .discount(amount)
            .product_url(text)
            .is_return(is)
            .is_shipping(is)
    };
    let bottom_line = |amount: Option<i64>, text: Option<&str>| {
        let sources = PaymentSources::new();
        let sources = sources
            .gift_card(amount)
            .card(amount)
            .voucher(amount)
            .cash(amount);
        nok()
            .tip_amount(amount)
            .pos_id(text)
            .payment_sources(amount.map(|_| sources))
            .barcode(text.map(|text| Barcode::new(BarcodeFormat::Code39, text)))
            .receipt_number(text)
    };
    assert_eq!(line(None, None, None), gross(1000, TaxRate::percent(25)));
    assert_eq!(bottom_line(None, None), nok());
    let line = line(Some(false), Some(5), Some("/p/1"));
    let bottom_line = bottom_line(Some(5), Some("7"));
    assert_eq!(
        serde_json::to_value(Receipt::new(bottom_line).line(line)).unwrap(),
        json!({
            "orderLines": [{
                "name": "A", "id": "1", "taxRate": 2500, "discount": 5, "productUrl": "/p/1",
                "totalAmount": 1000, "totalAmountExcludingTax": 800, "totalTaxAmount": 200,
                "unitInfo": {"unitPrice": 1000, "quantity": "1", "quantityUnit": "KG"},
                "isReturn": false, "isShipping": false,
            }],
            "bottomLine": {
                "currency": "NOK", "tipAmount": 5, "posId": "7", "receiptNumber": "7",
                "barcode": {"format": "CODE 39", "data": "7"},
                "paymentSources": {"giftCard": 5, "card": 5, "voucher": 5, "cash": 5},
            },
        })
    );
}

#[test]
fn what_is_not_set_is_not_sent() {
    let receipt = Receipt::new(nok()).line(gross(1000, TaxRate::percent(25)));
    let text = serde_json::to_string(&receipt).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"{"orderLines":[{"name":"A","id":"1","totalAmount":1000,"#,
            r#""totalAmountExcludingTax":800,"totalTaxAmount":200,"taxRate":2500}],"#,
            r#""bottomLine":{"currency":"NOK"}}"#
        )
    );
}

#[test]
fn each_rule_names_the_line_and_the_field() {
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
        /orderLines/2/totalAmount = 600 & /orderLines/2/totalTaxAmount = -200 | \
            orderLines[2].totalTaxAmount: must be at least 0, not -200
        /orderLines/0/totalAmount = 199 & /orderLines/0/totalAmountExcludingTax = -1 | \
            orderLines[0].totalAmountExcludingTax: must be at least 0, not -1
        /orderLines/0/totalAmount = 1001 | \
            orderLines[0].totalAmount: must be the sum of totalAmountExcludingTax and \
            totalTaxAmount, 800 + 200 = 1000, not 1001
        /orderLines/2/totalTaxAmount = 201 | \
            orderLines[2].totalAmount: must be the sum of totalAmountExcludingTax and \
            totalTaxAmount, 800 + 201 = 1001, not 1000
        // The sum is more than an i64 holds.
        /orderLines/1/totalAmountExcludingTax = 9223372036854775807 & \
            /orderLines/1/totalTaxAmount = 9223372036854775807 | \
                orderLines[1].totalAmount: must be the sum of totalAmountExcludingTax and \
                totalTaxAmount, 9223372036854775807 + 9223372036854775807 = \
                18446744073709551614, not 5000
        /orderLines/1/discount = -1 | orderLines[1].discount: must be at least 0, not -1
        /orderLines/1/taxPercentage = null | orderLines[1].taxRate: must be set, in basis points
        /orderLines/1/taxRate = 10001 | \
            orderLines[1].taxRate: must be 0 to 10000 basis points, not 10001
        /orderLines/1/taxRate = -1 | orderLines[1].taxRate: must be 0 to 10000 basis points, not -1
        /orderLines/0/taxPercentage = 101 | \
            orderLines[0].taxPercentage: must be 0 to 100 per cent, not 101
        /orderLines/0/taxPercentage = -1 | \
            orderLines[0].taxPercentage: must be 0 to 100 per cent, not -1
        /orderLines/0/unitInfo/unitPrice = -400 | \
            orderLines[0].unitInfo.unitPrice: must be at least 0, not -400
        /orderLines/0/unitInfo/quantity = "2,5" | orderLines[0].unitInfo.quantity: (quantity) "2,5"
        /orderLines/0/unitInfo/quantity = "" | orderLines[0].unitInfo.quantity: (quantity) ""
        /orderLines/0/unitInfo/quantity = "-1" | orderLines[0].unitInfo.quantity: (quantity) "-1"
        /orderLines/0/unitInfo/quantity = "1e3" | orderLines[0].unitInfo.quantity: (quantity) "1e3"
        /bottomLine/currency = null | bottomLine.currency: must be set, such as NOK
        /bottomLine/tipAmount = -1 | bottomLine.tipAmount: must be at least 0, not -1
        /bottomLine/giftCardAmount = -2 | bottomLine.giftCardAmount: must be at least 0, not -2
        /bottomLine/totalTax = -3 | bottomLine.totalTax: must be at least 0, not -3
        /bottomLine/totalDiscount = -4 | bottomLine.totalDiscount: must be at least 0, not -4
        /bottomLine/shippingAmount = -5 | bottomLine.shippingAmount: must be at least 0, not -5
        /bottomLine/shippingInfo = {"amount": -1} | \
            bottomLine.shippingInfo.amount: must be at least 0, not -1
        /bottomLine/shippingInfo = {"amountExcludingTax": -1} | \
            bottomLine.shippingInfo.amountExcludingTax: must be at least 0, not -1
        /bottomLine/shippingInfo = {"taxAmount": -1} | \
            bottomLine.shippingInfo.taxAmount: must be at least 0, not -1
        /bottomLine/shippingInfo = {"taxPercentage": 101} | \
            bottomLine.shippingInfo.taxPercentage: must be 0 to 100 per cent, not 101
        /bottomLine/barcode/format = null | bottomLine.barcode.format: must be set, such as EAN-13
        /bottomLine/barcode/data = null | bottomLine.barcode.data: must not be empty
        /bottomLine/barcode/data = "" | bottomLine.barcode.data: must not be empty
        /bottomLine/barcode = {"format": "EAN-13", "data": "123"} | \
            bottomLine.barcode.data: (ean), not "123"
        /bottomLine/barcode = {"format": "EAN-13", "data": "4006381333932"} | \
            bottomLine.barcode.data: (ean), not "4006381333932"
        /bottomLine/barcode = {"format": "EAN-13", "data": "4006381333936"} | \
            bottomLine.barcode.data: (ean), not "4006381333936"
        // Two digits are swapped.
        /bottomLine/barcode = {"format": "EAN-13", "data": "4006381339331"} | \
            bottomLine.barcode.data: (ean), not "4006381339331"
        /bottomLine/barcode = {"format": "EAN-13", "data": "400638133393"} | \
            bottomLine.barcode.data: (ean), not "400638133393"
        /bottomLine/barcode = {"format": "EAN-13", "data": "40063813339310"} | \
            bottomLine.barcode.data: (ean), not "40063813339310"
        /bottomLine/barcode = {"format": "EAN-13", "data": "400638133393l"} | \
            bottomLine.barcode.data: (ean), not "400638133393l"
        /bottomLine/barcode = {"format": "EAN-13", "data": ""} | \
            bottomLine.barcode.data: must not be empty
        "#,
    ) {
        let why = why
            .replace("(quantity)", not_a_quantity)
            .replace("(ean)", "must be 12 digits and their EAN-13 check digit");
        assert_refused(&sample_with(&changes_of(&changes)), &why);
    }
}

#[test]
fn all_problems_are_named_at_once() {
    let receipt = sample_with(&[
        ("/orderLines/0/name", json!("")),
        ("/orderLines/2/totalAmount", json!(-1000)),
        ("/bottomLine/tipAmount", json!(-1)),
    ]);
    assert_refused(
        &receipt,
        "orderLines[0].name: must not be empty; \
         orderLines[2].totalAmount: must be at least 0, not -1000, and must be the sum of \
         totalAmountExcludingTax and totalTaxAmount, 800 + 200 = 1000, not -1000; \
         bottomLine.tipAmount: must be at least 0, not -1",
    );
}

#[test]
fn invalid_lines_have_an_entry_each() {
    let receipt = sample_with(&[
        ("/orderLines/0/name", json!(" ")),
        ("/orderLines/1/taxPercentage", json!(101)),
        (
            "/orderLines/2/unitInfo",
            json!({"unitPrice": -1, "quantity": "1"}),
        ),
    ]);
    let error = receipt.validate().unwrap_err();
    let entries = error.field_problems().iter();
    let entries: Vec<_> = entries
        .map(|entry| (entry.name.as_str(), entry.reason.as_str()))
        .collect();
    let expected = [
        ("orderLines[0].name", "must not be empty"),
        (
            "orderLines[1].taxPercentage",
            "must be 0 to 100 per cent, not 101",
        ),
        (
            "orderLines[2].unitInfo.unitPrice",
            "must be at least 0, not -1",
        ),
    ];
    assert_eq!(entries, expected);
    let [first, second, third] = expected.map(|(name, reason)| format!("{name}: {reason}"));
    assert_eq!(
        error.to_string(),
        format!("invalid input: {first}; {second}; {third}")
    );
}

#[test]
fn what_the_api_may_accept_passes() {
    let cases = rows::<1>(
        r#"
        // Either rate is enough and both are fine; the sample's lines have the deprecated one.
        /orderLines/0/taxRate = 2500
        /orderLines/0/taxRate = 2550 & /orderLines/0/taxPercentage = null
        /orderLines/0/taxPercentage = 0
        /orderLines/0/taxPercentage = 100
        /orderLines/0/taxRate = 0
        /orderLines/0/taxRate = 10000
        // It was free.
        /orderLines/0/totalAmount = 0 & /orderLines/0/totalAmountExcludingTax = 0 & \
            /orderLines/0/totalTaxAmount = 0
        /orderLines/1/totalAmount = 9223372036854775807 & \
            /orderLines/1/totalAmountExcludingTax = 9223372036854775807 & \
            /orderLines/1/totalTaxAmount = 0
        /orderLines/1/unitInfo = null & /orderLines/1/discount = 2500
        /orderLines/0/unitInfo/unitPrice = null
        /orderLines/0/unitInfo/unitPrice = 0
        /orderLines/0/unitInfo/quantity = "0"
        /orderLines/0/unitInfo/quantity = "0.12345678"
        /orderLines/0/unitInfo/quantityUnit = "PARSEC"
        /orderLines/1/isReturn = true
        /orderLines/0/discount = null & /orderLines/0/productUrl = null & \
            /orderLines/0/isReturn = null & /orderLines/0/isShipping = null
        // Any text.
        /orderLines/0/productUrl = "/p/1"
        /orderLines/0/productUrl = "www.example.com/p/1"
        /orderLines/0/productUrl = ""
        /orderLines/0/productUrl = "https://example.com/a b"
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
        /bottomLine/barcode = {"format": "EAN-13", "data": "4006381333931"}
        /bottomLine/barcode = {"format": "EAN-13", "data": "0000000000000"}
        /bottomLine/barcode = {"format": "CODE 128", "data": "4006381333932"}
        // The specification's own sample of this does not add up.
        /bottomLine/shippingInfo = {"amount": 1000, "amountExcludingTax": 1000, "taxAmount": 250, \
            "taxPercentage": 25}
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
fn an_invalid_receipt_is_not_sent() {
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

#[test]
fn nothing_from_a_server_causes_a_panic() {
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
                    "totalAmount": amount, "totalAmountExcludingTax": amount,
                    "totalTaxAmount": amount,
                    "discount": amount, "isReturn": true, "isShipping": true,
                    "unitInfo": {
                        "unitPrice": amount,
                        "quantity": "99999999999999999999999999999999999999999",
                    },
                });
                let mut line: OrderLine = serde_json::from_value(line).unwrap();
                for _ in 0..2 {
                    assert!(
                        !format!("{line:?} {}", line.tax_rate_or_percentage().unwrap()).is_empty()
                    );
                    let discounted = line.clone().apply_discount(amount);
                    // Tax is recomputed only for a valid line.
                    assert!(
                        discounted.is_err() || (0..=10_000).contains(&rate),
                        "{line:?}"
                    );
                    let receipt = Receipt::new(nok()).lines([line.clone(), line.clone()]);
                    assert!(receipt.validate().is_err(), "{line:?}");
                    let fits = (-1 << 62..1 << 62).contains(&amount);
                    assert_eq!(receipt.totals().is_ok(), fits, "{line:?}");
                    // The same with taxPercentage alone, or with no rate at all.
                    line.tax_rate = None;
                    if percentage.is_null() {
                        break;
                    }
                }
            }
        }
    }
}

#[test]
fn receipt_is_spelled_as_the_api_spells_it() {
    let order = OrderRef::ecom("order-1".parse().unwrap());
    let category = AddCategory::new(order, CategoryType::Receipt, "https://example.com");
    assert_eq!(
        serde_json::to_value(category).unwrap(),
        json!({
            "orderId": "order-1", "paymentType": "ECOM", "type": "RECEIPT",
            "url": "https://example.com",
        })
    );
    let misspelled = "RECIEPT".parse::<CategoryType>().unwrap_err();
    assert_eq!(
        misspelled.to_string(),
        "invalid input: category: must be one of GENERAL, RECEIPT, ORDER_CONFIRMATION, DELIVERY, \
         TICKET, BOOKING, not \"RECIEPT\""
    );
}

/// Fails to compile if one of these is not deprecated, because then the expectation is unfulfilled.
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
