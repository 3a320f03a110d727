//! The state of a search for secrets in one text.

use std::ops::Range;

/// The state of a search.
pub(super) struct Scan<'t> {
    pub(super) text: &'t [u8],
    /// Whether the end of the text was cut off, so a secret may be there in part.
    pub(super) is_cut: bool,
    /// Whether personal data is masked, too.
    pub(super) personal: bool,
    /// What is to be masked.
    pub(super) found: Vec<Range<usize>>,
    /// Before this place all is masked or was looked at.
    until: usize,
    /// Up to here no address names a user.
    pub(super) no_user_until: usize,
    /// Up to here arguments were looked at.
    pub(super) command_until: usize,
    /// The table that was looked at last.
    pub(super) table: TableSeen,
}

/// A table of which the rows were looked at.
#[derive(Clone, Copy, Default)]
pub(super) struct TableSeen {
    /// Where its header begins.
    pub(super) header: usize,
    /// Where its rows end.
    pub(super) end: usize,
}

impl<'t> Scan<'t> {
    pub(super) fn new(text: &'t [u8], is_cut: bool, personal: bool) -> Self {
        Self {
            text,
            is_cut,
            personal,
            found: Vec::new(),
            until: 0,
            no_user_until: 0,
            command_until: 0,
            table: TableSeen::default(),
        }
    }

    /// Returns whether a place needs no look: it is masked already.
    pub(super) fn is_past(&self, at: usize) -> bool {
        at < self.until
    }

    /// Masks a stretch.
    pub(super) fn mask(&mut self, secret: Range<usize>) {
        if secret.start < secret.end {
            self.until = self.until.max(secret.end);
            self.found.push(secret);
        }
    }
}
