//! One stretch of a stream as one input has it, until it is joined with the others.

use std::sync::Arc;

use crate::assemble::Part;
use crate::summary::StreamNames;
use crate::wire::Identity;

/// One end-to-end stretch of a stream, waiting for the others.
#[derive(Debug)]
pub(super) struct StreamPart {
    /// Equal for the parts of one stream; `None` where the input does not tell streams apart.
    pub(super) stream: Option<u64>,
    pub(super) identity: Arc<Identity>,
    pub(super) names: StreamNames,
    pub(super) input: u32,
    pub(super) part: Part,
}
