//! Numbers of a function by their paths in the JSON summary, for formats that have a place for each.

use serde_json::Value;

use crate::wire::FunctionSummary;

/// Paths of the numbers, in the order in which formats have them.
const NUMBERS: [&str; 56] = [
    "attempts",
    "events",
    "ok",
    "incomplete",
    "unknown",
    "failed",
    "failure_rate",
    "failures.throttling",
    "failures.service_error",
    "failures.invalid_request",
    "failures.runtime_exception",
    "failures.timeout",
    "failures.out_of_memory",
    "failures.init_failure",
    "failures.downstream",
    "environment_failures",
    "outcomes.succeeded",
    "outcomes.recovered",
    "outcomes.exhausted",
    "outcomes.failed_once",
    "outcomes.open",
    "outcomes.rerun_after_success",
    "lost",
    "caught",
    "never_ran",
    "retries.attempts",
    "retries.on_schedule",
    "retries.delayed",
    "retries.irregular",
    "retries.overlapping_events",
    "needs_person.events",
    "needs_person.possibly_half_done",
    "own_throttles",
    "cold_starts",
    "duration_ms.all.p50",
    "duration_ms.all.p95",
    "duration_ms.all.p99",
    "duration_ms.all.max",
    "duration_ms.ok.p50",
    "duration_ms.ok.p95",
    "duration_ms.ok.p99",
    "duration_ms.ok.max",
    "init_ms.p50",
    "init_ms.p95",
    "init_ms.max",
    "memory.size_mb",
    "memory.max_used_mb",
    "memory.near_limit",
    "lambda_insights.measured",
    "lambda_insights.memory_known",
    "lambda_insights.timeouts_computing",
    "lambda_insights.timeouts_waiting",
    "lambda_insights.tmp_full",
    "timeout_ms",
    "near_timeout",
    "handled_errors",
];

/// Paths of the numbers that are there only where something was wasted.
const COSTS: [&str; 3] = ["waste.billed_ms", "waste.gb_seconds", "waste.usd"];

/// Paths of the numbers that are there only where CloudWatch metrics were read.
const CLOUDWATCH: [&str; 16] = [
    "cloudwatch_metrics.invocations",
    "cloudwatch_metrics.errors",
    "cloudwatch_metrics.throttles",
    "cloudwatch_metrics.concurrent_executions_max",
    "cloudwatch_metrics.async_events_received",
    "cloudwatch_metrics.async_events_dropped",
    "cloudwatch_metrics.async_event_age_max_ms",
    "cloudwatch_metrics.dead_letter_errors",
    "cloudwatch_metrics.destination_delivery_failures",
    "cloudwatch_metrics.iterator_age_max_ms",
    "cloudwatch_metrics.logged_attempts",
    "cloudwatch_metrics.async_balance.received",
    "cloudwatch_metrics.async_balance.succeeded",
    "cloudwatch_metrics.async_balance.dropped",
    "cloudwatch_metrics.async_balance.open",
    "cloudwatch_metrics.async_balance.unexplained",
];

/// Paths of the numbers that are there only where successes were counted and not read.
const COUNTED: [&str; 1] = ["ok_counted"];

/// Returns the paths of all numbers, in the order of columns.
pub(super) fn paths() -> impl Iterator<Item = &'static str> {
    NUMBERS.into_iter().chain(COSTS).chain(CLOUDWATCH).chain(COUNTED)
}

/// Returns each number of a function with its path, written as in JSON; empty where it is not known.
pub(super) fn numbers(function: &FunctionSummary) -> impl Iterator<Item = (&'static str, String)> {
    // The lists have no part in it, and may be long.
    let without_lists = FunctionSummary { findings: Vec::new(), timeline: Vec::new(), ..function.clone() };
    let json = serde_json::to_value(&without_lists).unwrap_or(Value::Null);
    paths().map(move |path| {
        let found = path.split('.').try_fold(&json, |value, key| value.get(key));
        (path, found.filter(|value| value.is_number()).map(Value::to_string).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Collects the paths of all numbers that the schema has outside of lists.
    fn collect(schema: &Value, root: &Value, path: &str, found: &mut BTreeSet<String>) {
        let schema = match schema["$ref"].as_str() {
            Some(name) => root.pointer(name.trim_start_matches('#')).unwrap(),
            None => schema,
        };
        for one in schema["anyOf"].as_array().into_iter().flatten() {
            collect(one, root, path, found);
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        if types.contains(&"integer") || types.contains(&"number") {
            found.insert(path.trim_start_matches('.').to_owned());
        }
        for (key, value) in schema["properties"].as_object().into_iter().flatten() {
            collect(value, root, &format!("{path}.{key}"), found);
        }
    }

    #[test]
    fn every_number_of_the_schema_is_listed() {
        let schema = schemars::schema_for!(FunctionSummary).to_value();
        let mut found = BTreeSet::new();
        collect(&schema, &schema, "", &mut found);
        let listed: BTreeSet<String> = paths().map(str::to_owned).collect();
        assert_eq!(listed, found);
        assert_eq!(listed.len(), paths().count());
    }
}
