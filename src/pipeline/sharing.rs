//! Sharing of one large input between threads, in two ways that both give the result of one thread.
//!
//! A plain text is read in chunks: each helper sifts its chunks in parallel with the others, delivers them in turn, and
//! judges the attempts closed in them, into entries of its own. Only assembling needs the order of the input. Any other
//! input is decoded by one thread, which sends the events in parcels to the assembling thread; parcels arrive in the
//! order in which they were sent.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use rustc_hash::FxHashMap;

use super::closed::{Closed, Unjudged};
use super::judge::Closing;
use super::sift::sift_block;
use super::stream::key_hash;
use super::streams::Streams;
use super::worker::Worker;
use crate::assemble::Output;
use crate::decode::ChunkHelper;
use crate::model::{Batch, Block, Bucket, EventSink, LogEvent, Mentions, Note, Origin, Sighting, StreamId};

impl<'w, 'r> ChunkHelper<Streams<'w, Worker<'r>>> for Worker<'r> {
    fn before(&mut self, block: &mut Block) {
        sift_block(block);
    }

    fn deliver(&mut self, block: Block, streams: &mut Streams<'w, Worker<'r>>) -> Block {
        // Attempts that are closed in the chunk of a helper are judged by that helper.
        streams.output().unjudged = Some(self.unjudged.take().unwrap_or_default());
        let block = streams.block(block);
        self.unjudged = streams.output().unjudged.take();
        block
    }

    fn after(&mut self) {
        let Some(Unjudged { mut attempts, mut spare }) = self.unjudged.take() else { return };
        for Closed { mut attempt, origin, names } in attempts.drain(..) {
            Closing::new(self, &origin, names).closed(&mut attempt);
            attempt.lines.clear();
            spare.push(attempt.lines);
        }
        self.unjudged = Some(Unjudged { attempts, spare });
    }
}

/// Number of parcels on their way.
const PARCELS: usize = 3;
/// Bytes of text of single events and records in one parcel.
const TEXT: usize = 256 * 1024;
/// Number of single events in one parcel.
const EVENTS: usize = 4_096;

/// The unit that is sent to the assembling thread.
#[derive(Debug, Default)]
struct Parcel {
    /// Streams not seen before, in the order of their ids.
    streams: Vec<Origin<String>>,
    block: Block,
    /// Line of each of our own records, and the offset at which it ends in the text beside the block.
    records: Vec<(u64, usize)>,
    counts: Vec<(Bucket, u64)>,
    notes: Vec<Note>,
    /// Name of each part that is no log, the reason, and its bytes.
    left_out: Vec<(String, String, u64)>,
    mentions: Vec<Mentions>,
    /// The sighting of a text that ends after all of the above; `None` if no text ends here.
    end: Option<Option<Sighting>>,
}

impl Parcel {
    fn clear(&mut self) {
        self.streams.clear();
        self.block.clear();
        self.records.clear();
        self.counts.clear();
        self.notes.clear();
        self.left_out.clear();
        self.mentions.clear();
        self.end = None;
    }

    fn is_empty(&self) -> bool {
        let Self { streams, block, records, counts, notes, left_out, mentions, end } = self;
        let no_text = block.spans.is_empty() && records.is_empty();
        let nothing_told = counts.is_empty() && notes.is_empty() && left_out.is_empty() && mentions.is_empty();
        streams.is_empty() && no_text && nothing_told && end.is_none()
    }
}

/// Creates the two ends of a connection between decoding and assembling thread.
pub(super) fn relay() -> (Relay, Arrivals) {
    let (to, from) = sync_channel(PARCELS);
    let (back, emptied) = channel();
    (Relay { to, emptied, streams: FxHashMap::default(), parcel: Parcel::default() }, Arrivals { from, back })
}

/// The end in the decoding thread.
#[derive(Debug)]
pub(super) struct Relay {
    to: SyncSender<Parcel>,
    emptied: Receiver<Parcel>,
    streams: FxHashMap<u64, StreamId>,
    /// The next parcel. Its block holds single events only.
    parcel: Parcel,
}

impl Relay {
    /// Sends the last parcel.
    pub(super) fn finish(mut self) {
        self.send();
    }

    fn send(&mut self) {
        if self.parcel.is_empty() {
            return;
        }
        let next = self.emptied.try_recv().unwrap_or_default();
        // The receiver reads until this end is dropped, so an error needs no handling.
        let _ = self.to.send(std::mem::replace(&mut self.parcel, next));
    }

    fn send_text_if_long(&mut self) {
        let block = &self.parcel.block;
        if block.aside.len() >= TEXT || block.spans.len() >= EVENTS {
            sift_block(&mut self.parcel.block);
            self.send();
        }
    }
}

impl EventSink for Relay {
    fn stream(&mut self, key: &Origin<&str>) -> StreamId {
        let next = StreamId(u32::try_from(self.streams.len()).unwrap_or(u32::MAX));
        let id = *self.streams.entry(key_hash(key)).or_insert(next);
        if id == next {
            self.parcel.streams.push(key.map(str::to_owned));
        }
        id
    }

    fn event(&mut self, stream: StreamId, event: LogEvent<'_>) {
        self.parcel.block.push(stream, &event, None);
        self.send_text_if_long();
    }

    fn events(&mut self, batch: &Batch<'_>) {
        // Copying is rare: the last block of an input, and blocks of very short lines.
        let mut block = self.emptied.try_recv().unwrap_or_default().block;
        block.data.clear();
        block.data.extend_from_slice(batch.block);
        block.length = batch.block.len();
        block.aside.extend_from_slice(batch.aside);
        block.spans.extend_from_slice(batch.spans);
        block.event_ids.extend_from_slice(batch.event_ids);
        block.request_ids.extend_from_slice(batch.request_ids);
        block.lines_before = batch.lines_before;
        self.block(block);
    }

    fn block(&mut self, mut block: Block) -> Block {
        // Single events that came before are sent first.
        if !self.parcel.block.spans.is_empty() {
            self.send();
        }
        // Sifting is half of the remaining work, so this thread does it.
        sift_block(&mut block);
        let spare = std::mem::replace(&mut self.parcel.block, block);
        self.send();
        std::mem::replace(&mut self.parcel.block, spare)
    }

    fn own_record(&mut self, json: &[u8], line: u64) {
        let Parcel { block, records, .. } = &mut self.parcel;
        block.aside.extend_from_slice(json);
        records.push((line, block.aside.len()));
        self.send_text_if_long();
    }

    fn count(&mut self, bucket: Bucket, bytes: u64) {
        self.parcel.counts.push((bucket, bytes));
    }

    fn note(&mut self, note: Note) {
        self.parcel.notes.push(note);
    }

    fn left_out(&mut self, name: &str, reason: &str, bytes: u64) {
        self.parcel.left_out.push((name.to_owned(), reason.to_owned(), bytes));
    }

    fn mentions(&mut self, mentions: Mentions) {
        self.parcel.mentions.push(mentions);
    }

    fn part_ends(&mut self, sighting: Option<Sighting>) {
        if !self.parcel.block.spans.is_empty() {
            sift_block(&mut self.parcel.block);
        }
        self.parcel.end = Some(sighting);
        self.send();
    }
}

/// The end in the assembling thread.
#[derive(Debug)]
pub(super) struct Arrivals {
    from: Receiver<Parcel>,
    back: Sender<Parcel>,
}

impl Arrivals {
    /// Delivers all that arrives to a sink, until the other end is dropped.
    pub(super) fn deliver(self, sink: &mut dyn EventSink) {
        for mut parcel in self.from {
            for origin in &parcel.streams {
                sink.stream(&origin.as_deref());
            }
            let mut from = 0;
            for (line, to) in parcel.records.drain(..) {
                sink.own_record(parcel.block.aside.get(from..to).unwrap_or_default(), line);
                from = to;
            }
            sink.events(&parcel.block.batch());
            for (bucket, bytes) in parcel.counts.drain(..) {
                sink.count(bucket, bytes);
            }
            for note in parcel.notes.drain(..) {
                sink.note(note);
            }
            for (name, reason, bytes) in parcel.left_out.drain(..) {
                sink.left_out(&name, &reason, bytes);
            }
            parcel.mentions.drain(..).for_each(|mentions| sink.mentions(mentions));
            if let Some(sighting) = parcel.end.take() {
                sink.part_ends(sighting);
            }
            parcel.clear();
            // The other end may be gone and need no memory any more.
            let _ = self.back.send(parcel);
        }
    }
}
