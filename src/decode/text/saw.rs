//! `saw get`: `[time] (stream) message`.

use super::ansi::{sequences, without_colours};
use super::engine::{self, Column, Family, FoundEvent, NamePlaces, Prefix};
use crate::decode::delivery::Delivery;
use crate::decode::{Decode, Shape};
use crate::model::Timestamp;

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "saw",
    about: "`saw get` and `saw watch`: a time in brackets, the stream in parentheses, the message",
    sniff: |head| prefix(head.first_line()).is_some() && head.has_messages_at(message),
    decode: Decode::Events(|feed, delivery| {
        engine::decode(&mut Saw, feed, delivery);
        Ok(())
    }),
    samples: &[
        "[2026-10-01T00:00:00Z] (0f1e2d) START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n",
    ],
};

fn prefix(line: &[u8]) -> Option<Prefix<NamePlaces>> {
    let colour = sequences(line);
    let rest = line.get(colour..)?.strip_prefix(b"[")?;
    let (at, used) = Timestamp::parse_prefix(rest)?;
    let mut place = colour + 1 + used;
    if line.get(place) != Some(&b']') {
        return None;
    }
    place += 1;
    place += sequences(&line[place..]);
    if line.get(place) != Some(&b' ') {
        return None;
    }
    place += 1;
    place += sequences(&line[place..]);
    let length = line[place..].strip_prefix(b"(").and_then(|rest| memchr::memchr(b')', rest))?;
    let end = place + 1 + length;
    let after = end + 1 + sequences(&line[end + 1..]);
    Some(Prefix {
        at: Some(at),
        message: after + 1,
        names: NamePlaces { stream: Column::new(place + 1, end), ..NamePlaces::default() },
    })
}

/// Returns where the message of a line begins.
fn message(line: &[u8]) -> Option<usize> {
    prefix(line).map(|prefix| prefix.message)
}

struct Saw;

impl Family for Saw {
    type Names = NamePlaces;

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix<NamePlaces>> {
        prefix(line)
    }

    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        event.deliver(&without_colours(message), delivery);
    }
}
