//! How a value looks: made by a machine, a word of prose, or nothing at all.

use super::MASK;

/// Length from which a value without a blank is no word of prose.
pub(super) const NO_WORD: usize = 64;

/// Length of the longest of these words.
const LONGEST_NOTHING: usize = 9;
/// Words that stand where a value would, and say something of it.
const NOTHING: [&str; 34] = [
    "null",
    "none",
    "nil",
    "undefined",
    "true",
    "false",
    "missing",
    "invalid",
    "required",
    "expired",
    "incorrect",
    "wrong",
    "empty",
    "string",
    "nan",
    "not",
    "is",
    "must",
    "cannot",
    "redacted",
    "hidden",
    "masked",
    "<nil>",
    "(null)",
    "failed",
    "getter",
    "setter",
    "object",
    "array",
    "function",
    "filtered",
    "yes",
    "no",
    "n/a",
];

/// Returns whether a value is not a secret, whatever its name: nothing, a word for nothing, or masked already.
pub(super) fn is_harmless(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    if value.len() >= NO_WORD {
        return false;
    }
    value.is_empty()
        || is_mask(value)
        || value.iter().all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.' | b'=' | b'-' | b'_'))
        || value.len() <= LONGEST_NOTHING && NOTHING.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(value))
        || is_placeholder(value)
}

/// Returns whether it is a mask, maybe without its last sign, and nothing that could be a part of a value behind it.
fn is_mask(value: &[u8]) -> bool {
    let rest = value.strip_prefix(&MASK.as_bytes()[..MASK.len() - 1]);
    rest.is_some_and(|rest| !rest.iter().any(u8::is_ascii_alphanumeric))
}

/// Returns whether it names a value instead of being one: `${DB_PASSWORD}`, `<password>`, `{{ secret }}`, `$(cat x)`.
fn is_placeholder(value: &[u8]) -> bool {
    let first = value.first().copied().unwrap_or_default();
    if !matches!(first, b'$' | b'%' | b':' | b'?' | b'{' | b'<') {
        return false;
    }
    let is_closed = value.ends_with(if first == b'<' {
        b">"
    } else if first == b'%' {
        b"s"
    } else {
        b"}"
    });
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || b"${}<>()_-.: %".contains(byte);
    value.len() <= 3 || is_closed && value.iter().all(is_sign) && !is_made(value)
}

/// Shortest value that is known as made by a machine from its characters alone.
const MADE: usize = 8;

/// Returns whether it looks made by a machine where names stand, too: its letters and digits change often, and not only
/// as in `dbPassword2` or `oauth2Token`.
pub(super) fn is_made(text: &[u8]) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum CharClass {
        Upper,
        Lower,
        Digit,
    }
    let (mut last, mut changes, mut is_amid, mut length) = (None, 0, false, 0);
    for byte in text {
        let class = match byte {
            b'A'..=b'Z' => Some(CharClass::Upper),
            b'a'..=b'z' => Some(CharClass::Lower),
            b'0'..=b'9' => Some(CharClass::Digit),
            _ => None,
        };
        length += usize::from(class.is_some());
        if let (Some(one), Some(next)) = (last, class)
            && one != next
            && (one, next) != (CharClass::Upper, CharClass::Lower)
        {
            changes += 1;
            is_amid |= one == CharClass::Digit;
        }
        last = class;
    }
    length >= MADE && is_amid && changes >= 3 && changes * 4 >= length
}

/// Returns whether it has digits, or capitals in the middle of small letters, or is too long for a word of prose.
pub(super) fn looks_random(text: &[u8]) -> bool {
    let end = text.iter().rposition(|byte| !matches!(byte, b'.' | b',' | b':')).map_or(0, |at| at + 1);
    let text = &text[..end];
    if text.len() >= NO_WORD {
        return true;
    }
    let has_small = text.iter().any(u8::is_ascii_lowercase);
    let inner_capital = has_small && text.iter().skip(1).any(u8::is_ascii_uppercase);
    text.len() >= 6 && (inner_capital || text.ends_with(b"=") || text.iter().any(u8::is_ascii_digit))
}

/// Returns whether it is a number, which names of counts have as their value.
pub(super) fn is_number(value: &[u8]) -> bool {
    let begins = value.first().is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.'));
    begins && value.len() < NO_WORD && std::str::from_utf8(value).is_ok_and(|value| value.parse::<f64>().is_ok())
}
