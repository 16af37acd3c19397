//! Where the rows go, and the progress on standard error: a bar on a terminal, lines elsewhere.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write, stdout};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use vipps::Attempt;

use super::common::{say, visible};

/// Standard output, or a file that gets its name once it is complete.
pub(crate) struct Output {
    sink: Box<dyn Write>,
    is_terminal: bool,
    /// The temporary path and the final one of a regular file.
    rename: Option<(PathBuf, PathBuf)>,
    bar: ProgressBar,
}

impl Output {
    pub(crate) fn open(path: Option<&str>) -> io::Result<Self> {
        let mut output = Self {
            sink: Box::new(stdout()),
            is_terminal: stdout().is_terminal(),
            rename: None,
            bar: ProgressBar::hidden(),
        };
        let Some(path) = path else {
            return Ok(output);
        };
        output.is_terminal = false;
        let permissions = match File::options().write(true).open(path) {
            Ok(file) if file.metadata()?.is_file() => Some(file.metadata()?.permissions()),
            Ok(file) => {
                output.is_terminal = file.is_terminal();
                output.sink = Box::new(file);
                return Ok(output);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        // Replaces the target of a symbolic link, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.into());
        let mut temporary = path.clone().into_os_string();
        temporary.push(format!(".{}.partial", std::process::id()));
        let file = File::create(&temporary)?;
        output.rename = Some((temporary.into(), path));
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        output.sink = Box::new(file);
        Ok(output)
    }

    /// Shows the bar if standard error is a terminal, and counts rows from here on.
    pub(crate) fn start(&self, total: usize) {
        let style = ProgressStyle::with_template("{wide_bar} {pos} of {len}{msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        self.bar.set_style(style);
        self.bar.set_length(total as u64);
        self.bar.reset();
        self.bar.set_draw_target(ProgressDrawTarget::stderr());
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    /// Writes a row with one call, so that an interrupted export ends after a complete row.
    pub(crate) fn write(&mut self, row: &str) -> io::Result<()> {
        let mut write = |row: &str| self.sink.write_all(format!("{row}\n").as_bytes());
        match self.is_terminal {
            true => self.bar.suspend(|| write(&visible(row)))?,
            false => write(row)?,
        }
        self.bar.inc(1);
        let (done, total) = (self.bar.position(), self.bar.length().unwrap_or(0));
        let rate = done as f64 / self.bar.elapsed().as_secs_f64();
        let left = (total as f64 - done as f64) / rate;
        let status = format!(", {rate:.0}/s, {left:.0} s left");
        if !self.bar.is_hidden() {
            self.bar.set_message(status);
        } else if total >= 100 && done < total && done % total.div_ceil(10) == 0 {
            say(&format!("{done} of {total}{status}"));
        }
        Ok(())
    }

    /// Reports the waits that the API asks for, but not once per worker.
    pub(crate) fn observer(&self) -> impl Fn(&Attempt) + use<> {
        let (bar, reported) = (self.bar.clone(), Mutex::new(Instant::now()));
        move |attempt| {
            let (Some(status @ (423 | 429)), Some(wait)) = (attempt.status(), attempt.retry_in())
            else {
                return;
            };
            if is_news(&reported, wait, Instant::now()) {
                let seconds = wait.as_secs_f64().ceil();
                let line = format!("the API answered {status}: no requests for {seconds} s");
                bar.suspend(|| say(&line));
            }
        }
    }

    /// Renames the file if it has a temporary name, and reports the result. Compares the time with
    /// the least possible one, unless that is 0.
    pub(crate) fn finish(self, failed: u64, least: f64) -> io::Result<()> {
        if let Some((temporary, path)) = &self.rename {
            File::options().write(true).open(temporary)?.sync_all()?;
            fs::rename(temporary, path)?;
        }
        let (done, seconds) = (self.bar.position(), self.bar.elapsed().as_secs_f64());
        self.bar.finish_and_clear();
        let (exported, rate) = (done - failed, done as f64 / seconds);
        let time = format!("{seconds:.2} s, {rate:.0}/s");
        say(&format!("exported {exported}, failed {failed}: {time}"));
        if least > 0.0 {
            let (ratio, unit) = (seconds / least, "times the least time possible");
            say(&format!("{ratio:.2} {unit}, {least:.2} s"));
        }
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        // Fails if the file was renamed.
        if let Some((temporary, _)) = &self.rename {
            drop(fs::remove_file(temporary));
        }
    }
}

/// Whether to report a wait that starts now: if it ends a second or more after those reported.
pub(crate) fn is_news(reported: &Mutex<Instant>, wait: Duration, now: Instant) -> bool {
    let mut reported = reported.lock().unwrap_or_else(PoisonError::into_inner);
    let is_news = now + wait >= now.max(*reported) + Duration::from_secs(1);
    if is_news {
        *reported = now + wait;
    }
    is_news
}
