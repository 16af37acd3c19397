use std::borrow::Cow;

/// The argument of setters for optional text fields: text or an `Option` of it.
///
/// Implemented for `&str`, `String`, `&String`, `Cow<str>`, `&Option<String>`, and `Option<T>`
/// where `T` converts to `String`. `None` leaves the field out.
///
/// ```
/// use vipps::order_management::{BottomLine, Currency};
///
/// let pos_id: Option<&str> = None;
/// let bottom_line = BottomLine::new(Currency::Nok)
///     .receipt_number("0527013501")
///     .pos_id(pos_id);
/// assert_eq!(bottom_line.pos_id, None);
/// ```
pub trait OptionalText {
    /// The text, if there is one.
    fn into_text(self) -> Option<String>;
}

impl<T: Into<String>> OptionalText for Option<T> {
    fn into_text(self) -> Option<String> {
        self.map(T::into)
    }
}

impl OptionalText for String {
    fn into_text(self) -> Option<String> {
        Some(self)
    }
}

impl OptionalText for &str {
    fn into_text(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl OptionalText for &String {
    fn into_text(self) -> Option<String> {
        Some(self.clone())
    }
}

impl OptionalText for Cow<'_, str> {
    fn into_text(self) -> Option<String> {
        Some(self.into_owned())
    }
}

/// For a field of a borrowed struct.
impl OptionalText for &Option<String> {
    fn into_text(self) -> Option<String> {
        self.clone()
    }
}
