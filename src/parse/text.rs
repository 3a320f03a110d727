//! Text helpers that all message shapes share: lines, words, numbers, colour codes. None depends on a shape.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::lambda::levels::is_any_line_level;
use crate::lambda::runtimes::TRACEBACK;
use crate::model::{RequestId, Timestamp};

/// Blanks between fields: a tab, or the spaces that a copy turned it into.
pub(super) const BLANKS: [char; 2] = [' ', '\t'];

/// Strips everything that may precede the first letter of a message.
pub(super) fn trim_front(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\r', '\n', '\u{feff}'])
}

/// Splits a text into lines ended by `\n`, `\r\n` or a lone `\r`, which clients write inside an event where `\n` would
/// end it.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> + Clone {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let cut = split_line(text);
        rest = cut.map(|(_, after)| after);
        Some(cut.map_or(text, |(line, _)| line))
    })
}

/// Splits at the first line end.
fn split_line(text: &str) -> Option<(&str, &str)> {
    let end = memchr::memchr2(b'\n', b'\r', text.as_bytes())?;
    let (line, rest) = text.split_at_checked(end)?;
    Some((line, rest.strip_prefix("\r\n").or_else(|| rest.get(1..))?))
}

/// Splits at the first `mark`. Error texts are long and mostly lack the mark, which the vectorised search of `memchr`
/// finds out sooner than the standard library's.
pub(super) fn split_at_first<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let at = memchr::memmem::find(text.as_bytes(), mark.as_bytes())?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

/// Splits at the heading of a Python stack. Nearly every error is asked for it, so the search is prepared once.
pub(super) fn split_at_traceback(text: &str) -> Option<(&str, &str)> {
    static HEADING: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(TRACEBACK));
    let at = HEADING.find(text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + TRACEBACK.len()..)?))
}

/// Splits off the first line; the rest begins after its line end.
pub(super) fn first_line(text: &str) -> (&str, &str) {
    split_line(text).unwrap_or((text, ""))
}

/// Strips leading blanks, including the no-break spaces that the Python client indents with.
pub(super) fn trim_indent(line: &str) -> &str {
    line.trim_start_matches([' ', '\t', '\u{a0}'])
}

/// Splits off the first word after any blanks.
pub(super) fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.find(char::is_whitespace).map_or((text, ""), |end| text.split_at(end))
}

/// Returns what follows `prefix` and at least one blank.
pub(super) fn after_word<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(prefix)?;
    let trimmed = rest.trim_start_matches(BLANKS);
    (trimmed.len() < rest.len()).then_some(trimmed)
}

/// Parses the UUID at the start of `text`; also returns what follows it.
pub(super) fn uuid(text: &str) -> Option<(RequestId, &str)> {
    let id = RequestId::parse_prefix(text.as_bytes())?;
    Some((id, text.get(RequestId::LENGTH..).unwrap_or("")))
}

/// Reads the request id at the start of `text`, whatever it looks like; also returns what follows it.
pub(super) fn request_id(text: &str) -> Option<(RequestId, &str)> {
    let (id, length) = RequestId::read_prefix(text.as_bytes())?;
    Some((id, text.get(length..).unwrap_or("")))
}

/// Reads a UUID at the start of `text`, or one that is masked or cut; also returns what follows it.
pub(super) fn masked_id(text: &str) -> Option<(RequestId, &str)> {
    let (id, length) = RequestId::read_masked_prefix(text.as_bytes())?;
    Some((id, text.get(length..).unwrap_or("")))
}

/// Returns what follows the timestamp at the start of `text`.
pub(super) fn after_timestamp(text: &str) -> Option<&str> {
    let (_, used) = Timestamp::parse_prefix(text.as_bytes())?;
    text.get(used..)
}

/// Returns what follows the level in brackets at the start of `text`.
pub(super) fn after_bracketed_level(text: &str) -> Option<&str> {
    let (level, rest) = text.strip_prefix('[')?.split_once(']')?;
    is_any_line_level(level).then_some(rest)
}

/// Returns what follows the time at the start of `text`, as runtimes write it or as a tool rewrote it: in any order of
/// day, month and year, with names, and with an offset or a zone behind it, also in brackets.
pub(super) fn after_any_time(text: &str) -> Option<&str> {
    /// Words of the longest: `Mon, 1 Oct 2026 04:00:00 PM GMT (+02:00)`.
    const MOST: usize = 8;
    let (mut rest, mut has_clock) = (text, false);
    if !may_begin_time(text) {
        return None;
    }
    if let Some(after) = after_timestamp(text) {
        (rest, has_clock) = (after, true);
    }
    for _ in 0..MOST {
        let trimmed = rest.trim_start_matches(' ');
        // The time is one field; between its words there is a blank.
        if trimmed.len() == rest.len() && rest.len() < text.len() {
            break;
        }
        let end = trimmed.find(|c: char| c.is_whitespace() || c == '\\' || c == '^' || c == '#');
        let (word, after) = trimmed.split_at(end.unwrap_or(trimmed.len()));
        if !is_word_of_time(word) {
            break;
        }
        has_clock |= has_clock_in(word);
        rest = after;
    }
    (has_clock && rest.len() < text.len()).then_some(rest)
}

/// Returns whether a text may begin with a time: a figure, or the initial of a month or a day. Most begin otherwise.
fn may_begin_time(text: &str) -> bool {
    let first = text.trim_start_matches([' ', '(', '[']).bytes().next();
    first.is_some_and(|first| first.is_ascii_digit() || b"JFMASONDTW".contains(&first))
}

/// Returns whether a word has hours and minutes in it, or is the number of seconds or milliseconds since 1970.
fn has_clock_in(word: &str) -> bool {
    let minutes = |at: usize| {
        at > 0
            && word.as_bytes()[at - 1].is_ascii_digit()
            && word.as_bytes().get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_digit))
    };
    let clock = !word.starts_with(['+', '-', '(']) && memchr::memchr_iter(b':', word.as_bytes()).any(minutes);
    clock || matches!(word.len(), 10 | 13) && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether a word can be part of a time: figures, names of months, days and zones, halves of the day.
pub(super) fn is_word_of_time(word: &str) -> bool {
    const NAMES: [&str; 19] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Mon", "Tue", "Wed", "Thu",
        "Fri", "Sat", "Sun",
    ];
    let bare = word.trim_matches(['(', ')', '[', ']', ',']);
    if bare.is_empty() || word.len() > 40 || RequestId::parse_prefix(bare.as_bytes()).is_some() {
        return false;
    }
    let figures = bare.bytes().any(|byte| byte.is_ascii_digit())
        && bare.bytes().all(|byte| byte.is_ascii_digit() || b":./,-+TZ".contains(&byte));
    let capitals = bare.bytes().all(|byte| byte.is_ascii_uppercase());
    // UTC, GMT, and the zones that end in `T` for time.
    let zone = capitals && (matches!(bare, "UTC" | "Z") || matches!(bare.len(), 3 | 4) && bare.ends_with('T'));
    let offset = ["UTC", "GMT"].iter().any(|zone| {
        let hours = bare.strip_prefix(zone).and_then(|rest| rest.strip_prefix(['+', '-']));
        hours.is_some_and(|hours| hours.bytes().all(|byte| byte.is_ascii_digit() || byte == b':'))
    });
    let name = bare.get(..3).is_some_and(|three| NAMES.contains(&three)) && bare.len() < 10;
    figures || zone || offset || name || matches!(bare, "AM" | "PM" | "am" | "pm" | "a.m." | "p.m.")
}

/// Parses a decimal number as thousandths, exactly: `3.07` is 3070. Further digits are truncated.
pub(super) fn thousandths(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let mut value: u64 = whole.parse().ok()?;
    for at in 0..3 {
        let digit = fraction.as_bytes().get(at).map_or(0, |byte| byte - b'0');
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(value)
}

/// Removes terminal colour codes (`ESC [ … letter`), which subscribers of Rust and others print.
pub(super) fn without_colour(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.strip_prefix('[').map_or(after, |code| {
            let end = code.find(|c: char| !(c.is_ascii_digit() || c == ';'));
            end.map_or("", |end| code.get(end + 1..).unwrap_or(""))
        });
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Returns whether `word` can be the name of a type in any of the languages: `KeyError`, `a.b.C$D`, `A::B`,
/// `Function<X>`.
pub(super) fn is_type_name(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && !word.ends_with(['.', ':'])
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | ':' | '<' | '>' | '`' | '+'))
        && word.len() <= 200
}

/// Returns whether a type name denotes an error by its ending, or contains `Exception`.
pub(super) fn is_error_name(word: &str) -> bool {
    const ENDS: [&str; 8] = ["Error", "Exception", "Fault", "Failure", "Interrupt", "Exit", "Timeout", "Errno"];
    is_type_name(word) && (ENDS.iter().any(|end| word.ends_with(end)) || word.contains("Exception"))
}

/// Splits a line `<message>: <class>`, the first line of an error of the clients of the JVM, of Python before 2019 and
/// of .NET before version 6. The message may be empty.
pub(super) fn message_and_class(line: &str) -> Option<(&str, &str)> {
    // No class has a blank, so this is the last `: `.
    let (said, class) = line.trim_end().rsplit_once(' ')?;
    Some((said.strip_suffix(':')?, class)).filter(|_| is_class_name(class))
}

/// Returns whether a word looks like the class of an error: its last part begins with a capital, as in every
/// convention, or ends like the lower-case names in Python's standard library and some programs (`zlib.error`,
/// `gaierror`).
pub(super) fn is_class_name(word: &str) -> bool {
    const SMALL: [&str; 3] = ["error", "exception", "timeout"];
    let last = word.rsplit(['.', ':', '+']).next().unwrap_or(word).trim_start_matches('_');
    (last.starts_with(char::is_uppercase) || SMALL.iter().any(|end| last.ends_with(end))) && is_type_name(word)
}

/// Returns whether a line begins like a logger's: with a time, a level, a thread in brackets, an id, or the name of a
/// logger before a dash. Old runtime clients put nothing before the message of an error.
pub(super) fn has_log_head(line: &str) -> bool {
    const LEVELS: [&str; 14] = [
        "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "SEVERE", "CRITICAL", "FATAL", "CONFIG",
        "FINE", "FINER", "FINEST",
    ];
    let line = first_line(line.trim_start()).0;
    let level = |word: &str| {
        let word = word.trim_start_matches(['[', '(', '<', '|']);
        let end = word.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(word.len());
        LEVELS.contains(&&word[..end])
    };
    let time = |word: &str| {
        let word = word.trim_start_matches('[').as_bytes();
        word.len() >= 8 && word[..2].iter().all(u8::is_ascii_digit) && word[2] == b':' && word[5] == b':'
    };
    let bracketed = |word: &str| word.starts_with('[') && word.trim_end_matches(':').ends_with(']');
    let id = |word: &str| RequestId::parse_prefix(word.trim_start_matches('[').as_bytes()).is_some();
    after_timestamp(line.trim_start_matches('[')).is_some()
        || line
            .split_whitespace()
            .take(8)
            .enumerate()
            .any(|(at, word)| level(word) || time(word) || bracketed(word) || id(word) || at > 0 && word == "-")
}

/// Splits `Type: message` or a lone `Type`; the type must satisfy `accept`.
pub(super) fn type_and_message(line: &str, accept: fn(&str) -> bool) -> Option<(&str, &str)> {
    let end = line.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(line.len());
    let (head, tail) = line.split_at(end);
    if let Some(name) = head.strip_suffix(':') {
        return accept(name).then(|| (name, tail.trim()));
    }
    // .NET and Node put a code in between: `SqlException (0x80131904): …`, `Error [ERR_X]: …`.
    let coded = tail.trim_start();
    if coded.starts_with(['(', '[']) && accept(head) {
        // Codes are short; the search is bounded so that hostile text cannot make it quadratic.
        let (end, _) = coded.char_indices().take(60).find(|(_, c)| matches!(c, ')' | ']'))?;
        let message = coded.get(end + 1..)?;
        let message = message.strip_prefix(':')?;
        return Some((head, message.trim()));
    }
    (tail.trim().is_empty() && accept(head)).then_some((head, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_decimals_exactly() {
        for (text, want) in [
            ("0", Some(0)),
            ("3.07", Some(3_070)),
            ("2.9", Some(2_900)),
            ("1233.969", Some(1_233_969)),
            ("900000.0009", Some(900_000_000)),
            ("", None),
            (".5", None),
            ("1e3", None),
            ("-1", None),
            ("99999999999999999999", None),
            ("18446744073709551.9", None),
        ] {
            assert_eq!(thousandths(text), want, "{text}");
        }
    }

    #[test]
    fn drops_colour() {
        assert_eq!(without_colour("\u{1b}[31mERROR\u{1b}[0m x\u{1b}[1;2my"), "ERROR xy");
        assert_eq!(without_colour("cut \u{1b}[31"), "cut ");
        assert_eq!(without_colour("é\u{1b}é"), "éé");
    }

    #[test]
    fn splits_message_and_class() {
        for (line, want) in [
            ("x: java.lang.NoClassDefFoundError", Some(("x", "java.lang.NoClassDefFoundError"))),
            ("a: b: Orders$Failed \n", Some(("a: b", "Orders$Failed"))),
            (": KeyError", Some(("", "KeyError"))),
            ("timed out: timeout", Some(("timed out", "timeout"))),
            ("gone: my_error", Some(("gone", "my_error"))),
            ("gone: module._Hidden", Some(("gone", "module._Hidden"))),
            ("stored: 3", None),
            ("stored: widget", None),
            ("at: com.acme.orders", None),
            ("seen at: 12:30:Z.", None),
            ("KeyError", None),
            ("no KeyError", None),
        ] {
            assert_eq!(message_and_class(line), want, "{line}");
        }
    }

    #[test]
    fn splits_type_and_message() {
        let case = |line, want| assert_eq!(type_and_message(line, is_error_name), want, "{line}");
        case("KeyError: 'x'", Some(("KeyError", "'x'")));
        case("KeyError", Some(("KeyError", "")));
        case("Data.SqlException (0x80131904): gone: away", Some(("Data.SqlException", "gone: away")));
        case("TypeError [ERR_X]: bad", Some(("TypeError", "bad")));
        case("search failed", None);
        case("Order: 5", None);
    }
}
