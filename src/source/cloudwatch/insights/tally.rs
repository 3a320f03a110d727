//! Numbers of one log group: what the queries counted there, less what was fetched.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::client::ResultRow;
use super::stretch::StreamEvent;
use crate::account::{CountedSuccesses, cell_of, duration_of_cell};
use crate::lambda::platform::step_of_request;
use crate::lambda::reports::ReportFigures;

/// Share of the memory from which on an attempt is near its limit.
const NEAR: f64 = 0.95;

/// Numbers of a log group.
#[derive(Debug, Default)]
pub(super) struct GroupTally {
    /// Attempts by the bucket in which they began.
    starts: BTreeMap<i64, i64>,
    first_ms: Option<i64>,
    reports: i64,
    cold: i64,
    near: i64,
    durations: BTreeMap<i32, i64>,
    /// Longest duration of all attempts.
    longest_ms: Option<f64>,
    /// REPORTs without a duration that can be read.
    untimed: i64,
    /// Lines that are not fetched, where they were counted.
    lines: i64,
    /// STARTs and REPORTs by the hash of their request id that are not fetched, for ids that have not just one of each.
    repeated: FxHashMap<u64, Repeated>,
    /// STARTs less REPORTs of what was fetched, by the hash of the request id, for all others.
    halves: FxHashMap<u64, i64>,
}

/// A request id that has not just one START and one REPORT.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Repeated {
    pub(super) id: String,
    /// STARTs and REPORTs that are not fetched.
    starts: i64,
    reports: i64,
    /// Time of its first and of its last line.
    pub(super) first: i64,
    pub(super) last: i64,
}

/// Largest number in a row: times in milliseconds are smaller, and the sum of all rows fits in 64 bits.
const MOST: f64 = 1e13;

/// Returns the number in a field of a row.
pub(super) fn number(row: &ResultRow, field: &str) -> Option<f64> {
    row.get(field)?.parse().ok().filter(|number: &f64| number.abs() <= MOST)
}

impl GroupTally {
    /// Adds a row of the query *course*.
    pub(super) fn course(&mut self, row: &ResultRow) {
        if let (Some(bucket), Some(starts)) = (number(row, "bucket"), number(row, "starts")) {
            *self.starts.entry(bucket as i64).or_default() += starts as i64;
        }
        let first = number(row, "first").map(|first| first as i64);
        self.first_ms = [self.first_ms, first].into_iter().flatten().min();
    }

    /// Adds a row of the query *durations*.
    pub(super) fn duration(&mut self, row: &ResultRow) {
        let of = |field| number(row, field).unwrap_or(0.0) as i64;
        self.reports += of("reports");
        self.untimed += of("reports") - of("timed");
        self.cold += of("colds");
        self.near += of("nears");
        // Without a duration there is no cell.
        if let Some(cell) = number(row, "cell") {
            *self.durations.entry(cell as i32).or_default() += of("reports");
        }
        self.longest_ms = [self.longest_ms, number(row, "longest")].into_iter().flatten().reduce(f64::max);
    }

    /// Returns whether no attempt begins or ends.
    pub(super) fn is_silent(&self) -> bool {
        self.starts.values().all(|starts| *starts == 0) && self.reports == 0
    }

    /// Adds a row of the query *presence*.
    pub(super) fn presence(&mut self, row: &ResultRow) {
        self.lines += number(row, "lines").unwrap_or(0.0) as i64;
    }

    /// Adds a row of the query *repeated*.
    pub(super) fn repeated(&mut self, row: &ResultRow) -> Option<Repeated> {
        let of = |field| number(row, field).unwrap_or(0.0) as i64;
        let one = Repeated {
            id: row.get("id")?.clone(),
            starts: of("starts"),
            reports: of("reports"),
            first: number(row, "first")? as i64,
            last: number(row, "last")? as i64,
        };
        self.repeated.insert(xxh3_64(one.id.as_bytes()), one.clone());
        Some(one)
    }

    /// Takes off an attempt that was fetched.
    pub(super) fn fetched(&mut self, events: &[StreamEvent], bucket_ms: i64) {
        let mut has_start = false;
        self.lines -= i64::try_from(events.len()).unwrap_or(i64::MAX);
        for event in events {
            let Some((id, step)) = step_of_request(event.message.as_bytes()) else { continue };
            let mut repeated = self.repeated.get_mut(&id);
            match step {
                0 => {
                    has_start = true;
                    *self.starts.entry(event.at.div_euclid(bucket_ms)).or_default() -= 1;
                    match &mut repeated {
                        Some(one) => one.starts -= 1,
                        None => *self.halves.entry(id).or_default() += 1,
                    }
                }
                2 => {
                    self.reports -= 1;
                    match &mut repeated {
                        Some(one) => one.reports -= 1,
                        None => *self.halves.entry(id).or_default() -= 1,
                    }
                    let figures = ReportFigures::find(&event.message);
                    self.report(&figures);
                    // An attempt that began before the window is not of it, however long it was.
                    let is_longest = |ms: f64| self.longest_ms.is_some_and(|longest| ms >= longest - 0.005);
                    if !has_start && figures.duration_ms.is_some_and(is_longest) {
                        self.longest_ms = None;
                    }
                }
                _ => {}
            }
        }
    }

    fn report(&mut self, figures: &ReportFigures) {
        self.cold -= i64::from(figures.is_cold);
        if let Some((size, used)) = figures.memory_size_mb.zip(figures.max_memory_used_mb) {
            self.near -= (used / size / NEAR).floor() as i64;
        }
        let Some(ms) = figures.duration_ms else {
            self.untimed -= 1;
            return;
        };
        // Where the log is, the same cell may be computed with another rounding.
        let cell = cell_of(ms);
        let near = [cell, cell - 1, cell + 1];
        let full = near.into_iter().find(|cell| self.durations.get(cell).is_some_and(|attempts| *attempts > 0));
        *self.durations.entry(full.unwrap_or(cell)).or_default() -= 1;
    }

    /// Returns the duration that 99 of a hundred attempts do not exceed, in milliseconds.
    pub(super) fn usual_ms(&self) -> i64 {
        let all: i64 = self.durations.values().sum();
        let mut seen = 0;
        let mut cells = self.durations.iter();
        let cell = cells.find(|(_, attempts)| {
            seen += **attempts;
            seen * 100 >= all * 99
        });
        cell.map_or(0, |(cell, _)| i64::from(duration_of_cell(cell.saturating_add(1)) / 100).saturating_add(1))
    }

    /// Returns the longest duration of all attempts, in milliseconds.
    pub(super) fn longest_ms(&self) -> Option<i64> {
        self.longest_ms.map(|ms| ms.ceil() as i64)
    }

    /// Returns the request ids of which attempts are not fetched.
    pub(super) fn missing(&self) -> Vec<&Repeated> {
        let mut all: Vec<&Repeated> =
            self.repeated.values().filter(|one| one.starts != 0 || one.reports != 0).collect();
        all.sort_by(|one, other| one.id.cmp(&other.id));
        all
    }

    /// Returns how many lines there are of which nothing is known, if no attempt begins or ends in any.
    pub(super) fn not_understood(&self) -> Option<i64> {
        Some(self.lines).filter(|lines| *lines > 0)
    }

    /// Returns what was counted and not fetched, or why that cannot be successes alone.
    pub(super) fn counted(&self, bucket_ms: i64) -> Result<CountedSuccesses, String> {
        let starts: i64 = self.starts.values().sum();
        if let Some(first) = self.missing().first() {
            return Err(format!("of request {} not every attempt was found", first.id));
        }
        // Of attempts side by side one may be fetched in part, and another counts for the rest of it.
        let parts = self.halves.values().filter(|left| **left != 0).count();
        if parts > 0 {
            return Err(format!(
                "some attempts ({parts}) were fetched only in part: several requests run at once (Managed Instances), or \
                 lines are missing"
            ));
        }
        if self.starts.values().chain(self.durations.values()).any(|left| *left < 0) || self.cold < 0 {
            return Err("the queries counted less than was fetched".to_owned());
        }
        if self.untimed != 0 {
            return Err(format!("of some attempts ({}) the REPORT has no duration that can be read", self.untimed));
        }
        if starts != self.reports {
            return Err(format!(
                "of the attempts that were not fetched {starts} began and {} ended: the log grew between two queries, or \
                 lacks lines",
                self.reports
            ));
        }
        let positive = |count: i64| u64::try_from(count).unwrap_or(0);
        let longest = self.longest_ms.map(|ms| (ms * 100.0).round() as u32);
        Ok(CountedSuccesses {
            known: true,
            first_ms: self.first_ms,
            starts: self
                .starts
                .iter()
                .filter(|(_, left)| **left > 0)
                .map(|(bucket, left)| (bucket.saturating_mul(bucket_ms), positive(*left)))
                .collect(),
            cold_starts: positive(self.cold),
            near_memory_limit: positive(self.near),
            durations: self
                .durations
                .iter()
                .filter(|(_, left)| **left > 0)
                .map(|(cell, left)| (*cell, positive(*left)))
                .collect(),
            longest,
            ..CountedSuccesses::default()
        })
    }
}
