//! The block buffer between an input and a shape: reads in blocks, carries over only what was not consumed.

use std::io::{self, Read};

use super::line_ends;
use super::sentences::SentenceWatch;
use crate::model::{Mentions, Sighting};

/// What is read at a time.
pub(super) const BLOCK: usize = 256 * 1024;
/// An event longer than this is cut: CloudWatch takes 1 MiB, escapes may double it.
pub(super) const LONGEST: usize = 2 * 1024 * 1024;

/// Decoded bytes of one input, of which the unconsumed part is in memory.
///
/// A read error ends the data like the end of the input does; [`Feed::failure`] tells it afterwards, so that shapes
/// hand over what they have without handling errors of their own.
pub(super) struct Feed<'a> {
    input: &'a mut (dyn Read + Send),
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    failure: Option<io::Error>,
    passed: u64,
    line: u64,
    watch: SentenceWatch,
}

impl<'a> Feed<'a> {
    /// A feed over `input` that uses the memory of `buffer`.
    pub(super) fn new(input: &'a mut (dyn Read + Send), buffer: Vec<u8>) -> Self {
        Self {
            input,
            buffer,
            start: 0,
            end: 0,
            ended: false,
            failure: None,
            passed: 0,
            line: 1,
            watch: SentenceWatch::default(),
        }
    }

    /// A feed over the first `length` bytes of `data` and nothing else.
    pub(super) fn of_chunk(nothing: &'a mut io::Empty, data: Vec<u8>, length: usize) -> Self {
        Self { end: length.min(data.len()), ended: true, ..Self::new(nothing, data) }
    }

    /// So many lines were read before, out of the same input.
    pub(super) fn follows(&mut self, lines: u64) {
        self.line += lines;
    }

    /// What was read and not consumed.
    pub(super) fn data(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Everything in memory: what was read last, consumed or not.
    pub(super) fn block(&self) -> &[u8] {
        &self.buffer[..self.end]
    }

    /// Nothing comes after [`Feed::data`].
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Line of the first byte of [`Feed::data`], from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Consumes `bytes` that hold `lines` line ends.
    pub(super) fn pass_lines(&mut self, bytes: usize, lines: u64) {
        self.start += bytes;
        self.passed += bytes as u64;
        self.line += lines;
    }

    /// Consumes `bytes` and counts their line ends.
    pub(super) fn pass(&mut self, bytes: usize) {
        let lines = line_ends::count(&self.data()[..bytes]);
        self.pass_lines(bytes, lines);
    }

    /// Reads at least half a block more behind the data, unless the input ends; says whether there is more.
    ///
    /// Filling up to the block makes the result independent of how the input splits its reads.
    pub(super) fn more(&mut self) -> bool {
        if self.ended {
            return false;
        }
        let length = self.next_length();
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        self.buffer.resize(length, 0);
        self.fill()
    }

    /// As [`Feed::more`], in the memory of `spare`, which takes what was in memory before. Nothing changes where the
    /// input has ended.
    pub(super) fn more_into(&mut self, spare: &mut Vec<u8>) -> bool {
        if self.ended {
            return false;
        }
        spare.resize(self.next_length(), 0);
        let carried = self.end - self.start;
        spare[..carried].copy_from_slice(&self.buffer[self.start..self.end]);
        std::mem::swap(&mut self.buffer, spare);
        (self.start, self.end) = (0, carried);
        self.fill()
    }

    /// Length of a buffer that takes half a block behind the data.
    fn next_length(&self) -> usize {
        let enough = self.end - self.start + BLOCK / 2 <= self.buffer.len();
        if enough { self.buffer.len() } else { (self.buffer.len() * 2).max(BLOCK) }
    }

    fn fill(&mut self) -> bool {
        let Filled { bytes, ended, failure } = fill(self.input, &mut self.buffer[self.end..]);
        self.watch.look(&self.buffer[self.end..self.end + bytes]);
        self.end += bytes;
        self.ended = ended;
        self.failure = failure;
        bytes > 0
    }

    /// Reads to the end without a look at what is read, but for sentences of the platform.
    pub(super) fn skip_rest(&mut self) {
        loop {
            self.pass(self.end - self.start);
            if !self.more() {
                return;
            }
        }
    }

    /// Lines of what was read that have the words of such sentences, if there was none.
    pub(super) fn mentions(&mut self) -> Option<Mentions> {
        self.watch.mentions()
    }

    /// The first sentence of the platform in what was read.
    pub(super) fn sighting(&mut self) -> Option<Sighting> {
        std::mem::take(&mut self.watch).seen()
    }

    /// The memory of a chunk, and its length.
    pub(super) fn into_chunk(self) -> (Vec<u8>, usize) {
        (self.buffer, self.end)
    }

    /// Bytes read in all, the error that ended reading, and the memory for the next input.
    pub(super) fn finish(mut self) -> (u64, Option<io::Error>, Vec<u8>) {
        let bytes = self.passed + (self.end - self.start) as u64;
        if self.buffer.len() > 4 * BLOCK {
            self.buffer.truncate(BLOCK);
            self.buffer.shrink_to_fit();
        }
        (bytes, self.failure, self.buffer)
    }
}

/// What [`fill`] has read.
pub(super) struct Filled {
    pub(super) bytes: usize,
    /// Nothing comes after it.
    pub(super) ended: bool,
    /// Why, where the input failed.
    pub(super) failure: Option<io::Error>,
}

/// Reads until `buffer` is full or the input ends.
pub(super) fn fill(input: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> Filled {
    let mut filled = Filled { bytes: 0, ended: false, failure: None };
    while filled.bytes < buffer.len() && !filled.ended {
        match input.read(&mut buffer[filled.bytes..]) {
            Ok(0) => filled.ended = true,
            Ok(count) => filled.bytes += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                filled.failure = Some(error);
                filled.ended = true;
            }
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_over_what_was_not_consumed() {
        let text = b"one\ntwo\nthree";
        let mut input: &[u8] = text;
        let mut feed = Feed::new(&mut input, Vec::new());
        assert!(feed.more());
        feed.pass(4);
        assert_eq!((feed.data(), feed.line()), (&b"two\nthree"[..], 2));
        assert!(!feed.more());
        assert_eq!(feed.data(), b"two\nthree");
        assert_eq!(feed.finish().0, text.len() as u64);
    }
}
