//! Batches of events, as stages hand them over: messages stay in the block of input that was read.

use std::ops::Range;

use super::{LogEvent, RequestId, StreamId, Timestamp};

/// Position of one event's message in a [`Batch`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// Stream of the event.
    pub stream: StreamId,
    /// Offset at which the message begins.
    pub from: u32,
    /// Offset at which the message ends.
    pub to: u32,
    /// Whether the message is in [`Batch::aside`] instead of the block.
    pub aside: bool,
    /// Whether the message is still escaped, as in [`LogEvent`].
    pub escaped: bool,
    /// Whether it may be one of several lines of a message, as in [`LogEvent`].
    pub split: bool,
    /// Time of the event, as in [`LogEvent`].
    pub at: Option<Timestamp>,
    /// Line of the event, as in [`LogEvent`], but counted from the first line of the batch.
    pub line: u64,
    /// Whether it has an event id: see [`Batch::event_ids`].
    pub has_id: bool,
}

// Small, because there is one for every line and all pass through the cache.
const _: () = assert!(size_of::<Span>() <= 32);

/// Events in order whose messages are in one block of the input, so that a sink can search all of it at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch<'a> {
    /// A piece of the input: messages and the text around them.
    pub block: &'a [u8],
    /// Messages that were rewritten, one after the other.
    pub aside: &'a [u8],
    /// The events.
    pub spans: &'a [Span],
    /// Event ids, indexed by the number of the event; may be shorter than `spans`.
    pub event_ids: &'a [u64],
    /// Request ids that the wrapping tells, by number of the event, in ascending order.
    pub request_ids: &'a [(u32, RequestId)],
    /// Lines of the input before those that the spans count; 0 where they count from the start of the input.
    pub lines_before: u64,
    /// Stretches of ordinary lines, if every message was sifted: only events outside of them may matter.
    pub stretches: Option<&'a [Stretch]>,
}

/// An owned [`Batch`], whose memory goes from stage to stage and back.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// A piece of the input. May be longer than what was read.
    pub data: Vec<u8>,
    /// Bytes of `data` that were read.
    pub length: usize,
    /// Rewritten messages, as in [`Batch::aside`].
    pub aside: Vec<u8>,
    /// The events, as in [`Batch::spans`].
    pub spans: Vec<Span>,
    /// Event ids, as in [`Batch::event_ids`].
    pub event_ids: Vec<u64>,
    /// Request ids, as in [`Batch::request_ids`].
    pub request_ids: Vec<(u32, RequestId)>,
    /// Lines before the block, as in [`Batch::lines_before`].
    pub lines_before: u64,
    /// Stretches of ordinary lines, as in [`Batch::stretches`].
    pub stretches: Vec<Stretch>,
    /// Whether every message was sifted, so that `stretches` are complete.
    pub sifted: bool,
    /// Memory for the offsets at which lines of `data` end.
    pub line_ends: Vec<u32>,
}

impl Block {
    /// Borrows the events as a batch.
    #[must_use]
    pub(crate) fn batch(&self) -> Batch<'_> {
        let Self { data, length, aside, spans, event_ids, request_ids, lines_before, stretches, sifted, .. } = self;
        let block = data.get(..*length).unwrap_or(data);
        let lines_before = *lines_before;
        Batch {
            block,
            aside,
            spans,
            event_ids,
            request_ids,
            lines_before,
            stretches: sifted.then_some(stretches.as_slice()),
        }
    }

    /// Appends an event. `place` is the offset of its message in the block; without one, the message is copied to
    /// `aside`.
    #[inline(always)]
    pub(crate) fn push(&mut self, stream: StreamId, event: &LogEvent<'_>, place: Option<usize>) {
        let from = place.unwrap_or(self.aside.len());
        if place.is_none() {
            self.aside.extend_from_slice(event.message);
        }
        if let Some(id) = event.request_id {
            self.request_ids.push((self.spans.len() as u32, id));
        }
        if let Some(id) = event.event_id {
            // Earlier events without an id get 0.
            self.event_ids.resize(self.spans.len(), 0);
            self.event_ids.push(id);
        }
        self.spans.push(Span {
            stream,
            from: from as u32,
            to: (from + event.message.len()) as u32,
            aside: place.is_none(),
            escaped: event.escaped,
            split: event.split,
            at: event.at,
            line: event.line,
            has_id: event.event_id.is_some(),
        });
    }

    /// Removes the events and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.length = 0;
        self.aside.clear();
        self.spans.clear();
        self.event_ids.clear();
        self.request_ids.clear();
        self.lines_before = 0;
        self.stretches.clear();
        self.sifted = false;
    }
}

impl<'a> Batch<'a> {
    /// Returns the event of a number, with its span.
    #[inline(always)]
    #[must_use]
    pub(crate) fn event(&self, number: u32) -> Option<(&'a Span, LogEvent<'a>)> {
        let span = self.spans.get(number as usize)?;
        let event = LogEvent {
            at: span.at,
            message: self.message(span),
            escaped: span.escaped,
            line: self.line(span),
            event_id: self.event_ids.get(number as usize).copied().filter(|_| span.has_id),
            split: span.split,
            request_id: self.request_id(number),
        };
        Some((span, event))
    }

    /// Iterates over the events, each with its span.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a Span, LogEvent<'a>)> + use<'a> {
        let batch = *self;
        (0..batch.spans.len() as u32).filter_map(move |number| batch.event(number))
    }

    /// Returns the message of an event.
    #[inline(always)]
    #[must_use]
    pub(crate) fn message(&self, span: &Span) -> &'a [u8] {
        let text = if span.aside { self.aside } else { self.block };
        text.get(span.from as usize..span.to as usize).unwrap_or_default()
    }

    /// Returns the stretch of these events, which must be ordinary lines of one stream.
    #[must_use]
    pub(crate) fn stretch(&self, numbers: Range<u32>) -> Option<Stretch> {
        let mut spans = self.spans.get(numbers.start as usize..numbers.end as usize)?.iter();
        let mut last = spans.next()?;
        let mut stretch = Stretch::of_one(numbers.start, last);
        for span in spans {
            stretch.push(last, span);
            last = span;
        }
        Some(stretch)
    }

    /// Returns the line of an event in the input.
    #[inline(always)]
    #[must_use]
    pub(crate) fn line(&self, span: &Span) -> u64 {
        self.lines_before + span.line
    }

    fn request_id(&self, number: u32) -> Option<RequestId> {
        let at = self.request_ids.binary_search_by_key(&number, |(of, _)| *of).ok()?;
        self.request_ids.get(at).map(|(_, id)| *id)
    }
}

/// A stretch: consecutive ordinary lines of one stream, which are cheap because they are counted together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    /// Number of the first event in its batch.
    pub first: u32,
    /// Number of events.
    pub events: u32,
    /// Bytes of their messages.
    pub bytes: u64,
    /// The first time among them.
    pub first_at: Option<Timestamp>,
    /// The last time among them.
    pub last_at: Option<Timestamp>,
    /// The latest time among them.
    pub latest: Option<Timestamp>,
    /// Whether the lines must be handled one by one: one has an event id by which a duplicate is recognised, or is in
    /// the same line of the input as the one before.
    pub one_by_one: bool,
}

impl Stretch {
    /// Creates the stretch of a single event.
    #[inline(always)]
    #[must_use]
    pub(crate) fn of_one(number: u32, span: &Span) -> Self {
        Self {
            first: number,
            events: 1,
            bytes: u64::from(span.to - span.from),
            first_at: span.at,
            last_at: span.at,
            latest: span.at,
            one_by_one: span.has_id,
        }
    }

    /// Appends an event of the same stream; `before` is the last one so far.
    #[inline(always)]
    pub(crate) fn push(&mut self, before: &Span, span: &Span) {
        self.events += 1;
        self.bytes += u64::from(span.to - span.from);
        self.first_at = self.first_at.or(span.at);
        self.last_at = span.at.or(self.last_at);
        self.latest = self.latest.max(span.at);
        self.one_by_one |= span.has_id || span.line == before.line;
    }

    /// Returns the numbers of its events.
    #[must_use]
    pub(crate) fn numbers(&self) -> Range<u32> {
        self.first..self.first + self.events
    }
}
