//! What the examples have in common: how they start, print and end.
#![allow(dead_code, reason = "no example needs all of it")]

use std::fmt::Display;
use std::io::{self, Write, stderr, stdout};
use std::mem;
use std::process::ExitCode;

pub(crate) mod arguments;
pub(crate) mod server;

use arguments::Arguments;
use serde::de::DeserializeOwned;
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

impl Program {
    /// Reads the arguments and runs the program. `run` returns the exit code.
    pub(crate) fn main(&self, run: impl FnOnce(&Arguments) -> Result<u8, Failure>) -> ExitCode {
        let ended = match Arguments::read(self) {
            Ok(Some(arguments)) => run(&arguments),
            Ok(None) => print(self.help.trim_end()).map(|()| 0),
            Err(failure) => Err(failure),
        };
        ExitCode::from(match ended {
            Ok(code) => code,
            Err(Failure::ReaderGone) => self.reader_gone,
            Err(Failure::Exit(code, message)) => {
                say(&format!("{}: {message}", self.name));
                code
            }
        })
    }
}

/// Prints lines on standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    match stdout().write_all(visible_lines(text).as_bytes()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::ReaderGone),
        Err(error) => Err(Failure::passing(format!(
            "cannot write to standard output: {error}"
        ))),
    }
}

/// Prints lines on standard error. A program does not stop because nobody reads them.
pub(crate) fn say(text: &str) {
    drop(stderr().write_all(visible_lines(text).as_bytes()));
}

/// Lines that the program composed, each safe for a terminal.
fn visible_lines(text: &str) -> String {
    text.split('\n').map(|line| visible(line) + "\n").collect()
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

/// Text in lines of at most 80 columns, each after the first indented. It breaks at spaces only, so
/// that a path or a URL stays whole.
pub(crate) fn wrap(text: &str) -> String {
    wrap_from(0, text)
}

/// The same for text that starts in this column.
fn wrap_from(mut column: usize, text: &str) -> String {
    const INDENT: &str = "    ";

    let mut wrapped = String::new();
    for (nth, word) in text.split(' ').enumerate() {
        let width = visible(word).chars().count();
        if nth > 0 && column > INDENT.len() && column + 1 + width > 80 {
            wrapped.push('\n');
            wrapped.push_str(INDENT);
            column = INDENT.len();
        } else if nth > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += width;
    }
    wrapped
}

impl Failure {
    /// The same failure with its message wrapped, to follow the program's name.
    pub(crate) fn wrapped(self, program: &Program) -> Self {
        let Self::Exit(code, message) = self else {
            return self;
        };
        let mut column = program.name.len() + 2;
        let lines = message
            .split('\n')
            .map(|line| wrap_from(mem::take(&mut column), line));
        Self::Exit(code, lines.collect::<Vec<_>>().join("\n"))
    }
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
        visible(&format!("{error}, after {}", end.unwrap_or(before)))
    })
}
