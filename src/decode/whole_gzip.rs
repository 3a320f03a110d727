//! Small gzip inputs, inflated in one go: an S3 export is thousands of them, and libdeflate, which needs all of the
//! input and room for all of the text, is faster than any decoder that streams.
//!
//! Only what is one whole member with the right checksum is taken this way. All else goes to the decoder that streams, from
//! its first byte on, so that what is read of it and how its damage is told do not depend on this file.

use std::fmt;
use std::io::{self, ErrorKind, Read};

use libdeflater::Decompressor;
use memchr::{memchr, memmem};

/// Packed inputs of fewer bytes are tried.
const PACKED: usize = 1024 * 1024;
/// Texts of so many bytes at most.
const TEXT: usize = 4 * 1024 * 1024;
/// First size of either buffer; they double from there.
const FIRST: usize = 64 * 1024;
/// Room for text that stays from one input to the next. With less, an export whose files are a little larger would spend
/// its time on fresh memory.
const KEPT: usize = 1024 * 1024;

/// Magic and method, with which every member begins.
const MEMBER: &[u8] = b"\x1f\x8b\x08";
/// Bytes of a header without optional fields.
const HEADER: usize = 10;
/// Optional fields, as bits of the fourth byte: the file's name, which is the only one that programs write.
const NAME: u8 = 8;
/// A longer name is left to the other decoder, which has a bound of its own.
const LONGEST_NAME: usize = 4096;
/// Bytes of a trailer: checksum, then length of the text.
const TRAILER: usize = 8;

/// Memory that is used from input to input.
#[derive(Default)]
pub(super) struct InflateBuffers {
    packed: Vec<u8>,
    text: Vec<u8>,
    decompressor: Option<Decompressor>,
}

/// What became of an input.
pub(super) enum Inflated<'b, R> {
    /// All of its text.
    Text(&'b [u8]),
    /// It has to be streamed; this is the input as it was.
    Not(Again<'b, R>),
}

impl InflateBuffers {
    /// Inflates `input`, which nothing was read of.
    pub(super) fn inflate<R: Read>(&mut self, mut input: R) -> Inflated<'_, R> {
        let (length, failure) = self.fill(&mut input);
        let ended = failure.is_none() && length < PACKED;
        let size = if ended { self.text_of(length) } else { None };
        match size {
            Some(size) => Inflated::Text(&self.text[..size]),
            None => Inflated::Not(Again { read: &self.packed[..length], failure, rest: input }),
        }
    }

    /// Reads up to [`PACKED`] bytes: how many there were, and what went wrong behind them.
    fn fill(&mut self, input: &mut impl Read) -> (usize, Option<io::Error>) {
        let mut end = 0;
        while end < PACKED {
            if end == self.packed.len() {
                self.packed.resize((end * 2).clamp(FIRST, PACKED), 0);
            }
            match input.read(&mut self.packed[end..]) {
                Ok(0) => break,
                Ok(count) => end += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return (end, Some(error)),
            }
        }
        (end, None)
    }

    /// Inflates the first `length` bytes that were read; says how long the text is.
    fn text_of(&mut self, length: usize) -> Option<usize> {
        let packed = &self.packed[..length];
        let size = only_member(packed)?;
        if self.text.len() < size {
            // Never the old memory and the new at once. A length that is a lie costs nothing: zeroed memory that is not
            // written to is not there.
            self.text = Vec::new();
            self.text = vec![0; size.next_power_of_two().max(FIRST)];
        }
        let decompressor = self.decompressor.get_or_insert_default();
        let written = decompressor.gzip_decompress(packed, &mut self.text[..size]).ok()?;
        (written == size).then_some(size)
    }

    /// Gives memory back after a large text.
    pub(super) fn shrink(&mut self) {
        self.text.truncate(KEPT);
        self.text.shrink_to(KEPT);
    }
}

impl fmt::Debug for InflateBuffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InflateBuffers").field("packed", &self.packed.len()).field("text", &self.text.len()).finish()
    }
}

/// Length of the text, where `packed` can be one member and nothing else.
///
/// libdeflate stops behind the first member, whatever follows, and does not tell where. But it checks the length at the end
/// of that member: if this length stands at the end of the input and nowhere else, the member ends there too. The search for
/// a second member saves inflating the first one in vain. Either may find its bytes by chance, and then the input streams.
fn only_member(packed: &[u8]) -> Option<usize> {
    let body = packed.get(header_length(packed)?..)?;
    let (_, length) = body.split_last_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let before = body.get(..body.len() - 1)?;
    let alone = body.len() > TRAILER && memmem::find(body, MEMBER).is_none() && memmem::find(before, length).is_none();
    (alone && size <= TEXT).then_some(size)
}

/// Bytes before the packed data, if the header has nothing that the other decoder checks and libdeflate does not.
fn header_length(packed: &[u8]) -> Option<usize> {
    let (header, behind) = packed.split_first_chunk::<HEADER>()?;
    if !header.starts_with(MEMBER) {
        return None;
    }
    match header[3] {
        0 => Some(HEADER),
        NAME => memchr(0, &behind[..behind.len().min(LONGEST_NAME)]).map(|name| HEADER + name + 1),
        _ => None,
    }
}

/// An input from its first byte on, although part of it was read.
pub(super) struct Again<'b, R> {
    read: &'b [u8],
    failure: Option<io::Error>,
    rest: R,
}

impl<R: Read> Read for Again<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.read.is_empty() {
            return self.read.read(buffer);
        }
        self.failure.take().map_or_else(|| self.rest.read(buffer), Err)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, GzBuilder};

    use super::*;

    fn gzip(text: &[u8], name: Option<&str>, level: Compression) -> Vec<u8> {
        let builder = name.map_or_else(GzBuilder::new, |name| GzBuilder::new().filename(name));
        let mut out = builder.write(Vec::new(), level);
        out.write_all(text).unwrap();
        out.finish().unwrap()
    }

    /// Whether `input` is inflated whole; if so to `text`, and otherwise it can be read again from its first byte.
    fn whole(buffers: &mut InflateBuffers, input: &[u8], text: &[u8]) -> bool {
        let whole = match buffers.inflate(input) {
            Inflated::Text(inflated) => {
                assert!(inflated == text);
                true
            }
            Inflated::Not(mut again) => {
                let mut all = Vec::new();
                again.read_to_end(&mut all).unwrap();
                assert!(all == input);
                false
            }
        };
        assert!(buffers.packed.capacity() <= PACKED && buffers.text.capacity() <= TEXT);
        buffers.shrink();
        assert!(buffers.text.capacity() <= KEPT);
        whole
    }

    #[test]
    fn one_member_is_inflated_whole() {
        let mut buffers = InflateBuffers::default();
        for length in [1, 1_000, FIRST, FIRST + 1, KEPT + 1, 7, TEXT] {
            let text: Vec<u8> = (0..length as u32).map(|at| (at / 7 % 251) as u8).collect();
            for name in [None, Some("000000.gz")] {
                let packed = gzip(&text, name, Compression::fast());
                assert!(whole(&mut buffers, &packed, &text), "{length} {name:?}");
            }
        }
    }

    #[test]
    fn everything_else_is_not() {
        let mut buffers = InflateBuffers::default();
        let text = b"START RequestId: x\n".repeat(100);
        let packed = gzip(&text, None, Compression::fast());
        let end = packed.len();
        let changed = |at: usize| {
            let mut packed = packed.clone();
            packed[at] ^= 1;
            packed
        };
        let cases = [
            ("nothing", Vec::new()),
            ("an empty text, whose trailer is zeros only", gzip(b"", None, Compression::fast())),
            ("a header", packed[..HEADER].to_vec()),
            ("cut", packed[..end - 1].to_vec()),
            ("two members", [&packed[..], &gzip(b"x", None, Compression::fast())].concat()),
            ("the same member twice", packed.repeat(2)),
            ("zeros behind", [&packed[..], &[0; 9]].concat()),
            ("its length again behind", [&packed[..], &packed[end - 4..]].concat()),
            ("its trailer again behind", [&packed[..], &packed[end - 8..]].concat()),
            ("wrong checksum", changed(end - 8)),
            ("wrong length", changed(end - 4)),
            ("too long a text", gzip(&vec![0; TEXT + 1], None, Compression::fast())),
            ("too long a name", gzip(&text, Some(&"n".repeat(LONGEST_NAME)), Compression::fast())),
            ("a flag of the header", changed(3)),
        ];
        for (what, input) in cases {
            assert!(!whole(&mut buffers, &input, b""), "{what}");
        }
    }

    #[test]
    fn the_bound_is_exact() {
        let mut buffers = InflateBuffers::default();
        for (length, want) in [(PACKED - 1, true), (PACKED, false), (PACKED + 1, false)] {
            let text = vec![7; length];
            let around = gzip(&text[100..], None, Compression::none()).len() - (length - 100);
            let text = &text[around..];
            let packed = gzip(text, None, Compression::none());
            assert_eq!(packed.len(), length);
            assert_eq!(whole(&mut buffers, &packed, text), want, "{length}");
        }
    }
}
