use std::fmt::Display;
use std::io::{Write, stderr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use vipps::Attempt;

use crate::waits::Waits;

/// The progress of the export, on standard error: a bar on a terminal, lines elsewhere.
#[derive(Clone)]
pub(crate) struct Progress {
    bar: ProgressBar,
    waits: Arc<Mutex<Waits>>,
}

/// Fewer sales units than this take no time worth a line.
const WORTH_LINES: u64 = 100;

/// A message on standard error. That nobody reads it is no reason to stop.
pub(crate) fn say(message: impl Display) {
    let line = visible(&message.to_string()) + "\n";
    drop(stderr().write_all(line.as_bytes()));
}

/// The text with its control characters escaped.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match c.is_control() {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            bar: ProgressBar::hidden(),
            waits: Arc::default(),
        }
    }

    pub(crate) fn start(&self, total: usize) {
        let template = "{wide_bar} {pos}/{len}  {per_sec}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.set_length(total as u64);
        self.bar.reset();
        // Hidden where standard error is not a terminal.
        self.bar.set_draw_target(ProgressDrawTarget::stderr());
        if !self.bar.is_hidden() {
            self.bar.enable_steady_tick(Duration::from_millis(200));
        }
    }

    /// Takes the bar away while something else is written to its terminal.
    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    pub(crate) fn one_done(&self) {
        self.bar.inc(1);
        let (done, total) = (self.bar.position(), self.total());
        let tenths = |done: u64| done * 10 / total;
        let is_line = total >= WORTH_LINES && done < total && tenths(done) > tenths(done - 1);
        if is_line && self.bar.is_hidden() {
            let rate = self.rate();
            let left = (total - done) as f64 / rate;
            say(format_args!(
                "{done} of {total}, {rate:.0}/s, {left:.0} s left"
            ));
        }
    }

    /// Says when the API asks to wait, once for all workers that are told so.
    pub(crate) fn observe(&self, attempt: &Attempt) {
        let (Some(status @ (423 | 429)), Some(wait)) = (attempt.status(), attempt.retry_in())
        else {
            return;
        };
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        if !waits.is_news(wait, Instant::now()) {
            return;
        }
        let seconds = wait.as_secs_f64().ceil();
        self.suspend(|| {
            say(format_args!(
                "asked to wait ({status}): no request for {seconds} s"
            ));
        });
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Says how long it took, also beside the least time that it can take, where that is known.
    pub(crate) fn finish(&self, failed: usize, least: Option<Duration>) {
        let (total, rate) = (self.total(), self.rate());
        let seconds = self.bar.elapsed().as_secs_f64();
        self.clear();
        say(format_args!(
            "{total} sales units, {failed} failed: {seconds:.2} s, {rate:.0}/s"
        ));
        if let Some(least) = least {
            let least = least.as_secs_f64();
            let ratio = seconds / least;
            say(format_args!(
                "{ratio:.2} times the least time possible, {least:.2} s"
            ));
        }
    }

    fn total(&self) -> u64 {
        self.bar.length().unwrap_or_default()
    }

    fn rate(&self) -> f64 {
        self.bar.position() as f64 / self.bar.elapsed().as_secs_f64().max(f64::EPSILON)
    }
}
