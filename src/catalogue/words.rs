//! Lists of words, each with what it means, that are looked for in a text.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// Words, and what each of them means.
pub(super) struct Words<T: 'static> {
    rows: &'static [(&'static str, T)],
    /// Search for any of them, which skips what none of them can begin with. Made when the first text is searched.
    any: OnceLock<Option<AhoCorasick>>,
    /// Search for all of them, made when the first of them is found.
    all: OnceLock<Option<AhoCorasick>>,
}

impl<T: Copy> Words<T> {
    pub(super) const fn new(rows: &'static [(&'static str, T)]) -> Self {
        Self { rows, any: OnceLock::new(), all: OnceLock::new() }
    }

    fn search<'a>(&self, kept: &'a OnceLock<Option<AhoCorasick>>, matches: MatchKind) -> Option<&'a AhoCorasick> {
        // Of all kinds the one that is fast enough for many texts and built soon enough for few.
        let kind = Some(AhoCorasickKind::ContiguousNFA);
        let words = || self.rows.iter().map(|(word, _)| word);
        kept.get_or_init(|| AhoCorasick::builder().kind(kind).match_kind(matches).build(words()).ok()).as_ref()
    }

    /// Iterates over the places of the words in a text, with the numbers of their rows.
    pub(super) fn places<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, Range<usize>)> + 'a {
        // Most texts have none of them.
        let search = self.stand_in(text).then(|| self.search(&self.all, MatchKind::Standard)).flatten();
        let found = search.map(|search| search.find_overlapping_iter(text));
        found.into_iter().flatten().map(|found| (found.pattern().as_usize(), found.range()))
    }

    /// Iterates over the places of the words in a text that do not overlap, each the leftmost that is left.
    pub(super) fn places_apart<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, Range<usize>)> + 'a {
        let found = self.search(&self.any, MatchKind::LeftmostFirst).map(|search| search.find_iter(text));
        found.into_iter().flatten().map(|found| (found.pattern().as_usize(), found.range()))
    }

    /// Returns the first row of the list whose word stands in the text: its number, and what it means.
    pub(super) fn first_in(&self, text: &str) -> Option<(usize, T)> {
        let row = self.places(text).map(|(row, _)| row).min()?;
        Some((row, self.rows.get(row)?.1))
    }

    /// Returns whether one of the words stands in the text.
    pub(super) fn stand_in(&self, text: &str) -> bool {
        // Only a search for the leftmost word has a prefilter for many words.
        self.search(&self.any, MatchKind::LeftmostFirst).is_some_and(|search| search.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_counts() {
        static WORDS: Words<u8> = Words::new(&[("disk full", 1), ("EROFS", 2), ("EMFILE", 3)]);
        assert_eq!(WORDS.first_in("EMFILE after EROFS"), Some((1, 2)));
        assert_eq!(WORDS.first_in("disk is full"), None);
    }
}
