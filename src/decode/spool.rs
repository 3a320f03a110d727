//! Events held back: in memory at first, then in a temporary file, read back in either direction.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use crate::model::{LogEvent, RequestId, StreamId, Timestamp};

/// Bytes held in memory before they go to the file.
const CHUNK: usize = 4 * 1024 * 1024;
/// Stream, flags, time, line, event id, request id and the length of the message.
const FIXED: usize = 4 + 1 + 8 + 8 + 8 + 16 + 4;

const TIMED: u8 = 1;
const NUMBERED: u8 = 2;
const REQUESTED: u8 = 4;
const ESCAPED: u8 = 8;

/// What becomes of events of the same time when events are given last come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ties {
    /// The last to come is given first, as of all events.
    Reversed,
    /// The first to come is given first.
    AsTheyCame,
}

/// A chunk in the file.
#[derive(Clone, Copy, Debug)]
struct Written {
    length: u64,
    /// Whether the last events of the chunk and the first of the next one have the same time. Then the chunk has no
    /// others, unless it begins with that time.
    tied: bool,
}

/// Events in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct EventSpool {
    chunk: Vec<u8>,
    /// Time of the last event, and where in the chunk the events of that time begin.
    last: Option<Timestamp>,
    tie_start: usize,
    /// The chunks in the file.
    written: Vec<Written>,
    file: Option<File>,
    /// Why the file could not be written. No event is taken any more, so that what is missing lies at one end of the log:
    /// a gap would tear attempts in two.
    failure: Option<io::Error>,
    events: usize,
    /// Bytes of messages that were to be held.
    bytes: u64,
}

/// Events that could not be given back.
#[derive(Debug)]
pub(super) struct Lost {
    /// Why the temporary file failed.
    pub(super) error: io::Error,
    /// Bytes of their messages.
    pub(super) bytes: u64,
}

impl EventSpool {
    /// Events held.
    pub(super) fn events(&self) -> usize {
        self.events
    }

    /// Bytes in memory.
    pub(super) fn memory(&self) -> usize {
        self.chunk.len()
    }

    /// Takes an event.
    pub(super) fn push(&mut self, stream: StreamId, event: &LogEvent<'_>) {
        self.bytes += event.message.len() as u64;
        if event.at.is_none() || event.at != self.last {
            (self.last, self.tie_start) = (event.at, self.chunk.len());
        }
        if self.chunk.len() + event.message.len() > CHUNK {
            self.write_out();
        }
        if self.failure.is_some() {
            return;
        }
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let flags = flag(event.at.is_some(), TIMED)
            | flag(event.event_id.is_some(), NUMBERED)
            | flag(event.request_id.is_some(), REQUESTED)
            | flag(event.escaped, ESCAPED);
        let length = (event.message.len() as u32).to_le_bytes();
        let chunk = &mut self.chunk;
        chunk.extend_from_slice(event.message);
        chunk.extend_from_slice(&stream.0.to_le_bytes());
        chunk.push(flags);
        chunk.extend_from_slice(&event.at.map_or(0, Timestamp::ms).to_le_bytes());
        chunk.extend_from_slice(&event.line.to_le_bytes());
        chunk.extend_from_slice(&event.event_id.unwrap_or(0).to_le_bytes());
        chunk.extend_from_slice(&event.request_id.map_or(0, RequestId::bits).to_le_bytes());
        chunk.extend_from_slice(&length);
        self.events += 1;
    }

    /// Moves the chunk to the file, but for events of the same time as the next one; if it has no others, all of it. Where
    /// that fails it stays.
    fn write_out(&mut self) {
        if self.chunk.is_empty() || self.failure.is_some() {
            return;
        }
        let tied = self.tie_start == 0;
        let length = if tied { self.chunk.len() } else { self.tie_start };
        match self.append(Written { length: length as u64, tied }) {
            Ok(()) => {
                self.chunk.drain(..length);
                self.tie_start = 0;
            }
            Err(error) => self.failure = Some(error),
        }
    }

    fn append(&mut self, written: Written) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(tempfile::tempfile()?),
        };
        file.write_all(&self.chunk[..written.length as usize])?;
        self.written.push(written);
        Ok(())
    }

    /// Gives the events in the order in which they came. Only for a spool that is still in memory.
    pub(super) fn forward(self, mut take: impl FnMut(StreamId, LogEvent<'_>)) {
        give_forward(&self.chunk, self.chunk.len(), &mut take);
    }

    /// Gives the events of the last time first.
    pub(super) fn backward(mut self, ties: Ties, mut take: impl FnMut(StreamId, LogEvent<'_>)) -> Result<(), Lost> {
        let mut given = 0;
        let mut take = |stream, event: LogEvent<'_>| {
            given += event.message.len() as u64;
            take(stream, event);
        };
        let read = self.give_chunks(ties, &mut take);
        match self.failure.map_or(read, Err) {
            Ok(()) => Ok(()),
            Err(error) => Err(Lost { error, bytes: self.bytes - given }),
        }
    }

    /// Gives the chunk in memory, then those in the file from the last to the first. Chunks that end in the middle of
    /// one time are given together.
    fn give_chunks(&mut self, ties: Ties, take: &mut impl FnMut(StreamId, LogEvent<'_>)) -> io::Result<()> {
        let mut before = self.written.len();
        loop {
            let tied = |before: usize| {
                let tied = |chunk: &Written| chunk.tied && ties == Ties::AsTheyCame;
                before.checked_sub(1).and_then(|at| self.written.get(at)).is_some_and(tied)
            };
            let first = (0..=before).rev().find(|at| !tied(*at)).unwrap_or(0);
            let left = give_backward(&self.chunk, ties, first < before, take);
            if first < before {
                let rest = self.chunk[..left].to_vec();
                for chunk in first..before {
                    self.read(chunk)?;
                    give_forward(&self.chunk, self.chunk.len(), take);
                }
                give_forward(&rest, rest.len(), take);
            }
            let Some(next) = first.checked_sub(1) else { return Ok(()) };
            self.read(next)?;
            before = next;
        }
    }

    /// Reads a chunk from the file.
    fn read(&mut self, number: usize) -> io::Result<()> {
        let (before, rest) = self.written.split_at(number);
        let (Some(file), Some(chunk)) = (&mut self.file, rest.first()) else { return Ok(()) };
        self.chunk.clear();
        file.seek(SeekFrom::Start(before.iter().map(|chunk| chunk.length).sum()))?;
        let read = file.take(chunk.length).read_to_end(&mut self.chunk)?;
        if read as u64 == chunk.length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// Gives the events up to `end` in the order in which they came.
fn give_forward(chunk: &[u8], end: usize, take: &mut impl FnMut(StreamId, LogEvent<'_>)) {
    let (mut ends, mut end) = (Vec::new(), end);
    while let Some((_, _, start)) = event_before(chunk, end) {
        ends.push(end);
        end = start;
    }
    for end in ends.into_iter().rev() {
        if let Some((stream, event, _)) = event_before(chunk, end) {
            take(stream, event);
        }
    }
}

/// Gives the events of a chunk, those of the last time first. If there are more of its first time in the chunk before,
/// leaves those; returns where they end.
fn give_backward(chunk: &[u8], ties: Ties, more: bool, take: &mut impl FnMut(StreamId, LogEvent<'_>)) -> usize {
    let mut end = chunk.len();
    while let Some((stream, event, mut start)) = event_before(chunk, end) {
        let at = event.at.filter(|_| ties == Ties::AsTheyCame);
        let mut alone = true;
        while let Some((_, before, further)) = event_before(chunk, start)
            && at.is_some()
            && before.at == at
        {
            (start, alone) = (further, false);
        }
        if start == 0 && more {
            return end;
        }
        if alone {
            take(stream, event);
        } else {
            give_forward(&chunk[start..end], end - start, take);
        }
        end = start;
    }
    0
}

/// The event that ends at `end`, and where it begins.
fn event_before(chunk: &[u8], end: usize) -> Option<(StreamId, LogEvent<'_>, usize)> {
    let fixed = chunk.get(end.checked_sub(FIXED)?..end)?;
    let (stream, rest) = fixed.split_first_chunk::<4>()?;
    let (flags, rest) = rest.split_first()?;
    let (at, rest) = rest.split_first_chunk::<8>()?;
    let (line, rest) = rest.split_first_chunk::<8>()?;
    let (event_id, rest) = rest.split_first_chunk::<8>()?;
    let (request_id, rest) = rest.split_first_chunk::<16>()?;
    let length = u32::from_le_bytes(*rest.first_chunk::<4>()?) as usize;
    let start = (end - FIXED).checked_sub(length)?;
    let has = |flag: u8| flags & flag != 0;
    let event = LogEvent {
        at: if has(TIMED) { Timestamp::from_ms(i64::from_le_bytes(*at)) } else { None },
        message: chunk.get(start..end - FIXED)?,
        escaped: has(ESCAPED),
        line: u64::from_le_bytes(*line),
        event_id: has(NUMBERED).then_some(u64::from_le_bytes(*event_id)),
        split: false,
        request_id: has(REQUESTED).then_some(RequestId::from_bits(u128::from_le_bytes(*request_id))),
    };
    Some((StreamId(u32::from_le_bytes(*stream)), event, start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(spool: &mut EventSpool, count: usize, size: usize) {
        for line in 1..=count {
            let text = vec![b'a' + (line % 26) as u8; size];
            spool.push(StreamId(line as u32), &LogEvent::bare(&text, line as u64));
        }
    }

    #[test]
    fn gives_events_in_both_directions() {
        let mut spool = EventSpool::default();
        messages(&mut spool, 5, 3);
        let mut lines = Vec::new();
        spool.forward(|stream, event| lines.push((stream.0, event.line, event.message.len())));
        assert_eq!(lines, [(1, 1, 3), (2, 2, 3), (3, 3, 3), (4, 4, 3), (5, 5, 3)]);
    }

    #[test]
    fn goes_over_to_a_file() {
        let mut spool = EventSpool::default();
        messages(&mut spool, 30, 1024 * 1024);
        assert!(spool.memory() <= CHUNK + 1024 * 1024);
        let mut lines = Vec::new();
        spool.backward(Ties::Reversed, |_, event| lines.push(event.line)).expect("a temporary file");
        assert_eq!(lines, (1..=30).rev().collect::<Vec<_>>());
    }

    /// Events of the same time keep their order, be there few of them or more than a chunk holds.
    #[test]
    fn ties_are_given_in_either_direction() {
        let text = vec![b'x'; 700_000];
        for runs in [vec![1; 40], vec![2, 1, 3, 1, 1], vec![30], vec![1, 17, 1], vec![3, 14, 2, 21, 1], vec![20, 20]] {
            for timed in [true, false] {
                let mut spool = EventSpool::default();
                let mut want: Vec<Vec<u64>> = Vec::new();
                let mut line = 0;
                for (run, length) in runs.iter().enumerate() {
                    let at = Timestamp::from_ms(1_000_000 - run as i64).filter(|_| timed);
                    let mut lines = Vec::new();
                    for _ in 0..*length {
                        line += 1;
                        spool.push(StreamId(1), &LogEvent { at, ..LogEvent::bare(&text, line) });
                        lines.push(line);
                        if !timed {
                            want.push(std::mem::take(&mut lines));
                        }
                    }
                    want.extend((!lines.is_empty()).then_some(lines));
                }
                assert!(spool.memory() <= CHUNK + 1024 * 1024);
                want.reverse();
                let mut lines = Vec::new();
                spool.backward(Ties::AsTheyCame, |_, event| lines.push(event.line)).expect("a temporary file");
                assert_eq!(lines, want.concat(), "{runs:?} {timed}");
            }
        }
    }

    #[test]
    fn a_file_that_fails_leaves_the_first_events_and_the_size_of_the_rest() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("read-only");
        std::fs::write(&path, "").expect("a file");
        for before in [0, 9] {
            let mut spool = EventSpool::default();
            messages(&mut spool, before, 1024 * 1024);
            // Cannot be written, and holds nothing of what was written before.
            let written = spool.written.len();
            spool.file = Some(File::open(&path).expect("a file"));
            messages(&mut spool, 20, 1024 * 1024);
            assert_eq!(spool.written.len(), written);
            let mut given = 0;
            let lost = spool
                .backward(Ties::Reversed, |_, event| given += event.message.len() as u64)
                .expect_err("not all of it");
            assert!(given > 0, "what is in memory can be given");
            assert_eq!(given + lost.bytes, (before as u64 + 20) * 1024 * 1024);
        }
    }
}
