//! The first look at a message, on raw bytes: can it be anything but an ordinary line of the function?
//!
//! This runs on every message of the input, so it decides with one vectorised search for a few rare fragments. A message
//! may still be escaped as the inside of a JSON string: fragments have no quote, backslash, tab or line end.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use aho_corasick::packed::Searcher;
use memchr::memmem::Finder;

/// Fragments that no failure can do without, each rare in ordinary lines. Few and with rare beginnings, for the search
/// compares the first bytes of all at once.
const FRAGMENTS: [&str; 44] = [
    "ERROR",
    "FATAL",
    "CRITICAL",
    "SEVERE",
    "Exception",
    "Error: ",
    "Error [",
    "Traceback",
    "orMessage",
    "panic",
    "nhandled ",
    "ut of memory",
    "fatal error",
    "Fatal ",
    "memory allocation",
    "allocate memory",
    "MemoryError",
    "egmentation fault",
    "xec format",
    "execute binary",
    "(required by",
    "shared object",
    "Runtime exited",
    "Unknown application",
    "Task timed out",
    "Process exited",
    "<--- ",
    "Unable to import",
    "Syntax error in m",
    "initialization",
    "missing on module",
    "platform.",
    "Invoke Error",
    "rror raised from",
    "nit error when",
    "Critical ex",
    ".java:",
    "Class not found",
    "Error loading",
    "handler interface",
    "public method named",
    "eventProcessorId",
    "LambdaInsights",
    "execution_arn",
];

/// Fragments that stand at the start of a message.
const BEGINNINGS: [&str; 24] = [
    "START",
    "END",
    "REPORT",
    "RequestId:",
    "RESTORE_",
    "Runtime.",
    "INIT_",
    "IMAGE",
    "EXTENSION",
    "Extension.",
    "TELEMETRY",
    "LOGS",
    "SUPERNOVA",
    "Sandbox.",
    "Function.",
    "Client.",
    "XRAY",
    "terminate called",
    "Bus error",
    "Illegal instruction",
    "Aborted (core",
    "Invalid handler",
    "Unexpected Top",
    "Error Runtime",
];

/// Words that a level of Error or above begins with, in any case.
const LEVELS: [&[u8]; 9] = [b"err", b"fatal", b"crit", b"panic", b"emerg", b"alert", b"dpanic", b"severe", b"fail"];

enum Search {
    Packed(Searcher),
    Automaton(AhoCorasick),
    /// Neither could be built, which no list of ours brings about: then every message is looked at.
    Everything,
}

static SEARCH: LazyLock<Search> = LazyLock::new(|| {
    if let Some(searcher) = Searcher::new(FRAGMENTS) {
        return Search::Packed(searcher);
    }
    AhoCorasick::new(FRAGMENTS).map_or(Search::Everything, Search::Automaton)
});

static LEVEL_KEY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("evel"));

/// Whether a message can be anything but an ordinary line of the function. Cheap; errs on the side of yes.
///
/// `message` may be escaped as the inside of a JSON string.
#[must_use]
pub fn may_matter(message: &[u8]) -> bool {
    begins(message) || has_level(message) || has_fragment(message)
}

fn has_fragment(message: &[u8]) -> bool {
    match &*SEARCH {
        Search::Packed(searcher) => searcher.find(message).is_some(),
        Search::Automaton(automaton) => automaton.is_match(message),
        Search::Everything => true,
    }
}

/// Blanks, line ends (also escaped ones) and a byte order mark may stand before the first letter.
fn trim_front(mut message: &[u8]) -> &[u8] {
    loop {
        message = match message {
            [b' ' | b'\t' | b'\n' | b'\r', rest @ ..]
            | [b'\\', b't' | b'n' | b'r', rest @ ..]
            | [0xef, 0xbb, 0xbf, rest @ ..] => rest,
            _ => return message,
        }
    }
}

fn begins(message: &[u8]) -> bool {
    let message = trim_front(message);
    match message.first() {
        Some(b'0'..=b'9') => short_level(message),
        Some(b'{') => serilog(message),
        Some(b'A'..=b'Z' | b'b' | b't') => BEGINNINGS.iter().any(|begin| message.starts_with(begin.as_bytes())),
        Some(b'/' | b'.') => message.windows(6).any(|window| window == b" Kille"),
        Some(b'#' | b'(') => true,
        _ => false,
    }
}

/// Serilog's compact form names its members with an at sign.
fn serilog(message: &[u8]) -> bool {
    let rest = message.get(1..).unwrap_or(message);
    rest.starts_with(b"\"@") || rest.starts_with(b"\\\"@")
}

/// `<time> <id> fail` and `<time> <id> crit`: .NET has words too short to search for. Also `<time> <id> {…}` of old
/// Node and a level in lower case or brackets after a time.
fn short_level(message: &[u8]) -> bool {
    let head = message.get(..message.len().min(96)).unwrap_or(message);
    head.split(|byte| matches!(byte, b' ' | b'\t' | b'\\' | b'[')).skip(1).any(|word| {
        let word = word.strip_prefix(b"t").filter(|rest| rest.len() == 4).unwrap_or(word);
        word.starts_with(b"fail") || word.starts_with(b"crit") || word.starts_with(b"ERR")
    })
}

/// `"level":"error"`, `level=error`, `"level":50` in any spelling of the key and with any escapes between.
fn has_level(message: &[u8]) -> bool {
    LEVEL_KEY.find_iter(message).any(|at| is_severe(message.get(at + 4..).unwrap_or(b"")))
}

fn is_severe(value: &[u8]) -> bool {
    let start = value.iter().take(8).position(|byte| byte.is_ascii_alphanumeric());
    let Some(value) = start.and_then(|start| value.get(start..)) else { return false };
    match value {
        [b'5'..=b'9', b'0'..=b'9', ..] => true,
        _ => LEVELS.iter().any(|level| value.get(..level.len()).is_some_and(|head| head.eq_ignore_ascii_case(level))),
    }
}
