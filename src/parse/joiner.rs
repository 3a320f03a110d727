//! Joins the messages over which one error was written.
//!
//! Copies of the console and raw standard error come line by line; some clients print a label and its JSON as two
//! events. The message that opens a block decides which messages may continue it; the first that does not ends the
//! block.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::cut_object::ObjectReader;
use super::exception::is_stack_line;
use super::text::{
    after_timestamp, first_line, has_log_head, is_error_name, is_type_name, message_and_class, split_at_first,
    trim_front, trim_indent, type_and_message,
};
use super::{cut_object, go, node, platform_json, platform_text, ruby, rust_runtime};
use crate::lambda::platform;
use crate::lambda::runtimes::{
    ERROR_ADDRESS, INVOKE_ERROR, JVM_THREAD, PYTHON_ERROR, TRACEBACK, UNCAUGHT_EXCEPTION, UNHANDLED_REJECTION,
};
use crate::model::{Statement, Status, Timestamp, cut_text};

/// Most bytes of text kept of one block; further messages are absorbed and dropped.
const TEXT_LIMIT: usize = 64 * 1_024;

/// Longest pause inside a block, where times are known.
const PAUSE_LIMIT_MS: i64 = 5_000;

/// Pieces of a payload, at most.
const MOST_PIECES: u32 = 64;

/// Joiner for the messages of one stream: stack traces line by line, a crash and its code, JSON over several lines.
#[derive(Debug, Default)]
pub(crate) struct Joiner {
    open: Option<OpenMessage>,
}

/// Result of feeding a message to a [`Joiner`].
#[derive(Debug, Default)]
pub(crate) struct Fed {
    /// The block that ended before this message, if any.
    pub ended: Option<JoinedMessage>,
    /// Whether the message was taken into a block, to come out as part of it.
    pub absorbed: bool,
}

/// Several messages joined into one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JoinedMessage {
    /// Time of the first message.
    pub at: Option<Timestamp>,
    /// Line of the first message.
    pub line: u64,
    /// The joined text, with line ends.
    pub text: String,
}

#[derive(Debug)]
struct OpenMessage {
    block: JoinedMessage,
    last_at: Option<Timestamp>,
    kind: JoinKind,
    /// Number of messages after the first.
    further: u32,
    /// Whether the last message had a line end of its own.
    ended_line: bool,
    /// How far the object was read, if the kind is [`JoinKind::CutObject`].
    object: Option<ObjectReader>,
}

/// Kind of a block, which decides what continues it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum JoinKind {
    /// `RequestId: … Error: …` and its code.
    Crash,
    /// REPORT and its X-Ray line, or the rest of a folded REPORT.
    Report,
    /// The sentence about the time limit, which a window or a mail client broke in its middle.
    TimedOut,
    /// A label and a JSON object over many lines, with its depth so far.
    Json { depth: u32, begun: bool },
    /// The payload of Node 8 and older, which a window or a mail client broke anywhere.
    Payload,
    /// The same with a line for every key, which may begin below the time and the id.
    PayloadBelow,
    /// An object that was broken anywhere: at the size limit of an event, or at the rows of a window.
    CutObject,
    /// The list of collections that V8 prints before it gives up.
    Heap,
    /// An error of Rust's client with the chain of its causes on further lines, as `anyhow` and `eyre` print it.
    RustError,
    /// A Rust panic: the line after the first is its message, whatever it says.
    RustPanic,
    /// A Go panic and its goroutines.
    GoPanic,
    /// An error of the runtime go1.x and its stack.
    Go1Error,
    /// A stack of any other language. In Python's, the first line without indent is the last one.
    Stack,
}

impl Joiner {
    /// Returns whether a block is open: if so, the next message must be fed even if it does not matter by itself.
    #[must_use]
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Returns whether an object is open, so that escapes in the next message may be those of its strings.
    #[must_use]
    pub(crate) fn is_in_object(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.kind == JoinKind::CutObject)
    }

    /// Feeds the next message of the stream.
    pub(crate) fn feed(&mut self, at: Option<Timestamp>, line: u64, message: &str) -> Fed {
        if let Some(open) = &mut self.open
            && open.in_time(at)
            && open.continues(message)
        {
            open.take(at, message);
            return Fed { ended: None, absorbed: true };
        }
        let ended = self.finish();
        self.open = kind_of_opening(message).map(|kind| OpenMessage {
            block: JoinedMessage { at, line, text: cut_text(message, TEXT_LIMIT).to_owned() },
            last_at: at,
            kind,
            further: 0,
            ended_line: message.ends_with('\n'),
            object: (kind == JoinKind::CutObject).then(|| ObjectReader::of(trim_front(message).trim_end())),
        });
        Fed { ended, absorbed: self.open.is_some() }
    }

    /// Ends the open block, if there is one, and returns it.
    pub(crate) fn finish(&mut self) -> Option<JoinedMessage> {
        let open = self.open.take()?;
        let mut block = open.block;
        // What never ended may be other lines of the function.
        if open.object.is_some_and(|object| !object.is_open()) {
            block.text = cut_object::on_one_line(trim_front(&block.text)).0;
        }
        Some(block)
    }
}

impl OpenMessage {
    fn in_time(&self, at: Option<Timestamp>) -> bool {
        match (self.last_at, at) {
            (Some(last), Some(at)) => at.ms_since(last).unsigned_abs() <= PAUSE_LIMIT_MS.unsigned_abs(),
            _ => true,
        }
    }

    fn take(&mut self, at: Option<Timestamp>, message: &str) {
        self.last_at = at.or(self.last_at);
        if self.is_gap(message) {
            return;
        }
        self.further += 1;
        if let JoinKind::Json { depth, begun } = &mut self.kind {
            *depth = depth_after(*depth, message);
            *begun = true;
        }
        if let Some(object) = &mut self.object {
            object.read(message.trim_end_matches(['\n', '\r']));
        }
        let text = &mut self.block.text;
        if text.len() + message.len() >= TEXT_LIMIT {
            return;
        }
        match seam(text, message, self.kind) {
            Some(blank) => {
                text.truncate(text.trim_end().len());
                text.push_str(blank);
            }
            None if !self.ended_line => text.push('\n'),
            None => {}
        }
        text.push_str(message);
        self.ended_line = message.ends_with('\n');
    }

    /// Returns whether a message is a blank line that some writers put between lines, and no part of the block.
    fn is_gap(&self, message: &str) -> bool {
        if !message.trim().is_empty() {
            return false;
        }
        match self.kind {
            JoinKind::Json { begun, .. } => !begun,
            JoinKind::RustPanic => self.further == 0,
            // Between chained errors.
            JoinKind::Stack => !self.block.text.contains(TRACEBACK),
            JoinKind::Crash | JoinKind::Report | JoinKind::TimedOut => true,
            JoinKind::Payload
            | JoinKind::PayloadBelow
            | JoinKind::CutObject
            | JoinKind::Heap
            | JoinKind::RustError
            | JoinKind::GoPanic
            | JoinKind::Go1Error => false,
        }
    }

    fn continues(&self, message: &str) -> bool {
        let line = message.trim_end();
        if self.is_gap(message) {
            return true;
        }
        // What is left of a REPORT is no line of its own below its beginning.
        let is_rest =
            || self.kind == JoinKind::Report && matches!(platform_text::parse(line), Some(Statement::Unrecognized));
        if self.kind != JoinKind::Crash && is_platform(line) && !is_rest() {
            return self.kind == JoinKind::Report && line.starts_with(platform::XRAY);
        }
        match self.kind {
            JoinKind::Crash => self.further == 0 && is_crash_code(line),
            JoinKind::Report => {
                self.further < 6 && (is_folded_report(line) || seam(&self.block.text, line, self.kind).is_some())
            }
            JoinKind::TimedOut => self.further == 0 && seam(&self.block.text, line, self.kind).is_some(),
            JoinKind::Json { depth, begun } => {
                if begun {
                    depth > 0
                } else {
                    line.trim_start().starts_with('{')
                }
            }
            JoinKind::Payload => {
                self.further < MOST_PIECES && !self.block.text.trim_end().ends_with('}') && !is_prefixed(line)
            }
            JoinKind::PayloadBelow => {
                let is_payload = |line: &str| line.trim_start().starts_with("\"errorMessage\":");
                let text = self.block.text.trim_end();
                match self.further {
                    _ if !text.contains('{') => {
                        line.strip_prefix('{').is_some_and(|rest| rest.is_empty() || is_payload(rest))
                    }
                    0 | 1 if text.ends_with('{') => is_payload(line),
                    further => further < MOST_PIECES && !text.ends_with('}') && !is_prefixed(line),
                }
            }
            JoinKind::CutObject => {
                self.further < MOST_PIECES && self.object.as_ref().is_some_and(|object| object.goes_on_with(line))
            }
            JoinKind::Heap => is_heap_line(line),
            JoinKind::RustError => is_rust_cause(line),
            JoinKind::RustPanic => self.further == 0 && !is_prefixed(line) || is_rust_line(line),
            JoinKind::GoPanic => is_go_line(line),
            JoinKind::Go1Error => self.further == 0 && go::is_stack_of_go1(line),
            JoinKind::Stack => self.continues_stack(line),
        }
    }

    fn continues_stack(&self, line: &str) -> bool {
        if is_stack_line(line) || is_inside(line) && (self.further > 0 || is_first_of_python(&self.block.text)) {
            return true;
        }
        if is_prefixed(line) {
            return false;
        }
        let text = self.block.text.as_str();
        // A line without indent is the second line of an error of the JVM's client, or the last line of Python's stack.
        let second_of_jvm = self.further == 0 && is_second_of_jvm(text, line);
        let last = text.trim_end().rsplit('\n').next().unwrap_or("");
        let in_python = text.contains(TRACEBACK);
        let last_of_python =
            in_python && last.starts_with([' ', '\t', '\u{a0}']) && type_and_message(line, is_type_name).is_some();
        let chained = in_python
            && (line.is_empty() || line.starts_with("During handling of ") || line.starts_with("The above exception "));
        second_of_jvm || last_of_python || chained
    }
}

/// Returns the kind of block that a message opens, if any. Messages of several lines are whole, except for Ruby's
/// label.
fn kind_of_opening(message: &str) -> Option<JoinKind> {
    let text = trim_front(message).trim_end();
    if is_object_line(text) {
        return None;
    }
    if cut_object::begins_object(text) && memchr::memchr2(b'\n', b'\r', text.as_bytes()).is_none() {
        let Some(end) = cut_object::end_of(text.as_bytes()) else { return Some(JoinKind::CutObject) };
        // A runtime may write directly behind what a logger wrote without a line end.
        let behind = text.get(end..).filter(|behind| !behind.is_empty() && !behind.starts_with('{'))?;
        return if is_platform(behind) { None } else { line_opening(behind) };
    }
    if ruby::label(text).is_some() || is_bare_label(text) {
        let depth = depth_after(0, text);
        let begun = text.contains('{');
        return (!begun || depth > 0).then_some(JoinKind::Json { depth, begun });
    }
    if text.starts_with("<--- Last few GCs") || text.starts_with("FATAL ERROR: ") {
        return Some(JoinKind::Heap);
    }
    if memchr::memchr2(b'\n', b'\r', text.as_bytes()).is_some() {
        return None;
    }
    if is_platform(text) {
        return platform_opening(text, message);
    }
    line_opening(text)
}

/// Returns whether a text is an object on one line, of the platform or of the function: nothing continues it. Streams
/// in the JSON format have little else, so this cheap test comes first.
fn is_object_line(text: &str) -> bool {
    let one_line = || memchr::memchr2(b'\n', b'\r', text.as_bytes()).is_none();
    text.starts_with('{') && text.ends_with('}') && one_line() && !cut_object::lacks_end(text.as_bytes())
}

fn platform_opening(text: &str, message: &str) -> Option<JoinKind> {
    if is_cut_timeout(text) {
        return Some(JoinKind::TimedOut);
    }
    if text.starts_with(platform::REQUEST_ID) && text.contains(" Error: ") || text == platform::UNKNOWN_ERROR {
        let code = text.rsplit(' ').next().is_some_and(platform_text::is_code);
        return (!code).then_some(JoinKind::Crash);
    }
    // An event as delivered ends with a line end; a line without one was split off and may be continued.
    let split_off =
        text.starts_with(platform::REPORT.word) && !message.ends_with('\n') && !text.contains(platform::XRAY);
    split_off.then_some(JoinKind::Report)
}

/// Returns what stood where a line was broken that only makes sense with the next one: nothing inside a word, else a
/// blank.
fn seam(text: &str, next: &str, kind: JoinKind) -> Option<&'static str> {
    let (text, next) = (text.trim_end(), next.trim_start());
    match kind {
        JoinKind::TimedOut => ["", " "].into_iter().find(|blank| {
            matches!(platform_text::parse(&[text, blank, next].concat()), Some(Statement::TimedOut { .. }))
        }),
        JoinKind::PayloadBelow => next.starts_with('{').then_some("\t"),
        // A label, and its value on the next line.
        JoinKind::Report if text.ends_with(':') => {
            let value = next.split(char::is_whitespace).next().unwrap_or("");
            (value.starts_with(|c: char| c.is_ascii_digit()) || Status::parse(value).is_some()).then_some(" ")
        }
        JoinKind::Report => {
            let blank = |c: char| c.is_whitespace();
            let begun = text.rsplit(blank).next().unwrap_or("");
            let rest = next.split(blank).next().unwrap_or("");
            let part =
                |word: &str| !word.is_empty() && word.len() < 12 && word.bytes().all(|b| b.is_ascii_alphabetic());
            let word = (part(begun) && part(rest.trim_end_matches(':'))).then(|| [begun, rest].concat())?;
            let label =
                ["Duration:", "Billed", "Memory", "Size:", "Used:", "Init", "Restore", "Status:", "Error", "Type:"];
            (label.contains(&word.as_str()) || Status::parse(&word).is_some()).then_some("")
        }
        _ => None,
    }
}

/// Returns whether a line ends in the middle of the sentence about the time limit.
fn is_cut_timeout(text: &str) -> bool {
    // The words up to which the pre-filter lets a line through.
    const BEGUN: &str = "Task timed";
    let Some((_, rest)) = split_at_first(text, BEGUN) else { return false };
    let sentence = platform::TASK_TIMED_OUT.trim_start_matches(BEGUN);
    match rest.strip_prefix(sentence) {
        None => sentence.starts_with(rest),
        Some(figure) => {
            figure.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').trim().len() < "second".len()
        }
    }
}

fn line_opening(text: &str) -> Option<JoinKind> {
    if is_cut_timeout(text) {
        return Some(JoinKind::TimedOut);
    }
    if text.strip_prefix("Error ").unwrap_or(text).starts_with(platform::RUNTIME_EXITED) {
        return Some(JoinKind::Crash);
    }
    if text.starts_with("thread '") && text.contains("' panicked at")
        || text.starts_with("thread '") && text.contains(") panicked at")
    {
        return Some(JoinKind::RustPanic);
    }
    if text.starts_with("panic: ") || text.starts_with("fatal error: ") {
        return Some(JoinKind::GoPanic);
    }
    if text.contains("ERROR") && text.contains(rust_runtime::SPAN) {
        return Some(JoinKind::RustError);
    }
    if go::is_error_of_go1(text) {
        return Some(JoinKind::Go1Error);
    }
    if node::begins_payload_without_level(text) {
        return Some(JoinKind::Payload);
    }
    if node::is_above_payload(text) {
        return Some(JoinKind::PayloadBelow);
    }
    if text.strip_prefix(TRACEBACK).is_some_and(|rest| rest.trim_start_matches(':').trim().len() > 1) {
        // The sentence of a client about code that did not load, on the line of the heading.
        return None;
    }
    opens_stack(text).then_some(JoinKind::Stack)
}

/// Returns whether a line of text may be the first of an error.
pub(super) fn may_open(line: &str) -> bool {
    let text = trim_front(line).trim_end();
    !text.starts_with('{') && line_opening(text).is_some()
}

/// Marks of a single line that opens a stack.
const MARKS: [&str; 8] = ["ERROR", "Traceback (most", "nhandled ", "\tfail\t", " fail ", JVM_THREAD, "SEVERE", "FATAL"];

/// Only leftmost matches let the automaton skip ahead with a vectorised search.
static MARK_SEARCH: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(MARKS).ok());

/// Returns whether a stack may follow a single line.
fn opens_stack(text: &str) -> bool {
    if text.starts_with('{') || text.ends_with('}') && text.contains("{\"") {
        return false;
    }
    MARK_SEARCH.as_ref().is_none_or(|marks| marks.is_match(text))
        || message_and_class(text).is_some() && (!is_prefixed(text) || is_dated(text))
        || type_and_message(text, is_error_name).is_some()
        || node::is_error_without_level(text)
}

/// Returns whether a text is the label of Node's client with its JSON still to come or begun on the same line.
fn is_bare_label(text: &str) -> bool {
    let line = first_line(text).0.trim_end();
    if line.ends_with('{') && line.contains(ERROR_ADDRESS.0) {
        return true;
    }
    let line = line.strip_suffix('{').unwrap_or(line).trim_end();
    [INVOKE_ERROR, UNCAUGHT_EXCEPTION, UNHANDLED_REJECTION].iter().any(|label| line.ends_with(label))
}

/// Returns whether a line is the first one of Python's client, whose message may go on in indented lines.
fn is_first_of_python(text: &str) -> bool {
    text.strip_prefix(PYTHON_ERROR).is_some_and(|rest| type_and_message(rest.trim(), is_type_name).is_some())
}

/// Returns whether a line is the second one of the JVM's client after `<message>: <class>`: `<class>: <message>`, or
/// the class alone. Some shapes leave the indented lines after it in the same message.
fn is_second_of_jvm(first: &str, line: &str) -> bool {
    let rest = message_and_class(first).and_then(|(_, class)| trim_indent(line).strip_prefix(class));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '\n', '\r']))
}

fn is_platform(line: &str) -> bool {
    platform_text::parse(line).is_some() || platform_json::parse(line).is_some()
}

fn is_crash_code(line: &str) -> bool {
    let word = line.trim();
    platform_text::is_code(word) || is_error_name(word)
}

/// Returns whether a line is the rest of a REPORT that a copy folded: it begins in the middle of a label or value.
fn is_folded_report(line: &str) -> bool {
    const BEGINS: [&str; 14] = [
        platform::XRAY,
        "Duration:",
        "Billed",
        "Memory",
        "Max",
        "Size:",
        "Used:",
        "Init",
        "Restore",
        "Status:",
        "Error Type:",
        "ms",
        "MB",
        "SegmentId:",
    ];
    let line = trim_front(line);
    BEGINS.iter().any(|begin| line.starts_with(begin)) && (line.contains(':') || line.len() < 4)
}

fn is_heap_line(line: &str) -> bool {
    const BEGINS: [&str; 8] = ["<---", "====", "FATAL ERROR", "-----", "Security context", "JS stack", "0x", "#"];
    let trimmed = trim_indent(line);
    let numbered = trimmed
        .split_once(':')
        .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    trimmed.is_empty()
        || numbered
        || BEGINS.iter().any(|begin| trimmed.starts_with(begin))
        || trimmed.starts_with('[') && trimmed.contains(" ms: ")
}

fn is_rust_line(line: &str) -> bool {
    let trimmed = line.trim_start();
    line.is_empty()
        || ["note: ", "stack backtrace:", "at ", "left: ", "right: "].iter().any(|begin| trimmed.starts_with(begin))
        || line.starts_with(' ') && trimmed.starts_with(|c: char| c.is_ascii_digit())
}

/// Returns whether a line belongs to a chain of causes or to the backtrace behind it.
fn is_rust_cause(line: &str) -> bool {
    let trimmed = line.trim_start();
    line.is_empty()
        || line == "Caused by:"
        || line == "Location:"
        || line.eq_ignore_ascii_case("stack backtrace:")
        || line.starts_with("   ") && !trimmed.starts_with(['{', '[']) && !is_prefixed(trimmed)
}

fn is_go_line(line: &str) -> bool {
    const BEGINS: [&str; 8] =
        ["goroutine ", "\t", "[signal ", "created by ", "exit status ", "panic: ", "runtime stack:", "rax "];
    let called = line.ends_with(')') && line.contains('(') && !is_prefixed(line) && line.contains('.');
    line.is_empty() || called || BEGINS.iter().any(|begin| line.starts_with(begin)) || line.starts_with("    /")
}

/// Returns whether a line begins like one of its own: with a time, a level in brackets or an object.
fn is_prefixed(line: &str) -> bool {
    after_timestamp(line).is_some()
        || line.starts_with('{')
        || line.starts_with('[')
            && line.split_once(']').is_some_and(|(word, _)| word[1..].bytes().all(|b| b.is_ascii_uppercase()))
}

/// Returns whether a line begins with a time without the head of a logger after it: the time may be part of a message.
fn is_dated(line: &str) -> bool {
    after_timestamp(line).is_some_and(|rest| rest.starts_with(' ') && !has_log_head(rest))
}

/// Returns whether a line is inside a stack: indented, or the end of what Node's inspector prints.
fn is_inside(line: &str) -> bool {
    line.starts_with([' ', '\t', '\u{a0}']) || matches!(line, "}" | "]" | "")
}

/// Returns the depth of braces after a line; those in strings do not count.
fn depth_after(mut depth: u32, line: &str) -> u32 {
    let (mut quoted, mut escaped) = (false, false);
    for byte in line.bytes() {
        match byte {
            b'"' if !escaped => quoted = !quoted,
            b'{' if !quoted => depth = depth.saturating_add(1),
            b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
    }
    depth
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{may_matter, parse};

    /// Feeds lines as the pipeline does and returns the output in order.
    fn joined(lines: &[&str]) -> Vec<String> {
        let mut joiner = Joiner::default();
        let mut out = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            if joiner.is_open() || may_matter(line.as_bytes()) {
                let fed = joiner.feed(None, at as u64, line);
                out.extend(fed.ended.map(|block| block.text));
                if fed.absorbed {
                    continue;
                }
            }
            out.push((*line).to_owned());
        }
        out.extend(joiner.finish().map(|block| block.text));
        out
    }

    #[track_caller]
    fn one_block(lines: &[&str]) {
        let after = ["Loading widgets", "START RequestId: 11111111-2222-4333-8444-555555555555 Version: 7"];
        for follower in after {
            let mut all = lines.to_vec();
            all.push(follower);
            let out = joined(&all);
            assert_eq!(out.len(), 2, "{out:#?}");
            assert_eq!(out[0], lines.join("\n"));
        }
    }

    const ID: &str = "11111111-2222-4333-8444-555555555555";

    #[test]
    fn joins_what_one_error_wrote() {
        one_block(&[
            "[ERROR] KeyError: 'size'",
            "Traceback (most recent call last):",
            "  File \"/var/task/w.py\", line 3, in go",
            "    x['size']",
        ]);
        one_block(&[
            "Traceback (most recent call last):",
            "  File \"/var/task/w.py\", line 3, in go",
            "    x['size']",
            "KeyError: 'size'",
        ]);
        one_block(&[
            "\u{a0}out of stock: com.example.StockException",
            "com.example.StockException: out of stock",
            "\tat com.example.A.b(A.java:3)",
            "Caused by: java.io.IOException: x",
            "\t... 3 more",
        ]);
        one_block(&["Error: lost widget", "    at find (/var/task/w.js:3:4) {", "  code: 'ELOST'", "}"]);
        one_block(&["Unhandled exception. System.InvalidOperationException: no widget", "   at Shop.Run()"]);
        one_block(&["thread 'main' panicked at src/main.rs:3:4:", "no widget", "note: run with `RUST_BACKTRACE=1`"]);
        one_block(&[
            "panic: no widget",
            "",
            "goroutine 1 [running]:",
            "main.main()",
            "\t/src/main.go:3 +0x1d",
            "exit status 2",
        ]);
        one_block(&[
            "<--- Last few GCs --->",
            "",
            "[9:0x1]  9 ms: Mark-Compact 90 (99) -> 90 (99) MB",
            "<--- JS stacktrace --->",
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
            " 1: 0xb1 node::Abort() [node]",
            "----- Native stack trace -----",
        ]);
        one_block(&[
            "Error raised from handler method",
            "{",
            "  \"errorMessage\": \"no {widget\",",
            "  \"errorType\": \"Function<WidgetError>\"",
            "}",
        ]);
        one_block(&[
            "2026-01-02T03:04:05.678Z  undefined  ERROR  Uncaught Exception",
            "{",
            "  \"errorType\": \"Runtime.ImportModuleError\"",
            "}",
        ]);
        one_block(&[
            "2026-01-02T03:04:05.678Z undefined ERROR Uncaught Exception {",
            "  \"errorType\": \"Runtime.ImportModuleError\"",
            "}",
        ]);
        one_block(&[&format!("RequestId: {ID} Error: Runtime exited with error: signal: killed"), "Runtime.ExitError"]);
        one_block(&["Unknown application error occurred", "Runtime.ImportModuleError"]);
        one_block(&[
            &format!("REPORT RequestId: {ID}\tDuration: 3.00 ms\tBilled Duration: 4 ms"),
            "XRAY TraceId: 1-2-3",
        ]);
        one_block(&[
            &format!("REPORT RequestId: {ID} Duration: 3.00 ms Billed Duration: 4 ms Max"),
            "Memory Used: 55 MB",
        ]);
    }

    /// Wherever a width breaks the lines of the platform, an attempt that timed out never looks like a sure success.
    #[test]
    fn broken_sentences_are_joined() {
        for sentence in [
            format!("2026-01-02T03:04:05.678Z {ID} Task timed out after 3.00 seconds"),
            "Task timed out after 3.00 seconds".to_owned(),
        ] {
            let begins = sentence.find("Task").expect("a sentence") + "Task timed".len();
            for at in begins..sentence.len() - "s".len() {
                let (first, second) = sentence.split_at(at);
                let lines = [first.trim_end(), second.trim_start()];
                let out = joined(&lines);
                assert!(matches!(parse(&out[0]), Statement::TimedOut { .. }), "{lines:?} {out:?}");
            }
        }
        let report = format!(
            "REPORT RequestId: {ID}\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\tStatus: timeout"
        );
        let begins = report.find("Duration").expect("a label");
        for at in begins..report.len() {
            let (first, second) = report.split_at(at);
            let out = joined(&[first.trim_end(), second.trim_start()]);
            let Statement::Report(report) = parse(&out[0]) else { continue };
            let told = report.status == Some(Status::Timeout);
            assert!(told || !report.whole || report.status == Some(Status::Unknown), "{out:?}");
        }
        for (first, second) in
            [("Task timed out after", "a while"), ("the Task timed out", "again"), ("Task timed", "START")]
        {
            assert!(joined(&[first, second]).len() == 2, "{first}");
        }
    }

    #[test]
    fn keeps_errors_apart() {
        let twice = ["[ERROR] KeyError: 'a'", "[ERROR] KeyError: 'b'"];
        assert_eq!(joined(&twice), twice);
        let report = format!("REPORT RequestId: {ID}\tDuration: 3.00 ms\t\n");
        let mut joiner = Joiner::default();
        assert!(!joiner.feed(None, 1, &report).absorbed, "an event as delivered is whole");
    }

    #[test]
    fn a_pause_ends_a_block() {
        let mut joiner = Joiner::default();
        assert!(joiner.feed(Timestamp::from_ms(1_000), 1, "Error: lost").absorbed);
        assert!(joiner.feed(Timestamp::from_ms(2_000), 2, "    at a (/var/task/b.js:1:1)").absorbed);
        let fed = joiner.feed(Timestamp::from_ms(9_000), 3, "    at a (/var/task/b.js:1:1)");
        assert_eq!(fed.ended.map(|block| block.line), Some(1));
    }

    #[test]
    fn text_is_bounded() {
        let mut joiner = Joiner::default();
        joiner.feed(None, 1, "Error: lost");
        for line in 0..20_000 {
            assert!(joiner.feed(None, line, "    at a (/var/task/b.js:1:1)").absorbed);
        }
        let block = joiner.finish().expect("a block");
        assert!(block.text.len() < TEXT_LIMIT);
        let _ = parse(&block.text);
    }
}
