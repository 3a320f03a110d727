//! How much the failures of the base scatter over time, beyond what chance does with independent ones: an outage now and
//! then makes two hours differ that are the same.
//!
//! It is taken from the base alone, as what was usual before. A head that fails in one burst is what should be told.

use std::collections::BTreeMap;

use crate::model::Category;
use crate::stats::chance_of_squares;
use crate::wire::FunctionSummary;

/// Fewest stretches of time that tell how much they scatter.
const FEWEST: usize = 12;
/// Fewest failures that are expected in a stretch; shorter ones are joined.
const EXPECTED: f64 = 2.0;
/// Chance below which a scatter is none of independent failures.
const CHANCE: f64 = 1e-3;

/// Attempts and failures by stretch of time.
#[derive(Debug, Default)]
pub(super) struct Cells<'a>(BTreeMap<&'a str, (u64, u64)>);

impl<'a> Cells<'a> {
    /// Adds the timeline of a function: the failures of one kind, or of all.
    pub(super) fn add(&mut self, row: &'a FunctionSummary, kind: Option<Category>) {
        for bucket in &row.timeline {
            let of_kind = kind.and_then(|kind| bucket.failures.get(kind));
            let cell = self.0.entry(&bucket.start).or_default();
            cell.0 += bucket.attempts;
            cell.1 += of_kind.unwrap_or(bucket.failed);
        }
    }
}

/// Returns how many times the variance of independent events the failures have, at least 1. Retries, of which an event has
/// so many, are not part of it.
pub(super) fn scatter(cells: &Cells<'_>, in_event: f64) -> f64 {
    let mut cells: Vec<(f64, f64)> = cells.0.values().map(|(of, hits)| (*of as f64, *hits as f64)).collect();
    let mut most: f64 = 1.0;
    // What lasts longer than a stretch shows in longer ones.
    while cells.len() >= FEWEST {
        most = most.max(excess(&cells).unwrap_or(1.0) / in_event);
        cells = cells.chunks(2).map(|pair| pair.iter().fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1))).collect();
    }
    most
}

/// Returns Pearson's chi-square over its degrees of freedom, if chance does not explain it.
fn excess(cells: &[(f64, f64)]) -> Option<f64> {
    let (all, hits) = cells.iter().fold((0.0, 0.0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1));
    let rate = hits / all;
    if !(rate > 0.0 && rate < 1.0) {
        return None;
    }
    let (mut sum, mut count) = (0.0, 0_usize);
    let mut open = (0.0, 0.0);
    for cell in cells {
        open = (open.0 + cell.0, open.1 + cell.1);
        let expected = open.0 * rate;
        if expected >= EXPECTED {
            sum += (open.1 - expected).powi(2) / (expected * (1.0 - rate));
            count += 1;
            open = (0.0, 0.0);
        }
    }
    let freedom = count.checked_sub(1).filter(|_| count >= FEWEST)?;
    let n = freedom as f64;
    // The excess is itself only as sure as the number of stretches makes it.
    (chance_of_squares(sum, freedom) < CHANCE).then(|| sum / n * (1.0 + (2.0 / n).sqrt()))
}
