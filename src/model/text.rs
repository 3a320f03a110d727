//! Bytes of a log as text.

use std::borrow::Cow;

/// Bytes as text; what is no UTF-8 becomes the replacement character.
#[must_use]
pub(crate) fn lossy_text(bytes: &[u8]) -> Cow<'_, str> {
    // The check alone is several times faster than the lossy reader, and nearly always enough.
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}
