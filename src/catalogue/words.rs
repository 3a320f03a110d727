//! Lists of words, each with what it means, that are looked for in a text.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// Words, and what each of them means.
pub(super) struct Words<T: 'static> {
    rows: &'static [(&'static str, T)],
    /// Search for all of them at once, made when the first text is searched.
    search: OnceLock<Option<AhoCorasick>>,
}

impl<T: Copy> Words<T> {
    pub(super) const fn new(rows: &'static [(&'static str, T)]) -> Self {
        Self { rows, search: OnceLock::new() }
    }

    fn search(&self) -> Option<&AhoCorasick> {
        let words = || self.rows.iter().map(|(word, _)| word);
        // Fast enough for many texts, and built soon enough for few.
        let build = || AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(words()).ok();
        self.search.get_or_init(build).as_ref()
    }

    /// Iterates over the places of the words in a text, with the numbers of their rows.
    pub(super) fn places<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, Range<usize>)> + 'a {
        let found = self.search().map(|search| search.find_overlapping_iter(text));
        found.into_iter().flatten().map(|found| (found.pattern().as_usize(), found.range()))
    }

    /// Returns the first row of the list whose word stands in the text: its number, and what it means.
    pub(super) fn first_in(&self, text: &str) -> Option<(usize, T)> {
        let row = self.places(text).map(|(row, _)| row).min()?;
        Some((row, self.rows.get(row)?.1))
    }

    /// Returns whether one of the words stands in the text.
    pub(super) fn stand_in(&self, text: &str) -> bool {
        self.search().is_some_and(|search| search.is_match(text))
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
