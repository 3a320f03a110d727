//! `awslogs get`: log group, log stream, perhaps times, the message; the columns padded with blanks.

use super::ansi::{sequences, without_colours};
use super::engine::{self, Column, Family, FoundEvent, NamePlaces, Prefix};
use super::sam_logs::{stream_end, time_and_message};
use crate::decode::delivery::Delivery;
use crate::decode::{Decode, Shape};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "awslogs",
    about: "`awslogs get`: log group, log stream, perhaps a time, the message",
    sniff: |head| prefix(head.first_line()).is_some() && head.has_messages_at(message),
    decode: Decode::Events(|feed, delivery| {
        engine::decode(&mut Awslogs, feed, delivery);
        Ok(())
    }),
    samples: &[
        "/aws/lambda/pay 2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0 2026-10-01T00:00:00.123Z START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n",
        "\x1b[32m/aws/lambda/pay\x1b[0m   \x1b[36m2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0\x1b[0m 2026-10-01T00:00:00.456Z\t8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\tINFO\thi\n",
    ],
};

fn prefix(line: &[u8]) -> Option<Prefix<NamePlaces>> {
    let group = sequences(line);
    let length = line[group..].iter().take_while(|byte| !matches!(byte, b' ' | 0x1b)).count();
    // Stream names have blanks before them only here.
    let mut stream = group + length;
    stream += sequences(&line[stream..]);
    stream += line[stream..].iter().take_while(|byte| **byte == b' ').count();
    stream += sequences(&line[stream..]);
    // Groups begin with a name, never with a digit of a date or a bracket.
    let named = line.get(group).is_some_and(|first| *first == b'/' || first.is_ascii_alphabetic());
    if !named || stream == group + length {
        return None;
    }
    let end = stream_end(line, stream)?;
    let after = end + sequences(&line[end..]);
    let (at, message) = time_and_message(line, after);
    let (group, stream) = (Column::new(group, group + length), Column::new(stream, end));
    Some(Prefix { at, message, names: NamePlaces { group, stream, ..NamePlaces::default() } })
}

/// Returns where the message of a line begins.
fn message(line: &[u8]) -> Option<usize> {
    prefix(line).map(|prefix| prefix.message)
}

struct Awslogs;

impl Family for Awslogs {
    type Names = NamePlaces;

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix<NamePlaces>> {
        prefix(line)
    }

    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        event.deliver(&without_colours(message), delivery);
    }
}
