//! Records as input: those of shards, in any order, give the same bytes as one run over all logs.

use std::fs;

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
