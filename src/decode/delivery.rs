//! The way from a shape to the sink: stream ids, the order of time, and what is to be noted about the input.

use super::DecodeError;
use super::feed::{Feed, LONGEST};
use super::json::scan::unescape;
use super::spool::{EventSpool, Lost};
use crate::model::{Batch, Block, Bucket, EventSink, FunctionArn, LogEvent, Note, Origin, StreamId, Timestamp};

/// Streams looked up lately. The sink knows them all; this only spares the lookup.
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

/// Events seen before the order of an input is decided, and bytes of them.
const WATCHED_EVENTS: usize = 200;
const WATCHED_BYTES: usize = 256 * 1024;

/// Where consoles and queries stop: the default of Logs Insights of old, its default now, its maximum.
const LIMITS: [u64; 3] = [1_000, 10_000, 100_000];

/// In which order an input has its events.
enum EventOrder {
    /// As it is, or not known to be the wrong one.
    Kept,
    /// Not decided: how often time went up and down so far, and the last time.
    Watched { spool: EventSpool, up: usize, down: usize, last: Option<Timestamp> },
    /// Newest first.
    Reversed(EventSpool),
}

/// Events handed over together, at most: what is kept of each is small beside the block that they stand in.
const BATCH: usize = 4_096;

/// Events whose messages stand in the block in memory, until they are handed over together.
#[derive(Debug, Default)]
struct Waiting {
    /// Where the block begins and how long it is: messages are told from others by their address.
    at: (usize, usize),
    /// Events after which they are handed over.
    most: usize,
    /// The events. Its data is spare memory, until the block is handed over whole.
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

/// Takes the events of one input from its shape.
pub(super) struct Delivery<'s> {
    pub(super) sink: &'s mut dyn EventSink,
    context: &'s Origin<String>,
    default: Option<StreamId>,
    remembered: Vec<Remembered>,
    order: EventOrder,
    waiting: Waiting,
    notes: Noted,
    /// Messages come line by line.
    split: bool,
    /// What gave a choice of the events, and how many came.
    sample: Option<&'static str>,
    events: u64,
    /// Bytes of messages that the shape made longer than they are in the input.
    pub(super) grown: u64,
}

/// What happened while decoding and is said once, at the end.
#[derive(Debug, Default)]
struct Noted {
    cut: u64,
    not_json: u64,
    not_json_first: u64,
    pages_follow: bool,
    query_status: Option<String>,
}

impl<'s> Delivery<'s> {
    /// A delivery to `sink` of an input of which `context` is known, and whose first block was read. Uses the memory of
    /// `spare`.
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
            grown: 0,
        };
        new.begin_block(feed);
        new
    }

    /// A delivery that hands nothing over: the events of a chunk, all of one stream, stay in `block`.
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

    /// Memory for line ends: exports have thousands of small files.
    pub(super) fn line_ends(&mut self) -> &mut Vec<u32> {
        &mut self.waiting.block.line_ends
    }

    /// The events of a chunk.
    pub(super) fn into_block(self) -> Block {
        self.waiting.block
    }

    /// Reads more of the input. Events of the block in memory are handed over before, which is why every shape reads on
    /// through its delivery.
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

    /// Hands events over where many wait.
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

    /// The input may have the newest event first: looks, and turns it round.
    pub(super) fn watch_order(&mut self) {
        self.order = EventOrder::Watched { spool: EventSpool::default(), up: 0, down: 0, last: None };
    }

    /// The input does not tell where messages end: every line is an event.
    pub(super) fn lines_only(&mut self) {
        self.split = true;
    }

    /// The input comes from `source`, which gives no more events than a limit.
    pub(super) fn sampled(&mut self, source: &'static str) {
        self.sample = Some(source);
    }

    /// Says something about the input as a whole.
    pub(super) fn remark(&mut self, incomplete: bool, text: &str) {
        self.sink.note(Note { incomplete, text: text.to_owned() });
    }

    /// Takes an event.
    #[inline]
    pub(super) fn event(&mut self, origin: &Origin<&[u8]>, event: LogEvent<'_>) {
        let stream = self.stream(origin);
        self.event_of(stream, &event);
    }

    /// Takes an event of a stream that was looked up.
    #[inline(always)]
    pub(super) fn event_of(&mut self, stream: StreamId, event: &LogEvent<'_>) {
        self.events += 1;
        if matches!(self.order, EventOrder::Kept) {
            self.waiting.push(stream, event, self.split);
        } else {
            self.hold_back(stream, *event);
        }
    }

    /// Takes the event by value, so that nobody else's has to be in memory.
    #[cold]
    fn hold_back(&mut self, stream: StreamId, event: LogEvent<'_>) {
        match &mut self.order {
            EventOrder::Kept => {}
            EventOrder::Reversed(spool) => spool.push(stream, &event),
            EventOrder::Watched { spool, up, down, last } => {
                if let (Some(last), Some(at)) = (*last, event.at) {
                    *up += usize::from(at > last);
                    *down += usize::from(at < last);
                }
                *last = event.at.or(*last);
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
        let EventOrder::Watched { spool, up, down, .. } = std::mem::replace(&mut self.order, EventOrder::Kept) else {
            return;
        };
        if descends(up, down) {
            self.order = EventOrder::Reversed(spool);
        } else {
            let split = self.split;
            spool.forward(|stream, event| self.sink.event(stream, LogEvent { split, ..event }));
        }
    }

    /// Hands over what was held back, and says what is to be noted. Gives the bytes that rewriting added, and the spare
    /// memory.
    pub(super) fn finish(mut self, feed: &Feed<'_>) -> (u64, Block, Result<(), DecodeError>) {
        self.hand_over(feed);
        self.decide();
        let mut result = Ok(());
        if let EventOrder::Reversed(spool) = std::mem::replace(&mut self.order, EventOrder::Kept)
            && let Err(Lost { error, bytes }) =
                spool.backward(|stream, event| self.sink.event(stream, LogEvent { split: self.split, ..event }))
        {
            self.sink.count(Bucket::Dropped, bytes);
            result = Err(DecodeError::NotTurned(error));
        }
        self.say();
        (self.grown, self.waiting.block, result)
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
        let mut note = |text: String| self.sink.note(Note { incomplete: true, text });
        if notes.cut > 0 {
            note(format!("messages longer than 1 MiB were cut: {}", notes.cut));
        }
        if notes.not_json > 0 {
            note(format!(
                "lines that are no JSON were left out: {} (first: line {})",
                notes.not_json, notes.not_json_first
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

    /// Counts bytes of the input that were left out.
    pub(super) fn dropped(&mut self, bytes: u64) {
        if bytes > 0 {
            self.sink.count(Bucket::Dropped, bytes);
        }
    }

    /// A message was cut to the longest length kept.
    pub(super) fn message_cut(&mut self) {
        self.notes.cut += 1;
    }

    /// Something at `line` is no JSON.
    pub(super) fn not_json(&mut self, line: u64) {
        if self.notes.not_json == 0 {
            self.notes.not_json_first = line;
        }
        self.notes.not_json += 1;
    }

    /// The input is one page, and more follow that it does not hold.
    pub(super) fn pages_follow(&mut self) {
        self.notes.pages_follow = true;
    }

    /// The input is the result of a query that had not finished.
    pub(super) fn query_unfinished(&mut self, status: &[u8]) {
        self.notes.query_status = Some(String::from_utf8_lossy(status).into_owned());
    }

    /// The stream of an identity.
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

    /// The stream of lines for which only the context tells something.
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
        // What the event itself tells goes before what the path or the user said about the input.
        let function = if told.function_name().is_some() { told.function } else { self.context.function.as_deref() };
        self.sink.stream(&Origin { function, ..told })
    }
}

/// Region, account and name in `arn:PARTITION:logs:REGION:ACCOUNT:log-group:NAME[:*]`.
fn group_from_arn(text: &str) -> Option<(String, String, String)> {
    let mut parts = text.strip_prefix("arn:")?.splitn(6, ':').skip(1);
    let (service, region, account, kind, name) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let name = name.split(':').next()?;
    (service == "logs" && kind == "log-group").then(|| (region.to_owned(), account.to_owned(), name.to_owned()))
}

/// Time goes down nearly always when it moves: a few steps up come from streams written side by side.
fn descends(up: usize, down: usize) -> bool {
    down > 0 && up * 8 <= down
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
