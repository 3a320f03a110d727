//! `serverless logs` and `serverless invoke --log`: they rewrite the lines of the platform and the heads of the others; here
//! these get their own words back.
//!
//! Version 3 takes the ids off: `START` alone, and some figures of REPORT behind `END`. All of its attempts get one id that
//! tells nothing, so that they are told apart by their order. Version 4 puts ids between dashes, and the text of a line that
//! has a time below it.

use std::borrow::Cow;

use super::ansi::without_colours;
use super::engine::{self, Family, FoundEvent, Prefix};
use crate::decode::delivery::Delivery;
use crate::decode::head::InputHead;
use crate::decode::{Decode, Shape};
use crate::lambda::levels::is_any_line_level;
use crate::lambda::platform::{INIT_START, REPORT, START};
use crate::lambda::sentences::message_start;
use crate::model::{RequestId, Timestamp};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "serverless-logs",
    about: "`serverless logs`: `START - id - Version`, `REPORT - id`, times in local time; `START`, `END Duration: `",
    sniff,
    decode: Decode::Events(|feed, delivery| {
        delivery.lines_only();
        let mut lines = Serverless::default();
        engine::decode(&mut lines, feed, delivery);
        if lines.hides_status {
            delivery.remark(
                false,
                "version 3 of the Serverless Framework prints no status of an attempt with a cold start: a failure of which \
                 no other line tells is missing; read the log with aws logs tail to be sure",
            );
        }
        Ok(())
    }),
    samples: &[
        "START - 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 - Version: $LATEST\n\
         2026-10-01 00:00:00.123 - 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 - INFO\tcharged\n\
         END - 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\nREPORT - 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\nDuration: 3.45 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\n",
        "START\n2026-10-01 00:00:00.123\tINFO\tcharged\nEND Duration: 3.45 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\n",
        "START\n2026-10-01 00:00:00.123\tERROR\tInvoke Error \t{\"errorType\":\"OutOfStock\",\"errorMessage\":\"no stock\",\"stack\":[]}\nEND Duration: 3.45 ms (init: 120.11 ms) Memory Used: 40 MB\n",
        "START - 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 - Version: $LATEST\n2026-10-01 00:00:00.123 - 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 - \nINFO\tcharged\nEND - 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
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

/// Recognises it by a line of the platform that only it writes, unless the platform's own stand beside it: then a function
/// printed it.
fn sniff(head: &InputHead<'_>) -> bool {
    let any = |test: fn(&[u8]) -> bool| head.any_line(|line| test(&without_colours(line)));
    any(|line| platform_word(line).is_some())
        || (any(has_figures) || any(is_start) && any(is_timed)) && !head.any_line(is_of_platform)
}

/// Returns whether a line has START or REPORT as the platform writes them, which the framework rewrites always.
fn is_of_platform(line: &[u8]) -> bool {
    let words = [START.begin, REPORT.begin].map(str::as_bytes);
    message_start(line).is_some_and(|at| words.iter().any(|word| line[at..].starts_with(word)))
}

/// Returns whether a line is START as version 3 writes it.
fn is_start(line: &[u8]) -> bool {
    line.trim_ascii_end() == START.word.as_bytes()
}

/// Returns whether a line has a time, a level and a text as version 3 writes them.
fn is_timed(line: &[u8]) -> bool {
    line.get(10) == Some(&b' ') && end_of_time(line).is_some_and(|(end, level)| end == TIME_AND_TAB && level.is_some())
}

/// Length of `2026-10-01 00:00:00.123` and the tab behind it.
const TIME_AND_TAB: usize = 24;

/// Returns whether a line has the figures of REPORT as version 3 writes them.
fn has_figures(line: &[u8]) -> bool {
    figures(line).is_some()
}

/// Rewrites the figures of version 3 as those of REPORT.
fn figures(line: &[u8]) -> Option<Vec<u8>> {
    let rest =
        line.trim_ascii_end().strip_prefix(FIGURES).filter(|rest| rest.first().is_some_and(u8::is_ascii_digit))?;
    if memchr::memmem::find(rest, b"Billed Duration: ").is_some() {
        return Some([b"\tDuration: ", rest].concat());
    }
    let (duration, memory) = rest.split_at(memchr::memmem::rfind(rest, b" Memory Used: ")?);
    let (duration, cold) = match memchr::memmem::find(duration, IN_BRACKETS) {
        Some(at) => (&duration[..at], duration[at + IN_BRACKETS.len()..].strip_suffix(b")")?.trim_ascii()),
        None => (duration, &b""[..]),
    };
    let is_whole = duration.ends_with(b" ms") && memory.get(b" Memory Used: ".len()).is_some_and(u8::is_ascii_digit);
    // The fifth field of REPORT stands in the brackets, whatever it is.
    let label: &[u8] = match cold.first() {
        None => b"",
        Some(_) if cold.ends_with(b"ms") => b"\tInit Duration: ",
        Some(b'0'..=b'9') => b"\nXRAY TraceId: ",
        Some(_) => b"\tStatus: ",
    };
    is_whole.then(|| [b"\tDuration: ", duration, b"\tMax", memory, label, cold].concat())
}

/// Returns whether a line has the figures of version 3, and in the place of a status another field.
fn hides_status(line: &[u8]) -> bool {
    figures(line).is_some_and(|figures| memchr::memmem::find(&figures, b"\tInit Duration: ").is_some())
}

/// Words of version 3 before the fifth field of REPORT.
const IN_BRACKETS: &[u8] = b" (init:";

/// Head of a line of a runtime in version 4: time, id and perhaps a level, between dashes.
struct DashedHead<'l> {
    time: &'l [u8],
    id: &'l [u8],
    /// What stands behind the last dash: a level in brackets, or the text.
    rest: &'l [u8],
}

impl<'l> DashedHead<'l> {
    fn of(line: &'l [u8]) -> Option<Self> {
        let (_, used) = Timestamp::parse_prefix(line)?;
        let rest = line[used..].strip_prefix(b" - ")?;
        let is_no_id = |id: &&[u8]| rest.starts_with(id) && rest[id.len()..].starts_with(b" - ");
        let no_id = || NO_IDS.into_iter().find(is_no_id).map(<[u8]>::len);
        let id = RequestId::parse_prefix(rest).map(|_| RequestId::LENGTH).or_else(no_id)?;
        // What trims line ends has taken the last blank.
        let behind = rest[id..].strip_prefix(b" -")?;
        Some(Self { time: &line[..used], id: &rest[..id], rest: behind.strip_prefix(b" ").unwrap_or(behind) })
    }

    /// Returns whether the text stands on the next line.
    fn has_text_below(&self) -> bool {
        let rest = self.rest.trim_ascii();
        rest.is_empty() || rest.starts_with(b"[") && rest.ends_with(b"]")
    }

    /// Writes the line as the runtime did.
    fn written(&self) -> Vec<u8> {
        let (first, below) = self.rest.split_at(memchr::memchr(b'\n', self.rest).unwrap_or(self.rest.len()));
        let above = DashedHead { rest: first, ..*self };
        if !above.has_text_below() {
            return [self.time, b"\t", self.id, b"\t", self.rest].concat();
        }
        let (level, tab): (&[u8], &[u8]) = match first.trim_ascii() {
            b"" => (b"", b""),
            level => (level, b"\t"),
        };
        [level, tab, self.time, b"\t", self.id, b"\t", below.strip_prefix(b"\n").unwrap_or(below)].concat()
    }
}

/// What runtimes write in the place of an id.
const NO_IDS: [&[u8]; 2] = [b"undefined", b"-"];

#[derive(Default)]
struct Serverless {
    /// Whether version 4 wrote a line, so that the words of version 3 are the function's.
    with_ids: bool,
    /// Whether version 3 wrote a line, which has no ids.
    without_ids: bool,
    /// Whether the text of the line before stands on this one.
    text_follows: bool,
    /// Whether the duration of an init took the place of a status.
    hides_status: bool,
}

impl Family for Serverless {
    type Names = ();

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix> {
        let plain = without_colours(line);
        let word = platform_word(&plain);
        let timed = Timestamp::parse_prefix(&plain).is_some();
        self.with_ids |= word.is_some();
        self.without_ids |= !self.with_ids && (is_start(&plain) || has_figures(&plain) || is_timed(&plain));
        self.hides_status |= self.without_ids && hides_status(&plain);
        let follows = std::mem::take(&mut self.text_follows) && word.is_none() && !timed;
        self.text_follows = timed && DashedHead::of(&plain).is_some_and(|head| head.has_text_below());
        // The figures of REPORT stand on a line of their own.
        let begins = timed || word.is_some() || !(plain.starts_with(b"Duration:") || plain.is_empty() || follows);
        begins.then_some(Prefix::default())
    }

    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        let plain = without_colours(message);
        let plain = plain.trim_ascii_end();
        let line = self.own_words(plain);
        delivery.grown += line.len().saturating_sub(message.len()) as u64;
        event.deliver(&line, delivery);
    }
}

impl Serverless {
    /// Writes a line as the platform or a runtime did.
    fn own_words<'l>(&self, line: &'l [u8]) -> Cow<'l, [u8]> {
        if let Some(word) = platform_word(line) {
            let id = word.len() + b" - ".len();
            let (id, rest) = line[id..].split_at(RequestId::LENGTH);
            let rest = rest.strip_prefix(b" -").unwrap_or(rest);
            let mut written = [word, b" RequestId: ", id].concat();
            written.extend(rest.iter().map(|byte| if *byte == b'\n' { b'\t' } else { *byte }));
            return Cow::Owned(written);
        }
        if self.without_ids {
            return with_anonymous_id(line);
        }
        if let Some(rest) = line.strip_prefix(INIT_START.as_bytes()).and_then(|rest| rest.strip_prefix(DASHED_RUNTIME))
        {
            return Cow::Owned([INIT_START.as_bytes(), b" Runtime Version:", rest].concat());
        }
        match DashedHead::of(line) {
            Some(head) => Cow::Owned(head.written()),
            None => Cow::Borrowed(line),
        }
    }
}

/// Words of version 4 before the version in INIT_START.
const DASHED_RUNTIME: &[u8] = b" Runtime - Version:";

/// Writes a line of version 3 as one about an id that tells nothing. What the framework did not rewrite has its id still,
/// among its first words.
fn with_anonymous_id(line: &[u8]) -> Cow<'_, [u8]> {
    let about = |word: &str, rest: &[u8]| [word.as_bytes(), b" ", NO_ID, rest].concat();
    if is_start(line) {
        return Cow::Owned(about(START.begin, b" Version: $LATEST"));
    }
    if let Some(figures) = figures(line) {
        return Cow::Owned(about(REPORT.begin, &figures));
    }
    let words = line.iter().enumerate().filter(|(_, byte)| byte.is_ascii_whitespace()).map(|(at, _)| at + 1);
    let mut id =
        [0].into_iter().chain(words).take(FIRST_WORDS).filter(|at| RequestId::parse_prefix(&line[*at..]).is_some());
    match id.next() {
        Some(at) => Cow::Owned([&line[..at], NO_ID, &line[at + RequestId::LENGTH..]].concat()),
        None => match end_of_time(line) {
            // Python writes its level before the time.
            Some((end, Some(level))) if level.starts_with(b"[") => {
                let behind = &line[end + level.len()..];
                Cow::Owned([level, b"\t", &line[..end], NO_ID, behind].concat())
            }
            Some((end, _)) => Cow::Owned([&line[..end], NO_ID, b"\t", &line[end..]].concat()),
            None => Cow::Borrowed(line),
        },
    }
}

/// Returns where what follows the time of a line and a tab begins, between which the id stood, and the level that begins there.
/// Clients without one write a text or an object.
fn end_of_time(line: &[u8]) -> Option<(usize, Option<&[u8]>)> {
    let (_, used) = Timestamp::parse_prefix(line)?;
    let rest = line[used..].strip_prefix(b"\t")?;
    let first = &rest[..memchr::memchr(b'\t', rest).unwrap_or(rest.len())];
    let word = first.strip_prefix(b"[").and_then(|word| word.strip_suffix(b"]")).unwrap_or(first);
    let is_level = first.len() < rest.len() && std::str::from_utf8(word).is_ok_and(is_any_line_level);
    Some((used + 1, is_level.then_some(first)))
}

/// Words of a line among which its id stands: a level, a date and a time, a label may come before.
const FIRST_WORDS: usize = 4;
