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

#[test]
fn failed_calls_are_told_with_all_that_the_log_has() {
    let rows = rows();
    let id = |number: usize| format!("0fb1ab10-5b50-4f1e-8b5c-{number:012}");
    let mut log = String::new();
    for (number, row) in rows.iter().enumerate() {
        let id = id(number);
        let messages = [
            format!("START RequestId: {id} Version: 7\n"),
            line(row, &id),
            format!("END RequestId: {id}\n"),
            format!(
                "REPORT RequestId: {id}\tDuration: 9.00 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 66 MB\t\n"
            ),
        ];
        for message in messages {
            let event = json!({"timestamp": 1_767_312_000_000_i64, "logGroup": "/aws/lambda/pay",
                               "logStream": format!("2026/01/02/[7]{number:032x}"), "message": message});
            writeln!(log, "{event}").expect("memory");
        }
    }
    let records = Run::analyze(["-"]).input(log).records();
    let mut wrong = String::new();
    for (number, row) in rows.iter().enumerate() {
        let record = records.iter().find(|record| record["request_id"] == id(number).as_str()).expect("a record");
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
    assert!(wrong.is_empty(), "of {} rows:\n{wrong}", rows.len());
}
