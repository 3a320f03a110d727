//! One large text in chunks: hands read them in turn, find their events side by side, and hand those over in turn.
//!
//! A chunk is read, decoded and delivered by one thread, so its bytes stay in the cache of one core, and events arrive in
//! the order of the input. Only shapes are split in which the start of an event can be told without what came before.

use std::collections::VecDeque;
use std::io::{self, Cursor, Read};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;

use super::delivery::Delivery;
use super::feed::{BLOCK, Feed, LONGEST, fill};
use super::head::{HEAD, Head};
use super::layers::{is_layered, refused_kind, refused_rendering};
use super::run::read_error;
use super::text::s3_export;
use super::{DecodeError, Decoded, InputContext, SHAPES, Shape};
use crate::model::{Batch, Block, Bucket, EventSink, LogEvent, Note, StreamId, StreamKey};

/// Where the last event of a stretch of text begins that is sure to be one, but for the start of the stretch.
type Cut = fn(&[u8]) -> Option<usize>;

/// The shapes that are split.
const SPLIT: &[(&Shape, Cut)] = &[(&s3_export::SHAPE, s3_export::last_event)];

/// Chunks that wait for their turn at each hand, at most.
const MOST_FOUND: usize = 3;

/// How often a hand looks for what another one sends before it sleeps: some 100 microseconds.
const SPINS: usize = 800;

/// An input whose first bytes were looked at.
pub enum Opened<'a> {
    /// It can be decoded in chunks.
    Splits(Splits<'a>),
    /// It is decoded in one go. The reader still gives all of it.
    Whole(Box<dyn Read + Send + 'a>),
}

/// An input that can be decoded in chunks.
pub struct Splits<'a> {
    shape: &'static Shape,
    source: Source<'a>,
}

/// Looks at the first bytes of an input.
///
/// # Errors
/// When they cannot be read.
pub fn open(input: &mut (dyn Read + Send)) -> Result<Opened<'_>, DecodeError> {
    let mut head = Vec::new();
    input.take(HEAD as u64).read_to_end(&mut head).map_err(read_error)?;
    let found = split_shape(&head);
    let all: Box<dyn Read + Send> = Box::new(Cursor::new(head).chain(input));
    Ok(match found {
        Some((shape, cut)) => Opened::Splits(Splits { shape, source: Source::new(all, cut) }),
        None => Opened::Whole(all),
    })
}

/// The shape of an input that can be split, by its first bytes.
fn split_shape(head: &[u8]) -> Option<(&'static Shape, Cut)> {
    if is_layered(head) || refused_kind(head).or_else(|| refused_rendering(head)).is_some() {
        return None;
    }
    let known = Head::new(head);
    let shape = SHAPES.iter().find(|shape| (shape.sniff)(&known))?;
    SPLIT.iter().find(|(split, _)| split.name == shape.name).copied()
}

/// What a hand does with the events of its chunks. Whatever is not done in turn is done side by side.
pub trait Hand<S>: Send {
    /// Looks at the events of a chunk before its turn.
    fn before(&mut self, block: &mut Block);
    /// Hands a chunk over, in its turn. Gives the memory of some other one back.
    fn deliver(&mut self, block: Block, sink: &mut S) -> Block;
    /// Does what delivering has left to do.
    fn after(&mut self);
    /// That is so much that it cannot wait.
    fn is_behind(&self) -> bool;
}

impl Splits<'_> {
    /// Decodes it with a thread for each hand, the first of which is this one.
    pub fn decode<S: EventSink + Send>(
        self,
        context: &InputContext,
        hands: &mut [impl Hand<S>],
        sink: &mut S,
    ) -> Decoded {
        let Self { shape, source } = self;
        let work = Work { shape, context, stream: sink.stream(&context.key()) };
        let (mut to, from): (Vec<_>, Vec<_>) = (0..hands.len()).map(|_| channel()).unzip();
        // Both begin at the first hand. Every hand sends to the next one, the last to the first.
        if let Some(to_first) = to.first() {
            let _ = to_first.send(Baton::Source(source));
            let _ = to_first.send(Baton::Turn(Turn { sink, lines: 0 }));
        }
        to.rotate_left(1.min(hands.len()));
        let mut hands = hands.iter_mut().zip(from.into_iter().zip(to));
        let end = thread::scope(|scope| {
            let first = hands.next();
            let others: Vec<_> =
                hands.map(|(hand, (from, to))| scope.spawn(|| Round::new(&work, hand, from, to).run())).collect();
            let mut end = first.and_then(|(hand, (from, to))| Round::new(&work, hand, from, to).run());
            for other in others {
                // A panic goes on where it would have gone without the thread.
                end = end.or(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            end
        });
        let End { bytes, failure } = end.unwrap_or_default();
        let result = failure.map_or(Ok(()), |error| Err(read_error(error)));
        Decoded { shape: Some(shape.name), bytes, result }
    }
}

/// What goes from hand to hand, round and round: a hand that has it may read, or hand over.
enum Baton<'s, S> {
    Source(Source<'s>),
    Turn(Turn<'s, S>),
}

/// Waits for what another hand sends. Most waits are shorter than it takes to fall asleep and be woken.
fn receive<T>(from: &Receiver<T>) -> Option<T> {
    for _ in 0..SPINS {
        match from.try_recv() {
            Ok(got) => return Some(got),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => (0..8).for_each(|_| std::hint::spin_loop()),
        }
    }
    from.recv().ok()
}

/// Whose turn it is to hand over: where to, and after how many lines.
struct Turn<'s, S> {
    sink: &'s mut S,
    lines: u64,
}

/// What all hands know.
struct Work<'w> {
    shape: &'static Shape,
    context: &'w InputContext,
    stream: StreamId,
}

/// A chunk whose events were found.
struct Found {
    block: Block,
    lines: u64,
}

/// One hand at work: of so many hands each takes every chunk that is so many after its last one.
struct Round<'w, 's, S, H> {
    work: &'w Work<'w>,
    hand: &'w mut H,
    from: Receiver<Baton<'s, S>>,
    to: Sender<Baton<'s, S>>,
    source: Option<Source<'s>>,
    turn: Option<Turn<'s, S>>,
    /// Chunks that wait for their turn.
    found: VecDeque<Found>,
    spare: Vec<Block>,
}

impl<'w, 's, S: EventSink, H: Hand<S>> Round<'w, 's, S, H> {
    fn new(work: &'w Work<'w>, hand: &'w mut H, from: Receiver<Baton<'s, S>>, to: Sender<Baton<'s, S>>) -> Self {
        Self { work, hand, from, to, source: None, turn: None, found: VecDeque::new(), spare: Vec::new() }
    }

    /// Works until there is nothing more. Whoever meets the end of the input tells of it.
    fn run(mut self) -> Option<End> {
        let end = self.read();
        // The others may wait for what this hand still has.
        while !self.found.is_empty() && self.deliver_next() {}
        self.hand.after();
        end
    }

    fn read(&mut self) -> Option<End> {
        loop {
            while let Ok(baton) = self.from.try_recv() {
                self.take(baton);
            }
            self.deliver();
            let Some(mut source) = self.source.take_if(|_| self.found.len() < MOST_FOUND) else {
                if !self.wait() {
                    return None;
                }
                continue;
            };
            let mut block = self.spare.pop().unwrap_or_default();
            match source.next(&mut block) {
                Next::Chunk => {
                    let _ = self.to.send(Baton::Source(source));
                    let lines = self.work.events(&mut block);
                    self.hand.before(&mut block);
                    self.found.push_back(Found { block, lines });
                }
                Next::Unsplit => {
                    while !self.found.is_empty() && self.deliver_next() {}
                    while self.turn.is_none() && self.wait() {}
                    return self.turn.take().map(|turn| self.work.rest(source, &block, turn));
                }
                Next::End => return Some(source.end()),
            }
        }
    }

    /// Waits for a turn and hands over. `false` where none will come.
    fn deliver_next(&mut self) -> bool {
        let before = self.found.len();
        self.deliver();
        self.found.len() < before || self.wait()
    }

    /// Hands over, if it is its turn and there is something.
    fn deliver(&mut self) {
        let Some(mut turn) = self.turn.take_if(|_| !self.found.is_empty()) else { return };
        let Some(Found { mut block, lines }) = self.found.pop_front() else { return };
        block.lines_before = turn.lines;
        self.spare.push(self.hand.deliver(block, turn.sink));
        turn.lines += lines;
        let _ = self.to.send(Baton::Turn(turn));
        if self.hand.is_behind() {
            self.hand.after();
        }
    }

    /// Does what is left, then waits for what the hand before sends. `false` where nothing will come.
    fn wait(&mut self) -> bool {
        self.hand.after();
        let baton = receive(&self.from);
        let more = baton.is_some();
        baton.into_iter().for_each(|baton| self.take(baton));
        more
    }

    fn take(&mut self, baton: Baton<'s, S>) {
        match baton {
            Baton::Source(source) => self.source = Some(source),
            Baton::Turn(turn) => self.turn = Some(turn),
        }
    }
}

impl Work<'_> {
    /// Finds the events of a chunk. Gives the lines in it.
    fn events(&self, block: &mut Block) -> u64 {
        let data = std::mem::take(&mut block.data);
        let mut nothing = io::empty();
        let mut feed = Feed::of_chunk(&mut nothing, data, block.length);
        let mut nowhere = Nowhere;
        let mut delivery = Delivery::of_chunk(self.context, &mut nowhere, self.stream, &feed, std::mem::take(block));
        // It fails for containers only.
        let _ = (self.shape.decode)(&mut feed, &mut delivery);
        *block = delivery.into_block();
        let lines = feed.line() - 1;
        (block.data, block.length) = feed.into_chunk();
        lines
    }

    /// Decodes what cannot be split any further, in one go.
    fn rest<S: EventSink>(&self, mut source: Source<'_>, block: &Block, turn: Turn<'_, S>) -> End {
        let begun = block.data.get(..block.length).unwrap_or_default();
        let mut rest = begun.chain(&mut source.input);
        let mut feed = Feed::new(&mut rest, Vec::new());
        feed.follows(turn.lines);
        feed.more();
        let mut delivery = Delivery::new(self.context, turn.sink, &feed, Block::default());
        let _ = (self.shape.decode)(&mut feed, &mut delivery);
        delivery.finish(&feed);
        let (bytes, failure, _) = feed.finish();
        End { bytes: source.bytes + bytes, failure }
    }
}

/// What is left to read.
struct Source<'s> {
    input: Box<dyn Read + Send + 's>,
    cut: Cut,
    /// Bytes read at a time.
    chunk: usize,
    /// What was read behind the last chunk.
    carry: Vec<u8>,
    ended: bool,
    failure: Option<io::Error>,
    /// Bytes of the chunks so far.
    bytes: u64,
}

/// What a hand has in its block.
enum Next {
    /// A chunk.
    Chunk,
    /// The start of an event that may be too long, and what comes after it.
    Unsplit,
    /// Nothing.
    End,
}

/// What was decoded in all.
#[derive(Default)]
struct End {
    bytes: u64,
    failure: Option<io::Error>,
}

impl<'s> Source<'s> {
    fn new(input: Box<dyn Read + Send + 's>, cut: Cut) -> Self {
        Self { input, cut, chunk: BLOCK, carry: Vec::new(), ended: false, failure: None, bytes: 0 }
    }

    /// Reads the next chunk.
    fn next(&mut self, block: &mut Block) -> Next {
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
                end += filled.bytes;
                (self.ended, self.failure) = (filled.ended, filled.failure);
            }
            if self.ended {
                *length = end;
                self.bytes += end as u64;
                return if end > 0 { Next::Chunk } else { Next::End };
            }
            if end >= LONGEST {
                *length = end;
                return Next::Unsplit;
            }
            if let Some(cut) = (self.cut)(&data[..end]) {
                self.carry.extend_from_slice(&data[cut..end]);
                *length = cut;
                self.bytes += cut as u64;
                return Next::Chunk;
            }
            data.resize(data.len() * 2, 0);
        }
    }

    fn end(self) -> End {
        End { bytes: self.bytes, failure: self.failure }
    }
}

/// The sink of a chunk, whose events stay in its block.
struct Nowhere;

impl EventSink for Nowhere {
    fn stream(&mut self, _: &StreamKey<'_>) -> StreamId {
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
    use super::*;

    /// A hand that does nothing but deliver.
    struct Plain;

    impl Hand<Collector> for Plain {
        fn before(&mut self, _: &mut Block) {}

        fn deliver(&mut self, mut block: Block, sink: &mut Collector) -> Block {
            sink.events(&block.batch());
            block.clear();
            block
        }

        fn after(&mut self) {}

        fn is_behind(&self) -> bool {
            false
        }
    }

    /// What begins an event, what goes on with one, and what looks like either.
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
            lines in proptest::collection::vec(0usize..LINES.len(), 0..60), chunk in 1usize..400, hands in 1usize..5, ended: bool,
        ) {
            // More lines than the shape is recognised by.
            let mut text = s3_export::SHAPE.samples()[0].to_owned() + &"2026-10-01T00:00:00.501Z one\n".repeat(60);
            lines.iter().for_each(|line| text.extend([LINES[*line], "\n"]));
            if ended {
                text.pop();
            }
            let (result, want) = run(&mut text.as_bytes());
            let mut input = text.as_bytes();
            let Ok(Opened::Splits(mut splits)) = open(&mut input) else { panic!("not split: {text}") };
            splits.source.chunk = chunk;
            let mut got = Collector::default();
            let mut hands: Vec<Plain> = (0..hands).map(|_| Plain).collect();
            let decoded = splits.decode(&InputContext::default(), &mut hands, &mut got);
            proptest::prop_assert_eq!(got.events, want.events);
            proptest::prop_assert_eq!(got.notes, want.notes);
            proptest::prop_assert_eq!((decoded.bytes, decoded.result.is_ok()), (result.unwrap().bytes, true));
        }
    }
}
