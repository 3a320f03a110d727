//! Logs of many environments at once whose export names none of them: Insights results, short tails, console copies.

use std::collections::BTreeMap;

use lambda_triage::internal::{Options, analyze_samples};
use serde_json::{Value, json};

use super::generate::{Event, Random, Stream, corpus};
use super::harness::{Run, records_of};

/// Verdict on one attempt: category and confidence.
type Verdict = (String, String);

/// Analyses a log and returns the verdicts by request id.
fn verdicts(log: &str) -> BTreeMap<String, Verdict> {
    let options = Options { keep_records: true, ..Options::default() };
    let mut analysis = analyze_samples(&[("log.ndjson", log.as_bytes())], &options).unwrap();
    let word = |record: &Value, key: &str| record[key].as_str().unwrap_or("").to_owned();
    records_of(&mut analysis)
        .iter()
        .map(|record| (word(record, "request_id"), (word(record, "category"), word(record, "confidence"))))
        .collect()
}

/// Environments of one function that are busy at the same time.
fn busy(seed: u64, environments: usize) -> Vec<Stream> {
    let mut random = Random(seed);
    let streams = (seed * 100..).flat_map(|seed| corpus(seed).streams);
    streams
        .take(environments)
        .map(|stream| {
            let mut at = 1_767_312_000_000 + random.below(2_000) as i64;
            let mut before = None;
            let mut busy = |event: Event| {
                let gap = before.replace(event.at).map_or(0, |before| event.at - before);
                // Instead of a minute, the next request comes at once or a little later.
                at += if gap > 10_000 { random.below(2_000) as i64 } else { gap };
                Event { at, ..event }
            };
            Stream { events: stream.events.into_iter().map(&mut busy).collect(), ..stream }
        })
        .collect()
}

/// Every verdict is that of the log with names. Where the owner of an error without an id was guessed, at least 95 of 100
/// are right, and none that is wrong is said with high confidence.
#[test]
fn verdicts_are_those_of_the_log_with_names() {
    let (mut attempts, mut failures, mut wrong) = (0, 0, Vec::new());
    for (seed, environments) in [(1, 2), (2, 3), (3, 5), (4, 10), (5, 20), (6, 50), (7, 2), (8, 50)] {
        let streams = busy(seed, environments);
        let mut events: Vec<(&Stream, &Event)> =
            streams.iter().flat_map(|stream| stream.events.iter().map(move |event| (stream, event))).collect();
        events.sort_by_key(|(_, event)| event.at);
        let (mut named, mut merged) = (String::new(), String::new());
        for (stream, Event { at, message }) in events {
            let group = "/aws/lambda/shop";
            let line = json!({"timestamp": at, "logGroup": group, "logStream": stream.name, "message": message});
            named += &format!("{line}\n");
            merged += &format!("{}\n", json!({"@timestamp": at, "@message": message}));
        }
        let found = verdicts(&merged);
        for (id, (category, _)) in verdicts(&named) {
            attempts += 1;
            failures += usize::from(category != "ok");
            match found.get(&id) {
                Some((same, _)) if *same == category => {}
                other => wrong.push((environments, id, category, other.cloned())),
            }
        }
    }
    assert!(failures > 1_000, "{failures} failures of {attempts}");
    let sure = |verdict: &Option<Verdict>| verdict.as_ref().is_none_or(|(_, confidence)| confidence == "high");
    let surely_wrong: Vec<_> = wrong.iter().filter(|(.., found)| sure(found)).collect();
    assert!(surely_wrong.is_empty(), "{surely_wrong:#?}");
    let mut kinds: BTreeMap<(usize, String, String), usize> = BTreeMap::new();
    for (environments, _, category, found) in &wrong {
        let found = found.as_ref().map_or("none", |found| &found.0);
        *kinds.entry((*environments, category.clone(), found.to_owned())).or_default() += 1;
    }
    let share = format!("{} wrong of {failures} failures and {attempts} attempts: {kinds:#?}", wrong.len());
    assert!(wrong.len() * 20 < failures, "{share}");
}

/// The start of an environment in JSON names its function, once: all attempts of the stream are its.
#[test]
fn a_stream_that_names_its_function_once_is_all_of_it() {
    let mut events = Vec::new();
    for (stream, function) in [(1, "orders"), (2, "billing")] {
        let log_stream = format!("2026/01/02/[7]{stream:032x}");
        let mut add = |at: i64, kind: &str, record: Value| {
            let message = json!({"time": "2026-01-02T00:00:00.000Z", "type": kind, "record": record}).to_string();
            let timestamp = 1_767_312_000_000 + at;
            events.push(json!({"logStreamName": log_stream, "timestamp": timestamp, "message": message}));
        };
        let start = json!({"initializationType": "on-demand", "phase": "init", "functionName": function, "functionVersion": "7"});
        add(0, "platform.initStart", start);
        for attempt in 1..=3 {
            let id = format!("0fb1ab10-5b50-4f1e-8b5c-{stream:06}{attempt:06}");
            let status = if attempt == 2 { "error" } else { "success" };
            let metrics = json!({"durationMs": 9.0, "billedDurationMs": 9, "memorySizeMB": 128, "maxMemoryUsedMB": 66});
            add(attempt * 100, "platform.start", json!({"requestId": id, "version": "7"}));
            let report = json!({"requestId": id, "status": status, "metrics": metrics});
            add(attempt * 100 + 9, "platform.report", report);
        }
    }
    let log = json!({"events": events}).to_string();
    let records = Run::analyze(["-"]).input(log.as_str()).records();
    let functions: Vec<String> = records.iter().map(|record| record["function"].to_string()).collect();
    assert_eq!(functions.iter().filter(|name| *name == "\"orders\"").count(), 3, "{functions:?}");
    assert_eq!(functions.iter().filter(|name| *name == "\"billing\"").count(), 3, "{functions:?}");
    let summary = Run::analyze(["-"]).input(log.as_str()).summary();
    let rows: Vec<(String, String)> = summary["functions"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (row["function"].to_string(), row["attempts"].to_string()))
        .collect();
    assert_eq!(rows.len(), 2, "{rows:?}");
}
