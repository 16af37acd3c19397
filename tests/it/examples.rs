//! The examples as programs: what they print, what they send, and how they exit.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

mod export;
mod nightly;
mod onboard;
mod quickstart;
mod receipts;
mod sandbox;

#[path = "../example_build.rs"]
mod example_build;

/// The path of an example's program.
fn program(example: &'static str) -> PathBuf {
    let file = format!("{example}{}", std::env::consts::EXE_SUFFIX);
    example_build::fresh(example, &file)
}

/// Runs an example against its own sandbox, with these variables and no other `VIPPS_*` variables.
const NO_VARS: &[(&str, &str)] = &[];

fn command(example: &'static str, vars: &[(&str, impl AsRef<OsStr>)]) -> Command {
    with_vars(Command::new(program(example)), vars)
}

fn with_vars(mut command: Command, vars: &[(&str, impl AsRef<OsStr>)]) -> Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("VIPPS_") {
            command.env_remove(name);
        }
    }
    command.envs(vars.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null());
    command
}

/// Asserts how a program ended. Messages are compared as they are before they are wrapped.
#[track_caller]
fn assert_output(output: &Output, code: i32, stdout: &str, stderr: &str) {
    assert_eq!(String::from_utf8_lossy(&output.stdout), stdout);
    assert_eq!(unwrapped(&output.stderr), stderr);
    assert_eq!(output.status.code(), Some(code));
}

/// Messages with their continuation lines joined, once they are shown to fit on 80 columns.
#[track_caller]
fn unwrapped(messages: &[u8]) -> String {
    let text = String::from_utf8_lossy(messages);
    for line in text.lines() {
        // A long word, such as a path, is not cut.
        let fits = line.chars().count() <= 80 || !line.trim_start().contains(' ');
        assert!(fits, "{line}");
    }
    text.replace("\n    ", " ")
}

/// The output with the sandbox's address taken out, which is another one each time.
fn without_address(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output).into_owned();
    let (start, rest) = text.split_once("http://127.0.0.1:").expect("an address");
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{start}(address){rest}")
}

/// An empty directory for one test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let id = std::process::id();
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{id}"));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Kills the child when a test fails.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Killed {
    /// Sends Ctrl-C. Children of a background script ignore it, so those get SIGTERM.
    #[cfg(unix)]
    #[track_caller]
    fn interrupt(&mut self) {
        use std::os::unix::process::ExitStatusExt;

        let (signal, number) = match ignores_interrupts() {
            false => ("-INT", 2),
            true => ("-TERM", 15),
        };
        let id = self.0.id().to_string();
        // The shell's builtin, as not every system has a `kill` program.
        let mut kill = Command::new("sh");
        kill.args(["-c", "kill \"$0\" \"$1\"", signal, &id]);
        assert!(kill.status().unwrap().success());
        eventually(|| self.0.try_wait().unwrap().is_some());
        assert_eq!(self.0.wait().unwrap().signal(), Some(number));
    }

    /// Waits a limited time for it to exit on its own and returns its exit code.
    #[track_caller]
    fn code(&mut self) -> Option<i32> {
        eventually(|| self.0.try_wait().unwrap().is_some());
        self.0.wait().unwrap().code()
    }

    /// Reads lines from the child's standard error, which must be piped.
    fn stderr_lines(&mut self) -> Lines {
        let stderr = BufReader::new(self.0.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines() {
                // Nothing listens any more once the test is over.
                drop(sender.send(line.unwrap()));
            }
        });
        Lines(lines)
    }
}

/// Whether this process ignores interrupts, as far as the system tells.
#[cfg(unix)]
fn ignores_interrupts() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The signals are bits, starting with signal 1.
    ignored.is_some_and(|bits| u64::from_str_radix(bits.trim(), 16).unwrap() & 0b10 != 0)
}

struct Lines(mpsc::Receiver<String>);

impl Lines {
    #[track_caller]
    fn next(&self) -> String {
        self.0.recv_timeout(PATIENCE).expect("a line")
    }
}

/// How long a test waits for an expected event.
const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for a condition.
#[track_caller]
fn eventually(mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(1));
    }
}
