//! Ordinary lines that are counted now and kept later, or never: most attempts end well, and nobody looks at their lines.
//!
//! Whoever has the lines at hand may count them with [`Assembler::count_unread`] where [`Assembler::counts_unread`] says so,
//! as long as [`Assembler::leaves_unread`] says that what comes next does not look at them, and gives them with
//! [`Assembler::keep_unread`] otherwise.

use super::open::OpenAttempt;
use super::{Assembler, Message};
use crate::model::{RequestId, Statement, Stretch};

impl Assembler {
    /// Ordinary lines are those of the only running attempt, whatever they say: they can be counted.
    #[inline(always)]
    #[must_use]
    pub fn counts_unread(&self) -> bool {
        matches!(self.open.as_slice(), [open] if !open.is_reported())
    }

    /// Takes ordinary lines of the only running attempt, but for their text.
    #[inline(always)]
    pub fn count_unread(&mut self, lines: &Stretch) {
        self.first_at = self.first_at.or(lines.first_at);
        self.last_at = self.last_at.max(lines.latest);
        if let [open] = self.open.as_mut_slice() {
            open.count(lines);
        }
    }

    /// Keeps the text of a line that was counted. Lines are given in their order.
    pub fn keep_unread(&mut self, message: &Message<'_>) {
        if let Some(open) = self.open.last_mut() {
            open.keep(message);
        }
    }

    /// The record looks at no line that was counted and not kept.
    #[must_use]
    pub fn leaves_unread(&self, message: &Message<'_>, record: &Statement<'_>) -> bool {
        match record {
            Statement::End { id } => self.is_running(*id, message),
            Statement::Report(report) => self.is_running(report.id, message),
            Statement::Start { id, .. } => self.follows_success(*id),
            _ => false,
        }
    }

    /// The record ends the attempt whose lines were counted: they will not be asked for.
    #[must_use]
    pub fn drops_unread(record: &Statement<'_>) -> bool {
        matches!(record, Statement::Start { .. })
    }

    fn is_running(&self, id: RequestId, message: &Message<'_>) -> bool {
        let running = |open: &OpenAttempt| open.id() == Some(id) && !open.is_reported();
        matches!(self.open.as_slice(), [open] if running(open) && !message.at.is_some_and(|now| open.is_overdue(now)))
    }

    /// Another attempt begins, and the one before ended well; no part before can change that.
    fn follows_success(&self, id: RequestId) -> bool {
        match self.open.as_slice() {
            [] => true,
            [open] => open.id() != Some(id) && open.ended_well() && self.held.is_settled(),
            _ => false,
        }
    }
}
