//! What happens to a line: the streams of one input take their events, dismiss ordinary lines, parse the rest, and assemble
//! both.
//!
//! Knows nothing of threads, verdicts or totals: [`StreamOutput`] is all it sees of the run.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::duplicates::Delivered;
use super::sift::sift;
use super::stream::{Joined, Stream, key_hash};
use super::stream_part::StreamPart;
use super::tally::Tally;
use crate::assemble::{self, BatchLines, Message};
use crate::model::{
    Batch, Bucket, EventSink, FunctionArn, Keep, LogEvent, Note, Place, RequestId, Sighting, Span, Statement, StreamId,
    StreamKey, Stretch, Timestamp, lossy_text, unescape_json,
};
use crate::parse::{self, JoinedMessage};
use crate::summary::StreamNames;
use crate::wire::Identity;

/// Takes what the streams of an input tell besides their lines.
pub(super) trait StreamOutput {
    /// Takes what is closed in one stream.
    type Closing<'c>: assemble::Output
    where
        Self: 'c;

    /// Enters a stream, under the names of its function.
    fn stream(&mut self, identity: &Identity, input: u32) -> StreamNames;
    /// Takes the version of the runtime that a function runs from a moment on.
    fn runtime(&mut self, names: StreamNames, at: Option<Timestamp>, version: &str);
    /// Takes what is closed in a stream from here on.
    fn closing<'c>(&'c mut self, identity: &'c Arc<Identity>, names: StreamNames) -> Self::Closing<'c>;
    /// Takes a record of ours as JSON.
    fn own_record(&mut self, json: &[u8], place: Place);
    /// Takes what is worth noting about an input.
    fn note(&mut self, input: u32, note: Note);
    /// Gives the counts for coverage.
    fn tally(&mut self) -> &mut Tally;
    /// Gives memory for the ordinary lines of a batch.
    fn stretches(&mut self) -> &mut Vec<Stretch>;
}

/// The streams of one input.
pub(super) struct Streams<'w, O> {
    output: &'w mut O,
    input: u32,
    /// Name of the function, where the input does not say it.
    function: Option<&'w str>,
    keep: &'w Keep,
    #[expect(
        clippy::vec_box,
        reason = "there may be very many, and a list of large ones takes twice as much as it grows"
    )]
    streams: Vec<Box<Stream>>,
    by_key: FxHashMap<u64, StreamId>,
    delivered: Delivered,
    scratch: Vec<u8>,
    /// Events so far.
    events: u64,
    /// Streams whose joiner may hold something.
    joining: Vec<usize>,
    /// The line of the event at hand, and its number within that line.
    at: Place,
    /// A line of the platform about an attempt was read as one, since the last text ended.
    understood: bool,
    /// The first sentence of the platform in a text of the input of which none was read.
    unread_part: Option<Sighting>,
}

/// New streams after which idle ones are looked for.
const STREAMS: usize = 256;
/// Events of other streams after which a stream is idle.
const IDLE: u64 = 8 * 1024;

impl<'w, O: StreamOutput> Streams<'w, O> {
    /// Begins an input.
    pub(super) fn new(output: &'w mut O, input: u32, function: Option<&'w str>, keep: &'w Keep) -> Self {
        Self {
            output,
            input,
            function,
            keep,
            streams: Vec::new(),
            by_key: FxHashMap::default(),
            delivered: Delivered::default(),
            scratch: Vec::new(),
            events: 0,
            joining: Vec::new(),
            at: Place::at(input, 0),
            understood: false,
            unread_part: None,
        }
    }

    /// Gives the output.
    pub(super) fn output(&mut self) -> &mut O {
        self.output
    }

    /// Takes out the first sentence of the platform in a text of which none was read.
    pub(super) fn take_unread_part(&mut self) -> Option<Sighting> {
        self.unread_part.take()
    }

    /// Gives every stream as a part, one after the other, so that not all exist twice.
    pub(super) fn into_stream_parts(self) -> impl Iterator<Item = StreamPart> + use<O> {
        let input = self.input;
        self.streams.into_iter().filter_map(move |stream| stream.finish(input))
    }

    /// Parses what the joiners still hold: no text goes on in the next one.
    fn flush_joiners(&mut self) {
        for at in std::mem::take(&mut self.joining) {
            let stream = &mut self.streams[at];
            stream.joining = false;
            let (message, joined) = (stream.joiner.finish(), stream.joined.take());
            self.joined(at, message, joined, None);
        }
    }

    /// Frees memory of streams to which nothing was written lately.
    fn shrink_idle(&mut self) {
        let (now, keep) = (self.events, self.keep);
        for stream in self.streams.iter_mut().filter(|stream| now - stream.last_event > IDLE) {
            stream.assembler.shrink(keep);
        }
    }

    /// Dismisses an ordinary line at once; looks at everything else. `batch` is where the event stands, and its number
    /// there.
    #[inline]
    fn take_event(
        &mut self,
        id: StreamId,
        event: &LogEvent<'_>,
        batch: Option<(&mut BatchLines<'_>, u32)>,
        may_matter: impl FnOnce() -> bool,
    ) {
        self.at = self.place_of(event.line);
        let at = id.0 as usize;
        let Some(stream) = self.streams.get_mut(at) else { return };
        self.events += 1;
        stream.last_event = self.events;
        self.output.tally().log_events += 1;
        let bytes = event.message.len() as u64;
        if let Some(kind) = stream.foreign {
            self.understood = true;
            self.output.tally().foreign(kind, 1);
            self.output.tally().count(Bucket::OtherLogs, bytes);
            return;
        }
        if self.delivered.again(id, event) {
            self.output.tally().duplicates += 1;
            self.output.tally().count(Bucket::Attributed, bytes);
            return;
        }
        if stream.dismisses(self.keep) && !may_matter() {
            let lines = match batch {
                Some((lines, number)) => {
                    let spans = lines.batch().spans;
                    let of_one = || Some(Stretch::of_one(number, spans.get(number as usize)?));
                    if lines.count(id, &mut stream.assembler, self.at.event, of_one) {
                        return;
                    }
                    Some(&*lines)
                }
                None => None,
            };
            let message = Message {
                at: event.at,
                place: self.at,
                text: event.message,
                escaped: event.escaped,
                bytes,
                keep: self.keep,
            };
            stream.assembler.ordinary(&message, lines, &mut self.output.closing(&stream.identity, stream.names));
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
        self.consider(at, event, raw, batch.map(|(lines, _)| &*lines));
        self.scratch = scratch;
    }

    /// Tells where the next event stands.
    fn place_of(&self, line: u64) -> Place {
        let number = if self.at.line == line { self.at.event.saturating_add(1) } else { 0 };
        Place { input: self.input, line, event: number }
    }

    /// Takes events of a batch that may matter.
    fn take_events(&mut self, lines: &mut BatchLines<'_>, numbers: Range<u32>) {
        for number in numbers {
            if let Some((span, event)) = lines.batch().event(number) {
                self.take_event(span.stream, &event, Some((lines, number)), || true);
            }
        }
    }

    /// Takes ordinary lines of a batch: from where that is all there is to do, they are only counted, and all at once.
    fn take_stretch(&mut self, lines: &mut BatchLines<'_>, stretch: &Stretch) {
        let mut numbers = stretch.numbers();
        while let Some((span, event)) = lines.batch().event(numbers.start) {
            if !stretch.one_by_one && self.count_unread(lines, span, stretch, &numbers) {
                return;
            }
            let Some(number) = numbers.next() else { return };
            self.take_event(span.stream, &event, Some((lines, number)), || false);
            if numbers.is_empty() {
                return;
            }
        }
    }

    /// Counts the rest of a stretch, which begins with the event `first`. Returns whether it could be counted.
    fn count_unread(&mut self, lines: &mut BatchLines<'_>, first: &Span, stretch: &Stretch, rest: &Range<u32>) -> bool {
        let batch = lines.batch();
        let place = self.place_of(batch.line(first));
        let keep = self.keep;
        let Some(stream) = self.streams.get_mut(first.stream.0 as usize) else { return false };
        if stream.foreign.is_some() || !stream.dismisses(keep) {
            return false;
        }
        let begun = rest.start > stretch.first;
        let counted = lines.count(first.stream, &mut stream.assembler, place.event, || {
            if begun { batch.stretch(rest.clone()) } else { Some(*stretch) }
        });
        if !counted {
            return false;
        }
        self.events += rest.len() as u64;
        self.output.tally().log_events += rest.len() as u64;
        stream.last_event = self.events;
        self.at = match batch.spans.get(rest.end as usize - 1) {
            Some(last) if rest.len() > 1 => Place::at(self.input, batch.line(last)),
            _ => place,
        };
        true
    }

    /// Looks at a message that may matter: a line of the platform, a part of a message over several lines, or any other.
    fn consider(&mut self, at: usize, event: &LogEvent<'_>, raw: &[u8], lines: Option<&BatchLines<'_>>) {
        let stream = &mut self.streams[at];
        let place = self.at;
        let bytes = event.message.len() as u64;
        let message = Message { at: event.at, place, text: raw, escaped: false, bytes, keep: self.keep };
        // What was split may go on in the next line, but no object does.
        let platform_line = if event.split { parse::platform_json_line } else { parse::platform_line };
        if !stream.joiner.is_open()
            && let Some(record) = platform_line(raw)
        {
            self.take_record(at, &message, &record, lines);
            return;
        }
        let text = lossy_text(raw);
        if stream.joiner.is_open() || event.split || !is_whole_object(raw) {
            let fed = stream.joiner.feed(event.at, event.line, &text);
            if fed.absorbed {
                // It goes on with the message that was open, or ended that and begins one.
                let this = Joined { place, bytes, request_id: event.request_id };
                let begun = stream.joined.filter(|_| fed.ended.is_none());
                let before = stream.joined.replace(begun.map_or(this, |begun| begun.and(this)));
                if !std::mem::replace(&mut stream.joining, true) {
                    self.joining.push(at);
                }
                self.joined(at, fed.ended, before, lines);
                return;
            }
            let joined = stream.joined.take();
            self.joined(at, fed.ended, joined, lines);
        }
        let stream = &mut self.streams[at];
        let message = Message { text: text.as_bytes(), ..message };
        if !stream.assembler.wants_ids() && !parse::may_matter(event.message) {
            // It was looked at only because a message was open.
            stream.assembler.ordinary(&message, lines, &mut self.output.closing(&stream.identity, stream.names));
            return;
        }
        self.take_record(at, &message, &with_id(parse::parse(&text), event.request_id), lines);
    }

    /// Takes a message over several lines that the joiner has finished.
    fn joined(
        &mut self,
        at: usize,
        message: Option<JoinedMessage>,
        joined: Option<Joined>,
        lines: Option<&BatchLines<'_>>,
    ) {
        let (Some(whole), Some(joined)) = (message, joined) else { return };
        let message = Message {
            at: whole.at,
            place: joined.place,
            text: whole.text.as_bytes(),
            escaped: false,
            bytes: joined.bytes,
            keep: self.keep,
        };
        self.take_record(at, &message, &with_id(parse::parse(&whole.text), joined.request_id), lines);
    }

    /// Takes what a message turned out to be.
    fn take_record(
        &mut self,
        at: usize,
        message: &Message<'_>,
        record: &Statement<'_>,
        lines: Option<&BatchLines<'_>>,
    ) {
        self.understood |= is_about_an_attempt(record);
        let stream = &mut self.streams[at];
        match record {
            Statement::InitStart(start) | Statement::RestoreStart(start) => {
                // It also names the function, but only once per environment; using it would split a function into a named
                // and an unnamed row.
                if let Some(runtime) = start.runtime_version {
                    self.output.runtime(stream.names, message.at, runtime);
                }
            }
            Statement::Start { function_arn: Some(arn), .. } => {
                if let Some(arn) = FunctionArn::parse(arn) {
                    name_function(stream, self.output, message.place.input, arn);
                }
            }
            Statement::Report(report) if report.emulated => self.output.note(message.place.input, emulator_note()),
            Statement::Foreign(kind) => self.output.tally().foreign(kind, 1),
            Statement::LogsDropped { records } => self.output.tally().logs_dropped(*records),
            _ => {}
        }
        let closing = &mut self.output.closing(&stream.identity, stream.names);
        stream.assembler.record(message, record, lines, closing);
    }
}

/// Names the function of a stream after the ARN in a START, where neither path nor wrapping nor user did. Every START of
/// an attempt has it.
fn name_function(stream: &mut Stream, output: &mut impl StreamOutput, input: u32, arn: FunctionArn<'_>) {
    if stream.identity.function.is_some() {
        return;
    }
    let mut identity = (*stream.identity).clone();
    identity.function = Some(arn.name.to_owned());
    identity.region.get_or_insert_with(|| arn.region.to_owned());
    identity.account_id.get_or_insert_with(|| arn.account_id.to_owned());
    stream.names = output.stream(&identity, input);
    stream.identity = Arc::new(identity);
}

/// Gives a line of the function the request id of its wrapping, where it has none of its own.
fn with_id(mut record: Statement<'_>, id: Option<RequestId>) -> Statement<'_> {
    if let Statement::App(line) = &mut record {
        line.id = line.id.or(id);
    }
    record
}

/// Tells one JSON object, which neither begins nor continues what is written as several messages.
fn is_whole_object(message: &[u8]) -> bool {
    message.first() == Some(&b'{') && message.trim_ascii_end().last() == Some(&b'}')
}

/// Tells records in which the platform says that an attempt begins or ends.
fn is_about_an_attempt(record: &Statement<'_>) -> bool {
    match record {
        Statement::Start { .. }
        | Statement::End { .. }
        | Statement::RuntimeDone { .. }
        | Statement::Report(_)
        | Statement::TimedOut { .. }
        | Statement::Foreign(_) => true,
        Statement::InitStart(_)
        | Statement::InitReport(_)
        | Statement::RestoreStart(_)
        | Statement::RestoreReport(_)
        | Statement::Crash(_)
        | Statement::ExitedEarly { .. }
        | Statement::Extension { .. }
        | Statement::ImageError { .. }
        | Statement::Informational
        | Statement::LogsDropped { .. }
        | Statement::App(_)
        | Statement::UnreadableReport { .. }
        | Statement::Unrecognized => false,
    }
}

fn emulator_note() -> Note {
    let text = "written by a local emulator: its memory figures repeat the size, and make no finding".to_owned();
    Note { incomplete: false, text }
}

impl<O: StreamOutput> EventSink for Streams<'_, O> {
    fn stream(&mut self, key: &StreamKey<'_>) -> StreamId {
        let hash = key_hash(key);
        if let Some(id) = self.by_key.get(&hash) {
            return *id;
        }
        let identity = Identity {
            account_id: key.account_id.map(str::to_owned),
            region: key.region.map(str::to_owned),
            function: key.function_name().or(self.function).map(str::to_owned),
            log_group: key.group.map(str::to_owned),
            log_stream: key.stream.map(str::to_owned),
        };
        let names = self.output.stream(&identity, self.input);
        let id = StreamId(u32::try_from(self.streams.len()).unwrap_or(u32::MAX));
        self.streams.push(Box::new(Stream::new(identity, names, key.group, self.events)));
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
        let mut own = std::mem::take(self.output.stretches());
        let stretches = batch.stretches.unwrap_or_else(|| {
            sift(batch, &mut own);
            &own
        });
        let mut lines = BatchLines::new(batch, self.input, self.keep);
        let mut next = 0;
        for stretch in stretches {
            self.take_events(&mut lines, next..stretch.first);
            self.take_stretch(&mut lines, stretch);
            next = stretch.numbers().end;
        }
        self.take_events(&mut lines, next..batch.spans.len() as u32);
        *self.output.stretches() = own;
        let streams = &mut self.streams;
        lines.finish(|stream, keep| {
            if let Some(stream) = streams.get_mut(stream.0 as usize) {
                keep(&mut stream.assembler);
            }
        });
    }

    fn own_record(&mut self, json: &[u8], line: u64) {
        self.understood = true;
        self.output.own_record(json, Place::at(self.input, line));
    }

    fn count(&mut self, bucket: Bucket, bytes: u64) {
        self.output.tally().count(bucket, bytes);
    }

    fn note(&mut self, note: Note) {
        self.output.note(self.input, note);
    }

    /// Where a line of the platform or a record of ours was read, sentences elsewhere in the text are what it quotes. A log
    /// of another kind is known as well.
    fn part_ends(&mut self, sighting: Option<Sighting>) {
        self.flush_joiners();
        let understood = std::mem::take(&mut self.understood);
        self.unread_part = self.unread_part.take().or(sighting.filter(|sighting| sighting.refused || !understood));
    }
}

#[cfg(test)]
mod tests;
