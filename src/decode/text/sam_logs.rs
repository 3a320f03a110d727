//! `sam logs` and relatives: the log stream first, then perhaps a time, then the message.

use super::ansi::{sequences, without_colours};
use super::engine::{self, Column, Family, FoundEvent, NamePlaces, Prefix};
use crate::decode::delivery::Delivery;
use crate::decode::{Decode, Shape};
use crate::lambda::platform::is_platform;
use crate::model::{Timestamp, stream_parts};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "sam-logs",
    about: "`sam logs`, `awslogs get --no-group`: the log stream, perhaps a time, the message",
    sniff: |head| {
        head.any_line(|line| prefix(line).is_some()) && !head.any_line(is_platform) && head.has_messages_at(message)
    },
    decode: Decode::Events(|feed, delivery| {
        engine::decode(&mut SamLogs, feed, delivery);
        Ok(())
    }),
    samples: &[
        "2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0 2026-10-01T00:00:00.123000 START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n",
        "2026/10/01/[3]0f1e2d3c4b5a69788796a5b4c3d2e1f0 \x1b[31m2026-10-01T00:00:00\x1b[0m {\n  \"level\": \"INFO\"\n}\n",
    ],
};

/// Where the log stream that begins at `from` ends.
pub(super) fn stream_end(line: &[u8], from: usize) -> Option<usize> {
    let rest = line.get(from..)?;
    // Dated and with the version in brackets: cheap to refuse.
    if rest.get(4) != Some(&b'/') || !rest[0].is_ascii_digit() {
        return None;
    }
    let length = rest.iter().take_while(|byte| !matches!(byte, b' ' | b'\t' | 0x1b)).count();
    let stream = std::str::from_utf8(&rest[..length]).ok()?;
    stream_parts(stream).map(|_| from + length)
}

/// After a stream: an optional time with one blank behind it, then the message.
pub(super) fn time_and_message(line: &[u8], from: usize) -> (Option<Timestamp>, usize) {
    let blanks = line[from..].iter().take_while(|byte| **byte == b' ').count();
    let start = from + blanks;
    let time = start + sequences(&line[start..]);
    if let Some((at, used)) = Timestamp::parse_prefix(&line[time..]) {
        let after = time + used + sequences(&line[time + used..]);
        // A tab behind it: the runtime's own time, part of the message.
        if line[time + 10] == b'T' && matches!(line.get(after), Some(b' ') | None) {
            return (Some(at), after + 1);
        }
    }
    (None, start)
}

fn prefix(line: &[u8]) -> Option<Prefix<NamePlaces>> {
    let start = sequences(line);
    let end = stream_end(line, start)?;
    let after = end + sequences(&line[end..]);
    let (at, message) = time_and_message(line, after);
    Some(Prefix { at, message, names: NamePlaces { stream: Column::new(start, end), ..NamePlaces::default() } })
}

/// Returns where the message of a line begins.
fn message(line: &[u8]) -> Option<usize> {
    prefix(line).map(|prefix| prefix.message)
}

struct SamLogs;

impl Family for SamLogs {
    type Names = NamePlaces;

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix<NamePlaces>> {
        prefix(line)
    }

    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        event.deliver(&without_colours(message), delivery);
    }
}
