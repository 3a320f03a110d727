//! `aws logs tail`: detailed and json formats with time and stream, the short format with the second only.

use super::ansi::{sequences, without_colours};
use super::engine::{self, Column, Family, FoundEvent, NamePlaces, Prefix};
use crate::decode::delivery::Delivery;
use crate::decode::feed::Feed;
use crate::decode::{Decode, DecodeError, Shape};
use crate::lambda::platform::is_platform;
use crate::model::Timestamp;

pub(in crate::decode) const DETAILED: Shape = Shape {
    name: "aws-logs-tail",
    about: "`aws logs tail`, formats detailed and json: a time with zone, the log stream, the message",
    sniff: |head| {
        let message = |line: &[u8]| detailed(line).map(|prefix| prefix.message);
        head.any_line(|line| message(line).is_some()) && !head.any_line(is_platform) && head.has_messages_at(message)
    },
    decode: Decode::Events(|feed, delivery| decode(Detailed, feed, delivery)),
    samples: &[
        "2026-10-01T00:00:00.123000+00:00 2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0 START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n",
        "\x1b[32m2026-10-01T00:00:00+00:00\x1b[0m \x1b[36m2026/10/01/[7]0f1e2d3c4b5a69788796a5b4c3d2e1f0\x1b[0m \n{\n    \"level\": \"INFO\",\n    \"requestId\": \"8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\"\n}\n",
    ],
};

pub(in crate::decode) const SHORT: Shape = Shape {
    name: "aws-logs-tail-short",
    about: "`aws logs tail --format short`: a time without zone to the second, the message",
    sniff: |head| {
        let message = |line: &[u8]| short(line).map(|prefix| prefix.message);
        message(head.first_line()).is_some() && !head.any_line(is_platform) && head.has_messages_at(message)
    },
    decode: Decode::Events(|feed, delivery| decode(Short, feed, delivery)),
    samples: &["2026-10-01T00:00:00 START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n\
         2026-10-01T00:00:01 END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n"],
};

fn decode(mut family: impl Family, feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) -> Result<(), DecodeError> {
    engine::decode(&mut family, feed, delivery);
    Ok(())
}

/// `TIME+00:00 STREAM message`, the first two perhaps coloured.
fn detailed(line: &[u8]) -> Option<Prefix<NamePlaces>> {
    let start = sequences(line);
    let (at, used) = Timestamp::parse_prefix(&line[start..])?;
    let time = &line[start..start + used];
    // Microseconds or no fraction, which tells it from other exporters with a zone.
    if time[10] != b'T' || !time.ends_with(b"+00:00") || !matches!(used, 25 | 32) {
        return None;
    }
    let space = start + used + sequences(&line[start + used..]);
    let stream = space + 1 + sequences(line.get(space + 1..)?);
    let length = line[stream..].iter().take_while(|byte| !matches!(byte, b' ' | 0x1b | b'\r')).count();
    if line.get(space) != Some(&b' ') || length == 0 {
        return None;
    }
    let after = stream + length + sequences(&line[stream + length..]);
    Some(Prefix {
        at: Some(at),
        message: after + 1,
        names: NamePlaces { stream: Column::new(stream, stream + length), ..NamePlaces::default() },
    })
}

/// `YYYY-MM-DDTHH:MM:SS message`
fn short(line: &[u8]) -> Option<Prefix> {
    let start = sequences(line);
    let (at, used) = Timestamp::parse_prefix(&line[start..])?;
    let after = start + used + sequences(&line[start + used..]);
    let fits = used == 19 && line[start + 10] == b'T' && line.get(after) == Some(&b' ');
    fits.then_some(Prefix { at: Some(at), message: after + 1, ..Prefix::default() })
}

struct Detailed;

impl Family for Detailed {
    type Names = NamePlaces;

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix<NamePlaces>> {
        detailed(line)
    }

    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        // The json format puts JSON on the lines below.
        event.deliver(&without_colours(message.strip_prefix(b"\n").unwrap_or(message)), delivery);
    }
}

struct Short;

impl Family for Short {
    type Names = ();

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix> {
        short(line)
    }

    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        event.deliver(&without_colours(message), delivery);
    }
}
