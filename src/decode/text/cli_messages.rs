//! AWS CLI `--query 'events[].message' --output text`: messages alone, joined by tabs, which messages have inside, too.
//!
//! What was joined cannot be told apart for sure. A line that begins with a tab begins a message, unless it is a line of
//! a stack trace, and a line of the platform behind a tab begins one wherever it stands.

use super::engine::{self, Family, FoundEvent, Prefix};
use super::own_time::own_time;
use crate::decode::delivery::Delivery;
use crate::decode::head::InputHead;
use crate::decode::{Decode, Shape};
use crate::lambda::platform::is_platform;

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "aws-cli-messages-text",
    about: "`aws logs … --query 'events[].message' --output text`: messages joined by tabs",
    sniff,
    decode: Decode::Events(|feed, delivery| {
        delivery.remark(
            false,
            "messages are joined by tabs, which messages have inside, too: they were split where lines of the platform \
             and known loggers begin; save the log with --output json to be sure",
        );
        engine::decode(&mut Messages, feed, delivery);
        Ok(())
    }),
    samples: &[
        "START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n\thello\n\tEND RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n\tREPORT RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\tDuration: 1.00 ms\t\n",
        "hello\tSTART RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n\thi\tEND RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
    ],
};

fn sniff(head: &InputHead<'_>) -> bool {
    let first = head.first_line();
    // Other shapes have a tab between a prefix and the message: a message alone begins this one.
    let alone = is_platform(first) || joined(first).is_some_and(|tab| own_prefix(&first[..tab]));
    // A message ends with its own line end, so that the tab before the next one begins a line.
    let is_next = |line: &[u8]| line.first() == Some(&b'\t');
    alone
        && (joined(first).is_some() && head.any_line(is_next)
            || head.any_line(|line| is_next(line) && is_platform(&line[1..])))
}

/// Text before the first tab that is no time, number or keyword of another shape.
fn own_prefix(text: &[u8]) -> bool {
    let word = !text.is_empty() && !text[0].is_ascii_digit() && !text.starts_with(b"b/") && text[0] != 0x1b;
    word && memchr::memchr2(b'\t', b'|', text).is_none() && !text.iter().all(u8::is_ascii_uppercase)
}

/// The first tab with a line of the platform behind it.
fn joined(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\t', text).find(|tab| is_platform(&text[tab + 1..]))
}

/// `<tab>at x.Y.z(…)` and relatives, which continue a message.
fn is_trace(rest: &[u8]) -> bool {
    let words: [&[u8]; 5] = [b"at ", b"... ", b"Suppressed:", b"/", b"\t"];
    words.iter().any(|word| rest.starts_with(word))
}

struct Messages;

impl Family for Messages {
    type Names = ();

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix> {
        match line.strip_prefix(b"\t") {
            Some(rest) if !is_trace(rest) => Some(Prefix { message: 1, ..Prefix::default() }),
            None if is_platform(line) => Some(Prefix::default()),
            _ => None,
        }
    }

    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        let (mut rest, mut line) = (message, event.line);
        loop {
            let end = joined(rest).unwrap_or(rest.len());
            let one = &rest[..end];
            if !one.trim_ascii().is_empty() {
                FoundEvent { at: own_time(one), line, ..event }.deliver(one, delivery);
            }
            if end == rest.len() {
                return;
            }
            line += crate::decode::line_ends::count(one);
            rest = &rest[end + 1..];
        }
    }
}
