//! `cargo bench --bench calls -- soak 600`: runs calls on 8 threads for that many seconds and
//! prints what the process still holds.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use vipps::management::get_sales_unit;

use crate::by_hand::session;
use crate::measure::{by_threads, heap_in_use};
use crate::server::Server;
use crate::unit::UNIT;

const THREADS: usize = 8;

/// After this many calls a thread makes one with a new session, which looks up the host, connects
/// and is dropped.
const CALLS: usize = 500;

/// The time between two lines of output.
const INTERVAL: Duration = Duration::from_secs(30);

/// The argument that turns a process into the server.
pub(crate) const SERVE: &str = "serve";

/// What the process holds while no call is running.
struct Held {
    rss_kib: usize,
    files: usize,
    threads: usize,
}

pub(crate) fn soak(seconds: u64) -> ExitCode {
    if !cfg!(target_os = "linux") {
        println!("skipped: needs /proc, which only Linux has");
        return ExitCode::SUCCESS;
    }
    let (mut server, url) = start_server();
    let shared = session(&url);
    let msn = "123456".parse().unwrap();
    let calls = AtomicUsize::new(0);
    let began = Instant::now();
    let end = began + Duration::from_secs(seconds);
    let mut all = Vec::new();
    println!("seconds |    calls | RSS, KiB | heap, KiB | file descriptors | threads");
    while Instant::now() < end {
        let pause = (Instant::now() + INTERVAL).min(end);
        by_threads(THREADS, || {
            while Instant::now() < pause {
                for _ in 0..CALLS {
                    get_sales_unit(&shared, &msn).unwrap();
                }
                get_sales_unit(&session(&url), &msn).unwrap();
                calls.fetch_add(CALLS + 1, Ordering::Relaxed);
            }
        });
        let held = Held::now();
        println!(
            "{:7} | {:8} | {:8} | {:9} | {:16} | {:7}",
            began.elapsed().as_secs(),
            calls.load(Ordering::Relaxed),
            held.rss_kib,
            heap_in_use() / 1024,
            held.files,
            held.threads,
        );
        all.push(held);
    }
    server.kill().unwrap();
    server.wait().unwrap();
    let (first, last) = (all.first().unwrap(), all.last().unwrap());
    let is_flat = last.rss_kib <= first.rss_kib + first.rss_kib / 10
        && last.files <= first.files
        && last.threads <= first.threads;
    println!("{}", if is_flat { "flat" } else { "NOT FLAT" });
    ExitCode::from(u8::from(!is_flat))
}

/// Starts the server in its own process, to keep its resources out of the figures.
fn start_server() -> (Child, String) {
    let mut server = Command::new(env::current_exe().unwrap());
    server
        .arg(SERVE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut server = server.spawn().unwrap();
    let mut url = String::new();
    let mut output = BufReader::new(server.stdout.take().unwrap());
    output.read_line(&mut url).unwrap();
    (server, url.trim().to_owned())
}

/// Serves until the other process ends.
pub(crate) fn serve() -> ExitCode {
    let server = Server::start(UNIT, Duration::from_millis(2));
    println!("{}", server.url_by_name());
    io::copy(&mut io::stdin(), &mut io::sink()).unwrap();
    ExitCode::SUCCESS
}

impl Held {
    fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let number = |name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap()
                .split_whitespace()
                .next()
                .unwrap()
                .parse()
                .unwrap()
        };
        Self {
            rss_kib: number("VmRSS:"),
            files: fs::read_dir("/proc/self/fd").unwrap().count(),
            threads: number("Threads:"),
        }
    }
}
