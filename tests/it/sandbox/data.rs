//! A test's own merchants, sales units and price packages, and endpoints unknown to the sandbox.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use vipps::management::{
    BusinessIdentifier, Merchant, MerchantStatus, PricePackage, SalesUnit, SalesUnitSummary,
    get_merchant, get_sales_unit, list_merchant_sales_units, list_price_packages, list_sales_units,
};
use vipps::sandbox::Answer;
use vipps::{Error, Msn};

use super::*;

fn msn(text: &str) -> Msn {
    text.parse().unwrap()
}

fn owner() -> BusinessIdentifier {
    BusinessIdentifier::denmark("11223344").unwrap()
}

fn unit(number: &str, name: &str) -> SalesUnit {
    SalesUnit::new(msn(number), name, owner())
}

fn names(units: Vec<SalesUnitSummary>) -> Vec<(String, String)> {
    let own = |unit: SalesUnitSummary| (unit.msn.as_str().to_owned(), unit.name);
    units.into_iter().map(own).collect()
}

fn pairs(units: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(msn, name): &(&str, &str)| ((*msn).to_owned(), (*name).to_owned());
    units.iter().map(own).collect()
}

#[track_caller]
fn assert_not_found<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert_eq!(result.unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn its_data_can_be_set() {
    let mut kiosk = unit("5555", "The Kiosk");
    kiosk.configuration.recurring_allowed = Some(true);
    kiosk.settlement_bank_account = None;
    let mut merchant = Merchant::new(owner(), "Kiosks ApS");
    merchant.business_post_address = merchant.business_address.clone();
    let id = "8a11afb7-c223-48ed-8ca6-4722b97261ff".parse().unwrap();
    let package = PricePackage::new(id, "All in", "1 %");
    let sandbox = Sandbox::builder()
        .sales_unit(kiosk.clone())
        .sales_unit(unit("6666", "The Stall"))
        .merchant(merchant.clone())
        .price_package(package.clone())
        .start()
        .unwrap();
    let session = sandbox.session();

    let both = pairs(&[("5555", "The Kiosk"), ("6666", "The Stall")]);
    assert_eq!(names(list_sales_units(&session).unwrap()), both);
    let of_merchant = list_merchant_sales_units(&session, &owner()).unwrap();
    assert_eq!(names(of_merchant), both);
    assert_eq!(get_sales_unit(&session, &kiosk.msn).unwrap(), kiosk);
    assert_eq!(get_merchant(&session, &owner()).unwrap(), merchant);
    assert_eq!(list_price_packages(&session).unwrap(), [package]);
    assert_not_found(get_sales_unit(&session, &msn("123456")));
    let norway = BusinessIdentifier::norway("987654321").unwrap();
    assert_not_found(get_merchant(&session, &norway));
}

/// A test need not add the merchant of a sales unit.
#[test]
fn a_sales_unit_adds_its_merchant() {
    let builder = Sandbox::builder().sales_unit(unit("5555", "The Kiosk"));
    let sandbox = builder.start().unwrap();
    let merchant = get_merchant(&sandbox.session(), &owner()).unwrap();
    assert_eq!(merchant.name, "Merchant 11223344");
    assert_eq!(merchant.country_code, "DK");
}

#[test]
fn its_data_can_change_while_it_runs() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    sandbox.put_sales_unit(unit("5555", "The Kiosk"));
    sandbox.put_sales_unit(unit("5555", "The New Kiosk"));
    sandbox.remove_sales_unit(&msn("654321"));
    let expected = [
        ("123456", "ACME Fitness"),
        ("10012345", "ACME Sauna"),
        ("5555", "The New Kiosk"),
    ];
    let found = names(list_sales_units(&session).unwrap());
    assert_eq!(found, pairs(&expected));
    assert_not_found(get_sales_unit(&session, &msn("654321")));

    let mut merchant = Merchant::new(owner(), "Kiosks ApS");
    sandbox.put_merchant(merchant.clone());
    assert_eq!(get_merchant(&session, &owner()).unwrap(), merchant);
    merchant.status = MerchantStatus::Deactivated;
    sandbox.put_merchant(merchant);
    assert_not_found(get_merchant(&session, &owner()));
    assert_not_found(list_merchant_sales_units(&session, &owner()));
    sandbox.put_merchant(Merchant::new(owner(), "Kiosks ApS"));
    sandbox.remove_merchant(&owner());
    assert_not_found(get_merchant(&session, &owner()));
    get_sales_unit(&session, &msn("5555")).unwrap();
}

/// Also for a merchant that was unknown before.
#[test]
fn a_completed_order_is_visible_everywhere() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let order = PrefillProductOrder::new(owner(), ProductType::PaymentIntegration);
    let order = order.sales_unit_name("The Kiosk");
    let made = management::prefill_product_order(&session, &order).unwrap();
    assert_not_found(get_merchant(&session, &owner()));
    sandbox
        .set_product_order_status(&made.prefilled_order_id, ProductOrderStatus::Completed)
        .unwrap();
    let order = management::get_product_order(&session, &made.prefilled_order_id).unwrap();
    let unit = order.sales_unit.unwrap();
    assert_eq!(unit.name, "The Kiosk");
    let details = get_sales_unit(&session, &unit.msn).unwrap();
    assert_eq!(details.business_identifier, owner());
    let of_merchant = list_merchant_sales_units(&session, &owner()).unwrap();
    assert_eq!(of_merchant, std::slice::from_ref(&unit));
    assert!(list_sales_units(&session).unwrap().contains(&unit));
    get_merchant(&session, &owner()).unwrap();
}

#[test]
fn other_endpoints_can_be_served() {
    let sandbox = Sandbox::start().unwrap();
    let session = sandbox.session();
    let ledger = "GET /report/v2/ledgers/*";
    sandbox.serve(ledger, |request| {
        let id = request.path.rsplit('/').next().unwrap();
        let csv = format!("ledgerId,amount\n{id},4900\n");
        Answer::new(200, "text/csv", csv).header("X-Cursor", "2")
    });
    let request = || {
        session
            .request("GET", "/report/v2/ledgers")
            .segment("ledgerId", "302321")
    };
    sandbox.fault("GET /report/v2/ledgers/302321", 1, Fault::status(503));
    let reply = request().accept("text/csv").send().unwrap();
    assert_eq!(reply.header("x-cursor"), Some("2"));
    assert_eq!(reply.text().unwrap(), "ledgerId,amount\n302321,4900\n");
    assert_eq!(sandbox.count(ledger), 2);
    let requests = sandbox.requests_to("GET /report/v2/ledgers/302321");
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0], requests[1]);
    assert_eq!(requests[0].header("ACCEPT"), Some("text/csv"));
    assert_eq!(requests[0].header("accept"), Some("text/csv"));

    // The last function for a route counts, even instead of the sandbox's own.
    sandbox.serve(ledger, |_| Answer::empty(204));
    assert!(request().send().unwrap().is_empty());
    sandbox.serve(LIST, |_| Answer::json(200, &json!([])));
    assert_eq!(list_sales_units(&session).unwrap(), []);

    // Keys and tokens are checked.
    let stranger = sandbox.session_builder().unwrap();
    let token = vipps::AccessToken::new("not-one", DAY).unwrap();
    let stranger = stranger.access_token(token).build().unwrap();
    let request = stranger.request("GET", "/report/v2/ledgers/1");
    request.send().unwrap();
    assert_eq!(sandbox.count("POST /accesstoken/get"), 2);

    for route in ["/report", "GET report", "get /report", " /report"] {
        let panic = catch_unwind(AssertUnwindSafe(|| {
            sandbox.serve(route, |_| Answer::empty(204));
        }));
        let panic = panic.unwrap_err();
        let text = panic.downcast_ref::<String>().unwrap();
        let expected =
            format!("{route:?} must be a method and a path, such as POST /epayment/v1/payments");
        assert_eq!(*text, expected);
    }
}

#[test]
fn faults_that_did_not_happen_are_listed() {
    let sandbox = Sandbox::start().unwrap();
    assert_eq!(sandbox.unused_faults(), []);
    sandbox.fault(LIST, 3, Fault::status(503));
    sandbox.fault(UNIT, 1, Fault::status(503));
    sandbox.fault("GET *", usize::MAX, Fault::Delay(Duration::ZERO));
    list_sales_units(&sandbox.session()).unwrap_err();
    assert_eq!(sandbox.unused_faults(), [(UNIT.to_owned(), 1)]);
    sandbox.fault("*", 2, Fault::status(503));
    let left = [(UNIT.to_owned(), 1), ("* *".to_owned(), 2)];
    assert_eq!(sandbox.unused_faults(), left);
    sandbox.clear_faults();
    assert_eq!(sandbox.unused_faults(), []);
}

/// One sales unit among many, by its path.
#[test]
fn a_fault_can_target_one_sales_unit() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault(UNIT, usize::MAX, Fault::status(404));
    let session = sandbox.session();
    assert_not_found(get_sales_unit(&session, &msn("123456")));
    get_sales_unit(&session, &msn("654321")).unwrap();
}

/// Makes one call configured by its environment variables, which only the test below sets.
#[test]
fn child() {
    if std::env::var_os("TEST_SANDBOX_CHILD").is_none() {
        return;
    }
    let session = Session::from_env(crate::support::system()).unwrap();
    assert_eq!(list_sales_units(&session).unwrap().len(), 3);
}

#[test]
fn a_child_process_can_use_it() {
    let sandbox = Sandbox::start().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sandbox::data::child"])
        .env("TEST_SANDBOX_CHILD", "1")
        .envs(sandbox.env())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let requests = sandbox.requests_to(LIST);
    assert_eq!(requests[0].header("merchant-serial-number"), Some("123456"));
}
