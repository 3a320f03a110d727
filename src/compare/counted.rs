//! What is counted on each side: failed events out of the finished events of the functions concerned, and attempts to be
//! shown.

use std::collections::{BTreeMap, BTreeSet};

use super::judged::Trial;
use super::scattered::{Cells, scatter};
use super::{CausePair, RowPair};
use crate::model::Category;
use crate::stats::{RateBounds, Share};
use crate::wire::{Cause, FunctionSummary, SideCounts, Summary};

/// What tells functions apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FunctionPlace<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) account: Option<&'a str>,
    pub(super) region: Option<&'a str>,
    /// Log groups, where there is no name.
    groups: &'a [String],
}

impl<'a> FunctionPlace<'a> {
    pub(super) fn of(row: &'a FunctionSummary) -> Self {
        let name = row.function.as_deref();
        Self {
            name,
            account: row.account_id.as_deref(),
            region: row.region.as_deref(),
            groups: if name.is_some() { &[] } else { &row.log_groups },
        }
    }
}

/// The functions of one side by name: a cause tells no more of its functions.
pub(super) struct SideRows<'a> {
    by_name: BTreeMap<Option<&'a str>, Vec<&'a FunctionSummary>>,
}

impl<'a> SideRows<'a> {
    pub(super) fn of(summary: &'a Summary) -> Self {
        let mut by_name: BTreeMap<Option<&str>, Vec<&FunctionSummary>> = BTreeMap::new();
        for row in &summary.functions {
            by_name.entry(row.function.as_deref()).or_default().push(row);
        }
        Self { by_name }
    }

    fn named<'s>(&'s self, names: &'s BTreeSet<Option<&str>>) -> impl Iterator<Item = &'a FunctionSummary> + 's {
        names.iter().filter_map(|name| self.by_name.get(name)).flatten().copied()
    }

    /// Returns the finished attempts and events of these functions; `None` where the log hides successes, or where the
    /// summary lacks a function of a cause that it has.
    fn traffic(&self, names: &BTreeSet<Option<&str>>, cause: Option<&Cause>) -> Option<FinishedTraffic> {
        let mut own = cause.into_iter().flat_map(|cause| &cause.functions);
        if own.any(|name| !self.by_name.contains_key(&name.as_deref())) {
            return None;
        }
        self.named(names).try_fold(FinishedTraffic::default(), |sum, row| {
            let one = FinishedTraffic::of(row)?;
            Some(FinishedTraffic { attempts: sum.attempts + one.attempts, events: sum.events + one.events })
        })
    }
}

/// Finished attempts, and the events that they are of.
#[derive(Clone, Copy, Debug, Default)]
struct FinishedTraffic {
    attempts: u64,
    events: u64,
}

impl FinishedTraffic {
    fn of(row: &FunctionSummary) -> Option<Self> {
        let attempts = row.attempts.saturating_sub(row.incomplete);
        // The summary does not tell which events have finished attempts only.
        let events = (u128::from(row.events) * u128::from(attempts)).div_ceil(u128::from(row.attempts.max(1))) as u64;
        // An init that failed without a request is a case of its own.
        knows_traffic(row).then_some(Self { attempts, events: events + row.environment_failures })
    }
}

/// Returns whether the log shows what succeeded.
pub(super) fn knows_traffic(row: &FunctionSummary) -> bool {
    row.failure_rate.is_some() || row.attempts <= row.incomplete
}

/// Returns what is known of a cause on both sides, out of its functions on either.
pub(super) fn cause_counts(pair: &CausePair<'_>, rows: &[SideRows<'_>; 2]) -> [SideCounts; 2] {
    let names = names(pair);
    [0, 1].map(|at| {
        let finished = rows[at].traffic(&names, pair[at]).map(|traffic| traffic.attempts);
        let zero = SideCounts::default();
        let counts = pair[at].map_or(zero, |cause| SideCounts {
            failed: cause.attempts,
            environments: cause.environments,
            events: cause.events,
            lost: cause.lost,
            ..zero
        });
        with_rate(counts, finished)
    })
}

/// Returns what is known of a function on both sides.
pub(super) fn function_counts(pair: RowPair<'_>) -> [SideCounts; 2] {
    pair.map(|row| {
        let Some(row) = row else { return with_rate(SideCounts::default(), Some(0)) };
        let counts = SideCounts {
            failed: row.failed,
            environments: row.environment_failures,
            events: failed_events(row),
            lost: row.lost,
            own_throttles: row.own_throttles,
            caught: row.caught,
            never_ran: row.never_ran,
            ..SideCounts::default()
        };
        with_rate(counts, FinishedTraffic::of(row).map(|traffic| traffic.attempts))
    })
}

/// Returns the events of a function with a failed attempt. A summary counts them by finding, and an event may fail in two
/// ways, so they are as many as its failed attempts make at the number of attempts that findings have in an event.
fn failed_events(row: &FunctionSummary) -> u64 {
    let sum = |count: fn(&crate::wire::Finding) -> u64| row.findings.iter().map(count).sum::<u64>();
    let attempts = sum(|finding| finding.count.saturating_sub(finding.environments));
    let events = sum(|finding| finding.events).min(attempts);
    match attempts {
        0 => row.failed,
        _ => (u128::from(row.failed) * u128::from(events)).div_ceil(u128::from(attempts)) as u64,
    }
}

/// Adds the rate per finished attempt with its bounds, which are as wide as the number of events makes them.
fn with_rate(counts: SideCounts, finished: Option<u64>) -> SideCounts {
    let counts = SideCounts { finished, ..counts };
    let Some(finished) = finished.filter(|finished| *finished > 0) else { return counts };
    let (failed, finished) = (counts.failed.min(finished) as f64, finished as f64);
    let in_event = in_event(&counts);
    let bounds = RateBounds::of_weights(failed / in_event, finished / in_event);
    SideCounts { rate: Some(failed / finished), rate_least: Some(bounds.least), rate_most: Some(bounds.most), ..counts }
}

/// Returns how many failed attempts an event has that failed.
fn in_event(counts: &SideCounts) -> f64 {
    (counts.failed as f64 / counts.events.max(1) as f64).max(1.0)
}

fn names<'a>(pair: &CausePair<'a>) -> BTreeSet<Option<&'a str>> {
    pair.iter().flatten().flat_map(|cause| &cause.functions).map(Option::as_deref).collect()
}

/// Returns the test of a cause; `None` where the traffic of a side is not known, or it has none.
pub(super) fn trial(sides: [SideCounts; 2], rows: &[SideRows<'_>; 2], pair: &CausePair<'_>) -> Option<Trial> {
    let names = names(pair);
    let share = |at: usize| share(&sides[at], rows[at].traffic(&names, pair[at])?);
    let kind = pair.iter().flatten().next().and_then(|cause| Category::from_id(cause.code.split('.').next()?));
    let [base, head] = [0, 1].map(|at| {
        let mut cells = Cells::default();
        rows[at].named(&names).for_each(|row| cells.add(row, kind));
        cells
    });
    Some(Trial::new(share(0)?, share(1)?, scatter(&base, &head)))
}

/// Returns the test of a function; `None` as for a cause.
pub(super) fn trial_of_function(sides: [SideCounts; 2], pair: RowPair<'_>) -> Option<Trial> {
    let share = |at: usize| share(&sides[at], FinishedTraffic::of(pair[at]?)?);
    let [base, head] = pair.map(|row| {
        let mut cells = Cells::default();
        row.into_iter().for_each(|row| cells.add(row, None));
        cells
    });
    Some(Trial::new(share(0)?, share(1)?, scatter(&base, &head)))
}

fn share(counts: &SideCounts, traffic: FinishedTraffic) -> Option<Share> {
    // A log without request ids has attempts and no events.
    let events = if counts.failed > 0 { counts.events.max(1) } else { 0 };
    (traffic.events > 0).then(|| Share { hits: (events + counts.environments).min(traffic.events), of: traffic.events })
}
