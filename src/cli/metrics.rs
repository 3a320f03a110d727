//! Metrics for gates: the numbers of a summary and their ranges, taken from its JSON Schema so that no second list has
//! to be kept.

use std::sync::LazyLock;

use serde_json::Value;

use crate::model::{Category, nearest, suggestion};
use crate::render::category_of_heading;
use crate::wire::{ChangeCounts, Coverage, FunctionSummary, Summary};

/// Short names for common paths, usable as a whole path or as its beginning.
const ALIASES: [(&str, &str); 2] = [("lost_events", "lost"), ("duration", "duration_ms.all")];

/// Headings of the table that are not the names of their numbers; kinds of failure have theirs in `render`.
const HEADINGS: [(&str, &str); 18] = [
    ("ATTEMPTS", "attempts"),
    ("UNKNOWN", "unknown"),
    ("UNKN", "unknown"),
    ("INIT ONLY", "environment_failures"),
    ("RECOVERED", "outcomes.recovered"),
    ("RECOV", "outcomes.recovered"),
    ("MEM MB", "memory.max_used_mb"),
    ("429", "failures.throttling"),
    ("5XX", "failures.service_error"),
    ("4XX", "failures.invalid_request"),
    ("LOST", "lost"),
    ("RERUN", "outcomes.rerun_after_success"),
    ("RATE", "failure_rate"),
    ("COLD", "cold_starts"),
    ("OWN THROTTLES", "own_throttles"),
    ("OWN 429", "own_throttles"),
    ("P95", "duration_ms.all.p95"),
    ("FAILED", "failed"),
];

/// A number in the summary that a gate can test.
#[derive(Debug, PartialEq)]
pub(super) struct Metric {
    /// Path of the number: keys joined by dots.
    pub(super) path: String,
    /// Smallest possible value.
    pub(super) least: f64,
    /// Largest possible value; infinite if there is none.
    pub(super) most: f64,
    /// Whether it is a whole number.
    pub(super) whole: bool,
    /// What it means.
    pub(super) about: String,
    /// The numbers that it is computed from, if the summary does not have it.
    share: Option<ComputedShare>,
}

/// A share that is computed from two numbers of the summary.
#[derive(Clone, Debug, PartialEq)]
struct ComputedShare {
    part: String,
    whole: ShareOf,
}

/// What a share is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ShareOf {
    /// Attempts with an end, where the log shows those that succeed.
    Finished,
    Attempts,
    Events,
}

impl Metric {
    /// Returns whether it is a share of something, from 0 to 1.
    pub(super) fn is_ratio(&self) -> bool {
        self.most == 1.0
    }

    /// Returns its unit: count, share, ms, mb, gb_s or usd.
    pub(super) fn unit(&self) -> &'static str {
        let last = self.path.rsplit('.').next().unwrap_or_default();
        match last {
            _ if self.is_ratio() => "share",
            _ if self.is_time() => "ms",
            "usd" => "usd",
            "gb_seconds" => "gb_s",
            _ if last.ends_with("_mb") => "mb",
            _ if self.path.contains("bytes") => "bytes",
            _ => "count",
        }
    }

    /// Returns its value in the row of a function, in the totals or in the summary; `None` if it is null.
    pub(super) fn value(&self, source: &Value) -> Option<f64> {
        let Some(share) = &self.share else { return number(source, &self.path) };
        let whole = match share.whole {
            // Null where the log hides successes.
            ShareOf::Finished => {
                number(source, "failure_rate")?;
                number(source, "attempts")? - number(source, "incomplete")?
            }
            ShareOf::Attempts => number(source, "attempts")?,
            ShareOf::Events => number(source, "events")?,
        };
        let part = number(source, &share.part)?;
        (whole > 0.0).then(|| (part / whole).min(1.0))
    }

    /// Returns whether it is a number of the whole summary, not of a function or the totals.
    pub(super) fn is_of_summary(&self) -> bool {
        self.path.starts_with("coverage.") || self.path.starts_with(CHECKS) || self.needs_base()
    }

    /// Returns whether it tells what changed since another summary.
    pub(super) fn needs_base(&self) -> bool {
        self.path.starts_with("comparison.")
    }

    /// Returns whether it is a time in milliseconds.
    pub(super) fn is_time(&self) -> bool {
        self.path.split('.').any(|part| part.ends_with("_ms"))
    }
}

/// Beginning of the numbers of checks, which stand in the summary itself.
const CHECKS: &str = "checks_";

/// Every number in the summary of a function or of the totals, of checks, in the coverage, and of a comparison.
static METRICS: LazyLock<Vec<Metric>> = LazyLock::new(|| {
    let mut metrics = Vec::new();
    collect(&schemars::schema_for!(FunctionSummary).to_value(), "", &mut metrics);
    metrics.extend(shares());
    let mut of_summary = Vec::new();
    collect(&schemars::schema_for!(Summary).to_value(), "", &mut of_summary);
    metrics.extend(of_summary.into_iter().filter(|metric| metric.path.starts_with(CHECKS)));
    collect(&schemars::schema_for!(Coverage).to_value(), "coverage", &mut metrics);
    collect(&schemars::schema_for!(ChangeCounts).to_value(), "comparison.counts", &mut metrics);
    metrics
});

/// Returns the shares that are computed.
fn shares() -> impl Iterator<Item = Metric> {
    let share = |path: String, part: String, whole, about: String| Metric {
        path,
        least: 0.0,
        most: 1.0,
        whole: false,
        about,
        share: Some(ComputedShare { part, whole }),
    };
    let of_category = move |category: &Category| {
        let id = category.id();
        let about = format!("Attempts with {} per finished attempt.", id.replace('_', " "));
        share(format!("rates.{id}"), format!("failures.{id}"), ShareOf::Finished, about)
    };
    let others = [
        ("lost_rate", "lost", ShareOf::Events, "Events lost per event."),
        ("cold_start_rate", "cold_starts", ShareOf::Attempts, "Cold starts per attempt."),
    ];
    let other = move |(path, part, whole, about): (&str, &str, ShareOf, &str)| {
        share(path.to_owned(), part.to_owned(), whole, about.to_owned())
    };
    Category::FAILURES.iter().map(of_category).chain(others.map(other))
}

/// Finds a number by its path, an alias, or the last part of its path if that is unique.
pub(super) fn resolve(typed: &str) -> Result<&'static Metric, String> {
    let typed = typed.strip_prefix("totals.").unwrap_or(typed);
    let full = unalias(typed);
    if let Some(metric) = METRICS.iter().find(|metric| metric.path == full) {
        return Ok(metric);
    }
    let suffix = format!(".{full}");
    let given = METRICS.iter().filter(|metric| metric.share.is_none());
    let ending: Vec<&'static Metric> = given.filter(|metric| metric.path.ends_with(&suffix)).collect();
    let paths = || METRICS.iter().map(|metric| metric.path.as_str());
    match ending[..] {
        [metric] => Ok(metric),
        [] => {
            let beginning = format!("{full}.");
            let mut near: Vec<&str> = paths().filter(|path| path.starts_with(&beginning)).take(4).collect();
            if near.is_empty() {
                near = nearest(typed, paths().chain(ALIASES.map(|(alias, _)| alias)));
            }
            Err(format!("no number '{typed}' in the summary{}", suggestion(&near)))
        }
        ref several => {
            let paths: Vec<&str> = several.iter().map(|metric| metric.path.as_str()).collect();
            Err(format!("'{typed}' may be {}; write one of them", paths.join(", ")))
        }
    }
}

fn unalias(typed: &str) -> String {
    if let Some((_, path)) = HEADINGS.iter().find(|(heading, _)| heading.eq_ignore_ascii_case(typed)) {
        return (*path).to_owned();
    }
    if let Some(category) = category_of_heading(typed) {
        return format!("failures.{}", category.id());
    }
    if let Some(category) = typed.strip_prefix("rates.").and_then(category_of_heading) {
        return format!("rates.{}", category.id());
    }
    for (alias, path) in ALIASES {
        if let Some(rest) = typed.strip_prefix(alias).filter(|rest| rest.is_empty() || rest.starts_with('.')) {
            return format!("{path}{rest}");
        }
    }
    typed.to_owned()
}

/// Returns the number at a path; `None` if it is null.
pub(super) fn number(value: &Value, path: &str) -> Option<f64> {
    path.split('.').try_fold(value, |value, key| value.get(key))?.as_f64()
}

fn collect(root: &Value, prefix: &str, metrics: &mut Vec<Metric>) {
    walk(root, root, (prefix, ""), metrics);
}

fn walk(root: &Value, schema: &Value, (path, about): (&str, &str), metrics: &mut Vec<Metric>) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        if let Some(target) = root.pointer(reference.trim_start_matches('#')) {
            walk(root, target, (path, about), metrics);
        }
        return;
    }
    for choice in schema.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        walk(root, choice, (path, about), metrics);
    }
    if has_type(schema, &["integer", "number"]) {
        let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
        metrics.push(Metric {
            path: path.to_owned(),
            least: bound("minimum").unwrap_or(f64::NEG_INFINITY),
            most: bound("maximum").unwrap_or(f64::INFINITY),
            whole: has_type(schema, &["integer"]),
            about: about.to_owned(),
            share: None,
        });
    }
    for (key, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        // A number deep down says what it is, and of what.
        let own = property.get("description").and_then(Value::as_str).unwrap_or_default();
        let about = if about.is_empty() || own.is_empty() { format!("{about}{own}") } else { format!("{about} {own}") };
        walk(root, property, (&path, &about), metrics);
    }
}

fn has_type(schema: &Value, types: &[&str]) -> bool {
    let is_one = |value: &Value| value.as_str().is_some_and(|name| types.contains(&name));
    schema.get("type").is_some_and(|kind| is_one(kind) || kind.as_array().is_some_and(|kinds| kinds.iter().any(is_one)))
}

/// Returns all metrics.
pub(super) fn all() -> &'static [Metric] {
    &METRICS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(typed: &str, want: &str) {
        assert_eq!(resolve(typed).map(|metric| metric.path.as_str()), Ok(want), "{typed}");
    }

    #[test]
    fn resolves_paths_last_parts_and_aliases() {
        case("failures.timeout", "failures.timeout");
        case("timeout", "failures.timeout");
        case("totals.failed", "failed");
        case("lost_events", "lost");
        case("duration.p99", "duration_ms.all.p99");
        case("all.p95", "duration_ms.all.p95");
        case("waste.usd", "waste.usd");
        case("usd", "waste.usd");
        for (heading, path) in [
            ("oom", "failures.out_of_memory"),
            ("UNHANDLED", "failures.runtime_exception"),
            ("throttled", "failures.throttling"),
            ("Init", "failures.init_failure"),
            ("lost", "lost"),
            ("recovered", "outcomes.recovered"),
            ("rerun", "outcomes.rerun_after_success"),
            ("RATE", "failure_rate"),
            ("Failed", "failed"),
            ("cold", "cold_starts"),
            ("p95", "duration_ms.all.p95"),
        ] {
            case(heading, path);
        }
        case("coverage.bytes.unrecognized", "coverage.bytes.unrecognized");
        case("new_causes", "comparison.counts.new_causes");
    }

    #[test]
    fn refuses_the_unknown_and_the_ambiguous() {
        for (typed, hint) in [
            ("timout", "did you mean failures.timeout"),
            ("p99", "duration_ms.all.p99, duration_ms.ok.p99"),
            ("duration", "duration_ms.all.p50"),
            ("function", "no number 'function'"),
            ("findings", "no number"),
        ] {
            let error = resolve(typed).unwrap_err();
            assert!(error.contains(hint), "{error}");
        }
    }
    #[test]
    fn every_number_has_bounds_and_only_shares_end_at_one() {
        assert!(all().len() > 50, "{:#?}", all());
        for metric in all() {
            assert_eq!(metric.least, 0.0, "{}: no number of a summary is negative; say so in its schema", metric.path);
            let is_ratio = metric.path.ends_with("_rate") || metric.path.starts_with("rates.");
            assert_eq!(metric.is_ratio(), is_ratio, "{}", metric.path);
            assert!(!metric.about.is_empty(), "{}", metric.path);
        }
    }
}
