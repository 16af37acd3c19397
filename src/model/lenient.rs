//! Reading what servers write in more than one way.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// A text without the byte order mark that some .NET services begin their JSON with.
pub(crate) fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Reads a whole number, from `1000` and `1000.0`.
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    struct Whole;

    impl Visitor<'_> for Whole {
        type Value = i64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number")
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<i64, E> {
            Ok(value)
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<i64, E> {
            let too_large = |_| E::invalid_value(Unexpected::Unsigned(value), &self);
            i64::try_from(value).map_err(too_large)
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<i64, E> {
            match value.fract() == 0.0 && is_exact(value) {
                true => Ok(value as i64),
                false => Err(E::invalid_type(Unexpected::Float(value), &self)),
            }
        }
    }

    deserializer.deserialize_i64(Whole)
}

/// [`whole`] for an optional field.
pub(crate) fn optional_whole<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    struct Whole(i64);

    impl<'de> Deserialize<'de> for Whole {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            whole(deserializer).map(Self)
        }
    }

    Ok(Option::<Whole>::deserialize(deserializer)?.map(|number| number.0))
}

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
        // Rust saturates the conversion, and no lifetime comes near its ends.
        Seconds::WithFraction(seconds) => {
            (seconds >= 0.0 && seconds.fract() == 0.0).then_some(seconds as u64)
        }
        Seconds::Text(text) => text.trim().parse().ok(),
    };
    seconds.ok_or_else(|| D::Error::custom("expected a whole number of seconds"))
}

/// Reads a string, or a whole number as the string of its digits: the service writes some identifiers both ways.
pub(crate) fn text_or_number<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    deserializer.deserialize_any(TextOrNumber { whole: true })
}

/// [`text_or_number`] where the number may have decimals, as a quantity has.
pub(crate) fn text_or_decimal<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    deserializer.deserialize_any(TextOrNumber { whole: false })
}

struct TextOrNumber {
    whole: bool,
}

impl Visitor<'_> for TextOrNumber {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.whole {
            true => "a string or a whole number",
            false => "a string or a number",
        })
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<String, E> {
        Ok(value.to_owned())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<String, E> {
        Ok(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<String, E> {
        match is_exact(value) && (value.fract() == 0.0 || !self.whole) {
            true => Ok(value.to_string()),
            false => Err(E::invalid_type(Unexpected::Float(value), &self)),
        }
    }
}

/// [`text_or_number`] for an optional field.
pub(crate) fn optional_text_or_number<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    struct Text(String);

    impl<'de> Deserialize<'de> for Text {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            text_or_number(deserializer).map(Self)
        }
    }

    Ok(Option::<Text>::deserialize(deserializer)?.map(|text| text.0))
}

/// Whether no digit before the decimal point was lost.
fn is_exact(value: f64) -> bool {
    const FIRST_GAP: f64 = 9_007_199_254_740_992.0;
    value.abs() < FIRST_GAP
}

/// Reads `null` as the empty value.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
