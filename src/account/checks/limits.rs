//! Checks of timeout and memory against what attempts took.

use super::{CheckHit, CheckInfo, CheckedFunction, count, span};
use crate::account::config::FunctionConfig;
use crate::wire::CheckSeverity;

pub(super) const CHECKS: &[CheckInfo] = &[
    CheckInfo {
        id: "timeout_below_success",
        severity: CheckSeverity::High,
        about: "Attempts succeeded that took longer than the timeout that is set now: such attempts are cut off. Raise the \
                timeout, or find out why it was lowered.",
        test: below_success,
    },
    CheckInfo {
        id: "timeout_near_p99",
        severity: CheckSeverity::Medium,
        about: "The 99th percentile of successful attempts is within 20 % of the timeout: a little more load makes them time \
                out. Raise the timeout, or shorten the work.",
        test: near_p99,
    },
    CheckInfo {
        id: "timeout_differs",
        severity: CheckSeverity::Low,
        about: "Attempts ran into another timeout than the one that is set now. The log counts: it was changed since, or \
                another version ran.",
        test: differs,
    },
    CheckInfo {
        id: "memory_near_size",
        severity: CheckSeverity::Medium,
        about: "An attempt used 90 % or more of the memory that is set. Raise the memory, which also gives more CPU.",
        test: memory,
    },
];

/// Share of the timeout from which on the slowest successes are near it.
const NEAR: f64 = 0.8;
/// Share of the memory, in percent, from which on it is nearly used up.
const MEMORY_PERCENT: u64 = 90;

fn below_success(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    let Some(timeout) = now.limit(FunctionConfig::timeout_ms) else { return Vec::new() };
    // The figure of a REPORT may exceed the limit by a little.
    const SLACK_MS: f64 = 100.0;
    let limit = timeout.value as f64;
    match now.row.duration_ms.ok.max {
        Some(max) if max > limit + SLACK_MS => CheckHit::by(
            timeout.input,
            format!(
                "the slowest of {} took {}, and the timeout is {}{}",
                count(now.row.ok, "success", "successes"),
                span(max),
                span(limit),
                timeout.caveat
            ),
        ),
        _ => Vec::new(),
    }
}

fn near_p99(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    let Some(timeout) = now.limit(FunctionConfig::timeout_ms) else { return Vec::new() };
    let limit = timeout.value as f64;
    match now.row.duration_ms.ok.p99 {
        Some(p99) if p99 >= limit * NEAR => CheckHit::by(
            timeout.input,
            format!(
                "p99 of {} is {}, and the timeout is {}{}",
                count(now.row.ok, "success", "successes"),
                span(p99),
                span(limit),
                timeout.caveat
            ),
        ),
        _ => Vec::new(),
    }
}

fn differs(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    let Some(timeout) = now.limit(FunctionConfig::timeout_ms) else { return Vec::new() };
    let observed = now.row.timeout_ms.filter(|_| now.row.timeout_source.as_deref() == Some("observed"));
    match observed {
        Some(observed) if observed != timeout.value => CheckHit::by(
            timeout.input,
            format!(
                "attempts ran into a timeout of {}, and {} is configured{}",
                span(observed as f64),
                span(timeout.value as f64),
                timeout.caveat
            ),
        ),
        _ => Vec::new(),
    }
}

fn memory(now: &CheckedFunction<'_>) -> Vec<CheckHit> {
    let Some(size) = now.limit(FunctionConfig::memory_size_mb) else { return Vec::new() };
    // What attempts used of another size says nothing of this one.
    let logged = now.row.memory.size_mb;
    if logged.is_some_and(|logged| logged != size.value) {
        return Vec::new();
    }
    match now.row.memory.max_used_mb {
        Some(used) if u64::from(used) * 100 >= u64::from(size.value) * MEMORY_PERCENT => {
            let now = if logged.is_none() { " configured now" } else { "" };
            CheckHit::by(size.input, format!("{used} of {} MB{now} were used{}", size.value, size.caveat))
        }
        _ => Vec::new(),
    }
}
