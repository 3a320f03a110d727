//! YAML: what `aws logs … --output yaml` and scripts write.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use saphyr_parser::{BufferedInput, Event, Parser, ScalarStyle};

use super::{DEEPEST, Rest, Unreadable, push_escaped, rewrite};
use crate::decode::feed::{HEAD, LONGEST};
use crate::decode::head::InputHead;
use crate::decode::json::nesting::Nesting;
use crate::decode::ready::Ready;
use crate::decode::{Decode, Shape};
use crate::lambda::sentences::message_start;

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "yaml",
    about: "YAML: `aws logs … --output yaml`",
    sniff: is_yaml,
    decode: Decode::Texts(|feed, decode| rewrite(feed, |feed| decode(&mut YamlAsJson::new(Rest(feed))))),
    samples: &[
        "events:\n- eventId: '38000000000000000000000000000000000000000000000000000001'\n  logStreamName: 2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0\n  message: 'START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\n\n    '\n  timestamp: 1790812800123\n",
        "- message: |\n    END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\n  timestamp: 1790812800123\n",
    ],
};

/// Returns whether an input begins with a key or a list of keys, and is YAML with sentences of the platform as values: in
/// quotes or in blocks, as with their colon they could not be plain.
fn is_yaml(head: &InputHead<'_>) -> bool {
    let mut lines = head.lines().filter(|line| !line.trim_ascii().is_empty());
    let Some(first) = lines.find(|line| !line.starts_with(b"---") && !line.starts_with(b"#")) else { return false };
    // A key at the margin can be there once only: what repeats it is the prefix of a logger.
    let repeated = || message_start(first).is_some() && !first.starts_with(b"- ");
    let begins = begins_mapping(first) || first.starts_with(b"- '") || first.starts_with(b"- \"");
    if !begins || repeated() || message_start(head.bytes).is_none() {
        return false;
    }
    let mut json = Vec::new();
    let whole = YamlAsJson::new(head.bytes).read_to_end(&mut json).is_ok();
    // The end of the head may cut a value.
    (whole || head.bytes.len() >= HEAD) && Nesting::learn(&json).is_some()
}

/// `key:`, `key: value`, perhaps as the first member of a list.
pub(in crate::decode) fn begins_mapping(line: &[u8]) -> bool {
    let mut rest = line.trim_ascii();
    while let Some(item) = rest.strip_prefix(b"- ") {
        rest = item.trim_ascii_start();
        // Flow style; without a bullet it is taken as the JSON that it nearly is.
        rest = rest.strip_prefix(b"{").unwrap_or(rest);
    }
    let key = rest
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@' | b'-' | b'\'' | b'"'))
        .count();
    key > 0 && rest.get(key) == Some(&b':') && matches!(rest.get(key + 1), None | Some(b' '))
}

/// Characters of a text.
struct Chars<R: Read> {
    bytes: io::Bytes<io::BufReader<R>>,
    /// Characters that were read ahead.
    ahead: VecDeque<char>,
    line_begins: bool,
    /// Whether a code fence was reached, below which other text stands.
    fenced: bool,
    /// Characters since the last event of the parser.
    unread: usize,
}

/// Characters of the document, for the parser: up to a code fence, or to a value that is longer than any event.
struct DocumentChars<R: Read>(Arc<Mutex<Chars<R>>>);

impl<R: Read> Iterator for DocumentChars<R> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let mut chars = lock(&self.0);
        chars.unread += 1;
        if chars.unread > LONGEST { None } else { chars.next_of_document() }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<R: Read> Chars<R> {
    fn next_of_document(&mut self) -> Option<char> {
        const FENCE: &str = "```";

        if std::mem::take(&mut self.line_begins) {
            while self.ahead.len() < FENCE.len() && self.ahead.iter().all(|char| *char == '`') {
                let Some(char) = self.char() else { break };
                self.ahead.push_back(char);
            }
            self.fenced |= self.ahead.len() == FENCE.len() && self.ahead.iter().all(|char| *char == '`');
        }
        if self.fenced { None } else { self.next_of_text() }
    }

    fn next_of_text(&mut self) -> Option<char> {
        let char = self.ahead.pop_front().or_else(|| self.char())?;
        self.line_begins = char == '\n';
        Some(char)
    }

    fn char(&mut self) -> Option<char> {
        let first = self.bytes.next()?.ok()?;
        let length = match first {
            0..0x80 => return Some(char::from(first)),
            0xc0..0xe0 => 2,
            0xe0..0xf0 => 3,
            0xf0.. => 4,
            _ => return Some(char::REPLACEMENT_CHARACTER),
        };
        let mut bytes = vec![first];
        bytes.extend(self.bytes.by_ref().take(length - 1).filter_map(Result::ok));
        Some(
            std::str::from_utf8(&bytes)
                .ok()
                .and_then(|text| text.chars().next())
                .unwrap_or(char::REPLACEMENT_CHARACTER),
        )
    }
}

/// Rewrites YAML as JSON while reading.
struct YamlAsJson<'i, R: Read> {
    parser: Parser<'i, BufferedInput<DocumentChars<R>>>,
    chars: Arc<Mutex<Chars<R>>>,
    /// Whether each collection around the next value is a mapping, and how many values it had.
    around: Vec<(bool, usize)>,
    out: Ready,
    /// Number of the line that is written.
    line: usize,
    failed: Option<io::Error>,
    ended: bool,
}

impl<'i, R: Read + 'i> YamlAsJson<'i, R> {
    fn new(input: R) -> Self {
        let chars = Arc::new(Mutex::new(Chars {
            bytes: io::BufReader::new(input).bytes(),
            ahead: VecDeque::new(),
            line_begins: true,
            fenced: false,
            unread: 0,
        }));
        Self {
            parser: Parser::new_from_iter(DocumentChars(Arc::clone(&chars))),
            chars,
            around: Vec::new(),
            out: Ready::default(),
            line: 1,
            failed: None,
            ended: false,
        }
    }

    /// Writes what stands before a value: the mark behind the one before, and the line ends up to its own line.
    fn begin(&mut self, line: usize) {
        if let Some((is_mapping, values)) = self.around.last_mut() {
            match (*values, *is_mapping) {
                (0, _) => {}
                (odd, true) if odd % 2 == 1 => self.out.bytes.push(b':'),
                _ => self.out.bytes.push(b','),
            }
            *values += 1;
        }
        self.align(line);
    }

    fn align(&mut self, line: usize) {
        if line > self.line {
            self.out.bytes.resize(self.out.bytes.len() + line - self.line, b'\n');
            self.line = line;
        }
    }

    fn is_key(&self) -> bool {
        self.around.last().is_some_and(|(is_mapping, values)| *is_mapping && values % 2 == 1)
    }

    fn open(&mut self, is_mapping: bool, line: usize) {
        self.begin(line);
        self.around.push((is_mapping, 0));
        self.out.bytes.push(if is_mapping { b'{' } else { b'[' });
    }

    fn close(&mut self) {
        match self.around.pop() {
            Some((true, _)) => self.out.bytes.push(b'}'),
            Some((false, _)) => self.out.bytes.push(b']'),
            None => {}
        }
    }

    /// Rewrites what the next event of the parser says.
    fn event(&mut self) {
        let Some(next) = self.parser.next_event() else {
            self.ended = true;
            return;
        };
        lock(&self.chars).unread = 0;
        match next {
            Ok((Event::Scalar(text, style, ..), span)) => {
                self.begin(span.start.line());
                let bare = style == ScalarStyle::Plain && !self.is_key();
                match &*text {
                    "null" | "~" | "" if bare => self.out.bytes.extend_from_slice(b"null"),
                    number if bare && is_number(number) => self.out.bytes.extend_from_slice(number.as_bytes()),
                    text => {
                        self.out.bytes.push(b'"');
                        text.chars().for_each(|char| push_escaped(&mut self.out.bytes, char));
                        self.out.bytes.push(b'"');
                    }
                }
            }
            Ok((Event::Alias(_), span)) => {
                self.begin(span.start.line());
                self.out.bytes.extend_from_slice(b"null");
            }
            Ok((Event::SequenceStart(..), span)) => self.open(false, span.start.line()),
            Ok((Event::MappingStart(..), span)) => self.open(true, span.start.line()),
            Ok((Event::SequenceEnd | Event::MappingEnd, _)) => self.close(),
            Ok((Event::DocumentEnd, _)) => self.out.bytes.push(b' '),
            Ok((Event::StreamEnd, _)) => self.ended = true,
            Ok(_) => {}
            Err(error) => self.fail(error.marker().line(), error.info()),
        }
        if self.around.len() > DEEPEST {
            self.fail(self.line, "it is nested too deeply");
        }
    }

    /// Ends the document, so that what came before counts.
    fn fail(&mut self, line: usize, why: &str) {
        while !self.around.is_empty() {
            self.close();
        }
        self.ended = true;
        self.failed = Some(io::Error::new(
            io::ErrorKind::InvalidData,
            Unreadable(format!(
                "is not YAML from line {line} on ({why}); everything before it was used, write the rest again"
            )),
        ));
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.len() < 20 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl<'i, R: Read + 'i> Read for YamlAsJson<'i, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.out.is_spent() {
            while self.out.bytes.len() < buffer.len() && !self.ended {
                self.event();
            }
            if self.out.bytes.is_empty() {
                // What stands below the document stays as it is.
                let mut chars = lock(&self.chars);
                let rest = std::iter::from_fn(|| chars.next_of_text()).take(buffer.len());
                self.out.bytes = rest.collect::<String>().into_bytes();
            }
            if self.out.bytes.is_empty()
                && let Some(error) = self.failed.take()
            {
                return Err(error);
            }
        }
        Ok(self.out.give(buffer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(yaml: &str) -> (String, bool) {
        let mut out = Vec::new();
        let failed = YamlAsJson::new(yaml.as_bytes()).read_to_end(&mut out).is_err();
        (String::from_utf8(out).expect("UTF-8").trim_end().to_owned(), failed)
    }

    #[test]
    fn values_become_json() {
        for (yaml, want) in [
            ("a: 1\nb: x\n", "{\"a\":1,\n\"b\":\"x\"}"),
            ("- t: 5\n  m: 'x: y\n\n    '\n- t: null\n", "[{\"t\":5,\n\"m\":\"x: y\\n\"},\n\n\n{\"t\":null}]"),
            ("m: |\n  one\n   two\n", "{\"m\":\n\"one\\n two\\n\"}"),
            ("m: \"a\\tb \\u00e9\"\n", "{\"m\":\"a\\tb é\"}"),
            ("m: é\n```\nthanks: for all\n", "{\"m\":\"é\"} ```\nthanks: for all"),
            ("a: 1\n---\nb: 2\n", "{\"a\":1} \n\n{\"b\":2}"),
        ] {
            assert_eq!(json(yaml), (want.to_owned(), false), "{yaml}");
        }
    }

    #[test]
    fn what_comes_before_a_fault_counts() {
        let (text, failed) = json("a:\n- m: x\n- m: [\n}\n");
        assert!(failed && text.starts_with("{\"a\":\n[{\"m\":\"x\"}"), "{text}");
        let (text, failed) = json(&format!("a: x\nb: {}", "[".repeat(1_000)));
        assert!(failed && text.starts_with("{\"a\":\"x\""), "{text}");
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "([a-z:\\- '\"\\[\\]{}|>\n&*!#`]|\u{e9}){0,80}") {
            let _ = json(&text);
        }
    }
}
