//! Arguments of the forms `--name value`, `--name=value` and `--switch`, and others.

use std::collections::HashMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

pub(crate) struct Arguments {
    options: HashMap<&'static str, String>,
    /// What is not an option, in its order.
    pub(crate) others: Vec<String>,
}

impl Arguments {
    /// The arguments of this program, or what is wrong with them. `None` if help is asked for.
    pub(crate) fn read(
        known: &[&'static str],
        switches: &[&'static str],
    ) -> Result<Option<Self>, String> {
        let (mut options, mut others) = (HashMap::new(), Vec::new());
        let mut arguments = std::env::args_os().skip(1).map(|argument| {
            argument
                .into_string()
                .map_err(|argument| format!("not text: {argument:?}"))
        });
        while let Some(argument) = arguments.next().transpose()? {
            if argument == "--help" || argument == "-h" {
                return Ok(None);
            }
            if !argument.starts_with('-') {
                others.push(argument);
                continue;
            }
            if let Some(switch) = switches.iter().find(|name| **name == argument) {
                options.insert(*switch, String::new());
                continue;
            }
            let (given, value) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (argument.as_str(), None),
            };
            let Some(name) = known.iter().find(|name| **name == given) else {
                return Err(format!("there is no option {argument}"));
            };
            let value = match value {
                Some(value) => Some(value),
                None => arguments.next().transpose()?,
            };
            let Some(value) = value else {
                return Err(format!("{name} needs a value"));
            };
            if options.insert(*name, value).is_some() {
                return Err(format!("{name} is there twice"));
            }
        }
        Ok(Some(Self { options, others }))
    }

    /// The value of an option, or nothing in particular for a switch, if it is there.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// A number within a range, if it is there.
    pub(crate) fn number<T: FromStr + PartialOrd + Display>(
        &self,
        name: &str,
        range: RangeInclusive<T>,
    ) -> Result<Option<T>, String> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let (start, end) = (range.start(), range.end());
                Err(format!("{name} must be {start} to {end}, not {text:?}"))
            }
        }
    }
}
