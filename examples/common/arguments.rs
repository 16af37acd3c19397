//! Arguments of the forms `--option value`, `--option=value`, `--switch`, and operands.

use std::collections::HashMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::{Failure, Program};

pub(crate) struct Arguments {
    options: HashMap<&'static str, String>,
    /// The arguments that are no options, in their order.
    pub(crate) operands: Vec<String>,
}

impl Arguments {
    /// Reads the arguments of a program, or says what is wrong with them. `None` if help is wanted.
    pub(super) fn read(program: &Program) -> Result<Option<Self>, Failure> {
        let (mut options, mut operands) = (HashMap::new(), Vec::new());
        let mut arguments = std::env::args_os().skip(1).map(|argument| {
            argument
                .into_string()
                .map_err(|argument| Failure::usage(format!("not UTF-8: {argument:?}")))
        });
        while let Some(argument) = arguments.next().transpose()? {
            if argument == "--help" || argument == "-h" {
                return Ok(None);
            }
            if !argument.starts_with('-') {
                if operands.len() == program.operands {
                    return Err(Failure::usage(format!("unexpected argument {argument:?}")));
                }
                operands.push(argument);
                continue;
            }
            let (given, value) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            let named = |names: &[&'static str]| names.iter().copied().find(|name| *name == given);
            let (name, value) = match (named(program.options), named(program.switches), value) {
                (Some(name), _, Some(value)) => (name, value),
                (Some(name), _, None) => match arguments.next().transpose()? {
                    Some(value) => (name, value),
                    None => return Err(Failure::usage(format!("{name} needs a value"))),
                },
                (None, Some(name), None) => (name, String::new()),
                (None, Some(name), Some(_)) => {
                    return Err(Failure::usage(format!("{name} takes no value")));
                }
                (None, None, _) => return Err(Failure::usage(format!("unknown option {given:?}"))),
            };
            if options.insert(name, value).is_some() {
                return Err(Failure::usage(format!("{name} is given twice")));
            }
        }
        Ok(Some(Self { options, operands }))
    }

    /// Whether an option or a switch is given.
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
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let (start, end) = (range.start(), range.end());
                let message = format!("{name} must be {start} to {end}, not {text:?}");
                Err(Failure::usage(message))
            }
        }
    }

    /// One of several values, if it is given.
    pub(crate) fn choice<T: Copy>(
        &self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Failure> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        if let Some((_, value)) = choices.iter().find(|(choice, _)| *choice == text) {
            return Ok(Some(*value));
        }
        let names: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
        let names = names.join(", ");
        let message = format!("{name} must be one of {names}, not {text:?}");
        Err(Failure::usage(message))
    }
}
