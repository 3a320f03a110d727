//! Block buffer between an input and a shape: reads in blocks, and carries over only the bytes that were not consumed.

use std::io::{self, Read};

use super::line_ends;
use super::not_text::NotTextWatch;
use super::sentences::SentenceWatch;
use crate::model::{Mentions, Sighting};

/// Number of bytes by which a shape is recognised, unless none is.
pub(super) const HEAD: usize = 64 * 1024;
/// Number of bytes read at a time.
pub(super) const BLOCK: usize = 256 * 1024;
/// Length at which an event is cut: CloudWatch accepts up to 1 MiB, and escapes can double that.
pub(super) const LONGEST: usize = 2 * 1024 * 1024;

/// Bytes in which a log is searched for, where none was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SearchBound {
    pub(super) bytes: u64,
    /// Whether it is of bytes that are no text, rather than of text.
    pub(super) binary: bool,
}

/// How far a log is searched for. Devices and pipes may have no end.
pub(super) const SEARCHED: [SearchBound; 2] =
    [SearchBound { bytes: 64 << 20, binary: true }, SearchBound { bytes: SEARCHED_TEXT, binary: false }];
/// How far it is searched for in text.
pub(super) const SEARCHED_TEXT: u64 = 4 << 30;

/// Decoded bytes of one input. Those not consumed yet are in memory.
///
/// A read error ends the data in the same way as the end of the input. [`Feed::finish`] returns it afterwards, so
/// shapes deliver what was read and need not handle read errors.
pub(super) struct Feed<'a> {
    input: &'a mut (dyn Read + Send),
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    failure: Option<io::Error>,
    passed: u64,
    line: u64,
    head: usize,
    watch: SentenceWatch,
    not_text: NotTextWatch,
}

impl<'a> Feed<'a> {
    /// Creates a feed that reads `input` into the memory of `buffer`.
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
            head: HEAD,
            watch: SentenceWatch::default(),
            not_text: NotTextWatch::default(),
        }
    }

    /// Creates a feed of only the first `length` bytes of `data`.
    pub(super) fn of_chunk(nothing: &'a mut io::Empty, data: Vec<u8>, length: usize) -> Self {
        Self { end: length.min(data.len()), ended: true, ..Self::new(nothing, data) }
    }

    /// Counts line numbers on after `lines` lines that were read before from the same input.
    pub(super) fn follows(&mut self, lines: u64) {
        self.line += lines;
    }

    /// Returns the bytes that were read and not consumed.
    pub(super) fn data(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Returns all bytes in memory, consumed or not.
    pub(super) fn block(&self) -> &[u8] {
        &self.buffer[..self.end]
    }

    /// Returns whether nothing comes after [`Feed::data`].
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Returns the number of bytes consumed so far.
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    /// Returns the first bytes that were not consumed: as many as its shape was recognised by.
    pub(super) fn head(&self) -> &[u8] {
        let data = self.data();
        &data[..data.len().min(self.head)]
    }

    /// Sets how many bytes its shape was recognised by.
    pub(super) fn recognised_by(&mut self, bytes: usize) {
        self.head = bytes;
    }

    /// Returns the number of the line with the first byte of [`Feed::data`], from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Consumes `bytes` bytes, which contain `lines` line ends.
    pub(super) fn pass_lines(&mut self, bytes: usize, lines: u64) {
        self.start += bytes;
        self.passed += bytes as u64;
        self.line += lines;
    }

    /// Consumes `bytes` bytes and counts their line ends.
    pub(super) fn pass(&mut self, bytes: usize) {
        let lines = line_ends::count(&self.data()[..bytes]);
        self.pass_lines(bytes, lines);
    }

    /// Reads at least half a block more after the data, unless the input ends. Returns whether anything was read.
    ///
    /// It always fills the buffer, so the result does not depend on how many bytes the input returns per read.
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

    /// Reads like [`Feed::more`], but into the memory of `spare`, and leaves the previous buffer there. Changes nothing
    /// if the input has ended.
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

    /// Returns the length of a buffer with room for half a block after the data.
    fn next_length(&self) -> usize {
        let enough = self.end - self.start + BLOCK / 2 <= self.buffer.len();
        if enough { self.buffer.len() } else { (self.buffer.len() * 2).max(BLOCK) }
    }

    fn fill(&mut self) -> bool {
        let Filled { bytes, ended, failure } = fill(self.input, &mut self.buffer[self.end..]);
        let piece = &self.buffer[self.end..self.end + bytes];
        self.watch.look(piece);
        self.not_text.look(piece);
        self.end += bytes;
        self.ended = ended;
        self.failure = failure;
        bytes > 0
    }

    /// Discards the data and reads on, to the end or as far as there may be a log. Only sentences of the platform are still
    /// searched for. Returns the bound that was hit, if one was.
    pub(super) fn skip_rest(&mut self, bounds: &[SearchBound]) -> Option<SearchBound> {
        let (mut text, mut binary) = (self.passed, 0);
        loop {
            let length = self.end - self.start;
            let is_binary = memchr::memchr(0, self.data()).is_some();
            *if is_binary { &mut binary } else { &mut text } += length as u64;
            self.pass(length);
            let is_hit = |bound: &&SearchBound| bound.bytes <= if bound.binary { binary } else { text };
            if let Some(bound) = bounds.iter().find(is_hit).filter(|_| !self.ended) {
                return Some(*bound);
            }
            if !self.more() {
                return None;
            }
        }
    }

    /// Passes blank lines above everything else, of which there may be many.
    pub(super) fn skip_blank(&mut self, most: u64) {
        while !self.ended && self.passed < most && self.data().trim_ascii().is_empty() {
            self.pass(self.end - self.start);
            self.more();
        }
    }

    /// Returns the lines read that have the words of platform sentences, if there was no such sentence.
    pub(super) fn mentions(&mut self) -> Option<Mentions> {
        self.watch.mentions()
    }

    /// Returns the first sentence of the platform in the data read.
    pub(super) fn sighting(&mut self) -> Option<Sighting> {
        std::mem::take(&mut self.watch).seen()
    }

    /// Takes whatever bytes come for what they should be.
    pub(super) fn is_no_text(&mut self) {
        self.not_text = NotTextWatch::off();
    }

    /// Returns the memory of a chunk, and its length.
    pub(super) fn into_chunk(self) -> (Vec<u8>, usize) {
        (self.buffer, self.end)
    }

    /// Returns the total number of bytes read, the error that ended reading or that they are not all text, and the memory for the next input.
    pub(super) fn finish(mut self) -> (u64, Option<io::Error>, Vec<u8>) {
        let bytes = self.passed + (self.end - self.start) as u64;
        if self.buffer.len() > 4 * BLOCK {
            self.buffer.truncate(BLOCK);
            self.buffer.shrink_to_fit();
        }
        let failure = self.failure.or_else(|| self.not_text.fault().map(Into::into));
        (bytes, failure, self.buffer)
    }
}

/// Result of [`fill`].
pub(super) struct Filled {
    pub(super) bytes: usize,
    /// Whether nothing comes after it.
    pub(super) ended: bool,
    /// The read error, if there was one.
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
    fn what_has_no_end_is_left() {
        for byte in [0, b'y'] {
            let mut input = io::repeat(byte);
            let mut feed = Feed::new(&mut input, Vec::new());
            let bounds = [true, false].map(|binary| SearchBound { bytes: 3 * BLOCK as u64, binary });
            assert_eq!(feed.skip_rest(&bounds), Some(bounds[usize::from(byte != 0)]));
            assert!(feed.finish().0 <= 5 * BLOCK as u64);
        }
        let mut input = &[b'\n'; 3 * BLOCK][..];
        let mut feed = Feed::new(&mut input, Vec::new());
        assert_eq!(feed.skip_rest(&SEARCHED), None);
    }

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
