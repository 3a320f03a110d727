//! Runs that cannot write temporary files: what needed one ends with status 3 and a message, the rest is printed.

use std::process::Command;

use serde_json::Value;

use super::harness::{LOGS, Run, directory, formats, read_records, read_summary, write};
use super::shapes;

/// Environment variable that makes temporary files impossible.
const NOWHERE: (&str, &str) = ("TMPDIR", "/no/such/directory");

/// Runs the program with files limited to a kilobyte, as on a full disk.
fn on_a_full_disk(arguments: &[&str]) -> std::process::Output {
    let mut shell = Command::new("bash");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_lambda-triage")]);
    shell.args(arguments).current_dir(super::harness::root()).output().unwrap()
}

fn bytes_of(summary: &Value) -> u64 {
    summary["coverage"]["bytes"].as_object().unwrap().values().filter_map(Value::as_u64).sum()
}

#[test]
fn an_input_that_cannot_be_turned_round_is_status_3_in_every_shape() {
    let folder = directory();
    let mut turned = Vec::new();
    for (name, files) in shapes::newest_first() {
        for (file, bytes) in &files {
            write(&folder.path().join(name).join(file), bytes);
        }
        let path = folder.path().join(name);
        let run = || Run::analyze([&path]).args(["--function", "f", "--format", "json", "--fail-on", "failed > 900"]);
        let with = run().done();
        let without = run().env(NOWHERE.0, NOWHERE.1).done();
        if without.status != 3 || with.status == 3 {
            assert_eq!((&without.stdout, without.status), (&with.stdout, with.status), "{name}");
            continue;
        }
        turned.push(name);
        assert!(without.stderr.contains("the temporary file to turn it round failed"), "{name}: {}", without.stderr);
        let (with, without) = (read_summary(&with.stdout), read_summary(&without.stdout));
        let coverage = &without["coverage"];
        assert_ne!(coverage["inputs_unreadable"].as_array().unwrap().len(), 0, "{name}: {coverage}");
        assert_eq!(coverage["complete"], false, "{name}");
        assert_eq!(bytes_of(&without), bytes_of(&with), "{name}: what is missing is counted");
        assert_ne!(without["totals"]["attempts"], 0, "{name}: what came first is judged");
    }
    for wanted in ["filter-log-events", "insights json", "insights csv", "console csv", "insights text"] {
        assert!(turned.contains(&wanted), "{wanted} needs no temporary file any more? {turned:?}");
    }
}

#[test]
fn a_full_disk_is_no_other_than_none() {
    let folder = directory();
    let (_, files) = shapes::newest_first().into_iter().find(|(name, _)| *name == "insights csv").unwrap();
    let path = folder.path().join("insights.csv");
    write(&path, &files[0].1);
    let path = path.to_str().unwrap();
    for format in formats() {
        let done = on_a_full_disk(&["analyze", path, "--format", format, "--fail-on", "failed > 900"]);
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(3), "{format}: {said}");
        assert!(said.contains("File too large") && said.contains("TMPDIR"), "{format}: {said}");
    }
}

#[test]
fn only_what_needs_records_is_missing_without_room_for_them() {
    let folder = directory();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let summary = Run::analyze([LOGS]).summary();
    let nowhere = |run: Run| run.env(NOWHERE.0, NOWHERE.1).status(3);
    for threads in ["1", "4"] {
        let run = Run::analyze([LOGS]).args(["--format", "json", "--threads", threads]);
        let (records, table) = (path("records"), path("table"));
        let done = nowhere(
            run.args(["--report", &format!("ndjson={records}"), "--report", &format!("table={table}")])
                .args(["--ledger", &path("ledger.csv")]),
        );
        assert_eq!(read_summary(&done.stdout), summary);
        assert!(std::fs::read_to_string(&table).is_ok_and(|text| text.contains("failed")));
        for file in [&records, &path("ledger.csv")] {
            assert!(!std::path::Path::new(file).exists(), "{file} is whole or absent");
            assert!(done.stderr.contains(&format!("cannot write {file}: the temporary file")), "{}", done.stderr);
        }
    }
    let done = nowhere(Run::analyze([LOGS]).args(["--format", "ndjson"]));
    assert!(done.stdout.is_empty() && done.stderr.contains("cannot write standard output"), "{}", done.stderr);
    // The gate needs no temporary files.
    Run::analyze([LOGS]).args(["--format", "ndjson", "--fail-on", "failed > 0"]).env(NOWHERE.0, NOWHERE.1).status(1);
    let log = "fixtures/logs/retries";
    let records = Run::analyze([log]).records();
    let id = records[0]["request_id"].as_str().unwrap();
    Run::new(["show", id, log]).env(NOWHERE.0, NOWHERE.1).status(0);
}

#[test]
fn records_that_outgrow_the_disk_are_missing_whole() {
    let log = read_records(&Run::analyze([LOGS]).args(["--format", "ndjson"]).stdout());
    let folder = directory();
    let path = folder.path().join("many.ndjson");
    let line = |at: usize| {
        let mut record = log[at % log.len()].clone();
        record["id"] = format!("{at:032x}").into();
        format!("{record}\n")
    };
    write(&path, (0..400).map(line).collect::<String>());
    let done = on_a_full_disk(&["analyze", path.to_str().unwrap(), "--format", "ndjson"]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(3), "{said}");
    assert!(done.stdout.is_empty() && said.contains("the temporary file for the records failed"), "{said}");
}
