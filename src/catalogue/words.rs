//! Lists of words that are searched for all at once: one pass over a text, however long the list.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// Words, and what each of them means.
pub(super) struct Words<T: 'static> {
    rows: &'static [(&'static str, T)],
    search: OnceLock<Option<AhoCorasick>>,
}

impl<T: Copy> Words<T> {
    pub(super) const fn new(rows: &'static [(&'static str, T)]) -> Self {
        Self { rows, search: OnceLock::new() }
    }

    /// The first row of the list whose word stands in the text: its number, and what it means.
    pub(super) fn first_in(&self, text: &str) -> Option<(usize, T)> {
        let row = match self.search() {
            Some(search) => search.find_iter(text).map(|hit| hit.pattern().as_usize()).min(),
            None => self.rows.iter().position(|(word, _)| text.contains(word)),
        };
        row.and_then(|row| Some((row, self.rows.get(row)?.1)))
    }

    /// `None` only for more words than any list of ours has.
    fn search(&self) -> Option<&AhoCorasick> {
        let search = || {
            let mut builder = AhoCorasick::builder();
            // Only leftmost matches let the automaton skip ahead with a vectorised search; so it has little to do, and a
            // DFA would take longer to make than it saves.
            builder.match_kind(MatchKind::LeftmostFirst).kind(Some(AhoCorasickKind::ContiguousNFA));
            builder.build(self.words()).ok()
        };
        self.search.get_or_init(search).as_ref()
    }

    /// The words, in the order of the list.
    pub(super) fn words(&self) -> impl Iterator<Item = &'static str> {
        self.rows.iter().map(|(word, _)| *word)
    }

    /// One of the words stands in the text.
    pub(super) fn stand_in(&self, text: &str) -> bool {
        self.search().map_or_else(|| self.first_in(text).is_some(), |search| search.is_match(text))
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
