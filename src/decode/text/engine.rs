//! Engine of the text shapes: finds where events begin, and delivers each one together with the lines that continue it.

use std::ops::Range;

use crate::decode::delivery::Delivery;
use crate::decode::feed::{Feed, LONGEST};
use crate::decode::line_ends;
use crate::model::{LogEvent, Origin, Timestamp};

/// Maximum number of bytes kept of a message that is too long.
pub(in crate::decode) const KEPT: usize = 1024 * 1024;

/// Text before the message on the first line of an event. Offsets count from the start of that line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::decode) struct Prefix<N = ()> {
    /// Time at which the event was written, if known.
    pub(in crate::decode) at: Option<Timestamp>,
    /// Offset at which the message begins.
    pub(in crate::decode) message: usize,
    /// Places of the names, in shapes that have any.
    pub(in crate::decode) names: N,
}

/// Names on the first line of an event: [`NamePlaces`], or `()` in shapes that have none.
pub(in crate::decode) trait Naming: Copy + Default {
    /// Returns where the names are, if there are any.
    fn places(self) -> Option<NamePlaces>;
}

impl Naming for () {
    #[inline(always)]
    fn places(self) -> Option<NamePlaces> {
        None
    }
}

/// Places of the names on the first line of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::decode) struct NamePlaces {
    /// Place of the name of the log group.
    pub(in crate::decode) group: Column,
    /// Place of the name of the log stream.
    pub(in crate::decode) stream: Column,
    /// Place of the event id.
    pub(in crate::decode) event_id: Column,
}

impl Naming for NamePlaces {
    #[inline]
    fn places(self) -> Option<NamePlaces> {
        (self.group.to | self.stream.to | self.event_id.to != 0).then_some(self)
    }
}

/// Part of a line; empty if absent. Kept small, because every line has three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::decode) struct Column {
    from: u32,
    to: u32,
}

impl Column {
    /// Creates a column from one offset up to another; an empty one if they do not fit in 32 bits.
    pub(in crate::decode) fn new(from: usize, to: usize) -> Self {
        match (u32::try_from(from), u32::try_from(to)) {
            (Ok(from), Ok(to)) => Self { from, to },
            _ => Self::default(),
        }
    }

    fn of(self, text: &[u8]) -> Option<&[u8]> {
        if self.to == 0 { None } else { text.get(self.from as usize..self.to as usize) }
    }
}

/// Text shape with a prefix before every event.
pub(in crate::decode) trait Family {
    /// Names in its prefix.
    type Names: Naming;

    /// Parses the prefix of `line`, if the line begins an event. Any other line continues the event before it.
    fn prefix(&mut self, line: &[u8]) -> Option<Prefix<Self::Names>>;

    /// Delivers one event. Shapes with more than a prefix around the message remove the rest here.
    #[inline(always)]
    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        event.deliver(message, delivery);
    }
}

/// Event as the engine found it.
#[derive(Clone, Copy, Debug)]
pub(in crate::decode) struct FoundEvent<'e> {
    /// Time at which the event was written, if known.
    pub(in crate::decode) at: Option<Timestamp>,
    /// Number of its first line, from 1.
    pub(in crate::decode) line: u64,
    /// Its whole text, including the prefix.
    pub(in crate::decode) text: &'e [u8],
    /// Places of the names in `text`, if there are any.
    pub(in crate::decode) names: Option<NamePlaces>,
}

impl FoundEvent<'_> {
    /// Delivers the event without further changes.
    #[inline(always)]
    pub(in crate::decode) fn deliver(&self, message: &[u8], delivery: &mut Delivery<'_>) {
        let event = LogEvent { at: self.at, ..LogEvent::bare(message, self.line) };
        match self.names {
            None => {
                let stream = delivery.default_stream();
                delivery.event_of(stream, &event);
            }
            Some(names) => self.deliver_named(names, event, delivery),
        }
    }

    fn deliver_named(&self, names: NamePlaces, event: LogEvent<'_>, delivery: &mut Delivery<'_>) {
        let NamePlaces { group, stream, event_id } = names;
        let origin = Origin { log_group: group.of(self.text), log_stream: stream.of(self.text), ..Origin::default() };
        let event_id = event_id.of(self.text).map(xxhash_rust::xxh3::xxh3_64);
        delivery.event(&origin, LogEvent { event_id, ..event });
    }
}

/// Decodes an input whose shape is `family`.
pub(in crate::decode) fn decode(family: &mut impl Family, feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) {
    let ends = std::mem::take(delivery.line_ends());
    Engine { family, open: None, scanned: 0, lines: 0, in_line: false, ends }.run(feed, delivery);
}

/// Event whose end was not found yet. Before more data is read, it is moved to the start of the buffer.
#[derive(Clone, Copy)]
struct OpenEvent<N> {
    prefix: Prefix<N>,
    start: usize,
    line: u64,
    /// Whether the event is too long and its first part was delivered already. The text from `start` on still belongs
    /// to it, but is dropped.
    cut: bool,
}

struct Engine<'f, F: Family> {
    family: &'f mut F,
    open: Option<OpenEvent<F::Names>>,
    /// Offset up to which the data was examined.
    scanned: usize,
    /// Number of line ends before that offset.
    lines: u64,
    /// Whether the data begins within a line that was too long.
    in_line: bool,
    /// Memory for the line ends of a block.
    ends: Vec<u32>,
}

impl<F: Family> Engine<'_, F> {
    fn run(mut self, feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) {
        loop {
            self.scan(feed, delivery);
            if feed.ended() {
                let rest = feed.data().len();
                feed.pass_lines(rest, self.lines);
                *delivery.line_ends() = self.ends;
                return;
            }
            self.carry_over(feed, delivery);
            delivery.more(feed);
        }
    }

    /// Examines every complete line of the data, and at the end of the input also a last line without a line end.
    fn scan(&mut self, feed: &Feed<'_>, delivery: &mut Delivery<'_>) {
        let data = feed.data();
        let mut ends = std::mem::take(&mut self.ends);
        line_ends::find(data, self.scanned, &mut ends);
        let mut whole_lines = ends.as_slice();
        if self.in_line
            && let [end, rest @ ..] = whole_lines
        {
            self.in_line = false;
            (self.lines, self.scanned) = (self.lines + 1, *end as usize + 1);
            whole_lines = rest;
        }
        // Local variables instead of fields, because they change with every line.
        let (mut open, mut from, mut number) = (self.open, self.scanned, feed.line() + self.lines);
        for end in whole_lines.iter().map(|end| *end as usize) {
            open = self.line(data, from..end, number, open, delivery);
            delivery.flush_if_full(feed);
            (from, number) = (end + 1, number + 1);
        }
        if feed.ended() {
            if from < data.len() && !self.in_line {
                open = self.line(data, from..data.len(), number, open, delivery);
            }
            if let Some(open) = open.take() {
                self.close(data, data.len(), open, delivery);
            }
        }
        self.lines += whole_lines.len() as u64;
        (self.open, self.scanned, self.ends) = (open, from, ends);
    }

    /// Examines a line. Returns the event that is open after it.
    #[inline(always)]
    fn line(
        &mut self,
        data: &[u8],
        place: Range<usize>,
        number: u64,
        open: Option<OpenEvent<F::Names>>,
        delivery: &mut Delivery<'_>,
    ) -> Option<OpenEvent<F::Names>> {
        let start = place.start;
        let prefix = match (self.family.prefix(&data[place]), open) {
            (None, Some(_)) => return open,
            (prefix, None) => prefix.unwrap_or_default(),
            (Some(prefix), Some(open)) => {
                self.close(data, start, open, delivery);
                prefix
            }
        };
        Some(OpenEvent { prefix, start, line: number, cut: false })
    }

    #[inline(always)]
    fn close(&self, data: &[u8], end: usize, open: OpenEvent<F::Names>, delivery: &mut Delivery<'_>) {
        if open.cut {
            delivery.dropped(end.saturating_sub(open.start) as u64);
            return;
        }
        match data.get(open.start..end) {
            Some(text) if text.len() < LONGEST => self.hand_over(text, open.prefix, open.line, delivery),
            _ => {
                let kept = self.hand_over_start(data, open.start, open.prefix, open.line, delivery);
                delivery.dropped(end.saturating_sub(kept) as u64);
            }
        }
    }

    /// Delivers the first part of an event that is too long. Its length does not depend on where blocks end. Returns
    /// the offset at which that part ends.
    #[cold]
    fn hand_over_start(
        &self,
        data: &[u8],
        start: usize,
        prefix: Prefix<F::Names>,
        line: u64,
        delivery: &mut Delivery<'_>,
    ) -> usize {
        let kept = (start + KEPT).saturating_add(prefix.message).min(data.len());
        self.hand_over(&data[start..kept], prefix, line, delivery);
        delivery.message_cut();
        kept
    }

    #[inline(always)]
    fn hand_over(&self, text: &[u8], prefix: Prefix<F::Names>, line: u64, delivery: &mut Delivery<'_>) {
        // Removes only one line end, which the exporter added; the message may have one of its own before it.
        let message = match text.get(prefix.message..).unwrap_or_default() {
            [message @ .., b'\r', b'\n'] | [message @ .., b'\n' | b'\r'] | message => message,
        };
        if !message.is_empty() {
            let found = FoundEvent { at: prefix.at, line, text, names: prefix.names.places() };
            self.family.deliver(message, found, delivery);
        }
    }

    /// Consumes the data that is finished, so that the open event moves to the start of the data. Cuts that event if it
    /// is too long.
    fn carry_over(&mut self, feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) {
        let data = feed.data();
        if let Some(open) = self.open
            && !open.cut
            && data.len() - open.start >= LONGEST
        {
            // The incomplete last line may begin the next event; then the open event ends before that line.
            self.open = if self.scanned > open.start && self.family.prefix(&data[self.scanned..]).is_some() {
                self.close(data, self.scanned, open, delivery);
                None
            } else {
                let kept = self.hand_over_start(data, open.start, open.prefix, open.line, delivery);
                Some(OpenEvent { start: kept, cut: true, ..open })
            };
        }
        let done = match self.open {
            Some(OpenEvent { cut: false, start, .. }) => start,
            Some(OpenEvent { cut: true, start, .. }) => {
                delivery.dropped(self.scanned.saturating_sub(start) as u64);
                self.scanned
            }
            None => self.scanned,
        };
        self.pass(feed, done);
        if feed.data().len() >= LONGEST && self.scanned == 0 {
            self.give_up_line(feed, delivery);
        }
    }

    /// Gives up on a line that is too long. Delivers its first part as an event, unless the line continues one that was
    /// cut.
    fn give_up_line(&mut self, feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) {
        if !self.in_line && !self.open.is_some_and(|open| open.cut && self.family.prefix(feed.data()).is_none()) {
            let prefix = self.family.prefix(feed.data()).unwrap_or_default();
            let kept = self.hand_over_start(feed.data(), 0, prefix, feed.line(), delivery);
            self.open = Some(OpenEvent { prefix, start: kept, line: feed.line(), cut: true });
        }
        let all = feed.data().len();
        if let Some(open) = &mut self.open {
            delivery.dropped(all.saturating_sub(open.start) as u64);
            open.start = 0;
        }
        feed.pass_lines(all, 0);
        self.in_line = true;
    }

    fn pass(&mut self, feed: &mut Feed<'_>, done: usize) {
        // The text of the open event stays in the data, so its line ends are not passed yet.
        let lines = line_ends::count(&feed.data()[done..self.scanned]);
        feed.pass_lines(done, self.lines - lines);
        self.lines = lines;
        self.scanned -= done;
        if let Some(open) = &mut self.open {
            open.start = open.start.saturating_sub(done);
        }
    }
}
