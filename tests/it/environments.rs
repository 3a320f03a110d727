//! Law: an environment that failed to start is told, and counted, alike in every form of a log, whether its stream is named or
//! not; an init that a request of the same environment repeats is none.

use serde_json::{Value, json};

use super::harness::analyze_log;

const ID: &str = "11111111-5b50-4f1e-8b5c-0d0b9f3c2a11";
const STREAM: &str = "2026/01/02/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// What happens, a second after one another, with the number of environments that fail.
const LOGS: [(&[&str], usize); 4] = [
    (&["begin", "failed", "begin", "good", "start", "report"], 1),
    (&["begin", "failed", "begin", "failed", "begin", "good", "start", "report"], 2),
    (&["begin", "failed", "begin", "good", "start", "report", "again", "report again"], 1),
    (&["begin", "failed"], 1),
];

fn event(second: usize, kind: &str, record: &Value) -> String {
    json!({"time": format!("2026-01-02T03:00:{second:02}.123Z"), "type": kind, "record": record}).to_string()
}

fn in_json(second: usize, what: &str) -> String {
    let id = if what.ends_with("again") { ID.replace("1111-", "2222-") } else { ID.to_owned() };
    let init = |status: &str, error: Value| json!({"initializationType": "provisioned-concurrency", "phase": "init", "status": status, "errorType": error, "metrics": {"durationMs": 300.1}});
    match what {
        "begin" => event(
            second,
            "platform.initStart",
            &json!({"initializationType": "provisioned-concurrency", "phase": "init", "runtimeVersion": "python:3.12.v90"}),
        ),
        "failed" => event(second, "platform.initReport", &init("error", json!("Runtime.ImportModuleError"))),
        "good" => event(second, "platform.initReport", &init("success", Value::Null)),
        "start" | "again" => event(second, "platform.start", &json!({"requestId": id, "version": "$LATEST"})),
        _ => {
            let metrics =
                json!({"durationMs": 100.5, "billedDurationMs": 101, "memorySizeMB": 128, "maxMemoryUsedMB": 90});
            event(second, "platform.report", &json!({"requestId": id, "metrics": metrics, "status": "success"}))
        }
    }
}

fn in_text(_: usize, what: &str) -> String {
    let id = if what.ends_with("again") { ID.replace("1111-", "2222-") } else { ID.to_owned() };
    match what {
        "begin" => {
            "INIT_START Runtime Version: python:3.12.v90\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0123"
                .to_owned()
        }
        "failed" => {
            "INIT_REPORT Init Duration: 300.09 ms\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError"
                .to_owned()
        }
        "good" => "INIT_REPORT Init Duration: 310.09 ms\tPhase: init\tStatus: success".to_owned(),
        "start" | "again" => format!("START RequestId: {id} Version: $LATEST"),
        _ => format!(
            "REPORT RequestId: {id}\tDuration: 123.45 ms\tBilled Duration: 124 ms\tMemory Size: 512 MB\tMax Memory Used: 98 MB\t"
        ),
    }
}

type Form = fn(&[String]) -> String;
const FORMS: [(&str, Form); 3] = [
    ("lines", |messages| messages.join("\n") + "\n"),
    ("filter-log-events", |messages| {
        let event = |(at, message): (usize, &String)| json!({"logStreamName": STREAM, "timestamp": 1_767_322_800_123_u64 + 1_000 * at as u64, "message": message});
        json!({ "events": messages.iter().enumerate().map(event).collect::<Vec<_>>() }).to_string()
    }),
    ("aws logs tail", |messages| {
        let line =
            |(at, message): (usize, &String)| format!("2026-01-02T03:00:{at:02}.123000+00:00 {STREAM} {message}\n");
        messages.iter().enumerate().map(line).collect()
    }),
];

/// Kinds and categories of the records, sorted.
fn judged(log: &str) -> Vec<String> {
    let (_, records) = analyze_log(log);
    let told = |record: &Value| {
        format!("{} {}", record["kind"].as_str().unwrap_or(""), record["category"].as_str().unwrap_or(""))
    };
    let mut told: Vec<String> = records.iter().map(told).collect();
    told.sort();
    told
}

#[test]
fn environments_that_fail_are_told_in_every_form() {
    for (what, environments) in LOGS {
        let attempts = what.iter().filter(|what| what.starts_with("report")).count();
        let want = [vec!["attempt ok".to_owned(); attempts], vec!["environment init_failure".to_owned(); environments]]
            .concat();
        for (format, message) in [("text", in_text as fn(usize, &str) -> String), ("JSON", in_json)] {
            let messages: Vec<String> = what.iter().enumerate().map(|(at, what)| message(at, what)).collect();
            for (form, write) in FORMS {
                assert_eq!(judged(&write(&messages)), want, "{what:?} in {format}, {form}");
            }
        }
    }
}

/// The report of an init may stand behind START, by its order in a file, and before it by its time.
#[test]
fn an_init_that_is_repeated_for_a_request_is_no_other_environment() {
    let init = |kind: &str| json!({"initializationType": "on-demand", "phase": "init", "status": kind, "errorType": "Runtime.Unknown", "metrics": {"durationMs": 300.1}});
    let metrics = json!({"durationMs": 120.5, "billedDurationMs": 511, "memorySizeMB": 512, "maxMemoryUsedMB": 98, "initDurationMs": 390.1});
    let messages = [
        event(
            7,
            "platform.initStart",
            &json!({"initializationType": "on-demand", "phase": "init", "runtimeVersion": "python:3.12.v90"}),
        ),
        event(9, "platform.start", &json!({"requestId": ID, "version": "$LATEST"})),
        event(8, "platform.initReport", &init("error")),
        event(10, "platform.report", &json!({"requestId": ID, "metrics": metrics, "status": "success"})),
    ];
    for order in [[0, 1, 2, 3], [0, 2, 1, 3]] {
        let messages = order.map(|at| messages[at].clone());
        for (form, write) in FORMS {
            assert_eq!(judged(&write(&messages)), ["attempt ok"], "{form}, {order:?}");
        }
    }
}
