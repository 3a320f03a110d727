//! Escaping of text from logs for terminals and CI runners: no escape sequence, no hidden or reordering character and
//! no workflow command gets through.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Puts the text on one line, and makes everything visible that a terminal would act on.
///
/// A line break becomes ` ↵ `, a tab ` | `, any other control, direction or invisible character its code. Safe text is
/// returned unchanged, so applying the function twice does no harm.
#[must_use]
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
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

/// Makes every character visible that nobody sees or that changes how others are seen, but for line feeds. Safe text is
/// returned unchanged.
#[must_use]
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    let hidden = |char: char| is_unsafe(char) && char != '\n';
    if !text.chars().any(hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if hidden(char) { push_code(&mut out, char) } else { out.push(char) }
    }
    Cow::Owned(out)
}

/// Appends the code of a character: `\x1b` or `\u{202e}`.
fn push_code(out: &mut String, char: char) {
    let code = u32::from(char);
    // Writing to a string cannot fail.
    let _ = if code < 0x100 { write!(out, "\\x{code:02x}") } else { write!(out, "\\u{{{code:x}}}") };
}

/// Marks at the start of a line that Buildkite takes for the heading of a group, if a blank follows.
const GROUPS: [&str; 4] = ["---", "+++", "~~~", "^^^"];

/// Breaks every workflow command in lines of output. CI runners obey what a step prints: GitHub `::NAME::` at the start
/// of a line and `##[NAME]` anywhere in it, Azure `##vso[NAME]` and TeamCity `##teamcity[NAME]` anywhere, Buildkite `--- ` at
/// the start. The sections of GitLab and the notes of Jenkins need control characters, of which none is left.
///
/// To be applied to whole lines after wrapping, which decides what a line begins with. The lines may contain colours.
#[must_use]
pub(crate) fn without_commands(text: &str) -> Cow<'_, str> {
    if !text.contains("##") && !text.lines().any(|line| begins_command(line, after_blanks(line))) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let rest = after_blanks(line);
        let start = begins_command(line, rest).then_some(line.len() - rest.len());
        for (at, char) in line.char_indices() {
            if start == Some(at) || char == '#' && is_hash_command(&line[at..]) {
                push_code(&mut out, char);
            } else {
                out.push(char);
            }
        }
    }
    Cow::Owned(out)
}

/// Returns whether a line begins with a command, of which `rest` is what follows its blanks and colours.
fn begins_command(line: &str, rest: &str) -> bool {
    let is_group = |mark: &&str| rest.strip_prefix(*mark).is_some_and(|rest| rest.starts_with(char::is_whitespace));
    rest.starts_with("::") || !line.starts_with([' ', '\t']) && GROUPS.iter().any(is_group)
}

/// Returns the rest of a line after blanks and colours.
fn after_blanks(line: &str) -> &str {
    let mut rest = line;
    loop {
        let text = rest.trim_start();
        let colour = text.strip_prefix("\x1b[").and_then(|code| code.split_once('m'));
        match colour.filter(|(code, _)| code.bytes().all(|byte| byte.is_ascii_digit() || byte == b';')) {
            Some((_, after)) => rest = after,
            None => return text,
        }
    }
}

/// Returns whether the text begins with `##[` or `##NAME[`.
fn is_hash_command(text: &str) -> bool {
    let name = text.strip_prefix("##").map(|rest| rest.trim_start_matches(|char: char| char.is_ascii_alphanumeric()));
    name.is_some_and(|rest| rest.starts_with('['))
}

/// Writer of JSON that escapes every unsafe character as `\uXXXX`, and every second `#` in a row, as runners find
/// commands anywhere in a line. These characters occur only in strings, so the values stay the same.
pub(super) struct JsonOut<'a> {
    out: &'a mut dyn Write,
    /// Beginning of a character whose end comes with the next write.
    torn: Vec<u8>,
    /// Whether the last visible character written was an unescaped `#`.
    mark: bool,
}

impl<'a> JsonOut<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, torn: Vec::new(), mark: false }
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        let (mut written, mut at) = (0, 0);
        loop {
            let plain = plain_length(&text.as_bytes()[at..]);
            at += plain;
            self.mark &= plain == 0;
            let Some(char) = text[at..].chars().next() else { break };
            let second_mark = char == '#' && self.mark;
            self.mark = char == '#' && !second_mark;
            if second_mark || is_unsafe(char) && char != '\n' {
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

/// Counts the bytes at the start that are ASCII letters, signs (except `#`) and line feeds, as nearly all are. Checks
/// 64 bytes at a time.
fn plain_length(bytes: &[u8]) -> usize {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'"' | b'$'..=b'~' | b'\n');
    let (blocks, _) = bytes.as_chunks::<64>();
    let plain = |block: &&[u8; 64]| block.iter().fold(true, |all, byte| all & is_plain(byte));
    let start = 64 * blocks.iter().take_while(plain).count();
    start + bytes[start..].iter().take_while(|byte| is_plain(byte)).count()
}

impl Write for JsonOut<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.torn.is_empty() && plain_length(bytes) == bytes.len() {
            self.mark &= bytes.is_empty();
            self.out.write_all(bytes)?;
            return Ok(bytes.len());
        }
        let joined = if self.torn.is_empty() { Cow::Borrowed(bytes) } else { [&self.torn, bytes].concat().into() };
        let whole = match std::str::from_utf8(&joined) {
            Ok(text) => text.len(),
            // An incomplete character has at most three bytes; JSON has no other invalid UTF-8.
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

/// Returns whether a character is a control (C0, DEL, C1) or what Unicode calls a format character: direction marks and
/// overrides ("Trojan Source", CVE-2021-42574), zero-width characters, tags, interlinear marks, variation selectors, which
/// can carry data that nobody sees, and fillers. Runners that compare text by language ignore them, so a mark could hide
/// behind them. The no-break space is included so that it becomes a plain one.
fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
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
        case("a\u{fe0f}b\u{e0101}c\u{180b}", "a\\u{fe0f}b\\u{e0101}c\\u{180b}");
    }

    #[test]
    fn json_keeps_its_values_and_loses_what_drives_a_terminal() {
        let value = "a\u{9b}31m \u{202e}\u{feff}\u{e0041} 日本 \x7f ##[a] ###vso[b] #\u{fe0f}#[c] # # #";
        let json = serde_json::to_vec(value).unwrap();
        for size in 1..json.len() {
            let mut out = Vec::new();
            let mut writer = JsonOut::new(&mut out);
            json.chunks(size).for_each(|part| writer.write_all(part).unwrap());
            assert!(!String::from_utf8_lossy(&out).chars().any(is_unsafe));
            assert!(!String::from_utf8_lossy(&out).contains("##"));
            assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), value);
        }
    }

    #[test]
    fn breaks_workflow_commands_and_nothing_else() {
        for (line, want) in [
            ("::error::x", "\\x3a:error::x"),
            ("  ::add-mask::e\nfine\n\t::stop-commands::", "  \\x3a:add-mask::e\nfine\n\t\\x3a:stop-commands::"),
            (" \x1b[31m\x1b[1;2m ::error::x", " \x1b[31m\x1b[1;2m \\x3a:error::x"),
            ("--- a group", "\\x2d-- a group"),
            ("\x1b[1m+++ a group\n~~~ b\n^^^ +++", "\x1b[1m\\x2b++ a group\n\\x7e~~ b\n\\x5e^^ +++"),
            ("a ##[add-mask]e", "a \\x23#[add-mask]e"),
            ("Error: ###vso[task.complete]##VSO[x]", "Error: #\\x23#vso[task.complete]\\x23#VSO[x]"),
            ("##teamcity[x]", "\\x23#teamcity[x]"),
        ] {
            assert_eq!(without_commands(line), want, "{line:?}");
            assert_eq!(without_commands(want), want, "once is enough");
        }
        for line in [
            "## Heading",
            "std::vec::Vec",
            "a ::Net::HTTP",
            "#[derive]",
            "# ##",
            "",
            "\n",
            "[##] ##a-b[",
            ": :",
            "---",
            " --- a",
            "---a",
        ] {
            assert_eq!(without_commands(line), line);
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
