//! Many events at once, as stages hand them over: their messages stay in the block of the input that was read.

use std::ops::Range;

use super::{LogEvent, RequestId, StreamId, Timestamp};

/// An event whose message stands in a [`Batch`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// Its stream.
    pub stream: StreamId,
    /// Where its message begins, and where it ends.
    pub from: u32,
    /// See `from`.
    pub to: u32,
    /// The message is not in the block of the batch but in what stands beside it.
    pub aside: bool,
    /// As in [`LogEvent`].
    pub escaped: bool,
    /// As in [`LogEvent`].
    pub split: bool,
    /// As in [`LogEvent`].
    pub at: Option<Timestamp>,
    /// As in [`LogEvent`], but counted from where the lines of the batch begin.
    pub line: u64,
    /// It has an id of its own: see [`Batch::event_ids`].
    pub has_id: bool,
}

// There is one for every line, and all pass through the cache.
const _: () = assert!(size_of::<Span>() <= 32);

/// Events in their order, whose messages stand in one block of the input: so a sink can search all of it at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch<'a> {
    /// A stretch of the input, messages and what stands around them.
    pub block: &'a [u8],
    /// Messages that were rewritten, one after the other.
    pub aside: &'a [u8],
    /// The events.
    pub spans: &'a [Span],
    /// Ids of the events that have one, at the number of each.
    pub event_ids: &'a [u64],
    /// Request ids that the wrapping tells, by number of the event, in its order.
    pub request_ids: &'a [(u32, RequestId)],
    /// Lines of the input before those that the spans count: 0 where they count from the start of the input.
    pub lines_before: u64,
    /// Ordinary lines, where somebody looked at every message: what is in none of them may matter.
    pub stretches: Option<&'a [Stretch]>,
}

/// A [`Batch`] with its memory, which goes from stage to stage and back.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// A stretch of the input. May be longer than what was read.
    pub data: Vec<u8>,
    /// Bytes of `data` that were read.
    pub length: usize,
    /// See [`Batch::aside`].
    pub aside: Vec<u8>,
    /// See [`Batch::spans`].
    pub spans: Vec<Span>,
    /// See [`Batch::event_ids`].
    pub event_ids: Vec<u64>,
    /// See [`Batch::request_ids`].
    pub request_ids: Vec<(u32, RequestId)>,
    /// See [`Batch::lines_before`].
    pub lines_before: u64,
    /// See [`Batch::stretches`].
    pub stretches: Vec<Stretch>,
    /// Somebody looked at every message.
    pub sifted: bool,
    /// Memory for the places at which lines of `data` end.
    pub line_ends: Vec<u32>,
}

impl Block {
    /// What is in it.
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

    /// Takes an event whose message begins at `place` in the block, or else has to be kept beside it.
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
            // Those before it have none.
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

    /// Forgets the events and keeps the memory.
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
    /// The event of a number, and what stands for it.
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

    /// The events, each with what stands for it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a Span, LogEvent<'a>)> + use<'a> {
        let batch = *self;
        (0..batch.spans.len() as u32).filter_map(move |number| batch.event(number))
    }

    /// The message of an event.
    #[inline(always)]
    #[must_use]
    pub(crate) fn message(&self, span: &Span) -> &'a [u8] {
        let text = if span.aside { self.aside } else { self.block };
        text.get(span.from as usize..span.to as usize).unwrap_or_default()
    }

    /// The events of these numbers, where they are ordinary lines of one stream.
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

    /// The line of an event, in the input.
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

/// Ordinary lines of the function in a row, all of one stream: counted together, they cost little.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    /// Number of the first one in its batch.
    pub first: u32,
    /// How many.
    pub events: u32,
    /// Bytes of their messages.
    pub bytes: u64,
    /// The first time among them, the last one, and the latest.
    pub first_at: Option<Timestamp>,
    /// See `first_at`.
    pub last_at: Option<Timestamp>,
    /// See `first_at`.
    pub latest: Option<Timestamp>,
    /// One of them has an id of its own by which it may be known, or stands in the same line as the one before.
    pub one_by_one: bool,
}

impl Stretch {
    /// The event of a number alone.
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

    /// With one more behind, of the same stream; `before` is the last so far.
    #[inline(always)]
    pub(crate) fn push(&mut self, before: &Span, span: &Span) {
        self.events += 1;
        self.bytes += u64::from(span.to - span.from);
        self.first_at = self.first_at.or(span.at);
        self.last_at = span.at.or(self.last_at);
        self.latest = self.latest.max(span.at);
        self.one_by_one |= span.has_id || span.line == before.line;
    }

    /// The numbers of its events.
    #[must_use]
    pub(crate) fn numbers(&self) -> Range<u32> {
        self.first..self.first + self.events
    }
}
