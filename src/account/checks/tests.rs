//! The law of every check: it fires on one pair of summary and configuration, and not after the least change of either.

use std::collections::BTreeSet;

use super::*;
use crate::wire::{Finding, FunctionVersion};

const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:pay";

/// A summary with one function that failed, in a log of one hour.
fn summary(row: FunctionSummary) -> Summary {
    let mut summary: Summary = serde_json::from_str(include_str!("../../render/testdata/summary.json")).unwrap();
    summary.window.start = Some("2026-03-01T10:00:00.000Z".to_owned());
    summary.window.end = Some("2026-03-01T11:00:00.000Z".to_owned());
    let findings = match row.findings.is_empty() {
        true => vec![Finding { code: "runtime_exception.unhandled".to_owned(), count: 2, ..Finding::default() }],
        false => row.findings.clone(),
    };
    let versions = match row.versions.is_empty() {
        true => vec![version("$LATEST")],
        false => row.versions.clone(),
    };
    summary.functions =
        vec![FunctionSummary { function: Some("pay".to_owned()), failed: 2, findings, versions, ..row }];
    summary
}

fn version(name: &str) -> FunctionVersion {
    let json = serde_json::json!({"version": name, "first_seen": null, "attempts": 2, "failed": 2});
    serde_json::from_value(json).unwrap()
}

fn config(documents: &[&str]) -> AwsConfig {
    let mut config = AwsConfig::default();
    documents.iter().for_each(|text| assert_eq!(config.read(text.as_bytes(), "a.json"), Ok(true)));
    config.settle();
    config
}

fn found(row: FunctionSummary, documents: &[&str]) -> Vec<(String, String)> {
    let config = config(documents);
    let found = checks(&summary(row), Some(&config)).listed;
    found.into_iter().map(|check| (check.id, check.evidence)).collect()
}

/// Writes what `list-functions` prints of the function.
fn function(settings: &str) -> String {
    format!(r#"{{"Functions":[{{"FunctionName":"pay","FunctionArn":"{ARN}","Version":"$LATEST",{settings}}}]}}"#)
}

fn mapping(settings: &str) -> String {
    format!(r#"{{"EventSourceMappings":[{{"FunctionArn":"{ARN}",{settings}}}]}}"#)
}

fn queue(hidden: u32, receives: u32) -> String {
    format!(
        r#"{{"Attributes":{{"QueueArn":"arn:aws:sqs:eu-west-1:111122223333:q","VisibilityTimeout":"{hidden}","RedrivePolicy":"{{\"maxReceiveCount\":{receives}}}"}}}}"#
    )
}

fn invoke(settings: &str) -> String {
    format!(r#"{{"FunctionEventInvokeConfigs":[{{"FunctionArn":"{ARN}:$LATEST",{settings}}}]}}"#)
}

/// A pair in which a check fires, and the same with one change, in which it does not.
struct Pair {
    id: &'static str,
    row: fn(&mut FunctionSummary),
    documents: Vec<String>,
    other_row: Option<fn(&mut FunctionSummary)>,
    other_documents: Option<Vec<String>>,
}

fn by_config(id: &'static str, row: fn(&mut FunctionSummary), on: Vec<String>, off: Vec<String>) -> Pair {
    Pair { id, row, documents: on, other_row: None, other_documents: Some(off) }
}

fn by_log(
    id: &'static str,
    on: fn(&mut FunctionSummary),
    off: fn(&mut FunctionSummary),
    documents: Vec<String>,
) -> Pair {
    Pair { id, row: on, documents, other_row: Some(off), other_documents: None }
}

const NO_DESTINATION: &str = r#""DestinationConfig":{"OnFailure":{}}"#;
const DESTINATION: &str = r#""DestinationConfig":{"OnFailure":{"Destination":"arn:aws:sqs:eu-west-1:111122223333:d"}}"#;
const DEAD_LETTERS: &str = r#""DeadLetterConfig":{"TargetArn":"arn:aws:sqs:eu-west-1:111122223333:d"}"#;
const ONE: &str = r#""BatchSize":1"#;
const SQS: &str = r#""EventSourceArn":"arn:aws:sqs:eu-west-1:111122223333:q""#;
const STREAM: &str = r#""EventSourceArn":"arn:aws:kinesis:eu-west-1:111122223333:stream/s""#;

fn nothing(_: &mut FunctionSummary) {}

fn pairs() -> Vec<Pair> {
    let timeout = |seconds: u32| function(&format!(r#""Timeout":{seconds}"#));
    let sqs = |seconds: u32, window: u32, hidden: u32, receives: u32| {
        let window = mapping(&format!(r#"{SQS},"MaximumBatchingWindowInSeconds":{window}"#));
        vec![timeout(seconds), window, queue(hidden, receives)]
    };
    let stream = |settings: &str| vec![mapping(&format!("{STREAM}{settings}"))];
    let off = r#","State":"Disabled""#.to_owned();
    let with_state =
        |state: &str, hidden: u32| vec![timeout(30), mapping(&format!(r#"{SQS},"State":"{state}""#)), queue(hidden, 3)];
    let switched = |state: &str| with_state(state, 10);
    let longer = |state: &str| with_state(state, 40);
    let lost: fn(&mut FunctionSummary) = |row| row.lost = 3;
    let retried: fn(&mut FunctionSummary) = |row| row.retries.on_schedule = 2;
    let nowhere = vec![function(r#""Timeout":3"#), invoke(NO_DESTINATION)];
    let reserved = |number: u32| {
        vec![format!(
            r#"{{"Configuration":{{"FunctionName":"pay","FunctionArn":"{ARN}"}},"Concurrency":{{"ReservedConcurrentExecutions":{number}}}}}"#
        )]
    };
    let image = |kind: &str| vec![function(&format!(r#""PackageType":"{kind}""#))];
    vec![
        by_log(
            "timeout_below_success",
            |row| row.duration_ms.ok.max = Some(10_200.0),
            |row| row.duration_ms.ok.max = Some(10_050.0),
            vec![timeout(10)],
        ),
        by_log(
            "timeout_near_p99",
            |row| row.duration_ms.ok.p99 = Some(8_000.0),
            |row| row.duration_ms.ok.p99 = Some(7_999.0),
            vec![timeout(10)],
        ),
        by_config(
            "timeout_differs",
            |row| (row.timeout_ms, row.timeout_source) = (Some(3_000), Some("observed".to_owned())),
            vec![timeout(4)],
            vec![timeout(3)],
        ),
        by_log(
            "memory_near_size",
            |row| row.memory.max_used_mb = Some(116),
            |row| row.memory.max_used_mb = Some(115),
            vec![function(r#""MemorySize":128"#)],
        ),
        by_config("visibility_below_timeout", nothing, sqs(30, 0, 29, 5), sqs(30, 0, 30, 5)),
        by_config("visibility_below_six_timeouts", nothing, sqs(30, 5, 184, 5), sqs(30, 5, 185, 5)),
        by_config("few_receives", nothing, sqs(30, 0, 180, 4), sqs(30, 0, 180, 5)),
        by_config("shard_blocked", nothing, stream(""), stream(r#","MaximumRetryAttempts":3"#)),
        by_config("shard_blocked", nothing, stream(""), stream(r#","BisectBatchOnFunctionError":true"#)),
        by_config("shard_blocked", nothing, stream(""), stream(&format!(",{DESTINATION}"))),
        by_config("shard_blocked", nothing, stream(""), stream(r#","MaximumRecordAgeInSeconds":60"#)),
        by_config("shard_blocked", nothing, stream(r#","MaximumRecordAgeInSeconds":-1"#), stream(&off)),
        by_config("item_failures_unreported", nothing, stream(""), stream(&off)),
        by_config("item_failures_unreported", nothing, stream(r#","BatchSize":2"#), stream(r#","BatchSize":1"#)),
        by_config("item_failures_unreported", nothing, vec![mapping(SQS)], vec![mapping(&format!("{SQS},{ONE}"))]),
        by_config("visibility_below_timeout", nothing, switched("Enabled"), switched("Disabled")),
        by_config("few_receives", nothing, switched("Enabled"), switched("Disabled")),
        by_config("visibility_below_six_timeouts", nothing, longer("Enabled"), longer("Disabled")),
        by_log(
            "memory_near_size",
            |row| (row.memory.max_used_mb, row.memory.size_mb) = (Some(116), Some(128)),
            |row| (row.memory.max_used_mb, row.memory.size_mb) = (Some(116), Some(256)),
            vec![function(r#""MemorySize":128"#)],
        ),
        by_config(
            "item_failures_unreported",
            nothing,
            stream(""),
            stream(r#","FunctionResponseTypes":["ReportBatchItemFailures"]"#),
        ),
        by_config("mapping_disabled", nothing, stream(r#","State":"Disabled""#), stream(r#","State":"Enabled""#)),
        by_log("lost_without_destination", lost, nothing, nowhere.clone()),
        by_config("lost_without_destination", lost, nowhere.clone(), vec![timeout(3), invoke(DESTINATION)]),
        by_config(
            "lost_without_destination",
            lost,
            nowhere.clone(),
            vec![function(DEAD_LETTERS), invoke(NO_DESTINATION)],
        ),
        // Without any invoke config nothing is known of destinations.
        by_config("lost_without_destination", lost, nowhere.clone(), vec![timeout(3)]),
        by_log("async_without_destination", retried, nothing, nowhere.clone()),
        by_config(
            "two_failure_targets",
            nothing,
            vec![function(DEAD_LETTERS), invoke(DESTINATION)],
            vec![function(DEAD_LETTERS), invoke(NO_DESTINATION)],
        ),
        by_log(
            "no_async_retries",
            |row| row.outcomes.failed_once = 1,
            nothing,
            vec![invoke(r#""MaximumRetryAttempts":0"#)],
        ),
        by_config("reserved_concurrency_zero", nothing, reserved(0), reserved(1)),
        by_log("reserved_concurrency_small", |row| row.own_throttles = Some(4), nothing, reserved(5)),
        by_config(
            "changed_within_log",
            nothing,
            vec![function(r#""LastModified":"2026-03-01T10:30:00.000+0000""#)],
            vec![function(r#""LastModified":"2026-03-01T09:30:00.000+0000""#)],
        ),
        by_config(
            "system_log_level_warn",
            nothing,
            vec![function(r#""LoggingConfig":{"SystemLogLevel":"WARN"}"#)],
            vec![function(r#""LoggingConfig":{"SystemLogLevel":"INFO"}"#)],
        ),
        by_log(
            "snap_start_init",
            |row| row.failures.init_failure = 1,
            nothing,
            vec![function(r#""SnapStart":{"ApplyOn":"PublishedVersions"}"#)],
        ),
        Pair {
            id: "image_entrypoint",
            row: |row| {
                let code = "init_failure.entrypoint".to_owned();
                row.findings = vec![Finding { code, count: 1, ..Finding::default() }];
            },
            documents: image("Image"),
            other_row: None,
            other_documents: Some(image("Zip")),
        },
        by_log(
            "runtime_deprecated",
            |row| row.runtime = Some("python:3.9.v18".to_owned()),
            |row| row.runtime = Some("python:3.12.v38".to_owned()),
            Vec::new(),
        ),
        by_log(
            "runtime_create_blocked",
            |row| row.runtime = Some("go1.x".to_owned()),
            |row| row.runtime = Some("python:3.9.v18".to_owned()),
            Vec::new(),
        ),
        by_log(
            "runtime_update_blocked",
            |row| row.runtime = Some("nodejs12.x".to_owned()),
            |row| row.runtime = Some("go1.x".to_owned()),
            Vec::new(),
        ),
    ]
}

#[test]
fn every_check_fires_and_falls_silent_after_the_least_change() {
    let mut seen = BTreeSet::new();
    for Pair { id, row, documents, other_row, other_documents } in pairs() {
        seen.insert(id);
        let fires = |change: fn(&mut FunctionSummary), documents: &[String]| {
            let mut row = FunctionSummary::default();
            change(&mut row);
            let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
            found(row, &documents)
        };
        let on = fires(row, &documents);
        let told = on.iter().filter(|(found, _)| found == id).count();
        assert_eq!(told, 1, "{id} does not fire: {on:?}");
        let evidence = on.iter().find(|(found, _)| found == id).map(|(_, evidence)| evidence.as_str());
        assert!(evidence.is_some_and(|text| !text.ends_with('.') && text.len() > 10), "{id}: {evidence:?}");
        let off = fires(other_row.unwrap_or(row), other_documents.as_ref().unwrap_or(&documents));
        assert!(off.iter().all(|(found, _)| found != id), "{id} fires still: {off:?}");
    }
    let all: BTreeSet<&str> = all_checks().map(|check| check.id).collect();
    assert_eq!(seen, all, "a check without a pair");
    assert_eq!(all.len(), all_checks().count(), "an id twice");
    assert!(all_checks().all(|check| check.about.ends_with('.') && check.about.len() > 40));
}

#[test]
fn without_a_failure_only_what_is_grave_is_told() {
    let config = config(&[&function(r#""Timeout":10,"LoggingConfig":{"SystemLogLevel":"WARN"}"#)]);
    let mut healthy = summary(FunctionSummary::default());
    healthy.functions[0].duration_ms.ok.max = Some(11_000.0);
    healthy.functions[0].duration_ms.ok.p99 = Some(9_000.0);
    let ids = |summary: &Summary| -> Vec<String> {
        checks(summary, Some(&config)).listed.into_iter().map(|check| check.id).collect()
    };
    assert_eq!(ids(&healthy), ["timeout_below_success", "timeout_near_p99", "system_log_level_warn"]);
    healthy.functions[0].findings.clear();
    assert_eq!(ids(&healthy), ["timeout_below_success"]);
}

#[test]
fn the_log_has_the_last_word_and_another_version_is_named() {
    let row = FunctionSummary { versions: vec![version("7")], ..FunctionSummary::default() };
    let near = |mut row: FunctionSummary, documents: &[&str]| {
        row.duration_ms.ok.p99 = Some(9_000.0);
        found(row, documents).into_iter().find(|(id, _)| id == "timeout_near_p99").map(|(_, evidence)| evidence)
    };
    let latest = function(r#""Timeout":10"#);
    let evidence = near(row.clone(), &[&latest]).unwrap();
    assert!(evidence.ends_with("(of $LATEST; version 7 ran, which may have another)"), "{evidence}");
    let seventh =
        format!(r#"{{"FunctionName":"pay","FunctionArn":"{ARN}:7","Version":"7","Timeout":30,"MemorySize":128}}"#);
    assert_eq!(near(row, &[&latest, &seventh]), None, "its own timeout is 30 s");
}

#[test]
fn a_change_within_the_log_is_said_of_the_limits() {
    let changed = |at: &str| {
        let mut row = FunctionSummary::default();
        row.duration_ms.ok.p99 = Some(9_000.0);
        let told = found(row, &[&function(&format!(r#""Timeout":10,"LastModified":"{at}""#))]);
        told.into_iter().find(|(id, _)| id == "timeout_near_p99").map(|(_, evidence)| evidence).unwrap()
    };
    let within = changed("2026-03-01T10:30:00.000+0000");
    assert!(
        within.ends_with("(changed at 2026-03-01T10:30:00.000Z: earlier attempts may have had another)"),
        "{within}"
    );
    assert!(changed("2026-02-28T10:30:00.000+0000").ends_with("10 s"));
}

#[test]
fn checks_are_in_order_and_counted_past_their_bound() {
    let mut many = summary(FunctionSummary { runtime: Some("nodejs12.x".to_owned()), ..FunctionSummary::default() });
    let row = many.functions[0].clone();
    many.functions = (0..LISTED + 5)
        .rev()
        .map(|at| FunctionSummary { function: Some(format!("f{at:05}")), ..row.clone() })
        .collect();
    let FoundChecks { listed, all, high } = checks(&many, None);
    assert_eq!((listed.len(), all, high), (LISTED, 1_005, 1_005));
    assert!(listed.is_sorted_by_key(|check| check.function.clone()));
}
