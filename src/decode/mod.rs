//! Bytes to log events: containers, encodings and shapes, each recognised by its content.
//!
//! A shape is one way in which exporters write log events. Each has a file of its own and an entry in [`SHAPES`]; what
//! a file is called plays no part. Knows the model, and what Lambda writes.

mod ahead;
mod base64;
mod delivery;
mod exact;
mod fault;
mod feed;
mod head;
mod json;
mod layers;
mod line_ends;
mod magic;
mod members;
mod moment;
mod not_text;
mod plain;
mod ready;
mod rendered;
mod run;
mod sentences;
mod split;
mod spool;
mod text;
mod ties;
mod utf16;
#[cfg(feature = "libdeflate")]
mod whole_gzip;
mod windows;
mod xz;
mod zip;
mod zstd;

#[cfg(test)]
mod container_tests;
#[cfg(test)]
mod tests;

use std::io::Read;

use delivery::Delivery;
use feed::Feed;
use head::InputHead;

pub(crate) use plain::plain_text;
pub(crate) use split::{ChunkHelper, Opened, open};
pub(crate) use windows::WindowMemory;

use crate::model::{Block, Bucket, EventSink, LogEvent, Note, Origin, Sighting, StreamId};

/// What was decoded.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// Name of the shape; `None` where none was recognised.
    pub shape: Option<&'static str>,
    /// Bytes after decompression: every one is in one bucket of the sink, or framing.
    pub bytes: u64,
    /// Why it could not be decoded, or not to its end. Events before that have been handed over.
    pub result: Result<(), DecodeError>,
}

/// Why an input could not be decoded, or not to its end. What was decoded before counts.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    /// Not a log of any shape we know.
    #[error("{0}")]
    NotALog(String),
    /// Something that is known and holds no log, whatever words stand in it.
    #[error("{0}")]
    OtherKind(String),
    /// Damaged.
    #[error("{0}")]
    Corrupt(String),
    /// Could not be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Has the newest event first and could not be turned round: what came first in it counts.
    #[error(
        "has the newest event first, and the temporary file to turn it round failed ({0}): only a part of its events \
         counts; free space for temporary files, or set TMPDIR"
    )]
    NotTurned(std::io::Error),
}

/// Buffers that one worker reuses from input to input.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// Read buffers; data inside data takes a second one.
    blocks: Vec<Vec<u8>>,
    /// Events that wait, and a second read buffer.
    spare: Block,
    /// A small gzip input and its text.
    #[cfg(feature = "libdeflate")]
    whole_gzip: whole_gzip::InflateBuffers,
    /// Decompress in a thread of its own.
    ahead: bool,
    /// Room for the windows of decompressors.
    windows: WindowMemory,
}

impl Buffers {
    /// Creates buffers of a worker; all workers of a run share the room for windows.
    pub(crate) fn new(windows: &WindowMemory) -> Self {
        Self { windows: windows.clone(), ..Self::default() }
    }

    /// Decompress in a thread of its own, so that it overlaps with everything else.
    pub(crate) fn read_ahead(&mut self, ahead: bool) {
        self.ahead = ahead;
    }
}

/// One way in which exporters write log events.
#[derive(Clone, Copy)]
pub struct Shape {
    /// Its name in every output.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Recognises it by the first 64 KiB of an input, of which text shapes look at 200 lines. If a line of another shape
    /// may stand above, any line counts; if one of its lines may occur in a log of another shape, only the first does.
    sniff: fn(&InputHead<'_>) -> bool,
    decode: Decode,
    samples: &'static [&'static str],
}

/// How an input of a shape is decoded.
#[derive(Clone, Copy)]
enum Decode {
    /// Delivers its events. Text shapes have a prefix before every event: see [`text::engine::Family`].
    Events(DecodeEvents),
    /// Delivers its events, all of one stream; threads may share it, in chunks that end where the second function says: at
    /// the start of the last event in a text.
    EventsInChunks(DecodeEvents, split::Cut),
    /// Hands over the texts in it, each of which is decoded as an input of its own. Returns their bytes, failed or not.
    Texts(DecodeTexts),
}

type DecodeEvents = fn(&mut Feed<'_>, &mut Delivery<'_>) -> Result<(), DecodeError>;
type DecodeTexts = fn(&mut Feed<'_>, DecodeText<'_>) -> (Carried, Result<(), DecodeError>);

/// Decodes a text as an input of its own. Returns the bytes in it.
type DecodeText<'t> = &'t mut dyn FnMut(&mut (dyn Read + Send)) -> Result<u64, DecodeError>;

/// Bytes of the texts in an input.
#[derive(Clone, Copy, Default)]
struct Carried {
    /// As they stand in the input.
    packed: u64,
    /// Decoded.
    unpacked: u64,
}

impl Shape {
    /// Texts of this shape, and of no other.
    #[must_use]
    pub fn samples(&self) -> &'static [&'static str] {
        self.samples
    }
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shape").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Every shape. Only the last one, messages alone, may also fit what another one fits.
pub const SHAPES: &[Shape] = &[
    // What a record quotes may look like any other.
    json::own_records::SHAPE,
    rendered::html_escapes::SHAPE,
    rendered::no_break::SHAPE,
    rendered::quoted_printable::SHAPE,
    rendered::line_marks::SHAPE,
    rendered::narrow_window::SHAPE,
    // A message in a cell may have lines of any text shape.
    text::csv::INSIGHTS,
    text::csv::CONSOLE,
    text::s3_export::SHAPE,
    json::filter_events::SHAPE,
    json::get_events::SHAPE,
    json::insights_json::SHAPE,
    json::subscription::SHAPE,
    json::carrier::SHAPE,
    json::telemetry::SHAPE,
    json::ndjson::SHAPE,
    text::known_prefix::shape::<0>(),
    text::known_prefix::shape::<1>(),
    text::known_prefix::shape::<2>(),
    text::known_prefix::shape::<3>(),
    text::known_prefix::shape::<4>(),
    text::cli_text::EVENTS,
    text::cli_text::ROWS,
    text::cli_text::RESULTS,
    text::cli_messages::SHAPE,
    text::csv::ANY,
    text::serverless::SHAPE,
    text::console_copy::SHAPE,
    text::iso_tab::SHAPE,
    rendered::printed_values::SHAPE,
    rendered::yaml::SHAPE,
    json::text_in_json::SHAPE,
    json::any_nesting::SHAPE,
    text::any_prefix::SHAPE,
    text::bare::SHAPE,
];

/// Returns the name of the shape that an input is recognised as.
#[must_use]
pub fn shape_of(input: &[u8]) -> Option<&'static str> {
    /// Takes events and does nothing.
    struct Nobody;

    impl EventSink for Nobody {
        fn stream(&mut self, _: &Origin<&str>) -> StreamId {
            StreamId(0)
        }
        fn event(&mut self, _: StreamId, _: LogEvent<'_>) {}
        fn own_record(&mut self, _: &[u8], _: u64) {}
        fn count(&mut self, _: Bucket, _: u64) {}
        fn note(&mut self, _: Note) {}
        fn part_ends(&mut self, _: Option<Sighting>) {}
    }

    decode(&mut &*input, &Origin::default(), &mut Buffers::default(), &mut Nobody).shape
}

/// Decodes one input: recognises container, encoding and shape, and hands every event to the sink.
pub(crate) fn decode(
    input: &mut (dyn Read + Send),
    context: &Origin<String>,
    buffers: &mut Buffers,
    sink: &mut dyn EventSink,
) -> Decoded {
    run::DecodeRun::new(context, buffers, sink).decode(input)
}
