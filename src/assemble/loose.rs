//! Errors without a request id in a log that may mix environments: only the next lines show whose they are.
//!
//! Such an error is first kept with a running attempt (or with the environment that begins). It belongs to the attempt
//! whose END or REPORT follows at once, because a runtime client prints the error of a handler last.

use super::open::OpenAttempt;
use super::open_attempts::Mark;
use super::{Assembler, Message};
use crate::model::{AppLine, Attempt, ErrorForm, Phase, Place, RequestId, Sign, SignKind, Timestamp};

/// Number of errors that can wait for the next lines.
const MOST: usize = 8;
/// Log time within which a line counts as following at once.
const AT_ONCE_MS: i64 = 100;
/// The same where both times are whole seconds, as in some exports.
const AT_ONCE_WHOLE_SECONDS_MS: i64 = 1_000;

/// Returns whether an attempt began before a line. Places tell it only where times do not: an input with its newest event
/// first is read from its end.
pub(super) fn began_before(attempt: &Attempt, at: Option<Timestamp>, place: Place) -> bool {
    attempt.started_at.zip(at).map_or(attempt.place < place, |(start, at)| start <= at)
}

/// Returns whether two times are known to the millisecond.
pub(super) fn are_exact(before: Option<Timestamp>, now: Option<Timestamp>) -> bool {
    before.zip(now).is_some_and(|(before, now)| [before, now].iter().any(|at| at.ms() % 1_000 != 0))
}

/// Returns whether a line follows another one at once, as far as their times tell.
pub(super) fn is_at_once(before: Option<Timestamp>, now: Option<Timestamp>) -> bool {
    let longest = if are_exact(before, now) { AT_ONCE_MS } else { AT_ONCE_WHOLE_SECONDS_MS };
    before.zip(now).is_none_or(|(before, now)| (0..=longest).contains(&now.ms_since(before)))
}

/// An error whose owner may still change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loose {
    place: Place,
    at: Option<Timestamp>,
    /// The attempt that keeps it so far; `None` for the environment that begins.
    home: Option<RequestId>,
}

/// Errors whose owner may still change. Apart from the assembler, as few streams have any.
#[derive(Debug, Default)]
pub(super) struct LooseErrors(Vec<Loose>);

/// Returns whether a line reports an error that can end an attempt and names no request.
pub(super) fn is_loose(line: &AppLine<'_>) -> bool {
    let decides = |form| !matches!(form, ErrorForm::Logged);
    line.id.is_none() && line.error.as_ref().is_some_and(|error| decides(error.form))
}

impl Assembler {
    /// Remembers an error without an id, which `home` keeps so far.
    pub(super) fn note_loose(&mut self, message: &Message<'_>, home: Option<RequestId>) {
        if self.known_stream {
            return;
        }
        let running = self.open.count_running();
        let candidates = running + usize::from(home.is_none());
        if candidates > 1 {
            self.doubt_running();
        }
        let loose = &mut self.loose.get_or_insert_default().0;
        if loose.len() < MOST {
            loose.push(Loose { place: message.place, at: message.at, home });
        }
    }

    /// Gives the errors just before the end of an attempt to that attempt, whoever keeps them.
    pub(super) fn claim_loose(&mut self, id: RequestId, now: Option<Timestamp>) {
        for Loose { place, at, home } in self.loose.take().map_or_else(Vec::new, |loose| loose.0) {
            if home == Some(id) {
                continue;
            }
            let at_once = is_at_once(at, now);
            let is_claimant = |open: &OpenAttempt| began_before(&open.attempt, at, place);
            let claimant = self.open.latest_where(Some(id), is_claimant).filter(|_| at_once);
            let Some(claimant) = claimant else {
                self.doubt(home);
                continue;
            };
            if let Some(sign) = self.take_sign(home, place)
                && let Some(mut open) = self.open.edit(claimant)
            {
                open.attempt.error_unsure = true;
                open.adopt_sign(Sign { phase: Phase::Invoke, ..sign });
            }
        }
    }

    /// Handles the beginning of something else: errors of an environment that begins stay with it, and those kept with
    /// attempts become unsure.
    pub(super) fn unsettle_loose(&mut self) {
        let Some(mut loose) = self.loose.take() else { return };
        loose.0.retain(|loose| loose.home.is_some());
        loose.0.iter().for_each(|loose| self.doubt(loose.home));
        self.loose = Some(loose);
    }

    /// Marks the owner of an attempt's error as a guess.
    fn doubt(&mut self, home: Option<RequestId>) {
        if let Some(at) = home.and_then(|_| self.open.latest_of(home))
            && let Some(mut open) = self.open.edit(at)
        {
            open.attempt.error_unsure = true;
        }
    }

    /// Marks the owner of an error as a guess in all attempts that are running.
    pub(super) fn doubt_running(&mut self) {
        self.open.mark_running(Mark::ErrorUnsure);
    }

    fn take_sign(&mut self, home: Option<RequestId>, place: Place) -> Option<Sign> {
        let take = |signs: &mut Vec<Sign>| {
            let is_it = |sign: &Sign| sign.line.place == place && matches!(sign.kind, SignKind::Error(_));
            Some(signs.remove(signs.iter().position(is_it)?))
        };
        match home {
            Some(_) => {
                let at = self.open.latest_of(home)?;
                take(&mut self.open.edit(at)?.attempt.signs)
            }
            None => take(&mut self.pending.signs),
        }
    }
}
