//! Signs that the lines of a stream are in an order in which nobody wrote them: sorted by text, shuffled, patched together.

use super::Message;
use super::open::OpenAttempt;
use crate::model::{Place, Timestamp};

/// Time by which a line must be older than the line before it, as clocks and buffers shift lines a little.
const BACKWARDS_MS: i64 = 1_000;
/// Steps back in time that any stream may have: files of several days in a row, a few late lines.
const STEPS_ALLOWED: u32 = 8;

/// Steps in time from one line of the platform or error to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TimeSteps {
    last: Option<Timestamp>,
    forward: u32,
    back: u32,
    /// Where the first step back is.
    first_back: Option<Place>,
}

impl TimeSteps {
    pub(super) fn see(&mut self, message: &Message<'_>) {
        let Some(at) = message.at else { return };
        if let Some(last) = self.last.replace(at) {
            if last.ms_since(at) > BACKWARDS_MS {
                self.back = self.back.saturating_add(1);
                self.first_back.get_or_insert(message.place);
            } else if at > last {
                self.forward = self.forward.saturating_add(1);
            }
        }
    }

    /// Adds the steps of an earlier part.
    pub(super) fn add(&mut self, earlier: Self) {
        self.forward = self.forward.saturating_add(earlier.forward);
        self.back = self.back.saturating_add(earlier.back);
        self.first_back = earlier.first_back.or(self.first_back);
    }

    /// Returns the first step back, if there are too many of them.
    pub(super) fn disorder(&self) -> Option<Place> {
        self.first_back.filter(|_| self.back > STEPS_ALLOWED && u64::from(self.back) * 3 >= u64::from(self.forward))
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
