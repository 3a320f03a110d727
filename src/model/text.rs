//! Conversion of log bytes and of numbers to text.

use std::borrow::Cow;

/// Converts bytes to text; invalid UTF-8 becomes the replacement character.
#[must_use]
pub(crate) fn lossy_text(bytes: &[u8]) -> Cow<'_, str> {
    // The check alone is several times faster than the lossy conversion, and nearly all text is valid.
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Longest end of a text that is searched for the start of its last word.
const WORD: usize = 1_024;

/// Returns where to cut a text of more than so many bytes: before the word that would be cut, or within it if it is very
/// long. Half a secret is not known as one, and would be shown.
#[must_use]
pub(crate) fn cut_before_word(text: &[u8], most: usize) -> usize {
    if text.len() <= most {
        return text.len();
    }
    let from = most - WORD.min(most / 2);
    let parts = |byte: &u8| byte.is_ascii_whitespace() || b"\"',;&<>()[]{}|".contains(byte);
    match text[from..most].iter().rposition(parts) {
        Some(at) => from + at + 1,
        // Not within a character.
        None => (0..=most).rev().take(4).find(|at| text[*at] & 0xc0 != 0x80).unwrap_or(most),
    }
}

/// Cuts a text to so many bytes, before a word that would be cut.
#[must_use]
pub(crate) fn cut_text(text: &str, most: usize) -> &str {
    text.get(..cut_before_word(text.as_bytes(), most)).unwrap_or(text)
}

/// Formats a number with separators: `1,203,442`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Formats a count with its noun: `1 attempt`, `1,204 attempts`.
#[must_use]
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_before_a_word() {
        for (text, most, want) in [
            ("short", 10, "short"),
            ("connects to postgres://user:secret@host/db", 22, "connects to "),
            (r#"{"level":"info","url":"pg://me:secret@host"}"#, 35, r#"{"level":"info","url":""#),
            ("ends here now", 9, "ends here"),
            ("aaaaaaaaaaaaaaaaaaaa", 7, "aaaaaaa"),
            ("aééééééééé", 4, "aé"),
            ("ééé", 1, ""),
        ] {
            assert_eq!(cut_text(text, most), want);
        }
        assert_eq!(cut_text(&format!("{} postgres://user:secret@host", "y".repeat(4_080)), 4_096).len(), 4_081);
    }

    proptest::proptest! {
        #[test]
        fn a_cut_text_is_a_beginning_within_the_bound(text in "\\PC{0,80}", most in 0usize..100) {
            let cut = cut_text(&text, most);
            proptest::prop_assert!(text.starts_with(cut) && (cut.len() <= most || text.len() <= most));
        }
    }
}
