//! Brackets and commas between documents, events and rows: whether they fit together.
//!
//! They tell nothing that the members between them do not, so they are passed over; but one without its other half says
//! that something is missing from the input.

/// Counts the brackets that are open around the value that is walked through.
#[derive(Default)]
pub(super) struct Brackets {
    open: u64,
    /// What stood last between the brackets.
    last: Last,
    /// Whether a value stood in the open brackets that no comma parts from the one before it.
    unparted: bool,
}

#[derive(Default, PartialEq)]
enum Last {
    #[default]
    Bracket,
    Comma,
    Value,
}

impl Brackets {
    /// Takes an opening bracket, which is the beginning of a value too.
    #[must_use]
    pub(super) fn open(&mut self) -> bool {
        let unparted = self.value();
        if self.open == 0 {
            self.unparted = false;
        }
        self.open += 1;
        self.last = Last::Bracket;
        unparted
    }

    /// Takes a closing bracket. Returns whether one was open.
    pub(super) fn close(&mut self) -> bool {
        let was_open = self.open > 0;
        self.open = self.open.saturating_sub(1);
        self.last = Last::Value;
        was_open
    }

    /// Takes a comma. Returns whether it follows something.
    pub(super) fn comma(&mut self) -> bool {
        let follows = self.last != Last::Comma;
        self.last = Last::Comma;
        follows
    }

    /// Takes the beginning of a value. Returns whether it is the first in the open brackets that no comma parts from the one
    /// before it.
    #[must_use]
    pub(super) fn value(&mut self) -> bool {
        let is_first = self.open > 0 && self.last == Last::Value && !self.unparted;
        self.unparted |= is_first;
        self.last = Last::Value;
        is_first
    }

    /// Returns how many brackets are open.
    pub(super) fn depth(&self) -> u64 {
        self.open
    }

    /// Returns whether an input that ends here ends within an array. Lines of records with a stray bracket above them are none,
    /// which was told when a value showed it.
    pub(super) fn are_cut(&self) -> bool {
        self.open > 0 && !self.unparted
    }
}
