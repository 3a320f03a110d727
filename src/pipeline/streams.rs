//! The streams of one input: they take its events, dismiss ordinary lines, parse the rest, and assemble both.
//!
//! Knows nothing of threads, verdicts or totals: its only connection to the run is [`StreamOutput`].

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::disguised;
use super::duplicates::Delivered;
use super::own_sentences::OwnSentences;
use super::sift::sift;
use super::stream::{Joined, Stream, key_hash};
use super::stream_part::StreamPart;
use super::tally::Tally;
use crate::assemble::{self, BatchLines, Message, work};
use crate::lambda::platform::{self, REQUEST_ID, behind_init_start, behind_text, glued_end, second_sentence};
use crate::lambda::sentences::{ids_of_sentences, is_prose, sighting_in_message};
use crate::lambda::{LAMBDA_INSIGHTS, aws_cli};
use crate::model::{
    Batch, Bucket, CrashLine, ErrorForm, EventSink, InsightsReading, Keep, LogEvent, Mentions, Note, Origin, Place,
    RequestId, Sighting, Span, Statement, StreamId, Stretch, Timestamp, lossy_text, unescape_json,
};
use crate::parse::{self, JoinedMessage};
use crate::summary::StreamNames;

/// A receiver of what the streams of an input say besides their lines.
pub(super) trait StreamOutput {
    /// The receiver of what is closed in one stream.
    type Closing<'c>: assemble::Output
    where
        Self: 'c;

    /// Registers a stream under the names of its function, which are masked where they hold secrets.
    fn stream(&mut self, origin: &mut Origin<String>, input: u32) -> StreamNames;
    /// Takes the runtime version that a function runs from this moment on.
    fn runtime(&mut self, names: StreamNames, at: Option<Timestamp>, version: &str);
    /// Returns the receiver of what is closed in a stream from here on.
    fn closing<'c>(&'c mut self, origin: &'c Arc<Origin<String>>, names: StreamNames) -> Self::Closing<'c>;
    /// Takes one of our own records as JSON.
    fn own_record(&mut self, json: &[u8], place: Place);
    /// Takes the place of a line that begins like one of the platform and could not be read.
    fn unparsed(&mut self, place: Place);
    /// Takes what Lambda Insights measured of an attempt.
    fn insights(&mut self, reading: &InsightsReading);
    /// Takes a note on an input.
    fn note(&mut self, input: u32, note: Note);
    /// Takes the name of a part of an input that is no log, and the reason.
    fn left_out(&mut self, input: u32, part: &str, reason: &str);
    /// Returns the counts for coverage.
    fn tally(&mut self) -> &mut Tally;
    /// Returns memory for the stretches of a batch.
    fn stretches(&mut self) -> &mut Vec<Stretch>;
}

/// The streams of one input.
pub(super) struct Streams<'w, O> {
    output: &'w mut O,
    input: u32,
    /// Name of the function for streams whose input does not tell it.
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
    /// Number of events so far.
    events: u64,
    /// Streams that do not rest, each with the number of an event of its own, about in the order of these.
    awake: VecDeque<(StreamId, u64)>,
    /// Number of streams that woke up since it was looked for idle ones.
    woken: usize,
    /// Streams whose joiner may hold something.
    joining: Vec<usize>,
    /// Streams without a name that have something to settle when the text at hand ends.
    to_settle: Vec<usize>,
    /// The place of the current event.
    at: Place,
    /// A line of the platform was read as one, since the last text ended.
    understood: bool,
    /// A message of the text at hand holds a sentence of the platform that was not read as one.
    sighted: bool,
    /// The first of those messages in the input.
    quotation: Option<Sighting>,
    /// A line of the platform, a record of ours or an event of another kind of log was read in the input.
    read_any: bool,
    /// The first sentence of the platform in a text of this input in which none was read.
    unread_part: Option<Sighting>,
    own_sentences: OwnSentences,
    /// A note says that REPORT lines are cut.
    noted_cut: bool,
}

/// Number of streams that are new or woke up after which idle ones are looked for.
const STREAMS: usize = 256;
/// Number of events of other streams after which a stream is idle.
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
            awake: VecDeque::new(),
            woken: 0,
            joining: Vec::new(),
            to_settle: Vec::new(),
            at: Place::at(input, 0),
            understood: false,
            sighted: false,
            quotation: None,
            read_any: false,
            unread_part: None,
            own_sentences: OwnSentences::default(),
            noted_cut: false,
        }
    }

    /// Returns the output.
    pub(super) fn output(&mut self) -> &mut O {
        self.output
    }

    /// Takes out the first sentence of the platform in a text in which none was read.
    pub(super) fn take_unread_part(&mut self) -> Option<Sighting> {
        let of_own = self.own_sentences.take();
        self.unread_part.take().or(of_own)
    }

    /// Returns the first sentence that may be quoted, if nothing of a log was read in the input.
    pub(super) fn only_quotes(&self) -> Option<&Sighting> {
        self.quotation.as_ref().filter(|_| !self.read_any)
    }

    /// Returns whether something of a log was read in the input.
    pub(super) fn read_any(&self) -> bool {
        self.read_any
    }

    /// Turns every stream into a part, one at a time, so that not all exist twice.
    pub(super) fn into_stream_parts(self) -> impl Iterator<Item = StreamPart> + use<O> {
        let input = self.input;
        self.streams.into_iter().filter_map(move |stream| stream.finish(input))
    }

    /// Parses what the joiners still hold, because no message continues in the next text.
    fn flush_joiners(&mut self) {
        for at in std::mem::take(&mut self.joining) {
            let stream = &mut self.streams[at];
            stream.joining = false;
            let (message, joined) = (stream.joiner.finish(), stream.joined.take());
            self.joined(at, message, joined, None);
        }
    }

    /// Takes a stream that is new, or has its first event after a rest.
    #[cold]
    fn wake(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get_mut(id.0 as usize) else { return };
        stream.rests = false;
        stream.assembler.wake();
        self.awake.push_back((id, self.events));
        self.woken += 1;
        if self.woken >= STREAMS {
            self.woken = 0;
            self.rest_idle();
        }
    }

    /// Frees memory of streams without recent events. Each is looked at once in so many events, however many there are.
    fn rest_idle(&mut self) {
        let now = self.events;
        while let Some((id, _)) = self.awake.front().copied().filter(|(_, event)| now - event > IDLE) {
            self.awake.pop_front();
            work::done(1);
            let Some(stream) = self.streams.get_mut(id.0 as usize) else { continue };
            if stream.joining {
                self.awake.push_back((id, now));
            } else if now - stream.last_event > IDLE {
                stream.rests = true;
                stream.assembler.rest(self.keep);
            } else {
                self.awake.push_back((id, stream.last_event));
            }
        }
    }

    /// Takes an event: an ordinary line is dismissed at once, everything else is parsed. `batch` is the batch of the
    /// event, with its number there.
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
        if stream.rests {
            self.wake(id);
        }
        let Some(stream) = self.streams.get_mut(at) else { return };
        self.output.tally().log_events += 1;
        let bytes = event.message.len() as u64;
        if let Some(kind) = stream.foreign {
            self.understood = true;
            self.read_any = true;
            self.output.tally().count(self.input, Bucket::OtherLogs, bytes);
            match of_insights(kind, event) {
                Some(reading) => self.output.insights(&reading),
                None => self.output.tally().foreign(kind, 1),
            }
            return;
        }
        if self.delivered.again(id, event) {
            self.output.tally().duplicates += 1;
            self.output.tally().count(self.input, Bucket::Attributed, bytes);
            return;
        }
        if stream.dismisses(self.keep) && !may_matter() {
            if !event.escaped && self.unread_part.is_none() && stream.is_between_attempts() {
                self.unread_part = other_log(event.message, event.line);
            }
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
            stream.assembler.ordinary(&message, lines, &mut self.output.closing(&stream.origin, stream.names));
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

    /// Returns the place of the next event.
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

    /// Takes ordinary lines of a batch. Once the stream needs nothing but their count, the rest is counted at once.
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
        if self.streams.get(first.stream.0 as usize).is_some_and(|stream| stream.rests) {
            self.wake(first.stream);
        }
        let Some(stream) = self.streams.get_mut(first.stream.0 as usize) else { return false };
        // Between attempts, each line may be that of another log.
        let looks = self.unread_part.is_none() && stream.is_between_attempts();
        if stream.foreign.is_some() || !stream.dismisses(keep) || looks {
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

    /// Parses a message that may matter: a line of the platform, a part of a message over several lines, or any other.
    fn consider(&mut self, at: usize, event: &LogEvent<'_>, raw: &[u8], lines: Option<&BatchLines<'_>>) {
        let stream = &mut self.streams[at];
        let place = self.at;
        let bytes = event.message.len() as u64;
        let message = Message { at: event.at, place, text: raw, escaped: false, bytes, keep: self.keep };
        // A split message may continue in the next line, but a JSON object does not.
        let platform_line = if event.split { parse::platform_json_line } else { parse::platform_line };
        if !stream.joiner.is_open()
            && let Some(record) = platform_line(raw)
        {
            if stream.is_quotation(raw, Some(&record)) {
                stream.assembler.ordinary(&message, lines, &mut self.output.closing(&stream.origin, stream.names));
                return;
            }
            self.take_record(at, &message, &record, lines);
            return;
        }
        if stream.is_quotation(raw, None) {
            stream.assembler.ordinary(&message, lines, &mut self.output.closing(&stream.origin, stream.names));
            return;
        }
        let text = lossy_text(raw);
        // The rest of an object has its own escapes.
        let text = if stream.joiner.is_in_object() { text } else { parse::restored(text) };
        if let Some((start, behind)) = behind_init_start(&text) {
            let bytes = message.bytes.min(start.len() as u64);
            let before = Message { text: start.as_bytes(), bytes, ..message };
            self.take_record(at, &before, &parse::parse(start), lines);
            let rest = Message { text: behind.as_bytes(), bytes: message.bytes - bytes, ..message };
            self.take_record(at, &rest, &with_id(parse::parse(behind), event.request_id), lines);
            return;
        }
        if stream.joiner.is_open() || event.split || !is_whole_object(raw) {
            let fed = stream.joiner.feed(event.at, event.line, &text);
            if fed.absorbed {
                // The message either continues the open one, or ended that and begins another.
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
            // An ordinary line that was parsed only because a message was open.
            stream.assembler.ordinary(&message, lines, &mut self.output.closing(&stream.origin, stream.names));
            return;
        }
        let record = with_id(parse::parse(&text), event.request_id);
        if stream.is_quotation(raw, Some(&record)) {
            stream.assembler.ordinary(&message, lines, &mut self.output.closing(&stream.origin, stream.names));
            return;
        }
        if matches!(record, Statement::App(_))
            && let Some(ended) = self.own_end(at, &text)
        {
            self.take_ended(at, &message, &text, (ended, event.request_id), lines);
            return;
        }
        self.take_record(at, &message, &record, lines);
    }

    /// Finds the END of the request that runs, directly behind a message of a function.
    fn own_end<'t>(&self, at: usize, text: &'t str) -> Option<(&'t str, RequestId)> {
        behind_text(text).filter(|(_, ended)| self.streams[at].assembler.runs(*ended))
    }

    /// Takes a message of a function, and the END behind it.
    fn take_ended(
        &mut self,
        at: usize,
        message: &Message<'_>,
        text: &str,
        ((said, ended), id): ((&str, RequestId), Option<RequestId>),
        lines: Option<&BatchLines<'_>>,
    ) {
        let bytes = message.bytes.min(said.len() as u64);
        let app = Message { text: said.as_bytes(), bytes, ..*message };
        self.take_record(at, &app, &with_id(parse::parse(said), id), lines);
        let end = Message { text: text[said.len()..].trim_end().as_bytes(), bytes: message.bytes - bytes, ..*message };
        self.take_record(at, &end, &Statement::End { id: ended }, lines);
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
        match self.own_end(at, &whole.text) {
            Some(ended) => self.take_ended(at, &message, &whole.text, (ended, joined.request_id), lines),
            None => self.take_record(at, &message, &with_id(parse::parse(&whole.text), joined.request_id), lines),
        }
    }

    /// Takes the statement that a message makes.
    fn take_record(
        &mut self,
        at: usize,
        message: &Message<'_>,
        record: &Statement<'_>,
        lines: Option<&BatchLines<'_>>,
    ) {
        let stream = &mut self.streams[at];
        if message.place.line == 1
            && matches!(record, Statement::App(_))
            && stream.origin.log_stream.is_none()
            && self.unread_part.is_none()
        {
            self.unread_part = cut_first_line(message);
        }
        match record {
            Statement::App(line) if !stream.read => {
                // What the runtime says of an error is judged, whatever it quotes.
                let is_error = line.error.as_ref().is_some_and(|error| error.form != ErrorForm::Logged);
                let found = || {
                    let line = message.place.line;
                    sighting_in_message(message.text, line).or_else(|| disguised::sighting(message.text, line))
                };
                if !is_error && let Some(sighting) = found() {
                    self.sighted = true;
                    self.quotation.get_or_insert_with(|| sighting.clone());
                    if stream.unread.push(sighting, message.bytes) && stream.origin.log_stream.is_none() {
                        self.to_settle.push(at);
                    }
                    return;
                }
            }
            // A function may quote the lines of others, but hardly anybody quotes its own request to it, and then in a sentence
            // or before the platform tells the same.
            Statement::App(_) if own_request_in(stream, message.text).is_some() => {
                if let Some(id) = own_request_in(stream, message.text)
                    && let Some(sighting) = sighting_in_message(message.text, message.place.line)
                    && !is_prose(&sighting.before)
                {
                    let sighting = Sighting { refused: true, ..sighting };
                    // An END directly behind other text is that of the platform.
                    let may_be_quoted = stream.assembler.runs(id) && glued_end(message.text).is_none();
                    let told = match may_be_quoted {
                        true => self.own_sentences.note(id, message.text, sighting),
                        false => Some(sighting),
                    };
                    self.unread_part = self.unread_part.take().or(told);
                }
            }
            Statement::App(line) if stream.is_between_attempts() => {
                // An error may tell of another one, but hardly begins with a line of the platform.
                let fits = |found: &Sighting| line.error.is_none() || found.before.len() <= MARKS_OF_DOCUMENTS;
                let found = || other_log(message.text, message.place.line).filter(fits);
                self.unread_part = self.unread_part.take().or_else(found);
            }
            // A code alone may be anything's: it tells of no log that was read.
            Statement::App(_) | Statement::ReportBegun | Statement::Crash(CrashLine { id: None, message: "", .. }) => {}
            Statement::Unrecognized | Statement::UnreadableReport { .. } => self.output.unparsed(message.place),
            _ => {
                if !std::mem::replace(&mut stream.read, true) && stream.origin.log_stream.is_none() {
                    self.to_settle.push(at);
                }
                self.understood = true;
                self.read_any = true;
                let cut = matches!(record, Statement::Report(report) if !report.whole && (!report.json || report.status.is_some()));
                if cut && !std::mem::replace(&mut self.noted_cut, true) {
                    self.output.note(self.input, cut_note(message.place.line));
                }
                if let Some(from) = second_sentence(message.text) {
                    self.unread_part.get_or_insert_with(|| unread_behind(message, from));
                }
            }
        }
        if let Statement::Report(report) = record
            && let Some(sighting) = self.own_sentences.settle(report)
        {
            self.unread_part.get_or_insert(sighting);
        }
        match record {
            Statement::InitStart(start) | Statement::RestoreStart(start) => {
                // It also names the function, but only once per environment; using that would split a function into a
                // named and an unnamed row.
                let of_stream = stream.origin.function.as_deref();
                let of_other = start.function.is_some_and(|function| of_stream.is_some_and(|own| own != function));
                // The runtime of another function is told by the attempts that name it.
                if let Some(runtime) = start.runtime_version.filter(|_| !of_other) {
                    self.output.runtime(stream.names, message.at, runtime);
                }
            }
            Statement::Start { id, .. } | Statement::End { id } if id.is_token() => {
                self.output.note(message.place.input, masked_note(*id));
            }
            Statement::Report(report) if report.emulated => self.output.note(message.place.input, emulator_note()),
            Statement::Foreign(kind) => self.output.tally().foreign(kind, 1),
            Statement::Insights(reading) => {
                let at = reading.at.or(message.at);
                self.output.insights(&InsightsReading { at, ..(**reading).clone() });
            }
            Statement::App(line) if line.execution_arn.is_some() => {
                self.output.note(message.place.input, durable_note());
            }
            Statement::App(line)
                if line.in_doubt
                    && message.text.first() == Some(&b'{')
                    && !std::mem::replace(&mut self.noted_cut, true) =>
            {
                self.output.note(message.place.input, cut_object_note(message.place.line));
            }
            Statement::App(_) if aws_cli::has_stopped(message.text) => {
                self.output.note(message.place.input, stopped_note(message.place.line));
            }
            Statement::LogsDropped { records } => self.output.tally().logs_dropped(*records),
            _ => {}
        }
        let closing = &mut self.output.closing(&stream.origin, stream.names);
        stream.assembler.record(message, record, lines, closing);
    }
}

/// Reads an event of a log group that holds no invocation log, if it is one of Lambda Insights about an attempt.
fn of_insights(kind: &str, event: &LogEvent<'_>) -> Option<InsightsReading> {
    if kind != LAMBDA_INSIGHTS {
        return None;
    }
    let mut unescaped = Vec::new();
    let text = if event.escaped {
        unescape_json(event.message, &mut unescaped);
        &unescaped
    } else {
        event.message
    };
    let reading = parse::insights_reading(&lossy_text(text))?;
    Some(InsightsReading { at: reading.at.or(event.at), ..reading })
}

/// Finds what the platform says of a failure in the first line of an input behind something that no line begins with: what
/// stands before all others is cut off, and the rest of the line is in another file.
fn cut_first_line(message: &Message<'_>) -> Option<Sighting> {
    const MOST_BEFORE: usize = 160;
    let near = &message.text[..message.text.len().min(MOST_BEFORE)];
    let at = memchr::memmem::find(near, REQUEST_ID.as_bytes())
        .filter(|at| platform::is_crash(&message.text[*at..]))
        .or_else(|| memchr::memmem::find(near, platform::TIMED_OUT_WORDS.as_bytes()))?;
    // What is left of a time and the name of a stream; a function quotes the sentences behind its own time or its words.
    let is_of_prefix = |byte: &u8| byte.is_ascii_hexdigit() || b"$LATEST[]/:.+-Z ".contains(byte);
    let is_rest = at > 0 && near[..at].iter().all(is_of_prefix) && Timestamp::parse_prefix(near).is_none();
    is_rest.then(|| unread_behind(message, at))
}

/// Returns the sighting of a sentence at an offset of a message that was read as another one.
fn unread_behind(message: &Message<'_>, from: usize) -> Sighting {
    let before = lossy_text(&message.text[from.saturating_sub(40)..from]).into_owned();
    Sighting { line: message.place.line, sentence: REQUEST_ID, before, refused: true }
}

/// Bytes that may stand before the first message of a document: brackets and quotation marks.
const MARKS_OF_DOCUMENTS: usize = 8;

/// Finds a sentence of the platform in a line between attempts: there nobody runs who could quote it, but a log of another
/// form may stand there, as in files put together.
fn other_log(text: &[u8], line: u64) -> Option<Sighting> {
    ids_of_sentences(text).next()?;
    let sighting = sighting_in_message(text, line).filter(|sighting| !is_prose(&sighting.before))?;
    Some(Sighting { refused: true, ..sighting })
}

/// Finds the request of the stream itself about which a text holds a sentence of the platform.
fn own_request_in(stream: &Stream, text: &[u8]) -> Option<RequestId> {
    ids_of_sentences(text).find(|id| stream.assembler.had(*id))
}

/// Gives a line of the function the request id of its wrapping, if it has none of its own.
fn with_id(mut record: Statement<'_>, id: Option<RequestId>) -> Statement<'_> {
    if let Statement::App(line) = &mut record {
        line.id = line.id.or(id);
    }
    record
}

/// Returns whether the message is one JSON object, which neither begins nor continues a message over several lines.
fn is_whole_object(message: &[u8]) -> bool {
    message.first() == Some(&b'{') && message.trim_ascii_end().last() == Some(&b'}') && !parse::is_cut_object(message)
}

fn stopped_note(line: u64) -> Note {
    Note { incomplete: true, text: format!("the AWS CLI stopped with an error at line {line}: the log is cut there") }
}

fn cut_note(line: u64) -> Note {
    let text = format!(
        "line {line}: REPORT is cut or broken, and so may other lines be: failures that they tell of may be missing"
    );
    Note { incomplete: true, text }
}

fn cut_object_note(line: u64) -> Note {
    let text =
        format!("line {line}: an object in JSON is cut before it tells whether a handler failed, and so may others be");
    Note { incomplete: true, text }
}

fn masked_note(id: RequestId) -> Note {
    let text = match id.is_anonymous() {
        true => {
            "request ids are masked alike: attempts are told apart by their order, and none is taken for a retry of \
             another"
        }
        false => "request ids are masked or are no UUIDs",
    };
    Note { incomplete: false, text: text.to_owned() }
}

fn durable_note() -> Note {
    let text = "of a durable function: each replay is an attempt of its own, linked by execution_arn in the records; \
                how an execution ended is not in the log (ask aws lambda get-durable-execution-history)";
    Note { incomplete: false, text: text.to_owned() }
}

fn emulator_note() -> Note {
    let text = "written by a local emulator: its memory figures repeat the size, and make no finding".to_owned();
    Note { incomplete: false, text }
}

impl<O: StreamOutput> EventSink for Streams<'_, O> {
    fn stream(&mut self, key: &Origin<&str>) -> StreamId {
        let hash = key_hash(key);
        if let Some(id) = self.by_key.get(&hash) {
            return *id;
        }
        let mut origin = Origin { function: key.function_name().or(self.function), ..*key }.map(str::to_owned);
        let names = self.output.stream(&mut origin, self.input);
        let id = StreamId(u32::try_from(self.streams.len()).unwrap_or(u32::MAX));
        self.streams.push(Box::new(Stream::new(origin, names, key.log_group, self.events)));
        self.by_key.insert(hash, id);
        self.wake(id);
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
        self.read_any = true;
        self.output.own_record(json, Place::at(self.input, line));
    }

    fn count(&mut self, bucket: Bucket, bytes: u64) {
        self.output.tally().count(self.input, bucket, bytes);
    }

    fn note(&mut self, note: Note) {
        self.output.note(self.input, note);
    }

    fn left_out(&mut self, name: &str, reason: &str, bytes: u64) {
        self.output.left_out(self.input, name, reason);
        self.output.tally().count_left_out(bytes);
    }

    fn mentions(&mut self, mentions: Mentions) {
        self.output.tally().mentions(self.input, mentions);
    }

    /// Ends a text. If a line of the platform or one of our own records was read in it, sentences elsewhere in it are
    /// quotations; a log of another kind counts as read, too.
    fn part_ends(&mut self, sighting: Option<Sighting>) {
        self.flush_joiners();
        // Texts of an archive that name no stream have nothing to do with each other.
        for at in std::mem::take(&mut self.to_settle) {
            work::done(1);
            let stream = &mut self.streams[at];
            if std::mem::take(&mut stream.read) {
                let quoted = stream.unread.take_since_text_began();
                self.output.tally().count(self.input, Bucket::Unattributed, quoted);
            } else {
                stream.unread.end_text();
            }
        }
        let (understood, sighted) = (std::mem::take(&mut self.understood), std::mem::take(&mut self.sighted));
        self.unread_part =
            self.unread_part.take().or(sighting.filter(|sighting| sighting.refused || !understood && !sighted));
    }
}

#[cfg(test)]
mod tests;
