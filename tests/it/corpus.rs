//! Fixtures: every log of `fixtures/logs` gets the verdicts in `fixtures/expected`, which were reviewed line by line.
//!
//! A case is a folder of `fixtures/logs`, found at run time. `UPDATE_EXPECTED=1` rewrites the expected files: review
//! the difference, as a recorded mistake is a mistake.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

use serde_json::Value;

use super::harness::{LOGS, Run, function, root};

/// Categories of attempts; `environment` stands for an init that failed without a request.
const CATEGORIES: [&str; 11] = [
    "downstream",
    "incomplete",
    "init_failure",
    "invalid_request",
    "ok",
    "out_of_memory",
    "runtime_exception",
    "service_error",
    "throttling",
    "timeout",
    "unknown",
];

fn cases() -> Vec<String> {
    let folders = fs::read_dir(root().join(LOGS)).unwrap();
    let mut names: Vec<String> = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert!(names.len() > 10, "the fixtures are there: {names:?}");
    names
}

#[test]
fn verdicts_are_as_expected() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let listing = listing(&format!("{LOGS}/{case}"));
        let path = root().join(format!("fixtures/expected/{case}.txt"));
        if update {
            fs::write(&path, &listing).unwrap();
        }
        if fs::read_to_string(&path).unwrap_or_default() != listing {
            wrong.push(format!("{}:\n{listing}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "run with UPDATE_EXPECTED=1 and review the difference\n{}", wrong.join("\n"));
}

#[test]
fn nothing_is_expected_of_logs_that_are_gone() {
    let expected = fs::read_dir(root().join("fixtures/expected")).unwrap();
    let names = expected.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let wanted: BTreeSet<String> = cases().iter().map(|case| format!("{case}.txt")).collect();
    // Missing files are checked above, where they may be written at the same time.
    let gone: Vec<String> = names.filter(|name| !wanted.contains(name)).collect();
    assert!(gone.is_empty(), "{gone:?}");
}

#[test]
fn every_category_occurs() {
    let records = Run::analyze([LOGS]).records();
    let seen: BTreeSet<&str> = records.iter().map(|record| record["category"].as_str().unwrap()).collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), CATEGORIES);
    assert!(records.iter().any(|record| record["kind"] == "environment"));
}

#[test]
fn every_function_has_its_name_and_every_byte_its_place() {
    let summary = Run::analyze([LOGS]).summary();
    for one in summary["functions"].as_array().unwrap() {
        assert!(one["function"].is_string(), "{one}");
    }
    let coverage = &summary["coverage"];
    assert_eq!(coverage["complete"], true, "{coverage}");
    assert_eq!(coverage["bytes"]["unrecognized"], 0, "{coverage}");
    assert_eq!(coverage["inputs_skipped"], Value::Array(Vec::new()));
}

/// Lists the attempts, one per line, under a line for their function.
fn listing(path: &str) -> String {
    let (summary, records) = (Run::analyze([path]).summary(), Run::analyze([path]).records());
    let names: BTreeSet<&str> = records.iter().map(|record| record["function"].as_str().unwrap_or("?")).collect();
    let mut out = String::new();
    for name in names {
        writeln!(out, "{}", heading(function(&summary, name), name)).unwrap();
        for record in records.iter().filter(|record| record["function"] == name) {
            writeln!(out, "  {}", line(record)).unwrap();
        }
    }
    out
}

/// Formats the line of a function: `orders-api: 3 attempts, 1 failed, 1 cold; recovered 1, succeeded 1`.
fn heading(one: &Value, name: &str) -> String {
    let mut text =
        format!("{name}: {} attempts, {} failed, {} cold;", one["attempts"], one["failed"], one["cold_starts"]);
    if one["environment_failures"] != 0 {
        write!(text, " environment {}", one["environment_failures"]).unwrap();
    }
    for (outcome, count) in one["outcomes"].as_object().unwrap() {
        if *count != 0 {
            write!(text, " {outcome} {count}").unwrap();
        }
    }
    text
}

/// Formats the line of an attempt: `6513270e 1 03:00:01 ok high + cold_start`; causes after `<`, observations after
/// `+`.
fn line(record: &Value) -> String {
    let text = |key: &str| record[key].as_str().unwrap_or("-").to_owned();
    let id = record["request_id"].as_str().map_or("environment", |id| &id[..8]);
    let at = record["started_at"].as_str().map_or("--:--:--", |at| &at[11..19]);
    let mut line = format!("{id} {} {at} {} {}", record["attempt"], text("code"), text("confidence"));
    if let Some(kind) = record["error_type"].as_str() {
        write!(line, " {kind}").unwrap();
    }
    if record["window_cut"] != "none" {
        write!(line, " (cut: {})", text("window_cut")).unwrap();
    }
    for cause in record["contributing"].as_array().unwrap() {
        write!(line, " < {} {}", cause["code"].as_str().unwrap(), cause["confidence"].as_str().unwrap()).unwrap();
    }
    for seen in record["observations"].as_array().unwrap() {
        write!(line, " + {} {}", seen["code"].as_str().unwrap(), seen["count"]).unwrap();
    }
    line
}
