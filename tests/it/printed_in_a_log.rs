//! What a function or a tool prints into a log may look like an export of another shape. It changes no attempt of the log.

use lambda_triage::internal::{Options, SHAPES, analyze_samples};
use serde_json::{Value, json};

use super::harness::records_of;

const ID: &str = "5b1f3a9e-1111-4222-a333-444455556666";

/// What is told of each attempt.
fn told(name: &str, text: &str) -> Vec<Value> {
    let options = Options { keep_records: true, ..Options::default() };
    let text = text.replace("$ID", ID);
    let gist =
        |record: &Value| json!([record["request_id"], record["code"], record["error_type"], record["duration_ms"]]);
    let mut told: Vec<Value> =
        records_of(&mut analyze_samples(&[(name, text.as_bytes())], &options).unwrap()).iter().map(gist).collect();
    told.sort_by_key(Value::to_string);
    told
}

const LOG: &str = "START RequestId: $ID Version: $LATEST\n[ERROR] KeyError: 'plan'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    pay(event)\nEND RequestId: $ID\nREPORT RequestId: $ID\tDuration: 11.50 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\n";

/// Values as programs print them, on one line and over several.
const PRINTED: [&str; 19] = [
    "[1, 2, 3]",
    "[\"a\"]",
    "[[\"a\", 1]]",
    "[]",
    "['a', 'b']",
    "{'plan': 1}",
    "[{\"plan\": 1}]",
    "[\n  \"a\",\n  \"b\"\n]",
    "[\n  [\n    \"a\",\n    1\n  ]\n]",
    "{\n    \"result\": [\n        [\n            \"a\",\n            \"b\"\n        ]\n    ]\n}",
    "{\"events\": []}",
    "{\"events\": [{\"message\": \"a\", \"timestamp\": 1790812800123}]}",
    "{\"results\": [[{\"field\": \"@message\", \"value\": \"a\"}]], \"status\": \"Complete\"}",
    "{\"message\": \"a\", \"timestamp\": 1790812800123}",
    "{\"logStreamName\": \"s\", \"timestamp\": 1790812800123, \"message\": \"a\", \"eventId\": \"38\"}",
    "{\"statusCode\": 200, \"body\": \"[1, 2]\"}",
    "12, 13",
    "timestamp,plan\n1790812800123,\"a\"",
    "RESULTS\t@timestamp\t2026-01-02 03:04:05.678",
];

/// What is printed within an attempt is a line of it.
#[test]
fn values_in_an_attempt_change_nothing() {
    let log = LOG.replace("\t\n", "\tStatus: timeout\n").replacen("[ERROR]", "$VALUE\n[ERROR]", 1);
    for printed in PRINTED {
        let text = log.replace("$VALUE", printed);
        assert_eq!(told("x.log", &text), told("x.log", &log.replace("$VALUE", "a")), "{text}");
    }
}

#[test]
fn values_above_a_log_change_no_attempt() {
    let headings: [(&str, &str); 5] = [
        ("", "\n"),
        ("", "\n\n"),
        ("Response\n", "\n\nFunction Logs\n"),
        ("Response:\n", "\n\nFunction Logs:\n"),
        ("$ ./run\n", "\n"),
    ];
    let times: String = LOG.lines().map(|line| format!("2026-01-02T03:04:05.678Z {line}\n")).collect();
    let bars: String = LOG.lines().map(|line| format!("pay-1  | {line}\n")).collect();
    let tail: String = LOG
        .lines()
        .map(|line| {
            format!("2026-01-02T03:04:05.678000+00:00 2026/01/02/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0 {line}\n")
        })
        .collect();
    for log in [LOG, &times, &bars, &tail] {
        let want = told("app.log", log);
        assert_eq!(want.len(), 1, "{log}");
        for value in PRINTED {
            for (above, below) in headings {
                let text = format!("{above}{value}{below}{log}");
                assert_eq!(told("app.log", &text), want, "{text}");
            }
            // Within the attempt as well.
            if log == LOG {
                let text = log.replacen("\n[ERROR]", &format!("\n{value}\n[ERROR]"), 1);
                assert_eq!(told("app.log", &text), want, "{text}");
            }
        }
    }
}

/// A result of this program, and sentences in the notation of another shape.
#[test]
fn lines_of_other_shapes_within_a_log_take_nothing() {
    let want = told("app.log", LOG);
    for line in [
        "<testsuites name=\"lambda-triage\">",
        "&quot;REPORT RequestId: x&quot;",
        "a;REPORT RequestId: x",
        "2026-01-02T03:04:05.678000+00:00 2026/01/02/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0 hello",
        "timestamp,message\n1790812800123,a",
    ] {
        let text = LOG.replacen("\n[ERROR]", &format!("\n{line}\n[ERROR]"), 1);
        let found = told("app.log", &text);
        assert!(found.contains(&want[0]), "{line}: {found:?}");
        let rows: String = text
            .lines()
            .map(|line| format!("EVENTS\t38\t1790812805000\t2026/01/02/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0\t{line}\n\t1790812800000\n"))
            .collect();
        let found = told("events.txt", &rows);
        assert!(found.iter().any(|record| record[0] == ID), "{line}: {found:?}");
    }
}

/// A cell of a table may hold lines of any shape: a function printed them.
#[test]
fn lines_in_a_cell_take_no_table() {
    const OWN: [&str; 3] = [
        "START RequestId: $ID Version: 1\n",
        "END RequestId: $ID\n",
        "REPORT RequestId: $ID\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 67 MB\tStatus: timeout\n",
    ];
    const JSON: [&str; 3] = [
        "{\"time\":\"2026-10-01T00:00:00.000Z\",\"type\":\"platform.start\",\"record\":{\"requestId\":\"$ID\",\"version\":\"1\"}}",
        "{\"time\":\"2026-10-01T00:00:00.000Z\",\"type\":\"platform.runtimeDone\",\"record\":{\"requestId\":\"$ID\",\"status\":\"timeout\"}}",
        "{\"time\":\"2026-10-01T00:00:03.000Z\",\"type\":\"platform.report\",\"record\":{\"requestId\":\"$ID\",\"status\":\"timeout\",\"metrics\":{\"durationMs\":3000,\"billedDurationMs\":3000,\"memorySizeMB\":128,\"maxMemoryUsedMB\":60}}}",
    ];
    let mut tried = 0;
    for header in ["timestamp,message", "timestamp,message,logStreamName", "@timestamp,@message"] {
        for lines in [OWN, JSON] {
            for sample in SHAPES.iter().flat_map(|shape| shape.samples()).filter(|sample| !sample.contains("H4sI")) {
                let printed = format!("last lines of the job before:\n{sample}\n");
                let cells = [lines[0], &printed, lines[1], lines[2]];
                let behind = if header.ends_with("Name") { ",s" } else { "" };
                let row = |cell: &&str| format!("1790812800000,\"{}\"{behind}\n", cell.replace('"', "\"\""));
                let table = format!("{header}\n{}", cells.iter().map(row).collect::<String>());
                let found = told("events.csv", &table);
                let own = found.iter().find(|record| record[0] == ID);
                assert_eq!(own.map(|record| &record[1]), Some(&json!("timeout.invoke")), "{table}\n{found:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "{tried}");
}
