//! Lines without times that have the newest message first: how they are known, and which lines are one message, whose own order
//! is kept.

use crate::decode::head::without_return;
use crate::lambda::platform::{is_crash, is_platform, step_of_request};
use crate::lambda::runtimes::{PYTHON_ERROR, TRACEBACK};

/// Requests whose steps are remembered: those that run at once.
const MOST: usize = 32;

/// Tells the lines of messages apart in an input that has the newest one first.
#[derive(Debug, Default)]
pub(super) struct NewestFirst {
    /// Whether every line was turned round, also those within messages.
    by_line: bool,
    message: MessageSoFar,
}

/// What is known of a message whose lines go on.
#[derive(Debug, Default)]
struct MessageSoFar {
    kind: MessageKind,
    /// Whether its last line was indented.
    indented: bool,
    lines: usize,
    /// Last word of its first line.
    last_word: Vec<u8>,
}

/// What a message is, by its first line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum MessageKind {
    /// A line of the platform.
    Platform,
    /// The end of a process, with its code below.
    Crash,
    /// An error of Python, with its stack below.
    Python,
    /// A panic, with its message or its threads below.
    Panic,
    #[default]
    Other,
}

impl NewestFirst {
    /// Recognises the order by the lines of the platform: every request whose start is there has it below its end.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let mut steps: Vec<(u64, u8)> = Vec::new();
        let mut starts_below = false;
        // Indented lines next to lines of the platform: the end of a stack stands above one, its start below.
        let (mut above, mut below) = (0_usize, 0_usize);
        let mut last = LineKind::Other;
        for line in head.split(|byte| *byte == b'\n').map(without_return) {
            let kind = LineKind::of(line);
            above += usize::from(last == LineKind::Indented && kind == LineKind::Platform);
            below += usize::from(last == LineKind::Platform && kind == LineKind::Indented);
            last = kind;
            let Some((request, step)) = Some(line).filter(|_| kind == LineKind::Platform).and_then(step_of_request)
            else {
                continue;
            };
            for (_, before) in steps.iter().filter(|(id, _)| *id == request) {
                if *before < step {
                    return None;
                }
                starts_below |= step == 0 && *before > step;
            }
            if steps.len() == MOST {
                steps.remove(0);
            }
            steps.push((request, step));
        }
        starts_below.then(|| Self { by_line: below > above, message: MessageSoFar::default() })
    }

    /// Returns whether a line belongs to the message of the line before.
    pub(super) fn continues(&mut self, line: &[u8]) -> bool {
        let kind = LineKind::of(line);
        if !self.by_line && self.message.lines > 0 && kind != LineKind::Platform && self.message.goes_on(line, kind) {
            self.message.indented = kind == LineKind::Indented;
            self.message.lines += 1;
            return true;
        }
        let last_word = line.trim_ascii_end().rsplit(|byte| *byte == b' ').next().unwrap_or_default();
        self.message = MessageSoFar {
            kind: MessageKind::of(line, kind),
            indented: kind == LineKind::Indented,
            lines: 1,
            last_word: last_word[..last_word.len().min(MOST_OF_WORD)].to_vec(),
        };
        false
    }
}

/// Bytes that are remembered of a word.
const MOST_OF_WORD: usize = 200;

impl MessageSoFar {
    /// Returns whether a line, which is not one of the platform, goes on with the message.
    fn goes_on(&self, line: &[u8], kind: LineKind) -> bool {
        let is_second = self.lines == 1;
        match (self.kind, kind) {
            (MessageKind::Platform, _) => false,
            (MessageKind::Crash, _) => is_second,
            (_, LineKind::Indented | LineKind::Blank) | (MessageKind::Panic, _) => true,
            (MessageKind::Python, _) if is_second => line.starts_with(TRACEBACK.as_bytes()),
            // Below the frames of Python, its error: a class, and perhaps what it says.
            (MessageKind::Python, _) => self.indented && is_class(line),
            _ if matches!(line.first(), Some(b'}' | b']' | b')')) => true,
            // The error of the JVM's client, whose class begins its second line.
            _ => is_second && self.last_word.contains(&b'.') && line.starts_with(&self.last_word),
        }
    }
}

fn is_class(line: &[u8]) -> bool {
    let name = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_')).count();
    name > 0 && line.get(name).is_none_or(|byte| *byte == b':')
}

impl MessageKind {
    fn of(line: &[u8], kind: LineKind) -> Self {
        let begins = |words: &[&[u8]]| words.iter().any(|word| line.starts_with(word));
        match kind {
            LineKind::Platform if is_crash(line) => Self::Crash,
            LineKind::Platform => Self::Platform,
            _ if is_crash(line) => Self::Crash,
            _ if begins(&[PYTHON_ERROR.as_bytes(), TRACEBACK.as_bytes()]) => Self::Python,
            _ if begins(&[b"panic: ", b"fatal error: ", b"thread '"]) => Self::Panic,
            _ => Self::Other,
        }
    }
}

/// Kind of a line, by its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineKind {
    Platform,
    Indented,
    Blank,
    Other,
}

impl LineKind {
    fn of(line: &[u8]) -> Self {
        match line.first() {
            _ if line.trim_ascii().is_empty() => Self::Blank,
            Some(b' ' | b'\t' | 0xc2) => Self::Indented,
            _ if is_platform(line) || step_of_request(line).is_some() => Self::Platform,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_below_ends_tell_the_order() {
        for (words, want) in [
            ("REPORT a,END a,START a", true),
            ("REPORT b,END b,START b,REPORT a,END a,START a", true),
            // The window cuts requests at both ends.
            ("START b,REPORT a,END a,START a,REPORT c", true),
            ("START a,END a,REPORT a", false),
            // A retry, and one whose own lines are cut.
            ("START a,END a,REPORT a,START a,END a,REPORT a", false),
            ("END a,REPORT a,START a", false),
            ("REPORT a,END a,START b", false),
            ("START a", false),
            ("", false),
        ] {
            let log: String = words
                .split(',')
                .filter_map(|line| line.split_once(' '))
                .map(|(word, id)| format!("{word} RequestId: {id}\n"))
                .collect();
            assert_eq!(NewestFirst::of(log.as_bytes()).is_some(), want, "{words}");
        }
    }
}
