use std::ops::Range;

use vipps::management::{BusinessIdentifier, ListProductOrders, SalesUnit, list_product_orders};
use vipps::sandbox::{Fault, Sandbox};

use super::{NO_VARS, assert_output, command, without_address};

const STEPS: &str = " 1  access token
      POST /accesstoken/get 200
      valid for 60 minutes
 2  all sales units
      GET /management/v1/sales-units 200
      3: ACME Fitness, ACME Web Shop, ACME Sauna
 3  one sales unit
      GET /management/v1/sales-units/{msn} 200
      123456 ACME Fitness, ReserveCapture
 4  a merchant's sales units
      GET /management/v1/merchants/{scheme}/{id}/sales-units 200
      2
 5  one merchant
      GET /management/v1/merchants/{scheme}/{id} 200
      ACME AS, ACTIVE
 6  all product orders
      GET /management/v2/product-orders 200
      0
 7  prefill a product order
      POST /management/v1/product-orders 201
      00000000-0000-4000-8000-000000000001
 8  one product order
      GET /management/v2/product-orders/{productOrderId}/details 200
      RECEIVED
 9  delete the product order
      DELETE /management/v1/product-orders/{productOrderId} 200
      deleted
10  price packages
      GET /management/v1/partners/price-packages 200
      POS standard 2.99%, Checkout 1.75%, Login 0.5%
";

fn orders_left(sandbox: &Sandbox) -> usize {
    let all = ListProductOrders::new().include_expired(true);
    list_product_orders(&sandbox.session(), &all).unwrap().len()
}

#[test]
fn quickstart_makes_its_ten_calls_against_the_api_when_writes_are_asked_for() {
    let sandbox = Sandbox::start().unwrap();
    let mut command = command("quickstart", &sandbox.env());
    let output = command.arg("--write").output().unwrap();
    let expected = format!("Against {}, with both writes.\n{STEPS}", sandbox.url());
    assert_output(&output, 0, &expected, "");
    assert_eq!(sandbox.count("*"), 10);
    assert_eq!(orders_left(&sandbox), 0);
}

#[test]
fn quickstart_only_reads_from_the_api_by_default() {
    let sandbox = Sandbox::start().unwrap();
    let output = command("quickstart", &sandbox.env()).output().unwrap();
    let (before, after) = (lines(STEPS, 0..18), lines(STEPS, 27..30));
    let skipped = " 7, 8, 9  prefill, get and delete a product order: only with --write\n";
    let expected = format!(
        "Against {}, reading only.\n{before}{skipped}{after}",
        sandbox.url()
    );
    assert_output(&output, 0, &expected, "");
    assert_eq!(sandbox.count("GET *"), 6);
    assert_eq!(sandbox.count("POST /accesstoken/get"), 1);
    assert_eq!(sandbox.count("*"), 7);
}

#[test]
fn quickstart_sends_nothing_for_help_or_for_wrong_arguments() {
    let sandbox = Sandbox::start().unwrap();
    let output = command("quickstart", &sandbox.env()).arg("--help").output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("usage: quickstart [--write]"), "{help}");
    assert!(help.lines().all(|line| line.len() <= 80), "{help}");
    for (argument, says) in [
        ("--wirte", "unknown option \"--wirte\""),
        ("--write=no", "--write takes no value"),
        ("write", "unexpected argument \"write\""),
    ] {
        let output = command("quickstart", &sandbox.env()).arg(argument).output();
        let stderr = format!("quickstart: {says}\nTry --help.\n");
        assert_output(&output.unwrap(), 2, "", &stderr);
    }
    assert_eq!(sandbox.count("*"), 0);
}

#[test]
fn quickstart_makes_all_ten_calls_against_its_own_sandbox() {
    let output = command("quickstart", NO_VARS).output().unwrap();
    let expected = format!("Against its own sandbox at (address).\n{STEPS}");
    assert_eq!(without_address(&output.stdout), expected);
    assert!(expected.lines().all(|line| line.len() <= 80));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn quickstart_shows_control_characters_of_the_api_harmlessly() {
    let merchant = BusinessIdentifier::norway("987654321").unwrap();
    let name = "A\u{1b}[2J\nstatus  COMPLETED";
    let unit = SalesUnit::new("123456".parse().unwrap(), name, merchant);
    let sandbox = Sandbox::builder().sales_unit(unit).start().unwrap();
    let output = command("quickstart", &sandbox.env()).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let row = r"      1: A\u{1b}[2J\nstatus  COMPLETED";
    assert_eq!(stdout.lines().nth(6), Some(row), "{stdout}");
}

#[test]
fn quickstart_leaves_no_order_behind_when_it_fails() {
    let sandbox = Sandbox::start().unwrap();
    let route = "GET /management/v2/product-orders/*/details";
    sandbox.fault(route, 1, Fault::status(403));
    let mut command = command("quickstart", &sandbox.env());
    let output = command.arg("--write").output().unwrap();
    // Up to the step that failed.
    let steps = format!(
        "{}      GET /management/v2/product-orders/{{productOrderId}}/details 403\n      \
         DELETE /management/v1/product-orders/{{productOrderId}} 200\n",
        lines(STEPS, 0..22)
    );
    assert_output(
        &output,
        1,
        &format!("Against {}, with both writes.\n{steps}", sandbox.url()),
        "quickstart: GET \
         /management/v2/product-orders/00000000-0000-4000-8000-000000000001/details: \
         403 Forbidden: Injected fault [trace 0af7651916cd43dd8448eb211c80319c]\n",
    );
    assert_eq!(sandbox.count("DELETE *"), 1);
    assert_eq!(orders_left(&sandbox), 0);
}

fn lines(text: &str, range: Range<usize>) -> String {
    let lines = text.split_inclusive('\n').skip(range.start);
    lines.take(range.len()).collect()
}
