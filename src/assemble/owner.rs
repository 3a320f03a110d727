//! The owner of a line that neither opens nor closes an attempt by itself.

use super::loose::is_loose;
use super::open::tells_of_failure;
use super::superseded::id_that_ends;
use super::{Assembler, Message, TRAILING_ERROR_MS};
use crate::model::{AppLine, ErrorForm, RequestId, Statement, Status};

impl Assembler {
    /// Finds the open attempt that a line of the function belongs to.
    pub(super) fn owner_of(&self, message: &Message<'_>, line: &AppLine<'_>) -> Option<usize> {
        if let Some(id) = line.id
            && let Some(at) = self.open.latest_of(Some(id))
        {
            return Some(at);
        }
        if line.id.is_some_and(|id| self.is_superseded(id)) {
            return None;
        }
        if self.is_of_another(line, message) || self.is_of_earlier(line) {
            return None;
        }
        if line.id.is_none() && line.error.is_some() && self.begins_environment() {
            return None;
        }
        if let Some(latest) = self.open.latest_running() {
            // With requests one at a time, a foreign id is a value in the text. With several at once, the owner is not
            // guessed, except for an error that the next END will settle.
            let settled_later = !self.known_stream && is_loose(line);
            let at = self.current().or(Some(latest).filter(|_| settled_later))?;
            let foreign = line.id.is_some() && self.open[at].id() != line.id && self.concurrent;
            return (!foreign).then_some(at);
        }
        self.trailing_owner(message, line)
    }

    /// Returns whether an error names an attempt that was closed lately. What ended the process, ended what runs in it.
    fn is_of_earlier(&self, line: &AppLine<'_>) -> bool {
        let ends_process = |form| {
            use ErrorForm::{Crash, OutOfMemory, Uncaught, UnhandledRejection};
            matches!(form, Crash | OutOfMemory | Uncaught | UnhandledRejection)
        };
        let may_be = line.error.as_ref().is_some_and(|error| !self.known_stream || !ends_process(error.form));
        may_be && line.id.is_some_and(|id| self.recent.contains(id))
    }

    /// Returns a statement of the platform with the id of the only attempt that runs, where its own is masked and those before
    /// were not.
    pub(super) fn with_own_id<'a>(&self, record: &Statement<'a>) -> Option<Statement<'a>> {
        let masked = id_that_ends(record)?;
        if !masked.is_anonymous() || !self.known_stream || self.concurrent || self.had(masked) {
            return None;
        }
        let runs = &self.open[self.open.latest_running()?];
        let own = runs.id().filter(|id| runs.attempt.start_seen && !id.is_anonymous())?;
        let mut record = record.clone();
        match &mut record {
            Statement::End { id } | Statement::ExitedEarly { id } | Statement::TimedOut { id: Some(id) } => *id = own,
            Statement::Report(report) => report.id = own,
            Statement::Crash(crash) => crash.id = Some(own),
            _ => {}
        }
        Some(record)
    }

    /// Finds the attempt of an error without an id that directly follows its REPORT: one that looks fine, whose error
    /// the runtime logged late.
    fn trailing_owner(&self, message: &Message<'_>, line: &AppLine<'_>) -> Option<usize> {
        let error = line.error.as_ref()?;
        let last = self.open.last()?;
        let open = &self.open[last];
        // An answer that names the request is its own, whatever else is known of it.
        let is_answer =
            error.form == ErrorForm::Answer || message.at.is_none() && error.form == ErrorForm::MaybeUnhandled;
        let is_answer_to = || is_answer && RequestId::all_in(message.text).any(|id| Some(id) == open.id());
        let fine = (!open.attempt.signs.iter().any(tells_of_failure) || is_answer_to())
            && open.attempt.platform_status.is_none_or(|s| s == Status::Success);
        let soon = match (open.reported_at, message.at) {
            (Some(reported), Some(at)) => at.ms_since(reported) <= TRAILING_ERROR_MS,
            _ => true,
        };
        let unhandled = matches!(
            error.form,
            ErrorForm::Unhandled | ErrorForm::Response | ErrorForm::Answer | ErrorForm::AnswerAbove
        ) || (open.attempt.emulated || message.at.is_none() || open.is_at_report(message))
            && error.form == ErrorForm::MaybeUnhandled;
        (unhandled && fine && soon && line.id.is_none() && self.pending.is_empty()).then_some(last)
    }

    /// Notes that requests run side by side, if a line belongs to attempt `at` while a later one is running.
    pub(super) fn note_concurrency(&mut self, at: usize) {
        let superseded = !self.open[at].is_reported() && self.open.has_running_behind(at);
        self.concurrent |= superseded && (self.open[at].json || !self.known_stream);
    }
}
