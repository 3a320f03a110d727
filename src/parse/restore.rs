//! Messages of which a copy wrote the tabs and line ends as text (`\t`, `^I`, `#011`, `<br>`), lost the line ends or put other
//! characters in the place of blanks: they get them back, where the platform or a runtime had them. Everywhere else such text is
//! the function's own.

use std::borrow::Cow;

use memchr::memmem;

use super::text::{after_any_time, after_bracketed_level, after_timestamp, is_class_name, uuid, without_colour};
use super::{go, platform_text, ruby};
use crate::lambda::platform;
use crate::lambda::runtimes::{PYTHON_ERROR, TRACEBACK};
use crate::model::Statement;

/// Way in which a tool writes a tab and a line end.
struct Writing {
    tab: &'static str,
    line_end: &'static str,
    /// Whether a backslash stands before every character that it escapes, itself included.
    backslashes: bool,
}

/// Ways of `cat -A`, of rsyslog, and of programming languages and `jq @tsv`. The last also stands in objects.
const WRITINGS: [Writing; 3] = [
    Writing { tab: "^I", line_end: "$\n", backslashes: false },
    Writing { tab: "#011", line_end: "#012", backslashes: false },
    Writing { tab: "\\t", line_end: "\\n", backslashes: true },
];

/// Line ends of cells, and those that only some programs break lines at.
const LINE_ENDS: [&str; 5] = [CELL_ENDS[0], CELL_ENDS[1], CELL_ENDS[2], "\u{2028}", "\\n"];
const CELL_ENDS: [&str; 3] = ["<br>", "<br/>", "<br />"];

/// Returns a message with the tabs and line ends that it had.
pub(crate) fn restored(text: Cow<'_, str>) -> Cow<'_, str> {
    match undone(&text) {
        Some(text) => Cow::Owned(text),
        None => text,
    }
}

fn undone(text: &str) -> Option<String> {
    if let Some(text) = with_plain_head(text) {
        return Some(text);
    }
    if let Some(text) = with_plain_blanks(text) {
        return Some(text);
    }
    let bytes = text.as_bytes();
    // An object escapes what is in it by itself.
    if text.starts_with('{') {
        return super::cut_object::mended(text);
    }
    if is_as_delivered(bytes) {
        return None;
    }
    let ends_line = |at: usize| bytes.get(at + 1) == Some(&b'\n');
    if (memchr::memchr3(b'\\', b'^', b'#', bytes).is_some() || memchr::memchr_iter(b'$', bytes).any(ends_line))
        && let Some(writing) = WRITINGS.iter().find(|writing| writing.is_used(text))
    {
        return Some(writing.undo(text));
    }
    if is_of_platform(text) {
        // `cat -A` writes a `$` where a line ends.
        let line = text.trim_end();
        if memchr::memchr(b'<', bytes).is_some()
            && let Some(end) = CELL_ENDS.iter().find(|end| line.contains(**end))
        {
            return Some(line.replace(end, "\n"));
        }
        return line.strip_suffix('$').filter(|rest| !rest.ends_with([' ', '\t'])).map(str::to_owned);
    }
    // An event as it was delivered has its line ends.
    if memchr::memchr3(b'<', b'\\', LINE_ENDS[3].as_bytes()[0], text.as_bytes()).is_some() {
        let breaks = |end: &&&str| is_before_stack(text, end, "\t") || has_lines(text) && text.contains(**end);
        if let Some(end) = LINE_ENDS.iter().find(breaks) {
            return Some(text.replace(end, "\n"));
        }
    }
    if let Some(own) = after_other_time(text) {
        return Some(own.to_owned());
    }
    (!text.trim_end().contains('\n')).then(|| unfolded_java(text)).flatten()
}

/// Returns a line of the platform without colours, and with the label of a request id in the usual letters, if it is one
/// only so.
fn with_plain_head(text: &str) -> Option<String> {
    let line = text.lines().next()?;
    let plain = match line.as_bytes().first()? {
        b'\x1b' => without_colour(line),
        b'S' | b'E' | b'R' | b'r' => Cow::Borrowed(line),
        _ => return None,
    };
    // The line about a process begins with the label.
    let words = [platform::START.word, platform::END.word, platform::REPORT.word, ""];
    let labelled = words.iter().find_map(|word| Some((*word, behind_word(&plain, word)?)));
    let other = labelled.and_then(|(word, rest)| {
        let is_label = |other: &str| rest.get(..other.len()).is_some_and(|label| label.eq_ignore_ascii_case(other));
        let other = LABELS.iter().find(|other| is_label(other)).filter(|_| !rest.starts_with(platform::REQUEST_ID))?;
        let blank = if word.is_empty() { "" } else { " " };
        Some(format!("{word}{blank}{}{}", platform::REQUEST_ID, rest.get(other.len()..)?))
    });
    let plain = other.map_or(plain, Cow::Owned);
    let is_changed = matches!(plain, Cow::Owned(_)) && plain != line;
    (is_changed && is_read(&plain)).then(|| without_colour(&(plain.into_owned() + &text[line.len()..])).into_owned())
}

/// Other letters and signs in which copies have the label of a request id.
const LABELS: [&str; 4] = ["requestid:", "request-id:", "request_id:", "request id:"];

/// Returns what follows a word and a blank at the start of a line; all of it, if there is no word.
fn behind_word<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(word)?;
    if word.is_empty() { Some(rest) } else { rest.strip_prefix(' ') }
}

/// Returns whether a text is a line of the platform that can be read.
fn is_read(text: &str) -> bool {
    !matches!(platform_text::parse(text), None | Some(Statement::Unrecognized))
}

/// Returns a line of the platform with plain blanks, if it is one only with these: copies from documents and chats have blanks
/// that do not break, marks of no width, signs that could not be read, and two blanks for one.
fn with_plain_blanks(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let begins = matches!(bytes.first()?, b'S' | b'E' | b'R' | b'I' | b'0'..=b'9' | b'a'..=b'f');
    if !begins || has_plain_blanks(bytes) {
        return None;
    }
    let line = text.lines().next()?;
    let mut plain = String::with_capacity(text.len());
    for char in line.chars() {
        match char {
            '\t' => plain.push(char),
            _ if is_other_blank(char) => {
                if !plain.ends_with([' ', '\t']) {
                    plain.push(' ');
                }
            }
            _ => plain.push(char),
        }
    }
    (plain != line && is_read(&plain) && !is_read(line)).then(|| plain + &text[line.len()..])
}

/// Bytes of a line in which the words of every sentence stand that is told by its words.
const WORDS: usize = 128;

/// Returns whether the first line of a message has plain blanks only, as nearly all have.
fn has_plain_blanks(message: &[u8]) -> bool {
    let mut before = 0;
    for &byte in message.iter().take(WORDS) {
        match byte {
            b'\n' => break,
            b' ' if before == b' ' => return false,
            0x0b | 0x0c | 0x80.. => return false,
            _ => before = byte,
        }
    }
    true
}

/// Returns whether a character stands where a blank stood, or beside one.
fn is_other_blank(char: char) -> bool {
    char.is_whitespace()
        || char.is_control()
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | char::REPLACEMENT_CHARACTER)
}

/// Returns whether a message has nothing that any of the copies would have put into it, and no frames of the JVM that
/// could all stand on one line.
fn is_as_delivered(text: &[u8]) -> bool {
    let is_marked =
        || memchr::memchr3(b'\\', b'^', b'#', text).is_some() || memchr::memchr3(b'$', b'<', 0xe2, text).is_some();
    let has_lines = || memchr::memchr(b'\n', text).is_some_and(|end| end + 1 < text.len());
    !text.first().is_some_and(u8::is_ascii_digit)
        && !is_marked()
        && (memchr::memchr(b'(', text).is_none() || has_lines())
}

impl Writing {
    /// Returns whether a tab or a line end that the platform or a runtime wrote is in this writing.
    fn is_used(&self, text: &str) -> bool {
        let begins = |rest: &str| rest.starts_with(self.tab);
        // What was escaped has nothing left to escape.
        if self.backslashes && memchr::memchr2(b'\t', b'\n', text.trim_end().as_bytes()).is_some() {
            return false;
        }
        let (tab, line_end) = (marks(text, self.tab).next().is_some(), marks(text, self.line_end).next().is_some());
        if !tab && !line_end {
            return false;
        }
        if is_of_platform(text) {
            return true;
        }
        after_any_time(text).is_some_and(begins)
            || after_bracketed_level(text).is_some_and(begins)
            || uuid_or_none(text).is_some_and(begins)
            || text.strip_prefix(self.tab).is_some_and(|rest| rest.starts_with("at "))
            || has_lines(text) && line_end
            || is_before_stack(text, self.line_end, self.tab)
    }

    fn undo(&self, text: &str) -> String {
        if self.backslashes {
            return without_backslashes(text);
        }
        let text = text.trim_end();
        let text = if self.line_end.starts_with('$') { text.strip_suffix('$').unwrap_or(text) } else { text };
        text.replace(self.tab, "\t").replace(self.line_end, "\n")
    }
}

/// Iterates over the places of a mark. Messages are short and most have not even its first byte, so a searcher for all of
/// it would cost more than it saves.
fn marks<'t>(text: &'t str, mark: &'t str) -> impl Iterator<Item = usize> + 't {
    let (bytes, mark) = (text.as_bytes(), mark.as_bytes());
    let first = mark.first().copied().unwrap_or_default();
    memchr::memchr_iter(first, bytes).filter(move |at| bytes[*at..].starts_with(mark))
}

/// Returns the line of a runtime behind the time that a tool put before the lines of the function, and only before these.
fn after_other_time(text: &str) -> Option<&str> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (_, own) = text.split_once('\t')?;
    let of_runtime = own.starts_with(PYTHON_ERROR) || after_timestamp(own).is_some();
    (of_runtime && after_any_time(text)?.strip_prefix('\t') == Some(own)).then_some(own)
}

/// Returns whether a message is one that only the platform writes.
fn is_of_platform(text: &str) -> bool {
    const BEGINNINGS: [&str; 9] = [
        platform::START.begin,
        platform::END.begin,
        platform::REPORT.begin,
        platform::REQUEST_ID,
        platform::INIT_START,
        platform::INIT_REPORT,
        platform::RESTORE_START,
        platform::RESTORE_REPORT,
        platform::UNKNOWN_ERROR,
    ];
    // Words that other programs write as well: the tab behind them tells.
    const WORDS: [&str; 5] =
        [platform::EXTENSION, platform::TELEMETRY, platform::LOGS, platform::IMAGE, platform::SUPERNOVA];
    let behind = |rest: &str| WRITINGS.iter().any(|writing| rest.starts_with(writing.tab));
    BEGINNINGS.iter().any(|begin| text.starts_with(begin))
        || WORDS.iter().any(|word| text.strip_prefix(word).is_some_and(behind))
}

/// Returns whether a message begins like one that has several lines: the last words of a process, the label of Ruby's
/// client.
fn has_lines(text: &str) -> bool {
    const BEGINS: [&str; 6] =
        ["thread '", "panic: ", "fatal error: ", "<--- Last few GCs", "FATAL ERROR: ", "java.lang.OutOfMemoryError: "];
    // The JVM frames its last words with `#`.
    let framed = || text.get(..text.floor_char_boundary(40)).is_some_and(|head| head.contains("# There is insuff"));
    BEGINS.iter().any(|begin| text.starts_with(begin))
        || text.starts_with('#') && framed()
        || ruby::label(text).is_some()
}

/// Returns what follows the word that stands in the place of the request id, at the start of a line.
fn uuid_or_none(text: &str) -> Option<&str> {
    uuid(text).map(|(_, rest)| rest).or_else(|| text.strip_prefix("undefined"))
}

/// Returns whether a line end in this writing stands before a line of a stack.
fn is_before_stack(text: &str, line_end: &str, tab: &str) -> bool {
    // The head of a message has few lines; the bound keeps the search linear in any text.
    marks(text, line_end).take(24).any(|at| {
        let Some(line) = text.get(at + line_end.len()..) else { return false };
        // What stands in an object is escaped by itself.
        if text.as_bytes()[..at].contains(&b'{') {
            return false;
        }
        let unindented = line.trim_start_matches([' ', '\t', '\u{a0}']);
        let rest = unindented.strip_prefix(tab).unwrap_or(unindented);
        let indented = rest.len() < line.len();
        let is_call =
            || rest.strip_prefix("at ").is_some_and(|call| call.chars().take(200).any(|c| matches!(c, '(' | '/')));
        indented && (is_call() || rest.starts_with("File \"") || rest.starts_with("File \\\""))
            || LINES_OF_STACKS.iter().any(|begin| line.starts_with(begin))
            || go::is_error_of_go1(&text[..at]) && (line.starts_with("null") || line.starts_with("[{"))
    })
}

/// Beginnings of lines without an indent that follow the words of an error.
const LINES_OF_STACKS: [&str; 6] =
    [TRACEBACK, "goroutine ", "FATAL ERROR: ", "Caused by: ", "<--- ", "stack backtrace:"];

/// Undoes escapes with backslashes.
pub(super) fn without_backslashes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let mut chars = after.chars();
        match chars.next() {
            Some('t') => plain.push('\t'),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some(escaped @ ('\\' | '"' | '\'' | '/')) => plain.push(escaped),
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
        rest = chars.as_str();
    }
    plain.push_str(rest);
    plain
}

/// Breaks the error of the JVM's client, of which a copy has put all lines on one, before the stack and its frames:
/// `<message>: <class> <class>: <message> at <frame>`.
fn unfolded_java(text: &str) -> Option<String> {
    /// The words `at` in a message, at most, before the one of its first frame.
    const MOST_CALLS: usize = 64;
    let calls = memmem::find_iter(text.as_bytes(), "at ").take(MOST_CALLS);
    if !calls.into_iter().any(|at| text.get(at + 3..).is_some_and(is_frame)) {
        return None;
    }
    let (mut before, mut last, mut at) = ("", "", 0);
    let place = text.split([' ', '\t']).find_map(|word| {
        let begins = at;
        at += word.len() + 1;
        if word.is_empty() {
            return None;
        }
        let again = word == last || word.strip_suffix(':') == Some(last);
        if before.ends_with(':') && again && last.contains('.') && is_class_name(last) {
            return Some(begins);
        }
        (before, last) = (last, word);
        None
    })?;
    let (head, stack) = text.split_at_checked(place)?;
    let mut whole = String::with_capacity(text.len() + 16);
    whole.push_str(head.trim_end());
    whole.push('\n');
    let mut rest = stack;
    while let Some((line, frames)) = rest.split_once("at ") {
        let begins = line.ends_with([' ', '\t']) && is_frame(frames);
        whole.push_str(if begins { line.trim_end() } else { line });
        whole.push_str(if begins { "\n\tat " } else { "at " });
        rest = frames;
    }
    whole.push_str(rest);
    Some(whole)
}

/// Returns whether a text begins with a frame of the JVM: `a.b.C.m(C.java:3)`.
fn is_frame(text: &str) -> bool {
    let end = text.bytes().take(300).position(|byte| matches!(byte, b'(' | b' '));
    end.is_some_and(|end| text.as_bytes()[end] == b'(' && text[..end].contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ErrorForm, Statement};

    /// The error of the JVM's client is known, whatever became of its line ends.
    #[test]
    fn an_error_of_the_jvm_is_read_without_its_line_ends() {
        let messages = [
            ("Boom", "java.lang.IllegalStateException"),
            ("no stock: 3 left, at least 5 wanted", "com.acme.Orders$Broken"),
        ];
        for (said, class) in messages {
            let lines = [
                format!("{said}: {class}"),
                format!("{class}: {said}"),
                "\tat com.acme.Orders.handle(Orders.java:7)".to_owned(),
                "\tat java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(Unknown Source)".to_owned(),
            ];
            for end in ["\n", "\r\n", "\r", "\u{2028}", "<br>", "<br/>", " ", "\\n", "#012"] {
                let tabs = if end == "\\n" { "\\t" } else { "\t" };
                for indent in [tabs, "\t", "    ", "  ", " "] {
                    let written = lines.join(end).replace('\t', indent);
                    let whole = restored(written.as_str().into());
                    let Statement::App(line) = crate::parse::parse(&whole) else { panic!("{written:?}") };
                    let error = line.error.unwrap_or_else(|| panic!("{written:?}"));
                    assert_eq!(
                        (error.form, error.error_type.as_deref()),
                        (ErrorForm::Unhandled, Some(class)),
                        "{written:?}"
                    );
                    assert_eq!(error.frame.as_deref(), Some("com.acme.Orders.handle"), "{written:?} {whole:?}");
                }
            }
        }
    }

    /// A time that a tool puts before the lines of the function alone is none of theirs.
    #[test]
    fn a_time_before_the_line_of_a_runtime_is_taken_off() {
        for own in [
            "2026-01-02T03:04:05.678Z\t6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34\tERROR\tInvoke Error \t{}",
            "2026-01-02T03:04:05.678Z 6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34 Task timed out after 3.00 seconds",
            "[ERROR] KeyError: 'id'",
        ] {
            for time in ["2026-01-02 03:04:05.678", "2026-01-02 03:04:05 (+02:00)", "02.01.2026 03:04:05"] {
                assert_eq!(restored(format!("{time}\t{own}").into()), own);
            }
        }
    }

    /// What a function wrote stays as it is where the escapes are its own.
    #[test]
    fn escapes_of_the_function_are_left() {
        for text in [
            "2026-01-02T03:04:05.678Z\t6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34\tERROR\tInvoke Error \t{\"errorType\":\"E\",\"stack\":\"E\\n    at f\"}",
            "2026-01-02T03:04:05.678Z 6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d34 ERROR Invoke Error {\"stack\":\"E\\n    at f\"}",
            "saved to C:\\temp\\new #011 ^I <br> at home",
            "{\"message\":\"a\\n\\tat b.c(D.java:1)\"}",
            "RETRY RequestId: 1\\t",
            "no Exception: at all",
        ] {
            assert!(matches!(restored(text.into()), Cow::Borrowed(_)), "{text:?}: {:?}", restored(text.into()));
        }
    }
}
