//! CloudWatch metrics of functions, held against the attempts in their log.

use std::collections::BTreeSet;

use super::entries::SharedTables;
use super::names::FunctionKey;
use crate::account::FunctionMetrics;
use crate::wire::{AsyncBalance, CloudwatchMetrics, FunctionSummary};

/// Difference from which on a log is not that of the metrics: more than so many attempts, and more than one in a hundred.
const TOLERATED: u64 = 10;
const ONE_IN: u64 = 100;

/// Gives functions an id that only their metrics name.
pub(super) fn name_functions(metrics: Option<&FunctionMetrics>, shared: &SharedTables) {
    let Some(metrics) = metrics else { return };
    let mut known: BTreeSet<Option<String>> = shared.functions.keys().into_iter().map(|key| key.name).collect();
    for name in metrics.functions() {
        if known.insert(Some(name.to_owned())) {
            shared.functions.id(&FunctionKey { name: Some(name.to_owned()), ..FunctionKey::default() });
        }
    }
}

/// Gives a row what CloudWatch counted of its function. `attempts` is the number of attempts in the log that began within
/// that time, if it has all of that.
pub(super) fn tell(row: &mut FunctionSummary, metrics: &FunctionMetrics, attempts: Option<u64>) {
    let Some(counted) = metrics.of(row.function.as_deref()) else { return };
    row.own_throttles = counted.throttles;
    let balance = balance(row, counted).filter(|_| attempts.is_some());
    row.cloudwatch_metrics =
        Some(Box::new(CloudwatchMetrics { logged_attempts: attempts, async_balance: balance, ..counted.clone() }));
}

/// Returns what became of the events that Lambda received to run later; `None` where there are more than it received, as of
/// other callers.
fn balance(row: &FunctionSummary, counted: &CloudwatchMetrics) -> Option<AsyncBalance> {
    let (received, dropped) =
        (counted.async_events_received.filter(|events| *events > 0)?, counted.async_events_dropped?);
    let outcomes = &row.outcomes;
    let succeeded = outcomes.succeeded + outcomes.recovered + outcomes.rerun_after_success;
    let unexplained = received.checked_sub(succeeded + outcomes.open)?.checked_sub(dropped)?;
    Some(AsyncBalance { received, succeeded, dropped, open: outcomes.open, unexplained })
}

/// Lists the functions that CloudWatch saw at work and the log does not have, each with a row.
pub(super) fn unlogged<'m>(
    metrics: &'m FunctionMetrics,
    keys: &'m [FunctionKey],
    rows: &[FunctionSummary],
) -> Vec<(u32, FunctionSummary)> {
    let at_work = |counted: &CloudwatchMetrics| {
        [counted.invocations, counted.throttles, counted.async_events_dropped]
            .into_iter()
            .flatten()
            .any(|events| events > 0)
    };
    let is_missing = |name: &&str| rows.iter().all(|row| row.function.as_deref() != Some(*name));
    let working = |name: &&str| metrics.of(Some(*name)).is_some_and(at_work);
    let missing = metrics.functions().filter(working).filter(is_missing);
    let row = |name: &str| {
        let id = keys.iter().position(|key| key.name.as_deref() == Some(name))?;
        Some((
            u32::try_from(id).ok()?,
            FunctionSummary { function: Some(name.to_owned()), ..FunctionSummary::default() },
        ))
    };
    missing.filter_map(row).collect()
}

/// Says where the log is not that of the metrics, and whether it lacks attempts.
pub(super) fn difference(row: &FunctionSummary) -> Option<(String, bool)> {
    let counted = row.cloudwatch_metrics.as_deref()?;
    let (invocations, attempts) = (counted.invocations?, counted.logged_attempts?);
    let apart = invocations.abs_diff(attempts);
    if apart <= TOLERATED || apart <= invocations.max(attempts) / ONE_IN {
        return None;
    }
    let name = row.function.as_deref().unwrap_or("(no name)");
    let counts = format!("{name}: CloudWatch counts {invocations} invocations, the log has {attempts} attempts");
    Some(if attempts < invocations {
        let why = "a role without logs:PutLogEvents, a system log level of WARN, sampling or a part of the log that was not \
                   read";
        (format!("{counts}: {apart} are missing ({why})"), true)
    } else {
        (format!("{counts}: {apart} too many, as of another account or of copies"), false)
    })
}
