//! The progress on standard error: a bar on a terminal, lines elsewhere.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use vipps::Attempt;

use super::common::say;

/// Shows the bar, which was hidden, if standard error is a terminal.
pub(crate) fn start(bar: &ProgressBar, total: usize) {
    let style = ProgressStyle::with_template("{wide_bar} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(format!("0 of {total}"));
    bar.set_length(total as u64);
    bar.reset();
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.enable_steady_tick(Duration::from_millis(200));
}

/// Counts a row that was written.
pub(crate) fn advance(bar: &ProgressBar) {
    bar.inc(1);
    let (done, total) = (bar.position(), bar.length().unwrap_or_default());
    let (tenth, last_tenth) = (done * 10 / total, (done - 1) * 10 / total);
    let rate = done as f64 / bar.elapsed().as_secs_f64();
    let left = (total - done) as f64 / rate;
    let status = format!("{done} of {total}, {rate:.0}/s, {left:.0} s left");
    if !bar.is_hidden() {
        bar.set_message(status);
    } else if total >= 100 && done < total && tenth > last_tenth {
        say(&status);
    }
}

/// Reports the waits that the API asks for, but not once per worker.
pub(crate) fn observer(bar: ProgressBar) -> impl Fn(&Attempt) {
    let reported = Mutex::new(Instant::now());
    move |attempt| {
        if let (Some(status @ (423 | 429)), Some(wait)) = (attempt.status(), attempt.retry_in()) {
            let mut reported = reported.lock().unwrap_or_else(PoisonError::into_inner);
            if is_news(&mut reported, wait, Instant::now()) {
                let seconds = wait.as_secs_f64().ceil();
                let line = format!("the API answered {status}: no requests for {seconds} s");
                bar.suspend(|| say(&line));
            }
        }
    }
}

/// Whether to report a wait that starts now: if it ends a second or more after those reported.
pub(crate) fn is_news(reported: &mut Instant, wait: Duration, now: Instant) -> bool {
    let until = now + wait;
    let is_news = until >= now.max(*reported) + Duration::from_secs(1);
    if is_news {
        *reported = until;
    }
    is_news
}

/// Reports the result, and how it compares with the least possible time unless that is 0.
pub(crate) fn finish(bar: &ProgressBar, failed: u64, least: f64) {
    let seconds = bar.elapsed().as_secs_f64();
    let rate = bar.position() as f64 / seconds;
    bar.finish_and_clear();
    let exported = bar.position() - failed;
    let time = format!("{seconds:.2} s, {rate:.0}/s");
    say(&format!("exported {exported}, failed {failed}: {time}"));
    if least > 0.0 {
        let (ratio, unit) = (seconds / least, "times the least time possible");
        say(&format!("{ratio:.2} {unit}, {least:.2} s"));
    }
}
