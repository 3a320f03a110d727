//! Finds sentences of the platform in any text, wherever in a line they stand.
//!
//! This does not read them. It tells that one is there, so that a log of which no sentence was read is never taken for one
//! that has none.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::platform::{
    END, ESCAPED_PLATFORM_TYPE, INIT_REPORT, INIT_START, PLATFORM_TYPE, PLATFORM_TYPES, REPORT, RESTORE_REPORT, START,
    TASK_TIMED_OUT, TIMED_OUT_WORDS,
};
use crate::model::{RequestId, Sighting, Timestamp};

/// What every sentence has in it, the words that may come before that, and whether what follows goes on like one.
struct Sentence {
    finder: Finder<'static>,
    /// Words that stand directly before, one of them; empty for none.
    words: &'static [(&'static str, &'static str)],
    /// Whether what stands before the finder's words and what follows them belong to such a sentence.
    fits: fn(&[u8], &[u8]) -> bool,
}

static SENTENCES: LazyLock<[Sentence; 8]> = LazyLock::new(|| {
    [
        Sentence {
            finder: Finder::new(b" RequestId: "),
            words: &[(START.word, START.begin), (END.word, END.begin), (REPORT.word, REPORT.begin)],
            fits: |_, rest| is_value(rest),
        },
        Sentence { finder: Finder::new(TASK_TIMED_OUT), words: &[("", TASK_TIMED_OUT)], fits: is_timeout },
        Sentence {
            finder: Finder::new(PLATFORM_TYPE),
            words: &[("", PLATFORM_TYPE)],
            fits: |_, rest| PLATFORM_TYPES.iter().any(|kind| rest.starts_with(kind.as_bytes())),
        },
        Sentence {
            finder: Finder::new(ESCAPED_PLATFORM_TYPE),
            words: &[("", ESCAPED_PLATFORM_TYPE)],
            fits: |_, rest| PLATFORM_TYPES.iter().any(|kind| rest.starts_with(kind.as_bytes())),
        },
        Sentence { finder: Finder::new(b"INIT_REPORT Status: "), words: &[("", INIT_REPORT)], fits: |_, _| true },
        Sentence { finder: Finder::new(b"INIT_START Runtime"), words: &[("", INIT_START)], fits: |_, _| true },
        Sentence { finder: Finder::new(b"INIT_REPORT Init Duration"), words: &[("", INIT_REPORT)], fits: |_, _| true },
        Sentence { finder: Finder::new(b"RESTORE_REPORT Restore"), words: &[("", RESTORE_REPORT)], fits: |_, _| true },
    ]
});

/// An id, masked (`xxxx`, `****`, `[REDACTED]`, `<guid>`) or not, rather than a place in a program or a pattern where one
/// will stand.
fn is_value(rest: &[u8]) -> bool {
    match rest {
        [first @ (b'*' | b'.'), next, ..] => next == first,
        [b'[', next, ..] => next.is_ascii_uppercase(),
        [b'<', b'.', b'.', ..] => true,
        [b'<', next, ..] => next.is_ascii_alphabetic(),
        [first, ..] => first.is_ascii_alphanumeric(),
        [] => false,
    }
}

/// Returns whether the platform wrote a sentence about a timeout: seconds with two decimals, as other programs time out
/// after whole ones, and an id before it or the end of the line behind it.
fn is_timeout(before: &[u8], rest: &[u8]) -> bool {
    let whole = rest.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    let [b'.', tens, ones, rest @ ..] = &rest[whole..] else { return false };
    let Some(rest) = rest.strip_prefix(b" second") else { return false };
    let rest = rest.strip_prefix(b"s").unwrap_or(rest);
    let ends_line = matches!(rest.first(), Some(b'\\' | b'"')) || rest.starts_with(b"\n");
    let id = before.trim_ascii_end();
    let has_id = id.len().checked_sub(RequestId::LENGTH).is_some_and(|at| RequestId::parse(&id[at..]).is_some());
    whole > 0 && tens.is_ascii_digit() && ones.is_ascii_digit() && (ends_line || rest.starts_with(b"\r") || has_id)
}

/// Bytes in which the longest sentence fits, with what tells that it goes on like one.
pub(crate) const LONGEST: usize = 128;
/// Bytes told of the text before a sentence.
const BEFORE: usize = 40;

/// Word that nearly all sentences have in them, and hardly any other text.
pub(crate) const MENTION: &[u8] = b"RequestId";

/// Iterates over the places of the word in a text.
pub(crate) fn mentions(text: &[u8]) -> impl Iterator<Item = usize> + '_ {
    static WORD: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(MENTION));
    WORD.find_iter(text)
}

/// Returns the end of the text before a place in its line.
pub(crate) fn text_before(text: &[u8], at: usize) -> String {
    let line_start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
    String::from_utf8_lossy(&text[line_start.max(at.saturating_sub(BEFORE))..at]).into_owned()
}

/// Finds the first sentence in a message, whose first line has this number.
pub(crate) fn sighting_in_message(message: &[u8], first_line: u64) -> Option<Sighting> {
    sighting(message, first_line, 0).or_else(|| {
        // The end of a message is the end of its line, too.
        let start = message.len().saturating_sub(LONGEST);
        let lines = memchr::memchr_iter(b'\n', &message[..start]).count() as u64;
        let ended = [message[start..].trim_ascii_end(), b"\n"].concat();
        sighting(&ended, first_line + lines, 0)
    })
}

/// Finds the first sentence in a text whose first line has this number.
pub(crate) fn sighting(text: &[u8], first_line: u64, least: usize) -> Option<Sighting> {
    let (at, sentence) = first(text, least)?;
    let lines = memchr::memchr_iter(b'\n', &text[..at]).count() as u64;
    // The time and the id are part of a sentence about a timeout.
    let begins = if sentence == TIMED_OUT_WORDS { timeout_start(text, at) } else { at };
    Some(Sighting { line: first_line + lines, sentence, before: text_before(text, begins), refused: false })
}

/// Returns where the message begins in which the first sentence of a line stands: the sentence itself, the object in JSON,
/// the time and id that the platform writes before a timeout.
pub(crate) fn message_start(line: &[u8]) -> Option<usize> {
    let (at, sentence) = first(line, 0).or_else(|| {
        // The end of the line is part of some sentences.
        let ended = [line, b"\n"].concat();
        first(&ended, 0)
    })?;
    Some(match sentence {
        PLATFORM_TYPE => memchr::memmem::rfind(&line[..at], b"{\"").unwrap_or(at),
        // The answer of an invocation that timed out is an object.
        TIMED_OUT_WORDS if memchr::memmem::find(&line[..at], b"\"errorMessage\"").is_some() => {
            memchr::memmem::rfind(&line[..at], b"{\"").unwrap_or(at)
        }
        TIMED_OUT_WORDS => timeout_start(line, at),
        _ => at,
    })
}

/// Returns where the line about a timeout begins, of which the sentence begins at `at`.
fn timeout_start(line: &[u8], at: usize) -> usize {
    let end = line[..at].trim_ascii_end().len();
    let id = memchr::memchr2_iter(b' ', b'\t', &line[..end]).next_back().map_or(0, |blank| blank + 1);
    let before = id.saturating_sub(1);
    match RequestId::read_masked_prefix(&line[id..end]) {
        Some((id, _)) if !id.is_token() || line[..before].ends_with(b"Z") => {}
        _ => return at,
    }
    const TIME: usize = "2026-10-01T00:00:00.123Z ".len();
    let time = id
        .checked_sub(TIME)
        .filter(|time| Timestamp::parse_prefix(&line[*time..]).is_some_and(|(_, used)| used + 1 == TIME));
    time.unwrap_or(id)
}

/// Iterates over the request ids that sentences in a text are about.
pub(crate) fn ids_of_sentences(text: &[u8]) -> impl Iterator<Item = RequestId> + '_ {
    static LABEL: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"RequestId: "));
    static TIMEOUT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(TASK_TIMED_OUT));
    let labelled = LABEL.find_iter(text).filter_map(|at| RequestId::parse_prefix(&text[at + LABEL.needle().len()..]));
    let timed_out = TIMEOUT.find_iter(text).filter_map(|at| {
        // Behind a tab it is the text of a logger, which prints the id first.
        let before = text[..at].strip_suffix(b" ")?;
        RequestId::parse(&before[before.len().checked_sub(RequestId::LENGTH)?..])
    });
    labelled.chain(timed_out)
}

/// Finds the sentence in a line that says how a request ended, wherever in the line it stands.
pub(crate) fn end_told_of(id: RequestId, text: &[u8], line: u64) -> Option<Sighting> {
    let (at, sentence) = [END.begin, REPORT.begin].into_iter().find_map(|begin| {
        let mut places = memchr::memmem::find_iter(text, begin);
        let names = |at: &usize| RequestId::parse_prefix(text[at + begin.len()..].trim_ascii_start()) == Some(id);
        places.find(names).map(|at| (at, begin))
    })?;
    Some(Sighting { line, sentence, before: text_before(text, at), refused: true })
}

/// Words in small letters from which on a text is prose.
const WORDS_OF_PROSE: usize = 3;

/// Returns whether what stands before a sentence is prose rather than what a tool puts before every line.
pub(crate) fn is_prose(before: &str) -> bool {
    let is_word = |word: &&str| word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    before.split(|char: char| char.is_whitespace() || matches!(char, ',' | '.' | ';' | ':')).filter(is_word).count()
        >= WORDS_OF_PROSE
}

/// Bytes that all sentences are searched for in before the next ones are: most inputs have one in their first lines.
const WINDOW: usize = 8 * 1024;

/// Finds the first sentence in a text that begins at `least` or later: where it begins, and its first words.
fn first(text: &[u8], least: usize) -> Option<(usize, &'static str)> {
    (0..text.len()).step_by(WINDOW).find_map(|from| {
        // Windows overlap, as a sentence may lie across the border of two.
        let end = text.len().min(from + WINDOW + LONGEST);
        SENTENCES.iter().fold(None, |found: Option<(usize, &str)>, sentence| {
            // Only what begins before the one that was found is asked for.
            let end = found.map_or(end, |(at, _)| end.min(at + LONGEST));
            found.into_iter().chain(sentence.first(text, from..end, least)).min()
        })
    })
}

impl Sentence {
    fn first(&self, text: &[u8], window: Range<usize>, least: usize) -> Option<(usize, &'static str)> {
        let (from, length) = (window.start, self.finder.needle().len());
        self.finder.find_iter(&text[window]).map(|at| from + at).find_map(|at| {
            // With an id behind it, the word is the platform's, whatever stands directly before it.
            let has_id = || text.get(at + length..).is_some_and(|rest| RequestId::parse_prefix(rest).is_some());
            let begins = |word: &str| {
                let from = at.saturating_sub(word.len());
                text[..at].ends_with(word.as_bytes()) && from >= least && (begins_word(text, from) || has_id())
            };
            let (word, sentence) = self.words.iter().find(|(word, _)| begins(word))?;
            (self.fits)(&text[..at], &text[at + length..]).then_some((at - word.len(), sentence.trim_end()))
        })
    }
}

/// Returns whether a word in capitals begins here: `BACKEND RequestId: ` is none of the platform's. Anything else may
/// stand directly before it, a clock or an escaped line end.
fn begins_word(text: &[u8], at: usize) -> bool {
    text[..at].last().is_none_or(|before| !before.is_ascii_uppercase() && *before != b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";

    #[test]
    fn prose_is_told_from_prefixes() {
        for text in ["Yesterday we saw the line `", "on retry there was still ", "retrying, last error: "] {
            assert!(is_prose(text), "{text}");
        }
        for text in
            ["", "2026-10-01 00:00:00.123 ", "[handler] 17:35:21 ", "Oct 1, 12:00:00 AM: ", "pod/orders-7f: ", "> "]
        {
            assert!(!is_prose(text), "{text}");
        }
    }

    #[test]
    fn messages_begin_where_the_platform_began_them() {
        for message in [
            format!("START RequestId: {ID} Version: 7"),
            format!("2026-10-01T00:00:03.001Z {ID} Task timed out after 3.00 seconds"),
            format!("{ID} Task timed out after 3.00 seconds"),
            "Task timed out after 3.00 seconds".to_owned(),
            format!(
                "{{\"time\":\"2026-10-01T00:00:03.001Z\",\"type\":\"platform.report\",\"record\":{{\"requestId\":\"{ID}\"}}}}"
            ),
        ] {
            for before in ["", "> ", "12:00:01 ", "{app=\"x\"} ", "2026-10-01T00:00:09.001Z stdout F "] {
                let line = format!("{before}{message}");
                assert_eq!(message_start(line.as_bytes()), Some(before.len()), "{line}");
            }
        }
    }
}
