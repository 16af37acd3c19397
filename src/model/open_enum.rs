//! Enums whose values the API may extend at any time.

/// Defines an enum from a table of names, wire values and alternative spellings: with `as_str`,
/// `is_known`, `Display`, a strict `FromStr`, and serde that keeps unknown values.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            field: $field:literal,
            $(#[$first_meta:meta])* $first:ident = $first_wire:literal $(| $first_alias:literal)*,
            $( $(#[$variant_meta:meta])* $variant:ident = $wire:literal $(| $alias:literal)*, )+
        }
    ) => {
        $(#[$meta])*
        ///
        /// The API may add values without notice: an unknown value is deserialized as `Other` and
        /// serialized unchanged. `FromStr` accepts only known values, so that a typo is an error;
        /// to send a newer value, use `Other`.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(#[$first_meta])* #[doc = concat!("\n\nOn the wire: `", $first_wire, "`.")] $first,
            $( $(#[$variant_meta])* #[doc = concat!("\n\nOn the wire: `", $wire, "`.")] $variant, )+
            /// A value unknown to this crate, as on the wire.
            Other(String),
        }

        impl $name {
            /// The value as on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    Self::$first => $first_wire,
                    $( Self::$variant => $wire, )+
                    Self::Other(value) => value,
                }
            }

            /// Whether this crate knows the value; `false` for `Other`.
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Other(_))
            }

            pub(crate) const RULE: &'static str =
                concat!("must be one of ", $first_wire $(, ", ", $wire)+);

            fn read(value: &str) -> Self {
                match value {
                    $first_wire $(| $first_alias)* => Self::$first,
                    $( $wire $(| $alias)* => Self::$variant, )+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        /// Accepts only known values; the error lists them.
        impl std::str::FromStr for $name {
            type Err = crate::Error;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                match Self::read(value) {
                    Self::Other(other) => Err(crate::Error::invalid($field, Self::RULE, &other)),
                    known => Ok(known),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
                Ok(Self::read(&value))
            }
        }
    };
}

pub(crate) use open_enum;
