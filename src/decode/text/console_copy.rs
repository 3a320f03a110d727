//! Events copied out of a console or a rendered table: columns set off by ` | `, borders, a button's name in between.

use std::borrow::Cow;

use super::engine::{self, Family, FoundEvent, Prefix};
use super::own_time::own_time;
use super::squeezed;
use super::written_time::written_time;
use crate::decode::delivery::Delivery;
use crate::decode::head::InputHead;
use crate::decode::moment::moment;
use crate::decode::{Decode, Shape};
use crate::lambda::has_trace;
use crate::lambda::sentences::message_start;
use crate::model::Timestamp;

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "console-copy",
    about: "copied from the console or a table: `time | message`, Markdown or ASCII borders, clock times on lines of their own",
    sniff,
    decode: Decode::Events(|feed, delivery| {
        delivery.watch_order();
        delivery.lines_only();
        engine::decode(&mut ConsoleCopy, feed, delivery);
        Ok(())
    }),
    samples: &[
        "2026-10-01T02:00:00.123+02:00 | START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n-- | --\n  | 2026-10-01T02:00:01.123+02:00 | END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
        "2026-10-01T02:00:00.123+02:00CopyIMAGE\tLaunch error: exec format error | IMAGE Launch error: exec format error\n-- | --\n",
        "-----------------------\n|  timestamp  | message |\n|-----|-----|\n| 1790812800123 | REPORT RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Duration: 1 ms   |\n",
        "@message | RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Error: exit code 0 Extension.Crash\n",
        "00:58:30\nREPORT RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\tDuration: 1 ms\n",
        "2026-10-01T00:00:00.123Z\nSTART RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: 7\n\nSTART RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: 7\n2026-10-01T00:00:01.123Z\nEND RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n\nEND RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
        "Oct 1, 2026 @ 00:58:30.123\nSTART RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: 7\nOct 1, 2026 @ 00:58:31.123\nEND RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n",
    ],
};

fn sniff(head: &InputHead<'_>) -> bool {
    let first = head.first_line();
    let begins = matches!(kind(first), CopyLine::Border | CopyLine::Event { .. });
    let message = |line: &[u8]| match kind(line) {
        CopyLine::Event { message, .. } => Some(message),
        _ => None,
    };
    begins
        && (time_alone(first.trim_ascii()).is_none() || has_times_above(head))
        && head.any_line(|line| message(line).is_some())
        && has_trace(head.bytes)
        && has_sentences(head, message)
        && (head.has_messages_at(message)
            && !head.any_line(|line| message(line).is_some_and(|at| has_cells_behind(line, at)))
            || head.any_line(|line| message(line).is_some_and(|at| is_repeated(line, at))))
}

/// Returns whether lines of the copy hold the sentences of the platform, if the log has any: a tool may have written the first
/// line in the form of such a copy.
fn has_sentences(head: &InputHead<'_>, message: impl Fn(&[u8]) -> Option<usize>) -> bool {
    let is_sentence = |line: &[u8]| message_start(line).is_some();
    !head.any_line(is_sentence)
        || head.any_line(|line| is_sentence(line) && message(line).is_some())
        || head.any_line(|line| message_start(line) == Some(0)) && has_times_above(head)
}

/// Returns whether a time stands alone above every sentence of the platform, or above the one that it repeats: one above
/// them all is that of the copy.
fn has_times_above(head: &InputHead<'_>) -> bool {
    let (mut above, mut told): (&[u8], &[u8]) = (b"", b"");
    head.lines().all(|line| {
        let before = std::mem::replace(&mut above, line).trim_ascii();
        if message_start(line) != Some(0) {
            return true;
        }
        let told = std::mem::replace(&mut told, line);
        time_alone(before).is_some() || before.is_empty() && squeezed(told).eq(squeezed(line))
    })
}

/// What a line is in such a copy.
enum CopyLine {
    Event { at: Option<Timestamp>, message: usize },
    Border,
    Other,
}

fn kind(line: &[u8]) -> CopyLine {
    let indent = line.iter().take_while(|byte| matches!(byte, b' ' | b'|' | b'\t')).count();
    let rest = &line[indent..];
    if let Some(at) = time_alone(rest.trim_ascii_end()) {
        // The message stands on the lines below.
        return CopyLine::Event { at, message: line.len() + 1 };
    }
    if let Some((at, used)) = Timestamp::parse_prefix(rest) {
        let separators: [&[u8]; 3] = [b" | ", b"\t| ", b"Copy"];
        return match separators.iter().find(|text| rest[used..].starts_with(text)) {
            Some(separator) => CopyLine::Event { at: Some(at), message: indent + used + separator.len() },
            None => CopyLine::Other,
        };
    }
    if rest.starts_with(b"@message | ") {
        // Words alone are the names of other columns.
        if rest.split(|byte| *byte == b'|').all(|cell| !cell.trim_ascii().contains(&b' ')) {
            return CopyLine::Border;
        }
        return CopyLine::Event { at: None, message: indent + b"@message | ".len() };
    }
    numbered(line, indent).unwrap_or(if is_border(line) { CopyLine::Border } else { CopyLine::Other })
}

/// `| 1790812800123 | message`
fn numbered(line: &[u8], indent: usize) -> Option<CopyLine> {
    let rest = &line[indent..];
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let blanks = rest[digits..].iter().take_while(|byte| **byte == b' ').count();
    let fits = (12..=14).contains(&digits) && rest[digits + blanks..].starts_with(b"|");
    fits.then(|| {
        let message = indent + digits + blanks + 1;
        let message = message + usize::from(line.get(message) == Some(&b' '));
        CopyLine::Event { at: moment(&rest[..digits]), message }
    })
}

/// Reads a time with nothing else on its line: `00:58:30`, `Oct 1, 2026 @ 00:58:30.123` (Kibana). A number alone may count
/// anything.
fn time_alone(text: &[u8]) -> Option<Option<Timestamp>> {
    let time = written_time(text).filter(|time| time.length == text.len() && text.contains(&b':'))?;
    Some(time.at)
}

/// Rules of dashes, `-- | --`, and the row of column names.
fn is_border(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let rule = line.len() > 2
        && line.contains(&b'-')
        && line.iter().all(|byte| matches!(byte, b'-' | b'|' | b' ' | b'+' | b':' | b'='));
    let words = || line.split(|byte| *byte == b'|').map(<[u8]>::trim_ascii).filter(|word| !word.is_empty());
    let names: [&[u8]; 7] =
        [b"timestamp", b"message", b"Timestamp", b"Message", b"@timestamp", b"@message", b"@logStream"];
    rule || (line.contains(&b'|') && words().count() > 0 && words().all(|word| names.contains(&word)))
}

struct ConsoleCopy;

impl Family for ConsoleCopy {
    type Names = ();

    fn prefix(&mut self, line: &[u8]) -> Option<Prefix> {
        match kind(line) {
            CopyLine::Event { at, message } => Some(Prefix { at, message, ..Prefix::default() }),
            CopyLine::Border => Some(Prefix { message: usize::MAX, ..Prefix::default() }),
            CopyLine::Other => None,
        }
    }

    fn deliver(&self, message: &[u8], event: FoundEvent<'_>, delivery: &mut Delivery<'_>) {
        let text = message.trim_ascii_end();
        let text = text.strip_suffix(b"|").map_or(text, <[u8]>::trim_ascii_end);
        let at = event.at.or_else(|| own_time(text));
        FoundEvent { at, ..event }.deliver(&unrepeated(without_copy(text)), delivery);
    }
}

/// The console shows a shortened text and the whole beside it: one of two equal columns is enough.
fn unrepeated(text: &[u8]) -> Cow<'_, [u8]> {
    for bar in memchr::memmem::find_iter(text, b" | ") {
        let (left, right) = (&text[..bar], &text[bar + 3..]);
        if squeezed(left).eq(squeezed(right)) {
            return Cow::Borrowed(left);
        }
    }
    Cow::Borrowed(text)
}

/// Takes off the second of two texts that differ in their blanks only: below the message of a row that is unfolded, the
/// console shows it once more on one line, which a copy takes along.
fn without_copy(text: &[u8]) -> &[u8] {
    if memchr::memchr(b'\n', text).is_none() {
        return text;
    }
    let half = squeezed(text).count() / 2;
    let Some(middle) =
        text.iter().enumerate().filter(|(_, byte)| !byte.is_ascii_whitespace()).map(|(at, _)| at).nth(half)
    else {
        return text;
    };
    let (left, right) = text.split_at(middle);
    let shown = left.trim_ascii_end();
    let empty_line = left[shown.len()..].iter().filter(|byte| **byte == b'\n').count() > 1;
    if empty_line && squeezed(left).eq(squeezed(right)) { shown } else { text }
}

/// Returns whether a sentence of the platform has other columns behind it.
fn has_cells_behind(line: &[u8], message: usize) -> bool {
    let text = line.get(message..).unwrap_or_default().trim_ascii_end();
    let text = text.strip_suffix(b"|").unwrap_or(text);
    memchr::memmem::find(text, b" | ").is_some() && message_start(text) == Some(0)
}

/// Returns whether the message of a line stands there twice.
fn is_repeated(line: &[u8], message: usize) -> bool {
    line.get(message..).is_some_and(|text| unrepeated(text).len() < text.len())
}
