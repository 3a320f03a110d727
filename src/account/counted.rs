//! Successes that a pull counted where the log is, by Logs Insights, and did not read: they are added to what was read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// Round widths of buckets of time, in seconds: from a second to a week.
const WIDTHS_S: [i64; 14] = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800];
/// Most buckets of a window.
const BUCKETS: i64 = 60;

/// Returns the width of the buckets of a timeline over so many milliseconds.
#[must_use]
pub(crate) fn bucket_width_ms(length_ms: i64) -> i64 {
    let width_s = WIDTHS_S.into_iter().find(|width| width * 1_000 * BUCKETS >= length_ms);
    let widest = WIDTHS_S[WIDTHS_S.len() - 1] * 1_000;
    // Windows of more than sixty weeks have buckets of several whole weeks.
    width_s.map_or_else(|| (length_ms / BUCKETS / widest + 1) * widest, |width| width * 1_000)
}

/// Cells of durations in a factor of *e*: neighbours are 4 % apart.
pub(crate) const CELLS_PER_E: f64 = 25.0;
/// Shortest duration that has a cell of its own, in milliseconds.
#[cfg(any(test, feature = "cloudwatch"))]
pub(crate) const LEAST_MS: f64 = 0.01;

/// Returns the cell of a duration. A query of ours computes the same where the log is.
#[must_use]
#[cfg(any(test, feature = "cloudwatch"))]
pub(crate) fn cell_of(ms: f64) -> i32 {
    (ms.max(LEAST_MS).ln() * CELLS_PER_E).floor() as i32
}

/// Returns the duration that stands for a cell, in hundredths of a millisecond: at most 2.1 % from any in it, besides the
/// rounding to hundredths.
#[must_use]
pub(crate) fn duration_of_cell(cell: i32) -> u32 {
    (((f64::from(cell) + 0.5) / CELLS_PER_E).exp() * 100.0).round() as u32
}

/// Successes of one log group that were counted and not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CountedSuccesses {
    /// Name of the function.
    pub function: String,
    pub account_id: Option<String>,
    pub region: Option<String>,
    /// Name of the log group.
    pub log_group: Option<String>,
    /// First and last millisecond of the time in which they were counted.
    pub from_ms: i64,
    pub to_ms: i64,
    /// Whether they could be counted; if not, nobody knows how many there are.
    pub known: bool,
    /// First millisecond in which an attempt of the log group began, one that was read included.
    pub first_ms: Option<i64>,
    /// Number of attempts by the first millisecond of the bucket of time in which they began.
    pub starts: Vec<(i64, u64)>,
    /// Attempts with an init or restore duration.
    pub cold_starts: u64,
    /// Attempts that used 95 % or more of their memory.
    pub near_memory_limit: u64,
    /// Number of attempts by cell of their duration.
    pub durations: Vec<(i32, u64)>,
    /// Longest duration of all attempts of the log group, those that were read included, in hundredths of a millisecond;
    /// `None` if it is not known.
    pub longest: Option<u32>,
}

impl CountedSuccesses {
    /// Returns whether the numbers are such as a query can count: a damaged file may hold any.
    fn is_plausible(&self) -> bool {
        const ROWS: usize = 1_000_000;
        const MOST: u64 = 10_000_000_000_000;
        let counts = self.starts.iter().map(|(_, count)| *count).chain(self.durations.iter().map(|(_, count)| *count));
        let mut counts = counts.chain([self.cold_starts, self.near_memory_limit]);
        self.starts.len() + self.durations.len() <= ROWS && counts.all(|count| count <= MOST / 1_000)
    }

    /// Returns the number of attempts.
    #[must_use]
    pub(crate) fn attempts(&self) -> u64 {
        self.starts.iter().fold(0, |all, (_, attempts)| attempts.saturating_add(all))
    }
}

/// What is known of the successes of a function that were counted and not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfFunction<'c> {
    /// They are these.
    Known(&'c CountedSuccesses),
    /// Some were not read, and their number is not known.
    Unknown,
}

/// Counted successes of all functions.
#[derive(Debug, Default)]
pub(crate) struct AllCounted {
    of: BTreeMap<String, Vec<CountedSuccesses>>,
}

impl AllCounted {
    /// Adds what one pull counted.
    pub(crate) fn add(&mut self, mut one: CountedSuccesses) {
        if !one.is_plausible() {
            (one.known, one.starts, one.durations) = (false, Vec::new(), Vec::new());
        }
        self.of.entry(one.function.clone()).or_default().push(one);
    }

    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// Returns when the first attempt began of all that are known.
    #[must_use]
    pub(crate) fn first(&self) -> Option<Timestamp> {
        let known = self.all().filter(|one| one.known);
        known.filter_map(|one| one.first_ms).min().and_then(Timestamp::from_ms)
    }

    /// Returns the length of the longest time in which successes were counted, in milliseconds; 0 for none.
    #[must_use]
    pub(crate) fn longest_ms(&self) -> i64 {
        self.all().map(|one| one.to_ms.saturating_sub(one.from_ms)).max().unwrap_or(0)
    }

    /// Returns all of them, by function.
    pub(crate) fn all(&self) -> impl Iterator<Item = &CountedSuccesses> {
        self.of.values().flatten()
    }

    /// Returns what is known of a function; `None` if all of its attempts were to be read. Counts of several pulls may be of
    /// the same attempts, and those of a longer time do not tell those of a shorter one.
    #[must_use]
    pub(crate) fn of_function(
        &self,
        name: Option<&str>,
        (account_id, region): (Option<&str>, Option<&str>),
        (from, to): (Option<Timestamp>, Option<Timestamp>),
    ) -> Option<OfFunction<'_>> {
        let same = |ours: &Option<String>, theirs: Option<&str>| {
            ours.is_none() || theirs.is_none() || ours.as_deref() == theirs
        };
        let is_its = |one: &&CountedSuccesses| same(&one.account_id, account_id) && same(&one.region, region);
        let mut its = self.of.get(name?)?.iter().filter(is_its);
        let first = its.next()?;
        let is_within =
            from.is_none_or(|from| from.ms() <= first.from_ms) && to.is_none_or(|to| first.to_ms <= to.ms());
        let is_known = its.next().is_none() && first.known && is_within;
        Some(if is_known { OfFunction::Known(first) } else { OfFunction::Unknown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stands_for_durations_near_it() {
        for ms in [0.5, 1.0, 3.5, 61.2, 99.99, 3_000.0, 899_999.5] {
            let told = f64::from(duration_of_cell(cell_of(ms))) / 100.0;
            assert!((told - ms).abs() <= ms * 0.0215 + 0.005, "{ms} as {told}");
        }
        assert!(cell_of(0.0) == cell_of(LEAST_MS) && cell_of(f64::NAN) == cell_of(LEAST_MS));
    }

    #[test]
    fn numbers_that_nobody_counted_are_not_taken() {
        let mut counted = AllCounted::default();
        let wrong = CountedSuccesses { function: "pay".to_owned(), known: true, ..CountedSuccesses::default() };
        counted.add(CountedSuccesses { starts: vec![(0, u64::MAX), (1, 2)], ..wrong });
        assert_eq!(counted.of_function(Some("pay"), (None, None), (None, None)), Some(OfFunction::Unknown));
        assert_eq!(counted.all().map(CountedSuccesses::attempts).sum::<u64>(), 0);
    }

    #[test]
    fn counts_are_of_one_pull_and_all_of_its_time() {
        let at = |ms: i64| Timestamp::from_ms(ms);
        let one =
            CountedSuccesses { function: "pay".to_owned(), to_ms: 10, known: true, ..CountedSuccesses::default() };
        let mut counted = AllCounted::default();
        counted.add(one.clone());
        let of = |counted: &AllCounted, from, to| {
            counted.of_function(Some("pay"), (Some("1"), None), (from, to)).map(|of| of != OfFunction::Unknown)
        };
        assert_eq!(of(&counted, None, None), Some(true));
        assert_eq!(of(&counted, at(0), at(10)), Some(true));
        assert_eq!(of(&counted, at(1), None), Some(false));
        assert_eq!(of(&counted, None, at(9)), Some(false));
        assert_eq!(counted.of_function(Some("ship"), (None, None), (None, None)), None);
        counted.add(one);
        assert_eq!(of(&counted, None, None), Some(false));
    }
}
