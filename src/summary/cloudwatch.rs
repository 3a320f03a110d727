//! CloudWatch metrics of functions, held against the attempts in their log.

use std::collections::BTreeMap;

use super::entries::SharedTables;
use super::names::FunctionKey;
use crate::account::{FunctionMetrics, MetricFit, MetricPlace};
use crate::catalogue::Invoker;
use crate::wire::{AsyncBalance, CloudwatchMetrics, FunctionSummary};

/// Difference from which on a log is not that of the metrics: more than so many attempts, and more than one in a hundred.
const TOLERATED: u64 = 10;
const ONE_IN: u64 = 100;

/// Gives functions an id that only their metrics name.
pub(super) fn name_functions(metrics: Option<&FunctionMetrics>, shared: &SharedTables) {
    let Some(metrics) = metrics else { return };
    let keys = shared.functions.keys();
    let known = by_name(&keys, |key| key.name.as_deref());
    for (name, place) in metrics.functions() {
        let mut of_name = known.get(name).into_iter().flatten();
        if !of_name.any(|(_, key)| may_be_at(place, &key.account_id, &key.region)) {
            shared.functions.id(&FunctionKey {
                name: Some(name.to_owned()),
                account_id: place.account_id.clone(),
                region: place.region.clone(),
                ..FunctionKey::default()
            });
        }
    }
}

/// Sorts items by name, with their numbers.
pub(super) fn by_name<'i, T>(
    items: &'i [T],
    name: impl Fn(&'i T) -> Option<&'i str>,
) -> BTreeMap<&'i str, Vec<(usize, &'i T)>> {
    let mut sorted: BTreeMap<&str, Vec<(usize, &T)>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        if let Some(name) = name(item) {
            sorted.entry(name).or_default().push((at, item));
        }
    }
    sorted
}

/// Returns whether a place may be that of this account and region, as far as both are known.
fn may_be_at(place: &MetricPlace, account_id: &Option<String>, region: &Option<String>) -> bool {
    let same = |ours: &Option<String>, theirs: &Option<String>| ours.is_none() || theirs.is_none() || ours == theirs;
    same(&place.account_id, account_id) && same(&place.region, region)
}

/// Gives a row what CloudWatch counted of its function. `fit` is how the time of that lies to the log, `attempts` the number of
/// attempts in the log that began within it, if all were read.
pub(super) fn tell(
    row: &mut FunctionSummary,
    metrics: &FunctionMetrics,
    fit: Option<&MetricFit>,
    attempts: Option<u64>,
) {
    let Some(counted) = of_row(metrics, row) else { return };
    row.own_throttles = fit.and_then(|fit| fit.of_log(counted.throttles));
    let logged_attempts = fit.zip(attempts).and_then(|(fit, attempts)| fit.logged(attempts));
    let async_balance = balance(row, counted).filter(|_| logged_attempts.is_some());
    row.cloudwatch_metrics = Some(Box::new(CloudwatchMetrics { logged_attempts, async_balance, ..counted.clone() }));
}

/// Says of which functions the metrics are of another time than the log, so that they do not tell its throttles.
pub(super) fn of_another_time(rows: &[FunctionSummary]) -> Option<(String, bool)> {
    let is_other = |row: &&FunctionSummary| {
        row.own_throttles.is_none() && row.cloudwatch_metrics.as_ref().is_some_and(|of| of.throttles.is_some())
    };
    let mut others = rows.iter().filter(is_other);
    let first = others.next()?;
    let (metrics, more) = (first.cloudwatch_metrics.as_ref()?, others.count());
    let (start, end) = (metrics.start.as_deref().unwrap_or("?"), metrics.end.as_deref().unwrap_or("?"));
    let name = first.function.as_deref().unwrap_or("(no name)");
    let more = match more {
        0 => String::new(),
        1 => " and 1 more function".to_owned(),
        more => format!(" and {more} more functions"),
    };
    let text = format!(
        "the CloudWatch metrics of {name}{more} are of another time than the log ({start} to {end}), so its own throttles are \
         not known; ask with `lambda-triage cloudwatch-query`"
    );
    Some((text, false))
}

fn of_row<'m>(metrics: &'m FunctionMetrics, row: &FunctionSummary) -> Option<&'m CloudwatchMetrics> {
    metrics.of(row.function.as_deref(), row.account_id.as_deref(), row.region.as_deref())
}

/// Returns what became of the events that Lambda received to run later; `None` where there are more than it received, or
/// where the function is known to have other callers, whose events are in the log, too.
fn balance(row: &FunctionSummary, counted: &CloudwatchMetrics) -> Option<AsyncBalance> {
    let (received, dropped) =
        (counted.async_events_received.filter(|events| *events > 0)?, counted.async_events_dropped?);
    if row.invokers.iter().any(|invoker| invoker.kind != Invoker::Async.name()) {
        return None;
    }
    let outcomes = &row.outcomes;
    let succeeded = outcomes.succeeded + outcomes.recovered + outcomes.rerun_after_success;
    let unexplained = received.checked_sub(succeeded + outcomes.open)?.checked_sub(dropped)?;
    Some(AsyncBalance { received, succeeded, dropped, open: outcomes.open, unexplained })
}

/// Lists the functions that CloudWatch saw at work and the log does not have, each with a row.
pub(super) fn unlogged(
    metrics: &FunctionMetrics,
    keys: &[FunctionKey],
    rows: &[FunctionSummary],
) -> Vec<(u32, FunctionSummary)> {
    let at_work = |counted: &CloudwatchMetrics| {
        [counted.invocations, counted.throttles, counted.async_events_dropped]
            .into_iter()
            .flatten()
            .any(|events| events > 0)
    };
    let working = |(name, place): &(&str, &MetricPlace)| {
        metrics.of(Some(name), place.account_id.as_deref(), place.region.as_deref()).is_some_and(at_work)
    };
    let (keys, rows) =
        (by_name(keys, |key| key.name.as_deref()), by_name(rows, |row: &FunctionSummary| row.function.as_deref()));
    let row = |(name, place): (&str, &MetricPlace)| {
        let mut logged = rows.get(name).into_iter().flatten();
        if logged.any(|(_, row)| may_be_at(place, &row.account_id, &row.region)) {
            return None;
        }
        let mut of_name = keys.get(name)?.iter();
        let (id, key) = of_name.find(|(_, key)| may_be_at(place, &key.account_id, &key.region))?;
        let row = FunctionSummary {
            function: Some(name.to_owned()),
            account_id: place.account_id.clone().or_else(|| key.account_id.clone()),
            region: place.region.clone().or_else(|| key.region.clone()),
            handled_errors: Some(0),
            ..FunctionSummary::default()
        };
        Some((u32::try_from(*id).ok()?, row))
    };
    metrics.functions().filter(working).filter_map(row).collect()
}

/// Says where the log is not that of the metrics, and whether it lacks attempts. `fit` is how the time of these lies to the
/// log.
pub(super) fn difference(row: &FunctionSummary, fit: Option<&MetricFit>) -> Option<(String, bool)> {
    let counted = row.cloudwatch_metrics.as_deref()?;
    let (invocations, attempts) = (counted.invocations?, counted.logged_attempts?);
    let apart = invocations.abs_diff(attempts);
    if apart <= TOLERATED || apart <= invocations.max(attempts) / ONE_IN {
        return None;
    }
    // A log that is cut within a minute lacks what the metrics have of the rest of it.
    let beside = fit.map_or(0, |fit| fit.beside_log(invocations));
    if attempts < invocations && apart <= beside.saturating_add(TOLERATED.max(invocations / ONE_IN)) {
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
