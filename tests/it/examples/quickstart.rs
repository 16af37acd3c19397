use vipps::management::{ListProductOrders, list_product_orders};
use vipps::sandbox::{Fault, Sandbox};

use super::{NO_VARS, assert_output, command, without_address};

const TEN_ROWS: &str = " 1  access token              POST   /accesstoken/get                                                              200  good for 60 minutes
 2  all sales units           GET    /management/v1/sales-units                                                    200  3: ACME Fitness, ACME Web Shop, ACME Sauna
 3  one sales unit            GET    /management/v1/sales-units/123456                                             200  ACME Fitness, capture: ReserveCapture
 4  a merchant's sales units  GET    /management/v1/merchants/business:NO:ORG/987654321/sales-units                200  2
 5  one merchant              GET    /management/v1/merchants/business:NO:ORG/987654321                            200  ACME AS, ACTIVE
 6  all product orders        GET    /management/v2/product-orders                                                 200  0
 7  prefill a product order   POST   /management/v1/product-orders                                                 201  https://portal.sandbox.invalid/register/prefilled/00000000-0000-4000-8000-000000000001
 8  one product order         GET    /management/v2/product-orders/00000000-0000-4000-8000-000000000001/details    200  RECEIVED
 9  delete the product order  DELETE /management/v1/product-orders/00000000-0000-4000-8000-000000000001            200  deleted
10  price packages            GET    /management/v1/partners/price-packages                                        200  POS standard 2.99%, Checkout 1.75%, Login 0.5%
";

fn orders_left(sandbox: &Sandbox) -> usize {
    let all = ListProductOrders::new().include_expired(true);
    list_product_orders(&sandbox.session(), &all).unwrap().len()
}

#[test]
fn quickstart_makes_its_ten_calls() {
    let sandbox = Sandbox::start().unwrap();
    let output = command("quickstart", &sandbox.env()).output().unwrap();
    let expected = format!("Against the service that VIPPS_* name.\n\n{TEN_ROWS}");
    assert_output(&output, 0, &expected, "");
    assert_eq!(sandbox.count("*"), 10);
    assert_eq!(orders_left(&sandbox), 0);
}

#[test]
fn quickstart_has_a_sandbox_of_its_own() {
    let output = command("quickstart", NO_VARS).output().unwrap();
    assert_eq!(
        without_address(&output.stdout),
        format!("Against a sandbox at (address).\n\n{TEN_ROWS}")
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn quickstart_leaves_no_order_behind_when_it_fails() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault(
        "GET /management/v2/product-orders/*/details",
        1,
        Fault::status(403),
    );
    let output = command("quickstart", &sandbox.env()).output().unwrap();
    // Up to the step that failed.
    let rows: String = TEN_ROWS.split_inclusive('\n').take(7).collect();
    assert_output(
        &output,
        1,
        &format!("Against the service that VIPPS_* name.\n\n{rows}"),
        "quickstart: GET /management/v2/product-orders/00000000-0000-4000-8000-000000000001/details: 403 Forbidden: A fault that was asked for [trace 0af7651916cd43dd8448eb211c80319c]\n",
    );
    assert_eq!(sandbox.count("DELETE *"), 1);
    assert_eq!(orders_left(&sandbox), 0);
}
