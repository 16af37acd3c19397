//! What the examples have in common: how they start, print and end.
#![allow(dead_code, reason = "no example needs all of it")]

use std::fmt::{self, Display};
use std::io::{self, Write, stderr, stdout};
use std::process::ExitCode;

pub(crate) mod arguments;
pub(crate) mod files;
pub(crate) mod server;

use arguments::Arguments;
use vipps::{Error, ErrorKind};

/// An example as its command line describes it.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    /// The options that take a value.
    pub(crate) options: &'static [&'static str],
    pub(crate) switches: &'static [&'static str],
    /// How many arguments besides options there may be.
    pub(crate) operands: usize,
    /// The exit code when nobody reads standard output any more.
    pub(crate) reader_gone: u8,
}

/// Why an example ends early.
pub(crate) enum Failure {
    /// A message for standard error, and the exit code.
    Exit(u8, String),
    /// Nobody reads standard output any more, as after `| head`.
    ReaderGone,
}

impl Failure {
    /// Running the same command again may succeed: exit code 1.
    pub(crate) fn passing(message: impl Into<String>) -> Self {
        Self::Exit(1, message.into())
    }

    /// Wrong arguments: exit code 2.
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::Exit(2, format!("{message}\nTry --help."))
    }

    /// Files or settings that have to be corrected first: exit code 2.
    pub(crate) fn setup(message: impl Into<String>) -> Self {
        Self::Exit(2, message.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Config | ErrorKind::InvalidInput => Self::setup(error.to_string()),
            _ => Self::passing(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::passing(error.to_string())
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(_, message) => f.write_str(message),
            Self::ReaderGone => f.write_str("nobody reads the output"),
        }
    }
}

impl Program {
    /// No options, switches or operands.
    pub(crate) const PLAIN: Self = Self {
        name: "",
        help: "",
        options: &[],
        switches: &[],
        operands: 0,
        reader_gone: 0,
    };

    /// Reads the arguments and runs the program. `run` returns the exit code.
    pub(crate) fn main(&self, run: impl FnOnce(&Arguments) -> Result<u8, Failure>) -> ExitCode {
        let ended = match Arguments::read(self) {
            Ok(Some(arguments)) => run(&arguments),
            Ok(None) => print_text(self.help.trim_end()).map(|()| 0),
            Err(failure) => Err(failure),
        };
        ExitCode::from(match ended {
            Ok(code) => code,
            Err(Failure::ReaderGone) => self.reader_gone,
            Err(Failure::Exit(code, message)) => {
                let message = format!("{}: {message}", self.name);
                message.lines().for_each(say);
                code
            }
        })
    }
}

/// Prints a line on standard output, whatever it holds.
pub(crate) fn print(line: &str) -> Result<(), Failure> {
    print_text(&visible(line))
}

/// Prints the program's own text on standard output.
pub(crate) fn print_text(text: &str) -> Result<(), Failure> {
    match stdout().write_all(format!("{text}\n").as_bytes()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::ReaderGone),
        Err(error) => Err(Failure::passing(format!(
            "cannot write to standard output: {error}"
        ))),
    }
}

/// Prints a line on standard error, whatever it holds. A program does not stop because nobody
/// reads it.
pub(crate) fn say(line: &str) {
    drop(stderr().write_all((visible(line) + "\n").as_bytes()));
}

/// Text on one line of a terminal, whatever it holds: control characters, and characters that
/// change the order or the look of others, are escaped.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        let is_hidden = matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}');
        match c.is_control() || is_hidden {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

/// Text within so many columns, with `...` where it was cut.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    let text = visible(text);
    match text.char_indices().nth(columns) {
        None => text,
        Some(_) => text.chars().take(columns - 3).collect::<String>() + "...",
    }
}
