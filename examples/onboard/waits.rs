use std::thread;
use std::time::Duration;

use indicatif::ProgressBar;

use vipps::Error;

use crate::{Failure, intervals};

/// The waits between two looks at an order, and what is on the screen during them.
pub(crate) struct Waits {
    first: Duration,
    since_change: u32,
    looks: u32,
    /// Shows itself on a terminal only.
    line: ProgressBar,
}

impl Waits {
    pub(crate) fn new(first: Duration) -> Self {
        Self {
            first,
            since_change: 0,
            looks: 0,
            line: ProgressBar::new_spinner(),
        }
    }

    pub(crate) fn begin_anew(&mut self) {
        self.since_change = 0;
    }

    pub(crate) fn wait(&mut self) {
        let wait = self.next(None);
        self.sleep(wait);
    }

    /// Says what has failed and what is done about it, and waits.
    pub(crate) fn wait_after(&mut self, error: &Error, done: &str) {
        let wait = self.next(error.retry_after());
        let line = format!("onboard: {error}; it is {done} again in {wait:.1?}");
        self.line.suspend(|| crate::say(&line));
        self.sleep(wait);
    }

    /// Prints a line of the result.
    pub(crate) fn print(&self, line: &str) -> Result<(), Failure> {
        self.line.suspend(|| crate::print(line))
    }

    fn next(&mut self, asked_for: Option<Duration>) -> Duration {
        let wait = intervals::wait(self.first, self.since_change, asked_for);
        self.since_change = self.since_change.saturating_add(1);
        wait
    }

    fn sleep(&mut self, wait: Duration) {
        self.looks += 1;
        let (looks, seconds) = (self.looks, wait.as_secs_f64());
        let message = format!("looks: {looks}, the next in {seconds:.0} s");
        self.line.set_message(message);
        self.line.tick();
        thread::sleep(wait);
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}
