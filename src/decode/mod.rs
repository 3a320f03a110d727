//! Bytes to log events: containers, encodings and shapes, each recognised by its content.

use std::io::Read;

use crate::model::{EventSink, StreamKey};

/// What is known about an input besides its bytes.
#[derive(Clone, Debug, Default)]
pub struct InputContext {
    /// Log group, from the path.
    pub group: Option<String>,
    /// Log stream, from the path.
    pub stream: Option<String>,
    /// Function, from the path or from `--function`.
    pub function: Option<String>,
}

impl InputContext {
    /// The identity of lines for which the input itself tells nothing more.
    #[must_use]
    pub fn key(&self) -> StreamKey<'_> {
        StreamKey {
            account_id: None,
            region: None,
            group: self.group.as_deref(),
            stream: self.stream.as_deref(),
            function: self.function.as_deref(),
        }
    }
}

/// What was decoded.
#[derive(Debug)]
pub struct Decoded {
    /// Name of the shape.
    pub shape: Option<&'static str>,
    /// Bytes after decompression: every one is in one bucket of the sink, or framing.
    pub bytes: u64,
    /// Whether it could be decoded to its end.
    pub result: Result<(), DecodeError>,
}

/// Why an input could not be decoded, or not to its end. What was decoded before counts.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not a log of any shape we know.
    #[error("{0}")]
    NotALog(String),
    /// Damaged.
    #[error("{0}")]
    Corrupt(String),
    /// Could not be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Buffers that one worker reuses from input to input.
#[derive(Debug, Default)]
pub struct Buffers {}

/// Decodes one input: recognises container, encoding and shape, and hands every event to the sink.
///
/// # Errors
/// When it is no log, is damaged, or cannot be read; events decoded before that have been handed over.
pub fn decode(
    _input: &mut dyn Read,
    _context: &InputContext,
    _buffers: &mut Buffers,
    _sink: &mut dyn EventSink,
) -> Decoded {
    Decoded { shape: None, bytes: 0, result: Err(DecodeError::NotALog("not wired yet".to_owned())) }
}
