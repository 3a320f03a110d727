//! The part of a stream that one input has, until it is joined with the others.

use crate::model::Origin;
use std::sync::Arc;

use crate::assemble::Part;
use crate::summary::StreamNames;

/// A part of a stream, waiting for the others.
#[derive(Debug)]
pub(super) struct StreamPart {
    /// Hash of the stream, equal for all its parts; `None` where the input does not tell streams apart.
    pub(super) stream: Option<u64>,
    pub(super) origin: Arc<Origin<String>>,
    pub(super) names: StreamNames,
    pub(super) input: u32,
    pub(super) part: Part,
}
