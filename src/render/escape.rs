//! Text from logs made safe for a terminal: no escape sequence, no hidden or reordering character gets through.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

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

/// JSON on its way out, with every unsafe character as `\uXXXX`. They stand in strings only, so the values stay the same.
pub(super) struct JsonOut<'a> {
    out: &'a mut dyn Write,
    /// The beginning of a character whose end is in the next write.
    torn: Vec<u8>,
}

impl<'a> JsonOut<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, torn: Vec::new() }
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        let (mut written, mut at) = (0, 0);
        loop {
            at += plain_length(&text.as_bytes()[at..]);
            let Some(char) = text[at..].chars().next() else { break };
            if is_unsafe(char) && char != '\n' {
                self.out.write_all(&text.as_bytes()[written..at])?;
                for unit in char.encode_utf16(&mut [0; 2]) {
                    write!(self.out, "\\u{unit:04x}")?;
                }
                written = at + char.len_utf8();
            }
            at += char.len_utf8();
        }
        self.out.write_all(&text.as_bytes()[written..])
    }
}

/// Bytes at the start that are letters, signs and line ends of ASCII: nearly all. Many are looked at together.
fn plain_length(bytes: &[u8]) -> usize {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
    let (blocks, _) = bytes.as_chunks::<64>();
    let plain = |block: &&[u8; 64]| block.iter().fold(true, |all, byte| all & is_plain(byte));
    let start = 64 * blocks.iter().take_while(plain).count();
    start + bytes[start..].iter().take_while(|byte| is_plain(byte)).count()
}

impl Write for JsonOut<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.torn.is_empty() && plain_length(bytes) == bytes.len() {
            self.out.write_all(bytes)?;
            return Ok(bytes.len());
        }
        let joined = if self.torn.is_empty() { Cow::Borrowed(bytes) } else { [&self.torn, bytes].concat().into() };
        let whole = match std::str::from_utf8(&joined) {
            Ok(text) => text.len(),
            // What is torn has at most three bytes; JSON has nothing else that is no UTF-8.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, "JSON is UTF-8")),
        };
        self.text(&String::from_utf8_lossy(&joined[..whole]))?;
        self.torn = joined[whole..].to_vec();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
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

    #[test]
    fn json_keeps_its_values_and_loses_what_drives_a_terminal() {
        let value = "a\u{9b}31m \u{202e}\u{feff}\u{e0041} 日本 \x7f";
        let json = serde_json::to_vec(value).unwrap();
        for size in 1..json.len() {
            let mut out = Vec::new();
            let mut writer = JsonOut::new(&mut out);
            json.chunks(size).for_each(|part| writer.write_all(part).unwrap());
            assert!(!String::from_utf8_lossy(&out).chars().any(is_unsafe));
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), value);
        }
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
