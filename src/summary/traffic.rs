//! The attempts of one function over time, by version.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Entry;
use crate::model::Timestamp;

/// Start times of a function's attempts, by version. Eight bytes per attempt, and as many again for one that failed, held
/// for one function at a time.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    starts: BTreeMap<u16, Vec<Timestamp>>,
    failed: BTreeMap<u16, Vec<Timestamp>>,
}

impl Traffic {
    pub(super) fn add(&mut self, attempt: &Entry) {
        if let Some(at) = attempt.started_at() {
            self.starts.entry(attempt.version).or_default().push(at);
            if attempt.category().is_failure() {
                self.failed.entry(attempt.version).or_default().push(at);
            }
        }
    }

    /// Sorts the starts, which all queries require. The sort is fast on stretches that are already in order.
    pub(super) fn sort(&mut self) {
        self.starts.values_mut().chain(self.failed.values_mut()).for_each(|starts| starts.sort());
    }

    pub(super) fn append(&mut self, other: Self) {
        for (version, mut starts) in other.starts {
            self.starts.entry(version).or_default().append(&mut starts);
        }
        for (version, mut starts) in other.failed {
            self.failed.entry(version).or_default().append(&mut starts);
        }
    }

    /// Returns the start of the first and of the last attempt of a version.
    pub(super) fn span(&self, version: u16) -> Option<(Timestamp, Timestamp)> {
        let starts = self.starts.get(&version)?;
        Some((*starts.first()?, *starts.last()?))
    }

    /// Returns the attempts of other versions that started within these bounds, and how many of them failed.
    pub(super) fn of_others(&self, version: u16, bounds: Range<Timestamp>) -> (u64, u64) {
        let count = |all: &BTreeMap<u16, Vec<Timestamp>>| {
            let others = all.iter().filter(|(other, _)| **other > 0 && **other != version);
            let within = |starts: &Vec<Timestamp>| {
                let before = |moment: Timestamp| starts.partition_point(|at| *at < moment);
                before(bounds.end).saturating_sub(before(bounds.start)) as u64
            };
            others.map(|(_, starts)| within(starts)).sum()
        };
        (count(&self.starts), count(&self.failed))
    }

    pub(super) fn of_versions(&self, versions: &BTreeSet<u16>, from: Timestamp, to: Option<Timestamp>) -> u64 {
        let between = |starts: &[Timestamp]| {
            let first = starts.partition_point(|at| *at < from);
            let end = to.map_or(starts.len(), |to| starts.partition_point(|at| *at <= to));
            end.saturating_sub(first) as u64
        };
        let wanted = self.starts.iter().filter(|(version, _)| versions.is_empty() || versions.contains(version));
        wanted.map(|(_, starts)| between(starts)).sum()
    }

    /// Returns the start of the first attempt of a version.
    pub(super) fn first_of(&self, version: u16) -> Option<Timestamp> {
        self.starts.get(&version)?.first().copied()
    }

    /// Returns the number of attempts of the versions whose first attempt started before this moment.
    pub(super) fn of_versions_before(&self, moment: Timestamp) -> u64 {
        let earlier = |(version, starts): &(&u16, &Vec<Timestamp>)| **version > 0 && starts.first() < Some(&moment);
        self.starts.iter().filter(earlier).map(|(_, starts)| starts.len() as u64).sum()
    }

    /// Returns the number of attempts that started after this moment.
    pub(super) fn after(&self, moment: Timestamp) -> u64 {
        self.starts.values().map(|starts| (starts.len() - starts.partition_point(|at| *at <= moment)) as u64).sum()
    }
}
