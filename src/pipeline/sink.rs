//! Takes the events of one input to their streams: dismisses ordinary lines, parses the rest, assembles both.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::duplicates::Delivered;
use super::judge::Closing;
use super::sift::sift;
use super::stream_part::StreamPart;
use super::stream_state::{Joined, StreamState, key_hash};
use super::worker::Worker;
use crate::assemble::{Assembler, Message};
use crate::model::{
    Batch, Bucket, EventSink, LogEvent, Note, Place, RequestId, Sighting, Span, Statement, StreamId, StreamKey,
    Stretch, lossy_text, unescape_json,
};
use crate::parse::{self, JoinedMessage};
use crate::wire::Identity;

/// The streams of one input.
pub(super) struct InputSink<'w, 'r> {
    worker: &'w mut Worker<'r>,
    input: u32,
    #[expect(
        clippy::vec_box,
        reason = "there may be very many, and a list of large ones takes twice as much as it grows"
    )]
    streams: Vec<Box<StreamState>>,
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
            streams: Vec::new(),
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
            let stream_state = &mut self.streams[at];
            stream_state.joining = false;
            let (block, joined) = (stream_state.joiner.finish(), stream_state.joined.take());
            self.block(at, block, joined);
        }
    }

    /// A sentence of the platform in a text of which none was read.
    pub(super) fn take_unread_part(&mut self) -> Option<Sighting> {
        self.unread_part.take()
    }

    /// Gives every stream as a part, one after the other, so that not all exist twice.
    pub(super) fn into_stream_parts(self) -> impl Iterator<Item = StreamPart> + use<'r> {
        let input = self.input;
        self.streams.into_iter().filter_map(move |stream_state| stream_state.finish(input))
    }

    /// Streams to which nothing was written lately give memory back.
    fn shrink_idle(&mut self) {
        let (now, keep) = (self.events, self.worker.keep);
        for stream_state in self.streams.iter_mut().filter(|stream_state| now - stream_state.last_event > RESTING) {
            stream_state.assembler.shrink(keep);
            stream_state.unread = Vec::new();
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
        let Some(stream_state) = self.streams.get_mut(at) else { return };
        self.events += 1;
        stream_state.last_event = self.events;
        self.worker.tally.log_events += 1;
        let bytes = event.message.len() as u64;
        if let Some(kind) = stream_state.foreign {
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
        if stream_state.dismisses(self.worker.keep) && !may_matter() {
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
                && stream_state.assembler.counts_unread()
            {
                let line = Stretch::of_one(number, span);
                stream_state.assembler.count_unread(&line);
                stream_state.leave_unread(&line, self.at.event, stream, &mut self.unread);
                return;
            }
            stream_state.keep_unread(batch.map(|(batch, _)| batch), message.place.input, message.keep);
            stream_state
                .assembler
                .ordinary(&message, &mut Closing::new(self.worker, &stream_state.identity, stream_state.names));
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
        let stream_state = self
            .streams
            .get(stream.0 as usize)
            .filter(|stream_state| stream_state.foreign.is_none() && stream_state.dismisses(keep));
        !keep.every_attempt && stream_state.is_some_and(|stream_state| stream_state.assembler.counts_unread())
    }

    /// Counts ordinary lines, the first of which is `first`.
    fn count_unread(&mut self, batch: &Batch<'_>, first: &Span, lines: &Stretch) {
        let place = self.place_of(batch.line(first));
        let Some(stream_state) = self.streams.get_mut(first.stream.0 as usize) else { return };
        self.events += u64::from(lines.events);
        self.worker.tally.log_events += u64::from(lines.events);
        stream_state.last_event = self.events;
        stream_state.assembler.count_unread(lines);
        stream_state.leave_unread(lines, place.event, first.stream, &mut self.unread);
        self.at = match batch.spans.get(lines.numbers().end as usize - 1) {
            Some(last) if lines.events > 1 => Place::at(self.input, batch.line(last)),
            _ => place,
        };
    }

    /// A message that may matter.
    fn consider(&mut self, at: usize, event: &LogEvent<'_>, raw: &[u8], batch: Option<&Batch<'_>>) {
        let stream_state = &mut self.streams[at];
        let place = self.at;
        let bytes = event.message.len() as u64;
        let message = Message { at: event.at, place, text: raw, escaped: false, bytes, keep: self.worker.keep };
        // What was split may go on in the next line, but no object does.
        let platform_line = if event.split { parse::platform_json_line } else { parse::platform_line };
        if !stream_state.joiner.is_open()
            && let Some(record) = platform_line(raw)
        {
            if stream_state.assembler.leaves_unread(&message, &record) {
                if Assembler::drops_unread(&record) {
                    stream_state.unread.clear();
                }
            } else {
                stream_state.keep_unread(batch, self.input, self.worker.keep);
            }
            stream_state.take(self.worker, &message, &record);
            return;
        }
        stream_state.keep_unread(batch, self.input, self.worker.keep);
        let text = lossy_text(raw);
        if stream_state.joiner.is_open() || event.split || !is_whole_object(raw) {
            let fed = stream_state.joiner.feed(event.at, event.line, &text);
            if fed.absorbed {
                // It goes on with the block that was open, or ended that and begins one.
                let this = Joined { place, bytes, request_id: event.request_id };
                let begun = stream_state.joined.filter(|_| fed.ended.is_none());
                let before = stream_state.joined.replace(begun.map_or(this, |begun| begun.and(this)));
                if !std::mem::replace(&mut stream_state.joining, true) {
                    self.joining.push(at);
                }
                self.block(at, fed.ended, before);
                return;
            }
            let joined = stream_state.joined.take();
            self.block(at, fed.ended, joined);
        }
        let stream_state = &mut self.streams[at];
        let message = Message { text: text.as_bytes(), ..message };
        if !stream_state.assembler.wants_ids() && !parse::may_matter(event.message) {
            // It was looked at only because a block was open.
            stream_state
                .assembler
                .ordinary(&message, &mut Closing::new(self.worker, &stream_state.identity, stream_state.names));
            return;
        }
        stream_state.take(self.worker, &message, &with_id(parse::parse(&text), event.request_id));
    }

    /// A block that the joiner has finished.
    fn block(&mut self, at: usize, block: Option<JoinedMessage>, joined: Option<Joined>) {
        let (Some(block), Some(joined)) = (block, joined) else { return };
        let stream_state = &mut self.streams[at];
        let message = Message {
            at: block.at,
            place: joined.place,
            text: block.text.as_bytes(),
            escaped: false,
            bytes: joined.bytes,
            keep: self.worker.keep,
        };
        stream_state.take(self.worker, &message, &with_id(parse::parse(&block.text), joined.request_id));
    }
}

/// A line of the function with the request id that the wrapping tells, where it has none of its own.
fn with_id(mut record: Statement<'_>, id: Option<RequestId>) -> Statement<'_> {
    if let Statement::App(line) = &mut record {
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
        let names = self.worker.entries.stream(&identity, self.input);
        let id = StreamId(u32::try_from(self.streams.len()).unwrap_or(u32::MAX));
        self.streams.push(Box::new(StreamState::new(identity, names, key.group, self.events)));
        if self.streams.len().is_multiple_of(STREAMS) {
            self.shrink_idle();
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
            if let Some(stream_state) = self.streams.get_mut(stream.0 as usize) {
                stream_state.keep_unread(Some(batch), self.input, self.worker.keep);
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
