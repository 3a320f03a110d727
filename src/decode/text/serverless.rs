//! `serverless logs`: it rewrites the lines of the platform; here they get their own words back.
//!
//! Version 3 takes the ids off: `START` alone, and the figures of REPORT behind `END`. All of its attempts get one id that
//! tells nothing, so that they are told apart by their order.

use std::borrow::Cow;

use super::ansi::without_colours;
use super::engine::{self, Family, FoundEvent, Prefix};
use crate::decode::delivery::Delivery;
use crate::decode::{Decode, Shape};
use crate::lambda::levels::is_any_line_level;
use crate::lambda::platform::{END, REPORT, START};
use crate::model::{RequestId, Timestamp};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "serverless-logs",
    about: "`serverless logs`: `START - id - Version`, `REPORT - id`, times in local time; `START`, `END Duration: `",
    sniff: |head| head.any_line(|line| platform_word(line).is_some() || has_figures(&without_colours(line))),
    decode: Decode::Events(|feed, delivery| {
        delivery.lines_only();
        engine::decode(&mut Serverless::default(), feed, delivery);
        Ok(())
    }),
    samples: &[
        "START - 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 - Version: $LATEST\n\
         2026-10-01 00:00:00.123 - 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 - INFO\tcharged\n\
         END - 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\nREPORT - 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\nDuration: 3.45 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\n",
        "START\n2026-10-01 00:00:00.123\tINFO\tcharged\nEND Duration: 3.45 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\n",
    ],
};

/// What stands for the ids that version 3 takes off.
const NO_ID: &[u8] = b"[omitted]";
/// Words of version 3 before the figures of REPORT.
const FIGURES: &[u8] = b"END Duration: ";

/// The word of a line of the platform, `START` in `START - ID`.
fn platform_word(line: &[u8]) -> Option<&'static [u8]> {
    let words: [&[u8]; 3] = [b"START", b"END", b"REPORT"];
    words.into_iter().find(|word| {
        let rest = line.strip_prefix(*word).and_then(|rest| rest.strip_prefix(b" - "));
        rest.is_some_and(|rest| RequestId::parse_prefix(rest).is_some())
    })
}

/// Returns whether a line has the figures of REPORT as version 3 writes them.
fn has_figures(line: &[u8]) -> bool {
    line.strip_prefix(FIGURES).is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit))
        && memchr::memmem::find(line, b"Billed Duration: ").is_some()
}

#[derive(Default)]
struct Serverless {
    /// Whether version 3 wrote a line, which has no ids.
    without_ids: bool,
}

impl Family for Serverless {
    type Names = ();

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix> {
        let plain = without_colours(line);
        let timed = Timestamp::parse_prefix(&plain).is_some();
        self.without_ids |= plain.trim_ascii_end() == START.word.as_bytes() || has_figures(&plain);
        // The figures of REPORT stand on a line of their own.
        let begins = timed || platform_word(&plain).is_some() || !(plain.starts_with(b"Duration:") || plain.is_empty());
        begins.then_some(Prefix::default())
    }

    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        let plain = without_colours(message);
        let plain = plain.trim_ascii_end();
        let Some(word) = platform_word(plain) else {
            let line = if self.without_ids { with_anonymous_id(plain) } else { Cow::Borrowed(plain) };
            delivery.grown += line.len().saturating_sub(message.len()) as u64;
            return event.deliver(&line, delivery);
        };
        let id = word.len() + b" - ".len();
        let (id, rest) = plain[id..].split_at(RequestId::LENGTH);
        let rest = rest.strip_prefix(b" -").unwrap_or(rest);
        let mut line = [word, b" RequestId: ", id].concat();
        line.extend(rest.iter().map(|byte| if *byte == b'\n' { b'\t' } else { *byte }));
        delivery.grown += line.len().saturating_sub(message.len()) as u64;
        event.deliver(&line, delivery);
    }
}

/// Writes a line of version 3 as one about an id that tells nothing. What the framework did not rewrite has its id still,
/// among its first words.
fn with_anonymous_id(line: &[u8]) -> Cow<'_, [u8]> {
    let about = |word: &str, rest: &[u8]| [word.as_bytes(), b" ", NO_ID, rest].concat();
    if line == START.word.as_bytes() {
        return Cow::Owned(about(START.begin, b" Version: $LATEST"));
    }
    if has_figures(line) {
        return Cow::Owned(about(REPORT.begin, &[b"\t", &line[END.word.len() + 1..]].concat()));
    }
    let words = line.iter().enumerate().filter(|(_, byte)| byte.is_ascii_whitespace()).map(|(at, _)| at + 1);
    let mut id =
        [0].into_iter().chain(words).take(FIRST_WORDS).filter(|at| RequestId::parse_prefix(&line[*at..]).is_some());
    match id.next() {
        Some(at) => Cow::Owned([&line[..at], NO_ID, &line[at + RequestId::LENGTH..]].concat()),
        None => match end_of_time(line) {
            Some(end) => Cow::Owned([&line[..end], NO_ID, b"\t", &line[end..]].concat()),
            None => Cow::Borrowed(line),
        },
    }
}

/// Returns where the level begins behind the time of a line of Node.js, between which its id stood.
fn end_of_time(line: &[u8]) -> Option<usize> {
    let (_, used) = Timestamp::parse_prefix(line)?;
    let rest = line[used..].strip_prefix(b"\t")?;
    let level = std::str::from_utf8(&rest[..memchr::memchr(b'\t', rest)?]).ok()?;
    is_any_line_level(level).then_some(used + 1)
}

/// Words of a line among which its id stands: a level, a date and a time, a label may come before.
const FIRST_WORDS: usize = 4;
