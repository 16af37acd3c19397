//! Identifiers that are checked when they are created.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::SystemTime;

use serde::de::{Error, Unexpected};

/// Defines a string newtype whose `new` and `FromStr` check the value. `Deserialize` accepts any
/// visible ASCII: values from replies are checked before they are sent.
macro_rules! identifier {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { field: $field:literal, check: $check:path, rule: $rule:literal }
    ) => {
        crate::model::identifier::identifier! {
            $(#[$meta])*
            pub struct $name {
                field: $field,
                check: $check,
                rule: $rule,
                read: crate::model::lenient::text_or_number
            }
        }
    };
    // With a `Deserialize` of its own.
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            field: $field:literal, check: $check:path, rule: $rule:literal, read: $read:path
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Checks the value and creates the identifier.
            ///
            /// # Errors
            ///
            /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) naming
            #[doc = concat!("`", $field, "` if the value is not ", $rule, ".")]
            pub fn new(value: impl Into<String>) -> Result<Self, crate::Error> {
                let value = Self(value.into());
                crate::Error::from_problems(value.problem($field).into_iter().collect())?;
                Ok(value)
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// What is wrong with the value, if anything: deserializing does not check it.
            pub(crate) fn problem(
                &self,
                field: impl Into<String>,
            ) -> Option<crate::error::problem::FieldProblem> {
                use crate::error::problem::FieldProblem;

                let problem = || FieldProblem::invalid(field, Self::RULE, &self.0);
                (!$check(&self.0)).then(problem)
            }

            pub(crate) const RULE: &'static str = concat!("must be ", $rule);
        }

        impl std::str::FromStr for $name {
            type Err = crate::Error;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Self::new(value)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = crate::Error;

            fn try_from(value: &str) -> Result<Self, Self::Error> {
                Self::new(value)
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::Error;

            fn try_from(value: String) -> Result<Self, Self::Error> {
                Self::new(value)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        /// Compares and hashes like its text, so that a map keyed by identifiers can be searched
        /// with a `&str`.
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.0).finish()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = $read(deserializer)?;
                crate::model::identifier::received(value, $rule).map(Self)
            }
        }
    };
}

pub(crate) use identifier;

identifier! {
    /// A merchant serial number (MSN), which identifies a sales unit: 4 to 10 digits, `^\d{4,10}$`.
    ///
    /// It identifies a sales unit, not a merchant. It is serialized as a string; a JSON number is
    /// read too, since the API sends both.
    ///
    /// ```
    /// let msn: vipps::Msn = "123456".parse()?;
    /// assert_eq!(msn.as_str(), "123456");
    /// assert!("12a456".parse::<vipps::Msn>().is_err());
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// Source: the schema `MSN` of the
    /// [Management API](https://developer.vippsmobilepay.com/api/management/), and the header
    /// `Merchant-Serial-Number` in
    /// [HTTP headers](https://developer.vippsmobilepay.com/docs/knowledge-base/http-headers/).
    #[doc(alias = "Merchant-Serial-Number")]
    pub struct Msn { field: "msn", check: is_msn, rule: "4 to 10 digits" }
}

identifier! {
    /// An idempotency key, which makes a request safe to retry: 1 to 50 ASCII letters, digits and
    /// hyphens, `^[a-zA-Z0-9-]{1,50}$`.
    ///
    /// The API carries out only the first request with a key, and answers later ones with the same
    /// reply. The same key with another body is refused with a 409.
    ///
    /// ```
    /// # let sandbox = vipps::sandbox::Sandbox::start()?;
    /// # sandbox.serve("POST /epayment/v1/payments", |_| {
    /// #     vipps::sandbox::Answer::new(201, "application/json", "{}")
    /// # });
    /// # let session = sandbox.session();
    /// # let payment = serde_json::json!({});
    /// // From your own data, so that a program that starts over sends the same key.
    /// let key = vipps::IdempotencyKey::new("payment-2026-11-26-0042")?;
    /// let request = session.request("POST", "/epayment/v1/payments");
    /// request.idempotency_key(&key).json(&payment).send()?;
    /// # Ok::<(), vipps::Error>(())
    /// ```
    ///
    /// Source:
    /// [HTTP headers](https://developer.vippsmobilepay.com/docs/knowledge-base/http-headers/).
    #[doc(alias = "Idempotency-Key")]
    pub struct IdempotencyKey {
        field: "Idempotency-Key",
        check: is_idempotency_key,
        rule: "1 to 50 ASCII letters, digits and hyphens"
    }
}

impl IdempotencyKey {
    /// Creates a random key that no other call, thread or process creates: a UUID of 36 characters.
    ///
    /// ```
    /// use vipps::IdempotencyKey;
    ///
    /// assert_ne!(IdempotencyKey::random(), IdempotencyKey::random());
    /// ```
    #[doc(alias = "uuid")]
    pub fn random() -> Self {
        let bits = (u128::from(random_u64()) << 64) | u128::from(random_u64());
        // The version (4, random) and the variant of RFC 9562.
        let bits = bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
        let hex = format!("{bits:032x}");
        let part = |range| hex.get(range).unwrap_or_default();
        Self(format!(
            "{}-{}-{}-{}-{}",
            part(0..8),
            part(8..12),
            part(12..16),
            part(16..20),
            part(20..32)
        ))
    }

    /// A placeholder for no key. It is invalid, so a request that needs a key cannot be sent with
    /// it.
    pub(crate) fn none() -> Self {
        Self(String::new())
    }

    pub(crate) fn is_none(&self) -> bool {
        self.0.is_empty()
    }
}

/// A random number for jitter and for keys that must not collide, but not for secrets.
///
/// `RandomState` is SipHash with a key from the operating system that differs by thread and call.
/// Time and process id are mixed in for forked children, which inherit the key.
pub(crate) fn random_u64() -> u64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    RandomState::new().hash_one((since_epoch.unwrap_or_default(), std::process::id()))
}

/// `8-4-4-4-12` hexadecimal digits.
pub(crate) fn is_uuid(value: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let mut parts = value.split('-');
    let fits = |part: Option<&str>, length: usize| {
        part.is_some_and(|p| p.len() == length && p.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    lengths.into_iter().all(|length| fits(parts.next(), length)) && parts.next().is_none()
}

/// Whether `value` has `min` to `max` bytes, all of them allowed.
pub(crate) fn is_made_of(value: &str, min: usize, max: usize, allowed: fn(u8) -> bool) -> bool {
    (min..=max).contains(&value.len()) && value.bytes().all(allowed)
}

/// Removes the separators between groups of digits. A value that begins or ends with a separator is
/// returned unchanged, and so stays invalid.
pub(crate) fn ungrouped(number: &str, separators: &[char]) -> String {
    match number.starts_with(separators) || number.ends_with(separators) {
        true => number.to_owned(),
        false => number.replace(separators, ""),
    }
}

/// The space and the two non-breaking spaces.
pub(crate) const BLANKS: [char; 3] = [' ', '\u{a0}', '\u{202f}'];

/// Whether the ids of orders and images may contain this byte.
pub(crate) fn is_id_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')
}

/// Accepts an identifier from a reply if it is visible ASCII, and so could be sent in a header.
pub(crate) fn received<E: Error>(value: String, rule: &str) -> Result<String, E> {
    if value.bytes().all(|b| matches!(b, b' '..=b'~')) {
        Ok(value)
    } else {
        Err(E::invalid_value(Unexpected::Str(&value), &rule))
    }
}

fn is_msn(value: &str) -> bool {
    is_made_of(value, 4, 10, |b| b.is_ascii_digit())
}

fn is_idempotency_key(value: &str) -> bool {
    is_made_of(value, 1, 50, |b| b.is_ascii_alphanumeric() || b == b'-')
}
