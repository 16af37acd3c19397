use std::fmt::Display;
use std::process::ExitCode;

use crate::measure::Effort;

/// Prints each row as soon as it is known.
pub(crate) struct Table {
    effort: Effort,
    missed: usize,
    broken: usize,
}

impl Table {
    pub(crate) fn begin(effort: Effort) -> Self {
        row("what", "figure", "target", "");
        row("----", "------", "------", "");
        Self {
            effort,
            missed: 0,
            broken: 0,
        }
    }

    /// Adds a figure with its explanation and its target, the highest value it should have.
    pub(crate) fn at_most(&mut self, what: &str, figure: Figure, target: f64, unit: &str) {
        let is_met = figure.value <= target;
        self.missed += usize::from(!is_met);
        let verdict = match self.effort {
            Effort::Full => verdict(is_met),
            Effort::Once => "",
        };
        let target = format!("<= {target}{unit}");
        row(what, figure.text(unit), target, verdict);
    }

    /// Adds a figure without a target.
    pub(crate) fn note(&mut self, what: &str, figure: impl Display) {
        row(what, figure, "", "");
    }

    /// Adds a promise, which has to hold on every machine.
    pub(crate) fn promise(&mut self, what: &str, figure: usize, promised: usize) {
        let is_kept = figure == promised;
        self.broken += usize::from(!is_kept);
        row(what, figure, format!("= {promised}"), verdict(is_kept));
    }

    pub(crate) fn end(self) -> ExitCode {
        match (self.broken, self.missed) {
            (1.., _) => println!("\n{} promises broken", self.broken),
            _ if self.effort == Effort::Once => {
                println!("\nran once only; use cargo bench to measure")
            }
            (0, 0) => println!("\nall targets met"),
            (0, missed) => println!("\n{missed} targets missed: run again on an idle machine"),
        }
        ExitCode::from(u8::from(self.broken > 0))
    }
}

pub(crate) struct Figure {
    value: f64,
    of: String,
}

impl Figure {
    pub(crate) fn new(value: f64, of: impl Into<String>) -> Self {
        Self {
            value,
            of: of.into(),
        }
    }

    fn text(&self, unit: &str) -> String {
        let digits = if self.value.abs() < 10.0 { 3 } else { 1 };
        let Self { value, of } = self;
        format!("{value:.digits$}{unit} {of}").trim_end().to_owned()
    }
}

fn verdict(is_good: bool) -> &'static str {
    if is_good { "ok" } else { "MISSED" }
}

fn row(what: impl Display, figure: impl Display, target: impl Display, verdict: &str) {
    println!("{what:<60} | {figure:<46} | {target:<9} | {verdict}");
}
