//! How much failures scatter over time, beyond what chance does with independent ones: with an outage now and then, two
//! hours differ that are the same.
//!
//! Of the base everything counts: it is what was usual before. Of the head only what comes again and again, since one outburst
//! or one step is just what should be told. A summary has the timeline of a function by kind of failure, not by cause, so
//! causes of one kind share it.

use std::collections::BTreeMap;

use crate::model::Category;
use crate::stats::chance_of_squares;
use crate::wire::FunctionSummary;

/// Fewest stretches of time that tell how much they scatter.
const FEWEST: usize = 12;
/// Fewest failures that are expected in a stretch; shorter ones are joined.
const EXPECTED: f64 = 2.0;
/// Chance below which a scatter is none of independent failures.
const CHANCE: f64 = 0.01;
/// Steps that are left out: up, and down again.
const EDGES: usize = 2;

/// Attempts and failures by stretch of time.
#[derive(Debug, Default)]
pub(super) struct Cells<'a> {
    cells: BTreeMap<&'a str, (u64, u64)>,
    /// Failed attempts of findings of the kind, and their events.
    attempts: u64,
    events: u64,
}

impl<'a> Cells<'a> {
    /// Adds the timeline of a function: the failures of one kind, or of all.
    pub(super) fn add(&mut self, row: &'a FunctionSummary, kind: Option<Category>) {
        for bucket in &row.timeline {
            let of_kind = kind.and_then(|kind| bucket.failures.get(kind));
            let cell = self.cells.entry(&bucket.start).or_default();
            cell.0 += bucket.attempts;
            cell.1 += of_kind.unwrap_or(bucket.failed);
        }
        for finding in row.findings.iter().filter(|one| kind.is_none_or(|kind| one.category == kind.id())) {
            let attempts = finding.count.saturating_sub(finding.environments);
            self.attempts += attempts;
            self.events += finding.events.min(attempts);
        }
    }
}

/// Returns how many times the variance of independent events the failures have, at least 1: by how far stretches of the base
/// are from their mean, and by how far stretches of the head are from the next.
pub(super) fn scatter(base: &Cells<'_>, head: &Cells<'_>) -> f64 {
    base.scatter(excess).max(head.scatter(jumps))
}

impl Cells<'_> {
    fn scatter(&self, excess: fn(&[WeighedCell]) -> Option<f64>) -> f64 {
        let mut cells: Vec<WeighedCell> = self.cells.values().map(|(of, hits)| (*of as f64, *hits as f64)).collect();
        let retries = self.of_retries();
        for cell in &mut cells {
            *cell = (cell.0 / retries, cell.1 / retries);
        }
        let mut most: f64 = 1.0;
        // What lasts longer than a stretch shows in longer ones.
        while cells.len() >= FEWEST {
            most = most.max(excess(&cells).unwrap_or(1.0));
            cells = cells.chunks(2).map(|pair| pair.iter().fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1))).collect();
        }
        most
    }

    /// Returns how many times the variance of events that of their attempts is: most if some events have one failed attempt
    /// and the others three, as many as Lambda makes.
    fn of_retries(&self) -> f64 {
        let mean = (self.attempts as f64 / self.events.max(1) as f64).clamp(1.0, 3.0);
        (4.0 * mean - 3.0) / mean
    }
}

/// Attempts and failures of a stretch, weighed.
type WeighedCell = (f64, f64);

/// Joins stretches until each has enough failures to expect.
fn joined(cells: &[WeighedCell], rate: f64) -> Vec<WeighedCell> {
    let mut out = Vec::new();
    let mut open = (0.0, 0.0);
    for cell in cells {
        open = (open.0 + cell.0, open.1 + cell.1);
        if open.0 * rate >= EXPECTED {
            out.push(std::mem::take(&mut open));
        }
    }
    out
}

fn rate(cells: &[WeighedCell]) -> Option<f64> {
    let (all, hits) = cells.iter().fold((0.0, 0.0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
    Some(hits / all).filter(|rate| *rate > 0.0 && *rate < 1.0)
}

/// Returns Pearson's chi-square over its degrees of freedom, if chance does not explain it.
fn excess(cells: &[WeighedCell]) -> Option<f64> {
    let rate = rate(cells)?;
    let cells = joined(cells, rate);
    let squares = cells.iter().map(|(of, hits)| (hits - of * rate).powi(2) / (of * rate * (1.0 - rate)));
    let (sum, freedom) = (squares.sum::<f64>(), cells.len().checked_sub(1).filter(|_| cells.len() >= FEWEST)?);
    let n = freedom as f64;
    // The excess is itself only as sure as the number of stretches makes it: one standard deviation is added.
    (chance_of_squares(sum, freedom) < CHANCE).then(|| sum / n * (1.0 + (2.0 / n).sqrt()))
}

/// Returns the squares of the steps from stretch to stretch over what chance makes them, if it does not explain them. The
/// largest are left out: they are the edges of one outburst or of one change, which is what should be told.
fn jumps(cells: &[WeighedCell]) -> Option<f64> {
    let rate = rate(cells)?;
    let cells = joined(cells, rate);
    let mut squares: Vec<f64> = cells
        .windows(2)
        .map(|pair| {
            let [(a, x), (b, y)] = [pair[0], pair[1]];
            (x / a - y / b).powi(2) / (rate * (1.0 - rate) * (1.0 / a + 1.0 / b))
        })
        .collect();
    squares.sort_unstable_by(f64::total_cmp);
    squares.truncate(squares.len().saturating_sub(EDGES));
    let n = squares.len() as f64;
    let mean = squares.iter().sum::<f64>() / n;
    (cells.len() >= FEWEST && mean > 1.0 + 3.0 * (3.0 / n).sqrt()).then(|| mean * (1.0 + (2.0 / n).sqrt()))
}
