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
/// the whole stream is known. Boxed: hardly a stream has any, and a log can have many streams.
#[derive(Debug, Default)]
pub(super) struct UnreadSentences {
    /// The first one, and bytes of all, in texts that ended.
    pub(super) settled: Option<Box<(Sighting, u64)>>,
    /// The same in the text at hand.
    open: Option<Box<(Sighting, u64)>>,
}

impl UnreadSentences {
    /// Adds a message; returns whether it is the first in the text at hand.
    pub(super) fn push(&mut self, sighting: Sighting, bytes: u64) -> bool {
        let first = self.open.is_none();
        self.open.get_or_insert_with(|| Box::new((sighting, 0))).1 += bytes;
        first
    }

    /// Takes the bytes since the text at hand began: they are quotations.
    pub(super) fn take_since_text_began(&mut self) -> u64 {
        self.open.take().map_or(0, |open| open.1)
    }

    /// Ends a text of which nothing was read.
    pub(super) fn end_text(&mut self) {
        let Some(open) = self.open.take() else { return };
        match &mut self.settled {
            Some(settled) => settled.1 += open.1,
            settled => *settled = Some(open),
        }
    }
}
