//! Lenient deserialization of values that servers send in more than one form.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess,
    Unexpected, Visitor,
};

/// Strips the byte order mark that some .NET servers send before JSON.
pub(crate) fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Reads a whole number from `1000` or `1000.0`.
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

/// Reads a whole number of seconds from `3599`, `3599.0` or `"3599"`.
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
            // Below this, an f64 represents every whole number exactly.
            let is_whole = (0.0..9e15).contains(&seconds) && seconds.fract() == 0.0;
            is_whole.then_some(seconds as u64)
        }
        Seconds::Text(text) => text.trim().parse().ok(),
    };
    seconds.ok_or_else(|| D::Error::custom("expected a whole number of seconds"))
}

/// Reads a string, or a whole number as a string of digits: the API sends some identifiers both
/// ways.
pub(crate) fn text_or_number<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    deserializer.deserialize_any(TextOrNumber { whole: true })
}

/// Like [`text_or_number`] for a number that may have decimals, such as a quantity.
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

/// Whether an f64 this large still represents every whole number exactly.
fn is_exact(value: f64) -> bool {
    const FIRST_GAP: f64 = 9_007_199_254_740_992.0;
    value.abs() < FIRST_GAP
}

/// Reads `null` as the default value.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    OrDefault(PhantomData).deserialize(deserializer)
}

/// Reads `null` as the default value, and anything else with the seed.
pub(crate) struct OrDefault<S>(pub(crate) S);

impl<'de, S: DeserializeSeed<'de, Value: Default>> DeserializeSeed<'de> for OrDefault<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de, Value: Default>> Visitor<'de> for OrDefault<S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_unit<E: Error>(self) -> Result<S::Value, E> {
        Ok(S::Value::default())
    }

    fn visit_none<E: Error>(self) -> Result<S::Value, E> {
        Ok(S::Value::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(deserializer)
    }
}

/// Reads a list with a limited number of entries.
pub(crate) struct List<T> {
    /// Names the list in errors.
    what: &'static str,
    /// The member that contains the list if it is wrapped in an object.
    member: Option<&'static str>,
    max_entries: usize,
    entries: PhantomData<T>,
}

impl<T> List<T> {
    /// Reads a text of this length that is a list, or an object with the list in `member`.
    ///
    /// Its entries may take four times the memory of the text: real ones take at most twice as
    /// much, `{}` up to a hundred times.
    pub(crate) fn of_text(
        length: usize,
        what: &'static str,
        member: impl Into<Option<&'static str>>,
    ) -> Self {
        let budget = length.saturating_mul(4).saturating_add(64 * 1024);
        Self {
            what,
            member: member.into(),
            max_entries: budget / size_of::<T>().max(1),
            entries: PhantomData,
        }
    }

    /// A short list inside another value.
    fn short() -> Self {
        Self {
            what: "a list",
            member: None,
            max_entries: 1000,
            entries: PhantomData,
        }
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for List<T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        match self.member {
            Some(_) => deserializer.deserialize_any(self),
            None => deserializer.deserialize_seq(self),
        }
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element()? {
            if list.len() == list.capacity() {
                // `Vec` would double its capacity beyond the limit.
                let room = self.max_entries.saturating_sub(list.len());
                if room == 0 {
                    let max = self.max_entries;
                    let reason = format!("the list has implausibly many entries, over {max}");
                    return Err(A::Error::custom(reason));
                }
                list.reserve_exact(list.len().max(4).min(room));
            }
            list.push(entry);
        }
        Ok(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Vec<T>, A::Error> {
        let Some(member) = self.member else {
            return Err(A::Error::invalid_type(Unexpected::Map, &self));
        };
        let (what, max_entries) = (self.what, self.max_entries);
        let (mut list, mut is_empty) = (None, true);
        while let Some(name) = members.next_key::<String>()? {
            is_empty = false;
            if name != member {
                members.next_value::<IgnoredAny>()?;
            } else if list.is_some() {
                return Err(A::Error::duplicate_field(member));
            } else {
                let bare = Self {
                    what,
                    member: None,
                    max_entries,
                    entries: PhantomData,
                };
                list = Some(members.next_value_seed(OrDefault(bare))?);
            }
        }
        match list {
            Some(list) => Ok(list),
            None if is_empty => Ok(Vec::new()),
            None => Err(A::Error::missing_field(member)),
        }
    }
}

/// Reads a short list, and `null` as an empty one.
pub(crate) fn short_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    OrDefault(List::short()).deserialize(deserializer)
}

/// [`short_list`] for an optional field.
pub(crate) fn optional_short_list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Short<T>(Vec<T>);

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Short<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            List::short().deserialize(deserializer).map(Self)
        }
    }

    Ok(Option::<Short<T>>::deserialize(deserializer)?.map(|list| list.0))
}
