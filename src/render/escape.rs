//! Text from logs made safe for a terminal: no escape sequence, no hidden or reordering character gets through.

use std::borrow::Cow;
use std::fmt::Write;

/// The text on one line, with everything that a terminal would act on made visible.
///
/// A line break becomes ` ↵ `, a tab ` | `, any other control, direction or invisible character its code. What is
/// plain already is returned as it is, so the function may be applied twice.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    let text = text.trim_end_matches(['\n', '\r', '\t', ' ']);
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '\r' | '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' => {
                while rest.next_if(|next| matches!(next, '\r' | '\n')).is_some() {}
                out.push_str(" ↵ ");
            }
            '\t' => out.push_str(" | "),
            '\u{a0}' => out.push(' '),
            _ if is_unsafe(char) => push_code(&mut out, char),
            _ => out.push(char),
        }
    }
    Cow::Owned(out)
}

/// `\x1b` or `\u{202e}`.
fn push_code(out: &mut String, char: char) {
    let code = u32::from(char);
    // Writing to a string cannot fail.
    let _ = if code < 0x100 { write!(out, "\\x{code:02x}") } else { write!(out, "\\u{{{code:x}}}") };
}

/// Controls (C0, DEL, C1), and what Unicode calls format characters: direction marks and overrides ("Trojan Source",
/// CVE-2021-42574), zero-width characters, tags, interlinear marks. The no-break space is here to become a plain one.
fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str, want: &str) {
        assert_eq!(one_line(text), want, "{text:?}");
    }

    #[test]
    fn shows_what_a_terminal_would_act_on() {
        case("plain text, ünïcode, 日本", "plain text, ünïcode, 日本");
        case("a\tb\n", "a | b");
        case("a\r\n\r\nb\nc", "a ↵ b ↵ c");
        case("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07");
        case("\u{9b}31m", "\\x9b31m");
        case("user\u{202e}gnp.exe", "user\\u{202e}gnp.exe");
        case("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}");
        case("\u{a0}\u{a0}File", "  File");
        case("a\0b\x7f", "a\\x00b\\x7f");
    }

    proptest::proptest! {
        #[test]
        fn nothing_unsafe_is_left_and_twice_is_once(text in "(?s).{0,80}") {
            let once = one_line(&text).into_owned();
            proptest::prop_assert!(!once.chars().any(is_unsafe));
            let twice = one_line(&once).into_owned();
            proptest::prop_assert_eq!(twice.trim_end(), once.trim_end());
        }
    }
}
