//! Conversion of log bytes to text.

use std::borrow::Cow;

/// Converts bytes to text; invalid UTF-8 becomes the replacement character.
#[must_use]
pub(crate) fn lossy_text(bytes: &[u8]) -> Cow<'_, str> {
    // The check alone is several times faster than the lossy conversion, and nearly all text is valid.
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}
