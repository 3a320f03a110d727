//! Checks of event source mappings, and of the queues that they read.

use super::{CheckHit, CheckInfo, CheckedFunction, count, span};
use crate::account::config::{FunctionConfig, MappingConfig};
use crate::wire::CheckSeverity;

pub(super) const CHECKS: &[CheckInfo] = &[
    CheckInfo {
        id: "visibility_below_timeout",
        severity: CheckSeverity::High,
        about: "Messages come back while they are still handled, so work is done twice: the visibility timeout of the queue is \
                shorter than the timeout of the function. Set it to six times that.",
        test: |now| visibility(now, true),
    },
    CheckInfo {
        id: "visibility_below_six_timeouts",
        severity: CheckSeverity::Medium,
        about: "The visibility timeout of the queue is shorter than six timeouts of the function and the batching window, so \
                that throttled batches come back too early. Raise it.",
        test: |now| visibility(now, false),
    },
    CheckInfo {
        id: "few_receives",
        severity: CheckSeverity::Medium,
        about: "The queue gives a message up after fewer than five receives, and throttled batches use receives up, too. Raise \
                maxReceiveCount to five or more.",
        test: receives,
    },
    CheckInfo {
        id: "shard_blocked",
        severity: CheckSeverity::High,
        about: "The function fails, and nothing ends the retries of its stream but the expiry of the records, so one bad record \
                blocks its shard. Set MaximumRetryAttempts, MaximumRecordAgeInSeconds, BisectBatchOnFunctionError or a failure \
                destination.",
        test: shard,
    },
    CheckInfo {
        id: "item_failures_unreported",
        severity: CheckSeverity::Medium,
        about: "The function fails, and each failure repeats its whole batch. Return the failed items, and set \
                ReportBatchItemFailures.",
        test: items,
    },
    CheckInfo {
        id: "mapping_disabled",
        severity: CheckSeverity::Medium,
        about: "An event source mapping is switched off: its events wait, and are lost when they expire.",
        test: disabled,
    },
];

/// What AWS advises as the least visibility timeout, in timeouts of the function.
const TIMEOUTS: u64 = 6;
/// What AWS advises as the fewest receives.
const FEWEST_RECEIVES: u64 = 5;

/// Returns the mappings that may be on: what is set of one that is switched off does no harm.
fn mappings<'a>(now: &CheckedFunction<'a>) -> impl Iterator<Item = &'a MappingConfig<'a>> {
    now.config.into_iter().flat_map(|config| &config.mappings).filter(|mapping| !mapping.is_disabled())
}

/// Finds queues whose messages come back too early: before a run ends, or before what AWS advises.
fn visibility(now: &CheckedFunction<'_>, before_end: bool) -> Vec<CheckHit> {
    let Some(timeout) = now.setting(FunctionConfig::timeout_ms) else { return Vec::new() };
    let seconds = timeout.value / 1_000;
    let check = |mapping: &MappingConfig<'_>| {
        let hidden = mapping.visibility_timeout_s()?;
        let window = mapping.batching_window_s().unwrap_or(0);
        let advised = seconds.saturating_mul(TIMEOUTS).saturating_add(window);
        let is_short = if before_end { hidden.value < seconds } else { (seconds..advised).contains(&hidden.value) };
        let with_window = if window > 0 { format!(" and the batching window {window} s") } else { String::new() };
        is_short.then(|| CheckHit {
            evidence: format!(
                "{} hides messages for {} s; the timeout is {}{with_window}{}",
                mapping.event_source(),
                hidden.value,
                span(timeout.value as f64),
                timeout.caveat
            ),
            source: Some(hidden.input.to_owned()),
        })
    };
    mappings(now).filter_map(check).collect()
}

fn receives(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    let check = |mapping: &MappingConfig<'_>| {
        let receives = mapping.maximum_receives().filter(|receives| receives.value < FEWEST_RECEIVES)?;
        Some(CheckHit {
            evidence: format!(
                "{} gives a message up after {}",
                mapping.event_source(),
                count(receives.value, "receive", "receives")
            ),
            source: Some(receives.input.to_owned()),
        })
    };
    mappings(now).filter_map(check).collect()
}

/// Returns what is found of each mapping of these kinds of a function that fails.
fn of_failing(
    now: &CheckedFunction<'_>,
    kinds: &[&str],
    is_it: fn(&MappingConfig<'_>) -> bool,
    what: &str,
) -> Vec<CheckHit> {
    if !now.failed() {
        return Vec::new();
    }
    let found = mappings(now).filter(|mapping| mapping.kind().is_some_and(|kind| kinds.contains(&kind)));
    let found = found.filter(|mapping| is_it(mapping));
    let failed = count(now.row.failed, "attempt", "attempts");
    found
        .map(|mapping| CheckHit {
            evidence: format!("{failed} failed, and the mapping of {} {what}", mapping.event_source()),
            source: Some(mapping.input().to_owned()),
        })
        .collect()
}

fn shard(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    of_failing(
        now,
        &["stream"],
        |mapping| mapping.blocks_its_shard(),
        "has no bound on retries or on age, no bisecting and no failure destination",
    )
}

fn items(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    of_failing(
        now,
        &["sqs", "stream"],
        |mapping| mapping.reports_item_failures() == Some(false) && mapping.has_batches() == Some(true),
        "is without ReportBatchItemFailures",
    )
}

fn disabled(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    let all = now.config.into_iter().flat_map(|config| &config.mappings);
    let found = all.filter(|mapping| mapping.is_disabled());
    found
        .map(|mapping| CheckHit {
            evidence: format!("the mapping of {} is switched off", mapping.event_source()),
            source: Some(mapping.input().to_owned()),
        })
        .collect()
}
