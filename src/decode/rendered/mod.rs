//! Documents in other notations than JSON, rewritten as JSON while they are read: line by line, so that a line keeps its
//! number.

pub(super) mod no_break;
pub(super) mod printed_values;
pub(super) mod yaml;

use std::io::{self, Read};

use super::feed::Feed;
use super::{Carried, DecodeError};

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
