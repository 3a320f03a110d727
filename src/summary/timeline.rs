//! Attempts and failures over time, in buckets of a round width that suits the window.

use std::collections::BTreeMap;

use crate::account::bucket_width_ms;
use crate::model::{Category, Timestamp};
use crate::wire::{Failures, TimelineBucket};

/// Attempts and failures by bucket.
#[derive(Debug)]
pub(super) struct Timeline {
    width_ms: i64,
    buckets: BTreeMap<i64, (u64, u64)>,
    /// Failures by kind, of buckets that have any.
    failures: BTreeMap<i64, Failures>,
}

impl Timeline {
    /// Creates an empty timeline for a window of this length.
    pub(super) fn over(length_ms: i64) -> Self {
        Self { width_ms: bucket_width_ms(length_ms), buckets: BTreeMap::new(), failures: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, at: Timestamp, category: Category) {
        let number = self.bucket(at);
        let failed = category.is_failure();
        let bucket = self.buckets.entry(number).or_default();
        bucket.0 += 1;
        bucket.1 += u64::from(failed);
        if failed {
            self.failures.entry(number).or_default().add(category);
        }
    }

    /// Adds attempts that succeeded and began in the bucket of a moment.
    pub(super) fn add_successes(&mut self, at: Timestamp, attempts: u64) {
        self.buckets.entry(self.bucket(at)).or_default().0 += attempts;
    }

    /// Adds the counts of another timeline of the same window.
    pub(super) fn absorb(&mut self, other: &Self) {
        for (number, (attempts, failed)) in &other.buckets {
            let bucket = self.buckets.entry(*number).or_default();
            bucket.0 += attempts;
            bucket.1 += failed;
        }
        for (number, failures) in &other.failures {
            *self.failures.entry(*number).or_default() += failures;
        }
    }

    fn bucket(&self, at: Timestamp) -> i64 {
        at.ms().div_euclid(self.width_ms)
    }

    pub(super) fn buckets(&self) -> Vec<TimelineBucket> {
        self.buckets
            .iter()
            .filter_map(|(number, (attempts, failed))| {
                let start = Timestamp::from_ms(number * self.width_ms)?;
                let failures = self.failures.get(number).copied().unwrap_or_default();
                Some(TimelineBucket { start: start.to_string(), attempts: *attempts, failed: *failed, failures })
            })
            .collect()
    }
}
