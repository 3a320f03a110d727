//! Messages alone, a line each: what a runtime prints, a container writes, or an exporter leaves when it drops the rest.

use super::ansi::without_colours;
use super::engine::{self, Family, FoundEvent, Prefix};
use super::newest_first::NewestFirst;
use super::own_time::own_time;
use super::pretty_answer::PrettyAnswer;
use crate::decode::delivery::Delivery;
use crate::decode::feed::Feed;
use crate::decode::json::scan::{Scanned, members, spaces};
use crate::decode::{Decode, DecodeError, Shape};
use crate::lambda::{begins_with_error, has_trace};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "bare",
    about: "messages alone, one a line",
    sniff: |head| has_trace(head.bytes) || begins_with_error(head.bytes),
    decode: Decode::Events(decode),
    samples: &[
        "START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n\
         2026-10-01T00:00:00.456Z\t8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\tINFO\thi\n\
         2026-10-01T00:00:03.001Z 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Task timed out after 3.00 seconds\n\n\
         END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
        "{\"time\":\"2026-10-01T00:00:00.000Z\",\"type\":\"platform.start\",\"record\":{\"requestId\":\"8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\"}}\n\
         {\"timestamp\":\"2026-10-01T00:00:00Z\",\"level\":\"INFO\",\"message\":\"hi\",\"requestId\":\"8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\"}\n",
        "{\n  \"errorMessage\": \"no stock\",\n  \"errorType\": \"OutOfStock\",\n  \"stackTrace\": [\n    \"app.py\"\n  ]\n}\n",
    ],
};

#[derive(Default)]
struct Bare {
    answer: PrettyAnswer,
}

impl Family for Bare {
    type Names = ();

    #[inline]
    fn prefix(&mut self, line: &[u8]) -> Option<Prefix> {
        (!self.answer.continues(line)).then(Prefix::default)
    }

    #[inline]
    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        let text = without_colours(message);
        let mut rest = &text[..];
        while let Some(behind) = behind_object(rest) {
            let (object, next) = rest.split_at(behind);
            let object = object.trim_ascii_end();
            FoundEvent { at: event.at.or_else(|| own_time(object)), ..event }.deliver(object, delivery);
            rest = next;
        }
        let at = event.at.or_else(|| own_time(rest));
        FoundEvent { at, ..event }.deliver(rest, delivery);
    }
}

/// The same with the newest message first, of which the lines of one message must be known: they are not turned round.
struct BareNewestFirst {
    bare: Bare,
    order: NewestFirst,
}

impl Family for BareNewestFirst {
    type Names = ();

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix> {
        let begins = self.bare.prefix(line);
        if self.order.continues(line) { None } else { begins }
    }

    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        self.bare.deliver(message, event, delivery);
    }
}

/// Returns where the next object begins behind the one at the start: some write them back to back, without line ends.
fn behind_object(text: &[u8]) -> Option<usize> {
    let opens = |end: usize| text[end + 1..].trim_ascii_start().first() == Some(&b'{');
    if text.first() != Some(&b'{') || !memchr::memchr_iter(b'}', text).any(opens) {
        return None;
    }
    let Scanned::Whole(length) = members(text, |_, _| {}) else { return None };
    let next = length + spaces(&text[length..]);
    (text.get(next) == Some(&b'{')).then_some(next)
}

fn decode(feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) -> Result<(), DecodeError> {
    delivery.lines_only();
    let bare = Bare::default();
    match NewestFirst::of(feed.head()) {
        Some(order) => {
            delivery.watch_order();
            engine::decode(&mut BareNewestFirst { bare, order }, feed, delivery);
        }
        None => engine::decode(&mut { bare }, feed, delivery),
    }
    Ok(())
}
