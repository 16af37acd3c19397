//! Enums of values that the API may extend at any time.

/// One table of names and wire values, with other spellings that are read too: gives the enum,
/// `as_str`, `is_known`, `Display`, a strict `FromStr`, and serde that keeps unknown values.
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
        /// The API adds values without notice: reading keeps one that this crate does not know in
        /// `Other`, and writing gives it back unchanged. `FromStr` takes the known values only, so
        /// that a typing mistake is an error; to send a newer value, make an `Other`.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(#[$first_meta])* #[doc = concat!("\n\nOn the wire: `", $first_wire, "`.")] $first,
            $( $(#[$variant_meta])* #[doc = concat!("\n\nOn the wire: `", $wire, "`.")] $variant, )+
            /// A value that this crate does not know, as it is written on the wire.
            Other(String),
        }

        impl $name {
            /// The value as it is written on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    Self::$first => $first_wire,
                    $( Self::$variant => $wire, )+
                    Self::Other(value) => value,
                }
            }

            /// Whether this crate knows the value: `false` for `Other`.
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

        /// Takes the known values only; the error lists them.
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
