//! The numbers of a summary that a gate can ask for, found in its JSON Schema: no second list to keep.

use std::sync::LazyLock;

use serde_json::Value;

use super::nearest::{nearest, suggestion};
use crate::wire::{Coverage, FunctionSummary};

/// Shorter words for common paths, whole or as the beginning of a path.
const ALIASES: [(&str, &str); 2] = [("lost_events", "outcomes.exhausted"), ("duration", "duration_ms.all")];

/// Every path to a number in the summary of a function or of the totals, and in its coverage.
static PATHS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut paths = Vec::new();
    collect(&schemars::schema_for!(FunctionSummary).to_value(), "", &mut paths);
    collect(&schemars::schema_for!(Coverage).to_value(), "coverage", &mut paths);
    paths
});

/// The full path for what was typed: a path, an alias, or the last part of a path where it is unique.
pub(super) fn resolve(typed: &str) -> Result<&'static str, String> {
    let typed = typed.strip_prefix("totals.").unwrap_or(typed);
    let full = unalias(typed);
    if let Some(path) = PATHS.iter().find(|path| **path == full) {
        return Ok(path);
    }
    let suffix = format!(".{full}");
    let ending: Vec<&'static str> = PATHS.iter().map(String::as_str).filter(|path| path.ends_with(&suffix)).collect();
    let beginning = PATHS.iter().map(String::as_str).filter(|path| path.starts_with(&format!("{full}.")));
    match ending[..] {
        [path] => Ok(path),
        [] => {
            let mut near: Vec<&str> = beginning.take(4).collect();
            if near.is_empty() {
                near = nearest(typed, PATHS.iter().map(String::as_str).chain(ALIASES.map(|(alias, _)| alias)));
            }
            Err(format!("no number '{typed}' in the summary{}", suggestion(&near)))
        }
        _ => Err(format!("'{typed}' may be {}; write one of them", ending.join(", "))),
    }
}

fn unalias(typed: &str) -> String {
    for (alias, path) in ALIASES {
        if let Some(rest) = typed.strip_prefix(alias).filter(|rest| rest.is_empty() || rest.starts_with('.')) {
            return format!("{path}{rest}");
        }
    }
    typed.to_owned()
}

/// The number at a path; `None` where it is null.
pub(super) fn number(value: &Value, path: &str) -> Option<f64> {
    path.split('.').try_fold(value, |value, key| value.get(key))?.as_f64()
}

fn collect(root: &Value, prefix: &str, paths: &mut Vec<String>) {
    walk(root, root, prefix, paths);
}

fn walk(root: &Value, schema: &Value, path: &str, paths: &mut Vec<String>) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        if let Some(target) = root.pointer(reference.trim_start_matches('#')) {
            walk(root, target, path, paths);
        }
        return;
    }
    for choice in schema.get("anyOf").and_then(Value::as_array).into_iter().flatten() {
        walk(root, choice, path, paths);
    }
    if is_number(schema.get("type")) {
        paths.push(path.to_owned());
    }
    for (key, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        walk(root, property, &if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, paths);
    }
}

fn is_number(kind: Option<&Value>) -> bool {
    let names = |value: &Value| matches!(value.as_str(), Some("integer" | "number"));
    kind.is_some_and(|kind| names(kind) || kind.as_array().is_some_and(|kinds| kinds.iter().any(names)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(typed: &str, want: &str) {
        assert_eq!(resolve(typed), Ok(want), "{typed}");
    }

    #[test]
    fn resolves_paths_last_parts_and_aliases() {
        case("failures.timeout", "failures.timeout");
        case("timeout", "failures.timeout");
        case("totals.failed", "failed");
        case("lost_events", "outcomes.exhausted");
        case("duration.p99", "duration_ms.all.p99");
        case("all.p95", "duration_ms.all.p95");
        case("waste.usd", "waste.usd");
        case("usd", "waste.usd");
        case("coverage.bytes.unrecognized", "coverage.bytes.unrecognized");
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
}
