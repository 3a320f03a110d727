//! Where the events of JSON documents of any make are: learned from the strings in which the platform speaks.
//!
//! Stores and scripts nest events in every way: below `hits.hits[]._source`, in rows of a time and a line, under keys of
//! their own. None of them is known by name here. The strings that begin with a sentence of the platform are messages; the
//! innermost item of a list around one is an event, and what stands at the same place in other items is theirs.

use std::borrow::Cow;

use super::event::{EventObject, MESSAGE_KEYS};
use super::names::{is_name, pair, scalars, time_of};
use super::scan::{RawValue, Scanned, items, members, unescape, value};
use crate::lambda::platform::is_platform;
use crate::lambda::sentences::message_start;
use crate::lambda::{has_trace, key_of_function_line};
use crate::model::Origin;

/// Step from a value to one inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To the member with this key.
    Key(Cow<'static, [u8]>),
    /// To the members with any key: they are called after a log group, a log stream, a host.
    AnyKey,
    /// To any item of a list.
    Item,
}

/// Place of the message in an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MessagePlace {
    /// The item is the message.
    Whole,
    /// Below these keys.
    Member(Vec<Box<[u8]>>),
    /// The value at this position of a row of plain values.
    Row(usize),
    /// The pair with this name, in a row of pairs.
    Pair(Box<[u8]>),
}

/// Place of one kind of event in the documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) struct EventPlace {
    /// Way from a document to an event. Lists around documents are not part of it.
    pub(super) path: Vec<Step>,
    pub(super) message: MessagePlace,
}

/// What the documents of an input hold of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) enum Nesting {
    /// Events.
    Events(Vec<EventPlace>),
    /// Whole logs as strings, or documents, below these keys.
    Texts(Vec<Box<[u8]>>),
}

/// Levels of nesting, at most.
const DEEPEST: usize = 16;
/// Places of events in one input, at most.
const MOST_PLACES: usize = 4;
/// Messages that are looked at, at most.
const MOST_MESSAGES: usize = 100;
/// Messages after which it is clear whether they are where a known shape has them.
const FEW_MESSAGES: usize = 4;
/// Bytes that nearly always hold as many.
const FEW_BYTES: usize = 16 * 1024;
/// Bytes of a string in which its sentences are searched for.
const SEARCHED: usize = 4 * 1024;

impl Nesting {
    /// Learns where the messages of the documents at the start of an input are; `None` if they are not in documents, or if
    /// the documents are themselves what Lambda writes.
    pub(in crate::decode) fn learn(head: &[u8]) -> Option<Self> {
        Search::of(head, MOST_MESSAGES)?.learned()
    }

    /// Learns where the first of these messages are.
    pub(in crate::decode) fn learn_first(head: &[u8]) -> Option<Self> {
        let first = head.get(..FEW_BYTES).and_then(|first| Search::of(first, FEW_MESSAGES));
        let found = first.filter(|search| search.messages >= FEW_MESSAGES);
        found.or_else(|| Search::of(head, FEW_MESSAGES))?.learned()
    }

    /// Returns whether messages are where a known shape has them: in the list below `list`, under one of the names that
    /// [`EventObject::take`] knows.
    pub(in crate::decode) fn is_list_of_messages(&self, list: &str) -> bool {
        let is_known = |place: &EventPlace| {
            let in_list = place.path.is_empty()
                || matches!(&place.path[..], [Step::Key(key), Step::Item] if **key == *list.as_bytes());
            let message = match &place.message {
                MessagePlace::Member(keys) => matches!(&keys[..], [key] if MESSAGE_KEYS.contains(&&**key)),
                MessagePlace::Pair(name) => MESSAGE_KEYS.contains(&&**name),
                // The first text of a row that could be a time is taken for one.
                MessagePlace::Row(position) => place.path.is_empty() && *position > 0,
                MessagePlace::Whole => place.path.is_empty(),
            };
            in_list && message
        };
        matches!(self, Self::Events(places) if places.iter().any(is_known))
    }
}

/// Object that stands for a message behind other text on a line: `2026-10-01 00:00:00 fetched {"message": "START …"}`.
pub(in crate::decode) struct LineObject(EventPlace);

impl LineObject {
    /// Finds the object around a sentence at `at` of a line, which ends with it: where it begins, and what it is like.
    pub(in crate::decode) fn around(line: &[u8], at: usize) -> Option<(usize, Self)> {
        let line = line.trim_ascii_end();
        if line.last() != Some(&b'}') || line.get(at) == Some(&b'{') {
            return None;
        }
        let begins = memchr::memchr_iter(b'{', &line[..at]).take(DEEPEST).find(|begins| {
            *begins > 0 && matches!(value(line, *begins), Ok((RawValue::Nested(_), end)) if end == line.len())
        })?;
        match Nesting::learn(&line[begins..])? {
            Nesting::Events(places) => {
                let place = places.into_iter().find(|place| place.path.is_empty())?;
                Some((begins, Self(place)))
            }
            Nesting::Texts(_) => None,
        }
    }

    /// Reads the event in an object.
    pub(in crate::decode) fn event<'j>(&self, text: &'j [u8]) -> Option<EventObject<'j>> {
        match value(text, 0) {
            Ok((object @ RawValue::Nested([b'{', ..]), _)) => self.0.event(object, Origin::default()),
            _ => None,
        }
    }
}

fn begins_message(line: &[u8]) -> bool {
    is_platform(line) || message_start(line) == Some(0)
}

/// Returns whether a value is an event of the platform in JSON: `{"time": …, "type": "platform.…", "record": …}`.
fn is_platform_event(value: RawValue<'_>) -> bool {
    let RawValue::Nested(object @ [b'{', ..]) = value else { return false };
    let (mut is_platform, mut has_record) = (false, false);
    members(object, |key, value| match key {
        b"type" => is_platform = value.text().is_some_and(|kind| kind.starts_with(b"platform.")),
        b"record" => has_record = true,
        _ => {}
    });
    is_platform && has_record
}

/// Returns whether a value is an event of Lambda Insights over several lines, as consoles show it.
fn is_printed_insights_event(value: RawValue<'_>) -> bool {
    let RawValue::Nested(object @ [b'{', ..]) = value else { return false };
    if !object.contains(&b'\n') || memchr::memmem::find(object, b"\"LambdaInsights\"").is_none() {
        return false;
    }
    let mut has_metrics = false;
    members(object, |key, _| has_metrics |= key == b"_aws");
    has_metrics
}

/// Returns whether a document is a structured line of a function, which may quote anything but hardly a line of the platform.
fn is_function_line(document: RawValue<'_>) -> bool {
    let (RawValue::Nested(object @ [b'{', ..]) | RawValue::Cut(object @ [b'{', ..])) = document else { return false };
    let (mut of_function, mut of_platform) = (false, false);
    members(object, |key, value| match key {
        key_of_function_line!() => of_function = true,
        _ => of_platform |= value.text().is_some_and(|text| is_platform(unescape(text).as_bytes())),
    });
    of_function && !of_platform
}

/// What a string is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StringKind {
    /// A message of the platform.
    Message,
    /// A log of several messages.
    Log,
    /// What a runtime or a function may have written.
    Trace,
    Other,
}

fn string_kind(raw: &[u8]) -> StringKind {
    let text = unescape(&raw[..raw.len().min(SEARCHED)]);
    let text = text.as_bytes();
    // Sentences of the platform are traces, too, and most strings have none.
    if !has_trace(text) {
        return StringKind::Other;
    }
    let mut lines = text.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let more = lines.filter(|line| message_start(line).is_some()).count();
    match (begins_message(first), more) {
        (true, 0) => StringKind::Message,
        (true, _) | (false, 2..) => StringKind::Log,
        _ if text.starts_with(b"{") && message_start(text).is_some() => StringKind::Log,
        _ => StringKind::Trace,
    }
}

/// Returns whether a string, by its first bytes, is a log of several messages.
pub(super) fn is_log(beginning: &[u8]) -> bool {
    string_kind(beginning) == StringKind::Log
}

impl EventPlace {
    /// Returns whether a list that begins with this byte inside is an event, and not one of several.
    pub(super) fn begins_row(&self, byte: u8) -> bool {
        match self.message {
            MessagePlace::Row(_) => !matches!(byte, b'[' | b'{' | b']'),
            MessagePlace::Pair(_) => byte == b'{',
            MessagePlace::Whole | MessagePlace::Member(_) => false,
        }
    }

    /// Reads the event in an item, which may be cut; `None` if it has no message at this place.
    pub(super) fn event<'j>(&self, item: RawValue<'j>, origin: Origin<&'j [u8]>) -> Option<EventObject<'j>> {
        let mut event = EventObject::of(origin);
        match (&self.message, item) {
            (MessagePlace::Whole, RawValue::Text(_) | RawValue::CutText(_)) => event.say(item),
            (MessagePlace::Whole, RawValue::Nested(_)) => {
                take_members(&mut event, &[], item);
                event.say(item);
            }
            (MessagePlace::Member(keys), _) => take_members(&mut event, keys, item),
            (MessagePlace::Row(position), RawValue::Nested(row) | RawValue::Cut(row)) => {
                let mut at = 0;
                items(row, |value| {
                    match value.scalar() {
                        _ if at == *position => event.say(value),
                        Some(text) => event.take_any(b"", text),
                        None => {}
                    }
                    at += 1;
                });
            }
            (MessagePlace::Pair(name), RawValue::Nested(row) | RawValue::Cut(row)) => {
                items(row, |item| {
                    let (RawValue::Nested(object) | RawValue::Cut(object)) = item else { return };
                    match pair(object) {
                        Some((key, value)) if *key == **name => event.say(value),
                        Some((key, value)) => scalars(key, value, &mut |key, text| event.take_any(key, text)),
                        None => {}
                    }
                });
            }
            _ => {}
        }
        event.message().is_some().then_some(event)
    }
}

/// Takes the members of an object, and the message below the keys.
fn take_members<'j>(event: &mut EventObject<'j>, keys: &[Box<[u8]>], object: RawValue<'j>) {
    let (RawValue::Nested(object @ [b'{', ..]) | RawValue::Cut(object @ [b'{', ..])) = object else { return };
    members(object, |key, value| match keys {
        [last] if *key == **last && event.message().is_none() => event.say(value),
        [first, rest @ ..] if *key == **first && !rest.is_empty() => take_members(event, rest, value),
        _ => scalars(key, value, &mut |key, text| event.take_any(key, text)),
    });
}

/// Search for messages in the values of documents.
#[derive(Default)]
struct Search {
    places: Vec<EventPlace>,
    /// Places of strings that a runtime may have written, for documents without a sentence of the platform.
    traces: Vec<EventPlace>,
    messages: usize,
    /// Number of messages after which it ends.
    most: usize,
    logs: usize,
    /// Keys of the strings that are logs.
    log_keys: Vec<Box<[u8]>>,
    /// Whether the document is a structured line of a function.
    of_function: bool,
}

impl Search {
    /// Searches the documents at the start of an input; `None` if messages are not in documents, or if the documents are
    /// themselves what Lambda writes.
    fn of(head: &[u8], most: usize) -> Option<Self> {
        let mut search = Self { most, ..Self::default() };
        let mut at = 0;
        while search.messages < most {
            at +=
                head[at..].iter().take_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | 0x1e)).count();
            if !matches!(head.get(at), Some(b'{' | b'[' | b'"')) {
                break;
            }
            let (document, scanned) = match value(head, at) {
                Ok((document, end)) => (document, Scanned::Whole(end)),
                Err((Some(document), scanned)) => (document, scanned),
                Err((None, _)) => return None,
            };
            if is_platform_event(document) {
                return None;
            }
            search.of_function = is_function_line(document);
            search.value(document, &mut Vec::new());
            match scanned {
                Scanned::Whole(end) => at = end,
                Scanned::Cut => at = head.len(),
                Scanned::Broken(_) => return None,
            }
        }
        // Messages below or between the documents make them lines of a log.
        let rest = &head[at..];
        if search.messages < most && rest.split(|byte| *byte == b'\n').any(begins_message) {
            return None;
        }
        Some(search)
    }

    fn learned(self) -> Option<Nesting> {
        if self.logs > 0 && self.messages <= self.logs {
            return Some(Nesting::Texts(self.log_keys));
        }
        if !self.places.is_empty() {
            return Some(Nesting::Events(self.places));
        }
        (!self.traces.is_empty()).then_some(Nesting::Events(self.traces))
    }

    fn value(&mut self, value: RawValue<'_>, steps: &mut Vec<Step>) {
        if steps.len() > DEEPEST || self.messages >= self.most {
            return;
        }
        match value {
            RawValue::Text(text) | RawValue::CutText(text) => {
                let kind = string_kind(text);
                self.found(kind, || place_of(steps));
            }
            RawValue::Nested(_) if !steps.is_empty() && is_platform_event(value) => {
                self.found(StringKind::Message, || place_of(steps));
            }
            RawValue::Nested(_) if is_printed_insights_event(value) => {
                self.found(StringKind::Message, || place_of(steps));
            }
            RawValue::Nested(object @ [b'{', ..]) | RawValue::Cut(object @ [b'{', ..]) => {
                members(object, |key, value| {
                    steps.push(Step::Key(key.to_vec().into()));
                    self.value(value, steps);
                    steps.pop();
                });
            }
            RawValue::Nested(list @ [b'[', ..]) | RawValue::Cut(list @ [b'[', ..]) => self.list(list, steps),
            _ => {}
        }
    }

    fn list(&mut self, list: &[u8], steps: &mut Vec<Step>) {
        if let Some((position, kind)) = message_of_row(list) {
            self.found(kind, || EventPlace { path: steps.clone(), message: MessagePlace::Row(position) });
            return;
        }
        let mut pairs = Vec::new();
        items(list, |item| {
            if let RawValue::Nested(object @ [b'{', ..]) | RawValue::Cut(object @ [b'{', ..]) = item
                && let Some((name, RawValue::Text(text) | RawValue::CutText(text))) = pair(object)
            {
                pairs.push((name, string_kind(text)));
                return;
            }
            steps.push(Step::Item);
            self.value(item, steps);
            steps.pop();
        });
        for (name, kind) in pairs {
            let message = MessagePlace::Pair(name.into());
            self.found(kind, || EventPlace { path: steps.clone(), message });
        }
    }

    fn found(&mut self, kind: StringKind, place: impl FnOnce() -> EventPlace) {
        let mut place = place();
        // Objects one after the other are what a function writes: only those in lists are somebody's export.
        let is_line = place.path.is_empty() && matches!(place.message, MessagePlace::Member(_));
        if is_line && self.of_function {
            return;
        }
        let places = match kind {
            StringKind::Message => {
                self.messages += 1;
                &mut self.places
            }
            StringKind::Log => {
                self.logs += 1;
                let key = match &place.message {
                    MessagePlace::Member(keys) => keys.last(),
                    MessagePlace::Pair(_) | MessagePlace::Whole | MessagePlace::Row(_) => None,
                };
                if let Some(key) = key.filter(|key| !self.log_keys.contains(key)).cloned() {
                    self.log_keys.push(key);
                }
                return;
            }
            StringKind::Trace if !is_line && !self.of_function => &mut self.traces,
            StringKind::Trace | StringKind::Other => return,
        };
        let documents = place.path.iter().take_while(|step| **step == Step::Item).count();
        place.path.drain(..documents);
        let has_name = |step: &Step| matches!(step, Step::Key(key) if is_name(key));
        place.path.iter_mut().filter(|step| has_name(step)).for_each(|step| *step = Step::AnyKey);
        if places.iter().any(|known| known.covers(&place)) {
            return;
        }
        // Three lists that only differ in a key are called after something.
        let alike = places.iter().filter_map(|known| known.differs_at(&place)).collect::<Vec<_>>();
        if let Some(step) = alike.iter().find(|step| alike.iter().filter(|other| other == step).count() > 1) {
            place.path[*step] = Step::AnyKey;
            places.retain(|known| !place.covers(known));
        }
        if places.len() < MOST_PLACES {
            places.push(place);
        }
    }
}

impl EventPlace {
    /// Returns whether the events at another place are at this one, too.
    fn covers(&self, other: &Self) -> bool {
        let covers =
            |(mine, theirs): (&Step, &Step)| mine == theirs || *mine == Step::AnyKey && matches!(theirs, Step::Key(_));
        self.message == other.message
            && self.path.len() == other.path.len()
            && self.path.iter().zip(&other.path).all(covers)
    }

    /// Returns the number of the only step, to a member, that differs on the way to another place.
    fn differs_at(&self, other: &Self) -> Option<usize> {
        if self.message != other.message || self.path.len() != other.path.len() {
            return None;
        }
        let mut steps = (0..self.path.len()).filter(|step| self.path[*step] != other.path[*step]);
        let step = steps.next().filter(|_| steps.next().is_none())?;
        matches!((&self.path[step], &other.path[step]), (Step::Key(_), Step::Key(_))).then_some(step)
    }
}

/// Splits the way to a message at the innermost list around it.
fn place_of(steps: &[Step]) -> EventPlace {
    let item = steps.iter().rposition(|step| *step == Step::Item).map_or(0, |last| last + 1);
    let keys: Vec<Box<[u8]>> = steps[item..]
        .iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(key.as_ref().into()),
            Step::AnyKey | Step::Item => None,
        })
        .collect();
    let message = if keys.is_empty() { MessagePlace::Whole } else { MessagePlace::Member(keys) };
    EventPlace { path: steps[..item].to_vec(), message }
}

/// Returns where the message stands in a row of a time and a message, perhaps with other plain values.
fn message_of_row(list: &[u8]) -> Option<(usize, StringKind)> {
    let (mut position, mut message, mut times, mut plain) = (0, None, 0, true);
    items(list, |item| {
        match item {
            RawValue::Text(text) | RawValue::CutText(text) => match string_kind(text) {
                _ if time_of(text).is_some() => times += 1,
                kind @ (StringKind::Message | StringKind::Trace) if message.is_none() => {
                    message = Some((position, kind));
                }
                StringKind::Other => {}
                _ => plain = false,
            },
            RawValue::Bare(number) => times += usize::from(time_of(number).is_some()),
            _ => plain = false,
        }
        position += 1;
    });
    message.filter(|_| plain && times > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: 7\\n";

    fn learned(text: &str) -> Option<String> {
        let show = |place: &EventPlace| {
            let steps = place.path.iter().map(|step| match step {
                Step::Key(key) => format!(".{}", String::from_utf8_lossy(key)),
                Step::AnyKey => ".*".to_owned(),
                Step::Item => "[]".to_owned(),
            });
            let message = match &place.message {
                MessagePlace::Whole => String::new(),
                MessagePlace::Member(keys) => {
                    keys.iter().map(|key| format!(" {}", String::from_utf8_lossy(key))).collect()
                }
                MessagePlace::Row(position) => format!(" {position}"),
                MessagePlace::Pair(name) => format!(" ={}", String::from_utf8_lossy(name)),
            };
            steps.collect::<String>() + &message
        };
        Some(match Nesting::learn(text.replace("START", START).as_bytes())? {
            Nesting::Events(places) => places.iter().map(show).collect::<Vec<_>>().join("; "),
            Nesting::Texts(_) => "texts".to_owned(),
        })
    }

    #[test]
    fn places_are_learned_from_sentences() {
        for (text, want) in [
            (r#"{"a":1,"m":"START"}"#, Some(" m")),
            (r#"[{"t":1,"m":"START"}]"#, Some(" m")),
            (r#"[{"t":1,"m":"x"},{"t":1,"m":"START"},{"t":"#, Some(" m")),
            (r#"{"hits":{"hits":[{"_source":{"message":"START"}}]}}"#, Some(".hits.hits[] _source message")),
            (r#"{"r":[{"values":[["1790812800123000000","START"]]}]}"#, Some(".r[].values[] 1")),
            (r#"[["START","2026-10-01T00:00:00Z"]]"#, Some(" 0")),
            (r#"["x","START"]"#, Some("")),
            ("\"START\"\n\"x\"\n", Some("")),
            (r#"{"x":[[{"field":"@message","value":"START"}]]}"#, Some(".x[] =@message")),
            (
                r#"{"l":[{"body":{"stringValue":"START"},"attributes":[{"key":"a","value":{"stringValue":"b"}}]}]}"#,
                Some(".l[] body stringValue"),
            ),
            (r#"{"logs":"STARTSTART"}"#, Some("texts")),
            (r#"{"body":"{\"events\":[{\"message\":\"START\"}]}"}"#, Some("texts")),
            (r#"{"e":[{"m":{"time":"t","type":"platform.start","record":{}}}]}"#, Some(".e[] m")),
            (r#"{"time":"t","type":"platform.start","record":{}}"#, None),
            (r#"{"level":"INFO","message":"nothing"}"#, None),
            ("{\"level\":\"INFO\",\"message\":\"START\"}\nSTART\n", None),
        ] {
            assert_eq!(learned(text).as_deref(), want, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(parts in proptest::collection::vec(proptest::sample::select(
            &["{", "}", "[", "]", "\"a\"", ":", ",", "\"START\"", "1790812800123", " ", "\"", "\\", "null"][..],
        ), 0..60)) {
            let _ = learned(&parts.concat());
        }
    }
}
