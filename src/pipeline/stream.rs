//! The state of one stream of an input: its origin, and the messages and attempts being assembled.

use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::stream_part::{StreamPart, UnreadSentences};
use crate::assemble::Assembler;
use crate::lambda::foreign_group;
use crate::lambda::platform::ended_behind_line;
use crate::model::{Keep, Origin, Place, RequestId, Statement, stream_parts};
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
    /// A line of the platform was read in it: sentences in its other lines are quotations.
    pub(super) read: bool,
    /// Messages that hold a sentence of the platform, and came before any was read.
    pub(super) unread: UnreadSentences,
    /// Request whose START stood at the start of its line.
    flush: Option<RequestId>,
    /// Whether that START was an event of its own, as the platform writes it.
    alone: bool,
    /// Request that a function tells of in a text with an indent.
    quoted: Option<RequestId>,
    /// Number of its last event in the input.
    pub(super) last_event: u64,
    /// Whether it had no event for long, and takes little memory.
    pub(super) rests: bool,
}

impl Stream {
    /// Begins a stream without any events yet.
    pub(super) fn new(origin: Origin<String>, names: StreamNames, group: Option<&str>, event: u64) -> Self {
        Self {
            assembler: Assembler::new(origin.log_stream.is_some(), names_lambda(&origin)),
            origin: Arc::new(origin),
            names,
            joiner: Joiner::default(),
            joined: None,
            joining: false,
            foreign: group.and_then(foreign_group),
            last_event: event,
            rests: false,
            read: false,
            unread: UnreadSentences::default(),
            flush: None,
            alone: false,
            quoted: None,
        }
    }

    /// Returns whether a line that names no stream stands between attempts.
    pub(super) fn is_between_attempts(&self) -> bool {
        self.origin.log_stream.is_none() && self.assembler.is_between_attempts()
    }

    /// Returns whether a line is part of a log that the function printed with an indent: it is about another request than
    /// the one that runs, whose own lines have none. `record` is what the line would say.
    pub(super) fn is_quotation(&mut self, line: &[u8], record: Option<&Statement<'_>>) -> bool {
        let is_indented = matches!(line.first(), Some(b' ' | b'\t'));
        match record {
            Some(Statement::Start { id, .. }) if is_indented => {
                let runs = |own: RequestId| own != *id && self.assembler.runs(own);
                self.quoted = Some(*id).filter(|_| self.flush.is_some_and(runs));
                self.quoted.is_some()
            }
            Some(Statement::Start { id, .. }) => {
                (self.flush, self.quoted) = (Some(*id), None);
                self.alone = !line.trim_ascii_end().contains(&b'\n');
                false
            }
            None if self.is_log_of_another(line) => true,
            _ => is_indented && self.quoted.is_some(),
        }
    }

    /// Returns whether a message over several lines is the end of the log of another request than the one that runs, as the
    /// answer of `invoke` has it: the platform writes an event for each of its lines.
    fn is_log_of_another(&self, message: &[u8]) -> bool {
        let Some(own) = self.flush.filter(|_| self.alone) else { return false };
        ended_behind_line(message).is_some_and(|id| id != own) && self.assembler.runs(own)
    }

    /// Returns whether ordinary lines need no further look.
    #[inline(always)]
    pub(super) fn dismisses(&self, keep: &Keep) -> bool {
        !self.joiner.is_open() && !self.assembler.wants_ids() && !keep.every_line
    }

    /// Ends the stream in this input; returns its part, to be joined with other parts of the stream.
    pub(super) fn finish(self, input: u32) -> Option<StreamPart> {
        let Self { origin, names, assembler, foreign, read, mut unread, .. } = self;
        unread.end_text();
        let stream = origin.log_stream.is_some().then(|| stream_hash(&origin));
        foreign.is_none().then(|| StreamPart { stream, origin, names, input, read, unread, part: assembler.finish() })
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

/// Returns whether the name of the log group or of the stream is one that Lambda gives.
fn names_lambda(origin: &Origin<String>) -> bool {
    origin.log_group.as_deref().is_some_and(|group| group.contains("/aws/lambda/"))
        || origin.log_stream.as_deref().is_some_and(|stream| stream_parts(stream).is_some())
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
