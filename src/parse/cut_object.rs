//! Objects in JSON that were cut off, or broken over lines: a line at the size limit of an event, a row of a window.

use std::borrow::Cow;

use super::error_object::{Object, first_object, member};
use super::text::after_timestamp;
use super::{level, structured};
use crate::model::{AppLine, ErrorForm, Level, Statement};

/// Depth of nesting, at most; no line of a runtime has more.
const DEEPEST: usize = 64;

/// Keys with which lines of the runtimes in the JSON format begin.
const FIRST_KEYS: [&str; 5] = ["timestamp", "time", "level", "log_level", "message"];

/// Place in an object up to which its text was read.
#[derive(Clone, Debug)]
pub(super) struct ObjectReader {
    /// Bytes that end what is open: brackets, outermost first.
    closers: Vec<u8>,
    /// Bytes read.
    read: usize,
    /// Bytes up to the end of the last whole value.
    whole: usize,
    /// Where the open string began, behind its quotation mark.
    string: Option<usize>,
    escaped: bool,
    /// Whether a string that begins now is the name of a member, or that which is open is.
    key: bool,
    /// Whether a value must follow.
    awaits_value: bool,
    /// Whether the text goes on deeper than any line does, or closes what it did not open.
    odd: bool,
}

impl ObjectReader {
    pub(super) fn new() -> Self {
        Self {
            closers: Vec::new(),
            read: 0,
            whole: 0,
            string: None,
            escaped: false,
            key: false,
            awaits_value: false,
            odd: false,
        }
    }

    pub(super) fn of(text: &str) -> Self {
        let mut reader = Self::new();
        reader.read(text);
        reader
    }

    /// Returns whether a line can be the rest of the object, and is no line of its own.
    pub(super) fn goes_on_with(&self, line: &str) -> bool {
        if !self.is_open() {
            return false;
        }
        if let Some(rest) = line.strip_prefix('{') {
            let rest = rest.trim_start_matches(' ');
            let named = |key: &&str| {
                rest.strip_prefix('"').and_then(|rest| rest.strip_prefix(key)).is_some_and(|rest| rest.starts_with('"'))
            };
            return match self.is_in_string() {
                true => !rest.starts_with('"'),
                false => self.awaits_value && !["timestamp", "time", "level", "log_level", "type"].iter().any(named),
            };
        }
        let bracketed = |line: &str| {
            line.split_once(']')
                .is_some_and(|(word, _)| word.len() > 1 && word[1..].bytes().all(|b| b.is_ascii_uppercase()))
        };
        !(line.starts_with('[') && bracketed(line)) && after_timestamp(line).is_none_or(|rest| rest.starts_with('"'))
    }

    /// Reads on, up to the end of the object.
    pub(super) fn read(&mut self, text: &str) {
        let begun = self.read;
        for (at, byte) in (begun..).zip(text.bytes()) {
            self.read = at + 1;
            self.byte(at, byte);
            if self.odd || self.closers.is_empty() {
                break;
            }
        }
    }

    fn byte(&mut self, at: usize, byte: u8) {
        if self.string.is_some() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.string = None;
                    if !self.key {
                        self.whole = at + 1;
                    }
                }
                _ => {}
            }
            return;
        }
        if !byte.is_ascii_whitespace() {
            self.awaits_value = matches!(byte, b':' | b'[' | b',');
        }
        match byte {
            b'"' => self.string = Some(at + 1),
            b'{' | b'[' => {
                self.odd = self.closers.len() == DEEPEST;
                self.closers.push(byte + 2);
                self.key = byte == b'{';
                self.whole = at + 1;
            }
            b'}' | b']' => {
                self.odd = self.closers.pop() != Some(byte);
                self.key = false;
                self.whole = at + 1;
            }
            b',' => {
                self.key = self.closers.last() == Some(&b'}');
                self.whole = at;
            }
            b':' => self.key = false,
            _ => {}
        }
    }

    /// Returns whether the object has not ended.
    pub(super) fn is_open(&self) -> bool {
        !self.odd && !self.closers.is_empty()
    }

    pub(super) fn is_in_string(&self) -> bool {
        self.string.is_some()
    }
}

/// Returns whether brackets of a text are open at its end.
pub(crate) fn lacks_end(text: &[u8]) -> bool {
    end_of(text).is_none()
}

/// Returns the bytes of the object or list with which a text begins; `None` if it has no end.
pub(super) fn end_of(text: &[u8]) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Returns whether a text begins like an object on one line: pretty ones have nothing behind their brace.
pub(super) fn begins_object(text: &str) -> bool {
    text.strip_prefix('{').is_some_and(|rest| rest.trim_start_matches(' ').starts_with('"'))
}

/// Returns an object without line ends inside of its strings, which can have none; `None` if there are none.
pub(super) fn mended(text: &str) -> Option<String> {
    if !begins_object(text) || memchr::memchr(b'\n', text.as_bytes()).is_none() {
        return None;
    }
    let (whole, was_broken) = on_one_line(text);
    was_broken.then_some(whole)
}

/// Joins the rows of an object; tells whether a string was broken.
pub(super) fn on_one_line(text: &str) -> (String, bool) {
    let mut rows: Vec<&str> = text.trim_end().lines().collect();
    let is_indented = |row: &&str| row.starts_with('\t') || row.starts_with("  ");
    if let Some((_, further)) = rows.split_first_mut()
        && further.iter().all(is_indented)
    {
        further.iter_mut().for_each(|row| *row = row.trim_start_matches(['\t', ' ']));
    }
    // Of two rows nothing tells where a window would break them. Without a blank, no name or class is torn.
    let (few, of_window) = (rows.len() < 3, are_of_window(&rows));
    let mut reader = ObjectReader::new();
    let mut whole = String::with_capacity(text.len());
    let mut was_broken = false;
    for row in rows {
        if reader.is_in_string() {
            was_broken = true;
            if (few || !of_window) && !row.starts_with(' ') && lost_blank(&reader, &whole, !few) {
                whole.push(' ');
                reader.read(" ");
            }
        }
        whole.push_str(row);
        reader.read(row);
    }
    (whole, was_broken)
}

/// Returns whether rows are as wide as a window, so that nothing is lost between them.
fn are_of_window(rows: &[&str]) -> bool {
    let columns = |row: &str| row.chars().count();
    let Some((last, full)) = rows.split_last() else { return false };
    let width = full.first().map_or(0, |row| columns(row));
    full.iter().all(|row| columns(row) == width) && columns(last) <= width
}

/// Returns whether a blank stood where a string was broken: in a text, not in an id, a time, a path or the name of a member.
fn lost_blank(reader: &ObjectReader, whole: &str, at_blanks: bool) -> bool {
    let Some(begun) = reader.string.and_then(|from| whole.get(from..)).filter(|_| !reader.key && !reader.escaped)
    else {
        return false;
    };
    let Some((_, word)) = begun.rsplit_once(' ') else {
        return begun.ends_with("Error:") || begun.ends_with("Exception:");
    };
    let is_plain = |word: &str| !word.contains(|c: char| c.is_ascii_digit() || "-/_\\".contains(c));
    word.ends_with([',', ':']) || at_blanks && !word.is_empty() && is_plain(word)
}

/// Returns an object that was cut, ended where it is: with the begun string, or without what is no whole value.
fn ended(text: &str) -> Option<[Cow<'_, str>; 2]> {
    let reader = ObjectReader::of(text);
    if !reader.is_open() {
        return None;
    }
    let end = |text: &str| {
        let closers = reader.closers.iter().rev().map(|closer| char::from(*closer));
        text.chars().chain(closers).collect::<String>()
    };
    let whole = end(text.get(..reader.whole)?);
    let begun = reader.string.filter(|_| !reader.key).map(|_| {
        let string = without_begun_escape(text.trim_end_matches(['\n', '\r']), reader.escaped);
        end(&[string, "\""].concat())
    });
    Some([begun.map_or(Cow::Borrowed(""), Cow::Owned), Cow::Owned(whole)])
}

/// Strips an escape that was cut.
fn without_begun_escape(text: &str, escaped: bool) -> &str {
    const LONGEST: usize = "\\u00e9".len();
    let from = text.floor_char_boundary(text.len().saturating_sub(LONGEST - 1));
    let tail = text.get(from..).unwrap_or("");
    match tail.rfind("\\u") {
        Some(at) if !text[..from + at].ends_with('\\') => &text[..from + at],
        _ if escaped => text.strip_suffix('\\').unwrap_or(text),
        _ => text,
    }
}

/// Parses an object that was cut, by the members that it has; `None` if it is whole or is no line of a logger.
pub(super) fn parse(text: &str) -> Option<Statement<'static>> {
    // Payloads of the clients have readers of their own.
    if !begins_object(text) || text.starts_with("{\"errorMessage\"") {
        return None;
    }
    let (first, _) = text.split_once('\n').unwrap_or((text, ""));
    let first = without_mark(first.trim_end());
    let [begun, whole] = ended(first)?;
    let Some(whole) = first_object(&whole) else {
        return begins_like_runtime(first).then(|| {
            let line = AppLine { in_doubt: true, ..AppLine::default() };
            Statement::App(Box::new(line))
        });
    };
    let told = level::of_object(&whole);
    let begun = first_object(&begun).filter(|_| told.is_some());
    let object = begun.as_ref().unwrap_or(&whole);
    let mut line = structured::of_object(object);
    // One that was cut is that of nobody.
    line.id = line.id.and_then(|_| structured::request_id(&whole));
    let found = line.error.as_mut().filter(|error| error.form != ErrorForm::Logged);
    match (found, told) {
        // What is missing may be a member that only a logger of the function writes.
        (Some(error), _) if error.form == ErrorForm::Unhandled => error.form = ErrorForm::MaybeUnhandled,
        (Some(_), _) => {}
        (None, Some(told)) if told < Level::Error => {}
        (None, Some(_)) => line.in_doubt = !says_something(object),
        (None, None) => line.in_doubt = begins_like_runtime(first),
    }
    Some(Statement::App(Box::new(line)))
}

/// Strips what tools write where they cut a text.
fn without_mark(text: &str) -> &str {
    const MARKS: [&str; 6] = ["[truncated]", "(truncated)", "<truncated>", "[...]", "...", "\u{2026}"];
    MARKS.iter().find_map(|mark| text.strip_suffix(mark)).unwrap_or(text).trim_end()
}

/// Returns whether a line has a text that the function logs: clients that write the id first write what failed in its place.
/// Behind a time alone, the rest may be that of a client.
fn says_something(object: &Object<'_>) -> bool {
    let text = |name| member(object, name).and_then(serde_json_borrow::Value::as_str);
    let said = text("message").or_else(|| text("msg")).unwrap_or("");
    let begins_with_time = object.keys().next().is_some_and(|key| matches!(key, "timestamp" | "time"));
    said.len() > 2 && !said.starts_with('{') && (!begins_with_time || object.contains_key("requestId"))
}

/// Returns whether a line begins with a key with which lines of runtimes begin, as far as it goes.
fn begins_like_runtime(text: &str) -> bool {
    let Some(key) = text.strip_prefix('{').and_then(|rest| rest.trim_start().strip_prefix('"')) else { return false };
    let end = key.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(key.len());
    let (key, rest) = key.split_at(end);
    // Behind a cut, some tools write that they cut.
    FIRST_KEYS.iter().any(|known| if rest.starts_with('"') { *known == key } else { known.starts_with(key) })
}
