//! One of the threads that share a large input: looks at the events of its chunks, and closes what came to an end in them.
//!
//! Only assembling needs the order of the input. What is judged goes into entries of the helper's own.

use super::closed::{Closed, Unjudged};
use super::judge::Closing;
use super::sift::sift_block;
use super::sink::InputSink;
use super::worker::Worker;
use crate::assemble::Output;
use crate::decode::ChunkHelper;
use crate::model::{Block, EventSink};

impl<'w, 'r> ChunkHelper<InputSink<'w, 'r>> for Worker<'r> {
    fn before(&mut self, block: &mut Block) {
        sift_block(block);
    }

    fn deliver(&mut self, block: Block, sink: &mut InputSink<'w, 'r>) -> Block {
        // What is closed in the chunk of a helper is judged by that helper.
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
