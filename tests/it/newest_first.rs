//! Exports with the newest event first, in both ways of writing them: the whole list turned round, and a sort by
//! descending time that leaves events of the same time as they were written.

use lambda_triage::internal::{Options, analyze_samples};
use serde_json::{Value, json};

use super::generate::{Event, corpus};
use super::harness::records_of;

/// Facts of every record: request, attempt, code, confidence, error, duration.
fn facts(name: &str, text: &str) -> Vec<String> {
    let options = Options { keep_records: true, ..Options::default() };
    let mut analysis = analyze_samples(&[(name, text.as_bytes())], &options).unwrap();
    const KEYS: [&str; 8] =
        ["request_id", "attempt", "code", "confidence", "error_message", "duration_ms", "started_at_ms", "window_cut"];
    let mut facts: Vec<String> =
        records_of(&mut analysis).iter().map(|record| KEYS.map(|key| record[key].to_string()).join(" ")).collect();
    facts.sort();
    facts
}

fn spaced(at: i64) -> String {
    let (second, ms) = (at.div_euclid(1_000), at.rem_euclid(1_000));
    let (day, second) = (second.div_euclid(86_400), second.rem_euclid(86_400));
    // Days since the first of January 2026.
    let day = day - 20_454;
    assert!((0..31).contains(&day), "{day}");
    format!("2026-01-{:02} {:02}:{:02}:{:02}.{ms:03}", day + 1, second / 3_600, second / 60 % 60, second % 60)
}

/// Way to write a list of events.
type Writer = fn(&[&Event]) -> String;

const WRITERS: [(&str, Writer); 5] = [
    ("insights.csv", |events| {
        let row = |event: &&Event| format!("{},\"{}\"\n", spaced(event.at), event.message.replace('"', "\"\""));
        format!("@timestamp,@message\n{}", events.iter().map(row).collect::<String>())
    }),
    ("insights.json", |events| {
        let row = |event: &&Event| {
            let cell = |field: &str, value: &str| json!({"field": field, "value": value});
            json!([cell("@timestamp", &spaced(event.at)), cell("@message", &event.message)])
        };
        json!({"results": events.iter().map(row).collect::<Vec<Value>>(), "status": "Complete"}).to_string()
    }),
    ("filter.json", |events| {
        let row = |event: &&Event| json!({"logStreamName": "s", "timestamp": event.at, "message": event.message});
        json!({"events": events.iter().map(row).collect::<Vec<Value>>()}).to_string()
    }),
    ("lines.ndjson", |events| {
        let row = |event: &&Event| {
            let line = json!({"timestamp": event.at, "logGroup": "/aws/lambda/pay", "logStream": "s", "message": event.message});
            format!("{line}\n")
        };
        events.iter().map(row).collect()
    }),
    ("insights.md", |events| {
        // A cell has one line.
        let row =
            |event: &&Event| format!("| {} | {} |\n", spaced(event.at), event.message.trim_end().replace('\n', " "));
        format!("| @timestamp | @message |\n| --- | --- |\n{}", events.iter().map(row).collect::<String>())
    }),
];

/// The verdicts are those of the log with its oldest event first, however exact the times are.
#[test]
fn verdicts_are_those_of_oldest_first() {
    let mut failures = 0;
    for seed in 500..506 {
        for stream in corpus(seed).streams.into_iter().take(2) {
            for unit in [1, 1_000, 20_000] {
                let round = |event: &Event| Event { at: event.at / unit * unit, ..event.clone() };
                let events: Vec<Event> = stream.events.iter().map(round).collect();
                let oldest_first: Vec<&Event> = events.iter().collect();
                let turned_round: Vec<&Event> = events.iter().rev().collect();
                let mut sorted = oldest_first.clone();
                sorted.sort_by_key(|event| std::cmp::Reverse(event.at));
                for (name, write) in WRITERS {
                    let want = facts(name, &write(&oldest_first));
                    failures += want.iter().filter(|facts| !facts.contains("\"ok\"")).count();
                    for (way, events) in [("turned round", &turned_round), ("sorted", &sorted)] {
                        let text = write(events);
                        assert_eq!(facts(name, &text), want, "{name}, {way}, seed {seed}, unit {unit}:\n{text}");
                    }
                }
            }
        }
    }
    assert!(failures > 500, "{failures}");
}

/// A request that ran within one unit of time: nothing but its own lines tells the direction.
#[test]
fn one_time_alone_is_turned_round() {
    const ID: &str = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";
    let lines = [
        format!("START RequestId: {ID} Version: 1"),
        "[ERROR] KeyError: 'plan'".to_owned(),
        format!("END RequestId: {ID}"),
        format!(
            "REPORT RequestId: {ID}\tDuration: 0.85 ms\tBilled Duration: 1 ms\tMemory Size: 256 MB\tMax Memory Used: 38 MB\t"
        ),
    ];
    let events: Vec<Event> = lines.iter().map(|line| Event { at: 1_767_312_000_000, message: line.clone() }).collect();
    for (name, write) in WRITERS {
        let want = facts(name, &write(&events.iter().collect::<Vec<_>>()));
        assert!(want[0].contains("runtime_exception.unhandled"), "{name}: {want:?}");
        assert_eq!(facts(name, &write(&events.iter().rev().collect::<Vec<_>>())), want, "{name}");
    }
}

/// Lines alone have no times; those of the platform tell the direction. Either the messages were turned round or every line.
#[test]
fn lines_without_times_are_turned_round() {
    let mut failures = 0;
    for seed in 500..512 {
        for stream in corpus(seed).streams {
            let messages: Vec<String> =
                stream.events.iter().map(|event| format!("{}\n", event.message.trim_end())).collect();
            let log = messages.concat();
            let want = facts("app.log", &log);
            failures += want.iter().filter(|facts| !facts.contains("\"ok\"")).count();
            let turned_round: String = messages.iter().rev().map(String::as_str).collect();
            assert_eq!(facts("app.log", &turned_round), want, "{turned_round}");
            let by_line: String = log.lines().rev().map(|line| format!("{line}\n")).collect();
            assert_eq!(facts("app.log", &by_line), want, "{by_line}");
        }
    }
    assert!(failures > 50, "{failures}");
}

/// The lines of an error of any language stay together.
#[test]
fn errors_over_several_lines_keep_their_order() {
    const ID: &str = "8f507cfc-7d70-4d4a-9b1c-3f0a5d0c2e11";
    let report = format!(
        "REPORT RequestId: {ID}\tDuration: 11.50 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t"
    );
    for error in [
        "[ERROR] KeyError: 'plan'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 9, in handler\n    pay(event)".to_owned(),
        "no stock: com.acme.OutOfStock\ncom.acme.OutOfStock: no stock\n\tat com.acme.Orders.handle(Orders.java:7)".to_owned(),
        "panic: no stock\n\ngoroutine 1 [running]:\nmain.handle()\n\t/src/main.go:9 +0x1d".to_owned(),
        format!("RequestId: {ID} Error: Runtime exited with error: exit status 1\nRuntime.ExitError"),
        "{\n  \"errorType\": \"OutOfStock\",\n  \"errorMessage\": \"no stock\"\n}".to_owned(),
        "charged".to_owned(),
    ] {
        let messages = [format!("START RequestId: {ID} Version: 1"), "charging".to_owned(), error, format!("END RequestId: {ID}"), report.clone()];
        let want = facts("app.log", &messages.join("\n"));
        let turned_round: Vec<&str> = messages.iter().rev().map(String::as_str).collect();
        assert_eq!(facts("app.log", &turned_round.join("\n")), want, "{messages:?}");
        assert_eq!(want.len(), 1, "{messages:?}");
    }
}
