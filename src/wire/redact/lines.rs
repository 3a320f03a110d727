//! Masking of lines that belong together: a private key has many, and a value may stand below its name. Each alone looks like
//! any text.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use super::{MASK, Redaction, search};

/// Characters of a line of a private key in PEM (RFC 7468).
const LINE: usize = 64;
/// Most lines above one that are looked at with it, and the longest of them.
const ABOVE: usize = 8;
const LONGEST_ABOVE: usize = 512;
/// Most lines in front of one that is taken out of a log which are passed over to find what it stands below, and where it
/// may be a line of a private key.
const PASSED: usize = 8;
const PASSED_OF_KEY: usize = 100;

/// Masks the lines of one log in their order.
#[derive(Debug)]
pub(crate) struct LineMasking<'r> {
    redaction: &'r Redaction,
    /// Whether a private key began and has not ended.
    in_key: bool,
    /// The lines above as they were, from the first that may name a secret.
    above: VecDeque<LineAbove<'r>>,
    /// Whether a logger wrote something in front of the last.
    is_led: bool,
}

#[derive(Debug)]
struct LineAbove<'t> {
    text: Cow<'t, str>,
    /// Whether it was masked for what stands above it: a part of a list or a table, which may be long.
    is_part: bool,
}

impl Redaction {
    /// Returns how many lines in front of this one tell what it is. A text with several lines tells it itself.
    pub(crate) fn lines_above(line: &str) -> usize {
        if line.trim_end().contains('\n') {
            return 0;
        }
        if is_of_key(behind_lead(line).trim()) { PASSED_OF_KEY } else { PASSED }
    }

    /// Returns whether a line may name a secret that stands below it, also while it is escaped.
    pub(crate) fn may_name(line: &[u8]) -> bool {
        !search::words(line).is_empty()
    }

    /// Returns a line with secrets masked that stands below others of one log: it may be what they name.
    pub(crate) fn apply_below<'l>(&'l self, above: impl Iterator<Item = Cow<'l, str>>, line: &str) -> String {
        if self.is_off() {
            return line.to_owned();
        }
        let mut masking = LineMasking::new(self);
        above.for_each(|line| masking.pass(line));
        masking.next(line)
    }
}

impl<'r> LineMasking<'r> {
    pub(crate) fn new(redaction: &'r Redaction) -> Self {
        Self { redaction, in_key: false, above: VecDeque::new(), is_led: false }
    }

    /// Returns the next line with secrets masked.
    pub(crate) fn next(&mut self, line: &str) -> String {
        if self.redaction.is_off() {
            return line.to_owned();
        }
        let is_end = line.contains("-----END ");
        let part = if self.in_key { part_of_key(line) } else { None };
        let of_key = self.in_key && is_end || part.is_some();
        let begins = line.contains("-----BEGIN ") && line.contains("PRIVATE KEY");
        self.in_key = (of_key || begins) && !is_end;
        if of_key || begins {
            self.above.clear();
        }
        match (part, of_key, begins) {
            (Some(part), ..) => format!("{}{MASK}", &line[..line.trim_end().len() - part.len()]),
            (_, true, _) => format!("{}{MASK}", &line[..line.len() - behind_lead(line).len()]),
            (.., true) => self.redaction.apply(line),
            _ => self.below_others(line),
        }
    }

    /// Returns a line of the platform with secrets masked: it ends what the function wrote above it.
    pub(crate) fn of_platform(&mut self, line: &str) -> String {
        self.above.clear();
        self.redaction.apply(line)
    }

    /// Passes over a line that is not shown: what it is does not matter, only what it may say of those below.
    fn pass(&mut self, line: Cow<'r, str>) {
        if self.in_key || line.contains("-----BEGIN ") {
            self.next(line.trim_end());
            return;
        }
        let end = line.trim_end().len();
        let begin = end - self.behind_lead(&line[..end]).len();
        let Some(kept) = self.room_above(&line[begin..end], PASSED) else { return };
        let (begin, end) = (begin + kept.start, begin + kept.end);
        let text = match line {
            Cow::Borrowed(line) => Cow::Borrowed(&line[begin..end]),
            Cow::Owned(mut line) => {
                line.truncate(end);
                line.drain(..begin);
                Cow::Owned(line)
            }
        };
        self.above.push_back(LineAbove { text, is_part: false });
    }

    /// Returns the text of a line behind what a logger wrote, and forgets what another writer wrote above it. Behind a line
    /// with such a lead its text goes on in lines without one.
    fn behind_lead<'l>(&mut self, line: &'l str) -> &'l str {
        let rest = behind_lead(line);
        let is_led = rest.len() < line.len();
        if is_led && !self.is_led {
            self.above.clear();
        }
        self.is_led = is_led;
        rest
    }

    /// Masks a line together with those above it.
    fn below_others(&mut self, line: &str) -> String {
        let rest = self.behind_lead(line);
        let lead = &line[..line.len() - rest.len()];
        let mut masked = self.redaction.apply(line);
        let mut is_part = false;
        if !self.above.is_empty() && masked == line {
            // What ends below it is open, as where a text is cut.
            const OPEN: char = '…';
            let length: usize = self.above.iter().map(|line| line.text.len() + 1).sum();
            let mut together = String::with_capacity(length + rest.len() + OPEN.len_utf8());
            for line in &self.above {
                together.push_str(&line.text);
                together.push('\n');
            }
            together.push_str(rest);
            together.push(OPEN);
            self.redaction.mask(&mut together);
            let together = together.strip_suffix(OPEN).unwrap_or(&together);
            let ends = |text: &str| text.bytes().filter(|byte| *byte == b'\n').count();
            match together.rsplit_once('\n') {
                Some((_, last)) if ends(together) == self.above.len() => masked = format!("{lead}{last}"),
                // One mask for several lines, of which it is the last.
                _ if together.ends_with(MASK) => masked = format!("{lead}{MASK}"),
                _ => {}
            }
            is_part = masked != line;
        }
        if let Some(kept) = self.room_above(rest, ABOVE) {
            self.above.push_back(LineAbove { text: Cow::Owned(rest[kept].to_owned()), is_part });
        }
        masked
    }

    /// Makes room for a text above the next line, among at most so many, and returns what of it is to stand there; `None` if
    /// neither it nor what is above it may name a secret.
    fn room_above(&mut self, text: &str, most: usize) -> Option<Range<usize>> {
        // Of a text with several lines, the last one stands above the next.
        let begin = text.rfind('\n').map_or(0, |end| end + 1);
        if begin > 0 {
            self.above.clear();
        }
        let last = &text[begin..];
        if self.above.is_empty() && search::words(last.as_bytes()).is_empty() {
            return None;
        }
        if self.above.len() == most {
            // What names it stays above its parts.
            let part = self.above.iter().position(|line| line.is_part).unwrap_or(0);
            self.above.remove(part);
            while self.above.front().is_some_and(|line| search::words(line.text.as_bytes()).is_empty()) {
                self.above.pop_front();
            }
        }
        Some(begin..begin + last.floor_char_boundary(LONGEST_ABOVE))
    }
}

/// Longest part of what a logger writes in front of a line, and most of them.
const LONGEST_LEAD: usize = 64;
const LEADS: usize = 3;
/// Length of a time to the second.
const SHORTEST_TIME: usize = 20;

/// Returns the text behind what the loggers of Lambda write in front of it: a time, an id and a level, apart by tabs, or
/// the level in brackets.
fn behind_lead(line: &str) -> &str {
    let mut rest = line;
    for _ in 0..LEADS {
        let near = &rest.as_bytes()[..rest.len().min(LONGEST_LEAD)];
        let Some(length) = memchr::memchr(b'\t', near) else { break };
        if length == 0 || near[..length].contains(&b' ') {
            break;
        }
        rest = &rest[length + 1..];
    }
    let is_level = |rest: &str| {
        let level = rest.strip_prefix('[').and_then(|rest| rest.split_once("] "));
        level.is_some_and(|(level, _)| level.len() < 10 && level.bytes().all(|byte| byte.is_ascii_uppercase()))
    };
    let is_time = |field: &str| field.len() >= SHORTEST_TIME && field.ends_with('Z');
    let lead = &line[..line.len() - rest.len()];
    match line.as_bytes().first() {
        Some(b'[') if is_level(line) => &line[line.find("] ").map_or(0, |at| at + 2)..],
        Some(b'[' | b'0'..=b'9') if lead.split('\t').any(is_time) => rest,
        _ => line,
    }
}

/// Returns what of a line is one of a private key: all behind what a logger wrote, or its last word.
fn part_of_key(line: &str) -> Option<&str> {
    let line = line.trim_end();
    let rest = behind_lead(line);
    if is_of_key(rest.trim()) {
        return Some(rest);
    }
    let word = rest.rsplit(char::is_whitespace).next()?;
    (word.len() > LINE / 2 && is_of_key(word)).then_some(word)
}

/// Returns whether a line may stand in a private key: base64, or a header of old ones.
fn is_of_key(line: &str) -> bool {
    let is_header = line.starts_with("Proc-Type:") || line.starts_with("DEK-Info:");
    is_header || line.len() <= LINE + 12 && line.bytes().all(is_base64)
}

/// Returns whether a text is one line of a private key that is not the last: all of it, and of the length of such lines.
pub(super) fn is_line_of_key(text: &str) -> bool {
    let line = text.trim();
    let has = |is: fn(&u8) -> bool| line.bytes().any(|byte| is(&byte));
    line.len() == LINE
        && line.bytes().all(is_base64)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}
