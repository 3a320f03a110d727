//! `serverless logs`: it rewrites the lines of the platform; here they get their own words back.

use super::ansi::without_colours;
use super::engine::{self, Family, FoundEvent, Prefix};
use crate::decode::delivery::Delivery;
use crate::decode::{Decode, Shape};
use crate::model::{RequestId, Timestamp};

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "serverless-logs",
    about: "`serverless logs`: `START - id - Version`, `REPORT - id`, times in local time",
    sniff: |head| head.any_line(|line| platform_word(line).is_some()),
    decode: Decode::Events(|feed, delivery| {
        delivery.lines_only();
        engine::decode(&mut Serverless, feed, delivery);
        Ok(())
    }),
    samples: &["START - 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 - Version: $LATEST\n\
         2026-10-01 00:00:00.123 - 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 - INFO\tcharged\n\
         END - 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\nREPORT - 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\nDuration: 3.45 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\n"],
};

/// The word of a line of the platform, `START` in `START - ID`.
fn platform_word(line: &[u8]) -> Option<&'static [u8]> {
    let words: [&[u8]; 3] = [b"START", b"END", b"REPORT"];
    words.into_iter().find(|word| {
        let rest = line.strip_prefix(*word).and_then(|rest| rest.strip_prefix(b" - "));
        rest.is_some_and(|rest| RequestId::parse_prefix(rest).is_some())
    })
}

struct Serverless;

impl Family for Serverless {
    type Names = ();

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix> {
        let plain = without_colours(line);
        let timed = Timestamp::parse_prefix(&plain).is_some();
        // The figures of REPORT stand on a line of their own.
        let begins = timed || platform_word(&plain).is_some() || !(plain.starts_with(b"Duration:") || plain.is_empty());
        begins.then_some(Prefix::default())
    }

    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        let plain = without_colours(message);
        let plain = plain.trim_ascii_end();
        let Some(word) = platform_word(plain) else {
            return event.deliver(plain, delivery);
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
