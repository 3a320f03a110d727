//! Documents in other notations than JSON, rewritten as JSON while they are read: line by line, so that a line keeps its
//! number.

pub(super) mod html_escapes;
pub(super) mod line_marks;
pub(super) mod narrow_window;
pub(super) mod no_break;
pub(super) mod printed_values;
pub(super) mod quoted_printable;
pub(super) mod yaml;

use std::io::{self, Read};

use super::feed::Feed;
use super::ready::Ready;
use super::{Carried, DecodeError, DecodeText};

/// Levels of nesting, at most.
const DEEPEST: usize = 64;

/// Decodes what is left of an input, which `decode` rewrites.
pub(super) fn rewrite<'f>(
    feed: &mut Feed<'f>,
    decode: impl FnOnce(&mut Feed<'f>) -> Result<u64, DecodeError>,
) -> (Carried, Result<(), DecodeError>) {
    let before = feed.passed();
    let result = decode(feed);
    let unpacked = result.as_ref().copied().unwrap_or(0);
    (Carried { packed: feed.passed() - before, unpacked }, result.map(|_| ()))
}

/// Decodes what is left of an input as an input of its own.
pub(super) fn decode_rest(feed: &mut Feed<'_>, decode: DecodeText<'_>) -> (Carried, Result<(), DecodeError>) {
    rewrite(feed, |feed| decode(&mut Rest(feed)))
}

/// Reason why a document in another notation is left from some place on.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unreadable(String);

/// Rewrites what is left of an input while it is read. The function takes a text, whether it is the last one, and appends
/// what it became; it returns the number of bytes that it took: the others come again, with more behind them.
struct Rewriting<R, F> {
    input: R,
    rewrite: F,
    /// Bytes that were read and not taken.
    begun: Vec<u8>,
    out: Ready,
    ended: bool,
}

impl<'r, 'f, F: FnMut(&[u8], bool, &mut Vec<u8>) -> usize> Rewriting<Rest<'r, 'f>, F> {
    fn new(feed: &'r mut Feed<'f>, rewrite: F) -> Self {
        Self::of(Rest(feed), rewrite)
    }
}

impl<R: Read, F: FnMut(&[u8], bool, &mut Vec<u8>) -> usize> Rewriting<R, F> {
    /// Bytes read at a time.
    const BLOCK: usize = 8 * 1024;

    fn of(input: R, rewrite: F) -> Self {
        Self { input, rewrite, begun: Vec::new(), out: Ready::default(), ended: false }
    }
}

impl<R: Read, F: FnMut(&[u8], bool, &mut Vec<u8>) -> usize> Read for Rewriting<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.out.is_spent() {
            if self.ended {
                return Ok(0);
            }
            let begun = self.begun.len();
            self.begun.resize(begun + Self::BLOCK, 0);
            let count = self.input.read(&mut self.begun[begun..])?;
            self.begun.truncate(begun + count);
            self.ended = count == 0;
            let taken = (self.rewrite)(&self.begun, self.ended, &mut self.out.bytes);
            self.begun.drain(..taken);
        }
        Ok(self.out.give(buffer))
    }
}

/// What is left of an input, as a reader.
struct Rest<'r, 'f>(&'r mut Feed<'f>);

impl Read for Rest<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.data().is_empty() && !self.0.more() {
            return Ok(0);
        }
        let count = self.0.data().len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.0.data()[..count]);
        self.0.pass(count);
        Ok(count)
    }
}

/// Appends a character to the inside of a JSON string.
fn push_escaped(out: &mut Vec<u8>, char: char) {
    match char {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        control if control < ' ' => out.extend_from_slice(format!("\\u{:04x}", u32::from(control)).as_bytes()),
        char => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a few bytes at a time.
    struct Few<'t>(&'t [u8], usize);

    impl Read for Few<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(self.1).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    /// Rewrites a text that comes in pieces of a size.
    pub(super) fn rewritten(
        text: &str,
        size: usize,
        rewrite: impl FnMut(&[u8], bool, &mut Vec<u8>) -> usize,
    ) -> String {
        let mut found = Vec::new();
        Rewriting::of(Few(text.as_bytes(), size), rewrite).read_to_end(&mut found).expect("no error");
        String::from_utf8_lossy(&found).into_owned()
    }
}
