//! Waits that the API asks for, and workers that wait for each other.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use serde_json::json;
use vipps::management::list_sales_units;
use vipps::sandbox::{Fault, Sandbox};

use super::super::{Directory, Killed, Lines, assert_output, command};
use super::{DETAILS, assert_export, begin, export, rows, three_rows};
use crate::support::{
    RawServer, json_reply, read_request, reply, sample_sales_unit, until, within_bounds,
};

#[path = "../../../../examples/common/mod.rs"]
mod common;
#[path = "../../../../examples/sales_units_export/output.rs"]
#[expect(dead_code, reason = "the rest is tested through the program")]
mod output;
#[path = "../../../../examples/sales_units_export/workers.rs"]
mod workers;

const LIST: &str = "GET /management/v1/sales-units";
const UNIT: &str = "GET /management/v1/sales-units/654321";

// ---- The API asks to wait

/// An API that tells three of four workers to wait for 25 minutes, and does not answer the first
/// one yet.
struct Closed {
    program: Killed,
    lines: Lines,
    /// Lets it answer the first worker.
    answer_first: mpsc::Sender<()>,
    requests: Arc<AtomicUsize>,
    _server: RawServer,
}

fn closed(stdout: impl Into<Stdio>) -> Closed {
    let (answer_first, asked) = mpsc::channel();
    let (asked, requests) = (Mutex::new(asked), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&requests);
    let server = RawServer::each(move |mut stream| {
        while let Some(request) = read_request(&mut stream) {
            let path = request.split(' ').nth(1).unwrap();
            let answer = match path.rsplit('/').next().unwrap() {
                "get" => json_reply(r#"{"access_token": "a-token", "expires_in": "3600"}"#),
                "sales-units" => {
                    let unit =
                        |nth: u32| json!({"msn": (1_000_000 + nth).to_string(), "name": "A"});
                    json_reply(&json!((0..40).map(unit).collect::<Vec<_>>()).to_string())
                }
                msn => {
                    counted.fetch_add(1, Ordering::SeqCst);
                    until("four requests", || counted.load(Ordering::SeqCst) >= 4);
                    if msn == "1000000" {
                        // The sender is gone if a test has failed.
                        let _ = asked.lock().unwrap().recv();
                        json_reply(&sample_sales_unit().to_string())
                    } else {
                        reply("429 Too Many Requests", &["Retry-After: 1500"], "")
                    }
                }
            };
            // Fails if the program has ended.
            drop(stream.write_all(&answer));
        }
    });
    let url = server.url();
    let vars = [
        ("VIPPS_BASE_URL", url.as_str()),
        ("VIPPS_CLIENT_ID", "an-id"),
        ("VIPPS_CLIENT_SECRET", "a-secret"),
        ("VIPPS_SUBSCRIPTION_KEY", "a-key"),
    ];
    let mut command: Command = command("sales_units_export", &vars);
    command.args(["--workers", "4", "--format", "jsonl"]);
    command.stdout(stdout).stderr(Stdio::piped());
    let mut program = Killed(command.spawn().unwrap());
    let lines = program.stderr_lines();
    assert_eq!(lines.next(), "the API answered 429: no requests for 1500 s");
    Closed {
        program,
        lines,
        answer_first,
        requests,
        _server: server,
    }
}

impl Closed {
    /// Answers the first worker and waits for the exit. Returns the lines after the first.
    #[track_caller]
    fn ends(&mut self, code: i32) -> Vec<String> {
        self.answer_first.send(()).unwrap();
        assert_eq!(self.program.code(), Some(code));
        self.lines.0.iter().collect()
    }
}

#[test]
fn all_workers_wait_when_the_api_asks_one_to() {
    let mut closed = closed(Stdio::piped());
    closed.answer_first.send(()).unwrap();
    let mut stdout = BufReader::new(closed.program.0.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    // The first worker is free to send another request now.
    spend_time(&Sandbox::start().unwrap());
    assert_eq!(closed.requests.load(Ordering::SeqCst), 4);
}

#[test]
fn a_reader_that_is_gone_ends_it_though_workers_wait() {
    let mut closed = closed(Stdio::piped());
    drop(closed.program.0.stdout.take());
    let said = closed.ends(0);
    // One line for the three workers; a second one if they were told seconds apart.
    assert!(said.len() < 2, "{said:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_it_though_workers_wait() {
    let full = std::fs::File::options().write(true).open("/dev/full");
    let said = closed(full.unwrap()).ends(2);
    let start = "sales_units_export: cannot write to standard output: No space left on device";
    let said = said.join("\n").replace("\n    ", " ");
    assert!(said.lines().last().unwrap().starts_with(start), "{said}");
}

#[test]
fn a_wait_is_announced_once() {
    let now = Instant::now();
    let reported = Mutex::new(now);
    // Milliseconds since the start, milliseconds to wait, and whether it is reported.
    for (after, wait, expected) in [
        (0, 999, false),
        (0, 3000, true),
        (0, 3000, false),
        (900, 3000, false),
        // Ends a second later than the reported one.
        (1000, 3000, true),
        (1500, 500, false),
        (3999, 1000, false),
        (4000, 1000, true),
        // The reported one is over.
        (6000, 999, false),
        (6000, 1000, true),
    ] {
        let now = now + Duration::from_millis(after);
        let is_news = output::is_news(&reported, Duration::from_millis(wait), now);
        assert_eq!(is_news, expected, "{wait} ms after {after} ms");
    }
}

#[test]
fn it_goes_on_when_the_time_is_up() {
    let sandbox = Sandbox::builder().sales_units(12).start().unwrap();
    let route = "GET /management/v1/sales-units/1000003";
    sandbox.fault(route, 1, Fault::status_retry_after(429, "1"));
    let output = export(&sandbox, &["--workers", "1"]);
    let stderr = "the API answered 429: no requests for 1 s\nexported 12, failed 0\n";
    assert_export(&output, 0, &rows(12), stderr);
    assert_eq!(sandbox.count(DETAILS), 13);
}

#[test]
fn a_429_is_one_of_the_attempts() {
    for (status, attempts, code) in [(429, "2", 1), (429, "3", 0), (423, "3", 0)] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.fault(UNIT, 2, Fault::status_retry_after(status, "0"));
        let output = export(&sandbox, &["--workers", "1", "--attempts", attempts]);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert_eq!(sandbox.count(UNIT), if code == 0 { 3 } else { 2 });
    }
}

#[test]
fn hours_are_not_waited_for() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault(LIST, 1, Fault::status_retry_after(429, "7200"));
    let output = export(&sandbox, &[]);
    let stderr = "sales_units_export: GET /management/v1/sales-units: 429 Too Many Requests: \
                  Injected fault [trace 0af7651916cd43dd8448eb211c80319c] \
                  (retry after 7200 s)\n";
    assert_output(&output, 2, "", stderr);
    // The same for a sales unit, and for the requests that would have to wait for it.
    sandbox.fault(DETAILS, 1, Fault::status_retry_after(429, "7200"));
    let output = export(&sandbox, &["--workers", "1"]);
    assert_eq!(sandbox.count(DETAILS), 1);
    assert_eq!(output.status.code(), Some(1));
    let rows = String::from_utf8(output.stdout).unwrap();
    assert_eq!(rows.matches("(retry after ").count(), 3, "{rows}");
}

#[test]
fn the_list_waits_too() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.fault(LIST, 1, Fault::status_retry_after(429, "1"));
    let output = export(&sandbox, &[]);
    let stderr = "the API answered 429: no requests for 1 s\nexported 3, failed 0\n";
    assert_export(&output, 0, &three_rows(), stderr);
}

// ---- Workers

#[test]
fn workers_do_not_run_ahead_of_one_that_is_slow() {
    let directory = Directory::new("ahead");
    let file = directory.0.join("units.csv");
    let sandbox = Sandbox::builder().sales_units(200).start().unwrap();
    sandbox.fault("GET /management/v1/sales-units/1000000", 1, Fault::Hold);
    let mut program = begin(&sandbox, &file, &["--workers", "2"]);
    assert!(sandbox.wait_for(DETAILS, 128));
    spend_time(&sandbox);
    assert_eq!(sandbox.count(DETAILS), 128);
    sandbox.release();
    assert_eq!(program.code(), Some(0));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), rows(200));
}

#[test]
fn a_worker_that_panics_ends_it_though_others_wait() {
    let (sender, never) = mpsc::channel::<()>();
    within_bounds(move || {
        let (never, waiting) = (Mutex::new(never), Arc::new(AtomicUsize::new(0)));
        let work = move |job| match job {
            0 => {
                waiting.fetch_add(1, Ordering::SeqCst);
                let _ = never.lock().unwrap().recv();
            }
            _ => {
                until("the other waits", || waiting.load(Ordering::SeqCst) == 1);
                panic!("on purpose");
            }
        };
        let mut results = workers::run(2, vec![0, 1], work).unwrap();
        assert_eq!(results.next(), Some(Err("a worker panicked")));
    });
    drop(sender);
}

#[test]
fn results_come_in_the_order_of_the_jobs() {
    for threads in [1, 3, 64] {
        let results = workers::run(threads, (0..1000).collect(), |job: i32| -job).unwrap();
        assert!(results.eq((0..1000).map(|job| Ok(-job))));
    }
}

/// Takes longer than a worker takes to send another request.
fn spend_time(sandbox: &Sandbox) {
    let session = sandbox.session();
    for _ in 0..20 {
        list_sales_units(&session).unwrap();
    }
}
