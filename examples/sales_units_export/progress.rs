use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How far the export is, on standard error: a bar on a terminal, lines elsewhere.
pub(crate) struct Progress {
    /// `None` for lines.
    bar: Option<ProgressBar>,
    /// Whether rows go to a terminal, which may be the bar's.
    is_among_rows: bool,
    total: usize,
    done: Mutex<usize>,
    began: Instant,
}

/// Fewer than this take no time worth a line.
const WORTH_LINES: usize = 100;

/// A line on standard error. That nobody reads it is no reason to stop.
pub(crate) fn say(what: impl Display) {
    drop(writeln!(stderr(), "{what}"));
}

impl Progress {
    pub(crate) fn none() -> Self {
        Self {
            bar: None,
            is_among_rows: false,
            total: 0,
            done: Mutex::new(0),
            began: Instant::now(),
        }
    }

    pub(crate) fn start(total: usize, to_file: bool) -> Self {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len}  {per_sec}  {eta} left");
        let bar = stderr().is_terminal().then(|| {
            let bar =
                ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(200));
            match style {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Self {
            // Not every terminal can show one.
            bar: bar.filter(|bar| !bar.is_hidden()),
            is_among_rows: !to_file && stdout().is_terminal(),
            total,
            ..Self::none()
        }
    }

    /// Writes rows, without the bar where that stands in their way.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) if self.is_among_rows => bar.suspend(write),
            _ => write(),
        }
    }

    pub(crate) fn one_done(&self) {
        // Held while printing, so that lines are in their order.
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        let done = *done;
        if let Some(bar) = &self.bar {
            bar.inc(1);
            return;
        }
        let tenths = |done: usize| done * 10 / self.total.max(1);
        if self.total >= WORTH_LINES && done < self.total && tenths(done) > tenths(done - 1) {
            let rate = self.rate(done);
            let left = (self.total - done) as f64 / rate;
            let total = self.total;
            say(format_args!(
                "{done} of {total}, {rate:.0}/s, {left:.0} s left"
            ));
        }
    }

    /// Says something that is not about a single unit.
    pub(crate) fn say(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.println(what),
            None => say(what),
        }
    }

    /// Says how long it took, also beside the least time that it can take, where that is known.
    pub(crate) fn finish(&self, failed: usize, least: Option<Duration>) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let seconds = self.began.elapsed().as_secs_f64();
        let (total, rate) = (self.total, self.total as f64 / seconds.max(f64::EPSILON));
        say(format_args!(
            "{total} sales units, {failed} failed, in {seconds:.2} s: {rate:.1} a second"
        ));
        if let Some(least) = least {
            let least = least.as_secs_f64();
            let ratio = seconds / least;
            say(format_args!(
                "That is {ratio:.2} times the least time possible, {least:.2} s."
            ));
        }
    }

    fn rate(&self, done: usize) -> f64 {
        done as f64 / self.began.elapsed().as_secs_f64().max(f64::EPSILON)
    }
}
