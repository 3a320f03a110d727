//! Parallel decoding of one large text in chunks: each free thread reads the next chunk, finds its events, and delivers
//! them when it is that chunk's turn.
//!
//! A chunk is read, decoded and delivered by the same thread, so its bytes stay in the cache of one core. Chunks are
//! delivered one at a time in the order of the input. A shape can be split only if the start of an event can be
//! recognised without the text before it.

use std::collections::VecDeque;
use std::io::{self, Cursor, Read};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::delivery::Delivery;
use super::feed::{BLOCK, Feed, HEAD, LONGEST, fill};
use super::head::InputHead;
use super::layers::{beside_a_log, own_result, refused_kind, refused_rendering};
use super::magic::is_layered;
use super::not_text::NotTextWatch;
use super::run::read_error;
use super::sentences::SentenceWatch;
use super::{Decode, DecodeEvents, Decoded, SHAPES, Shape};
use crate::model::{Batch, Block, Bucket, EventSink, LogEvent, Note, Origin, Sighting, StreamId};

/// Function that returns the offset of the last line that certainly begins an event. The start of the text itself does
/// not count.
pub(super) type Cut = fn(&[u8]) -> Option<usize>;

/// Maximum number of decoded chunks that one helper keeps until their turn.
const MOST_FOUND: usize = 4;

/// Input whose first bytes were examined.
pub(crate) enum Opened<'a> {
    /// Input that can be decoded in chunks.
    Splits(Box<Splits<'a>>),
    /// Input that must be decoded in one piece. The reader still yields all of it, including the bytes that were
    /// examined.
    Whole(Box<dyn Read + Send + 'a>),
}

/// Input that can be decoded in chunks.
pub(crate) struct Splits<'a> {
    shape: &'static Shape,
    decode: DecodeEvents,
    source: ChunkReader<'a>,
}

/// Examines the first bytes of an input to decide whether it can be split.
pub(crate) fn open(input: &mut (dyn Read + Send)) -> Opened<'_> {
    let mut head = Vec::new();
    let failure = input.take(HEAD as u64).read_to_end(&mut head).err();
    let found = split_shape(&head);
    // What came before a failure is read as well.
    let all: Box<dyn Read + Send> = Box::new(Cursor::new(head).chain(FailedReader(failure)).chain(input));
    match found {
        Some((shape, decode, cut)) => {
            Opened::Splits(Box::new(Splits { shape, decode, source: ChunkReader::new(all, cut) }))
        }
        None => Opened::Whole(all),
    }
}

/// A reader that fails once if there is an error.
struct FailedReader(Option<io::Error>);

impl Read for FailedReader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Recognises the shape of an input by its first bytes. Returns `None` if an input of this kind cannot be split.
fn split_shape(head: &[u8]) -> Option<(&'static Shape, DecodeEvents, Cut)> {
    if is_layered(head)
        || refused_kind(head)
            .or_else(|| own_result(head))
            .or_else(|| refused_rendering(head))
            .or_else(|| beside_a_log(head))
            .is_some()
    {
        return None;
    }
    let known = InputHead::new(head);
    let shape = SHAPES.iter().find(|shape| (shape.sniff)(&known))?;
    match shape.decode {
        Decode::EventsInChunks(decode, cut) => Some((shape, decode, cut)),
        Decode::Events(_) | Decode::Texts(_) => None,
    }
}

/// Processing of the events of chunks by one helper. Only `deliver` runs in one helper at a time; everything else runs
/// in parallel.
pub(crate) trait ChunkHelper<S>: Send {
    /// Processes the events of a chunk before its turn.
    fn before(&mut self, block: &mut Block);
    /// Delivers a chunk when it is its turn. Returns an empty block, maybe another one, for reuse of its memory.
    fn deliver(&mut self, block: Block, sink: &mut S) -> Block;
    /// Does the work that `deliver` put off, so that it does not delay the next turn.
    fn after(&mut self);
}

impl Splits<'_> {
    /// Decodes the input with one thread per helper. The first helper runs on the current thread.
    pub(crate) fn decode<S: EventSink + Send>(
        self,
        context: &Origin<String>,
        helpers: &mut [impl ChunkHelper<S>],
        sink: &mut S,
    ) -> Decoded {
        let Self { shape, decode, source } = self;
        let split = SplitState {
            decode,
            context,
            stream: sink.stream(&context.as_deref()),
            source: Mutex::new(source),
            turn: Mutex::new(DeliveryTurn { sink, next: 0, lines: 0, given_up: false }),
            next: Condvar::new(),
        };
        thread::scope(|scope| {
            let mut helpers = helpers.iter_mut().map(|helper| HelperRun::new(&split, helper));
            let first = helpers.next();
            let others: Vec<_> = helpers.map(|helper| scope.spawn(|| helper.run())).collect();
            first.into_iter().for_each(HelperRun::run);
            for other in others {
                // A panic in a helper continues on this thread, as it would without threads.
                other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            }
        });
        let mut source = split.source.into_inner().unwrap_or_else(PoisonError::into_inner);
        let turn = split.turn.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(mentions) = source.watch.mentions().filter(|_| source.sighting.is_none()) {
            turn.sink.mentions(mentions);
        }
        turn.sink.part_ends(source.watch.seen().or(source.sighting));
        let failure = source.failure.or_else(|| source.not_text.fault().map(Into::into));
        let result = failure.map_or(Ok(()), |error| Err(read_error(error)));
        Decoded { shape: Some(shape.name), bytes: source.bytes, result }
    }
}

/// State that all helpers share.
struct SplitState<'d, 's, S> {
    decode: DecodeEvents,
    context: &'d Origin<String>,
    stream: StreamId,
    source: Mutex<ChunkReader<'s>>,
    turn: Mutex<DeliveryTurn<'d, S>>,
    /// Signal that the next turn has begun.
    next: Condvar,
}

/// State of delivery: the sink, the number of the next chunk, and the number of lines before that chunk.
struct DeliveryTurn<'d, S> {
    sink: &'d mut S,
    next: u64,
    lines: u64,
    /// Whether a helper panicked, so that some chunk will never be delivered.
    given_up: bool,
}

/// Chunk whose events were found and that waits for its turn.
struct DecodedChunk {
    number: u64,
    block: Block,
    lines: u64,
}

/// Locks a mutex, even if a helper panicked while it held the lock: that panic is resumed once all helpers have
/// stopped.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One helper with its chunks.
struct HelperRun<'d, 't, 's, S, H> {
    split: &'d SplitState<'t, 's, S>,
    helper: &'d mut H,
    /// Chunks that wait for their turn, in the order of the input.
    found: VecDeque<DecodedChunk>,
    spare: Vec<Block>,
}

impl<'d, 't, 's, S: EventSink, H: ChunkHelper<S>> HelperRun<'d, 't, 's, S, H> {
    fn new(split: &'d SplitState<'t, 's, S>, helper: &'d mut H) -> Self {
        Self { split, helper, found: VecDeque::new(), spare: Vec::new() }
    }

    /// Runs until nothing is left to read and all chunks of this helper are delivered.
    fn run(mut self) {
        while self.read() {
            if let Ok(turn) = self.split.turn.try_lock() {
                self.deliver(turn);
            }
            while self.found.len() >= MOST_FOUND {
                self.deliver_next();
            }
        }
        while !self.found.is_empty() {
            self.deliver_next();
        }
    }

    /// Reads the next chunk and finds its events. Returns `false` if there is no further chunk.
    fn read(&mut self) -> bool {
        let mut block = self.spare.pop().unwrap_or_default();
        let mut source = lock(&self.split.source);
        let number = source.chunks;
        match source.next(&mut block) {
            ReadStep::Chunk => {
                drop(source);
                let lines = self.split.find(&mut block);
                self.helper.before(&mut block);
                self.found.push_back(DecodedChunk { number, block, lines });
                true
            }
            ReadStep::Unsplit => {
                let rest = source.take_rest();
                drop(source);
                while !self.found.is_empty() {
                    self.deliver_next();
                }
                let (bytes, failure, sighting) = self.split.decode_rest(number, &block, rest);
                let mut source = lock(&self.split.source);
                source.bytes += bytes;
                source.failure = failure;
                source.sighting = sighting;
                false
            }
            ReadStep::End => false,
        }
    }

    /// Waits for the turn of the earliest chunk of this helper, and delivers it.
    fn deliver_next(&mut self) {
        if let Some(first) = self.found.front() {
            let turn = self.split.turn_of(first.number);
            self.deliver(turn);
        }
    }

    /// Delivers chunks as long as the next one belongs to this helper, then lets the others continue and does the work
    /// put off.
    fn deliver(&mut self, mut turn: MutexGuard<'_, DeliveryTurn<'_, S>>) {
        let begun = turn.next;
        while self.found.front().is_some_and(|first| first.number == turn.next)
            && let Some(DecodedChunk { number, mut block, lines }) = self.found.pop_front()
        {
            block.lines_before = turn.lines;
            self.spare.push(self.helper.deliver(block, turn.sink));
            turn.lines += lines;
            turn.next = number + 1;
        }
        if turn.given_up {
            self.found.clear();
        }
        let is_next_turn = turn.next != begun;
        drop(turn);
        if is_next_turn {
            self.split.next.notify_all();
            self.helper.after();
        }
    }
}

/// Releases the other helpers after a panic: they may wait for a chunk that only this helper had.
impl<S, H> Drop for HelperRun<'_, '_, '_, S, H> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(&self.split.turn).given_up = true;
            self.split.next.notify_all();
        }
    }
}

impl<'d, S: EventSink> SplitState<'d, '_, S> {
    /// Waits until all chunks before the given one are delivered.
    fn turn_of(&self, number: u64) -> MutexGuard<'_, DeliveryTurn<'d, S>> {
        let turn = self.next.wait_while(lock(&self.turn), |turn| turn.next != number && !turn.given_up);
        turn.unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds the events of a chunk. Returns the number of lines in it.
    fn find(&self, block: &mut Block) -> u64 {
        let data = std::mem::take(&mut block.data);
        let mut nothing = io::empty();
        let mut feed = Feed::of_chunk(&mut nothing, data, block.length);
        let mut nowhere = Nowhere;
        let mut delivery = Delivery::of_chunk(self.context, &mut nowhere, self.stream, &feed, std::mem::take(block));
        // Decoding fails only for containers, which are never split.
        let _ = (self.decode)(&mut feed, &mut delivery);
        *block = delivery.into_block();
        let lines = feed.line() - 1;
        (block.data, block.length) = feed.into_chunk();
        lines
    }

    /// Decodes everything from the first text that cannot be split to the end of the input, in one piece when it is its
    /// turn: the block already read, then the rest. Returns the bytes read, the read error, and the sighting.
    fn decode_rest(
        &self,
        number: u64,
        block: &Block,
        rest: impl Read + Send,
    ) -> (u64, Option<io::Error>, Option<Sighting>) {
        let mut turn = self.turn_of(number);
        let begun = block.data.get(..block.length).unwrap_or_default();
        let mut rest = begun.chain(rest);
        let mut feed = Feed::new(&mut rest, Vec::new());
        feed.follows(turn.lines);
        feed.more();
        let mut delivery = Delivery::new(self.context, turn.sink, &feed, Block::default());
        // Decoding fails only for containers, `finish` only for inputs with the newest event first. Neither is ever
        // split.
        let _ = (self.decode)(&mut feed, &mut delivery);
        let _ = delivery.finish(&feed);
        let sighting = feed.sighting().map(|seen| Sighting { line: seen.line + turn.lines, ..seen });
        let (bytes, failure, _) = feed.finish();
        (bytes, failure, sighting)
    }
}

/// Reader of the chunks, with the part of the input that is still to be read.
struct ChunkReader<'s> {
    input: Box<dyn Read + Send + 's>,
    cut: Cut,
    /// Number of bytes read at a time.
    chunk: usize,
    /// Bytes that were read past the end of the last chunk; the next chunk begins with them.
    carry: Vec<u8>,
    ended: bool,
    failure: Option<io::Error>,
    /// Number of chunks so far, and of the bytes in them.
    chunks: u64,
    bytes: u64,
    watch: SentenceWatch,
    not_text: NotTextWatch,
    /// Sighting in the part of the input that could not be split.
    sighting: Option<Sighting>,
}

/// Result of reading into a block.
enum ReadStep {
    /// A complete chunk.
    Chunk,
    /// The start of an event that may be too long. Everything from here on must be decoded in one piece.
    Unsplit,
    /// Nothing, as the input has ended.
    End,
}

impl<'s> ChunkReader<'s> {
    fn new(input: Box<dyn Read + Send + 's>, cut: Cut) -> Self {
        Self {
            input,
            cut,
            chunk: BLOCK,
            carry: Vec::new(),
            ended: false,
            failure: None,
            chunks: 0,
            bytes: 0,
            watch: SentenceWatch::default(),
            not_text: NotTextWatch::default(),
            sighting: None,
        }
    }

    /// Reads the next chunk.
    fn next(&mut self, block: &mut Block) -> ReadStep {
        let Block { data, length, .. } = block;
        data.resize(self.chunk, 0);
        let mut end = self.carry.len();
        while data.len() < end + self.chunk / 2 {
            data.resize(data.len() * 2, 0);
        }
        data[..end].copy_from_slice(&self.carry);
        self.carry.clear();
        loop {
            if !self.ended {
                let filled = fill(&mut self.input, &mut data[end..]);
                let piece = &data[end..end + filled.bytes];
                self.watch.look(piece);
                self.not_text.look(piece);
                end += filled.bytes;
                (self.ended, self.failure) = (filled.ended, filled.failure);
            }
            if self.ended {
                *length = end;
                return if end > 0 { self.chunk(end) } else { ReadStep::End };
            }
            if end >= LONGEST {
                *length = end;
                return ReadStep::Unsplit;
            }
            if let Some(cut) = (self.cut)(&data[..end]) {
                self.carry.extend_from_slice(&data[cut..end]);
                *length = cut;
                return self.chunk(cut);
            }
            data.resize(data.len() * 2, 0);
        }
    }

    /// Takes the part of the input that was not read yet, and marks the reader as ended.
    fn take_rest(&mut self) -> Box<dyn Read + Send + 's> {
        self.ended = true;
        std::mem::replace(&mut self.input, Box::new(io::empty()))
    }

    fn chunk(&mut self, length: usize) -> ReadStep {
        self.chunks += 1;
        self.bytes += length as u64;
        ReadStep::Chunk
    }
}

/// Sink that ignores everything: the events of a chunk stay in its block.
struct Nowhere;

impl EventSink for Nowhere {
    fn stream(&mut self, origin: &Origin<&str>) -> StreamId {
        debug_assert!(false, "a shape that names streams cannot be split: {origin:?}");
        StreamId(0)
    }

    fn event(&mut self, _: StreamId, _: LogEvent<'_>) {}

    fn events(&mut self, _: &Batch<'_>) {}

    fn own_record(&mut self, _: &[u8], _: u64) {}

    fn count(&mut self, _: Bucket, _: u64) {}

    fn note(&mut self, _: Note) {}
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Collector, run};
    use super::super::text::s3_export;
    use super::*;

    /// Helper that does nothing but deliver.
    struct Plain;

    impl ChunkHelper<Collector> for Plain {
        fn before(&mut self, _: &mut Block) {}

        fn deliver(&mut self, mut block: Block, sink: &mut Collector) -> Block {
            sink.events(&block.batch());
            block.clear();
            block
        }

        fn after(&mut self) {}
    }

    /// Helper that panics at its third chunk.
    #[derive(Default)]
    struct Failing(u32);

    impl ChunkHelper<Collector> for Failing {
        fn before(&mut self, _: &mut Block) {
            self.0 += 1;
            assert!(self.0 < 3, "the third chunk");
        }

        fn deliver(&mut self, block: Block, sink: &mut Collector) -> Block {
            Plain.deliver(block, sink)
        }

        fn after(&mut self) {}
    }

    #[test]
    fn a_panic_ends_all_hands() {
        let text = s3_export::SHAPE.samples()[0].repeat(200);
        let failed = std::panic::catch_unwind(|| {
            let mut input = text.as_bytes();
            let Opened::Splits(mut splits) = open(&mut input) else { return };
            splits.source.chunk = 400;
            let mut helpers: Vec<Failing> = (0..3).map(|_| Failing::default()).collect();
            splits.decode(&Origin::default(), &mut helpers, &mut Collector::default());
        });
        assert!(failed.is_err());
    }

    /// Lines that begin an event, lines that continue one, and lines that are easily mistaken for either.
    const LINES: [&str; 10] = [
        "2026-10-01T00:00:00.456Z [ERROR] ValueError: bad input",
        "2026-10-01T00:00:01.456Z one\r",
        "2026-10-01T00:00:02.456Z",
        "2026-10-01T00:00:02.456Zone",
        "2026-10-01T00:00:61.456Z no such time",
        "Traceback (most recent call last):",
        "  File \"/var/task/app.py\", line 9",
        "END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11",
        "",
        "\u{e9}\u{1f980}",
    ];

    proptest::proptest! {
        #[test]
        fn chunks_give_the_same_events(
            lines in proptest::collection::vec(0usize..LINES.len(), 0..60), chunk in 1usize..400, helpers in 1usize..5, ended: bool,
        ) {
            // The head has more lines than sniffing examines, so the random lines cannot change the shape.
            let mut text = s3_export::SHAPE.samples()[0].to_owned() + &"2026-10-01T00:00:00.501Z one\n".repeat(60);
            lines.iter().for_each(|line| text.extend([LINES[*line], "\n"]));
            if ended {
                text.pop();
            }
            let (result, want) = run(&mut text.as_bytes());
            let mut input = text.as_bytes();
            let Opened::Splits(mut splits) = open(&mut input) else { panic!("not split: {text}") };
            splits.source.chunk = chunk;
            let mut got = Collector::default();
            let mut helpers: Vec<Plain> = (0..helpers).map(|_| Plain).collect();
            let decoded = splits.decode(&Origin::default(), &mut helpers, &mut got);
            proptest::prop_assert_eq!(got.events, want.events);
            proptest::prop_assert_eq!(got.notes, want.notes);
            proptest::prop_assert_eq!((decoded.bytes, decoded.result.is_ok()), (result.unwrap().bytes, true));
        }
    }
}
