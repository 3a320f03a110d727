//! Values as Python, JavaScript and Clojure print them: what `print(response)`, `pprint` and `console.log(response)` write
//! of an answer of an SDK.
//!
//! Rewritten here because the parsers of such literals that there are want the whole text in memory.

use std::io::{self, BufReader, Read};

use super::{Rest, Unreadable, push_escaped, rewrite};
use crate::decode::head::{InputHead, stand_above_a_log};
use crate::decode::ready::Ready;
use crate::decode::{Decode, Shape};
use crate::lambda::has_trace;
use crate::lambda::sentences::message_start;

pub(in crate::decode) const SHAPE: Shape = Shape {
    name: "printed-values",
    about: "values as Python, JavaScript or Clojure prints them: `print(response)`, `console.log(response)`, EDN",
    sniff: |head| is_printed(head) && has_trace(head.bytes) && !stand_above_a_log(head.bytes),
    decode: Decode::Texts(|feed, decode| {
        let is_edn = is_edn(feed.head());
        rewrite(feed, |feed| {
            let printed = PrintedAsJson::new(Rest(feed));
            decode(&mut if is_edn { printed.of_edn() } else { printed })
        })
    }),
    samples: &[
        "{'events': [{'logStreamName': '2026/10/01/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0', 'timestamp': 1790812800123, 'message': 'START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: $LATEST\\n'}], 'nextToken': None}\n",
        "[\n  {\n    timestamp: 1790812800123,\n    message: 'END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\n'\n  }\n]\n",
        "['START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: 7\\n', 'END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\n']\n",
        "[{:timestamp 1790812800123, :message \"END RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\n\"}]\n",
        "[{'message': 'END RequestId: '\n             '8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11\\n',\n  'timestamp': 1790812800123}]\n",
    ],
};

/// Returns whether an input begins with a dictionary of Python or an object of JavaScript, with a list of some, whose keys
/// have single quotes or none, or with a list of messages.
fn is_printed(head: &InputHead<'_>) -> bool {
    let brackets =
        head.bytes.iter().take_while(|byte| matches!(byte, b'[' | b'(' | b'{' | b' ' | b'\n' | b'\r')).count();
    let (before, rest) = head.bytes.split_at(brackets);
    let quoted = || rest.first() == Some(&b'\'') && memchr::memmem::find(&rest[..rest.len().min(256)], b"':").is_some();
    let word = rest.iter().take_while(|byte| is_word(**byte)).count();
    let named = || word > 0 && rest[word..].starts_with(b": ") && memchr::memmem::find(rest, b": '").is_some();
    before.contains(&b'{') && (quoted() || named() || is_edn(head.bytes)) || !before.is_empty() && lists_message(rest)
}

/// Returns whether an input begins with a map of EDN, or with a list of some: `{:key value}`.
fn is_edn(bytes: &[u8]) -> bool {
    let brackets =
        bytes.iter().take_while(|byte| matches!(byte, b'[' | b'(' | b'{') || byte.is_ascii_whitespace()).count();
    bytes[..brackets].trim_ascii_end().ends_with(b"{")
        && matches!(bytes[brackets..], [b':', first, ..] if first.is_ascii_alphabetic())
}

/// Returns whether a list begins with a message in single quotes, perhaps behind a time.
fn lists_message(rest: &[u8]) -> bool {
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let before = message_start(&line[..line.len().min(300)]).map(|at| &line[..at]);
    let Some([time @ .., b'\'']) = before else { return false };
    time.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b' '))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$')
}

/// Rewrites printed values as JSON while reading.
struct PrintedAsJson<R> {
    input: BufReader<R>,
    /// Byte that was read ahead.
    next: Option<u8>,
    out: Ready,
    /// Line ends that were read and not written yet: JSON has none in strings.
    lines: usize,
    /// Number of brackets around the next token. Text between documents stays as it is.
    depth: usize,
    /// Whether each bracket around the next token is that of a map, and the number of values in it: EDN has no commas. `None`
    /// in the other notations.
    edn: Option<Vec<(bool, usize)>>,
    /// Number of lines read.
    line: usize,
    /// Line in which the printer left values out.
    left_out: Option<usize>,
}

/// Bytes rewritten at a time.
const BLOCK: usize = 32 * 1024;

impl<R: Read> PrintedAsJson<R> {
    fn new(input: R) -> Self {
        Self {
            input: BufReader::new(input),
            next: None,
            out: Ready::default(),
            lines: 0,
            depth: 0,
            edn: None,
            line: 1,
            left_out: None,
        }
    }

    fn of_edn(self) -> Self {
        Self { edn: Some(Vec::new()), ..self }
    }

    fn take(&mut self) -> io::Result<Option<u8>> {
        if let Some(byte) = self.next.take() {
            return Ok(Some(byte));
        }
        let mut byte = [0];
        if self.input.read(&mut byte)? == 0 {
            return Ok(None);
        }
        self.line += usize::from(byte[0] == b'\n');
        Ok(Some(byte[0]))
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.next.is_none() {
            self.next = self.take()?;
        }
        Ok(self.next)
    }

    /// Rewrites the next token. Returns whether there was one.
    fn token(&mut self) -> io::Result<bool> {
        if self.left_out.is_some() {
            return Ok(false);
        }
        let Some(byte) = self.take()? else { return Ok(false) };
        if self.edn.is_some() {
            return self.edn_token(byte).map(|()| true);
        }
        match byte {
            // `... 9 more items`: the printer left them out.
            b'.' if self.depth > 0 && self.peek()? == Some(b'.') => {
                self.left_out = Some(self.line);
                return Ok(false);
            }
            b'(' | b'[' | b'{' => self.depth += 1,
            b')' | b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        match byte {
            _ if self.depth == 0 && !matches!(byte, b')') => self.out.bytes.push(byte),
            b'\'' | b'"' => {
                self.out.bytes.push(b'"');
                self.string(byte)?;
                self.out.bytes.push(b'"');
                self.out.bytes.resize(self.out.bytes.len() + std::mem::take(&mut self.lines), b'\n');
            }
            b'`' => {
                self.out.bytes.push(b'"');
                self.string(byte)?;
                self.out.bytes.push(b'"');
            }
            b'(' => self.out.bytes.push(b'['),
            b')' => self.out.bytes.push(b']'),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(byte)?,
            other => self.out.bytes.push(other),
        }
        Ok(true)
    }

    /// Rewrites a token of EDN, which begins with a byte.
    fn edn_token(&mut self, byte: u8) -> io::Result<()> {
        // A set is a list.
        let is_set = byte == b'#' && self.peek()? == Some(b'{');
        if is_set {
            self.next = None;
        }
        let byte = if is_set { b'[' } else { byte };
        let is_space = byte.is_ascii_whitespace() || byte == b',';
        let around = self.edn.get_or_insert_default();
        match byte {
            b'\n' => self.out.bytes.push(b'\n'),
            _ if is_space => {}
            b')' | b']' | b'}' => {
                let is_map = around.pop().is_some_and(|(is_map, _)| is_map);
                self.out.bytes.push(if is_map { b'}' } else { b']' });
            }
            // The type of the next value.
            b'#' => {
                while self.peek()?.is_some_and(|next| is_word(next) || matches!(next, b'/' | b'-')) {
                    self.next = None;
                }
            }
            _ => {
                if let Some((is_map, values)) = around.last_mut() {
                    let separator = if *is_map && *values % 2 == 1 { b':' } else { b',' };
                    self.out.bytes.extend((*values > 0).then_some(separator));
                    *values += 1;
                }
                match byte {
                    b'(' | b'[' => {
                        around.push((false, 0));
                        self.out.bytes.push(b'[');
                    }
                    b'{' => {
                        around.push((true, 0));
                        self.out.bytes.push(b'{');
                    }
                    b'"' => {
                        self.out.bytes.push(b'"');
                        self.edn_string()?;
                        self.out.bytes.push(b'"');
                        self.out.bytes.resize(self.out.bytes.len() + std::mem::take(&mut self.lines), b'\n');
                    }
                    _ => self.edn_word(byte)?,
                }
            }
        }
        Ok(())
    }

    fn edn_string(&mut self) -> io::Result<()> {
        let mut bytes = Vec::new();
        while let Some(byte) = self.take()?.filter(|byte| *byte != b'"') {
            match byte {
                b'\\' => self.escape(&mut bytes)?,
                byte => {
                    self.lines += usize::from(byte == b'\n');
                    bytes.push(byte);
                }
            }
            if bytes.len() > BLOCK {
                self.write(&mut bytes, false);
            }
        }
        self.write(&mut bytes, true);
        Ok(())
    }

    /// Rewrites a number or a constant of EDN; any other word becomes a string.
    fn edn_word(&mut self, first: u8) -> io::Result<()> {
        let mut word = vec![first];
        let ends = |byte: u8| byte.is_ascii_whitespace() || b",()[]{}\"".contains(&byte);
        while let Some(byte) = self.peek()?.filter(|byte| !ends(*byte)) {
            self.next = None;
            if word.len() < BLOCK {
                word.push(byte);
            }
        }
        let digits = word.strip_suffix(b"N").or_else(|| word.strip_suffix(b"M")).unwrap_or(&word);
        let is_number = digits.last().is_some_and(u8::is_ascii_digit)
            && digits.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'E'));
        match &word[..] {
            b"nil" => self.out.bytes.extend_from_slice(b"null"),
            b"true" | b"false" => self.out.bytes.extend_from_slice(&word),
            _ if is_number => self.out.bytes.extend_from_slice(digits),
            _ => {
                self.out.bytes.push(b'"');
                let mut name = word.strip_prefix(b":").unwrap_or(&word).to_vec();
                self.write(&mut name, true);
                self.out.bytes.push(b'"');
            }
        }
        Ok(())
    }

    /// Rewrites the inside of a string, and of those that follow it, directly or behind a plus: the two languages join them.
    fn string(&mut self, quote: u8) -> io::Result<()> {
        let mut quote = quote;
        let mut bytes = Vec::new();
        while let Some(byte) = self.take()? {
            match byte {
                b'\\' => self.escape(&mut bytes)?,
                _ if byte != quote => bytes.push(byte),
                _ => {
                    self.write(&mut bytes, true);
                    match self.next_string()? {
                        Some(next) => quote = next,
                        None => return Ok(()),
                    }
                }
            }
            if bytes.len() > BLOCK {
                self.write(&mut bytes, false);
            }
        }
        self.write(&mut bytes, true);
        Ok(())
    }

    /// Passes over white space to a string that continues the one before; returns its quote.
    fn next_string(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.peek()? {
                Some(quote @ (b'\'' | b'"')) => {
                    self.next = None;
                    return Ok(Some(quote));
                }
                Some(space) if space.is_ascii_whitespace() => {
                    self.lines += usize::from(space == b'\n');
                    self.next = None;
                }
                Some(b'+') => self.next = None,
                _ => return Ok(None),
            }
        }
    }

    /// Undoes an escape, behind its backslash.
    fn escape(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let Some(kind) = self.take()? else { return Ok(()) };
        let char = match kind {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'x' => self.hex(2)?,
            b'u' => self.hex(4)?,
            b'U' => self.hex(8)?,
            b'\n' => {
                self.lines += 1;
                return Ok(());
            }
            other => char::from(other),
        };
        bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn hex(&mut self, digits: usize) -> io::Result<char> {
        let mut number = 0u32;
        for _ in 0..digits {
            let Some(digit) = self.peek()?.and_then(|byte| char::from(byte).to_digit(16)) else { break };
            self.next = None;
            number = number << 4 | digit;
        }
        Ok(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// Appends text to the string, but for a character that is cut where more of it follows.
    fn write(&mut self, bytes: &mut Vec<u8>, ended: bool) {
        let whole = match std::str::from_utf8(bytes) {
            Err(error) if !ended && error.error_len().is_none() => error.valid_up_to(),
            _ => bytes.len(),
        };
        String::from_utf8_lossy(&bytes[..whole]).chars().for_each(|char| push_escaped(&mut self.out.bytes, char));
        bytes.drain(..whole);
    }

    /// Rewrites a constant; a value of any other type becomes `null`: `datetime.datetime(2026, 10, 1)`.
    fn word(&mut self, first: u8) -> io::Result<()> {
        let mut word = vec![first];
        while let Some(byte) = self.peek()?.filter(|byte| is_word(*byte)) {
            self.next = None;
            if word.len() < BLOCK {
                word.push(byte);
            }
        }
        // `b'…'`, `u'…'`, `r'…'`: the string follows.
        if word.len() == 1 && matches!(self.peek()?, Some(b'\'' | b'"')) {
            return Ok(());
        }
        // A key of JavaScript.
        if self.peek()? == Some(b':') {
            self.out.bytes.push(b'"');
            self.out.bytes.extend_from_slice(&word);
            self.out.bytes.push(b'"');
            return Ok(());
        }
        let json: &[u8] = match &word[..] {
            b"True" | b"true" => b"true",
            b"False" | b"false" => b"false",
            _ => b"null",
        };
        self.out.bytes.extend_from_slice(json);
        let mut depth = 0;
        while let Some(byte) = self.peek()?.filter(|byte| depth > 0 || *byte == b'(') {
            self.next = None;
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\n' => self.out.bytes.push(b'\n'),
                _ => {}
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for PrintedAsJson<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.out.is_spent() {
            while self.out.bytes.len() < BLOCK && self.token()? {}
        }
        if let (true, Some(line)) = (self.out.bytes.is_empty(), self.left_out) {
            let text = format!(
                "line {line}: the program that printed the log left values out (`...`); what came before counts, write the \
                 log as JSON"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, Unreadable(text)));
        }
        Ok(self.out.give(buffer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(python: &str) -> String {
        let mut out = String::new();
        PrintedAsJson::new(python.as_bytes()).read_to_string(&mut out).expect("UTF-8");
        out
    }

    #[test]
    fn values_become_json() {
        for (python, want) in [
            ("{'a': 1, 'b': [True, False, None, -1.5]}", r#"{"a": 1, "b": [true, false, null, -1.5]}"#),
            (r#"['it\'s', "it's", 'a "b"\n', '\x1b[0m \u00e9']"#, r#"["it's", "it's", "a \"b\"\n", "\u001b[0m é"]"#),
            ("('a', b'c')", r#"["a", "c"]"#),
            ("[{'m': 'one '\n       'two',\n  't': 3}]", "[{\"m\": \"one two\"\n,\n  \"t\": 3}]"),
            ("{'t': datetime.datetime(2026, 10, 1, tzinfo=tzutc()), 'x': 1}", r#"{"t": null, "x": 1}"#),
            (
                "[ { when: 1, m: 'it\\'s ' +\n 'so', x: undefined, y: [Object] } ]",
                "[ { \"when\": 1, \"m\": \"it's so\"\n, \"x\": null, \"y\": [null] } ]",
            ),
            ("{'a': 'cut", r#"{"a": "cut""#),
            ("{'a': None}\n'Thanks' a lot\n{'b': 1}", "{\"a\": null}\n'Thanks' a lot\n{\"b\": 1}"),
        ] {
            assert_eq!(json(python), want, "{python}");
        }
    }

    #[test]
    fn values_of_clojure_become_json() {
        for (edn, want) in [
            (r#"[{:at 1, :m "a \"b\"\n"}"#, r#"[{"at":1,"m":"a \"b\"\n"}"#),
            ("({:a nil :b/c true}\n {\"k\" -1.5M})", "[{\"a\":null,\"b/c\":true}\n,{\"k\":-1.5}]"),
            ("{:t #inst \"2026-10-01\" :k :word :s #{1 2N}}", r#"{"t":"2026-10-01","k":"word","s":[1,2]}"#),
            ("{:m \"one\ntwo\"}", "{\"m\":\"one\\ntwo\"\n}"),
            ("{:a 1}\n{:b 2}\n", "{\"a\":1}\n{\"b\":2}\n"),
        ] {
            let mut out = String::new();
            PrintedAsJson::new(edn.as_bytes()).of_edn().read_to_string(&mut out).expect("UTF-8");
            // A set ends with a brace, which opened none.
            assert_eq!(out, want, "{edn}");
        }
    }

    /// What a printer leaves out is an error, behind what it printed.
    #[test]
    fn values_left_out_are_told() {
        for printed in ["[ 'a', ... 9 more items ]", "{\n  a: 'b'... 12 more characters\n}"] {
            let mut out = String::new();
            let error = PrintedAsJson::new(printed.as_bytes()).read_to_string(&mut out).expect_err(printed);
            assert!(error.to_string().contains("left values out"), "{error}");
        }
        assert_eq!(json("['a ... b']... c"), "[\"a ... b\"]... c");
    }

    /// Lists of messages, and maps, are known by their beginning.
    #[test]
    fn printed_lists_are_known() {
        let message = "START RequestId: 8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11 Version: 7";
        for (text, want) in [
            (format!("['{message}\\n', 'x']"), true),
            (format!("[(1790812800123, '{message}\\n')]"), true),
            (format!("[{{:m \"{message}\"}}]"), true),
            (format!("[\"{message}\"]"), false),
            (format!("[0] {message}"), false),
            (format!("[x] '{message}'"), false),
            (message.to_owned(), false),
        ] {
            assert_eq!(is_printed(&InputHead::new(text.as_bytes())), want, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn lines_keep_their_numbers(parts in proptest::collection::vec(proptest::sample::select(
            &["'a'", "\n", " ", "{", "}", "x(", ")", "\\", "\"b\\n\"", "é", "None"][..],
        ), 0..40)) {
            let text = parts.concat();
            let count = |text: &str| text.matches('\n').count();
            proptest::prop_assert!(count(&json(&text)) <= count(&text));
        }
    }
}
