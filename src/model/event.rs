//! Log events as decoders deliver them, and the sink that takes them.

use serde::{Deserialize, Serialize};

use super::{Batch, Block, Origin, RequestId, Timestamp};

/// Id of a stream within a sink; only valid for the input that it was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StreamId(pub u32);

/// Position of an event: input, line and number within the line.
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
    /// Returns the place of the first event of a line.
    #[must_use]
    pub fn at(input: u32, line: u64) -> Self {
        Self { input, line, event: 0 }
    }

    /// Returns whether another place is on the next line.
    #[must_use]
    pub fn is_directly_before(self, other: Self) -> bool {
        self.input == other.input && self.line + 1 == other.line
    }
}

/// One CloudWatch log event: a message and its time. Its stream is passed beside it, as a [`StreamId`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LogEvent<'a> {
    /// Time of the event, if the input gives it.
    pub at: Option<Timestamp>,
    /// The message as in the input: it may have several lines, invalid UTF-8 and a line end of its own.
    pub message: &'a [u8],
    /// Whether the message is still escaped as the inside of a JSON string. Escaping keeps ordinary letters, so
    /// consumers can dismiss most messages without unescaping them.
    pub escaped: bool,
    /// Number of the line in the decoded input at which the event begins, from 1.
    pub line: u64,
    /// Hash of the CloudWatch event id: equal if the same event was delivered twice.
    pub event_id: Option<u64>,
    /// Whether this may be just one line of a message: the input does not tell where messages end.
    pub split: bool,
    /// The request id, if the wrapping gives it (`@requestId` of Logs Insights).
    pub request_id: Option<RequestId>,
}

impl<'a> LogEvent<'a> {
    /// Creates an event of which only the text and the line are known.
    #[must_use]
    pub(crate) fn bare(message: &'a [u8], line: u64) -> Self {
        Self { at: None, message, escaped: false, line, event_id: None, split: false, request_id: None }
    }
}

/// Receiver of the events of one input, in the order of the input.
pub(crate) trait EventSink {
    /// Returns the id of the stream that `key` names; equal keys give equal ids.
    fn stream(&mut self, key: &Origin<&str>) -> StreamId;

    /// Takes one event of a stream.
    fn event(&mut self, stream: StreamId, event: LogEvent<'_>);

    /// Takes many events.
    fn events(&mut self, batch: &Batch<'_>) {
        for (span, event) in batch.iter() {
            self.event(span.stream, event);
        }
    }

    /// Takes the events of a block; returns an empty block, maybe another one, for reuse of its memory.
    fn block(&mut self, mut block: Block) -> Block {
        self.events(&block.batch());
        block.clear();
        block
    }

    /// Takes one of our own NDJSON records: the JSON text of one object, and its line in the input.
    fn own_record(&mut self, json: &[u8], line: u64);

    /// Counts bytes of the input in a bucket, where no event carries them.
    fn count(&mut self, bucket: Bucket, bytes: u64);

    /// Takes a note on the input as a whole.
    fn note(&mut self, note: Note);

    /// Takes the name of a part of an archive that is no log, the reason, and the bytes read of it.
    fn left_out(&mut self, _name: &str, _reason: &str, _bytes: u64) {}

    /// Marks the end of a separate text: the input, an entry of an archive, a record of a carrier. `sighting` is the
    /// first sentence of the platform in it, whether or not it was parsed as one.
    fn part_ends(&mut self, _sighting: Option<Sighting>) {}

    /// Takes the lines of a text without such a sentence that have its words in them all the same.
    fn mentions(&mut self, _mentions: Mentions) {}
}

/// Sentence of the platform, found anywhere in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sighting {
    /// Number of the line in the decoded input, from 1.
    pub line: u64,
    /// First words of the sentence.
    pub sentence: &'static str,
    /// End of the text before the sentence in its line.
    pub before: String,
    /// Whether no shape was recognised, so that nothing around the sentence was read.
    pub refused: bool,
}

/// Lines that hold the words of platform sentences without being any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mentions {
    /// Number of these lines.
    pub lines: u64,
    /// Number of the first one in the decoded input, from 1.
    pub first: u64,
    /// End of the text before the words in that line.
    pub before: String,
}

/// Bucket of decoded bytes: every byte is in exactly one, or is framing around the messages.
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
    /// The same before the first and after the last attempt of a stream: preamble and prose.
    Outside,
    /// Text that was read and left out: ends of messages that are too long, broken JSON, other files in an archive.
    Dropped,
    /// Messages that look like a platform line but do not parse.
    Unrecognized,
}

/// Note on an input: what was lost, cut, guessed or left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Note {
    /// Whether the answer is incomplete because of this.
    pub incomplete: bool,
    /// One sentence, without the name of the input.
    pub text: String,
}
