//! Strings in JSON of any length that hold data or a log of their own, each as a stream of bytes.

use std::cell::Cell;
use std::io::{self, Read};

use super::scan::{spaces, text_end};
use crate::decode::feed::Feed;
use crate::decode::ready::Ready;
use crate::decode::{Carried, DecodeError};
use crate::lambda::platform::PLATFORM_TYPES;
use crate::lambda::sentences::sighting_in_message;
use crate::model::unescape_json;

/// Bytes of a string by which it is told whether it holds a text.
const BEGINNING: usize = 64 * 1024;
/// Bytes of the shortest text between strings that may be a line of the platform.
const SHORTEST_BETWEEN: usize = 20;
/// Bytes of a key, at most.
const LONGEST_KEY: usize = 64;

/// Decodes every string that `is_text` accepts by its key and its first bytes, with `decode`, which returns the bytes that
/// were in it.
pub(super) fn each_text(
    feed: &mut Feed<'_>,
    is_text: impl Fn(&[u8], &[u8]) -> bool,
    mut decode: impl FnMut(&mut QuotedText<'_, '_>) -> Result<u64, DecodeError>,
) -> (Carried, Result<(), DecodeError>) {
    let (mut bytes, mut decoded, mut failed) = (Carried::default(), 0, None);
    let mut key = Vec::new();
    let beside = Cell::new(false);
    let see = |text: &[u8]| beside.set(beside.get() || sighting_in_message(text, 1).is_some());
    let names_platform =
        |text: &[u8]| PLATFORM_TYPES.iter().any(|kind| text.strip_prefix(b"platform.") == Some(kind.as_bytes()));
    let is_text = |key: &[u8], text: &[u8]| {
        let accepted = is_text(key, text);
        if !accepted {
            see(text);
            beside.set(beside.get() || key == b"type" && names_platform(text));
        }
        accepted
    };
    while find_text(feed, &mut key, &is_text, &see) {
        let mut text = QuotedText::new(feed);
        match decode(&mut text) {
            Ok(more) => {
                bytes.unpacked += more;
                decoded += 1;
            }
            // Damage says more than a record of another kind.
            Err(DecodeError::NotALog(_)) if failed.is_some() => {}
            Err(error) => failed = Some(error),
        }
        text.skip();
        bytes.packed += text.length;
    }
    if decoded > 0 && failed.is_none() && beside.get() {
        failed = Some(DecodeError::Corrupt(
            "holds lines of the Lambda platform beside the packed data, which were not read: save them as a file"
                .to_owned(),
        ));
    }
    let result = match failed {
        // Records of something else may stand beside those of the log.
        Some(DecodeError::NotALog(_)) if decoded > 0 => Ok(()),
        Some(error) => Err(error),
        None => Ok(()),
    };
    (bytes, result)
}

/// Goes to the next string that is accepted: behind its opening quote. `key` is the last key that was passed.
///
/// `between` is called with what stands between strings.
fn find_text(
    feed: &mut Feed<'_>,
    key: &mut Vec<u8>,
    is_text: &impl Fn(&[u8], &[u8]) -> bool,
    between: &impl Fn(&[u8]),
) -> bool {
    loop {
        let data = feed.data();
        let Some(quote) = memchr::memchr(b'"', data) else {
            between(data);
            feed.pass(data.len());
            if feed.more() {
                continue;
            }
            return false;
        };
        let passed = &data[..quote];
        if quote >= SHORTEST_BETWEEN {
            between(passed);
        }
        if passed.contains(&b'}') {
            key.clear();
        }
        feed.pass(quote);
        let data = feed.data();
        let Some(end) = text_end(data, 1) else {
            if data.len() < BEGINNING && feed.more() {
                continue;
            }
            let accepted = is_text(key, &feed.data()[1..]);
            feed.pass(1);
            if accepted {
                return true;
            }
            // A string of any length is passed over.
            QuotedText::new(feed).skip();
            continue;
        };
        let after = end + 1 + spaces(&data[end + 1..]);
        let (text, next) = (&data[1..end], data.get(after).copied());
        match next {
            None if !feed.ended() => {
                feed.more();
            }
            Some(b':') => {
                key.clear();
                key.extend_from_slice(text.get(..LONGEST_KEY).unwrap_or(text));
                feed.pass(after + 1);
            }
            _ if is_text(key, text) => {
                feed.pass(1);
                return true;
            }
            _ => feed.pass(end + 1),
        }
    }
}

/// Reads all accepted strings as one text, unescaped, each on lines of its own.
pub(super) fn joined(feed: &mut Feed<'_>, is_text: impl Fn(&[u8], &[u8]) -> bool + Send) -> impl Read + Send {
    Unescaped::new(JoinedTexts { feed, is_text, key: Vec::new(), within: None, between: &[] })
}

/// Accepted strings one after the other, still escaped.
struct JoinedTexts<'f, 't, F> {
    feed: &'t mut Feed<'f>,
    is_text: F,
    key: Vec<u8>,
    /// Whether the last byte of the string that is being read was a backslash; `None` between strings.
    within: Option<bool>,
    /// What is left of the line end between two strings.
    between: &'static [u8],
}

impl<F: Fn(&[u8], &[u8]) -> bool> Read for JoinedTexts<'_, '_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let ([first, rest @ ..], [place, ..]) = (self.between, &mut *buffer) {
                *place = *first;
                self.between = rest;
                return Ok(1);
            }
            let Some(escaped) = self.within else {
                if !find_text(self.feed, &mut self.key, &self.is_text, &|_: &[u8]| {}) {
                    return Ok(0);
                }
                self.within = Some(false);
                continue;
            };
            let mut text = QuotedText { escaped, ..QuotedText::new(self.feed) };
            let count = text.read(buffer)?;
            self.within = Some(text.escaped);
            if text.done || count == 0 && !buffer.is_empty() {
                (self.within, self.between) = (None, b"\\n");
            }
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
        }
    }
}

/// Inside of a JSON string, up to its closing quote, still escaped.
pub(super) struct QuotedText<'q, 'f> {
    feed: &'q mut Feed<'f>,
    done: bool,
    /// Whether the last byte was a backslash that escapes the next one.
    escaped: bool,
    /// Bytes of it so far.
    length: u64,
}

impl<'q, 'f> QuotedText<'q, 'f> {
    fn new(feed: &'q mut Feed<'f>) -> Self {
        Self { feed, done: false, escaped: false, length: 0 }
    }

    /// Passes over what was not read of it.
    fn skip(&mut self) {
        let mut block = [0; 4 * 1024];
        while self.read(&mut block).is_ok_and(|count| count > 0) {}
    }
}

impl Read for QuotedText<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.done || (self.feed.data().is_empty() && !self.feed.more()) {
            return Ok(0);
        }
        let data = self.feed.data();
        let data = &data[..data.len().min(buffer.len())];
        let mut length = 0;
        while length < data.len() {
            match data[length] {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.done = true;
                    break;
                }
                _ => {}
            }
            length += 1;
        }
        buffer[..length].copy_from_slice(&data[..length]);
        self.feed.pass(length + usize::from(self.done));
        self.length += length as u64;
        Ok(length)
    }
}

/// Undoes the escapes of a JSON string while reading.
struct Unescaped<R> {
    input: R,
    /// What was read and is still escaped.
    raw: Vec<u8>,
    text: Ready,
}

impl<R: Read> Unescaped<R> {
    /// Bytes read at a time.
    const BLOCK: usize = 8 * 1024;

    fn new(input: R) -> Self {
        Self { input, raw: Vec::new(), text: Ready::default() }
    }
}

impl<R: Read> Read for Unescaped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.text.is_spent() {
            let begun = self.raw.len();
            self.raw.resize(begun + Self::BLOCK, 0);
            let count = self.input.read(&mut self.raw[begun..])?;
            self.raw.truncate(begun + count);
            if self.raw.is_empty() {
                return Ok(0);
            }
            let whole = if count == 0 { self.raw.len() } else { whole_escapes(&self.raw) };
            unescape_json(&self.raw[..whole], &mut self.text.bytes);
            self.raw.drain(..whole);
        }
        Ok(self.text.give(buffer))
    }
}

/// Bytes of the start of a text that end in no escape.
fn whole_escapes(raw: &[u8]) -> usize {
    let mut at = 0;
    while let Some(slash) = memchr::memchr(b'\\', &raw[at..]).map(|slash| at + slash) {
        let length = match raw.get(slash + 1..) {
            // The first half of a pair of surrogates, which is undone together with the second.
            Some([b'u', b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', ..]) => 12,
            Some([b'u', ..]) => 6,
            _ => 2,
        };
        at = slash + length;
        if at > raw.len() {
            return slash;
        }
    }
    raw.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn escapes_are_undone_across_reads(text in "([a-z\\n\"\\\\]|\u{1f600}|\u{e9}){0,60}", sizes in proptest::collection::vec(1usize..9, 1..5)) {
            struct Pieces<'p>(&'p [u8], Vec<usize>, usize);
            impl Read for Pieces<'_> {
                fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                    self.2 += 1;
                    let size = self.1[self.2 % self.1.len()].min(buffer.len());
                    self.0.read(&mut buffer[..size])
                }
            }
            let escaped: String = text.chars().map(|char| match char {
                '\u{1f600}' => "\\ud83d\\ude00".to_owned(),
                '\u{e9}' => "\\u00e9".to_owned(),
                '\n' => "\\n".to_owned(),
                '"' | '\\' => format!("\\{char}"),
                char => char.to_string(),
            }).collect();
            let mut undone = String::new();
            Unescaped::new(Pieces(escaped.as_bytes(), sizes, 0)).read_to_string(&mut undone)?;
            proptest::prop_assert_eq!(undone, text);
        }
    }
}
