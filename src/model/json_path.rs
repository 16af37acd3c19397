//! Deserializes JSON, with errors that name the place of the value that does not fit.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};

/// Reads a whole text. An error names the place and shows no value of the text:
/// `[1].name: invalid type: null, expected a string`.
///
/// The place is found in a second pass, so that a text that fits costs nothing extra.
pub(crate) fn read<'de, S: DeserializeSeed<'de>>(
    text: &'de [u8],
    seed: impl Fn() -> S,
) -> Result<S::Value, String> {
    let first = |error: &serde_json::Error| {
        let message = without_position(error);
        if !error.is_data() {
            return None;
        }
        let trail = Trail::default();
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let tracked = Tracked {
            inner: seed(),
            trail: &trail,
        };
        let again = tracked.deserialize(&mut deserializer).err()?;
        // If the second pass fails differently, its place is not that of the first error.
        let is_same = without_position(&again) == message;
        is_same.then(|| place(trail.take()) + &without_values(&message))
    };
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    seed()
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| first(&error).unwrap_or_else(|| with_position(&error)))
}

/// The steps to the value that could not be read, innermost first. Empty after a success.
type Trail = Cell<Vec<String>>;

/// Joins the steps to a place such as `salesUnits[1].name: `; empty for the whole text.
fn place(steps: Vec<String>) -> String {
    let mut place = String::new();
    for step in steps.iter().rev() {
        if !step.starts_with('[') && !place.is_empty() {
            place.push('.');
        }
        place.push_str(step);
    }
    match place.is_empty() {
        true => place,
        false => place + ": ",
    }
}

/// The name of a member, or `*` for a key that is not an identifier and may be data.
fn shown_name(name: &str) -> String {
    let is_name_byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.len() <= 40
        && name.bytes().all(is_name_byte);
    match is_name {
        true => name.to_owned(),
        false => "*".to_owned(),
    }
}

fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    match message.strip_suffix(&position) {
        Some(message) => message.to_owned(),
        None => message,
    }
}

fn with_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let plain = without_position(error);
    let position = message.get(plain.len()..).unwrap_or_default();
    without_values(&plain) + position
}

/// serde's message without the value that it found, which may be personal data or a token, and very
/// long.
fn without_values(message: &str) -> String {
    const FOUND: [&str; 7] = [
        ": string ",
        ": integer ",
        ": floating point ",
        ": boolean ",
        ": character ",
        "unknown variant ",
        "unknown field ",
    ];
    // What was expected is this crate's text, so the last match is not part of the value.
    let end = message
        .rfind(", expected ")
        .or_else(|| message.rfind(", there are no "));
    let begin = FOUND
        .iter()
        .filter_map(|found| Some(message.find(found)? + found.len() - 1))
        .min();
    let parts = begin
        .zip(end)
        .and_then(|(begin, end)| Some((message.get(..begin)?, message.get(end..)?)));
    match parts {
        Some((before, after)) if before.len() + after.len() <= message.len() => {
            format!("{before}{after}")
        }
        _ => message.to_owned(),
    }
}

/// Wraps a seed, deserializer or visitor to record the steps to a failure.
struct Tracked<'t, T> {
    inner: T,
    trail: &'t Trail,
}

impl<'t, T> Tracked<'t, T> {
    fn wrap<U>(&self, inner: U) -> Tracked<'t, U> {
        Tracked {
            inner,
            trail: self.trail,
        }
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Tracked<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let deserializer = self.wrap(deserializer);
        self.inner.deserialize(deserializer)
    }
}

macro_rules! forward_hints {
    ($($method:ident($($name:ident: $type:ty),*);)+) => { $(
        fn $method<V: Visitor<'de>>(
            self,
            $($name: $type,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            let visitor = self.wrap(visitor);
            self.inner.$method($($name,)* visitor)
        }
    )+ };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Tracked<'_, D> {
    type Error = D::Error;

    forward_hints! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(length: usize);
        deserialize_tuple_struct(name: &'static str, length: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! forward_values {
    ($($method:ident($type:ty);)+) => { $(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )+ };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Tracked<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    forward_values! {
        visit_bool(bool);
        visit_i64(i64);
        visit_i128(i128);
        visit_u64(u64);
        visit_u128(u128);
        visit_f64(f64);
        visit_str(&str);
        visit_borrowed_str(&'de str);
        visit_string(String);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let deserializer = self.wrap(deserializer);
        self.inner.visit_some(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        let deserializer = self.wrap(deserializer);
        self.inner.visit_newtype_struct(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        let entries = Entries {
            inner: self.wrap(entries),
            at: 0,
        };
        self.inner.visit_seq(entries)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        let members = Members {
            inner: self.wrap(members),
            name: String::new(),
        };
        self.inner.visit_map(members)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(variant)
    }
}

impl<A> Tracked<'_, A> {
    /// Reads one element or member, and records the step if that fails.
    fn step<T, E>(
        &mut self,
        read: impl FnOnce(&mut A) -> Result<T, E>,
        step: impl FnOnce() -> String,
    ) -> Result<T, E> {
        let result = read(&mut self.inner);
        let mut steps = self.trail.take();
        match result {
            Ok(_) => steps.clear(),
            Err(_) => steps.push(step()),
        }
        self.trail.set(steps);
        result
    }
}

struct Entries<'t, A> {
    inner: Tracked<'t, A>,
    at: usize,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Entries<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let at = self.at;
        self.at += 1;
        let seed = self.inner.wrap(seed);
        self.inner.step(
            |entries| entries.next_element_seed(seed),
            || format!("[{at}]"),
        )
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.inner.size_hint()
    }
}

struct Members<'t, A> {
    inner: Tracked<'t, A>,
    name: String,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let Some(name) = self.inner.inner.next_key()? else {
            return Ok(None);
        };
        self.name = name;
        seed.deserialize(self.name.as_str().into_deserializer())
            .map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.inner.wrap(seed);
        let name = &self.name;
        self.inner
            .step(|members| members.next_value_seed(seed), || shown_name(name))
    }
}
