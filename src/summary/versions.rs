//! The versions of one function: when each was first seen, and how often it ran and failed.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Entry;
use super::traffic::Traffic;
use crate::model::Timestamp;
use crate::stats::RateBounds;
use crate::wire::{FunctionVersion, VersionSample, moment};

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

/// Fewest attempts of other versions beside a version, for which those before it do not count.
const ALONGSIDE: u64 = 20;
/// Fewest attempts before a version that it is compared with, if there are as many.
const BEFORE: u64 = 50;
/// Most versions of a function that are compared.
const COMPARED: usize = 256;

/// Returns what a version is compared with: others beside it, else the last ones before it. An outage hits all that run at
/// the time.
fn sample(traffic: &Traffic, version: u16, attempts: u64) -> Option<VersionSample> {
    let (first, last) = traffic.span(version)?;
    let of = |bounds: Range<Timestamp>| traffic.of_others(version, bounds);
    let (beside, failed) = of(first..next(last));
    if beside >= ALONGSIDE {
        return Some(VersionSample { alongside: true, attempts: beside, failed });
    }
    let earliest = Timestamp::from_ms(0)?;
    // The latest moment since which there are enough: farther back may be another state of things.
    let wanted = (attempts / 4).max(BEFORE);
    let (mut low, mut high) = (earliest.ms(), first.ms());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let enough = Timestamp::from_ms(middle).is_some_and(|middle| of(middle..first).0 >= wanted);
        *(if enough { &mut low } else { &mut high }) = middle;
    }
    let (attempts, failed) = of(Timestamp::from_ms(low)?..first);
    (attempts > 0).then_some(VersionSample { alongside: false, attempts, failed })
}

/// Returns the moment right after.
fn next(at: Timestamp) -> Timestamp {
    Timestamp::from_ms(at.ms() + 1).unwrap_or(at)
}

/// Returns whether so many failures are more than those of others, beyond chance.
fn is_worse(counts: &VersionCounts, others: VersionSample) -> bool {
    let rate = RateBounds::of(counts.failed, counts.attempts);
    counts.failed >= FAILED && rate.least > RateBounds::of(others.failed, others.attempts).most
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

    /// Lists the ids of the versions, the one with the latest first attempt last.
    pub(super) fn ids(&self) -> Vec<u16> {
        let mut seen: Vec<_> = self.counts.iter().map(|(id, counts)| (counts.first_seen, *id)).collect();
        seen.sort_unstable();
        seen.into_iter().map(|(_, id)| id).collect()
    }

    /// Returns the versions with their names, by their first attempt. They are compared by the traffic of the function,
    /// unless the log hides successes.
    pub(super) fn list(&self, names: &[String], traffic: &Traffic, rates_known: bool) -> Vec<FunctionVersion> {
        let name = |id: u16| names.get(usize::from(id) - 1);
        let mut seen: Vec<_> =
            self.counts.iter().filter_map(|(id, counts)| Some((counts.first_seen, name(*id)?, *id, counts))).collect();
        seen.sort_by_key(|(first_seen, name, ..)| (*first_seen, *name));
        let compared = rates_known && (2..=COMPARED).contains(&seen.len());
        seen.into_iter()
            .map(|(first_seen, name, id, counts)| {
                let others = compared.then(|| sample(traffic, id, counts.attempts)).flatten();
                FunctionVersion {
                    version: name.clone(),
                    first_seen: moment(first_seen),
                    attempts: counts.attempts,
                    failed: counts.failed,
                    last_seen: moment(traffic.span(id).map(|(_, last)| last)),
                    compared_with: others,
                    worse: others.is_some_and(|others| is_worse(counts, others)),
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
