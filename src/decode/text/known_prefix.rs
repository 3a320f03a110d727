//! Tools that put a prefix of their own before every message, each a row of one table: the parts of that prefix. A tool
//! that is not in it is read by what its lines have in common ([`super::any_prefix`]); a row is for what they cannot tell,
//! such as a log without a line of the platform.

use super::ansi::{sequences, without_colours};
use super::engine::{self, Column, Family, FoundEvent, NamePlaces, Prefix};
use crate::decode::delivery::Delivery;
use crate::decode::head::InputHead;
use crate::decode::rendered::narrow_window::breaks_streams;
use crate::decode::{Decode, Shape};
use crate::lambda::platform::{is_platform, step_of_request};
use crate::model::{Timestamp, stream_parts};

/// Part of a prefix. Colours may stand before each.
enum PrefixPart {
    /// The text itself.
    Text(&'static str),
    /// Blanks.
    Blanks,
    /// Time in a form of its own, which the function tells by its text.
    Time(fn(&[u8]) -> bool),
    /// Blanks and perhaps a time with one blank behind it. A tab behind it shows the runtime's own, part of the message.
    AnyTime,
    /// Log group: it begins with a name, never with a digit of a date or a bracket.
    Group,
    /// Log stream, dated and with the version in brackets.
    Stream,
    /// Log stream of any name, up to a byte or the end of the word.
    AnyStream(u8),
    /// One blank, or the end of the line with the message on the lines below.
    End,
}

/// Tool that prints log events.
struct Tool {
    name: &'static str,
    about: &'static str,
    prefix: &'static [PrefixPart],
    /// Whether no other log has such lines, so that any of them is enough to know it.
    is_unique: bool,
    samples: &'static [&'static str],
}

const TOOLS: [Tool; 5] = [
    Tool {
        name: "aws-logs-tail",
        about: "`aws logs tail`, formats detailed and json: a time with zone, the log stream, the message",
        // Microseconds or no fraction, which tells it from other exporters with a zone.
        prefix: &[
            PrefixPart::Time(|time| time.ends_with(b"+00:00") && matches!(time.len(), 25 | 32)),
            PrefixPart::Text(" "),
            PrefixPart::AnyStream(b' '),
            PrefixPart::End,
        ],
        is_unique: true,
        samples: &[
            "2026-10-01T00:00:00.123000+00:00 2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0 START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n",
            "\x1b[32m2026-10-01T00:00:00+00:00\x1b[0m \x1b[36m2026/10/01/[7]0f1e2d3c4b5a69788796a5b4c3d2e1f0\x1b[0m \n{\n    \"level\": \"INFO\",\n    \"requestId\": \"8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\"\n}\n",
        ],
    },
    Tool {
        name: "aws-logs-tail-short",
        about: "`aws logs tail --format short`: a time without zone to the second, the message",
        prefix: &[PrefixPart::Time(|time| time.len() == 19), PrefixPart::Text(" ")],
        is_unique: false,
        samples: &["2026-10-01T00:00:00 START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n\
             2026-10-01T00:00:01 END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n"],
    },
    Tool {
        name: "sam-logs",
        about: "`sam logs`, `awslogs get --no-group`: the log stream, perhaps a time, the message",
        prefix: &[PrefixPart::Stream, PrefixPart::AnyTime],
        is_unique: true,
        samples: &[
            "2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0 2026-10-01T00:00:00.123000 START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n",
            "2026/10/01/[3]0f1e2d3c4b5a69788796a5b4c3d2e1f0 \x1b[31m2026-10-01T00:00:00\x1b[0m {\n  \"level\": \"INFO\"\n}\n",
        ],
    },
    Tool {
        name: "awslogs",
        about: "`awslogs get`: log group, log stream, perhaps a time, the message",
        prefix: &[PrefixPart::Group, PrefixPart::Blanks, PrefixPart::Stream, PrefixPart::AnyTime],
        is_unique: true,
        samples: &[
            "/aws/lambda/pay 2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0 2026-10-01T00:00:00.123Z START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n",
            "\x1b[32m/aws/lambda/pay\x1b[0m   \x1b[36m2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0\x1b[0m 2026-10-01T00:00:00.456Z\t8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\tINFO\thi\n",
        ],
    },
    Tool {
        name: "saw",
        about: "`saw get` and `saw watch`: a time in brackets, the stream in parentheses, the message",
        prefix: &[
            PrefixPart::Text("["),
            PrefixPart::Time(|_| true),
            PrefixPart::Text("]"),
            PrefixPart::Text(" "),
            PrefixPart::Text("("),
            PrefixPart::AnyStream(b')'),
            PrefixPart::Text(")"),
            PrefixPart::End,
        ],
        is_unique: false,
        samples: &[
            "[2026-10-01T00:00:00Z] (0f1e2d) START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n",
        ],
    },
];

/// Returns the shape of a tool, by the number of its row.
pub(in crate::decode) const fn shape<const ROW: usize>() -> Shape {
    Shape {
        name: TOOLS[ROW].name,
        about: TOOLS[ROW].about,
        sniff: |head| TOOLS[ROW].is_known_by(head),
        decode: Decode::Events(|feed, delivery| {
            engine::decode(&mut ToolLines { prefix: TOOLS[ROW].prefix }, feed, delivery);
            Ok(())
        }),
        samples: TOOLS[ROW].samples,
    }
}

impl Tool {
    fn is_known_by(&self, head: &InputHead<'_>) -> bool {
        let message = |line: &[u8]| prefix(self.prefix, line).map(|prefix| prefix.message);
        let has_lines = if self.is_unique {
            head.any_line(|line| message(line).is_some())
        } else {
            message(head.first_line()).is_some()
        };
        has_lines
            && !shows_bare_log(head, message)
            && head.has_messages_at(message)
            && !(self.is_unique && breaks_streams(head))
    }
}

/// Returns whether lines of the platform stand among those of a tool without its prefix. Those of a log that a function
/// printed in one event do not count: a request runs before them, and a prefix follows.
fn shows_bare_log(head: &InputHead<'_>, message: impl Fn(&[u8]) -> Option<usize>) -> bool {
    let (mut runs, mut waits) = (false, false);
    for line in head.lines() {
        match message(line) {
            Some(at) => {
                waits = false;
                runs = line.get(at..).and_then(step_of_request).map_or(runs, |(_, step)| step == 0);
            }
            None if is_platform(line) && !runs => return true,
            None => waits |= is_platform(line),
        }
    }
    waits
}

/// Parses the parts at the start of a line.
fn prefix(parts: &[PrefixPart], line: &[u8]) -> Option<Prefix<NamePlaces>> {
    let mut found = Prefix::<NamePlaces>::default();
    let mut at = 0;
    for part in parts {
        at += sequences(line.get(at..)?);
        let rest = &line[at..];
        at += match part {
            PrefixPart::Text(text) => rest.starts_with(text.as_bytes()).then_some(text.len())?,
            PrefixPart::Blanks => blanks(rest),
            PrefixPart::Time(fits) => {
                let (time, length) = Timestamp::parse_prefix(rest)?;
                let written = rest.get(..length).filter(|text| text.get(10) == Some(&b'T') && fits(text))?;
                found.at = Some(time);
                written.len()
            }
            PrefixPart::AnyTime => {
                let (time, length) = any_time(rest);
                found.at = time;
                length
            }
            PrefixPart::Group => {
                let length = word(rest, b' ');
                let named = matches!(rest.first(), Some(first) if *first == b'/' || first.is_ascii_alphabetic())
                    && memchr::memchr(b'\t', &rest[..length]).is_none();
                found.names.group = named.then(|| Column::new(at, at + length))?;
                length
            }
            PrefixPart::Stream => {
                let length = stream(rest)?;
                found.names.stream = Column::new(at, at + length);
                length
            }
            PrefixPart::AnyStream(end) => {
                let length = word(rest, *end);
                found.names.stream = (length > 0).then(|| Column::new(at, at + length))?;
                length
            }
            PrefixPart::End => 1,
        };
    }
    Some(Prefix { message: at, ..found })
}

fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|byte| **byte == b' ').count()
}

/// Returns the length of the word at the start, which ends with a colour, too.
fn word(text: &[u8], end: u8) -> usize {
    text.iter().take_while(|byte| **byte != end && !matches!(byte, 0x1b | b'\r')).count()
}

/// Returns the length of the log stream at the start.
fn stream(text: &[u8]) -> Option<usize> {
    // Dated and with the version in brackets: cheap to refuse.
    if text.get(4) != Some(&b'/') || !text[0].is_ascii_digit() {
        return None;
    }
    let length = text.iter().take_while(|byte| !matches!(byte, b' ' | b'\t' | 0x1b)).count();
    let stream = std::str::from_utf8(&text[..length]).ok()?;
    stream_parts(stream).map(|_| length)
}

/// Parses the time with one blank behind it that may stand behind blanks; also returns where the message begins.
fn any_time(text: &[u8]) -> (Option<Timestamp>, usize) {
    let start = blanks(text);
    let time = start + sequences(&text[start..]);
    if let Some((at, used)) = Timestamp::parse_prefix(&text[time..]) {
        let after = time + used + sequences(&text[time + used..]);
        if text[time + 10] == b'T' && matches!(text.get(after), Some(b' ') | None) {
            return (Some(at), after + 1);
        }
    }
    (None, start)
}

struct ToolLines {
    prefix: &'static [PrefixPart],
}

impl Family for ToolLines {
    type Names = NamePlaces;

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix<NamePlaces>> {
        prefix(self.prefix, line)
    }

    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        // `aws logs tail --format json` puts objects on the lines below.
        let below = message.strip_prefix(b"\n").filter(|below| below.starts_with(b"{"));
        event.deliver(&without_colours(below.unwrap_or(message)), delivery);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_a_shape() {
        for tool in &TOOLS {
            assert!(crate::decode::SHAPES.iter().any(|shape| shape.name == tool.name), "{} is in no list", tool.name);
        }
    }
}
