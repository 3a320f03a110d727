//! The versions of one function: when each was first seen, and how often it ran and failed.

use std::collections::BTreeSet;

use super::Entry;
use crate::model::Timestamp;
use crate::stats::RateBounds;
use crate::wire::{FunctionVersion, moment};

/// Fewest failures of a version that is called worse than those before it.
const FAILED: u64 = 5;

/// Counts by version, sorted by its id.
#[derive(Debug, Default)]
pub(super) struct Versions {
    counts: Vec<(u16, VersionCounts)>,
    /// Index of the version that was counted last: nearly always it comes again.
    last: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct VersionCounts {
    first_seen: Option<Timestamp>,
    attempts: u64,
    failed: u64,
}

impl VersionCounts {
    /// Returns whether its attempts fail more often than those of the versions before it, beyond chance.
    fn is_worse_than(&self, before: &Self) -> bool {
        let rate = |counts: &Self| RateBounds::of(counts.failed, counts.attempts);
        self.failed >= FAILED && rate(self).least > rate(before).most
    }
}

impl Versions {
    /// Counts an attempt; an environment that failed counts as seen, but is no attempt.
    pub(super) fn add(&mut self, entry: &Entry, is_attempt: bool) {
        if entry.version == 0 {
            return;
        }
        let failed = is_attempt && entry.category().is_failure();
        let one = VersionCounts {
            first_seen: entry.started_at(),
            attempts: u64::from(is_attempt),
            failed: u64::from(failed),
        };
        self.count(entry.version, one);
    }

    fn count(&mut self, version: u16, more: VersionCounts) {
        if self.counts.get(self.last).is_none_or(|(known, _)| *known != version) {
            let found = self.counts.binary_search_by_key(&version, |(known, _)| *known);
            self.last = found.unwrap_or_else(|at| {
                self.counts.insert(at, (version, VersionCounts::default()));
                at
            });
        }
        let (_, counts) = &mut self.counts[self.last];
        counts.first_seen = [counts.first_seen, more.first_seen].into_iter().flatten().min();
        counts.attempts += more.attempts;
        counts.failed += more.failed;
    }

    pub(super) fn absorb(&mut self, other: &Self) {
        for (version, counts) in &other.counts {
            self.count(*version, *counts);
        }
    }

    /// Returns the versions with their names, by their first attempt. Where the log hides successes, rates are not known.
    pub(super) fn list(&self, names: &[String], rates_known: bool) -> Vec<FunctionVersion> {
        let name = |id: u16| names.get(usize::from(id) - 1);
        let mut seen: Vec<_> =
            self.counts.iter().filter_map(|(id, counts)| Some((counts.first_seen, name(*id)?, counts))).collect();
        seen.sort_by_key(|(first_seen, name, _)| (*first_seen, *name));
        let mut before = VersionCounts::default();
        seen.into_iter()
            .map(|(first_seen, name, counts)| {
                let worse = rates_known && counts.is_worse_than(&before);
                before.attempts += counts.attempts;
                before.failed += counts.failed;
                FunctionVersion {
                    version: name.clone(),
                    first_seen: moment(first_seen),
                    attempts: counts.attempts,
                    failed: counts.failed,
                    worse,
                }
            })
            .collect()
    }
}

/// Returns the names of versions, sorted.
pub(super) fn names_of(ids: &BTreeSet<u16>, names: &[String]) -> Vec<String> {
    let mut versions: Vec<String> =
        ids.iter().filter_map(|id| names.get(usize::from(*id).checked_sub(1)?).cloned()).collect();
    versions.sort_unstable();
    versions
}
