//! One of the threads that share a large input: looks at the events of its chunks, and closes what came to an end in them.
//!
//! Only assembling needs the order of the input. What is judged goes into a ledger of the hand's own.

use std::sync::Arc;

use super::sift::sift_block;
use super::sink::InputSink;
use super::worker::{Closing, Worker};
use crate::assemble::Output;
use crate::decode::Hand;
use crate::model::{Attempt, Block, EventSink};
use crate::summary::StreamNames;
use crate::wire::Identity;

/// Attempts that wait to be judged, at most.
const MOST: usize = 64;

/// An attempt that is closed but not judged.
#[derive(Debug)]
pub(super) struct Unjudged {
    pub(super) attempt: Attempt,
    pub(super) identity: Arc<Identity>,
    pub(super) names: StreamNames,
}

impl<'w, 'r> Hand<InputSink<'w, 'r>> for Worker<'r> {
    fn before(&mut self, block: &mut Block) {
        sift_block(block);
    }

    fn deliver(&mut self, block: Block, sink: &mut InputSink<'w, 'r>) -> Block {
        // What is closed in the chunk of a hand is judged by that hand.
        let unjudged = self.unjudged.take();
        let worker = sink.worker();
        worker.unjudged = Some(unjudged.unwrap_or_default());
        let block = sink.block(block);
        self.unjudged = sink.worker().unjudged.take();
        block
    }

    fn after(&mut self) {
        for Unjudged { mut attempt, identity, names } in self.unjudged.take().into_iter().flatten() {
            Closing::new(self, &identity, names).closed(&mut attempt);
        }
    }

    fn is_behind(&self) -> bool {
        self.unjudged.as_ref().is_some_and(|unjudged| unjudged.len() >= MOST)
    }
}
