//! The first look at a message, on raw bytes: can it be anything but an ordinary line of the function?
//!
//! This runs on every message of the input, so it decides with one vectorised search for a few rare fragments. A message
//! may still be escaped as the inside of a JSON string: fragments have no quote, backslash, tab or line end.

use std::sync::LazyLock;

use aho_corasick::packed::Searcher;
use aho_corasick::{AhoCorasick, Input, Match, Span};

/// Fragments that may stand anywhere in a line that matters, none in another one, each rare in ordinary lines. The search compares the first
/// four bytes of all at once, so they are few and begin rarely: `rror: ` and `xception` without their common heads.
const FRAGMENTS: [&str; 19] = [
    "ERROR",
    "FATAL",
    "CRITICAL",
    "SEVERE",
    "xception",
    "rror: ",
    "rror [",
    "raceback",
    "orMessage",
    "panic",
    "MemoryError",
    "Task timed",
    "platform.",
    ".java:",
    "tProcessorId",
    "bdaInsights",
    "ution_arn",
    "pacityProvider",
    "cePath",
];

/// Beginnings of messages that matter, by first letter. All that runtimes print without a level is here.
fn beginnings(first: u8) -> &'static [&'static [u8]] {
    match first {
        b'A' => &[b"Aborted (core", b"Aborting due"],
        b'B' => &[b"Bus error"],
        b'C' => &[b"Class ", b"Critical exception", b"Client."],
        b'E' => &[b"END", b"EXTENSION", b"Error", b"ERR", b"Exec", b"Extension."],
        b'F' => &[b"Fatal ", b"Failed to init", b"Function."],
        b'H' => &[b"Handler '"],
        b'I' => &[b"INIT_", b"IMAGE", b"Init error", b"Invoke Error", b"Invalid handler", b"Illegal instr"],
        b'L' => &[b"LOGS"],
        b'N' => &[b"No public method"],
        b'O' => &[b"Out of memory", b"OpenJDK"],
        b'P' => &[b"PHP Fatal"],
        b'R' => &[b"REPORT", b"RESTORE_", b"RequestId:", b"Runtime"],
        b'S' => &[b"START", b"SUPERNOVA", b"Segmentation", b"Syntax error", b"Sandbox."],
        b'T' => &[b"TELEMETRY", b"Terminating due"],
        b'U' => &[b"Unable to import", b"Unknown application", b"Unhandled ", b"Uncaught ", b"Unexpected Top"],
        b'X' => &[b"XRAY"],
        b'b' => &[b"bootstrap"],
        b'f' => &[b"fatal error", b"failed to alloc", b"file://"],
        b'i' => &[b"internal/"],
        b'm' => &[b"memory alloc", b"module init"],
        b'n' => &[b"node:internal/"],
        b't' => &[b"thread '", b"terminate called"],
        b'<' => &[b"<--- "],
        _ => &[],
    }
}

/// Words that a level of Error or above begins with, in any case.
const LEVELS: [&[u8]; 9] = [b"err", b"fatal", b"crit", b"panic", b"emerg", b"alert", b"dpanic", b"severe", b"fail"];

/// The key of a level, whose value decides.
const LEVEL_KEY: &str = "evel";

enum Search {
    Packed(Searcher),
    Automaton(AhoCorasick),
    /// Neither could be built, which no list of ours brings about: then every message is looked at.
    Everything,
}

static SEARCH: LazyLock<Search> = LazyLock::new(|| {
    let fragments = || FRAGMENTS.iter().chain([&LEVEL_KEY]);
    if let Some(searcher) = Searcher::new(fragments()) {
        return Search::Packed(searcher);
    }
    AhoCorasick::new(fragments()).map_or(Search::Everything, Search::Automaton)
});

/// Whether a message can be anything but an ordinary line of the function. Cheap; errs on the side of yes.
///
/// `message` may be escaped as the inside of a JSON string.
#[must_use]
pub fn may_matter(message: &[u8]) -> bool {
    Sieve::new(message).may_matter(0, message.len())
}

/// Asks [`may_matter`] of messages that stand in one block: it is searched in one go, not message by message.
#[derive(Debug)]
pub struct Sieve<'b> {
    block: &'b [u8],
    /// The first fragment at or after the last place from which was searched.
    fragment: Option<Fragment>,
    searched: bool,
}

#[derive(Clone, Copy, Debug)]
struct Fragment {
    start: usize,
    end: usize,
    is_level: bool,
}

impl<'b> Sieve<'b> {
    /// For the messages of `block`.
    #[must_use]
    pub fn new(block: &'b [u8]) -> Self {
        Self { block, fragment: None, searched: false }
    }

    /// Whether the message from `from` to `to` may matter. Messages are asked about in their order.
    pub fn may_matter(&mut self, from: usize, to: usize) -> bool {
        self.block.get(from..to).is_none_or(begins) || self.has_fragment(from, to)
    }

    fn has_fragment(&mut self, from: usize, to: usize) -> bool {
        if !self.searched || self.fragment.is_some_and(|fragment| fragment.start < from) {
            self.search(from);
        }
        while let Some(fragment) = self.fragment.filter(|fragment| fragment.end <= to) {
            if !fragment.is_level || is_severe(&self.block[fragment.end..to]) {
                return true;
            }
            self.search(fragment.end);
        }
        false
    }

    fn search(&mut self, from: usize) {
        let rest = Span { start: from, end: self.block.len() };
        let found = match &*SEARCH {
            Search::Packed(searcher) => searcher.find_in(self.block, rest),
            Search::Automaton(automaton) => automaton.find(Input::new(self.block).span(rest)),
            Search::Everything => Some(Match::must(0, from..from)),
        };
        self.searched = true;
        self.fragment = found.map(|found| Fragment {
            start: found.start(),
            end: found.end(),
            is_level: found.pattern().as_usize() == FRAGMENTS.len(),
        });
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
        Some(b'[') => is_severe(message),
        // Programs and paths before the loader's words, banners of crashes, ids of API Gateway.
        Some(b'/' | b'.' | b'#' | b'(') => true,
        Some(first) => beginnings(*first).iter().any(|begin| message.starts_with(begin)),
        None => false,
    }
}

/// Serilog's compact form names its members with an at sign.
fn serilog(message: &[u8]) -> bool {
    let rest = message.get(1..).unwrap_or(message);
    rest.starts_with(b"\"@") || rest.starts_with(b"\\\"@")
}

/// `<time> <id> fail` and `<time> <id> crit`: .NET has words too short to search for. `<time> ERR` likewise.
fn short_level(message: &[u8]) -> bool {
    if message.get(10) != Some(&b'T') {
        return false;
    }
    // Nearly all such times have milliseconds and a Z.
    let usual = message.get(23) == Some(&b'Z') && matches!(message.get(24), Some(b' ' | b'\t' | b'\\'));
    let length =
        if usual { Some(24) } else { message.iter().take(36).position(|byte| matches!(byte, b' ' | b'\t' | b'\\')) };
    let Some(length) = length else { return false };
    let mut rest = trim_front(message.get(length..).unwrap_or(b""));
    if let Some(after) = rest.get(36..).filter(|_| rest.get(8) == Some(&b'-') && rest.get(23) == Some(&b'-')) {
        rest = trim_front(after);
    } else if let Some(after) = rest.strip_prefix(b"undefined") {
        rest = trim_front(after);
    }
    [b"fail".as_slice(), b"crit", b"ERR", b"CRIT"].iter().any(|word| rest.starts_with(word))
}

/// Behind the key of a level, in any spelling and with any escapes between: `":"error"`, `=error`, `":50`.
fn is_severe(value: &[u8]) -> bool {
    let start = value.iter().take(20).position(|byte| byte.is_ascii_alphanumeric());
    let Some(value) = start.and_then(|start| value.get(start..)) else { return false };
    match value {
        [b'5'..=b'9', b'0'..=b'9', ..] => true,
        // Nearly every level is one of these.
        [b'I' | b'i' | b'W' | b'w' | b'T' | b't', ..] => false,
        _ => LEVELS.iter().any(|level| value.get(..level.len()).is_some_and(|head| head.eq_ignore_ascii_case(level))),
    }
}
