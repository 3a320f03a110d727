//! Head of an input, by which its shape is recognised: the first decoded bytes, as text lines and as JSON.

use std::cell::OnceCell;

use super::json::event::EventObject;
use super::json::nesting::Nesting;
use super::json::scan::{RawValue, Scanned, members, spaces, value};
use crate::lambda::sentences::{message_start, sighting};

/// Maximum number of lines examined.
const LINES: usize = 200;
/// Maximum number of JSON objects examined.
const OBJECTS: usize = 20;

/// First bytes of an input.
pub(super) struct InputHead<'h> {
    /// The bytes themselves.
    pub(super) bytes: &'h [u8],
    /// The first objects, if the input is JSON from its first byte on.
    pub(super) json: Option<JsonHead<'h>>,
    /// Whether its path names the stream, so that nothing stands around the messages.
    pub(super) of_stream: bool,
    /// Where messages are nested in its documents, once a shape has asked.
    pub(super) nesting: OnceCell<Option<Nesting>>,
}

/// First JSON objects of an input.
pub(super) struct JsonHead<'h> {
    /// Number of arrays around the first object.
    pub(super) arrays: usize,
    /// Whether the members of the first object stand on lines of their own.
    pub(super) pretty: bool,
    /// Keys of the first object.
    pub(super) keys: Vec<&'h [u8]>,
    /// The first objects; the last one may be cut by the end of the head.
    pub(super) objects: Vec<EventObject<'h>>,
    /// Whether the first object or half of them are records of this program.
    own: bool,
}

impl<'h> InputHead<'h> {
    pub(super) fn new(bytes: &'h [u8]) -> Self {
        let json = JsonHead::new(bytes).filter(|json| json.is_own() || !stand_above_a_log(bytes));
        Self { bytes, json, of_stream: false, nesting: OnceCell::new() }
    }

    /// Learns where messages are nested in its documents.
    pub(super) fn nesting(&self) -> Option<&Nesting> {
        self.nesting.get_or_init(|| Nesting::learn(self.bytes)).as_ref()
    }

    /// Returns whether messages are where a known shape has them, as far as the first documents show: in the list below
    /// `list`. The first few tell it nearly always.
    pub(super) fn has_list_of_messages(&self, list: &str) -> bool {
        Nesting::learn_first(self.bytes).is_some_and(|first| first.is_list_of_messages(list))
            || self.nesting().is_none_or(|all| all.is_list_of_messages(list))
    }

    /// Returns the first lines, without line ends. The last one may be cut.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'h [u8]> + use<'h> {
        let mut rest = Some(self.bytes);
        let next = move || {
            let bytes = rest?;
            let end = memchr::memchr(b'\n', bytes);
            rest = end.map(|end| &bytes[end + 1..]);
            Some(without_return(&bytes[..end.unwrap_or(bytes.len())]))
        };
        std::iter::from_fn(next).take(LINES)
    }

    /// Returns the first line that is not blank.
    pub(super) fn first_line(&self) -> &'h [u8] {
        self.lines().find(|line| !line.trim_ascii().is_empty()).unwrap_or_default()
    }

    /// Returns whether messages begin where a shape takes them to: the first line that holds a sentence of the platform has it
    /// there, or the input begins with a line of the shape, and any of those that hold one has it there. What a message says
    /// over several lines may look like lines of the shape. `message` returns where the message of a line begins, if the line
    /// begins one.
    pub(super) fn has_messages_at(&self, message: impl Fn(&'h [u8]) -> Option<usize>) -> bool {
        let mut sentences = self.lines().filter_map(|line| Some((message_start(line)?, message(line))));
        let fits = |(sentence, message): (usize, Option<usize>)| message.map(|message| message == sentence);
        let Some(first) = sentences.next().map(fits) else { return true };
        if first == Some(true) {
            return true;
        }
        // Messages of several lines have their sentences anywhere.
        let mut others = sentences.filter_map(fits).peekable();
        message(self.first_line()).is_some() && (first.is_none() && others.peek().is_none() || others.any(|fits| fits))
    }

    /// Returns whether any of the first lines passes `test`.
    pub(super) fn any_line(&self, test: impl Fn(&[u8]) -> bool) -> bool {
        self.lines().any(test)
    }
}

/// Returns whether the first sentence of the platform stands below values, on a line of text: a function printed them, or they
/// are the answer above a log.
pub(super) fn stand_above_a_log(values: &[u8]) -> bool {
    let Some(below) = sighting(values, 1, 0).and_then(|seen| usize::try_from(seen.line - 1).ok()) else { return false };
    let line = values.split(|byte| *byte == b'\n').nth(below).unwrap_or_default();
    let is_text = |at: usize| {
        line.get(at) != Some(&b'{') && !line[..at].iter().any(|byte| matches!(byte, b'"' | b'\'' | b'{' | b'\\'))
    };
    below > 0 && message_start(line).is_some_and(is_text)
}

/// Strips the carriage return of a CRLF line end.
pub(super) fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

impl<'h> JsonHead<'h> {
    fn new(bytes: &'h [u8]) -> Option<Self> {
        let mut at = spaces(bytes);
        let mut arrays = 0;
        while bytes.get(at) == Some(&b'[') {
            arrays += 1;
            at += 1 + spaces(&bytes[at + 1..]);
        }
        match bytes.get(at) {
            Some(b'{') => {}
            // Arrays of messages or of plain rows, as the AWS CLI prints with `--query`.
            Some(b'"' | b'0'..=b'9') if arrays > 0 && is_item(&bytes[at..]) => {
                return Some(Self { arrays, pretty: false, keys: Vec::new(), objects: Vec::new(), own: false });
            }
            _ => return None,
        }
        let keys = keys(&bytes[at..]);
        let (objects, own) = objects(bytes, at);
        // `{` without a key is a brace in text, not JSON.
        let gap = &bytes[at + 1..][..spaces(&bytes[at + 1..])];
        let pretty = gap.contains(&b'\n');
        (!keys.is_empty()).then_some(Self { arrays, pretty, keys, objects, own })
    }

    /// Returns whether the first object has this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains(&key.as_bytes())
    }

    /// Returns whether the objects are records of this program.
    pub(super) fn is_own(&self) -> bool {
        self.own
    }

    /// Returns whether the first object has all of these keys.
    pub(super) fn has_all(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.has(key))
    }
}

/// Returns whether an array item begins here, rather than text in brackets.
fn is_item(bytes: &[u8]) -> bool {
    match value(bytes, 0) {
        Ok((_, end)) => {
            let rest = &bytes[end + spaces(&bytes[end..])..];
            // A word in brackets, with text behind it on its line, is that of a tool.
            let is_alone = || matches!(rest.get(1), None | Some(b',' | b']' | b'}' | b'\r' | b'\n'));
            rest.starts_with(b",") || rest.starts_with(b"]") && is_alone()
        }
        Err((cut, _)) => matches!(cut, Some(RawValue::CutText(_))),
    }
}

/// Returns the keys of the object at the start; the value of the last one may be cut.
fn keys(object: &[u8]) -> Vec<&[u8]> {
    let mut keys = Vec::new();
    members(object, |key, _| keys.push(key));
    keys
}

/// Returns the objects from `at` on, and whether the first or half of them are records of this program.
fn objects(bytes: &[u8], mut at: usize) -> (Vec<EventObject<'_>>, bool) {
    let mut objects = Vec::new();
    let (mut own, mut first_is_own) = (0, false);
    while bytes.get(at) == Some(&b'{') && objects.len() < OBJECTS {
        let mut event = EventObject::default();
        let mut keys = OwnKeys::default();
        let scanned = members(&bytes[at..], |key, value: RawValue<'_>| {
            keys.take(key);
            event.take(key, value);
        });
        first_is_own |= objects.is_empty() && keys.are_all();
        own += usize::from(keys.are_all());
        objects.push(event);
        let Scanned::Whole(length) = scanned else { break };
        at += length;
        let rest = &bytes[at..];
        at += rest.iter().take_while(|byte| matches!(byte, b',' | b' ' | b'\n' | b'\r' | b'\t')).count();
    }
    let own = first_is_own || own > 0 && own * 2 >= objects.len();
    (objects, own)
}

/// Which keys of the records of this program an object has.
#[derive(Default)]
struct OwnKeys(u16);

impl OwnKeys {
    /// All that a record has, and all that one in few bytes has.
    const FULL: u16 = 0b11_1111;
    const COMPACT: u16 = 0b1_1100_0000;

    fn take(&mut self, key: &[u8]) {
        self.0 |= match key {
            b"schema" => 1,
            b"id" => 1 << 1,
            b"kind" => 1 << 2,
            b"category" => 1 << 3,
            b"code" => 1 << 4,
            b"request_id" | b"retryable" => 1 << 5,
            b"lt" => 1 << 6,
            b"d" | b"t" => 1 << 7,
            b"f" | b"k" | b"r" => 1 << 8,
            _ => 0,
        };
    }

    fn are_all(&self) -> bool {
        self.0 & Self::FULL == Self::FULL || self.0 & Self::COMPACT == Self::COMPACT
    }
}
