//! Law: an error that names an attempt is never that of another one, wherever it stands behind the START of the next.

use lambda_triage::{AnalyzeOptions, analyze_bytes};
use serde_json::json;

const A: &str = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";
const B: &str = "1e5a3f0c-1b7e-4b52-9a55-7c1d2e3f4a5b";
/// A moment that is not a whole second, in milliseconds.
const T: u64 = 1_767_322_800_123;

/// What tells that attempt A failed: its name, whether the log is in JSON, and the message for its time.
type Sign = (&'static str, bool, fn(&str) -> String);

const SIGNS: [Sign; 7] = [
    ("Node.js in text", false, |at| {
        format!(
            "{at}\t{A}\tERROR\tInvoke Error \t{{\"errorType\":\"TypeError\",\"errorMessage\":\"x\",\"stack\":[\"TypeError: x\",\"    at h (/var/task/index.mjs:1:1)\"]}}"
        )
    }),
    ("Node.js in JSON", true, |at| {
        json!({"timestamp": at, "level": "ERROR", "requestId": A, "message": {"errorType": "TypeError", "errorMessage": "x", "stackTrace": ["TypeError: x"]}}).to_string()
    }),
    ("Python in JSON", true, |at| {
        json!({"timestamp": at, "log_level": "ERROR", "errorMessage": "'order'", "errorType": "KeyError", "requestId": A, "stackTrace": ["  File \"/var/task/app.py\", line 9, in handler\n"]}).to_string()
    }),
    (".NET", false, |at| {
        format!(
            "{at}\t{A}\tfail\tSystem.InvalidOperationException: x\n   at Orders.Function.Handler(String input) in /src/Function.cs:line 9"
        )
    }),
    ("the platform on a process", false, |_| {
        format!("RequestId: {A} Error: Runtime exited with error: exit status 1\nRuntime.ExitError")
    }),
    ("the platform on the limit", false, |at| format!("{at} {A} Task timed out after 3.00 seconds")),
    ("the platform on an early end", false, |_| format!("RequestId: {A} Process exited before completing request")),
];

/// Returns the log of A, START of B, the sign some milliseconds later, and the end of B.
fn log(named: bool, (_, in_json, sign): Sign, later_ms: u64) -> String {
    let iso = |ms: u64| format!("2026-01-02T03:00:0{}.{:03}Z", ms / 1000, ms % 1000);
    let start = |id: &str, ms: u64| {
        if in_json {
            json!({"time": iso(ms), "type": "platform.start", "record": {"requestId": id, "version": "7"}}).to_string()
        } else {
            format!("START RequestId: {id} Version: 7")
        }
    };
    let report = |id: &str, ms: u64| {
        if in_json {
            let metrics =
                json!({"durationMs": 3000.5, "billedDurationMs": 3001, "memorySizeMB": 128, "maxMemoryUsedMB": 60});
            let record = json!({"requestId": id, "status": "success", "metrics": metrics});
            vec![json!({"time": iso(ms), "type": "platform.report", "record": record}).to_string()]
        } else {
            vec![
                format!("END RequestId: {id}"),
                format!(
                    "REPORT RequestId: {id}\tDuration: 3000.50 ms\tBilled Duration: 3001 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\t"
                ),
            ]
        }
    };
    let mut events = vec![(123, start(A, 123))];
    events.extend(report(A, 3_124).into_iter().map(|line| (3_124, line)));
    events.push((3_124, start(B, 3_124)));
    events.push((3_124 + later_ms, sign(&iso(3_124 + later_ms))));
    events.extend(report(B, 6_200).into_iter().map(|line| (6_200, line)));
    let event = |(ms, message): (u64, String)| {
        let mut event = json!({"timestamp": T - 123 + ms, "message": message + "\n"});
        if named {
            event["logGroup"] = json!("/aws/lambda/f");
            event["logStream"] = json!("2026/01/02/[7]0123456789abcdef0123456789abcdef");
        }
        event.to_string()
    };
    events.into_iter().map(event).collect::<Vec<_>>().join("\n")
}

/// Returns the ids of the attempts that failed.
fn failed(log: &str) -> Vec<String> {
    let mut options = AnalyzeOptions::default();
    options.records = true;
    let mut answer = analyze_bytes(&[("a", log.as_bytes())], &options).expect("an answer");
    let mut records = Vec::new();
    answer.write_records(&mut records).expect("records");
    let records = String::from_utf8(records).expect("text");
    let records = records.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a record"));
    let failed = records.filter(|record| record["category"] != "ok");
    failed.map(|record| record["request_id"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_names_an_attempt_is_of_no_other() {
    let mut wrong = Vec::new();
    for sign in SIGNS {
        for named in [true, false] {
            for later_ms in [0, 1, 30] {
                let found = failed(&log(named, sign, later_ms));
                let want: &[&str] = if later_ms == 0 { &[A] } else { &[] };
                if found != want {
                    wrong.push(format!("{}, named {named}, {later_ms} ms: {found:?}", sign.0));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
