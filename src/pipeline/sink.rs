//! Takes the events of one input to their streams: dismisses ordinary lines, parses the rest, assembles both.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::duplicates::Delivered;
use super::judge::Closing;
use super::piece::Piece;
use super::sift::sift;
use super::slot::{Joined, Slot, key_hash};
use super::worker::Worker;
use crate::assemble::{Assembler, Message};
use crate::model::{
    Batch, Bucket, EventSink, LogEvent, Note, Place, Record, RequestId, Sighting, Span, StreamId, StreamKey, Stretch,
    lossy_text, unescape_json,
};
use crate::parse::{self, Block};
use crate::wire::Identity;

/// The streams of one input.
pub(super) struct InputSink<'w, 'r> {
    worker: &'w mut Worker<'r>,
    input: u32,
    #[expect(
        clippy::vec_box,
        reason = "there may be very many, and a list of large ones takes twice as much as it grows"
    )]
    slots: Vec<Box<Slot>>,
    by_key: FxHashMap<u64, StreamId>,
    delivered: Delivered,
    scratch: Vec<u8>,
    /// Events so far.
    events: u64,
    /// Streams with unread lines.
    unread: Vec<StreamId>,
    /// Streams whose joiner may hold something.
    joining: Vec<usize>,
    /// The event at hand: its line, and its number within that line.
    at: Place,
    /// The first sentence of the platform in a text of the input of which none was read.
    unread_part: Option<Sighting>,
}

/// New streams after which those that rest are looked for.
const STREAMS: usize = 256;
/// Events of other streams after which a stream rests.
const RESTING: u64 = 8 * 1024;

impl<'w, 'r> InputSink<'w, 'r> {
    pub(super) fn new(worker: &'w mut Worker<'r>, input: u32) -> Self {
        Self {
            worker,
            input,
            slots: Vec::new(),
            by_key: FxHashMap::default(),
            delivered: Delivered::default(),
            scratch: Vec::new(),
            events: 0,
            unread: Vec::new(),
            joining: Vec::new(),
            at: Place::at(input, 0),
            unread_part: None,
        }
    }

    /// The worker that it assembles for.
    pub(super) fn worker(&mut self) -> &mut Worker<'r> {
        self.worker
    }

    /// Takes what the joiners still hold: no text goes on in the next one.
    fn flush_joiners(&mut self) {
        for at in std::mem::take(&mut self.joining) {
            let slot = &mut self.slots[at];
            slot.joining = false;
            let (block, joined) = (slot.joiner.finish(), slot.joined.take());
            self.block(at, block, joined);
        }
    }

    /// A sentence of the platform in a text of which none was read.
    pub(super) fn take_unread_part(&mut self) -> Option<Sighting> {
        self.unread_part.take()
    }

    /// Gives every stream as a piece, one after the other, so that not all exist twice.
    pub(super) fn into_pieces(self) -> impl Iterator<Item = Piece> + use<'r> {
        let input = self.input;
        self.slots.into_iter().filter_map(move |slot| slot.finish(input))
    }

    /// Streams to which nothing was written lately give memory back.
    fn let_rest(&mut self) {
        let (now, keep) = (self.events, self.worker.keep);
        for slot in self.slots.iter_mut().filter(|slot| now - slot.last_event > RESTING) {
            slot.assembler.rest(keep);
            slot.unread = Vec::new();
        }
    }

    /// Dismisses an ordinary line at once; looks at everything else.
    #[inline]
    fn take_event(
        &mut self,
        stream: StreamId,
        event: &LogEvent<'_>,
        batch: Option<(&Batch<'_>, u32)>,
        may_matter: impl FnOnce() -> bool,
    ) {
        self.at = self.place_of(event.line);
        let at = stream.0 as usize;
        let Some(slot) = self.slots.get_mut(at) else { return };
        self.events += 1;
        slot.last_event = self.events;
        self.worker.tally.log_events += 1;
        let bytes = event.message.len() as u64;
        if let Some(kind) = slot.foreign {
            self.worker.understood = true;
            self.worker.tally.foreign(kind, 1);
            self.worker.tally.count(Bucket::OtherLogs, bytes);
            return;
        }
        if self.delivered.again(stream, event) {
            self.worker.tally.duplicates += 1;
            self.worker.tally.count(Bucket::Attributed, bytes);
            return;
        }
        if slot.dismisses(self.worker.keep) && !may_matter() {
            let message = Message {
                at: event.at,
                place: self.at,
                text: event.message,
                escaped: event.escaped,
                bytes,
                keep: self.worker.keep,
            };
            let unread = batch.filter(|_| !self.worker.keep.every_attempt);
            if let Some((batch, number)) = unread
                && let Some(span) = batch.spans.get(number as usize)
                && slot.assembler.counts_unread()
            {
                let line = Stretch::of_one(number, span);
                slot.assembler.count_unread(&line);
                slot.leave_unread(&line, self.at.event, stream, &mut self.unread);
                return;
            }
            slot.keep_unread(batch.map(|(batch, _)| batch), message.place.input, message.keep);
            slot.assembler.ordinary(&message, &mut Closing::new(self.worker, &slot.identity, slot.names));
            return;
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let raw: &[u8] = if event.escaped {
            scratch.clear();
            unescape_json(event.message, &mut scratch);
            &scratch
        } else {
            event.message
        };
        self.consider(at, event, raw, batch.map(|(batch, _)| batch));
        self.scratch = scratch;
    }

    /// Where the next event stands.
    fn place_of(&self, line: u64) -> Place {
        let number = if self.at.line == line { self.at.event.saturating_add(1) } else { 0 };
        Place { input: self.input, line, event: number }
    }

    /// Events of a batch that may matter.
    fn take_events(&mut self, batch: &Batch<'_>, numbers: Range<u32>) {
        for number in numbers {
            if let Some((span, event)) = batch.event(number) {
                self.take_event(span.stream, &event, Some((batch, number)), || true);
            }
        }
    }

    /// Ordinary lines of a batch: from where that is all there is to do, they are only counted, and all at once.
    fn take_stretch(&mut self, batch: &Batch<'_>, stretch: &Stretch) {
        let mut numbers = stretch.numbers();
        while let Some((span, event)) = batch.event(numbers.start) {
            if !stretch.one_by_one && self.counts_unread(span.stream) {
                let begun = numbers.start > stretch.first;
                let rest = if begun { batch.stretch(numbers) } else { Some(*stretch) };
                return rest.into_iter().for_each(|rest| self.count_unread(batch, span, &rest));
            }
            let Some(number) = numbers.next() else { return };
            self.take_event(span.stream, &event, Some((batch, number)), || false);
            if numbers.is_empty() {
                return;
            }
        }
    }

    /// Whether ordinary lines of a stream are only counted, to be kept later or never.
    fn counts_unread(&self, stream: StreamId) -> bool {
        let keep = self.worker.keep;
        let slot = self.slots.get(stream.0 as usize).filter(|slot| slot.foreign.is_none() && slot.dismisses(keep));
        !keep.every_attempt && slot.is_some_and(|slot| slot.assembler.counts_unread())
    }

    /// Counts ordinary lines, the first of which is `first`.
    fn count_unread(&mut self, batch: &Batch<'_>, first: &Span, lines: &Stretch) {
        let place = self.place_of(batch.line(first));
        let Some(slot) = self.slots.get_mut(first.stream.0 as usize) else { return };
        self.events += u64::from(lines.events);
        self.worker.tally.log_events += u64::from(lines.events);
        slot.last_event = self.events;
        slot.assembler.count_unread(lines);
        slot.leave_unread(lines, place.event, first.stream, &mut self.unread);
        self.at = match batch.spans.get(lines.numbers().end as usize - 1) {
            Some(last) if lines.events > 1 => Place::at(self.input, batch.line(last)),
            _ => place,
        };
    }

    /// A message that may matter.
    fn consider(&mut self, at: usize, event: &LogEvent<'_>, raw: &[u8], batch: Option<&Batch<'_>>) {
        let slot = &mut self.slots[at];
        let place = self.at;
        let bytes = event.message.len() as u64;
        let message = Message { at: event.at, place, text: raw, escaped: false, bytes, keep: self.worker.keep };
        // What was split may go on in the next line, but no object does.
        let platform_line = if event.split { parse::platform_json_line } else { parse::platform_line };
        if !slot.joiner.is_open()
            && let Some(record) = platform_line(raw)
        {
            if slot.assembler.leaves_unread(&message, &record) {
                if Assembler::drops_unread(&record) {
                    slot.unread.clear();
                }
            } else {
                slot.keep_unread(batch, self.input, self.worker.keep);
            }
            slot.take(self.worker, &message, &record);
            return;
        }
        slot.keep_unread(batch, self.input, self.worker.keep);
        let text = lossy_text(raw);
        if slot.joiner.is_open() || event.split || !is_whole_object(raw) {
            let fed = slot.joiner.feed(event.at, event.line, &text);
            if fed.absorbed {
                // It goes on with the block that was open, or ended that and begins one.
                let this = Joined { place, bytes, request_id: event.request_id };
                let begun = slot.joined.filter(|_| fed.ended.is_none());
                let before = slot.joined.replace(begun.map_or(this, |begun| begun.and(this)));
                if !std::mem::replace(&mut slot.joining, true) {
                    self.joining.push(at);
                }
                self.block(at, fed.ended, before);
                return;
            }
            let joined = slot.joined.take();
            self.block(at, fed.ended, joined);
        }
        let slot = &mut self.slots[at];
        let message = Message { text: text.as_bytes(), ..message };
        if !slot.assembler.wants_ids() && !parse::may_matter(event.message) {
            // It was looked at only because a block was open.
            slot.assembler.ordinary(&message, &mut Closing::new(self.worker, &slot.identity, slot.names));
            return;
        }
        slot.take(self.worker, &message, &with_id(parse::parse(&text), event.request_id));
    }

    /// A block that the joiner has finished.
    fn block(&mut self, at: usize, block: Option<Block>, joined: Option<Joined>) {
        let (Some(block), Some(joined)) = (block, joined) else { return };
        let slot = &mut self.slots[at];
        let message = Message {
            at: block.at,
            place: joined.place,
            text: block.text.as_bytes(),
            escaped: false,
            bytes: joined.bytes,
            keep: self.worker.keep,
        };
        slot.take(self.worker, &message, &with_id(parse::parse(&block.text), joined.request_id));
    }
}

/// A line of the function with the request id that the wrapping tells, where it has none of its own.
fn with_id(mut record: Record<'_>, id: Option<RequestId>) -> Record<'_> {
    if let Record::App(line) = &mut record {
        line.id = line.id.or(id);
    }
    record
}

/// One JSON object, which neither begins nor continues what is written as several messages.
fn is_whole_object(message: &[u8]) -> bool {
    message.first() == Some(&b'{') && message.trim_ascii_end().last() == Some(&b'}')
}

impl EventSink for InputSink<'_, '_> {
    fn stream(&mut self, key: &StreamKey<'_>) -> StreamId {
        let hash = key_hash(key);
        if let Some(id) = self.by_key.get(&hash) {
            return *id;
        }
        let identity = Identity {
            account_id: key.account_id.map(str::to_owned),
            region: key.region.map(str::to_owned),
            function: key.function_name().map(str::to_owned).or_else(|| self.worker.options.function.clone()),
            log_group: key.group.map(str::to_owned),
            log_stream: key.stream.map(str::to_owned),
        };
        let names = self.worker.ledger.stream(&identity, self.input);
        let id = StreamId(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        self.slots.push(Box::new(Slot::new(identity, names, key.group, self.events)));
        if self.slots.len().is_multiple_of(STREAMS) {
            self.let_rest();
        }
        self.by_key.insert(hash, id);
        id
    }

    fn event(&mut self, stream: StreamId, event: LogEvent<'_>) {
        self.take_event(stream, &event, None, || parse::may_matter(event.message));
    }

    fn events(&mut self, batch: &Batch<'_>) {
        let mut own = std::mem::take(&mut self.worker.stretches);
        let stretches = batch.stretches.unwrap_or_else(|| {
            sift(batch, &mut own);
            &own
        });
        let mut next = 0;
        for stretch in stretches {
            self.take_events(batch, next..stretch.first);
            self.take_stretch(batch, stretch);
            next = stretch.numbers().end;
        }
        self.take_events(batch, next..batch.spans.len() as u32);
        self.worker.stretches = own;
        // The batch goes away: what is still running may be looked at later.
        for stream in std::mem::take(&mut self.unread) {
            if let Some(slot) = self.slots.get_mut(stream.0 as usize) {
                slot.keep_unread(Some(batch), self.input, self.worker.keep);
            }
        }
    }

    fn own_record(&mut self, json: &[u8], line: u64) {
        self.worker.understood = true;
        let place = Place::at(self.input, line);
        self.worker.own_record(json, place);
    }

    fn count(&mut self, bucket: Bucket, bytes: u64) {
        self.worker.tally.count(bucket, bytes);
    }

    fn note(&mut self, note: Note) {
        self.worker.note(self.input, note);
    }

    /// Where a line of the platform or a record of ours was read, sentences elsewhere in the text are what it quotes. A log
    /// of another kind is known as well.
    fn part_ends(&mut self, sighting: Option<Sighting>) {
        self.flush_joiners();
        let understood = std::mem::take(&mut self.worker.understood);
        self.unread_part = self.unread_part.take().or(sighting.filter(|sighting| sighting.refused || !understood));
    }
}
