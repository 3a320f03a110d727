//! The walk through JSON documents of any length and layout: one, several, lines or arrays, events handed over one by
//! one from the read buffer.

use super::event::EventObject;
use super::scan::{RawValue, Scanned, Skipper, items, members, members_and_lines, spaces, text_end, value};
use crate::decode::DecodeError;
use crate::decode::delivery::Delivery;
use crate::decode::feed::{Feed, LONGEST};
use crate::model::{Origin, Timestamp};

/// Bytes that suffice to tell a row from a list.
const ROW_HEAD: usize = 512;

/// What the documents of a shape look like.
#[derive(Clone, Copy)]
pub(in crate::decode) struct Layout {
    /// Key of the array of events in a document; none when every object is an event.
    pub(in crate::decode) list: Option<&'static [u8]>,
    /// What to do with an event object: its parts, its text, the line.
    pub(in crate::decode) deliver: Deliver,
}

type Deliver = fn(&EventObject<'_>, &[u8], u64, &mut Delivery<'_>);

/// The usual way to hand an event object over.
pub(in crate::decode) fn deliver_event(event: &EventObject<'_>, whole: &[u8], line: u64, delivery: &mut Delivery<'_>) {
    event.deliver(whole, line, delivery);
}

/// Members of a document around the list of its events.
#[derive(Debug, Default)]
struct Document {
    account: Option<Vec<u8>>,
    group: Option<Vec<u8>>,
    stream: Option<Vec<u8>>,
    control: bool,
}

impl Document {
    fn origin(&self) -> Origin<&[u8]> {
        Origin {
            account_id: self.account.as_deref(),
            log_group: self.group.as_deref(),
            log_stream: self.stream.as_deref(),
            ..Origin::default()
        }
    }

    fn take(&mut self, key: &[u8], value: RawValue<'_>, delivery: &mut Delivery<'_>) {
        let Some(text) = value.scalar().filter(|text| !text.is_empty()) else { return };
        match key {
            b"owner" => self.account = Some(text.to_vec()),
            b"logGroup" | b"logGroupName" => self.group = Some(text.to_vec()),
            b"logStream" | b"logStreamName" => self.stream = Some(text.to_vec()),
            b"messageType" => self.control = text == b"CONTROL_MESSAGE",
            // `NextToken` is the AWS CLI's own, after --max-items.
            b"nextToken" | b"NextToken" => delivery.pages_follow(),
            b"status" if matches!(text, b"Running" | b"Scheduled" | b"Timeout" | b"Cancelled" | b"Failed") => {
                delivery.query_unfinished(text);
            }
            _ => {}
        }
    }
}

/// Walks through all documents of an input.
pub(in crate::decode) fn walk(
    feed: &mut Feed<'_>,
    delivery: &mut Delivery<'_>,
    layout: Layout,
) -> Result<(), DecodeError> {
    let mut walk = DocumentWalk { feed, delivery, layout, document: Document::default(), skipped: 0 };
    while let Some(byte) = walk.next_byte() {
        match byte {
            b'{' if walk.layout.list.is_some() => walk.document()?,
            // Brackets and commas between documents, events and rows tell nothing that their members do not.
            b']' | b',' | b'}' | b':' | 0x1e => walk.feed.pass(1),
            _ => walk.element()?,
        }
    }
    Ok(())
}

/// Returns the bytes of the message of an event that may be cut.
fn message_bytes(event: &EventObject<'_>) -> usize {
    match event.message() {
        Some(RawValue::Text(text) | RawValue::CutText(text) | RawValue::Nested(text)) => text.len(),
        _ => 0,
    }
}

struct DocumentWalk<'w, 'f, 's> {
    feed: &'w mut Feed<'f>,
    delivery: &'w mut Delivery<'s>,
    layout: Layout,
    document: Document,
    /// Bytes of values that were not read.
    skipped: u64,
}

impl DocumentWalk<'_, '_, '_> {
    /// The next byte that is no white space, not consumed.
    fn next_byte(&mut self) -> Option<u8> {
        loop {
            let space = spaces(self.feed.data());
            self.feed.pass(space);
            if let Some(byte) = self.feed.data().first() {
                return Some(*byte);
            }
            if !self.delivery.more(self.feed) {
                return None;
            }
        }
    }

    /// A document: members around a list of events.
    fn document(&mut self) -> Result<(), DecodeError> {
        self.document = Document::default();
        self.feed.pass(1);
        loop {
            match self.next_byte() {
                None => return Err(self.cut()),
                Some(b'}') => {
                    self.feed.pass(1);
                    self.document = Document::default();
                    return Ok(());
                }
                Some(b'"') => self.member()?,
                Some(b',') => self.feed.pass(1),
                Some(_) => {
                    self.resync();
                    return Ok(());
                }
            }
        }
    }

    fn member(&mut self) -> Result<(), DecodeError> {
        let Some(end) = self.wait_for(|data| text_end(data, 1)) else { return Err(self.cut()) };
        let is_list = self.layout.list == self.feed.data().get(1..end);
        let key = if end < 64 { self.feed.data()[1..end].to_vec() } else { Vec::new() };
        self.feed.pass(end + 1);
        if self.next_byte() == Some(b':') {
            self.feed.pass(1);
        }
        match self.next_byte() {
            None => Err(self.cut()),
            Some(b'[') if is_list => self.list(),
            Some(b'{' | b'[') => self.skip_value(),
            Some(_) => self.scalar(&key),
        }
    }

    fn scalar(&mut self, key: &[u8]) -> Result<(), DecodeError> {
        let scanned = self.wait_for(|data| match value(data, 0) {
            Ok((_, end)) => Some(Scanned::Whole(end)),
            Err((_, Scanned::Cut)) => None,
            Err((_, other)) => Some(other),
        });
        match scanned {
            Some(Scanned::Whole(end)) => {
                if let Ok((value, _)) = value(self.feed.data(), 0) {
                    self.document.take(key, value, self.delivery);
                }
                self.feed.pass(end);
                Ok(())
            }
            Some(_) => {
                self.resync();
                Ok(())
            }
            None => self.skip_value(),
        }
    }

    /// The list of events in a document.
    fn list(&mut self) -> Result<(), DecodeError> {
        if self.layout.list == Some(b"logEvents") && self.document.group.is_none() {
            self.look_behind_list();
        }
        self.feed.pass(1);
        loop {
            match self.next_byte() {
                None => return Err(self.cut()),
                Some(b']') => {
                    self.feed.pass(1);
                    return Ok(());
                }
                Some(b',') => self.feed.pass(1),
                Some(_) if self.document.control => self.skip_value()?,
                Some(_) => self.element()?,
            }
        }
    }

    /// Who wrote the events may stand behind them: looks there, as far as the buffer may reach.
    fn look_behind_list(&mut self) {
        let end = self.wait_for(|data| value(data, 0).ok().map(|(_, end)| end));
        let Some(end) = end else { return };
        loop {
            let mut found = Vec::new();
            // The scanner wants the opening bracket that was consumed long ago: any byte stands for it.
            let scanned = members(&self.feed.data()[end - 1..], |key, value| found.push((key, value)));
            if scanned == Scanned::Cut && self.feed.data().len() < LONGEST && !self.feed.ended() {
                drop(found);
                self.delivery.more(self.feed);
                continue;
            }
            for (key, value) in found {
                self.document.take(key, value, self.delivery);
            }
            return;
        }
    }

    /// One event: an object, a row of fields, a row of plain values, or a message alone.
    fn element(&mut self) -> Result<(), DecodeError> {
        loop {
            let (scanned, lines) = self.scan_element();
            match (scanned, lines) {
                (Scanned::Whole(length), Some(lines)) => {
                    self.delivery.flush_if_full(self.feed);
                    self.feed.pass_lines(length, lines);
                    return Ok(());
                }
                (Scanned::Whole(length), None) => {
                    self.delivery.flush_if_full(self.feed);
                    self.feed.pass(length);
                    return Ok(());
                }
                (Scanned::Broken(_), _) => {
                    self.resync();
                    return Ok(());
                }
                (Scanned::Cut, _) if self.feed.ended() => return self.cut_element(),
                (Scanned::Cut, _) if self.feed.data().len() >= LONGEST => {
                    let kept = self.overlong(self.feed.line());
                    let before = self.skipped;
                    let result = self.skip_value();
                    self.delivery.dropped((self.skipped - before).saturating_sub(kept));
                    return result;
                }
                (Scanned::Cut, _) => {
                    self.delivery.more(self.feed);
                }
            }
        }
    }

    /// Hands over the event at the start of the data, if it is whole; and its line ends, where they were counted.
    #[inline]
    fn scan_element(&mut self) -> (Scanned, Option<u64>) {
        let (data, line) = (self.feed.data(), self.feed.line());
        let origin = self.document.origin();
        match data.first() {
            Some(b'{') => {
                let mut lines = 0;
                let scanned = object(data, &origin, &mut lines, &mut |event, whole| {
                    (self.layout.deliver)(event, whole, line, self.delivery);
                });
                (scanned, Some(lines))
            }
            Some(b'[') if data.len() < ROW_HEAD && !self.feed.ended() => (Scanned::Cut, None),
            Some(b'[') if opens_list(data) => (Scanned::Whole(1), None),
            Some(b'[') => (row(data, line, &origin, self.delivery), None),
            _ => (single(data, line, &origin, self.delivery), None),
        }
    }

    /// Hands over what the buffer holds of an event that does not fit into it. Returns the bytes kept of its message.
    fn overlong(&mut self, line: u64) -> u64 {
        let data = self.feed.data();
        let mut event = EventObject::of(self.document.origin());
        if data.first() == Some(&b'{') {
            members(data, |key, value| event.take(key, value));
        }
        let kept = message_bytes(&event);
        if event.message().is_some() {
            (self.layout.deliver)(&event, &[], line, self.delivery);
        }
        self.delivery.message_cut();
        kept as u64
    }

    /// The input ends within an event: what is there of its message counts.
    fn cut_element(&mut self) -> Result<(), DecodeError> {
        let error = self.cut();
        let rest = self.feed.data().len();
        let mut kept = 0;
        if self.feed.data().first() == Some(&b'{') {
            let mut event = EventObject::of(self.document.origin());
            let line = self.feed.line();
            members(self.feed.data(), |key, value| event.take(key, value));
            kept = message_bytes(&event);
            if event.message().is_some() {
                (self.layout.deliver)(&event, &[], line, self.delivery);
            }
        }
        self.delivery.dropped(rest.saturating_sub(kept) as u64);
        self.feed.pass(rest);
        Err(error)
    }

    /// Consumes one value of any length; where none begins, what is there up to the next line: never nothing, so that
    /// every loop over values ends.
    fn skip_value(&mut self) -> Result<(), DecodeError> {
        let mut skipper = Skipper::default();
        let mut begun = false;
        loop {
            match skipper.skip(self.feed.data()) {
                Some(0) if !begun => {
                    self.resync();
                    return Ok(());
                }
                Some(length) => {
                    self.skip(length);
                    return Ok(());
                }
                None => begun = true,
            }
            self.skip(self.feed.data().len());
            if !self.delivery.more(self.feed) {
                return Err(self.cut());
            }
        }
    }

    /// Passes bytes of a value that is not read.
    fn skip(&mut self, bytes: usize) {
        self.feed.pass(bytes);
        self.skipped += bytes as u64;
    }

    /// Goes on behind something that is no JSON: at the next line.
    fn resync(&mut self) {
        // A code fence below the log ends nothing.
        if !self.feed.data().starts_with(b"```") {
            self.delivery.not_json(self.feed.line());
        }
        loop {
            let data = self.feed.data();
            let end = memchr::memchr(b'\n', data).map(|end| end + 1);
            let length = end.unwrap_or(data.len());
            self.delivery.dropped_text(&data[..length], self.feed.line());
            self.feed.pass(length);
            self.delivery.dropped(length as u64);
            if end.is_some() || !self.delivery.more(self.feed) {
                return;
            }
        }
    }

    /// Reads on until `find` finds something, up to the length of the longest event.
    fn wait_for<T>(&mut self, find: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        loop {
            if let Some(found) = find(self.feed.data()) {
                return Some(found);
            }
            if self.feed.data().len() >= LONGEST || !self.delivery.more(self.feed) {
                return None;
            }
        }
    }

    fn cut(&self) -> DecodeError {
        DecodeError::Corrupt(format!(
            "the JSON ends in the middle, at line {}; what came before counts, fetch the rest again",
            self.feed.line()
        ))
    }
}

/// An array of objects or arrays that are not rows of fields: its brackets are passed over.
fn opens_list(data: &[u8]) -> bool {
    let inside = 1 + spaces(&data[1..]);
    match data.get(inside) {
        Some(b']') => true,
        Some(b'{') => {
            let first = inside + 1 + spaces(&data[inside + 1..]);
            !(data[first..].starts_with(b"\"field\"") || data[first..].starts_with(b"\"value\""))
        }
        Some(b'[') => true,
        // An array of messages alone has a text first; a row of a time and a message a number.
        Some(b'"') => Timestamp::parse_prefix(&data[inside + 1..])
            .is_none_or(|(_, used)| data.get(inside + 1 + used) != Some(&b'"')),
        _ => false,
    }
}

fn object(
    data: &[u8],
    origin: &Origin<&[u8]>,
    lines: &mut u64,
    deliver: &mut dyn FnMut(&EventObject<'_>, &[u8]),
) -> Scanned {
    let mut event = EventObject::of(*origin);
    let scanned = members_and_lines(data, lines, |key, value| event.take(key, value));
    if let Scanned::Whole(length) = scanned {
        deliver(&event, &data[..length]);
    }
    scanned
}

/// A row: `[{"field":"@message","value":"…"},…]` of Logs Insights, or `[time, "message"]` of a CLI query.
fn row(data: &[u8], line: u64, origin: &Origin<&[u8]>, delivery: &mut Delivery<'_>) -> Scanned {
    let mut event = EventObject::of(*origin);
    let scanned = items(data, |item| match item {
        RawValue::Nested(field @ [b'{', ..]) => take_field(&mut event, field),
        RawValue::Bare(_) => event.take(b"timestamp", item),
        RawValue::Text(text) if !event.timed() && Timestamp::parse_prefix(text).is_some() => {
            event.take(b"timestamp", item);
        }
        RawValue::Text(text) if crate::model::stream_parts(&String::from_utf8_lossy(text)).is_some() => {
            event.take(b"logStreamName", item);
        }
        RawValue::Text(_) => event.take(b"message", item),
        _ => {}
    });
    if matches!(scanned, Scanned::Whole(_)) && event.message().is_some() {
        event.deliver(&[], line, delivery);
    }
    scanned
}

fn take_field<'j>(event: &mut EventObject<'j>, field: &'j [u8]) {
    let (mut name, mut content) = (None, None);
    members(field, |key, value| match key {
        b"field" => name = value.text(),
        b"value" => content = Some(value),
        _ => {}
    });
    if let (Some(name), Some(content)) = (name, content) {
        event.take(name, content);
    }
}

/// A message alone: an item of `--query 'events[].message'`.
fn single(data: &[u8], line: u64, origin: &Origin<&[u8]>, delivery: &mut Delivery<'_>) -> Scanned {
    match value(data, 0) {
        Ok((item, end)) => {
            if let RawValue::Text(_) = item {
                let mut event = EventObject::of(*origin);
                event.take(b"message", item);
                event.deliver(&[], line, delivery);
            }
            Scanned::Whole(end)
        }
        Err((_, scanned)) => scanned,
    }
}
