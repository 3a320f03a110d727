//! What SDKs and clients write about failed calls, held to `fixtures/downstream.txt`: whether another service is at
//! fault, in which way, and what the log names of the call.

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};

use super::harness::{Run, root};

struct Row {
    /// Library and what happened.
    name: String,
    client: String,
    error_type: String,
    message: String,
    /// Code, service, operation, host, error code, HTTP status; each `-` where the log has none.
    want: [String; 6],
    more: String,
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("fixtures/downstream.txt")).expect("the table");
    let mut rows = Vec::new();
    for section in text.split("\n== ").skip(1) {
        let (title, lines) = section.split_once('\n').expect("rows");
        let (library, client) = title.split_once(": ").and_then(|(head, _)| head.rsplit_once(", ")).expect("a title");
        for line in lines.lines().filter(|line| !line.is_empty()) {
            let mut columns = line.split(" ¦ ").map(|column| column.replace('↵', "\n"));
            let mut next = || columns.next().unwrap_or_else(|| panic!("too few columns: {line}"));
            rows.push(Row {
                name: format!("{library}: {}", next()),
                client: client.to_owned(),
                error_type: next(),
                message: next(),
                want: [next(), next(), next(), next(), next(), next()],
                more: columns.next().unwrap_or_default(),
            });
        }
    }
    rows
}

/// Writes the error as the runtime client prints it.
fn line(row: &Row, id: &str) -> String {
    let Row { error_type, message, more, .. } = row;
    match row.client.as_str() {
        "python" => {
            let frames = more.replace("  ", "\u{a0}\u{a0}");
            format!(
                "[ERROR] {error_type}: {message}\nTraceback (most recent call last):\n\u{a0}\u{a0}File \"/var/task/app.py\", line 3, in handler\n\u{a0}\u{a0}\u{a0}\u{a0}act()\n{frames}"
            )
        }
        "node" | "php" => {
            let message = if message.contains("\\\"") || message.contains("\\n") {
                format!("\"{message}\"")
            } else {
                json!(message).to_string()
            };
            let more = if more.is_empty() { String::new() } else { format!(",{more}") };
            let error = format!("{{\"errorType\":\"{error_type}\",\"errorMessage\":{message}{more}}}");
            match row.client.as_str() {
                "node" => format!("2026-01-02T03:04:05.678Z\t{id}\tERROR\tInvoke Error \t{error}"),
                _ => format!("{id}\tInvoke Error\t{error}"),
            }
        }
        "java" => {
            let frames = if more.is_empty() { "\tat com.example.Handler.run(Handler.java:3)" } else { more };
            format!("{message}: {error_type}\n{error_type}: {message}\n{frames}\n")
        }
        "dotnet" => {
            format!("2026-01-02T03:04:05.678Z\t{id}\tfail\t{error_type}: {message}\n{more}\n   at Shop.Fn.Run()\n")
        }
        "dotnet-old" => format!("{message}: {error_type}\n   at Shop.Fn.Run()\n"),
        "go" => format!(
            "2026/01/02 03:04:05 {{\"errorMessage\":{},\"errorType\":{}}}",
            json!(message.as_str()),
            json!(error_type.as_str())
        ),
        "ruby" => {
            let error = json!({"errorMessage": message, "errorType": format!("Function<{error_type}>"), "stackTrace": [more, "/var/task/app.rb:3:in `handler'"]});
            format!("Error raised from handler method\n{error:#}")
        }
        "rust" => format!("ERROR Lambda runtime invoke{{requestId=\"{id}\"}}: {message}"),
        other => panic!("no client {other}"),
    }
}

/// Returns the errors of all rows as the runtime clients print them.
pub fn lines(id: &str) -> Vec<String> {
    rows().iter().map(|row| line(row, id).trim_end().to_owned()).collect()
}

/// Writes the error as the runtime client prints it in a function whose log format is JSON; `None` for clients that are
/// not asked for it here.
fn json_line(row: &Row, id: &str) -> Option<String> {
    let Row { error_type, message, more, .. } = row;
    let escaped = message.contains("\\\"") || message.contains("\\n");
    let message = if escaped { format!("\"{message}\"") } else { json!(message).to_string() };
    let head = "{\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"level\":\"ERROR\"";
    match row.client.as_str() {
        "python" => {
            let frames: Vec<&str> = more.split('\n').filter(|line| !line.is_empty()).collect();
            let frames =
                json!([&["  File \"/var/task/app.py\", line 3, in handler\n    act()\n"], &frames[..]].concat());
            Some(format!(
                "{head},\"errorMessage\":{message},\"errorType\":\"{error_type}\",\"requestId\":\"{id}\",\"stackTrace\":{frames}}}"
            ))
        }
        "node" => {
            let more = more.replace("\"stack\":", "\"stackTrace\":");
            let more = if more.is_empty() { String::new() } else { format!(",{more}") };
            Some(format!(
                "{head},\"requestId\":\"{id}\",\"message\":{{\"errorType\":\"{error_type}\",\"errorMessage\":{message}{more}}}}}"
            ))
        }
        _ => None,
    }
}

/// Writes the messages of an attempt that failed with a line, in text or in JSON.
fn attempt(id: &str, line: String, json: bool) -> Vec<String> {
    let event = |kind: &str, record: Value| {
        json!({"time": "2026-01-02T03:04:05.678Z", "type": kind, "record": record}).to_string()
    };
    if json {
        let metrics = json!({"durationMs": 9.0, "billedDurationMs": 9, "memorySizeMB": 128, "maxMemoryUsedMB": 66});
        return vec![
            event("platform.start", json!({"requestId": id, "version": "7"})),
            line,
            event("platform.report", json!({"requestId": id, "status": "error", "metrics": metrics})),
        ];
    }
    vec![
        format!("START RequestId: {id} Version: 7\n"),
        line,
        format!("END RequestId: {id}\n"),
        format!(
            "REPORT RequestId: {id}\tDuration: 9.00 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 66 MB\t\n"
        ),
    ]
}

fn check(json: bool) {
    let id = |number: usize| format!("0fb1ab10-5b50-4f1e-8b5c-{number:012}");
    let lined = |(number, row): (usize, Row)| {
        let line = if json { json_line(&row, &id(number)) } else { Some(line(&row, &id(number))) };
        Some((row, id(number), line?))
    };
    let rows: Vec<(Row, String, String)> = rows().into_iter().enumerate().filter_map(lined).collect();
    let mut log = String::new();
    for (number, (_, id, line)) in rows.iter().enumerate() {
        for message in attempt(id, line.clone(), json) {
            let event = json!({"timestamp": 1_767_312_000_000_i64, "logGroup": "/aws/lambda/pay",
                               "logStream": format!("2026/01/02/[7]{number:032x}"), "message": message});
            writeln!(log, "{event}").expect("memory");
        }
    }
    let records = Run::analyze(["-"]).input(log).records();
    let mut wrong = String::new();
    for (row, id, _) in &rows {
        let record = records.iter().find(|record| record["request_id"] == id.as_str()).expect("a record");
        let text = |value: &Value| match value {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let call = &record["downstream"];
        let got = [
            &record["code"],
            &call["service"],
            &call["operation"],
            &call["host"],
            &call["error_code"],
            &call["http_status"],
        ]
        .map(text);
        // The runtime's own class of an error says nothing of the service's code, but is not wrong either.
        let same = got.iter().zip(&row.want).enumerate().all(|(at, (got, want))| got == want || at == 4 && want == "-");
        if !same {
            writeln!(wrong, "{}\n  want {:?}\n  got  {got:?}", row.name, row.want).expect("memory");
        }
    }
    assert!(wrong.is_empty() && rows.len() > 50, "of {} rows:\n{wrong}", rows.len());
}

#[test]
fn failed_calls_are_told_with_all_that_the_log_has() {
    check(false);
}

/// The log format of a function changes nothing of what failed.
#[test]
fn failed_calls_are_told_in_json_as_well() {
    check(true);
}
