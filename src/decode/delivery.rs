//! Delivery of events from a shape to the sink: looks up stream ids, restores the order of time, collects notes on the
//! input.

use super::DecodeError;
use super::feed::{Feed, LONGEST};
use super::json::scan::unescape;
use super::spool::{EventSpool, Lost, Ties};
use super::ties::TieVotes;
use crate::lambda::sentences::sighting_in_message;
use crate::model::{
    Batch, Block, Bucket, EventSink, FunctionArn, LogEvent, Note, Origin, Sighting, StreamId, Timestamp,
};

/// Number of streams in the lookup cache. The sink knows all streams; the cache only saves lookups.
const REMEMBERED: usize = 64;

#[derive(Debug, Default)]
struct Remembered {
    parts: [Option<Box<[u8]>>; 5],
    id: Option<StreamId>,
}

impl Remembered {
    fn is(&self, parts: &[Option<&[u8]>; 5]) -> bool {
        self.id.is_some() && self.parts.iter().zip(parts).all(|(known, part)| known.as_deref() == *part)
    }
}

/// Number of events, and of their bytes, after which the order of an input is decided.
const WATCHED_EVENTS: usize = 200;
const WATCHED_BYTES: usize = 256 * 1024;

/// Numbers of events at which consoles and queries stop: the former default of Logs Insights, its present default, its
/// maximum.
const LIMITS: [u64; 3] = [1_000, 10_000, 100_000];

/// Order of the events in an input.
enum EventOrder {
    /// Oldest first, or no reason to assume otherwise: events pass through as they come.
    Kept,
    /// Not decided yet: the events so far, how often time went up and down between them, and the last time.
    Watched { spool: EventSpool, ties: TieVotes, up: usize, down: usize, last: Option<Timestamp> },
    /// Newest first: all events are held back until the end, and then delivered from the last time to the first.
    Reversed { spool: EventSpool, ties: TieVotes },
}

/// Maximum number of events in one batch. It keeps the memory for them small compared with that of their block.
const BATCH: usize = 4_096;

/// Events whose messages are in the block in memory, collected to be delivered as one batch.
#[derive(Debug, Default)]
struct Waiting {
    /// Address and length of the block: a message belongs to the block if its address is within it.
    at: (usize, usize),
    /// Number of events at which the batch is full.
    most: usize,
    /// The events. `data` is only spare memory until the whole block is delivered.
    block: Block,
}

impl Waiting {
    #[inline(always)]
    fn push(&mut self, stream: StreamId, event: &LogEvent<'_>, split: bool) {
        let (base, length) = self.at;
        let from = (event.message.as_ptr() as usize).wrapping_sub(base);
        let inside = from <= length && length - from >= event.message.len();
        self.block.push(stream, &LogEvent { split, ..*event }, inside.then_some(from));
    }

    fn is_full(&self) -> bool {
        self.block.spans.len() >= self.most || self.block.aside.len() >= LONGEST
    }
}

/// Receiver of the events that a shape finds in one input; passes them on to the sink.
pub(super) struct Delivery<'s> {
    pub(super) sink: &'s mut dyn EventSink,
    context: &'s Origin<String>,
    default: Option<StreamId>,
    remembered: Vec<Remembered>,
    order: EventOrder,
    waiting: Waiting,
    notes: Noted,
    /// Whether every line is an event, because the input does not tell where messages end.
    split: bool,
    /// Name of the source, if it returns only a limited number of events.
    sample: Option<&'static str>,
    /// Number of events so far.
    events: u64,
    /// Whether something was decoded before in the same input.
    pub(super) follows: bool,
    /// Number of bytes by which the shape made messages longer than they are in the input.
    pub(super) grown: u64,
    /// First sentence of the platform in text that was dropped.
    unread: Option<Sighting>,
}

/// Result of a delivery.
pub(super) struct DeliveryEnd {
    /// Number of bytes that rewriting added.
    pub(super) grown: u64,
    /// Memory for the next delivery.
    pub(super) spare: Block,
    /// First sentence of the platform in text that was dropped.
    pub(super) unread: Option<Sighting>,
    /// Error if held-back events were lost.
    pub(super) result: Result<(), DecodeError>,
}

/// Observations made while decoding, reported once at the end.
#[derive(Debug, Default)]
struct Noted {
    cut: u64,
    not_json: u64,
    not_json_first: u64,
    /// Elements among the events that have no message, and the line of the first.
    silent: u64,
    silent_first: u64,
    /// Events with a time that is none, and the line of the first.
    untimed: u64,
    untimed_first: u64,
    pages_follow: bool,
    query_status: Option<String>,
}

impl<'s> Delivery<'s> {
    /// Creates a delivery to `sink`. `context` is what is known of the input beforehand, `feed` has its first block in
    /// memory, and the memory of `spare` is reused.
    pub(super) fn new(context: &'s Origin<String>, sink: &'s mut dyn EventSink, feed: &Feed<'_>, spare: Block) -> Self {
        let mut new = Self {
            sink,
            context,
            default: None,
            remembered: Vec::new(),
            order: EventOrder::Kept,
            waiting: Waiting { at: (0, 0), most: BATCH, block: spare },
            notes: Noted::default(),
            split: false,
            sample: None,
            events: 0,
            follows: false,
            grown: 0,
            unread: None,
        };
        new.begin_block(feed);
        new
    }

    /// Creates a delivery that passes nothing on: the events of a chunk, all of one stream, are collected in `block`.
    pub(super) fn of_chunk(
        context: &'s Origin<String>,
        nowhere: &'s mut dyn EventSink,
        stream: StreamId,
        feed: &Feed<'_>,
        block: Block,
    ) -> Self {
        let mut new = Self::new(context, nowhere, feed, block);
        new.default = Some(stream);
        new.waiting.most = usize::MAX;
        new
    }

    /// Lends memory for line ends. It is reused for all inputs, because exports have thousands of small files.
    pub(super) fn line_ends(&mut self) -> &mut Vec<u32> {
        &mut self.waiting.block.line_ends
    }

    /// Returns the events of a chunk.
    pub(super) fn into_block(self) -> Block {
        self.waiting.block
    }

    /// Reads more of the input, after delivering the events whose messages are in the current block. Shapes must
    /// therefore read through their delivery, not directly from the feed.
    pub(super) fn more(&mut self, feed: &mut Feed<'_>) -> bool {
        if self.waiting.block.spans.is_empty() || feed.ended() {
            self.hand_over(feed);
            let more = feed.more();
            self.begin_block(feed);
            return more;
        }
        let mut block = std::mem::take(&mut self.waiting.block);
        block.length = feed.block().len();
        let more = feed.more_into(&mut block.data);
        self.waiting.block = self.sink.block(block);
        self.begin_block(feed);
        more
    }

    /// Delivers the events collected so far if the batch is full.
    #[inline]
    pub(super) fn flush_if_full(&mut self, feed: &Feed<'_>) {
        if self.waiting.is_full() {
            self.hand_over(feed);
        }
    }

    fn begin_block(&mut self, feed: &Feed<'_>) {
        let block = feed.block();
        self.waiting.at = (block.as_ptr() as usize, block.len());
    }

    fn hand_over(&mut self, feed: &Feed<'_>) {
        let block = &mut self.waiting.block;
        if !block.spans.is_empty() {
            self.sink.events(&Batch { block: feed.block(), ..block.batch() });
            block.clear();
        }
    }

    /// Starts to watch the order of time: if the input has the newest event first, its events are delivered in reverse.
    pub(super) fn watch_order(&mut self) {
        self.order =
            EventOrder::Watched { spool: EventSpool::default(), ties: TieVotes::default(), up: 0, down: 0, last: None };
    }

    /// Marks all events as single lines, because the input does not tell where messages end.
    pub(super) fn lines_only(&mut self) {
        self.split = true;
    }

    /// Notes that the input comes from `source`, which returns only a limited number of events.
    pub(super) fn sampled(&mut self, source: &'static str) {
        self.sample = Some(source);
    }

    /// Reports a note on the input as a whole.
    pub(super) fn remark(&mut self, incomplete: bool, text: &str) {
        self.sink.note(Note { incomplete, text: text.to_owned() });
    }

    /// Takes an event and looks up its stream.
    #[inline]
    pub(super) fn event(&mut self, origin: &Origin<&[u8]>, event: LogEvent<'_>) {
        let stream = self.stream(origin);
        self.event_of(stream, &event);
    }

    /// Takes an event whose stream was looked up before.
    #[inline(always)]
    pub(super) fn event_of(&mut self, stream: StreamId, event: &LogEvent<'_>) {
        self.events += 1;
        if matches!(self.order, EventOrder::Kept) {
            self.waiting.push(stream, event, self.split);
        } else {
            self.hold_back(stream, *event);
        }
    }

    /// Takes the event by value: on the usual path the caller then need not write its event to memory.
    #[cold]
    fn hold_back(&mut self, stream: StreamId, event: LogEvent<'_>) {
        match &mut self.order {
            EventOrder::Kept => {}
            EventOrder::Reversed { spool, ties } => {
                ties.see(stream, event.at, event.message);
                spool.push(stream, &event);
            }
            EventOrder::Watched { spool, ties, up, down, last } => {
                if let (Some(last), Some(at)) = (*last, event.at) {
                    *up += usize::from(at > last);
                    *down += usize::from(at < last);
                }
                *last = event.at.or(*last);
                ties.see(stream, event.at, event.message);
                spool.push(stream, &event);
                if spool.events() >= WATCHED_EVENTS || spool.memory() >= WATCHED_BYTES {
                    self.decide();
                }
            }
        }
    }

    fn decide(&mut self) {
        if !matches!(self.order, EventOrder::Watched { .. }) {
            return;
        }
        let EventOrder::Watched { spool, ties, up, down, .. } = std::mem::replace(&mut self.order, EventOrder::Kept)
        else {
            return;
        };
        if descends(up, down, &ties) {
            self.order = EventOrder::Reversed { spool, ties };
        } else {
            let split = self.split;
            spool.forward(|stream, event| self.sink.event(stream, LogEvent { split, ..event }));
        }
    }

    /// Delivers the events held back and reports the notes.
    pub(super) fn finish(mut self, feed: &Feed<'_>) -> DeliveryEnd {
        self.hand_over(feed);
        self.decide();
        let mut result = Ok(());
        if let EventOrder::Reversed { spool, ties } = std::mem::replace(&mut self.order, EventOrder::Kept) {
            let ties = if ties.are_as_written() { Ties::AsTheyCame } else { Ties::Reversed };
            let deliver = |stream, event: LogEvent<'_>| {
                self.sink.event(stream, LogEvent { split: self.split, ..event });
            };
            if let Err(Lost { error, bytes }) = spool.backward(ties, deliver) {
                self.sink.count(Bucket::Dropped, bytes);
                result = Err(DecodeError::NotTurned(error));
            }
        }
        self.say();
        DeliveryEnd { grown: self.grown, spare: self.waiting.block, unread: self.unread, result }
    }

    fn say(&mut self) {
        let notes = std::mem::take(&mut self.notes);
        if let Some(source) = self.sample {
            let full = LIMITS.contains(&self.events);
            let text = if full {
                format!("holds exactly {} events, the limit of {source}: what lies beyond is missing", self.events)
            } else {
                format!("comes from {source}, which can be truncated: rates may not cover the whole window")
            };
            self.sink.note(Note { incomplete: full, text });
        }
        if notes.untimed > 0 {
            let text = format!(
                "events with a time that cannot be read: {} (first: line {}); they count without it",
                notes.untimed, notes.untimed_first
            );
            self.sink.note(Note { incomplete: false, text });
        }
        let mut note = |text: String| self.sink.note(Note { incomplete: true, text });
        if notes.cut > 0 {
            note(format!("messages longer than 1 MiB were cut: {}", notes.cut));
        }
        if notes.not_json > 0 {
            note(format!(
                "lines that are not JSON were skipped: {} (first: line {})",
                notes.not_json, notes.not_json_first
            ));
        }
        // A query may ask for other fields alone.
        if notes.silent > 0 && self.events > 0 {
            note(format!(
                "events without a message were skipped: {} (first: line {})",
                notes.silent, notes.silent_first
            ));
        }
        if notes.pages_follow {
            note(
                "holds one page of several: the answer it was saved from carries a token for the next page".to_owned(),
            );
        }
        if let Some(status) = notes.query_status {
            note(format!("holds a part of the result: the query had the status {status} when it was saved"));
        }
    }

    /// Looks for a sentence of the platform in text that is dropped.
    pub(super) fn dropped_text(&mut self, text: &[u8], line: u64) {
        if self.unread.is_none() {
            self.unread = sighting_in_message(text, line).map(|sighting| Sighting { refused: true, ..sighting });
        }
    }

    /// Counts bytes of the input that were dropped.
    pub(super) fn dropped(&mut self, bytes: u64) {
        if bytes > 0 {
            self.sink.count(Bucket::Dropped, bytes);
        }
    }

    /// Notes that a message was cut to the maximum length.
    pub(super) fn message_cut(&mut self) {
        self.notes.cut += 1;
    }

    /// Notes that the event at `line` has a time that cannot be read.
    pub(super) fn untimed(&mut self, line: u64) {
        if self.notes.untimed == 0 {
            self.notes.untimed_first = line;
        }
        self.notes.untimed += 1;
    }

    /// Notes that what stands at `line` among the events has no message.
    #[cold]
    pub(super) fn says_nothing(&mut self, line: u64) {
        if self.notes.silent == 0 {
            self.notes.silent_first = line;
        }
        self.notes.silent += 1;
    }

    /// Notes that the text at `line` is not JSON.
    pub(super) fn not_json(&mut self, line: u64) {
        if self.notes.not_json == 0 {
            self.notes.not_json_first = line;
        }
        self.notes.not_json += 1;
    }

    /// Notes that the input is only one page of several.
    pub(super) fn pages_follow(&mut self) {
        self.notes.pages_follow = true;
    }

    /// Notes that the input is the result of a query that had not finished.
    pub(super) fn query_unfinished(&mut self, status: &[u8]) {
        self.notes.query_status = Some(String::from_utf8_lossy(status).into_owned());
    }

    /// Looks up the stream of an event by its origin.
    #[inline]
    pub(super) fn stream(&mut self, origin: &Origin<&[u8]>) -> StreamId {
        let parts = origin.parts();
        if parts.iter().all(Option::is_none) {
            return self.default_stream();
        }
        self.named_stream(origin, parts)
    }

    fn named_stream(&mut self, origin: &Origin<&[u8]>, parts: [Option<&[u8]>; 5]) -> StreamId {
        if self.remembered.is_empty() {
            self.remembered.resize_with(REMEMBERED, Remembered::default);
        }
        let slot = slot(&parts);
        if self.remembered[slot].is(&parts)
            && let Some(id) = self.remembered[slot].id
        {
            return id;
        }
        let id = self.look_up(origin);
        self.remembered[slot] = Remembered { parts: parts.map(|part| part.map(Box::from)), id: Some(id) };
        id
    }

    /// Returns whether an event named the stream it is of.
    pub(super) fn names_streams(&self) -> bool {
        self.remembered.iter().any(|known| known.parts[0].is_some())
    }

    /// Looks up the stream of events that name none of their own, so that only the context identifies it.
    pub(super) fn default_stream(&mut self) -> StreamId {
        match self.default {
            Some(id) => id,
            None => *self.default.insert(self.sink.stream(&self.context.as_deref())),
        }
    }

    fn look_up(&mut self, origin: &Origin<&[u8]>) -> StreamId {
        let text = |part: Option<&[u8]>| part.filter(|part| !part.is_empty()).map(|part| unescape(part).into_owned());
        let [stream, group, mut account, mut region, function] = origin.parts().map(text);
        let function = function.map(|function| match FunctionArn::parse(&function) {
            Some(arn) => {
                region.get_or_insert_with(|| arn.region.to_owned());
                account.get_or_insert_with(|| arn.account_id.to_owned());
                arn.name.to_owned()
            }
            None => function,
        });
        let group = group.map(|group| match group_from_arn(&group) {
            Some((in_region, of_account, name)) => {
                region.get_or_insert(in_region);
                account.get_or_insert(of_account);
                name
            }
            None => group,
        });
        let told = Origin {
            account_id: account.as_deref(),
            region: region.as_deref(),
            log_group: group.as_deref().or(self.context.log_group.as_deref()),
            log_stream: stream.as_deref().or(self.context.log_stream.as_deref()),
            function: function.as_deref(),
        };
        // The event itself takes precedence over what its path or the user says about the input.
        let function = if told.function_name().is_some() { told.function } else { self.context.function.as_deref() };
        self.sink.stream(&Origin { function, ..told })
    }
}

/// Parses region, account and name from `arn:PARTITION:logs:REGION:ACCOUNT:log-group:NAME[:*]`.
fn group_from_arn(text: &str) -> Option<(String, String, String)> {
    let mut parts = text.strip_prefix("arn:")?.splitn(6, ':').skip(1);
    let (service, region, account, kind, name) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let name = name.split(':').next()?;
    (service == "logs" && kind == "log-group").then(|| (region.to_owned(), account.to_owned(), name.to_owned()))
}

/// Returns whether the events are newest first: nearly every change of time goes down. A few go up where several
/// streams were merged. Where no time changes, or the lines of the platform have none, the steps of requests tell it.
fn descends(up: usize, down: usize, ties: &TieVotes) -> bool {
    ties.is_untimed_reversed().unwrap_or(if up == 0 && down == 0 { ties.are_reversed() } else { up * 8 <= down })
}

fn slot(parts: &[Option<&[u8]>; 5]) -> usize {
    // Names differ most at their end.
    let tail = |part: &Option<&[u8]>| {
        part.map_or(0, |part| {
            let from = part.len().saturating_sub(8);
            part[from..].iter().fold(part.len() as u64, |bits, byte| bits << 7 ^ u64::from(*byte))
        })
    };
    let bits = tail(&parts[0]) ^ tail(&parts[1]).rotate_left(17);
    (bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) as usize % REMEMBERED
}
