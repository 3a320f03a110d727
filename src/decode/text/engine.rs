//! The engine of the text shapes: finds where events begin, and hands them over with the lines that continue them.

use crate::decode::delivery::{Delivery, Identity};
use crate::decode::feed::{Feed, LONGEST};
use crate::decode::head::without_return;
use crate::model::{LogEvent, Timestamp};

/// Bytes kept of a message that is too long.
pub(in crate::decode) const KEPT: usize = 1024 * 1024;

/// What stands before the message on the first line of an event. Places are counted from the start of that line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::decode) struct Prefix {
    /// When it was written.
    pub(in crate::decode) at: Option<Timestamp>,
    /// Where the message begins.
    pub(in crate::decode) message: usize,
    /// Where names stand.
    pub(in crate::decode) names: Names,
}

/// Where the names of an event stand on its first line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::decode) struct Names {
    /// Of its log group.
    pub(in crate::decode) group: Column,
    /// Of its log stream.
    pub(in crate::decode) stream: Column,
    /// Its id.
    pub(in crate::decode) event_id: Column,
}

impl Names {
    /// Asked part by part: the parts were just written, and reading them as one would wait for that.
    #[inline]
    fn are_none(&self) -> bool {
        self.group.to | self.stream.to | self.event_id.to == 0
    }
}

/// A part of a line; empty where there is none. Small, as every line has three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::decode) struct Column {
    from: u32,
    to: u32,
}

impl Column {
    /// From a place up to another one.
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

/// A text shape with a prefix before every event.
pub(in crate::decode) trait Family {
    /// The prefix of `line`, if it begins an event. Lines that begin none continue the event before.
    fn prefix(&mut self, line: &[u8]) -> Option<Prefix>;

    /// Hands one event over; shapes that write more than a prefix around the message take it off here.
    #[inline(always)]
    fn deliver(&self, message: &[u8], event: Found<'_>, delivery: &mut Delivery<'_>) {
        event.deliver(message, delivery);
    }
}

/// An event as the engine found it.
#[derive(Clone, Copy, Debug)]
pub(in crate::decode) struct Found<'e> {
    /// When it was written.
    pub(in crate::decode) at: Option<Timestamp>,
    /// Its first line, from 1.
    pub(in crate::decode) line: u64,
    /// All of its text, and where names stand in it.
    pub(in crate::decode) text: &'e [u8],
    /// See `text`.
    pub(in crate::decode) names: Names,
}

impl Found<'_> {
    /// Hands the event over as it is.
    #[inline(always)]
    pub(in crate::decode) fn deliver(&self, message: &[u8], delivery: &mut Delivery<'_>) {
        let event = LogEvent { at: self.at, ..LogEvent::bare(message, self.line) };
        if self.names.are_none() {
            let stream = delivery.default_stream();
            delivery.event_of(stream, &event);
        } else {
            self.deliver_named(event, delivery);
        }
    }

    fn deliver_named(&self, event: LogEvent<'_>, delivery: &mut Delivery<'_>) {
        let Names { group, stream, event_id } = self.names;
        let identity = Identity { group: group.of(self.text), stream: stream.of(self.text), ..Identity::default() };
        let event_id = event_id.of(self.text).map(xxhash_rust::xxh3::xxh3_64);
        delivery.event(&identity, LogEvent { event_id, ..event });
    }
}

/// Decodes an input of a family.
pub(in crate::decode) fn decode(family: &mut impl Family, feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) {
    Engine { family, open: None, scanned: 0, lines: 0, in_line: false }.run(feed, delivery);
}

/// The event whose end was not found yet. It begins at the start of the data.
#[derive(Clone, Copy)]
struct Open {
    prefix: Prefix,
    start: usize,
    line: u64,
    /// It was handed over already, being too long; what comes still belongs to it.
    cut: bool,
}

struct Engine<'f, F> {
    family: &'f mut F,
    open: Option<Open>,
    /// Data before this place was looked at.
    scanned: usize,
    /// Line ends in it.
    lines: u64,
    /// The data begins within a line that was too long.
    in_line: bool,
}

impl<F: Family> Engine<'_, F> {
    fn run(mut self, feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) {
        loop {
            self.scan(feed, delivery);
            if feed.ended() {
                let rest = feed.data().len();
                feed.pass_lines(rest, self.lines);
                return;
            }
            self.carry_over(feed, delivery);
            delivery.more(feed);
        }
    }

    /// Looks at every whole line of the data; at the last line of all, too.
    fn scan(&mut self, feed: &Feed<'_>, delivery: &mut Delivery<'_>) {
        let data = feed.data();
        let first = self.scanned;
        let mut at = first;
        for newline in memchr::memchr_iter(b'\n', &data[first..]).map(|newline| newline + first) {
            self.line(data, at, newline, feed.line(), delivery);
            delivery.ease(feed);
            self.lines += 1;
            at = newline + 1;
        }
        if feed.ended() {
            if at < data.len() {
                self.line(data, at, data.len(), feed.line(), delivery);
            }
            self.close(data, data.len(), delivery);
        }
        self.scanned = at;
    }

    #[inline(always)]
    fn line(&mut self, data: &[u8], from: usize, to: usize, first_line: u64, delivery: &mut Delivery<'_>) {
        if std::mem::take(&mut self.in_line) {
            return;
        }
        let prefix = self.family.prefix(&data[from..to]);
        if prefix.is_none() && self.open.is_some() {
            return;
        }
        self.close(data, from, delivery);
        self.open =
            Some(Open { prefix: prefix.unwrap_or_default(), start: from, line: first_line + self.lines, cut: false });
    }

    #[inline(always)]
    fn close(&mut self, data: &[u8], end: usize, delivery: &mut Delivery<'_>) {
        if let Some(open) = self.open.take()
            && !open.cut
        {
            if end - open.start >= LONGEST {
                self.hand_over_start(data, &open, delivery);
            } else {
                self.hand_over(&data[open.start..end], &open, delivery);
            }
        }
    }

    /// Hands over what is kept of an event that is too long, wherever blocks of it end.
    #[cold]
    fn hand_over_start(&self, data: &[u8], open: &Open, delivery: &mut Delivery<'_>) {
        let kept = (open.start + KEPT).saturating_add(open.prefix.message).min(data.len());
        self.hand_over(&data[open.start..kept], open, delivery);
        delivery.message_cut();
    }

    #[inline(always)]
    fn hand_over(&self, text: &[u8], open: &Open, delivery: &mut Delivery<'_>) {
        let prefix = &open.prefix;
        // One line end is the exporter's; a message may end with one of its own.
        let message = text.get(prefix.message..).unwrap_or_default();
        let message = without_return(message.strip_suffix(b"\n").unwrap_or(message));
        if !message.is_empty() {
            let found = Found { at: prefix.at, line: open.line, text, names: prefix.names };
            self.family.deliver(message, found, delivery);
        }
    }

    /// Consumes what is done, so that the open event comes to the start of the data; cuts it when it is too long.
    fn carry_over(&mut self, feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) {
        let data = feed.data();
        if let Some(open) = self.open
            && !open.cut
            && data.len() - open.start >= LONGEST
        {
            self.hand_over_start(data, &open, delivery);
            self.open = Some(Open { cut: true, ..open });
        }
        let done = match self.open {
            Some(Open { cut: false, start, .. }) => start,
            _ => self.scanned,
        };
        self.pass(feed, done);
        if feed.data().len() >= LONGEST && self.scanned == 0 {
            self.give_up_line(feed, delivery);
        }
    }

    /// A line without an end: its start counts as an event unless it continues one.
    fn give_up_line(&mut self, feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) {
        if !self.in_line && !self.open.is_some_and(|open| open.cut && self.family.prefix(feed.data()).is_none()) {
            let prefix = self.family.prefix(feed.data()).unwrap_or_default();
            let open = Open { prefix, start: 0, line: feed.line(), cut: true };
            self.hand_over_start(feed.data(), &open, delivery);
            self.open = Some(open);
        }
        let all = feed.data().len();
        feed.pass_lines(all, 0);
        self.in_line = true;
    }

    fn pass(&mut self, feed: &mut Feed<'_>, done: usize) {
        // Lines of the open event are counted again when it is closed: its first line is known.
        let lines = super::super::feed::count_lines(&feed.data()[done..self.scanned]);
        feed.pass_lines(done, self.lines - lines);
        self.lines = lines;
        self.scanned -= done;
        if let Some(open) = &mut self.open {
            open.start = open.start.saturating_sub(done);
        }
    }
}
