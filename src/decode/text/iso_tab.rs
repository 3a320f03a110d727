//! Log events copied from the console or the documentation: a time, perhaps a tag of the environment, a tab or blank,
//! the message.

use super::engine::{self, Column, Family, NamePlaces, Prefix};
use crate::decode::head::InputHead;
use crate::decode::{Decode, Shape};
use crate::lambda::platform::is_platform;
use crate::model::{Timestamp, stream_parts};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "time-tab",
    about: "events copied from a console: a time with zone, or a time and six hex digits, then a tab, then the message",
    sniff,
    decode: Decode::Events(|feed, delivery| {
        delivery.watch_order();
        engine::decode(&mut IsoTab, feed, delivery);
        Ok(())
    }),
    samples: &[
        "2026-10-01T00:00:00.123-08:00\tSTART RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n\
         2026-10-01T00:00:00.500-08:00 END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
        "2026-10-01 00:00:00.123000 fbe8c1\tINIT_START Runtime Version: python:3.13.v50\n",
    ],
};

fn sniff(head: &InputHead<'_>) -> bool {
    let on_platform =
        |line: &[u8]| prefix(line).is_some_and(|prefix| line.get(prefix.message..).is_some_and(is_platform));
    // Node's own lines look the same: only lines of the platform tell that the time is the exporter's.
    prefix(head.first_line()).is_some()
        && head.any_line(on_platform)
        && !head.any_line(is_platform)
        && !head.any_line(|line| on_platform(line) && ends_in_name(line))
}

/// Returns whether the line of a table has a column with the name of the stream or of the group behind the message.
fn ends_in_name(line: &[u8]) -> bool {
    let last = line.rsplit(|byte| *byte == b'\t').next().and_then(|cell| std::str::from_utf8(cell.trim_ascii()).ok());
    last.is_some_and(|cell| stream_parts(cell).is_some() || cell.starts_with("/aws/lambda/"))
}

fn prefix(line: &[u8]) -> Option<Prefix<NamePlaces>> {
    let (at, used) = Timestamp::parse_prefix(line)?;
    let prefix = Prefix { at: Some(at), message: used + 1, ..Prefix::default() };
    match line.get(used) {
        Some(b'\t') => Some(prefix),
        Some(b' ') if line[10] == b' ' => {
            let tag = line.get(used + 1..used + 7)?;
            let fits = tag.iter().all(u8::is_ascii_hexdigit) && matches!(line.get(used + 7), Some(b'\t' | b' '));
            fits.then_some(Prefix {
                message: used + 8,
                names: NamePlaces { stream: Column::new(used + 1, used + 7), ..NamePlaces::default() },
                ..prefix
            })
        }
        // Milliseconds and a numeric zone: the console in local time.
        Some(b' ') if used == 29 => Some(prefix),
        _ => None,
    }
}

struct IsoTab;

impl Family for IsoTab {
    type Names = NamePlaces;

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix<NamePlaces>> {
        prefix(line)
    }
}
