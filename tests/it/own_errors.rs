//! Law: what a function prints about an error that it handled, of its own or of a function that it called, fails no attempt and
//! opens none, whatever client has the shape of it, in every form of a log. What a client writes in its own shape fails one.

use serde_json::{Value, json};

use super::harness::analyze_log;

const ID: &str = "11111111-5b50-4f1e-8b5c-0d0b9f3c2a11";
const CHILD: &str = "dddddddd-5b50-4f1e-8b5c-0d0b9f3c2a11";

/// Runtimes, and how a function in each goes on behind the error.
const RUNTIMES: [(&str, &str); 7] = [
    ("python:3.12.v90", "[INFO]\t2026-01-02T03:00:00.060Z\tID\tanswered 200"),
    ("python:3.12.v90", "went on without it"),
    ("nodejs:22.v60", "2026-01-02T03:00:00.060Z\tID\tINFO\tanswered 200"),
    ("java:21.v55", "answered 200"),
    ("dotnet:8.v50", "2026-01-02T03:00:00.060Z\tID\tinfo\tanswered 200"),
    ("ruby:3.3.v40", "I, [2026-01-02T03:00:00.060000 #8]  INFO ID -- : answered 200"),
    ("provided:al2023.v100", "2026/01/02 03:00:00 answered 200"),
];

/// Lines about an error of the function's own, in the shapes of clients that write JSON, in a log in text.
const OWN: [&str; 9] = [
    r#"{"timestamp":"2026-01-02T03:00:00Z","log_level":"ERROR","errorMessage":"bad","errorType":"ValueError","requestId":"ID","stackTrace":[]}"#,
    r#"{"timestamp":"2026-01-02T03:00:00.050Z","level":"ERROR","errorType":"ValueError","errorMessage":"bad","stackTrace":["  File \"/var/task/app.py\", line 3, in f"],"requestId":"ID"}"#,
    r#"{"timestamp":"2026-01-02T03:00:00.050Z","level":"Error","requestId":"ID","message":"","errorType":"System.Exception","errorMessage":"bad","stackTrace":["System.Exception: bad"]}"#,
    r#"{"timestamp":"2026-01-02T03:00:00.050Z","level":"ERROR","errorType":"ValueError","errorMessage":"bad","requestId":"ID","orderId":7}"#,
    r#"{"timestamp":"2026-01-02T03:00:00.050Z","level":"ERROR","errorType":"ValueError","errorMessage":"bad","requestId":"","stackTrace":[]}"#,
    r#"{"timestamp":"2026-01-02T03:00:00.050Z","level":"ERROR","requestId":"ID","message":{"errorType":"TypeError","errorMessage":"bad","stackTrace":["TypeError: bad"]}}"#,
    r#"{"timestamp":"2026-01-02T03:00:00.050Z","level":"ERROR","message":{"errorType":"TypeError","errorMessage":"bad","stackTrace":["TypeError: bad"]}}"#,
    r#"{"timestamp":"2026-01-02T03:00:00.050Z","level":"ERROR","message":{"errorType":"ImportModuleError","errorMessage":"no plugin","stackTrace":[]},"service":"orders"}"#,
    r#"{"timestamp":"2026-01-02T03:00:00.050Z","message":"bad: java.lang.IllegalStateException\njava.lang.IllegalStateException: bad\n\tat com.x.H.f(H.java:1)\n","level":"ERROR","AWSRequestId":"ID"}"#,
];

/// What a caller prints of a function that it called and that failed, as answers and logs have it.
const OF_CHILDREN: [&str; 9] = [
    r#"{"errorMessage":"boom","errorType":"ValueError","stackTrace":[]}"#,
    r#"{"errorMessage":"boom","errorType":"errorString"}"#,
    r#"{"errorMessage":"boom","errorType":"Function<RuntimeError>","stackTrace":["/var/task/app.rb:3"]}"#,
    r#"{"errorType":"ValueError","errorMessage":"boom","requestId":"CHILD","stackTrace":[]}"#,
    r#"{"errorMessage":"2026-01-02T02:59:00.000Z CHILD Task timed out after 3.00 seconds"}"#,
    r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: CHILD Error: Task timed out after 3.00 seconds"}"#,
    "2026-01-02T02:59:00.000Z CHILD Task timed out after 3.00 seconds",
    r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: CHILD Error: Runtime exited with error: exit status 1"}"#,
    "RequestId: CHILD Error: Runtime exited with error: exit status 1",
];

/// Ends of the log of such a function, printed in one piece: an event of its own, where events are told apart.
const LOGS_OF_CHILDREN: [&str; 3] = [
    "START RequestId: CHILD Version: 3\n[ERROR] ValueError: boom\nTraceback (most recent call last):\n  File \"/var/task/a.py\", line 3, in handler\nEND RequestId: CHILD\nREPORT RequestId: CHILD\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tStatus: timeout",
    "INIT_START Runtime Version: python:3.12.v90\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:1\nSTART RequestId: CHILD Version: 3\nRequestId: CHILD Error: Runtime exited with error: signal: killed\nRuntime.ExitError\nEND RequestId: CHILD\nREPORT RequestId: CHILD\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tStatus: error\tError Type: Runtime.ExitError",
    "[ERROR] ValueError: boom\nTraceback (most recent call last):\n  File \"/var/task/a.py\", line 3, in handler\nEND RequestId: CHILD\nREPORT RequestId: CHILD\tDuration: 30.00 ms\tBilled Duration: 30 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB",
];

/// Lines that clients write of the handler's error in the format JSON.
const OF_CLIENTS: [(&str, &str); 4] = [
    (
        "python:3.12.v90",
        r#"{"timestamp":"2026-01-02T03:00:00Z","log_level":"ERROR","errorMessage":"bad","errorType":"ValueError","requestId":"ID","stackTrace":["  File \"/var/task/app.py\", line 3, in f"]}"#,
    ),
    (
        "dotnet:8.v50",
        r#"{"timestamp":"2026-01-02T03:00:00.050Z","level":"Error","requestId":"ID","traceId":"1-1","message":"","errorType":"System.Exception","errorMessage":"bad","stackTrace":["System.Exception: bad"]}"#,
    ),
    (
        "nodejs:22.v60",
        r#"{"timestamp":"2026-01-02T03:00:00.050Z","level":"ERROR","requestId":"ID","message":{"errorType":"TypeError","errorMessage":"bad","stackTrace":["TypeError: bad"]}}"#,
    ),
    (
        "java:21.v55",
        r#"{"timestamp":"2026-01-02T03:00:00.050Z","message":"bad: java.lang.IllegalStateException\njava.lang.IllegalStateException: bad\n\tat com.x.H.f(H.java:1)\n","level":"ERROR","AWSRequestId":"ID"}"#,
    ),
];

const STREAM: &str = "2026/01/02/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// Forms of a log: how messages are written, and whether a message may have several lines.
type Form = fn(&[String]) -> String;
const FORMS: [(&str, bool, Form); 4] = [
    ("plain text", false, |messages| messages.iter().map(|message| format!("{message}\n")).collect()),
    ("filter-log-events", true, |messages| {
        let event = |(at, message): (usize, &String)| json!({"logStreamName": STREAM, "timestamp": 1_767_322_800_000_u64 + 10 * at as u64, "message": message, "eventId": format!("{at:056}")});
        json!({ "events": messages.iter().enumerate().map(event).collect::<Vec<_>>() }).to_string()
    }),
    ("aws logs tail", true, |messages| {
        let line = |(at, message): (usize, &String)| {
            format!("2026-01-02T03:00:00.{:06}+00:00 {STREAM} {message}\n", 10_000 * at)
        };
        messages.iter().enumerate().map(line).collect()
    }),
    ("an S3 export", false, |messages| {
        let line = |(at, message): (usize, &String)| format!("2026-01-02T03:00:00.{:03}Z {message}\n", 10 * at);
        messages.iter().enumerate().map(line).collect()
    }),
];

/// Writes the ids where their names stand as words.
fn named(line: &str) -> String {
    let word = |name: &str, id: &str, line: String| {
        ["\"", "\t", " "]
            .iter()
            .fold(line, |line, before| line.replace(&format!("{before}{name}"), &format!("{before}{id}")))
    };
    word("CHILD", CHILD, word("ID", ID, line.to_owned()))
}

fn in_text(runtime: &str, lines: &[&str]) -> Vec<String> {
    let start =
        format!("INIT_START Runtime Version: {runtime}\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0123");
    let begin = [start, format!("START RequestId: {ID} Version: $LATEST")];
    let end = [
        format!("END RequestId: {ID}"),
        format!(
            "REPORT RequestId: {ID}\tDuration: 123.45 ms\tBilled Duration: 424 ms\tMemory Size: 512 MB\tMax Memory Used: 98 MB\tInit Duration: 300.10 ms\t"
        ),
    ];
    let lines = lines.iter().map(|line| named(line));
    begin.into_iter().chain(lines).chain(end).collect()
}

fn in_json(runtime: &str, lines: &[&str]) -> Vec<String> {
    let event = |kind: &str, record: Value| {
        json!({"time": "2026-01-02T03:00:00.000Z", "type": kind, "record": record}).to_string()
    };
    let metrics = json!({"durationMs": 100.5, "billedDurationMs": 101, "memorySizeMB": 128, "maxMemoryUsedMB": 90});
    let begin = [
        event(
            "platform.initStart",
            json!({"initializationType": "on-demand", "phase": "init", "runtimeVersion": runtime}),
        ),
        event("platform.start", json!({"requestId": ID, "version": "$LATEST"})),
    ];
    let end = event("platform.report", json!({"requestId": ID, "metrics": metrics, "status": "success"}));
    let lines = lines.iter().map(|line| named(line));
    begin.into_iter().chain(lines).chain([end]).collect()
}

/// Kind, id, category and confidence of each record.
fn judged(log: &str) -> Vec<[String; 4]> {
    let (_, records) = analyze_log(log);
    let told = |record: &Value| {
        ["kind", "request_id", "category", "confidence"].map(|key| record[key].as_str().unwrap_or("").to_owned())
    };
    records.iter().map(told).collect()
}

#[test]
fn what_a_function_prints_of_a_handled_error_fails_nothing() {
    let ok = ["attempt", ID, "ok"];
    let mut wrong = Vec::new();
    for (runtime, goes_on) in RUNTIMES {
        for (form, has_events, write) in FORMS {
            let whole = LOGS_OF_CHILDREN.iter().filter(|_| has_events);
            for printed in OWN.iter().chain(&OF_CHILDREN).chain(whole) {
                let got = judged(&write(&in_text(runtime, &["before", printed, goes_on])));
                if got.len() != 1 || got[0][..3] != ok {
                    wrong.push(format!("{runtime}, {form}: {printed}\n    {got:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The same without any other line: the shape alone proves little where the platform writes text.
#[test]
fn json_in_a_log_in_text_is_hardly_of_a_client() {
    for (runtime, _) in RUNTIMES {
        for (form, _, write) in FORMS {
            for printed in OWN {
                let got = judged(&write(&in_text(runtime, &[printed])));
                assert!(got.len() == 1 && got[0][0] == "attempt", "{runtime}, {form}: {printed}\n{got:?}");
                let doubted = got[0][2] == "ok" || got[0][2] == "runtime_exception" && got[0][3] != "high";
                assert!(doubted, "{runtime}, {form}: {printed}\n{got:?}");
            }
        }
    }
}

#[test]
fn what_a_client_writes_fails_its_attempt() {
    for (runtime, line) in OF_CLIENTS {
        for (form, _, write) in FORMS {
            for before in [&[][..], &["before"]] {
                let got = judged(&write(&in_json(runtime, &[before, &[line]].concat())));
                assert_eq!(got.len(), 1, "{runtime}, {form}: {line}");
                assert_eq!(got[0][..3], ["attempt", ID, "runtime_exception"], "{runtime}, {form}: {line}");
            }
        }
    }
}

/// An error of a client is that of its own runtime.
#[test]
fn what_the_client_of_another_runtime_writes_fails_nothing() {
    for (runtime, line) in OF_CLIENTS {
        for (other, _) in OF_CLIENTS.iter().filter(|(_, of)| *of != line) {
            let same = |name: &str| name.starts_with("python") || name.starts_with("dotnet");
            let got = judged(&FORMS[1].2(&in_json(other, &[line])));
            let is_foreign = !(same(runtime) && same(other));
            assert_eq!(got[0][2] == "ok", is_foreign, "{other} with the line of {runtime}: {got:?}");
        }
    }
}
