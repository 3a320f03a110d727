//! Lists of words, each with what it means, that are looked for in a text.

/// Words, and what each of them means.
pub(super) struct Words<T: 'static> {
    rows: &'static [(&'static str, T)],
}

impl<T: Copy> Words<T> {
    pub(super) const fn new(rows: &'static [(&'static str, T)]) -> Self {
        Self { rows }
    }

    /// Returns the first row of the list whose word stands in the text: its number, and what it means.
    pub(super) fn first_in(&self, text: &str) -> Option<(usize, T)> {
        let row = self.rows.iter().position(|(word, _)| text.contains(word))?;
        Some((row, self.rows.get(row)?.1))
    }

    /// Returns whether one of the words stands in the text.
    pub(super) fn stand_in(&self, text: &str) -> bool {
        self.rows.iter().any(|(word, _)| text.contains(word))
    }

    /// Lists the words, in the order of the list.
    pub(super) fn words(&self) -> impl Iterator<Item = &'static str> {
        self.rows.iter().map(|(word, _)| *word)
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
