//! Arguments of the forms `--option value`, `--option=value`, `--switch`, and operands.

use std::collections::HashMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::{Failure, Program};

#[derive(Default)]
pub(crate) struct Arguments {
    options: HashMap<&'static str, String>,
    /// The arguments that are no options, in their order.
    pub(crate) operands: Vec<String>,
}

impl Arguments {
    /// Reads the arguments of a program. `None` if help is wanted.
    pub(super) fn read(program: &Program) -> Result<Option<Self>, Failure> {
        let mut read = Self::default();
        let mut arguments = std::env::args_os().skip(1).map(|argument| {
            let not_text = |argument| Failure::usage(format!("not UTF-8: {argument:?}"));
            argument.into_string().map_err(not_text)
        });
        while let Some(argument) = arguments.next().transpose()? {
            if argument == "--help" || argument == "-h" {
                return Ok(None);
            }
            if !argument.starts_with('-') {
                read.operands.push(argument);
                continue;
            }
            let (given, value) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            let is_given = |option: &&&'static str| option.trim_end_matches('=') == given;
            let Some(option) = program.options.iter().find(is_given) else {
                return Err(Failure::usage(format!("unknown option {given:?}")));
            };
            let value = match (option.ends_with('='), value) {
                (true, Some(value)) => value,
                (true, None) => match arguments.next().transpose()? {
                    Some(value) => value,
                    None => return Err(Failure::usage(format!("{given} needs a value"))),
                },
                (false, None) => String::new(),
                (false, Some(_)) => return Err(Failure::usage(format!("{given} takes no value"))),
            };
            let name = option.trim_end_matches('=');
            if read.options.insert(name, value).is_some() {
                return Err(Failure::usage(format!("{name} is given twice")));
            }
        }
        match read.operands.get(program.operands) {
            Some(surplus) => Err(Failure::usage(format!("unexpected argument {surplus:?}"))),
            None => Ok(Some(read)),
        }
    }

    /// Whether an option is given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.options.contains_key(name)
    }

    /// The value of an option, if it is given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// A number within a range, if it is given.
    pub(crate) fn number<T: FromStr + PartialOrd + Display>(
        &self,
        name: &str,
        range: RangeInclusive<T>,
    ) -> Result<Option<T>, Failure> {
        let read = |text: &str| {
            let number = text.parse().ok().filter(|number| range.contains(number));
            number.ok_or_else(|| {
                let (start, end) = (range.start(), range.end());
                Failure::usage(format!("{name} must be {start} to {end}, not {text:?}"))
            })
        };
        self.text(name).map(read).transpose()
    }

    /// One of these values, if it is given.
    pub(crate) fn choice<T: Copy>(
        &self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Failure> {
        let read = |text: &str| match choices.iter().find(|(choice, _)| *choice == text) {
            Some((_, value)) => Ok(*value),
            None => {
                let names: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
                let names = names.join(", ");
                let message = format!("{name} must be one of {names}, not {text:?}");
                Err(Failure::usage(message))
            }
        };
        self.text(name).map(read).transpose()
    }
}
