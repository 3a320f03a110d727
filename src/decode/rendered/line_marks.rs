//! A whole log on one line: its line ends are written as escapes (`\n`), or are characters at which only some programs
//! break lines: a carriage return alone, the separators of Unicode, zero bytes.

use super::Rewriting;
use crate::decode::{Decode, Shape};
use crate::lambda::platform::{END, REPORT, START};
use crate::lambda::sentences::message_start;

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "one-line",
    about: "a log on one line, whose line ends are escapes (`\\n`), carriage returns alone or separators of Unicode",
    sniff: |head| !head.of_stream && mark_of(head.bytes).is_some(),
    decode: Decode::Texts(|feed, decode| {
        let mark = mark_of(feed.head()).unwrap_or("\n");
        super::rewrite(feed, |feed| match mark {
            ESCAPE => decode(&mut Rewriting::new(feed, unescape)),
            mark => decode(&mut Rewriting::new(feed, |text: &[u8], ended, out: &mut Vec<u8>| {
                replace(text, ended, mark.as_bytes(), out)
            })),
        })
    }),
    samples: &[
        "START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: 7\rEND RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\r",
        "b'START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: 7\\nEND RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\n'",
    ],
};

const ESCAPE: &str = "\\n";
/// Lines above the log, at most.
const PREAMBLE_LINES: usize = 20;
/// What stands for a line end.
const MARKS: [&str; 6] = ["\r", "\u{85}", "\u{2028}", "\u{2029}", "\0", ESCAPE];

/// Finds the mark that stands for line ends: carriage returns in a text that has no line feed, or the mark between the first
/// two sentences of the platform, which stand on the only line.
fn mark_of(head: &[u8]) -> Option<&'static str> {
    let lines = head.trim_ascii();
    let is_json = matches!(lines.first(), Some(b'{' | b'['));
    if !is_json && memchr::memchr(b'\n', head).is_none() && memchr::memchr(b'\r', lines).is_some() {
        return Some("\r");
    }
    let mut rest = head;
    let (line, first) = (0..=PREAMBLE_LINES).find_map(|_| {
        let (line, below) = rest.split_at(memchr::memchr(b'\n', rest).unwrap_or(rest.len()));
        rest = below.get(1..).unwrap_or_default();
        message_start(line).map(|first| (line, first))
    })?;
    let first = Some(first).filter(|first| *first < 100 && !is_document(&line[..line.len().min(first + 1)]))?;
    let words = [START.begin, END.begin, REPORT.begin];
    let behind = &line[first + 1..];
    let second = words.iter().filter_map(|word| memchr::memmem::find(behind, word.as_bytes())).min()?;
    let last = |mark: &&&str| memchr::memmem::rfind(&behind[..second], mark.as_bytes());
    // What a tool puts before the lines stands behind the mark.
    let mark = MARKS.iter().filter(|mark| last(mark).is_some_and(|at| second - at < 100)).max_by_key(last).copied();
    mark.filter(|_| message_start(rest).is_none())
}

/// Returns whether a text before the first sentence begins a document, whose strings have escapes of their own.
fn is_document(before: &[u8]) -> bool {
    before.iter().any(|byte| matches!(byte, b'{' | b'[' | b'(' | b'<'))
}

/// Replaces a mark by line ends; returns the number of bytes that were read.
fn replace(text: &[u8], ended: bool, mark: &[u8], out: &mut Vec<u8>) -> usize {
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&text[at..], mark) {
        out.extend_from_slice(&text[at..at + found]);
        out.push(b'\n');
        at += found + mark.len();
    }
    // The beginning of a mark may stand at the end.
    let rest = &text[at..];
    let begun = (1..mark.len()).rev().find(|length| rest.ends_with(&mark[..*length])).filter(|_| !ended).unwrap_or(0);
    let end = text.len() - begun;
    out.extend_from_slice(&text[at..end]);
    end
}

/// Undoes the escapes of a string, whose quotes were left out or not; returns the number of bytes that were read.
fn unescape(text: &[u8], ended: bool, out: &mut Vec<u8>) -> usize {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &text[at..]).map(|found| at + found) {
        out.extend_from_slice(&text[at..found]);
        let Some(kind) = text.get(found + 1) else {
            out.extend(ended.then_some(b'\\'));
            return if ended { text.len() } else { found };
        };
        match kind {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'\\' | b'"' | b'\'' | b'/' => out.push(*kind),
            other => out.extend([b'\\', *other]),
        }
        at = found + 2;
    }
    out.extend_from_slice(&text[at..]);
    text.len()
}

#[cfg(test)]
mod tests {
    use super::super::tests::rewritten;
    use super::*;

    const ID: &str = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";

    /// Marks are known behind every text that tools put before lines, and come out as line ends.
    #[test]
    fn lines_are_told_by_their_marks() {
        for mark in MARKS {
            for before in ["", "12:00:01 ", "> ", "b'"] {
                let text =
                    format!("{before}START RequestId: {ID} Version: 7{mark}x{mark}{before}END RequestId: {ID}{mark}");
                assert_eq!(mark_of(text.as_bytes()), Some(mark), "{text:?}");
                assert_eq!(mark_of(format!("{text}\n").as_bytes()), Some(mark), "{text:?}");
                assert_eq!(mark_of(format!("$ tail\n{text}\nmore\n").as_bytes()), Some(mark), "{text:?}");
                assert_eq!(mark_of(format!("{text}\nEND RequestId: {ID}\n").as_bytes()), None, "{text:?}");
                assert_eq!(mark_of(format!("{{\"a\": \"{text}\"}}").as_bytes()), None, "{text:?}");
                for size in 1..6 {
                    let found = match mark {
                        ESCAPE => rewritten(&text, size, unescape),
                        _ => rewritten(&text, size, |text, ended, out| replace(text, ended, mark.as_bytes(), out)),
                    };
                    assert_eq!(found, text.replace(mark, "\n"), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn carriage_returns_alone_end_the_lines_of_any_text() {
        for (text, mark) in [
            ("timestamp,message\r1,\"a\r\"\r", Some("\r")),
            ("EVENTS\t1\ta\rEVENTS\t2\tb", Some("\r")),
            ("one line\r", None),
            ("one\r\ntwo\r\n", None),
            ("{\"a\":1}\r{\"a\":2}\r", None),
        ] {
            assert_eq!(mark_of(text.as_bytes()), mark, "{text:?}");
        }
    }

    #[test]
    fn escapes_of_a_message_are_its_own() {
        for text in [
            format!(
                "2026-10-01T00:00:00.123Z\t{ID}\tERROR\tInvoke Error \t{{\"stack\":\"E\\n    at END RequestId: {ID}\"}}"
            ),
            format!(
                "START RequestId: {ID} Version: 7\\n some text that is longer than what any tool puts before a line, at least if it is no stack of another one END RequestId: {ID}"
            ),
            format!("START RequestId: {ID} Version: 7 and nothing else on this line of some length"),
        ] {
            assert_eq!(mark_of(text.as_bytes()), None, "{text}");
        }
    }
}
