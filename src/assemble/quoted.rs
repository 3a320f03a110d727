//! Lines of the platform that the attempt before a cut merely printed, as log forwarders and tests do.
//!
//! In one piece, the START of the running attempt tells it. At the head of a part they look like the end of an attempt that
//! began before the cut, and a file may be missing in between. So they count as printed where they tell of no failure and no
//! REPORT, or where the attempt before the cut goes on behind them; of what else they tell, nothing is lost. A part holds
//! only two attempts with a REPORT back, so of more than one printed REPORT behind a cut the others count as attempts.

use super::open::{OpenAttempt, merge_init, push_bounded, tells_of_failure};
use super::printed::{begin_of, is_of_another};
use super::{Assembler, Part};
use crate::model::{Keep, Phase, RequestId, Sign, SignKind};

/// Parts in which the attempt that runs at a cut is looked for: all but the last of them have no START.
const LOOKED_AHEAD: usize = 8;

/// The search for printed lines at the head of a part.
#[derive(Debug, Default)]
pub(super) struct Quoted {
    /// The request that runs at the cut, alone.
    by: Option<RequestId>,
    /// Pieces of its attempt that are still to come.
    to_come: usize,
    /// Whether a REPORT that was printed has changed the memory peak that the next attempt of the part starts from.
    peak_is_printed: bool,
}

impl Quoted {
    /// Begins the search: `tail` is what stands before the cut, and `parts` what stands behind it.
    pub(super) fn of<'a>(tail: &Assembler, parts: impl Iterator<Item = &'a Part>) -> Self {
        let alone = tail.known_stream && !tail.concurrent;
        let Some(by) = running(tail).filter(|_| alone) else { return Self::default() };
        let mut to_come = 0;
        for part in parts.take(LOOKED_AHEAD) {
            let (attempts, is_all) = part.begun_before();
            to_come += attempts.filter(|open| open.id() == Some(by)).count();
            if !is_all {
                break;
            }
        }
        Self { by: Some(by), to_come, peak_is_printed: false }
    }

    /// Gives an attempt of the part to the one that printed it. Returns whether it did.
    pub(super) fn take(&mut self, tail: &mut Assembler, open: &mut OpenAttempt, keep: &Keep) -> bool {
        if open.lacks_start() && open.id() == self.by {
            self.to_come = self.to_come.saturating_sub(1);
        }
        if self.is_quoted(tail, open) {
            if open.is_reported() {
                tail.note_printed_report(
                    begin_of(open.attempt.ended_at, open.attempt.metrics.duration_us),
                    open.attempt.place,
                );
            }
            let Some(mut by) = tail.open.last().and_then(|at| tail.open.edit(at)) else { return false };
            self.peak_is_printed |= open.is_reported();
            by.take_quoted(std::mem::take(open), keep);
            return true;
        }
        if self.peak_is_printed {
            open.attempt.earlier_peak_mb = None;
            self.peak_is_printed = !open.is_reported();
        }
        false
    }

    fn is_quoted(&self, tail: &Assembler, open: &OpenAttempt) -> bool {
        let Some(id) = open.id() else { return false };
        let is_foreign = !tail.had(id);
        let is_running = self.by.is_some() && running(tail) == self.by;
        // The platform writes what is no text in the JSON format only, and none of it is printed.
        let in_text = !open.json && !open.attempt.signs.iter().any(|sign| is_of_runtime_done(&sign.kind));
        let by_platform = open.attempt.end_seen || tells_an_end(open);
        let by = tail.open.last().map(|at| &tail.open[at]);
        let of_another = by.is_some_and(|by| open.attempt.signs.iter().any(|sign| is_of_another(sign, by)));
        open.lacks_start()
            && is_running
            && is_foreign
            && in_text
            && by_platform
            && !of_another
            && (self.to_come > 0 || !tells_an_end(open) && open.tells_of_no_failure())
    }
}

impl OpenAttempt {
    /// Takes lines of the platform about another request, and what stands among them, as lines of its own: it printed them.
    pub(super) fn take_quoted(&mut self, quoted: Self, keep: &Keep) {
        let id = quoted.id();
        self.bytes += quoted.bytes;
        self.last_at = quoted.last_at.max(self.last_at);
        let printed = quoted.attempt;
        self.attempt.app_lines += printed.app_lines;
        self.attempt.logged_errors += printed.logged_errors;
        self.attempt.signs_left_out += printed.signs_left_out;
        self.attempt.error_unsure |= printed.error_unsure;
        self.attempt.init = merge_init(self.attempt.init, printed.init);
        for sign in printed.signs {
            if !names(&sign, id) && !matches!(sign.kind, SignKind::Ended { .. } | SignKind::HandlerDone) {
                let phase = if sign.phase == Phase::Late { Phase::Invoke } else { sign.phase };
                push_bounded(&mut self.attempt, Sign { phase, ..sign });
            }
        }
        self.lines.append(&quoted.lines, keep);
    }

    /// Returns whether nothing that it shows is a failure.
    fn tells_of_no_failure(&self) -> bool {
        !self.attempt.signs.iter().any(tells_of_failure)
    }
}

/// Returns the request of the last attempt, if it began and runs.
fn running(tail: &Assembler) -> Option<RequestId> {
    let open = &tail.open[tail.open.last()?];
    open.id().filter(|_| !open.lacks_start() && !open.is_reported())
}

/// Returns whether the platform says how the request ended.
pub(super) fn tells_an_end(open: &OpenAttempt) -> bool {
    open.is_reported() || open.attempt.signs.iter().any(|sign| names(sign, open.id()))
}

/// Returns whether the platform says it of a request by its id.
pub(super) fn names(sign: &Sign, id: Option<RequestId>) -> bool {
    let of_platform = matches!(sign.kind, SignKind::TimedOut | SignKind::Crash { .. } | SignKind::ExitedEarly);
    of_platform && RequestId::all_in(sign.line.text.as_bytes()).any(|found| Some(found) == id)
}

/// Returns whether `runtimeDone` says it.
pub(super) fn is_of_runtime_done(kind: &SignKind) -> bool {
    matches!(kind, SignKind::HandlerDone | SignKind::Ended { runtime_done: true, .. })
}
