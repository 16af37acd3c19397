use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use regex::Regex;
use serde_json::{Value, json};

use vipps::management::{
    ListProductOrders, ProductOrderId, ProductOrderStatus, list_product_orders,
};
use vipps::sandbox::{Fault, ReceivedRequest, Sandbox};

use super::{Directory, Killed, NO_VARS, assert_output, command, eventually, without_address};

mod failures;
#[cfg(unix)]
mod output;
mod state;

const POST: &str = "POST /management/v1/product-orders";
const LOOK: &str = "GET /management/v2/product-orders/*/details";
const ID: &str = "00000000-0000-4000-8000-000000000001";
const ORDERED: &str = "\
order   00000000-0000-4000-8000-000000000001
url     https://portal.sandbox.invalid/register/prefilled/00000000-0000-4000-8000-000000000001
";
const COMPLETED: &str = "status  COMPLETED, sales unit 20000001 ACME Fantastic Fitness\n";
const SAMPLE: &str = include_str!("../../../examples/onboard/order.json");
const ASKED_FOR: &str = "Injected fault [trace 0af7651916cd43dd8448eb211c80319c]";

/// A sandbox, and an order in its own directory.
struct Desk {
    sandbox: Sandbox,
    directory: Directory,
}

impl Desk {
    fn new(name: &str) -> Self {
        let desk = Self {
            sandbox: Sandbox::start().unwrap(),
            directory: Directory::new(&format!("onboard-{name}")),
        };
        desk.directory.write("order.json", SAMPLE);
        desk
    }

    fn file(&self) -> PathBuf {
        self.directory.0.join("order.json")
    }

    /// The state, if there is one.
    fn state(&self) -> Option<Value> {
        let state = fs::read(self.directory.0.join("order.json.state")).ok()?;
        Some(serde_json::from_slice(&state).unwrap())
    }

    fn begin(&self, arguments: &[&str]) -> Killed {
        let mut command = command("onboard", &self.sandbox.env());
        command.args(["--poll", "0.1"]).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Killed(command.spawn().unwrap())
    }

    fn begin_order(&self) -> Killed {
        self.begin(&[self.file().to_str().unwrap()])
    }

    /// Runs it to its end, while the order gets these statuses.
    fn run(&self, arguments: &[&str], statuses: &[ProductOrderStatus]) -> Output {
        let program = self.begin(arguments);
        for status in statuses {
            self.wait_for_looks();
            self.set(status);
        }
        end(program)
    }

    fn order(&self, statuses: &[ProductOrderStatus]) -> Output {
        self.run(&[self.file().to_str().unwrap()], statuses)
    }

    /// Waits until the program has seen the current status: when the second look begins, the first
    /// has been answered.
    fn wait_for_looks(&self) {
        let looks = self.sandbox.count(LOOK) + 2;
        assert!(self.sandbox.wait_for(LOOK, looks));
    }

    fn set(&self, status: &ProductOrderStatus) {
        let id: ProductOrderId = ID.parse().unwrap();
        let set = self.sandbox.set_product_order_status(&id, status.clone());
        set.unwrap();
    }

    fn posts(&self) -> Vec<ReceivedRequest> {
        let requests = self.sandbox.requests().into_iter();
        requests
            .filter(|request| request.method == "POST" && request.path != "/accesstoken/get")
            .collect()
    }

    #[track_caller]
    fn assert_one_order(&self) {
        let all = ListProductOrders::new().include_expired(true);
        let orders = list_product_orders(&self.sandbox.session(), &all).unwrap();
        assert_eq!(orders.len(), 1);
    }
}

/// What it wrote and how it ended. That is less than a pipe holds, so it ends before it is read.
#[track_caller]
fn end(mut program: Killed) -> Output {
    eventually(|| program.0.try_wait().unwrap().is_some());
    let mut output = Output {
        status: program.0.wait().unwrap(),
        stdout: Vec::new(),
        stderr: Vec::new(),
    };
    if let Some(mut stdout) = program.0.stdout.take() {
        stdout.read_to_end(&mut output.stdout).unwrap();
    }
    if let Some(mut stderr) = program.0.stderr.take() {
        stderr.read_to_end(&mut output.stderr).unwrap();
    }
    output
}

/// What follows the message where the same command may never succeed.
fn advice(desk: &Desk) -> String {
    format!(
        "{}.state is kept, so that the same command sends the same order and never a second one. \
         If it keeps failing, delete that file, but only while no other run is active and if \
         GET /management/v2/product-orders does not list the order.\n",
        desk.file().display()
    )
}

#[track_caller]
fn assert_changed(desk: &Desk) {
    let before = desk.sandbox.count("*");
    let state = desk.state();
    let output = desk.order(&[]);
    let file = desk.file().display().to_string();
    let stderr = format!(
        "onboard: {file} has changed since it was sent: undo the changes, or use another FILE for \
         another order\n"
    );
    assert_output(&output, 2, "", &stderr);
    assert_eq!(desk.sandbox.count("*"), before);
    assert_eq!(desk.state(), state);
}

/// A name that this crate accepts and the API does not.
fn refused_by_the_api() -> String {
    SAMPLE.replace("Fantastic", "\u{fe4f}")
}

/// The line for a retry, as [`without_waits`] leaves it.
fn retry(status: &str) -> String {
    format!("onboard: {POST}: {status}; retrying in 0.0 s\n")
}

/// Takes out the waits before retries, which are random.
fn without_waits(mut output: Output) -> Output {
    let stderr = String::from_utf8(output.stderr).unwrap();
    let wait = Regex::new(r"retrying in [0-2]\.[0-9] s\n").unwrap();
    let stderr = wait.replace_all(&stderr, "retrying in 0.0 s\n");
    output.stderr = stderr.into_owned().into_bytes();
    output
}

fn key(request: &ReceivedRequest) -> &str {
    request.header("idempotency-key").unwrap()
}

#[test]
fn onboard_has_its_own_sandbox_and_plays_the_merchant() {
    let mut command = command("onboard", NO_VARS);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = end(Killed(command.spawn().unwrap()));
    assert_eq!(
        without_address(&output.stdout),
        format!(
            "Against its own sandbox at (address).\n\n{ORDERED}status  RECEIVED\n\
             status  MERCHANT_VIEWED\nstatus  ORDER_SUBMITTED\n{COMPLETED}"
        )
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/onboard");
    assert!(!sample.join("order.json.state").exists());
}

#[test]
fn an_order_is_made_once_and_followed_to_its_end() {
    let desk = Desk::new("end");
    let output = desk.order(&[
        ProductOrderStatus::MerchantViewed,
        ProductOrderStatus::OrderSubmitted,
        ProductOrderStatus::Completed,
    ]);
    let expected = format!(
        "{ORDERED}status  RECEIVED\nstatus  MERCHANT_VIEWED\nstatus  ORDER_SUBMITTED\n{COMPLETED}"
    );
    assert_output(&output, 0, &expected, "");

    // What went out is the file, under the key that is in the state.
    let posts = desk.posts();
    assert_eq!(posts.len(), 1);
    let sample: Value = serde_json::from_str(SAMPLE).unwrap();
    assert_eq!(posts[0].json(), Some(sample.clone()));
    let mut ordered = sample;
    ordered["idempotencyKey"] = json!(key(&posts[0]));
    let state = json!({
        "baseUrl": desk.sandbox.url(),
        "order": ordered,
        "answer": {
            "prefilledOrderId": ID,
            "prefillUrl": format!("https://portal.sandbox.invalid/register/prefilled/{ID}"),
        }
    });
    assert_eq!(desk.state(), Some(state.clone()));
    let mut files: Vec<_> = fs::read_dir(&desk.directory.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["order.json", "order.json.state"]);

    // Another run looks, and orders nothing.
    let again = desk.order(&[]);
    assert_output(&again, 0, &format!("{ORDERED}{COMPLETED}"), "");
    assert_eq!(desk.posts().len(), 1);
    assert_eq!(desk.state(), Some(state));
}

#[test]
fn each_end_has_its_exit_code() {
    let desk = Desk::new("rejected");
    let output = desk.order(&[ProductOrderStatus::Rejected]);
    let expected = format!("{ORDERED}status  RECEIVED\nstatus  REJECTED\n");
    assert_output(&output, 3, &expected, "");

    let desk = Desk::new("expired");
    let program = desk.begin_order();
    desk.wait_for_looks();
    desk.sandbox.advance(Duration::from_secs(14 * 24 * 60 * 60));
    let expected = format!("{ORDERED}status  RECEIVED\nstatus  EXPIRED\n");
    assert_output(&end(program), 4, &expected, "");
}

#[test]
fn a_status_that_is_not_known_is_shown_and_is_not_the_end() {
    let desk = Desk::new("status");
    let output = desk.order(&[
        ProductOrderStatus::Other("ON_HOLD".to_owned()),
        ProductOrderStatus::Completed,
    ]);
    let expected = format!("{ORDERED}status  RECEIVED\nstatus  ON_HOLD\n{COMPLETED}");
    assert_output(&output, 0, &expected, "");
}

#[test]
fn the_key_may_be_in_the_file() {
    let desk = Desk::new("key");
    let with_key = SAMPLE.replacen('{', "{\"idempotencyKey\": \"order-1\",", 1);
    desk.directory.write("order.json", &with_key);
    let output = desk.order(&[ProductOrderStatus::Completed]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(key(&desk.posts()[0]), "order-1");

    // None is none, and the order has one all the same.
    let without = SAMPLE.replacen('{', "{\"idempotencyKey\": null,", 1);
    let other = Desk::new("no-key");
    other.directory.write("order.json", &without);
    for statuses in [&[ProductOrderStatus::Completed][..], &[]] {
        let output = other.order(statuses);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    assert_eq!(other.posts().len(), 1);

    // Another key is another order.
    let changed = with_key.replace("order-1", "order-2");
    desk.directory.write("order.json", &changed);
    assert_changed(&desk);
}

// ---- What it refuses

#[test]
fn arguments_and_files_that_are_wrong() {
    let desk = Desk::new("wrong");
    desk.directory.write("broken.json", "{");
    desk.directory.write(
        "unknown.json",
        &SAMPLE.replace("annualTurnover\"", "turnover\""),
    );
    desk.directory
        .write("invalid.json", &SAMPLE.replace("5942", "59"));
    for (name, value, wrong) in [
        ("text.json", "100000", "\"many\""),
        ("product.json", "PAYMENT_INTEGRATION", "Chekout"),
        ("use_case.json", "\"Website\"", "\"Webiste\""),
    ] {
        desk.directory.write(name, &SAMPLE.replace(value, wrong));
    }
    desk.directory.write("state.json", SAMPLE);
    desk.directory.write("state.json.state", "");
    desk.directory.write("key.json", SAMPLE);
    let order = SAMPLE.replacen('{', "{\"idempotencyKey\": \"a.b\",", 1);
    let base_url = desk.sandbox.url();
    let wrong_key = format!(r#"{{"baseUrl": "{base_url}", "order": {order}}}"#);
    desk.directory.write("key.json.state", &wrong_key);
    let path = |name: &str| desk.directory.0.join(name).to_str().unwrap().to_owned();
    let [order, broken, unknown, invalid] =
        ["order.json", "broken.json", "unknown.json", "invalid.json"].map(path);
    let [text, product, use_case] = ["text.json", "product.json", "use_case.json"].map(path);
    let [state, key] = ["state.json", "key.json"].map(path);
    let help = "\nTry --help.";
    for (arguments, expected) in [
        (vec![], format!("FILE is required with VIPPS_* set{help}")),
        (vec!["--poll", "-1"], format!("--poll is given twice{help}")),
        (vec!["--wait"], format!("unknown option \"--wait\"{help}")),
        (
            vec!["--order", "7"],
            format!(
                "--order: invalid input: productOrderId: must be a UUID (8-4-4-4-12 hexadecimal \
                 digits), not \"7\"{help}"
            ),
        ),
        (
            vec![&order, "--order", ID],
            format!("give FILE or --order, not both{help}"),
        ),
        (
            vec![&order, "other"],
            format!("unexpected argument \"other\"{help}"),
        ),
        (vec!["--order"], format!("--order needs a value{help}")),
        (
            vec![&broken],
            format!("{broken}: EOF while parsing an object at line 1 column 1, after {{"),
        ),
        (
            vec![&unknown],
            format!(
                "{unknown}: unknown field `turnover`, expected one of `businessIdentifier`, \
                 `productType`, `salesUnitName`, `salesUnitLogo`, `settlementBankAccount`, \
                 `pricePackageId`, `productUseCase`, `annualTurnover`, \
                 `annualTurnoverPercentage`, `intendedPurpose`, `app`, `website`, `hasRecurring`, \
                 `merchantCategoryCode`, `idempotencyKey` at line 8 column 12, after \"turnover\""
            ),
        ),
        (
            vec![&invalid],
            format!(
                "{invalid}: invalid input: merchantCategoryCode: must be four digits, not \"59\""
            ),
        ),
        (
            vec![&text],
            format!(
                "{text}: invalid type: string \"many\", expected i64 at line 8 column 26, after \
                 \"annualTurnover\": \"many\""
            ),
        ),
        (
            vec![&product],
            format!(
                "{product}: invalid input: productType: must be one of PAYMENT_INTEGRATION, \
                 CASHIER, CHECKOUT, LOGIN, DONATIONS, not \"Chekout\""
            ),
        ),
        (
            vec![&use_case],
            format!(
                "{use_case}: invalid input: productUseCase: must be one of Website, \
                 WebsiteWithTest, App, Unknown, not \"Webiste\""
            ),
        ),
        (
            vec![&state],
            format!("cannot read {state}.state: EOF while parsing a value at line 1 column 0"),
        ),
        (
            vec![&key],
            format!(
                "{key}.state: invalid input: idempotencyKey: must be 1 to 50 ASCII letters, digits \
                 and hyphens, not \"a.b\""
            ),
        ),
    ] {
        let output = desk.run(&arguments, &[]);
        assert_output(&output, 2, "", &format!("onboard: {expected}\n"));
    }
    // A run that went on would end here.
    desk.sandbox.fault(POST, usize::MAX, Fault::status(403));
    let vars = desk.sandbox.env();
    for (vars, poll) in [
        (&vars[..], "3601"),
        (&vars[..], "0"),
        (&vars[..], "0.09"),
        (&vars[..], "NaN"),
        (&[], "-1"),
    ] {
        let mut command = command("onboard", vars);
        let output = command.args([&order, "--poll", poll]).output().unwrap();
        let stderr = format!("onboard: --poll must be 0.1 to 3600, not {poll:?}\nTry --help.\n");
        assert_output(&output, 2, "", &stderr);
    }
    assert_eq!(desk.sandbox.count("*"), 0);
}

#[test]
fn without_variables_there_is_no_order_to_wait_for() {
    let mut alone = command("onboard", NO_VARS);
    let output = alone.args(["--order", ID]).output().unwrap();
    let stderr = "onboard: --order needs VIPPS_*\nTry --help.\n";
    assert_output(&output, 2, "", stderr);

    let output = command("onboard", &[("VIPPS_CLIENT_ID", "id")])
        .output()
        .unwrap();
    let stderr = "onboard: configuration: VIPPS_CLIENT_SECRET: not set in the environment; \
                  VIPPS_SUBSCRIPTION_KEY: not set in the environment\n";
    assert_output(&output, 2, "", stderr);
}

#[test]
fn help() {
    let source = include_str!("../../../examples/onboard/main.rs");
    let (_, text) = source.split_once("help: \"\\\n").unwrap();
    let (text, _) = text.split_once("\",\n").unwrap();
    let desk = Desk::new("help");
    let output = desk.run(&["--help"], &[]);
    assert_output(&output, 0, text, "");
    assert!(text.lines().all(|line| line.len() <= 80));
    assert_eq!(desk.sandbox.count("*"), 0);
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let desk = Desk::new("mark");
    let text = format!("\u{feff}{}", SAMPLE.replace('\n', "\r\n"));
    desk.directory.write("order.json", &text);
    for statuses in [&[ProductOrderStatus::Completed][..], &[]] {
        let output = desk.order(statuses);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    let posts = desk.posts();
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].json(), serde_json::from_str(SAMPLE).ok());
}

#[test]
fn text_of_the_api_stays_on_its_line() {
    let desk = Desk::new("control");
    let mut order = json!({
        "productOrderId": ID,
        "status": "REJECTED",
        "businessIdentifier": {"scheme": "business:NO:ORG", "id": "987654321"},
        "productOrderUrl": format!("https://example.com/{}\n\u{1b}[2J", "a".repeat(80)),
        "salesUnit": {"msn": "123456", "name": format!("A\nstatus  COMPLETED{}", "b".repeat(40))},
    });
    let reply = Fault::json(200, order.to_string());
    desk.sandbox.fault(LOOK, 1, reply);
    let output = desk.run(&["--order", ID], &[]);
    let expected = format!(
        "order   {ID}\n\
         url     https://example.com/{}\\n\\u{{1b}}[2J\n\
         status  REJECTED, sales unit 123456 A\\nstatus  COMPLETEDbbbbbbbbbbbbbbbbbbbbb...\n",
        "a".repeat(80)
    );
    assert_output(&output, 3, &expected, "");

    // Nor does a status forge a line.
    order["status"] = json!("X\nstatus  COMPLETED");
    desk.sandbox
        .fault(LOOK, 1, Fault::json(200, order.to_string()));
    desk.sandbox.fault(LOOK, 1, Fault::status(404));
    let output = desk.run(&["--order", ID], &[]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stdout.lines().count(), 3, "{stdout}");
}
