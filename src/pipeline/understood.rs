//! The share of each log that was understood, for a run that asks for nearly all of it.

use std::collections::BTreeMap;

use crate::model::Bucket;
use crate::source::Input;
use crate::wire::InputProblem;

/// Part of the bytes of a log that must be understood, in percent.
const ENOUGH_PERCENT: u64 = 95;

/// What is known of the bytes of one input.
#[derive(Clone, Copy, Debug, Default)]
struct LogBytes {
    /// Bytes after decompression.
    decoded: u64,
    /// Bytes that no attempt, environment or other known log accounts for.
    missed: u64,
    /// Messages before the first and after the last attempt of a stream.
    outside: u64,
    /// Whether a line of the platform, a record of ours or another kind of log was read in it.
    read: bool,
}

impl LogBytes {
    fn add(&mut self, other: Self) {
        self.decoded += other.decoded;
        self.missed += other.missed;
        self.outside += other.outside;
        self.read |= other.read;
    }

    /// Returns the understood part in percent, if it is too small. Prose around a log is no part of it.
    fn too_small(self) -> Option<u64> {
        let (missed, all) = if self.read {
            (self.missed, self.decoded.saturating_sub(self.outside))
        } else {
            (self.missed + self.outside, self.decoded)
        };
        let understood = all.saturating_sub(missed) * 100;
        (understood < all * ENOUGH_PERCENT).then(|| understood / all)
    }
}

/// Counts by index of the input.
#[derive(Debug, Default)]
pub(super) struct UnderstoodBytes(BTreeMap<u32, LogBytes>);

impl UnderstoodBytes {
    /// Counts bytes of messages of an input, which reach a bucket when their attempt is closed.
    pub(super) fn count(&mut self, input: u32, bucket: Bucket, bytes: u64) {
        let log = self.0.entry(input).or_default();
        match bucket {
            Bucket::Attributed | Bucket::Environment | Bucket::OtherLogs => {}
            Bucket::Outside => log.outside += bytes,
            Bucket::Unattributed | Bucket::Dropped | Bucket::Unrecognized => log.missed += bytes,
        }
    }

    /// Counts an input that was decoded.
    pub(super) fn decoded(&mut self, input: u32, decoded: u64, read: bool) {
        self.0.entry(input).or_default().add(LogBytes { decoded, read, ..LogBytes::default() });
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (input, bytes) in other.0 {
            self.0.entry(input).or_default().add(bytes);
        }
    }

    /// Returns the logs of which too little was understood.
    pub(super) fn too_small(&self, inputs: &[Input]) -> Vec<InputProblem> {
        let problem = |(at, log): (&u32, &LogBytes)| {
            let percent = log.too_small()?;
            let input = inputs.get(*at as usize)?.name.clone();
            Some(InputProblem { input, reason: format!("only {percent}% of its bytes could be given to an attempt") })
        };
        self.0.iter().filter_map(problem).collect()
    }
}
