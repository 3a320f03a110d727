//! Attempts and failures over time, in buckets of a round width that suits the window.

use std::collections::BTreeMap;

use crate::model::{Category, Timestamp};
use crate::wire::{Failures, TimelineBucket};

/// Round widths, in seconds: from a second to a week.
const WIDTHS_S: [i64; 14] = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800];
/// Most buckets of a window.
const BUCKETS: i64 = 60;

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
        let width_s = WIDTHS_S.into_iter().find(|width| width * 1_000 * BUCKETS >= length_ms);
        let widest = WIDTHS_S[WIDTHS_S.len() - 1] * 1_000;
        // Windows of more than sixty weeks have buckets of several whole weeks.
        let width_ms = width_s.map_or_else(|| (length_ms / BUCKETS / widest + 1) * widest, |width| width * 1_000);
        Self { width_ms, buckets: BTreeMap::new(), failures: BTreeMap::new() }
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
