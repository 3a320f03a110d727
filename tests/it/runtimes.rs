//! Logs that AWS's own runtime clients wrote: the verdicts in `fixtures/runtimes/truth.json`, which were written down
//! before the logs were, from what each function does. `tests/runtimes/run --fixtures` makes both anew.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::harness::{Run, root};

/// Fields of `downstream` that a row of the truth may have.
const FIELDS: [&str; 5] = ["service", "operation", "host", "error_code", "http_status"];

/// Logs with their truth, relative to the repository.
const FOLDER: &str = "fixtures/runtimes";

fn truth() -> Vec<Value> {
    let text = fs::read_to_string(root().join(FOLDER).join("truth.json")).unwrap();
    let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(rows.len() > 30, "the fixtures are there");
    rows
}

fn records() -> Vec<Value> {
    let files = fs::read_dir(root().join(FOLDER)).unwrap().map(|entry| entry.unwrap().path());
    let mut logs: Vec<_> = files.filter(|path| !path.ends_with("truth.json")).collect();
    logs.sort();
    Run::analyze(logs).records()
}

/// Says what is wrong with a record, if anything is.
fn fault(row: &Value, record: Option<&Value>) -> Option<String> {
    let Some(record) = record else { return Some("no record".to_owned()) };
    let codes = row["codes"].as_array().unwrap();
    let mut told = format!("{} [{}]", record["code"], record["confidence"]);
    let mut good = codes.contains(&record["code"]);
    for field in FIELDS.iter().filter(|field| !row[**field].is_null()) {
        let got = &record["downstream"][field];
        let fits = match (*field, row[*field].as_str(), got.as_str()) {
            // Some errors name the host without its port.
            ("host", Some(want), Some(got)) => want == got || want.split(':').next() == Some(got),
            _ => *got == row[*field],
        };
        if !fits {
            good = false;
            told += &format!(", {field} {got} instead of {}", row[*field]);
        }
    }
    (!good).then(|| format!("{} {} ({}): wanted {:?}, got {told}", row["file"], row["scenario"], row["what"], codes))
}

#[test]
fn verdicts_are_what_the_functions_did() {
    let mut found: BTreeMap<_, _> = BTreeMap::new();
    for record in records() {
        found.insert((record["request_id"].as_str().map(str::to_owned), record["attempt"].as_u64()), record);
    }
    let mut wrong = Vec::new();
    for row in truth() {
        let key = (row["request_id"].as_str().map(str::to_owned), row["attempt"].as_u64());
        let record = found.remove(&key);
        match (fault(&row, record.as_ref()), row["known"].as_str()) {
            (Some(fault), None) => wrong.push(fault),
            (None, Some(reason)) => {
                wrong.push(format!("{} is right now, and no longer to be excused: {reason}", row["scenario"]));
            }
            _ => {}
        }
    }
    for record in found.into_values().filter(|record| record["kind"] == "attempt") {
        wrong.push(format!("an attempt that never was: {} {}", record["request_id"], record["code"]));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
