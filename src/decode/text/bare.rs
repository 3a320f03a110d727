//! Messages alone, a line each: what a runtime prints, a container writes, or an exporter leaves when it drops the rest.

use super::ansi::without_colours;
use super::engine::{self, Family, FoundEvent, Prefix};
use super::own_time::own_time;
use crate::decode::delivery::Delivery;
use crate::decode::feed::Feed;
use crate::decode::head::{HEAD, InputHead};
use crate::decode::{DecodeError, Shape};
use crate::lambda::has_trace;
use crate::model::Timestamp;

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "bare",
    about: "messages alone, one a line; names of containers before them are taken off",
    sniff: |head| has_trace(head.bytes),
    decode,
    samples: &[
        "START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n\
         2026-10-01T00:00:00.456Z\t8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\tINFO\thi\n\
         2026-10-01T00:00:03.001Z 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Task timed out after 3.00 seconds\n\n\
         END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
        "{\"time\":\"2026-10-01T00:00:00.000Z\",\"type\":\"platform.start\",\"record\":{\"requestId\":\"8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\"}}\n\
         {\"timestamp\":\"2026-10-01T00:00:00Z\",\"level\":\"INFO\",\"message\":\"hi\",\"requestId\":\"8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\"}\n",
        "api-1  | START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\napi-1  | END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
        "2026-10-01T00:00:00.123456789Z stdout F REPORT RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\tDuration: 1.00 ms\n",
    ],
};

/// What stands before every line of a container's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrapping {
    Nothing,
    /// `service-1  | `
    Compose,
    /// `TIME stdout F `
    ContainerRuntime,
    /// `Oct 01 00:00:00 host unit[1]: `
    Journal,
}

impl Wrapping {
    fn of(head: &InputHead<'_>) -> Self {
        let all = |wrapping: Self| {
            let mut lines = head.lines().filter(|line| !line.trim_ascii().is_empty()).peekable();
            // The last line may be cut off before the end of its prefix.
            lines.peek().is_some() && lines.filter(|line| wrapping.prefix(line).is_none()).count() <= 1
        };
        let known = [Self::Compose, Self::ContainerRuntime, Self::Journal];
        known
            .into_iter()
            .find(|wrapping| all(*wrapping))
            .filter(|wrapping| wrapping.prefix(head.first_line()).is_some())
            .unwrap_or(Self::Nothing)
    }

    fn prefix(self, line: &[u8]) -> Option<Prefix> {
        match self {
            Self::Nothing => Some(Prefix::default()),
            Self::Compose => compose(line),
            Self::ContainerRuntime => container_runtime(line),
            Self::Journal => journal(line),
        }
    }
}

fn compose(line: &[u8]) -> Option<Prefix> {
    let colour = super::ansi::sequences(line);
    let bar = memchr::memchr(b'|', line.get(..80.min(line.len()))?)?;
    let name = line.get(colour..bar)?.trim_ascii_end();
    let is_name =
        !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    let after = bar + 1 + super::ansi::sequences(&line[bar + 1..]);
    (is_name && line[bar - 1] == b' ')
        .then(|| Prefix { message: after + usize::from(line.get(after) == Some(&b' ')), ..Prefix::default() })
}

fn container_runtime(line: &[u8]) -> Option<Prefix> {
    let (at, used) = Timestamp::parse_prefix(line)?;
    let markers: [&[u8]; 4] = [b" stdout F ", b" stderr F ", b" stdout P ", b" stderr P "];
    let marker = markers.iter().find(|marker| line[used..].starts_with(marker))?;
    Some(Prefix { at: Some(at), message: used + marker.len(), ..Prefix::default() })
}

fn journal(line: &[u8]) -> Option<Prefix> {
    let clock = line.get(7..15)?;
    if clock[2] != b':' || clock[5] != b':' || !line[..3].iter().all(u8::is_ascii_alphabetic) {
        return None;
    }
    let colon = memchr::memmem::find(line.get(..120.min(line.len()))?, b"]: ")?;
    Some(Prefix { message: colon + 3, ..Prefix::default() })
}

struct Bare(Wrapping);

impl Family for Bare {
    type Names = ();

    #[inline]
    fn prefix(&mut self, line: &[u8]) -> Option<Prefix> {
        // A line without the container's prefix is a line all the same.
        Some(self.0.prefix(line).unwrap_or_default())
    }

    #[inline]
    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        let text = without_colours(message);
        let at = event.at.or_else(|| own_time(&text));
        FoundEvent { at, ..event }.deliver(&text, delivery);
    }
}

fn decode(feed: &mut Feed<'_>, delivery: &mut Delivery<'_>) -> Result<(), DecodeError> {
    let data = feed.data();
    let wrapping = Wrapping::of(&InputHead { bytes: &data[..data.len().min(HEAD)], json: None });
    delivery.lines_only();
    engine::decode(&mut Bare(wrapping), feed, delivery);
    Ok(())
}
