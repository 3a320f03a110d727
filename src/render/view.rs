//! What the user wants to see of an answer: how many rows, in which order, grouped by what.

use std::cmp::Ordering;

use crate::wire::FunctionSummary;

/// What of an answer the table shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct View {
    /// Everything in full, not only what matters most.
    pub details: bool,
    /// Number of causes, functions and findings; `Some(0)` for all, `None` for as many as fit.
    pub top: Option<usize>,
    /// Order of the functions; worst first without it.
    pub sort: Option<&'static SortKey>,
    /// What the rows stand for, instead of functions.
    pub by: Option<Grouping>,
    /// Every column in full, however wide.
    pub wide: bool,
    /// Failures over time, a line for each stretch.
    pub histogram: bool,
}

impl View {
    /// Returns the most rows of a list, given how many are shown without a wish.
    pub(super) fn most(&self, usual: usize) -> usize {
        match self.top {
            Some(0) => usize::MAX,
            Some(top) => top,
            None => usual,
        }
    }
}

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// A version of a function.
    Version,
    /// An hour, or less in a shorter window.
    Hour,
    /// A cause, with its functions.
    Cause,
}

/// An order of functions.
#[derive(Debug)]
pub struct SortKey {
    /// Name on the command line.
    pub name: &'static str,
    /// Order of two functions. Functions that it holds equal stay worst first.
    pub order: fn(&FunctionSummary, &FunctionSummary) -> Ordering,
}

/// Every order, numbers from the largest down.
pub(crate) static SORT_KEYS: &[SortKey] = &[
    SortKey { name: "failed", order: |a, b| b.failed.cmp(&a.failed) },
    SortKey { name: "rate", order: |a, b| most(a.failure_rate, b.failure_rate) },
    SortKey { name: "lost", order: |a, b| b.lost.cmp(&a.lost) },
    SortKey { name: "attempts", order: |a, b| b.attempts.cmp(&a.attempts) },
    SortKey { name: "p95", order: |a, b| most(a.duration_ms.all.p95, b.duration_ms.all.p95) },
    SortKey { name: "memory", order: |a, b| most(memory_share(a), memory_share(b)) },
    SortKey { name: "cost", order: |a, b| most(cost(a), cost(b)) },
    SortKey { name: "name", order: |a, b| a.function.cmp(&b.function) },
];

/// Orders numbers from the largest down, those that are not known last.
fn most(a: Option<f64>, b: Option<f64>) -> Ordering {
    let known = |number: Option<f64>| number.unwrap_or(f64::NEG_INFINITY);
    known(b).total_cmp(&known(a))
}

fn memory_share(row: &FunctionSummary) -> Option<f64> {
    let (used, size) = row.memory.max_used_mb.zip(row.memory.size_mb)?;
    Some(f64::from(used) / f64::from(size))
}

fn cost(row: &FunctionSummary) -> Option<f64> {
    row.waste.as_ref().map(|waste| waste.usd.unwrap_or(waste.gb_seconds))
}
