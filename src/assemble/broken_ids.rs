//! Ids of which a copy spoilt or cut off some characters: those of the attempts whose ids they resemble.
//!
//! An id that is no UUID would else be another request: an attempt that nobody ran, beside the one whose START or REPORT is
//! missing. Where no id is a UUID, they are masked and each means what it says.

use super::Assembler;
use super::superseded::id_that_ends;
use crate::model::{RequestId, Statement};

/// Attempts that run which are compared.
const COMPARED: usize = 64;

impl Assembler {
    /// Returns a statement with the id of a running attempt in place of its own, which is that but for few characters. Gives an
    /// attempt its id, if only its START had a broken one.
    pub(super) fn with_whole_id<'a>(&mut self, record: &Statement<'a>) -> Option<Statement<'a>> {
        let named = id_of(record)?;
        if !named.is_token() {
            if self.broken_ids {
                self.give_whole_id(named);
            }
            return None;
        }
        if matches!(record, Statement::Start { .. }) {
            self.broken_ids = true;
            return None;
        }
        if self.open.first_of(Some(named)).is_some() {
            return None;
        }
        let own = self
            .open
            .running()
            .rev()
            .take(COMPARED)
            .find_map(|at| self.open[at].id().filter(|id| named.is_broken_form_of(*id)));
        let own = own?;
        let mut record = record.clone();
        match &mut record {
            Statement::End { id }
            | Statement::ExitedEarly { id }
            | Statement::TimedOut { id: Some(id) }
            | Statement::RuntimeDone { id, .. } => *id = own,
            Statement::Report(report) => report.id = own,
            Statement::Crash(crash) => crash.id = Some(own),
            Statement::App(line) => line.id = Some(own),
            _ => {}
        }
        Some(record)
    }

    /// Gives a running attempt whose START had a broken form of an id that id, if no other attempt has it.
    pub(super) fn give_whole_id(&mut self, id: RequestId) {
        if self.open.first_of(Some(id)).is_some() {
            return;
        }
        let is_its = |at: &usize| {
            let open = &self.open[*at];
            open.attempt.start_seen && open.id().is_some_and(|broken| broken.is_broken_form_of(id))
        };
        let own = self.open.running().rev().take(COMPARED).find(is_its);
        if let Some(mut open) = own.and_then(|at| self.open.edit(at)) {
            open.attempt.request_id = Some(id);
        }
    }
}

fn id_of(record: &Statement<'_>) -> Option<RequestId> {
    match record {
        Statement::Start { id, .. } => Some(*id),
        Statement::App(line) => line.id,
        _ => id_that_ends(record),
    }
}
