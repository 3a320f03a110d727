//! One log event as it was delivered, and the sink that decoders hand it to.

use serde::{Deserialize, Serialize};

use super::{Batch, Block, Origin, RequestId, Timestamp};

/// A stream as its sink knows it; valid for the input it was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StreamId(pub u32);

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
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LogEvent<'a> {
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
    pub(crate) fn bare(message: &'a [u8], line: u64) -> Self {
        Self { at: None, message, escaped: false, line, event_id: None, split: false, request_id: None }
    }
}

/// What takes the events of one input, in the order of the input.
pub(crate) trait EventSink {
    /// The stream that `key` names; equal keys give equal ids.
    fn stream(&mut self, key: &Origin<&str>) -> StreamId;

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

    /// A text of its own ends: the input, an entry of an archive, a record of a carrier. `sighting` is the first sentence of
    /// the platform in it, whether it was read as one or not.
    fn part_ends(&mut self, _sighting: Option<Sighting>) {}
}

/// A sentence of the platform, wherever in its line it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sighting {
    /// Line in the decoded input, from 1.
    pub line: u64,
    /// Its first words.
    pub sentence: &'static str,
    /// The end of what stands before it in its line.
    pub before: String,
    /// It stands where no shape was recognised, so nothing around it was read.
    pub refused: bool,
}

/// The buckets of decoded bytes: every byte is in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bucket {
    /// Messages that belong to an attempt.
    Attributed,
    /// Messages that belong to an execution environment: its init, its extensions.
    Environment,
    /// Messages of logs that are not invocation logs: pollers, metrics, web functions.
    OtherLogs,
    /// Messages that could not be given to any attempt.
    Unattributed,
    /// Everything around the messages: prefixes, JSON punctuation, headers, line ends.
    /// Looks like a platform line and does not parse.
    Unrecognized,
}

/// Something worth saying about an input: what was lost, cut, guessed or left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Note {
    /// Whether the answer is incomplete because of it.
    pub incomplete: bool,
    /// One sentence, without the name of the input.
    pub text: String,
}
