//! Law: no line that a function prints, and be it a perfect line of the platform, hides how another attempt ended, or how its own
//! did: each attempt is judged as without the line, or the answer is not complete.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::harness::analyze_log;

const IDS: [&str; 3] = [
    "11111111-5b50-4f1e-8b5c-0d0b9f3c2a11",
    "22222222-5b50-4f1e-8b5c-0d0b9f3c2a11",
    "33333333-5b50-4f1e-8b5c-0d0b9f3c2a11",
];
const OTHER: &str = "dddddddd-5b50-4f1e-8b5c-0d0b9f3c2a11";

/// Lines that are printed; `ID` is that of the attempt that prints, or of no attempt in the log.
const PRINTED: [&str; 12] = [
    "START RequestId: ID Version: $LATEST",
    "END RequestId: ID",
    "REPORT RequestId: ID\tDuration: 2.00 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 90 MB",
    "INIT_START Runtime Version: python:3.13.v61\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0123",
    r#"{"time":"$T","type":"platform.start","record":{"requestId":"ID","version":"$LATEST"}}"#,
    r#"{"type":"platform.start","record":{"requestId":"ID"}}"#,
    r#"{"time":"$T","type":"platform.initStart","record":{"initializationType":"on-demand","phase":"init"}}"#,
    r#"{"time":"$T","type":"platform.logsSubscription","record":{"name":"x","state":"Subscribed","types":["platform"]}}"#,
    r#"{"time":"$T","type":"function","record":"hello"}"#,
    r#"{"time":"$T","type":"extension","record":"hello"}"#,
    "EXTENSION\tName: x\tState: Ready\tEvents: [INVOKE, SHUTDOWN]",
    "XRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 557abcec3ee5a047\tSampled: true",
];

/// What an attempt writes between START and END, and how it ends by REPORT: in text.
const IN_TEXT: [(&str, &str); 4] = [
    ("an ordinary line", ""),
    ("$T ID Task timed out after 3.00 seconds", ""),
    (
        "[ERROR] ValueError: no stock\nTraceback (most recent call last):\n\u{a0}\u{a0}File \"/var/task/app.py\", line 7, in handler",
        "",
    ),
    (
        "RequestId: ID Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
        "\tStatus: error\tError Type: Runtime.ExitError",
    ),
];

/// The same in JSON.
const IN_JSON: [(&str, &str); 3] = [
    (r#"{"timestamp":"$T","level":"INFO","requestId":"ID","message":"hello"}"#, "success"),
    (r#"{"timestamp":"$T","level":"INFO","requestId":"ID","message":"hello"}"#, "timeout"),
    (
        r#"{"timestamp":"$T","level":"ERROR","requestId":"ID","message":{"errorType":"TypeError","errorMessage":"no stock","stackTrace":["TypeError: no stock"]}}"#,
        "success",
    ),
];

fn in_text((line, status): (&str, &str), id: &str) -> Vec<String> {
    let report = format!(
        "REPORT RequestId: {id}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 90 MB{status}"
    );
    let start = format!("START RequestId: {id} Version: $LATEST");
    vec![start, line.replace("ID", id), format!("END RequestId: {id}"), report]
}

fn in_json((line, status): (&str, &str), id: &str) -> Vec<String> {
    let event = |kind: &str, record: Value| json!({"time": "$T", "type": kind, "record": record}).to_string();
    let metrics = json!({"durationMs": 3000.0, "billedDurationMs": 3000, "memorySizeMB": 128, "maxMemoryUsedMB": 90});
    vec![
        event("platform.start", json!({"requestId": id, "version": "$LATEST"})),
        line.replace("ID", id),
        event("platform.report", json!({"requestId": id, "metrics": metrics, "status": status})),
    ]
}

/// A stream as CloudWatch has it, in the first minute of an hour; `$T` is the time of the line.
fn written(messages: &[(u64, String)]) -> String {
    let event = |(at, message): &(u64, String)| {
        let message = message.replace("$T", &format!("2026-01-02T03:00:{:02}.{:03}Z", at / 1_000, at % 1_000));
        json!({"timestamp": 1_767_322_800_000_u64 + at, "logGroup": "/aws/lambda/f", "logStream": "2026/01/02/[$LATEST]01", "message": message})
            .to_string()
            + "\n"
    };
    messages.iter().map(event).collect()
}

/// The ids of attempts with their categories, and whether the answer is complete.
fn judged(log: &str) -> (BTreeSet<(String, String)>, bool) {
    let (answer, records) = analyze_log(log);
    let of = records.iter().filter_map(|record| {
        Some((record["request_id"].as_str()?.to_owned(), record["category"].as_str()?.to_owned()))
    });
    (of.collect(), answer.summary.coverage.complete)
}

#[test]
fn no_printed_line_hides_how_an_attempt_ended() {
    let mut hidden = Vec::new();
    let texts = IN_TEXT.iter().map(|what| IDS.map(|id| in_text(if id == IDS[1] { *what } else { IN_TEXT[0] }, id)));
    let jsons = IN_JSON.iter().map(|what| IDS.map(|id| in_json(if id == IDS[1] { *what } else { IN_JSON[0] }, id)));
    for attempts in texts.chain(jsons) {
        let begin = |attempt: usize| 5_000 * attempt as u64;
        // The last two lines of an attempt are written at its end.
        let at = |attempt: usize, line: usize, of: usize| {
            begin(attempt) + if line + 2 >= of { 3_000 } else { 10 * line as u64 }
        };
        let whole: Vec<(u64, String)> = attempts
            .iter()
            .enumerate()
            .flat_map(|(attempt, lines)| {
                let of = lines.len();
                lines.iter().enumerate().map(move |(line, text)| (at(attempt, line, of), text.clone()))
            })
            .collect();
        let (want, complete) = judged(&written(&whole));
        assert!(complete && want.len() == 3, "{whole:#?}");
        for printed in PRINTED {
            for (place, own) in (1..whole.len()).flat_map(|place| [(place, true), (place, false)]) {
                // Only what runs prints, and what its own platform lines end has ended.
                let running =
                    whole[..place].iter().rev().find_map(|(_, line)| IDS.iter().find(|id| line.contains(**id)));
                let is_between =
                    whole[place - 1].1.contains("REPORT") || whole[place - 1].1.contains("platform.report");
                let tells_of_own =
                    printed.starts_with("END") || printed.starts_with("REPORT") || printed.contains("platform.start");
                // What writes on after an error may have handled it.
                let handles = whole[place - 1].1.contains("errorType");
                if is_between || handles || own && tells_of_own {
                    continue;
                }
                let id = if own { running.map_or(OTHER, |id| *id) } else { OTHER };
                let mut messages = whole.clone();
                messages.insert(place, (whole[place - 1].0 + 1, printed.replace("ID", id)));
                let (got, complete) = judged(&written(&messages));
                // An error without an id is told, but of the request that seems to run.
                let is_told = |(_, category): &&(String, String)| {
                    category != "ok" && got.iter().any(|(_, other)| other == category)
                };
                let lacking: Vec<_> = want.difference(&got).filter(|lacking| !is_told(lacking)).collect();
                if complete && !lacking.is_empty() {
                    hidden.push(format!("{printed} ({own}) at {place} of {:?}: no {lacking:?}", attempts[1][1]));
                }
            }
        }
    }
    assert!(hidden.is_empty(), "{} are hidden:\n{}", hidden.len(), hidden.join("\n"));
}

/// In a file of JSON lines, output in the envelope of the Telemetry API takes nothing from the lines beside it.
#[test]
fn lines_of_telemetry_hide_none_of_the_function() {
    let lines: Vec<String> =
        [IN_JSON[2], IN_JSON[0]].into_iter().zip(IDS).flat_map(|(what, id)| in_json(what, id)).collect();
    let log = |lines: &[String]| lines.join("\n").replace("$T", "2026-01-02T03:00:00.000Z") + "\n";
    let (want, _) = judged(&log(&lines));
    assert!(want.iter().any(|(_, category)| category == "runtime_exception"), "{want:?}");
    for kind in ["function", "extension"] {
        for place in 0..=lines.len() {
            let mut lines = lines.clone();
            lines.insert(place, json!({"time": "$T", "type": kind, "record": "hello"}).to_string());
            let (got, complete) = judged(&log(&lines));
            assert!(!complete || got == want, "{kind} at {place}: {got:?}");
        }
    }
}
