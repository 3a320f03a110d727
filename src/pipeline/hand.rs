//! One of the threads that share a large input: looks at the events of its chunks, and closes what came to an end in them.
//!
//! Only assembling needs the order of the input. What is judged goes into a ledger of the hand's own.

use std::sync::Arc;

use super::sift::sift_block;
use super::sink::InputSink;
use super::worker::{Closing, Worker};
use crate::assemble::Output;
use crate::decode::Hand;
use crate::model::{Attempt, Block, EventSink, Lines};
use crate::summary::StreamNames;
use crate::wire::Identity;

/// What was closed in the turn of a hand, and is not judged yet.
#[derive(Debug, Default)]
pub(super) struct Unjudged {
    attempts: Vec<Closed>,
    /// Memory for the lines of attempts: it goes round, as it is much more than they are.
    spare: Vec<Lines>,
}

/// An attempt that is closed but not judged.
#[derive(Debug)]
struct Closed {
    attempt: Attempt,
    identity: Arc<Identity>,
    names: StreamNames,
}

impl Unjudged {
    /// Takes an attempt, and leaves memory for the next one.
    pub(super) fn push(&mut self, attempt: &mut Attempt, identity: &Arc<Identity>, names: StreamNames) {
        let next = Attempt { lines: self.spare.pop().unwrap_or_default(), ..Attempt::default() };
        let attempt = std::mem::replace(attempt, next);
        self.attempts.push(Closed { attempt, identity: Arc::clone(identity), names });
    }
}

impl<'w, 'r> Hand<InputSink<'w, 'r>> for Worker<'r> {
    fn before(&mut self, block: &mut Block) {
        sift_block(block);
    }

    fn deliver(&mut self, block: Block, sink: &mut InputSink<'w, 'r>) -> Block {
        // What is closed in the chunk of a hand is judged by that hand.
        sink.worker().unjudged = Some(self.unjudged.take().unwrap_or_default());
        let block = sink.block(block);
        self.unjudged = sink.worker().unjudged.take();
        block
    }

    fn after(&mut self) {
        let Some(Unjudged { mut attempts, mut spare }) = self.unjudged.take() else { return };
        for Closed { mut attempt, identity, names } in attempts.drain(..) {
            Closing::new(self, &identity, names).closed(&mut attempt);
            attempt.lines.clear();
            spare.push(attempt.lines);
        }
        self.unjudged = Some(Unjudged { attempts, spare });
    }
}
