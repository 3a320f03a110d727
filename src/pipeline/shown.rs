//! The attempts that are shown with all their lines: those of the event that the user wants to see, or every failed one,
//! to be shown later.

use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use super::failed_events::{FailedAttempts, FailedEvents};
use super::held::{HeldAttempt, event_of};
use crate::model::{Lines, Place, RequestId, Timestamp};
use crate::summary::{Patches, joined};
use crate::wire::{LineMasking, Record, Redaction, ShownAttempt, ShownEvent, ShownLine};
/// Number of attempts whose lines are kept, those that stand first in the inputs: a short beginning of an id may fit any
/// number of attempts.
const MOST: usize = 64;

/// Which attempts are wanted with their lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Showing {
    /// Those whose request id begins so.
    Event(String),
    /// Those that failed, and what was tried again after that, up to so many bytes.
    Failed {
        /// Most bytes in the temporary file.
        most_bytes: u64,
    },
}

/// The attempts of one worker that are wanted.
#[derive(Debug)]
pub(super) enum Shown {
    None,
    Event(EventAttempts),
    Failed(FailedAttempts),
}

/// The attempts whose request id begins with the requested prefix.
#[derive(Debug)]
pub(super) struct EventAttempts {
    prefix: String,
    attempts: Vec<HeldAttempt>,
    /// Places and indexes of the attempts whose lines are held.
    with_lines: BinaryHeap<(Place, usize)>,
}

impl Shown {
    pub(super) fn new(showing: Option<&Showing>) -> Self {
        match showing {
            None => Self::None,
            Some(Showing::Event(prefix)) => Self::Event(EventAttempts {
                prefix: prefix.clone(),
                attempts: Vec::new(),
                with_lines: BinaryHeap::new(),
            }),
            Some(Showing::Failed { most_bytes }) => Self::Failed(FailedAttempts::new(*most_bytes)),
        }
    }

    /// Returns whether an attempt is wanted.
    pub(super) fn wants(&mut self, request: RequestId, failed: bool) -> bool {
        match self {
            Self::None => false,
            Self::Event(event) => {
                let begin = event.prefix.as_bytes();
                request.to_string().as_bytes().get(..begin.len()).is_some_and(|id| id.eq_ignore_ascii_case(begin))
            }
            Self::Failed(kept) => kept.wants(request, failed),
        }
    }

    /// Takes an attempt that is wanted.
    pub(super) fn take(
        &mut self,
        request: RequestId,
        record: Record,
        (place, function): (Place, u32),
        lines: &Lines,
        error_message: Option<&str>,
        redaction: &Redaction,
    ) {
        // The line of the error has its message in another form.
        let secrets = error_message.map_or_else(Vec::new, |message| redaction.secrets_in(message));
        let mut masking = LineMasking::new(redaction);
        let lines_shown = lines.iter().map(|line| {
            let text = line.to_text();
            let text = text.trim_end();
            let masked = if line.own { masking.next(text) } else { masking.of_platform(text) };
            let masked = Redaction::without(masked, &secrets);
            ShownLine {
                at: line.at.map(|at| at.to_string()),
                at_ms: line.at.map(Timestamp::ms),
                line_number: line.place.line,
                own: line.own,
                text: masked + if line.cut { "…" } else { "" },
            }
        });
        let shown = ShownAttempt { record, lines: lines_shown.collect(), lines_left_out: lines.left_out() };
        match self {
            Self::None => {}
            Self::Event(event) => event.push(HeldAttempt { shown, place, function }),
            Self::Failed(kept) => kept.push(request, &HeldAttempt { shown, place, function }),
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Event(event), Self::Event(others)) => {
                others.attempts.into_iter().for_each(|waiting| event.push(waiting));
            }
            (Self::Failed(kept), Self::Failed(others)) => kept.leave_out(&others),
            (shown, others) => *shown = others,
        }
    }

    /// Takes out the events with a failed attempt, if they are kept. What cannot be kept is not missed in the answer.
    pub(super) fn split_failed(self, patches: &Patches) -> (Self, Option<FailedEvents>) {
        match self {
            Self::Failed(kept) => (Self::None, Some(kept.finish(patches).unwrap_or_default())),
            shown => (shown, None),
        }
    }

    /// Returns the events that the user wants to see, by request id and function.
    pub(super) fn into_events(self, patches: &Patches) -> Vec<ShownEvent> {
        let Self::Event(mut event) = self else { return Vec::new() };
        event.join(patches);
        let mut attempts: Vec<(Place, ShownAttempt)> =
            event.attempts.into_iter().filter_map(|waiting| Some((waiting.place, waiting.finish(patches)?))).collect();
        attempts.sort_by(|(place, a), (other, b)| order(a).cmp(&order(b)).then(place.cmp(other)));
        let mut attempts = attempts.into_iter().map(|(_, shown)| shown).peekable();
        let mut events = Vec::new();
        while let Some(first) = attempts.next() {
            let mut of_one = vec![first];
            while let Some(next) = attempts.next_if(|next| key(next) == key(&of_one[0])) {
                of_one.push(next);
            }
            events.extend(event_of(of_one));
        }
        events
    }
}

impl EventAttempts {
    /// Joins the pieces of attempts that files end within.
    fn join(&mut self, patches: &Patches) {
        if !patches.has_pieces() {
            return;
        }
        let at: FxHashMap<Place, usize> = self.attempts.iter().map(|waiting| waiting.place).zip(0..).collect();
        // Of a piece that is joined, the end of the run tells nothing.
        for (place, first) in &at {
            for piece in patches.pieces(*place) {
                let Some(other) = at.get(piece).and_then(|other| self.attempts.get(*other)) else { continue };
                let other = other.shown.clone();
                let whole = &mut self.attempts[*first].shown;
                whole.record = joined::record(whole.record.clone(), other.record);
                whole.lines.extend(other.lines);
                whole.lines_left_out = whole.lines_left_out.saturating_add(other.lines_left_out);
            }
        }
    }

    /// Adds an attempt. If too many have lines, the last one in the order of the inputs loses them, whenever it was read.
    fn push(&mut self, waiting: HeldAttempt) {
        self.with_lines.push((waiting.place, self.attempts.len()));
        self.attempts.push(waiting);
        if self.with_lines.len() <= MOST {
            return;
        }
        if let Some(waiting) = self.with_lines.pop().and_then(|(_, last)| self.attempts.get_mut(last)) {
            let shown = &mut waiting.shown;
            let dropped = std::mem::take(&mut shown.lines).len();
            shown.lines_left_out = shown.lines_left_out.saturating_add(u32::try_from(dropped).unwrap_or(u32::MAX));
        }
    }
}

fn key(shown: &ShownAttempt) -> (&Option<String>, &Option<String>) {
    (&shown.record.request_id, &shown.record.function)
}

fn order(shown: &ShownAttempt) -> (&Option<String>, &Option<String>, Option<i64>) {
    (&shown.record.request_id, &shown.record.function, shown.record.started_at_ms)
}
