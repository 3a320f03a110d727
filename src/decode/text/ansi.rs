//! Terminal colours in saved output: taken out of messages that have them.

use std::borrow::Cow;

/// `text` without colour sequences; borrowed where there are none.
pub(in crate::decode) fn without_colours(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(0x1b, text) else { return Cow::Borrowed(text) };
    let mut plain = text[..first].to_vec();
    let mut rest = &text[first..];
    while let Some(byte) = rest.first() {
        let length = sequence(rest);
        if length == 0 {
            plain.push(*byte);
            rest = &rest[1..];
        } else {
            rest = &rest[length..];
        }
    }
    Cow::Owned(plain)
}

/// Length of the sequence `ESC [ … letter` at the start.
pub(in crate::decode) fn sequence(text: &[u8]) -> usize {
    let Some(inside) = text.strip_prefix(b"\x1b[") else { return 0 };
    let arguments = inside.iter().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b'?')).count();
    match inside.get(arguments) {
        Some(end) if end.is_ascii_alphabetic() => 2 + arguments + 1,
        _ => 0,
    }
}

/// Sequences at the start, one after the other.
pub(in crate::decode) fn sequences(text: &[u8]) -> usize {
    let mut at = 0;
    while let length @ 1.. = sequence(&text[at..]) {
        at += length;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_colours_out() {
        assert_eq!(&*without_colours(b"\x1b[31mred\x1b[0m \x1b]x"), b"red \x1b]x");
        assert_eq!(sequences(b"\x1b[1m\x1b[31mred"), 9);
    }
}
