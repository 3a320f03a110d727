//! The owner of a line that neither opens nor closes an attempt by itself.

use super::loose::is_loose;
use super::open::OpenAttempt;
use super::{Assembler, Message, TRAILING_ERROR_MS};
use crate::model::{AppLine, ErrorForm, Statement, Status};

impl Assembler {
    /// Returns whether the function merely printed a platform line about another request, as log forwarders and tests do:
    /// an environment that is not one of Managed Instances runs one request at a time, and START of the running one was
    /// seen.
    pub(super) fn is_quoted(&self, record: &Statement<'_>) -> bool {
        let id = match record {
            Statement::End { id } | Statement::ExitedEarly { id } => Some(*id),
            Statement::TimedOut { id, .. } => *id,
            Statement::Report(report) => Some(report.id).filter(|_| !report.json),
            Statement::Crash(crash) => crash.id,
            Statement::Start { id, json: false, .. } => Some(*id),
            _ => None,
        };
        let Some(id) = id.filter(|_| self.known_stream && !self.concurrent) else { return false };
        // In the JSON format the platform writes no text. In the text format the next START ends what runs.
        let is_start = matches!(record, Statement::Start { .. });
        let runs = |open: &OpenAttempt| open.attempt.start_seen && (open.json || !is_start) && !open.is_reported();
        !self.recent.contains(id)
            && !self.is_superseded(id)
            && self.open.first_of(Some(id)).is_none()
            && self.open.last().is_some_and(|at| runs(&self.open[at]))
    }

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

    /// Finds the attempt of an error without an id that directly follows its REPORT: one that looks fine, whose error
    /// the runtime logged late.
    fn trailing_owner(&self, message: &Message<'_>, line: &AppLine<'_>) -> Option<usize> {
        let error = line.error.as_ref()?;
        let last = self.open.last()?;
        let open = &self.open[last];
        let fine = open.attempt.signs.is_empty() && open.attempt.platform_status.is_none_or(|s| s == Status::Success);
        let soon = match (open.reported_at, message.at) {
            (Some(reported), Some(at)) => at.ms_since(reported) <= TRAILING_ERROR_MS,
            _ => true,
        };
        let unhandled = matches!(error.form, ErrorForm::Unhandled | ErrorForm::Response | ErrorForm::Answer)
            || open.attempt.emulated && error.form == ErrorForm::MaybeUnhandled;
        (unhandled && fine && soon && line.id.is_none() && self.pending.is_empty()).then_some(last)
    }

    /// Notes that requests run side by side, if a line belongs to attempt `at` while a later one is running.
    pub(super) fn note_concurrency(&mut self, at: usize) {
        let superseded = !self.open[at].is_reported() && self.open.has_running_behind(at);
        self.concurrent |= superseded && (self.open[at].json || !self.known_stream);
    }
}
