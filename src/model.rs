//! Building blocks for the types of both APIs.

pub(crate) mod header;
pub(crate) mod identifier;
pub(crate) mod json_path;
pub(crate) mod lenient;
pub(crate) mod money;
pub(crate) mod open_enum;
pub(crate) mod optional_text;
pub(crate) mod picture;
pub(crate) mod url;
