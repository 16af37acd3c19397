//! What the examples have in common: how they start, print and end.
#![allow(dead_code, reason = "no example needs all of it")]

use std::fmt::{self, Display};
use std::io::{self, Write, stderr, stdout};
use std::process::ExitCode;

pub(crate) mod arguments;
pub(crate) mod files;
pub(crate) mod server;

use arguments::Arguments;
use serde::de::DeserializeOwned;
use vipps::{Error, ErrorKind};

/// An example as its command line describes it.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    /// Options, with `=` at the end if they take a value.
    pub(crate) options: &'static [&'static str],
    /// How many other arguments there may be.
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
    /// No options and no operands.
    pub(crate) const PLAIN: Self = Self {
        name: "",
        help: "",
        options: &[],
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
    stdout()
        .write_all(format!("{text}\n").as_bytes())
        .map_err(|error| cannot_write("standard output", &error))
}

/// Prints a message on standard error, whatever it holds. A program does not stop because nobody
/// reads it.
pub(crate) fn say(message: &str) {
    drop(stderr().write_all((wrap(message) + "\n").as_bytes()));
}

/// Text on one line of a terminal, whatever it holds: control characters, and characters that
/// change the order or the look of others, are escaped.
pub(crate) fn visible(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    let shown = text.chars().map(|c| match is_hidden(c) {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    });
    shown.collect()
}

/// Text within so many columns, with `...` where it was cut.
pub(crate) fn fit(text: &str, columns: usize) -> String {
    let text = visible(text);
    match text.char_indices().nth(columns) {
        None => text,
        Some(_) => text.chars().take(columns - 3).collect::<String>() + "...",
    }
}

/// Why an output cannot be written.
pub(crate) fn cannot_write(name: &str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ReaderGone,
        _ => Failure::passing(format!("cannot write to {name}: {error}")),
    }
}

/// Text in lines of at most 80 columns, each after the first indented. It breaks at spaces only, so
/// that a path or a URL stays whole.
pub(crate) fn wrap(text: &str) -> String {
    let (mut wrapped, mut column) = (String::new(), 0);
    for (nth, word) in visible(text).split(' ').enumerate() {
        let width = word.chars().count();
        let (space, start) = match column + 1 + width > 80 && column > 4 {
            true => ("\n    ", 4),
            false => (" ", column + 1),
        };
        if nth > 0 {
            wrapped.push_str(space);
            column = start;
        }
        wrapped.push_str(word);
        column += width;
    }
    wrapped
}

/// Reads JSON, with or without a byte order mark. An error shows the text before it, which tells
/// the field.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(text).map_err(|error| {
        let line = text.lines().nth(error.line().saturating_sub(1));
        let line = line.unwrap_or_default();
        let before = line.get(..error.column()).unwrap_or(line).trim();
        let start = before.char_indices().rev().nth(39);
        let end = start.and_then(|(start, _)| before.get(start..));
        format!("{error}, after {}", end.unwrap_or(before))
    })
}
