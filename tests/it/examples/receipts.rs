use std::fs;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use vipps::order_management::{CategoryType, OrderRef, get_order};
use vipps::sandbox::{Fault, Sandbox};

use super::{Directory, Killed, NO_VARS, assert_output, command, unwrapped, without_address};

const POST: &str = "POST /order-management/v2/*/receipts/*";
const PUT: &str = "PUT /order-management/v2/*/categories/*";
const GET: &str = "GET /order-management/v2/*/*";

/// The table for the orders that come with the example.
fn table(outcome: &str, summary: &str) -> String {
    format!(
        "\
file                 order                       total        tax  receipt
1001-groceries.json  shop-1001                  444.68      57.65  {outcome}
1002-discount.json   shop-1002                  780.90      90.92  {outcome}
1003-return.json     shop-1003                  200.00      40.00  {outcome}
1004-denmark.json    shop-1004                 1064.80     212.96  {outcome}
1005-finland.json    shop-1005                   58.05      11.62  {outcome}

{summary}
"
    )
}

/// All that is stored about the orders that come with the example.
fn stored(sandbox: &Sandbox) -> Vec<Value> {
    let orders = [
        OrderRef::ecom("shop-1001".parse().unwrap()),
        OrderRef::ecom("shop-1002".parse().unwrap()),
        OrderRef::ecom("shop-1003".parse().unwrap()),
        OrderRef::ecom("shop-1004".parse().unwrap()),
        OrderRef::recurring("shop-1005".parse().unwrap()),
    ];
    orders
        .iter()
        .map(|order| {
            let order = get_order(&sandbox.session(), order).unwrap();
            // Both exist.
            order.receipt.as_ref().unwrap().validate().unwrap();
            assert!(order.category.is_some());
            serde_json::to_value(order).unwrap()
        })
        .collect()
}

#[test]
fn a_second_run_of_receipts_adds_nothing() {
    let sandbox = Sandbox::start().unwrap();
    let first = command("receipts", &sandbox.env()).output().unwrap();
    let table_of_first = table("added", "5 added, 0 already there, 0 failed");
    assert_output(&first, 0, &table_of_first, "");
    assert_eq!(
        [POST, GET, PUT].map(|route| sandbox.count(route)),
        [5, 0, 5]
    );
    let after_first = stored(&sandbox);

    sandbox.clear_requests();
    let second = command("receipts", &sandbox.env()).output().unwrap();
    let table_of_second = table("already there", "0 added, 5 already there, 0 failed");
    assert_output(&second, 0, &table_of_second, "");
    // Each was refused, and read back.
    assert_eq!(
        [POST, GET, PUT].map(|route| sandbox.count(route)),
        [5, 5, 5]
    );
    assert_eq!(stored(&sandbox), after_first);
}

#[test]
fn receipts_has_its_own_sandbox() {
    let output = command("receipts", NO_VARS).output().unwrap();
    let expected = table("added", "5 added, 0 already there, 0 failed");
    assert_eq!(
        without_address(&output.stdout),
        format!("Against its own sandbox at (address).\n\n{expected}")
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn receipts_may_be_killed_and_run_again() {
    let sandbox = Sandbox::start().unwrap();
    // The first two pass, and the third hangs.
    sandbox.fault(
        "POST /order-management/v2/ecom/receipts/shop-1003",
        1,
        Fault::Hold,
    );
    let mut first = Killed(
        command("receipts", &sandbox.env())
            .stdout(Stdio::null())
            .spawn()
            .unwrap(),
    );
    assert!(sandbox.wait_for(POST, 3));
    first.0.kill().unwrap();
    first.0.wait().unwrap();
    sandbox.release();

    let again = || {
        let output = command("receipts", &sandbox.env()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    // The third may arrive before or after the second run sends it.
    let second = again();
    assert!(
        second.ends_with("\n2 added, 3 already there, 0 failed\n")
            || second.ends_with("\n3 added, 2 already there, 0 failed\n"),
        "{second}"
    );
    assert_eq!(
        again(),
        table("already there", "0 added, 5 already there, 0 failed")
    );
    assert_eq!(stored(&sandbox).len(), 5);
}

#[test]
fn receipts_sends_the_others_where_one_is_broken() {
    let order = |id: &str, line: &str| {
        let line = match line {
            "" => r#"{"sku": "1", "name": "A", "price": "12.50", "tax": 25}"#,
            line => line,
        };
        format!(r#"{{"order": "{id}", "payment": "ecom", "currency": "NOK", "lines": [{line}]}}"#)
    };
    let directory = Directory::new("broken");
    for (name, text) in [
        ("a.json", order("shop-1", "")),
        (
            "b.json",
            order(
                "shop-2",
                r#"{"sku": "1", "name": "A", "price": "1.00", "tax": 25, "qty": "2"}"#,
            ),
        ),
        (
            "c.json",
            order(
                "shop-3",
                r#"{"sku": "1", "name": "A", "price": "1,00", "tax": 25}"#,
            ),
        ),
        (
            "d.json",
            order(
                "shop-4",
                r#"{"sku": "1", "name": "A", "price": 1.005, "tax": 25}"#,
            ),
        ),
        (
            "e.json",
            order(
                "shop-5",
                r#"{"sku": "1", "name": "A", "price": -1, "tax": 25}"#,
            ),
        ),
        (
            "f.json",
            order(
                "shop-6",
                r#"{"sku": "1", "name": "A", "price": 1, "tax": 101}"#,
            ),
        ),
        (
            "g.json",
            order(
                "shop-7",
                r#"{"sku": "1", "name": "", "price": 1, "tax": 25}"#,
            ),
        ),
        ("h.json", order("shop/8", "")),
        ("i.json", "{".to_owned()),
        ("j.json", order("shop-9", "").replace("ecom", "ePayment")),
        (
            "k.json",
            order(
                "shop-1",
                r#"{"sku": "1", "name": "B", "price": "12.50", "tax": 25}"#,
            ),
        ),
        (
            "l.json",
            order("shop-11", "").replace(
                "\"lines\"",
                "\"category\": {\"type\": \"DELIVERY\", \"url\": \"a\"}, \"lines\"",
            ),
        ),
        ("notes.txt", "not an order".to_owned()),
        ("z.json", order("shop-10", "")),
    ] {
        directory.write(name, &text);
    }
    let sandbox = Sandbox::start().unwrap();
    let output = command("receipts", &sandbox.env())
        .arg(&directory.0)
        .output()
        .unwrap();
    let failed =
        |name: &str, why: &str| format!("{name:20} {:20} {:12} {:10}  FAILED {why}\n", "", "", "");
    let fine =
        |name: &str, order: &str| format!("{name:20} {order:20}        12.50       2.50  added\n");
    let expected = [
        "file                 order                       total        tax  receipt\n".to_owned(),
        fine("a.json", "shop-1"),
        failed(
            "b.json",
            "unknown field `qty`, expected one of `sku`, `name`, `price`, `quantity`, `unit`, \
             `tax`, `discount`, `url`, `shipping`, `return` at line 1 column 127, after : \"A\", \
             \"price\": \"1.00\", \"tax\": 25, \"qty\"",
        ),
        failed(
            "c.json",
            "invalid input: amount: must be an amount such as 199.90, with a point and at most \
             two decimals, not \"1,00\" at line 1 column 109, after \"sku\": \"1\", \"name\": \
             \"A\", \"price\": \"1,00\"",
        ),
        failed(
            "d.json",
            "invalid input: amount: must be an amount such as 199.90, with a point and at most \
             two decimals, not \"1.005\" at line 1 column 108, after {\"sku\": \"1\", \"name\": \
             \"A\", \"price\": 1.005",
        ),
        failed(
            "e.json",
            "invalid input: totalAmount: must be at least 0, not -100; for a return, set \
             is_return",
        ),
        failed(
            "f.json",
            "invalid input: taxRate: must be 0 to 100 per cent with at most two decimals, such \
             as 25 or 25.5, not \"101\" at line 1 column 117, after 1\", \"name\": \"A\", \
             \"price\": 1, \"tax\": 101}",
        ),
        failed(
            "g.json",
            "invalid input: orderLines[0].name: must not be empty",
        ),
        failed(
            "h.json",
            "invalid input: orderId: must be letters, digits, -, _ and ., not \"shop/8\" at line \
             1 column 18, after {\"order\": \"shop/8\"",
        ),
        failed(
            "i.json",
            "EOF while parsing an object at line 1 column 1, after {",
        ),
        failed(
            "j.json",
            "invalid input: paymentType: must be one of ECOM, RECURRING, not \"ePayment\" at \
             line 1 column 41, after \"order\": \"shop-9\", \"payment\": \"ePayment\"",
        ),
        failed(
            "k.json",
            "POST /order-management/v2/ecom/receipts/shop-1: 409 Conflict: Conflicting receipt: \
             the order has a different receipt (orderLines[0].name: expected \"B\", found \"A\") \
             [trace 4bf92f3577b34da6a3ce929d0e0e4736]",
        ),
        // Its receipt would be good.
        failed(
            "l.json",
            "invalid input: orderDetailsUrl: must be a URL such as \
             https://example.com/order/1, not \"a\"",
        ),
        fine("z.json", "shop-10"),
        "\n2 added, 0 already there, 11 failed\n".to_owned(),
    ];
    assert_eq!(unwrapped(&output.stdout), expected.concat());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(1));
    // The two that are good, and the one that the API refuses.
    assert_eq!(sandbox.count(POST), 3);
}

#[test]
fn receipts_needs_orders_and_all_of_its_variables() {
    let empty = Directory::new("empty");
    let path = empty.0.display();
    let sandbox = Sandbox::start().unwrap();
    let output = command("receipts", &sandbox.env())
        .arg(&empty.0)
        .output()
        .unwrap();
    assert_output(
        &output,
        2,
        "",
        &format!("receipts: no .json files in {path}\n"),
    );

    let nowhere = empty.0.join("nowhere");
    let output = command("receipts", &sandbox.env())
        .arg(&nowhere)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = unwrapped(&output.stderr);
    let start = format!("receipts: cannot read {}: ", nowhere.display());
    assert!(stderr.starts_with(&start), "{stderr}");

    // A missing variable does not send the receipts to a sandbox, where nobody finds them.
    let output = command("receipts", &[("VIPPS_SUBSCRIPTION_KEY", "key")])
        .output()
        .unwrap();
    assert_output(
        &output,
        2,
        "",
        "receipts: configuration: VIPPS_CLIENT_ID: not set in the environment; \
         VIPPS_CLIENT_SECRET: not set in the environment\n",
    );
    assert_eq!(sandbox.count("*"), 0);
}

#[test]
fn the_order_that_receipts_documents_is_one() {
    let help = command("receipts", NO_VARS).arg("--help").output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    let sample: String = help
        .lines()
        .skip_while(|line| *line != "{")
        .take_while(|line| !line.is_empty())
        .collect();
    let directory = Directory::new("documented");
    directory.write("order.json", &sample);
    let sandbox = Sandbox::start().unwrap();
    let output = command("receipts", &sandbox.env())
        .arg(&directory.0)
        .output()
        .unwrap();
    let expected = "\
file                 order                       total        tax  receipt
order.json           shop-1001                  328.00      65.60  added

1 added, 0 already there, 0 failed
";
    assert_output(&output, 0, expected, "");

    let order = OrderRef::ecom("shop-1001".parse().unwrap());
    let order = get_order(&sandbox.session(), &order).unwrap();
    assert_eq!(
        order.category.unwrap().category,
        Some(CategoryType::Delivery)
    );
    // 50.00 off, split over 378.00 and 99.00: 39.62 and 10.38.
    let receipt = json!({
        "orderLines": [
            {
                "name": "Wool socks", "id": "SOCK-1",
                "totalAmount": 33838, "totalAmountExcludingTax": 27070, "totalTaxAmount": 6768,
                "taxRate": 2500, "discount": 5962, "productUrl": "https://example.com/socks",
                "unitInfo": {"unitPrice": 19900, "quantity": "2", "quantityUnit": "PCS"}
            },
            {
                "name": "Home delivery", "id": "SHIP",
                "totalAmount": 8862, "totalAmountExcludingTax": 7090, "totalTaxAmount": 1772,
                "taxRate": 2500, "discount": 1038, "isShipping": true
            },
            {
                "name": "Cotton socks", "id": "SOCK-2",
                "totalAmount": 9900, "totalAmountExcludingTax": 7920, "totalTaxAmount": 1980,
                "taxRate": 2500, "isReturn": true
            }
        ],
        "bottomLine": {"currency": "NOK", "receiptNumber": "1001"}
    });
    assert_eq!(serde_json::to_value(order.receipt).unwrap(), receipt);
}

/// Runs it on these files.
fn run(sandbox: &Sandbox, directory: &Directory) -> Output {
    let mut command = command("receipts", &sandbox.env());
    command.arg(&directory.0).output().unwrap()
}

/// An order of two lines.
fn order(id: &str, skus: [&str; 2]) -> String {
    let line = |sku| json!({"sku": sku, "name": "A", "price": "12.50", "tax": 25});
    let lines = skus.map(line);
    json!({"order": id, "payment": "ecom", "currency": "NOK", "lines": lines}).to_string()
}

const HEADER: &str = "file                 order                       total        tax  receipt\n";

#[test]
fn receipts_sends_nothing_for_help_or_for_wrong_arguments() {
    let sandbox = Sandbox::start().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = command("receipts", &sandbox.env());
        command.args(arguments).output().unwrap()
    };
    let output = run(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("usage: receipts [DIRECTORY]"), "{help}");
    assert!(help.lines().all(|line| line.len() <= 80), "{help}");
    for (arguments, says) in [
        (&["--dry-run"][..], "unknown option \"--dry-run\""),
        (&["a", "b"], "unexpected argument \"b\""),
    ] {
        let stderr = format!("receipts: {says}\nTry --help.\n");
        assert_output(&run(arguments), 2, "", &stderr);
    }
    assert_eq!(sandbox.count("*"), 0);
}

#[test]
fn receipts_needs_a_merchant_serial_number() {
    let sandbox = Sandbox::start().unwrap();
    let mut command = command("receipts", &sandbox.env());
    let output = command.env_remove("VIPPS_MERCHANT_SERIAL_NUMBER").output();
    let stderr = "receipts: VIPPS_MERCHANT_SERIAL_NUMBER is not set\n";
    assert_output(&output.unwrap(), 2, "", stderr);
    assert_eq!(sandbox.count("*"), 0);
}

#[test]
fn receipts_reads_files_as_other_programs_write_them() {
    let directory = Directory::new("written");
    let pretty: Value = serde_json::from_str(&order("shop-1", ["1", "2"])).unwrap();
    let pretty = serde_json::to_string_pretty(&pretty).unwrap();
    directory.write("bom.json", &format!("\u{feff}{pretty}"));
    let with_returns = pretty.replace("shop-1", "shop-2").replace('\n', "\r\n");
    directory.write("crlf.JSON", &format!("\u{feff}{with_returns}\r\n"));
    // Not orders.
    directory.write("._bom.json", "\0\u{5}\u{16}\u{7}");
    directory.write(".draft.json", "{");
    fs::create_dir(directory.0.join("archive.json")).unwrap();
    let sandbox = Sandbox::start().unwrap();
    let output = run(&sandbox, &directory);
    let expected = format!(
        "{HEADER}\
bom.json             shop-1                      25.00       5.00  added
crlf.JSON            shop-2                      25.00       5.00  added

2 added, 0 already there, 0 failed
"
    );
    assert_output(&output, 0, &expected, "");
}

#[test]
fn receipts_shows_warnings_and_sends_the_order() {
    let directory = Directory::new("warnings");
    directory.write("a.json", &order("shop-1", ["A", "A"]));
    let zero = order("shop-2", ["A", "B"]).replace("\"sku\"", "\"quantity\": \"0\", \"sku\"");
    directory.write("b.json", &zero);
    let sandbox = Sandbox::start().unwrap();
    for (outcome, summary) in [
        ("added", "2 added, 0 already there, 0 failed"),
        ("already there", "0 added, 2 already there, 0 failed"),
    ] {
        let output = run(&sandbox, &directory);
        let expected = format!(
            "{HEADER}\
a.json               shop-1                      25.00       5.00  {outcome}
    warning: orderLines[1].id: \"A\" is also the id of orderLines[0]
b.json               shop-2                       0.00       0.00  {outcome}
    warning: orderLines[0].unitInfo.quantity: is 0
    warning: orderLines[1].unitInfo.quantity: is 0

{summary}
"
        );
        assert_output(&output, 0, &expected, "");
    }
}

#[test]
fn receipts_fits_80_columns() {
    let directory = Directory::new("columns");
    let (name, id) = ("a".repeat(40), "b".repeat(40));
    directory.write(&format!("{name}.json"), &order(&id, ["1", "2"]));
    directory.write("b.json", &order("shop-1", ["1", "2"]).replace("NOK", "NKO"));
    let sandbox = Sandbox::start().unwrap();
    let expected = format!(
        "{HEADER}\
aaaaaaaaaaaaaaaaa... bbbbbbbbbbbbbbbbb...        25.00       5.00  added
b.json                                                             FAILED
    invalid input: currency: must be one of NOK, DKK, EUR, not \"NKO\" at line 1
    column 17, after {{\"currency\":\"NKO\"

1 added, 0 already there, 1 failed
"
    );
    let output = run(&sandbox, &directory);
    assert!(expected.lines().all(|line| line.len() <= 80));
    assert_output(&output, 1, &expected, "");
}

#[cfg(unix)]
#[test]
fn receipts_shows_control_characters_harmlessly() {
    let directory = Directory::new("control");
    directory.write("a\u{1b}[2J\n1 added.json", "{\"order\":\"\\u001b[2J\"}");
    directory.write("b.json", &order("shop-1", ["1", "2"]));
    let sandbox = Sandbox::start().unwrap();
    let body = r#"{"title": "A\u001b[2J\n5 added", "detail": "B\u202eC"}"#;
    sandbox.fault(POST, 1, Fault::json(400, body));
    let output = run(&sandbox, &directory);
    let expected = format!(
        "{HEADER}\
a\\u{{1b}}[2J\\n1 add...                                               FAILED
    invalid input: orderId: must be letters, digits, -, _ and ., not \"\\u{{1b}}[2J\"
    at line 1 column 21, after {{\"order\":\"\\u001b[2J\"}}
b.json                                                             FAILED
    POST /order-management/v2/ecom/receipts/shop-1: 400 Bad Request: A [2J 5
    added: B C

0 added, 0 already there, 2 failed
"
    );
    assert_output(&output, 1, &expected, "");
}

#[test]
fn receipts_ends_quietly_when_its_reader_goes_away() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault(POST, 1, Fault::Hold);
    let mut command = command("receipts", &sandbox.env());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = Killed(command.spawn().unwrap());
    assert!(sandbox.wait_for(POST, 1));
    drop(program.0.stdout.take());
    sandbox.release();
    assert_eq!(program.code(), Some(1));
    let stderr = program.0.stderr.take().unwrap();
    assert_eq!(std::io::read_to_string(stderr).unwrap(), "");

    // The same command does the rest.
    let output = super::command("receipts", &sandbox.env()).output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        stdout.ends_with("\n4 added, 1 already there, 0 failed\n"),
        "{stdout}"
    );
    assert_eq!(output.status.code(), Some(0));
}
