//! Attempts that are reported and wait for lines of the millisecond of their REPORT, which some exports have behind the START
//! of the next attempt. Exports that have whole seconds have those of a second in any order.

use super::open::OpenAttempt;
use super::{Assembler, Message, Output};
use crate::model::{RequestId, Timestamp};

/// Attempts that wait at once.
const MOST: usize = 8;

/// The attempts that wait.
#[derive(Debug)]
pub(super) struct Lingering {
    /// Time of their REPORT.
    at: Timestamp,
    ids: Vec<RequestId>,
}

impl Assembler {
    /// Takes the attempts out that were reported in the millisecond in which another one begins, and puts them back behind
    /// what is done in between.
    #[expect(clippy::vec_box, reason = "they are boxed already")]
    pub(super) fn take_lingering(&mut self, message: &Message<'_>, begins: RequestId) -> Vec<Box<OpenAttempt>> {
        let names = |open: &OpenAttempt| open.id().is_some_and(|id| id != begins && !id.is_anonymous());
        let waits = |open: &OpenAttempt| message.at.is_some() && open.reported_at == message.at && names(open);
        // From the last one on, so that the places of the others stay. Hardly ever there is one, and then nothing is allocated.
        let last = self.open.reported().rev().take(MOST);
        let places: Vec<usize> = last.filter(|at| waits(&self.open[*at])).collect();
        let mut taken: Vec<Box<OpenAttempt>> = places.into_iter().filter_map(|at| self.open.remove(at)).collect();
        taken.reverse();
        taken
    }

    /// Puts back what was taken out.
    #[expect(clippy::vec_box, reason = "they are boxed already")]
    pub(super) fn put_lingering(&mut self, at: Option<Timestamp>, taken: Vec<Box<OpenAttempt>>) {
        self.lingering = None;
        let Some(at) = at.filter(|_| !taken.is_empty()) else { return };
        let ids = taken.iter().filter_map(|open| open.id()).collect();
        taken.into_iter().for_each(|open| self.open.push(open));
        self.lingering = Some(Box::new(Lingering { at, ids }));
    }

    /// Closes the attempts that wait when log time has passed.
    #[inline]
    pub(super) fn close_lingering(&mut self, now: Option<Timestamp>, output: &mut dyn Output) {
        let passed = |lingering: &Lingering| now.is_some_and(|now| now != lingering.at);
        if self.lingering.as_deref().is_some_and(passed) {
            self.end_lingering(output);
        }
    }

    #[inline(never)]
    fn end_lingering(&mut self, output: &mut dyn Output) {
        let Some(lingering) = self.lingering.take() else { return };
        for id in lingering.ids {
            let waits = |open: &OpenAttempt| open.reported_at == Some(lingering.at);
            let at = self.open.of(Some(id)).find(|at| waits(&self.open[*at]));
            if let Some(open) = at.and_then(|at| self.open.remove(at)) {
                self.emit(open, output);
            }
        }
    }
}
