//! Records as input: those of shards, in any order, give the same bytes as one run over all logs.

use std::fs;

use serde_json::json;

use super::generate;
use super::harness::{LOGS, Run, directory, read_records, read_summary, root};

#[test]
fn records_of_shards_give_the_same_totals_and_functions() {
    let whole = Run::analyze([LOGS]).summary();
    let mut folders: Vec<String> = fs::read_dir(root().join(LOGS))
        .unwrap()
        .map(|entry| format!("{LOGS}/{}", entry.unwrap().file_name().to_str().unwrap()))
        .collect();
    folders.sort();
    let (first, second) = folders.split_at(folders.len() / 2);
    let records = |folders: &[String]| Run::analyze(folders).args(["--format", "ndjson"]).stdout();
    let (first, second) = (records(first), records(second));
    for all in [format!("{first}{second}"), format!("{second}{first}")] {
        let joined = read_summary(&Run::analyze(["-"]).args(["--format", "json"]).input(all).stdout());
        assert_eq!(joined["totals"].to_string(), whole["totals"].to_string());
        for (got, want) in joined["functions"].as_array().unwrap().iter().zip(whole["functions"].as_array().unwrap()) {
            assert_eq!(got.to_string(), want.to_string());
        }
        assert_eq!(joined["functions"].to_string(), whole["functions"].to_string());
    }
}

#[test]
fn records_of_random_logs_survive_the_way_through_a_file() {
    let corpus = generate::corpus(21);
    let (logs, spool) = (directory(), directory());
    (generate::SHAPES[0].1)(&corpus, logs.path());
    let whole = Run::analyze([logs.path()]).summary();
    let path = spool.path().join("records");
    Run::analyze([logs.path()]).args(["--format", "ndjson", "--output"]).args([&path]).stdout();
    let again = Run::analyze([&path]).summary();
    assert_eq!(again["totals"].to_string(), whole["totals"].to_string());
    assert_eq!(again["functions"].to_string(), whole["functions"].to_string());
}

/// A function may write into the log group of another; its runtime is its own, in the log as in records.
#[test]
fn the_runtime_is_of_the_function_that_the_platform_names() {
    let at = |second: u32| format!("2026-10-01T00:00:{second:02}.000Z");
    let line = |second: u32, kind: &str, record: serde_json::Value| {
        let message = json!({"time": at(second), "type": format!("platform.{kind}"), "record": record}).to_string();
        let stream = format!("2026/10/01/[7]0f1e2d3c4b5a69788796a5b4c3d2e1f{}", second / 10);
        json!({"timestamp": 1_790_812_800_000u64 + u64::from(second) * 1_000, "logGroup": "/aws/lambda/pay", "logStream": stream, "message": message})
            .to_string()
            + "\n"
    };
    let environment = |second: u32, function: &str, runtime: &str| {
        let id = format!("6f0d1a52-93c1-4d0e-8a55-0b7c2f1e9d{second:02}");
        let start = json!({"initializationType": "on-demand", "phase": "init", "functionName": function, "functionVersion": "7", "runtimeVersion": runtime});
        let report = json!({"requestId": id, "status": "success", "metrics": {"durationMs": 1.5, "billedDurationMs": 2, "memorySizeMB": 512, "maxMemoryUsedMB": 33}});
        line(second, "initStart", start)
            + &line(second + 1, "start", json!({"requestId": id, "version": "7"}))
            + &line(second + 2, "report", report)
    };
    let log = environment(0, "pay", "nodejs:22.v1") + &environment(10, "ship", "python:3.14.v1");
    let rows = |input: String| {
        let all = read_summary(&Run::analyze(["-"]).args(["--format", "json"]).input(input).stdout());
        let rows = all["functions"].as_array().unwrap().iter();
        let mut rows: Vec<String> = rows.map(|row| format!("{} {}", row["function"], row["runtime"])).collect();
        rows.sort();
        rows
    };
    assert_eq!(rows(log.clone()), [r#""pay" "nodejs:22.v1""#, r#""ship" "python:3.14.v1""#]);
    for form in ["full", "compact"] {
        let records = Run::analyze(["-"]).args(["--format", "ndjson", "--records", form]).input(log.clone()).stdout();
        assert_eq!(rows(records), rows(log.clone()), "{form}");
    }
}

#[test]
fn a_record_given_twice_counts_once() {
    let records = Run::new(["demo", "--format", "ndjson"]).stdout();
    let once = Run::analyze(["-"]).input(records.clone()).summary();
    let twice = Run::analyze(["-"]).input(format!("{records}{records}")).summary();
    for key in ["totals", "causes", "events_to_check"] {
        assert_eq!(twice[key].to_string(), once[key].to_string(), "{key}");
    }
    assert_eq!(twice["coverage"]["duplicates"], read_records(&records).len());
}
