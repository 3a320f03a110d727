//! The state of one stream of an input: its origin, and the messages and attempts being assembled.

use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::stream_part::StreamPart;
use crate::assemble::Assembler;
use crate::lambda::foreign_group;
use crate::model::{Keep, Origin, Place, RequestId};
use crate::parse::Joiner;
use crate::summary::StreamNames;

/// One stream of the input.
pub(super) struct Stream {
    pub(super) origin: Arc<Origin<String>>,
    pub(super) names: StreamNames,
    pub(super) assembler: Assembler,
    pub(super) joiner: Joiner,
    /// Place, size and request id of the messages in the joiner.
    pub(super) joined: Option<Joined>,
    /// Whether it is in the list of streams whose joiner may hold something.
    pub(super) joining: bool,
    /// The kind of log, if it is not the stream of a function.
    pub(super) foreign: Option<&'static str>,
    /// Number of its last event in the input.
    pub(super) last_event: u64,
}

impl Stream {
    /// Begins a stream without any events yet.
    pub(super) fn new(origin: Origin<String>, names: StreamNames, group: Option<&str>, event: u64) -> Self {
        Self {
            assembler: Assembler::new(origin.log_stream.is_some()),
            origin: Arc::new(origin),
            names,
            joiner: Joiner::default(),
            joined: None,
            joining: false,
            foreign: group.and_then(foreign_group),
            last_event: event,
        }
    }

    /// Returns whether ordinary lines need no further look.
    #[inline(always)]
    pub(super) fn dismisses(&self, keep: &Keep) -> bool {
        !self.joiner.is_open() && !self.assembler.wants_ids() && !keep.every_line
    }

    /// Ends the stream in this input; returns its part, to be joined with other parts of the stream.
    pub(super) fn finish(self, input: u32) -> Option<StreamPart> {
        let Self { origin, names, assembler, foreign, .. } = self;
        let stream = origin.log_stream.is_some().then(|| stream_hash(&origin));
        foreign.is_none().then(|| StreamPart { stream, origin, names, input, part: assembler.finish() })
    }
}

/// Facts about joined messages besides their text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Joined {
    pub(super) place: Place,
    pub(super) bytes: u64,
    pub(super) request_id: Option<RequestId>,
}

impl Joined {
    /// Appends a further message.
    pub(super) fn and(self, more: Self) -> Self {
        Self { bytes: self.bytes + more.bytes, request_id: self.request_id.or(more.request_id), ..self }
    }
}

/// Hashes a stream key.
pub(super) fn key_hash(key: &Origin<&str>) -> u64 {
    hash_parts(key.parts())
}

/// Hashes function and stream name, which identify a stream in every shape of input.
fn stream_hash(origin: &Origin<String>) -> u64 {
    hash_parts([origin.function.as_deref(), origin.log_stream.as_deref()])
}

fn hash_parts<const N: usize>(parts: [Option<&str>; N]) -> u64 {
    let mut hash = Xxh3::new();
    for part in parts {
        hash.update(&[u8::from(part.is_some())]);
        hash.update(part.unwrap_or("").as_bytes());
        hash.update(&[0xff]);
    }
    hash.digest()
}
