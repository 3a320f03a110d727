//! Joins what one error wrote as several messages.

use crate::model::Timestamp;

/// Joins what one error wrote as several messages: stack traces line by line, a crash and its code, pretty JSON.
#[derive(Debug, Default)]
pub struct Joiner {}

/// What became of a message given to a [`Joiner`].
#[derive(Debug, Default)]
pub struct Fed {
    /// A block that ended before this message.
    pub ended: Option<Block>,
    /// The message was taken into a block; it will come out as part of it.
    pub absorbed: bool,
}

/// Several messages joined into one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Time of the first message.
    pub at: Option<Timestamp>,
    /// Line of the first message.
    pub line: u64,
    /// The text, with line ends.
    pub text: String,
}

impl Joiner {
    /// A block is open: the next message must be fed even if it does not matter by itself.
    #[must_use]
    pub fn is_open(&self) -> bool {
        false
    }

    /// Takes the next message of the stream.
    pub fn feed(&mut self, _at: Option<Timestamp>, _line: u64, _message: &str) -> Fed {
        Fed::default()
    }

    /// The block that is still open at the end of the stream.
    pub fn finish(&mut self) -> Option<Block> {
        None
    }
}
