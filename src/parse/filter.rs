//! The pre-filter on raw bytes: whether a message can be anything but an ordinary line of the function.
//!
//! It runs on every message of the input, so it decides with one vectorised search for a few rare fragments. A message
//! may still be escaped as the inside of a JSON string, so no fragment contains a quote, tab or line end.

use std::sync::LazyLock;

use aho_corasick::packed::Searcher;
use aho_corasick::{AhoCorasick, Input, Match, Span};
use memchr::memmem::Finder;
use memchr::memrchr;
use wide::u8x16;

use super::platform_text::SIGNS_AROUND;
use super::spoilt_report;
use super::spoilt_sentence;
use super::text::is_class_name;
use crate::lambda::after_go_date;
use crate::lambda::levels::SEVERE_PREFIXES;
use crate::lambda::platform::LINE_BEGINNINGS;
use crate::lambda::{aws_cli, emulator};

/// Fragments that mark a line as relevant wherever they occur in it, each rare in ordinary lines.
///
/// The search compares the first four bytes of all fragments at once, so there are few of them and they begin with rare
/// letters: `race` and `Memo` would stop it at every trace id and every REPORT. It sorts fragments into eight buckets,
/// by position in the list modulo eight, and also stops at any mixture of the bytes of one bucket: in this order such
/// mixtures hardly occur in logs.
const FRAGMENTS: [&str; 23] = [
    "ERROR",
    "pacityProvider",
    "CRITICAL",
    "xception",
    "tProcessorId",
    "rror: ",
    "oryError",
    "cePath",
    ".java:",
    "panic",
    "platform.",
    "SEVERE",
    "rror [",
    "orMessage",
    "imed",
    "ceback",
    "ution_arn",
    "bdaInsights",
    "FATAL",
    "-execution/",
    "athError",
    "rrorString",
    "apError",
];

/// Beginnings of relevant messages, of the platform and of the runtimes, by first letter.
static BEGINNINGS: LazyLock<[Vec<&'static [u8]>; 128]> = LazyLock::new(|| {
    let mut by_letter = [const { Vec::new() }; 128];
    let of_runtimes = super::TEXT_SHAPES.iter().flat_map(|shape| shape.begins);
    // `ERR` is a level that some loggers print first.
    for begin in LINE_BEGINNINGS
        .iter()
        .chain(of_runtimes)
        .chain(&aws_cli::BEGINNINGS)
        .chain(&["ERR", emulator::FUNCTION])
        .map(|begin| begin.as_bytes())
    {
        if let Some(list) = begin.first().and_then(|first| by_letter.get_mut(usize::from(*first))) {
            list.push(begin);
        }
    }
    by_letter
});

fn beginnings(first: u8) -> &'static [&'static [u8]] {
    BEGINNINGS.get(usize::from(first)).map_or(&[], Vec::as_slice)
}

/// Ends of the key of a level, in text and within a string of an object; the value after it decides. An object that is
/// not escaped has the key itself, in too many lines for the search to stop at: see [`has_severe_level`].
const LEVEL_KEYS: [&str; 3] = ["vel=", "vel:", "vel\\"];

enum FragmentSearch {
    Packed(Searcher),
    Automaton(AhoCorasick),
    /// Fallback if neither can be built, which our constant list rules out: every message counts as relevant.
    Everything,
}

static SEARCH: LazyLock<FragmentSearch> = LazyLock::new(|| {
    let fragments = || FRAGMENTS.iter().chain(&LEVEL_KEYS);
    if let Some(searcher) = Searcher::new(fragments()) {
        return FragmentSearch::Packed(searcher);
    }
    AhoCorasick::new(fragments()).map_or(FragmentSearch::Everything, FragmentSearch::Automaton)
});

/// Returns whether a message can be anything but an ordinary line of the function. Cheap; may return true for an
/// ordinary line, never false for a relevant one.
///
/// `message` may be escaped as the inside of a JSON string.
#[must_use]
pub fn may_matter(message: &[u8]) -> bool {
    Sieve::new(message).may_matter(0, message.len())
}

/// Pre-filter of the messages of one block: [`may_matter`], but with a search over the block, not message by message.
#[derive(Debug)]
pub(crate) struct Sieve<'b> {
    block: &'b [u8],
    /// The last fragment found.
    fragment: Option<Fragment>,
    /// End of the searched bytes: no other fragment begins before it.
    searched: usize,
    /// Place up to which a message has no fragment: one that ends at or before it need not be searched.
    clear: usize,
}

/// Bytes per search: few enough to be still in the L1 cache when the messages in them are looked at.
const WINDOW: usize = 8 * 1024;
/// Length of the longest fragment: one that begins nearer to the end of a window may extend beyond it.
const LONGEST_FRAGMENT: usize = {
    let (mut longest, mut at) = (0, 0);
    while at < FRAGMENTS.len() + LEVEL_KEYS.len() {
        let fragment = if at < FRAGMENTS.len() { FRAGMENTS[at] } else { LEVEL_KEYS[at - FRAGMENTS.len()] };
        longest = if fragment.len() > longest { fragment.len() } else { longest };
        at += 1;
    }
    longest
};

#[derive(Clone, Copy, Debug)]
struct Fragment {
    start: usize,
    end: usize,
    is_level: bool,
}

impl<'b> Sieve<'b> {
    /// Creates a sieve for the messages of `block`.
    #[must_use]
    pub(crate) fn new(block: &'b [u8]) -> Self {
        Self { block, fragment: None, searched: 0, clear: 0 }
    }

    /// Returns whether the message from `from` to `to` may matter. Must be called in the order of the messages.
    #[inline(always)]
    pub(crate) fn may_matter(&mut self, from: usize, to: usize) -> bool {
        let Some(message) = self.block.get(from..to) else { return true };
        begins(message)
            || (to > self.clear && self.has_fragment(from, to))
            || ends_in_class(message)
            || is_head_alone(message)
    }

    #[inline(never)]
    fn has_fragment(&mut self, from: usize, to: usize) -> bool {
        self.searched = self.searched.max(from);
        loop {
            match self.fragment {
                Some(fragment) if fragment.start >= from => {
                    if fragment.end > to {
                        self.clear = fragment.end - 1;
                        return false;
                    }
                    if !fragment.is_level || is_severe(&self.block[fragment.end..to]) {
                        return true;
                    }
                    self.fragment = None;
                }
                _ if self.searched >= to => {
                    self.clear = self.searched;
                    return false;
                }
                _ => self.search(),
            }
        }
    }

    /// Searches the next window.
    fn search(&mut self) {
        let start = self.searched;
        let end = self.block.len().min(start + WINDOW);
        let span = Span { start, end };
        let found = match &*SEARCH {
            FragmentSearch::Packed(searcher) => searcher.find_in(self.block, span),
            FragmentSearch::Automaton(automaton) => automaton.find(Input::new(self.block).span(span)),
            FragmentSearch::Everything => Some(Match::must(0, start..start)),
        };
        self.fragment = found.map(|found| Fragment {
            start: found.start(),
            end: found.end(),
            is_level: found.pattern().as_usize() >= FRAGMENTS.len(),
        });
        self.searched = match found {
            Some(found) => found.end(),
            None if end < self.block.len() => end - LONGEST_FRAGMENT,
            None => end,
        };
    }
}

/// Strips what may precede the first letter: blanks, line ends (also escaped ones) and a byte order mark.
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

/// Returns whether a message is a time and an id of the old clients of Node.js and at most a brace behind them: the error
/// may follow on lines of its own. Few messages have its length.
#[inline(always)]
fn is_head_alone(message: &[u8]) -> bool {
    const TIME: usize = "2026-01-02T03:04:05.678Z".len();
    const ID: usize = 36;
    const ALONE: usize = TIME + 1 + ID;
    const LONGEST: usize = ALONE + 5;
    matches!(message.len(), ALONE..=LONGEST)
        && matches!(message[TIME], b'\t' | b' ')
        && message[TIME - 1] == b'Z'
        && message[ALONE..].iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'{'))
}

/// Returns whether a message ends in `: <class>`, like the first line of an error of clients that print no mark of
/// their own. Few class names contain a fragment.
///
/// The start of the last word of an ordinary line is unpredictable, so the last bytes are compared all at once and only
/// the result is a branch.
#[inline(always)]
fn ends_in_class(message: &[u8]) -> bool {
    let message = trim_back(message);
    let Some(end) = message.last_chunk::<END>() else { return last_word_is_class(message) };
    let blanks = places_of(b' ', end);
    let last_blank = blanks & !(u32::MAX.unbounded_shr(blanks.leading_zeros() + 1));
    // The byte before a blank at the front of these bytes is not known.
    let maybe = (places_of(b':', end) << 1 & last_blank) | u32::from(blanks <= 1);
    maybe & ENDS_NAME[usize::from(end[END - 1])] != 0 && last_word_is_class(message)
}

/// Masks by last byte: all bits set where it may end a name. A table, not a branch: many logs mix lines of text with
/// objects, which mostly have no blank in their last bytes.
static ENDS_NAME: [u32; 256] = {
    let (mut table, mut byte) = ([0; 256], 0u8);
    loop {
        if byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii() {
            table[byte as usize] = u32::MAX;
        }
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// Number of bytes compared at the end of a message: few last words are longer.
const END: usize = 32;

/// Returns a bit mask of the positions of `byte`; the lowest bit is the first position.
#[inline(always)]
fn places_of(byte: u8, bytes: &[u8; END]) -> u32 {
    let (parts, _) = bytes.as_chunks();
    let bits = |part: &[u8; 16]| u8x16::new(*part).simd_eq(u8x16::splat(byte)).to_bitmask();
    parts.iter().rfold(0, |all, part| all << 16 | bits(part))
}

#[inline(never)]
fn last_word_is_class(message: &[u8]) -> bool {
    let tail = &message[message.len().saturating_sub(LONGEST_CLASS)..];
    let Some(blank) = memrchr(b' ', tail).filter(|blank| *blank > 0 && tail[blank - 1] == b':') else { return false };
    str::from_utf8(&tail[blank + 1..]).is_ok_and(is_class_name)
}

/// Most bytes of a class name with its package.
const LONGEST_CLASS: usize = 200;

/// Strips line ends (also escaped ones) and blanks from the end. Many words end in the letter of an escape, so the
/// backslash is tested first.
#[inline(always)]
fn trim_back(mut message: &[u8]) -> &[u8] {
    while let [rest @ .., before, last] = message {
        message = if *before == b'\\' && matches!(last, b't' | b'n' | b'r') {
            rest
        } else if matches!(last, b' ' | b'\t' | b'\n' | b'\r') {
            &message[..=rest.len()]
        } else {
            break;
        };
    }
    message
}

#[inline(always)]
fn begins(message: &[u8]) -> bool {
    match message {
        // Most messages begin with a digit, and most others are of the platform, so these cases are inlined.
        [b'0'..=b'9', ..] => after_time(message),
        [b'S', b'T', b'A', ..] | [b'E', b'N', b'D', ..] | [b'R', b'E', b'P', ..] => true,
        _ => begins_otherwise(message),
    }
}

fn begins_otherwise(message: &[u8]) -> bool {
    let message = trim_front(message);
    match message.first() {
        Some(b'0'..=b'9') => after_time(message),
        Some(b'{') => {
            serilog(message)
                || has_severe_level(message)
                || spoilt_report::lacks_first_byte(message)
                || is_cut_object(message)
        }
        Some(b'[') => {
            is_severe(message)
                || after_time(after_bracket(message))
                || has_odd_head(message)
                || spoilt_report::lacks_first_byte(message)
        }
        // Programs and paths before an error of the loader, banners of crashes, ids of API Gateway.
        Some(b'/' | b'.' | b'#' | b'(') => true,
        Some(b'\x1b' | b'\\') if has_odd_head(message) => true,
        Some(first) if SIGNS_AROUND.contains(first) && has_odd_head(message) => true,
        Some(first) => {
            beginnings(*first).iter().any(|begin| message.starts_with(begin)) || spoilt_report::has_figure(message)
        }
        None => false,
    }
}

/// Returns whether a line of the platform may stand behind colours or signs.
#[inline(never)]
fn has_odd_head(message: &[u8]) -> bool {
    const HEAD: usize = 48;
    const WORD: &[u8] = b"request";
    let head = &message[..message.len().min(HEAD)];
    // The rarest of its letters.
    memchr::memchr2_iter(b'q', b'Q', head).any(|at| {
        let word = at.checked_sub(2).and_then(|from| head.get(from..from + WORD.len()));
        word.is_some_and(|word| word.eq_ignore_ascii_case(WORD))
    })
}

/// Returns whether an object on one line has no end: what is missing may be the error of a runtime.
fn is_cut_object(message: &[u8]) -> bool {
    let begins = message.starts_with(b"{\"") || message.starts_with(b"{\\\"");
    begins && trim_back(message).last() != Some(&b'}')
}

/// Returns whether an object begins with a member of Serilog's compact format, whose names begin with `@`.
fn serilog(message: &[u8]) -> bool {
    let rest = message.get(1..).unwrap_or(message);
    rest.starts_with(b"\"@") || rest.starts_with(b"\\\"@")
}

/// Returns what follows the level in brackets that Python's client prints first.
fn after_bracket(message: &[u8]) -> &[u8] {
    let end = message.iter().take(12).position(|byte| *byte == b']');
    trim_front(end.and_then(|end| message.get(end + 1..)).unwrap_or(message))
}

/// Returns whether an object has a severe level. Escaped objects are left to the search, which stops at their keys.
fn has_severe_level(object: &[u8]) -> bool {
    static KEY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("evel"));
    // Most loggers write the level first, and then it decides.
    if let Some(value) = object.strip_prefix(b"{\"level\":") {
        return is_severe(value);
    }
    let escaped = object.get(1) == Some(&b'\\');
    let mut rest = if escaped { b"" } else { object };
    while let Some(at) = KEY.find(rest) {
        rest = &rest[at + KEY.needle().len()..];
        if is_severe(rest) {
            return true;
        }
    }
    false
}

/// Returns whether a line that begins with a time may matter: `<time> <id> fail` and `<time> <id> crit` of .NET, words
/// too short to search for; `<time> ERR`; or an object with a severe level of its own.
#[inline(always)]
fn after_time(message: &[u8]) -> bool {
    match said_after_head(message) {
        Some(said) => said.first() == Some(&b'{') && has_severe_level(said),
        None => after_any_time(message),
    }
}

/// Returns what follows `<time> TAB <id> TAB` and an optional `INFO TAB`, which is how nearly every line of Node.js and
/// Python begins; `None` if time and id are not of the usual length or another level follows.
#[inline(always)]
fn said_after_head(message: &[u8]) -> Option<&[u8]> {
    let (head, rest) = message.split_first_chunk::<{ 24 + 1 + 36 + 1 }>()?;
    if head[10] != b'T'
        || head[23] != b'Z'
        || head[24] != b'\t'
        || head[33] != b'-'
        || head[48] != b'-'
        || head[61] != b'\t'
    {
        return None;
    }
    let said = rest.strip_prefix(b"INFO\t").unwrap_or(rest);
    match said {
        [b' ' | b'\t', ..] => None,
        // A level ends with a tab, too.
        [_, _, _, b'\t', ..] | [_, _, _, _, b'\t', ..] | [_, _, _, _, _, b'\t', ..] => None,
        _ => Some(said),
    }
}

fn after_any_time(message: &[u8]) -> bool {
    if message.get(10) != Some(&b'T') {
        return object_after_date(message).is_some_and(has_severe_level) || spoilt_report::has_figure(message);
    }
    // Nearly all such times have milliseconds and a Z.
    let usual = message.get(23) == Some(&b'Z') && matches!(message.get(24), Some(b' ' | b'\t' | b'\\'));
    // Tabs that were written as `#011` or `^I`.
    if matches!(message.get(24), Some(b'#' | b'^')) {
        return true;
    }
    let length =
        if usual { Some(24) } else { message.iter().take(36).position(|byte| matches!(byte, b' ' | b'\t' | b'\\')) };
    let Some(length) = length else { return false };
    if usual && spoilt_sentence::may_be_timeout(&message[length..]) {
        return true;
    }
    let mut rest = trim_front(message.get(length..).unwrap_or(b""));
    if let Some(after) = rest.get(36..).filter(|_| rest.get(8) == Some(&b'-') && rest.get(23) == Some(&b'-')) {
        rest = trim_front(after);
    } else if let Some(after) = rest.strip_prefix(b"undefined").or_else(|| rest.strip_prefix(b"-")) {
        rest = trim_front(after);
    }
    [b"fail".as_slice(), b"crit", b"ERR", b"CRIT"].iter().any(|word| rest.starts_with(word))
        || object_after_word(rest).is_some_and(has_severe_level)
}

/// Returns an object after the date that Go prints.
fn object_after_date(message: &[u8]) -> Option<&[u8]> {
    after_go_date(message).filter(|object| object.first() == Some(&b'{'))
}

/// Returns an object with or without a level before it.
fn object_after_word(rest: &[u8]) -> Option<&[u8]> {
    let word = rest.iter().take(8).position(|byte| !byte.is_ascii_alphabetic())?;
    let object = trim_front(&rest[word..]);
    (object.first() == Some(&b'{')).then_some(object)
}

/// Returns whether the value behind the key of a level is severe, in any spelling and with any escapes before it:
/// `":"error"`, `=error`, `":50`.
fn is_severe(value: &[u8]) -> bool {
    let start = value.iter().take(20).position(|byte| byte.is_ascii_alphanumeric());
    let Some(value) = start.and_then(|start| value.get(start..)) else { return false };
    match value {
        [b'5'..=b'9', b'0'..=b'9', ..] => true,
        // Nearly every level is one of these.
        [b'I' | b'i' | b'W' | b'w' | b'T' | b't', ..] => false,
        _ => SEVERE_PREFIXES
            .iter()
            .any(|level| value.get(..level.len()).is_some_and(|head| head.eq_ignore_ascii_case(level))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The comparison of all last bytes at once agrees with reading the last word, wherever that begins.
    #[test]
    fn a_class_at_the_end_is_seen_at_any_length() {
        let mut seen = 0;
        for before in ["", "a", "é: b", "a line of the function that is rather long: twice"] {
            for mark in [": ", " ", ":", ": a: ", ""] {
                for class in ["Failed", "failed", "com.acme.Failed", "12", "Fehlgeschlagené", "x}"] {
                    for after in ["", "\n", "\\n", " \r\n", "\t\n\n"] {
                        for length in 0..70 {
                            let text = format!("{before}{mark}{}{class}{after}", "x".repeat(length));
                            let want = last_word_is_class(trim_back(text.as_bytes()));
                            assert_eq!(ends_in_class(text.as_bytes()), want, "{text:?}");
                            seen += usize::from(want);
                        }
                    }
                }
            }
        }
        assert!(seen > 1_000, "{seen}");
    }
}
