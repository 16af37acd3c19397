//! Reading what servers write in more than one way.

use serde::de::{Deserialize, Deserializer, Error};

/// Reads a whole number of seconds, from `3599`, `3599.0` and `"3599"`.
pub(crate) fn whole_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Seconds {
        Whole(u64),
        WithFraction(f64),
        Text(String),
    }

    let seconds = match Seconds::deserialize(deserializer)? {
        Seconds::Whole(seconds) => Some(seconds),
        Seconds::WithFraction(seconds) => {
            // Up to here every whole number has a value of its own.
            let is_whole = (0.0..9e15).contains(&seconds) && seconds.fract() == 0.0;
            is_whole.then_some(seconds as u64)
        }
        Seconds::Text(text) => text.trim().parse().ok(),
    };
    seconds.ok_or_else(|| D::Error::custom("expected a whole number of seconds"))
}
