//! Pasted log lines: without their time and id, quoted, behind the prefix of a tool, cut off at either end.
//!
//! For `explain` alone, where somebody asks what a sentence means. In a log the same words without time and id are a
//! mention, and `parse` must not take them for the platform's.

use crate::lambda::loaders;
use crate::lambda::platform;
use crate::lambda::runtimes::{GO_PANIC, INVOKE_ERROR, TRACEBACK, UNHANDLED_REJECTION};
use crate::model::{RequestId, Timestamp, stream_parts};

/// Head for a line that lost its time and id, as the platform and most runtimes write them.
const HEAD: &str = "2026-01-01T00:00:00.000Z\t00000000-0000-4000-8000-000000000000\t";
/// Request id in the heads of lines.
const ID: &str = "00000000-0000-4000-8000-000000000000";

/// Required place of a sentence in the pasted text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// Anywhere: nobody else writes these words.
    Anywhere,
    /// At the start only: others write these words, too.
    First,
}

use Stands::{Anywhere, First};

/// Text before a sentence in its line.
#[derive(Clone, Copy)]
enum Front {
    /// A fixed text.
    Text(&'static str),
    /// `REPORT RequestId: ID`.
    Report,
    /// `RequestId: ID`.
    OfRequest,
    /// `RequestId: ID Error: `.
    Error,
    /// `RequestId: ID Error: Runtime exited with error: `.
    Exited,
}

use Front::{Error, Exited, OfRequest, Report, Text};

impl Front {
    fn text(self) -> String {
        match self {
            Text(text) => text.to_owned(),
            Report => format!("{} {ID}\t", platform::REPORT.begin),
            OfRequest => format!("{} {ID} ", platform::REQUEST_ID),
            Error => format!("{} {ID} Error: ", platform::REQUEST_ID),
            Exited => format!("{} {ID} Error: {} error: ", platform::REQUEST_ID, platform::RUNTIME_EXITED),
        }
    }
}

/// Sentences of the platform and of runtimes, each with its beginning, its required place, and the line that contains
/// it: the text before the sentence, and the sentence itself, where `{}` stands for the pasted text from the sentence's
/// beginning on, and `{>}` for what follows the beginning.
const SENTENCES: &[(&str, Stands, Front, &str)] = &[
    (platform::TASK_TIMED_OUT, Anywhere, Text(HEAD), "{}"),
    ("Task timed out", Anywhere, Text(HEAD), platform::TASK_TIMED_OUT_EXAMPLE),
    (platform::PROCESS_EXITED, Anywhere, OfRequest, "{}"),
    (platform::RUNTIME_EXITED, Anywhere, Error, "{}"),
    (platform::RUNTIME_EXITED_WORDS, Anywhere, Error, platform::RUNTIME_EXITED_EXAMPLE),
    ("signal: ", First, Exited, "{}"),
    ("exit status ", First, Exited, "{}"),
    (GO_PANIC, Anywhere, Text("2026/01/01 00:00:00 "), "{}"),
    ("JavaScript heap out of memory", Anywhere, Text(""), "FATAL ERROR: Reached heap limit Allocation failed - {}"),
    (INVOKE_ERROR, First, Text(HEAD), "ERROR\t{}\t{\"errorType\":\"Error\"}"),
    (UNHANDLED_REJECTION, First, Text(HEAD), "ERROR\t{}\t{\"errorType\":\"Runtime.UnhandledPromiseRejection\"}"),
    (
        "An error occurred during JSON parsing",
        First,
        Text(""),
        "An error occurred during JSON parsing: java.lang.RuntimeException\njava.lang.RuntimeException: An error occurred \
         during JSON parsing\n\tat lambdainternal.A.b(A.java:1)",
    ),
    ("fork/exec /var/", Anywhere, Text(""), "IMAGE\tLaunch error: {}\tEntrypoint: []"),
    ("fork/exec /lambda-entrypoint", Anywhere, Text(""), "IMAGE\tLaunch error: {}\tEntrypoint: []"),
    ("exec format error", First, Text(""), "IMAGE\tLaunch error: fork/exec /var/task/bootstrap: {}\tEntrypoint: []"),
    ("Couldn't find valid bootstrap", Anywhere, Text(""), "IMAGE\tLaunch error: {}\tEntrypoint: []"),
    (" is undefined or not exported", Anywhere, Text(""), "[ERROR] Runtime.HandlerNotFound: the handler{}"),
    (loaders::MISSING_MODULE_OF_RUNTIME, First, Text(""), "[ERROR] Runtime.ImportModuleError: Error: {}"),
    (platform::REPORT.begin, First, Report, "{>}"),
    ("REPORT ", First, Report, "{>}"),
    ("Duration: ", First, Report, "{}"),
    ("RequestId: Status: ", First, OfRequest, "Status: {>}"),
    ("Status: timeout", Anywhere, Report, "Duration: 3000.00 ms\tStatus: timeout"),
    ("Error Type: ", Anywhere, Report, "Duration: 9.00 ms\tStatus: error\t{}"),
];

/// Most words stripped from the front, plus the whole: a tool's time, group and stream, the line's own time and id, and
/// what is between.
const MOST_PIECES: usize = 8;

/// Yields the text stripped of everything that copying, quoting and tools put around and in front of it, then with ever
/// more of that, up to the whole: so a line that is complete without a tool's prefix is tried as such.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let parts = std::iter::successors(Some(unwrapped(text)), |text| without_first_word(text));
    let mut pieces: Vec<&str> = parts.take(MOST_PIECES).collect();
    pieces.reverse();
    pieces.into_iter().chain([text])
}

/// Strips quotes, marks of a list or of a cut, and the name of a service.
#[must_use]
pub(crate) fn unwrapped(text: &str) -> &str {
    let mut text = text.trim();
    loop {
        let before = text.len();
        for (open, close) in [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”')] {
            text = text.strip_prefix(open).and_then(|text| text.strip_suffix(close)).unwrap_or(text).trim();
        }
        for end in ["…", "...", "[truncated]"] {
            text = text.strip_suffix(end).unwrap_or(text).trim_end();
        }
        for begin in ["> ", "- ", "* ", "…", "..."] {
            text = text.strip_prefix(begin).unwrap_or(text).trim_start();
        }
        // The prefix of `docker compose logs` and similar tools.
        let named = text.split_once("  | ").filter(|(name, _)| name.len() <= 40 && !name.contains(' '));
        text = named.map_or(text, |(_, message)| message);
        if text.len() == before {
            return text;
        }
    }
}

/// Returns what follows a time, an id, or the name of a stream or group.
fn without_first_word(text: &str) -> Option<&str> {
    let (word, rest) = text.split_once([' ', '\t'])?;
    let is_id = |word: &str| word.len() == RequestId::LENGTH && RequestId::parse_prefix(word.as_bytes()).is_some();
    let is_front = Timestamp::parse_prefix(word.as_bytes()).is_some()
        || is_id(word)
        || stream_parts(word).is_some()
        || word.starts_with("/aws/lambda/")
        || word == platform::REQUEST_ID && is_id(rest.split_whitespace().next().unwrap_or(""));
    is_front.then(|| rest.trim_start())
}

/// Strips everything around and in front of the text.
fn bare(text: &str) -> &str {
    pieces(text).next().unwrap_or(text)
}

/// Lists lines that contain a sentence of the platform or of a runtime which is found in the text.
pub(super) fn around_sentence(text: &str) -> impl Iterator<Item = String> {
    let text = bare(text);
    let text = text.strip_prefix("Error: ").unwrap_or(text);
    SENTENCES.iter().filter_map(move |(begin, stands, before, line)| {
        let at = if *stands == First { text.starts_with(begin).then_some(0) } else { find_in_any_case(text, begin) };
        let said = format!("{begin}{}", text.get(at? + begin.len()..)?);
        let (mark, said) = if line.contains("{>}") { ("{>}", said.get(begin.len()..)?) } else { ("{}", &*said) };
        Some(format!("{}{}", before.text(), line.replacen(mark, said, 1)))
    })
}

/// Returns the position of a sentence in a text, ignoring ASCII case.
fn find_in_any_case(text: &str, sentence: &str) -> Option<usize> {
    let sentence = sentence.as_bytes();
    text.as_bytes().windows(sentence.len()).position(|window| window.eq_ignore_ascii_case(sentence))
}

/// Lists lines of which the whole text may be a part, the likeliest first.
pub(super) fn around(text: &str) -> impl Iterator<Item = String> {
    let bare = bare(text);
    let time = HEAD.split('\t').next().unwrap_or("");
    let fronts = [
        // The client prints errors of these names; any other one may have been caught.
        (FAMILIES.iter().any(|family| bare.starts_with(family)), "[ERROR] ".to_owned()),
        (bare.starts_with("undefined"), format!("{time}\t")),
        (true, HEAD.to_owned()),
        (true, OfRequest.text()),
        (bare.starts_with('{'), format!("{HEAD}ERROR\t{INVOKE_ERROR}\t")),
        (true, format!("{HEAD}ERROR\t")),
    ];
    fronts.into_iter().filter(|(fits, _)| *fits).map(move |(_, front)| format!("{front}{bare}"))
}

/// Beginnings of the platform's error types.
const FAMILIES: [&str; 4] = ["Runtime.", "Function.", "Extension.", "Sandbox."];

/// Restores tabs, line ends and colours for which our outputs show marks.
pub(super) fn restored(text: &str) -> String {
    unwrapped(text).replace(" | ", "\t").replace(" ↵ ", "\n").replace("\\x1b", "\x1b")
}

/// Returns whether the text may be a line: a single word is none, unless it begins with a brace.
pub(super) fn is_line(text: &str) -> bool {
    let text = unwrapped(text);
    text.contains(char::is_whitespace) || text.starts_with('{')
}

/// Returns whether the text begins with the name of an error or of the level, or is a caller's answer about an error.
pub(super) fn tells_of_error(text: &str) -> bool {
    let text = bare(text);
    let word = text.split([':', ' ', '\t', '\n']).next().unwrap_or("");
    let named = ["Error", "Exception", "Fault", "Failure"].iter().any(|end| word.ends_with(end));
    named
        || ["ERROR", "[ERROR]", "fail"].contains(&word)
        || text.contains(TRACEBACK)
        || text.starts_with('{') && text.contains("\"errorType\"")
}
