//! Looks for sentences of the platform in decoded text, wherever in a line they stand.
//!
//! A shape that is not known, or a prefix that nobody took off, makes sentences of the platform look like ordinary text.
//! This search does not read them. It tells that one is there, so that an input of which no sentence was read is never
//! taken for one that has none.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::lambda::platform::{END, PLATFORM_TYPE, PLATFORM_TYPES, REPORT, START, TASK_TIMED_OUT};
use crate::model::Sighting;

/// What every sentence has in it, the words that may come before that, and whether what follows goes on like one.
struct Sentence {
    finder: Finder<'static>,
    /// Words that stand directly before, one of them; empty for none.
    words: &'static [(&'static str, &'static str)],
    goes_on: fn(&[u8]) -> bool,
}

static SENTENCES: LazyLock<[Sentence; 3]> = LazyLock::new(|| {
    [
        Sentence {
            finder: Finder::new(b" RequestId: "),
            words: &[(START.word, START.begin), (END.word, END.begin), (REPORT.word, REPORT.begin)],
            goes_on: is_value,
        },
        Sentence { finder: Finder::new(TASK_TIMED_OUT), words: &[("", TASK_TIMED_OUT)], goes_on: is_seconds },
        Sentence {
            finder: Finder::new(PLATFORM_TYPE),
            words: &[("", PLATFORM_TYPE)],
            goes_on: |rest| PLATFORM_TYPES.iter().any(|kind| rest.starts_with(kind.as_bytes())),
        },
    ]
});

/// An id, masked (`xxxx`, `****`, `[REDACTED]`, `<guid>`) or not, rather than a place in a program or a pattern where one
/// will stand.
fn is_value(rest: &[u8]) -> bool {
    match rest {
        [b'*', next, ..] => *next == b'*',
        [b'[', next, ..] => next.is_ascii_uppercase(),
        [b'<', next, ..] => next.is_ascii_alphabetic(),
        [first, ..] => first.is_ascii_alphanumeric(),
        [] => false,
    }
}

/// The platform writes seconds with two decimals. Other programs time out after whole ones.
fn is_seconds(rest: &[u8]) -> bool {
    let whole = rest.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
    let after = &rest[whole..];
    whole > 0
        && matches!(after, [b'.', tens, ones, b' ', ..] if tens.is_ascii_digit() && ones.is_ascii_digit())
        && after[4..].starts_with(b"second")
}

/// What of a text may be the beginning of a sentence that goes on in the next one, or stands before it in its line.
const CARRIED: usize = 128;
/// What is told of the text before a sentence.
const BEFORE: usize = 40;

/// Looks at the text of one input, piece by piece, until it has seen a sentence.
#[derive(Debug, Default)]
pub(super) struct SentenceWatch {
    /// Line ends before `carried`.
    lines: u64,
    /// The end of the last piece.
    carried: Vec<u8>,
    /// Something stood before `carried`.
    follows: bool,
    seen: Option<Sighting>,
}

impl SentenceWatch {
    /// Looks at the next piece of the text.
    #[inline]
    pub(super) fn look(&mut self, piece: &[u8]) {
        if self.seen.is_none() {
            self.search(piece);
        }
    }

    /// What was seen first.
    pub(super) fn seen(self) -> Option<Sighting> {
        self.seen
    }

    #[inline(never)]
    fn search(&mut self, piece: &[u8]) {
        // What lies across the border of two pieces, and then the rest of this one. What begins where the carried text was
        // cut off was seen before, with what stands before it.
        let across = piece.len().min(CARRIED);
        let border = self.carried.len();
        self.carried.extend_from_slice(&piece[..across]);
        let found = first(&self.carried, if self.follows { 2 } else { 0 })
            .map(|found| (found, self.lines, self.carried.as_slice()));
        let found = found.or_else(|| {
            let lines = self.lines + line_ends(&self.carried[..border]);
            // What begins at the border was seen above, with what stands before it.
            first(piece, border.min(2)).map(|found| (found, lines, piece))
        });
        if let Some(((at, sentence), lines, text)) = found {
            let line_start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
            let before = &text[line_start.max(at.saturating_sub(BEFORE))..at];
            self.seen = Some(Sighting {
                line: lines + line_ends(&text[..at]) + 1,
                sentence,
                before: String::from_utf8_lossy(before).into_owned(),
                refused: false,
            });
            return;
        }
        let all = border + piece.len();
        let kept = all.min(CARRIED);
        self.follows |= kept < all;
        // Of a piece that is longer than what is kept, nothing that was carried before is needed any more.
        let dropped = if piece.len() >= kept {
            let dropped = line_ends(&self.carried[..border]) + line_ends(&piece[..piece.len() - kept]);
            self.carried.clear();
            self.carried.extend_from_slice(&piece[piece.len() - kept..]);
            dropped
        } else {
            let gone = self.carried.len() - kept;
            let dropped = line_ends(&self.carried[..gone]);
            self.carried.drain(..gone);
            dropped
        };
        self.lines += dropped;
    }
}

/// Bytes that all sentences are searched for in before the next ones are: most inputs have one in their first lines.
const WINDOW: usize = 8 * 1024;

/// Finds the first sentence in a text that begins at `least` or later: where it begins, and its first words.
fn first(text: &[u8], least: usize) -> Option<(usize, &'static str)> {
    (0..text.len()).step_by(WINDOW).find_map(|from| {
        // Windows overlap, as a sentence may lie across the border of two.
        let end = text.len().min(from + WINDOW + CARRIED);
        SENTENCES.iter().fold(None, |found: Option<(usize, &str)>, sentence| {
            // Only what begins before the one that was found is asked for.
            let end = found.map_or(end, |(at, _)| end.min(at + CARRIED));
            found.into_iter().chain(sentence.first(text, from..end, least)).min()
        })
    })
}

impl Sentence {
    fn first(&self, text: &[u8], window: Range<usize>, least: usize) -> Option<(usize, &'static str)> {
        let (from, length) = (window.start, self.finder.needle().len());
        self.finder.find_iter(&text[window]).map(|at| from + at).find_map(|at| {
            let begins = |word: &str| {
                text[..at].ends_with(word.as_bytes()) && at - word.len() >= least && begins_word(text, at - word.len())
            };
            let (word, sentence) = self.words.iter().find(|(word, _)| begins(word))?;
            (self.goes_on)(&text[at + length..]).then_some((at - word.len(), sentence.trim_end()))
        })
    }
}

/// `BACKEND RequestId: ` is none of the platform's words. A letter may be that of an escaped line end.
fn begins_word(text: &[u8], at: usize) -> bool {
    match text[..at] {
        [.., b'\\', b'n' | b'r' | b't'] | [] => true,
        [.., before] => !before.is_ascii_alphanumeric() && before != b'_',
    }
}

fn line_ends(text: &[u8]) -> u64 {
    super::line_ends::count(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";

    fn seen(text: &str, piece: usize) -> Option<Sighting> {
        let mut watch = SentenceWatch::default();
        text.as_bytes().chunks(piece.max(1)).for_each(|piece| watch.look(piece));
        watch.seen()
    }

    #[test]
    fn sees_sentences_behind_anything() {
        for (line, sentence) in [
            (format!("START RequestId: {ID} Version: 1"), "START RequestId:"),
            (format!("{{\"m\":\"END RequestId: {ID}\\n\"}}"), "END RequestId:"),
            (format!("01:00:00 REPORT RequestId: {ID}\tDuration: 1.00 ms"), "REPORT RequestId:"),
            ("> REPORT RequestId: xxxxxxxx-xxxx".to_owned(), "REPORT RequestId:"),
            (format!("[f] 2026-10-01T00:00:03Z {ID} Task timed out after 3.00 seconds"), "Task timed out after"),
            ("12: {\"time\":\"t\",\"type\":\"platform.report\",\"record\":{}}".to_owned(), "\"platform."),
        ] {
            let text = format!("one\n\ntwo {}\n{line}\nthree\n", "x".repeat(300));
            let sighting = seen(&text, usize::MAX).expect(&line);
            assert_eq!((sighting.line, sighting.sentence), (4, sentence), "{line}");
            assert!(line.contains(&sighting.before), "{line}: {sighting:?}");
        }
    }

    #[test]
    fn sees_none_in_other_text() {
        for text in [
            "",
            "START RequestId: ",
            "log.info(f\"START RequestId: {request_id}\")",
            "print(\"END RequestId: \" + id)",
            "RequestId: 8f507cfc was stored",
            "Task timed out after a while",
            "Task timed out after 3.00",
            "Task timed out after 30 seconds",
            "the BACKEND RequestId: 43 was slow",
            "RESTART RequestId: 12",
            "/REPORT RequestId: (\\S+)/",
            "START RequestId: .*",
            "START RequestId: [0-9a-f]+",
            "END RequestId: #{id} and REPORT RequestId: <%s>",
            "* REPORT RequestId: * Duration",
            "the \"platform.team\" wrote this",
        ] {
            assert_eq!(seen(text, usize::MAX), None, "{text}");
        }
    }

    proptest::proptest! {
        /// How a text is cut changes nothing, but for the text before a sentence, of which a piece may have less.
        #[test]
        fn pieces_see_what_the_whole_shows(
            words in proptest::collection::vec("[a-z\\n ]{0,80}|START RequestId: 8f50|REPORT RequestId: \\{|Task timed out after [0-9.]{0,5} second", 0..30),
            piece in 1usize..300,
        ) {
            let text = words.concat();
            let gist = |sighting: Option<Sighting>| sighting.map(|seen| (seen.line, seen.sentence));
            proptest::prop_assert_eq!(gist(seen(&text, piece)), gist(seen(&text, usize::MAX)), "{:?}", text);
        }
    }
}
