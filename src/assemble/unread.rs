//! Ordinary lines that are counted at once and kept later, or never: most attempts end well and their lines are not
//! needed.
//!
//! [`BatchLines`] stands between a batch and the assemblers of its streams. Lines are counted only through it, every
//! call of an assembler that may look at lines takes it, and it is consumed at the end of the batch. So every counted
//! line reaches, in order, a record that needs it.

use super::open::OpenAttempt;
use super::{Assembler, Message};
use crate::model::{Batch, Keep, Place, RequestId, Statement, StreamId, Stretch};

/// A run of events that were counted and not kept, each in a line of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnreadRun {
    /// Number of the first event in its batch.
    first: u32,
    events: u32,
    /// Number of the first event within its line.
    event: u32,
}

/// The lines of one batch, for assemblers that counted some of them.
#[derive(Debug)]
#[must_use = "lines that were counted are lost without `finish`"]
pub(crate) struct BatchLines<'b> {
    batch: &'b Batch<'b>,
    input: u32,
    keep: &'b Keep,
    /// Streams that have counted lines.
    streams: Vec<StreamId>,
}

impl<'b> BatchLines<'b> {
    /// Creates the view of a batch of one input.
    pub(crate) fn new(batch: &'b Batch<'b>, input: u32, keep: &'b Keep) -> Self {
        Self { batch, input, keep, streams: Vec::new() }
    }

    /// Returns the batch.
    pub(crate) fn batch(&self) -> &'b Batch<'b> {
        self.batch
    }

    /// Counts ordinary lines of a stream without looking at them, if they must belong to its only running attempt.
    /// `event` is the number of the first one within its line. Returns whether they were counted.
    #[inline(always)]
    pub(crate) fn count(
        &mut self,
        stream: StreamId,
        assembler: &mut Assembler,
        event: u32,
        lines: impl FnOnce() -> Option<Stretch>,
    ) -> bool {
        let Some(open) = assembler.open.only_mut() else { return false };
        if self.keep.every_attempt || open.is_reported() {
            return false;
        }
        let Some(lines) = lines() else { return false };
        open.count(&lines);
        assembler.first_at = assembler.first_at.or(lines.first_at);
        assembler.last_at = assembler.last_at.max(lines.latest);
        if assembler.unread.is_empty() {
            self.streams.push(stream);
        }
        assembler.unread.push(UnreadRun { first: lines.first, events: lines.events, event });
        true
    }

    /// Keeps the text of all lines that are still unread, because the batch goes away and they may be needed later.
    /// `assembler_of` finds the assembler of a stream and calls the given function with it.
    pub(crate) fn finish(mut self, mut assembler_of: impl FnMut(StreamId, &dyn Fn(&mut Assembler))) {
        for stream in std::mem::take(&mut self.streams) {
            assembler_of(stream, &|assembler| assembler.keep_unread(&self));
        }
    }
}

impl Assembler {
    /// Keeps, drops or leaves the counted lines, before a record is taken.
    #[inline]
    pub(super) fn settle_unread(
        &mut self,
        message: &Message<'_>,
        record: &Statement<'_>,
        lines: Option<&BatchLines<'_>>,
    ) {
        if self.unread.is_empty() {
            return;
        }
        if !self.leaves_unread(message, record) {
            self.keep_lines(lines);
        } else if matches!(record, Statement::Start { .. }) {
            // These lines belong to an attempt that ended well.
            self.unread.clear();
        }
    }

    /// Keeps the text of the lines that were counted.
    #[inline(always)]
    pub(super) fn keep_lines(&mut self, lines: Option<&BatchLines<'_>>) {
        debug_assert!(lines.is_some() || self.unread.is_empty(), "counted lines outlived their batch");
        if let Some(lines) = lines
            && !self.unread.is_empty()
        {
            self.keep_unread(lines);
        }
    }

    fn keep_unread(&mut self, lines: &BatchLines<'_>) {
        let &BatchLines { batch, input, keep, .. } = lines;
        for UnreadRun { first, events, event } in self.unread.drain(..) {
            for number in first..first + events {
                let Some(span) = batch.spans.get(number as usize) else { continue };
                let place = Place { input, line: batch.line(span), event: if number == first { event } else { 0 } };
                let text = batch.message(span);
                let bytes = text.len() as u64;
                if let Some(mut open) = self.open.last().and_then(|at| self.open.edit(at)) {
                    open.keep(&Message { at: span.at, place, text, escaped: span.escaped, bytes, keep });
                }
            }
        }
    }

    /// Returns whether the record needs no line that was counted and not kept.
    fn leaves_unread(&self, message: &Message<'_>, record: &Statement<'_>) -> bool {
        match record {
            Statement::End { id } => self.is_running(*id, message),
            Statement::Report(report) => self.is_running(report.id, message),
            Statement::Start { id, .. } => self.follows_success(*id),
            _ => false,
        }
    }

    fn is_running(&self, id: RequestId, message: &Message<'_>) -> bool {
        let running = |open: &OpenAttempt| open.id() == Some(id) && !open.is_reported();
        self.open.only().is_some_and(|open| running(open) && !message.at.is_some_and(|now| open.is_overdue(now)))
    }

    /// Returns whether no attempt is open, or only another one that ended well and that no earlier part can change.
    fn follows_success(&self, id: RequestId) -> bool {
        match self.open.only() {
            Some(open) => open.id() != Some(id) && open.ended_well() && self.held.is_settled(),
            None => self.open.is_empty(),
        }
    }
}
