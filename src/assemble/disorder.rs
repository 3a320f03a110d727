//! Signs that the lines of a stream are in an order in which nobody wrote them: sorted by text, shuffled, patched together.

use super::Message;
use super::open::OpenAttempt;
use crate::model::{Place, Timestamp};

/// Time by which a line must be older than the line before it, as clocks and buffers shift lines a little.
const BACKWARDS_MS: i64 = 1_000;
/// Steps back in time that any stream may have: files of several days in a row, a few late lines.
const STEPS_ALLOWED: u32 = 8;

/// Steps in time from one line of the platform or error to the next, since the first step back.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeSteps {
    last: Timestamp,
    forward: u32,
    back: u32,
    /// Where the first step back is.
    first_back: Place,
}

impl TimeSteps {
    /// Takes a line; `latest` is the latest time before it. Most streams have no step back, and nothing to keep.
    pub(super) fn see(steps: &mut Option<Box<Self>>, latest: Option<Timestamp>, message: &Message<'_>) {
        let Some(at) = message.at else { return };
        let Some(steps) = steps else {
            if latest.is_some_and(|latest| latest.ms_since(at) > BACKWARDS_MS) {
                *steps = Some(Box::new(Self { last: at, forward: 0, back: 1, first_back: message.place }));
            }
            return;
        };
        if steps.last.ms_since(at) > BACKWARDS_MS {
            steps.back = steps.back.saturating_add(1);
        } else if at > steps.last {
            steps.forward = steps.forward.saturating_add(1);
        }
        steps.last = at;
    }

    /// Adds the steps of an earlier part.
    pub(super) fn add(later: &mut Option<Box<Self>>, earlier: Option<Box<Self>>) {
        match (later, earlier) {
            (Some(later), Some(earlier)) => {
                later.forward = later.forward.saturating_add(earlier.forward);
                later.back = later.back.saturating_add(earlier.back);
                later.first_back = earlier.first_back;
            }
            (later, earlier) => *later = later.take().or(earlier),
        }
    }

    /// Returns the first step back, if there are too many of them.
    pub(super) fn disorder(&self) -> Option<Place> {
        let many = self.back > STEPS_ALLOWED && u64::from(self.back) * 3 >= u64::from(self.forward);
        many.then_some(self.first_back)
    }
}

/// How START stands to an open attempt of the same request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StartOrder {
    /// It may well be as it was written.
    Plausible,
    /// The attempt ended before. It is another one, a retry, if it has an end of its own.
    BehindItsEnd,
    /// The attempt ended before, by the times or as its REPORT is still to come.
    Impossible,
}

impl StartOrder {
    pub(super) fn of(open: &OpenAttempt, start: &Message<'_>) -> Self {
        let ended = open.attempt.end_seen || open.is_reported();
        if !ended || !open.lacks_start() {
            return Self::Plausible;
        }
        match open.last_at.zip(start.at) {
            Some((last, at)) if at > last => Self::Plausible,
            None if open.is_reported() => Self::BehindItsEnd,
            _ => Self::Impossible,
        }
    }
}
