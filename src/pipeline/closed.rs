//! Attempts that are closed while a helper delivers its chunk in turn, and judged after that turn.

use std::sync::Arc;

use crate::model::{Attempt, Lines, Origin};
use crate::summary::StreamNames;

/// Attempts that were closed in the turn of a helper and are not judged yet.
#[derive(Debug, Default)]
pub(super) struct Unjudged {
    pub(super) attempts: Vec<Closed>,
    /// Buffers for the lines of attempts, which are reused because they are much larger than the attempts.
    pub(super) spare: Vec<Lines>,
}

/// An attempt that is closed but not judged.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) attempt: Attempt,
    pub(super) origin: Arc<Origin<String>>,
    pub(super) names: StreamNames,
}

impl Unjudged {
    /// Adds an attempt and leaves an empty one with a buffer in its place.
    pub(super) fn push(&mut self, attempt: &mut Attempt, origin: &Arc<Origin<String>>, names: StreamNames) {
        let next = Attempt { lines: self.spare.pop().unwrap_or_default(), ..Attempt::default() };
        let attempt = std::mem::replace(attempt, next);
        self.attempts.push(Closed { attempt, origin: Arc::clone(origin), names });
    }
}
