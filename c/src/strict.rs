//! Strict reading of requests in JSON: unknown fields and arrays in place of objects are errors at
//! any depth, and errors name the path of the field. The crate's `validate()` checks the values.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer,
    MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use crate::error::Failure;

const NOT_AN_OBJECT: &str = "must be a JSON object";
const DUPLICATED: &str = "is duplicated";

/// Reads a request from a JSON object. Does not validate its values.
pub(crate) fn request<T: DeserializeOwned>(json: &str, name: &str) -> Result<T, Failure> {
    let json: Json = any_json(json, name)?;
    T::deserialize(Node(&json)).map_err(|problem| problem.of_argument(name))
}

/// Reads a value from JSON of any type.
pub(crate) fn any_json<T: DeserializeOwned>(json: &str, name: &str) -> Result<T, Failure> {
    serde_json::from_str(json)
        .map_err(|error| Failure::input(name, &format!("is not valid JSON: {error}")))
}

/// JSON with the members of objects in their order, including duplicates.
pub(crate) enum Json {
    /// Null, a boolean, a number or a string.
    Plain(Value),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Plain(Value::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Plain(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Plain(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Plain(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(Json::Plain(value.into()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(Json::Plain(value.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Json::Array(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Json::Object(members))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

/// What is wrong with a request, and where.
#[derive(Debug)]
struct Problem {
    /// Such as `orderLines[1].totalAmount`; empty for the request itself.
    path: String,
    reason: String,
}

impl Problem {
    fn at(path: &str, reason: impl Into<String>) -> Self {
        let (path, reason) = (path.to_owned(), reason.into());
        Self { path, reason }
    }

    /// Prepends a step to the path.
    fn within(mut self, step: &str) -> Self {
        let dot = match self.path.starts_with('[') || self.path.is_empty() {
            true => "",
            false => ".",
        };
        self.path = format!("{step}{dot}{}", self.path);
        self
    }

    fn of_argument(self, name: &str) -> Failure {
        match self.path.as_str() {
            "" => Failure::input(name, &self.reason),
            path => Failure::input(path, &self.reason),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

impl std::error::Error for Problem {}

impl de::Error for Problem {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::at("", reason.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = match expected.to_string().as_str() {
            "i64" => "a whole number".to_owned(),
            "u32" | "u64" => "a non-negative whole number".to_owned(),
            "a sequence" => "an array".to_owned(),
            "a tuple of size 2" => "an array of 2 items".to_owned(),
            other => other.to_owned(),
        };
        // Without the value, which may be a key.
        let found = match found {
            Unexpected::Bool(_) => "a boolean",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
            Unexpected::Float(number) if number.fract() == 0.0 => "a number out of range",
            Unexpected::Float(_) => "a number with a fraction",
            Unexpected::Str(_) => "a string",
            Unexpected::Unit => "null",
            Unexpected::Seq => "an array",
            Unexpected::Map => "an object",
            _ => "another type",
        };
        Self::at("", format!("must be {expected}, not {found}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = match expected.to_string().as_str() {
            "i64" => "a whole number that fits an int64_t".to_owned(),
            "u32" => "a whole number from 0 to 4294967295".to_owned(),
            "u64" => "a non-negative whole number".to_owned(),
            other => other.to_owned(),
        };
        let found = match found {
            Unexpected::Str(text) => format!("{text:?}"),
            Unexpected::Unsigned(number) => number.to_string(),
            Unexpected::Signed(number) => number.to_string(),
            Unexpected::Float(number) => number.to_string(),
            other => other.to_string(),
        };
        Self::at("", format!("must be {expected}, not {found}"))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        let expected = match expected.to_string().as_str() {
            "a tuple of size 2" => "an array of 2 items".to_owned(),
            other => other.to_owned(),
        };
        Self::at("", format!("must be {expected}, not of {length}"))
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        let one_of = if known.len() > 1 { "one of " } else { "" };
        Self::at(
            field,
            format!("unknown field, expected {one_of}{}", known.join(", ")),
        )
    }

    fn missing_field(field: &'static str) -> Self {
        Self::at(field, "must be set")
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::at(field, DUPLICATED)
    }
}

/// A value to deserialize.
struct Node<'a>(&'a Json);

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Json::Plain(Value::Bool(value)) => visitor.visit_bool(*value),
            Json::Plain(Value::Number(number)) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::Plain(Value::String(text)) => visitor.visit_str(text),
            Json::Plain(_) => visitor.visit_unit(),
            Json::Array(items) => visitor.visit_seq(Items(items.iter().enumerate())),
            Json::Object(members) => visitor.visit_map(Members {
                left: members.iter(),
                value: None,
            }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Json::Plain(Value::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    /// serde would ignore unknown fields, and accept an array of the fields' values.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let Json::Object(members) = self.0 else {
            return Err(Problem::at("", NOT_AN_OBJECT));
        };
        let is_unknown = |name: &&String| !fields.contains(&name.as_str());
        match members.iter().map(|(name, _)| name).find(is_unknown) {
            Some(name) => Err(de::Error::unknown_field(name, fields)),
            None => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Items<'a>(std::iter::Enumerate<std::slice::Iter<'a, Json>>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Problem> {
        let Some((nth, item)) = self.0.next() else {
            return Ok(None);
        };
        let item = seed.deserialize(Node(item));
        item.map(Some)
            .map_err(|problem| problem.within(&format!("[{nth}]")))
    }
}

struct Members<'a> {
    left: std::slice::Iter<'a, (String, Json)>,
    /// The member whose name was read last.
    value: Option<&'a (String, Json)>,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Problem> {
        self.value = self.left.next();
        let Some((name, _)) = self.value else {
            return Ok(None);
        };
        let name: StrDeserializer<'_, Problem> = name.as_str().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        let Some((name, value)) = self.value else {
            return Err(Problem::at("", NOT_AN_OBJECT));
        };
        let value = seed.deserialize(Node(value));
        value.map_err(|problem| problem.within(name))
    }
}
