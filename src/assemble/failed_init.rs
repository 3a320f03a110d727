//! Failures of an init in a log that may mix environments: only the next lines show whose they are.
//!
//! The platform reports a failed init right before START of the request that waited for it, while requests of other
//! environments are running. Hosts of 2021 wrote START first; then END follows at once.

use super::loose::{are_exact, began_before, is_at_once};
use super::open::{OpenAttempt, Pending, merge_init};
use super::{Assembler, Message};
use crate::model::{AppLine, ErrorForm, Init, InitPhase, Phase, RequestId, Sign, SignKind, Timestamp};

/// Returns whether a runtime wrote this error while it loaded the code.
pub(super) fn is_of_init(line: &AppLine<'_>) -> bool {
    line.id.is_none() && line.error.as_ref().is_some_and(|error| error.form == ErrorForm::Init)
}

impl Assembler {
    /// Returns whether a failed init may be that of another environment than the running attempt's.
    pub(super) fn may_mix_inits(&self) -> bool {
        !self.known_stream && self.open.has_running_with_start()
    }

    /// Returns whether an init is that of the attempt that runs: it ended before its START, which stands above it, and no other
    /// environment has begun.
    pub(super) fn is_init_of_running(&self, now: Option<Timestamp>) -> bool {
        let Some(open) = self.open.only().filter(|_| !self.pending.fresh) else { return false };
        let has_no_outcome = open.before.init.is_some_and(|init| init.start_seen && init.init_phase.is_none());
        let is_before = now.zip(open.attempt.started_at).is_some_and(|(end, start)| end <= start);
        open.before.fresh && has_no_outcome && is_before
    }

    /// Returns whether failures of an init wait for their request although another environment begins.
    pub(super) fn outlives_environment(&self, pending: &Pending) -> bool {
        !self.known_stream && pending.init_failed()
    }

    /// Takes the platform's report of a failed init. An error just before it is of that init, whoever was given it.
    pub(super) fn hold_failed_init(&mut self, message: &Message<'_>, kind: SignKind, update: impl FnOnce(&mut Init)) {
        let failed = self.failed_init.get_or_insert_default();
        if let Some(given) = self.init_error_given.take()
            && is_at_once(given.at, message.at)
            && let Some(at) = self.open.latest_of(Some(given.to))
            && let Some(mut open) = self.open.edit(at)
        {
            let errors = open.attempt.signs.extract_if(.., |sign| sign.line.at == given.at && is_init_error(sign));
            failed.signs.extend(errors.map(|sign| Sign { phase: Phase::Init, ..sign }));
        }
        failed.fresh |= self.pending.fresh;
        failed.touch(message);
        failed.sign(kind, message);
        update(failed.init.get_or_insert_default());
    }

    /// Takes an error of a runtime that loads the code.
    pub(super) fn hold_init_error(&mut self, message: &Message<'_>, line: &AppLine<'_>) {
        self.doubt_running();
        let failed = self.failed_init.get_or_insert_default();
        failed.fresh |= self.pending.fresh;
        failed.app_error(line.level, line.error.as_ref(), message);
    }

    /// Takes out the failures of an init whose request starts now: it follows at once, or no other one can be meant. After
    /// a failed `Phase: init`, the init is repeated first.
    ///
    /// One that begins behind the start of an environment of its own (`fresh`) is of that: what failed before is another
    /// environment, and no later request is its either, unless it follows at once.
    pub(super) fn started_failed_init(&mut self, now: Option<Timestamp>, fresh: bool) -> Option<Pending> {
        let may_mix = self.may_mix_inits();
        let failed = self.failed_init.as_mut()?;
        failed.passed |= failed.outlived && fresh;
        let last = failed.signs.last()?;
        // Where the platform reports inits, it reports that of the last error next.
        let is_over = if is_init_error(last) { !self.inits_reported } else { !is_repeated(last) };
        let alone = failed.fresh && !failed.passed && !may_mix;
        let tells_time = failed.last_at.is_some() && now.is_some();
        let found = alone
            || is_at_once(failed.last_at, now)
                && (tells_time || !failed.passed)
                && (is_over || !are_exact(failed.last_at, now));
        if found { self.failed_init.take() } else { None }
    }

    /// Gives the failures of an init just before the end of an attempt to that attempt.
    pub(super) fn settle_failed_init(&mut self, id: RequestId, message: &Message<'_>) {
        let Some(held) = &mut self.failed_init else { return };
        let signs = &held.signs;
        let Some(last) = signs.last() else { return };
        let is_error = is_init_error(last);
        let alone = !self.concurrent && self.open.count_running() == 1;
        // Of an environment that has just begun, no request can have ended; but the handler may be loaded with the first
        // request, which the platform does not report as an init.
        let is_old = |sign: &Sign| !(alone || is_at_once(sign.line.at, message.at)) || is_error != is_init_error(sign);
        let from = signs.iter().rposition(is_old).map_or(0, |at| at + 1);
        let is_another = held.fresh || is_repeated(last) && are_exact(last.line.at, message.at);
        let Some(first) = signs.get(from).filter(|_| is_error || !is_another) else { return };
        let (first, at) = (&first.line, last.line.at);
        let is_owner = |open: &OpenAttempt| !open.lacks_start() && began_before(&open.attempt, first.at, first.place);
        let owner = self.open.latest_where(Some(id), is_owner);
        let Some(mut open) = owner.and_then(|at| self.open.edit(at)) else { return };
        let signs = held.signs.split_off(from);
        let mut failed = Pending::default();
        if held.signs.is_empty() {
            failed = self.failed_init.take().unwrap_or_default();
        }
        failed.signs = signs;
        open.take_failed_init(failed, Phase::Invoke);
        self.init_error_given = is_error.then(|| Box::new(InitErrorGiven { to: id, at }));
    }

    /// Gives an error of a runtime that loads the code, with which the log ends, to the attempt that runs: where no other
    /// was seen, hosts that write START first have written both. Any later line would tell that the code had loaded.
    pub(super) fn settle_failed_init_at_the_end(&mut self) {
        let Some(held) = &self.failed_init else { return };
        let (first, last) = (held.first_place, held.signs.iter().map(|sign| sign.line.place).max());
        let is_alone = !self.concurrent && self.recent.count == 0 && !self.pending.tells_of_init();
        let told = !held.fresh && !self.inits_reported && held.signs.iter().all(is_init_error);
        let Some(open) = self.open.only().filter(|_| is_alone && told && last.is_some()) else { return };
        let is_last = open.lines.last().is_none_or(|line| line.place < first);
        let runs =
            open.attempt.start_seen && !open.attempt.end_seen && !open.is_reported() && open.attempt.place < first;
        if !is_last || !runs {
            return;
        }
        if let Some(failed) = self.failed_init.take()
            && let Some(mut open) = self.open.latest_running().and_then(|at| self.open.edit(at))
        {
            open.take_failed_init(failed, Phase::Invoke);
        }
    }
}

/// Error of a runtime that loads the code, given to an attempt that ended at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct InitErrorGiven {
    to: RequestId,
    at: Option<Timestamp>,
}

/// Returns whether the init is repeated for the request, after this report and before its START.
fn is_repeated(sign: &Sign) -> bool {
    matches!(sign.kind, SignKind::InitFailed { phase: Some(InitPhase::Init), .. })
}

fn is_init_error(sign: &Sign) -> bool {
    matches!(sign.kind, SignKind::Error(_))
}

impl OpenAttempt {
    /// Takes the failures of an init that is probably its own.
    pub(super) fn take_failed_init(&mut self, mut failed: Pending, phase: Phase) {
        let failed = failed.take();
        self.attempt.error_unsure = true;
        self.bytes += failed.bytes;
        self.attempt.logged_errors += failed.logged_errors;
        self.attempt.init = merge_init(failed.init, self.attempt.init);
        for sign in failed.signs {
            self.adopt_sign(Sign { phase: if is_init_error(&sign) { phase } else { Phase::Init }, ..sign });
        }
    }
}
