//! Lines of the platform: the words and sentences with which they begin.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::runtimes::PYTHON_ERROR;
use crate::model::RequestId;

/// Line about one request: `WORD RequestId: ID …`.
pub(crate) struct RequestLine {
    /// First word of the line.
    pub(crate) word: &'static str,
    /// First word and the label of the id.
    pub(crate) begin: &'static str,
}

macro_rules! request_line {
    ($word:literal) => {
        RequestLine { word: $word, begin: concat!($word, " RequestId:") }
    };
}

pub(crate) const START: RequestLine = request_line!("START");
pub(crate) const END: RequestLine = request_line!("END");
pub(crate) const REPORT: RequestLine = request_line!("REPORT");

/// Label of a request id, in the lines above and before the sentences about a request that ended early.
pub(crate) const REQUEST_ID: &str = "RequestId:";

pub(crate) const INIT_START: &str = "INIT_START";
pub(crate) const INIT_REPORT: &str = "INIT_REPORT";
pub(crate) const RESTORE_START: &str = "RESTORE_START";
pub(crate) const RESTORE_REPORT: &str = "RESTORE_REPORT";
pub(crate) const EXTENSION: &str = "EXTENSION";
pub(crate) const TELEMETRY: &str = "TELEMETRY";
pub(crate) const LOGS: &str = "LOGS";
pub(crate) const IMAGE: &str = "IMAGE";
/// Word of the `IMAGE` line on some older hosts.
pub(crate) const SUPERNOVA: &str = "SUPERNOVA";
pub(crate) const XRAY: &str = "XRAY";

/// Sentence about a request that ran into the time limit, up to the number of seconds.
pub(crate) const TASK_TIMED_OUT: &str = "Task timed out after ";
/// Words of that sentence by which a quotation is known, whatever follows them.
pub(crate) const TIMED_OUT_WORDS: &str = TASK_TIMED_OUT.trim_ascii_end();
/// Sentence about a process that ended, up to the manner of its end.
pub(crate) const RUNTIME_EXITED: &str = "Runtime exited with";
/// Sentence of older hosts about a process that ended without an error.
pub(crate) const PROCESS_EXITED: &str = "Process exited before completing request";
/// Words with which every sentence about a process that ended begins.
pub(crate) const RUNTIME_EXITED_WORDS: &str = "Runtime exited";
/// Sentence about a process that ended without any message.
pub(crate) const UNKNOWN_ERROR: &str = "Unknown application error occurred";

/// Beginning, with its quote, of the value of `type` in lines of the platform in the JSON format.
pub(crate) const PLATFORM_TYPE: &str = "\"platform.";
/// The same in the source of a page.
pub(crate) const ESCAPED_PLATFORM_TYPE: &str = "&quot;platform.";
/// Kinds of lines in the JSON format that are about one request.
pub(crate) const PLATFORM_TYPES: [&str; 8] =
    ["start", "report", "runtimeDone", "initStart", "initReport", "restoreStart", "restoreReport", "fault"];

/// First parts of the platform's error types: `Runtime.ExitError`.
pub(crate) const ERROR_TYPE_FAMILIES: [&str; 5] = ["Runtime", "Function", "Extension", "Sandbox", "Client"];

/// Beginnings of all lines of the platform, and of its error types, which are alone on a line after a crash.
pub(crate) const LINE_BEGINNINGS: [&str; 18] = [
    START.word,
    END.word,
    REPORT.word,
    "INIT_",
    "RESTORE_",
    EXTENSION,
    TELEMETRY,
    LOGS,
    IMAGE,
    SUPERNOVA,
    XRAY,
    REQUEST_ID,
    "Unknown application",
    "Runtime",
    "Function.",
    "Extension.",
    "Sandbox.",
    "Client.",
];

/// Example of the sentence about the time limit.
pub(crate) const TASK_TIMED_OUT_EXAMPLE: &str = "Task timed out after 3.00 seconds";
/// Example of the sentence about a process that ended.
pub(crate) const RUNTIME_EXITED_EXAMPLE: &str = "Runtime exited without providing a reason";

/// Words of the platform, each with the text that must follow it, as other programs begin lines with most of them, too.
const BEGINNINGS: [(&str, &str); 13] = [
    (START.begin, ""),
    (END.begin, ""),
    (REPORT.begin, ""),
    (INIT_START, " "),
    (INIT_REPORT, " "),
    (RESTORE_START, " "),
    (RESTORE_REPORT, " "),
    (EXTENSION, "\tName:"),
    (EXTENSION, " Name:"),
    (TELEMETRY, "\tName:"),
    (LOGS, "\tName:"),
    (IMAGE, "\t"),
    (IMAGE, " Launch error"),
];

/// Returns whether a text begins as only lines of the platform do.
pub(crate) fn is_platform(text: &[u8]) -> bool {
    let begins = |(word, then): &(&str, &str)| {
        text.strip_prefix(word.as_bytes()).is_some_and(|rest| rest.starts_with(then.as_bytes()))
    };
    matches!(text.first(), Some(b'S' | b'E' | b'R' | b'I' | b'T' | b'L')) && BEGINNINGS.iter().any(begins)
}

/// Returns whether a line reports the end of a process: `RequestId: ID Error: …`, or without an id `Error Runtime
/// exited with …`.
pub(crate) fn is_crash(line: &[u8]) -> bool {
    if let Some(rest) = line.strip_prefix(REQUEST_ID.as_bytes()).and_then(|rest| rest.strip_prefix(b" ")) {
        let Some((_, length)) = RequestId::read_prefix(rest) else { return false };
        let after = rest.get(length..).unwrap_or_default();
        let exited = |rest: &[u8]| rest.starts_with(b"exited");
        return after.starts_with(b" Error: ") || after.strip_prefix(b" Process ").is_some_and(exited);
    }
    let exited = line.strip_prefix(b"Error ").and_then(|rest| rest.strip_prefix(RUNTIME_EXITED_WORDS.as_bytes()));
    exited.is_some_and(|rest| rest.starts_with(b" "))
}

/// Returns the request that a line of the platform is about, as a number, and how far it has come: at its start, at the
/// end of the function's work, at the report. The line may be escaped as the inside of a JSON string.
pub(crate) fn step_of_request(line: &[u8]) -> Option<(u64, u8)> {
    let number = |id: &[u8]| {
        let end = id.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'\\' | b'"'));
        let id = &id[..end.unwrap_or(id.len())];
        (!id.is_empty()).then(|| xxhash_rust::xxh3::xxh3_64(id))
    };
    if line.first() == Some(&b'{') {
        let kind = &line[memchr::memmem::find(line, PLATFORM_TYPE.trim_start_matches('"').as_bytes())?..];
        let kind = &kind[PLATFORM_TYPE.len() - 1..];
        let step = [("start", 0), ("runtimeDone", 1), ("report", 2)];
        let ends = |rest: &[u8]| matches!(rest.first(), Some(b'"' | b'\\'));
        let (_, step) = step.into_iter().find(|(word, _)| kind.strip_prefix(word.as_bytes()).is_some_and(ends))?;
        const KEY: &[u8] = b"requestId";
        let value = &line[memchr::memmem::find(line, KEY)? + KEY.len()..];
        let start = value.iter().position(|byte| !matches!(byte, b'"' | b'\\' | b':' | b' '))?;
        return Some((number(&value[start..])?, step));
    }
    let (begin, step) = [(START.begin, 0), (END.begin, 1), (REPORT.begin, 2)]
        .into_iter()
        .find(|(begin, _)| line.starts_with(begin.as_bytes()))?;
    Some((number(line[begin.len()..].trim_ascii_start())?, step))
}

/// Splits off the END that stands directly behind the last line of a message: Python's client ends its stacks without a line
/// end, and copies of logs in text have none between events.
pub(crate) fn behind_text(message: &str) -> Option<(&str, RequestId)> {
    let (said, id) = glued_end(message.as_bytes())?;
    let said = message.get(..said.len())?;
    // What stands before may hide an error that is no line of its own, either.
    let hides =
        said.match_indices(PYTHON_ERROR).any(|(at, _)| said[..at].ends_with(|last: char| !last.is_whitespace()));
    (!hides).then_some((said, id))
}

/// Returns what stands before an END at the end of a message, and its request: behind a blank, it would be quoted.
pub(crate) fn glued_end(message: &[u8]) -> Option<(&[u8], RequestId)> {
    let text = message.trim_ascii_end();
    let (said, id) = text.split_at_checked(text.len().checked_sub(RequestId::LENGTH)?)?;
    let id = RequestId::parse(id)?;
    let said = said.trim_ascii_end().strip_suffix(END.begin.trim_ascii_end().as_bytes())?;
    said.last().is_some_and(|last| !last.is_ascii_whitespace()).then_some((said, id))
}

/// Splits an INIT_START from the message that a copy left directly behind it: one that begins with a time, as those of the
/// runtimes do that load code.
pub(crate) fn behind_init_start(text: &str) -> Option<(&str, &str)> {
    const PLACE: &str = "::runtime:";
    const DATE: usize = "2026-01-02".len();
    let line = text.strip_prefix(INIT_START)?;
    let from = memchr::memmem::find(line.as_bytes(), PLACE.as_bytes())? + PLACE.len();
    let bytes = line.as_bytes();
    let is_time = |at: usize| {
        let date = bytes.get(at.checked_sub(DATE)?..at)?;
        let fits = |(at, byte): (usize, &u8)| if matches!(at, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() };
        let clock = bytes.get(at + 1..at + 4)?;
        let is_clock = clock[0].is_ascii_digit() && clock[1].is_ascii_digit() && clock[2] == b':';
        (date.iter().enumerate().all(fits) && is_clock).then_some(at - DATE)
    };
    let time = memchr::memchr_iter(b'T', bytes.get(from..)?).find_map(|at| is_time(from + at))?;
    let end = INIT_START.len() + time;
    Some((text.get(..end)?, text.get(end..)?))
}

/// Returns the request of which END or REPORT begins a further line of a message.
pub(crate) fn ended_behind_line(message: &[u8]) -> Option<RequestId> {
    static ENDS: LazyLock<[Finder<'static>; 2]> =
        LazyLock::new(|| [REPORT, END].map(|sentence| Finder::new(&format!("\n{}", sentence.begin)).into_owned()));
    let (first, _) = message.split_at_checked(memchr::memchr(b'\n', message)?)?;
    let further = &message[first.len()..];
    let behind = |end: &Finder<'_>| Some(&further[end.find(further)? + end.needle().len()..]);
    ENDS.iter().find_map(|end| RequestId::read_prefix(behind(end)?.trim_ascii_start()).map(|(id, _)| id))
}

/// What the second of two sentences on one line is known by.
static SENTENCES: LazyLock<[Finder<'static>; 2]> = LazyLock::new(|| [REQUEST_ID, TIMED_OUT_WORDS].map(Finder::new));

/// Returns where another sentence begins in a line of the platform, which has none: lines that lost their ends.
pub(crate) fn second_sentence(line: &[u8]) -> Option<usize> {
    // Of the lines that nearly all are, only those are searched that are longer than usual.
    const USUAL: [(&str, usize); 10] = [
        (START.begin, 130),
        (END.begin, 60),
        (REPORT.begin, 220),
        (INIT_START, 0),
        (INIT_REPORT, 0),
        (RESTORE_START, 0),
        (RESTORE_REPORT, 0),
        (EXTENSION, 0),
        (TELEMETRY, 0),
        (LOGS, 0),
    ];
    let (begin, usual) = USUAL.into_iter().find(|(begin, _)| line.starts_with(begin.as_bytes()))?;
    let from = if usual == 0 { begin.len() } else { REPORT.begin.len() };
    let rest = line.get(from..).filter(|_| line.len() > usual)?;
    let found = SENTENCES.iter().find_map(|sentence| sentence.find(rest))?;
    Some(from + found)
}
