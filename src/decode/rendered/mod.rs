//! Documents in other notations than JSON, rewritten as JSON while they are read: line by line, so that a line keeps its
//! number.

pub(super) mod python;
pub(super) mod yaml;

use std::io::{self, Read};

use super::feed::Feed;
use super::{Carried, DecodeError};

/// Levels of nesting, at most.
const DEEPEST: usize = 64;

/// Decodes what is left of an input, which `decode` rewrites.
fn rewrite(
    feed: &mut Feed<'_>,
    decode: impl FnOnce(&mut Rest<'_, '_>) -> Result<u64, DecodeError>,
) -> (Carried, Result<(), DecodeError>) {
    let mut rest = Rest { feed, bytes: 0 };
    let result = decode(&mut rest);
    let unpacked = result.as_ref().copied().unwrap_or(0);
    (Carried { packed: rest.bytes, unpacked }, result.map(|_| ()))
}

/// What is left of an input, as a reader.
struct Rest<'r, 'f> {
    feed: &'r mut Feed<'f>,
    /// Number of bytes read.
    bytes: u64,
}

impl Read for Rest<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.feed.data().is_empty() && !self.feed.more() {
            return Ok(0);
        }
        let count = self.feed.data().len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.feed.data()[..count]);
        self.feed.pass(count);
        self.bytes += count as u64;
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
