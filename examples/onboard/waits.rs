use std::thread;
use std::time::Duration;

use indicatif::ProgressBar;

/// The waits between two looks at an order, and what is on the screen during them.
pub(crate) struct Waits {
    start: Duration,
    next: Duration,
    looks: u32,
    /// Shows itself on a terminal only.
    line: ProgressBar,
}

const LONGEST: Duration = Duration::from_secs(5 * 60);

/// Whatever the service asks for, after an hour it is worth a try.
const LONGEST_ASKED_FOR: Duration = Duration::from_secs(60 * 60);

impl Waits {
    pub(crate) fn new(start: Duration) -> Self {
        Self {
            start,
            next: start,
            looks: 0,
            line: ProgressBar::new_spinner(),
        }
    }

    pub(crate) fn begin_anew(&mut self) {
        self.next = self.start;
    }

    /// Waits, longer than the last time, and not less than the service asked for.
    pub(crate) fn wait(&mut self, asked_for: Option<Duration>) {
        let wait = asked_for.unwrap_or_default().min(LONGEST_ASKED_FOR);
        let wait = wait.max(self.next);
        self.next = (self.next * 3 / 2).min(LONGEST.max(self.start));
        self.looks += 1;
        let (looks, seconds) = (self.looks, wait.as_secs_f64());
        let message = format!("looks: {looks}, the next in {seconds:.0} s");
        self.line.set_message(message);
        self.line.tick();
        thread::sleep(wait);
    }

    /// Prints a line of the result.
    pub(crate) fn print(&self, line: &str) {
        self.line.suspend(|| println!("{line}"));
    }

    /// Says what is amiss.
    pub(crate) fn say(&self, line: &str) {
        self.line.suspend(|| eprintln!("{line}"));
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}
