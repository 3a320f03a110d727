//! The part of a stream that one input has, until it is joined with the others.

use crate::model::{Origin, Sighting};
use std::sync::Arc;

use crate::assemble::Part;
use crate::summary::StreamNames;

/// A part of a stream, waiting for the others.
#[derive(Debug)]
pub(super) struct StreamPart {
    /// Hash of the stream, equal for all its parts; `None` where the input does not tell streams apart.
    pub(super) stream: Option<u64>,
    pub(super) origin: Arc<Origin<String>>,
    pub(super) names: StreamNames,
    pub(super) input: u32,
    /// A line of the platform was read in it.
    pub(super) read: bool,
    pub(super) unread: UnreadSentences,
    pub(super) part: Part,
}

/// Messages that hold a sentence of the platform and were not read as one. Whether they are quotations shows only when
/// the whole stream is known.
#[derive(Debug, Default)]
pub(super) struct UnreadSentences {
    /// The first one, and bytes of all, in texts that ended.
    pub(super) settled: Option<(Sighting, u64)>,
    /// The same in the text at hand.
    open: Option<(Sighting, u64)>,
}

impl UnreadSentences {
    /// Adds a message.
    pub(super) fn push(&mut self, sighting: Sighting, bytes: u64) {
        let (_, sum) = self.open.get_or_insert((sighting, 0));
        *sum += bytes;
    }

    /// Takes the bytes since the text at hand began: they are quotations.
    pub(super) fn take_since_text_began(&mut self) -> u64 {
        self.open.take().map_or(0, |(_, bytes)| bytes)
    }

    /// Ends a text of which nothing was read.
    pub(super) fn end_text(&mut self) {
        let Some((sighting, bytes)) = self.open.take() else { return };
        let (_, sum) = self.settled.get_or_insert((sighting, 0));
        *sum += bytes;
    }
}
