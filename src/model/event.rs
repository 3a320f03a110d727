//! One log event as it was delivered, and the sink that decoders hand it to.

use super::{RequestId, StreamKey, Timestamp};

/// A stream as its sink knows it; valid for the input it was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamId(pub u32);

/// Where an event stands: the input (in the order of the result) and the line in the decoded input, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Index of the input, in the order of the result.
    pub input: u32,
    /// Line number in the decoded input, counted from 1.
    pub line: u64,
    /// Number of the event within that line, from 0: a JSON document may hold all its events in one line.
    pub event: u32,
}

impl Place {
    /// The first event of a line.
    #[must_use]
    pub fn at(input: u32, line: u64) -> Self {
        Self { input, line, event: 0 }
    }
}

/// One CloudWatch log event: a message, when and (by its [`StreamId`]) where it was written.
#[derive(Clone, Copy, Debug)]
pub struct LogEvent<'a> {
    /// When it was written, where the input says so.
    pub at: Option<Timestamp>,
    /// The message as delivered: it may have several lines, invalid UTF-8 and a line end of its own.
    pub message: &'a [u8],
    /// The message is still escaped as the inside of a JSON string. Escapes keep ordinary letters as they are, so a
    /// consumer can dismiss most messages without undoing them.
    pub escaped: bool,
    /// Line in the decoded input at which the event begins, from 1.
    pub line: u64,
    /// Hash of the CloudWatch event id: equal for the same event delivered twice.
    pub event_id: Option<u64>,
    /// One line of what may be a message of several: the input does not tell where messages end.
    pub split: bool,
    /// The request id, where the wrapping tells it (`@requestId` of Logs Insights).
    pub request_id: Option<RequestId>,
}

impl<'a> LogEvent<'a> {
    /// An event of which only the text and its place are known.
    #[must_use]
    pub fn bare(message: &'a [u8], line: u64) -> Self {
        Self { at: None, message, escaped: false, line, event_id: None, split: false, request_id: None }
    }
}

/// An event whose message stands in a [`Batch`].
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Its stream.
    pub stream: StreamId,
    /// Where its message begins, and where it ends.
    pub from: u32,
    /// See `from`.
    pub to: u32,
    /// The message is not in the block of the batch but in what stands beside it.
    pub aside: bool,
    /// Somebody looked at the message already: it is an ordinary line.
    pub dismissed: bool,
    /// As in [`LogEvent`].
    pub escaped: bool,
    /// As in [`LogEvent`].
    pub split: bool,
    /// As in [`LogEvent`].
    pub at: Option<Timestamp>,
    /// As in [`LogEvent`].
    pub line: u64,
    /// As in [`LogEvent`].
    pub event_id: Option<u64>,
}

/// Events in their order, whose messages stand in one block of the input: so a sink can search all of it at once.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// A stretch of the input, messages and what stands around them.
    pub block: &'a [u8],
    /// Messages that were rewritten, one after the other.
    pub aside: &'a [u8],
    /// The events.
    pub spans: &'a [Span],
    /// Request ids that the wrapping tells, by number of the event, in its order.
    pub request_ids: &'a [(u32, RequestId)],
    /// Every message was looked at: what is not dismissed may matter.
    pub sifted: bool,
}

/// A [`Batch`] with its memory, which goes from stage to stage and back.
#[derive(Debug, Default)]
pub struct Block {
    /// A stretch of the input. May be longer than what was read.
    pub data: Vec<u8>,
    /// Bytes of `data` that were read.
    pub length: usize,
    /// See [`Batch::aside`].
    pub aside: Vec<u8>,
    /// See [`Batch::spans`].
    pub spans: Vec<Span>,
    /// See [`Batch::request_ids`].
    pub request_ids: Vec<(u32, RequestId)>,
    /// See [`Batch::sifted`].
    pub sifted: bool,
}

impl Block {
    /// What is in it.
    #[must_use]
    pub fn batch(&self) -> Batch<'_> {
        let Self { data, length, aside, spans, request_ids, sifted } = self;
        let block = data.get(..*length).unwrap_or(data);
        Batch { block, aside, spans, request_ids, sifted: *sifted }
    }

    /// Takes an event whose message begins at `place` in the block, or else has to be kept beside it.
    #[inline(always)]
    pub fn push(&mut self, stream: StreamId, event: &LogEvent<'_>, place: Option<usize>) {
        let from = place.unwrap_or(self.aside.len());
        if place.is_none() {
            self.aside.extend_from_slice(event.message);
        }
        if let Some(id) = event.request_id {
            self.request_ids.push((self.spans.len() as u32, id));
        }
        self.spans.push(Span {
            stream,
            from: from as u32,
            to: (from + event.message.len()) as u32,
            aside: place.is_none(),
            dismissed: false,
            escaped: event.escaped,
            split: event.split,
            at: event.at,
            line: event.line,
            event_id: event.event_id,
        });
    }

    /// Forgets the events and keeps the memory.
    pub fn clear(&mut self) {
        self.length = 0;
        self.aside.clear();
        self.spans.clear();
        self.request_ids.clear();
        self.sifted = false;
    }
}

impl<'a> Batch<'a> {
    /// What stands for the event of a number, and its message.
    #[must_use]
    pub fn line(&self, number: u32) -> Option<(&'a Span, &'a [u8])> {
        let span = self.spans.get(number as usize)?;
        let text = if span.aside { self.aside } else { self.block };
        Some((span, text.get(span.from as usize..span.to as usize)?))
    }

    /// The events, each with what stands for it.
    pub fn iter(&self) -> impl Iterator<Item = (&'a Span, LogEvent<'a>)> + use<'a> {
        let Self { block, aside, spans, request_ids, .. } = *self;
        let mut request_ids = request_ids.iter().peekable();
        spans.iter().enumerate().map(move |(number, span)| {
            let (from, to) = (span.from as usize, span.to as usize);
            let text = if span.aside { aside } else { block };
            let request_id = request_ids.next_if(|(of, _)| *of as usize == number).map(|(_, id)| *id);
            let event = LogEvent {
                at: span.at,
                message: text.get(from..to).unwrap_or_default(),
                escaped: span.escaped,
                line: span.line,
                event_id: span.event_id,
                split: span.split,
                request_id,
            };
            (span, event)
        })
    }
}

/// What takes the events of one input, in the order of the input.
pub trait EventSink {
    /// The stream that `key` names; equal keys give equal ids.
    fn stream(&mut self, key: &StreamKey<'_>) -> StreamId;

    /// Takes one event of a stream.
    fn event(&mut self, stream: StreamId, event: LogEvent<'_>);

    /// Takes many events.
    fn events(&mut self, batch: &Batch<'_>) {
        for (span, event) in batch.iter() {
            self.event(span.stream, event);
        }
    }

    /// Takes many events and their memory; gives the memory of some other ones back.
    fn block(&mut self, mut block: Block) -> Block {
        self.events(&block.batch());
        block.clear();
        block
    }

    /// Takes one of our own ndjson records, as the JSON text of one object at a line of the input.
    fn own_record(&mut self, json: &[u8], line: u64);

    /// Counts bytes that carry no message: they are in the input and in this bucket.
    fn count(&mut self, bucket: Bucket, bytes: u64);

    /// Takes something worth saying about the input as a whole.
    fn note(&mut self, note: Note);
}

/// The buckets of decoded bytes: every byte is in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// Messages that belong to an attempt.
    Attributed,
    /// Messages that belong to an execution environment: its init, its extensions.
    Environment,
    /// Messages of logs that are not invocation logs: pollers, metrics, web functions.
    OtherLogs,
    /// Messages that could not be given to any attempt.
    Unattributed,
    /// Everything around the messages: prefixes, JSON punctuation, headers, line ends.
    Framing,
    /// Looks like a platform line and does not parse.
    Unrecognized,
}

/// Something worth saying about an input: what was lost, cut, guessed or left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Whether the answer is incomplete because of it.
    pub incomplete: bool,
    /// One sentence, without the name of the input.
    pub text: String,
}
