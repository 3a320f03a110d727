//! Attempts that are closed in the turn of a helper and judged after it.

use std::sync::Arc;

use crate::model::{Attempt, Lines};
use crate::summary::StreamNames;
use crate::wire::Identity;

/// What was closed in the turn of a helper, and is not judged yet.
#[derive(Debug, Default)]
pub(super) struct Unjudged {
    pub(super) attempts: Vec<Closed>,
    /// Memory for the lines of attempts: it goes round, as it is much more than they are.
    pub(super) spare: Vec<Lines>,
}

/// An attempt that is closed but not judged.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) attempt: Attempt,
    pub(super) identity: Arc<Identity>,
    pub(super) names: StreamNames,
}

impl Unjudged {
    /// Takes an attempt, and leaves memory for the next one.
    pub(super) fn push(&mut self, attempt: &mut Attempt, identity: &Arc<Identity>, names: StreamNames) {
        let next = Attempt { lines: self.spare.pop().unwrap_or_default(), ..Attempt::default() };
        let attempt = std::mem::replace(attempt, next);
        self.attempts.push(Closed { attempt, identity: Arc::clone(identity), names });
    }
}
