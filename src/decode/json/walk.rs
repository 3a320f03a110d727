//! The walk through JSON documents of any length and layout: one, several, lines or arrays, events handed over one by
//! one from the read buffer.

use super::brackets::Brackets;
use super::event::{EventObject, MESSAGE_KEYS};
use super::names::{EventPart, is_name, part_of, scalars, time_of};
use super::nesting::{EventPlace, MessagePlace, Step};
use super::scan::{
    RawValue, Scanned, Skipper, is_well_formed, items, members, members_and_lines, spaces, text_end, value,
};
use super::tail::begins_field;
use crate::decode::DecodeError;
use crate::decode::delivery::Delivery;
use crate::decode::feed::{Feed, LONGEST};
use crate::model::Origin;

/// Bytes that suffice to tell a row from a list.
const ROW_HEAD: usize = 512;

/// What the documents of a shape look like.
#[derive(Clone, Copy)]
pub(in crate::decode) struct Layout {
    /// Key of the array of events in a document; none when every object is an event.
    pub(in crate::decode) list: Option<&'static [u8]>,
    /// Whether every object or row has a message, so that one without it was not understood.
    pub(in crate::decode) all_say: bool,
    /// What to do with an event object: its parts, its text, the line.
    pub(in crate::decode) deliver: Deliver,
}

/// Lines of prose that are counted, at most.
const MOST_PROSE: usize = 1_000;
/// Bytes of a key that may name something, at most.
const LONGEST_KEY: usize = 300;
/// Bytes by which documents of one make are told from those of another.
const DOCUMENT_HEAD: usize = 4 * 1024;
/// Bytes of the labels beside a list of events, at most.
const LONGEST_LABELS: usize = 16 * 1024;

type Deliver = fn(&EventObject<'_>, &[u8], u64, &mut Delivery<'_>);

/// The usual way to hand an event object over.
pub(in crate::decode) fn deliver_event(event: &EventObject<'_>, whole: &[u8], line: u64, delivery: &mut Delivery<'_>) {
    event.deliver(whole, line, delivery);
}

/// Members of a document around the list of its events.
#[derive(Clone, Debug, Default)]
struct Document {
    account: Option<Vec<u8>>,
    region: Option<Vec<u8>>,
    function: Option<Vec<u8>>,
    group: Option<Vec<u8>>,
    stream: Option<Vec<u8>>,
    control: bool,
}

impl Document {
    fn origin(&self) -> Origin<&[u8]> {
        Origin {
            account_id: self.account.as_deref(),
            region: self.region.as_deref(),
            function: self.function.as_deref(),
            log_group: self.group.as_deref(),
            log_stream: self.stream.as_deref(),
        }
    }

    /// Takes a member of a document of any make.
    fn take_any(&mut self, key: &[u8], text: &[u8]) {
        let place = match part_of(key, text) {
            Some(EventPart::Account) => &mut self.account,
            Some(EventPart::Region) => &mut self.region,
            Some(EventPart::Function) => &mut self.function,
            Some(EventPart::Group) => &mut self.group,
            Some(EventPart::Stream) => &mut self.stream,
            _ => return,
        };
        *place = Some(text.to_vec());
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
    let path = layout.list.map(|key| vec![Step::Key(key.into()), Step::Item]).unwrap_or_default();
    let places = [EventPlace { path, message: MessagePlace::Whole }];
    let mut walk = DocumentWalk::new(feed, delivery, &places, Some(layout.deliver));
    walk.all_say = layout.all_say;
    walk.run()
}

/// Walks through all documents of an input whose events are at places that were learned.
pub(super) fn walk_places(
    feed: &mut Feed<'_>,
    delivery: &mut Delivery<'_>,
    places: &[EventPlace],
) -> Result<(), DecodeError> {
    DocumentWalk::new(feed, delivery, places, None).run()
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
    places: &'w [EventPlace],
    /// What to do with the events of a known shape; `None` where their places were learned.
    deliver: Option<Deliver>,
    /// Number of the place of the next event.
    place: usize,
    document: Document,
    brackets: Brackets,
    /// Numbers of the lines since the last document, at most [`MOST_PROSE`], that look like prose.
    prose: Vec<u64>,
    /// Bytes of values that were not read.
    skipped: u64,
    /// Whether every event has a message.
    all_say: bool,
    /// Whether a document or an event was walked through.
    begun: bool,
}

impl<'w, 'f, 's> DocumentWalk<'w, 'f, 's> {
    fn new(
        feed: &'w mut Feed<'f>,
        delivery: &'w mut Delivery<'s>,
        places: &'w [EventPlace],
        deliver: Option<Deliver>,
    ) -> Self {
        let (document, brackets, begun) = (Document::default(), Brackets::default(), delivery.follows);
        Self {
            feed,
            delivery,
            places,
            deliver,
            place: 0,
            document,
            brackets,
            prose: Vec::new(),
            skipped: 0,
            all_say: false,
            begun,
        }
    }

    fn run(mut self) -> Result<(), DecodeError> {
        let all: Vec<usize> = (0..self.places.len()).collect();
        let flat = self.places.iter().position(|place| place.path.is_empty());
        while let Some(byte) = self.next_byte() {
            if matches!(byte, b'{' | b'[' | b'"') {
                // Prose below the last document is no part of it; between two it may have been a document.
                self.prose.drain(..).for_each(|line| self.delivery.not_json(line));
            }
            match (byte, flat) {
                (b',', _) => self.comma(),
                (b']' | b'}' | b':', _) => {
                    if byte != b']' || !self.brackets.close() {
                        self.delivery.not_json(self.feed.line());
                    }
                    self.feed.pass(1);
                }
                // Between JSON texts (RFC 7464).
                (0x1e, _) => self.feed.pass(1),
                (b'{' | b'[', _)
                    if self.begun && self.brackets.depth() == 0 && self.is_of_another_make(flat.is_some()) =>
                {
                    return Ok(());
                }
                (_, Some(place)) => {
                    self.place = place;
                    self.element()?;
                    self.begun = true;
                }
                (b'{', None) => {
                    self.begun = true;
                    self.begins_value();
                    self.document = Document::default();
                    self.object(&all, 0)?;
                    self.document = Document::default();
                }
                (b'[', None) => self.open_bracket(),
                (b'"', None) => {
                    self.begins_value();
                    self.skip_value()?;
                }
                (_, None) => self.resync(),
            }
        }
        if self.brackets.are_cut() { Err(self.cut()) } else { Ok(()) }
    }

    fn open_bracket(&mut self) {
        if self.brackets.open() {
            self.delivery.not_json(self.feed.line());
        }
        self.feed.pass(1);
    }

    /// Takes the beginning of a value between brackets.
    #[inline]
    fn begins_value(&mut self) {
        if self.brackets.value() {
            self.delivery.not_json(self.feed.line());
        }
    }

    /// Takes a comma between values.
    #[inline]
    fn comma(&mut self) {
        if !self.brackets.comma() {
            self.delivery.not_json(self.feed.line());
        }
        self.feed.pass(1);
    }

    /// Returns whether the object at the start of the data is a document or an event of another make than those before it:
    /// several exports were put into one file.
    #[inline]
    fn is_of_another_make(&self, events_alone: bool) -> bool {
        let data = self.feed.data();
        let data = &data[data.iter().take_while(|byte| matches!(byte, b'[' | b' ' | b'\n' | b'\r' | b'\t')).count()..];
        if data.first() != Some(&b'{') {
            return false;
        }
        self.deliver.is_some() && (!events_alone || begins_document(data)) && self.lacks_list(data)
    }

    #[cold]
    fn lacks_list(&self, data: &[u8]) -> bool {
        let list = match self.places.first().and_then(|place| place.path.first()) {
            Some(Step::Key(key)) => Some(&**key),
            _ => None,
        };
        let mut event = EventObject::default();
        let (mut has_list, mut has_other) = (false, false);
        let scanned = members(&data[..data.len().min(DOCUMENT_HEAD)], |key, value| {
            has_list |= list == Some(key);
            has_other |= LISTS.contains(&key);
            event.take(key, value);
        });
        let is_event =
            list.is_some() && matches!(scanned, Scanned::Whole(_)) && (event.message().is_some() || begins_field(data));
        !has_list && (is_event || has_other && event.message().is_none())
    }

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

    /// Walks through an object on the way to events: `live` are the places that may be in it, `depth` steps from the
    /// document.
    fn object(&mut self, live: &[usize], depth: usize) -> Result<(), DecodeError> {
        self.feed.pass(1);
        loop {
            match self.next_byte() {
                None => return Err(self.cut()),
                Some(b'}') => {
                    self.feed.pass(1);
                    return Ok(());
                }
                Some(b'"') => self.member(live, depth)?,
                Some(b',') => self.feed.pass(1),
                Some(_) => {
                    self.resync();
                    return Ok(());
                }
            }
        }
    }

    fn member(&mut self, live: &[usize], depth: usize) -> Result<(), DecodeError> {
        let Some(end) = self.wait_for(|data| text_end(data, 1)) else { return Err(self.cut()) };
        let key = self.feed.data().get(1..end).unwrap_or_default();
        let leads = |place: &&usize| match self.places[**place].path.get(depth) {
            Some(Step::Key(step)) => **step == *key,
            step => step == Some(&Step::AnyKey),
        };
        let live: Vec<usize> = live.iter().filter(leads).copied().collect();
        let key = if end < LONGEST_KEY { key.to_vec() } else { Vec::new() };
        self.feed.pass(end + 1);
        if self.next_byte() == Some(b':') {
            self.feed.pass(1);
        }
        match self.next_byte() {
            None => Err(self.cut()),
            Some(byte @ (b'[' | b'{')) if !live.is_empty() && self.deliver.is_none() && is_name(&key) => {
                let around = self.document.clone();
                self.document.take_any(b"", &key);
                let result = self.nested(byte, &live, depth + 1);
                self.document = around;
                result
            }
            Some(byte @ (b'[' | b'{')) if !live.is_empty() => self.nested(byte, &live, depth + 1),
            Some(b'{' | b'[') => self.beside(&key),
            Some(_) => self.scalar(&key),
        }
    }

    /// Walks through a nested value on the way to events.
    fn nested(&mut self, byte: u8, live: &[usize], depth: usize) -> Result<(), DecodeError> {
        if let Some(place) = live.iter().find(|place| self.places[**place].path.len() == depth) {
            self.place = *place;
            return self.element();
        }
        let around = self.document.clone();
        let leads = |place: &&usize| (self.places[**place].path.get(depth) == Some(&Step::Item)) == (byte == b'[');
        let live: Vec<usize> = live.iter().filter(leads).copied().collect();
        match byte {
            _ if live.is_empty() => self.skip_value()?,
            b'[' => self.list(&live, depth + 1)?,
            _ => self.object(&live, depth)?,
        }
        self.document = around;
        Ok(())
    }

    /// Takes a nested value beside the events: in documents of any make it may hold labels.
    fn beside(&mut self, key: &[u8]) -> Result<(), DecodeError> {
        if self.deliver.is_none() {
            let cut = |data: &[u8]| (data.len() >= LONGEST_LABELS).then_some(0);
            let end = self.wait_for(|data| value(data, 0).ok().map(|(_, end)| end).or_else(|| cut(data)));
            let labels = end.and_then(|_| value(self.feed.data(), 0).ok());
            if let Some((labels, _)) = labels {
                scalars(key, labels, &mut |key, text| self.document.take_any(key, text));
            }
        }
        self.skip_value()
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
                    if let (None, Some(text)) = (self.deliver, value.scalar()) {
                        self.document.take_any(key, text);
                    }
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

    /// Walks through a list on the way to events, or of events.
    fn list(&mut self, live: &[usize], depth: usize) -> Result<(), DecodeError> {
        let events = live.iter().find(|place| self.places[**place].path.len() == depth).copied();
        if events.is_some() && self.document.group.is_none() && !self.lists_known_events() {
            self.look_behind_list();
        }
        let around = self.brackets.depth();
        self.open_bracket();
        loop {
            match (self.next_byte(), events) {
                (None, _) => return Err(self.cut()),
                (Some(b']'), _) => {
                    self.brackets.close();
                    self.feed.pass(1);
                    if self.brackets.depth() <= around {
                        return Ok(());
                    }
                }
                (Some(b','), _) => self.comma(),
                (Some(_), Some(_)) if self.document.control => self.skip_value()?,
                (Some(_), Some(place)) => {
                    self.place = place;
                    self.element()?;
                }
                (Some(byte @ (b'{' | b'[')), None) => self.nested(byte, live, depth)?,
                (Some(_), None) => self.skip_value()?,
            }
        }
    }

    /// Returns whether the events name their own origin: those of answers of the CloudWatch Logs API do.
    fn lists_known_events(&self) -> bool {
        let key = self.places[self.place].path.first();
        self.deliver.is_some() && key != Some(&Step::Key(b"logEvents".into()))
    }

    /// Who wrote the events may stand behind them: looks there, as far as the buffer may reach.
    fn look_behind_list(&mut self) {
        let end = self.wait_for(|data| value(data, 0).ok().map(|(_, end)| end));
        let Some(end) = end else { return };
        loop {
            let mut found = Vec::new();
            // The scanner wants the opening bracket that was consumed long ago: the comma stands for it.
            let comma = end + spaces(&self.feed.data()[end..]);
            if self.feed.data().get(comma).is_some_and(|byte| *byte != b',') {
                return;
            }
            let behind = self.feed.data().get(comma..).unwrap_or_default();
            let scanned = members(behind, |key, value| found.push((key, value)));
            if scanned == Scanned::Cut && self.feed.data().len() < LONGEST && !self.feed.ended() {
                drop(found);
                self.delivery.more(self.feed);
                continue;
            }
            for (key, value) in found {
                self.document.take(key, value, self.delivery);
                if self.deliver.is_none() {
                    scalars(key, value, &mut |key, text| self.document.take_any(key, text));
                }
            }
            return;
        }
    }

    /// One event: an object, a row of fields, a row of plain values, or a message alone.
    fn element(&mut self) -> Result<(), DecodeError> {
        loop {
            let (scanned, lines) = self.scan_element();
            match (scanned, lines) {
                (Scanned::Whole(1), None) if self.feed.data().first() == Some(&b'[') => {
                    self.open_bracket();
                    return Ok(());
                }
                (Scanned::Whole(length), Some(lines)) => {
                    self.begins_value();
                    self.delivery.flush_if_full(self.feed);
                    self.feed.pass_lines(length, lines);
                    return Ok(());
                }
                (Scanned::Whole(length), None) => {
                    self.begins_value();
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
        let Some(deliver) = self.deliver else { return (self.scan_learned(), None) };
        let origin = self.document.origin();
        match data.first() {
            Some(b'{') => {
                let mut lines = 0;
                // Lines of records may be of anything, but not an array.
                let all_say = self.all_say || self.brackets.depth() > 0;
                let scanned = object(data, &origin, &mut lines, &mut |event, whole| {
                    if all_say && event.message().is_none() {
                        self.delivery.says_nothing(line);
                    }
                    deliver(event, whole, line, self.delivery);
                });
                (scanned, Some(lines))
            }
            Some(b'[') if data.len() < ROW_HEAD && !self.feed.ended() => (Scanned::Cut, None),
            Some(b'[') if opens_list(data) => (Scanned::Whole(1), None),
            Some(b'[') => (row(data, line, &origin, self.all_say, self.delivery), None),
            _ => (single(data, line, &origin, self.delivery), None),
        }
    }

    /// Hands over the event at the start of the data, whose place was learned, if it is whole.
    fn scan_learned(&mut self) -> Scanned {
        let (data, line) = (self.feed.data(), self.feed.line());
        let place = &self.places[self.place];
        if data.first() == Some(&b'[') {
            let inside = 1 + spaces(&data[1..]);
            match data.get(inside) {
                None if !self.feed.ended() => return Scanned::Cut,
                Some(byte) if !place.begins_row(*byte) => return Scanned::Whole(1),
                _ => {}
            }
        }
        match value(data, 0) {
            Ok((RawValue::Nested(item), _)) if !is_well_formed(item) => Scanned::Broken(0),
            Ok((item, end)) => {
                let origin = self.document.origin();
                let places = self.places.iter().filter(|other| other.path == place.path);
                match places.into_iter().find_map(|place| place.event(item, origin)) {
                    Some(event) => {
                        event.deliver(&[], line, self.delivery);
                        if event.says_more {
                            self.delivery.dropped_text(&data[..end], line);
                        }
                    }
                    None => {
                        self.delivery.dropped_text(&data[..end], line);
                        if let RawValue::Bare(_) | RawValue::Nested(b"{}") = item {
                            self.delivery.says_nothing(line);
                        }
                    }
                }
                Scanned::Whole(end)
            }
            Err((_, scanned)) => scanned,
        }
    }

    /// Hands over what the buffer holds of an event that does not fit into it. Returns the bytes kept of its message.
    fn overlong(&mut self, line: u64) -> u64 {
        let kept = self.begun_event(line);
        self.delivery.message_cut();
        kept as u64
    }

    /// The input ends within an event: what is there of its message counts.
    fn cut_element(&mut self) -> Result<(), DecodeError> {
        let error = self.cut();
        let rest = self.feed.data().len();
        let kept = self.begun_event(self.feed.line());
        self.delivery.dropped(rest.saturating_sub(kept) as u64);
        self.feed.pass(rest);
        Err(error)
    }

    /// Hands over what is there of an event that is cut. Returns the bytes of its message.
    fn begun_event(&mut self, line: u64) -> usize {
        let data = self.feed.data();
        let origin = self.document.origin();
        let event = match self.deliver {
            None => self.places[self.place].event(RawValue::Cut(data), origin),
            Some(_) => {
                let mut event = EventObject::of(origin);
                if data.first() == Some(&b'{') {
                    members(data, |key, value| match value {
                        // Half a name is another name.
                        RawValue::CutText(_) | RawValue::Cut(_) if !MESSAGE_KEYS.contains(&key) => {}
                        _ => event.take(key, value),
                    });
                }
                Some(event)
            }
        };
        let Some(event) = event.filter(|event| event.message().is_some()) else { return 0 };
        // Its stream was cut off: in another one it would be an attempt of its own.
        if event.origin.log_stream.is_none() && self.delivery.names_streams() {
            return 0;
        }
        let kept = message_bytes(&event);
        match self.deliver {
            Some(deliver) => deliver(&event, &[], line, self.delivery),
            None => event.deliver(&[], line, self.delivery),
        }
        kept
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
        let data = self.feed.data();
        let line = &data[..memchr::memchr(b'\n', data).unwrap_or(data.len())];
        if line.iter().any(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']')) {
            self.delivery.not_json(self.feed.line());
        } else if !line.starts_with(b"```") {
            self.prose.truncate(MOST_PROSE - 1);
            self.prose.push(self.feed.line());
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

/// Returns whether an object begins like a document that holds events, whole or packed.
#[inline]
fn begins_document(object: &[u8]) -> bool {
    let first = &object[1..];
    let Some(first) = first[spaces(first)..].strip_prefix(b"\"") else { return false };
    let is_first = |key: &&[u8]| first.strip_prefix(*key).is_some_and(|rest| rest.first() == Some(&b'"'));
    LISTS.iter().chain(&BEFORE_LISTS).any(is_first)
}

/// Members of documents that hold events, whole or packed, as the AWS CLI, the SDKs, CloudWatch Logs, Kinesis and Firehose
/// write them.
const LISTS: [&[u8]; 7] = [b"events", b"logEvents", b"results", b"awslogs", b"Records", b"records", b"LogResult"];
/// Members that such documents have in front of them.
const BEFORE_LISTS: [&[u8]; 8] = [
    b"searchedLogStreams",
    b"nextToken",
    b"nextForwardToken",
    b"nextBackwardToken",
    b"messageType",
    b"queryLanguage",
    b"invocationId",
    b"StatusCode",
];

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
        Some(b'"') => text_end(data, inside + 1).is_none_or(|end| time_of(&data[inside + 1..end]).is_none()),
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
fn row(data: &[u8], line: u64, origin: &Origin<&[u8]>, all_say: bool, delivery: &mut Delivery<'_>) -> Scanned {
    let mut event = EventObject::of(*origin);
    let mut broken = false;
    let scanned = items(data, |item| match item {
        RawValue::Nested(field @ [b'{', ..]) => broken |= !take_field(&mut event, field),
        RawValue::Bare(_) => event.take(b"timestamp", item),
        RawValue::Text(text) if !event.timed() && time_of(text).is_some() => {
            event.take_any(b"timestamp", text);
        }
        RawValue::Text(text) if crate::model::stream_parts(&String::from_utf8_lossy(text)).is_some() => {
            event.take(b"logStreamName", item);
        }
        RawValue::Text(_) => event.take(b"message", item),
        _ => {}
    });
    if broken {
        return Scanned::Broken(0);
    }
    match (scanned, event.message()) {
        (Scanned::Whole(_), Some(_)) => event.deliver(&[], line, delivery),
        (Scanned::Whole(_), None) if all_say => delivery.says_nothing(line),
        _ => {}
    }
    scanned
}

/// Takes a field of a row. Returns whether it is whole.
fn take_field<'j>(event: &mut EventObject<'j>, field: &'j [u8]) -> bool {
    let (mut name, mut content) = (None, None);
    let scanned = members(field, |key, value| match key {
        b"field" => name = value.text(),
        b"value" => content = Some(value),
        _ => {}
    });
    if let (Some(name), Some(content)) = (name, content) {
        event.take(name, content);
    }
    matches!(scanned, Scanned::Whole(_))
}

/// A message alone: an item of `--query 'events[].message'`.
fn single(data: &[u8], line: u64, origin: &Origin<&[u8]>, delivery: &mut Delivery<'_>) -> Scanned {
    match value(data, 0) {
        Ok((item, end)) => {
            if let RawValue::Text(_) = item {
                let mut event = EventObject::of(*origin);
                event.take(b"message", item);
                event.deliver(&[], line, delivery);
            } else {
                delivery.says_nothing(line);
            }
            Scanned::Whole(end)
        }
        Err((_, scanned)) => scanned,
    }
}
